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
    items = quiz(n, seed=seed)
    assert len({case.id for case in items}) == len(items) == n
    spread = Counter(case.expected for case in items)
    assert sorted(spread[level] for level in RECOMMENDATIONS) == as_even_as_can_be(n)
    assert all(case is CASES[case.id] for case in items)
    frame = pd.DataFrame([{"sex": None} | case.facts for case in items], dtype=object)
    assert list(assess(frame)["recommendation"]) == [case.expected for case in items]


def test_the_same_seed_gives_the_same_quiz_and_another_seed_another():
    assert list(quiz(10, seed=3)) == list(quiz(10, seed=3))
    assert len({tuple(case.id for case in quiz(10, seed=seed)) for seed in range(5)}) == 5


def test_no_place_in_a_quiz_gives_the_answer_away():
    firsts = {quiz(1 + seed % 5, seed=seed)[0].expected for seed in range(20)}
    assert firsts == set(RECOMMENDATIONS)
    halves = [{case.expected for case in quiz(10, seed=seed)[:5]} for seed in range(3)]
    assert any(len(half) < 5 for half in halves)  # else the fifth answer of a half could be told from four


@pytest.mark.parametrize("n", [0, 153, -1, 2.5, "10", True, None])
def test_a_quiz_cannot_have_no_items_or_more_than_there_are_cases(n):
    with pytest.raises(SecondopError, match=r"A quiz has 1 to 152 items|n is a whole number, 1 or more"):
        quiz(n, seed=1)
    with pytest.raises(SecondopError, match="seed is a whole number, 0 or more"):
        quiz(3, seed=-1)


# How it goes on a screen


@pytest.fixture
def three():
    return quiz(3, seed=5)


def test_answers_on_the_screen_are_counted_and_open_ones_are_not_wrong(three):
    first, second, _ = three
    assert three.score == (0, 0, 3)
    wrong = next(level for level in RECOMMENDATIONS if level != first.expected)
    given = {first.id: {"answer": wrong, "sure": None}, second.id: {"answer": second.expected, "sure": 75}}
    three.widget.set_state({"quiz": {"at": 1, "given": given}})
    assert three.score == (1, 2, 3) and repr(three.score) == "Score(right=1, answered=2, of=3)"
    assert three[:2].score == (0, 0, 2), "another deck has answers of its own"


@pytest.mark.parametrize("given", [{"T999": {"answer": "urgent"}}, {"first": {"answer": "perhaps"}}])
def test_what_is_no_answer_to_a_card_is_refused(three, given):
    told = {three[0].id if case == "first" else case: answer for case, answer in given.items()}
    with pytest.raises(UnknownNameError):
        three.widget.quiz = {"at": 0, "given": told}
    assert three.score.answered == 0


def test_a_stored_quiz_shows_its_first_item_and_no_answer(three):
    data, about = three._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and about == {"still": True}
    shown = unescape(data["text/html"])
    assert "Item 1 of 3" in shown and three[0].story in shown and three[0].why not in shown


# Topics


@pytest.mark.parametrize("topics", ["treatment failure", ["severity", "patient: trust"]])
def test_a_quiz_of_topics_has_only_cases_that_teach_them(topics):
    wanted = {topics} if isinstance(topics, str) else set(topics)
    few = [case for case in CASES if wanted & set(case.topics)]
    assert 0 < len(few) < len(CASES)
    asked = quiz(len(few), seed=1, topics=topics)
    assert {case.id for case in asked} == {case.id for case in few}
    with pytest.raises(SecondopError, match=f"of these topics has 1 to {len(few)} items"):
        quiz(len(few) + 1, seed=1, topics=topics)


@pytest.mark.parametrize("topics", ["severty", ["severity", "nothing"], [], ""])
def test_a_topic_that_does_not_exist_is_answered_with_those_that_do(topics):
    with pytest.raises(UnknownNameError, match=r"no topic .*diagnostic uncertainty.*treatment failure"):
        quiz(1, seed=1, topics=topics)
