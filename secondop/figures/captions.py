"""Words and numbers as figures say them: how many cases, for whom outcomes are known, what gives doubt."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from secondop.words import fixed, plural

HALF_WAY = "What unknown outcomes decide is drawn half-way."


def capital(text: str) -> str:
    """A text that begins with a capital letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def spoken(name: object) -> str:
    """A name from a table, as one says it: "patient-wants-one" is "patient wants one"."""
    return str(name).replace("-", " ").replace("_", " ")


def cases_of(table: pd.DataFrame, n: float | None = None) -> str:
    """How many cases, by default those of the table: said to be simulated where they are."""
    n = table["n"].iloc[0] if n is None else n
    return plural(int(n), "simulated case" if table.attrs.get("simulated") else "case")


def known_of(table: pd.DataFrame) -> str:
    """For whom the outcome is known, and what an estimate assumes, after a space; or nothing."""
    return "".join(f" {table.attrs[x]}" for x in ("verification", "estimate") if table.attrs.get(x))


def basis_of(table: pd.DataFrame) -> str:
    """The cases that a table counts, for whom the outcome is known, and what an estimate assumes."""
    known, grouped = known_of(table), "group" in table and table["group"].notna().all()
    return f"{cases_of(table)}.{' All groups together:' if known and grouped else ''}{known}"


def gaps_of(about: Mapping) -> str:
    """What gives a value bounds: unknown facts and, where there are any, unknown outcomes."""
    return "missing information" + (" and unknown outcomes" if about.get("unknown_outcomes") else "")


def whose(table: pd.DataFrame) -> str:
    """Whose figures stand beside published ones: real cases are never called simulated."""
    return {True: "simulated", False: "own cases"}.get(table.attrs.get("simulated"), "cohort")


def number(x: float, digits: int | None = None) -> str:
    """A number as texts show it, and nothing where there is none.

    Without digits it is one of 100: one decimal below 10, none above, never rounded to nothing or to all.
    """
    if pd.isna(x) or np.isinf(x):
        return "" if pd.isna(x) else "no limit"
    if digits is None and 0 < abs(x) < 0.05:
        return "<0.1" if x > 0 else ">−0.1"
    if digits is None and 99.5 <= x < 100:
        return fixed(min(x, 99.9), 1)
    return fixed(float(x), int(0 < abs(x) < 9.95) if digits is None else digits)


def span(low: float, high: float, digits: int | None = None) -> str:
    """From one number to another, or the one that both are; an end without a number is left open."""
    low, high = (number(x, digits) if np.isfinite(x) else "" for x in (low, high))
    if low and high:
        return low if low == high else f"{low} to {high}"
    return f"{low} or more" if low else f"up to {high}" if high else ""


def with_ends(value: float, low: float, high: float, digits: int | None = 1, unit: str = "") -> str:
    """A number with its bounds or interval behind it where they say more; these alone where it has none."""
    said, ends = number(value, digits), span(low, high, digits)
    if not said:
        return f"{ends}{unit}" if ends else ""
    return said + unit + (f" ({ends})" if ends not in ("", said) else "")


def texts(rows: pd.DataFrame, *columns: str, digits: int | None = 1) -> list[str]:
    """Row by row a number, the span of two, or a number with its ends; or that there is none known."""
    say = (number, span, with_ends)[len(columns) - 1]
    return [say(*row, digits) or "unknown" for row in rows[[*columns]].to_numpy(float)]


def share_of(cases: float, n: float) -> str:
    """A count with its denominator and its share."""
    return f"{cases:,.0f} of {n:,.0f} ({number(100 * cases / n)} %)" if n else "no cases"
