"""How the numbers of a column are read: as counts, in per cent, per 100 or as ratios, one style a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import floor, isfinite, log10
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from secondop.evaluation.headings import (
    ENDS,
    FLAGS,
    GAP,
    NOT_RECORDED,
    SHARES,
    UNITS,
    measure_said,
    said,
    split,
)
from secondop.words import fixed, number

AS_TYPED = {"id", "column", "value", "fact", "name", "parameter", "target", "source"}
"""Columns of texts that are typed as they stand."""
_NO_COUNTS = {"id", "year", "seed"}
_PER_100 = re.compile(r"%|per ?cent\b|\b(per|of) 100\b", re.I)
_BESIDE_RATES = dict.fromkeys(["published", "cohort", "difference"], "published_rate")


def column_said(made: pd.DataFrame, i: int, percent: bool | Sequence[str], decimals: int | None) -> list[str]:
    """The cells of a column in words; of a yes/no a gap is not recorded, of all else a dash."""
    column, name = made.iloc[:, i], name_of(made.columns[i])
    values = column.astype(object).where(column.notna(), None).tolist()
    known, gap = [x for x in values if x is not None], GAP
    say: list[Callable[[Any], str]] = [str if name in AS_TYPED else said] * len(values)
    if known and all(isinstance(x, (bool, np.bool_)) for x in known):
        say, gap = [said] * len(values), NOT_RECORDED
    elif is_numeric(column):
        say = [_STYLES[style](decimals) for style in _styles(made, i, name, percent)]
    elif name == "measure":
        say = [measure_said] * len(values)
    elif any(isinstance(x, Real) for x in known):  # beside words, such as what is hidden
        say = [_number_or_words] * len(values)
    return [gap if x is None else one(x) for x, one in zip(values, say, strict=True)]


def _number_or_words(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        return said(value)
    return fixed(value, 0) if isinstance(value, Integral) else number(value)


def label_said(value: Any, name: Any) -> str:
    """The label of a row, in the column or level of this name: a key as it is typed, a share in per cent."""
    if name in SHARES and isinstance(value, Real) and abs(value) <= 1:
        return _STYLES["share"](None)(value)
    return str(value) if name in AS_TYPED else said(value)


def is_numeric(column: pd.Series) -> bool:
    """Whether what is known of a column are numbers, and not all of it yes or no."""
    if not (known := column.dropna().tolist()):
        return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    flags = all(isinstance(x, (bool, np.bool_)) for x in known)
    return all(isinstance(x, Real) for x in known) and not flags


def name_of(column: Any) -> str:
    """The name of a column; of several levels, that of the last."""
    last = column[-1] if isinstance(column, tuple) else column
    return last if isinstance(last, str) else said(last)


def _styles(made: pd.DataFrame, i: int, name: str, percent: bool | Sequence[str]) -> list[str]:
    """The style of each row of a column: one for all, unless rows are of several measures."""
    column, names = made.iloc[:, i], [*map(name_of, made.columns)]
    whole = pd.api.types.is_integer_dtype(column)
    known, (base, end) = column.dropna().to_numpy(float), split(name)
    labels = [*np.atleast_1d(np.array(made.columns[i], dtype=object))]
    about = " ".join(map(str, (*labels, *made.columns.names, *made.index.names)))
    compared = _BESIDE_RATES.get(base, "") if end in ENDS or name == "difference" else ""
    share = base in SHARES or compared in names or (name in ENDS and {"rate", "share"} & {*names})
    measures = measures_of(made)
    if (percent is True and not whole) or (percent is not True and {*labels} & {*percent}):
        style = "share"
    elif name in _NO_COUNTS and (known == np.round(known)).all():
        style = "typed"
    elif whole:
        style = "count"
    elif share and (np.abs(known) <= 1).all():  # a ratio may stand beside a rate
        style = "share"
    elif measures:
        return [_of_measure(measure) for measure in measures]
    elif base in UNITS:
        style = "per 100"
    elif base in FLAGS and {*known} <= {0, 1} and "most" not in names:  # beside it, a share of draws
        style = "flag"
    elif _PER_100.search(about) or ("rule_book" in made.attrs and name in ("value", *ENDS)):
        style = "per 100"
    elif (known == np.round(known)).all():
        style = "count"
    else:
        style = "tenths" if (known == np.round(known, 1)).all() else "ratio"
    return [style] * len(column)


def measures_of(made: pd.DataFrame) -> list[str]:
    """The measure of each row, if a column or the index names them and the package knows all."""
    if "measure" in made.columns and made.columns.nlevels == 1:
        measures = made["measure"].astype(str).tolist()
    else:
        level = "measure" if "measure" in made.index.names else -1
        measures = made.index.get_level_values(level).astype(str).tolist()
    return measures if {*measures} <= {*UNITS, *SHARES, *FLAGS} else []


def _of_measure(measure: str) -> str:
    return "share" if measure in SHARES else "flag" if measure in FLAGS else "per 100"


def ratio(x: float) -> str:
    """At least three digits, and two of them that count; none after the point from 100 on.

    Examples
    --------
    >>> [ratio(x) for x in (1234.5, 10.2, 4.4, 0.25, 0.0256, -0.000001)]
    ['1,234', '10.2', '4.40', '0.25', '0.026', '0.00']
    """
    if not isfinite(x) or abs(x) >= 100:
        return number(x)
    small = 1e-5 < abs(x) < 0.1
    return fixed(x, 1 - floor(log10(abs(x))) if small else 2 if abs(x) < 10 else 1)


def _style(usual: Callable[[float], str], after: str = "", times: int = 1) -> Callable:
    """A style; instead of its own, so many decimals may be asked for."""

    def style(decimals: int | None) -> Callable[[float], str]:
        def say(x: float) -> str:
            own = decimals is None or not isfinite(x)
            return f"{usual(times * x) if own else fixed(times * x, decimals)}{after}"

        return say

    return style


_STYLES = {
    "share": _style(number, "\u00a0%", 100),
    "per 100": _style(number),
    "ratio": _style(ratio),
    "tenths": _style(lambda x: fixed(x, 1) if isfinite(x) else number(x)),
    "count": lambda _: lambda x: fixed(x, 0) if isfinite(x) else number(x),
    "typed": lambda _: lambda x: f"{x:.0f}",
    "flag": lambda _: lambda x: said(bool(x)),
}
