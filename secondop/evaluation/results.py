"""What strategies send and find in many scenarios, case by case, all with the same random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import polars as pl

from secondop.cohorts.outcomes import TRUTH
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.simulate import THREADS, simulate_batches
from secondop.errors import unknown_name
from secondop.evaluation.policies import NO, YES, build_policies, read_outcome
from secondop.evaluation.tradeoff import TRUTH as SENT_TRUTH
from secondop.rules.rulebook import RuleBook

BATCH = 1 << 18
"""Cases assessed at once: the cohorts of several draws together, or a part of a large one."""
OR_UNDECIDED = " or undecided"
MEASURES = {
    "sent": ("sent", "cases", "sent, of 100 cases"),
    "found": ("found", "cases", "sent and something changed, of 100 cases"),
    "overuse": ("overuse", "cases", "sent for nothing, of 100 cases"),
    "underuse": ("underuse", "cases", "not sent, would have changed, of 100 cases"),
    "corrected": ("corrected", "cases", "wrong diagnoses put right, of 100 cases"),
    "spoiled": ("spoiled", "cases", "right diagnoses lost, of 100 cases"),
    "averted": ("averted", "cases", "interventions averted, of 100 cases"),
    "net_benefit": ("net_benefit", "cases", "useful opinions, net, per 100 cases"),
    "diagnosis_changed": ("diagnosis", "sent", "diagnosis changed, of 100 opinions"),
    "treatment_changed": ("treatment", "sent", "treatment changed, of 100 opinions"),
    "opinions_per_change": ("sent", "found", "opinions for one that changes something"),
}
"""For each measure: what is counted, of what, and in words."""


def known_measures(measures: list[str]) -> list[str]:
    """The same, if there are such measures."""
    for name in measures:
        if name not in MEASURES:
            raise unknown_name("measure", name, MEASURES)
    return measures


def evaluate(
    scenarios: Iterable[Scenario],
    n: int,
    seed: int,
    policies: Sequence[str],
    outcome: str,
    rule_book: RuleBook,
    batch: int = BATCH,
) -> Iterator[tuple[slice, dict[str, dict[str, np.ndarray]]]]:
    """Simulate and assess: which scenarios, and per strategy and tally flags of shape (scenarios, cases).

    Small cohorts are assessed together, and a large one in parts: memory stays that of one batch.
    """
    columns = [*rule_book.facts, *TRUTH]

    def cohort(scenario: Scenario) -> Iterator[pl.DataFrame]:
        parts = simulate_batches(scenario, n, seed=seed, batch=min(n, batch), engine="polars")
        return (part.select(columns) for part in parts)

    scenarios, first = iter(scenarios), 0
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(scenarios, max(1, batch // n))):
            if len(some) == 1:
                parts = cohort(some[0])
            else:
                parts = [pl.concat(list(pool.map(lambda s: next(cohort(s)), some)), rechunk=True)]
            for frame in parts:
                flags = _tallies(frame, policies, outcome, rule_book)
                shaped = {
                    strategy: {name: cases.reshape(len(some), -1) for name, cases in counted.items()}
                    for strategy, counted in flags.items()
                }
                yield slice(first, first + len(some)), shaped
            first += len(some)


def _tallies(
    frame: pl.DataFrame, policies: Sequence[str], outcome: str, rule_book: RuleBook
) -> dict[str, dict[str, np.ndarray]]:
    """For each strategy, whether each case counts in each tally."""
    changed = read_outcome(frame, outcome)
    named = dict.fromkeys(name.removesuffix(OR_UNDECIDED) for name in policies if name != "sought")
    strategies = {}
    for policy in build_policies(frame, changed, list(named), None, rule_book):
        strategies[policy.name] = policy.sent == YES
        if policy.sort not in ("none", "oracle", "all"):
            strategies[policy.name + OR_UNDECIDED] = policy.sent != NO
    strategies["sought"] = frame["sought"].to_numpy()
    truth = {name: frame[column].to_numpy() for name, column in SENT_TRUTH.items()}
    truth |= {"diagnosis": frame["diagnosis_changed"].to_numpy()}
    truth |= {"treatment": frame["treatment_changed"].to_numpy(), "found": changed == YES}
    every = np.ones(len(changed), bool)
    return {
        name: {"cases": every, "sent": sent, "overuse": sent & ~truth["found"]}
        | {"underuse": truth["found"] & ~sent}
        | {tally: sent & flags for tally, flags in truth.items()}
        for name, sent in strategies.items()
    }


def results(name: str, tally: Mapping[str, np.ndarray], rate: float) -> np.ndarray:
    """A measure, from sums of the tallies over cases: blank for nothing of nothing."""
    top, bottom = _ratio(name, tally, rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        return top / bottom


def influences(name: str, tally: Mapping[str, np.ndarray], rate: float) -> tuple[float, np.ndarray]:
    """A measure from the tallies case by case, and how much each case pulls it: for its sampling error."""
    top, bottom = _ratio(name, tally, rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = top.mean() / bottom.mean()
        return float(value), (top - value * bottom) / bottom.mean()


def _ratio(name: str, tally: Mapping[str, np.ndarray], rate: float) -> tuple[np.ndarray, np.ndarray]:
    """What is counted and of what: of sums over cases, or case by case."""
    top, bottom, _ = MEASURES[name]
    per = 1 if name == "opinions_per_change" else 100
    count = tally["found"] - rate * tally["overuse"] if name == "net_benefit" else 1.0 * tally[top]
    return per * count, 1.0 * tally[bottom]
