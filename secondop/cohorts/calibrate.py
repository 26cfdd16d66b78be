"""Fit a scenario to published rates, and say what those rates cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import optimize

from secondop.cohorts.outcomes import expected_rates
from secondop.cohorts.parameters import LIMITS, SECTIONS, Parameter, kind_of
from secondop.cohorts.scenario import Scenario
from secondop.errors import SecondopError

FREE = ("readers.first_right", "readers.second_odds")
FREE += ("outcomes.treatment_if_changed", "outcomes.treatment_if_same")
"""The parameters that are fitted; every other one stays at its assumption."""

_DENOMINATORS = {
    "second opinions obtained": {"diagnosis_changed", "treatment_changed", "both_changed"},
    "discrepant re-reads with follow-up tissue": {"second_right"},
    "discrepant re-reads with a reference": {"second_right"},
}
_HOLD = 2e-5  # pull of each parameter towards where it was: decides only what the rates leave open
_CLOSE = 5e-4  # a rate that is met to half of a tenth of a per cent counts as fitted


def calibrate(scenario: Scenario, rates: pd.DataFrame | Iterable[Mapping]) -> Scenario:
    """The scenario whose expected rates are the published ones.

    Fitted are how often the first opinion is right, how much better the second is, and how often the
    treatment changes when the diagnosis does and when it does not. No random numbers are used: rates are
    summed over the traits of cases, so the same rates give the same scenario.

    Parameters
    ----------
    scenario : Scenario
        Where to start; whatever is not fitted stays as it is there.
    rates : DataFrame, or iterable of mappings
        With ``id, outcome, denominator, rate, role``, such as the rows of the published rates whose role is
        "calibrate"; ``lower`` and ``upper``, if there, give the fitted parameters their ranges.

    Returns
    -------
    Scenario
        Its fitted parameters have the basis "fitted", and ``fitted_to`` lists the ids.

    Examples
    --------
    >>> from secondop.cohorts.scenario import load_scenario
    >>> rate = {"id": "mine", "outcome": "diagnosis_changed", "denominator": "second opinions obtained"}
    >>> mine = calibrate(load_scenario("general"), [rate | {"rate": 0.10, "role": "calibrate"}])
    >>> mine.fitted_to, round(expected_rates(mine)["diagnosis_changed"], 4)
    (('mine',), 0.1)
    """
    targets = _targets(rates)
    fitted, jacobian = _fit(scenario, targets)
    missed = fit_report(fitted, targets)["residual"].abs()
    if len(targets) <= len(FREE) and missed.max() > _CLOSE:
        raise SecondopError(
            f"No values of {', '.join(FREE)} give these rates together; the nearest are off by "
            f"{missed.max():.3f} ({targets['id'][missed.argmax()]}). Check the rates and the assumptions."
        )
    ranges = _ranges(fitted, targets, jacobian)
    why = f"fitted to {', '.join(targets['id'])}"
    moved = {
        path: Parameter(fitted[path], *ranges[path], "fitted", why)
        for path, reach in zip(FREE, np.abs(jacobian).max(axis=0), strict=True)
        if reach > 1e-9
    }
    return replace(fitted.replace(moved), fitted_to=tuple(targets["id"]))


def fit_report(scenario: Scenario, rates: pd.DataFrame | Iterable[Mapping]) -> pd.DataFrame:
    """The rates that a scenario was fitted to beside its own: closeness shows that the fit worked, no more.

    One row per rate: ``id, outcome, denominator, published, expected, residual``.
    """
    targets = _targets(rates)
    expected = targets["outcome"].map(expected_rates(scenario))
    report = targets[["id", "outcome", "denominator"]].assign(published=targets["rate"], expected=expected)
    return report.assign(residual=report["expected"] - report["published"])


def identifiability(scenario: Scenario, rates: pd.DataFrame | Iterable[Mapping]) -> pd.DataFrame:
    """Which parameters the rates pin, and which may take any value of their range without being noticed.

    Each parameter that is not fitted is moved to both ends of its range and the others are fitted again. If
    the rates are met all the same, they say nothing about it.

    Returns
    -------
    DataFrame
        One row per parameter of the readers, the outcomes and the search for an opinion: ``value, lower,
        upper, misfit`` (largest residual at either end, after fitting again), ``verdict``, and the fitted
        parameter that depends on it most, ``moves``, with its values ``at_lower`` and ``at_upper``.
        ``attrs["singular_values"]`` are those of the rates' derivatives by the fitted parameters (as logits
        and logarithms): as many as are well above 0 are pinned.
    """
    targets = _targets(rates)
    best, jacobian = _fit(scenario, targets)
    _, singular, right = np.linalg.svd(jacobian)
    told = (right[: (singular > 1e-4).sum()] ** 2).sum(axis=0)
    rows = []
    for path in (f"{section}.{key}" for section in SECTIONS for key in SECTIONS[section]):
        parameter = scenario.parameters[path]
        row = {"parameter": path, "value": best[path], "lower": parameter.lower, "upper": parameter.upper}
        if path in FREE:
            pinned = told[FREE.index(path)] > 0.999
            row["verdict"] = "pinned, if the assumptions hold" if pinned else "pinned in combination only"
        elif path.startswith("missing."):
            continue
        else:
            ends = [_fit(best.replace({path: end}), targets)[0] for end in (row["lower"], row["upper"])]
            row["misfit"] = max(fit_report(end, targets)["residual"].abs().max() for end in ends)
            row["verdict"] = "not pinned" if row["misfit"] < _CLOSE else "limited by the rates"
            ways = {free: abs(np.diff([_to_line(free, end[free]) for end in ends])[0]) for free in FREE}
            most = max(ways, key=ways.get)
            if ways[most] > 1e-6:
                row |= {"moves": most, "at_lower": ends[0][most], "at_upper": ends[1][most]}
        rows.append(row)
    columns = ["parameter", "value", "lower", "upper", "misfit", "verdict", "moves", "at_lower", "at_upper"]
    table = pd.DataFrame(rows, columns=columns).set_index("parameter")
    table.attrs["singular_values"] = [float(value) for value in singular]
    return table


def _targets(rates: pd.DataFrame | Iterable[Mapping]) -> pd.DataFrame:
    """The rates as a frame, after refusing what may not be fitted to."""
    table = rates if isinstance(rates, pd.DataFrame) else pd.DataFrame(list(rates))
    if lacking := {"id", "outcome", "denominator", "rate", "role"} - set(table.columns):
        raise SecondopError(f"Rates to fit to need columns {', '.join(sorted(lacking))}.")
    faults = [] if len(table) else ["there are none"]
    for row in table.itertuples():
        if row.role != "calibrate":
            faults.append(f"{row.id}: its role is {row.role!r}, so it is kept for other uses than fitting")
        elif row.outcome not in _DENOMINATORS.get(row.denominator, ()):
            faults.append(f"{row.id}: a cohort has no share of {row.outcome} among {row.denominator}")
        elif not 0 < row.rate < 1:
            faults.append(f"{row.id}: a rate to fit to lies between 0 and 1, not at {row.rate}")
    if faults:
        fix = 'Keep those that are meant for it: rates[rates["role"] == "calibrate"].'
        raise SecondopError("\n  ".join(["These rates cannot be fitted to:", *faults, fix]))
    return table.reset_index(drop=True)


def _to_line(path: str, value):
    """A share as its logit, odds as their logarithm."""
    return np.log(value) if kind_of(path) == "odds" else np.log(value) - np.log1p(-value)


def _from_line(path: str, value):
    return np.exp(value) if kind_of(path) == "odds" else 1 / (1 + np.exp(-value))


def _fit(scenario: Scenario, targets: pd.DataFrame) -> tuple[Scenario, np.ndarray]:
    """The scenario with the free parameters fitted, and the rates' derivatives by them (on the line)."""
    start = np.array([_to_line(path, scenario[path]) for path in FREE])
    wanted = targets["rate"].to_numpy(float)

    def at(theta) -> Scenario:
        return scenario.replace({path: _from_line(path, x) for path, x in zip(FREE, theta, strict=True)})

    def miss(theta) -> np.ndarray:
        rates = expected_rates(at(theta))
        return np.concatenate([targets["outcome"].map(rates) - wanted, _HOLD * (theta - start)])

    edges = [(1e-3, 1 - 1e-3) if kind_of(path) == "share" else LIMITS["odds"] for path in FREE]
    edges = [_to_line(path, np.array(edge)) for path, edge in zip(FREE, edges, strict=True)]
    low, high = zip(*edges, strict=True)
    start = np.clip(start, low, high)
    solved = optimize.least_squares(miss, start, bounds=(low, high), xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return at(solved.x), solved.jac[: len(targets)]


def _ranges(scenario: Scenario, targets: pd.DataFrame, jacobian: np.ndarray) -> dict[str, tuple]:
    """How far the sampling error of the published rates lets each fitted parameter be off (95 %)."""
    ranges = {path: (scenario.parameters[path].lower, scenario.parameters[path].upper) for path in FREE}
    if not {"lower", "upper"} <= set(targets.columns) or targets[["lower", "upper"]].isna().any(axis=None):
        return ranges
    half = (targets["upper"] - targets["lower"]).to_numpy(float) / 2
    reach = np.sqrt(((np.linalg.pinv(jacobian, rcond=1e-6) * half) ** 2).sum(axis=1))
    for path, width in zip(FREE, reach, strict=True):
        if width > 0:
            middle = _to_line(path, scenario[path])
            ranges[path] = (float(_from_line(path, middle - width)), float(_from_line(path, middle + width)))
    return ranges
