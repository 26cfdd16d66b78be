"""Outcomes known only for some: the known ones alone, the estimate, its bounds, and departures from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.measures import MEASURES
from secondop.figures import style
from secondop.figures.captions import basis_of, between, capital, only_one
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK

_LOOKS = {
    "known cases alone": (COLOURS["overuse"], "circle-open"),
    "estimate": (COLOURS["rule book"], "circle"),
    "truth": (INK, "diamond"),
}
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
    title = f"{what}: {alone:.1f} {unit} by the known cases alone, {value:.1f} estimated"
    if "truth" in rows.index:
        truth = rows.loc["truth", "value"]
        hit = f"its interval includes the truth, {truth:.1f}"
        miss = f"it misses the truth, {truth:.1f}, by {abs(value - truth):.1f}"
        title += f"; {hit if lower <= truth <= upper else miss}"
    note = f"{basis_of(table[1:])} Thin: 95 % interval. Hatched: whatever the unknown answers are."
    ends = rows[["value", "min", "max", "lower", "upper"]].replace(np.inf, np.nan)
    low, high = min(ends.min().min(), 0), 1.04 * max(ends.max().max(), 0)
    said = {
        way: between(row["min"], row["max"]) if way == "bounds" else f"{row['value']:.1f}"
        for way, row in rows.iterrows()
    }
    made = style.ladder(
        title,
        note,
        [capital(way) for way in rows.index],
        x=f"{what.split(' of ')[0]}, {unit}",
        values=[*said.values()],
    )
    made.fig.update_layout(xaxis={"range": [1.04 * low, high]})
    for i, (way, row) in enumerate(rows.iterrows()):
        if way in ("bounds", "known cases alone") and row["min"] < row["max"]:
            made.possible([row["min"]], [min(row["max"], high)], [-i])
        thin = "" if way in ("bounds", "truth") else between(row["lower"], row["upper"])
        shown = {"way": capital(way), unit: said[way], "95 % interval": thin, "cases": f"{row['n']:,.0f}"}
        if thin:
            made.whiskers([row["lower"]], [min(row["upper"], high)], [-i], _LOOKS[way][0])
        at, (colour, symbol) = (
            row["min" if way == "bounds" else "value"],
            _LOOKS.get(way, (COLOURS["unknown"], "line-ns")),
        )
        marker = {"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2, "color": colour}}
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
    x, y = rows["odds"].to_numpy(), rows["value"].to_numpy()
    title = (
        f"{what}: {y.min():.1f} to {y.max():.1f} {unit}, if the odds of a change among those not verified "
    )
    title += f"are {x.min():.2g} to {x.max():.2g} times those of cases alike"
    if truth is not None and y.min() <= truth <= y.max():
        order = np.argsort(y)
        times = np.exp(np.interp(truth, y[order], np.log(x[order])))
        title = (
            f"{what}: the truth, {truth:.1f} {unit}, is reached where the odds of a change among those not "
        )
        title += f"verified are {times:.2g} times those of cases alike"
    made = style.figure(
        title,
        f"{basis_of(table)} Band: 95 % interval.",
        x="times the odds of a change among cases alike",
        y=unit,
        height=300,
    )
    ends = {"none of them": -np.inf, "all of them": np.inf}
    far = {words: table.loc[table["delta"] == delta, "value"] for words, delta in ends.items()}
    top = 1.1 * max(rows["upper"].max(), *(end.max() for end in far.values() if len(end)), truth or 0)
    low, high = np.log10([x.min(), x.max()])
    axis = {"type": "log", "tickvals": [*_TIMES], "ticktext": [*_TIMES.values()], "range": [low, high]}
    made.fig.update_layout(xaxis=axis, yaxis={"range": [min(0, rows["lower"].min()), top]})
    made.band(x, rows["lower"], rows["upper"], COLOURS["rule book"])
    for words, end in far.items():
        for value in end:
            made.line([x.min(), x.max()], [value] * 2, COLOURS["all"], dash="dash", width=1.5)
            made.name(x[len(x) // 2], value, f"if {words} change", style.QUIET)
    shown = pd.DataFrame(
        {"times the odds": [f"{odds:.2g}" for odds in x], unit: [f"{value:.1f}" for value in y]}
    )
    shown["95 % interval"] = [between(*ends) for ends in zip(rows["lower"], rows["upper"], strict=True)]
    look = {"mode": "lines", "line": {"color": COLOURS["rule book"], "width": 2}, "name": "estimate"}
    made.points(x, y, shown, **look)
    made.name(x[-1 - len(x) // 4], y[-1 - len(y) // 4], "estimate", COLOURS["rule book"])
    if truth is not None:
        made.line([x.min(), x.max()], [truth] * 2, INK, dash="dot", name="truth")
        made.name(x[-1 - len(x) // 8], truth, "truth")
    return made.done()


def _measured(table: pd.DataFrame) -> tuple[str, str]:
    """What is measured of which policy, and its unit."""
    measure = MEASURES[only_one(table, "measure", "verification")]
    return f"{capital(measure.words.split(':')[0])} of referring {table['label'].iloc[0]}", measure.unit
