"""Everything that is wrong with a scenario, in words, so that all of it is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError
from itertools import product
from math import fsum

from secondop.cohorts.parameters import BASES, LIMITS, OF_CONTRAST, RATES, STATED, TRAITS, Parameter, sort_of
from secondop.cohorts.structure import Structure, place
from secondop.errors import SecondopError
from secondop.rules.facts import Kind

MOST_ANSWERS = 250
"""Of one fact: its answers are kept in a byte each."""


def problems(own: Mapping[str, Parameter], structure: Structure) -> Iterator[str]:
    """What is wrong with these parameters and with what is stated beside them; nothing if all is well."""
    yield from _of_numbers(own)
    yield from _of_rates({name: own[f"rates.{name}"].value for name in RATES if f"rates.{name}" in own})
    groups = [
        re.match(r"(effects\.[^.]+|facts\.\w+\.by\.[^.]+)\.", path) for path in (*own, *structure.stated)
    ]
    groups = list(dict.fromkeys(found[1] for found in groups if found))
    yield from _of_effects(own, structure.stated, groups)
    wrong = list(_of_conditions(structure, groups))
    yield from wrong
    parents = set() if wrong else {x for name in structure.strata for x in structure.parents(name)}
    yield from _of_facts(own, structure, groups, parents)


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
    yield from (f"it does not state {path}." for path in STATED if path not in own)


def _of_rates(rate: Mapping[str, float]) -> Iterator[str]:
    """Rates that cannot hold together: a share of all cases is never below that of its seekers."""
    if len(rate) < len(RATES):
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
    found = [f"it does not state {path}." for path in due if path not in structure.stated]
    for path in (x for x in structure.stated if sort_of(x) == "condition"):
        try:
            structure.condition(structure.stated[path])
        except SecondopError as error:
            found.append(f"{path}: {error}")
    try:
        _ = found or structure.order
    except CycleError as error:
        trail = error.args[1][::-1]
        found.append(f"fact {trail[0]!r} depends on itself: {' on '.join(trail)}.")
    yield from found


def _of_facts(own: Mapping, structure: Structure, groups: list[str], parents: set[str]) -> Iterator[str]:
    for name, fact in structure.rule_book.facts.items():
        start = place(name)
        for at in (start, *(x for x in groups if x.startswith(f"{start}.by."))):
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
        loaded = sum(own[path].value ** 2 for trait in TRAITS if (path := f"{start}.{trait}") in own)
        if loaded and name in parents:
            why = "Shares of other facts depend on it, and are exact only where it has none."
            yield f"fact {name!r} may not load on a trait. {why}"
        if loaded > 0.95:
            yield f"the squares of the correlations of {name!r} add up to more than 0.95."
