"""Exercises of the four lessons: each checks an answer, and knows the mistakes that are made most.

What is asked and told stands in ``exercises.toml``; here is what is right. For each exercise a lesson yields
the options (names, with labels that figures print; or the calls of a function), the right answer, mistakes.

Right answers, and wrong ones that have words of their own, are worked out with the package when a lesson is
first used. In a question ``deck`` are the teaching cases, assessed, and ``cases`` is
``assess(simulate("general", 20_000, seed=2), verdicts=True)``. Nothing here needs a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from reprlib import repr as short
from typing import Any

import pandas as pd
import polars as pl

from secondop.cohorts.simulate import simulate
from secondop.datafiles import data_path, read_toml
from secondop.errors import unknown_name
from secondop.evaluation.comparison import compare
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.published import published_rates
from secondop.evaluation.rates import attrition
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.guideline.defaults import assess, explain, fact, read_cases
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.conditions import Condition, as_condition, at_least
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.answers import STOPS, kind_of
from secondop.teaching.feedback import Feedback, unanswered
from secondop.teaching.strings import said


@dataclass(frozen=True, eq=False, repr=False)
class Exercise:
    """A question whose answer can be checked; :func:`exercise` finds it.

    Attributes
    ----------
    name, question : str
        Lesson and number, as in ``"1.2"``; and what is asked.
    """

    name: str
    question: str
    kind: Any
    answers: tuple[tuple[Any, str], ...]  # the right one with its reason, then mistakes with theirs

    def __repr__(self) -> str:
        return f"Exercise {self.name}. {self.question}"

    def check(self, answer: Any) -> Feedback:
        """Say whether an answer is right. Nothing that is handed in makes it stop.

        An answer is a number, a name, a set of names or a function, as the question asks, or the text that a
        person writes for it (``"42.3 %"``, ``"42,3"``); ``...`` is not answered yet. ``correct`` is ``None``
        for an answer that is open, or that cannot be read.
        """
        try:
            return self._told(answer)
        except STOPS as error:  # an answer may be an object with code of its own
            stopped = f"it stopped with {type(error).__name__}. {self.kind.how}"
            return Feedback(None, f"I could not read that: {stopped}", given=True)

    def _told(self, answer: Any) -> Feedback:
        given = None if unanswered(answer) else self.kind.read(answer)
        if given is None:
            if unanswered(answer) or callable(answer):
                return Feedback(None, self.kind.how)
            return Feedback(None, f"I could not read that: {short(answer)}. {self.kind.how}", given=True)
        if isinstance(given, Feedback):
            return given
        for i, (value, words) in enumerate(self.answers):
            if self.kind.same(given, value):
                return Feedback(i == 0, words)
        return self.kind.hint(given, self.answers[0][0])


def exercise(name: str) -> Exercise:
    """The exercise of that name: lesson and number, from ``"1.1"`` on.

    Examples
    --------
    >>> exercise("2.3")
    Exercise 2.3. Severe pain and nothing else (case T028): what does the rule book recommend?
    >>> exercise("2.3").check(...)
    ? Not answered yet. Put the name of a recommendation in place of the dots, in quotation marks.
    >>> exercise("2.3").check("recommended").correct
    False
    """
    lessons = [lesson for lesson in LESSONS if str(name).startswith(f"{lesson}.")] or LESSONS
    exercises = {made.name: made for lesson in lessons for made in _made(lesson)}
    if not isinstance(name, str) or name not in exercises:
        raise unknown_name("exercise", name, exercises)
    return exercises[name]


@cache
def _deck() -> pd.DataFrame:
    return assess(read_cases(data_path("teaching_cases.csv")).set_index("case"))


@cache
def _cases() -> pd.DataFrame:
    return assess(simulate("general", 20_000, seed=2), verdicts=True)


def _logic(condition: Condition, rows: Iterable[tuple]) -> list[bool | None]:
    """What the package makes of answers to the facts of a condition, one row after another."""
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(condition.facts, pl.Boolean), orient="row")
    return frame.select(condition.to_expr(lambda fact: pl.col(fact.name))).to_series().to_list()


def _lesson_1() -> Iterator[tuple]:
    """Three answers instead of two."""
    a, b, _ = _flags()
    five = {"no and unknown": (a & b, (False, None)), "yes and unknown": (a & b, (True, None))}
    five |= {"no or unknown": (a | b, (False, None)), "yes or unknown": (a | b, (True, None))}
    five |= {"not unknown": (~a, (None,))}
    yield (
        five,
        {text for text, (joined, row) in five.items() if _logic(joined, [row]) == [None]},
        set(five),
        set(),
    )
    closed, high = _deck()["recommendation"] < "recommended", _deck()["possible"] >= "recommended"
    yield None, (closed & high).sum(), _deck()["undetermined"].sum(), closed.sum(), high.sum(), 0
    weeks = _cases()["first_line_weeks"]
    yield None, weeks.isna().sum(), (~(weeks.astype("float64") >= 4)).sum(), (weeks < 4).sum()
    case = _cases().loc[49]
    gaps = {name for name in RULE_BOOK.facts if pd.isna(case[name])}
    yield (
        {name: f.label for name, f in RULE_BOOK.facts.items()},
        explain(case).next_questions[0].fact,
        gaps,
        set(RULE_BOOK.facts),
    )
    pairs = list(product(_ANSWERS, repeat=2))
    gap_wins = [None if None in pair else all(pair) for pair in pairs]
    yield pairs, _logic(a & b, pairs), _logic(a & b, map(_as_no, pairs)), gap_wins


def _lesson_2() -> Iterator[tuple]:
    """From indications to overuse."""
    cases = _cases()
    changed, referred = cases["diagnosis_changed"] | cases["treatment_changed"], cases["indications"] >= 1
    counted_twice = attrition(cases)["alone"].sum() / len(cases)
    possible, wished = cases["possible"] >= "recommended", cases["recommendation"] >= "optional"
    yield None, 100 * referred.mean(), 100 * counted_twice, 100 * wished.mean(), 100 * possible.mean()
    fires = cases[[rule.name for rule in RULE_BOOK if rule.clinical]].fillna(False)
    alone = fires[cases["indications"] == 1].sum()
    yield (
        {rule.name: rule.label for rule in RULE_BOOK if rule.clinical},
        set(alone.index[alone == 0]),
        {fires.sum()[alone > 0].idxmin()},
        {alone.idxmax()},
    )
    yield (
        _SAID,
        _deck().loc["T028", "recommendation"],
        {"recommended", "urgent"},
        {"not_needed"},
        {"optional"},
    )
    yield (
        None,
        100 * (~changed[referred]).mean(),
        100 * (referred & ~changed).mean(),
        100 * changed[referred].mean(),
        100 * (~changed).mean(),
    )
    calls = [(k, three) for k in (1, 2, 3) for three in product(_ANSWERS, repeat=3)]
    rules = {k: at_least(k, *_flags()) for k in (1, 2, 3)}
    gap_wins = [None if None in three else sum(three) >= k for k, three in calls]
    missing_is_no = [_logic(rules[k], [_as_no(three)])[0] for k, three in calls]
    yield calls, [_logic(rules[k], [three])[0] for k, three in calls], missing_is_no, gap_wins


def _lesson_3() -> Iterator[tuple]:
    """Reading a trade-off."""
    referrals = (1, 2, 10)  # no-change referrals for one change
    table = wide(tradeoff(_cases(), threshold=[1 / (1 + n) for n in referrals]))
    policies = table[table["threshold"] == 1 / 11].set_index("policy")
    everybody = policies.loc["all"]
    change, no_change = everybody["true_positive"], everybody["false_positive"]
    yield None, 0.3 * change, 30, change, 0.3 * no_change
    low, high = policies.loc["recommended", ["referral_rate", "referral_rate_max"]]
    yield None, high, low, high - low
    frontier = set(policies.index[policies["frontier"] == 1])
    yield policies["label"].to_dict(), frontier, frontier | {FORESIGHT}, frontier - {"none", "all"}
    balance = everybody["better_than_none_below"]
    yield None, (1 - balance) / balance, balance / (1 - balance)
    points = table[["true_positive", "false_positive"]].round(3)
    points["n"] = (1 / table["threshold"] - 1).round()
    calls = list(points.itertuples(index=False, name=None))
    multiplied, free = [tp - fp * n for tp, fp, n in calls], [tp - fp for tp, fp, _ in calls]
    yield calls, table["net_benefit"].tolist(), multiplied, free


def _lesson_4() -> Iterator[tuple]:
    """Why 15 % is not the rate at which rules should fire."""
    rates = published_rates().set_index("id")
    five = ["vansuch_diff", "lenza_dx", "mustafa_newdx", "france_divergent", "gertman_against"]
    same = rates.loc[five, ["denominator", "outcome"]] == rates.loc["meyer_dx", ["denominator", "outcome"]]
    yield five, set(same.index[same["denominator"]]), set(same.index[same["outcome"]])
    diagnosis, treatment, both = rates.loc[["meyer_dx", "meyer_tx", "meyer_both"], "rate"]
    apart = 1 - (1 - diagnosis) * (1 - treatment)
    yield None, 1000 * (diagnosis + treatment - both), 1000 * (diagnosis + treatment), 1000 * apart
    changed, sought = _cases()["diagnosis_changed"], _cases()["sought"]
    yield (
        None,
        100 * (sought & changed).mean(),
        100 * changed[sought].mean(),
        100 * changed.mean(),
        100 * (_cases()["indications"] >= 1).mean(),
    )
    table = compare(simulate("programme", 20_000, seed=2)).set_index("id")
    yield (
        ["within", "outside", "undetermined", "fitted", "not comparable"],
        table.loc["meyer_dx", "verdict"],
        {"within"},
        {"not comparable"},
    )
    yield None, 100 * both / diagnosis, 100 * treatment, 100 * both, 100 * both / treatment


LESSONS = {1: _lesson_1, 2: _lesson_2, 3: _lesson_3, 4: _lesson_4}
"""What makes the exercises of each lesson."""
_SAID = {level: said(f"level-{level}") for level in RECOMMENDATIONS}  # as the classroom page says them
_ANSWERS = (True, False, None)


@cache
def _made(lesson: int) -> tuple[Exercise, ...]:
    path = Path(__file__).with_name("exercises.toml")
    texts = read_toml(path, "The texts of the exercises").items()
    asked = [(name, text) for name, text in texts if name.startswith(f"{lesson}.")]
    made = []
    for (name, text), (options, *values) in zip(asked, LESSONS[lesson](), strict=True):
        question = text["question"].replace("{options}", ", ".join(map(str, options or ())))
        told = tuple(zip(values, text["told"], strict=True))
        made.append(Exercise(name, question, kind_of(text["answer"], options), told))
    return tuple(made)


def _flags() -> list[Condition]:
    """Three yes-or-no facts, whichever: logic does not depend on them."""
    return [as_condition(fact(name)) for name in ("rare_disease", "neoplasia_concern", "advanced_cancer")]


def _as_no(row: tuple) -> tuple:
    return tuple(answer or False for answer in row)
