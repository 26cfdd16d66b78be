"""What a class is given: notebooks without solutions, and pages to print: ``python -m tools.handouts``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from secondop.datafiles import write_whole
from secondop.errors import SecondopError
from secondop.teaching.cards import deck
from secondop.teaching.classroom import address
from secondop.teaching.handouts import case_sheets
from secondop.teaching.markup import Html
from secondop.teaching.printed import cards_page, key_page, rule_book_sides
from tools import assessment
from tools.folders import new_folder
from tools.lessons import STUDENTS, say, write_tracks
from tools.notebooks import ROOT, all_lessons

PRINTED = ROOT / "build" / "class"
SHEETS = ["T001", "T008", "T011", "T014", "T020", "T028", "T074", "T081", "T092", "T110", "T113", "T147"]
"""The cases that get a sheet unless others are named: every answer, some provisional, some disputed."""
NO_QR = """No codes to scan were drawn: they need the package segno. \
python run.py class installs it; elsewhere: pip install segno"""


def codes(url: str) -> Callable[[str], Html]:
    """What draws a code to scan for a case: a link to the classroom page at that address."""
    if not url:
        return lambda _: Html("")
    import segno

    page = address(url)
    options = {"border": 2, "omitsize": True, "svgclass": None, "lineclass": None}
    return lambda case: Html(segno.make(f"{page}#predict/{case}", error="m").svg_inline(**options))


def print_all(out: Path, cases: list[str], url: str = "", language: str = "en") -> list[Path]:
    """Write the pages to print into a folder, which is replaced; codes to scan only where there is a page."""
    all_cases, mark = deck(), codes(url)
    chosen = [all_cases[name] for name in cases]
    pages = {
        "case-sheets.html": case_sheets(chosen, mark=mark, language=language),
        "case-sheets-with-answers.html": case_sheets(chosen, answer=True, language=language),
        "rule-book-on-two-sides.html": rule_book_sides(language=language),
        "cards.html": cards_page(all_cases, mark, language),
        "cards-key.html": key_page(all_cases, language),
    }
    pages |= assessment.pages(language)
    with new_folder(out) as folder:
        for name, page in pages.items():
            write_whole(folder / name, page)
    return [out / name for name in pages]


def main(arguments: list[str] | None = None) -> None:
    """Write what a class is given and say where it is."""
    parser = argparse.ArgumentParser(description="Write what a class is given: notebooks, pages to print.")
    parser.add_argument("--url", default="", help="where a class finds the classroom: draws codes to scan")
    parser.add_argument("--language", choices=["en", "de"], default="en", help="of the pages to print")
    parser.add_argument("--cases", nargs="+", default=SHEETS, metavar="CASE", help="which get a sheet")
    options = parser.parse_args(arguments)
    drawn = options.url if find_spec("segno") else ""
    try:
        address(options.url)
        pages = print_all(PRINTED, options.cases, drawn, options.language)
    except SecondopError as error:
        raise SystemExit(str(error)) from error
    say(*write_tracks(all_lessons(), STUDENTS))
    print("To print, from a browser:", *pages, sep="\n")
    if options.url and not drawn:
        print(NO_QR)


if __name__ == "__main__":
    main()
