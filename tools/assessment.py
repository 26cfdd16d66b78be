"""The test for before and after the lessons, from ``notebooks/lessons/tests.toml``, as pages to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from secondop.datafiles import read_toml
from secondop.teaching.handouts import Page, paper
from secondop.teaching.languages import Spoken
from secondop.teaching.markup import Html, el
from tools.notebooks import ROOT
from tools.prose import html_of

FORMS = ("A", "B")
"""Two forms that ask the same in other numbers."""
LETTERS = "abcd"
TESTS = ROOT / "notebooks" / "lessons" / "tests.toml"
_STYLE = """
@page { size: A4; margin: 14mm 16mm; }
body { max-width: 178mm; font: 10pt/1.35 system-ui, sans-serif; }
h1 { font-size: 15pt; margin: 0 0 2mm; } section { break-inside: avoid; margin: 0 0 3.5mm; }
p { margin: 0 0 1mm; }
ol.items { list-style: lower-alpha; margin: 0; padding-left: 8mm; columns: 2; } li { break-inside: avoid; }
"""


def items(path: Path = TESTS) -> list[dict[str, Any]]:
    """The ten items: name, lesson, and for each form question, options, right and why."""
    return read_toml(path, "The test of the lessons")["item"]


def form(letter: str, language: str = "en") -> Page:
    """A form as students get it: questions and options."""
    say = Spoken(language)
    asked = [_told(item[letter], language) for item in items()]
    blocks = [
        el("section", "", _prose(f"**{i}.** {one['question']}"), _options(one["options"]))
        for i, one in enumerate(asked, start=1)
    ]
    return _page(say, say("test-form", letter=letter), el("p", "", say("test-lead")), *blocks)


def key(language: str = "en") -> Page:
    """For the teacher: the right answer of each item in both forms, why, and the lesson that teaches it."""
    say, told = Spoken(language), []
    for number, item in enumerate(items(), start=1):
        lines = [el("p", "", el("b", "", f"{number}. {say('test-lesson', lesson=item['lesson'])}"))]
        for letter in FORMS:
            asked, right = _told(item[letter], language), item[letter]["right"] - 1
            answer = f"{letter}: {LETTERS[right]}, {asked['options'][right]}."
            lines.append(_prose(f"**{answer}** {asked['why']}"))
        told.append(el("section", "", *lines))
    return _page(say, say("test-answers"), *told)


def pages(language: str = "en") -> dict[str, Page]:
    """Both forms and the answers, by the names of their files."""
    forms = {f"test-form-{letter.lower()}.html": form(letter, language) for letter in FORMS}
    return forms | {"test-answers.html": key(language)}


def _told(asked: dict[str, Any], language: str) -> dict[str, Any]:
    """An item in a language: question, options and why."""
    return asked | asked.get(language, {})


def _page(say: Spoken, title: str, *blocks: Html) -> Page:
    return paper(title, say, _STYLE, el("h1", "", title), *blocks)


def _prose(text: str) -> Html:
    return Html(html_of(text))


def _options(options: list[str]) -> Html:
    listed = "".join(el("li", "", option) for option in options)
    return Html(f'<ol class="items">{listed}</ol>')
