"""The rooms that serve every book name no fact of any: medicine is content, and content is in guideline/."""

import ast
from pathlib import Path

import pytest

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B

PACKAGE = Path(__file__).parents[2] / "secondop"
FACTS = {*RULE_BOOK.facts, *SGB27B.facts} - {"condition"}  # which is also what a rule asks
SOURCES = [
    path for room in ("rules", "readers", "evaluation") for path in sorted((PACKAGE / room).glob("*.py"))
]


def words(source):
    """Every name and every text of a program, but for its docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""  # a docstring, or a text that nothing reads
    for node in ast.walk(tree):
        names = (getattr(node, key, None) for key in ("id", "attr", "arg", "name", "value"))
        yield from (name for name in names if isinstance(name, str))


def named(source):
    """The facts that a program names."""
    split = {part for text in words(source) for part in text.replace("-", "_").replace(".", " ").split()}
    return FACTS & split


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_fact_is_named(path):
    assert named(path.read_text(encoding="utf-8")) == set()


def test_what_would_be_found():
    program = '"""On rare_disease."""\nx = cases["sex"]\ny = book.drug_trials\n'
    program += 'f(suspicion="x")\nz = f"{a} pathology_result"'
    assert named(program) == {"sex", "drug_trials", "suspicion", "pathology_result"}
