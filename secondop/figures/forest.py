"""The forest of published rates beside a cohort's."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Colour and symbol both tell the verdicts apart (Okabe and Ito's palette, safe for colour-blind readers).
_VERDICTS = {
    "outside": ("Simulated, outside", "#D55E00", "diamond"),
    "undetermined": ("Simulated, undetermined", "#009E73", "triangle-up"),
    "within": ("Simulated, within", "#0072B2", "circle"),
    "fitted": ("Simulated, fitted", "#0072B2", "circle-open"),
}
_GROUPS = {
    "Predicted: these can disagree": ("outside", "undetermined", "within"),
    "Fitted: agreement is by construction": ("fitted",),
    "Not comparable: published alone": ("not comparable",),
}
_HEADING, _LINE, _BAR, _TOP, _BOTTOM = 34, 15, 32, 96, 170  # heights; one unit of y is one pixel


def published(table: pd.DataFrame) -> go.Figure:
    """Published rates and a cohort's, line by line: predicted, fitted and not comparable.

    Intervals are 95 %. A review's range has ends and no point, and so has a cohort's rate where answers are
    unknown. Rates that are not comparable are drawn without the cohort, and only where their outcome is also
    one that is compared, since those tempt a reader; the others are counted at the foot.

    Parameters
    ----------
    table : DataFrame
        What :func:`secondop.evaluation.published.compare` returns, or rows of it.

    Returns
    -------
    plotly.graph_objects.Figure
        As tall as its lines need and as wide as the page; readable from 390 pixels.

    Examples
    --------
    >>> from secondop.evaluation.published import compare
    >>> cases = pd.DataFrame({"sought": [True] * 1000, "diagnosis_changed": [True] * 500 + [False] * 500})
    >>> figure = published(compare(cases, fitted_to=()))
    >>> figure.layout.title.text.replace("<br>", " ")
    'The cohort misses 3 of the 3 published rates that can disagree'
    """
    import plotly.graph_objects as go

    alike = table["verdict"] != "not comparable"
    tempting = table[alike | table["outcome"].isin(table.loc[alike, "outcome"])]
    figure, y, places = go.Figure(), 0, {}
    for heading, verdicts in _GROUPS.items():
        rows = tempting[tempting["verdict"].isin(verdicts)]
        if rows.empty:
            continue
        _write(figure, y - 10, f"<b>{heading}</b>", 13)
        y -= _HEADING
        for index, row in rows.iterrows():
            lines = wrap(_label(row), 54)
            _write(figure, y, _lines(lines), 11)
            y -= _LINE * len(lines) + _BAR
            places[index] = y + _BAR - 14
    drawn = tempting.assign(y=pd.Series(places, dtype=float))
    alike = alike[drawn.index]
    _trace(figure, drawn[alike], "published", 5, ("Published", "#333333", "square"))
    _trace(figure, drawn[~alike], "published", 0, ("Published, not comparable", "#8c8c8c", "square-open"))
    for verdict, style in _VERDICTS.items():
        _trace(figure, drawn[drawn["verdict"] == verdict], "simulated", -5, style)
    axis = "per cent of the denominator that each line names"
    if rest := len(table) - len(drawn):
        axis += _lines(["", *wrap(f"{rest} further published rates: not comparable, not drawn", 54)])
    figure.update_layout(
        title={"text": _lines(wrap(_finding(table), 42)), "font": {"size": 15}, "x": 0, "xref": "paper"},
        height=_TOP + _BOTTOM - y,
        margin={"l": 14, "r": 18, "t": _TOP, "b": _BOTTOM},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "itemsizing": "constant",
        },
        hoverlabel={"align": "left"},
        plot_bgcolor="white",
    )
    figure.update_xaxes(title={"text": axis, "font": {"size": 11}}, ticksuffix=" %", rangemode="tozero")
    figure.update_xaxes(gridcolor="#e8e8e8", zeroline=False, fixedrange=True)
    figure.update_yaxes(visible=False, range=[y, 0], fixedrange=True)
    return figure


def _trace(figure, rows: pd.DataFrame, source: str, lift: float, style: tuple[str, str, str]) -> None:
    """Points with their intervals; where there are ends and no point, the interval alone."""
    if rows.empty:
        return
    name, colour, symbol = style
    rate, lower, upper = (rows[f"{source}_{part}"].astype(float) * 100 for part in ("rate", "lower", "upper"))
    alone = rate.isna()
    lower = lower.mask(alone & lower.isna() & upper.notna(), 0)
    middle = rate.fillna((lower + upper) / 2)
    figure.add_scatter(
        x=middle,
        y=rows["y"] + lift,
        mode="markers",
        name=name,
        marker={
            "color": colour,
            "symbol": symbol,
            "size": alone.map({True: 0, False: 9}),
            "opacity": 1,
            "line_width": 2,
        },
        error_x={"array": upper - middle, "arrayminus": middle - lower, "color": colour, "thickness": 2},
        hovertext=[_lines(wrap(_sentence(row), 48)) for _, row in rows.iterrows()],
        hoverinfo="text",
    )


def _write(figure, y: float, text: str, size: int) -> None:
    place = {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yanchor": "top", "align": "left"}
    figure.add_annotation(text=text, font={"size": size}, showarrow=False, bgcolor="white", **place)


def _lines(lines: list[str]) -> str:
    return "<br>".join(escape(line, quote=False) for line in lines)


def _label(row: pd.Series) -> str:
    outcome = row["outcome"].replace("_", " ").capitalize()
    return f"{outcome}, of {_of(row['published_n'], row['denominator'])} ({row['study']} {row['year']})"


def _of(n, denominator: str) -> str:
    return denominator if pd.isna(n) else f"{n:,} {denominator}"


def _share(row: pd.Series, source: str) -> str:
    rate, lower, upper = (row[f"{source}_{part}"] * 100 for part in ("rate", "lower", "upper"))
    ends = f"{'0' if pd.isna(lower) else f'{lower:.1f}'} to {upper:.1f} %"
    if pd.isna(rate):
        return "an unknown share" if pd.isna(upper) else ends
    return f"{rate:.1f} %" if pd.isna(upper) else f"{rate:.1f} % ({ends})"


def _sentence(row: pd.Series) -> str:
    outcome = row["outcome"].replace("_", " ")
    base = _of(row["published_n"], row["denominator"])
    text = f"{row['study']} {row['year']}: {outcome} in {_share(row, 'published')} of {base}. "
    if row["verdict"] != "not comparable":
        base = _of(row["simulated_n"], row["simulated_denominator"])
        text += f"Simulated: {_share(row, 'simulated')} of {base}. "
    return f"{text}{row['verdict'].capitalize()}: {row['reason']}"


def _finding(table: pd.DataFrame) -> str:
    tally = table["verdict"].value_counts()
    outside, within, open_, fitted = (
        tally.get(name, 0) for name in ("outside", "within", "undetermined", "fitted")
    )
    checks = outside + within + open_
    text = "No published rate here can disagree with the cohort"
    if checks:
        did = f"misses {outside}" if outside else f"agrees with {within}"
        text = f"The cohort {did} of the {checks} published rates that can disagree"
    text += f", {open_} undetermined" if open_ else ""
    return text + (
        f"; {fitted} more {'was' if fitted == 1 else 'were'} fitted and prove nothing" if fitted else ""
    )
