"""One look for every figure: the same colour means the same thing everywhere.

Colours are those of Okabe and Ito (2008), told apart with any colour vision. The ground is white in light
and in dark notebooks alike, so that a figure looks the same on screen, in print and in a stored notebook.
"""

from __future__ import annotations

import textwrap

import pandas as pd
import plotly.graph_objects as go

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

_CYCLE = ("recommended", "overuse", "useful", "underuse", "urgent", "optional")
_AXIS = {"showline": True, "linecolor": "#9aa5b1", "gridcolor": GRID, "zeroline": False, "automargin": True}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif", "size": 14, "color": INK},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "colorway": [
            COLOURS[k] for k in ("recommended", "overuse", "useful", "underuse", "urgent", "optional")
        ],
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

    Parameters
    ----------
    title : str
        The finding, as a sentence.
    subtitle : str
        What is shown, of how many, and whether it is simulated.
    x, y : str
        What the axes measure, with units and denominators. The y axis is named above the plot, where it can
        be read without turning the head.
    height : int
        Of the plot itself, in pixels; the width follows the page.
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
    """Break a text into lines of at most ``width`` letters, never before a per cent sign.

    Examples
    --------
    >>> wrap("A narrow band finds most errors", 20)
    ['A narrow band finds', 'most errors']
    """
    broken = textwrap.wrap(text.replace(" %", "\u00a0%"), width, break_long_words=False)
    return [line.replace("\u00a0", " ") for line in broken]


def lines(text: str, width: int = 50) -> str:
    """A text as hover boxes and notes show it, broken so that a phone shows it whole.

    Examples
    --------
    >>> lines("A narrow band finds most errors", 20)
    'A narrow band finds<br>most errors'
    """
    return "<br>".join(wrap(text.strip(), width))


def cases_of(table: pd.DataFrame) -> str:
    """What a table counts: cases, said to be simulated where they are."""
    return "simulated cases" if table.attrs.get("simulated") else "cases"


def room_below(fig: go.Figure, room: int) -> go.Figure:
    """Make room for the legend, clear of the axis on a phone, where each entry takes a line of its own."""
    fig.update_layout(height=fig.layout.height + room, margin={"b": fig.layout.margin.b + room})
    legend = {"y": 0, "yref": "container", "yanchor": "bottom"}
    return fig.update_layout(title={"y": 1 - 22 / fig.layout.height}, legend=legend)


def tint(colour: str, alpha: float) -> str:
    """The colour, see-through, for bands behind lines.

    Examples
    --------
    >>> tint("#0072B2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
