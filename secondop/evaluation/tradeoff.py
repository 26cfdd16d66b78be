"""Overuse against benefit: what each policy sends, finds, spends and misses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from secondop.evaluation.benefit import Z, avoided_of, benefit_of, check_rate, crossed, exchange_words, spread
from secondop.evaluation.policies import UNKNOWN, Policy, build_policies, codes, has_rules, read_outcome
from secondop.evaluation.reading import eager, read_flag, simulated, wilson
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

TRUTH = {"corrected": "corrected", "spoiled": "spoiled", "averted": "intervention_averted"}
"""What only the truth tells, and the column that tells it."""
MEASURES = ("sent", "found", "overuse", "underuse", *TRUTH, "opinions_per_change", "found_beyond_random")
MEASURES += ("net_benefit", "opinions_avoided", "equals_none", "equals_all")
_BLANK = (np.nan,) * 5


def tradeoff(
    cohort: Any,
    policies: Iterable[str] | Mapping[str, Any] | None = None,
    *,
    outcome: str = "either",
    exchange_rate: float | Sequence[float] = 0.1,
    scores: Mapping[str, float] | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """What each policy sends, finds, spends for nothing and misses, per 100 cases.

    Parameters
    ----------
    cohort : frame of n_cases rows
        A simulated cohort, or an analyst's own cases that carry an outcome: pandas, polars, pyarrow. Assessed
        here, or before with ``assess(..., verdicts=True)``.
    policies : list of str, or dict, optional
        Which of the built-in policies; or own policies, to be added to them: a dict from names to flags (one
        per case, unknown allowed) or to columns of the cohort. Nobody, everybody and the oracle are always
        there, and beside every policy a random choice of as many cases.
    outcome : str
        The yes/no column that says whether an opinion would change something. ``"either"`` is
        ``diagnosis_changed`` or ``treatment_changed``.
    exchange_rate : float, or a sequence of them
        Useful opinions that one needless opinion costs: 0.1 accepts ten needless ones for one useful one.
        For several, the table holds every policy at the first, then at the second, and so on.
    scores : dict, optional
        Columns that hold a learned score, each with the threshold from which a case is sent.
    rule_book : RuleBook
        The rules; the project's own by default.

    Returns
    -------
    pandas.DataFrame
        A row per policy: ``policy, label, sort, argues, n``, then per 100 cases

        - ``sent``; ``found`` (sent, and something changed); ``overuse`` (sent, nothing changed);
          ``underuse`` (not sent, would have changed);
        - ``corrected, spoiled, averted``: wrong first opinions put right, right ones lost, and interventions
          averted, among those sent. Blank where the cases lack the truth, as ``remark`` says;
        - ``found_beyond_random``: found, less what a random choice of as many cases finds;
        - ``net_benefit`` at ``exchange_rate`` (``exchange`` says it in words), and ``opinions_avoided``, the
          same in needless opinions saved beside sending everybody;

        and ``opinions_per_change``; ``equals_none`` and ``equals_all``, the exchange rates at which the
        policy is worth as much as sending nobody or everybody (between them it is better than both);
        ``frontier``, whether it is best of all at some exchange rate; ``remark``.

        The value is what happens if unknown facts send nobody; it is blank where an unknown outcome decides
        it. ``_low`` and ``_high`` are its bounds over all answers that unknown facts and outcomes allow.
        ``_lower`` and ``_upper`` are 95 % intervals around these bounds: Wilson for shares and what follows
        from them, normal with the analytic variance per case for net benefit, opinions avoided and found
        beyond random. A random choice is analytic: an expected value, at the given volume.

    Raises
    ------
    SecondopError
        If the outcome is missing, or a policy does not exist or does not fit the cases.

    Examples
    --------
    >>> cases = pd.DataFrame({"neoplasia_concern": [True, True, False, False]})
    >>> cases["changed"] = [True, False, True, False]
    >>> table = tradeoff(cases, ["urgent"], outcome="changed")
    >>> table[["policy", "sent", "found", "overuse", "underuse"]]
               policy   sent  found  overuse  underuse
    0            none    0.0    0.0      0.0      50.0
    1          urgent   50.0   25.0     25.0      25.0
    2  random: urgent   50.0   25.0     25.0      25.0
    3          oracle   50.0   50.0      0.0       0.0
    4             all  100.0   50.0     50.0       0.0
    """
    rates = [check_rate(rate) for rate in np.atleast_1d(exchange_rate).tolist()]
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    made = build_policies(frame, changed, policies, scores, rule_book)
    table = weigh(made, frame, changed, rates)
    table.attrs |= {"outcome": outcome, "exchange_rate": exchange_rate}
    return table


def weigh(policies: list[Policy], frame: Any, changed: np.ndarray, rates: list[float]) -> pd.DataFrame:
    """The table of :func:`tradeoff` for these policies, at one exchange rate after another."""
    rounds = tqdm(rates, unit="rate", desc="weighing policies", delay=2, leave=False)
    tables = [measure(policies, changed, read_truth(frame), rate) for rate in rounds]
    front, remarks = _frontier(tables[0]), _remarks(frame, changed, tables[0])
    table = pd.concat([t.assign(frontier=front, remark=remarks) for t in tables], ignore_index=True)
    table.attrs["simulated"] = simulated(frame)
    return table


def read_truth(frame: Any) -> dict[str, np.ndarray]:
    """What only the truth tells, as far as the cases carry it."""
    columns = nw.from_native(frame).columns
    return {name: codes(read_flag(frame, column)) for name, column in TRUTH.items() if column in columns}


def measure(
    policies: list[Policy],
    changed: np.ndarray,
    truth: dict[str, np.ndarray],
    exchange_rate: float,
    *,
    random: bool = True,
) -> pd.DataFrame:
    """Every figure of every policy; a random choice of as many follows each that is neither none nor all."""
    everybody = figures(np.ones(len(changed), np.uint8), changed, truth, exchange_rate)
    rows = []
    for p in policies:
        found = figures(p.sent, changed, truth, exchange_rate, oracle=p.sort == "oracle")
        rows.append(({"policy": p.name, "label": p.label, "sort": p.sort, "argues": p.argues}, found))
        if random and p.sort not in ("none", "all", "oracle"):
            about = {
                "policy": f"random: {p.name}",
                "label": f"as many at random as “{p.name}” sends",
                "sort": "random",
            }
            rows.append((about | {"argues": ""}, _random(found["sent"], everybody, exchange_rate)))
    at = {"n": len(changed), "exchange_rate": exchange_rate, "exchange": exchange_words(exchange_rate)}
    records = []
    for about, found in rows:
        wide = {column: value for name in MEASURES for column, value in spread(name, found[name]).items()}
        records.append(about | at | {name: found[name][0] for name in MEASURES} | wide)
    return pd.DataFrame(records)


def figures(
    sent: np.ndarray,
    changed: np.ndarray,
    truth: dict[str, np.ndarray],
    rate: float,
    *,
    oracle: bool = False,
) -> dict[str, tuple[float, ...]]:
    """Every measure as (value, low, high, lower, upper), shares per 100 cases.

    ``sent`` and ``changed`` are codes: 0 no, 1 yes, 2 unknown. The oracle's unknowns are the outcome's own:
    it never errs on them.
    """
    counts, n = crossed(sent, changed), len(changed)
    (ff, ft, fn), (tf, tt, tn), (nf, nt, nn) = counts.tolist()
    err = 0 if oracle else nn
    useful, needless = (tt, tt + tn + nt + nn), (tf, tf + tn + nf + err)
    missed, spared = (ft, ft + fn + nt + err), (ff, ff + fn + nf + nn)
    # Each share: its value's count and total, then count and total at its low and at its high end.
    shares = {
        "sent": (tf + tt + tn, n, tf + tt + tn, n, tf + tt + tn + nf + nt + nn, n),
        "found": (np.nan if tn else tt, n, useful[0], n, useful[1], n),
        "overuse": (np.nan if tn else tf, n, needless[0], n, needless[1], n),
        "underuse": (np.nan if fn or nn else ft + nt, n, missed[0], n, missed[1], n),
        "worth": (np.nan if tn else tt, tt + tf, *_extremes(useful, needless)),
        "loss": (np.nan if fn or nn else ft + nt, ft + nt + ff + nf, *_extremes(missed, spared)),
    }
    for name, answers in truth.items():
        _, (_, yes, gap), (_, maybe, both) = crossed(sent, answers).tolist()
        shares[name] = (np.nan if gap else yes, n, yes, n, yes + gap + maybe + both, n)
    counts_of = np.array(list(shares.values()), float)
    (lower, _), (_, upper) = wilson(*counts_of[:, 2:4].T), wilson(*counts_of[:, 4:].T)
    found = {
        name: (_over(value, of), _over(low, low_of), _over(high, high_of), a, b)
        for name, (value, of, low, low_of, high, high_of), a, b in zip(
            shares, counts_of, lower, upper, strict=True
        )
    }
    worth, loss = found.pop("worth"), found.pop("loss")
    found = {name: tuple(100 * x for x in share) for name, share in found.items()}
    found |= {name: _BLANK for name in TRUTH if name not in truth}
    return found | {
        "opinions_per_change": tuple(_over(1, worth[i]) for i in (0, 2, 1, 4, 3)),
        "equals_none": tuple(_over(share, 1 - share) for share in worth),
        "equals_all": tuple(_over(share, 1 - share) for share in loss),
        "net_benefit": benefit_of(counts, rate, oracle),
        "opinions_avoided": avoided_of(counts, rate, oracle),
        "found_beyond_random": _beyond_random(counts),
    }


def _extremes(some: tuple[int, int], rest: tuple[int, int]) -> tuple[int, int, int, int]:
    """Count and total with fewest of ``some`` and most of the ``rest``, then the other way round."""
    return some[0], some[0] + rest[1], some[1], some[1] + rest[0]


def _over(a: float, b: float) -> float:
    """a / b; nothing over nothing is blank, something over nothing without bound."""
    return float(a / b) if b else (np.inf if a > 0 else np.nan)


def _beyond_random(counts: np.ndarray) -> tuple[float, ...]:
    """The covariance of being sent and changing, per 100; blank where outcomes are unknown."""
    (ff, ft, fn), (tf, tt, tn), (nf, nt, nn) = counts.tolist()
    n = counts.sum()
    if fn or tn or nn or not n:
        return _BLANK

    def covariance(tt: int, tf: int, ft: int, ff: int) -> tuple[float, float]:
        s, c = (tt + tf) / n, (tt + ft) / n
        products = np.array([(1 - s) * (1 - c), -(1 - s) * c, -s * (1 - c), s * c])
        weights = np.array([tt, tf, ft, ff]) / n
        mean = weights @ products
        return mean, Z * np.sqrt(max(weights @ products**2 - mean**2, 0) / n)

    value, _ = covariance(tt, tf, ft + nt, ff + nf)
    low, low_half = covariance(tt, tf + nf, ft + nt, ff)
    high, high_half = covariance(tt + nt, tf, ft, ff + nf)
    return tuple(100 * x for x in (value, low, high, low - low_half, high + high_half))


def _random(sent: tuple[float, ...], everybody: dict[str, tuple[float, ...]], rate: float) -> dict:
    """What a random choice of as many cases is expected to give: a point between none and all."""
    chosen = tuple(share / 100 for share in (*sent[:3], *sent[1:3]))  # the volume is given, not estimated
    left = tuple(1 - chosen[i] for i in (0, 2, 1, 4, 3))
    worth = everybody["net_benefit"]
    loss = tuple(-worth[i] / rate for i in (0, 2, 1, 4, 3))
    found = {name: _times(chosen, everybody[name]) for name in ("found", "overuse", "net_benefit", *TRUTH)}
    found |= {
        "sent": sent,
        "underuse": _times(left, everybody["found"]),
        "opinions_avoided": _times(left, loss),
    }
    found |= {"found_beyond_random": (0.0,) * 5, "equals_all": everybody["equals_none"]}
    return found | {name: everybody[name] for name in ("opinions_per_change", "equals_none")}


def _times(share: tuple[float, ...], figure: tuple[float, ...]) -> tuple[float, ...]:
    """A share of a figure, with the widest bounds that both allow."""
    bounds = [a * b for a, b in product(share[1:3], figure[1:3])]
    ends = [a * b for a, b in product(share[3:5], figure[3:5])]
    return share[0] * figure[0], min(bounds), max(bounds), min(ends), max(ends)


def _frontier(table: pd.DataFrame) -> list[bool]:
    """Whether a policy is best at some exchange rate: the upper hull from nobody to everybody.

    It cannot be told while unknown outcomes leave a figure blank.
    """
    real = table[~table["sort"].isin(["random", "oracle"])]
    real = real.iloc[:0] if real["found"].isna().any() else real
    hull: list[int] = []
    x, y = table["overuse"].to_numpy(), table["found"].to_numpy()
    for i in real.sort_values(["overuse", "found"], ascending=[True, False]).index:
        if hull and y[i] <= y[hull[-1]]:
            continue
        while len(hull) > 1:
            a, b = hull[-2:]
            if (x[b] - x[a]) * (y[i] - y[a]) < (y[b] - y[a]) * (x[i] - x[a]):
                break
            hull.pop()
        hull.append(i)
    return [i in hull for i in table.index]


def _remarks(frame: Any, changed: np.ndarray, table: pd.DataFrame) -> list[str]:
    columns, said = nw.from_native(frame).columns, []
    if unknown := int((changed == UNKNOWN).sum()):
        said.append(f"The outcome is unknown in {unknown:,} of {len(changed):,} cases.")
    if lacking := [name for name, column in TRUTH.items() if column not in columns]:
        said.append(f"Cannot be had without the truth: {', '.join(lacking)}.")
    if not has_rules(frame):
        said.append("The cases state no facts, so the rule book sends nobody and is left out.")
    remarks = []
    for sort, low, high in zip(table["sort"], table["sent_low"], table["sent_high"], strict=True):
        open_ = f"{(high - low) / 100 * len(changed):,.0f} of {len(changed):,} cases"
        facts = [f"Unknown facts decide whether {open_} are sent."] if high > low and sort != "oracle" else []
        remarks.append(" ".join(said + facts))
    return remarks
