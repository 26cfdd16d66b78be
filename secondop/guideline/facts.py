"""The facts of the second opinion book: what a case can state, in the order in which a clinician asks."""

from collections.abc import Callable
from functools import partial

from secondop.rules import facts
from secondop.rules.facts import Fact


def _about(topic: str) -> tuple[Callable[..., Fact], ...]:
    kinds = (facts.flag, facts.category, facts.ordered, facts.count, facts.number)
    return tuple(partial(kind, topic=topic) for kind in kinds)


# One table: a fact a row.
# fmt: off
flag, category, ordered, count, number = _about("the patient")
sex = category("sex", "female male other", "What is your sex?")
specialty = category("specialty", "primary_care internal_medicine surgery orthopaedics urology gynaecology "
    "dermatology oncology neurology other", "Which kind of doctor gave the first opinion?")
condition = category("condition", "phimosis lower_urinary_tract_symptoms genital_skin_disease cancer other",
    "Which of these is the problem about?")
rare_disease = flag("rare_disease", "Is the disease a rare one?")

flag, category, ordered, count, number = _about("the diagnosis")
first_workup = category("first_workup", "not_done negative unclear positive",
    "What did the first round of tests show?", term="first work-up")
suspicion = ordered("suspicion", "none low moderate high",
    "After those tests, how strongly is a disease still suspected?")
atypical_presentation = flag("atypical_presentation",
    "Does the picture differ from what this disease usually looks like?")
pathology_result = category("pathology_result", "none clear ambiguous expert_needed",
    "If tissue was examined: was the report clear?")
diagnosis_clear_cut = flag("diagnosis_clear_cut", "Is the diagnosis beyond reasonable doubt?")

flag, category, ordered, count, number = _about("symptoms")
symptom_severity = ordered("symptom_severity", "none mild moderate severe", "How bad are the symptoms?")
symptom_course = ordered("symptom_course", "none improving unchanged worsening",
    "How are the symptoms developing?")
new_finding = category("new_finding", "none erosion ulcer lump suspicious_lesion other",
    "Has something new appeared, such as a sore, an ulcer, a lump or a suspicious spot?")
finding_persistent_or_unexplained = flag("finding_persistent_or_unexplained",
    "Has the new finding stayed for weeks, or is it unexplained?")
clinically_stable = flag("clinically_stable", "Has your state been stable?")

flag, category, ordered, count, number = _about("treatment so far")
first_line_appropriate = flag("first_line_appropriate",
    "Was the first treatment the right one for the diagnosis?", term="appropriate first-line treatment")
first_line_weeks = number("first_line_weeks", 5_200, "weeks",
    "For how many weeks has the first treatment been given?")
treatment_response = category("treatment_response", "not_treated as_expected less_than_expected none",
    "Did standard treatment work as it should?")
lifestyle_change_tried = flag("lifestyle_change_tried", "Were changes of diet, exercise or habits tried?")
drug_trials = count("drug_trials", 50, "drugs", "How many different drugs were tried for it?")
complication_during_treatment = flag("complication_during_treatment",
    "Did a complication occur during treatment?")
disease_control = ordered("disease_control", "uncontrolled partly_controlled well_controlled",
    "How well is the disease under control (of several, the least controlled)?")
complicated_disease = flag("complicated_disease", "Has the disease itself led to complications?")
plan_follows_guideline = flag("plan_follows_guideline", "Does the plan follow an established guideline?")
medical_management_exhausted = flag("medical_management_exhausted",
    "Have all treatments with drugs been tried in full?")
topical_steroid_trial_adequate = flag("topical_steroid_trial_adequate",
    "Was a steroid cream used properly and for long enough?", term="adequate trial of topical steroid")

flag, category, ordered, count, number = _about("what is proposed")
procedure_proposed = category("procedure_proposed", "none invasive_procedure minor_surgery major_surgery",
    "Is an operation or another invasive procedure proposed, apart from a port for infusions?")
less_invasive_option = flag("less_invasive_option", "Might there be a less invasive option?")
chemotherapy_proposed = flag("chemotherapy_proposed", "Is chemotherapy proposed?")
radiation_proposed = flag("radiation_proposed", "Is radiation proposed?")
treatment_risk = ordered("treatment_risk", "low moderate high", "How risky is the proposed treatment?")
quality_of_life_impact = ordered("quality_of_life_impact", "none slight moderate substantial",
    "How much would the proposed treatment change daily life?", term="impact on quality of life")
treatment_cannot_wait = flag("treatment_cannot_wait",
    "Is the treatment so urgent that it cannot wait for another opinion?")
circumcision_proposed = flag("circumcision_proposed", "Is a circumcision proposed?")
surgical_referral = flag("surgical_referral", "Has a referral to a surgeon been proposed?")
genital_surgery_proposed = flag("genital_surgery_proposed",
    "Is an operation on the genitals proposed (a circumcision counts)?")
genital_surgery_reason = category("genital_surgery_reason",
    "none scarring_complication premalignant_change invasive_malignancy other",
    "What is the reason for that operation?", term="reason for genital surgery")

flag, category, ordered, count, number = _about("cancer and complex disease")
cancer_history = category("cancer_history", "none previous persistent",
    "Have you had a cancer, or is it still there?")
specialist_follow_up = category("specialist_follow_up", "never lapsed now completed",
    "Does a specialist see you regularly about it, or was that completed?", term="specialist follow-up")
neoplasia_concern = flag("neoplasia_concern",
    "Is there concern about an early cancer or a change towards cancer?")
advanced_cancer = flag("advanced_cancer", "Is there an advanced cancer?")
prognosis_given_by = category("prognosis_given_by", "nobody non_specialist experienced_specialist",
    "Who told you how the disease is likely to go on?")
hereditary_condition_suspected = flag("hereditary_condition_suspected",
    "Is an inherited condition suspected?")
organ_systems = count("organ_systems", 12, "organ systems", "How many organ systems are involved?")
specialties_spanned = count("specialties_spanned", 12, "specialties",
    "How many specialties does the diagnosis concern?")

flag, category, ordered, count, number = _about("the patient's wishes")
wants_second_opinion = flag("wants_second_opinion", "Do you want a second opinion?")
unsure_of_diagnosis = flag("unsure_of_diagnosis", "Are you unsure about the diagnosis?")
unsure_of_treatment = flag("unsure_of_treatment", "Are you unsure about the proposed treatment?")
wants_help_choosing = flag("wants_help_choosing", "Do you want help to choose between treatments?")
wants_prognosis = flag("wants_prognosis", "Do you want to understand how the disease will go on?")
concerns_unaddressed = flag("concerns_unaddressed", "Do you feel that your concerns are not taken up?")
confidence_in_plan = ordered("confidence_in_plan", "none low fair full",
    "How much confidence do you have in the plan?")
wants_fuller_explanation = flag("wants_fuller_explanation",
    "Do you want a fuller explanation of condition, options, risks and benefits?")

flag, category, ordered, count, number = _about("opinions and records")
earlier_opinions = count("earlier_opinions", 20, "opinions",
    "How many further opinions have you already had about this?")
first_opinion_known = flag("first_opinion_known", "Will the second doctor know what the first one said?",
    use="the explanation's caution on anchoring")
imaging_available = flag("imaging_available", "Are there pictures, such as X-ray, CT or MRI?",
    use="the list of records to send")
# fmt: on

FACTS = tuple(fact for fact in vars().values() if isinstance(fact, Fact))
"""All of them, in that order."""
