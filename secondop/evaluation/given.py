"""What a function was given, as the cohort that it needs; what it cannot use is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import narwhals as nw

from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.rules.conditions import Condition
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Indication, Source


def judged(
    cases: Any,
    rule_book: RuleBook,
    outcome: str | None = None,
    flags: Any = (),
    scores: Any = (),
    *,
    needed: bool = True,
    **own: Any,
) -> Cohort:
    """The cases as a cohort, if they are none yet: one with this outcome, these flags and these scores.

    If it is ``needed``, or cases that were assessed have nothing else, they tell what the rules say of them.
    """
    if isinstance(cases, Cohort):
        asked = {*(f"flag {name}" for name in flags), *(f"score {name}" for name in scores)}
        asked |= {"flag changed"} if outcome and not cases.net else set()
        if "cluster" not in own:
            refuse_clusters(cases)
        if any(own.values()) or asked - set(cases.frame.collect_schema().names()):
            raise SecondopError(
                "A Cohort has its own outcome, flags, by, weights and cluster: give them to Cohort(...)."
            )
        cohort = cases
    else:
        cohort = Cohort(cases, rule_book, outcome=outcome, flags=dict(flags), scores=scores, **own)
    if cohort.has_rules or not (needed or (cohort.assessed and not flags and not scores)):
        return cohort
    todo = "Use read_cases(..., columns={'your name': 'fact name'}), or assess(..., verdicts=True); "
    todo += "of a guideline of your own, give rule_book="
    if title := cohort.attrs.get("rule_book_title"):
        todo = f"They were assessed with {title!r}: give rule_book= that book, and verdicts=True to assess"
    raise SecondopError(f"There are neither facts of {cohort.rule_book.title!r} nor verdicts. {todo}.")


def book_of(conditions: Iterable[Condition | Fact], also: Sequence[Fact] = ()) -> RuleBook:
    """A book whose rules are these conditions, one after another: so a cohort judges them in its engine."""
    about = {"title": "Conditions", "subject": "condition", "version": "1", "also": also}
    every = {"level": "optional", "group": "conditions", "source": "asked"}
    named = ((f"condition-{i}", f"condition {i}", when) for i, when in enumerate(conditions))
    rules = [Indication(name, label, when=when, **every) for name, label, when in named]
    return RuleBook(rules=rules, sources=[Source("asked", "What is asked of cases")], **about)


def refuse_clusters(cohort: Cohort) -> None:
    """Refuse a cohort with clusters where intervals do not account for them, rather than lose them."""
    if cohort.cluster:
        raise SecondopError(
            f"The cohort counts by {cohort.cluster!r}, as firing_rates, tradeoff, decision_curve and compare "
            "can; here intervals would be too narrow. Make a Cohort without cluster=, and say so beside it."
        )


def refuse_no_chance(cohort: Cohort, score: str) -> None:
    """Refuse a score that is to be a probability and is none: per cent, or points."""
    chance = nw.col(f"score {score}")
    if outside := cohort.count((chance < 0) | (chance > 1)):
        said = f"{outside:,} probabilities in column {score!r} are below 0 or above 1"
        raise SecondopError(f"{said}: a chance of 22 % is 0.22.")
