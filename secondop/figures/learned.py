"""A learned triage: whether its probabilities are honest, whom it beats, what it goes by; second readings."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.figures.captions import capital, cases_of, known_of, share_of, texts, with_ends
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET, figure, ladder, reach, tint, whisker

_PARTS = {
    "true_positive": "referred, something changes",
    "false_positive": "nothing changes: possible overuse",
    "false_negative": "not referred: missed",
}
_COLOURS = dict(zip(_PARTS, ("useful", "overuse", "underuse"), strict=True))
_WHO = {"random": "a random choice", "rule_book": "the rule book", "learned": "the learned triage"}
_SILENT = "Facts that are known to tell nothing, as in a simulation: always drawn, and marked."
_MOST = "Facts to draw beside these, the most important first."


@draws("calibration", "score", "n", "changed", "unknown", "min", "max", "lower", "upper")
def calibration(table: pd.DataFrame) -> go.Figure:
    """Probabilities against what came of them, group by group, with the calibration slope."""
    rows, colour = table.reset_index(drop=True), COLOURS["learned"]
    slope, intercept = (table.attrs.get(name, (np.nan,) * 3) for name in ("slope", "intercept"))
    told = "near to one another" if slope[1] > 1 else "far apart" if slope[2] < 1 else ""
    title = f"The probabilities are too {told}: calibration" if told else "Calibration"
    title += f" slope {with_ends(*slope, 2)}, intercept {with_ends(*intercept, 2)}: 1 and 0 are perfect"
    if np.isnan(slope[0]):
        title = "No calibration slope fits these probabilities"
    note = f"{cases_of(table, rows['n'].sum())} in {len(rows)} groups by probability.{known_of(table)} "
    note += "Thin: 95 % interval." + (" Pale: unknown outcomes." if rows["unknown"].any() else "")
    shares = 100 * rows[["score", "min", "max", "lower", "upper"]]
    x, y = shares["score"], shares[["min", "max"]].mean(axis=1)
    made = figure(title, note, x="mean probability in the group, %", y="came true, % of the group")
    end = min(100, 1.15 * shares.max().max())
    made.across = made.up = {"range": [0, end]}
    made.line([0, end], [0, end], COLOURS["all"], dash="dot")
    made.name(0.6 * end, 0.6 * end, "perfect calibration", QUIET)
    for row in shares.itertuples():
        made.line([row.score] * 2, [row.min, row.max], tint(colour, 0.4), width=7)
    shown = pd.DataFrame({"group": [f"{i} of {len(rows)}" for i in rows.index + 1]})
    shown["mean probability, %"], shown["came true, %"] = texts(shares, "score"), texts(shares, "min", "max")
    shown["95 % interval"] = texts(shares, "lower", "upper")
    shown["changed"], shown["not known"] = list(map(share_of, rows["changed"], rows["n"])), rows["unknown"]
    marker = {"color": colour, "size": [*9 * (shares["min"] == shares["max"])], "opacity": 1}
    chance = whisker(y, shares["lower"], shares["upper"], colour)
    made.points(x, y, shown, error_y=chance, marker=marker, name="groups", cliponaxis=False)
    return made.done()


@draws("same_volume", "level", "unknown", "referral_rate", "measure", *_WHO, "lower", "upper", "winner")
def same_volume(table: pd.DataFrame) -> go.Figure:
    """Chance, the rule book and a learned triage, each referring equally many."""
    parts = {name: table[table["measure"] == name].reset_index(drop=True) for name in _PARTS}
    ways, top = parts["true_positive"], parts["true_positive"].iloc[0]
    title = "Unknown outcomes leave open who finds more at the same volume"
    if top["winner"]:
        ahead, other = ("learned", "rule_book")[:: 1 if top["winner"] == "learned triage" else -1]
        alike = ways["winner"] == top["winner"]
        title = f"With {top['referral_rate']:.0f} of 100 cases referred, {_WHO[ahead]} finds {top[ahead]:.1f}"
        title += f" changes, {_WHO[other]} finds {top[other]:.1f}"
        title += ", too close to call" if top["winner"] == "neither" else ""
        title += f"; {alike.sum()} of {len(ways)} comparisons end so" if not alike.all() else ""
    note = f"{cases_of(table)}, each scored by a model that did not learn from it. At the right: changes "
    note += f"found. Thin: 95 % interval, in pairs with the rule book.{known_of(table)}"
    rows = ways.merge(pd.DataFrame({"who": _WHO.keys(), "label": map(capital, _WHO.values())}), how="cross")
    missing = rows["unknown"].map({"nobody": "no", "all": "yes"})
    rows["head"] = rows["level"] + rows["referral_rate"].map(": {:.0f} of 100, missing as ".format) + missing
    ends = rows[["lower", "upper"]].add(rows["rule_book"], axis=0).where(rows["who"] == "learned", axis=0)
    found = pd.DataFrame({name: part[[*_WHO]].to_numpy(float).ravel() for name, part in parts.items()})
    made = ladder(title, note, rows.assign(**ends, end=texts(found, "true_positive")), x="of 100 cases")
    shown, until = pd.DataFrame({"who refers": rows["label"] + ": " + rows["head"]}), found.cumsum(axis=1)
    shown = shown.assign(**{words: texts(found, name) for name, words in _PARTS.items()})
    made.across["range"] = reach(until)
    for name, words in _PARTS.items():
        drawn = made.places.assign(start=until[name] - found[name], known=until[name])
        drawn["colour"] = COLOURS[_COLOURS[name]]
        for panel, part in drawn.groupby("panel"):
            made.rows(part, shown, name=words, showlegend=panel == 0)
    return made.done()


@draws("importance", "fact", "label", "question", "importance", "lower", "upper", silent=_SILENT, most=_MOST)
def importance(table: pd.DataFrame, silent: Collection[str] = (), *, most: int = 12) -> go.Figure:
    """What a learned triage goes by: how much worse it tells cases apart without each fact."""
    mute, about, first = table["fact"].isin(silent), table.attrs, table.iloc[0]
    ties, beats = (table["upper"].iloc[1:] >= first["lower"]).sum(), about["auc"] - 50
    title = f"“{capital(first['label'])}” matters most" + (f", in a tie with {ties} more" if ties else "")
    title += f": shuffling it costs {first['importance']:.1f} points of AUC"
    title += f", of {beats:.1f} by which the model beats guessing" if first["importance"] < beats else ""
    if first["lower"] <= 0:
        clear = (table["lower"] > 0).sum()
        title = f"Which fact matters most cannot be told: {clear} of {len(table)} are shown to matter"
    rows = pd.concat([table[~mute].head(most), table[mute]])
    note = cases_of(table, about["n"])
    note += f", {about['unknown']:,} without a known outcome left out" if about["unknown"] else ""
    note += "; each fact shuffled among cases that the model did not learn from. Thin: 95 % interval over "
    note += f"folds. {len(rows)} of {len(table)} facts are shown. AUC: chance 50, perfect 100."
    note += " Diamond: tells nothing, by construction." if mute.any() else ""
    shown = pd.DataFrame({"fact": rows["label"].map(capital), "question": rows["question"]})
    shown["points of AUC lost"] = texts(rows, "importance", "lower", "upper", digits=2)
    rows = rows.assign(label=shown["fact"], end=texts(rows, "importance"), at=rows["importance"])
    rows["colour"], rows["symbol"] = COLOURS["learned"], "circle"
    rows.loc[mute, ["colour", "symbol"]] = QUIET, "diamond-open"
    made = ladder(title, note, rows, shown, x="points of AUC lost")
    made.upright(0, COLOURS["all"])
    return made.done()


@draws("second_readings", "band", "n", "errors", "referred", "true_positive", "sensitivity_lower")
def second_readings(table: pd.DataFrame) -> go.Figure:
    """Errors caught against second readings that change nothing, over the width of the ambiguous band."""
    rows, colour = table.sort_values("band", ignore_index=True), COLOURS["recommended"]
    n, errors, caught = rows["n"][0], rows["errors"][0], rows["true_positive"]
    x, y = 100 * rows["false_positive"] / n, 100 * caught / errors
    ends = 100 * rows[["sensitivity_lower", "sensitivity_upper"]]
    said = [f"{k} of {errors} ({by} %)" for k, by in zip(caught, texts(ends, *ends, digits=0), strict=True)]
    half = int((caught >= min(errors / 2, caught.max())).idxmax())  # the first that catches half, or most
    title = f"A band of ±{rows['band'][half]:.2f} catches {said[half]} wrong readings for {x[half]:.1f} "
    title += "second readings per 100 that change nothing"
    note = f"{n} real breast aspirates, first read by a model out of fold. Second readings are assumed "
    note += "right. Band: 95 % interval (Wilson)."
    words = "second readings that change nothing, per 100 aspirates"
    made = figure(title, note, x=words, y="wrong first readings caught, %")
    made.across, made.up = {"range": [-3, 103]}, {"range": [-4, 108]}
    made.band(x, *ends.to_numpy().T, colour)
    made.line([0, 100 - 100 * errors / n], [0, 100], COLOURS["all"], dash="dot", name="read again at random")
    made.name(50 - 50 * errors / n, 50, "read again at random", QUIET)
    bands = rows["band"].map("±{:.2f}".format)
    shown = pd.DataFrame({"ambiguous band": bands, "wrong readings caught": said})
    for name, of in {"read again": "referred", "nothing changes: possible overuse": "false_positive"}.items():
        shown[name] = [share_of(x, n) for x in rows[of]]
    made.points(x, y, shown, mode="lines+markers", line={"color": colour}, name="ambiguous band")
    for i in {0, half, (half + len(rows)) // 2, len(rows) - 1}:
        made.name(x[i], y[i], {0: "none read again", 0.5: "all read again"}.get(rows["band"][i], bands[i]))
    return made.done()
