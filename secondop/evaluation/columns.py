"""The columns of a cohort: typed, groups in words, and for whom an outcome is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError
from secondop.rules.facts import Fact, flag
from secondop.rules.gate import ANSWER, UNREADABLE, typed, typed_cases, typed_lazily
from secondop.rules.spellings import is_gap, matched

if TYPE_CHECKING:
    from secondop.evaluation.cohort import Cohort
    from secondop.evaluation.policies import Policy

NOT_RECORDED, MAX_GROUPS = "not recorded", 200
YES_NO = flag("answer", "Yes or no?")
ALL_SOUGHT = "all sought"
NONE_ON_RECORD = "of those who sought no opinion nobody has a change on record, so theirs is unknown, not no"


def opened(
    source: nw.DataFrame | nw.LazyFrame, facts: Mapping[str, Fact], own: Sequence[str]
) -> nw.LazyFrame:
    """A lazy frame with the facts as :func:`typed_lazily` has them, beside columns as they are."""
    if isinstance(source, nw.LazyFrame):
        return typed_lazily(source, facts)
    said = typed_cases(source.to_native(), facts)
    frame = pl.DataFrame({UNREADABLE: np.zeros(len(source), np.int64)}).with_columns(
        *_beside(source, own).get_columns(),
        **{ANSWER + x: said[x] if x in said.columns else pl.lit(None, y.dtype) for x, y in facts.items()},
    )
    return nw.from_native(frame.lazy())


def _beside(source: nw.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Columns of groups and numbers of a frame in memory; bands of ``pandas.cut`` are words in their order.

    So are the values of a column that has several kinds of them, and numbers too large for any engine.
    """
    cases = source.to_native()
    if not isinstance(cases, pd.DataFrame):
        return source.select(names).to_polars()
    own, levels = cases[names].copy(deep=False), {}
    for name in names:
        kind = pd.api.types.infer_dtype(own[name])
        column = own[name].astype("category") if kind == "interval" else own[name]
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.categories.map(str).is_unique:
            own[name] = column.cat.rename_categories(str)
            levels[name] = pl.Enum(own[name].cat.categories.tolist())
        elif kind.startswith(("mixed", "categorical")):
            own[name] = column.astype(object).map(str, na_action="ignore")
    with suppress(OverflowError):
        return nw.from_native(own).to_polars().cast(levels)
    return nw.from_native(own.map(str, na_action="ignore")).to_polars().cast(levels)


def plain(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    """A column of groups, clusters or numbers, in which what spells a gap, or is no number, is one."""
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum):
        word = nw.col(name).cast(nw.String)
        return nw.when(~is_gap(word)).then(word)
    return nw.col(name).fill_nan(None) if dtype.is_float() else nw.col(name)


def in_words(groups: pl.DataFrame, by: Sequence[str]) -> list[str]:
    """What groups are called: their answers, one after another; refused where there are too many."""
    if len(groups) > MAX_GROUPS:
        said = f"Grouping by {', '.join(by)} makes {len(groups):,} groups, more than {MAX_GROUPS}."
        raise SecondopError(f"{said} Cut numbers into bands first, for instance with pandas.cut.")
    words = pl.col(pl.Boolean).replace_strict([False, True], ["no", "yes"], return_dtype=pl.String)
    told = pl.all().cast(pl.String).fill_null(NOT_RECORDED)
    return groups.with_columns(words).select(pl.concat_str(told, separator=", ")).to_series().to_list()


def told_by(cohort: Cohort, sought: str, outcomes: Sequence[str]) -> str | None:
    """The column that says for whom the outcome is known: as stated, or who sought an opinion."""
    if cohort.verified:
        return cohort.verified
    if cohort.simulated or cohort.net or sought in outcomes or not matched(cohort.columns, [sought]):
        return None
    lazy = isinstance(nw.from_native(cohort.cases), nw.LazyFrame)
    asked_for = lazy or typed(cohort.cases, {sought: YES_NO})[1].empty  # else no column of yes and no
    return sought if asked_for else None


def notice(cohort: Cohort) -> str:
    """For whom the outcome is known; that of all others is made unknown where it only looks like no."""
    told, hidden = nw.col("told"), [] if cohort.net else ["changed"]
    if cohort.verified:
        hidden += cohort.truth
        said = f"those with {cohort.verified!r}"
    else:
        seen = cohort.patterns({"told": told}).crossed("told", "flag changed")[0].sum(0)
        (no, yes, unknown), answered = seen[[0, 2]].sum(0), seen[:2].sum()
        if not answered or yes or not no + unknown:
            return ALL_SOUGHT if answered and not seen[[0, 2]].sum() else ""
        if not no:
            return f"{'exactly' if not seen[1, 2] else 'only'} those who sought an opinion"
        said = NONE_ON_RECORD
    names = (f"flag {name}" for name in hidden)
    cohort.frame = cohort.frame.with_columns(**{x: nw.when(told).then(nw.col(x)) for x in names})
    return said


def known_words(known: float, n: float, by: str) -> str:
    """For how many the outcome is known, and for whom: a sentence for tables and figures, or nothing."""
    if by == ALL_SOUGHT:
        every = f"All {n:,.0f} cases sought an opinion: 100 cases are 100 of these."
        return f"{every} {known_words(known, n, '')}".rstrip()
    by = f": {by}" if by else ""
    return f"The outcome is known for {known:,.0f} of {n:,.0f} cases{by}." if known < n else ""


def known_by_policy(counts: np.ndarray, policies: Sequence[Policy]) -> str:
    """The policy whose referrals are exactly the cases of known outcome; counts: (policies, 3, 3)."""
    known, unknown = counts[..., :2].sum(-1), counts[..., 2]
    exact = (known[:, 1] > 0) & (unknown[:, 1] == 0) & (known[:, [0, 2]].sum(1) == 0)
    named = [p.name for p, hit in zip(policies, exact, strict=True) if hit and p.refers is not None]
    return f"exactly those that the policy {named[0]!r} refers" if named and unknown.sum() else ""
