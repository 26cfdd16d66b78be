"""Strategies for second readings: slopes on one scale, and a title that chance allows."""

import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.figures.style import COLOURS
from tests.figures.seen import notes, rows, title

TABLE = pd.DataFrame(
    [
        ("none", "benign", 0.13, 0.0), ("none", "atypia", 0.174, 0.347),
        ("none", "no right answer", None, None),
        ("selective", "benign", 0.055, 0.0), ("selective", "atypia", 0.092, 0.423),
        ("all", "benign", 0.076, 0.0), ("all", "atypia", 0.105, 0.296),
    ],
    columns=["strategy", "reference_class", "over", "under"],
)  # fmt: skip


def slopes(figure, colour=None):
    """The ends of every slope, from where it starts."""
    lines = [trace for trace in figure.data if trace.mode == "lines" and trace.x[0] in (0, 2)]
    return [
        (trace.xaxis or "x", *trace.y)
        for trace in lines
        if colour in (None, trace.line.color) and trace.x[0] != trace.x[1]
    ]


def test_slopes_go_from_the_first_strategy_to_each_other_one_class_by_class():
    figure = figures.read_strategies(TABLE)
    benign, atypia = ([part[1:] for part in slopes(figure) if part[0] == axis] for axis in ("x", "x2"))
    assert sorted(atypia) == [
        pytest.approx(pair) for pair in [(17.4, 9.2), (17.4, 10.5), (34.7, 29.6), (34.7, 42.3)]
    ]
    assert sorted(benign) == [pytest.approx(pair) for pair in [(0, 0), (0, 0), (13, 5.5), (13, 7.6)]]
    heads = [note.text for note in figure.layout.annotations if note.text.startswith("<b>")]
    assert heads == ["<b>truly benign</b>", "<b>truly atypia</b>"]


def test_every_class_has_the_same_scale():
    layout = figures.read_strategies(TABLE).layout
    assert layout.yaxis.range == layout.yaxis2.range and layout.yaxis.range[1] > 42.3


def test_the_title_states_the_trade_and_only_its_strategy_is_coloured():
    figure = figures.read_strategies(TABLE)
    assert title(figure).startswith(
        "Under “selective”, over-calls of atypia fall (17.4 to 9.2 %) and under-calls rise (34.7 to 42.3 %)"
    )
    coloured = [part[1:] for part in slopes(figure, COLOURS["recommended"])]
    assert sorted(coloured) == [
        pytest.approx(pair) for pair in [(0, 0), (13, 5.5), (17.4, 9.2), (34.7, 42.3)]
    ]
    assert len(slopes(figure, COLOURS["none"])) == 4
    named = [note.text for note in figure.layout.annotations if note.font.color == COLOURS["recommended"]]
    assert named == ["selective", "selective"]


def test_pointing_at_a_mark_says_both_kinds_of_wrong_and_the_readings():
    row = rows(figures.read_strategies(TABLE.assign(second=0.25)))[-1]
    assert row["strategy"] == "selective, truly atypia"
    assert [row["over-called, %"], row["under-called, %"], row["read twice, %"]] == ["9.2", "42.3", "25.0"]


def test_without_a_rise_the_title_claims_none():
    calm = TABLE[TABLE["strategy"] != "selective"]
    for table in (calm, TABLE[TABLE["strategy"] == "none"]):
        figure = figures.read_strategies(table)
        assert title(figure).startswith("No strategy surely under-calls more often than “none” Of 100")
        assert not slopes(figure, COLOURS["recommended"])


def wide(reach):
    ends = {f"{kind}_{end}": TABLE[kind] + sign * reach for kind in ("over", "under")
            for end, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
    return TABLE.assign(**ends)


def test_a_rise_that_chance_in_simulating_may_have_made_is_no_finding():
    assert title(figures.read_strategies(wide(0.05))).startswith("No strategy surely under-calls more often")
    sure = figures.read_strategies(wide(0.03))
    assert title(sure).startswith("Under “selective”") and "95 % interval of the simulation" in title(sure)
    bars = [trace.error_y.array[0] for trace in sure.data if trace.error_y.array]
    assert bars and bars == pytest.approx([3] * len(bars))
    assert rows(sure)[-1]["under-called, %"] == "42.3 (39.3 to 45.3)"
    exact = figures.read_strategies(wide(0))  # ends that are the value say nothing more
    assert rows(exact)[-1]["under-called, %"] == "42.3" and "interval" not in title(exact)


def test_each_basis_has_its_own_symbol_and_dash_and_the_note_says_which():
    figure = figures.read_strategies(pd.concat([TABLE.assign(basis="model"), TABLE.assign(basis="paper")]))
    assert "Open, dashed: paper." in title(figure)
    assert {trace.marker.symbol for trace in figure.data if trace.mode == "markers"} == {
        "circle",
        "diamond-open",
    }
    assert "all, truly atypia (paper)" in [row["strategy"] for row in rows(figure)]


def test_names_stand_one_above_the_other_and_too_many_leave_that_of_the_title():
    few = [
        note
        for note in figures.read_strategies(TABLE).layout.annotations
        if note.text in ("selective", "all")
    ]
    assert len(few) == 4 and all(note.y > 1 for note in few)
    assert all(abs(a.y - b.y) > 3 for a, b in (few[:2], few[2:]))
    many = [TABLE] + [TABLE[TABLE["strategy"] == "all"].assign(strategy=f"number {i}") for i in range(20)]
    said = notes(figures.read_strategies(pd.concat(many)))
    assert said.count("selective") == 2 and not any(note.startswith("number") for note in said)


def test_another_table_is_refused_by_name():
    with pytest.raises(SecondopError, match="read_strategies draws a table that read_strategies makes"):
        figures.read_strategies(TABLE.drop(columns="under"))
