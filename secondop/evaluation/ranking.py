"""Which policies are best, at a threshold or at some: decided on their differences, never on each alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from secondop.evaluation.measures import NUMBERS, Z, odds_of
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import FORESIGHT, Policy


def best_between(gain: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which thresholds no rival (along the last axis) is better: no gain - odds * cost below 0."""
    level = np.abs(cost) <= 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(level, np.where(gain < -1e-9, -1, np.inf), gain / cost)
        low = np.max(odds, -1, where=~level & (cost < 0), initial=0)
        high = np.maximum(-1, np.min(odds, -1, where=level | (cost > 0), initial=np.inf))
        return low / (1 + low), 1 - 1 / (1 + high)


@dataclass(frozen=True)
class Ahead:
    """By how much each policy is ahead of each other, in true and false positives: (groups, i, j).

    ``alone``: the weight of unknown outcomes that i refers and j does not; any of them may change or not.
    """

    policies: Sequence[Policy]
    real: list[int]
    tp: np.ndarray
    fp: np.ndarray
    alone: np.ndarray

    @classmethod
    def of(cls, seen: Patterns, policies: Sequence[Policy], counts: np.ndarray) -> Ahead:
        real = [i for i, policy in enumerate(policies) if policy.sort != FORESIGHT]
        refers = np.array([seen.codes[policies[i].name] == 1 for i in real])
        unknown = seen.weights * (seen.codes["flag changed"] == 2)
        both = (refers * (unknown * (seen.group == group)) @ refers.T for group in range(len(seen.groups)))
        alone = np.reshape([np.diag(x)[:, None] - x for x in both], (len(seen.groups), len(real), len(real)))
        fp, tp = (x[..., :, None] - x[..., None, :] for x in counts[real, :, 1, :2].T)
        tp = tp - 1e-6 * np.tri(len(real), k=-1)  # of equal policies the first stands for all
        return cls(policies, real, tp, fp, alone)

    def frontier(self) -> np.ndarray:
        """Whether each is best at some threshold: 1, 0, or blank where unknown outcomes decide it."""
        mine, theirs = self.alone, self.alone.swapaxes(1, 2)
        worst = best_between(self.tp - theirs, self.fp + mine)
        best = best_between(self.tp + mine, self.fp - theirs)
        return self._told(*(low < high - 1e-9 for low, high in (worst, best)))

    def best(
        self, thresholds: Iterable[float], shares: np.ndarray | None = None, spread: np.ndarray | None = None
    ) -> np.ndarray:
        """Whether each is best at each threshold: told by bounds, or by what is estimated of differences.

        By the estimated ``shares`` of cells, of all policies, and the ``spread`` of those that are ``real``,
        the value is 1 where the 95 % interval of the difference from every other lies above 0, and 0 where
        one lies below.
        """
        each, mine, theirs = [], self.alone, self.alone.swapaxes(1, 2)
        for threshold, odds in zip(thresholds, odds_of(thresholds), strict=True):
            here = np.array([self.policies[i].at in (None, threshold) for i in self.real])
            lead = self.tp - odds * self.fp
            low, high = lead - theirs - odds * mine, lead + mine + odds * theirs
            sure, may = (low > 1e-9) | ((low >= 0) & (high < 1e-9)), high >= -1e-9  # equal: the first stands
            told = self._told(*(np.all(x, -1, where=here) & here for x in (sure, may)))
            if shares is not None:
                weigh = np.array([1, -odds])
                net = (shares[self.real, :, :2] @ weigh).T
                joint = np.einsum("a,gabij,b->gij", weigh, spread, weigh)
                alone = np.diagonal(joint, axis1=1, axis2=2)
                width = Z * np.sqrt(np.maximum(alone[:, :, None] + alone[:, None] - 2 * joint, 0))
                lead = net[:, :, None] - net[:, None]  # blank where there is no estimate: bounds decide there
                sure, may = sure | (lead > width + 1e-9), may & ~(lead < -width - 1e-9)
                decided = self._told(*(np.all(x, -1, where=here) & here for x in (sure, may)))
                told[..., 0] = decided[..., 0]
            each.append(told)
        return (
            np.stack(each, -2) if each else self._told(*np.zeros((2, *self.tp.shape[:2]), bool))[..., None, :]
        )

    def _told(self, sure: np.ndarray, may: np.ndarray) -> np.ndarray:
        found = np.full((len(self.policies), len(sure), len(NUMBERS)), np.nan)
        said = np.stack([np.where(sure, 1, np.where(may, np.nan, 0)), sure, may], -1)
        found[self.real, :, :3] = said.swapaxes(0, 1)
        return found
