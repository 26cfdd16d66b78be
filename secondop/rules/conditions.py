"""Conditions over facts, with three answers: yes, no and unknown.

A condition is a frozen tree of comparisons, memberships and flags, joined by ``&`` (and), ``|`` (or),
``~`` (not) and :func:`at_least`. It prints as a sentence, lists the facts that it reads, goes to plain data
and back, and compiles to an expression, which is the only way in which it is ever evaluated. The
logic is Kleene's: an unknown part leaves the whole unknown unless the other parts settle it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from math import comb
from types import ModuleType
from typing import Any, NoReturn

import narwhals as nw
import polars as pl

from secondop.errors import SecondopError, did_you_mean
from secondop.rules.facts import Fact, Kind, find_fact

_OPERATORS = {
    ">=": (operator.ge, "at least"),
    ">": (operator.gt, "more than"),
    "<=": (operator.le, "at most"),
    "<": (operator.lt, "less than"),
}


Expr = nw.Expr | pl.Expr


def library(coded: bool) -> ModuleType:
    """The library whose expressions suit a frame: polars for one that passed the gate, else narwhals.

    Both spell an expression alike, so every condition is written once. Polars alone spares a frame in memory
    the translation, which would take longer than the evaluation of a small one.
    """
    return pl if coded else nw


class Condition:
    """Base of every condition. Combine with ``&``, ``|``, ``~`` and :func:`at_least`; never with words."""

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        """Both hold."""
        return AllOf((*_parts(AllOf, self), *_parts(AllOf, _checked(other))))

    def __or__(self, other: Condition) -> Condition:
        """Either holds."""
        return AnyOf((*_parts(AnyOf, self), *_parts(AnyOf, _checked(other))))

    def __invert__(self) -> Condition:
        """It does not hold; unknown stays unknown."""
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        """Refuse ``and``, ``or``, ``not`` and ``if``: none of them knows the third answer."""
        raise TypeError(
            "A condition is not yes or no before it meets a case. "
            "Write a & b, a | b, ~a instead of a and b, a or b, not a, with parentheses around each part."
        )

    def __repr__(self) -> str:
        """The condition as a sentence."""
        return self.sentence()

    def sentence(self) -> str:
        """The condition as a clinician would say it."""
        raise NotImplementedError

    def leaves(self) -> Iterator[Leaf]:
        """Every comparison, membership and flag in it, from left to right."""
        for part in self.parts:
            yield from part.leaves()

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the facts that it reads, each once, in the order in which it reads them."""
        return tuple(dict.fromkeys(leaf.name for leaf in self.leaves()))

    def to_expr(self, *, coded: bool = False) -> Expr:
        """Compile to an expression that answers true, false or null: narwhals', or polars' if coded.

        Parameters
        ----------
        coded : bool
            Whether the frame passed the gate of :mod:`secondop.rules.cases`, where each level is its position
            and missing is null. Otherwise (a frame in a database or on a cluster) the expression guards
            itself: an answer that the fact does not know, NaN among them, counts as unknown.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The condition as plain data; :func:`condition_from_dict` reads it back."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Leaf(Condition):
    """What is asked of one fact."""

    name: str

    def leaves(self) -> Iterator[Leaf]:
        """Itself alone."""
        yield self


@dataclass(frozen=True, repr=False)
class Flag(Leaf):
    """A yes-or-no fact holds."""

    def __post_init__(self) -> None:
        fact = find_fact(self.name)
        _require(fact, fact.kind is Kind.FLAG, "flag")

    def sentence(self) -> str:
        return find_fact(self.name).label

    def to_expr(self, *, coded: bool = False) -> Expr:
        return library(coded).col(self.name)

    def to_dict(self) -> dict[str, Any]:
        return {"fact": self.name}


@dataclass(frozen=True, repr=False)
class Member(Leaf):
    """A fact has one of these levels."""

    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        fact = find_fact(self.name)
        _require(fact, fact.has_levels, "is_in")
        if not self.levels:
            raise SecondopError(
                f"is_in on {self.name!r} needs at least one level; it has {', '.join(fact.levels)}."
            )
        for level in self.levels:
            _require_level(fact, level)

    def sentence(self) -> str:
        fact = find_fact(self.name)
        return f"{fact.label} is {' or '.join(map(fact.in_words, self.levels))}"

    def to_expr(self, *, coded: bool = False) -> Expr:
        return _membership(find_fact(self.name), self.levels, coded)

    def to_dict(self) -> dict[str, Any]:
        return {"fact": self.name, "is_in": list(self.levels)}


@dataclass(frozen=True, repr=False)
class Compare(Leaf):
    """A number, a count or an ordered fact lies at, above or below a threshold, whose basis is stated."""

    op: str
    value: float | str
    basis: str = "assumed"

    def __post_init__(self) -> None:
        fact = find_fact(self.name)
        _require(fact, fact.kind in (Kind.ORDERED, Kind.COUNT, Kind.NUMBER), self.op)
        if self.op not in _OPERATORS:
            raise SecondopError(f"{self.op!r} is not a comparison; there are {', '.join(_OPERATORS)}.")
        if fact.kind is Kind.ORDERED:
            _require_level(fact, self.value)
        elif (
            isinstance(self.value, bool)
            or not isinstance(self.value, (int, float))
            or not (fact.low <= self.value <= fact.high)
        ):
            raise SecondopError(f"The threshold {self.value!r} on {self.name!r} must be {fact.expects()}.")

    def with_basis(self, basis: str) -> Compare:
        """The same comparison whose threshold names where it comes from."""
        return replace(self, basis=basis)

    def sentence(self) -> str:
        fact = find_fact(self.name)
        if fact.kind is Kind.ORDERED:
            return f"{fact.label} is {_OPERATORS[self.op][1]} {fact.in_words(self.value)}"
        return f"{fact.label} {_OPERATORS[self.op][1]} {self.value:g} ({self.basis})"

    def to_expr(self, *, coded: bool = False) -> Expr:
        fact, compare = find_fact(self.name), _OPERATORS[self.op][0]
        if fact.kind is Kind.ORDERED:
            place = fact.levels.index(self.value)
            return _membership(fact, tuple(x for i, x in enumerate(fact.levels) if compare(i, place)), coded)
        answer = compare(library(coded).col(self.name), self.value)
        if coded:
            return answer
        return nw.when(nw.col(self.name).is_between(fact.low, fact.high)).then(answer)

    def to_dict(self) -> dict[str, Any]:
        return {"fact": self.name, "op": self.op, "value": self.value, "basis": self.basis}


@dataclass(frozen=True, repr=False)
class _Joined(Condition):
    """Two conditions or more, joined by one word."""

    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise SecondopError(f"{type(self).__name__} needs at least one condition.")
        for part in self.parts:
            _checked(part)

    def sentence(self) -> str:
        return f" {self._word} ".join(_bracketed(part) for part in self.parts)

    def to_expr(self, *, coded: bool = False) -> Expr:
        return reduce(self._join, (part.to_expr(coded=coded) for part in self.parts))

    def to_dict(self) -> dict[str, Any]:
        return {self._key: [part.to_dict() for part in self.parts]}


class AllOf(_Joined):
    """Every part holds."""

    _word, _key, _join = "and", "all", staticmethod(operator.and_)


class AnyOf(_Joined):
    """At least one part holds."""

    _word, _key, _join = "or", "any", staticmethod(operator.or_)


@dataclass(frozen=True, repr=False)
class AtLeast(Condition):
    """At least ``k`` of the parts hold."""

    k: int
    parts: tuple[Condition, ...]

    def __post_init__(self) -> None:
        for part in self.parts:
            _checked(part)
        if isinstance(self.k, bool) or not isinstance(self.k, int) or not 1 <= self.k <= len(self.parts):
            raise SecondopError(f"at_least needs a whole number from 1 to {len(self.parts)}; got {self.k!r}.")

    def sentence(self) -> str:
        return f"at least {self.k} of ({', '.join(_bracketed(part) for part in self.parts)})"

    def to_expr(self, *, coded: bool = False) -> Expr:
        answers = [part.to_expr(coded=coded) for part in self.parts]
        if comb(len(answers), self.k) <= 20:  # spelled out, which is faster than counting
            return reduce(
                operator.or_, (reduce(operator.and_, some) for some in combinations(answers, self.k))
            )
        lib = library(coded)
        sure = reduce(operator.add, (lib.when(a).then(lib.lit(1)).otherwise(lib.lit(0)) for a in answers))
        ruled_out = reduce(
            operator.add, (lib.when(~a).then(lib.lit(1)).otherwise(lib.lit(0)) for a in answers)
        )
        unknown = lib.lit(None, dtype=lib.Boolean)
        return (sure >= self.k) | ((ruled_out <= len(answers) - self.k) & unknown)

    def to_dict(self) -> dict[str, Any]:
        return {"at_least": self.k, "of": [part.to_dict() for part in self.parts]}


@dataclass(frozen=True, repr=False)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def __post_init__(self) -> None:
        _checked(self.part)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The negated condition, alone."""
        return (self.part,)

    def sentence(self) -> str:
        return f"not {_bracketed(self.part)}"

    def to_expr(self, *, coded: bool = False) -> Expr:
        return ~self.part.to_expr(coded=coded)

    def to_dict(self) -> dict[str, Any]:
        return {"not": self.part.to_dict()}


@dataclass(frozen=True, eq=False)
class FactRef:
    """A fact that is not yes or no, waiting for ``.is_in(...)``, ``>=``, ``>``, ``<=`` or ``<``."""

    name: str

    def is_in(self, *levels: str) -> Member:
        """The fact has one of these levels."""
        return Member(self.name, tuple(levels))

    def __ge__(self, value: float | str) -> Compare:
        return Compare(self.name, ">=", value)

    def __gt__(self, value: float | str) -> Compare:
        return Compare(self.name, ">", value)

    def __le__(self, value: float | str) -> Compare:
        return Compare(self.name, "<=", value)

    def __lt__(self, value: float | str) -> Compare:
        return Compare(self.name, "<", value)

    def _refuse(self, *_: object) -> NoReturn:
        fact = find_fact(self.name)
        right = (
            f"fact({self.name!r}).is_in({fact.levels[0]!r})"
            if fact.has_levels
            else f"fact({self.name!r}) >= 2"
        )
        raise TypeError(
            f"{self.name!r} takes {fact.expects()}: say for which answer it holds, as in {right}."
        )

    __eq__ = __ne__ = __and__ = __rand__ = __or__ = __ror__ = __invert__ = __bool__ = _refuse
    __hash__ = None


def fact(name: str) -> Flag | FactRef:
    """Speak about a fact in a condition.

    Parameters
    ----------
    name : str
        A fact of :data:`secondop.rules.facts.FACTS`.

    Returns
    -------
    Flag or FactRef
        A yes-or-no fact is a condition by itself; any other waits for ``.is_in(...)`` or a comparison.

    Raises
    ------
    UnknownNameError
        If no fact has the name.

    Examples
    --------
    >>> fact("condition").is_in("phimosis") & ~fact("topical_steroid_trial_adequate")
    condition is phimosis and not topical steroid trial adequate
    >>> fact("drug_trials") >= 2
    drug trials at least 2 (assumed)
    """
    return Flag(name) if find_fact(name).kind is Kind.FLAG else FactRef(name)


def at_least(k: int, *conditions: Condition) -> AtLeast:
    """At least ``k`` of the conditions hold.

    Examples
    --------
    >>> at_least(2, fact("chemotherapy_proposed"), fact("radiation_proposed"), fact("rare_disease"))
    at least 2 of (chemotherapy proposed, radiation proposed, rare disease)
    """
    return AtLeast(k, tuple(conditions))


def condition_from_dict(data: Mapping[str, Any]) -> Condition:
    """Read a condition back from the plain data that :meth:`Condition.to_dict` gave.

    Raises
    ------
    SecondopError
        If the keys are none of those that a condition is written with.

    Examples
    --------
    >>> condition_from_dict({"not": {"fact": "rare_disease"}})
    not rare disease
    """
    match data:
        case {"all": parts, **rest} if not rest:
            return AllOf(tuple(map(condition_from_dict, parts)))
        case {"any": parts, **rest} if not rest:
            return AnyOf(tuple(map(condition_from_dict, parts)))
        case {"at_least": k, "of": parts, **rest} if not rest:
            return AtLeast(k, tuple(map(condition_from_dict, parts)))
        case {"not": part, **rest} if not rest:
            return Not(condition_from_dict(part))
        case {"fact": name, "is_in": levels, **rest} if not rest:
            return Member(name, tuple(levels))
        case {"fact": name, "op": op, "value": value, **rest} if rest.keys() <= {"basis"}:
            return Compare(name, op, value, **rest)
        case {"fact": name, **rest} if not rest:
            return _checked(fact(name))
    raise SecondopError(
        f"This is not a condition: {data!r}. One is written as {{'all': [...]}}, {{'any': [...]}}, "
        "{'at_least': k, 'of': [...]}, {'not': ...}, {'fact': name}, {'fact': name, 'is_in': [...]} "
        "or {'fact': name, 'op': '>=', 'value': v, 'basis': '...'}."
    )


def _membership(fact: Fact, levels: tuple[str, ...], coded: bool) -> Expr:
    if not levels:  # an ordered comparison that no level meets, such as > the highest; unknown stays unknown
        return library(coded).when(_membership(fact, fact.levels, coded)).then(False)
    if coded:
        return reduce(operator.or_, (pl.col(fact.name) == fact.levels.index(level) for level in levels))
    known = nw.col(fact.name).is_in(fact.levels)
    return nw.when(known).then(nw.col(fact.name).is_in(levels))


def _parts(kind: type[_Joined], condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, kind) else (condition,)


def _checked(part: object) -> Condition:
    if isinstance(part, FactRef):
        part._refuse()
    if not isinstance(part, Condition):
        raise TypeError(f"A condition joins conditions, such as fact('rare_disease'); got {part!r}.")
    return part


def _bracketed(part: Condition) -> str:
    return f"({part.sentence()})" if isinstance(part, _Joined) else part.sentence()


def _require(fact: Fact, possible: bool, operation: str) -> None:
    if not possible:
        raise SecondopError(f"{operation!r} cannot be asked of {fact.name!r}, which takes {fact.expects()}.")


def _require_level(fact: Fact, level: object) -> None:
    if level not in fact.levels:
        hint = did_you_mean(level, fact.levels)
        raise SecondopError(f"{level!r} is not an answer to {fact.name!r}: it takes {fact.expects()}.{hint}")
