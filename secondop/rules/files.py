"""Files of cases: text, workbooks and parquet, read whole or refused with one clear error and the place."""

from __future__ import annotations

import codecs
import csv
import gzip
import importlib.util
import io
import itertools
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from secondop.errors import SecondopError, refuse
from secondop.rules.gate import Places, Problem
from secondop.rules.spellings import claims
from secondop.words import plural

MAX_TEXT_BYTES, MAX_COLUMNS, MAX_CELLS = 1 << 30, 10_000, 2_000_000_000
"""Text once unpacked; columns of any file; cells of parquet, which packs equal ones into a few bytes."""
TEXT_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_LAZY = "Give assess a lazy frame of it (polars and DuckDB scan files) in its place."
# A formula without a result; one of text may well have an empty one.
_BARE = re.compile(rb'<c(?![^>]*t="str")\s[^>]*><f(?:\s[^>]*)?>[^<]*</f>(?:<v\s*/>|<v></v>)?</c>')
_BEGINS = {b"PAR1": ".parquet", b"PK\3\4": ".xlsx", b"\x1f\x8b": ".csv.gz"}  # of what has no name
_TOP = 20  # records in which a header is looked for
_SEPARATORS = {",": "", ";": ", read as separated by semicolons", "\t": ", read as separated by tabs"}


class CaseFile(NamedTuple):
    """What a file held, how to speak of it, where in it a row stands, and what of it was left aside."""

    frame: pd.DataFrame
    where: str
    places: Places
    remarks: list[Problem]
    commas: bool = False  # whether numbers may have decimal commas


def read_file(source: Any, facts: Collection[str], encoding: str | None = None) -> CaseFile:
    """Read a file, or what has a ``read``; ``facts`` are names expected in it, to tell its header."""
    if callable(getattr(source, "read", None)):
        content, name = source.read(MAX_TEXT_BYTES + 1), Path(str(getattr(source, "name", "the file"))).name
        if not isinstance(content, (str, bytes)) or (encoding is not None and isinstance(content, str)):
            said = f"What has a read gives text, or bytes and encoding=; {name} gives"
            raise SecondopError(f"{said} {type(content).__name__}.")
        if isinstance(content, str):
            return _read_text(content.removeprefix("\ufeff"), name, facts)
        begins = (kind for begin, kind in _BEGINS.items() if content.startswith(begin))
        file, kind = io.BytesIO(content), next(begins, ".csv")
    elif address := re.match(r"[a-z][a-z0-9+]+:/+", str(source), re.I):
        said = f"{str(source)!r} is an address ({address[0]}...), and nothing is fetched from a network"
        raise SecondopError(f"{said}. Download the file and give its path, or a frame.")
    else:
        file = Path(source).expanduser()
        name, kind = file.name, file.name.lower()
        if not file.is_file():
            what = "a folder or a device" if file.exists() else "not there"
            raise SecondopError(f"The file {str(file)!r} cannot be read: it is {what}.")
    if not kind.endswith((*TEXT_SUFFIXES, ".xlsx", ".parquet", ".pq")):
        advice = "From a spreadsheet, save it as CSV UTF-8 or .xlsx; of anything else, give a frame."
        raise SecondopError(f"{name!r} is none of {', '.join(TEXT_SUFFIXES)}, .xlsx, .parquet, .pq. {advice}")
    if encoding is not None and not kind.endswith(TEXT_SUFFIXES):
        raise SecondopError(f"encoding= is for files of text ({', '.join(TEXT_SUFFIXES)}), not for {name}.")
    if kind.endswith(".xlsx"):
        return _read_workbook(file, name, facts)
    if kind.endswith(TEXT_SUFFIXES):
        packed, streamed = kind.endswith(".gz"), isinstance(file, io.BytesIO)
        with (
            _sound(name, "gzip file"),
            gzip.open(file) if packed else file if streamed else file.open("rb") as opened,
        ):
            data = opened.read(MAX_TEXT_BYTES + 1)
        return _read_text(_decoded(data, name, encoding), name, facts)
    with _sound(name, "parquet file"), pa.parquet.ParquetFile(file, page_checksum_verification=True) as held:
        _refuse_huge(name, len(held.schema_arrow.names), held.metadata.num_rows)
        table = held.read()
        table.validate(full=True)
        frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return CaseFile(frame, f" of {name}", lambda rows: [f"record {row + 1:,}" for row in rows], [])


@contextmanager
def _sound(name: str, what: str) -> Iterator[None]:
    """Whatever breaks meanwhile breaks since the file is damaged: it may do so in any way."""
    try:
        yield
    except SecondopError:
        raise
    except Exception as error:
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise SecondopError(f"{name} is not a sound {what}: {said}.") from error


def _refuse_huge(name: str, columns: int, rows: int) -> None:
    """Refuse more than is read into memory."""
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        size = f"{columns:,} columns and says it has {rows:,} rows"
        most = f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells"
        raise SecondopError(f"{name} has {size}; at most {most} are read into memory. {_LAZY}")


def _header(records: list[tuple[int, list[str]]], facts: Collection[str]) -> tuple[int, list[str], list[int]]:
    """The line and the cells of the record that names the columns, and the lines of what stands above it.

    It is the first, unless that names no fact and a later one names two or more, or that is a single cell.
    """
    named = [len(claims(cells, facts)) for _, cells in records]
    filled = [sum(bool(cell.strip()) for cell in cells) for _, cells in records]
    at = 0
    if not named[0] and (max(named) > 1 or filled[0] < 2 <= max(filled)):
        at = named.index(max(named)) if max(named) else filled.index(max(filled))
    return (*records[at], [line for (line, _), full in zip(records[:at], filled, strict=False) if full])


def _kept(name: str, names: list[str], empty: list[bool], above: list[str]) -> tuple[list[int], list]:
    """Which columns are kept, for a spreadsheet leaves some without a name or a cell; and remarks."""
    kept = [i for i, column in enumerate(names) if column.strip() or not empty[i]]
    twice = [column for column, times in Counter(names[i] for i in kept).items() if times > 1]
    if twice:
        said = f"more than one column named {', '.join(map(repr, twice[:10]))}, with cells in them"
        raise SecondopError(
            f"{name} has {said}. Give each its own name in the header, which is the first line."
        )
    aside = f"leaves aside {plural(len(names) - len(kept), 'column')} without a name or a cell"
    remarks = [Problem(first_case="the header", problem=aside)] if len(kept) < len(names) else []
    told = "stands above the header and is not read"
    return kept, remarks + [Problem(first_case=place, problem=told) for place in above]


# ------------------------------------------------------------------ text


def _decoded(data: bytes, name: str, encoding: str | None) -> str:
    """The file's text, or what stands in the way and where."""
    what, at = f"this is not text in {str(encoding or 'utf-8').upper()}", 0
    marked = data.startswith(codecs.BOM_UTF8) and "utf" not in str(encoding or "utf").lower()
    try:
        text = data.decode(encoding or "utf-8-sig")
        if not marked and (at := text.find("\0")) < 0:
            return text.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        at = error.start
    except (LookupError, TypeError, ValueError) as error:
        usual = '"utf-8", "cp1252" (Windows), "utf-16" or "mac_roman"'
        raise SecondopError(f"There is no encoding {encoding!r}. Usual ones are {usual}.") from error
    if marked:
        what, at = f"this begins as UTF-8 does, not {encoding}", 0
    if (wide := 0 in data) and not marked:
        what, at = "here is a NUL byte, which no text has (is it UTF-16?)", data.find(0)
    likely = "utf-8" if marked else "utf-16" if wide else "mac_roman" if encoding else "cp1252"
    advice = f'encoding="{likely}", or save it as CSV UTF-8.'
    line = f"{name}, line {data.count(10, 0, at) + 1:,}"
    raise SecondopError(f"{line}: {what}. Say in which encoding it was saved, as in {advice}")


def _read_text(text: str, name: str, facts: Collection[str]) -> CaseFile:
    if len(text) > MAX_TEXT_BYTES:
        raise SecondopError(f"{name}: more than {MAX_TEXT_BYTES:,} bytes of text are not read. {_LAZY}")
    if not re.search(r"[^\r\n\t ,;]", text):
        raise SecondopError(f"{name} is empty: its first line must name the columns.")
    heads, separators = {}, _SEPARATORS
    if told := re.match(r"\s*sep=([!#-/:-@|~^\t])[\r\n]", text, re.I):  # a first line that Excel understands
        separators = {told[1]: _SEPARATORS.get(told[1], f", read as separated by {told[1]!r}")}
    for separator in separators:
        records = (record for record in _records(text[: 1 << 22], separator) if record[1])
        heads[separator] = _header([*itertools.islice(records, told is not None, _TOP)], facts)
    # under the right one the header names most facts, or else most columns
    separator = max(heads, key=lambda s: (len(claims(heads[s][1], facts)), len(heads[s][1])))
    first, names, above = heads[separator]
    found, several = claims(names, facts), len(names) > 1  # in a single column an empty line is a case
    as_one = ", read as one since no comma, semicolon or tab separates any"
    where = f" of {name}{separators[separator] if several or found else as_one}"
    _refuse_huge(name, len(names), 0)
    if text.count('"') % 2:
        _refuse_ragged(text, separator, len(names), first, where)
    stated = {column for own in found.values() for column in own}
    # each word of a fact's column is read once, however often it stands; a name twice is refused below
    coded = pa.dictionary(pa.int32(), pa.string())
    kinds = {str(i): coded if column in stated else pa.string() for i, column in enumerate(names)}
    data = text.encode(errors="replace")
    rows = pa.csv.ReadOptions(skip_rows=first - 1, column_names=[*kinds], block_size=len(data))
    layout = pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=several)
    cells = pa.csv.ConvertOptions(column_types=kinds, null_values=[""], strings_can_be_null=True)
    cells.quoted_strings_can_be_null = False
    try:
        table = pa.csv.read_csv(pa.BufferReader(data), rows, layout, cells).slice(1)
    except pa.ArrowInvalid as error:
        _refuse_ragged(text, separator, len(names), first, where)
        raise SecondopError(f"{name} cannot be read: {error}.") from error
    empty = [column.null_count == len(table) for column in table.columns]
    left, remarks = _kept(name, names, empty, [f"line {line:,}" for line in above])
    columns = {names[i]: table[i] if names[i] in stated else _plain(table[i]) for i in left}

    @cache  # the file is gone through only if a line is asked for
    def starts() -> list[int]:
        records = _records(text, separator)
        return [line for line, cells in records if line >= first and (cells or not several)]

    def places(rows: list[int]) -> list[str]:
        return [f"line {starts()[min(row + 1, len(table))]:,}" for row in rows]

    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return CaseFile(frame, where, places, remarks, separator == ";")


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
    try:
        records = ((line, x) for line, x in _records(text, separator, strict=True) if line > first and x)
        odd = [(f"line {line:,}", x) for line, x in records if len(x) != width]
        ragged = [f"{line}: {plural(len(x), 'cell')}: {separator.join(x)[:60]!r}" for line, x in odd]
    except csv.Error as error:
        ragged = [f"{error}: was a double quote opened and never closed?"]
    if ragged:
        what = f"{plural(len(ragged), 'record')}{where} without the {plural(width, 'cell')} of the first"
        mend = 'Put a text that holds a separator or a line end in double quotes; inside, write each as "".'
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


# ------------------------------------------------------------------ workbooks


def _read_workbook(file: Any, name: str, facts: Collection[str]) -> CaseFile:
    """The first sheet that holds anything; the others are named."""
    if importlib.util.find_spec("openpyxl") is None:
        said = "needs openpyxl: pip install 'secondop[excel]' (or: pip install openpyxl)"
        raise SecondopError(f"Reading {name} {said}. Or save it as CSV UTF-8.")
    with _sound(name, ".xlsx file (is it locked by a password?)"):
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_TEXT_BYTES:
                raise SecondopError(f"{name}: more than {MAX_TEXT_BYTES:,} bytes, unpacked, are not read.")
            parts = [part for part in packed.namelist() if part.startswith("xl/worksheets/")]
            bare = sum(len(_BARE.findall(packed.read(part))) for part in parts if part.endswith(".xml"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves aside: drop-down lists, colours
            sheets = pd.read_excel(file, sheet_name=None, header=None, dtype=object, na_filter=False)
    full = [sheet for sheet, cells in sheets.items() if (cells != "").any(axis=None)]
    if not full:
        raise SecondopError(f"{name} is empty: its first row must name the columns.")
    cells = sheets[full[0]]
    first = [(row + 1, list(map(str, values))) for row, *values in cells.head(_TOP).itertuples()]
    at, names, above = _header([(row, values) for row, values in first if any(values)], facts)
    _refuse_huge(name, len(names), len(cells))
    frame = cells.iloc[at:].reset_index(drop=True)
    frame = frame.where(frame != "", None)
    left, remarks = _kept(name, names, list(frame.isna().all()), [f"row {row}" for row in above])
    frame = frame.iloc[:, left].set_axis([names[i] for i in left], axis=1)
    frame = frame.infer_objects().convert_dtypes(dtype_backend="pyarrow")
    if bare:  # of a workbook that a program wrote, and no spreadsheet has opened since
        said = f"has {plural(bare, 'formula')} without a result: each is read as an empty cell"
        remarks.append(Problem("", 0, 0, "the workbook", "", said, "Open it in a spreadsheet and save it."))
    if others := ", ".join(repr(sheet) for sheet, held in sheets.items() if held.size and sheet != full[0]):
        place, said = f"sheet {full[0]!r}", f"is the one sheet that is read, not {others}"
        remarks.append(Problem("", 0, 0, place, "", said, "Move the sheet with the cases to the front."))
    return CaseFile(frame, f" of {name}", lambda rows: [f"row {at + row + 1:,}" for row in rows], remarks)
