"""A learned triage: whether its probabilities are honest, whom it beats, and what it goes by."""

from __future__ import annotations

from collections.abc import Collection
from math import isnan, nan

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures import style
from secondop.figures.captions import between, capital, cases_of, known_of, ranges, with_ends
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, Panel

_PARTS = {
    "true_positive": ("useful", "referred, something changes"),
    "false_positive": ("overuse", "nothing changes: possible overuse"),
    "false_negative": ("underuse", "not referred: missed"),
}
_KINDS = {  # of facts, by whether they are known to tell nothing
    False: ("may tell something", COLOURS["learned"], "circle"),
    True: ("tell nothing, by construction", QUIET, "diamond-open"),
}
_WHO = {"random": "a random choice", "rule_book": "the rule book", "learned": "the learned triage"}


@draws("calibration", "score", "n", "changed", "unknown", "min", "max", "lower", "upper")
def calibration(table: pd.DataFrame) -> go.Figure:
    """Probabilities against what came of them, group by group, with the calibration slope.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learned.calibration`.
    """
    table, attrs, colour = table.reset_index(drop=True), table.attrs, COLOURS["learned"]
    score, least, most, lower, upper = (100 * table[x] for x in ("score", "min", "max", "lower", "upper"))
    slope, intercept = (attrs.get(name, (nan,) * 3) for name in ("slope", "intercept"))
    note = f"{table['n'].sum():,} {cases_of(table)} in {len(table)} groups by probability.{known_of(table)}"
    note += "" if isnan(intercept[0]) else f" Calibration intercept {with_ends(*intercept, '.2f')}."
    note += " Thin: 95 % interval." + " Pale: unknown outcomes." * bool(table["unknown"].any())
    x, y = "mean probability in the group, %", "came true, % of the group"
    made = style.figure(_calibrated(slope, intercept), note, x=x, y=y)
    ends, middle = [0, min(100, 1.15 * max(score.max(), upper.max()))], (least + most) / 2
    made.fig.update_layout(xaxis={"range": ends}, yaxis={"range": ends})
    made.line(ends, ends, COLOURS["all"], dash="dot")
    for i in np.flatnonzero(most > least):
        made.line([score[i]] * 2, [least[i], most[i]], style.tint(colour, 0.4), width=7)
    said = {"group": [f"{i + 1} of {len(table)}" for i in table.index]}
    said["mean probability"] = score.map("{:.1f} %".format)
    true = zip(ranges(least, most), ranges(lower, upper), strict=True)
    said["came true"] = [f"{share} % ({chance})" for share, chance in true]
    said["cases"] = [
        f"{row.changed:,.0f} of {row.n:,.0f}" + f", {row.unknown:,.0f} unknown" * bool(row.unknown)
        for row in table.itertuples()
    ]
    look = {"marker": {"color": colour, "size": list(9 * (least == most)), "opacity": 1}, "name": "groups"}
    look["error_y"] = style.whisker(middle, lower, upper, colour)
    made.points(score, middle, pd.DataFrame(said), **look)
    made.name(0.6 * ends[1], 0.6 * ends[1], "perfect calibration", QUIET)
    return made.done()


@draws("same_volume", "level", "unknown", "referral_rate", "measure", *_WHO, "lower", "upper", "winner")
def same_volume(table: pd.DataFrame) -> go.Figure:
    """Chance, the rule book and a learned triage, each referring equally many.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.learned.same_volume`, or several of them under one another.
    """
    rounds = [part.set_index("measure") for _, part in table.groupby(["level", "unknown"], sort=False)]
    note = f"{table['n'].iloc[0]:,} {cases_of(table)}, each scored by a model that did not learn from it. "
    note += "At the right: changes found. Thin: 95 % interval, in pairs with the rule book."
    found = [part.loc[list(_PARTS), list(_WHO)].astype(float) for part in rounds]
    who = list(map(capital, _WHO.values()))
    panels = []
    for part, counts in zip(rounds, found, strict=True):
        level, unknown, sent = part[["level", "unknown", "referral_rate"]].iloc[0]
        head = f"{level}: {sent:.0f} of 100, missing as {'no' if unknown == 'nobody' else 'yes'}"
        panels.append(Panel(head, who, [between(x, x) or "?" for x in counts.loc["true_positive"]]))
    made = style.ladder(_winner(rounds), note + known_of(table), panels, x="of 100 cases")
    for panel, (part, counts) in enumerate(zip(rounds, found, strict=True)):
        shown = pd.DataFrame({"who refers": [f"{name}: {panels[panel].head}" for name in who]})
        until = counts.cumsum()
        for measure, (_, name) in _PARTS.items():
            shown[name] = [between(x, x) or "unknown" for x in counts.loc[measure]]
        for measure, (colour, name) in _PARTS.items():
            look = {"name": name, "showlegend": panel == 0, "panel": panel}
            ends = until.loc[measure] - counts.loc[measure], until.loc[measure]
            made.bars(*ends, [0, -1, -2], COLOURS[colour], shown, **look)
        row = part.loc["true_positive"]
        made.whiskers(*([row["rule_book"] + row[end]] for end in ("lower", "upper")), [-2], panel=panel)
    made.across(range=[0, 1.02 * max(counts.sum().max() for counts in found)])
    return made.done()


@draws("importance", "fact", "label", "question", "importance", "lower", "upper")
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
    mute, about, first = table["fact"].isin(silent), table.attrs, table.iloc[0]
    rows = pd.concat([table[~mute].head(most), table[mute]])
    rows = rows.assign(y=-np.arange(len(rows)), label=rows["label"].map(capital))
    ties = (table["upper"].iloc[1:] >= first["lower"]).sum()
    title = f"“{capital(first['label'])}” matters most" + f", in a tie with {ties} more" * bool(ties)
    title += f": shuffling it costs {first['importance']:.1f} "
    beats = about.get("auc", 50) - 50
    of = f"of the {beats:.1f} points by which the learned triage beats guessing"
    title += of if first["importance"] < beats else "points of AUC"
    if first["lower"] <= 0:
        shown = f"{(table['lower'] > 0).sum()} of {len(table)} are shown to matter"
        title = f"Which fact matters most cannot be told: {shown}"
    if not (table["lower"] > 0).any():
        title = "No fact is shown to matter: every interval includes zero"
    note = f"{about['n']:,} {cases_of(table)}" if "n" in about else capital(cases_of(table))
    note += f", {about['unknown']:,} without a known outcome left out" if about.get("unknown") else ""
    note += "; each fact shuffled among cases that the model did not learn from. Thin: 95 % interval over "
    note += f"folds. {len(rows)} of {len(table)} facts are shown. AUC: chance 50, perfect 100."
    values = [between(lost, lost) for lost in rows["importance"]]
    made = style.ladder(title, note, rows["label"], x="points of AUC lost", values=values)
    made.fig.update_xaxes(range=style.reach(rows[["lower", "upper"]]))
    made.upright(0, COLOURS["all"])
    shown = rows[["label", "question"]].set_axis(["fact", "question"], axis=1)
    columns = rows[["importance", "lower", "upper"]].to_numpy()
    shown["points of AUC lost"] = [with_ends(*row, ".2f") for row in columns]
    for known, part in rows.groupby(rows["fact"].isin(silent)):
        name, colour, symbol = _KINDS[known]
        look = {"marker": {"color": colour, "symbol": symbol, "size": 9}, "name": name}
        look["error_x"] = style.whisker(part["importance"], part["lower"], part["upper"], colour)
        look["showlegend"] = bool(len(silent))
        made.points(part["importance"], part["y"], shown.loc[part.index], **look)
    return made.done()


def _calibrated(slope: tuple[float, float, float], intercept: tuple[float, float, float]) -> str:
    """What slope and intercept say of the probabilities, as far as their intervals tell."""
    if isnan(slope[0]):
        return "No calibration slope fits these probabilities"
    told = "Nothing shows that the probabilities are off"
    if not intercept[1] <= 0 <= intercept[2] and not isnan(intercept[0]):
        told = f"The probabilities are too {'low' if intercept[0] > 0 else 'high'} on average"
    if slope[1] > 1 or slope[2] < 1:
        told = f"The probabilities are too {'near to one another' if slope[1] > 1 else 'far apart'}"
    return f"{told}: calibration slope {with_ends(*slope, '.2f')}, where 1 is perfect"


def _winner(rounds: list[pd.DataFrame]) -> str:
    """Who finds more, as far as the paired intervals tell."""
    winners, row = [part.loc["true_positive", "winner"] for part in rounds], rounds[0].loc["true_positive"]
    if not row["winner"]:
        return "Unknown outcomes leave open who finds more at the same volume"
    ahead, other = ("learned", "rule_book")[:: 1 if row["winner"] == "learned triage" else -1]
    known = f"{_WHO[ahead]} finds {row[ahead]:.1f} changes, {_WHO[other]} {row[other]:.1f}"
    known += ", too close to call" if row["winner"] == "neither" else ""
    title = f"With {row['referral_rate']:.0f} of 100 cases referred, {known}"
    alike = winners.count(row["winner"])
    return title if alike == len(winners) else f"{title}; {alike} of {len(winners)} comparisons end so"
