"""The teaching cases give the answers that were decided by hand, and cover every rule three ways."""

import csv
from collections import Counter

import pytest

from secondop.datafiles import data_path
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.assess import SUMMARY, assess
from secondop.rules.cases import read_cases
from secondop.rules.explain import explain
from secondop.rules.rules import RECOMMENDATIONS
from tests.kit import ENGINES, assessed, deck

FIRES = {"fires": True, "near_miss": False, "not_recorded": None}
ABOUT = [
    "case",
    "title",
    "story",
    "about",
    "kind",
    "expected",
    "expected_possible",
    "expected_undetermined",
    "why",
    "disputed",
]
DECKS = {"teaching_cases.csv": RULE_BOOK, "teaching_cases_sgb27b.csv": SGB27B}
each_deck = pytest.mark.parametrize(("file", "book"), DECKS.items(), ids=["second opinion", "sgb27b"])
READ = {file: deck(file, book.facts) for file, book in DECKS.items()}


def expected(case):
    return case["expected"], case["expected_possible"], case["expected_undetermined"] == "yes"


def verdicts(file, book):
    """Every case of a deck with the verdicts of its book."""
    return list(
        zip(READ[file], assessed("polars", [case["facts"] for case in READ[file]], book), strict=True)
    )


@each_deck
@pytest.mark.parametrize("kind", ENGINES)
def test_every_case_is_assessed_as_expected_on_every_engine(file, book, kind):
    said = assessed(kind, [case["facts"] for case in READ[file]], book)
    assert [tuple(row[name] for name in SUMMARY[:3]) for row in said] == [
        expected(case) for case in READ[file]
    ]


@each_deck
def test_the_file_passes_the_gate_as_it_is(file, book):
    said = assess(read_cases(data_path(file), rule_book=book), book)
    assert list(zip(*(said[name] for name in SUMMARY[:3]), strict=True)) == [
        expected(case) for case in READ[file]
    ]


@each_deck
def test_the_rule_a_case_is_about_fires_or_not_as_its_kind_says_and_nothing_else_is_open(file, book):
    for case, row in verdicts(file, book):
        about, fires = set(case["about"].split()), {r.name for r in book if row[r.name]}
        if case["kind"] == "mixed":
            assert fires == about, case["case"]
        else:
            assert {row[name] for name in about} == {FIRES[case["kind"]]}, case["case"]
            open_ = {r.name for r in book if row[r.name] is None}
            assert open_ == (about if case["kind"] == "not_recorded" else set()), case["case"]
            assert book is not SGB27B or fires <= about, case["case"]  # nobody is planned two procedures


@each_deck
def test_a_near_miss_misses_by_one_fact(file, book):
    for case in READ[file]:
        if case["kind"] == "near_miss":
            why_not = explain(case["facts"], book).why_not
            assert {len(why_not[rule]) for rule in case["about"].split()} == {1}, case["case"]


@each_deck
def test_every_rule_has_a_case_that_fires_and_one_that_does_not(file, book):
    seen = {kind: {n for c in READ[file] if c["kind"] == kind for n in c["about"].split()} for kind in FIRES}
    assert seen["fires"] == seen["near_miss"] == {rule.name for rule in book}
    open_ = [case for case in READ[file] if case["kind"] == "not_recorded"]
    assert seen["not_recorded"] == {rule.name for rule in book} if book is RULE_BOOK else len(open_) >= 4


def test_opinion_after_opinion_is_said_where_no_clinical_reason_is_left():
    said = {c["case"]: explain(c["facts"], RULE_BOOK).cautions for c in READ["teaching_cases.csv"]}
    assert {case for case, cautions in said.items() if "D2.3" in {c.statement for c in cautions}} == {
        "T103",
        "T118",
    }


def test_treatment_that_cannot_wait_is_said_where_it_is_so_or_may_be():
    begins = {True: "This treatment cannot wait", None: "Should the treatment be one that cannot wait"}
    taught = set()
    for case in READ["teaching_cases.csv"]:
        cautions = explain(case["facts"], RULE_BOOK).cautions
        said = [caution.words for caution in cautions if caution.statement == "own"]
        waits = case["facts"]["treatment_cannot_wait"]
        assert not said if waits is False else said[0].startswith(begins[waits]), case["case"]
        taught.add(waits)
    assert taught == {True, False, None}


@each_deck
def test_a_case_that_may_be_disputed_says_why_in_a_sentence_and_most_are_not(file, book):
    marked = [case["disputed"] for case in READ[file] if case["disputed"]]
    assert 2 <= len(marked) < len(READ[file]) / 4 and len(set(marked)) == len(marked)
    assert all(words[0].isupper() and words.endswith(".") for words in marked)


def test_every_answer_is_taught():
    pairs = {(c["expected"], c["expected_possible"]) for c in READ["teaching_cases.csv"]}
    assert {stands for stands, _ in pairs} == set(RECOMMENDATIONS)
    raised = {
        "not_needed": "optional",
        "no_indication": "urgent",
        "optional": "urgent",
        "recommended": "urgent",
    }
    assert pairs >= {*raised.items(), ("no_indication", "optional"), ("no_indication", "recommended")}


@each_deck
def test_the_file_reads_as_its_dictionary_says(file, book):
    with data_path(file).open(encoding="utf-8", newline="") as lines:
        assert next(csv.reader(lines)) == [*ABOUT, *book.facts]
    for column in ("case", "title", "story"):
        assert max(Counter(case[column] for case in READ[file]).values()) == 1, column
    for case in READ[file]:
        given = [(book.fact(name), value) for name, value in case["facts"].items() if value is not None]
        assert all(fact.accepts(value) for fact, value in given), case["case"]
        assert case["story"].endswith(".") and case["story"].count(". ") <= 1, case["case"]
        assert case["why"].endswith(".") and len(case["title"]) <= 50, case["case"]
