"""Policies by level and count of indications, one of them chosen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.style import COLOURS, INK, QUIET, figure, tint
from secondop.figures.tradeoff_figures import (
    _OUTCOMES,
    _error,
    _middle,
    _n,
    _room_below,
    _sentence,
    _tradeoff_title,
)

_ENDS = {
    "none": ("nobody", "bottom right"),
    "all": ("<br>everybody", "bottom center"),
    "oracle": ("only those that would change", "middle right"),
}
_SAID = ["label", "remark", "found_beyond_random"]  # what the hover text reads
_SAID += [
    f"{name}{end}" for name in ("sent", "found", "overuse", "underuse") for end in ("", "_low", "_high")
]


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
    rows = table[(table["exchange_rate"] == exchange_rate) & (table["sort"] != "random")]
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
    return _room_below(fig)


def marks(table: pd.DataFrame, level: str, k: int, exchange_rate: float) -> list[dict[str, Any]]:
    """The traces of :func:`counted`: always the same, in the same order, for a control to move."""
    rows = table[(table["exchange_rate"] == exchange_rate) & (table["sort"] != "random")]
    x, y = (pd.Series(_middle(rows, name), rows.index) for name in ("overuse", "found"))
    ends, front = rows[rows["sort"].isin(list(_ENDS))], rows[rows["frontier"]].sort_values("overuse")
    here, best = rows[rows["level"] == level], best_of(rows)
    other, chosen = rows[rows["level"].notna() & (rows["level"] != level)], here[here["k"] == k]

    def trace(part: pd.DataFrame, **about: Any) -> dict[str, Any]:
        place = {"x": x[part.index].tolist() or [None], "y": y[part.index].tolist() or [None]}
        return {"type": "scatter", "mode": "lines", "hoverinfo": "skip"} | place | about

    def points(part: pd.DataFrame, **about: Any) -> dict[str, Any]:
        said = {"hovertext": [_sentence(row) for row in part[_SAID].to_dict("records")], "hoverinfo": "text"}
        return trace(part, mode="markers", showlegend=False) | said | about

    def line(colour: str, width: float, dash: str) -> dict[str, Any]:
        return {"color": colour, "width": width, "dash": dash}

    def cross(name: str) -> dict[str, Any]:
        bars = _error(chosen, name, INK)
        return bars | {end: bars[end].tolist() for end in ("array", "arrayminus")}

    def ring(colour: str, size: int) -> dict[str, Any]:
        return {"symbol": "circle-open", "size": size, "color": colour, "line": {"width": 3}}

    colour, white = COLOURS[level], {"width": 1, "color": "white"}
    equal = {"x": [None], "y": [None]}
    if best is not None:
        equal["x"] = [0, _reach(rows)[0]]
        equal["y"] = [best["net_benefit"] + exchange_rate * x for x in equal["x"]]
    return [
        trace(
            ends[ends["sort"] != "oracle"], name="As many at random", line=line(COLOURS["all"], 1.5, "dot")
        ),
        trace(front, name="Best at some exchange rate", line=line(INK, 2, "solid")),
        trace(ends, name="Worth as much as the best", line=line(COLOURS["useful"], 2.5, "dash")) | equal,
        trace(here, showlegend=False, line=line(colour, 2, "solid")),
        # What is drawn around a point is silent, so that a click reaches the point within.
        trace(
            rows.iloc[:0] if best is None else rows.loc[[best.name]],
            name="Worth most",
            mode="markers",
            marker=ring(COLOURS["useful"], 33),
        ),
        trace(
            chosen,
            name="Chosen",
            mode="markers",
            marker=ring(INK, 28),
            error_x=cross("overuse"),
            error_y=cross("found"),
        ),
        points(
            other,
            marker={"size": 10, "color": [tint(COLOURS[name], 0.4) for name in other["level"]]},
            customdata=list(zip(other["level"], other["k"].tolist(), strict=True)),
        ),
        points(
            here,
            mode="markers+text",
            text=here["k"].astype(str).tolist(),
            textfont={"color": "white", "size": 13},
            marker={"size": 22, "color": colour, "line": white},
            customdata=list(zip(here["level"], here["k"].tolist(), strict=True)),
        ),
        points(
            ends,
            mode="markers+text",
            text=[_ENDS[sort][0] for sort in ends["sort"]],
            textposition=[_ENDS[sort][1] for sort in ends["sort"]],
            textfont={"size": 12, "color": QUIET},
            marker=ring(QUIET, 10) | {"line": {"width": 2}},
        ),
    ]


def _reach(rows: pd.DataFrame) -> tuple[float, float]:
    """How far the axes go: as far as everybody's bounds."""
    return 1.08 * max(rows["overuse_high"].max(), 1), 1.1 * max(rows["found_high"].max(), 1)


def best_of(rows: pd.DataFrame) -> pd.Series | None:
    """The policy that is worth most at an exchange rate; none, where unknown outcomes leave that open."""
    real = rows[~rows["sort"].isin(["random", "oracle"])]
    return None if real["net_benefit"].isna().any() else real.loc[real["net_benefit"].idxmax()]


def finding(table: pd.DataFrame, level: str, k: int, exchange_rate: float) -> str:
    """What the chosen policy finds and spends, and which one is worth most, as a sentence."""
    rows = table[(table["exchange_rate"] == exchange_rate) & (table["sort"] != "random")]
    chosen = rows[(rows["level"] == level) & (rows["k"] == k)]
    title = _tradeoff_title(pd.concat([rows[rows["sort"] == "all"], chosen]), table.attrs.get("outcome"))
    best, exchange = best_of(rows), f"{1 / exchange_rate:.3g} needless opinion{'s' * (exchange_rate != 1)}"
    if best is None:
        return f"{title}. Which policy is worth most cannot be told while outcomes are unknown"
    which = "this" if best.name == chosen.index[0] else f"sending {best['label']}"
    return f"{title}. At {exchange} for one useful one, {which} is worth most"
