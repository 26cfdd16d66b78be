"""Where the cases go, and the same in a hundred people: tables for figures that anybody can read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from secondop.evaluation.benefit import crossed
from secondop.evaluation.policies import NO, UNKNOWN, YES, build_policies, codes, read_outcome
from secondop.evaluation.reading import eager, read_flag, simulated, verdicts_of
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

ALL = "all cases"
SOUGHT = {YES: "sought one", NO: "sought none", UNKNOWN: "not known whether sought"}
OUTCOME = {YES: "something changed", NO: "nothing changed", UNKNOWN: "outcome not known"}
WOULD = {YES: "would have changed", NO: "would not have changed", UNKNOWN: "never to be known"}
PEOPLE = {
    "found": "sent, and something changes",
    "overuse": "sent, and nothing changes",
    "sent_unknown": "sent, and nobody knows what came of it",
    "undecided": "undecided: an unknown fact would settle it",
    "underuse": "not sent, though something would change",
    "spared": "not sent, and nothing would change",
    "left_unknown": "not sent, and nobody knows what they missed",
}
"""What can happen to a person under a policy."""


def flow_table(
    cohort: Any, *, sought: str = "sought", outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """How many cases go from a recommendation to an opinion, and from there to a change.

    Parameters
    ----------
    cohort : frame of n_cases rows
        A simulated cohort, or an analyst's own cases: facts (or verdicts), and the two columns below.
    sought : str
        The yes/no column that says whether a second opinion was sought.
    outcome : str
        As for :func:`secondop.evaluation.tradeoff.tradeoff`. Of cases without an opinion only a simulation
        knows it; where it is missing it stays unknown.

    Returns
    -------
    pandas.DataFrame
        A row per stream: ``stage`` (1 to the recommendation, 2 to the opinion, 3 to the outcome), ``source,
        target, cases``, ``of`` (cases of the source), ``undetermined`` (cases in the stream whose
        recommendation unknown facts could still raise) and ``n``.

    Examples
    --------
    >>> cases = pd.DataFrame({"neoplasia_concern": [True, False], "sought": [True, None]})
    >>> flow_table(cases.assign(changed=[True, None]), outcome="changed")[["source", "target", "cases"]]
                         source                    target  cases
    0                 all cases                    urgent      1
    1                 all cases             no indication      1
    2                    urgent                sought one      1
    3             no indication  not known whether sought      1
    4                sought one         something changed      1
    5  not known whether sought         outcome not known      1
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    verdicts, asked = verdicts_of(frame, rule_book), codes(read_flag(frame, sought))
    levels = [str(level).replace("_", " ") for level in RECOMMENDATIONS]
    after = [*OUTCOME.values(), *WOULD.values()]
    streams = verdicts.select(
        pl.lit(ALL).alias("0"),
        pl.col("recommendation").cast(pl.String).str.replace("_", " ").cast(pl.Enum(levels[::-1])).alias("1"),
        pl.Series("2", [SOUGHT[a] for a in asked.tolist()], pl.Enum(list(SOUGHT.values()))),
        pl.Series(
            "3",
            [
                (WOULD if a == NO else OUTCOME)[c]
                for a, c in zip(asked.tolist(), changed.tolist(), strict=True)
            ],
            pl.Enum(after),
        ),
        undetermined=pl.col("possible") > pl.col("recommendation"),
    )
    counted = [pl.len().cast(pl.Int64).alias("cases"), pl.col("undetermined").sum().cast(pl.Int64)]
    rows = [
        {"stage": stage, "source": source, "target": target, "cases": cases, "undetermined": open_}
        for stage in (1, 2, 3)
        for source, target, cases, open_ in streams.group_by(str(stage - 1), str(stage))
        .agg(counted)
        .sort(str(stage - 1), str(stage))
        .iter_rows()
    ]
    table = pd.DataFrame(rows, columns=["stage", "source", "target", "cases", "undetermined"])
    table.insert(4, "of", table.groupby(["stage", "source"])["cases"].transform("sum"))
    table["n"] = len(changed)
    table.attrs["simulated"] = simulated(frame)
    return table


def of_100(
    cohort: Any, policy: str = "recommended", *, outcome: str = "either", rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """What a policy does to a hundred people: natural frequencies that add up.

    Parameters
    ----------
    cohort, outcome, rule_book
        As for :func:`secondop.evaluation.tradeoff.tradeoff`.
    policy : str
        A built-in policy.

    Returns
    -------
    pandas.DataFrame
        A row for each thing that happens to somebody: ``policy, label, part, words, cases, n`` and
        ``people``, whole persons of 100 (largest remainders, so they always add up to 100). Those whom
        unknown facts leave undecided are counted apart, neither as sent nor as not sent.

    Examples
    --------
    >>> cases = pd.DataFrame({"neoplasia_concern": [True, False], "changed": [False, True]})
    >>> of_100(cases, "urgent", outcome="changed")[["words", "cases", "people"]]
                                            words  cases  people
    0                   sent, and nothing changes      1      50
    1  undecided: an unknown fact would settle it      1      50
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    made = next(p for p in build_policies(frame, changed, [policy], None, rule_book) if p.name == policy)
    (ff, ft, fn), (tf, tt, tn), open_ = crossed(made.sent, changed).tolist()
    cases = dict(zip(PEOPLE, (tt, tf, tn, sum(open_), ft, ff, fn), strict=True))
    rows = [
        {"policy": policy, "label": made.label, "part": part, "words": PEOPLE[part], "cases": count}
        for part, count in cases.items()
        if count
    ]
    table = pd.DataFrame(rows, columns=["policy", "label", "part", "words", "cases"])
    table["n"], table["people"] = len(changed), _whole(table["cases"].to_numpy())
    table.attrs["simulated"] = simulated(frame)
    return table


def _whole(counts: np.ndarray) -> np.ndarray:
    """Whole persons of 100, by largest remainders."""
    if not counts.sum():
        return np.zeros(len(counts), np.int64)
    exact = 100 * counts / counts.sum()
    people = np.floor(exact).astype(np.int64)
    short = 100 - people.sum()
    people[np.argsort(people - exact, kind="stable")[:short]] += 1
    return people
