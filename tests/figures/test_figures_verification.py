"""Figures of outcomes known only for some: what is drawn lies within the figure, and is called what it is."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.evaluation.departures import departures, verification_bias
from tests.figures.seen import hovers, title


@pytest.fixture(scope="module")
def cases():
    """200 cases, 120 of them referred; the outcome is known of 60 of these, and of 20 of the others."""
    known = [45 * [True], 15 * [False], 60 * [None], 4 * [True], 16 * [False], 60 * [None]]
    changed = [answer for some in known for answer in some]
    return pd.DataFrame({"mine": [True] * 120 + [False] * 80, "changed": changed})


def bias(cases):
    return verification_bias(cases, {"mine": "mine"}, outcome="changed", given=[])


@pytest.mark.parametrize("gaps", [0, 9], ids=["every referral known", "nine not"])
def test_known_cases_estimate_and_bounds_stand_apart_and_end_within_the_figure(cases, gaps):
    cases = cases.assign(mine=cases["mine"].astype("boolean").mask(cases.index < gaps))
    table = bias(cases)
    figure = figures.verification_bias(table)
    low, high = figure.layout.xaxis.range
    assert low == 0 and high > max(x for trace in figure.data for x in trace.x) * 1.01
    assert "56.2 per 100 cases by the known cases alone, 45.0 estimated" in title(figure) or gaps
    assert ("of the known cases with missing information" in title(figure)) == bool(gaps)
    assert len(hovers(figure)) == 3 and not any("nan" in text for text in hovers(figure))


def test_departures_are_drawn_between_none_and_all(cases):
    table = departures(cases, {"mine": "mine"}, outcome="changed", given=[])
    figure = figures.departures(table, truth=45.0)
    ends = [trace.y[0] for trace in figure.data if trace.line.dash == "dash"]
    assert ends == pytest.approx([22.5, 52.5]) and "the truth, 45.0" in title(figure)
    assert "are 1 times those of cases alike" in title(figure)
    assert np.isfinite(np.concatenate([trace.y for trace in figure.data]).astype(float)).all()
