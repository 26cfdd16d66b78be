"""The two doors through which cases enter, and behind which null is the only gap: never NaN, never no.

In memory a frame becomes one typed polars frame and every problem is listed; a lazy frame stays in its
engine, where expressions read the same spellings and count what is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import CasesError, SecondopError
from secondop.rules import spellings
from secondop.rules.facts import Fact, Kind
from secondop.rules.spellings import Unreadable, chosen, claims, hint, limits, read_answer, show
from secondop.words import plural

IN_MEMORY = (pd.DataFrame, pl.DataFrame, pa.Table)
_ONE_TYPE = ("boolean", "integer", "floating", "string", "empty")
MAX_VALUES_LISTED, MAX_LINES = 20, 50
"""Different words listed for one column, and lines of a message: a wrong column has one for every row."""
ANSWER, UNREADABLE = "_answer ", "_unreadable"
"""What the columns of the lazy door are called: names of their own, so that none of the user's is lost."""
_LAZY = {Kind.FLAG: nw.Boolean, Kind.COUNT: nw.Int64, Kind.NUMBER: nw.Float64}
Codes = Mapping[str, Mapping[str, Any]]  # by fact: what values of its column, as codes, stand for
Places = Callable[[list[int]], list[str]]  # rows to where they stand, in words


class Problem(NamedTuple):
    """What is wrong in so many rows, and where first; or what is doubtful, or left aside."""

    column: Any = ""
    rows: int = 0
    first_row: int = 0
    first_case: str = ""
    value: str = ""
    problem: str = ""
    hint: str = ""

    def __str__(self) -> str:
        named = f"column {self.column!r}:" if self.column != "" else "" if self.rows else self.first_case
        return " ".join(filter(None, [named, self.value, f"{self.problem}.", self.hint]))


class _Column(NamedTuple):
    """A column as it came: flags or numbers, or places (negative or null: none) in a list of labels."""

    values: pl.Series
    labels: list | None = None

    def each(self, answers: Any) -> pl.Series:
        """For every row what stands in a list of answers, one for each label."""
        places = self.values.cast(pl.Int64)
        return pl.Series(answers).gather(places.set(places < 0, None))


def typed(
    cases: Any, facts: Mapping[str, Fact], codes: Codes | None = None, places: Places | None = None
) -> tuple[pl.DataFrame, pd.DataFrame]:
    """Those facts that a frame in memory has, in their types, and a table of each :class:`Problem`.

    ``facts``: what to read by the name that its column shall have, so that any column can be read as a flag.
    """
    found, said = claims(column_names(cases), facts), []
    answers, wrong = _read(cases, found, facts, codes or {})
    for several in (own for own in found.values() if len(own) > 1):
        what, advice = f"is there {len(several)} times", f"Keep one of {str(several)[1:-1]}."
        said.append(Problem(several[0], len(cases), 0, "", "", what, advice))
    for key, found_wrong in wrong.items():
        said += _problems_of(found[key][0], facts[key], *found_wrong)
    problems = pd.DataFrame(said, columns=Problem._fields)
    problems["first_case"] = (places or places_in(cases))(problems["first_row"].tolist())
    return answers, problems


def typed_cases(cases: Any, facts: Mapping[str, Fact]) -> pl.DataFrame:
    """The answers of :func:`typed`, or one :class:`CasesError` that lists every problem."""
    answers, problems = typed(cases, facts)
    raise_problems(problems, len(cases))
    return answers


def typed_partition(cases: pd.DataFrame, facts: Mapping[str, Fact]) -> tuple[pl.DataFrame, pl.Series]:
    """The answers of :func:`typed`, and how many facts of each case hold what is no answer: none raises."""
    answers, wrong = _read(cases, _claimed_once(column_names(cases), facts), facts, {})
    counts = (rows.fill_null(False).cast(pl.Int32) for *_, rows in wrong.values())
    return answers, sum(counts, pl.zeros(len(cases), pl.Int32, eager=True)).rename("unreadable")


def places_in(cases: Any) -> Places:
    """Rows of a frame by their labels."""
    labels = cases.index if isinstance(cases, pd.DataFrame) else range(len(cases))
    return lambda rows: [f"case {labels[row]}" if len(labels) else "" for row in rows]


def _read(cases: Any, found: dict[str, list], facts: Mapping[str, Fact], codes: Codes) -> tuple:
    """The answers, and of each column that holds what is none: its labels, what they say, and which rows."""
    columns, read, wrong = {}, {}, {}
    for key, (name, *more) in found.items():
        if more:
            continue
        fact, column = facts[key], column_of(cases[name], facts[key].dtype)
        fits = column.labels is None and column.values.dtype == fact.dtype and key not in codes
        if not fits or (fact.is_numeric and not column.values.is_between(*limits(fact)).all()):
            column = labelled(column)
            said = dict(enumerate(read_answer(fact, label, codes.get(key)) for label in column.labels))
            known = {place: answer for place, answer in said.items() if fact.accepts(answer)}
            if len(known) > 12:
                read[key] = pl.col(key).replace_strict(known, default=None, return_dtype=fact.dtype)
            else:
                read[key] = chosen(pl.col(key), known, fact.dtype, pl)
            bad = {place: answer for place, answer in said.items() if isinstance(answer, Unreadable)}
            if bad and (rows := column.values.is_in([*bad])).any():
                wrong[key] = column, bad, rows
        columns[key] = column.values
    return pl.DataFrame(columns).with_columns(**read), wrong


def column_of(column: Any, kept: pl.DataType | None = None) -> _Column:
    """A column of any kind of frame, without a copy where that can be; as it is if of type ``kept``."""
    if isinstance(column, pl.Series):
        dtype = column.dtype
        if dtype.is_integer() or dtype.is_float() or dtype in (pl.Boolean, kept):
            return _Column(column)
        column = column if dtype == pl.Object else column.to_arrow()
    elif isinstance(column, pd.Series):
        dtype, array = column.dtype, column.array
        if isinstance(dtype, pd.CategoricalDtype):
            return _Column(pl.Series(array.codes), dtype.categories.tolist())
        if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
            return _Column(pl.Series(column.to_numpy()))
        if isinstance(dtype, pd.BooleanDtype):
            # its bytes and its mask as they lie: every public way of asking costs ten times as much
            answer, gap = array._data.view("uint8"), array._mask.view("uint8")
            return _Column(pl.Series(answer | (gap << 1)), [False, True, None, None])
        # pyarrow reads [1.5, True] as numbers: objects take its short cut only where all are of one type
        if not pd.api.types.is_object_dtype(dtype) or pd.api.types.infer_dtype(column) in _ONE_TYPE:
            with suppress(pa.ArrowException, OverflowError, UnicodeError):
                column = pa.array(column)
    if isinstance(column, (pa.Array, pa.ChunkedArray)):
        if pa.types.is_primitive(column.type) and not pa.types.is_temporal(column.type):
            return _Column(pl.Series(column))
        with suppress(pa.ArrowException):  # nested values make no list of labels
            column = column.dictionary_encode()
            if isinstance(column, pa.ChunkedArray):
                column = column.unify_dictionaries().combine_chunks()
            return _Column(pl.Series(column.indices), column.dictionary.to_pylist())
    values = column.to_list() if isinstance(column, (pd.Series, pl.Series)) else column.to_pylist()
    # the different values of any mixture are numbered; yes and 1 and 1.0 stay apart
    keys = [(type(value), value if isinstance(value, (str, int, float)) else repr(value)) for value in values]
    labels = dict(zip(keys, values, strict=True))
    at = {key: place for place, key in enumerate(labels)}
    return _Column(pl.Series([at[key] for key in keys], dtype=pl.Int64), list(labels.values()))


def labelled(column: _Column) -> _Column:
    """Flags or numbers as places in the list of those that are different."""
    if column.labels is not None:
        return column
    values = column.values.cast(pl.String) if column.values.dtype == pl.Enum else column.values
    values = values.fill_nan(None) if values.dtype.is_float() else values
    labels = values.drop_nulls().unique(maintain_order=True)
    places = values.replace_strict(labels, range(len(labels)), default=None, return_dtype=pl.Int64)
    return _Column(places, labels.to_list())


def put(frame: Any, columns: Mapping[Any, pl.Series], ordered: Collection[str] = ()) -> Any:
    """The frame with these columns in place of its own, in the kind that it came in; nothing else differs."""
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(**columns)
    frame = frame.copy(deep=False) if isinstance(frame, pd.DataFrame) else frame
    for name, series in columns.items():
        column = series.to_arrow()
        if series.dtype == pl.Enum:
            levels = pa.array(series.dtype.categories, pa.string())
            places = series.to_physical().cast(pl.Int8 if len(levels) < 128 else pl.Int32).to_arrow()
            column = pa.DictionaryArray.from_arrays(places, levels, ordered=name in ordered)
        if isinstance(frame, pa.Table):
            frame = frame.set_column(frame.schema.get_field_index(name), name, column)
        else:  # levels become a category
            category = series.dtype == pl.Enum
            frame[name] = column.to_pandas().array if category else pd.arrays.ArrowExtensionArray(column)
    return frame


def _problems_of(name: Any, fact: Fact, column: _Column, bad: dict, rows: pl.Series) -> list[Problem]:
    """What is wrong in one column: every different bad word, and numbers by what is wrong with them."""
    found: dict[tuple, Problem] = {}
    places = pl.DataFrame({"place": column.values}).with_row_index("row").filter(rows).group_by("place")
    for place, count, row in places.agg(pl.len(), pl.col("row").min()).sort("row").rows():
        value, (problem, each, known) = column.labels[place], bad[place]
        key = problem, show(value) if each else ""
        if len(found) >= MAX_VALUES_LISTED and key not in found:
            problem, key = f"(and other values) {problem}", ()
        first = Problem(name, 0, row, "", show(value), problem, hint(fact, value, name, known))
        first = found.get(key, first)
        found[key] = first._replace(rows=first.rows + count)
    return list(found.values())


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
        twice = ", ".join(sorted({repr(name) for name in names if names.count(name) > 1}))
        raise SecondopError(f"More than one column is named {twice}. Give each its own name.") from error


def _claimed_once(names: list, facts: Mapping[str, Fact]) -> dict[str, list]:
    """The one column of every fact that has any; more are refused at once where no cases are at hand."""
    found = claims(names, facts)
    if twice := [" and ".join(map(repr, own)) for own in found.values() if len(own) > 1]:
        raise SecondopError(f"More than one column states the same fact: {'; '.join(twice)}. Keep one.")
    return found


def column_names(cases: Any) -> list:
    """The names of the columns of a frame in memory; anything else is refused."""
    if isinstance(cases, IN_MEMORY):
        return list(cases.column_names if isinstance(cases, pa.Table) else cases.columns)
    raise SecondopError(
        "Cases are one row each in a pandas DataFrame, a polars DataFrame or a pyarrow Table; got "
        f"{type(cases).__module__}.{type(cases).__name__}. Collect what is lazy; of rows, make a frame."
    )


def typed_lazily(frame: nw.LazyFrame, facts: Mapping[str, Fact]) -> nw.LazyFrame:
    """Read the facts of a lazy frame (polars lazy, DuckDB or PySpark) by expressions that its engine runs.

    For every fact, whether it has a column or not, comes one named :data:`ANSWER` and the fact: boolean,
    canonical text, Int64 or Float64; and :data:`UNREADABLE`: how many hold what is no answer and no gap.
    """
    schema = frame.collect_schema()
    found = _claimed_once(schema.names(), facts)
    answers = {ANSWER + key: nw.lit(None, dtype=_LAZY.get(f.kind, nw.String)) for key, f in facts.items()}
    unreadable = nw.lit(0)
    for key, (own,) in found.items():
        fact, x, dtype, name = facts[key], nw.col(own), schema[own], ANSWER + key
        wrong = nw.col(name).is_null() & ~x.is_null()
        if dtype == (nw.Enum(fact.levels) if fact.has_levels else nw.Boolean) and not fact.is_numeric:
            answers[name] = x
        elif dtype in (nw.String, nw.Categorical, nw.Enum):
            answers[name] = spellings.read_text(fact, x.cast(nw.String))
            wrong = ~spellings.is_gap(nw.when(wrong).then(x.cast(nw.String)))
        elif dtype.is_numeric():
            answers[name] = spellings.read_number(fact, x.cast(nw.Float64) if dtype == nw.Decimal else x, nw)
            wrong = wrong & ~x.is_nan() if dtype.is_float() else wrong
        unreadable = unreadable + nw.when(wrong).then(nw.lit(1)).otherwise(nw.lit(0))
    # what stands in a column is read once, not wherever an expression speaks of it
    frame = frame.with_columns(**answers) if answers else frame
    return frame.with_columns(**{UNREADABLE: unreadable})
