"""Second readings of real breast aspirates."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.old_style import COLOURS, QUIET, band, figure, tint

_SAID = (
    "With a band of ±%{customdata[0]:.2f}, %{customdata[1]} of %{customdata[4]} aspirates are read again:<br>"
    "%{customdata[2]} of %{customdata[5]} wrong readings are caught, %{customdata[3]} second readings change "
    "nothing.<extra></extra>"
)


def second_readings(table: pd.DataFrame) -> go.Figure:
    """Errors caught against second readings that change nothing, over the width of the ambiguous band.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`secondop.evaluation.biopsies.second_readings` gives; bands 0 and 0.5 are drawn as "none" and
        "all".
    """
    table = table.sort_values("band")
    n, errors = int(table["n"].iloc[0]), int(table["errors"].iloc[0])
    table = table.assign(x=100 * table["false_positive"] / n, y=100 * table["true_positive"] / errors)
    half, ends = table[table["true_positive"] >= errors / 2], table[table["band"].isin([0.0, 0.5])]
    title = f"{errors} of {n} first readings are wrong; a narrow band finds many of them"
    if len(half):
        row = half.iloc[0]
        title = f"A band of ±{row['band']:.2f} catches {row['true_positive']:.0f} of {errors} wrong readings "
        title += f"for {row['x']:.1f} second readings per 100 that change nothing"
    note = f"{n} real breast aspirates, first read by a model out of fold. "
    fig = figure(
        title,
        note + "The second reading is assumed to be right.",
        x=f"second readings that change nothing, per 100 aspirates (of {n})",
        y=f"wrong first readings caught, % (of {errors})",
    )
    sure, pale = 100 * table[["sensitivity_lower", "sensitivity_upper"]], tint(COLOURS["recommended"], 0.12)
    band(fig, table["x"], *sure.to_numpy().T, pale, name="95 % interval (Wilson)")
    fig.add_scatter(
        x=table["x"],
        y=table["y"],
        mode="lines+markers",
        line={"color": COLOURS["recommended"], "shape": "linear"},
        name="ambiguous band, narrow to wide",
        customdata=table[["band", "referred", "true_positive", "false_positive", "n", "errors"]],
        hovertemplate=_SAID,
    )
    dots = {"color": COLOURS["all"], "dash": "dot"}
    chance = {"x": [0, 100 * (n - errors) / n], "y": [0, 100], "name": "read again at random"}
    at_random = "At random, errors caught and readings that change nothing grow together.<extra></extra>"
    fig.add_scatter(**chance, mode="lines", line=dots, hovertemplate=at_random)
    fig.add_scatter(
        x=ends["x"],
        y=ends["y"],
        mode="markers+text",
        text=["none" if width == 0 else "all" for width in ends["band"]],
        textposition=["bottom right" if width == 0 else "top left" for width in ends["band"]],
        textfont={"color": QUIET},
        marker={"color": COLOURS["all"], "size": 11, "symbol": "square"},
        showlegend=False,
        hovertemplate="%{text} of the aspirates read again<extra></extra>",
    )
    return fig.update_yaxes(range=[-9, 112])
