"""What each strategy for second readings does to over- and under-calls, class by class."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures import style
from secondop.figures.captions import with_ends
from secondop.figures.given import draws
from secondop.figures.style import COLOURS

_LOOKS = (("circle", "solid", "Solid"), ("diamond-open", "dash", "Dashed"), ("square-open", "dot", "Dotted"))
_PLACES = {"over": (0, 1), "under": (2, 3)}  # where a single reader stands, and the strategy


@draws("read_strategies", "strategy", "reference_class", "over", "under")
def read_strategies(table: pd.DataFrame) -> go.Figure:
    """Slopes from the first strategy to each other one, a panel a class, all on one scale.

    The strategy that the title names is coloured, the others are grey. A slope that falls is fewer wrong
    answers of that kind.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.readers.strategies.read_strategies`; its first strategy, such as none, is where
        slopes start. With a column ``basis`` (say, "model" and "paper") each has its own symbol and dash.
        Classes without over and under are left out.
    """
    rows = table.dropna(subset=["over", "under"])
    rows = rows if "basis" in rows else rows.assign(basis="")
    ends = [f"{kind}{end}" for kind in _PLACES for end in ("", "_lower", "_upper")]
    rows = rows.assign(**{end: 100 * rows[end] if end in rows else np.nan for end in ends})
    looks = {basis: _LOOKS[i % len(_LOOKS)] for i, basis in enumerate(rows["basis"].unique())}
    first, main = rows["strategy"].iloc[0], rows[rows["basis"] == rows["basis"].iloc[0]]
    title, named = _finding(main)
    note = "Each panel: of 100 readings of cases that are truly of its class."
    note += f" Coloured: “{named}”." * bool(named)
    doubted = bool((rows["under_upper"] > rows["under_lower"]).any())
    note += " Thin: 95 % interval of the simulation." * doubted
    note += "".join(f" {look}: {basis}." for basis, (_, _, look) in looks.items() if basis)
    classes = rows.groupby("reference_class", sort=False)
    panels = [style.Panel(f"truly {name}", column=i % 2, size=190) for i, name in enumerate(classes.groups)]
    start = "a single reader" if first == "none" else f"“{first}”"
    made = style.ladder(title, note, panels, x=f"from {start} to each strategy")
    made.y = "wrong answers, % of readings"
    made.across(range=[-0.25, 5.8], tickvals=[0.5, 2.5], ticktext=["over-called", "under-called"])
    top = 1.1 * max(rows[ends].max().max(), 1)
    for panel, (name, own) in enumerate(classes):
        made.fig.update_layout({f"yaxis{style.axes(panel)['yaxis'][1:]}": {"range": [-0.03 * top, top]}})
        for basis, some in own.groupby("basis", sort=False):
            for _, row in some.sort_values("strategy", key=lambda x: x == named, kind="stable").iterrows():
                _slopes(made, some.iloc[0], row, panel, row["strategy"] == named, looks[basis])
        told = main[(main["reference_class"] == name) & (main["strategy"] != first)]
        _labels(made, told.sort_values("under"), panel, named, top)
    return made.done()


def _slopes(
    made: style.Drawing, begin: pd.Series, row: pd.Series, panel: int, named: bool, look: tuple
) -> None:
    """How often a strategy calls too severe and too mild, each from where the first strategy stands."""
    what = f"{row['strategy']}, truly {row['reference_class']}" + f" ({row['basis']})" * bool(row["basis"])
    said, colour = {"strategy": what}, COLOURS["recommended" if named else "none"]
    for kind in _PLACES:
        said[f"{kind}-called"] = with_ends(*row[[kind, f"{kind}_lower", f"{kind}_upper"]], unit=" %")
    if not pd.isna(row.get("second")):
        said["read twice"] = f"{100 * row['second']:.1f} %"
    for kind, (left, right) in _PLACES.items():
        at = left if row["strategy"] == begin["strategy"] else right
        made.line([left, at], [begin[kind], row[kind]], colour, dash=look[1], **style.axes(panel))
        bars = style.whisker([row[kind]], [row[f"{kind}_lower"]], [row[f"{kind}_upper"]], colour)
        marker = {"color": colour, "symbol": look[0], "size": 8}
        made.points([at], [row[kind]], pd.DataFrame([said]), panel=panel, marker=marker, error_y=bars)


def _labels(made: style.Drawing, rows: pd.DataFrame, panel: int, named: str, top: float) -> None:
    """The names of strategies right of their slopes, in their order, none over another."""
    texts = [style.lines_of(escape(name, quote=False), 17) for name in rows["strategy"]]
    high = np.array([0.085 * top * (1 + text.count("<br>")) for text in texts])
    if high.sum() > top and len(rows) > 1:  # too many names for the room: that of the title alone
        return _labels(made, rows[rows["strategy"] == named], panel, named, top)
    packed, on = high.cumsum() - high / 2, style.axes(panel)
    spots = packed + np.maximum.accumulate(np.maximum(rows["under"] - packed, 0))
    spots = np.minimum(spots, packed + top - high.sum())
    for at, name, text, y in zip(rows["under"], rows["strategy"], texts, spots, strict=True):
        colour = COLOURS["recommended"] if name == named else style.QUIET
        made.line([3.1, 3.4], [at, y], colour, width=1, **on)
        place = {"x": 3.45, "y": y, "xref": on["xaxis"], "yref": on["yaxis"], "xanchor": "left"}
        look = {"showarrow": False, "align": "left", "font": {"size": 12, "color": colour}}
        made.fig.add_annotation(text=text, **place, **look)


def _finding(rows: pd.DataFrame) -> tuple[str, str]:
    """The class whose under-calls a strategy raises most, as far as a simulation tells; and that strategy."""
    first = rows["strategy"].iloc[0]
    before = rows[rows["strategy"] == first].set_index("reference_class")
    rows = rows.join(before[["over", "under", "under_upper"]].add_suffix("_before"), on="reference_class")
    sure = rows["under_lower"].fillna(rows["under"]) > rows["under_upper_before"].fillna(rows["under_before"])
    if not sure.any():
        return f"No strategy surely under-calls more often than “{first}”", ""
    row = rows.loc[(rows["under"] - rows["under_before"]).where(sure).idxmax()]
    over, under = (f"{row[f'{kind}_before']:.1f} to {row[kind]:.1f} %" for kind in _PLACES)
    fall = "fall" if row["over"] < row["over_before"] else "do not fall"
    told = f"Under “{row['strategy']}”, over-calls of {row['reference_class']} {fall} ({over})"
    return f"{told} and under-calls rise ({under})", row["strategy"]
