"""Cases made by chance, with gaps, and what policies do to them, for the figures of policies."""

from functools import cache

import numpy as np
import pandas as pd

from secondop.evaluation.tradeoff import decision_curve, tradeoff
from secondop.guideline.second_opinion import RULE_BOOK

N = 200
THRESHOLDS = [1 / 21, 1 / 11, 1 / 3, 1 / 2]
SHARES = {
    "neoplasia_concern": 0.1,
    "atypical_presentation": 0.3,
    "chemotherapy_proposed": 0.2,
    "wants_second_opinion": 0.5,
    "hereditary_condition_suspected": 0.1,
}
BOOK = RULE_BOOK.only(
    "neoplasia-concern",
    "atypical-or-unresponsive",
    "aggressive-treatment-proposed",
    "patient-wants-one",
    "hereditary-condition-suspected",
).replace("neoplasia-concern", level="urgent")


@cache
def _drawn():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {f: np.where(rng.random(N) < 0.1, None, rng.random(N) < share) for f, share in SHARES.items()}
    )
    frame["sex"] = np.where(rng.random(N) < 0.1, None, np.where(rng.random(N) < 0.5, "male", "female"))
    frame["changed"] = rng.random(N) < np.where(frame["atypical_presentation"] == True, 0.6, 0.2)  # noqa: E712
    return frame


def cases(simulated=True, unknown=0, **columns):
    """The cases, the outcome of the first so many not known."""
    frame = _drawn().assign(**columns)
    if unknown:
        frame["changed"] = frame["changed"].astype("boolean").mask(frame.index < unknown)
    frame.attrs = {"simulated": True} if simulated else {}
    return frame


def weighed(frame, policies=None, threshold=1 / 11, **more):
    return tradeoff(frame, policies, outcome="changed", threshold=threshold, rule_book=BOOK, **more)


def curved(frame, **more):
    return decision_curve(frame, outcome="changed", rule_book=BOOK, **more)
