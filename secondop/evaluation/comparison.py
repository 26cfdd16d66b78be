"""A cohort beside published figures: a comparison that refuses unlike denominators and unlike outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import hypot, inf, isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from secondop.arguments import TEXT, checked
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.evaluation import contrasts as counted
from secondop.evaluation.cohort import Cohort, is_simulated
from secondop.evaluation.columns import NONE_ON_RECORD
from secondop.evaluation.contrasts import ALL, DENOMINATORS, MEANT, OUTCOMES
from secondop.evaluation.measures import NUMBERS
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.published import published_contrasts, published_rates, with_intervals
from secondop.evaluation.small_cells import hide_compared
from secondop.rules.gate import any_frame

_READINGS = "It is a rate of readings: compare it with read_strategies, not with a cohort."
APART = {  # the roles of figures that are never compared, and why
    "calibrate readers": _READINGS,
    "validate readers": _READINGS,
    "validate triage": "It tells whom a triage by doubt or by policy refers or finds, no more.",
    "context": "It is to be read beside the cohort, not compared with it.",
    "not comparable": "It has another denominator, or another meaning of changed.",
}
COMPARED = ("calibrate", "derived", "scenario", "validate", "range", "upper bound")
_REFUSED = (
    "A firing rate is a share of all cases; a published rate, of second opinions that were obtained. Compare "
    "a cohort with its outcomes, compare(simulate(...)), and read firing rates with firing_rates(...)."
)
_KEPT = ["id", "study", "year", "population", "outcome", "denominator", "role"]
_SIDES = ["n_group", "k_group", "n_reference", "k_reference"]
_ENDS, _APART = ["lower", "upper", "interval"], ["difference", "difference_lower", "difference_upper"]
# What a figure is called, what is kept of it, what was published, and what is counted in a cohort.
_RATE = "rate", _KEPT, ["n", "rate", *_ENDS], ["n", "count", "unknown"]
_CONTRAST = "value", [*_KEPT, "group", "reference", "measure"], ["value", *_ENDS], [*_SIDES, "unknown"]


@checked(scenario=TEXT)
def compare(
    cohort: Any,
    published: pd.DataFrame | None = None,
    *,
    scenario: str | None = None,
    fitted_to: Iterable[str] | None = None,
    sides: Mapping[str, tuple[Any, Any]] | None = None,
    redrawn: Iterable[Any] = (),
    cluster: str | None = None,
    min_cell: int | None = None,
) -> pd.DataFrame:
    """Published rates or contrasts beside a cohort's, with a verdict that never mixes what is unlike.

    "outside": cohort and publication differ by more than the uncertainties of both allow (95 %; a range or a
    bound: the cohort's interval lies wholly apart). "within": the cohort's interval lies inside the published
    one. Else "undetermined"; "fitted" if this scenario was fitted to it, whatever the figures; and "not
    comparable", without a figure of the cohort, if it has another denominator or another outcome.

    Parameters
    ----------
    cohort : frame of n_cases rows
        In memory or lazy, with the yes/no columns ``sought`` and outcomes such as ``diagnosis_changed`` or
        ``second_right``; opinions differ where ``opinions_differ`` says so, or else ``diagnosis_changed``.
    published : DataFrame
        Rows of :func:`published_rates` (by default all) or of :func:`published_contrasts`.
    scenario, fitted_to : str, list of str
        Where ``cohort.attrs`` do not say: the scenario's name, and the ids that it was fitted to (``()`` for
        none). Where neither says, figures that may have been fitted to are not judged.
    sides : mapping of str to (group, reference)
        Whom a contrast compares, by its id: conditions, or names of yes/no columns; "all cases"; no reference
        (None): all others. Some are known already.
    redrawn : iterable of cohorts
        The cohort at other values of what was fitted, whose spread (standard deviation, ``cohort_fitted``)
        widens its intervals (Student's t). Without it, what was fitted is taken as exact.
    cluster : str, optional
        Of which patient or site each case is, as for :class:`~secondop.evaluation.cohort.Cohort`;
        ``cohort_clusters`` says how many are in a denominator.
    min_cell : int, optional
        To share the table: figures of the cohort that rest on fewer cases are hidden, with those that would
        tell them; ``attrs["hidden"]`` says how many rows.

    Returns
    -------
    DataFrame
        A row per figure, its figures ``published_``, and those of the cohort ``cohort_``: rate or value
        (blank if any answer is unknown), min and max (were unknown no, or yes), lower and upper (95 % around
        these: Wilson; of ratios on the log scale); ``difference``, cohort minus published (95 %).

    Examples
    --------
    >>> cases = pd.DataFrame({"sought": [True] * 1000, "diagnosis_changed": [True] * 500 + [False] * 500})
    >>> table = compare(cases, fitted_to=["meyer_tx"]).set_index("id")
    >>> table.loc[["meyer_dx", "meyer_tx", "mustafa_newdx"], "verdict"].to_list()
    ['outside', 'not comparable', 'not comparable']
    """
    published, (point, kept, figures, counts) = _published(published)
    columns, attrs = _columns(cohort), getattr(cohort, "attrs", {})
    whom = counted.sides_of(published, sides or {}, columns)
    cluster = cluster or getattr(cohort, "cluster", None)
    answers, unreadable = counted.answers_of(cohort, whom, cluster)
    simulated = is_simulated(attrs, columns)
    only_sought = not simulated and counted.only_sought(answers)
    others = [counted.answers_of(cases, whom)[0] for cases in redrawn if _columns(cases)]
    scenario = attrs.get("scenario") if scenario is None else scenario
    fitted, rows = _fitted(published, attrs.get("fitted_to"), fitted_to), []
    for _, row in published.iterrows():
        seen, verdict, reason = {}, "not comparable", _unlike(row, answers, scenario, fitted, whom)
        if not reason:
            seen = _seen(row, point, answers, others)
            verdict, reason = _verdict(row, point, seen, fitted or ())
        remark = "" if pd.isna(row["remark"]) else row["remark"]
        told = row[kept].to_dict() | {f"published_{name}": row[name] for name in figures}
        told |= {(name if name in _APART else f"cohort_{name}"): x for name, x in seen.items()}
        rows.append(told | {"verdict": verdict, "reason": f"{reason} {remark}".strip()})
    clusters = ["clusters"] if cluster else []
    own = ["denominator", *clusters, *counts, point, *NUMBERS[1:], "fitted"]
    told = [f"published_{name}" for name in figures] + [f"cohort_{name}" for name in own]
    table = pd.DataFrame(rows, columns=[*kept, *told, *_APART, "verdict", "reason"])
    whole = {f"cohort_{name}" for name in counts} | {"published_n", "cohort_clusters"} & set(told)
    table = table.astype(dict.fromkeys(whole, "Int64"))
    table.attrs |= {"unreadable": unreadable, "simulated": simulated}
    table.attrs["verification"] = f"{NONE_ON_RECORD.capitalize()}." if only_sought else ""
    return table if min_cell is None else hide_compared(table, min_cell)


def _published(published: pd.DataFrame | None) -> tuple[pd.DataFrame, tuple]:
    """The published figures, checked, and whether they are rates or contrasts."""
    published, start = published_rates() if published is None else published, "start from published_rates()"
    if not isinstance(published, pd.DataFrame):
        said = f"Published figures are a frame, not {type(published).__name__}"
        raise SecondopError(f"{said}: {start} or published_contrasts().")
    _, kept, figures, _ = sort = _CONTRAST if "measure" in published else _RATE
    if missing := {*kept, *figures, "remark"} - set(published.columns):
        said = f"The published figures lack {', '.join(sorted(missing))}"
        raise SecondopError(f"{said}: {start} or published_contrasts().")
    told, names = [], np.array(["id", "outcome", "denominator", "role"])
    for x, gaps in zip(published["id"], published[names].isna().to_numpy(), strict=True):
        if any(gaps):
            told.append(f"{x}: {', '.join(names[gaps])} is missing")
    told += [f"{x}: two figures have this id" for x in published["id"][published["id"].duplicated()]]
    refuse("These figures cannot be compared", told)
    return (published if sort is _CONTRAST else with_intervals(published)), sort


def _columns(cohort: Any) -> list[str]:
    """The columns of a cohort, which must have outcomes and say who sought an opinion."""
    if isinstance(cohort, Cohort):
        cohort = cohort.cases
    absent = f"what was given ({type(cohort).__name__}) has none of the columns {', '.join(OUTCOMES)}"
    absent = f"There is no outcome to compare: {absent}: give yours one of these names. {_REFUSED}"
    names = any_frame(cohort, absent).collect_schema().names()
    if not set(OUTCOMES) & set(names):
        raise SecondopError(absent)
    if "sought" not in names:
        raise SecondopError("No column 'sought'. If every case got an opinion: cohort.assign(sought=True).")
    return names


def _fitted(published: pd.DataFrame, stored: Any, stated: Iterable[str] | None) -> set[str] | None:
    """Ids that agree by construction, with what follows from them; None where nobody says."""
    if stored is None and stated is None:
        return None
    if isinstance(stated, str):
        raise SecondopError(f"fitted_to is a list of ids: write fitted_to=[{stated!r}].")
    fitted = set(stored or ()) | set(stated or ())
    every = pd.concat([published_rates(), published_contrasts(), published]).drop_duplicates("id")
    for name in sorted(fitted - set(every["id"])):
        raise unknown_name("published figure", name, every["id"])
    study = every["study"] + " " + every["year"].astype(str)
    open_ = (every["role"] == "calibrate") & ~every["id"].isin(fitted)
    follows = study.isin(study[every["id"].isin(fitted)]) & ~study.isin(study[open_])
    return fitted | set(every.loc[follows & (every["role"] == "derived"), "id"])


def _unlike(
    row: pd.Series, answers: Patterns, scenario: str | None, fitted: set | None, whom: Mapping
) -> str:
    """Why this figure and the cohort must not be compared; empty if they may be."""
    outcome, denominator = row["outcome"].replace("_", " "), row["denominator"]
    inside, needed = DENOMINATORS.get(denominator, ("", None))
    if row["role"] not in COMPARED:
        return f"It counts {outcome} among {denominator}. {APART.get(row['role'], 'Its role is unknown.')}"
    if not inside:
        return f"A cohort has no such denominator: {denominator}."
    if row["outcome"] not in MEANT:
        return f"A cohort has no such outcome: {outcome}."
    if needed and scenario != needed:
        mine = f"come from {scenario!r}" if scenario else "do not say which scenario they come from"
        return f"Only cases of the scenario {needed!r} stand for {denominator}; these {mine}."
    if not {MEANT[row["outcome"]], inside} <= answers.codes.keys():
        return f"The cohort does not record {outcome} for {inside}."
    if row["outcome"] == "sought" and inside != ALL:
        return "The share that seeks an opinion is a share of all cases, not of those who sought one."
    if "measure" in row and row["id"] not in whom:
        return f"State whom it compares by what the cohort records: sides={{{row['id']!r}: (group, other)}}."
    if fitted is None and row["role"] in ("calibrate", "derived"):
        return "The cohort does not say what it was fitted to, and it may be this figure: state fitted_to."
    return ""


def _seen(row: pd.Series, point: str, answers: Patterns, redrawn: list[Patterns]) -> dict[str, Any]:
    """The cohort's figure, with its sampling error and that of what was fitted, and how far off it is."""
    inside, outcome = DENOMINATORS[row["denominator"]][0], MEANT[row["outcome"]]
    cells = [inside] if point == "rate" else [f"group {row['id']}", f"reference {row['id']}"]

    def figure(answers: Patterns) -> dict[str, Any]:
        some = answers.only(inside)
        counts, squares = (x[0] for x in some.crossed(*cells, outcome))
        many = {} if some.cluster is None else {"clusters": len(np.unique(some.cluster))}
        if point == "rate":
            return many | counted.rate_of(counts, squares)
        return many | counted.contrast_of(row["measure"], counts, squares)

    seen = figure(answers) | {"denominator": inside, "fitted": nan}
    if len(redrawn) > 1:
        from scipy.stats import t

        seen["fitted"] = float(np.std([figure(other)["min"] for other in redrawn], ddof=1))
        spread = t.ppf(0.975, len(redrawn) - 1) * seen["fitted"]  # a few cohorts tell little of it
        least, most = (-1 if row.get("measure") == "risk difference" else 0), (1 if point == "rate" else inf)
        seen["lower"] = max(least, seen["min"] - hypot(seen["min"] - seen["lower"], spread))
        seen["upper"] = min(most, seen["max"] + hypot(seen["upper"] - seen["max"], spread))
    off = (nan, nan)
    if row["role"] not in ("range", "upper bound") and row["interval"] != "range":
        bounds = (seen["min"], seen["lower"], nan), (seen["max"], nan, seen["upper"])
        off = counted.apart(*bounds, (row[point], row["lower"], row["upper"]))
    return seen | dict(zip(_APART, (seen[point] - row[point], *off), strict=True))


def _verdict(row: pd.Series, point: str, seen: dict[str, Any], fitted: Collection[str]) -> tuple[str, str]:
    """What the figures allow to say, and why."""
    if row["role"] == "scenario":
        return "fitted", "No check of the scenario: its share of seekers was chosen with this in view."
    if row["id"] in fitted:
        derived = row["role"] == "derived"
        why = "follows from those that it was fitted to" if derived else "is one that it was fitted to"
        return "fitted", f"The scenario agrees by construction: this figure {why}."
    if isnan(seen["lower"]):
        one = "All cases in the denominator are of one cluster, which tells nothing of others."
        nobody = "No case of the cohort is in the denominator."
        return "undetermined", one if seen.get("clusters") == 1 else nobody
    low, high = row["lower"], row[point] if row["role"] == "upper bound" else row["upper"]
    if isnan(low) and isnan(high):
        return "undetermined", "Published without an interval or n: nothing says how far is too far."
    floor, ceiling = (0 if isnan(low) else low), (inf if isnan(high) else high)
    per, form, unit = (100, ".1f", " %") if point == "rate" else (1, ".2f", "")
    words = {"range": "the range of what was published", "assumed": "the assumed range"}
    there = f"{words.get(row['interval'], 'the published interval')}, {per * floor:{form}}"
    if isnan(high):
        there += f"{unit} or more (only the lower end is published)"
    else:
        there += f" to {per * high:{form}}{unit}"
        there += " (only the upper end is published)" if isnan(low) else ""
    here = f"The cohort's {per * seen['lower']:{form}} to {per * seen['upper']:{form}}{unit}"
    exact = " What was fitted is taken as exact." if fitted and isnan(seen["fitted"]) else ""
    if floor <= seen["lower"] and seen["upper"] <= ceiling:
        return "within", f"{here} lies inside {there}.{exact}"
    if seen["upper"] < floor or ceiling < seen["lower"]:
        return "outside", f"{here} lies {'below' if seen['upper'] < floor else 'above'} {there}.{exact}"
    if seen["difference_lower"] > 0 or seen["difference_upper"] < 0:
        return "outside", f"{here} is further from {there}, than both uncertainties allow.{exact}"
    turned = len({(figure > ceiling) - (figure < floor) for figure in (seen["min"], seen["max"])}) > 1
    cause = "unknown outcomes" if turned else "the uncertainty of the cohort"
    partly = f"lies partly inside {there}, and partly outside, because of {cause}"
    return "undetermined", f"{here} {partly}.{exact}"
