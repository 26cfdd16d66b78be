"""Benefit against possible overuse: policies and decision thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import BEST
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET

ENDS = ("none", "all", FORESIGHT)
ONE_CLUSTER = "Which policy is best cannot be told: all cases are of one cluster, so there are no intervals"
OVERUSE = "possible overuse: of 100 cases, referred, and nothing changes"
SORTS = {
    "level": (COLOURS["rule book"], "square", "Levels of the rule book"),
    "count": (COLOURS["urgent"], "circle", "At least so many clinical indications"),
    "group": (COLOURS["optional"], "diamond", "One group of rules alone"),
    "score": (COLOURS["learned"], "star", "Score, from a threshold on"),
    "own": (COLOURS["overuse"], "triangle-up", "Other policies"),
    FORESIGHT: (COLOURS["useful"], "cross", "Perfect foresight: only those that would change"),
    "none": (COLOURS["none"], "circle-open", "Nobody"),
    "all": (COLOURS["all"], "circle-open", "Everybody"),
}
_LINES = {"urgent": "urgent", "recommended": "recommended", "optional": "optional", FORESIGHT: "useful"}
_OUTCOMES = {
    "either": "something changes",
    "diagnosis_changed": "the diagnosis changes",
    "treatment_changed": "the treatment changes",
    "error_corrected": "a wrong diagnosis is put right",
    "intervention_averted": "an intervention is averted",
}
_REFERRALS = (50, 20, 10, 5, 2, 1)  # a phone has no room for 0.5


def tradeoff(table: pd.DataFrame) -> go.Figure:
    """What each policy finds against its possible overuse, with the efficient frontier and chance.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, of one group.
    """
    style.only_one(table, "group", "tradeoff")
    refuse_net(table, "tradeoff")
    rows = wide(table).drop_duplicates("policy")
    ends, front = rows[rows["sort"].isin(["none", "all"])], frontier(rows)
    fig = style.figure(
        tradeoff_title(rows, table.attrs.get("outcome")),
        trade_note(rows),
        x=OVERUSE,
        y=found_words(table),
        height=420,
    )
    chance = {"color": COLOURS["all"], "dash": "dot", "width": 1.5}
    style.line(fig, *places(ends), chance, name="As many at random")
    look = {"color": INK, "dash": "solid", "width": 2}
    style.line(fig, *front, look, name="Efficient frontier")
    for sort, (colour, symbol, name) in SORTS.items():
        part, pale = rows[rows["sort"] == sort], style.tint(colour, 0.45)
        if part.empty:
            continue
        style.points(
            fig,
            *places(part),
            [said_of(row, table.attrs) for row in part.to_dict("records")],
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 1.5}},
            error_x=_error(part, "false_positive", pale),
            error_y=_error(part, "true_positive", pale),
            showlegend=sort not in ENDS,  # their names stand beside them
        )
    _name_points(fig, rows)
    for axis, at, name in zip("xy", places(rows), ("false_positive", "true_positive"), strict=True):
        reach = np.nanmax([*at, *rows[f"{name}_upper"], 1])
        fig.layout[f"{axis}axis"].range = [-0.04 * reach, 1.06 * reach]  # some marks stand at zero
    return style.room_below(fig)


def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over decision thresholds, with everybody and nobody.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.decision_curve`, of one group.
    """
    style.only_one(table, "group", "decision_curve")
    rows, outcome = wide(table), table.attrs.get("outcome")
    _, many, per = style.TRADES.get(outcome, style.TRADES[None])
    title = _curve_title(rows, f"{many} for one {per}")
    if table.attrs.get("estimate"):
        title = f"Estimated: {title[0].lower()}{title[1:]}"
    fig = style.figure(
        title,
        f"{style.basis_of(table)} Bands: {style.doubt_of(table)}.",
        x=f"{many} accepted for one {per}; below, the decision threshold",
        y="net benefit per 100 cases" + ": errors corrected less introduced" * (outcome == NET),
    )
    spare = iter(["#CC79A7", "#E69F00", "#000000", "#882255"])
    for policy, part in rows.groupby("policy", sort=False):
        sort, label, x = part["sort"].iloc[0], part["label"].iloc[0], part["threshold"].tolist()
        colour = COLOURS[_LINES[policy]] if policy in _LINES else COLOURS.get(policy) or next(spare, QUIET)
        if sort not in ("none", FORESIGHT):
            _band(fig, x, part["net_benefit_lower"], part["net_benefit_upper"], colour, f"{label}, band")
        dash = {"none": "dot", "all": "dash", FORESIGHT: "dashdot"}.get(sort, "solid")
        said = [style.lines(net_said(row, table.attrs)) for row in part.to_dict("records")]
        look = {"name": label, "mode": "lines", "line": {"color": colour, "dash": dash, "width": 2}}
        style.points(fig, x, middle(part, "net_benefit"), said, **look)
    ends, top = rows["threshold"].agg(["min", "max"]), rows["net_benefit_upper"].max()
    ticks = {1 / (n + 1): f"{n:g}" for n in _REFERRALS if ends["min"] <= 1 / (n + 1) <= ends["max"]}
    text = [f"{n}<br>{100 * at:.0f} %" for at, n in ticks.items()]
    fig.update_xaxes(type="log", tickvals=list(ticks), ticktext=text, range=np.log10(ends).tolist())
    fig.update_xaxes(tickangle=0, tickfont={"size": 11})
    fig.update_yaxes(range=[-0.35 * top, 1.06 * top] if top > 0 else None)
    return style.room_below(fig, 16)


def _name_points(fig: go.Figure, rows: pd.DataFrame) -> None:
    """Names beside the points that matter most, as far as they stand apart."""
    first = ["none", "all", FORESIGHT, "level"]
    order = rows["sort"].map(lambda sort: first.index(sort) if sort in first else len(first))
    named = rows[(rows["frontier"] == 1) | (order < len(first))].assign(order=order).sort_values("order")
    wide, high = (max(*at, 1e-9) for at in places(rows))
    taken: list[tuple[float, float]] = []
    for *place, row in zip(*places(named), named.to_dict("records"), strict=True):
        x, y = place[0] / wide, place[1] / high
        if any(abs(x - a) < 0.2 and abs(y - b) < 0.08 for a, b in taken):
            continue
        taken.append((x, y))
        # Nothing lies above the frontier, so its names stand there.
        front = row["frontier"] == 1
        right = x < (0.15 if front else 0.6)
        at = {"ax": 9 if right else -5 if front else 0}
        at["ay"] = -11 if front and not right else 12 if right else 16
        if row["sort"] in ("none", FORESIGHT):
            at = {"ax": 18, "ay": -9} if row["sort"] == "none" else {"ax": 9, "ay": 0}
        at["xanchor"] = "left" if right else "right" if at["ax"] else "center"
        at |= {"x": place[0], "y": place[1], "font": {"size": 12}, "arrowwidth": 0.1, "arrowcolor": "white"}
        text = {"none": "nobody", "all": "everybody"}.get(row["sort"], row["policy"])
        fig.add_annotation(text=text, **at)


def middle(rows: pd.DataFrame, name: str) -> list[float]:
    """The value, or half-way between its bounds where unknown outcomes leave it blank."""
    return rows[name].fillna((rows[f"{name}_min"] + rows[f"{name}_max"]) / 2).tolist()


def places(rows: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Where policies stand: possible overuse across, true positives up."""
    return middle(rows, "false_positive"), middle(rows, "true_positive")


def frontier(rows: pd.DataFrame) -> tuple[list[float | None], list[float | None]]:
    """The efficient frontier, broken wherever unknown outcomes decide whether a policy is on it."""
    rows = rows[(rows["sort"] != FORESIGHT) & (rows["frontier"] != 0)]
    at = sorted((x, y, on == 1) for x, y, on in zip(*places(rows), rows["frontier"], strict=True))
    return tuple([spot[i] if spot[2] else None for spot in at] for i in (0, 1))


def best_of(rows: pd.DataFrame) -> pd.Series | None:
    """The policy with the highest net benefit at a threshold; none where unknown outcomes leave that open.

    That is told by its difference from every other. Of estimates that cannot be told apart it is the highest,
    and :func:`tied_with` says so.
    """
    real = rows[rows["sort"] != FORESIGHT]
    if BEST in real and real[f"{BEST}_max"].notna().any():
        best = real[real[BEST] == 1]
        if best.empty and real.loc[real[BEST].isna(), "net_benefit"].notna().all():  # only of estimates
            best = real[real[BEST].isna()].nlargest(1, "net_benefit")
        return best.iloc[0] if len(best) else None
    return real.loc[real["net_benefit"].idxmax()] if real["net_benefit"].notna().all() else None


def cannot_tell(rows: pd.DataFrame) -> str:
    """Which policies may be best, as far as unknown outcomes leave it open: the two that may be most."""
    said = "is not known while outcomes are unknown"
    may = rows[rows[f"{BEST}_max"] == 1] if BEST in rows else rows[:0]
    may = may.sort_values("net_benefit_max", ascending=False, kind="stable")[:2].to_dict("records")
    ends = ([f"{row[f'net_benefit_{end}']:.1f}" for end in ("min", "max")] for row in may)
    two = (f"{row['label']} {' to '.join(dict.fromkeys(x))}" for row, x in zip(may, ends, strict=True))
    return f"{said}: per 100 cases, referring {', '.join(two)}" if may else said


def one_cluster(rows: pd.DataFrame) -> bool:
    """Whether no value has an interval, as all cases are of one cluster."""
    return rows["net_benefit_lower"].isna().all()


def tied_with(rows: pd.DataFrame, best: pd.Series) -> str:
    """Whose drawn interval reaches the best one's: "referring nobody and 3 others"; empty where none does."""
    others = rows[rows["sort"] != FORESIGHT].drop(best.name)
    reach = others.loc[others["net_benefit_upper"] >= best["net_benefit_lower"], "sort"]
    nobody = int((reach == "none").sum())
    more = len(reach) - nobody
    return " and ".join(["referring nobody"] * nobody + [f"{more} other{'s' * (more > 1)}"] * bool(more))


def found_words(table: pd.DataFrame) -> str:
    """What the axis of true positives counts."""
    what = _OUTCOMES.get(table.attrs.get("outcome"), "something changes")
    return f"true positives: of 100 cases, referred, and {what}"


def refuse_net(table: pd.DataFrame, name: str) -> None:
    """Where errors are weighed, nothing is a true or a false positive."""
    if table.attrs.get("outcome") == NET:
        said = f"The figure {name} draws true and false positives, and of outcome={NET!r} there are none"
        raise SecondopError(f"{said}: draw decision_curve(...), or yield_range(...).")


def basis(table: pd.DataFrame) -> str:
    """The cases, and what above chance rests on."""
    assumed = " How far above chance is as assumed." if table.attrs.get("simulated") else ""
    return f"{style.basis_of(table)}{assumed}"


def trade_note(rows: pd.DataFrame) -> str:
    """What stands under the title of a trade-off."""
    open_ = rows.loc[rows["sort"] != FORESIGHT, "frontier"].isna().any()
    broken = " The frontier breaks where unknown outcomes decide who is on it." * bool(open_)
    return f"{basis(rows)} Cross: {style.doubt_of(rows)}.{broken}"


def tradeoff_title(rows: pd.DataFrame, outcome: str | None) -> str:
    """What one policy finds of all changes, what it refers without a change, and what chance finds."""
    named = {"error_corrected": "wrong diagnoses", "intervention_averted": "interventions to avert"}
    what = named.get(outcome, "changes")
    everybody = _between(rows[rows["sort"] == "all"].iloc[0], "true_positive")
    shown = rows[~rows["sort"].isin(ENDS)]
    if shown.empty:
        return f"Referring everybody finds {everybody} {what} in 100 cases"
    estimated = "Estimated: r" if rows.attrs.get("estimate") else "R"
    book = shown[shown["policy"] == "recommended"]
    row = (book if len(book) else shown.sort_values("yield_above_chance", ascending=False)).iloc[0]
    over = _between(row, "false_positive")
    title = f"{estimated}eferring {row['label']} finds {_between(row, 'true_positive')} of the {everybody} "
    title += f"{what} in 100 cases, with {over} no-change referral{'s' * (over != '1')}"
    chance = row["true_positive"] - row["yield_above_chance"]
    return title if pd.isna(chance) else f"{title}; as many at random find {chance:.0f}{above_chance(row)}"


def above_chance(row: Mapping) -> str:
    """The yield above chance, with its share of the possible at that volume, unless it may be zero."""
    above, least, lower, upper = (row[f"yield_above_chance{x}"] for x in ("", "_min", "_lower", "_upper"))
    text, share = (
        f": {abs(above):.1f} {'below' if round(above, 1) < 0 else 'above'} chance",
        row["yield_share"],
    )
    if lower <= 0 <= upper and lower < upper:
        ends = (f"{round(end, 1) + 0.0:.1f}".replace("-", "−") for end in (lower, upper))
        why = "with missing information" if lower <= least < above else "includes zero"
        return f"{text} ({' to '.join(ends)}, {why})"
    return text if pd.isna(share) else f"{text}, {round(share) + 0:.0f} % of the possible"


def said_of(row: dict, about: dict) -> str:
    """A policy as a hover sentence."""
    sent, gaps = bounds(row, "referral_rate"), style.gaps_of(about)
    found, over, missed = (
        bounds(row, name, gaps) for name in ("true_positive", "false_positive", "false_negative")
    )
    text = f"Referring {row['label']}: {sent} of 100 cases referred. {found} change something, {over} change "
    text += f"nothing, and {missed} changes are missed."
    if not pd.isna(chance := row["true_positive"] - row["yield_above_chance"]):
        text += f" As many at random would find {chance:.1f}{above_chance(row)}"
        text += " there, as assumed." if about.get("simulated") else " there."
    if (unknown := about.get("unknown_outcomes")) and pd.isna(row["group"]):  # it counts all groups
        text += f" The outcome is unknown in {unknown:,.0f} of {row['n']:,.0f} cases."
    return style.lines(text)


def net_said(row: dict, about: Mapping) -> str:
    """A policy's net benefit as a sentence."""
    trade = style.threshold_words(row["threshold"], about.get("outcome"))
    net = bounds(row, "net_benefit", style.gaps_of(about))
    return f"With {trade}, referring {row['label']} has a net benefit of {net} per 100 cases."


def bounds(row: dict, name: str, gaps: str = "missing information") -> str:
    """A value with what ``gaps`` could make of it."""
    value, low, high = (f"{row[part]:.1f}" for part in (name, f"{name}_min", f"{name}_max"))
    if low == high:
        return low
    return f"{low} to {high}" if value == "nan" else f"{value} ({gaps}: {low} to {high})"


def _band(fig: go.Figure, x: list, lower: pd.Series, upper: pd.Series, colour: str, name: str) -> None:
    style.band(fig, x, lower, upper, style.tint(colour, 0.18), mode="lines", showlegend=False, name=name)


def _error(rows: pd.DataFrame, name: str, colour: str) -> dict:
    at = np.array(middle(rows, name))
    lower, upper = np.minimum(at, rows[f"{name}_lower"]), np.maximum(at, rows[f"{name}_upper"])
    return style.interval(at, lower, upper, color=colour)


def _between(row: pd.Series, name: str) -> str:
    low, high = f"{row[f'{name}_min']:.0f}", f"{row[f'{name}_max']:.0f}"
    if not pd.isna(row[name]):
        return f"{row[name]:.0f}"
    return low if low == high else f"{low} to {high}"


def _curve_title(rows: pd.DataFrame, per: str) -> str:
    """Who is best where, at the thresholds drawn; nobody where the bands of the best overlap."""
    if one_cluster(rows):
        return ONE_CLUSTER
    said, unknown = [], True
    for threshold, part in rows.groupby("threshold"):
        best = best_of(part)
        unknown &= best is None
        clear = best is not None and not tied_with(part, best)
        said.append((best["label"] if clear else None, (1 - threshold) / threshold))
    runs = [(label, [at for _, at in run]) for label, run in groupby(said, key=itemgetter(0))]
    (first, wide_), (last, narrow) = runs[0], runs[-1]
    if len(runs) == 1 and first:
        return f"Referring {first} is best at every threshold shown"
    if not first and not last:
        why = "unknown outcomes decide it" if unknown else "the bands of the best overlap"
        return f"No policy is clearly best at the thresholds shown: {why}"
    if not first:
        return f"Referring {last} is best at {narrow[0]:.2g} or fewer {per}; at more, bands overlap"
    title = f"Referring {first} is best at {wide_[-1]:.2g} or more {per}"
    if not last:
        return f"{title}; at {narrow[0]:.2g} or fewer, bands overlap"
    between = "" if all(label for label, _ in runs) else "; between, bands overlap"
    return f"{title}, referring {last} at {narrow[0]:.2g} or fewer{between}"
