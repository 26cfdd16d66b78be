"""Whom the published contrasts compare, in the facts of the second opinion book: our reading, assumed."""

from __future__ import annotations

from secondop.guideline import facts as f
from secondop.guideline.second_opinion import RULE_BOOK

DOUBT = RULE_BOOK["negative-work-up-high-suspicion"].when | RULE_BOOK["ambiguous-pathology"].when
DOUBT |= ~f.diagnosis_clear_cut
"""The first doctor's own doubt: any of what rules A1.1 and A1.3 ask, or a diagnosis that is not clear-cut."""

COMPLEX = RULE_BOOK["several-organs-or-specialties"].when
"""A complex case: what rule B3.2 asks."""

MOST_CONTESTED = f.procedure_proposed.is_in("major_surgery")
LEAST_CONTESTED = f.procedure_proposed.is_in("invasive_procedure")
"""Kinds of procedure, the most and the least contested: as disc operations and cholecystectomies were."""

SIDES = {
    "lymphopath_doubt": (DOUBT, None),
    "doubt_risk_ratio": (DOUBT, None),
    "france_complex": (COMPLEX, None),
    "martin_procedures": (MOST_CONTESTED, LEAST_CONTESTED),
    "seekers_vs_mandatory": ("sought", "all cases"),
}
"""Of a published contrast, by its id: the group, and the reference (none: all others)."""
