"""How an explanation shows itself: as text, and as HTML that reads well on a light and a dark page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from secondop.rules.encode import plural, show
from secondop.rules.facts import FACTS
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.markup import AGAINST, COLOURS, FOR, LINE, OPEN, SMALL, Html, chip, div, el
from secondop.rules.rulebook import NOT_FOR_CARE

if TYPE_CHECKING:
    from secondop.rules.explain import Explanation, Reason
    from secondop.rules.what_if import NextQuestion

SEEN_AT_ONCE = 8  # more would be a wall of words above what matters


def explanation_text(e: Explanation) -> str:
    """The explanation as text for a terminal, wrapped."""
    lines = _wrapped(f"{e.headline} {e.outlook}")
    for title, sign, reasons in (("For", "+", e.supporting), ("Against", "-", e.opposing)):
        lines += ["", title] if reasons else []
        for r in reasons:
            lines += _wrapped(f"{sign} {r.rule.label} ({r.mark})", 2)
            lines += _wrapped(f"{r.values}{r.note and f' ({r.note})'}", 6)
            lines += _wrapped(f"Source: {r.source}", 6)
    for title, sign, items in (
        ("Keep in mind", "!", [c.words for c in e.cautions]),
        ("Ask next", ">", [f"{q.question} {q.outcomes}." for q in e.next_questions]),
        ("Undecided", "?", [r.rule.label for r in e.undecided]),
        ("Whom to see", ">", e.consult),
        ("If one is sought", ">", [s.words for s in e.next_steps]),
    ):
        lines += ["", title] if items else []
        for item in items[:3]:
            lines += _wrapped(f"{sign} {item}", 2)
        lines += [f"    and {len(items) - 3} more"] if len(items) > 3 else []
    return "\n".join([*lines, "", NOT_FOR_CARE])


def _wrapped(text: str, indent: int = 0) -> list[str]:
    hang = " " * (indent + 2 * text.startswith(("+ ", "- ", "! ", "> ", "? ")))
    return textwrap.wrap(text, 88, initial_indent=" " * indent, subsequent_indent=hang)


def explanation_html(e: Explanation) -> str:
    """The explanation as HTML: no script, nothing to load, every text escaped."""
    return div(
        "max-width:56em;margin:.6em 0;padding:1em 1.3em;border:1px solid "
        f"{LINE};border-radius:10px;line-height:1.45;font-family:system-ui,sans-serif;color:inherit;",
        verdict_html(e),
        reasons_html(e),
    )


def verdict_html(e: Explanation) -> Html:
    """What is recommended, as a headline, a ladder and an outlook."""
    return div(
        "",
        div("font-size:1.55em;font-weight:650;line-height:1.2;margin:0 0 .35em;", e.headline),
        _ladder(e),
        div("margin:.5em 0 .1em;", e.outlook),
    )


def reasons_html(e: Explanation) -> Html:
    """Why: the facts, the reasons with their citations, what is open, and what to do."""
    return div(
        "",
        _case(e),
        _section("For", [_reason(r, "+", "solid", COLOURS[r.mark]) for r in e.supporting]),
        _section("Against", [_reason(r, "−", "double", AGAINST) for r in e.opposing]),
        _section("Keep in mind", [_line("!", c.words, c.statement) for c in e.cautions]),
        _section("Ask next", [_question(i, q) for i, q in enumerate(e.next_questions, 1)], 3),
        _section("Undecided", [_reason(r, "?", "dashed", OPEN) for r in e.undecided], 0),
        _section("Whom to see", [_line("→", who, "") for who in e.consult]),
        _section("If one is sought", [_line("→", s.words, s.statement) for s in e.next_steps]),
        div(f"{SMALL}margin-top:1em;border-top:1px solid {LINE};padding-top:.5em;", NOT_FOR_CARE),
    )


def _ladder(e: Explanation) -> Html:
    """All five levels: the one that stands is filled, those that are still possible have a broken edge."""
    stands, highest = (RECOMMENDATIONS.index(level) for level in (e.recommendation, e.possible))
    steps = []
    for place, level in enumerate(RECOMMENDATIONS):
        colour, look = COLOURS.get(level, OPEN), f"border:2px solid {LINE};opacity:.6;"
        if place == stands:
            look = f"border:2px solid rgb({colour});background:rgba({colour},.3);font-weight:650;"
        elif stands < place <= highest:
            look = f"border:2px dashed rgb({colour});"
        note = " ✓" if place == stands else " ?" if stands < place <= highest else ""
        look += "padding:.15em .7em;border-radius:6px;white-space:nowrap;"
        steps.append(div(look, level.replace("_", " "), note))
    return div("display:flex;flex-wrap:wrap;gap:.4em;margin:.2em 0 .5em;", *steps)


def _case(e: Explanation) -> Html:
    extras = {key: value if isinstance(value, str) else show(value) for key, value in e.extras.items()}
    seen = [f"{key}: {value}"[:200] for key, value in extras.items()]
    seen += [f"{FACTS[name].label}: {FACTS[name].in_words(value)}" for name, value in e.facts.items()]
    missing = sum(name not in e.facts for name in e.rule_book.facts)
    gaps = f"{missing} of the {len(e.rule_book.facts)} facts that the rules read are not recorded"
    if len(seen) <= SEEN_AT_ONCE:
        return div(SMALL, " · ".join([*seen, gaps]))
    summary = el("summary", f"{SMALL}cursor:pointer;", f"What was recorded · {gaps}")
    return el("details", "margin:.3em 0;", summary, div(SMALL, " · ".join(seen)))


def _section(title: str, items: Sequence[Html], shown: int | None = None) -> Html:
    """A heading with its first items, and the others, if any, folded until they are asked for."""
    if not items:
        return Html("")
    style = "font-weight:650;font-size:.8em;letter-spacing:.06em;text-transform:uppercase;opacity:.75;"
    heading = div(f"{style}margin:1.1em 0 .3em;", title)
    rest = [] if shown is None else items[shown:]
    more = (
        f"{len(rest)} more" if shown else f"{plural(len(rest), 'rule')} that a fact not recorded leaves open"
    )
    summary = el("summary", "cursor:pointer;opacity:.85;", more)
    fold = [el("details", "margin:.3em 0;", summary, *rest)] if rest else []
    return div("", heading, *items[:shown], *fold)


def _reason(reason: Reason, sign: str, border: str, colour: str) -> Html:
    rule = reason.rule
    note = [el("span", "font-weight:600;", f" · {reason.note}")] if reason.note else []
    see = [div(SMALL, "See: ", rule.consult)] if rule.consult and reason.verdict is None else []
    return div(
        f"border-left:6px {border} rgb({colour});background:rgba({colour},.1);margin:.35em 0;"
        "padding:.35em .8em;border-radius:0 6px 6px 0;",
        div("font-weight:600;", f"{sign} {rule.label} ", chip(reason.mark, colour)),
        div("", reason.values, *note),
        *see,
        div(SMALL, f"{rule.statement} · {reason.source}"),
    )


def _question(number: int, question: NextQuestion) -> Html:
    settles = [" ", chip("an answer could settle it", FOR)] if question.settles else []
    return div(
        f"border-left:6px dotted {LINE};margin:.35em 0;padding:.2em .8em;",
        div("font-weight:600;", f"{number}. {question.question}", *settles),
        div(SMALL, question.outcomes),
    )


def _line(sign: str, words: str, statement: str) -> Html:
    tail = el("span", SMALL, f" ({statement})") if statement else Html("")
    return div("margin:.15em 0;padding-left:1.3em;text-indent:-1.3em;", f"{sign} ", words, tail)
