"""Conditions over facts, with three answers: yes, no and unknown.

A condition is a frozen tree of comparisons and memberships, joined by ``&`` (and), ``|`` (or), ``~`` (not)
and :func:`at_least`. It is only ever evaluated as the expression that it compiles to. The logic is Kleene's:
an unknown part leaves the whole unknown unless the other parts settle it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, NoReturn

from secondop.arguments import named
from secondop.errors import SecondopError

if TYPE_CHECKING:
    from secondop.rules.facts import Fact

OPERATORS = {">=": (operator.ge, "at least"), ">": (operator.gt, "more than")}
OPERATORS |= {"<=": (operator.le, "at most"), "<": (operator.lt, "less than")}


class Condition:
    """Base of every condition. Combine with ``&``, ``|``, ``~`` and :func:`at_least`; never with words."""

    def __and__(self, other: Condition | Fact) -> Condition:
        parts = [part for each in (self, other) for part in _parts("and", each)]
        return AtLeast(len(parts), parts)

    def __or__(self, other: Condition | Fact) -> Condition:
        return AtLeast(1, [part for each in (self, other) for part in _parts("or", each)])

    def __invert__(self) -> Condition:
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        """Refuse ``and``, ``or``, ``not``, ``if`` and chains: none of them knows the third answer."""
        raise TypeError(
            "A condition is not yes or no before it meets a case. Write a & b, a | b, ~a instead of a and b, "
            "a or b, not a, and (x >= 2) & (x < 6) instead of 2 <= x < 6, with parentheses around each part."
        )

    def sentence(self) -> str:
        """The condition as a clinician would say it."""
        match self:
            case Among(fact, ()):
                return fact.label
            case Among(fact, levels):
                return f"{fact.label} is {' or '.join(map(fact.in_words, levels))}"
            case Compare(fact, op, value, basis, lower, upper):
                low, high = (value if end is None else end for end in (lower, upper))
                about = [basis, f"{low} to {high}"] if low != high else [basis] * fact.is_numeric
                is_ = "is " if fact.has_levels else ""
                words = f"{fact.label} {is_}{OPERATORS[op][1]} {fact.in_words(value)}"
                return f"{words} ({', '.join(about)})" if about else words
            case AtLeast(k, parts):
                said = map(_bracketed, parts)
                return f" {self.word} ".join(said) if self.word else f"at least {k} of ({', '.join(said)})"
            case Not(part):
                return f"not {_bracketed(part)}"

    __repr__ = sentence

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        """Compile to an expression that answers true, false or null, of polars or of narwhals alike.

        ``column`` gives the expression of a fact's column, which came through a door of
        :mod:`secondop.rules.gate`: null is its only gap, and it holds nothing but answers.
        """
        match self:
            case Among(fact, ()):
                return column(fact)
            case Compare(fact, op, value) if fact.is_numeric:
                return OPERATORS[op][0](column(fact), value)
            case Among(fact, levels) | Compare(fact, levels=levels):
                x = column(fact)  # equalities are faster than a membership
                return reduce(operator.or_, [x == level for level in levels] or [x != x])
            case AtLeast(k, parts):
                # reached[j]: more than j of the parts so far. Only "and" and "or" are used, so that unknowns
                # are settled exactly, on every engine alike.
                reached: list[Any] = []
                for x in [part.to_expr(column) for part in parts]:
                    also = [x, *(before & x for before in reached)][:k]
                    reached = [a | b for a, b in zip(reached, also, strict=False)] + also[len(reached) :]
                return reached[-1]
            case Not(part):
                return ~part.to_expr(column)

    def mapped(self, change: Callable[[Among | Compare], Condition]) -> Condition:
        """The same condition with each leaf changed."""
        match self:
            case AtLeast(k, parts):
                return AtLeast(k, [part.mapped(change) for part in parts])
            case Not(part):
                return Not(part.mapped(change))
        return change(self)

    def leaves(self) -> list[Among | Compare]:
        """Every comparison and membership in it, from left to right."""
        match self:
            case AtLeast(_, parts):
                return [leaf for part in parts for leaf in part.leaves()]
            case Not(part):
                return part.leaves()
        return [self]

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts that it reads by name, in the order in which it reads them."""
        return {leaf.fact.name: leaf.fact for leaf in self.leaves()}


@dataclass(frozen=True, repr=False)
class Among(Condition):
    """A fact has one of these levels; without levels, a yes-or-no fact is yes."""

    fact: Fact
    levels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        possible = self.fact.has_levels if self.levels else self.fact.kind == "flag"
        self.fact.require(possible, f"is_in({', '.join(map(repr, self.levels))})", *self.levels)


@dataclass(frozen=True, repr=False)
class Compare(Condition):
    """A number, a count or an ordered fact lies at, above or below a threshold."""

    fact: Fact
    op: str
    value: float | str
    basis: str = "assumed"  # on what it rests
    lower: float | str | None = None  # how far it may be off
    upper: float | str | None = None

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise SecondopError(f"{self.op!r} is not a comparison; there are {', '.join(OPERATORS)}.")
        fact, ends = self.fact, [x for x in (self.lower, self.value, self.upper) if x is not None]
        fact.require(fact.is_numeric or fact.kind == "ordered", self.op, self.value, *ends)
        order = [fact.levels.index(x) if fact.has_levels else x for x in ends]
        if not isinstance(self.basis, str) or order != sorted(order):
            got = f"{self.value!r} ({self.basis!r}, {self.lower} to {self.upper})"
            needed = "has a basis in words and lies in its range"
            raise SecondopError(f"A threshold on {fact.name!r} {needed}; got {got}.")

    @property
    def levels(self) -> list[str]:
        """The levels of an ordered fact that meet it."""
        compare, levels = OPERATORS[self.op][0], self.fact.levels
        return [x for i, x in enumerate(levels) if compare(i, levels.index(self.value))]


@dataclass(frozen=True, repr=False)
class AtLeast(Condition):
    """At least ``k`` of the parts are met: all of them is *and*, one of them *or*."""

    k: int
    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if type(self.k) is not int or not 1 <= self.k <= len(self.parts):
            raise SecondopError(f"k lies from 1 to the number of parts; got k = {self.k!r}.")
        object.__setattr__(self, "parts", tuple(map(as_condition, self.parts)))
        by_name(leaf.fact for leaf in self.leaves())

    @property
    def word(self) -> str:
        """How its parts are joined: by *and*, by *or*, or counted."""
        return "and" if self.k == len(self.parts) else "or" if self.k == 1 else ""


@dataclass(frozen=True, repr=False)
class Not(Condition):
    """The part is not met."""

    part: Condition

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", as_condition(self.part))


@named
def at_least(k: int, *conditions: Condition | Fact) -> AtLeast:
    """At least ``k`` of the conditions are met.

    Examples
    --------
    >>> from secondop import flag
    >>> at_least(2, *(flag(name, "Is it proposed?") for name in ("surgery", "drugs", "radiation")))
    at least 2 of (surgery, drugs, radiation)
    """
    return AtLeast(k, conditions)


def as_condition(given: object) -> Condition:
    """A condition, or a yes-or-no fact as the condition that it is yes; anything else is refused."""
    if isinstance(given, Condition):
        return given
    if not hasattr(given, "as_condition"):
        raise TypeError(f"A condition joins conditions and yes-or-no facts; got {given!r}.")
    return given.as_condition()


def by_name(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Facts by their names; two different ones of one name are refused, as no column could answer both."""
    found: dict[str, Fact] = {}
    for fact in facts:
        if found.setdefault(fact.name, fact) != fact:
            a, b = (f"{x.question} ({x.expects()})" for x in (found[fact.name], fact))
            raise SecondopError(f"Two different facts are called {fact.name!r}: {a} and {b}. Rename one.")
    return found


def _parts(word: str, given: Condition | Fact) -> tuple[Condition, ...]:
    """The parts of what is joined by the same word already; else what is given."""
    given = as_condition(given)
    return given.parts if isinstance(given, AtLeast) and given.word == word else (given,)


def _bracketed(part: Condition) -> str:
    return f"({part.sentence()})" if isinstance(part, AtLeast) and part.word else part.sentence()
