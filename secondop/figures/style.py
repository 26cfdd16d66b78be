"""One look for every figure, at two widths and in two schemes; where things stand is for `layout` to say.

A drawing is begun by :func:`figure` or :func:`ladder`, gets marks, and is laid out by :meth:`Drawing.done`.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

LIGHT = {"ground": "#ffffff", "ink": "#1f2933", "quiet": "#5b6771", "grid": "#e6e9ec", "axis": "#9aa5b1"}
DARK = {"ground": "#16191d", "ink": "#e4e7eb", "quiet": "#a7b0b9", "grid": "#2c3137", "axis": "#66707b"}
SCHEMES = {"light": LIGHT, "dark": DARK}
INK, QUIET = LIGHT["ink"], LIGHT["quiet"]
_MEANT = {  # what each means: 3:1 and more against both grounds (after Okabe and Ito, 2008)
    "#0072B2": ("recommended", "simulated", "rule book"),
    "#2B8CC4": ("optional", "fitted"),
    "#D55E00": ("urgent",),
    "#009E73": ("useful", "not_needed"),
    "#B87A00": ("overuse",),
    "#C0699A": ("underuse", "learned"),
    "#808080": ("no_indication", "all", "none"),
    "#8A939C": ("unknown",),
    INK: ("published",),
}
COLOURS = {name: colour for colour, names in _MEANT.items() for name in names}
SPARE = ("#C0699A", "#B87A00", "#7B5AA6", "#009E73", "#D55E00", "#808080")  # without a meaning of their own
WIDE, NARROW = 760, 350  # widths that a layout is made for: a page or notebook, and a phone
Shown = pd.DataFrame | None  # texts that pointing at marks shows
_TOLD, _CLEAR = 12, "rgba(0,0,0,0)"  # rows of numbers in a description
_AXIS = {"showline": True, "linecolor": LIGHT["axis"], "gridcolor": LIGHT["grid"], "zeroline": False}
_AXIS |= {"automargin": False, "tickfont": {"size": 12}, "title": {"font": {"size": 14}, "standoff": 8}}
_FONT = {"family": "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif", "size": 13, "color": INK}
_LEGEND = {"orientation": "h", "x": 0, "xref": "container", "xanchor": "left", "y": 0, "yref": "container"}
_LEGEND |= {"yanchor": "bottom", "font": {"size": 13}, "itemclick": False}
_HOUSE = {"font": _FONT, "paper_bgcolor": LIGHT["ground"], "plot_bgcolor": LIGHT["ground"], "xaxis": _AXIS}
_HOUSE |= {"colorway": [COLOURS["recommended"], *SPARE], "yaxis": _AXIS, "barmode": "overlay"}
_HOUSE |= {"hoverlabel": {"align": "left", "bgcolor": LIGHT["ground"], "font": {"color": INK, "size": 13}}}
_HOUSE |= {"legend": _LEGEND, "hovermode": "closest", "modebar": {"remove": ["sendChartToCloud"]}}


class Panel(NamedTuple):
    """One of several plots in a drawing: rows with their labels and values, or a plot of some height."""

    head: str = ""
    labels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    column: int = 0
    size: int = 0


@dataclass(eq=False)
class Drawing:
    """A figure that is being made; ``across`` and ``up`` are its axes, ``places`` the rows of a ladder."""

    title: str
    note: str
    x: str = ""
    y: str = ""
    panels: list[Panel] = field(default_factory=list)
    across: dict[str, Any] = field(default_factory=dict)
    up: dict[str, Any] = field(default_factory=dict)
    places: pd.DataFrame = field(default_factory=pd.DataFrame)
    fig: go.Figure = field(default_factory=lambda: go.Figure(layout={"template": {"layout": _HOUSE}}))
    named: list[tuple] = field(default_factory=list)
    tables: list[pd.DataFrame] = field(default_factory=list)
    steps: dict[str, Drawing] = field(default_factory=dict)
    prefix: str = ""

    def points(self, x: Any, y: Any, shown: Shown = None, *, panel: int = 0, **look: Any) -> None:
        """Marks; pointing at one shows its row of ``shown``, the first column as a heading."""
        look = {"mode": "markers", "showlegend": False} | axes(panel) | self._hover(shown) | look
        self.fig.add_scatter(x=_plain(x), y=_plain(y), **look)

    def line(self, x: Any, y: Any, colour: str, *, width: float = 2, dash: str = "solid", **look: Any):
        """A line that says nothing."""
        self.points(x, y, **{"mode": "lines", "line": {"color": colour, "width": width, "dash": dash}} | look)

    def band(self, x: Any, low: Any, high: Any, colour: str, **look: Any) -> None:
        """The ground between two lines."""
        x, y = [*x, *list(x)[::-1]], [*high, *list(low)[::-1]]
        self.line(x, y, colour, width=0, fill="toself", fillcolor=tint(colour, 0.2), **look)

    def rows(self, rows: pd.DataFrame, shown: Shown = None, **look: Any) -> None:
        """What rows of a ladder have a column for, drawn in their ``panel`` at ``y``, in their ``colour``.

        A bar from ``start`` (else zero) to what is ``known``, a hatched one from ``low`` to ``high`` for what
        missing information could make of it, a thin line from ``lower`` to ``upper`` for the 95 % interval,
        and a mark ``at`` a value, with a ``symbol`` where it has one.
        """
        plain = {"colour": COLOURS["rule book"], "symbol": "circle", "start": 0.0}
        rows = pd.DataFrame(plain, rows.index).assign(**rows)
        for panel, part in rows.groupby("panel"):
            told, colour = None if shown is None else shown.loc[part.index], part["colour"].tolist()
            hatch = {"shape": "/", "fgcolor": colour, "bgcolor": _CLEAR, "size": 5, "solidity": 0.3}
            hatched = {"color": _CLEAR, "pattern": hatch, "line": {"color": colour, "width": 1}}
            bars = (("known", "start", "known", {"color": colour}), ("missing", "low", "high", hatched))
            for name, start, end, marker in bars:
                if end in part:
                    bar = {"x": _plain(part[end] - part[start]), "base": _plain(part[start]), "name": name}
                    bar |= {"y": _plain(part["y"]), "orientation": "h", "showlegend": False}
                    hover = self._hover(told if name == "known" or "known" not in part else None)
                    self.fig.add_bar(marker=marker, **bar | axes(panel) | hover | look)
            if "upper" in part:
                thin = {"error_x": whisker(part["lower"], part["lower"], part["upper"]), "name": "interval"}
                self.points(part["lower"], part["y"], panel=panel, marker={"size": 1, "color": INK}, **thin)
            if "at" in part:
                mark = {"color": colour, "symbol": part["symbol"].tolist(), "size": 10}
                mark |= {"line": {"width": 2, "color": colour}}
                mark = {"marker": mark, "name": "mark", "cliponaxis": False} | look
                self.points(part["at"], part["y"], told, panel=panel, **mark)

    def upright(self, x: float, colour: str = INK, **look: Any) -> None:
        """A line through all rows of a ladder, such as for chance."""
        for i, panel in enumerate(self.panels):
            ends, look = [0.5, 0.5 - len(panel.labels)], {"width": 1.5, "dash": "dot"} | look
            self.line([x, x], ends, colour, panel=i, **look)

    def name(self, x: float, y: float, text: str, colour: str = INK, *, panel: int = 0) -> None:
        """A direct label at a mark, with a leader line, placed where there is room; the first come first."""
        self.named.append((panel, float(x), float(y), escape(text, quote=False), colour))

    def slide(self, steps: dict[str, Drawing], prefix: str) -> Drawing:
        """A slider, without a kernel, through ladders that are alike, this one among them at the start."""
        self.steps, self.prefix = steps, prefix
        self.across["range"] = reach([step.across["range"] for step in steps.values()], pad=0)
        return self

    def done(self) -> go.Figure:
        """Lay it out for both widths; ``layout.meta`` is what a page needs, and a description in words."""
        from secondop.figures.layout import laid_out

        wide, narrow = (laid_out(self, width) for width in (WIDE, NARROW))
        rows = pd.concat(self.tables or [pd.DataFrame()], ignore_index=True)
        rows, told = rows.astype("string").fillna("").drop_duplicates(), []
        for first, *cells in rows.head(_TOLD).itertuples(index=False):
            named = zip(rows.columns[1:], cells, strict=True)
            told.append(", ".join([first, *(f"{name}: {cell}" for name, cell in named if cell)]))
        told += [f"and {len(rows) - _TOLD} more"] if len(rows) > _TOLD else []
        drawn = [f"{side}: {text}" for side, text in (("Up", self.y), ("Across", self.x)) if text]
        said = (self.title, self.note, *drawn, "; ".join(told))
        meta = {"title": self.title, "note": self.note, "narrow": narrow}
        meta["table"] = {"columns": rows.columns.tolist(), "rows": rows.to_numpy().tolist()}
        meta["description"] = ". ".join(text.rstrip(".") for text in said if text) + "."
        return self.fig.update_layout(wide | {"meta": meta | wide["meta"]})

    def _hover(self, shown: Shown) -> dict[str, Any]:
        """What a trace needs to show these rows, which the table of the figure then holds too."""
        if shown is None:
            return {"hoverinfo": "skip"}
        self.tables.append(shown)
        lines = [f"{lines_of(str(name), 40)}: %{{customdata[{i}]}}" for i, name in enumerate(shown)][1:]
        text = "<br>".join(["<b>%{customdata[0]}</b>", *lines]) + "<extra></extra>"
        cells = shown.astype(str).map(lambda cell: lines_of(cell, 46)).to_numpy().tolist()
        return {"customdata": cells, "hovertemplate": text}


def figure(title: str, note: str = "", *, x: str = "", y: str = "", height: int = 380) -> Drawing:
    """Begin a plot: the finding as its title, what is shown and of how many as its note."""
    return Drawing(title, note, x, y, [Panel(size=height)])


def ladder(title: str, note: str, rows: pd.DataFrame, shown: Shown = None, *, x: str = "") -> Drawing:
    """Begin a figure of rows from the top, and draw them: ``label`` at the left, ``end`` at the right.

    Rows of one ``head`` and ``column`` are a panel. What else a row may have, :meth:`Drawing.rows` says; it
    draws more at the same ``places``.
    """
    rows, shown = rows.reset_index(drop=True), shown if shown is None else shown.reset_index(drop=True)
    rows = pd.DataFrame({"head": "", "column": 0, "end": ""}, rows.index).assign(**rows)
    parts, panels = rows.groupby(["head", "column"], sort=False), []
    for (head, column), part in parts:
        values = part["end"].astype(str) if part["end"].any() else ()
        panels.append(Panel(head, tuple(part["label"].astype(str)), tuple(values), column))
    placed = rows.assign(panel=parts.ngroup(), y=-parts.cumcount())
    made = Drawing(title, note, x, panels=panels, places=placed[["panel", "y"]])
    numbers = placed.reindex(columns=["start", "known", "low", "high", "lower", "upper", "at"])
    made.across = {"range": reach(numbers)}
    made.rows(placed, shown)
    return made


def whisker(value: Any, lower: Any, upper: Any, colour: str = INK) -> dict[str, Any]:
    """The thin line of a 95 % interval about a mark, as ``error_x`` or ``error_y`` of its points."""
    value, lower, upper = (np.asarray(end, float) for end in (value, lower, upper))
    ends = {"array": _plain(upper - value), "arrayminus": _plain(value - lower)}
    return ends | {"color": colour, "thickness": 1.2, "width": 4}


def reach(ends: Any, pad: float = 0.04) -> list[float]:
    """The range of an axis that holds these ends and zero, with a little room where there are some."""
    ends = np.append(np.asarray(ends, float).ravel(), [0.0, 0.0])
    low, high = (float(end(ends[np.isfinite(ends)])) for end in (np.min, np.max))
    pad *= high - low or 1
    return [low - pad * (low < 0), high + pad]


def axes(panel: int) -> dict[str, str]:
    """The axes of a panel, as traces name them."""
    return {f"{name}axis": f"{name}{panel + 1 if panel else ''}" for name in "xy"}


def lines_of(text: str, width: int) -> str:
    """A text in lines of ``width`` letters at most, none beginning with a per cent sign; markup is text."""
    text, whole = escape(text.replace(" %", "\u00a0%"), quote=False), {"break_long_words": False}
    return "<br>".join(textwrap.wrap(text, width, break_on_hyphens=False, **whole)).replace("\u00a0", " ")


def tint(colour: str, alpha: float) -> str:
    """The colour, see-through, for bands behind lines."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def _plain(values: Any) -> list[Any]:
    """Values as JSON keeps them: six digits, and nothing where there is no number."""
    kept = [None if pd.isna(x) else x for x in values]
    return [float(f"{x:.6g}") if isinstance(x, (float, np.floating)) else x for x in kept]
