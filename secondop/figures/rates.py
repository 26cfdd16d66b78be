"""How often rules fire: alone, added up, and together."""

from math import ceil

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.rates import OTHER
from secondop.figures.captions import capital, cases_of, number, share_of, span, spoken, texts
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, Drawing, axes, ladder, tint

_KINDS = {
    "clinical": ("recommended", "Clinical indications"),
    "both": ("all", "Clinical or wish"),
    "patient-driven": ("optional", "Patient's wish"),
    "counter-indication": ("not_needed", "Reasons against"),
    "amplifier": ("no_indication", "Strengthens one"),
}
_MOST, _COLUMN = 80, 24  # rows that can be read, and those that fit below one another
_RATES = ("min", "max", "lower", "upper", "n", "fired", "unknown")
_HOW = "Hatched: what missing information could add. Thin line: 95 % interval"
_TRUTH = "Rates of the same records without gaps, where somebody knows them: a simulation does."


@draws("firing_rates", "policy", "group", "sort", "kind", "label", *_RATES, truth=_TRUTH)
def firing_rates(table: pd.DataFrame, truth: pd.DataFrame | None = None) -> go.Figure:
    """How often each rule fires: solid what is known, hatched what missing information could add.

    Of a table without groups the rules are drawn; of groups or levels, give only the rows to draw.
    """
    rows, grouped = table, bool(table["group"].notna().any())
    if not grouped and "rule" in set(table["sort"]):
        rows = table[table["sort"].isin(["rule", "any"])]
    if not 0 < rows["min"].count() <= _MOST:
        raise SecondopError(f"The figure firing_rates draws 1 to {_MOST} rates, not {rows['min'].count()}.")
    kinds, rules = rows["kind"].map(_KINDS), rows["policy"].map(spoken)
    rate = rules.where(rows["sort"] == "rule", rows["label"])
    rows = rows.assign(rate=rate, head=rate if grouped else kinds.str[1], colour=kinds.str[0].map(COLOURS))
    rows = rows.assign(place=rows["kind"].map([*_KINDS].index), known=rows["min"])
    rows = rows.sort_values(["place", "head", "min"], ascending=[True, True, False], ignore_index=True)
    block = rows.groupby("head").cumcount() % max(_COLUMN, ceil(len(rows) / 2))
    rows["column"] = 1 * ((rows.index - block >= len(rows) / 2) & (len(rows) > _COLUMN / 2))
    banded, tone = grouped and rows["head"].nunique() == 1, rows["colour"][0]
    fired, unknown, n = rows.drop_duplicates("group")[["fired", "unknown", "n"]].sum()
    note = f"{cases_of(table, n)}. Solid: known to fire. {_HOW}"
    note += ", none where all cases are of one cluster." if rows["lower"].isna().any() else "."
    shown = {"which is": rows["label"], "known to fire": list(map(share_of, rows["fired"], rows["n"]))}
    rows["label"] = rows["group"].map(spoken) if grouped else rows["rate"]
    if banded:
        note, rows["colour"] = f"{note} Band: all these groups together.", COLOURS["all"]
    if truth is not None:
        true = truth.drop_duplicates(["policy", "group"])[["policy", "group", "value"]]
        true = rows[["policy", "group"]].merge(true, how="left")["value"]
        note, shown["in truth"] = f"{note} Diamond: in truth, without gaps.", true.map(number)
    made = _ladder(_fires(rows, banded), note, rows, shown)
    if truth is not None:
        made.rows(made.places.assign(at=true, symbol="diamond-open", colour=INK))
    for x, y in (axes(panel).values() for panel in range(banded * len(made.panels))):
        box = dict(zip(("x0", "x1"), 100 * np.cumsum([fired, unknown]) / n, strict=True)) | {"y0": 0, "y1": 1}
        look = {"fillcolor": tint(tone, 0.2), "line": {"color": tone, "width": 1.5}, "layer": "below"}
        made.fig.add_shape(xref=x, yref=f"{y} domain", **box, **look)
    return made.done()


@draws("attrition", "step", "rule", "label", "added", "alone", *_RATES)
def attrition(table: pd.DataFrame) -> go.Figure:
    """What each further rule adds to the cases that are referred: each step starts where the last ended."""
    many, whole = len(table) - 1, table["fired"].iloc[-1]
    rows = table.iloc[[*range(1, many + 1), many]].reset_index(drop=True)
    rows.loc[many, ["rule", "label", "added", "alone"]] = "all together", "any of these", whole, whole
    enough, added = int((table["fired"] >= 0.8 * whole).argmax()) or many, 100 * rows["added"] / rows["n"]
    both = span(*rows.loc[many, ["min", "max"]])
    title = f"{many} rules together refer {both} of 100 cases"
    title += f"; {enough} of them, in this order, reach four fifths of those known" * (enough < many)
    note = f"{cases_of(table)}, rules joined by “or”, in the order shown. Each step starts where the last "
    note += f"ended, and adds what stands at its right; grey: after four fifths. {_HOW}."
    shown = {"which is": rows["label"], "adds": list(map(share_of, rows["added"], rows["n"]))}
    shown["fires in"] = list(map(share_of, rows["alone"], rows["n"]))
    rows = rows.assign(known=rows["min"], start=rows["min"] - added, label=rows["rule"].map(spoken))
    rows["end"], rows["colour"] = ("+" + added.map(number)).str.replace("+<", "<"), COLOURS["recommended"]
    rows.loc[many, "end"], rows.loc[enough : many - 1, "colour"] = both, COLOURS["all"]
    return _ladder(title, note, rows, shown, "of 100 cases, referred by the rules so far", many).done()


@draws("overlap", "combination", "known", *_RATES)
def overlap(table: pd.DataFrame) -> go.Figure:
    """Which rules fire together: of how many cases just these are known to, in the twelve largest sets."""
    none = table[table["combination"].map(len) == 0]
    sets = table[table["combination"].map(lambda names: names not in ((), (OTHER,)))].head(12)
    rows, title = (sets if len(sets) else none).reset_index(drop=True), "Rules known to fire together"
    if len(none):
        known, sure = (number(100 * (none[name] / none["n"]).item()) for name in ("known", "fired"))
        title = f"In {known} of 100 cases no rule is known to fire (in {sure} surely none does)"
    whole = pd.Series({name: spoken(name) for name in rows["combination"].explode().dropna()}, dtype=object)
    short = whole.str.split(" or | without | before ", regex=True).str[0]
    short = whole.where(short.duplicated(keep=False), short)  # first words, where these say which it is
    for name, words in (("about", whole), ("label", short)):
        rows[name] = [" + ".join(words[[*names]]) or "no rule" for names in rows["combination"]]
    rows["label"] = rows["label"].mask(rows["rules"] == 1, rows["about"] + " alone")
    shown = {
        "which is": rows["about"],
        "just these known to fire": list(map(share_of, rows["known"], rows["n"])),
    }
    rows["known"] = 100 * rows["known"] / rows["n"]
    if len(sets) > 1:
        first, told = rows["lower"].idxmax(), "which set of rules is the most frequent cannot be told"
        apart = rows["lower"][first] > rows["upper"].drop(first).max()
        title += f"; the most frequent set is {rows['label'][first]}" if apart else f"; {told}"
    note = f"{cases_of(table)}; {len(rows)} sets of rules with {number(rows['known'].sum())} of 100 cases. "
    note += "Solid: exactly these are known to fire. In brackets: from least to most, since missing "
    note += f"information could also take away. {_HOW}."
    rows["end"] = texts(rows, "known", "min", "max", digits=None)
    return _ladder(title, note, rows, shown).done()


def _ladder(title: str, note: str, rows: pd.DataFrame, shown: dict, x="of 100 cases", sure=0) -> Drawing:
    """Rows from zero on: what is ``known``, and of all after the ``sure`` ones gaps and interval."""
    could, chance = (texts(rows, *ends, digits=None) for ends in (("min", "max"), ("lower", "upper")))
    shown = {"rule": rows["label"]} | shown | {"if missing were known": could, "95 % interval": chance}
    rows = pd.DataFrame({"end": could}).assign(**rows, low=rows["known"], high=rows["max"])
    rows.loc[rows.index < sure, ["low", "high", "lower", "upper"]] = np.nan
    made = ladder(title, note, rows, pd.DataFrame(shown), x=x)
    made.across |= {"tickangle": 0, "nticks": 4}
    return made


def _fires(rows: pd.DataFrame, banded: bool) -> str:
    """What some rule does and no single one; or the groups that differ most, where their intervals do."""
    known = f"in {span(rows['min'].min(), rows['min'].max())} of 100 cases"
    if banded:
        rate, least, top = capital(rows["head"][0]), rows["upper"].argmin(), rows["lower"].argmax()
        if rows["lower"].isna().any() or rows["lower"][top] <= rows["upper"][least]:
            return f"{rate}: known {known}; whether these {len(rows)} groups differ cannot be told"
        found = rows.loc[[top, least], ["min", "max", "label"]].to_numpy()
        return f"{rate}: " + ", ".join(f"in {span(*ends)} of 100 cases ({name})" for *ends, name in found)
    top, alone = (rows[(rows["kind"] == "clinical") & (rows["sort"] == sort)] for sort in ("any", "rule"))
    if len(top) != 1 or alone.empty:
        return f"Known to fire {known}"
    title = f"Some clinical rule fires in {texts(top, 'min', 'max', digits=None)[0]} of 100 cases; no single "
    return f"{title}one is known to fire in more than {np.ceil(10 * alone['min'].max()) / 10:.1f}"
