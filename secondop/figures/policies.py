"""Policies: what each finds against its possible overuse, how far above chance, and its net benefit."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.evaluation.measures import BEST, MEASURES
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.tradeoff import wide
from secondop.figures.captions import HALF_WAY, basis_of, capital, gaps_of, number, span, texts, with_ends
from secondop.figures.given import draws, only_one
from secondop.figures.style import COLOURS, INK, QUIET, SPARE, Drawing, figure, ladder, reach, tint, whisker
from secondop.words import plural

ENDS = {"none": "nobody", "all": "everybody", FORESIGHT: FORESIGHT}
_MADE = "policy", "group", "measure", "threshold", "sort"
_FP, _TP, _ABOVE, _NET = "false_positive", "true_positive", "yield_above_chance", "net_benefit"
_MEASURED = "referral_rate", _TP, _FP, "false_negative", "nnr", _ABOVE, "yield_share"
_FOUND = {"error_corrected": "wrong diagnoses", "intervention_averted": "interventions to avert"}
_FOUND |= {NET: "errors corrected, less introduced,"}  # other outcomes find changes
_FACES = {  # the first five policies, in this order, are named and have a colour
    "own": (COLOURS["overuse"], "triangle-up"),
    "score": (COLOURS["learned"], "star"),
    "level": (COLOURS["rule book"], "square"),
    "count": (COLOURS["urgent"], "circle"),
    "group": (COLOURS["useful"], "diamond"),
}
_REFERRALS = (50, 20, 10, 5, 2, 1)  # ticks of a decision curve; a phone has no room for 0.5
_OVERLAP, _UNKNOWN = "bands overlap", "unknown outcomes decide it"  # why no policy is clearly best
_NEEDED = (50, 30, 20, 15, 10, 8, 6, 5, 4, 3, 2, 1.5)  # numbers needed to refer that may get a line
_DASHES = {"none": "dot", "all": "dash", FORESIGHT: "dashdot"}
_GREEN, _BLUE, _GREY = COLOURS["useful"], COLOURS["optional"], COLOURS["no_indication"]


@draws("tradeoff", *_MADE)
def tradeoff(table: pd.DataFrame) -> go.Figure:
    """What each policy finds against its possible overuse, with the efficient frontier and chance."""
    rows = _policies(table, "tradeoff", "referral_rate", _FP, _TP, _ABOVE, "frontier", "all")
    rows = rows.drop_duplicates("policy").sort_values("frontier", key=lambda on: on != 1, kind="stable")
    order, what = [*_FACES, *ENDS].index, _FOUND.get(table.attrs.get("outcome"), "changes")
    rows = rows.sort_values("sort", key=lambda sorts: sorts.map(order), kind="stable")
    rows["x"], rows["y"] = (_marks_of(rows, name)["mid"] for name in (_FP, _TP))
    ends, others = rows[rows["sort"].isin(ENDS)], rows[~rows["sort"].isin(ENDS)]
    five, everybody = others.head(5), ends[ends["sort"] == "all"].iloc[0]
    book = others.assign(book=others["policy"] == "recommended").sort_values(["book", _ABOVE])
    row = book.iloc[-1] if len(book) else everybody  # whom the title is about
    known = not table.attrs.get("estimate") and row[f"{_TP}_min"] == row[_TP] < row[f"{_TP}_max"]
    title = f"Referring {row['label'][:60]} {'is known to find' if known else 'finds'} {_brief(row, _TP)} of "
    title += f"the {_brief(everybody, _TP)} {what} in 100 cases, with {_brief(row, _FP)} "
    title += "no-change referrals" if what == "changes" else "other referrals"
    above = with_ends(*(row[f"{_ABOVE}{end}"] for end in ("", "_lower", "_upper")))
    title = _title_of(title + (f": {above} above chance" if above else ""), table)
    note = f"{_basis(rows, _FP, _ABOVE, gaps='Pale bar', chance='Thin cross')} NNR: number needed to refer."
    note += f" {HALF_WAY} The frontier breaks where outcomes decide it." if rows[_FP].isna().any() else ""
    x, y = (f"{MEASURES[name].words}, {MEASURES[name].unit}" for name in (_FP, _TP))
    made = figure(title, note, x=x, y=y, height=430)
    made.line([0, everybody["x"]], [0, everybody["y"]], COLOURS["all"], dash="dot", name="chance")
    front = rows[(rows["sort"] != FORESIGHT) & (rows["frontier"] != 0)].sort_values("x")
    front = front[["x", "y"]].where(front["frontier"] == 1)
    if others["frontier"].ne(0).any():  # the ends alone are chance, not what the ones left out reach
        made.line(front["x"], front["y"], INK, name="efficient frontier")
    named = pd.concat([ends, five])
    faces = named["sort"].map(_FACES | dict.fromkeys(ENDS, (INK, "circle-open")))
    marker = {"color": faces.str[0].tolist(), "symbol": faces.str[1].tolist(), "size": 10}
    look, bounds = {"marker": marker, "name": "named", "cliponaxis": False}, []
    for on, axis, name in ((made.across, "x", _FP), (made.up, "y", _TP)):
        of, at = _marks_of(named, name), named[axis]
        on["range"] = reach([*rows[axis], *of.loc[five.index, ["high", "upper"]].to_numpy().ravel(), 1])
        if not table.attrs.get("estimate"):  # where information is missing, as wide as about its bounds
            of["lower"], of["upper"] = of["lower"] + at - of["low"], of["upper"] + at - of["high"]
        look[f"error_{axis}"] = whisker(at, np.fmin(at, of["lower"]), np.fmax(at, of["upper"]))
        bounds.append(of.loc[five.index, ["low", "high"]].to_numpy())
    for x, y, (colour, _) in zip(*bounds, faces[five.index], strict=True):
        if np.ptp(x) or np.ptp(y):
            made.line(x, y, tint(colour, 0.3), width=7, name="missing")
    faint = {"marker": {"color": tint(_GREY, 0.6), "size": 8}, "name": "other policies"}
    for part, face in ((others[5:], faint), (named, look)):
        made.points(part["x"], part["y"], _shown(part, *_MEASURED), **face)
    for row in named.to_dict("records"):
        end = ENDS.get(row["sort"])
        made.name(row["x"], row["y"], end or short(row), QUIET if end else INK)
    x, y = 0.62 * everybody["x"], 0.62 * everybody["y"]
    chance = 1 + x / y if y else np.inf
    made.name(x, y, f"chance: NNR {chance:.2g}", QUIET)
    right, top = (0.95 * on["range"][1] for on in (made.across, made.up))
    best = (1 + others["x"] / others["y"]).min()  # of policies: two lines at most between it and chance
    for needed in [n for n in _NEEDED if 0.95 * best < n < 0.9 * chance < np.inf][-2:]:
        x = min(right, top * (needed - 1))
        made.line([0, x], [0, x / (needed - 1)], _GREY, width=1, dash="dot", name="needed")
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
    of, what = _marks_of(rows, _ABOVE), _FOUND.get(table.attrs.get("outcome"), "changes")
    lower, upper, open_ = of["lower"], of["upper"], ~((of["lower"] > 0) | (of["upper"] < 0))
    many, fewer, most = (lower > 0).sum(), (upper < 0).sum(), lower.idxmax()
    title = f"Shown to find more {what} than chance: {many or 'none'} of {len(rows)} policies"
    if many:
        ends = span(lower[most], upper[most], 1)
        title += ", most surely " if many > 1 else ", "
        title += f"{short(rows.loc[most])} ({ends} more per 100 cases)"
    title += f"; fewer: {fewer}" if fewer else ""
    title += f"; of {open_.sum()} it cannot be told" if open_.any() else ""
    rows = rows.assign(colour=np.where(open_, _GREY, COLOURS["rule book"]), at=of["at"])
    note = f"{_basis(rows, _ABOVE)} Dotted: as many at random."
    return _ranked(title, note, rows, _ABOVE, f"yield above chance: {what} per 100 cases").done()


@draws("decision_curve", *_MADE)
def decision_curve(table: pd.DataFrame) -> go.Figure:
    """Net benefit of each policy over decision thresholds, with everybody and nobody."""
    rows, best = _policies(table, "decision_curve", _NET, "all"), pd.Series(dtype=str)
    if rows["threshold"].nunique() < 2:
        said = "The figure decision_curve draws lines over thresholds, and this table has one"
        raise SecondopError(f"{said}: give two or more, or draw net_benefit(tradeoff(..., threshold=...)).")
    for at, part in rows.groupby("threshold"):
        first = best_of(part)
        why = _UNKNOWN if first is None else _OVERLAP if len(tied(part, first)) else ""
        best[1 / at - 1] = why or first["label"]
    clear = best[~best.isin([_OVERLAP, _UNKNOWN])]
    runs = best.ne(best.shift()).cumsum()[clear.index]  # thresholds beside one another, and no gap between
    told = [f"{run.iloc[0]} at {span(min(run.index), max(run.index))}" for _, run in clear.groupby(runs)]
    open_ = " and ".join(why for why in (_OVERLAP, _UNKNOWN) if why in set(best))
    title = f"Clearly best: referring {', '.join(told)} {_trade(table)}"
    title += f"; elsewhere {open_}" if open_ else ""
    title = title if told else f"No policy is clearly best at the thresholds shown: {open_}"
    note = _basis(rows, _NET, gaps="In them too", chance="Bands")
    note += f" {HALF_WAY}" if table.attrs.get("unknown_outcomes") else ""
    words = f"{_trade(table)}; below, the decision threshold"
    made = figure(_title_of(title, table), note, x=words, y="net benefit per 100 cases", height=400)
    rows = rows.join(_marks_of(rows, _NET))
    first, last, top = rows["threshold"].min(), rows["threshold"].max(), rows["upper"].max()
    ticks = {1 / (n + 1): f"{n}<br>{100 / (n + 1):.0f} %" for n in _REFERRALS if first <= 1 / (n + 1) <= last}
    made.across = {"type": "log", "range": np.log10([first, last]).tolist(), "tickangle": 0}
    made.across |= {"tickvals": [*ticks], "ticktext": [*ticks.values()]}
    made.up = {"range": [-0.35 * top, 1.06 * top] if top > 0 else [rows["lower"].min(), 1]}
    spare, lines = iter(SPARE), rows.pivot(index="threshold", columns="policy", values="mid")
    for policy, part in rows.groupby("policy", sort=False):
        row, x, y = part.iloc[0], part["threshold"], part["mid"]
        colour = _GREEN if row["sort"] == FORESIGHT else COLOURS.get(policy) or next(spare, INK)
        if row["sort"] not in ("none", FORESIGHT):
            made.band(x, part["lower"], part["upper"], colour, name=f"{row['label']}, band")
        made.line(x, y, colour, dash=_DASHES.get(row["sort"], "solid"), name=row["label"])
        near = [(x - at).abs().idxmin() for at in ticks]
        made.points(x[near], y[near], _shown(part.loc[near], _NET), marker={"color": colour, "size": 7})
        others = lines.drop(columns=policy).sub(lines[policy], axis=0).abs().min(axis=1)
        apart = others.iloc[2:-2].where(lines[policy] >= 0)  # where it has most room, and is not yet steep
        at = apart.idxmax() if apart.notna().any() else lines.index[0]
        made.name(at, lines.loc[at, policy], short(row), colour)
    return made.done()


@draws("tradeoff", *_MADE)
def net_benefit(table: pd.DataFrame) -> go.Figure:
    """Net benefit at a decision threshold, the highest first; a slider, without a kernel, moves it."""
    rows, steps = _policies(table, "net_benefit", _NET, "referral_rate", "all", _TP), {}
    note = f"{_basis(rows[rows['sort'] != FORESIGHT], _NET)} Open mark: as many at random. "
    note += "Green: highest. Blue: its line reaches as high, or it may be highest."
    for at, part in rows.groupby("threshold", sort=False):
        real, best, n = part[part["sort"] != FORESIGHT].assign(colour=_GREY), best_of(part), 1 / at - 1
        title = f"At {n:.3g} for one, the best policy is not known while outcomes are unknown"
        if best is None:
            may = real[real[f"{BEST}_max"] == 1] if BEST in real else real[:0]
            real.loc[may.index, "colour"] = _BLUE
            two = may.nlargest(2, f"{_NET}_max").to_dict("records")
            two = ", ".join(f"{row['label']} {_brief(row, _NET, 1)}" for row in two)
            title += f": per 100 cases, referring {two}" if two else ""
        else:
            ties, trade = tied(part, best), _trade(table, "" if n == 1 else "s")
            real.loc[ties.index, "colour"], real.loc[best.name, "colour"] = _BLUE, _GREEN
            title = f"With {n:.3g} {trade} (threshold {100 * at:.2g} %), referring {best['label'][:60]} has "
            net = f": {_brief(best, _NET, 1)} per 100 cases" if ties.empty else ""
            title += "the highest net benefit" + (net or f", in a tie with {plural(len(ties), 'other')}")
            title += ", also referring nobody" if "none" in set(ties["sort"]) else ""
        everybody, ends = real.loc[real["sort"] == "all", _NET].item(), real["sort"].isin(["none", "all"])
        real["chance"] = (real["referral_rate"] / 100 * everybody).mask(ends)
        real["known"] = real[_NET].fillna(0)
        steps[at] = _ranked(title, note, real, _NET, "net benefit per 100 cases at the decision threshold")
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
    return text if len(text) <= 36 else f"{text[:35].rstrip()}…"


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


def _marks_of(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """A measure as figures draw it, and half-way between its bounds where unknown outcomes leave it blank."""
    names = {"": "at", "_min": "low", "_max": "high", "_lower": "lower", "_upper": "upper"}
    found = rows[[name + end for end in names]].set_axis([*names.values()], axis=1)
    return found.assign(mid=found["at"].fillna(found[["low", "high"]].mean(axis=1)))


def _ranked(title: str, note: str, rows: pd.DataFrame, measure: str, x: str) -> Drawing:
    """The policies as rows of a ladder, the highest first: the measure, its bounds, its interval and zero."""
    rows = rows.assign(mid=_marks_of(rows, measure)["mid"]).sort_values("mid", ascending=False, kind="stable")
    marks = _marks_of(rows, measure).drop(columns="at").join(rows[["colour", *{"at", "known"} & {*rows}]])
    records = rows.to_dict("records")
    labels = [f"{capital(short(row))}, {_brief(row, 'referral_rate')} referred" for row in records]
    marks = marks.assign(label=labels, end=[number(value, 1) or "open" for value in rows[measure]])
    shown = _shown(rows, *{_NET: [_NET]}.get(measure, _MEASURED))
    made = ladder(_title_of(title, rows), note, marks, shown, x=x)
    if "chance" in rows:
        chance = made.places.assign(at=rows["chance"].to_numpy(), colour=INK, symbol="diamond-open")
        made.rows(chance, name="as many at random")
    made.upright(0, name="zero")
    return made


def _shown(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """What pointing at a policy shows: measures of 100 cases, with what missing information makes of them."""
    said = {"policy": rows["label"].map(capital)}
    if _NET in names:
        said[_trade(rows)] = [f"{1 / at - 1:.3g} (threshold {100 * at:.2g} %)" for at in rows["threshold"]]
        said["95 % interval"] = texts(rows, f"{_NET}_lower", f"{_NET}_upper")
    for name in names:
        if name in rows:
            words = MEASURES[name].words
            words += f", {MEASURES[name].unit}" if name == "yield_share" else ""
            ends = rows[[name, f"{name}_min", f"{name}_max"]].to_numpy(float)
            said[words] = [with_ends(*row) or "none" for row in ends]  # such as of nobody's referrals
    return pd.DataFrame(said | {"in brackets": f"what {gaps_of(rows.attrs)} could make of it"})


def _trade(table: pd.DataFrame, s: str = "s") -> str:
    """What a decision threshold trades: what is accepted for one of what is found."""
    if table.attrs.get("outcome") == NET:
        return f"referral{s} without a correction accepted for one error corrected"
    return f"no-change referral{s} accepted for one change"


def _brief(row: Mapping, name: str, digits: int = 0) -> str:
    """A value in short; its bounds where unknown outcomes leave none."""
    return number(row[name], digits) or span(row[f"{name}_min"], row[f"{name}_max"], digits)


def _basis(table: pd.DataFrame, *measures: str, gaps: str = "Hatched", chance: str = "Thin line") -> str:
    """The cases, and which marks stand for the interval and, where there is some, for missing information."""
    about, cluster = table.attrs, table[f"{measures[0]}_lower"].isna().all()
    note = f"{basis_of(table)} {chance}: 95 % interval{' of the estimate' if about.get('estimate') else ''}."
    if any((table[f"{name}_min"] < table[f"{name}_max"]).any() for name in measures):
        note += f" {gaps}: {gaps_of(about)}."
    note += " How far above chance is as assumed." if about.get("simulated") and _ABOVE in measures else ""
    return note + (" All cases are of one cluster, so there are no intervals." if cluster else "")


def _title_of(title: str, table: pd.DataFrame) -> str:
    """The title, which says so where an estimate is drawn."""
    return f"Estimated: {title[0].lower()}{title[1:]}" if table.attrs.get("estimate") else title
