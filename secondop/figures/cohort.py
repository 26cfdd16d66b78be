"""How facts and outcomes of simulated cases go with a trait of the case, or with a parameter."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.cohorts.words import parameter_words
from secondop.figures import style
from secondop.figures.captions import capital
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, SPARE

_COLOURS = (COLOURS["recommended"], *SPARE[:5])
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@draws("cohort.groupby(...).mean()")
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
    title = f"{capital(_words(first))}: {table[first].iloc[0]:.0%} at the least {trait}, "
    title += f"{table[first].iloc[-1]:.0%} at the most"
    title += f"; {_words(least)} moves by {100 * abs(change[least]):.1f} points" * (least != first)
    note = f"Simulated cases in {last} equal groups by {trait}, which no record shows."
    x = f"group of cases, 1 with the least {trait}, {last} with the most"
    made = style.figure(title.replace("%", " %"), note, x=x, y="% of the cases of the group")
    table = 100 * table.astype(float).set_axis(pd.Index(range(1, last + 1)))
    groups = [f"{i} of {last} by {trait}" for i in table.index]
    made.fig.update_layout(xaxis={"dtick": 1}, yaxis={"range": [0, 1.08 * max(table.max().max(), 1)]})
    return _lines(made, table, {"group": groups}, "share of its cases", "{:.1f} %", 0.6)


@draws("along")
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
    title = f"{capital(_words(most))}: {first:.0f} per 1,000 at {values[0]:g}, "
    title += f"{last:.0f} at {values[-1]:g} of “{name}”"
    note = (
        "Shares that an endless simulated cohort would have, of all cases; “seekers”: of those who sought an "
    )
    note += "opinion; “second right”: of opinions that differ."
    made = style.figure(title, note, x=name, y=f"change per 1,000, from that at {values[0]:g}")
    low, high = min(change.min().min(), 0), max(change.max().max(), 0)
    pad = 0.08 * (high - low or 1)
    made.fig.update_layout(yaxis={"range": [low - pad, high + pad]})
    return _lines(made, change, {name: [f"{value:g}" for value in values]}, "change per 1,000", "{:+.1f}")


def _lines(
    made: style.Drawing, table: pd.DataFrame, at: dict[str, list[str]], what: str, form: str, where: float = 1
) -> go.Figure:
    """A line for each column, over the index; those that move most have a colour and their name."""
    x = table.index.tolist()
    pad = 0.03 * (x[-1] - x[0] or 1)
    made.fig.update_layout(xaxis={"range": [x[0] - pad, x[-1] + pad]})
    order = (table.iloc[-1] - table.iloc[0]).abs().sort_values(ascending=False, kind="stable").index
    named = [column for column in table if column in order[: len(_COLOURS)]]
    looks = dict(zip(named, zip(_COLOURS, _DASHES, strict=True), strict=False))
    for column in table:
        colour, dash = looks.get(column, (style.LIGHT["axis"], "solid"))
        shown = {"rate": capital(_words(column))} | at | {what: table[column].map(form.format).tolist()}
        look = {"mode": "lines+markers", "line": {"color": colour, "dash": dash}, "name": _words(column)}
        made.points(x, table[column], pd.DataFrame(shown), **look)
    if len(named) < len(table.columns):
        made.note += f" Grey: {len(table.columns) - len(named)} more, which move less."
    for column in sorted(named, key=list(order).index):
        i = round(where * (len(x) - 1))
        made.name(x[i], table[column].iloc[i], _words(column), looks[column][0])
    return made.done()


def _words(name: object) -> str:
    """A fact, an outcome or a rate, as one says it."""
    said = str(name).removesuffix("_sought").replace("_", " ")
    return f"{said} (seekers)" if str(name).endswith("_sought") else said
