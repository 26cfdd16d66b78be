"""The rules of the second opinion book: reasons for one, what strengthens them, reasons against."""

from functools import partial

from secondop.guideline import facts as f
from secondop.rules.conditions import at_least
from secondop.rules.rules import Amplifier, CounterIndication, Indication

OVERVIEW = {"source": "overview-2025"}
PROGRAMME = "The article cites meyer-2015 for it: a study that describes the patients of one programme."
RECOMMENDED = {"level": "recommended"} | OVERVIEW
uncertainty = partial(Indication, group="diagnostic uncertainty", **RECOMMENDED)
failure = partial(Indication, group="treatment failure", **RECOMMENDED)
decision = partial(Indication, group="major decision", **RECOMMENDED)
surgery = partial(Indication, group="specialty: surgery", **RECOMMENDED)
cancer = partial(Indication, group="specialty: cancer", **RECOMMENDED)
complex_or_rare = partial(Indication, group="specialty: complex or rare", **RECOMMENDED)
preference = partial(Indication, group="patient: preference", level="optional", **OVERVIEW)
trust = partial(Indication, group="patient: trust", level="optional", **OVERVIEW)
not_needed = partial(CounterIndication, group="may not be needed", **OVERVIEW)

# The source names no duration, no number of drugs, no number of organs and no degree of risk: thresholds with
# a range are assumptions to be varied. The time in which a treatment should show its effect is stated once.
TIME_TO_WORK = f.first_line_weeks.at_least(4, lower=2, upper=12)
FALLS_SHORT = f.treatment_response.is_in("less_than_expected", "none")
PERSISTS = (f.symptom_course >= "unchanged") & TIME_TO_WORK
WELL_CONTROLLED = f.disease_control.is_in("well_controlled")
OPERATION_OR_INVASIVE = f.procedure_proposed.is_in("invasive_procedure", "minor_surgery", "major_surgery")
SOUND_REASON = f.genital_surgery_reason.is_in(
    "scarring_complication", "premalignant_change", "invasive_malignancy"
)
NOTHING_NEW = (
    f.new_finding.is_in("none") & ~f.symptom_severity.is_in("severe") & ~f.symptom_course.is_in("worsening")
)
OWN = "is this project's own reading of the article."
QUIET = f"Asking that nothing is new, severe or worsening {OWN}"

# One table: name, statement and whom to see; what the rule says; when it fires.
# fmt: off
RULES = (
    uncertainty("negative-work-up-high-suspicion", statement="A1.1",
        consult="specialist of the suspected organ",
        label="Tests found nothing, yet suspicion of disease stays high",
        when=f.first_workup.is_in("negative") & f.suspicion.is_in("high")),
    uncertainty("atypical-or-unresponsive", statement="A1.2", consult="specialist",
        label="An unusual picture, or standard treatment that falls short after the time it needs",
        when=f.atypical_presentation | (FALLS_SHORT & TIME_TO_WORK)),
    uncertainty("ambiguous-pathology", statement="A1.3",
        consult="expert pathologist, for a second reading of the tissue",
        label="A tissue report that is ambiguous or needs an expert's eye",
        when=f.pathology_result.is_in("ambiguous", "expert_needed"),
        stronger_when=f.specialty.is_in("dermatology", "oncology") | f.rare_disease),
    failure("failed-first-line", statement="A2.1", consult="specialist",
        label="Symptoms that persist or worsen although the first treatment was right",
        when=f.first_line_appropriate & FALLS_SHORT & ~WELL_CONTROLLED
        & (f.symptom_course.is_in("worsening") | PERSISTS),
        remark=f"Asking that the disease is not well controlled {OWN}"),
    failure("complication-or-new-finding", level="urgent", statement="A2.2", consult="specialist, urgently",
        label="A complication during treatment, or a new worrying finding that persists or is unexplained",
        when=f.complication_during_treatment
        | (f.new_finding.is_in("erosion", "ulcer", "lump", "suspicious_lesion")
        & f.finding_persistent_or_unexplained),
        remark=f"Asking that the finding is persistent or unexplained {OWN}"),
    failure("refractory-to-lifestyle-and-drugs", statement="A2.3", consult="specialist",
        label="Symptoms that stay in spite of changed habits and several drugs",
        when=(f.symptom_course >= "unchanged") & f.lifestyle_change_tried
        & f.drug_trials.at_least(2, lower=2, upper=3)),
    Amplifier("severe-or-refractory-symptoms", group="severity", statement="H0", source="overview-2025",
        label="Severe symptoms, or symptoms that resist the first treatment",
        when=f.symptom_severity.is_in("severe") | (FALLS_SHORT & PERSISTS)),
    decision("invasive-procedure-proposed", statement="A3.1",
        consult="a second surgeon or proceduralist, or the less invasive specialty",
        label="An operation or another invasive procedure ahead",
        when=OPERATION_OR_INVASIVE,
        stronger_when=f.less_invasive_option),
    decision("aggressive-treatment-proposed", statement="A3.2",
        consult="the treating specialty at another centre",
        label="Chemotherapy, radiation or major surgery ahead",
        when=f.chemotherapy_proposed | f.radiation_proposed | f.procedure_proposed.is_in("major_surgery")),
    decision("risky-or-life-changing-treatment", statement="A3.3", consult="the treating specialty",
        label="A treatment with high risk or a large effect on daily life",
        when=f.treatment_risk.at_least("high", lower="moderate", upper="high")
        | f.quality_of_life_impact.is_in("substantial"),
        remark=f"Taking a significant risk for a high one {OWN}"),
    surgery("circumcision-before-steroid-trial", statement="B1.1",
        consult="urologist or dermatologist, before surgery",
        label="Circumcision proposed before an adequate trial of topical steroid",
        when=f.sex.is_in("male") & f.condition.is_in("phimosis") & f.circumcision_proposed
        & ~f.topical_steroid_trial_adequate & ~SOUND_REASON,
        remark=f"The exception for scarring, premalignant change or cancer {OWN}"),
    surgery("surgery-before-medical-management", statement="B1.2",
        consult="urologist who treats without surgery",
        label="Referral to a surgeon for urinary symptoms before drugs were tried in full",
        when=f.condition.is_in("lower_urinary_tract_symptoms") & f.surgical_referral
        & ~f.medical_management_exhausted & ~f.complicated_disease,
        remark=f"The exception for complicated disease (retention, renal failure, stones) {OWN}"),
    surgery("genital-surgery-without-reason", statement="B1.3", consult="specialist, before surgery",
        label="Genital surgery for skin disease or phimosis without scarring, premalignant change or cancer",
        when=f.condition.is_in("phimosis", "genital_skin_disease") & f.genital_surgery_proposed
        & ~SOUND_REASON,
        remark=f"The limit to genital skin disease and phimosis, with its exceptions, {OWN}"),
    cancer("cancer-history-without-follow-up", statement="B2.1",
        consult="oncologist: arrange follow-up",
        label="A previous or persisting cancer whose follow-up is neither in place nor completed",
        when=f.cancer_history.is_in("previous", "persistent")
        & f.specialist_follow_up.is_in("never", "lapsed"),
        remark=f"Taking a completed follow-up for enough {OWN}"),
    cancer("neoplasia-concern", statement="B2.2",
        consult="specialist, for biopsy and expert pathology",
        label="Concern about an early cancer or a change towards cancer",
        when=f.neoplasia_concern),
    cancer("prognosis-without-experience", statement="B2.3",
        consult="experienced oncologist or palliative specialist",
        label="Advanced cancer whose outlook was not given by an experienced specialist",
        when=f.advanced_cancer & f.prognosis_given_by.is_in("nobody", "non_specialist")),
    complex_or_rare("hereditary-condition-suspected", statement="B3.1",
        consult="centre with expertise in that condition",
        label="Suspicion of an inherited condition",
        when=f.hereditary_condition_suspected),
    complex_or_rare("several-organs-or-specialties", statement="B3.2", consult="multidisciplinary team",
        label="Several organ systems not all well controlled, or a diagnosis that spans specialties",
        when=(f.organ_systems.at_least(2, lower=2, upper=3) & ~WELL_CONTROLLED)
        | f.specialties_spanned.at_least(2, lower=2, upper=3),
        remark=f"The exception for disease that is well controlled {OWN}"),
    complex_or_rare("multimodal-treatment", statement="B3.3", consult="multidisciplinary team",
        label="Treatment that combines surgery, chemotherapy or radiation",
        when=at_least(2, OPERATION_OR_INVASIVE, f.chemotherapy_proposed, f.radiation_proposed)),
    preference("patient-wants-one", statement="C1.1", consult="the patient's choice",
        label="The wish for another opinion, for whatever reason",
        when=f.wants_second_opinion),
    preference("patient-unsure", statement="C1.2", remark=PROGRAMME, consult="same specialty",
        label="Doubt about the diagnosis or the proposed treatment",
        when=f.unsure_of_diagnosis | f.unsure_of_treatment),
    preference("patient-wants-help-choosing", statement="C1.3", remark=PROGRAMME, consult="same specialty",
        label="The wish for help to choose a treatment or to understand the outlook",
        when=f.wants_help_choosing | f.wants_prognosis),
    trust("concerns-or-confidence", statement="C2.1", consult="same specialty, another practice",
        label="Concerns that are not taken up, or little confidence in the plan",
        when=f.concerns_unaddressed | (f.confidence_in_plan <= "low")),
    trust("patient-wants-explanation", statement="C2.2", consult="same specialty",
        label="The wish for a fuller explanation of condition, options, risks and benefits",
        when=f.wants_fuller_explanation),
    not_needed("well-controlled-disease", statement="D3.1",
        label="A controlled, uncomplicated disease that responds to standard treatment",
        when=WELL_CONTROLLED & ~f.complicated_disease & f.treatment_response.is_in("as_expected")
        & NOTHING_NEW,
        remark=QUIET),
    not_needed("clear-diagnosis-standard-plan", statement="D3.2",
        label="A clear-cut diagnosis and a plan that follows established guidelines",
        when=f.diagnosis_clear_cut & f.plan_follows_guideline & NOTHING_NEW,
        remark=QUIET),
    not_needed("stable-without-new-findings", statement="D3.3", source="stable-2025",
        label="A stable patient with no new symptoms or worrying changes",
        when=f.clinically_stable & NOTHING_NEW,
        remark=QUIET),
)
# fmt: on
