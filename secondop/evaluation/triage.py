"""A published triage beside the simulated rules of doubt: shown together, never compared."""

from __future__ import annotations

from typing import Any

import pandas as pd

from secondop.evaluation.benefit import crossed
from secondop.evaluation.policies import codes, read_outcome
from secondop.evaluation.published import published_rates
from secondop.evaluation.reading import any_of, eager, simulated, verdicts_of, wilson
from secondop.rules.indication import Group
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

APART = "another population: not comparable"
_PUBLISHED = {
    "lymphopath_provisional": "the referrer was unsure",
    "lymphopath_formal": "the referrer was sure",
}
_RULES = ("no rule holds", "a rule holds", "unknown facts leave it open")


def triage_beside(
    cohort: Any,
    *,
    group: str = Group.UNCERTAINTY,
    outcome: str = "diagnosis_changed",
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """How often a diagnosis changes where the doctor was unsure, and where the rules of doubt hold.

    The published rows are patients with a lymphoma, all of them read again; the others are the cohort's
    cases, as if all had been read again. They are different people with different denominators.

    Parameters
    ----------
    cohort : frame of n_cases rows
        Cases with the outcome, assessed or not.
    group : str
        The group of rules that sorts them.
    outcome : str
        As for :func:`secondop.evaluation.tradeoff.tradeoff`.

    Returns
    -------
    pandas.DataFrame
        ``population, sorted_by, n, changed, unknown`` (outcomes), ``low`` and ``high`` (shares of n, without
        and with the unknown outcomes; equal where all are known), ``lower, upper`` (95 % Wilson interval;
        none for the published rates, whose numbers of patients are not printed) and ``beside``.

    Examples
    --------
    >>> cases = pd.DataFrame({"atypical_presentation": [True, True], "diagnosis_changed": [True, False]})
    >>> triage_beside(cases)[["population", "sorted_by", "low"]].to_string(index=False).splitlines()[1:4]
    ['lymphoma patients re-read the referrer was unsure 0.378',
     'lymphoma patients re-read   the referrer was sure 0.037',
     '             the 2 cases            a rule holds 0.500']
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    inside = [rule for rule in rule_book if rule.group == group]
    held = codes(verdicts_of(frame, rule_book).select(holds=any_of(inside)).to_series())
    rates = published_rates().set_index("id").loc[list(_PUBLISHED)]
    rows = [
        {"population": "lymphoma patients re-read", "sorted_by": said, "n": pd.NA, "changed": pd.NA}
        | {"unknown": pd.NA, "low": rates.loc[name, "rate"], "high": rates.loc[name, "rate"], "beside": APART}
        for name, said in _PUBLISHED.items()
    ]
    population = f"the {len(changed):,} {'simulated ' if simulated(frame) else ''}cases"
    counts = crossed(held, changed)
    for which in (1, 0, 2):
        _, yes, gap = counts[which].tolist()
        if n := int(counts[which].sum()):
            rows.append({"population": population, "sorted_by": _RULES[which], "n": n, "changed": yes})
            rows[-1] |= {"unknown": gap, "low": yes / n, "high": (yes + gap) / n, "beside": ""}
            (rows[-1]["lower"],), _ = wilson([yes], n)
            _, (rows[-1]["upper"],) = wilson([yes + gap], n)
    columns = [
        "population",
        "sorted_by",
        "n",
        "changed",
        "unknown",
        "low",
        "high",
        "lower",
        "upper",
        "beside",
    ]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(["n", "changed", "unknown"], "Int64"))
