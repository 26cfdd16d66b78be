"""How facts and outcomes of simulated cases go with a trait of the case."""

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.figures.captions import capital, spoken, texts
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, SPARE, figure

_LOOKS = (COLOURS["recommended"], *SPARE), ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


@draws("cohort.groupby(...).mean()")
def along_trait(table: pd.DataFrame) -> go.Figure:
    """Shares of yes among simulated cases, from the least to the most of a trait.

    A row is a group of equally many cases, from the least to the most of the trait, which the index is named
    after; a column holds the shares (0 to 1) of a fact or an outcome. The first makes the headline.
    """
    shares = 100 * table.apply(pd.to_numeric, errors="coerce")
    odd = [str(name) for name in shares if not shares[name].between(0, 100).all()]
    if odd or len(table) < 2:
        what = (
            f"Other things are in {', '.join(odd[:8])}: leave these out" if odd else "This table has one row"
        )
        raise SecondopError(
            f"The figure along_trait draws two groups or more, of shares from 0 to 1. {what}."
        )
    trait, n, groups = table.index.name or "trait", len(table), [*range(1, len(table) + 1)]
    change = (shares.iloc[-1] - shares.iloc[0]).abs().sort_values(ascending=False)
    name, least, (start, *_, end) = shares.columns[0], change.index[-1], shares.iloc[:, 0]
    title = f"{capital(spoken(name))}: {start:.0f} % at the least {trait}, {end:.0f} % at the most"
    title += f"; {spoken(least)} moves by {change[least]:.1f} points" * (least != name)
    note = f"Simulated cases in {n} equal groups by {trait}, which no record shows."
    x = f"group of cases, 1 with the least {trait}, {n} with the most"
    made = figure(title, note, x=x, y="% of the cases of the group")
    made.across = {"range": [1 - 0.03 * n, 1.03 * n], "dtick": 1}
    made.up["range"] = [0, 1.08 * max(shares.max().max(), 1)]
    for i, name in enumerate(change.index):  # what moves most first
        words, colour, dash = spoken(name), *(look[i % len(look)] for look in _LOOKS)
        shown = pd.DataFrame({"share": capital(words), "group": [f"{at} of {n} by {trait}" for at in groups]})
        shown["share of its cases, %"] = texts(shares, name)
        made.points(
            groups,
            shares[name],
            shown,
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            name=words,
        )
        made.name(groups[round(0.6 * (n - 1))], shares[name].iloc[round(0.6 * (n - 1))], words, colour)
    return made.done()
