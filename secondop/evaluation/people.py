"""Where the cases go, and the same in a hundred people: tables for figures that anybody can read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError
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
WENT = {
    "changed": "went, and something changed",
    "unchanged": "went, and nothing changed",
    "stayed": "stayed away: nobody knows what they missed",
    "not_indicated": "have no indication",
}
"""What can happen to a person with or without an indication."""


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


def natural_frequencies(
    prevalence: float, follow_through: float, yield_: float, *, what: str = "diagnosis", source: str = ""
) -> pd.DataFrame:
    """A hundred people: who has an indication, who of them goes, and for whom of these something changes.

    Second opinions without an indication are left out: nobody goes here who has none. What those missed who
    have an indication and did not go is unknown; they are counted apart.

    Parameters
    ----------
    prevalence : float
        Share of all people with an indication, in [0, 1].
    follow_through : float
        Share of those who get a second opinion, in [0, 1].
    yield_ : float
        Share of those, in turn, for whom it changes something, in [0, 1].
    what, source : str
        What changes, and where the shares come from: words for the sentence and the figure.

    Returns
    -------
    pandas.DataFrame
        The four parts of :data:`WENT`: ``part, words, share`` (of all people) and ``people``, whole persons
        of 100 (largest remainders, so they always add up to 100).

    Examples
    --------
    >>> natural_frequencies(0.4, 0.5, 0.148)[["part", "share", "people"]]
                part   share  people
    0        changed  0.0296       3
    1      unchanged  0.1704      17
    2         stayed  0.2000      20
    3  not_indicated  0.6000      60
    """
    given = {"prevalence": prevalence, "follow_through": follow_through, "yield_": yield_}
    if wrong := [f"{name}={value!r}" for name, value in given.items() if not 0 <= value <= 1]:
        raise SecondopError(f"A share lies between 0 and 1: {', '.join(wrong)} does not.")
    went = prevalence * follow_through
    parts = (went * yield_, went * (1 - yield_), prevalence - went, 1 - prevalence)
    table = pd.DataFrame({"part": list(WENT), "words": list(WENT.values()), "share": parts})
    table["people"] = _whole(table["share"].to_numpy())
    table.attrs |= {"what": what, "source": source}
    return table


def natural_sentence(table: pd.DataFrame) -> str:
    """The whole people of :func:`natural_frequencies`, as one says it.

    Examples
    --------
    >>> print(natural_sentence(natural_frequencies(0.4, 0.5, 0.148)))
    Of 100 people, 40 have an indication. 20 of them get a second opinion. For 3 of these the diagnosis
    changes, for 17 it does not.
    """
    people = table.set_index("part")["people"]
    went = people["changed"] + people["unchanged"]
    some = went + people["stayed"]
    has, get = "has" if some == 1 else "have", "gets" if went == 1 else "get"
    text = f"Of 100 people, {some} {has} an indication. {went} of them {get} a second opinion."
    if not went:
        return text
    changed, unchanged = people["changed"], people["unchanged"]
    return f"{text} For {changed} of these the {table.attrs['what']} changes, for {unchanged} it does not."


def share_sentence(table: pd.DataFrame) -> str:
    """Which people the yield is a share of, and what share of all people that makes.

    Examples
    --------
    >>> print(share_sentence(natural_frequencies(0.4, 0.5, 0.148)))
    14.8 % is a share of those who went: in whole people, 3 of 20. Of all people it is 3.0 %: 3 of 100.
    """
    people, share = table.set_index("part")["people"], table.set_index("part")["share"]
    went = people["changed"] + people["unchanged"]
    of = share["changed"] + share["unchanged"]
    if not of:
        return "Nobody goes, so there is nothing to take a share of."
    return (
        f"{100 * share['changed'] / of:.1f} % is a share of those who went: in whole people, "
        f"{people['changed']} of {went}. Of all people it is {100 * share['changed']:.1f} %: "
        f"{people['changed']} of 100."
    )


def _whole(counts: np.ndarray) -> np.ndarray:
    """Whole persons of 100, by largest remainders."""
    if not counts.sum():
        return np.zeros(len(counts), np.int64)
    exact = 100 * counts / counts.sum()
    people = np.floor(exact).astype(np.int64)
    short = 100 - people.sum()
    people[np.argsort(people - exact, kind="stable")[:short]] += 1
    return people
