"""Overuse against benefit: policies, exchange rates, and what a given number of opinions finds."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures.style import COLOURS, INK, QUIET, cases_of, figure, lines, room_below, tint, wrap

_SORTS = {
    "level": (COLOURS["rule book"], "square", "Levels of the rule book"),
    "count": (COLOURS["urgent"], "circle", "At least so many clinical indications"),
    "group": (COLOURS["optional"], "diamond", "One group of rules alone"),
    "score": (COLOURS["learned"], "star", "Score, from a threshold on"),
    "own": (COLOURS["overuse"], "triangle-up", "Other policies"),
    "oracle": (COLOURS["useful"], "cross", "Oracle: only those that would change"),
    "none": (COLOURS["none"], "circle-open", "Nobody"),
    "all": (COLOURS["all"], "circle-open", "Everybody"),
}
_LINES = {"urgent": "urgent", "recommended": "recommended", "optional": "optional", "oracle": "useful"}
_OUTCOMES = {
    "either": "something changed",
    "diagnosis_changed": "the diagnosis changed",
    "treatment_changed": "the treatment changed",
    "corrected": "a wrong diagnosis put right",
    "intervention_averted": "an intervention averted",
}
_NAMED = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


def tradeoff(table: pd.DataFrame) -> go.Figure:
    """What each policy finds against what it spends for nothing, with the frontier and chance.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`.
    """
    rows = table[table["sort"] != "random"]
    ends, front = rows[rows["sort"].isin(["none", "all"])], rows[rows["frontier"]].sort_values("overuse")
    fig = figure(
        _tradeoff_title(rows, table.attrs.get("outcome")),
        f"{_n(table)}. Cross: 95 % interval and unknown facts.",
        x="overuse: of 100 cases, sent for nothing",
        y=f"found: of 100 cases, sent and {_OUTCOMES.get(table.attrs.get('outcome'), 'changed')}",
        height=420,
    )
    for part, name, dash, width in (
        (ends, "As many at random", "dot", 1.5),
        (front, "Frontier: best at some exchange rate", "solid", 2),
    ):
        colour = COLOURS["all"] if dash == "dot" else INK
        line = {"color": colour, "dash": dash, "width": width}
        x, y = _middle(part, "overuse"), _middle(part, "found")
        fig.add_scatter(x=x, y=y, name=name, mode="lines", line=line, hoverinfo="skip")
    for sort, (colour, symbol, name) in _SORTS.items():
        part = rows[rows["sort"] == sort]
        if part.empty:
            continue
        fig.add_scatter(
            x=_middle(part, "overuse"),
            y=_middle(part, "found"),
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 1.5}},
            error_x=_error(part, "overuse", tint(colour, 0.45)),
            error_y=_error(part, "found", tint(colour, 0.45)),
            hovertext=[_sentence(row) for _, row in part.iterrows()],
            hoverinfo="text",
            showlegend=sort not in ("none", "all", "oracle"),  # their names stand beside them
        )
    _name_points(fig, rows)
    fig.update_xaxes(rangemode="tozero")
    fig.update_yaxes(rangemode="tozero")
    return room_below(fig, entries(fig))


def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over exchange rates, with everybody and nobody.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.benefit.decision_curve`.
    """
    rates = np.array(sorted(table["exchange_rate"].unique()))
    fig = figure(
        _curve_title(table),
        f"{_n(table)}. Bands: 95 % interval and unknown facts.",
        x="needless opinions accepted per useful one",
        y="net benefit per 100 cases, in useful opinions",
        height=400,
    )
    spare = iter(["#CC79A7", "#E69F00", "#000000", "#882255"])
    for policy, part in table.groupby("policy", sort=False):
        sort, label = part["sort"].iloc[0], part["label"].iloc[0]
        colour = COLOURS[_LINES[policy]] if policy in _LINES else COLOURS.get(policy) or next(spare, QUIET)
        band = {
            "x": [*part["exchange_rate"], *part["exchange_rate"][::-1]],
            "fill": "toself",
            "mode": "lines",
        }
        if sort not in ("none", "oracle"):
            fig.add_scatter(
                y=[*part["net_benefit_upper"], *part["net_benefit_lower"][::-1]],
                line={"width": 0},
                fillcolor=tint(colour, 0.18),
                showlegend=False,
                hoverinfo="skip",
                name=f"{label}, band",
                **band,
            )
        dash = {"none": "dot", "all": "dash", "oracle": "dashdot"}.get(sort, "solid")
        fig.add_scatter(
            x=part["exchange_rate"],
            y=_middle(part, "net_benefit"),
            name=label,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertext=[_curve_sentence(row) for _, row in part.iterrows()],
            hoverinfo="text",
        )
    ticks = [rate for rate in _NAMED if rates[0] <= rate <= rates[-1]]
    words = [f"{1 / rate:.3g}" for rate in ticks]
    top = table["net_benefit_upper"].max()
    fig.update_xaxes(type="log", tickvals=ticks, ticktext=words, range=np.log10(rates[[0, -1]]).tolist())
    fig.update_yaxes(range=[-0.35 * top, 1.06 * top] if top > 0 else None)
    return room_below(fig, entries(fig))


def capacity(table: pd.DataFrame) -> go.Figure:
    """What a given number of opinions finds, the sharpest rules first, beside a random choice.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rules_value.capacity_curve`.
    """
    last = table.iloc[-1]
    half = table.iloc[(table["opinions"] - last["opinions"] / 2).abs().argmin()]
    title = "No rule sends anybody"
    if last["opinions"] > 0:
        title = (
            f"{half['opinions']:.0f} opinions per 1,000 cases find {_between(half, 'found')} changes if the "
            f"sharpest rules come first, {half['random_found']:.0f} at random"
        )
    fig = figure(
        title,
        f"{_n(table)}. Band: 95 % interval. Numbers: rules, listed below.",
        x="opinions per 1,000 cases",
        y="found: changes per 1,000 cases",
        height=380,
    )
    colour = COLOURS["rule book"]
    x = table["opinions"]
    fig.add_scatter(
        x=[*x, *x[::-1]],
        y=[*table["found_upper"], *table["found_lower"][::-1]],
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=tint(colour, 0.18),
        showlegend=False,
        hoverinfo="skip",
        name="band",
    )
    line = {"color": COLOURS["all"], "dash": "dot", "width": 1.5}
    fig.add_scatter(
        x=x, y=table["random_found"], name="As many at random", mode="lines", line=line, hoverinfo="skip"
    )
    fig.add_scatter(
        x=table["possible_opinions"],
        y=table["possible_found"],
        name="If unknown facts sent all they may",
        mode="lines",
        line={"color": COLOURS["unknown"], "width": 3},
        hovertext=[_possible_sentence(row) for _, row in table.iterrows()],
        hoverinfo="text",
    )
    steps = table["step"].astype(str).where(table["step"] > 0, "")
    apart = x.diff().fillna(np.inf) > 0.02 * max(last["opinions"], 1)
    fig.add_scatter(
        x=x,
        y=_middle(table, "found"),
        name="Rules, the sharpest first",
        mode="lines+markers+text",
        text=steps.where(apart, ""),
        textposition="top left",
        textfont={"size": 11},
        line={"color": colour, "width": 2},
        marker={"size": 7},
        cliponaxis=False,
        hovertext=[_capacity_sentence(row) for _, row in table.iterrows()],
        hoverinfo="text",
    )
    rules = table[table["step"] > 0].drop_duplicates("step")
    text = [line for _, row in rules.iterrows() for line in wrap(f"{row['step']}  {row['label']}", 54)]
    fig.add_annotation(
        text="<br>".join(text),
        align="left",
        showarrow=False,
        font={"size": 12, "color": INK},
        x=0,
        xref="paper",
        xanchor="left",
        xshift=-36,
        y=0,
        yref="paper",
        yanchor="top",
        yshift=-62,
    )
    fig.update_xaxes(rangemode="tozero")
    fig.update_yaxes(rangemode="tozero")
    return room_below(fig, entries(fig) + 17 * len(text) + 10)


def entries(fig: go.Figure) -> int:
    """Pixels that the entries of the legend take, one to a line."""
    return 20 * sum(trace.showlegend is not False for trace in fig.data)


def _name_points(fig: go.Figure, rows: pd.DataFrame) -> None:
    """Names beside the points that matter most, as far as they stand apart."""
    first = ["none", "all", "oracle", "level"]
    order = rows["sort"].map(lambda sort: first.index(sort) if sort in first else len(first))
    named = rows[rows["frontier"] | (order < len(first))].assign(order=order).sort_values("order")
    spans = [max(max(_middle(rows, name)), 1e-9) for name in ("overuse", "found")]
    taken: list[tuple[float, float]] = []
    for place, (_, row) in zip(
        zip(_middle(named, "overuse"), _middle(named, "found"), strict=True), named.iterrows(), strict=True
    ):
        x, y = (value / span for value, span in zip(place, spans, strict=True))
        if any(abs(x - a) < 0.2 and abs(y - b) < 0.08 for a, b in taken):
            continue
        taken.append((x, y))
        # Nothing lies above the frontier, so its names stand there.
        right = x < (0.15 if row["frontier"] else 0.6)
        at = {"ax": 9 if right else -5 if row["frontier"] else 0}
        at["ay"] = -11 if row["frontier"] and not right else 12 if right else 16
        if row["sort"] in ("none", "oracle"):
            at = {"ax": 18, "ay": -9} if row["sort"] == "none" else {"ax": 9, "ay": 0}
        fig.add_annotation(
            x=place[0],
            y=place[1],
            text={"none": "nobody", "all": "everybody"}.get(row["sort"], row["policy"]),
            xanchor="left" if right else "right" if at["ax"] else "center",
            font={"size": 12},
            arrowwidth=0.1,
            arrowcolor="white",
            **at,
        )


def _middle(rows: pd.DataFrame, name: str) -> list[float]:
    """The value, or half-way between its bounds where unknown outcomes leave it blank."""
    return rows[name].fillna((rows[f"{name}_low"] + rows[f"{name}_high"]) / 2).tolist()


def _error(rows: pd.DataFrame, name: str, colour: str) -> dict:
    middle = np.array(_middle(rows, name))
    up, down = rows[f"{name}_upper"] - middle, middle - rows[f"{name}_lower"]
    return {"array": up.clip(0), "arrayminus": down.clip(0), "color": colour, "thickness": 1.5, "width": 0}


def _between(row: pd.Series, name: str, digits: int = 0) -> str:
    low, high = f"{row[f'{name}_low']:.{digits}f}", f"{row[f'{name}_high']:.{digits}f}"
    if low == high or not pd.isna(row[name]):
        return low if pd.isna(row[name]) else f"{row[name]:.{digits}f}"
    return f"{low} to {high}"


def _tradeoff_title(rows: pd.DataFrame, outcome: str | None) -> str:
    what = {"corrected": "wrong diagnoses", "intervention_averted": "interventions to avert"}.get(
        outcome, "changes"
    )
    everybody = rows[rows["sort"] == "all"].iloc[0]
    shown = rows[~rows["sort"].isin(["none", "all", "oracle"])]
    if shown.empty:
        return f"Sending everybody finds {_between(everybody, 'found')} {what} in 100 cases"
    book = shown[shown["policy"] == "recommended"]
    row = (book if len(book) else shown.sort_values("found_beyond_random", ascending=False)).iloc[0]
    needless = _between(row, "overuse")
    title = (
        f"Sending {row['label']} finds {_between(row, 'found')} of the "
        f"{_between(everybody, 'found')} {what} in 100 cases, with {needless} needless "
        f"opinion{'s' * (needless != '1')}"
    )
    chance = row["found"] - row["found_beyond_random"]
    return title if pd.isna(chance) else f"{title}; as many at random find {chance:.0f}"


def best_and_ties(rows: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """The policy that is worth most at one exchange rate, and those whose drawn interval reaches its own."""
    real = rows[~rows["sort"].isin(["random", "oracle"])]
    best = real.loc[pd.Series(_middle(real, "net_benefit"), real.index).idxmax()]
    others = real.drop(best.name)
    return best, others[others["net_benefit_upper"] >= best["net_benefit_lower"]]


def tied_with(ties: pd.DataFrame) -> str:
    """In words: "sending nobody and 3 others"."""
    nobody = int(ties["sort"].eq("none").sum())
    more = len(ties) - nobody
    others = f"{more} {'others' if more > 1 else 'other'}"
    return " and ".join(["sending nobody"] * nobody + [others] * (more > 0))


def _curve_title(table: pd.DataFrame) -> str:
    """Who is best where, as the rate of exchange gets dearer; nobody where the bands of the best overlap."""
    found = [(1 / rate, *best_and_ties(part)) for rate, part in table.groupby("exchange_rate")]
    said = [(None if len(ties) else best["label"], rate) for rate, best, ties in found]
    runs = [(label, list(run)[-1][1]) for label, run in groupby(said, key=itemgetter(0))]
    (first, down_to), last, per = runs[0], runs[-1][0], "needless opinions for a useful one"
    if len(runs) == 1 and first:
        return f"Sending {first} is best at every exchange rate shown"
    if not first and not last:
        return "No policy is clearly best at the exchange rates shown: the bands of the best overlap"
    below = runs[-2][1]
    if not first:
        return f"Sending {last} is best below {below:.2g} {per}; above, bands overlap"
    title = f"Sending {first} is best down to {down_to:.2g} {per}"
    if not last:
        return f"{title}; below, bands overlap"
    between = "" if all(label for label, _ in runs) else "; between, bands overlap"
    return f"{title}, sending {last} below {below:.2g}{between}"


def _sentence(row: pd.Series) -> str:
    text = (
        f"Sending {row['label']}: {_bounds(row, 'sent')} of 100 cases sent. "
        f"{_bounds(row, 'found')} opinions change something, {_bounds(row, 'overuse')} change nothing, and "
        f"{_bounds(row, 'underuse')} changes are missed."
    )
    if not pd.isna(row["found_beyond_random"]):
        text += f" As many at random would find {row['found'] - row['found_beyond_random']:.1f}."
    return lines(f"{text} {row['remark']}")


def _curve_sentence(row: pd.Series) -> str:
    return lines(
        f"With {row['exchange']}, sending {row['label']} is worth {_bounds(row, 'net_benefit')} "
        "useful opinions per 100 cases, net."
    )


def _capacity_sentence(row: pd.Series) -> str:
    if not row["step"]:
        return "No opinions, no changes found."
    part = (
        ""
        if row["served"] == 1
        else f", of which {100 * row['served']:.0f} % of the last one's further cases"
    )
    return lines(
        f"{row['opinions']:.0f} opinions per 1,000 cases serve {row['step']} rules, the last "
        f"“{row['label']}”{part}. They find {_bounds(row, 'found', 0)} changes; as many at random find "
        f"{row['random_found']:.0f}."
    )


def _possible_sentence(row: pd.Series) -> str:
    return lines(
        f"If unknown facts sent everybody whom they allow, these {row['step']} rules would need "
        f"{row['possible_opinions']:.0f} opinions per 1,000 cases and find "
        f"{row['possible_found']:.0f} changes."
    )


def _bounds(row: pd.Series, name: str, digits: int = 1) -> str:
    value, low, high = (f"{row[part]:.{digits}f}" for part in (name, f"{name}_low", f"{name}_high"))
    if low == high:
        return low
    return f"{low} to {high}" if value == "nan" else f"{value} (unknown facts: {low} to {high})"


def _n(table: pd.DataFrame) -> str:
    return f"{table['n'].iloc[0]:,} {cases_of(table)}"
