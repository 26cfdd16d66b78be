"""The numbers of a scenario: what sorts there are, how far each may be off, and what it is called."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache

from secondop.datafiles import data_path

BASES = ("cited", "assumed", "fitted")
TRAITS = ("difficulty", "gravity", "contest")
"""How hard a case is to diagnose, how grave it is, and how contestable its plan: standard normals."""

RATES = ("sought", "first_right", "second_right", "diagnosis_changed", "treatment_changed")
RATES += ("diagnosis_changed_sought", "treatment_changed_sought", "both_changed_sought")
"""What a scenario says of its cohorts: among all cases, or (``_sought``) among those that sought an opinion.

``second_right`` is a share of the sought opinions that differ.
"""
SOLVED = ("sought", "first", "second", "shared", "treatment_if_same")
SOLVED += ("sought_difficulty", "sought_contest", "treatment_if_changed")
"""What is solved for, one for each rate, so that they hold: log-odds, and what makes a patient seek."""

STATED = ("signal", "missing.share", "readers.difficulty", "readers.anchoring", "outcomes.gravity")
STATED += ("outcomes.contest", "outcomes.plan_dropped", "sought.wish", "sought.gravity")
STATED += tuple(f"rates.{name}" for name in RATES) + tuple(f"solved.{name}" for name in SOLVED)
"""Every scenario states these."""

EFFECTS_ON = ("first_right", "treatment_changed")
_OUTCOMES = ("first_right", "diagnosis_changed", "treatment_changed", "both_changed", "either_changed")
_OUTCOMES += ("error_corrected", "error_introduced", "intervention_averted", "sought")
OF_CONTRAST = {"solve": EFFECTS_ON, "outcome": _OUTCOMES, "among": ("all", "sought")}
OF_CONTRAST |= {"measure": ("risk ratio", "odds ratio")}
"""What an effect states of its contrast: one of these words each."""

LIMITS = {"signal": (0.0, 2.0), "gap": (0.0, 0.99), "share": (0.0, 1.0), "correlation": (-0.95, 0.95)}
LIMITS |= {"odds": (1e-3, 1e3), "slope": (-8.0, 8.0), "log_odds": (-30.0, 30.0)}
"""Between which a number lies, by its sort."""
_FACT, _CASES, _EFFECT = r"facts\.\w+", r"facts\.\w+(\.by\.[\w-]+)?", r"effects\.[\w-]+"
_SORTS = {  # what a scenario states: numbers within the limits, and all else, by their paths
    "signal": "signal",
    "gap": rf"missing\.share|{_FACT}\.missing",
    "share": rf"rates\.({'|'.join(RATES)})|outcomes\.plan_dropped|{_CASES}\.share(s\..+)?",
    "correlation": rf"missing\.difficulty|{_FACT}\.({'|'.join(TRAITS)}|missing_difficulty)",
    "odds": rf"readers\.anchoring|{_EFFECT}\.contrast",
    "slope": rf"readers\.difficulty|(outcomes|sought)\.gravity|outcomes\.contest|sought\.wish"
    rf"|{_EFFECT}\.({'|'.join(EFFECTS_ON)})",
    "log_odds": rf"solved\.({'|'.join(SOLVED)})",
    "condition": rf"wish|intervention|{_EFFECT}\.(when|against)|{_FACT}\.by\.[\w-]+\.when",
    "word": rf"{_EFFECT}\.({'|'.join(OF_CONTRAST)})",
    "answer": rf"{_CASES}\.answer",
    "breaks": rf"{_FACT}\.breaks",
    "shares": rf"{_CASES}\.shares",
    "table": rf"missing|rates|readers|outcomes|sought|solved|effects|facts|{_EFFECT}|{_CASES}|{_FACT}\.by",
}


@dataclass(frozen=True)
class Parameter:
    """One number of a scenario, how far it may be off, and where it comes from.

    The range is what sensitivity analyses vary it over. The basis is "cited" (a published figure), "assumed"
    (our own choice) or "fitted" (solved from the rates); the citation names the source, or says why.
    """

    value: float
    lower: float
    upper: float
    basis: str = "assumed"
    citation: str = ""

    def moved(self, value: float, citation: str = "set by hand") -> Parameter:
        """The same parameter at another value, which is then an assumption; its range widens to hold it."""
        return Parameter(value, min(self.lower, value), max(self.upper, value), "assumed", citation)


@lru_cache(maxsize=1 << 14)
def sort_of(path: str) -> str | None:
    """What sort of thing a scenario states at this path, of a number a key of ``LIMITS``; None if nothing."""
    return next((sort for sort, pattern in _SORTS.items() if re.fullmatch(pattern, path)), None)


def default_range(sort: str, value: float) -> tuple[float, float]:
    """Half to double the odds of a share, half to double of odds or a slope, a correlation 0.15 either way.

    What is exactly 0 or 1 is so by construction and does not vary.
    """
    if sort in ("share", "gap") and 0 <= value <= 1:
        return value / (2 - value), 2 * value / (1 + value)
    if sort == "correlation" and value:
        return max(value - 0.15, LIMITS[sort][0]), min(value + 0.15, LIMITS[sort][1])
    if sort in ("odds", "slope"):
        return min(value / 2, value * 2), max(value / 2, value * 2)
    return value, value


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(data_path("parameter_words.toml").read_text("utf-8"))


def parameter_words(path: str) -> str:
    """A parameter's path, as one says it.

    >>> parameter_words("facts.pathology_result.by.cancer.shares.ambiguous")
    'pathology result (cancer): share of “ambiguous”'
    """
    known, (section, *rest) = _words(), path.split(".")
    if section == "thresholds":
        said = f"{rest[0]}: threshold of the rules"
    elif section not in ("facts", "effects"):
        said = known["whole"].get(path, path.replace(".", ": "))
    else:
        name, *rest = rest
        if rest[0] == "by":
            name, rest = f"{name} ({rest[1]})", rest[2:]
        said = f"share of “{'.'.join(rest[1:])}”" if len(rest) > 1 else known["own"][rest[0]]
        said = f"{name}: {said}"
    return said.replace("_", " ")
