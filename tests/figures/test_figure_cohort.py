"""Shares along a trait: every column drawn, the headline from the table."""

import pandas as pd
import pyarrow as pa
import pytest

from secondop.errors import SecondopError
from secondop.figures import along_trait
from tests.figures.seen import notes, rows, title

TABLE = pd.DataFrame(
    {
        "diagnosis_changed": [0.02, 0.1, 0.5],
        "atypical_presentation": [0.0, 0.1, 0.3],
        "sex": [0.4, 0.41, 0.41],
    },
    index=pd.Index([1, 2, 3], name="difficulty"),
)


def test_each_column_is_a_line_in_per_cent_with_its_name_at_it():
    figure = along_trait(TABLE)
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in figure.data}
    assert list(drawn) == ["diagnosis changed", "atypical presentation", "sex"]  # what moves most first
    assert drawn["diagnosis changed"] == ([1, 2, 3], [2.0, 10.0, 50.0])
    assert {*drawn} <= {*notes(figure)}
    assert rows(figure)[2] == {
        "share": "Diagnosis changed", "group": "3 of 3 by difficulty", "% of its cases": "50.0",
    }  # fmt: skip


def test_the_title_states_the_finding_and_the_note_that_cases_are_simulated():
    said = title(along_trait(TABLE))
    assert "2 % at the least difficulty, 50 % at the most" in said
    assert "Simulated cases in 3 equal groups by difficulty" in said


def test_lines_are_told_apart_by_colour_and_dash():
    looks = {(trace.line.color, trace.line.dash) for trace in along_trait(TABLE).data}
    assert len(looks) == 3


def test_what_is_no_table_is_refused_by_name():
    with pytest.raises(SecondopError, match="The figure along_trait draws a table"):
        along_trait([0.1, 0.2])


YES_NO = pd.array([True, False, None], dtype=pd.ArrowDtype(pa.bool_()))


@pytest.mark.parametrize("odd", [["yes", "no", "no"], [14.8, 13.9, 13.0], [0.1, float("nan"), 0.2], YES_NO])
def test_a_table_of_anything_but_shares_is_refused_and_the_column_named(odd):
    with pytest.raises(SecondopError, match=r"The figure along_trait .* Other things are in policy:"):
        along_trait(TABLE.assign(policy=odd))


def test_a_line_of_one_point_is_refused():
    with pytest.raises(
        SecondopError,
        match=r"The figure along_trait draws shares from 0 to 1 of two groups or more.* has one row",
    ):
        along_trait(TABLE.head(1))
