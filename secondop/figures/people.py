"""Cases as streams, and as a hundred people."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.people import natural_sentence
from secondop.figures import old_style as style
from secondop.figures.old_style import COLOURS, INK, QUIET

_NODES = {level: COLOURS[level] for level in ("urgent", "recommended", "optional")}
_NODES |= {"no indication": COLOURS["no_indication"], "not needed": COLOURS["not_needed"], "sought one": INK}
_NODES |= {"something changed": COLOURS["useful"], "nothing changed": COLOURS["overuse"]}
_NODES |= {"would have changed": COLOURS["underuse"]}
_STAGES = {
    1: "The rule book says “{target}” of {cases:,} of {of:,} {kind} ({share:.1f} %).{open}",
    2: "Of {of:,} cases that are “{source}”, {cases:,} {target} ({share:.1f} %).",
    3: "Of {of:,} cases that {source}, in {cases:,} {target} ({share:.1f} %).",
}
_ACROSS, _WIDE = (0.001, 0.27, 0.56, 0.999), (10, 14, 11, 13)  # place and letters of each column
_PEOPLE = {
    "true_positive": (COLOURS["useful"], "circle"),
    "false_positive": (COLOURS["overuse"], "circle"),
    "referred_unknown": (QUIET, "circle"),
    "cannot_be_judged": (COLOURS["unknown"], "diamond"),
    "false_negative": (COLOURS["underuse"], "square"),
    "true_negative": (COLOURS["no_indication"], "square-open"),
    "left_unknown": (QUIET, "square-open"),
    "changed": (COLOURS["useful"], "circle"),
    "unchanged": (COLOURS["overuse"], "circle"),
    "stayed": (QUIET, "square-open"),
    "not_indicated": ("#D9DDE1", "square"),
}


def flow(table: pd.DataFrame) -> go.Figure:
    """From the recommendation to the opinion to the change: streams as wide as the cases in them.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.people.flow_table`.
    """
    if table.empty:
        raise SecondopError("There are no cases, so no streams to draw.")
    n, count, basis = table["n"].iloc[0], style.count_of(table), style.basis_of(table)
    into = table.groupby("target", sort=False)["cases"].sum()
    per = 100 * into / n
    advised = per.get("recommended", 0) + per.get("urgent", 0)
    sought, changed = per.get("sought one", 0), per.get("something changed", 0)
    from_those = table["source"].isin(["recommended", "urgent"]) & (table["target"] == "sought one")
    both = 100 * table.loc[from_those, "cases"].sum() / n
    title = (
        f"A second opinion is recommended in {advised:.0f} of 100 cases, and {both:.0f} of these seek one; "
    )
    title += f"of the other {100 - advised:.0f}, {sought - both:.0f} do"
    note = f"{basis} Widths are numbers of cases. Something changes in {changed:.0f} of 100"
    if "would have changed" in per:
        note += f"; it would have in {per['would have changed']:.0f} who sought none"
    fig = style.figure(title, f"{note}.", height=430)
    names = [table["source"].iloc[0], *into.index]
    counts = pd.concat([pd.Series({names[0]: n}), into])
    stages = [0, *table.groupby("target", sort=False)["stage"].first()]
    place = {name: i for i, name in enumerate(names)}
    labels = [
        _label(name, f"{counts[name]:,}", stage, counts[name] < n / 20)
        for name, stage in zip(names, stages, strict=True)
    ]
    bars = pd.DataFrame({"name": [name.capitalize() for name in names], "cases": counts.array, "of": count})
    bars["share"] = 100 * bars["cases"] / n
    more = " In {:,} of them missing information could still raise it."
    more = [more.format(many) if many else "" for many in table["undetermined"]]
    streams = table.assign(kind=style.cases_of(table), share=100 * table["cases"] / table["of"], open=more)
    ends = table["source"].where(table["stage"] == 2, table["target"])
    said = [style.lines(_STAGES[row["stage"]].format(**row)) for row in streams.to_dict("records")]
    hover = {"hovertemplate": "%{customdata}<extra></extra>"}
    fig.add_sankey(
        node={
            "label": labels,
            "color": [_NODES.get(name, COLOURS["unknown"]) for name in names],
            "x": [_ACROSS[stage] for stage in stages],
            "y": _down(stages, [counts[name] / n for name in names]),
            "pad": 22,
            "thickness": 10,
            "line": {"width": 0},
            "customdata": style.sentences(bars, "{name}: {cases:,} of {of} ({share:.1f} %)."),
        }
        | hover,
        link={
            "source": table["source"].map(place),
            "target": table["target"].map(place),
            "value": table["cases"],
            "color": [style.tint(_NODES.get(name, "#999999"), 0.3) for name in ends],
            "customdata": said,
        }
        | hover,
        textfont={"size": 12, "color": INK, "shadow": "none"},
    )
    return fig.update_layout(margin={"l": 12, "r": 12, "b": 24})


def icon_array(table: pd.DataFrame) -> go.Figure:
    """A hundred people, each drawn as what happens to them.

    Parameters
    ----------
    table : DataFrame
        From ``of_100`` or ``natural_frequencies`` of :mod:`secondop.evaluation.people`.
    """
    if table.empty:
        raise SecondopError("There are no cases, so no people to draw.")
    note = f"Each mark: one person in 100. {table.attrs.get('source', '')}"
    if "policy" in table:
        note = f"Policy: {table['label'].iloc[0]}. Each mark: one person in 100, of {style.basis_of(table)}"
    title = _under_policy(table) if "policy" in table else natural_sentence(table)
    fig = style.figure(title, note, height=330)
    first = 0
    for row in table.to_dict("records"):
        colour, symbol = _PEOPLE[row["part"]]
        spots = range(first, first := first + row["people"])
        style.points(
            fig,
            [i % 10 for i in spots] or [None],  # a part without people keeps its place in the legend
            [-(i // 10) for i in spots] or [None],
            [style.lines(_of(row, table))] * row["people"],
            mode="markers+text",
            text="?" if row["part"] == "stayed" else "",
            textfont={"color": QUIET, "size": 13},
            name=f"{row['people']} {row['words']}",
            marker={"color": colour, "symbol": symbol, "size": 19, "line": {"width": 2, "color": colour}},
        )
    square = {"visible": False, "fixedrange": True, "constrain": "domain"}
    fig.update_xaxes(range=[-0.7, 9.7], constraintoward="left", **square)
    fig.update_yaxes(range=[-9.7, 0.7], scaleanchor="x", constraintoward="top", **square)
    room = 24 * len(table) + 12
    legend = {"orientation": "v", "y": 0, "yref": "container", "yanchor": "bottom", "itemclick": False}
    return style.taller(fig, room, margin={"b": room + 10, "l": 12, "r": 12}, legend=legend)


def _under_policy(table: pd.DataFrame) -> str:
    people = table.set_index("part")["people"]
    referred = people.reindex(["true_positive", "false_positive", "referred_unknown"]).sum()
    changes, none = (people.get(part, 0) for part in ("true_positive", "false_positive"))
    title = f"Of 100 people, {referred:.0f} would be referred: for {changes} something changes, for {none} "
    title += "nothing does"
    title += f"; {people['false_negative']} are missed" if "false_negative" in people else ""
    title += f"; {people['cannot_be_judged']} cannot be judged" if "cannot_be_judged" in people else ""
    return title


def _of(row: dict, table: pd.DataFrame) -> str:
    if "policy" not in row:
        return f"{row['people']} of 100 people {row['words']} ({100 * row['share']:.1f} %)."
    said = f"{row['people']} of 100 people are {row['words']}: {row['cases']:,} of {style.count_of(table)} "
    return f"{said}({100 * row['cases'] / row['n']:.1f} %)."


def _label(name: str, count: str, stage: int, thin: bool) -> str:
    """Name and number, in few lines beside a bar that is thin, and in short ones at the end."""
    if thin and stage == 1:
        return "<br>".join(style.wrap(f"{name} {count}", _WIDE[stage] + 2))
    return "<br>".join([*style.wrap(name, _WIDE[stage]), count])


def _down(stages: list[int], shares: list[float]) -> list[float]:
    """Middles of the bars, from the top, in the order given and a little apart."""
    gap, ends, middles = 0.05, dict.fromkeys(stages, 0.0), []
    for stage, share in zip(stages, shares, strict=True):
        height = share * (1 - gap * (max(map(stages.count, stages)) - 1))
        middles.append(ends[stage] + height / 2)
        ends[stage] += height + gap
    return [min(max(middle, 0.001), 0.999) for middle in middles]
