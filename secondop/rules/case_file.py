"""What a file of cases holds: its header, the columns that are kept, and how much is read into memory."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import pandas as pd

from secondop.errors import SecondopError
from secondop.rules.spellings import claims
from secondop.words import plural

MAX_TEXT_BYTES, MAX_COLUMNS, MAX_CELLS = 1 << 30, 10_000, 2_000_000_000
"""Text once unpacked; columns of any file; cells of parquet, which packs equal ones into a few bytes."""
LAZY = "Give assess a lazy frame of it (polars and DuckDB scan files) in its place."
TOP = 20  # records in which a header is looked for
TITLE = ("stands above the header and is not read", "")


class CaseFile(NamedTuple):
    """What a file held, how to speak of it, where in it a row stands, and what of it was left aside."""

    frame: pd.DataFrame
    where: str
    places: Callable[[list[int]], list[str]]
    remarks: list[tuple[str, str, str]]  # place, what is the matter, what to do
    commas: bool = False  # whether numbers may have decimal commas


def refuse_huge(name: str, columns: int, rows: int) -> None:
    """Refuse more than is read into memory."""
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        size = f"{columns:,} columns and says it has {rows:,} rows"
        most = f"{MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells"
        raise SecondopError(f"{name} has {size}; at most {most} are read into memory. {LAZY}")


def header(records: list[tuple[int, list[str]]], facts: Collection[str]) -> tuple[int, list[str], list[int]]:
    """The line and the cells of the record that names the columns, and the lines of what stands above it.

    It is the first, unless that names no fact and a later one names two or more, or that is a single cell.
    """
    named = [len(claims(cells, facts)) for _, cells in records]
    filled = [sum(bool(cell.strip()) for cell in cells) for _, cells in records]
    at = 0
    if not named[0] and (max(named) > 1 or filled[0] < 2 <= max(filled)):
        at = named.index(max(named)) if max(named) else filled.index(max(filled))
    return (*records[at], [line for line, cells in records[:at] if any(map(str.strip, cells))])


def kept(name: str, names: list[str], empty: list[bool]) -> tuple[list[int], list]:
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
    said = f"leaves aside {plural(left, 'column')} without a name or a cell"
    return kept, [("the header", said, "")] if left else []
