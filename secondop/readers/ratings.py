"""Your own ratings: how often two readers of one case differ, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from secondop.arguments import Taken, checked
from secondop.errors import SecondopError
from secondop.readers.readings import Readings, read_ratings

SAMPLES = {"cases": ("case",), "cases and readers": ("case", "reader")}  # what others could be drawn
SAMPLE = Taken(lambda x: isinstance(x, str) and x in SAMPLES, f"one of {', '.join(map(repr, SAMPLES))}")


@checked(sample=SAMPLE)
def opinions_from_ratings(
    frame: Any,
    *,
    case: str = "case",
    reader: str = "reader",
    answer: str = "answer",
    readers: Sequence[str] | None = None,
    answers: Sequence | None = None,
    first: Any = None,
    sample: str = "cases",
    seed: int = 0,
) -> pd.DataFrame:
    """How often two readers of one case differ, in your own ratings: overall and by what one of them said.

    Readers are taken as exchangeable: each pair of *different* readers of a case counts both ways. Where one
    reads ``first`` and others after, name that reader, or a column of order (numbers, dates): then each case
    counts once, by what was said first (``first_answer``).

    ``frame`` (pandas or polars) has a row per reading; ``case``, ``reader`` and ``answer`` name its columns.
    Or it has a row per case, and ``readers`` lists the columns that hold their answers. ``answers`` lists
    the answers in order (default: as in a categorical column, or sorted). Spellings of one word and of a gap
    are read as everywhere; a gap is left out. Repeats by one reader share that reader's one vote (two "a" and
    one "b" are 2/3 "a", 1/3 "b").

    A row per answer and ``overall``. ``lower`` to ``upper`` speak of these readers and other cases
    (``sample="cases"``), or of other readers too (``"cases and readers"``, which takes three or more): a
    Wilson interval whose variance is that of leaving out one case, or reader, at a time, with Student's t.
    It is rather too narrow for a rare answer that a few cases were given by many readers. Nothing is drawn:
    any ``seed`` gives the same. ``attrs``: counts, ``remarks``.

    >>> ratings = pd.DataFrame({"case": list("112233"), "reader": list("xyxyxy"), "answer": list("aaabbb")})
    >>> opinions_from_ratings(ratings).loc["overall", ["pairs", "differ"]].tolist()
    [6.0, 2.0]
    >>> opinions_from_ratings(ratings, first="x").loc["a", ["pairs", "differ"]].tolist()
    [2.0, 1.0]
    """
    readings = read_ratings(frame, case, reader, answer, readers=readers, answers=answers, first=first)
    refuse_few(readings, sample)
    tables = [count_pairs(readings, by, one_way=first is not None) for by in SAMPLES[sample]]
    tables = [[table.assign(overall=table.sum(axis=1)) for table in both] for both in tables]
    pairs, differ = (table.sum() for table in tables[0])
    table = pd.DataFrame({"pairs": pairs, "differ": differ, "share": differ / pairs})
    left = [(differ - x) / (pairs - own) for own, x in tables]  # unknown if one row holds all pairs
    rows = [(own > 0).sum() for own, _ in tables]
    equal = [own.sum() ** 2 / (own**2).sum() for own, _ in tables]
    table["lower"], table["upper"] = ends(table["share"], left, rows, equal)
    chance = ((pairs.iloc[:-1] / pairs["overall"]) ** 2).sum()
    fitted, remark = fit_concentration("all cases", chance, table.loc["overall", "share"])
    counted = readings.counted | {"cases_with_pairs": int((tables[0][0]["overall"] > 0).sum())}
    if first is None:  # who reads first and who after may have other shares of the answers
        counted["concentration"] = float(fitted)
        counted["remarks"] += (remark,) if remark else ()
    table.attrs = counted
    return table.rename_axis("answer" if first is None else "first_answer")


def refuse_few(readings: Readings, sample: str) -> None:
    """Refuse ratings in which nobody read what another did, or too few others for a sample of readers."""
    if not readings.table.groupby("case")["reader"].nunique().gt(1).any():
        raise SecondopError("No case was read by two different readers.")
    if "readers" in sample and readings.table["reader"].nunique() < 3:
        told = "Two readers, or one first and one after, tell nothing of others: it takes three"
        raise SecondopError(f"{told}. Give sample='cases'.")


def fit_concentration(name: Any, chance: float, differ: float) -> tuple[float, str]:
    """The concentration with which readers who agree by ``chance`` differ so often; a remark if none fits."""
    agree = 1 - differ
    if chance < agree < 1:
        return (1 - agree) / (agree - chance), ""
    remark = f"{name}: no heterogeneity of cases fits a disagreement of {differ:.4g}. Read independently, it "
    remark += f"is {1 - chance:.4g}. If all readers agree, set the concentration to 0."
    return np.inf, "" if np.isclose(differ, 1 - chance) else remark


def votes_of(readings: Readings) -> pd.DataFrame:
    """The vote of each reader (index: case, reader) on each answer: repeats share it."""
    said = pd.DataFrame(np.eye(len(readings.answers))[readings.table["answer"]], columns=readings.answers)
    return said.groupby([readings.table[x].to_numpy() for x in ("case", "reader")]).mean()


def count_pairs(readings: Readings, by: str = "case", one_way: bool = False) -> list[pd.DataFrame]:
    """Per case (or reader) and answer: ordered pairs of distinct readers, and those that differ."""
    votes = votes_of(readings).rename_axis(["case", "reader"])
    others = votes.groupby("case").transform("sum") - votes
    pairs, agreeing = votes.mul(others.sum(axis=1), axis=0), votes * others
    if one_way:
        pairs, agreeing = (x[x.index.get_level_values("reader") == 0] for x in (pairs, agreeing))
    if by == "reader":  # the reader is the first of a pair, or the second
        pairs, agreeing = pairs + others, 2 * agreeing
    pairs, agreeing = (table.groupby(by).sum() for table in (pairs, agreeing))
    return [pairs, pairs - agreeing]


def ends(share: pd.Series, left_out: list, rows: list, effective: list) -> tuple[Any, Any]:
    """Wilson's interval (95 %) with the variance of the jackknife: shares with one row left out, by sample.

    Wilson's, for the number of cases that makes its variance the jackknife's, summed over the samples; where
    that is 0, since all rows say the same, for the number of rows. ``effective``: of so many equal rows.
    """
    from scipy.stats import norm, t
    from statsmodels.stats.proportion import proportion_confint

    share = share.clip(0, 1)  # but for rounding
    found = [((x - share) ** 2).sum(skipna=False) * (1 - 1 / n) for x, n in zip(left_out, rows, strict=True)]
    variances, rows, freedom = (pd.concat(x, axis=1) for x in (found, rows, [x - 1 for x in effective]))
    variance = variances.sum(axis=1, skipna=False)
    freedom = variance**2 / (variances**2 / freedom.clip(lower=1)).sum(axis=1)
    number, alpha = share * (1 - share) / variance, 2 * norm.sf(t.isf(0.025, freedom))
    flat = (variance < 1e-12) | variances[0].isna()
    number = number.where(~flat, rows.min(axis=1)).where(share.notna() & (number != 0))
    return proportion_confint(share * number, number, np.where(flat, 0.05, alpha), method="wilson")
