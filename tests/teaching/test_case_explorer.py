"""The case explorer as the kernel sees it: each fact that is set is answered at once."""

import io
import json
from html import escape, unescape
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop import (
    RULE_BOOK,
    SGB27B,
    CasesError,
    SecondopError,
    UnknownNameError,
    data_path,
    explain,
    fact,
    flag,
    number,
    read_cases,
)
from secondop.teaching import deck, explore_case
from tests.kit import rule, small_book

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
        assert told.headline in unescape(explorer.view["verdict"])
        assert explorer.view["said"].startswith(told.headline)


@pytest.mark.parametrize("name", ["T001", "T028", "T092", "T106", "T117"])
def test_it_starts_from_a_teaching_case_and_shows_its_reasons_with_their_source(name):
    explorer = explore_case(name)
    assert explorer.story == DECK.loc[name, "story"]
    assert explorer.explanation.recommendation == DECK.loc[name, "expected"]
    for reason in (*explorer.explanation.supporting, *explorer.explanation.opposing):
        assert reason.source in explorer.view["reasons"]


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


def test_a_number_out_of_range_is_told_and_nothing_else_is_lost():
    explorer = explore_case({"pathology_result": "ambiguous"})
    before = dict(explorer.view)
    explorer.facts = explorer.facts | {"first_line_weeks": -2}
    assert "-2 is below the range 0 to 5,200 weeks" in explorer.view["problem"]
    assert explorer.view["verdict"] == before["verdict"] and explorer.facts["pathology_result"] == "ambiguous"
    explorer.facts = explorer.facts | {"first_line_weeks": 2}
    assert explorer.view["problem"] == ""


def test_another_start_forgets_what_was_set_and_start_again_goes_back():
    explorer = explore_case("T008")
    explorer.facts = {"rare_disease": True}
    explorer._handle_custom_msg({"button": "restart"}, [])
    assert explorer.facts == explain(DECK.loc["T008"]).facts
    explorer.start = ""
    assert explorer.facts == {} and explorer.story == ""


@pytest.mark.parametrize("name", ["T008", "T020", "T106", None])
def test_the_saved_row_reads_back_as_the_same_case(name):
    explorer, sent = explore_case(name), []
    explorer.send = sent.append
    explorer._handle_custom_msg({"button": "row"}, [])
    back = read_cases(pd.read_csv(io.StringIO(sent[0]["text"])))
    assert sent[0]["name"].endswith(".csv") and list(back.columns) == list(FACTS)
    assert explain(back).facts == explorer.facts == explain(explorer.to_frame()).facts


def test_the_saved_page_is_the_explanation_and_loads_nothing():
    explorer, sent = explore_case("T117"), []
    explorer.send = sent.append
    explorer._handle_custom_msg({"button": "page"}, [])
    text = sent[0]["text"]
    assert sent[0]["name"] == "case-T117.html" and text.startswith("<!doctype html>")
    assert explorer.explanation.to_html() in text
    assert "<script" not in text and "src=" not in text and "href=" not in text


def test_the_name_of_a_download_names_no_folder():
    explorer, sent = explore_case("T117"), []
    explorer.send = sent.append
    with pytest.raises(UnknownNameError):
        explorer.start = "../../evil name:"
    for button in ("row", "page"):
        explorer._handle_custom_msg({"button": button}, [])
    assert [told["name"] for told in sent] == ["case-evil-name.csv", "case-evil-name.html"]


@given(st.data())
def test_every_answer_to_the_next_question_leads_where_its_button_says(data):
    name = data.draw(st.sampled_from(list(DECK.index)))
    facts = explain(DECK.loc[name]).facts
    forgotten = data.draw(st.sets(st.sampled_from(sorted(facts)), min_size=1)) if facts else set()
    explorer = explore_case({k: v for k, v in facts.items() if k not in forgotten})
    asked = explorer.view["asked"]
    if asked is None:
        assert not explorer.explanation.next_questions
        return
    known = explorer.facts
    for value, words, leads in asked["choices"]:
        explorer.facts = known | {asked["fact"]: value}
        assert explorer.explanation.recommendation == leads.replace(" ", "_"), words


def test_the_form_asks_for_every_fact_once_topic_by_topic():
    form = explore_case().form
    assert [asked["name"] for asked in form] == list(FACTS)
    topics = [asked["topic"] for asked in form]
    assert len(set(topics)) == 1 + sum(a != b for a, b in pairwise(topics))
    assert all(asked["choices"] or asked["unit"] for asked in form)


def test_a_rule_book_of_ones_own_is_asked():
    only = RULE_BOOK.only("ambiguous-pathology")
    only_rare = only.replace("ambiguous-pathology", when=fact("rare_disease"), label="A rare disease")
    explorer = explore_case({"pathology_result": "ambiguous"}, only_rare)
    assert explorer.explanation.recommendation == "no_indication"
    explorer.facts = {"rare_disease": True}
    assert "A rare disease" in explorer.view["reasons"]
    assert len(explorer.starts) == len(deck()), "it reads the facts of the teaching cases"


def test_a_rule_book_with_facts_of_its_own_makes_its_own_form_and_has_no_teaching_cases():
    explorer = explore_case({"planned_procedure": "hysterectomy"}, rule_book=SGB27B)
    assert [asked["name"] for asked in explorer.form] == list(SGB27B.facts) and explorer.starts == []
    assert explorer.view["asked"]["fact"] == "procedure_urgent"
    explorer.facts = explorer.facts | {"procedure_urgent": False, "procedure_for_malignancy": False}
    assert explorer.explanation.recommendation == "recommended"
    assert explain(explorer.to_frame(), SGB27B).facts == explorer.facts
    for case in ("T008", deck()["T008"]):
        with pytest.raises(SecondopError):
            explore_case(case, rule_book=SGB27B)


def test_the_form_keeps_topics_together_and_knows_a_number_without_an_end():
    fever, cough = (
        flag("fever", "Is there a fever?", topic="now"),
        flag("cough", "Any cough?", topic="before"),
    )
    dose = number("dose", float("inf"), "mg", "How much was given?", topic="now")
    form = explore_case(rule_book=small_book(rule("ill", (dose >= 2) & cough & fever))).form
    assert [asked["name"] for asked in form] == ["dose", "fever", "cough"]
    assert json.loads(json.dumps(form, allow_nan=False))[0]["high"] is None


def test_where_no_kernel_runs_it_leaves_the_explanation():
    explorer = explore_case("T008")
    data, metadata = explorer._repr_mimebundle_()
    assert data["text/html"].endswith(explorer.explanation.to_html()) and metadata == {"still": True}
    assert escape(explorer.story) in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
