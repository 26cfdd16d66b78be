"""Policies by level and count of indications, one of them chosen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.style import COLOURS, INK, QUIET, figure, room_below, tint
from secondop.figures.tradeoff_figures import (
    _OUTCOMES,
    _middle,
    _n,
    _sentence,
    _tradeoff_title,
    best_and_ties,
    entries,
    tied_with,
)

_ENDS = {
    "none": ("nobody", "bottom right"),
    "all": ("<br>everybody", "bottom center"),
    "oracle": ("only those that would change", "middle right"),
}
_SAID = ["label", "remark", "found_beyond_random"]  # what the hover text reads
_SAID += [f"{x}{end}" for x in ("sent", "found", "overuse", "underuse") for end in ("", "_low", "_high")]
_READ = [*_SAID, "policy", "sort", "level", "k", "frontier", "net_benefit"]
_READ += [f"net_benefit_{end}" for end in ("low", "high", "lower", "upper")]
_READ += [f"{name}_{end}" for name in ("found", "overuse") for end in ("lower", "upper")]


def counted(table: pd.DataFrame, level: str, k: int, exchange_rate: float) -> go.Figure:
    """What counting indications at one level finds and spends for nothing, with one count chosen.

    Parameters
    ----------
    table : DataFrame
        The ``table`` of :func:`secondop.evaluation.counted.count_policies`.
    level, k : str, int
        The policy that is chosen.
    exchange_rate : float
        One of the table's.
    """
    rows = _rows(table, exchange_rate)
    fig = figure(
        finding(table, level, k, exchange_rate),
        f"{_n(table)}. Cross: 95 % interval and unknown facts.",
        x="overuse: of 100 cases, sent for nothing",
        y=f"found: of 100 cases, sent and {_OUTCOMES.get(table.attrs.get('outcome'), 'changed')}",
        height=380,
    )
    fig.add_traces([go.Scatter(mark) for mark in marks(table, level, k, exchange_rate)])
    (wide, high), fixed = _reach(rows), {"fixedrange": True}
    fig.update_xaxes(range=[-0.04 * wide, wide], **fixed)
    fig.update_yaxes(range=[-0.09 * high, high], **fixed)
    return room_below(fig, entries(fig))


def marks(table: pd.DataFrame, level: str, k: int, exchange_rate: float) -> list[dict[str, Any]]:
    """The traces of :func:`counted`: always the same, in the same order, for a control to move."""
    rows = _rows(table, exchange_rate)
    best, wide = best_of(rows), _reach(rows)[0]
    x, y = (dict(zip(rows.index, _middle(rows, name), strict=True)) for name in ("overuse", "found"))
    rows = [row | {"x": x[i], "y": y[i]} for i, row in rows.to_dict("index").items()]  # much faster to sift
    ends = [row for row in rows if row["sort"] in _ENDS]
    front = sorted((row for row in rows if row["frontier"]), key=lambda row: row["x"])
    here = [row for row in rows if row["level"] == level]
    other = [row for row in rows if row["sort"] not in _ENDS and row["level"] != level]
    (chosen,) = (row for row in here if row["k"] == k)

    def trace(part: list[dict], **about: Any) -> dict[str, Any]:
        place = {name: [row[name] for row in part] or [None] for name in ("x", "y")}
        return {"type": "scatter", "mode": "lines", "hoverinfo": "skip"} | place | about

    def points(part: list[dict], **about: Any) -> dict[str, Any]:
        said = {"hovertext": [_sentence(row) for row in part], "hoverinfo": "text", "showlegend": False}
        which = [[row["level"], row["k"]] for row in part]
        return trace(part, mode="markers", customdata=which) | said | about

    def line(name: str, colour: str, width: float, dash: str = "solid") -> dict[str, Any]:
        return {"name": name, "line": {"color": colour, "width": width, "dash": dash}}

    def ring(name: str, colour: str, size: int) -> dict[str, Any]:
        marker = {"symbol": "circle-open", "size": size, "color": colour, "line": {"width": 3}}
        return {"name": name, "mode": "markers", "marker": marker}

    def bar(name: str, middle: float) -> dict[str, Any]:
        ends = [abs(chosen[f"{name}_{end}"] - middle) for end in ("upper", "lower")]
        return {"array": ends[:1], "arrayminus": ends[1:], "color": INK, "thickness": 1.5, "width": 0}

    equal = {"x": [0, wide], "y": [None, None]}
    if best is not None:
        equal["y"] = [best["net_benefit"] + exchange_rate * over for over in equal["x"]]
    at_best = [] if best is None else [row for row in rows if row["label"] == best["label"]]
    crosses = {"error_x": bar("overuse", chosen["x"]), "error_y": bar("found", chosen["y"])}
    pale = {"size": 10, "color": [tint(COLOURS[row["level"]], 0.4) for row in other]}
    full = {"size": 22, "color": COLOURS[level], "line": {"width": 1, "color": "white"}}
    chance = [row for row in ends if row["sort"] != "oracle"]
    return [
        trace(chance, **line("As many at random", COLOURS["all"], 1.5, "dot")),
        trace(front, **line("Best at some exchange rate", INK, 2)),
        trace(ends, **line("Worth as much as the best", COLOURS["useful"], 2.5, "dash")) | equal,
        trace(here, showlegend=False, **line("This level", COLOURS[level], 2)),
        # What is drawn around a point is silent, so that a click reaches the point within.
        trace(at_best, **ring("Worth most", COLOURS["useful"], 33)),
        trace([chosen], **ring("Chosen", INK, 28), **crosses),
        points(other, name="Other levels", marker=pale),
        points(
            here,
            name="At least so many",
            mode="markers+text",
            text=[str(row["k"]) for row in here],
            textfont={"color": "white", "size": 13},
            marker=full,
        ),
        points(
            ends,
            name="Ends",
            mode="markers+text",
            text=[_ENDS[row["sort"]][0] for row in ends],
            textposition=[_ENDS[row["sort"]][1] for row in ends],
            textfont={"size": 12, "color": QUIET},
            marker={"symbol": "circle-open", "size": 10, "color": QUIET, "line": {"width": 2}},
            customdata=None,
        ),
    ]


def _rows(table: pd.DataFrame, exchange_rate: float) -> pd.DataFrame:
    """The policies at one exchange rate, without chance."""
    return table.loc[(table["exchange_rate"] == exchange_rate) & (table["sort"] != "random"), _READ]


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    """How far the axes go: as far as everybody's bounds."""
    return 1.08 * max(rows["overuse_high"].max(), 1), 1.1 * max(rows["found_high"].max(), 1)


def best_of(rows: pd.DataFrame) -> pd.Series | None:
    """The policy that is worth most at an exchange rate; none, where unknown outcomes leave that open."""
    real = rows[~rows["sort"].isin(["random", "oracle"])]
    return None if real["net_benefit"].isna().any() else real.loc[real["net_benefit"].idxmax()]


def finding(table: pd.DataFrame, level: str, k: int, exchange_rate: float) -> str:
    """What the chosen policy finds and spends, and which one is worth most, as a sentence."""
    rows = _rows(table, exchange_rate)
    chosen = rows[(rows["level"] == level) & (rows["k"] == k)]
    title = _tradeoff_title(pd.concat([rows[rows["sort"] == "all"], chosen]), table.attrs.get("outcome"))
    best, exchange = best_of(rows), f"{1 / exchange_rate:.3g} needless opinion{'s' * (exchange_rate != 1)}"
    if best is None:
        return f"{title}. Which policy is worth most cannot be told while outcomes are unknown"
    which = "this" if best.name == chosen.index[0] else f"sending {best['label']}"
    ties = best_and_ties(rows)[1]
    tie = f", in a tie with {tied_with(ties)}" if len(ties) else ""
    return f"{title}. At {exchange} for one useful one, {which} is worth most{tie}"
