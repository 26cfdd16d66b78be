"""Fit a scenario to its rates and to published contrasts, and say what those figures cannot tell.

As many numbers are solved for as there are targets, on cases that are always the same, so that the same
targets give the same scenario. Chances are averaged, not outcomes counted: what chance is left is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special
from tqdm.auto import tqdm

from secondop.arguments import Taken, checked, named
from secondop.cohorts.outcomes import PILOT, Cases, pilot, rates_of
from secondop.cohorts.parameters import EFFECTS_ON, LIMITS, RATES, SOLVED, Parameter, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.errors import SecondopError, refuse

FARTHEST = 15.0
"""No solved number lies farther from 0."""
_ROWS = Taken(
    lambda x: isinstance(x, pd.DataFrame) or (np.iterable(x) and all(isinstance(row, Mapping) for row in x)),
    "rows of published_rates() or rate(), as a pandas frame or a list of dicts",
)
_OUTCOMES = ("diagnosis_changed", "treatment_changed", "both_changed")
_DENOMINATOR = "second opinions obtained"
_CLOSE = 1e-4  # how near the log-odds of a rate, or the logarithm of a contrast, comes to count as met
_KEPT = 1e-5  # so near, numbers are kept as they are: those of a solved scenario are found again
_DECIMALS, _STEP = 6, 0.01  # of solved numbers; and a step of derivatives, far above single precision


@dataclass(frozen=True)
class Target:
    """A figure that shall hold, and the parameter that is solved for it."""

    path: str
    free: str
    wanted: Parameter
    about: tuple[str, ...] = ()  # of a contrast: of which outcome it is, among whom, and its measure

    @property
    def name(self) -> str:
        """The rate, or the effect whose contrast it is."""
        return self.path.split(".")[1]

    def line(self, value: float | np.ndarray) -> float | np.ndarray:
        """The figure as log-odds, or a ratio as its logarithm."""
        value = np.clip(value, 1e-9, None if self.about else 1 - 1e-9)
        return np.log(value) if self.about else special.logit(value)

    @property
    def reach(self) -> np.ndarray:
        """How far both ends of its range lie from it on that line."""
        p, most = self.wanted, np.inf if self.about else 1 - 1e-6
        return self.line(np.clip([p.lower, p.upper], 1e-6, most)) - self.line(p.value)


def targets(scenario: Scenario, *, contrasts: bool = True) -> list[Target]:
    """The rates of a scenario and the contrasts of its effects."""
    own, stated = scenario.parameters, scenario.structure.stated
    rates = [(f"rates.{rate}", f"solved.{free}") for rate, free in zip(RATES, SOLVED, strict=True)]
    found = [Target(path, free, own[path]) for path, free in rates]
    for start in [f"effects.{name}" for name in scenario.structure.effects] if contrasts else ():
        if (path := f"{start}.contrast") in own:
            free, *about = (stated[f"{start}.{x}"] for x in ("solve", "outcome", "among", "measure"))
            found.append(Target(path, f"{start}.{free}", own[path], tuple(about)))
    return found


def got(numbers: Mapping[str, Any], wanted: Iterable[Target], cases: Cases) -> list:
    """What the cases give for each target; a number, or an array where the scenario's numbers are columns."""
    expected, found = cases.expected(numbers), []
    rates = rates_of(expected, [target.name for target in wanted if not target.about])
    for target in wanted:
        if not target.about:
            found.append(rates[target.name])
            continue
        (outcome, among, measure), (group, reference) = target.about, cases.groups[target.name]
        weight = expected["sought"] if among == "sought" else np.ones(1, np.float32)
        sides = (weight * inside for inside in (group, ~group if reference is None else reference))
        a, b = ((x * expected[outcome]).sum(-1, dtype=float) / x.sum(-1, dtype=float) for x in sides)
        found.append(a / b if measure == "risk ratio" else a / (1 - a) / (b / (1 - b)))
    return found


@checked(rates=_ROWS)
def calibrate(
    scenario: Scenario | str,
    rates: pd.DataFrame | Iterable[Mapping] = (),
    contrasts: Mapping[str, float] | None = None,
) -> Scenario:
    """The scenario solved for its rates and contrasts.

    Solved for are its log-odds (``solved.*``), so that every rate of ``rates.*`` holds, and one number of
    each effect that states a contrast. Everything else stays at its assumption. What was solved has the basis
    "fitted" and, as its range, what the targets' own ranges leave open, to first order; that of an effect is
    what its contrast's range leaves open, all rates held. ``fitted_to`` gains the ids of the rates.

    Parameters
    ----------
    rates : DataFrame, or iterable of mappings
        Published rates among second opinions obtained, with ``id, outcome, denominator, rate, role`` and how
        sure they are: ``n`` (and ``numerator``), or ``lower`` and ``upper``. Each takes the place of the
        scenario's own. Rows whose role is not "calibrate" are refused.
    contrasts : dict, optional
        Other values of effects' contrasts, such as ``{"doubt": 1.2}``.

    Examples
    --------
    >>> rate = {"id": "mine", "outcome": "diagnosis_changed", "denominator": "second opinions obtained"}
    >>> mine = calibrate("general", [rate | {"rate": 0.17, "n": 500, "role": "calibrate"}])
    >>> print(mine.fitted_to[-1], fit_report(mine).loc["rates.diagnosis_changed_sought", "got"].round(3))
    mine 0.17
    """
    scenario, stated = as_scenario(scenario), _stated(rates)
    moved = scenario.replace(stated | {f"effects.{k}.contrast": v for k, v in (contrasts or {}).items()})
    wanted = targets(moved)
    solved, off = _solve(moved, wanted)
    steps = _STEP * np.eye(len(wanted))
    jacobian = np.stack([off(solved + step) - off(solved - step) for step in steps], 1) / (2 * _STEP)
    moves = np.linalg.inv(jacobian)[:, :, None] * [target.reach for target in wanted]
    for i, target in enumerate(wanted):
        if target.about:  # rates are varied by themselves: their part would count twice
            moves[i, np.arange(len(wanted)) != i] = 0
    below, above = (np.sqrt((side**2).sum(1)) for side in (moves.min(2).clip(max=0), moves.max(2).clip(0)))
    limits = np.array([LIMITS[sort_of(target.free)] for target in wanted]).T
    ranges = np.clip(np.stack([solved - below, solved + above]), *limits[:, None]).T.tolist()
    made = {
        target.free: Parameter(x, *ends, "fitted", f"solved for {target.path}")
        for target, x, ends in zip(wanted, solved.tolist(), ranges, strict=True)
    }
    ids = [p.citation.partition(":")[0] for p in stated.values()]
    return replace(moved.replace(made), fitted_to=tuple(dict.fromkeys((*scenario.fitted_to, *ids))))


@named
def recentred(scenario: Scenario | str) -> Scenario:
    """The scenario solved again for its own rates, its effects as they are: after another value was set.

    Examples
    --------
    >>> from secondop import load_scenario
    >>> blind = recentred(load_scenario("programme").replace({"signal": 0}))
    >>> print(fit_report(blind).loc["rates.diagnosis_changed_sought", "got"].round(3))
    0.148
    """
    scenario = as_scenario(scenario)
    wanted = targets(scenario, contrasts=False)
    solved, _ = _solve(scenario, wanted)
    return scenario.replace(dict(zip((target.free for target in wanted), solved.tolist(), strict=True)))


@named
def fit_report(scenario: Scenario | str) -> pd.DataFrame:
    """Every target of a scenario beside what it gives: closeness shows that the fit worked, no more.

    A row a target, by its path: ``wanted``, ``got`` and ``monte_carlo_error`` (the standard error of what was
    got, over the cases that rates are worked out on), ``solved`` and its ``value, lower, upper``.
    """
    scenario = as_scenario(scenario)
    wanted, cases, size = targets(scenario), pilot(scenario), PILOT // 32
    parts = [got(scenario, wanted, cases.part(slice(i * size, (i + 1) * size))) for i in range(32)]
    table = pd.DataFrame({"target": [target.path for target in wanted]}).set_index("target")
    table["wanted"], table["got"] = [t.wanted.value for t in wanted], got(scenario, wanted, cases)
    table["monte_carlo_error"] = np.std(parts, axis=0, ddof=1) / np.sqrt(len(parts))
    table["solved"] = [target.free for target in wanted]
    for name in ("value", "lower", "upper"):
        table[name] = [getattr(scenario.parameters[target.free], name) for target in wanted]
    return table


@named
def identifiability(scenario: Scenario | str) -> pd.DataFrame:
    """Which parameters of readers, outcomes and seekers the targets identify, and which no data can tell.

    Each that is not solved for is moved to both ends of its range and all else solved again. Where the
    targets are met all the same, they say nothing about it.

    By parameter: ``value, lower, upper``, ``verdict`` ("identifiable given the assumptions" for those that
    are solved; "not identifiable"; "partly identifiable" where no solution exists at an end), and the solved
    number that it ``moves`` most, with its value ``at_lower`` and ``at_upper``.
    """
    scenario = as_scenario(scenario)
    wanted, rows = targets(scenario), []
    free = [target.free for target in wanted]
    fixed = [f"effects.{name}.{x}" for name in scenario.structure.effects for x in EFFECTS_ON]
    fixed += [path for path in scenario.parameters if path.startswith(("readers.", "outcomes.", "sought."))]
    every = [*free, *(path for path in fixed if path in scenario.parameters and path not in free)]
    for path in tqdm(every, unit="parameter", delay=2, leave=False):
        p = scenario.parameters[path]
        row = {"parameter": path, "value": p.value, "lower": p.lower, "upper": p.upper}
        if path in free:
            row["verdict"] = "identifiable given the assumptions"
        else:
            ends = []
            for end in (p.lower, p.upper):
                with suppress(SecondopError):  # no solution is the answer here
                    ends.append(_solve(scenario.replace({path: end}), wanted, 1 << 16)[0])
            row["verdict"] = "not identifiable" if len(ends) == 2 else "partly identifiable"
            if len(ends) == 2 and (far := np.abs(np.subtract(*ends))).max() > 1e-6:
                most = int(far.argmax())
                row |= {"moves": free[most], "at_lower": ends[0][most], "at_upper": ends[1][most]}
        rows.append(row)
    return pd.DataFrame(rows).set_index("parameter")


def _stated(rates: pd.DataFrame | Iterable[Mapping]) -> dict[str, Parameter]:
    """Published rates as parameters by path, after refusing what may not be fitted to."""
    found, faults = {}, []
    for row in rates.to_dict("records") if isinstance(rates, pd.DataFrame) else rates:
        name, about, rate = row.get("id", "a rate without id"), row.get("outcome"), row.get("rate")
        among, path, fault = row.get("denominator"), f"rates.{about}_sought", ""
        if row.get("role") != "calibrate":
            fault = f"its role is {row.get('role')!r}: it is kept for other uses than fitting. "
            fault += 'Take rates[rates["role"] == "calibrate"]'
        elif about not in _OUTCOMES or among != _DENOMINATOR:
            there = f"there are {', '.join(_OUTCOMES)} among {_DENOMINATOR}"
            fault = f"{about} among {among} is no target; {there}"
        elif not isinstance(rate, Real) or not 0 < rate < 1:
            fault = f"a rate to fit to is a number between 0 and 1, not {rate!r}"
        elif path in found:
            fault = f"{about} has a rate already. Give one, or pool them first"
        elif (ends := _interval(row)) is None:
            fault = "it states neither n nor an interval, so nothing says how sure it is"
        else:
            citation = f"{name}: {row.get('source', 'stated by hand')}"
            found[path] = Parameter(float(rate), *ends, "cited", citation)
        faults += [f"{name}: {fault}"] if fault else []
    refuse("These rates cannot be fitted to", faults)
    return found


def _interval(row: Mapping) -> tuple[float, float] | None:
    """A rate's 95 % interval: as published, or Wilson's from its counts."""
    if pd.notna(row.get("lower")) and pd.notna(row.get("upper")):
        return float(row["lower"]), float(row["upper"])
    if pd.isna(row.get("n")):
        return None
    from statsmodels.stats.proportion import proportion_confint

    count = row["rate"] * row["n"] if pd.isna(row.get("numerator")) else row["numerator"]
    return tuple(map(float, proportion_confint(float(count), float(row["n"]), method="wilson")))


def _solve(scenario: Scenario, wanted: list[Target], rows: int = PILOT) -> tuple[np.ndarray, Callable]:
    """The values at which every target is met, and how far off other values are (on the targets' lines).

    First on few cases, then on all from there.
    """
    goal, free = [target.line(target.wanted.value) for target in wanted], [target.free for target in wanted]
    found, every = np.array([scenario[path] for path in free]), pilot(scenario, rows)

    def give(theta: np.ndarray, cases: Cases = every) -> list:
        return got(scenario.values | dict(zip(free, theta.tolist(), strict=True)), wanted, cases)

    def off(theta: np.ndarray, cases: Cases = every) -> np.ndarray:
        return np.array([t.line(x) - y for t, x, y in zip(wanted, give(theta, cases), goal, strict=True)])

    if np.abs(off(found)).max() < _KEPT:
        return found, off
    for cases, close in ((pilot(scenario, 1 << 14), 100 * _CLOSE), (every, _CLOSE)):
        with tqdm(desc="calibrating", unit="trial", delay=2, leave=False) as bar:

            def miss(theta: np.ndarray, cases: Cases = cases, bar: tqdm = bar) -> np.ndarray:
                bar.update()
                return off(theta, cases)

            bounds = (-FARTHEST, FARTHEST)
            solved = optimize.least_squares(miss, found, diff_step=1e-3, bounds=bounds, max_nfev=30)
        if (far := np.abs(solved.fun)).max() > close:
            worst = int(far.argmax())
            edge = [path for path, x in zip(free, solved.x, strict=True) if abs(x) > FARTHEST - 0.5]
            ran = f" {', '.join(edge)} ran to the bound of {FARTHEST:g}." if edge else ""
            raise SecondopError(
                f"No values of {', '.join(free)} give all targets together; the nearest give "
                f"{wanted[worst].path} as {give(solved.x, cases)[worst]:.4g} instead of "
                f"{wanted[worst].wanted.value:g}.{ran} Check the targets and the assumptions."
            )
        found = solved.x.round(_DECIMALS)
    return found, off
