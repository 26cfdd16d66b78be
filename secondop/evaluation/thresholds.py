"""The thresholds of a rule book that may be off, moved within their ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from secondop.cohorts.draws import pert, uniform
from secondop.cohorts.parameters import Parameter
from secondop.rules.conditions import Compare
from secondop.rules.facts import Fact
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

    def at(self, number: float) -> float | str:
        """The value at a number, to whole units: that leaves few rule books to assess by."""
        whole = round(number)
        return self.fact.levels[whole] if self.fact.has_levels else whole


def thresholds(rule_book: RuleBook) -> dict[str, Threshold]:
    """Every threshold of its rules that states a range, by a path such as ``thresholds.first_line_weeks``.

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
                found.setdefault(f"{START}{leaf.fact.name}", Threshold(leaf.fact, leaf))
    return found


def at_thresholds(rule_book: RuleBook, values: Mapping[str, float]) -> RuleBook:
    """The rule book with thresholds moved, by their paths; each in every rule that states it."""
    known = thresholds(rule_book)
    moved = {known[path].leaf: known[path].at(value) for path, value in values.items() if path in known}
    moved = {leaf: value for leaf, value in moved.items() if value != leaf.value}
    for rule in rule_book if moved else ():
        when = rule.when.mapped(lambda leaf: replace(leaf, value=moved[leaf]) if leaf in moved else leaf)
        rule_book = rule_book if when == rule.when else rule_book.replace(rule.name, when=when)
    return rule_book


def draw_thresholds(rule_book: RuleBook, draws: int, *, seed: int, weight: float = 4.0) -> pd.DataFrame:
    """Values of every threshold with a range, a row a draw: PERT, as :func:`draw_parameters` draws others.

    They are whole numbers: the range is drawn half a unit wider, so that either end has a whole unit too.
    """
    drawn: dict[str, Any] = {}
    for path, threshold in thresholds(rule_book).items():
        p = threshold.parameter
        wider = Parameter(p.value, p.lower - 0.5, p.upper + 0.5)
        drawn[path] = np.round(pert(wider, weight, uniform(path, draws, seed))).clip(p.lower, p.upper)
    return pd.DataFrame(drawn, index=pd.RangeIndex(1, draws + 1, name="draw"))
