"""What policies are worth at an exchange rate that the reader moves."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.firing_figures import _LINE, _ROW, _write
from secondop.figures.style import COLOURS, INK, QUIET, figure, lines
from secondop.figures.tradeoff_figures import _SORTS, _bounds, _middle, _n, best_and_ties, tied_with

_START = 0.1
_NOTE = "Filled mark: the policy. Ring: as many at random. Grey: unknown facts. Line: 95 % interval."


def net_benefit(table: pd.DataFrame) -> go.Figure:
    """What every policy is worth beside chance, with a slider for the exchange rate.

    The slider is part of the figure, so it works in a page without a kernel.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, at one exchange rate or, for the slider, several.
    """
    steps = {rate: part for rate, part in table.groupby("exchange_rate")}
    start = min(steps, key=lambda rate: abs(rate - _START))
    rows = steps[start][~steps[start]["sort"].isin(["none", "all", "random"])]
    labels = [lines(label[0].upper() + label[1:]) for label in rows["label"]]
    places, y = [], 0
    for label in labels:
        y -= _LINE * (label.count("<br>") + 1) + _ROW
        places.append(y + _ROW - 8)
    heads = {rate: figure(_title(part), f"{_n(table)}. {_NOTE}").layout for rate, part in steps.items()}
    tallest = max(steps, key=lambda rate: heads[rate].margin.t)
    fig = figure(
        _title(steps[tallest]),
        f"{_n(table)}. {_NOTE}",
        x="net benefit: useful opinions per 100 cases, less the needless ones at the exchange rate",
        height=40 - y,
    )
    for label, place in zip(labels, places, strict=True):
        _write(fig, place + 7, label, 12, yanchor="bottom")
    segments = [spot for place in places for spot in (place, place, None)]
    grey = {"color": COLOURS["all"], "width": 1.5}
    hidden = {"mode": "lines", "hoverinfo": "skip"}
    fig.add_scatter(x=[0, 0], y=[0, y], name="Nobody", line=grey | {"dash": "dot"}, **hidden)
    fig.add_scatter(y=[0, y], name="Everybody", line=grey | {"dash": "dash"}, **hidden)
    fig.add_scatter(y=segments, line={"color": COLOURS["unknown"], "width": 9}, showlegend=False, **hidden)
    fig.add_scatter(y=segments, line={"color": QUIET, "width": 1.2}, showlegend=False, **hidden)
    ring = {"symbol": "circle-open", "size": 12, "color": INK, "line": {"width": 1.5}}
    fig.add_scatter(y=places, name="As many at random", mode="markers", marker=ring, hoverinfo="text")
    colours = [_SORTS[sort][0] for sort in rows["sort"]]
    fig.add_scatter(
        y=places,
        mode="markers",
        marker={"size": 10, "color": colours, "symbol": [_SORTS[sort][1] for sort in rows["sort"]]},
        showlegend=False,
        hoverinfo="text",
    )
    moves = {rate: _marks(part) for rate, part in steps.items()}
    for trace, x, text in zip(fig.data[1:], moves[start]["x"], moves[start]["hovertext"], strict=True):
        trace.update(x=x, hovertext=text)
    worth = table[["net_benefit_lower", "net_benefit_upper"]]
    ends = worth.min().min(), worth.max().max()
    room = 0.03 * (ends[1] - ends[0])
    fig.update_xaxes(range=[ends[0] - room, ends[1] + room], fixedrange=True)
    fig.update_yaxes(visible=False, range=[y - 4, 0], fixedrange=True)
    bottom = fig.layout.margin.b + 44 + (100 if len(steps) > 1 else 0)
    fig.update_layout(
        height=fig.layout.height + bottom - fig.layout.margin.b,
        margin={"l": 16, "b": bottom},
        legend={"y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 12}},
    )
    fig.update_layout(title={"text": heads[start].title.text, "y": 1 - 22 / fig.layout.height})
    return fig if len(steps) < 2 else fig.update_layout(sliders=[_slider(heads, moves, start)])


def _slider(heads: dict, moves: dict, start: float) -> dict:
    steps = [
        {
            "label": f"{1 / rate:.2g}",
            "method": "update",
            "args": [moves[rate], {"title.text": heads[rate].title.text}, [1, 2, 3, 4, 5]],
        }
        for rate in moves
    ]
    return {
        "steps": steps,
        "active": list(moves).index(start),
        "currentvalue": {"prefix": "Needless opinions accepted per useful one: ", "font": {"size": 14}},
        "font": {"size": 11},
        "pad": {"t": 76, "b": 0},
    }


def _marks(part: pd.DataFrame) -> dict[str, list]:
    """Where the marks stand at one exchange rate, and what they say: the five traces that move."""
    rows = part[~part["sort"].isin(["none", "all", "random"])]
    chance = part[part["sort"] == "random"].set_index("policy")
    rings = [chance.loc[name] if (name := f"random: {p}") in chance.index else None for p in rows["policy"]]
    everybody = _middle(part[part["sort"] == "all"], "net_benefit")[0]
    x = [
        [everybody] * 2,
        _segments(rows, "low", "high"),
        _segments(rows, "lower", "upper"),
        [None if ring is None else ring["net_benefit"] for ring in rings],
        _middle(rows, "net_benefit"),
    ]
    said = ["" if ring is None else lines(_worth(ring, "")) for ring in rings]
    text = [None, None, None, said, [lines(_worth(row, "sending ")) for _, row in rows.iterrows()]]
    return {"x": [[None if pd.isna(v) else round(v, 3) for v in place] for place in x], "hovertext": text}


def _segments(rows: pd.DataFrame, start: str, end: str) -> list[float | None]:
    pairs = zip(rows[f"net_benefit_{start}"], rows[f"net_benefit_{end}"], strict=True)
    return [spot for a, b in pairs for spot in (a, b, None)]


def _worth(row: pd.Series, what: str) -> str:
    return (
        f"With {row['exchange']}, {what}{row['label']} is worth {_bounds(row, 'net_benefit')} useful "
        "opinions per 100 cases, net."
    )


def _title(part: pd.DataFrame) -> str:
    best, ties = best_and_ties(part)
    title = f"With {best['exchange']}, sending {best['label']} is worth most"
    if len(ties):
        return f"{title}, in a tie with {tied_with(ties)}: their lines reach as high"
    worth = _middle(part.loc[[best.name]], "net_benefit")[0]
    return title if best["sort"] == "none" else f"{title}: {worth:.1f} per 100 cases"
