"""A figure as part of a widget: it moves without a jump, and leaves a still."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go

from secondop.teaching.still import need_lab


def live(figure: go.Figure, width: int) -> go.FigureWidget:
    """The figure as a widget without its finding, which stands above it in larger letters."""
    need_lab()
    head, _, note = figure.layout.title.text.partition("<br><span")
    lost = 21 * (head.count("<br>") + 1)
    height, top = figure.layout.height - lost, figure.layout.margin.t - lost
    title = {"text": f"<span{note}" if note else "", "y": 1 - 16 / height}
    widget = go.FigureWidget(figure)
    widget._config = {"displayModeBar": False}  # nothing to zoom, and one of its buttons sends data away
    size = {"width": width, "height": height, "margin": {"t": top}}
    widget.update_layout(title=title, dragmode=False, **size)
    # A page that is opened again asks for these: they are to be what is shown now, not the start.
    widget._trait_values |= {"_widget_data": widget._data, "_widget_layout": widget._layout}
    return widget


def redraw(widget: go.FigureWidget, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    """Move what differs between two lists of the same traces; the frame around them stays."""
    for trace, was, now in zip(widget.data, old, new, strict=True):
        # One batch a trace: a common one takes from each, in the page, what only another one changes.
        with widget.batch_update():
            trace.update({name: value for name, value in now.items() if was[name] != value})


def picture(figure: go.Figure) -> dict[str, Any]:
    """What a still shows of a figure."""
    return {"application/vnd.plotly.v1+json": json.loads(figure.to_json())}
