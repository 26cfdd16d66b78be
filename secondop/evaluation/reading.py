"""What every evaluation reads from cases: verdicts, levels and outcomes, as flags with real gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import CasesError, SecondopError, unknown_name
from secondop.rules.assess import assess_coded
from secondop.rules.encode import Unreadable, coded_cases, read_answer
from secondop.rules.facts import FACTS
from secondop.rules.indication import RECOMMENDATIONS, Indication
from secondop.rules.rulebook import RuleBook


def eager(frame: Any) -> Any:
    """The frame in memory: a lazy one is collected, anything else that is no frame is refused."""
    try:
        read = nw.from_native(frame)
    except TypeError as error:
        raise SecondopError(
            f"Expected a frame of cases, one a row (pandas, polars, pyarrow), not {type(frame).__name__}."
        ) from error
    return read.collect().to_native() if isinstance(read, nw.LazyFrame) else frame


def read_verdicts(assessed: Any, rule_book: RuleBook) -> pl.DataFrame:
    """The recommendation, what is possible, and a nullable flag per rule, as a polars frame."""
    frame = nw.from_native(eager(assessed))
    names = [rule.name for rule in rule_book]
    missing = [name for name in ("recommendation", "possible", *names) if name not in frame.columns]
    if missing:
        raise SecondopError(
            f"These cases lack {len(missing)} columns of an assessment, first {missing[0]!r}. Firing rates "
            "need a verdict per rule: assess(cases, rule_book, verdicts=True), with the same rule book here."
        )
    levels = [
        pl.col(c).cast(pl.String).cast(pl.Enum(RECOMMENDATIONS)) for c in ("recommendation", "possible")
    ]
    answers = frame.select("recommendation", "possible", *names).to_polars()
    return answers.select(*levels, pl.col(names).cast(pl.Boolean))


def verdicts_of(cases: Any, rule_book: RuleBook) -> pl.DataFrame:
    """The same, of cases that may or may not have been assessed yet."""
    frame = eager(cases)
    if "recommendation" in nw.from_native(frame).columns:
        return read_verdicts(frame, rule_book)
    return fresh_verdicts(frame, rule_book)


def fresh_verdicts(cases: Any, rule_book: RuleBook) -> pl.DataFrame:
    """The same, of the facts alone, whether or not the cases were assessed before."""
    frame = eager(cases)
    coded = coded_cases(frame, rule_book.facts)
    names = [rule.name for rule in rule_book]
    return assess_coded(coded, rule_book, len(frame), columns=("recommendation", "possible", *names))


def read_flag(frame: Any, name: str) -> pl.Series:
    """A yes/no column (flags, 0 and 1, yes and no in words) with real nulls.

    Raises
    ------
    UnknownNameError, CasesError
        If there is no such column, or a value says neither yes, no nor unknown.
    """
    read = nw.from_native(frame)
    if name not in read.columns:
        raise unknown_name("column of the cases", name, read.columns)
    values = read.select(name).to_polars().to_series()
    if values.dtype in (pl.Boolean, pl.Null):
        return values.cast(pl.Boolean)
    flag = next(fact for fact in FACTS.values() if not fact.has_levels and not fact.is_numeric)
    answers = {value: read_answer(flag, value) for value in values.unique().to_list()}
    wrong = [repr(value) for value, answer in answers.items() if isinstance(answer, Unreadable)]
    if wrong:
        raise CasesError(
            f"Column {name!r} must say yes, no or nothing; it also says {', '.join(wrong[:5])}"
            f"{' and more' if len(wrong) > 5 else ''}. An outcome that is not known may be left empty."
        )
    old, new = list(answers), list(answers.values())
    return values.replace_strict(old, new, return_dtype=pl.Boolean)


def flags_of(values: Any, name: str) -> pl.Series:
    """Flags from a Series, an array or a list, one per case, with real nulls."""
    is_series = isinstance(values, (pd.Series, pl.Series))
    return read_flag(values.to_frame(name) if is_series else pd.DataFrame({name: values}), name)


def wilson(count: Any, n: Any) -> tuple[np.ndarray, np.ndarray]:
    """95 % Wilson intervals by statsmodels; none where there are no cases."""
    from statsmodels.stats.proportion import proportion_confint

    count, n = np.broadcast_arrays(np.asarray(count, float), np.asarray(n, float))
    lower, upper = np.full(n.shape, np.nan), np.full(n.shape, np.nan)
    some = (n > 0) & np.isfinite(count)
    if some.any():
        lower[some], upper[some] = proportion_confint(count[some], n[some], method="wilson")
    return lower, upper


def argues(rule: Indication) -> str:
    """What a rule argues from: the clinical picture, the patient's wish; or what kind of rule it is."""
    return (
        "clinical" if rule.clinical else "patient-driven" if rule.preference else rule.kind.replace("_", "-")
    )


def clinical_rules(rule_book: RuleBook) -> list[Indication]:
    """The indications that rest on the case and not on the patient's wish."""
    return [rule for rule in rule_book if rule.clinical]


def any_of(rules: Iterable[Indication]) -> pl.Expr:
    """Whether any of the rules holds; unknown where none is known to, and one may."""
    return reduce(or_, (pl.col(rule.name) for rule in rules), pl.lit(False))


def at_level(level: str) -> pl.Expr:
    """Whether at least this level is recommended; unknown where unknown facts could still bring it there."""
    place = pl.lit(level, dtype=pl.Enum(RECOMMENDATIONS))
    may = pl.when(pl.col("possible") >= place).then(None).otherwise(False)
    return pl.when(pl.col("recommendation") >= place).then(True).otherwise(may)


def patterns(answers: pl.DataFrame, names: Sequence[str], *keys: str) -> pl.DataFrame:
    """Cases with the same verdicts counted together: bits of rules that ``holds``, bits still ``open``."""
    bits = [
        rule_bits(names, lambda c: c.fill_null(False)).alias("holds"),
        rule_bits(names, lambda c: c.is_null()).alias("open"),
    ]
    return answers.with_columns(bits).group_by("holds", "open", *keys).agg(cases=pl.len().cast(pl.Int64))


def simulated(frame: Any) -> bool:
    """Whether the cases are simulated: they say so, or carry the traits that only a simulation knows."""
    said = getattr(frame, "attrs", {}).get("simulated")
    return bool(said) if said is not None else {"difficulty", "gravity"} <= set(nw.from_native(frame).columns)


def rule_bits(names: Sequence[str], flag: Any) -> pl.Expr:
    """A number per case whose bits say of which rules the ``flag`` is true."""
    if len(names) > 62:
        raise SecondopError(f"Combinations of {len(names)} rules are too many to tell apart; name up to 62.")
    terms = (flag(pl.col(name)).cast(pl.Int64) * (1 << i) for i, name in enumerate(names))
    return reduce(lambda a, b: a + b, terms, pl.lit(0, pl.Int64))
