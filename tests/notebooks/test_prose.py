"""What the notebooks tell: shortly, a prediction before its answer, numbers as they are printed."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools.notebooks import PLOTLY, all_notebooks

MOST_WORDS = 1_100
NOTEBOOKS = all_notebooks()
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
DECIMAL = re.compile(r"(?<![\d.,/-])\d[\d,]*\.\d+(?![\d.]*/)")
ADDRESS = re.compile(r"`[^`]*`|doi:\S+|\bversion \S+", re.IGNORECASE)
SNAKE = re.compile(r"[a-z]+(_[a-z]+)+")


def cells(path, kind="markdown") -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def shown(path) -> str:
    """All that the outputs of a notebook say: text, tables, and the titles of figures."""
    told = []
    for output in (output for cell in cells(path, "code") for output in cell.outputs):
        data = output.get("data", {})
        told.append(output.get("text", ""))
        if PLOTLY in data:
            told.append(data[PLOTLY]["layout"]["title"]["text"])
        elif "text/html" in data:
            told.append(BeautifulSoup(data["text/html"], "html.parser").get_text(" "))
    return "\n".join(told).replace("\N{MINUS SIGN}", "-")


@each_notebook
def test_it_is_short(path):
    words = sum(len(cell.source.split()) for cell in cells(path))
    assert words <= MOST_WORDS, f"{path.name} has {words:,} words of prose"


def kind(cell) -> str:
    """`run`, `predict`, `answer` (tagged, to be folded), `shows` (one that is not tagged), or nothing."""
    if cell.cell_type == "code":
        return "run"
    if "answer" in cell.metadata.get("tags", []):
        return "answer"
    return "predict" if "**Predict" in cell.source else "shows" if "**What it shows" in cell.source else ""


@each_notebook
def test_each_prediction_is_run_and_its_answer_can_be_folded(path):
    notebook = nbformat.read(path, as_version=4).cells
    begins = {"predict": "**Predict.** ", "answer": "**What it shows.** ", "shows": "**What it shows"}
    for cell in notebook:
        assert cell.source.startswith(begins.get(kind(cell), "")), cell.source
        assert cell.source.count("**Predict") == (kind(cell) == "predict"), cell.source
    order = " ".join(filter(None, map(kind, notebook)))
    asked = re.findall(r"predict(?: (?!predict)\w+)*", order)
    assert asked, "nothing is predicted"
    for steps in asked:
        assert re.match(r"predict run(?: run)*(?: answer|$)", steps), f"{steps} in {order}"
    assert "answer" not in order.partition("predict")[0]


@each_notebook
def test_each_decimal_that_an_answer_tells_is_printed_or_drawn(path):
    """Whole numbers may be said in words or counted by the reader; decimals stand in an output."""
    there = shown(path)
    told = [
        (found[0], cell.source[:60])
        for cell in cells(path)
        if cell.source.startswith("**What it shows")
        for found in DECIMAL.finditer(ADDRESS.sub("", cell.source))
    ]
    assert [
        (number, where)
        for number, where in told
        if not re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", there)
    ] == []


@each_notebook
def test_tables_are_shown_by_show_with_a_caption_and_columns_in_words(path):
    for cell in cells(path, "code"):
        assert ".style" not in cell.source and "pd.options" not in cell.source, cell.source
        for html in (output.get("data", {}).get("text/html", "") for output in cell.outputs):
            for table in BeautifulSoup(html, "html.parser")("table"):
                assert table.find("caption"), f"a table without a caption: {cell.source}"
                heads = [head.get_text(" ", strip=True) for head in table.find("thead")("th")]
                assert [head for head in heads if SNAKE.search(head)] == []
