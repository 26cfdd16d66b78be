"""Policies by level and count of indications, one of them chosen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.policies import FORESIGHT
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET
from secondop.figures.tradeoff_figures import (
    OVERUSE,
    best_of,
    cannot_tell,
    found_words,
    frontier,
    places,
    said_of,
    tied_with,
    trade_note,
    tradeoff_title,
)

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
    rows = table[table["threshold"] == threshold]
    fig = style.figure(
        finding(table, level, k, threshold),
        trade_note(table),
        x=OVERUSE,
        y=found_words(table),
        height=380,
    )
    fig.add_traces([go.Scatter(mark) for mark in marks(table, level, k, threshold)])
    (wide, high), fixed = _reach(rows), {"fixedrange": True}
    fig.update_xaxes(range=[-0.04 * wide, wide], **fixed)
    fig.update_yaxes(range=[-0.09 * high, high], **fixed)
    return style.room_below(fig)


def marks(table: pd.DataFrame, level: str, k: int, threshold: float) -> list[dict[str, Any]]:
    """The traces of :func:`counted`: always the same, in the same order, for a control to move."""
    rows = table[table["threshold"] == threshold]
    best, wide = best_of(rows), _reach(rows)[0]
    (x, y), front = places(rows), frontier(rows)
    rows = rows.assign(x=x, y=y).to_dict("records")  # much faster to sift
    ends = [row for row in rows if row["sort"] in _ENDS]
    here = [row for row in rows if row["level"] == level]
    other = [row for row in rows if row["sort"] not in _ENDS and row["level"] != level]
    (chosen,) = (row for row in here if row["k"] == k)

    def trace(part: list[dict], **about: Any) -> dict[str, Any]:
        place = {name: [row[name] for row in part] or [None] for name in ("x", "y")}
        return {"type": "scatter", "mode": "lines", "hoverinfo": "skip"} | place | about

    def points(part: list[dict], **about: Any) -> dict[str, Any]:
        said = {"hovertext": [said_of(row, table.attrs) for row in part], "hoverinfo": "text"}
        which = {"customdata": [[row["level"], row["k"]] for row in part], "showlegend": False}
        return trace(part, mode="markers", **which) | said | about

    def look(name: str, colour: str, width: float, dash: str = "solid") -> dict[str, Any]:
        return {"name": name, "line": {"color": colour, "width": width, "dash": dash}}

    def ring(name: str, colour: str, size: int) -> dict[str, Any]:
        marker = {"symbol": "circle-open", "size": size, "color": colour, "line": {"width": 3}}
        return {"name": name, "mode": "markers", "marker": marker}

    def bar(name: str, at: float) -> dict[str, Any]:
        ends = [abs(chosen[f"{name}_{end}"] - at) for end in ("upper", "lower")]
        return {"array": ends[:1], "arrayminus": ends[1:], "color": INK, "thickness": 1.5, "width": 0}

    equal = {"x": [0, wide], "y": [None, None]}
    if best is not None and best["net_benefit"] == best["net_benefit"]:
        equal["y"] = [best["net_benefit"] + threshold / (1 - threshold) * over for over in equal["x"]]
    at_best = [] if best is None else [row for row in rows if row["label"] == best["label"]]
    crosses = {"error_x": bar("false_positive", chosen["x"]), "error_y": bar("true_positive", chosen["y"])}
    pale = {"size": 10, "color": [style.tint(COLOURS[row["level"]], 0.4) for row in other]}
    full = {"size": 22, "color": COLOURS[level], "line": {"width": 1, "color": "white"}}
    numbers = {"text": [str(row["k"]) for row in here], "textfont": {"color": "white", "size": 13}}
    hollow = {"symbol": "circle-open", "size": 10, "color": QUIET, "line": {"width": 2}}
    names, sides = map(list, zip(*(_ENDS[row["sort"]] for row in ends), strict=True))
    beside = {"text": names, "textposition": sides, "textfont": {"size": 12, "color": QUIET}}
    chance = [row for row in ends if row["sort"] != FORESIGHT]
    return [
        trace(chance, **look("As many at random", COLOURS["all"], 1.5, "dot")),
        trace([], **look("Efficient frontier", INK, 2)) | dict(zip("xy", front, strict=True)),
        trace(ends, **look("Net benefit as high as the best", COLOURS["useful"], 2.5, "dash")) | equal,
        trace(here, showlegend=False, **look("This level", COLOURS[level], 2)),
        # What is drawn around a point is silent, so that a click reaches the point within.
        trace(at_best, **ring("Highest net benefit", COLOURS["useful"], 33)),
        trace([chosen], **ring("Chosen", INK, 28), **crosses),
        points(other, name="Other levels", marker=pale),
        points(here, name="At least so many", marker=full, mode="markers+text", **numbers),
        points(
            ends, name="Ends", marker=hollow, mode="markers+text", **beside, customdata=None, cliponaxis=False
        ),
    ]


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    """How far the axes go: as far as everybody's bounds."""
    return 1.08 * max(rows["false_positive_max"].max(), 1), 1.1 * max(rows["true_positive_max"].max(), 1)


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
    return f"{title}. With {style.threshold_words(threshold)}, {which} has the highest net benefit{tie}"
