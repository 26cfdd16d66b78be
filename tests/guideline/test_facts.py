"""The vocabulary of both books: asked in a patient's words, ordered from least to most."""

import re

import pytest

from secondop.guideline.facts import FACTS
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.facts import Kind

ALL = [*FACTS, *SGB27B.facts.values()]


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.name)
def test_a_fact_is_a_question_in_plain_words(fact):
    assert fact.question[0].isupper() and fact.question.endswith("?") and fact.topic
    assert len(fact.question) <= 110 and all(
        re.fullmatch(r"[a-z]+(_[a-z]+)*", x) for x in (fact.name, *fact.levels)
    )
    assert fact.is_numeric == bool(fact.unit)


def test_a_category_lets_everybody_answer():
    """Nothing there, or something else."""
    ways_out = {"none", "never", "other", "nobody", "not_done", "not_treated"}
    assert [fact.name for fact in ALL if fact.kind is Kind.CATEGORY and not ways_out & {*fact.levels}] == []


def test_ordered_levels_run_from_least_to_most():
    assert {fact.name: " < ".join(fact.levels) for fact in ALL if fact.kind is Kind.ORDERED} == {
        "suspicion": "none < low < moderate < high",
        "symptom_severity": "none < mild < moderate < severe",
        "symptom_course": "none < improving < unchanged < worsening",
        "disease_control": "uncontrolled < partly_controlled < well_controlled",
        "treatment_risk": "low < moderate < high",
        "quality_of_life_impact": "none < slight < moderate < substantial",
        "confidence_in_plan": "none < low < fair < full",
    }
