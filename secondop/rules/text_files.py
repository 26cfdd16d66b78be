"""Text files of cases: decoded, read whole, or refused with the line; a record keeps its line."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv

from secondop.errors import SecondopError, refuse
from secondop.rules.case_file import LAZY, MAX_TEXT_BYTES, TITLE, TOP, CaseFile, header, kept, refuse_huge
from secondop.rules.spellings import claims
from secondop.words import plural

_SEPARATORS = {",": "", ";": ", read as separated by semicolons", "\t": ", read as separated by tabs"}
_BLOCK = 1 << 22  # bytes of text that are parsed at once, on every processor
_CODED = pa.dictionary(pa.int32(), pa.string())  # each word of a column is read once, however often it stands


def read_text(text: str, data: bytes, name: str, facts: Collection[str]) -> CaseFile:
    """A text, and the same in UTF-8."""
    if len(text) > MAX_TEXT_BYTES:
        raise SecondopError(f"{name}: more than {MAX_TEXT_BYTES:,} bytes of text are not read. {LAZY}")
    if not re.search(r"[^\r\n\t ,;]", text):
        raise SecondopError(f"{name} is empty: its first line must name the columns.")
    told = re.match(r"\s*sep=([!#-/:-@|~^\t])[\r\n]", text, re.I)  # a first line that Excel understands
    possible = (
        {told[1]: _SEPARATORS.get(told[1], f", read as separated by {told[1]!r}")} if told else _SEPARATORS
    )
    heads = {s: header(_top(text, s, told is not None), facts) for s in possible}
    # under the right one the header names most facts, or else most columns
    separator = max(heads, key=lambda s: (len(claims(heads[s][1], facts)), len(heads[s][1])))
    (first, names, above), where = heads[separator], f" of {name}{possible[separator]}"
    if len(names) == 1 and not claims(names, facts):
        where = f" of {name}, read as one since no comma, semicolon or tab separates any"
    refuse_huge(name, len(names), 0)
    if (quotes := text.count('"')) % 2:
        _refuse_ragged(text, separator, len(names), first, where)
    several = len(names) > 1  # in a single column an empty line is a case
    stated = {column for own in claims(names, facts).values() for column in own}
    numbered = [str(i) for i in range(len(names))]  # until a name that is there twice is refused
    kinds = {str(i): _CODED if column in stated else pa.string() for i, column in enumerate(names)}

    def parsed(block: int) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(data),
            pa.csv.ReadOptions(skip_rows=first - 1, column_names=numbered, block_size=block),
            pa.csv.ParseOptions(
                delimiter=separator, newlines_in_values=quotes > 0, ignore_empty_lines=several
            ),
            pa.csv.ConvertOptions(
                column_types=kinds,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        ).slice(1)

    try:
        try:
            table = parsed(_BLOCK)
        except pa.ArrowInvalid:  # a cell may be longer than a block
            table = parsed(len(data))
    except pa.ArrowInvalid as error:
        _refuse_ragged(text, separator, len(names), first, where)
        raise SecondopError(f"{name} cannot be read: {error}.") from error
    left, remarks = kept(name, names, [column.null_count == len(table) for column in table.columns])
    columns = {names[i]: table[i] if names[i] in stated else _plain(table[i]) for i in left}
    remarks += [(f"line {line:,}", *TITLE) for line in above]

    @cache  # the file is gone through only if a line is asked for
    def lines() -> list[int]:
        records = _records(text, separator)
        return [line for line, cells in records if line >= first and (cells or not several)]

    def places(rows: list[int]) -> list[str]:
        return [f"line {lines()[min(row + 1, len(table))]:,}" for row in rows]

    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return CaseFile(frame, where, places, remarks, separator == ";")


def _top(text: str, separator: str, told: bool) -> list[tuple[int, list[str]]]:
    """The first records that hold anything, without the one that names the separator."""
    records = (record for record in _records(text[: 1 << 22], separator) if record[1])
    return list(itertools.islice(records, int(told), TOP + told))


def decoded(file: Any, name: str, encoding: str | None, packed: bool) -> tuple[str, bytes]:
    """The file's text and the same in UTF-8, or what stands in the way and where."""
    try:
        with gzip.open(file) if packed else file.open("rb") if isinstance(file, Path) else file as opened:
            data = opened.read(MAX_TEXT_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SecondopError(f"{name} is not a sound gzip file: {error}.") from error
    codec, wide, advice = encoding or "utf-8-sig", False, "Say in which encoding it was saved, as in "
    try:
        if wide := encoding is None and 0 in data:
            line = data.count(10, 0, data.find(0)) + 1
        else:
            text = data.decode(codec).removeprefix("\ufeff")
            if not (wide := "\0" in text):
                return text, data.removeprefix(BOM_UTF8) if encoding is None else text.encode()
            line = text.count("\n", 0, text.find("\0")) + 1
    except UnicodeDecodeError as error:
        line = data.count(10, 0, error.start) + 1
    except (LookupError, TypeError, UnicodeError) as error:
        usual = '"utf-8", "cp1252" (Windows), "utf-16" or "mac_roman"'
        raise SecondopError(f"There is no encoding {encoding!r}. Usual ones are {usual}.") from error
    what = "here is a NUL byte, which no text has (is it UTF-16?)" if wide else ""
    what = what or f"this is not text in {(encoding or 'utf-8').upper()}"
    advice += f'encoding="{"utf-16" if wide else "cp1252"}", or save it as CSV UTF-8.'
    raise SecondopError(f"{name}, line {line:,}: {what}. {advice}")


def _records(text: str, separator: str, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line on which it starts; of an empty line no cell."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a cell may be as long as the file
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict), 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise csv.Error(f"line {line:,}: {error}") from error


def _refuse_ragged(text: str, separator: str, width: int, first: int, where: str) -> None:
    """Refuse a file whose records have not the cells of the header, or no end, and say on which lines."""
    ragged, mend = [], "Put a text that holds the separator or a line end in double quotes."
    try:
        for line, cells in _records(text, separator, strict=True):
            if line > first and cells and len(cells) != width:
                said = separator.join(cells)[:60]
                ragged.append(f"line {line:,}: {plural(len(cells), 'cell')}: {said!r}")
    except csv.Error as error:
        ragged.insert(0, f"{error}: was a double quote opened and never closed?")
        mend += ' Inside such a cell, write "" for each.'
    if ragged:
        what = f"{plural(len(ragged), 'record')}{where} without the {plural(width, 'cell')} of the first"
        refuse(what, [*ragged[:10], mend])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Text as True/False, whole numbers or numbers, where going back to text gives every cell as it was."""
    text = pl.Series(column)
    cells = text.drop_nulls()
    if len(cells) and cells.is_in(["True", "False"]).all():
        return (text == "True").to_arrow()
    for dtype in (pl.Int64, pl.Float64):
        values = cells.cast(dtype, strict=False)
        if len(cells) and values.is_finite().sum() == len(cells):
            others = cells.filter(values.cast(pl.String) != cells)  # pandas writes 1e-07, and polars 1e-7
            if all(repr(float(cell)) == cell for cell in others):
                return text.cast(dtype).to_arrow()
    return column
