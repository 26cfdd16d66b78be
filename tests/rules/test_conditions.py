"""Conditions: three answers, one spelling, nothing undeclared, readable, and the same after a round trip."""

import copy
import dataclasses
import pickle
import re

import pytest

from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.conditions import (
    AllOf,
    AnyOf,
    AtLeast,
    Compare,
    Condition,
    Flag,
    Member,
    Not,
    at_least,
    condition_from_dict,
    fact,
)
from secondop.rules.domain import UNKNOWN, Answer, coded_frame, verdicts

YES, NO, __, NAN = True, False, None, float("nan")
A, B, C = fact("rare_disease"), fact("neoplasia_concern"), fact("advanced_cancer")
SEX, COURSE, DRUGS, WEEKS = map(fact, ("sex", "symptom_course", "drug_trials", "first_line_weeks"))


def truth(condition, *values):
    """The condition's answer where the facts A, B, C have these values."""
    row = {
        f.name: UNKNOWN if v is None else Answer(v, "", v) for f, v in zip((A, B, C), values, strict=False)
    }
    return verdicts({"holds": condition}, coded_frame([row], [A.name, B.name, C.name]))["holds"][0]


# ------------------------------------------------------------------ Kleene's tables

KLEENE = [
    # a    b    a & b  a | b
    (YES, YES, YES, YES),
    (YES, NO, NO, YES),
    (YES, __, __, YES),
    (NO, YES, NO, YES),
    (NO, NO, NO, NO),
    (NO, __, NO, __),
    (__, YES, __, YES),
    (__, NO, NO, __),
    (__, __, __, __),
]


def test_and_or_are_kleenes():
    assert [(a, b, truth(A & B, a, b), truth(A | B, a, b)) for a, b, *_ in KLEENE] == KLEENE


def test_not_is_kleenes():
    assert [truth(~A, a) for a in (YES, NO, __)] == [NO, YES, __]


AT_LEAST = [
    # a    b    c   at least 1  2    3
    (YES, YES, YES, YES, YES, YES),
    (YES, YES, NO, YES, YES, NO),
    (YES, YES, __, YES, YES, __),
    (YES, NO, NO, YES, NO, NO),
    (YES, NO, __, YES, __, NO),
    (YES, __, __, YES, __, __),
    (NO, NO, NO, NO, NO, NO),
    (NO, NO, __, __, NO, NO),
    (NO, __, __, __, __, NO),
    (__, __, __, __, __, __),
]


def test_at_least_is_kleenes_and_takes_its_parts_in_any_order():
    for a, b, c, *expected in AT_LEAST:
        for values in ((a, b, c), (b, c, a), (c, a, b)):
            assert [truth(at_least(k, A, B, C), *values) for k in (1, 2, 3)] == expected, values


def test_a_comparison_that_no_answer_or_every_answer_meets_is_unknown_where_nothing_was_recorded():
    for never, always in ((COURSE < "none", COURSE >= "none"), (COURSE > "worsening", COURSE <= "worsening")):
        conditions = {"never": never, "always": always}
        frame = coded_frame([{}, {"symptom_course": Answer("none", "none", 0)}], ["symptom_course"])
        assert verdicts(conditions, frame).rows() == [(__, __), (NO, YES)]


# ------------------------------------------------------------------ one spelling


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: A and B,
        lambda: A or B,
        lambda: not A,
        lambda: bool(A & B),
        lambda: "yes" if A else "no",
        lambda: any([A, B]),
        lambda: 1 < DRUGS < 3,
        lambda: A & B if COURSE >= "unchanged" else A,
    ],
    ids=["and", "or", "not", "bool", "if", "any", "chained comparison", "conditional"],
)
def test_words_that_know_two_answers_only_are_refused_with_the_right_spelling(wrong):
    with pytest.raises(TypeError, match=r"Write a & b, a \| b, ~a instead of") as refusal:
        wrong()
    assert "not yes or no before it meets a case" in str(refusal.value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: DRUGS == 2,
        lambda: DRUGS != 2,
        lambda: ~DRUGS,
        lambda: DRUGS & A,
        lambda: A & DRUGS,
        lambda: A | DRUGS,
        lambda: at_least(1, DRUGS),
        lambda: bool(DRUGS),
        lambda: Not(DRUGS),
        lambda: AllOf((DRUGS,)),
    ],
)
def test_a_number_by_itself_is_no_condition(wrong):
    with pytest.raises(
        TypeError, match=re.escape("'drug_trials' takes a whole number from 0 to 50 drugs")
    ) as e:
        wrong()
    assert "fact('drug_trials') >= 2" in str(e.value)


def test_a_word_by_itself_is_no_condition_and_the_error_shows_how_to_ask():
    with pytest.raises(TypeError, match=re.escape("fact('sex').is_in('female')")):
        _ = SEX == "male"


@pytest.mark.parametrize("thing", [True, None, "rare_disease", 1, lambda case: True])
def test_only_conditions_can_be_joined(thing):
    for join in (lambda: A & thing, lambda: A | thing, lambda: at_least(1, thing), lambda: Not(thing)):
        with pytest.raises(TypeError, match="joins conditions, such as fact"):
            join()


# ------------------------------------------------------------------ nothing undeclared

UNDECLARED = [
    (lambda: fact("rare_diseases"), "no fact 'rare_diseases'. Did you mean 'rare_disease'?"),
    (lambda: SEX.is_in("man"), "'man' is not an answer to 'sex': it takes one of female, male, other."),
    (lambda: fact("pathology_result").is_in("unclear"), "'unclear' is not an answer"),
    (lambda: fact("pathology_result").is_in("ambigous"), "Did you mean 'ambiguous'?"),
    (lambda: SEX.is_in(), "needs at least one level"),
    (lambda: COURSE >= "bad", "'bad' is not an answer to 'symptom_course'"),
    (lambda: SEX >= "male", "'>=' cannot be asked of 'sex'"),
    (lambda: DRUGS.is_in("2"), "'is_in' cannot be asked of 'drug_trials'"),
    (lambda: Member("rare_disease", ("yes",)), "'is_in' cannot be asked of 'rare_disease'"),
    (lambda: Compare("rare_disease", ">=", 1), "'>=' cannot be asked of 'rare_disease'"),
    (lambda: Compare("drug_trials", "==", 1), "'==' is not a comparison; there are >=, >, <=, <"),
    (lambda: DRUGS >= -1, "must be a whole number from 0 to 50 drugs"),
    (lambda: DRUGS >= 51, "must be a whole number from 0 to 50 drugs"),
    (lambda: DRUGS >= "2", "must be a whole number"),
    (lambda: DRUGS >= True, "must be a whole number"),
    (lambda: WEEKS >= NAN, "must be a number from 0 to 5,200 weeks"),
    (lambda: at_least(0, A, B), "a whole number from 1 to 2; got 0"),
    (lambda: at_least(3, A, B), "a whole number from 1 to 2; got 3"),
    (lambda: at_least(True, A, B), "a whole number from 1 to 2; got True"),
    (lambda: at_least(1.0, A, B), "a whole number from 1 to 2; got 1.0"),
    (lambda: AllOf(()), "AllOf needs at least one condition"),
    (lambda: AnyOf(()), "AnyOf needs at least one condition"),
]


@pytest.mark.parametrize(("write", "message"), UNDECLARED, ids=[message for _, message in UNDECLARED])
def test_what_is_not_declared_is_refused_when_it_is_written(write, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        write()


def test_a_flag_of_an_unknown_fact_is_refused_when_it_is_written():
    with pytest.raises(UnknownNameError, match="no fact 'rare_diseases'"):
        Flag("rare_diseases")


def test_a_flag_of_a_fact_that_is_not_yes_or_no_is_refused_when_it_is_written():
    with pytest.raises(SecondopError, match="'flag' cannot be asked of 'drug_trials'"):
        Flag("drug_trials")


# ------------------------------------------------------------------ a sentence

SENTENCES = [
    (A, "rare disease"),
    (~A, "not rare disease"),
    (SEX.is_in("male"), "sex is male"),
    (SEX.is_in("male", "other"), "sex is male or other"),
    (fact("condition").is_in("genital_skin_disease"), "condition is genital skin disease"),
    (COURSE >= "unchanged", "symptom course is at least unchanged"),
    (COURSE < "unchanged", "symptom course is less than unchanged"),
    (DRUGS >= 2, "drug trials at least 2 (assumed)"),
    (DRUGS > 2, "drug trials more than 2 (assumed)"),
    (DRUGS <= 2, "drug trials at most 2 (assumed)"),
    ((WEEKS < 6.5).with_basis("NICE 2020"), "first line weeks less than 6.5 (NICE 2020)"),
    (A & B & C, "rare disease and neoplasia concern and advanced cancer"),
    (A & (B | C), "rare disease and (neoplasia concern or advanced cancer)"),
    ((A & B) | ~C, "(rare disease and neoplasia concern) or not advanced cancer"),
    (~(A & B), "not (rare disease and neoplasia concern)"),
    (
        at_least(2, A, B | C, ~C),
        "at least 2 of (rare disease, (neoplasia concern or advanced cancer), not advanced cancer)",
    ),
]


@pytest.mark.parametrize(("condition", "sentence"), SENTENCES, ids=[s for _, s in SENTENCES])
def test_a_condition_prints_as_a_sentence_and_goes_to_plain_data_and_back(condition, sentence):
    assert (repr(condition), str(condition), condition.sentence()) == (sentence,) * 3
    again = condition_from_dict(condition.to_dict())
    assert (again, repr(again), hash(again)) == (condition, sentence, hash(condition))


def test_plain_data_is_what_a_reader_expects():
    condition = A & ~SEX.is_in("male") & (at_least(1, B, C) | (DRUGS >= 2))
    assert condition.to_dict() == {
        "all": [
            {"fact": "rare_disease"},
            {"not": {"fact": "sex", "is_in": ["male"]}},
            {
                "any": [
                    {"at_least": 1, "of": [{"fact": "neoplasia_concern"}, {"fact": "advanced_cancer"}]},
                    {"fact": "drug_trials", "op": ">=", "value": 2, "basis": "assumed"},
                ]
            },
        ]
    }


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"facts": "rare_disease"},
        {"fact": "rare_disease", "note": "?"},
        {"all": [{"fact": "rare_disease"}], "any": []},
        {"fact": "sex", "is_in": ["male"], "op": ">="},
        {"fact": "drug_trials", "op": ">="},
        {"fact": "drug_trials", "op": ">=", "value": 2, "source": "?"},
        {"at_least": 1},
        {"not": {"fact": "rare_disease"}, "of": []},
        "rare_disease",
        None,
        [],
    ],
)
def test_plain_data_with_unknown_or_missing_keys_is_refused(data):
    with pytest.raises(SecondopError, match="This is not a condition"):
        condition_from_dict(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"fact": "rare"}, "no fact 'rare'"),
        ({"fact": "sex", "is_in": ["man"]}, "'man' is not an answer to 'sex'"),
        ({"all": []}, "needs at least one condition"),
        ({"at_least": 2, "of": [{"fact": "rare_disease"}]}, "from 1 to 1"),
    ],
)
def test_plain_data_is_checked_as_a_condition_that_is_written(data, message):
    with pytest.raises(SecondopError, match=message):
        condition_from_dict(data)


def test_plain_data_that_names_a_number_as_a_flag_is_refused():
    with pytest.raises(TypeError, match="'drug_trials' takes a whole number"):
        condition_from_dict({"fact": "drug_trials"})


# ------------------------------------------------------------------ frozen, and of equal worth by content


@pytest.mark.parametrize("condition", [A, SEX.is_in("male"), DRUGS >= 2, A & B, A | B, ~A, at_least(1, A, B)])
def test_a_condition_never_changes(condition):
    for field in dataclasses.fields(condition):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(condition, field.name, None)
    assert {condition: "found"}[copy.deepcopy(condition)] == "found"
    assert pickle.loads(pickle.dumps(condition)) == condition


def test_conditions_are_equal_when_they_say_the_same_and_not_otherwise():
    same = [A & B, AllOf((A, B)), fact("rare_disease") & fact("neoplasia_concern")]
    assert len(set(same)) == 1
    different = [
        A & B,
        A | B,
        B & A,
        ~(A & B),
        at_least(1, A, B),
        at_least(2, A, B),
        A,
        B,
        DRUGS >= 2,
        DRUGS > 2,
    ]
    different += [(DRUGS >= 2).with_basis("cited"), SEX.is_in("male"), SEX.is_in("male", "other")]
    assert len(set(different)) == len(different)


def test_joining_flattens_and_double_negation_vanishes():
    assert (A & B) & C == A & (B & C) == AllOf((A, B, C))
    assert (A | B) | C == A | (B | C) == AnyOf((A, B, C))
    assert ~~A == A
    assert ~~(A & B) == A & B


def test_a_condition_lists_the_facts_that_it_reads_once_and_in_order():
    condition = (DRUGS >= 2) & ~(A | SEX.is_in("male")) & at_least(1, A, DRUGS >= 5)
    assert condition.facts == ("drug_trials", "rare_disease", "sex")
    assert [type(leaf) for leaf in condition.leaves()] == [Compare, Flag, Member, Flag, Compare]


def test_every_sort_of_condition_is_a_condition():
    assert all(isinstance(c, Condition) for c, _ in SENTENCES)
    assert {type(c) for c, _ in SENTENCES} == {Flag, Member, Compare, AllOf, AnyOf, Not, AtLeast}
