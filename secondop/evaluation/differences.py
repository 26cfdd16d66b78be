"""What differs between two policies on the same cases, and whether missing information can turn it round."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from secondop.evaluation.measures import COUNTED, FN, FP, MEASURES, NUMBERS, TN, TP, Estimates, Z, odds_of

DIFFERENCE = [*NUMBERS, "newly", "no_longer"]
_CELLS = np.array([[TN, FN], [FP, TP]])  # by referred, changed
# The 27 kinds of case, referred by the first, by the second, changed: no, yes, unknown; the eight settled ones.
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
