"""Which policies are best, at a threshold or at some: decided on their differences, never on each alone."""

from __future__ import annotations

from collections.abc import Sequence
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
    Perfect foresight, which nobody can choose, is none of those that are ``real``: it is left blank.
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
        worst, best = (self.tp - theirs, self.fp + mine), (self.tp + mine, self.fp - theirs)
        return self._told(*(low < high - 1e-9 for low, high in (best_between(*worst), best_between(*best))))

    def best(
        self, thresholds: Sequence[float], shares: np.ndarray | None = None, spread: np.ndarray | None = None
    ) -> np.ndarray:
        """Whether each is best at each threshold: told by bounds, or by what is estimated of differences.

        By the estimated ``shares`` of cells, of all policies, and the ``spread`` of those that are ``real``,
        the value is 1 where the 95 % interval of the difference from every other lies above 0, and 0 where
        one lies below.
        """
        odds = odds_of(thresholds)[:, None, None]
        here = np.reshape(
            [self.policies[i].at in (None, t) for t in thresholds for i in self.real], (-1, len(self.real))
        )
        mine, theirs = self.alone[:, None], self.alone.swapaxes(1, 2)[:, None]
        lead = self.tp[:, None] - odds * self.fp[:, None]
        low, high = lead - theirs - odds * mine, lead + mine + odds * theirs
        ways = [((low > 1e-9) | ((low >= 0) & (high < 1e-9)), high >= -1e-9)]  # equal: the first stands
        if shares is not None:
            weigh = np.stack([odds[:, 0, 0] ** 0, -odds[:, 0, 0]], -1)
            net = np.einsum("igc,tc->gti", shares[self.real, :, :2], weigh)
            joint = np.einsum("ta,gabij,tb->gtij", weigh, spread, weigh)
            own = np.diagonal(joint, axis1=2, axis2=3)
            width = Z * np.sqrt(np.maximum(own[..., :, None] + own[..., None, :] - 2 * joint, 0))
            lead = net[..., :, None] - net[..., None, :]  # blank without an estimate: there bounds decide
            sure, may = ways[0]
            ways.append((sure | (lead > width + 1e-9), may & ~(lead < -width - 1e-9)))
        told = [self._told(*(np.all(x, -1, where=here[:, None]) & here for x in way)) for way in ways]
        told[0][..., 0] = told[-1][..., 0]
        return told[0]

    def _told(self, sure: np.ndarray, may: np.ndarray) -> np.ndarray:
        said = np.stack([np.where(sure, 1, np.where(may, np.nan, 0)), sure, may], -1)
        found = np.full((len(self.policies), *sure.shape[:-1], len(NUMBERS)), np.nan)
        found[self.real, ..., :3] = np.moveaxis(said, -2, 0)
        return found
