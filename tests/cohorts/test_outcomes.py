"""What second opinions find: definitions, worked examples, and an independent program."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, norm

from secondop.cohorts.outcomes import along, chance_right, expected_rates, tilt
from secondop.cohorts.parameters import WISHES
from secondop.cohorts.scenario import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.cohorts.traits import grid
from secondop.errors import SecondopError

ALIKE = {"readers.concentration": 1000.0, "readers.errors_agree": 1.0, "sought.difficulty": 0.0}
ALIKE |= {"sought.gravity": 0.0, "sought.wish": 0.0}


def test_readers_of_cases_that_are_all_alike_worked_by_hand():
    # first right 0.8, odds 4; second odds 4 x 4 = 16, so 16/17. Differ: 0.8 x 1/17 + 0.2 x 16/17 = 4/17
    rates = expected_rates(
        load_scenario("general").replace({**ALIKE, "readers.first_right": 0.8, "readers.second_odds": 4.0})
    )
    assert rates["diagnosis_changed"] == pytest.approx(4 / 17, abs=1e-3)
    assert rates["error_corrected"] == pytest.approx(3.2 / 17, abs=1e-3)
    assert rates["second_right"] == pytest.approx(0.8, abs=2e-3)


@pytest.mark.parametrize(("mean", "s"), [(0.9, 0.5), (0.87, 2.0), (0.6, 6.0), (0.5, 0.3), (0.1, 0.5)])
def test_two_equal_readers_differ_as_the_beta_binomial_says(mean, s):
    # 2 E[q (1 - q)] = 2 m (1 - m) s / (s + 1)
    equal = {**ALIKE, "readers.first_right": mean, "readers.second_odds": 1.0, "readers.concentration": s}
    rates = expected_rates(load_scenario("general").replace(equal))
    assert rates["diagnosis_changed"] == pytest.approx(2 * mean * (1 - mean) * s / (s + 1), abs=6e-4)
    assert rates["error_corrected"] == pytest.approx(rates["error_introduced"])


@pytest.mark.parametrize("mean", [0.05, 0.5, 0.83, 0.95])
@pytest.mark.parametrize("concentration", [0.5, 1.7, 1000.0])
def test_a_mean_chance_is_exact_and_falls_with_difficulty(mean, concentration):
    right = chance_right(mean, concentration)[:, 0]
    assert grid().weight @ right == pytest.approx(mean, abs=1e-9)
    assert (np.diff(right) <= 1e-9).all() and right.min() >= 0 and right.max() <= 1


def test_odds_times_four_worked_by_hand():
    assert tilt(np.array([0.5]), 4.0) == pytest.approx(0.8)


def test_an_independent_program_agrees():
    # The definition itself, on continuous traits and without any table; errors are sampling errors.
    s, n, rng = load_scenario("programme"), 1_000_000, np.random.default_rng(5)
    d, g = rng.normal(size=n), rng.normal(size=n)
    yes = lambda p: rng.random(n) < p  # noqa: E731
    wish = np.zeros(n, bool)
    for name in WISHES:
        u, v = s[f"facts.{name}.difficulty"], s[f"facts.{name}.gravity"]
        z = norm.ppf(1 - s[f"facts.{name}.share"])
        wish |= yes(norm.sf((z - u * d - v * g) / np.sqrt(1 - u * u - v * v)))
    mean, alike = s["readers.first_right"], s["readers.concentration"]
    q = beta.isf(norm.cdf(d), alike * mean, alike * (1 - mean))
    first, second = yes(q), yes(q * s["readers.second_odds"] / (q * s["readers.second_odds"] + 1 - q))
    differ = (first != second) | (~first & ~second & yes(1 - s["readers.errors_agree"]))
    u, v = s["sought.difficulty"], s["sought.gravity"]
    score = s["sought.wish"] * wish + u * d + v * g + np.sqrt(1 - u * u - v * v) * rng.normal(size=n)
    sought = score > np.quantile(score, 1 - s["sought.share"])
    u, v = s["outcomes.treatment_difficulty"], s["outcomes.treatment_gravity"]
    score = u * d + v * g + np.sqrt(1 - u * u - v * v) * rng.normal(size=n)
    treated = np.zeros(n, bool)
    for group, share in [(differ, "treatment_if_changed"), (~differ, "treatment_if_same")]:
        treated[group] = score[group] > np.quantile(score[group], 1 - s[f"outcomes.{share}"])
    seen = {"diagnosis_changed": differ, "treatment_changed": treated, "both_changed": differ & treated}
    seen |= {
        "error_corrected": second & ~first,
        "error_introduced": first & ~second,
        "either_changed": differ | treated,
    }
    rates = expected_rates(s)
    for name, outcome in seen.items():
        assert outcome[sought].mean() == pytest.approx(rates[name], abs=4 * np.sqrt(0.25 / sought.sum())), (
            name
        )
    assert second[sought & differ].mean() == pytest.approx(rates["second_right"], abs=0.006)


@pytest.mark.parametrize("name", ["programme", "general", "surgical", "oncology"])
def test_a_cohort_has_the_expected_rates(name):
    rates = expected_rates(load_scenario(name))
    cohort = simulate(name, 500_000, seed=17)
    assert cohort["sought"].mean() == pytest.approx(rates["sought"], abs=0.003)
    sought = cohort[cohort["sought"]]
    both = sought["diagnosis_changed"] & sought["treatment_changed"]
    for outcome in (
        "diagnosis_changed",
        "treatment_changed",
        "error_corrected",
        "error_introduced",
        "intervention_averted",
    ):
        error = np.sqrt(rates[outcome] * (1 - rates[outcome]) / len(sought))
        assert abs(sought[outcome].mean() - rates[outcome]) < 4.5 * error, outcome
    assert both.mean() == pytest.approx(rates["both_changed"], abs=0.006)


def test_outcomes_are_what_their_names_say():
    c = simulate("programme", 20_000, seed=2)
    assert (c["error_corrected"] == (~c["first_right"] & c["second_right"])).all()
    assert (c["error_introduced"] == (c["first_right"] & ~c["second_right"])).all()
    assert (c["opinions_differ"] == c["diagnosis_changed"]).all()
    assert not (c["first_right"] & c["second_right"] & c["opinions_differ"]).any()
    assert (c["opinions_differ"] >= (c["first_right"] != c["second_right"])).all()
    assert (c["intervention_averted"] <= c["treatment_changed"]).all()
    both_wrong = c[~c["first_right"] & ~c["second_right"]]
    assert both_wrong["opinions_differ"].any() and not both_wrong["opinions_differ"].all()


def test_drawn_apart_the_headlines_hold_but_both_change_too_rarely():
    # 0.148 x 0.374 = 5.5 %, against 10.6 % published
    apart = {"outcomes.treatment_if_changed": 0.374, "outcomes.treatment_if_same": 0.374}
    apart |= {"outcomes.treatment_difficulty": 0.0, "outcomes.treatment_gravity": 0.0}
    rates = expected_rates(load_scenario("programme").replace(apart))
    assert rates["diagnosis_changed"] == pytest.approx(0.148, abs=1e-4)
    assert rates["treatment_changed"] == pytest.approx(0.374, abs=1e-4)
    assert rates["both_changed"] == pytest.approx(0.148 * 0.374, abs=1e-4)


# Along one parameter: what changes when the second reader knows the first opinion


def test_knowing_the_first_opinion_where_all_cases_are_alike_worked_by_hand():
    # First right 4 in 5. The second reader has odds of 4 x 2 = 8: right 8/9, whatever the first said. At an
    # odds ratio of 2 the odds are 16 where the first is right (16/17) and 4 where it is wrong (4/5).
    alike = {**ALIKE, "readers.first_right": 0.8, "readers.second_odds": 2.0}
    table = along(load_scenario("programme").replace(alike), "readers.anchoring", [1, 2])
    right, wrong = np.array([[8 / 9, 16 / 17], [8 / 9, 4 / 5]])
    assert list(1 - table["diagnosis_changed"]) == pytest.approx(0.8 * right + 0.2 * (1 - wrong), abs=2e-3)
    assert list(table["error_corrected"]) == pytest.approx(0.2 * wrong, abs=2e-3)
    assert list(table["error_introduced"]) == pytest.approx(0.8 * (1 - right), abs=2e-3)


def test_a_simulated_cohort_of_readers_who_know_shows_the_same_shares():
    knowing = load_scenario("programme").replace({"readers.anchoring": 1.437})
    cohort = simulate(knowing, 100_000, seed=3)
    sought, row = cohort[cohort["sought"]], along("programme", "readers.anchoring", [1.437]).iloc[0]
    for name in ("diagnosis_changed", "error_corrected", "error_introduced"):
        assert sought[name].mean() == pytest.approx(row[name], abs=0.005)


@given(st.floats(1.01, 10))
@settings(max_examples=10, deadline=None)
def test_knowing_the_first_opinion_raises_agreement_and_lowers_both_what_is_caught_and_what_is_lost(ratio):
    blinded, known = along("programme", "readers.anchoring", [1, ratio]).to_dict("records")
    for name in ("diagnosis_changed", "error_corrected", "error_introduced", "treatment_changed"):
        assert known[name] < blinded[name]


def test_along_is_the_expected_rates_at_each_value_and_nothing_else_moves():
    scenario = load_scenario("surgical")
    table = along("surgical", "readers.anchoring", [0.8, 1, scenario["readers.anchoring"]])
    assert table.index.tolist() == [0.8, 1, scenario["readers.anchoring"]]
    assert table.iloc[2].to_dict() == expected_rates(scenario)
    assert (
        table["diagnosis_changed"].iloc[0] > table["diagnosis_changed"].iloc[1]
    )  # contrary readers agree less
    assert table["sought"].nunique() == 1


def test_an_unknown_parameter_is_named_with_the_closest():
    with pytest.raises(SecondopError, match=r"mean .readers\.anchoring"):
        along("programme", "readers.anchorin", [1])


def test_who_seeks_an_opinion_has_wishes_and_graver_cases():
    cohort = simulate("general", 200_000, seed=1)
    sought, rest = cohort[cohort["sought"]], cohort[~cohort["sought"]]
    assert sought["wants_second_opinion"].mean() > 2 * rest["wants_second_opinion"].mean()
    assert sought["gravity"].mean() > rest["gravity"].mean() + 0.2
