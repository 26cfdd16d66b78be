"""Files of cases: read whole, or refused with one clear error; a record of text keeps its line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

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

_SEPARATORS = {",": "", ";": ", read as separated by semicolons", "\t": ", read as separated by tabs"}
_LAZY = "Give assess a lazy frame of it (polars and DuckDB scan files) in its place."

CaseFile = tuple[pd.DataFrame, str, Callable[[list[int]], list[str]]]
"""What a file held, how to speak of it, and where in it a row stands."""


def read_file(path: Path, facts: Collection[str]) -> CaseFile:
    """Read a text or parquet file; ``facts`` are the names expected in it, to tell the separator."""
    name = path.name.lower()
    if not path.is_file():
        kind = "a folder or a device" if path.exists() else "not there"
        raise SecondopError(f"The file {str(path)!r} cannot be read: it is {kind}.")
    if name.endswith(PARQUET_SUFFIXES):
        return _read_parquet(path)
    if name.endswith(TEXT_SUFFIXES):
        return _read_text(path, facts)
    raise SecondopError(
        f"{path.name!r} is not one of {', '.join(TEXT_SUFFIXES + PARQUET_SUFFIXES)}. "
        "From a spreadsheet, save it as CSV UTF-8; anything else, read it with pandas and give the frame."
    )


def _read_parquet(path: Path) -> CaseFile:
    try:
        with pa.parquet.ParquetFile(path, page_checksum_verification=True) as file:
            _refuse_huge(path, len(file.schema_arrow.names), file.metadata.num_rows)
            table = file.read()
        table.validate(full=True)
        frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    except SecondopError:
        raise
    except Exception as error:  # a damaged file may break whatever reads it, in any way
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise SecondopError(f"{path.name} is not a sound parquet file: {said}.") from error
    return frame, f" of {path.name}", lambda rows: [f"record {row + 1:,}" for row in rows]


def _refuse_huge(path: Path, columns: int, rows: int) -> None:
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        size = f"{columns:,} columns and says it has {rows:,} rows"
        most = f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells"
        raise SecondopError(f"{path.name} has {size}; at most {most} are read into memory. {_LAZY}")


def _read_text(path: Path, facts: Collection[str]) -> CaseFile:
    text = _decoded(path)
    heads = {s: next(record for record in _records(text[: 1 << 22], s) if record[1]) for s in _SEPARATORS}
    # under the right one the first record names most facts, or else most columns
    separator = max(heads, key=lambda s: (len(claims(heads[s][1], facts)), len(heads[s][1])))
    (first, names), where = heads[separator], f" of {path.name}{_SEPARATORS[separator]}"
    if len(names) == 1 and not claims(names, facts):
        where = f" of {path.name}, read as one since no comma, semicolon or tab separates any"
    _refuse_huge(path, len(names), text.count("\n"))
    if text.count('"') % 2:
        _refuse_ragged(text, separator, len(names), where)
    data, several = text.encode(), len(names) > 1  # in a single column an empty line is a case
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            pa.csv.ReadOptions(skip_rows=first - 1, column_names=names, block_size=len(data)),
            pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=several),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        ).slice(1)
    except pa.ArrowInvalid as error:
        _refuse_ragged(text, separator, len(names), where)
        raise SecondopError(f"{path.name} cannot be read: {error}.") from error
    # a spreadsheet leaves columns behind that have no name and no cell
    kept = [i for i, name in enumerate(names) if name.strip() or table[i].null_count < len(table)]
    table = table.select(kept)
    names = table.column_names
    if twice := sorted({repr(name) for name in names if names.count(name) > 1}):
        said = f"more than one column named {', '.join(twice[:10])}"
        raise SecondopError(f"{path.name} has {said}. Give each its own name.")
    stated = {name for own in claims(names, facts).values() for name in own}
    columns = {name: table[name] if name in stated else _plain(table[name]) for name in names}

    def lines_of(rows: list[int]) -> list[str]:
        lines = [line for line, cells in _records(text, separator) if cells or not several]
        return [f"line {lines[row - len(table)]:,}" for row in rows]

    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype), where, lines_of


def _decoded(path: Path) -> str:
    """The file's text, or what stands in the way and where."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SecondopError(f"{path.name} is not a sound gzip file: {error}.") from error
    if len(data) > MAX_TEXT_BYTES:
        raise SecondopError(f"{path.name}: more than {MAX_TEXT_BYTES:,} bytes of text are not read. {_LAZY}")
    at, what = data.find(0), "here is a NUL byte, which no text has (is it UTF-16?)"
    try:
        text = data.decode("utf-8-sig") if at < 0 else ""
    except UnicodeDecodeError as error:
        at, what = error.start, "this is not text in UTF-8"
    if at >= 0:
        place = f"{path.name}, line {data.count(10, 0, at) + 1:,}"
        raise SecondopError(f"{place}: {what}. Save it as CSV UTF-8, or read it with pandas (encoding=...).")
    if not text.strip("\r\n\t ,;"):
        raise SecondopError(f"{path.name} is empty: its first line must name the columns.")
    return text


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


def _refuse_ragged(text: str, separator: str, width: int, where: str) -> None:
    """Refuse a file whose records have not the cells of the first, or no end, and say on which lines."""
    ragged, mend = [], "Put a text that holds the separator or a line end in double quotes."
    try:
        for line, cells in _records(text, separator, strict=True):
            if cells and len(cells) != width:
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
