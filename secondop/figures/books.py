"""Every rule book at once: what the best find at every volume."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.books import Books
from secondop.evaluation.measures import table as measured
from secondop.figures import captions, style
from secondop.figures.captions import number, span
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
    rows, rules, colour = books.frontier, books.rules, COLOURS["rule book"]
    at = [*(sum(1 << rules.index(rule) for rule in book) for book in rows["book"]), -1]
    everybody = np.zeros((3, 3))
    everybody[1] = books.counts[-1].sum(0)
    counts, squares = (np.stack([*x[at], everybody]) for x in (books.counts, books.squares))
    sent, found, above = measured(counts, squares, measures=_SHOWN).values()
    x, (y, low, high, lower, upper), above = sent[:, 0], found.T, above[:-1]
    y, unknown = np.where(np.isnan(y), (low + high) / 2, y), np.isnan(y).any()
    x, every, y, low, high, lower, upper = (
        x[:-1],
        y[-1],
        *(ends[:-1] for ends in (y, low, high, lower, upper)),
    )
    chance = x * every / 100
    half = int(np.abs(x[:-1] - x[-2] / 2).argmin())
    title = (
        f"Referring {number(x[half])} of 100 cases by the best rules is known to find {number(y[half])} of "
    )
    title += f"the {number(every)} changes; as many at random find {number(chance[half])}"
    if above[half, 3] <= 0:
        missing = "with missing information " * bool(above[half, 1] < above[half, 0])
        title += f", and {missing}the difference includes zero"
    if unknown:
        title = "Which rules are best is not known while outcomes are unknown: these are, by the known ones"
    elif not y[:-1].any():
        title = "No rule refers anybody for whom something changes"
    assumed = ", as assumed" * bool(books.parts.attrs.get("simulated"))
    note = (
        f"{captions.basis_of(books.parts)} Line: rule books that are best at some threshold, chosen on these "
    )
    note += (
        f"same cases. Shaded: more than at random{assumed}. Pale bar: {captions.gaps_of(books.parts.attrs)}. "
    )
    note += "Thin line: 95 % interval." + f" {captions.HALF_WAY}." * bool(unknown)
    made = style.figure(title, note, x="referral rate: of 100 cases, referred", y=_FOUND, height=420)
    made.fig.update_xaxes(range=[-0.02 * x[-1], 1.25 * x[-1] or 1])
    made.fig.update_yaxes(range=[-0.02 * upper[-1], 1.06 * np.nanmax([*upper, *high, 0.1])])
    made.band(x[:-1], chance[:-1], y[:-1], colour)
    for ends in zip(x, low, high, strict=True):
        made.line([ends[0]] * 2, ends[1:], style.tint(colour, 0.25), width=7)
    made.line([0, x[-1]], [0, chance[-1]], QUIET, dash="dot")
    shown = pd.DataFrame({"rule book": list(map(_book, [*rows["book"], rules]))})
    shown["referred"], shown["something changes"] = list(map(number, x)), list(map(_bounded, y, low, high))
    shown["95 % interval"], shown["as many at random"] = (
        list(map(span, lower, upper)),
        list(map(number, chance)),
    )
    ends = [
        f"{100 * a:.1f} to {100 * b:.1f} %" for a, b in rows[["threshold_from", "threshold_to"]].to_numpy()
    ]
    shown["best at decision thresholds"] = [*ends, ""]
    whole = {"symbol": "square-open", "size": 15, "color": INK, "line": {"width": 2}}
    line = {"mode": "lines+markers", "line": {"color": colour, "width": 2}, "marker": {"size": 8}}
    for part, look in ((slice(-1), line), (slice(-1, None), {"marker": whole})):
        bars = style.whisker(y[part], lower[part], upper[part])
        made.points(x[part], y[part], shown.iloc[part], error_y=bars, **look)
    made.name(x[-1], y[-1], f"all {len(rules)} rules")
    made.name(x[-1] / 2, chance[-1] / 2, "as many at random", QUIET)
    for i in sorted(range(1, len(rows)), key=lambda i: y[i - 1] - y[i])[:_LABELS]:
        before, book = (set(rows["book"].iloc[n]) for n in (i - 1, i))
        if before < book and len(book - before) == 1:
            made.name(x[i], y[i], ("+ " * bool(before)) + _words(*(book - before)))
        elif len(book) == 1:
            made.name(x[i], y[i], _words(*book))
    return made.done()


def _words(rule: str) -> str:
    return rule.replace("-", " ")


def _book(rules: tuple[str, ...]) -> str:
    many = f"{len(rules)} rule{'s' * (len(rules) > 1)}: {', '.join(map(_words, rules))}"
    return many if rules else "no rule"


def _bounded(value: float, low: float, high: float) -> str:
    return number(value) if low == high else f"{number(value)} ({span(low, high)})"
