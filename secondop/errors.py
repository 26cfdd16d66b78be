"""What went wrong, said so that a reader who is no programmer can mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_NEGATIONS = ("a", "ab", "dis", "il", "im", "in", "ir", "no", "non", "not", "un", "without")
_NEGATIONS += ("nicht", "keine?", "ohne", "pas", "sans", "sin")  # beside English words in a log


class SecondopError(ValueError):
    """Any mistake in what the package was given: the message says what exists and what to do."""


class UnknownNameError(SecondopError):
    """A name (of a fact, a level, a rule, a scenario, a parameter) that does not exist."""


class CasesError(SecondopError):
    """Cases that cannot be read as stated; ``problems`` is the whole table of them (a pandas frame)."""

    def __init__(self, message: str, problems=None):
        super().__init__(message)
        self.problems = problems


def did_you_mean(word: object, options: Iterable[str]) -> str:
    """A closing sentence naming the closest option, or nothing when none is close or it is the opposite."""
    meant = closest(word, options)
    return f" Did you mean {meant!r}?" if meant else ""


def closest(word: object, options: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The option closest to a word, unless it is the opposite of it or less alike than ``cutoff``."""
    close = get_close_matches(str(word), list(map(str, options)), n=5, cutoff=cutoff)
    return next((option for option in close if not _opposite(str(word), option)), None)


def _opposite(one: str, other: str) -> bool:
    """Whether one text comes closer to the other, and close, once a word of it loses its negation."""
    return any(
        _alike(text[: found.start()] + text[found.end() :], whole) > max(0.75, _alike(one, other))
        for text, whole in ((one.lower(), other), (other.lower(), one))
        for negation in _NEGATIONS
        for found in re.finditer(rf"(?<![^\W_]){negation}", text)
    )


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, *(re.sub(r"[\W_]", "", text.lower()) for text in (one, other))).ratio()


def unknown_name(kind: str, name: object, options: Iterable[str]) -> UnknownNameError:
    """The error for a name that does not exist: the closest match and, while they are few, all that exist."""
    options = sorted(options)
    near = did_you_mean(name, options)
    if not near and len(str(name)) > 2 and (longer := [x for x in options if x.startswith(str(name))]):
        near = f" Did you mean {' or '.join(map(repr, longer[:3]))}?"
    listing = f": {', '.join(options) or 'none'}" if len(options) <= 12 else f" {len(options)} of them"
    return UnknownNameError(f"There is no {kind} {name!r}.{near} There are{listing}.")


def refuse(what: str, problems: Iterable[str]) -> None:
    """Raise one error with all problems at once, if there are any."""
    if problems := list(problems):
        raise SecondopError("\n  ".join([f"{what}:", *problems]))
