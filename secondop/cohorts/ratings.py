"""Readings in long form: read and checked, paired reader with reader, and resampled over cases."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.errors import SecondopError, did_you_mean


def read_ratings(frame, case, reader, answer, answers, reference=None):
    """The readings that state an answer (columns case, reader, answer code, reference), answers, counts."""
    try:
        frame = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise SecondopError(
            f"Ratings must be a pandas or polars frame. Got {type(frame).__name__}."
        ) from None
    wanted = {"case": case, "reader": reader, "answer": answer} | (
        {"reference": reference} if reference else {}
    )
    missing = [c for c in wanted.values() if c not in frame.columns]
    if missing:
        lines = [f"  no column {c!r}.{did_you_mean(c, frame.columns)}" for c in missing]
        raise SecondopError(f"Ratings with columns {', '.join(frame.columns)}:\n" + "\n".join(lines))
    data = pd.DataFrame({name: frame[column].to_pandas() for name, column in wanted.items()})
    if reference is None:
        data["reference"] = "all cases"
    empty = data.drop(columns="answer").isna().sum()
    if empty.any():
        lines = [
            f"  column {wanted[c]!r}: empty in {n:,} of {len(data):,} rows."
            for c, n in empty[empty > 0].items()
        ]
        raise SecondopError(
            "Who read what must be known to tell two readers apart. Name them, or leave the rows out:\n"
            + "\n".join(lines)
        )
    if answers is None:
        found = data["answer"]
        known = isinstance(found.dtype, pd.CategoricalDtype)
        answers = found.cat.categories if known else sorted(found.dropna().unique())
    answers = tuple(answers)
    given = data["answer"].notna()
    data["answer"] = pd.Index(answers).get_indexer(data["answer"])
    strange = given & (data["answer"] < 0)
    if strange.any():
        raise SecondopError(
            f"{strange.sum():,} answers in column {answer!r} are not among: {', '.join(map(str, answers))}."
        )
    counted = {"cases": data["case"].nunique(), "readers": data["reader"].nunique()}
    return data[given], answers, counted | {"readings": int(given.sum()), "gaps": int((~given).sum())}


def count_pairs(readings, n_answers) -> tuple[np.ndarray, np.ndarray]:
    """Per case and first answer: ordered pairs of distinct readers, and those of them that differ.

    A reader's vote x is the share of each answer in the reader's own readings of the case. With n readers
    and W the sum of their votes, pairs are W (n - 1) and agreeing ones W^2 minus the sum of x^2.
    """
    case, _ = pd.factorize(readings["case"])
    reader, readers = pd.factorize(readings["reader"])
    _, seat = np.unique(case * len(readers) + reader, return_inverse=True)
    votes, _, said = np.unique(seat * n_answers + readings["answer"], return_inverse=True, return_counts=True)
    x = said / np.bincount(seat)[votes // n_answers]
    case_of_seat = np.zeros(seat.max(initial=-1) + 1, dtype=int)
    case_of_seat[seat] = case
    cell = case_of_seat[votes // n_answers] * n_answers + votes % n_answers
    shape = (case.max(initial=-1) + 1, n_answers)
    size = shape[0] * shape[1]
    total = np.bincount(cell, x, size).reshape(shape)
    own = np.bincount(cell, x**2, size).reshape(shape)
    pairs = total * (np.bincount(case_of_seat, minlength=shape[0]) - 1)[:, None]
    return pairs, pairs - (total**2 - own)


def bootstrap_interval(pairs, differ, seed, draws, confidence) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of differ/pairs in each column, over cases.

    Cases with equal counts are alike to the statistic, so the draw is a multinomial over distinct counts.
    """
    from statsmodels.stats.proportion import proportion_confint
    from tqdm.auto import tqdm

    kinds, counts = np.unique(np.hstack([pairs, differ]).round(12), axis=0, return_counts=True)
    rng = np.random.Generator(np.random.SFC64(seed))
    chunk = max(1, int(2e6 // len(kinds)))
    shares = []
    for first in tqdm(range(0, draws, chunk), desc="bootstrap", delay=2, leave=False):
        drawn = rng.multinomial(len(pairs), counts / len(pairs), size=min(chunk, draws - first)) @ kinds
        n = drawn[:, : pairs.shape[1]]
        shares.append(np.divide(drawn[:, pairs.shape[1] :], n, out=np.full_like(n, np.nan), where=n > 0))
    shares = np.vstack(shares)
    tail = (1 - confidence) / 2
    lower, upper = np.full((2, pairs.shape[1]), np.nan)
    for column in np.flatnonzero(pairs.sum(axis=0)):
        known = shares[~np.isnan(shares[:, column]), column]
        if len(known) and np.ptp(known) > 1e-9:
            lower[column], upper[column] = np.quantile(known, [tail, 1 - tail])
        else:
            n = (pairs[:, column] > 0).sum()
            share = differ[:, column].sum() / pairs[:, column].sum()
            lower[column], upper[column] = proportion_confint(share * n, n, alpha=2 * tail, method="wilson")
    return lower, upper
