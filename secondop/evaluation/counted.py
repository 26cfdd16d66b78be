"""Who is sent at a level by at least so many indications, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError
from secondop.evaluation.benefit import check_rate, crossed
from secondop.evaluation.people import PEOPLE
from secondop.evaluation.policies import LEVELS, YES, Policy, codes, has_rules, read_outcome, with_ends
from secondop.evaluation.reading import at_level, clinical_rules, eager, verdicts_of
from secondop.evaluation.tradeoff import weigh
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

RARE = 0.005
"""A count of clinical indications that fewer cases reach is not worth a policy of its own."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Policies by level and count, over one set of cases.

    Attributes
    ----------
    cases : frame of n_cases rows
        As given.
    verdicts : polars.DataFrame
        The recommendation and a nullable flag per rule.
    changed : ndarray of uint8, shape (n_cases,)
        Whether an opinion would change something: 0 no, 1 yes, 2 unknown.
    sent : dict from (level, k) to ndarray of uint8, shape (n_cases,)
        Whether the case is sent: 0 no, 1 yes, 2 where unknown facts could decide either way.
    table : pandas.DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, with ``level`` and ``k`` beside each policy.
    """

    cases: Any
    verdicts: pl.DataFrame
    changed: np.ndarray
    sent: dict[tuple[str, int], np.ndarray]
    table: pd.DataFrame

    def where(self, level: str, k: int, answer: int = YES) -> np.ndarray:
        """The rows of the cases that a policy sends, or of those where its answer is another."""
        return np.flatnonzero(self.sent[level, k] == answer)

    def frame(self, rows: np.ndarray) -> Any:
        """Some of the cases, in the kind given."""
        if isinstance(self.cases, pd.DataFrame):
            return self.cases.iloc[rows]
        return nw.from_native(self.cases)[rows.tolist()].to_native()

    def counts(self, level: str, k: int) -> dict[str, int]:
        """How many cases a policy makes each of :data:`secondop.evaluation.people.PEOPLE`."""
        (ff, ft, fn), (tf, tt, tn), open_ = crossed(self.sent[level, k], self.changed).tolist()
        return dict(zip(PEOPLE, (tt, tf, tn, sum(open_), ft, ff, fn), strict=True))


def count_policies(
    cohort: Any,
    *,
    outcome: str = "either",
    exchange_rates: Sequence[float] = (0.1,),
    rule_book: RuleBook = RULE_BOOK,
) -> Counted:
    """Every policy "at this level, and by at least k indications", and what each finds and spends.

    At ``recommended`` the clinical indications are counted. At ``urgent`` they are too, and one of them must
    be urgent. At ``optional`` the patient's wishes are counted with them. A case whose unknown facts could
    bring it there is neither sent nor left.

    Parameters
    ----------
    cohort, outcome, rule_book
        As for :func:`secondop.evaluation.tradeoff.tradeoff`.
    exchange_rates : sequence of float
        Useful opinions that one needless opinion costs.

    Examples
    --------
    >>> cases = pd.DataFrame({"neoplasia_concern": [True, False], "changed": [True, False]})
    >>> made = count_policies(cases, outcome="changed")
    >>> made.table[["policy", "sent_low", "sent_high"]]  # of the second case, most facts are unknown
                                         policy  sent_low  sent_high
    0                                      none       0.0        0.0
    1             all with an urgent indication      50.0      100.0
    2     random: all with an urgent indication      50.0      100.0
    3             all with a clinical indication     50.0      100.0
    4     random: all with a clinical indication     50.0      100.0
    5         all with an indication or a wish       50.0      100.0
    6     random: all with an indication or a wish   50.0      100.0
    7                                    oracle      50.0       50.0
    8                                       all     100.0      100.0
    """
    frame = eager(cohort)
    changed = read_outcome(frame, outcome)
    if not len(changed):
        raise SecondopError("There are no cases, so no policy to weigh.")
    if not has_rules(frame):
        raise SecondopError(
            "These cases state no facts, so no indication can be counted. Rename their columns with "
            "read_cases(..., columns={'your name': 'fact name'}); facts_table() lists all facts."
        )
    verdicts = verdicts_of(frame, rule_book)
    clinical = [rule.name for rule in clinical_rules(rule_book)]
    wishes = [rule.name for rule in rule_book if rule.preference]
    names = {"urgent": clinical, "recommended": clinical, "optional": [*clinical, *wishes]}
    known = {level: _count(verdicts, rules, False) for level, rules in names.items()}
    may = {level: _count(verdicts, rules, True) for level, rules in names.items()}
    reached = [k for k in range(1, len(clinical) + 1) if (known["recommended"] >= k).mean() >= RARE]
    sent = {}
    for level in names:
        there = codes(verdicts.select(at_level(level).alias("at"))["at"])
        for k in reached or [1]:
            enough = np.where(known[level] >= k, 1, np.where(may[level] >= k, 2, 0)).astype(np.uint8)
            either = np.maximum(there, enough)  # unknown, where neither says no
            sent[level, k] = np.where((there == 0) | (enough == 0), 0, either).astype(np.uint8)
    said = {_words(level, k): (level, k) for level, k in sent}
    made = [Policy(words, words, "own", "", sent[key]) for words, key in said.items()]
    table = weigh(with_ends(made, changed), frame, changed, [check_rate(rate) for rate in exchange_rates])
    table["level"] = [said.get(name, (None, None))[0] for name in table["policy"]]
    table["k"] = pd.array([said.get(name, (None, None))[1] for name in table["policy"]], dtype="Int64")
    table.attrs["outcome"] = outcome
    return Counted(frame, verdicts, changed, sent, table)


def _words(level: str, k: int) -> str:
    if k == 1:
        return LEVELS[level]
    return {
        "urgent": f"all with an urgent indication and at least {k} clinical ones",
        "recommended": f"all with at least {k} clinical indications",
        "optional": f"all with at least {k} indications or wishes",
    }[level]


def _count(verdicts: pl.DataFrame, names: list[str], unknown: bool) -> np.ndarray:
    """How many of the rules hold, with those that may as well if ``unknown``."""
    flags = [pl.col(name).fill_null(unknown).cast(pl.UInt16) for name in names]
    return verdicts.select(count=pl.sum_horizontal(flags or pl.lit(0, pl.UInt16)))["count"].to_numpy()
