"""The second book: thirteen planned procedures before which German law entitles to a second opinion.

A right is no clinical reason: its level is *recommended*, in the words *entitled by law*, and is never
added to clinical referral rates.
"""

from functools import partial

from secondop.rules.facts import category, flag
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Advice, Grade, Indication, Source

# In the directive's order: answer, in words, group, first day. Where no day was told: the year, or the first
# and the last day that it may be, of which the outer ones are assumed.
PROCEDURES = (
    ("tonsil_operation", "an operation on the tonsils", "ear, nose and throat", "2018-12-01"),
    ("hysterectomy", "removal of the womb (hysterectomy)", "gynaecology", "2018-12-01"),
    ("shoulder_arthroscopy", "arthroscopy of the shoulder", "joints", "2020"),
    ("amputation_diabetic_foot", "an amputation for diabetic foot", "foot", "2021"),
    ("knee_endoprosthesis", "an artificial knee (endoprosthesis)", "joints", "2021-01-12"),
    ("spinal_operation", "an operation on the spine", "spine", "2021"),
    ("cardiac_ablation", "cardiac electrophysiology or ablation", "heart", ("2018-12-01", "2022-12-31")),
    ("cardiac_device", "a pacemaker, defibrillator or CRT device", "heart", ("2018-12-01", "2022-12-31")),
    ("cholecystectomy", "removal of the gall bladder", "gall bladder", ("2023-01-01", "2025-10-01")),
    ("hip_replacement", "a hip replacement", "joints", "2024-07-01"),
    ("aortic_aneurysm_repair", "an operation on an aneurysm of the aorta", "blood vessels", "2024-10-01"),
    ("prostate_carcinoma_treatment", "treatment of a localised prostate carcinoma", "prostate", "2025-04-01"),
    ("carotid_revascularisation", "revascularisation of the carotid artery", "blood vessels", "2025-10-01"),
)
# fmt: off
planned_procedure = category("planned_procedure", ["none", *(row[0] for row in PROCEDURES), "other"],
    "Which of these is planned (for a localised prostate carcinoma: surgery, radiation or brachytherapy)?",
    topic="what is planned")
procedure_urgent = flag("procedure_urgent", "Is the procedure urgent?", topic="what is planned")
procedure_for_malignancy = flag("procedure_for_malignancy", "Is a cancer the reason for the procedure?",
    topic="what is planned")
opinion_by_operating_unit = flag("opinion_by_operating_unit",
    "Would the second opinion come from the unit that would operate?", topic="the second opinion")
# fmt: on


def _entitled(number: int, answer: str, words: str, group: str, since: str | tuple[str, str]) -> Indication:
    planned = planned_procedure.is_in(answer) & ~procedure_urgent
    return Indication(
        f"entitled-{answer.replace('_', '-')}",
        f"Entitled by law before {words}",
        level="recommended",
        group=group,
        when=planned if answer == "prostate_carcinoma_treatment" else planned & ~procedure_for_malignancy,
        source="directive-27b",
        statement=f"No. {number}",
        consult="a physician registered for second opinions on this procedure",
        valid_from=since,
    )


entitled = partial(Advice, only_with_clinical=True)
# fmt: off
SGB27B = RuleBook(
    "Second opinions by law in Germany (paragraph 27b SGB V)",
    subject="second opinion by legal right",
    version="2025-10",
    updated="2025-10-01",
    status="told from pages about the directive, whose text was not read",
    sources=(
        Source("directive-27b", "Zweitmeinungs-Richtlinie under paragraph 27b SGB V, as told by "
            "g-ba.de/service/fachnews/165, kbv.de/html/1150_74283.php, kvsachsen.de, kvb.de and nkgev.info.",
            Grade.GUIDELINE),
        Source("survey-2023", "A survey on the directive. doi:10.1186/s12913-023-10197-0.", Grade.PRIMARY),
    ),
    rules=[_entitled(number, *row) for number, row in enumerate(PROCEDURES, 1)],
    advice=(
        entitled("directive-27b",
            "The second opinion may not come from the unit that would operate: ask elsewhere.",
            when=opinion_by_operating_unit, if_unknown="The second opinion may not come from the unit that "
            "would operate: make sure of that."),
        entitled("directive-27b", "The right is that of people in the statutory health insurance."),
        entitled("survey-2023",
            "Say so to the patient: where nobody tells them, patients do not use the right."),
        entitled("directive-27b",
            "Look early: few physicians were registered in 2021 (diabetic foot 63, spine 50; shoulder 451).",
            when=planned_procedure.is_in("amputation_diabetic_foot", "spinal_operation"), next_step=True),
    ),
)
# fmt: on
"""Thirteen planned procedures, each with the first day of the right."""
