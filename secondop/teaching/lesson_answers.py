"""What is right in each exercise of the four lessons, and which mistakes have words of their own.

For each exercise a lesson yields the right answer, then the mistakes, in the order of ``exercises.toml``; of
one that asks for a function, first the calls that it is tried on. In a question ``deck`` are the teaching
cases, assessed, and ``cases`` is ``assess(simulate("general", 20_000, seed=2), verdicts=True)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product

import pandas as pd
import polars as pl

from secondop.cohorts.simulate import simulate
from secondop.datafiles import data_path
from secondop.evaluation.comparison import compare
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.published import published_rates
from secondop.evaluation.rates import attrition
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.guideline.defaults import assess, explain, fact, read_cases
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.conditions import Condition, as_condition, at_least

ANSWERS = (True, False, None)
FLAGS = [as_condition(fact(name)) for name in ("rare_disease", "neoplasia_concern", "advanced_cancer")]
"""Three yes-or-no facts, whichever: logic does not depend on them."""


@cache
def deck() -> pd.DataFrame:
    """The teaching cases, assessed."""
    return assess(read_cases(data_path("teaching_cases.csv")).set_index("case"))


@cache
def drawn(scenario: str = "general", n: int = 20_000, seed: int = 2) -> pd.DataFrame:
    """Simulated cases, assessed."""
    return assess(simulate(scenario, n, seed=seed), verdicts=True)


def _logic(condition: Condition, rows: Iterable[tuple]) -> list[bool | None]:
    """What the package makes of answers to the facts of a condition, one row after another."""
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(condition.facts, pl.Boolean), orient="row")
    return frame.select(condition.to_expr(lambda fact: pl.col(fact.name))).to_series().to_list()


def _as_no(row: tuple) -> tuple:
    return tuple(answer or False for answer in row)


def _lesson_1() -> Iterator[tuple]:
    """Three answers instead of two."""
    a, b, _ = FLAGS
    five = {"no and unknown": (a & b, (False, None)), "yes and unknown": (a & b, (True, None))}
    five |= {"no or unknown": (a | b, (False, None)), "yes or unknown": (a | b, (True, None))}
    five |= {"not unknown": (~a, (None,))}
    yield {text for text, (joined, row) in five.items() if _logic(joined, [row]) == [None]}, set(five), set()
    closed, high = deck()["recommendation"] < "recommended", deck()["possible"] >= "recommended"
    yield (closed & high).sum(), deck()["undetermined"].sum(), closed.sum(), high.sum(), 0
    weeks = drawn()["first_line_weeks"]
    yield weeks.isna().sum(), (~(weeks.astype("float64") >= 4)).sum(), (weeks < 4).sum()
    case = drawn().loc[49]
    gaps = {name for name in RULE_BOOK.facts if pd.isna(case[name])}
    yield explain(case).next_questions[0].fact, gaps, set(RULE_BOOK.facts)
    pairs = list(product(ANSWERS, repeat=2))
    gap_wins = [None if None in pair else all(pair) for pair in pairs]
    yield pairs, _logic(a & b, pairs), _logic(a & b, map(_as_no, pairs)), gap_wins


def _lesson_2() -> Iterator[tuple]:
    """From indications to overuse."""
    cases = drawn()
    changed, referred = cases["diagnosis_changed"] | cases["treatment_changed"], cases["indications"] >= 1
    counted_twice = attrition(cases)["alone"].sum() / len(cases)
    possible, wished = cases["possible"] >= "recommended", cases["recommendation"] >= "optional"
    yield 100 * referred.mean(), 100 * counted_twice, 100 * wished.mean(), 100 * possible.mean()
    fires = cases[[rule.name for rule in RULE_BOOK if rule.clinical]].fillna(False)
    alone = fires[cases["indications"] == 1].sum()
    yield set(alone.index[alone == 0]), {fires.sum()[alone > 0].idxmin()}, {alone.idxmax()}
    yield deck().loc["T028", "recommendation"], {"recommended", "urgent"}, {"not_needed"}, {"optional"}
    useless, useful = (referred & ~changed).mean(), changed[referred].mean()
    yield 100 * (1 - useful), 100 * useless, 100 * useful, 100 * (~changed).mean()
    calls = [(k, three) for k in (1, 2, 3) for three in product(ANSWERS, repeat=3)]
    rules = {k: at_least(k, *FLAGS) for k in (1, 2, 3)}
    gap_wins = [None if None in three else sum(three) >= k for k, three in calls]
    missing_is_no = [_logic(rules[k], [_as_no(three)])[0] for k, three in calls]
    yield calls, [_logic(rules[k], [three])[0] for k, three in calls], missing_is_no, gap_wins


def _lesson_3() -> Iterator[tuple]:
    """Reading a trade-off."""
    referrals = (1, 2, 10)  # no-change referrals for one change
    table = wide(tradeoff(drawn(), threshold=[1 / (1 + n) for n in referrals]))
    policies = table[table["threshold"] == 1 / 11].set_index("policy")
    everybody = policies.loc["all"]
    change, no_change = everybody["true_positive"], everybody["false_positive"]
    yield 0.3 * change, 30, change, 0.3 * no_change
    low, high = policies.loc["recommended", ["referral_rate", "referral_rate_max"]]
    yield high, low, high - low
    frontier = set(policies.index[policies["frontier"] == 1])
    yield frontier, frontier | {FORESIGHT}, frontier - {"none", "all"}
    balance = everybody["better_than_none_below"]
    yield (1 - balance) / balance, balance / (1 - balance)
    points = table[["true_positive", "false_positive"]].round(3)
    points["n"] = (1 / table["threshold"] - 1).round()
    calls = list(points.itertuples(index=False, name=None))
    multiplied, free = [tp - fp * n for tp, fp, n in calls], [tp - fp for tp, fp, _ in calls]
    yield calls, table["net_benefit"].tolist(), multiplied, free


def _lesson_4() -> Iterator[tuple]:
    """Why 15 % is not the rate at which rules should fire."""
    rates = published_rates().set_index("id")
    five = ["vansuch_diff", "lenza_dx", "mustafa_newdx", "france_divergent", "gertman_against"]
    same = rates.loc[five, ["denominator", "outcome"]] == rates.loc["meyer_dx", ["denominator", "outcome"]]
    yield set(same.index[same["denominator"]]), set(same.index[same["outcome"]])
    diagnosis, treatment, both = rates.loc[["meyer_dx", "meyer_tx", "meyer_both"], "rate"]
    apart = 1 - (1 - diagnosis) * (1 - treatment)
    yield 1000 * (diagnosis + treatment - both), 1000 * (diagnosis + treatment), 1000 * apart
    changed, sought = drawn()["diagnosis_changed"], drawn()["sought"]
    fired = drawn()["indications"] >= 1
    yield tuple(100 * x.mean() for x in (sought & changed, changed[sought], changed, fired))
    fitted = compare(simulate("programme", 20_000, seed=2)).set_index("id")
    yield fitted.loc["meyer_dx", "verdict"], {"within"}, {"not comparable"}
    yield 100 * both / diagnosis, 100 * treatment, 100 * both, 100 * both / treatment


LESSONS = {1: _lesson_1, 2: _lesson_2, 3: _lesson_3, 4: _lesson_4}
"""What makes the exercises of each lesson."""
