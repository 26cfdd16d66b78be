"""Every answer that matters to some conditions, and no other; and the verdicts over all of them."""

import pytest

from secondop.errors import SecondopError
from secondop.rules.conditions import fact
from secondop.rules.domain import GRID_LIMIT, Answer, answers, coded_frame, grid, truth_table, verdicts
from secondop.rules.facts import FACTS, Fact, Kind
from secondop.rules.indications import RULE_BOOK

WEEKS, DRUGS = fact("first_line_weeks"), fact("drug_trials")

STRETCHES = [
    # conditions                      words of each stretch
    ([DRUGS >= 2], ["less than 2 drugs", "at least 2 drugs"]),
    ([DRUGS < 2], ["less than 2 drugs", "at least 2 drugs"]),
    ([DRUGS > 2], ["at most 2 drugs", "more than 2 drugs"]),
    ([DRUGS <= 2], ["at most 2 drugs", "more than 2 drugs"]),
    ([DRUGS >= 2, DRUGS >= 4], ["less than 2 drugs", "at least 2 and less than 4 drugs", "at least 4 drugs"]),
    ([DRUGS >= 2, DRUGS > 2], ["less than 2 drugs", "at least 2 and at most 2 drugs", "more than 2 drugs"]),
    ([DRUGS >= 2, DRUGS > 1], ["at most 1 drug", "at least 2 drugs"]),
    ([DRUGS >= 0], ["at least 0 drugs"]),
    ([DRUGS > 0], ["at most 0 drugs", "more than 0 drugs"]),
    ([DRUGS >= 50], ["less than 50 drugs", "at least 50 drugs"]),
    ([DRUGS > 50], ["at most 50 drugs"]),
    ([WEEKS > 5_200], ["at most 5200 weeks"]),
    ([WEEKS >= 4, WEEKS > 4], ["less than 4 weeks", "at least 4 and at most 4 weeks", "more than 4 weeks"]),
    ([WEEKS >= 0.5], ["less than 0.5 weeks", "at least 0.5 weeks"]),
    ([], ["any number of weeks"]),
]


@pytest.mark.parametrize(("conditions", "words"), STRETCHES)
def test_numbers_fall_into_the_stretches_that_the_thresholds_tell_apart(conditions, words):
    name = conditions[0].name if conditions else "first_line_weeks"
    found = answers(name, conditions)
    assert [answer.words for answer in found] == words
    values = [answer.value for answer in found]
    assert values == sorted(set(values))
    known = FACTS[name]
    assert all(known.low <= value <= known.high for value in values)
    if known.kind is Kind.COUNT:
        assert all(float(value).is_integer() for value in values)


@pytest.mark.parametrize(("conditions", "words"), STRETCHES[:-1])
def test_one_answer_of_each_stretch_tells_all_of_it(conditions, words):
    """Every number that a case may state gets the verdicts of one of the answers, and each answer its own."""
    name = conditions[0].name
    steps = range(0, 51) if name == "drug_trials" else [0, 0.25, 0.5, 3.9, 4, 4.1, 5_199.9, 5_200]
    asked = {str(i): condition for i, condition in enumerate(conditions)}

    def said(values):
        rows = [{name: Answer(v, "", float(v))} for v in values]
        return verdicts(asked, coded_frame(rows, [name])).rows()

    of_each_answer = said([answer.value for answer in answers(name, conditions)])
    assert len(set(of_each_answer)) == len(of_each_answer)
    assert set(said(steps)) == set(of_each_answer)


def test_flags_and_levels_have_every_answer():
    assert [(a.value, a.words, a.code) for a in answers("rare_disease", [])] == [
        (False, "no", False),
        (True, "yes", True),
    ]
    assert [(a.value, a.words, a.code) for a in answers("suspicion", [])] == [
        ("none", "none", 0),
        ("low", "low", 1),
        ("moderate", "moderate", 2),
        ("high", "high", 3),
    ]
    assert [a.words for a in answers("disease_control", [])][-1] == "well controlled"


def test_a_grid_is_every_combination_once():
    rows = grid({name: answers(name, []) for name in ("sex", "suspicion", "rare_disease")})
    assert len(rows) == 3 * 4 * 2 == len({tuple(a.value for a in row.values()) for row in rows})
    assert grid({}) == [{}]


def test_a_grid_that_would_fill_the_memory_is_refused():
    flags = [name for name, known in FACTS.items() if known.kind is Kind.FLAG]
    assert 2 ** len(flags) > GRID_LIMIT
    with pytest.raises(SecondopError, match="more than the 200,000 that can be laid out; split the rule"):
        grid({name: answers(name, []) for name in flags})


def test_a_truth_table_has_no_unknown_and_every_combination():
    both = fact("rare_disease") & fact("advanced_cancer")
    table = truth_table({"both": both, "either": fact("rare_disease") | fact("advanced_cancer")})
    assert sorted(table.rows()) == [(False, False), (False, True), (False, True), (True, True)]


def test_the_rules_of_the_book_can_all_be_laid_out():
    sizes = {rule.name: truth_table({"holds": rule.when}).height for rule in RULE_BOOK}
    assert all(1 < size <= 120 for size in sizes.values()), sizes


def test_a_fact_that_a_row_does_not_name_is_unknown_in_its_coded_form():
    frame = coded_frame([{}], ["rare_disease", "sex", "drug_trials", "first_line_weeks"])
    assert frame.rows() == [(None,) * 4]
    assert [str(dtype) for dtype in frame.dtypes] == ["Boolean", "UInt8", "Float64", "Float64"]


def test_the_sorts_of_answers_cover_every_kind_of_fact():
    assert {known.kind for known in FACTS.values()} == set(Kind)
    assert all(isinstance(known, Fact) and answers(name, []) for name, known in FACTS.items())
