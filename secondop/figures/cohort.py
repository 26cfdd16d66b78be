"""How facts and outcomes of simulated cases go with a trait of the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from secondop.figures.style import TEMPLATE, figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def along_trait(table: pd.DataFrame) -> go.Figure:
    """Shares of yes among simulated cases, from the least to the most of a trait.

    Parameters
    ----------
    table : DataFrame
        One row per group of cases with equally many in each, from the least to the most of the trait, which
        the index is named after. One column of shares (0 to 1) per fact or outcome; the first makes the
        headline.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    trait, last = str(table.index.name or "trait"), len(table)
    change = table.iloc[-1] - table.iloc[0]
    first, least = table.columns[0], change.abs().idxmin()
    title = f"{_words(first).capitalize()}: {table[first].iloc[0]:.0%} at the least {trait}, "
    title += f"{table[first].iloc[-1]:.0%} at the most"
    if least != first:
        title += f"; {_words(least)} moves by {100 * abs(change[least]):.1f} points"
    fig = figure(
        title.replace("%", "\N{NO-BREAK SPACE}%"),
        f"Simulated cases in {last} equal groups by {trait}, which no record shows",
        x=f"group of cases, 1 with the least {trait}, {last} with the most",
        y="% of the cases of the group",
    )
    for place, name in enumerate(table):
        fig.add_scatter(
            x=list(range(1, last + 1)),
            y=100 * table[name],
            mode="lines+markers",
            name=_words(name),
            line={
                "color": TEMPLATE.layout.colorway[place % len(TEMPLATE.layout.colorway)],
                "dash": DASHES[place % len(DASHES)],
            },
            hovertemplate=f"{_words(name).capitalize()}: %{{y:.1f}} % of the cases<br>"
            f"in group %{{x}} of {last} by {trait}.<extra></extra>",
        )
    fig.update_yaxes(rangemode="tozero", ticksuffix="\N{NO-BREAK SPACE}%")
    fig.update_xaxes(dtick=1)
    return fig


def _words(name: object) -> str:
    return str(name).replace("_", " ")
