"""Words and pages that every room shares."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache
from math import isinf
from typing import Any

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
    """A number as it is read: one decimal below 10, none above, never a negative zero.

    Examples
    --------
    >>> [number(x) for x in (0.04, 9.94, 9.96, 1234.5, -0.01, float("inf"))]
    ['0.0', '9.9', '10', '1,234', '0.0', 'no limit']
    """
    return "no limit" if isinf(x) else fixed(x, 1 if abs(x) < 9.95 else 0)


def fixed(x: float, decimals: int) -> str:
    """A number with so many decimals, a comma after thousands, a true minus sign and no negative zero."""
    return f"{round(x, decimals) + 0.0:,.{decimals}f}".replace("-", "−")


def span(low: float, high: float) -> str:
    """From one number to another, or the one that both are."""
    low, high = number(low), number(high)
    return low if low == high else f"{low} to {high}"


def render(template: str, **values: Any) -> str:
    """Fill in one of the package's templates: what is put in is escaped, a name that is missing an error."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    loader = PackageLoader("secondop", "templates")
    escape = select_autoescape(("html.j2",), default=False)
    environment = Environment(
        loader=loader, autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["filled"] = _filled
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment


def _filled(text: str, indent: int = 0, width: int = 88) -> str:
    """A text in lines for a terminal; after its first word, a sign, the lines hang."""
    first = " " * indent
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=first + "  " * (indent == 2))
