"""What is published, beside a cohort's or as assumed: of opinions, of triage and of facts."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.figures.captions import capital, known_of, number, span, spoken, texts, whose
from secondop.figures.given import draws
from secondop.figures.policies import short
from secondop.figures.style import COLOURS, INK, QUIET, ladder, reach, tint
from secondop.words import plural

_ALONE, _MOST = "not comparable", 8  # rows, if no more are compared
_VERDICTS = {  # the head of the rows, what the title says that the cohort did, and how its marks look
    "outside": ("Outside of what was published", "misses", COLOURS["urgent"], "diamond"),
    "undetermined": ("Left open", "leaves open", COLOURS["simulated"], "triangle-up"),
    "within": ("Within what was published", "agrees with", COLOURS["simulated"], "circle"),
    "fitted": ("Fitted: agrees by construction", "", COLOURS["fitted"], "circle-open"),
    _ALONE: ("Not comparable: published alone", "", QUIET, "square-open"),
}
_MARKS = {"value": "at", "min": "low", "max": "high", "lower": "lower", "upper": "upper"}


@draws("compare, published_rates or published_contrasts", "study", "year", "outcome", "denominator")
def compare(table: pd.DataFrame) -> go.Figure:
    """Published figures and a cohort's, row by row: what could disagree, what was fitted, what stands alone.

    What was fitted never counts as agreement. What is not comparable is drawn without the cohort, and only if
    its outcome is also one that is compared, since that tempts a reader. Of contrasts the ratios are drawn.
    """
    ratio, compared, cohort = "measure" in table, "verdict" in table, whose(table)
    noun, rates = ("ratio", {}) if ratio else ("rate", {"rate": "value", "cohort_rate": "cohort_value"})
    rows = table.rename(columns=lambda name: name.removeprefix("published_")).rename(columns=rates)
    if "value" not in rows:
        lacks = ("published_" if compared else "") + ("value" if ratio else "rate")
        raise SecondopError(f"The figure compare draws published {noun}s; this table lacks {lacks}.")
    if (rows := rows[rows["measure"] != "risk difference"] if ratio else rows).empty:
        raise SecondopError("The figure compare draws ratios: keep rows whose measure is one.")
    every = rows if compared else rows.assign(verdict="")
    rows = _chosen(every)
    alike, verdict, records = rows["alike"], rows["verdict"], rows.to_dict("records")
    published, own = (_side(rows, prefix, ratio) for prefix in ("", "cohort_"))
    rows["label"] = [_label(row, ratio) for row in records]
    rows["end"] = published["short"] + (" · " + own["short"]).where(alike, "")
    shown = pd.DataFrame({"published figure": rows["label"], "published": published["whole"]})
    shown["published"] += " " + rows["measure"] if ratio else ""
    remark = rows["reason" if compared else "remark"].fillna("").str.split(". ", regex=False).str[0]
    note = "Thin: 95 % interval, or a range of studies; none where none is published."
    if compared:
        of = [_counted(row, ratio) if row["alike"] else "" for row in records]
        shown[cohort], remark = own["whole"].where(alike, "") + of, verdict.map(capital) + ". " + remark
        note = f"Square, and first at the right: published. Other marks: {cohort}. {note}"
        note = f"Fitted, so agreement proves nothing: {(table['verdict'] == 'fitted').sum()}. {note}"
        tally = {did: (table["verdict"] == name).sum() for name, (_, did, *_) in _VERDICTS.items() if did}
        told = ", ".join(f"{did} {count}" for did, count in tally.items() if count)
        title = f"The cohort {told} of {sum(tally.values())} published {noun}s that can disagree"
        title = title if told else f"No published {noun} here can disagree with the cohort"
        if (own["low"] < own["high"]).any():
            note += " Hatched: what missing information could make of it."
    elif ratio:
        apart, none = ((every["lower"] > 1) | (every["upper"] < 1)).sum(), every["lower"].isna().sum()
        title = f"Of {plural(len(every), 'published ratio')} {_have(apart)} an interval that excludes 1"
        title += f"; {_have(none)} none" if none else ""
    else:
        kinds = len(every[["outcome", "denominator"]].drop_duplicates())
        title = f"{len(every)} published rates, of {kinds} kinds: alike are those of one outcome and cases"
    shown["verdict" if compared else "remark"] = remark
    note += f" Not drawn: {len(table) - len(rows)} more." if len(table) > len(rows) else ""
    note += known_of(table)
    x = "ratio (log scale)" if ratio else "% of what a row names"
    made = ladder(title, note, rows[["head", "label", "end"]], x=x)
    them = [_VERDICTS[name][2:] if name == _ALONE else (INK, "square") for name in verdict]
    us = [_VERDICTS.get(name, ("", ""))[-2:] for name in verdict]
    for side, look, lift in ((published, them, 0), (own[alike], us, 0.14)):
        looks = pd.DataFrame(look, made.places.index, ["colour", "symbol"])
        marks = side.join(made.places.assign(y=made.places["y"] - lift)).join(looks)
        made.rows(marks, shown)
    ends = np.array([side[[*_MARKS.values()]] for side in (published, own)]).ravel()
    made.across = {"range": reach([*ends, 1])}
    if ratio:
        low, high = np.log10([np.nanmin([*ends, 1]), np.nanmax([*ends, 1])])
        ticks = [0.1, 0.3, 1, 3, 10, 30] if high - low > 0.7 else [0.5, 0.7, 1, 1.5, 2, 3]
        made.across = {"type": "log", "range": [low - 0.04, high + 0.04], "tickvals": ticks}
        made.upright(1, width=1, dash="solid")
    return made.done()


@draws("yield_range", "signal", "contrasts", "policy", "measure")
def yield_at_signal(table: pd.DataFrame) -> go.Figure:
    """Yield above chance of each policy, with a slider for the signal that works without a kernel."""
    about, keys, steps = table.attrs, ["policy", "label", "sort"], {}
    what = f"{'errors corrected, less introduced,' if about['outcome'] == NET else 'changes'} per 100 cases"
    note = f"{about['n']:,} simulated cases at each signal and contrast ({about['scenario']}). Dot: "
    note += "contrasts at the middle. Pale: low to high. Thin: 95 % intervals. Dotted: as many at random."
    table = table.assign(off=table["contrasts"] != "middle").sort_values("off", kind="stable")
    ends = {"at": ("value", "first"), "start": ("value", "min"), "known": ("value", "max")}
    ends |= {"lower": ("lower", "min"), "upper": ("upper", "max")}
    for signal, part in table.groupby("signal"):
        found = {name: some.groupby(keys, sort=False).agg(**ends) for name, some in part.groupby("measure")}
        rows, sent = found["yield_above_chance"].reset_index(), found["referral_rate"].reset_index()
        rows["end"], shown = texts(rows, "start", "known"), {"policy": rows["label"].map(capital)}
        shown |= {"signal": f"{signal:g}", "referred, of 100 cases": texts(sent, "at", digits=0)}
        shown["above chance, contrasts at the middle"] = texts(rows, "at")
        shown["contrasts from low to high"] = rows["end"]
        shown["with 95 % intervals"] = texts(rows, "lower", "upper")
        if "yield_share" in found:
            shown["share of the possible, %"] = texts(found["yield_share"], "start", "known", digits=0)
        shown = pd.DataFrame(shown)
        row = rows.iloc[int((rows["policy"] == "recommended").argmax())]  # or the first there is
        title = {0: "If facts were not informative", 1: "As calibrated to contrasts"}.get(signal)
        title = title or f"If facts were {signal:g} times as informative"
        title += f", referring {row['label']} finds {row['end']} {what} above chance (95 % interval "
        title += f"{shown['with 95 % intervals'][row.name]})"
        rows["label"] = [capital(short(row)) for row in rows.to_dict("records")]
        pale = rows.drop(columns="at").assign(colour=tint(COLOURS["rule book"], 0.4))
        step = ladder(title, note, pale, x=f"yield above chance: {what}")
        step.rows(step.places.assign(at=rows["at"]), shown)
        step.across = {"range": reach(rows[["lower", "upper"]])}
        step.upright(0, COLOURS["all"], name="chance")
        steps[f"{signal:g}"] = step
    start = min(steps, key=lambda signal: abs(float(signal) - 1))
    return steps[start].slide(steps, "How informative facts are (signal): ").done()


@draws("triage_lifts", "triage", "source", "referred", "value", "lower", "upper")
def triage_lifts(table: pd.DataFrame) -> go.Figure:
    """What triage by doubt, first diagnosis or policy finds, against chance: published and a cohort's."""
    own = capital(whose(table)) + (", as assumed" if table.attrs.get("simulated") else "")
    published = table["source"] == "published"
    if published.all() or not published.any():
        whole = "give it what triage_lifts made, without leaving one out"
        raise SecondopError(f"The figure triage_lifts draws published rows and those of a cohort: {whole}.")
    kinds = table.loc[published, "triage"].str.partition(":")[0].str.lower()
    above = (table.loc[published, "lower"] > 1).groupby(kinds, sort=False).all()
    title = f"Shown to beat chance on every published case mix: triage by {' and '.join(above.index[above])}"
    title = title if above.any() else "No triage is shown to beat chance on every published case mix"
    note = f"Published: breast biopsies, from the least to the most of three case mixes. {own}: "
    note += f"{table.attrs.get('n', 0):,} cases, 95 % intervals. Dotted: chance, a lift of 1."
    shown = pd.DataFrame({"triage": table["triage"], "source": table["source"].where(published, own)})
    shown["lift"] = texts(table, "value", "lower", "upper", digits=2)
    shown["chosen, of 100 cases"] = texts(table, "referred")
    rows = pd.DataFrame({"head": shown["source"].map(capital), "label": table["triage"]})
    rows["end"], rows["at"] = shown["lift"].str.split(r" \(").str[0], table["value"]
    rows["start"], rows["known"] = table["lower"].where(published), table["upper"].where(published)
    rows["lower"], rows["upper"] = table["lower"].mask(published), table["upper"].mask(published)
    rows["colour"] = np.where(published, COLOURS["published"], COLOURS["simulated"])
    words = "lift (log): errors corrected, less introduced, of those chosen over all"
    made = ladder(title, note, rows, shown, x=words)
    limits = np.log10([min(0.8, table["lower"].min() * 0.95), table["upper"].max() * 1.06]).tolist()
    made.across = {"type": "log", "range": limits, "tickvals": [0.5, 0.75, 1, 1.5, 2, 3, 4, 6]}
    made.upright(1)
    return made.done()


def _chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows to draw, under their heads: all that are alike, and of others that tempt a reader some."""
    rows = rows.assign(alike=~rows["verdict"].isin(["", _ALONE]))
    alike, other = rows[rows["alike"]], rows[~rows["alike"]]
    other = other[other["outcome"].isin(alike["outcome"])] if len(alike) else other
    other = other.sort_values("lower", kind="stable", key=pd.isna)  # first those with an interval
    drawn = pd.concat([alike, other.head(max(0, _MOST - len(alike))).sort_index()])
    drawn["head"] = drawn["verdict"].map({name: head for name, (head, *_) in _VERDICTS.items()})
    drawn["head"] = drawn["head"].fillna(drawn.get("design", ""))
    order = {name: i for i, name in enumerate(_VERDICTS)}
    return drawn.sort_values("verdict", key=lambda it: it.map(order), kind="stable", ignore_index=True)


def _side(rows: pd.DataFrame, prefix: str, ratio: bool) -> pd.DataFrame:
    """The marks of one side, rates in per cent, and its figures as texts: in short, and with the interval."""
    side = rows.reindex(columns=[prefix + end for end in _MARKS]).astype(float) * (1 if ratio else 100)
    side, said = side.set_axis(_MARKS.values(), axis=1), []
    for at, low, high, lower, upper in side.itertuples(index=False):
        told, ends = (number(at, 1 + ratio) or span(low, high, 1 + ratio)), span(lower, upper, 1 + ratio)
        whole = f"{told or ends} %" if (told or ends) and not ratio else told or ends or "no figure"
        said.append((told or ends or "?", f"{whole} ({ends})" if told and ends else whole))
    return side.assign(short=[short for short, _ in said], whole=[whole for _, whole in said])


def _have(many: int) -> str:
    return f"{many} {'has' if many == 1 else 'have'}"


def _label(row: dict, ratio: bool) -> str:
    """What a row is called: a study and what it counted, of whom or in which groups."""
    what = {"second_right": "second opinion right"}.get(row["outcome"], spoken(row["outcome"]))
    what = what.replace("both changed", "diagnosis and treatment changed")
    what = what.replace("either changed", "diagnosis or treatment changed")
    who = " ".join(str(x) for x in (row["study"], row["year"]) if not pd.isna(x))
    if ratio:
        return f"{who}: {what}, {row['group']} against {row['reference']}"
    n = "" if pd.isna(row["n"]) else f"{row['n']:,.0f} "
    return f"{capital(what)} ({who}), of {n}{row['denominator']}"


def _counted(row: dict, ratio: bool) -> str:
    """The cases of the cohort that its figure counts."""
    if not ratio:
        return f" of {row['cohort_n']:,.0f} {row['cohort_denominator']}"
    sides = [[row[f"cohort_{x}_{part}"] for x in "kn"] for part in ("group", "reference")]
    return ", " + " against ".join(f"{k:,.0f} of {n:,.0f}" for k, n in sides)
