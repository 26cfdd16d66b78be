"""Outcomes known only for some: the known ones alone, the estimate, its bounds, and departures from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.measures import MEASURES
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK

_LOOKS = {
    "known cases alone": (COLOURS["overuse"], "circle-open"),
    "estimate": (COLOURS["rule book"], "circle"),
    "truth": (INK, "diamond"),
}
_TIMES = {1 / 50: "1/50", 1 / 10: "1/10", 1 / 3: "1/3", 1: "1", 3: "3", 10: "10", 50: "50"}


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
    note = f"{style.basis_of(table[1:])} Line: 95 % interval"
    note += ", of the known cases with missing information" * bool(rows["min"].iloc[0] < rows["max"].iloc[0])
    note += ". Grey: bounds, whatever the unknown answers are."
    labels = [style.capital(way) for way in rows.index]
    fig, places = style.ladder(title, note, labels, x=f"{what}, {unit}", room=40)
    ends = rows[["value", "min", "max", "lower", "upper"]].replace(np.inf, np.nan)
    ends = min(ends.min().min(), 0), max(ends.max().max(), 0)
    pad = 0.04 * (ends[1] - ends[0])
    fig.update_xaxes(range=[ends[0] - pad * (ends[0] < 0), ends[1] + pad])
    for (way, row), y in zip(rows.iterrows(), places, strict=True):
        low, high = ("min", "max") if way == "bounds" else ("lower", "upper")
        said = f"{style.capital(way)}: {row[low]:.1f} to {row[high]:.1f}"
        colour, symbol = _LOOKS.get(way, (COLOURS["unknown"], "square"))
        wide = {"color": colour, "width": 9 if way == "bounds" else 1.5}
        if way != "truth":
            style.line(fig, [row[low], min(row[high], ends[1] + pad)], [y, y], wide, showlegend=False)
        if way != "bounds":
            said = f"{style.capital(way)}: {row['value']:.1f}" + f" ({said.split(': ')[1]})" * (
                way != "truth"
            )
        at = row[low] if way == "bounds" else row["value"]
        mark = {
            "color": colour,
            "symbol": symbol,
            "size": 5 if way == "bounds" else 11,
            "line": {"width": 2, "color": colour},
        }
        said = style.lines(f"{said} {unit}.".replace("inf ", "no limit "))
        style.points(fig, [at], [y], [said], marker=mark, showlegend=False)
    return fig.update_layout(margin={"b": 80})


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
    note = f"{style.basis_of(table)} Band: 95 % interval. Dashed: if none or all of those change."
    fig = style.figure(title, note, x="times the odds of a change among cases alike", y=unit, height=300)
    for end in table.loc[np.isinf(table["delta"]), "value"]:
        grey = {"color": COLOURS["all"], "dash": "dash", "width": 1.5}
        style.line(fig, x, [end] * len(x), grey, showlegend=False)
    style.band(fig, x, rows["lower"], rows["upper"], style.tint(COLOURS["rule book"], 0.18), showlegend=False)
    text = "At {odds:.2g} times the odds: {value:.1f} ({lower:.1f} to {upper:.1f})"
    look = {"mode": "lines", "line": {"color": COLOURS["rule book"], "width": 2}, "name": "Estimate"}
    style.points(fig, x, y, style.sentences(rows, f"{text} {unit}."), **look)
    if truth is not None:
        style.line(fig, x, [truth] * len(x), {"color": INK, "dash": "dot", "width": 2}, name="Truth")
    fig.update_xaxes(type="log", tickvals=list(_TIMES), ticktext=list(_TIMES.values()))
    return style.room_below(fig.update_yaxes(rangemode="tozero"))


def _measured(table: pd.DataFrame) -> tuple[str, str]:
    """What is measured of which policy, and its unit."""
    measure = MEASURES[style.only_one(table, "measure", "verification")]
    return f"{style.capital(measure.words.split(':')[0])} of referring {table['label'].iloc[0]}", measure.unit
