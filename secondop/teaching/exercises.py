"""Exercises of lessons and notebooks: each checks an answer, and knows the mistakes that are made most.

What is asked and told stands in ``exercises.toml``. What is right is worked out with the package when an
answer is checked, in ``lesson_answers`` and ``notebook_answers``. Nothing here needs a notebook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from reprlib import repr as short
from typing import Any

from secondop.arguments import named
from secondop.datafiles import read_toml
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.published import published_rates
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.answers import STOPS, Kind
from secondop.teaching.feedback import Feedback, unanswered
from secondop.teaching.lesson_answers import LESSONS, drawn
from secondop.teaching.markup import div, el
from secondop.teaching.notebook_answers import NOTEBOOKS
from secondop.teaching.strings import said

OPTIONS = {
    "fact": lambda: {name: fact.label for name, fact in RULE_BOOK.facts.items()},
    "rule": lambda: {rule.name: rule.label for rule in RULE_BOOK},
    "recommendation": lambda: {level: said(f"level-{level}") for level in RECOMMENDATIONS},
    "policy": lambda: wide(tradeoff(drawn())).set_index("policy")["label"].to_dict(),
    "published rate": lambda: published_rates()["id"].tolist(),
    "verdict": lambda: ["within", "outside", "undetermined", "fitted", "not comparable"],
    "class": lambda: ["benign", "atypia", "DCIS", "invasive"],
}
"""Names that may be an answer, and what figures print in their place; an exercise may list its own."""


@dataclass(frozen=True, eq=False, repr=False)
class Exercise:
    """A question whose answer can be checked, or one for discussion; :func:`exercise` finds it.

    ``name`` is that of the lesson or notebook, and a number; ``question`` is what is asked.
    """

    name: str
    question: str
    text: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Exercise {self.name}. {self.question}"

    def _repr_html_(self) -> str | None:
        if self.kind.kind != "discussion":
            return None
        fold = el("summary", "cursor:pointer;", "What a good answer mentions")
        good = el("p", "margin:.4em 0;", f"A good answer {self.kind.words}")
        return div("max-width:56em;line-height:1.45;", el("details", "", fold, good))

    @cached_property
    def kind(self) -> Kind:
        """What kind of answer it takes."""
        (kind, words), *more = self.text["answer"].items()
        if kind == "function":
            return Kind(kind, words, _of_lesson(self.name)[0])
        if kind in ("name", "names") and not more:
            return Kind(kind, words, OPTIONS[words]())
        return Kind(kind, words, **dict(more))

    def check(self, answer: Any, *about: Any) -> Feedback:
        """Say whether an answer is right. Nothing that is handed in makes it stop.

        An answer is a number, a name, a set of names or a function, as the question asks, or the text that a
        person writes for it (``"42.3 %"``, ``"42,3"``); ``...`` is not answered yet. ``correct`` is ``None``
        for one that is open or cannot be read, and of a question for discussion. ``about`` are your own
        cases, where the question is about them.
        """
        try:
            return self._told(answer, about)
        except STOPS as error:  # an answer may be an object with code of its own
            said = f": {error}" if isinstance(error, SecondopError) else ""
            return self._not_read(f"it stopped with {type(error).__name__}{said}".rstrip("."))

    def _not_read(self, why: str) -> Feedback:
        return Feedback(None, f"I could not read that: {why}. {self.kind.how}", given=True)

    def _told(self, answer: Any, about: tuple) -> Feedback:
        given = None if unanswered(answer) else self.kind.read(answer)
        if given is None:
            nothing = unanswered(answer) or callable(answer)
            return Feedback(None, self.kind.how) if nothing else self._not_read(short(answer))
        if isinstance(given, Feedback):
            return given
        takes = self.text.get("about", [])
        if len(about) != len(takes):
            call = f'exercise("{self.name}").check({", ".join(["answer", *takes])})'
            what = "This is about your own cases" if takes else "This takes the answer alone"
            return Feedback(None, f"{what}: write {call}.", given=True)
        values = _worked_out(self.name, *about)
        for value, words in zip(values, self.text["told"], strict=True):
            if value(given) if callable(value) else self.kind.same(given, value):
                return Feedback(value is values[0], words)
        told = Feedback(False, "") if callable(values[0]) else self.kind.hint(given, values[0])
        return replace(told, words=f"{told.words} {self.text.get('hint', '')}".strip())


@named
def exercise(name: str) -> Exercise:
    """The exercise of that name: lesson or notebook, and number, as ``"1.1"``, ``"04.1"`` and ``"06a.1"``.

    >>> exercise("2.3")
    Exercise 2.3. Severe pain and nothing else (case T028): what does the rule book recommend?
    >>> exercise("2.3").check(...)
    ? Not answered yet. Put the name of a recommendation in place of the dots, in quotation marks.
    """
    if not isinstance(name, str) or name not in _texts():
        raise unknown_name("exercise", name, _texts())
    text = _texts()[name]
    options = ", ".join(text["answer"].get("options", ()))
    return Exercise(name, text["question"].replace("{options}", options), text)


@cache
def _texts() -> dict[str, Any]:
    return read_toml(Path(__file__).with_name("exercises.toml"), "The texts of the exercises")


def _worked_out(name: str, *about: Any) -> tuple:
    """The right answer, then the mistakes that have words of their own."""
    if name not in NOTEBOOKS:
        return _of_lesson(name)[1]
    right = NOTEBOOKS[name](*about) if about else _of_notebook(name)
    return right if isinstance(right, tuple) else (right,)


_of_notebook = cache(lambda name: NOTEBOOKS[name]())
_lesson = cache(lambda number: list(LESSONS[int(number)]()))


def _of_lesson(name: str) -> tuple[Any, tuple]:
    """Calls, where it asks for a function; and what is right, and the mistakes."""
    lesson, _, number = name.partition(".")
    values = _lesson(lesson)[int(number) - 1]
    return (values[0], values[1:]) if "function" in _texts()[name]["answer"] else (None, values)
