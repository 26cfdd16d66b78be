"""The rules of the second opinion book: what argues for one, what strengthens it, what argues against."""

from functools import partial

from secondop.guideline import facts as f
from secondop.rules.conditions import at_least
from secondop.rules.rules import Amplifier, CounterIndication, Indication

OVERVIEW = {"source": "overview-2025"}
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

# The source names no duration and no number of drugs; both thresholds are assumptions to be varied.
PERSISTS_DESPITE_TREATMENT = (f.symptom_course >= "unchanged") & (f.first_line_weeks >= 4)

# One table: name, statement and whom to see; what the rule says; when it fires.
# fmt: off
RULES = (
    uncertainty("negative-work-up-high-suspicion", statement="A1.1",
        consult="specialist of the suspected organ",
        label="Tests found nothing, yet suspicion of disease stays high",
        when=f.first_workup.is_in("negative") & f.suspicion.is_in("high")),
    uncertainty("atypical-or-unresponsive", statement="A1.2", consult="specialist",
        label="An unusual picture, or standard treatment that does not work as it should",
        when=f.atypical_presentation | f.treatment_response.is_in("less_than_expected", "none")),
    uncertainty("ambiguous-pathology", statement="A1.3",
        consult="expert pathologist, for a second reading of the tissue",
        label="A tissue report that is ambiguous or needs an expert's eye",
        when=f.pathology_result.is_in("ambiguous", "expert_needed"),
        stronger_when=f.specialty.is_in("dermatology", "oncology") | f.rare_disease),
    failure("failed-first-line", statement="A2.1", consult="specialist",
        label="Symptoms that persist or worsen although the first treatment was right",
        when=f.first_line_appropriate & (f.symptom_course.is_in("worsening") | PERSISTS_DESPITE_TREATMENT)),
    failure("complication-or-new-finding", level="urgent", statement="A2.2", consult="specialist, urgently",
        label="A complication during treatment, or a new erosion, ulcer, lump or suspicious spot",
        when=f.complication_during_treatment
        | f.new_finding.is_in("erosion", "ulcer", "lump", "suspicious_lesion")),
    failure("refractory-to-lifestyle-and-drugs", statement="A2.3", consult="specialist",
        label="Symptoms that stay in spite of changed habits and several drugs",
        when=(f.symptom_course >= "unchanged") & f.lifestyle_change_tried & (f.drug_trials >= 2)),
    Amplifier("severe-or-refractory-symptoms", group="severity", statement="H0", source="overview-2025",
        label="Severe symptoms, or symptoms that resist the first treatment",
        when=f.symptom_severity.is_in("severe") | PERSISTS_DESPITE_TREATMENT),
    decision("invasive-procedure-proposed", statement="A3.1",
        consult="a second surgeon or proceduralist, or the less invasive specialty",
        label="An operation or another invasive procedure ahead",
        when=f.procedure_proposed >= "invasive_procedure",
        stronger_when=f.less_invasive_option),
    decision("aggressive-treatment-proposed", statement="A3.2",
        consult="the treating specialty at another centre",
        label="Chemotherapy, radiation or major surgery ahead",
        when=f.chemotherapy_proposed | f.radiation_proposed | f.procedure_proposed.is_in("major_surgery")),
    decision("risky-or-life-changing-treatment", statement="A3.3", consult="the treating specialty",
        label="A treatment with high risk or a large effect on daily life",
        when=f.treatment_risk.is_in("high") | f.quality_of_life_impact.is_in("substantial")),
    surgery("circumcision-before-steroid-trial", statement="B1.1",
        consult="urologist or dermatologist, before surgery",
        label="Circumcision proposed before an adequate trial of topical steroid",
        when=f.sex.is_in("male") & f.condition.is_in("phimosis") & f.circumcision_proposed
        & ~f.topical_steroid_trial_adequate),
    surgery("surgery-before-medical-management", statement="B1.2",
        consult="urologist who treats without surgery",
        label="Referral to a surgeon for urinary symptoms before drugs were tried in full",
        when=f.condition.is_in("lower_urinary_tract_symptoms") & f.surgical_referral
        & ~f.medical_management_exhausted),
    surgery("genital-surgery-without-reason", statement="B1.3", consult="specialist, before surgery",
        label="Genital surgery proposed without scarring, premalignant change or cancer",
        when=f.genital_surgery_proposed
        & ~f.genital_surgery_reason.is_in(
            "scarring_complication", "premalignant_change", "invasive_malignancy")),
    cancer("cancer-history-without-follow-up", statement="B2.1",
        consult="oncologist, for continuing follow-up",
        label="A previous or persisting cancer that no specialist follows",
        when=f.cancer_history.is_in("previous", "persistent") & ~f.specialist_follow_up),
    cancer("neoplasia-concern", level="urgent", statement="B2.2",
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
        label="Several organ systems, or a diagnosis that spans specialties",
        when=(f.organ_systems >= 2) | (f.specialties_spanned >= 2)),
    complex_or_rare("multimodal-treatment", statement="B3.3", consult="multidisciplinary team",
        label="Treatment that combines surgery, chemotherapy or radiation",
        when=at_least(2,
            f.procedure_proposed >= "minor_surgery", f.chemotherapy_proposed, f.radiation_proposed)),
    preference("patient-wants-one", statement="C1.1", consult="the patient's choice",
        label="The wish for another opinion, for whatever reason",
        when=f.wants_second_opinion),
    preference("patient-unsure", statement="C1.2", source="meyer-2015",
        locator="C1.2, as cited by overview-2025", consult="same specialty",
        label="Doubt about the diagnosis or the proposed treatment",
        when=f.unsure_of_diagnosis | f.unsure_of_treatment),
    preference("patient-wants-help-choosing", statement="C1.3", source="meyer-2015",
        locator="C1.3, as cited by overview-2025", consult="same specialty",
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
        when=f.disease_control.is_in("well_controlled") & ~f.complicated_disease
        & f.treatment_response.is_in("as_expected")),
    not_needed("clear-diagnosis-standard-plan", statement="D3.2",
        label="A clear-cut diagnosis and a plan that follows established guidelines",
        when=f.diagnosis_clear_cut & f.plan_follows_guideline),
    not_needed("stable-without-new-findings", statement="D3.3", source="stable-2025",
        label="A stable patient with no new symptoms or worrying changes",
        when=f.clinically_stable & f.new_finding.is_in("none") & ~f.symptom_course.is_in("worsening")),
)
# fmt: on
