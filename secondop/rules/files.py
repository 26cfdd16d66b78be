"""Files of cases: read whole, or refused with one clear error; a record of text keeps its line."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from secondop.errors import SecondopError
from secondop.rules.facts import Fact
from secondop.rules.spellings import claims
from secondop.words import plural

MAX_TEXT_BYTES, MAX_COLUMNS, MAX_CELLS = 1 << 30, 10_000, 2_000_000_000
"""Text once unpacked; columns of any file; cells of parquet, which packs equal ones into a few bytes."""
TEXT_SUFFIXES, PARQUET_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz"), (".parquet", ".pq")

_SEPARATORS = {",": "", ";": ", read as separated by semicolons", "\t": ", read as separated by tabs"}
_LAZY = "Give assess a lazy frame of it (polars and DuckDB scan files) in its place."

CaseFile = tuple[pd.DataFrame, str, Callable[[list[int]], list[str]]]
"""What a file held, how to speak of it, and where in it a row stands."""


def read_file(path: Path, facts: Mapping[str, Fact]) -> CaseFile:
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
        return table.to_pandas(types_mapper=pd.ArrowDtype), f" of {path.name}", _records_of
    except SecondopError:
        raise
    except Exception as error:  # a damaged file may break whatever reads it, in any way
        raise SecondopError(f"{path.name} is not a sound parquet file: {_first_line(error)}.") from error


def _refuse_huge(path: Path, columns: int, rows: int) -> None:
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        size = f"{columns:,} columns and says it has {rows:,} rows"
        most = f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells"
        raise SecondopError(f"{path.name} has {size}; at most {most} are read into memory. {_LAZY}")


def _read_text(path: Path, facts: Mapping[str, Fact]) -> CaseFile:
    data, text = _decoded(path)
    separator, names = _header(path, text, facts)
    where, quoted = f" of {path.name}{_SEPARATORS[separator]}", b'"' in data
    _refuse_huge(path, len(names), data.count(b"\n"))
    if data.count(b'"') % 2:
        _refuse_ragged(text, separator, len(names), where)
    stated = {name for own in claims(names, facts).values() for name in own}
    words = pa.dictionary(pa.int32(), pa.string())  # the same few over and over: keep each once
    types = dict.fromkeys(names, pa.string()) | dict.fromkeys(stated, words)
    block = max(8 << 20, len(data) // 8)  # one record fits into it
    blank = len(names) > 1  # in a single column an empty line is a case
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data if data.endswith((b"\n", b"\r")) else data + b"\n"),
            pa.csv.ReadOptions(block_size=block),
            pa.csv.ParseOptions(delimiter=separator, newlines_in_values=quoted, ignore_empty_lines=blank),
            pa.csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        _refuse_ragged(text, separator, len(names), where)
        raise SecondopError(f"{path.name} cannot be read: {_first_line(error)}.") from error
    if table.column_names != names:
        raise SecondopError(f"The first line of {path.name} cannot be read as column names.")
    # a spreadsheet leaves columns behind that have no name and no cell
    kept = [i for i, name in enumerate(names) if name.strip() or table[i].null_count < len(table)]
    table = table.select(kept)
    if twice := {repr(name) for name in table.column_names if table.column_names.count(name) > 1}:
        shown = ", ".join(sorted(twice)[:10])
        raise SecondopError(f"{path.name} has more than one column named {shown}. Give each its own name.")
    columns = {name: table[name] if name in stated else _plain(table[name]) for name in table.column_names}

    def lines_of(rows: list[int]) -> list[str]:
        with suppress(csv.Error):  # a cell too long for the reader that counts lines
            lines = [line for line, _ in _records(text, separator, len(names))]
            if len(lines) == len(table) + 1:
                return [f"line {lines[row + 1]:,}" for row in rows]
        return _records_of(rows)

    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype), where, lines_of


def _records_of(rows: list[int]) -> list[str]:
    return [f"record {row + 1:,}" for row in rows]


def _decoded(path: Path) -> tuple[bytes, str]:
    """The file's bytes and its text, or what stands in the way and where."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SecondopError(f"{path.name} is not a sound gzip file: {error}.") from error
    if len(data) > MAX_TEXT_BYTES:
        raise SecondopError(f"{path.name}: more than {MAX_TEXT_BYTES:,} bytes of text are not read. {_LAZY}")
    at, what = data.find(b"\0"), "here is a NUL byte, which no text has (is it UTF-16?)"
    try:
        text = data.decode("utf-8-sig") if at < 0 else ""
    except UnicodeDecodeError as error:
        at, what = error.start, "this is not text in UTF-8"
    if at >= 0:
        place = f"{path.name}, line {data.count(10, 0, at) + 1:,}"
        raise SecondopError(f"{place}: {what}. Save it as CSV UTF-8, or read it with pandas (encoding=...).")
    if not text.strip("\r\n\t ,;"):
        raise SecondopError(f"{path.name} is empty: its first line must name the columns.")
    return data, text


def _header(path: Path, text: str, facts: Mapping[str, Fact]) -> tuple[str, list[str]]:
    """The separator under which the first record names most facts, or else most columns; and the names."""
    found = []
    for separator in _SEPARATORS:
        with suppress(csv.Error, StopIteration):  # under another separator the whole line is one huge name
            _, names = next(_records(text[: 1 << 22], separator, 2))
            found.append((len(claims(names, facts)), len(names), separator, names))
    if not found:
        raise SecondopError(f"The first line of {path.name} does not name the columns.")
    return max(found, key=lambda item: item[:2])[2:]


def _records(text: str, separator: str, width: int, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line on which it starts, the names first; only where something is wrong."""
    reader, line = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict), 1
    try:
        for cells in reader:
            if cells or width == 1:
                yield line, cells or [""]
            line = reader.line_num + 1
    except csv.Error as error:
        raise csv.Error(f"line {line:,}: {error}") from error


def _refuse_ragged(text: str, separator: str, width: int, where: str) -> None:
    """Refuse a file whose records have not the cells of the first, and say on which lines."""
    records = _records(text, separator, width, strict=True)
    try:
        ragged = [(line, cells) for line, cells in records if len(cells) != width]
    except csv.Error as error:
        raise SecondopError(
            f"A record{where} has no end, {error}. Was a double quote opened and never closed? "
            'Inside a cell, write "" for each and put the cell in double quotes.'
        ) from error
    if ragged:
        said = [f"{plural(len(ragged), 'record')}{where} without the {plural(width, 'cell')} of the first:"]
        for line, cells in ragged[:10]:
            said.append(f"  line {line:,}: {plural(len(cells), 'cell')}: {separator.join(cells)[:60]!r}")
        said.append("Put a text that holds the separator or a line end in double quotes.")
        raise SecondopError("\n".join(said))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Text as whole numbers, numbers or True/False, where going back to text gives every cell as it was."""
    text = pl.Series(pl.from_arrow(column))
    filled = text.drop_nulls()
    if len(filled) and filled.is_in(["True", "False"]).all():
        return (text == "True").to_arrow()
    for dtype in (pl.Int64, pl.Float64):
        values = filled.cast(dtype, strict=False)
        if len(filled) and values.is_finite().sum() == len(filled):
            changed = filled.filter(values.cast(pl.String) != filled)
            if all(repr(float(cell)) == cell for cell in changed):  # 1e-07 is 1e-7 of another program
                return text.cast(dtype).to_arrow()
    return column


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
