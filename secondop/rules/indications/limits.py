"""When a second opinion may not be needed, and when one more would only add confusion and cost."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, RuleKind

RULES = (
    Indication(
        name="well-controlled-disease",
        statement="D3.1",
        label="A controlled, uncomplicated disease that responds to standard treatment",
        group=Group.NOT_NEEDED,
        kind=RuleKind.COUNTER_INDICATION,
        when=fact("disease_control").is_in("well_controlled")
        & ~fact("complicated_disease")
        & fact("treatment_response").is_in("as_expected"),
        citation=Citation("overview-2025", "D3.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="clear-diagnosis-standard-plan",
        statement="D3.2",
        label="A clear-cut diagnosis and a plan that follows established guidelines",
        group=Group.NOT_NEEDED,
        kind=RuleKind.COUNTER_INDICATION,
        when=fact("diagnosis_clear_cut") & fact("plan_follows_guideline"),
        citation=Citation("overview-2025", "D3.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="stable-without-new-findings",
        statement="D3.3",
        label="A stable patient with no new symptoms or worrying changes",
        group=Group.NOT_NEEDED,
        kind=RuleKind.COUNTER_INDICATION,
        when=fact("clinically_stable")
        & fact("new_finding").is_in("none")
        & ~fact("symptom_course").is_in("worsening"),
        citation=Citation("stable-2025", "D3.3", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="opinion-after-opinion",
        statement="D2.3",
        label="Several opinions already, and no clinical reason for another",
        group=Group.OVERUSE,
        kind=RuleKind.CAUTION,
        # The source gives no number; two earlier opinions besides the first are assumed to be many.
        when=fact("earlier_opinions") >= 2,
        citation=Citation("harefuah-2011", "D2.3, as cited by overview-2025", Grade.REVIEW),
    ),
)
