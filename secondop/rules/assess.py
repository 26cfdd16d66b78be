"""What a rule book says of cases: every rule, every case, any dataframe engine.

Frames in memory pass the gate, are evaluated by polars and come back as the kind they came in. Lazy frames
(polars lazy, DuckDB, PySpark, Dask) stay in their own engine and stay lazy. All meet the same expressions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError
from secondop.rules import gate
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, SUMMARY, Level, Rule, RuleKind
from secondop.rules.spellings import claims, no_fact, warn_of_near_misses

Lazy = nw.LazyFrame | pl.LazyFrame
_OWN = "secondop "  # begins the name of a column that is there only while a lazy frame is assessed


def assess(cases: Any, rule_book: RuleBook, *, verdicts: bool = False, next_question: bool = False) -> Any:
    """Say for every case what the rule book recommends, and what missing information leaves open."""
    in_memory, facts = isinstance(cases, gate.IN_MEMORY), rule_book.rule_facts
    if next_question and not in_memory:
        raise SecondopError("The next question is found for cases in memory: collect them first.")
    asked = ["next_question"] if next_question else []
    added = [*SUMMARY, *asked, *(rule.name for rule in rule_book if verdicts)]
    if type(cases).__module__.startswith("dask."):
        meta = _assess_partition(cases._meta, rule_book, added)
        return cases.map_partitions(_assess_partition, rule_book, added, meta=meta)
    if in_memory:
        _check_columns(gate.column_names(cases), rule_book, added)
        typed = gate.typed_cases(cases, facts)
        typed = typed if typed.width else pl.DataFrame({_OWN: range(len(cases))})  # no fact has a column
        return _beside(cases, assess_typed(typed, rule_book, added), rule_book)
    said = f"assess takes a frame of cases, one a row, not {type(cases).__name__}."
    frame = gate.any_frame(cases, f"{said} For one case as a dict, use explain; for a file, read_cases.")
    columns = frame.collect_schema().names()
    _check_columns(columns, rule_book, [*added, "unreadable"])
    frame = gate.typed_lazily(frame, facts)
    frame = evaluate(frame, rule_book, nw, lambda fact: nw.col(gate.ANSWER + fact.name), _OWN)
    own = {rule.name: _OWN + rule.name for rule in rule_book} | {"unreadable": gate.UNREADABLE}
    answers = {name: nw.col(own.get(name, name)) for name in (*added, "unreadable")}
    return frame.select(*columns, **answers).to_native()


def assess_typed(typed: pl.DataFrame, rule_book: RuleBook, columns: Sequence[str] = ()) -> pl.DataFrame:
    """Assess cases that passed the gate: :data:`SUMMARY` and a nullable flag a rule, or these columns."""
    facts = rule_book.rule_facts.items()
    absent = {name: pl.lit(None, fact.dtype) for name, fact in facts if name not in typed.columns}
    frame = evaluate(typed.lazy().with_columns(**absent), rule_book, pl, lambda fact: pl.col(fact.name))
    wanted = columns or (*SUMMARY, *(rule.name for rule in rule_book))
    answers = frame.select(name for name in wanted if name != "next_question").collect()
    if "next_question" in wanted:
        from secondop.rules.what_if import first_questions  # which evaluates every rule's table

        answers = answers.with_columns(next_question=first_questions(typed, rule_book)).select(wanted)
    return answers


def evaluate(
    frame: Lazy, rule_book: RuleBook, lib: Any, column: Callable[[Fact], Any], own: str = ""
) -> Lazy:
    """Add every verdict, and from the verdicts of each sort, joined once, the recommendation.

    ``lib`` is polars or narwhals, whichever has the frame; ``column`` gives the expression of a fact's typed
    column; ``own`` begins the name of each verdict's column.
    """

    def fires(rules: Iterable[Rule]) -> list[Any]:
        return [lib.col(own + rule.name) for rule in rules]

    def count(rules: list[Rule]) -> Any:
        small = lib.UInt8 if lib is pl and len(rules) < 256 else lib.Int32  # adding bytes is faster
        one, none = lib.lit(1, dtype=small), lib.lit(0, dtype=small)
        terms = [lib.when(verdict).then(one).otherwise(none) for verdict in fires(rules)]
        return _folded(operator.add, terms or [none]).cast(lib.Int32)

    def highest(fires: dict[str, Any]) -> Any:
        """The first sort that fires; null does not."""
        expr = lib.when(fires["against"]).then(says["not_needed"]).otherwise(says["no_indication"])
        for level in Level:
            expr = lib.when(fires[level]).then(says[level]).otherwise(expr)
        return expr

    kind = lib.Enum(RECOMMENDATIONS) if lib is pl else lib.String
    says = {word: lib.lit(word, dtype=kind) for word in RECOMMENDATIONS}
    sorts = {str(level): [rule for rule in rule_book if rule.level is level] for level in Level}
    sorts["against"] = list(rule_book.of_kind(RuleKind.COUNTER_INDICATION))
    any_of = {sort: _folded(operator.or_, fires(rules) or [lib.lit(False)]) for sort, rules in sorts.items()}
    known = {sort: lib.col(f"{_OWN}any {sort}") for sort in sorts}
    allowed = {sort: known[sort] | known[sort].is_null() for sort in Level} | {"against": known["against"]}
    if len(rule_book):
        frame = frame.with_columns(**{own + rule.name: rule.when.to_expr(column) for rule in rule_book})
    frame = frame.with_columns(**{f"{_OWN}any {sort}": fired for sort, fired in any_of.items()})
    frame = frame.with_columns(
        recommendation=highest(known),
        possible=highest(allowed),
        indications=count([rule for rule in rule_book if rule.clinical]),
        preferences=count([rule for rule in rule_book if rule.preference]),
    )
    return frame.with_columns(undetermined=lib.col("possible") != lib.col("recommendation"))


def _folded(join: Callable[[Any, Any], Any], terms: list[Any]) -> Any:
    """All terms joined, by pairs of pairs: engines are slow with expressions nested a thousand deep."""
    while len(terms) > 1:
        terms = [join(*terms[i : i + 2]) if i + 1 < len(terms) else terms[i] for i in range(0, len(terms), 2)]
    return terms[0]


def _assess_partition(part: pd.DataFrame, rule_book: RuleBook, added: Sequence[str]) -> pd.DataFrame:
    """A partition of a Dask frame: what is no answer is counted, as at the lazy door."""
    typed, unreadable = gate.typed_partition(part, rule_book.rule_facts)
    typed = unreadable.to_frame().hstack(typed.get_columns())
    return _beside(part, assess_typed(typed, rule_book, added).with_columns(unreadable), rule_book)


def _check_columns(columns: list, rule_book: RuleBook, added: Sequence[str]) -> None:
    if not claims(columns, rule_book.facts):
        raise no_fact(columns, rule_book.facts, f" of the {len(columns)} given")
    extras = [name for name in columns if name not in rule_book]  # verdicts of an earlier assessment
    warn_of_near_misses(extras, rule_book.facts, stacklevel=5)
    if taken := [name for name in added if name in columns]:
        said = f"The cases have columns that the assessment would add: {', '.join(taken)}."
        raise SecondopError(f"{said} Assess the cases as they were read, or drop these columns first.")


def _beside(cases: Any, answers: pl.DataFrame, rule_book: RuleBook) -> Any:
    """Put the answers beside the cases, in the kind that these came in."""
    if isinstance(cases, pl.DataFrame):
        return cases.hstack(answers)
    if isinstance(cases, pa.Table):
        for name, column in zip(answers.columns, answers.to_arrow().columns, strict=True):
            cases = cases.append_column(name, column)
        return cases
    arrow, columns = any(isinstance(dtype, pd.ArrowDtype) for dtype in cases.dtypes), {}
    for answer in answers:
        if answer.dtype == pl.Enum:
            kind = pd.CategoricalDtype(RECOMMENDATIONS, ordered=True)
            column = pd.Categorical.from_codes(answer.to_physical().cast(pl.Int8).to_numpy(), dtype=kind)
        elif arrow or answer.dtype == pl.String:
            column = pd.arrays.ArrowExtensionArray(answer.to_arrow())
        elif answer.dtype != pl.Boolean or answer.name in SUMMARY:
            column = answer.to_numpy()
        else:
            column = pd.arrays.BooleanArray(answer.fill_null(False).to_numpy(), answer.is_null().to_numpy())
        columns[answer.name] = column
    beside = pd.concat([cases, pd.DataFrame(columns, index=cases.index, copy=False)], axis=1)
    # concat drops what the cases say of where they come from
    beside.attrs = cases.attrs | {"rule_book": rule_book.fingerprint, "rule_book_title": rule_book.title}
    return beside
