"""Cases as a hundred people, each of them a mark."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
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
_SPACE, _DEEP = 24, 5  # between people of a quadrant, and how many stand in a column of an array


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
    rows = table.assign(advice=pd.Categorical(advice, _ADVICE))
    rows = rows.groupby(["advice", "sought", "outcome"], observed=True)["cases"].sum().reset_index()
    rows["people"] = whole_people(rows["cases"].to_numpy())
    counts = rows.groupby(["advice", "sought"], observed=False)["people"].sum().unstack()
    columns, steps = [[*x.index[x.gt(0)]] for x in (counts.sum(axis=1), counts.sum())]
    across, n = {1: 30, 2: 15, 3: 10}[len(columns)], table["n"].iloc[0]
    deep = {step: -(-counts[step].max() // across) for step in steps}
    panels = {
        (of, step): Panel(
            f"{captions.capital(of)}: {counts.loc[of, step]} {_SEEK[step]}",
            column=at,
            size=_SPACE * deep[step],
        )
        for at, of in enumerate(columns)
        for step in steps
    }
    note = f"{captions.basis_of(table)} In each field the hundred people of the title; where missing information "
    note += "could still raise the advice, they cannot be judged."
    made = Drawing(_flow_title(rows, counts), note, panels=[*panels.values()])
    named: set[str] = set()
    for at, (of, step) in enumerate(panels):
        part = rows[(rows["advice"] == of) & (rows["sought"] == step) & (rows["people"] > 0)]
        texts = [f"{captions.capital(of)}, {step}: {outcome}" for outcome in part["outcome"]]
        shown = pd.DataFrame({"who": texts, "of 100 people": part["people"].astype(str)})
        shown["cases"] = [share_of(x, n) for x in part["cases"]]
        names = [x if x not in named else "" for x in part["outcome"]]
        named |= {*names}
        _people(made, part["people"], part["outcome"], shown, names, deep[step], at)
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
    real = "policy" in table
    note = f"Each mark is one person in 100, of {captions.basis_of(table)}" if real else table.attrs.get("source")
    made = style.figure(_under_policy(table) if real else natural_sentence(table), note or "", height=180)
    share = 100 * (table["cases"] / table["n"] if real else table["share"])
    shown = pd.DataFrame({"who": table["words"].map(captions.capital), "of 100 people": table["people"].astype(str)})
    shown["in all" if real else "exactly"] = (
        list(map(share_of, table["cases"], table["n"])) if real else [f"{number(x)} %" for x in share]
    )
    short = table["words"].str.split(r" \\(|:", regex=True).str[0]
    names = table["people"].astype(str) + " " + short
    _people(made, table["people"], table["part"], shown, names, _DEEP)
    _bare(made, 100 // _DEEP, _DEEP)
    return made.done()
