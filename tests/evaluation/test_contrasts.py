"""Intervals of contrasts agree with other programs, with published tables and with brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import Table2x2

from secondop.evaluation.contrasts import apart, contrast_of, contrasted, wilson

NEWCOMBE = [
    # Newcombe 1998, Stat Med 17:873-890, Table II, method 10
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0000),
]


@pytest.mark.parametrize(("first", "second", "lower", "upper"), NEWCOMBE)
def test_difference_intervals_agree_with_newcombes_published_table(first, second, lower, upper):
    assert contrasted("risk difference", first, second)[1:] == pytest.approx((lower, upper), abs=6e-5)


TABLES = [((40, 100), (30, 300)), ((49, 152), (6, 438)), ((1, 9), (8, 11)), ((830, 1452), (346, 1188))]


@pytest.mark.parametrize(("group", "reference"), TABLES)
def test_ratios_agree_with_statsmodels(group, reference):
    (k, n), (j, m) = group, reference
    other = Table2x2([[k, n - k], [j, m - j]])
    ratio = (other.riskratio, *other.riskratio_confint())
    assert contrasted("risk ratio", group, reference) == pytest.approx(ratio)
    odds = (other.oddsratio, *other.oddsratio_confint())
    assert contrasted("odds ratio", group, reference) == pytest.approx(odds)


def test_the_interval_of_a_lift_covers_as_it_says():
    """Of 4,000 cohorts of 500 cases, drawn with a lift of 16/7, the true lift is in 95 % of the intervals."""
    shares = np.array([0.10, 0.15, 0.075, 0.675])  # changed or not, in the group; changed or not, elsewhere
    true = (shares[0] / shares[:2].sum()) / shares[[0, 2]].sum()
    draws = np.random.default_rng(3).multinomial(500, shares, size=4000)
    found = np.array([contrasted("lift", (a, a + b), (a + c, 500)) for a, b, c, _ in draws])
    inside = ((found[:, 1] <= true) & (true <= found[:, 2])).mean()
    assert inside == pytest.approx(0.95, abs=0.01)
    spread = np.log(found[:, 0]).std()
    assert np.mean(np.log(found[:, 2] / found[:, 1])) / (2 * 1.959964) == pytest.approx(spread, rel=0.04)


def test_a_risk_ratio_of_two_groups_in_which_everybody_changed_is_not_certain():
    value, lower, upper = contrasted("risk ratio", (5, 5), (3, 3))
    half = 1.959964 * np.sqrt(1 / 5.5 - 1 / 6 + 1 / 3.5 - 1 / 4)
    middle = (5.5 / 6) / (3.5 / 4)
    assert (value, lower, upper) == pytest.approx((1, middle * np.exp(-half), middle * np.exp(half)))


def test_everybody_has_no_lift_and_it_is_certain():
    assert contrasted("lift", (30, 100), (30, 100)) == pytest.approx((1, 1, 1))


EMPTY = [
    # measure       group     reference   value
    ("risk ratio", (0, 10), (5, 10), 0.0),
    ("risk ratio", (5, 10), (0, 10), math.inf),
    ("odds ratio", (10, 10), (5, 10), math.inf),
    ("risk ratio", (0, 10), (0, 10), math.nan),
    ("risk ratio", (0, 0), (5, 10), math.nan),
    ("risk difference", (0, 0), (5, 10), math.nan),
]


@pytest.mark.parametrize(("measure", "group", "reference", "value"), EMPTY)
def test_an_empty_cell_leaves_an_interval_and_an_empty_side_none(measure, group, reference, value):
    found, lower, upper = contrasted(measure, group, reference)
    assert found == value or math.isnan(found) == math.isnan(value)
    if not group[1]:
        assert math.isnan(lower) and math.isnan(upper)
    elif math.isnan(value):
        assert 0 < lower < 1 < upper
    else:
        assert lower <= found <= upper and lower < upper


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2])), min_size=2, max_size=5))
def test_the_bounds_of_a_ratio_hold_for_every_way_of_settling_the_unknown(cases):
    """0 is no, 1 yes, 2 unknown: whether a case is in the group (else in the reference), and its answer."""

    counts = np.zeros((3, 3, 3), int)
    for member, answer in cases:
        counts[member, {0: 1, 1: 0, 2: 2}[member], answer] += 1
    seen = contrast_of("risk ratio", counts, counts)
    settled = [()]
    for member, answer in cases:
        members, answers = ([0, 1] if x == 2 else [x] for x in (member, answer))
        settled = [(*done, (m, a)) for done in settled for m in members for a in answers]
    for way in settled:
        (k, n), (j, m) = ((sum(a for x, a in way if x == s), sum(x == s for x, _ in way)) for s in (1, 0))
        ratio = contrasted("risk ratio", (k, n), (j, m))[0]
        if not (math.isnan(ratio) or math.isnan(seen["min"]) or math.isnan(seen["max"])):
            assert seen["min"] <= ratio + 1e-9 and ratio <= seen["max"] + 1e-9


def test_a_distance_of_two_estimates_adds_the_margins_that_face_each_other():
    assert apart((5, 4, 7), (5, 4, 7), (2, 1, 5)) == pytest.approx(
        (3 - math.hypot(1, 3), 3 + math.hypot(2, 1))
    )
    shares = [(k / n, *wilson(k, n)) for k, n in ((56, 70), (48, 80))]
    assert apart(shares[0], *shares) == pytest.approx((0.0524, 0.3339), abs=6e-5)  # Newcombe 1998, Table II
