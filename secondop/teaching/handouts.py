"""To hand out: cases and rule books on paper, in English or German.

The pages are whole HTML documents with no script and nothing to load; a browser prints them on A4. A notebook
shows one as it is; ``Path("rules.html").write_text(rule_book_page(), encoding="utf-8")`` writes it to a file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import pandas as pd

from secondop.arguments import checked, named
from secondop.guideline.defaults import explain
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.explain import Explanation, Reason
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.cards import TeachingCase, deck
from secondop.teaching.languages import Spoken
from secondop.teaching.markup import COLOURS, FOR, OPEN, Html, div, document, el

# German words are longer: its letters are a little smaller, so that a page stays a page.
_PAPER = """
:root { color-scheme: light; }
body { margin: 0 auto; color: #1d1f23; background: #fff; print-color-adjust: exact; }
h1, h2, h3 { break-after: avoid; } p, li { break-inside: avoid; }
"""
_SHEET = """
@page { size: A4; margin: 14mm 16mm 18mm; font: 8pt system-ui, sans-serif; color: #555;
  @bottom-left { content: "printed-foot"; } @bottom-right { content: counter(page); } }
body { max-width: 178mm; margin: 8mm auto; padding: 0 4mm; font: 10pt/1.4 system-ui, sans-serif; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
[lang=de] body { font-size: 9pt; }
h1 { font-size: 18pt; line-height: 1.2; margin: 0 0 2mm; } h2 { font-size: 13pt; margin: 7mm 0 2mm; }
h3 { font-size: 10.5pt; margin: 4mm 0 1mm; } p { margin: 0 0 .6mm; } ul { margin: 0; padding-left: 5mm; }
p + p { break-before: avoid; } code { font: .92em ui-monospace, monospace; white-space: nowrap; }
"""
_TAGS = {"# ": "h1", "## ": "h2", "### ": "h3", "- ": "li"}
Mark = Callable[[str], Html]
"""What stands in a corner for the id of a case, such as a code to scan."""


class Page(str):
    """An HTML document as text, which a notebook shows as the page that it is."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its style and that of the notebook stay apart."""
        style = "width:100%;max-width:210mm;aspect-ratio:210/297;border:1px solid #999;background:#fff;"
        look = f'style="{style}" sandbox title="A page to print"'
        return f'<iframe srcdoc="{html.escape(self)}" {look}></iframe>'

    def __repr__(self) -> str:
        return f"<an HTML page of {len(self):,} characters>"


def paper(title: str, say: Spoken, style: str, *blocks: object) -> Page:
    """A page to print, in a language."""
    style = (_PAPER + style).replace("printed-foot", say("printed-foot"))
    return Page(document(title, *blocks, style=style, language=say.language))


@checked()
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
        tag, text = _TAGS.get(mark, "p"), re.sub(r"`(.+?)`", r"<code>\1</code>", text)
        blocks.append((tag, f"<{tag}>{text}</{tag}>"))
    listed = []
    for tag, run in groupby(blocks, key=lambda block: block[0]):
        text = "\n".join(text for _, text in run)
        listed.append(f"<ul>{text}</ul>" if tag == "li" else text)
    return paper("Rule book", Spoken("en"), _SHEET, Html("\n".join(listed)))


def _level(match: re.Match) -> str:
    return el("strong", f"color:rgb({COLOURS.get(match[1], OPEN)});", Html(match[1]))


@named
def case_sheet(
    case: str | TeachingCase | Mapping | pd.Series | Any,
    rule_book: RuleBook = RULE_BOOK,
    *,
    answer: bool = False,
    language: str = "en",
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
    language : {"en", "de"}
        The language of the sheet; what a case of your own says stays as it is.

    Examples
    --------
    >>> sheet = case_sheet("T008")
    >>> "The laboratory is not sure" in sheet, "A second opinion is recommended" in sheet
    (True, False)
    """
    case, say = deck()[case] if isinstance(case, str) else case, Spoken(language, rule_book)
    title, blocks = _sheet(case, rule_book, say, answer)
    return paper(title, say, _SHEET, *blocks)


def case_sheets(
    cases: Iterable[TeachingCase],
    *,
    answer: bool = False,
    mark: Mark = lambda _: Html(""),
    language: str = "en",
) -> Page:
    """The sheets of several teaching cases in one document, each on pages of its own."""
    say = Spoken(language, RULE_BOOK)
    sheets = [_sheet(case, RULE_BOOK, say, answer, mark(case.id))[1] for case in cases]
    pages = [div("break-before:page;" if i else "", *blocks) for i, blocks in enumerate(sheets)]
    return paper(say("case-sheets"), say, _SHEET, *pages)


def _sheet(case: Any, book: RuleBook, say: Spoken, answer: bool, mark: str = "") -> tuple[str, list[object]]:
    """The title of one case, and the case with room to answer as blocks of a document."""
    stated = dict.fromkeys(book.facts) | case.to_dict() if isinstance(case, TeachingCase) else case
    told = explain(stated, book)  # of some teaching cases nothing is recorded
    extras = {key: told.extras.get(key) for key in ("case", "title", "story")}
    number, title, story = ("" if x is None or x is pd.NA or x != x else str(x) for x in extras.values())
    own = {"title": title or say("a-case"), "story": story} | say.case(number, story)
    missing = [say.fact(fact) for name, fact in book.rule_facts.items() if name not in told.facts]
    row = "display:flex;justify-content:space-between;margin:2mm 0;"
    blocks = [
        div("float:right;color:#555;text-align:right;", number, mark and div("width:22mm;", mark)),
        el("h1", "", own["title"]),
        el("p", "font-size:11.5pt;margin-bottom:4mm;", own["story"]) if story else "",
        _heading(say("recorded")),
        _recorded(told.facts, book, say),
        _heading(say("not-recorded-unknown")),
        el("p", "font-size:9pt;", f"{', '.join(missing)}." if missing else say("all-recorded")),
        _heading(say("your-prediction", subject=say.subject(book))),
        div(row, *(_box(say(f"box-{level}")) for level in RECOMMENDATIONS)),
        div("display:flex;gap:10mm;margin:3mm 0;", _box(say("box-final")), _box(say("box-open"))),
        *(_lines(say(key)) for key in ("reasons-for", "reasons-against", "ask-next-why")),
        el("p", "margin-top:5mm;color:#555;font-size:8.5pt;", say("not-for-care")),
    ]
    if answer:
        disputed = own.get("disputed", case.disputed) if isinstance(case, TeachingCase) else ""
        said = [Html(told.to_html())] if say.english else _explained(told, say)
        dispute = el("p", "", f"{say('disputed')} {disputed}") if disputed else ""
        blocks.append(div("break-before:page;padding-top:4mm;", *said, dispute))
    return own["title"], blocks


def _heading(words: str) -> Html:
    return el("h2", "font-size:10.5pt;margin:4mm 0 1.5mm;border-bottom:1px solid #999;", words)


def _recorded(answers: Mapping[str, Any], book: RuleBook, say: Spoken) -> Html:
    """The recorded facts by topic, in three columns."""
    stated = [fact for name, fact in book.facts.items() if name in answers]
    blocks = [
        div(
            "margin-bottom:2mm;",
            div(f"font-weight:650;color:rgb({FOR});break-after:avoid;", say.own("topics", topic, topic)),
            *(div("", f"{say.fact(x)}: ", el("b", "", say.answer(x, answers[x.name]))) for x in facts),
        )
        for topic, facts in groupby(stated, key=lambda fact: fact.topic)
    ]
    return div("columns:3;column-gap:6mm;font-size:.9em;line-height:1.3;", *(blocks or [say("nothing")]))


def _box(words: str) -> Html:
    square = "display:inline-block;width:4mm;height:4mm;border:1.5px solid #1d1f23;vertical-align:-.8mm;"
    return el("span", "white-space:nowrap;", el("span", f"{square}margin-right:1.5mm;"), words)


def _lines(words: str) -> Html:
    return div("margin-top:2.5mm;", words, *[div("height:7.1mm;border-bottom:1px solid #999;")] * 2)


def _explained(told: Explanation, say: Spoken) -> Iterator[Html]:
    """What the rule book says of a case, in a language that its own explanation does not speak."""
    book = told.rule_book
    key = "provisional" if told.undetermined else "against-open" if told.next_questions else "final"
    yield el("h2", "", say(f"headline-{told.recommendation}", subject=say.subject(book)))
    yield el("p", "", say(key, level=say(f"level-{told.possible}")))
    sections = {
        "reasons-for": [_reason(reason, book, say) for reason in told.supporting],
        "reasons-against": [_reason(reason, book, say) for reason in told.opposing],
        "keep-in-mind": [say.text(advice.words) for advice in told.cautions],
        "next-question": [say.own("facts", q.fact, q.question, "question") for q in told.next_questions[:3]],
        "cannot-be-judged": [say.rule(reason.rule) for reason in told.cannot_be_judged],
        "whom-to-see": [say.text(who) for who in told.consult],
        "next-steps": [say.text(advice.words) for advice in told.next_steps],
    }
    for key, lines in sections.items():
        if lines:
            yield _heading(say(key))
            yield el("ul", "", *(el("li", "", line) for line in lines))
    yield el("p", "margin-top:5mm;color:#555;", f"{say.title(book)}. {say.about(book)} {say('not-for-care')}")


def _reason(reason: Reason, book: RuleBook, say: Spoken) -> str:
    rule, facts = reason.rule, [(book.facts[name], value) for name, value in reason.seen.items()]
    level = f" ({say(f'level-{rule.level}')})" if rule.level else ""
    seen = "; ".join(f"{say.fact(fact)}: {say.answer(fact, value)}" for fact, value in facts)
    grade = say.text(book.sources_by_key[rule.source].grade)
    return f"{say.rule(rule)}{level}. {seen}. {rule.source} ({grade}). {say.text(rule.remark)}"
