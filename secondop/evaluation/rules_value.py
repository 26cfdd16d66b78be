"""What each rule is worth, which rules to serve first, and what a change of the rule book changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import unknown_name
from secondop.evaluation.benefit import Z, check_rate, exchange_words, spread
from secondop.evaluation.policies import codes, read_outcome
from secondop.evaluation.reading import (
    any_of,
    at_level,
    clinical_rules,
    eager,
    fresh_verdicts,
    patterns,
    simulated,
    verdicts_of,
)
from secondop.evaluation.tradeoff import figures, read_truth
from secondop.rules.indication import Indication, Level
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

_FIGURES = ("sent", "found", "overuse", "net_benefit")
_PER_1000 = ("found", "overuse", "net_benefit")


def rule_values(
    cohort: Any, *, outcome: str = "either", exchange_rate: float = 0.1, rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """What each clinical rule sends and finds alone, and what would be lost without it.

    Parameters
    ----------
    cohort, outcome, exchange_rate, rule_book
        As for :func:`tradeoff`.

    Returns
    -------
    pandas.DataFrame
        A row per rule, the most valuable first: ``rule, label, n``; per 100 cases ``sent, found, overuse,
        net_benefit`` of the rule alone, and ``unique_...`` of the cases that no other clinical rule is known
        to send: what leaving the rule out would lose. A negative ``unique_net_benefit`` says that the book is
        worth more without it. ``opinions_per_change`` and ``unique_opinions_per_change``. Each with
        ``_low, _high, _lower, _upper``, as in :func:`tradeoff`.
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    verdicts, rules = verdicts_of(frame, rule_book), clinical_rules(rule_book)
    rows = []
    for rule in rules:
        others = any_of(r for r in rules if r is not rule)
        recorded = pl.col(rule.name).fill_null(False) & ~others.fill_null(False)
        sent = verdicts.select(alone=pl.col(rule.name), unique=pl.col(rule.name) & ~others, recorded=recorded)
        alone, unique, as_recorded = (figures(codes(s), changed, {}, check_rate(exchange_rate)) for s in sent)
        row = {"rule": rule.name, "label": rule.label, "n": len(changed)}
        for prefix, found in (("", alone), ("unique_", unique)):
            for name in (*_FIGURES, "opinions_per_change"):
                value = (as_recorded if prefix else found)[name][0]
                row |= spread(f"{prefix}{name}", (value, *found[name][1:]))
        rows.append(row)
    table = pd.DataFrame(rows).sort_values("unique_net_benefit", ascending=False, ignore_index=True)
    return _noted(table, frame, outcome, exchange_rate)


def capacity_curve(
    cohort: Any,
    capacities: Sequence[float] | None = None,
    *,
    order: Sequence[str] | None = None,
    outcome: str = "either",
    exchange_rate: float = 0.1,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """Which rules to serve first if at most so many opinions per 1,000 cases can be had.

    Rules are added one by one: always the one whose further cases give most changes per opinion. The order
    is chosen on these very cases, so on few cases it flatters itself: choose ``order`` on others. Cases are
    served on recorded facts; unknown facts could bring more of them.

    Parameters
    ----------
    capacities : list of float, optional
        Opinions per 1,000 cases; by default, what each number of rules needs. Where the last rule's further
        cases do not all fit, a random choice among them is served (expected values, so in proportion).
    order : list of str, optional
        Rules in the order in which to serve them.
    cohort, outcome, exchange_rate, rule_book
        As for :func:`tradeoff`.

    Returns
    -------
    pandas.DataFrame
        A row per capacity: ``capacity, step, rule, label, served`` (share of the last rule's further cases);
        per 1,000 cases ``opinions``, ``found, overuse, net_benefit`` (each with ``_low, _high`` by unknown
        outcomes and the 95 % interval ``_lower, _upper``, as in :func:`tradeoff`), ``possible_opinions`` and
        ``possible_found`` if unknown facts sent everybody whom they allow, and ``random_found``, what a
        random choice of as many finds; ``n`` cases in all.
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    verdicts = verdicts_of(frame, rule_book)
    rate = check_rate(exchange_rate)
    rules = [rule_book[name] for name in order] if order else _best_order(verdicts, changed, rule_book)
    steps = []
    for step in range(len(rules) + 1):
        sent = codes(verdicts.select(pl.repeat(False, pl.len()) | any_of(rules[:step])).to_series())
        recorded, allowed = (figures(np.where(sent == 2, x, sent), changed, {}, rate) for x in (0, 1))
        last = rules[step - 1] if step else None
        steps.append(
            {"step": step, "rule": last.name if last else "", "label": last.label if last else "no rule"}
        )
        steps[-1] |= {"opinions": 10 * recorded["sent"][0]}
        for name in _PER_1000:
            steps[-1] |= spread(name, tuple(10 * x for x in recorded[name]))
        possible = {"possible_opinions": allowed["sent"][0], "possible_found": allowed["found"][0]}
        steps[-1] |= {name: 10 * value for name, value in possible.items()}
    table = pd.DataFrame(steps)
    totals = table["opinions"].to_numpy()
    wanted = totals if capacities is None else np.minimum(np.asarray(capacities, float), totals[-1])
    place = np.arange(len(totals)) if capacities is None else np.searchsorted(totals, wanted, side="left")
    curve = table.loc[place, ["step", "rule", "label"]].reset_index(drop=True)
    curve.insert(0, "capacity", wanted if capacities is None else np.asarray(capacities, float))
    room = totals[place] - totals[np.maximum(place - 1, 0)]
    curve["served"] = np.where(room > 0, 1 - (totals[place] - wanted) / np.where(room > 0, room, 1), 1.0)
    for name in table.columns[3:]:
        full, before = table[name].to_numpy()[place], table[name].to_numpy()[np.maximum(place - 1, 0)]
        curve[name] = np.where(curve["served"] == 1, full, before + curve["served"] * (full - before))
    everybody = figures(np.ones(len(changed), np.uint8), changed, {}, rate)["found"][0]
    curve["n"], curve["random_found"] = len(changed), curve["opinions"] * everybody / 100
    return _noted(curve, frame, outcome, exchange_rate)


def reform(
    cohort: Any,
    before: RuleBook,
    after: RuleBook,
    *,
    level: str = "recommended",
    outcome: str = "either",
    exchange_rate: float = 0.1,
) -> pd.DataFrame:
    """What changes if one rule book replaces another, on the same cases.

    Parameters
    ----------
    cohort : frame of n_cases rows
        Cases with their facts; they are assessed here, by both books.
    before, after : RuleBook
        The rule books.
    level : str
        The recommendation from which a case is sent.
    outcome, exchange_rate
        As for :func:`tradeoff`.

    Returns
    -------
    pandas.DataFrame
        A row per measure, per 100 cases: ``measure, n, before, after, difference`` if unknown facts send
        nobody, ``newly`` and ``no_longer`` (cases that enter and leave the measure), ``lower`` and ``upper``
        (95 % interval of the paired difference), ``difference_possible`` if unknown facts send everybody whom
        they allow. Blank where an unknown outcome, or a truth that the cases lack, decides it.

    Notes
    -----
    Shares: matched pairs with half a case added to each cell (Agresti & Min 2005, Stat Med 24:729-740). Net
    benefit: normal, with the analytic variance of the difference per case.
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    if level not in list(Level):
        raise unknown_name("level of recommendation", level, map(str, Level))
    books = [fresh_verdicts(frame, book).select(at_level(level)).to_series() for book in (before, after)]
    known = [book.fill_null(False).to_numpy() for book in books]
    allowed = [book.fill_null(True).to_numpy() for book in books]
    truth, rate = read_truth(frame), check_rate(exchange_rate)
    table = paired_differences(*known, changed, truth, rate)
    table["difference_possible"] = paired_differences(*allowed, changed, truth, rate)["difference"]
    return _noted(table, frame, outcome, rate)


def paired_differences(
    before: np.ndarray, after: np.ndarray, changed: np.ndarray, truth: dict[str, np.ndarray], rate: float
) -> pd.DataFrame:
    """What differs between two ways of sending the same cases, as :func:`reform` gives it.

    ``before`` and ``after`` say yes or no for every case; ``changed`` and ``truth`` are codes and may be
    unknown.
    """
    n = len(changed)
    counted = [figures(codes(pl.Series(sent)), changed, truth, rate) for sent in (before, after)]
    flags = {
        "sent": np.ones(n, np.uint8),
        "found": changed,
        "overuse": _not(changed),
        "underuse": changed,
    } | truth
    rows = []
    for name in (*flags, "net_benefit"):
        old, new = (found[name][0] for found in counted)
        row = {"measure": name, "n": n, "before": old, "after": new, "difference": new - old}
        if name == "net_benefit":
            gained = after.astype(np.int8) - before
            each = gained * np.where(changed == 1, 1.0, -rate) + np.where(gained & (changed == 2), np.nan, 0)
            half = 100 * Z * each.std() / np.sqrt(n) if n else np.nan
            row |= {"lower": row["difference"] - half, "upper": row["difference"] + half}
        else:
            row |= _paired(*((after, before) if name == "underuse" else (before, after)), flags[name])
        rows.append(row)
    columns = ["measure", "n", "before", "after", "difference", "lower", "upper", "newly", "no_longer"]
    return pd.DataFrame(rows)[columns].astype({"newly": "Int64", "no_longer": "Int64"})


def flipped(cohort: Any, before: RuleBook, after: RuleBook) -> Any:
    """The cases whose recommendation changes if one rule book replaces another.

    Returns
    -------
    frame
        Their rows, in the kind given, with ``before, after`` (recommendations on recorded facts).
    """
    said = [fresh_verdicts(cohort, book)["recommendation"].cast(pl.String) for book in (before, after)]
    moved = said[0] != said[1]
    rows = nw.from_native(eager(cohort)).filter(moved.to_list())
    words = {name: s.filter(moved).to_list() for name, s in zip(("before", "after"), said, strict=True)}
    return rows.with_columns(
        nw.new_series(name, values, nw.String, backend=rows.implementation) for name, values in words.items()
    ).to_native()


def _best_order(verdicts: pl.DataFrame, changed: np.ndarray, rule_book: RuleBook) -> list[Indication]:
    """Greedily by changes per further opinion; an unknown outcome counts as no change found."""
    left = clinical_rules(rule_book)
    names = [rule.name for rule in left]
    seen = patterns(verdicts.with_columns(changed=pl.Series(changed)), names, "changed")
    holds, useful, cases = (seen[c].to_numpy() for c in ("holds", "changed", "cases"))
    bit = {rule.name: 1 << i for i, rule in enumerate(left)}
    free, order = np.ones(len(seen), bool), []
    while left:
        new = [cases * (free & ((holds & bit[rule.name]) > 0)) for rule in left]
        gains = [(n[useful == 1].sum() / n.sum() if n.any() else -1, n.sum()) for n in new]
        best = left[max(range(len(left)), key=gains.__getitem__)]
        free &= (holds & bit[best.name]) == 0
        order.append(best)
        left.remove(best)
    return order


def _paired(before: np.ndarray, after: np.ndarray, flag: np.ndarray) -> dict[str, Any]:
    """Who enters and leaves a share, and the interval of its paired difference, per 100."""
    flips, n = before != after, len(flag)
    if (flips & (flag == 2)).any() or not n:
        return {"lower": np.nan, "upper": np.nan, "newly": pd.NA, "no_longer": pd.NA}
    came, went = int((flips & after & (flag == 1)).sum()), int((flips & before & (flag == 1)).sum())
    middle = (came - went) / (n + 2)
    half = Z * np.sqrt((came + went + 1) - (came - went) ** 2 / (n + 2)) / (n + 2)
    return {"lower": 100 * (middle - half), "upper": 100 * (middle + half), "newly": came, "no_longer": went}


def _not(flag: np.ndarray) -> np.ndarray:
    return np.where(flag == 2, 2, 1 - flag).astype(np.uint8)


def _noted(table: pd.DataFrame, frame: Any, outcome: str, rate: float) -> pd.DataFrame:
    table.attrs |= {"simulated": simulated(frame), "outcome": outcome}
    table.attrs |= {"exchange_rate": rate, "exchange": exchange_words(rate)}
    return table
