"""Policies: what each finds against its possible overuse, how far above chance, and its net benefit."""

from collections.abc import Mapping
from itertools import groupby

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import BEST
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures import style
from secondop.figures.captions import HALF_WAY, basis_of, capital, gaps_of, number, span, with_ends
from secondop.figures.given import draws, only_one
from secondop.figures.style import COLOURS, INK, QUIET

ENDS = {"none": "nobody", "all": "everybody", FORESIGHT: FORESIGHT}
_MADE = "policy", "group", "measure", "threshold", "sort"
_FP, _TP, _ABOVE, _NET = "false_positive", "true_positive", "yield_above_chance", "net_benefit"
_OUTCOMES = {  # a true positive, a false one, and all that can be found
    "diagnosis_changed": ("the diagnosis changes", "the diagnosis stays", "changes"),
    "treatment_changed": ("the treatment changes", "the treatment stays", "changes"),
    "error_corrected": ("a wrong diagnosis is put right", "none is put right", "wrong diagnoses"),
    "intervention_averted": ("an intervention is averted", "none is averted", "interventions to avert"),
    NET: ("", "", "errors corrected, less introduced,"),
}
_FACES = {  # the first five policies, in this order, are named and have a colour
    "own": (COLOURS["overuse"], "triangle-up"),
    "score": (COLOURS["learned"], "star"),
    "level": (COLOURS["rule book"], "square"),
    "count": (COLOURS["urgent"], "circle"),
    "group": (COLOURS["useful"], "diamond"),
    "none": (INK, "circle-open"),
    "all": (INK, "circle-open"),
    FORESIGHT: (COLOURS["useful"], "cross"),
}
_NEEDED = (50, 30, 20, 15, 10, 8, 6, 5, 4, 3, 2, 1.5)  # numbers needed to refer that get a line
_REFERRALS = (50, 20, 10, 5, 2, 1)  # ticks of a decision curve; a phone has no room for 0.5
_DASHES = {"none": "dot", "all": "dash", FORESIGHT: "dashdot"}
_ONE_CLUSTER = "Which policy is best cannot be told: all cases are of one cluster, so there are no intervals"
_GREEN, _BLUE, _GREY = COLOURS["useful"], COLOURS["optional"], COLOURS["no_indication"]


@draws("tradeoff", *_MADE)
def tradeoff(table: pd.DataFrame) -> go.Figure:
    """What each policy finds against its possible overuse, with the efficient frontier and chance."""
    rows = _policies(table, "tradeoff", "referral_rate", _FP, _TP, _ABOVE, "frontier", "all")
    rows = rows.drop_duplicates("policy").assign(x=_middle(rows, _FP), y=_middle(rows, _TP))
    rows["colour"], rows["symbol"] = zip(*rows["sort"].map(_FACES), strict=True)
    rows = rows.assign(order=rows["sort"].map([*_FACES].index), off=rows["frontier"] != 1)
    rows = rows.sort_values(["order", "off"], kind="stable")
    others, ends = (rows[rows["sort"].isin(ENDS) == end] for end in (False, True))
    five, everybody = others.head(5), ends[ends["sort"] == "all"].iloc[0]
    happens, stays, what = _words(table.attrs)
    note = f"{_basis(rows, _FP, _ABOVE, gaps='Pale bar', chance='Thin cross')} NNR: number needed to refer."
    note += f" {HALF_WAY} The frontier breaks where outcomes decide it." * int(rows["x"].ne(rows[_FP]).any())
    made = style.figure(_tradeoff_title(others, everybody, what, table.attrs), note, height=430)
    made.x = f"possible overuse: of 100 cases, referred, and {stays}"
    made.y = f"of 100 cases, referred, and {happens}"
    for on, axis, name in ((made.across, "x", _FP), (made.up, "y", _TP)):
        on["range"] = style.reach([*rows[axis], *five[f"{name}_max"], *five[f"{name}_upper"], 1])
    made.line([0, everybody["x"]], [0, everybody["y"]], COLOURS["all"], dash="dot", name="chance")
    front = rows[(rows["sort"] != FORESIGHT) & (rows["frontier"] != 0)].sort_values("x")
    front = front[["x", "y"]].where(front["frontier"] == 1)
    made.line(front["x"], front["y"], INK, name="efficient frontier")
    for row in five[
        five[f"{_TP}_min"] + five[f"{_FP}_min"] < five[f"{_TP}_max"] + five[f"{_FP}_max"]
    ].to_dict("records"):
        x, y = ([row[f"{name}_min"], row[f"{name}_max"]] for name in (_FP, _TP))
        made.line(x, y, style.tint(row["colour"], 0.3), width=7, name="missing")
    named = pd.concat([ends, five])
    marker = {"color": named["colour"].tolist(), "symbol": named["symbol"].tolist(), "size": 10}
    look = {f"error_{axis}": _sampled(named, axis, name) for axis, name in (("x", _FP), ("y", _TP))}
    look |= {"marker": marker, "name": "named", "cliponaxis": False}
    faint = {"marker": {"color": style.tint(_GREY, 0.6), "size": 8}, "name": "other policies"}
    for part, face in ((others[5:], faint), (named, look)):
        made.points(part["x"], part["y"], _shown(part, table.attrs), **face)
    for row in named.to_dict("records"):
        at_end = row["sort"] in ENDS
        made.name(row["x"], row["y"], ENDS[row["sort"]] if at_end else short(row), QUIET if at_end else INK)
    chance = 1 + everybody["x"] / everybody["y"] if everybody["y"] else 0
    made.name(everybody["x"] * 0.62, everybody["y"] * 0.62, f"chance: NNR {chance:.2g}", QUIET)
    best = (1 + others["x"] / others["y"])[others["y"] > 0].min()
    for needed in [n for n in _NEEDED if 0.95 * best < n < 0.9 * chance][-2:]:
        x = 0.95 * min(made.across["range"][1], made.up["range"][1] * (needed - 1))
        made.line([0, x], [0, x / (needed - 1)], style.LIGHT["axis"], width=1, dash="dot", name="needed")
        made.name(x, x / (needed - 1), f"NNR {needed:g}", QUIET)
    if len(steps := front.rolling(2).mean().dropna()) > 1:
        made.name(*steps.iloc[len(steps) // 2], "efficient frontier")
    return made.done()


@draws("tradeoff", *_MADE)
def yield_above_chance(table: pd.DataFrame) -> go.Figure:
    """How many more changes each policy finds than as many referred at random: chance lies at zero."""
    rows = _policies(table, "yield_above_chance", _ABOVE, "referral_rate")
    rows = rows[~rows["sort"].isin(ENDS)].drop_duplicates("policy")
    if rows.empty:
        raise SecondopError("The figure yield_above_chance draws policies, and this table has none but ends.")
    rows = rows.assign(middle=_middle(rows, _ABOVE)).sort_values("middle", ascending=False, kind="stable")
    above, below = rows[f"{_ABOVE}_lower"] > 0, rows[f"{_ABOVE}_upper"] < 0
    what, many, rest = _words(table.attrs)[2], above.sum(), (~(above | below)).sum()
    title = f"{many or 'None'} of {len(rows)} policies {'are' if many > 1 else 'is'} shown to find more "
    title += f"{what} than chance"
    if many:
        most = rows.loc[rows[f"{_ABOVE}_lower"].idxmax()]
        ends = span(most[f"{_ABOVE}_lower"], most[f"{_ABOVE}_upper"], 1)
        title += f", most surely {short(most)} ({ends} more per 100 cases)"
    title += f"; {below.sum()} fewer" * int(below.any()) + f"; of {rest} it cannot be told" * bool(rest)
    marks = _marks(rows, _ABOVE).assign(at=rows[_ABOVE])
    marks["colour"] = np.where(above | below, COLOURS["rule book"], _GREY)
    marks["label"] += [f", {_brief(row, 'referral_rate')} referred" for row in rows.to_dict("records")]
    title, note = _estimated(title, table.attrs), f"{_basis(rows, _ABOVE)} Dotted: as many at random."
    words = f"yield above chance: {what} per 100 cases"
    made = style.ladder(title, note, marks, _shown(rows, table.attrs), x=words)
    made.upright(0, name="chance")
    return made.done()


@draws("decision_curve", *_MADE)
def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over decision thresholds, with everybody and nobody."""
    rows, about = _policies(table, "decision_curve", _NET, "all"), table.attrs
    if rows["threshold"].nunique() < 2:
        said = "The figure decision_curve draws lines over thresholds, and this table has one"
        raise SecondopError(f"{said}: give two or more, or draw net_benefit(tradeoff(..., threshold=...)).")
    rows["at"], words = _middle(rows, _NET), f"{_trade(about)}; below, the decision threshold"
    note = f"{basis_of(table)} Bands: 95 % interval" + f", {gaps_of(about)}" * (not about.get("estimate"))
    note += f". {HALF_WAY}" if about.get("unknown_outcomes") else "."
    above = "net benefit per 100 cases" + ": errors corrected less introduced" * (about.get("outcome") == NET)
    made = style.figure(_curve_title(rows), note, x=words, y=above, height=400)
    first, last, top = rows["threshold"].min(), rows["threshold"].max(), rows[f"{_NET}_upper"].max()
    ticks = {1 / (n + 1): f"{n}<br>{100 / (n + 1):.0f} %" for n in _REFERRALS if first <= 1 / (n + 1) <= last}
    made.across = {"type": "log", "range": np.log10([first, last]).tolist(), "tickangle": 0}
    made.across |= {"tickvals": [*ticks], "ticktext": [*ticks.values()]}
    made.up = {"range": [-0.35 * top, 1.06 * top] if top > 0 else [rows[f"{_NET}_lower"].min(), 1]}
    spare, lines = iter(style.SPARE), rows.pivot(index="threshold", columns="policy", values="at")
    for policy, part in rows.groupby("policy", sort=False):
        sort, label, x = part["sort"].iloc[0], part["label"].iloc[0], part["threshold"]
        colour = _GREEN if sort == FORESIGHT else COLOURS.get(policy) or next(spare, INK)
        if sort not in ("none", FORESIGHT):
            made.band(x, part[f"{_NET}_lower"], part[f"{_NET}_upper"], colour, name=f"{label}, band")
        made.line(x, part["at"], colour, dash=_DASHES.get(sort, "solid"), name=label)
        near = part.iloc[[int((x - at).abs().argmin()) for at in ticks]]
        made.points(
            near["threshold"], near["at"], _net_shown(near, about), marker={"color": colour, "size": 7}
        )
        others = lines.drop(columns=policy).sub(lines[policy], axis=0).abs().min(axis=1)
        apart = others.iloc[2:-2].where(lines[policy] >= 0)  # where it has most room, and is not yet steep
        at = apart.idxmax() if apart.notna().any() else lines.index[0]
        made.name(at, lines.loc[at, policy], short(part.iloc[0]), colour)
    return made.done()


@draws("tradeoff", *_MADE)
def net_benefit(table: pd.DataFrame) -> go.Figure:
    """Net benefit at a decision threshold, from the highest; of several thresholds, a slider moves it.

    The slider is part of the figure, so it works in a page without a kernel.
    """
    rows = _policies(table, "net_benefit", _NET, "referral_rate", "all")
    note = f"{_basis(rows[rows['sort'] != FORESIGHT], _NET)} Open mark: as many at random. "
    note += "Green: highest. Blue: its line reaches as high, or it may be highest."
    steps = {at: _ranked(part, note) for at, part in rows.groupby("threshold", sort=False)}
    made = steps[min(steps, key=lambda threshold: abs(threshold - 1 / 11))]
    if len(steps) > 1:
        steps = {f"{1 / at - 1:.3g}:1 = {100 * at:.0f} %": step for at, step in steps.items()}
        made.slide(steps, "No-change referrals accepted: ")
    return made.done()


def _ranked(part: pd.DataFrame, note: str) -> style.Drawing:
    """The policies at one threshold, the highest net benefit first, with what is missing and chance."""
    everybody, rows, about = part[part["sort"] == "all"].iloc[0], part[part["sort"] != FORESIGHT], part.attrs
    chance = (rows["referral_rate"] / 100 * everybody[_NET]).mask(rows["sort"].isin(["none", "all"]))
    rows = rows.assign(middle=_middle(rows, _NET), colour=_GREY, chance=chance)
    best, n = best_of(part), 1 / part["threshold"].iloc[0] - 1
    if part[f"{_NET}_lower"].isna().all():
        title = _ONE_CLUSTER
    elif best is None:
        may = rows[rows[f"{BEST}_max"] == 1] if BEST in rows else rows[:0]
        rows.loc[may.index, "colour"], two = _BLUE, may.nlargest(2, f"{_NET}_max")
        told = ", ".join(
            f"{label} {net}" for label, net in zip(two["label"], _bounds(two, _NET), strict=True)
        )
        title = f"At {n:.3g} for one, the best policy is not known while outcomes are unknown"
        title += f": per 100 cases, referring {told}" * bool(told)
    else:
        ties = tied(part, best)
        rows.loc[ties.index, "colour"], rows.loc[best.name, "colour"] = _BLUE, _GREEN
        title = f"With {n:.3g} {_trade(about, n)} (threshold {100 / (n + 1):.2g} %), referring "
        title += f"{best['label'][:60]} has the highest net benefit"
        others = f"{len(ties)} other{'s' * (len(ties) > 1)}" + ", also referring nobody" * (
            "none" in set(ties["sort"])
        )
        title += f", in a tie with {others}" if len(ties) else f": {_brief(best, _NET, 1)} per 100 cases"
        title = _estimated(title, about)
    rows = rows.sort_values("middle", ascending=False, kind="stable")
    marks = _marks(rows, _NET).assign(known=rows[_NET].fillna(0), colour=rows["colour"])
    words = "net benefit per 100 cases at the decision threshold"
    made = style.ladder(title, note, marks, _net_shown(rows, about), x=words)
    random = made.places.assign(at=rows["chance"].to_numpy(), colour=INK, symbol="diamond-open")
    made.rows(random, name="as many at random")
    made.upright(0, dash="solid", width=1, name="nobody")
    return made


def _curve_title(rows: pd.DataFrame) -> str:
    """Which policies are clearly best, and where, the two that are so at most thresholds."""
    if rows[f"{_NET}_lower"].isna().all():
        return _ONE_CLUSTER
    best = {}
    for threshold, part in rows.groupby("threshold"):
        first = best_of(part)
        clear = first is not None and tied(part, first).empty
        best[f"{1 / threshold - 1:.2g}"] = first["label"] if clear else ""
    runs = [(label, [*run]) for label, run in groupby(best, key=best.get)]
    most = sorted((run for run in runs if run[0]), key=lambda run: len(run[1]), reverse=True)[:2]
    told = [f"referring {label} is best at {' to '.join(dict.fromkeys([n[-1], n[0]]))}" for label, n in most]
    if not told:
        return _estimated("No policy is clearly best at the thresholds shown", rows.attrs)
    title = f"{capital(', '.join(told))} {_trade(rows.attrs).replace(' accepted', '')}"
    return _estimated(title + "; at others, bands overlap" * ("" in best.values()), rows.attrs)


def best_of(rows: pd.DataFrame) -> pd.Series | None:
    """The policy with the highest net benefit at a threshold; none where unknown outcomes leave that open.

    That is told by its difference from every other. Of estimates that cannot be told apart it is the highest,
    and :func:`tied` says with which.
    """
    real = rows[rows["sort"] != FORESIGHT]
    if BEST in real and real[f"{BEST}_max"].notna().any():
        best = real[real[BEST] == 1]
        if best.empty and real.loc[real[BEST].isna(), _NET].notna().all():  # only of estimates
            best = real[real[BEST].isna()].nlargest(1, _NET)
        return best.iloc[0] if len(best) else None
    return real.loc[real[_NET].idxmax()] if real[_NET].notna().all() else None


def tied(rows: pd.DataFrame, best: pd.Series) -> pd.DataFrame:
    """The policies whose drawn interval reaches the best one's."""
    others = rows[rows["sort"] != FORESIGHT].drop(best.name)
    return others[others[f"{_NET}_upper"] >= best[f"{_NET}_lower"]]


def short(row: Mapping) -> str:
    """A policy as it fits beside a mark."""
    text = row["policy"] if row["sort"] == "score" else row["label"]
    text = text.removeprefix("all with ").removeprefix("an indication of ")
    return text if len(text) <= 34 else f"{text[:33].rstrip()}…"


def _policies(table: pd.DataFrame, name: str, *needs: str) -> pd.DataFrame:
    """A row a policy and threshold, of one group; where errors are weighed, no positive is true or false."""
    only_one(table, "group", name)
    missing = [need for need in needs if need not in {*table["measure"], *table["sort"]}]
    if missing or table.duplicated(["policy", "measure", "threshold"]).any():
        has = f"no rows of {', '.join(missing)}" if missing else "several values of one measure"
        made = "decision_curve" if name == "decision_curve" else "tradeoff"
        whole = f"Give it what {made} made, without leaving out rows of nobody and everybody."
        if table.attrs.get("outcome") == NET:
            whole = f"Of outcome={NET!r} draw decision_curve(...), or yield_above_chance(...)."
        raise SecondopError(f"The figure {name} cannot draw this table: it has {has}. {whole}")
    return wide(table)


def _tradeoff_title(policies: pd.DataFrame, everybody: pd.Series, what: str, about: Mapping) -> str:
    """What one policy finds of all changes, what it refers without a change, and how far above chance."""
    first = policies.assign(book=policies["policy"] == "recommended").sort_values(["book", _ABOVE])
    row = first.iloc[-1] if len(first) else everybody
    over, sort = _brief(row, _FP), "no-change" if what == "changes" else "other"
    known = not pd.isna(row[_TP]) and not about.get("estimate") and row[f"{_TP}_min"] < row[f"{_TP}_max"]
    title = (
        f"Referring {row['label'][:60]} {'is known to find' if known else 'finds'} {_brief(row, _TP)} of the "
    )
    title += f"{_brief(everybody, _TP)} {what} in 100 cases, with {over} {sort} referral{'s' * (over != '1')}"
    ends = (row[f"{_ABOVE}{end}"] for end in ("", "_lower", "_upper"))
    return _estimated(title + ("" if pd.isna(row[_ABOVE]) else f": {with_ends(*ends)} above chance"), about)


def _sampled(rows: pd.DataFrame, axis: str, name: str) -> dict:
    """The 95 % interval about marks; where information is missing, as wide as it is about its bounds."""
    at = rows[axis]
    low, high = (at, at) if rows.attrs.get("estimate") else (rows[f"{name}_min"], rows[f"{name}_max"])
    low, high = at - low + rows[f"{name}_lower"], at - high + rows[f"{name}_upper"]
    return style.whisker(at, np.fmin(at, low), np.fmax(at, high))


def _marks(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The policies as rows of a ladder: words, the measure at their ends, its bounds and its interval."""
    ends = {"low": "_min", "high": "_max", "lower": "_lower", "upper": "_upper"}
    said = pd.DataFrame({part: rows[name + end] for part, end in ends.items()})
    said["label"] = [capital(short(row)) for row in rows.to_dict("records")]
    return said.assign(end=[number(value, 1) or "open" for value in rows[name]])


def _shown(rows: pd.DataFrame, about: Mapping) -> pd.DataFrame:
    """What pointing at a policy shows, in texts: what it finds and misses, of 100 cases."""
    columns = {"referred, of 100 cases": "referral_rate", f"referred, {_words(about)[0]}": _TP}
    columns |= {"possible overuse": _FP, "missed changes": "false_negative", "number needed to refer": "nnr"}
    columns |= {"yield above chance": _ABOVE, "share of the possible, %": "yield_share"}
    said = {words: _bounds(rows, name) for words, name in columns.items() if name in rows}
    said = (
        {"policy": rows["label"].map(capital)}
        | said
        | {"in brackets": f"what {gaps_of(about)} could make of it"}
    )
    return pd.DataFrame(said)


def _net_shown(rows: pd.DataFrame, about: Mapping) -> pd.DataFrame:
    """What pointing at a policy shows of its net benefit, in texts."""
    trade = [f"{1 / at - 1:.3g} (threshold {100 * at:.2g} %)" for at in rows["threshold"]]
    said = {
        "policy": rows["label"].map(capital),
        _trade(about): trade,
        "net benefit per 100 cases": _bounds(rows, _NET),
    }
    said["95 % interval"] = [*map(span, rows[f"{_NET}_lower"], rows[f"{_NET}_upper"], [1] * len(rows))]
    return pd.DataFrame(said).assign(**{"in brackets": f"what {gaps_of(about)} could make of it"})


def _words(about: Mapping) -> tuple[str, str, str]:
    return _OUTCOMES.get(about.get("outcome"), ("something changes", "nothing changes", "changes"))


def _trade(about: Mapping, n: float = 0) -> str:
    """What a decision threshold trades: what is accepted for one of what is found."""
    s = "" if n == 1 else "s"
    if about.get("outcome") == NET:
        return f"referral{s} without a correction accepted for one error corrected"
    return f"no-change referral{s} accepted for one change"


def _bounds(rows: pd.DataFrame, name: str) -> list[str]:
    """Values with their bounds behind them; these alone where unknown outcomes leave no value."""
    return [*map(with_ends, rows[name], rows[f"{name}_min"], rows[f"{name}_max"])]


def _brief(row: Mapping, name: str, digits: int = 0) -> str:
    """A value in short; its bounds where unknown outcomes leave none."""
    return number(row[name], digits) or span(row[f"{name}_min"], row[f"{name}_max"], digits)


def _middle(rows: pd.DataFrame, name: str) -> pd.Series:
    """The value, or half-way between its bounds where unknown outcomes leave it blank."""
    return rows[name].fillna((rows[f"{name}_min"] + rows[f"{name}_max"]) / 2)


def _basis(table: pd.DataFrame, *measures: str, gaps: str = "Hatched", chance: str = "Thin line") -> str:
    """The cases, and which marks stand for missing information, where there is some, and for the interval."""
    about, of = table.attrs, " of the estimate" * bool(table.attrs.get("estimate"))
    hatched = any((table[f"{name}_min"] < table[f"{name}_max"]).any() for name in measures)
    said = " How far above chance is as assumed." * bool(about.get("simulated") and _ABOVE in measures)
    said += f" {gaps}: {gaps_of(about)}." * hatched
    return f"{basis_of(table)}{said} {chance}: 95 % interval{of}."


def _estimated(title: str, about: Mapping) -> str:
    """The title, which says so where an estimate is drawn."""
    return f"Estimated: {title[0].lower()}{title[1:]}" if about.get("estimate") else title
