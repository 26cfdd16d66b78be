"""Net benefit of policies at a decision threshold that the reader moves."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET
from secondop.figures.tradeoff_figures import (
    ONE_CLUSTER,
    SORTS,
    best_of,
    bounds,
    cannot_tell,
    middle,
    net_said,
    one_cluster,
    refuse_net,
    tied_with,
)

_NOTE = "Filled mark: the policy. Ring: as many at random. Grey: {}. Line: 95 % interval{}."


def net_benefit(table: pd.DataFrame) -> go.Figure:
    """Net benefit of every policy beside chance, with a slider for the decision threshold.

    It is part of the figure, so it works in a page without a kernel.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, of one group; several thresholds make a slider.
    """
    style.only_one(table, "group", "net_benefit")
    refuse_net(table, "net_benefit")
    every = wide(table)
    steps = dict(iter(every.groupby("threshold")))
    start = min(steps, key=lambda threshold: abs(threshold - 1 / 11))
    unknown, estimate = (bool(table.attrs.get(x)) for x in ("unknown_outcomes", "estimate"))
    note = _NOTE.format(style.gaps_of(table.attrs), " of the estimate" * estimate)
    note += f" {style.HALF_WAY}." * (unknown and not estimate)
    rows, note = _policies(steps[start]), f"{style.basis_of(table)} {note}"
    heads = {at: style.figure(_title(part), note).layout for at, part in steps.items()}
    tallest = max(steps, key=lambda at: heads[at].margin.t)
    labels = [label[0].upper() + label[1:] for label in rows["label"]]
    words = "net benefit per 100 cases: changes, less no-change referrals at the threshold"
    fig, places = style.ladder(_title(steps[tallest]), note, labels, x=words, room=40)
    y = fig.layout.yaxis.range[0]
    segments = [spot for place in places for spot in (place, place, None)]
    grey = {"color": COLOURS["all"], "width": 1.5}
    style.line(fig, [0, 0], [0, y], grey | {"dash": "dot"}, name="Nobody")
    style.line(fig, None, [0, y], grey | {"dash": "dash"}, name="Everybody")
    style.line(fig, None, segments, {"color": COLOURS["unknown"], "width": 9}, showlegend=False)
    style.line(fig, None, segments, {"color": QUIET, "width": 1.2}, showlegend=False)
    ring = {"symbol": "circle-open", "size": 12, "color": INK, "line": {"width": 1.5}}
    style.points(fig, None, places, None, name="As many at random", marker=ring)
    colours, symbols = zip(*(SORTS[sort][:2] for sort in rows["sort"]), strict=True)
    filled = {"size": 10, "color": colours, "symbol": symbols}
    style.points(fig, None, places, None, marker=filled, showlegend=False)
    moves = {at: _marks(part) for at, part in steps.items()}
    for trace, x, text in zip(fig.data[1:], moves[start]["x"], moves[start]["hovertext"], strict=True):
        trace.update(x=x, hovertext=text)
    ends = every[[f"net_benefit_{end}" for end in ("min", "max", "lower", "upper")]]
    ends = ends.min().min(), ends.max().max()
    pad, room = 0.03 * (ends[1] - ends[0]), 44 + (100 if len(steps) > 1 else 0)
    fig.update_xaxes(range=[ends[0] - pad, ends[1] + pad])
    style.taller(fig, room, margin={"l": 16, "b": 80 + room}, title_text=heads[start].title.text)
    if len(steps) < 2:
        return fig
    moved = {at: {"title.text": heads[at].title.text} for at in moves}
    args = {f"{(1 - at) / at:.2g}": [moves[at], moved[at], [1, 2, 3, 4, 5]] for at in moves}
    said = "No-change referrals accepted for one change: "
    return fig.update_layout(sliders=style.slider(args, list(moves).index(start), said))


def _marks(part: pd.DataFrame) -> dict[str, list]:
    """Where the marks stand at one threshold, and what they say: the five traces that move."""
    rows, everybody = _policies(part), part[part["sort"] == "all"]
    chance = (rows["referral_rate"] / 100 * everybody["net_benefit"].item()).where(rows["sort"] != FORESIGHT)
    x = [
        middle(everybody, "net_benefit") * 2,
        _segments(rows, "min", "max"),
        _segments(rows, "lower", "upper"),
        chance.tolist(),
        middle(rows, "net_benefit"),
    ]
    trade = style.threshold_words(part["threshold"].iloc[0])
    text = f"With {trade}, as many at random have a net benefit of {{:.1f}} per 100 cases."
    random = ["" if pd.isna(value) else style.lines(text.format(value)) for value in chance]
    said = [style.lines(net_said(row, part.attrs)) for row in rows.to_dict("records")]
    x = [[None if pd.isna(v) else round(v, 3) for v in place] for place in x]
    return {"x": x, "hovertext": [None, None, None, random, said]}


def _policies(part: pd.DataFrame) -> pd.DataFrame:
    return part[~part["sort"].isin(["none", "all"])]


def _segments(rows: pd.DataFrame, start: str, end: str) -> list[float | None]:
    pairs = zip(rows[f"net_benefit_{start}"], rows[f"net_benefit_{end}"], strict=True)
    return [spot for a, b in pairs for spot in (a, b, None)]


def _title(part: pd.DataFrame) -> str:
    if one_cluster(part):
        return ONE_CLUSTER
    best, trade = best_of(part), style.threshold_words(part["threshold"].iloc[0])
    if best is None:
        return f"With {trade}, the best policy {cannot_tell(part)}"
    by = "by the estimate, " * bool(part.attrs.get("estimate"))
    title = f"With {trade}, {by}referring {best['label']} has the highest net benefit"
    if ties := tied_with(part, best):
        return f"{title}, in a tie with {ties}: their lines reach as high"
    net = bounds(best, "net_benefit") if pd.isna(best["net_benefit"]) else f"{best['net_benefit']:.1f}"
    return title if best["sort"] == "none" else f"{title}: {net} per 100 cases"
