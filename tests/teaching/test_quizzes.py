"""The quiz: which cases it draws, what it counts, and how it goes on a screen."""

from collections import Counter
from html import unescape

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secondop import SecondopError, UnknownNameError, assess
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import deck, quiz
from tests.kit import examples

CASES = deck()
IN_DECK = Counter(case.expected for case in CASES)
few_seeds = examples(8)


def as_even_as_can_be(n):
    """How many of each level, fewest first: filled up from the scarcest, worked out apart from the quiz."""
    counts = dict.fromkeys(RECOMMENDATIONS, 0)
    for _ in range(n):
        counts[min((x for x in counts if counts[x] < IN_DECK[x]), key=counts.get)] += 1
    return sorted(counts.values())


# What it draws


@few_seeds
@example(n=152, seed=0)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**40))
def test_a_quiz_has_n_different_cases_spread_over_the_five_answers(n, seed):
    items = quiz(n, seed=seed).items
    assert len({case.id for case in items}) == len(items) == n
    spread = Counter(case.expected for case in items)
    assert sorted(spread[level] for level in RECOMMENDATIONS) == as_even_as_can_be(n)
    assert all(case is CASES[case.id] for case in items)
    frame = pd.DataFrame([{"sex": None} | case.facts for case in items], dtype=object)
    assert list(assess(frame)["recommendation"]) == [case.expected for case in items]


def test_the_same_seed_gives_the_same_quiz_and_another_seed_another():
    assert list(quiz(10, seed=3).items) == list(quiz(10, seed=3).items)
    assert len({tuple(case.id for case in quiz(10, seed=seed).items) for seed in range(5)}) == 5


def test_no_place_in_a_quiz_gives_the_answer_away():
    firsts = {quiz(1 + seed % 5, seed=seed).items[0].expected for seed in range(20)}
    assert firsts == set(RECOMMENDATIONS)
    halves = [{case.expected for case in quiz(10, seed=seed).items[:5]} for seed in range(3)]
    assert any(len(half) < 5 for half in halves)  # else the fifth answer of a half could be told from four


@pytest.mark.parametrize("n", [0, 153, -1, 2.5, "10", True, None])
def test_a_quiz_cannot_have_no_items_or_more_than_there_are_cases(n):
    with pytest.raises(SecondopError, match="A quiz has 1 to 152 items"):
        quiz(n, seed=1)
    with pytest.raises(SecondopError, match="whole number from 0"):
        quiz(3, seed=-1)


# What it counts


def wrong(case):
    return next(level for level in RECOMMENDATIONS if level != case.expected)


def test_right_wrong_and_open_answers_are_counted_apart():
    five = quiz(5, seed=8)
    a, b, c, *_ = five.items
    assert repr(five) == "Quiz of 5 items. None of 5 items answered yet."
    assert five.answer(1, a.expected.replace("_", "-").title()).correct is True
    assert five.answer(2, wrong(b)).correct is False
    assert five.answer(3, "  ").correct is None and five.answer(4, ...).correct is None
    with pytest.raises(UnknownNameError, match=r"no recommendation 'ugent'\. Did you mean 'urgent'"):
        five.answer(5, "ugent")
    assert five.score == (1, 2, 5)
    assert five.summary() == (
        "1 right of 2 answered, 3 left open. Always giving the same answer gets at most 1 of these 2."
    )
    assert five.answer(3, c.expected).correct is True  # an open answer was none, so this is the first
    assert five.score == (2, 3, 5)


def test_only_the_first_answer_counts_and_the_second_is_told_so():
    three = quiz(3, seed=5)
    case = three.items[0]
    three.answer(1, wrong(case))
    for again in (case.expected, wrong(case), "nonsense", None):
        told = three.answer(1, again)
        assert told.correct is False and told.words.startswith("Item 1 was answered before with “")
        assert case.why in told.words
    assert three.score == (0, 1, 3)


@pytest.mark.parametrize("item", [0, 4, -1, 1.5, "1", True])
def test_an_item_that_does_not_exist_is_answered_with_those_that_do(item):
    with pytest.raises(SecondopError, match="items of this quiz are 1 to 3"):
        quiz(3, seed=5).answer(item, "urgent")


def test_the_frame_has_one_row_an_item_and_unanswered_is_missing_not_wrong():
    three = quiz(3, seed=5)
    three.answer(1, three.items[0].expected)
    three.answer(3, wrong(three.items[2]))
    frame = three.to_frame()
    assert list(frame) == ["item", "case", "answer", "right_answer", "correct"]
    assert list(frame["item"]) == [1, 2, 3] and list(frame["case"]) == [case.id for case in three.items]
    assert list(frame["right_answer"]) == [case.expected for case in three.items]
    assert frame["correct"].dtype == "boolean" and frame["answer"].dtype == "string"
    assert frame["correct"].to_list()[::2] == [True, False]
    assert frame["correct"].isna().to_list() == frame["answer"].isna().to_list() == [False, True, False]
    assert frame["correct"].sum() == three.score.right


@pytest.mark.parametrize("level", RECOMMENDATIONS)
@pytest.mark.parametrize("answered", [1, 4, 7])
def test_the_score_is_what_the_frame_says_and_no_single_answer_beats_the_baseline(level, answered):
    some = quiz(12, seed=9)
    for item in range(12, 12 - answered, -1):
        some.answer(item, level)
    frame = some.to_frame()
    assert some.score == (frame["correct"].sum(), frame["correct"].count(), 12)
    known = frame["right_answer"].tail(answered)
    assert some.score.right == (known == level).sum() <= some.baseline
    assert some.baseline == max((known == one).sum() for one in RECOMMENDATIONS)


# How it goes on a screen


@pytest.fixture
def three():
    return quiz(3, seed=5)


def test_answers_on_the_screen_reach_the_quiz_and_the_first_one_counts(three):
    first, second, third = three.items
    three.answer(1, wrong(first))
    given = three.widget.quiz["given"]
    assert given == {first.id: {"answer": wrong(first), "sure": None}}
    told = {second.id: {"answer": second.expected, "sure": 75}, first.id: {"answer": first.expected}}
    three.widget.set_state({"quiz": {"at": 1, "given": given | told}})
    assert three.score == (1, 2, 3) and three.given(1) == wrong(first)
    three.answer(3, third.expected)
    assert three.widget.quiz["given"][third.id] == {"answer": third.expected, "sure": None}
    assert three.widget.quiz["at"] == 1, "the card that is shown stays"


@pytest.mark.parametrize("given", [{"T999": {"answer": "urgent"}}, {"first": {"answer": "perhaps"}}])
def test_what_is_no_answer_to_a_card_is_refused(three, given):
    told = {three.items[0].id if case == "first" else case: answer for case, answer in given.items()}
    with pytest.raises(UnknownNameError):
        three.widget.quiz = {"at": 0, "given": told}
    assert three.score.answered == 0


def test_a_stored_quiz_shows_its_first_item_and_no_answer(three):
    data, about = three._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and about == {"still": True}
    shown = unescape(data["text/html"])
    assert "Item 1 of 3" in shown and three.items[0].story in shown and three.items[0].why not in shown


# Topics


@pytest.mark.parametrize("topics", ["treatment failure", ["severity", "patient: trust"]])
def test_a_quiz_of_topics_has_only_cases_that_teach_them(topics):
    wanted = {topics} if isinstance(topics, str) else set(topics)
    few = [case for case in CASES if wanted & set(case.topics)]
    assert 0 < len(few) < len(CASES)
    asked = quiz(len(few), seed=1, topics=topics).items
    assert {case.id for case in asked} == {case.id for case in few}
    with pytest.raises(SecondopError, match=f"of these topics has 1 to {len(few)} items"):
        quiz(len(few) + 1, seed=1, topics=topics)


@pytest.mark.parametrize("topics", ["severty", ["severity", "nothing"], [], ""])
def test_a_topic_that_does_not_exist_is_answered_with_those_that_do(topics):
    with pytest.raises(UnknownNameError, match=r"no topic .*diagnostic uncertainty.*treatment failure"):
        quiz(1, seed=1, topics=topics)
