"""How often rules fire: alone, added up, and together."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET

_KINDS = {
    "clinical": (COLOURS["recommended"], "Clinical indications"),
    "patient-driven": (COLOURS["optional"], "Patient-driven indications, counted apart"),
    "both": (COLOURS["overuse"], "Clinical and patient-driven together"),
    "counter-indication": (COLOURS["not_needed"], "Reasons why none may be needed"),
    "amplifier": (COLOURS["no_indication"], "Strengthens an indication; is not one by itself"),
}
_MOST, _STEP = 80, 31  # rows that can be read, and the height of a row of dots
_FIRES = (
    "{label}: known to fire in {fired:,.0f} of {n:,.0f} cases ({min:.1f} %), unknown in {unknown:,.0f}; so "
    "{range} %{interval}."
)
_ADDS = (
    "{label} adds {added:,.0f} cases to those of the rules above ({alone:,.0f} alone). So far {range} of 100 "
    "cases are referred."
)
_FIRE_TOGETHER = (
    "Exactly {rules} {are} known to fire in {known:,.0f} of {n:,.0f} cases ({share:.1f} %). Missing "
    "information allows {range} %."
)


def firing_rates(table: pd.DataFrame, truth: pd.DataFrame | None = None) -> go.Figure:
    """How often each rule fires: a dot for what is known, grey for what missing information could add.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`secondop.evaluation.rates.firing_rates`; by default its rules are drawn. For groups,
        levels or subgroups, give only the rows to draw.
    truth : DataFrame, optional
        The same of records without gaps, where somebody knows them: a simulation does.
    """
    table, grouped = _ranged(table), table["group"].notna().any()
    rows = table if grouped or "rule" not in set(table["sort"]) else table[table["sort"] == "rule"]
    if rows.empty or rows["min"].isna().all():
        raise SecondopError("There are no cases in these rows, so no rates to draw.")
    if len(rows) > _MOST:
        raise SecondopError(f"{len(rows)} rows are too many to read; give the figure up to {_MOST} of them.")
    one, label, n = rows["policy"].nunique() == 1, rows["label"].astype(str), style.count_of(table)
    if grouped:
        groups = rows["group"].str.replace("_", " ")
        label = groups if one else label + ": " + groups
        n = f"{table.drop_duplicates('group')['n'].sum():,.0f} {style.cases_of(table)} by group"
    rows = rows.assign(label=label, place=rows["kind"].map(list(_KINDS).index))
    rows = rows.sort_values(["place", "min"], ascending=[True, False])
    top = rows.loc[rows["min"].idxmax()]
    whole = table[(table["sort"] == "any") & table["group"].isna()].drop_duplicates("kind").set_index("kind")
    most = " most often," if len(rows) > 1 else ""
    title = f"{top['label']}: known to fire{most} in {top['min']:.3g} of 100 cases"
    if grouped and one:
        title = f"{rows['policy'].iloc[0].capitalize()}: {_apart(rows)}"
    if len(whole) and rows["sort"].eq("rule").all():
        clinical, wish = whole["range"][["clinical", "patient-driven"]]
        title = f"{clinical} of 100 cases have a clinical reason for a second opinion, {wish} a wish for one"
    note = f"{n}. Dot: known to fire. Grey: what missing information could add. Line: 95 % interval"
    alone = rows["lower"].isna() & rows["min"].notna()
    note += f", none where all cases are of one cluster ({alone.sum()})." if alone.any() else "."
    spans = [f" (95 % interval {row.lower:.1f} to {row.upper:.1f})" for row in rows.itertuples()]
    rows["interval"] = ["" if gone else span for gone, span in zip(rows["lower"].isna(), spans, strict=True)]
    fig = _ladder(title, note, rows)
    for kind, part in rows.groupby("kind", sort=False):
        colour, name = _KINDS[kind]
        said = [
            style.lines((_FIRES if row["n"] else "{label}: no cases, so no rate.").format(**row))
            for row in part.to_dict("records")
        ]
        look = {"name": name, "marker": {"color": colour, "size": 10}, "error_x": _error(part)}
        style.points(fig, part["min"], part["y"], said, **look)
    if truth is not None:
        whole = truth.drop(columns="label").merge(rows[["policy", "group", "label", "y"]])
        said = style.sentences(whole, "{label}: in truth it fires in {value:.1f} of 100 cases.")
        look = {"color": INK, "symbol": "diamond-open", "size": 9, "line": {"width": 2, "color": INK}}
        style.points(fig, whole["value"], whole["y"], said, name="In truth: no gaps", marker=look)
    return fig


def attrition(table: pd.DataFrame) -> go.Figure:
    """What each further rule adds to the cases that are referred.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.attrition`.
    """
    table = _ranged(table)
    rows, last = table[table["step"] > 0].copy(), table.iloc[-1]
    enough = table.loc[(table["fired"] >= 0.8 * last["fired"]).idxmax(), "step"] if last["fired"] else 0
    title = f"{len(rows)} rules together refer {last['range']} of 100 cases"
    if 0 < enough < len(rows):
        title += (
            f"; the first {enough} reach four fifths of those known, the other {len(rows) - enough} the rest"
        )
    note = f"{style.count_of(table)}, rules joined by “or”, in the order shown. "
    note += "Grey: what missing information could add."
    fig = _ladder(title, note, rows, bar=True)
    share, base = 100 * rows["added"] / rows["n"], 100 * (rows["fired"] - rows["added"]) / rows["n"]
    shared = {"y": rows["y"], "orientation": "h", "width": 9, "hovertext": style.sentences(rows, _ADDS)}
    dark, pale = {"color": COLOURS["recommended"]}, {"color": style.tint(COLOURS["recommended"], 0.3)}
    fig.add_bar(x=base, name="referred already", marker=pale, hoverinfo="text", **shared)
    fig.add_bar(x=share, base=base, name="added by this rule", marker=dark, hoverinfo="text", **shared)
    dot = {"name": "95 % interval", "marker": {"size": 1, "color": INK}, "error_x": _error(rows)}
    style.points(fig, rows["min"], rows["y"], None, hoverinfo="skip", **dot)
    return fig.update_layout(barmode="overlay")


def overlap(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """Which rules fire together (an UpSet plot): bars are sets of cases, dots are the rules that fire.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.rates.overlap`.
    most : int
        How many sets to draw.
    """
    from secondop.evaluation.rates import OTHER

    sets = table[table["combination"].map(lambda names: names != (OTHER,))].head(most).reset_index(drop=True)
    combinations, many = sets["combination"], sets["combination"].map(len)
    dots = combinations.explode().dropna()  # a rule each, by set
    height = {name: -_STEP * (i + 1) for i, (name, _) in enumerate(Counter(dots).most_common())}
    known = 100 * sets["known"] / sets["n"]
    none = known[many == 0].sum()
    title = f"In {none:.0f} of 100 cases no rule is known to fire"
    title = title if none else "Some rule fires in every case"
    if (many > 0).any():
        first = many[many > 0].index[0]
        title += f"; most often it is {_set(combinations[first])} ({known[first]:.0f})"
    shown = f"{len(sets)} largest sets, {100 * sets['known'].sum() / sets['n'].iloc[0]:.0f} of 100 cases"
    note = f"{style.count_of(table)}; the {shown}. Bar: exactly these rules are known to fire. Line: what "
    note += "missing information allows, and its 95 % interval."
    grid = _STEP * len(height) + 26
    fig = style.figure(title, note, y="of 100 cases", height=300 + grid)
    about = {"rules": combinations.map(_set), "are": many.map(lambda rules: "are" if rules > 1 else "is")}
    text = style.sentences(_ranged(sets).assign(share=known, **about), _FIRE_TOGETHER)
    error = style.interval(known, sets["lower"], sets["upper"], color=QUIET, thickness=2, width=4)
    blue = COLOURS["recommended"]
    fig.add_bar(x=sets.index, y=known, error_y=error, marker_color=blue, hovertext=text, hoverinfo="text")
    every = {"x": [x for x in sets.index for _ in height], "y": [*height.values()] * len(sets)}
    pale = {"size": 4, "color": COLOURS["unknown"]}
    style.points(fig, **every, said=None, hoverinfo="skip", yaxis="y2", marker=pale)
    look = {"yaxis": "y2", "marker": {"size": 8, "color": blue}}
    style.points(fig, dots.index.tolist(), dots.map(height).tolist(), [text[x] for x in dots.index], **look)
    for x, ends in dots.map(height).groupby(level=0):
        if len(ends) > 1:
            ends = {"x0": x, "x1": x, "y0": ends.min(), "y1": ends.max(), "yref": "y2"}
            fig.add_shape(type="line", line={"color": blue, "width": 2}, **ends)
    for name, y in height.items():
        style.write(fig, y + 5, name.replace("-", " "), 11, yref="y2", yanchor="bottom")
    floor = grid / (300 + grid)
    return fig.update_layout(
        showlegend=False,
        yaxis={"domain": [floor + 0.02, 1], "rangemode": "tozero"},
        yaxis2={"domain": [0, floor], "range": [-grid, 8], "visible": False, "fixedrange": True},
        xaxis={"visible": False, "range": [-0.6, len(sets) - 0.4], "fixedrange": True},
        margin={"b": 16},
    )


def _ladder(title: str, note: str, rows: pd.DataFrame, *, bar: bool = False) -> go.Figure:
    """A ladder of rates, grey from min to max; adds ``y`` to the rows."""
    fig, rows["y"] = style.ladder(title, note, rows["label"], x="of 100 cases", room=70)
    fig.add_bar(
        x=rows["max"] - rows["min"],
        base=rows["min"],
        y=rows["y"],
        orientation="h",
        width=9,
        name="missing information could add",
        marker={"color": COLOURS["unknown"]},
        hoverinfo="skip",
    )
    return fig.update_xaxes(range=[-1, 101] if bar else [-1, 1.02 * rows[["max", "upper"]].max().max()])


def _error(rows: pd.DataFrame) -> dict:
    return style.interval(rows["min"], rows["lower"], rows["upper"], color=QUIET, thickness=1.2, width=3)


def _set(names: tuple[str, ...]) -> str:
    words = [name.replace("-", " ") for name in names]
    return "no rule" if not words else " and ".join(words) + " alone" * (len(words) == 1)


def _apart(rows: pd.DataFrame) -> str:
    """The groups that differ most, or that the drawn lines of all overlap, where each has a line."""
    rows = rows.dropna(subset="min")
    known = f"known in {rows['min'].min():.3g} to {rows['min'].max():.3g} of 100 cases"
    if rows["lower"].isna().any():
        alone = f"{rows['lower'].isna().sum()} of {len(rows)} groups"
        return f"{known}; {alone} are of one cluster, so whether they differ is open"
    top, least = rows.loc[rows["lower"].idxmax()], rows.loc[rows["upper"].idxmin()]
    if len(rows) > 1 and top["lower"] <= least["upper"]:
        return f"{known}, but the lines of all {len(rows)} groups overlap"
    said = f"in {top['range']} of 100 cases ({top['label']})"
    return said if len(rows) == 1 else f"{said}, in {least['range']} ({least['label']})"


def _ranged(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their ``range`` in words, from what is known to what missing information allows."""
    ends = [(f"{low:.3g}", f"{high:.3g}") for low, high in zip(rows["min"], rows["max"], strict=True)]
    words = [low if low == high else f"{low} to {high}" for low, high in ends]
    return rows.assign(range=["an unknown share" if word == "nan" else word for word in words])
