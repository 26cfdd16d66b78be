"""A learned triage: whether its probabilities are honest, whom it beats, and what it goes by."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures.style import COLOURS, INK, QUIET, cases_of, figure, lines, room_below

_PARTS = {
    "found": ("useful", "found: sent, and something changed"),
    "overuse": ("overuse", "needless: sent, and nothing changed"),
    "underuse": ("underuse", "missed: not sent, would have changed"),
}
_WHO = {"random": "at random", "rule_book": "rule book", "learned": "learned"}


def calibration(table: pd.DataFrame) -> go.Figure:
    """What learned probabilities promise against what came of it, group by group.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learning.calibration`.
    """
    promised = 100 * table["score"]
    lower, low, high, upper = (100 * table[name] for name in ("lower", "low", "high", "upper"))
    kept, groups, middle = promised.between(lower, upper).sum(), len(table), (low + high) / 2
    first, last = table.iloc[0], table.iloc[-1]
    fig = figure(
        f"Probabilities from {first['score']:.0%} to {last['score']:.0%} mean what they say in {kept} of "
        f"{groups} groups of cases".replace("%", "\N{NO-BREAK SPACE}%"),
        f"{table['n'].sum():,} {cases_of(table)}, each scored by a model that did not learn from it. "
        "Bars: 95 % interval (Wilson)" + (", unknown outcomes included." if table["unknown"].any() else "."),
        x="learned probability that an opinion changes something, % (mean of the group)",
        y="share in which it did, % of the group",
    )
    ends = [0, min(100, 1.15 * max(promised.max(), upper.max()))]
    fig.add_scatter(
        x=ends,
        y=ends,
        name="as promised",
        mode="lines",
        line={"color": COLOURS["all"], "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    fig.add_scatter(
        x=promised,
        y=middle,
        name=f"{groups} groups, from the lowest scores to the highest",
        mode="markers",
        marker={"color": COLOURS["learned"], "size": 9},
        error_y={"array": upper - middle, "arrayminus": middle - lower, "color": COLOURS["learned"]}
        | {"thickness": 1.5, "width": 0},
        hovertext=[_promise(row) for _, row in table.iterrows()],
        hoverinfo="text",
    )
    fig.update_xaxes(range=ends)
    fig.update_yaxes(range=ends)
    return _legend(fig, 2)


def same_volume(table: pd.DataFrame) -> go.Figure:
    """Chance, the rule book and a learned triage, each sending equally many: found, needless, missed.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learning.same_volume`, or several of them under one another.
    """
    rounds = [part.set_index("measure") for _, part in table.groupby(["level", "unknown"], sort=False)]
    fig = figure(
        _winner(rounds),
        f"{table['n'].iloc[0]:,} {cases_of(table)}, each scored by a model that did not learn from it. "
        "Line: 95 % interval of what the learned triage finds, compared in pairs with the rule book.",
        x="of 100 cases",
        height=30 + 150 * len(rounds),
    )
    places = [[4.7 * i + j for j in range(3)] for i in range(len(rounds))]
    y = [place for group in places for place in group]
    base = np.zeros(len(y))
    for measure, (colour, name) in _PARTS.items():
        long = np.array([part.loc[measure, who] for part in rounds for who in _WHO], float)
        fig.add_bar(
            y=y,
            x=long,
            base=base,
            orientation="h",
            width=0.8,
            name=name,
            marker={"color": COLOURS[colour], "line": {"color": "white", "width": 1}},
            text=[f"{value:.1f}" if value >= 9 else "" for value in long],
            textposition="inside",
            insidetextanchor="middle",
            constraintext="none",
            textfont={"color": "white" if measure == "found" else INK, "size": 12},
            hovertext=[_parts(part, who) for part in rounds for who in _WHO],
            hoverinfo="text",
        )
        base = base + np.nan_to_num(long)
    found = [part.loc["found"] for part in rounds]
    fig.add_scatter(
        x=[row["learned"] for row in found],
        y=[group[2] for group in places],
        mode="markers",
        marker={"color": INK, "size": 1},
        error_x={
            "array": [row["upper"] - row["difference"] for row in found],
            "arrayminus": [row["difference"] - row["lower"] for row in found],
            "color": INK,
            "thickness": 2,
            "width": 5,
        },
        showlegend=False,
        hovertext=[_difference(row) for row in found],
        hoverinfo="text",
        name="interval",
    )
    for group, part in zip(places, rounds, strict=True):
        fig.add_annotation(
            x=0,
            y=group[0] - 0.55,
            text=_heading(part.iloc[0]),
            align="left",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
        )
    fig.update_yaxes(tickvals=y, ticktext=list(_WHO.values()) * len(rounds), range=[y[-1] + 0.6, -1.9])
    fig.update_yaxes(showgrid=False)
    fig.update_layout(barmode="overlay")
    return _legend(fig, 3)


def importance(table: pd.DataFrame, silent: Collection[str] = (), *, most: int = 12) -> go.Figure:
    """What a learned triage goes by: how much worse it tells cases apart without each fact.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.insight.importance`.
    silent : list of str
        Facts that are known to tell nothing, as in a simulation. They are always drawn, and marked.
    most : int
        Facts to draw beside these, the most important first.
    """
    heard = table[~table["fact"].isin(silent)].head(most)
    rows = pd.concat([heard, table[table["fact"].isin(silent)]])[::-1]
    first, told = table.iloc[0], table.attrs["discrimination"] - 50
    ties = (table["upper"].iloc[1:] >= first["lower"]).sum()
    tie = f", in a tie with {ties} more" if ties else ""
    left = f", {table.attrs['unknown']:,} without a known outcome left out" if table.attrs["unknown"] else ""
    fig = figure(
        f"“{first['label'].capitalize()}” matters most{tie}: shuffling it costs {first['importance']:.1f} "
        f"of the {told:.1f} points by which the learned triage beats guessing",
        f"{table.attrs['n']:,} {cases_of(table)}{left}; each fact shuffled among cases that the model did "
        f"not learn from. Bars: 95 % interval over folds. {len(rows)} of {len(table)} facts are shown. "
        "Guessing has 50 points of discrimination, never erring 100.",
        x="points of discrimination lost",
        height=40 + 23 * len(rows),
    )
    for known, name, colour, symbol in (
        (False, "facts that may tell something", COLOURS["learned"], "circle"),
        (True, "tell nothing, by construction", QUIET, "diamond-open"),
    ):
        part = rows[rows["fact"].isin(silent) == known]
        if part.empty:
            continue
        fig.add_scatter(
            x=part["importance"],
            y=part["label"].str.capitalize(),
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_x={
                "array": part["upper"] - part["importance"],
                "arrayminus": part["importance"] - part["lower"],
                "color": colour,
                "thickness": 1.5,
                "width": 0,
            },
            hovertext=[_shuffled(row) for _, row in part.iterrows()],
            hoverinfo="text",
            showlegend=bool(len(silent)),
        )
    fig.add_vline(x=0, line={"color": COLOURS["all"], "dash": "dot", "width": 1.5})
    fig.update_yaxes(
        categoryorder="array",
        categoryarray=rows["label"].str.capitalize(),
        tickfont={"size": 12},
        range=[-0.7, len(rows) - 0.3],
    )
    return _legend(fig, 2 if len(silent) else 0)


def _winner(rounds: list[pd.DataFrame]) -> str:
    """Who finds more, as far as the paired intervals tell."""
    winners = [part.loc["found", "winner"] for part in rounds]
    row = rounds[0].loc["found"]
    if not row["winner"]:
        return "Unknown outcomes leave open who finds more at the same volume"
    sides = [
        f"the rule book finds {row['rule_book']:.1f} changes",
        f"the learned triage {row['learned']:.1f}",
    ]
    if row["winner"] == "learned triage":
        sides = [
            f"the learned triage finds {row['learned']:.1f} changes",
            f"the rule book {row['rule_book']:.1f}",
        ]
    known = ", ".join(sides) + (", too close to call" if row["winner"] == "neither" else "")
    title = f"With {row['sent']:.0f} of 100 cases sent, {known}"
    alike = winners.count(row["winner"])
    return title if alike == len(winners) else f"{title}; {alike} of {len(winners)} comparisons end so"


def _heading(row: pd.Series) -> str:
    words = "nobody" if row["unknown"] == "nobody" else "all they may"
    return (
        f"<b>{row['level']}: {row['sent']:.0f} of 100 sent</b><br>"
        f"<span style='font-size:12px;color:{QUIET}'>if unknown facts send {words}</span>"
    )


def _parts(part: pd.DataFrame, who: str) -> str:
    name = {"random": "A random choice", "rule_book": "The rule book", "learned": "The learned triage"}[who]
    found, overuse, underuse = (f"{part.loc[measure, who]:.1f}" for measure in _PARTS)
    return lines(
        f"{name} sends {part['sent'].iloc[0]:.1f} of 100 cases: {found} opinions change something, {overuse} "
        f"change nothing, and {underuse} changes are missed."
    )


def _difference(row: pd.Series) -> str:
    verdict = {"neither": "they cannot be told apart", "": "unknown outcomes leave it open"}
    return lines(
        f"Of 100 cases, the learned triage finds {row['difference']:+.1f} changes against the rule book "
        f"({row['lower']:+.1f} to {row['upper']:+.1f}): "
        f"{verdict.get(row['winner'], 'the ' + row['winner'] + ' finds more')}."
    )


def _promise(row: pd.Series) -> str:
    gap = f" (and is unknown in {row['unknown']:,.0f})" if row["unknown"] else ""
    return lines(
        f"{row['n']:,.0f} cases with a learned probability of {100 * row['score']:.1f} % on average: an "
        f"opinion changed something in {row['changed']:,.0f}{gap}, which is {100 * row['low']:.1f} % "
        f"({100 * row['lower']:.1f} to {100 * row['upper']:.1f} %)."
    )


def _shuffled(row: pd.Series) -> str:
    return lines(
        f"“{row['meaning']}” If its answers are shuffled among the cases, the learned triage loses "
        f"{row['importance']:.2f} points of discrimination ({row['lower']:.2f} to {row['upper']:.2f})."
    )


def _legend(fig: go.Figure, entries: int) -> go.Figure:
    return room_below(fig, 20 * entries).update_layout(legend={"traceorder": "normal"})
