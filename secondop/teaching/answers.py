"""Kinds of answers to an exercise: a number, a name, a set of names, a function. Each reads what is given.

``read`` gives the answer in a form that ``same`` compares, ``None`` for what cannot be read, or what to say
of it at once. ``hint`` has words for a wrong answer that nobody foresaw.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from reprlib import repr as short
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from secondop.errors import unknown_name
from secondop.rules.spellings import normalised
from secondop.teaching.feedback import Feedback, unanswered

STOPS = (Exception, SystemExit)
"""What code that is handed in may raise: ``exit()`` ends no grader, while anyone may interrupt it."""
_WRITTEN = re.compile(
    r"(?:about|ca\.?|≈|~)?\s*([+−-]?\d[\d.,'\s]*)\s*(%|percent|per cent)?(?:\s*of\s[\d,.\s]+)?"
)


@dataclass(frozen=True)
class Number:
    """A number. ``of`` says of how many it counts, so that a share is told from it."""

    unit: str
    within: float = 0.0
    of: int = 1

    @property
    def how(self) -> str:
        near = f", within {self.within:g}" if self.within else ""
        return f"Put a number in place of the dots: {self.unit}{near}."

    def read(self, answer: Any) -> float | None:
        if isinstance(answer, str):
            answer = _number(answer, share=self.of > 1)
        number = isinstance(answer, Real) and not isinstance(answer, (bool, np.bool_))
        return float(answer) if number and math.isfinite(answer) else None

    def same(self, given: float, wanted: float) -> bool:
        return abs(given - wanted) <= self.within + 1e-9

    def hint(self, given: float, right: float) -> Feedback:
        if any(self.same(given * unit, right) for unit in {self.of, self.of / 100} - {1, 0.01}):
            return Feedback(None, f"The share is right, but in another unit. {self.how}", given=True)
        return Feedback(False, f"{given:g} is too {'high' if given > right else 'low'}.")


@dataclass(frozen=True)
class Name:
    """One name of those that exist; of several that are right, or wrong for one reason, a set of them.

    Where the options are a mapping, its values are what figures print in place of a name.
    """

    noun: str
    options: Iterable[str]

    @property
    def how(self) -> str:
        return f"Put the name of a {self.noun} in place of the dots, in quotation marks."

    def read(self, answer: Any) -> str | Feedback | None:
        if not isinstance(answer, str):
            return None
        labels = self.options if isinstance(self.options, Mapping) else {}
        spelled = {_plain(str(label)): name for name, label in labels.items()}
        spelled |= {_plain(option): option for option in self.options}
        error = str(unknown_name(self.noun, answer, self.options))
        told = Feedback(None, f"I could not read that: {error[0].lower()}{error[1:]}", given=True)
        return spelled.get(_plain(answer), told)

    def same(self, given: str, wanted: str | set[str]) -> bool:
        return given in wanted if isinstance(wanted, set) else given == wanted

    def hint(self, given: str, right: str | set[str]) -> Feedback:
        return Feedback(False, f"It is not {given!r}.")


class Names(Name):
    """A set of names, or a text that lists them."""

    same = staticmethod(operator.eq)

    @property
    def how(self) -> str:
        return f'Put the name of each {self.noun} in braces, as in {{"one", "another"}}.'

    def read(self, answer: Any) -> set[str] | Feedback | None:
        if isinstance(answer, str) and isinstance(super().read(answer), Feedback):
            answer = filter(str.strip, re.split(r"[,;\n]", answer))
        names = [answer] if isinstance(answer, str) or not isinstance(answer, Iterable) else list(answer)
        if any(map(unanswered, names)):
            return Feedback(None, self.how)
        read = [super(Names, self).read(name) for name in names]
        return next((name for name in read if not isinstance(name, str)), set(read))

    def hint(self, given: set[str], right: set[str]) -> Feedback:
        extra, lacking = ", ".join(sorted(given - right)), len(right - given)
        said = f"Not among them: {extra}. " * bool(extra) + f"Missing: {lacking}." * bool(lacking)
        return Feedback(False, said.strip())


@dataclass(frozen=True)
class Function:
    """A function, tried on every combination of arguments."""

    head: str
    calls: list[tuple]

    @property
    def how(self) -> str:
        return f"Write the function {self.head}; what it gives back stands after the word return."

    def read(self, answer: Any) -> list | Feedback | None:
        given = []
        # a notebook's own exit and quit would end its kernel
        with patch.dict(getattr(answer, "__globals__", {}), exit=_stop, quit=_stop):
            for call in self.calls if callable(answer) else ():
                try:
                    given.append(_tidy(answer(*call)))
                except STOPS as error:  # whatever the learner's code raises is what the learner is told
                    words = f"{self._spell(call)} stopped with {type(error).__name__}: {error}"
                    return Feedback(False, words)
        return None if all(map(unanswered, given)) else given

    def same(self, given: list, wanted: list) -> bool:
        return all(map(_alike, given, wanted))

    def hint(self, given: list, right: list) -> Feedback:
        three = zip(self.calls, given, right, strict=True)
        call, told, truth = next(each for each in three if not _alike(*each[1:]))
        return Feedback(False, f"{self._spell(call)} gives {short(told)} instead of {short(truth)}.")

    def _spell(self, call: tuple) -> str:
        return f"{self.head.partition('(')[0]}({', '.join(map(repr, call))})"


@dataclass(frozen=True)
class Discussion:
    """Words, where there is no one right answer: they are not judged."""

    mentions: str

    @property
    def how(self) -> str:
        return f"This is a question for discussion: no answer is right or wrong. A good one {self.mentions}"

    def read(self, answer: Any) -> Feedback:
        return Feedback(None, self.how, given=True)


KINDS = {"number": Number, "name": Name, "names": Names, "function": Function, "discussion": Discussion}
"""What an exercise takes, by the key of ``answer`` that says so."""


def _stop(*_: Any) -> None:
    raise SystemExit("the code asked to end the program")


def _number(text: str, *, share: bool) -> float | None:
    """The number that a person wrote: with a comma or a point, thousands, and % where it is a share.

    >>> [_number(text, share=True) for text in ("42.3 %", "42,3", "1,234", "1.234,5", "about 3", "few")]
    [42.3, 42.3, 1234.0, 1234.5, 3.0, None]
    """
    found = _WRITTEN.fullmatch(text.strip().lower())
    if not found or (found[2] and not share):
        return None
    digits = re.sub(r"[\s']", "", found[1]).replace("−", "-")
    whole, mark, rest = re.fullmatch(r"(?:(.*)([.,]))?([+-]?\d*)", digits).groups(default="")
    thousands = digits.count(mark) > 1 or (mark == "," and len(rest) == 3 and whole.strip("+-0"))
    return float(re.sub("[.,]", "", whole) + ("" if not mark or thousands else ".") + rest)


def _plain(text: str) -> str:
    """A name however it is spelt; what is joined by *and* or *or* in any order."""
    text = normalised(text.strip(" ."))
    for word in ("_and_", "_or_"):
        text = word.join(sorted(text.split(word)))
    return text


def _tidy(value: Any) -> Any:
    """Python's own yes, no and number, with one spelling of unknown."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is pd.NA or (isinstance(value, float) and math.isnan(value)) else value


def _alike(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, Real) and isinstance(b, Real) and math.isclose(a, b, abs_tol=1e-6))
