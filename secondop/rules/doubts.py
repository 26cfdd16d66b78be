"""What may be no case, and what may be no number: said with its place, and never dropped."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import reduce
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.rules.gate import column_of, labelled
from secondop.rules.spellings import CODES, NOT_RECORDED, TRIMMED, is_not_recorded
from secondop.words import plural

TOTALS = (
    "total totals sum sums grand_total subtotal summe gesamt insgesamt zwischensumme somme sous_total suma"
)
TOTALS = (
    *TOTALS.split(),
    "average",
    "mean",
    "mittelwert",
    "durchschnitt",
    "moyenne",
    "promedio",
    "media",
    "n",
)
"""What stands, normalised, in the first cell of a row of a spreadsheet that is no case."""
_PLACES = 5  # named of many


class RowsWarning(UserWarning):
    """Rows that may be no cases (blank, totals, an id twice), and what of a file was not read."""


class MissingCodesWarning(UserWarning):
    """Numbers that may be codes for *not recorded*: 99 or 999, far beyond all the others."""


Doubt = tuple[Any, int, int, str, str, str, str]
"""A row of the table of problems: column, rows, first row, its place, value, what is the matter, hint."""


def rows_in_doubt(
    cases: Any, answers: pl.DataFrame, own_id: Any, places: Callable[[list[int]], list[str]]
) -> Iterator[Doubt]:
    """Rows that state nothing, total rows, and ids that are missing or there twice."""
    blank = _blank(cases, answers)
    advice = "Each counts as a case: remove it if it is none."
    yield from _doubt("", blank, places, "nothing", advice)
    extra = [name for name in _names(cases) if name not in answers.columns]
    total = pl.repeat(False, len(cases), eager=True)
    for name in extra[:3]:
        cells = _series(cases[name])
        if not cells.dtype.is_numeric():
            words = cells.cast(pl.String).str.to_lowercase().str.replace_all(f"{TRIMMED}|:", "")
            total |= words.str.replace_all("[ -]", "_").is_in(TOTALS).fill_null(False)
    yield from _doubt("", total.arg_true(), places, "totals", advice)
    if own_id is not None:
        ids = (
            _series(cases[own_id])
            .cast(pl.String)
            .str.replace_all(TRIMMED, "")
            .str.to_lowercase()
            .str.replace(r"\.0$", "")
        )
        known = ~ids.is_in(NOT_RECORDED).fill_null(True)
        known[blank] = True
        yield from _doubt(own_id, (~known).arg_true(), places, "no id", "")
        again = (ids.is_duplicated() & ~ids.is_first_distinct() & ids.is_not_null()).fill_null(False) & known
        again[blank] = False
        yield from _doubt(own_id, again.arg_true(), places, "again", "Each row counts as a case of its own.")


_SAID = {
    "nothing": ("row states nothing", "rows state nothing"),
    "totals": ("row looks like a total of others", "rows look like totals of others"),
    "no id": ("row has no id", "rows have no id"),
    "again": ("row repeats the id of one above", "rows repeat the id of one above"),
}


def _doubt(column: Any, rows: pl.Series, places: Callable, what: str, advice: str) -> Iterator[Doubt]:
    if len(rows):
        named = places(rows.head(_PLACES).to_list())
        word, *_ = named[0].partition(" ")
        several = ", ".join(place.removeprefix(f"{word} ") for place in named) + ", ..." * (
            len(rows) > _PLACES
        )
        said = f"{len(rows):,} {_SAID[what][len(rows) > 1]} ({word}{'s' * (len(rows) > 1)} {several})"
        yield column, len(rows), int(rows[0]), named[0], "", said, advice


def codes_in_doubt(cases: Any, answers: pl.DataFrame, own: Mapping[str, Any], skip: Any) -> Iterator[Doubt]:
    """Numbers such as 999 that stand far from all others of their column; their places are left open."""
    for name in _names(cases):
        numbers = answers[name] if name in answers.columns else _series(cases[name])
        if name != skip and numbers.dtype.is_numeric():
            for value in _apart(numbers.fill_nan(None) if numbers.dtype.is_float() else numbers):
                rows, column = (numbers == value).arg_true(), own.get(name, name)
                said = f"stands far from every other number, in {plural(len(rows), 'row')}"
                advice = f"If it stands for not recorded, say unknown={{{column!r}: [{value}]}}."
                yield column, len(rows), int(rows[0]), "", str(value), said, advice


def _apart(numbers: pl.Series) -> list[int]:
    """Codes at an end of a column, far beyond what is none: twice as far from zero, or below it."""
    if not {numbers.min(), numbers.max()} & CODES:
        return []
    different = numbers.drop_nulls().unique()
    codes = different.filter(different.cast(pl.Float64).is_in([float(each) for each in CODES]))
    rest = different.filter(~different.is_in(codes.to_list()))
    low, high = (rest.min(), rest.max()) if len(rest) else (0, 443)  # alone, it takes three digits
    return [int(x) for x in codes.sort() if x > max(2 * high, high + 2) or x < 0 <= low]


def _blank(cases: Any, answers: pl.DataFrame) -> pl.Series:
    """The rows of which no cell says anything; an unreadable cell says something."""
    nothing = (answers[name].is_null() for name in answers.columns)
    rows = reduce(operator.and_, nothing, pl.repeat(True, len(cases), eager=True)).arg_true().cast(pl.Int64)
    extra = [name for name in _names(cases) if name not in answers.columns]
    for name in [*extra, *answers.columns]:
        if not len(rows):
            break
        values, labels = labelled(column_of(_taken(cases[name], rows)))
        recorded = [place for place, label in enumerate(labels) if not is_not_recorded(label)]
        rows = rows.filter(~values.is_in(recorded).fill_null(False))
    return rows


def _taken(column: Any, rows: pl.Series) -> Any:
    if isinstance(column, pd.Series):
        return column.iloc[rows.to_numpy()]
    return column[rows] if isinstance(column, pl.Series) else column.take(rows.to_arrow())


def _names(cases: Any) -> list:
    """The names of columns that are there once."""
    names = cases.column_names if isinstance(cases, pa.Table) else list(cases.columns)
    return [name for name, times in Counter(names).items() if times == 1]


def _series(column: Any) -> pl.Series:
    """A column of any frame in polars; of a mixture, or of what nests, its texts."""
    with suppress(pa.ArrowException, OverflowError, UnicodeError):
        series = pl.Series(pa.array(column) if isinstance(column, pd.Series) else column)
        if not (series.dtype.is_nested() or series.dtype == pl.Object):
            return series
    values = column.to_pylist() if isinstance(column, pa.ChunkedArray) else column.to_list()
    return pl.Series([None if is_not_recorded(value) else str(value) for value in values], dtype=pl.String)
