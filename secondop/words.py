"""Words and pages that every room shares, and the glossary: our words beside the field's own."""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Sequence
from functools import cache
from math import isinf
from typing import Any

import pandas as pd

from secondop.arguments import named
from secondop.datafiles import data_path

NOT_FOR_CARE = "For education and analysis, not for care: it cannot replace a clinician's judgement."
"""Stands on every page and explanation."""


def plural(n: int, noun: str) -> str:
    """A number and its noun: *1 case*, *1,200 cases*."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def either(words: Sequence[str]) -> str:
    """Alternatives as a list that is read aloud: *low, moderate or high*."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def an(noun: str) -> str:
    """A noun with its article: *a second opinion*, *an imaging review*."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def number(x: float) -> str:
    """A number as it is read: one decimal below 10, none above, never a negative zero."""
    if isinf(x):
        return "no upper limit" if x > 0 else "no lower limit"
    return fixed(x, 1 if abs(x) < 9.95 else 0)


def fixed(x: float, decimals: int) -> str:
    """A number with so many decimals, a comma after thousands, a true minus sign and no negative zero."""
    return f"{round(x, decimals) + 0.0:,.{decimals}f}".replace("-", "−")


def span(low: float, high: float) -> str:
    """From one number to another, or the one that both are."""
    low, high = number(low), number(high)
    return low if low == high else f"{low} to {high}"


@named
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
    words = pd.DataFrame(tomllib.loads(data_path("glossary.toml").read_text("utf-8"))["entry"])
    plain = words["word"].str.lower().str.replace("%", "percent")
    words["id"] = [re.sub(r"[^a-z0-9]+", "-", word).strip("-") for word in plain]
    words = words.assign(formula=words["formula"].fillna(""), used=words["used"].str.join(", "))
    return words[["id", "word", "field", "meaning", "formula", "used"]]


def glossary_page() -> str:
    """The glossary as a piece of HTML: a term a word, each with its ``id`` to link to."""
    return render("glossary.html.j2", rows=glossary().to_dict("records"))


def render(template: str, **values: Any) -> str:
    """Fill in one of the package's templates: what is put in is escaped, a name that is missing an error."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    escape = select_autoescape(("html.j2",), default=False)
    tight = {"trim_blocks": True, "lstrip_blocks": True}
    loader = PackageLoader("secondop", "templates")
    environment = Environment(loader=loader, autoescape=escape, undefined=StrictUndefined, **tight)
    environment.filters |= {"filled": _filled, "words": lambda name: str(name).replace("_", " ")}
    return environment


def _filled(text: str, indent: int = 0, width: int = 88) -> str:
    """A text in lines for a terminal; after its first word, a sign, the lines hang."""
    first = " " * indent
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=first + "  " * (indent == 2))
