"""Every rule book at once: what the best find at every volume."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.books import Books
from secondop.evaluation.measures import table as measured
from secondop.figures import captions, style
from secondop.figures.captions import number, spoken, with_ends
from secondop.figures.style import COLOURS, INK, QUIET

_SHOWN = ("referral_rate", "true_positive", "yield_above_chance")
_FOUND = "true positives: of 100 cases, referred, and something changes"
_LABELS = 6  # of the steps that find most


def all_books(books: Books) -> go.Figure:
    """What the best rule books find at every volume, beside a random choice and the whole book.

    Parameters
    ----------
    books : Books
        From :func:`secondop.evaluation.books.all_books`; its frontier is drawn, exactly.
    """
    if not isinstance(books, Books):
        given = f"{type(books).__name__} {str(books)[:40]!r}"
        raise SecondopError(
            f"The figure all_books draws the Books that all_books makes, and was given {given}."
        )
    rows, rules, colour, about = books.frontier, books.rules, COLOURS["rule book"], books.parts.attrs
    at = [*(sum(1 << rules.index(rule) for rule in book) for book in rows["book"]), -1]
    sent, found, above = measured(books.counts[at], books.squares[at], measures=_SHOWN).values()
    _, yes, open_ = books.counts[-1].sum(0)
    every = 100 * (yes + open_ / 2) / books.counts[-1].sum()
    marks = pd.DataFrame(found, columns=["y", "low", "high", "lower", "upper"]).assign(x=sent[:, 0])
    unknown = bool(marks["y"].isna().any())
    marks["y"] = marks["y"].fillna(marks[["low", "high"]].mean(axis=1))
    marks["chance"] = marks["x"] * every / 100
    front, whole = marks.iloc[:-1], marks.iloc[-1]
    half = int((front["x"] - front["x"].iloc[-1] / 2).abs().argmin())
    x, y, chance = map(number, front[["x", "y", "chance"]].iloc[half])
    title = f"Referring {x} of 100 cases by the best rules is known to find {y} of the {number(every)} "
    title += f"changes; as many at random find {chance}"
    title += ", and the difference may be zero" * bool(above[half, 3] <= 0)
    if not books.counts[..., 1:].any():
        title = "Nothing changes in any of these cases: at every threshold the best rule book has no rule"
    if unknown:
        title = "Which rules are best is not known while outcomes are unknown: these are, by the known ones"
    note = f"{captions.basis_of(books.parts)} Line: rule books that are best at some threshold, chosen on "
    note += f"these same cases. Shaded: more than at random{', as assumed' * bool(about.get('simulated'))}. "
    note += f"Pale bar: {captions.gaps_of(about)}. Thin line: 95 % interval."
    note += f" {captions.HALF_WAY}." * unknown
    made = style.figure(title, note, x="referral rate: of 100 cases, referred", y=_FOUND, height=420)
    made.fig.update_xaxes(range=[-0.02 * whole["x"], 1.25 * whole["x"] or 1])
    reach = np.nanmax([*marks["upper"], *marks["high"], 0.1])
    made.fig.update_yaxes(range=[-0.02 * reach, 1.06 * reach])
    made.band(front["x"], front["chance"], front["y"], colour)
    for mark in marks.itertuples():
        made.line([mark.x] * 2, [mark.low, mark.high], style.tint(colour, 0.25), width=7)
    made.line([0, whole["x"]], [0, whole["chance"]], QUIET, dash="dot")
    sets = [", ".join(map(spoken, book)) or "no rule" for book in (*rows["book"], rules)]
    shown = pd.DataFrame({"rule book": sets})
    shown["referred"], shown["as many at random"] = (list(map(number, marks[of])) for of in ("x", "chance"))
    shown["something changes"] = list(map(with_ends, marks["y"], marks["low"], marks["high"]))
    shown["95 % interval"] = captions.spans(marks, "lower", "upper")
    cuts = 100 * rows[["threshold_from", "threshold_to"]].to_numpy()
    shown["best at decision thresholds"] = [*(f"{low:.1f} to {high:.1f} %" for low, high in cuts), ""]
    square = {"marker": {"symbol": "square-open", "size": 15, "color": INK, "line": {"width": 2}}}
    line = {"mode": "lines+markers", "line": {"color": colour, "width": 2}, "marker": {"size": 8}}
    for part, look in ((front, line), (marks.tail(1), square)):
        bars = style.whisker(part["y"], part["lower"], part["upper"])
        made.points(part["x"], part["y"], shown.loc[part.index], error_y=bars, **look)
    made.name(whole["x"], whole["y"], f"all {len(rules)} rules")
    made.name(whole["x"] / 2, whole["chance"] / 2, "as many at random", QUIET)
    for i in front["y"].diff().dropna().nlargest(_LABELS).index:  # steps that one more rule makes
        before, book = (set(rows["book"][n]) for n in (i - 1, i))
        if before < book and len(book - before) == 1:
            made.name(front["x"][i], front["y"][i], "+ " * bool(before) + spoken(*(book - before)))
    return made.done()
