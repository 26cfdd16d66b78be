"""Specialty-specific: cancer, and change towards cancer."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level

RULES = (
    Indication(
        name="cancer-history-without-follow-up",
        statement="B2.1",
        label="A previous or persisting cancer that no specialist follows",
        group=Group.CANCER,
        level=Level.RECOMMENDED,
        when=fact("cancer_history").is_in("previous", "persistent") & ~fact("specialist_follow_up"),
        consult="oncologist, for continuing follow-up",
        citation=Citation("overview-2025", "B2.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="neoplasia-concern",
        statement="B2.2",
        label="Concern about an early cancer or a change towards cancer",
        group=Group.CANCER,
        level=Level.URGENT,
        when=fact("neoplasia_concern"),
        consult="specialist, for biopsy and expert pathology",
        citation=Citation("overview-2025", "B2.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="prognosis-without-experience",
        statement="B2.3",
        label="Advanced cancer whose outlook was not given by an experienced specialist",
        group=Group.CANCER,
        level=Level.RECOMMENDED,
        when=fact("advanced_cancer") & fact("prognosis_given_by").is_in("nobody", "non_specialist"),
        consult="experienced oncologist or palliative specialist",
        citation=Citation("overview-2025", "B2.3", Grade.SECONDARY_WEB),
    ),
)
