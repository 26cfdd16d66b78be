"""How facts and outcomes of simulated cases go with a trait of the case, or with a parameter."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.cohorts.words import parameter_words
from secondop.figures.old_style import TEMPLATE, figure, room_below

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def along_trait(table: pd.DataFrame) -> go.Figure:
    """Shares of yes among simulated cases, from the least to the most of a trait.

    Parameters
    ----------
    table : DataFrame
        One row per group of equally many cases, from the least to the most of the trait, which the index is
        named after. One column of shares (0 to 1) per fact or outcome; the first makes the headline.
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
    said = f"%{{y:.1f}} % of the cases<br>in group %{{x}} of {last} by {trait}."
    _draw(fig, 100 * table.set_axis(range(1, last + 1)), said)
    fig.update_yaxes(rangemode="tozero", ticksuffix="\N{NO-BREAK SPACE}%")
    return fig.update_xaxes(dtick=1)


def along(table: pd.DataFrame) -> go.Figure:
    """How the rates of a scenario change with one parameter, against its first value.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.cohorts.outcomes.along`: a row per value, in the index, which is named after the
        parameter; one column of shares (0 to 1) per rate.
    """
    name, values = parameter_words(str(table.index.name or "the parameter")), table.index
    change = 1000 * (table - table.iloc[0])
    most = change.iloc[-1].abs().idxmax()
    first, last = 1000 * table[most].iloc[[0, -1]]
    title = f"{_words(most).capitalize()}: {first:.0f} per 1,000 at {values[0]:g}, "
    title += f"{last:.0f} at {values[-1]:g} of “{name}”"
    fig = figure(
        title,
        "Shares that an endless simulated cohort would have, of all cases; “of those who sought” of these, "
        "“second right” of opinions that differ",
        x=name,
        y=f"change per 1,000, from that at {values[0]:g}",
    )
    _draw(fig, change, f"%{{y:+.1f}} per 1,000<br>from {values[0]:g} to %{{x:g}} of<br>“{name}”.")
    return room_below(fig)


def _draw(fig: go.Figure, table: pd.DataFrame, said: str) -> None:
    """A line for each column, over the index."""
    for place, column in enumerate(table):
        colour, dash = (looks[place % len(looks)] for looks in (TEMPLATE.layout.colorway, DASHES))
        fig.add_scatter(
            x=table.index.tolist(),
            y=table[column],
            mode="lines+markers",
            name=_words(column),
            line={"color": colour, "dash": dash},
            hovertemplate=f"{_words(column).capitalize()}: {said}<extra></extra>",
        )


def _words(name: object) -> str:
    """A fact, an outcome or a rate, as one says it."""
    said = str(name).removesuffix("_sought").replace("_", " ")
    return f"{said}, of those who sought" if str(name).endswith("_sought") else said
