"""Net benefit: useful opinions against needless ones, at a stated rate of exchange."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.evaluation.policies import build_policies, codes, has_rules, read_number, read_outcome
from secondop.evaluation.reading import eager, flags_of, simulated
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

Z = 1.959963984540054
EXCHANGE_RATES = tuple(np.geomspace(0.02, 2, 41).round(6).tolist())


def net_benefit(recommended: Any, changed: Any, *, exchange_rate: float) -> float:
    """Net benefit of acting on a recommendation, per case in the cohort.

    A case that is sent and whose opinion changes something counts +1; one that is sent for nothing
    counts minus ``exchange_rate``; the rest count 0.

    Parameters
    ----------
    recommended : Series of bool, shape (n_cases,)
        Whether the policy sends the case. No unknowns: settle them first (``.fillna(False)`` or
        ``.fillna(True)``), or use :func:`tradeoff`, which shows both.
    changed : Series of bool, shape (n_cases,)
        Whether an opinion would change diagnosis or treatment. Same index.
    exchange_rate : float
        Useful opinions that one needless opinion costs: 0.1 accepts ten needless ones for one useful one.
        In (0, inf). It is the odds of a decision curve's threshold probability.

    Returns
    -------
    float
        Useful opinions per case, net. Multiply by 1,000 to read it aloud.

    Raises
    ------
    SecondopError (a ValueError)
        If the indexes differ, an answer is unknown, there are no cases, or the rate is not positive.

    References
    ----------
    Vickers & Elkin 2006, Med Decis Making 26:565-574.

    Examples
    --------
    >>> sent, changed = pd.Series([True, True, True, False]), pd.Series([True, False, False, True])
    >>> round(net_benefit(sent, changed, exchange_rate=0.1), 4)
    0.2
    """
    useful, needless = _sent(recommended, changed, check_rate(exchange_rate))
    return float(useful.mean() - exchange_rate * needless.mean())


def opinions_avoided(recommended: Any, changed: Any, *, exchange_rate: float) -> float:
    """Needless opinions avoided per case, net, beside sending everybody.

    The gain in net benefit over sending all, counted in needless opinions: what a policy saves, less
    ``1 / exchange_rate`` for every change that it misses. Decision curves call it interventions avoided.

    Parameters and errors are those of :func:`net_benefit`.

    Examples
    --------
    >>> sent, changed = pd.Series([True, False, False, False]), pd.Series([True, False, False, False])
    >>> opinions_avoided(sent, changed, exchange_rate=0.1)
    0.75
    """
    useful, needless = _sent(recommended, changed, check_rate(exchange_rate))
    outcome = flags_of(changed, "changed").to_numpy()
    saved, missed = (~outcome).mean() - needless.mean(), outcome.mean() - useful.mean()
    return float(saved - missed / exchange_rate)


def exchange_words(exchange_rate: float) -> str:
    """The exchange rate, as one says it.

    Examples
    --------
    >>> exchange_words(0.1)
    '10 needless opinions accepted for one useful one'
    >>> exchange_words(2)
    '2 useful opinions wanted for one needless one'
    """
    check_rate(exchange_rate)
    if exchange_rate > 1:
        return f"{exchange_rate:.3g} useful opinions wanted for one needless one"
    accepted = f"{1 / exchange_rate:.3g}"
    return f"{accepted} needless opinion{'s' * (accepted != '1')} accepted for one useful one"


def decision_curve(
    cohort: Any,
    policies: Iterable[str] | Mapping[str, Any] | None = None,
    *,
    outcome: str = "either",
    exchange_rates: Sequence[float] = EXCHANGE_RATES,
    probabilities: Sequence[str] = (),
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """Net benefit of each policy over a range of exchange rates.

    Parameters
    ----------
    cohort, policies, outcome, rule_book
        As for :func:`tradeoff`; by default the levels of the rule book, none, the oracle and all.
    exchange_rates : sequence of float
        Rates to evaluate at.
    probabilities : sequence of str
        Columns that hold a probability that an opinion changes something. At each rate a case is sent if its
        probability reaches the threshold ``rate / (1 + rate)``; where it is unknown, low and high differ.

    Returns
    -------
    pandas.DataFrame
        A row per policy and rate: ``policy, label, sort, n, exchange_rate, threshold, exchange`` (in words);
        ``net_benefit`` per 100 cases where unknown facts send nobody (blank where outcomes are unknown), with
        ``_low, _high`` and the normal 95 % interval ``_lower, _upper`` around them; ``opinions_avoided`` per
        100 beside sending everybody.

    References
    ----------
    Vickers & Elkin 2006, Med Decis Making 26:565-574.
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    if policies is None:
        policies = ("urgent", "recommended", "optional") if has_rules(frame) else ()
    made = build_policies(frame, changed, policies, None, rule_book)
    rows = [({"policy": p.name, "label": p.label, "sort": p.sort}, crossed(p.sent, changed)) for p in made]
    scores = {name: read_number(frame, name) for name in probabilities}
    curves = []
    for rate in exchange_rates:
        threshold = check_rate(rate) / (1 + rate)
        learned = [
            ({"policy": name, "label": name, "sort": "probability"}, crossed(codes(p >= threshold), changed))
            for name, p in scores.items()
        ]
        at = {
            "n": len(changed),
            "exchange_rate": rate,
            "threshold": threshold,
            "exchange": exchange_words(rate),
        }
        for about, counts in [*rows[:-1], *learned, rows[-1]]:
            oracle = about["sort"] == "oracle"
            curves.append(about | at | spread("net_benefit", benefit_of(counts, rate, oracle)))
            curves[-1] |= spread("opinions_avoided", avoided_of(counts, rate, oracle))
    table = pd.DataFrame(curves)
    table.attrs |= {"simulated": simulated(frame), "outcome": outcome}
    return table


def check_rate(exchange_rate: float) -> float:
    """The exchange rate, if it is one."""
    if not 0 < exchange_rate < np.inf:
        raise SecondopError(f"The exchange_rate must be a number above 0 and finite; got {exchange_rate!r}.")
    return exchange_rate


def crossed(sent: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Counts of cases, shape (3, 3): sent no, yes, unknown by the other answer no, yes, unknown."""
    return np.bincount(3 * sent + other, minlength=9).reshape(3, 3)


def mean_interval(useful: float, needless: float, n: int, rate: float) -> tuple[float, float, float]:
    """A net benefit per case with its normal 95 % interval: cases count 1, minus ``rate`` or 0."""
    if not n:
        return (np.nan,) * 3
    mean = (useful - rate * needless) / n
    half = Z * np.sqrt(max((useful + rate**2 * needless) / n - mean**2, 0) / n)
    return mean, mean - half, mean + half


def benefit_of(counts: np.ndarray, rate: float, oracle: bool = False) -> tuple[float, ...]:
    """Net benefit per 100: value, low, high, lower, upper."""
    (_, _, _), (tf, tt, tn), (nf, nt, nn) = counts
    low = mean_interval(tt, tf + tn + nf + (0 if oracle else nn), counts.sum(), rate)
    high = mean_interval(tt + tn + nt + nn, tf, counts.sum(), rate)
    value = np.nan if tn else mean_interval(tt, tf, counts.sum(), rate)[0]
    return tuple(100 * x for x in (value, low[0], high[0], low[1], high[2]))


def avoided_of(counts: np.ndarray, rate: float, oracle: bool = False) -> tuple[float, ...]:
    """Needless opinions avoided per 100, net, beside sending everybody: value, low, high, lower, upper."""
    (ff, ft, fn), _, (nf, nt, nn) = counts
    n, weight = counts.sum(), 1 / rate
    low = mean_interval(ff, ft + fn + nt + (0 if oracle else nn), n, weight)
    high = mean_interval(ff + fn + nf + nn, ft, n, weight)
    value = np.nan if fn or nn else mean_interval(ff + nf, ft + nt, n, weight)[0]
    return tuple(100 * x for x in (value, low[0], high[0], low[1], high[2]))


def spread(name: str, figure: tuple[float, ...]) -> dict[str, float]:
    """A figure and its bounds as columns."""
    return dict(
        zip((name, *(f"{name}_{part}" for part in ("low", "high", "lower", "upper"))), figure, strict=True)
    )


def _sent(recommended: Any, changed: Any, _: float) -> tuple[np.ndarray, np.ndarray]:
    """Useful and needless opinions, case by case."""
    if len(recommended) != len(changed) or not len(changed):
        raise SecondopError(
            f"recommended and changed must have the same cases, at least one; got {len(recommended):,} and "
            f"{len(changed):,}."
        )
    both = isinstance(recommended, pd.Series) and isinstance(changed, pd.Series)
    if both and not recommended.index.equals(changed.index):
        raise SecondopError("recommended and changed have different indexes: align them first.")
    flags = [flags_of(recommended, "recommended"), flags_of(changed, "changed")]
    for flag in flags:
        if flag.null_count():
            raise SecondopError(
                f"{flag.null_count():,} of {len(flag):,} answers of {flag.name} are unknown. Settle them "
                "first, with .fillna(False) and again with .fillna(True), or use tradeoff, which shows both."
            )
    sent, useful = (flag.to_numpy() for flag in flags)
    return sent & useful, sent & ~useful
