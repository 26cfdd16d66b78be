"""Facts: declared with care, asked in a patient's words, equal only to facts."""

import copy
import dataclasses
import pickle
import re

import pytest

from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.facts import Fact, Kind, category, count, flag, number, ordered
from secondop.rules.plain import plain

FEVER = flag("fever", "Is there a fever?", topic="today")
WOUND = category("wound", "none clean very_red", "How does the wound look?")
PAIN = ordered("pain", "none some much", "How much does it hurt?", term="pain score")
FALLS = count("falls", 50, "falls", "How many falls?")
DAYS = number("days_ill", 5_200, "days", "For how many days?", low=-1, use="asked for the record")
FACTS = (FEVER, WOUND, PAIN, FALLS, DAYS)

EXPECTS = ["yes or no", "one of none, clean, very_red", "one of none, some, much"]
EXPECTS += ["a whole number from 0 to 50 falls", "a number from -1 to 5,200 days"]
ACCEPTED = [
    # fact, answers, no answers
    (FEVER, [True, False], [1, 0, "yes", None, 1.0]),
    (WOUND, ["none", "very_red"], ["None", "very red", "", None, True, 0]),
    (PAIN, ["much"], ["more", 2]),
    (FALLS, [0, 2, 2.0, 50], [-1, 51, 1.5, True, "2", None, float("nan"), float("inf")]),
    (DAYS, [-1, 3.9, 5_200], [-1.1, 5_200.1, True, "4", None, float("nan"), float("inf")]),
]
IN_WORDS = [(FEVER, True, "yes"), (FEVER, False, "no"), (WOUND, "very_red", "very red"), (FALLS, 3, "3")]
IN_WORDS += [(DAYS, 1_200.5, "1,200.5"), *((fact, None, "not recorded") for fact in FACTS)]
REFUSED = [
    (lambda: flag("days ill", "?"), "must be a plain word"),
    (lambda: flag("fever", ""), "needs a question"),
    (lambda: category("wound", "", "?"), "at least two different levels"),
    (lambda: category("wound", "none, red", "?"), "with underscores for blanks; got 'none,'"),
    (lambda: ordered("wound", "red", "?"), "at least two different levels"),
    (lambda: ordered("wound", "red red", "?"), "at least two different levels"),
    (lambda: category("wound", "none very-red", "?"), "with underscores for blanks; got 'very-red'"),
    (lambda: category("wound", "none Red", "?"), "lower case"),
    (lambda: category("wound", "none very__red", "?"), "got 'very__red'"),  # no answer would be read as it
    (lambda: Fact("fever", "flag", "?", levels=("a", "b")), "a flag has no levels"),
    (lambda: category("wound", 3, "?"), "such as 'none xray ct'; got 3"),
    (lambda: ordered("wound", {"red", "none"}, "?"), "Levels are a list of words in their order"),
    (lambda: number("days", 3, "days", "?", low=3), "needs low < high"),
    (lambda: Fact("fever", "flagg", "?"), "Did you mean 'flag'?"),
]
COMPARED = [
    # what is written by mistake, what to write
    (lambda: WOUND == "clean", "wound.is_in('none')"),
    (lambda: FALLS == 2, "falls >= 2"),
    (lambda: DAYS != 2.5, "days_ill >= 2"),
    (lambda: FEVER == True, "fever or ~fever"),  # noqa: E712
    (lambda: ~FALLS, "falls >= 2"),
    (lambda: WOUND & FEVER, "wound.is_in('none')"),
    (lambda: FEVER | DAYS, "days_ill >= 2"),
]


@pytest.mark.parametrize(("fact", "expects"), list(zip(FACTS, EXPECTS, strict=True)))
def test_a_fact_says_what_an_answer_looks_like(fact, expects):
    assert fact.expects() == expects


@pytest.mark.parametrize(("fact", "good", "bad"), ACCEPTED)
def test_a_fact_knows_its_answers(fact, good, bad):
    assert all(map(fact.accepts, good)) and not any(map(fact.accepts, bad))


@pytest.mark.parametrize(("fact", "answer", "words"), IN_WORDS)
def test_an_answer_in_words(fact, answer, words):
    assert fact.in_words(answer) == words


def test_a_fact_goes_by_its_term_and_an_amount_by_its_unit():
    assert [fact.label for fact in FACTS] == ["fever", "wound", "pain score", "falls", "days ill"]
    bodies = count("bodies", 9, "bodies", "How many?")
    assert [bodies.quantity(str(n), n) for n in (0, 1, 2)] == ["0 bodies", "1 body", "2 bodies"]


@pytest.mark.parametrize(("declare", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_fact_declared_badly_is_refused(declare, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        declare()


@pytest.mark.parametrize(("compare", "right"), COMPARED, ids=[right for _, right in COMPARED])
def test_a_fact_equals_no_answer_and_only_a_flag_stands_for_itself(compare, right):
    with pytest.raises(TypeError, match=re.escape(right)):
        compare()


@pytest.mark.parametrize("written", [lambda: 2 <= FALLS < 6, lambda: bool(FEVER), lambda: FEVER and WOUND])
def test_chains_and_words_are_refused_with_the_right_spelling(written):
    with pytest.raises(TypeError, match=re.escape("(x >= 2) & (x < 6) instead of 2 <= x < 6")):
        written()


def test_facts_are_equal_by_what_they_say_and_differ_in_anything():
    for fact in FACTS:
        again = Fact(**plain(fact))
        assert {fact: "found"}[again] == "found" and again.kind is fact.kind
        assert pickle.loads(pickle.dumps(fact)) == copy.deepcopy(fact) == fact
    other = {"name": "frost", "kind": Kind.COUNT, "question": "Is it?", "unit": "x", "low": 1, "high": 2}
    other |= {"topic": "x", "term": "x", "use": "x"}
    assert all(dataclasses.replace(FEVER, **{key: value}) != FEVER for key, value in other.items())
    assert ordered("pain", "none much some", PAIN.question, term=PAIN.term) != PAIN
    assert FEVER != None and FEVER not in [WOUND, PAIN]  # noqa: E711


def test_kinds_may_be_given_as_text_and_a_fact_never_changes():
    assert Fact("falls", "count", FALLS.question, unit="falls", high=50) == FALLS
    with pytest.raises(dataclasses.FrozenInstanceError):
        FEVER.name = "x"
    with pytest.raises(UnknownNameError):
        Fact("falls", "number of", "?")
