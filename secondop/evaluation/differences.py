"""What differs between two policies on the same cases, and which are best: never decided on each alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from secondop.evaluation.measures import COUNTED, FN, FP, MEASURES, NUMBERS, TN, TP, Estimates, Z, odds_of
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import FORESIGHT, Policy

DIFFERENCE = [*NUMBERS, "newly", "no_longer"]
_CELLS = np.array([[TN, FN], [FP, TP]])  # by referred, changed
# Kinds of case: referred by the first, by the second, changed; with what is unknown, and settled.
_GIVEN, _TO = (np.array(list(product(range(x), repeat=3))) for x in (3, 2))


def paired(
    counts: np.ndarray, squares: np.ndarray, thresholds: Iterable[float] = (), *, alike: bool = True
) -> dict[str, np.ndarray]:
    """Every linear measure of the second policy less that of the first, per 100 cases: ``DIFFERENCE``.

    ``counts, squares`` are sums of w and of w squared, of shape (..., 3, 3, 3): referred by the first, by the
    second, changed. ``min, max`` are over one and the same settling; ``newly, no_longer`` the weight that
    enters and leaves the measure, blank where a threshold counts. ``alike``: a case that neither can judge is
    settled the same way for both; else each goes its own way, which is wider.
    """
    odds, found = odds_of(thresholds), {}
    flat, flat2 = (np.asarray(x, float).reshape(*np.shape(x)[:-3], 27) for x in (counts, squares))
    may = ((_GIVEN[:, None] == 2) | (_GIVEN[:, None] == _TO)).all(-1)  # what each kind may be once settled
    recorded = may & (_TO[:, :2] <= _GIVEN[:, None, :2] % 2).all(-1)
    if alike:
        may &= (_GIVEN[:, None, :2] < 2).any(-1) | (_TO[:, 0] == _TO[:, 1])
    for name, counted in COUNTED.items():
        each, at_threshold = counted(odds), MEASURES[name].at_threshold
        gain = (each[..., _CELLS[_TO[:, 1], _TO[:, 2]]] - each[..., _CELLS[_TO[:, 0], _TO[:, 2]]])[
            ..., None, :
        ]
        least, sure = (np.where(ways, gain, np.inf).min(-1) for ways in (may, recorded))
        most, last = (np.where(ways, gain, -np.inf).max(-1) for ways in (may, recorded))
        (low, lower, _), (high, _, upper) = (_interval(flat, flat2, x, at_threshold) for x in (least, most))
        moved = [np.nan * low if at_threshold else flat @ (sure == sign) for sign in (1, -1)]
        sums = np.stack([_interval(flat, flat2, sure, at_threshold)[0], low, high, lower, upper, *moved], -1)
        sums[..., [0, 5, 6]] += np.where(flat @ (last - sure).T > 0, np.nan, 0)[..., None]
        found[name] = sums
    return found


def sharing(shared: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whom two policies refer (0 no, 1 yes, 2 unknown) that share some rules and have others of their own.

    What they share cannot make them differ: where it is unknown, and no other rule fires, it is left out. So
    ``paired(..., alike=False)`` of the two settles what they share once, and the rest freely.
    """
    left_out = (shared == 2) & (first != 1) & (second != 1)
    joined = (np.where((own == 1) | (shared == 1), 1, np.maximum(own, shared)) for own in (first, second))
    return tuple(np.where(left_out, own, both) for own, both in zip((first, second), joined, strict=True))


def _interval(counts: np.ndarray, squares: np.ndarray, gain: np.ndarray, at_threshold: bool) -> Estimates:
    """Mean and 95 % interval, per 100, of what each of the 27 kinds of case gains.

    Shares have matched pairs with half a case added to each cell (Agresti & Min 2005, Stat Med 24:729-740),
    their number the effective one; at a threshold it is normal, with the analytic variance per case.
    """
    n, total = (x @ np.ones_like(gain).T for x in (counts, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, square = counts @ gain.T / n, counts @ (gain**2).T / n
        variance = (squares @ (gain**2).T - 2 * mean * (squares @ gain.T) + mean**2 * total) / n**2
        middle, half = mean, Z * np.sqrt(np.maximum(variance, 0))
        if not at_threshold:
            pairs = np.where(square - mean**2 > 1e-12, (square - mean**2) / variance, n**2 / total)
            middle = pairs * mean / (pairs + 2)
            half = Z * np.sqrt(pairs * square + 1 - (pairs * mean) ** 2 / (pairs + 2)) / (pairs + 2)
    return 100 * mean, 100 * (middle - half), 100 * (middle + half)


def best_between(gain: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which thresholds no rival (along the last axis) is better: no gain - odds * cost below 0."""
    level = np.abs(cost) <= 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(level, np.where(gain < -1e-9, -1, np.inf), gain / cost)
        low = np.max(odds, -1, where=~level & (cost < 0), initial=0) + 0.0  # no minus zero
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
