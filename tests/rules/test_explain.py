"""What an explanation says of one case, to whom, and that nothing in it can be more than text."""

import itertools
import json
from decimal import Decimal

import jinja2
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.answers import answers
from secondop.rules.assess import assess
from secondop.rules.conditions import at_least
from secondop.rules.explain import explain
from secondop.rules.facts import category, count, flag, ordered
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Advice, Source
from secondop.words import NOT_FOR_CARE, render
from tests.kit import Page, examples, rule, says, small_book

FEVER, RASH = flag("fever", "Do you have a fever?", term="pyrexia"), flag("rash", "Do you have a rash?")
PAIN = ordered("pain", "none some strong", "How much does it hurt?")
DRUGS = count("drugs", 50, "drugs", "How many drugs did you try?")
TISSUE = category("tissue", "none clear unclear", "What did the tissue show?")
IMAGING = small_book(
    rule("scan", (PAIN >= "some") & ~FEVER, statement="S1", consult="a radiologist", locator="page 3"),
    rule("alarm", RASH, "urgent", consult="a ward", stronger_when=PAIN >= "strong"),
    rule("wish", DRUGS >= 3, "optional", source="study"),
    rule("calm", TISSUE.is_in("clear"), "against"),
    rule("hurts", PAIN >= "strong", "amplifier"),
    subject="imaging review",
    title="Imaging at our clinic",
    updated="2026-02-01",
    status="draft",
    sources=[Source("sop", "Our own SOP"), Source("study", "A study", "primary study")],
    advice=[
        Advice("K1", "It is warm.", when=FEVER, if_unknown="It may be warm."),
        Advice("K2", "Think twice.", only_without_clinical=True),
        Advice("K3", "Look again.", only_with_clinical=True),
        Advice("N1", "Bring the film.", next_step=True),
        Advice("N2", "Bring the slide.", when=~TISSUE.is_in("none"), next_step=True),
    ],
    also=[FEVER, RASH, PAIN, DRUGS, TISSUE],
)
EVERYTHING = {"rash": True, "pain": "strong", "drugs": 9, "tissue": "clear"}
NOTHING = {"fever": False, "rash": False, "pain": "none", "drugs": 0, "tissue": "none"}


def names(reasons):
    return [reason.rule.name for reason in reasons]


SAYS = [
    # what is known besides, recommendation, possible, reasons for, against, headline
    ({}, "no_indication", "no_indication", "", "", "No indication for an imaging review."),
    ({"rash": 1}, "urgent", "urgent", "alarm", "", "An imaging review is recommended, urgently."),
    ({"pain": "some"}, "recommended", "recommended", "scan", "", "An imaging review is recommended."),
    ({"drugs": 3}, "optional", "optional", "wish", "", "An imaging review is the patient's choice."),
    ({"tissue": "clear"}, "not_needed", "not_needed", "", "calm", "An imaging review may not be needed."),
    (
        EVERYTHING,
        "urgent",
        "urgent",
        "alarm scan wish",
        "calm",
        "An imaging review is recommended, urgently.",
    ),
    (
        {"rash": None, "pain": "some"},
        "recommended",
        "urgent",
        "scan",
        "",
        "An imaging review is recommended.",
    ),
    ({"rash": None, "drugs": None}, "no_indication", "urgent", "", "", "No indication"),
]


@pytest.mark.parametrize(("known", "stands", "possible", "supporting", "opposing", "headline"), SAYS)
def test_reasons_for_and_against_stand_side_by_side_strongest_first(
    known, stands, possible, supporting, opposing, headline
):
    told = explain(NOTHING | known, IMAGING)
    assert (told.recommendation, told.possible, told.undetermined) == (stands, possible, stands != possible)
    assert (names(told.supporting), names(told.opposing)) == (supporting.split(), opposing.split())
    assert told.headline.startswith(headline)
    assert told.outlook.split()[0].rstrip(":") == ("Provisional" if stands != possible else "Final")


@pytest.mark.parametrize("book", [RULE_BOOK, SGB27B, IMAGING], ids=lambda book: book.title)
def test_a_case_with_nothing_recorded_is_open_and_never_read_as_no(book):
    told = explain({}, book)
    assert (told.recommendation, told.undetermined) == ("no_indication", True)
    assert told.supporting == told.opposing == ()
    assert len(told.cannot_be_judged) == len(book) - len(book.of_kind("amplifier"))
    amplifiers = {n for r in book.of_kind("amplifier") for n in r.facts}
    decisive = {n for r in book if r.kind != "amplifier" for n in r.facts}
    assert {q.fact for q in told.next_questions} == decisive >= set(book.rule_facts) - amplifiers


# ------------------------------------------------------------------ for whom it is read


def test_a_patient_reads_questions_and_a_clinician_terms_statements_and_places():
    case = NOTHING | {"pain": "strong"}
    patient, clinician = (explain(case, IMAGING, audience=a) for a in ("patient", "clinician"))
    ((to_patient,), (to_clinician,)) = patient.supporting, clinician.supporting
    assert to_patient.words == "How much does it hurt? strong; Do you have a fever? no"
    assert to_clinician.words == "pain: strong; pyrexia: no"
    assert (to_patient.source, to_clinician.source) == ("sop (guideline)", "sop, page 3 (guideline)")
    assert to_patient.seen == to_clinician.seen == {"pain": "strong", "fever": False}
    shown = [Page(told.to_html()).words for told in (patient, clinician)]
    assert ["S1" in words for words in shown] == ["(K3)" in words for words in shown] == [False, True]
    with pytest.raises(SecondopError, match="Did you mean 'patient'"):
        explain(case, IMAGING, audience="patients")


def test_a_reason_says_what_strengthens_it_and_a_wish_is_not_strengthened():
    told = explain(NOTHING | {"rash": True, "pain": "strong", "drugs": 3}, IMAGING)
    notes = {r.rule.name: r.note for r in told.reasons}
    assert notes["alarm"] == "stronger, since pain is at least strong; strengthened by: Reason hurts"
    assert (notes["scan"], notes["wish"], notes["calm"]) == ("strengthened by: Reason hurts", "", "")
    weaker = explain(NOTHING | {"rash": True, "pain": None}, IMAGING)
    assert not any(reason.note for reason in weaker.reasons)


def test_it_speaks_of_its_own_book_alone():
    for case, audience in itertools.product(({}, NOTHING, EVERYTHING), ("patient", "clinician")):
        told = explain(case, IMAGING, audience=audience)
        for text in (told.to_html(), repr(told), json.dumps(told.to_dict())):
            assert "imaging review" in text and "second opinion" not in text.lower()
    assert told.about == "Imaging at our clinic. Version 1, updated 2026-02-01, draft."
    assert told.about in Page(told.to_html()).words and told.about in repr(told)


ADVISED = [
    # what is known besides, cautions, next steps
    ({}, "K2", "N1"),
    ({"fever": True}, "K1 K2", "N1"),
    ({"fever": None}, "K1 K2", "N1"),
    ({"rash": True}, "K3", "N1"),
    ({"rash": None}, "", "N1"),  # a clinical reason may yet be found
    ({"drugs": 5, "tissue": "clear"}, "K2", "N1 N2"),
    ({"tissue": None}, "K2", "N1"),
]


@pytest.mark.parametrize(("known", "cautions", "steps"), ADVISED)
def test_advice_is_said_where_it_applies(known, cautions, steps):
    told = explain(NOTHING | known, IMAGING)
    assert " ".join(a.statement for a in told.cautions) == cautions
    assert " ".join(a.statement for a in told.next_steps) == steps
    words = {True: "It is warm.", None: "It may be warm."}.get(known.get("fever", False))
    assert [a.words for a in told.cautions if a.statement == "K1"] == ([words] if words else [])


def test_whom_to_see_follows_the_strongest_reason():
    assert explain(NOTHING | {"rash": True, "pain": "some"}, IMAGING).consult == ("a ward", "a radiologist")


# ------------------------------------------------------------------ what to ask, and what would do


def test_a_question_says_what_each_answer_would_lead_to():
    (asked,) = explain(NOTHING | {"drugs": None, "rash": True}, IMAGING.without("alarm")).next_questions
    assert (asked.fact, asked.question, asked.makes_final) == ("drugs", "How many drugs did you try?", True)
    assert asked.outcomes == "less than 3 drugs → no indication; at least 3 drugs → optional"


SETTLED = [
    # what is known, whether an answer to the first question could settle the case
    ("an answer reaches all that is open", [rule("a", FEVER)], True),
    ("an answer rules out all that is open", [rule("a", FEVER & RASH)], True),
    ("an answer leaves another rule open", [rule("a", FEVER & RASH), rule("b", PAIN >= "some")], False),
    ("nothing could raise it, and an answer speaks against", [rule("c", FEVER, "against")], True),
]


@pytest.mark.parametrize(("why", "rules", "makes_final"), SETTLED)
def test_a_question_says_whether_an_answer_could_make_it_final(why, rules, makes_final):
    asked = {q.fact: q for q in explain({}, small_book(*rules, also=[FEVER, RASH, PAIN])).next_questions}
    assert asked["fever"].makes_final is makes_final, why


def test_what_could_only_say_not_needed_raises_nothing_and_is_still_worth_asking():
    told = explain(NOTHING | {"tissue": None}, IMAGING)
    assert (told.recommendation, told.undetermined) == ("no_indication", False)
    (asked,) = told.next_questions
    assert (asked.fact, asked.outcomes) == ("tissue", "none or unclear → no indication; clear → not needed")
    assert told.outlook.startswith("Nothing could raise it; missing information could")


def test_nothing_is_asked_once_the_highest_level_stands():
    told = explain({"rash": True}, IMAGING)
    assert told.next_questions == () and told.outlook.startswith("Final")


OPEN = rule("open", FEVER & ~RASH & (DRUGS >= 9), "urgent")
RANKED = [
    # what decides the order, rules, asked first
    ("the level that can be reached", [rule("a", FEVER), rule("b", RASH, "urgent")], "rash"),
    ("whether an answer settles it", [rule("a", FEVER), rule("b", RASH), OPEN], "rash"),
    ("how many answers change it", [rule("a", FEVER), rule("b", PAIN >= "some")], "pain"),
    ("how many open rules read it", [rule("a", FEVER), rule("b", RASH), rule("c", RASH)], "rash"),
    ("the order of the book, if nothing else", [rule("b", RASH), rule("a", FEVER)], "fever"),
    ("what it could still help to reach", [rule("a", RASH & FEVER), rule("b", RASH, "urgent")], "rash"),
]


@pytest.mark.parametrize(("decides", "rules", "first"), RANKED)
def test_the_most_decisive_question_comes_first(decides, rules, first):
    asked = explain({}, small_book(*rules, also=[FEVER, RASH, PAIN, DRUGS])).next_questions
    assert asked[0].fact == first, decides


WHY_NOT = [
    # rule, what is known, the smallest change
    ("calm", {"tissue": "unclear"}, ["tissue: unclear → clear"]),
    ("wish", {"drugs": 2}, ["drugs: 2 → at least 3 drugs"]),
    ("scan", {"fever": True, "pain": "none"}, ["pain: none → some", "pyrexia: yes → no"]),
    ("scan", {"pain": "none"}, ["pain: none → some", "pyrexia: not recorded → no"]),  # the nearest level
    ("scan", {"fever": False, "pain": "none"}, ["pain: none → some or strong"]),
    ("alarm", {}, ["rash: not recorded → yes"]),
]


@pytest.mark.parametrize(("name", "case", "changes"), WHY_NOT)
def test_why_not(name, case, changes):
    assert [str(change) for change in explain(case, IMAGING).why_not[name]] == changes


def test_a_level_moves_no_farther_than_it_must():
    mild = small_book(rule("mild", (PAIN < "strong") & FEVER))
    changes = explain({"pain": "strong", "fever": False}, mild).why_not["mild"]
    assert list(map(str, changes)) == ["pain: strong → some", "pyrexia: no → yes"]


def test_a_rule_that_nothing_could_make_fire_says_none():
    never = small_book(rule("never", FEVER & ~FEVER))
    assert explain({"fever": True}, never).why_not == {"never": None}
    assert "no answer would" in explain({}, never).outlook


VALUES = {"fever": [False, True], "rash": [False, True], "pain": list(PAIN.levels), "drugs": [0, 1, 2, 3]}
LEAVES = [FEVER.as_condition(), RASH.as_condition(), PAIN >= "some", PAIN < "strong", DRUGS >= 2, DRUGS < 1]
CONDITIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda part: st.one_of(
        st.builds(lambda a, b: a & b, part, part),
        st.builds(lambda a, b: a | ~b, part, part),
        st.builds(lambda a, b, c: at_least(2, a, b, c), part, part, part),
    ),
    max_leaves=4,
)
SMALL_CASES = st.fixed_dictionaries({n: st.sampled_from([None, *values]) for n, values in VALUES.items()})


@given(CONDITIONS, SMALL_CASES)
def test_why_not_is_the_smallest_change_that_brute_force_finds(when, case):
    told = explain(case, small_book(rule("r", when), also=[FEVER, RASH, PAIN, DRUGS]))
    if says(when, case) is True:
        assert told.why_not == {}
        return

    def cost(state):
        """Recorded facts that change, facts that are learned, and steps along ordered levels."""
        changed = [name for name, value in state.items() if value != case[name]]
        learned = sum(case[name] is None for name in changed)
        steps = [
            abs(PAIN.levels.index(state[n]) - PAIN.levels.index(case[n]))
            for n in changed
            if n == "pain" and case[n]
        ]
        return len(changed) - learned, learned, sum(steps)

    values = [[case[name]] if case[name] is None else [] for name in when.facts]
    values = [[*gap, *VALUES[name]] for gap, name in zip(values, when.facts, strict=True)]
    states = [dict(zip(when.facts, state, strict=True)) for state in itertools.product(*values)]
    fires = [state for state in states if says(when, state) is True]
    changes = told.why_not["r"]
    assert (changes is None) == (fires == [])
    picked = []
    for picks in itertools.product(*(change.needed for change in changes or ())):
        then = {
            change.fact.name: next(
                value for value, said in answers(change.fact, [when]).items() if said == words
            )
            for change, words in zip(changes or (), picks, strict=True)
        }
        picked.append({name: case[name] for name in when.facts} | then)
    assert not fires or all(says(when, state) is True for state in picked)
    assert not fires or min(map(cost, picked)) == min(map(cost, fires))


# ------------------------------------------------------------------ a case in any shape

CASE = {"drugs": 3, "rash": True, "tissue": "clear", "fever": np.nan, "id": "K7"}
SHAPES = {
    "dict": CASE,
    "dict of odd spellings": {"Drugs": "3.0", "RASH": "Yes", "tissue ": " CLEAR", "fever": "n/a", "id": "K7"},
    "series": pd.Series(CASE),
    "pandas row": pd.DataFrame([CASE]).iloc[0],
    "pandas": pd.DataFrame([CASE]),
    "pandas on pyarrow": pd.DataFrame([CASE]).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame([CASE]),
    "pyarrow": pa.Table.from_pylist([CASE]),
    "assessed": assess(pd.DataFrame([CASE]), IMAGING, verdicts=True).iloc[0],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_case_may_come_in_any_shape(shape):
    told = explain(SHAPES[shape], IMAGING)
    assert told.facts == {"rash": True, "drugs": 3, "tissue": "clear"} and told.recommendation == "urgent"
    assert told.extras["id"] == "K7" and (set(told.extras) == {"id"} or shape == "assessed")


def test_every_mistake_is_named_at_once():
    with pytest.raises(CasesError) as caught:
        explain({"tissue": "odd", "drugs": -1, "rassh": "yes", "fever": "maybe", "age": 7}, IMAGING)
    assert list(caught.value.problems["column"]) == ["fever", "drugs", "tissue", "rassh"]
    assert "4 problems in 1 case" in str(caught.value) and "Did you mean 'rash'?" in str(caught.value)


def test_a_misspelt_fact_alone_is_told_without_a_warning():
    with pytest.raises(CasesError, match=r"'rassh'.*is no fact\. Did you mean 'rash'"):
        explain({"rassh": "yes"}, IMAGING)


@pytest.mark.parametrize(
    "case", [pd.DataFrame([CASE, CASE]), pd.DataFrame([CASE])[:0], "a case", 3, None, [CASE]]
)
def test_what_is_not_one_case_is_refused(case):
    with pytest.raises(SecondopError, match="explain takes one case"):
        explain(case, IMAGING)


# ------------------------------------------------------------------ shown


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        ([rule("a", FEVER)], ["no indication", "recommended"]),
        ([rule("a", FEVER, "urgent"), rule("b", RASH, "against")], ["not needed", "no indication", "urgent"]),
        ([rule("a", FEVER, "optional"), rule("b", RASH, "amplifier")], ["no indication", "optional"]),
    ],
)
def test_the_verdict_shows_the_steps_that_the_book_can_reach_and_no_others(rules, steps):
    told = explain({"fever": False, "rash": False}, small_book(*rules))
    verdict = Page(told.to_html()).words.partition(told.outlook)[0]
    shown = [line.removesuffix("✓").strip() for line in verdict.splitlines()]
    known = [level.replace("_", " ") for level in RECOMMENDATIONS]
    assert [line for line in shown if line in known] == steps


EVIL = "</script><img onerror=alert(1) src=x>{{ 7*7 }}\"' onload='x"


def with_evil_texts():
    """The book with that text in each of its texts but those that must be plain words."""
    data = json.loads(IMAGING.to_json())
    plain = {
        "name",
        "kind",
        "level",
        "grade",
        "levels",
        "op",
        "fact",
        "also",
        "valid_from",
        "valid_to",
        "is_in",
        "value",
    }

    def soil(part, key=""):
        if isinstance(part, dict):
            return {k: part[k] if k in plain else soil(part[k], k) for k in part}
        return (
            [soil(x, key) for x in part]
            if isinstance(part, list)
            else part + EVIL
            if isinstance(part, str)
            else part
        )

    return RuleBook.from_json(json.dumps(soil(data)))


@pytest.mark.parametrize("audience", ["patient", "clinician"])
@pytest.mark.parametrize("known", [dict.fromkeys(EVERYTHING), EVERYTHING])
def test_no_text_of_a_book_or_a_case_is_ever_more_than_text(audience, known):
    case = known | {EVIL: EVIL, "note": [EVIL], "huge": 10**6000, "</div>": "<b>"}
    told = explain(case, with_evil_texts(), audience=audience)
    html = told.to_html()
    page = Page(html)
    assert page.tags <= {"div", "span", "details", "summary"} and page.attributes <= {"style"}
    assert "<img" not in html and "</script" not in html and "49" not in page.words
    page = Page(told.rule_book._repr_html_())
    assert page.tags <= {"div", "table", "thead", "tbody", "tr", "th", "td"} and page.attributes <= {"style"}
    assert page.words.count(EVIL) > 10 and json.loads(json.dumps(told.to_dict())) == told.to_dict()


def test_a_template_that_asks_for_what_is_not_there_fails():
    with pytest.raises(jinja2.UndefinedError):
        render("explanation.html.j2", e=explain({}, IMAGING), note=NOT_FOR_CARE, gaps=0)


@pytest.mark.parametrize("book", [IMAGING, RULE_BOOK], ids=lambda book: book.title)
@pytest.mark.parametrize(
    "case", [{}, {"pathology_result": "ambiguous", "diagnosis_clear_cut": 1}, {"pain": "some"}]
)
def test_notebook_and_terminal_say_the_same_and_what_it_is_not_for(book, case):
    told = explain({name: value for name, value in case.items() if name in book.facts}, book)
    shown, text = Page(told._repr_html_()).words, " ".join(repr(told).split())
    said = [
        told.headline,
        told.outlook,
        told.about,
        NOT_FOR_CARE,
        *(q.question for q in told.next_questions[:3]),
    ]
    said += [a.words for a in (*told.cautions, *told.next_steps[:3])]
    said += [r.rule.label for r in (*told.supporting, *told.opposing)]
    assert [words for words in said if words not in shown or words not in text] == []
    assert max(map(len, repr(told).splitlines())) <= 88


def test_many_recorded_facts_are_folded_and_a_few_stand_open():
    few = {"rare_disease": True, "sex": "female"}
    many = few | {name: False for name, fact in RULE_BOOK.facts.items() if fact.kind == "flag"}
    folded = ["What was recorded" in explain(case, RULE_BOOK).to_html() for case in (few, many)]
    assert folded == [False, True]
    assert all("What is your sex? female" in explain(case, RULE_BOOK).to_html() for case in (few, many))


def test_the_frame_has_a_row_a_rule_and_the_dict_is_plain_data():
    odd = {
        "seen": pd.Timestamp("2020-01-02"),
        "x": Decimal("sNaN"),
        "y": float("inf"),
        "z": np.float64(1),
        "n": pd.NaT,
    }
    told = explain({"tissue": "unclear", "drugs": 3, **odd}, IMAGING)
    frame = told.to_frame().set_index("rule")
    assert len(frame) == len(IMAGING) and frame["verdict"].dtype == "boolean"
    assert frame.loc[["wish", "calm", "alarm"], "verdict"].tolist() == [True, False, pd.NA]
    data = told.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data and data["note"] == NOT_FOR_CARE
    assert data["extras"] == {"seen": "2020-01-02 00:00:00", "x": "sNaN", "y": "inf", "z": 1.0, "n": None}


EXTRAS = st.dictionaries(
    st.text(max_size=5),
    st.one_of(
        st.text(max_size=9),
        st.floats(),
        st.integers(),
        st.decimals(),
        st.binary(max_size=3),
        st.dates(),
        st.none(),
    ),
    max_size=3,
)


@examples(40)
@given(EXTRAS)
def test_whatever_else_comes_with_a_case_is_shown_and_kept(extras):
    extras = {name: value for name, value in extras.items() if name.lower().strip() not in IMAGING.facts}
    try:
        told = explain({"rash": True} | extras, IMAGING)
    except CasesError:  # a name that is almost a fact's
        return
    assert told.extras.keys() == extras.keys()
    json.dumps(told.to_dict(), allow_nan=False)
    assert Page(told.to_html()).tags <= {"div", "span", "details", "summary"} and repr(told)
