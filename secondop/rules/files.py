"""Files of cases: read whole, or refused with one clear error; a record keeps its line."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import io
import itertools
import re
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from secondop.errors import SecondopError, refuse
from secondop.rules.spellings import claims
from secondop.words import plural

MAX_TEXT_BYTES, MAX_COLUMNS, MAX_CELLS = 1 << 30, 10_000, 2_000_000_000
"""Text once unpacked; columns of any file; cells of parquet, which packs equal ones into a few bytes."""
TEXT_SUFFIXES, PARQUET_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz"), (".parquet", ".pq")
SUFFIXES = (*TEXT_SUFFIXES, ".xlsx", *PARQUET_SUFFIXES)

_SEPARATORS = {",": "", ";": ", read as separated by semicolons", "\t": ", read as separated by tabs"}
_LAZY = "Give assess a lazy frame of it (polars and DuckDB scan files) in its place."
_BEGINS = {b"PAR1": ".parquet", b"PK\3\4": ".xlsx", b"\x1f\x8b": ".csv.gz"}
_BLOCK = 1 << 22  # bytes of text that are parsed at once, on every processor


class CaseFile(NamedTuple):
    """What a file held, how to speak of it, where in it a row stands, and what of it was left aside."""

    frame: pd.DataFrame
    where: str
    places: Callable[[list[int]], list[str]]
    remarks: list[tuple[str, str, str]]  # place, what is the matter, what to do
    commas: bool = False  # whether numbers may have decimal commas


def read_file(source: Any, facts: Collection[str], encoding: str | None = None) -> CaseFile:
    """Read a file, or what has a ``read``; ``facts`` are names expected in it, to tell its header."""
    if hasattr(source, "read"):
        content = source.read(MAX_TEXT_BYTES + 1)
        name = kind = Path(str(getattr(source, "name", "the file"))).name
        if isinstance(content, str):
            content = content.removeprefix("\ufeff")
            return _read_text(content, content.encode(errors="replace"), name, facts)
        if not name.lower().endswith(SUFFIXES):
            kind = next((suffix for begin, suffix in _BEGINS.items() if content.startswith(begin)), ".csv")
        file: Any = io.BytesIO(content)
    elif address := re.match(r"[a-z][a-z0-9+]+:/+", str(source), re.I):
        said = f"{str(source)!r} is an address ({address[0]}...), and nothing is fetched from a network"
        advice = "Download the file and give its path, or read it with pandas and give the frame."
        raise SecondopError(f"{said}. {advice}")
    else:
        file = Path(source).expanduser()
        name = kind = file.name
        if not file.is_file():
            what = "a folder or a device" if file.exists() else "not there"
            raise SecondopError(f"The file {str(file)!r} cannot be read: it is {what}.")
    kind = kind.lower()
    if not kind.endswith(SUFFIXES):
        raise SecondopError(
            f"{name!r} is none of {', '.join(SUFFIXES)}. From a spreadsheet, save it as CSV UTF-8 or .xlsx; "
            "anything else, read it with pandas and give the frame."
        )
    if encoding is not None and not kind.endswith(TEXT_SUFFIXES):
        raise SecondopError(f"encoding= is for files of text ({', '.join(TEXT_SUFFIXES)}), not for {name}.")
    if kind.endswith(PARQUET_SUFFIXES):
        return _read_parquet(file, name)
    if kind.endswith(".xlsx"):
        return _read_workbook(file, name, facts)
    return _read_text(*_decoded(file, name, encoding, kind.endswith(".gz")), name, facts)


def _read_parquet(file: Any, name: str) -> CaseFile:
    try:
        with pa.parquet.ParquetFile(file, page_checksum_verification=True) as parquet:
            _refuse_huge(name, len(parquet.schema_arrow.names), parquet.metadata.num_rows)
            table = parquet.read()
        table.validate(full=True)
        frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    except SecondopError:
        raise
    except Exception as error:  # a damaged file may break whatever reads it, in any way
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise SecondopError(f"{name} is not a sound parquet file: {said}.") from error
    return CaseFile(frame, f" of {name}", lambda rows: [f"record {row + 1:,}" for row in rows], [])


def _read_workbook(file: Any, name: str, facts: Collection[str]) -> CaseFile:
    """The first sheet that holds anything; the others are named."""
    if importlib.util.find_spec("openpyxl") is None:
        said = "needs openpyxl: pip install 'secondop[excel]' (or: pip install openpyxl)"
        raise SecondopError(f"Reading {name} {said}. Or save it as CSV UTF-8.")
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_TEXT_BYTES:
                raise SecondopError(f"{name}: more than {MAX_TEXT_BYTES:,} bytes, unpacked, are not read.")
        sheets = pd.read_excel(file, sheet_name=None, header=None, dtype=object, na_filter=False)
    except SecondopError:
        raise
    except Exception as error:  # as for parquet
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise SecondopError(
            f"{name} is not a sound .xlsx file (is it locked by a password?): {said}."
        ) from error
    sheet = next((sheet for sheet, cells in sheets.items() if (cells != "").any(axis=None)), None)
    if sheet is None:
        raise SecondopError(f"{name} is empty: its first row must name the columns.")
    cells = sheets.pop(sheet)
    first = [(row + 1, list(map(str, values))) for row, *values in cells.head(_TOP).itertuples()]
    at, names, above = _header([(row, values) for row, values in first if any(values)], facts)
    _refuse_huge(name, len(names), len(cells))
    frame = cells.iloc[at:].reset_index(drop=True)
    frame = frame.where(frame != "", None)
    kept, remarks = _kept(name, names, [frame[i].isna().all() for i in range(len(names))])
    frame = frame.iloc[:, kept].set_axis([names[i] for i in kept], axis=1).infer_objects()
    remarks += [(f"row {row}", *_TITLE) for row in above]
    if others := [repr(other) for other, held in sheets.items() if held.size]:
        said = f"is the one sheet that is read, not {', '.join(others)}"
        remarks.append((f"sheet {sheet!r}", said, "Move the sheet with the cases to the front."))
    return CaseFile(frame, f" of {name}", lambda rows: [f"row {at + row + 1:,}" for row in rows], remarks)


def _refuse_huge(name: str, columns: int, rows: int) -> None:
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        size = f"{columns:,} columns and says it has {rows:,} rows"
        most = f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells"
        raise SecondopError(f"{name} has {size}; at most {most} are read into memory. {_LAZY}")


_TOP = 20  # records in which a header is looked for
_TITLE = ("stands above the header and is not read", "")


def _header(records: list[tuple[int, list[str]]], facts: Collection[str]) -> tuple[int, list[str], list[int]]:
    """The line and the cells of the record that names the columns, and the lines of what stands above it.

    It is the first, unless that names no fact and a later one names two or more, or that is a single cell.
    """
    named = [len(claims(cells, facts)) for _, cells in records]
    filled = [sum(bool(cell.strip()) for cell in cells) for _, cells in records]
    at = 0
    if not named[0] and (max(named) > 1 or filled[0] < 2 <= max(filled)):
        at = named.index(max(named)) if max(named) else filled.index(max(filled))
    return (*records[at], [line for line, cells in records[:at] if any(map(str.strip, cells))])


def _kept(name: str, names: list[str], empty: list[bool]) -> tuple[list[int], list]:
    """Which columns are kept: a spreadsheet leaves some behind that have no name and no cell."""
    kept = [i for i, column in enumerate(names) if column.strip() or not empty[i]]
    several = [names[i] for i in kept]
    if unnamed := [str(i + 1) for i in kept if not names[i].strip()][1:]:
        raise SecondopError(
            f"{name} has more than one column named '', with cells in them (column {', '.join(unnamed)}). "
            "Give each its own name in the header."
        )
    if twice := sorted({repr(column) for column in several if several.count(column) > 1}):
        said = f"more than one column named {', '.join(twice[:10])}"
        raise SecondopError(f"{name} has {said}. Give each its own name.")
    left = len(names) - len(kept)
    said = f"without a name or a cell {'is' if left == 1 else 'are'} left aside"
    return kept, [("header", f"{plural(left, 'column')} {said}", "")] if left else []


def _read_text(text: str, data: bytes, name: str, facts: Collection[str]) -> CaseFile:
    """A text, and the same in UTF-8."""
    if len(text) > MAX_TEXT_BYTES:
        raise SecondopError(f"{name}: more than {MAX_TEXT_BYTES:,} bytes of text are not read. {_LAZY}")
    if not re.search(r"[^\r\n\t ,;]", text):
        raise SecondopError(f"{name} is empty: its first line must name the columns.")
    told = re.match(r"\s*sep=(.)[\r\n]", text, re.I)  # a first line that Excel understands
    possible = (
        {told[1]: _SEPARATORS.get(told[1], f", read as separated by {told[1]!r}")} if told else _SEPARATORS
    )
    heads = {s: _header(_top(text, s, told is not None), facts) for s in possible}
    # under the right one the header names most facts, or else most columns
    separator = max(heads, key=lambda s: (len(claims(heads[s][1], facts)), len(heads[s][1])))
    (first, names, above), where = heads[separator], f" of {name}{possible[separator]}"
    if len(names) == 1 and not claims(names, facts):
        where = f" of {name}, read as one since no comma, semicolon or tab separates any"
    _refuse_huge(name, len(names), 0)
    if (quotes := text.count('"')) % 2:
        _refuse_ragged(text, separator, len(names), first, where)
    several = len(names) > 1  # in a single column an empty line is a case
    stated = {column for own in claims(names, facts).values() for column in own}
    places = [
        f"{i}" for i in range(len(names))
    ]  # names of their own, until one that is there twice is refused
    kinds = {str(i): _CODED if column in stated else pa.string() for i, column in enumerate(names)}

    def parsed(block: int) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(data),
            pa.csv.ReadOptions(skip_rows=first - 1, column_names=places, block_size=block),
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
    kept, remarks = _kept(name, names, [column.null_count == len(table) for column in table.columns])
    columns = {names[i]: table[i] if names[i] in stated else _plain(table[i]) for i in kept}
    remarks += [(f"line {line:,}", *_TITLE) for line in above]

    def lines_of(rows: list[int]) -> list[str]:
        records = _records(text, separator)
        lines = [line for line, cells in records if line >= first and (cells or not several)]
        return [f"line {lines[min(row + 1, len(table))]:,}" for row in rows]

    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return CaseFile(frame, where, lines_of, remarks, separator == ";")


_CODED = pa.dictionary(pa.int32(), pa.string())  # each word of a column is read once, however often it stands


def _top(text: str, separator: str, told: bool) -> list[tuple[int, list[str]]]:
    """The first records that hold anything, without the one that names the separator."""
    records = (record for record in _records(text[: 1 << 22], separator) if record[1])
    return list(itertools.islice(records, int(told), _TOP + told))


def _decoded(file: Any, name: str, encoding: str | None, packed: bool) -> tuple[str, bytes]:
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
