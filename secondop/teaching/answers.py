"""Answers to an exercise, a number, a name, several or a function: how each is read, compared and helped."""

from __future__ import annotations

import math
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
HOW = {
    "number": "Put a number in place of the dots: {words}{near}.",
    "name": "Put the name of a {words} in place of the dots, in quotation marks.",
    "names": 'Put the name of each {words} in braces, as in {{"one", "another"}}.',
    "function": "Write the function {words}; what it gives back stands after the word return.",
    "discussion": "This is a question for discussion: no answer is right or wrong. A good one {words}",
}
_WRITTEN = re.compile(
    r"(?:about|ca\.?|≈|~)?\s*([+−-]?\d[\d.,'\s]*)\s*(%|percent|per cent)?(?:\s*of\s[\d,.\s]+)?"
)


@dataclass(frozen=True)
class Kind:
    """A kind of answer, and what it is about: the unit, the noun of a name, the head of a function.

    A number may be ``within`` so much; ``of`` says of how many it counts, so that a share is told from it.
    Where the ``options`` of a name are a mapping, its values are what figures print in its place. A function
    is tried on each of its ``options``.
    """

    kind: str
    words: str
    options: Any = ()
    within: float = 0.0
    of: int = 1

    @property
    def how(self) -> str:
        """How to answer."""
        near = f", within {self.within:g}" if self.within else ""
        return HOW[self.kind].format(words=self.words, near=near)

    def read(self, answer: Any) -> Any:
        """The answer in a form to compare, what to say of it at once, or ``None`` if it cannot be read."""
        match self.kind:
            case "number":
                answer = _number(answer, share=self.of > 1) if isinstance(answer, str) else answer
                number = isinstance(answer, Real) and not isinstance(answer, (bool, np.bool_))
                return float(answer) if number and math.isfinite(answer) else None
            case "name":
                return self._name(answer)
            case "names":
                if isinstance(answer, str) and isinstance(self._name(answer), Feedback):
                    answer = filter(str.strip, re.split(r"[,;\n]", answer))
                listed = isinstance(answer, Iterable) and not isinstance(answer, str)
                names = list(answer) if listed else [answer]
                if any(map(unanswered, names)):
                    return Feedback(None, self.how)
                read = [self._name(name) for name in names]
                return next((name for name in read if not isinstance(name, str)), set(read))
            case "function":
                given = self._tried(answer) if callable(answer) else []
                return None if isinstance(given, list) and all(map(unanswered, given)) else given
        return Feedback(None, self.how, given=True)

    def same(self, given: Any, wanted: Any) -> bool:
        """Whether an answer that was read is this one; of several names that are right, one of them."""
        match self.kind:
            case "number":
                return abs(given - wanted) <= self.within + 1e-9
            case "name":
                return given in wanted if isinstance(wanted, set) else given == wanted
            case "names":
                return given == wanted
        return all(map(_alike, given, wanted))

    def hint(self, given: Any, right: Any) -> Feedback:
        """What a wrong answer is told that nobody foresaw."""
        match self.kind:
            case "number" if any(self.same(given * x, right) for x in {self.of, self.of / 100} - {1, 0.01}):
                return Feedback(None, f"The share is right, but in another unit. {self.how}", given=True)
            case "number":
                return Feedback(False, f"{given:g} is too {'high' if given > right else 'low'}.")
            case "name":
                return Feedback(False, f"It is not {given!r}.")
            case "names":
                extra, lacking = ", ".join(sorted(given - right)), len(right - given)
                said = [f"Not among them: {extra}."] if extra else []
                said += [f"Missing: {lacking}."] if lacking else []
                return Feedback(False, " ".join(said))
        three = zip(self.options, given, right, strict=True)
        call, told, truth = next(each for each in three if not _alike(*each[1:]))
        return Feedback(False, f"{self._spell(call)} gives {short(told)} instead of {short(truth)}.")

    def _name(self, answer: Any) -> str | Feedback | None:
        if not isinstance(answer, str):
            return None
        labels = self.options if isinstance(self.options, Mapping) else {}
        spelled = {_plain(str(label)): name for name, label in labels.items()}
        spelled |= {_plain(option): option for option in self.options}
        error = str(unknown_name(self.words, answer, self.options))
        told = Feedback(None, f"I could not read that: {error[0].lower()}{error[1:]}", given=True)
        return spelled.get(_plain(answer), told)

    def _tried(self, function: Any) -> list | Feedback:
        """What a function gives back, call by call."""
        given = []
        # a notebook's own exit and quit would end its kernel
        with patch.dict(getattr(function, "__globals__", {}), exit=_stop, quit=_stop):
            for call in self.options:
                try:
                    given.append(_tidy(function(*call)))
                except STOPS as error:  # whatever the learner's code raises is what the learner is told
                    words = f"{self._spell(call)} stopped with {type(error).__name__}: {error}"
                    return Feedback(False, words)
        return given

    def _spell(self, call: tuple) -> str:
        return f"{self.words.partition('(')[0]}({', '.join(map(repr, call))})"


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
