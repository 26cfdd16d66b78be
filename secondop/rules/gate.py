"""The two doors through which cases enter: every fact column typed, with real gaps.

In memory a frame becomes one typed polars frame and every problem is listed; a lazy frame stays in its
engine, where expressions read the same spellings and count what is no answer. Behind either door null is the
only gap: what was not recorded is never NaN, never an empty text, never no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from secondop.errors import CasesError, SecondopError
from secondop.rules.facts import Fact, Kind
from secondop.rules.spellings import (
    GAP,
    NO,
    NOT_RECORDED,
    NUMBER,
    TRIMMED,
    YES,
    Unreadable,
    claims,
    hint,
    limits,
    read_answer,
    show,
)
from secondop.words import plural

MAX_VALUES_LISTED, MAX_LINES = 20, 50
"""Different words listed for one column, and lines of a message: a wrong column has one for every row."""
ANSWER, UNREADABLE = "_answer ", "_unreadable"
"""What the columns of the lazy door are called: names of their own, so that none of the user's is lost."""
_LAZY = {Kind.FLAG: nw.Boolean, Kind.COUNT: nw.Int64, Kind.NUMBER: nw.Float64}


class _Column(NamedTuple):
    """A column as it came: flags or numbers, or places (negative or null: none) in a list of labels."""

    values: pl.Series
    labels: list | None = None


def typed(cases: Any, facts: Mapping[str, Fact]) -> tuple[pl.DataFrame, pd.DataFrame]:
    """Bring the facts of a frame in memory to their types, and list every value that is no answer.

    ``cases`` is a pandas or polars frame or a pyarrow table, and not altered; ``facts`` says what to read by
    the name that its column shall have, so that any column of the user's can be read as a flag.

    Returns
    -------
    answers : polars.DataFrame
        One column a fact that the frame has, in the order of ``facts``, rows as they came; null where nothing
        was recorded or the value is no answer. Without facts, no row.
    problems : pandas.DataFrame
        One problem a row: ``column, rows`` (how many), ``first_row`` (counted from 0), ``first_case`` (its
        index label), ``value, problem, hint``.
    """
    found = claims(column_names(cases), facts)
    answers, wrong = _read(cases, found, facts)
    said = []
    for own in found.values():
        if len(own) > 1:
            advice = f"Keep one of {', '.join(map(repr, own))}."
            said.append((own[0], len(cases), 0, "", f"is there {len(own)} times", advice))
    for key, (column, rows) in wrong.items():
        said += [(found[key][0], *problem) for problem in _problems_of(facts[key], column, rows)]
    labels = cases.index if isinstance(cases, pd.DataFrame) else range(len(cases))
    problems = pd.DataFrame(said, columns=["column", "rows", "first_row", "value", "problem", "hint"])
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
    answers, wrong = _read(cases, claims(column_names(cases), facts), facts)
    counts = (rows.fill_null(False).cast(pl.Int32) for _, rows in wrong.values())
    return answers, sum(counts, pl.zeros(len(cases), pl.Int32, eager=True)).rename("unreadable")


def _read(cases: Any, found: dict[str, list], facts: Mapping[str, Fact]) -> tuple[pl.DataFrame, dict]:
    """The answers, and of each column that holds what is none the column and in which rows."""
    columns = {key: _taken(cases[own[0]], facts[key]) for key, own in found.items() if len(own) == 1}
    raw = pl.DataFrame({key: column.values for key, column in columns.items()})
    nans = {count.name: count.item() for count in raw.select(cs.float().is_nan().sum())}
    said = {key: [read_answer(facts[key], label) for label in c.labels or ()] for key, c in columns.items()}
    answers = raw.with_columns(**{k: _answer(facts[k], k, c, said[k]) for k, c in columns.items()})
    wrong = {}
    for key, column in columns.items():
        bad = [place for place, answer in enumerate(said[key]) if isinstance(answer, Unreadable)]
        if bad:
            wrong[key] = column, raw[key].is_in(bad)
        elif column.labels is None and answers[key].null_count() > raw[key].null_count() + nans.get(key, 0):
            recorded = raw[key].cast(pl.Float64).fill_nan(None).is_not_null()
            wrong[key] = column, answers[key].is_null() & recorded
    return answers, wrong


def _taken(column: Any, fact: Fact) -> _Column:
    """A column of any kind of frame, without a copy wherever that can be."""
    if isinstance(column, pd.Series):
        column = _of_pandas(column)
    if isinstance(column, pl.Series):
        dtype = column.dtype
        if dtype == fact.dtype or dtype == pl.Boolean or dtype.is_integer() or dtype.is_float():
            return _Column(column)
        column = (column.cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else column).to_arrow()
    return column if isinstance(column, _Column) else _of_arrow(column)


def _of_pandas(series: pd.Series) -> _Column | pl.Series | pa.Array | pa.ChunkedArray:
    dtype, array = series.dtype, series.array
    if isinstance(dtype, pd.CategoricalDtype):
        return _Column(pl.Series(array.codes), dtype.categories.tolist())
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return pl.Series(series.to_numpy())
    if isinstance(dtype, pd.BooleanDtype):
        # its bytes and its mask as they lie: every public way of asking costs ten times as much
        answer, gap = array._data.view("uint8"), array._mask.view("uint8")
        return _Column(pl.Series(answer | (gap << 1)), [False, True, None, None])
    # pyarrow reads [1.5, True] as numbers: objects take its short cut only where all are of one type
    one_type = ("boolean", "integer", "floating", "string", "empty")
    if not pd.api.types.is_object_dtype(dtype) or pd.api.types.infer_dtype(series) in one_type:
        with suppress(pa.ArrowException, OverflowError, UnicodeError):
            return pa.array(series)
    return _labelled(series.astype(object))


def _of_arrow(array: pa.Array | pa.ChunkedArray) -> _Column:
    if pa.types.is_primitive(array.type) and not pa.types.is_temporal(array.type):
        return _Column(pl.Series(pl.from_arrow(array)))
    with suppress(pa.ArrowException):  # nested values make no list of labels
        array = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        if isinstance(array, pa.ChunkedArray):
            array = array.unify_dictionaries().combine_chunks()
        return _Column(pl.Series(pl.from_arrow(array.indices)), array.dictionary.to_pylist())
    return _labelled(array.to_pylist())


def _labelled(values: Iterable) -> _Column:
    """Number the different values of a column of any mixture; yes and 1 and 1.0 stay apart."""
    values = list(values)
    keys = [(type(value), value if isinstance(value, (str, int, float)) else repr(value)) for value in values]
    labels = dict(zip(keys, values, strict=True))
    places = {key: place for place, key in enumerate(labels)}
    return _Column(pl.Series([places[key] for key in keys], dtype=pl.Int64), list(labels.values()))


def _answer(fact: Fact, key: str, column: _Column, said: list) -> pl.Expr:
    """The answers of one column; null wherever the value is missing or no answer."""
    x, dtype = pl.col(key), column.values.dtype
    if column.labels is not None:
        known = {i: a for i, a in enumerate(said) if a is not None and not isinstance(a, Unreadable)}
        if len(known) > 12:
            return x.replace_strict(known, default=None, return_dtype=fact.dtype)
        answer = pl.lit(None, fact.dtype)
        for place, level in known.items():  # a few comparisons are faster than a look-up
            answer = pl.when(x == place).then(pl.lit(level, fact.dtype)).otherwise(answer)
        return answer
    if dtype == fact.dtype and (not fact.is_numeric or column.values.is_between(*limits(fact)).all()):
        return x
    return pl.lit(None, fact.dtype) if dtype == pl.Boolean else _of_number(fact, x, pl).cast(fact.dtype)


def _problems_of(fact: Fact, column: _Column, wrong: pl.Series) -> list[tuple]:
    """What is wrong in one column: every different bad word, and numbers by what is wrong with them."""
    rows = wrong.arg_true()
    values = pl.DataFrame({"value": column.values.gather(rows), "row": rows})
    groups: dict[tuple, list] = {}
    for value, count, row in values.group_by("value").agg(pl.len(), pl.col("row").min()).sort("row").rows():
        value = value if column.labels is None else column.labels[value]
        answer = read_answer(fact, value)
        key = (answer.problem, show(value) if answer.each else "")
        if len(groups) >= MAX_VALUES_LISTED and key not in groups:
            answer, key = Unreadable(f"(and other values) {answer.problem}"), ()
        groups.setdefault(key, [0, row, value, answer.problem])[0] += count
    return [(n, row, show(value), problem, hint(fact, value)) for n, row, value, problem in groups.values()]


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
    lines.append("A fact that was not recorded may be left empty: it counts as unknown, not as no.")
    raise CasesError("\n".join(lines), problems)


def column_names(cases: Any) -> list:
    """The names of the columns of a frame in memory; anything else is refused."""
    if isinstance(cases, pa.Table):
        return cases.column_names
    if isinstance(cases, (pd.DataFrame, pl.DataFrame)):
        return list(cases.columns)
    raise SecondopError(
        "Cases are one row each in a pandas DataFrame, a polars DataFrame or a pyarrow Table; got "
        f"{type(cases).__module__}.{type(cases).__name__}. Collect what is lazy: only assess takes it so."
    )


def typed_lazily(frame: nw.LazyFrame, facts: Mapping[str, Fact]) -> tuple[nw.LazyFrame, dict[str, str]]:
    """Read the facts of a lazy frame (polars lazy, DuckDB or PySpark) by expressions that its engine runs.

    Returns
    -------
    narwhals.LazyFrame
        The frame and for every fact a typed column, named :data:`ANSWER` and the fact, empty where it has
        none: boolean, canonical text, Int64 or Float64; null is the only gap. And :data:`UNREADABLE`: how
        many facts of a case hold what is no answer and no spelling of a gap; they are null.
    """
    schema = frame.collect_schema()
    found = claims(schema.names(), facts)
    if twice := [" and ".join(map(repr, own)) for own in found.values() if len(own) > 1]:
        raise SecondopError(
            f"More than one column states the same fact: {'; '.join(twice)}. Keep one of them."
        )
    answers = {ANSWER + key: nw.lit(None, dtype=_LAZY.get(f.kind, nw.String)) for key, f in facts.items()}
    numbers, unreadable = {}, nw.lit(0)
    for key, (own,) in found.items():
        fact, x, dtype, name = facts[key], nw.col(own), schema[own], ANSWER + key
        wrong = nw.col(name).is_null() & ~x.is_null()
        if not fact.is_numeric and dtype == (nw.Enum(fact.levels) if fact.has_levels else nw.Boolean):
            answers[name] = x
            continue
        if dtype in (nw.String, nw.Categorical, nw.Enum):
            x = x.cast(nw.String)
            if fact.is_numeric:  # a bare cast of a word would abort the query
                text = x.str.replace_all(TRIMMED, "")
                numbers[name] = nw.when(text.str.contains(NUMBER)).then(text).cast(nw.Float64)
            answers[name] = _of_number(fact, nw.col(name), nw) if fact.is_numeric else _of_word(fact, x)
            wrong = ~_normalised_lazily(nw.when(wrong).then(x)).is_in(NOT_RECORDED)
        elif dtype.is_numeric():
            answers[name] = _of_number(fact, x.cast(nw.Float64) if dtype == nw.Decimal else x, nw)
            wrong = wrong & ~x.is_nan() if dtype.is_float() else wrong
        unreadable = unreadable + nw.when(wrong).then(nw.lit(1)).otherwise(nw.lit(0))
    # one after the other: an engine repeats what stands within an expression, not what stands in a column
    for step in (numbers, answers, {UNREADABLE: unreadable}):
        frame = frame.with_columns(**step) if step else frame
    return frame


def _normalised_lazily(text: nw.Expr) -> nw.Expr:
    return text.str.replace_all(TRIMMED, "").str.to_lowercase().str.replace_all(GAP, "_")


def _of_word(fact: Fact, x: nw.Expr) -> nw.Expr:
    """What a word says of a flag or of a fact with levels; only unusual ones are normalised: that is slow."""
    usual = x.str.to_lowercase()
    known = usual.is_in(fact.levels or YES + NO)
    word = nw.when(known).then(usual).otherwise(_normalised_lazily(nw.when(~known).then(x)))
    if fact.has_levels:
        return nw.when(word.is_in(fact.levels)).then(word)
    return nw.when(word.is_in(YES)).then(nw.lit(True)).otherwise(nw.when(word.is_in(NO)).then(nw.lit(False)))


def _of_number(fact: Fact, x: Any, lib: Any) -> Any:
    """What a number says of a fact, in polars or narwhals; NaN and infinity lie within no range."""
    if fact.kind is Kind.FLAG:
        return lib.when((x == 1) | (x == 0)).then(x == 1)
    low, high = (-999, 999) if fact.has_levels else limits(fact)
    x = lib.when(x.is_between(low, high)).then(x)
    if fact.kind is Kind.NUMBER:
        return x.cast(lib.Float64)
    whole = x.cast(lib.Int64)  # engines round or cut: only what is whole stays the same
    whole = lib.when(whole == x).then(whole)
    level = whole.cast(lib.String)  # levels may be written in digits
    return lib.when(level.is_in(fact.levels)).then(level) if fact.has_levels else whole
