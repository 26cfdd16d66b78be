"""How a table is read: what its columns and measures are called, how its values and numbers are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import floor, isfinite, log10
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from secondop.evaluation.columns import NOT_RECORDED
from secondop.evaluation.measures import BEST, MEASURES, TRUTH
from secondop.words import fixed, number, plural

GAP = "–"
MISSING = {"min": "if missing were no", "max": "if missing were yes"}  # of a rate of referrals
_BOUNDS = {"min": "at least", "max": "at most"}  # of all else: fewest are missed if missing were yes
INTERVAL = {"lower": "95 % interval, from", "upper": "95 % interval, to"}
ENDS = MISSING | INTERVAL  # of a number: over what missing information could be, and by chance
_RANGE = {"lower": "range, from", "upper": "range, to"}  # of an assumed number, which no sample gave
_ASSUMED = {"basis", "parameter", "target", "at_lower"}  # columns of tables that hold such
COUNTS = {
    "n": "cases",
    "fired": "fires in",
    "unknown": "cannot be judged",
    "unrecorded": "not recorded",
    "undetermined": "missing information could raise it",
}
_OWN = COUNTS | {
    "label": "name",
    "threshold": "decision threshold",
    "firing_rate": "firing rate",
    "frontier": "on the efficient frontier",
    BEST: "best at this threshold",
    "at_lower": "at the lower end of the range",
    "at_upper": "at the upper end of the range",
    "monte_carlo_error": "Monte Carlo error",
}
_WORDS = _OWN | TRUTH | {name: measure.words for name, measure in MEASURES.items()}
_REFERRALS = ("firing_rate", "referral_rate")
_FLAGS = {"frontier", BEST}  # measures that are 1 or 0: yes or no
_CHANCE = MEASURES["better_than_none_below"].unit
UNITS = {name: measure.unit for name, measure in MEASURES.items() if measure.unit != _CHANCE}
UNITS |= dict.fromkeys(["firing_rate", *TRUTH], "per 100 cases")
SHARES = {"rate", "published_rate", "cohort_rate", "share", "prevalence", "threshold"}
SHARES |= MEASURES.keys() - UNITS.keys()  # between 0 and 1, and read in per cent
_BESIDE_RATES = dict.fromkeys(["published", "cohort", "difference"], "published_rate")
_TYPED = {"id", "column", "value", "fact", "name", "parameter", "target", "source"}  # as they stand
_NO_COUNTS = {"id", "year", "seed"}
_SNAKE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
_PER_100 = re.compile(r"%|per ?cent\b|\b(per|of) 100\b", re.I)


class Heading(NamedTuple):
    """A column in words, and what its numbers are of."""

    words: str
    unit: str = ""


def heading(name: str, others: Iterable[str] = ()) -> Heading:
    """What a column is called, among these others."""
    others, (base, end) = {*others}, _split(name)
    rate = "fired" in others and "measure" not in others
    whole = not end and (rate or "unknown" in others) and "combination" not in others
    ends = (MISSING if whole or base in _REFERRALS else _BOUNDS) | (_RANGE if _ASSUMED & others else INTERVAL)
    if end and name not in _OWN:
        words, unit = heading(base, others)
        return Heading(f"{words}: {(ends | COUNTS)[end]}", unit if end in ENDS else "")
    if name in ends or name == "value":
        return Heading(ends.get(name, name), "per 100 cases" if rate else "")
    if name == "n" and "cases" in others:
        return Heading("readings" if "readers" in others else "all cases")
    if name == "label" and "name" in others:
        return Heading("in words")
    alone = not others & {"policy", "label"}  # then it is a fact of each case, and no measure of a policy
    if (name in TRUTH and alone) or (name in COUNTS and name != "n" and "n" not in others):
        return Heading(_in_words(name))
    return Heading(_WORDS.get(name) or _in_words(name), UNITS.get(name, ""))


def measure_said(name: str) -> str:
    """A measure and its unit in one."""
    return ", ".join(filter(None, heading(name, ["policy"])))


def name_of(column: Any) -> str:
    """The name of a column; of several levels, that of the last."""
    last = column[-1] if isinstance(column, tuple) else column
    return last if isinstance(last, str) else said(last)


def measures_of(made: pd.DataFrame) -> list[str]:
    """The measure of each row, if a column or the index names them and the package knows all."""
    if "measure" in made.columns and made.columns.nlevels == 1:
        named = made["measure"]
    else:
        named = made.index.get_level_values("measure" if "measure" in made.index.names else -1)
    measures = [*map(str, named)]
    return measures if {*measures} <= {*UNITS, *SHARES, *_FLAGS} else []


def said(value: Any) -> str:
    """A value in words: yes or no, several with a plus, no gap as a no, no name with underscores."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.DataFrame):
        return f"a table of {plural(len(value), 'row')}"
    if isinstance(value, Mapping):
        return " + ".join(f"{said(key)}: {said(of)}" for key, of in value.items()) or "none"
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray, pd.Series)):
        return " + ".join(map(said, value)) or "none"
    if isinstance(value, str):
        return _in_words(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, pd.Interval):
        open_, close = ("[" if value.closed_left else "("), ("]" if value.closed_right else ")")
        return f"{open_}{said(value.left)}, {said(value.right)}{close}"
    if pd.isna(value):
        return NOT_RECORDED
    if isinstance(value, (timedelta, np.timedelta64)):
        ago, parts = pd.Timedelta(value) < pd.Timedelta(0), abs(pd.Timedelta(value)).components._asdict()
        told = " ".join(plural(n, unit[:-1]) for unit, n in parts.items() if n)
        return ("−" if ago else "") + (told or "0 seconds")
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def label_said(value: Any, name: Any) -> str:
    """The label of a row, in the column or level of this name: a key as it is typed, a share in per cent."""
    if name in SHARES and isinstance(value, Real) and abs(value) <= 1:
        return _written(value, "share", None)
    return str(value) if name in _TYPED else said(value)


def is_numeric(column: pd.Series) -> bool:
    """Whether what is known of a column are numbers, and not all of it yes or no."""
    if not (known := column.dropna().tolist()):
        return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return all(isinstance(x, Real) for x in known) and not _all_flags(known)


def column_said(made: pd.DataFrame, i: int, percent: bool | Sequence[str], decimals: int | None) -> list[str]:
    """The cells of a column in words; of a yes/no a gap is not recorded, of all else a dash."""
    column, name = made.iloc[:, i], name_of(made.columns[i])
    values = column.astype(object).where(column.notna(), None).tolist()
    if is_numeric(column):
        styles = zip(values, _styles(made, i, name, percent), strict=True)
        return [GAP if x is None else _written(x, style, decimals) for x, style in styles]
    known, gap, say = [x for x in values if x is not None], GAP, str if name in _TYPED else said
    if known and _all_flags(known):
        gap, say = NOT_RECORDED, said
    elif name == "measure" and all(isinstance(x, str) for x in known):
        say = measure_said
    elif any(isinstance(x, Real) for x in known):  # beside words, such as what is hidden
        say = _number_or_words
    return [gap if x is None else say(x) for x in values]


def _styles(made: pd.DataFrame, i: int, name: str, percent: bool | Sequence[str]) -> list[str]:
    """The style of each row of a column of numbers: one for all, unless rows are of several measures."""
    column, names, (base, end) = made.iloc[:, i], [*map(name_of, made.columns)], _split(name)
    whole, known = pd.api.types.is_integer_dtype(column), column.dropna().to_numpy(float)
    labels = [*np.atleast_1d(np.array(made.columns[i], dtype=object))]
    about = " ".join(map(str, (*labels, *made.columns.names, *made.index.names)))
    compared = _BESIDE_RATES.get(base, "") if end in ENDS or name == "difference" else ""
    share = base in SHARES or compared in names or (name in ENDS and {"rate", "share"} & {*names})
    rounds = (known == np.round(known)).all()
    if (percent is True and not whole) or (percent is not True and {*labels} & {*percent}):
        style = "share"
    elif name in _NO_COUNTS and rounds:
        style = "typed"
    elif whole:
        style = "count"
    elif share and (np.abs(known) <= 1).all():  # a ratio may stand beside a rate
        style = "share"
    elif measures := measures_of(made):
        return ["share" if x in SHARES else "flag" if x in _FLAGS else "per 100" for x in measures]
    elif base in UNITS:
        style = "per 100"
    elif base in _FLAGS and {*known} <= {0, 1} and "most" not in names:  # beside it, a share of draws
        style = "flag"
    elif _PER_100.search(about) or ("rule_book" in made.attrs and name in ("value", *ENDS)):
        style = "per 100"
    else:
        style = "count" if rounds else "tenths" if (known == np.round(known, 1)).all() else "ratio"
    return [style] * len(column)


def _written(x: float, style: str, decimals: int | None) -> str:
    """A number in its style; instead of its own, so many decimals may be asked for."""
    if style in ("typed", "flag"):
        return f"{x:.0f}" if style == "typed" else said(bool(x))
    x, unit = (100 * x, "\u00a0%") if style == "share" else (x, "")
    if not isfinite(x):
        return number(x)
    if style == "count":
        decimals = 0
    elif decimals is None and style == "ratio" and abs(x) < 100:  # three digits, two of them that count
        small = 1e-5 < abs(x) < 0.1
        decimals = 1 - floor(log10(abs(x))) if small else 2 if abs(x) < 10 else 1
    elif decimals is None and style == "tenths":
        decimals = 1
    return (number(x) if decimals is None else fixed(x, decimals)) + unit


def _number_or_words(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        return said(value)
    return fixed(value, 0) if isinstance(value, Integral) else number(value)


def _all_flags(known: list[Any]) -> bool:
    return all(isinstance(x, (bool, np.bool_)) for x in known)


def _split(name: str) -> tuple[str, str]:
    """Of what a column tells, and which end or count of it: ``ppv_min`` is the ``min`` of ``ppv``."""
    base, _, end = name.rpartition("_")
    return (base, end) if base and end in (*ENDS, "n") else (name, "")


def _in_words(text: str) -> str:
    """A name with underscores, as one says it; any other text as it is."""
    return text.replace("_", " ") if _SNAKE.fullmatch(text) else text
