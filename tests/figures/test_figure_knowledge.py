"""Figures of how informative facts are: the table's numbers, their ranges, and a slider without a kernel."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.cohorts.simulate import simulate
from secondop.errors import SecondopError
from secondop.evaluation.knowledge import triage_lifts, yield_range
from tests.figures.seen import hovers, notes, plain, rows, title, trace

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


def test_marks_are_the_middle_and_intervals_reach_over_all_contrasts(table):
    figure = figures.yield_at_signal(table)
    middle = of(table, "yield_above_chance", policy="recommended", contrasts="middle", signal=1)["value"]
    assert trace(figure, "mark").x[0] == pytest.approx(middle.item(), rel=1e-4)
    ends = of(table, "yield_above_chance", policy="recommended", signal=1)
    thin, bar = trace(figure, "interval"), trace(figure, "known")
    assert thin.x[0] == pytest.approx(ends["lower"].min(), rel=1e-4)
    assert thin.x[0] + thin.error_x.array[0] == pytest.approx(ends["upper"].max(), rel=1e-4)
    assert [bar.base[0], bar.base[0] + bar.x[0]] == pytest.approx(sorted(ends["value"]), rel=1e-4)
    assert set(trace(figure, "chance").x) == {0}
    assert {"A clinical indication", "At least 3 clinical indications"} <= set(notes(figure))


def test_yield_stands_with_its_share_its_range_and_what_it_rests_on(table):
    figure = figures.yield_at_signal(table)
    words = title(figure)
    assert words.startswith("As calibrated to contrasts, referring all with a clinical indication finds ")
    low, high = (f"{x:.1f}" for x in of(table, "yield_above_chance", policy="recommended", signal=1)["value"])
    share = [f"{x:.0f}" for x in of(table, "yield_share", policy="recommended", signal=1)["value"]]
    ends = of(table, "yield_above_chance", policy="recommended", signal=1)
    said = f"{low} to {high} changes per 100 cases above chance"
    assert f"{said} (95 % interval {ends['lower'].min():.1f} to {ends['upper'].max():.1f})" in words
    assert "20,000 simulated cases" in words
    (row,) = (r for r in rows(figure) if r["policy"].startswith("All with a c") and r["signal"] == "1")
    assert row["contrasts from low to high"] == f"{low} to {high}"
    assert row["share of the possible, %"] == " to ".join(share)


def test_without_a_share_none_is_said(net):
    assert "errors corrected, less introduced, per 100" in title(figures.yield_at_signal(net))
    assert not any("share of" in name for name in rows(figures.yield_at_signal(net))[0])


def test_the_slider_moves_all_that_depends_on_the_signal_and_begins_at_what_is_calibrated(table):
    figure = figures.yield_at_signal(table)
    (slider,) = figure.layout.sliders
    assert [step.label for step in slider.steps] == ["0", "1"] and slider.active == 1
    for signal, step in zip((0, 1), slider.steps, strict=True):
        data, words, which = step.args
        assert [*which] == [0, 1, 2, 3] and all(len(each) == 4 for each in data.values())
        found = of(table, "yield_above_chance", signal=signal, contrasts="middle")["value"].tolist()
        assert list(data["x"][2]) == pytest.approx(found, rel=1e-4)
        high = of(table, "yield_above_chance", signal=signal).groupby(level=0)["upper"].max()
        assert max(np.add(data["x"][1], data["error_x.array"][1])) == pytest.approx(high.max(), rel=1e-4)
        assert ("(95 % interval −" in plain(words["title.text"])) == (signal == 0)
        assert [row[1] for row in data["customdata"][2]] == [f"{signal}"] * 2
        ends = sorted(of(table, "yield_above_chance", policy="recommended", signal=signal)["value"])
        ends = " to ".join(dict.fromkeys(f"{x:.1f}" for x in ends))
        assert words["annotations[2].text"] == ends.replace("-", "−")
    for place, drawn in enumerate(figure.data[:3]):
        assert [*drawn.x] == [*slider.steps[1].args[0]["x"][place]]


def test_triage_shows_published_ranges_beside_simulated_lifts_and_what_is_open():
    table = triage_lifts(simulate("oncology", 2_000, seed=1), ["urgent"])
    figure = figures.triage_lifts(table)
    assert title(figure).startswith("Shown to beat chance on every published case mix: triage by doubt Pub")
    published, own = table[table["source"] == "published"], table[table["source"] != "published"]
    bars = next(t for t in figure.data if t.type == "bar")
    ends = np.array([bars.base, np.add(bars.base, bars.x)]).T
    np.testing.assert_allclose(ends, published[["lower", "upper"]], rtol=1e-4)
    dots = [t for t in figure.data if t.type == "scatter" and t.customdata is not None][-1]
    assert list(dots.x) == pytest.approx(own["value"].tolist(), rel=1e-4)
    assert {f"{x:.2f}" for x in own["value"]} <= set(notes(figure))
    assert "Simulated, as assumed" in title(figure) and "Simulated, as assumed" in hovers(figure)[-1]
    for draw in (figures.triage_lifts, figures.yield_at_signal):
        with pytest.raises(SecondopError, match="draws a table that"):
            draw(pd.DataFrame({"a": [1]}))


def test_triage_of_one_kind_says_what_there_is_and_half_a_table_is_refused():
    table = triage_lifts(simulate("oncology", 2_000, seed=1), ["urgent"])
    kind, published = table["triage"].str.partition(":")[0], table["source"] == "published"
    doubt = title(figures.triage_lifts(table[(kind == "Doubt") | ~published]))
    assert doubt.startswith("Shown to beat chance on every published case mix: triage by doubt")
    other = title(figures.triage_lifts(table[(kind != "Doubt") | ~published]))
    assert other.startswith("No triage is shown to beat chance")
    for half in (published, ~published):
        with pytest.raises(SecondopError, match="The figure triage_lifts draws published rows and those"):
            figures.triage_lifts(table[half])
