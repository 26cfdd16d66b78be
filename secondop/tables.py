"""A table as people read it: words for names, one style for numbers, and the table itself as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any, NamedTuple

import narwhals as nw
import pandas as pd

from secondop.arguments import FLAG, NAMES, NONE, TEXT, Taken, checked, either, whole
from secondop.errors import unknown_name
from secondop.evaluation.headings import (
    GAP,
    Heading,
    column_said,
    heading,
    is_numeric,
    label_said,
    measure_said,
    measures_of,
    name_of,
    said,
)
from secondop.words import plural, render

_MAY_BE_IDLE = ("group", "threshold")  # of every tidy table, also where there is one group, or no threshold
_TABLE = Taken(
    lambda x: isinstance(x, str) or nw.dependencies.is_into_dataframe(x) or nw.dependencies.is_into_series(x),
    "a table, or one column, of pandas, polars or pyarrow, or a text (a lazy frame is collected first, "
    "a dict or a list becomes a table by pandas.Series)",
)


class Head(NamedTuple):
    """A cell above the columns."""

    words: str
    unit: str
    span: int
    look: str


class Row(NamedTuple):
    """A row in words: the group that begins with it, its label and what stands under that, its cells."""

    group: str
    label: str
    under: str
    cells: list[str]


@dataclass(frozen=True, repr=False)
class Shown:
    """A table in words: a notebook shows it, ``print`` writes it."""

    caption: str
    head: list[list[Head]] = field(default_factory=list)
    label: Heading | None = None  # above the rows' own labels, if they have any
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    printed: str | None = None  # a text in place of a table

    def _repr_html_(self) -> str:
        return render("table.html.j2", t=self)

    def __repr__(self) -> str:
        above = [self.caption] if self.caption else []
        if self.printed is not None:
            return "\n".join([*above, self.printed])
        corner, last = [self.label.words] if self.label else [], self.head[-1]
        above += [row[0].words for row in self.head[:-1] if len(row) == 1]
        # what groups columns is said of each
        levels = [row for row in self.head if len(row) > 1 or row is last]
        words = [[cell.words for cell in row for _ in range(cell.span)] for row in levels]
        heads = [" · ".join(column) for column in zip(*words, strict=True)]
        lines = [[*corner]]
        for words, cell in zip(heads, last, strict=True):
            lines[0].append(f"{words}, {cell.unit}" if cell.unit and heads.count(words) > 1 else words)
        for row in self.rows:
            if row.group:
                lines.append([row.group, *[""] * (len(lines[0]) - 1)])
            label = f"{row.label} ({row.under})" if row.under else row.label
            lines.append([label] * len(corner) + [cell.replace("\n", " ") for cell in row.cells])
        looks = ["label"] * len(corner) + [cell.look for cell in last]
        columns = []
        for look, column in zip(looks, zip(*lines, strict=True), strict=True):
            width, side = max(map(len, column)), str.rjust if look == "number" else str.ljust
            columns.append([side(cell, width) for cell in column])
        return "\n".join([*above, *("  ".join(x).rstrip() for x in zip(*columns, strict=True)), *self.notes])


@checked(
    frame=_TABLE,
    caption=TEXT,
    percent=either(Taken(FLAG.fits, "True for every column with decimals"), NAMES),
    decimals=either(NONE, whole(0)),
    index=either(NONE, FLAG),
)
def show(
    frame: Any,
    *,
    caption: str = "",
    columns: Mapping[str, str] | None = None,
    percent: bool | Sequence[str] = (),
    decimals: int | None = None,
    most: int = 30,
    index: bool | None = None,
) -> Shown:
    """Show a table so that people can read it: names in words, numbers in one style, gaps named as such.

    Shares that the package knows are read in per cent. Numbers have one decimal below 10 and none above;
    ratios, and what has no known unit, keep two digits that count. The table itself stays as it is. A
    notebook shows what comes back, and ``print`` writes it.

    Parameters
    ----------
    frame : table, column or text
        Any table of the package, or your own of pandas, polars or pyarrow; one column; or a printed text.
    caption : str
        What it shows. How many cases it is of, and whether they are simulated, is added where it knows.
    columns : dict
        Words of your own for some columns: ``{"n": "opinions"}``.
    percent : list of str or bool
        Columns of shares, between 0 and 1, to be read in per cent. True: all that have decimals.
    decimals, most : int
        Decimals of every number that is no count; rows that are shown (how many more there are is said).
    index : bool
        Whether the index is shown: by default where it has a name, or is more than numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"policy": ["recommended"], "ppv": [38.04], "nnr": [2.6], "n": [12_000]})
    >>> show(table, caption="What is referred")
    What is referred
    policy       positive predictive value  number needed to refer   cases
    recommended                         38                     2.6  12,000
    """
    if isinstance(frame, str):
        return Shown(caption, printed=frame)
    made, attrs, own = _opened(frame), getattr(frame, "attrs", {}), dict(columns or {})
    made = made.loc[:, [x not in _MAY_BE_IDLE or made[x].notna().to_numpy().any() for x in made.columns]]
    n, caption, made = len(made), _captioned(caption, attrs, made), made.head(most)
    names, named = [*map(name_of, made.columns)], [x for x in made.index.names if x is not None]
    levels = (x if isinstance(x, tuple) else (x,) for x in made.columns)
    there = dict.fromkeys([*names, *named, *chain(*levels)])
    for asked in (*own, *(percent if not isinstance(percent, bool) else ())):
        if asked not in there:
            raise unknown_name("column", asked, map(str, there))
    beside = [*names, *named, *(["fired"] if "rule_book" in attrs else [])]  # a rule book's rates are per 100
    heads = [Heading(own[x]) if x in own else heading(x, beside) for x in names]
    cells = [column_said(made, i, percent, decimals) for i in range(len(names))]
    long = ["long" if max(map(len, column), default=0) > 60 else "text" for column in cells]
    looks = ["number" if is_numeric(made.iloc[:, i]) else look for i, look in enumerate(long)]
    label, keys, under, kept = None, [("", "")] * len(made), [""] * len(made), [*range(len(names))]
    flat = made.columns.nlevels == 1
    if (bool(named) or not pd.api.types.is_integer_dtype(made.index)) if index is None else index:
        label = Heading(" · ".join(own.get(x) or heading(str(x)).words for x in named))
        keys = _keys(made)
    elif names and flat and (looks[0] != "number" or _tells_apart(made.iloc[:, 0])):
        label, keys, kept = heads[0], [("", cell) for cell in cells[0]], kept[1:]
    below = [i for i in kept if names[i] == "denominator"]
    if label and below and flat:  # under the label it stays on screen, beside every rate
        label, under = label._replace(unit="of whom"), cells[below[0]]
        kept = [i for i in kept if i not in below]
    rows, last = [], None
    for i, (group, key) in enumerate(keys):
        rows.append(Row(group if group != last else "", key, under[i], [cells[j][i] for j in kept]))
        last = group
    notes = [attrs[name] for name in ("verification", "estimate") if attrs.get(name)]
    if any(GAP in row.cells for row in rows):
        notes.append(f"{GAP}: not known, not stated or not defined.")
    notes += ["It has no rows."] if n == 0 else []
    notes += [f"… and {plural(n - len(made), 'more row')}, of {n:,}."] if n > len(made) else []
    over = " · ".join(heading(str(name)).words for name in made.columns.names if name is not None)
    head = [[Head(over, "", len(kept), "over")]] if over and kept else []
    for level in range(made.columns.nlevels - 1):
        groups = groupby(made.columns, key=lambda key: key[: level + 1])
        head.append([Head(heading(said(key[-1])).words, "", len([*each]), "over") for key, each in groups])
    head.append([Head(*heads[i], 1, looks[i]) for i in kept])
    return Shown(caption, head, label, rows, notes)


def _opened(frame: Any) -> pd.DataFrame:
    """The table in pandas; a column is a table of one."""
    if not isinstance(frame, (pd.DataFrame, pd.Series)):
        frame = nw.from_native(frame, eager_only=True, allow_series=True).to_pandas()
    if isinstance(frame, pd.Series):
        return frame.to_frame("value" if frame.name is None else frame.name)
    return frame


def _captioned(caption: str, attrs: Mapping[str, Any], made: pd.DataFrame) -> str:
    """The caption, with how many cases the table is of and whether they are simulated."""
    if "simulated" not in attrs or "simulated" in caption.lower():
        return caption
    noun = "simulated case" if attrs["simulated"] else "case"
    counted = [made.iloc[:, i].dropna() for i, name in enumerate(made.columns) if name == "n"]
    n = {*counted[0]} if counted and is_numeric(counted[0]) else ()
    some = "Simulated cases" if attrs["simulated"] else ""
    many = plural(int(*n), noun) if len(n) == 1 else some
    return " ".join(f"{x.rstrip('.')}." for x in (caption, many) if x)


def _keys(made: pd.DataFrame) -> list[tuple[str, str]]:
    """Each row's group and its label: of an index of several levels, the outer ones and the last."""
    measured = len(measures_of(made)) > 0 and not made.select_dtypes("float").empty  # else it counts them
    keys = []
    for key in made.index:
        parts = key if isinstance(key, tuple) else (key,)
        *outer, inner = map(label_said, parts, made.index.names)
        keys.append((" · ".join(outer), measure_said(str(parts[-1])) if measured else inner))
    return keys


def _tells_apart(column: pd.Series) -> bool:
    """Whether these are whole numbers, each once, as steps or ids are."""
    return pd.api.types.is_integer_dtype(column) and column.is_unique
