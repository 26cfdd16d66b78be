"""How often rules fire: alone, added up, and together."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.rates import OTHER
from secondop.figures import captions, style
from secondop.figures.captions import number, share_of, span, spans, spoken
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, QUIET, Drawing, Panel

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
    rows, grouped = table, bool(table["group"].notna().any())
    if not grouped and "rule" in set(table["sort"]):
        rows = table[table["sort"].isin(["rule", "any"])]
    if rows["min"].isna().all():
        raise SecondopError("There are no cases in these rows, so no rates to draw.")
    if len(rows) > _MOST:
        raise SecondopError(f"{len(rows)} rows are too many to read; give the figure up to {_MOST} of them.")
    names = rows["label"].where(rows["sort"] != "rule", rows["policy"].map(spoken))
    names = rows["group"].fillna("all").astype(str).str.replace("_", " ") if grouped else names
    rows = rows.assign(row=names, place=rows["kind"].map([*_KINDS].index), one=rows["sort"] != "any")
    rows = rows.sort_values(["place", "one", "min"], ascending=[True, True, False], kind="stable")
    banded = grouped and rows["policy"].nunique() == 1
    if truth is not None:
        true = truth.drop_duplicates(["policy", "group"])[["policy", "group", "value"]]
        rows = rows.merge(true.rename(columns={"value": "true"}), how="left", on=["policy", "group"])
    title, coloured = _groups_title(rows) if banded else (_rules_title(rows), set(names))
    of = rows[rows["group"].notna() | (not grouped)]
    n = of.drop_duplicates("group")["n"].sum()
    note = f"{n:,.0f} {captions.cases_of(table)}{' by group' * grouped}. Solid: known to fire. {_HOW}"
    alone = (rows["lower"].isna() & rows["min"].notna()).sum()
    note += f", none where all cases are of one cluster ({alone})." if alone else "."
    note += " Band: all these groups together." * banded
    note += " Diamond: in truth, without gaps." * (truth is not None)
    panels = _panels(rows, "label" if grouped else "kind")
    made = style.ladder(title, note, [panel for panel, _ in panels], x="of 100 cases")
    _scale(made, rows)
    for at, (_, part) in enumerate(panels):
        axes, colour = style.axes(at), COLOURS[_KINDS[part["kind"].iloc[0]][0]]
        colours = [colour if row in coloured else COLOURS["all"] for row in part["row"]]
        rule = (part["sort"] == "rule") & (not grouped)
        shown = pd.DataFrame({"rule": part["row"].where(~rule, part["row"] + ": " + part["label"])})
        shown["known to fire"] = list(map(share_of, part["fired"], part["n"]))
        shown["cannot be judged"] = part["unknown"].map("{:,.0f}".format)
        if truth is not None:
            shown["in truth"] = part["true"].map(number)
            look = {"symbol": "diamond-open", "size": 9, "color": INK, "line": {"width": 2}}
            made.points(part["true"], -np.arange(len(part)), panel=at, marker=look, cliponaxis=False)
        _bars(made, part, part["min"], colours, shown, panel=at)
        if banded:
            low, high = 100 * of[["fired", "unknown"]].sum().cumsum() / n
            box = {"x0": low, "x1": high, "y0": 0, "y1": 1, "layer": "below", "xref": axes["xaxis"]}
            look = {"fillcolor": style.tint(colour, 0.2), "line": {"color": colour, "width": 1.5}}
            made.fig.add_shape(type="rect", yref=f"{axes['yaxis']} domain", **box, **look)
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
    n, many, whole = last["n"].item(), len(rows), last["fired"].item()
    enough = int((table["fired"] >= 0.8 * whole).argmax()) or many
    title = f"{many} rules together refer {spans(last)[0]} of 100 cases"
    title += f"; {enough} of them, in this order, reach four fifths of those known" * (enough < many)
    note = f"{captions.count_of(table)}, rules joined by “or”, in the order shown. Each step starts where "
    note += f"the last ended, and adds what stands at its right. {_HOW}."
    adds = [f"+{number(100 * x / n)}".replace("+<", "<") for x in rows["added"]]
    labels = [*rows["rule"].map(spoken), "all together"]
    x = "of 100 cases, referred by the rules so far"
    made = style.ladder(title, note, labels, x=x, values=[*adds, *spans(last)])
    _scale(made, table)
    shown = pd.DataFrame({"rule": rows["rule"].map(spoken) + ": " + rows["label"]})
    shown["adds"], shown["fires in"] = ([share_of(x, n) for x in rows[of]] for of in ("added", "alone"))
    shown["referred so far"], shown["95 % interval"] = spans(rows), spans(rows, "lower", "upper")
    colours = [COLOURS["recommended" if i < enough else "all"] for i in range(many)]
    start, end = (100 * x / n for x in (rows["fired"] - rows["added"], rows["fired"]))
    made.bars(start, end, -np.arange(many), colours, shown)
    if enough < many:
        at = end.iloc[enough - 1]
        beside = [y for i in range(enough) for y in (0.3 - i, -0.3 - i, None)]  # labels on a phone stay free
        made.line([at, at, None] * enough, beside, QUIET, width=1)
        text = {"text": f"{enough} rules reach four fifths", "font": {"size": 12, "color": QUIET}}
        made.fig.add_annotation(x=at, y=0.5, yanchor="bottom", xanchor="center", showarrow=False, **text)
    total = pd.DataFrame({"rule": ["all together"]})
    _bars(made, last, last["min"], COLOURS["recommended"], total, top=-many)
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
    if len(none):
        known, sure = (100 * (none[name] / none["n"]).item() for name in ("known", "fired"))
        title = f"In {number(known)} of 100 cases no rule is known to fire"
        title += f" (in {number(sure)} surely none does)" * (known != sure)
    names, share = _joined(rows["combination"]), 100 * rows["known"] / rows["n"]
    if len(sets) > 1:
        first = int(sets["lower"].argmax())
        clear = sets["lower"].iloc[first] > sets["upper"].drop(sets.index[first]).max()
        told = f"the most frequent set is {names[first]}"
        title += f"; {told if clear else 'which set of rules is the most frequent cannot be told'}"
    note = f"{captions.count_of(table)}; {len(rows)} sets of rules with {number(share.sum())} of 100 cases. "
    note += "Solid: exactly these are known to fire. In brackets: from least to most, since missing "
    note += f"information could also take away. {_HOW}."
    values = [f"{number(x)} ({ends})" for x, ends in zip(share, spans(rows), strict=True)]
    made = style.ladder(title, note, names, x="of 100 cases", values=values)
    _scale(made, rows)
    shown = pd.DataFrame({"rules": [" + ".join(map(spoken, x)) or "no rule" for x in rows["combination"]]})
    shown["just these known to fire"] = list(map(share_of, rows["known"], rows["n"]))
    _bars(made, rows, share, COLOURS["recommended"], shown)
    return made.done()


def _scale(made: Drawing, rows: pd.DataFrame) -> None:
    """One scale for every panel, as far as the intervals reach."""
    made.across(range=[0, 1.02 * rows[["max", "upper"]].max().max()], tickangle=0, nticks=5)


def _bars(
    made: Drawing, rows: pd.DataFrame, known: pd.Series, colour: Any, shown: pd.DataFrame, *, panel=0, top=0
) -> None:
    """Rows from ``top`` on: what is known, what is possible, and the 95 % interval outside of both."""
    y, ends = top - np.arange(len(rows)), spans(rows, "lower", "upper")
    shown = shown.assign(**{"if missing were known": spans(rows), "95 % interval": ends})
    made.bars(0 * known, known, y, colour, shown, panel=panel)
    made.possible(known, rows["max"], y, colour, panel=panel)
    made.whiskers(rows["lower"], rows["min"].where(rows["lower"].notna()), y, panel=panel)
    made.whiskers(rows["max"].where(rows["upper"].notna()), rows["upper"], y, panel=panel)


def _panels(rows: pd.DataFrame, by: str) -> list[tuple[Panel, pd.DataFrame]]:
    """A panel for each kind of rules, or for each rate of groups; beside one another where they are many."""
    long, panels, ends = max(_COLUMN, ceil(len(rows) / 2)), [], [0, 0]
    kinds = rows.groupby(by, sort=False)
    blocks = [(name, part[i : i + long]) for name, part in kinds for i in range(0, len(part), long)]
    for name, part in blocks:
        column = int(len(rows) > _COLUMN / 2 and len(blocks) > 1 and ends[1] < ends[0])
        ends[column] += len(part) + 1
        head = (_KINDS[name][1] if by == "kind" else name) * (len(kinds) > 1)
        panels.append((Panel(head, part["row"], spans(part), column), part))
    return panels


def _joined(sets: pd.Series) -> list[str]:
    """Sets of rules as rows name them: of several, each by its first words, where these say which it is."""
    whole = pd.Series({name: spoken(name) for name in sets.explode().dropna()}, dtype=object)
    short = whole.str.split(" or | without | before ", regex=True).str[0]
    short = whole.where(short.duplicated(keep=False), short)
    alone = {(name,): f"{words} alone" for name, words in whole.items()} | {(): "no rule"}
    return [alone.get(names) or " + ".join(short[[*names]]) for names in sets]


def _rules_title(rows: pd.DataFrame) -> str:
    """What some clinical rule does, and what no single one does alone."""
    clinical = rows[rows["kind"] == "clinical"]
    top, alone = clinical[clinical["sort"] == "any"], clinical.loc[clinical["sort"] == "rule", "min"]
    if top.empty:
        return f"Known to fire in {span(rows['min'].min(), rows['min'].max())} of 100 cases"
    single = f"; no single one is known to fire in more than {np.ceil(10 * alone.max()) / 10:.1f}"
    return f"Some clinical rule fires in {spans(top)[0]} of 100 cases" + single * (len(alone) > 1)


def _groups_title(rows: pd.DataFrame) -> tuple[str, list[str]]:
    """The groups that differ most, where their intervals do; and the groups that it names."""
    label, rows = captions.capital(rows["label"].iloc[0]), rows.dropna(subset="min")
    top, least = rows.nlargest(1, "lower"), rows.nsmallest(1, "upper")
    if rows["lower"].notna().all() and top["lower"].item() > least["upper"].item():
        told = f"{label}: in {spans(top)[0]} of 100 cases ({top['row'].item()})"
        return f"{told}, in {spans(least)[0]} ({least['row'].item()})", [*top["row"], *least["row"]]
    title = f"{label}: known in {span(rows['min'].min(), rows['min'].max())} of 100 cases"
    return title + f"; whether these {len(rows)} groups differ cannot be told" * (len(rows) > 1), []
