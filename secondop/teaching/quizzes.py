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
from secondop.rules.encode import plural
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.markup import AGAINST, FOR, LINE, OPEN, SMALL, Html, chip, div, el
from secondop.teaching.card_view import WORDS, CardView, OnDemand, still_card
from secondop.teaching.cards import Deck, TeachingCase, as_recommendation, check_seed, deck
from secondop.teaching.feedback import Feedback, unanswered
from secondop.teaching.still import Still


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
        """Answer one item. Its first answer counts; one that was left open counts for nothing.

        Parameters
        ----------
        item : int
            From 1.
        answer : str
            One of the five recommendations, in any case, with blanks or hyphens.

        Returns
        -------
        Feedback
            Whether the answer that counts is right, and why.

        Raises
        ------
        UnknownNameError
            If there is no such recommendation; nothing is counted.
        """
        case, first = self._case(item), self._answers.get(item)
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
        """One row per item.

        Returns
        -------
        pandas.DataFrame
            Columns ``item`` (from 1), ``case``, ``answer`` (missing where not answered), ``right_answer``
            and ``correct`` (a nullable flag).
        """
        rows = [
            (i, case.id, given, case.expected, None if given is None else given == case.expected)
            for i, case in enumerate(self.items, 1)
            for given in [self._answers.get(i)]
        ]
        frame = pd.DataFrame(rows, columns=["item", "case", "answer", "right_answer", "correct"])
        return frame.astype({"answer": "string", "correct": "boolean"})

    def summary(self) -> str:
        """The score in words, with what no thought at all would get on the same items."""
        right, answered, of = self.score
        if not answered:
            return f"None of {plural(of, 'item')} answered yet."
        return (
            f"{right} right of {answered} answered ({plural(of, 'item')} in all). "
            f"Always giving the same answer gets at most {self.baseline} of these {answered}."
        )

    def to_html(self) -> Html:
        """The score, every item, and the rules to look at again."""
        marks = {True: ("✓ right", FOR), False: ("✗ wrong", AGAINST), None: ("? not answered", OPEN)}
        cells, again = [], {}
        for i, case in enumerate(self.items, 1):
            given = self._answers.get(i)
            correct = None if given is None else given == case.expected
            words = [f"{i}. {case.title} ", chip(*marks[correct])]
            if correct is False:
                words += [div(SMALL, f"You said {WORDS[given]}; the rule book says {WORDS[case.expected]}.")]
                again |= {
                    r.rule.name: f"{r.rule.statement} {r.rule.label} [{r.source}]" for r in case.deciding
                }
            cells.append(div(f"border-left:3px solid {LINE};padding:.1em .6em;", *words))
        rules = [el("h4", "margin:.8em 0 .2em;", "Rules to look at again")] if again else []
        return div(
            "font-size:17px;line-height:1.4;font-family:system-ui,sans-serif;color:inherit;",
            Html(f'<div role="status">{el("b", "font-size:1.2em;", self.summary())}</div>'),
            *rules,
            *(div("margin:.15em 0;", words) for words in again.values()),
            div(
                "display:grid;grid-template-columns:repeat(auto-fill,minmax(22em,1fr));gap:.4em;margin-top:1em;",
                *cells,
            ),
        )

    def __repr__(self) -> str:
        return f"Quiz of {plural(len(self.items), 'item')}. {self.summary()}"

    def still(self) -> dict[str, Any]:
        """The first card."""
        return {"text/html": still_card(f"Item 1 of {len(self.items)}", self.items[0])}

    @cached_property
    def widget(self) -> Any:
        """The quiz, as one widget."""
        return _QuizView(self).view.box

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
        if item > of:
            view.show("Score", self.quiz.to_html(), answerable=False)
            return
        given = self.quiz.to_frame()["answer"].iloc[item - 1]
        given = None if pd.isna(given) else given
        view.show(
            f"Item {item} of {of}", self.quiz.items[item - 1].to_html(), given, answerable=given is None
        )
        if given:
            view.tell(self.quiz.items[item - 1], self.quiz.answer(item, None))

    def answer(self) -> None:
        feedback = self.quiz.answer(self.item, self.view.choice.value)
        self.view.tell(self.quiz.items[self.item - 1], feedback)
        self.view.choice.disabled = self.view.act.disabled = feedback.correct is not None


def quiz(n: int, *, seed: int) -> Quiz:
    """A quiz of n cases, spread over the five recommendations as evenly as the deck allows.

    Each case is a seeded variant: its story and its answer stay, other particulars differ.

    Parameters
    ----------
    n : int
        How many items, from 1 to the number of teaching cases.
    seed : int
        The same seed gives the same quiz, so that a class can share one.

    Returns
    -------
    Quiz
        Show it in JupyterLab, or answer it with :meth:`Quiz.answer`.

    Examples
    --------
    >>> quiz(5, seed=1).answer(2, "Recommended").correct in (True, False)
    True
    >>> [case.id for case in quiz(3, seed=4).items] == [case.id for case in quiz(3, seed=4).items]
    True
    """
    cases = deck()
    if isinstance(n, bool) or not isinstance(n, Integral) or not 1 <= n <= len(cases):
        raise SecondopError(f"A quiz has 1 to {len(cases)} items, as many as there are cases; got {n!r}.")
    rng = np.random.default_rng(check_seed(seed))
    piles = [[case for case in cases if case.expected == level] for level in RECOMMENDATIONS]
    piles = [[pile[i] for i in rng.permutation(len(pile))] for pile in piles]
    rounds = zip_longest(*(piles[i] for i in rng.permutation(len(piles))))  # one of each level a round
    drawn = [case for one_of_each in rounds for case in one_of_each if case][:n]
    return Quiz(Deck(drawn[i].variant(int(rng.integers(2**32))) for i in rng.permutation(n)))
