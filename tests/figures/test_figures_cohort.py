"""Shares along a trait: every column drawn as it is, the headline from the first."""

import re

import pandas as pd

from secondop.figures import along_trait

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
    title = along_trait(TABLE).layout.title.text.replace("\N{NO-BREAK SPACE}", " ")
    title = re.sub("<[^>]*>", "", title.replace("<br>", " "))
    assert "2 % at the least difficulty, 50 % at the most; sex moves by 1.0 points" in title
    assert "Simulated cases in 3 equal groups by difficulty" in title
    alone = along_trait(TABLE[["sex"]]).layout.title.text
    assert "moves by" not in alone


def test_lines_are_told_apart_by_colour_and_dash():
    looks = {(trace.line.color, trace.line.dash) for trace in along_trait(TABLE).data}
    assert len(looks) == 3


def test_hover_reads_as_a_sentence():
    assert along_trait(TABLE).data[0].hovertemplate.startswith("Diagnosis changed: %{y:.1f} % of the cases")
