"""What a reader of a figure sees, without tags and line breaks."""

import re
from html import unescape


def plain(text):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).replace("\N{NO-BREAK SPACE}", " ").split())


def title(figure):
    """The title and what stands under it."""
    meta = figure.layout.meta
    return plain(f"{meta['title']} {meta['note']}") if meta else plain(figure.layout.title.text)


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def rows(figure):
    """The numbers that stand below a figure, and that pointing at its marks shows: a dict a row."""
    table = figure.layout.meta["table"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def hovers(figure):
    """Every text that a mark shows."""
    if figure.layout.meta:
        return [", ".join(row.values()) for row in rows(figure)]
    return [text for trace in figure.data for text in trace.hovertext or () if text]


def notes(figure):
    return [plain(note.text) for note in figure.layout.annotations]
