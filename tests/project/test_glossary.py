"""The glossary: it has every measure and every end of a table, its formulae are right, its names exist."""

import ast
import re
from math import isclose, sqrt
from pathlib import Path

import numpy as np
import pytest

from secondop import glossary
from secondop.evaluation.measures import MEASURES, TRUTH, table
from secondop.words import glossary_page

ROWS = glossary().to_dict("records")
USED = {row["id"]: row["used"].split(", ") for row in ROWS}
PACKAGE = Path(__file__).parents[2] / "secondop"
TP, FP, FN, TN, P_T = 8.0, 12.0, 5.0, 75.0, 0.2
NUMBERS = {"TP": TP, "FP": FP, "FN": FN, "TN": TN, "p_t": P_T, "n": TP + FP + FN + TN, "min": min}
NUMBERS |= {"s": (TP + FP) / NUMBERS["n"], "c": (TP + FN) / NUMBERS["n"]}


def worked_out(formula: str, **numbers: float) -> float:
    return eval(formula.replace("×", "*").replace("−", "-"), {**NUMBERS, **numbers})


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_one_entry_and_its_formula_gives_what_the_measure_gives(name):
    about = [row for row in ROWS if name in USED[row["id"]]]
    assert len(about) == 1, f"{name} is in {[row['word'] for row in about]}: give it one entry"
    counts = np.array([[TN, FN, 0], [FP, TP, 0], [0, 0, 0]])
    value = table(counts, counts, [P_T], measures=[name])[name].reshape(-1)[0]
    assert isclose(worked_out(about[0]["formula"]), value, rel_tol=1e-9)


def test_the_formula_of_the_interval_is_wilsons():
    (formula,) = [row["formula"] for row in ROWS if row["word"] == "95 % interval"]
    text = formula.partition(", z =")[0].replace("²", "**2").replace("√", "sqrt")
    text = text.replace("2n", "(2 * n)").replace("4n", "(4 * n)").replace("(4 * n)**2", "(4 * n**2)")
    p, counts = NUMBERS["s"], np.array([[TN, FN, 0], [FP, TP, 0], [0, 0, 0]])
    expected = table(counts, counts, measures=["referral_rate"])["referral_rate"][3:] / 100
    ends = [worked_out(text.replace("±", sign), p=p, z=1.959963984540054, sqrt=sqrt) for sign in ("-", "+")]
    assert ends == pytest.approx(expected.tolist(), rel=1e-9)


def test_the_truth_and_every_end_of_a_table_are_in_it():
    used = {name for names in USED.values() for name in names}
    assert {*TRUTH, "min", "max", "lower", "upper", "threshold", "frontier", "best", "fired"} - used == set()


def named_in_the_package() -> set[str]:
    """Every name and text of the package's programs, and the parts of paths of parameters, such as "a.b"."""
    nodes = [x for path in PACKAGE.rglob("*.py") for x in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = (getattr(node, key, None) for node in nodes for key in ("id", "attr", "arg", "name", "value"))
    names = {name for name in names if isinstance(name, str)}
    return names | {part for name in names if " " not in name for part in name.split(".")}


NAMED = named_in_the_package()


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_an_entry_is_whole_and_names_what_exists(row):
    assert row["word"] and row["field"] and row["meaning"].endswith(".") and row["meaning"][0].isupper()
    lacking = {name for name in USED[row["id"]] if re.sub("_(min|max|lower|upper)$", "", name) not in NAMED}
    assert lacking == set(), f"{row['word']} is said to be used in what does not exist"


def test_words_and_links_differ_and_the_page_has_each():
    ids = [row["id"] for row in ROWS]
    assert len(set(ids)) == len(ids) >= 30
    page = glossary_page()
    assert [name for name in ids if page.count(f'<dt id="{name}">') != 1] == []
    assert "p_t / (1 − p_t)" in page and "<script" not in page
