"""Markdown as the HTML of a page: links lead to pages, headings have anchors, words to the glossary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from markupsafe import Markup
from nbconvert.filters import markdown2html

_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.S)
_NEVER_LINKED = ("a", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "summary", "th", "script", "style")


def html_of(source: str) -> str:
    """The HTML of markdown, with links to notebooks and documents turned into links to their pages."""
    html = re.sub(r'<a class="anchor-link".*?</a>', "", markdown2html(source))
    return re.sub(
        r'href="(?!https?:)(?:[\w.-]+/)*([\w-]+)\.(?:ipynb|md)(#[^"]*)?"', r'href="\1.html\2"', html
    )


def inline(html: str) -> Markup:
    """HTML to stand inside a link: without links of its own."""
    return Markup(re.sub(r"</?a\b[^>]*>", "", html))


def words_of(html: str) -> str:
    """The text of HTML, as a title or an index holds it."""
    apart = re.sub(r"</?(?:br|p|div|li|ul|ol|t[dhr]|h\d|d[dtl]|pre)\b[^>]*>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", apart)).split())


def slug(text: str) -> str:
    """What an address calls a heading or a word: ``"Net benefit"`` is ``net-benefit``."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Sheet:
    """One page while it is made: gives each heading an anchor of its own, and links each word once.

    ``terms`` maps words to where they are explained; longer ones are looked for first.
    """

    def __init__(self, terms: Mapping[str, str] | None = None) -> None:
        self.headings: list[tuple[int, str, Markup]] = []
        self._taken: set[str] = set()
        self._open = {word.lower(): address for word, address in (terms or {}).items()}
        longest_first = sorted(self._open, key=len, reverse=True)
        self._words = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})s?(?![\w-])", re.I)

    def prose(self, source: str, listed: bool = True) -> Markup:
        """The HTML of a piece of markdown; its headings are noted for the contents where ``listed``."""
        html = _HEADING.sub(lambda found: self._anchored(found, listed), html_of(source))
        return Markup(self._linked(html))

    def _anchored(self, found: re.Match, listed: bool) -> str:
        level, content = int(found[1]), found[3]
        name = first = slug(words_of(content)) or "part"
        count = 1
        while name in self._taken:
            count += 1
            name = f"{first}-{count}"
        self._taken.add(name)
        if listed:
            self.headings.append((level, name, inline(content)))
        return f'<h{level} id="{name}">{content}</h{level}>'

    def _linked(self, html: str) -> str:
        """Link the first use of each word of the glossary; never in a heading, a link or code."""
        if not self._open:
            return html
        pieces, inside = re.split(r"(<[^>]+>)", html), 0
        for position, piece in enumerate(pieces):
            tag = re.match(r"<(/?)(\w+)", piece)
            if tag and tag[2] in _NEVER_LINKED:
                inside += -1 if tag[1] else 1
            elif not tag and not inside:
                pieces[position] = self._first_uses(piece)
        return "".join(pieces)

    def _first_uses(self, text: str) -> str:
        def link(found: re.Match) -> str:
            address = self._open.get(found[1].lower())
            if address is None:  # linked before
                return found[0]
            self._open = {word: to for word, to in self._open.items() if to != address}
            return f'<a class="term" href="{address}">{found[0]}</a>'

        return self._words.sub(link, text)
