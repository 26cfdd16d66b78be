"""To print for a class: the rule book on two sides of a sheet, a deck of cards to cut, and its key."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from itertools import groupby

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Rule, RuleKind
from secondop.teaching.cards import TeachingCase
from secondop.teaching.handouts import Page
from secondop.teaching.languages import Spoken
from secondop.teaching.markup import COLOURS, OPEN, Html, div, document, el

_INK = "color:#1d1f23;background:#fff;print-color-adjust:exact;"
_SIDES = f"""
@page {{ size: A4; margin: 9mm 10mm; }}
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; max-width: 190mm; {_INK} font: 9.8pt/1.33 system-ui, sans-serif; }}
main {{ columns: 2; column-gap: 6mm; }}
main + main {{ break-before: page; }}
h1 {{ font-size: 13pt; margin: 0; }} h2 {{ font-size: 10.5pt; margin: 2mm 0 .6mm; break-after: avoid; }}
[lang=de] body {{ font-size: 8.6pt; }}
h2:first-child {{ margin-top: 0; }} p {{ margin: 0 0 1.1mm; }} main p {{ break-inside: avoid; }}
"""
_CARDS = f"""
@page {{ size: A4; margin: 8mm; }}
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; width: 192mm; {_INK} font: 7.5pt/1.26 system-ui, sans-serif; }}
.page {{ display: grid; grid-template: repeat(3, 92mm) / repeat(3, 64mm); break-after: page; }}
.page:last-child {{ break-after: auto; }}
.card {{ border: .3mm dashed #999; padding: 2.5mm 3.5mm 2mm; overflow: hidden;
  display: flex; flex-direction: column; }}
.card svg {{ width: 15mm; height: 15mm; float: right; margin: -1mm -1mm 0 1mm; }}
[lang=de] .card {{ font-size: 7.1pt; }}
.card ul {{ margin: 1.2mm 0; padding-left: 3.5mm; }}
.card footer {{ margin-top: auto; font-size: 5.6pt; color: #555; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; vertical-align: top; white-space: nowrap; padding: .3mm 2mm .3mm 0; }}
td:nth-child(2) {{ white-space: normal; }}
main {{ columns: 2; }}
"""
_SIGNS = {RuleKind.INDICATION: "reasons-for", RuleKind.COUNTER_INDICATION: "reasons-against"}
_SIGNS |= {RuleKind.AMPLIFIER: "strengthens"}
_HOW = ("how-three-answers", "how-highest", "how-against", "how-final")


def rule_book_sides(rule_book: RuleBook = RULE_BOOK, language: str = "en") -> Page:
    """The rule book on the two sides of one A4 sheet: when each rule fires, and how they add up.

    Examples
    --------
    >>> page = rule_book_sides()
    >>> RULE_BOOK.title in page, "unknown is never no" in page
    (True, True)
    """
    say = Spoken(language, rule_book)
    rules = [
        block
        for (kind, group), some in groupby(rule_book, key=lambda rule: (rule.kind, rule.group))
        for block in [
            el("h2", "", f"{say(_SIGNS[kind])} ({say.own('topics', group, group)})"),
            *(_rule(rule, say) for rule in some),
        ]
    ]
    how = [el("h2", "", say("how-they-add-up")), *(el("p", "", say(key)) for key in _HOW)]
    cautions = [el("p", "", say.text(a.words)) for a in rule_book.advice if not a.next_step]
    how += [el("h2", "", say("cautions")), *cautions] if cautions else []
    sources = [Html(f'<p lang="en">{html.escape(f"[{s.key}] {s.reference}")}</p>') for s in rule_book.sources]
    first, second = _halves([*rules, *how, el("h2", "", say("sources")), *sources])
    title = say.own("books", rule_book.title, rule_book.title, "title")
    top = el("h1", "", title), el("p", "", f"{say.about(rule_book)} {say('not-for-care')}")
    sides = [Html(f"<main>{''.join(blocks)}</main>") for blocks in (first, second)]
    return _page("rule-book-sides", say, _SIDES, *top, *sides)


def _page(title: str, say: Spoken, style: str, *blocks: Html) -> Page:
    return Page(document(say(title), *blocks, style=style, language=say.language))


def _rule(rule: Rule, say: Spoken) -> Html:
    strong = (
        el("b", f"color:rgb({COLOURS.get(rule.level, OPEN)});", f" {say(f'box-{rule.level}')}.")
        if rule.level
        else ""
    )
    label = el("b", "", f"{rule.statement} {say.own('rules', rule.name, rule.label)}.")
    return el("p", "", label, strong, f" {say('fires-when', when=say.condition(rule.when))}")


def _halves(blocks: list[Html]) -> tuple[list[Html], list[Html]]:
    """The blocks on two sides, about as long, a heading never last."""
    total, so_far = sum(map(len, blocks)), 0
    for i, block in enumerate(blocks):
        so_far += len(block)
        if so_far > total / 2 and not block.startswith("<h2"):
            return blocks[: i + 1], blocks[i + 1 :]
    return blocks, []


def cards_page(
    cases: Iterable[TeachingCase], mark: Callable[[str], Html] = lambda _: Html(""), language: str = "en"
) -> Page:
    """Cards of teaching cases, nine on an A4 page, to cut apart: the case, and no answer.

    ``mark`` gives what stands in a card's corner for its id, such as a code to scan.
    """
    say = Spoken(language, RULE_BOOK)
    cards = [_card(case, mark(case.id), say) for case in cases]
    nines = [cards[i : i + 9] for i in range(0, len(cards), 9)]
    pages = [Html(f'<div class="page">{"".join(nine)}</div>') for nine in nines]
    return _page("cards", say, _CARDS, *pages)


def _card(case: TeachingCase, mark: Html, say: Spoken) -> Html:
    own = {"title": case.title, "story": case.story} | say.case(case.id, case.story)
    facts = [(RULE_BOOK.facts[name], case.facts[name]) for name in case.front]
    gaps = [say.fact(fact) for name, fact in RULE_BOOK.rule_facts.items() if name not in case.facts]
    missing = ", ".join(gaps) if len(gaps) < 6 else say("so-many-facts", n=len(gaps))
    more = len(case.facts) - len(facts)
    rest = [say("card-gaps", missing=missing)] * bool(gaps) + [say("card-more", n=more)] * bool(more)
    blocks = [
        div(
            "",
            mark,
            el("span", "color:#555;", case.id),
            div("font-size:9.5pt;font-weight:650;", own["title"]),
        ),
        div("margin-top:1mm;", own["story"]),
        el("ul", "", *(el("li", "", f"{say.fact(fact)}: {say.answer(fact, x)}") for fact, x in facts)),
        div("", " ".join(rest)),
        el("footer", "", say("not-for-care")),
    ]
    return Html(f'<div class="card">{"".join(blocks)}</div>')


def key_page(cases: Iterable[TeachingCase], language: str = "en") -> Page:
    """What the rule book says of each card, for the teacher; those that are disputed are marked."""
    say, rows = Spoken(language, RULE_BOOK), []
    for case in cases:
        title = say.case(case.id, case.story).get("title", case.title)
        open_ = f" ({say('key-provisional')})" if case.explanation.undetermined else ""
        told = say(f"box-{case.expected}") + open_ + " *" * bool(case.disputed)
        rows.append(el("tr", "", el("th", "", case.id), el("td", "", title), el("td", "", told)))
    table = el("main", "", el("table", "", *rows))
    note = el("p", "", f"{say('for-the-teacher')} * {say('disputed')} {say('not-for-care')}")
    return _page("cards-key", say, _CARDS, el("h1", "", say("cards-key")), note, table)
