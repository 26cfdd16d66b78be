"""Every rule book at once: what the best find at every volume."""

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.books import Books
from secondop.evaluation.measures import table as measured
from secondop.figures.captions import HALF_WAY, basis_of, gaps_of, number, spoken, texts
from secondop.figures.style import COLOURS, QUIET, figure, reach, tint, whisker

_SHOWN = ("referral_rate", "true_positive", "yield_above_chance")
_LABELS = 6  # of the steps that find most


def all_books(books: Books) -> go.Figure:
    """What the best rule books find at every volume, beside a random choice and the whole book.

    Parameters
    ----------
    books : Books
        What `all_books` makes; its frontier is drawn, exactly.
    """
    if not isinstance(books, Books):
        given = f"{type(books).__name__} {str(books)[:40]!r}"
        raise SecondopError(
            f"The figure all_books draws the Books that all_books makes, and was given {given}."
        )
    rules, colour, about = books.rules, COLOURS["rule book"], books.parts.attrs
    sets = [*books.frontier["book"], rules]  # and at last the whole book
    at = [sum(1 << rules.index(rule) for rule in book) for book in sets]
    sent, found, above = measured(books.counts[at], books.squares[at], measures=_SHOWN).values()
    marks = pd.DataFrame(found, columns=["y", "low", "high", "lower", "upper"]).assign(x=sent[:, 0])
    _, yes, open_ = books.counts[-1].sum(0)
    every = 100 * (yes + open_ / 2) / books.counts[-1].sum()
    unknown, marks["chance"] = bool(marks["y"].isna().any()), marks["x"] * every / 100
    marks["y"] = marks["y"].fillna(marks[["low", "high"]].mean(axis=1))
    front, whole = marks.iloc[:-1], marks.iloc[-1]
    half = int((front["x"] - front["x"].iloc[-1] / 2).abs().argmin())
    x, y, chance = map(number, front.loc[half, ["x", "y", "chance"]])
    title = (
        f"Referring {x} of 100 cases by the best rules is known to find {y} of the {number(every)} changes"
    )
    title += f"; as many at random find {chance}" + ", and the difference may be zero" * bool(
        above[half, 3] <= 0
    )
    if unknown:
        title = "Which rules are best is not known while outcomes are unknown: these are, by the known ones"
    note = f"{basis_of(books.parts)} Line: rule books that are best at some threshold, chosen on these same "
    note += f"cases. Shaded: more than at random{', as assumed' * bool(about.get('simulated'))}. Pale bar: "
    note += f"{gaps_of(about)}. Thin line: 95 % interval." + f" {HALF_WAY}" * unknown
    up = "true positives: of 100 cases, referred, and something changes"
    made = figure(title, note, x="referral rate: of 100 cases, referred", y=up, height=420)
    made.across["range"], made.up["range"] = reach(1.2 * marks["x"]), reach(marks[["upper", "high"]])
    made.band(front["x"], front["chance"], front["y"], colour)
    for mark in marks.itertuples():
        made.line([mark.x] * 2, [mark.low, mark.high], tint(colour, 0.25), width=7)
    made.line([0, whole["x"]], [0, whole["chance"]], QUIET, dash="dot")
    made.line(front["x"], front["y"], colour)
    shown = pd.DataFrame({"rule book": [", ".join(map(spoken, book)) or "no rule" for book in sets]})
    shown["referred"], shown["something changes"] = texts(marks, "x"), texts(marks, "y", "low", "high")
    shown["95 % interval"], shown["as many at random"] = (
        texts(marks, "lower", "upper"),
        texts(marks, "chance"),
    )
    look = {
        "marker": {"color": colour, "size": 9},
        "error_y": whisker(marks["y"], marks["lower"], marks["upper"]),
    }
    made.points(marks["x"], marks["y"], shown, **look)
    made.name(whole["x"], whole["y"], f"all {len(rules)} rules")
    made.name(whole["x"] / 2, whole["chance"] / 2, "as many at random", QUIET)
    for i in front["y"].diff().nlargest(_LABELS).index:  # steps that one more rule makes
        if set(sets[i - 1]) < set(sets[i]) and len(more := set(sets[i]) - set(sets[i - 1])) == 1:
            made.name(front["x"][i], front["y"][i], "+ " * bool(sets[i - 1]) + spoken(*more))
    return made.done()
