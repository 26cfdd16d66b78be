"""What differs between two policies on the same cases, and which are best: never decided on each alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from secondop.evaluation import measures
from secondop.evaluation.measures import COUNTED, FN, FP, MEASURES, NUMBERS, TN, TP, Estimates, Z, odds_of
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import FORESIGHT, Policy

DIFFERENCE = [*NUMBERS, "newly", "no_longer"]
_CELLS = np.array([[TN, FN], [FP, TP]])  # by referred, changed
# Kinds of case: referred by the first, by the second, changed; with what is unknown, and settled.
_GIVEN, _TO = (np.array(list(product(range(x), repeat=3))) for x in (3, 2))


def paired(
    counts: np.ndarray, squares: np.ndarray, thresholds: Iterable[float] = ()
) -> dict[str, np.ndarray]:
    """Every linear measure of the second policy less that of the first, per 100 cases: ``DIFFERENCE``.

    ``counts, squares`` are sums of w and of w squared, of shape (..., 3, 3, 3): referred by the first, by the
    second, changed; with clusters, the squares as ``with_clusters`` makes them. ``min, max`` are over one and
    the same settling, in which a case that neither can judge goes its own way for each (:func:`sharing`
    leaves out what cannot); ``newly, no_longer`` the weight that enters and leaves the measure, blank where a
    threshold counts.
    """
    odds, found = odds_of(thresholds), {}
    flat = np.reshape(counts, (*np.shape(counts)[:-3], 27))
    clusters = np.ndim(squares) > np.ndim(counts)
    flat2 = measures.along_one_axis(squares) if clusters else np.reshape(squares, flat.shape)
    may = ((_GIVEN[:, None] == 2) | (_GIVEN[:, None] == _TO)).all(-1)  # what each kind may be once settled
    recorded = may & (_TO[:, :2] <= _GIVEN[:, None, :2] % 2).all(-1)
    for name, counted in COUNTED.items():
        each, at_threshold = counted(odds), MEASURES[name].at_threshold
        first, second = (each[..., None, _CELLS[_TO[:, referred], _TO[:, 2]]] for referred in (0, 1))
        gain = second - first
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

    What they share cannot make them differ: where it is unknown, and no other rule fires, it is left out.
    """
    left_out = (shared == 2) & (first != 1) & (second != 1)
    joined = (np.where((own == 1) | (shared == 1), 1, np.maximum(own, shared)) for own in (first, second))
    return tuple(np.where(left_out, own, both) for own, both in zip((first, second), joined, strict=True))


def _interval(counts: np.ndarray, squares: np.ndarray, gain: np.ndarray, at_threshold: bool) -> Estimates:
    """Mean and 95 % interval, per 100, of what each of the 27 kinds of case gains.

    Shares have matched pairs with half a case added to each cell (Agresti & Min 2005, Stat Med 24:729-740),
    their number the effective one; at a threshold it is normal, with the analytic variance per case.
    """
    if at_threshold:
        counts, squares = counts[..., None, :], squares[..., None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        n = counts.sum(-1)
        mean, square = ((counts * x).sum(-1) / n for x in (gain, gain**2))
        variance = measures.spread_of(squares, gain - mean[..., None]) / n**2
        total = measures.spread_of(squares, gain**0)
        middle, half = mean, Z * np.sqrt(variance)
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


def ranked(
    seen: Patterns,
    policies: Sequence[Policy],
    counts: np.ndarray,
    thresholds: Sequence[float],
    shares: np.ndarray | None = None,
    spread: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each policy is best at some threshold, and at each of these: 1, 0, or blank.

    Blank where unknown outcomes decide it, and of perfect foresight, which nobody can choose. Of estimates
    (the ``shares`` of all policies, the ``spread`` of all others than foresight) it is 1 where the 95 %
    interval of the difference from every other lies above 0, 0 where one lies below, else as bounds tell.
    """
    real = [i for i, policy in enumerate(policies) if policy.sort != FORESIGHT]
    refers = np.array([seen.codes[policies[i].name] == 1 for i in real])
    hidden = seen.weights * (seen.codes["flag changed"] == 2)
    unknown = [hidden * (seen.group == i) for i in range(len(seen.groups))]
    # the weight of unknown outcomes, each of which may change, that i refers and j does not: (groups, i, j)
    mine = np.reshape([(refers * w) @ ~refers.T for w in unknown], (-1, len(real), len(real)))
    fp, tp = (x[..., :, None] - x[..., None, :] for x in counts[real, :, 1, :2].T)
    tp, theirs = tp - 1e-6 * np.tri(len(real), k=-1), mine.swapaxes(1, 2)  # of equal ones the first is best

    def told(sure: np.ndarray, may: np.ndarray) -> np.ndarray:
        found = np.full((len(policies), len(sure), len(NUMBERS)), np.nan)
        said = np.stack([np.where(sure, 1, np.where(may, np.nan, 0)), sure, may], -1)
        found[real, :, :3] = said.swapaxes(0, 1)
        return found

    ends, each = ((tp - theirs, fp + mine), (tp + mine, fp - theirs)), []
    front = told(*(low < high - 1e-9 for low, high in (best_between(*pair) for pair in ends)))
    for threshold, odds in zip(thresholds, odds_of(thresholds), strict=True):
        here = np.array([policies[i].at in (None, threshold) for i in real])
        low, high = (gain - odds * cost for gain, cost in ends)
        ways = [((low > 1e-9) | ((low >= 0) & (high < 1e-9)), high >= -1e-9)]
        if shares is not None:
            weigh = np.array([1, -odds])
            net, joint = (shares[real, :, :2] @ weigh).T, np.einsum("a,gabij,b->gij", weigh, spread, weigh)
            alone = np.diagonal(joint, axis1=1, axis2=2)
            width = Z * np.sqrt(np.maximum(alone[:, :, None] + alone[:, None] - 2 * joint, 0))
            lead = net[:, :, None] - net[:, None]  # blank without an estimate: there bounds decide
            ways.append((ways[0][0] | (lead > width + 1e-9), ways[0][1] & ~(lead < -width - 1e-9)))
        found = [told(*(np.all(x, -1, where=here) & here for x in way)) for way in ways]
        found[0][..., 0] = found[-1][..., 0]
        each.append(found[0])
    return front, np.stack(each, -2) if each else front[..., :0, None]
