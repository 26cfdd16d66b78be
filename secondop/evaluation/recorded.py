"""Who is in a table: how many cases give each answer to each fact, and in how many it is not recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np

from secondop.evaluation.cohort import Cohort
from secondop.evaluation.columns import NOT_RECORDED
from secondop.evaluation.policies import book_of
from secondop.rules.answers import answers
from secondop.rules.conditions import Compare, Condition
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook


@dataclass
class Recorded:
    """How many cases give each answer to a fact: ``counts`` (groups, answers); the last is *not recorded*.

    ``values`` has for each answer one that a case could give, ``None`` for the last.
    """

    fact: Fact
    labels: list[str]
    values: list[Any]
    counts: np.ndarray


def recorded(cases: Any, rule_book: RuleBook, by: Sequence[str] = ()) -> tuple[list[Recorded], int]:
    """The answers to every fact of a rule book, and how many values could not be read; none without facts."""
    facts = tuple(rule_book.facts.values())
    asked = [answers_to(fact, rule_book) for fact in facts]
    book = book_of((when for each in asked for _, _, when in each), facts)
    cohort = Cohort(cases, book, outcome=None, by=list(by))
    if not cohort.has_rules:
        return [], 0
    _, counts, _ = cohort.tally(nw.col(f"rule {rule.name}") for rule in book)
    found, left = [], iter(counts)
    for fact, each in zip(facts, asked, strict=True):
        labels, values, _ = zip(*each, strict=True)
        said = [next(left) for _ in each]
        parts = np.stack([*(one[:, 1] for one in said), said[0][:, 2]], -1)
        found.append(Recorded(fact, [*labels, NOT_RECORDED], [*values, None], parts))
    return found, int(cohort.attrs["unreadable"])


def answers_to(fact: Fact, rule_book: RuleBook) -> list[tuple[str, Any, Condition]]:
    """The answers that are told apart: words, or bands of a number, cut where the rules cut it.

    Each in words, with one value that gives it, and when it is given.
    """
    if fact.has_levels:
        return [(fact.in_words(level), level, fact.is_in(level)) for level in fact.levels]
    if not fact.is_numeric:
        return [("yes", True, fact.as_condition()), ("no", False, ~fact)]
    found = answers(fact, (rule.when for rule in rule_book))
    reached = [Compare(fact, ">=", least) for least in found]
    bands = [*(one & ~more for one, more in pairwise(reached)), reached[-1]]
    return list(zip(found.values(), found, bands, strict=True))
