"""A scenario solved again for its rates on given cases: fast enough for every draw of its parameters."""

from __future__ import annotations

from collections import ChainMap

import numpy as np

from secondop.cohorts.outcomes import Cases
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.targets import FARTHEST, got, on_lines, targets

_MET = 2e-3  # how near recentring comes
UNMET = np.log(1.05)
"""How far the log-odds of a rate may be off and still count as met."""


class Recentred(ChainMap):
    """A scenario's numbers, what is solved before all others; and how far a rate is off (log-odds)."""

    missed = 0.0


class Recentring:
    """Solves a scenario again for its rates on given cases: fast, from where another was solved.

    Not all rates can be met: seekers differ from others only so far as their traits let them. Then those
    among all cases are met, and those among seekers as nearly as can be; ``missed`` of what is returned has
    the largest distance left, in log-odds.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.wanted = targets(scenario, contrasts=False)
        self.free = [target.free for target in self.wanted]
        among_seekers = ("_sought", "second_right")
        self.of_all = [i for i, t in enumerate(self.wanted) if not t.path.endswith(among_seekers)]

    def __call__(self, scenario: Scenario, cases: Cases) -> Recentred:
        """The scenario's numbers with what is solved moved."""
        start, every = np.array([scenario[path] for path in self.free]), list(range(len(self.free)))
        solved, left = self._nearer(start, scenario, cases, every, steps=7)
        if left > _MET:
            solved, _ = self._nearer(solved, scenario, cases, self.of_all, steps=3)
            left = np.abs(self._miss(solved, scenario, cases)).max()
        numbers = self._numbers(solved, scenario)
        numbers.missed = float(left)
        return numbers

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
            solved = np.clip(solved - np.clip(away, -1.5, 1.5), -FARTHEST, FARTHEST)
        return nearest, least

    def _miss(self, solved: np.ndarray, scenario: Scenario, cases: Cases) -> np.ndarray:
        goal = [target.line(scenario[target.path]) for target in self.wanted]
        return self._at(solved, scenario, cases) - goal

    def _numbers(self, solved: np.ndarray, scenario: Scenario) -> Recentred:
        return Recentred(dict(zip(self.free, solved, strict=True)), scenario)

    def _at(self, solved: np.ndarray, scenario: Scenario, cases: Cases) -> np.ndarray:
        return on_lines(self.wanted, got(self._numbers(solved, scenario), self.wanted, cases))
