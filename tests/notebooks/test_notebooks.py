"""Notebooks and lessons: stored as they should be, and what they print is what a fresh run prints."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools.notebooks import PLOTLY, all_lessons, all_notebooks, figures, has_its_picture, tidy

NOTEBOOKS = [*all_notebooks(), *all_lessons()]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def printed(output) -> str:
    """What a reader sees of an output: text, the words of a table, or the traces of a figure."""
    if output.output_type == "stream":
        return f"{output.name}: {output.text.strip()}"
    data = output.get("data", {})
    if PLOTLY in data:
        traces = [(trace.get("type"), trace.get("name")) for trace in data[PLOTLY]["data"]]
        return f"figure: {traces}"
    if "text/html" in data:
        soup = BeautifulSoup(data["text/html"], "html.parser")
        for hidden in soup(["style", "script"]):
            hidden.decompose()
        rows = [
            " | ".join(cell.get_text(" ", strip=True) for cell in row(["th", "td"])) for row in soup("tr")
        ]
        return "\n".join(rows or [soup.get_text(" ", strip=True)])
    return data.get("text/plain", "").strip()


DECIMAL = re.compile(r"[+-]?\d[\d,]*\.\d+")


def alike(now: str, then: str) -> bool:
    """The same words and whole numbers, and decimals up to one unit of the last place.

    Another processor may round otherwise; it may not count otherwise.
    """
    if DECIMAL.split(now) != DECIMAL.split(then):
        return False
    for a, b in zip(DECIMAL.findall(now), DECIMAL.findall(then), strict=True):
        places, others = (len(number.partition(".")[2]) for number in (a, b))
        apart = abs(float(a.replace(",", "")) - float(b.replace(",", "")))
        if places != others or apart > 1.01 * 10.0**-places:
            return False
    return True


def differences(fresh, stored) -> list[str]:
    """One message for each cell that prints another thing than what is stored."""
    told = []
    if [cell.id for cell in fresh.cells] != [cell.id for cell in stored.cells]:
        told.append("the cells are not the same")
    for number, (new, old) in enumerate(zip(fresh.cells, stored.cells, strict=False), start=1):
        if new.cell_type != "code":
            continue
        now, then = (list(map(printed, cell.outputs)) for cell in (new, old))
        if len(now) != len(then) or not all(map(alike, now, then)):
            shown = {key: "\n".join(value) or "(nothing)" for key, value in (("stored", then), ("now", now))}
            told.append(
                f"cell {number} prints another thing than is stored (to renew: python run.py notebooks).\n"
                + "\n".join(f"--- {key}\n{value}" for key, value in shown.items())
            )
    return told


PRINTS = [
    # now                   stored               alike
    ("0.12 of 5", "0.12 of 5", True),
    ("0.13 of 5", "0.12 of 5", True),
    ("0.14 of 5", "0.12 of 5", False),
    ("0.12 of 6", "0.12 of 5", False),
    ("-0.0 points", "0.0 points", True),
    ("1,234.5 | yes", "1,234.4 | yes", True),
    ("1,234.5 | yes", "1,234.5 | no", False),
    ("12.5", "12.50", False),
    ("12.5 and 3.0", "12.5", False),
]


@pytest.mark.parametrize(("now", "then", "same"), PRINTS)
def test_only_the_last_decimal_place_may_differ(now, then, same):
    assert alike(now, then) is same


@each_notebook
def test_a_fresh_run_prints_what_is_stored(path, executed):
    told = differences(executed(path), nbformat.read(path, as_version=4))
    assert not told, f"{path.name}: " + "\n\n".join(told)


@each_notebook
def test_it_is_stored_tidily_with_its_outputs(path):
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    outputs = [output for cell in stored.cells for output in cell.get("outputs", [])]
    assert outputs, f"{path.name} is stored without outputs: run python run.py notebooks"
    assert stored == tidy(nbformat.read(path, as_version=4)), (
        f"{path.name} is not tidy: run python run.py notebooks"
    )
    kinds = [output.output_type for output in outputs]
    assert "error" not in kinds, f"{path.name} stores an error"
    assert not [o.text for o in outputs if o.get("name") == "stderr"], f"{path.name} stores a warning"
    assert all(map(has_its_picture, figures(stored))), (
        f"{path.name} has a figure whose picture is missing, or has another size than the figure declares: "
        "run python run.py notebooks"
    )


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_its_title_is_a_question(path):
    first = nbformat.read(path, as_version=4).cells[0]
    title = first.source.partition("\n")[0]
    assert first.cell_type == "markdown" and title.startswith("# ") and title.endswith("?"), title
