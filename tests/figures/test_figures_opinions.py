"""The strategies figure: what it draws, and what it says."""

from __future__ import annotations

import pandas as pd
import pytest

from secondop.figures.opinions import strategies
from tests.figures.seen import title

TABLE = pd.DataFrame(
    [
        ("none", "benign", 0.13, 0.0), ("none", "atypia", 0.174, 0.347),
        ("none", "no right answer", None, None),
        ("selective", "benign", 0.055, 0.0), ("selective", "atypia", 0.092, 0.423),
        ("all", "benign", 0.076, 0.0), ("all", "atypia", 0.105, 0.296),
    ],
    columns=["strategy", "reference_class", "over", "under"],
)  # fmt: skip


def dots(fig, name):
    return [trace for trace in fig.data if trace.name == name and trace.x[0] is not None]


def test_each_strategy_has_one_dot_in_each_panel_that_can_be_right_or_wrong():
    fig = strategies(TABLE)
    assert [note.text for note in fig.layout.annotations] == ["truly benign", "truly atypia"]
    benign, atypia = dots(fig, "selective (simulated)")
    assert (benign.x[0], benign.y[0]) == pytest.approx((5.5, 0))
    assert (atypia.x[0], atypia.y[0]) == pytest.approx((9.2, 42.3))
    assert benign.marker.color == atypia.marker.color != dots(fig, "all (simulated)")[0].marker.color


def test_the_line_marks_as_many_wrong_as_the_first_strategy():
    line = [trace for trace in strategies(TABLE).data if trace.mode == "lines"][1]
    assert list(line.x) + list(line.y) == pytest.approx([0, 52.1, 52.1, 0])


def test_the_title_states_the_trade_and_the_hover_reads_as_a_sentence():
    fig = strategies(TABLE)
    assert title(fig) == (
        "Over-calls of atypia fall (17.4 to 9.2 %), under-calls rise (34.7 to 42.3 %) under 'selective' "
        "Each panel: readings of cases truly of one class (simulated) "
        "↑ under-called, → over-called, % of readings"
    )
    assert dots(fig, "all (simulated)")[1].text[0] == (
        "Second reading: all (simulated).<br>Of 100 readings of cases that are truly atypia,<br>"
        "10.5 are called too grave and 29.6 too mild."
    )


def test_without_a_trade_the_title_claims_none():
    calm = TABLE[TABLE["strategy"] != "selective"]
    assert title(strategies(calm)).startswith("No strategy under-calls more often than 'none' Each panel")


def test_each_basis_has_its_own_symbol_and_intervals_are_drawn_where_known():
    limits = {"over_lower": TABLE["over"] - 0.01, "over_upper": TABLE["over"] + 0.02}
    both = pd.concat([TABLE.assign(basis="model", **limits), TABLE.assign(basis="paper")])
    fig = strategies(both)
    model, paper = dots(fig, "all (model)")[1], dots(fig, "all (paper)")[1]
    assert model.marker.symbol != paper.marker.symbol and model.marker.color == paper.marker.color
    assert (model.error_x.arrayminus[0], model.error_x.array[0]) == pytest.approx((1, 2))
    assert paper.error_x.array is None and model.error_y.array is None
