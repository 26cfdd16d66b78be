"""What each rule of the second opinion book says, row by row."""

import pytest

from secondop.guideline.facts import FACTS
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.conditions import Compare
from secondop.rules.rulebook import RuleBook
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
atypical-or-unresponsive: atypical_presentation, treatment_response
    both                       | yes | none               | yes
    unusual picture            | yes | as_expected        | yes
    helps less than it should  | no  | less_than_expected | yes
    does not help at all       | no  | none               | yes
    usual in every way         | no  | as_expected        | no
    not treated is no failure  | no  | not_treated        | no
    picture not recorded       | ?   | as_expected        | ?
    response not recorded      | no  | ?                  | ?
    unusual picture settles it | yes | ?                  | yes
    poor response settles it   | ?   | none               | yes
ambiguous-pathology: pathology_result
    ambiguous                  | ambiguous     | yes
    an expert is asked for     | expert_needed | yes
    clear                      | clear         | no
    no tissue examined         | none          | no
    report not recorded        | ?             | ?
failed-first-line: first_line_appropriate, symptom_course, first_line_weeks
    unchanged after eight weeks  | yes | unchanged | 8   | yes
    unchanged after four weeks   | yes | unchanged | 4   | yes
    just under four weeks        | yes | unchanged | 3.9 | no
    worsening at once            | yes | worsening | 0   | yes
    improving                    | yes | improving | 8   | no
    no symptoms                  | yes | none      | 8   | no
    treatment was wrong          | no  | worsening | 8   | no
    appropriateness not recorded | ?   | worsening | 8   | ?
    course not recorded          | yes | ?         | 8   | ?
    weeks not recorded           | yes | unchanged | ?   | ?
    course unknown, week two     | yes | ?         | 2   | ?
    worsening settles the weeks  | yes | worsening | ?   | yes
    improving settles it         | ?   | improving | ?   | no
    wrong treatment settles it   | no  | ?         | ?   | no
complication-or-new-finding: complication_during_treatment, new_finding
    both                       | yes | lump              | yes
    complication               | yes | none              | yes
    erosion                    | no  | erosion           | yes
    ulcer                      | no  | ulcer             | yes
    lump                       | no  | lump              | yes
    suspicious lesion          | no  | suspicious_lesion | yes
    some other finding         | no  | other             | no
    neither                    | no  | none              | no
    complication not recorded  | ?   | none              | ?
    finding not recorded       | no  | ?                 | ?
    complication settles it    | yes | ?                 | yes
    lump settles it            | ?   | lump              | yes
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
severe-or-refractory-symptoms: symptom_severity, symptom_course, first_line_weeks
    severe                     | severe   | improving | 2   | yes
    unchanged for four weeks   | mild     | unchanged | 4   | yes
    worsening for four weeks   | mild     | worsening | 4   | yes
    moderate                   | moderate | improving | 8   | no
    just under four weeks      | mild     | unchanged | 3.9 | no
    worsening, week two        | mild     | worsening | 2   | no
    severity not recorded      | ?        | improving | 2   | ?
    course not recorded        | mild     | ?         | 4   | ?
    weeks not recorded         | mild     | unchanged | ?   | ?
    severe settles it          | severe   | ?         | ?   | yes
    refractory settles it      | ?        | unchanged | 4   | yes
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
circumcision-before-steroid-trial: sex, condition, circumcision_proposed, topical_steroid_trial_adequate
    all conditions met         | male   | phimosis             | yes | no  | yes
    trial was adequate         | male   | phimosis             | yes | yes | no
    not proposed               | male   | phimosis             | no  | no  | no
    another condition          | male   | genital_skin_disease | yes | no  | no
    not male                   | female | phimosis             | yes | no  | no
    neither male nor female    | other  | phimosis             | yes | no  | no
    sex not recorded           | ?      | phimosis             | yes | no  | ?
    condition not recorded     | male   | ?                    | yes | no  | ?
    proposal not recorded      | male   | phimosis             | ?   | no  | ?
    trial not recorded         | male   | phimosis             | yes | ?   | ?
    not proposed settles it    | ?      | ?                    | no  | ?   | no
    adequate trial settles it  | ?      | phimosis             | yes | yes | no
surgery-before-medical-management: condition, surgical_referral, medical_management_exhausted
    referred, drugs remain     | lower_urinary_tract_symptoms | yes | no  | yes
    drugs exhausted            | lower_urinary_tract_symptoms | yes | yes | no
    not referred               | lower_urinary_tract_symptoms | no  | no  | no
    another condition          | phimosis                     | yes | no  | no
    condition not recorded     | ?                            | yes | no  | ?
    referral not recorded      | lower_urinary_tract_symptoms | ?   | no  | ?
    drugs not recorded         | lower_urinary_tract_symptoms | yes | ?   | ?
    no referral settles it     | ?                            | no  | ?   | no
genital-surgery-without-reason: genital_surgery_proposed, genital_surgery_reason
    no reason                  | yes | none                  | yes
    another reason             | yes | other                 | yes
    scarring complication      | yes | scarring_complication | no
    premalignant change        | yes | premalignant_change   | no
    invasive malignancy        | yes | invasive_malignancy   | no
    no surgery                 | no  | none                  | no
    surgery not recorded       | ?   | none                  | ?
    reason not recorded        | yes | ?                     | ?
    no surgery settles it      | no  | ?                     | no
    a sound reason settles it  | ?   | invasive_malignancy   | no
cancer-history-without-follow-up: cancer_history, specialist_follow_up
    previous, not followed     | previous   | no  | yes
    persistent, not followed   | persistent | no  | yes
    previous, followed         | previous   | yes | no
    never had cancer           | none       | no  | no
    history not recorded       | ?          | no  | ?
    follow-up not recorded     | previous   | ?   | ?
    no cancer settles it       | none       | ?   | no
    follow-up settles it       | ?          | yes | no
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
several-organs-or-specialties: organ_systems, specialties_spanned
    two organ systems          | 2 | 1 | yes
    two specialties            | 1 | 2 | yes
    many of both               | 4 | 3 | yes
    one of each                | 1 | 1 | no
    none of either             | 0 | 0 | no
    organs not recorded        | ? | 1 | ?
    specialties not recorded   | 1 | ? | ?
    two organs settle it       | 2 | ? | yes
    two specialties settle it  | ? | 2 | yes
multimodal-treatment: procedure_proposed, chemotherapy_proposed, radiation_proposed
    all three                      | major_surgery      | yes | yes | yes
    minor surgery and chemotherapy | minor_surgery      | yes | no  | yes
    minor surgery and radiation    | minor_surgery      | no  | yes | yes
    chemotherapy and radiation     | none               | yes | yes | yes
    a procedure short of surgery   | invasive_procedure | yes | no  | no
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
well-controlled-disease: disease_control, complicated_disease, treatment_response
    all conditions met           | well_controlled   | no  | as_expected        | yes
    partly controlled            | partly_controlled | no  | as_expected        | no
    complicated                  | well_controlled   | yes | as_expected        | no
    responds less than it should | well_controlled   | no  | less_than_expected | no
    not treated                  | well_controlled   | no  | not_treated        | no
    control not recorded         | ?                 | no  | as_expected        | ?
    complications not recorded   | well_controlled   | ?   | as_expected        | ?
    response not recorded        | well_controlled   | no  | ?                  | ?
    complications settle it      | ?                 | yes | ?                  | no
clear-diagnosis-standard-plan: diagnosis_clear_cut, plan_follows_guideline
    both                       | yes | yes | yes
    diagnosis not clear        | no  | yes | no
    no guideline               | yes | no  | no
    diagnosis not recorded     | ?   | yes | ?
    guideline not recorded     | yes | ?   | ?
    doubt settles it           | no  | ?   | no
stable-without-new-findings: clinically_stable, new_finding, symptom_course
    stable, nothing new        | yes | none  | none      | yes
    stable, unchanged          | yes | none  | unchanged | yes
    not stable                 | no  | none  | none      | no
    a new lump                 | yes | lump  | none      | no
    any other new finding      | yes | other | none      | no
    worsening                  | yes | none  | worsening | no
    state not recorded         | ?   | none  | none      | ?
    finding not recorded       | yes | ?     | none      | ?
    course not recorded        | yes | none  | ?         | ?
    a finding settles it       | ?   | ulcer | ?         | no
""",
    RULE_BOOK.facts,
)

# When the source presses harder, and when something is said besides.
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
    **{statement: _ADVICE[statement].when for statement in ("D2.3", "D2.1", "D2.2")},
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
    "urgent": "A2.2 B2.2",
    "recommended": "A1.1 A1.2 A1.3 A2.1 A2.3 A3.1 A3.2 A3.3 B1.1 B1.2 B1.3 B2.1 B2.3 B3.1 B3.2 B3.3",
    "optional": "C1.1 C1.2 C1.3 C2.1 C2.2",
    None: "D3.1 D3.2 D3.3 H0",
}
SOURCES = {"meyer-2015": "C1.2 C1.3", "stable-2025": "D3.3"}


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


def test_a_patients_wish_is_optional_and_nothing_else_is():
    assert {rule.name for rule in RULE_BOOK if rule.group.startswith("patient: ")} == {
        rule.name for rule in RULE_BOOK if rule.preference
    }


def test_advice_comes_in_the_order_in_which_it_is_shown():
    said = [(advice.statement, advice.next_step) for advice in RULE_BOOK.advice]
    assert said == [(s, s[0] == "E") for s in ["D2.3", "D2.1", "D2.2", "E1", "E2", "E3", "E3", "E3"]]
    assert [a.statement for a in RULE_BOOK.advice if a.only_without_clinical] == ["D2.3"]
    assert [a.statement for a in RULE_BOOK.advice if a.only_with_clinical] == ["D2.2"]
    assert [a.statement for a in RULE_BOOK.advice if a.if_unknown] == ["D2.1", "E3", "E3"]


def test_the_vocabulary_is_the_facts_in_their_order():
    assert tuple(RULE_BOOK.facts.values()) == FACTS
    assert len(FACTS) == 53 and len({fact.topic for fact in FACTS}) == 8
    whens = [rule.when for rule in RULE_BOOK] + [rule.stronger_when for rule in RULE_BOOK]
    whens += [advice.when for advice in RULE_BOOK.advice]
    read = {name for when in whens if when is not None for name in when.facts}
    assert read == set(RULE_BOOK.facts), "a fact that nothing reads"


def test_the_book_reloads_from_its_text():
    again = RuleBook.from_json(RULE_BOOK.to_json())
    assert again == RULE_BOOK and again.fingerprint == RULE_BOOK.fingerprint
