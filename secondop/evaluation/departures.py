"""What known outcomes alone would say, an estimate beside them, and what it would be were it wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from secondop.arguments import MAPPING, TEXT, checked, either
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.measures import MEASURES
from secondop.evaluation.policies import choose
from secondop.evaluation.tradeoff import THRESHOLD, weigh
from secondop.evaluation.verification import learn
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook

DELTAS = (-np.inf, *np.linspace(-4, 4, 33), np.inf)
ONE = either(TEXT, MAPPING)
WAYS = ("known cases alone", "estimate", "bounds", "truth")


@checked(policy=ONE, measure=TEXT)
def departures(
    cases: Any,
    policy: str | Mapping[str, str] = "recommended",
    *,
    measure: str = "true_positive",
    deltas: Sequence[float] = DELTAS,
    outcome: str = "either",
    verified: str | None = None,
    given: Sequence[str] | None = None,
    threshold: float = THRESHOLD,
    weights: str | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """The doubly robust estimate of one measure if outcomes are *not* missing at random.

    Arguments are those of :func:`tradeoff`, whose table it gives for one policy (of the rule book, or an own
    one: its name to a column), a row per ``delta``: of cases alike, the odds of a change are exp(delta) times
    as high among those not verified. At minus and plus infinity none of these change, or all do: where every
    fact is recorded, these are the bounds.

    Examples
    --------
    >>> cases = pd.DataFrame({"mine": [True] * 6 + [False] * 6, "changed": [True, False, None] * 4})
    >>> table = departures(cases, {"mine": "mine"}, outcome="changed", given=[], deltas=[-np.inf, 0, np.inf])
    >>> table["value"].round(1).tolist()
    [16.7, 25.0, 33.3]
    """
    cohort, chosen, name = _one(cases, policy, measure, outcome, verified, weights, rule_book)
    learned, tables = learn(cohort, chosen, "doubly_robust", given), []
    for delta in tqdm(np.atleast_1d(np.asarray(deltas, float)), desc="departing", delay=2, leave=False):
        made = weigh(cohort, chosen, [threshold], [measure], learned, delta)
        tables.append(_row(made, name, measure).assign(delta=delta, odds=np.exp(delta)))
    table = pd.concat(tables, ignore_index=True)
    table.attrs |= made.attrs
    return table


@checked(policy=ONE, measure=TEXT)
def verification_bias(
    cases: Any,
    policy: str | Mapping[str, str] = "recommended",
    *,
    measure: str = "true_positive",
    method: str = "doubly_robust",
    outcome: str = "either",
    verified: str | None = None,
    given: Sequence[str] | None = None,
    threshold: float = THRESHOLD,
    weights: str | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """One measure four ways: by the cases of known outcome alone, estimated, in bounds, and in truth.

    Arguments are those of :func:`tradeoff`; a row per ``way``. The truth is there for simulated cases whose
    outcomes are known to all but the column ``verified``, which says whose are shown.

    Examples
    --------
    >>> cases = pd.DataFrame({"mine": [True] * 120 + [False] * 80})
    >>> known = [45 * [True], 15 * [False], 60 * [None], 4 * [True], 16 * [False], 60 * [None]]
    >>> cases["changed"] = sum(known, [])
    >>> table = verification_bias(cases, {"mine": "mine"}, outcome="changed", given=[])
    >>> table[["way", "n", "value", "min", "max"]]
                     way    n  value    min    max
    0  known cases alone   80  56.25  56.25  56.25
    1           estimate  200  45.00  22.50  52.50
    2             bounds  200    NaN  22.50  52.50
    """
    cohort, chosen, name = _one(cases, policy, measure, outcome, verified, weights, rule_book)
    learned = learn(cohort, chosen, method, given)
    bounds, made = (weigh(cohort, chosen, [threshold], [measure], x) for x in (None, learned))
    cohort.frame = cohort.frame.filter(~cohort.changed.is_null())
    tables = [weigh(cohort, chosen, [threshold], [measure]), made, bounds]
    if verified and cohort.simulated:
        whole, *_ = _one(cases, policy, measure, outcome, None, weights, rule_book)
        tables.append(weigh(whole, chosen, [threshold], [measure]))
    rows = [_row(x, name, measure).assign(way=way) for way, x in zip(WAYS, tables, strict=False)]
    table = pd.concat(rows, ignore_index=True)
    table.insert(0, "way", table.pop("way"))
    table.attrs |= made.attrs
    return table


def _one(cases: Any, policy: Any, measure: str, outcome: str, *told: Any) -> tuple[Cohort, list, str]:
    """The cohort, the policy between nobody and everybody, and its name."""
    verified, weights, rule_book = told
    if measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    if isinstance(cases, Cohort) or (isinstance(policy, Mapping) and len(policy) != 1):
        raise SecondopError("Give cases (no Cohort) and one policy: a name, or {'its name': 'its column'}.")
    own = policy if isinstance(policy, Mapping) else {}
    cohort = Cohort(cases, rule_book, outcome=outcome, verified=verified, weights=weights, flags=own)
    name = next(iter(own), policy)
    chosen = [p for p in choose(cohort, own or [name]) if p.name in ("none", name, "all")]
    return cohort, chosen, name


def _row(table: pd.DataFrame, name: str, measure: str) -> pd.DataFrame:
    return table[(table["policy"] == name) & (table["measure"] == measure)]
