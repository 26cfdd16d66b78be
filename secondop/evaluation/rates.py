"""How often each rule fires, alone and together, with what unknown facts leave open.

Every rate is a share of *all cases in the table*, which is not the denominator of the published rates of
changed diagnoses. ``low`` counts the cases for which a rule is known to hold; ``high`` adds those for which
an unknown fact could still make it hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.reading import (
    any_of,
    argues,
    at_level,
    clinical_rules,
    eager,
    patterns,
    read_verdicts,
    rule_bits,
    simulated,
    wilson,
)
from secondop.rules.encode import coded_cases
from secondop.rules.facts import FACTS
from secondop.rules.indication import Level
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

NOT_RECORDED = "not recorded"
ANY_CLINICAL, ANY_PREFERENCE = "any clinical indication", "any patient-driven indication"
OTHER = "all other combinations"
MAX_SUBGROUPS = 200


def firing_rates(
    assessed: Any, by: str | Sequence[str] | None = None, rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """How often each rule, group and level fires, of how many, and how much is unknown.

    Patient-driven indications are counted apart from clinical ones: with them, nearly every case has a reason
    for a second opinion.

    Parameters
    ----------
    assessed : frame of n_cases rows
        Cases from ``assess(..., verdicts=True)``: pandas, polars or pyarrow.
    by : str or list of str, optional
        Columns of subgroups. Cases whose subgroup is unknown are a subgroup of their own, "not recorded".
    rule_book : RuleBook
        The book that they were assessed with.

    Returns
    -------
    pandas.DataFrame
        A row per level ("that much or more"), per kind of indication, per group and per rule, in every
        subgroup: ``sort, name, label, argues`` (clinical, patient-driven, ...), ``within`` (the row that
        contains it: no rate exceeds its parent's), ``n``, ``fired``, ``unknown``, ``low`` = fired/n and
        ``high`` = (fired + unknown)/n, each with its 95 % Wilson interval. No cases, no rate.

    Raises
    ------
    SecondopError
        If the verdicts are missing, or a subgroup column has too many different values.

    Examples
    --------
    >>> from secondop import assess
    >>> cases = pd.DataFrame({"neoplasia_concern": [True, False, None, None], "sex": ["male"] * 3 + [None]})
    >>> table = firing_rates(assess(cases, verdicts=True), by="sex").set_index(["sex", "name"])
    >>> table.xs("neoplasia-concern", level="name")[["n", "fired", "unknown", "low"]].reset_index().round(2)
                sex  n  fired  unknown   low
    0          male  3      1        1  0.33
    1  not recorded  1      0        1  0.00
    """
    frame, answers = eager(assessed), read_verdicts(assessed, rule_book)
    keys = [by] if isinstance(by, str) else list(by or ())
    answers = answers.with_columns(_subgroup(frame, key).alias(f"_by_{key}") for key in keys)
    places = [f"_by_{key}" for key in keys]
    described, holds = zip(*_populations(rule_book), strict=True)
    answers = answers.select(*places, *(expr.alias(str(i)) for i, expr in enumerate(holds)))
    counted = [pl.len().alias("n").cast(pl.Int64)]
    for i in map(str, range(len(holds))):
        counted += [pl.col(i).sum().cast(pl.Int64).alias(f"{i} fired")]
        counted += [pl.col(i).null_count().cast(pl.Int64).alias(f"{i} unknown")]
    tally = (
        answers.group_by(places).agg(counted).sort(places, nulls_last=True)
        if keys
        else answers.select(counted)
    )
    if tally.height > MAX_SUBGROUPS:
        raise SecondopError(
            f"firing_rates by {', '.join(keys)} makes {tally.height:,} subgroups, more than {MAX_SUBGROUPS}. "
            "Cut numbers into bands first, for instance with pandas.cut."
        )
    rows = [
        {
            key: NOT_RECORDED if row[place] is None else row[place]
            for key, place in zip(keys, places, strict=True)
        }
        | about
        | {"n": row["n"], "fired": row[f"{i} fired"], "unknown": row[f"{i} unknown"]}
        for row in tally.iter_rows(named=True)
        for i, about in enumerate(described)
    ]
    return _with_rates(pd.DataFrame(rows), frame)


def attrition(
    assessed: Any, order: Sequence[str] | None = None, rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """What each rule adds when rules are joined by *or*, one after another: the first lesson of overuse.

    Parameters
    ----------
    assessed : frame of n_cases rows
        Cases from ``assess(..., verdicts=True)``.
    order : list of str, optional
        Names of rules; by default the clinical indications in the book's order. Patient-driven ones may be
        added, and show how the rate tends to all cases.

    Returns
    -------
    pandas.DataFrame
        A row per step, the first without any rule: ``step, rule, label, argues``, ``alone`` (cases for which
        this rule is known to hold), ``added`` (those that no earlier rule found), and for all rules so far
        ``n, fired, unknown, low, high`` with their 95 % Wilson intervals.
    """
    answers = read_verdicts(assessed, rule_book)
    rules = clinical_rules(rule_book) if order is None else [rule_book[name] for name in order]
    columns = {f"{i}": any_of(rules[:i]) for i in range(len(rules) + 1)}
    joined = answers.select(**columns, **{f"{r.name}!": pl.col(r.name).sum() for r in rules})
    rows, before = [], 0
    for step, rule in enumerate([None, *rules]):
        so_far = joined[str(step)]
        fired = int(so_far.sum() or 0)
        about = {"step": step, "rule": rule.name if rule else "", "label": rule.label if rule else "no rule"}
        about |= {
            "argues": argues(rule) if rule else "",
            "alone": int(joined[f"{rule.name}!"][0] or 0) if rule and joined.height else 0,
        }
        rows.append(
            about
            | {"added": fired - before, "n": len(so_far), "fired": fired, "unknown": so_far.null_count()}
        )
        before = fired
    return _with_rates(pd.DataFrame(rows), eager(assessed))


def overlap(
    assessed: Any, rules: Sequence[str] | None = None, *, most: int = 20, rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """Which rules fire together: the sets of rules that hold exactly, and how many cases each set has.

    Parameters
    ----------
    assessed : frame of n_cases rows
        Cases from ``assess(..., verdicts=True)``.
    rules : list of str, optional
        Up to 62 names; by default the clinical indications.
    most : int
        How many sets to list, the largest first; a last row counts all other sets.

    Returns
    -------
    pandas.DataFrame
        A row per set: ``combination`` (tuple of rule names), ``rules`` (how many), ``known`` (cases in which
        these rules, and no others, are *known* to hold; adds up to ``n``), ``n``, ``fired`` (those in which
        no other rule can hold), ``unknown`` (cases that unknown facts could bring into the set), ``low`` and
        ``high`` with 95 % Wilson intervals. :func:`overlap_members` gives the cases.
    """
    names = (
        [r.name for r in clinical_rules(rule_book)] if rules is None else [rule_book[n].name for n in rules]
    )
    seen = patterns(read_verdicts(assessed, rule_book), names)
    holds, open_, cases = (seen[column].to_numpy() for column in ("holds", "open", "cases"))
    known = (
        seen.group_by("holds").agg(pl.col("cases").sum()).sort(["cases", "holds"], descending=[True, False])
    )
    listed = known["holds"].to_numpy()[:most]
    rows, consistent = [], np.zeros(len(seen), float)
    for combination, count in zip(listed, known["cases"].to_list(), strict=False):
        may = ((holds & ~combination) == 0) & ((combination & ~(holds | open_)) == 0)
        consistent += may
        sure = int(cases[may & (open_ == 0)].sum())
        inside = tuple(name for i, name in enumerate(names) if combination >> i & 1)
        rows.append({"combination": inside, "rules": len(inside), "known": count} | {"n": int(cases.sum())})
        rows[-1] |= {"fired": sure, "unknown": int(cases[may].sum()) - sure}
    rest = known["cases"].to_list()[most:]
    if rest:
        may = consistent < 2.0 ** np.bitwise_count(open_)
        sure = int(cases[may & (open_ == 0)].sum())
        rows.append({"combination": (OTHER,), "rules": pd.NA, "known": sum(rest), "n": int(cases.sum())})
        rows[-1] |= {"fired": sure, "unknown": int(cases[may].sum()) - sure}
    columns = ["combination", "rules", "known", "n", "fired", "unknown"]
    return _with_rates(pd.DataFrame(rows, columns=columns).astype({"rules": "Int64"}), eager(assessed))


def overlap_members(
    assessed: Any,
    combination: Iterable[str],
    rules: Sequence[str] | None = None,
    *,
    rule_book: RuleBook = RULE_BOOK,
) -> Any:
    """The cases behind a bar of :func:`overlap`: those in which exactly these rules are known to hold.

    Returns
    -------
    frame
        Their rows, in the kind given (as many as ``known`` says).
    """
    inside = [rule_book[name].name for name in combination]
    names = (
        [r.name for r in clinical_rules(rule_book)] if rules is None else [rule_book[n].name for n in rules]
    )
    if strangers := [name for name in inside if name not in names]:
        raise unknown_name("rule among those that overlap", strangers[0], names)
    wanted = sum(1 << names.index(name) for name in set(inside))
    mask = read_verdicts(assessed, rule_book).select(rule_bits(names, lambda c: c.fill_null(False)) == wanted)
    return nw.from_native(eager(assessed)).filter(mask.to_series().to_list()).to_native()


def _populations(rule_book: RuleBook) -> list[tuple[dict[str, str], pl.Expr]]:
    """Every population that is counted: how it is described, and who is in it."""
    rows = []
    parent = ""
    for level in Level:
        mixed = (
            "any indication, the patient's wish included" if level is Level.OPTIONAL else f"{level} or more"
        )
        argued = "both" if level is Level.OPTIONAL else "clinical"
        rows.append((("level", str(level), mixed, argued, parent), at_level(level)))
        parent = str(level)
    tops = {"clinical": ANY_CLINICAL, "patient-driven": ANY_PREFERENCE}
    for kind, name in tops.items():
        rows.append((("any", name, name, kind, ""), any_of(r for r in rule_book if argues(r) == kind)))
    groups = dict.fromkeys((rule.group, argues(rule)) for rule in rule_book)
    for group, kind in groups:
        inside = [rule for rule in rule_book if (rule.group, argues(rule)) == (group, kind)]
        rows.append((("group", str(group), str(group), kind, tops.get(kind, "")), any_of(inside)))
    rows += [(("rule", r.name, r.label, argues(r), str(r.group)), pl.col(r.name)) for r in rule_book]
    return [
        (dict(zip(("sort", "name", "label", "argues", "within"), about, strict=True)), e) for about, e in rows
    ]


def _subgroup(frame: Any, name: str) -> pl.Series:
    """A column of subgroups in words, with real nulls; a fact passes the gate first."""
    column = nw.from_native(frame)
    if name not in column.columns:
        raise unknown_name("column to group by", name, column.columns)
    if name in FACTS:
        fact, values = FACTS[name], coded_cases(frame, [name])[name]
        if fact.has_levels:
            return values.replace_strict(
                range(len(fact.levels)), fact.levels, return_dtype=pl.Enum(fact.levels)
            )
    else:
        values = column.select(name).to_polars().to_series()
    if values.dtype == pl.Boolean:
        yes_no = pl.Enum(["no", "yes"])
        return values.replace_strict([False, True], ["no", "yes"], return_dtype=yes_no)
    return values.fill_nan(None) if values.dtype.is_float() else values


def _with_rates(table: pd.DataFrame, frame: Any) -> pd.DataFrame:
    for name, count in (("low", table["fired"]), ("high", table["fired"] + table["unknown"])):
        table[name] = (count / table["n"]).where(table["n"] > 0)
        table[f"{name}_lower"], table[f"{name}_upper"] = wilson(count, table["n"])
    table.attrs["simulated"] = simulated(frame)
    return table
