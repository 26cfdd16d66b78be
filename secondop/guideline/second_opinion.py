"""The second opinion book: when a second medical opinion is worth recommending, by one overview of 2025."""

from functools import partial

from secondop.guideline import facts as f
from secondop.guideline.indications import RULES
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Advice, Grade, Source

# fmt: off
SOURCES = (
    Source("overview-2025", "Guideline Directed Topic Overview, Dr.Oracle Medical Advisory Board & Editors, "
        "2025: a web article on when to get a second opinion. Its primary sources were not checked for this "
        "rule book.", Grade.SECONDARY_WEB),
    Source("meyer-2015", "Meyer AND, Singh H, Graber ML. Evaluation of outcomes from a national "
        "patient-initiated second-opinion program. Am J Med 2015. doi:10.1016/j.amjmed.2015.04.020. The "
        "article's saved list lacks this reference; it was identified by its figures. It describes patients "
        "of one programme, and no rule rests on it.", Grade.PRIMARY),
    Source("vashitz-2012", "Vashitz G, et al. Do first opinions affect second opinions? J Gen Intern Med "
        "2012. PMC3445697. It stands behind the caution that knowing the first opinion may pull the second.",
        Grade.PRIMARY),
    Source("harefuah-2011", "Second medical opinions (a review, in Hebrew). Harefuah 2011.", Grade.REVIEW),
    Source("stable-2025", "Management of Stable Patients. Praxis Medical Insights: Practical Summaries of "
        "Clinical Guidelines, 2025: a publisher's summary.", Grade.SECONDARY_WEB),
    Source("egleston-2023", "Egleston 2023: delay after which harm begins, in 116,050 patients with "
        "non-metastatic breast cancer (stage 1-3, SEER-Medicare). doi:10.1002/cnr2.1805. The article does "
        "not cite it: it stands behind this project's own caution that some treatment cannot wait.",
        Grade.PRIMARY),
)

next_step = partial(Advice, next_step=True)
ADVICE = (
    # By harefuah-2011, as cited by overview-2025. It gives no number: two besides the first are assumed.
    Advice("D2.3",
        "Several opinions already, and no clinical reason for another: one more may add confusion and cost.",
        when=f.earlier_opinions >= 2, only_without_clinical=True),
    Advice("D2.1", "The second doctor will know the first opinion, and that may pull the second one its way "
        "(vashitz-2012): ask for a judgement before the first is read.",
        when=f.first_opinion_known,
        if_unknown="If the second doctor knows the first opinion, it may pull the second one its way "
        "(vashitz-2012): ask for a judgement before the first is read."),
    Advice("D2.2",
        "That a guideline exists and is followed does not remove the need: it may not fit the case.",
        when=f.plan_follows_guideline, only_with_clinical=True),
    Advice("own", "This treatment cannot wait: an opinion must not delay it. In breast cancer harm began "
        "after 33 days of delay (14 to 53; egleston-2023). The caution is an addition of this project, not "
        "of the article.", when=f.treatment_cannot_wait,
        if_unknown="Should the treatment be one that cannot wait, an opinion must not delay it (an addition "
        "of this project, not of the article)."),
    next_step("E1", "Talk to the primary physician, who can arrange the referral."),
    next_step("E2", "Ask openly: most physicians support the request."),
    next_step("E3", "Have the complete records sent to the consultant: the notes and results so far."),
    next_step("E3", "Have the pictures sent as well.", when=f.imaging_available,
        if_unknown="Have the pictures sent as well, if there are any."),
    next_step("E3", "Have the tissue report sent with its slides.", when=~f.pathology_result.is_in("none"),
        if_unknown="Have the tissue report sent with its slides, if there is one."),
)
# fmt: on

RULE_BOOK = RuleBook(
    "When a second opinion is worth recommending",
    subject="second opinion",
    version="2025-11",
    updated="2025-11-22",
    status="its source was pending human review",
    sources=SOURCES,
    rules=RULES,
    advice=ADVICE,
    also=f.FACTS,
)
"""Twenty-three indications, one amplifier and three counter-indications, with advice and sources."""
