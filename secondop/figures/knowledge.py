"""What knowledge gives: of facts, of triage and of second readings, as published and as assumed."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.figures.captions import capital, texts, whose
from secondop.figures.given import draws
from secondop.figures.policies import short
from secondop.figures.style import COLOURS, ladder, reach, tint

_SYMBOLS = {"over": "circle", "under": "diamond"}  # of what is called too severe, and too mild


@draws("yield_range", "signal", "contrasts", "policy", "measure")
def yield_at_signal(table: pd.DataFrame) -> go.Figure:
    """Yield above chance of each policy, with a slider for the signal that works without a kernel."""
    about, keys, steps = table.attrs, ["policy", "label", "sort"], {}
    what = f"{'errors corrected, less introduced,' if about['outcome'] == NET else 'changes'} per 100 cases"
    note = f"{about['n']:,} simulated cases at each signal and contrast ({about['scenario']}). Dot: "
    note += "contrasts at the middle. Pale: low to high. Thin: 95 % intervals. Dotted: as many at random."
    table = table.assign(off=table["contrasts"] != "middle").sort_values("off", kind="stable")
    ends = {"at": ("value", "first"), "start": ("value", "min"), "known": ("value", "max")}
    ends |= {"lower": ("lower", "min"), "upper": ("upper", "max")}
    for signal, part in table.groupby("signal"):
        found = {name: some.groupby(keys, sort=False).agg(**ends) for name, some in part.groupby("measure")}
        rows, sent = found["yield_above_chance"].reset_index(), found["referral_rate"].reset_index()
        rows["end"], shown = texts(rows, "start", "known"), {"policy": rows["label"].map(capital)}
        shown |= {"signal": f"{signal:g}", "referred, of 100 cases": texts(sent, "at", digits=0)}
        shown["above chance, contrasts at the middle"] = texts(rows, "at")
        shown["contrasts from low to high"] = rows["end"]
        shown["with 95 % intervals"] = texts(rows, "lower", "upper")
        if "yield_share" in found:
            shown["share of the possible, %"] = texts(found["yield_share"], "start", "known", digits=0)
        shown = pd.DataFrame(shown)
        row = rows.iloc[int((rows["policy"] == "recommended").argmax())]  # or the first there is
        title = {0: "If facts were not informative", 1: "As calibrated to contrasts"}.get(signal)
        title = title or f"If facts were {signal:g} times as informative"
        title += f", referring {row['label']} finds {row['end']} {what} above chance (95 % interval "
        title += f"{shown['with 95 % intervals'][row.name]})"
        rows["label"] = [capital(short(row)) for row in rows.to_dict("records")]
        pale = rows.drop(columns="at").assign(colour=tint(COLOURS["rule book"], 0.4))
        step = ladder(title, note, pale, x=f"yield above chance: {what}")
        step.rows(step.places.assign(at=rows["at"]), shown)
        step.across = {"range": reach(rows[["lower", "upper"]])}
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
    title = f"Shown to beat chance on every published case mix: triage by {' and '.join(above.index[above])}"
    title = title if above.any() else "No triage is shown to beat chance on every published case mix"
    note = f"Published: breast biopsies, from the least to the most of three case mixes. {own}: "
    note += f"{table.attrs.get('n', 0):,} cases, 95 % intervals. Dotted: chance, a lift of 1."
    shown = pd.DataFrame({"triage": table["triage"], "source": table["source"].where(published, own)})
    shown["lift"] = texts(table, "value", "lower", "upper", digits=2)
    shown["chosen, of 100 cases"] = texts(table, "referred")
    rows = pd.DataFrame({"head": shown["source"].map(capital), "label": table["triage"]})
    rows["end"], rows["at"] = shown["lift"].str.split(r" \(").str[0], table["value"]
    rows["start"], rows["known"] = table["lower"].where(published), table["upper"].where(published)
    rows["lower"], rows["upper"] = table["lower"].mask(published), table["upper"].mask(published)
    rows["colour"] = np.where(published, COLOURS["published"], COLOURS["simulated"])
    words = "lift (log): errors corrected, less introduced, of those chosen over all"
    made = ladder(title, note, rows, shown, x=words)
    limits = np.log10([min(0.8, table["lower"].min() * 0.95), table["upper"].max() * 1.06]).tolist()
    made.across = {"type": "log", "range": limits, "tickvals": [0.5, 0.75, 1, 1.5, 2, 3, 4, 6]}
    made.upright(1)
    return made.done()


@draws("read_strategies", "strategy", "reference_class", "over", "under")
def read_strategies(table: pd.DataFrame) -> go.Figure:
    """How often each strategy calls too severe and too mild, class by class; the title's one is coloured.

    With a column ``basis`` (say, "model" and "paper") the second has open marks.
    """
    rows, keys = table.dropna(subset=["over", "under"]), ["reference_class", "strategy"]
    rows = rows if "basis" in rows else rows.assign(basis="")
    ends = [f"{kind}{end}" for kind in _SYMBOLS for end in ("", "_lower", "_upper")]
    rows[ends] = 100 * rows.reindex(columns=ends).astype(float)
    title, named = _finding(rows[rows["basis"] == rows["basis"].iloc[0]])
    note = "Of 100 readings of cases that are truly of a class. Circle, and first at the right: over-called. "
    note += "Diamond: under-called." + f" Coloured: “{named}”." * bool(named)
    note += " Thin: 95 % interval of the simulation." * int((rows["under_upper"] > rows["under_lower"]).any())
    cells = rows.drop_duplicates(keys).reset_index(drop=True)
    cells["head"], cells["label"] = "truly " + cells["reference_class"], cells["strategy"]
    cells["end"] = [" · ".join(two) for two in zip(texts(cells, "over"), texts(cells, "under"), strict=True)]
    cells["column"] = cells.groupby("head", sort=False).ngroup() % 2
    x = "wrong answers, % of readings"
    made = ladder(title, note, cells[["label", "head", "column", "end"]], x=x)
    cells = cells[keys].join(made.places)
    for basis, some in rows.groupby("basis", sort=False):
        part = cells.merge(some, on=keys)
        part["colour"] = np.where(part["strategy"] == named, COLOURS["recommended"], COLOURS["none"])
        shown = pd.DataFrame({"strategy": part["strategy"] + ", truly " + part["reference_class"]})
        shown["strategy"] += f" ({basis})" * bool(basis)
        for kind in _SYMBOLS:
            shown[f"{kind}-called, %"] = texts(part, kind, f"{kind}_lower", f"{kind}_upper")
        if "second" in part:
            shown["read twice, %"] = texts(100 * part[["second"]], "second")
        second = basis != rows["basis"].iloc[0]
        made.note += f" Open: {basis}." * bool(second)
        for kind, symbol in _SYMBOLS.items():
            marks = part[["panel", "y", "colour"]].assign(symbol=symbol + "-open" * bool(second))
            numbers = {"at": kind, "lower": f"{kind}_lower", "upper": f"{kind}_upper"}
            marks = marks.assign(**{name: part[column] for name, column in numbers.items()})
            made.rows(marks, shown)
    made.across = {"range": reach(rows[ends]), "nticks": 4}
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
