"""Published rates, and a comparison with a cohort that refuses unlike denominators."""

from __future__ import annotations

from collections.abc import Iterable

import narwhals as nw
import pandas as pd
import polars as pl

from secondop.datafiles import data_path
from secondop.errors import SecondopError, unknown_name

_READINGS = "It is a rate of readings: compare it with read_strategies, not with a cohort."
ROLES = {
    "calibrate": "It may be fitted to.",
    "derived": "It follows from rates that may be fitted to.",
    "scenario": "A scenario's share of seekers is set from it.",
    "validate": "It is kept for checking.",
    "range": "It is a review's range of studies.",
    "calibrate readers": _READINGS,
    "validate readers": _READINGS,
    "validate triage": "It is a rate of pathology re-readings: it shows that doubt predicts change, no more.",
    "context": "It is to be read beside the cohort, not compared with it.",
    "not comparable": "It has another denominator, or another meaning of changed.",
}
_COMPARED = ("calibrate", "derived", "scenario", "validate", "range")

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
_OUTCOMES = ["diagnosis_changed", "treatment_changed", "second_right", "corrected", "spoiled"]
_OUTCOMES += ["intervention_averted"]
_FIRING = {"recommendation", "possible", "undetermined", "indications", "fired"}
_REFUSED = (
    "A firing rate is the share of all cases for which a rule book recommends a second opinion; published"
    " rates such as 15 % and 37 % are shares of the second opinions that were obtained. Denominator and"
    " meaning differ, so the two can neither agree nor disagree. Compare a cohort with its outcomes instead,"
    " compare(simulate(...)), and read firing rates with firing_rates(...)."
)
_KEPT = ["id", "study", "year", "population", "outcome", "denominator", "role"]
_FIGURES = ["n", "rate", "lower", "upper", "interval"]
_SIMULATED = ["denominator", "n", "count", "unknown", "rate", "low", "high", "lower", "upper"]


def published_rates() -> pd.DataFrame:
    """Published rates of second opinions, each with its denominator and, where n allows, its interval.

    Returns
    -------
    DataFrame
        One row per rate, with the columns of ``data/published_rates.csv`` (dictionary: ``data/README.md``).
        ``rate`` is numerator over n where the paper prints both, else as printed. ``interval`` says what
        ``lower`` and ``upper`` are: "published", "Wilson from count" or "Wilson from n" (95 % intervals; the
        last with a numerator rounded from the rate), "range" (the ends of a review) or "none".

    Examples
    --------
    >>> lenza = published_rates().set_index("id").loc["lenza_dx"]
    >>> print(lenza["denominator"], lenza["n"], lenza["interval"], sep=", ")
    spine surgery candidates reviewed, 485, Wilson from count
    >>> print(*lenza[["rate", "lower", "upper"]].astype(float).round(3))
    0.598 0.554 0.641
    """
    rates = pd.read_csv(data_path("published_rates.csv"), dtype={"n": "Int64", "numerator": "Int64"})
    rates["remark"] = rates["remark"].fillna("")
    counted = rates["numerator"].notna()
    rates.loc[counted, "rate"] = (rates["numerator"] / rates["n"])[counted].astype(float)
    for row in rates.index[rates["interval"] == "binomial"]:
        rates.loc[row, ["lower", "upper"]] = _wilson(_count(rates.loc[row]), rates.loc[row, "n"])
        rates.loc[row, "interval"] = "Wilson from count" if counted[row] else "Wilson from n"
    return rates


def compare(cohort, rates: pd.DataFrame | None = None, *, scenario=None, fitted_to=None) -> pd.DataFrame:
    """Published rates beside the same rates in a cohort, with a verdict that never mixes denominators.

    A verdict sets the cohort's 95 % interval against the published interval (or a review's range): "within"
    if it lies wholly inside, "outside" if wholly apart, "undetermined" if unknown outcomes or too few cases
    let it straddle an edge, or if nothing published says how far is too far. A rate that the scenario was
    fitted to is "fitted", whatever the figures. "not comparable" rows show no rate of the cohort.

    Parameters
    ----------
    cohort : DataFrame (pandas, polars, or another that narwhals reads)
        One row per case, with yes/no columns ``sought`` and outcomes such as ``diagnosis_changed``,
        ``treatment_changed``, ``second_right``. A gap is unknown: it is carried as low and high, never as no.
        Opinions differ where ``opinions_differ`` says so, or else where ``diagnosis_changed`` does.
    rates : DataFrame, optional
        Rows of :func:`published_rates`; all of them by default.
    scenario : str, optional
        The scenario's name, where ``cohort.attrs["scenario"]`` does not hold it. Rates of cancer patients are
        compared with "oncology" only, rates of the general population with "general" only.
    fitted_to : iterable of str, optional
        Ids that the scenario was fitted to, added to ``cohort.attrs["fitted_to"]``; ``()`` says none. Where
        neither says, rates that may have been fitted to are not judged.

    Returns
    -------
    DataFrame
        One row per published rate: ``id, study, year, population, outcome, denominator, role``;
        ``published_`` n, rate, lower, upper, interval; ``simulated_`` denominator, n, count, unknown, rate
        (blank if any answer is unknown), low and high (shares if every unknown were no, or yes), lower and
        upper (95 % Wilson around them); ``difference`` (simulated minus published) with ``difference_lower,
        difference_upper`` (95 % Newcombe); ``verdict`` and ``reason``.

    Raises
    ------
    SecondopError
        If given firing rates or an assessment, or outcomes that are not yes, no or unknown.

    References
    ----------
    Newcombe 1998, Stat Med 17:873-890 (method 10).

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
    answers = _answers(cohort)
    attrs = getattr(cohort, "attrs", {})
    scenario = attrs.get("scenario") if scenario is None else scenario
    fitted = _fitted(rates, attrs.get("fitted_to"), fitted_to)
    rows = [_compare_one(rate, answers, scenario, fitted) for _, rate in rates.iterrows()]
    columns = [
        *_KEPT,
        *(f"published_{name}" for name in _FIGURES),
        *(f"simulated_{name}" for name in _SIMULATED),
    ]
    columns += ["difference", "difference_lower", "difference_upper", "verdict", "reason"]
    counts = ["published_n", "simulated_n", "simulated_count", "simulated_unknown"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(counts, "Int64"))


def _compare_one(rate: pd.Series, answers: pl.DataFrame, scenario, fitted) -> dict:
    row = rate[_KEPT].to_dict() | {f"published_{name}": rate[name] for name in _FIGURES}
    if refusal := _unlike(rate, answers, scenario, fitted):
        return row | {"verdict": "not comparable", "reason": f"{refusal} {rate['remark']}".strip()}
    inside, _ = _DENOMINATORS[rate["denominator"]]
    seen, low, high = _tally(answers, inside, rate["outcome"])
    row |= {"simulated_denominator": inside} | {f"simulated_{name}": value for name, value in seen.items()}
    row["difference"] = seen["rate"] - rate["rate"]
    if str(rate["interval"]).startswith("Wilson") and seen["n"] + seen["unknown"]:
        row["difference_lower"] = _newcombe(low, (_count(rate), rate["n"]))[0]
        row["difference_upper"] = _newcombe(high, (_count(rate), rate["n"]))[1]
    verdict, reason = _verdict(rate, seen, fitted)
    return row | {"verdict": verdict, "reason": f"{reason} {rate['remark']}".strip()}


def _unlike(rate: pd.Series, answers: pl.DataFrame, scenario, fitted) -> str:
    """Why this rate and the cohort must not be compared; empty if they may be."""
    outcome, denominator = rate["outcome"].replace("_", " "), rate["denominator"]
    if rate["role"] not in _COMPARED:
        return f"It counts {outcome} among {denominator}. {ROLES.get(rate['role'], 'Its role is unknown.')}"
    if denominator not in _DENOMINATORS:
        return f"A cohort has no such denominator: {denominator}."
    inside, needed = _DENOMINATORS[denominator]
    if needed and scenario != needed:
        mine = f"come from {scenario!r}" if scenario else "do not say which scenario they come from"
        return f"Only cases of the scenario {needed!r} stand for {denominator}; these {mine}."
    if not {rate["outcome"], inside} <= set(answers.columns):
        return f"The cohort does not record {outcome} for {inside}."
    if rate["outcome"] == "sought" and inside != _ALL:
        return "The share that seeks an opinion is a share of all cases, not of those who sought one."
    if fitted is None and rate["role"] in ("calibrate", "derived"):
        return "The cohort does not say what it was fitted to, and it may be this rate: state fitted_to."
    return ""


def _verdict(rate: pd.Series, seen: dict, fitted) -> tuple[str, str]:
    if rate["role"] == "scenario":
        return (
            "fitted",
            "The scenario's share of seekers is set from this rate: agreement is by construction.",
        )
    if fitted and rate["id"] in fitted:
        how = "follows from rates" if rate["role"] == "derived" else "is one"
        return "fitted", f"This rate {how} that the scenario was fitted to: agreement is by construction."
    if pd.isna(seen["lower"]):
        return "undetermined", "No case of the cohort is in the denominator."
    if pd.isna(rate["lower"]) and pd.isna(rate["upper"]):
        return (
            "undetermined",
            "Published without an interval or a number of cases: nothing says how far is too far.",
        )
    floor = 0.0 if pd.isna(rate["lower"]) else rate["lower"]
    ceiling = 1.0 if pd.isna(rate["upper"]) else rate["upper"]
    there = "the range of the studies reviewed" if rate["interval"] == "range" else "the published interval"
    there += f", {100 * floor:.1f} to {100 * ceiling:.1f} %"
    if pd.isna(rate["lower"]) or pd.isna(rate["upper"]):
        there += f" (only the {'upper' if pd.isna(rate['lower']) else 'lower'} end is published)"
    here = f"The cohort's {100 * seen['lower']:.1f} to {100 * seen['upper']:.1f} %"
    if floor <= seen["lower"] and seen["upper"] <= ceiling:
        return "within", f"{here} lies inside {there}."
    if seen["upper"] < floor or ceiling < seen["lower"]:
        return "outside", f"{here} lies {'below' if seen['upper'] < floor else 'above'} {there}."
    sides = {(share > ceiling) - (share < floor) for share in (seen["low"], seen["high"])}
    cause = "unknown outcomes" if len(sides) > 1 else "too few cases in the cohort"
    return "undetermined", f"{here} straddles an edge of {there}: undetermined by {cause}."


def _answers(cohort) -> pl.DataFrame:
    """The yes/no answers of a cohort with real nulls: its outcomes, and one column per denominator."""
    frame = nw.from_native(cohort, pass_through=True)
    if not isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        named = f" named {cohort.name!r}" if getattr(cohort, "name", None) else ""
        got = f"{type(cohort).__name__}{named}"
        raise SecondopError(f"compare takes a cohort, a frame of one row per case; got a {got}. {_REFUSED}")
    names = frame.collect_schema().names()
    if not set(_OUTCOMES) & set(names):
        if _FIRING & set(names):
            raise SecondopError(f"compare was given an assessment or firing rates, no outcomes. {_REFUSED}")
        raise SecondopError(f"The cohort has no outcome to compare. Known outcomes: {', '.join(_OUTCOMES)}.")
    if "sought" not in names:
        raise SecondopError(
            "The cohort has no column 'sought', so nothing says which opinions were obtained."
            " If every case is a second opinion obtained, add it: cohort.assign(sought=True)."
        )
    wanted = [name for name in (*_OUTCOMES, "sought", "opinions_differ") if name in names]
    frame = frame.select(wanted)
    answers = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_polars()
    wrong = [
        f"{name!r} is {kind}" for name, kind in answers.schema.items() if kind not in (pl.Boolean, pl.Null)
    ]
    if wrong:
        raise SecondopError(f"Outcomes are yes, no or unknown: {', '.join(wrong)}. Try .astype('boolean').")
    changed, treated = pl.col("diagnosis_changed"), pl.col("treatment_changed")
    differ = pl.col("opinions_differ") if "opinions_differ" in wanted else changed
    rules = {_ALL: pl.lit(True), _SOUGHT: pl.col("sought"), _DIFFER: pl.col("sought") & differ}
    rules |= {
        "both_changed": changed & treated,
        "either_changed": changed | treated,
        "diagnosis_same": ~changed,
    }
    known = {name: rule for name, rule in rules.items() if set(rule.meta.root_names()) <= set(wanted)}
    return answers.cast(pl.Boolean).with_columns(**known)


def _tally(answers: pl.DataFrame, inside: str, outcome: str) -> tuple[dict, tuple, tuple]:
    """One rate with its bounds; a case that may or may not be in the denominator widens them."""
    pairs = answers.group_by(pl.col(inside).alias("inside"), pl.col(outcome).alias("answer")).len()
    counts = {(counted, answer): n for counted, answer, n in pairs.iter_rows()}
    yes, no, unknown = (counts.get((True, answer), 0) for answer in (True, False, None))
    maybe_yes, maybe_no, maybe = (counts.get((None, answer), 0) for answer in (True, False, None))
    low = (yes, yes + no + unknown + maybe_no + maybe)
    high = (yes + unknown + maybe_yes + maybe, yes + no + unknown + maybe_yes + maybe)
    # Where nobody is certain to be counted, one bound may be empty: whoever is counted gives the other.
    low, high = (low if low[1] else high), (high if high[1] else low)
    shares = [count / n if n else float("nan") for count, n in (low, high)]
    seen = {"n": yes + no + unknown, "count": yes, "unknown": unknown + maybe_yes + maybe_no + maybe}
    seen |= {"rate": float("nan") if seen["unknown"] else shares[0], "low": shares[0], "high": shares[1]}
    return seen | {"lower": _wilson(*low)[0], "upper": _wilson(*high)[1]}, low, high


def _fitted(rates: pd.DataFrame, stored, stated: Iterable[str] | None) -> set[str] | None:
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
    follows &= every["role"] == "derived"
    return fitted | set(every.loc[follows, "id"])


def _count(rate: pd.Series) -> int:
    return round(rate["rate"] * rate["n"]) if pd.isna(rate["numerator"]) else int(rate["numerator"])


def _wilson(count: int, n: int) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint  # slow to import

    return proportion_confint(count, n, method="wilson") if n else (float("nan"), float("nan"))


def _newcombe(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    from statsmodels.stats.proportion import confint_proportions_2indep  # slow to import

    return confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
