"""A learned triage: whether its probabilities are honest, whom it beats, and what it goes by."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET

_PARTS = {
    "true_positive": ("useful", "referred, something changes"),
    "false_positive": ("overuse", "referred, nothing changes: possible overuse"),
    "false_negative": ("underuse", "not referred, would have changed: missed"),
}
_WHO = {"random": "A random choice", "rule_book": "The rule book", "learned": "The learned triage"}
_DOTS = {"color": COLOURS["all"], "dash": "dot", "width": 1.5}
_PROMISE = (
    "{n:,.0f} cases with a probability of {score:.1f} % on average: it came true in {changed:,.0f}{gap}, "
    "which is {min:.1f} % ({lower:.1f} to {upper:.1f} %)."
)
_REFERS = (
    "{who} refers {sent:.1f} of 100 cases: {true_positive:.1f} change something, {false_positive:.1f} change "
    "nothing, and {false_negative:.1f} changes are missed."
)
_DIFFERENCE = (
    "Of 100 cases, the learned triage finds {difference:+.1f} changes against the rule book ({lower:+.1f} to "
    "{upper:+.1f}): {verdict}."
)
_SHUFFLED = (
    "“{question}” If its answers are shuffled among the cases, the learned triage loses {importance:.2f} "
    "points of AUC ({lower:.2f} to {upper:.2f})."
)


def calibration(table: pd.DataFrame) -> go.Figure:
    """Probabilities against what came of them, group by group, with the calibration slope.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learned.calibration`.
    """
    shown = table.assign(**(100 * table[["score", "lower", "min", "max", "upper"]]))
    shown["gap"] = [f" (and is unknown in {n:,.0f})" if n else "" for n in table["unknown"]]
    score, groups = shown["score"], len(table)
    bars = "Bars: 95 % interval (Wilson)" + (", unknown outcomes included." if shown["gap"].any() else ".")
    told = f"{table['n'].sum():,} {style.cases_of(table)}.{style.known_of(table)} {bars}"
    fig = style.figure(
        _slope(table.attrs.get("slope", (np.nan,) * 3)),
        told + _intercept(table.attrs.get("intercept", (np.nan,) * 3)),
        x="probability, % (mean of the group)",
        y="share in which it came true, % of the group",
    )
    ends = [0, min(100, 1.15 * max(score.max(), shown["upper"].max()))]
    style.line(fig, ends, ends, _DOTS, name="perfect calibration")
    colour, middle = COLOURS["learned"], (shown["min"] + shown["max"]) / 2
    style.points(
        fig,
        score,
        middle,
        style.sentences(shown, _PROMISE),
        name=f"{groups} groups, from the lowest scores to the highest",
        marker={"color": colour, "size": 9},
        error_y=style.interval(middle, shown["lower"], shown["upper"], color=colour),
    )
    return style.room_below(fig.update_xaxes(range=ends).update_yaxes(range=ends))


def same_volume(table: pd.DataFrame) -> go.Figure:
    """Chance, the rule book and a learned triage, each referring equally many.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learned.same_volume`, or several of them under one another.
    """
    rounds = [part.set_index("measure") for _, part in table.groupby(["level", "unknown"], sort=False)]
    fig = style.figure(
        _winner(rounds),
        f"{table['n'].iloc[0]:,} {style.cases_of(table)}, each scored by a model that did not learn from it. "
        "Line: 95 % interval of what the learned triage finds, compared in pairs with the rule book."
        f"{style.known_of(table)}",
        x="of 100 cases",
        height=30 + 150 * len(rounds),
    )
    y = [4.7 * i + j for i in range(len(rounds)) for j in range(3)]
    said = [
        style.lines(_REFERS.format(who=words, sent=part["referral_rate"].iloc[0], **part[who]))
        for part in rounds
        for who, words in _WHO.items()
    ]
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
            textfont={"color": "white" if measure == "true_positive" else INK, "size": 12},
            hovertext=said,
            hoverinfo="text",
        )
        base = base + np.nan_to_num(long)
    found = pd.DataFrame([part.loc["true_positive"] for part in rounds])
    ends = (found[name] for name in ("difference", "lower", "upper"))
    verdicts = {"neither": "they cannot be told apart", "": "unknown outcomes leave it open"}
    verdict = [verdicts.get(winner, f"the {winner} finds more") for winner in found["winner"]]
    style.points(
        fig,
        found["learned"],
        y[2::3],
        style.sentences(found.assign(verdict=verdict), _DIFFERENCE),
        marker={"color": INK, "size": 1},
        error_x=style.interval(*ends, color=INK, thickness=2, width=5),
        showlegend=False,
        name="interval",
    )
    for place, part in zip(y[::3], rounds, strict=True):
        at = {"x": 0, "y": place - 0.55, "align": "left", "xanchor": "left", "yanchor": "bottom"}
        fig.add_annotation(text=_heading(part.iloc[0]), showarrow=False, **at)
    names = ["at random", "rule book", "learned"] * len(rounds)
    fig.update_yaxes(tickvals=y, ticktext=names, range=[y[-1] + 0.6, -1.9], showgrid=False)
    return style.room_below(fig.update_layout(barmode="overlay"))


def importance(table: pd.DataFrame, silent: Collection[str] = (), *, most: int = 12) -> go.Figure:
    """What a learned triage goes by: how much worse it tells cases apart without each fact.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learning.importance`.
    silent : list of str
        Facts that are known to tell nothing, as in a simulation: always drawn, and marked.
    most : int
        Facts to draw beside these, the most important first.
    """
    heard = table[~table["fact"].isin(silent)].head(most)
    rows = pd.concat([heard, table[table["fact"].isin(silent)]])[::-1]
    first, told = table.iloc[0], table.attrs["auc"] - 50
    ties = (table["upper"].iloc[1:] >= first["lower"]).sum()
    tie = f", in a tie with {ties} more" if ties else ""
    left = f", {table.attrs['unknown']:,} without a known outcome left out" if table.attrs["unknown"] else ""
    fig = style.figure(
        f"“{first['label'].capitalize()}” matters most{tie}: shuffling it costs {first['importance']:.1f} "
        f"of the {told:.1f} points by which the learned triage beats guessing",
        f"{table.attrs['n']:,} {style.cases_of(table)}{left}; each fact shuffled among cases that the model "
        f"did not learn from. Bars: 95 % interval over folds. {len(rows)} of {len(table)} facts are shown. "
        "AUC: chance 50, perfect 100.",
        x="points of AUC lost",
        height=40 + 23 * len(rows),
    )
    for known, name, colour, symbol in (
        (False, "facts that may tell something", COLOURS["learned"], "circle"),
        (True, "tell nothing, by construction", QUIET, "diamond-open"),
    ):
        part = rows[rows["fact"].isin(silent) == known]
        if part.empty:
            continue
        style.points(
            fig,
            part["importance"],
            part["label"].str.capitalize(),
            style.sentences(part, _SHUFFLED),
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_x=style.interval(part["importance"], part["lower"], part["upper"], color=colour),
            showlegend=bool(len(silent)),
        )
    fig.add_vline(x=0, line=_DOTS)
    order = {"categoryorder": "array", "categoryarray": rows["label"].str.capitalize()}
    fig.update_yaxes(tickfont={"size": 12}, range=[-0.7, len(rows) - 0.3], **order)
    return style.room_below(fig)


def _slope(slope: tuple[float, float, float]) -> str:
    """What the calibration slope says of the probabilities, as far as its interval tells."""
    value, lower, upper = slope
    if np.isnan(value):
        return "No calibration slope fits these probabilities"
    verdict = "they may well be calibrated"
    verdict = "they are too near to one another" if lower > 1 else verdict
    verdict = "they are too far apart" if upper < 1 else verdict
    slope = f"{value:.2f} ({lower:.2f} to {upper:.2f})"
    return f"The calibration slope of the probabilities is {slope}: {verdict}"


def _intercept(intercept: tuple[float, float, float]) -> str:
    if np.isnan(intercept[0]):
        return ""
    plain = (f"{end:.2f}".replace("-0.00", "0.00") for end in intercept)
    value, lower, upper = (end.replace("-", "\N{MINUS SIGN}") for end in plain)
    return f" Calibration intercept {value} ({lower} to {upper}); perfect: slope 1, intercept 0."


def _winner(rounds: list[pd.DataFrame]) -> str:
    """Who finds more, as far as the paired intervals tell."""
    winners = [part.loc["true_positive", "winner"] for part in rounds]
    row = rounds[0].loc["true_positive"]
    if not row["winner"]:
        return "Unknown outcomes leave open who finds more at the same volume"
    ahead, other = ("learned", "rule_book")[:: 1 if row["winner"] == "learned triage" else -1]
    known = f"{_WHO[ahead].lower()} finds {row[ahead]:.1f} changes, {_WHO[other].lower()} {row[other]:.1f}"
    known += ", too close to call" if row["winner"] == "neither" else ""
    title = f"With {row['referral_rate']:.0f} of 100 cases referred, {known}"
    alike = winners.count(row["winner"])
    return title if alike == len(winners) else f"{title}; {alike} of {len(winners)} comparisons end so"


def _heading(row: pd.Series) -> str:
    words = "nobody" if row["unknown"] == "nobody" else "all they may"
    head = f"<b>{row['level']}: {row['referral_rate']:.0f} of 100 referred</b>"
    return f"{head}<br><span style='font-size:12px;color:{QUIET}'>if unknown facts refer {words}</span>"
