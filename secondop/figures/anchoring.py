"""Second readers who know the first opinion, against the same readers blinded."""

from __future__ import annotations

from html import escape

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.style import COLOURS, TEMPLATE, figure, wrap

_OUTCOMES = {
    "agree": "Both opinions give the same diagnosis",
    "corrected": "Errors of the first opinion caught",
    "spoiled": "Right first opinions spoiled",
    "gained": "Right diagnoses gained (net)",
    "treatment_changed": "Treatment changed",
}
_LOOKS = tuple(zip(TEMPLATE.layout.colorway, ("circle", "diamond", "square"), strict=False))
_LABEL, _READER = 24, 20  # heights; one unit of y is one pixel


def anchored(table: pd.DataFrame) -> go.Figure:
    """What knowing the first opinion changes, per 1,000 second opinions, with the odds ratio's interval.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`secondop.evaluation.anchoring.anchoring_effects` gives.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    kinds = list(table["readers"].unique())
    step = _LABEL + _READER * len(kinds) + 10
    height = step * table["outcome"].nunique() + 6
    fig = figure(
        *_finding(table),
        x="change per 1,000 second opinions obtained; 0 is the same readers blinded",
        height=height,
    )
    tops = {outcome: -6 - step * place for place, outcome in enumerate(table["outcome"].unique())}
    fig.add_vline(x=0, line={"color": COLOURS["none"], "dash": "dot", "width": 2})
    for outcome, rows in table.groupby("outcome", sort=False):
        text = f"{_name(outcome)}: {1000 * rows['blinded'].iloc[0]:.0f} if blinded"
        fig.add_annotation(
            x=0, xref="paper", xanchor="left", y=tops[outcome], yanchor="top", text=text, font_size=13,
            showarrow=False, bgcolor="white",
        )  # fmt: skip
    for place, (kind, rows) in enumerate(table.groupby("readers", sort=False)):
        colour, symbol = _LOOKS[place % len(_LOOKS)]
        change, lower, upper = (1000 * rows[c] for c in ("change", "change_lower", "change_upper"))
        fig.add_scatter(
            x=change,
            y=rows["outcome"].map(tops) - _LABEL - _READER * (place + 0.5),
            mode="markers",
            name=f"{escape(kind.split(',')[0], quote=False)}, odds ratio {rows['odds_ratio'].iloc[0]:g}",
            marker={"color": colour, "symbol": symbol, "size": 10},
            error_x={"array": upper - change, "arrayminus": change - lower, "color": colour, "thickness": 2},
            text=[_sentence(row) for row in rows.itertuples()],
            hovertemplate="%{text}<extra></extra>",
        )
    fig.update_yaxes(visible=False, range=[-height, 0], fixedrange=True)
    fig.update_xaxes(fixedrange=True)
    fig.update_layout(margin_l=14)
    return fig


def _name(outcome: str) -> str:
    return _OUTCOMES.get(outcome, outcome.replace("_", " ").capitalize())


def _sentence(row) -> str:
    blinded, known, change, lower, upper = (
        1000 * value for value in (row.blinded, row.known, row.change, row.change_lower, row.change_upper)
    )
    words = (
        f"{_name(row.outcome)}: {known:.1f} of 1,000 second opinions if anchored as {row.readers}, "
        f"{blinded:.1f} if blinded. The change is {change:+.1f} ({lower:+.1f} to {upper:+.1f} over the "
        "interval of the odds ratio)."
    )
    return "<br>".join(escape(line, quote=False) for line in wrap(words, 48))


def _finding(table: pd.DataFrame) -> tuple[str, str]:
    """The kind of reader that is anchored most: what agreement hides."""
    most = table[table["odds_ratio"] == table["odds_ratio"].max()].set_index("outcome")["change"] * 1000
    per = "Per 1,000 second opinions, readers who know the first agree"
    title = f"{per} on {_more(most['agree'])} and catch {_more(most['corrected'])} errors"
    kind = table.loc[table["odds_ratio"].idxmax(), "readers"].split(",")[0]
    return title, f"Title: anchored as {kind}. Simulated readers; bars carry the odds ratio's 95 % interval"


def _more(change: float) -> str:
    return f"{abs(change):.1f} {'fewer' if change < 0 else 'more'}"
