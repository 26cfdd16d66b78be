"""A notebook as a page: its pieces in HTML, its contents, and what the index shows of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import nbformat
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, ansi2html
from plotly.io import to_json

from secondop.teaching.strings import said
from tools.lessons import tags_of, track_of
from tools.notebooks import PLOTLY, WIDGET, figures
from tools.prose import Sheet, html_of, inline, words_of

_HIGHLIGHT = Highlight2HTML(pygments_lexer="python")
FOLDED = {"solution": "solution", "answer": "show-answer"}
"""Tags of cells that a page folds, and what is written on the fold."""
LONG = 3
"""A page with so many headings has a list of contents."""


@dataclass(frozen=True)
class Part:
    """Pieces of a page that stand together, each as (class, HTML); folded under a title if it has one.

    Where they are for one track of a lesson, ``kind`` says so as well.
    """

    kind: str
    title: str = ""
    pieces: list[tuple[str, Markup]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A page, and what the index and the navigation say of it; texts are HTML."""

    file: str
    number: str
    title: Markup
    description: Markup
    finding: str
    picture: bytes | None
    alternative: str
    parts: list[Part]
    contents: list[tuple[int, str, Markup]]

    @property
    def picture_file(self) -> str:
        """Where the picture stands beside the page."""
        return f"{Path(self.file).stem}.png"

    @property
    def has_code(self) -> bool:
        """Whether there is code to hide."""
        return any(kind == "code" for part in self.parts for kind, _ in part.pieces)

    @property
    def has_tracks(self) -> bool:
        """Whether it says something else to those without code, as a lesson does: it then begins so."""
        return any("clinic" in part.kind.split() for part in self.parts)


def page_of(path: Path, notebook, terms: Mapping[str, str] | None = None, language: str = "en") -> Page:
    """The page of an executed notebook; its picture is the one that is stored in the file at ``path``."""
    html = html_of(next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), ""))
    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)
    paragraph = re.search(r"<p>(.*?)</p>", html[title.end() :] if title else html, re.S)
    number, sheet = re.match(r"\d+[a-z]?", path.stem), Sheet(terms)
    parts = parts_of(notebook, sheet, language)
    contents = [heading for heading in sheet.headings if heading[0] == 2]
    shown = figures(notebook)
    described = meta_of(shown[0]["data"][PLOTLY]).get("description") if shown else None
    return Page(
        file=f"{path.stem}.html",
        number=number[0] if number else "",
        title=inline(title[1] if title else escape(path.stem)),
        description=inline(paragraph[1] if paragraph else ""),
        finding=finding(notebook),
        picture=stored_picture(path),
        alternative=described or said("first-figure", language),
        parts=parts,
        contents=contents if len(contents) >= LONG else [],
    )


def finding(notebook) -> str:
    """What a page found: the title of its first figure, or its first sentence after *What it shows*."""
    for output in figures(notebook):
        if title := title_of(output["data"][PLOTLY]):
            return title
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (
            told := re.match(r"\*\*What it shows\.?\*\*\W*(.+)", cell.source, re.S)
        ):
            text = words_of(html_of(told[1]))
            sentence = re.match(r".+?[.?!](?=\s|$)", text)
            said_first = sentence[0] if sentence else text
            return said_first[0].upper() + said_first[1:]
    return ""


def stored_picture(path: Path) -> bytes | None:
    """The PNG of the first figure of a notebook as it is stored, if it has one."""
    for output in figures(nbformat.read(path, as_version=4)):
        if "image/png" in output["data"]:
            return base64.b64decode(output["data"]["image/png"])
    return None


def meta_of(figure: dict) -> dict:
    """What a figure says of itself beside its drawing: title, description, table."""
    meta = figure.get("layout", {}).get("meta")
    return meta if isinstance(meta, dict) else {}


def title_of(figure: dict) -> str:
    """The title of a figure in one line, without tags and without the smaller line below it."""
    title = figure.get("layout", {}).get("title") or ""
    drawn = (title.get("text") if isinstance(title, dict) else str(title)) or ""
    return words_of(meta_of(figure).get("title") or re.split(r"<br>\s*<(?:sub|span)\b", drawn)[0])


def parts_of(notebook, sheet: Sheet, language: str = "en") -> list[Part]:
    """The pieces of a page in parts; those of cells tagged ``solution`` or ``answer`` are folded.

    A heading in what is for teachers begins a part of its own, such as their notes.
    """
    parts: list[Part] = []
    for cell in notebook.cells:
        fold = next((tag for tag in FOLDED if tag in tags_of(cell)), "")
        kind = f"{fold} {track_of(cell)}".strip()
        own = fold == "solution" and cell.cell_type == "markdown"
        heading = re.match(r"#+ (.+)", cell.source) if own else None
        if not parts or heading or kind != parts[-1].kind:
            label = said(FOLDED[fold], language) if fold else ""
            parts.append(Part(kind, heading[1] if heading else label))
        parts[-1].pieces.extend(_pieces(cell, sheet, not kind, language))
    return parts


def _pieces(cell, sheet: Sheet, listed: bool, language: str) -> Iterator[tuple[str, Markup]]:
    """A cell as (class, HTML) pairs: prose, code, and one for each output."""
    if cell.cell_type == "markdown":
        yield "prose", sheet.prose(cell.source, listed)
    elif cell.cell_type == "code":
        if cell.source.strip():
            yield "code", Markup(_HIGHLIGHT(cell.source))
        for output in cell.outputs:
            yield _output(output, sheet, language)
            if output.get("metadata", {}).get("still"):
                yield "note", Markup(f"<p>{said('still-picture', language)}</p>")


def _output(output, sheet: Sheet, language: str) -> tuple[str, Markup]:
    if output.output_type == "stream":
        return f"text {output.name}", Markup(f"<pre>{ansi2html(output.text)}</pre>")
    data = output.get("data", {})
    if PLOTLY in data:
        return "figure", figure_html(data[PLOTLY], language)
    if WIDGET in data:
        return "note", Markup(f"<p>{said('control-here', language)}</p>")
    if "text/html" in data:
        return "html", Markup(_without_empty_headers(data["text/html"]))
    if "image/svg+xml" in data:
        return "picture", Markup(data["image/svg+xml"])
    if "image/png" in data:
        return "picture", Markup(f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">')
    if "text/markdown" in data:
        return "prose", sheet.prose(data["text/markdown"], listed=False)
    return "text", Markup(f"<pre>{ansi2html(data.get('text/plain', ''))}</pre>")


def _without_empty_headers(html: str) -> str:
    """A table whose empty corner is a cell: a screen reader would announce a header that says nothing."""
    return re.sub(r"<th\b([^>]*)>(\s|&nbsp;)*</th>", r"<td\1></td>", html)


def figure_html(figure: dict, language: str = "en") -> Markup:
    """A place for `fit.js` to draw in, with the figure as JSON inside, and its numbers folded below."""
    layout, meta = figure.get("layout", {}), meta_of(figure)
    label = meta.get("description") or title_of(figure)
    content = to_json({"data": figure["data"], "layout": layout}, validate=False).replace("</", "<\\/")
    place = (
        f'<div class="plot" role="figure" aria-label="{escape(label)}" '
        f'style="min-height:{int(layout.get("height") or 480)}px">'
        f'<script type="application/json">{content}</script></div>'
    )
    return Markup(place + _numbers(meta["table"], language) if meta.get("table") else place)


def _numbers(table: dict, language: str) -> str:
    """The folded table of what a figure draws: ``{"columns": [...], "rows": [[...], ...]}``."""
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in table["columns"])
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(value, language))}</td>" for value in row) + "</tr>"
        for row in table["rows"]
    )
    return (
        f'<details class="numbers"><summary>{said("figure-numbers", language)}</summary>'
        f'<div class="html"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _shown(value, language: str) -> str:
    """A value of a figure in words: a missing one is said to be missing, and zero has no sign."""
    if value is None or value != value:
        return said("not-known", language)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value + 0.0:,.{0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2}f}".replace(
        "-0.00", "0.00"
    )
