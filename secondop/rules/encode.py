"""The gate: every fact column of a frame in memory, brought to one coded form with real gaps.

After the gate a yes-or-no fact is Boolean, an answer in words is the position of its level (UInt8), a count
or a number is Int64 or Float64, and what was not recorded is null: never NaN, never an empty text, never no.
Each value is judged by :func:`read_answer` alone; columns of numbers and flags take short cuts that agree
with it, and columns of words are judged once for each different word.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import CasesError, SecondopError, did_you_mean
from secondop.rules.facts import FACTS, Fact, Kind

YES = frozenset(["yes", "y", "true", "t"])
NO = frozenset(["no", "n", "false", "f"])
NOT_RECORDED = frozenset(
    ("", "na", "n/a", "nan", "null", "<na>", "unknown", "not recorded", "not known", "missing", "?", ".")
)

MAX_VALUES_LISTED = 20
"""Different unreadable words listed for one column: a wrong column has as many as it has rows."""
PROBLEM_COLUMNS = ("column", "rows", "first_row", "first_case", "value", "problem", "hint")
MAX_LINES = 50
"""Lines of an error message; the whole table is in its ``problems``."""

NUMBER = re.compile(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$")
_PLAIN = frozenset(("boolean", "integer", "floating", "mixed-integer-float", "string", "empty"))
CODED = {Kind.FLAG: pl.Boolean, Kind.CATEGORY: pl.UInt8, Kind.ORDERED: pl.UInt8}
"""The polars type of a fact after the gate, where it is not a number."""


class Unreadable(NamedTuple):
    """Why a value is no answer to a fact; ``each`` when every different value deserves its own line."""

    problem: str
    each: bool = True


def read_answer(fact: Fact, value: Any) -> bool | int | float | Unreadable | None:
    """What one value says of a fact: the one place where spellings are decided.

    Parameters
    ----------
    fact : Fact
        The fact.
    value : object
        Any Python, numpy or pandas scalar.

    Returns
    -------
    bool, int, float, None or Unreadable
        The flag, the position of the level or the number; ``None`` where nothing was recorded.

    Examples
    --------
    >>> read_answer(FACTS["treatment_response"], "Not treated"), read_answer(FACTS["rare_disease"], "N")
    (0, False)
    >>> read_answer(FACTS["rare_disease"], "none").problem
    'is not yes or no'
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        text, level = value.strip(), normalised(value)
        word = text.lower()
        if level in fact.levels:
            return fact.levels.index(level)
        if word in NOT_RECORDED:
            return None
        if fact.kind is Kind.FLAG and (word in YES or word in NO):
            return word in YES
        if not fact.has_levels and len(text) <= 40 and NUMBER.fullmatch(text):
            return _read_number(fact, float(text))
    elif isinstance(value, bool):
        if fact.kind is Kind.FLAG:
            return value
    elif isinstance(value, (Real, Decimal)):
        gap = value.is_nan() if isinstance(value, Decimal) else value != value
        return None if gap else _read_number(fact, value)
    return Unreadable(f"is not {fact.expects()}")


def _read_number(fact: Fact, value: Any) -> bool | float | Unreadable:
    if fact.kind is Kind.FLAG and value in (0, 1):
        return bool(value)
    if not fact.is_numeric:
        return Unreadable(f"is not {fact.expects()}")
    if abs(value) == math.inf:
        return Unreadable("is not a finite number", each=False)
    if not fact.low <= value <= fact.high:
        side = "below" if value < fact.low else "above"
        limits = f"{fact.low:,g} to {fact.high:,g} {fact.unit}".rstrip()
        return Unreadable(f"is {side} the range {limits}", each=False)
    if fact.kind is Kind.COUNT and value != int(value):
        return Unreadable("is not a whole number", each=False)
    return float(value)


def _hint(fact: Fact, value: Any) -> str:
    if not isinstance(value, str):
        return "If it stands for not recorded, leave it empty." if fact.is_numeric else ""
    word = normalised(value[:100])
    if fact.has_levels:
        return did_you_mean(word, fact.levels).strip()
    if word == "none":
        answer = "no" if fact.kind is Kind.FLAG else "0"
        return f"If it means {answer}, write {answer}."
    return "Write the number alone, with a decimal point." if fact.is_numeric and word[:1].isdigit() else ""


class _Column(NamedTuple):
    """A column as it came: flags or numbers, or places (negative or null: none) in a list of labels."""

    values: pl.Series
    labels: list | None = None


def encode(cases: Any, facts: Collection[str] | None = None) -> tuple[pl.DataFrame, pd.DataFrame]:
    """Bring the fact columns of a frame to their coded form, and list every value that is no answer.

    Parameters
    ----------
    cases : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row per case. It is not altered.
    facts : collection of str, optional
        Only these facts; all that the frame has by default.

    Returns
    -------
    coded : polars.DataFrame
        One column per fact that the frame has, as in FACTS, rows as they came: Boolean, UInt8, Int64 or
        Float64; null where nothing was recorded or the value is no answer. Without any fact it has no row.
    problems : pandas.DataFrame
        One problem a row, empty if there is none: ``column, rows`` (how many), ``first_row`` (counted from
        0), ``first_case`` (its index label), ``value, problem, hint``.
    """
    times = Counter(column_names(cases))
    wanted = [fact for fact in FACTS if fact in times and (facts is None or fact in facts)]
    columns = {name: _taken(cases[name]) for name in wanted if times[name] == 1}
    answers = {n: [read_answer(FACTS[n], label) for label in c.labels or ()] for n, c in columns.items()}
    # all levels to their positions in one step: column by column costs as much as the rest of a small frame
    raw = pl.DataFrame({n: c.values for n, c in columns.items()}).select(pl.all().to_physical())
    columns = {n: _Column(raw[n], c.labels) for n, c in columns.items()}
    fine = _in_range(raw, columns)
    rest = {name: column for name, column in columns.items() if name not in fine}
    coded = raw.with_columns(_expression(FACTS[n], c, answers[n]).alias(n) for n, c in rest.items())
    # a column that came with as many gaps as it leaves with has no problem, and is not looked at again
    missing = {name: column.values.null_count() for name, column in rest.items()}
    for nans in raw.select(pl.col(n).is_nan().sum() for n, c in rest.items() if c.values.dtype.is_float()):
        missing[nans.name] += nans.item()
    found = [
        (name, len(cases), 0, "", f"is there {times[name]} times", "Keep one column for each fact.")
        for name in wanted
        if times[name] > 1
    ]
    for name, column in rest.items():
        found += _problems_of(FACTS[name], column, answers[name], coded[name], missing[name])
    labels = cases.index if isinstance(cases, pd.DataFrame) else range(len(cases))
    rows = [(*p[:3], f"case {labels[p[2]]}" if len(cases) else "", *p[3:]) for p in found]
    no_rows = dict.fromkeys(["rows", "first_row"], np.array([], dtype=int))
    return coded, pd.DataFrame(rows or no_rows, columns=PROBLEM_COLUMNS)


def coded_cases(cases: Any, facts: Collection[str] | None = None) -> pl.DataFrame:
    """The coded form of :func:`encode`, or one error that lists every problem.

    Raises
    ------
    CasesError
        If any value is no answer to its fact.
    """
    coded, problems = encode(cases, facts)
    raise_problems(problems, len(cases))
    return coded


def raise_problems(problems: pd.DataFrame, n_cases: int, where: str = "") -> None:
    """Raise a :class:`CasesError` that lists the problems, if there are any."""
    if problems.empty:
        return
    total = int(problems["rows"].sum())
    lines = [f"{plural(total, 'problem')} in {plural(n_cases, 'case')}{where}:"]
    for row in problems.head(MAX_LINES).itertuples():
        place = f"  column {row.column!r}, {plural(row.rows, 'row')} (first: {row.first_case}):"
        lines.append(f"{place} {f'{row.value} {row.problem}'.strip()}. {row.hint}".rstrip())
    if len(problems) > MAX_LINES:
        lines.append(f"  ... and {len(problems) - MAX_LINES} more: all are in the error's .problems.")
    lines.append("A fact that was not recorded may be left empty: it counts as unknown, not as no.")
    raise CasesError("\n".join(lines), problems)


def normalised(text: str) -> str:
    """A word as levels and facts are written: lower case, blanks and hyphens as underscores."""
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def show(value: object) -> str:
    """A value as a message shows it: text quoted, control characters escaped, long text cut."""
    if isinstance(value, int) and value.bit_length() > 1000:  # Python refuses to write it in full
        return "a huge number"
    text = repr(value) if isinstance(value, (str, bytes)) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def plural(n: int, noun: str) -> str:
    """A number and its noun."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def column_names(cases: Any) -> list:
    """The names of the columns of a frame in memory; anything else is refused."""
    if isinstance(cases, pa.Table):
        return cases.column_names
    if isinstance(cases, (pd.DataFrame, pl.DataFrame)):
        return list(cases.columns)
    where = f"{type(cases).__module__}.{type(cases).__name__}"
    if where.split(".")[0].strip("_") in ("polars", "duckdb", "pyspark", "dask"):
        raise SecondopError(
            f"The cases are in a {where}, and only a frame in memory can be checked: collect it first. "
            "assess takes it as it is if its facts have their declared kinds: yes-or-no facts boolean, "
            "counts and numbers numeric, answers in words as text spelled as in facts_table(), gaps null."
        )
    raise SecondopError(
        f"Cases are one row each in a pandas DataFrame, a polars DataFrame or a pyarrow Table; got {where}."
    )


def _taken(column: pd.Series | pl.Series | pa.ChunkedArray) -> _Column:
    if isinstance(column, pd.Series):
        return _from_pandas(column)
    return _from_polars(column) if isinstance(column, pl.Series) else _from_arrow(column)


def _from_pandas(series: pd.Series) -> _Column:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _Column(pl.Series(series.array.codes), series.cat.categories.tolist())
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        values = series.to_numpy()
        return _Column(pl.Series(values.astype(float, copy=False) if dtype.kind == "f" else values))
    if pd.api.types.is_object_dtype(dtype):
        values = series.to_numpy()
        # pyarrow reads [1.5, True] as numbers: only a column of one type may take its short cut
        if pd.api.types.infer_dtype(values, skipna=True) in _PLAIN:
            with suppress(pa.ArrowException, OverflowError, UnicodeError):
                return _from_arrow(pa.array(values, from_pandas=True))
        return _labelled(values)
    if isinstance(dtype, pd.BooleanDtype):
        # its bytes and its mask as they lie: every public way of asking costs ten times as much
        answer, gap = series.array._data.view("uint8"), series.array._mask.view("uint8")
        return _Column(pl.Series(answer | (gap << 1)), [False, True, None, None])
    if isinstance(dtype, pd.StringDtype) or hasattr(dtype, "numpy_dtype"):  # nullable or on pyarrow
        return _from_arrow(pa.array(series.array))
    return _labelled(series.astype(object))


def _from_polars(series: pl.Series) -> _Column:
    dtype = series.dtype
    if dtype == pl.Boolean or dtype.is_integer() or dtype.is_float():
        return _Column(series)
    if isinstance(dtype, pl.Enum):
        return _Column(series, dtype.categories.to_list())
    if dtype in (pl.Null, pl.Categorical, pl.String):
        return _from_arrow(series.to_arrow())
    return _labelled(series.to_list())


def _from_arrow(array: pa.Array | pa.ChunkedArray) -> _Column:
    kind = array.type
    if pa.types.is_null(kind):
        array = array.cast(pa.bool_())
    if pa.types.is_floating(kind):
        array = array.cast(pa.float64())
    if pa.types.is_primitive(array.type) and not pa.types.is_temporal(kind):
        return _Column(pl.Series(pl.from_arrow(array)))
    if pa.types.is_dictionary(kind):
        with suppress(pa.ArrowException):  # chunks whose words cannot be brought together
            if isinstance(array, pa.ChunkedArray):
                array = array.unify_dictionaries().combine_chunks()
            return _Column(pl.Series(pl.from_arrow(array.indices)), array.dictionary.to_pylist())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _from_arrow(array.cast(pa.large_string()).dictionary_encode())
    return _labelled(array.to_pylist())


def _labelled(values: Iterable) -> _Column:
    """Number the different values of a column of any mixture; yes and 1 and 1.0 stay apart."""
    seen: dict[tuple, tuple[int, Any]] = {}
    codes = []
    for value in values:
        try:
            code, _ = seen.setdefault((type(value), value), (len(seen), value))
        except TypeError:  # a list or a dict cannot be looked up
            code, _ = seen.setdefault((type(value), repr(value)), (len(seen), value))
        codes.append(code)
    return _Column(pl.Series(codes, dtype=pl.Int64), [value for _, value in seen.values()])


def _in_range(raw: pl.DataFrame, columns: dict[str, _Column]) -> set[str]:
    """The columns that hold nothing but answers as they are: the usual case, at the cost of one reading."""
    fine, checks = set(), []
    for name, column in columns.items():
        fact, x, dtype = FACTS[name], pl.col(name), column.values.dtype
        if column.labels is not None:
            continue
        if fact.kind is Kind.FLAG and dtype == pl.Boolean:
            fine.add(name)
        elif fact.is_numeric and dtype == pl.Int64 and fact.low == 0 and fact.high < 2**63:
            checks.append((x.reinterpret(signed=False) > fact.high).any())  # what is below 0 reads as huge
        elif fact.kind is Kind.NUMBER and dtype in (pl.Int64, pl.Float64):
            checks.append(((x < fact.low) | (x > fact.high)).any())  # NaN is above all
    return fine.union(check.name for check in raw.select(checks) if not check.item())


def _expression(fact: Fact, column: _Column, answers: list) -> pl.Expr:
    """The coded form of a column; null wherever the value is missing or no answer."""
    x, dtype, coded = pl.col(fact.name), column.values.dtype, CODED.get(fact.kind, pl.Float64)
    if column.labels is not None:
        if coded == pl.UInt8 and answers == list(range(len(answers))):
            place = x.cast(pl.UInt8, wrap_numerical=True)
            return pl.when(x >= 0).then(place) if dtype.is_signed_integer() else place
        return _looked_up(x, [None if isinstance(a, Unreadable) else a for a in answers], coded)
    if coded == pl.Boolean:
        return pl.when(x == 1).then(True).when(x == 0).then(False)
    if coded == pl.UInt8 or dtype == pl.Boolean:
        return pl.repeat(None, pl.len(), dtype=coded)
    x = x.cast(pl.Float64 if dtype.is_float() else pl.Int64, strict=False)
    possible = x.is_between(fact.low, fact.high)
    if fact.kind is Kind.COUNT and dtype.is_float():
        possible &= x == x.floor()
    return pl.when(possible).then(x)


def _looked_up(codes: pl.Expr, answers: list, dtype: type[pl.DataType]) -> pl.Expr:
    if len(answers) > 12:
        return pl.lit(pl.Series(answers, dtype=dtype)).gather(pl.when(codes >= 0).then(codes.cast(pl.UInt32)))
    out = pl  # a few comparisons are faster than a look-up
    for code, answer in enumerate(answers):
        out = out.when(codes == code).then(pl.lit(answer, dtype=dtype))
    return out if answers else pl.repeat(None, pl.len(), dtype=dtype)


def _problems_of(fact: Fact, column: _Column, answers: list, coded: pl.Series, missing: int) -> list[tuple]:
    """What is wrong in one column: every different bad word, and numbers by what is wrong with them."""
    x = column.values
    if column.labels is not None:
        bad = [code for code, answer in enumerate(answers) if isinstance(answer, Unreadable)]
        if not bad:
            return []
        wrong = x.is_in(bad)
    else:
        if coded.null_count() == missing:
            return []
        wrong = coded.is_null() & (x.is_not_nan() if x.dtype.is_float() else x.is_not_null())
    rows = wrong.arg_true()
    values = pl.DataFrame({"value": x.gather(rows), "row": rows})
    groups: dict[tuple, list] = {}
    for value, count, row in values.group_by("value").agg(pl.len(), pl.col("row").min()).sort("row").rows():
        value, answer = (
            (value, read_answer(fact, value))
            if column.labels is None
            else (column.labels[value], answers[value])
        )
        key = (answer.problem, show(value) if answer.each else "")
        if len(groups) >= MAX_VALUES_LISTED and key not in groups:
            answer, key = Unreadable(f"(and other values) {answer.problem}"), ()
        groups.setdefault(key, [0, row, value, answer.problem])[0] += count
    return [
        (fact.name, count, row, show(value), problem, _hint(fact, value))
        for count, row, value, problem in groups.values()
    ]
