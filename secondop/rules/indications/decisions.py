"""Major treatment decisions: what is hard to undo deserves another look."""

from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level

RULES = (
    Indication(
        name="invasive-procedure-proposed",
        statement="A3.1",
        label="An operation or another invasive procedure ahead",
        group=Group.DECISION,
        level=Level.RECOMMENDED,
        when=fact("procedure_proposed") >= "invasive_procedure",
        stronger_when=fact("less_invasive_option"),
        consult="a second surgeon or proceduralist, or the less invasive specialty",
        citation=Citation("overview-2025", "A3.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="aggressive-treatment-proposed",
        statement="A3.2",
        label="Chemotherapy, radiation or major surgery ahead",
        group=Group.DECISION,
        level=Level.RECOMMENDED,
        when=fact("chemotherapy_proposed")
        | fact("radiation_proposed")
        | fact("procedure_proposed").is_in("major_surgery"),
        consult="the treating specialty at another centre",
        citation=Citation("overview-2025", "A3.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="risky-or-life-changing-treatment",
        statement="A3.3",
        label="A treatment with high risk or a large effect on daily life",
        group=Group.DECISION,
        level=Level.RECOMMENDED,
        when=fact("treatment_risk").is_in("high") | fact("quality_of_life_impact").is_in("substantial"),
        consult="the treating specialty",
        citation=Citation("overview-2025", "A3.3", Grade.SECONDARY_WEB),
    ),
)
