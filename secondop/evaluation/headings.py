"""What columns, measures and values are called where a table is read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from secondop.evaluation.measures import BEST, MEASURES, TRUTH

GAP, NOT_RECORDED = "–", "not recorded"
MISSING = {"min": "if missing were no", "max": "if missing were yes"}
INTERVAL = {"lower": "95 % interval, from", "upper": "95 % interval, to"}
RANGE = {"lower": "range, from", "upper": "range, to"}  # of an assumed number, which no sample gave
_ASSUMED = {"basis", "parameter", "target", "at_lower"}  # columns of tables that hold such
ENDS = MISSING | INTERVAL
"""What the ends of a number are called: over what missing information could be, and by chance."""
COUNTS = {
    "n": "cases",
    "fired": "fires in",
    "unknown": "cannot be judged",
    "unrecorded": "not recorded",
    "undetermined": "missing information could raise it",
}
OWN = COUNTS | {
    "label": "name",
    "threshold": "decision threshold",
    "firing_rate": "firing rate",
    "frontier": "on the efficient frontier",
    BEST: "best at this threshold",
    "at_lower": "at the lower end of the range",
    "at_upper": "at the upper end of the range",
    "monte_carlo_error": "Monte Carlo error",
}
MEASURED = OWN | TRUTH | {name: measure.words for name, measure in MEASURES.items()}
FLAGS = {"frontier", BEST}  # measures that are 1 or 0: yes or no
_CHANCE = MEASURES["better_than_none_below"].unit
UNITS = {name: measure.unit for name, measure in MEASURES.items() if measure.unit != _CHANCE}
UNITS |= dict.fromkeys(["firing_rate", *TRUTH], "per 100 cases")
"""Measures per 100, or ratios, and of whom."""
SHARES = {"rate", "published_rate", "cohort_rate", "share", "prevalence", "threshold"}
SHARES |= MEASURES.keys() - UNITS.keys()
"""What is a share between 0 and 1, and is read in per cent."""
_SNAKE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")


class Heading(NamedTuple):
    """A column in words, and what its numbers are of."""

    words: str
    unit: str = ""


def split(name: str) -> tuple[str, str]:
    """Of what a column tells, and which end or count of it: ``ppv_min`` is the ``min`` of ``ppv``."""
    base, _, end = name.rpartition("_")
    return (base, end) if base and end in (*ENDS, "n") else (name, "")


def heading(name: str, others: Iterable[str] = ()) -> Heading:
    """What a column is called, among these others.

    Examples
    --------
    >>> heading("yield_above_chance")
    Heading(words='yield above chance', unit='per 100 cases')
    >>> heading("ppv_lower").words, heading("first_line_weeks").words
    ('positive predictive value: 95 % interval, from', 'first line weeks')
    >>> heading("lower", ["value", "basis"]).words, heading("lower", ["label", "fired"])
    ('range, from', Heading(words='95 % interval, from', unit='per 100 cases'))
    """
    ends, others = MISSING | (RANGE if _ASSUMED & {*others} else INTERVAL), {*others}
    base, end = split(name)
    if end and name not in OWN:
        words, unit = heading(base, others)
        return Heading(f"{words}: {(ends | COUNTS)[end]}", unit if end in ENDS else "")
    if name in ends or name == "value":
        rate = "fired" in others and "measure" not in others
        return Heading(ends.get(name, name), "per 100 cases" if rate else "")
    if name == "n" and "cases" in others:
        return Heading("readings" if "readers" in others else "all cases")
    if name == "label" and "name" in others:
        return Heading("in words")
    alone = not others & {"policy", "label"}  # then it is a fact of each case, and no measure of a policy
    if (name in TRUTH and alone) or (name in COUNTS and name != "n" and "n" not in others):
        return Heading(in_words(name))
    return measure_heading(name)


def measure_heading(name: str) -> Heading:
    """What a measure is called, and what its numbers are of."""
    return Heading(MEASURED.get(name) or in_words(name), UNITS.get(name, ""))


def measure_said(name: str) -> str:
    """A measure and its unit in one."""
    return ", ".join(filter(None, measure_heading(name)))


def in_words(text: str) -> str:
    """A name with underscores, as one says it; any other text as it is."""
    return text.replace("_", " ") if _SNAKE.fullmatch(text) else text


def said(value: Any) -> str:
    """A value in words: yes or no, several with a plus, no gap as a no.

    Examples
    --------
    >>> said(True), said(None), said("primary_care"), said(("rare-disease", "second-line"))
    ('yes', 'not recorded', 'primary care', 'rare-disease + second-line')
    """
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return " + ".join(map(said, value)) or "none"
    if isinstance(value, str):
        return in_words(value)
    if pd.isna(value):
        return NOT_RECORDED
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return f"{value:%Y-%m-%d}"
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)
