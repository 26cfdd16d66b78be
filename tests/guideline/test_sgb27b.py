"""The legal list: what entitles, and from which day."""

from datetime import date, timedelta

import pytest

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B, planned_procedure
from secondop.rules.explain import explain
from secondop.rules.rulebook import RuleBook
from tests.kit import answers, read_tables

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
