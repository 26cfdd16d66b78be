"""How facts and outcomes of simulated cases go with a trait of the case, or with a parameter."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.cohorts.parameters import parameter_words
from secondop.figures import style
from secondop.figures.captions import capital, spoken
from secondop.figures.given import draws, only_shares
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
    only_shares("along_trait", "cohort.groupby(...).mean()", table)
    trait, last, name = str(table.index.name or "trait"), len(table), table.columns[0]
    shares = 100 * table.astype(float).set_axis(range(1, last + 1))
    title = f"{capital(_words(name))}: {shares[name][1]:.0f} % at the least {trait}, "
    change = (shares.loc[last] - shares.loc[1]).abs()
    title += f"{shares[name][last]:.0f} % at the most"
    if (least := change.idxmin()) != name:
        title += f"; {_words(least)} moves by {change[least]:.1f} points"
    note = f"Simulated cases in {last} equal groups by {trait}, which no record shows."
    x = f"group of cases, 1 with the least {trait}, {last} with the most"
    made = style.figure(title, note, x=x, y="% of the cases of the group")
    made.fig.update_layout(xaxis={"dtick": 1}, yaxis={"range": [0, 1.08 * max(shares.max().max(), 1)]})
    groups = [f"{i} of {last} by {trait}" for i in shares.index]
    return _lines(made, shares, {"group": groups}, "share of its cases", "{:.1f} %", 0.6)


@draws("along")
def along(table: pd.DataFrame) -> go.Figure:
    """How the rates of a scenario change with one parameter, against its first value.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.cohorts.outcomes.along`: a row per value, in the index, which is named after the
        parameter; one column of shares (0 to 1) per rate.
    """
    only_shares("along", "along", table)
    name, values = parameter_words(str(table.index.name or "the parameter")), table.index
    change = 1000 * (table - table.iloc[0])
    most = change.iloc[-1].abs().idxmax()
    first, last = 1000 * table[most].iloc[[0, -1]]
    title = f"{capital(_words(most))}: {first:.0f} per 1,000 at {values[0]:g}, "
    title += f"{last:.0f} at {values[-1]:g} of “{name}”"
    note = "Shares that an endless simulated cohort would have, of all cases; “seekers”: of those who sought "
    note += "an opinion; “second right”: of opinions that differ."
    made = style.figure(title, note, x=name, y=f"change per 1,000, from that at {values[0]:g}")
    made.fig.update_yaxes(range=style.reach(change))
    return _lines(made, change, {name: [f"{value:g}" for value in values]}, "change per 1,000", "{:+.1f}", 1)


def _lines(
    made: style.Drawing, table: pd.DataFrame, at: dict[str, list[str]], what: str, form: str, where: float
) -> go.Figure:
    """A line for each column, over the index; those that move most have a colour and their name."""
    x, more = table.index.tolist(), len(table.columns) - len(_COLOURS)
    pad = 0.03 * (x[-1] - x[0] or 1)
    made.fig.update_layout(xaxis={"range": [x[0] - pad, x[-1] + pad]})
    order = (table.iloc[-1] - table.iloc[0]).abs().sort_values(ascending=False, kind="stable").index
    looks = dict(zip(order, zip(_COLOURS, _DASHES, strict=True), strict=False))
    for column in (*order[len(looks) :], *looks):  # those without a name below the others
        colour, dash = looks.get(column, (style.LIGHT["axis"], "solid"))
        look = {"mode": "lines+markers", "line": {"color": colour, "dash": dash}, "name": _words(column)}
        shown = (
            {"rate": capital(_words(column))}
            | at
            | {what: [form.format(round(y, 1) + 0.0).replace("-", "−") for y in table[column]]}
        )
        made.points(x, table[column], pd.DataFrame(shown), **look)
        if column in looks:
            spot = round(where * (len(x) - 1))
            made.name(x[spot], table[column].iloc[spot], _words(column), colour)
    made.note += f" Grey: {more} more, which move less." * (more > 0)
    return made.done()


def _words(name: object) -> str:
    """A fact, an outcome or a rate, as one says it."""
    said = spoken(str(name).removesuffix("_sought"))
    return said + " (seekers)" * str(name).endswith("_sought")
