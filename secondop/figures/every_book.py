"""Every rule book at once: what the best find at every volume."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from secondop.evaluation.books import Books
from secondop.evaluation.measures import table as measured
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK
from secondop.figures.policy_words import above_chance, basis


def all_books(books: Books) -> go.Figure:
    """What the best rule books find at every volume, beside a random choice and the whole book.

    Parameters
    ----------
    books : Books
        From :func:`secondop.evaluation.books.all_books`; its frontier is drawn.
    """
    rows, rules, everybody = books.frontier, books.rules, np.zeros((3, 3))
    everybody[1] = books.counts[-1].sum(0)
    at = [sum(1 << rules.index(rule) for rule in book) for book in rows["book"]]
    counts, squares = (np.stack([*x[at], x[-1], everybody]) for x in (books.counts, books.squares))
    found = measured(
        counts, squares, measures=["referral_rate", "true_positive", "yield_above_chance", "yield_share"]
    )
    x, (y, low, high, lower, upper) = found["referral_rate"][:, 0], found["true_positive"].T
    y, unknown, front = np.where(np.isnan(y), (low + high) / 2, y), np.isnan(y).any(), slice(len(rows))
    chance = x * y[-1] / 100
    names = [f"yield_above_chance{end}" for end in ("", "_min", "_lower", "_upper")]
    parts = y - chance, *found["yield_above_chance"][:, [1, 3, 4]].T, found["yield_share"][:, 0]
    told = (dict(zip([*names, "yield_share"], row, strict=True)) for row in zip(*parts, strict=True))
    above = [above_chance(row) for row in told]
    half = int(np.abs(x[front] - x[front][-1] / 2).argmin())
    title = f"Referring {x[half]:.0f} of 100 cases by the best rules finds {y[half]:.0f} of the "
    title += f"{y[-1]:.0f} changes, as many at random {chance[half]:.0f}{above[half]}"
    if unknown:
        title = "Which rules are best is not known while outcomes are unknown: these are, by the known ones"
    elif len(rows) < 2:
        title = "No rule refers anybody for whom something changes"
    fig = style.figure(
        title,
        f"{basis(books.parts)} Line: rule books that are best at some threshold, chosen on these "
        f"same cases. Band: {style.doubt_of(books.parts)}.",
        x="referral rate: of 100 cases, referred",
        y="true positives: of 100 cases, referred, and something changes",
        height=380,
    )
    colour, dotted = COLOURS["rule book"], {"color": COLOURS["all"], "dash": "dot", "width": 1.5}
    look = {"mode": "lines", "showlegend": False, "name": "band"}
    style.band(fig, x[front].tolist(), lower[front], upper[front], style.tint(colour, 0.18), **look)
    style.line(fig, [0, x[-2]], [0, chance[-2]], dotted, name="As many at random")
    said = [
        _book_sentence(row, x[i], y[i], chance[i], above[i]) for i, row in enumerate(rows.to_dict("records"))
    ]
    look = {"mode": "lines+markers", "line": {"color": colour, "width": 2}, "marker": {"size": 8}}
    style.points(fig, x[front], y[front], said, name="Efficient frontier: every mark a rule book", **look)
    whole = {"symbol": "square-open", "size": 15, "color": INK, "line": {"width": 2}}
    said = [_book_sentence({"book": rules, "rules": len(rules)}, x[-2], y[-2], chance[-2], above[-2])]
    style.points(fig, x[-2:-1], y[-2:-1], said, name=f"The whole book, {len(rules)} rules", marker=whole)
    return style.room_below(fig.update_xaxes(rangemode="tozero").update_yaxes(rangemode="tozero"))


def _book_sentence(row: dict, x: float, y: float, chance: float, above: str) -> str:
    if not row["rules"]:
        return "No rule, no referrals."
    text = f"{row['rules']} rule{'s' * (row['rules'] > 1)}: {x:.1f} of 100 cases referred, {y:.1f} change "
    text += f"something; as many at random {chance:.1f}{above}. "
    if "threshold_from" in row:
        ends = f"{100 * row['threshold_from']:.0f} to {100 * row['threshold_to']:.0f} %"
        text += f"Best at thresholds from {ends}: "
    return style.lines(text + ", ".join(rule.replace("-", " ") for rule in row["book"]) + ".")
