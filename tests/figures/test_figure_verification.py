"""Outcomes known only for some: what is drawn lies within the figure, and is called what it is."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.departures import departures, verification_bias
from tests.figures.seen import hovers, notes, rows, title, trace


@pytest.fixture(scope="module")
def cases():
    """200 cases, 120 of them referred; the outcome is known of 60 of these, and of 20 of the others."""
    known = [45 * [True], 15 * [False], 60 * [None], 4 * [True], 16 * [False], 60 * [None]]
    changed = [answer for some in known for answer in some]
    return pd.DataFrame({"mine": [True] * 120 + [False] * 80, "changed": changed})


def bias(cases, **how):
    return verification_bias(cases, {"mine": "mine"}, outcome="changed", given=[], **how)


def hatched(figure):
    (bars,) = [bar for bar in figure.data if bar.type == "bar" and bar.marker.pattern.shape == "/"]
    drawn = zip(bars.base, bars.x, bars.y, strict=True)
    return [(base, base + x, y) for base, x, y in drawn if base is not None]


@pytest.mark.parametrize("gaps", [0, 9], ids=["every referral known", "nine not"])
def test_known_cases_estimate_and_bounds_stand_apart_and_end_within_the_figure(cases, gaps):
    cases = cases.assign(mine=cases["mine"].astype("boolean").mask(cases.index < gaps))
    table = bias(cases)
    figure = figures.verification_bias(table)
    low, high = figure.layout.xaxis.range
    assert low == 0 and high > table[["max", "upper"]].drop(index=1).max().max() * 1.01
    assert "56.2 per 100 cases by the known cases alone, 45.0 estimated" in title(figure) or gaps
    bounds = [(row["min"], row["max"], -i) for i, row in table.iterrows() if row["way"] != "estimate"]
    assert hatched(figure) == [pytest.approx(bound) for bound in bounds if bound[0] < bound[1]]
    assert len(hatched(figure)) == 1 + bool(gaps)
    assert notes(figure)[:3] == ["Known cases alone", "Estimate", "Bounds"]
    assert len(hovers(figure)) == 3 and not any("nan" in text for text in hovers(figure))


def test_the_estimate_has_a_thin_interval_and_the_bounds_none(cases):
    table = bias(cases)
    figure = figures.verification_bias(table)
    thin = trace(figure, "interval")
    assert [x + by for x, by in zip(thin.x[:2], thin.error_x.array, strict=False)] == pytest.approx(
        table["upper"][:2].tolist(), rel=1e-4
    )
    assert thin.x[2] is None and list(thin.x[:2]) == pytest.approx(table["lower"][:2].tolist(), rel=1e-4)
    assert rows(figure)[1]["95 % interval"].startswith(f"{table['lower'][1]:.1f} to ")
    assert rows(figure)[2]["per 100 cases"] == "22.5 to 52.5" and rows(figure)[2]["95 % interval"] == "none"


def test_bounds_may_be_left_out(cases):
    table = bias(cases)
    figure = figures.verification_bias(table[table["way"] != "bounds"])
    assert [row["way"] for row in rows(figure)] == ["Known cases alone", "Estimate"] and not hatched(figure)


def test_of_simulated_cases_the_title_says_whether_the_interval_includes_the_truth(cases):
    table = bias(cases)
    truth = table.iloc[[1]].assign(way="truth", value=47.0)
    both = pd.concat([table, truth], ignore_index=True)
    both.attrs = table.attrs
    assert "estimated; its interval includes the truth, 47.0" in title(figures.verification_bias(both))
    both.loc[3, "value"] = 5.0
    assert "estimated; its interval misses the truth, 5.0" in title(figures.verification_bias(both))
    assert trace(figures.verification_bias(both), "mark").marker.symbol[-1] == "diamond"


def test_a_bound_without_a_limit_goes_to_the_edge_and_is_said(cases):
    known = cases.assign(
        changed=cases["changed"].mask(cases["mine"] & cases["changed"].eq(True) & (cases.index > 1))
    )
    table = bias(known, measure="nnr")
    table.loc[table["way"] == "bounds", "max"] = np.inf
    figure = figures.verification_bias(table)
    assert np.isfinite(figure.layout.xaxis.range).all()
    assert hatched(figure)[-1][1] == pytest.approx(figure.layout.xaxis.range[1], rel=1e-4)
    assert any(row["referrals for one change"].endswith(" or more") for row in rows(figure))


def test_departures_are_drawn_between_none_and_all(cases):
    table = departures(cases, {"mine": "mine"}, outcome="changed", given=[])
    figure = figures.departures(table, truth=45.0)
    ends = [trace.y[0] for trace in figure.data if trace.line.dash == "dash"]
    assert ends == pytest.approx([45, 22.5, 52.5]) and "the truth, 45.0" in title(figure)
    assert "are 1 times those of cases alike" in title(figure)
    assert {"if none of them change", "if all of them change", "truth"} <= {*notes(figure)}
    assert list(trace(figure, "truth").y) == [45, 45]
    assert np.isfinite(np.concatenate([trace.y for trace in figure.data]).astype(float)).all()


def test_names_stand_where_their_line_is_on_the_log_axis(cases):
    figure = figures.departures(departures(cases, {"mine": "mine"}, outcome="changed", given=[]), truth=45.0)
    low, high = figure.layout.xaxis.range
    named = [note for note in figure.layout.annotations if note.text in ("truth", "if all of them change")]
    assert len(named) == 2 and all(low <= note.x <= high for note in named)


def test_without_a_truth_the_title_says_how_far_the_estimate_goes(cases):
    table = departures(cases, {"mine": "mine"}, outcome="changed", given=[])
    figure, some = figures.departures(table), table[np.isfinite(table["delta"])]
    assert f"{some['value'].min():.1f} to {some['value'].max():.1f} per 100 cases, if the odds" in title(
        figure
    )
    row = rows(figure)[0]
    assert row["times the odds"] == f"{some['odds'].min():.2g}" and " to " in row["95 % interval"]


@pytest.mark.parametrize("draw", [figures.verification_bias, figures.departures])
def test_another_table_is_refused_by_name(draw):
    with pytest.raises(SecondopError, match=f"{draw.__name__} draws a table that {draw.__name__} makes"):
        draw(pd.DataFrame({"way": ["estimate"]}))
