"""What if the assumptions are wrong: one parameter at a time, and all at once."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.results import MEASURES, OR_UNDECIDED
from secondop.figures.style import COLOURS, INK, figure, tint, wrap

_BASES = {
    "assumed": (COLOURS["overuse"], "/", "Assumed"),
    "fitted": (COLOURS["fitted"], "", "Fitted to published rates"),
    "cited": (COLOURS["published"], "", "Cited"),
}
_STRATEGIES = {"oracle": "useful", "sought": "learned", "none": "none", "all": "all"}
_STRATEGIES |= {level: level for level in ("urgent", "recommended", "optional")}
_NAMES = {"none": "nobody", "all": "everybody", "sought": "those who sought an opinion"}
_NAMES |= {"oracle": "only those that would change (oracle)"}
_ROW, _LINE = 26, 15


def tornado(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """How far each parameter alone moves a result from the scenario as stated, the widest swing on top.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.sensitivity.tornado`: rows of one measure.
    most : int
        How many parameters to draw; the others are counted.
    """
    name = _one(table, "measure", "tornado")
    words, unit = MEASURES[name][2], _unit(name)
    rows, rest = table.head(most), table.iloc[most:]
    top, base = rows.iloc[0], rows["base"].iloc[0]
    said = name.replace("_", " ")
    reach = table["swing"] + table["swing_error"] >= top["swing"] - top["swing_error"]
    tie = f", in a tie with {reach.sum() - 1} more" if reach.sum() > 1 else ""
    title = f"{_capital(top['label'])} moves “{said}” most{tie}: {_ends(top)}{unit}, {_short(base)} as stated"
    if not top["swing"]:
        title = f"None of these parameters moves “{said}” from {_short(base)}{unit}"
    note = f"{_cases(table)} a bar, policy “{top['policy']}”. Each bar: one parameter from the lower to the "
    note += f"upper end of its range, all else as stated. Chance moves a swing by up to ±{_most(rows)}."
    if len(rest):
        note += f" {len(rest)} more swing by {rest['swing'].max():.2g} at most."
    if fixed := table.attrs.get("fixed"):
        note += f" {fixed} do not vary."
    labels = [f"{row['label']}, {row['lower']:.2g} to {row['upper']:.2g}" for _, row in rows.iterrows()]
    fig, y = _ladder(title, note, words, labels)
    rows = rows.assign(y=y)
    for basis, (colour, shape, known) in _BASES.items():
        part = rows[rows["basis"] == basis]
        for end, faint in (("lower", 0.35), ("upper", 1.0)):
            if part.empty:
                continue
            fig.add_bar(
                x=part[f"at_{end}"] - part["base"],
                base=part["base"],
                y=part["y"],
                orientation="h",
                width=11,
                name=f"{known}, at its {end} end",
                marker={"color": tint(colour, faint), "line": {"color": colour, "width": 1}}
                | {"pattern": {"shape": shape, "size": 5, "fgcolor": "white", "fillmode": "overlay"}},
                hovertext=[_swing(row, end, unit) for _, row in part.iterrows()],
                hoverinfo="text",
            )
    fig.add_vline(x=base, line={"color": INK, "width": 1.5})
    ends = rows[["at_lower", "at_upper", "base"]].to_numpy()
    pad = 0.06 * (ends.max() - ends.min() or 1)
    fig.update_xaxes(range=[ends.min() - pad, ends.max() + pad])
    return fig.update_layout(barmode="overlay")


def bands(table: pd.DataFrame) -> go.Figure:
    """How far each strategy's result spreads when all parameters are uncertain at once.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.sensitivity.bands`: rows of one measure (and one exchange rate).
    """
    name = _one(table, "measure", "bands")
    if "exchange_rate" in table:
        _one(table, "exchange_rate", "bands")
    rows = table[table["draws"] > 0]
    if rows.empty:
        raise SecondopError(f"Nothing was counted for {name} in any draw, so there are no bands to draw.")
    words, unit = MEASURES[name][2], _unit(name)
    ruled = rows[~rows["strategy"].isin(["none", "all", "oracle", "sought"])]
    widest = (rows if ruled.empty else ruled).assign(width=lambda t: t["upper"] - t["lower"])
    top = widest.loc[widest["width"].idxmax()]
    ties = (widest["width"].map(_short) == _short(top["width"])).sum() - 1
    wider = rows[rows["upper"] - rows["lower"] > top["width"]]
    title = f"“{_capital(top['strategy'])}” is least certain"
    title += f", in a tie with {ties} more" if ties else ""
    title += " of the rule book's policies" if len(wider) else ""
    title += f": {_short(top['base'])}{unit} as stated, "
    title += f"{_short(top['lower'])} to {_short(top['upper'])} in 95 % of draws"
    if len(wider):
        title += f". Less certain still: {' and '.join(_NAMES.get(s, s) for s in wider['strategy'])}"
    note = (
        f"{_cases(table)} in each of {top['draws']:,} draws of all parameters. Dot: as stated. Tick: median. "
    )
    note += "Thick: half of the draws. Thin: 95 %."
    fig, y = _ladder(title, note, words, [_NAMES.get(s, s) for s in rows["strategy"]])
    rows = rows.assign(y=y)
    for _, row in rows.iterrows():
        strategy = row["strategy"].removesuffix(OR_UNDECIDED)
        colour = COLOURS[_STRATEGIES.get(strategy, "rule book")]
        colour = colour if strategy == row["strategy"] else tint(colour, 0.55)
        for low, high, width in (("lower", "upper", 2), ("lower_half", "upper_half", 9)):
            line = {"color": colour, "width": width}
            place = {"x": [row[low], row[high]], "y": [row["y"]] * 2}
            fig.add_scatter(
                **place, mode="lines", line=line, hoverinfo="skip", name=f"{row['strategy']} {low}"
            )
    shared = {
        "y": rows["y"],
        "mode": "markers",
        "hovertext": [_band(row, words) for _, row in rows.iterrows()],
    }
    tick = {"symbol": "line-ns", "size": 15, "line": {"width": 2, "color": "white"}}
    fig.add_scatter(x=rows["median"], marker=tick, name="median", hoverinfo="skip", **shared)
    dot = {"color": INK, "size": 8, "line": {"width": 1.5, "color": "white"}}
    fig.add_scatter(x=rows["base"], marker=dot, name="as stated", hoverinfo="text", **shared)
    ends = min(0, rows["lower"].min()), max(0, rows["upper"].max())
    pad = 0.03 * (ends[1] - ends[0] or 1)
    fig.update_xaxes(range=[ends[0] - pad, ends[1] + pad])
    return fig.update_layout(showlegend=False, margin={"b": 60})


def _one(table: pd.DataFrame, column: str, name: str):
    """The single value of a column."""
    values = table[column].unique().tolist()
    if len(values) != 1:
        raise SecondopError(
            f"The figure {name} draws one {column}, and the table holds {len(values)}"
            f"{': ' if values else ''}{', '.join(map(str, values[:6]))}. Keep one, "
            f'such as table[table["{column}"] == {values[0] if values else "..."!r}].'
        )
    return values[0]


def _ladder(title: str, note: str, x: str, labels: list[str]) -> tuple[go.Figure, list[float]]:
    """An empty figure with a label above every row, and where the rows are; one unit is one pixel."""
    y, places, wrapped = 0, [], ["<br>".join(wrap(label, 50)) for label in labels]
    for label in wrapped:
        y -= _LINE * (label.count("<br>") + 1) + _ROW
        places.append(y + _ROW - 10)
    fig = figure(title, note, x=x, height=60 - y)
    for label, place in zip(wrapped, places, strict=True):
        fig.add_annotation(
            x=0, xref="paper", xanchor="left", y=place + 8, yanchor="bottom", align="left", text=label,
            showarrow=False, font={"size": 12, "color": INK}, bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip
    fig.update_xaxes(fixedrange=True)
    fig.update_yaxes(visible=False, range=[y - 4, 0], fixedrange=True)
    legend = {"y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 12}}
    return fig.update_layout(legend=legend, margin={"l": 12, "b": 150}), places


def _cases(table: pd.DataFrame) -> str:
    n = table.attrs.get("n")
    return f"{n:,} simulated cases" if n else "Simulated cases"


def _unit(name: str) -> str:
    return "" if name == "opinions_per_change" else " of 100" if name != "net_benefit" else " per 100"


def _ends(row: pd.Series) -> str:
    values = row[["at_lower", "at_upper", "base"]]
    return f"{_short(values.min())} to {_short(values.max())}"


def _short(value: float) -> str:
    return f"{value:#.3g}".removesuffix(".") if abs(value) < 1000 else f"{value:,.0f}"


def _most(rows: pd.DataFrame) -> str:
    return f"{rows['swing_error'].max():.2g}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _swing(row: pd.Series, end: str, unit: str) -> str:
    text = (
        f"{_capital(row['label'])} is {row['basis']}: {row['value']:.3g}. At {row[end]:.3g}, the {end} end "
        f"of its range, the result is {row[f'at_{end}']:.2f}{unit} instead of {row['base']:.2f}. The swing "
        f"is {row['swing']:.2f}, give or take {row['swing_error']:.2f} by chance in simulating."
    )
    return "<br>".join(wrap(text, 48))


def _band(row: pd.Series, words: str) -> str:
    text = (
        f"“{_capital(row['strategy'])}”: {row['base']:.2f} {words}, in the scenario as stated. In 95 % of "
        f"{row['draws']:,} draws of all parameters between {row['lower']:.2f} and {row['upper']:.2f}, in "
        f"half of them between {row['lower_half']:.2f} and {row['upper_half']:.2f}."
    )
    return "<br>".join(wrap(text, 48))
