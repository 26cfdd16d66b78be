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
    """The ends of every slope of the first strategy to another: its panel, over-calls and under-calls."""
    lines = [part for part in figure.data if part.mode == "lines" and len(part.x) == 5 and part.x[1]]
    assert all(part.x == (0, 1, None, 2, 3) for part in lines)
    own = [part for part in lines if colour in (None, part.line.color)]
    return {(part.xaxis or "x", *(y for y in part.y if y is not None)) for part in own}


def test_slopes_go_from_the_first_strategy_to_each_other_one_class_by_class():
    figure = figures.read_strategies(TABLE)
    benign = {("x", 13, 5.5, 0, 0), ("x", 13, 7.6, 0, 0)}
    assert slopes(figure) == benign | {("x2", 17.4, 9.2, 34.7, 42.3), ("x2", 17.4, 10.5, 34.7, 29.6)}
    marks = {(part.xaxis or "x", *part.x, *part.y) for part in figure.data if part.mode == "markers"}
    assert {("x", 0, 2, 13, 0), ("x2", 0, 2, 17.4, 34.7), ("x2", 1, 3, 9.2, 42.3)} < marks and len(marks) == 6
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
    coloured = {("x", 13, 5.5, 0, 0), ("x2", 17.4, 9.2, 34.7, 42.3)}
    assert slopes(figure, COLOURS["recommended"]) == coloured
    assert slopes(figure, COLOURS["none"]) == slopes(figure) - coloured
    named = [note.text for note in figure.layout.annotations if note.font.color == COLOURS["recommended"]]
    assert named == ["selective", "selective"]


def test_pointing_at_a_mark_says_both_kinds_of_wrong_and_the_readings():
    shown = rows(figures.read_strategies(TABLE.assign(second=0.25)))
    (row,) = (row for row in shown if row["strategy"] == "selective, truly atypia")
    assert [row["over-called, %"], row["under-called, %"], row["read twice, %"]] == ["9.2", "42.3", "25.0"]


def test_without_a_rise_the_title_claims_none():
    calm = TABLE[TABLE["strategy"] != "selective"]
    for table in (calm, TABLE[TABLE["strategy"] == "none"]):
        figure = figures.read_strategies(table)
        assert title(figure).startswith("No strategy surely under-calls more often than “none” Each")
        assert not slopes(figure, COLOURS["recommended"])


def wide(reach):
    ends = {f"{kind}_{end}": TABLE[kind] + sign * reach for kind in ("over", "under")
            for end, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
    return TABLE.assign(**ends)


def test_a_rise_that_chance_in_simulating_may_have_made_is_no_finding():
    assert title(figures.read_strategies(wide(0.05))).startswith("No strategy surely under-calls more often")
    sure = figures.read_strategies(wide(0.03))
    assert title(sure).startswith("Under “selective”") and "95 % interval of the simulation" in title(sure)
    bars = [width for part in sure.data for width in part.error_y.array or ()]
    assert len(bars) == 12 and bars == pytest.approx([3] * 12)
    said = {row["strategy"]: row["under-called, %"] for row in rows(sure)}
    assert said["selective, truly atypia"] == "42.3 (39.3 to 45.3)"
    exact = figures.read_strategies(wide(0))  # ends that are the value say nothing more
    assert "42.3" in [row["under-called, %"] for row in rows(exact)] and "interval" not in title(exact)


def test_the_slopes_of_a_second_basis_are_dashed_and_the_note_says_which():
    figure = figures.read_strategies(pd.concat([TABLE.assign(basis="model"), TABLE.assign(basis="paper")]))
    assert "Solid: model. Dashed: paper." in title(figure) and "Dashed: model" not in title(figure)
    looks = {"circle": 6, "circle-open": 6}
    symbols = [part.marker.symbol for part in figure.data if part.mode == "markers"]
    assert {symbol: symbols.count(symbol) for symbol in symbols} == looks
    assert [part.line.dash for part in figure.data if part.mode == "lines"].count("dash") == 6
    assert "all, truly atypia (paper)" in [row["strategy"] for row in rows(figure)]
    assert notes(figure).count("all") == 2  # one name for both


def test_names_stand_one_above_the_other_and_too_many_leave_that_of_the_title():
    names = ("selective", "all")
    figure = figures.read_strategies(TABLE)
    few = [note for note in figure.layout.annotations if note.text in names]
    assert [note.text for note in few] == ["selective", "all", "all", "selective"]  # as their marks in each
    assert all(note.x > 3 for note in few) and all(above.y - note.y > 3 for note, above in (few[:2], few[2:]))
    many = [TABLE] + [TABLE[TABLE["strategy"] == "all"].assign(strategy=f"number {i}") for i in range(20)]
    said = notes(figures.read_strategies(pd.concat(many)))
    assert said.count("selective") == 2 and not any(note.startswith("number") for note in said)
    long = TABLE.assign(strategy=TABLE["strategy"].replace("all", "every <case> that there is, twice"))
    said = [note.text for note in figures.read_strategies(long).layout.annotations]
    assert said.count("every<br>&lt;case&gt; that<br>there is, twice") == 2


def test_another_table_is_refused_by_name():
    with pytest.raises(SecondopError, match="read_strategies draws a table that read_strategies makes"):
        figures.read_strategies(TABLE.drop(columns="under"))
