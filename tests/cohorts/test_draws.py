"""Draws of a scenario's parameters: from which distributions, and what holds of every draw."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from secondop.cohorts.draws import draw_parameters, drawn_scenarios, parameter_words
from secondop.cohorts.outcomes import expected_rates
from secondop.cohorts.parameters import Parameter
from secondop.cohorts.scenario import load_scenario
from secondop.errors import SecondopError, UnknownNameError
from secondop.evaluation.published import published_rates

PROGRAMME = load_scenario("programme")
MANY = draw_parameters(PROGRAMME, 4_000, seed=3, counts={"sought.share": (150, 1000)})


def close(values, distribution):
    """Whether the draws follow the distribution, by Kolmogorov and Smirnov."""
    return stats.kstest(values, distribution.cdf).pvalue > 0.001


def test_a_counted_share_follows_its_beta():
    assert close(MANY["sought.share"], stats.beta(150.5, 850.5))
    assert MANY.attrs["distributions"]["sought.share"] == "Beta from 150 of 1,000"


def test_an_assumption_follows_pert_over_its_range():
    # the textbook's: from 1 to 8, most likely 3: a = 1 + 4 (3 - 1) / 7, b = 1 + 4 (8 - 3) / 7
    stated = PROGRAMME.replace({"readers.concentration": Parameter(3.0, 1.0, 8.0)})
    drawn = draw_parameters(stated, 4_000, seed=3)["readers.concentration"]
    assert close(drawn, stats.beta(1 + 8 / 7, 1 + 20 / 7, loc=1, scale=7))
    assert drawn.mean() == pytest.approx((1 + 4 * 3 + 8) / 6, abs=0.07)
    flat = draw_parameters(stated, 4_000, seed=3, weight=0)["readers.concentration"]
    assert close(flat, stats.uniform(1, 7))  # without weight every value is equally likely


@pytest.mark.parametrize(
    ("path", "line"), [("readers.first_right", stats.logistic.ppf), ("readers.second_odds", np.log)]
)
def test_a_fitted_parameter_has_95_percent_of_its_draws_in_its_interval(path, line):
    fitted, drawn = PROGRAMME.parameters[path], MANY[path]
    assert drawn.between(fitted.lower, fitted.upper).mean() == pytest.approx(0.95, abs=0.012)
    middle, half = line(fitted.value), (line(fitted.upper) - line(fitted.lower)) / 2
    assert close(line(drawn), stats.norm(middle, half / 1.96))


def test_only_parameters_with_a_range_are_drawn():
    fixed = {path for path, p in PROGRAMME.parameters.items() if p.lower == p.upper}
    assert fixed and set(MANY.columns) == set(PROGRAMME.parameters) - fixed


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from(["programme", "general", "surgical", "oncology"]))
def test_every_draw_is_a_scenario_and_shares_of_one_fact_add_up_to_1(seed, name):
    scenario = load_scenario(name)
    for _, drawn in drawn_scenarios(scenario, draw_parameters(scenario, 2, seed=seed), seed=seed):
        for fact in ("procedure_proposed", "condition", "first_line_weeks", "drug_trials"):
            assert sum(drawn.shares(fact).values()) == pytest.approx(1)


def test_more_draws_begin_with_those_of_fewer_and_other_parameters_do_not_matter():
    few, many = (draw_parameters(PROGRAMME, k, seed=5) for k in (7, 30))
    pd.testing.assert_frame_equal(few, many.head(7))
    one_fixed = Parameter(1.0, 1.0, 1.0)
    other = draw_parameters(PROGRAMME.replace({"readers.anchoring": one_fixed}), 7, seed=5)
    pd.testing.assert_frame_equal(few.drop(columns="readers.anchoring"), other)
    assert not few.equals(draw_parameters(PROGRAMME, 7, seed=6))


def test_two_loadings_are_kept_within_what_a_scenario_allows():
    wide = Parameter(0.7, 0.5, 0.99)
    paths = ["sought.difficulty", "sought.gravity"]
    table = draw_parameters(PROGRAMME.replace(dict.fromkeys(paths, wide)), 300, seed=1)
    length = (table[paths] ** 2).sum(axis=1)
    assert length.max() == pytest.approx(1) and length.min() < 0.99


def test_refitted_draws_meet_rates_drawn_from_their_counts():
    rates = published_rates().query("role == 'calibrate'")
    table = draw_parameters(PROGRAMME, 8, seed=2)
    refitted = [expected_rates(s) for _, s in drawn_scenarios(PROGRAMME, table, seed=2, refit=rates)]
    apart = [expected_rates(s) for _, s in drawn_scenarios(PROGRAMME, table, seed=2)]
    spread = {name: np.std([r["diagnosis_changed"] for r in rows]) for name, rows in
              {"refitted": refitted, "apart": apart}.items()}  # fmt: skip
    exact = np.sqrt(0.148 * 0.852 / 6791)  # of a share of 14.8 % counted among 6,791
    assert 0.5 * exact < spread["refitted"] < 1.6 * exact < spread["apart"]


def test_draws_that_contradict_their_rates_are_left_out_and_wrong_rates_are_an_error():
    rates = published_rates().query("role == 'calibrate' or id == 'mayo_revised_right'")
    rates = rates.assign(role="calibrate")
    sure = rates.assign(rate=rates["rate"].where(rates["id"] != "mayo_revised_right", 0.97), n=100_000)
    # among changed diagnoses 97 % are right: impossible where two wrong opinions never agree
    table = pd.DataFrame({"readers.errors_agree": [0.0, 1.0, 0.0], "readers.concentration": 0.7})
    table.index += 1
    sure["numerator"] = None
    kept = [draw for draw, _ in drawn_scenarios(PROGRAMME, table, seed=2, refit=sure)]
    assert kept == [2]
    with pytest.raises(SecondopError, match="its role is 'validate'"):
        next(drawn_scenarios(PROGRAMME, table, seed=2, refit=rates.assign(role="validate")))


WRONG = [
    # asked for                                      the message says
    (dict(draws=0), "counted from 1"),
    (dict(weight=-1), "the weight from 0"),
    (dict(counts={"sought.wish": (1, 2)}), "only a share can be counted"),
    (dict(counts={"sought.share": (3, 2)}), "got 3 of 2"),
]


@pytest.mark.parametrize(("asked", "says"), WRONG)
def test_what_cannot_be_drawn_is_refused(asked, says):
    with pytest.raises(SecondopError, match=says):
        draw_parameters(PROGRAMME, **{"draws": 5} | asked, seed=1)


def test_a_parameter_that_does_not_exist_is_named():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'sought\.share'"):
        draw_parameters(PROGRAMME, 5, seed=1, counts={"sought.shares": (1, 2)})


def test_every_parameter_has_words_of_its_own():
    words = [parameter_words(path) for path in PROGRAMME.parameters]
    assert len(set(words)) == len(words) and not any("_" in text for text in words)
