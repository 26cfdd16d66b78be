"""Exercises of the four lessons: each checks an answer, and knows the mistakes that are made most.

Right answers, and wrong ones that have words of their own, are worked out with the package when a lesson is
first used. In a question ``deck`` are the teaching cases, assessed, and ``cases`` is
``assess(simulate("general", 20_000, seed=2), verdicts=True)``. Nothing here needs a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from reprlib import repr as short
from typing import Any

import pandas as pd
import polars as pl

from secondop.cohorts.simulate import simulate
from secondop.datafiles import data_path
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
from secondop.teaching.answers import STOPS, Function, Name, Names, Number
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


def _ask(question: str, kind: Any, *answers: tuple[Any, str]) -> Exercise:
    return Exercise(*question.split(" ", 1), kind, answers)


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


def _lesson_1() -> Iterator[Exercise]:
    """Three answers instead of two."""
    a, b, _ = _flags()
    five = {"no and unknown": (a & b, (False, None)), "yes and unknown": (a & b, (True, None))}
    five |= {"no or unknown": (a | b, (False, None)), "yes or unknown": (a | b, (True, None))}
    five |= {"not unknown": (~a, (None,))}
    yield _ask(
        f"1.1 Which of these five are unknown: {', '.join(five)}?",
        Names("combination", five),
        (
            {text for text, (joined, row) in five.items() if _logic(joined, [row]) == [None]},
            "A no settles an and, a yes settles an or. All else waits for the missing answer.",
        ),
        (set(five), "You let every gap win. But a no settles an and, and a yes settles an or."),
        (set(), "You counted unknown as no. Then each has an answer, and some a wrong one."),
    )
    closed, high = _deck()["recommendation"] < "recommended", _deck()["possible"] >= "recommended"
    yield _ask(
        "1.2 A program takes missing for no. How many of the teaching cases does it close as less than "
        "recommended, although facts not recorded could still make them recommended or urgent?",
        Number("how many of the teaching cases"),
        ((closed & high).sum(), "Nobody would look at them again."),
        (_deck()["undetermined"].sum(), "You counted those too in which only a wish or urgency is open."),
        (closed.sum(), "You counted all that are closed. In most of them no gap could matter."),
        (high.sum(), "You counted those too that are recommended for sure."),
        (0, "You counted unknown as no, as the program does: it sees nothing wrong."),
    )
    weeks = _cases()["first_line_weeks"]
    yield _ask(
        "1.3 Let weeks be the first_line_weeks of cases as ordinary numbers. In how many cases does "
        "`~(weeks >= 4)` say yes although nobody recorded the weeks?",
        Number("how many cases"),
        (weeks.isna().sum(), "Each was first made a no, and then turned into a yes."),
        ((~(weeks.astype("float64") >= 4)).sum(), "You counted every yes. Most of these are recorded."),
        ((weeks < 4).sum(), "You counted those whose weeks are known, and are few."),
    )
    case = _cases().loc[49]
    gaps = {name for name in RULE_BOOK.facts if pd.isna(case[name])}
    yield _ask(
        "1.4 Case 49 of cases has several gaps. Which fact is the only one worth asking for?",
        Name("fact", RULE_BOOK.facts, {f.label: name for name, f in RULE_BOOK.facts.items()}),
        (explain(case).next_questions[0].fact, "No answer to the other gaps could change anything."),
        (gaps, "It is not recorded, but no answer to it could change the recommendation."),
        (set(RULE_BOOK.facts), "This fact is recorded: there is nothing to ask."),
    )
    pairs = list(product(_ANSWERS, repeat=2))
    gap_wins = [None if None in pair else all(pair) for pair in pairs]
    yield _ask(
        "1.5 Write and for three answers: a function both(a, b) of True, False and None for unknown.",
        Function("both(a, b)", pairs),
        (_logic(a & b, pairs), "It agrees with the package on every pair of answers."),
        (_logic(a & b, map(_as_no, pairs)), "You counted unknown as no. But yes and unknown is unknown."),
        (gap_wins, "You let every gap win. But no and unknown is no, whatever is missing."),
    )


def _lesson_2() -> Iterator[Exercise]:
    """From indications to overuse."""
    cases = _cases()
    changed, referred = cases["diagnosis_changed"] | cases["treatment_changed"], cases["indications"] >= 1
    counted_twice = attrition(cases)["alone"].sum() / len(cases)
    possible, wished = cases["possible"] >= "recommended", cases["recommendation"] >= "optional"
    yield _ask(
        "2.1 Of 100 cases, in how many is at least one clinical rule known to fire?",
        Number("how many of 100 cases", within=0.5, of=100),
        (100 * referred.mean(), "Each rule alone is modest, and together they refer this many."),
        (100 * counted_twice, "You added the rules up: a case in which two of them fire was counted twice."),
        (100 * wished.mean(), "You counted the patient's wishes as well."),
        (100 * possible.mean(), "You counted unknown as yes: in so many one could fire."),
    )
    fires = cases[[rule.name for rule in RULE_BOOK if rule.clinical]].fillna(False)
    alone = fires[cases["indications"] == 1].sum()
    yield _ask(
        "2.2 Which clinical rule could be taken out of the book without losing one case?",
        Name("rule", fires.columns, {rule.label: rule.name for rule in RULE_BOOK}),
        (set(alone.index[alone == 0]), "In no case is it the only one: another rule fires as well."),
        ({fires.sum()[alone > 0].idxmin()}, "It is a rare one, and yet it fires in some cases alone."),
        ({alone.idxmax()}, "It has the most cases that no other rule refers."),
    )
    yield _ask(
        "2.3 Severe pain and nothing else (case T028): what does the rule book recommend?",
        Name("recommendation", RECOMMENDATIONS, _SAID),
        (_deck().loc["T028", "recommendation"], "Severity strengthens an indication, and is none by itself."),
        ({"recommended", "urgent"}, "You let severity create an indication by itself."),
        ({"not_needed"}, "That would need a reason against, and severe pain is none."),
        ({"optional"}, "That would need a wish, and nobody has voiced one."),
    )
    yield _ask(
        "2.4 Of 100 opinions that the clinical rules ask for, how many change nothing?",
        Number("how many of 100 opinions asked for", within=0.5, of=100),
        (100 * (~changed[referred]).mean(), "Of 100 opinions, and not of 100 cases."),
        (
            100 * (referred & ~changed).mean(),
            "You divided by all cases. The question is about those referred.",
        ),
        (100 * changed[referred].mean(), "These are those that change something."),
        (100 * (~changed).mean(), "You counted those who are not referred as well."),
    )
    calls = [(k, three) for k in (1, 2, 3) for three in product(_ANSWERS, repeat=3)]
    rules = {k: at_least(k, *_flags()) for k in (1, 2, 3)}
    gap_wins = [None if None in three else sum(three) >= k for k, three in calls]
    missing_is_no = [_logic(rules[k], [_as_no(three)])[0] for k, three in calls]
    yield _ask(
        "2.5 Write at_least(k, verdicts): do at least k of the rules fire? Each verdict is True, "
        "False or None.",
        Function("at_least(k, verdicts)", calls),
        ([_logic(rules[k], [three])[0] for k, three in calls], "It agrees with the package everywhere."),
        (missing_is_no, "You counted unknown as no. But of yes, unknown and no two may be yes."),
        (gap_wins, "You let every gap win. But where k fire already, no further answer is needed."),
    )


def _lesson_3() -> Iterator[Exercise]:
    """Reading a trade-off."""
    referrals = (1, 2, 10)  # no-change referrals for one change
    table = wide(tradeoff(_cases(), threshold=[1 / (1 + n) for n in referrals]))
    policies = table[table["threshold"] == 1 / 11].set_index("policy")
    everybody = policies.loc["all"]
    change, no_change = everybody["true_positive"], everybody["false_positive"]
    yield _ask(
        "3.1 A coin refers 30 of 100 cases. How many of these 100 are referred, and something changes?",
        Number("how many of 100 cases", within=0.5, of=100),
        (0.3 * change, "A coin finds the same share of the changes as it refers of the cases."),
        (30, "So many are referred. Not every opinion changes something."),
        (change, "So many are found if everybody is referred."),
        (0.3 * no_change, "These are the referrals that change nothing."),
    )
    low, high = policies.loc["recommended", ["referral_rate", "referral_rate_max"]]
    yield _ask(
        "3.2 If every unknown fact spoke for an opinion: of 100 cases, how many would the policy "
        "recommended refer?",
        Number("how many of 100 cases", within=0.5, of=100),
        (high, "More cases would not bring the two ends together: only better records."),
        (low, "You counted unknown as no."),
        (high - low, "These are only those that cannot be judged. Add those who are referred for sure."),
    )
    frontier = set(policies.index[policies["frontier"] == 1])
    yield _ask(
        "3.3 Which policies lie on the efficient frontier, each best at some threshold? The two ends are "
        "among them.",
        Names("policy", policies.index, dict(zip(policies["label"], policies.index, strict=True))),
        (frontier, "Which of them is best is a question of the threshold, and no figure answers it."),
        (frontier | {FORESIGHT}, "Perfect foresight is no policy: it knows what nobody knows beforehand."),
        (frontier - {"none", "all"}, "Nobody and everybody are policies too, each best at some threshold."),
    )
    balance = everybody["better_than_none_below"]
    yield _ask(
        "3.4 How many no-change referrals must one accept for one change until referring everybody has "
        "the net benefit of referring nobody?",
        Number("no-change referrals for one change", within=0.05),
        ((1 - balance) / balance, "So many come with one change if everybody is referred."),
        (balance / (1 - balance), "Upside down: these are changes for one no-change referral."),
    )
    points = table[["true_positive", "false_positive"]].round(3)
    points["n"] = (1 / table["threshold"] - 1).round()
    calls = list(points.itertuples(index=False, name=None))
    multiplied, free = [tp - fp * n for tp, fp, n in calls], [tp - fp for tp, fp, _ in calls]
    right = "It agrees with the package for every policy, at one, two and ten for one."
    yield _ask(
        "3.5 Write net_benefit(true_positive, false_positive, n), where up to n no-change referrals are "
        "accepted for one change.",
        Function("net_benefit(true_positive, false_positive, n)", calls),
        (table["net_benefit"].tolist(), right),
        (multiplied, "You multiplied. Who accepts ten for one counts a no-change referral as a tenth."),
        (free, "You left the threshold out: this is right at one for one only."),
    )


def _lesson_4() -> Iterator[Exercise]:
    """Why 15 % is not the rate at which rules should fire."""
    rates = published_rates().set_index("id")
    five = ["vansuch_diff", "lenza_dx", "mustafa_newdx", "france_divergent", "gertman_against"]
    same = rates.loc[five, ["denominator", "outcome"]] == rates.loc["meyer_dx", ["denominator", "outcome"]]
    yield _ask(
        f"4.1 Which of these five rates have the same denominator as meyer_dx: {', '.join(five)}?",
        Names("rate", five),
        (set(same.index[same["denominator"]]), "They too are counted among second opinions obtained."),
        (set(same.index[same["outcome"]]), "You went by what is counted. Go by whom it is counted among."),
    )
    diagnosis, treatment, both = rates.loc[["meyer_dx", "meyer_tx", "meyer_both"], "rate"]
    apart = 1 - (1 - diagnosis) * (1 - treatment)
    yield _ask(
        "4.2 Of 1,000 who obtained an opinion, for how many did diagnosis, treatment or both change?",
        Number("how many of 1,000", within=2, of=1000),
        (1000 * (diagnosis + treatment - both), "Who had both changed is in both headlines."),
        (1000 * (diagnosis + treatment), "You counted those with both changes twice."),
        (1000 * apart, "You took the two for independent. They go together far more often."),
    )
    changed, sought = _cases()["diagnosis_changed"], _cases()["sought"]
    yield _ask(
        "4.3 Of 100 of all cases, how many sought an opinion and had the diagnosis changed?",
        Number("how many of 100 of all cases", within=0.3, of=100),
        (100 * (sought & changed).mean(), "A fair share of few people is a small share of all."),
        (100 * changed[sought].mean(), "You divided by those who sought one, not by all cases."),
        (100 * changed.mean(), "You counted those who sought none: for them nothing was found."),
        (100 * (_cases()["indications"] >= 1).mean(), "That is how often rules fire: another question."),
    )
    table = compare(simulate("programme", 20_000, seed=2)).set_index("id")
    yield _ask(
        "4.4 What is the verdict of compare on the simulated meyer_dx?",
        Name("verdict", ["within", "outside", "undetermined", "fitted", "not comparable"]),
        (table.loc["meyer_dx", "verdict"], "It went in, so it came out. That is no evidence."),
        ({"within"}, "It lies within. But could it have been otherwise?"),
        ({"not comparable"}, "The denominators are alike: both count opinions that were sought."),
    )
    yield _ask(
        "4.5 Of 100 whose diagnosis changed, for how many did the treatment change too?",
        Number("how many of 100 with a changed diagnosis", within=1, of=100),
        (100 * both / diagnosis, "A new diagnosis mostly brings a new treatment."),
        (100 * treatment, "That is the share of all who obtained an opinion."),
        (100 * both, "That is the share with both changes, of all who obtained an opinion."),
        (100 * both / treatment, "You divided by the changed treatments: turn the question round."),
    )


LESSONS = {1: _lesson_1, 2: _lesson_2, 3: _lesson_3, 4: _lesson_4}
"""What makes the exercises of each lesson."""
_SAID = {said(f"level-{level}"): level for level in RECOMMENDATIONS}  # as the classroom page says them
_ANSWERS = (True, False, None)


@cache
def _made(lesson: int) -> tuple[Exercise, ...]:
    return tuple(LESSONS[lesson]())


def _flags() -> list[Condition]:
    """Three yes-or-no facts, whichever: logic does not depend on them."""
    return [as_condition(fact(name)) for name in ("rare_disease", "neoplasia_concern", "advanced_cancer")]


def _as_no(row: tuple) -> tuple:
    return tuple(answer or False for answer in row)
