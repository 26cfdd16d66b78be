"""What may be no case, and what may be no number: said with its place, and never dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.rules.gate import column_names
from secondop.rules.spellings import (
    GAP,
    NOT_RECORDED,
    TRIMMED,
    codes_apart,
    is_not_recorded,
)
from secondop.words import plural

TOTALS = r"(?i)^\s*((grand|sub|zwischen|sous)[ _-]?)?(total(s|es)?|sums?|summen?|gesamt|insgesamt|somme|suma|"
TOTALS += r"average|mean|mittelwert|durchschnitt|moyenne|promedio|media)[\s:]*$"
"""What stands in a first cell of a row of a spreadsheet that is no case."""
_PLACES = 5  # named of many
_PLAIN = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Null)


class RowsWarning(UserWarning):
    """Rows that may be no cases (blank, totals, an id twice), and what of a file was not read."""


def rows_in_doubt(
    cases: Any, answers: pl.DataFrame, own_id: Any, places: Callable[[list[int]], list[str]]
) -> Iterator[tuple]:
    """Rows that state nothing, totals, ids that are missing or repeated, as in the table of problems."""
    extra, advice = _extra(cases, answers), "Each counts as a case: remove it if it is none."
    blank = pl.select(pl.repeat(True, len(cases))).to_series()
    for name in answers.columns:
        blank &= answers[name].is_null()
    for name in [*extra, *answers.columns]:  # what is no answer was recorded all the same
        if blank.any():
            rows = blank.arg_true()
            blank = blank.scatter(rows, _words(_series(cases[name]).gather(rows)).is_in(NOT_RECORDED))
    blank &= not blank.all()  # where no row states anything, none stands out
    yield from _doubt("", blank, places, "row states nothing", "rows state nothing", advice)
    total = ~blank & blank
    for name in extra[:3]:
        cells = _series(cases[name])
        if not cells.dtype.is_numeric():
            total |= cells.cast(pl.String).str.contains(TOTALS).fill_null(False)
    several = "row looks like a total of others", "rows look like totals of others"
    yield from _doubt("", total, places, *several, advice)
    if own_id is not None:
        ids = _words(_series(cases[own_id])).str.replace(r"\.0$", "")
        none = ids.is_in(NOT_RECORDED)
        again = ids.is_duplicated() & ~ids.is_first_distinct() & ~none
        yield from _doubt(own_id, none & ~blank, places, "row has no id", "rows have no id", "")
        several = "row repeats the id of one above", "rows repeat the id of one above"
        yield from _doubt(own_id, again, places, *several, "Each row counts as a case of its own.")


def _doubt(column: Any, doubtful: pl.Series, places: Callable, one: str, many: str, advice: str) -> Iterator:
    rows = doubtful.arg_true()
    if len(rows):
        named = places(rows.head(_PLACES).to_list())
        word = named[0].partition(" ")[0]
        several = ", ".join(place.removeprefix(f"{word} ") for place in named)
        where = f"{word}{'s' * (len(rows) > 1)} {several}{', ...' * (len(rows) > _PLACES)}"
        said = f"{len(rows):,} {one if len(rows) == 1 else many} ({where})"
        yield column, len(rows), int(rows[0]), named[0], "", said, advice


def codes_in_doubt(cases: Any, answers: pl.DataFrame, own: Mapping[str, Any], own_id: Any) -> Iterator[tuple]:
    """Numbers such as 999 that stand far from all others of their column; their places are left open."""
    columns = {name: answers[name] for name in answers.columns}
    columns |= {name: _series(cases[name]) for name in _extra(cases, answers) if name != own_id}
    for name, numbers in columns.items():
        if numbers.dtype.is_numeric():
            for value in codes_apart(numbers.fill_nan(None) if numbers.dtype.is_float() else numbers):
                rows, column = (numbers == value).arg_true(), own.get(name, name)
                said = f"stands far from every other number, in {plural(len(rows), 'row')}"
                advice = f"If it stands for not recorded, say unknown={{{column!r}: [{value}]}}."
                yield column, len(rows), int(rows[0]), "", str(value), said, advice


def _extra(cases: Any, answers: pl.DataFrame) -> list:
    """The columns that state no fact and are there once."""
    return [x for x, n in Counter(column_names(cases)).items() if n == 1 and x not in answers.columns]


def _words(cells: pl.Series) -> pl.Series:
    """Cells as words are compared; a gap is an empty one."""
    trimmed = cells.cast(pl.String).fill_null("").str.replace_all(TRIMMED, "")
    return trimmed.str.to_lowercase().str.replace_all(GAP, "_")


def _series(column: Any) -> pl.Series:
    """A column of any frame in polars; of a mixture, or of what nests, its texts."""
    with suppress(pa.ArrowException, OverflowError, UnicodeError):
        series = pl.Series(pa.array(column) if isinstance(column, pd.Series) else column)
        if series.dtype.is_numeric() or series.dtype.is_temporal() or series.dtype in _PLAIN:
            return series
    values = column.to_pylist() if isinstance(column, pa.ChunkedArray) else column.to_list()
    return pl.Series([None if is_not_recorded(value) else str(value) for value in values], dtype=pl.String)
