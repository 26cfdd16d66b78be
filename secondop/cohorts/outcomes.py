"""What a second opinion would find in each case, drawn jointly, and the exact shares that follow.

A case's chance q of a right first diagnosis is a Beta quantile of the rank of its difficulty, so readers err
together. The second opinion is an expert's: the odds of q times one factor. Outcomes depend on what the rules
read through difficulty and gravity alone, and on wishes for who seeks an opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import special

from secondop.cohorts.parameters import WISHES
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.cohorts.traits import BINS, average, chances, grid, ladders

DRAWS = ("first_right", "second_right", "errors_agree", "treatment_changed", "plan_intervenes")
DRAWS += ("plan_dropped",)
TRUTH = ("first_right", "second_right", "opinions_differ", "sought", "diagnosis_changed", "treatment_changed")
TRUTH += ("error_corrected", "error_introduced", "intervention_averted")


def chance_right(mean: float, concentration: float) -> np.ndarray:
    """Mean chance of a right first diagnosis in each bin of difficulty, shape (64, 1); its mean is exact."""
    if mean in (0.0, 1.0):
        return np.full((BINS, 1), mean)
    a, b = concentration * mean, concentration * (1 - mean)
    rank = grid().edges / grid().edges[-1]
    # The integral of a Beta's quantile function is a Beta distribution function again. Quantiles of whichever
    # chance is small, of a wrong or of a right diagnosis: near 1 there are too few floating numbers.
    wrong = special.betainc(b + 1, a, special.betaincinv(b, a, rank))
    right = special.betaincc(a, b + 1, special.betaincinv(a, b, 1 - rank))
    part = (1 - mean) * np.where(rank < special.betainc(b, a, 0.5), wrong, right)
    return np.clip(1 - np.diff(part) / grid().weight, 0, 1)[:, None]


def tilt(chance: np.ndarray, odds: float) -> np.ndarray:
    """A chance with its odds multiplied."""
    return chance * odds / (chance * odds + 1 - chance)


def outcome_chances(scenario: Scenario, wish: np.ndarray) -> dict[str, np.ndarray]:
    """The chance of each draw behind the outcomes, in each bin of the traits, given that of having a wish.

    Where a draw depends on another it has two chances: ``second_right`` if the first opinion is right, and
    ``second_right_if_wrong``; ``treatment_changed`` if the diagnoses differ, and ``treatment_if_same``;
    ``sought`` without a wish, and ``sought_if_wish``.
    """
    s = scenario
    right = chance_right(s["readers.first_right"], s["readers.concentration"])
    odds, anchor = s["readers.second_odds"], s["readers.anchoring"]
    found = {
        "first_right": right,
        "second_right": tilt(right, odds * anchor),
        "second_right_if_wrong": tilt(right, odds / anchor),
        "errors_agree": np.full((1, 1), s["readers.errors_agree"]),
    }
    differ = differing(found)
    u, v = s["outcomes.treatment_difficulty"], s["outcomes.treatment_gravity"]
    found["treatment_changed"] = chances(s["outcomes.treatment_if_changed"], u, v, within=differ)
    found["treatment_if_same"] = chances(s["outcomes.treatment_if_same"], u, v, within=1 - differ)
    found["plan_intervenes"] = chances(s["outcomes.plan_intervenes"], 0.0, s["outcomes.plan_gravity"])
    found["plan_dropped"] = np.full((1, 1), s["outcomes.plan_dropped"])
    strata = np.stack([np.broadcast_to(1 - wish, (BINS, BINS)), np.broadcast_to(wish, (BINS, BINS))])
    shift = np.array([0.0, s["sought.wish"]])[:, None, None]
    sought = chances(s["sought.share"], s["sought.difficulty"], s["sought.gravity"], strata, shift)
    sought = np.broadcast_to(sought, (2, *sought.shape[-2:]))
    return found | {"sought": sought[0], "sought_if_wish": sought[1]}


def differing(chance: Mapping[str, np.ndarray]) -> np.ndarray:
    """Chance that the two diagnoses differ, in each bin of difficulty."""
    r, wrong = chance["first_right"], 1 - chance["first_right"]
    second, rescue = chance["second_right"], chance["second_right_if_wrong"]
    return r * (1 - second) + wrong * (rescue + (1 - rescue) * (1 - chance["errors_agree"]))


def wish_chance(scenario: Scenario) -> np.ndarray:
    """Chance of any wish that makes a patient seek an opinion, in each bin of the traits."""
    none = 1.0
    for ladder in ladders(scenario, WISHES)[0].values():
        none = none * (1 - ladder.at_least[0])
    return 1 - none


def expected_rates(scenario: Scenario) -> dict[str, float]:
    """The shares that an endless cohort would have, by summing over the traits: no simulation.

    Returns
    -------
    dict of str to float
        ``sought`` among all cases; ``diagnosis_changed, treatment_changed, both_changed, either_changed,
        error_corrected, error_introduced, intervention_averted`` among cases that sought an opinion;
        ``second_right`` among sought opinions that differ.

    Examples
    --------
    >>> rates = expected_rates(load_scenario("programme"))
    >>> print({name: round(rates[name], 3) for name in ("diagnosis_changed", "both_changed")})
    {'diagnosis_changed': 0.148, 'both_changed': 0.106}
    """
    wish = wish_chance(scenario)
    c = outcome_chances(scenario, wish)
    sought = (1 - wish) * c["sought"] + wish * c["sought_if_wish"]
    differ = differing(c)
    both, apart = differ * c["treatment_changed"], (1 - differ) * c["treatment_if_same"]
    shares = {
        "diagnosis_changed": differ,
        "treatment_changed": both + apart,
        "both_changed": both,
        "either_changed": differ + apart,
        "error_corrected": (1 - c["first_right"]) * c["second_right_if_wrong"],
        "error_introduced": c["first_right"] * (1 - c["second_right"]),
        "intervention_averted": (both + apart) * c["plan_intervenes"] * c["plan_dropped"],
    }
    share = average(sought)
    rates = {name: average(sought * table) / share for name, table in shares.items()}
    return {"sought": share, **rates, "second_right": rates["error_corrected"] / rates["diagnosis_changed"]}


def along(scenario: Scenario | str, path: str, values: Iterable[float]) -> pd.DataFrame:
    """The expected rates at each value of one parameter, the others as they are: no simulation.

    The values are the index of the table; its columns are what :func:`expected_rates` gives.

    Examples
    --------
    >>> along("programme", "readers.anchoring", [1, 1.437])["diagnosis_changed"].round(3).to_dict()
    {1.0: 0.148, 1.437: 0.14}
    """
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    values = pd.Index([float(value) for value in values], name=path)
    return pd.DataFrame([expected_rates(scenario.replace({path: value})) for value in values], index=values)
