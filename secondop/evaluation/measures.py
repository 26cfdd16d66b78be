"""Every measure of a policy, defined once: on a settled table of true and false positives and negatives.

Counts are sums of weights w, of shape (..., 3, 3): referred no, yes, unknown by changed no, yes, unknown;
``squares`` are sums of w squared, or, with clusters, what ``with_clusters`` in ``patterns.py`` makes. A
measure is five numbers: ``value`` (unknown facts refer nobody; blank where an unknown outcome decides it),
``min, max`` over every way to settle what is unknown, and ``lower, upper``, their 95 % intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from secondop.errors import SecondopError, unknown_name

Z = 1.959963984540054
NUMBERS = ["value", "min", "max", "lower", "upper"]
TP, FP, FN, TN = range(4)
BEST = "best"  # whether a policy is best at a threshold: told of each beside its measures
Estimates = tuple[np.ndarray, np.ndarray, np.ndarray]  # value, lower, upper
Formula = Callable[[np.ndarray, np.ndarray, np.ndarray], Estimates]  # of tables, their squares, and odds


@dataclass(frozen=True)
class Measure:
    """A measure in words, its unit, its formula, and whether it depends on a decision threshold."""

    words: str
    unit: str
    formula: Formula
    at_threshold: bool = False


def odds_of(thresholds: Iterable[float]) -> np.ndarray:
    """What a false positive weighs at these decision thresholds: p_t / (1 - p_t)."""
    given = np.atleast_1d(np.asarray(thresholds, float))
    if wrong := [f"{t:g}" for t in given if not 0 < t < 1]:
        raise SecondopError(
            "A decision threshold is the chance of a change from which one would refer, above 0 and below 1; "
            f"got {', '.join(wrong)}. To accept N no-change referrals for one change, give 1 / (N + 1)."
        )
    return given / (1 - given)


def wilson(count: ArrayLike, n: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of a share, from its counts; blank if they are of nobody."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p, weight = np.divide(count, n), np.divide(Z**2, n)
        middle, half = p + weight / 2, np.sqrt(weight * p * (1 - p) + weight**2 / 4)
        lower = np.where(p == 0, 0, (middle - half) / (1 + weight))
        return lower[()], np.where(p == 1, 1, (middle + half) / (1 + weight))[()]


def spread_of(squares: np.ndarray, each: np.ndarray) -> np.ndarray:
    """The sum of w squared times the square of what each cell counts, or of its sums by cluster if larger.

    Behind the squares of k cells stand, if there are clusters, k times k sums of products over clusters.
    """
    k = each.shape[-1]
    alone = np.einsum("...j,...j->...", squares[..., :k], each**2)
    if squares.shape[-1] == k:
        return alone
    products = squares[..., k:].reshape(*squares.shape[:-1], k, k)
    return np.maximum(alone, np.einsum("...i,...ij,...j->...", each, products, each))


def along_one_axis(squares: np.ndarray) -> np.ndarray:
    """Squares with clusters, of shape (..., 3, 3, 3, 1 + 27), as of 27 kinds and all their products."""
    parts = (x.reshape(*squares.shape[:-4], -1) for x in (squares[..., 0], squares[..., 1:]))
    return np.concatenate(list(parts), -1)


def mean_per_100(tables: np.ndarray, squares: np.ndarray, values: np.ndarray) -> Estimates:
    """The mean of what each cell counts, per 100; normal, variance sum w^2 (v - mean)^2 / (sum w)^2."""
    n = tables.sum(-1)
    mean = np.einsum("...j,...j->...", tables, values) / n
    half = Z * np.sqrt(spread_of(squares, values - mean[..., None])) / n
    return 100 * mean, 100 * (mean - half), 100 * (mean + half)


def share(top: list[int], rest: list[int] | None = None, per: float = 100) -> Formula:
    """The share of some cells among these and the rest (all others), with Wilson's interval by weight.

    Its number of cases is the effective one, p (1 - p) / var with var by the delta method; where p is 0 or 1,
    (sum of w)^2 / (sum of w^2).
    """

    def formula(tables: np.ndarray, squares: np.ndarray, odds: np.ndarray) -> Estimates:
        others = [cell for cell in range(tables.shape[-1]) if cell not in top] if rest is None else rest
        a, b = (tables[..., cells].sum(-1) for cells in (top, others))
        p, total, each, inside = a / (a + b), a + b, np.zeros(tables.shape), np.zeros(tables.shape[-1])
        each[..., top], each[..., others], inside[[*top, *others]] = b[..., None], -a[..., None], 1
        n = total**2 / np.where(a * b > 0, spread_of(squares, each) / (a * b), spread_of(squares, inside))
        return per * p, *(per * end for end in wilson(p * n, n))

    return formula


def at_thresholds(counted: Callable[[np.ndarray], np.ndarray]) -> Formula:
    """The mean of what each cell counts at each threshold."""
    return lambda tables, squares, odds: mean_per_100(
        tables[..., None, :, :], squares[..., None, :, :], counted(odds)[:, None]
    )


def _nnr(tables: np.ndarray, squares: np.ndarray, odds: np.ndarray) -> Estimates:
    value, lower, upper = share([TP], [FP], 1)(tables, squares, odds)
    return 1 / value, 1 / upper, 1 / lower


def _volumes(tables: np.ndarray) -> Iterable[np.ndarray]:
    """The share that is referred, and the share that changes."""
    return (tables[..., cells].sum(-1) / tables.sum(-1) for cells in ([TP, FP], [TP, FN]))


def _yield(tables: np.ndarray, squares: np.ndarray, odds: np.ndarray) -> Estimates:
    s, c = _volumes(tables)
    return mean_per_100(tables, squares, np.stack([(1 - s) * (1 - c), -(1 - s) * c, -s * (1 - c), s * c], -1))


def _yield_share(tables: np.ndarray, squares: np.ndarray, odds: np.ndarray) -> Estimates:
    """Yield / (min(s, c) - s c): that is (PPV - c) / (1 - c), or (sensitivity - s) / (1 - s) where s > c.

    Its ends are those of the PPV (the sensitivity) with c (or s) taken as given: on the wide side, unless a
    policy does worse than half of chance.
    """
    few, (s, c) = tables[..., FP] <= tables[..., FN], _volumes(tables)
    base = np.where(few, c, s)
    base[base >= 1] = np.nan
    pairs = zip(*(share([TP], [rest], 1)(tables, squares, odds) for rest in (FP, FN)), strict=True)
    return tuple(100 * (np.where(few, ppv, found) - base) / (1 - base) for ppv, found in pairs)


COUNTED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "referral_rate": lambda odds: np.array([1, 1, 0, 0]),
    "true_positive": lambda odds: np.array([1, 0, 0, 0]),
    "false_positive": lambda odds: np.array([0, 1, 0, 0]),
    "false_negative": lambda odds: np.array([0, 0, 1, 0]),
    "true_negative": lambda odds: np.array([0, 0, 0, 1]),
    "net_benefit": lambda odds: np.stack([odds**0, -odds, 0 * odds, 0 * odds], -1),
    "interventions_avoided": lambda odds: np.stack([0 * odds, 0 * odds, -1 / odds, odds**0], -1),
}
"""The linear measures: what a TP, FP, FN and TN count, shape (4,) or (thresholds, 4)."""
_CASES, _REFERRED, _CHANCE = "per 100 cases", "per cent of those referred", "a decision threshold"
_NET, _AVOIDED = (at_thresholds(COUNTED[name]) for name in ("net_benefit", "interventions_avoided"))
MEASURES = {
    "referral_rate": Measure("referral rate", _CASES, share([TP, FP])),
    "true_positive": Measure("true positives: referred, changes", _CASES, share([TP])),
    "false_positive": Measure("possible overuse: referred, no change", _CASES, share([FP])),
    "false_negative": Measure("missed changes: not referred, changes", _CASES, share([FN])),
    "true_negative": Measure("not referred, no change", _CASES, share([TN])),
    "sensitivity": Measure("sensitivity", "per cent of those that change", share([TP], [FN])),
    "specificity": Measure("specificity", "per cent of those that do not change", share([TN], [FP])),
    "ppv": Measure("positive predictive value", _REFERRED, share([TP], [FP])),
    "nnr": Measure("number needed to refer", "referrals for one change", _nnr),
    "net_benefit": Measure("net benefit", _CASES, _NET, True),
    "interventions_avoided": Measure("interventions avoided", _CASES, _AVOIDED, True),
    "yield_above_chance": Measure("yield above chance", _CASES, _yield),
    "yield_share": Measure("yield above chance", "per cent of the possible at that volume", _yield_share),
    "better_than_none_below": Measure("better than referring nobody below", _CHANCE, share([TP], [FP], 1)),
    "better_than_all_above": Measure("better than referring everybody above", _CHANCE, share([FN], [TN], 1)),
}
TRUTH = {
    "error_corrected": "wrong first opinions put right, among those referred",
    "error_introduced": "right first opinions lost, among those referred",
    "intervention_averted": "interventions averted, among those referred",
}
"""What only the truth tells of a referral."""
# Where each of the nine counts may go, (ways, 9, cells); in the first four, unknown facts refer nobody. The
# last, of cases with neither fact nor outcome, goes nowhere yet.
_WAYS = np.zeros((16, 9, 4))
for _way, (_nt, _nf, _tn, _fn) in enumerate(product((FN, TP), (TN, FP), (FP, TP), (TN, FN))):
    _WAYS[_way, range(8), [TN, FN, _fn, FP, TP, _tn, _nf, _nt]] = 1


def settled(
    counts: np.ndarray, squares: np.ndarray, foresight: np.ndarray | bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every extreme way to settle what is unknown, as TP, FP, FN, TN: (..., ways, 4), and so the squares.

    Each kind of cases goes, as a whole, to one of the cells where it may belong; those with neither fact nor
    outcome are also divided, as finely as it takes, where that makes the yield above chance or its share most
    extreme. Perfect ``foresight`` never errs: it refers what changes. Last, the ways in which unknown facts
    refer nobody: they differ by unknown outcomes alone.
    """
    ways, recorded, gap = _WAYS, np.arange(4), np.asarray(counts, float)[..., 2, 2, None]
    if gap.any():
        tp, fp, fn, tn = np.moveaxis(through(_WAYS, counts, counts)[0], -1, 0)
        peak = np.sqrt(tp * tn)  # as many errors make the share of the possible yield least
        divided = [  # two cells that share the gap, and how many cases the first of them has
            (TP, TN, (tn - tp + gap) / 2),
            (FP, FN, (fn - fp + gap) / 2),
            (FP, FN, np.where(fp > peak, gap + fn - peak, peak - fp)),
        ]
        parts = np.zeros((*tp.shape, 8, 4))
        parts[..., :5, :] = np.eye(4)[[FN, TN, FN, TP, FP]]  # the first three refer nobody
        for way, (one, other, cases) in enumerate(divided, 5):
            parts[..., way, one] = np.clip(cases, 0, gap) / np.where(gap > 0, gap, 1)
            parts[..., way, other] = 1 - parts[..., way, one]
        never_errs = parts @ np.eye(4)[[TP, TN, TP, TN]]
        never_errs[..., 2, :] = parts[..., 5, :]  # its value too is open between the two ends
        parts = np.where(np.asarray(foresight)[..., None, None, None], never_errs, parts)
        ways = _WAYS[:, None] + np.eye(9)[8][:, None] * parts[..., None, :]
        ways = ways.reshape(*ways.shape[:-4], -1, 9, 4)
        recorded = np.add.outer(8 * np.arange(4), range(3)).ravel()
    return *through(ways, counts, squares), recorded


def through(ways: np.ndarray, counts: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts and squares, each kind of case put where ways (..., kinds, cells) to settle them put it."""
    clusters, lead, kinds = np.ndim(squares) > np.ndim(counts), np.shape(counts)[:-2], ways.shape[-2]
    flat = (np.reshape(x, (*lead, kinds)) for x in (counts, squares[..., 0] if clusters else squares))
    tables, spread = (np.einsum("...i,...wij->...wj", x, ways) for x in flat)
    if clusters:
        products = ways.swapaxes(-1, -2) @ squares[..., 1:].reshape(*lead, 1, kinds, kinds) @ ways
        spread = np.concatenate([spread, products.reshape(*spread.shape[:-1], ways.shape[-1] ** 2)], -1)
    return tables, spread


def five(formula: Formula, ways: Sequence[np.ndarray], odds: np.ndarray, strict: bool = False) -> np.ndarray:
    """The five numbers of a formula over ways to settle; ``strict``: blank where one way has no number."""
    tables, spread, recorded = ways
    least, most = (np.minimum, np.maximum) if strict else (np.fmin, np.fmax)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, lower, upper = formula(tables, spread, odds)
        sure, last = value[..., recorded].min(-1), value[..., recorded].max(-1)
        sure = np.where(last - sure > 1e-9, np.nan, sure)
    ends = ((least, value), (most, value), (least, lower), (most, upper))
    return np.stack([sure, *(end.reduce(x, -1) for end, x in ends)], -1)


def table(
    counts: np.ndarray,
    squares: np.ndarray,
    thresholds: Iterable[float] = (),
    *,
    measures: Iterable[str] = tuple(MEASURES),
    foresight: np.ndarray | bool = False,
) -> dict[str, np.ndarray]:
    """The five numbers of each measure along the last axis: shape (..., 5), or (..., thresholds, 5).

    Nothing of nothing is NaN, and an NNR without a change infinite. The share of the possible yield has no
    bounds where in some way nothing is possible.
    """
    odds, ways = odds_of(thresholds), settled(counts, squares, foresight)
    if unknown := [name for name in measures if name not in MEASURES]:
        raise unknown_name("measure", unknown[0], MEASURES)
    return {name: five(MEASURES[name].formula, ways, odds, name == "yield_share") for name in measures}


def tidy(
    about: pd.DataFrame,
    found: dict[str, np.ndarray],
    thresholds: Sequence[float],
    numbers: list[str] = NUMBERS,
) -> pd.DataFrame:
    """A row per row of ``about``, measure and threshold, with the numbers behind the column ``group``."""
    parts, first = [], about.columns.get_loc("group") + 1
    for name, values in found.items():
        at_threshold = name == BEST or (name in MEASURES and MEASURES[name].at_threshold)
        at = np.asarray(thresholds if at_threshold else [np.nan], float)
        part = about.loc[about.index.repeat(len(at))].assign(measure=name, threshold=np.tile(at, len(about)))
        part[numbers] = values.reshape(-1, len(numbers))
        parts.append(part)
    made = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return made[[*about.columns[:first], "measure", "threshold", *numbers, *about.columns[first:]]]
