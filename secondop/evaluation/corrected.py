"""Errors corrected less errors introduced: what opinions do to diagnoses, where the truth is known.

A change is not a benefit. Of a case, ``net_corrected`` counts +1 where a wrong first opinion is put right, -1
where a right one is lost, and 0 otherwise. There are no positives and negatives here, so of the measures only
the referral rate, the yield above chance and net benefit are defined: a referral counts minus the odds of the
decision threshold unless an error was corrected.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from secondop.errors import SecondopError
from secondop.evaluation import measures
from secondop.evaluation.measures import Estimates, Z, mean_per_100, odds_of

NET = "net_corrected"
NET_OF = ("error_corrected", "error_introduced")
NET_MEASURES = ("referral_rate", "net_benefit", "yield_above_chance")
NET_FORESIGHT = "only those whose error is corrected"
GAIN = np.array([0, 1, -1])  # of a case without either, of an error corrected, of one introduced


def by_gain(counts: np.ndarray) -> np.ndarray:
    """Counts by referred, corrected and introduced, (..., 3, 3, 3), as referred by ``GAIN``, (..., 3, 3)."""
    kinds = counts[..., [0, 1, 0], [0, 0, 1]]
    if kinds.sum() != counts.sum():
        raise SecondopError(
            f"{NET} needs the truth of every case, and an error cannot be both corrected and introduced: "
            f"some answers in {' and '.join(NET_OF)} are unknown, or both yes. Keep the other cases."
        )
    return kinds


def net_table(
    counts: np.ndarray, squares: np.ndarray, thresholds: Iterable[float], names: Iterable[str] = NET_MEASURES
) -> dict[str, np.ndarray]:
    """The five numbers of each measure, as :func:`secondop.evaluation.measures.table` gives them.

    ``counts, squares``: sums of w and of w squared by referred, corrected and introduced: no, yes, unknown.

    Examples
    --------
    >>> counts = np.zeros((3, 3, 3))
    >>> counts[1, 1, 0], counts[1, 0, 1], counts[1, 0, 0], counts[0, 0, 0], counts[2, 1, 0] = 3, 1, 2, 3, 1
    >>> net_table(counts, counts, [0.5])["net_benefit"].round(0).tolist()  # 3 less 1, less 3 at one for one
    [[-10.0, -10.0, 0.0, -68.0, 62.0]]
    """
    odds, found = odds_of(thresholds)[:, None], {}
    counts, squares = by_gain(counts), by_gain(squares)
    refers = np.array(list(product([0, 1], repeat=3)))  # whether those not judged are, by what they gain
    tables, spread = (
        np.concatenate([x[..., None, 0, :] + x[..., None, 2, :] * (1 - refers),
                        x[..., None, 1, :] + x[..., None, 2, :] * refers], -1)
        for x in (counts, squares)
    )  # fmt: skip
    referred, gains = np.repeat([0, 1], 3), np.tile(GAIN, 2)
    for name in names:
        if name == "referral_rate":
            found[name] = measures.table(counts, squares, measures=[name])[name]
            continue
        if name == "net_benefit":
            values = referred * (gains - odds * (gains < 1))
            each = mean_per_100(tables[..., None, :, :], spread[..., None, :, :], values[:, None])
        else:
            share, mean = ((tables @ x / tables.sum(-1))[..., None] for x in (referred, gains))
            each = mean_per_100(tables, spread, (referred - share) * (gains - mean))
        found[name] = _extremes(each)
    return found


def lift(counts: np.ndarray) -> Estimates:
    """How much more those referred gain than all do, each on average, with its 95 % interval (log scale).

    Whom a policy cannot judge it does not refer.
    """
    kinds = by_gain(counts)
    n, referred = kinds.sum((-2, -1)), kinds[..., 1, :]
    inside, gained = referred.sum(-1) / n, referred @ GAIN / n
    gain = kinds.sum(-2) @ GAIN / n
    ratio = gained / inside / gain
    each = np.stack([1 - GAIN / gain, 1 - GAIN / gain + GAIN / gained - 1 / inside])
    error = np.sqrt((np.stack([kinds[0] + kinds[2], referred]) * each**2).sum()) / n
    return ratio, ratio * np.exp(-Z * error), ratio * np.exp(Z * error)


def _extremes(each: Estimates) -> np.ndarray:
    """The value where no unknown case is referred, and the extremes over all ways to settle them."""
    value, lower, upper = each
    return np.stack([value[..., 0], value.min(-1), value.max(-1), lower.min(-1), upper.max(-1)], -1)
