"""Diagnostic uncertainty: the first opinion may not have found what is there."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level

RULES = (
    Indication(
        name="negative-work-up-high-suspicion",
        statement="A1.1",
        label="Tests found nothing, yet suspicion of disease stays high",
        group=Group.UNCERTAINTY,
        level=Level.RECOMMENDED,
        when=fact("first_workup").is_in("negative") & fact("suspicion").is_in("high"),
        consult="specialist of the suspected organ",
        citation=Citation("overview-2025", "A1.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="atypical-or-unresponsive",
        statement="A1.2",
        label="An unusual picture, or standard treatment that does not work as it should",
        group=Group.UNCERTAINTY,
        level=Level.RECOMMENDED,
        when=fact("atypical_presentation") | fact("treatment_response").is_in("less_than_expected", "none"),
        consult="specialist",
        citation=Citation("overview-2025", "A1.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="ambiguous-pathology",
        statement="A1.3",
        label="A tissue report that is ambiguous or needs an expert's eye",
        group=Group.UNCERTAINTY,
        level=Level.RECOMMENDED,
        when=fact("pathology_result").is_in("ambiguous", "expert_needed"),
        stronger_when=fact("specialty").is_in("dermatology", "oncology") | fact("rare_disease"),
        consult="expert pathologist, for a second reading of the tissue",
        citation=Citation("overview-2025", "A1.3", Grade.SECONDARY_WEB),
    ),
)
