"""What about a scenario is no number, such as whose shares differ, and all that can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import count, product, takewhile
from math import fsum
from typing import Any

from secondop.cohorts.parameters import BASES, LIMITS, OF_CONTRAST, RATES, STATED, TRAITS, Parameter, sort_of
from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.conditions import Condition, at_least
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook

MOST_ANSWERS = 250
"""Of one fact: its answers are kept in a byte each."""
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
        others = [when for path, when in self.conditions.items() if not path.startswith("facts.")]
        found = {name for when in others for name in when.facts}
        for fact in reversed(self.order):
            found |= set(self.parents(fact.name)) if fact.name in found else set()
        return [fact for fact in self.order if fact.name in found]

    def share_paths(self, start: str, among: Collection[str]) -> list[str]:
        """The paths of the shares stated at a place, least answer first; of a count as many as are there."""
        fact = self.rule_book.fact(start.split(".")[1])
        if fact.kind is Kind.FLAG:
            return [f"{start}.share"]
        if fact.kind is Kind.COUNT:
            labels = takewhile(lambda i: f"{start}.shares.{i}" in among, count())
        else:
            edges = self.stated.get(f"{place(fact.name)}.breaks", [])
            labels = fact.levels or [f"{edge:g}" for edge in edges[:-1]]
        return [f"{start}.shares.{label}" for label in labels]


def problems(own: Mapping[str, Parameter], structure: Structure, told: Collection[str]) -> Iterator[str]:
    """What is wrong with these parameters and with what is stated beside them; nothing if all is well.

    What only follows from a fault at one of the paths that were ``told`` of is not said again.
    """
    yield from _of_numbers(own)
    yield from (f"it does not state {path}." for path in STATED if path not in own and path not in told)
    yield from _of_rates({name: own[f"rates.{name}"].value for name in RATES if f"rates.{name}" in own})
    every = [*own, *structure.stated]
    groups = [".".join(path.split(".")[:2]) for path in every if path.startswith("effects.")]
    groups += [".".join(path.split(".")[:4]) for path in every if ".by." in path]
    groups = list(dict.fromkeys(groups))
    yield from _of_effects(own, structure.stated, groups)
    wrong, parents = list(_of_conditions(structure, groups)), set()
    try:
        parents |= {x for fact in (() if wrong else structure.order) for x in structure.parents(fact.name)}
    except CycleError as error:
        trail = error.args[1][::-1]
        wrong.append(f"fact {trail[0]!r} depends on itself: {' on '.join(trail)}.")
    yield from wrong
    faulty = {re.sub(r"\.(shares?|answer|breaks)\b.*", "", path) for path in told}
    yield from _of_facts(own, structure, groups, parents, faulty)


def _of_numbers(own: Mapping[str, Parameter]) -> Iterator[str]:
    for path, p in own.items():
        low, high = LIMITS[sort_of(path)]
        if outside := [v for v in (p.value, p.lower, p.upper) if not low <= v <= high]:
            yield f"{path} and its range lie in {low:g} to {high:g}, not at {outside[0]:g}."
        elif not p.lower <= p.value <= p.upper:
            yield f"{path}: {p.value:g} is outside its own range {p.lower:g} to {p.upper:g}."
        if p.basis not in BASES:
            yield f"{path}: the basis is one of {', '.join(BASES)}, not {p.basis!r}."
        elif p.basis != "assumed" and not p.citation:
            yield f"{path} is {p.basis}, so it needs a citation."


def _of_rates(rate: Mapping[str, float]) -> Iterator[str]:
    """Rates that cannot hold together: a share of all cases is never below that of its seekers."""
    if len(rate) < len(RATES) or not all(0 <= share <= 1 for share in rate.values()):
        return
    for name in ("diagnosis_changed", "treatment_changed"):
        sought, among = rate["sought"], rate[f"{name}_sought"]
        least, most = sought * among, 1 - sought * (1 - among)
        if not least < rate[name] < most:
            why = f"since {sought:.3g} seek and {among:.3g} of them change"
            yield f"rates.{name} lies between {least:.3g} and {most:.3g}, {why}; not at {rate[name]:g}."
    a, b, both = (rate[f"{name}_changed_sought"] for name in ("diagnosis", "treatment", "both"))
    low, high = max(0.0, a + b - 1), min(a, b)
    if not low < both < high:
        yield f"rates.both_changed_sought lies between {low:.3g} and {high:.3g}, not at {both:g}."


def _of_effects(own: Mapping, stated: Mapping, groups: Iterable[str]) -> Iterator[str]:
    for start, (key, words) in product((x for x in groups if x.startswith("effects.")), OF_CONTRAST.items()):
        found = stated.get(f"{start}.{key}")
        if found is None and f"{start}.contrast" in own:
            yield f"{start} states a contrast, so it needs {key}: one of {', '.join(words)}."
        elif found is not None and found not in words:
            yield f"{start}.{key} is one of {', '.join(words)}, not {found!r}."


def _of_conditions(structure: Structure, groups: Iterable[str]) -> Iterator[str]:
    due = ["wish", "intervention", *(f"{start}.when" for start in groups)]
    yield from (f"it does not state {path}." for path in due if path not in structure.stated)
    for path in (x for x in structure.stated if sort_of(x) == "condition"):
        try:
            structure.condition(structure.stated[path])
        except SecondopError as error:
            effect = path.startswith("effects.") and isinstance(error, UnknownNameError)
            drop = f" To drop this effect: {path.rpartition('.')[0]} = {{}}." if effect else ""
            yield f"{path}: {error}{drop}"


def _of_facts(
    own: Mapping, structure: Structure, groups: list[str], parents: set[str], faulty: set[str]
) -> Iterator[str]:
    for name, fact in structure.rule_book.facts.items():
        start = place(name)
        for at in (start, *(x for x in groups if x.startswith(f"{start}.by."))):
            if at in faulty:
                continue
            answer, paths = structure.stated.get(f"{at}.answer"), structure.share_paths(at, own)
            lacking = [path for path in paths if path not in own]
            if answer is not None:
                if not fact.accepts(answer):
                    takes = "true or false" if fact.kind is Kind.FLAG else fact.expects()
                    yield f"{at}: the answer is {takes}, not {answer!r}."
            elif lacking or not paths:
                yield f"{at} does not state {', '.join(lacking) or 'its shares'}."
            elif fact.is_numeric and len(paths) > min(fact.high + 1, MOST_ANSWERS):
                yield f"{at} states {len(paths)} shares, more than answers (or than {MOST_ANSWERS})."
            elif fact.kind is not Kind.FLAG and abs(fsum(own[path].value for path in paths) - 1) > 1e-6:
                yield f"the shares of {at} add up to {fsum(own[x].value for x in paths):.6g}, not to 1."
        loads = [own[path].value for path in (f"{start}.{trait}" for trait in TRAITS) if path in own]
        loaded = sum(load**2 for load in loads)
        if loaded and name in parents:
            why = "Shares of other facts depend on it, and are exact only where it has none."
            yield f"fact {name!r} may not load on a trait. {why}"
        if loaded > 0.95:
            yield f"the squares of the correlations of {name!r} add up to more than 0.95."
