"""What went wrong, said so that a reader who is no programmer can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


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
    """A closing sentence naming the closest option, or nothing when none is close.

    Examples
    --------
    >>> did_you_mean("unclear", ["none", "clear", "ambiguous"])
    " Did you mean 'clear'?"
    >>> did_you_mean("x", ["none", "clear"])
    ''
    """
    close = get_close_matches(str(word), list(map(str, options)), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def unknown_name(kind: str, name: object, options: Iterable[str]) -> UnknownNameError:
    """The error for a name that does not exist: the closest match and, while they are few, all that exist."""
    options = sorted(options)
    listing = (
        f" There are: {', '.join(options)}." if len(options) <= 12 else f" There are {len(options)} of them."
    )
    return UnknownNameError(f"There is no {kind} {name!r}.{did_you_mean(name, options)}{listing}")
