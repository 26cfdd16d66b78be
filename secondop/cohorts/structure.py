"""What about a scenario is no number: whose shares differ, what effects are about, what a wish is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from secondop.cohorts.parameters import sort_of
from secondop.errors import SecondopError
from secondop.rules.conditions import Condition, at_least
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook

_KEYS = 'rule, fact with is (of a yes-or-no fact ["yes"] or ["no"]) or at_least, all, any, not'


def place(fact: str, by: str = "") -> str:
    """Where a scenario speaks of a fact, or of those of its cases that go by a name."""
    return f"facts.{fact}.by.{by}" if by else f"facts.{fact}"


@dataclass(frozen=True)
class Structure:
    """What a scenario states beside numbers, by path, and the conditions that follow."""

    stated: Mapping[str, Any]
    rule_book: RuleBook

    def condition(self, stated: Any) -> Condition:
        """A condition as a scenario states it: of the true answers, never of those recorded.

        ``{rule = "name"}``; ``{fact = "name", is = ["a level", ...]}`` (of a yes-or-no fact "yes" or "no");
        ``{fact = "name", at_least = 2}``; ``{all = [...]}``, ``{any = [...]}`` and ``{not = {...}}``.
        """
        match sorted(stated.items()) if isinstance(stated, dict) else None:
            case [("rule", str(name))]:
                return self.rule_book[name].when
            case [("fact", str(name)), ("is", list(levels))]:
                fact = self.rule_book.fact(name)
                if fact.kind is not Kind.FLAG:
                    return fact.is_in(*levels)
                if levels in (["yes"], ["no"]):
                    return fact.as_condition() if levels == ["yes"] else ~fact
            case [("at_least", least), ("fact", str(name))]:
                return self.rule_book.fact(name) >= least
            case [("all" | "any" as how, [_, *_] as parts)]:
                return at_least(len(parts) if how == "all" else 1, *map(self.condition, parts))
            case [("not", part)]:
                return ~self.condition(part)
        raise SecondopError(f"This is not a condition of a scenario: {stated!s:.200}. Its keys are {_KEYS}.")

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """Every condition by its path, such as ``effects.doubt.when``."""
        conditions = {path: x for path, x in self.stated.items() if sort_of(path) == "condition"}
        return {path: self.condition(stated) for path, stated in conditions.items()}

    @cached_property
    def strata(self) -> dict[str, dict[str, Condition]]:
        """Of each fact whose shares differ: the cases of each share by name; the first that is met counts."""
        found: dict[str, dict[str, Condition]] = {}
        for path, condition in self.conditions.items():
            if path.startswith("facts."):
                _, fact, _, by, _ = path.split(".")
                found.setdefault(fact, {})[by] = condition
        return found

    @cached_property
    def effects(self) -> dict[str, tuple[Condition, Condition | None]]:
        """The cases that each effect is about, and those (if any) on which it works the other way."""
        found = self.conditions
        whens = [path for path in found if path.startswith("effects.") and path.endswith(".when")]
        return {x.split(".")[1]: (found[x], found.get(x.removesuffix("when") + "against")) for x in whens}

    def parents(self, name: str) -> list[str]:
        """The facts on whose answers a fact's shares depend."""
        return [other for when in self.strata.get(name, {}).values() for other in when.facts]

    @cached_property
    def order(self) -> list[Fact]:
        """The facts of the book, each after those on which its shares depend."""
        graph = TopologicalSorter({name: self.parents(name) for name in self.rule_book.facts})
        return [self.rule_book.fact(name) for name in graph.static_order()]

    @cached_property
    def behind_outcomes(self) -> list[Fact]:
        """The facts on which outcomes depend, and those on which these depend, in that order."""
        found = {
            x for path, when in self.conditions.items() if not path.startswith("facts.") for x in when.facts
        }
        for fact in reversed(self.order):
            found |= set(self.parents(fact.name)) if fact.name in found else set()
        return [fact for fact in self.order if fact.name in found]

    def share_paths(self, start: str, among: Iterable[str]) -> list[str]:
        """The paths of the shares stated at a place, least answer first; of a count as many as are there."""
        fact = self.rule_book.fact(start.split(".")[1])
        if fact.kind is Kind.FLAG:
            return [f"{start}.share"]
        if fact.has_levels:
            return [f"{start}.shares.{level}" for level in fact.levels]
        if fact.kind is Kind.NUMBER:
            return [
                f"{start}.shares.{edge:g}" for edge in self.stated.get(f"{place(fact.name)}.breaks", [])[:-1]
            ]
        return [f"{start}.shares.{i}" for i in range(sum(x.startswith(f"{start}.shares.") for x in among))]
