"""The test for before and after the lessons, from ``notebooks/lessons/tests.toml``, as pages to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from secondop.datafiles import read_toml
from secondop.teaching.handouts import Page
from secondop.teaching.markup import Html, document, el
from tools.notebooks import ROOT
from tools.prose import html_of

FORMS = ("A", "B")
"""Two forms that ask the same in other numbers."""
LETTERS = "abcd"
TESTS = ROOT / "notebooks" / "lessons" / "tests.toml"
_STYLE = """
@page { size: A4; margin: 14mm 16mm; }
:root { color-scheme: light; }
body { max-width: 178mm; margin: 0 auto; color: #1d1f23; background: #fff;
  font: 10pt/1.35 system-ui, sans-serif; }
h1 { font-size: 15pt; margin: 0 0 2mm; } section { break-inside: avoid; margin: 0 0 3.5mm; }
p { margin: 0 0 1mm; }
ol.items { list-style: lower-alpha; margin: 0; padding-left: 8mm; columns: 2; } li { break-inside: avoid; }
"""
_LEAD = "Mark one answer of each item. About ten minutes. No names: write a sign that you will know again."


def items(path: Path = TESTS) -> list[dict[str, Any]]:
    """The ten items: name, lesson, and for each form question, options, right and why."""
    return read_toml(path, "The test of the lessons")["item"]


def form(letter: str) -> Page:
    """A form as students get it: questions and options."""
    asked = [
        el("section", "", _prose(number, item[letter]["question"]), _options(item[letter]["options"]))
        for number, item in enumerate(items(), start=1)
    ]
    title = f"Test, form {letter}"
    return Page(document(title, el("h1", "", title), el("p", "", _LEAD), *asked, style=_STYLE))


def key() -> Page:
    """For the teacher: the right answer of each item in both forms, why, and the lesson that teaches it."""
    told = []
    for number, item in enumerate(items(), start=1):
        lines = [
            el("p", "", el("b", "", f"{number}. {item['name'].replace('-', ' ')}, lesson {item['lesson']}"))
        ]
        for letter in FORMS:
            asked = item[letter]
            right = f"{letter}: {LETTERS[asked['right'] - 1]}, {asked['options'][asked['right'] - 1]}."
            lines.append(Html(html_of(f"**{right}** {asked['why']}")))
        told.append(el("section", "", *lines))
    title = "Test, answers of both forms"
    return Page(document(title, el("h1", "", title), *told, style=_STYLE))


def pages() -> dict[str, Page]:
    """Both forms and the answers, by the names of their files."""
    forms = {f"test-form-{letter.lower()}.html": form(letter) for letter in FORMS}
    return forms | {"test-answers.html": key()}


def _prose(number: int, text: str) -> Html:
    return Html(html_of(f"**{number}.** {text}"))


def _options(options: list[str]) -> Html:
    listed = "".join(el("li", "", option) for option in options)
    return Html(f'<ol class="items">{listed}</ol>')
