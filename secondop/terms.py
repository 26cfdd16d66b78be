"""The glossary: every word of the package beside the field's own, with its meaning and its formula."""

from __future__ import annotations

import re
import tomllib

import pandas as pd

from secondop.datafiles import data_path
from secondop.words import render

COLUMNS = ["id", "word", "field", "meaning", "formula", "used"]


def glossary() -> pd.DataFrame:
    """What each word means here, what the field calls it, its formula, and where it is used.

    A row a word: ``id``, by which a page links to it (``glossary.html#number-needed-to-refer``); ``word``;
    ``field``, the words to look it up by in a course, a paper or another package; ``meaning``; ``formula``,
    empty where there is none; ``used``, the functions, columns and arguments that go by it. In formulae TP,
    FP, FN and TN count true and false positives and negatives among n cases, s and c are the shares that are
    referred and that change, and p_t is the decision threshold.

    Examples
    --------
    >>> words = glossary().set_index("id")
    >>> words.loc["number-needed-to-refer", ["word", "formula"]].tolist()
    ['number needed to refer', '(TP + FP) / TP']
    """
    entries = tomllib.loads(data_path("glossary.toml").read_text("utf-8"))["entry"]
    rows = [
        {"formula": "", **entry, "id": _slug(entry["word"]), "used": ", ".join(entry["used"])}
        for entry in entries
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def glossary_page() -> str:
    """The glossary as a piece of HTML: a term a word, each with its ``id`` to link to.

    Examples
    --------
    >>> '<dt id="net-benefit">' in glossary_page()
    True
    """
    return render("glossary.html.j2", rows=glossary().to_dict("records"))


def _slug(word: str) -> str:
    """A word as the end of a link: lower case, and a hyphen for whatever is no letter and no digit."""
    return re.sub(r"[^a-z0-9]+", "-", word.lower().replace("%", "percent")).strip("-")
