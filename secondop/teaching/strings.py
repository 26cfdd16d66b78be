"""What pages and controls say, by key and language; ``strings.toml`` beside this module holds all of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from secondop.datafiles import read_toml
from secondop.errors import unknown_name


@cache
def _file() -> dict[str, Any]:
    return read_toml(Path(__file__).with_name("strings.toml"), "The catalogue of texts")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every text by its key, in each language that it has: ``{"next": {"en": "Next"}, ...}``."""
    return {key: texts for key, texts in _file().items() if key not in ("words", "synonyms")}


def words() -> dict[str, dict[str, dict[str, Any]]]:
    """What rule books, glossary and trade-off say in other languages than English, by kind and name."""
    return _file()["words"]


def synonyms() -> dict[str, list[str]]:
    """Other words, in every language, by which a search finds a fact."""
    return _file()["synonyms"]


def said(key: str, language: str = "en") -> str:
    """The text of a key in a language; names in braces stay, to be filled in by ``str.format``."""
    texts = catalogue()
    if key not in texts:
        raise unknown_name("text for pages and controls", key, texts)
    if language not in texts[key]:
        raise unknown_name("language", language, texts[key])
    return texts[key][language]
