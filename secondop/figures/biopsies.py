"""Second readings of real biopsies."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.style import COLOURS, QUIET, figure, tint


def second_readings(table: pd.DataFrame) -> go.Figure:
    """Errors caught against needless second readings, over the width of the ambiguous band.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`secondop.evaluation.biopsies.second_readings` gives; bands 0 and 0.5 are drawn as "none" and
        "all".

    Returns
    -------
    plotly.graph_objects.Figure
    """
    table = table.sort_values("band")
    n, errors = int(table["n"].iloc[0]), int(table["errors"].iloc[0])
    needless = 100 * table["needless"] / table["n"]
    half = table[table["caught"] >= errors / 2].head(1)
    title = f"{errors} of {n} first readings are wrong; a narrow band finds many of them"
    if len(half):
        row = half.iloc[0]
        title = (
            f"A band of ±{row['band']:.2f} catches {row['caught']:.0f} of {errors} wrong readings "
            f"for {100 * row['needless'] / n:.1f} needless second readings per 100"
        )
    fig = figure(
        title,
        f"{n} real breast biopsies, first read by a model out of fold. "
        "The second reading is assumed to be right.",
        x=f"needless second readings per 100 biopsies (of {n})",
        y=f"wrong first readings caught, % (of {errors})",
    )
    fig.add_scatter(
        x=[*needless, *needless[::-1]],
        y=[*(100 * table["caught_upper"]), *(100 * table["caught_lower"][::-1])],
        fill="toself",
        fillcolor=tint(COLOURS["recommended"], 0.12),
        line={"width": 0},
        hoverinfo="skip",
        name="95 % interval (Wilson)",
    )
    fig.add_scatter(
        x=needless,
        y=100 * table["caught"] / errors,
        mode="lines+markers",
        line={"color": COLOURS["recommended"], "shape": "linear"},
        name="ambiguous band, narrow to wide",
        customdata=table[["band", "sent", "caught", "needless", "n", "errors"]],
        hovertemplate="With a band of ±%{customdata[0]:.2f}, %{customdata[1]} of %{customdata[4]} biopsies "
        "are read again:<br>%{customdata[2]} of %{customdata[5]} wrong readings are caught, "
        "%{customdata[3]} second readings are needless.<extra></extra>",
    )
    ends = table[table["band"].isin([0.0, 0.5])]
    fig.add_scatter(
        x=[0, 100 * (n - errors) / n],
        y=[0, 100],
        mode="lines",
        line={"color": COLOURS["all"], "dash": "dot"},
        name="read again at random",
        hovertemplate="At random, needless and useful second readings grow together.<extra></extra>",
    )
    fig.add_scatter(
        x=100 * ends["needless"] / n,
        y=100 * ends["caught"] / errors,
        mode="markers+text",
        text=["none" if band == 0 else "all" for band in ends["band"]],
        textposition=["bottom right" if band == 0 else "top left" for band in ends["band"]],
        textfont={"color": QUIET},
        marker={"color": COLOURS["all"], "size": 11, "symbol": "square"},
        showlegend=False,
        hovertemplate="%{text} of the biopsies read again<extra></extra>",
    )
    fig.update_yaxes(range=[-9, 112])
    return fig
