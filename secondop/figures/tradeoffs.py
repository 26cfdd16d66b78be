"""Benefit against possible overuse: what policies find, and how far above chance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.policies import FORESIGHT
from secondop.figures import captions, style
from secondop.figures import policy_words as say
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, QUIET

ENDS = {"none": "nobody", "all": "everybody", FORESIGHT: FORESIGHT}
_FP, _TP, _ABOVE = "false_positive", "true_positive", "yield_above_chance"
_FACES = {  # the first five policies, in this order, are named and have a colour
    "own": (COLOURS["overuse"], "triangle-up"),
    "score": (COLOURS["learned"], "star"),
    "level": (COLOURS["rule book"], "square"),
    "count": (COLOURS["urgent"], "circle"),
    "group": (COLOURS["useful"], "diamond"),
}
_DRAWN = "referral_rate", _FP, _TP, _ABOVE, "frontier"
_CORNERS = "x", f"{_FP}_min", f"{_FP}_max", "y", f"{_TP}_min", f"{_TP}_max"
_NEEDED = (50, 30, 20, 15, 10, 8, 6, 5, 4, 3, 2, 1.5)  # numbers needed to refer that get a line


@draws("tradeoff", *say.MADE)
def tradeoff(table: pd.DataFrame) -> go.Figure:
    """What each policy finds against its possible overuse, with the efficient frontier and chance.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, of one group.
    """
    rows, about = (
        placed(say.policies(table, "tradeoff", *_DRAWN, sorts=("all",)).drop_duplicates("policy")),
        table.attrs,
    )
    at_end = rows["sort"].isin(ENDS)
    ends, others = rows[at_end], rows[~at_end]
    named = others.assign(order=others["sort"].map([*_FACES].index), off=others["frontier"] != 1)
    named = named.sort_values(["order", "off"], kind="stable").head(5)
    others, everybody = others.drop(named.index), rows[rows["sort"] == "all"].iloc[0]
    happens, stays, _ = say.outcome_words(about)
    x, y = f"possible overuse: of 100 cases, referred, and {stays}", f"of 100 cases, referred, and {happens}"
    said, note = say.shown(rows, about), _note(rows)
    made = style.figure(_tradeoff_title(rows), note, x=x, y=y, height=430)
    for axis, name in (("x", _FP), ("y", _TP)):
        drawn = [*rows[axis], *named[[f"{name}_max", f"{name}_upper"]].to_numpy().ravel(), 1]
        made.fig.layout[f"{axis}axis"].range = style.reach(drawn)
    made.line([0, everybody["x"]], [0, everybody["y"]], COLOURS["all"], dash="dot", name="chance")
    made.line(*(front := frontier(rows)), INK, name="efficient frontier")
    for row in named.to_dict("records"):
        for x, y in missing(row):
            made.line(x, y, style.tint(_FACES[row["sort"]][0], 0.3), width=7, name="missing")
    faint = {"color": style.tint(COLOURS["no_indication"], 0.6), "size": 8}
    made.points(others["x"], others["y"], said.loc[others.index], marker=faint, name="other policies")
    for sort, part in named.groupby("sort", sort=False):
        colour, symbol = _FACES[sort]
        look = {"marker": {"color": colour, "symbol": symbol, "size": 10}, "name": sort}
        look |= {f"error_{x}": _sampled(part, x, colour) for x in "xy"}
        made.points(part["x"], part["y"], said.loc[part.index], **look)
    ideal = ends["sort"] == FORESIGHT
    look = {"color": np.where(ideal, COLOURS["useful"], INK).tolist(), "size": 10}
    look |= {"symbol": np.where(ideal, "cross", "circle-open").tolist()}
    made.points(ends["x"], ends["y"], said.loc[ends.index], marker=look, name="ends", cliponaxis=False)
    for row in [*ends.to_dict("records"), *named.to_dict("records")]:
        text, colour = (ENDS[row["sort"]], QUIET) if row["sort"] in ENDS else (say.short(row), INK)
        made.name(row["x"], row["y"], text, colour)
    _needed(made, rows, everybody)
    steps = [np.mean(two, axis=0) for two in pairwise(zip(*front, strict=True)) if None not in sum(two, ())]
    if len(steps) > 1:
        made.name(*steps[len(steps) // 2], "efficient frontier")
    return made.done()


@draws("tradeoff", *say.MADE)
def yield_above_chance(table: pd.DataFrame) -> go.Figure:
    """How many more changes each policy finds than as many referred at random: chance lies at zero.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.tradeoff.tradeoff`, of one group.
    """
    rows = say.policies(table, "yield_above_chance", _ABOVE, "referral_rate", net=True)
    rows = rows.drop_duplicates("policy")
    rows = rows[~rows["sort"].isin(ENDS)]
    if rows.empty:
        raise SecondopError("The figure yield_above_chance draws policies, and this table has none but ends.")
    rows = rows.iloc[np.argsort(-say.middle(rows, _ABOVE), kind="stable")]
    what, (least, most, lower, upper) = say.outcome_words(table.attrs)[2], say.ends(rows, _ABOVE)
    note = f"{say.basis(rows)} {say.doubts(rows, _ABOVE)} Dotted: as many at random."
    sent = [say.brief(row, "referral_rate") for row in rows.to_dict("records")]
    labels = [f"{label}, {of} referred" for label, of in zip(say.labels(rows), sent, strict=True)]
    values = [say.signed(x) or "open" for x in rows[_ABOVE]]
    words = f"yield above chance: {what} per 100 cases"
    made = style.ladder(_yield_title(rows, what), note, labels, x=words, values=values)
    made.fig.update_xaxes(range=style.reach([least, most, lower, upper]))
    made.upright(0, name="chance")
    y, sure = -np.arange(len(rows)), (lower > 0) | (upper < 0)
    made.possible(least, most, y)
    made.whiskers(lower, upper, y)
    look = {"color": np.where(sure, COLOURS["rule book"], COLOURS["no_indication"]).tolist(), "size": 10}
    made.points(rows[_ABOVE], y, say.shown(rows, table.attrs), marker=look, name="policies")
    return made.done()


def placed(rows: pd.DataFrame) -> pd.DataFrame:
    """Where policies stand, ``x`` and ``y``: as recorded, unknown outcomes half-way, ``open`` of each 100.

    Of referrals whose outcome is unknown, each is a true or a false positive.
    """
    left = rows["referral_rate_min"] - rows[f"{_FP}_min"] - rows[f"{_TP}_min"]
    left = left.clip(lower=0).where(rows["sort"] != FORESIGHT, 0)  # which refers by the outcome
    x, y = (rows[name].fillna(rows[f"{name}_min"] + left / 2) for name in (_FP, _TP))
    return rows.assign(x=x, y=y.where(rows["sort"] != FORESIGHT, say.middle(rows, _TP)), open=left)


def missing(row: Mapping) -> list[tuple[list[float], list[float]]]:
    """Lines from a mark: to where missing facts, all taken as yes, refer; and over its unknown outcomes."""
    x, left, right, y, low, high = (row[name] for name in _CORNERS)
    half = (right + high - row["referral_rate_max"] + row["open"]) / 2
    found = [([x, x + right - left - half], [y, y + high - low - half])]
    found += [([left, left + row["open"]], [low + row["open"], low])]
    return [line for line in found if np.ptp(line) and max(map(np.ptp, line)) > 1e-9]


def frontier(rows: pd.DataFrame) -> tuple[list[float | None], list[float | None]]:
    """The efficient frontier, broken wherever unknown outcomes decide whether a policy is on it."""
    rows = rows[(rows["sort"] != FORESIGHT) & (rows["frontier"] != 0)]
    at = sorted((x, y, on == 1) for x, y, on in zip(rows["x"], rows["y"], rows["frontier"], strict=True))
    return tuple([spot[i] if spot[2] else None for spot in at] for i in (0, 1))


def _note(rows: pd.DataFrame) -> str:
    """What stands under the title of a trade-off."""
    about, real = rows.attrs, rows[rows["sort"] != FORESIGHT]
    note = f"{say.basis(rows)} {say.doubts(rows, _FP, 'Pale bar', 'Thin cross')} NNR: number needed to refer."
    note += f" {captions.HALF_WAY}." * bool(about.get("unknown_outcomes") and not about.get("estimate"))
    return note + " The frontier breaks where outcomes decide it." * bool(real["frontier"].isna().any())


def _tradeoff_title(rows: pd.DataFrame) -> str:
    """What one policy finds of all changes, what it refers without a change, and how far above chance."""
    what, real = say.outcome_words(rows.attrs)[2], rows[~rows["sort"].isin(ENDS)]
    everybody = say.brief(rows[rows["sort"] == "all"].iloc[0], _TP)
    if real.empty:
        return f"Referring everybody finds {everybody} {what} in 100 cases"
    book = real[real["policy"] == "recommended"]
    row = (book if len(book) else real.sort_values(_ABOVE, ascending=False)).iloc[0]
    over, sort = say.brief(row, _FP), "no-change" if what == "changes" else "other"
    known = "is known to find" if row[f"{_TP}_min"] < row[f"{_TP}_max"] and not pd.isna(row[_TP]) else "finds"
    finds = "finds" if rows.attrs.get("estimate") else known
    title = f"Referring {row['label'][:60]} {finds} {say.brief(row, _TP)} of the {everybody} {what} in 100 "
    title += f"cases, with {over} {sort} referral{'s' * (over != '1')}"
    return say.estimated(title + ("" if pd.isna(row[_ABOVE]) else say.above_chance(row)), rows.attrs)


def _yield_title(rows: pd.DataFrame, what: str) -> str:
    """How many policies are told from chance, and which if one is; of the others that cannot be told."""
    above, below = int((rows[f"{_ABOVE}_lower"] > 0).sum()), int((rows[f"{_ABOVE}_upper"] < 0).sum())
    n, rest = len(rows), len(rows) - above - below
    if rest == n:
        told = f"any of the {n} policies finds" if n > 1 else f"referring {rows['label'].iloc[0][:60]} finds"
        return f"Whether {told} more {what} than chance cannot be told: no interval is above zero"
    title = f"{above or 'None'} of {n} policies find{'s' * (above == 1)} more {what} than chance"
    if above == 1:
        one = rows.loc[rows[f"{_ABOVE}_lower"].idxmax()]
        ends = captions.between(one[f"{_ABOVE}_lower"], one[f"{_ABOVE}_upper"])
        title += f": {say.short(one)}, {ends} more per 100 cases"
    title += f"; {below} find{'s' * (below == 1)} fewer" * bool(below)
    title += f"; of the other{f' {rest}' * (rest > 1)} it cannot be told" * bool(rest)
    return say.estimated(title, rows.attrs)


def _sampled(rows: pd.DataFrame, axis: str, colour: str) -> dict:
    """The 95 % interval about marks; where information is missing, as wide as it is about its bounds."""
    name, at = {"x": _FP, "y": _TP}[axis], rows[axis]
    low, high = (at, at) if rows.attrs.get("estimate") else (rows[f"{name}_min"], rows[f"{name}_max"])
    low, high = at - low + rows[f"{name}_lower"], at - high + rows[f"{name}_upper"]
    return style.whisker(at, np.fmin(at, low), np.fmax(at, high), colour)


def _needed(made: style.Drawing, rows: pd.DataFrame, everybody: pd.Series) -> None:
    """Lines of one number needed to refer: that of chance, and up to two better ones."""
    if not everybody["y"] > 0:
        return
    chance = 1 + everybody["x"] / everybody["y"]
    made.name(everybody["x"] * 0.62, everybody["y"] * 0.62, f"chance: NNR {chance:.2g}", QUIET)
    right, top = (0.95 * made.fig.layout[f"{axis}axis"].range[1] for axis in "xy")
    best = (1 + rows["x"] / rows["y"])[~rows["sort"].isin(ENDS) & (rows["y"] > 0)].min()
    for needed in [n for n in _NEEDED if 0.95 * best < n < 0.9 * chance][-2:]:
        x = min(right, top * (needed - 1))
        made.line([0, x], [0, x / (needed - 1)], style.LIGHT["axis"], width=1, dash="dot", name="needed")
        made.name(x, x / (needed - 1), f"NNR {needed:g}", QUIET)
