"""Draws of a scenario's parameters, all at once: how uncertain its numbers are, as scenarios to simulate."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from numbers import Real
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import special

from secondop.arguments import checked
from secondop.cohorts.calibrate import FARTHEST, got, targets
from secondop.cohorts.outcomes import Cases
from secondop.cohorts.parameters import LIMITS, TRAITS, Parameter, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.errors import SecondopError, unknown_name

UNMET = np.log(1.05)
"""How far the log-odds of a rate may be off and still count as met."""
_MET = 2e-3  # how near recentring comes
Z = 1.959963984540054
LEAST_UNSOUGHT = 0.05
"""Drawn rates are moved so that those who seek no opinion have at least this part of the seekers' rate."""


@checked()
def draw_parameters(
    scenario: Scenario | str,
    draws: int = 1_000,
    *,
    seed: int,
    counts: Mapping[str, tuple[float, float]] | None = None,
    weight: float = 4.0,
    zeros: float = 0.0,
) -> pd.DataFrame:
    """Values of every parameter that varies, drawn independently of each other.

    - A share whose published ``counts`` are given: its Beta distribution, k + 1/2 and n - k + 1/2.
    - A cited rate and a fitted effect, whose range is a 95 % interval: normal (a rate as its log-odds).
    - Any other: PERT, a Beta stretched over lower to upper with its mode at the value. It never leaves the
      range, and values near the stated one are likelier than the ends.

    What is solved for the rates (``solved.*``) is not drawn: it follows. Shares of one fact are then brought
    to a sum of 1, correlations of one fact with the traits to squares of at most 0.95 together, and rates
    to what is possible together.

    More draws begin with those of fewer, and a parameter's draws do not depend on the others. A row per
    ``draw``, from 1, and a column per parameter; ``attrs["distributions"]`` says how each is drawn.

    ``counts``: from the path of a share to what was counted and of how many, such as ``{"rates.sought": (149,
    1000)}``. ``weight``: how strongly PERT holds to the value; 4 is customary, 0 makes every value of the
    range equally likely. ``zeros``: how far correlations that no file states, which are 0, may be off.

    Examples
    --------
    >>> table = draw_parameters("programme", 500, seed=1)
    >>> table["rates.sought"].between(0.4, 0.8).all(), table.attrs["distributions"]["rates.sought"]
    (np.True_, 'PERT from 0.4 to 0.8, mode 0.6')
    """
    scenario, counts = as_scenario(scenario), dict(counts or {})
    if unknown := counts.keys() - scenario.parameters.keys():
        raise unknown_name("parameter", min(unknown), scenario.parameters)
    moving = {x: p for x, p in (varying(scenario) | unstated(scenario, zeros)).items() if x not in counts}
    drawn, distributions = {}, {}
    for path, p in (moving | {path: scenario.parameters[path] for path in counts}).items():
        chance = uniform(path, draws, seed)
        drawn[path], distributions[path] = _drawn(path, p, counts.get(path), weight, chance)
    _bring_together(scenario, drawn)
    drawn |= rates_that_hold(scenario, drawn)
    table = pd.DataFrame(drawn, index=pd.RangeIndex(1, draws + 1, name="draw"))
    table.attrs = {"scenario": scenario.name, "seed": seed, "distributions": distributions}
    return table


def varying(scenario: Scenario) -> dict[str, Parameter]:
    """The parameters that have a range, but for what is solved and for the contrasts behind the effects."""
    return {
        path: p
        for path, p in scenario.parameters.items()
        if p.lower < p.upper and not path.startswith("solved.") and not path.endswith(".contrast")
    }


def unstated(scenario: Scenario, zeros: float) -> dict[str, Parameter]:
    """Correlations that no file states, of facts that may have some, as parameters about 0."""
    structure = scenario.structure
    parents = {other for name in structure.strata for other in structure.parents(name)}
    paths = [f"facts.{name}.{x}" for name in structure.rule_book.facts if name not in parents for x in TRAITS]
    zero = Parameter(0.0, -zeros, zeros)
    return {path: zero for path in paths if zeros and path not in scenario.parameters}


def drawn_scenarios(scenario: Scenario, table: pd.DataFrame) -> Iterator[tuple[int, Scenario]]:
    """The scenario at each row of :func:`draw_parameters`, with the number of its draw; nothing is solved."""
    for draw, row in zip(table.index, table.to_numpy().tolist(), strict=True):
        yield draw, scenario.moved(dict(zip(table.columns, row, strict=True)))


def uniform(path: str, draws: int, seed: int) -> np.ndarray:
    """The chances at which a parameter is drawn: its own, whatever else is."""
    return np.random.default_rng([seed, crc32(path.encode())]).random(draws)


def _drawn(
    path: str, p: Parameter, counted: Any, weight: float, chance: np.ndarray
) -> tuple[np.ndarray, str]:
    """A parameter's values at these chances, and its distribution in words."""
    sort = sort_of(path)
    if counted is not None:
        k, n = counted if isinstance(counted, (tuple, list)) and len(counted) == 2 else ("", "")
        numbers = isinstance(k, Real) and isinstance(n, Real)
        if sort not in ("share", "gap") or not numbers or not 0 <= k <= n or n <= 0:
            takes = "only a share can be counted, k of n, as in (149, 1000)"
            raise SecondopError(f"counts of {path}: {takes}. Got {counted!r:.80}.")
        return special.betaincinv(k + 0.5, n - k + 0.5, chance), f"Beta from {k:,g} of {n:,g}"
    interval = (p.basis == "cited" and path.startswith("rates.")) or p.basis == "fitted"
    if interval and (sort != "share" or 0 < p.lower < p.upper < 1):
        to, back = (special.logit, special.expit) if sort == "share" else (np.asarray, np.asarray)
        z, (middle, low, high) = special.ndtri(chance) / Z, map(to, (p.value, p.lower, p.upper))
        drawn = back(middle + z * np.where(z > 0, high - middle, middle - low))
        words = f"normal{' as log-odds' if sort == 'share' else ''}, 95 % from {p.lower:.4g} to {p.upper:.4g}"
        return np.clip(drawn, *LIMITS[sort]), words
    return pert(p, weight, chance), f"PERT from {p.lower:.4g} to {p.upper:.4g}, mode {p.value:.4g}"


def pert(p: Parameter, weight: float, chance: np.ndarray) -> np.ndarray:
    """A Beta distribution stretched over a parameter's range, with its mode at the value."""
    width = p.upper - p.lower
    a, b = 1 + weight * (p.value - p.lower) / width, 1 + weight * (p.upper - p.value) / width
    return p.lower + width * special.betaincinv(a, b, chance)


def _bring_together(scenario: Scenario, drawn: dict[str, np.ndarray]) -> None:
    """Shares of one fact to a sum of 1, squares of its correlations with the traits to at most 0.95."""
    for start in {path.rpartition(".shares.")[0] for path in drawn if ".shares." in path}:
        paths = [path for path in scenario.parameters if path.startswith(f"{start}.shares.")]
        moving = [path for path in paths if path in drawn]
        left = 1 - sum(scenario[path] for path in paths if path not in drawn)  # those keep their value
        total = sum(drawn[path] for path in moving)
        drawn.update({path: drawn[path] * left / total for path in moving})
    for fact in {path.split(".")[1] for path in drawn if path.startswith("facts.")}:
        paths = [f"facts.{fact}.{trait}" for trait in TRAITS]
        length = np.sqrt(sum(np.square(drawn.get(path, scenario[path])) for path in paths) / 0.949)
        drawn.update({path: drawn[path] / np.maximum(length, 1) for path in paths if path in drawn})


def rates_that_hold(scenario: Scenario, drawn: dict[str, Any]) -> dict[str, Any]:
    """What has to give way among ``drawn`` rates so that all can hold together: rates among all cases.

    Those who seek no opinion have at least a part of the seekers' rate and not more, and not more errors are
    corrected than there are.
    """

    def rate(name: str) -> np.ndarray | float:
        return drawn.get(f"rates.{name}", scenario[f"rates.{name}"])

    found = {}
    for name in ("diagnosis_changed", "treatment_changed"):
        seekers, part = rate(f"{name}_sought"), LEAST_UNSOUGHT * (1 - rate("sought"))
        held = np.clip(rate(name), seekers * (rate("sought") + part), seekers)
        if name == "diagnosis_changed":
            held = np.minimum(held, (1 - rate("first_right")) / (1.05 * rate("second_right")))
        if np.any(held != rate(name)):
            found[f"rates.{name}"] = held
    return found


class Recentring:
    """Solves a scenario again for its rates on given cases: fast, from where another was solved.

    Not all rates can be met: seekers differ from others only so far as their traits let them. Then those
    among all cases are met, and those among seekers as nearly as can be.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.wanted = targets(scenario, contrasts=False)
        among_seekers = ("_sought", "second_right")
        self.of_all = [i for i, target in enumerate(self.wanted) if not target.path.endswith(among_seekers)]

    def __call__(self, scenario: Scenario, cases: Cases) -> tuple[Mapping, float]:
        """The scenario's numbers with what is solved moved, and how far a rate is still off (log-odds)."""
        free = [target.free for target in self.wanted]
        start = np.array([scenario[path] for path in free])
        goal = np.array([target.line(scenario[target.path]) for target in self.wanted])

        def numbers(solved: np.ndarray) -> Mapping:
            return ChainMap(dict(zip(free, solved, strict=True)), scenario.values)

        def at(solved: np.ndarray, some: Cases = cases) -> np.ndarray:
            found = got(numbers(solved), self.wanted, some)
            return np.stack([target.line(x) for target, x in zip(self.wanted, found, strict=True)])

        few = cases.part(slice(2_048))  # enough to tell the way
        solved, left = _nearer(goal, start, at, few, list(range(len(free))), steps=7)
        if left > _MET:
            solved, _ = _nearer(goal, solved, at, few, self.of_all, steps=3)
            left = np.abs(at(solved) - goal).max()
        return numbers(solved), float(left)


def _nearer(
    goal: np.ndarray, solved: np.ndarray, at: Callable, few: Cases, which: list[int], steps: int
) -> tuple[np.ndarray, float]:
    """By Newton's steps as near to some of the targets as their own numbers come, and how far that is."""
    nearest, least, step = solved, np.inf, 1e-2
    for _ in range(steps):
        miss = (at(solved) - goal)[which]
        if (far := np.abs(miss).max()) < least:
            nearest, least = solved, far
        if far < _MET:
            break
        # every column but the first has one of the numbers moved: all derivatives in one pass
        moved = solved + step * np.eye(len(solved) + 1, len(solved), -1)
        lines = at(moved.T[:, :, None], few)
        slopes = ((lines[:, 1:] - lines[:, :1]) / step)[np.ix_(which, which)]
        damped = slopes.T @ slopes + 1e-5 * np.eye(len(which))  # where nothing moves a rate any more, too
        away = np.zeros(len(solved))
        away[which] = np.linalg.solve(damped, slopes.T @ miss)
        solved = np.clip(solved - np.clip(away, -1.5, 1.5), -FARTHEST, FARTHEST)
    return nearest, least
