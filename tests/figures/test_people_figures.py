"""Streams, a hundred people and the movable exchange rate show the table's numbers."""

import re

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.people import flow_table, of_100
from secondop.evaluation.tradeoff import tradeoff

N = 100
RATES = [0.05, 0.1, 0.5, 1.0]


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "neoplasia_concern": np.where(rng.random(N) < 0.2, None, rng.random(N) < 0.3),
            "atypical_presentation": np.where(rng.random(N) < 0.2, None, rng.random(N) < 0.4),
            "sought": rng.random(N) < 0.5,
            "changed": rng.random(N) < 0.4,
        }
    )
    frame.attrs["simulated"] = True
    return frame


def plain(text):
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def title(figure):
    return plain(figure.layout.title.text)


def test_streams_are_as_wide_as_their_cases_and_hover_as_sentences(cases):
    table = flow_table(cases, outcome="changed")
    (sankey,) = figures.flow(table).data
    assert list(sankey.link.value) == table["cases"].tolist()
    names = [plain(label).rsplit(" ", 1)[0] for label in sankey.node.label]
    assert [names[i] for i in sankey.link.target] == table["target"].tolist()
    assert [names[i] for i in sankey.link.source] == table["source"].tolist()
    said = [plain(text) for text in [*sankey.link.customdata, *sankey.node.customdata]]
    assert all(text.endswith(".") and "{" not in text and "nan" not in text for text in said)
    row = table.iloc[0]
    assert said[0].startswith(
        f"The rule book says “{row['target']}” of {row['cases']} of {N} simulated cases"
    )


def test_the_title_of_the_streams_says_how_many_are_sent_seek_and_change(cases):
    table = flow_table(cases, outcome="changed")
    into = table.groupby("target")["cases"].sum()
    text = title(figures.flow(table))
    assert f"recommended in {into['urgent'] + into['recommended']} of 100 cases" in text
    rows = table[table["target"] == "sought one"].set_index("source")["cases"]
    both = rows.reindex(["urgent", "recommended"]).sum()
    assert f"sought in {into['sought one']}, of which {both:.0f} are recommended, and changes" in text
    assert f"something in {into['something changed']}; in {into['would have changed']} nobody asked" in text
    assert "100 simulated cases" in text


def test_a_hundred_marks_are_drawn_one_for_each_person(cases):
    table = of_100(cases, "recommended", outcome="changed").set_index("part")
    figure = figures.icon_array(table.reset_index())
    spots = [spot for trace in figure.data for spot in zip(trace.x, trace.y, strict=True)]
    assert len(spots) == len(set(spots)) == 100
    assert [len(trace.x) for trace in figure.data] == table["people"].tolist()
    assert len({(trace.marker.color, trace.marker.symbol) for trace in figure.data}) == len(figure.data)
    people = table["people"]
    text = title(figure)
    assert f"Of 100 people, {people['found'] + people['overuse']} would be sent" in text
    assert f"for {people['found']} something changes, for {people['overuse']} nothing does" in text
    assert f"{people['undecided']} are undecided" in text and "100 simulated cases" in text
    assert all(plain(trace.hovertext[0]).endswith(".") for trace in figure.data)


def test_nothing_is_drawn_of_no_cases(cases):
    none = cases.iloc[:0]
    with pytest.raises(SecondopError, match="no cases"):
        figures.flow(flow_table(none, outcome="changed"))
    with pytest.raises(SecondopError, match="no cases"):
        figures.icon_array(of_100(none, "urgent", outcome="changed"))


@pytest.fixture(scope="module")
def moved(cases):
    table = tradeoff(cases, ["urgent", "recommended"], outcome="changed", exchange_rate=RATES)
    return table, figures.net_benefit(table)


def test_the_slider_has_a_step_for_every_rate_and_starts_at_the_one_shown(moved):
    _, figure = moved
    (slider,) = figure.layout.sliders
    assert [step.label for step in slider.steps] == ["20", "10", "2", "1"]
    assert slider.active == RATES.index(0.1)
    shown = slider.steps[slider.active].args
    assert list(figure.data[-1].x) == shown[0]["x"][-1]
    assert figure.layout.title.text == shown[1]["title.text"]


@pytest.mark.parametrize("rate", RATES)
def test_each_step_moves_every_mark_to_the_net_benefit_at_its_rate(moved, rate):
    table, figure = moved
    rows = table[table["exchange_rate"] == rate].set_index("policy")
    data, layout, traces = figure.layout.sliders[0].steps[RATES.index(rate)].args
    assert list(traces) == [1, 2, 3, 4, 5] and len(data["x"]) == len(data["hovertext"]) == 5
    everybody, unknown, interval, chance, policies = data["x"]
    drawn = rows.loc[["urgent", "recommended", "oracle"]]
    assert everybody == pytest.approx([rows.loc["all", "net_benefit"]] * 2, abs=1e-3)
    assert policies == pytest.approx(drawn["net_benefit"].tolist(), abs=1e-3)
    assert unknown[:2] == pytest.approx(
        drawn[["net_benefit_low", "net_benefit_high"]].iloc[0].tolist(), abs=1e-3
    )
    assert interval[1::3] == pytest.approx(drawn["net_benefit_upper"].tolist(), abs=1e-3)
    assert chance[:2] == pytest.approx(
        rows.loc[["random: urgent", "random: recommended"], "net_benefit"].tolist(), abs=1e-3
    )
    assert chance[2] is None  # no chance beside the oracle
    real = rows[~rows["sort"].isin(["random", "oracle"])]
    best = real.loc[real["net_benefit"].idxmax()]
    assert plain(layout["title.text"]).startswith(f"With {best['exchange']}, sending {best['label']} is")
    assert "100 simulated cases" in plain(layout["title.text"])
    reach = real[real["net_benefit_upper"] >= best["net_benefit_lower"]].drop(best.name)
    assert ("in a tie with" in plain(layout["title.text"])) == bool(len(reach))
    assert ("tie with sending nobody" in plain(layout["title.text"])) == ("none" in set(reach["sort"]))
    said = [plain(text) for text in [*data["hovertext"][4], *data["hovertext"][3][:2]]]
    assert all(text.startswith(f"With {best['exchange']}, ") and text.endswith("net.") for text in said)


def test_every_mark_of_every_step_lies_within_the_axis(moved):
    _, figure = moved
    low, high = figure.layout.xaxis.range
    for step in figure.layout.sliders[0].steps:
        assert all(low <= x <= high for trace in step.args[0]["x"] for x in trace if x is not None)


TIES = [
    # net benefit with its interval: recommended, everybody        the title tells
    ((5, 4, 6), (3, 2, 3.5), "sending all with a clinical indication is worth most: 5.0 per 100 cases"),
    ((5, 3, 6), (3, 2, 3.5), "is worth most, in a tie with 1 other: their lines reach as high"),
    ((1.9, -10, 12), (1, 0.5, 1.5), "in a tie with sending nobody and 1 other: their lines reach as high"),
]


@pytest.mark.parametrize(("book", "everybody", "told"), TIES)
def test_worth_most_is_claimed_only_where_no_other_line_reaches_as_high(cases, book, everybody, told):
    table = tradeoff(cases, ["recommended"], outcome="changed").set_index("sort")
    ends = ["net_benefit", "net_benefit_lower", "net_benefit_upper"]
    table.loc["level", ends], table.loc["all", ends] = book, everybody
    text = title(figures.net_benefit(table.reset_index()))
    assert told in text and text.startswith("With 10 needless opinions accepted for one useful one, sending ")


def test_one_exchange_rate_needs_no_slider(cases):
    figure = figures.net_benefit(tradeoff(cases, ["urgent"], outcome="changed"))
    assert not figure.layout.sliders
    assert title(figure).startswith("With 10 needless opinions accepted for one useful one, sending ")
