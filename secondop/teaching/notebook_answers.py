"""What is right in each exercise of the numbered notebooks; a tuple holds mistakes with own words too.

Cohorts and numbers of draws are those of the questions. One about the reader's own cases takes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from secondop import (
    RULE_BOOK,
    Gaps,
    ReaderModel,
    RuleBook,
    SecondopError,
    Strategy,
    assess,
    attrition,
    bands,
    best_policies,
    biopsy_readings,
    calibrate,
    calibration,
    compare,
    data_path,
    fact,
    firing_rates,
    learned_triage,
    load_scenario,
    propagate,
    published_contrasts,
    published_rates,
    read_cases,
    read_strategies,
    recentred,
    reform,
    report,
    same_volume,
    simulate,
    tradeoff,
    verification_bias,
    wide,
    worth_recording,
)
from secondop.errors import closest
from secondop.teaching.lesson_answers import deck, drawn

BOOK = ("none", "urgent", "recommended", "optional", "all")


def _teaching(book: RuleBook = RULE_BOOK, **facts: Any) -> pd.DataFrame:
    cases = read_cases(data_path("teaching_cases.csv")).set_index("case")
    return assess(cases.assign(**facts), book)


def _other_weeks() -> int:
    book = RULE_BOOK.replace("failed-first-line", when=fact("first_line_weeks") >= 12)
    return (_teaching(book)["recommendation"] != deck()["recommendation"]).sum()


def _no_wishes() -> int:
    optional, book = deck()["recommendation"] == "optional", RULE_BOOK.to_frame()
    without = RULE_BOOK.without(*book.loc[book["level"] == "optional", "name"])
    return (optional & (_teaching(without)["recommendation"] != "optional")).sum()


@cache
def _breast() -> ReaderModel:
    single = pd.read_csv(data_path("breast_first_readings.csv"), index_col="reference_class")
    paper = pd.read_csv(data_path("breast_reading_strategies.csv"), index_col="reference_class")
    differ = paper.query("strategy == 'all'")["third_reading_percent"] / 100
    return ReaderModel.from_disagreement(single, differ)


def _misread(*strategies: Strategy, **simulated: int) -> list[pd.Series]:
    """Wrong final readings of each class, of one, for each strategy."""
    table = read_strategies(_breast(), strategies, **simulated).set_index("reference_class")
    return [table.loc[table["strategy"] == one.name, "misclassified"] for one in strategies]


def _expert_helps() -> str:
    alone = read_strategies(_breast(), [Strategy.none()]).set_index("reference_class")
    expert = _breast().skilled(alone["under"] / 2, alone["over"] / 2)
    decides = {"resolution": "third decides"}
    ways = Strategy.always("like them", **decides), Strategy.always("expert", third=expert, **decides)
    like, better = _misread(*ways, n=200_000, seed=3)
    return (like - better).idxmax()


def _harmful() -> set[str]:
    classes = _breast().classes
    alone, *after = (x["invasive"] for x in _misread(Strategy.none(), *map(Strategy.first_in, classes)))
    return {name for name, wrong in zip(classes, after, strict=True) if wrong > alone}


def _falls_with_gravity() -> str:
    cases = simulate("programme", 20_000, seed=3).astype("float64[pyarrow]", errors="ignore")
    return cases[["clinically_stable", "advanced_cancer"]].corrwith(cases["gravity"]).idxmin()


def _harder_if_lost() -> float:
    cases = simulate("programme", 20_000, seed=3, missing=Gaps(0.2, difficulty=0.6))
    means = cases["difficulty"].groupby(cases["suspicion"].isna()).mean()
    return means[True] - means[False]


def _nearest_first_right() -> float:
    try:
        calibrate(load_scenario("programme").replace({"rates.first_right": 0.95}))
    except SecondopError as refusal:
        return 100 * float(re.search(r"rates\.first_right as ([\d.]+)", str(refusal))[1])
    raise AssertionError("the scenario can be calibrated after all")


def _stays_in_any_order() -> set[str]:
    one = attrition(drawn(n=40_000, seed=4)).set_index("rule")
    other = attrition(drawn(n=40_000, seed=4), order=one.index.tolist()[:0:-1]).set_index("rule")
    stays = one[["alone", "added"]].eq(other[["alone", "added"]]).all()
    stays["total"] = one["fired"].iloc[-1] == other["fired"].iloc[-1]
    return set(stays.index[stays])


def _fires_most() -> str:
    rates = firing_rates(drawn("surgical", 40_000, 4)).query("sort == 'rule'")
    return rates.set_index("policy")["value"].idxmax()


def _known(difficulty: float) -> float:
    """For which share an opinion is known to be recommended, if a third of the answers is lost."""
    cases = simulate("general", 20_000, seed=4, missing=Gaps(1 / 3, difficulty=difficulty))
    return (assess(cases)["recommendation"] >= "recommended").mean()


def _verdicts(scenario: str, n: int) -> pd.Series:
    return compare(simulate(scenario, n, seed=5)).set_index("id")["verdict"]


def _fitted_alone() -> set[str]:
    names = ("oncology", "programme", "general", "surgical")
    ours, *others = (set(x.index[x == "fitted"]) for x in (_verdicts(name, 2_000) for name in names))
    return ours.difference(*others)


def _least_changed() -> float:
    """In how many of 100 cases, if in twice as many of those who asked as published."""
    asked, published = load_scenario("programme")["rates.sought"], published_rates().set_index("id")["rate"]
    return 200 * asked * published["meyer_dx"]


def _weighed(scenario: str, measure: str) -> pd.Series:
    return wide(tradeoff(drawn(scenario, 400_000, 6))).set_index("policy")[measure]


def _is_better(dropped: set[str]) -> bool:
    """Whether a reform has a higher net benefit than that of the notebook, at two accepted for one change."""
    both = {"invasive-procedure-proposed", "risky-or-life-changing-treatment"}
    cases = simulate("programme", 400_000, seed=6)
    books = [RULE_BOOK.without(*names) for names in (both, dropped)]
    old, new = (reform(cases, RULE_BOOK, book, threshold=1 / 3).set_index("measure") for book in books)
    return new.at["net_benefit", "after"] > old.at["net_benefit", "after"]


def _worlds(scenario: str = "programme", fixed: str = "", **known: Any) -> pd.DataFrame:
    """200 draws of what is assumed; a parameter that is fixed has no range."""
    world = load_scenario(scenario)
    if fixed:
        p = world.parameters[fixed]
        world = world.replace({fixed: replace(p, lower=p.value, upper=p.value)})
    return propagate(world, 200, 5_000, seed=7, **known)


def _spread(**asked: Any) -> pd.Series:
    """How wide the band of true positives is, by policy."""
    table = bands(_worlds(**asked)).query("measure == 'true_positive'").set_index("policy")
    return table["upper"] - table["lower"]


def _best(scenario: str, *policies: str) -> pd.DataFrame:
    """In which share of the draws a policy is best, by threshold in percent."""
    percent = [2, 5, 100 / 11, *range(15, 55, 5)]
    best = best_policies(_worlds(scenario), [x / 100 for x in percent], policies)
    return best.pivot(index="threshold", columns="policy", values="best").set_axis(percent)


def _winner(*cases: Any, **asked: Any) -> str:
    return same_volume(*cases, **asked)["winner"].iloc[0]


def _outcomes_needed() -> int:
    world = recentred(load_scenario("programme").replace({"signal": 0.5}))
    cases = assess(simulate(world, 20_000, seed=8), verdicts=True)
    tried = {n: _winner(learned_triage(cases, seed=1, learn_from=n)) for n in (100, 400, 1_600)}
    return min(n for n, winner in tried.items() if winner == "learned triage")


def _urgent_winner() -> str:
    counted = {"outcome": "error_corrected"}
    scored = learned_triage(drawn("programme", 20_000, 8), seed=1, **counted)
    return _winner(scored, level="urgent", **counted)


def _slope(seed: int) -> tuple[float, ...]:
    return calibration(biopsy_readings(seed=seed), "probability", outcome="malignant").attrs["slope"]


def _odds_ratio(untold: float) -> float:
    """Of the trial's risk ratio, if such a share would have moved untold."""
    risk = published_contrasts().set_index("id").loc["derm_prior_more_severe", "value"]
    return risk * (1 - untold) / (1 - risk * untold)


def _third_decides() -> tuple[float, ...]:
    told = {"anchoring": _odds_ratio(0.2)}
    ways = Strategy.always("third", resolution="third decides", **told), Strategy.always(**told)
    return tuple(100 * x["atypia"] for x in _misread(*ways, n=100_000, seed=9))


def _corrected(**anchoring: float) -> float:
    """Of 1,000 opinions sought, how many correct an error."""
    cases = simulate(load_scenario("programme").replace(anchoring), 200_000, seed=9)
    return 1000 * cases["error_corrected"][cases["sought"]].mean()


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
    return set(ways.query(f"lower <= {ways['value']['truth']} <= upper").index) - {"truth"}


def _hidden(cases: pd.DataFrame, book: RuleBook) -> int:
    """Cells of a report's first table, by house, that hide a count below 20 or what would tell it."""
    with TemporaryDirectory() as folder:
        made = report(cases, f"{folder}/report.xlsx", by="Haus", rule_book=book, min_cell=20)
        return (pd.read_excel(made, sheet_name="who", keep_default_na=False) == "hidden").sum().sum()


def _newly(cases: pd.DataFrame, book: RuleBook) -> int:
    books = book.without("plan-not-understood"), book.with_threshold("plan-not-understood", "talks", 3)
    before, after = (assess(cases, one)["recommendation"] >= "recommended" for one in books)
    return (after & ~before).sum()


def _apart(one: pd.Series, other: pd.Series) -> Any:
    """Where two differ most."""
    return (one - other).abs().idxmax()


NOTEBOOKS: dict[str, Callable[..., Any]] = {
    "01.2": _other_weeks,
    "01.3": lambda: max(RULE_BOOK.facts, key=lambda x: _teaching(**{x: None})["undetermined"].sum()),
    "01.4": _no_wishes,
    "02.1": lambda: _apart(*_misread(Strategy.always(), Strategy.always("b", resolution="third decides"))),
    "02.2": _expert_helps,
    "02.3": _harmful,
    "03.2": _falls_with_gravity,
    "03.3": _harder_if_lost,
    "03.4": _nearest_first_right,
    "04.1": _stays_in_any_order,
    "04.2": _fires_most,
    "04.3": lambda: "farther" if _known(0.6) < _known(0.0) else "nearer",
    "05.1": lambda: _verdicts("programme", 50)["france_divergent"],
    "05.2": _fitted_alone,
    "05.4": _least_changed,
    "06a.1": lambda: _apart(_weighed("general", "referral_rate_max"), _weighed("general", "referral_rate")),
    "06b.1": lambda: 1 / _weighed("programme", "better_than_none_below")["all"] - 1,
    "06b.2": lambda: _is_better,
    "07.1": lambda: 100 * (1 - _spread(fixed="rates.treatment_changed") / _spread())["recommended"],
    "07.2": lambda: _best("general", *BOOK)["none"].loc[lambda best: best >= 0.95].index.min(),
    "07.3": lambda: _best("programme", "none", "all").max(axis=1).idxmin(),
    "07.4": lambda: _apart(_spread(counts={"rates.sought": (149, 1000)}), _spread()),
    "08.1": _outcomes_needed,
    "08.2": _urgent_winner,
    "08.3": lambda: _winner(drawn("programme", 20_000, 8), "difficulty"),
    "08.4": lambda: sum(not low <= 1 <= high for _, low, high in map(_slope, (1, 2, 3))),
    "09.1": _third_decides,
    "09.2": lambda: _corrected() - _corrected(**{"readers.anchoring": _odds_ratio(0.4)}),
    "10.1": lambda: closest("symptom_severty", RULE_BOOK.facts),
    "10.3": _still_open,
    "10.4": _include_the_truth,
    "11.1": _hidden,
    "11.2": lambda cases: cases["drug_trials"].isna().sum(),
    "11.3": _newly,
}
