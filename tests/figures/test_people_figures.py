"""Streams and a hundred people show the table's numbers."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.people import flow_table, of_100
from tests.figures.seen import plain, title

N = 100


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "complication_during_treatment": np.where(rng.random(N) < 0.2, None, rng.random(N) < 0.3),
            "atypical_presentation": np.where(rng.random(N) < 0.2, None, rng.random(N) < 0.4),
            "sought": rng.random(N) < 0.5,
            "changed": rng.random(N) < 0.4,
        }
    )
    frame.attrs["simulated"] = True
    return frame


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


def test_the_title_of_the_streams_says_how_many_are_referred_seek_and_change(cases):
    table = flow_table(cases, outcome="changed")
    into = table.groupby("target")["cases"].sum()
    text = title(figures.flow(table))
    assert f"recommended in {into['urgent'] + into['recommended']} of 100 cases" in text
    rows = table[table["target"] == "sought one"].set_index("source")["cases"]
    both = rows.reindex(["urgent", "recommended"]).sum()
    advised, sought = into["urgent"] + into["recommended"], into["sought one"]
    assert f"and {both:.0f} of these seek one; of the other {100 - advised}, {sought - both:.0f} do" in text
    assert f"Something changes in {into['something changed']} of 100; it would have in " in text
    assert f"it would have in {into['would have changed']} who sought none." in text
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
    assert f"Of 100 people, {people['true_positive'] + people['false_positive']} would be referred" in text
    assert (
        f"for {people['true_positive']} something changes, for {people['false_positive']} nothing does"
        in text
    )
    assert f"{people['cannot_be_judged']} cannot be judged" in text and "100 simulated cases" in text
    assert all(plain(trace.hovertext[0]).endswith(".") for trace in figure.data)


def test_the_referred_are_counted_in_the_title_whatever_came_of_it(cases):
    unknown = cases.assign(changed=cases["changed"].astype("boolean").mask(cases.index < 50))
    people = of_100(unknown, "recommended", outcome="changed").set_index("part")["people"]
    referred = people[["true_positive", "false_positive", "referred_unknown"]]
    assert referred.min() and f"{referred.sum()} would be referred" in title(
        figures.icon_array(of_100(unknown, outcome="changed"))
    )


def test_nothing_is_drawn_of_no_cases(cases):
    none = cases.iloc[:0]
    with pytest.raises(SecondopError, match="no cases"):
        figures.flow(flow_table(none, outcome="changed"))
    with pytest.raises(SecondopError, match="no cases"):
        figures.icon_array(of_100(none, "urgent", outcome="changed"))
