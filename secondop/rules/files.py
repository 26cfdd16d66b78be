"""Files of cases, read with suspicion: a clear error in place of a crash, a hang or a silent guess.

A text file is streamed once in small pieces, and only a file that passed is given to a parser.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from secondop.errors import SecondopError
from secondop.rules.encode import plural

MAX_COLUMNS = 10_000
"""Far above any chart of facts; a million columns is a table turned on its side, and parsers choke on it."""
MAX_LINE_BYTES = 1 << 20
"""A case in words takes a few kilobytes; a longer line is a file without line ends."""
MAX_TEXT_BYTES = 4 << 30
"""Text, unpacked. It is read into memory, several times its size; a small .gz can unpack to anything."""
MAX_CELLS = 2_000_000_000
"""Rows times columns of a parquet file, which packs a billion equal cells into a few bytes."""

TEXT_SUFFIXES, PARQUET_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz"), (".parquet", ".pq")
_BLOCK_BYTES = 8 << 20
_AS_UTF8 = "Save it as CSV UTF-8, or read it with pandas (encoding=...) and give the frame."
_LAZY = "Give assess a lazy frame of it (polars and DuckDB scan files) in its place."
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}


class CaseFile(NamedTuple):
    """What a file held, how to speak of it, and whether row *i* is line *i* + 2 of it."""

    table: pa.Table
    where: str
    lines: bool = False


def read_file(path: Path, names: frozenset[str]) -> CaseFile:
    """Read a text or parquet file; ``names`` are column names expected in it, to tell the separator."""
    name = path.name.lower()
    if not path.is_file():
        kind = "a folder or a device" if path.exists() else "not there"
        raise SecondopError(f"The file {str(path)!r} cannot be read: it is {kind}.")
    if name.endswith(PARQUET_SUFFIXES):
        return CaseFile(_read_parquet(path), f" of {path.name}")
    if not name.endswith(TEXT_SUFFIXES):
        raise SecondopError(
            f"{path.name!r} is not one of {', '.join(TEXT_SUFFIXES + PARQUET_SUFFIXES)}. "
            "From a spreadsheet, save it as CSV UTF-8; anything else, read it with pandas and give the frame."
        )
    try:
        return _read_text(path, names)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SecondopError(f"{path.name} is not a sound gzip file: {error}.") from error


def _read_parquet(path: Path) -> pa.Table:
    try:
        with pa.parquet.ParquetFile(path) as file:
            shape = file.metadata.num_rows, len(file.schema_arrow.names)
            if shape[1] > MAX_COLUMNS or shape[0] * shape[1] > MAX_CELLS:
                raise SecondopError(
                    f"{path.name} says it has {shape[0]:,} rows of {shape[1]:,} columns; at most "
                    f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells are read into memory. {_LAZY}"
                )
            _refuse_twice(path, file.schema_arrow.names)
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise SecondopError(f"{path.name} is not a sound parquet file: {_first_line(error)}.") from error


def _read_text(path: Path, names: frozenset[str]) -> CaseFile:
    head, quotes, n_lines = _scan(path)
    separator, columns = _header(path, head, names)
    apart = f", read as separated by {_SEPARATORS[separator]}" if separator != "," else ""
    where = f" of {path.name}{apart}"
    if len(columns) > MAX_COLUMNS:
        raise SecondopError(f"{path.name} has {len(columns):,} columns; up to {MAX_COLUMNS:,} are read.")
    _refuse_twice(path, columns)
    if quotes % 2:
        with _open(path) as file:
            line = next(i for i, text in enumerate(file, 1) if text.count(b'"') % 2)
        raise SecondopError(
            f"A double quote in {path.name} is opened and never closed (look at line {line:,}). "
            'Inside a cell, write "" for each and put the cell in double quotes.'
        )
    if n_lines < 2:
        return CaseFile(pa.table({column: pa.array([], pa.string()) for column in columns}), where, True)
    ragged = 0
    shown: list[str] = []

    def note(row: pa.csv.InvalidRow) -> str:
        nonlocal ragged
        ragged += 1
        if len(shown) < 10:
            shown.append(f"  record {row.number}: {plural(row.actual_columns, 'cell')}: {row.text[:60]!r}")
        return "skip"

    def parse(**careful) -> pa.Table:
        with _open(path) as file:
            return pa.csv.read_csv(
                file,
                # one record may span a few lines, but never a whole block
                pa.csv.ReadOptions(use_threads=not careful, block_size=_BLOCK_BYTES),
                pa.csv.ParseOptions(
                    delimiter=separator,
                    newlines_in_values=bool(quotes),
                    ignore_empty_lines=len(columns) > 1,  # in a single column an empty line is a case
                    **careful,
                ),
                pa.csv.ConvertOptions(
                    # the same few words over and over: keep each once
                    column_types={
                        c: pa.dictionary(pa.int32(), pa.string()) if c in names else pa.string()
                        for c in columns
                    },
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )

    try:
        table = parse()
    except pa.ArrowInvalid as error:
        with suppress(pa.ArrowInvalid):
            parse(invalid_row_handler=note)  # slower, and able to say where
        if not ragged:
            long = "straddling" in str(error)
            why = f"one case takes more than {_BLOCK_BYTES:,} bytes" if long else _first_line(error)
            raise SecondopError(f"{path.name} cannot be read: {why}.") from error
        lines = [
            f"{plural(ragged, 'record')}{where} without the {plural(len(columns), 'cell')} of the first:",
            *shown,
            "Put a text that holds the separator or a line end in double quotes.",
        ]
        raise SecondopError("\n".join(lines)) from None
    if table.column_names != columns:
        raise SecondopError(f"The first line of {path.name} cannot be read as column names.")
    table = pa.table([_typed(table[c]) if c not in names else table[c] for c in columns], columns)
    return CaseFile(table, where, lines=n_lines == table.num_rows + 1)


def _scan(path: Path) -> tuple[str, int, int]:
    """Stream the whole file once: its first lines as text, its number of double quotes and of lines."""
    head, run, quotes, lines, size, last = "", 0, 0, 0, 0, b""
    decoder = codecs.getincrementaldecoder("utf-8")()

    def refuse(problem: str, advice: str = _AS_UTF8) -> NoReturn:
        raise SecondopError(f"{path.name}, line {lines + 1:,}: {problem}. {advice}")

    with _open(path) as file:
        while True:
            chunk = file.read(MAX_LINE_BYTES)
            if not size and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                refuse("this is text in UTF-16")
            if b"\0" in chunk:
                refuse("here or below are NUL bytes, which no text has")
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                lines += chunk[: error.start].count(b"\n")
                refuse("this is not text in UTF-8")
            if not chunk:
                break
            head = head + text if size < 2 * MAX_LINE_BYTES else head
            size += len(chunk)
            if size > MAX_TEXT_BYTES:
                refuse(f"more than {MAX_TEXT_BYTES:,} bytes of text are too much for memory", _LAZY)
            if b"\n" not in chunk:  # line ends of old
                chunk = chunk.replace(b"\r", b"\n")
            first = chunk.find(b"\n")
            run += len(chunk) if first < 0 else first
            if run > MAX_LINE_BYTES:
                refuse(
                    f"it is longer than {MAX_LINE_BYTES:,} bytes",
                    "One line is one case. Were line ends lost?",
                )
            run = run if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1
            lines, quotes, last = lines + chunk.count(b"\n"), quotes + chunk.count(b'"'), chunk[-1:]
    if not head.strip("\ufeff\r\n\t ,;"):
        raise SecondopError(f"{path.name} is empty: its first line must name the columns.")
    return head.removeprefix("\ufeff"), quotes, lines + (last != b"\n")


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")


def _header(path: Path, head: str, names: frozenset[str]) -> tuple[str, list[str]]:
    """The separator under which the first record names most facts, or else most columns; and the names."""
    found = []
    for separator in _SEPARATORS:
        with suppress(csv.Error, StopIteration):  # under another separator the whole line is one huge name
            rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
            found.append((separator, next(row for row in rows if row)))
    if not found:
        raise SecondopError(f"The first line of {path.name} does not name the columns.")
    return max(found, key=lambda item: (len(names.intersection(item[1])), len(item[1])))


def _refuse_twice(path: Path, columns: list[str]) -> None:
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        shown = ", ".join(repr(name) for name in twice[:10])
        raise SecondopError(f"{path.name} has more than one column named {shown}. Give each its own name.")


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Text as whole numbers, numbers or True/False, where going back to text gives every cell as it was."""
    text = pl.Series(pl.from_arrow(column))
    known = text.drop_nulls()
    if known.is_empty() or (len(text) > 1000 and _typed(column.slice(0, 1000)).type == pa.string()):
        return column
    if known.is_in(["True", "False"]).all():
        return (text == "True").to_arrow()
    for dtype in (pl.Int64, pl.Float64):
        values = known.cast(dtype, strict=False)
        if values.null_count() or not values.is_finite().all():
            continue
        changed = known.filter(values.cast(pl.String) != known)
        # 1e-07 is the same number as 1e-7, only written by another program
        if all(dtype == pl.Float64 and repr(float(value)) == value for value in changed):
            return text.cast(dtype).to_arrow()
    return column


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
