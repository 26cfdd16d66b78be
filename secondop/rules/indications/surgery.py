"""Specialty-specific: an operation proposed before what should come first."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level

RULES = (
    Indication(
        name="circumcision-before-steroid-trial",
        statement="B1.1",
        label="Circumcision proposed before an adequate trial of topical steroid",
        group=Group.SURGERY,
        level=Level.RECOMMENDED,
        when=fact("sex").is_in("male")
        & fact("condition").is_in("phimosis")
        & fact("circumcision_proposed")
        & ~fact("topical_steroid_trial_adequate"),
        consult="urologist or dermatologist, before surgery",
        citation=Citation("overview-2025", "B1.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="surgery-before-medical-management",
        statement="B1.2",
        label="Referral to a surgeon for urinary symptoms before drugs were tried in full",
        group=Group.SURGERY,
        level=Level.RECOMMENDED,
        when=fact("condition").is_in("lower_urinary_tract_symptoms")
        & fact("surgical_referral")
        & ~fact("medical_management_exhausted"),
        consult="urologist who treats without surgery",
        citation=Citation("overview-2025", "B1.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="genital-surgery-without-reason",
        statement="B1.3",
        label="Genital surgery proposed without scarring, premalignant change or cancer",
        group=Group.SURGERY,
        level=Level.RECOMMENDED,
        when=fact("genital_surgery_proposed")
        & ~fact("genital_surgery_reason").is_in(
            "scarring_complication", "premalignant_change", "invasive_malignancy"
        ),
        consult="specialist, before surgery",
        citation=Citation("overview-2025", "B1.3", Grade.SECONDARY_WEB),
    ),
)
