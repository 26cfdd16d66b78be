"""Specialty-specific: complex or rare conditions that one specialty alone may not cover."""

from secondop.rules.conditions import at_least, fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level

RULES = (
    Indication(
        name="hereditary-condition-suspected",
        statement="B3.1",
        label="Suspicion of an inherited condition",
        group=Group.COMPLEX,
        level=Level.RECOMMENDED,
        when=fact("hereditary_condition_suspected"),
        consult="centre with expertise in that condition",
        citation=Citation("overview-2025", "B3.1", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="several-organs-or-specialties",
        statement="B3.2",
        label="Several organ systems, or a diagnosis that spans specialties",
        group=Group.COMPLEX,
        level=Level.RECOMMENDED,
        # "Several" is read as two or more.
        when=(fact("organ_systems") >= 2) | (fact("specialties_spanned") >= 2),
        consult="multidisciplinary team",
        citation=Citation("overview-2025", "B3.2", Grade.SECONDARY_WEB),
    ),
    Indication(
        name="multimodal-treatment",
        statement="B3.3",
        label="Treatment that combines surgery, chemotherapy or radiation",
        group=Group.COMPLEX,
        level=Level.RECOMMENDED,
        when=at_least(
            2,
            fact("procedure_proposed") >= "minor_surgery",
            fact("chemotherapy_proposed"),
            fact("radiation_proposed"),
        ),
        consult="multidisciplinary team",
        citation=Citation("overview-2025", "B3.3", Grade.SECONDARY_WEB),
    ),
)
