"""Cases in: read from a file or a frame, checked, and brought to their declared kinds."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError, did_you_mean, refuse, unknown_name
from secondop.rules import gate
from secondop.rules.doubts import RowsWarning, codes_in_doubt, rows_in_doubt
from secondop.rules.facts import Fact, Kind
from secondop.rules.files import CaseFile, read_file
from secondop.rules.mapping import Meanings, codes_of, decimal_commas, meanings, own_name, reworded
from secondop.rules.rulebook import RuleBook
from secondop.rules.spellings import MissingCodesWarning, claims, near_misses, no_fact, warn_of_near_misses

RuleBooks = RuleBook | Sequence[RuleBook]


class MissingFactsWarning(UserWarning):
    """Facts that have no column: they are unknown in every case."""


def read_cases(source: Any, *, rule_book: RuleBooks, **meant: Any) -> Any:
    """Read cases: every fact brought to its declared kind, everything else kept as it is.

    Yes and no may be written yes/no, y/n, true/false, t/f or 1/0; levels and names of columns in any case,
    with blanks or hyphens; a fact that was not recorded may be empty, NA, N/A, NaN, null, unknown, not
    recorded, not known, missing, ``?`` or ``.``: it counts as unknown, not as no. Nothing given is altered,
    and no row is dropped.

    Parameters
    ----------
    source : path, file or DataFrame
        A CSV or TSV file (also ``.gz``) separated by commas, semicolons or tabs, an ``.xlsx`` or parquet
        file, what has a ``read``, or a pandas, polars or pyarrow frame; one case a row. In a file separated
        by semicolons 2,5 is a number with a decimal comma; 1.000 is one only where its column shows which.
    columns : mapping
        Your column names to names of facts, such as ``{"Geschlecht": "sex"}``.
    values : mapping
        Your words and codes to answers: of every fact that takes the answer, ``{"ja": "yes"}``; of a column,
        by its name or its fact, ``{"Geschlecht": {1: "male", 2: "female"}}``, which goes first; or both.
        Where numbers are codes, no other number is an answer; 1, "1" and 1.0 are one code. A column of no
        fact (an outcome) is read if it is named, or if words for all are all that it holds.
    unknown : list or mapping
        Codes for *not recorded*: in every fact's column, ``[999, "k.A."]``, or by column,
        ``{"weeks": [999], "*": ["k.A."]}``.
    encoding, id : str
        Of a text file that is not in UTF-8, such as "cp1252"; and the column that tells cases apart, in which
        gaps and repeats are warned of.
    mapping : path or str
        A file in TOML, or its text, that says all this, as :func:`mapping_template` writes it to be filled
        in. What arguments say goes first.
    rule_book : RuleBook or list of RuleBook
        Whose facts to read.

    Returns
    -------
    pandas.DataFrame, or the kind of frame given
        Facts under their names in the rule book, in pandas on pyarrow or as ``category``. Other columns are
        kept; those of a text file become numbers or True/False only where that loses nothing. Values that are
        no answers are one :class:`CasesError`. Warned is of columns almost named as a fact, facts without a
        column, rows that may be no cases, and numbers that may be codes for *not recorded*.
    """
    read = read_sources(source, meanings(**meant), facts_of(rule_book))
    gate.raise_problems(read.problems, len(read.frame), read.where)
    warn_of_near_misses(gate.column_names(read.frame), read.facts, stacklevel=5)
    rows, codes = [*read.remarks, *rows_in_doubt(read)], [*codes_in_doubt(read)]
    for doubts, kind in ((rows, RowsWarning), (codes, MissingCodesWarning)):
        if doubts:
            warnings.warn(f"Of the cases{read.where}: {' '.join(map(str, doubts))}", kind, stacklevel=4)
    if missing := [name for name in read.facts if name not in read.answers.columns]:
        told = f"{len(missing)} of {len(read.facts)} facts have no column and are unknown in every case"
        warnings.warn(f"{told}: {', '.join(missing)}.", MissingFactsWarning, stacklevel=4)
    ordered = [name for name, fact in read.facts.items() if fact.kind is Kind.ORDERED]
    return gate.put(read.frame, read.answers.to_dict(), ordered)


def check_cases(source: Any, *, rule_book: RuleBooks, **meant: Any) -> pd.DataFrame:
    """Every problem that :func:`read_cases` would raise or warn of, as a table; empty if there is none.

    It has ``column, rows`` (how many), ``first_row`` (counted from 0), ``first_case`` (its label in the
    frame, or line in the file), ``value, problem, hint``. Columns almost named as a fact come first.
    """
    read = read_sources(source, meanings(**meant), facts_of(rule_book))
    near = near_misses(gate.column_names(read.frame), read.facts)
    misread = (len(read.frame), 0, "", "", "is not read as a fact")
    rows = [gate.Problem(name, *misread, f"Did you mean {fact!r}?") for name, fact in near.items()]
    rows += [*read.remarks, *rows_in_doubt(read), *read.problems.itertuples(index=False)]
    return pd.DataFrame([*rows, *codes_in_doubt(read)], columns=gate.Problem._fields)


def facts_table(rule_book: RuleBooks) -> pd.DataFrame:
    """Every fact, one a row: what it is called, what it asks and what answers it takes."""
    wanted = ["name", "topic", "kind", "expects", "question", "term", "use"]
    rows = [{**vars(f), "kind": str(f.kind), "expects": f.expects()} for f in facts_of(rule_book).values()]
    return pd.DataFrame(rows, columns=wanted)


def facts_of(rule_book: RuleBooks) -> dict[str, Fact]:
    """The facts of a rule book, or of several together; one name with two meanings is refused."""
    facts: dict[str, tuple[Fact, str]] = {}
    for book in rule_book if isinstance(rule_book, (list, tuple)) else [rule_book]:
        if not hasattr(book, "facts"):
            raise SecondopError(f"Facts are those of a rule book, such as RULE_BOOK; got {book!r:.60}.")
        for name, fact in book.facts.items():
            other, title = facts.setdefault(name, (fact, book.title))
            if fact != other:
                meant = ((other, title), (fact, book.title))
                two = " and ".join(f"{f.question!r} in {book!r} ({f.expects()})" for f, book in meant)
                raise SecondopError(f"{name!r} means two things: {two}. Read the cases for one book alone.")
    return {name: fact for name, (fact, _) in facts.items()}


class Read(NamedTuple):
    """Cases as they were read: a frame with facts under their names, its answers, problems and places."""

    frame: Any
    answers: pl.DataFrame
    problems: pd.DataFrame
    facts: dict[str, Fact]
    own: dict[str, Any]  # the user's name of each fact's column
    extra: list  # columns that state no fact
    id: Any
    where: str
    places: gate.Places
    remarks: list[gate.Problem]
    codes: dict[str, dict[str, Any]]  # of each fact's column: what codes stand for


def read_sources(source: Any, said: Meanings, facts: dict[str, Fact], *, some: bool = True) -> Read:
    """Read a file or a frame as it is said to be meant; ``some`` fact must have a column."""
    if isinstance(source, (str, Path)) or callable(getattr(source, "read", None)):
        file = read_file(source, [*facts, *map(str, said.columns)], said.encoding)
    elif said.encoding is not None:
        raise SecondopError("encoding= is for files of text; a frame was decoded already.")
    else:
        gate.column_names(source)  # refuses what is no frame
        file = CaseFile(source, "", gate.places_in(source), [])
    names, wrong = gate.column_names(file.frame), []

    def named(name: Any) -> Any:
        if (own := own_name(name, names)) is None:
            wrong.append(f"there is no one column {name!r}.{did_you_mean(name, map(str, names[:1000]))}")
        return own

    mine = {named(name): fact for name, fact in said.columns.items()}
    meant = [mine.get(name, name) for name in names]
    claimed = claims(meant, facts)
    for fact in dict.fromkeys(said.columns.values()):
        if fact not in facts:
            backwards = " Your name comes first, as in {'gender': 'sex'}." if fact in names else ""
            wrong.append(f"{unknown_name('fact', fact, facts)} facts_table() lists them.{backwards}")
        elif len(claimed.get(fact, ())) > 1:
            wrong.append(f"more than one column would be {fact!r}.")
    if not claimed and some and not wrong:
        raise no_fact(names, facts, file.where)
    own = {fact: names[meant.index(claim)] for fact, (claim, *more) in claimed.items() if not more}
    by_column: dict[Any, dict[str, Any]] = {}
    for name, codes in said.own.items():
        column = own.get(own_name(name, [*own])) if own_name(name, names) is None else None
        column = named(name) if column is None else column
        by_column[column] = by_column.get(column, {}) | codes
    own_id = None if said.id is None else named(said.id)
    codes, problems = codes_of(by_column, said.common, own, facts)
    refuse("Cases cannot be read as you say", dict.fromkeys(wrong + problems))
    for fact, name in own.items():
        if file.commas and facts[fact].is_numeric:
            found = decimal_commas(facts[fact], gate.column_of(file.frame[name]).labels or ())
            codes |= {fact: found | codes.get(fact, {})} if found else {}
    extra = [name for name, times in Counter(names).items() if times == 1 and name not in own.values()]
    frame, new = reworded(file.frame, extra, by_column, said.common), {name: x for x, name in own.items()}
    if isinstance(frame, pa.Table):
        frame = frame.rename_columns([new.get(name, name) for name in names])
    else:
        frame = frame.rename(columns=new) if isinstance(frame, pd.DataFrame) else frame.rename(new)
    answers, problems = gate.typed(frame, facts, codes, file.places)
    problems["column"] = [own.get(name, name) for name in problems["column"]]
    own_id = new.get(own_id, own_id)
    return Read(frame, answers, problems, facts, own, extra, own_id, *file[1:4], codes)
