"""Policies by level and count of indications, one of them chosen: the figure that the explorer moves."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.policies import FORESIGHT
from secondop.figures import captions, style
from secondop.figures.policy_words import basis, best_of, cannot_tell, outcome_words, shown, tied_with
from secondop.figures.style import COLOURS, INK, QUIET
from secondop.figures.tradeoffs import frontier, placed, tradeoff_title

_ENDS = {
    "none": ("nobody", "bottom right"),
    "all": ("<br>everybody", "bottom center"),
    FORESIGHT: ("only those that would change", "middle right"),
}


def counted(table: pd.DataFrame, level: str, k: int, threshold: float) -> go.Figure:
    """What counting indications at one level finds, and its possible overuse, with one count chosen.

    Parameters
    ----------
    table : DataFrame
        Policies as :func:`secondop.evaluation.tradeoff.wide` gives them, with ``level`` and ``k`` beside.
    level, k : str, int
        The policy that is chosen.
    threshold : float
        One of the table's.
    """
    title, (happens, stays, _) = finding(table, level, k, threshold), outcome_words(table.attrs)
    note = f"{basis(table)} Cross: {captions.doubt_of(table)}."
    words = f"possible overuse: of 100 cases, referred, and {stays}"
    made = style.figure(title, note, x=words, y=f"of 100 cases, referred, and {happens}")
    made.fig.add_traces([go.Scatter(mark) for mark in marks(table, level, k, threshold)])
    reach, high = (1.1 * max(table[f"{name}_max"].max(), 1) for name in ("false_positive", "true_positive"))
    made.fig.update_xaxes(range=[-0.04 * reach, reach], fixedrange=True)
    made.fig.update_yaxes(range=[-0.09 * high, high], fixedrange=True)
    return style.on_phone(made.done()).update_layout(width=None)


def marks(table: pd.DataFrame, level: str, k: int, threshold: float) -> list[dict[str, Any]]:
    """The traces of :func:`counted`: always the same, in the same order, for a control to move."""
    rows = placed(table[table["threshold"] == threshold])
    best, front, over = best_of(rows), frontier(rows), rows["false_positive_max"].max()
    said_of = shown(rows, table.attrs).apply(_hover, axis=1)
    real, here = ~rows["sort"].isin(_ENDS), rows["level"] == level
    ends, chosen = rows[~real], rows[here & (rows["k"] == k)]
    at_best = rows[:0] if best is None else rows[rows["label"] == best["label"]]

    def trace(
        part: pd.DataFrame, name: str, colour: str = INK, width: float = 2, dash: str = "solid"
    ) -> dict:
        place = {axis: part[axis].tolist() or [None] for axis in "xy"}
        look = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "name": name, "showlegend": True}
        return look | place | {"line": {"color": colour, "width": width, "dash": dash}}

    def points(part: pd.DataFrame, name: str, **about: Any) -> dict:
        said = said_of.loc[part.index].tolist()
        which = part[["level", "k"]].astype(object).to_numpy().tolist()
        look = {"mode": "markers", "hovertext": said, "hoverinfo": "text", "showlegend": False}
        return trace(part, name) | look | {"customdata": which} | about

    def ring(part: pd.DataFrame, name: str, colour: str, size: int) -> dict:
        marker = {"symbol": "circle-open", "size": size, "color": colour, "line": {"width": 3}}
        return trace(part, name) | {"mode": "markers", "marker": marker}

    equal = {"x": [0, 1.1 * over], "y": [None, None]}
    if best is not None and best["net_benefit"] == best["net_benefit"]:
        equal["y"] = [best["net_benefit"] + threshold / (1 - threshold) * x for x in equal["x"]]
    crosses = {}
    for axis, name in (("x", "false_positive"), ("y", "true_positive")):
        at, low, high = (chosen[column] for column in (axis, f"{name}_lower", f"{name}_upper"))
        crosses[f"error_{axis}"] = style.whisker(at, low.clip(upper=at), high.clip(lower=at))
    other = rows[real & ~here]
    pale = {"size": 10, "color": [style.tint(COLOURS[name], 0.4) for name in other["level"]]}
    full = {"size": 22, "color": COLOURS[level], "line": {"width": 1, "color": "white"}}
    numbers = {"text": rows.loc[here, "k"].astype(str).tolist(), "textfont": {"color": "white", "size": 13}}
    names, sides = map(list, zip(*(_ENDS[sort] for sort in ends["sort"]), strict=True))
    beside = {"text": names, "textposition": sides, "textfont": {"size": 12, "color": QUIET}}
    hollow = {"symbol": "circle-open", "size": 10, "color": QUIET, "line": {"width": 2}}
    return [
        trace(ends[ends["sort"] != FORESIGHT], "As many at random", COLOURS["all"], 1.5, "dot"),
        trace(rows[:0], "Efficient frontier") | dict(zip("xy", front, strict=True)),
        trace(rows[:0], "Net benefit as high as the best", COLOURS["useful"], 2.5, "dash") | equal,
        trace(rows[here], "This level", COLOURS[level]) | {"showlegend": False},
        # What is drawn around a point is silent, so that a click reaches the point within.
        ring(at_best, "Highest net benefit", COLOURS["useful"], 33),
        ring(chosen, "Chosen", INK, 28) | crosses,
        points(other, "Other levels", marker=pale),
        points(rows[here], "At least so many", marker=full, **numbers) | {"mode": "markers+text"},
        points(ends, "Ends", marker=hollow, **beside)
        | {"mode": "markers+text", "customdata": None, "cliponaxis": False},
    ]


def finding(table: pd.DataFrame, level: str, k: int, threshold: float) -> str:
    """What the chosen policy finds, its possible overuse, and which one is best, as a sentence."""
    rows = table[table["threshold"] == threshold]
    chosen = rows[(rows["level"] == level) & (rows["k"] == k)]
    title = tradeoff_title(pd.concat([rows[rows["sort"] == "all"], chosen]), table.attrs.get("outcome"))
    best = best_of(rows)
    if best is None:
        return f"{title}. Which policy has the highest net benefit {cannot_tell(rows)}"
    which = "this" if best.name == chosen.index[0] else f"referring {best['label']}"
    tie = f", in a tie with {ties}" if (ties := tied_with(rows, best)) else ""
    return f"{title}. With {captions.threshold_words(threshold)}, {which} has the highest net benefit{tie}"


def _hover(row: pd.Series) -> str:
    name, *told = row.items()
    return "<br>".join(
        [f"<b>{style.lines_of(name[1], 40)}</b>", *(f"{words}: {text}" for words, text in told)]
    )
