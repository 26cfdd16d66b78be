"""How far above chance policies lie, by how informative facts are assumed or calibrated to be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.evaluation.corrected import NET
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET

_SPARE = ("#CC79A7", "#E69F00", "#000000", "#882255")
_CHANCE = {"color": COLOURS["all"], "dash": "dot", "width": 1.5}
_IF = {0: "If facts knew nothing", 1: "As calibrated to contrasts", 2: "If facts knew twice as much"}
_NOTE = "Dot: contrasts at the middle. Thick: from low to high. Thin: with 95 % intervals."
_TITLE = "{how}, referring {label} finds {found} {what} per 100 cases above chance{of_all}"
_NONE = "{how}, what referring {label} finds cannot be told from chance"
_SAID = "{how} (signal {signal:g}), referring {label} ({referred:.0f} of 100 cases) finds {found} {what} per "
_SAID += "100 cases above chance, by the contrasts from low to high{of_all}. With 95 % intervals {chance}."
_LIFT = {
    "published": "Published. {triage}: a lift of {lower:.2f} to {upper:.2f} over three case mixes.",
    "cohort": "{whose}. {triage}, {referred:.0f} of 100 cases: a lift of {value:.2f} "
    "(95 % interval {lower:.2f} to {upper:.2f}).",
}


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
    note += f" ({share} %)" * bool(share) + f". {_about(table)} {_NOTE}"
    x = "signal, how informative facts are: 0 nothing, 1 as calibrated to contrasts, others as assumed"
    title = _title(main.loc[(main["signal"] - 1).abs().idxmin()])
    fig = style.figure(title, note, x=x, y=f"yield above chance: {spans['what'].iloc[0]} per 100 cases")
    style.line(fig, [signals[0], signals[-1]], [0, 0], _CHANCE, name="As many at random")
    spare, policies = iter(_SPARE), spans.groupby("policy", sort=False)
    apart = 0.07 * min(np.diff(signals), default=1)
    for place, (policy, part) in enumerate(policies):
        colour = COLOURS.get(policy) or next(spare)
        x, pale = part["signal"] + apart * (place - (len(policies) - 1) / 2), style.tint(colour, 0.4)
        across = [spot for at in x for spot in (at, at, None)]
        for y, tone, width in zip(_bars(part), (pale, colour), (7, 1.2), strict=True):
            style.line(fig, across, y, {"color": tone, "width": width}, showlegend=False)
        look = {"line": {"color": pale, "width": 1.2}, "marker": {"color": colour, "size": 8}}
        look |= {"mode": "lines+markers", "name": style.capital(part["label"].iloc[0])}
        style.points(fig, x, part["middle"], part["said"].tolist(), **look)
    return style.room_below(fig.update_xaxes(tickvals=signals))


def yield_at_signal(table: pd.DataFrame) -> go.Figure:
    """Yield above chance of each policy and its share of the possible, with a slider for the signal.

    The slider is part of the figure, so it works in a page without a kernel.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.knowledge.yield_range`.
    """
    spans, note = _spans(table), f"{_about(table)} {_NOTE}"
    note += " Beside: share of the possible at that volume." if spans["beside"].any() else ""
    steps = dict(iter(spans.groupby("signal")))
    start = min(steps, key=lambda signal: abs(signal - 1))
    titles = {at: _title(_main(part).iloc[0]) for at, part in steps.items()}
    heads = {at: style.figure(title, note).layout for at, title in titles.items()}
    tallest = max(heads, key=lambda at: heads[at].margin.t)
    words = f"yield above chance: {spans['what'].iloc[0]} per 100 cases, more than as many at random"
    fig, places = style.ladder(
        titles[tallest], note, map(style.capital, steps[start]["label"]), x=words, room=40
    )
    across, colour = [spot for at in places for spot in (at, at, None)], COLOURS["rule book"]
    style.line(fig, [0, 0], [0, fig.layout.yaxis.range[0]], _CHANCE)
    style.line(fig, None, across, {"color": style.tint(colour, 0.4), "width": 9})
    style.line(fig, None, across, {"color": QUIET, "width": 1.2})
    style.points(fig, None, places, None, marker={"color": colour, "size": 10})
    beside = {"mode": "text", "textposition": "middle right", "textfont": {"size": 12, "color": INK}}
    style.points(fig, None, places, None, **beside | {"hoverinfo": "skip"})
    moves = {at: _marks(part) for at, part in steps.items()}
    for trace, x, said, text in zip(fig.data[1:], *moves[start].values(), strict=True):
        trace.update(x=x, hovertext=said, text=text)
    low, high = spans["lower"].min(), spans["upper"].max()
    fig.update_xaxes(range=[low - 0.04 * (high - low), high + 0.3 * (high - low)])
    style.taller(fig, 144, margin={"l": 16, "b": 224}, title_text=heads[start].title.text, showlegend=False)
    args = {f"{at:g}": [moves[at], {"title.text": heads[at].title.text}, [1, 2, 3, 4]] for at in moves}
    return fig.update_layout(
        sliders=style.slider(args, list(moves).index(start), "How informative facts are (signal): ")
    )


def triage(table: pd.DataFrame) -> go.Figure:
    """What triage by doubt, by first diagnosis and by policy finds, against chance: published and a cohort's.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.knowledge.triage_lifts`.
    """
    whose = style.capital(style.whose(table)) + ", as assumed" * bool(table.attrs.get("simulated"))
    published = table[table["source"] == "published"]
    kinds = published["triage"].str.partition(":")[0].str.lower()
    clear = [kind for kind in kinds.unique() if (published.loc[kinds == kind, "lower"] > 1).all()]
    rest = [kind for kind in kinds.unique() if kind not in clear]
    title = f"Triage by {' and '.join(clear)} beats chance on every published case mix; "
    title += f"whether {' and '.join(rest)} do is open"
    note = f"Published: breast biopsies, from the least to the most of three case mixes. {whose}: "
    note += f"{table.attrs['n']:,} cases, 95 % intervals. At 1: chance."
    words = "lift: errors corrected less introduced, among those chosen over among all (log scale)"
    labels = (table["source"] + ". " + table["triage"]).map(style.capital)
    fig, places = style.ladder(title, note, labels, x=words, room=60)
    fig.add_vline(x=1, line={"color": INK, "width": 1.5})
    for row, place in zip(table.to_dict("records"), places, strict=True):
        source, ends = row["source"], [row["lower"], row["upper"]]
        colour = COLOURS["published" if source == "published" else "simulated"]
        look = {"color": colour, "width": 7 if source == "published" else 2}
        style.line(fig, ends, [place, place], look, showlegend=False)
        mark = {"color": colour, "size": 10, "opacity": float(source != "published")}
        said = [style.lines(_LIFT.get(source, _LIFT["cohort"]).format(whose=whose, **row))]
        style.points(fig, [np.sqrt(np.prod(ends))], [place], said, name=source, marker=mark, showlegend=False)
    ticks = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6]
    ends = np.log10([min(0.8, table["lower"].min() * 0.95), table["upper"].max() * 1.06])
    look = {"type": "log", "range": ends.tolist(), "tickvals": ticks, "ticktext": [f"{x:g}" for x in ticks]}
    return fig.update_xaxes(**look, tickangle=0)


def _spans(table: pd.DataFrame) -> pd.DataFrame:
    """A row a signal and policy: its yield at the middle, the ends over the contrasts, and what is said."""
    keys, ends = ["signal", "policy", "label"], {"low": ("value", "min"), "high": ("value", "max")}
    ends |= {"lower": ("lower", "min"), "upper": ("upper", "max")}
    spans = table[table["measure"] == "yield_above_chance"].groupby(keys, sort=False).agg(**ends)
    middle = table.assign(other=table["contrasts"] != "middle").sort_values("other", kind="stable")
    middle = middle.drop_duplicates([*keys, "measure"]).pivot(index=keys, columns="measure", values="value")
    spans["middle"], spans["referred"] = middle["yield_above_chance"], middle["referral_rate"]
    shares = table[table["measure"] == "yield_share"].groupby(keys)["value"].agg(["min", "max"])
    spans = spans.join(shares.rename(columns=lambda end: f"share_{end}")).reset_index()
    spans["what"] = "errors corrected, less introduced," if table.attrs["outcome"] == NET else "changes"
    spans["how"] = [_IF.get(x, f"If facts knew {x:g} times as much") for x in spans["signal"]]
    pairs = {"found": ("low", "high"), "chance": ("lower", "upper"), "share": ("share_min", "share_max")}
    for name, (low, high) in pairs.items():
        digits = 0 if name == "share" else 1
        spans[name] = [_range(*ends, digits) for ends in zip(spans[low], spans[high], strict=True)]
    spans["beside"] = [f"  {share} %" if share else "" for share in spans["share"]]
    of_all = [f": {share} % of the possible at that volume" if share else "" for share in spans["share"]]
    spans["said"] = style.sentences(spans.assign(of_all=of_all), _SAID)
    return spans.assign(of_all=of_all)


def _main(spans: pd.DataFrame) -> pd.DataFrame:
    """The policy that the title is about: all with a clinical indication, or the first."""
    policies = spans["policy"].tolist()
    return spans[spans["policy"] == ("recommended" if "recommended" in policies else policies[0])]


def _title(row: pd.Series) -> str:
    return (_NONE if row["lower"] <= 0 <= row["upper"] else _TITLE).format(**row)


def _bars(spans: pd.DataFrame) -> list[list[float | None]]:
    """From low to high, and with intervals: the ends of bars, each followed by a gap."""
    pairs = (("low", "high"), ("lower", "upper"))
    return [
        [x for low, high in spans[[*pair]].to_numpy().tolist() for x in (low, high, None)] for pair in pairs
    ]


def _marks(spans: pd.DataFrame) -> dict[str, list]:
    """Where the marks stand at one signal, and what they say: the four traces that move."""
    said, beside = ([*spans[name]] for name in ("said", "beside"))
    x = [*_bars(spans), [*spans["middle"]], [*spans["upper"]]]
    return {"x": x, "hovertext": [None, None, said, None], "text": [None, None, None, beside]}


def _range(low: float, high: float, digits: int = 1) -> str:
    """Both ends, once where they read alike; empty where there is none."""
    if pd.isna(low):
        return ""
    low, high = (f"{round(end, digits) + 0.0:.{digits}f}" for end in (low, high))
    return low if low == high else f"{low} to {high}"


def _about(table: pd.DataFrame) -> str:
    return f"{table.attrs['n']:,} simulated cases at each signal and contrast ({table.attrs['scenario']})."
