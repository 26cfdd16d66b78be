"""The numbers of a scenario: what sorts there are, and how far each may be off."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from secondop.rules.facts import Fact, Kind

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
_OF_CONTRAST = {"solve": EFFECTS_ON, "among": ("all", "sought"), "measure": ("risk ratio", "odds ratio")}
_OF_CONTRAST["outcome"] = (
    "first_right",
    *(f"{x}_changed" for x in ("diagnosis", "treatment", "both", "either")),
)
_OF_CONTRAST["outcome"] += ("error_corrected", "error_introduced", "intervention_averted", "sought")
_SORTS = {
    r"signal": "signal",
    r"(missing|facts\.\w+\.missing)(\.share)?": "gap",
    rf"rates\.({'|'.join(RATES)})": "share",
    r"outcomes\.plan_dropped|facts\.\w+(\.by\.[\w-]+)?\.share(s\..+)?": "share",
    r"missing\.difficulty|facts\.\w+\.(difficulty|gravity|contest|missing_difficulty)": "correlation",
    r"readers\.anchoring|effects\.[\w-]+\.contrast": "odds",
    r"readers\.difficulty|outcomes\.(gravity|contest)|sought\.(wish|gravity)": "slope",
    rf"effects\.[\w-]+\.({'|'.join(EFFECTS_ON)})": "slope",
    rf"solved\.({'|'.join(SOLVED)})": "log_odds",
}
LIMITS = {"signal": (0.0, 2.0), "gap": (0.0, 0.99), "share": (0.0, 1.0), "correlation": (-0.95, 0.95)}
LIMITS |= {"odds": (1e-3, 1e3), "slope": (-8.0, 8.0), "log_odds": (-30.0, 30.0)}


MOST_ANSWERS = 250
"""Of one fact: its answers are kept in a byte each."""


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
    """What sort of number the parameter of this path is: a key of ``LIMITS``, or None."""
    return next((sort for pattern, sort in _SORTS.items() if re.fullmatch(pattern, path)), None)


def default_range(sort: str | None, value: float) -> tuple[float, float]:
    """Half to double the odds of a share, half to double of odds or a slope, a correlation 0.15 either way.

    What is exactly 0 or 1 is so by construction and does not vary.
    """
    if sort in ("share", "gap"):
        return value / (2 - value), 2 * value / (1 + value)
    if sort == "correlation" and value:
        return max(value - 0.15, LIMITS[sort][0]), min(value + 0.15, LIMITS[sort][1])
    if sort in ("odds", "slope"):
        return min(value / 2, value * 2), max(value / 2, value * 2)
    return value, value


def share_paths(parameters: Mapping[str, Parameter], start: str, fact: Fact, breaks: Iterable) -> list[str]:
    """Paths of a fact's shares below ``start``, in the order of its answers; a count's end with the last."""
    if fact.kind is Kind.FLAG:
        return [f"{start}.share"]
    if fact.has_levels:
        return [f"{start}.shares.{level}" for level in fact.levels]
    if fact.kind is Kind.NUMBER:
        return [f"{start}.shares.{edge:g}" for edge in list(breaks)[:-1]]
    found: list[str] = []
    while (path := f"{start}.shares.{len(found)}") in parameters:
        found.append(path)
    return found


def number_problems(path: str, p: Parameter) -> Iterable[str]:
    """What is wrong with one parameter, in words."""
    if (sort := sort_of(path)) is None:
        yield f"there is no parameter {path!r}."
        return
    low, high = LIMITS[sort]
    if outside := [v for v in (p.value, p.lower, p.upper) if not low <= v <= high]:
        yield f"{path} and its range lie in {low:g} to {high:g}, not at {outside[0]:g}."
    elif not p.lower <= p.value <= p.upper:
        yield f"{path}: {p.value:g} is outside its own range {p.lower:g} to {p.upper:g}."
    if p.basis not in BASES:
        yield f"{path}: the basis is one of {', '.join(BASES)}, not {p.basis!r}."
    elif p.basis != "assumed" and not p.citation:
        yield f"{path} is {p.basis}, so it needs a citation."


def rate_problems(parameters: Mapping[str, Parameter]) -> Iterable[str]:
    """Rates that cannot hold together: a share of all cases is never below that of its seekers."""
    rate = {name: parameters[f"rates.{name}"].value for name in RATES if f"rates.{name}" in parameters}
    if len(rate) < len(RATES):
        return
    for name in ("diagnosis_changed", "treatment_changed"):
        least = rate["sought"] * rate[f"{name}_sought"]
        most = 1 - rate["sought"] * (1 - rate[f"{name}_sought"])
        if not least < rate[name] < most:
            why = f"{rate['sought']:.3g} seek and {rate[f'{name}_sought']:.3g} of them change"
            yield f"rates.{name} lies between {least:.3g} and {most:.3g}, since {why}; not at {rate[name]:g}."
    a, b, both = (rate[f"{name}_changed_sought"] for name in ("diagnosis", "treatment", "both"))
    if not max(0.0, a + b - 1) < both < min(a, b):
        low, high = max(0.0, a + b - 1), min(a, b)
        yield f"rates.both_changed_sought lies between {low:.3g} and {high:.3g}, not at {both:g}."


def effect_problems(name: str, stated: Mapping, contrast: bool) -> Iterable[str]:
    """What is wrong with what an effect states of its contrast, in words."""
    for key, words in _OF_CONTRAST.items():
        if key in stated and stated[key] not in words:
            yield f"effects.{name}.{key} is one of {', '.join(words)}, not {stated[key]!r}."
        elif contrast and key not in stated:
            yield f"effects.{name} states a contrast, so it needs {key}: one of {', '.join(words)}."


def share_problems(start: str, shares: Mapping[str, Parameter | None], fact: Fact) -> Iterable[str]:
    """What is wrong with the shares of a fact's answers, in words."""
    lacking = [path for path, share in shares.items() if share is None]
    if lacking or not shares:
        yield f"{start} does not state {', '.join(lacking) or 'its shares'}."
    elif fact.is_numeric and len(shares) > min(fact.high + 1, MOST_ANSWERS):
        yield f"{start} states {len(shares)} shares, more than there are answers (or than {MOST_ANSWERS})."
    elif fact.kind is not Kind.FLAG:
        total = math.fsum(share.value for share in shares.values() if share)
        if abs(total - 1) > 1e-6:
            yield f"the shares of {start} add up to {total:.6g}, not to 1."
