"""Every answer that matters to a rule book, and what its rules say to every combination of them.

Rules tell apart finitely many answers to a fact: yes and no, each level, and the stretches of numbers between
their thresholds. One of each sort, and *not recorded*, decide exactly what could fire, and what to ask next.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import cache
from math import ceil, floor, inf, nextafter, prod

import numpy as np
import polars as pl

from secondop.errors import SecondopError
from secondop.rules.conditions import Compare, Condition
from secondop.rules.facts import Fact, Kind
from secondop.rules.rules import Rule

NO, YES, UNKNOWN = 0, 1, 2  # a verdict, as tables hold it
GRID_LIMIT = 2_000_000  # combinations of answers that are laid out at once: those of 13 yes-or-no facts


def answers(fact: Fact, conditions: Iterable[Condition]) -> dict[bool | str | float, str]:
    """The least answer of every sort that the conditions tell apart, and its sort in words."""
    if not fact.is_numeric:
        return {value: fact.in_words(value) for value in fact.levels or (False, True)}
    leaves = itertools.chain.from_iterable(condition.leaves() for condition in conditions)
    asked = [leaf for leaf in leaves if isinstance(leaf, Compare) and leaf.fact == fact]
    # a cut (v, False) parts "less than v" from "at least v"; (v, True) parts "at most v" from "more than v"
    cuts = {(leaf.value, leaf.op in (">", "<=")) for leaf in asked}
    if fact.kind is Kind.COUNT:  # more than 3 is at least 4
        cuts = {(floor(value) + 1 if after else ceil(value), False) for value, after in cuts}
    cuts = sorted(cut for cut in cuts if (fact.low, False) < cut < (fact.high, True))
    least = [fact.low, *(nextafter(value, inf) if after else value for value, after in cuts)]
    starts = ["", *(f"{'more than' if after else 'at least'} {value:g}" for value, after in cuts)]
    ends = [*(f"{'at most' if after else 'less than'} {value:g}" for value, after in cuts), ""]
    words = [" and ".join(filter(None, both)) or "any number of" for both in zip(starts, ends, strict=True)]
    last = [value for value, _ in (*cuts, *cuts[-1:])] or [0]
    return dict(zip(least, map(fact.quantity, words, last), strict=True))


class AnswerSpace:
    """The sorts of answers to each fact of some rules (``options``), and verdicts over all combinations.

    ``table(rule)`` holds the verdicts of a rule (NO, YES, UNKNOWN): an axis a fact, in the order in which it
    reads them, and along it the ``options`` of that fact and then *not recorded*.
    """

    def __init__(self, rules: Iterable[Rule], facts: Mapping[str, Fact]):
        self.rules = {rule.name: rule for rule in rules}
        self.facts, conditions = dict(facts), [rule.when for rule in self.rules.values()]
        self.options = {name: answers(fact, conditions) for name, fact in facts.items()}
        self.table, self.helps = cache(self._table), cache(self._helps)

    def _table(self, rule: str) -> np.ndarray:
        facts = self.rules[rule].facts
        shape = [len(self.options[name]) + 1 for name in facts]
        if prod(shape) > GRID_LIMIT:
            ways = f"{len(facts)} facts, whose answers combine in {prod(shape):,} ways"
            fewer = f"up to {GRID_LIMIT:,} can be laid out: split it into rules that read fewer facts"
            raise SecondopError(f"Rule {rule!r} reads {ways}; {fewer}.")
        grid = pl.DataFrame(
            pl.Series(name, [*self.options[name], None], fact.dtype, strict=False).gather(place.ravel())
            for place, (name, fact) in zip(np.indices(shape), facts.items(), strict=True)
        )
        said = grid.select(self.rules[rule].when.to_expr(lambda fact: pl.col(fact.name))).to_series()
        return said.cast(pl.UInt8).fill_null(UNKNOWN).to_numpy().reshape(shape)

    def _helps(self, rule: str, fact: str) -> np.ndarray:
        """Where in ``table`` an answer to an unrecorded fact may make the rule fire, others being learned."""
        axis = list(self.rules[rule].facts).index(fact)
        fires = np.moveaxis(self.table(rule) == YES, axis, 0)
        able = (fires & ~fires[-1]).any(axis=0)
        for other in range(able.ndim):
            np.moveaxis(able, other, 0)[-1] = able.any(axis=other)
        found = np.zeros(self.table(rule).shape, bool)
        np.moveaxis(found, axis, 0)[-1] = able
        return found

    def fires(self, rule: str) -> np.ndarray:
        """Where the rule fires, its facts all known."""
        return self.table(rule)[(slice(-1),) * self.table(rule).ndim] == YES

    def implies(self, first: str, second: str) -> bool:
        """Whether the second rule fires in every case, with all its facts known, in which the first does."""
        facts = list(self.rules[first].facts | self.rules[second].facts)
        if prod(len(self.options[name]) for name in facts) > GRID_LIMIT:
            return False  # too many to look at: nothing is claimed
        one, other = ([facts.index(name) for name in self.rules[rule].facts] for rule in (first, second))
        return not np.einsum(self.fires(first), one, ~self.fires(second), other, [])

    def places(self, cases: pl.DataFrame, names: Iterable[str] = ()) -> dict[str, np.ndarray]:
        """For each fact, or these, which of its ``options`` every case gives; one past the last: none."""
        exprs = {}
        for name in names or self.facts:
            place, given = pl.repeat(None, pl.len(), dtype=pl.UInt8), pl.col(name)
            if name in cases.columns and self.facts[name].is_numeric:
                reached = (given >= least for least in list(self.options[name])[1:])
                place = pl.when(given.is_not_null()).then(sum(reached, pl.lit(0, pl.UInt8)))
            elif name in cases.columns:
                place = given.to_physical().cast(pl.UInt8)
            exprs[name] = place.fill_null(len(self.options[name]))
        return {column.name: column.to_numpy() for column in cases.select(**exprs)}
