"""What a second opinion would find in each case, and the shares that follow.

Everything is a chance in log-odds: of a right first diagnosis it falls with difficulty and with effects of
the case's facts; the second reader is better by one step; a change of treatment follows gravity, contest and
effects; who seeks an opinion follows wishes and all three traits. The errors of two readers of one case are
correlated, and a share of first errors is made by every reader.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from secondop.arguments import checked, named
from secondop.cohorts.parameters import EFFECTS_ON, TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.cohorts.truth import FactPlan, Streams, Words, fact_plans
from secondop.errors import SecondopError
from secondop.rules.conditions import Condition

PILOT, PILOT_SEED = 1 << 18, 2026
"""Cases, always the same, over which expected rates are averaged."""

TRUTH = ("intervention_proposed", "first_right", "second_right", "opinions_differ", "sought")
TRUTH += ("diagnosis_changed", "treatment_changed", "error_corrected", "error_introduced")
TRUTH += ("intervention_averted",)


def expit(log_odds: np.ndarray) -> np.ndarray:
    """A chance from its log-odds; in single precision, as fast as the processor adds."""
    chance = np.exp(-log_odds)
    chance += 1
    return 1 / chance


class Cases:
    """True cases, with what their outcomes depend on: ready for a scenario's numbers.

    Their answers are places of levels (uint8), yes or no, counts and numbers.
    """

    def __init__(self, scenario: Scenario, streams: Streams, facts: Iterable[FactPlan] | None = None) -> None:
        self.streams, self.answers = streams, {}
        self.traits = {name: streams.normal(f"trait:{name}") for name in TRAITS}
        for plan in fact_plans(scenario) if facts is None else facts:
            self.answers[plan.fact.name] = plan.draw(self)
        conditions, effects = scenario.structure.conditions, scenario.structure.effects
        self.wish, self.proposed = (self.meets(conditions[x]) for x in ("wish", "intervention"))
        self.groups = {
            name: tuple(None if when is None else self.meets(when) for when in pair)
            for name, pair in effects.items()
        }

    def meets(self, condition: Condition) -> np.ndarray:
        """Which of the cases meet a condition, by their true answers."""
        answers = self.answers
        return condition.to_expr(lambda x: Words(x, answers[x.name]) if x.has_levels else answers[x.name])

    def score(self, name: str, correlations: dict[str, float]) -> np.ndarray:
        """A standard normal for each case, correlated with its traits as stated."""
        score = self.streams.normal(name)
        if correlations:
            score = score * np.float32(np.sqrt(1 - sum(x * x for x in correlations.values())))
            for trait, correlation in correlations.items():
                score += np.float32(correlation) * self.traits[trait]
        return score

    def part(self, rows: slice) -> Cases:
        """Some of the cases."""
        some = copy.copy(self)
        some.traits = {name: trait[rows] for name, trait in self.traits.items()}
        some.wish, some.proposed = self.wish[rows], self.proposed[rows]
        some.groups = {
            name: tuple(None if x is None else x[rows] for x in pair) for name, pair in self.groups.items()
        }
        return some

    def chances(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The chance of each draw behind the outcomes, in every case."""

        def s(path: str) -> np.ndarray:
            return np.asarray(values[path], np.float32)

        d, g, c = self.traits.values()
        effects = dict.fromkeys(EFFECTS_ON, np.float32(0))  # the sum of those of each case's facts
        for (name, (when, against)), outcome in product(self.groups.items(), EFFECTS_ON):
            if size := values["signal"] * values[f"effects.{name}.{outcome}"]:
                effects[outcome] = effects[outcome] + np.float32(size) * when
                if against is not None:
                    effects[outcome] -= np.float32(size) * against
        first = s("solved.first") - s("readers.difficulty") * d + effects["first_right"]
        second, anchor = first + s("solved.second"), np.log(values["readers.anchoring"]).astype(np.float32)
        plan = s("outcomes.gravity") * g + s("outcomes.contest") * c + effects["treatment_changed"]
        seek = s("solved.sought") + s("sought.wish") * self.wish + s("sought.gravity") * g
        seek += s("solved.sought_difficulty") * d + s("solved.sought_contest") * c
        return {
            "first_right": expit(first),
            "agree_if_right": expit(second + anchor),  # that the second opinion is a right first
            "agree_if_wrong": expit(s("solved.shared") + anchor),
            "second_right": expit(second),  # where it differs from a wrong first
            "treatment_if_changed": expit(plan + s("solved.treatment_if_changed")),  # if the diagnosis is
            "treatment_if_same": expit(plan + s("solved.treatment_if_same")),
            "sought": expit(seek),
        }

    def expected(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The chance of each outcome in every case."""
        p = self.chances(values)
        right, wrong = p["first_right"], 1 - p["first_right"]
        introduced, differs = right * (1 - p["agree_if_right"]), wrong * (1 - p["agree_if_wrong"])
        changed = introduced + differs
        both = changed * p["treatment_if_changed"]
        treated = both + (1 - changed) * p["treatment_if_same"]
        return {
            "sought": p["sought"],
            "first_right": right,
            "diagnosis_changed": changed,
            "treatment_changed": treated,
            "both_changed": both,
            "either_changed": changed + treated - both,
            "error_corrected": differs * p["second_right"],
            "error_introduced": introduced,
            "intervention_averted": treated * self.proposed * np.float32(values["outcomes.plan_dropped"]),
        }

    def outcomes(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The truth of each case, yes or no, as `simulate` defines it."""
        p, hits = self.chances(values), self.streams.hits
        first = hits("outcome:first_right", p["first_right"])
        same = {right: hits("outcome:agree", p[f"agree_if_{right}"]) for right in ("right", "wrong")}
        agree = first & same["right"] | ~first & same["wrong"]
        second = first & agree | ~first & ~agree & hits("outcome:second_right", p["second_right"])
        treat = {x: hits("outcome:treatment_changed", p[f"treatment_if_{x}"]) for x in ("same", "changed")}
        treated = agree & treat["same"] | ~agree & treat["changed"]
        dropped = hits("outcome:plan_dropped", values["outcomes.plan_dropped"])
        sought = hits("outcome:sought", p["sought"])
        found = (self.proposed, first, second, ~agree, sought, ~agree, treated)
        found += (second & ~first, first & ~second, treated & self.proposed & dropped)
        return dict(zip(TRUTH, found, strict=True))


def rates_of(expected: dict[str, np.ndarray], wanted: Iterable[str] | None = None) -> dict[str, float]:
    """The rates (by default all) of cases with these chances: of all, and (``_sought``) of those who seek."""
    sought, names = expected["sought"], [name for name in expected if name != "sought"]
    seekers = sought.mean(-1, dtype=float)
    every = ["sought", *names, *(f"{name}_sought" for name in names), "second_right"]

    def rate(name: str) -> np.ndarray:
        if name == "second_right":
            return rate("error_corrected_sought") / rate("diagnosis_changed_sought")
        chance = expected[name.removesuffix("_sought")]
        if name.endswith("_sought"):
            return (sought * chance).mean(-1, dtype=float) / seekers
        return chance.mean(-1, dtype=float)

    found = {name: rate(name) for name in (every if wanted is None else wanted)}
    return {name: rate if np.ndim(rate) else float(rate) for name, rate in found.items()}


@lru_cache(maxsize=8)
def _pilot_streams(rows: int) -> Streams:
    return Streams(PILOT_SEED, 0, rows, keep=True)


def pilot(scenario: Scenario, rows: int = PILOT) -> Cases:
    """Cases of a scenario on which its rates are worked out: the same random numbers in every scenario."""
    plans = fact_plans(scenario, scenario.structure.behind_outcomes)
    return Cases(scenario, _pilot_streams(rows), plans)


@named
def expected_rates(scenario: Scenario | str) -> dict[str, float]:
    """The shares that a cohort of this scenario has, but for chance in drawing its outcomes.

    Each outcome's chance is averaged over 2^18 cases, the same in every call: among all cases, with
    ``_sought`` among those that sought an opinion, and ``second_right`` among sought opinions that differ.

    Examples
    --------
    >>> rates = expected_rates("programme")
    >>> print({name: round(rates[f"{name}_changed_sought"], 3) for name in ("diagnosis", "both")})
    {'diagnosis': 0.148, 'both': 0.106}
    """
    scenario = as_scenario(scenario)
    return rates_of(pilot(scenario).expected(scenario))


@checked(refit="recentred(scenario) solves again: do so value by value")
def along(scenario: Scenario | str, path: str, values: Iterable[float]) -> pd.DataFrame:
    """The expected rates at each value of one parameter, the others as they are.

    The values are the index of the table; its columns are what :func:`expected_rates` gives.

    Examples
    --------
    >>> along("programme", "readers.anchoring", [1, 1.437])["diagnosis_changed_sought"].round(2).to_dict()
    {1.0: 0.15, 1.437: 0.14}
    """
    scenario = as_scenario(scenario)
    if path.startswith("rates.") or path.endswith(".contrast"):
        mend = "set it with replace, and solve for it with recentred or calibrate"
        raise SecondopError(f"{path} is a target, and moves nothing by itself: {mend}.")
    values = pd.Index([float(value) for value in values], name=path)
    moved = (scenario.replace({path: value}) for value in tqdm(values, unit="value", delay=2, leave=False))
    return pd.DataFrame([expected_rates(each) for each in moved], index=values)
