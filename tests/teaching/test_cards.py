"""The case deck: what a prediction is told, which variants of a case there are, and how the cards show it."""

import re
import sys
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.assess import assess
from secondop.rules.explain import explain
from secondop.rules.facts import FACTS
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.indications import RULE_BOOK
from secondop.teaching import deck
from secondop.teaching.cards import TeachingCase

CASES = deck()
FULL = CASES["T107"]  # everything asked, nothing found: the background of the others
SPARSE = ["T106", "T113", "T114"]  # next to nothing is recorded
UNUSUAL = {c.id: {f for f in FACTS if c.facts.get(f) != FULL.facts.get(f)} for c in CASES}
any_case = st.sampled_from(list(CASES))
any_seed = st.integers(0, 2**64)


def verdicts(*cases):
    """All that the public assessment says of cases: one dict each."""
    frame = pd.DataFrame([{name: case.facts.get(name) for name in FACTS} for case in cases], dtype=object)
    assessed = assess(frame, verdicts=True).drop(columns=list(FACTS)).astype(object)
    return assessed.where(assessed.notna(), None).to_dict("records")


def changed(case, other):
    return {name for name in FACTS if case.facts.get(name) != other.facts.get(name)}


# The deck


def test_the_deck_is_read_by_position_by_id_and_in_parts():
    assert len(CASES) == 124 and CASES[0].id == "T001" and CASES[-1] is CASES["T124"]
    assert [case.id for case in CASES[1:3]] == ["T002", "T003"]
    assert [case.id for case in CASES] == sorted(case.id for case in CASES)
    with pytest.raises(IndexError):
        CASES[124]
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_exactly_one_of_five_answers_is_right_and_every_answer_is_told_why(case):
    told = {level: case.check(level) for level in RECOMMENDATIONS}
    assert [level for level, feedback in told.items() if feedback] == [explain(case.facts).recommendation]
    for level, feedback in told.items():
        assert case.why in feedback.words
        assert f"“{case.expected.replace('_', ' ')}”" in feedback.words
        for reason in case.deciding:
            for part in (reason.rule.statement, reason.rule.label, reason.source):
                assert part in feedback.words, (case.id, part)
        if level != case.expected:  # a mistake is told what it overlooked, besides what everybody is told
            assert len(feedback.words.splitlines()) == len(told[case.expected].words.splitlines()) + 1
        assert ("Not settled" in feedback.words) == explain(case.facts).undetermined


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
        "Severe or refractory symptoms make an indication press harder; they create none",
    ),
    ("T116", "urgent", "Severe or refractory symptoms make an indication press harder"),
    ("T074", "recommended", "Only the patient's wish argues for it"),
    ("T123", "urgent", "wishes make it optional, however many they are"),
    ("T110", "not needed", "it cancels no indication and no wish"),  # stable, with a worrying spot
    ("T111", "not needed", "it cancels no indication and no wish"),  # all is well, and still she asks
    ("T107", "not needed", "“Not needed” takes a counter-indication, and none is known to hold"),
    ("T122", "optional", "The wish counts apart; a clinical indication stands above it"),
    ("T115", "urgent", "several do not add up to it"),  # five clinical reasons
    ("T019", "recommended", "The highest level among the rules that hold decides"),
    ("T074", "no indication", "A patient's wish needs no clinical reason beside it"),
    ("T092", "no indication", "a counter-indication against it"),
    ("T032", "no indication", "One indication that holds is enough"),
    ("T002", "recommended", "“Recommended” takes a clinical indication that holds"),
    ("T002", "optional", "“Optional” takes a wish of the patient"),
]


@pytest.mark.parametrize(("case", "answer", "overlooked"), MISTAKES)
def test_a_mistake_is_told_what_it_overlooked(case, answer, overlooked):
    feedback = CASES[case].check(answer)
    assert feedback.correct is False and overlooked in feedback.words.splitlines()[1]


def test_a_rule_that_does_not_hold_is_told_with_what_would_make_it_and_an_open_one_with_the_gap():
    assert "does not hold; it would with suspicion: moderate → high." in CASES["T002"].check("urgent").words
    assert "is open; not recorded: suspicion." in CASES["T003"].check("urgent").words


# Variants


@pytest.fixture(scope="module")
def variants():
    """Two variants of every case."""
    return {case.id: [case.variant(seed) for seed in (1, 2)] for case in CASES}


@pytest.mark.parametrize("which", [0, 1])
def test_every_variant_of_every_case_keeps_the_answer_and_every_verdict(variants, which):
    got = verdicts(*(pair[which] for pair in variants.values()))
    assert got == verdicts(*CASES)
    assert [case.expected for case in CASES] == [row["recommendation"] for row in got]


@given(case=any_case, seed=any_seed)
def test_the_same_seed_gives_the_same_variant_and_it_leaves_the_story_alone(case, seed):
    variant = case.variant(seed)
    assert variant == case.variant(seed) and variant.facts == case.variant(seed).facts
    assert replace(variant, facts=case.facts) == case  # title, story, expected, why and about
    holding = [r.rule for r in explain(case.facts).reasons if r.verdict is not False]
    read = {name for rule in [*holding, *map(RULE_BOOK.__getitem__, case.about)] for name in rule.facts}
    told = {"sex", "specialty", "condition"} | UNUSUAL[case.id] | read
    assert not changed(case, variant) & told
    assert all(FACTS[name].accepts(value) for name, value in variant.facts.items())
    assert case.facts == CASES[case.id].facts


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
@pytest.mark.parametrize("which", [0, 1])
def test_what_hangs_together_stays_together_in_a_variant(variants, case, which):
    variant = variants[case.id][which]
    moved = changed(case, variant)
    facts = variant.facts
    if "first_line_weeks" in moved:  # two weeks into a treatment that begins to help may be one or three
        assert facts["first_line_weeks"] in (1, 3) and facts["symptom_course"] == "improving"
        assert facts["treatment_response"] == "as_expected" and facts["drug_trials"] == 1
    if "confidence_in_plan" in moved:  # full confidence goes with no doubt and no wish
        assert not any(facts[n] for n in FACTS if n.startswith(("wants", "unsure", "concerns")))
        assert facts["treatment_response"] in ("as_expected", "not_treated")
    if facts.get("quality_of_life_impact") == "none":  # no operation leaves daily life as it was
        assert facts["procedure_proposed"] == "none" and not facts["chemotherapy_proposed"]
    if "treatment_risk" in moved:
        assert facts["treatment_risk"] == "moderate"
    gone = {name for name in moved if name not in facts}
    assert "topical_steroid_trial_adequate" not in gone or facts["condition"] != "phimosis"
    assert "genital_surgery_reason" not in gone or facts["genital_surgery_proposed"] is False
    assert "prognosis_given_by" not in gone or facts["advanced_cancer"] is False
    assert "specialist_follow_up" not in gone or facts["cancer_history"] == "none"


def test_variants_differ_from_the_case_and_from_each_other(variants):
    differ = []
    for case in CASES:
        one, other = variants[case.id]
        differ += [len(changed(case, one)), len(changed(case, other))]
        if case.id in SPARSE:
            assert one.facts == other.facts == case.facts
        else:
            assert min(differ[-2:]) >= 3 and one.facts != other.facts, case.id
            assert len({case.to_html(), one.to_html(), other.to_html()}) == 3, case.id
    assert 5 < sum(differ) / len(differ) < 7


def test_a_case_in_which_everything_was_asked_has_no_variant_with_a_gap():
    assert all(len(FULL.variant(seed).facts) == len(FACTS) for seed in range(20))


@pytest.mark.parametrize("seed", [None, -1, 1.5, "1", True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(SecondopError, match="seed is a whole number from 0"):
        CASES[0].variant(seed)


# How it shows


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_a_card_shows_what_tells_first_then_what_is_not_recorded_and_folds_the_rest():
    shown = CASES["T003"].to_html()
    front, _, rest = shown.partition("<details")
    assert "first workup: negative" in text(front) and "Not recorded: suspicion" in text(front)
    assert "rare disease" not in front and "rare disease: no" in text(rest)
    for case in CASES:
        words = text(case.to_html())
        assert case.story in words and case.why not in words
        for name, fact in FACTS.items():
            assert words.count(f" {fact.label}: ") == (name in case.facts), (case.id, name)
        assert f"Not recorded: {len(FACTS)} facts" in words or case.facts


def test_everything_that_a_card_shows_is_escaped():
    evil = "<script>alert(1)</script>"
    case = TeachingCase("X", evil, evil, {"sex": "male"}, ("patient-unsure",), "no_indication", evil)
    shown = case.to_html() + case.check("urgent")._repr_html_() + case.variant(1).to_html()
    shown += replace(case, facts={"sex": evil}).to_html()
    assert "<script" not in shown and shown.count("&lt;script&gt;") == 8


@pytest.fixture
def cards():
    from secondop.teaching.cards import _DeckView

    return _DeckView(CASES)


def test_the_cards_are_gone_through_predicted_and_revealed(cards):
    view = cards.view
    assert view.back.disabled and "Case 1 of 124" in view.place.value and CASES[0].title in view.card.value
    view.on.click()
    assert "Case 2 of 124" in view.place.value and cards.chooser.value == 1 and not view.back.disabled
    cards.chooser.value = 123
    assert CASES["T124"].story in unescape(view.card.value) and view.on.disabled
    cards.chooser.value = 1
    view.act.click()
    assert 'role="status"' in view.told.value and "Not answered yet" in view.told.value
    assert CASES["T002"].why not in view.told.value
    view.choice.value = "recommended"
    assert view.told.value == ""
    view.act.click()
    assert "Not quite" in view.told.value and CASES["T002"].why in view.told.value
    assert "No indication for a second opinion" in view.told.value  # the explanation
    view.choice.value = "no_indication"
    view.act.click()
    assert "Right." in view.told.value
    view.back.click()
    assert view.told.value == "" and view.choice.value is None


def test_a_deck_shows_live_cards_and_leaves_the_first_card_without_its_answer():
    few = CASES[:2]
    data, about = few._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and about == {"still": True}
    assert CASES[0].story in unescape(data["text/html"]) and "Case 1 of 2" in data["text/html"]
    assert CASES[0].why not in unescape(data["text/html"])
    assert few.widget is few.widget


def test_without_ipywidgets_the_deck_is_plain_data_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    cases = deck()
    assert cases["T008"].check("recommended")
    with pytest.raises(SecondopError, match=r'pip install "secondop\[lab\]"'):
        cases._repr_mimebundle_()
