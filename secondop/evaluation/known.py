"""For whom an outcome is known: noticed as cases are read, and said wherever they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from secondop.evaluation.columns import YES_NO
from secondop.rules.gate import typed
from secondop.rules.spellings import matched

if TYPE_CHECKING:
    from secondop.evaluation.cohort import Cohort
    from secondop.evaluation.policies import Policy

SOUGHT, ALL_SOUGHT = "sought", "all sought"
NONE_ON_RECORD = "of those who sought no opinion nobody has a change on record, so theirs is unknown, not no"


def told_by(cohort: Cohort, sought: str, outcomes: Sequence[str]) -> str | None:
    """The column that says for whom the outcome is known: as stated, or who sought an opinion."""
    if cohort.verified:
        return cohort.verified
    if cohort.simulated or cohort.net or sought in outcomes or not matched(cohort.columns, [sought]):
        return None
    lazy = isinstance(nw.from_native(cohort.cases), nw.LazyFrame)
    asked_for = lazy or typed(cohort.cases, {sought: YES_NO})[1].empty  # else no column of yes and no
    return sought if asked_for else None


def notice(cohort: Cohort) -> str:
    """For whom the outcome is known; that of all others is made unknown where it only looks like no."""
    told, hidden = nw.col("told"), [] if cohort.net else ["changed"]
    if cohort.verified:
        hidden += cohort.truth
        said = f"those with {cohort.verified!r}"
    else:
        seen = cohort.patterns({"told": told}).crossed("told", "flag changed")[0].sum(0)
        (no, yes, unknown), answered = seen[[0, 2]].sum(0), seen[:2].sum()
        if not answered or yes or not no + unknown:
            return ALL_SOUGHT if answered and not seen[[0, 2]].sum() else ""
        if not no:
            return f"{'exactly' if not seen[1, 2] else 'only'} those who sought an opinion"
        said = NONE_ON_RECORD
    names = (f"flag {name}" for name in hidden)
    cohort.frame = cohort.frame.with_columns(**{x: nw.when(told).then(nw.col(x)) for x in names})
    return said


def known_words(known: float, n: float, by: str) -> str:
    """For how many the outcome is known, and for whom: a sentence for tables and figures, or nothing."""
    said, by = [], "" if (every := by == ALL_SOUGHT) else by
    if every:
        said.append(f"All {n:,.0f} cases sought an opinion: 100 cases are 100 of these.")
    if known < n:
        said.append(f"The outcome is known for {known:,.0f} of {n:,.0f} cases{': ' * bool(by)}{by}.")
    return " ".join(said)


def known_by_policy(counts: np.ndarray, policies: Sequence[Policy]) -> str:
    """The policy whose referrals are exactly the cases of known outcome; counts: (policies, 3, 3)."""
    known, unknown = counts[..., :2].sum(-1), counts[..., 2]
    exact = (known[:, 1] > 0) & (unknown[:, 1] == 0) & (known[:, [0, 2]].sum(1) == 0)
    named = [p.name for p, hit in zip(policies, exact, strict=True) if hit and p.refers is not None]
    return f"exactly those that the policy {named[0]!r} refers" if named and unknown.sum() else ""
