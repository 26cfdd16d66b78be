"""The teaching cases give the answers that were decided by hand, and cover every rule three ways."""

import csv
from collections import Counter

import pytest

from secondop.rules.assess import SUMMARY, assess
from secondop.rules.cases import read_cases
from secondop.rules.facts import FACTS
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.indications import RULE_BOOK

HOLDS = {"fires": True, "near_miss": False, "not_recorded": None}
ABOUT_A_CASE = ["case", "title", "story", "about", "kind"]
EXPECTED = ["expected", "expected_possible", "expected_undetermined", "why"]


def answer(case):
    return case["expected"], case["expected_possible"], case["expected_undetermined"] == "yes"


@pytest.fixture(scope="module")
def assessed(teaching_cases, assess_rows):
    rows = assess_rows("polars", [case["facts"] for case in teaching_cases])
    return list(zip(teaching_cases, rows, strict=True))


def test_every_case_is_assessed_as_expected_on_every_engine(teaching_cases, assess_rows, engine):
    rows = assess_rows(engine, [case["facts"] for case in teaching_cases])
    got = [tuple(row[name] for name in SUMMARY[:3]) for row in rows]
    assert got == [answer(case) for case in teaching_cases]


def test_the_file_passes_the_gate_as_it_is(teaching_cases, data_folder):
    assessed = assess(read_cases(data_folder / "teaching_cases.csv"))
    got = list(zip(*(assessed[name] for name in SUMMARY[:3]), strict=True))
    assert got == [answer(case) for case in teaching_cases]


@pytest.mark.parametrize("kind", HOLDS)
def test_the_rule_a_case_is_about_holds_or_not_as_its_kind_says(assessed, kind):
    about = [
        (c["case"], name, row[name])
        for c, row in assessed
        if c["kind"] == kind
        for name in c["about"].split()
    ]
    assert [(case, name, holds) for case, name, holds in about if holds is not HOLDS[kind]] == []
    assert {name for _, name, _ in about} == {rule.name for rule in RULE_BOOK}


def test_a_case_leaves_undecided_only_what_it_is_about(assessed):
    for case, row in assessed:
        if case["kind"] != "mixed":
            undecided = {rule.name for rule in RULE_BOOK if row[rule.name] is None}
            assert undecided == (set(case["about"].split()) if case["kind"] == "not_recorded" else set()), (
                case
            )

    assert Counter(c["kind"] for c, _ in assessed).keys() == {*HOLDS, "mixed"}


def test_a_mixed_case_is_about_every_rule_that_holds_in_it(assessed):
    for case, row in assessed:
        if case["kind"] == "mixed":
            assert {r.name for r in RULE_BOOK if row[r.name]} == set(case["about"].split()), case["case"]


def test_every_answer_is_taught(teaching_cases):
    assert {c["expected"] for c in teaching_cases} == set(RECOMMENDATIONS)
    pairs = {(c["expected"], c["expected_possible"]) for c in teaching_cases}
    assert pairs >= {
        ("not_needed", "optional"),
        ("no_indication", "optional"),
        ("no_indication", "recommended"),
        ("no_indication", "urgent"),
        ("optional", "urgent"),
        ("recommended", "urgent"),
    }


def test_the_file_reads_as_its_dictionary_says(teaching_cases, data_folder):
    with (data_folder / "teaching_cases.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == [*ABOUT_A_CASE, *EXPECTED, *FACTS]
    assert len(teaching_cases) >= 60
    for column in ("case", "title", "story"):
        assert max(Counter(c[column] for c in teaching_cases).values()) == 1, column
    for case in teaching_cases:
        for name, value in case["facts"].items():
            whole = int(value) if isinstance(value, float) and value.is_integer() else value
            assert value is None or FACTS[name].accepts(whole), (case["case"], name)
        assert case["story"].endswith(".") and case["story"].count(". ") <= 1, case["case"]
        assert case["why"].endswith(".") and len(case["title"]) <= 50, case["case"]
        assert (case["expected"] == case["expected_possible"]) == (case["expected_undetermined"] == "no")
