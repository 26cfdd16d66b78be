"""The reference of the study's site: every public name, the glossary, and pages on what the numbers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup
from plotly.io.json import to_json_plotly

from secondop import glossary
from secondop.teaching.strings import said
from secondop.words import glossary_page
from tools.docstrings import names_in_groups, searchable
from tools.notebooks import ROOT
from tools.prose import Sheet, slug, words_of

DOCUMENTS = ("three-answers", "published-rates", "simulated-cohorts", "house")
"""Pages on what the numbers mean, and on how the package is built: markdown in ``docs``."""
EVERYDAY = ("level", "final", "change", "signal", "cluster", "concentration")
"""Words of the glossary that mean other things too, and are not linked by themselves."""


@dataclass(frozen=True)
class Document:
    """A page that is written as markdown."""

    file: str
    title: str
    html: Markup
    contents: list[tuple[int, str, Markup]]


def terms() -> dict[str, str]:
    """Where each word of the glossary is explained, by the word; a pair of words is two."""
    found = {}
    for row in glossary().itertuples():
        words = [row.word] if " and " in row.word else row.word.split(", ")
        found |= {word: f"glossary.html#{row.id}" for word in words if word not in EVERYDAY}
    return found


def documents(linked: dict[str, str], language: str = "en") -> list[Document]:
    """The pages that are written as markdown, and last the glossary."""
    made = []
    for name in DOCUMENTS:
        sheet, source = Sheet(linked), (ROOT / "docs" / f"{name}.md").read_text("utf-8")
        html = sheet.prose(source)
        listed = [heading for heading in sheet.headings if heading[0] == 2]
        title = words_of(next(heading for level, _, heading in sheet.headings if level == 1))
        made.append(Document(f"{name}.html", title, html, listed))
    heading = f"<h1>{said('glossary', language)}</h1><p>{said('glossary-lead', language)}</p>"
    made.append(Document("glossary.html", said("glossary", language), Markup(heading + glossary_page()), []))
    return made


def write_reference(
    jinja, linked: dict[str, str], language: str = "en"
) -> tuple[dict[str, str], list[Document]]:
    """The files of the reference, by name, and the pages among them that the index lists."""
    groups = names_in_groups()
    written = documents(linked, language)
    listed = [(slug(title), title, names) for title, names in groups]
    headings = [
        (2, "concepts", said("concepts", language)),
        *((2, anchor, title) for anchor, title, _ in listed),
    ]
    concepts = written[:-1]
    rows = [*searchable(groups), *_found_in(written)]
    files = {page.file: jinja.get_template("base.html.j2").render(page=page) for page in written}
    files["reference.html"] = jinja.get_template("reference.html.j2").render(
        groups=listed,
        headings=headings,
        concepts=concepts,
        index=Markup(to_json_plotly(rows).replace("</", "<\\/")),
    )
    return files, concepts


def _found_in(written: list[Document]) -> list[tuple[str, str, str, str]]:
    """What a search finds of the pages and of the glossary, as (name, address, summary, all words)."""
    rows = []
    for page in written[:-1]:
        paragraph = re.search(r"<p>(.*?)</p>", page.html, re.S)
        rows.append((page.title, page.file, words_of(paragraph[1] if paragraph else ""), words_of(page.html)))
    rows += [
        (row.word, f"glossary.html#{row.id}", row.meaning, f"{row.field} {row.used}")
        for row in glossary().itertuples()
    ]
    return rows
