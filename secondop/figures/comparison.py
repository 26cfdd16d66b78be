"""A cohort beside published figures: rates on one scale, or ratios on another; and published ones alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.figures import style
from secondop.figures.captions import between, capital, known_of, spoken, whose
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, QUIET, SPARE

_ALONE = "not comparable"
_DID = {"outside": "misses", "within": "agrees with", "undetermined": "leaves open"}
_HEADS = dict.fromkeys(_DID, "Could disagree")
_HEADS |= {"fitted": "Fitted: agrees by construction", _ALONE: "Not comparable: published alone"}
_LOOKS = {  # symbol and fill tell marks apart as well as colour does
    "published": (INK, "square"),
    _ALONE: (QUIET, "square-open"),
    "outside": (COLOURS["urgent"], "diamond"),
    "undetermined": (COLOURS["simulated"], "triangle-up"),
    "within": (COLOURS["simulated"], "circle"),
    "fitted": (COLOURS["fitted"], "circle-open"),
}
_COLOURS = COLOURS["simulated"], *SPARE, INK
_SYMBOLS = "circle", "square", "diamond", "triangle-up", "x", "star", "cross", "hexagon"
_WORDS = {
    "both_changed": "diagnosis and treatment changed",
    "either_changed": "diagnosis or treatment changed",
    "second_right": "second opinion right",
}
_ENDS = ["value", "min", "max", "lower", "upper"]
_WIDE, _NARROW = (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50), (0.5, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 4)


@draws("compare, published_rates or published_contrasts", "study", "year", "outcome", "denominator")
def compare(table: pd.DataFrame, *, most: int = 8) -> go.Figure:
    """Published figures and a cohort's, row by row: what could disagree, what was fitted, what stands alone.

    What was fitted agrees by construction, and never counts as agreement. What is not comparable is drawn
    without the cohort, and only where its outcome is also one that is compared, since that tempts a reader.

    Parameters
    ----------
    table : DataFrame
        What :func:`secondop.evaluation.comparison.compare` made of rates or of contrasts; or rows of
        :func:`~secondop.evaluation.published.published_rates` or of ``published_contrasts`` alone. Of
        contrasts the ratios are drawn, each design with a colour and symbol of its own; at 1 two groups do
        not differ.
    most : int
        Rows to draw. What is compared is drawn whole, of all else as much as there is room for.

    Examples
    --------
    >>> from secondop.evaluation.comparison import compare as compared
    >>> cases = pd.DataFrame({"sought": [True] * 1000, "diagnosis_changed": [True] * 500 + [False] * 500})
    >>> compare(compared(cases, fitted_to=())).layout.meta["title"]
    'The cohort misses 1 of 1 published rates that can disagree'
    """
    ratio, compared, cohort = "measure" in table, "verdict" in table, whose(table)
    noun, prefix = "ratio" if ratio else "rate", "published_" * compared
    if (name := prefix + ("value" if ratio else "rate")) not in table:
        raise SecondopError(f"The figure compare draws published {noun}s; this table lacks {name}.")
    if (rows := table[table["measure"] != "risk difference"] if ratio else table).empty:
        raise SecondopError("The figure compare draws ratios: keep rows whose measure is one.")
    drawn = _chosen(rows.reset_index(drop=True), prefix, most)
    side, own = _side(drawn, prefix, ratio), _side(drawn[drawn["alike"]], "cohort_", ratio)
    drawn["label"], drawn["end"] = _labels(drawn, prefix, ratio), _said(side, ratio, short=True)
    drawn.loc[own.index, "end"] += " · " + _said(own, ratio, short=True)
    shown = pd.DataFrame({"published figure": drawn["label"], "published": _said(side, ratio)})
    if ratio:
        shown["published"] += " " + drawn["measure"] + ", against " + drawn["reference"]
    if compared:
        shown[cohort] = _said(own, ratio) + [_of(row) for row in drawn.loc[own.index].to_dict("records")]
        shown["verdict"] = drawn["verdict"].map(capital) + ". " + drawn["reason"]
    else:
        shown["remark"] = drawn["remark"]
    side["name"] = drawn["verdict"].where(drawn["verdict"] == _ALONE, "published")
    if ratio and not compared:
        side["name"] = drawn["design"]
    own["name"] = [f"{cohort}, {verdict}" for verdict in drawn.loc[own.index, "verdict"]]
    marks = pd.concat([side.assign(lift=0.04 * drawn["alike"]), own.assign(lift=-0.14)])
    marks = marks.join(drawn[["panel", "y"]])
    rest, to = len(table) - len(drawn), drawn["reference"].unique() if ratio else []
    x = f"ratio{f' to “{to[0]}”' * (len(to) == 1)} (log scale)" if ratio else "% of what a row names"
    heads = drawn.groupby("head", sort=False)
    panels = [style.Panel(head, part["label"], part["end"]) for head, part in heads]
    title = _verdicts(table, noun) if compared else _title(rows, ratio)
    made = style.ladder(title, _note(table, noun, rest), panels, x=x)
    _scale(made, marks, ratio)
    looks = _LOOKS | {f"{cohort}, {verdict}": look for verdict, look in _LOOKS.items()}
    for i, (name, part) in enumerate(marks.groupby("name", sort=False)):
        look = looks.get(name) or (_COLOURS[i % len(_COLOURS)], _SYMBOLS[i % len(_SYMBOLS)])
        _draw(made, part, shown.fillna(""), look, compared or ratio)
    return made.done()


def _chosen(rows: pd.DataFrame, prefix: str, most: int) -> pd.DataFrame:
    """The rows to draw, under their heads: all that are alike, and of others that tempt a reader some."""
    rows = rows if "verdict" in rows else rows.assign(verdict="")
    rows = rows.assign(alike=~rows["verdict"].isin(["", _ALONE]), head=rows["verdict"].map(_HEADS).fillna(""))
    alike, other = rows[rows["alike"]], rows[~rows["alike"]]
    other = other[other["outcome"].isin(alike["outcome"])] if len(alike) else other
    other = other.sort_values(f"{prefix}lower", kind="stable", key=pd.isna)  # first those with an interval
    drawn = pd.concat([alike, other.head(max(0, most - len(alike))).sort_index()])
    drawn = drawn.sort_values("head", key=lambda x: x.map([*_HEADS.values(), ""].index), kind="stable")
    heads = drawn.groupby("head", sort=False)
    return drawn.assign(panel=heads.ngroup(), y=-heads.cumcount())


def _labels(rows: pd.DataFrame, prefix: str, ratio: bool) -> list[str]:
    """What each row is called: a study and what it counted, of whom or in which group."""
    names, several = [], ratio and rows["reference"].nunique() > 1
    for row in rows.to_dict("records"):
        what = _WORDS.get(row["outcome"], spoken(row["outcome"]))
        who = " ".join(str(x) for x in (row["study"], row["year"]) if not pd.isna(x))
        if ratio:
            names.append(f"{who}: {what}, {row['group']}" + f" against {row['reference']}" * several)
        else:
            names.append(f"{capital(what)} ({who}), of {_count(row[f'{prefix}n'])}{row['denominator']}")
    return names


def _of(row: dict[str, Any]) -> str:
    """The cases of the cohort that its figure counts."""
    if "measure" not in row:
        return f" of {_count(row['cohort_n'])}{row['cohort_denominator']}"
    sides = [[_count(row[f"cohort_{x}_{part}"]) for x in "kn"] for part in ("group", "reference")]
    return " " + "against ".join(f"{k}of {n}" for k, n in sides).strip()


def _count(n: Any) -> str:
    return "" if pd.isna(n) else f"{n:,} "


def _side(rows: pd.DataFrame, prefix: str, ratio: bool) -> pd.DataFrame:
    """The figures of one side with their ends: rates in per cent, or ratios; nan where there is none."""
    names = [prefix + ("rate" if name == "value" and not ratio else name) for name in _ENDS]
    side = (1 if ratio else 100) * rows.reindex(columns=names).set_axis(_ENDS, axis=1).astype(float)
    return side.assign(**{end: side[end].fillna(side["value"]) for end in ("min", "max")})


def _said(side: pd.DataFrame, ratio: bool, *, short: bool = False) -> pd.Series:
    """Figures with their intervals as text; short, as they stand at the ends of rows."""
    form, unit, said = ".2f" if ratio else ".1f", "" if ratio or short else " %", []
    for row in side.itertuples():
        value, ends = between(row.min, row.max, form), between(row.lower, row.upper, form)
        told = (value or ends) + unit if value or ends else "?" if short else "no figure"
        said.append(told + f" ({ends})" * bool(value and ends and not short))
    return pd.Series(said, side.index, dtype=object)


def _verdicts(table: pd.DataFrame, noun: str) -> str:
    """How often a cohort disagrees with what was published, of all that it can disagree with."""
    tally = {did: (table["verdict"] == verdict).sum() for verdict, did in _DID.items()}
    if not (checks := sum(tally.values())):
        return f"No published {noun} here can disagree with the cohort"
    told = ", ".join(f"{did} {count}" for did, count in tally.items() if count)
    return f"The cohort {told} of {checks} published {noun}s that can disagree"


def _title(rows: pd.DataFrame, ratio: bool) -> str:
    """What published figures say alone: which intervals exclude 1, or whether rates are alike at all."""
    if ratio:
        known, apart = rows["lower"].notna().sum(), ((rows["lower"] > 1) | (rows["upper"] < 1)).sum()
        if not known:
            return f"None of {len(rows)} published ratios has an interval"
        told = f"In {apart or 'none'} of {known} published ratios with an interval, it excludes 1"
        return f"{told}: there the two groups differ" if apart else told
    if kinds := len(rows[["outcome", "denominator"]].drop_duplicates()) - 1:
        told = "only those of one outcome and one denominator are alike"
        return f"{len(rows)} published rates, of {kinds + 1} kinds: {told}"
    ends, what = between(*(100 * rows["rate"].agg(["min", "max"]))), capital(spoken(rows["outcome"].iloc[0]))
    of, many = rows["denominator"].iloc[0], "s" * (len(rows) > 1)
    return f"{what} in {ends} % of {of}, in {len(rows)} published rate{many}"


def _note(table: pd.DataFrame, noun: str, rest: int) -> str:
    note, thin = "", "Thin: 95 % interval, or a range of studies; none where none is published."
    if "verdict" in table:
        fitted = (table["verdict"] == "fitted").sum()
        note = f"Fitted, so agreement proves nothing: {fitted}. " * bool(fitted)
        note += f"At the right: published {noun} · {whose(table)}. "
    unknown = "cohort_min" in table and (table["cohort_min"] < table["cohort_max"]).any()
    pale = " Pale: what missing information could make of it." * bool(unknown)
    return f"{note}{thin}{pale}" + f" Not drawn: {rest} more." * bool(rest) + known_of(table)


def _scale(made: style.Drawing, marks: pd.DataFrame, ratio: bool) -> None:
    """One axis for every panel: rates from 0, ratios about a line at 1."""
    ends = marks[_ENDS].to_numpy()
    low, high = np.nanmin(ends, initial=1 if ratio else 0), np.nanmax(ends, initial=1)
    look = {"range": [0, 1.04 * high]}
    if ratio:
        low, high = np.log10([low, high])
        pad, ticks = 0.06 * (high - low) + 0.01, _WIDE if high - low > 0.7 else _NARROW
        look = {"type": "log", "range": [low - pad, high + pad], "tickvals": ticks, "ticktext": ticks}
    made.across(**look)
    for panel in range(len(made.panels) * ratio):
        made.upright(1, panel=panel, width=1, dash="solid")


def _draw(made: style.Drawing, marks: pd.DataFrame, shown: pd.DataFrame, look: tuple, legend: bool) -> None:
    """Marks with thin intervals; a pale line where missing information leaves no point."""
    (colour, symbol), name = look, marks["name"].iloc[0]
    marker = {"color": colour, "symbol": symbol, "opacity": 1, "line": {"width": 2, "color": colour}}
    made.points([None], [None], name=name, showlegend=legend, marker=marker | {"size": 8})
    for panel, some in marks.groupby("panel"):
        y = some["y"] + some["lift"]
        for low, high, at in zip(some["min"], some["max"], y, strict=True):
            if high > low:
                made.line([low, high], [at] * 2, style.tint(colour, 0.4), width=7, **style.axes(panel))
        middle = some[["min", "max"]].mean(axis=1).fillna(some[["lower", "upper"]].mean(axis=1))
        bars = style.whisker(middle, some["lower"], some["upper"], colour)
        sizes = [8 * known for known in some["value"].notna()]
        look = {"name": name, "error_x": bars, "marker": marker | {"size": sizes}, "cliponaxis": False}
        made.points(middle, y, shown.loc[some.index], panel=panel, **look)
