"""The quiz: a seeded set of cases to answer one by one, with a score that stays in the notebook."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import zip_longest
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from secondop.errors import SecondopError, unknown_name
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.cards import WORDS, Deck, TeachingCase, as_recommendation, deck
from secondop.teaching.feedback import Feedback, unanswered
from secondop.words import plural


class Score(NamedTuple):
    """How many answers are right, of how many given, of how many items."""

    right: int
    answered: int
    of: int


class Quiz:
    """Cases to answer one by one; in JupyterLab a card for each, and the score at the end.

    Answers and score live in this object alone: nothing is written anywhere. ``items`` are the cases, in the
    order in which they are asked; they are counted from 1.

    Examples
    --------
    >>> ten = quiz(10, seed=1)
    >>> ten.answer(1, ten.items[0].expected).correct
    True
    >>> ten.score
    Score(right=1, answered=1, of=10)
    """

    def __init__(self, items: Deck):
        self.items = items
        self._answers: dict[str, str] = {}  # by case

    def answer(self, item: int, answer: object) -> Feedback:
        """Answer one item, from 1. Its first answer counts; one that was left open counts for nothing.

        ``answer`` is one of the five recommendations, in any case, with blanks or hyphens.
        """
        case, first = self._case(item), self.given(item)
        if first is not None:
            already = f"Item {item} was answered before with “{WORDS[first]}”, and the first answer counts.\n"
            counted = case.check(first)
            return Feedback(counted.correct, already + counted.words)
        if not unanswered(answer):
            self._answers[case.id] = as_recommendation(answer)
            if "widget" in vars(self):
                self.widget.show(self._answers)
        return case.check(answer)

    def to_frame(self) -> pd.DataFrame:
        """One row per item: ``item, case, answer`` (missing where open), ``right_answer, correct``."""
        rows = [(i, case.id, self.given(i), case.expected) for i, case in enumerate(self.items, 1)]
        frame = pd.DataFrame(rows, columns=["item", "case", "answer", "right_answer"])
        frame["answer"] = frame["answer"].astype("string")
        return frame.assign(correct=(frame["answer"] == frame["right_answer"]).astype("boolean"))

    @property
    def score(self) -> Score:
        """Right answers, answers given, and items."""
        correct = self.to_frame()["correct"]
        return Score(int(correct.sum()), int(correct.count()), len(correct))

    @property
    def baseline(self) -> int:
        """How many of the answered items one gets right by always giving the best single answer."""
        answered = self.to_frame().dropna(subset="answer")
        return int(answered["right_answer"].value_counts().max()) if len(answered) else 0

    def summary(self) -> str:
        """The score in words, with what no thought at all would get on the same items."""
        right, answered, of = self.score
        if not answered:
            return f"None of {plural(of, 'item')} answered yet."
        left = f", {of - answered} left open" if answered < of else ""
        same = f"Always giving the same answer gets at most {self.baseline} of these {answered}."
        return f"{right} right of {answered} answered{left}. {same}"

    def __repr__(self) -> str:
        return f"Quiz of {plural(len(self.items), 'item')}. {self.summary()}"

    @cached_property
    def widget(self) -> Any:
        """The quiz, as one widget."""
        from secondop.teaching.screen import CardScreen  # it needs packages that a quiz does not

        made = CardScreen(self.items, lambda given: self._answers.update(given | self._answers))
        made.show(self._answers)
        return made

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)

    def given(self, item: int) -> str | None:
        """The answer that counts for an item, if there is one."""
        return self._answers.get(self._case(item).id)

    def _case(self, item: int) -> TeachingCase:
        if not _whole(item) or not 1 <= item <= len(self.items):
            raise SecondopError(f"The items of this quiz are 1 to {len(self.items)}; there is no {item!r}.")
        return self.items[int(item) - 1]


def quiz(n: int, *, seed: int, topics: str | Iterable[str] | None = None) -> Quiz:
    """A quiz of n cases, spread over the five recommendations as evenly as the deck allows.

    The same ``seed`` gives the same quiz, so that a class can share one.

    Parameters
    ----------
    n, seed : int
        How many cases, and the number that decides which.
    topics : str or list of str, optional
        Groups of rules, such as ``"treatment failure"``: only cases that teach a rule of these.

    Examples
    --------
    >>> quiz(5, seed=1).answer(2, "Recommended").correct in (True, False)
    True
    """
    cases, of = [*deck()], ""
    if topics is not None:
        known = sorted({topic for case in cases for topic in case.topics})
        wanted = {topics} if isinstance(topics, str) else set(topics)
        if not wanted <= set(known) or not wanted:
            raise unknown_name("topic", min(wanted - set(known), key=str, default=""), known)
        cases, of = [case for case in cases if wanted & set(case.topics)], " of these topics"
    if not _whole(n) or not 1 <= n <= len(cases):
        said = f"A quiz{of} has 1 to {len(cases)} items, as many as there are cases; got {n!r}."
        raise SecondopError(said)
    if not _whole(seed) or seed < 0:
        raise SecondopError(f"A seed is a whole number from 0, so that it can be had again; got {seed!r}.")
    rng = np.random.default_rng(seed)
    piles = [[case for case in cases if case.expected == level] for level in RECOMMENDATIONS]
    piles = [[pile[i] for i in rng.permutation(len(pile))] for pile in piles]
    rounds = zip_longest(*(piles[i] for i in rng.permutation(len(piles))))  # one of each level a round
    drawn = [case for one_of_each in rounds for case in one_of_each if case][:n]
    return Quiz(Deck(drawn[i] for i in rng.permutation(n)))


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
