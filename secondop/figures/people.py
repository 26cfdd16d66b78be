"""Cases as a hundred people, each of them a mark."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.people import OUTCOME, SOUGHT, WOULD, natural_sentence, whole_people
from secondop.figures import captions, style
from secondop.figures.captions import number, share_of
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, Drawing, Panel

_ADVICE = ("advised", "cannot be judged", "not advised")
_SEEK = dict(zip(SOUGHT, ("seek one", "seek none", "not known"), strict=True))
_ASK = {"symbol": "square-open", "color": QUIET}  # with a question mark in it
_OPEN = {"symbol": "square-open", "color": COLOURS["no_indication"]}
_MISSED = {"symbol": "square", "color": COLOURS["underuse"]}
_USEFUL, _OVERUSE = ({"symbol": "circle", "color": COLOURS[name]} for name in ("useful", "overuse"))
_LOOKS = {
    "true_positive": _USEFUL,
    "false_positive": _OVERUSE,
    "referred_unknown": {"symbol": "circle-open", "color": QUIET},
    "cannot_be_judged": {"symbol": "diamond", "color": COLOURS["unknown"]},
    "false_negative": _MISSED,
    "true_negative": _OPEN,
    "left_unknown": _ASK,
    "changed": _USEFUL,
    "unchanged": _OVERUSE,
    "stayed": _ASK,
    "not_indicated": {"symbol": "square", "color": COLOURS["unknown"]},
}
_LOOKS |= dict(zip(OUTCOME, (_USEFUL, _OVERUSE, {"symbol": "circle-open", "color": QUIET}), strict=True))
_LOOKS |= dict(zip(WOULD, (_MISSED, _OPEN, _ASK), strict=True))
_SPACE, _DEEP = 24, 10  # between people, and how many of a hundred stand in a column


@draws("flow", "recommendation", "possible", "sought", "outcome", "cases", "n")
def flow(table: pd.DataFrame) -> go.Figure:
    """A hundred people in two steps: who is advised to seek an opinion, who seeks one, and what it changes.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.people.flow`.
    """
    advised, may = (table[name].isin(["recommended", "urgent"]) for name in ("recommendation", "possible"))
    advice = pd.Series("not advised", table.index).mask(may, "cannot be judged").mask(advised, "advised")
    kinds = {"advice": _ADVICE, "sought": SOUGHT, "outcome": OUTCOME + WOULD}
    rows = table.assign(advice=advice)
    rows = rows.assign(**{name: pd.Categorical(rows[name], words) for name, words in kinds.items()})
    rows = rows.groupby([*kinds], observed=True)["cases"].sum().reset_index()
    rows["people"] = whole_people(rows["cases"].to_numpy())
    counts = rows.groupby(["advice", "sought"], observed=False)["people"].sum().unstack()
    columns, steps = [[*x.index[x.gt(0)]] for x in (counts.sum(axis=1), counts.sum())]
    across, n = {1: 30, 2: 15, 3: 10}[len(columns)], table["n"].iloc[0]
    deep = {step: -(-int(counts[step].max()) // across) for step in steps}
    panels = {}
    for at, (of, step) in enumerate(product(columns, steps)):
        head = f"{captions.capital(of)}: {counts.loc[of, step]} {_SEEK[step]}"
        panels[of, step] = Panel(head, column=at // len(steps), size=_SPACE * deep[step])
    note = f"{captions.basis_of(table)} Each mark is one person in 100. "
    note += "Cannot be judged: missing information could still lead to advice."
    made = style.ladder(_flow_title(counts), note, panels.values())
    named: set[str] = set()
    for at, (of, step) in enumerate(panels):
        part = rows[(rows["advice"] == of) & (rows["sought"] == step)]
        who = [f"{captions.capital(of)}, {step}: {outcome}" for outcome in part["outcome"]]
        shown = pd.DataFrame({"who": who, "of 100 people": part["people"].astype(str)})
        shown["cases"] = [share_of(x, n) for x in part["cases"]]
        new = [
            x if some and x not in named else ""
            for x, some in zip(part["outcome"], part["people"], strict=True)
        ]
        named |= {*new}
        made.points([None], [None], panel=at)  # a field of nobody keeps its heading
        _people(made, part["people"], part["outcome"], shown, new, deep[step], panel=at, showlegend=True)
        _bare(made, across, deep[step], at)
    return made.done()


@draws("of_100 or natural_frequencies", "part", "words", "people")
def icon_array(table: pd.DataFrame) -> go.Figure:
    """A hundred people, each drawn as what happens to them.

    Parameters
    ----------
    table : DataFrame
        From ``of_100`` or ``natural_frequencies`` of :mod:`secondop.evaluation.people`.
    """
    shown = pd.DataFrame({"who": table["words"].map(captions.capital)})
    shown["of 100 people"] = table["people"].astype(str)
    if "policy" in table:
        title, note = _under_policy(table), f"Each mark is one person in 100, of {captions.basis_of(table)}"
        shown["cases"] = list(map(share_of, table["cases"], table["n"]))
    else:
        title, note = natural_sentence(table), table.attrs.get("source") or ""
        shown["share of all"] = [f"{number(100 * x)} %" for x in table["share"]]
    panels = [Panel(size=_SPACE * _DEEP), Panel(labels=table["words"], column=1)]
    made = style.ladder(title, note, panels)
    names = table["people"].astype(str) + " " + table["words"]
    _people(made, table["people"], table["part"], shown, names, _DEEP)
    _bare(made, _DEEP, _DEEP)
    for i, (part, count) in enumerate(zip(table["part"], shown["of 100 people"], strict=True)):
        look = {"mode": "markers+text", "text": f"  {count}", "textposition": "middle right"}
        made.points([0], [-i], panel=1, marker=_marker(part), **look)
    made.fig.update_layout(xaxis2={"visible": False, "fixedrange": True, "range": [-0.5, 9.5]})
    return made.done()


def _people(
    made: Drawing,
    counts: pd.Series,
    parts: pd.Series,
    shown: pd.DataFrame,
    names: Iterable,
    deep: int,
    **more: Any,
) -> None:
    """A trace for each part, of as many marks as people, ``deep`` in a column."""
    first, legend = 0, more.pop("showlegend", False)
    for i, (count, part, name) in enumerate(zip(counts, parts, names, strict=True)):
        spots = range(first, first := first + count)
        x, y = ([spot // deep for spot in spots], [-(spot % deep) for spot in spots])
        look = {
            "mode": "markers+text",
            "text": "?" if _LOOKS[part] == _ASK else "",
            "textfont": {"color": QUIET},
        }
        look |= {"marker": _marker(part), "name": name, "showlegend": legend and bool(name)}
        made.points(x or [None], y or [None], shown.iloc[[i] * max(count, 1)], **look | more)


def _marker(part: str) -> dict:
    look = _LOOKS[part]
    return look | {"size": 13, "line": {"width": 1.5, "color": look["color"]}}


def _bare(made: Drawing, across: int, deep: int, panel: int = 0) -> None:
    """Nothing but the marks: no axes."""
    look = {"visible": False, "fixedrange": True}
    for name, ends in zip(style.axes(panel).values(), ([-0.6, across - 0.4], [0.5 - deep, 0.5]), strict=True):
        made.fig.update_layout({f"{name[0]}axis{name[1:]}": look | {"range": ends}})


def _flow_title(counts: pd.DataFrame) -> str:
    """How many of those who are advised, and of the others, seek an opinion."""
    title, told = "Of 100 people {} are advised to seek a second opinion, and {} of them do", []
    title = title.format(counts.loc["advised"].sum(), counts.loc["advised", SOUGHT[0]])
    for of, words in (("not advised", "not advised"), ("cannot be judged", "who cannot be judged")):
        if many := counts.loc[of].sum():
            told.append(f"of {many} {words} {counts.loc[of, SOUGHT[0]]} do")
    unknown = counts[SOUGHT[2]].sum()
    told = [", ".join(told), f"of {unknown} it is not known" * bool(unknown)]
    return "; ".join([title, *filter(None, told)])


def _under_policy(table: pd.DataFrame) -> str:
    """What the policy does to whom, of those who can be judged and the others."""
    people = table.set_index("part")["people"]
    parts = ["true_positive", "false_positive", "referred_unknown", "false_negative", "cannot_be_judged"]
    changes, none, unknown, missed, open_ = people.reindex(parts, fill_value=0)
    title = f"Of 100 people, {changes + none + unknown} would be referred: for {changes} something changes, "
    title += f"for {none} nothing does" + f", of {unknown} nobody knows" * bool(unknown)
    title += f"; {missed} are missed" * ("false_negative" in people)
    return title + f"; {open_} cannot be judged" * bool(open_)
