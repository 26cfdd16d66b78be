"""The numbers of a scenario: which exist, how far each may be off, and what may be wrong with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from secondop.errors import SecondopError, did_you_mean
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact, Kind

FACTS = RULE_BOOK.facts
"""What a simulated patient can state, in the order of the random numbers that each fact gets."""

BASES = ("cited", "assumed", "fitted")
WISHES = ("wants_second_opinion", "unsure_of_diagnosis", "unsure_of_treatment", "wants_help_choosing")
"""Facts that make a patient seek an opinion: any one of them."""

SECTIONS = {
    "missing": {"share": "gap", "difficulty": "loading"},
    "readers": {
        "first_right": "share",
        "concentration": "positive",
        "second_odds": "odds",
        "errors_agree": "share",
        "anchoring": "odds",
    },
    "outcomes": {
        "treatment_if_changed": "share",
        "treatment_if_same": "share",
        "treatment_difficulty": "loading",
        "treatment_gravity": "loading",
        "plan_intervenes": "share",
        "plan_gravity": "loading",
        "plan_dropped": "share",
    },
    "sought": {"share": "share", "wish": "shift", "difficulty": "loading", "gravity": "loading"},
}
"""What is not about one fact: every parameter that a scenario has to state, and what sort of number it is."""

OWN = {"difficulty": "loading", "gravity": "loading", "missing": "gap", "missing_difficulty": "loading"}
"""What a fact may state beside its shares; else 0, or what [missing] says."""

LIMITS = {"share": (0, 1), "gap": (0, 0.99), "loading": (-1, 1), "shift": (-4, 4)}
LIMITS |= {"odds": (1e-3, 1e3), "positive": (0.2, 1e3)}
_LOADED = [*(f"facts.{name}." for name in FACTS), "outcomes.treatment_", "sought."]


@dataclass(frozen=True)
class Parameter:
    """One number of a scenario, how far it may be off, and where it comes from.

    The range is what sensitivity analyses vary it over. The basis is "cited" (a published figure), "assumed"
    (our own choice) or "fitted" (solved from published rates); the citation names the source, or says why.
    """

    value: float
    lower: float
    upper: float
    basis: str = "assumed"
    citation: str = ""

    def moved(self, value: float, citation: str = "set by hand") -> Parameter:
        """The same parameter at another value, which is then an assumption; its range widens to hold it."""
        return Parameter(value, min(self.lower, value), max(self.upper, value), "assumed", citation)


@dataclass(frozen=True)
class Shape:
    """What about a fact is not a number.

    A fact may be given another, at some of its levels (none for a yes-or-no fact): its shares are then shares
    *within* the cases that have it, and all others have the answer ``otherwise`` (no or 0 unless stated).
    Breaks are the edges of a number's bands, within which all values are equally likely.
    """

    given: str = ""
    levels: tuple[str, ...] = ()
    otherwise: bool | str | float | None = None
    breaks: tuple[float, ...] = ()


NO_SHAPE = Shape()


def kind_of(path: str) -> str | None:
    """What sort of number the parameter of this path is, or None if there is no such path."""
    section, _, key = path.partition(".")
    if section != "facts":
        return SECTIONS.get(section, {}).get(key)
    name, _, key = key.partition(".")
    if name not in FACTS:
        return None
    head, _, label = key.partition(".")
    fact = FACTS[name]
    if head == "shares":
        fits = label in fact.levels if fact.has_levels else fact.is_numeric and label[:1].isdigit()
        return "share" if fits else None
    return "share" if key == "share" and fact.kind is Kind.FLAG else OWN.get(key)


def share_paths(parameters: Mapping[str, Parameter], shapes: Mapping[str, Shape], name: str) -> list[str]:
    """Paths of a fact's shares, in the order of its answers; those of a count end with the last stated."""
    fact, start = FACTS[name], f"facts.{name}.share"
    if fact.kind is Kind.FLAG:
        return [start]
    if fact.has_levels:
        return [f"{start}s.{level}" for level in fact.levels]
    if fact.kind is Kind.NUMBER:
        return [f"{start}s.{edge:g}" for edge in shapes.get(name, NO_SHAPE).breaks[:-1]]
    found = []
    while (path := f"{start}s.{len(found)}") in parameters:
        found.append(path)
    return found


def default_range(kind: str | None, value: float) -> tuple[float, float]:
    """Half to double the odds of a share, half to double of odds, 0.15 either way of a loading or shift.

    What is exactly 0 or 1 is so by construction and does not vary.
    """
    if kind in ("share", "gap"):
        return value / (2 - value), 2 * value / (1 + value)
    if kind in ("loading", "shift"):
        width = 0.15 if value else 0.0
        return max(value - width, LIMITS[kind][0]), min(value + width, LIMITS[kind][1])
    return value / 2, value * 2


def problems(parameters: Mapping[str, Parameter], shapes: Mapping[str, Shape]) -> list[str]:
    """Everything that is wrong with a scenario's numbers, in words; empty if nothing is."""
    faults = [fault for path, parameter in parameters.items() for fault in _number_faults(path, parameter)]
    stated = [f"{section}.{key}" for section, keys in SECTIONS.items() for key in keys]
    faults += [f"it does not state {path}." for path in stated if path not in parameters]
    for start in _LOADED:
        u, v = parameters.get(f"{start}difficulty"), parameters.get(f"{start}gravity")
        if u and v and u.value**2 + v.value**2 > 1:
            faults.append(f"{start}difficulty and {start}gravity: their squares add up to more than 1.")
    for name, fact in FACTS.items():
        faults += _share_faults(fact, parameters, shapes)
        if shapes.get(name, NO_SHAPE).given:
            faults += _given_faults(fact, shapes)
    drives = [name for name in WISHES if shapes.get(name, NO_SHAPE).given]
    why = "drives the search for an opinion, so it cannot be given another fact."
    faults += [f"{name!r} {why}" for name in drives]
    return faults


def raise_problems(name: str, faults: Iterable[str]) -> None:
    """Raise one error that lists every problem of a scenario, if there are any."""
    if faults := list(faults):
        count = "1 problem" if len(faults) == 1 else f"{len(faults)} problems"
        raise SecondopError("\n  ".join([f"{count} in scenario {name!r}:", *faults]))


def _number_faults(path: str, p: Parameter) -> Iterable[str]:
    kind = kind_of(path)
    if kind is None:
        yield f"there is no parameter {path!r}."
        return
    low, high = LIMITS[kind]
    if outside := [v for v in (p.value, p.lower, p.upper) if not low <= v <= high]:
        yield f"{path} and its range lie in {low:g} to {high:g}, not at {outside[0]:g}."
    elif not p.lower <= p.value <= p.upper:
        yield f"{path}: {p.value:g} is outside its own range {p.lower:g} to {p.upper:g}."
    if p.basis not in BASES:
        yield f"{path}: the basis is one of {', '.join(BASES)}, not {p.basis!r}."
    elif p.basis != "assumed" and not p.citation:
        yield f"{path} is {p.basis}, so it needs a citation."


def _share_faults(fact: Fact, parameters: Mapping, shapes: Mapping[str, Shape]) -> Iterable[str]:
    edges = shapes.get(fact.name, NO_SHAPE).breaks
    if fact.kind is Kind.NUMBER:
        rising = len(edges) > 1 and all(a < b for a, b in pairwise(edges))
        if not rising or edges[0] < fact.low or edges[-1] > fact.high:
            yield f"fact {fact.name!r} needs breaks that rise within {fact.low:,g} to {fact.high:,g}."
            return
    paths = share_paths(parameters, shapes, fact.name)
    lacking = [path for path in paths if path not in parameters]
    if lacking or not paths:
        yield f"fact {fact.name!r} does not state {', '.join(lacking) or 'its shares'}."
    elif fact.kind is not Kind.FLAG:
        start = f"facts.{fact.name}.shares."
        if extra := [path for path in parameters if path.startswith(start) and path not in paths]:
            yield f"fact {fact.name!r} has no answer for {', '.join(extra)}."
        total = math.fsum(parameters[path].value for path in paths)
        if abs(total - 1) > 1e-6:
            yield f"the shares of fact {fact.name!r} add up to {total:.6g}, not to 1."


def _given_faults(fact: Fact, shapes: Mapping[str, Shape]) -> Iterable[str]:
    shape = shapes[fact.name]
    if shape.given not in FACTS:
        close = did_you_mean(shape.given, FACTS)
        yield f"fact {fact.name!r} is given {shape.given!r}, which is no fact.{close}"
        return
    parent = FACTS[shape.given]
    if parent.is_numeric or bool(shape.levels) != parent.has_levels or set(shape.levels) - set(parent.levels):
        some = f"is = some of {', '.join(parent.levels)}"
        choice = some if parent.has_levels else "a yes-or-no fact, without is"
        yield f"fact {fact.name!r} is given {shape.given!r}: say {choice}."
    rest = shape.otherwise
    if (fact.has_levels and rest is None) or (rest is not None and not fact.accepts(rest)):
        yield f"fact {fact.name!r} is given {shape.given!r}: say otherwise = {fact.expects()}."
    trail = [fact.name]
    while (up := shapes.get(trail[-1], NO_SHAPE).given) and up not in trail:
        trail.append(up)
    if up == fact.name:
        yield f"fact {fact.name!r} is given itself: {' given '.join([*trail, up])}."
