"""What is right in each exercise of the numbered notebooks, worked out when an answer is checked.

Cohorts and numbers of draws are those that the questions name. An exercise about the reader's own cases takes
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from typing import Any

import pandas as pd

from secondop.cohorts.calibrate import calibrate, recentred
from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import Gaps, simulate
from secondop.datafiles import data_path
from secondop.errors import SecondopError
from secondop.evaluation.comparison import compare
from secondop.evaluation.departures import verification_bias
from secondop.evaluation.given import judged
from secondop.evaluation.learned import biopsy_readings, calibration, same_volume
from secondop.evaluation.learning import learned_triage
from secondop.evaluation.published import published_contrasts, published_rates
from secondop.evaluation.rates import attrition, firing_rates
from secondop.evaluation.reform import reform
from secondop.evaluation.reported import Report, who
from secondop.evaluation.sensitivity import propagate
from secondop.evaluation.small_cells import HIDDEN
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.evaluation.uncertainty import bands, best_policies
from secondop.guideline.defaults import assess, fact, read_cases, worth_recording
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.readers.model import ReaderModel
from secondop.readers.strategies import Strategy, read_strategies
from secondop.rules.rulebook import RuleBook
from secondop.teaching.lesson_answers import deck, drawn


def _teaching(book: RuleBook = RULE_BOOK, **facts: Any) -> pd.DataFrame:
    cases = read_cases(data_path("teaching_cases.csv")).set_index("case")
    return assess(cases.assign(**facts), book)


def _another_condition() -> int:
    book = RULE_BOOK.replace("failed-first-line", when=fact("first_line_weeks") >= 12)
    return (_teaching(book)["recommendation"] != deck()["recommendation"]).sum()


def _without_wishes() -> int:
    wishes = [rule.name for rule in RULE_BOOK if rule.kind == "indication" and not rule.clinical]
    after = _teaching(RULE_BOOK.without(*wishes))["recommendation"]
    return ((deck()["recommendation"] == "optional") & (after != "optional")).sum()


@cache
def _breast() -> ReaderModel:
    """The readers of breast biopsies of notebook 02."""
    single = pd.read_csv(data_path("breast_first_readings.csv"), index_col="reference_class")
    paper = pd.read_csv(data_path("breast_reading_strategies.csv"), index_col="reference_class")
    differ = paper.loc[paper["strategy"] == "all", "third_reading_percent"] / 100
    return ReaderModel.from_disagreement(single, differ)


def _misread(*strategies: Strategy, **simulated: int) -> pd.DataFrame:
    """Wrong final readings of each class (rows), of one, by strategy (columns)."""
    table = read_strategies(_breast(), strategies, **simulated)
    return table.pivot(index="reference_class", columns="strategy", values="misclassified")


def _third(name: str = "third", **third: Any) -> Strategy:
    return Strategy.always(name, resolution="third decides", **third)


def _resolution_matters() -> str:
    wrong = _misread(Strategy.always(), _third())
    return (wrong["third"] - wrong["all"]).abs().idxmax()


def _expert_helps() -> str:
    alone = read_strategies(_breast(), [Strategy.none()]).set_index("reference_class")
    expert = _breast().skilled(alone["under"] / 2, alone["over"] / 2)
    wrong = _misread(_third(), _third("expert", third=expert), n=200_000, seed=3)
    return (wrong["third"] - wrong["expert"]).idxmax()


def _harmful() -> set[str]:
    rules = {name: Strategy.first_in(name) for name in _breast().classes}
    wrong = _misread(Strategy.none(), *rules.values()).loc["invasive"]
    return {name for name, rule in rules.items() if wrong[rule.name] > wrong["none"]}


def _falls_with_gravity() -> str:
    cases = simulate("programme", 20_000, seed=3)
    facts = cases[["clinically_stable", "advanced_cancer"]].astype("float64[pyarrow]")
    return facts.corrwith(cases["gravity"].astype(float)).idxmin()


def _harder_if_lost() -> float:
    cases = simulate("programme", 20_000, seed=3, missing=Gaps(0.2, difficulty=0.6))
    known = cases["suspicion"].notna()
    return cases["difficulty"][~known].mean() - cases["difficulty"][known].mean()


def _nearest_first_right() -> float:
    try:
        calibrate(load_scenario("programme").replace({"rates.first_right": 0.95}))
    except SecondopError as refusal:
        return 100 * float(re.search(r"rates\.first_right as ([\d.]+)", str(refusal))[1])
    raise AssertionError("the scenario can be calibrated after all")


def _stays_in_any_order() -> set[str]:
    one = attrition(drawn(n=40_000, seed=4))
    other = attrition(drawn(n=40_000, seed=4), order=one["rule"].tolist()[:0:-1])
    by_rule = (table.set_index("rule") for table in (one, other))
    same = next(by_rule).eq(next(by_rule)).all()
    last = one["fired"].iloc[-1] == other["fired"].iloc[-1]
    return {name for name, stays in (*same[["alone", "added"]].items(), ("total", last)) if stays}


def _fires_most() -> str:
    rates = firing_rates(drawn("surgical", 40_000, 4))
    return rates.loc[rates["value"].where(rates["sort"] == "rule").idxmax(), "policy"]


def _difficult_lost() -> str:
    lost = [simulate("general", 20_000, seed=4, missing=Gaps(1 / 3, difficulty=x)) for x in (0.0, 0.6)]
    any_case, difficult = ((assess(x)["recommendation"] >= "recommended").mean() for x in lost)
    return "farther" if difficult < any_case else "nearer"


def _compared(scenario: str, n: int) -> pd.Series:
    return compare(simulate(scenario, n, seed=5)).set_index("id")["verdict"]


def _fitted_alone() -> set[str]:
    fitted = []
    for name in ("oncology", "programme", "general", "surgical"):
        verdicts = _compared(name, 2_000)
        fitted.append(set(verdicts.index[verdicts == "fitted"]))
    return fitted[0].difference(*fitted[1:])


def _least_of_all() -> float:
    """In how many of 100 the diagnosis changes at least, if in twice as many of those who asked."""
    published = published_rates().set_index("id")["rate"]
    return 100 * load_scenario("programme")["rates.sought"] * 2 * published["meyer_dx"]


def _programme_or(scenario: str = "programme") -> pd.DataFrame:
    return wide(tradeoff(drawn(scenario, 40_000, 6))).set_index("policy")


def _could_refer_most_more() -> str:
    table = _programme_or("general")
    return (table["referral_rate_max"] - table["referral_rate"]).idxmax()


def _is_better(dropped: set[str]) -> bool:
    """Whether a reform refers fewer and loses fewer changes than that of the notebook."""
    both = {"invasive-procedure-proposed", "risky-or-life-changing-treatment"}
    cases, after = simulate("programme", 40_000, seed=6), []
    for names in (both, dropped):
        table = reform(cases, RULE_BOOK, RULE_BOOK.without(*names)).set_index("measure")["after"]
        after.append(table[["referral_rate", "true_positive"]])
    return after[1].iloc[0] < after[0].iloc[0] and after[1].iloc[1] > after[0].iloc[1]


def _propagated(scenario: str = "programme", fixed: str = "", **known: Any) -> pd.DataFrame:
    """200 draws of what is assumed; a parameter that is fixed has no range."""
    world = load_scenario(scenario)
    if fixed:
        p = world.parameters[fixed]
        world = world.replace({fixed: replace(p, lower=p.value, upper=p.value)})
    return propagate(world, 200, 5_000, seed=7, **known)


def _spread(**asked: Any) -> pd.Series:
    """How wide the band of true positives is, by policy."""
    table = bands(_propagated(**asked)).query("measure == 'true_positive'").set_index("policy")
    return table["upper"] - table["lower"]


def _best(scenario: str, *policies: str) -> pd.DataFrame:
    """In which share of the draws a policy is best, by threshold in percent."""
    thresholds = [0.02, 0.05, 1 / 11, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    best = best_policies(_propagated(scenario), thresholds, policies)
    best["threshold"] *= 100
    return best.pivot(index="threshold", columns="policy", values="best")


def _nobody_from() -> float:
    best = _best("general", "none", "urgent", "recommended", "optional", "all")["none"]
    return best.index[best >= 0.95].min()


def _outcomes_needed() -> int:
    world = recentred(load_scenario("programme").replace({"signal": 0.5}))
    cases = assess(simulate(world, 20_000, seed=8), verdicts=True)
    tried = {n: same_volume(learned_triage(cases, seed=1, learn_from=n)) for n in (100, 400, 1_600)}
    return next(n for n, table in tried.items() if table["winner"].iloc[0] == "learned triage")


def _urgent_winner() -> str:
    scored = learned_triage(drawn("programme", 20_000, 8), seed=1, outcome="error_corrected")
    return same_volume(scored, level="urgent", outcome="error_corrected")["winner"].iloc[0]


def _slopes_off() -> int:
    readings = [biopsy_readings(seed=seed) for seed in (1, 2, 3)]
    made = [calibration(x, "probability", outcome="malignant").attrs["slope"] for x in readings]
    return sum(not low <= 1 <= high for _, low, high in made)


def _odds_ratio(untold: float) -> float:
    """Of the trial's risk ratio, if such a share would have moved untold."""
    risk = published_contrasts().set_index("id").loc["derm_prior_more_severe", "value"]
    return risk * (1 - untold) / (1 - risk * untold)


def _third_knows() -> tuple[float, float]:
    odds = _odds_ratio(0.2)
    ways = [Strategy.always(name, anchoring=odds, third_anchoring=x) for name, x in (("a", odds), ("b", 1.0))]
    return tuple(100 * _misread(*ways, n=100_000, seed=9).loc["atypia"])


def _fewer_corrected() -> float:
    world = load_scenario("programme")
    odds = (world["readers.anchoring"], _odds_ratio(0.4))
    cohorts = [simulate(world.replace({"readers.anchoring": x}), 200_000, seed=9) for x in odds]
    blinded, knowing = (1000 * x["error_corrected"][x["sought"]].mean() for x in cohorts)
    return blinded - knowing


def _still_open(cases: pd.DataFrame) -> int:
    """Undetermined cases, where the fact that could make most of them final has its quietest answer."""
    table = worth_recording(cases)
    asked = RULE_BOOK.facts[table.loc[table["makes_final"].idxmax(), "fact"]]
    filled = [assess(cases.assign(**{asked.name: answer})) for answer in asked.levels or ("yes", "no")]
    quietest = min(filled, key=lambda x: (x["recommendation"] >= "recommended").sum())
    return quietest["undetermined"].sum()


def _include_the_truth() -> set[str]:
    cases = simulate("general", 8_000, seed=6)
    chosen = cases.index.isin(cases.sample(2_000, random_state=1).index)
    ways = verification_bias(cases.assign(chosen=chosen), verified="chosen").set_index("way")
    truth = ways["value"]["truth"]
    return set(ways.index[(ways["lower"] <= truth) & (truth <= ways["upper"])]) - {"truth"}


def _hidden(cases: pd.DataFrame, book: RuleBook) -> int:
    """Cells of a report's first table, by house, that hide a count below 20 or what would tell it."""
    made = Report(book, ["Haus"], 20, judged(cases, book, by=["Haus"]), None)
    who(made, cases)
    return (made.sheets["who"] == HIDDEN).sum().sum()


def _newly(cases: pd.DataFrame, book: RuleBook) -> int:
    books = book.without("plan-not-understood"), book.with_threshold("plan-not-understood", "talks", 3)
    before, after = (assess(cases, one)["recommendation"] >= "recommended" for one in books)
    return (after & ~before).sum()


NOTEBOOKS: dict[str, Callable[..., Any]] = {
    "01.2": _another_condition,
    "01.3": lambda: max(RULE_BOOK.facts, key=lambda x: _teaching(**{x: None})["undetermined"].sum()),
    "01.4": _without_wishes,
    "02.1": _resolution_matters,
    "02.2": _expert_helps,
    "02.3": _harmful,
    "03.2": _falls_with_gravity,
    "03.3": _harder_if_lost,
    "03.4": _nearest_first_right,
    "04.1": _stays_in_any_order,
    "04.2": _fires_most,
    "04.3": _difficult_lost,
    "05.1": lambda: _compared("programme", 50)["france_divergent"],
    "05.2": _fitted_alone,
    "05.4": _least_of_all,
    "06a.1": _could_refer_most_more,
    "06b.1": lambda: 1 / _programme_or().loc["all", "better_than_none_below"] - 1,
    "06b.2": lambda: _is_better,
    "07.1": lambda: 100 * (1 - _spread(fixed="rates.treatment_changed") / _spread())["recommended"],
    "07.2": _nobody_from,
    "07.3": lambda: _best("programme", "none", "all").max(axis=1).idxmin(),
    "07.4": lambda: (_spread(counts={"rates.sought": (149, 1000)}) - _spread()).abs().idxmax(),
    "08.1": _outcomes_needed,
    "08.2": _urgent_winner,
    "08.3": lambda: same_volume(drawn("programme", 20_000, 8), "difficulty")["winner"].iloc[0],
    "08.4": _slopes_off,
    "09.1": _third_knows,
    "09.2": _fewer_corrected,
    "10.1": lambda: get_close_matches("symptom_severty", RULE_BOOK.facts, 1)[0],
    "10.3": _still_open,
    "10.4": _include_the_truth,
    "11.1": _hidden,
    "11.2": lambda cases: cases["drug_trials"].isna().sum(),
    "11.3": _newly,
}
"""The right answer by exercise; a tuple also holds mistakes that have words of their own."""
