"""What each rule of the second opinion book says, row by row."""

import html

import pytest

from secondop.guideline.facts import FACTS
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.conditions import Compare
from secondop.rules.explain import explain
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Grade
from tests.kit import answers, read_tables

TABLES = read_tables(
    """
negative-work-up-high-suspicion: first_workup, suspicion
    nothing found, high suspicion | negative | high     | yes
    nothing found, some suspicion | negative | moderate | no
    tests unclear                 | unclear  | high     | no
    tests found something         | positive | high     | no
    no tests yet                  | not_done | high     | no
    suspicion not recorded        | negative | ?        | ?
    tests not recorded            | ?        | high     | ?
    low suspicion settles it      | ?        | low      | no
    a finding settles it          | positive | ?        | no
atypical-or-unresponsive: atypical_presentation, treatment_response, first_line_weeks
    both                         | yes | none               | 8   | yes
    unusual picture              | yes | as_expected        | 0   | yes
    helps less than it should    | no  | less_than_expected | 4   | yes
    does not help at all         | no  | none               | 4   | yes
    just short of its time       | no  | none               | 3.9 | no
    usual in every way           | no  | as_expected        | 8   | no
    not treated is no failure    | no  | not_treated        | 8   | no
    picture not recorded         | ?   | as_expected        | 8   | ?
    response not recorded        | no  | ?                  | 8   | ?
    weeks not recorded           | no  | none               | ?   | ?
    unusual picture settles it   | yes | ?                  | ?   | yes
    poor response settles it     | ?   | none               | 4   | yes
    week two settles it          | no  | ?                  | 2   | no
ambiguous-pathology: pathology_result
    ambiguous                  | ambiguous     | yes
    an expert is asked for     | expert_needed | yes
    clear                      | clear         | no
    no tissue examined         | none          | no
    report not recorded        | ?             | ?
failed-first-line: first_line_appropriate, treatment_response, disease_control, symptom_course,
        first_line_weeks
    unchanged after eight weeks  | yes | less_than_expected | partly_controlled | unchanged | 8   | yes
    unchanged after four weeks   | yes | none               | uncontrolled      | unchanged | 4   | yes
    just under four weeks        | yes | none               | uncontrolled      | unchanged | 3.9 | no
    worsening at once            | yes | none               | uncontrolled      | worsening | 0   | yes
    improving                    | yes | less_than_expected | partly_controlled | improving | 8   | no
    no symptoms                  | yes | less_than_expected | partly_controlled | none      | 8   | no
    treatment was wrong          | no  | none               | uncontrolled      | worsening | 8   | no
    treatment was not given      | yes | not_treated        | uncontrolled      | worsening | 8   | no
    it does what it should       | yes | as_expected        | partly_controlled | unchanged | 8   | no
    the disease is controlled    | yes | less_than_expected | well_controlled   | unchanged | 8   | no
    appropriateness not recorded | ?   | none               | uncontrolled      | worsening | 8   | ?
    response not recorded        | yes | ?                  | uncontrolled      | worsening | 8   | ?
    control not recorded         | yes | none               | ?                 | worsening | 8   | ?
    course not recorded          | yes | none               | uncontrolled      | ?         | 8   | ?
    weeks not recorded           | yes | none               | uncontrolled      | unchanged | ?   | ?
    course unknown, week two     | yes | none               | uncontrolled      | ?         | 2   | ?
    worsening settles the weeks  | yes | none               | uncontrolled      | worsening | ?   | yes
    improving settles it         | ?   | ?                  | ?                 | improving | ?   | no
    wrong treatment settles it   | no  | ?                  | ?                 | ?         | ?   | no
    control settles it           | ?   | ?                  | well_controlled   | ?         | ?   | no
complication-or-new-finding: complication_during_treatment, new_finding, finding_persistent_or_unexplained
    both                        | yes | lump              | yes | yes
    complication                | yes | none              | no  | yes
    erosion                     | no  | erosion           | yes | yes
    ulcer                       | no  | ulcer             | yes | yes
    lump                        | no  | lump              | yes | yes
    suspicious lesion           | no  | suspicious_lesion | yes | yes
    ulcer of three days         | no  | ulcer             | no  | no
    some other finding          | no  | other             | yes | no
    neither                     | no  | none              | no  | no
    complication not recorded   | ?   | none              | no  | ?
    finding not recorded        | no  | ?                 | yes | ?
    how long not recorded       | no  | lump              | ?   | ?
    complication settles it     | yes | ?                 | ?   | yes
    lasting lump settles it     | ?   | lump              | yes | yes
    no finding settles how long | no  | none              | ?   | no
refractory-to-lifestyle-and-drugs: symptom_course, lifestyle_change_tried, drug_trials
    unchanged, habits, two drugs | unchanged | yes | 2 | yes
    worsening, habits, five      | worsening | yes | 5 | yes
    one drug                     | unchanged | yes | 1 | no
    habits never changed         | unchanged | no  | 2 | no
    improving                    | improving | yes | 2 | no
    course not recorded          | ?         | yes | 2 | ?
    habits not recorded          | unchanged | ?   | 2 | ?
    drugs not recorded           | unchanged | yes | ? | ?
    one drug settles it          | ?         | ?   | 1 | no
    improving settles it         | improving | ?   | ? | no
severe-or-refractory-symptoms: symptom_severity, treatment_response, symptom_course, first_line_weeks
    severe                      | severe   | as_expected        | improving | 2   | yes
    unchanged for four weeks    | mild     | less_than_expected | unchanged | 4   | yes
    worsening for four weeks    | mild     | none               | worsening | 4   | yes
    moderate                    | moderate | none               | improving | 8   | no
    just under four weeks       | mild     | none               | unchanged | 3.9 | no
    worsening, week two         | mild     | none               | worsening | 2   | no
    it does what it should      | mild     | as_expected        | unchanged | 200 | no
    severity not recorded       | ?        | none               | improving | 2   | ?
    response not recorded       | mild     | ?                  | unchanged | 4   | ?
    course not recorded         | mild     | none               | ?         | 4   | ?
    weeks not recorded          | mild     | none               | unchanged | ?   | ?
    severe settles it           | severe   | ?                  | ?         | ?   | yes
    refractory settles it       | ?        | none               | unchanged | 4   | yes
invasive-procedure-proposed: procedure_proposed
    invasive procedure         | invasive_procedure | yes
    minor surgery              | minor_surgery      | yes
    major surgery              | major_surgery      | yes
    nothing invasive           | none               | no
    procedure not recorded     | ?                  | ?
aggressive-treatment-proposed: chemotherapy_proposed, radiation_proposed, procedure_proposed
    all three                  | yes | yes | major_surgery | yes
    chemotherapy               | yes | no  | none          | yes
    radiation                  | no  | yes | none          | yes
    major surgery              | no  | no  | major_surgery | yes
    minor surgery              | no  | no  | minor_surgery | no
    nothing of the kind        | no  | no  | none          | no
    chemotherapy not recorded  | ?   | no  | none          | ?
    radiation not recorded     | no  | ?   | none          | ?
    procedure not recorded     | no  | no  | ?             | ?
    radiation settles it       | ?   | yes | ?             | yes
risky-or-life-changing-treatment: treatment_risk, quality_of_life_impact
    both                       | high     | substantial | yes
    high risk                  | high     | none        | yes
    substantial change         | low      | substantial | yes
    both moderate              | moderate | moderate    | no
    risk not recorded          | ?        | moderate    | ?
    change not recorded        | moderate | ?           | ?
    high risk settles it       | high     | ?           | yes
    change settles it          | ?        | substantial | yes
circumcision-before-steroid-trial: sex, condition, circumcision_proposed,
        topical_steroid_trial_adequate, genital_surgery_reason
    all conditions met         | male   | phimosis             | yes | no  | other                 | yes
    trial was adequate         | male   | phimosis             | yes | yes | other                 | no
    not proposed               | male   | phimosis             | no  | no  | other                 | no
    another condition          | male   | genital_skin_disease | yes | no  | other                 | no
    not male                   | female | phimosis             | yes | no  | other                 | no
    neither male nor female    | other  | phimosis             | yes | no  | other                 | no
    scarring                   | male   | phimosis             | yes | no  | scarring_complication | no
    premalignant change        | male   | phimosis             | yes | no  | premalignant_change   | no
    cancer                     | male   | phimosis             | yes | no  | invasive_malignancy   | no
    sex not recorded           | ?      | phimosis             | yes | no  | other                 | ?
    condition not recorded     | male   | ?                    | yes | no  | other                 | ?
    proposal not recorded      | male   | phimosis             | ?   | no  | other                 | ?
    trial not recorded         | male   | phimosis             | yes | ?   | other                 | ?
    reason not recorded        | male   | phimosis             | yes | no  | ?                     | ?
    not proposed settles it    | ?      | ?                    | no  | ?   | ?                     | no
    adequate trial settles it  | ?      | phimosis             | yes | yes | ?                     | no
    scarring settles it        | ?      | ?                    | ?   | ?   | scarring_complication | no
surgery-before-medical-management: condition, surgical_referral, medical_management_exhausted,
        complicated_disease
    referred, drugs remain     | lower_urinary_tract_symptoms | yes | no  | no  | yes
    drugs exhausted            | lower_urinary_tract_symptoms | yes | yes | no  | no
    not referred               | lower_urinary_tract_symptoms | no  | no  | no  | no
    another condition          | phimosis                     | yes | no  | no  | no
    complicated                | lower_urinary_tract_symptoms | yes | no  | yes | no
    condition not recorded     | ?                            | yes | no  | no  | ?
    referral not recorded      | lower_urinary_tract_symptoms | ?   | no  | no  | ?
    drugs not recorded         | lower_urinary_tract_symptoms | yes | ?   | no  | ?
    complications not recorded | lower_urinary_tract_symptoms | yes | no  | ?   | ?
    no referral settles it     | ?                            | no  | ?   | ?   | no
    complications settle it    | ?                            | ?   | ?   | yes | no
genital-surgery-without-reason: condition, genital_surgery_proposed, genital_surgery_reason
    no reason                  | genital_skin_disease | yes | none                  | yes
    another reason             | genital_skin_disease | yes | other                 | yes
    phimosis                   | phimosis             | yes | other                 | yes
    a vasectomy                | other                | yes | other                 | no
    scarring complication      | genital_skin_disease | yes | scarring_complication | no
    premalignant change        | genital_skin_disease | yes | premalignant_change   | no
    invasive malignancy        | genital_skin_disease | yes | invasive_malignancy   | no
    no surgery                 | genital_skin_disease | no  | none                  | no
    condition not recorded     | ?                    | yes | other                 | ?
    surgery not recorded       | genital_skin_disease | ?   | none                  | ?
    reason not recorded        | genital_skin_disease | yes | ?                     | ?
    no surgery settles it      | ?                    | no  | ?                     | no
    a sound reason settles it  | ?                    | ?   | invasive_malignancy   | no
    the condition settles it   | cancer               | yes | ?                     | no
cancer-history-without-follow-up: cancer_history, specialist_follow_up
    previous, never followed   | previous   | never     | yes
    previous, lapsed           | previous   | lapsed    | yes
    persistent, never followed | persistent | never     | yes
    previous, followed now     | previous   | now       | no
    previous, completed        | previous   | completed | no
    never had cancer           | none       | never     | no
    history not recorded       | ?          | never     | ?
    follow-up not recorded     | previous   | ?         | ?
    no cancer settles it       | none       | ?         | no
    follow-up settles it       | ?          | now       | no
neoplasia-concern: neoplasia_concern
    concern                    | yes | yes
    no concern                 | no  | no
    concern not recorded       | ?   | ?
prognosis-without-experience: advanced_cancer, prognosis_given_by
    nobody gave one            | yes | nobody                 | yes
    not by a specialist        | yes | non_specialist         | yes
    experienced specialist     | yes | experienced_specialist | no
    cancer not advanced        | no  | nobody                 | no
    cancer not recorded        | ?   | nobody                 | ?
    who not recorded           | yes | ?                      | ?
    not advanced settles it    | no  | ?                      | no
    the specialist settles it  | ?   | experienced_specialist | no
hereditary-condition-suspected: hereditary_condition_suspected
    suspected                  | yes | yes
    not suspected              | no  | no
    suspicion not recorded     | ?   | ?
several-organs-or-specialties: organ_systems, disease_control, specialties_spanned
    two organ systems           | 2 | partly_controlled | 1 | yes
    two, all well controlled    | 2 | well_controlled   | 1 | no
    two specialties             | 1 | uncontrolled      | 2 | yes
    two specialties, controlled | 1 | well_controlled   | 2 | yes
    many of both                | 4 | uncontrolled      | 3 | yes
    one of each                 | 1 | uncontrolled      | 1 | no
    none of either              | 0 | uncontrolled      | 0 | no
    organs not recorded         | ? | partly_controlled | 1 | ?
    control not recorded        | 2 | ?                 | 1 | ?
    specialties not recorded    | 1 | partly_controlled | ? | ?
    two organs settle it        | 2 | uncontrolled      | ? | yes
    two specialties settle it   | ? | ?                 | 2 | yes
    control settles the organs  | ? | well_controlled   | 1 | no
multimodal-treatment: procedure_proposed, chemotherapy_proposed, radiation_proposed
    all three                      | major_surgery      | yes | yes | yes
    minor surgery and chemotherapy | minor_surgery      | yes | no  | yes
    minor surgery and radiation    | minor_surgery      | no  | yes | yes
    chemotherapy and radiation     | none               | yes | yes | yes
    ablation and chemotherapy      | invasive_procedure | yes | no  | yes
    chemotherapy alone             | none               | yes | no  | no
    one of three                   | major_surgery      | no  | no  | no
    none of three                  | none               | no  | no  | no
    procedure not recorded         | ?                  | yes | no  | ?
    chemotherapy not recorded      | major_surgery      | ?   | no  | ?
    radiation not recorded         | none               | yes | ?   | ?
    two of three settle it         | ?                  | yes | yes | yes
    two refused settle it          | ?                  | no  | no  | no
    one known, two not recorded    | major_surgery      | ?   | ?   | ?
    one refused, two not recorded  | none               | ?   | ?   | ?
patient-wants-one: wants_second_opinion
    wants one                  | yes | yes
    does not                   | no  | no
    wish not recorded          | ?   | ?
patient-unsure: unsure_of_diagnosis, unsure_of_treatment
    of both                    | yes | yes | yes
    of the diagnosis           | yes | no  | yes
    of the treatment           | no  | yes | yes
    of neither                 | no  | no  | no
    diagnosis not recorded     | ?   | no  | ?
    treatment not recorded     | no  | ?   | ?
    one doubt settles it       | yes | ?   | yes
    the other settles it       | ?   | yes | yes
patient-wants-help-choosing: wants_help_choosing, wants_prognosis
    both                       | yes | yes | yes
    help to choose             | yes | no  | yes
    the outlook                | no  | yes | yes
    neither                    | no  | no  | no
    choice not recorded        | ?   | no  | ?
    outlook not recorded       | no  | ?   | ?
    one wish settles it        | yes | ?   | yes
    the other settles it       | ?   | yes | yes
concerns-or-confidence: concerns_unaddressed, confidence_in_plan
    both                       | yes | none | yes
    concerns not taken up      | yes | full | yes
    no confidence              | no  | none | yes
    low confidence             | no  | low  | yes
    fair confidence            | no  | fair | no
    concerns not recorded      | ?   | full | ?
    confidence not recorded    | no  | ?    | ?
    concerns settle it         | yes | ?    | yes
    low confidence settles it  | ?   | low  | yes
patient-wants-explanation: wants_fuller_explanation
    wants more                 | yes | yes
    has had enough             | no  | no
    wish not recorded          | ?   | ?
well-controlled-disease: disease_control, complicated_disease, treatment_response, new_finding,
        symptom_severity, symptom_course
    all conditions met     | well_controlled   | no  | as_expected        | none  | none     | none      | yes
    moderate and unchanged | well_controlled   | no  | as_expected        | none  | moderate | unchanged | yes
    partly controlled      | partly_controlled | no  | as_expected        | none  | none     | none      | no
    complicated            | well_controlled   | yes | as_expected        | none  | none     | none      | no
    falls short            | well_controlled   | no  | less_than_expected | none  | none     | none      | no
    not treated            | well_controlled   | no  | not_treated        | none  | none     | none      | no
    a new lump             | well_controlled   | no  | as_expected        | lump  | none     | none      | no
    severe                 | well_controlled   | no  | as_expected        | none  | severe   | none      | no
    worsening              | well_controlled   | no  | as_expected        | none  | mild     | worsening | no
    control not recorded   | ?                 | no  | as_expected        | none  | none     | none      | ?
    harm not recorded      | well_controlled   | ?   | as_expected        | none  | none     | none      | ?
    response not recorded  | well_controlled   | no  | ?                  | none  | none     | none      | ?
    finding not recorded   | well_controlled   | no  | as_expected        | ?     | none     | none      | ?
    severity not recorded  | well_controlled   | no  | as_expected        | none  | ?        | none      | ?
    course not recorded    | well_controlled   | no  | as_expected        | none  | none     | ?         | ?
    harm settles it        | ?                 | yes | ?                  | ?     | ?        | ?         | no
    severity settles it    | ?                 | ?   | ?                  | ?     | severe   | ?         | no
clear-diagnosis-standard-plan: diagnosis_clear_cut, plan_follows_guideline, new_finding,
        symptom_severity, symptom_course
    all conditions met         | yes | yes | none  | mild   | improving | yes
    diagnosis not clear        | no  | yes | none  | mild   | improving | no
    no guideline               | yes | no  | none  | mild   | improving | no
    a new ulcer                | yes | yes | ulcer | mild   | improving | no
    severe                     | yes | yes | none  | severe | improving | no
    worsening                  | yes | yes | none  | mild   | worsening | no
    diagnosis not recorded     | ?   | yes | none  | mild   | improving | ?
    guideline not recorded     | yes | ?   | none  | mild   | improving | ?
    finding not recorded       | yes | yes | ?     | mild   | improving | ?
    severity not recorded      | yes | yes | none  | ?      | improving | ?
    course not recorded        | yes | yes | none  | mild   | ?         | ?
    doubt settles it           | no  | ?   | ?     | ?      | ?         | no
stable-without-new-findings: clinically_stable, new_finding, symptom_severity, symptom_course
    stable, nothing new        | yes | none  | none   | none      | yes
    stable, unchanged          | yes | none  | mild   | unchanged | yes
    not stable                 | no  | none  | none   | none      | no
    a new lump                 | yes | lump  | none   | none      | no
    any other new finding      | yes | other | none   | none      | no
    severe                     | yes | none  | severe | unchanged | no
    worsening                  | yes | none  | mild   | worsening | no
    state not recorded         | ?   | none  | none   | none      | ?
    finding not recorded       | yes | ?     | none   | none      | ?
    severity not recorded      | yes | none  | ?      | none      | ?
    course not recorded        | yes | none  | none   | ?         | ?
    a finding settles it       | ?   | ulcer | ?      | ?         | no
""",
    RULE_BOOK.facts,
)

# When the source strengthens an indication, and when something is said besides.
BESIDES = read_tables(
    """
stronger, ambiguous-pathology: specialty, rare_disease
    skin                         | dermatology   | no  | yes
    cancer                       | oncology      | no  | yes
    a rare disease               | surgery       | yes | yes
    none of these                | surgery       | no  | no
    disease not recorded         | surgery       | ?   | ?
    skin settles it              | dermatology   | ?   | yes
stronger, invasive-procedure-proposed: less_invasive_option
    something gentler            | yes | yes
    nothing gentler              | no  | no
    not recorded                 | ?   | ?
D2.3: earlier_opinions
    two                          | 2 | yes
    five                         | 5 | yes
    one                          | 1 | no
    not recorded                 | ? | ?
D2.1: first_opinion_known
    known                        | yes | yes
    blinded                      | no  | no
    not recorded                 | ?   | ?
own: treatment_cannot_wait
    cannot wait                  | yes | yes
    can wait                     | no  | no
    not recorded                 | ?   | ?
D2.2: plan_follows_guideline
    follows it                   | yes | yes
    does not                     | no  | no
    not recorded                 | ?   | ?
E3, pictures: imaging_available
    there are some               | yes | yes
    there are none               | no  | no
    not recorded                 | ?   | ?
E3, tissue: pathology_result
    a clear report               | clear | yes
    an ambiguous report          | ambiguous | yes
    no tissue examined           | none  | no
    not recorded                 | ?     | ?
""",
    RULE_BOOK.facts,
)
_ADVICE = {advice.statement: advice for advice in RULE_BOOK.advice}
ASKED = {
    "stronger, ambiguous-pathology": RULE_BOOK["ambiguous-pathology"].stronger_when,
    "stronger, invasive-procedure-proposed": RULE_BOOK["invasive-procedure-proposed"].stronger_when,
    **{statement: _ADVICE[statement].when for statement in ("D2.3", "D2.1", "own", "D2.2")},
    "E3, pictures": RULE_BOOK.advice[-2].when,
    "E3, tissue": RULE_BOOK.advice[-1].when,
}


def assert_answers(condition, table):
    got = answers(condition, [given for _, given, _ in table])
    assert dict(zip([situation for situation, *_ in table], got, strict=True)) == {s: v for s, _, v in table}
    assert len({situation for situation, *_ in table}) == len(table)  # no situation is described twice


@pytest.mark.parametrize("rule", TABLES)
def test_the_rule_fires_where_its_table_says(rule):
    assert_answers(RULE_BOOK[rule].when, TABLES[rule])


@pytest.mark.parametrize("asked", BESIDES)
def test_what_is_said_besides_is_said_where_its_table_says(asked):
    assert_answers(ASKED[asked], BESIDES[asked])


def test_every_rule_has_a_table_and_every_condition_besides():
    assert list(TABLES) == [rule.name for rule in RULE_BOOK]
    stronger = [rule for rule in RULE_BOOK if rule.stronger_when is not None]
    assert len(BESIDES) == len(stronger) + sum(advice.when is not None for advice in RULE_BOOK.advice)


@pytest.mark.parametrize("rule", RULE_BOOK, ids=lambda rule: rule.name)
def test_the_table_is_complete(rule):
    """Yes, no and unknown; each fact not recorded alone; each threshold itself; a gap that is settled."""
    rows = [(given, verdict) for _, given, verdict in TABLES[rule.name]]
    assert {verdict for _, verdict in rows} == {True, False, None}
    assert all(given.keys() == rule.facts.keys() for given, _ in rows)

    gaps = [({name for name, value in given.items() if value is None}, verdict) for given, verdict in rows]
    assert all(({name}, None) in gaps for name in rule.facts), "a fact lacks its not-recorded row"
    if len(rule.facts) > 1:
        assert any(gap and verdict is not None for gap, verdict in gaps)

    for leaf in rule.when.leaves():
        levels, values = leaf.fact.levels, {given[leaf.fact.name] for given, _ in rows}
        if isinstance(leaf, Compare) and leaf.fact.is_numeric:
            assert leaf.value in values
            assert any(leaf.value - 1 <= value < leaf.value for value in values - {None})
        elif isinstance(leaf, Compare):
            place = levels.index(leaf.value)
            assert {leaf.value, levels[place - 1 if leaf.op in (">=", "<") else place + 1]} <= values
        elif levels:
            assert set(leaf.levels) <= values
            assert set(levels) - set(leaf.levels) & values


LEVELS = {
    "urgent": "A2.2",
    "recommended": "A1.1 A1.2 A1.3 A2.1 A2.3 A3.1 A3.2 A3.3 B1.1 B1.2 B1.3 B2.1 B2.2 B2.3 B3.1 B3.2 B3.3",
    "optional": "C1.1 C1.2 C1.3 C2.1 C2.2",
    None: "D3.1 D3.2 D3.3 H0",
}
SOURCES = {"stable-2025": "D3.3"}


def test_each_statement_has_its_level_and_its_source():
    statements = {rule.statement: rule for rule in RULE_BOOK}
    assert {s: str(rule.level) for s, rule in statements.items()} == {
        s: str(level) for level, listed in LEVELS.items() for s in listed.split()
    }
    others = {s: source for source, listed in SOURCES.items() for s in listed.split()}
    assert {s: rule.source for s, rule in statements.items()} == dict.fromkeys(
        statements, "overview-2025"
    ) | others
    assert [len(RULE_BOOK.of_kind(kind)) for kind in ("indication", "amplifier", "counter_indication")] == [
        23,
        1,
        3,
    ]


def test_no_rule_is_graded_above_the_article_that_states_it():
    assert {RULE_BOOK.sources_by_key[rule.source].grade for rule in RULE_BOOK} == {Grade.SECONDARY_WEB}
    described = [rule.statement for rule in RULE_BOOK if "meyer-2015" in rule.remark]
    assert described == ["C1.2", "C1.3"] and RULE_BOOK.sources_by_key["meyer-2015"].grade is Grade.PRIMARY


OWN_READING = ["A2.1", "A2.2", "A3.3", "B1.1", "B1.2", "B1.3", "B2.1", "B3.2", "D3.1", "D3.2", "D3.3"]


@pytest.mark.parametrize("show", [RuleBook.to_markdown, RuleBook._repr_html_], ids=["markdown", "notebook"])
def test_what_is_the_projects_own_reading_says_so_where_the_book_is_shown(show):
    own = [rule for rule in RULE_BOOK if "this project's own reading of the article" in rule.remark]
    assert [rule.statement for rule in own] == OWN_READING
    assert [rule.remark for rule in own if rule.remark not in html.unescape(show(RULE_BOOK))] == []


@pytest.mark.parametrize("audience", ["patient", "clinician"])
@pytest.mark.parametrize("statement", OWN_READING)
def test_what_is_the_projects_own_reading_says_so_where_the_rule_fires(statement, audience):
    (rule,) = (rule for rule in RULE_BOOK if rule.statement == statement)
    given = next(given for _, given, verdict in TABLES[rule.name] if verdict)
    told = explain({n: v for n, v in given.items() if v is not None}, RULE_BOOK, audience=audience)
    for page in (html.unescape(told.to_html()), " ".join(repr(told).split())):
        assert rule.remark in page


THRESHOLDS = [
    # fact                 at least   lower       upper      in
    ("first_line_weeks",   4,         2,          12,        "A1.2 A2.1 H0"),
    ("drug_trials",        2,         2,          3,         "A2.3"),
    ("treatment_risk",     "high",    "moderate", "high",    "A3.3"),
    ("organ_systems",      2,         2,          3,         "B3.2"),
    ("specialties_spanned", 2,        2,          3,         "B3.2"),
]  # fmt: skip


def test_each_threshold_that_the_article_does_not_give_states_its_range_and_is_assumed():
    found = {}
    for rule in RULE_BOOK:
        for leaf in rule.when.leaves():
            if isinstance(leaf, Compare) and leaf.lower is not None:
                assert leaf.basis == "assumed" and leaf.op == ">="
                found.setdefault((leaf.fact.name, leaf.value, leaf.lower, leaf.upper), []).append(
                    rule.statement
                )
    assert [(*key, " ".join(rules)) for key, rules in found.items()] == THRESHOLDS


def test_the_caution_on_treatment_that_cannot_wait_gives_the_published_delay_and_says_whose_it_is():
    words, source = _ADVICE["own"].words, RULE_BOOK.sources_by_key["egleston-2023"]
    assert "33 days" in words and "(14 to 53; egleston-2023)" in words
    assert "breast cancer" in words and "an addition of this project" in words
    assert "an addition of this project" in _ADVICE["own"].if_unknown
    assert "Egleston" in source.reference and "doi" in source.reference.lower()


def test_a_patients_wish_is_optional_and_nothing_else_is():
    assert {rule.name for rule in RULE_BOOK if rule.group.startswith("patient: ")} == {
        rule.name for rule in RULE_BOOK if rule.preference
    }


def test_advice_comes_in_the_order_in_which_it_is_shown():
    said = [(advice.statement, advice.next_step) for advice in RULE_BOOK.advice]
    assert said == [(s, s[0] == "E") for s in ["D2.3", "D2.1", "D2.2", "own", "E1", "E2", "E3", "E3", "E3"]]
    assert [a.statement for a in RULE_BOOK.advice if a.only_without_clinical] == ["D2.3"]
    assert [a.statement for a in RULE_BOOK.advice if a.only_with_clinical] == ["D2.2"]
    assert [a.statement for a in RULE_BOOK.advice if a.if_unknown] == ["D2.1", "own", "E3", "E3"]


def test_the_vocabulary_is_the_facts_in_their_order():
    assert tuple(RULE_BOOK.facts.values()) == FACTS
    assert len(FACTS) == 55 and len({fact.topic for fact in FACTS}) == 8
    whens = [rule.when for rule in RULE_BOOK] + [rule.stronger_when for rule in RULE_BOOK]
    whens += [advice.when for advice in RULE_BOOK.advice]
    read = {name for when in whens if when is not None for name in when.facts}
    assert read == set(RULE_BOOK.facts), "a fact that nothing reads"


def test_the_book_reloads_from_its_text():
    again = RuleBook.from_json(RULE_BOOK.to_json())
    assert again == RULE_BOOK and again.fingerprint == RULE_BOOK.fingerprint
