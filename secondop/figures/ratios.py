"""Contrasts on one ratio scale: who was found to differ from whom, and how surely; and what a cohort says."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.figures.old_style import (
    COLOURS,
    INK,
    TEMPLATE,
    capital,
    fitted_words,
    interval,
    ladder,
    points,
    sentences,
    verdict_title,
    whose,
)

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
_SAID = "{study} {year}: {outcome}, {group} against {reference}: {measure} {ratio}. {told}"
_WIDE, _NARROW = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50), (0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6)


def contrasts(table: pd.DataFrame) -> go.Figure:
    """Ratios of two groups, line by line, each with its interval; at 1 there is no difference.

    A ratio without a published interval is open. Each design, such as randomised or cohort, has its own
    colour and symbol: they are seen side by side and never added up.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`secondop.evaluation.published.published_contrasts` whose measure is a ratio, or of what
        :func:`secondop.evaluation.comparison.compare` makes of them: the cohort's ratios then stand below,
        those that it was fitted to in a colour of their own.

    Examples
    --------
    >>> from secondop.evaluation.published import published_contrasts
    >>> rows = published_contrasts().query("design == 'randomised'")
    >>> [trace.name for trace in contrasts(rows).data]
    ['randomised']
    """
    rows = table.rename(columns={f"published_{name}": name for name in ("value", "lower", "upper")})
    said = [name for name in ("study", "group", "reference", "remark", "reason") if name in rows]
    rows[said] = rows[said].fillna("").map(lambda text: escape(str(text), quote=False))
    if rows.empty or (rows["measure"] == "risk difference").any():
        raise SecondopError("The figure contrasts draws ratios: keep the rows whose measure is one.")
    compared, known = "verdict" in rows, rows["lower"].notna()
    apart = known & ((rows["lower"] > 1) | (rows["upper"] < 1))
    title = f"{apart.sum()} of {known.sum()} published ratios with an interval exclude 1"
    if compared:
        title = verdict_title(rows, "ratio")
    note = "Bars: 95 % intervals, or ranges. At 1 the two groups do not differ."
    note += f" Open: no interval published ({(~known).sum()})." if (~known).any() else ""
    note = fitted_words((rows["verdict"] == "fitted").sum() if compared else 0) + note
    labels = [f"{row.study}, {row.year}: {_words(row.outcome)}, {row.group}" for row in rows.itertuples()]
    fig, y = ladder(title, note, labels, x="ratio, group to reference (log scale)", room=60)
    fig.add_vline(x=1, line={"color": INK, "width": 1.5})
    told = rows["reason" if compared else "remark"]
    rows = rows.assign(y=y, told=told, outcome=rows["outcome"].map(_words))
    rows["design"] = rows.get("design", "published")
    for place, (design, own) in enumerate(rows.groupby("design", sort=False)):
        colour = TEMPLATE.layout.colorway[place % len(TEMPLATE.layout.colorway)]
        colour = COLOURS["published"] if compared else colour
        _draw(fig, own, own["y"] + 3 * compared, colour, _SYMBOLS[place % len(_SYMBOLS)], design)
    if compared:
        own = rows[rows["verdict"] != "not comparable"].drop(columns=["value", "lower", "upper"])
        own = own.rename(columns={f"cohort_{name}": name for name in ("value", "lower", "upper")})
        own = own.assign(study=f"{capital(whose(table))}, beside " + own["study"])
        for fitted, some in own.groupby(own["verdict"] == "fitted"):
            colour, symbol = (COLOURS["fitted"], "diamond") if fitted else (COLOURS["simulated"], "circle")
            _draw(fig, some, some["y"] - 6, colour, symbol, whose(table) + ", fitted" * fitted)
        rows = pd.concat([rows, own])
    spans = np.log10(rows[["value", "lower", "upper"]].to_numpy(float))
    low, high = min(np.nanmin(spans), 0), max(np.nanmax(spans), 0)
    pad = 0.06 * (high - low or 1)
    ticks = [f"{tick:g}" for tick in (_WIDE if high - low > 0.7 else _NARROW)]
    look = {"type": "log", "range": [low - pad, high + pad], "tickvals": ticks, "ticktext": ticks}
    return fig.update_xaxes(**look, tickangle=0)


def _draw(fig: go.Figure, rows: pd.DataFrame, y: pd.Series, colour: str, symbol: str, name: str) -> None:
    """Points with their bars, open where there are none; bars alone where unknown answers leave no point."""
    middle = rows["value"].fillna((rows["lower"] + rows["upper"]) / 2)
    rows = rows.assign(ratio=rows.apply(_ratio, axis=1))
    shapes = [symbol if sure else f"{symbol}-open" for sure in rows["lower"].notna()]
    marker = {"color": colour, "symbol": shapes, "opacity": 1, "line": {"width": 2, "color": colour}}
    marker["size"] = [10 if known else 0 for known in rows["value"].notna()]
    bars = interval(middle, rows["lower"], rows["upper"], color=colour)
    points(fig, middle, y, sentences(rows, _SAID), name=name, marker=marker, error_x=bars)


def _ratio(row: pd.Series) -> str:
    ends = "" if np.isnan(row["lower"]) else f"{row['lower']:.2f} to {row['upper']:.2f}"
    return ends if np.isnan(row["value"]) else f"{row['value']:.2f}" + f" ({ends})" * bool(ends)


def _words(outcome: str) -> str:
    return outcome.replace("_", " ")
