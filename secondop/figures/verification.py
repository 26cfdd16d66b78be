"""Outcomes known only for some: the known ones alone, the estimate, its bounds, and departures from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.measures import MEASURES
from secondop.figures import style
from secondop.figures.captions import basis_of, between, capital, only_one, ranges
from secondop.figures.given import draws
from secondop.figures.policy_words import signed
from secondop.figures.style import COLOURS, INK

_LOOKS = {
    "known cases alone": (COLOURS["overuse"], "circle-open"),
    "estimate": (COLOURS["rule book"], "circle"),
    "truth": (INK, "diamond"),
}
_FAR = {"none": -np.inf, "all": np.inf}
_TIMES = {1 / 50: "1/50", 1 / 10: "1/10", 1 / 3: "1/3", 1: "1", 3: "3", 10: "10", 50: "50"}


@draws("verification_bias", "way", "measure", "label", "value", "min", "max", "lower", "upper", "n")
def verification_bias(table: pd.DataFrame) -> go.Figure:
    """What the known cases alone say, the estimate, the bounds and, of simulated cases, the truth.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.departures.verification_bias`.
    """
    (what, unit), rows = _measured(table), table.set_index("way")
    alone, (value, lower, upper) = rows["value"].iloc[0], rows.loc["estimate", ["value", "lower", "upper"]]
    title = f"{what}: {_one(alone)} {unit} by the known cases alone, {_one(value)} estimated"
    if "truth" in rows.index:
        truth = rows.loc["truth", "value"]
        hit = "includes" if lower <= truth <= upper else "misses"
        title += f"; its interval {hit} the truth, {_one(truth)}"
    note = f"{basis_of(table[1:])} Thin: 95 % interval. Hatched: whatever the unknown answers are."
    said = rows["value"].map(_one)
    said = said.where(said.index != "bounds", ranges(rows["min"], rows["max"]))
    labels = [capital(way) for way in rows.index]
    made = style.ladder(title, note, labels, x=f"{what.split(' of ')[0]}, {unit}", values=said)
    ends = rows[["value", "min", "max", "lower", "upper"]].replace(np.inf, np.nan)
    made.fig.update_xaxes(range=style.reach(ends))
    high = made.fig.layout.xaxis.range[1]  # what has no limit ends at the edge
    for i, (way, row) in enumerate(rows.iterrows()):
        colour, symbol = _LOOKS.get(way, (COLOURS["unknown"], "line-ns"))
        thin = "" if way in ("bounds", "truth") else between(row["lower"], row["upper"])
        if way in ("bounds", "known cases alone") and row["min"] < row["max"]:
            made.possible([row["min"]], [min(row["max"], high)], [-i])
        if thin:
            made.whiskers([row["lower"]], [min(row["upper"], high)], [-i], colour)
        shown = {"way": labels[i], unit: said[way], "95 % interval": thin, "cases": f"{row['n']:,.0f}"}
        marker = {"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2, "color": colour}}
        at = row["min" if way == "bounds" else "value"]
        made.points([at], [-i], pd.DataFrame([shown]), marker=marker, name=way)
    return made.done()


@draws("departures", "measure", "label", "delta", "odds", "value", "lower", "upper", "n")
def departures(table: pd.DataFrame, truth: float | None = None) -> go.Figure:
    """The estimate if the odds of a change among those not verified were other than among those alike.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.departures.departures`.
    truth : float, optional
        The true value of the measure, where a simulation knows it.
    """
    (what, unit), rows = _measured(table), table[np.isfinite(table["delta"])].sort_values("delta")
    odds = "the odds of a change among those not verified are"
    x, y = rows["odds"].to_numpy(), rows["value"].to_numpy()
    title = f"{what}: {between(y.min(), y.max())} {unit}, if {odds} {x.min():.2g} to {x.max():.2g}"
    if truth is not None and y.min() <= truth <= y.max():
        times = np.exp(np.interp(truth, *zip(*sorted(zip(y, np.log(x), strict=True)), strict=True)))
        title = f"{what}: the truth, {_one(truth)} {unit}, is reached where {odds} {times:.2g}"
    title, note = f"{title} times those of cases alike", f"{basis_of(table)} Band: 95 % interval."
    made = style.figure(title, note, x="times the odds of a change among cases alike", y=unit, height=300)
    far = {f"if {words} of them change": table[table["delta"] == end] for words, end in _FAR.items()}
    far = {words: end["value"].iloc[0] for words, end in far.items() if len(end)}
    ends = [x.min(), x.max()]
    look = {"type": "log", "tickvals": [*_TIMES], "ticktext": [*_TIMES.values()]}
    made.fig.update_xaxes(range=np.log10(ends).tolist(), **look)
    made.fig.update_yaxes(range=style.reach([*rows["lower"], *rows["upper"], *far.values(), truth or 0]))
    made.band(x, rows["lower"], rows["upper"], COLOURS["rule book"])
    for words, value in far.items():
        made.line(ends, [value] * 2, COLOURS["all"], dash="dash", width=1.5)
        made.name(x[len(x) // 2], value, words, style.QUIET)
    shown = pd.DataFrame({"times the odds": rows["odds"].map("{:.2g}".format)})
    shown[unit] = rows["value"].map(_one).to_numpy()
    shown["95 % interval"] = ranges(rows["lower"], rows["upper"])
    look = {"mode": "lines", "line": {"color": COLOURS["rule book"], "width": 2}, "name": "estimate"}
    made.points(x, y, shown, **look)
    made.name(x[-1 - len(x) // 4], y[-1 - len(y) // 4], "estimate", COLOURS["rule book"])
    if truth is not None:
        made.line(ends, [truth] * 2, INK, dash="dot", name="truth")
        made.name(x[-1 - len(x) // 8], truth, "truth")
    return made.done()


def _one(value: float) -> str:
    return signed(value) or "unknown"


def _measured(table: pd.DataFrame) -> tuple[str, str]:
    """What is measured of which policy, and its unit."""
    measure = MEASURES[only_one(table, "measure", "verification")]
    return f"{capital(measure.words.split(':')[0])} of referring {table['label'].iloc[0]}", measure.unit
