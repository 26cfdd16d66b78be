"""The anchoring figure: each reader's change with its interval, per 1,000, beside the blinded."""

import re

import pandas as pd
import pytest

from secondop.figures import anchored

COLUMNS = ["readers", "odds_ratio", "outcome", "blinded", "known", "change", "change_lower", "change_upper"]
TABLE = pd.DataFrame(
    [
        ("surgeons, <Israel>", 1.437, "agree", 0.852, 0.8605, 0.0085, 0.0026, 0.0141),
        ("surgeons, <Israel>", 1.437, "corrected", 0.1257, 0.1201, -0.0056, -0.0101, -0.0016),
        ("neurologists", 1.087, "agree", 0.852, 0.854, 0.002, -0.0053, 0.0088),
        ("neurologists", 1.087, "corrected", 0.1257, 0.1245, -0.0012, -0.0058, 0.0028),
    ],
    columns=COLUMNS,
)


def words(text) -> str:
    return re.sub("<[^>]*>", "", text.replace("<br>", " "))


def test_each_kind_of_reader_has_a_colour_and_a_symbol_and_its_points_and_intervals_per_1000():
    surgeons, neurologists = anchored(TABLE).data
    assert surgeons.name == "surgeons, odds ratio 1.437"
    assert list(surgeons.x) == pytest.approx([8.5, -5.6])
    assert list(surgeons.x + surgeons.error_x.array) == pytest.approx([14.1, -1.6])
    assert list(neurologists.x - neurologists.error_x.arrayminus) == pytest.approx([-5.3, -5.8])
    assert surgeons.marker.color != neurologists.marker.color
    assert surgeons.marker.symbol != neurologists.marker.symbol


def test_the_blinded_are_drawn_as_the_line_at_0_and_named_in_numbers():
    fig = anchored(TABLE)
    assert fig.layout.shapes[0].x0 == fig.layout.shapes[0].x1 == 0
    assert [note.text for note in fig.layout.annotations] == [
        "Both opinions give the same diagnosis: 852 if blinded",
        "Errors of the first opinion caught: 126 if blinded",
    ]


def test_the_title_sets_agreement_beside_what_it_hides():
    title = words(anchored(TABLE).layout.title.text)
    assert "readers who know the first agree on 8.5 more and catch 5.6 fewer errors" in title
    assert "anchored as surgeons" in title
    contrary = TABLE.assign(change=-TABLE["change"])
    assert "agree on 8.5 fewer and catch 5.6 more" in words(anchored(contrary).layout.title.text)


def test_hover_reads_as_a_sentence_and_shows_names_as_text():
    hover = anchored(TABLE).data[0].text[1]
    assert "<Israel>" not in hover and "&lt;Israel&gt;" in hover
    assert words(hover).endswith("The change is -5.6 (-10.1 to -1.6 over the interval of the odds ratio).")


def test_lines_are_short_enough_for_a_phone():
    assert max(len(note.text) for note in anchored(TABLE).layout.annotations) <= 56
