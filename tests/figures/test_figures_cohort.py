"""Shares along a trait or a parameter: every column drawn, the headline from the table."""

import pandas as pd

from secondop.figures import along, along_trait
from tests.figures.seen import plain, title

TABLE = pd.DataFrame(
    {
        "diagnosis_changed": [0.02, 0.1, 0.5],
        "atypical_presentation": [0.0, 0.1, 0.3],
        "sex": [0.4, 0.41, 0.41],
    },
    index=pd.Index([1, 2, 3], name="difficulty"),
)


def test_each_column_is_a_line_in_per_cent():
    drawn = {trace.name: (list(trace.x), list(trace.y)) for trace in along_trait(TABLE).data}
    assert list(drawn) == ["diagnosis changed", "atypical presentation", "sex"]
    assert drawn["diagnosis changed"] == ([1, 2, 3], [2.0, 10.0, 50.0])


def test_the_title_states_the_finding_and_the_subtitle_that_cases_are_simulated():
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
    assert drawn["diagnosis changed, of those who sought"] == ([1, 1.437, 2], [0, -8.5, -18.0])
    assert "simulated" in title(figure)
    assert plain(figure.data[1].hovertemplate).startswith("Error corrected: %{y:+.1f} per 1,000")


def test_along_a_parameter_its_path_is_said_in_words():
    said = "Diagnosis changed, of those who sought: 148 per 1,000 at 1, 130 at 2 of “pull of the first"
    assert title(along(RATES)).startswith(said)
    assert "readers" not in title(along(RATES)) + along(RATES).layout.xaxis.title.text
    fact = along(RATES.rename_axis("facts.rare_disease.share"))
    assert plain(fact.layout.xaxis.title.text) == "rare disease: share of “yes”"
