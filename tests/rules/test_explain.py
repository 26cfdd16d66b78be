"""What an explanation says of one case, read as sentences and checked against brute force."""

import itertools
import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.rules.assess import assess
from secondop.rules.conditions import at_least, fact
from secondop.rules.domain import answers
from secondop.rules.explain import explain
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indication import RECOMMENDATIONS, Citation, Grade, Group, Indication, Level, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import NOT_FOR_CARE, RuleBook


def rule(name, when, level=Level.RECOMMENDED, **more):
    more = {"statement": "T1", "label": f"Reason {name}", "group": Group.UNCERTAINTY} | more
    return Indication(name, when=when, level=level, citation=Citation("test", "T1", Grade.PRIMARY), **more)


def book(*rules):
    return RuleBook(rules, sources=(("test", "A source made for a test"),))


def names(reasons):
    return [reason.rule.name for reason in reasons]


def test_a_case_with_nothing_recorded_is_open_and_is_never_read_as_no():
    explanation = explain({})
    assert (explanation.recommendation, explanation.possible) == ("no_indication", "urgent")
    assert explanation.undetermined
    assert explanation.headline == "No indication for a second opinion, so far."
    assert explanation.supporting == explanation.opposing == ()
    assert len(explanation.undecided) == 27  # all but the amplifier
    assert [q.fact for q in explanation.next_questions[:3]] == [
        "new_finding",  # four of its answers are urgent
        "complication_during_treatment",
        "neoplasia_concern",
    ]
    unasked = set(RULE_BOOK.facts) - {q.fact for q in explanation.next_questions}
    assert unasked == {"symptom_severity", "earlier_opinions"}  # an amplifier's and a caution's alone
    assert set(explanation.why_not) == {r.name for r in RULE_BOOK} - {"opinion-after-opinion"}


SAYS = [
    # what is known                                           stands           possible       for, against
    ({"neoplasia_concern": "yes"}, "urgent", "urgent", ["neoplasia-concern"], []),
    ({"pathology_result": "ambiguous"}, "recommended", "urgent", ["ambiguous-pathology"], []),
    ({"wants_second_opinion": True}, "optional", "urgent", ["patient-wants-one"], []),
    (
        {"diagnosis_clear_cut": 1, "plan_follows_guideline": 1},
        "not_needed",
        "urgent",
        [],
        ["clear-diagnosis-standard-plan"],
    ),
    (
        {"diagnosis_clear_cut": 1, "plan_follows_guideline": 1, "rare_disease": 1, "new_finding": "lump"},
        "urgent",
        "urgent",
        ["complication-or-new-finding"],
        ["clear-diagnosis-standard-plan"],
    ),
    (
        {"wants_second_opinion": 1, "neoplasia_concern": 1, "hereditary_condition_suspected": 1},
        "urgent",
        "urgent",
        ["neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one"],
        [],
    ),
]


@pytest.mark.parametrize("case, stands, possible, supporting, opposing", SAYS)
def test_reasons_for_and_against_stand_side_by_side_strongest_first(
    case, stands, possible, supporting, opposing
):
    explanation = explain(case)
    assert (explanation.recommendation, explanation.possible) == (stands, possible)
    assert names(explanation.supporting) == supporting
    assert names(explanation.opposing) == opposing


def test_a_reason_names_the_values_seen_the_source_and_its_grade():
    (reason,) = explain(
        {"symptom_course": "unchanged", "lifestyle_change_tried": "y", "drug_trials": 3}
    ).supporting
    assert reason.seen == {"symptom_course": "unchanged", "lifestyle_change_tried": True, "drug_trials": 3}
    assert reason.values == "symptom course: unchanged; lifestyle change tried: yes; drug trials: 3"
    assert reason.source == "overview-2025, A2.3 (secondary web summary)"


PRESSING = [
    # what else is known                                       stronger  amplified
    ({"specialty": "oncology", "symptom_severity": "severe"}, True, True),
    ({"specialty": "surgery", "rare_disease": "yes"}, True, None),
    ({"specialty": "surgery", "rare_disease": "no", "symptom_severity": "mild"}, False, None),
    ({"specialty": "surgery", "symptom_severity": "mild", "symptom_course": "improving"}, None, False),
]


@pytest.mark.parametrize("more, stronger, amplified", PRESSING)
def test_a_reason_says_whether_it_presses_harder_here(more, stronger, amplified):
    (reason,) = explain({"pathology_result": "ambiguous"} | more).supporting
    assert (reason.stronger, reason.amplified) == (stronger, amplified)
    assert ("stronger" in reason.note) is (stronger is True)
    assert ("pressing" in reason.note) is (amplified is True)


def test_severity_presses_no_wish_and_nothing_that_does_not_hold():
    reasons = explain({"wants_second_opinion": "yes", "symptom_severity": "severe"}).reasons
    assert not any(reason.amplified for reason in reasons)


CAUTIONS = [
    # what is known                                                          cautions
    ({}, ["D2.1"]),
    ({"first_opinion_known": "no"}, []),
    ({"first_opinion_known": "yes"}, ["D2.1"]),
    ({"first_opinion_known": "no", "earlier_opinions": 3}, []),  # a clinical reason may yet be found
    ({"first_opinion_known": "no", "plan_follows_guideline": "yes", "neoplasia_concern": "yes"}, ["D2.2"]),
    ({"first_opinion_known": "no", "plan_follows_guideline": "yes", "wants_second_opinion": "yes"}, []),
    ({"first_opinion_known": "no", "earlier_opinions": 3, "neoplasia_concern": "yes"}, []),
]


@pytest.mark.parametrize("case, cautions", CAUTIONS)
def test_cautions(case, cautions):
    assert [caution.statement for caution in explain(case).cautions] == cautions


def test_opinion_after_opinion_is_cautioned_where_no_clinical_reason_is_left():
    repeated = RULE_BOOK.without(*(r.name for r in RULE_BOOK if r.clinical))
    case = {"earlier_opinions": 2, "wants_second_opinion": "yes", "first_opinion_known": "no"}
    assert [c.statement for c in explain(case, repeated).cautions] == ["D2.3"]


def test_an_unknown_first_opinion_is_spoken_of_as_unknown():
    assert explain({}).cautions[0].words.startswith("If the second doctor knows")
    assert explain({"first_opinion_known": "yes"}).cautions[0].words.startswith("The second doctor will know")


RECORDS = [
    # imaging  pathology     pictures named  tissue named
    ("yes", "clear", "the pictures", "the tissue report with its slides"),
    ("no", "none", None, None),
    (None, None, "the pictures, if there are any", "the tissue report with its slides, if there are any"),
]


@pytest.mark.parametrize("imaging, pathology, pictures, tissue", RECORDS)
def test_the_records_to_send_are_those_that_this_case_has(imaging, pathology, pictures, tissue):
    steps = explain({"imaging_available": imaging, "pathology_result": pathology}).next_steps
    assert [step.statement for step in steps] == ["E1", "E2", "E3"]
    sent = steps[2].words.removesuffix(".").split(": ")[1].split("; ")
    assert sent == ["the notes and results so far", *(r for r in (pictures, tissue) if r)]


def test_whom_to_see_follows_the_strongest_reason():
    case = {"wants_second_opinion": "yes", "pathology_result": "ambiguous"}
    assert explain(case).consult[0] == "expert pathologist, for a second reading of the tissue"


def test_a_question_says_what_each_answer_would_lead_to():
    only = RULE_BOOK.without(*(r.name for r in RULE_BOOK if r.statement != "A2.3"))
    explanation = explain({"symptom_course": "worsening", "lifestyle_change_tried": "yes"}, only)
    (question,) = explanation.next_questions
    assert question.question == FACTS["drug_trials"].meaning
    assert question.answers == {"less than 2 drugs": "no_indication", "at least 2 drugs": "recommended"}
    assert question.settles
    assert question.outcomes == "less than 2 drugs → no indication; at least 2 drugs → recommended"


def test_what_could_only_say_not_needed_raises_nothing_and_is_still_worth_asking():
    counters = RULE_BOOK.without(*(r.name for r in RULE_BOOK if r.kind is not RuleKind.COUNTER_INDICATION))
    explanation = explain({"diagnosis_clear_cut": True}, counters)
    assert (explanation.recommendation, explanation.undetermined) == ("no_indication", False)
    assert explanation.next_questions[0].fact == "plan_follows_guideline"
    assert explanation.next_questions[0].answers == {"no": "no_indication", "yes": "not_needed"}
    assert explanation.outlook.startswith("Nothing could raise this")


def test_nothing_is_asked_once_the_highest_level_stands():
    explanation = explain({"neoplasia_concern": True})
    assert explanation.next_questions == ()
    assert explanation.outlook.startswith("Settled")


def test_a_fact_whose_effect_is_always_hidden_by_another_is_not_asked():
    a, b = fact("neoplasia_concern"), fact("rare_disease")
    hidden = book(rule("both", a & b), rule("first", a, Level.URGENT))
    assert [q.fact for q in explain({}, hidden).next_questions] == ["neoplasia_concern"]


RARE, NEOPLASIA = fact("rare_disease"), fact("neoplasia_concern")  # in the vocabulary's order
CANCER = fact("cancer_history").is_in("previous", "persistent")
STILL_OPEN = rule("open", RARE & ~NEOPLASIA & fact("advanced_cancer"), Level.URGENT)
RANKED = [
    # what decides the order           rules                                                  asked first
    (
        "the level that can be reached",
        [rule("a", RARE), rule("b", NEOPLASIA, Level.URGENT)],
        "neoplasia_concern",
    ),
    (
        "whether an answer settles it",
        [rule("a", RARE), rule("b", NEOPLASIA), STILL_OPEN],
        "neoplasia_concern",
    ),
    ("how many answers change it", [rule("a", RARE), rule("b", CANCER)], "cancer_history"),
    (
        "how many open rules read it",
        [rule(n, w) for n, w in zip("abc", [RARE, NEOPLASIA, NEOPLASIA], strict=True)],
        "neoplasia_concern",
    ),
    ("the vocabulary, if nothing else", [rule("b", NEOPLASIA), rule("a", RARE)], "rare_disease"),
]


@pytest.mark.parametrize("decides, rules, first", RANKED)
def test_the_most_decisive_question_comes_first(decides, rules, first):
    assert explain({}, book(*rules)).next_questions[0].fact == first


WHY_NOT = [
    # rule                        what is known                        the smallest change
    (
        "ambiguous-pathology",
        {"pathology_result": "clear"},
        ["pathology result: clear → ambiguous or expert needed"],
    ),
    ("patient-wants-one", {"wants_second_opinion": "no"}, ["wants second opinion: no → yes"]),
    (
        "refractory-to-lifestyle-and-drugs",
        {"symptom_course": "unchanged", "lifestyle_change_tried": "yes", "drug_trials": 1},
        ["drug trials: 1 → at least 2 drugs"],
    ),
    (  # the nearest level counts as the smallest step; only one has to be learned
        "negative-work-up-high-suspicion",
        {"suspicion": "low"},
        ["first workup: not recorded → negative", "suspicion: low → high"],
    ),
    (  # one recorded fact must differ; two that are not recorded must be learned
        "circumcision-before-steroid-trial",
        {"circumcision_proposed": "no", "sex": "male"},
        [
            "condition: not recorded → phimosis",
            "circumcision proposed: no → yes",
            "topical steroid trial adequate: not recorded → no",
        ],
    ),
    (
        "invasive-procedure-proposed",
        {"procedure_proposed": "none"},
        ["procedure proposed: none → invasive procedure, minor surgery or major surgery"],
    ),
]


@pytest.mark.parametrize("name, case, changes", WHY_NOT)
def test_why_not(name, case, changes):
    assert [str(change) for change in explain(case).why_not[name]] == changes


def test_a_rule_that_nothing_could_make_hold_says_none():
    never = book(rule("never", fact("rare_disease") & ~fact("rare_disease")))
    assert explain({"rare_disease": True}, never).why_not == {"never": None}
    assert "no answer would" in explain({}, never).outlook


def test_a_caution_is_explained_only_where_no_clinical_reason_could_silence_it():
    quiet = RULE_BOOK.without(*(r.name for r in RULE_BOOK if r.clinical))
    assert [str(c) for c in explain({"earlier_opinions": 0}, quiet).why_not["opinion-after-opinion"]] == [
        "earlier opinions: 0 → at least 2 opinions"
    ]
    for silencing in ({"earlier_opinions": 2}, {"earlier_opinions": 0, "neoplasia_concern": True}):
        assert "opinion-after-opinion" not in explain(silencing).why_not


CASE = {
    "drug_trials": 3,
    "rare_disease": True,
    "specialty": "surgery",
    "first_line_weeks": np.nan,
    "id": "K7",
}
SHAPES = {
    "dict": CASE,
    "series": pd.Series(CASE),
    "pandas row": pd.DataFrame([CASE]).iloc[0],
    "pandas": pd.DataFrame([CASE]),
    "pandas on pyarrow": pd.DataFrame([CASE]).convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.DataFrame([CASE]),
    "pyarrow": pa.Table.from_pylist([CASE]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_case_may_come_in_any_shape(shape):
    explanation = explain(SHAPES[shape])
    assert explanation.facts == {"specialty": "surgery", "rare_disease": True, "drug_trials": 3}
    assert explanation.extras == {"id": "K7"}


def test_every_mistake_is_named_at_once():
    with pytest.raises(CasesError) as caught:
        explain(
            {"pathology_result": "unclear", "drug_trials": -1, "rare_diseas": "yes", "Sex": "male", "age": 7}
        )
    assert list(caught.value.problems["column"]) == ["pathology_result", "drug_trials", "rare_diseas", "Sex"]
    for words in (
        "4 problems in 1 case",
        "Did you mean 'rare_disease'?",
        "Did you mean 'sex'?",
        "below the range",
    ):
        assert words in str(caught.value)


def test_an_assessed_row_can_be_explained_as_it_is():
    row = assess(pd.DataFrame([{"neoplasia_concern": True}]), verdicts=True).iloc[0]
    explanation = explain(row)
    assert explanation.recommendation == "urgent"
    assert explanation.extras["neoplasia-concern"]


@pytest.mark.parametrize(
    "case", [pd.DataFrame([CASE, CASE]), pd.DataFrame([CASE]).iloc[:0], "a case", 3, None]
)
def test_what_is_not_one_case_is_refused(case):
    with pytest.raises(SecondopError, match="explain takes one case"):
        explain(case)


class _Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data):
        self.words += data


def test_html_escapes_whatever_it_shows():
    evil = "<script>alert('x')</script>\" onload=\"x"
    wicked = RuleBook(
        (
            Indication(
                "wicked",
                statement=evil,
                label=evil,
                group=Group.UNCERTAINTY,
                level=Level.RECOMMENDED,
                when=fact("rare_disease"),
                consult=evil,
                citation=Citation(evil, evil, Grade.PRIMARY),
            ),
        ),
        sources=((evil, evil),),
    )
    for recorded in (True, None):
        page = _Tags(
            explain({"rare_disease": recorded, evil: evil, "note": [evil], "n": 10**6000}, wicked).to_html()
        )
        assert page.tags <= {"div", "span", "details", "summary", "style"}
        assert page.words.count(evil) >= 4


@pytest.mark.parametrize("case", [{}, {"pathology_result": "ambiguous", "diagnosis_clear_cut": 1}])
def test_notebook_and_terminal_show_the_same_sections_and_say_what_it_is_not_for(case):
    explanation = explain(case)
    shown = _Tags(explanation._repr_html_()).words
    text = repr(explanation)
    flat = " ".join(text.split())
    sentences = [explanation.headline, NOT_FOR_CARE, *(s.words for s in explanation.next_steps)]
    sentences += [c.words for c in explanation.cautions] + [
        q.question for q in explanation.next_questions[:3]
    ]
    sentences += [r.rule.label for r in (*explanation.supporting, *explanation.opposing)]
    for sentence in sentences:
        assert sentence in shown
        assert sentence in flat
    assert max(map(len, text.splitlines())) <= 88


def test_the_frame_has_a_row_per_rule_and_the_dict_is_plain_data():
    explanation = explain(
        {"pathology_result": "clear", "wants_second_opinion": 1, "seen": pd.Timestamp("2020-01-02")}
    )
    frame = explanation.to_frame().set_index("rule")
    assert len(frame) == len(RULE_BOOK)
    assert frame["verdict"].dtype == "boolean"
    assert frame.loc["patient-wants-one", "verdict"]
    assert not frame.loc["ambiguous-pathology", "verdict"]
    assert frame.loc["neoplasia-concern", "verdict"] is pd.NA
    data = explanation.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["note"] == NOT_FOR_CARE
    assert data["extras"] == {"seen": "2020-01-02 00:00:00"}


# Properties, on books made at random: small enough that every state of knowledge can be laid out.

VALUES = {
    "rare_disease": [False, True],
    "neoplasia_concern": [False, True],
    "suspicion": ["none", "low", "moderate", "high"],
    "drug_trials": [0, 1, 2, 3],
}
LEAVES = [
    fact("rare_disease"),
    fact("neoplasia_concern"),
    fact("suspicion").is_in("low", "high"),
    fact("suspicion") >= "moderate",
    fact("drug_trials") >= 2,
    fact("drug_trials") < 1,
]
CONDITIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda part: st.one_of(
        st.builds(lambda a, b: a & b, part, part),
        st.builds(lambda a, b: a | b, part, part),
        st.builds(lambda a: ~a, part),
        st.builds(lambda a, b, c: at_least(2, a, b, c), part, part, part),
    ),
    max_leaves=4,
)
KINDS = [*Level, RuleKind.COUNTER_INDICATION]


@st.composite
def books(draw):
    rules = []
    for i in range(draw(st.integers(1, 4))):
        sort = draw(st.sampled_from(KINDS))
        level, kind = (sort, RuleKind.INDICATION) if isinstance(sort, Level) else (None, sort)
        rules.append(rule(f"rule-{i}", draw(CONDITIONS), level, kind=kind))
    return book(*rules)


SMALL_CASES = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.sampled_from(values)) for name, values in VALUES.items()}
)


@settings(max_examples=25, deadline=None)
@given(small=books(), case=SMALL_CASES)
def test_next_questions_are_exactly_the_facts_that_could_change_the_recommendation(small, case):
    options = {n: [None, *VALUES[n]] if v is None else [v] for n, v in case.items()}
    states = list(itertools.product(*options.values()))
    frame = pd.DataFrame(states, columns=list(options), dtype=object)
    says = dict(zip(states, assess(frame, small)["recommendation"], strict=True))
    matters = {}
    for place, name in enumerate(options):
        for state in states:
            if case[name] is None and state[place] is not None:
                before = says[(*state[:place], None, *state[place + 1 :])]
                if says[state] != before:
                    matters.setdefault(name, []).append(says[state])
    explanation = explain(case, small)
    assert {q.fact for q in explanation.next_questions} == set(matters)
    ranks = []
    for question in explanation.next_questions:
        place = list(options).index(question.fact)
        known = list(case.values())
        alone = [says[(*known[:place], value, *known[place + 1 :])] for value in VALUES[question.fact]]
        assert set(question.answers.values()) == set(alone)
        highest, helps = (max(map(RECOMMENDATIONS.index, x)) for x in (alone, matters[question.fact]))
        ranks.append((highest, question.settles, helps))
    assert ranks == sorted(ranks, reverse=True)


@settings(max_examples=25, deadline=None)
@given(small=books(), case=SMALL_CASES)
def test_why_not_is_the_smallest_change_that_brute_force_finds(small, case):
    explanation = explain(case, small)
    states = list(itertools.product(*([None, *values] for values in VALUES.values())))
    verdicts = assess(pd.DataFrame(states, columns=list(VALUES), dtype=object), small, verdicts=True)
    for reason in explanation.reasons:
        name, reads = reason.rule.name, reason.rule.facts
        if reason.verdict is True:
            assert name not in explanation.why_not
            continue
        costs = [
            (
                sum(v != case[n] for n, v in state.items() if n in reads and case[n] is not None),
                sum(v is not None for n, v in state.items() if n in reads and case[n] is None),
            )
            for state, holds in zip(
                (dict(zip(VALUES, s, strict=True)) for s in states), verdicts[name], strict=True
            )
            if holds is not pd.NA and holds
        ]
        changes = explanation.why_not[name]
        if not costs:
            assert changes is None
            continue
        recorded = sum(case[c.fact] is not None for c in changes)
        assert (recorded, len(changes) - recorded) == min(costs)
        for picks in itertools.product(*(c.needed for c in changes)):
            changed = dict(case)
            for change, words in zip(changes, picks, strict=True):
                alike = answers(change.fact, [reason.rule.when])
                (changed[change.fact],) = (answer.value for answer in alike if answer.words == words)
            assert verdicts[name][states.index(tuple(changed[n] for n in VALUES))]


def _values(f):
    if f.has_levels:
        return st.sampled_from(f.levels)
    return st.booleans() if not f.is_numeric else st.integers(0, 12)


COHORTS = st.lists(
    st.fixed_dictionaries({}, optional={n: st.one_of(st.none(), _values(f)) for n, f in FACTS.items()}),
    min_size=1,
    max_size=3,
)


@settings(max_examples=8, deadline=None)
def _some_answer(fact):
    """Any plain answer to a fact, or none."""
    if fact.is_numeric:
        return st.one_of(st.none(), st.integers(0, 12), st.sampled_from([0.0, 3.0]))
    return st.sampled_from([None, *(fact.levels or (True, False))])


@given(case=st.fixed_dictionaries({name: _some_answer(fact) for name, fact in FACTS.items()}))
def test_plain_answers_are_read_as_every_other_spelling_is(case):
    spelled = {name: {True: "Yes", False: "no"}[v] if type(v) is bool else v for name, v in case.items()}
    plain, read = explain(case).facts, explain(pd.Series(spelled, dtype=object)).facts
    assert list(plain.items()) == list(read.items())
    assert [type(value) for value in plain.values()] == [type(value) for value in read.values()]


@given(cases=COHORTS)
def test_a_case_alone_says_what_its_row_in_a_cohort_says(cases):
    frame = pd.DataFrame(cases, columns=list(FACTS), dtype=object)
    assessed = assess(frame, verdicts=True)
    for (_, row), case in zip(assessed.iterrows(), cases, strict=True):
        explanation = explain(case)
        assert explanation.recommendation == row["recommendation"]
        assert explanation.possible == row["possible"]
        assert explanation.undetermined == row["undetermined"]
        for reason in explanation.reasons:
            assert (reason.verdict is None) == pd.isna(row[reason.rule.name])
            assert reason.verdict is None or reason.verdict == row[reason.rule.name]
        assert not explanation.undetermined or explanation.next_questions


@settings(max_examples=5, deadline=None)
@given(rules=st.permutations(RULE_BOOK.rules), case=COHORTS)
def test_the_order_of_rules_changes_nothing(rules, case):
    shuffled = RuleBook(tuple(rules), RULE_BOOK.sources)
    assert explain(case[0], shuffled).to_dict() == explain(case[0]).to_dict()


def test_many_recorded_facts_are_folded_and_a_few_stand_open():
    few = {"rare_disease": True, "sex": "female"}
    many = few | dict.fromkeys([fact.name for fact in FACTS.values() if fact.kind is Kind.FLAG], False)
    assert "What was recorded" not in explain(few).to_html()
    assert "sex: female" in explain(few).to_html()
    assert "What was recorded" in explain(many).to_html()
    assert "sex: female" in explain(many).to_html()
