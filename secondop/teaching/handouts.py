"""To hand out: the rule book and one case on paper.

The pages are whole HTML documents with no script and nothing to load; a browser prints them on A4. A notebook
shows one as it is; ``Path("rules.html").write_text(rule_book_page(), encoding="utf-8")`` writes it to a file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

import pandas as pd

from secondop.guideline.defaults import explain
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.cards import TeachingCase, deck
from secondop.teaching.markup import COLOURS, FOR, OPEN, Html, div, document, el
from secondop.words import NOT_FOR_CARE, an

_STYLE = """
@page { size: A4; margin: 14mm 16mm 18mm; font: 8pt system-ui, sans-serif; color: #555;
  @bottom-left { content: "secondop: for education and analysis, not for care"; }
  @bottom-right { content: counter(page); } }
:root { color-scheme: light; }
body { max-width: 178mm; margin: 8mm auto; padding: 0 4mm; color: #1d1f23; background: #fff;
  font: 10pt/1.4 system-ui, sans-serif; print-color-adjust: exact; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
h1 { font-size: 18pt; line-height: 1.2; margin: 0 0 2mm; } h2 { font-size: 13pt; margin: 7mm 0 2mm; }
h3 { font-size: 10.5pt; margin: 4mm 0 1mm; } p { margin: 0 0 .6mm; } ul { margin: 0; padding-left: 5mm; }
h1, h2, h3 { break-after: avoid; } p, li { break-inside: avoid; } p + p { break-before: avoid; }
code { font: .92em ui-monospace, monospace; white-space: nowrap; }
"""
_TAGS = {"# ": "h1", "## ": "h2", "### ": "h3", "- ": "li"}


class Page(str):
    """An HTML document as text, which a notebook shows as the page that it is."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its style and that of the notebook stay apart."""
        style = "width:100%;max-width:210mm;aspect-ratio:210/297;border:1px solid #999;background:#fff;"
        return (
            f'<iframe srcdoc="{html.escape(self)}" style="{style}" sandbox title="A page to print"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<an HTML page of {len(self):,} characters>"


def rule_book_page(rule_book: RuleBook = RULE_BOOK) -> Page:
    """The rule book to hand out: what :meth:`RuleBook.to_markdown` says, typeset.

    Examples
    --------
    >>> page = rule_book_page()
    >>> page[:15], RULE_BOOK.fingerprint in page
    ('<!doctype html>', True)
    """
    blocks = []
    for line in filter(None, rule_book.to_markdown().splitlines()):
        mark = next((mark for mark in _TAGS if line.startswith(mark)), "")
        text = re.sub(r"\*\*(.+?)\*\*", _level, html.escape(line.removeprefix(mark)))
        text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
        tag = _TAGS.get(mark, "p")
        blocks.append((tag, f"<{tag}>{text}</{tag}>"))
    listed = [
        f"<ul>{''.join(text for _, text in run)}</ul>" if tag == "li" else "\n".join(text for _, text in run)
        for tag, run in groupby(blocks, key=lambda block: block[0])
    ]
    return Page(document("Rule book", Html("\n".join(listed)), style=_STYLE))


def case_sheet(
    case: str | TeachingCase | Mapping | pd.Series | Any,
    rule_book: RuleBook = RULE_BOOK,
    *,
    answer: bool = False,
) -> Page:
    """One case on one page for a class: what is recorded, what is not, and room to predict and say why.

    Parameters
    ----------
    case : str, TeachingCase, dict, pandas.Series or frame of one row
        A teaching case or its id, or a case as :func:`secondop.explain` takes it. Of what is no fact only
        ``case``, ``title`` and ``story`` are shown: other columns may give the answer away.
    rule_book : RuleBook
        Decides which facts are listed as not recorded, and the answer.
    answer : bool
        Add what the rule book says, on a page of its own.

    Examples
    --------
    >>> sheet = case_sheet("T008")
    >>> "The laboratory is not sure" in sheet, "A second opinion is recommended" in sheet
    (True, False)
    """
    case = deck()[case] if isinstance(case, str) else case
    title, blocks = _sheet(case, rule_book, answer=answer)
    return Page(document(title, *blocks, style=_STYLE))


def case_sheets(
    cases: Iterable[TeachingCase], *, answer: bool = False, mark: Callable[[str], Html] = lambda _: Html("")
) -> Page:
    """The sheets of several teaching cases in one document, each on pages of its own.

    ``mark`` gives what stands in a sheet's corner for the id of its case, such as a code to scan.
    """
    sheets = [_sheet(case, RULE_BOOK, answer=answer, mark=mark(case.id))[1] for case in cases]
    pages = [div("break-before:page;" if i else "", *blocks) for i, blocks in enumerate(sheets)]
    return Page(document("Case sheets", *pages, style=_STYLE))


def _sheet(case: Any, rule_book: RuleBook, *, answer: bool, mark: str = "") -> tuple[str, list[object]]:
    """The title of one case, and the case with room to answer as blocks of a document."""
    told = explain(case.to_dict() if isinstance(case, TeachingCase) else case, rule_book)
    number, title, story = (_words(told.extras.get(key)) for key in ("case", "title", "story"))
    missing = [fact.label for name, fact in rule_book.rule_facts.items() if name not in told.facts]
    unknown = f"{', '.join(missing)}." if missing else "Nothing: every fact that the rules read is recorded."
    pages = [
        div("float:right;color:#555;text-align:right;", number, mark and div("width:22mm;", mark)),
        el("h1", "", title or "A case"),
        el("p", "font-size:11.5pt;margin-bottom:4mm;", story) if story else "",
        _heading("Recorded"),
        _recorded(told.facts, rule_book),
        _heading("Not recorded, so unknown (and not no)"),
        el("p", "font-size:9pt;", unknown),
        _heading(f"Your prediction: is {an(rule_book.subject)} …"),
        div(
            "display:flex;justify-content:space-between;margin:2mm 0;",
            *(_box(level.replace("_", " ")) for level in RECOMMENDATIONS),
        ),
        div(
            "display:flex;gap:10mm;margin:3mm 0;",
            _box("final"),
            _box("or could a fact that is not recorded still change it?"),
        ),
        *(_lines(words, 2) for words in ("Reasons for", "Reasons against")),
        _lines("What would you ask next, and why?", 2),
        el("p", "margin-top:5mm;color:#555;font-size:8.5pt;", NOT_FOR_CARE),
    ]
    if answer:
        disputed = el("p", "", case.dispute) if isinstance(case, TeachingCase) and case.disputed else ""
        pages.append(div("break-before:page;padding-top:4mm;", Html(told.to_html()), disputed))
    return title or "A case", pages


def _level(match: re.Match) -> str:
    return el("strong", f"color:rgb({COLOURS.get(match[1], OPEN)});", Html(match[1]))


def _words(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


def _heading(words: str) -> Html:
    return el("h2", "font-size:10.5pt;margin:4mm 0 1.5mm;border-bottom:1px solid #999;", words)


def _recorded(answers: Mapping[str, Any], rule_book: RuleBook) -> Html:
    """The recorded facts by topic, in three columns."""
    stated = [fact for name, fact in rule_book.facts.items() if name in answers]
    blocks = [
        div(
            "margin-bottom:2mm;",
            div(f"font-weight:650;color:rgb({FOR});break-after:avoid;", topic),
            *(div("", f"{fact.label}: ", el("b", "", fact.in_words(answers[fact.name]))) for fact in facts),
        )
        for topic, facts in groupby(stated, key=lambda fact: fact.topic)
    ]
    return div("columns:3;column-gap:6mm;font-size:9pt;line-height:1.3;", *(blocks or ["Nothing."]))


def _box(words: str) -> Html:
    square = "display:inline-block;width:4mm;height:4mm;border:1.5px solid #1d1f23;vertical-align:-.8mm;"
    return el("span", "white-space:nowrap;", el("span", f"{square}margin-right:1.5mm;"), words)


def _lines(words: str, count: int) -> Html:
    return div("margin-top:2.5mm;", words, *([div("height:7.5mm;border-bottom:1px solid #999;")] * count))
