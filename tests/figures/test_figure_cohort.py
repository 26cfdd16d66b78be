"""Shares along a trait or a parameter: every column drawn, the headline from the table."""

import pandas as pd
import pytest

from secondop.errors import SecondopError
from secondop.figures import along, along_trait
from secondop.figures.style import LIGHT
from tests.figures.seen import notes, plain, rows, title

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
        "rate": "Diagnosis changed", "group": "3 of 3 by difficulty", "share of its cases": "50.0 %",
    }  # fmt: skip


def test_the_title_states_the_finding_and_the_note_that_cases_are_simulated():
    said = title(along_trait(TABLE))
    assert "2 % at the least difficulty, 50 % at the most; sex moves by 1.0 points" in said
    assert "Simulated cases in 3 equal groups by difficulty" in said
    assert "moves by" not in title(along_trait(TABLE[["sex"]]))


def test_lines_are_told_apart_by_colour_and_dash():
    looks = {(trace.line.color, trace.line.dash) for trace in along_trait(TABLE).data}
    assert len(looks) == 3


RATES = pd.DataFrame(
    {"diagnosis_changed_sought": [0.148, 0.1395, 0.130], "error_corrected": [0.1257, 0.1201, 0.115]},
    index=pd.Index([1.0, 1.437, 2.0], name="readers.anchoring"),
)


def test_along_a_parameter_each_rate_is_a_change_per_1000_from_the_first_value():
    figure = along(RATES)
    drawn = {trace.name: (list(trace.x), [round(y, 1) for y in trace.y]) for trace in figure.data}
    assert drawn["error corrected"] == ([1, 1.437, 2], [0, -5.6, -10.7])
    assert drawn["diagnosis changed (seekers)"] == ([1, 1.437, 2], [0, -8.5, -18.0])
    assert "simulated" in title(figure) and "Grey" not in title(figure)
    assert [*rows(figure)[4].values()] == ["Error corrected", "1.437", "−5.6"]


def test_along_a_parameter_its_path_is_said_in_words():
    said = "Diagnosis changed (seekers): 148 per 1,000 at 1, 130 at 2 of “pull of the first"
    assert title(along(RATES)).startswith(said)
    assert "readers" not in title(along(RATES)) + along(RATES).layout.xaxis.title.text
    fact = along(RATES.rename_axis("facts.rare_disease.share"))
    assert plain(fact.layout.xaxis.title.text) == "rare disease: share of “yes”"


def test_of_many_rates_those_that_move_most_are_named_and_the_others_are_grey():
    many = pd.DataFrame({f"rate_{i}": [0.1, 0.1 + i / 100] for i in range(9)}, index=RATES.index[:2])
    figure = along(many)
    grey = [trace.name for trace in figure.data if trace.line.color == LIGHT["axis"]]
    assert grey == ["rate 2", "rate 1", "rate 0"] and "Grey: 3 more, which move less." in title(figure)
    assert not {*grey} & {*notes(figure)} and len(rows(figure)) == 18


@pytest.mark.parametrize("draw", [along, along_trait])
def test_what_is_no_table_is_refused_by_name(draw):
    with pytest.raises(SecondopError, match=f"The figure {draw.__name__} draws a table"):
        draw([0.1, 0.2])


@pytest.mark.parametrize("draw", [along, along_trait])
@pytest.mark.parametrize("odd", [["yes", "no", "no"], [14.8, 13.9, 13.0], [0.1, float("nan"), 0.2]])
def test_a_table_of_anything_but_shares_is_refused_and_the_column_named(draw, odd):
    with pytest.raises(SecondopError, match=f"The figure {draw.__name__} .* Other things are in policy:"):
        draw(TABLE.assign(policy=odd))


@pytest.mark.parametrize("draw", [along, along_trait])
def test_a_line_of_one_point_is_refused(draw):
    with pytest.raises(SecondopError, match=f"The figure {draw.__name__} draws lines.* has one row"):
        draw(TABLE.head(1))
