"""Do the intervals of disagreement hold the truth as often as they say?

Ratings of known truth are drawn anew, 2,000 times for each of five designs, and `opinions_from_ratings` gives
its 95 % intervals: of all pairs and by the first answer, the rarer ones included. They should hold the truth
in 93 to 97 % (the simulation itself is good to half a point). A sixth design shows where they do not: an
answer that few cases are given, and each of these by many readers. In the last two the readers differ in
skill and are a sample too: intervals for cases alone then hold too seldom.

Then kappas of two readers where an answer is rare (`agreement`), and cases sampled by their outcome, with the
share that changes among all given (`tradeoff`, `prevalence=`).

    python benchmarks/intervals.py [repetitions: 2000 unless stated]
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from secondop import agreement, opinions_from_ratings, tradeoff

AIM = (93, 97)


class Design(NamedTuple):
    """Cases of one class, how many readers each has, and what they say."""

    shares: tuple[float, ...]
    concentration: float
    cases: int
    readers: tuple[int, ...]  # each case has one of these numbers of readers
    skills: float = 0  # spread (standard deviation) of a reader's own log-odds for each answer
    sample: str = "cases"


DESIGNS = {
    "80 cases, 3 readers": Design((0.2, 0.5, 0.3), 2.5, 80, (3,)),
    "200 cases, 2 readers, an answer of 5 %": Design((0.05, 0.15, 0.8), 2, 200, (2,)),
    "300 cases, 2, 3 or 6 readers": Design((0.1, 0.3, 0.6), 1.5, 300, (2, 3, 6)),
    "400 cases, 3 readers who seldom differ": Design((0.1, 0.3, 0.6), 0.15, 400, (3,)),
    "300 cases, 5 readers, four answers": Design((0.07, 0.2, 0.3, 0.43), 3, 300, (5,)),
}
LIMIT = {"40 cases, 8 readers, an answer of 8 %": Design((0.08, 0.32, 0.6), 3, 40, (8,))}
SKILLS = {
    f"100 cases, 12 readers of unlike skill, for {sample}": Design(
        (0.2, 0.5, 0.3), 2.5, 100, (12,), skills=0.7, sample=sample
    )
    for sample in ("cases", "cases and readers")
}


def truth(design: Design, rng: np.random.Generator) -> np.ndarray:
    """How often two readers differ, by what the first one said, and overall."""
    m, s = np.array(design.shares), design.concentration
    both = np.diag(m) + s * np.outer(m, m)
    if not design.skills:
        pair = both / (s + 1)
    else:
        p = rng.dirichlet(s * m, (400_000, 1))
        weights = p * np.exp(design.skills * rng.standard_normal((400_000, 2, len(m))))
        first, second = np.moveaxis(weights / weights.sum(-1, keepdims=True), 1, 0)
        pair = first.T @ second / len(p)
    alike = np.diag(pair)
    return np.append(1 - alike / pair.sum(1), 1 - alike.sum())


def ratings(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """One drawing of a design."""
    m, most = np.array(design.shares), max(design.readers)
    weights = rng.dirichlet(design.concentration * m, design.cases)[:, None]
    weights = weights * np.exp(design.skills * rng.standard_normal((1, most, len(m))))
    ladder = weights.cumsum(-1)
    said = (rng.random((design.cases, most, 1)) * ladder[..., -1:] >= ladder[..., :-1]).sum(-1)
    read = np.arange(most) < rng.choice(design.readers, (design.cases, 1))
    case, reader = np.nonzero(read)
    return pd.DataFrame({"case": case, "reader": reader, "answer": said[read]})


def coverage(design: Design, repetitions: int, seed: int, note: str = "") -> pd.DataFrame:
    """How often the interval of each row holds the truth, of the times that it has one; in percent."""
    rng, answers = np.random.default_rng(seed), range(len(design.shares))
    true, inside, width = truth(design, rng), [], []
    for _ in tqdm(range(repetitions), desc=note, leave=False):
        table = opinions_from_ratings(ratings(design, rng), answers=answers, sample=design.sample)
        hit = (table["lower"] <= true) & (true <= table["upper"])
        inside.append(hit.where(table["upper"].notna()).to_numpy(float))
        width.append(table["upper"] - table["lower"])
    rows = [*(f"{share:.0%}" for share in design.shares), "overall"]
    held = 100 * np.nanmean(inside, 0)
    return pd.DataFrame({"true": 100 * true, "held": held, "width": 100 * np.nanmean(width, 0)}, rows)


KAPPAS = [(50, 0.1, 0.67), (50, 0.1, 0.33), (50, 0.1, 0.11), (50, 0.3, 0.67), (100, 0.05, 0.67)]
CHANCE_CORRECTED = ["Cohen's kappa", "Fleiss' kappa", "Krippendorff's alpha"]
SAMPLED = [(100, 200, 0.05, 0.7, 0.2), (150, 150, 0.3, 0.8, 0.3)]
"""Cases, the share of the rarer answer, kappa; and cases, controls, prevalence, who of either is referred."""


def kappas(cases: int, rare: float, kappa: float, repetitions: int) -> pd.DataFrame:
    """How often intervals of two readers' kappas hold the truth, and how wide they are."""
    rng, ends = np.random.default_rng(1), []
    for _ in tqdm(range(repetitions), desc="kappas", leave=False):
        chance = rng.beta(rare * (1 / kappa - 1), (1 - rare) * (1 / kappa - 1), (cases, 1))
        said = pd.DataFrame(rng.random((cases, 2)) < chance, columns=["one", "other"])
        table = agreement(said.reset_index(names="case"), readers=["one", "other"])
        ends.append(table.loc[CHANCE_CORRECTED, ["lower", "upper"]].to_numpy())
    lower, upper = np.moveaxis(ends, -1, 0)
    held = np.where(np.isnan(lower), np.nan, (lower <= kappa) & (kappa <= upper))
    return pd.DataFrame(
        {"held": 100 * np.nanmean(held, 0), "width": np.nanmean(upper - lower, 0)}, CHANCE_CORRECTED
    )


def sampled(n: int, m: int, prevalence: float, sent: float, wrongly: float, repetitions: int) -> pd.DataFrame:
    """How often intervals of cases sampled by their outcome hold the truth."""
    rng, found = np.random.default_rng(1), []
    tp, fp = prevalence * sent, (1 - prevalence) * wrongly
    true = {"referral_rate": tp + fp, "true_positive": tp, "false_positive": fp, "ppv": tp / (tp + fp)}
    true = 100 * pd.Series(
        true | {"net_benefit": tp - fp / 10, "yield_above_chance": tp - (tp + fp) * prevalence}
    )
    for _ in tqdm(range(repetitions), desc="sampled", leave=False):
        cases = pd.DataFrame({"changed": np.arange(n + m) < n})
        cases["mine"] = rng.random(n + m) < np.where(cases["changed"], sent, wrongly)
        table = tradeoff(cases, {"mine": "mine"}, outcome="changed", prevalence=prevalence)
        found.append(table[table["policy"] == "mine"].set_index("measure").loc[true.index])
    held = [(table["lower"] <= true) & (true <= table["upper"]) for table in found]
    spread = np.std([table["value"] for table in found], axis=0)
    width = np.mean([table["upper"] - table["lower"] for table in found], 0) / (2 * 1.96 * spread)
    return pd.DataFrame({"true": true, "held": 100 * np.mean(held, 0), "width over spread": width})


def main(repetitions: int = 2_000) -> None:
    """Print every design; in the first five each row should lie within the aim."""
    for name, design in (DESIGNS | LIMIT | SKILLS).items():
        table = coverage(design, repetitions, seed=1, note=name)
        aim = f"{'within' if table['held'].between(*AIM).all() else 'NOT within'} {AIM[0]} to {AIM[1]} %"
        print(f"{name}: {aim}\n{table.round(1).rename_axis('first answer')}\n", flush=True)
    for design in KAPPAS:
        print("{} cases, an answer of {:.0%}, kappa {}".format(*design))
        print(f"{kappas(*design, repetitions).round(2)}\n", flush=True)
    for design in SAMPLED:
        print("{} cases, {} controls, prevalence {:.0%}, referred {:.0%} and {:.0%}".format(*design))
        print(f"{sampled(*design, repetitions).round(2)}\n", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
