"""Published rates, and a comparison with a cohort that refuses unlike denominators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.datafiles import data_path
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import EITHER, TRUTH, Cohort
from secondop.evaluation.patterns import Patterns

_READINGS = "It is a rate of readings: compare it with read_strategies, not with a cohort."
APART = {  # the roles of rates that are never compared, and why
    "calibrate readers": _READINGS,
    "validate readers": _READINGS,
    "validate triage": "It is a rate of pathology re-readings: it shows that doubt predicts change, no more.",
    "context": "It is to be read beside the cohort, not compared with it.",
    "not comparable": "It has another denominator, or another meaning of changed.",
}
COMPARED = ("calibrate", "derived", "scenario", "validate", "range")

# Published denominator -> which cases of a cohort it means, and the scenario that they must come from.
_ALL, _SOUGHT, _DIFFER = "all cases", "cases that sought an opinion", "sought opinions that differ"
_DENOMINATORS = {
    "second opinions obtained": (_SOUGHT, None),
    "second opinions obtained (cancer)": (_SOUGHT, "oncology"),
    "cancer patients": (_ALL, "oncology"),
    "general population": (_ALL, "general"),
    "general population who saw a specialist": (_ALL, "general"),
    "discrepant re-reads with a reference": (_DIFFER, None),
    "discrepant re-reads with follow-up tissue": (_DIFFER, None),
}
_OUTCOMES = (*EITHER, "second_right", *TRUTH)
_REFUSED = (
    "A firing rate is a share of all cases; a published rate, of second opinions that were obtained. Compare "
    "a cohort with its outcomes, compare(simulate(...)), and read firing rates with firing_rates(...)."
)
_KEPT = ["id", "study", "year", "population", "outcome", "denominator", "role"]
_FIGURES = ["n", "rate", "lower", "upper", "interval"]
_SIMULATED = ["denominator", "n", "count", "unknown", "rate", "min", "max", "lower", "upper"]
_JUDGED = ["difference", "difference_lower", "difference_upper", "verdict", "reason"]


def published_rates() -> pd.DataFrame:
    """Published rates of second opinions, each with its denominator and, where n allows, its interval.

    The columns are those of ``data/published_rates.csv`` (dictionary: ``data/README.md``). ``rate`` is
    numerator over n where the paper prints both, else as printed. ``interval`` tells ``lower, upper``:
    "published", "Wilson from count" or "Wilson from n" (95 %; the last with a numerator rounded from the
    rate), "range" (the ends of a review) or "none".

    Examples
    --------
    >>> print(*published_rates().set_index("id").loc["lenza_dx", ["denominator", "n", "interval"]], sep=", ")
    spine surgery candidates reviewed, 485, Wilson from count
    """
    rates = pd.read_csv(data_path("published_rates.csv"), dtype={"n": "Int64", "numerator": "Int64"})
    rates["remark"] = rates["remark"].fillna("")
    counted = rates["numerator"].notna()
    rates.loc[counted, "rate"] = (rates["numerator"] / rates["n"])[counted].astype(float)
    for row in rates.index[rates["interval"] == "binomial"]:
        rates.loc[row, ["lower", "upper"]] = _wilson(_count(rates.loc[row]), rates.loc[row, "n"])
        rates.loc[row, "interval"] = "Wilson from count" if counted[row] else "Wilson from n"
    return rates


def compare(
    cohort: Any,
    rates: pd.DataFrame | None = None,
    *,
    scenario: str | None = None,
    fitted_to: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Published rates beside the same rates in a cohort, with a verdict that never mixes denominators.

    A verdict sets the cohort's 95 % interval against the published interval (or a review's range): "within"
    if it lies wholly inside, "outside" if wholly apart, "undetermined" if unknown outcomes or too few cases
    let it straddle an edge, or if nothing published says how far is too far. A rate that the scenario was
    fitted to is "fitted", whatever the figures. "not comparable" rows show no rate of the cohort.

    The ``cohort``, in memory or lazy, has the yes/no columns ``sought`` and outcomes such as
    ``diagnosis_changed`` or ``second_right``; opinions differ where ``opinions_differ`` says so, or else
    ``diagnosis_changed``. ``rates``: rows of :func:`published_rates`, by default all. Where ``cohort.attrs``
    do not say: the name of its ``scenario``, and the ids of the rates that it was ``fitted_to`` (``()`` for
    none). Where neither says, rates that may have been fitted to are not judged.

    Returns
    -------
    DataFrame
        A row per rate, its figures ``published_``, and those of the cohort ``simulated_``: rate (blank if any
        answer is unknown), min and max (were unknown no, or yes), lower and upper (95 % Wilson around these);
        ``difference``, simulated minus published (95 % Newcombe 1998, Stat Med 17:873-890, method 10).

    Examples
    --------
    >>> cases = pd.DataFrame({"sought": [True] * 1000, "diagnosis_changed": [True] * 500 + [False] * 500})
    >>> table = compare(cases, fitted_to=["meyer_dx"]).set_index("id")
    >>> table.loc[["meyer_dx", "mustafa_newdx", "lenza_dx"], "verdict"].to_list()
    ['fitted', 'outside', 'not comparable']
    """
    rates = published_rates() if rates is None else rates
    if missing := {*_KEPT, *_FIGURES, "numerator", "remark"} - set(rates.columns):
        raise SecondopError(f"The rates lack {', '.join(sorted(missing))}: start from published_rates().")
    answers, unreadable = _answers(cohort)
    attrs = getattr(cohort, "attrs", {})
    scenario = attrs.get("scenario") if scenario is None else scenario
    fitted = _fitted(rates, attrs.get("fitted_to"), fitted_to)
    rows = [_compare_one(rate, answers, scenario, fitted) for _, rate in rates.iterrows()]
    columns = [*_KEPT, *(f"published_{x}" for x in _FIGURES), *(f"simulated_{x}" for x in _SIMULATED)]
    counts = ["published_n", "simulated_n", "simulated_count", "simulated_unknown"]
    table = pd.DataFrame(rows, columns=columns + _JUDGED).astype(dict.fromkeys(counts, "Int64"))
    table.attrs["unreadable"] = unreadable
    return table


def _compare_one(rate: pd.Series, answers: Patterns, scenario: str | None, fitted: set | None) -> dict:
    row = rate[_KEPT].to_dict() | {f"published_{name}": rate[name] for name in _FIGURES}
    verdict, reason = "not comparable", _unlike(rate, answers, scenario, fitted)
    if not reason:
        inside, _ = _DENOMINATORS[rate["denominator"]]
        seen, least, most = _tally(answers.crossed(inside, rate["outcome"])[0][0])
        row |= {f"simulated_{name}": value for name, value in seen.items()}
        row |= {"simulated_denominator": inside, "difference": seen["rate"] - rate["rate"]}
        if str(rate["interval"]).startswith("Wilson") and most[1]:
            lower, upper = (_newcombe(counts, (_count(rate), rate["n"])) for counts in (least, most))
            row |= {"difference_lower": lower[0], "difference_upper": upper[1]}
        verdict, reason = _verdict(rate, seen, fitted)
    return row | {"verdict": verdict, "reason": f"{reason} {rate['remark']}".strip()}


def _unlike(rate: pd.Series, answers: Patterns, scenario: str | None, fitted: set | None) -> str:
    """Why this rate and the cohort must not be compared; empty if they may be."""
    outcome, denominator = rate["outcome"].replace("_", " "), rate["denominator"]
    inside, needed = _DENOMINATORS.get(denominator, ("", None))
    if rate["role"] not in COMPARED:
        return f"It counts {outcome} among {denominator}. {APART.get(rate['role'], 'Its role is unknown.')}"
    if not inside:
        return f"A cohort has no such denominator: {denominator}."
    if needed and scenario != needed:
        mine = f"come from {scenario!r}" if scenario else "do not say which scenario they come from"
        return f"Only cases of the scenario {needed!r} stand for {denominator}; these {mine}."
    if not {rate["outcome"], inside} <= answers.codes.keys():
        return f"The cohort does not record {outcome} for {inside}."
    if rate["outcome"] == "sought" and inside != _ALL:
        return "The share that seeks an opinion is a share of all cases, not of those who sought one."
    if fitted is None and rate["role"] in ("calibrate", "derived"):
        return "The cohort does not say what it was fitted to, and it may be this rate: state fitted_to."
    return ""


def _verdict(rate: pd.Series, seen: dict, fitted: set | None) -> tuple[str, str]:
    if rate["role"] == "scenario" or rate["id"] in (fitted or ()):
        how = {"scenario": "sets its share of seekers", "derived": "follows from those that it was fitted to"}
        why = how.get(rate["role"], "is one that it was fitted to")
        return "fitted", f"The scenario agrees by construction: this rate {why}."
    if pd.isna(seen["lower"]):
        return "undetermined", "No case of the cohort is in the denominator."
    if (ends := rate[["lower", "upper"]].isna()).all():
        return "undetermined", "Published without an interval or n: nothing says how far is too far."
    floor, ceiling = rate[["lower", "upper"]].fillna({"lower": 0.0, "upper": 1.0})
    there = "the range of the studies reviewed" if rate["interval"] == "range" else "the published interval"
    there += f", {100 * floor:.1f} to {100 * ceiling:.1f} %"
    there += f" (only the {ends.idxmin()} end is published)" if ends.any() else ""
    here = f"The cohort's {100 * seen['lower']:.1f} to {100 * seen['upper']:.1f} %"
    if floor <= seen["lower"] and seen["upper"] <= ceiling:
        return "within", f"{here} lies inside {there}."
    if seen["upper"] < floor or ceiling < seen["lower"]:
        return "outside", f"{here} lies {'below' if seen['upper'] < floor else 'above'} {there}."
    turned = len({(share > ceiling) - (share < floor) for share in (seen["min"], seen["max"])}) > 1
    cause = "unknown outcomes" if turned else "too few cases in the cohort"
    return "undetermined", f"{here} straddles an edge of {there}: undetermined by {cause}."


def _answers(cases: Any) -> tuple[Patterns, int]:
    """Cases that answer alike, by outcome and by denominator; and how many answers could not be read."""
    cases = cases.cases if isinstance(cases, Cohort) else cases
    frame = nw.from_native(cases, pass_through=True)
    names = frame.collect_schema().names() if isinstance(frame, (nw.DataFrame, nw.LazyFrame)) else []
    wanted = [name for name in (*_OUTCOMES, "sought", "opinions_differ") if name in names]
    if not set(_OUTCOMES) & set(wanted):
        lacking = f"what was given ({type(cases).__name__}) has none of the columns {', '.join(_OUTCOMES)}"
        raise SecondopError(f"There is no outcome to compare: {lacking}. {_REFUSED}")
    if "sought" not in names:
        raise SecondopError("No column 'sought'. If every case got an opinion: cohort.assign(sought=True).")
    cohort = Cohort(frame.select(wanted).to_native(), outcome=None, flags={name: name for name in wanted})
    asked = {name: nw.col(f"flag {name}") for name in wanted}
    changed, treated = (asked.get(name) for name in EITHER)
    differ = asked.get("opinions_differ", changed)
    asked |= {_ALL: nw.lit(True), _SOUGHT: asked["sought"]}
    if differ is not None:
        asked[_DIFFER] = asked["sought"] & differ
    if changed is not None:
        asked["diagnosis_same"] = ~changed
    if {*EITHER} <= asked.keys():
        asked |= {"both_changed": changed & treated, "either_changed": changed | treated}
    return cohort.patterns(asked, flags=()), cohort.about()["unreadable"]


def _tally(counts: np.ndarray) -> tuple[dict, tuple, tuple]:
    """One rate, from counts of being in its denominator by the answer; what is unknown widens its bounds."""
    _, (no, yes, unknown), (maybe_no, maybe_yes, maybe) = counts.astype(int).tolist()
    least = (yes, yes + no + unknown + maybe_no + maybe)
    most = (yes + unknown + maybe_yes + maybe, yes + no + unknown + maybe_yes + maybe)
    # Where nobody is certain to be counted, one bound may be empty: whoever is counted gives the other.
    least, most = (least if least[1] else most), (most if most[1] else least)
    shares = [count / n if n else float("nan") for count, n in (least, most)]
    seen = {"n": yes + no + unknown, "count": yes, "unknown": unknown + maybe_yes + maybe_no + maybe}
    seen |= {"rate": float("nan") if seen["unknown"] else shares[0], "min": shares[0], "max": shares[1]}
    return seen | {"lower": _wilson(*least)[0], "upper": _wilson(*most)[1]}, least, most


def _fitted(rates: pd.DataFrame, stored: Any, stated: Iterable[str] | None) -> set[str] | None:
    """Ids that agree by construction, with what follows from them; None where nobody says."""
    if stored is None and stated is None:
        return None
    if isinstance(stated, str):
        raise SecondopError(f"fitted_to is a list of ids: write fitted_to=[{stated!r}].")
    fitted = set(stored or ()) | set(stated or ())
    every = pd.concat([published_rates(), rates], ignore_index=True).drop_duplicates("id")
    for name in sorted(fitted - set(every["id"])):
        raise unknown_name("published rate", name, every["id"])
    study = every["study"] + " " + every["year"].astype(str)
    open_ = (every["role"] == "calibrate") & ~every["id"].isin(fitted)
    follows = study.isin(study[every["id"].isin(fitted)]) & ~study.isin(study[open_])
    return fitted | set(every.loc[follows & (every["role"] == "derived"), "id"])


def _count(rate: pd.Series) -> int:
    return round(rate["rate"] * rate["n"]) if pd.isna(rate["numerator"]) else int(rate["numerator"])


def _wilson(count: int, n: int) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint  # slow to import

    return proportion_confint(count, n, method="wilson") if n else (float("nan"), float("nan"))


def _newcombe(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    from statsmodels.stats.proportion import confint_proportions_2indep  # slow to import

    return confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
