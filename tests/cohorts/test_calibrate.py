"""Calibration: what it fits, what it refuses to fit, and what it cannot know."""

import pandas as pd
import pytest

from secondop.cohorts.calibrate import FREE, calibrate, fit_report, identifiability
from secondop.cohorts.outcomes import expected_rates
from secondop.cohorts.scenario import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.errors import SecondopError

OBTAINED, REREAD = "second opinions obtained", "discrepant re-reads with follow-up tissue"
PUBLISHED = pd.DataFrame(
    [
        # Meyer, Singh & Graber 2015; outside case review at Mayo 2013
        ("meyer_dx", "diagnosis_changed", OBTAINED, 0.148, "calibrate"),
        ("meyer_tx", "treatment_changed", OBTAINED, 0.374, "calibrate"),
        ("meyer_both", "both_changed", OBTAINED, 0.106, "calibrate"),
        ("mayo_revised_right", "second_right", REREAD, 73 / 86, "calibrate"),
    ],
    columns=["id", "outcome", "denominator", "rate", "role"],
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_programme_has_the_published_rates_among_those_who_sought_an_opinion(seed):
    cohort = simulate("programme", 200_000, seed=seed)
    sought = cohort[cohort["sought"]]
    assert sought["diagnosis_changed"].mean() == pytest.approx(0.148, abs=0.004)
    assert sought["treatment_changed"].mean() == pytest.approx(0.374, abs=0.004)
    both = sought["diagnosis_changed"] & sought["treatment_changed"]
    assert both.mean() == pytest.approx(0.106, abs=0.004)


def test_the_stored_programme_is_what_calibrating_gives():
    stored = load_scenario("programme")
    elsewhere = stored.replace(
        {"readers.first_right": 0.7, "readers.second_odds": 1.5, "outcomes.treatment_if_changed": 0.4}
    )
    for start in (stored, elsewhere):
        again = calibrate(start, PUBLISHED)
        assert {path: again[path] for path in FREE} == pytest.approx({p: stored[p] for p in FREE}, rel=2e-5)
        assert set(again.fitted_to) == set(stored.fitted_to)
    assert all(stored.parameters[path].basis == "fitted" for path in FREE)


def test_the_same_rates_give_the_same_scenario():
    general = load_scenario("general")
    assert calibrate(general, PUBLISHED) == calibrate(general, PUBLISHED.to_dict("records"))


def test_the_report_shows_each_rate_beside_its_fit():
    report = fit_report(calibrate(load_scenario("oncology"), PUBLISHED), PUBLISHED)
    assert report["id"].to_list() == PUBLISHED["id"].to_list()
    assert (report["residual"].abs() < 1e-6).all()
    before = fit_report(load_scenario("oncology"), PUBLISHED)
    assert before["residual"].abs().max() > 0.005


def test_published_intervals_become_ranges():
    wide = calibrate(load_scenario("general"), PUBLISHED.assign(lower=0.9 * PUBLISHED["rate"], upper=0.95))
    narrow = PUBLISHED.assign(lower=PUBLISHED["rate"] - 0.001, upper=PUBLISHED["rate"] + 0.001)
    tight = calibrate(load_scenario("general"), narrow)
    for path in FREE:
        p, q = wide.parameters[path], tight.parameters[path]
        assert p.lower < q.lower < q.value < q.upper < p.upper


def test_one_rate_alone_moves_what_it_can_and_no_more():
    general = load_scenario("general")
    one = calibrate(general, PUBLISHED.head(1))
    assert expected_rates(one)["diagnosis_changed"] == pytest.approx(0.148, abs=1e-6)
    assert one["outcomes.treatment_if_same"] == pytest.approx(general["outcomes.treatment_if_same"])
    assert one.parameters["outcomes.treatment_if_same"].basis == "assumed"
    told = identifiability(load_scenario("programme"), PUBLISHED.head(1))
    assert told.loc["readers.second_odds", "verdict"] == "pinned in combination only"


def test_what_the_rates_pin_and_what_they_leave_open():
    told = identifiability(load_scenario("programme"), PUBLISHED)
    assert (told.loc[list(FREE), "verdict"] == "pinned, if the assumptions hold").all()
    assert (told.drop(list(FREE))["verdict"] == "not pinned").all()
    assert told.loc["readers.concentration", "moves"] == "readers.second_odds"
    row = told.loc["readers.concentration"]
    assert row["at_lower"] > 1.5 * row["at_upper"]  # the fitted value leans on the assumption, and shows it
    assert len(told.attrs["singular_values"]) == 4 and min(told.attrs["singular_values"]) > 0.01


REFUSED = [
    # what is wrong with a rate                       what is said
    ({"role": "validate"}, "meyer_dx: its role is 'validate', so it is kept for other uses than fitting"),
    (
        {"denominator": "general population"},
        "a cohort has no share of diagnosis_changed among general population",
    ),
    ({"outcome": "plans_to_follow"}, "a cohort has no share of plans_to_follow"),
    ({"rate": float("nan")}, "a rate to fit to lies between 0 and 1, not at nan"),
]


@pytest.mark.parametrize(("wrong", "said"), REFUSED)
def test_rates_that_are_not_for_fitting_are_refused(wrong, said):
    with pytest.raises(SecondopError) as error:
        calibrate(load_scenario("programme"), [PUBLISHED.iloc[0].to_dict() | wrong])
    assert said in str(error.value)


def test_no_rates_or_half_a_table_is_refused():
    with pytest.raises(SecondopError, match="there are none"):
        calibrate(load_scenario("programme"), PUBLISHED.head(0))
    with pytest.raises(SecondopError, match="need columns denominator, role"):
        calibrate(load_scenario("programme"), PUBLISHED[["id", "outcome", "rate"]])


def test_rates_that_contradict_each_other_are_told():
    # both cannot change more often than the diagnosis does
    with pytest.raises(SecondopError, match="No values of readers"):
        calibrate(load_scenario("programme"), PUBLISHED.assign(rate=[0.1, 0.374, 0.3, 0.849]))
