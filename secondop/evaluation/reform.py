"""What changes if one rule book replaces another, on the same cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.arguments import checked
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.differences import DIFFERENCE, paired, sharing
from secondop.evaluation.given import judged, refuse_clusters
from secondop.evaluation.measures import COUNTED, table, tidy
from secondop.evaluation.policies import any_of, levels_from
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.rules.assess import assess_typed
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook

WAYS = ("before", "after")


@checked()
def reform(
    cohort: Any,
    before: RuleBook,
    after: RuleBook,
    *,
    level: str = "recommended",
    outcome: str = "either",
    threshold: float = THRESHOLD,
    weights: str | None = None,
    by: str | list[str] | None = None,
) -> pd.DataFrame:
    """What changes, by measure and group, if one rule book replaces another.

    Both judge the cases from their facts, and refer from this ``level`` on. Beside ``before`` and ``after``
    their difference: ``value`` if unknown facts refer nobody (blank where an unknown outcome decides it),
    ``min, max`` over one and the same settling of all that is unknown, ``lower, upper`` (95 %), and ``newly,
    no_longer``: the cases that enter and leave the measure.
    """
    both, levels, verified = _both(before, after), levels_from(level), None
    if isinstance(cohort, Cohort):
        refuse_clusters(cohort)
        outcome, by, weights = cohort.outcome or outcome, by or cohort.by, weights or cohort.weights
        verified = cohort.verified
    told = {"by": by, "weights": weights, "verified": verified}
    cohort = judged(getattr(cohort, "cases", cohort), both, outcome, **told)
    old, new = ([r for r in both if r.level in levels and r.name.startswith(way)] for way in WAYS)
    kept, lost = ([r for r in old if (r.when in [x.when for x in new]) == stays] for stays in (True, False))
    added = [r for r in new if r.when not in [x.when for x in kept]]
    asked = {"before": old, "after": new, "kept": kept, "lost": lost, "added": added}
    seen = cohort.patterns({name: any_of(rules) for name, rules in asked.items()}, ("changed", *cohort.truth))
    seen.codes["old"], seen.codes["new"] = sharing(*(seen.codes[x] for x in ("kept", "lost", "added")))
    found = {}
    for name in (*COUNTED, *cohort.truth):
        measure, flag = (name, "flag changed") if name in COUNTED else ("true_positive", f"flag {name}")
        each = (table(*seen.crossed(way, flag), [threshold], measures=[measure])[measure] for way in WAYS)
        gain = paired(*seen.crossed("old", "new", flag), [threshold], alike=False)[measure]
        found[name] = np.concatenate([*(numbers[..., :1] for numbers in each), gain], -1)
    about = pd.DataFrame({"group": seen.groups, "n": seen.crossed("all")[0].sum(1)})
    kinds = {} if cohort.weights else {"newly": "Int64", "no_longer": "Int64", "n": "int64"}
    made = tidy(about, found, [threshold], [*WAYS, *DIFFERENCE]).astype(kinds)
    made.attrs |= cohort.about() | {"rule_book": after.fingerprint, "before": before.fingerprint}
    return made


@checked()
def flipped(cases: Any, before: RuleBook, after: RuleBook) -> Any:
    """The cases whose recommendation on recorded facts changes: ``before, after``, in the kind given."""
    facts = judged(cases, _both(before, after)).rule_book.rule_facts
    frame = nw.from_native(getattr(cases, "cases", cases))
    if isinstance(frame, nw.LazyFrame) or set(WAYS) & set(frame.columns):
        raise SecondopError("Give cases in memory (collect them) that have no column before or after yet.")
    typed = typed_cases(frame.to_native(), facts)
    said = [assess_typed(typed, book)["recommendation"] for book in (before, after)]
    moved = said[0] != said[1]
    rows = frame.filter(moved.to_list())
    words = (x.filter(moved).to_list() for x in said)
    new = (nw.new_series(*x, nw.String, backend=rows.implementation) for x in zip(WAYS, words, strict=True))
    return rows.with_columns(new).to_native()


def _both(before: RuleBook, after: RuleBook) -> RuleBook:
    """One book with the rules of both, so that one cohort judges all of them from the same facts."""
    named = zip(WAYS, (before, after), strict=True)
    rules = [replace(rule, name=f"{way}-{rule.name}") for way, book in named for rule in book]
    sources = (before.sources_by_key | after.sources_by_key).values()
    return replace(after, rules=rules, sources=sources, also=(*before.facts.values(), *after.facts.values()))
