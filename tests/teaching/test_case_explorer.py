"""The case explorer as the kernel sees it: each fact that is set is answered at once."""

from html import escape

import numpy as np
import pandas as pd
import pytest

from secondop import (
    RULE_BOOK,
    SGB27B,
    CasesError,
    SecondopError,
    UnknownNameError,
    data_path,
    explain,
    read_cases,
)
from secondop.teaching import deck, explore_case

FACTS = RULE_BOOK.facts
DECK = read_cases(data_path("teaching_cases.csv")).set_index("case")

STEPS = [
    # what is set, one after the other                recommendation   possible
    ({}, "no_indication", "urgent"),
    ({"wants_second_opinion": True}, "optional", "urgent"),
    ({"wants_second_opinion": False}, "no_indication", "urgent"),
    ({"pathology_result": "ambiguous"}, "recommended", "urgent"),
    ({"complication_during_treatment": True}, "urgent", "urgent"),
    ({"complication_during_treatment": None}, "recommended", "urgent"),  # unknown again, and not no
]


def test_each_fact_that_is_set_changes_what_is_said():
    explorer = explore_case()
    for change, recommendation, possible in STEPS:
        facts = explorer.facts | change
        explorer.facts = {name: value for name, value in facts.items() if value is not None}
        told = explorer.explanation
        assert (told.recommendation, told.possible) == (recommendation, possible), change


@pytest.mark.parametrize("name", ["T001", "T028", "T092", "T106", "T117"])
def test_it_starts_from_a_teaching_case(name):
    explorer = explore_case(name)
    assert escape(DECK.loc[name, "story"]) in explorer.still()["text/html"]
    assert explorer.explanation.recommendation == DECK.loc[name, "expected"]


STARTS = {
    "a dict": {"rare_disease": "yes", "drug_trials": 3},
    "a row": pd.Series({"rare_disease": True, "drug_trials": np.int64(3), "story": "a note"}),
    "a frame": pd.DataFrame({"rare_disease": [1], "drug_trials": ["3"]}),
}


@pytest.mark.parametrize("case", STARTS.values(), ids=STARTS)
def test_it_starts_from_a_case_in_any_spelling(case):
    assert explore_case(case).facts == {"rare_disease": True, "drug_trials": 3}


def test_a_teaching_case_that_does_not_exist_is_answered_with_the_closest():
    with pytest.raises(UnknownNameError, match="no teaching case 'T8'"):
        explore_case("T8")
    with pytest.raises(CasesError, match="is below the range"):
        explore_case({"first_line_weeks": -2})


def test_a_number_out_of_range_is_refused_and_nothing_is_lost():
    explorer = explore_case({"pathology_result": "ambiguous"})
    with pytest.raises(CasesError, match="-2 is below the range 0 to 5,200 weeks"):
        explorer.facts = explorer.facts | {"first_line_weeks": -2}
    assert explorer.facts == {"pathology_result": "ambiguous"}
    explorer.facts = explorer.facts | {"first_line_weeks": 2}
    assert explorer.facts == {"pathology_result": "ambiguous", "first_line_weeks": 2}


def test_another_start_forgets_what_was_set():
    explorer = explore_case("T008")
    explorer.facts = {"rare_disease": True}
    explorer.start = "T020"
    assert explorer.facts == explain(DECK.loc["T020"]).facts
    explorer.start = ""
    assert explorer.facts == {} and explorer.still()["text/html"] == explorer.explanation.to_html()


def test_a_rule_book_with_facts_of_its_own_has_no_teaching_cases():
    explorer = explore_case({"planned_procedure": "hysterectomy"}, rule_book=SGB27B)
    assert explorer.data["cases"] == []
    explorer.facts = explorer.facts | {"procedure_urgent": False, "procedure_for_malignancy": False}
    assert explorer.explanation.recommendation == "recommended"
    for case in ("T008", deck()["T008"]):
        with pytest.raises(SecondopError):
            explore_case(case, rule_book=SGB27B)


def test_where_no_kernel_runs_it_leaves_the_explanation():
    explorer = explore_case("T008")
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/html"].endswith(explorer.explanation.to_html()) and metadata == {"still": True}
    assert escape(DECK.loc["T008", "story"]) in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
