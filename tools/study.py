"""Build the study, pages that work offline, from a fresh run of everything: ``python -m tools.study``.

Each page shows one notebook or lesson; figures stay interactive and share one plotly.js beside the pages. The
reference stands beside them. Nothing is asked from the network.
"""

from __future__ import annotations

import argparse
from functools import partial
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from secondop.datafiles import write_whole
from secondop.figures.style import SCHEMES
from secondop.teaching.strings import said
from tools.folders import new_folder, refuse_others
from tools.notebooks import ROOT, all_lessons, all_notebooks, execute, run_all
from tools.pages import Page, page_of
from tools.reference import terms, write_reference

_TEMPLATES = Path(__file__).parent / "templates"
BESIDE = ("style.css", "chrome.js")
"""What every page loads, beside plotly."""
STARTS = {"start-new": "01", "start-class": "1", "start-own": "10"}
"""Where the index sends whom: what it says, and the number of the page."""


def build(
    executed: list[tuple[Path, object]],
    out: Path,
    lessons: list[tuple[Path, object]] | None = None,
    language: str = "en",
) -> Path:
    """Write the pages of executed notebooks and lessons, each as (path, notebook), and return the index.

    The pages that were in the folder stay until the new ones are complete.
    """
    jinja, linked = _jinja(language), terms()
    made: dict[str, str | bytes] = {name: (_TEMPLATES / name).read_bytes() for name in BESIDE}
    made["fit.js"] = files("secondop").joinpath("figures/fit.js").read_bytes()
    made["plotly.min.js"] = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
    chapters = [("all-questions", "questions", executed), ("all-lessons", "lessons", lessons or [])]
    listed: dict[str, list[Page]] = {}
    for home, anchor, chapter in chapters:
        pages = listed[anchor] = [page_of(path, notebook, linked, language) for path, notebook in chapter]
        for page, previous, following in zip(pages, [None, *pages], [*pages[1:], None], strict=False):
            made[page.file] = jinja.get_template("page.html.j2").render(
                page=page, previous=previous, following=following, home=said(home, language), anchor=anchor
            )
            if page.picture:
                made[page.picture_file] = page.picture
    reference, concepts = write_reference(jinja, linked, language)
    by_number = {page.number: page for pages in listed.values() for page in pages}
    starts = [(key, by_number[number]) for key, number in STARTS.items() if number in by_number]
    index = jinja.get_template("index.html.j2")
    made |= reference | {"index.html": index.render(**listed, starts=starts, concepts=concepts)}
    with new_folder(out) as folder:
        for name, content in made.items():
            write_whole(folder / name, content)
    return out / "index.html"


def _jinja(language: str) -> Environment:
    """Templates that say everything in one language; a name that is missing is an error."""
    jinja = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    jinja.globals |= {"said": partial(said, language=language), "language": language, "schemes": SCHEMES}
    return jinja


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
