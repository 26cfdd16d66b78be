"""Does the doubly robust interval cover the truth, where outcomes are known only for some?

A large simulated cohort is the population, so its truth is known. Again and again some of its cases are
drawn, and the outcome is shown only of those who seek an opinion: once seeking depends on recorded facts
alone, as the estimate assumes, and once on how contested a case is as well, as in the scenario.

    python benchmarks/verification.py [replicates: 2000 unless stated] [cases in each: 2000]
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import numpy as np
import pandas as pd
from tqdm import tqdm

from secondop import RULE_BOOK, Cohort, assess, simulate
from secondop.evaluation.policies import choose
from secondop.evaluation.tradeoff import THRESHOLD, weigh
from secondop.evaluation.verification import learn

POPULATION, SCENARIO, SEED = 200_000, "general", 1
GIVEN = ["wants_second_opinion", "neoplasia_concern", "symptom_severity", "treatment_risk", "suspicion"]
MEASURES = ["true_positive", "false_negative", "ppv", "sensitivity", "net_benefit"]
WAYS = {"asked": "seeking depends on recorded facts", "sought": "seeking depends on contest as well"}
BOOK = RULE_BOOK.only("neoplasia-concern")  # whom the whole book refers is a column already


@cache
def population() -> pd.DataFrame:
    """Cases with all outcomes, whom the rules refer, and the chance of seeking by recorded facts alone."""
    cases = simulate(SCENARIO, POPULATION, seed=SEED)
    refers = assess(cases)["recommendation"].isin(["recommended", "urgent"]).to_numpy()
    wish, concern = (cases[name].fillna(False).to_numpy(float) for name in GIVEN[:2])
    return cases[[*GIVEN, "sought"]].assign(
        refers=refers,
        changed=cases["diagnosis_changed"] | cases["treatment_changed"],
        chance=1 / (1 + np.exp(1.8 - 1.2 * wish - 0.8 * concern - 1.2 * refers)),
    )


def measured(cases: pd.DataFrame, verified: str | None = None) -> pd.DataFrame:
    """The measures of the rules, and the share of all cases that changes; an estimate if some are unknown."""
    own = {"refers": "refers"}
    cohort = Cohort(cases, BOOK, outcome="changed", verified=verified, flags=own)
    chosen = [policy for policy in choose(cohort, own) if policy.name in ("none", "refers", "all")]
    learned = learn(cohort, chosen, "doubly_robust", GIVEN) if verified else None
    table = weigh(cohort, chosen, [THRESHOLD], MEASURES, learned)
    every = table[(table["policy"] == "all") & (table["measure"] == "true_positive")]
    found = table[(table["policy"] == "refers") & table["measure"].isin(MEASURES)]
    return pd.concat([found, every.assign(measure="prevalence")]).set_index("measure")


def replicate(seed: int, n: int) -> pd.DataFrame:
    """Estimates and bounds of one draw of n cases, both ways of seeking, beside the truth of that draw."""
    rng = np.random.default_rng(seed)
    drawn = population().iloc[rng.integers(0, POPULATION, n)].reset_index(drop=True)
    drawn["asked"] = rng.random(n) < drawn["chance"]
    drawn.attrs["simulated"], here = True, measured(drawn)["value"]
    parts = {way: measured(drawn, way).assign(here=here) for way in WAYS}
    return pd.concat(parts, names=["way"])[["value", "min", "max", "lower", "upper", "here"]].reset_index()


def summary(found: pd.DataFrame, truth: pd.Series) -> pd.DataFrame:
    """Per way and measure: the truth, how far off the estimate is on average, what intervals cover."""
    truth = found["measure"].map(truth)
    found = found.assign(
        truth=truth,
        off=found["value"] - truth,
        covered=100.0 * ((found["lower"] <= truth) & (truth <= found["upper"])),
        in_bounds=100.0 * ((found["min"] - 1e-9 <= found["here"]) & (found["here"] <= found["max"] + 1e-9)),
    )
    return found.groupby(["way", "measure"], sort=False)[["truth", "off", "covered", "in_bounds"]].mean()


def _some(task: tuple[range, int]) -> list[pd.DataFrame]:
    return [replicate(seed, task[1]) for seed in task[0]]


def main(replicates: int = 2000, n: int = 2000) -> None:
    truth = measured(population())["value"]
    tasks = [(range(i, min(i + 20, replicates)), n) for i in range(0, replicates, 20)]
    found = []
    own = get_context("spawn")  # a fork would wait for threads that it does not have
    with ProcessPoolExecutor(os.cpu_count(), own) as pool, tqdm(total=replicates) as bar:
        for part in pool.map(_some, tasks):
            found += part
            bar.update(len(part))
    print(f"{replicates:,} replicates of {n:,} cases of {SCENARIO!r}; per 100")
    for way, part in summary(pd.concat(found), truth).groupby("way", sort=False):
        print(f"\n{WAYS[way]}\n{part.droplevel(0).round(2).to_string()}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
