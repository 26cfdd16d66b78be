"""Second readings of biopsies: every band with its interval, and what is assumed."""

import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from tests.figures.seen import notes, rows, title, trace

COUNTS = {"n": 500, "errors": 20, "referred": [0, 30, 500]}
COUNTS |= {"true_positive": [0, 12, 20], "false_positive": [0, 18, 480]}
TABLE = pd.DataFrame(
    {"band": [0, 0.15, 0.5], **COUNTS, "sensitivity_lower": [0, 0.4, 0.8], "sensitivity_upper": [0.2, 0.8, 1]}
)


def test_every_band_is_drawn_with_its_interval_and_none_and_all_are_named():
    figure = figures.second_readings(TABLE)
    drawn = trace(figure, "ambiguous band")
    assert [list(drawn.x), list(drawn.y)] == [pytest.approx([0, 3.6, 96]), pytest.approx([0, 60, 100])]
    band = next(part for part in figure.data if part.fill == "toself")
    assert list(band.y) == [20, 80, 100, 80, 40, 0]
    assert {"none read again", "±0.15", "all read again", "read again at random"} <= {*notes(figure)}
    assert list(trace(figure, "read again at random").x) == [0, 96]


def test_the_title_says_how_many_wrong_readings_a_band_catches_how_surely_and_at_what_cost():
    said = title(figures.second_readings(TABLE))
    assert said.startswith(
        "A band of ±0.15 catches 12 of 20 (40 to 80 %) wrong readings for 3.6 second readings"
    )
    assert "are assumed right" in said
    few = title(figures.second_readings(TABLE.assign(true_positive=[0, 9, 9])))
    assert few.startswith("A band of ±0.15 catches 9 of 20 ")


def test_pointing_at_a_band_says_its_counts():
    assert rows(figures.second_readings(TABLE))[1] == {
        "ambiguous band": "±0.15", "wrong readings caught": "12 of 20 (40 to 80 %)",
        "read again": "30 of 500 (6.0 %)", "nothing changes: possible overuse": "18 of 500 (3.6 %)",
    }  # fmt: skip


def test_another_table_is_refused_by_name():
    with pytest.raises(SecondopError, match="second_readings draws a table that second_readings makes"):
        figures.second_readings(TABLE.drop(columns="true_positive"))
