"""The recipes of CONTRIBUTING.md run as they stand; docs/house.md names every room and module."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTIONS = [part.split("\n", 1) for part in (ROOT / "CONTRIBUTING.md").read_text().split("\n## ")[1:]]
RECIPES = [
    (title, code) for title, text in SECTIONS for code in re.findall(r"```python\n(.*?)```", text, re.S)
]


@pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning")
@pytest.mark.filterwarnings("ignore::secondop.rules.doubts.RowsWarning")  # a title stands above its log
@pytest.mark.parametrize(("title", "code"), RECIPES, ids=[title for title, _ in RECIPES])
def test_a_recipe_runs_as_it_stands(title, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, title, "exec"), {})


def test_whatever_can_be_added_has_a_recipe():
    rules = ["A rule", "A fact", "A guideline of your own"]
    assert [title for title, _ in RECIPES] == [
        *("A word", *rules, "A log in its own words", "A scenario", "A class", "A figure")
    ]


def test_the_house_names_every_room_and_every_module_of_the_engine():
    page = (ROOT / "docs/house.md").read_text()
    rooms = [p.parent.name for p in (ROOT / "secondop").glob("*/__init__.py")]
    told = ("rules", "guideline", "readers", "cohorts", "evaluation")
    modules = [path.stem for room in told for path in (ROOT / "secondop" / room).glob("[!_]*.py")]
    assert [name for name in (*(f"{room}/" for room in rooms), *modules) if name not in page] == []
