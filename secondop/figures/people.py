"""Cases as a hundred people, each of them a mark, and in groups along a trait."""

from itertools import product

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.people import OUTCOME, PEOPLE, SOUGHT, WENT, WOULD, natural_sentence, whole_people
from secondop.figures.captions import basis_of, capital, number, share_of, spoken, texts
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, SPARE, Drawing, Panel, figure

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
    "well": ("square", COLOURS["unknown"], ""),
}
_FACE_OF = dict(zip(PEOPLE, _FACES, strict=False))
_FACE_OF |= dict(zip(WENT, ("useful", "overuse", "ask", "well"), strict=True))
_FACE_OF |= dict(zip(OUTCOME + WOULD, ("useful", "overuse", "sent", "missed", "left", "ask"), strict=True))
_SPACE = 24  # between people
_LINES = (COLOURS["recommended"], *SPARE), ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


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
    title = f"Of 100 people {many.iloc[0]} are advised to seek a second opinion, and {seek.iloc[0]} do"
    title += "".join(f"; {of}: {seek[of]} of {many[of]}" for of in columns if of != "advised")
    title += f"; of {counts[SOUGHT[2]].sum()} it is not known" if SOUGHT[2] in steps else ""
    note = f"{basis_of(table)} Each mark is one person in 100. "
    made = Drawing(title, note + "Cannot be judged: missing information could still lead to advice.")
    for at, (of, step) in enumerate(product(columns, steps)):
        head = f"{capital(of)}: {counts.loc[of, step]} {_SEEK[step]}"
        made.panels.append(Panel(head, column=at // len(steps), size=_SPACE * deep))
        part = rows[(rows["advice"] == of) & (rows["sought"] == step)]
        shown = {"who": [f"{capital(of)}, {step}: {outcome}" for outcome in part["outcome"]]}
        shown["cases"] = [share_of(x, table["n"].iloc[0]) for x in part["cases"]]
        _people(made, part["outcome"], part["people"], shown, across, deep, panel=at)
    for outcome in rows.loc[rows["people"] > 0, "outcome"].sort_values().unique():
        made.points([None], [None], name=outcome, showlegend=True, **_look(outcome))
    return made.done()


@draws("of_100 or natural_frequencies", "part", "words", "people")
def icon_array(table: pd.DataFrame) -> go.Figure:
    """A hundred people, each drawn as what happens to them."""
    count, shown = table.set_index("part")["people"], {"who": table["words"].map(capital)}
    if "policy" in table:
        changes, none, unknown, open_, missed, *_ = count.reindex([*PEOPLE], fill_value=0)
        title = f"Of 100 people, {changes + none + unknown} would be referred: for {changes} something "
        title += f"changes, for {none} nothing does" + (f", of {unknown} nobody knows" if unknown else "")
        title += f"; {missed} are missed" + (f"; {open_} cannot be judged" if open_ else "")
        note = f"Each mark is one person in 100, of {basis_of(table)}"
        shown["cases"] = list(map(share_of, table["cases"], table["n"]))
    else:
        title, note = natural_sentence(table), table.attrs["source"]
        shown["share of all"] = [f"{number(100 * x)} %" for x in table["share"]]
    panels = [Panel(size=10 * _SPACE), Panel(labels=tuple(table["words"]), column=1)]
    made = Drawing(title, note, panels=panels)
    _people(made, count.index, count, shown, 10, 10)
    for i, (part, people) in enumerate(count.items()):
        beside = {"text": f"  {people}", "textposition": "middle right"}
        made.points([0], [-i], panel=1, **_look(part) | beside)
    return made.done()


@draws("cohort.groupby(...).mean()")
def along_trait(table: pd.DataFrame) -> go.Figure:
    """Shares of yes among simulated cases, from the least to the most of a trait.

    A row is a group of equally many cases, from the least to the most of the trait, which the index is named
    after; a column holds the shares (0 to 1) of a fact or an outcome. The first makes the headline.
    """
    read, n, trait = table.apply(pd.to_numeric, errors="coerce"), len(table), table.index.name or "trait"
    yes_no = pd.api.types.is_bool_dtype  # answers of cases, and no shares
    fits = {name: not yes_no(read[name]) and read[name].between(0, 1).fillna(False).all() for name in read}
    odd = ", ".join(str(name) for name, fine in fits.items() if not fine)
    if odd or n < 2:
        what = f"Other things are in {odd}: leave these out" if odd else "This table has one row"
        raise SecondopError(f"The figure along_trait draws shares from 0 to 1 of two groups or more. {what}.")
    shares = 100 * read
    change = (shares.iloc[-1] - shares.iloc[0]).abs().sort_values(ascending=False)
    start, *_, end = texts(shares, first := shares.columns[0], digits=0)
    title = f"{capital(spoken(first))}: {start} % at the least {trait}, {end} % at the most"
    note = f"Simulated cases in {n} equal groups by {trait}, which no record shows."
    x = f"group of cases, 1 with the least {trait}, {n} with the most"
    made = figure(title, note, x=x, y="% of the cases of the group")
    made.across = {"range": [1 - 0.03 * n, 1.03 * n], "dtick": 1}
    made.up["range"] = [0, 1.08 * max(shares.max().max(), 1)]
    groups, spot = [*range(1, n + 1)], round(0.6 * (n - 1))
    for i, name in enumerate(change.index):  # what moves most first
        words, colour, dash = spoken(name), *(look[i % len(look)] for look in _LINES)
        shown = pd.DataFrame({"share": capital(words), "group": [f"{at} of {n} by {trait}" for at in groups]})
        look = {"mode": "lines+markers", "line": {"color": colour, "dash": dash}, "name": words}
        made.points(groups, shares[name], shown.assign(**{"% of its cases": texts(shares, name)}), **look)
        made.name(groups[spot], shares[name].iloc[spot], words, colour)
    return made.done()


def _people(
    made: Drawing, parts: pd.Index, people: pd.Series, shown: dict, across: int, deep: int, panel: int = 0
) -> None:
    """A trace for each part, of as many marks as people, column by column of a field; and no axes."""
    hidden, first = {"visible": False, "fixedrange": True}, 0
    made.across, made.up = {"range": [-0.6, across - 0.4]} | hidden, {"range": [0.5 - deep, 0.5]} | hidden
    made.points([None], [None], panel=panel)  # a field of nobody keeps its heading
    shown = pd.DataFrame(shown).assign(**{"of 100 people": [*people]})
    for i, (part, count) in enumerate(zip(parts, people, strict=True)):
        x, y = np.divmod(np.arange(first, first := first + count), deep)
        who = shown.iloc[[i] * max(count, 1)]
        made.points([*x] or [None], [*-y] or [None], who, panel=panel, name=part, **_look(part))


def _look(part: str) -> dict:
    symbol, colour, text = _FACES[_FACE_OF[part]]
    marker = {"symbol": symbol, "color": colour, "size": 13, "line": {"width": 1.5, "color": colour}}
    return {"mode": "markers+text", "marker": marker, "text": text, "textfont": {"color": QUIET}}
