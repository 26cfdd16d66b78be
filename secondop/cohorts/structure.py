"""What about a scenario is no number: whose shares differ, what effects are about, what a wish is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from secondop.errors import SecondopError
from secondop.rules.conditions import Condition, at_least
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook

OF_EFFECT = {"when", "against", "solve", "outcome", "among", "measure"}
OF_FACT = {"breaks", "answer", "when"}


@dataclass(frozen=True)
class Structure:
    """What the file states beside numbers, and the conditions that it makes of them.

    Attributes
    ----------
    raw : mapping
        As the file has it: ``facts`` (by fact ``by``, ``breaks``, ``answer``), ``effects``, ``wish``,
        ``intervention``.
    rule_book : RuleBook
        Whose facts and rules it speaks of.
    """

    raw: Mapping[str, Any]
    rule_book: RuleBook

    def of_fact(self, name: str, by: str = "") -> dict[str, Any]:
        """What is stated of a fact, or of those of its cases that go by this name."""
        own = self.raw.get("facts", {}).get(name, {})
        return own["by"][by] if by else own

    def condition(self, stated: Any) -> Condition:
        """A condition as a scenario states it: of the true answers, never of those recorded.

        ``{rule = "name"}``; ``{fact = "name", is = ["a level", ...]}`` (of a yes-or-no fact "yes" or "no");
        ``{fact = "name", at_least = 2}``; ``{all = [...]}``, ``{any = [...]}`` and ``{not = {...}}``.
        """
        match stated:
            case {"rule": str(name), **rest} if not rest:
                return self.rule_book[name].when
            case {"fact": str(name), "is": list(levels), **rest} if not rest:
                fact = self.rule_book.fact(name)
                if fact.kind is not Kind.FLAG:
                    return fact.is_in(*levels)
                if levels in (["yes"], ["no"]):
                    return fact.as_condition() if levels == ["yes"] else ~fact
            case {"fact": str(name), "at_least": least, **rest} if not rest:
                return self.rule_book.fact(name) >= least
            case {"all": list(parts), **rest} if parts and not rest:
                return at_least(len(parts), *map(self.condition, parts))
            case {"any": list(parts), **rest} if parts and not rest:
                return at_least(1, *map(self.condition, parts))
            case {"not": part, **rest} if not rest:
                return ~self.condition(part)
        keys = 'rule, fact with is (of a yes-or-no fact ["yes"] or ["no"]) or at_least, all, any, not'
        raise SecondopError(
            f"This is not a condition of a scenario: {str(stated)[:200]}. Its keys are {keys}."
        )

    @cached_property
    def _stated(self) -> dict[str, Any]:
        """Every condition as the file has it, by its place; None where one is lacking."""
        found = {key: self.raw.get(key) for key in ("wish", "intervention")}
        for name, each in self.raw.get("effects", {}).items():
            found |= {f"effects.{name}.when": each.get("when")}
            found |= {f"effects.{name}.against": each["against"]} if "against" in each else {}
        for fact, own in self.raw.get("facts", {}).items():
            found |= {f"facts.{fact}.by.{x}.when": each.get("when") for x, each in own.get("by", {}).items()}
        return found

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """Every condition by its place, such as ``effects.doubt.when``."""
        return {place: self.condition(stated) for place, stated in self._stated.items()}

    def problems(self) -> list[str]:
        """What is wrong with its conditions, each with its place; empty if nothing is."""
        found = []
        for place, stated in self._stated.items():
            try:
                self.condition(stated)
            except SecondopError as error:
                found.append(f"{place}: {error}" if stated is not None else f"it does not state {place}.")
        try:
            _ = found or self.order
        except CycleError as error:
            trail = error.args[1][::-1]
            found.append(f"fact {trail[0]!r} depends on itself: {' on '.join(trail)}.")
        return found

    @cached_property
    def strata(self) -> dict[str, dict[str, Condition]]:
        """Of each fact whose shares differ: the cases of each share by name; the first that is met counts."""
        facts = self.raw.get("facts", {})
        return {
            fact: {name: self.conditions[f"facts.{fact}.by.{name}.when"] for name in own["by"]}
            for fact, own in facts.items()
            if own.get("by")
        }

    @cached_property
    def effects(self) -> dict[str, tuple[Condition, Condition | None]]:
        """The cases that each effect is about, and those (if any) on which it works the other way."""
        ends = [(name, f"effects.{name}") for name in self.raw.get("effects", {})]
        return {x: (self.conditions[f"{at}.when"], self.conditions.get(f"{at}.against")) for x, at in ends}

    @cached_property
    def about_outcomes(self) -> set[str]:
        """The facts that outcomes depend on, by name."""
        about = [when for place, when in self.conditions.items() if not place.startswith("facts.")]
        return {name for condition in about for name in condition.facts}

    def parents(self, name: str) -> list[str]:
        """The facts on whose answers a fact's shares depend."""
        return [other for when in self.strata.get(name, {}).values() for other in when.facts]

    @cached_property
    def order(self) -> list[Fact]:
        """The facts of the book, each after those on which its shares depend."""
        graph = TopologicalSorter({name: self.parents(name) for name in self.rule_book.facts})
        return [self.rule_book.fact(name) for name in graph.static_order()]

    def needed(self, wanted: Iterable[str]) -> list[Fact]:
        """These facts and those on which they depend, in order."""
        found = set(wanted)
        for fact in reversed(self.order):
            found |= set(self.parents(fact.name)) if fact.name in found else set()
        return [fact for fact in self.order if fact.name in found]
