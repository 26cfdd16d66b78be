"""Rates and contrasts of a cohort: whom published ones mean, what is counted, and how far two lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, hypot, inf, nan, sqrt
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import EITHER, TRUTH, Cohort
from secondop.evaluation.measures import FP, TP, Z, along_one_axis, five, settled, share, spread_of, wilson
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import any_of, book_of
from secondop.guideline.contrasts import SIDES
from secondop.rules.conditions import Condition, as_condition
from secondop.rules.facts import Fact
from secondop.rules.spellings import matched

ALL, SOUGHT, DIFFER = "all cases", "cases that sought an opinion", "sought opinions that differ"
OUTCOMES = (*EITHER, "second_right", *TRUTH)
# Published denominator -> which cases of a cohort it means, and the scenario that they must come from.
DENOMINATORS = {
    "second opinions obtained": (SOUGHT, None),
    "second opinions obtained (cancer)": (SOUGHT, "oncology"),
    "second opinions obtained (operation proposed)": (SOUGHT, "surgical"),
    "cancer patients": (ALL, "oncology"),
    "lymphoma patients re-read": (ALL, "oncology"),
    "operations proposed": (ALL, "surgical"),
    "operations proposed, mandatory review": (ALL, "surgical"),
    "general population": (ALL, "general"),
    "patients": (ALL, None),
    "discrepant re-reads with follow-up tissue": (DIFFER, None),
}
# Published outcome -> the outcome of a cohort that it means.
MEANT = {name: name for name in (*OUTCOMES, "diagnosis_same", "both_changed", "either_changed", "sought")}
MEANT |= {"not_confirmed": "treatment_changed"}

Count = tuple[float, float]  # how many, of how many
Estimate = tuple[float, float, float]  # value, lower, upper
Side = tuple[Count, np.ndarray, np.ndarray]  # a count, and the cells that are counted, and of which
# Which cells of (in the denominator, answer) a share counts, and which it is of: at least, and at most.
_COUNTED = np.array(
    [
        [[[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 0, 0], [1, 1, 1], [1, 0, 1]]],
        [[[0, 0, 0], [0, 1, 1], [0, 1, 1]], [[0, 0, 0], [1, 1, 1], [0, 1, 1]]],
    ]
)
VARIANCES = {  # of the logarithm, by the delta method; the group of a lift is part of its reference
    "risk ratio": lambda k, n, j, m: 1 / k - 1 / n + 1 / j - 1 / m,
    "odds ratio": lambda k, n, j, m: 1 / k + 1 / (n - k) + 1 / j + 1 / (m - j),
    "lift": lambda k, n, j, m: 1 / k - 1 / n - 1 / j - 1 / m + 2 * k / (n * j),
}


def sides_of(published: pd.DataFrame, stated: Mapping[str, tuple], names: list[str]) -> dict[str, tuple]:
    """Of each contrast whose sides the cohort tells: its group, its reference, and whom both are among."""
    if strangers := set(stated) - set(published["id"]):
        raise unknown_name("published contrast", min(strangers), published["id"])

    def tells(side: Any) -> bool:
        if side is None or isinstance(side, str):
            return side in (None, ALL, *names)
        if not isinstance(side, Condition | Fact):
            said = f"A side of a contrast is a condition, the name of a yes/no column, {ALL!r} or None"
            got = f"got a {type(side).__name__}. Add it to the cases, and name its column."
            raise SecondopError(f"{said}; {got}")
        facts = as_condition(side).facts
        return facts.keys() <= matched(names, facts).keys()

    figures, found = published.set_index("id"), {}
    for name, (group, other) in (SIDES | dict(stated)).items():
        if name in figures.index and figures["denominator"][name] in DENOMINATORS:
            other = ALL if other is None and figures["measure"][name] == "lift" else other
            if tells(group) and tells(other):
                found[name] = group, other, DENOMINATORS[figures["denominator"][name]][0]
    return found


def answers_of(
    cases: Any, whom: Mapping[str, tuple[Any, Any, str]], cluster: str | None = None
) -> tuple[Patterns, int]:
    """Cases that answer alike, by outcome, denominator and sides; and how many answers could not be read.

    ``whom`` has of each contrast its group, its reference, and the denominator that both are among.
    """
    cases, sides = cases.cases if isinstance(cases, Cohort) else cases, {}
    names = set(nw.from_native(cases).collect_schema().names())
    for name, (group, other, _) in whom.items():
        sides |= {f"group {name}": group, f"reference {name}": other}
    flags = {name: name for name in (*OUTCOMES, "sought", "opinions_differ") if name in names}
    flags |= {name: side for name, side in sides.items() if isinstance(side, str) and side != ALL}
    judged = {name: side for name, side in sides.items() if isinstance(side, Condition | Fact)}
    book = book_of(judged.values())
    cohort = Cohort(cases, book, outcome=None, flags=flags, cluster=cluster)
    asked = {name: nw.col(f"flag {name}") for name in flags} | {ALL: nw.lit(True)}
    asked |= {name: any_of([rule]) for name, rule in zip(judged, book, strict=True)}
    asked |= {SOUGHT: asked["sought"]}
    changed, treated = (asked.get(name) for name in EITHER)
    if (differ := asked.get("opinions_differ", changed)) is not None:
        asked[DIFFER] = asked["sought"] & differ
    if changed is not None:
        asked["diagnosis_same"] = ~changed
    if {*EITHER} <= asked.keys():
        asked |= {"both_changed": changed & treated, "either_changed": changed | treated}
    for name, (_, other, among) in whom.items():
        inside, group = asked.get(among, ~asked[ALL]), asked.get(f"group {name}", asked[ALL])
        reference = ~group if other is None else asked.get(f"reference {name}", asked[ALL])
        asked |= {f"group {name}": inside & group, f"reference {name}": inside & reference}
    return cohort.patterns(asked, flags=()), cohort.about()["unreadable"]


def only_sought(answers: Patterns) -> bool:
    """Whether no change is on record of those who sought no opinion: then theirs is unknown, not no."""
    codes, stayed = answers.codes, answers.codes[SOUGHT] != 1
    changes = np.array([codes[name][stayed] for name in EITHER if name in codes])
    if stayed.all() or not (codes[SOUGHT] == 0).any() or (changes == 1).any() or not (changes == 0).any():
        return False
    for name in {*OUTCOMES, "diagnosis_same", "both_changed", "either_changed"} & codes.keys():
        codes[name] = np.where(stayed, 2, codes[name])
    return True


def rate_of(counts: np.ndarray, squares: np.ndarray | None = None) -> dict[str, Any]:
    """One rate, from counts of being in its denominator by the answer; what is unknown widens its bounds."""
    squares = counts if squares is None else squares
    found = five(share([TP], [FP], 1), settled(counts, squares), np.ones(1))
    _, low, high, lower, upper = found.tolist()
    seen = {"n": int(counts[1].sum()), "count": int(counts[1, 1])}
    seen |= {"unknown": int(counts[1, 2] + counts[2].sum())}
    seen |= {"rate": nan if seen["unknown"] else low, "min": low, "max": high}
    return seen | {"lower": lower, "upper": upper}


def contrast_of(measure: str, counts: np.ndarray, squares: np.ndarray) -> dict[str, Any]:
    """One contrast, from counts by being in its group, by being in its reference, and by the answer."""
    (least, most), (fewest, greatest) = _ends(counts.sum(1)), _ends(counts.sum(0))
    low, lower, _ = _contrast(measure, least, greatest, squares)
    high, _, upper = _contrast(measure, most, fewest, squares)
    one, other = rate_of(counts.sum(1)), rate_of(counts.sum(0))
    seen = {"n_group": one["n"], "k_group": one["count"], "n_reference": other["n"]}
    seen |= {"k_reference": other["count"], "unknown": one["unknown"] + other["unknown"]}
    seen |= {"value": nan if seen["unknown"] else low, "min": low, "max": high}
    return seen | {"lower": lower, "upper": upper}


def _ends(counts: np.ndarray) -> tuple[Side, Side]:
    """How many of how many are counted on a side, and in which cells: at least, and at most.

    Where nobody is certain to be counted, one of them may be empty: those who are counted give it then.
    """
    ends = [((int((counts * k).sum()), int((counts * n).sum())), k, n) for k, n in _COUNTED]
    return tuple(x if x[0][1] else y for x, y in (ends, ends[::-1]))


def _contrast(measure: str, group: Side, reference: Side, squares: np.ndarray) -> Estimate:
    """The contrast of two sides. Clusters multiply a variance, to first order, by their effect on it."""
    counts = group[0], reference[0]
    if squares.ndim == 3 or not (counts[0][1] and counts[1][1]):
        return contrasted(measure, *counts)
    alone = measure == "risk difference"  # of which each side has an interval of its own
    filled = counts if alone else _filled(measure, *counts)
    one, other = (_told(measure, *x, *side[1:]) for x, side in zip(filled, (group, reference), strict=True))
    flat = along_one_axis(squares)

    def effect(each: np.ndarray) -> float:
        each = np.broadcast_to(each, (3, 3, 3)).ravel().astype(float)
        own = spread_of(flat[: each.size], each)
        return float(spread_of(flat, each) / own) if own else 1.0

    if alone:
        effects = effect(one[:, None]), effect(other[None])
        return contrasted(measure, *((k / by, n / by) for (k, n), by in zip(counts, effects, strict=True)))
    return contrasted(measure, *counts, effect(one[:, None] - other[None]))


def _told(measure: str, k: float, n: float, at: np.ndarray, of: np.ndarray) -> np.ndarray:
    """What each cell counts, to first order, in a share, or in the logarithm of a share or odds."""
    if measure == "risk difference":
        return n * at - k * of if 0 < k < n else of
    return at / k - ((of - at) / (n - k) if measure == "odds ratio" else of / n)


def contrasted(measure: str, group: Count, reference: Count, effect: float = 1.0) -> Estimate:
    """A risk ratio, odds ratio, lift or risk difference of two counts, with its 95 % interval.

    The interval of a ratio is normal on the log scale; where a cell is empty, it is that of counts with half
    a case more in each cell (Haldane 1956, Ann Hum Genet 20:309-311). ``effect`` multiplies its variance.
    """
    if not (group[1] and reference[1]):
        return nan, nan, nan
    if measure == "risk difference":
        one, other = ((k / n, *wilson(k, n)) for k, n in (group, reference))
        return one[0] - other[0], *apart(one, one, other)
    value, filled = _ratio(measure, group, reference), _filled(measure, group, reference)
    factor = exp(Z * sqrt(max(VARIANCES[measure](*filled[0], *filled[1]), 0) * effect))
    middle = _ratio(measure, *filled)
    return value, float(np.fmin(middle / factor, value)), float(np.fmax(middle * factor, value))


def _filled(measure: str, group: Count, reference: Count) -> tuple[Count, Count]:
    """Both counts, with half a case more in each cell where an empty one leaves no interval."""
    (k, n), (j, m) = group, reference
    enough = {"odds ratio": 1, "risk ratio": 2}.get(measure, 3)  # full sides, to leave no interval
    empty = not (k and j) or (k == n) + (j == m) >= enough
    return ((k + 0.5, n + 1), (j + 0.5, m + 1)) if empty else (group, reference)


def _ratio(measure: str, group: Count, reference: Count) -> float:
    (k, n), (j, m) = group, reference
    top, bottom = (k * (m - j), (n - k) * j) if measure == "odds ratio" else (k * m, n * j)
    return top / bottom if bottom else inf if top else nan


def apart(least: Estimate, most: Estimate, other: Estimate) -> tuple[float, float]:
    """How far a figure, at least and at most, lies from another: a 95 % interval from those of both.

    The squares of the margins that face each other add up (Zou and Donner 2008, Stat Med 27:1693-1702); of
    two Wilson intervals this is method 10 of Newcombe (1998, Stat Med 17:873-890).
    """
    value, lower, upper = other
    below, above = hypot(least[0] - least[1], upper - value), hypot(most[2] - most[0], value - lower)
    return least[0] - value - below, most[0] - value + above
