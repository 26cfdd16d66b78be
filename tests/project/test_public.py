"""The names that a user meets: each loads on first use, says what it is, and a wrong one is answered."""

import ast
import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
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


FEVER = secondop.flag("fever", "Is there a fever?")
WEEKS = secondop.count("weeks", 52, "weeks", "For how many weeks?")
SOP = secondop.Source("sop", "Our own procedure")
LONG = secondop.Indication(
    "long", "Long fever", level="urgent", group="g", source="sop", when=FEVER & (WEEKS > 2)
)
OWN = secondop.RuleBook("Fever", subject="a look", version="1", sources=[SOP], rules=[LONG], also=[WEEKS])
MOVED = secondop.load_scenario("general").moved({"rates.sought": 0.2})
SHARES = {"a": {"a": 0.9, "b": 0.1}, "b": {"a": 0.2, "b": 0.8}}
MODEL = secondop.ReaderModel.from_disagreement(SHARES, {"a": 0.12, "b": 0.16})
STRATEGIES = [secondop.Strategy.none(), secondop.Strategy.first_in("b")]
SENT = [FEVER, LONG.when, LONG, SOP, OWN, secondop.RULE_BOOK, MOVED, *STRATEGIES, secondop.Gaps(0.1)]
ELSEWHERE = """
import pickle, sys
import pandas as pd
import secondop as s
fever, when, rule, _, own, book, moved, none, first, gaps, model = pickle.load(sys.stdin.buffer)
assert own.facts["fever"] == fever == rule.facts["fever"] and when == fever & (own.fact("weeks") > 2)
said = s.assess(pd.DataFrame({"fever": ["yes", "no"], "weeks": [3, None]}), own)
cases = s.simulate(moved, 500, seed=1, missing=gaps)
read = s.read_strategies(model, [none, first])
found = said, s.assess(cases, book), read, moved["rates.sought"], own.fingerprint
pickle.dump(found, sys.stdout.buffer)
"""


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("each", SENT, ids=lambda each: type(each).__name__)
def test_a_copy_equals_what_it_is_a_copy_of_also_when_that_was_used(each, way):
    _ = getattr(each, "answer_space", None), getattr(each, "rule_facts", None)
    assert way(each) == each and hash(way(FEVER)) == hash(FEVER)


def test_another_process_says_the_same_of_what_it_is_sent():
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=pickle.dumps([*SENT, MODEL]),
        capture_output=True,
        check=False,
        cwd=Path(secondop.__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr.decode()
    own, assessed, read, sought, fingerprint = pickle.loads(done.stdout)
    here = pd.DataFrame({"fever": ["yes", "no"], "weeks": [3, None]})
    pd.testing.assert_frame_equal(own, secondop.assess(here, OWN))
    cases = secondop.simulate(MOVED, 500, seed=1, missing=secondop.Gaps(0.1))
    pd.testing.assert_frame_equal(assessed, secondop.assess(cases))
    pd.testing.assert_frame_equal(read, secondop.read_strategies(MODEL, STRATEGIES))
    assert (sought, fingerprint) == (0.2, OWN.fingerprint)
