"""A table as people read it: words for names, one style for numbers, and the table itself as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any, NamedTuple

import narwhals as nw
import pandas as pd

from secondop.arguments import NAMES, NONE, TEXT, Taken, checked, either, whole
from secondop.errors import unknown_name
from secondop.evaluation.digits import column_said, is_numeric, label_said, measures_of, name_of
from secondop.evaluation.headings import GAP, Heading, heading, measure_said, said
from secondop.words import plural, render


def _is_table(value: Any) -> bool:
    if isinstance(value, (str, pd.DataFrame, pd.Series)):
        return True
    try:
        nw.from_native(value, eager_only=True, allow_series=True)
    except TypeError:
        return False
    return True


TABLE = Taken(
    _is_table,
    "a table, or one column, of pandas, polars or pyarrow, or a text (a lazy frame is collected first, "
    "a dict or a list becomes a table by pandas.Series)",
)
_MAY_BE_IDLE = ("group", "threshold")  # of every tidy table, also where there is one group, or no threshold
FLAG = Taken(lambda x: isinstance(x, bool), "True or False")


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
        if self.printed is not None:
            return "\n".join([*[self.caption] * bool(self.caption), self.printed])
        corner, last = [self.label.words] if self.label else [], self.head[-1]
        above = [row for row in self.head[:-1] if len(row) > 1]  # what groups columns is said of each
        over = [row[0].words for row in self.head[:-1] if len(row) == 1]
        words = [[cell.words for cell in row for _ in range(cell.span)] for row in (*above, last)]
        heads = [" · ".join(column) for column in zip(*words, strict=True)]
        twice = [heads.count(head) > 1 and cell.unit for head, cell in zip(heads, last, strict=True)]
        lines = [
            corner + [f"{head}, {unit}" if unit else head for head, unit in zip(heads, twice, strict=True)]
        ]
        for row in self.rows:
            label = f"{row.label} ({row.under})" if row.under else row.label
            lines += [[row.group, *[""] * (len(lines[0]) - 1)]] if row.group else []
            lines.append([label] * len(corner) + row.cells)
        columns = [[cell.replace("\n", " ") for cell in column] for column in zip(*lines, strict=True)]
        looks = ["label"] * len(corner) + [cell.look for cell in last]
        sides = [str.rjust if look == "number" else str.ljust for look in looks]
        for column, side in zip(columns, sides, strict=True):
            column[:] = [side(cell, max(map(len, column))) for cell in column]
        told = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
        return "\n".join([*[self.caption] * bool(self.caption), *over, *told, *self.notes])


@checked(
    frame=TABLE,
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
    ratios, and what has no known unit, keep two digits that count. The table itself stays as it is.

    Parameters
    ----------
    frame : table, column or text
        Any table of the package, or your own of pandas, polars or pyarrow; one column; or a printed text.
    caption : str, optional
        What the table shows. How many cases it is of, and whether they are simulated, is added where the
        table knows.
    columns : dict, optional
        Words of your own for some columns: ``{"n": "opinions"}``.
    percent : list of str or bool, optional
        Columns of shares, between 0 and 1, to be read in per cent. True: all that have decimals.
    decimals : int, optional
        So many decimals for every number that is no count.
    most : int, optional
        How many rows are shown; how many more there are is said below.
    index : bool, optional
        Whether the index is shown. If not given: where it has a name, or is more than numbers.

    Returns
    -------
    Shown
        A notebook shows it, ``print`` writes it as text.

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
    there = dict.fromkeys([*names, *named, *chain(*made.columns.to_frame().to_numpy().tolist())])
    for asked in (*own, *(percent if not isinstance(percent, bool) else ())):
        if asked not in there:
            raise unknown_name("column", asked, map(str, there))
    beside = [*names, *named, *["fired"] * ("rule_book" in attrs)]  # what a rule book says is per 100 cases
    heads = [Heading(own[x]) if x in own else heading(x, beside) for x in names]
    cells = [column_said(made, i, percent, decimals) for i in range(len(names))]
    looks = [_look(made.iloc[:, i], cells[i]) for i in range(len(names))]
    label, keys, under, kept = None, [("", "")] * len(made), [""] * len(made), [*range(len(names))]
    flat = made.columns.nlevels == 1
    if (bool(named) or not pd.api.types.is_integer_dtype(made.index)) if index is None else index:
        label = Heading(" · ".join(own.get(x) or heading(str(x)).words for x in named))
        measured = len(measures_of(made)) > 0 and not made.select_dtypes("float").empty  # else it counts them
        keys = [_key(key, made.index.names, measured) for key in made.index]
    elif names and flat and (looks[0] != "number" or _counts_up(made.iloc[:, 0])):
        label, keys, kept = heads[0], [("", cell) for cell in cells[0]], kept[1:]
    below = [i for i in kept if names[i] == "denominator"]
    if label and below and flat:  # under the label it stays on screen, beside every rate
        label, under = label._replace(unit="of whom"), cells[below[0]]
        kept = [i for i in kept if i not in below]
    begins = [not i or keys[i][0] != keys[i - 1][0] for i in range(len(made))]
    rows = [
        Row(group if begin else "", key, of, [cells[j][i] for j in kept])
        for i, ((group, key), begin, of) in enumerate(zip(keys, begins, under, strict=True))
    ]
    notes = [attrs[name] for name in ("verification", "estimate") if attrs.get(name)]
    notes += [f"{GAP}: not known, not stated or not defined."] * any(GAP in row.cells for row in rows)
    notes += ["It has no rows."] * (n == 0)
    notes += [f"… and {plural(n - len(made), 'more row')}, of {n:,}."] * (n > len(made))
    return Shown(caption, _head(made.columns, [(heads[i], looks[i]) for i in kept]), label, rows, notes)


def _opened(frame: Any) -> pd.DataFrame:
    """The table in pandas; a column is a table of one."""
    if not isinstance(frame, (pd.DataFrame, pd.Series)):
        frame = nw.from_native(frame, eager_only=True, allow_series=True).to_pandas()
    if isinstance(frame, pd.Series):
        return frame.to_frame("value" if frame.name is None else frame.name)
    return frame


def _captioned(caption: str, attrs: Mapping[str, Any], made: pd.DataFrame) -> str:
    """The caption, with how many cases the table is of and whether they are simulated."""
    if "simulated" not in attrs or ("simulated" in caption.lower()):
        return caption
    noun = "simulated case" if attrs["simulated"] else "case"
    counted = [made.iloc[:, i].dropna() for i, name in enumerate(made.columns) if name == "n"]
    n = {*counted[0]} if counted else ()
    many = plural(int(*n), noun) if len(n) == 1 else f"{noun.capitalize()}s" if attrs["simulated"] else ""
    return " ".join(f"{x.rstrip('.')}." for x in (caption, many) if x)


def _key(key: Any, names: Sequence[Any], measure: bool) -> tuple[str, str]:
    """A row's group and its label: of an index of several levels, the outer ones and the last."""
    parts = key if isinstance(key, tuple) else (key,)
    *outer, inner = map(label_said, parts, names)
    return " · ".join(outer), measure_said(str(parts[-1])) if measure else inner


def _counts_up(column: pd.Series) -> bool:
    """Whether whole numbers tell rows apart, as steps or ids do."""
    return pd.api.types.is_integer_dtype(column) and column.is_unique


def _look(column: pd.Series, cells: list[str]) -> str:
    if is_numeric(column):
        return "number"
    return "long" if max(map(len, cells), default=0) > 60 else "text"


def _head(columns: pd.Index, shown: list[tuple[Heading, str]]) -> list[list[Head]]:
    """The rows above the columns: what all are of, what some are of, and each of them."""
    over = " · ".join(heading(str(name)).words for name in columns.names if name is not None)
    rows = [[Head(over, "", len(shown), "over")]] if over and shown else []
    for level in range(columns.nlevels - 1):
        groups = groupby(columns, key=lambda key: key[: level + 1])
        rows.append([Head(heading(said(key[-1])).words, "", len([*each]), "over") for key, each in groups])
    return [*rows, [Head(*heading_, 1, look) for heading_, look in shown]]
