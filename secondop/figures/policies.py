"""Policies: what each finds against its possible overuse, how far above chance, and its net benefit."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import BEST
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures import style
from secondop.figures.captions import HALF_WAY, basis_of, capital, gaps_of, number, span, texts, with_ends
from secondop.figures.given import draws, only_one
from secondop.figures.style import COLOURS, INK, QUIET

ENDS = {"none": "nobody", "all": "everybody", FORESIGHT: FORESIGHT}
_MADE = "policy", "group", "measure", "threshold", "sort"
_FP, _TP, _ABOVE, _NET = "false_positive", "true_positive", "yield_above_chance", "net_benefit"
_TRADE = "no-change referral{} accepted for one change"
_CORRECTED = "referral{} without a correction accepted for one error corrected"
_OUTCOMES = {  # a true positive, a false one, all that can be found, and what a threshold trades
    None: ("something changes", "nothing changes", "changes", _TRADE),
    "diagnosis_changed": ("the diagnosis changes", "the diagnosis stays", "changes", _TRADE),
    "treatment_changed": ("the treatment changes", "the treatment stays", "changes", _TRADE),
    "error_corrected": ("a wrong diagnosis is put right", "none is put right", "wrong diagnoses", _TRADE),
    "intervention_averted": ("an intervention is averted", "none is averted", "avertable ones", _TRADE),
    NET: ("", "", "errors corrected, less introduced,", _CORRECTED),
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
_REFERRALS = (50, 20, 10, 5, 2, 1)  # ticks of a decision curve; a phone has no room for 0.5
_DASHES = {"none": "dot", "all": "dash", FORESIGHT: "dashdot"}
_GREEN, _BLUE, _GREY = COLOURS["useful"], COLOURS["optional"], COLOURS["no_indication"]


@draws("tradeoff", *_MADE)
def tradeoff(table: pd.DataFrame) -> go.Figure:
    """What each policy finds against its possible overuse, with the efficient frontier and chance."""
    rows = _policies(table, "tradeoff", "referral_rate", _FP, _TP, _ABOVE, "frontier", "all")
    rows = rows.drop_duplicates("policy").assign(x=rows[f"{_FP}_mid"], y=rows[f"{_TP}_mid"])
    rows["colour"], rows["symbol"] = zip(*rows["sort"].map(_FACES), strict=True)
    rows = rows.assign(order=rows["sort"].map([*_FACES].index), off=rows["frontier"] != 1)
    rows = rows.sort_values(["order", "off"], kind="stable")
    ends, others = rows[rows["sort"].isin(ENDS)], rows[~rows["sort"].isin(ENDS)]
    five, everybody = others.head(5), ends[ends["sort"] == "all"].iloc[0]
    happens, stays, what, _ = _words(table)
    book = others.assign(book=others["policy"] == "recommended").sort_values(["book", _ABOVE])
    row = book.iloc[-1] if len(book) else everybody  # whom the title is about
    known = not table.attrs.get("estimate") and row[f"{_TP}_min"] == row[_TP] < row[f"{_TP}_max"]
    title = f"Referring {row['label'][:60]} {'is known to find' if known else 'finds'} {_brief(row, _TP)} of "
    title += f"the {_brief(everybody, _TP)} {what} in 100 cases, with {_brief(row, _FP)} "
    title += "no-change referrals" if what == "changes" else "other referrals"
    above = with_ends(*(row[f"{_ABOVE}{end}"] for end in ("", "_lower", "_upper")))
    title += f": {above} above chance" * bool(above)
    note = f"{_basis(rows, _FP, _ABOVE, gaps='Pale bar', chance='Thin cross')} NNR: number needed to refer."
    note += f" {HALF_WAY} The frontier breaks where outcomes decide it." * int(rows[_FP].isna().any())
    made = style.figure(_estimated(title, table), note, height=430)
    made.x = f"possible overuse: of 100 cases, referred, and {stays}"
    made.y = f"of 100 cases, referred, and {happens}"
    for on, axis, name in ((made.across, "x", _FP), (made.up, "y", _TP)):
        on["range"] = style.reach([*rows[axis], *five[f"{name}_max"], *five[f"{name}_upper"], 1])
    made.line([0, everybody["x"]], [0, everybody["y"]], COLOURS["all"], dash="dot", name="chance")
    front = rows[(rows["sort"] != FORESIGHT) & (rows["frontier"] != 0)].sort_values("x")
    front = front[["x", "y"]].where(front["frontier"] == 1)
    made.line(front["x"], front["y"], INK, name="efficient frontier")
    for row in five.to_dict("records"):
        x, y = ([row[f"{name}_min"], row[f"{name}_max"]] for name in (_FP, _TP))
        if x[0] < x[1] or y[0] < y[1]:
            made.line(x, y, style.tint(row["colour"], 0.3), width=7, name="missing")
    named = pd.concat([ends, five])
    marker = {"color": named["colour"].tolist(), "symbol": named["symbol"].tolist(), "size": 10}
    look = {"marker": marker, "name": "named", "cliponaxis": False}
    for axis, name in (("x", _FP), ("y", _TP)):  # where information is missing, as wide as about its bounds
        at, lower, upper = named[axis], named[f"{name}_lower"], named[f"{name}_upper"]
        if not table.attrs.get("estimate"):
            lower, upper = lower + at - named[f"{name}_min"], upper + at - named[f"{name}_max"]
        look[f"error_{axis}"] = style.whisker(at, np.fmin(at, lower), np.fmax(at, upper))
    faint = {"marker": {"color": style.tint(_GREY, 0.6), "size": 8}, "name": "other policies"}
    made.points(others["x"][5:], others["y"][5:], _shown(others[5:]), **faint)
    made.points(named["x"], named["y"], _shown(named), **look)
    for row in named.to_dict("records"):
        end = ENDS.get(row["sort"])
        made.name(row["x"], row["y"], end or short(row), QUIET if end else INK)
    chance = 1 + everybody["x"] / everybody["y"] if everybody["y"] else 0
    made.name(everybody["x"] * 0.62, everybody["y"] * 0.62, f"chance: NNR {chance:.2g}", QUIET)
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
    rows = rows.sort_values(f"{_ABOVE}_mid", ascending=False, kind="stable")
    above, below, what = rows[f"{_ABOVE}_lower"] > 0, rows[f"{_ABOVE}_upper"] < 0, _words(table)[2]
    many, fewer, rest = above.sum(), below.sum(), (~(above | below)).sum()
    title = f"Shown to find more {what} than chance: {many or 'none'} of {len(rows)} policies"
    if many:
        most = rows.loc[rows[f"{_ABOVE}_lower"].idxmax()]
        ends = span(most[f"{_ABOVE}_lower"], most[f"{_ABOVE}_upper"], 1)
        title += f", most surely {short(most)} ({ends} more per 100 cases)"
    title += f"; fewer: {fewer}" * bool(fewer) + f"; of {rest} it cannot be told" * bool(rest)
    marks = _marks(rows, _ABOVE).assign(at=rows[_ABOVE])
    marks["colour"] = np.where(above | below, COLOURS["rule book"], _GREY)
    marks["label"] += [f", {_brief(row, 'referral_rate')} referred" for row in rows.to_dict("records")]
    title, note = _estimated(title, table), f"{_basis(rows, _ABOVE)} Dotted: as many at random."
    made = style.ladder(title, note, marks, _shown(rows), x=f"yield above chance: {what} per 100 cases")
    made.upright(0, name="chance")
    return made.done()


@draws("decision_curve", *_MADE)
def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over decision thresholds, with everybody and nobody."""
    rows = _policies(table, "decision_curve", _NET, "all")
    if rows["threshold"].nunique() < 2:
        said = "The figure decision_curve draws lines over thresholds, and this table has one"
        raise SecondopError(f"{said}: give two or more, or draw net_benefit(tradeoff(..., threshold=...)).")
    note = f"{_basis(rows, _NET, gaps='In the bands too', chance='Bands')}"
    note += f" {HALF_WAY}" * bool(table.attrs.get("unknown_outcomes"))
    trade, best = _words(table)[3].format("s"), pd.Series(dtype=str)
    for at, part in rows.groupby("threshold"):
        first = best_of(part)
        best[1 / at - 1] = "" if first is None or len(tied(part, first)) else first["label"]
    where = best[best != ""].groupby(best).groups
    where = {label: dict.fromkeys([f"{min(at):.2g}", f"{max(at):.2g}"]) for label, at in where.items()}
    told = ", ".join(f"{label} at {' to '.join(ends)}" for label, ends in where.items())
    title = f"Clearly best: referring {told} {trade}" + "; elsewhere bands overlap" * ("" in best.tolist())
    title = _estimated(title if told else "No policy is clearly best at the thresholds shown", table)
    made = style.figure(title, note, y="net benefit per 100 cases", height=400)
    made.x = f"{trade}; below, the decision threshold"
    first, last, top = rows["threshold"].min(), rows["threshold"].max(), rows[f"{_NET}_upper"].max()
    ticks = {1 / (n + 1): f"{n}<br>{100 / (n + 1):.0f} %" for n in _REFERRALS if first <= 1 / (n + 1) <= last}
    made.across = {"type": "log", "range": np.log10([first, last]).tolist(), "tickangle": 0}
    made.across |= {"tickvals": [*ticks], "ticktext": [*ticks.values()]}
    made.up = {"range": [-0.35 * top, 1.06 * top] if top > 0 else [rows[f"{_NET}_lower"].min(), 1]}
    spare, lines = iter(style.SPARE), rows.pivot(index="threshold", columns="policy", values=f"{_NET}_mid")
    for policy, part in rows.groupby("policy", sort=False):
        row, x = part.iloc[0], part["threshold"]
        colour = _GREEN if row["sort"] == FORESIGHT else COLOURS.get(policy) or next(spare, INK)
        if row["sort"] not in ("none", FORESIGHT):
            made.band(x, part[f"{_NET}_lower"], part[f"{_NET}_upper"], colour, name=f"{row['label']}, band")
        made.line(x, part[f"{_NET}_mid"], colour, dash=_DASHES.get(row["sort"], "solid"), name=row["label"])
        near = part.iloc[[int((x - at).abs().argmin()) for at in ticks]]
        mark = {"color": colour, "size": 7}
        made.points(near["threshold"], near[f"{_NET}_mid"], _shown(near, net=True), marker=mark)
        others = lines.drop(columns=policy).sub(lines[policy], axis=0).abs().min(axis=1)
        apart = others.iloc[2:-2].where(lines[policy] >= 0)  # where it has most room, and is not yet steep
        at = apart.idxmax() if apart.notna().any() else lines.index[0]
        made.name(at, lines.loc[at, policy], short(row), colour)
    return made.done()


@draws("tradeoff", *_MADE)
def net_benefit(table: pd.DataFrame) -> go.Figure:
    """Net benefit at a decision threshold, from the highest; of several thresholds, a slider moves it.

    The slider is part of the figure, so it works in a page without a kernel.
    """
    rows, steps = _policies(table, "net_benefit", _NET, "referral_rate", "all", _TP), {}
    note = f"{_basis(rows[rows['sort'] != FORESIGHT], _NET)} Open mark: as many at random. "
    note += "Green: highest. Blue: its line reaches as high, or it may be highest."
    for at, part in rows.groupby("threshold", sort=False):
        real, best, n = part[part["sort"] != FORESIGHT].assign(colour=_GREY), best_of(part), 1 / at - 1
        if best is None:
            title = f"At {n:.3g} for one, the best policy is not known while outcomes are unknown"
            real.loc[real.get(f"{BEST}_max", real["threshold"]) == 1, "colour"] = _BLUE
        else:
            ties, trade = tied(part, best), _words(part)[3].format("" if n == 1 else "s")
            real.loc[ties.index, "colour"], real.loc[best.name, "colour"] = _BLUE, _GREEN
            title = f"With {n:.3g} {trade} (threshold {100 / (n + 1):.2g} %), referring {best['label'][:60]}"
            title += " has the highest net benefit"
            with_whom = f", in a tie with {len(ties)} other{'s' * (len(ties) > 1)}"
            with_whom += ", also referring nobody" * ("none" in set(ties["sort"]))
            title += with_whom if len(ties) else f": {_brief(best, _NET, 1)} per 100 cases"
        real = real.sort_values(f"{_NET}_mid", ascending=False, kind="stable")
        marks = _marks(real, _NET).assign(known=real[_NET].fillna(0), colour=real["colour"])
        words = "net benefit per 100 cases at the decision threshold"
        step = style.ladder(_estimated(title, table), note, marks, _shown(real, net=True), x=words)
        everybody = real.loc[real["sort"] == "all", _NET].item()
        chance = (real["referral_rate"] / 100 * everybody).mask(real["sort"].isin(["none", "all"]))
        random = step.places.assign(at=chance.to_numpy(), colour=INK, symbol="diamond-open")
        step.rows(random, name="as many at random")
        step.upright(0, dash="solid", width=1, name="nobody")
        steps[at] = step
    made = steps[min(steps, key=lambda threshold: abs(threshold - 1 / 11))]
    if len(steps) > 1:
        names = {f"{1 / at - 1:.3g}:1 = {100 * at:.0f} %": step for at, step in steps.items()}
        made.slide(names, "No-change referrals accepted: ")
    return made.done()


def best_of(rows: pd.DataFrame) -> pd.Series | None:
    """The policy with the highest net benefit at a threshold; none where unknown outcomes leave that open."""
    real = rows[rows["sort"] != FORESIGHT]
    if BEST in real and real[f"{BEST}_max"].notna().any():
        best = real[real[BEST] == 1]
        if best.empty and real.loc[real[BEST].isna(), _NET].notna().all():  # only of estimates
            best = real[real[BEST].isna()].nlargest(1, _NET)
        return best.iloc[0] if len(best) else None
    return real.loc[real[_NET].idxmax()] if real[_NET].notna().all() else None


def tied(rows: pd.DataFrame, best: pd.Series) -> pd.DataFrame:
    """The policies whose drawn interval reaches the best one's; all, where there are no intervals."""
    others = rows[rows["sort"] != FORESIGHT].drop(best.name)
    return others[~(others[f"{_NET}_upper"] < best[f"{_NET}_lower"])]


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
    rows = wide(table)
    for measure in table["measure"].unique():  # half-way between its bounds where outcomes leave it blank
        half_way = (rows[f"{measure}_min"] + rows[f"{measure}_max"]) / 2
        rows[f"{measure}_mid"] = rows[measure].fillna(half_way)
    return rows


def _marks(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The policies as rows of a ladder: words, the measure at their ends, its bounds and its interval."""
    ends = {f"{name}_min": "low", f"{name}_max": "high", f"{name}_lower": "lower", f"{name}_upper": "upper"}
    marks = rows[[*ends]].rename(columns=ends)
    marks["label"] = [capital(short(row)) for row in rows.to_dict("records")]
    return marks.assign(end=[number(value, 1) or "open" for value in rows[name]])


def _shown(rows: pd.DataFrame, *, net: bool = False) -> pd.DataFrame:
    """What pointing at a policy shows, of 100 cases: what it finds and misses, or its net benefit."""
    said, about = {"policy": rows["label"].map(capital)}, f"what {gaps_of(rows.attrs)} could make of it"
    names = {"referred, of 100 cases": "referral_rate", f"referred, {_words(rows)[0]}": _TP}
    names |= {"possible overuse": _FP, "missed changes": "false_negative", "number needed to refer": "nnr"}
    names |= {"yield above chance": _ABOVE, "share of the possible, %": "yield_share"}
    if net:
        names, at = {"net benefit per 100 cases": _NET}, rows["threshold"]
        said[_words(rows)[3].format("s")] = [f"{1 / x - 1:.3g} (threshold {100 * x:.2g} %)" for x in at]
        said["95 % interval"] = texts(rows, f"{_NET}_lower", f"{_NET}_upper")
    for words, name in ((words, name) for words, name in names.items() if name in rows):
        said[words] = [*map(with_ends, rows[name], rows[f"{name}_min"], rows[f"{name}_max"])]
    return pd.DataFrame(said | {"in brackets": about})


def _words(table: pd.DataFrame) -> tuple[str, str, str, str]:
    return _OUTCOMES.get(table.attrs.get("outcome"), _OUTCOMES[None])


def _brief(row: Mapping, name: str, digits: int = 0) -> str:
    """A value in short; its bounds where unknown outcomes leave none."""
    return number(row[name], digits) or span(row[f"{name}_min"], row[f"{name}_max"], digits)


def _basis(table: pd.DataFrame, *measures: str, gaps: str = "Hatched", chance: str = "Thin line") -> str:
    """The cases, and which marks stand for missing information, where there is some, and for the interval."""
    about, note = table.attrs, basis_of(table)
    if any((table[f"{name}_min"] < table[f"{name}_max"]).any() for name in measures):
        note += f" {gaps}: {gaps_of(about)}."
    note += " How far above chance is as assumed." * bool(about.get("simulated") and _ABOVE in measures)
    if table[f"{measures[0]}_lower"].isna().all():
        return f"{note} All cases are of one cluster, so there are no intervals."
    return f"{note} {chance}: 95 % interval{' of the estimate' * bool(about.get('estimate'))}."


def _estimated(title: str, table: pd.DataFrame) -> str:
    """The title, which says so where an estimate is drawn."""
    return f"Estimated: {title[0].lower()}{title[1:]}" if table.attrs.get("estimate") else title
