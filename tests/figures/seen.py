"""What a reader of a figure sees, without tags and line breaks."""

import re


def plain(text):
    return " ".join(re.sub(r"<[^>]*>", " ", text).replace("\N{NO-BREAK SPACE}", " ").split())


def title(figure):
    """The title and what stands under it."""
    return plain(figure.layout.title.text)


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def hovers(figure):
    """Every text that a mark shows."""
    return [text for trace in figure.data for text in trace.hovertext or () if text]


def notes(figure):
    return [plain(note.text) for note in figure.layout.annotations]
