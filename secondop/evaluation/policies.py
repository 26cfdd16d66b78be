"""Policies: who would be sent for a second opinion, by the rule book or by anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    flags_of,
    read_flag,
    verdicts_of,
)
from secondop.rules.facts import FACTS
from secondop.rules.indication import Level
from secondop.rules.rulebook import RuleBook

NO, YES, UNKNOWN = 0, 1, 2
COUNTS = (2, 3, 4)
LEVELS = {
    "urgent": "all with an urgent indication",
    "recommended": "all with a clinical indication",
    "optional": "all with an indication or a wish",
}


@dataclass(frozen=True, eq=False)
class Policy:
    """Who is sent.

    Attributes
    ----------
    name, label : str
        Short, and readable.
    sort : str
        none, level, count, group, score, own, oracle or all.
    argues : str
        Whether it rests on clinical indications, on patient-driven ones or on both; empty for other sorts.
    sent : ndarray of uint8, shape (n_cases,)
        0 no, 1 yes, 2 where unknown facts could decide either way.
    """

    name: str
    label: str
    sort: str
    argues: str
    sent: np.ndarray


def build_policies(
    cohort: Any,
    changed: np.ndarray,
    policies: Iterable[str] | Mapping[str, Any] | None,
    scores: Mapping[str, float] | None,
    rule_book: RuleBook,
) -> list[Policy]:
    """Every policy asked for, with none, the oracle and all."""
    frame, n = eager(cohort), len(changed)
    made = _from_rules(frame, rule_book)
    for column, threshold in (scores or {}).items():
        sent = codes(read_number(frame, column) >= threshold)
        made.append(Policy(column, f"all with {column} of at least {threshold:g}", "score", "", sent))
    if isinstance(policies, Mapping):
        made += [
            Policy(name, name, "own", "", _own(frame, n, name, flags)) for name, flags in policies.items()
        ]
    elif policies is not None:
        policies = [policies] if isinstance(policies, str) else list(policies)
        known = {policy.name: policy for policy in made}
        for name in policies:
            if name not in known and name not in ("none", "all", "oracle"):
                raise unknown_name("policy", name, [*known, "none", "all", "oracle"])
        made = [p for p in made if p.name in policies or p.sort == "score"]
    names = [policy.name for policy in made] + ["none", "all", "oracle"]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SecondopError(f"Two policies are called {', '.join(twice)}: rename yours.")
    return with_ends(made, changed)


def with_ends(policies: list[Policy], changed: np.ndarray) -> list[Policy]:
    """The policies between nobody, the oracle and everybody."""
    n = len(changed)
    return [
        Policy("none", "nobody", "none", "", np.zeros(n, np.uint8)),
        *policies,
        Policy("oracle", "only those that would change", "oracle", "", changed),
        Policy("all", "everybody", "all", "", np.ones(n, np.uint8)),
    ]


def read_outcome(cohort: Any, outcome: str) -> np.ndarray:
    """Whether an opinion would change something, as codes; ``either`` is diagnosis or treatment."""
    frame = eager(cohort)
    columns = nw.from_native(frame).columns
    if outcome != "either" or outcome in columns:
        return codes(read_flag(frame, outcome))
    parts = ("diagnosis_changed", "treatment_changed")
    if missing := [name for name in parts if name not in columns]:
        raise SecondopError(
            f"outcome='either' reads {' and '.join(parts)}; these cases lack {' and '.join(missing)}. Name "
            f"the yes/no column that says whether an opinion changed something: outcome='your column'. "
            f"There are: {', '.join(columns[:12])}{', ...' if len(columns) > 12 else ''}."
        )
    return codes(read_flag(frame, parts[0]) | read_flag(frame, parts[1]))


def codes(flags: pl.Series) -> np.ndarray:
    """0 no, 1 yes, 2 unknown."""
    return flags.cast(pl.UInt8).fill_null(UNKNOWN).to_numpy()


def read_number(frame: Any, name: str) -> pl.Series:
    """A column of numbers with real nulls."""
    read = nw.from_native(frame)
    if name not in read.columns:
        raise unknown_name("column of the cases", name, read.columns)
    values = read.select(name).to_polars().to_series()
    if not values.dtype.is_numeric():
        raise SecondopError(f"Column {name!r} must hold numbers, and holds {values.dtype}.")
    return values.cast(pl.Float64).fill_nan(None)


def has_rules(cohort: Any) -> bool:
    """Whether a rule book can be applied to the cases: they have facts or were assessed."""
    return bool({*FACTS, "recommendation"} & set(nw.from_native(eager(cohort)).columns))


def _from_rules(frame: Any, rule_book: RuleBook) -> list[Policy]:
    if not has_rules(frame):
        return []
    verdicts, clinical = verdicts_of(frame, rule_book), clinical_rules(rule_book)
    names = [rule.name for rule in clinical]
    known, open_ = pl.col(names).cast(pl.UInt16), pl.col(names).is_null().cast(pl.UInt16)
    none = pl.lit(0, pl.UInt16)
    counted = {"_known": pl.sum_horizontal(known, none), "_open": pl.sum_horizontal(open_, none)}
    verdicts = verdicts.with_columns(**counted)
    count, may = pl.col("_known"), pl.col("_known") + pl.col("_open")  # added up once for all of COUNTS
    rows = []
    for level in reversed(Level):
        kind = "both" if level is Level.OPTIONAL else "clinical"
        rows.append((str(level), LEVELS[level], "level", kind, at_level(level)))
    for k in COUNTS:
        maybe = pl.when(may >= k).then(None).otherwise(False)
        sent = pl.when(count >= k).then(True).otherwise(maybe)
        rows.append(
            (f"at least {k}", f"all with at least {k} clinical indications", "count", "clinical", sent)
        )
    pairs = dict.fromkeys((r.group, argues(r)) for r in rule_book if r.clinical or r.preference)
    for group, kind in pairs:
        inside = [rule for rule in rule_book if (rule.group, argues(rule)) == (group, kind)]
        rows.append((str(group), f"all with an indication of {group}", "group", kind, any_of(inside)))
    sent = verdicts.select(expr.alias(str(i)) for i, (*_, expr) in enumerate(rows))
    return [Policy(*about, codes(sent[str(i)])) for i, (*about, _) in enumerate(rows)]


def _own(frame: Any, n: int, name: str, flags: Any) -> np.ndarray:
    if isinstance(flags, str):
        return codes(read_flag(frame, flags))
    if (
        isinstance(flags, pd.Series)
        and isinstance(frame, pd.DataFrame)
        and not flags.index.equals(frame.index)
    ):
        raise SecondopError(
            f"Policy {name!r} has another index than the cases: it would send the wrong ones."
        )
    sent = flags_of(flags, name)
    if len(sent) != n:
        raise SecondopError(f"Policy {name!r} says yes or no for {len(sent):,} cases; there are {n:,}.")
    return codes(sent)
