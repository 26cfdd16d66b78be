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


@pytest.fixture
def view(three):
    from secondop.teaching.quizzes import _QuizView

    return _QuizView(three).view


def test_a_quiz_goes_item_by_item_to_the_score(three, view):
    first, second, third = three.items
    assert "Item 1 of 3" in view.place.value and first.story in unescape(view.card.value)
    view.act.click()
    assert "Not answered yet" in view.told.value and not view.choice.disabled and three.score.answered == 0
    view.choice.value = wrong(first)
    view.act.click()
    assert 'role="status"' in view.told.value and first.why in unescape(view.told.value)
    assert view.choice.disabled and view.act.disabled and three.score == (0, 1, 3)
    view.on.click()
    assert "Item 2 of 3" in view.place.value and view.told.value == "" and not view.choice.disabled
    view.choice.value = second.expected
    view.act.click()
    assert "Right." in view.told.value and three.score == (1, 2, 3)
    view.back.click()
    assert view.choice.value == wrong(first) and view.choice.disabled and "Not quite" in view.told.value
    view.on.click()
    view.on.click()
    assert view.on.description == "Score ▶"
    view.on.click()
    shown = unescape(view.card.value + view.told.value)
    assert three.summary() in shown and "Rules to look at again" in shown and "? not answered" in shown
    for reason in first.deciding:
        assert reason.rule.label in shown and reason.source in shown
    assert view.on.disabled and view.answer.layout.visibility == "hidden" and third.why not in shown
    view.back.click()
    assert "Item 3 of 3" in view.place.value and not view.choice.disabled and view.told.value == ""
    assert view.answer.layout.visibility == "visible"


def test_a_stored_quiz_shows_its_first_item_and_no_answer(three):
    data, about = three._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and about == {"still": True}
    shown = unescape(data["text/html"])
    assert "Item 1 of 3" in shown and three.items[0].story in shown and three.items[0].why not in shown
