"""Every sort of answer that rules can tell apart, and no other; and what each rule says to all of them."""

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.answers import NO, UNKNOWN, YES, AnswerSpace, answers
from secondop.rules.conditions import OPERATORS, Compare, Not
from secondop.rules.facts import category, count, flag, number, ordered
from tests.kit import all_of, any_of, rule, says, small_book

A, B = (flag(name, "Is there?") for name in ("fever", "rash"))
SEX, COURSE = (
    category("sex", "female male other", "Which?"),
    ordered("course", "bad same well_better", "How?"),
)
DRUGS, WEEKS = count("drugs", 50, "drugs", "How many?"), number("weeks", 520, "weeks", "How many?")
SAID = {True: YES, False: NO, None: UNKNOWN}

STRETCHES = [
    # conditions, words of each stretch
    ([DRUGS >= 2], ["less than 2 drugs", "at least 2 drugs"]),
    ([DRUGS < 2], ["less than 2 drugs", "at least 2 drugs"]),
    ([DRUGS > 2], ["less than 3 drugs", "at least 3 drugs"]),
    ([DRUGS <= 2], ["less than 3 drugs", "at least 3 drugs"]),
    ([DRUGS >= 2, DRUGS >= 4], ["less than 2 drugs", "at least 2 and less than 4 drugs", "at least 4 drugs"]),
    ([DRUGS >= 2, DRUGS > 1], ["less than 2 drugs", "at least 2 drugs"]),
    ([DRUGS <= 0], ["less than 1 drug", "at least 1 drug"]),
    ([DRUGS >= 0], ["any number of drugs"]),
    ([DRUGS > 50], ["any number of drugs"]),
    ([DRUGS >= 50], ["less than 50 drugs", "at least 50 drugs"]),
    ([WEEKS > 520], ["any number of weeks"]),
    ([WEEKS > 4], ["at most 4 weeks", "more than 4 weeks"]),
    ([WEEKS >= 4, WEEKS > 4], ["less than 4 weeks", "at least 4 and at most 4 weeks", "more than 4 weeks"]),
    ([WEEKS >= 0.5], ["less than 0.5 weeks", "at least 0.5 weeks"]),
]


@pytest.mark.parametrize(("conditions", "words"), STRETCHES)
def test_numbers_fall_into_the_stretches_that_the_thresholds_tell_apart(conditions, words):
    (fact,) = conditions[0].facts.values()
    found = answers(fact, conditions)
    assert list(found.values()) == words
    assert all(map(fact.accepts, found))


def test_flags_and_levels_have_every_answer():
    assert answers(A, []) == {False: "no", True: "yes"}
    assert list(answers(COURSE, []).items())[-1] == ("well_better", "well better")
    assert list(answers(SEX, [])) == ["female", "male", "other"]


def thresholds(fact, values):
    return st.builds(Compare, st.just(fact), st.sampled_from(list(OPERATORS)), st.sampled_from(values))


LEAVES = st.one_of(
    st.sampled_from([~A, B & A, SEX.is_in("male"), SEX.is_in("female", "other")]),
    thresholds(COURSE, COURSE.levels),
    thresholds(DRUGS, [0, 1, 2, 50]),
    thresholds(WEEKS, [0, 0.5, 4, 4.5, 520]),
)
JOINED = st.recursive(
    LEAVES,
    lambda part: (
        st.lists(part, min_size=1, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([all_of(parts), any_of(parts), Not(parts[0])]))
    ),
    max_leaves=6,
)
CASES = {
    "fever": [None, False, True],
    "rash": [None, False, True],
    "sex": [None, *SEX.levels],
    "course": [None, *COURSE.levels],
    "drugs": [None, 0, 1, 2, 3, 49, 50],
    "weeks": [None, 0.0, 0.25, 0.5, 3.9, 4.0, 4.25, 4.5, 5.0, 520.0],
}


@given(
    when=JOINED, also=LEAVES, case=st.fixed_dictionaries({n: st.sampled_from(v) for n, v in CASES.items()})
)
def test_the_place_of_a_case_in_a_rules_table_is_the_rules_verdict(when, also, case):
    book = small_book(rule("when", when), rule("also", also))
    frame = pl.DataFrame({n: [case[n]] for n in book.facts}, {n: f.dtype for n, f in book.facts.items()})
    places = book.answer_space.places(frame)
    for entry in book:
        table = book.answer_space.table(entry.name)
        assert table[tuple(places[name][0] for name in entry.facts)] == SAID[says(entry.when, case)]


@given(one=JOINED, other=JOINED)
def test_a_rule_implies_another_where_it_fires_in_no_case_without_it(one, other):
    space = small_book(rule("one", one), rule("other", other)).answer_space
    names = list(one.facts | other.facts)
    known = (dict(zip(names, x, strict=True)) for x in itertools.product(*(CASES[n][1:] for n in names)))
    if len(names) <= 4:
        assert space.implies("one", "other") is not any(says(one, c) and not says(other, c) for c in known)


def test_a_table_holds_every_combination_and_what_is_not_recorded():
    table = AnswerSpace([rule("both", A & B)], {"fever": A, "rash": B}).table("both")
    assert table.tolist() == [[NO, NO, NO], [NO, YES, UNKNOWN], [NO, UNKNOWN, UNKNOWN]]


def test_what_lacks_a_column_is_not_recorded():
    places = small_book(rule("r", A & (DRUGS >= 2))).answer_space.places(pl.DataFrame({"drugs": [3, None]}))
    assert {name: place.tolist() for name, place in places.items()} == {"fever": [2, 2], "drugs": [1, 2]}


def test_an_answer_matters_where_it_could_make_the_rule_fire_in_the_end():
    space = small_book(rule("r", A & B)).answer_space
    assert space.helps("r", "fever").tolist() == [[False] * 3, [False] * 3, [False, True, True]]


def test_a_rule_with_too_many_answers_to_lay_out_is_refused():
    many = small_book(rule("wide", all_of(tuple((~flag(f"sign_{i}", "?")) for i in range(14)))))
    with pytest.raises(SecondopError, match=r"reads 14 facts, whose answers combine in 4,782,969 ways"):
        many.answer_space.table("wide")


@pytest.mark.parametrize("book", [RULE_BOOK, SGB27B], ids=lambda book: book.title)
def test_every_rule_of_the_project_can_be_laid_out(book):
    assert all(1 < book.answer_space.table(entry.name).size <= 20_000 for entry in book)
