"""Your own ratings: how often two readers of one case differ, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable, is_scalar

from secondop.errors import SecondopError, did_you_mean, not_whole, refuse

TAKEN = ("overall", "disagreement", "concentration")  # what the tables call their own rows and columns
SAMPLES = {"cases": ("case",), "cases and readers": ("case", "reader")}  # what others could be drawn


def opinions_from_ratings(
    frame: Any,
    *,
    case: str = "case",
    reader: str = "reader",
    answer: str = "answer",
    seed: int = 0,
    answers: Sequence | None = None,
    sample: str = "cases",
) -> pd.DataFrame:
    """How often two readers of one case differ, in your own ratings: overall and by what the first one said.

    ``frame`` (pandas or polars) has a row per reading; ``case``, ``reader`` and ``answer`` name its columns,
    and ``answers`` lists the answers in order (default: as in a categorical column, or sorted). Pairs of
    *different* readers of a case count, each in either order. Repeats by one reader share that reader's one
    vote (two "a" and one "b" are 2/3 "a", 1/3 "b"). An empty answer is a gap, left out.

    A row per first answer and ``overall``. ``lower`` to ``upper`` speak of these readers and other cases
    (``sample="cases"``), or of other readers too (``"cases and readers"``, which takes three or more): a
    Wilson interval whose variance is that of leaving out one case, or reader, at a time, with Student's t.
    It is rather too narrow for a rare answer that a few cases were given by many readers. Nothing is drawn:
    any ``seed`` gives the same. ``attrs`` count cases, readers, readings and gaps.

    >>> ratings = pd.DataFrame({"case": list("112233"), "reader": list("xyxyxy"), "answer": list("aaabbb")})
    >>> opinions_from_ratings(ratings).loc["overall", ["pairs", "differ"]].tolist()
    [6.0, 2.0]
    """
    problems = not_whole("seed", seed, 0)
    if not isinstance(sample, str) or sample not in SAMPLES:
        problems.append(f"sample is a choice of {', '.join(map(repr, SAMPLES))}. Got {sample!r}.")
    refuse("Ratings cannot be compared", problems)
    readings, answers, counted = read_ratings(frame, [case, reader, answer], answers)
    tables = [count_pairs(readings, answers, by) for by in SAMPLES[sample]]
    tables = [[table.assign(overall=table.sum(axis=1)) for table in both] for both in tables]
    pairs, differ = (table.sum() for table in tables[0])
    if not pairs["overall"]:
        raise SecondopError(f"No case in column {case!r} was read by two different readers in {reader!r}.")
    if len(tables) == 2 and counted["readers"] < 3:
        raise SecondopError(f"Two readers in column {reader!r} tell nothing of others: it takes three.")
    table = pd.DataFrame({"pairs": pairs, "differ": differ, "share": differ / pairs})
    table["lower"], table["upper"] = _interval(tables)
    chance = ((pairs.iloc[:-1] / pairs["overall"]) ** 2).sum()
    fitted, remark = fit_concentration("all cases", chance, table.loc["overall", "share"])
    counted |= {"cases_with_pairs": int((tables[0][0]["overall"] > 0).sum()), "concentration": float(fitted)}
    table.attrs = counted | {"remarks": (remark,) if remark else ()}
    return table.rename_axis("first_answer")


def each_once(what: str, values: Any) -> tuple:
    """Names as a tuple: known, single, and none that the tables use themselves."""
    names = tuple(values) if np.iterable(values) and not isinstance(values, str) else (None,)
    known = all(is_scalar(x) and is_hashable(x) and pd.notna(x) for x in names)
    if not known or len({*names}) < len(names) or {*TAKEN} & {*names}:
        raise SecondopError(f"{what}: a list of names, each known and once, not in {TAKEN}. Got {values!r}.")
    return names


def fit_concentration(name: Any, chance: float, differ: float) -> tuple[float, str]:
    """The concentration with which readers who agree by ``chance`` differ so often; a remark if none fits."""
    agree = 1 - differ
    if chance < agree < 1:
        return (1 - agree) / (agree - chance), ""
    remark = f"{name}: no heterogeneity of cases fits a disagreement of {differ:.4g}. Read independently, it "
    remark += f"is {1 - chance:.4g}. If all readers agree, set the concentration to 0."
    return np.inf, "" if np.isclose(differ, 1 - chance) else remark


def read_ratings(frame: Any, names: list[str], answers: Any) -> tuple[pd.DataFrame, tuple, dict[str, Any]]:
    """The readings with an answer, answers, and counts; names: case, reader, answer and perhaps reference."""
    frame = frame.to_pandas() if hasattr(frame, "to_pandas") else frame
    if not isinstance(frame, pd.DataFrame):
        raise SecondopError(f"Ratings are a pandas or polars frame. Got {type(frame).__name__}.")
    there = list(map(str, frame.columns))
    strange = [str(x) for x in names if not isinstance(x, str) or there.count(x) != 1]
    hints = [f"no column {x!r}, or more than one.{did_you_mean(x, {*there} - {x})}" for x in strange]
    refuse(f"Ratings with columns {', '.join(there)}", hints)
    problems, columns = [], []
    for name, values in frame[names].items():
        if not all(is_scalar(x) and is_hashable(x) for x in values):
            problems.append(f"column {name!r} holds lists or the like, not one value a row.")
            continue
        columns.append(pd.Categorical(values))
        if name != names[2] and (empty := values.isna().sum()):
            problems.append(f"{name!r}: empty in {empty:,} of {len(values):,} rows. Name or drop them.")
        if not (values.dtype == "category" or columns[-1].categories.is_monotonic_increasing):
            problems.append(f"column {name!r} mixes kinds of values. Write them all as text, say.")
    refuse("Ratings cannot be read", problems)
    case, reader, said, *reference = columns
    answers = each_once("answers", said.categories if answers is None else answers)
    told, known = said.set_categories(answers), said.notna()
    if odd := (known & told.isna()).sum():
        raise SecondopError(f"{odd:,} answers in column {names[2]!r} are not among: {[*answers]}.")
    readings = pd.DataFrame({"case": case.codes, "reader": reader.codes, "answer": told})
    readings["reference"] = reference[0] if reference else "all cases"
    counted = {"cases": readings["case"].nunique(), "readers": readings["reader"].nunique()}
    return readings[known], answers, counted | {"readings": int(known.sum()), "gaps": int((~known).sum())}


def count_pairs(readings: pd.DataFrame, answers: tuple, by: str = "case") -> list[pd.DataFrame]:
    """Per case (or reader) and first answer: ordered pairs of distinct readers, and those that differ."""
    said = pd.get_dummies(readings["answer"], dtype=float).set_axis(list(answers), axis=1)
    votes = said.groupby([readings["case"], readings["reader"]]).mean()  # one reader, one vote
    others = votes.groupby("case").transform("sum") - votes
    pairs, alike = votes.mul(others.sum(axis=1), axis=0), votes * others
    if by == "reader":  # the reader is the first of a pair, or the second
        pairs, alike = pairs + others, 2 * alike
    pairs, alike = (table.groupby(by).sum() for table in (pairs, alike))
    return [pairs, pairs - alike]


def _interval(tables: list) -> tuple[Any, Any]:
    """Ends (95 %) of the share of pairs that differ, if the rows of these (pairs, differing) are a sample.

    Wilson's, for the number of cases that makes its variance the jackknife's, summed over the tables; where
    that is 0, since all rows say the same, for the number of rows.
    """
    from scipy.stats import norm, t
    from statsmodels.stats.proportion import proportion_confint

    pairs, differ = (table.sum() for table in tables[0])
    share, found = differ / pairs, []
    for own_pairs, own_differ in tables:
        without = (differ - own_differ) / (pairs - own_pairs)  # unknown if one row holds all pairs
        rows, worth = (own_pairs > 0).sum(), own_pairs.sum() ** 2 / (own_pairs**2).sum()
        found.append((((without - share) ** 2).sum(skipna=False) * (1 - 1 / rows), rows, worth - 1))
    variances, rows, freedom = (pd.concat(x, axis=1) for x in zip(*found, strict=True))
    variance = variances.sum(axis=1, skipna=False)
    freedom = variance**2 / (variances**2 / freedom.clip(lower=1)).sum(axis=1)
    number, alpha = share * (1 - share) / variance, 2 * norm.sf(t.isf(0.025, freedom))
    flat = (variance < 1e-12) | variances[0].isna()
    number, alpha = (
        number.where(~flat, rows.min(axis=1).where(pairs > 0)),
        np.where(flat, 0.05, alpha),
    )
    return proportion_confint(share * number, number, alpha, method="wilson")
