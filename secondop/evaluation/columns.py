"""The columns of a cohort: its facts typed, groups and numbers as they are, and groups in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError
from secondop.rules.facts import Fact, flag
from secondop.rules.gate import ANSWER, UNREADABLE, typed_cases, typed_lazily
from secondop.rules.spellings import is_not_recorded

NOT_RECORDED, MAX_GROUPS = "not recorded", 200
YES_NO = flag("answer", "Yes or no?")


def opened(
    source: nw.DataFrame | nw.LazyFrame, facts: Mapping[str, Fact], plain: Sequence[str]
) -> tuple[nw.LazyFrame, dict[str, pl.DataType]]:
    """A lazy frame with the facts as :func:`typed_lazily` has them, beside columns as they are.

    Of those that are bands or pandas categories, their words in order.
    """
    if isinstance(source, nw.LazyFrame):
        return typed_lazily(source, facts), {}
    said, (beside, bands) = typed_cases(source.to_native(), facts), _plain(source, plain)
    frame = pl.DataFrame({UNREADABLE: np.zeros(len(source), np.int64)}).with_columns(
        *beside.get_columns(),
        **{ANSWER + x: said[x] if x in said.columns else pl.lit(None, y.dtype) for x, y in facts.items()},
    )
    return nw.from_native(frame.lazy()), bands


def _plain(source: nw.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, dict[str, pl.DataType]]:
    """Columns of groups and numbers of a frame in memory.

    Bands of ``pandas.cut`` are words, such as "(0, 40]"; so are values of several kinds in one column.
    """
    bands: dict[str, pl.DataType] = {}
    cases = source.to_native()
    if not isinstance(cases, pd.DataFrame):
        return source.select(names).to_polars(), bands
    own = cases[names].copy(deep=False)
    for name in names:
        kind = pd.api.types.infer_dtype(own[name])
        column = own[name].astype("category") if kind == "interval" else own[name]
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.categories.map(str).is_unique:
            bands[name] = pl.Enum(column.cat.categories.map(str).tolist())
            own[name] = column.cat.rename_categories(str)
        elif kind.startswith(("mixed", "categorical")):
            own[name] = column.astype(object).map(str, na_action="ignore")
    with suppress(OverflowError):
        return nw.from_native(own).to_polars(), bands
    return nw.from_native(own.map(str, na_action="ignore")).to_polars(), bands  # as ids of many digits


def recorded(frame: pl.DataFrame, groups: Sequence[str]) -> list[pl.Expr]:
    """Groups in words, such that a word for a gap makes no group of its own."""
    made = []
    for name in groups:
        if frame[name].dtype in (pl.String, pl.Categorical, pl.Enum):
            text = pl.col(name).cast(pl.String)
            gaps = [word for word in frame[name].cast(pl.String).unique() if is_not_recorded(word)]
            made.append(pl.when(~text.is_in(gaps)).then(name))
    return made


def in_words(groups: pl.DataFrame, by: Sequence[str]) -> list[str]:
    """What groups are called: their answers, one after another; refused where there are too many."""
    if len(groups) > MAX_GROUPS:
        said = f"Grouping by {', '.join(by)} makes {len(groups):,} groups, more than {MAX_GROUPS}."
        raise SecondopError(f"{said} Cut numbers into bands first, for instance with pandas.cut.")
    words = pl.col(pl.Boolean).replace_strict([False, True], ["no", "yes"], return_dtype=pl.String)
    told = pl.all().cast(pl.String).fill_null(NOT_RECORDED)
    return groups.with_columns(words).select(pl.concat_str(told, separator=", ")).to_series().to_list()
