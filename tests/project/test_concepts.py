"""The pages on what the numbers mean: their examples run, and print every number of their prose."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("three-answers", "published-rates", "simulated-cohorts")
each_page = pytest.mark.parametrize("name", PAGES)
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)")
NAMED = {"95"}
"""A number that names a kind of interval."""
QUOTED = {"published-rates": {"15"}}
"""What others say, in quotation marks on the page."""


def text(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


@each_page
@pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning")
def test_the_examples_print_what_stands_there(name):
    examples = "\n".join(CODE.findall(text(name)))
    test = doctest.DocTestParser().get_doctest(examples, {}, name, f"{name}.md", 0)
    said = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert result.attempted > 5 and not result.failed, "".join(said)


@each_page
def test_no_number_of_the_prose_is_missing_from_what_the_examples_say(name):
    examples = "\n".join(CODE.findall(text(name)))
    shown = {number.replace(",", "") for number in NUMBER.findall(examples.replace("_", ""))}
    prose = re.sub(r"`[^`]+`", "", CODE.sub("", text(name)))
    told = {number.rstrip(",").replace(",", "") for number in NUMBER.findall(prose)}
    assert told - NAMED - QUOTED.get(name, set()) - shown - {"100"} == set()


@each_page
def test_it_is_read_in_five_minutes(name):
    words = len(re.sub(r"[^\w\s]", " ", CODE.sub("", text(name))).split())
    assert 350 <= words <= 750, words
