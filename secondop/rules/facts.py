"""Facts: what a case can state, each an object that takes part in conditions.

A fact is *yes*, *no* or *unknown* (or has a level or a number, or none recorded). A fact that is not recorded
is unknown, never no. There is no global vocabulary: a rule book knows the facts that its rules read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache, partialmethod
from typing import Any, NoReturn, Self

import polars as pl

from secondop.errors import SecondopError, refuse, unknown_name
from secondop.rules.conditions import Among, Compare, Condition, Holds, condition_from_dict
from secondop.words import an


class Choice(StrEnum):
    """One of a few words; any other is refused with those that there are."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise unknown_name(cls.__name__.lower(), value, cls)


class Kind(Choice):
    """What sort of answer a fact takes."""

    FLAG = "flag"  # yes or no
    CATEGORY = "category"  # one of its levels, in no order
    ORDERED = "ordered"  # one of its levels, from least to most
    COUNT = "count"  # a whole number
    NUMBER = "number"  # a number with a unit


_GAP = re.compile(r"[\s\u200b\ufeff_-]+")
_NUMERIC = {Kind.COUNT: pl.Int64(), Kind.NUMBER: pl.Float64()}
_DUE = {"str": (str, "text"), "bool": (bool, "True or False"), "float": ((int, float), "a number")}


_enum = cache(pl.Enum)  # making one takes longer than reading a column of it


def settle(owner: object, **ways: Callable[[Any], Any]) -> None:
    """Read attributes of a frozen object, unless left out, in these ways; refuse what has not the type due.

    Text that compares equal to a member, and yet is not the member, would disarm every ``is`` in silence.
    """
    for field in fields(owner):
        value, (due, words) = getattr(owner, field.name), _DUE.get(field.type, (object, ""))
        if field.name in ways and value is not field.default:
            object.__setattr__(owner, field.name, ways[field.name](value))
        if not isinstance(value, due):
            raise SecondopError(f"{type(owner).__name__}: {field.name!r} must be {words}; got {value!r}.")


def check_attributes(cls: type, names: Iterable[str]) -> None:
    """Refuse a name that no attribute has."""
    known = [field.name for field in fields(cls)]
    for name in names:
        if name not in known:
            raise unknown_name(f"attribute of {an(cls.__name__.lower())}", name, known)


class Stated:
    """A frozen dataclass that goes to plain data and back."""

    def to_dict(self) -> dict[str, Any]:
        """It as plain data: what differs from the usual alone."""
        said = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        return {name: _plain(value) for name, (value, usual) in said.items() if value != usual}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], facts: Mapping[str, Fact] | None = None) -> Self:
        """Read it back from :meth:`to_dict`; unknown keys and facts are refused."""
        check_attributes(cls, data)
        read = {x: condition_from_dict(data[x], facts) for x in ("when", "stronger_when") if x in data}
        return cls(**data | read)


def _plain(value: Any) -> Any:
    if isinstance(value, Condition):
        return value.to_dict()
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Choice) else value


@dataclass(frozen=True, eq=False)
class Fact(Stated):
    """One thing that a case can state. In a condition a yes-or-no fact stands for itself.

    Usually made by :func:`flag`, :func:`category`, :func:`ordered`, :func:`count` or :func:`number`. From
    ``low`` to ``high`` a number is plausible; ``topic`` is where a clinician would ask it, ``term`` what a
    clinician calls it, and ``use`` what it is for where no rule reads it.

    Examples
    --------
    >>> weeks = number("weeks_of_pain", 520, "weeks", "For how many weeks has the pain lasted?")
    >>> red_flag = flag("red_flag", "Is there a sign of something serious?")
    >>> (weeks >= 2) & ~red_flag
    weeks of pain at least 2 (assumed) and not red flag
    >>> weeks.at_least(6, lower=4, upper=12, basis="a review")
    weeks of pain at least 6 (a review, 4 to 12)
    """

    name: str
    kind: Kind
    question: str
    levels: tuple[str, ...] = ()
    unit: str = ""
    low: float = 0
    high: float = math.inf
    topic: str = ""
    term: str = ""
    use: str = ""

    def __post_init__(self) -> None:
        settle(self, kind=Kind, levels=tuple)
        named, few = self.name.isidentifier(), len(set(self.levels)) < max(2, len(self.levels))
        odd = [x for x in self.levels if not isinstance(x, str) or x != _GAP.sub("_", x.lower())]
        backwards = self.is_numeric and not self.low < self.high
        problems = {
            f"its name must be a plain word such as 'age_years', not {self.name!r}": not named,
            "it needs a question that a case answers": not self.question,
            f"it needs at least two different levels; got {self.levels}": self.has_levels and few,
            f"a level is written in lower case, with underscores for blanks; got {str(odd)[1:-1]}": odd,
            f"it needs low < high; got {self.low} and {self.high}": backwards,
            f"a {self.kind} has no levels": self.levels and not self.has_levels,
        }
        refuse(f"Fact {self.name!r}", [words for words, wrong in problems.items() if wrong])

    @property
    def has_levels(self) -> bool:
        """Whether the answer is one of a list of words."""
        return self.kind in (Kind.CATEGORY, Kind.ORDERED)

    @property
    def is_numeric(self) -> bool:
        """Whether the answer is a number."""
        return self.kind in _NUMERIC

    @property
    def label(self) -> str:
        """What a clinician calls it."""
        return self.term or self.name.replace("_", " ")

    @property
    def dtype(self) -> pl.DataType:
        """Its column in a frame of cases: Boolean, Enum, Int64 or Float64; a gap is null."""
        return _NUMERIC.get(self.kind) or (_enum(self.levels) if self.has_levels else pl.Boolean())

    def as_condition(self) -> Condition:
        """That it holds; only a yes-or-no fact is a condition by itself."""
        return Holds(self) if self.kind is Kind.FLAG else self._refuse()

    def is_in(self, *levels: str) -> Among:
        """It has one of these levels."""
        return Among(self, levels)

    def at_least(
        self, value: float | str, *, lower: Any = None, upper: Any = None, basis: str = "assumed"
    ) -> Compare:
        """It reaches a threshold that states on what it rests and how far it may be off."""
        return Compare(self, ">=", value, basis, lower, upper)

    __ge__ = partialmethod(Compare, ">=")
    __gt__ = partialmethod(Compare, ">")
    __le__ = partialmethod(Compare, "<=")
    __lt__ = partialmethod(Compare, "<")
    __and__ = Condition.__and__
    __or__ = Condition.__or__
    __invert__ = Condition.__invert__
    __bool__ = Condition.__bool__

    def __eq__(self, other: object) -> bool:
        """A fact equals only a fact; compared with an answer it would be a rule that never fires."""
        if isinstance(other, Fact):
            return self is other or vars(self) == vars(other)
        return self._refuse() if isinstance(other, (str, int, float)) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.kind))

    def _refuse(self) -> NoReturn:
        right = f"{self.name}.is_in({self.levels[0]!r})" if self.has_levels else f"{self.name} >= 2"
        right = f"{self.name} or ~{self.name}" if self.kind is Kind.FLAG else right
        told = f"{self.name!r} takes {self.expects()}"
        raise TypeError(f"{told}: say for which answer it holds, as in {right}.")

    def quantity(self, amount: str, value: float) -> str:
        """An amount with its unit, in the singular for one."""
        one = re.sub("ies$", "y", self.unit).removesuffix("s")
        return f"{amount} {one if value == 1 else self.unit}".rstrip()

    def in_words(self, value: bool | str | float | None) -> str:
        """An answer as a clinician would say it; ``None`` is not recorded."""
        if value is None:
            return "not recorded"
        if self.kind is Kind.FLAG:
            return "yes" if value else "no"
        return value.replace("_", " ") if self.has_levels else f"{value:,g}"

    def expects(self) -> str:
        """Say what an answer looks like, for error messages and forms."""
        if self.kind is Kind.FLAG:
            return "yes or no"
        if self.has_levels:
            return f"one of {', '.join(self.levels)}"
        noun = "a whole number" if self.kind is Kind.COUNT else "a number"
        return f"{noun} from {self.low:,g} to {self.high:,g} {self.unit}".rstrip()

    def accepts(self, value: object) -> bool:
        """Whether a plain Python value is an answer to this fact (``None`` is no answer)."""
        if self.kind is Kind.FLAG:
            return isinstance(value, bool)
        if self.has_levels:
            return isinstance(value, str) and value in self.levels
        return self.in_range(value) and (self.kind is Kind.NUMBER or value % 1 == 0)

    def in_range(self, value: object) -> bool:
        """Whether it is a number, and a plausible one."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high


def flag(name: str, question: str, **more: str) -> Fact:
    """A yes-or-no fact. ``topic=``, ``term=`` and ``use=`` are taken by every kind; see :class:`Fact`."""
    return Fact(name, Kind.FLAG, question, **more)


def category(name: str, levels: str, question: str, **more: str) -> Fact:
    """A fact with one of these levels, separated by blanks, in no order."""
    return Fact(name, Kind.CATEGORY, question, tuple(levels.split()), **more)


def ordered(name: str, levels: str, question: str, **more: str) -> Fact:
    """A fact with one of these levels, separated by blanks, from least to most."""
    return Fact(name, Kind.ORDERED, question, tuple(levels.split()), **more)


def count(name: str, high: float, unit: str, question: str, *, low: float = 0, **more: str) -> Fact:
    """A whole number of something, from ``low`` to ``high``."""
    return Fact(name, Kind.COUNT, question, unit=unit, low=low, high=high, **more)


def number(name: str, high: float, unit: str, question: str, *, low: float = 0, **more: str) -> Fact:
    """A number with a unit, from ``low`` to ``high``."""
    return Fact(name, Kind.NUMBER, question, unit=unit, low=low, high=high, **more)
