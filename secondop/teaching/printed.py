"""To print for a class: the rule book on two sides of a sheet, a deck of cards to cut, and its key."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from itertools import groupby

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RuleKind
from secondop.teaching.cards import WORDS, TeachingCase
from secondop.teaching.handouts import Page
from secondop.teaching.markup import COLOURS, OPEN, Html, div, document, el
from secondop.words import NOT_FOR_CARE, plural

_INK = "color:#1d1f23;background:#fff;print-color-adjust:exact;"
_SIDES = f"""
@page {{ size: A4; margin: 9mm 10mm; }}
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; max-width: 190mm; {_INK} font: 9.8pt/1.33 system-ui, sans-serif; }}
main {{ columns: 2; column-gap: 6mm; }}
main + main {{ break-before: page; }}
h1 {{ font-size: 13pt; margin: 0; }} h2 {{ font-size: 10.5pt; margin: 2mm 0 .6mm; break-after: avoid; }}
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
.card ul {{ margin: 1.2mm 0; padding-left: 3.5mm; }}
.card footer {{ margin-top: auto; font-size: 5.6pt; color: #555; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; vertical-align: top; white-space: nowrap; padding: .3mm 2mm .3mm 0; }}
main {{ columns: 2; }}
"""
_SIGNS = {RuleKind.INDICATION: "Reasons for", RuleKind.COUNTER_INDICATION: "Reasons against"}
_SIGNS |= {RuleKind.AMPLIFIER: "What strengthens a reason, and is none by itself"}
_HOW = (
    "A rule fires, does not fire, or cannot be judged where a fact is not recorded: unknown is never no.",
    "The highest level among the rules that fire decides. Several reasons do not add up to a higher one.",
    "A reason against counts only where no reason for fires. It cancels no indication and no wish.",
    "Final: no missing information could change it. Provisional: missing information could raise it.",
)


def rule_book_sides(rule_book: RuleBook = RULE_BOOK) -> Page:
    """The rule book on the two sides of one A4 sheet: when each rule fires, and how they add up.

    Examples
    --------
    >>> page = rule_book_sides()
    >>> RULE_BOOK.title in page, "unknown is never no" in page
    (True, True)
    """
    rules = [
        block
        for (kind, group), some in groupby(rule_book, key=lambda rule: (rule.kind, rule.group))
        for block in [_head(_SIGNS[kind], group), *map(_rule, some)]
    ]
    how = [el("h2", "", "How they add up"), *(el("p", "", words) for words in _HOW)]
    cautions = [a for a in rule_book.advice if not a.next_step]
    if cautions:
        how += [el("h2", "", "Cautions"), *(el("p", "", a.words) for a in cautions)]
    sources = [el("p", "", f"[{s.key}] {s.reference}") for s in rule_book.sources]
    first, second = _halves([*rules, *how, el("h2", "", "Sources"), *sources])
    top = el("h1", "", rule_book.title), el("p", "", f"{rule_book.about} {NOT_FOR_CARE}")
    sides = [Html(f"<main>{''.join(blocks)}</main>") for blocks in (first, second)]
    return Page(document("Rule book on two sides", *top, *sides, style=_SIDES))


def _head(words: str, group: str) -> Html:
    return el("h2", "", f"{words} ({group})")


def _rule(rule) -> Html:
    level = rule.level and str(rule.level)
    strong = level and el("b", f"color:rgb({COLOURS.get(level, OPEN)});", f" {level}.")
    return el(
        "p", "", el("b", "", f"{rule.statement} {rule.label}."), strong or "", f" Fires when {rule.when}."
    )


def _halves(blocks: list[Html]) -> tuple[list[Html], list[Html]]:
    """The blocks on two sides, about as long, a heading never last."""
    total, so_far = sum(map(len, blocks)), 0
    for i, block in enumerate(blocks):
        so_far += len(block)
        if so_far > total / 2 and not block.startswith("<h2"):
            return blocks[: i + 1], blocks[i + 1 :]
    return blocks, []


def cards_page(cases: Iterable[TeachingCase], mark: Callable[[str], Html] = lambda _: Html("")) -> Page:
    """Cards of teaching cases, nine on an A4 page, to cut apart: the case, and no answer.

    ``mark`` gives what stands in a card's corner for its id, such as a code to scan.
    """
    cards = [_card(case, mark(case.id)) for case in cases]
    nines = [cards[i : i + 9] for i in range(0, len(cards), 9)]
    pages = [Html(f'<div class="page">{"".join(nine)}</div>') for nine in nines]
    return Page(document("Cards", *pages, style=_CARDS))


def _card(case: TeachingCase, mark: Html) -> Html:
    facts = case.facts
    said = "".join(f"<li>{html.escape(_words(case, name))}</li>" for name in case.front)
    gaps = [fact.label for name, fact in RULE_BOOK.rule_facts.items() if name not in facts]
    missing = ", ".join(gaps) if len(gaps) < 6 else plural(len(gaps), "fact")
    rest = f"Not recorded: {missing}. " * bool(gaps)
    if more := len(facts) - len(case.front):
        rest += f"{plural(more, 'fact')} more, as in most cases."
    head = div(
        "", mark, el("span", "color:#555;", case.id), div("font-size:9.5pt;font-weight:650;", case.title)
    )
    foot = Html(f"<footer>{html.escape(NOT_FOR_CARE)}</footer>")
    body = "".join(
        [head, el("div", "margin-top:1mm;", case.story), f"<ul>{said}</ul>", el("div", "", rest), foot]
    )
    return Html(f'<div class="card">{body}</div>')


def _words(case: TeachingCase, name: str) -> str:
    fact, value = RULE_BOOK.facts[name], case.facts[name]
    words = fact.in_words(value)
    return f"{fact.label}: {fact.quantity(words, value) if fact.is_numeric else words}"


def key_page(cases: Iterable[TeachingCase]) -> Page:
    """What the rule book says of each card, for the teacher; those that are disputed are marked."""
    rows = []
    for case in cases:
        said = WORDS[case.expected] + " (provisional)" * case.explanation.undetermined
        cells = html.escape(case.title), said + " *" * bool(case.disputed)
        rows.append(f"<tr><th>{case.id}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    table = Html(f"<main><table>{''.join(rows)}</table></main>")
    told = el("p", "", f"For the teacher. * A clinician may see it otherwise. {NOT_FOR_CARE}")
    return Page(document("Key to the cards", el("h1", "", "Key to the cards"), told, table, style=_CARDS))
