"""Over-calls against under-calls under each strategy for second readings."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from secondop.figures.old_style import COLOURS, TEMPLATE, figure, interval, line

SYMBOLS = ("circle", "diamond-open", "square-open", "cross-open")  # the first basis is filled
_SAID = (
    "Second reading: {strategy} ({basis}).<br>Of 100 readings of cases that are truly {reference_class},<br>"
    "{grave:.1f} are called too grave and {mild:.1f} too mild."
)


def strategies(table: pd.DataFrame) -> go.Figure:
    """Draw over against under, one panel per class, one colour per strategy in the order of the table.

    Fewer wrong answers lie towards the lower left; a strategy that only trades one error for the other
    moves along the dashed line through the first strategy of the panel. Each panel and axis has its own
    scale.

    Parameters
    ----------
    table : DataFrame
        From `read_strategies`: ``strategy``, ``reference_class``, ``over``, ``under`` as shares, and where
        known their ``_lower`` and ``_upper``. With a column ``basis`` (say, "simulated" and "published")
        each basis has its own symbol; the first is filled. Classes without over and under are left out.
    """
    table = table.dropna(subset=["over", "under"])
    table = table if "basis" in table else table.assign(basis="simulated")
    classes, names, bases = (list(table[c].unique()) for c in ("reference_class", "strategy", "basis"))
    colours = {"none": COLOURS["none"]}
    colours |= zip([n for n in names if n != "none"], TEMPLATE.layout.colorway * len(names), strict=False)
    symbols = dict(zip(bases, SYMBOLS * len(bases), strict=False))
    columns = min(2, len(classes))
    rows = -(-len(classes) // columns)
    axes, height = "under-called, → over-called, % of readings", 330 * rows
    fig = make_subplots(
        figure=figure(*_finding(table, bases[0]), y=axes, height=height),
        rows=rows,
        cols=columns,
        subplot_titles=[f"truly {name}" for name in classes],
        horizontal_spacing=0.1,
        vertical_spacing=0.16,
    )
    said = table.assign(grave=100 * table["over"], mild=100 * table["under"]).to_dict("records")
    table = table.assign(said=[_SAID.format(**row) for row in said])
    for number, one_class in enumerate(classes):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        panel = table[table["reference_class"] == one_class]
        wrong = 100 * panel.iloc[0][["over", "under"]].sum()
        look = {"color": "#999999", "dash": "dash", "width": 1}
        as_many = {"name": f"as many wrong as under '{names[0]}'", "legendgroup": "line"}
        line(fig, [0, wrong], [wrong, 0], look, showlegend=number == 0, **as_many, **place)
        for (basis, name), dots in panel.groupby(["basis", "strategy"], sort=False):
            colour = colours[name]
            look = {"symbol": symbols[basis], "color": colour, "size": 10}
            fig.add_scatter(
                x=100 * dots["over"],
                y=100 * dots["under"],
                mode="markers",
                name=f"{name} ({basis})",
                error_x=_interval(dots, "over"),
                error_y=_interval(dots, "under"),
                marker=look | {"line": {"color": colour, "width": 2}},
                legendgroup=name,
                showlegend=False,
                text=dots["said"],
                hovertemplate="%{text}<extra></extra>",
                **place,
            )
        most = {"x": 110 * panel["over"].max(), "y": 110 * panel["under"].max()}
        for axis, update in (("x", fig.update_xaxes), ("y", fig.update_yaxes)):
            end = max(most[axis], max(most.values()) / 4)  # a panel with one kind of error still has two axes
            update(range=[-0.05 * end, end], **place)
    keys = {name: {"color": colours[name]} for name in names}
    keys |= {basis: {"color": "#666666", "symbol": symbols[basis]} for basis in bases}
    for label, marker in keys.items():
        key = {"mode": "markers", "marker": marker | {"size": 11}, "name": label, "legendgroup": label}
        fig.add_scatter(x=[None], y=[None], **key)
    fig.update_annotations(font_size=14)  # the names of the panels
    return fig.update_layout(legend_y=-36 / height)


def _interval(dots, column) -> dict | None:
    """Error bars in percent, where the table has an interval."""
    if f"{column}_lower" not in dots or dots[f"{column}_lower"].isna().all():
        return None
    value, lower, upper = (100 * dots[c] for c in (column, f"{column}_lower", f"{column}_upper"))
    return {"type": "data"} | interval(value, lower, upper, thickness=1, width=3)


def _finding(table, basis) -> tuple[str, str]:
    """The class whose under-calls a strategy raises most against the first strategy; and what is shown."""
    shown = f"Each panel: readings of cases truly of one class ({', '.join(table['basis'].unique())})"
    table = table[table["basis"] == basis].set_index(["reference_class", "strategy"])[["under", "over"]]
    first = table.index.get_level_values("strategy")[0]
    change = table - table.xs(first, level="strategy").reindex(table.index, level="reference_class")
    if change["under"].max() <= 0:
        return f"No strategy under-calls more often than '{first}'", shown
    name, strategy = change["under"].idxmax()
    before, after = 100 * table.loc[(name, first)], 100 * table.loc[(name, strategy)]
    over = "fall" if after["over"] < before["over"] else "do not fall"
    over = f"{over} ({before['over']:.1f} to {after['over']:.1f}\N{NO-BREAK SPACE}%)"
    under = f"rise ({before['under']:.1f} to {after['under']:.1f}\N{NO-BREAK SPACE}%)"
    return f"Over-calls of {name} {over}, under-calls {under} under '{strategy}'", shown
