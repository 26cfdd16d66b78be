"""Treatment failure or complications, and the severity that makes any clinical indication press harder."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level, RuleKind

# The source names no duration and no number of drugs; both thresholds are assumptions to be varied.
PERSISTS_DESPITE_TREATMENT = (fact("symptom_course") >= "unchanged") & (fact("first_line_weeks") >= 4)

RULES = (
    Indication(
        name="failed-first-line",
        statement="A2.1",
        label="Symptoms that persist or worsen although the first treatment was right",
        group=Group.FAILURE,
        level=Level.RECOMMENDED,
        when=fact("first_line_appropriate")
        & (fact("symptom_course").is_in("worsening") | PERSISTS_DESPITE_TREATMENT),
        consult="specialist",
        citation=Citation("overview-2025", "A2.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="complication-or-new-finding",
        statement="A2.2",
        label="A complication during treatment, or a new erosion, ulcer, lump or suspicious spot",
        group=Group.FAILURE,
        level=Level.URGENT,
        when=fact("complication_during_treatment")
        | fact("new_finding").is_in("erosion", "ulcer", "lump", "suspicious_lesion"),
        consult="specialist, urgently",
        citation=Citation("overview-2025", "A2.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="refractory-to-lifestyle-and-drugs",
        statement="A2.3",
        label="Symptoms that stay in spite of changed habits and several drugs",
        group=Group.FAILURE,
        level=Level.RECOMMENDED,
        when=(fact("symptom_course") >= "unchanged")
        & fact("lifestyle_change_tried")
        & (fact("drug_trials") >= 2),
        consult="specialist",
        citation=Citation("overview-2025", "A2.3", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="severe-or-refractory-symptoms",
        statement="H0",
        label="Severe symptoms, or symptoms that resist the first treatment",
        group=Group.SEVERITY,
        kind=RuleKind.AMPLIFIER,
        when=fact("symptom_severity").is_in("severe") | PERSISTS_DESPITE_TREATMENT,
        citation=Citation("overview-2025", "H0", Grade.SECONDARY_WEB),
    ),
)
