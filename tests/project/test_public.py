"""The names that a user meets: each loads on first use, says what it is, and a wrong one is answered."""

import ast
import json
from pathlib import Path

import pytest

import secondop
from secondop import figures, teaching
from tools.notebooks import all_lessons, all_notebooks


@pytest.mark.parametrize("name", secondop.__all__)
def test_every_public_name_loads(name):
    assert getattr(secondop, name) is not None
    assert name in dir(secondop)


ROOMS = pytest.mark.parametrize("room", [secondop, figures, teaching], ids=lambda room: room.__name__)
FUNCTIONS = [(room, name) for room in (figures, teaching) for name in room.__all__]


@pytest.mark.parametrize(("room", "name"), FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_every_figure_and_teaching_aid_loads_as_a_function_and_says_what_it_is(room, name):
    assert callable(getattr(room, name))
    assert len(getattr(room, name).__doc__.splitlines()[0]) > 20


@ROOMS
def test_a_wrong_name_is_answered_with_those_that_exist(room):
    with pytest.raises(AttributeError, match=room.__all__[0]):
        _ = room.no_such_name


def imported(tree: ast.AST) -> set[tuple[str, str]]:
    """The module and name of all that is imported by name from the project."""
    return {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "secondop"
        for alias in node.names
    }


def test_editors_read_the_same_names_as_are_loaded():
    stub = ast.parse(Path(secondop.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    assert {name for _, name in imported(stub)} == set(secondop.__all__)


def test_the_package_says_in_its_own_words_every_name_that_it_has():
    told = set(secondop.__doc__.replace(",", " ").split())
    assert set(secondop.__all__) - told == set()


@pytest.mark.parametrize("path", [*all_notebooks(), *all_lessons()], ids=lambda path: path.stem)
def test_a_notebook_needs_no_name_from_deeper_than_the_top_or_the_teaching_room(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    needed = set().union(*(imported(ast.parse(source)) for source in sources))
    rooms = {room.__name__: room.__all__ for room in (secondop, teaching)}
    assert [f"{home}.{name}" for home, name in sorted(needed) if name not in rooms.get(home, ())] == []
