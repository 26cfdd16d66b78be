"""How often rules fire: alone, added up, and together."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.figures.style import COLOURS, INK, QUIET, cases_of, figure, lines, tint

_ARGUES = {
    "clinical": (COLOURS["recommended"], "Clinical indications"),
    "patient-driven": (COLOURS["optional"], "Patient-driven indications, counted apart"),
    "both": (COLOURS["overuse"], "Clinical and patient-driven together"),
    "counter-indication": (COLOURS["not_needed"], "Reasons why none may be needed"),
    "amplifier": (COLOURS["no_indication"], "Makes an indication press harder"),
    "caution": (COLOURS["no_indication"], "Caution"),
}
_MOST = 80
_ROW, _LINE, _STEP = 26, 15, 31


def firing_rates(table: pd.DataFrame) -> go.Figure:
    """How often each rule fires: a dot for what is known, grey for what unknown facts could add.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`secondop.evaluation.rates.firing_rates`; by default its rules are drawn. For groups,
        levels or subgroups, give only the rows to draw.
    """
    about = table.columns[: table.columns.get_loc("sort")].tolist()
    rows = table if about or "rule" not in set(table["sort"]) else table[table["sort"] == "rule"]
    if rows.empty or rows["low"].isna().all():
        raise SecondopError("There are no cases in these rows, so no rates to draw.")
    if len(rows) > _MOST:
        raise SecondopError(f"{len(rows)} rows are too many to read; give the figure up to {_MOST} of them.")
    one = rows["name"].nunique() == 1
    label = rows["label"]
    if about:
        groups = rows[about].astype(str).agg(", ".join, axis=1).str.replace("_", " ")
        label = groups if one else label + ": " + groups
    rows = rows.assign(label=label.astype(str), place=rows["argues"].map(list(_ARGUES).index))
    rows = rows.sort_values(["place", "low"], ascending=[True, False])
    n = _n(table, about)
    top = rows.loc[rows["low"].idxmax()]
    whole = table[table["sort"] == "any"] if not about else table.iloc[:0]
    title = f"{top['label']}: most often, in {_range(top)} of 100 cases"
    if about and one:
        title = f"{rows['name'].iloc[0].capitalize()}: {_apart(rows)}"
    if len(whole) and rows["sort"].eq("rule").all():
        clinical, wish = (whole[whole["argues"] == kind].iloc[0] for kind in ("clinical", "patient-driven"))
        title = (
            f"{_range(clinical)} of 100 cases have a clinical reason for a second opinion, "
            f"{_range(wish)} a wish for one"
        )
    fig = _ladder(
        title, f"{n}. Dot: known to hold. Grey: what unknown facts could add. Line: 95 % interval.", rows
    )
    for argues, part in rows.groupby("argues", sort=False):
        colour, name = _ARGUES[argues]
        fig.add_scatter(
            x=100 * part["low"],
            y=part["y"],
            name=name,
            mode="markers",
            marker={"color": colour, "size": 10},
            error_x=_error(part),
            hovertext=[_firing_sentence(row) for _, row in part.iterrows()],
            hoverinfo="text",
        )
    return fig


def attrition(table: pd.DataFrame) -> go.Figure:
    """What each further rule adds to the cases that are sent.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.attrition`.
    """
    rows, last = table[table["step"] > 0].copy(), table.iloc[-1]
    enough = table.loc[(table["fired"] >= 0.8 * last["fired"]).idxmax(), "step"] if last["fired"] else 0
    title = f"{len(rows)} rules together send {_range(last)} of 100 cases"
    if 0 < enough < len(rows):
        title += f"; the first {enough} reach four fifths of them, the other {len(rows) - enough} the rest"
    note = f"{_n(table, [])}, rules joined by “or”, in the order shown. Grey: what unknown facts could add."
    fig = _ladder(title, note, rows, bar=True)
    text = [
        lines(
            f"{row['label']} adds {row['added']:,} cases to those of the rules above "
            f"({row['alone']:,} alone). "
            f"So far {_range(row)} of 100 cases are sent.",
        )
        for _, row in rows.iterrows()
    ]
    share, base = 100 * rows["added"] / rows["n"], 100 * (rows["fired"] - rows["added"]) / rows["n"]
    shared = {"y": rows["y"], "orientation": "h", "width": 9, "hovertext": text, "hoverinfo": "text"}
    fig.add_bar(x=base, name="sent already", marker={"color": tint(COLOURS["recommended"], 0.3)}, **shared)
    fig.add_bar(
        x=share, base=base, name="added by this rule", marker={"color": COLOURS["recommended"]}, **shared
    )
    fig.add_scatter(
        x=100 * rows["low"],
        y=rows["y"],
        name="95 % interval",
        mode="markers",
        marker={"size": 1, "color": INK},
        error_x=_error(rows),
        hoverinfo="skip",
    )
    return fig.update_layout(barmode="overlay")


def overlap(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """Which rules hold together (an UpSet plot): bars are sets of cases, dots are the rules that hold.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.overlap`.
    most : int
        How many sets to draw.
    """
    from secondop.evaluation.rates import OTHER

    sets = table[table["combination"].map(lambda names: names != (OTHER,))].head(most).reset_index(drop=True)
    many = sets["combination"].map(len)
    rules = list(dict.fromkeys(name for names in sets["combination"] for name in names))
    count = {name: sum(name in names for names in sets["combination"]) for name in rules}
    rules.sort(key=lambda name: -count[name])
    known = 100 * sets["known"] / sets["n"]
    drawn, n = sets["known"].sum(), sets["n"].iloc[0]
    none = known[many == 0].sum()
    title = (
        f"In {none:.0f} of 100 cases no rule is known to hold" if none else "Some rule holds in every case"
    )
    if (many > 0).any():
        first = many[many > 0].index[0]
        title += f"; most often it is {_set(sets['combination'][first])} ({known[first]:.0f})"
    note = f"{_n(table, [])}; the {len(sets)} largest sets, {100 * drawn / n:.0f} of 100 cases. Bar: exactly "
    note += "these rules are known to hold. Line: what unknown facts allow, with its 95 % interval."
    grid = _STEP * len(rules) + 26
    fig = figure(title, note, y="of 100 cases", height=300 + grid)
    text = [
        lines(
            f"Exactly {_set(names)} "
            f"{'is' if len(names) < 2 else 'are'} known to hold in {row['known']:,} of {row['n']:,} cases "
            f"({100 * row['known'] / row['n']:.1f} %). Unknown facts allow {_range(row)} %.",
        )
        for names, (_, row) in zip(sets["combination"], sets.iterrows(), strict=True)
    ]
    up, down = 100 * sets["high_upper"] - known, known - 100 * sets["low_lower"]
    error = {"array": up, "arrayminus": down, "color": QUIET, "thickness": 2, "width": 4}
    fig.add_bar(
        x=sets.index,
        y=known,
        error_y=error,
        marker={"color": COLOURS["recommended"]},
        hovertext=text,
        hoverinfo="text",
    )
    dots = [
        (x, -_STEP * (rules.index(name) + 1)) for x, names in enumerate(sets["combination"]) for name in names
    ]
    empty = [(x, -_STEP * (i + 1)) for x in sets.index for i in range(len(rules))]
    for points, colour, hover in (
        (empty, COLOURS["unknown"], "skip"),
        (dots, COLOURS["recommended"], "text"),
    ):
        fig.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            yaxis="y2",
            mode="markers",
            marker={"size": 8 if hover == "text" else 4, "color": colour},
            hovertext=[text[x] for x, _ in points],
            hoverinfo=hover,
        )
    for x, names in enumerate(sets["combination"]):
        ends = [-_STEP * (rules.index(name) + 1) for name in names]
        if len(ends) > 1:
            line = {"color": COLOURS["recommended"], "width": 2}
            fig.add_shape(type="line", x0=x, x1=x, y0=min(ends), y1=max(ends), yref="y2", line=line)
    for i, name in enumerate(rules):
        _write(fig, -_STEP * (i + 1) + 5, name.replace("-", " "), 11, yref="y2", yanchor="bottom")
    floor = grid / (300 + grid)
    fig.update_layout(
        showlegend=False,
        yaxis={"domain": [floor + 0.02, 1], "rangemode": "tozero"},
        yaxis2={"domain": [0, floor], "range": [-grid, 8], "visible": False, "fixedrange": True},
        xaxis={"visible": False, "range": [-0.6, len(sets) - 0.4], "fixedrange": True},
    )
    return fig.update_layout(margin={"b": 16})


def _ladder(title: str, note: str, rows: pd.DataFrame, *, bar: bool = False) -> go.Figure:
    """An empty figure with a label above every row, and grey from low to high; adds ``y`` to the rows."""
    y, places = 0, []
    labels = [lines(str(label)) for label in rows["label"]]
    for label in labels:
        y -= _LINE * (label.count("<br>") + 1) + _ROW
        places.append(y + _ROW - 8)
    rows["y"] = places
    fig = figure(title, note, x="of 100 cases", height=70 - y)
    for label, place in zip(labels, places, strict=True):
        _write(fig, place + 7, label, 12, yanchor="bottom")
    fig.add_bar(
        x=100 * (rows["high"] - rows["low"]),
        base=100 * rows["low"],
        y=rows["y"],
        orientation="h",
        width=9,
        name="unknown facts could add",
        marker={"color": COLOURS["unknown"]},
        hoverinfo="skip",
    )
    fig.update_xaxes(range=[-1, 101] if bar else [-1, 102 * rows["high_upper"].max()], fixedrange=True)
    fig.update_yaxes(visible=False, range=[y - 4, 0], fixedrange=True)
    legend = {"y": 0, "yref": "container", "yanchor": "bottom", "font": {"size": 12}}
    return fig.update_layout(legend=legend, margin={"l": 12, "b": 130})


def _write(fig: go.Figure, y: float, text: str, size: int, **place: str) -> None:
    where = {"x": 0, "xref": "paper", "xanchor": "left", "yref": "y", "y": y, "align": "left"} | place
    fig.add_annotation(
        text=text,
        showarrow=False,
        font={"size": size, "color": INK},
        bgcolor="rgba(255,255,255,0.8)",
        **where,
    )


def _error(rows: pd.DataFrame) -> dict:
    up, down = rows["high_upper"] - rows["low"], rows["low"] - rows["low_lower"]
    return {"array": 100 * up, "arrayminus": 100 * down, "color": QUIET, "thickness": 1.2, "width": 3}


def _set(names: tuple[str, ...]) -> str:
    words = [name.replace("-", " ") for name in names]
    return "no rule" if not words else " and ".join(words) + (" alone" if len(words) == 1 else "")


def _apart(rows: pd.DataFrame) -> str:
    """The groups that differ most, or that the drawn lines of all overlap."""
    top, least = rows.loc[rows["low_lower"].idxmax()], rows.loc[rows["high_upper"].idxmin()]
    if len(rows) > 1 and top["low_lower"] <= least["high_upper"]:
        known = f"{100 * rows['low'].min():.3g} to {100 * rows['low'].max():.3g}"
        return f"known in {known} of 100 cases, but the lines of all {len(rows)} groups overlap"
    said = f"in {_range(top)} of 100 cases ({top['label']})"
    return said if len(rows) == 1 else f"{said}, in {_range(least)} ({least['label']})"


def _range(row: pd.Series) -> str:
    low, high = f"{100 * row['low']:.3g}", f"{100 * row['high']:.3g}"
    return "an unknown share" if low == "nan" else low if low == high else f"{low} to {high}"


def _firing_sentence(row: pd.Series) -> str:
    if not row["n"]:
        return lines(f"{row['label']}: no cases, so no rate.")
    return lines(
        f"{row['label']}: known to hold in {row['fired']:,} of {row['n']:,} cases "
        f"({100 * row['low']:.1f} %, 95 % interval {100 * row['low_lower']:.1f} to "
        f"{100 * row['low_upper']:.1f}), unknown in {row['unknown']:,}; so {_range(row)} %.",
    )


def _n(table: pd.DataFrame, about: list[str]) -> str:
    kind = cases_of(table)
    if about:
        return f"{table.drop_duplicates(about)['n'].sum():,} {kind} by {' and '.join(about)}"
    return f"{table['n'].iloc[0]:,} {kind}"
