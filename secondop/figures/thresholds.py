"""Net benefit: of policies over decision thresholds, and ranked at one that the reader moves."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import BEST
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures import captions, style
from secondop.figures.given import draws
from secondop.figures.policy_words import (
    MADE,
    best_of,
    bounds,
    cannot_tell,
    doubts,
    in_brackets,
    middle,
    reach,
    refuse_net,
    short,
    signed,
    tied,
    tied_with,
)
from secondop.figures.style import COLOURS, INK

ONE_CLUSTER = "Which policy is best cannot be told: all cases are of one cluster, so there are no intervals"
_DASHES = {"none": "dot", "all": "dash", FORESIGHT: "dashdot"}
_REFERRALS = (50, 20, 10, 5, 2, 1)  # a phone has no room for 0.5
_ENDS = ("min", "max", "lower", "upper")
_GREEN, _BLUE, _GREY = COLOURS["useful"], COLOURS["optional"], COLOURS["no_indication"]


@draws("decision_curve", *MADE)
def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over decision thresholds, with everybody and nobody.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.decision_curve`, of one group.
    """
    captions.only_one(table, "group", "decision_curve")
    rows, about = wide(table), table.attrs
    rows["at"] = middle(rows, "net_benefit")
    outcome = about.get("outcome")
    _, many, per = captions.TRADES.get(outcome, captions.TRADES[None])
    title = _curve_title(rows, f"{many} for one {per}")
    if about.get("estimate"):
        title = f"Estimated: {title[0].lower()}{title[1:]}"
    note = f"{captions.basis_of(table)} Bands: {captions.doubt_of(table)}."
    words = f"{many} accepted for one {per}; below, the decision threshold"
    above = "net benefit per 100 cases" + ": errors corrected less introduced" * (outcome == NET)
    made = style.figure(title, note, x=words, y=above, height=400)
    ends, top = rows["threshold"].agg(["min", "max"]), rows["net_benefit_upper"].max()
    low, high = (-0.35 * top, 1.06 * top) if top > 0 else (rows["net_benefit_lower"].min(), 1)
    made.fig.update_xaxes(type="log", range=np.log10(ends).tolist(), tickangle=0)
    made.fig.update_yaxes(range=[low, high])
    ticks = {1 / (n + 1): n for n in _REFERRALS if ends["min"] <= 1 / (n + 1) <= ends["max"]}
    text = [f"{n}<br>{100 * at:.0f} %" for at, n in ticks.items()]
    made.fig.update_xaxes(tickvals=list(ticks), ticktext=text)
    spare, lines = iter(style.SPARE), rows.pivot(index="threshold", columns="policy", values="at")
    for policy, part in rows.groupby("policy", sort=False):
        sort, label, x = part["sort"].iloc[0], part["label"].iloc[0], part["threshold"]
        colour = COLOURS["useful"] if sort == FORESIGHT else COLOURS.get(policy) or next(spare, INK)
        if sort not in ("none", FORESIGHT):
            made.band(x, part["net_benefit_lower"], part["net_benefit_upper"], colour, name=f"{label}, band")
        made.line(x, part["at"], colour, dash=_DASHES.get(sort, "solid"), name=label)
        near = part.iloc[[int((x - at).abs().argmin()) for at in ticks]]
        made.points(near["threshold"], near["at"], net_said(near, about), marker={"color": colour, "size": 7})
        others = lines.drop(columns=policy).sub(lines[policy], axis=0).abs().min(axis=1)
        apart = others.iloc[2:-2].where(lines[policy] >= 0)  # where it has most room, and is not yet steep
        at = apart.idxmax() if apart.notna().any() else lines.index[0]
        text = FORESIGHT if sort == FORESIGHT else short(part.iloc[0])
        made.name(at, lines.loc[at, policy], text, colour)
    return made.done()


@draws("tradeoff", *MADE)
def net_benefit(table: pd.DataFrame) -> go.Figure:
    """Net benefit of every policy in rank order beside chance, with a slider for the decision threshold.

    The slider is part of the figure, so it works in a page without a kernel.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, of one group; several thresholds make a slider.
    """
    captions.only_one(table, "group", "net_benefit")
    refuse_net(table, "net_benefit")
    every, about = wide(table), table.attrs
    steps = {at: _ranked(part) for at, part in every.groupby("threshold", sort=False)}
    first = min(steps, key=lambda threshold: abs(threshold - 1 / 11))
    note = f"{captions.basis_of(table)} {doubts(every, 'net_benefit')} Open mark: as many at random. "
    note += "Green: highest. Blue: its line reaches as high, or it may be highest."
    panels = {at: _panel(part) for at, part in steps.items()}
    titles = {at: _title(part) for at, part in every.groupby("threshold", sort=False)}
    words = "net benefit per 100 cases at the decision threshold"
    made, rows = style.ladder(titles[first], note, [panels[first]], x=words), steps[first]
    made.fig.update_xaxes(range=reach(pd.concat(steps.values())[[f"net_benefit_{end}" for end in _ENDS]]))
    _draw(made, rows, about)
    made.line([0, 0], [0.5, 0.5 - len(rows)], INK, width=1, name="nobody")
    if len(steps) > 1:
        moved = {}
        for at, part in steps.items():
            _draw(marks := style.Drawing("", ""), part, about)
            moved[f"{1 / at - 1:.3g}:1 = {100 * at:.0f} %"] = titles[at], style.moved(marks)
        said = "No-change referrals accepted: "
        made.slider(moved, list(steps).index(first), said, range(4), list(panels.values()))
    return made.done()


def one_cluster(rows: pd.DataFrame) -> bool:
    """Whether no value has an interval, as all cases are of one cluster."""
    return rows["net_benefit_lower"].isna().all()


def net_said(rows: pd.DataFrame, about: Mapping) -> pd.DataFrame:
    """What pointing at a policy shows of its net benefit, in texts."""
    _, many, per = captions.TRADES.get(about.get("outcome"), captions.TRADES[None])
    said = pd.DataFrame({"policy": rows["label"].map(captions.capital)})
    said[f"{many} accepted for one {per}"] = [f"{1 / at - 1:.3g}" for at in rows["threshold"]]
    said["decision threshold"] = [f"{100 * at:.2g} %" for at in rows["threshold"]]
    said["net benefit per 100 cases"] = [bounds(row, "net_benefit") for row in rows.to_dict("records")]
    ends = zip(rows["net_benefit_lower"].map(signed), rows["net_benefit_upper"].map(signed), strict=True)
    said["95 % interval"] = [f"{low} to {high}" if low else "" for low, high in ends]
    if "chance" in rows:
        said["as many at random"] = rows["chance"].map(signed)
    return in_brackets(said, about)


def _ranked(part: pd.DataFrame) -> pd.DataFrame:
    """The policies at one threshold, the highest net benefit first, with chance and the colour of each."""
    everybody, real = part[part["sort"] == "all"].iloc[0], part[part["sort"] != FORESIGHT]
    chance = (real["referral_rate"] / 100 * everybody["net_benefit"]).mask(real["sort"].isin(["none", "all"]))
    real = real.assign(at=middle(real, "net_benefit"), colour=_GREY, chance=chance)
    best = best_of(part)
    if best is not None and not one_cluster(part):
        real.loc[tied(part, best).index, "colour"] = _BLUE
        real.loc[best.name, "colour"] = _GREEN
    elif BEST in real:
        real.loc[real[f"{BEST}_max"] == 1, "colour"] = _BLUE
    return real.sort_values("at", ascending=False, kind="stable")


def _panel(part: pd.DataFrame) -> style.Panel:
    labels = [captions.capital(short(row)) for row in part.to_dict("records")]
    return style.Panel("", labels, [signed(value) or "open" for value in part["net_benefit"]])


def _draw(made: style.Drawing, rows: pd.DataFrame, about: Mapping) -> None:
    """The marks of one threshold: bars, what is missing, intervals and chance."""
    y, colours = -np.arange(len(rows)), rows["colour"].tolist()
    least, most, lower, upper = (rows[f"net_benefit_{end}"] for end in _ENDS)
    made.bars(0 * y, rows["net_benefit"], y, colours, net_said(rows, about), name="net benefit")
    made.possible(least, most, y, colours, name="missing")
    made.whiskers(lower, upper, y, name="interval")
    ring = {"symbol": "diamond-open", "size": 9, "color": INK, "line": {"width": 1.5}}
    made.points(rows["chance"], y, marker=ring, name="as many at random")


def _title(part: pd.DataFrame) -> str:
    if one_cluster(part):
        return ONE_CLUSTER
    best, at = best_of(part), part["threshold"].iloc[0]
    if best is None:
        return f"At {1 / at - 1:.3g} for one, the best policy {cannot_tell(part)}"
    trade = f"{captions.threshold_words(at)} (threshold {100 * at:.2g} %)"
    by = "by the estimate, " * bool(part.attrs.get("estimate"))
    title = f"With {trade}, {by}referring {best['label'][:60]} has the highest net benefit"
    if ties := tied_with(part, best):
        return f"{title}, in a tie with {ties}"
    net = bounds(best, "net_benefit") if pd.isna(best["net_benefit"]) else f"{best['net_benefit']:.1f}"
    return title if best["sort"] == "none" else f"{title}: {net} per 100 cases"


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
