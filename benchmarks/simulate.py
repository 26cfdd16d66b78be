"""How fast a cohort is simulated: the package, the same as an analyst would write it, and the random words.

Run ``python benchmarks/simulate.py`` on an idle machine, and read the ratios. The three take turns, so that
other load hits them alike. Streaming runs first, in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from scipy.stats import norm

from secondop.cohorts.parameters import WISHES
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.cohorts.simulate import BLOCK, THREADS, WORDS_PER_BLOCK, simulate, simulate_batches
from secondop.cohorts.traits import fact_order
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Kind

N, STREAMED, REPEATS = 2_000_000, 20_000_000, 3


def as_an_analyst_writes_it(scenario: Scenario, n: int, seed: int) -> pd.DataFrame:
    """The same model in plain numpy: float64 throughout, ``choice`` on words, a DataFrame at the end.

    One simplification in its favour: thresholds of facts that are given another ignore the selection.
    """
    rng = np.random.default_rng(seed)
    difficulty, gravity = rng.normal(size=n), rng.normal(size=n)
    truth, recorded = {}, {}
    for name in fact_order(scenario.shapes):
        fact, shape, shares = RULE_BOOK.facts[name], scenario.shapes.get(name), scenario.shares(name)
        u, v = scenario[f"facts.{name}.difficulty"], scenario[f"facts.{name}.gravity"]
        noise = np.sqrt(1 - u * u - v * v)
        if fact.kind is Kind.CATEGORY and u == v == 0:
            value = rng.choice(list(shares), n, p=list(shares.values()))
        else:
            score = u * difficulty + v * gravity + noise * rng.normal(size=n)
            if fact.kind is Kind.FLAG:
                value = score > norm.ppf(1 - shares["share"])
            else:
                band = np.searchsorted(norm.ppf(np.cumsum(list(shares.values()))[:-1]), score)
                value = np.array(list(shares))[band] if fact.has_levels else band
                if fact.kind is Kind.NUMBER:
                    edges = np.array(shape.breaks)
                    value = rng.uniform(edges[band], edges[band + 1])
        if shape is not None and shape.given:
            applies = np.isin(truth[shape.given], shape.levels) if shape.levels else truth[shape.given]
            value = np.where(applies, value, shape.otherwise if shape.otherwise is not None else 0)
        truth[name] = value
        gap = rng.random(n) < scenario[f"facts.{name}.missing"]
        recorded[name] = pd.Series(value, dtype="str" if fact.has_levels else float).mask(gap)
    mean, s = scenario["readers.first_right"], scenario["readers.concentration"]
    right = np.sort(rng.beta(s * mean, s * (1 - mean), n))[::-1][difficulty.argsort().argsort()]
    better = right * scenario["readers.second_odds"]
    first, second = rng.random(n) < right, rng.random(n) < better / (better + 1 - right)
    differ = (first != second) | (~first & ~second & (rng.random(n) > scenario["readers.errors_agree"]))
    u, v = scenario["outcomes.treatment_difficulty"], scenario["outcomes.treatment_gravity"]
    share = np.where(
        differ, scenario["outcomes.treatment_if_changed"], scenario["outcomes.treatment_if_same"]
    )
    noise = np.sqrt(1 - u * u - v * v) * rng.normal(size=n)
    treated = u * difficulty + v * gravity + noise > norm.ppf(1 - share)
    planned = scenario["outcomes.plan_gravity"] * gravity + rng.normal(size=n) > 0
    averted = treated & planned & (rng.random(n) < scenario["outcomes.plan_dropped"])
    wish = np.any([truth[name] for name in WISHES], axis=0)
    pull = scenario["sought.wish"] * wish + scenario["sought.gravity"] * gravity
    sought = pull + rng.normal(size=n) > norm.ppf(1 - scenario["sought.share"])
    outcomes = {"first_right": first, "second_right": second, "opinions_differ": differ, "sought": sought}
    outcomes |= {"treatment_changed": treated, "error_corrected": second & ~first}
    outcomes |= {"error_introduced": first & ~second}
    traits = {"difficulty": difficulty, "gravity": gravity}
    return pd.DataFrame(recorded | traits | outcomes | {"intervention_averted": averted})


def raw_words(n: int) -> None:
    """The random words that the package draws for n cases, and nothing else, on one thread."""
    for block in range(-(-n // BLOCK)):
        stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence(1, spawn_key=(block,))))
        stream.integers(0, 2**64 - 1, WORDS_PER_BLOCK, dtype=np.uint64, endpoint=True)


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
    subprocess.run([sys.executable, __file__, "stream"], check=True)
    scenario = load_scenario("programme")
    calls = {
        "simulate, pandas": lambda: simulate(scenario, N, seed=1),
        "simulate, polars": lambda: simulate(scenario, N, seed=1, engine="polars"),
        "its random words alone": lambda: raw_words(N),
        "as an analyst writes it": lambda: as_an_analyst_writes_it(scenario, N, 1),
    }
    times = fastest(calls)
    analyst, words = times["as an analyst writes it"], times["its random words alone"]
    print(f"{N:,} cases, {len(RULE_BOOK.facts)} facts, {THREADS} threads; milliseconds per million cases")
    for name, took in times.items():
        print(f"  {name:24}{took:8,.0f}{analyst / took:8.1f} times faster{took / words:8.1f} times the words")


if __name__ == "__main__":
    stream() if sys.argv[1:] == ["stream"] else main()
