"""The figures that a scenario shall hold, what cases give for them, and solving for rates on given cases."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from secondop.cohorts.outcomes import Cases, rates_of
from secondop.cohorts.parameters import RATES, SOLVED, Parameter
from secondop.cohorts.scenario import Scenario

FARTHEST = 15.0
"""No solved number lies farther from 0."""
UNMET = np.log(1.05)
"""How far the log-odds of a rate may be off and still count as met."""
_MET = 2e-3  # how near recentring comes


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
        a, b = (
            (weight * inside * expected[outcome]).sum(-1, dtype=float)
            / (weight * inside).sum(-1, dtype=float)
            for inside in (group, ~group if reference is None else reference)
        )
        found.append(a / b if measure == "risk ratio" else a / (1 - a) / (b / (1 - b)))
    return found


def on_lines(wanted: list[Target], values: list) -> np.ndarray:
    """What was got for each target, on its line."""
    pairs = zip(wanted, values, strict=True)
    return np.stack([t.line(np.clip(x, 1e-9, None if t.about else 1 - 1e-9)) for t, x in pairs])


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
            return on_lines(self.wanted, got(numbers(solved), self.wanted, some))

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
