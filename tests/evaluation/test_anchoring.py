"""A second reader who knows the first opinion agrees more, and catches and spoils less."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondop.cohorts.scenario import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.errors import SecondopError
from secondop.evaluation.anchoring import anchoring_effects, published_anchoring


def readers(odds_ratio, lower=None, upper=None):
    """One kind of reader."""
    row = {"readers": "some", "odds_ratio": odds_ratio, "lower": lower or odds_ratio}
    return pd.DataFrame([row | {"upper": upper or odds_ratio}])


def effects(odds, scenario="programme"):
    return anchoring_effects(scenario, odds).set_index("outcome")


def test_the_published_odds_ratios_are_those_of_the_paper():
    table = published_anchoring().set_index("id")[["odds_ratio", "lower", "upper"]]
    assert table.T.to_dict("list") == {
        "vashitz_ortho_OR": [1.437, 1.115, 1.852],
        "vashitz_neuro_OR": [1.087, 0.811, 1.458],
    }


def test_where_all_cases_are_alike_the_shares_are_those_worked_by_hand():
    # First right 4 in 5. The second reader has odds of 4 x 2 = 8: right 8/9, whatever the first said. At an
    # odds ratio of 2 the odds are 16 where the first is right (16/17) and 4 where it is wrong (4/5).
    alike = load_scenario("programme").replace(
        {
            "readers.first_right": 0.8,
            "readers.concentration": 1000.0,
            "readers.second_odds": 2.0,
            "readers.errors_agree": 1.0,
        }
    )
    table = effects(readers(2.0), alike)
    assert table["blinded"][["agree", "corrected", "spoiled"]].to_list() == pytest.approx(
        [0.8 * 8 / 9 + 0.2 / 9, 0.2 * 8 / 9, 0.8 / 9], abs=2e-3
    )
    assert table["known"][["agree", "corrected", "spoiled"]].to_list() == pytest.approx(
        [0.8 * 16 / 17 + 0.2 / 5, 0.2 * 4 / 5, 0.8 / 17], abs=2e-3
    )
    assert table["change"]["gained"] == pytest.approx((0.16 - 0.8 / 17) - (1.6 / 9 - 0.8 / 9), abs=2e-3)


def test_a_simulated_cohort_shows_the_same_shares():
    knowing = load_scenario("programme").replace({"readers.anchoring": 1.437})
    cohort = simulate(knowing, 100_000, seed=3, engine="polars")
    sought = cohort.filter(cohort["sought"])
    table = effects(readers(1.437))
    assert 1 - sought["diagnosis_changed"].mean() == pytest.approx(table["known"]["agree"], abs=0.005)
    assert sought["corrected"].mean() == pytest.approx(table["known"]["corrected"], abs=0.005)


@given(st.floats(1.01, 10))
@settings(max_examples=10, deadline=None)
def test_knowing_the_first_opinion_raises_agreement_and_lowers_both_what_is_caught_and_what_is_spoiled(ratio):
    change = effects(readers(ratio))["change"]
    assert change["agree"] > 0 > change[["corrected", "spoiled", "treatment_changed"]].max()


def test_blinded_readers_change_nothing_and_contrary_ones_agree_less():
    assert effects(readers(1.0))["change"].abs().max() == 0
    assert effects(readers(0.8))["change"]["agree"] < 0


def test_the_interval_of_the_odds_ratio_is_carried_through():
    table = effects(readers(1.087, 0.811, 1.458))
    ends = [effects(readers(end))["change"]["agree"] for end in (0.811, 1.458)]
    assert table.loc["agree", ["change_lower", "change_upper"]].to_list() == pytest.approx(ends)
    assert (table["change_lower"] <= table["change"]).all() and (
        table["change"] <= table["change_upper"]
    ).all()


def test_an_outcome_that_turns_inside_the_interval_is_bounded_there():
    # The net gain of the programme is greatest near an odds ratio of 1, inside the interval.
    table = effects(readers(1.087, 0.811, 1.458))
    ends = [effects(readers(end))["change"]["gained"] for end in (0.811, 1.458)]
    assert table.loc["gained", "change_upper"] > max(ends)


BAD = [
    ("no interval column", pd.DataFrame({"readers": ["some"], "odds_ratio": [1.2]}), "lack lower, upper"),
    ("outside its interval", readers(1.2, 1.3, 1.4), "some"),
    ("not above 0", readers(1.2, -1.0, 1.4), "above 0"),
    ("unknown", readers(float("nan"), 1.0, 1.4), "some"),
]


@pytest.mark.parametrize(("situation", "odds", "word"), BAD, ids=[row[0] for row in BAD])
def test_odds_ratios_that_make_no_sense_are_refused(situation, odds, word):
    with pytest.raises(SecondopError, match=word):
        anchoring_effects("programme", odds)
