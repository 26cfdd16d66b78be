"""How far above chance policies lie, by how informative facts are assumed or calibrated to be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.corrected import NET
from secondop.figures import captions, style
from secondop.figures.given import draws
from secondop.figures.policy_words import reach, short, signed
from secondop.figures.style import COLOURS

_IF = {
    0: "If facts were not informative",
    1: "As calibrated to contrasts",
    2: "If facts were twice as informative",
}
_TITLE = "{how}, referring {label} finds {found} {what} per 100 cases above chance{of_all}"
_NONE = "{how}, what referring {label} finds cannot be told from chance"
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
    share = _range(main["share_min"].min(), main["share_max"].max(), 0)
    note = f"Over all signals shown {_range(main['low'].min(), main['high'].max())}"
    note += f" ({share} %)" * bool(share) + f". {_note(table)}"
    words = "signal, how informative facts are: 0 nothing, 1 as calibrated to contrasts, others as assumed"
    above = f"yield above chance: {spans['what'].iloc[0]} per 100 cases"
    made = style.figure(_title(main.loc[(main["signal"] - 1).abs().idxmin()]), note, x=words, y=above)
    step = min(np.diff(signals), default=1)
    made.fig.update_xaxes(tickvals=signals, range=[signals[0] - 0.4 * step, signals[-1] + 0.4 * step])
    made.fig.update_yaxes(range=reach(spans[["lower", "upper"]]))
    made.line([signals[0] - step, signals[-1] + step], [0, 0], COLOURS["all"], dash="dot", name="chance")
    spare, policies = iter(style.SPARE), spans.groupby("policy", sort=False)
    for place, (policy, part) in enumerate(policies):
        colour = COLOURS.get(policy) or next(spare)
        x = part["signal"] + 0.07 * step * (place - (len(policies) - 1) / 2)
        for at, low, high in zip(x, part["low"], part["high"], strict=True):
            made.line([at, at], [low, high], style.tint(colour, 0.4), width=7)
        made.line(x, part["middle"], style.tint(colour, 0.5), width=1.2)
        look = {"marker": {"color": colour, "size": 8}, "name": part["label"].iloc[0]}
        look["error_y"] = style.whisker(part["middle"], part["lower"], part["upper"], colour)
        made.points(x, part["middle"], _shown(part), **look)
        made.name(x.iloc[-1], part["middle"].iloc[-1], short(part.iloc[0]))
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
    spans = _spans(table)
    steps = dict(iter(spans.groupby("signal")))
    first = min(steps, key=lambda signal: abs(signal - 1))
    rows = steps[first]
    labels = [captions.capital(short(row)) for row in rows.to_dict("records")]
    panels = [style.Panel("", labels, part["found"]) for part in steps.values()]
    titles = {at: _title(_main(part).iloc[0]) for at, part in steps.items()}
    note = _note(table) + " Dotted: as many at random."
    words = f"yield above chance: {spans['what'].iloc[0]} per 100 cases, more than as many at random"
    made = style.ladder(titles[first], note, [panels[list(steps).index(first)]], x=words)
    made.fig.update_xaxes(range=reach(spans[["lower", "upper"]]))
    _draw(made, rows)
    made.line([0, 0], [0.5, 0.5 - len(rows)], COLOURS["all"], width=1.5, dash="dot", name="chance")
    moved = {}
    for at, part in steps.items():
        _draw(marks := style.Drawing("", ""), part)
        moved[f"{at:g}"] = titles[at], style.moved(marks)
    made.slider(moved, list(steps).index(first), "How informative facts are (signal): ", range(3), panels)
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
    kinds = table.loc[published, "triage"].str.partition(":")[0].str.lower()
    clear = [kind for kind, part in table[published].groupby(kinds, sort=False) if (part["lower"] > 1).all()]
    rest = [kind for kind in kinds.unique() if kind not in clear]
    title = f"Triage by {' and '.join(clear)} beats chance on every published case mix; "
    title += f"whether {' and '.join(rest)} do is open"
    note = f"Published: breast biopsies, from the least to the most of three case mixes. {whose}: "
    note += f"{table.attrs.get('n', 0):,} cases, 95 % intervals. Dotted: chance, a lift of 1."
    words = "lift (log): errors corrected, less introduced, of those chosen over all"
    ends = [f"{low:.2f} to {high:.2f}" for low, high in zip(table["lower"], table["upper"], strict=True)]
    lift = table["value"].map("{:.2f}".format).where(table["value"].notna(), "")
    shown = {"triage": table["triage"], "source": table["source"].where(published, whose), "lift": lift}
    shown |= {"case mixes, or 95 % interval": ends, "chosen, of 100 cases": table["referred"].map(signed)}
    shown, beside = pd.DataFrame(shown), lift.where(~published, ends)
    halves = {"Published": published, whose: ~published}
    panels = [style.Panel(head, table.loc[part, "triage"], beside[part]) for head, part in halves.items()]
    made = style.ladder(title, note, panels, x=words)
    ticks = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6]
    limits = np.log10([min(0.8, table["lower"].min() * 0.95), table["upper"].max() * 1.06]).tolist()
    look = {"type": "log", "range": limits, "tickvals": ticks, "ticktext": [f"{x:g}" for x in ticks]}
    made.fig.update_layout({f"xaxis{number}": look for number in ("", 2)})
    for panel, part in enumerate(halves.values()):
        rows, y = table[part], -np.arange(part.sum())
        made.line([1, 1], [0.5, 0.5 - len(rows)], style.INK, width=1.5, dash="dot", **style.axes(panel))
        if panel == 0:
            made.bars(rows["lower"], rows["upper"], y, COLOURS["published"], shown[part])
        else:
            made.whiskers(rows["lower"], rows["upper"], y, COLOURS["simulated"], panel=1)
            mark = {"color": COLOURS["simulated"], "size": 10}
            made.points(rows["value"], y, shown[part], marker=mark, panel=1)
    return made.done()


def _spans(table: pd.DataFrame) -> pd.DataFrame:
    """A row a signal and policy: its yield at the middle, the ends over the contrasts, and what is said."""
    keys, ends = ["signal", "policy", "label", "sort"], {"low": ("value", "min"), "high": ("value", "max")}
    ends |= {"lower": ("lower", "min"), "upper": ("upper", "max")}
    spans = table[table["measure"] == "yield_above_chance"].groupby(keys, sort=False).agg(**ends)
    middle = table.assign(other=table["contrasts"] != "middle").sort_values("other", kind="stable")
    middle = middle.drop_duplicates([*keys, "measure"]).pivot(index=keys, columns="measure", values="value")
    spans["middle"], spans["referred"] = middle["yield_above_chance"], middle["referral_rate"]
    shares = table[table["measure"] == "yield_share"].groupby(keys)["value"].agg(["min", "max"])
    spans = spans.join(shares.rename(columns=lambda end: f"share_{end}")).reset_index()
    spans["what"] = "errors corrected, less introduced," if table.attrs["outcome"] == NET else "changes"
    spans["how"] = [_IF.get(x, f"If facts were {x:g} times as informative") for x in spans["signal"]]
    pairs = {"found": ("low", "high"), "chance": ("lower", "upper"), "share": ("share_min", "share_max")}
    for name, (low, high) in pairs.items():
        digits = 0 if name == "share" else 1
        spans[name] = [_range(*ends, digits) for ends in zip(spans[low], spans[high], strict=True)]
    spans["beside"] = [f"{share} %" * bool(share) for share in spans["share"]]
    spans["of_all"] = [f": {share} of the possible at that volume" * bool(share) for share in spans["beside"]]
    return spans


def _shown(spans: pd.DataFrame) -> pd.DataFrame:
    """What pointing at a policy shows, in texts."""
    above = f"{spans['what'].iloc[0].rstrip(',')} above chance, contrasts at the middle"
    said = {"policy": spans["label"].map(captions.capital), "signal": spans["signal"].map("{:g}".format)}
    said |= {"referred, of 100 cases": spans["referred"].map("{:.0f}".format)}
    said |= {above: spans["middle"].map(signed), "contrasts from low to high": spans["found"]}
    said |= {"with 95 % intervals": spans["chance"], "share of the possible": spans["beside"]}
    return pd.DataFrame(said)


def _draw(made: style.Drawing, rows: pd.DataFrame) -> None:
    """The marks of one signal: contrasts from low to high, intervals, and the middle."""
    y, colour = -np.arange(len(rows)), COLOURS["rule book"]
    made.bars(rows["low"], rows["high"], y, style.tint(colour, 0.4), name="contrasts")
    made.whiskers(rows["lower"], rows["upper"], y, name="interval")
    made.points(rows["middle"], y, _shown(rows), marker={"color": colour, "size": 10}, name="middle")


def _main(spans: pd.DataFrame) -> pd.DataFrame:
    """The policy that the title is about: all with a clinical indication, or the first."""
    policies = spans["policy"].tolist()
    return spans[spans["policy"] == ("recommended" if "recommended" in policies else policies[0])]


def _title(row: pd.Series) -> str:
    return (_NONE if row["lower"] <= 0 <= row["upper"] else _TITLE).format(**row)


def _range(low: float, high: float, digits: int = 1) -> str:
    """Both ends, once where they read alike; empty where there is none."""
    return " to ".join(dict.fromkeys(x for x in (signed(low, digits), signed(high, digits)) if x))


def _note(table: pd.DataFrame) -> str:
    about = f"{table.attrs['n']:,} simulated cases at each signal and contrast ({table.attrs['scenario']})."
    return f"{about} Dot: contrasts at the middle. Pale: from low to high. Thin: with 95 % intervals."
