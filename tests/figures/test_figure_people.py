"""A hundred people show the table's numbers, and whom the record leaves open."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures, firing_rates, flow, natural_frequencies, of_100
from secondop.errors import SecondopError
from secondop.figures.style import COLOURS
from tests.figures.seen import notes, rows, title

N = 100
ADVISED = ["urgent", "recommended"]


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


@pytest.fixture(scope="module")
def unknown(cases):
    """The same cases, the outcome of the first fifty not known."""
    return cases.assign(changed=cases["changed"].astype("boolean").mask(cases.index < 50))


def people(figure):
    """The marks that are people, part by part: where they stand, and on which axes."""
    parts = [part for part in figure.data if part.customdata is not None]
    spots = [
        [(part.xaxis, x, y) for x, y in zip(part.x, part.y, strict=True) if x is not None] for part in parts
    ]
    return list(zip(parts, spots, strict=True))


def test_a_hundred_people_stand_in_the_field_of_their_advice_and_of_what_they_did(cases):
    table = flow(cases, outcome="changed")
    figure = figures.flow(table)
    spots = [spot for _, where in people(figure) for spot in where]
    assert len(spots) == len(set(spots)) == 100
    advised, could = table["recommendation"].isin(ADVISED), table["possible"].isin(ADVISED)
    for words, rule in (
        ("Advised", advised),
        ("Cannot be judged", could & ~advised),
        ("Not advised", ~could),
    ):
        for sought, seek in (("sought one", "seek one"), ("sought none", "seek none")):
            cell = table.loc[rule & (table["sought"] == sought), "cases"].sum()
            assert not cell or f"{words}: {cell} {seek}" in notes(figure)
    sides = table.assign(could=could & ~advised, advised=advised)
    sides = sides.groupby(["advised", "could", "sought", "outcome"], observed=True)["cases"].sum()
    assert sorted(len(where) for _, where in people(figure) if where) == sorted(sides)


def test_people_are_coloured_by_what_came_of_it_whatever_they_were_advised(cases, unknown):
    colours = {
        "something changed": "useful",
        "nothing changed": "overuse",
        "would have changed": "underuse",
        "would not have changed": "no_indication",
    }
    shown = set()
    for frame in (cases, unknown):
        for part, where in people(figures.flow(flow(frame, outcome="changed"))):
            said = part.customdata[0][0].replace("<br>", " ").partition(": ")[2]
            if where and said in colours:
                shown.add(said)
                assert part.marker.color == COLOURS[colours[said]]
            elif where:
                assert said in ("outcome not known", "never to be known")
                assert (part.text == "?") == (said == "never to be known")
    assert shown == set(colours)


def test_every_outcome_has_one_entry_in_the_legend(unknown):
    figure = figures.flow(flow(unknown, outcome="changed"))
    named = [part.name for part in figure.data if part.showlegend]
    assert len(named) == len(set(named)) and "never to be known" in named and "outcome not known" in named
    assert all(len(name) <= 36 for name in named)


def test_the_title_says_who_is_advised_who_seeks_one_and_who_cannot_be_judged(cases):
    table = flow(cases, outcome="changed")
    text = title(figures.flow(table))
    advised = table[table["recommendation"].isin(ADVISED)]
    both = advised.loc[advised["sought"] == "sought one", "cases"].sum()
    assert text.startswith(
        f"Of 100 people {advised['cases'].sum()} are advised to seek a second opinion, and {both} do"
    )
    open_ = table[~table["recommendation"].isin(ADVISED) & table["possible"].isin(ADVISED)]
    both = open_.loc[open_["sought"] == "sought one", "cases"].sum()
    assert f"cannot be judged: {both} of {open_['cases'].sum()}" in text and "100 simulated cases" in text
    urgent = flow(cases.assign(complication_during_treatment=True), outcome="changed")
    assert " of 0 " not in title(figures.flow(urgent)) and title(figures.flow(urgent)).startswith(
        "Of 100 people 100"
    )
    lost = cases.assign(sought=cases["sought"].astype("boolean").mask(cases.index < 7))
    figure = figures.flow(flow(lost, outcome="changed"))
    assert "; of 7 it is not known" in title(figure) and any("not known" in note for note in notes(figure))


SAME = {
    "true_positive": "^Advised.*(?:something|would have) changed",
    "false_positive": "^Advised.*(?:nothing|not have) changed",
    "false_negative": "^Not .*(?:something|would have) changed",
    "cannot_be_judged": "^Cannot",
}


@pytest.mark.parametrize("n", [7, 29, 33, 61, 83])
def test_both_figures_show_the_same_cases_as_the_same_people(cases, unknown, n):
    for frame in (cases.head(n), unknown.tail(n)):
        parts = of_100(frame, outcome="changed").set_index("part")["people"]
        shown = pd.DataFrame(rows(figures.flow(flow(frame, outcome="changed"))))
        for part, like in SAME.items():
            people = shown.loc[shown["who"].str.contains(like), "of 100 people"].astype(int)
            assert people.sum() == parts.get(part, 0)


def test_the_table_below_the_people_counts_all_cases(cases):
    table = flow(cases.head(30), outcome="changed")
    shown = rows(figures.flow(table))
    assert sum(int(row["of 100 people"]) for row in shown) == 100
    assert sum(int(row["cases"].split(" of 30")[0]) for row in shown) == 30


def test_a_hundred_marks_are_drawn_one_for_each_person_and_named_beside_them(cases):
    table = of_100(cases, "recommended", outcome="changed").set_index("part")
    figure = figures.icon_array(table.reset_index())
    marks = people(figure)
    spots = [spot for _, where in marks for spot in where]
    assert len(spots) == len(set(spots)) == 100
    assert [len(where) for _, where in marks] == table["people"].tolist()
    assert len({(part.marker.color, part.marker.symbol) for part, _ in marks}) == len(marks)
    keys = [part for part in figure.data if part.xaxis == "x2"]
    assert [(key.marker.color, key.marker.symbol, key.text.strip()) for key in keys] == [
        (part.marker.color, part.marker.symbol, str(len(where))) for part, where in marks
    ]
    assert notes(figure) == table["words"].tolist()
    count = table["people"]
    referred = count["true_positive"] + count["false_positive"]
    text = title(figure)
    assert f"Of 100 people, {referred} would be referred" in text
    assert (
        f"for {count['true_positive']} something changes, for {count['false_positive']} nothing does" in text
    )
    assert f"{count['cannot_be_judged']} cannot be judged" in text and "100 simulated cases" in text


def test_the_referred_are_counted_in_the_title_whatever_came_of_it(unknown):
    table = of_100(unknown, outcome="changed")
    count = table.set_index("part")["people"]
    referred = count[["true_positive", "false_positive", "referred_unknown"]]
    text = title(figures.icon_array(table))
    assert referred.min() and f"{referred.sum()} would be referred" in text
    assert f"of {count['referred_unknown']} nobody knows" in text


def test_shares_that_are_given_are_drawn_with_their_source():
    table = natural_frequencies(0.4, 0.5, 0.148, source="All three are assumed.")
    figure = figures.icon_array(table)
    assert "All three are assumed." in title(figure) and title(figure).startswith("Of 100 people, 40 have")
    assert [row["share of all"] for row in rows(figure)] == ["3.0 %", "17 %", "20 %", "60 %"]


def test_nothing_is_drawn_of_no_cases_or_of_another_table(cases):
    none = cases.iloc[:0]
    for draw in (
        lambda: figures.flow(flow(none, outcome="changed")),
        lambda: figures.icon_array(of_100(none, "urgent", outcome="changed")),
    ):
        with pytest.raises(SecondopError, match="nothing to draw"):
            draw()
    with pytest.raises(SecondopError, match="figure flow draws a table that flow makes"):
        figures.flow(firing_rates(cases))
    with pytest.raises(SecondopError, match="that of_100 or natural_frequencies makes"):
        figures.icon_array(flow(cases, outcome="changed"))
