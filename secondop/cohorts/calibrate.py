"""Fit a scenario to its rates and to published contrasts, and say what those figures cannot tell.

As many numbers are solved for as there are targets, on cases that are always the same, so that the same
targets give the same scenario. Chances are averaged, not outcomes counted: what chance is left is stated.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize, special

from secondop.cohorts.outcomes import PILOT, Cases, pilot, rates_of
from secondop.cohorts.parameters import EFFECTS_ON, RATES, SOLVED, Parameter
from secondop.cohorts.scenario import Scenario
from secondop.errors import SecondopError, refuse

_OUTCOMES = ("diagnosis_changed", "treatment_changed", "both_changed")
_DENOMINATOR = "second opinions obtained"
_CLOSE = 1e-4  # how near the log-odds of a rate, or the logarithm of a contrast, comes to count as met
_MET = 2e-3  # how near recentring comes
_FARTHEST = 15.0  # no solved number lies farther from 0
_Z = 1.959963984540054
UNMET = np.log(1.05)
"""How far the log-odds of a rate may be off after recentring and still count as met."""


@dataclass(frozen=True)
class Target:
    """A figure that shall hold, and the parameter that is solved for it."""

    path: str
    free: str
    wanted: Parameter

    @property
    def is_rate(self) -> bool:
        return self.path.startswith("rates.")

    def line(self, value: float | np.ndarray) -> float | np.ndarray:
        """The figure as log-odds, or a ratio as its logarithm."""
        return special.logit(value) if self.is_rate else np.log(value)

    @property
    def spread(self) -> float:
        """Its standard error on that line: its range is taken for a 95 % interval."""
        low, high = np.clip(
            [self.wanted.lower, self.wanted.upper], 1e-6, 1 - 1e-6 if self.is_rate else np.inf
        )
        return (self.line(high) - self.line(low)) / (2 * _Z)


def targets(scenario: Scenario, *, contrasts: bool = True) -> list[Target]:
    """The rates of a scenario and the contrasts of its effects."""
    found = [Target(f"rates.{rate}", f"solved.{free}", scenario.parameters[f"rates.{rate}"])
             for rate, free in zip(RATES, SOLVED, strict=True)]  # fmt: skip
    for name, about in scenario.structure.raw.get("effects", {}).items() if contrasts else ():
        path = f"effects.{name}.contrast"
        if path in scenario.parameters:
            found.append(Target(path, f"effects.{name}.{about['solve']}", scenario.parameters[path]))
    return found


def calibrate(
    scenario: Scenario,
    rates: pd.DataFrame | Iterable[Mapping] = (),
    contrasts: Mapping[str, float] | None = None,
) -> Scenario:
    """The scenario solved for its rates and contrasts.

    Solved for are its log-odds (``solved.*``), so that every rate of ``rates.*`` holds, and one number of
    each effect that states a contrast. Everything else stays at its assumption.

    Parameters
    ----------
    scenario : Scenario
        Where to start.
    rates : DataFrame, or iterable of mappings
        Published rates among second opinions obtained, with ``id, outcome, denominator, rate, role`` and how
        sure they are: ``n`` (and ``numerator``), or ``lower`` and ``upper``. Each takes the place of the
        scenario's own. Rows whose role is not "calibrate" are refused.
    contrasts : dict, optional
        Other values of effects' contrasts, such as ``{"doubt": 1.2}``.

    Returns
    -------
    Scenario
        What was solved has the basis "fitted" and, as its range, what the targets' own ranges leave open.
        ``fitted_to`` gains the ids of the rates.

    Examples
    --------
    >>> from secondop.cohorts.scenario_file import load_scenario
    >>> rate = {"id": "mine", "outcome": "diagnosis_changed", "denominator": "second opinions obtained"}
    >>> mine = calibrate(load_scenario("general"), [rate | {"rate": 0.17, "n": 500, "role": "calibrate"}])
    >>> "mine" in mine.fitted_to
    True
    >>> print(fit_report(mine).loc["rates.diagnosis_changed_sought", "got"].round(3))
    0.17
    """
    stated = _stated(rates)
    moved = scenario.replace(stated | {f"effects.{k}.contrast": v for k, v in (contrasts or {}).items()})
    wanted = targets(moved)
    solved, jacobian = _solve(moved, wanted)
    spread = np.array([target.spread for target in wanted])
    reach = _Z * np.sqrt(((np.linalg.inv(jacobian) * spread) ** 2).sum(axis=1))
    made = {
        t.free: Parameter(x, x - far, x + far, "fitted", f"solved for {t.path}")
        for t, x, far in zip(wanted, solved, reach.tolist(), strict=True)
    }
    ids = [p.citation.partition(":")[0] for p in stated.values()]
    return replace(moved.replace(made), fitted_to=tuple(dict.fromkeys((*scenario.fitted_to, *ids))))


def recentred(scenario: Scenario) -> Scenario:
    """The scenario solved again for its own rates, its effects as they are: after another value was set.

    Examples
    --------
    >>> from secondop import load_scenario
    >>> blind = recentred(load_scenario("programme").replace({"signal": 0}))
    >>> print(fit_report(blind).loc["rates.diagnosis_changed_sought", "got"].round(3))
    0.148
    """
    wanted = targets(scenario, contrasts=False)
    solved, _ = _solve(scenario, wanted)
    return scenario.replace(dict(zip((target.free for target in wanted), solved, strict=True)))


def fit_report(scenario: Scenario) -> pd.DataFrame:
    """Every target of a scenario beside what it gives: closeness shows that the fit worked, no more.

    A row a target, by its path: ``wanted``, ``got`` and ``monte_carlo_error`` (the standard error of what was
    got, over the cases that rates are worked out on), ``solved`` and its ``value, lower, upper``.
    """
    wanted, cases = targets(scenario), pilot(scenario)
    got, error = got_with_error(scenario, wanted, cases)
    rows = []
    for t, x, e in zip(wanted, got, error, strict=True):
        p = scenario.parameters[t.free]
        row = {"target": t.path, "wanted": t.wanted.value, "got": x, "monte_carlo_error": e}
        rows.append(row | {"solved": t.free, "value": p.value, "lower": p.lower, "upper": p.upper})
    return pd.DataFrame(rows).set_index("target")


def identifiability(scenario: Scenario) -> pd.DataFrame:
    """Which parameters of readers, outcomes and seekers the targets identify, and which none can tell.

    Each that is not solved for is moved to both ends of its range and all else solved again. Where the
    targets are met all the same, they say nothing about it.

    Returns
    -------
    DataFrame
        By parameter: ``value, lower, upper``, ``verdict`` ("identified, if the assumptions hold" for those
        that are solved; "not identified", "identified within" where no solution exists at an end), and the
        solved number that it ``moves`` most, with its value ``at_lower`` and ``at_upper``.
    """
    wanted, rows = targets(scenario), []
    free = [target.free for target in wanted]
    fixed = [f"effects.{name}.{x}" for name in scenario.structure.effects for x in EFFECTS_ON]
    fixed += [path for path in scenario.parameters if path.startswith(("readers.", "outcomes.", "sought."))]
    for path in [*free, *(path for path in fixed if path in scenario.parameters and path not in free)]:
        p = scenario.parameters[path]
        row = {"parameter": path, "value": p.value, "lower": p.lower, "upper": p.upper}
        if path in free:
            row["verdict"] = "identified, if the assumptions hold"
        else:
            ends = [_solvable(scenario.replace({path: end}), wanted) for end in (p.lower, p.upper)]
            row["verdict"] = "identified within" if None in ends else "not identified"
            if None not in ends and (far := np.abs(np.subtract(*ends))).max() > 1e-6:
                most = int(far.argmax())
                row |= {"moves": free[most], "at_lower": ends[0][most], "at_upper": ends[1][most]}
        rows.append(row)
    return pd.DataFrame(rows).set_index("parameter")


def _stated(rates: pd.DataFrame | Iterable[Mapping]) -> dict[str, Parameter]:
    """Published rates as parameters by path, after refusing what may not be fitted to."""
    rows = rates.to_dict("records") if isinstance(rates, pd.DataFrame) else [dict(row) for row in rates]
    found, faults = {}, []
    for row in rows:
        name = row.get("id", "a rate without id")
        if row.get("role") != "calibrate":
            faults.append(f"{name}: its role is {row.get('role')!r}: it is kept for other uses than fitting")
        elif row.get("outcome") not in _OUTCOMES or row.get("denominator") != _DENOMINATOR:
            about = f"{row.get('outcome')} among {row.get('denominator')}"
            faults.append(
                f"{name}: {about} is no target; there are {', '.join(_OUTCOMES)} among {_DENOMINATOR}"
            )
        elif not 0 < row.get("rate", 0) < 1:
            faults.append(f"{name}: a rate to fit to lies between 0 and 1, not at {row.get('rate')}")
        elif (ends := _interval(row)) is None:
            faults.append(f"{name}: it states neither n nor an interval, so nothing says how sure it is")
        else:
            citation = f"{name}: {row.get('source', 'stated by hand')}"
            found[f"rates.{row['outcome']}_sought"] = Parameter(row["rate"], *ends, "cited", citation)
    fix = 'Keep those that are meant for it: rates[rates["role"] == "calibrate"].'
    refuse("These rates cannot be fitted to", [*faults, fix] if faults else [])
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


def got(scenario: Mapping, wanted: Iterable[Target], cases: Cases) -> list:
    """What the cases give for each target; a number, or an array where the scenario's numbers are columns."""
    expected, found = cases.expected(scenario), []
    rates = rates_of(expected)
    for target in wanted:
        if target.is_rate:
            found.append(rates[target.path.removeprefix("rates.")])
            continue
        name = target.path.split(".")[1]
        about, (group, reference) = cases.about[name], cases.groups[name]
        weight = expected["sought"] if about["among"] == "sought" else np.ones(1, np.float32)
        a, b = (
            (weight * inside * expected[about["outcome"]]).sum(-1, dtype=float)
            / (weight * inside).sum(-1, dtype=float)
            for inside in (group, ~group if reference is None else reference)
        )
        found.append(a / b if about["measure"] == "risk ratio" else a / (1 - a) / (b / (1 - b)))
    return found


def got_with_error(scenario: Scenario, wanted: list[Target], cases: Cases) -> tuple[list[float], list[float]]:
    """What the cases give for each target, and its standard error over 32 parts of them."""
    size = len(cases.wish) // 32
    each = [got(scenario, wanted, cases.part(slice(i * size, (i + 1) * size))) for i in range(32)]
    return got(scenario, wanted, cases), (np.std(each, axis=0, ddof=1) / np.sqrt(len(each))).tolist()


def _solve(scenario: Scenario, wanted: list[Target], rows: int = PILOT) -> tuple[list[float], np.ndarray]:
    """The values at which every target is met, and the targets' derivatives by them (both on their lines).

    First on few cases, then on all from there.
    """
    goal = np.array([target.line(target.wanted.value) for target in wanted])
    free = [target.free for target in wanted]
    found = np.array([scenario[path] for path in free])
    for size, close in ((1 << 14, 100 * _CLOSE), (rows, _CLOSE)):
        cases = pilot(scenario, size)

        def miss(theta: np.ndarray, cases: Cases = cases) -> np.ndarray:
            numbers = ChainMap(dict(zip(free, theta.tolist(), strict=True)), scenario)
            return _lines(wanted, got(numbers, wanted, cases)) - goal

        solved = optimize.least_squares(
            miss, found, diff_step=1e-3, bounds=(-_FARTHEST, _FARTHEST), max_nfev=30
        )
        if (far := np.abs(solved.fun)).max() > close:
            worst = int(far.argmax())
            raise SecondopError(
                f"No values of {', '.join(free)} give all targets together; the nearest miss "
                f"{wanted[worst].path} by {far[worst]:.3f}. Check the targets and the assumptions."
            )
        found = solved.x
    return found.tolist(), solved.jac


def _lines(wanted: list[Target], values: Iterable) -> np.ndarray:
    """What was got for each target, on its line."""
    pairs = zip(wanted, values, strict=True)
    return np.stack([t.line(np.clip(x, 1e-9, 1 - 1e-9 if t.is_rate else np.inf)) for t, x in pairs])


def _solvable(scenario: Scenario, wanted: list[Target]) -> list[float] | None:
    try:
        return _solve(scenario, wanted, 1 << 16)[0]
    except SecondopError:
        return None  # no solution is the answer here


class Recentring:
    """Solves a scenario again for its rates on given cases: fast, from where another was solved.

    Not all rates can be met: seekers differ from others only so far as their traits let them. Then those
    among all cases are met, and those among seekers as nearly as can be. ``misses`` has the largest distance
    that each call left, in log-odds.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.wanted = targets(scenario, contrasts=False)
        self.free = [target.free for target in self.wanted]
        among_seekers = ("_sought", "second_right")
        self.of_all = [i for i, t in enumerate(self.wanted) if not t.path.endswith(among_seekers)]
        self.misses: list[float] = []

    @property
    def unmet(self) -> float:
        """The share of calls after which the odds of a rate were off by more than a twentieth."""
        return float(np.mean(np.array(self.misses) > UNMET)) if self.misses else 0.0

    def __call__(self, scenario: Scenario, cases: Cases) -> ChainMap:
        """The scenario's numbers with what is solved moved."""
        start, every = np.array([scenario[path] for path in self.free]), list(range(len(self.free)))
        solved, left = self._nearer(start, scenario, cases, every, steps=7)
        if left > _MET:
            solved, _ = self._nearer(solved, scenario, cases, self.of_all, steps=3)
            left = np.abs(self._miss(solved, scenario, cases)).max()
        self.misses.append(float(left))
        return self._numbers(solved, scenario)

    def _nearer(
        self, solved: np.ndarray, scenario: Scenario, cases: Cases, which: list[int], steps: int
    ) -> tuple[np.ndarray, float]:
        """By Newton's steps as near to some of the targets as their own numbers come, and how far that is."""
        some, step = cases.part(slice(2_048)), 1e-2  # enough to tell the way
        nearest, least = solved, np.inf
        for _ in range(steps):
            miss = self._miss(solved, scenario, cases)[which]
            if (far := np.abs(miss).max()) < least:
                nearest, least = solved, far
            if far < _MET:
                break
            # every column but the first has one of the numbers moved: all derivatives in one pass
            moved = solved + step * np.eye(len(solved) + 1, len(solved), -1)
            lines = self._at(moved.T[:, :, None], scenario, some)
            slopes = ((lines[:, 1:] - lines[:, :1]) / step)[np.ix_(which, which)]
            damped = slopes.T @ slopes + 1e-5 * np.eye(len(which))  # where nothing moves a rate any more, too
            away = np.zeros(len(solved))
            away[which] = np.linalg.solve(damped, slopes.T @ miss)
            solved = np.clip(solved - np.clip(away, -1.5, 1.5), -_FARTHEST, _FARTHEST)
        return nearest, least

    def _miss(self, solved: np.ndarray, scenario: Scenario, cases: Cases) -> np.ndarray:
        goal = [target.line(scenario[target.path]) for target in self.wanted]
        return self._at(solved, scenario, cases) - goal

    def _numbers(self, solved: np.ndarray, scenario: Scenario) -> ChainMap:
        return ChainMap(dict(zip(self.free, solved, strict=True)), scenario)

    def _at(self, solved: np.ndarray, scenario: Scenario, cases: Cases) -> np.ndarray:
        return _lines(self.wanted, got(self._numbers(solved, scenario), self.wanted, cases))
