"""Patient-driven reasons, wishes and trust: they need no red flag, and are counted apart."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level

RULES = (
    Indication(
        name="patient-wants-one",
        statement="C1.1",
        label="The wish for another opinion, for whatever reason",
        group=Group.PREFERENCE,
        level=Level.OPTIONAL,
        when=fact("wants_second_opinion"),
        consult="the patient's choice",
        citation=Citation("overview-2025", "C1.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="patient-unsure",
        statement="C1.2",
        label="Doubt about the diagnosis or the proposed treatment",
        group=Group.PREFERENCE,
        level=Level.OPTIONAL,
        when=fact("unsure_of_diagnosis") | fact("unsure_of_treatment"),
        consult="same specialty",
        citation=Citation("meyer-2015", "C1.2, as cited by overview-2025", Grade.PRIMARY),
    ),
    Indication(
        name="patient-wants-help-choosing",
        statement="C1.3",
        label="The wish for help to choose a treatment or to understand the outlook",
        group=Group.PREFERENCE,
        level=Level.OPTIONAL,
        when=fact("wants_help_choosing") | fact("wants_prognosis"),
        consult="same specialty",
        citation=Citation("meyer-2015", "C1.3, as cited by overview-2025", Grade.PRIMARY),
    ),
    Indication(
        name="concerns-or-confidence",
        statement="C2.1",
        label="Concerns that are not taken up, or little confidence in the plan",
        group=Group.TRUST,
        level=Level.OPTIONAL,
        when=fact("concerns_unaddressed") | (fact("confidence_in_plan") <= "low"),
        consult="same specialty, another practice",
        citation=Citation("overview-2025", "C2.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="patient-wants-explanation",
        statement="C2.2",
        label="The wish for a fuller explanation of condition, options, risks and benefits",
        group=Group.TRUST,
        level=Level.OPTIONAL,
        when=fact("wants_fuller_explanation"),
        consult="same specialty",
        citation=Citation("overview-2025", "C2.2", Grade.SECONDARY_WEB),
    ),
)
