"""What figures say of a policy: its numbers as texts, how far above chance it is, and which one is best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import BEST
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures import captions

MADE = "policy", "group", "measure", "threshold", "sort"  # columns of what tradeoff and decision_curve make
_OUTCOMES = {  # a true positive, a false one, and all that can be found
    "diagnosis_changed": ("the diagnosis changes", "the diagnosis stays", "changes"),
    "treatment_changed": ("the treatment changes", "the treatment stays", "changes"),
    "error_corrected": ("a wrong diagnosis is put right", "none is put right", "wrong diagnoses"),
    "intervention_averted": ("an intervention is averted", "none is averted", "interventions to avert"),
    NET: ("", "", "errors corrected, less introduced,"),
}
_COLUMNS = {
    "possible overuse": "false_positive",
    "missed changes": "false_negative",
    "number needed to refer": "nnr",
    "yield above chance": "yield_above_chance",
    "share of the possible, %": "yield_share",
}


def outcome_words(about: Mapping) -> tuple[str, str, str]:
    """What a true positive is, what a false one, and what is found."""
    return _OUTCOMES.get(about.get("outcome"), ("something changes", "nothing changes", "changes"))


def shown(rows: pd.DataFrame, about: Mapping) -> pd.DataFrame:
    """What pointing at a policy shows, in texts: what it finds and misses, of 100 cases."""
    first = {"referred, of 100 cases": "referral_rate"}
    columns = first | {f"referred, {outcome_words(about)[0]}": "true_positive"} | _COLUMNS
    said, records = {"policy": rows["label"].map(captions.capital)}, rows.to_dict("records")
    for words, name in columns.items():
        if name in rows:
            said[words] = [bounds(row, name, int(name != "yield_share")) for row in records]
    return in_brackets(pd.DataFrame(said, index=rows.index), about)


def in_brackets(said: pd.DataFrame, about: Mapping) -> pd.DataFrame:
    """The texts, and what their brackets mean, where there are any."""
    open_ = np.array([" (" in " ".join(map(str, row[1:])) for row in said.to_numpy()], bool)
    could = f"what {captions.gaps_of(about)} could make of it"
    return said.assign(**{"in brackets": np.where(open_, could, "none")}) if open_.any() else said


def bounds(row: Mapping, name: str, digits: int = 1) -> str:
    """A value with its bounds behind it; the bounds alone where unknown outcomes leave no value."""
    value, low, high = (signed(row[part], digits) for part in (name, f"{name}_min", f"{name}_max"))
    if low == high:
        return low or value
    return f"{value} ({low} to {high})" if value else f"{low} to {high}"


def brief(row: Mapping, name: str, digits: int = 0) -> str:
    """A value in short; its bounds where unknown outcomes leave none."""
    return bounds(row, name, digits).split(" (")[0]


def ends(rows: pd.DataFrame, name: str) -> list[pd.Series]:
    """The bounds of a measure, then the ends of its interval."""
    return [rows[f"{name}_{end}"] for end in ("min", "max", "lower", "upper")]


def signed(value: float, digits: int = 1) -> str:
    """A number as texts show it, with a true minus and never a minus zero; nothing where there is none."""
    text = f"{round(value, digits) + 0.0:.{digits}f}"
    return {"nan": "", "inf": "no limit"}.get(text, text.replace("-", "−"))


def short(row: Mapping) -> str:
    """A policy as it fits beside a mark."""
    text = row["policy"] if row["sort"] == "score" else row["label"]
    text = text.removeprefix("all with ").removeprefix("an indication of ")
    return text if len(text) <= 34 else f"{text[:33].rstrip()}…"


def labels(rows: pd.DataFrame) -> list[str]:
    """The policies as they stand beside rows."""
    return [captions.capital(short(row)) for row in rows.to_dict("records")]


def above_chance(row: Mapping) -> str:
    """The yield above chance, with its share of the possible or, where it may be zero, its ends."""
    above, lower, upper = (row[f"yield_above_chance{x}"] for x in ("", "_lower", "_upper"))
    text = f": {abs(above):.1f} {'below' if round(above, 1) < 0 else 'above'} chance"
    if lower <= 0 <= upper and lower < upper:
        return f"{text} ({signed(lower)} to {signed(upper)})"
    share = row["yield_share"]
    return text if pd.isna(share) else f"{text}, {round(share) + 0:.0f} % of the possible"


def middle(rows: pd.DataFrame, name: str) -> pd.Series:
    """The value, or half-way between its bounds where unknown outcomes leave it blank."""
    return rows[name].fillna((rows[f"{name}_min"] + rows[f"{name}_max"]) / 2)


def basis(table: pd.DataFrame) -> str:
    """The cases, and what above chance rests on."""
    assumed = " How far above chance is as assumed." if table.attrs.get("simulated") else ""
    return f"{captions.basis_of(table)}{assumed}"


def doubts(rows: pd.DataFrame, measure: str, gaps: str = "Hatched", chance: str = "Thin line") -> str:
    """Which marks stand for missing information, where there is some, and which for the 95 % interval."""
    estimate, open_ = rows.attrs.get("estimate"), rows[f"{measure}_min"] < rows[f"{measure}_max"]
    hatched = f"{gaps}: {captions.gaps_of(rows.attrs)}. " * bool(open_.any())
    return f"{hatched}{chance}: 95 % interval{' of the estimate' * bool(estimate)}."


def estimated(title: str, about: Mapping) -> str:
    """The title, which says so where an estimate is drawn."""
    return f"Estimated: {title[0].lower()}{title[1:]}" if about.get("estimate") else title


def policies(
    table: pd.DataFrame, name: str, *measures: str, sorts: tuple[str, ...] = (), net: bool = False
) -> pd.DataFrame:
    """A row a policy and threshold, of one group; where errors are weighed, no positive is true or false.

    What has not these measures, or no policy of these sorts, is of another function, or not whole.
    """
    captions.only_one(table, "group", name)
    if table.attrs.get("outcome") == NET and not net:
        said = f"The figure {name} draws true and false positives, and of outcome={NET!r} there are none"
        raise SecondopError(f"{said}: draw decision_curve(...), or yield_above_chance(...).")
    missing = [x for x in measures if x not in set(table["measure"])]
    missing += [x for x in sorts if x not in set(table["sort"])]
    if missing or table.duplicated(["policy", "measure", "threshold"]).any():
        made = "decision_curve" if name == "decision_curve" else "tradeoff"
        lacks = (
            f"it has no rows of {', '.join(missing)}" if missing else "it has several values of one measure"
        )
        whole = f"Give it what {made} made, without leaving out rows of nobody and everybody."
        raise SecondopError(f"The figure {name} cannot draw this table: {lacks}. {whole}")
    return wide(table)


def best_of(rows: pd.DataFrame) -> pd.Series | None:
    """The policy with the highest net benefit at a threshold; none where unknown outcomes leave that open.

    That is told by its difference from every other. Of estimates that cannot be told apart it is the highest,
    and :func:`tied` says with which.
    """
    real = rows[rows["sort"] != FORESIGHT]
    if BEST in real and real[f"{BEST}_max"].notna().any():
        best = real[real[BEST] == 1]
        if best.empty and real.loc[real[BEST].isna(), "net_benefit"].notna().all():  # only of estimates
            best = real[real[BEST].isna()].nlargest(1, "net_benefit")
        return best.iloc[0] if len(best) else None
    return real.loc[real["net_benefit"].idxmax()] if real["net_benefit"].notna().all() else None


def tied(rows: pd.DataFrame, best: pd.Series) -> pd.DataFrame:
    """The policies whose drawn interval reaches the best one's."""
    others = rows[rows["sort"] != FORESIGHT].drop(best.name)
    return others[others["net_benefit_upper"] >= best["net_benefit_lower"]]


def tied_with(rows: pd.DataFrame, best: pd.Series) -> str:
    """Whose interval reaches the best one's: "referring nobody and 3 others"; empty where none does."""
    reach_it = tied(rows, best)["sort"]
    nobody = int((reach_it == "none").sum())
    more = len(reach_it) - nobody
    return " and ".join(["referring nobody"] * nobody + [f"{more} other{'s' * (more > 1)}"] * bool(more))
