"""Files of cases: by what they are, read whole or refused with one clear error."""

from __future__ import annotations

import importlib.util
import io
import re
import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from secondop.errors import SecondopError
from secondop.rules.case_file import MAX_TEXT_BYTES, TITLE, TOP, CaseFile, header, kept, refuse_huge
from secondop.rules.text_files import decoded, read_text
from secondop.words import plural

TEXT_SUFFIXES, PARQUET_SUFFIXES = (".csv", ".tsv", ".csv.gz", ".tsv.gz"), (".parquet", ".pq")
SUFFIXES = (*TEXT_SUFFIXES, ".xlsx", *PARQUET_SUFFIXES)

_BARE = re.compile(rb'<c(?![^>]*t="str")\s[^>]*><f(?:\s[^>]*)?>[^<]*</f>(?:<v\s*/>|<v></v>)?</c>')
"""A formula without a result; one of text may well have an empty one."""
_BEGINS = {b"PAR1": ".parquet", b"PK\3\4": ".xlsx", b"\x1f\x8b": ".csv.gz"}


def read_file(source: Any, facts: Collection[str], encoding: str | None = None) -> CaseFile:
    """Read a file, or what has a ``read``; ``facts`` are names expected in it, to tell its header."""
    if callable(getattr(source, "read", None)):
        content = source.read(MAX_TEXT_BYTES + 1)
        name = kind = Path(str(getattr(source, "name", "the file"))).name
        if not isinstance(content, (str, bytes)) or (encoding is not None and isinstance(content, str)):
            told = "encoding= is for bytes; this" if isinstance(content, str) else "What has a read"
            raise SecondopError(
                f"{told} gives {type(content).__name__} of {name}: give text, or bytes and encoding=."
            )
        if isinstance(content, str):
            content = content.removeprefix("\ufeff")
            return read_text(content, content.encode(errors="replace"), name, facts)
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
    return read_text(*decoded(file, name, encoding, kind.endswith(".gz")), name, facts)


def _read_parquet(file: Any, name: str) -> CaseFile:
    try:
        with pa.parquet.ParquetFile(file, page_checksum_verification=True) as parquet:
            refuse_huge(name, len(parquet.schema_arrow.names), parquet.metadata.num_rows)
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
            parts = [x for x in packed.namelist() if x.startswith("xl/worksheets/") and x.endswith(".xml")]
            bare = sum(len(_BARE.findall(packed.read(part))) for part in parts)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves aside: drop-down lists, colours
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
    first = [(row + 1, list(map(str, values))) for row, *values in cells.head(TOP).itertuples()]
    at, names, above = header([(row, values) for row, values in first if any(values)], facts)
    refuse_huge(name, len(names), len(cells))
    frame = cells.iloc[at:].reset_index(drop=True)
    frame = frame.where(frame != "", None)
    left, remarks = kept(name, names, [frame[i].isna().all() for i in range(len(names))])
    frame = (
        frame.iloc[:, left]
        .set_axis([names[i] for i in left], axis=1)
        .infer_objects()
        .convert_dtypes(dtype_backend="pyarrow")
    )
    remarks += [(f"row {row}", *TITLE) for row in above]
    if bare:  # of a workbook that a program wrote, and no spreadsheet has opened since
        said = f"has {plural(bare, 'formula')} without a result: each is read as an empty cell"
        remarks.append(("the workbook", said, "Open it in a spreadsheet and save it."))
    if others := [repr(other) for other, held in sheets.items() if held.size]:
        said = f"is the one sheet that is read, not {', '.join(others)}"
        remarks.append((f"sheet {sheet!r}", said, "Move the sheet with the cases to the front."))
    return CaseFile(frame, f" of {name}", lambda rows: [f"row {at + row + 1:,}" for row in rows], remarks)
