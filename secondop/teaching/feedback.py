"""What an answer is told: right, wrong or not given yet, and why."""

from __future__ import annotations

from dataclasses import dataclass

from secondop.teaching.markup import AGAINST, FOR, OPEN, div, el

_LOOKS = {  # sign, verdict, colour, border
    True: ("✓", "Right.", FOR, "solid"),
    False: ("✗", "Not quite.", AGAINST, "double"),
    None: ("?", "Not answered yet.", OPEN, "dashed"),
}


@dataclass(frozen=True, repr=False)
class Feedback:
    """What an answer is told. True where it is right, so that a grader can count it.

    ``correct`` is ``None`` where no answer was ``given``, or it could not be read: that is unknown, and not
    wrong. ``words`` say why, or how to answer.

    >>> Feedback(True, "Two doctors differ.")
    ✓ Right. Two doctors differ.
    >>> bool(Feedback(None, "Write a number in place of the dots."))
    False
    """

    correct: bool | None
    words: str
    given: bool = False

    def __bool__(self) -> bool:
        return self.correct is True

    @property
    def _verdict(self) -> str:
        return " ".join(_LOOKS[self.correct][: 1 if self.given else 2])

    def __repr__(self) -> str:
        return f"{self._verdict} {self.words}"

    def _repr_html_(self) -> str:
        *_, colour, border = _LOOKS[self.correct]
        look = f"max-width:56em;border-left:6px {border} rgb({colour});background:rgba({colour},.1);"
        look += "margin:.4em 0;padding:.5em .9em;border-radius:0 6px 6px 0;line-height:1.45;"
        look += "font-family:system-ui,sans-serif;color:inherit;"
        return div(look, el("span", "font-weight:650;", f"{self._verdict} "), self.words)


def unanswered(answer: object) -> bool:
    """Whether an answer was left open, as ``...`` or ``None`` or an empty text."""
    return answer is None or answer is Ellipsis or (isinstance(answer, str) and not answer.strip())
