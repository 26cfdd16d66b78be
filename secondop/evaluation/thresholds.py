"""The thresholds of a rule book that may be off, moved within their ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from secondop.cohorts.draws import pert, uniform
from secondop.cohorts.parameters import Parameter
from secondop.rules.conditions import OPERATORS, Compare
from secondop.rules.facts import Fact, flag
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook

START = "thresholds."


@dataclass(frozen=True)
class Threshold:
    """A threshold with a range, in every rule that states it: one number (of a level its place)."""

    fact: Fact
    leaf: Compare

    def place(self, value: float | str) -> float:
        """The value as a number."""
        return float(self.fact.levels.index(value)) if self.fact.has_levels else float(value)

    @property
    def parameter(self) -> Parameter:
        """Its value and range as numbers, as a scenario holds its own."""
        ends = (self.leaf.value, self.leaf.lower, self.leaf.upper)
        places = (self.place(self.leaf.value if end is None else end) for end in ends)
        return Parameter(*places, self.leaf.basis)

    @property
    def met(self) -> Fact:
        """Whether a case meets it, as a fact of its own."""
        name = f"met_{self.fact.name}_{self.leaf.value}".replace(".", "_")
        return flag(name, f"{self.fact.question} Does the answer meet the threshold?")

    def met_at(self, numbers: pl.Series) -> pl.Expr:
        """Whether a case meets it, at a number for each case."""
        answer = pl.col(self.fact.name)
        answer = answer.to_physical() if self.fact.has_levels else answer
        return OPERATORS[self.leaf.op][0](answer, numbers).alias(self.met.name)


def thresholds(rule_book: RuleBook) -> dict[str, Threshold]:
    """Every threshold of its rules that states a range, by a path such as ``thresholds.first_line_weeks``.

    A further one of the same fact has its value in its path: ``thresholds.first_line_weeks 26``.

    Examples
    --------
    >>> from secondop import RULE_BOOK
    >>> thresholds(RULE_BOOK)["thresholds.first_line_weeks"].parameter
    Parameter(value=4.0, lower=2.0, upper=12.0, basis='assumed', citation='')
    """
    found: dict[str, Threshold] = {}
    for rule in rule_book:
        for leaf in rule.when.leaves():
            if isinstance(leaf, Compare) and leaf.lower != leaf.upper:
                path = f"{START}{leaf.fact.name}"
                path += f" {leaf.value}" * (found.get(path, Threshold(leaf.fact, leaf)).leaf != leaf)
                found.setdefault(path, Threshold(leaf.fact, leaf))
    return found


def asking_whether_met(rule_book: RuleBook) -> RuleBook:
    """The rule book with a fact in the place of each threshold: one book, wherever the thresholds lie."""
    met = {threshold.leaf: threshold.met.as_condition() for threshold in thresholds(rule_book).values()}
    for rule in rule_book:
        when = rule.when.mapped(lambda leaf: met.get(leaf, leaf))
        rule_book = rule_book if when == rule.when else rule_book.replace(rule.name, when=when)
    return rule_book


def saying_whether_met(cases: pl.DataFrame, rule_book: RuleBook, numbers: pd.DataFrame) -> pl.DataFrame:
    """The cases, with the facts of :func:`asking_whether_met` at these numbers (a row a case)."""
    known = thresholds(rule_book)
    answers = typed_cases(cases, {each.fact.name: each.fact for each in known.values()})
    there = {path: each for path, each in known.items() if each.fact.name in answers.columns}
    return cases.hstack(answers.select(each.met_at(pl.Series(numbers[x])) for x, each in there.items()))


def draw_thresholds(rule_book: RuleBook, draws: int, *, seed: int, weight: float = 4.0) -> pd.DataFrame:
    """Values of every threshold with a range, a row a draw: PERT, as :func:`draw_parameters` draws others.

    Of a range in whole numbers they are whole: it is drawn half a unit wider, so that either end has a whole
    unit too.
    """
    drawn: dict[str, Any] = {}
    for path, threshold in thresholds(rule_book).items():
        p, at = threshold.parameter, uniform(path, draws, seed)
        if all(float(x).is_integer() for x in (p.value, p.lower, p.upper)):
            wider = Parameter(p.value, p.lower - 0.5, p.upper + 0.5)
            drawn[path] = np.round(pert(wider, weight, at)).clip(p.lower, p.upper)
        else:
            drawn[path] = pert(p, weight, at)
    return pd.DataFrame(drawn, index=pd.RangeIndex(1, draws + 1, name="draw"))
