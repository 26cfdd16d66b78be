"""What may be no case, and what may be no number: said with its place, and never dropped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from secondop.rules import spellings
from secondop.rules.gate import Problem, column_of
from secondop.rules.spellings import NOT_RECORDED, normalised
from secondop.words import plural

if TYPE_CHECKING:
    from secondop.rules.cases import Read

TOTALS = r"(?i)^\s*((grand|sub|zwischen|sous)[ _-]?)?(total(s|es)?|sums?|summen?|gesamt|insgesamt|somme|suma|"
TOTALS += r"average|mean|mittelwert|durchschnitt|moyenne|promedio|media)[\s:]*$"
"""What stands in a first cell of a row of a spreadsheet that is no case."""
MAX_NAMES, _PLACES = 200, 5
"""Groups in a column, above which it holds free text; and places named of many."""


class RowsWarning(UserWarning):
    """Rows that may be no cases (blank, totals, an id twice), names in several spellings, what was left."""


def rows_in_doubt(read: Read) -> Iterator[Problem]:
    """Rows that state nothing, totals, ids missing or repeated, groups in several spellings."""
    blank = read.answers.select(pl.all().is_null()).with_row_index("row ")
    blank = blank.filter(pl.all_horizontal(pl.lit(True), pl.exclude("row ")))["row "]
    for name in [*read.extra, *read.answers.columns]:  # what is no answer was recorded all the same
        if len(blank):
            blank = blank.filter(_words(_cells(read, name).gather(blank)).is_in(NOT_RECORDED))
    blank = blank.clear() if len(blank) == len(read.frame) else blank  # where all are, none stands out
    total = pl.repeat(False, len(read.frame), eager=True)
    for name in read.extra[:3]:
        cells = _cells(read, name)
        if not cells.dtype.is_numeric():
            total |= cells.cast(pl.String).str.contains(TOTALS).fill_null(False)
    each = "Each counts as a case: remove it if it is none."
    doubts = [("", blank, "row states nothing", "rows state nothing", each)]
    totals = "row looks like a total of others", "rows look like totals of others"
    doubts.append(("", total.arg_true(), *totals, each))
    if read.id is not None:
        ids = _words(_cells(read, read.id)).str.replace(r"\.0$", "")
        none, again = ids.is_in(NOT_RECORDED), ids.is_duplicated() & ~ids.is_first_distinct()
        without = none.arg_true().filter(~none.arg_true().is_in(blank.implode()))
        doubts.append((read.id, without, "row has no id", "rows have no id", ""))
        repeat = "row repeats the id of one above", "rows repeat the id of one above"
        doubts.append((read.id, (again & ~none).arg_true(), *repeat, "Each row counts as a case of its own."))
    for column, rows, one, many, advice in doubts:
        if len(rows):
            first, *named = read.places(rows.head(_PLACES).to_list())
            word, _, number = first.partition(" ")
            several = ", ".join([number, *(place.removeprefix(f"{word} ") for place in named)])
            where = f"{word}{'s' if len(rows) > 1 else ''} {several}{', ...' if len(rows) > _PLACES else ''}"
            said = f"{len(rows):,} {one if len(rows) == 1 else many} ({where})"
            yield Problem(column, len(rows), int(rows[0]), first, "", said, advice)
    for name in (x for x in read.extra if x != read.id):
        cells = _cells(read, name)
        for several in _spelt_variously(cells):
            shown = ", ".join(map(spellings.show, several[:_PLACES]))
            said = f"{shown} may be one name, spelt in {len(several)} ways"
            rows = cells.is_in(several[1:]).arg_true()
            each = "Each is a group of its own: values= joins them."
            yield Problem(name, len(rows), int(rows[0]), *read.places([rows[0]]), "", said, each)


def _spelt_variously(cells: pl.Series) -> list[list[str]]:
    """Names of groups that differ in case, blanks or how a letter is coded alone."""
    if cells.dtype != pl.String or cells.head(10_000).n_unique() > MAX_NAMES or cells.n_unique() > MAX_NAMES:
        return []
    spelt: dict[str, list[str]] = {}
    for cell in cells.drop_nulls().unique(maintain_order=True):
        spelt.setdefault(normalised(unicodedata.normalize("NFKC", cell)), []).append(cell)
    alike = {*NOT_RECORDED, *spellings.YES, *spellings.NO}  # in any case wherever they are read
    return [each for word, each in spelt.items() if len(each) > 1 and word not in alike]


def codes_in_doubt(read: Read) -> Iterator[Problem]:
    """Numbers such as 999 that stand far from all others of their column."""
    columns = {name: read.answers[name] for name in read.answers.columns}
    others = {name: column_of(read.frame[name]) for name in read.extra if name != read.id}
    columns |= {name: column.values for name, column in others.items() if column.labels is None}
    for name, numbers in columns.items():
        if numbers.dtype.is_numeric():
            numbers = numbers.fill_nan(None) if numbers.dtype.is_float() else numbers
            apart = spellings.codes_apart(numbers)
            for value in apart:
                rows, column = (numbers == value).arg_true(), read.own.get(name, name)
                said = f"stands far from every other number, in {plural(len(rows), 'row')}"
                advice = f"If it stands for not recorded, say unknown={{{column!r}: {apart}}}."
                place = read.places([rows[0]])
                yield Problem(column, len(rows), int(rows[0]), *place, str(value), said, advice)


def _cells(read: Read, name: Any) -> pl.Series:
    """A column of any frame in polars; what is neither flag nor number as text."""
    column = column_of(read.frame[name])
    if column.labels is None:
        return column.values
    if all(x is None or isinstance(x, bool) for x in column.labels):
        return column.each(column.labels)
    texts = [x if x is None or isinstance(x, str) else str(x) for x in column.labels]
    labels = pl.Series(texts, dtype=pl.String)
    return column.each(labels.set(_words(labels).is_in(NOT_RECORDED), None))


def _words(cells: pl.Series) -> pl.Series:
    """Cells as words are compared; a gap is an empty one."""
    trimmed = cells.cast(pl.String).fill_null("").str.replace_all(spellings.TRIMMED, "")
    return trimmed.str.to_lowercase().str.replace_all(spellings.GAP, "_")
