"""One look for every figure: the same colour means the same thing everywhere.

Colours are those of Okabe and Ito (2008), told apart with any colour vision. The ground is white in light
and in dark notebooks alike, so that a figure looks the same on screen, in print and in a stored notebook.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.captions import *  # noqa: F403

COLOURS = {
    "urgent": "#D55E00",
    "recommended": "#0072B2",
    "optional": "#56B4E9",
    "no_indication": "#999999",
    "not_needed": "#009E73",
    "unknown": "#CFCFCF",
    "useful": "#009E73",
    "overuse": "#E69F00",
    "underuse": "#CC79A7",
    "published": "#222222",
    "simulated": "#0072B2",
    "fitted": "#56B4E9",
    "all": "#777777",
    "none": "#777777",
    "rule book": "#0072B2",
    "learned": "#CC79A7",
}
"""What each colour means."""


INK, QUIET, GRID = "#1f2933", "#66707a", "#e6e9ec"
_ROW, _LINE = 26, 15  # heights of a ladder's row, and of a line of its label
_FOOT = {"y": 0, "yref": "container", "yanchor": "bottom"}  # where a legend is clear of the axis
_CYCLE = ("recommended", "overuse", "useful", "underuse", "urgent", "optional")
_AXIS = {"showline": True, "linecolor": "#9aa5b1", "gridcolor": GRID, "zeroline": False, "automargin": True}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "colorway": [COLOURS[name] for name in _CYCLE],
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {"align": "left", "bgcolor": "white", "font": {"color": INK, "size": 13}},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.2, "yanchor": "top"},
        "hovermode": "closest",
        "modebar": {"remove": ["sendChartToCloud"]},  # cases are nobody else's business
    }
)


def figure(title: str, subtitle: str = "", *, x: str = "", y: str = "", height: int = 400) -> go.Figure:
    """An empty figure in the house style, its words wrapped so that a phone shows them whole.

    The title is the finding, as a sentence; the subtitle says what is shown, of how many, and whether it is
    simulated. The y axis is named above the plot, where it can be read without turning the head. The height
    is of the plot itself, in pixels; the width follows the page.
    """
    head = [f"<b>{line}</b>" for line in wrap(title, 38)]
    small = [*wrap(subtitle, 50), *wrap(y and f"↑ {y}", 50)]
    note = "".join(f"<br><span style='font-size:12px;color:{QUIET}'>{line}</span>" for line in small)
    top = 26 + 21 * (len(head) + len(small))
    bottom = 46 + 17 * len(wrap(x, 44))
    total = height + top + bottom
    return go.Figure(
        layout={
            "template": TEMPLATE,
            "title": {"text": "<br>".join(head) + note, "x": 0, "xref": "container", "pad": {"l": 12}}
            | {"y": 1 - 22 / total, "yanchor": "top", "font": {"size": 16}},
            "xaxis": {"title": {"text": "<br>".join(wrap(x, 44)), "font": {"size": 13}}},
            "margin": {"t": top, "r": 16, "b": bottom, "l": 44},
            "legend": {"y": -bottom / height, "font": {"size": 13}},
            "height": total,
        }
    )


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` letters, never before a per cent sign."""
    whole = {"break_long_words": False, "break_on_hyphens": False}
    broken = textwrap.wrap(text.replace(" %", "\u00a0%"), width, **whole)
    return [line.replace("\u00a0", " ") for line in broken]


def lines(text: str, width: int = 50) -> str:
    """A text as hover boxes and notes show it, broken so that a phone shows it whole."""
    return "<br>".join(wrap(text.strip(), width))


def sentences(rows: pd.DataFrame, template: str) -> list[str]:
    """What hover boxes say: a sentence for each row, from a template that names its columns."""
    return [lines(template.format(**row)) for row in rows.to_dict("records")]


def ladder(title: str, note: str, labels: Iterable[str], *, x: str, room: int) -> tuple[go.Figure, list]:
    """An empty figure with a label above every row, and where the rows are."""
    y, places, broken = 0, [], [lines(label) for label in labels]
    for label in broken:
        y -= _LINE * (label.count("<br>") + 1) + _ROW
        places.append(y + _ROW - 8)
    fig = figure(title, note, x=x, height=room - y)
    for label, place in zip(broken, places, strict=True):
        write(fig, place + 7, label, 12, yanchor="bottom")
    fig.update_xaxes(fixedrange=True)
    fig.update_yaxes(visible=False, range=[y - 4, 0], fixedrange=True)
    return fig.update_layout(legend=_FOOT | {"font": {"size": 12}}, margin={"l": 12, "b": 130}), places


def write(fig: go.Figure, y: float, text: str, size: int, **place: str) -> None:
    """Words at the left edge."""
    where = {"x": 0, "xref": "paper", "xanchor": "left", "yref": "y", "y": y, "align": "left"} | place
    look = {"font": {"size": size, "color": INK}, "bgcolor": "rgba(255,255,255,0.8)"}
    fig.add_annotation(text=text, showarrow=False, **look, **where)


def room_below(fig: go.Figure, extra: int = 0) -> go.Figure:
    """Make room for the legend, clear of the axis on a phone, where each entry takes a line of its own."""
    room = 20 * sum(trace.showlegend is not False for trace in fig.data) + extra
    return taller(fig, room, margin={"b": fig.layout.margin.b + room}, legend=_FOOT)


def taller(fig: go.Figure, room: int, **layout: Any) -> go.Figure:
    """Add room below; the title stays where it is."""
    height = fig.layout.height + room
    return fig.update_layout(**{"height": height, "title_y": 1 - 22 / height} | layout)


def slider(steps: dict[str, list], start: int, prefix: str) -> list[dict]:
    """A slider that works without a kernel: by label, what `update` takes for traces, layout and which."""
    made = [{"label": label, "method": "update", "args": args} for label, args in steps.items()]
    said = {"prefix": prefix, "font": {"size": 14}}
    look = {"currentvalue": said, "font": {"size": 11}, "pad": {"t": 76, "b": 0}}
    return [{"steps": made, "active": start} | look]


def points(fig: go.Figure, x: Iterable, y: Iterable, said: list[str], **look: Any) -> None:
    """Marks, each of which says something."""
    fig.add_scatter(**{"x": x, "y": y, "mode": "markers", "hovertext": said, "hoverinfo": "text"} | look)


def line(fig: go.Figure, x: Iterable | None, y: Iterable, look: dict[str, Any], **more: Any) -> None:
    """A line that says nothing."""
    fig.add_scatter(x=x, y=y, mode="lines", line=look, hoverinfo="skip", **more)


def band(fig: go.Figure, x: Iterable, low: Iterable, high: Iterable, colour: str, **more: Any) -> None:
    """The ground between two lines."""
    x, y = [*x, *[*x][::-1]], [*high, *[*low][::-1]]
    fig.add_scatter(x=x, y=y, fill="toself", fillcolor=colour, line={"width": 0}, hoverinfo="skip", **more)


def interval(value: Any, lower: Any, upper: Any, **look: Any) -> dict[str, Any]:
    """The bars about a mark, from one end of its interval to the other."""
    return {"array": upper - value, "arrayminus": value - lower, "thickness": 1.5, "width": 0} | look


def tint(colour: str, alpha: float) -> str:
    """The colour, see-through, for bands behind lines."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
