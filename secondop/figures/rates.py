"""How often rules fire: alone, added up, and together."""

from __future__ import annotations

import re
from math import ceil

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.rates import OTHER
from secondop.figures import captions, style
from secondop.figures.captions import number, share_of, span, spans
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, QUIET, Drawing, Panel

_KINDS = {
    "clinical": (COLOURS["recommended"], "Clinical indications"),
    "both": (COLOURS["all"], "Clinical or wish"),
    "patient-driven": (COLOURS["optional"], "Patient's wish"),
    "counter-indication": (COLOURS["not_needed"], "Reasons against"),
    "amplifier": (COLOURS["no_indication"], "Strengthens one"),
}
_MOST, _COLUMN = 80, 24  # rows that can be read, and those that fit below one another
_RATES = ("min", "max", "lower", "upper", "n", "fired", "unknown")


@draws("firing_rates", "policy", "group", "sort", "kind", "label", *_RATES)
def firing_rates(table: pd.DataFrame, truth: pd.DataFrame | None = None) -> go.Figure:
    """How often each rule fires: solid what is known, hatched what missing information could add.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.firing_rates`; of a table without groups its rules are drawn,
        below any indication of their kind. For groups, levels or subgroups, give only the rows to draw.
    truth : DataFrame, optional
        The same of records without gaps, where somebody knows them: a simulation does.
    """
    rows, grouped = table, table["group"].notna().any()
    if not grouped and "rule" in set(table["sort"]):
        rows = table[table["sort"].isin(["rule", "any"])]
    if rows["min"].isna().all():
        raise SecondopError("There are no cases in these rows, so no rates to draw.")
    if len(rows) > _MOST:
        raise SecondopError(f"{len(rows)} rows are too many to read; give the figure up to {_MOST} of them.")
    names = rows["label"].where(rows["sort"] != "rule", rows["policy"].map(_words))
    names = rows["group"].fillna("all").astype(str).str.replace("_", " ") if grouped else names
    rows = rows.assign(row=names, place=rows["kind"].map([*_KINDS].index), one=rows["sort"] != "any")
    rows = rows.sort_values(["place", "one", "min"], ascending=[True, True, False], kind="stable")
    counted, title, apart, band = captions.count_of(table), _rules_title(rows), [], ""
    if grouped:
        n = table.dropna(subset="group").drop_duplicates("group")["n"].sum()
        counted, title = f"{n:,.0f} {captions.cases_of(table)} by group", f"{len(rows)} rates by group"
    if grouped and rows["policy"].nunique() == 1:
        (title, apart), band = _groups_title(rows), " Band: all these groups together."
    note = f"{counted}. Solid: known to fire. Hatched: what missing information could add.{band} "
    alone = (rows["lower"].isna() & rows["min"].notna()).sum()
    note += "Thin line: 95 % interval" + f", none where all cases are of one cluster ({alone})" * bool(alone)
    note += ". Diamond: in truth, without gaps." if truth is not None else "."
    panels, of = _panels(rows, grouped), rows.dropna(subset="group")[["n", "fired", "unknown"]].sum()
    made = style.ladder(title, note, [panel for panel, _ in panels], x="of 100 cases")
    whole = (100 * of[["fired", "unknown"]].cumsum() / of["n"]).tolist()
    for at, (_, part) in enumerate(panels):
        y, axes, colour = -np.arange(len(part)), style.axes(at), _KINDS[part["kind"].iloc[0]][0]
        colours = [colour if not band or row in apart else COLOURS["all"] for row in part["row"]]
        made.bars(0 * part["min"], part["min"], y, colours, _shown(part, truth), panel=at)
        made.possible(part["min"], part["max"], y, QUIET if band else colour, panel=at)
        _intervals(made, part, y, at)
        if band:
            box = {"x0": whole[0], "x1": whole[1], "y0": 0, "y1": 1, "layer": "below", "xref": axes["xaxis"]}
            look = {"fillcolor": style.tint(colour, 0.2), "line": {"color": colour, "width": 1.5}}
            made.fig.add_shape(type="rect", yref=f"{axes['yaxis']} domain", **box, **look)
        if truth is not None:
            look = {"symbol": "diamond-open", "size": 9, "color": INK, "line": {"width": 2}}
            made.points(_in_truth(part, truth), y, panel=at, marker=look, cliponaxis=False)
        reach = {"range": [0, 1.02 * rows[["max", "upper"]].max().max()], "tickangle": 0}
        reach["nticks"] = 3 if any(panel.column for panel, _ in panels) else 0  # beside one another: few
        made.fig.update_layout({axes["xaxis"].replace("x", "xaxis"): reach})
    return made.done()


@draws("attrition", "step", "rule", "label", "added", "alone", *_RATES)
def attrition(table: pd.DataFrame) -> go.Figure:
    """What each further rule adds to the cases that are referred: each step starts where the last ended.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.attrition`.
    """
    rows, last = table[table["step"] > 0], table.tail(1)
    (known,), (n,), many = last["min"], last["n"], len(rows)
    enough = int((table["fired"] >= 0.8 * last["fired"].item()).argmax()) if known else 0
    reached = 0 < enough < many
    title = f"{many} rules together refer {spans(last)[0]} of 100 cases"
    title += f"; {enough} of them, in this order, reach four fifths of those known" * reached
    note = f"{captions.count_of(table)}, rules joined by “or”, in the order shown. Each step starts where "
    note += "the last ended. Hatched: what missing information could add. Thin line: 95 % interval."
    labels = [*rows["rule"].map(_words), "all together"]
    made = style.ladder(title, note, labels, x="of 100 cases, referred by the rules so far")
    start, end = (100 * x / n for x in (rows["fired"] - rows["added"], rows["fired"]))
    reach, y = table[["max", "upper"]].max().max(), -np.arange(many + 1)
    made.fig.update_xaxes(range=[0, 1.25 * reach], fixedrange=True)
    shown = pd.DataFrame({"rule": rows["rule"].map(_words) + ": " + rows["label"]})
    shown["adds"], shown["fires in"] = ([share_of(x, n) for x in rows[of]] for of in ("added", "alone"))
    shown["referred so far"], shown["95 % interval"] = spans(rows), spans(rows, "lower", "upper")
    colours = [COLOURS["all" if reached and i >= enough else "recommended"] for i in range(many)]
    made.bars(start, end, y[:-1], colours, shown)
    made.bars([0], [known], y[-1:], COLOURS["recommended"])
    made.possible([known], last["max"], y[-1:], COLOURS["recommended"])
    _intervals(made, last, y[-1:])
    for i, (a, b, added) in enumerate(zip(start, end, rows["added"], strict=True)):
        before = a > 0.12 * reach and not (reached and i >= enough)  # the line below then crosses no text
        _write(made, a if before else b, -i, f"+{number(100 * added / n)}".replace("+<", "<"), left=before)
    _write(made, reach, y[-1], spans(last)[0], left=False)
    if reached:
        at = end.iloc[enough - 1]
        for i in range(many):  # beside the bars, clear of labels above them
            made.line([at] * 2, [0.16 - i, -0.16 - i], QUIET)
        left = at > reach / 2  # the side, and the row, on which no bar is
        _write(made, at, -enough * left, f"four fifths: {enough} rules", left=left)
    return made.done()


@draws("overlap", "combination", "known", *_RATES)
def overlap(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """Which rules fire together: how many cases each set of rules has that are known to fire, and no other.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.overlap`.
    most : int
        How many sets to draw; the cases in which no rule fires are said in the title.
    """
    sets = table[table["combination"].map(lambda names: names not in ((), (OTHER,)))].head(most)
    none = table[table["combination"].map(len) == 0]
    title, rows = "Rules that are known to fire together", sets if len(sets) else none
    if sets["known"].sum() == table["n"].iloc[0]:
        title = "Some rule is known to fire in every case"
    if len(none):
        known, sure = (100 * (none[name] / none["n"]).item() for name in ("known", "fired"))
        title = f"In {number(known)} of 100 cases no rule is known to fire"
        title += f" (in {number(sure)} surely none does)" * (known != sure)
    names = _joined(rows["combination"])
    if len(sets) > 1:
        first = int(sets["lower"].argmax())
        clear = sets["lower"].iloc[first] > sets["upper"].drop(sets.index[first]).max()
        told = f"the most frequent set is {names[first]}"
        title += f"; {told if clear else 'which set of rules is the most frequent cannot be told'}"
    share, y = 100 * rows["known"] / rows["n"], -np.arange(len(rows))
    note = (
        f"{captions.count_of(table)}; {len(rows)} sets of rules with {number(share.sum())} of 100 cases, the "
    )
    note += (
        "largest first. Solid: exactly these are known to fire. Hatched: what missing information could add; "
    )
    note += "it could also take away. In brackets: from least to most. Thin line: 95 % interval."
    values = [f"{number(x)} ({ends})" for x, ends in zip(share, spans(rows), strict=True)]
    made = style.ladder(title, note, names, x="of 100 cases", values=values)
    made.fig.update_xaxes(range=[0, 1.02 * rows[["max", "upper"]].max().max()], fixedrange=True)
    shown = pd.DataFrame({"rules": [" + ".join(map(_words, x)) or "no rule" for x in rows["combination"]]})
    shown["just these known to fire"] = list(map(share_of, rows["known"], rows["n"]))
    shown["if missing were known"], shown["95 % interval"] = spans(rows), spans(rows, "lower", "upper")
    made.bars(0 * share, share, y, COLOURS["recommended"], shown)
    made.possible(share, rows["max"], y, COLOURS["recommended"])
    _intervals(made, rows, y)
    return made.done()


def _words(name: str) -> str:
    return name.replace("-", " ")


def _intervals(made: Drawing, rows: pd.DataFrame, y: np.ndarray, panel: int = 0) -> None:
    """The 95 % interval around both bounds: below the least and above the most."""
    made.whiskers(rows["lower"], rows["min"].where(rows["lower"].notna()), y, panel=panel)
    made.whiskers(rows["max"].where(rows["upper"].notna()), rows["upper"], y, panel=panel)


def _write(made: Drawing, x: float, y: float, text: str, *, left: bool) -> None:
    """Words beside a mark."""
    place = "middle left" if left else "middle right"
    made.points([x], [y], mode="text", text=f" {text} ", textposition=place, cliponaxis=False)


def _panels(rows: pd.DataFrame, grouped: bool) -> list[tuple[Panel, pd.DataFrame]]:
    """A panel for each kind of rules, or for each rate of groups; beside one another where they are many."""
    blocks, panels, ends = list(rows.groupby("label" if grouped else "kind", sort=False)), [], [0, 0]
    long = max(_COLUMN, ceil(len(rows) / 2))
    parts = [(name, part[i : i + long]) for name, part in blocks for i in range(0, len(part), long)]
    for name, part in parts:
        column = int(len(rows) > _COLUMN / 2 and len(parts) > 1 and ends[1] < ends[0])
        ends[column] += len(part) + 1
        head = str(name if grouped else _KINDS[name][1]) * (len(blocks) > 1)
        panels.append((Panel(head, part["row"], spans(part), column), part))
    return panels


def _shown(rows: pd.DataFrame, truth: pd.DataFrame | None) -> pd.DataFrame:
    rule = (rows["sort"] == "rule") & rows["group"].isna()
    shown = pd.DataFrame({"rule": rows["row"].where(~rule, rows["row"] + ": " + rows["label"])})
    shown["known to fire"] = list(map(share_of, rows["fired"], rows["n"]))
    shown["cannot be judged"] = rows["unknown"].map("{:,.0f}".format)
    shown["if missing were known"], shown["95 % interval"] = spans(rows), spans(rows, "lower", "upper")
    return (
        shown if truth is None else shown.assign(**{"in truth": _in_truth(rows, truth).map(number).tolist()})
    )


def _in_truth(rows: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    keys = ["policy", "group"]
    return rows[keys].merge(truth[[*keys, "value"]].drop_duplicates(keys), how="left")["value"]


def _joined(sets: pd.Series) -> list[str]:
    """Sets of rules as rows name them: of several, each by its first words, where these say which it is."""
    short = {name: re.split(" (?:or|without|before) ", _words(name))[0] for name in sets.explode().dropna()}
    found = [*short.values()]
    several = {name: text if found.count(text) == 1 else _words(name) for name, text in short.items()}
    alone = [f"{_words(names[0])} alone" if len(names) else "no rule" for names in sets]
    return [
        " + ".join(map(several.get, x)) if len(x) > 1 else one for x, one in zip(sets, alone, strict=True)
    ]


def _rules_title(rows: pd.DataFrame) -> str:
    """What some clinical rule does, and what no single one does alone."""
    clinical = rows[rows["kind"] == "clinical"]
    top, alone = clinical[clinical["sort"] == "any"], clinical.loc[clinical["sort"] == "rule", "min"]
    if len(rows) == 1:
        return f"{captions.capital(rows['row'].iloc[0])}: in {spans(rows)[0]} of 100 cases"
    if top.empty:
        return (
            f"{len(rows)} rates: known to fire in {span(rows['min'].min(), rows['min'].max())} of 100 cases"
        )
    title = f"Some clinical rule fires in {spans(top)[0]} of 100 cases"
    if len(alone) < 2:
        return title
    digit = 10 if alone.max() < 9.9 else 1
    return f"{title}; no single one is known to fire in more than {number(ceil(digit * alone.max()) / digit)}"


def _groups_title(rows: pd.DataFrame) -> tuple[str, list[str]]:
    """The groups that differ most, or that all intervals overlap; and the groups that it names."""
    label, rows = captions.capital(rows["label"].iloc[0]), rows.dropna(subset="min")
    known = f"{label}: known in {span(rows['min'].min(), rows['min'].max())} of 100 cases"
    if alone := rows["lower"].isna().sum():
        of = f"{alone} of {len(rows)} groups are of one cluster"
        return f"{known}; {of}, so whether they differ is open", []
    top, least = rows.nlargest(1, "lower"), rows.nsmallest(1, "upper")
    said = f"{label}: in {spans(top)[0]} of 100 cases ({top['row'].item()})"
    if len(rows) == 1:
        return said, []
    if top["lower"].item() <= least["upper"].item():
        return (
            f"{known}, but whether the {len(rows)} groups differ cannot be told: their intervals overlap",
            [],
        )
    return f"{said}, in {spans(least)[0]} ({least['row'].item()})", [*top["row"], *least["row"]]
