"""The thresholds of a rule book that may be off, moved within their ranges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl

from secondop.cohorts.draws import pert, uniform
from secondop.cohorts.parameters import Parameter
from secondop.rules.conditions import OPERATORS, Compare
from secondop.rules.facts import Fact, flag
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook


def thresholds(rule_book: RuleBook) -> dict[str, Compare]:
    """Every threshold of its rules that states a range, by a path such as ``thresholds.first_line_weeks``.

    A further one of the same fact has its value in its path: ``thresholds.first_line_weeks 26``.
    """
    found: dict[str, Compare] = {}
    for leaf in (leaf for rule in rule_book for leaf in rule.when.leaves()):
        if isinstance(leaf, Compare) and leaf.lower != leaf.upper:
            path = f"thresholds.{leaf.fact.name}"
            path += f" {leaf.value}" * (found.get(path, leaf) != leaf)
            found.setdefault(path, leaf)
    return found


def parameters_of(rule_book: RuleBook) -> dict[str, Parameter]:
    """The thresholds as numbers (of a level its place), with value and range as a scenario holds its own."""
    found = {}
    for path, leaf in thresholds(rule_book).items():
        ends = (leaf.value if end is None else end for end in (leaf.value, leaf.lower, leaf.upper))
        places = (float(leaf.fact.levels.index(x) if leaf.fact.has_levels else x) for x in ends)
        found[path] = Parameter(*places, leaf.basis)
    return found


def met(threshold: Compare) -> Fact:
    """Whether a case meets a threshold, as a fact of its own."""
    name = f"met_{threshold.fact.name}_{threshold.value}".replace(".", "_")
    return flag(name, f"{threshold.fact.question} Does the answer meet the threshold?")


def asking_whether_met(rule_book: RuleBook) -> RuleBook:
    """The rule book with a fact in the place of each threshold: one book, wherever the thresholds lie."""
    asked = {leaf: met(leaf).as_condition() for leaf in thresholds(rule_book).values()}
    for rule in rule_book:
        when = rule.when.mapped(lambda leaf: asked.get(leaf, leaf))
        rule_book = rule_book if when == rule.when else rule_book.replace(rule.name, when=when)
    return rule_book


def saying_whether_met(cases: pl.DataFrame, rule_book: RuleBook, numbers: pd.DataFrame) -> pl.DataFrame:
    """The cases, with the facts of :func:`asking_whether_met` at these numbers (a row a case)."""
    known, said = thresholds(rule_book), []
    answers = typed_cases(cases, {leaf.fact.name: leaf.fact for leaf in known.values()})
    for path, leaf in known.items():
        if leaf.fact.name in answers.columns:
            answer = answers[leaf.fact.name]
            place = answer.to_physical() if leaf.fact.has_levels else answer
            said.append(OPERATORS[leaf.op][0](place, pl.Series(numbers[path])).alias(met(leaf).name))
    return cases.hstack(said)


def draw_thresholds(rule_book: RuleBook, draws: int, *, seed: int, weight: float = 4.0) -> pd.DataFrame:
    """Values of every threshold with a range, a row a draw: PERT, as :func:`draw_parameters` draws others.

    Of a range in whole numbers they are whole: it is drawn half a unit wider, so that either end has a whole
    unit too.
    """
    drawn = {}
    for path, p in parameters_of(rule_book).items():
        whole = all(x.is_integer() for x in (p.value, p.lower, p.upper))
        wider = Parameter(p.value, p.lower - 0.5 * whole, p.upper + 0.5 * whole)
        drawn[path] = pert(wider, weight, uniform(path, draws, seed))
        drawn[path] = np.round(drawn[path]).clip(p.lower, p.upper) if whole else drawn[path]
    return pd.DataFrame(drawn, index=pd.RangeIndex(1, draws + 1, name="draw"))
