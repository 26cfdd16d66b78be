"""The vocabulary: declared with care, asked in a patient's words, and nothing in it idle."""

import dataclasses
import re

import pytest

from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.facts import FACTS, Fact, Kind, facts_table, find_fact
from secondop.rules.indications import RULE_BOOK

STATED_USE = {"first_opinion_known", "imaging_available"}


def test_every_fact_is_read_by_a_rule_or_states_its_use():
    strengthening = {
        f for rule in RULE_BOOK if rule.stronger_when is not None for f in rule.stronger_when.facts
    }
    read = set(RULE_BOOK.facts) | strengthening
    assert {name for name, fact in FACTS.items() if fact.use} == STATED_USE
    assert set(FACTS) - read == STATED_USE
    assert strengthening - set(RULE_BOOK.facts) == {"less_invasive_option", "specialty", "rare_disease"}


def test_every_rule_reads_declared_facts_only():
    assert {f for rule in RULE_BOOK for f in rule.facts} <= set(FACTS)


def test_every_level_that_a_rule_tells_apart_exists_and_every_category_has_a_way_out():
    """A category must let every patient answer: nothing there, or something else."""
    without = [
        name
        for name, fact in FACTS.items()
        if fact.kind is Kind.CATEGORY
        and not {"none", "other", "nobody", "not_done", "not_treated"} & set(fact.levels)
    ]
    assert without == []


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_a_fact_is_a_question_in_plain_words(fact):
    assert fact.meaning.endswith("?")
    assert fact.meaning[0].isupper()
    assert len(fact.meaning) <= 90
    assert fact.topic
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", fact.name)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", level) for level in fact.levels)
    assert fact.has_levels == bool(fact.levels)
    assert fact.is_numeric == bool(fact.unit)


def test_ordered_levels_run_from_least_to_most():
    assert {name: fact.levels for name, fact in FACTS.items() if fact.kind is Kind.ORDERED} == {
        "suspicion": ("none", "low", "moderate", "high"),
        "symptom_severity": ("none", "mild", "moderate", "severe"),
        "symptom_course": ("none", "improving", "unchanged", "worsening"),
        "disease_control": ("uncontrolled", "partly_controlled", "well_controlled"),
        "procedure_proposed": ("none", "invasive_procedure", "minor_surgery", "major_surgery"),
        "treatment_risk": ("low", "moderate", "high"),
        "quality_of_life_impact": ("none", "slight", "moderate", "substantial"),
        "confidence_in_plan": ("none", "low", "fair", "full"),
    }


EXPECTS = [
    ("rare_disease", "yes or no"),
    ("sex", "one of female, male, other"),
    ("drug_trials", "a whole number from 0 to 50 drugs"),
    ("first_line_weeks", "a number from 0 to 5,200 weeks"),
]


@pytest.mark.parametrize(("name", "expects"), EXPECTS)
def test_a_fact_says_what_an_answer_looks_like(name, expects):
    assert FACTS[name].expects() == expects


ACCEPTS = [
    # fact               yes                      no
    ("rare_disease", [True, False], [1, 0, "yes", None, 1.0]),
    ("sex", ["male", "other"], ["Male", "", None, True, 0]),
    ("drug_trials", [0, 2, 2.0, 50], [-1, 51, 1.5, True, "2", None, float("nan"), float("inf")]),
    ("first_line_weeks", [0, 3.9, 5_200], [-0.1, 5_200.1, True, "4", None, float("nan"), float("inf")]),
]


@pytest.mark.parametrize(("name", "good", "bad"), ACCEPTS)
def test_a_fact_knows_its_answers(name, good, bad):
    assert [value for value in good if not FACTS[name].accepts(value)] == []
    assert [value for value in bad if FACTS[name].accepts(value)] == []


def test_an_unknown_fact_names_the_closest():
    with pytest.raises(UnknownNameError, match="Did you mean 'specialties_spanned'"):
        find_fact("specialities_spanned")


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: Fact("age years", Kind.FLAG, "?"), "must be a plain word"),
        (lambda: Fact("colour", Kind.CATEGORY, "?"), "at least two different levels"),
        (lambda: Fact("colour", Kind.CATEGORY, "?", levels=("red",)), "at least two different levels"),
        (lambda: Fact("colour", Kind.ORDERED, "?", levels=("red", "red")), "at least two different levels"),
        (lambda: Fact("age", Kind.NUMBER, "?", low=3, high=3), "needs low < high"),
    ],
)
def test_a_fact_declared_badly_is_refused(declare, message):
    with pytest.raises(SecondopError, match=message):
        declare()


def test_the_vocabulary_cannot_be_changed():
    with pytest.raises(TypeError):
        FACTS["mood"] = FACTS["sex"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        FACTS["sex"].levels = ()


def test_the_table_of_facts_has_one_row_a_fact():
    table = facts_table()
    assert list(table.columns) == ["name", "topic", "kind", "expects", "meaning", "use"]
    assert table["name"].tolist() == list(FACTS)
    assert table["topic"].nunique() == 8
    assert len(FACTS) == 53
