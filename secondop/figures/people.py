"""Cases as a hundred people, each of them a mark."""

from itertools import product

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.people import OUTCOME, PEOPLE, SOUGHT, WENT, WOULD, natural_sentence, whole_people
from secondop.figures.captions import basis_of, capital, number, share_of
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, Drawing, Panel

_ADVICE = ("advised", "cannot be judged", "not advised")
_SEEK = dict(zip(SOUGHT, ("seek one", "seek none", "not known"), strict=True))
_FACES = {  # symbol, colour, and what is written in it
    "useful": ("circle", COLOURS["useful"], ""),
    "overuse": ("circle", COLOURS["overuse"], ""),
    "sent": ("circle-open", QUIET, ""),
    "open": ("diamond", COLOURS["unknown"], ""),
    "missed": ("square", COLOURS["underuse"], ""),
    "left": ("square-open", COLOURS["no_indication"], ""),
    "ask": ("square-open", QUIET, "?"),
    "healthy": ("square", COLOURS["unknown"], ""),
}
_FACE_OF = dict(zip(PEOPLE, ("useful", "overuse", "sent", "open", "missed", "left", "ask"), strict=True))
_FACE_OF |= dict(zip(WENT, ("useful", "overuse", "ask", "healthy"), strict=True))
_FACE_OF |= dict(zip(OUTCOME + WOULD, ("useful", "overuse", "sent", "missed", "left", "ask"), strict=True))
_SPACE = 24  # between people


@draws("flow", "recommendation", "possible", "sought", "outcome", "cases", "n")
def flow(table: pd.DataFrame) -> go.Figure:
    """A hundred people in two steps: who is advised to seek an opinion, who does, and what it changes."""
    sure, may = (table[name].isin(["recommended", "urgent"]) for name in ("recommendation", "possible"))
    rows = table.assign(advice=np.select([sure, may], _ADVICE[:2], _ADVICE[2]))
    kinds = {"advice": _ADVICE, "sought": SOUGHT, "outcome": OUTCOME + WOULD}
    rows = rows.assign(**{name: pd.Categorical(rows[name], words) for name, words in kinds.items()})
    rows = rows.groupby([*kinds], observed=True)["cases"].sum().reset_index()
    advice, outcome = rows["advice"].cat.codes, rows["outcome"].cat.codes
    parts = rows.groupby(np.where(advice == 1, 3, 3 * advice + outcome % 3))["cases"]  # those of icon_array
    people = dict(zip(parts.groups, whole_people(parts.sum().to_numpy()), strict=True))
    rows["people"] = parts.transform(lambda cases: whole_people(cases.to_numpy(), people[cases.name]))
    counts = rows.pivot_table("people", "advice", "sought", "sum", 0, observed=False)
    many, seek = counts.sum(axis=1), counts[SOUGHT[0]]
    columns, steps = many.index[many > 0], counts.columns[counts.sum() > 0]
    across = 30 // len(columns)
    deep = -(-int(counts.max().max()) // across)
    title = f"Of 100 people {many['advised']} are advised to seek a second opinion, and {seek['advised']} do"
    title += "".join(f"; {of}: {seek[of]} of {many[of]}" for of in _ADVICE[1:] if many[of])
    title += f"; of {counts[SOUGHT[2]].sum()} it is not known" * (SOUGHT[2] in steps)
    note = f"{basis_of(table)} Each mark is one person in 100. "
    made = Drawing(title, note + "Cannot be judged: missing information could still lead to advice.")
    for at, (of, step) in enumerate(product(columns, steps)):
        head = f"{capital(of)}: {counts.loc[of, step]} {_SEEK[step]}"
        made.panels.append(Panel(head, column=at // len(steps), size=_SPACE * deep))
        part = rows[(rows["advice"] == of) & (rows["sought"] == step)]
        shown = pd.DataFrame({"who": [f"{capital(of)}, {step}: {outcome}" for outcome in part["outcome"]]})
        shown["cases"] = [share_of(x, table["n"].iloc[0]) for x in part["cases"]]
        _people(made, part["outcome"], part["people"], shown, (across, deep), panel=at)
    for outcome in rows.loc[rows["people"] > 0, "outcome"].sort_values().unique():
        made.points([None], [None], name=outcome, showlegend=True, **_look(outcome))
    return made.done()


@draws("of_100 or natural_frequencies", "part", "words", "people")
def icon_array(table: pd.DataFrame) -> go.Figure:
    """A hundred people, each drawn as what happens to them."""
    shown = pd.DataFrame({"who": table["words"].map(capital)})
    if "policy" in table:
        title, note = _under(table), f"Each mark is one person in 100, of {basis_of(table)}"
        shown["cases"] = list(map(share_of, table["cases"], table["n"]))
    else:
        title, note = natural_sentence(table), table.attrs["source"]
        shown["share of all"] = [f"{number(100 * x)} %" for x in table["share"]]
    labels = tuple(table["words"])
    made = Drawing(title, note, panels=[Panel(size=10 * _SPACE), Panel(labels=labels, column=1)])
    _people(made, table["part"], table["people"], shown, (10, 10))
    for i, (part, count) in enumerate(zip(table["part"], table["people"], strict=True)):
        beside = {"text": f"  {count}", "textposition": "middle right"}
        made.points([0], [-i], panel=1, **_look(part) | beside)
    return made.done()


def _people(
    made: Drawing,
    parts: pd.Series,
    people: pd.Series,
    shown: pd.DataFrame,
    field: tuple[int, int],
    panel: int = 0,
) -> None:
    """A trace for each part, of as many marks as people, column by column of a field; and no axes."""
    (across, deep), first, hidden = field, 0, {"visible": False, "fixedrange": True}
    made.across, made.up = {"range": [-0.6, across - 0.4]} | hidden, {"range": [0.5 - deep, 0.5]} | hidden
    made.points([None], [None], panel=panel)  # a field of nobody keeps its heading
    for i, (part, count) in enumerate(zip(parts, people, strict=True)):
        x, y = np.divmod(np.arange(first, first := first + count), deep)
        who = shown.assign(**{"of 100 people": str(count)}).iloc[[i] * max(count, 1)]
        made.points([*x] or [None], [*-y] or [None], who, panel=panel, name=part, **_look(part))


def _look(part: str) -> dict:
    symbol, colour, text = _FACES[_FACE_OF[part]]
    marker = {"symbol": symbol, "color": colour, "size": 13, "line": {"width": 1.5, "color": colour}}
    return {"mode": "markers+text", "marker": marker, "text": text, "textfont": {"color": QUIET}}


def _under(table: pd.DataFrame) -> str:
    """What the policy does to whom, of those who can be judged and the others."""
    changes, none, unknown, open_, missed = (
        table["people"].where(table["part"] == x, 0).sum() for x in [*PEOPLE][:5]
    )
    title = f"Of 100 people, {changes + none + unknown} would be referred: for {changes} something changes, "
    title += f"for {none} nothing does" + f", of {unknown} nobody knows" * bool(unknown)
    return title + f"; {missed} are missed" + f"; {open_} cannot be judged" * bool(open_)
