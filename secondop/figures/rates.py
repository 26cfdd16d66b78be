"""Rules: how often they fire, alone, added up and together, and what every rule book of them finds."""

from math import ceil

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.arguments import named
from secondop.errors import SecondopError
from secondop.evaluation.books import Books
from secondop.evaluation.measures import table as measured
from secondop.evaluation.rates import OTHER
from secondop.figures import captions
from secondop.figures.captions import capital, cases_of, number, share_of, span, spoken, texts
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK, QUIET, Drawing, axes, figure, ladder, reach, tint, whisker
from secondop.words import plural

_KINDS = {"clinical": "Clinical indications", "both": "Clinical or wish", "patient-driven": "Patient's wish"}
_KINDS |= {"counter-indication": "Reasons against", "amplifier": "Strengthens one"}
_COLOURS = dict(zip(_KINDS, ("recommended", "all", "optional", "not_needed", "no_indication"), strict=True))
_MOST, _COLUMN = 80, 24  # rows that can be read, and those that fit below one another
_RATES = ("min", "max", "lower", "upper", "n", "fired", "unknown")
_HOW = "Hatched: what missing information could add. Thin line: 95 % interval"
_BOOKS = ("referral_rate", "true_positive", "yield_above_chance")
_FOUND = "true positives: of 100 cases, referred, and something changes"
_LABELS = 6  # of the steps that find most
_TRUTH = "Rates of the same records without gaps, where somebody knows them: a simulation does."


@draws("firing_rates", "policy", "group", "sort", "kind", "label", *_RATES, truth=_TRUTH)
def firing_rates(table: pd.DataFrame, truth: pd.DataFrame | None = None) -> go.Figure:
    """How often each rule fires: solid what is known, hatched what missing information could add.

    Of a table without groups the rules are drawn; of groups or levels, give only the rows to draw.
    """
    rows, grouped = table, bool(table["group"].notna().any())
    if not grouped and "rule" in set(table["sort"]):
        rows = table[table["sort"].isin(["rule", "any"])]
    if not 0 < rows["min"].count() <= _MOST:
        raise SecondopError(f"The figure firing_rates draws 1 to {_MOST} rates, not {rows['min'].count()}.")
    rate = rows["policy"].map(spoken).where(rows["sort"] == "rule", rows["label"])
    place, colour = rows["kind"].map([*_KINDS].index), rows["kind"].map(_COLOURS).map(COLOURS)
    rows = rows.assign(place=place, rate=rate, about=rows["label"], colour=colour, known=rows["min"])
    rows["head"] = rate if grouped else rows["kind"].map(_KINDS)
    rows["label"] = rows["group"].astype(str).str.replace("_", " ") if grouped else rate
    rows = rows.sort_values(["place", "head", "min"], ascending=[True, True, False], ignore_index=True)
    block = rows.groupby("head").cumcount() % max(_COLUMN, ceil(len(rows) / 2))
    rows["column"] = 1 * ((rows.index - block >= len(rows) / 2) & (len(rows) > _COLUMN / 2))
    banded, tone = grouped and rows["head"].nunique() == 1, rows["colour"][0]
    rows["colour"] = COLOURS["all"] if banded else rows["colour"]
    gaps = rows["unknown"].any()
    fired, unknown, n = rows.drop_duplicates("group")[["fired", "unknown", "n"]].sum()
    note = f"{cases_of(table, n)}. Solid: known to fire. {_HOW if gaps else _HOW.partition('. ')[2]}"
    note += ", none where all cases are of one cluster." if rows["lower"].isna().any() else "."
    whole = "Band: all these groups together, from known to possible" if gaps else "Upright: all together"
    note += f" {whole}." if banded else ""
    note += " Diamond: in truth, without gaps." if truth is not None else ""
    shown = {"known to fire": list(map(share_of, rows["fired"], rows["n"]))}
    made = _ladder(_fires(rows, banded), note, rows, shown)
    ends = {"x0": 100 * fired / n, "x1": 100 * (fired + unknown) / n, "y0": 0, "y1": 1, "layer": "below"}
    look = {"fillcolor": tint(tone, 0.2), "line": {"color": tone, "width": 1.5}}
    for panel in range(len(made.panels) * banded):
        x, y = axes(panel).values()
        made.fig.add_shape(type="rect", xref=x, yref=f"{y} domain", **ends, **look)
    if truth is not None:
        true = rows[["policy", "group"]].merge(truth.drop_duplicates(["policy", "group"]), "left")["value"]
        told = pd.DataFrame({"rule": rows["label"], "in truth": true.map(number)})
        made.rows(made.places.assign(at=true, symbol="diamond-open", colour=INK), told)
    return made.done()


@draws("attrition", "step", "rule", "label", "added", "alone", *_RATES)
def attrition(table: pd.DataFrame) -> go.Figure:
    """What each further rule adds to the cases that are referred: each step starts where the last ended."""
    many, whole = len(table) - 1, table["fired"].iloc[-1]
    rows = table.iloc[[*range(1, many + 1), many]].reset_index(drop=True)  # the last: all together
    rows.loc[many, ["rule", "label", "added", "alone"]] = "all together", "any of these", whole, whole
    enough = int((table["fired"] >= 0.8 * whole).argmax()) or many
    both = span(*rows.loc[many, ["min", "max"]])
    title = f"{many} rules together refer {both} of 100 cases"
    title += f"; {enough} of them, in this order, reach four fifths of those known" if enough < many else ""
    note = f"{cases_of(table)}, rules joined by “or”, in the order shown. Each step starts where the last "
    note += f"ended, and adds what stands at its right; grey: after four fifths. {_HOW}."
    told = {"adds": "added", "fires in": "alone"}
    shown = {words: list(map(share_of, rows[name], rows["n"])) for words, name in told.items()}
    start = rows["min"] - 100 * rows["added"] / rows["n"]
    rows = rows.assign(about=rows["label"], label=rows["rule"].map(spoken), known=rows["min"], start=start)
    rows["end"] = ("+" + (rows["known"] - start).map(number)).str.replace("+<", "<")
    rows["colour"] = COLOURS["recommended"]
    rows.loc[many, "end"], rows.loc[enough : many - 1, "colour"] = both, COLOURS["all"]
    made = _ladder(title, note, rows, shown, "of 100 cases, referred by the rules so far", many)
    if enough < many:  # a dash in each row, as a phone has labels between them, and words
        begin, end, last = start[enough - 1], rows["known"][enough - 1], made.across["range"][1]
        dashes = [y for i in range(enough) for y in (0.16 - i, -0.16 - i, None)]
        made.line([end, end, None] * enough, dashes, INK, name="four fifths")
        place = {"x": end, "y": 1, "yref": "y domain", "yanchor": "bottom"}  # above, if a phone has no room
        if end < 0.4 * last or begin > 0.6 * last:  # at the step, right or left of it
            x, side, away = (end, "left", 8) if end < 0.4 * last else (begin, "right", -8)
            place = {"x": x, "y": 1 - enough, "xanchor": side, "xshift": away}
        words = f"{plural(enough, 'rule')} reach{'es' if enough == 1 else ''} four fifths"
        made.fig.add_annotation(text=words, showarrow=False, font={"size": 12, "color": INK}, **place)
    return made.done()


@draws("overlap", "combination", "known", *_RATES)
def overlap(table: pd.DataFrame) -> go.Figure:
    """Which rules fire together: of how many cases just these are known to, in the twelve largest sets."""
    none = table[table["combination"].map(len) == 0]
    sets = table[table["combination"].map(lambda names: names not in ((), (OTHER,)))].head(12)
    rows, title = (sets if len(sets) else none).reset_index(drop=True), "Rules known to fire together"
    if len(none):
        known, sure = (number(100 * (none[name] / none["n"]).item()) for name in ("known", "fired"))
        title = f"In {known} of 100 cases no rule is known to fire (in {sure} surely none does)"
    whole = pd.Series({name: spoken(name) for name in rows["combination"].explode().dropna()}, dtype=object)
    short = whole.str.split(" or | without | before ", regex=True).str[0]
    short = whole.where(short.duplicated(keep=False), short)  # first words, where these say which it is
    for name, words in (("about", whole), ("label", short)):
        rows[name] = [" + ".join(words[[*names]]) or "no rule" for names in rows["combination"]]
    rows["label"] = rows["label"].mask(rows["rules"] == 1, rows["about"] + " alone")
    if len(sets) > 1:
        first, told = rows["lower"].idxmax(), "which set of rules is the most frequent cannot be told"
        apart = rows["lower"][first] > rows["upper"].drop(first).max()
        title += f"; the most frequent set is {rows['label'][first]}" if apart else f"; {told}"
    shown = {"just these known to fire": list(map(share_of, rows["known"], rows["n"]))}
    rows["known"] = 100 * rows["known"] / rows["n"]
    rows["end"] = texts(rows, "known", "min", "max", digits=None)
    note = f"{cases_of(table)}; {len(rows)} sets of rules with {number(rows['known'].sum())} of 100 cases. "
    note += "Solid: exactly these are known to fire. In brackets: from least to most, as missing information "
    return _ladder(title, f"{note}could also take away. {_HOW}.", rows, shown).done()


@named
def all_books(books: Books) -> go.Figure:
    """What the best rule books find at every volume, beside a random choice and the whole book.

    Parameters
    ----------
    books : Books
        What `all_books` makes; its frontier is drawn, exactly.
    """
    if not isinstance(books, Books):
        given = f"{type(books).__name__} {str(books)[:40]!r}"
        raise SecondopError(f"The figure all_books draws the Books that all_books makes, not {given}.")
    rules, about, colour = books.rules, books.parts.attrs, COLOURS["rule book"]
    sets = [*books.frontier["book"], rules]  # at last the whole book
    at = [sum(1 << rules.index(rule) for rule in book) for book in sets]
    sent, found, above = measured(books.counts[at], books.squares[at], measures=_BOOKS).values()
    marks = pd.DataFrame(found, columns=["y", "low", "high", "lower", "upper"]).assign(x=sent[:, 0])
    _, yes, open_ = books.counts[-1].sum(0)
    every, unknown = (yes + open_ / 2) / books.counts[-1].sum(), bool(marks["y"].isna().any())
    marks["y"] = marks["y"].fillna(marks[["low", "high"]].mean(axis=1))
    front, half = marks.iloc[:-1], int((marks["x"] - marks["x"].iloc[-2] / 2).abs().argmin())
    x, y, chance = map(number, (marks["x"][half], marks["y"][half], every * marks["x"][half]))
    title = f"Referring {x} of 100 cases by the best rules is known to find {y} of the {number(100 * every)} "
    title += f"changes; as many at random find {chance}"
    title += ", and the difference may be zero" if above[half, 3] <= 0 else ""
    if not books.counts[..., 1:].any():
        title = "Nothing changes in any of these cases: at every threshold the best rule book has no rule"
    if unknown:
        title = "Which rules are best is not known while outcomes are unknown: these are, by the known ones"
    note = f"{captions.basis_of(books.parts)} Line: rule books that are best at some threshold, chosen on "
    note += "these same cases. Shaded: more than at random"
    note += ", as assumed. " if about.get("simulated") else ". "
    note += f"Pale: {captions.gaps_of(about)}. Thin line: 95 % interval."
    note += f" {captions.HALF_WAY}" if unknown else ""
    made = figure(title, note, x="referral rate: of 100 cases, referred", y=_FOUND, height=420)
    made.across["range"], made.up["range"] = reach(1.2 * marks["x"]), reach(marks[["upper", "high"]])
    made.band(front["x"], every * front["x"], front["y"], colour)
    for mark in marks.itertuples():
        made.line([mark.x] * 2, [mark.low, mark.high], tint(colour, 0.25), width=7)
    made.line(marks["x"], every * marks["x"], QUIET, dash="dot")
    made.line(front["x"], front["y"], colour)
    shown = pd.DataFrame({"rule book": [", ".join(map(spoken, book)) or "no rule" for book in sets]})
    shown["referred"], shown["something changes"] = texts(marks, "x"), texts(marks, "y", "low", "high")
    shown["95 % interval"] = texts(marks, "lower", "upper")
    chance = whisker(marks["y"], marks["lower"], marks["upper"])
    made.points(marks["x"], marks["y"], shown, error_y=chance, marker={"color": colour, "size": 9})
    made.name(*marks[["x", "y"]].iloc[-1], f"all {len(rules)} rules")
    made.name(marks["x"].iloc[-1] / 2, every * marks["x"].iloc[-1] / 2, "as many at random", QUIET)
    for i in front["y"].diff().nlargest(_LABELS).index:  # steps that one more rule makes
        if set(sets[i - 1]) < set(sets[i]) and len(more := set(sets[i]) - set(sets[i - 1])) == 1:
            made.name(front["x"][i], front["y"][i], ("+ " if sets[i - 1] else "") + spoken(*more))
    return made.done()


def _ladder(title: str, note: str, rows: pd.DataFrame, shown: dict, x="of 100 cases", sure=0) -> Drawing:
    """Rows from zero on: what is ``known``, and of all after the ``sure`` ones gaps and interval."""
    could, chance = (texts(rows, *ends, digits=None) for ends in (("min", "max"), ("lower", "upper")))
    shown = {"rule": rows["label"], "which is": rows["about"], **shown, "if missing were known": could}
    rows = pd.DataFrame({"end": could}).assign(**rows, low=rows["known"], high=rows["max"])
    rows.loc[rows.index < sure, ["low", "high", "lower", "upper"]] = np.nan
    made = ladder(title, note, rows, pd.DataFrame(shown | {"95 % interval": chance}), x=x)
    made.across |= {"tickangle": 0, "nticks": 4}
    return made


def _fires(rows: pd.DataFrame, banded: bool) -> str:
    """What some rule does and no single one; or the groups that differ most, where their intervals do."""
    known = f"in {span(rows['min'].min(), rows['min'].max())} of 100 cases"
    top, alone = (rows[(rows["kind"] == "clinical") & (rows["sort"] == sort)] for sort in ("any", "rule"))
    if banded:
        ends, rate = rows.loc[[rows["lower"].argmax(), rows["upper"].argmin()]], capital(rows["rate"][0])
        if rows["lower"].notna().all() and ends["lower"].iloc[0] > ends["upper"].iloc[1]:
            told = zip(texts(ends, "min", "max", digits=None), ends["label"], strict=True)
            return f"{rate}: of 100 cases, {', '.join(f'{share} in {name}' for share, name in told)}"
        return f"{rate}: known {known}; whether these {len(rows)} groups differ cannot be told"
    if len(top) == 1 and len(alone):
        most = f"{np.ceil(10 * alone['min'].max()) / 10:.1f}"
        known = f"in {span(*top[['min', 'max']].iloc[0])} of 100 cases"
        return f"Some clinical rule fires {known}; no single one is known to fire in more than {most}"
    return f"Known to fire {known}"
