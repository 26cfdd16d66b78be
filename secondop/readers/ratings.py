"""Your own ratings: how often two readers of one case differ, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable, is_scalar

from secondop.errors import SecondopError, did_you_mean, not_whole, refuse

TAKEN = ("overall", "disagreement", "concentration")  # what the tables call their own rows and columns


def opinions_from_ratings(
    frame: Any, *, case: str = "case", reader: str = "reader", answer: str = "answer", seed: int,
    answers: Sequence | None = None, draws: int = 1000, confidence: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """How often two readers of one case differ, in your own ratings: overall and by what the first one said.

    ``frame`` (pandas or polars) has a row per reading; ``case``, ``reader`` and ``answer`` name its columns,
    and ``answers`` lists the answers in order (default: as in a categorical column, or sorted). Pairs of
    *different* readers of a case count, each in either order. Repeats by one reader share that reader's one
    vote (two "a" and one "b" are 2/3 "a", 1/3 "b"). An empty answer is a gap, left out.

    A row per first answer and ``overall``: ``lower`` to ``upper`` is a bootstrap of the cases, or Wilson's
    interval where all ``draws`` are alike. ``attrs`` count cases, readers, readings and gaps.

    >>> ratings = pd.DataFrame({"case": list("112233"), "reader": list("xyxyxy"), "answer": list("aaabbb")})
    >>> opinions_from_ratings(ratings, seed=1).loc["overall", ["pairs", "differ"]].tolist()
    [6.0, 2.0]
    """
    problems = not_whole("seed", seed, 0) + not_whole("draws", draws, 1)
    if not (isinstance(confidence, Real) and 0 < confidence < 1):
        problems.append(f"confidence is a share between 0 and 1, as 0.95. Got {confidence!r}.")
    refuse("Ratings cannot be compared", problems)
    readings, answers, counted = read_ratings(frame, [case, reader, answer], answers)
    pairs, differ = (x.assign(overall=x.sum(axis=1)) for x in count_pairs(readings, answers))
    table = pd.DataFrame({"pairs": pairs.sum(), "differ": differ.sum(), "share": differ.sum() / pairs.sum()})
    *said, total = table["pairs"]
    if not total:
        raise SecondopError(f"No case in column {case!r} was read by two different readers in {reader!r}.")
    table["lower"], table["upper"] = _interval(pairs, differ, seed, draws, confidence)
    fitted, remark = fit_concentration("all cases", np.array(said) / total, table.loc["overall", "share"])
    counted |= {"cases_with_pairs": int((pairs["overall"] > 0).sum()), "concentration": float(fitted)}
    table.attrs = counted | {"remarks": (remark,) if remark else ()}
    return table.rename_axis("first_answer")


def each_once(what: str, values: Any) -> tuple:
    """Names as a tuple: known, single, and none that the tables use themselves."""
    names = tuple(values) if np.iterable(values) and not isinstance(values, str) else (None,)
    known = all(is_scalar(x) and is_hashable(x) and pd.notna(x) for x in names)
    if not known or len({*names}) < len(names) or {*TAKEN} & {*names}:
        raise SecondopError(f"{what}: a list of names, each known and once, not in {TAKEN}. Got {values!r}.")
    return names


def fit_concentration(name: Any, shares: np.ndarray, differ: float) -> tuple[float, str]:
    """The concentration with which two readers differ so often, and a remark where none fits."""
    agree, chance = 1 - differ, (shares**2).sum()
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


def count_pairs(readings: pd.DataFrame, answers: tuple) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Per case and first answer: ordered pairs of distinct readers, and those of them that differ."""
    said = pd.get_dummies(readings["answer"], dtype=float).set_axis(list(answers), axis=1)
    votes = said.groupby([readings["case"], readings["reader"]]).mean()  # one reader, one vote
    total, readers = votes.groupby("case").sum(), votes.groupby("case").size()
    pairs = total.mul(readers - 1, axis=0)
    return pairs, pairs - (total**2 - (votes**2).groupby("case").sum())


def _interval(pairs, differ, seed, draws, confidence) -> np.ndarray:
    """Percentiles of differ/pairs over cases drawn anew; cases with equal counts are drawn as one kind."""
    from statsmodels.stats.proportion import proportion_confint

    kinds, times = np.unique(np.hstack([pairs, differ]).round(12), axis=0, return_counts=True)
    rng, n = np.random.Generator(np.random.SFC64(seed)), len(pairs)
    drawn = np.hsplit(np.array([rng.multinomial(n, times / n) @ kinds for _ in range(draws)]), 2)
    shares = pd.DataFrame(drawn[1]) / pd.DataFrame(drawn[0])
    ends = shares.quantile([(1 - confidence) / 2, (1 + confidence) / 2]).to_numpy(copy=True)
    cases, share = (pairs > 0).sum().to_numpy(), (differ.sum() / pairs.sum()).to_numpy()
    flat = ~(shares.max() - shares.min() > 1e-9).to_numpy() & (cases > 0)
    ends[:, flat] = proportion_confint((share * cases)[flat], cases[flat], 1 - confidence, method="wilson")
    return ends
