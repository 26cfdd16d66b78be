"""Errors corrected less errors introduced: what opinions do to diagnoses, where the truth is known.

A change is not a benefit. A case counts +1 where a wrong first opinion is put right, -1 where a right one is
lost. There are no positives and negatives here, so of the measures only the referral rate, the yield above
chance and net benefit are defined: a referral costs the odds of the threshold unless an error was corrected.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np

from secondop.errors import SecondopError
from secondop.evaluation import measures
from secondop.evaluation.measures import Estimates, Formula, five, mean_per_100, odds_of, share

NET = "net_corrected"
NET_OF = ("error_corrected", "error_introduced")
NET_FORESIGHT = "only those whose error is corrected"
GAIN = np.array([0, 1, -1])  # of a case without either, of an error corrected, of one introduced
# A settled table has six cells: referred no, yes, by gain. Whom a policy cannot judge it may refer or not, by
# what they gain; in the first way it refers nobody.
_REFERRED, _GAINS = np.repeat([0, 1], 3), np.tile(GAIN, 2)
_WAYS = np.array([np.eye(6)[[0, 1, 2, 3, 4, 5, *way]] for way in product((0, 3), (1, 4), (2, 5))])


def _yield(tables: np.ndarray, squares: np.ndarray, odds: np.ndarray) -> Estimates:
    volume, mean = ((tables @ x / tables.sum(-1))[..., None] for x in (_REFERRED, _GAINS))
    return mean_per_100(tables, squares, (_REFERRED - volume) * (_GAINS - mean))


NET_MEASURES: dict[str, Formula] = {
    "referral_rate": share([3, 4, 5]),
    "net_benefit": measures.at_thresholds(lambda odds: _REFERRED * (_GAINS - odds[:, None] * (_GAINS < 1))),
    "yield_above_chance": _yield,
}


def by_gain(counts: np.ndarray) -> np.ndarray:
    """Counts by referred, corrected and introduced, (..., 3, 3, 3), as referred by ``GAIN``, (..., 3, 3)."""
    kinds = counts[..., [0, 1, 0], [0, 0, 1]]
    if abs(counts.sum() - kinds.sum()) > 1e-9 * counts.sum():  # sums of weights are rounded
        raise SecondopError(
            f"{NET} needs the truth of every case, and an error cannot be both corrected and introduced: "
            f"some answers in {' and '.join(NET_OF)} are unknown, or both yes. Keep the other cases."
        )
    return kinds


def net_table(
    counts: np.ndarray, squares: np.ndarray, thresholds: Iterable[float], names: Iterable[str] = NET_MEASURES
) -> dict[str, np.ndarray]:
    """The five numbers of each measure, from sums by referred, corrected and introduced: no, yes, unknown."""
    odds = odds_of(thresholds)
    settled = *measures.through(_WAYS, by_gain(counts), by_gain(squares)), np.arange(1)
    return {name: five(NET_MEASURES[name], settled, odds) for name in names}


def lift(counts: np.ndarray) -> Estimates:
    """How much more those referred gain than all do, on average, and its 95 % interval (log scale).

    Whom a policy cannot judge it does not refer.
    """
    kinds = by_gain(counts)
    n, referred = kinds.sum((-2, -1)), kinds[..., 1, :]
    inside, gained = referred.sum(-1) / n, referred @ GAIN / n
    gain = kinds.sum(-2) @ GAIN / n
    ratio = gained / inside / gain
    each = np.stack([1 - GAIN / gain, 1 - GAIN / gain + GAIN / gained - 1 / inside])
    error = np.sqrt((np.stack([kinds[0] + kinds[2], referred]) * each**2).sum()) / n
    return ratio, ratio * np.exp(-measures.Z * error), ratio * np.exp(measures.Z * error)
