"""Cases in and out: reading, checking and writing them, with every problem reported at once.

What enters here leaves with declared kinds and real gaps. How a value is read is decided in
:mod:`secondop.rules.encode`, what a file may be in :mod:`secondop.rules.files`.
"""

from __future__ import annotations

import gzip
import os
import re
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
from polars import selectors

from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.rules.encode import NUMBER, column_names, encode, normalised, raise_problems, show
from secondop.rules.facts import FACTS, Kind
from secondop.rules.files import PARQUET_SUFFIXES, TEXT_SUFFIXES, read_file

Frame = TypeVar("Frame", pd.DataFrame, pl.DataFrame, pa.Table)

_POLARS = {Kind.FLAG: pl.Boolean, Kind.COUNT: pl.Int64, Kind.NUMBER: pl.Float64}
_FORMULA = re.compile(r"^[=+\-@\t\r]")


class MissingFactsWarning(UserWarning):
    """Facts that have no column: they are unknown in every case."""


class FormulaTextWarning(UserWarning):
    """Text was written that a spreadsheet program would run as a formula."""


def read_cases(source: str | Path | Frame, *, columns: Mapping[str, str] | None = None) -> Frame:
    """Read cases: every fact brought to its declared kind, everything else kept as it is.

    Yes and no may be written yes/no, y/n, true/false, t/f or 1/0; levels in any case, with blanks or hyphens;
    a fact that was not recorded may be empty, NA, N/A, NaN, null, unknown, not recorded, not known, missing,
    ``?`` or ``.``: it counts as unknown, not as no. No row is dropped, and what was given is not altered.

    Parameters
    ----------
    source : path or DataFrame
        A CSV or TSV file (also ``.gz``), a parquet file, or a pandas, polars or pyarrow frame; one case a
        row. Text files are UTF-8, separated by commas, semicolons or tabs.
    columns : mapping, optional
        Your column names to names of facts, such as ``{"Geschlecht": "sex"}``.

    Returns
    -------
    pandas.DataFrame, or the kind of frame given
        Facts as ``bool[pyarrow]``, ``int64[pyarrow]``, ``double[pyarrow]`` and ``category`` in pandas;
        Boolean, Int64, Float64 and Enum in polars; bool, int64, double and dictionary in pyarrow. Extra
        columns are kept; those of a text file become numbers or True/False only where that loses nothing
        ('007' stays text).

    Raises
    ------
    CasesError
        If a value is no answer to its fact: all problems at once.
    SecondopError
        If the file cannot be read, no column is a fact, or ``columns`` names what does not exist.

    Warns
    -----
    MissingFactsWarning
        Once, naming all facts that have no column.

    Examples
    --------
    >>> import pandas as pd, warnings
    >>> warnings.simplefilter("ignore", MissingFactsWarning)
    >>> read_cases(pd.DataFrame({"rare_disease": ["Yes", "n", "NA"], "sex": ["F", "male", None]}))
    Traceback (most recent call last):
        ...
    secondop.errors.CasesError: 1 problem in 3 cases:
      column 'sex', 1 row (first: case 0): 'F' is not one of female, male, other.
    A fact that was not recorded may be left empty: it counts as unknown, not as no.
    """
    frame, coded, problems, where = _read(source, columns)
    raise_problems(problems, len(frame), where)
    _warn_of_missing(frame)
    return _declared(frame, coded)


def check_cases(source: str | Path | Frame, *, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Every problem that :func:`read_cases` would raise, as a table; empty if there is none.

    Parameters
    ----------
    source, columns
        As for :func:`read_cases`.

    Returns
    -------
    pandas.DataFrame
        One problem a row: ``column, rows`` (how many have it), ``first_row`` (counted from 0),
        ``first_case`` (its label in the frame, or line in the file), ``value, problem, hint``.

    Raises
    ------
    SecondopError
        If the file cannot be read, no column is a fact, or ``columns`` names what does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> check_cases(pd.DataFrame({"drug_trials": ["2", "two"]}))[["column", "rows", "first_case", "value"]]
            column  rows first_case  value
    0  drug_trials     1     case 1  'two'
    """
    return _read(source, columns)[2]


def write_cases(frame: Frame, path: str | Path) -> None:
    """Write cases to CSV (``.csv``, ``.tsv``, also ``.gz``) or parquet, by the name of the file.

    A file of that name is replaced only once the new one is complete. In text, flags are written yes and no
    and what is unknown is left empty; :func:`read_cases` gives the same cases back. Text has no kinds: an
    extra column of dates, or of text that is all plain numbers, comes back as text or numbers; parquet keeps
    them. A named index of pandas is written as a column; parquet keeps any index.

    Extra text is never altered. Where a cell starts like a formula, a :class:`FormulaTextWarning` names it:
    a spreadsheet program may run it on opening the file.

    Raises
    ------
    CasesError
        If a value is no answer to its fact.
    SecondopError
        If the suffix is another one, or an extra column cannot be written.

    Examples
    --------
    >>> import pandas as pd, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "cases.csv")
    ...     write_cases(pd.DataFrame({"rare_disease": [True, None], "note": ["a", "b"]}), path)
    ...     print(path.read_text())
    rare_disease,note
    yes,a
    ,b
    <BLANKLINE>
    """
    path = Path(path)
    name, text = path.name.lower(), path.name.lower().endswith(TEXT_SUFFIXES)
    if not text and not name.endswith(PARQUET_SUFFIXES):
        suffixes = ", ".join(TEXT_SUFFIXES + PARQUET_SUFFIXES)
        raise SecondopError(f"Cases are written as one of {suffixes}; got {path.name!r}.")
    frame, coded, problems, _ = _read(frame, None)
    raise_problems(problems, len(frame))
    if isinstance(frame, pd.DataFrame) and text and any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        table = _declared(frame, coded)
        if isinstance(table, pd.DataFrame):
            table = pa.Table.from_pandas(table.rename(columns=str), preserve_index=False if text else None)
        elif isinstance(table, pl.DataFrame):
            table = table.to_arrow()
        if text:
            lines = _as_text(table, coded)
            with gzip.open(part, "wb") if name.endswith(".gz") else part.open("wb") as file:
                lines.write_csv(file, separator="\t" if name.removesuffix(".gz").endswith(".tsv") else ",")
        else:
            pa.parquet.write_table(table, part)
        part.replace(path)
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise SecondopError(f"An extra column cannot be written to {path.name}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _read(source: Any, columns: Mapping[str, str] | None) -> tuple[Any, pl.DataFrame, pd.DataFrame, str]:
    """The frame with facts under their names, its coded facts, its problems and how to speak of it."""
    columns = dict(columns or {})
    where, lines = "", False
    if isinstance(source, (str, Path)):
        source, where, lines = read_file(Path(source), frozenset(FACTS) | columns.keys())
    frame = _renamed(source, columns)
    coded, problems = encode(frame)
    if lines:
        problems["first_case"] = [f"line {row + 2}" for row in problems["first_row"]]
    names = {fact: name for name, fact in columns.items()}
    problems["column"] = [names.get(fact, fact) for fact in problems["column"]]
    if coded.width == 0 and problems.empty:
        found = column_names(frame)
        listed = ", ".join(repr(name) for name in found[:10]) + (", ..." if len(found) > 10 else "")
        raise SecondopError(
            f"No column{where} is a fact (found: {listed or 'none'}).{_close_names(found, FACTS)} "
            "Say which fact yours is, as in columns={'gender': 'sex'}; facts_table() lists all facts."
        )
    if where:
        frame = frame.to_pandas(types_mapper=pd.ArrowDtype)
    return frame, coded, problems, where


def _renamed(frame: Any, columns: dict[str, str]) -> Any:
    names, wrong = column_names(frame), []
    for name, fact in columns.items():
        if name not in names:
            wrong.append(f"There is no column {name!r}.{did_you_mean(name, map(str, names[:1000]))}")
        if fact not in FACTS:
            wrong.append(str(unknown_name("fact", fact, FACTS)))
        elif name != fact and (fact in names or list(columns.values()).count(fact) > 1):
            wrong.append(f"More than one column would be {fact!r}.")
    if wrong:
        raise SecondopError("columns= cannot be used: " + " ".join(dict.fromkeys(wrong)))
    if not columns:
        return frame
    if isinstance(frame, pa.Table):
        return frame.rename_columns([columns.get(name, name) for name in names])
    return frame.rename(columns=columns) if isinstance(frame, pd.DataFrame) else frame.rename(columns)


def _warn_of_missing(frame: Any) -> None:
    names = column_names(frame)
    there = set(names)
    if missing := [fact for fact in FACTS if fact not in there]:
        warnings.warn(
            f"{len(missing)} of {len(FACTS)} facts have no column and are unknown in every case: "
            f"{', '.join(missing)}.{_close_names(names, missing)}",
            MissingFactsWarning,
            stacklevel=3,
        )


def _close_names(names: list, missing: Any) -> str:
    # comparing names is slow, and a frame may have a million of them
    extras = [n for n in names[:500] if isinstance(n, str) and n not in FACTS and len(n) < 100]
    return "".join(
        f" Column {name!r} is kept as an extra; did you mean the fact {fact!r}?"
        for name in extras
        for fact in get_close_matches(normalised(name), list(missing), n=1, cutoff=0.8)
    )


def _declared(frame: Any, coded: pl.DataFrame) -> Any:
    """The frame with its facts in their declared kinds; nothing else differs."""
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(map(_worded, coded))
    if isinstance(frame, pa.Table):
        for name in coded.columns:
            frame = frame.set_column(frame.schema.get_field_index(name), name, _arrow(coded[name]))
        return frame
    on_arrow = {kind: pd.ArrowDtype(kind) for kind in (pa.bool_(), pa.int64(), pa.float64())}
    facts = pa.table({name: _arrow(coded[name]) for name in coded.columns})
    facts = facts.to_pandas(types_mapper=on_arrow.get)  # levels become a category
    return frame.assign(**{name: facts[name].array for name in facts})


def _worded(values: pl.Series) -> pl.Series:
    """A coded fact as polars says it."""
    fact = FACTS[values.name]
    return values.cat.to(pl.Enum(fact.levels)) if fact.has_levels else values.cast(_POLARS[fact.kind])


def _arrow(values: pl.Series) -> pa.Array:
    """A coded fact as arrow says it."""
    fact = FACTS[values.name]
    if not fact.has_levels:
        return values.cast(_POLARS[fact.kind]).to_arrow()
    places = values.to_arrow().cast(pa.int8())
    levels = pa.array(fact.levels, pa.string())
    return pa.DictionaryArray.from_arrays(places, levels, ordered=fact.kind is Kind.ORDERED)


def _as_text(table: pa.Table, coded: pl.DataFrame) -> pl.DataFrame:
    extras = pl.from_arrow(table.drop_columns(coded.columns))
    found = [f"the name {name!r}" for name in extras.columns if _FORMULA.match(name)]
    for column in extras.select(selectors.string(), selectors.categorical()):
        cells = column.cast(pl.String)
        odd = cells.filter(cells.str.contains(_FORMULA.pattern) & ~cells.str.contains(NUMBER.pattern))
        if len(odd):
            found.append(f"{len(odd):,} in {column.name!r}, such as {show(odd[0])}")
    if found:
        warnings.warn(
            f"Cells that start like a formula are written as they are: {'; '.join(found)}. A spreadsheet "
            "program may run them: import the file as text there, or write parquet.",
            FormulaTextWarning,
            stacklevel=3,
        )
    texts = [_spelt(column, "True", "False") for column in extras]
    texts += [_spelt(_worded(fact), "yes", "no") for fact in coded]
    return extras.with_columns(texts).select(table.column_names)


def _spelt(column: pl.Series, yes: str, no: str) -> pl.Series:
    if column.dtype != pl.Boolean:
        return column
    return column.replace_strict([True, False], [yes, no], return_dtype=pl.String)
