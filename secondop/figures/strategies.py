"""What each strategy for second readings does to over- and under-calls, class by class."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures.captions import texts
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, Drawing, Panel, axes, figure, lines_of, reach, whisker

_KINDS, _HEIGHT = ("over", "under"), 180  # called too severe, and too mild; of a panel, in px
_LOOKS = ("solid", "circle"), ("dash", "circle-open")  # of the first basis, and of another


@draws("read_strategies", "strategy", "reference_class", "over", "under")
def read_strategies(table: pd.DataFrame) -> go.Figure:
    """Slopes from the first strategy to each other one, a panel a class, all on one scale.

    The strategy of the title is coloured. Of a ``basis`` column ("model", "paper") the second is dashed.
    """
    rows = table.dropna(subset=["over", "under"]).reset_index(drop=True)
    rows = rows if "basis" in rows else rows.assign(basis="")
    ends = [f"{kind}{end}" for kind in _KINDS for end in ("", "_lower", "_upper")]
    rows[ends] = 100 * rows.reindex(columns=ends).astype(float)
    first, second = rows["strategy"][0], rows["basis"] != rows["basis"][0]
    title, named = _finding(rows[~second])
    note = "Each panel: of 100 readings of cases that are truly of its class. A line that falls: fewer wrong."
    note += f" Coloured: “{named}”." if named else ""
    if (rows["under_upper"] > rows["under_lower"]).any():
        note += " Thin: 95 % interval of the simulation."
    note += f" Solid: {rows['basis'][0]}." if second.any() else ""
    note += "".join(f" Dashed: {basis}." for basis in rows.loc[second, "basis"].unique())
    x = f"from {'a single reader' if first == 'none' else f'“{first}”'} to each strategy"
    made = figure(title, note, x=x, y="wrong answers, % of readings")
    classes = rows["reference_class"]
    heads = "truly " + classes.drop_duplicates()
    made.panels = [Panel(head, column=i % 2, size=_HEIGHT) for i, head in enumerate(heads)]
    made.across = {"range": [-0.25, 5.8], "tickvals": [0.5, 2.5], "ticktext": ["over-called", "under-called"]}
    made.up = {"range": reach(rows[ends], 0.1)}
    shown = pd.DataFrame({"strategy": rows["strategy"] + ", truly " + classes})
    shown["strategy"] += (" (" + rows["basis"] + ")").where(rows["basis"] != "", "")
    for kind in _KINDS:
        shown[f"{kind}-called, %"] = texts(rows, kind, f"{kind}_lower", f"{kind}_upper")
    if "second" in rows:
        shown["read twice, %"] = texts(100 * rows[["second"]], "second")
    rows["colour"] = np.where(rows["strategy"] == named, COLOURS["recommended"], COLOURS["none"])
    rows["moved"] = (rows["strategy"] != first).astype(int)
    rows["panel"] = rows.groupby("reference_class", sort=False).ngroup()
    ordered = rows.sort_values("colour", key=lambda colours: colours == COLOURS["recommended"], kind="stable")
    for (panel, basis), part in ordered.groupby(["panel", "basis"]):  # the coloured one last, over the others
        start, (dash, symbol) = part.iloc[0], _LOOKS[int(basis != rows["basis"][0])]
        for i, row in part.iterrows():
            at, colour, values = [row["moved"], 2 + row["moved"]], row["colour"], row[[*_KINDS]]
            slopes = [start["over"], values["over"], None, start["under"], values["under"]]
            made.line([0, at[0], None, 2, at[1]], slopes, colour, dash=dash, panel=panel)
            lower, upper = (row[[f"{kind}_{end}" for kind in _KINDS]] for end in ("lower", "upper"))
            look = {"marker": {"color": colour, "symbol": symbol, "size": 8}, "cliponaxis": False}
            look["error_y"] = whisker(values, lower, upper, colour)
            made.points(at, values, shown.loc[[i, i]], panel=panel, **look)
    for panel, part in rows[~second & (rows["moved"] == 1)].groupby("panel"):
        _names(made, part, panel)
    return made.done()


def _names(made: Drawing, rows: pd.DataFrame, panel: int) -> None:
    """The names of strategies right of their slopes, in their order, none over another."""
    rows = rows.assign(text=[lines_of(name, 17) for name in rows["strategy"]]).sort_values("under")
    low, top = made.up["range"]
    high = 16 / _HEIGHT * (top - low) * (1 + rows["text"].str.count("<br>"))
    if high.sum() > top - low:  # too many for the room: that of the title alone
        rows = rows[rows["colour"] == COLOURS["recommended"]]
        high = high[rows.index]
    packed = low + high.cumsum() - high / 2  # from the foot of the panel on, and each as low as its mark
    spots = packed + (rows["under"] - packed).clip(lower=0).cummax()
    spots = spots.clip(upper=packed + top - low - high.sum())
    for y, row in zip(spots, rows.to_dict("records"), strict=True):
        colour = row["colour"] if row["colour"] == COLOURS["recommended"] else QUIET
        made.line([3.1, 3.4], [row["under"], y], colour, width=1, panel=panel)
        on = dict(zip(("xref", "yref"), axes(panel).values(), strict=True))
        look = {"xanchor": "left", "align": "left", "font": {"size": 12, "color": colour}}
        made.fig.add_annotation(text=row["text"], x=3.45, y=y, showarrow=False, **on, **look)


def _finding(rows: pd.DataFrame) -> tuple[str, str]:
    """The class whose under-calls a strategy raises most, as far as a simulation tells; and that strategy."""
    first = rows["strategy"].iloc[0]
    before = rows[rows["strategy"] == first].set_index("reference_class")
    rows = rows.join(before[["over", "under", "under_upper"]].add_suffix("_before"), on="reference_class")
    sure = rows["under_lower"].fillna(rows["under"]) > rows["under_upper_before"].fillna(rows["under_before"])
    if not sure.any():
        return f"No strategy surely under-calls more often than “{first}”", ""
    row = rows.loc[(rows["under"] - rows["under_before"]).where(sure).idxmax()]
    over, under = (f"{row[f'{kind}_before']:.1f} to {row[kind]:.1f} %" for kind in _KINDS)
    fall = "fall" if row["over"] < row["over_before"] else "do not fall"
    told = f"Under “{row['strategy']}”, over-calls of {row['reference_class']} {fall} ({over})"
    return f"{told} and under-calls rise ({under})", row["strategy"]
