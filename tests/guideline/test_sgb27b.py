"""The legal list: what entitles, from which day, and what the teaching cases of it say."""

import csv
from collections import Counter
from datetime import date, timedelta

import pytest

from secondop.datafiles import data_path
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B, planned_procedure
from secondop.rules.explain import explain
from secondop.rules.rulebook import RuleBook
from tests.kit import answers, read_answer, read_tables

LISTED = [level for level in planned_procedure.levels if level not in ("none", "other")]
RULES = {level: SGB27B[f"entitled-{level.replace('_', '-')}"] for level in LISTED}

TABLES = read_tables(
    """
any but prostate: planned_procedure, procedure_urgent, procedure_for_malignancy
    planned, no cancer           | this    | no  | no  | yes
    urgent                       | this    | yes | no  | no
    for a cancer                 | this    | no  | yes | no
    another one of the list      | another | no  | no  | no
    not on the list              | other   | no  | no  | no
    nothing planned              | none    | no  | no  | no
    procedure not recorded       | ?       | no  | no  | ?
    urgency not recorded         | this    | ?   | no  | ?
    reason not recorded          | this    | no  | ?   | ?
    only the procedure recorded  | this    | ?   | ?   | ?
    urgency settles it           | ?       | yes | ?   | no
    a cancer settles it          | this    | ?   | yes | no
    another one settles it       | another | ?   | ?   | no
prostate: planned_procedure, procedure_urgent, procedure_for_malignancy
    for the carcinoma            | this    | no  | yes | yes
    whatever is said of cancer   | this    | no  | ?   | yes
    urgent                       | this    | yes | yes | no
    urgency not recorded         | this    | ?   | yes | ?
    only watched                 | none    | no  | yes | no
""",
    SGB27B.facts,
)

# A day before the right, a day within the span in which it began (where only that is known), a day after.
SINCE = {
    "tonsil_operation": ("2018-11-30", None, "2018-12-01"),
    "hysterectomy": ("2018-11-30", None, "2018-12-01"),
    "shoulder_arthroscopy": ("2019-12-31", "2020-06-15", "2020-12-31"),
    "amputation_diabetic_foot": ("2020-12-31", "2021-05-01", "2021-12-31"),
    "knee_endoprosthesis": ("2021-01-11", None, "2021-01-12"),
    "spinal_operation": ("2020-12-31", "2021-01-01", "2021-12-31"),
    "cardiac_ablation": ("2018-11-30", "2022-12-30", "2022-12-31"),
    "cardiac_device": ("2018-11-30", "2018-12-01", "2022-12-31"),
    "cholecystectomy": ("2022-12-31", "2025-09-30", "2025-10-01"),
    "hip_replacement": ("2024-06-30", None, "2024-07-01"),
    "aortic_aneurysm_repair": ("2024-09-30", None, "2024-10-01"),
    "prostate_carcinoma_treatment": ("2025-03-31", None, "2025-04-01"),
    "carotid_revascularisation": ("2025-09-30", None, "2025-10-01"),
}
PLANNED = {"procedure_urgent": False, "procedure_for_malignancy": False}


def entitled(book, case):
    """The verdict of a whole book on one case: whether any of its rules fires."""
    verdicts = [answers(rule.when, [case])[0] for rule in book]
    return True if True in verdicts else None if None in verdicts else False


@pytest.mark.parametrize("level", LISTED)
def test_a_rule_fires_where_its_table_says(level):
    planned = {"this": level, "another": LISTED[LISTED.index(level) - 1]}
    table = TABLES["prostate" if level == "prostate_carcinoma_treatment" else "any but prostate"]
    for situation, given, verdict in table:
        answer = given["planned_procedure"]
        case = given | {"planned_procedure": planned.get(answer, answer)}
        assert answers(RULES[level].when, [case]) == [verdict], situation


def test_each_procedure_fires_its_own_rule_alone():
    rows = [{"planned_procedure": level} | PLANNED for level in LISTED]
    for level in LISTED:
        assert answers(RULES[level].when, rows) == [other == level for other in LISTED]


def beside(day, by):
    return str(date.fromisoformat(day) + timedelta(by))


@pytest.mark.parametrize("level", LISTED)
def test_the_right_holds_from_its_first_day_and_is_unknown_where_the_day_is(level):
    case = {"planned_procedure": level} | PLANNED
    before, within, after = SINCE[level]
    assert entitled(SGB27B.as_of(before), case) is False
    assert within is None or entitled(SGB27B.as_of(within), case) is None
    assert entitled(SGB27B.as_of(after), case) is True
    for day in (beside(before, 1), beside(after, -1)) if within else ():
        assert entitled(SGB27B.as_of(day), case) is None
    if within:  # a known answer settles it although the first day is not known
        assert entitled(SGB27B.as_of(within), case | {"procedure_urgent": True}) is False


@pytest.mark.parametrize(
    ("day", "in_force", "open_"),
    [("2018-11-30", 0, 0), ("2018-12-01", 4, 2), ("2021-06-01", 8, 4), ("2026-01-01", 13, 0)],
)
def test_the_list_grew(day, in_force, open_):
    book = SGB27B.as_of(day)
    assert len(book) == in_force
    assert sum(rule != SGB27B[rule.name] for rule in book) == open_


def test_a_book_of_a_day_is_itself_on_that_day_although_it_is_not_known_what_was_in_force():
    book = SGB27B.as_of("2021-06-01")
    assert book.as_of("2021-06-01") == book


def test_it_says_entitled_by_law_and_nothing_but_recommended():
    assert len(SGB27B) == len(LISTED) == 13
    assert {str(rule.level) for rule in SGB27B} == {"recommended"}
    assert all(rule.label.startswith("Entitled by law") for rule in SGB27B)
    assert [rule.statement for rule in SGB27B] == [f"No. {number}" for number in range(1, 14)]


@pytest.mark.parametrize("level", LISTED)
def test_where_few_physicians_do_it_the_advice_is_to_look_early(level):
    told = explain({"planned_procedure": level} | PLANNED, SGB27B)
    steps = " ".join(step.words for step in told.next_steps)
    assert ("Look early" in steps) == (level in ("amputation_diabetic_foot", "spinal_operation"))


def test_both_books_can_read_one_frame():
    shared = RULE_BOOK.facts.keys() & SGB27B.facts.keys()
    assert all(RULE_BOOK.facts[name] == SGB27B.facts[name] for name in shared)
    assert not {rule.name for rule in RULE_BOOK} & {rule.name for rule in SGB27B}


def test_the_book_reloads_from_its_text():
    assert RuleBook.from_json(SGB27B.to_json()) == SGB27B


@pytest.fixture(scope="module")
def deck():
    with data_path("teaching_cases_sgb27b.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def facts_of(line):
    return {name: read_answer(fact, line[name] or "?") for name, fact in SGB27B.facts.items()}


def test_every_teaching_case_gives_what_was_decided_by_hand(deck):
    says = {True: ("recommended", "recommended", "no"), False: ("no_indication", "no_indication", "no")}
    says[None] = ("no_indication", "recommended", "yes")
    got = {line["case"]: says[entitled(SGB27B, facts_of(line))] for line in deck}
    expected = {c["case"]: (c["expected"], c["expected_possible"], c["expected_undetermined"]) for c in deck}
    assert got == expected


def test_the_rule_a_case_is_about_fires_or_not_as_its_kind_says(deck):
    fires = {"fires": True, "near_miss": False, "not_recorded": None}
    for line in deck:
        verdicts = {rule.name: answers(rule.when, [facts_of(line)])[0] for rule in SGB27B}
        about = line["about"].split()
        if line["kind"] in fires:
            assert [verdicts[name] for name in about] == [fires[line["kind"]]], line["case"]
            others = [verdict for name, verdict in verdicts.items() if name not in about]
            assert set(others) == {False}, line["case"]
        else:
            assert line["kind"] == "mixed" and not about and True not in verdicts.values(), line["case"]


def test_every_rule_has_a_case_that_fires_and_one_that_does_not(deck):
    kinds = Counter((line["about"], line["kind"] == "fires") for line in deck if line["about"])
    assert all(kinds[rule.name, True] and kinds[rule.name, False] for rule in SGB27B)
    reasons = Counter(line["kind"] for line in deck)
    assert reasons["fires"] == 13 and reasons["not_recorded"] >= 4 and len(deck) >= 26


def test_the_deck_reads_as_its_dictionary_says(deck):
    about = [
        "case",
        "title",
        "story",
        "about",
        "kind",
        "expected",
        "expected_possible",
        "expected_undetermined",
        "why",
    ]
    assert list(deck[0]) == [*about, *SGB27B.facts]
    for column in ("case", "title", "story"):
        assert max(Counter(line[column] for line in deck).values()) == 1, column
    for line in deck:
        assert line["story"].endswith(".") and line["story"].count(". ") <= 1, line["case"]
        assert line["why"].endswith(".") and len(line["title"]) <= 50, line["case"]
