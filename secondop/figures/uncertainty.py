"""What if the assumptions are wrong, one at a time or all at once, and outcomes are known only for some."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.measures import MEASURES, TRUTH
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.sensitivity import IF_YES
from secondop.figures.captions import basis_of, capital, number, span, spoken, texts
from secondop.figures.given import draws, only_one
from secondop.figures.style import COLOURS, INK, QUIET, figure, ladder, reach, tint

_BASES = {"assumed": COLOURS["overuse"], "fitted": COLOURS["fitted"], "cited": INK}
_OWN = {FORESIGHT: "useful", "sought": "learned"}  # the others are a level, or of the rule book
_NAMES = {"none": "nobody", "all": "everybody", "sought": "those who sought an opinion"}
_NAMES |= {FORESIGHT: "only those that would change (perfect foresight)"}
_WAYS = {"known cases alone": "overuse", "estimate": "rule book", "bounds": "unknown", "truth": "published"}
_FAR = {"if none of them change": -np.inf, "if all of them change": np.inf}
_ARROW = {"symbol": "arrow", "angleref": "previous", "size": [0, 10], "standoff": [0, 9], "color": QUIET}
_TIMES = {1 / 50: "1/50", 1 / 10: "1/10", 1 / 3: "1/3", 1: "1", 3: "3", 10: "10", 50: "50"}
_MOST = "How many parameters to draw; the others are counted."
_TRUTH = "The true value of the measure, where a simulation knows it."


@draws("tornado", "measure", "policy", "label", "basis", "base", "at_lower", "at_upper", "swing", most=_MOST)
def tornado(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """How far each parameter alone moves a result from the scenario as stated, the widest swing on top."""
    words, unit = _words(only_one(table, "measure", "tornado"))
    ends = ["at_lower", "at_upper"]
    known = table[np.isfinite(table[["base", *ends]]).all(axis=1)].reset_index(drop=True)
    if known.empty:
        raise SecondopError(f"There is no {words} at any end of these ranges, so there are no bars to draw.")
    rows, top, swing, by = known.head(most), known.loc[0], known["swing"], known["swing_error"]
    base, ties = top["base"], (swing + by >= swing[0] - by[0]).sum() - 1
    title = f"“{capital(top['label'])}” moves {words} most{f', in a tie with {ties} more' if ties else ''}: "
    title += f"{span(*sorted(top[[*ends, 'base']])[::2], 1)} {unit}, {number(base, 1)} as stated"
    if (swing <= by).all():
        title = f"No parameter is shown to move {words} from {number(base, 1)} {unit}: chance does as well"
    note = f"{table.attrs['n']:,} simulated cases a bar, policy “{top['policy']}”. Pale: the lower end."
    note += f" At the right: the swing; chance moves it by up to ±{by.max():.2g}. Not drawn: "
    note += f"{len(known) - len(rows)} that swing less, {len(table) - len(known)} without a value."
    label = "{label}, {lower:.2g} to {upper:.2g} ({basis})".format_map
    shown = pd.DataFrame({"parameter": [label(row) for row in rows.to_dict("records")]})
    shown["at its lower end"], shown["at its upper end"] = (texts(rows, end, digits=2) for end in ends)
    shown["swing"], shown["by chance"] = (texts(rows, end, digits=2) for end in ("swing", "swing_error"))
    labels = shown.rename(columns={"parameter": "label", "swing": "end"})[["label", "end"]]
    made = ladder(title, note, labels, x=f"{words}, {unit}")
    made.across["range"] = [base + x for x in reach(rows[ends] - base)]
    made.upright(base, dash="solid", width=1)
    for end, alpha in zip(ends, (0.35, 1), strict=True):
        colour = [tint(_BASES[basis], alpha) for basis in rows["basis"]]
        made.rows(made.places.assign(start=base, known=rows[end], colour=colour), shown, name=end)
    return made.done()


@draws("bands", "policy", "measure", "base", "lower", "lower_half", "median", "draws")
def propagate(table: pd.DataFrame) -> go.Figure:
    """How far each policy's result spreads when all parameters are uncertain at once, highest median on top.

    An arrow leads from a policy to the same if all that missing information could refer is referred too.
    """
    for column in [name for name in ("measure", "threshold") if name in table]:
        only_one(table, column, "propagate")
    words, unit = _words(table["measure"].iloc[0])
    whole = np.isfinite(table[["median", "base", "lower", "upper", "lower_half", "upper_half"]]).all(axis=1)
    if not whole.any():
        raise SecondopError(f"No policy has finite {words} in any draw, so there are no bands to draw.")
    rows = table[whole].sort_values("median", ascending=False, kind="stable", ignore_index=True)
    rows = rows.assign(label=rows["policy"].replace(_NAMES).map(capital), end=texts(rows, "median"))
    own, width = ~rows["policy"].isin(_NAMES), rows["upper"] - rows["lower"]
    of = " of the rule book's policies" if own.any() else ""
    width = width.where(own) if of else width
    top = rows.loc[width.idxmax()]
    chance = 1.9 / top["draws"] ** 0.5  # two standard errors of a width, over it, where draws are normal
    ties = (width >= width.max() * (1 - chance)).sum() - 1
    title = f"{capital(words)} of “{top['label']}”: {span(top['lower'], top['upper'], 1)} {unit} in 95 % "
    title += f"of draws, {number(top['base'], 1)} as stated"
    if len(rows) > 1:
        title += f"; {ties} more{of} spread as widely" if ties else f"; the widest spread{of}"
    note = f"{table.attrs['n']:,} simulated cases in each of {rows['draws'].max():,} draws of all parameters,"
    note += " those that count nothing left out. Thin: 95 % of draws. Bar: half of them; hatched: if missing "
    note += "were yes. Tick and value: median. Diamond: as stated."
    if not whole.all():
        note += f" Without a number, so not drawn: {', '.join(table.loc[~whole, 'policy'])}."
    yes, halves = rows["policy"].str.endswith(IF_YES), rows[["lower_half", "upper_half"]]
    rows[["start", "known"]], rows[["low", "high"]] = halves.mask(yes), halves.where(yes)
    known = rows["policy"].str.removesuffix(IF_YES)
    rows["colour"] = known.replace(_OWN).map(COLOURS).fillna(COLOURS["rule book"])
    shown = pd.DataFrame({"policy": rows["label"], "median": rows["end"], "as stated": texts(rows, "base")})
    shown["95 % of draws"], shown["half of them"] = texts(rows, "lower", "upper"), texts(halves, *halves)
    made = ladder(title, note, rows, x=f"{words}, {unit}")
    for name, symbol in {"median": "line-ns", "base": "diamond-open"}.items():
        made.rows(made.places.assign(at=rows[name], symbol=symbol, colour=INK), shown, name=name)
    spots = dict(zip(rows["policy"], zip(rows["median"], made.places["y"], strict=True), strict=True))
    for policy in [name for name in spots if name + IF_YES in spots]:
        x, y = zip(spots[policy], spots[policy + IF_YES], strict=True)
        made.line(x, y, QUIET, width=1.2, mode="lines+markers", marker=_ARROW)
    return made.done()


@draws("verification_bias", "way", "measure", "label", "value", "min", "max", "lower", "upper", "n")
def verification_bias(table: pd.DataFrame) -> go.Figure:
    """What the known cases alone say, the estimate, the bounds and, of simulated cases, the truth."""
    words, unit = _words(only_one(table, "measure", "verification_bias"))
    rows = table.set_index("way", drop=False).assign(end=texts(table, "value"), at=[*table["value"]])
    bounds, bare = rows["way"] == "bounds", rows["way"].isin(["bounds", "truth"])
    rows["end"] = rows["end"].mask(bounds, texts(rows, "min", "max"))
    title = f"{capital(words)} of referring {rows['label'].iloc[0]}: {rows['end'].iloc[0]} {unit} by the "
    title += f"known cases alone, {rows['end']['estimate']} estimated"
    if "truth" in rows.index:
        hit = rows["lower"]["estimate"] <= rows["value"]["truth"] <= rows["upper"]["estimate"]
        title += f"; its interval {'includes' if hit else 'misses'} the truth, {rows['end']['truth']}"
    note = f"{basis_of(table[1:])} Thin: 95 % interval. Hatched: whatever the unknown answers are."
    shown = pd.DataFrame({"way": rows["way"].map(capital), unit: rows["end"]})
    shown["cases"] = rows["n"].map("{:,.0f}".format)
    shown["95 % interval"] = pd.Series(texts(rows, "lower", "upper"), rows.index).mask(bare, "none")
    limit = reach(rows[["value", "max", "upper"]])[1]  # what has no limit ends at the edge
    open_ = rows["way"].isin(["bounds", "known cases alone"]) & (rows["min"] < rows["max"])
    rows[["low", "high"]] = rows[["min", "max"]].clip(upper=limit).where(open_)
    rows[["lower", "upper"]] = rows[["lower", "upper"]].clip(upper=limit).mask(bare)
    rows["label"], rows["colour"] = shown["way"], rows["way"].map(_WAYS).map(COLOURS)
    rows["symbol"] = np.where(rows["way"] == "truth", "diamond", "circle")
    made = ladder(title, note, rows, shown, x=f"{words}, {unit}")
    made.across["range"] = [reach(rows["lower"])[0], limit]
    return made.done()


@draws("departures", "measure", "label", "delta", "odds", "value", "lower", "upper", "n", truth=_TRUTH)
def departures(table: pd.DataFrame, truth: float | None = None) -> go.Figure:
    """The estimate if the odds of a change among those not verified were other than among those alike."""
    words, unit = _words(only_one(table, "measure", "departures"))
    rows, colour = table[np.isfinite(table["delta"])].sort_values("delta"), COLOURS["rule book"]
    x, y = rows["odds"].to_numpy(), rows["value"].to_numpy()
    told, odds = f"{span(y.min(), y.max(), 1)} {unit}, if", f"{x[0]:.2g} to {x[-1]:.2g}"
    if truth is not None and y.min() <= truth <= y.max():
        told = f"the truth, {number(truth, 1)} {unit}, is reached where"
        odds = f"{np.exp(np.interp(truth, np.sort(y), np.log(x)[np.argsort(y)])):.2g}"
    title = f"{capital(words)} of referring {table['label'].iloc[0]}: {told} the odds of a change among "
    title += f"those not verified are {odds} times those of cases alike"
    note, across = f"{basis_of(table)} Band: 95 % interval.", "times the odds of a change among cases alike"
    made = figure(title, note, x=across, y=unit, height=300)
    made.across = {"range": [*np.log10(x[[0, -1]])], "type": "log"}
    made.across |= {"tickvals": [*_TIMES], "ticktext": [*_TIMES.values()]}
    far = table.set_index("delta")["value"]
    lines = {"truth": truth} | {said: far.get(end) for said, end in _FAR.items()}
    lines = {said: at for said, at in lines.items() if at is not None}
    made.up["range"] = reach([*table["lower"], *table["upper"], *lines.values()])
    made.band(x, rows["lower"], rows["upper"], colour)
    shown = pd.DataFrame({"times the odds": rows["odds"].map("{:.2g}".format), unit: texts(rows, "value")})
    shown["95 % interval"] = texts(rows, "lower", "upper")
    made.points(x, y, shown, mode="lines", line={"color": colour, "width": 2}, name="estimate")
    made.name(x[-1 - len(x) // 4], y[-1 - len(y) // 4], "estimate", colour)
    for said, at in lines.items():
        made.line(x[[0, -1]], [at, at], INK if said == "truth" else QUIET, dash="dash", name=said)
        made.name(x[-1 - len(x) // 8 if said == "truth" else len(x) // 2], at, said)
    return made.done()


def _words(name: str) -> tuple[str, str]:
    """A measure in words, and its unit."""
    if name in MEASURES:
        return MEASURES[name].words.split(":")[0], MEASURES[name].unit
    return TRUTH.get(name, spoken(name)), f"per 100 {'cases' if name in TRUTH else 'opinions'}"
