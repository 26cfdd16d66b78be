"""How an explanation shows itself: as text, and as HTML that reads well on a light and a dark page."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from secondop.rules.encode import plural, show
from secondop.rules.facts import FACTS
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.rulebook import NOT_FOR_CARE

if TYPE_CHECKING:
    from secondop.rules.explain import Explanation, Reason
    from secondop.rules.what_if import NextQuestion

# Colours that colour-blind readers tell apart, as red, green, blue; each verdict has a sign and a border too.
_FOR, _AGAINST, _OPEN, _URGENT = "0,114,178", "230,159,0", "128,128,128", "213,94,0"
_COLOURS = {"urgent": _URGENT, "recommended": _FOR, "optional": "0,158,115"}
_LINE = "rgba(128,128,128,.35)"
SEEN_AT_ONCE = 8  # more would be a wall of words above what matters
_SMALL = "font-size:.86em;opacity:.8;"


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


class _Html(str):
    """Text that is HTML already; every other text is escaped where it is put in."""

    __slots__ = ()


def _el(tag: str, style: str, *children: object) -> _Html:
    inner = "".join(c if isinstance(c, _Html) else html.escape(str(c)) for c in children)
    return _Html(f'<{tag} style="{style}">{inner}</{tag}>')


def _div(style: str, *children: object) -> _Html:
    return _el("div", style, *children)


def explanation_html(e: Explanation) -> str:
    """The explanation as HTML: no script, nothing to load, every text escaped."""
    return _div(
        "max-width:56em;margin:.6em 0;padding:1em 1.3em;border:1px solid "
        f"{_LINE};border-radius:10px;line-height:1.45;font-family:system-ui,sans-serif;color:inherit;",
        _div("font-size:1.55em;font-weight:650;line-height:1.2;margin:0 0 .35em;", e.headline),
        _ladder(e),
        _div("margin:.5em 0 .1em;", e.outlook),
        _case(e),
        _section("For", [_reason(r, "+", "solid", _COLOURS[r.mark]) for r in e.supporting]),
        _section("Against", [_reason(r, "−", "double", _AGAINST) for r in e.opposing]),
        _section("Keep in mind", [_line("!", c.words, c.statement) for c in e.cautions]),
        _section("Ask next", [_question(i, q) for i, q in enumerate(e.next_questions, 1)], 3),
        _section("Undecided", [_reason(r, "?", "dashed", _OPEN) for r in e.undecided], 0),
        _section("Whom to see", [_line("→", who, "") for who in e.consult]),
        _section("If one is sought", [_line("→", s.words, s.statement) for s in e.next_steps]),
        _div(f"{_SMALL}margin-top:1em;border-top:1px solid {_LINE};padding-top:.5em;", NOT_FOR_CARE),
    )


def _ladder(e: Explanation) -> _Html:
    """All five levels: the one that stands is filled, those that are still possible have a broken edge."""
    stands, highest = (RECOMMENDATIONS.index(level) for level in (e.recommendation, e.possible))
    steps = []
    for place, level in enumerate(RECOMMENDATIONS):
        colour, look = _COLOURS.get(level, _OPEN), f"border:2px solid {_LINE};opacity:.6;"
        if place == stands:
            look = f"border:2px solid rgb({colour});background:rgba({colour},.3);font-weight:650;"
        elif stands < place <= highest:
            look = f"border:2px dashed rgb({colour});"
        note = " ✓" if place == stands else " ?" if stands < place <= highest else ""
        look += "padding:.15em .7em;border-radius:6px;white-space:nowrap;"
        steps.append(_div(look, level.replace("_", " "), note))
    return _div("display:flex;flex-wrap:wrap;gap:.4em;margin:.2em 0 .5em;", *steps)


def _case(e: Explanation) -> _Html:
    extras = {key: value if isinstance(value, str) else show(value) for key, value in e.extras.items()}
    seen = [f"{key}: {value}"[:200] for key, value in extras.items()]
    seen += [f"{FACTS[name].label}: {FACTS[name].in_words(value)}" for name, value in e.facts.items()]
    missing = sum(name not in e.facts for name in e.rule_book.facts)
    gaps = f"{missing} of the {len(e.rule_book.facts)} facts that the rules read are not recorded"
    if len(seen) <= SEEN_AT_ONCE:
        return _div(_SMALL, " · ".join([*seen, gaps]))
    summary = _el("summary", f"{_SMALL}cursor:pointer;", f"What was recorded · {gaps}")
    return _el("details", "margin:.3em 0;", summary, _div(_SMALL, " · ".join(seen)))


def _section(title: str, items: Sequence[_Html], shown: int | None = None) -> _Html:
    """A heading with its first items, and the others, if any, folded until they are asked for."""
    if not items:
        return _Html("")
    style = "font-weight:650;font-size:.8em;letter-spacing:.06em;text-transform:uppercase;opacity:.75;"
    heading = _div(f"{style}margin:1.1em 0 .3em;", title)
    rest = [] if shown is None else items[shown:]
    more = (
        f"{len(rest)} more" if shown else f"{plural(len(rest), 'rule')} that a fact not recorded leaves open"
    )
    summary = _el("summary", "cursor:pointer;opacity:.85;", more)
    fold = [_el("details", "margin:.3em 0;", summary, *rest)] if rest else []
    return _div("", heading, *items[:shown], *fold)


def _reason(reason: Reason, sign: str, border: str, colour: str) -> _Html:
    rule = reason.rule
    note = [_el("span", "font-weight:600;", f" · {reason.note}")] if reason.note else []
    see = [_div(_SMALL, "See: ", rule.consult)] if rule.consult and reason.verdict is None else []
    return _div(
        f"border-left:6px {border} rgb({colour});background:rgba({colour},.1);margin:.35em 0;"
        "padding:.35em .8em;border-radius:0 6px 6px 0;",
        _div("font-weight:600;", f"{sign} {rule.label} ", _chip(reason.mark, colour)),
        _div("", reason.values, *note),
        *see,
        _div(_SMALL, f"{rule.statement} · {reason.source}"),
    )


def _chip(words: str, colour: str) -> _Html:
    style = (
        f"border:1px solid rgb({colour});border-radius:9px;padding:0 .55em;font-size:.8em;font-weight:500;"
    )
    return _el("span", f"{style}white-space:nowrap;", words)


def _question(number: int, question: NextQuestion) -> _Html:
    settles = [" ", _chip("an answer could settle it", _FOR)] if question.settles else []
    return _div(
        f"border-left:6px dotted {_LINE};margin:.35em 0;padding:.2em .8em;",
        _div("font-weight:600;", f"{number}. {question.question}", *settles),
        _div(_SMALL, question.outcomes),
    )


def _line(sign: str, words: str, statement: str) -> _Html:
    tail = _el("span", _SMALL, f" ({statement})") if statement else _Html("")
    return _div("margin:.15em 0;padding-left:1.3em;text-indent:-1.3em;", f"{sign} ", words, tail)
