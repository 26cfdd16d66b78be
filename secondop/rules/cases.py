"""Cases in: read from a file or a frame, checked, and brought to their declared kinds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.rules.facts import Fact, Kind
from secondop.rules.files import read_file
from secondop.rules.gate import column_names, raise_problems, typed
from secondop.rules.rulebook import RuleBook
from secondop.rules.spellings import claims, near_misses, no_fact, warn_of_near_misses

RuleBooks = RuleBook | Sequence[RuleBook]


class MissingFactsWarning(UserWarning):
    """Facts that have no column: they are unknown in every case."""


def read_cases(source: Any, *, columns: Mapping[str, str] | None = None, rule_book: RuleBooks) -> Any:
    """Read cases: every fact brought to its declared kind, everything else kept as it is.

    Yes and no may be written yes/no, y/n, true/false, t/f or 1/0; levels and names of columns in any case,
    with blanks or hyphens; a fact that was not recorded may be empty, NA, N/A, NaN, null, unknown, not
    recorded, not known, missing, ``?`` or ``.``: it counts as unknown, not as no. Nothing given is altered.

    Parameters
    ----------
    source : path or DataFrame
        A CSV or TSV file (also ``.gz``) in UTF-8, separated by commas, semicolons or tabs, a parquet file, or
        a pandas, polars or pyarrow frame; one case a row.
    columns : mapping, optional
        Your column names to names of facts, such as ``{"Geschlecht": "sex"}``.
    rule_book : RuleBook or list of RuleBook
        Whose facts to read; of several, the facts of all.

    Returns
    -------
    pandas.DataFrame, or the kind of frame given
        Facts under their names in the rule book, in pandas as ``bool[pyarrow]``, ``int64[pyarrow]``,
        ``double[pyarrow]`` and ``category``. Extra columns are kept; those of a text file become numbers or
        True/False only where that loses nothing ('007' stays text).

    Raises
    ------
    CasesError
        If a value is no answer to its fact: all problems at once.

    Warns
    -----
    NearMissWarning, MissingFactsWarning
        Naming columns that are not read although they are almost named as a fact; facts without a column.
    """
    frame, answers, problems, where, facts = _read(source, columns, rule_book)
    raise_problems(problems, len(frame), where)
    warn_of_near_misses(column_names(frame), facts)
    if missing := [name for name in facts if name not in answers.columns]:
        said = f"{len(missing)} of {len(facts)} facts have no column and are unknown in every case"
        warnings.warn(f"{said}: {', '.join(missing)}.", MissingFactsWarning, stacklevel=2)
    return _declared(frame, answers, facts)


def check_cases(
    source: Any, *, columns: Mapping[str, str] | None = None, rule_book: RuleBooks
) -> pd.DataFrame:
    """Every problem that :func:`read_cases` would raise or warn of, as a table; empty if there is none.

    Returns
    -------
    pandas.DataFrame
        One problem a row: ``column, rows`` (how many have it), ``first_row`` (counted from 0), ``first_case``
        (its label in the frame, or line in the file), ``value, problem, hint``. Columns that are not read
        although their name is almost that of a fact come first.
    """
    frame, _, problems, _, facts = _read(source, columns, rule_book)
    near = near_misses(column_names(frame), facts)
    misread = (len(frame), 0, "", "", "is not read as a fact")
    rows = [(name, *misread, f"Did you mean {fact!r}?") for name, fact in near.items()]
    return pd.DataFrame([*rows, *problems.itertuples(index=False)], columns=problems.columns)


def facts_table(rule_book: RuleBooks) -> pd.DataFrame:
    """Every fact, one a row: what it is called, what it asks and what answers it takes."""
    wanted = ["name", "topic", "kind", "expects", "question", "term", "use"]
    rows = [{**vars(f), "kind": str(f.kind), "expects": f.expects()} for f in facts_of(rule_book).values()]
    return pd.DataFrame(rows, columns=wanted)


def facts_of(rule_book: RuleBooks) -> dict[str, Fact]:
    """The facts of a rule book, or of several together; one name with two meanings is refused."""
    facts: dict[str, tuple[Fact, str]] = {}
    for book in rule_book if isinstance(rule_book, (list, tuple)) else [rule_book]:
        book = book if hasattr(book, "facts") else RuleBook.required(book)
        for name, fact in book.facts.items():
            other, title = facts.setdefault(name, (fact, book.title))
            if fact != other:
                meant = ((other, title), (fact, book.title))
                two = " and ".join(f"{f.question!r} in {book!r} ({f.expects()})" for f, book in meant)
                raise SecondopError(f"{name!r} means two things: {two}. Read the cases for one book alone.")
    return {name: fact for name, (fact, _) in facts.items()}


def _read(source: Any, columns: Mapping[str, str] | None, rule_book: RuleBooks) -> tuple:
    """The frame with facts under their names, its answers and problems, how to speak of it, and the facts."""
    facts, columns, where, lines_of = facts_of(rule_book), columns or {}, "", None
    if not isinstance(columns, Mapping) or not all(isinstance(x, str) for x in columns.values()):
        raise SecondopError(f"columns= maps your names to facts, as in {{'gender': 'sex'}}; got {columns!r}.")
    if isinstance(source, (str, Path)):
        source, where, lines_of = read_file(Path(source).expanduser(), [*facts, *map(str, columns)])
    names = column_names(source)
    meant = [columns.get(name, name) for name in names]
    claimed = claims(meant, facts)
    wrong = [f"There is no column {n!r}.{did_you_mean(n, names[:1000])}" for n in columns if n not in names]
    unknown = dict.fromkeys(fact for fact in columns.values() if fact not in facts)
    wrong += [f"{unknown_name('fact', fact, facts)} facts_table() lists them." for fact in unknown]
    twice = {fact for fact in columns.values() if len(claimed.get(fact, ())) > 1}
    wrong += [f"More than one column would be {fact!r}." for fact in sorted(twice)]
    if wrong:
        raise SecondopError("columns= cannot be used: " + " ".join(wrong))
    if not claimed:
        raise no_fact(names, facts, where)
    own = {fact: names[meant.index(claim)] for fact, (claim, *more) in claimed.items() if not more}
    frame = _renamed(source, {name: fact for fact, name in own.items()})
    answers, problems = typed(frame, facts)
    problems["column"] = [own.get(name, name) for name in problems["column"]]
    if lines_of and len(problems):
        problems["first_case"] = lines_of(problems["first_row"].tolist())
    return frame, answers, problems, where, facts


def _renamed(frame: Any, columns: dict[str, str]) -> Any:
    if isinstance(frame, pa.Table):
        return frame.rename_columns([columns.get(name, name) for name in frame.column_names])
    return frame.rename(columns=columns) if isinstance(frame, pd.DataFrame) else frame.rename(columns)


def _declared(frame: Any, answers: pl.DataFrame, facts: Mapping[str, Fact]) -> Any:
    """The frame with its facts in their declared kinds; nothing else differs."""
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(answers)
    arrow = {name: _arrow(answers[name], facts[name]) for name in answers.columns}
    if isinstance(frame, pa.Table):
        for name, column in arrow.items():
            frame = frame.set_column(frame.schema.get_field_index(name), name, column)
        return frame
    on_arrow = {kind: pd.ArrowDtype(kind) for kind in (pa.bool_(), pa.int64(), pa.float64())}
    declared = pa.table(arrow).to_pandas(types_mapper=on_arrow.get)  # levels become a category
    return frame.assign(**{name: declared[name].array for name in declared})


def _arrow(answer: pl.Series, fact: Fact) -> pa.Array:
    if not fact.has_levels:
        return answer.to_arrow()
    places = answer.to_physical().cast(pl.Int8 if len(fact.levels) < 128 else pl.Int32).to_arrow()
    levels = pa.array(fact.levels, pa.string())
    return pa.DictionaryArray.from_arrays(places, levels, ordered=fact.kind is Kind.ORDERED)
