"""One look for every figure: the same colour means the same thing everywhere.

Colours are those of Okabe and Ito (2008), told apart with any colour vision. The ground is white in light
and in dark notebooks alike, so that a figure looks the same on screen, in print and in a stored notebook.
"""

from __future__ import annotations

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
    }
)


def figure(title: str, subtitle: str = "", *, x: str = "", y: str = "", height: int = 460) -> go.Figure:
    """An empty figure in the house style.

    Parameters
    ----------
    title : str
        The finding, as a sentence. Break it with ``<br>`` past about 60 letters, or a phone cuts it.
    subtitle : str
        What is shown, of how many, and whether it is simulated.
    x, y : str
        What the axes measure, with units and denominators.
    height : int
        In pixels; the width follows the page.
    """
    lines = title.count("<br>") + 1
    small = subtitle.count("<br>") + 1 if subtitle else 0
    note = f"<br><span style='font-size:13px;color:{QUIET}'>{subtitle}</span>" if subtitle else ""
    top = 34 + 22 * lines + 17 * small
    return go.Figure(
        layout={
            "template": TEMPLATE,
            "title": {"text": f"<b>{title}</b>{note}", "x": 0, "xref": "container", "pad": {"l": 12, "t": 14}}
            | {"y": 1, "yanchor": "top", "font": {"size": 17}},
            "xaxis": {"title": {"text": x}},
            "yaxis": {"title": {"text": y}},
            "margin": {"t": top, "r": 20, "b": 60, "l": 60},
            "height": height + top,
        }
    )


def tint(colour: str, alpha: float) -> str:
    """The colour, see-through, for bands behind lines.

    Examples
    --------
    >>> tint("#0072B2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
