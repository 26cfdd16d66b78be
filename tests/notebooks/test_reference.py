"""The reference: every public name, with what it says of itself, and words that lead to the glossary."""

import re

import pytest
from bs4 import BeautifulSoup

import secondop
from secondop import figures, teaching
from tools import study
from tools.docstrings import names_in_groups, rst, searchable
from tools.prose import Sheet
from tools.reference import EVERYDAY, terms

PUBLIC = [
    *secondop.__all__,
    *(f"figures.{name}" for name in figures.__all__),
    *(f"teaching.{name}" for name in teaching.__all__),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of the reference, by name."""
    folder = study.build([], tmp_path_factory.mktemp("site") / "pages").parent
    return {
        path.stem: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in folder.glob("*.html")
    }


def test_every_public_name_stands_once_in_the_reference_with_a_summary():
    listed = [name for _, names in names_in_groups() for name in names]
    assert sorted(name.name for name in listed) == sorted(PUBLIC)
    assert [name.name for name in listed if len(name.summary) < 15] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_a_name_has_an_anchor_and_what_is_called_shows_how(name, pages):
    (heading,) = pages["reference"].find_all(id=name)
    entry = heading.parent
    assert entry.find(class_="summary").get_text(strip=True)
    thing = secondop
    for part in name.split("."):
        thing = getattr(thing, part)
    if callable(thing) and not isinstance(thing, type):
        assert entry.find(class_="signature").get_text().startswith(f"{name.split('.')[-1]}(")


def test_no_markup_of_the_docstrings_is_left(pages):
    soup = BeautifulSoup(str(pages["reference"].find("main")), "html.parser")
    for code in soup(["code", "pre", "script"]):
        code.decompose()
    assert re.findall(r".{20}(?:``|:\w+:`|\n-{4,}).{0,20}", soup.get_text()) == []


def test_sections_are_read_from_their_underlines():
    found = {name.name: name for _, names in names_in_groups() for name in names}
    assert [title for title, _ in found["calibrate"].sections] == ["Parameters", "Examples"]
    parameters = BeautifulSoup(found["calibrate"].sections[0][1], "html.parser")
    heads = [head.get_text() for head in parameters("dt")]
    assert heads == ["rates : DataFrame, or iterable of mappings", "contrasts : dict, optional"]
    assert "Published rates among" in parameters.dd.get_text()
    handed_on = [title for title, _ in found["read_cases"].sections]
    assert handed_on[0] == "Parameters", "what it hands on to says the rest"
    assert handed_on.count("Examples") == 1
    assert "Cohort.table" not in found or found["Cohort"].members
    assert {member.name for member in found["RuleBook"].members} >= {"RuleBook.without", "RuleBook.diff"}


TEXTS = [
    # docstring                         HTML
    ("``a < b`` and *so* on", "<p><code>a &lt; b</code> and <em>so</em> on</p>"),
    ("see :func:`rate`", '<p>see <a href="#rate"><code>rate</code></a></p>'),
    ("`nobody` knows", "<p><code>nobody</code> knows</p>"),
    ("- one\n- two", "<ul><li>one\n</li><li>two</li></ul>"),
    ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
]


@pytest.mark.parametrize(("text", "html"), TEXTS)
def test_a_docstring_becomes_html(text, html):
    assert rst(text, {"rate": "rate"}) == html


def test_the_search_knows_every_name_word_and_page(pages):
    names = {row[0] for row in searchable(names_in_groups())}
    index = pages["reference"].find(id="search-index").string
    assert set(PUBLIC) <= names
    for row in (*PUBLIC, *secondop.glossary()["word"], "When not to trust a simulated cohort"):
        assert f'["{row}"' in index


def test_every_word_of_the_glossary_has_its_place(pages):
    assert [each for each in secondop.glossary()["id"] if not pages["glossary"].find(id=each)] == []
    targets = {target.partition("#")[2] for target in terms().values()}
    assert targets <= set(secondop.glossary()["id"])
    assert set(EVERYDAY) <= set(secondop.glossary()["word"])


def test_the_first_use_of_a_word_leads_to_the_glossary_and_no_other():
    sheet = Sheet({"net benefit": "glossary.html#net-benefit", "benefit": "glossary.html#benefit"})
    html = sheet.prose("# Net benefit\n\n`net benefit` [net benefit](x.md): net benefits, and net benefit.")
    assert html.count("glossary.html") == 1
    assert '<a class="term" href="glossary.html#net-benefit">net benefits</a>, and net benefit.' in html
    again = sheet.prose("The net benefit, a benefit: beneficial.")
    assert again.count("glossary.html") == 1 and '#benefit">benefit</a>: beneficial' in again


def test_headings_of_one_page_have_anchors_of_their_own():
    sheet = Sheet()
    sheet.prose("## Predict\n\nOne.\n\n## Run")
    assert '<h2 id="predict-2">Predict</h2>' in sheet.prose("## Predict")
    sheet.prose("## Hidden", listed=False)
    assert [anchor for _, anchor, _ in sheet.headings] == ["predict", "run", "predict-2"]
