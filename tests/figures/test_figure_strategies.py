"""Strategies for second readings: marks on one scale, and a title that chance allows."""

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


def marks(figure, symbol, colour=None):
    """Where the marks of a symbol are, panel by panel, the first strategy first."""
    found = {}
    for trace in figure.data:
        if trace.name == "mark" and trace.marker.symbol[0] == symbol:
            told = zip(trace.x, trace.marker.color, strict=True)
            found.setdefault(trace.xaxis or "x", []).extend(x for x, c in told if colour in (None, c))
    return [pytest.approx(each) for each in found.values()]


def test_every_strategy_stands_below_the_first_one_class_by_class():
    figure = figures.read_strategies(TABLE)
    assert marks(figure, "circle") == [[13, 5.5, 7.6], [17.4, 9.2, 10.5]]
    assert marks(figure, "diamond") == [[0, 0, 0], [34.7, 42.3, 29.6]]
    heads = [note.text for note in figure.layout.annotations if note.text.startswith("<b>")]
    assert heads == ["<b>truly benign</b>", "<b>truly atypia</b>"]
    assert [note for note in notes(figure) if note in ("none", "selective", "all")] == [
        *("none", "selective", "all"),
        *("none", "selective", "all"),
    ]
    assert "9.2 · 42.3" in notes(figure)


def test_every_class_has_the_same_scale():
    layout = figures.read_strategies(TABLE).layout
    assert layout.xaxis.range == layout.xaxis2.range and layout.xaxis.range[1] > 42.3


def test_the_title_states_the_trade_and_only_its_strategy_is_coloured():
    figure = figures.read_strategies(TABLE)
    assert title(figure).startswith(
        "Under “selective”, over-calls of atypia fall (17.4 to 9.2 %) and under-calls rise (34.7 to 42.3 %)"
    )
    assert marks(figure, "circle", COLOURS["recommended"]) == [[5.5], [9.2]]
    assert marks(figure, "diamond", COLOURS["recommended"]) == [[0], [42.3]]


def test_pointing_at_a_mark_says_both_kinds_of_wrong_and_the_readings():
    shown = rows(figures.read_strategies(TABLE.assign(second=0.25)))
    (row,) = (row for row in shown if row["strategy"] == "selective, truly atypia")
    assert [row["over-called, %"], row["under-called, %"], row["read twice, %"]] == ["9.2", "42.3", "25.0"]


def test_without_a_rise_the_title_claims_none():
    calm = TABLE[TABLE["strategy"] != "selective"]
    for table in (calm, TABLE[TABLE["strategy"] == "none"]):
        figure = figures.read_strategies(table)
        assert title(figure).startswith("No strategy surely under-calls more often than “none” Of 100")
        assert marks(figure, "circle", COLOURS["recommended"]) == [[], []]


def wide(reach):
    ends = {f"{kind}_{end}": TABLE[kind] + sign * reach for kind in ("over", "under")
            for end, sign in (("lower", -1), ("upper", 1))}  # fmt: skip
    return TABLE.assign(**ends)


def test_a_rise_that_chance_in_simulating_may_have_made_is_no_finding():
    assert title(figures.read_strategies(wide(0.05))).startswith("No strategy surely under-calls more often")
    sure = figures.read_strategies(wide(0.03))
    assert title(sure).startswith("Under “selective”") and "95 % interval of the simulation" in title(sure)
    bars = [width for t in sure.data if t.name == "interval" for width in t.error_x.array]
    assert len(bars) == 12 and bars == pytest.approx([6] * 12)
    said = {row["strategy"]: row["under-called, %"] for row in rows(sure)}
    assert said["selective, truly atypia"] == "42.3 (39.3 to 45.3)"
    exact = figures.read_strategies(wide(0))  # ends that are the value say nothing more
    assert "42.3" in [row["under-called, %"] for row in rows(exact)] and "interval" not in title(exact)


def test_the_marks_of_a_second_basis_are_open_and_the_note_says_which():
    figure = figures.read_strategies(pd.concat([TABLE.assign(basis="model"), TABLE.assign(basis="paper")]))
    assert "Open: paper." in title(figure)
    symbols = {s for t in figure.data if t.name == "mark" for s in t.marker.symbol}
    assert symbols == {"circle", "circle-open", "diamond", "diamond-open"}
    assert "all, truly atypia (paper)" in [row["strategy"] for row in rows(figure)]


def test_another_table_is_refused_by_name():
    with pytest.raises(SecondopError, match="read_strategies draws a table that read_strategies makes"):
        figures.read_strategies(TABLE.drop(columns="under"))
