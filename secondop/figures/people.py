"""Cases as a hundred people, each of them a mark."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.people import OUTCOME, SOUGHT, WOULD, natural_sentence, whole_people
from secondop.figures import captions, style
from secondop.figures.captions import capital, number, share_of
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, Drawing, Panel

_ADVICE = {"advised": "", "cannot be judged": "who cannot be judged", "not advised": "not advised"}
_SEEK = dict(zip(SOUGHT, ("seek one", "seek none", "not known"), strict=True))
_USEFUL, _OVERUSE = ("circle", COLOURS["useful"], ""), ("circle", COLOURS["overuse"], "")
_MISSED, _LEFT = ("square", COLOURS["underuse"], ""), ("square-open", COLOURS["no_indication"], "")
_SENT, _ASK = ("circle-open", QUIET, ""), ("square-open", QUIET, "?")
_LOOKS = {  # symbol, colour, and what is written in it
    "true_positive": _USEFUL,
    "false_positive": _OVERUSE,
    "referred_unknown": _SENT,
    "cannot_be_judged": ("diamond", COLOURS["unknown"], ""),
    "false_negative": _MISSED,
    "true_negative": _LEFT,
    "left_unknown": _ASK,
    "changed": _USEFUL,
    "unchanged": _OVERUSE,
    "stayed": _ASK,
    "not_indicated": ("square", COLOURS["unknown"], ""),
} | dict(zip(OUTCOME + WOULD, (_USEFUL, _OVERUSE, _SENT, _MISSED, _LEFT, _ASK), strict=True))
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
    rows = table.assign(advice=np.select([advised, may], [*_ADVICE][:2], [*_ADVICE][2]))
    kinds = {"advice": [*_ADVICE], "sought": SOUGHT, "outcome": OUTCOME + WOULD}
    rows = rows.assign(**{name: pd.Categorical(rows[name], words) for name, words in kinds.items()})
    rows = rows.groupby([*kinds], observed=True)["cases"].sum().reset_index()
    rows["people"] = whole_people(rows["cases"].to_numpy())
    counts = rows.groupby(["advice", "sought"], observed=False)["people"].sum().unstack()
    columns, steps = [[*x.index[x.gt(0)]] for x in (counts.sum(axis=1), counts.sum())]
    across, n = {1: 30, 2: 15, 3: 10}[len(columns)], table["n"].iloc[0]
    deep = {step: -(-int(counts[step].max()) // across) for step in steps}
    fields = list(product(columns, steps))
    heads = [f"{capital(of)}: {counts.loc[of, step]} {_SEEK[step]}" for of, step in fields]
    sizes = [_SPACE * deep[step] for _, step in fields]
    panels = [Panel(head, column=i // len(steps), size=sizes[i]) for i, head in enumerate(heads)]
    note = f"{captions.basis_of(table)} Each mark is one person in 100. "
    note += "Cannot be judged: missing information could still lead to advice."
    made = style.ladder(_flow_title(counts), note, panels)
    for at, (of, step) in enumerate(fields):
        part = rows[(rows["advice"] == of) & (rows["sought"] == step)]
        shown = pd.DataFrame({"who": [f"{capital(of)}, {step}: {outcome}" for outcome in part["outcome"]]})
        shown["of 100 people"] = part["people"].astype(str).tolist()
        shown["cases"] = [share_of(x, n) for x in part["cases"]]
        _people(made, part.set_index("outcome")["people"], shown, across, deep[step], at)
    for outcome in rows.loc[rows["people"] > 0, "outcome"].unique().sort_values():
        made.points([None], [None], name=outcome, showlegend=True, **_look(outcome))
    return made.done()


@draws("of_100 or natural_frequencies", "part", "words", "people")
def icon_array(table: pd.DataFrame) -> go.Figure:
    """A hundred people, each drawn as what happens to them.

    Parameters
    ----------
    table : DataFrame
        From ``of_100`` or ``natural_frequencies`` of :mod:`secondop.evaluation.people`.
    """
    count = table["people"].astype(str)
    shown = pd.DataFrame({"who": table["words"].map(capital), "of 100 people": count})
    if "policy" in table:
        title, note = _under_policy(table), f"Each mark is one person in 100, of {captions.basis_of(table)}"
        shown["cases"] = list(map(share_of, table["cases"], table["n"]))
    else:
        title, note = natural_sentence(table), table.attrs.get("source") or ""
        shown["share of all"] = [f"{number(100 * x)} %" for x in table["share"]]
    made = style.ladder(title, note, [Panel(size=_SPACE * _DEEP), Panel("", table["words"], column=1)])
    _people(made, table.set_index("part")["people"], shown, _DEEP, _DEEP)
    for i, part in enumerate(table["part"]):
        beside = {"text": f"  {count.iloc[i]}", "textposition": "middle right"}
        made.points([0], [-i], panel=1, **_look(part) | beside)
    made.fig.update_layout(xaxis2={"visible": False, "fixedrange": True, "range": [-0.5, 9.5]})
    return made.done()


def _people(
    made: Drawing, people: pd.Series, shown: pd.DataFrame, across: int, deep: int, panel: int = 0
) -> None:
    """A trace for each part, of as many marks as people, ``deep`` in a column; and nothing else, no axes."""
    first = 0
    made.points([None], [None], panel=panel)  # a field of nobody keeps its heading
    for i, (part, count) in enumerate(people.items()):
        x, y = np.divmod(np.arange(first, first := first + count), deep)
        who = shown.iloc[[i] * max(count, 1)]
        made.points([*x] or [None], [*-y] or [None], who, panel=panel, name=part, **_look(part))
    look = {"visible": False, "fixedrange": True}
    for name, ends in zip(style.axes(panel).values(), ([-0.6, across - 0.4], [0.5 - deep, 0.5]), strict=True):
        made.fig.update_layout({f"{name[0]}axis{name[1:]}": look | {"range": ends}})


def _look(part: str) -> dict:
    symbol, colour, text = _LOOKS[part]
    marker = {"symbol": symbol, "color": colour, "size": 13, "line": {"width": 1.5, "color": colour}}
    return {"mode": "markers+text", "marker": marker, "text": text, "textfont": {"color": QUIET}}


def _flow_title(counts: pd.DataFrame) -> str:
    """How many of those who are advised, and of the others, seek an opinion."""
    many, seek, unknown = counts.sum(axis=1), counts[SOUGHT[0]], counts[SOUGHT[2]].sum()
    told = [f"of {many[of]} {words} {seek[of]} do" for of, words in _ADVICE.items() if words and many[of]]
    told += [f"of {unknown} it is not known"] * bool(unknown)
    title = f"Of 100 people {many['advised']} are advised to seek a second opinion"
    return "; ".join([f"{title}, and {seek['advised']} of them do", *told])


def _under_policy(table: pd.DataFrame) -> str:
    """What the policy does to whom, of those who can be judged and the others."""
    people = table.set_index("part")["people"]
    parts = ["true_positive", "false_positive", "referred_unknown", "false_negative", "cannot_be_judged"]
    changes, none, unknown, missed, unjudged = people.reindex(parts, fill_value=0)
    title = f"Of 100 people, {changes + none + unknown} would be referred: for {changes} something changes, "
    title += f"for {none} nothing does" + f", of {unknown} nobody knows" * bool(unknown)
    title += f"; {missed} are missed" * ("false_negative" in people)
    return title + f"; {unjudged} cannot be judged" * bool(unjudged)
