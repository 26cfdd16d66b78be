"""How many cases an audit needs, against the formulas of other programs and audits that are simulated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from secondop import ReaderModel, agreement, opinions_from_ratings, plan_audit
from secondop.errors import SecondopError


@pytest.mark.parametrize("rate", [0.02, 0.2, 0.5, 0.97])
@pytest.mark.parametrize("width", [0.05, 0.1, 0.3])
def test_it_is_the_fewest_cases_whose_wilson_interval_is_no_wider(rate, width):
    n = plan_audit(rate=rate, width=width).loc["rate", "cases"]
    at = np.arange(1, 3_000)
    lower, upper = proportion_confint(rate * at, at, method="wilson")
    assert n == max(2, at[upper - lower <= width][0])


DIFFERENCES = [
    # rate, difference, power, cases a group
    (0.50, 0.25, 0.9, 77),  # R's help of power.prop.test: n = 76.7
    (0.20, 0.10, 0.8, 294),  # R: 293.15
    (0.30, -0.10, 0.8, 294),
    (0.15, 0.15, 0.8, 121),  # R: 120.3
]


@pytest.mark.parametrize(("rate", "difference", "power", "n"), DIFFERENCES)
def test_two_rates_are_told_apart_by_as_many_as_power_prop_test_says(rate, difference, power, n):
    row = plan_audit(rate=rate, difference=difference, power=power).loc["rate"]
    assert (row["cases"], row["readings"]) == (n, 2 * n)


def test_as_many_audits_as_said_tell_two_rates_apart():
    n, rng = plan_audit(rate=0.2, difference=0.1).loc["rate", "cases"], np.random.default_rng(1)
    one, other = rng.binomial(n, 0.2, 20_000) / n, rng.binomial(n, 0.3, 20_000) / n
    both = (one + other) / 2
    z = abs(one - other) / np.sqrt(2 * both * (1 - both) / n)
    assert (z > stats.norm.isf(0.025)).mean() == pytest.approx(0.8, abs=0.015)


def audits(rate, agree, readers, cases, times):
    """Simulated audits, by numpy: each case has its own chance of a yes."""
    model = ReaderModel.from_disagreement({"c": {"no": 1 - rate, "yes": rate}}, {"c": 1 - agree})
    rng, names = np.random.default_rng(3), [f"r{i}" for i in range(readers)]
    for _ in range(times):
        chance = rng.dirichlet(model.concentration[0] * model.mean[0], cases)[:, 1:]
        yield (
            pd.DataFrame((rng.random((cases, readers)) < chance).astype(int), columns=names).reset_index(
                names="case"
            ),
            names,
        )


@pytest.mark.parametrize("readers", [2, 4])
def test_audits_of_that_size_have_intervals_of_about_that_width(readers):
    plan = plan_audit(rate=0.2, width=0.2, agreement=0.85, readers=readers)
    for figure in ("percent agreement", "Fleiss' kappa"):
        cases = plan.loc[figure, "cases"]
        widths = [
            agreement(frame, readers=names).loc[figure, ["lower", "upper"]].diff().iloc[1]
            for frame, names in audits(0.2, 0.85, readers, cases, 25)
        ]
        assert np.mean(widths) == pytest.approx(0.2, rel=0.07), figure


def test_several_readers_make_the_rate_as_sure_as_their_agreement_allows():
    cases = plan_audit(rate=0.2, width=0.1, agreement=0.85, readers=3).loc["rate", "cases"]
    spread = np.std([frame[names].to_numpy().mean() for frame, names in audits(0.2, 0.85, 3, cases, 1_000)])
    alone = plan_audit(rate=0.2, width=0.1).loc["rate", "cases"]
    assert spread == pytest.approx(np.sqrt(0.2 * 0.8 / alone), rel=0.07)
    told = plan_audit(rate=0.2, difference=0.1, agreement=0.85, readers=3).loc["rate"]
    assert told["cases"] / 294 == pytest.approx(cases / alone, abs=0.01)
    assert told["readings"] == 6 * told["cases"]


def test_the_expected_disagreement_is_that_of_the_ratings():
    plan = plan_audit(rate=0.2, width=0.1, agreement=0.85)
    frame, names = next(audits(0.2, 0.85, 2, 20_000, 1))
    differ = opinions_from_ratings(frame, readers=names).loc["overall", "share"]
    assert plan.loc["percent agreement", "expected"] == pytest.approx(1 - differ, abs=0.01)


def test_it_says_what_it_means_and_the_same_again():
    plan = plan_audit(rate=0.2, width=0.1, agreement=0.85, seed=7)
    assert plan.loc["percent agreement", "meaning"].startswith(
        "196 cases, each read by 2 readers: percent agreement 0.85"
    )
    pd.testing.assert_frame_equal(plan, plan_audit(rate=0.2, width=0.1, agreement=0.85, seed=7))


BAD = [
    ({"rate": "20 %", "width": 0.1},                                  "rate is a number above 0 and below 1"),
    ({"rate": 0.2, "width": 10},                                      "width is a number above 0"),
    ({"rate": 0.2},                                                   "either width or difference"),
    ({"rate": 0.2, "width": 0.1, "difference": 0.1},                  "either width or difference"),
    ({"rate": 0.2, "difference": 0.9},                                "other rate lies between 0 and 1"),
    ({"rate": 0.2, "difference": 0},                                  "difference is a number from -1 to 1"),
    ({"rate": 0.2, "difference": "a tenth"},                          "difference is a number from -1 to 1"),
    ({"rate": 0.2, "difference": 0.1, "power": 80},                   "power is a number above 0"),
    ({"rate": 0.2, "width": 0.1, "agreement": 1},                     "agreement is a number"),
    ({"rate": 0.2, "width": 0.1, "agreement": 0.6},                   "readers agree in 68 %"),
    ({"rate": 0.2, "width": 0.1, "readers": 3},                       "How often two readers agree"),
    ({"rate": 0.2, "width": 0.1, "agreement": 0.9, "readers": 1},     "readers is a whole number, 2 or more"),
    ({"rate": 0.2, "width": 0.1, "agreement": 0.9, "seed": None},     "seed is a whole number"),
    ({"rate": float("nan"), "width": True, "seed": "1"},              "(?s)rate.*seed.*width"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "says"), BAD, ids=[str(wrong) for wrong, _ in BAD])
def test_what_cannot_be_planned_is_said_all_at_once(wrong, says):
    with pytest.raises(SecondopError, match=says):
        plan_audit(**wrong)
