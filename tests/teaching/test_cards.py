"""The case deck: what a prediction is told, and how the cards show it."""

import re
import sys
from dataclasses import replace
from html import unescape

import pytest

from secondop import RULE_BOOK, SecondopError, UnknownNameError, explain
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import deck
from secondop.teaching.cards import TeachingCase
from tests.kit import sampled

CASES, FACTS = deck(), RULE_BOOK.facts
FULL = CASES["T107"]  # everything asked, nothing found: the background of the others


# The deck


def test_the_deck_is_read_by_position_by_id_and_in_parts():
    assert len(CASES) == 152 and CASES[0].id == "T001" and CASES[-1] is CASES["T152"]
    assert [case.id for case in CASES[1:3]] == ["T002", "T003"]
    assert [case.id for case in CASES] == sorted(case.id for case in CASES)
    with pytest.raises(IndexError):
        CASES[152]
    with pytest.raises(UnknownNameError, match=r"no teaching case 'T08'\. Did you mean 'T"):
        CASES["T08"]
    with pytest.raises(TypeError):
        CASES[0] = CASES[1]


def test_a_case_states_facts_as_the_vocabulary_has_them_and_only_those_recorded():
    for case in CASES:
        assert all(FACTS[name].accepts(value) for name, value in case.facts.items()), case.id
        assert list(case.facts) == [name for name in FACTS if name in case.facts]
        assert set(case.about) <= {rule.name for rule in RULE_BOOK}
    assert CASES["T106"].facts == {} and FULL.facts == FULL.usual and len(FULL.facts) == len(FACTS)


# What a prediction is told


@pytest.mark.parametrize("case", sampled(CASES), ids=lambda case: case.id)
def test_exactly_one_of_five_answers_is_right_and_every_answer_is_told_why(case):
    told, explained = {level: case.check(level) for level in RECOMMENDATIONS}, explain(case.facts)
    assert [level for level, feedback in told.items() if feedback] == [explained.recommendation]
    for level, feedback in told.items():
        assert case.why in feedback.words
        assert f"“{case.expected.replace('_', ' ')}”" in feedback.words
        for reason in case.told:
            for part in (reason.rule.statement, reason.rule.label, reason.source):
                assert part in feedback.words, (case.id, part)
        if level != case.expected:  # a mistake is told what it overlooked, besides what everybody is told
            assert len(feedback.words.splitlines()) == len(told[case.expected].words.splitlines()) + 1
        assert ("Provisional" in feedback.words) == explained.undetermined


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ("not needed", True),
        ("not_needed", True),
        ("Not-needed", True),
        ("  NOT NEEDED ", True),
        ("urgent", False),
        (..., None),
        (None, None),
        ("", None),
        ("  ", None),
    ],
)
def test_an_answer_is_understood_however_it_is_spelt_and_open_is_not_wrong(answer, correct):
    feedback = CASES["T092"].check(answer)
    assert feedback.correct is correct
    assert (correct is None) == feedback.words.startswith("Choose not needed, no indication")


@pytest.mark.parametrize("answer", ["recomended", "yes", "not  neded", 3, True, 2.5, ["urgent"], b"urgent"])
def test_an_answer_that_is_none_of_the_five_is_refused_with_those_that_are(answer):
    with pytest.raises(UnknownNameError, match=r"no recommendation .*not_needed.*urgent"):
        CASES[0].check(answer)


MISTAKES = [
    # case, what was predicted, what it overlooked
    ("T003", "recommended", "It could become “recommended” once more is known"),  # suspicion is not recorded
    ("T022", "urgent", "It could become “urgent”"),  # nobody looked
    (
        "T028",
        "recommended",
        "Severe or refractory symptoms strengthen an indication; they are none by themselves",
    ),
    ("T116", "urgent", "Severe or refractory symptoms strengthen an indication"),
    ("T074", "recommended", "Only the patient's wish is a reason for it"),
    ("T123", "urgent", "wishes make it optional, however many they are"),
    ("T110", "not needed", "A reason against cancels no indication and no wish"),  # stable, a new spot
    ("T111", "not needed", "A reason against cancels no indication and no wish"),  # well, and asks
    ("T107", "not needed", "“Not needed” takes a reason against, and none is known to fire"),
    ("T122", "optional", "The wish counts apart; a clinical indication stands above it"),
    ("T115", "urgent", "several do not add up to it"),  # five clinical reasons
    ("T019", "recommended", "The highest level among the rules that fire decides"),
    ("T074", "no indication", "A patient's wish needs no clinical reason beside it"),
    ("T092", "no indication", "a reason against is"),
    ("T032", "no indication", "One indication that fires is enough"),
    ("T002", "recommended", "“Recommended” takes a clinical indication that fires"),
    ("T002", "optional", "“Optional” takes a wish of the patient"),
]


@pytest.mark.parametrize(("case", "answer", "overlooked"), MISTAKES)
def test_a_mistake_is_told_what_it_overlooked(case, answer, overlooked):
    feedback = CASES[case].check(answer)
    assert feedback.correct is False and overlooked in feedback.words.splitlines()[1]


def test_a_rule_that_does_not_fire_is_told_with_what_would_make_it_and_an_unjudged_one_with_the_gap():
    assert "does not fire; it would with suspicion: moderate → high." in CASES["T002"].check("urgent").words
    assert "cannot be judged; not recorded: suspicion." in CASES["T003"].check("urgent").words


def test_a_rule_is_told_with_what_is_the_projects_own_reading_and_a_case_with_what_is_disputed():
    case = CASES["T057"]  # a change towards cancer, which the article does not call urgent
    assert case.disputed and case.check("urgent").words.splitlines()[-1] == case.dispute
    assert case.dispute == f"A clinician may see it otherwise. {case.disputed}"
    assert not CASES["T008"].disputed and "otherwise" not in CASES["T008"].check("urgent").words
    for fires in ("T020", "T125", "T131"):  # it fires, it does not, it cannot be judged
        told = CASES[fires].check("optional").words.splitlines()
        remarks = {RULE_BOOK[rule].remark for rule in CASES[fires].about} - {""}
        assert all(any(line.endswith(f". {remark}") for line in told) for remark in remarks), fires
    assert {RULE_BOOK[rule].remark for rule in CASES["T020"].about} != {""}


# How it shows


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_a_card_shows_what_tells_and_what_is_not_recorded_and_never_the_answer():
    shown = text(CASES["T003"].to_html())
    assert f"{FACTS['first_workup'].label}: negative" in shown and "Not recorded: " in shown
    assert f"{FACTS['rare_disease'].label}: no" not in shown
    for case in CASES:
        words = text(case.to_html())
        assert case.story in words and case.why not in words
        assert all(f"{FACTS[name].label}: " in words for name in case.front), case.id
        assert f"{len(case.facts) - len(case.front)} facts" in words


def test_everything_that_a_card_shows_is_escaped():
    evil = "<script>alert(1)</script>"
    case = TeachingCase("X", evil, evil, {"sex": "male"}, ("patient-unsure",), "no_indication", evil)
    shown = case.to_html() + case.check("urgent")._repr_html_() + replace(case, facts={"sex": evil}).to_html()
    assert "<script" not in shown and shown.count("&lt;script&gt;") == 6


def test_a_deck_shows_live_cards_and_leaves_the_first_card_without_its_answer():
    few = CASES[:2]
    data, about = few._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and about == {"still": True}
    assert CASES[0].story in unescape(data["text/html"]) and "Item 1 of 2" in data["text/html"]
    assert CASES[0].why not in unescape(data["text/html"])
    assert few.widget is few.widget and [case["id"] for case in few.widget.data["cases"]] == ["T001", "T002"]


def test_without_widgets_the_deck_is_plain_data_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "secondop.teaching.screen", raising=False)
    cases = deck()
    assert cases["T008"].check("recommended")
    with pytest.raises(SecondopError, match=r'pip install "secondop\[lab\]"'):
        cases._repr_mimebundle_()
