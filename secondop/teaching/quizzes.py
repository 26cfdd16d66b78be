"""The quiz: a seeded set of cases to answer one by one, with a score that stays in the notebook."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import zip_longest
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.card_view import WORDS, CardView, OnDemand, still_card
from secondop.teaching.cards import Deck, TeachingCase, as_recommendation, deck
from secondop.teaching.feedback import Feedback, unanswered
from secondop.teaching.markup import AGAINST, FOR, LINE, OPEN, SMALL, TEXT, Html, chip, div, el
from secondop.teaching.still import Still
from secondop.words import plural


class Score(NamedTuple):
    """How many answers are right, of how many given, of how many items."""

    right: int
    answered: int
    of: int


class Quiz(Still, OnDemand):
    """Cases to answer one by one; in JupyterLab a card for each, and the score at the end.

    Answers and score live in this object alone: nothing is written anywhere. Items are counted from 1.

    Attributes
    ----------
    items : Deck
        The cases, in the order in which they are asked.

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
        self._answers: dict[int, str] = {}

    def answer(self, item: int, answer: object) -> Feedback:
        """Answer one item, from 1. Its first answer counts; one that was left open counts for nothing.

        ``answer`` is one of the five recommendations, in any case, with blanks or hyphens.
        """
        case, first = self._case(item), self.given(item)
        if first is None:
            if not unanswered(answer):
                self._answers[item] = as_recommendation(answer)
            return case.check(answer)
        counted = case.check(first)
        already = f"Item {item} was answered before with “{WORDS[first]}”, and the first answer counts.\n"
        return Feedback(counted.correct, already + counted.words)

    @property
    def score(self) -> Score:
        """Right answers, answers given, and items."""
        right = sum(self._answers[item] == self._case(item).expected for item in self._answers)
        return Score(right, len(self._answers), len(self.items))

    @property
    def baseline(self) -> int:
        """How many of the answered items one gets right by always giving the best single answer."""
        return max(Counter(self._case(item).expected for item in self._answers).values(), default=0)

    def to_frame(self) -> pd.DataFrame:
        """One row per item: ``item, case, answer`` (missing where open), ``right_answer, correct``."""
        rows = [
            (i, case.id, given, case.expected, None if given is None else given == case.expected)
            for i, case in enumerate(self.items, 1)
            for given in [self.given(i)]
        ]
        frame = pd.DataFrame(rows, columns=["item", "case", "answer", "right_answer", "correct"])
        return frame.astype({"answer": "string", "correct": "boolean"})

    def summary(self) -> str:
        """The score in words, with what no thought at all would get on the same items."""
        right, answered, of = self.score
        if not answered:
            return f"None of {plural(of, 'item')} answered yet."
        left = f", {of - answered} left open" if answered < of else ""
        return (
            f"{right} right of {answered} answered{left}. "
            f"Always giving the same answer gets at most {self.baseline} of these {answered}."
        )

    def to_html(self) -> Html:
        """The score, and every item with its answer."""
        marks = {True: ("✓ right", FOR), False: ("✗ wrong", AGAINST), None: ("? not answered", OPEN)}
        items = []
        for i, case in enumerate(self.items, 1):
            given = self.given(i)
            words = [f"{i}. {case.title} ", chip(*marks[None if given is None else given == case.expected])]
            if given not in (None, case.expected):
                words += [div(SMALL, f"You said {WORDS[given]}; the rule book says {WORDS[case.expected]}.")]
            items.append(div(f"border-left:3px solid {LINE};padding:.1em .6em;", *words))
        columns = "display:grid;grid-template-columns:repeat(auto-fill,minmax(22em,1fr));gap:.4em;"
        return div(
            f"{TEXT}font-size:17px;",
            Html(f'<div role="status">{el("b", "font-size:1.15em;", self.summary())}</div>'),
            div(f"{columns}margin-top:.7em;", *items),
        )

    def to_review(self) -> Html:
        """The rules to look at again: those that decide the items answered wrong, each with its source."""
        wrong = [c for i, c in enumerate(self.items, 1) if self.given(i) not in (None, c.expected)]
        rules = {r.rule.statement: f"{r.rule.label} [{r.source}]" for c in wrong for r in c.deciding}
        if not rules:
            return Html("")
        lines = (div("", el("b", "", statement), f" {words}") for statement, words in sorted(rules.items()))
        return div(f"{TEXT}font-size:17px;", el("b", "", "Rules to look at again"), *lines)

    def __repr__(self) -> str:
        return f"Quiz of {plural(len(self.items), 'item')}. {self.summary()}"

    def still(self) -> dict[str, Any]:
        """The first card."""
        return {"text/html": still_card(f"Item 1 of {len(self.items)}", self.items[0])}

    @cached_property
    def widget(self) -> Any:
        """The quiz, as one widget."""
        return _QuizView(self).view.box

    def given(self, item: int) -> str | None:
        """The answer that counts for an item, if there is one."""
        return self._answers.get(item)

    def _case(self, item: int) -> TeachingCase:
        whole = isinstance(item, Integral) and not isinstance(item, bool)
        if not whole or not 1 <= item <= len(self.items):
            raise SecondopError(f"The items of this quiz are 1 to {len(self.items)}; there is no {item!r}.")
        return self.items[int(item) - 1]


class _QuizView:
    """Goes through a quiz; after the last item comes the score."""

    def __init__(self, quiz: Quiz):
        self.quiz, self.item = quiz, 1
        self.view = CardView("Answer", self.answer, lambda step: self.show(self.item + step))
        self.show(1)

    def show(self, item: int) -> None:
        self.item, of, view = item, len(self.quiz.items), self.view
        view.back.disabled, view.on.disabled = item == 1, item > of
        view.on.description = "Score ▶" if item >= of else "Next ▶"
        view.answer.layout.visibility = "hidden" if item > of else "visible"
        if item > of:
            view.show("Score", self.quiz.to_html())
            view.told.value = self.quiz.to_review()
            return
        case, given = self.quiz.items[item - 1], self.quiz.given(item)
        view.show(f"Item {item} of {of}", case.to_html(), given)
        if given:
            view.tell(case, case.check(given))

    def answer(self) -> None:
        feedback = self.quiz.answer(self.item, self.view.choice.value)
        self.view.tell(self.quiz.items[self.item - 1], feedback)
        self.view.choice.disabled = self.view.act.disabled = feedback.correct is not None


def quiz(n: int, *, seed: int) -> Quiz:
    """A quiz of n cases, spread over the five recommendations as evenly as the deck allows.

    The same ``seed`` gives the same quiz, so that a class can share one.

    Examples
    --------
    >>> quiz(5, seed=1).answer(2, "Recommended").correct in (True, False)
    True
    """
    cases = deck()
    if isinstance(n, bool) or not isinstance(n, Integral) or not 1 <= n <= len(cases):
        raise SecondopError(f"A quiz has 1 to {len(cases)} items, as many as there are cases; got {n!r}.")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise SecondopError(f"A seed is a whole number from 0, so that it can be had again; got {seed!r}.")
    rng = np.random.default_rng(seed)
    piles = [[case for case in cases if case.expected == level] for level in RECOMMENDATIONS]
    piles = [[pile[i] for i in rng.permutation(len(pile))] for pile in piles]
    rounds = zip_longest(*(piles[i] for i in rng.permutation(len(piles))))  # one of each level a round
    drawn = [case for one_of_each in rounds for case in one_of_each if case][:n]
    return Quiz(Deck(drawn[i] for i in rng.permutation(n)))
