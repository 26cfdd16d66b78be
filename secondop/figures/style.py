"""One look for every figure, at two widths and in two schemes; only here and in `layout` are there pixels.

A drawing is begun by :func:`figure` or :func:`ladder`, gets its marks, and is laid out by
:meth:`Drawing.done`. Its layout is made for a wide page; ``layout.meta`` holds what a page needs beside
it: the title and its note unbroken, the layout for a phone, a description for who cannot see it, and the
numbers as a table.

The same colour means the same thing everywhere. Each has a contrast of 3:1 and more against both grounds, and
they are told apart with any colour vision (after Okabe and Ito, 2008).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

LIGHT = {"ground": "#ffffff", "ink": "#1f2933", "quiet": "#5b6771", "grid": "#e6e9ec", "axis": "#9aa5b1"}
DARK = {"ground": "#16191d", "ink": "#e4e7eb", "quiet": "#a7b0b9", "grid": "#2c3137", "axis": "#66707b"}
SCHEMES = {"light": LIGHT, "dark": DARK}
INK, QUIET = LIGHT["ink"], LIGHT["quiet"]
COLOURS = {
    "urgent": "#D55E00",
    "recommended": "#0072B2",
    "optional": "#2B8CC4",
    "no_indication": "#808080",
    "not_needed": "#009E73",
    "unknown": "#8A939C",
    "useful": "#009E73",
    "overuse": "#B87A00",
    "underuse": "#C0699A",
    "published": INK,
    "simulated": "#0072B2",
    "fitted": "#2B8CC4",
    "all": "#808080",
    "none": "#808080",
    "rule book": "#0072B2",
    "learned": "#C0699A",
}
"""What each colour means."""
SPARE = ("#C0699A", "#B87A00", "#7B5AA6", "#009E73", "#D55E00", "#808080")
"""Colours for what has no meaning of its own."""

Shown = pd.DataFrame | None  # texts that pointing at marks shows
WIDE, NARROW = 760, 350  # widths that a layout is made for: a page or notebook, and a phone
_MOVES = ("x", "base", "customdata", "error_x.array")
_MOVES += tuple(f"marker.{name}" for name in ("color", "line.color", "pattern.fgcolor"))
_TOLD = 12  # rows of numbers in a description
_CLEAR = "rgba(0,0,0,0)"
_FONT = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"


def template() -> go.layout.Template:
    """The house style in the light; a dark page exchanges each colour of :data:`LIGHT` for its own."""
    ground, ink = LIGHT["ground"], INK
    axis = {"showline": True, "linecolor": LIGHT["axis"], "gridcolor": LIGHT["grid"], "zeroline": False}
    axis |= {"automargin": False, "tickfont": {"size": 12}, "title": {"font": {"size": 14}, "standoff": 8}}
    foot = {"orientation": "h", "x": 0, "xref": "container", "xanchor": "left", "y": 0, "yref": "container"}
    look = {
        "font": {"family": _FONT, "size": 13, "color": ink},
        "paper_bgcolor": ground,
        "plot_bgcolor": ground,
    }
    look |= {"colorway": [COLOURS["recommended"], *SPARE], "xaxis": axis, "yaxis": axis, "barmode": "overlay"}
    look["hoverlabel"] = {"align": "left", "bgcolor": ground, "font": {"color": ink, "size": 13}}
    look["legend"] = foot | {"yanchor": "bottom", "font": {"size": 13}, "itemclick": False}
    look["modebar"] = {"remove": ["sendChartToCloud"]}  # cases are nobody else's business
    return go.layout.Template(layout=look | {"hovermode": "closest"})


@dataclass(frozen=True)
class Panel:
    """One of several plots in a drawing: rows with their labels and values, or a plot of some height."""

    head: str = ""
    labels: Sequence[str] = ()
    values: Sequence[str] = ()
    column: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        for name in ("labels", "values"):
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))


@dataclass
class Drawing:
    """A figure that is being made: marks are added, and :meth:`done` lays it out for both widths."""

    title: str
    note: str
    x: str = ""
    y: str = ""
    panels: list[Panel] = field(default_factory=list)
    fig: go.Figure = field(default_factory=lambda: go.Figure(layout={"template": template()}))
    named: list[dict[str, Any]] = field(default_factory=list)
    tables: list[pd.DataFrame] = field(default_factory=list)
    steps: dict[str, tuple[str, dict, Panel]] = field(default_factory=dict)
    start: int = 0
    prefix: str = ""

    def points(self, x: Any, y: Any, shown: Shown = None, *, panel: int = 0, **look: Any) -> None:
        """Marks; pointing at one shows its row of ``shown``, the first column as a heading."""
        look = {"mode": "markers", "showlegend": False} | axes(panel) | self.hover(shown) | look
        self.fig.add_scatter(x=_plain(x), y=_plain(y), **look)

    def line(
        self, x: Any, y: Any, colour: str, *, width: float = 2, dash: str = "solid", **more: Any
    ) -> None:
        """A line that says nothing."""
        look = {"line": {"color": colour, "width": width, "dash": dash}, "mode": "lines"} | self.hover(None)
        self.fig.add_scatter(x=_plain(x), y=_plain(y), **look | {"showlegend": False} | more)

    def band(self, x: Any, low: Any, high: Any, colour: str, **more: Any) -> None:
        """The ground between two lines."""
        x, y = [*x, *list(x)[::-1]], [*high, *list(low)[::-1]]
        self.line(x, y, colour, width=0, fill="toself", fillcolor=tint(colour, 0.2), **more)

    def bars(self, start: Any, end: Any, y: Any, colour: Any, shown: Shown = None, **more: Any) -> None:
        """Solid bars along the rows of a ladder, for what is known; ``panel=`` says of which."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        look = {"orientation": "h", "marker": {"color": colour}, "showlegend": False}
        look |= axes(more.pop("panel", 0)) | self.hover(shown) | more
        self.fig.add_bar(x=_plain(end - start), base=_plain(start), y=_plain(y), **look)

    def possible(self, start: Any, end: Any, y: Any, colour: Any = COLOURS["unknown"], **more: Any) -> None:
        """Hatched bars, for what missing information could add."""
        hatch = {"shape": "/", "fgcolor": colour, "bgcolor": _CLEAR, "size": 5, "solidity": 0.3}
        look = {"color": _CLEAR, "pattern": hatch, "line": {"color": colour, "width": 1}}
        self.bars(start, end, y, colour, **{"marker": look} | more)

    def whiskers(self, low: Any, high: Any, y: Any, colour: str = INK, **more: Any) -> None:
        """Thin lines with ends, for the 95 % interval."""
        bars = whisker(low, low, high, colour)
        self.points(low, y, **{"marker": {"size": 1, "color": colour}, "error_x": bars} | more)

    def upright(self, x: float, colour: str = INK, *, panel: int = 0, **more: Any) -> None:
        """A line through all rows of a panel, such as for chance."""
        ends = [0.5, 0.5 - len(self.panels[panel].labels)]
        self.line([x, x], ends, colour, **{"width": 1.5, "dash": "dot"} | axes(panel) | more)

    def across(self, **look: Any) -> None:
        """How the axis below is drawn, of every panel."""
        names = [axes(panel)["xaxis"].replace("x", "xaxis") for panel in range(len(self.panels))]
        self.fig.update_layout(dict.fromkeys(names, look))

    def name(self, x: float, y: float, text: str, colour: str = INK, *, panel: int = 0) -> None:
        """A direct label at a mark, with a leader line, placed where there is room; the first come first."""
        said = {"text": escape(text, quote=False), "colour": colour}
        self.named.append({"x": float(x), "y": float(y), "panel": panel} | said)

    def slider(self, steps: Mapping[str, Drawing], start: int, prefix: str) -> None:
        """A slider that works without a kernel: each step has the title, the marks and the rows of a ladder.

        This drawing is the one at the start; what is added to it afterwards does not move.
        """
        self.steps = {at: (step.title, _moved(step.fig), step.panels[0]) for at, step in steps.items()}
        self.start, self.prefix = start, prefix

    def titles(self) -> list[str]:
        """The title, or that of every step of the slider."""
        return [escape(step[0], quote=False) for step in self.steps.values() or [[self.title]]]

    def hover(self, shown: Shown) -> dict[str, Any]:
        """What a trace needs to show these rows, which the table of the figure then holds too."""
        if shown is None:
            return {"hoverinfo": "skip"}
        self.tables.append(shown)
        lines = [f"{lines_of(str(name), 40)}: %{{customdata[{i}]}}" for i, name in enumerate(shown)][1:]
        text = "<br>".join(["<b>%{customdata[0]}</b>", *lines]) + "<extra></extra>"
        cells = shown.astype(str).map(lambda cell: lines_of(escape(cell, quote=False), 46))
        return {"customdata": cells.to_numpy().tolist(), "hovertemplate": text}

    def done(self) -> go.Figure:
        """Lay it out for both widths, and say in ``layout.meta`` what a page needs."""
        from secondop.figures.layout import laid_out

        wide, narrow = (laid_out(self, width) for width in (WIDE, NARROW))
        meta = {"title": self.title, "note": self.note, "narrow": narrow, "table": self.table()}
        meta |= wide.pop("meta") | {"titles": self.titles(), "start": self.start}
        meta["description"] = self.description(**meta["table"])
        return self.fig.update_layout(wide | {"meta": meta})

    def table(self) -> dict[str, list]:
        """The numbers of the figure, as pointing at its marks shows them."""
        if not self.tables:
            return {"columns": [], "rows": []}
        rows = pd.concat(self.tables, ignore_index=True).astype("string").fillna("").drop_duplicates()
        return {"columns": rows.columns.tolist(), "rows": rows.to_numpy().tolist()}

    def description(self, columns: list[str], rows: list[list[str]]) -> str:
        """What the figure shows, for who cannot see it: the finding, what is drawn, the numbers."""
        drawn = [f"{side}: {text}" for side, text in (("Up", self.y), ("Across", self.x)) if text]
        named = [zip(["", *(f"{name}: " for name in columns[1:])], row, strict=True) for row in rows[:_TOLD]]
        told = "; ".join(", ".join(name + cell for name, cell in row if cell) for row in named)
        told += f"; and {len(rows) - _TOLD} more" * (len(rows) > _TOLD)
        return ". ".join(text.rstrip(".") for text in (self.title, self.note, *drawn, told) if text) + "."


def figure(title: str, note: str = "", *, x: str = "", y: str = "", height: int = 380) -> Drawing:
    """Begin a figure: the finding as its title, what is shown and of how many as its note.

    ``x`` names the axis below, ``y`` the one at the left, written above it. The height is the plot's.
    """
    return Drawing(title, note, x, y, [Panel(size=height)])


def ladder(title: str, note: str, panels: Iterable[Any], *, x: str = "", values: Iterable = ()) -> Drawing:
    """Begin a figure of rows, the first at y = 0, the next at -1: a label left, a value at the end.

    Labels, or panels of them. On a phone a label stands above its row, and panels below one another.
    """
    panels = list(panels)
    rows = panels if panels and isinstance(panels[0], Panel) else [Panel("", panels, list(values))]
    return Drawing(title, note, x, "", rows)


def whisker(value: Any, lower: Any, upper: Any, colour: str = INK) -> dict[str, Any]:
    """The thin line of a 95 % interval about a mark, as ``error_x`` or ``error_y`` of its points."""
    value, lower, upper = (np.asarray(end, float) for end in (value, lower, upper))
    ends = {"array": _plain(upper - value), "arrayminus": _plain(value - lower)}
    return ends | {"color": colour, "thickness": 1.2, "width": 4}


def reach(ends: Any) -> list[float]:
    """The range of an axis that holds these ends and zero, with a little room."""
    low, high = min(np.nanmin(ends), 0), max(np.nanmax(ends), 0)
    pad = 0.04 * (high - low or 1)
    return [low - pad, high + pad]


def axes(panel: int) -> dict[str, str]:
    """The axes of a panel, as traces name them."""
    number = str(panel + 1) if panel else ""
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` letters, never before a per cent sign."""
    whole = {"break_long_words": False, "break_on_hyphens": False}
    broken = textwrap.wrap(text.replace(" %", "\u00a0%"), width, **whole)
    return [line.replace("\u00a0", " ") for line in broken]


def lines_of(text: str, width: int = 50) -> str:
    """A text as hover boxes and notes show it, broken so that a phone shows it whole."""
    return "<br>".join(wrap(text.strip(), width))


def tint(colour: str, alpha: float) -> str:
    """The colour, see-through, for bands behind lines."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def _plain(values: Any) -> list[Any]:
    """Values as JSON keeps them: six digits, and nothing where there is no number."""
    kept = [None if pd.isna(x) else x for x in (values if values is not None else [])]
    return [float(f"{x:.6g}") if isinstance(x, (float, np.floating)) else x for x in kept]


def _moved(fig: go.Figure) -> dict[str, list]:
    """What a step of a slider sets, trace by trace, so that the marks are those of this figure."""
    traces = [pd.json_normalize(trace.to_plotly_json(), max_level=2).iloc[0] for trace in fig.data]
    return {name: [trace.get(name) for trace in traces] for name in _MOVES}
