"""Figures over the signal: the numbers of the table, their ranges, and a slider without a kernel."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.cohorts.simulate import simulate
from secondop.evaluation.knowledge import triage_lifts, yield_range
from tests.figures.seen import hovers, plain, title, trace

POLICIES = ["recommended", "at least 3"]


@pytest.fixture(scope="module")
def table():
    return yield_range("programme", POLICIES, signals=[0, 1], anchors=["low", "middle"], n=20_000, seed=2)


@pytest.fixture(scope="module")
def net():
    some = {"signals": [1], "anchors": ["middle"], "n": 5_000, "seed": 2}
    return yield_range("programme", POLICIES, **some, outcome="net_corrected")


def of(table, measure, **where):
    rows = table[(table["measure"] == measure) & (table[list(where)] == pd.Series(where)).all(axis=1)]
    return rows[["value", "lower", "upper"]]


def test_marks_are_the_middle_and_bars_reach_from_the_least_to_the_most_interval(table):
    figure = figures.yield_range(table)
    marks = trace(figure, "All with a clinical indication")
    middle = of(table, "yield_above_chance", policy="recommended", contrasts="middle")
    assert list(marks.y) == middle["value"].tolist()
    bars = [bar for bar in figure.data if bar.line.width == 1.2 and bar.mode == "lines"]
    rows = of(table, "yield_above_chance", policy="recommended", signal=1)
    assert list(bars[0].y)[3:5] == [rows["lower"].min(), rows["upper"].max()]
    assert trace(figure, "As many at random").y == (0, 0)


@pytest.mark.parametrize("draw", [figures.yield_range, figures.yield_at_signal])
def test_yield_stands_with_its_share_its_range_and_what_it_rests_on(draw, table):
    words = title(draw(table))
    assert words.startswith("As calibrated to contrasts, referring all with a clinical indication finds ")
    low, high = (f"{x:.1f}" for x in of(table, "yield_above_chance", policy="recommended", signal=1)["value"])
    share = [f"{x:.0f}" for x in of(table, "yield_share", policy="recommended", signal=1)["value"]]
    assert (
        f"{low} to {high} changes per 100 cases above chance: {' to '.join(share)} % of the possible" in words
    )
    assert "20,000 simulated cases" in words
    assert all("signal" in said and "% of the possible" in said for said in map(plain, hovers(draw(table))))


def test_without_a_share_none_is_said(net):
    for figure in (figures.yield_range(net), figures.yield_at_signal(net)):
        assert "errors corrected, less introduced, per 100" in title(figure) and "possible" not in title(
            figure
        )


def test_the_slider_moves_all_that_depends_on_the_signal_and_begins_at_what_is_calibrated(table):
    figure = figures.yield_at_signal(table)
    (slider,) = figure.layout.sliders
    assert [step.label for step in slider.steps] == ["0", "1"] and slider.active == 1
    for signal, step in zip((0, 1), slider.steps, strict=True):
        restyle, layout, which = step.args
        assert [*which] == [1, 2, 3, 4] and all(len(each) == 4 for each in restyle.values())
        rows = of(table, "yield_above_chance", signal=signal, contrasts="middle")
        assert [*restyle["x"][2]] == rows["value"].tolist()
        assert ("cannot be told from chance" in plain(layout["title.text"])) == (signal == 0)
        assert all(text.endswith(" %") for text in restyle["text"][3])
    for place, drawn in enumerate(figure.data[1:]):
        assert [*drawn.x] == [*slider.steps[1].args[0]["x"][place]]


def test_triage_shows_published_ranges_beside_simulated_lifts_and_what_is_open():
    table = triage_lifts(simulate("oncology", 2_000, seed=1), ["urgent"])
    figure = figures.triage(table)
    assert "Triage by doubt beats chance on every published case mix" in title(figure)
    assert "whether first diagnosis and policy do is open" in title(figure)
    bars = [list(bar.x) for bar in figure.data if bar.mode == "lines"]
    assert bars == table[["lower", "upper"]].to_numpy().tolist()
    dots = [mark for mark in figure.data if mark.mode == "markers"]
    assert [mark.marker.opacity for mark in dots] == [0, 0, 0, 0, 1, 1]
    assert dots[-1].x[0] == pytest.approx(np.sqrt(table["lower"].iloc[-1] * table["upper"].iloc[-1]))
    assert "Simulated, as assumed" in plain(hovers(figure)[-1])
