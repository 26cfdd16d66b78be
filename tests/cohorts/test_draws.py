"""Draws of a scenario's parameters: from which distributions, and what holds of every draw."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from secondop.cohorts.draws import LEAST_UNSOUGHT, UNMET, Recentring, draw_parameters, drawn_scenarios
from secondop.cohorts.outcomes import pilot, rates_of
from secondop.cohorts.parameters import TRAITS, Parameter, parameter_words
from secondop.cohorts.scenario_file import load_scenario
from secondop.errors import SecondopError, UnknownNameError

PROGRAMME = load_scenario("programme")
MANY = draw_parameters(PROGRAMME, 4_000, seed=3, counts={"facts.rare_disease.share": (150, 1000)})


def close(values, distribution):
    """Whether the draws follow the distribution, by Kolmogorov and Smirnov."""
    return stats.kstest(values, distribution.cdf).pvalue > 0.001


def test_a_counted_share_follows_its_beta():
    assert close(MANY["facts.rare_disease.share"], stats.beta(150.5, 850.5))
    assert MANY.attrs["distributions"]["facts.rare_disease.share"] == "Beta from 150 of 1,000"


def test_an_assumption_follows_pert_over_its_range():
    # the textbook's: from 1 to 8, most likely 3: a = 1 + 4 (3 - 1) / 7, b = 1 + 4 (8 - 3) / 7
    stated = PROGRAMME.replace({"outcomes.contest": Parameter(3.0, 1.0, 8.0)})
    drawn = draw_parameters(stated, 4_000, seed=3)["outcomes.contest"]
    assert close(drawn, stats.beta(1 + 8 / 7, 1 + 20 / 7, loc=1, scale=7))
    assert drawn.mean() == pytest.approx((1 + 4 * 3 + 8) / 6, abs=0.07)
    flat = draw_parameters(stated, 4_000, seed=3, weight=0)["outcomes.contest"]
    assert close(flat, stats.uniform(1, 7))  # without weight every value is equally likely


@pytest.mark.parametrize(
    ("path", "line"),
    [("rates.diagnosis_changed_sought", stats.logistic.ppf), ("effects.doubt.first_right", np.asarray)],
)
def test_a_cited_rate_and_a_fitted_effect_have_95_percent_of_their_draws_in_their_interval(path, line):
    stated, drawn = PROGRAMME.parameters[path], MANY[path]
    assert drawn.between(stated.lower, stated.upper).mean() == pytest.approx(0.95, abs=0.012)
    middle, half = line(stated.value), (line(stated.upper) - line(stated.lower)) / 2
    assert line(drawn).std() == pytest.approx(half / 1.96, rel=0.06)
    assert np.median(line(drawn)) == pytest.approx(middle, abs=0.1 * half)


def test_only_what_has_a_range_is_drawn_and_nothing_that_is_solved_for_the_rates():
    drawn = set(MANY.columns)
    assert not any(path.startswith("solved.") or path.endswith(".contrast") for path in drawn)
    rest = {path for path in set(PROGRAMME.parameters) - drawn if not path.startswith("solved.")}
    assert all(
        PROGRAMME.parameters[x].lower == PROGRAMME.parameters[x].upper or ".contrast" in x for x in rest
    )
    assert "signal" in drawn


@given(st.integers(0, 2**32), st.sampled_from(["programme", "general", "surgical", "oncology"]))
def test_every_draw_is_a_scenario_whose_numbers_can_hold_together(seed, name):
    scenario = load_scenario(name)
    for _, drawn in drawn_scenarios(scenario, draw_parameters(scenario, 2, seed=seed, zeros=0.1)):
        for fact, by in (("condition", ""), ("specialty", "cancer"), ("first_line_weeks", "")):
            assert sum(drawn.shares(fact, by).values()) == pytest.approx(1)
        assert sum(drawn[f"facts.suspicion.{trait}"] ** 2 for trait in TRAITS) < 0.95
        for outcome in ("diagnosis_changed", "treatment_changed"):
            sought, among = drawn["rates.sought"], drawn[f"rates.{outcome}_sought"]
            unsought = (drawn[f"rates.{outcome}"] - sought * among) / (1 - sought)
            assert LEAST_UNSOUGHT * among * 0.999 <= unsought <= among * 1.001


def test_more_draws_begin_with_those_of_fewer_and_other_parameters_do_not_matter():
    few, many = (draw_parameters(PROGRAMME, k, seed=5) for k in (7, 30))
    pd.testing.assert_frame_equal(few, many.head(7))
    one_fixed = Parameter(1.0, 1.0, 1.0)
    other = draw_parameters(PROGRAMME.replace({"readers.anchoring": one_fixed}), 7, seed=5)
    pd.testing.assert_frame_equal(few.drop(columns="readers.anchoring"), other)
    assert not few.equals(draw_parameters(PROGRAMME, 7, seed=6))


def test_zeros_that_may_not_be_zero_are_drawn_about_it_where_a_fact_may_load():
    table = draw_parameters(PROGRAMME, 400, seed=1, zeros=0.1)
    added = set(table) - set(draw_parameters(PROGRAMME, 1, seed=1))
    assert "facts.imaging_available.contest" in added and "facts.condition.gravity" not in added
    drawn = table["facts.imaging_available.contest"]
    assert drawn.abs().max() < 0.1 and abs(drawn.mean()) < 0.01 and drawn.std() > 0.02


@pytest.mark.parametrize("name", ["programme", "general", "surgical", "oncology"])
def test_every_draw_keeps_its_rates_among_all_cases_once_recentred_and_says_where_seekers_cannot(name):
    scenario, missed, said = load_scenario(name), [], []
    recentre = Recentring(scenario)
    for _, drawn in drawn_scenarios(scenario, draw_parameters(scenario, 40, seed=2)):
        cases = pilot(drawn, 10_000)
        numbers, far = recentre(drawn, cases)
        rates, _ = rates_of(cases.expected(numbers)), said.append(far)
        missed.append(
            {
                x.path: x.line(rates[x.path.removeprefix("rates.")]) - x.line(drawn[x.path])
                for x in recentre.wanted
            }
        )
    missed = pd.DataFrame(missed).abs()
    of_all = [f"rates.{x}" for x in ("first_right", "diagnosis_changed", "treatment_changed")]
    assert missed[of_all].to_numpy().max() < 0.05
    assert said == pytest.approx(missed.max(axis=1).tolist())
    assert (np.array(said) > UNMET).mean() < (0.1 if name == "programme" else 0.5)
    assert missed.median().max() < 0.02


def test_rates_that_none_can_have_together_are_missed_and_never_an_error():
    stuck = PROGRAMME.replace({"rates.treatment_changed": 0.2245, "rates.first_right": 0.89})
    recentre = Recentring(PROGRAMME)
    cases = pilot(stuck, 2_000)
    numbers, far = recentre(stuck, cases)
    found = rates_of(cases.expected(numbers))
    assert found["treatment_changed"] == pytest.approx(0.2245, rel=0.03)
    assert far > UNMET


WRONG = [
    # asked for                                      the message says
    (dict(draws=0), "draws is a whole number, 1 or more"),
    (dict(weight=-1), "weight is a number, 0 or more"),
    (dict(counts={"sought.wish": (1, 2)}), "only a share can be counted"),
    (dict(counts={"rates.sought": (3, 2)}), r"Got \(3, 2\)"),
]


@pytest.mark.parametrize(("asked", "says"), WRONG)
def test_what_cannot_be_drawn_is_refused(asked, says):
    with pytest.raises(SecondopError, match=says):
        draw_parameters(PROGRAMME, **{"draws": 5} | asked, seed=1)


def test_a_parameter_that_does_not_exist_is_named():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'rates\.sought'"):
        draw_parameters(PROGRAMME, 5, seed=1, counts={"rates.sough": (1, 2)})


def test_every_parameter_has_words_of_its_own():
    words = [parameter_words(path) for path in PROGRAMME.parameters]
    assert len(set(words)) == len(words) and not any("_" in text for text in words)
