"""Net benefit: of policies over decision thresholds, and ranked at one that the reader moves."""

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
from secondop.figures import captions, style
from secondop.figures import policy_words as say
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK

_ONE_CLUSTER = "Which policy is best cannot be told: all cases are of one cluster, so there are no intervals"
_DASHES = {"none": "dot", "all": "dash", FORESIGHT: "dashdot"}
_REFERRALS = (50, 20, 10, 5, 2, 1)  # a phone has no room for 0.5
_GREEN, _BLUE, _GREY = COLOURS["useful"], COLOURS["optional"], COLOURS["no_indication"]


@draws("decision_curve", *say.MADE)
def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over decision thresholds, with everybody and nobody.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.decision_curve`, of one group.
    """
    rows, about = say.policies(table, "decision_curve", "net_benefit", net=True), table.attrs
    if rows["threshold"].nunique() < 2:
        said = "The figure decision_curve draws lines over thresholds, and this table has one"
        raise SecondopError(f"{said}: give two or more, or draw net_benefit(tradeoff(..., threshold=...)).")
    rows["at"] = say.middle(rows, "net_benefit")
    note = f"{captions.basis_of(table)} Bands: {captions.doubt_of(table)}."
    words = f"{_trade(about)}; below, the decision threshold"
    above = "net benefit per 100 cases" + ": errors corrected less introduced" * (about.get("outcome") == NET)
    made = style.figure(_curve_title(rows), note, x=words, y=above, height=400)
    first, last = rows["threshold"].min(), rows["threshold"].max()
    top = rows["net_benefit_upper"].max()
    low, high = (-0.35 * top, 1.06 * top) if top > 0 else (rows["net_benefit_lower"].min(), 1)
    ticks = {1 / (n + 1): n for n in _REFERRALS if first <= 1 / (n + 1) <= last}
    text = [f"{n}<br>{100 * at:.0f} %" for at, n in ticks.items()]
    made.fig.update_xaxes(type="log", range=np.log10([first, last]).tolist(), tickangle=0)
    made.fig.update_xaxes(tickvals=list(ticks), ticktext=text)
    made.fig.update_yaxes(range=[low, high])
    spare, lines = iter(style.SPARE), rows.pivot(index="threshold", columns="policy", values="at")
    for policy, part in rows.groupby("policy", sort=False):
        sort, label, x = part["sort"].iloc[0], part["label"].iloc[0], part["threshold"]
        colour = _GREEN if sort == FORESIGHT else COLOURS.get(policy) or next(spare, INK)
        if sort not in ("none", FORESIGHT):
            made.band(x, part["net_benefit_lower"], part["net_benefit_upper"], colour, name=f"{label}, band")
        made.line(x, part["at"], colour, dash=_DASHES.get(sort, "solid"), name=label)
        near = part.iloc[[int((x - at).abs().argmin()) for at in ticks]]
        made.points(near["threshold"], near["at"], _shown(near, about), marker={"color": colour, "size": 7})
        others = lines.drop(columns=policy).sub(lines[policy], axis=0).abs().min(axis=1)
        apart = others.iloc[2:-2].where(lines[policy] >= 0)  # where it has most room, and is not yet steep
        at = apart.idxmax() if apart.notna().any() else lines.index[0]
        text = FORESIGHT if sort == FORESIGHT else say.short(part.iloc[0])
        made.name(at, lines.loc[at, policy], text, colour)
    return made.done()


@draws("tradeoff", *say.MADE)
def net_benefit(table: pd.DataFrame) -> go.Figure:
    """Net benefit of every policy in rank order beside chance, with a slider for the decision threshold.

    The slider is part of the figure, so it works in a page without a kernel.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, of one group; several thresholds make a slider.
    """
    every = say.policies(table, "net_benefit", "net_benefit", "referral_rate", sorts=("all",))
    note = f"{captions.basis_of(table)} {say.doubts(every, 'net_benefit')} Open mark: as many at random. "
    note += "Green: highest. Blue: its line reaches as high, or it may be highest."
    steps = {at: _ranked(part, note) for at, part in every.groupby("threshold", sort=False)}
    first = min(steps, key=lambda threshold: abs(threshold - 1 / 11))
    made, names = steps[first], [f"{1 / at - 1:.3g}:1 = {100 * at:.0f} %" for at in steps]
    made.fig.update_xaxes(range=style.reach(say.ends(every[every["sort"] != FORESIGHT], "net_benefit")))
    if len(steps) > 1:
        moving = dict(zip(names, steps.values(), strict=True))
        made.slider(moving, list(steps).index(first), "No-change referrals accepted: ")
    made.upright(0, dash="solid", width=1, name="nobody")
    return made.done()


def _trade(about: Mapping) -> str:
    _, many, per = captions.TRADES.get(about.get("outcome"), captions.TRADES[None])
    return f"{many} accepted for one {per}"


def _shown(rows: pd.DataFrame, about: Mapping) -> pd.DataFrame:
    """What pointing at a policy shows of its net benefit, in texts."""
    said = pd.DataFrame({"policy": rows["label"].map(captions.capital)})
    said[_trade(about)] = (1 / rows["threshold"] - 1).map("{:.3g}".format)
    said["decision threshold"] = (100 * rows["threshold"]).map("{:.2g} %".format)
    said["net benefit per 100 cases"] = [say.bounds(row, "net_benefit") for row in rows.to_dict("records")]
    said["95 % interval"] = captions.ranges(rows["net_benefit_lower"], rows["net_benefit_upper"])
    if "chance" in rows:
        said["as many at random"] = rows["chance"].map(say.signed)
    return say.in_brackets(said, about)


def _ranked(part: pd.DataFrame, note: str) -> style.Drawing:
    """The policies at one threshold, the highest net benefit first, with what is missing and chance."""
    everybody, rows = part[part["sort"] == "all"].iloc[0], part[part["sort"] != FORESIGHT]
    chance = (rows["referral_rate"] / 100 * everybody["net_benefit"]).mask(rows["sort"].isin(["none", "all"]))
    rows = rows.assign(at=say.middle(rows, "net_benefit"), colour=_GREY, chance=chance)
    best = say.best_of(part)
    if best is not None and not _one_cluster(part):
        rows.loc[say.tied(part, best).index, "colour"] = _BLUE
        rows.loc[best.name, "colour"] = _GREEN
    elif BEST in rows:
        rows.loc[rows[f"{BEST}_max"] == 1, "colour"] = _BLUE
    rows = rows.sort_values("at", ascending=False, kind="stable")
    values = [say.signed(value) or "open" for value in rows["net_benefit"]]
    words = "net benefit per 100 cases at the decision threshold"
    made = style.ladder(_title(part), note, say.labels(rows), x=words, values=values)
    y, colours, ends = -np.arange(len(rows)), rows["colour"].tolist(), say.ends(rows, "net_benefit")
    made.bars(0 * y, rows["net_benefit"], y, colours, _shown(rows, part.attrs), name="net benefit")
    made.possible(*ends[:2], y, colours, name="missing")
    made.whiskers(*ends[2:], y, name="interval")
    ring = {"symbol": "diamond-open", "size": 9, "color": INK, "line": {"width": 1.5}}
    made.points(rows["chance"], y, marker=ring, name="as many at random")
    return made


def _one_cluster(rows: pd.DataFrame) -> bool:
    """Whether no value has an interval, as all cases are of one cluster."""
    return rows["net_benefit_lower"].isna().all()


def _title(part: pd.DataFrame) -> str:
    """Who has the highest net benefit at one threshold, and whose line reaches as high."""
    best, at = say.best_of(part), part["threshold"].iloc[0]
    if _one_cluster(part):
        return _ONE_CLUSTER
    if best is None:
        return f"At {1 / at - 1:.3g} for one, {_may_be_best(part)}"
    trade = f"{captions.threshold_words(at)} (threshold {100 * at:.2g} %)"
    title = f"With {trade}, referring {best['label'][:60]} has the highest net benefit"
    net = f": {say.brief(best, 'net_benefit', 1)} per 100 cases" * (best["sort"] != "none")
    ties = say.tied_with(part, best)
    return say.estimated(title + (f", in a tie with {ties}" if ties else net), part.attrs)


def _may_be_best(part: pd.DataFrame) -> str:
    """That unknown outcomes leave the best policy open, with the bounds of the two that may be most."""
    said = "the best policy is not known while outcomes are unknown"
    may = part[part[f"{BEST}_max"] == 1] if BEST in part else part[:0]
    may = may.sort_values("net_benefit_max", ascending=False, kind="stable")[:2].to_dict("records")
    two = ", ".join(f"{row['label']} {say.bounds(row, 'net_benefit')}" for row in may)
    return f"{said}: per 100 cases, referring {two}" if may else said


def _curve_title(rows: pd.DataFrame) -> str:
    """Who is best at the first and at the last thresholds drawn, where the bands are apart."""
    if _one_cluster(rows):
        return _ONE_CLUSTER
    said, sorts, unknown = [], {}, True
    for threshold, part in rows.groupby("threshold"):
        best = say.best_of(part)
        unknown &= best is None
        clear = best is not None and not say.tied_with(part, best)
        said.append((best["label"] if clear else None, f"{1 / threshold - 1:.2g}"))
        sorts |= {best["label"]: best["sort"]} if clear else {}
    runs = [(label, [at for _, at in run]) for label, run in groupby(said, key=itemgetter(0))]
    ends = [(label, " to ".join(dict.fromkeys([at[-1], at[0]]))) for label, at in (runs[0], runs[-1])]
    if sorts.get(runs[0][0]) == "all":  # who is so at one threshold is so below it too
        ends[0] = runs[0][0], f"{runs[0][1][-1]} or more"
    if sorts.get(runs[-1][0]) == "none":
        ends[1] = runs[-1][0], f"{runs[-1][1][0]} or fewer"
    told = ", ".join(f"referring {label} is best at {where}" for label, where in ends if label)
    if not told:
        why = "unknown outcomes decide it" if unknown else "the bands of the best overlap"
        title = f"No policy is clearly best at the thresholds shown: {why}"
    elif len(runs) == 1:
        title = f"Referring {runs[0][0]} is best at every threshold shown"
    else:
        overlap = "; at others, bands overlap" * any(label is None for label, _ in runs)
        title = captions.capital(f"{told} {_trade(rows.attrs).replace(' accepted', '')}{overlap}")
    return say.estimated(title, rows.attrs)
