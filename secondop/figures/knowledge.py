"""How far above chance policies lie, by how informative facts are assumed or calibrated to be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.corrected import NET
from secondop.figures import captions, style
from secondop.figures.given import draws
from secondop.figures.policy_words import labels, short, signed
from secondop.figures.style import COLOURS

_MADE = "yield_range", "signal", "contrasts", "policy", "measure"


@draws(*_MADE)
def yield_range(table: pd.DataFrame) -> go.Figure:
    """Yield above chance of each policy over how informative facts are, with the contrasts from low to high.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.knowledge.yield_range`.
    """
    spans = _spans(table)
    main, signals = _main(spans), sorted(spans["signal"].unique())
    ends = captions.between(main["low"].min(), main["high"].max())
    note = f"Over all signals {ends} per 100. {_note(table)}"
    words = "signal, how informative facts are: 0 nothing, 1 as calibrated to contrasts, others as assumed"
    title = _title(main.loc[[(main["signal"] - 1).abs().idxmin()]])
    made = style.figure(title, note, x=words, y=f"yield above chance: {_what(table)}")
    step = min(np.diff(signals), default=1)
    made.fig.update_xaxes(tickvals=signals, range=[signals[0] - 0.4 * step, signals[-1] + 0.4 * step])
    made.fig.update_yaxes(range=style.reach(spans[["lower", "upper"]]))
    made.line([signals[0] - step, signals[-1] + step], [0, 0], COLOURS["all"], dash="dot", name="chance")
    spare, policies = iter(style.SPARE), spans.groupby("policy", sort=False)
    for place, (policy, part) in enumerate(policies):
        colour, y = COLOURS.get(policy) or next(spare), part["middle"]
        x = part["signal"] + 0.07 * step * (place - (len(policies) - 1) / 2)
        for at, low, high in zip(x, part["low"], part["high"], strict=True):
            made.line([at, at], [low, high], style.tint(colour, 0.4), width=7)
        made.line(x, y, style.tint(colour, 0.5), width=1.2)
        look = {"marker": {"color": colour, "size": 8}, "name": part["label"].iloc[0]}
        look["error_y"] = style.whisker(y, part["lower"], part["upper"], colour)
        made.points(x, y, _shown(part), **look)
        made.name(x.iloc[-1], y.iloc[-1], short(part.iloc[0]))
    made.name(signals[0] + 0.5 * step, 0, "as many at random", style.QUIET)
    return made.done()


@draws(*_MADE)
def yield_at_signal(table: pd.DataFrame) -> go.Figure:
    """Yield above chance of each policy and its share of the possible, with a slider for the signal.

    The slider is part of the figure, so it works in a page without a kernel.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.knowledge.yield_range`.
    """
    spans, steps, colour = _spans(table), {}, COLOURS["rule book"]
    note, words = f"{_note(table)} Dotted: as many at random.", f"yield above chance: {_what(table)}"
    for signal, rows in spans.groupby("signal"):
        made = style.ladder(_title(_main(rows)), note, labels(rows), x=words, values=rows["found"])
        y = -np.arange(len(rows))
        made.bars(rows["low"], rows["high"], y, style.tint(colour, 0.4), name="contrasts")
        made.whiskers(rows["lower"], rows["upper"], y, name="interval")
        made.points(rows["middle"], y, _shown(rows), marker={"color": colour, "size": 10}, name="middle")
        steps[f"{signal:g}"] = made
    start = min(range(len(steps)), key=lambda i: abs(float([*steps][i]) - 1))
    made = [*steps.values()][start]
    made.slider(steps, start, "How informative facts are (signal): ")
    made.fig.update_xaxes(range=style.reach(spans[["lower", "upper"]]))
    made.upright(0, COLOURS["all"], name="chance")
    return made.done()


@draws("triage_lifts", "triage", "source", "referred", "value", "lower", "upper")
def triage_lifts(table: pd.DataFrame) -> go.Figure:
    """What triage by doubt, by first diagnosis and by policy finds, against chance: published and a cohort's.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.knowledge.triage_lifts`.
    """
    whose = captions.capital(captions.whose(table)) + ", as assumed" * bool(table.attrs.get("simulated"))
    published = table["source"] == "published"
    if published.all() or not published.any():
        whole = "give it what triage_lifts made, without leaving one out"
        raise SecondopError(f"The figure triage_lifts draws published rows and those of a cohort: {whole}.")
    kinds = table.loc[published, "triage"].str.partition(":")[0].str.lower()
    above = (table.loc[published, "lower"] > 1).groupby(kinds, sort=False).all()
    told = [f"Triage by {' and '.join(above.index[above])} beats chance on every published case mix"]
    told = told * bool(above.any())
    told += [f"whether triage by {' or '.join(above.index[~above])} does cannot be told"] * bool(
        (~above).any()
    )
    title = captions.capital("; ".join(told))
    note = f"Published: breast biopsies, from the least to the most of three case mixes. {whose}: "
    note += f"{table.attrs.get('n', 0):,} cases, 95 % intervals. Dotted: chance, a lift of 1."
    ends = captions.ranges(table["lower"], table["upper"], ".2f")
    lift = table["value"].map("{:.2f}".format).where(table["value"].notna(), "")
    shown = {"triage": table["triage"], "source": table["source"].where(published, whose), "lift": lift}
    shown |= {"case mixes, or 95 % interval": ends, "chosen, of 100 cases": table["referred"].map(signed)}
    shown, beside = pd.DataFrame(shown), lift.where(~published, ends)
    halves = {"Published": published, whose: ~published}
    panels = [style.Panel(head, table.loc[part, "triage"], beside[part]) for head, part in halves.items()]
    words = "lift (log): errors corrected, less introduced, of those chosen over all"
    made = style.ladder(title, note, panels, x=words)
    limits = np.log10([min(0.8, table["lower"].min() * 0.95), table["upper"].max() * 1.06]).tolist()
    made.across(type="log", range=limits, tickvals=[0.5, 0.75, 1, 1.5, 2, 3, 4, 6])
    made.upright(1)
    made.upright(1, panel=1)
    known, own = table[published], table[~published]
    y, ys = -np.arange(len(known)), -np.arange(len(own))
    made.bars(known["lower"], known["upper"], y, COLOURS["published"], shown[published])
    made.whiskers(own["lower"], own["upper"], ys, COLOURS["simulated"], panel=1)
    mark = {"color": COLOURS["simulated"], "size": 10}
    made.points(own["value"], ys, shown[~published], marker=mark, panel=1)
    return made.done()


def _spans(table: pd.DataFrame) -> pd.DataFrame:
    """A row a signal and policy: its yield at the middle, the ends over the contrasts, and these as texts."""
    keys, ends = ["signal", "policy", "label", "sort"], {"low": ("value", "min"), "high": ("value", "max")}
    ends |= {"lower": ("lower", "min"), "upper": ("upper", "max")}
    spans = table[table["measure"] == "yield_above_chance"].groupby(keys, sort=False).agg(**ends)
    middle = table.assign(other=table["contrasts"] != "middle").sort_values("other", kind="stable")
    middle = middle.drop_duplicates([*keys, "measure"]).pivot(index=keys, columns="measure", values="value")
    spans["middle"], spans["referred"] = middle["yield_above_chance"], middle["referral_rate"]
    shares = table[table["measure"] == "yield_share"].groupby(keys)["value"].agg(["min", "max"])
    spans = spans.join(shares).reset_index()
    spans["found"] = captions.ranges(spans["low"], spans["high"])
    spans["chance"] = captions.ranges(spans["lower"], spans["upper"])
    spans["share"] = [f"{x} %" * bool(x) for x in captions.ranges(spans["min"], spans["max"], ".0f")]
    return spans.assign(what=_what(table))


def _what(table: pd.DataFrame) -> str:
    """What is found, and of how many."""
    net = table.attrs["outcome"] == NET
    return f"{'errors corrected, less introduced,' if net else 'changes'} per 100 cases"


def _shown(spans: pd.DataFrame) -> pd.DataFrame:
    """What pointing at a policy shows, in texts."""
    above = f"{spans['what'].iloc[0]} above chance, contrasts at the middle"
    said = {"policy": spans["label"].map(captions.capital), "signal": spans["signal"].map("{:g}".format)}
    said |= {"referred, of 100 cases": spans["referred"].map("{:.0f}".format)}
    said |= {above: spans["middle"].map(signed), "contrasts from low to high": spans["found"]}
    said |= {"with 95 % intervals": spans["chance"], "share of the possible": spans["share"]}
    return pd.DataFrame(said)


def _main(spans: pd.DataFrame) -> pd.DataFrame:
    """The policy that the title is about: all with a clinical indication, or the first."""
    book = spans["policy"] == "recommended"
    return spans[book if book.any() else spans["policy"] == spans["policy"].iloc[0]]


def _title(spans: pd.DataFrame) -> str:
    """What the first row's policy finds above chance, if its interval tells it from chance."""
    row = spans.iloc[0]
    how = {0: "If facts were not informative", 1: "As calibrated to contrasts"}
    how = how.get(row["signal"], f"If facts were {row['signal']:g} times as informative")
    if row["lower"] <= 0 <= row["upper"]:
        return f"{how}, what referring {row['label']} finds cannot be told from chance"
    title = f"{how}, referring {row['label']} finds {row['found']} {row['what']} above chance"
    return title + f": {row['share']} of the possible at that volume" * bool(row["share"])


def _note(table: pd.DataFrame) -> str:
    about = f"{table.attrs['n']:,} simulated cases at each signal and contrast ({table.attrs['scenario']})."
    return f"{about} Dot: contrasts at the middle. Pale: from low to high. Thin: with 95 % intervals."
