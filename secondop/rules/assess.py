"""What a rule book says of cases: every rule, every case, any dataframe engine.

Frames in memory pass the gate, are evaluated by polars and come back as the kind they came in. Lazy frames
(polars lazy, DuckDB, PySpark, Dask) stay in their own engine and stay lazy. All of them meet the same
expressions.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError
from secondop.rules.conditions import Expr, library
from secondop.rules.encode import coded_cases, column_names
from secondop.rules.facts import FACTS, Fact, Kind
from secondop.rules.indication import RECOMMENDATIONS, Indication, Level, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

Lazy = nw.LazyFrame | pl.LazyFrame

SUMMARY = ("recommendation", "possible", "undetermined", "indications", "preferences")
"""The columns that every assessment adds."""


def assess(cases: Any, rule_book: RuleBook = RULE_BOOK, *, verdicts: bool = False) -> Any:
    """Say for every case what the rule book recommends, and what unknown facts leave open.

    A rule holds, does not hold, or is unknown because a fact that would decide it was not recorded. A column
    that the cases lack is unknown for all of them. The order of rules never matters.

    Parameters
    ----------
    cases : frame of n_cases rows
        pandas (any dtypes), polars (eager or lazy), pyarrow Table, DuckDB relation, PySpark or Dask. In
        memory, every spelling that :func:`read_cases` knows is understood. In a lazy frame of polars, DuckDB
        or PySpark the columns must have their declared types, and an answer that a fact does not know counts
        as unknown, since finding it would mean reading everything.
    rule_book : RuleBook
        The rules; the project's own by default.
    verdicts : bool
        Whether to add a nullable flag per rule, named by it.

    Returns
    -------
    frame of n_cases rows
        The cases, in the kind given, with these columns added:

        - ``recommendation``: ``not_needed`` < ``no_indication`` < ``optional`` < ``recommended`` <
          ``urgent``, by the rules that are known to hold (ordered, where the engine has ordered text);
        - ``possible``: the highest that the unknown facts still allow;
        - ``undetermined``: whether that is higher than the recommendation;
        - ``indications``: how many clinical indications are known to hold;
        - ``preferences``: how many patient-driven ones, which are always counted apart.

    Raises
    ------
    CasesError
        If any value in memory is no answer to its fact; it lists all of them.
    SecondopError
        If no column is a fact, if the cases were assessed before, or if a lazy column has the wrong type.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"neoplasia_concern": ["no", "yes", None]})
    >>> only = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name != "neoplasia-concern"))
    >>> assess(cases, only)[["recommendation", "possible", "undetermined"]]
      recommendation       possible  undetermined
    0  no_indication  no_indication         False
    1         urgent         urgent         False
    2  no_indication         urgent          True
    """
    if type(cases).__module__.startswith("dask."):
        meta = assess(cases._meta, rule_book, verdicts=verdicts)
        return cases.map_partitions(assess, rule_book, verdicts=verdicts, meta=meta)
    added = [*SUMMARY, *(rule.name for rule in rule_book if verdicts)]
    if isinstance(cases, (pd.DataFrame, pl.DataFrame, pa.Table)):
        _check_columns(column_names(cases), added)
        coded = coded_cases(cases, rule_book.facts)
        return _attach(cases, assess_coded(coded, rule_book, len(cases), columns=added))
    try:
        frame = nw.from_native(cases)
        columns = frame.collect_schema().names()
    except TypeError as error:
        raise SecondopError(
            f"assess takes a frame of cases, one a row, not {type(cases).__name__}. For one case as a dict, "
            "use explain; for a file, read_cases first."
        ) from error
    _check_columns(columns, added)
    _check_types(frame.collect_schema())
    return _evaluate(frame, rule_book, coded=False).select(*columns, *added).to_native()


def assess_coded(
    coded: pl.DataFrame, rule_book: RuleBook, n_cases: int | None = None, *, columns: Sequence[str] = ()
) -> pl.DataFrame:
    """Assess cases that passed the gate: :data:`SUMMARY` and a flag per rule, one row per case.

    A fact that the coded frame lacks is unknown. ``n_cases`` is needed only where it might lack all.
    ``columns`` leaves out what is not needed.
    """
    if not coded.width:
        coded = pl.select(_case=pl.repeat(None, n_cases or 0, dtype=pl.Boolean))
    answers = _evaluate(coded.lazy(), rule_book, coded=True)
    wanted = columns or (*SUMMARY, *(rule.name for rule in rule_book))
    return answers.select(wanted).with_columns(pl.col(pl.UInt8).cast(pl.Int32)).collect()


def _evaluate(frame: Lazy, rule_book: RuleBook, *, coded: bool) -> Lazy:
    """Add every verdict, and from the verdicts of each sort, joined once, the recommendation."""
    schema = frame.collect_schema()
    absent = {name: _unknown(FACTS[name], coded) for name in rule_book.facts if name not in schema}
    now = [rule for rule in rule_book if rule.kind is not RuleKind.CAUTION]
    for columns in (absent, {rule.name: rule.when.to_expr(coded=coded) for rule in now}):
        frame = frame.with_columns(**columns) if columns else frame
    sorts = {str(level): [r for r in rule_book if r.level is level] for level in Level}
    sorts["counter"] = list(rule_book.of_kind(RuleKind.COUNTER_INDICATION))
    frame = frame.with_columns(**{f"_{sort}": _any_of(rules, coded) for sort, rules in sorts.items()})
    col = library(coded).col
    quiet = ~(col("_urgent") | col("_recommended"))
    cautions = {r.name: r.when.to_expr(coded=coded) & quiet for r in rule_book.of_kind(RuleKind.CAUTION)}
    known = {sort: col(f"_{sort}") for sort in sorts}
    allowed = {sort: known[sort] | known[sort].is_null() for sort in Level} | {"counter": known["counter"]}
    frame = frame.with_columns(
        recommendation=_highest(known, coded),
        possible=_highest(allowed, coded),
        indications=_count([rule for rule in rule_book if rule.clinical], coded),
        preferences=_count([rule for rule in rule_book if rule.preference], coded),
        **cautions,
    )
    return frame.with_columns(undetermined=col("possible") != col("recommendation"))


def _any_of(rules: list[Indication], coded: bool) -> Expr:
    lib = library(coded)
    return reduce(operator.or_, (lib.col(rule.name) for rule in rules)) if rules else lib.lit(False)


def _count(rules: list[Indication], coded: bool) -> Expr:
    lib = library(coded)
    small = lib.UInt8 if coded and len(rules) < 256 else lib.Int32  # adding bytes is four times faster
    one, none = lib.lit(1, dtype=small), lib.lit(0, dtype=small)
    return reduce(operator.add, (lib.when(lib.col(r.name)).then(one).otherwise(none) for r in rules), none)


def _highest(holds: dict[str, Expr], coded: bool) -> Expr:
    """The first sort that holds; null does not hold."""
    lib = library(coded)

    def says(word: str) -> Expr:
        return lib.lit(word, dtype=lib.Enum(RECOMMENDATIONS)) if coded else lib.lit(word)

    expr = lib.when(holds["counter"]).then(says("not_needed")).otherwise(says("no_indication"))
    for level in Level:
        expr = lib.when(holds[level]).then(says(level.value)).otherwise(expr)
    return expr


def _unknown(fact: Fact, coded: bool) -> Expr:
    lib = library(coded)
    if fact.kind is Kind.FLAG:
        return lib.lit(None, dtype=lib.Boolean)
    if fact.has_levels:
        return lib.lit(None, dtype=lib.UInt8 if coded else lib.String)
    return lib.lit(None, dtype=lib.Float64)


def _check_columns(columns: list[str], added: list[str]) -> None:
    if not set(FACTS) & set(columns):
        raise SecondopError(
            f"None of the {len(columns)} columns is a fact of the vocabulary. Rename them with "
            "read_cases(..., columns={'your name': 'fact name'}); facts_table() lists all facts."
        )
    taken = [name for name in added if name in columns]
    if taken:
        raise SecondopError(
            f"The cases have columns that the assessment would add: {', '.join(taken)}. Assess the cases as "
            "they were read, or drop these columns first."
        )


def _check_types(schema: nw.Schema) -> None:
    wrong = []
    for name, dtype in schema.items():
        if (fact := FACTS.get(name)) is None:
            continue
        if fact.kind is Kind.FLAG:
            fits, needed = dtype == nw.Boolean, "boolean"
        elif fact.has_levels:
            fits, needed = dtype in (nw.String, nw.Categorical, nw.Enum), f"text, {fact.expects()}"
        else:
            fits, needed = dtype.is_numeric(), "numeric"
        wrong += [] if fits else [f"  column {name!r} is {dtype}; it must be {needed}."]
    if wrong:
        raise SecondopError(
            "A lazy frame is assessed where it is, so its columns must have their declared types:\n"
            + "\n".join(wrong)
            + "\nCast them in your engine (leave what was not recorded null), or bring the cases into memory "
            "with read_cases, which understands other spellings."
        )


def _attach(cases: Any, answers: pl.DataFrame) -> Any:
    """Put the answers beside the cases, in the kind that these came in."""
    if isinstance(cases, pl.DataFrame):
        return cases.hstack(answers)
    if isinstance(cases, pa.Table):
        for name, column in zip(answers.columns, answers.to_arrow().columns, strict=True):
            cases = cases.append_column(name, column)
        return cases
    arrow = any(isinstance(dtype, pd.ArrowDtype) for dtype in cases.dtypes)
    columns = {name: _to_pandas(answers[name], arrow) for name in answers.columns}
    beside = pd.concat([cases, pd.DataFrame(columns, index=cases.index, copy=False)], axis=1)
    beside.attrs = dict(cases.attrs)  # concat drops what they say of where the cases come from
    return beside


def _to_pandas(answer: pl.Series, arrow: bool) -> Any:
    if isinstance(answer.dtype, pl.Enum):
        kind = pd.CategoricalDtype(RECOMMENDATIONS, ordered=True)
        return pd.Categorical.from_codes(answer.to_physical().cast(pl.Int8).to_numpy(), dtype=kind)
    if arrow:
        return pd.array(answer.to_arrow(), dtype=pd.ArrowDtype(answer.to_arrow().type))
    if answer.dtype != pl.Boolean or answer.name in SUMMARY:
        return answer.to_numpy()
    return pd.arrays.BooleanArray(answer.fill_null(False).to_numpy(), answer.is_null().to_numpy())
