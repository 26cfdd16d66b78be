"""The two doors through which cases enter: every fact column typed, with real gaps.

In memory a frame becomes one typed polars frame and every problem is listed; a lazy frame stays in its
engine, where expressions read the same spellings and count what is no answer. Behind either door null is the
only gap: what was not recorded is never NaN, never an empty text, never no.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import CasesError, SecondopError
from secondop.rules.facts import Fact, Kind
from secondop.rules.spellings import (
    Unreadable,
    chosen,
    claims,
    hint,
    is_gap,
    limits,
    read_answer,
    read_number,
    read_text,
    show,
)
from secondop.words import plural

_ONE_TYPE = ("boolean", "integer", "floating", "string", "empty")
MAX_VALUES_LISTED, MAX_LINES = 20, 50
"""Different words listed for one column, and lines of a message: a wrong column has one for every row."""
ANSWER, UNREADABLE = "_answer ", "_unreadable"
"""What the columns of the lazy door are called: names of their own, so that none of the user's is lost."""
_LAZY = {Kind.FLAG: nw.Boolean, Kind.COUNT: nw.Int64, Kind.NUMBER: nw.Float64}


class _Column(NamedTuple):
    """A column as it came: flags or numbers, or places (negative or null: none) in a list of labels."""

    values: pl.Series
    labels: list | None = None


def typed(
    cases: Any, facts: Mapping[str, Fact], codes: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[pl.DataFrame, pd.DataFrame]:
    """Bring the facts of a frame in memory to their types, and list every value that is no answer.

    Of ``facts`` (what to read by the name that its column shall have, so that any column can be read as a
    flag) the answers hold those that the frame has, null where nothing was recorded or the value is no
    answer. Problems: ``column, rows`` (how many), ``first_row`` (counted from 0), ``first_case`` (its index
    label), ``value, problem, hint``. ``codes`` say of a fact what values of its column stand for.
    """
    found, codes = claims(column_names(cases), facts), codes or {}
    answers, wrong = _read(cases, found, facts, codes)
    said = [
        (own[0], len(cases), 0, "", f"is there {len(own)} times", f"Keep one of {', '.join(map(repr, own))}.")
        for own in found.values()
        if len(own) > 1
    ]
    for key, (column, rows) in wrong.items():
        said += [
            (found[key][0], *problem)
            for problem in _problems_of(found[key][0], facts[key], column, rows, codes.get(key))
        ]
    problems = pd.DataFrame(said, columns=["column", "rows", "first_row", "value", "problem", "hint"])
    labels = cases.index if isinstance(cases, pd.DataFrame) else range(len(cases))
    places = [f"case {labels[row]}" if len(cases) else "" for row in problems["first_row"]]
    problems.insert(3, "first_case", places)
    return answers, problems


def typed_cases(cases: Any, facts: Mapping[str, Fact]) -> pl.DataFrame:
    """The answers of :func:`typed`, or one :class:`CasesError` that lists every problem."""
    answers, problems = typed(cases, facts)
    raise_problems(problems, len(cases))
    return answers


def typed_partition(cases: pd.DataFrame, facts: Mapping[str, Fact]) -> tuple[pl.DataFrame, pl.Series]:
    """The answers of :func:`typed`, and how many facts of each case hold what is no answer: none raises."""
    answers, wrong = _read(cases, claims(column_names(cases), facts), facts, {})
    counts = (rows.fill_null(False).cast(pl.Int32) for _, rows in wrong.values())
    return answers, sum(counts, pl.zeros(len(cases), pl.Int32, eager=True)).rename("unreadable")


def _read(
    cases: Any, found: dict[str, list], facts: Mapping[str, Fact], codes: Mapping[str, Mapping[str, Any]]
) -> tuple[pl.DataFrame, dict]:
    """The answers, and of each column that holds what is none the column and in which rows."""
    columns = {key: column_of(cases[own[0]], facts[key]) for key, own in found.items() if len(own) == 1}
    columns |= {key: labelled(columns[key]) for key in codes if key in columns}
    raw = pl.DataFrame({key: column.values for key, column in columns.items()})
    read, bad, wrong = {}, {}, {}
    for key, column in columns.items():
        fact, x, values = facts[key], pl.col(key), raw[key]
        if column.labels is not None:
            said = dict(enumerate(read_answer(fact, label, codes.get(key)) for label in column.labels))
            bad[key] = [place for place, answer in said.items() if isinstance(answer, Unreadable)]
            known = {place: answer for place, answer in said.items() if fact.accepts(answer)}
            if len(known) > 12:
                read[key] = x.replace_strict(known, default=None, return_dtype=fact.dtype)
            else:
                read[key] = chosen(x, known, fact.dtype, pl)
        elif values.dtype != fact.dtype or (fact.is_numeric and not values.is_between(*limits(fact)).all()):
            no_number = values.dtype == pl.Boolean and fact.kind is not Kind.FLAG
            read[key] = (pl.lit(None) if no_number else read_number(fact, x, pl)).cast(fact.dtype)
    answers = raw.with_columns(**read)
    for key in read:
        values, labels = columns[key]
        recorded = values.is_not_nan() if values.dtype.is_float() else values.is_not_null()
        rows = values.is_in(bad[key]) if labels is not None else answers[key].is_null() & recorded
        if rows.any():
            wrong[key] = columns[key], rows
    return answers, wrong


def column_of(column: Any, fact: Fact | None = None) -> _Column:
    """A column of any kind of frame, without a copy wherever that can be."""
    if isinstance(column, pd.Series):
        return _of_pandas(column)
    if isinstance(column, pl.Series):
        dtype = column.dtype
        if (
            (fact is not None and dtype == fact.dtype)
            or dtype == pl.Boolean
            or dtype.is_integer()
            or dtype.is_float()
        ):
            return _Column(column)
        if dtype == pl.Object:
            return _numbered(column.to_list())
        column = column.to_arrow()
    return _of_arrow(column)


def labelled(column: _Column) -> _Column:
    """Flags or numbers as places in the list of those that are different."""
    if column.labels is not None:
        return column
    values = column.values.cast(pl.String) if column.values.dtype == pl.Enum else column.values
    values = values.fill_nan(None) if values.dtype.is_float() else values
    labels = values.drop_nulls().unique(maintain_order=True)
    places = values.replace_strict(labels, range(len(labels)), default=None, return_dtype=pl.Int64)
    return _Column(places, labels.to_list())


def _of_pandas(series: pd.Series) -> _Column:
    dtype, array = series.dtype, series.array
    if isinstance(dtype, pd.CategoricalDtype):
        return _Column(pl.Series(array.codes), dtype.categories.tolist())
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return _Column(pl.Series(series.to_numpy()))
    if isinstance(dtype, pd.BooleanDtype):
        # its bytes and its mask as they lie: every public way of asking costs ten times as much
        answer, gap = array._data.view("uint8"), array._mask.view("uint8")
        return _Column(pl.Series(answer | (gap << 1)), [False, True, None, None])
    # pyarrow reads [1.5, True] as numbers: objects take its short cut only where all are of one type
    if not pd.api.types.is_object_dtype(dtype) or pd.api.types.infer_dtype(series) in _ONE_TYPE:
        with suppress(pa.ArrowException, OverflowError, UnicodeError):
            return _of_arrow(pa.array(series))
    return _numbered(series.tolist())


def _of_arrow(array: pa.Array | pa.ChunkedArray) -> _Column:
    if pa.types.is_primitive(array.type) and not pa.types.is_temporal(array.type):
        return _Column(pl.Series(array))
    with suppress(pa.ArrowException):  # nested values make no list of labels
        array = array.dictionary_encode()
        if isinstance(array, pa.ChunkedArray):
            array = array.unify_dictionaries().combine_chunks()
        return _Column(pl.Series(array.indices), array.dictionary.to_pylist())
    return _numbered(array.to_pylist())


def _numbered(values: list) -> _Column:
    """Number the different values of a column of any mixture; yes and 1 and 1.0 stay apart."""
    keys = [(type(value), value if isinstance(value, (str, int, float)) else repr(value)) for value in values]
    labels = dict(zip(keys, values, strict=True))
    places = {key: place for place, key in enumerate(labels)}
    return _Column(pl.Series([places[key] for key in keys], dtype=pl.Int64), list(labels.values()))


def _problems_of(
    name: Any, fact: Fact, column: _Column, rows: pl.Series, codes: Mapping[str, Any] | None
) -> list[tuple]:
    """What is wrong in one column: every different bad word, and numbers by what is wrong with them."""
    values = pl.DataFrame({"value": column.values}).with_row_index("row").filter(rows)
    groups: dict[tuple, list] = {}
    for value, count, row in values.group_by("value").agg(pl.len(), pl.col("row").min()).sort("row").rows():
        value = value if column.labels is None else column.labels[value]
        problem, each, advice = read_answer(fact, value, codes)
        advice = hint(fact, value, name) if advice is None else advice
        key = problem, show(value) if each else ""
        if len(groups) >= MAX_VALUES_LISTED and key not in groups:
            problem, key = f"(and other values) {problem}", ()
        groups.setdefault(key, [0, row, value, problem, advice])[0] += count
    return [(n, row, show(value), problem, advice) for n, row, value, problem, advice in groups.values()]


def raise_problems(problems: pd.DataFrame, n_cases: int, where: str = "") -> None:
    """Raise a :class:`CasesError` that lists the problems, if there are any."""
    if problems.empty:
        return
    lines = [f"{plural(int(problems['rows'].sum()), 'problem')} in {plural(n_cases, 'case')}{where}:"]
    for row in problems.head(MAX_LINES).itertuples():
        place = f"  column {row.column!r}, {plural(row.rows, 'row')} (first: {row.first_case}):"
        lines.append(f"{place} {f'{row.value} {row.problem}'.strip()}. {row.hint}".rstrip())
    if len(problems) > MAX_LINES:
        lines.append(f"  ... and {len(problems) - MAX_LINES} more: all are in the error's .problems.")
    lines.append(
        "A fact that was not recorded may be left empty: it counts as unknown, not as no. Your own words and "
        "codes: read_cases(..., values=, unknown=), or a file that mapping_template(...) writes."
    )
    raise CasesError("\n".join(lines), problems)


def any_frame(cases: Any, said: str) -> nw.DataFrame | nw.LazyFrame:
    """A frame of any engine; what is none is refused as ``said``, and so are columns of one name."""
    try:
        return nw.from_native(cases)
    except TypeError as error:
        raise SecondopError(said) from error
    except nw.exceptions.DuplicateError as error:
        names = list(getattr(cases, "column_names", cases.columns))
        twice = sorted({repr(name) for name in names if names.count(name) > 1})
        raise SecondopError(
            f"More than one column is named {', '.join(twice)}. Give each its own name."
        ) from error


def column_names(cases: Any) -> list:
    """The names of the columns of a frame in memory; anything else is refused."""
    if isinstance(cases, pa.Table):
        return cases.column_names
    if isinstance(cases, (pd.DataFrame, pl.DataFrame)):
        return list(cases.columns)
    raise SecondopError(
        "Cases are one row each in a pandas DataFrame, a polars DataFrame or a pyarrow Table; got "
        f"{type(cases).__module__}.{type(cases).__name__}. Collect what is lazy; "
        "of rows, make a pandas.DataFrame."
    )


def typed_lazily(frame: nw.LazyFrame, facts: Mapping[str, Fact]) -> nw.LazyFrame:
    """Read the facts of a lazy frame (polars lazy, DuckDB or PySpark) by expressions that its engine runs.

    To the frame comes for every fact, whether it has a column or not, one named :data:`ANSWER` and the fact:
    boolean, canonical text, Int64 or Float64. And :data:`UNREADABLE`: how many facts of a case hold what is
    no answer and no spelling of a gap; they are null.
    """
    schema = frame.collect_schema()
    found = claims(schema.names(), facts)
    if twice := [" and ".join(map(repr, own)) for own in found.values() if len(own) > 1]:
        raise SecondopError(
            f"More than one column states the same fact: {'; '.join(twice)}. Keep one of them."
        )
    answers = {ANSWER + key: nw.lit(None, dtype=_LAZY.get(f.kind, nw.String)) for key, f in facts.items()}
    unreadable = nw.lit(0)
    for key, (own,) in found.items():
        fact, x, dtype, name = facts[key], nw.col(own), schema[own], ANSWER + key
        wrong = nw.col(name).is_null() & ~x.is_null()
        if dtype == (nw.Enum(fact.levels) if fact.has_levels else nw.Boolean) and not fact.is_numeric:
            answers[name] = x
        elif dtype in (nw.String, nw.Categorical, nw.Enum):
            answers[name] = read_text(fact, x.cast(nw.String))
            wrong = ~is_gap(nw.when(wrong).then(x.cast(nw.String)))
        elif dtype.is_numeric():
            answers[name] = read_number(fact, x.cast(nw.Float64) if dtype == nw.Decimal else x, nw)
            wrong = wrong & ~x.is_nan() if dtype.is_float() else wrong
        unreadable = unreadable + nw.when(wrong).then(nw.lit(1)).otherwise(nw.lit(0))
    # what stands in a column is read once, not wherever an expression speaks of it
    frame = frame.with_columns(**answers) if answers else frame
    return frame.with_columns(**{UNREADABLE: unreadable})
