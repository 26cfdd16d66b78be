"""Every answer that matters to a rule book, and what its rules say to every combination of them.

Rules tell apart finitely many answers to a fact: yes and no, each level, and the stretches of numbers between
their thresholds. One answer of each sort, and *not recorded*, decide exactly whether a rule can fire, whether
one implies another, which question to ask next, and what would have to be different.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import polars as pl

from secondop.errors import SecondopError
from secondop.rules.conditions import Compare, Condition
from secondop.rules.facts import Fact, Kind
from secondop.rules.rules import Rule

NO, YES, UNKNOWN = 0, 1, 2
"""A verdict, as tables hold it."""
GRID_LIMIT = 2_000_000
"""Most combinations of answers that are laid out at once: a rule may read 13 yes-or-no facts."""


@dataclass(frozen=True)
class Answer:
    """One answer out of all that the rules cannot tell apart: a value, and all of its sort in words."""

    value: bool | str | float
    words: str


def answers(fact: Fact, conditions: Iterable[Condition]) -> tuple[Answer, ...]:
    """One answer to the fact of every sort that the conditions tell apart, least first.

    Examples
    --------
    >>> from secondop import count
    >>> drugs = count("drug_trials", 50, "drugs", "How many different drugs were tried?")
    >>> [a.words for a in answers(drugs, [drugs >= 2])]
    ['less than 2 drugs', 'at least 2 drugs']
    """
    if not fact.is_numeric:
        return tuple(Answer(value, fact.in_words(value)) for value in fact.levels or (False, True))
    least, most = (fact.low, False), (fact.high, True)
    found = []
    for below, above in itertools.pairwise([least, *_cuts(fact, conditions), most]):
        (start, after), (end, through), words = below, above, {}
        if below != least:
            words[f"{'more than' if after else 'at least'} {start:g}"] = start
        if above != most:
            words[f"{'at most' if through else 'less than'} {end:g}"] = end
        step = 1.0 if fact.kind is Kind.COUNT or end == np.inf else (end - start) / 2
        said = fact.quantity(" and ".join(words) or "any number of", [0, *words.values()][-1])
        found.append(Answer(start + step if after else start, said))
    return tuple(found)


def _cuts(fact: Fact, conditions: Iterable[Condition]) -> list[tuple[float, bool]]:
    """Where the stretches of a number begin, but for empty ones, in order.

    A cut (v, False) parts "less than v" from "at least v"; (v, True) parts "at most v" from "more than v". Of
    whole numbers "more than 3" is "at least 4".
    """
    leaves = [leaf for condition in conditions for leaf in condition.leaves()]
    asked = [leaf for leaf in leaves if isinstance(leaf, Compare) and leaf.fact == fact]
    cuts = {(float(leaf.value), leaf.op in (">", "<=")) for leaf in asked}
    if fact.kind is Kind.COUNT:
        cuts = {(np.floor(v) + 1 if after else np.ceil(v), False) for v, after in cuts}
    return sorted(cut for cut in cuts if (fact.low, False) < cut < (fact.high, True))


class AnswerSpace:
    """The sorts of answers to each fact of some rules, and each rule's verdicts over all combinations.

    ``options`` holds the answers to each fact by name, least first; *not recorded* comes after the last.
    """

    def __init__(self, rules: Iterable[Rule], facts: Mapping[str, Fact]):
        self.rules = {rule.name: rule for rule in rules}
        self.facts = dict(facts)
        self._conditions = [rule.when for rule in self.rules.values()]
        self._tables: dict[str, np.ndarray] = {}
        self._matters: dict[tuple[str, str], np.ndarray] = {}

    @cached_property
    def options(self) -> dict[str, tuple[Answer, ...]]:
        return {name: answers(fact, self._conditions) for name, fact in self.facts.items()}

    def table(self, rule: str) -> np.ndarray:
        """The rule's verdicts (NO, YES, UNKNOWN): an axis a fact, in the order in which it reads them.

        Along an axis stand the answers of ``options``; the last place is *not recorded*. More than
        :data:`GRID_LIMIT` combinations are refused.
        """
        if rule not in self._tables:
            facts = self.rules[rule].facts
            shape = tuple(len(self.options[name]) + 1 for name in facts)
            if prod(shape) > GRID_LIMIT:
                ways = f"{len(facts)} facts, whose answers combine in {prod(shape):,} ways"
                fewer = f"up to {GRID_LIMIT:,} can be laid out: split it into rules that read fewer facts"
                raise SecondopError(f"Rule {rule!r} reads {ways}; {fewer}.")
            columns = {}
            for place, (name, fact) in zip(np.indices(shape), facts.items(), strict=True):
                values = [*(answer.value for answer in self.options[name]), None]
                columns[name] = pl.Series(values, dtype=fact.dtype, strict=False).gather(place.ravel())
            said = pl.DataFrame(columns).select(self.rules[rule].when.to_expr(lambda fact: pl.col(fact.name)))
            self._tables[rule] = said.to_series().cast(pl.UInt8).fill_null(UNKNOWN).to_numpy().reshape(shape)
        return self._tables[rule]

    def fires(self, rule: str) -> np.ndarray:
        """Where the rule fires, its facts all known."""
        table = self.table(rule)
        return table[(slice(-1),) * table.ndim] == YES

    def places(self, cases: pl.DataFrame) -> dict[str, np.ndarray]:
        """For each fact, which of its ``options`` every case gives; one past the last where none is."""
        found, last = {}, {name: len(options) for name, options in self.options.items()}
        named = [n for n, fact in self.facts.items() if n in cases.columns and not fact.is_numeric]
        codes = (pl.col(n).to_physical().cast(pl.UInt8).fill_null(pl.lit(last[n], pl.UInt8)) for n in named)
        named = dict(zip(named, cases.select(codes).get_columns(), strict=True))
        for name, fact in self.facts.items():
            if name in named:
                found[name] = named[name].to_numpy()
            elif name in cases.columns:
                values = cases[name].cast(pl.Float64).to_numpy()
                found[name] = np.isnan(values) * np.uint8(last[name])
                for cut, after in _cuts(fact, self._conditions):
                    found[name] += values > cut if after else values >= cut
            else:
                found[name] = np.full(len(cases), last[name], np.uint8)
        return found

    def matters(self, rule: str, fact: str) -> np.ndarray:
        """Whether an answer to the fact could make the rule fire, once other facts that it lacks are learned.

        For every combination of answers, flattened like ``table``; false where the fact is recorded.
        """
        key = (rule, fact)
        if key not in self._matters:
            axis = list(self.rules[rule].facts).index(fact)
            fires = np.moveaxis(self.table(rule) == YES, axis, 0)
            found = (fires & ~fires[-1]).any(0)
            for other in range(found.ndim):
                np.moveaxis(found, other, 0)[-1] = found.any(other)
            unknown = np.zeros_like(fires)
            unknown[-1] = found
            self._matters[key] = np.moveaxis(unknown, 0, axis).ravel()
        return self._matters[key]

    def implies(self, first: str, second: str) -> bool:
        """Whether the second rule fires in every case, with all its facts known, in which the first does."""
        names = list({**self.rules[first].facts, **self.rules[second].facts})
        if prod(len(self.options[name]) for name in names) > GRID_LIMIT:
            return False  # too many to lay out: nothing is claimed
        a, b = (self._spread(rule, names) for rule in (first, second))
        return not (a & ~b).any()

    def _spread(self, rule: str, names: list[str]) -> np.ndarray:
        """Where a rule fires, with an axis for each of these names."""
        own = list(self.rules[rule].facts)
        order = [own.index(name) for name in names if name in own]
        lacking = [i for i, name in enumerate(names) if name not in own]
        return np.expand_dims(self.fires(rule).transpose(order), lacking)
