"""A cohort beside published figures: rates on one scale, or ratios on another; and published ones alone."""

from __future__ import annotations

from itertools import groupby
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.figures import style
from secondop.figures.captions import between, capital, known_of, whose
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, QUIET, SPARE

_ALONE, _POOLED = "not comparable", "Pooled; below: where one more study may lie"
_HEADS = dict.fromkeys(("outside", "undetermined", "within"), "Could disagree")
_HEADS |= {"fitted": "Fitted: agrees by construction", _ALONE: "Not comparable: published alone"}
_DID = {"outside": "misses", "within": "agrees with", "undetermined": "leaves open"}
_LOOKS = {  # symbol and fill tell marks apart as well as colour does
    "published": (INK, "square"),
    _ALONE: (QUIET, "square-open"),
    "pooled": (INK, "diamond-wide"),
    "one more study": (QUIET, "diamond-wide"),
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
_ENDS = "value", "min", "max", "lower", "upper"
_WIDE, _NARROW = (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50), (0.5, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 4)


@draws("compare, published_rates or published_contrasts", "study", "year", "outcome", "denominator")
def compare(table: pd.DataFrame, *, pooled: pd.DataFrame | None = None, most: int = 8) -> go.Figure:
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
    pooled : DataFrame, optional
        What :func:`secondop.evaluation.pooling.pool` made of rates, to stand below them.
    most : int
        Rows to draw. What is compared is drawn whole, of all else as much as there is room for.

    Examples
    --------
    >>> from secondop.evaluation.comparison import compare as compared
    >>> cases = pd.DataFrame({"sought": [True] * 1000, "diagnosis_changed": [True] * 500 + [False] * 500})
    >>> compare(compared(cases, fitted_to=())).layout.meta["title"]
    'The cohort misses 1 of 1 published rates that can disagree'
    """
    ratio, compared = "measure" in table, "verdict" in table
    noun, prefix = "ratio" if ratio else "rate", "published_" * compared
    if (name := prefix + ("value" if ratio else "rate")) not in table:
        raise SecondopError(f"The figure compare draws published {noun}s; this table lacks {name}.")
    if (rows := table[table["measure"] != "risk difference"] if ratio else table).empty:
        raise SecondopError("The figure compare draws ratios: keep rows whose measure is one.")
    rows = rows.reset_index(drop=True)
    alike = rows["verdict"] != _ALONE if compared else pd.Series(False, rows.index)
    other = rows[~alike & (rows["outcome"].isin(rows.loc[alike, "outcome"]) | ~alike.any())]
    other = other.sort_values(f"{prefix}lower", kind="stable", key=pd.isna)  # first those with an interval
    drawn = pd.concat([rows[alike], other.head(max(0, most - alike.sum())).sort_index()])
    designs = [] if compared or not ratio else list(dict.fromkeys(drawn["design"]))
    against = drawn["reference"].unique() if ratio else []
    told = [_row(row, prefix, whose(table), len(against) > 1) for row in drawn.to_dict("records")]
    told += [_pooled(row) for row in ([] if pooled is None else pooled.to_dict("records"))]
    told.sort(key=lambda row: [*_HEADS.values(), "", _POOLED].index(row["head"]))
    groups = [[*own] for _, own in groupby(told, lambda row: row["head"])]
    panels = [
        style.Panel(own[0]["head"], *([row[x] for row in own] for x in ("label", "end"))) for own in groups
    ]
    to = f" to “{against[0]}”" if len(against) == 1 else ""
    x = f"ratio{to} (log scale)" if ratio else "% of what a row names"
    title = _verdicts(table, noun) if compared else _title(rows, pooled, ratio)
    made = style.ladder(title, _note(table, noun, len(table) - len(drawn)), panels, x=x)
    marks = pd.DataFrame(
        {"panel": panel, "y": -i, "shown": row["shown"]} | mark
        for panel, own in enumerate(groups)
        for i, row in enumerate(own)
        for mark in row["marks"]
    )
    _scale(made, marks, ratio)
    looks = _LOOKS | {f"{whose(table)}, {verdict}": look for verdict, look in _LOOKS.items()}
    looks |= dict(zip(designs, zip(_COLOURS, _SYMBOLS, strict=True), strict=False))
    for name, own in marks.groupby("name", sort=False):
        _draw(made, own, name, looks[name], bool(designs or compared))
    made.fig.update_layout(legend_itemsizing="constant")
    return made.done()


def _row(row: dict[str, Any], prefix: str, cohort: str, several: bool) -> dict[str, Any]:
    """What a row of the figure is called, where it stands, its marks, and what pointing at them says."""
    ratio, verdict, side = "measure" in row, row.get("verdict"), _side(row, prefix)
    what = _WORDS.get(row["outcome"], str(row["outcome"]).replace("_", " "))
    who = " ".join(str(x) for x in (row["study"], row["year"]) if not pd.isna(x))
    own_of = f"of {_count(row.get('cohort_n'))}{row.get('cohort_denominator')}"
    if ratio:
        label = head = f"{who}: {what}, {row['group']}" + f" against {row['reference']}" * several
        of, parts = f"{row['measure']}, against {row['reference']}", ("group", "reference")
        k, n = ([_count(row.get(f"cohort_{x}_{part}")) for part in parts] for x in "kn")
        own_of = f"{k[0]}of {n[0]}against {k[1]}of {n[1]}".strip()
    else:
        of, head = f"of {_count(row[f'{prefix}n'])}{row['denominator']}", f"{capital(what)}, {who}"
        label = f"{capital(what)} ({who}), {of}"
    shown, end = (
        {"published figure": head, "published": f"{_said(side, ratio)} {of}"},
        _said(side, ratio, short=True),
    )
    name = _ALONE if verdict == _ALONE else row["design"] if ratio and not verdict else "published"
    marks = [side | {"name": name}]
    if verdict and verdict != _ALONE:
        own = _side(row, "cohort_")
        shown[cohort], end = f"{_said(own, ratio)} {own_of}", f"{end} · {_said(own, ratio, short=True)}"
        marks = [marks[0] | {"lift": 0.04}, own | {"name": f"{cohort}, {verdict}", "lift": -0.14}]
    shown |= {"verdict": f"{capital(verdict)}. {row['reason']}"} if verdict else {"remark": row["remark"]}
    return {"head": _HEADS.get(verdict, ""), "label": label, "end": end, "marks": marks, "shown": shown}


def _pooled(row: dict[str, Any]) -> dict[str, Any]:
    """The row of what was pooled, and where one more study may lie; too few to pool have no mark."""
    label = f"{capital(row['outcome'].replace('_', ' '))}, of {row['denominator']}: {row['said']}"
    side, reach = _side(row, ""), _side({x: row[f"prediction_{x}"] for x in ("lower", "upper")}, "")
    shown = {
        "published figure": label,
        "published": _said(side, False),
        "one more study": _said(reach, False),
    }
    marks = [side | {"name": "pooled"}, reach | {"name": "one more study", "lift": -0.14}]
    end = _said(side, False, short=True)
    return {"head": _POOLED, "label": label, "end": end, "marks": marks, "shown": shown}


def _side(row: dict[str, Any], prefix: str) -> dict[str, float]:
    """The figure of one side with its ends: a rate in per cent, or a ratio; nan where there is none."""
    scale, point = (1, "value") if "measure" in row else (100, "rate")
    found = {end: row.get(f"{prefix}{point if end == 'value' else end}") for end in _ENDS}
    side = {end: nan if pd.isna(x) else scale * float(x) for end, x in found.items()}
    if isnan(side["min"]):
        side |= {"min": side["value"], "max": side["value"]}
    return side | {"lift": 0.0}


def _said(side: dict[str, float], ratio: bool, *, short: bool = False) -> str:
    """A figure with its interval as text; short, as it stands at the end of a row."""
    form, unit = ".2f" if ratio else ".1f", "" if ratio or short else " %"
    value, ends = (between(side[low], side[high], form) for low, high in (("min", "max"), ("lower", "upper")))
    if not value:
        return f"{ends}{unit}" if ends else "?" if short else "no figure"
    return f"{value}{unit}" + f" ({ends})" * bool(ends and not short)


def _count(n: Any) -> str:
    return "" if n is None or pd.isna(n) else f"{n:,} "


def _verdicts(table: pd.DataFrame, noun: str) -> str:
    """How often a cohort disagrees with what was published, of all that it can disagree with."""
    tally = {did: (table["verdict"] == verdict).sum() for verdict, did in _DID.items()}
    if not (checks := sum(tally.values())):
        return f"No published {noun} here can disagree with the cohort"
    told = ", ".join(f"{did} {count}" for did, count in tally.items() if count)
    return f"The cohort {told} of {checks} published {noun}s that can disagree"


def _title(rows: pd.DataFrame, pooled: pd.DataFrame | None, ratio: bool) -> str:
    """What published figures say alone: which intervals exclude 1, or whether rates are alike at all."""
    if ratio:
        known, apart = rows["lower"].notna().sum(), ((rows["lower"] > 1) | (rows["upper"] < 1)).sum()
        told = f"In {apart or 'none'} of {known} published ratios with an interval, the two groups differ"
        return f"{told}: it excludes 1"
    kinds, what = (
        rows[["outcome", "denominator"]].drop_duplicates(),
        rows["outcome"].iloc[0].replace("_", " "),
    )
    if len(kinds) > 1:
        told = "only those of one outcome and one denominator are alike"
        return f"{len(rows)} published rates, of {len(kinds)} kinds: {told}"
    if pooled is not None and pooled["rate"].notna().all():
        row = pooled.iloc[0]
        more = between(100 * row["prediction_lower"], 100 * row["prediction_upper"], ".0f")
        told = f"{_said(_side(row.to_dict(), ''), False)} of {row['denominator']}"
        return f"{capital(what)}, pooled: {told}; one more study may find {more} %"
    ends = between(*(100 * rows["rate"].agg(["min", "max"])))
    return f"{capital(what)} in {ends} % of {rows['denominator'].iloc[0]}, in {len(rows)} published rates"


def _note(table: pd.DataFrame, noun: str, rest: int) -> str:
    fitted = (table["verdict"] == "fitted").sum() if "verdict" in table else 0
    note = f"Fitted, so agreement proves nothing: {fitted}. " * bool(fitted)
    note += f"At the right: published {noun} · {whose(table)}. " if "verdict" in table else ""
    note += "Thin: 95 % interval, or a range of studies; none where none is published."
    unknown = "cohort_min" in table and (table["cohort_min"] < table["cohort_max"]).any()
    note += " Pale: what missing information could make of it." * bool(unknown)
    note += f" Not drawn: {rest} more." * bool(rest)
    return note + known_of(table)


def _scale(made: style.Drawing, marks: pd.DataFrame, ratio: bool) -> None:
    """One axis for every panel: rates from 0, ratios about a line at 1."""
    ends = marks[list(_ENDS)].to_numpy(float)
    low, high = np.nanmin(ends, initial=1 if ratio else 0), np.nanmax(ends, initial=1)
    look = {"range": [0, 1.04 * high]}
    if ratio:
        low, high = np.log10([low, high])
        pad, ticks = 0.06 * (high - low) + 0.01, _WIDE if high - low > 0.7 else _NARROW
        look = {"type": "log", "range": [low - pad, high + pad], "tickvals": ticks, "ticktext": ticks}
    for panel, own in marks.groupby("panel"):
        on = style.axes(panel)
        made.fig.update_layout({f"xaxis{on['xaxis'][1:]}": look})
        if ratio:
            made.line([1, 1], [own["y"].min() - 0.5, 0.5], INK, width=1, **on)


def _draw(made: style.Drawing, own: pd.DataFrame, name: str, look: tuple[str, str], legend: bool) -> None:
    """Marks with thin intervals; a pale line where missing information leaves no point."""
    colour, symbol = look
    marker = {"color": colour, "symbol": symbol, "opacity": 1, "line": {"width": 2, "color": colour}}
    made.points([None], [None], name=name, showlegend=legend, marker=marker | {"size": 8})
    for panel, some in own.groupby("panel"):
        y = some["y"] + some["lift"]
        for low, high, at in zip(some["min"], some["max"], y, strict=True):
            if high > low:
                made.line([low, high], [at] * 2, style.tint(colour, 0.4), width=7, **style.axes(panel))
        middle = some["value"].fillna((some["min"] + some["max"]) / 2)
        middle = (
            middle.fillna((some["lower"] + some["upper"]) / 2).fillna(some["upper"]).fillna(some["lower"])
        )
        bars = style.whisker(middle, some["lower"], some["upper"], colour)
        sizes = [8 * known for known in some["value"].notna()]
        shown = pd.DataFrame([*some["shown"]])
        look = {"name": name, "error_x": bars, "marker": marker | {"size": sizes}, "cliponaxis": False}
        made.points(middle, y, shown, panel=panel, **look)
