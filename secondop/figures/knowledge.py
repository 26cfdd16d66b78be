"""What knowledge gives: of facts, of triage and of second readings, as published and as assumed."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.figures import style
from secondop.figures.captions import capital, number, span, whose, with_ends
from secondop.figures.given import draws
from secondop.figures.policies import short
from secondop.figures.style import COLOURS

_SYMBOLS = {"over": "circle", "under": "diamond"}  # of what is called too severe, and too mild


@draws("yield_range", "signal", "contrasts", "policy", "measure")
def yield_at_signal(table: pd.DataFrame) -> go.Figure:
    """Yield above chance of each policy and its share of the possible, with a slider for the signal.

    The slider is part of the figure, so it works in a page without a kernel.
    """
    what = "errors corrected, less introduced," if table.attrs["outcome"] == NET else "changes"
    about = f"{table.attrs['n']:,} simulated cases at each signal and contrast ({table.attrs['scenario']})."
    note = f"{about} Dot: contrasts at the middle. Pale: from low to high. Thin: with 95 % intervals. "
    note += "Dotted: as many at random."
    table = table.assign(off=table["contrasts"] != "middle").sort_values("off", kind="stable")
    ends = {"at": ("value", "first"), "start": ("value", "min"), "known": ("value", "max")}
    ends |= {"lower": ("lower", "min"), "upper": ("upper", "max")}
    steps, keys = {}, ["policy", "label", "sort"]
    for signal, part in table.groupby("signal"):
        groups = part.groupby("measure")
        found = {name: some.groupby(keys, sort=False).agg(**ends) for name, some in groups}
        rows, sent = found["yield_above_chance"], found["referral_rate"]["at"]
        share = found.get("yield_share", rows * np.nan)
        rows = rows.assign(
            end=_ranges(rows), of=_ranges(share.reindex(rows.index), 0), sent=sent
        ).reset_index()
        rows["label"], names = [capital(short(row)) for row in rows.to_dict("records")], rows["label"]
        shown = pd.DataFrame({"policy": names.map(capital), "signal": f"{signal:g}"})
        shown["referred, of 100 cases"] = [number(x, 0) for x in rows["sent"]]
        shown["above chance, contrasts at the middle"] = [number(x, 1) for x in rows["at"]]
        shown["contrasts from low to high"], shown["share of the possible, %"] = rows["end"], rows["of"]
        shown["with 95 % intervals"] = [span(*row, 1) for row in rows[["lower", "upper"]].to_numpy()]
        row = rows.iloc[int((rows["policy"] == "recommended").argmax())]  # or the first
        how = {0: "If facts were not informative", 1: "As calibrated to contrasts"}
        title = how.get(signal, f"If facts were {signal:g} times as informative")
        title += f", referring {names[row.name]} finds {row['end']} {what} per 100 cases above chance"
        title += f": {row['of']} % of the possible at that volume" * bool(row["of"])
        if row["lower"] <= 0 <= row["upper"]:
            title = title.partition(" finds ")[0].replace("referring", "what referring")
            title += " finds cannot be told from chance"
        bars = rows.drop(columns="at").assign(colour=style.tint(COLOURS["rule book"], 0.4))
        step = style.ladder(title, note, bars, x=f"yield above chance: {what} per 100 cases")
        step.rows(step.places.assign(at=rows["at"]), shown)
        step.across = {"range": style.reach(rows[["lower", "upper"]])}
        step.upright(0, COLOURS["all"], name="chance")
        steps[f"{signal:g}"] = step
    start = min(steps, key=lambda signal: abs(float(signal) - 1))
    return steps[start].slide(steps, "How informative facts are (signal): ").done()


@draws("triage_lifts", "triage", "source", "referred", "value", "lower", "upper")
def triage_lifts(table: pd.DataFrame) -> go.Figure:
    """What triage by doubt, first diagnosis or policy finds, against chance: published and a cohort's."""
    own = capital(whose(table)) + ", as assumed" * bool(table.attrs.get("simulated"))
    published = table["source"] == "published"
    if published.all() or not published.any():
        whole = "give it what triage_lifts made, without leaving one out"
        raise SecondopError(f"The figure triage_lifts draws published rows and those of a cohort: {whole}.")
    kinds = table.loc[published, "triage"].str.partition(":")[0].str.lower()
    above = (table.loc[published, "lower"] > 1).groupby(kinds, sort=False).all()
    sure, open_ = " and ".join(above.index[above]), " or ".join(above.index[~above])
    told = [f"Triage by {sure} beats chance on every published case mix"] * bool(sure)
    told += [f"whether triage by {open_} does cannot be told"] * bool(open_)
    note = f"Published: breast biopsies, from the least to the most of three case mixes. {own}: "
    note += f"{table.attrs.get('n', 0):,} cases, 95 % intervals. Dotted: chance, a lift of 1."
    ends = pd.Series([span(*row, 2) for row in table[["lower", "upper"]].to_numpy()], table.index)
    shown = pd.DataFrame({"triage": table["triage"], "source": table["source"].where(published, own)})
    shown["lift"], shown["case mixes, or 95 % interval"] = [number(x, 2) for x in table["value"]], ends
    shown["chosen, of 100 cases"] = [number(x, 1) for x in table["referred"]]
    rows = pd.DataFrame(
        {"head": shown["source"].map(capital), "label": table["triage"], "at": table["value"]}
    )
    rows["end"], rows["colour"] = shown["lift"].mask(published, ends), COLOURS["simulated"]
    rows["start"], rows["known"] = table["lower"].where(published), table["upper"].where(published)
    rows["lower"], rows["upper"] = table["lower"].mask(published), table["upper"].mask(published)
    rows.loc[published, "colour"] = COLOURS["published"]
    words = "lift (log): errors corrected, less introduced, of those chosen over all"
    made = style.ladder(capital("; ".join(told)), note, rows, shown, x=words)
    limits = np.log10([min(0.8, table["lower"].min() * 0.95), table["upper"].max() * 1.06]).tolist()
    made.across = {"type": "log", "range": limits, "tickvals": [0.5, 0.75, 1, 1.5, 2, 3, 4, 6]}
    made.upright(1)
    return made.done()


@draws("read_strategies", "strategy", "reference_class", "over", "under")
def read_strategies(table: pd.DataFrame) -> go.Figure:
    """How often each strategy calls too severe and too mild, class by class, the first (such as none) on top.

    The strategy that the title names is coloured. With a column ``basis`` (say, "model" and "paper") the second
    has open marks. Classes without over and under are left out.
    """
    rows = table.dropna(subset=["over", "under"])
    rows = rows if "basis" in rows else rows.assign(basis="")
    ends = [f"{kind}{end}" for kind in _SYMBOLS for end in ("", "_lower", "_upper")]
    rows[ends] = 100 * rows.reindex(columns=ends).astype(float)
    keys, bases = ["reference_class", "strategy"], rows["basis"].unique()
    title, named = _finding(rows[rows["basis"] == bases[0]])
    note = "Of 100 readings of cases that are truly of a class. Circle, and left at the end: over-called. Diamond, "
    note += "and right: under-called." + f" Coloured: “{named}”." * bool(named)
    note += " Thin: 95 % interval of the simulation." * int((rows["under_upper"] > rows["under_lower"]).any())
    note += "".join(f" Open: {basis}." for basis in bases[1:])
    cells = rows.drop_duplicates(keys).reset_index(drop=True)
    cells["end"] = [
        f"{number(over, 1)} · {number(under, 1)}" for over, under in cells[["over", "under"]].to_numpy()
    ]
    cells = cells.assign(label=cells["strategy"], head="truly " + cells["reference_class"])
    cells["column"] = cells.groupby("head", sort=False).ngroup() % 2
    made = style.ladder(
        title, note, cells[["label", "head", "column", "end"]], x="wrong answers, % of readings"
    )
    for basis in bases:
        part = cells[keys].join(made.places).merge(rows[rows["basis"] == basis], on=keys)
        part["colour"] = np.where(part["strategy"] == named, COLOURS["recommended"], COLOURS["none"])
        shown = pd.DataFrame({"strategy": part["strategy"] + ", truly " + part["reference_class"]})
        shown["strategy"] += f" ({basis})" * bool(basis)
        for kind in _SYMBOLS:
            numbers = part[[kind, f"{kind}_lower", f"{kind}_upper"]].to_numpy()
            shown[f"{kind}-called"] = [with_ends(*row, unit=" %") for row in numbers]
        if "second" in part:
            shown["read twice"] = [f"{100 * x:.1f} %" for x in part["second"].fillna(0)]
        for kind, symbol in _SYMBOLS.items():
            names = {kind: "at", f"{kind}_lower": "lower", f"{kind}_upper": "upper"}
            marks = part.drop(columns=["n"], errors="ignore").rename(columns=names)
            made.rows(marks.assign(symbol=symbol + "-open" * (basis != bases[0])), shown)
    made.across = {"range": style.reach(rows[ends])}
    return made.done()


def _finding(rows: pd.DataFrame) -> tuple[str, str]:
    """The class whose under-calls a strategy raises most, as far as a simulation tells; and that strategy."""
    first = rows["strategy"].iloc[0]
    before = rows[rows["strategy"] == first].set_index("reference_class")
    rows = rows.join(before[["over", "under", "under_upper"]].add_suffix("_before"), on="reference_class")
    sure = rows["under_lower"].fillna(rows["under"]) > rows["under_upper_before"].fillna(rows["under_before"])
    if not sure.any():
        return f"No strategy surely under-calls more often than “{first}”", ""
    row = rows.loc[(rows["under"] - rows["under_before"]).where(sure).idxmax()]
    over, under = (f"{row[f'{kind}_before']:.1f} to {row[kind]:.1f} %" for kind in _SYMBOLS)
    fall = "fall" if row["over"] < row["over_before"] else "do not fall"
    told = f"Under “{row['strategy']}”, over-calls of {row['reference_class']} {fall} ({over})"
    return f"{told} and under-calls rise ({under})", row["strategy"]


def _ranges(rows: pd.DataFrame, digits: int = 1) -> list[str]:
    return [span(*row, digits) for row in rows[["start", "known"]].to_numpy()]
