"""How fast a cohort is simulated: the package, and the same as an analyst would write it.

Run ``python benchmarks/simulate.py`` on an idle machine, and read the ratios. They take turns, so that other
load hits them alike. Streaming runs first, in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import THREADS, simulate, simulate_batches
from secondop.cohorts.structure import place
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Kind

N, STREAMED, REPEATS = 2_000_000, 20_000_000, 3
PROPAGATED = (1_000, 10_000)


class Column:
    """A column of words or numbers in a plain frame, as a condition compares it."""

    __hash__ = None

    def __init__(self, series: pd.Series) -> None:
        self.series = series

    def __eq__(self, level: object) -> pd.Series:
        return self.series == level


def as_an_analyst_writes_it(scenario: Scenario, n: int, seed: int) -> pd.DataFrame:
    """The same model in plain numpy and pandas: float64 throughout, ``choice`` on words, one stream."""
    rng, structure = np.random.default_rng(seed), scenario.structure
    traits = {name: rng.normal(size=n) for name in TRAITS}
    frame, recorded = pd.DataFrame(index=range(n)), {}

    def meets(condition):
        return condition.to_expr(lambda f: Column(frame[f.name]) if f.has_levels else frame[f.name]).to_numpy(
            bool
        )

    for fact in structure.order:
        correlations = {x: scenario[f"facts.{fact.name}.{x}"] for x in TRAITS}
        noise, left = np.sqrt(1 - sum(x * x for x in correlations.values())), np.ones(n, bool)
        score = sum(x * traits[name] for name, x in correlations.items()) + noise * rng.normal(size=n)
        value = np.empty(n, object if fact.has_levels else float)
        for by, condition in {**structure.strata.get(fact.name, {}), "": None}.items():
            inside = left if condition is None else left & meets(condition)
            left, answer = left & ~inside, structure.stated.get(f"{place(fact.name, by)}.answer")
            if answer is not None:
                value[inside] = answer
                continue
            shares = scenario.shares(fact.name, by)
            if fact.kind is Kind.FLAG:
                value[inside] = score[inside] > norm.ppf(1 - shares["share"])
                continue
            band = np.searchsorted(norm.ppf(np.cumsum(list(shares.values()))[:-1]), score[inside])
            if fact.kind is Kind.NUMBER:
                edges = np.array(structure.stated[f"{place(fact.name)}.breaks"])
                value[inside] = rng.uniform(edges[band], edges[band + 1])
            else:
                value[inside] = np.array(list(shares))[band] if fact.has_levels else band
        frame[fact.name] = value.astype(bool) if fact.kind is Kind.FLAG else value
        recorded[fact.name] = frame[fact.name].mask(rng.random(n) < scenario[f"facts.{fact.name}.missing"])
    effects = {"first_right": np.zeros(n), "treatment_changed": np.zeros(n)}
    for name, (when, against) in structure.effects.items():
        sign = meets(when).astype(float) - (0 if against is None else meets(against))
        for outcome in effects:
            effects[outcome] += sign * scenario[f"effects.{name}.{outcome}"]
    d, g, c = traits.values()
    s = {path: p.value for path, p in scenario.parameters.items()}
    right = s["solved.first"] - s["readers.difficulty"] * d + effects["first_right"]
    first = rng.random(n) < expit(right)
    better, agree = expit(right + s["solved.second"]), rng.random(n)
    agree = agree < np.where(first, better, expit(s["solved.shared"]))
    second = np.where(first, agree, ~agree & (rng.random(n) < better))
    plan = s["outcomes.gravity"] * g + s["outcomes.contest"] * c + effects["treatment_changed"]
    plan += np.where(agree, s["solved.treatment_if_same"], s["solved.treatment_if_changed"])
    treated = rng.random(n) < expit(plan)
    seek = (
        s["solved.sought"] + s["sought.wish"] * meets(structure.conditions["wish"]) + s["sought.gravity"] * g
    )
    seek += s["solved.sought_difficulty"] * d + s["solved.sought_contest"] * c
    outcomes = {"first_right": first, "second_right": second, "opinions_differ": ~agree}
    outcomes |= {"sought": rng.random(n) < expit(seek), "treatment_changed": treated}
    averted = (
        treated & meets(structure.conditions["intervention"]) & (rng.random(n) < s["outcomes.plan_dropped"])
    )
    return pd.DataFrame(recorded | traits | outcomes | {"intervention_averted": averted})


def fastest(calls: dict, repeats: int = REPEATS) -> dict[str, float]:
    """Milliseconds per million cases of each, the least of some rounds in which all take turns."""
    times = dict.fromkeys(calls, float("inf"))
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name] = min(times[name], (time.perf_counter() - start) / N * 1e9)
    return times


def stream() -> None:
    """Simulate, assess and count 20 million cases in batches, and print the memory it took."""
    from secondop import assess

    list(simulate_batches("general", 1_000, seed=1, engine="polars"))
    before, start, recommended = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), 0
    for cases in simulate_batches("general", STREAMED, seed=1, engine="polars"):
        recommended += int((assess(cases)["recommendation"] >= "recommended").sum())
    took, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{STREAMED:,} cases streamed through simulate, assess and count: {took:.0f} s, "
        f"{peak / 1024:.0f} MiB in all, {(peak - before) / 1024:.0f} more than the loaded package; "
        f"{recommended / STREAMED:.1%} recommended or urgent."
    )


def main() -> None:
    """Print every figure."""
    from secondop import propagate

    subprocess.run([sys.executable, __file__, "stream"], check=True)
    scenario = load_scenario("programme")
    calls = {
        "simulate, pandas": lambda: simulate(scenario, N, seed=1),
        "simulate, polars": lambda: simulate(scenario, N, seed=1, engine="polars"),
        "as an analyst writes it": lambda: as_an_analyst_writes_it(scenario, N, 1),
    }
    times = fastest(calls)
    analyst = times["as an analyst writes it"]
    print(f"{N:,} cases, {len(RULE_BOOK.facts)} facts, {THREADS} threads; milliseconds per million cases")
    for name, took in times.items():
        print(f"  {name:24}{took:8,.0f}{analyst / took:8.1f} times faster")
    draws, n = PROPAGATED
    start = time.perf_counter()
    propagate(scenario, draws, n, seed=1)
    print(f"propagate, {draws:,} draws on {n:,} cases: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    stream() if sys.argv[1:] == ["stream"] else main()
