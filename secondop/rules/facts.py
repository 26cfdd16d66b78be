"""Facts: what a case can state, each an object that takes part in conditions.

A fact that is not recorded is unknown, never no. A rule book knows the facts that its rules read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache, partialmethod
from typing import Any, NoReturn

import polars as pl

from secondop.arguments import named
from secondop.errors import SecondopError, did_you_mean, refuse, unknown_name
from secondop.rules.conditions import Among, Compare, Condition

_GAP = re.compile(r"[\s\u200b\ufeff_-]+")
_DUE = {"str": (str, "text"), "bool": (bool, "True or False"), "float": ((int, float), "a number")}
_enum = cache(pl.Enum)  # making one takes longer than reading a column of it


class Choice(StrEnum):
    """One of a few words; any other is refused with those that there are."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise unknown_name(re.sub("(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower(), value, cls)


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


def stated(owner: Any) -> dict[str, Any]:
    """What is kept of a frozen object in a file or another process; what follows is worked out there anew."""
    return {field.name: getattr(owner, field.name) for field in fields(owner)}


def _in_order(levels: Any) -> tuple:
    """Levels as they are listed; what has no order, such as a set, would change from run to run."""
    if not isinstance(levels, (str, list, tuple)):
        said = "Levels are a list of words in their order, or one text such as 'none xray ct'"
        raise SecondopError(f"{said}; got {levels!r}.")
    return tuple(levels.split() if isinstance(levels, str) else levels)


class Kind(Choice):
    """What sort of answer a fact takes."""

    FLAG = "flag"  # yes or no
    CATEGORY = "category"  # one of its levels, in no order
    ORDERED = "ordered"  # one of its levels, from least to most
    COUNT = "count"  # a whole number
    NUMBER = "number"  # a number with a unit


class FactName(str):
    """The name of a fact, as a rule book lists it: a list of facts and one of names are read alike."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Itself."""
        return str(self)


@named
@dataclass(frozen=True, eq=False)
class Fact:
    """One thing that a case can state. In a condition a yes-or-no fact stands for itself.

    Made by :func:`flag`, :func:`category`, :func:`ordered`, :func:`count` or :func:`number`. From ``low`` to
    ``high`` a number is plausible; ``topic`` is where a clinician would ask it, ``term`` what a clinician
    calls it, and ``use`` what it is for where no rule reads it.

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
        settle(self, kind=Kind, levels=_in_order)
        named, worded = self.name.isidentifier(), self.kind in (Kind.CATEGORY, Kind.ORDERED)
        few = len(set(self.levels)) < max(2, len(self.levels))
        odd = [x for x in self.levels if not isinstance(x, str) or x != _GAP.sub("_", x.lower().strip(","))]
        problems = {
            f"its name must be a plain word such as 'age_years', not {self.name!r}": not named,
            "it needs a question that a case answers": not self.question,
            f"it needs at least two different levels; got {self.levels}": worded and few,
            f"a level is a word in lower case, with underscores for blanks; got {str(odd)[1:-1]}": odd,
            f"it needs low < high; got {self.low} and {self.high}": not self.low < self.high,
            f"a {self.kind} has no levels": self.levels and not worded,
        }
        refuse(f"Fact {self.name!r}", [words for words, wrong in problems.items() if wrong])

    @property
    def has_levels(self) -> bool:
        """Whether the answer is one of a list of words."""
        return bool(self.levels)

    @property
    def is_numeric(self) -> bool:
        """Whether the answer is a number."""
        return self.kind in (Kind.COUNT, Kind.NUMBER)

    @property
    def label(self) -> str:
        """What a clinician calls it."""
        return self.term or self.name.replace("_", " ")

    @property
    def dtype(self) -> pl.DataType:
        """Its column in a frame of cases: Boolean, Enum, Int64 or Float64; a gap is null."""
        plain = {Kind.FLAG: pl.Boolean, Kind.COUNT: pl.Int64, Kind.NUMBER: pl.Float64}
        return _enum(self.levels) if self.levels else plain[self.kind]()

    def as_condition(self) -> Condition:
        """That it is yes; only a yes-or-no fact is a condition by itself."""
        return Among(self) if self.kind is Kind.FLAG else self._refuse()

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
        right = f" or ~{self.name}" if self.kind is Kind.FLAG else " >= 2"
        right = f".is_in({self.levels[0]!r})" if self.levels else right
        told = f"{self.name!r} takes {self.expects()}"
        raise TypeError(f"{told}: say for which answer it is met, as in {self.name}{right}.")

    def quantity(self, amount: str, value: float) -> str:
        """An amount with its unit, in the singular for one."""
        one = re.sub("ies$", "y", self.unit).removesuffix("s")
        return f"{amount} {one if value == 1 else self.unit}".rstrip()

    def in_words(self, value: bool | str | float | None) -> str:
        """An answer as a clinician would say it; ``None`` is not recorded."""
        if value is None:
            return "not recorded"
        if self.is_numeric:
            return f"{value:,g}"
        return value.replace("_", " ") if self.levels else ("no", "yes")[value]

    def expects(self) -> str:
        """Say what an answer looks like, for error messages and forms."""
        if not self.is_numeric:
            return f"one of {', '.join(self.levels)}" if self.levels else "yes or no"
        noun = "a whole number" if self.kind is Kind.COUNT else "a number"
        return f"{noun} from {self.low:,g} to {self.high:,g} {self.unit}".rstrip()

    def accepts(self, value: object) -> bool:
        """Whether a plain Python value is an answer to this fact (``None`` is no answer)."""
        if self.levels:
            return isinstance(value, str) and value in self.levels
        if self.kind is Kind.FLAG or isinstance(value, bool):
            return self.kind is Kind.FLAG and isinstance(value, bool)
        number = isinstance(value, (int, float)) and self.low <= value <= self.high
        return number and (self.kind is Kind.NUMBER or value % 1 == 0)

    def require(self, possible: bool, operation: str, *answers: Any) -> None:
        """Refuse what cannot be asked of it, and what is no answer to it."""
        takes = f"{self.name!r}: it takes {self.expects()}."
        if not possible:
            raise SecondopError(f"{operation} cannot be asked of {takes}")
        for x in answers:
            if isinstance(x, (list, tuple, set)):
                raise SecondopError(f"Answers to {self.name!r} are given one by one, as in is_in('a', 'b').")
            if not self.accepts(x):
                raise SecondopError(f"{x!r} is not an answer to {takes}{did_you_mean(x, self.levels)}")


@named
def flag(name: str, question: str, **more: str) -> Fact:
    """A yes-or-no fact. ``topic=``, ``term=`` and ``use=`` are taken by every kind; see :class:`Fact`."""
    return Fact(name, Kind.FLAG, question, **more)


@named
def category(name: str, levels: str | Sequence[str], question: str, **more: str) -> Fact:
    """A fact with one of these levels, separated by blanks, in no order."""
    return Fact(name, Kind.CATEGORY, question, levels, **more)


@named
def ordered(name: str, levels: str | Sequence[str], question: str, **more: str) -> Fact:
    """A fact with one of these levels, separated by blanks, from least to most."""
    return Fact(name, Kind.ORDERED, question, levels, **more)


@named
def count(name: str, high: float, unit: str, question: str, *, low: float = 0, **more: str) -> Fact:
    """A whole number of something, from ``low`` to ``high``."""
    return Fact(name, Kind.COUNT, question, unit=unit, low=low, high=high, **more)


@named
def number(name: str, high: float, unit: str, question: str, *, low: float = 0, **more: str) -> Fact:
    """A number with a unit, from ``low`` to ``high``."""
    return Fact(name, Kind.NUMBER, question, unit=unit, low=low, high=high, **more)
