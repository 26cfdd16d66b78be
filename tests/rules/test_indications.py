"""What each rule says, row by row, in tables that a clinician can check; the same on every engine.

Every fact that a row does not name is known and quiet. A dash means *not recorded*, and so does `None` in the
last column: the rule cannot be decided.
"""

import pytest

from secondop.rules.conditions import Compare
from secondop.rules.facts import FACTS
from secondop.rules.indications import RULE_BOOK

YES, NO, __ = True, False, None

# One table a rule: the facts that it reads; then situation, their values, and whether the rule holds.
TABLES = {
    # ------------------------------------------------------------------ diagnostic uncertainty
    "negative-work-up-high-suspicion": [
        ("                             ", "first_workup", "suspicion"),
        ("nothing found, high suspicion", "negative", "high", YES),
        ("nothing found, some suspicion", "negative", "moderate", NO),
        ("tests unclear                ", "unclear", "high", NO),
        ("tests found something        ", "positive", "high", NO),
        ("no tests yet                 ", "not_done", "high", NO),
        ("suspicion not recorded       ", "negative", __, __),
        ("tests not recorded           ", __, "high", __),
        ("low suspicion settles it     ", __, "low", NO),
        ("a finding settles it         ", "positive", __, NO),
    ],
    "atypical-or-unresponsive": [
        ("                            ", "atypical_presentation", "treatment_response"),
        ("both                        ", YES, "none", YES),
        ("unusual picture             ", YES, "as_expected", YES),
        ("helps less than it should   ", NO, "less_than_expected", YES),
        ("does not help at all        ", NO, "none", YES),
        ("usual in every way          ", NO, "as_expected", NO),
        ("not treated is no failure   ", NO, "not_treated", NO),
        ("picture not recorded        ", __, "as_expected", __),
        ("response not recorded       ", NO, __, __),
        ("unusual picture settles it  ", YES, __, YES),
        ("poor response settles it    ", __, "none", YES),
    ],
    "ambiguous-pathology": [
        ("                       ", "pathology_result"),
        ("ambiguous              ", "ambiguous", YES),
        ("an expert is asked for ", "expert_needed", YES),
        ("clear                  ", "clear", NO),
        ("no tissue examined     ", "none", NO),
        ("report not recorded    ", __, __),
    ],
    # ------------------------------------------------------------------ treatment failure
    "failed-first-line": [
        ("                              ", "first_line_appropriate", "symptom_course", "first_line_weeks"),
        ("unchanged after eight weeks   ", YES, "unchanged", 8, YES),
        ("unchanged after four weeks    ", YES, "unchanged", 4, YES),
        ("just under four weeks         ", YES, "unchanged", 3.9, NO),
        ("worsening at once             ", YES, "worsening", 0, YES),
        ("improving                     ", YES, "improving", 8, NO),
        ("no symptoms                   ", YES, "none", 8, NO),
        ("treatment was wrong           ", NO, "worsening", 8, NO),
        ("appropriateness not recorded  ", __, "worsening", 8, __),
        ("course not recorded           ", YES, __, 8, __),
        ("weeks not recorded            ", YES, "unchanged", __, __),
        ("course unknown, week two      ", YES, __, 2, __),
        ("worsening settles the weeks   ", YES, "worsening", __, YES),
        ("improving settles it          ", __, "improving", __, NO),
        ("wrong treatment settles it    ", NO, __, __, NO),
    ],
    "complication-or-new-finding": [
        ("                          ", "complication_during_treatment", "new_finding"),
        ("both                      ", YES, "lump", YES),
        ("complication              ", YES, "none", YES),
        ("erosion                   ", NO, "erosion", YES),
        ("ulcer                     ", NO, "ulcer", YES),
        ("lump                      ", NO, "lump", YES),
        ("suspicious lesion         ", NO, "suspicious_lesion", YES),
        ("some other finding        ", NO, "other", NO),
        ("neither                   ", NO, "none", NO),
        ("complication not recorded ", __, "none", __),
        ("finding not recorded      ", NO, __, __),
        ("complication settles it   ", YES, __, YES),
        ("lump settles it           ", __, "lump", YES),
    ],
    "refractory-to-lifestyle-and-drugs": [
        ("                           ", "symptom_course", "lifestyle_change_tried", "drug_trials"),
        ("unchanged, habits, two drugs", "unchanged", YES, 2, YES),
        ("worsening, habits, five    ", "worsening", YES, 5, YES),
        ("one drug                   ", "unchanged", YES, 1, NO),
        ("habits never changed       ", "unchanged", NO, 2, NO),
        ("improving                  ", "improving", YES, 2, NO),
        ("course not recorded        ", __, YES, 2, __),
        ("habits not recorded        ", "unchanged", __, 2, __),
        ("drugs not recorded         ", "unchanged", YES, __, __),
        ("one drug settles it        ", __, __, 1, NO),
        ("improving settles it       ", "improving", __, __, NO),
    ],
    "severe-or-refractory-symptoms": [
        ("                           ", "symptom_severity", "symptom_course", "first_line_weeks"),
        ("severe                     ", "severe", "improving", 2, YES),
        ("unchanged for four weeks   ", "mild", "unchanged", 4, YES),
        ("worsening for four weeks   ", "mild", "worsening", 4, YES),
        ("moderate                   ", "moderate", "improving", 8, NO),
        ("just under four weeks      ", "mild", "unchanged", 3.9, NO),
        ("worsening, week two        ", "mild", "worsening", 2, NO),
        ("severity not recorded      ", __, "improving", 2, __),
        ("course not recorded        ", "mild", __, 4, __),
        ("weeks not recorded         ", "mild", "unchanged", __, __),
        ("severe settles it          ", "severe", __, __, YES),
        ("refractory settles it      ", __, "unchanged", 4, YES),
    ],
    # ------------------------------------------------------------------ major decisions
    "invasive-procedure-proposed": [
        ("                       ", "procedure_proposed"),
        ("invasive procedure     ", "invasive_procedure", YES),
        ("minor surgery          ", "minor_surgery", YES),
        ("major surgery          ", "major_surgery", YES),
        ("nothing invasive       ", "none", NO),
        ("procedure not recorded ", __, __),
    ],
    "aggressive-treatment-proposed": [
        ("                          ", "chemotherapy_proposed", "radiation_proposed", "procedure_proposed"),
        ("all three                 ", YES, YES, "major_surgery", YES),
        ("chemotherapy              ", YES, NO, "none", YES),
        ("radiation                 ", NO, YES, "none", YES),
        ("major surgery             ", NO, NO, "major_surgery", YES),
        ("minor surgery             ", NO, NO, "minor_surgery", NO),
        ("nothing of the kind       ", NO, NO, "none", NO),
        ("chemotherapy not recorded ", __, NO, "none", __),
        ("radiation not recorded    ", NO, __, "none", __),
        ("procedure not recorded    ", NO, NO, __, __),
        ("radiation settles it      ", __, YES, __, YES),
    ],
    "risky-or-life-changing-treatment": [
        ("                     ", "treatment_risk", "quality_of_life_impact"),
        ("both                 ", "high", "substantial", YES),
        ("high risk            ", "high", "none", YES),
        ("substantial change   ", "low", "substantial", YES),
        ("both moderate        ", "moderate", "moderate", NO),
        ("risk not recorded    ", __, "moderate", __),
        ("change not recorded  ", "moderate", __, __),
        ("high risk settles it ", "high", __, YES),
        ("change settles it    ", __, "substantial", YES),
    ],
    # ------------------------------------------------------------------ specialty: surgery
    "circumcision-before-steroid-trial": [
        ("", "sex", "condition", "circumcision_proposed", "topical_steroid_trial_adequate"),
        ("all conditions met         ", "male", "phimosis", YES, NO, YES),
        ("trial was adequate         ", "male", "phimosis", YES, YES, NO),
        ("not proposed               ", "male", "phimosis", NO, NO, NO),
        ("another condition          ", "male", "genital_skin_disease", YES, NO, NO),
        ("not male                   ", "female", "phimosis", YES, NO, NO),
        ("neither male nor female    ", "other", "phimosis", YES, NO, NO),
        ("sex not recorded           ", __, "phimosis", YES, NO, __),
        ("condition not recorded     ", "male", __, YES, NO, __),
        ("proposal not recorded      ", "male", "phimosis", __, NO, __),
        ("trial not recorded         ", "male", "phimosis", YES, __, __),
        ("not proposed settles it    ", __, __, NO, __, NO),
        ("adequate trial settles it  ", __, "phimosis", YES, YES, NO),
    ],
    "surgery-before-medical-management": [
        ("                           ", "condition", "surgical_referral", "medical_management_exhausted"),
        ("referred, drugs remain     ", "lower_urinary_tract_symptoms", YES, NO, YES),
        ("drugs exhausted            ", "lower_urinary_tract_symptoms", YES, YES, NO),
        ("not referred               ", "lower_urinary_tract_symptoms", NO, NO, NO),
        ("another condition          ", "phimosis", YES, NO, NO),
        ("condition not recorded     ", __, YES, NO, __),
        ("referral not recorded      ", "lower_urinary_tract_symptoms", __, NO, __),
        ("drugs not recorded         ", "lower_urinary_tract_symptoms", YES, __, __),
        ("no referral settles it     ", __, NO, __, NO),
    ],
    "genital-surgery-without-reason": [
        ("                          ", "genital_surgery_proposed", "genital_surgery_reason"),
        ("no reason                 ", YES, "none", YES),
        ("another reason            ", YES, "other", YES),
        ("scarring complication     ", YES, "scarring_complication", NO),
        ("premalignant change       ", YES, "premalignant_change", NO),
        ("invasive malignancy       ", YES, "invasive_malignancy", NO),
        ("no surgery                ", NO, "none", NO),
        ("surgery not recorded      ", __, "none", __),
        ("reason not recorded       ", YES, __, __),
        ("no surgery settles it     ", NO, __, NO),
        ("a sound reason settles it ", __, "invasive_malignancy", NO),
    ],
    # ------------------------------------------------------------------ specialty: cancer
    "cancer-history-without-follow-up": [
        ("                         ", "cancer_history", "specialist_follow_up"),
        ("previous, not followed   ", "previous", NO, YES),
        ("persistent, not followed ", "persistent", NO, YES),
        ("previous, followed       ", "previous", YES, NO),
        ("never had cancer         ", "none", NO, NO),
        ("history not recorded     ", __, NO, __),
        ("follow-up not recorded   ", "previous", __, __),
        ("no cancer settles it     ", "none", __, NO),
        ("follow-up settles it     ", __, YES, NO),
    ],
    "neoplasia-concern": [
        ("                     ", "neoplasia_concern"),
        ("concern              ", YES, YES),
        ("no concern           ", NO, NO),
        ("concern not recorded ", __, __),
    ],
    "prognosis-without-experience": [
        ("                          ", "advanced_cancer", "prognosis_given_by"),
        ("nobody gave one           ", YES, "nobody", YES),
        ("not by a specialist       ", YES, "non_specialist", YES),
        ("experienced specialist    ", YES, "experienced_specialist", NO),
        ("cancer not advanced       ", NO, "nobody", NO),
        ("cancer not recorded       ", __, "nobody", __),
        ("who not recorded          ", YES, __, __),
        ("not advanced settles it   ", NO, __, NO),
        ("the specialist settles it ", __, "experienced_specialist", NO),
    ],
    # ------------------------------------------------------------------ specialty: complex or rare
    "hereditary-condition-suspected": [
        ("                       ", "hereditary_condition_suspected"),
        ("suspected              ", YES, YES),
        ("not suspected          ", NO, NO),
        ("suspicion not recorded ", __, __),
    ],
    "several-organs-or-specialties": [
        ("                         ", "organ_systems", "specialties_spanned"),
        ("two organ systems        ", 2, 1, YES),
        ("two specialties          ", 1, 2, YES),
        ("many of both             ", 4, 3, YES),
        ("one of each              ", 1, 1, NO),
        ("none of either           ", 0, 0, NO),
        ("organs not recorded      ", __, 1, __),
        ("specialties not recorded ", 1, __, __),
        ("two organs settle it     ", 2, __, YES),
        ("two specialties settle it", __, 2, YES),
    ],
    "multimodal-treatment": [
        ("", "procedure_proposed", "chemotherapy_proposed", "radiation_proposed"),
        ("all three                      ", "major_surgery", YES, YES, YES),
        ("minor surgery and chemotherapy ", "minor_surgery", YES, NO, YES),
        ("minor surgery and radiation    ", "minor_surgery", NO, YES, YES),
        ("chemotherapy and radiation     ", "none", YES, YES, YES),
        ("a procedure short of surgery   ", "invasive_procedure", YES, NO, NO),
        ("one of three                   ", "major_surgery", NO, NO, NO),
        ("none of three                  ", "none", NO, NO, NO),
        ("procedure not recorded         ", __, YES, NO, __),
        ("chemotherapy not recorded      ", "major_surgery", __, NO, __),
        ("radiation not recorded         ", "none", YES, __, __),
        ("two of three settle it         ", __, YES, YES, YES),
        ("two refused settle it          ", __, NO, NO, NO),
        ("one known, two not recorded    ", "major_surgery", __, __, __),
        ("one refused, two not recorded  ", "none", __, __, __),
    ],
    # ------------------------------------------------------------------ the patient
    "patient-wants-one": [
        ("                  ", "wants_second_opinion"),
        ("wants one         ", YES, YES),
        ("does not          ", NO, NO),
        ("wish not recorded ", __, __),
    ],
    "patient-unsure": [
        ("                       ", "unsure_of_diagnosis", "unsure_of_treatment"),
        ("of both                ", YES, YES, YES),
        ("of the diagnosis       ", YES, NO, YES),
        ("of the treatment       ", NO, YES, YES),
        ("of neither             ", NO, NO, NO),
        ("diagnosis not recorded ", __, NO, __),
        ("treatment not recorded ", NO, __, __),
        ("one doubt settles it   ", YES, __, YES),
        ("the other settles it   ", __, YES, YES),
    ],
    "patient-wants-help-choosing": [
        ("                     ", "wants_help_choosing", "wants_prognosis"),
        ("both                 ", YES, YES, YES),
        ("help to choose       ", YES, NO, YES),
        ("the outlook          ", NO, YES, YES),
        ("neither              ", NO, NO, NO),
        ("choice not recorded  ", __, NO, __),
        ("outlook not recorded ", NO, __, __),
        ("one wish settles it  ", YES, __, YES),
        ("the other settles it ", __, YES, YES),
    ],
    "concerns-or-confidence": [
        ("                           ", "concerns_unaddressed", "confidence_in_plan"),
        ("both                       ", YES, "none", YES),
        ("concerns not taken up      ", YES, "full", YES),
        ("no confidence              ", NO, "none", YES),
        ("low confidence             ", NO, "low", YES),
        ("fair confidence            ", NO, "fair", NO),
        ("concerns not recorded      ", __, "full", __),
        ("confidence not recorded    ", NO, __, __),
        ("concerns settle it         ", YES, __, YES),
        ("low confidence settles it  ", __, "low", YES),
    ],
    "patient-wants-explanation": [
        ("                  ", "wants_fuller_explanation"),
        ("wants more        ", YES, YES),
        ("has had enough    ", NO, NO),
        ("wish not recorded ", __, __),
    ],
    # ------------------------------------------------------------------ may not be needed
    "well-controlled-disease": [
        ("                           ", "disease_control", "complicated_disease", "treatment_response"),
        ("all conditions met         ", "well_controlled", NO, "as_expected", YES),
        ("partly controlled          ", "partly_controlled", NO, "as_expected", NO),
        ("complicated                ", "well_controlled", YES, "as_expected", NO),
        ("responds less than it should", "well_controlled", NO, "less_than_expected", NO),
        ("not treated                ", "well_controlled", NO, "not_treated", NO),
        ("control not recorded       ", __, NO, "as_expected", __),
        ("complications not recorded ", "well_controlled", __, "as_expected", __),
        ("response not recorded      ", "well_controlled", NO, __, __),
        ("complications settle it    ", __, YES, __, NO),
    ],
    "clear-diagnosis-standard-plan": [
        ("                        ", "diagnosis_clear_cut", "plan_follows_guideline"),
        ("both                    ", YES, YES, YES),
        ("diagnosis not clear     ", NO, YES, NO),
        ("no guideline            ", YES, NO, NO),
        ("diagnosis not recorded  ", __, YES, __),
        ("guideline not recorded  ", YES, __, __),
        ("doubt settles it        ", NO, __, NO),
    ],
    "stable-without-new-findings": [
        ("                      ", "clinically_stable", "new_finding", "symptom_course"),
        ("stable, nothing new   ", YES, "none", "none", YES),
        ("stable, unchanged     ", YES, "none", "unchanged", YES),
        ("not stable            ", NO, "none", "none", NO),
        ("a new lump            ", YES, "lump", "none", NO),
        ("any other new finding ", YES, "other", "none", NO),
        ("worsening             ", YES, "none", "worsening", NO),
        ("state not recorded    ", __, "none", "none", __),
        ("finding not recorded  ", YES, __, "none", __),
        ("course not recorded   ", YES, "none", __, __),
        ("a finding settles it  ", __, "ulcer", __, NO),
    ],
    # A caution holds only where no clinical reason does: here the tissue report is that reason.
    "opinion-after-opinion": [
        ("                          ", "earlier_opinions", "pathology_result"),
        ("two                       ", 2, "clear", YES),
        ("five                      ", 5, "clear", YES),
        ("one                       ", 1, "clear", NO),
        ("none                      ", 0, "clear", NO),
        ("with a clinical reason    ", 2, "ambiguous", NO),
        ("opinions not recorded     ", __, "clear", __),
        ("reason not recorded       ", 2, __, __),
        ("one settles it            ", 1, __, NO),
        ("the reason settles it     ", __, "ambiguous", NO),
    ],
}

ROWS = [
    (rule, situation.strip(), dict(zip(table[0][1:], values, strict=True)), holds)
    for rule, table in TABLES.items()
    for situation, *values, holds in table[1:]
]


@pytest.fixture(scope="module")
def verdicts(assess_rows, quiet_case, engine):
    """The verdicts of one frame that holds every row of every table, assessed once an engine."""
    answers = assess_rows(engine, [quiet_case | facts for _, _, facts, _ in ROWS])
    return [{"holds": answer[rule], **answer} for (rule, *_), answer in zip(ROWS, answers, strict=True)]


@pytest.mark.parametrize("rule", TABLES)
def test_the_rule_holds_where_its_table_says(verdicts, rule):
    table = [(row, verdict["holds"]) for row, verdict in zip(ROWS, verdicts, strict=True) if row[0] == rule]
    expected = {situation: holds for (_, situation, _, holds), _ in table}
    assert {situation: holds for (_, situation, _, _), holds in table} == expected
    assert len(expected) == len(table)  # no situation is described twice


def test_every_rule_has_a_table():
    assert list(TABLES) and set(TABLES) == {rule.name for rule in RULE_BOOK}


@pytest.mark.parametrize("rule", RULE_BOOK, ids=lambda rule: rule.name)
def test_the_table_is_complete(rule):
    """Yes, no and unknown; each fact not recorded alone; each threshold itself; a gap that is settled."""
    rows = [(facts, holds) for name, _, facts, holds in ROWS if name == rule.name]
    assert {holds for _, holds in rows} == {True, False, None}
    assert set(rule.facts) <= set(rows[0][0])

    gaps = [{name for name, value in facts.items() if value is None} for facts, _ in rows]
    undecided = [gap for gap, (_, holds) in zip(gaps, rows, strict=True) if holds is None]
    assert all({name} in undecided for name in rule.facts), "a fact lacks its not-recorded row"
    if len(rule.facts) > 1:
        assert any(gap and holds is not None for gap, (_, holds) in zip(gaps, rows, strict=True))

    for leaf in rule.when.leaves():
        values = {facts[leaf.name] for facts, _ in rows}
        if isinstance(leaf, Compare) and FACTS[leaf.name].is_numeric:
            assert leaf.value in values
            assert any(leaf.value - 1 <= value < leaf.value for value in values - {None})
        elif isinstance(leaf, Compare):
            place = FACTS[leaf.name].levels.index(leaf.value)
            inside = place - 1 if leaf.op in (">=", "<") else place + 1
            assert {leaf.value, FACTS[leaf.name].levels[inside]} <= values
        elif FACTS[leaf.name].has_levels:
            assert set(leaf.levels) <= values
            assert set(FACTS[leaf.name].levels) - set(leaf.levels) & values
