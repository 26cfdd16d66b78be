"""The figure of contrasts: ratios on a log scale, their intervals, and a cohort's beside them."""

import numpy as np
import pandas as pd
import pytest

from secondop.errors import SecondopError
from secondop.evaluation.comparison import compare
from secondop.evaluation.published import published_contrasts
from secondop.figures.ratios import contrasts
from tests.figures.seen import title

ROWS = published_contrasts()
ANCHORING = ROWS[(ROWS["bears_on"] == "knowing the first opinion") & (ROWS["measure"] != "risk difference")]
CASES = pd.DataFrame(
    {"sought": True, "diagnosis_changed": [True] * 40 + [False] * 60 + [True] * 30 + [False] * 270}
)
CASES["doubt"] = pd.Series([True] * 100 + [False] * 300, dtype="boolean")
DOUBT = ROWS[ROWS["id"] == "doubt_risk_ratio"]
CASES.attrs["simulated"] = True


def beside(cases):
    return contrasts(compare(cases, DOUBT, sides={"doubt_risk_ratio": ("doubt", None)}, fitted_to=()))


def test_each_design_has_its_own_trace_colour_and_symbol_on_a_log_scale():
    figure = contrasts(ANCHORING)
    assert [trace.name for trace in figure.data] == [
        "randomised", "cohort", "cohort, alternated by month", "vignettes",
    ]  # fmt: skip
    looks = {(trace.marker.color, trace.marker.symbol[0]) for trace in figure.data}
    assert len(looks) == 4 and figure.layout.xaxis.type == "log"


def test_points_and_bars_are_those_of_the_table_and_without_an_interval_a_point_is_open():
    trace, own = contrasts(ANCHORING).data[0], ANCHORING[ANCHORING["design"] == "randomised"]
    assert list(trace.x) == own["value"].to_list() == [1.52, 1.38, 1.71, 1.27]
    assert np.add(trace.x, trace.error_x.array)[[0, 2, 3]].tolist() == pytest.approx([1.73, 2.2, 1.86])
    assert [symbol.endswith("open") for symbol in trace.marker.symbol] == [False, True, False, False]


def test_the_title_counts_the_intervals_that_exclude_1_and_the_hover_says_the_outcome():
    figure = contrasts(ANCHORING)
    assert title(figure).startswith("5 of 8 published ratios with an interval exclude 1")
    hover = figure.data[0].hovertext[0].replace("<br>", " ")
    assert "reading more severe than before, told a more severe diagnosis against told none" in hover
    assert "risk ratio 1.52 (1.34 to 1.73)" in hover


def test_a_cohort_stands_beside_what_was_published():
    figure = beside(CASES)
    assert [trace.name for trace in figure.data] == ["published", "simulated"]
    assert [trace.x[0] for trace in figure.data] == [4.4, pytest.approx(4)]
    assert title(figure).startswith("The cohort agrees with the only published ratio that can disagree")
    assert "Simulated, beside this project's reading 2026" in figure.data[1].hovertext[0].replace("<br>", " ")


def test_ratios_that_were_fitted_stand_apart_and_prove_nothing():
    sides = {"doubt_risk_ratio": ("doubt", None), "france_complex": ("doubt", None)}
    both = ROWS[ROWS["id"].isin(sides)]
    cases = CASES.assign(treatment_changed=False)
    figure = contrasts(compare(cases, both, sides=sides, fitted_to=["doubt_risk_ratio"]))
    drawn = {trace.name: len(trace.x) for trace in figure.data}
    assert drawn == {"published": 2, "simulated": 1, "simulated, fitted": 1}
    assert figure.data[1].marker.color != figure.data[2].marker.color
    assert "misses the only published ratio that can disagree" in title(figure)
    assert "1 more was fitted and proves nothing" in title(figure)


def test_a_ratio_with_unknown_answers_has_a_bar_and_no_point():
    cases = CASES.copy()
    cases.loc[:5, "doubt"] = pd.NA
    point = beside(cases).data[1]
    assert list(point.marker.size) == [0] and point.error_x.array[0] > 0


@pytest.mark.parametrize("rows", [ROWS, ROWS.head(0)])
def test_what_is_no_ratio_is_not_drawn_on_a_scale_of_ratios(rows):
    with pytest.raises(SecondopError, match="draws ratios"):
        contrasts(rows)


def test_names_that_look_like_html_are_shown_as_text():
    figure = contrasts(DOUBT.assign(study="<b>x</b>"))
    text = figure.data[0].hovertext[0] + " ".join(note.text for note in figure.layout.annotations)
    assert "<b>x" not in text
