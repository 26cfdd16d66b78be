"""The rule book itself: one short module per section of the source."""

from secondop.rules.indications import (
    cancer,
    complex_disease,
    decisions,
    failure,
    limits,
    patient,
    surgery,
    uncertainty,
)
from secondop.rules.rulebook import RuleBook

SOURCES = (
    (
        "overview-2025",
        "Guideline Directed Topic Overview, Dr.Oracle Medical Advisory Board & Editors, 2025: a web article "
        "on when to get a second opinion, last updated on 22 November 2025. A secondary summary on the web "
        "whose human review was pending; its primary sources were not checked for this rule book.",
    ),
    (
        "meyer-2015",
        "Meyer AND, Singh H, Graber ML. Evaluation of outcomes from a national patient-initiated "
        "second-opinion program. Am J Med 2015. doi:10.1016/j.amjmed.2015.04.020. The article's saved list "
        "lacks this reference; it was identified by its figures.",
    ),
    (
        "vashitz-2012",
        "Vashitz G, et al. Do first opinions affect second opinions? J Gen Intern Med 2012. PMC3445697. A "
        "primary study; it stands behind the caution that knowing the first opinion may pull the second.",
    ),
    ("harefuah-2011", "Second medical opinions (a review, in Hebrew). Harefuah 2011."),
    (
        "stable-2025",
        "Management of Stable Patients. Praxis Medical Insights: Practical Summaries of Clinical "
        "Guidelines, 2025: a publisher's summary.",
    ),
)

_SECTIONS = (uncertainty, failure, decisions, surgery, cancer, complex_disease, patient, limits)

RULE_BOOK = RuleBook(tuple(rule for section in _SECTIONS for rule in section.RULES), SOURCES)
"""Twenty-three indications, one amplifier, three counter-indications and one caution, with their sources."""
