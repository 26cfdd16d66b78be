"""Conditions: three answers, one spelling, nothing undeclared, readable, and the same after a round trip."""

import copy
import dataclasses
import itertools
import json
import pickle
import re
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.rules.conditions import Among, AtLeast, Compare, Not, at_least
from secondop.rules.facts import category, count, flag, number, ordered
from secondop.rules.plain import MAX_DEPTH, condition_from_dict, plain
from tests.kit import answers

A, B, C = (flag(name, "Is there?") for name in ("fever", "weight_loss", "rash"))
SEX = category("sex", "female male other", "Which?")
COURSE = ordered("course", "none improving unchanged worsening", "How is it developing?")
DRUGS = count("drugs", 50, "drugs", "How many?")
WEEKS = number("weeks", 5_200, "weeks", "How many?", low=1)
FACTS = {fact.name: fact for fact in (A, B, C, SEX, COURSE, DRUGS, WEEKS)}
YES, NO, __ = True, False, None
EVERY = [{A.name: a, B.name: b} for a, b in itertools.product((YES, NO, __), repeat=2)]


# ------------------------------------------------------------------ Kleene's tables


def test_and_or_not_are_kleenes():
    assert answers(A & B, EVERY) == [YES, NO, __, NO, NO, NO, __, NO, __]
    assert answers(A | B, EVERY) == [YES, YES, YES, YES, NO, __, YES, __, __]
    assert answers(~B, EVERY) == [NO, YES, __] * 3


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_at_least_counts_what_is_sure_and_what_may_be(n):
    """Seven parts, three of them: 35 combinations, each tried with every answer."""
    flags = [flag(f"sign_{i}", "Is there?") for i in range(n)]
    names = [f.name for f in flags]
    rows = [dict(zip(names, x, strict=True)) for x in itertools.product((YES, NO, __), repeat=n)]
    for k in range(1, n + 1):
        sure = [list(row.values()).count(YES) >= k for row in rows]
        may = [list(row.values()).count(NO) <= n - k for row in rows]
        expected = [YES if s else __ if m else NO for s, m in zip(sure, may, strict=True)]
        assert answers(at_least(k, *flags), rows) == expected


THRESHOLDS = [
    # condition             at each answer, least first, and where none is recorded
    (COURSE >= "unchanged", [NO, NO, YES, YES, __]),
    (COURSE > "unchanged", [NO, NO, NO, YES, __]),
    (COURSE <= "improving", [YES, YES, NO, NO, __]),
    (COURSE < "improving", [YES, NO, NO, NO, __]),
    (COURSE < "none", [NO, NO, NO, NO, __]),
    (COURSE > "worsening", [NO, NO, NO, NO, __]),
    (COURSE >= "none", [YES, YES, YES, YES, __]),
    (COURSE.is_in("none", "worsening"), [YES, NO, NO, YES, __]),
]


@pytest.mark.parametrize(("condition", "expected"), THRESHOLDS)
def test_levels_are_compared_by_their_order_and_a_gap_stays_unknown(condition, expected):
    assert answers(condition, [{"course": x} for x in (*COURSE.levels, None)]) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (DRUGS >= 2, [NO, YES, YES]),
        (DRUGS > 2, [NO, NO, YES]),
        (DRUGS <= 2, [YES, YES, NO]),
        (DRUGS < 2, [YES, NO, NO]),
    ],
)
def test_numbers_are_compared_at_the_threshold_itself(condition, expected):
    assert answers(condition, [{"drugs": n} for n in (1, 2, 3, None)]) == [*expected, __]


# ------------------------------------------------------------------ one spelling

WORDS = [lambda: A and B, lambda: (A & B) or C, lambda: not A, lambda: bool(A & B), lambda: any([A, B])]
WORDS += [lambda: (A & B) if COURSE >= "none" else C, lambda: 1 < DRUGS < 3]


@pytest.mark.parametrize("wrong", WORDS)
def test_words_that_know_two_answers_only_are_refused_with_the_right_spelling(wrong):
    with pytest.raises(TypeError, match=r"Write a & b, a \| b, ~a instead of"):
        wrong()


@pytest.mark.parametrize("thing", [True, None, "fever", 1, lambda case: True])
def test_only_conditions_and_flags_can_be_joined(thing):
    for join in (
        lambda: A & thing,
        lambda: (A | B) | thing,
        lambda: at_least(1, thing),
        lambda: AtLeast(1, (thing,)),
    ):
        with pytest.raises(TypeError, match="joins conditions and yes-or-no facts"):
            join()


REFUSED = [
    (lambda: SEX.is_in("man"), "'man' is not an answer to 'sex': it takes one of female, male, other."),
    (lambda: SEX.is_in("mal"), "Did you mean 'male'?"),
    (lambda: SEX.is_in(), "is_in() cannot be asked of 'sex': it takes one of female, male, other"),
    (lambda: SEX.is_in(3), "3 is not an answer"),
    (lambda: COURSE >= "bad", "'bad' is not an answer to 'course'"),
    (lambda: SEX >= "male", ">= cannot be asked of 'sex'"),
    (lambda: DRUGS.is_in("2"), "is_in('2') cannot be asked of 'drugs'"),
    (lambda: A.is_in("yes"), "is_in('yes') cannot be asked of 'fever'"),
    (lambda: A >= 1, ">= cannot be asked of 'fever'"),
    (lambda: Among(DRUGS), "is_in() cannot be asked of 'drugs': it takes a whole number"),
    (lambda: Compare(DRUGS, "==", 1), "'==' is not a comparison; there are >=, >, <=, <"),
    (lambda: DRUGS >= -1, "not an answer to 'drugs': it takes a whole number from 0 to 50 drugs"),
    (lambda: DRUGS >= 51, "not an answer to 'drugs': it takes a whole number from 0 to 50 drugs"),
    (lambda: DRUGS >= 1.5, "1.5 is not an answer to 'drugs': it takes a whole number"),
    (lambda: DRUGS >= "2", "is not an answer to 'drugs': it takes a whole number"),
    (lambda: DRUGS >= True, "is not an answer to 'drugs': it takes a whole number"),
    (
        lambda: WEEKS.at_least(float("nan")),
        "nan is not an answer to 'weeks': it takes a number from 1 to 5,200 weeks",
    ),
    (lambda: DRUGS.at_least(2, lower=3), "lies in its range"),
    (lambda: DRUGS.at_least(2, upper=1), "lies in its range"),
    (lambda: DRUGS.at_least(2, upper=99), "is not an answer to 'drugs': it takes a whole number"),
    (lambda: COURSE.at_least("unchanged", upper="improving"), "lies in its range"),
    (lambda: COURSE.at_least("unchanged", lower=1), "1 is not an answer"),
    (lambda: at_least(0, A, B), "k lies from 1 to the number of parts; got k = 0"),
    (lambda: at_least(3, A, B), "k lies from 1 to the number of parts; got k = 3"),
    (lambda: at_least(True, A, B), "k lies from 1 to the number of parts; got k = True"),
    (lambda: at_least(1.0, A, B), "k lies from 1 to the number of parts; got k = 1.0"),
    (lambda: AtLeast(0, ()), "k lies from 1 to the number of parts; got k = 0"),
    (lambda: A & flag("fever", "Another question?"), "Two different facts are called 'fever'"),
    (
        lambda: at_least(1, A, category("fever", "low high", "?").is_in("low")),
        "Two different facts are called",
    ),
]


@pytest.mark.parametrize(("write", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_not_declared_is_refused_where_it_is_written(write, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        write()


# ------------------------------------------------------------------ a sentence, plain data, equal by content

SENTENCES = [
    (A & ~B, "fever and not weight loss"),
    (SEX.is_in("male", "other"), "sex is male or other"),
    (COURSE >= "unchanged", "course is at least unchanged"),
    (
        COURSE.at_least("unchanged", lower="improving"),
        "course is at least unchanged (assumed, improving to unchanged)",
    ),
    (DRUGS > 2, "drugs more than 2 (assumed)"),
    (WEEKS.at_least(6.5, basis="NICE 2020"), "weeks at least 6.5 (NICE 2020)"),
    (WEEKS.at_least(6, lower=4, upper=12), "weeks at least 6 (assumed, 4 to 12)"),
    (A & (B | C), "fever and (weight loss or rash)"),
    ((A & B) | ~C, "(fever and weight loss) or not rash"),
    (~(A & B), "not (fever and weight loss)"),
    (at_least(2, A, B, C) | ~A, "at least 2 of (fever, weight loss, rash) or not fever"),
    (at_least(2, A, B | C, ~C), "at least 2 of (fever, (weight loss or rash), not rash)"),
]


@pytest.mark.parametrize(("condition", "sentence"), SENTENCES, ids=[s for _, s in SENTENCES])
def test_a_condition_prints_as_a_sentence_and_goes_to_plain_data_and_back(condition, sentence):
    assert repr(condition) == condition.sentence() == sentence
    again = condition_from_dict(json.loads(json.dumps(plain(condition))), FACTS)
    assert (again, hash(again), repr(again)) == (condition, hash(condition), sentence)
    assert pickle.loads(pickle.dumps(condition)) == copy.deepcopy(condition) == condition
    for field in dataclasses.fields(condition):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(condition, field.name, None)


def test_plain_data_is_what_a_reader_expects():
    condition = A & ~SEX.is_in("male") & (at_least(2, A, B, C) | DRUGS.at_least(2, upper=3))
    drugs = {"fact": "drugs", "op": ">=", "value": 2, "basis": "assumed", "upper": 3}
    one_of = {"at_least": 2, "of": [{"fact": "fever"}, {"fact": "weight_loss"}, {"fact": "rash"}]}
    negated = {"not": {"fact": "sex", "is_in": ["male"]}}
    assert plain(condition) == {"all": [{"fact": "fever"}, negated, {"any": [one_of, drugs]}]}


def test_conditions_are_equal_when_they_say_the_same_and_not_otherwise():
    assert len({A & B, AtLeast(2, (Among(A), Among(B))), flag("fever", "Is there?") & B}) == 1
    assert (at_least(2, A, B), at_least(1, A, B)) == (A & B, A | B)
    different = [A & B, A | B, B & A, ~(A & B), at_least(2, A, B, C), Among(A), Among(B)]
    different += [DRUGS >= 2, DRUGS > 2, DRUGS.at_least(2, basis="cited"), DRUGS.at_least(2, upper=3)]
    different += [SEX.is_in("male"), SEX.is_in("male", "other")]
    assert len(set(different)) == len(different)


def test_joining_flattens_double_negation_vanishes_and_leaves_can_be_changed():
    assert (A & B) & C == A & (B & C) == AtLeast(3, (Among(A), Among(B), Among(C)))
    assert (A | B) | C == A | (B | C) == AtLeast(1, (Among(A), Among(B), Among(C)))
    assert ~~(A & B) == A & B
    swap = {Among(A): Among(B), Among(B): ~C}
    changed = at_least(1, A, ~(B | C)).mapped(lambda leaf: swap.get(leaf, leaf))
    assert changed == AtLeast(1, (Among(B), Not(AtLeast(1, (~C, Among(C))))))


def test_a_condition_lists_the_facts_that_it_reads_once_and_in_order():
    condition = (DRUGS >= 2) & ~(A | SEX.is_in("male")) & at_least(1, A, DRUGS >= 5)
    assert condition.facts == {"drugs": DRUGS, "fever": A, "sex": SEX} and list(condition.facts) == [
        "drugs",
        "fever",
        "sex",
    ]
    assert [type(leaf) for leaf in condition.leaves()] == [Compare, Among, Among, Among, Compare]


# ------------------------------------------------------------------ plain data that is none

NO_CONDITIONS = [
    {},
    {"facts": "fever"},
    {"fact": "fever", "note": "?"},
    {"all": [{"fact": "fever"}], "any": []},
    {"fact": "sex", "is_in": ["male"], "op": ">="},
    {"fact": "drugs", "op": ">="},
    {"fact": "drugs", "op": ">=", "value": 2, "source": "?"},
    {"at_least": 1},
    {"not": {"fact": "fever"}, "of": []},
    {"fact": "rash_"},
    {"fact": ["fever"]},
    {"fact": "sex", "is_in": "male"},
    {"fact": "sex", "is_in": []},
    {"fact": "fever", "is_in": []},
    {"fact": "sex", "is_in": [["male"]]},
    {"fact": "drugs"},
    {"fact": "drugs", "op": ">=", "value": 2, "basis": ["a list"]},
    {"all": []},
    {"at_least": "1", "of": [{"fact": "fever"}]},
    *({key: None} for key in ("all", "any", "not", "fact", "at_least", "is_in")),
]


@pytest.mark.parametrize("data", NO_CONDITIONS, ids=str)
def test_plain_data_that_is_no_condition_is_refused(data):
    with pytest.raises(SecondopError):
        condition_from_dict(data, FACTS)


KEYS = ["all", "any", "not", "fact", "is_in", "op", "value", "basis", "lower", "upper", "at_least", "of", "x"]
SCALARS = [
    None,
    True,
    0,
    2,
    99,
    -1.5,
    float("nan"),
    "",
    "fever",
    "sex",
    "drugs",
    "male",
    ">=",
    "course",
    "none",
]
ANYTHING = st.recursive(
    st.sampled_from(SCALARS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING)
def test_anything_at_all_is_a_condition_or_refused_in_our_own_words(data):
    try:
        condition = condition_from_dict(data, FACTS)
    except SecondopError:
        return
    assert hash(condition_from_dict(plain(condition), FACTS)) == hash(condition)


def test_nesting_is_limited_and_said():
    def nested(depth):
        return reduce(lambda inner, _: {"not": inner}, range(depth), {"fact": "fever"})

    assert condition_from_dict(nested(MAX_DEPTH), FACTS).facts == {"fever": A}
    for depth in (MAX_DEPTH + 1, 500):
        with pytest.raises(SecondopError, match=f"more than {MAX_DEPTH} deep"):
            condition_from_dict(nested(depth), FACTS)
