"""What stands below titles: how many cases, whose they are, for whom outcomes are known, what gives doubt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from secondop.errors import SecondopError

TRADES = {
    None: ("no-change referral", "no-change referrals", "change"),
    "net_corrected": ("referral without a correction", "referrals without a correction", "error corrected"),
}
"""What a decision threshold trades, by outcome: what is accepted (one, many) for one of what is found."""

HALF_WAY = "What unknown outcomes decide is drawn half-way"


def capital(text: str) -> str:
    """A text that begins with a capital letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def spoken(name: object) -> str:
    """A name from a table, as one says it: "patient-wants-one" is "patient wants one"."""
    return str(name).replace("-", " ").replace("_", " ")


def cases_of(table: pd.DataFrame) -> str:
    """What a table counts: cases, said to be simulated where they are."""
    return "simulated cases" if table.attrs.get("simulated") else "cases"


def whose(table: pd.DataFrame) -> str:
    """Whose figures stand beside published ones: real cases are never called simulated."""
    return {True: "simulated", False: "own cases"}.get(table.attrs.get("simulated"), "cohort")


def count_of(table: pd.DataFrame) -> str:
    """How many cases a table counts, in words."""
    return f"{table['n'].iloc[0]:,.0f} {cases_of(table)}"


def known_of(table: pd.DataFrame) -> str:
    """For whom the outcome is known, and what an estimate assumes, after a space; or nothing."""
    return "".join(f" {table.attrs[x]}" for x in ("verification", "estimate") if table.attrs.get(x))


def basis_of(table: pd.DataFrame) -> str:
    """The cases that a table counts, for whom the outcome is known, and what an estimate assumes."""
    known, grouped = known_of(table), "group" in table and table["group"].notna().all()
    return f"{count_of(table)}.{' All groups together:' * bool(known and grouped)}{known}"


def doubt_of(table: pd.DataFrame) -> str:
    """What makes a value more than one: the sample, unknown facts and, where there are any, outcomes."""
    if table.attrs.get("estimate"):
        return "95 % interval of the estimate"
    gaps = gaps_of(table.attrs)
    half_way = f". {HALF_WAY}" * bool(table.attrs.get("unknown_outcomes"))
    return f"95 % interval{',' if ' and ' in gaps else ' and'} {gaps}{half_way}"


def gaps_of(about: Mapping) -> str:
    """What gives a value bounds: unknown facts and, where there are any, unknown outcomes."""
    return "missing information" + " and unknown outcomes" * bool(about.get("unknown_outcomes"))


def threshold_words(threshold: float, outcome: str | None = None) -> str:
    """A decision threshold as the trade that it accepts."""
    n = f"{(1 - threshold) / threshold:.3g}"
    one, many, per = TRADES.get(outcome, TRADES[None])
    return f"{n} {one if n == '1' else many} accepted for one {per}"


def only_one(table: pd.DataFrame, column: str, name: str) -> Any:
    """The single value of a column; a figure named so draws no more."""
    values = table[column].unique().tolist()
    if len(values) != 1:
        held = ": ".join([str(len(values)), ", ".join(map(str, values[:6]))][: 1 + bool(values)])
        keep = f'Keep one, such as table[table["{column}"] == {values[0] if values else "..."!r}].'
        raise SecondopError(f"The figure {name} draws one {column}, and the table holds {held}. {keep}")
    return values[0]


def number(x: float) -> str:
    """A number of 100: with one decimal below 10, none above, and never rounded to nothing or to all."""
    if 0 < abs(x) < 0.05:
        return "<0.1" if x > 0 else ">−0.1"
    if 99.5 <= x < 100:
        return f"{min(x, 99.9):.1f}"
    text = f"{x:.0f}" if abs(x) >= 9.95 or x == 0 else f"{x:.1f}"
    return text.replace("-", "−")


def span(low: float, high: float) -> str:
    """From one number of 100 to another, or the one that both are; of no cases nothing is known."""
    if pd.isna(low) or pd.isna(high):
        return "unknown"
    low, high = number(low), number(high)
    return low if low == high else f"{low} to {high}"


def spans(rows: pd.DataFrame, low: str = "min", high: str = "max") -> list[str]:
    """The span between two columns of every row, by default what missing information makes of it."""
    return list(map(span, rows[low], rows[high]))


def share_of(cases: float, n: float) -> str:
    """A count with its denominator and its share."""
    return f"{cases:,.0f} of {n:,.0f} ({number(100 * cases / n)} %)" if n else "no cases"


def between(low: float, high: float, form: str = ".1f") -> str:
    """From one number to another, or the one that both are; an unknown end is left open."""
    known = [np.isfinite(x) for x in (low, high)]
    low, high = (_written(x, form) if x_known else "" for x, x_known in zip((low, high), known, strict=True))
    if all(known) and low != high:
        return f"{low} to {high}"
    return low if low == high else f"{low} or more" if known[0] else f"up to {high}"


def ranges(low: pd.Series, high: pd.Series, form: str = ".1f") -> list[str]:
    """From one number to another, row by row."""
    return [between(*ends, form) for ends in zip(low, high, strict=True)]


def with_ends(value: float, lower: float, upper: float, form: str = ".1f", unit: str = "") -> str:
    """A number with its interval behind it, where it has one of some width."""
    said, ends = _written(value, form), between(lower, upper, form)
    return said + unit + f" ({ends})" * (ends not in ("", said))


def _written(x: float, form: str) -> str:
    text = f"{x:{form}}"
    return (text.lstrip("-") if not float(text) else text).replace("-", "\N{MINUS SIGN}")
