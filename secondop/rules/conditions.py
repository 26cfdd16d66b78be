"""Conditions over facts, with three answers: yes, no and unknown.

A condition is a frozen tree of comparisons, memberships and flags, joined by ``&`` (and), ``|`` (or), ``~``
(not) and :func:`at_least`. It is only ever evaluated as the expression that it compiles to. The logic is
Kleene's: an unknown part leaves the whole unknown unless the other parts settle it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, NoReturn

from secondop.errors import SecondopError, did_you_mean, unknown_name

if TYPE_CHECKING:
    from secondop.rules.facts import Fact

OPERATORS = {">=": (operator.ge, "at least"), ">": (operator.gt, "more than")}
OPERATORS |= {"<=": (operator.le, "at most"), "<": (operator.lt, "less than")}
MAX_DEPTH = 64
"""How deep a condition may be nested in a file: far above any in use, far below where Python gives up."""
_MAY_SAY = {"basis", "lower", "upper"}
_KEYS = "all, any, not, at_least with of, or fact: alone, with is_in, or with op and value"


class Condition:
    """Base of every condition. Combine with ``&``, ``|``, ``~`` and :func:`at_least`; never with words."""

    parts: tuple[Condition, ...]

    def __and__(self, other: Condition | Fact) -> Condition:
        return _join("and", self, other)

    def __or__(self, other: Condition | Fact) -> Condition:
        return _join("or", self, other)

    def __invert__(self) -> Condition:
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        """Refuse ``and``, ``or``, ``not``, ``if`` and chains: none of them knows the third answer."""
        raise TypeError(
            "A condition is not yes or no before it meets a case. Write a & b, a | b, ~a instead of a and b, "
            "a or b, not a, and (x >= 2) & (x < 6) instead of 2 <= x < 6, with parentheses around each part."
        )

    def __repr__(self) -> str:
        return self.sentence()

    def sentence(self) -> str:
        """The condition as a clinician would say it."""

    def leaves(self) -> Iterator[Leaf]:
        """Every comparison, membership and flag in it, from left to right."""
        for part in self.parts:
            yield from part.leaves()

    def mapped(self, change: Callable[[Leaf], Condition]) -> Condition:
        """The same condition with each leaf changed."""
        return replace(self, parts=tuple(part.mapped(change) for part in self.parts))

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts that it reads by name, in the order in which it reads them."""
        return {leaf.fact.name: leaf.fact for leaf in self.leaves()}

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        """Compile to an expression that answers true, false or null, of polars or of narwhals alike.

        ``column`` gives the expression of a fact's column, which came through a door of
        :mod:`secondop.rules.gate`: null is its only gap, and it holds nothing but answers.
        """

    def to_dict(self) -> dict[str, Any]:
        """The condition as plain data; :func:`condition_from_dict` reads it back."""


@dataclass(frozen=True, repr=False)
class Leaf(Condition):
    """What is asked of one fact."""

    fact: Fact

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def mapped(self, change: Callable[[Leaf], Condition]) -> Condition:
        return change(self)

    def to_dict(self) -> dict[str, Any]:
        said = vars(self) | {"fact": self.fact.name}
        return {key: value for key, value in said.items() if value is not None}

    def _require(self, possible: bool, operation: str, *levels: Any) -> None:
        name, takes, known = self.fact.name, f"it takes {self.fact.expects()}.", self.fact.levels
        if not possible:
            raise SecondopError(f"{operation!r} cannot be asked of {name!r}: {takes}")
        if odd := [level for level in levels if self.fact.has_levels and level not in known]:
            hint = did_you_mean(odd[0], known)
            raise SecondopError(f"{odd[0]!r} is not an answer to {name!r}: {takes}{hint}")

    def _among(self, column: Callable[[Fact], Any], levels: tuple[str, ...]) -> Any:
        x = column(self.fact)
        # equalities are faster than a membership; of no level at all: never, and unknown where it is unknown
        return reduce(operator.or_, (x == level for level in levels)) if levels else x != x


@dataclass(frozen=True, repr=False)
class Holds(Leaf):
    """A yes-or-no fact holds."""

    def __post_init__(self) -> None:
        self._require(self.fact.kind == "flag", "yes")

    def sentence(self) -> str:
        return self.fact.label

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        return column(self.fact)


@dataclass(frozen=True, repr=False)
class Among(Leaf):
    """A fact has one of these levels."""

    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        self._require(self.fact.has_levels, "is_in", *self.levels)
        if not self.levels:
            raise SecondopError(f"is_in on {self.fact.name!r} needs a level: it takes {self.fact.expects()}.")

    def sentence(self) -> str:
        return f"{self.fact.label} is {' or '.join(map(self.fact.in_words, self.levels))}"

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        return self._among(column, self.levels)

    def to_dict(self) -> dict[str, Any]:
        return {"fact": self.fact.name, "is_in": list(self.levels)}


@dataclass(frozen=True, repr=False)
class Compare(Leaf):
    """A number, a count or an ordered fact lies at, above or below a threshold.

    The threshold says on what it rests (``basis``) and how far it may be off (``lower`` to ``upper``).
    """

    op: str
    value: float | str
    basis: str = "assumed"
    lower: float | str | None = None
    upper: float | str | None = None

    def __post_init__(self) -> None:
        fact, ends = self.fact, [end for end in (self.lower, self.upper) if end is not None]
        self._require(fact.kind == "ordered" or fact.is_numeric, str(self.op), self.value, *ends)
        if self.op not in OPERATORS:
            raise SecondopError(f"{self.op!r} is not a comparison; there are {', '.join(OPERATORS)}.")
        needed = f"A threshold on {fact.name!r}"
        for value in (self.value, *ends) if fact.is_numeric else ():
            if not fact.in_range(value):
                raise SecondopError(f"{needed} must be {fact.expects()}; got {value!r}.")
        low, value, high = map(fact.levels.index if fact.has_levels else operator.pos, self._range)
        if not isinstance(self.basis, str) or not low <= value <= high:
            got = f"{self.value!r} ({self.basis!r}, {self.lower} to {self.upper})"
            raise SecondopError(f"{needed} has a basis in words and lies in its range; got {got}.")

    @property
    def _range(self) -> list[float | str]:
        return [self.value if end is None else end for end in (self.lower, self.value, self.upper)]

    def sentence(self) -> str:
        low, value, high = self._range
        ends = f", {low} to {high}" if low != high else ""
        words = f"{self.fact.label} {'is ' * self.fact.has_levels}{OPERATORS[self.op][1]} "
        words += self.fact.in_words(value) if self.fact.has_levels else f"{value:g}"
        return f"{words} ({self.basis}{ends})" if ends or self.fact.is_numeric else words

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        fact, compare = self.fact, OPERATORS[self.op][0]
        if fact.is_numeric:
            return compare(column(fact), self.value)
        place = fact.levels.index(self.value)
        return self._among(column, tuple(x for i, x in enumerate(fact.levels) if compare(i, place)))


@dataclass(frozen=True, repr=False)
class AtLeast(Condition):
    """At least ``k`` of the parts hold: all of them is *and*, one of them *or*."""

    k: int
    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if type(self.k) is not int or not 1 <= self.k <= len(self.parts):
            needed = "At least one part is needed, and k from 1 to their number"
            raise SecondopError(f"{needed}; got k = {self.k!r}.")
        object.__setattr__(self, "parts", tuple(map(as_condition, self.parts)))
        by_name(leaf.fact for leaf in self.leaves())

    @property
    def word(self) -> str:
        """How its parts are joined: by *and*, by *or*, or counted."""
        return "and" if self.k == len(self.parts) else "or" if self.k == 1 else ""

    def sentence(self) -> str:
        parts = [_bracketed(part) for part in self.parts]
        return f" {self.word} ".join(parts) if self.word else f"at least {self.k} of ({', '.join(parts)})"

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        # reached[j]: more than j of the parts so far. Only "and" and "or" are used, so that unknowns are
        # settled exactly, on every engine alike.
        reached: list[Any] = [None] * self.k
        for i, part in enumerate(self.parts):
            x = part.to_expr(column)
            for j in range(min(i, self.k - 1), -1, -1):
                also = reached[j - 1] & x if j else x
                reached[j] = reached[j] | also if j < i else also
        return reached[-1]

    def to_dict(self) -> dict[str, Any]:
        parts = [part.to_dict() for part in self.parts]
        if self.word:
            return {"all" if self.word == "and" else "any": parts}
        return {"at_least": self.k, "of": parts}


@dataclass(frozen=True, repr=False)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def __post_init__(self) -> None:
        object.__setattr__(self, "part", as_condition(self.part))

    @property
    def parts(self) -> tuple[Condition, ...]:
        return (self.part,)

    def mapped(self, change: Callable[[Leaf], Condition]) -> Condition:
        return Not(self.part.mapped(change))

    def sentence(self) -> str:
        return f"not {_bracketed(self.part)}"

    def to_expr(self, column: Callable[[Fact], Any]) -> Any:
        return ~self.part.to_expr(column)

    def to_dict(self) -> dict[str, Any]:
        return {"not": self.part.to_dict()}


def at_least(k: int, *conditions: Condition | Fact) -> AtLeast:
    """At least ``k`` of the conditions hold.

    Examples
    --------
    >>> from secondop import flag
    >>> at_least(2, *(flag(name, "Is it proposed?") for name in ("surgery", "drugs", "radiation")))
    at least 2 of (surgery, drugs, radiation)
    """
    return AtLeast(k, conditions)


def as_condition(given: object) -> Condition:
    """A condition, or a yes-or-no fact as the condition that it holds; anything else is refused."""
    if isinstance(given, Condition):
        return given
    if not hasattr(given, "as_condition"):
        raise TypeError(f"A condition joins conditions and yes-or-no facts; got {given!r}.")
    return given.as_condition()


def condition_from_dict(data: Any, facts: Mapping[str, Fact], depth: int = 0) -> Condition:
    """Read a condition back from the plain data that :meth:`Condition.to_dict` gave; nothing is ever run."""
    if depth > MAX_DEPTH:
        raise SecondopError(f"A condition is nested more than {MAX_DEPTH} deep: split the rule.")

    def read(parts: list) -> tuple[Condition, ...]:
        return tuple(condition_from_dict(part, facts, depth + 1) for part in parts)

    match data:
        case {"all": list(parts), **rest} if not rest:
            return AtLeast(len(parts), read(parts))
        case {"any": list(parts), **rest} if not rest:
            return AtLeast(1, read(parts))
        case {"at_least": k, "of": list(parts), **rest} if not rest:
            return AtLeast(k, read(parts))
        case {"not": part, **rest} if not rest:
            return Not(*read([part]))
        case {"fact": str(name)} if name not in facts:
            raise unknown_name("fact", name, facts)
        case {"fact": str(name), "is_in": list(levels), **rest} if not rest:
            return Among(facts[name], tuple(levels))
        case {"fact": str(name), "op": str(op), "value": value, **rest} if rest.keys() <= _MAY_SAY:
            return Compare(facts[name], op, value, **rest)
        case {"fact": str(name), **rest} if not rest:
            return Holds(facts[name])
    raise SecondopError(f"This is not a condition: {str(data)[:200]}. Its keys are {_KEYS}.")


def by_name(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Facts by their names; two different ones of one name are refused, as no column could answer both."""
    found: dict[str, Fact] = {}
    for fact in facts:
        if found.setdefault(fact.name, fact) != fact:
            a, b = (f"{x.question} ({x.expects()})" for x in (found[fact.name], fact))
            raise SecondopError(f"Two different facts are called {fact.name!r}: {a} and {b}. Rename one.")
    return found


def _join(word: str, *given: Condition | Fact) -> AtLeast:
    """Conditions joined; one that is joined by the same word already gives its parts."""
    parts: list[Condition] = []
    for part in map(as_condition, given):
        parts += part.parts if isinstance(part, AtLeast) and part.word == word else [part]
    return AtLeast(len(parts) if word == "and" else 1, tuple(parts))


def _bracketed(part: Condition) -> str:
    return f"({part.sentence()})" if isinstance(part, AtLeast) and part.word else part.sentence()
