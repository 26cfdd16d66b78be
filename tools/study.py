"""Build the study, pages that work offline, from a fresh run of everything: ``python -m tools.study``.

Each page shows one notebook or lesson; figures stay interactive and share one plotly.js beside the pages.
Nothing is asked from the network.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, ansi2html, markdown2html
from plotly.io import to_json

from secondop.datafiles import write_whole
from tools.folders import new_folder, refuse_others
from tools.notebooks import PLOTLY, ROOT, WIDGET, all_lessons, all_notebooks, execute, run_all

_TEMPLATES = Path(__file__).parent / "templates"
_HIGHLIGHT = Highlight2HTML(pygments_lexer="python")


@dataclass(frozen=True)
class Page:
    """What the index and the navigation say of a notebook; texts are HTML."""

    file: str
    number: str
    title: Markup
    description: Markup
    notebook: object


def build(
    executed: list[tuple[Path, object]], out: Path, lessons: list[tuple[Path, object]] | None = None
) -> Path:
    """Write the pages of executed notebooks and lessons, each as (path, notebook), and return the index.

    The pages that were in the folder stay until the new ones are complete.
    """
    jinja = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made = {name: (_TEMPLATES / name).read_bytes() for name in ("style.css", "page.js")}
    made["plotly.min.js"] = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    chapters = [("All questions", "questions", executed), ("All lessons", "lessons", lessons or [])]
    listed = {}
    for home, anchor, chapter in chapters:
        pages = listed[anchor] = [_page(path, notebook) for path, notebook in chapter]
        for page, previous, following in zip(pages, [None, *pages], [*pages[1:], None], strict=False):
            made[page.file] = jinja.get_template("page.html.j2").render(
                page=page,
                previous=previous,
                following=following,
                parts=_parts(page.notebook),
                home=home,
                anchor=anchor,
            )
    made["index.html"] = jinja.get_template("index.html.j2").render(**listed)
    with new_folder(out) as folder:
        for name, content in made.items():
            write_whole(folder / name, content)
    return out / "index.html"


def _page(path: Path, notebook) -> Page:
    """Number from the file's name; title and description from the first heading and the paragraph beneath."""
    html = _markdown(next((cell.source for cell in notebook.cells if cell.cell_type == "markdown"), ""))
    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)
    paragraph = re.search(r"<p>(.*?)</p>", html[title.end() :] if title else html, re.S)
    number = re.match(r"\d+[a-z]?", path.stem)
    return Page(
        file=f"{path.stem}.html",
        number=number[0] if number else "",
        title=_inline(title[1] if title else escape(path.stem)),
        description=_inline(paragraph[1] if paragraph else ""),
        notebook=notebook,
    )


def _inline(html: str) -> Markup:
    return Markup(re.sub(r"</?a\b[^>]*>", "", html))


def _markdown(source: str) -> str:
    html = re.sub(r'<a class="anchor-link".*?</a>', "", markdown2html(source))
    return re.sub(r'href="(?:[\w.-]+/)*([\w-]+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', html)


def _parts(notebook) -> list[tuple[str, list[tuple[str, Markup]]]]:
    """The pieces of a page in parts, as (title, pieces); those with a title are for teachers, and folded.

    A heading in what is for teachers begins a part of its own, such as their notes.
    """
    parts = []
    for cell in notebook.cells:
        folded = "solution" in cell.metadata.get("tags", [])
        heading = re.match(r"#+ (.+)", cell.source) if folded and cell.cell_type == "markdown" else None
        if not parts or heading or folded != bool(parts[-1][0]):
            parts.append((heading[1] if heading else "Solution" * folded, []))
        parts[-1][1].extend(_pieces(cell))
    return parts


def _pieces(cell) -> Iterator[tuple[str, Markup]]:
    """A cell as (class, HTML) pairs: prose, code, and one for each output."""
    if cell.cell_type == "markdown":
        yield "prose", Markup(_markdown(cell.source))
    elif cell.cell_type == "code":
        if cell.source.strip():
            yield "code", Markup(_HIGHLIGHT(cell.source))
        for output in cell.outputs:
            yield _output(output)
            if output.get("metadata", {}).get("still"):
                yield "note", Markup("<p>A still picture: in JupyterLab this can be played with.</p>")


def _output(output) -> tuple[str, Markup]:
    if output.output_type == "stream":
        return f"text {output.name}", Markup(f"<pre>{ansi2html(output.text)}</pre>")
    data = output.get("data", {})
    if PLOTLY in data:
        return "figure", _figure(data[PLOTLY])
    if WIDGET in data:
        return "note", Markup("<p>Here the notebook has a control to play with: open it in JupyterLab.</p>")
    if "text/html" in data:
        html = data["text/html"]
        # Colours that a table brings along suppose a light page, unless it says otherwise.
        coloured = re.search(r"background|color:", html) and not re.search(
            "prefers-color-scheme|color:inherit", html
        )
        return "html paper" if coloured else "html", Markup(html)
    if "image/svg+xml" in data:
        return "picture", Markup(data["image/svg+xml"])
    if "image/png" in data:
        return "picture", Markup(f'<img alt="" src="data:image/png;base64,{data["image/png"].strip()}">')
    if "text/markdown" in data:
        return "prose", Markup(_markdown(data["text/markdown"]))
    return "text", Markup(f"<pre>{ansi2html(data.get('text/plain', ''))}</pre>")


def _figure(figure: dict) -> Markup:
    """A place for `page.js` to draw in, with the figure as JSON inside."""
    title = figure.get("layout", {}).get("title") or {}
    label = re.sub(r"<[^>]+>", " ", title.get("text", "") if isinstance(title, dict) else str(title))
    height = int(figure.get("layout", {}).get("height") or 480)
    content = to_json({"data": figure["data"], "layout": figure.get("layout", {})}, validate=False)
    content = content.replace("</", "<\\/")
    return Markup(
        f'<div class="plot" role="img" aria-label="{escape(label)}" style="min-height:{height}px">'
        f'<script type="application/json">{content}</script></div>'
    )


def main() -> None:
    """Execute all notebooks and lessons and build the pages."""
    parser = argparse.ArgumentParser(description="Execute every notebook and build the pages of the study.")
    parser.add_argument(
        "--notebooks", type=Path, default=ROOT / "notebooks", help="folder of notebooks, lessons in it"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "study", help="folder to write, new or made by this"
    )
    options = parser.parse_args()
    refuse_others(options.out)
    paths = all_notebooks(options.notebooks)
    if not paths:
        raise SystemExit(f"There are no notebooks in {options.notebooks}.")
    lessons = all_lessons(options.notebooks / "lessons")
    executed = [*zip([*paths, *lessons], run_all([*paths, *lessons], execute), strict=True)]
    index = build(executed[: len(paths)], options.out, executed[len(paths) :])
    print(f"The study is ready. Open it in a browser:\n{index.resolve()}")


if __name__ == "__main__":
    main()
