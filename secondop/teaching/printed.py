"""To print for a class: the rule book on two sides of a sheet, a deck of cards to cut, and its key."""

from __future__ import annotations

import html
from collections.abc import Iterable
from itertools import groupby

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Rule, RuleKind
from secondop.teaching.cards import TeachingCase
from secondop.teaching.handouts import Mark, Page, paper
from secondop.teaching.languages import Spoken
from secondop.teaching.markup import COLOURS, OPEN, Html, div, el

_SIDES = """
@page { size: A4; margin: 9mm 10mm; }
body { max-width: 190mm; font: 9.8pt/1.33 system-ui, sans-serif; }
[lang=de] body { font-size: 8.6pt; }
main { columns: 2; column-gap: 6mm; } main + main { break-before: page; }
h1 { font-size: 13pt; margin: 0; } h2 { font-size: 10.5pt; margin: 2mm 0 .6mm; }
h2:first-child { margin-top: 0; } p { margin: 0 0 1.1mm; }
"""
_CARDS = """
@page { size: A4; margin: 8mm; }
body { width: 192mm; font: 7.5pt/1.26 system-ui, sans-serif; }
.page { display: grid; grid-template: repeat(3, 92mm) / repeat(3, 64mm); break-after: page; }
.page:last-child { break-after: auto; }
.card { border: .3mm dashed #999; padding: 2.5mm 3.5mm 2mm; overflow: hidden;
  display: flex; flex-direction: column; }
[lang=de] .card { font-size: 7.1pt; }
.card svg { width: 15mm; height: 15mm; float: right; margin: -1mm -1mm 0 1mm; }
.card ul { margin: 1.2mm 0; padding-left: 3.5mm; }
.card footer { margin-top: auto; font-size: 5.6pt; color: #555; }
main { columns: 2; } table { border-collapse: collapse; }
td, th { text-align: left; vertical-align: top; white-space: nowrap; padding: .3mm 2mm .3mm 0; }
td:nth-child(2) { white-space: normal; }
"""
_SIGNS = {RuleKind.INDICATION: "reasons-for", RuleKind.COUNTER_INDICATION: "reasons-against"}
_SIGNS |= {RuleKind.AMPLIFIER: "strengthens"}


def rule_book_sides(rule_book: RuleBook = RULE_BOOK, language: str = "en") -> Page:
    """The rule book on the two sides of one A4 sheet: when each rule fires, and how they add up."""
    say, blocks = Spoken(language, rule_book), []
    for (kind, group), rules in groupby(rule_book, key=lambda rule: (rule.kind, rule.group)):
        blocks.append(el("h2", "", f"{say(_SIGNS[kind])} ({say.own('topics', group, group)})"))
        blocks += [_rule(rule, say) for rule in rules]
    how = [say(f"how-{key}") for key in ("three-answers", "highest", "against", "final")]
    cautions = [say.text(advice.words) for advice in rule_book.advice if not advice.next_step]
    for key, lines in (("how-they-add-up", how), ("cautions", cautions)):
        blocks += [el("h2", "", say(key)), *(el("p", "", line) for line in lines)] if lines else []
    sources = [html.escape(f"[{source.key}] {source.reference}") for source in rule_book.sources]
    blocks += [el("h2", "", say("sources")), *(Html(f'<p lang="en">{line}</p>') for line in sources)]
    top = el("h1", "", say.title(rule_book)), el("p", "", f"{say.about(rule_book)} {say('not-for-care')}")
    sides = [el("main", "", *side) for side in _halves(blocks)]
    return paper(say("rule-book-sides"), say, _SIDES, *top, *sides)


def _rule(rule: Rule, say: Spoken) -> Html:
    strong = f" {say(f'box-{rule.level}')}." if rule.level else ""
    level = el("b", f"color:rgb({COLOURS.get(rule.level, OPEN)});", strong)
    fires = f" {say('fires-when', when=say.condition(rule.when))}"
    return el("p", "", el("b", "", f"{rule.statement} {say.rule(rule)}."), level, fires)


def _halves(blocks: list[Html]) -> tuple[list[Html], list[Html]]:
    """The blocks on two sides, about as long, a heading never last."""
    total, so_far = sum(map(len, blocks)), 0
    for i, block in enumerate(blocks):
        so_far += len(block)
        if so_far > total / 2 and not block.startswith("<h2"):
            return blocks[: i + 1], blocks[i + 1 :]
    return blocks, []


def cards_page(cases: Iterable[TeachingCase], mark: Mark = lambda _: Html(""), language: str = "en") -> Page:
    """Cards of teaching cases, nine on an A4 page, to cut apart: the case, and no answer."""
    say = Spoken(language, RULE_BOOK)
    cards = [_card(case, mark(case.id), say) for case in cases]
    nines = ["".join(cards[i : i + 9]) for i in range(0, len(cards), 9)]
    return paper(say("cards"), say, _CARDS, *(Html(f'<div class="page">{nine}</div>') for nine in nines))


def _card(case: TeachingCase, mark: Html, say: Spoken) -> Html:
    own = {"title": case.title, "story": case.story} | say.case(case.id, case.story)
    facts = [(RULE_BOOK.facts[name], case.facts[name]) for name in case.front]
    gaps = [say.fact(fact) for name, fact in RULE_BOOK.rule_facts.items() if name not in case.facts]
    missing = ", ".join(gaps) if len(gaps) < 6 else say("so-many-facts", n=len(gaps))
    more = len(case.facts) - len(facts)
    rest = [say("card-gaps", missing=missing)] if gaps else []
    rest += [say("card-more", n=more)] if more else []
    title = div("font-size:9.5pt;font-weight:650;", own["title"])
    blocks = [
        div("", mark, el("span", "color:#555;", case.id), title),
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
        told = say(f"box-{case.expected}")
        told += f" ({say('key-provisional')})" if case.explanation.undetermined else ""
        cells = title, f"{told} *" if case.disputed else told
        rows.append(el("tr", "", el("th", "", case.id), *(el("td", "", cell) for cell in cells)))
    note = el("p", "", f"{say('for-the-teacher')} * {say('disputed')} {say('not-for-care')}")
    table = el("main", "", el("table", "", *rows))
    return paper(say("cards-key"), say, _CARDS, el("h1", "", say("cards-key")), note, table)
