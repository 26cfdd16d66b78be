"""The forest of published rates beside a cohort's."""

from __future__ import annotations

from html import escape

import pandas as pd
import plotly.graph_objects as go

from secondop.figures.old_style import (
    COLOURS,
    QUIET,
    capital,
    figure,
    fitted_words,
    points,
    verdict_title,
    whose,
    wrap,
)

# Symbol and fill tell the verdicts apart as well as colour does.
_VERDICTS = {
    "outside": (COLOURS["urgent"], "diamond"),
    "undetermined": (COLOURS["simulated"], "triangle-up"),
    "within": (COLOURS["simulated"], "circle"),
    "fitted": (COLOURS["fitted"], "circle-open"),
}
_GROUPS = {
    "Predicted: these can disagree": ("outside", "undetermined", "within"),
    "Fitted: agreement is by construction": ("fitted",),
    "Not comparable: published alone": ("not comparable",),
}
_WORDS = {
    "both_changed": "diagnosis and treatment changed",
    "either_changed": "diagnosis or treatment changed",
    "second_right": "second opinion right",
}
_HEADING, _LINE, _BAR = 34, 16, 30  # heights; one unit of y is one pixel


def published(table: pd.DataFrame) -> go.Figure:
    """Published rates and a cohort's, line by line: predicted, fitted and not comparable.

    Intervals are 95 %. A review's range has ends and no point, and so has a cohort's rate where answers are
    unknown. Rates that are not comparable are drawn without the cohort, and only where their outcome is also
    one that is compared, since those tempt a reader; the others are counted at the foot.

    Parameters
    ----------
    table : DataFrame
        What :func:`secondop.evaluation.comparison.compare` returns, or rows of it.

    Examples
    --------
    >>> from secondop.evaluation.comparison import compare
    >>> cases = pd.DataFrame({"sought": [True] * 1000, "diagnosis_changed": [True] * 500 + [False] * 500})
    >>> [trace.name for trace in published(compare(cases, fitted_to=())).data]
    ['Published', 'Published, not comparable', 'Own cases, outside']
    """
    alike = table["verdict"] != "not comparable"
    drawn = table[alike | table["outcome"].isin(table.loc[alike, "outcome"])]
    y, places, notes = 0, {}, []
    for heading, verdicts in _GROUPS.items():
        rows = drawn[drawn["verdict"].isin(verdicts)]
        if len(rows):
            notes.append(_note(y - 10, f"<b>{heading}</b>", 14))
            y -= _HEADING
        for index, row in rows.iterrows():
            lines = wrap(_label(row), 50)
            notes.append(_note(y, _lines(lines), 12))
            y -= _LINE * len(lines) + _BAR
            places[index] = y + _BAR - 14
    drawn, alike = drawn.assign(y=pd.Series(places, dtype=float)), alike[drawn.index]
    rest = len(table) - len(drawn)
    axis = "% of the denominator that each line names; intervals are 95 %"
    axis += f". Not comparable and not drawn: {rest} more published rates" if rest else ""
    fig = figure(*_finding(table), x=axis, height=-y)
    _trace(fig, drawn[alike], "published", 5, ("Published", COLOURS["published"], "square"))
    _trace(fig, drawn[~alike], "published", 0, ("Published, not comparable", QUIET, "square-open"))
    for verdict, look in _VERDICTS.items():
        name = f"{capital(whose(table))}, {verdict}"
        _trace(fig, drawn[drawn["verdict"] == verdict], "cohort", -5, (name, *look))
    fig.update_layout(annotations=notes, margin_l=14, legend_itemsizing="constant")
    fig.update_xaxes(ticksuffix=" %", rangemode="tozero", fixedrange=True)
    fig.update_yaxes(visible=False, range=[y, 0], fixedrange=True)
    return fig


def _trace(fig: go.Figure, rows: pd.DataFrame, source: str, lift: float, look: tuple[str, str, str]) -> None:
    """Points with their intervals; where there are ends and no point, the interval alone."""
    if rows.empty:
        return
    name, colour, symbol = look
    rate, lower, upper = (rows[f"{source}_{part}"].astype(float) * 100 for part in ("rate", "lower", "upper"))
    alone = rate.isna()
    lower = lower.mask(alone & lower.isna() & upper.notna(), 0)
    middle = rate.fillna((lower + upper) / 2)
    sizes = alone.map({True: 0, False: 9})
    marker = {"color": colour, "symbol": symbol, "size": sizes, "opacity": 1, "line_width": 2}
    error = {"array": upper - middle, "arrayminus": middle - lower, "color": colour, "thickness": 2}
    said = [_lines(wrap(_sentence(row, rows), 48)) for _, row in rows.iterrows()]
    points(fig, middle, rows["y"] + lift, said, name=name, marker=marker, error_x=error)


def _note(y: float, text: str, size: int) -> dict:
    place = {"x": 0, "xref": "paper", "xanchor": "left", "y": y, "yanchor": "top", "align": "left"}
    return place | {"text": text, "font": {"size": size}, "showarrow": False, "bgcolor": "white"}


def _lines(lines: list[str]) -> str:
    return "<br>".join(escape(line, quote=False) for line in lines)


def _label(row: pd.Series) -> str:
    base = _of(row["published_n"], row["denominator"])
    return f"{_outcome(row).capitalize()}, of {base} ({_who(row)})"


def _who(row: pd.Series) -> str:
    return " ".join(str(x) for x in (row["study"], row["year"]) if not pd.isna(x))


def _outcome(row: pd.Series) -> str:
    return _WORDS.get(row["outcome"], row["outcome"].replace("_", " "))


def _of(n, denominator: str) -> str:
    return denominator if pd.isna(n) else f"{n:,} {denominator}"


def _share(row: pd.Series, source: str) -> str:
    rate, lower, upper = (row[f"{source}_{part}"] * 100 for part in ("rate", "lower", "upper"))
    ends = f"{'0' if pd.isna(lower) else f'{lower:.1f}'} to {upper:.1f} %"
    if pd.isna(rate):
        return "an unknown share" if pd.isna(upper) else ends
    return f"{rate:.1f} %" if pd.isna(upper) else f"{rate:.1f} % ({ends})"


def _sentence(row: pd.Series, rows: pd.DataFrame) -> str:
    base = _of(row["published_n"], row["denominator"])
    text = f"{_who(row)}: {_outcome(row)} in {_share(row, 'published')} of {base}. "
    if row["verdict"] != "not comparable":
        base = _of(row["cohort_n"], row["cohort_denominator"])
        text += f"{capital(whose(rows))}: {_share(row, 'cohort')} of {base}. "
    return f"{text}{row['verdict'].capitalize()}: {row['reason']}"


def _finding(table: pd.DataFrame) -> tuple[str, str]:
    beside = {"simulated": "A simulated cohort", "own cases": "Own cases"}.get(whose(table), "A cohort")
    fitted = (table["verdict"] == "fitted").sum()
    return verdict_title(table, "rate"), f"{fitted_words(fitted)}{beside} beside published second opinions"
