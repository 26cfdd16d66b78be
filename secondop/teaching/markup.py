"""HTML that reads well on a light and a dark page: nothing to load, every text escaped."""

from __future__ import annotations

import html

from secondop.words import render

# Colours that colour-blind readers tell apart, as red, green, blue; each verdict has a sign and a border too.
FOR, AGAINST, OPEN, URGENT = "0,114,178", "230,159,0", "128,128,128", "213,94,0"
COLOURS = {"urgent": URGENT, "recommended": FOR, "optional": "0,158,115"}
SMALL = "font-size:.86em;opacity:.8;"
TEXT = "font-family:system-ui,sans-serif;color:inherit;line-height:1.4;"


class Html(str):
    """Text that is HTML already; every other text is escaped where it is put in."""

    __slots__ = ()


def _joined(blocks: tuple[object, ...], between: str = "") -> str:
    return between.join(x if isinstance(x, Html) else html.escape(str(x)) for x in blocks)


def el(tag: str, style: str, *children: object) -> Html:
    """An element with its style; what is inside is escaped unless it is HTML already."""
    return Html(f'<{tag} style="{style}">{_joined(children)}</{tag}>')


def div(style: str, *children: object) -> Html:
    """A block."""
    return el("div", style, *children)


def document(
    title: str, *blocks: object, style: str = ":root { color-scheme: light dark; }", language: str = "en"
) -> str:
    """A page of its own, with nothing to load."""
    body = _joined(blocks, "\n")
    return render("page.html.j2", title=f"{title} · secondop", style=style, body=body, language=language)
