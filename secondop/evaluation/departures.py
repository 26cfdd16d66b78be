"""What known outcomes alone would say, an estimate beside them, and what it would be were it wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from secondop.arguments import MAPPING, TEXT, checked, either
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.measures import MEASURES
from secondop.evaluation.policies import Policy, choose
from secondop.evaluation.tradeoff import THRESHOLD, weigh
from secondop.evaluation.verification import learn
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook

DELTAS = (-np.inf, *np.linspace(-4, 4, 33), np.inf)
WAYS = ("known cases alone", "estimate", "bounds", "truth")
_ONE = either(TEXT, MAPPING)


@checked(policy=_ONE, measure=TEXT)
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
    told = {"outcome": outcome, "verified": verified, "weights": weights, "rule_book": rule_book}
    cohort, chosen, weighed = _one(cases, policy, measure, threshold, told)
    learned = learn(cohort, chosen, "doubly_robust", given)
    deltas = tqdm(np.asarray(deltas, float), desc="departing", delay=2, leave=False)
    tables = [weighed(cohort, learned, x).assign(delta=x, odds=np.exp(x)) for x in deltas]
    return _joined(tables, tables[-1])


@checked(policy=_ONE, measure=TEXT)
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
    >>> cases = pd.DataFrame({"mine": [True] * 6 + [False] * 6, "changed": [True, False, None] * 4})
    >>> table = verification_bias(cases, {"mine": "mine"}, outcome="changed", given=[])
    >>> table[["way", "n", "value"]].values.tolist()
    [['known cases alone', 8, 25.0], ['estimate', 12, 25.0], ['bounds', 12, nan]]
    """
    told = {"outcome": outcome, "verified": verified, "weights": weights, "rule_book": rule_book}
    cohort, chosen, weighed = _one(cases, policy, measure, threshold, told)
    estimate, bounds = weighed(cohort, learn(cohort, chosen, method, given)), weighed(cohort)
    cohort.frame = cohort.frame.filter(~cohort.changed.is_null())
    tables = [weighed(cohort), estimate, bounds]
    if verified and cohort.simulated:
        tables.append(weighed(_one(cases, policy, measure, threshold, told | {"verified": None})[0]))
    table = _joined(tables, estimate)
    table.insert(0, "way", WAYS[: len(table)])
    return table


def _one(
    cases: Any, policy: str | Mapping[str, str], measure: str, threshold: float, told: dict[str, Any]
) -> tuple[Cohort, list[Policy], Callable[..., pd.DataFrame]]:
    """The cohort, the policy between nobody and everybody, and what gives its row of the measure."""
    if measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    own = policy if isinstance(policy, Mapping) else {}
    if isinstance(cases, Cohort) or len(own) > 1 or policy == {}:
        raise SecondopError("Give cases (no Cohort) and one policy: a name, or {'its name': 'its column'}.")
    cohort, name = Cohort(cases, flags=own, **told), next(iter(own), policy)
    chosen = [p for p in choose(cohort, own or [name]) if p.name in ("none", name, "all")]

    def weighed(cohort: Cohort, *learned: Any) -> pd.DataFrame:
        table = weigh(cohort, chosen, [threshold], [measure], *learned)
        return table[(table["policy"] == name) & (table["measure"] == measure)]

    return cohort, chosen, weighed


def _joined(tables: list[pd.DataFrame], estimate: pd.DataFrame) -> pd.DataFrame:
    """One table that says what its estimate assumes, or that nothing had to be estimated."""
    table = pd.concat(tables, ignore_index=True)
    table.attrs |= estimate.attrs
    known = "Every outcome is known, so nothing is estimated and no assumption matters."
    table.attrs.setdefault("estimate", known)
    return table
