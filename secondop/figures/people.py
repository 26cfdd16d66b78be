"""Cases as streams, and as a hundred people."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.people import natural_sentence
from secondop.figures.style import COLOURS, INK, QUIET, cases_of, figure, lines, tint, wrap

_NODES = {
    "urgent": COLOURS["urgent"],
    "recommended": COLOURS["recommended"],
    "optional": COLOURS["optional"],
    "no indication": COLOURS["no_indication"],
    "not needed": COLOURS["not_needed"],
    "sought one": INK,
    "something changed": COLOURS["useful"],
    "nothing changed": COLOURS["overuse"],
    "would have changed": COLOURS["underuse"],
}
_STAGES = {
    1: "The rule book says “{target}” of {cases:,} of {of:,} {kind} ({share:.1f} %).",
    2: "Of {of:,} cases that are “{source}”, {cases:,} {target} ({share:.1f} %).",
    3: "Of {of:,} cases that {source}, in {cases:,} {target} ({share:.1f} %).",
}
_ACROSS, _WIDE = (0.001, 0.27, 0.56, 0.999), (10, 14, 11, 13)  # place and letters of each column
_PEOPLE = {
    "found": (COLOURS["useful"], "circle"),
    "overuse": (COLOURS["overuse"], "circle"),
    "sent_unknown": (QUIET, "circle"),
    "undecided": (COLOURS["unknown"], "diamond"),
    "underuse": (COLOURS["underuse"], "square"),
    "spared": (COLOURS["no_indication"], "square-open"),
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
    n, kind = table["n"].iloc[0], cases_of(table)
    into = table.groupby("target", sort=False)["cases"].sum()
    per = 100 * into / n
    sent = per.get("recommended", 0) + per.get("urgent", 0)
    sought, found = per.get("sought one", 0), per.get("something changed", 0)
    from_those = table["source"].isin(["recommended", "urgent"]) & (table["target"] == "sought one")
    both = 100 * table.loc[from_those, "cases"].sum() / n
    title = f"A second opinion is recommended in {sent:.0f} of 100 cases. One is sought in {sought:.0f}, "
    title += f"of which {both:.0f} are recommended, and changes something in {found:.0f}"
    if "would have changed" in per:
        title += f"; in {per['would have changed']:.0f} nobody asked, and it would have"
    fig = figure(title, f"{n:,} {kind}. Widths are numbers of cases.", height=430)
    names = [table["source"].iloc[0], *into.index]
    counts = pd.concat([pd.Series({names[0]: n}), into])
    stages = [0, *table.groupby("target", sort=False)["stage"].first()]
    place = {name: i for i, name in enumerate(names)}
    colours = [_NODES.get(name, COLOURS["unknown"]) for name in names]
    said = [
        lines(
            _STAGES[row["stage"]].format(kind=kind, share=100 * row["cases"] / row["of"], **row) + _open(row)
        )
        for _, row in table.iterrows()
    ]
    fig.add_sankey(
        node={
            "label": [
                _label(name, f"{counts[name]:,}", stage, counts[name] < n / 20)
                for name, stage in zip(names, stages, strict=True)
            ],
            "color": colours,
            "x": [_ACROSS[stage] for stage in stages],
            "y": _down(stages, [counts[name] / n for name in names]),
            "pad": 22,
            "thickness": 10,
            "line": {"width": 0},
            "customdata": [
                lines(
                    f"{name.capitalize()}: {counts[name]:,} of {n:,} {kind} ({100 * counts[name] / n:.1f} %)."
                )
                for name in names
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        link={
            "source": table["source"].map(place),
            "target": table["target"].map(place),
            "value": table["cases"],
            "color": [
                tint(_NODES.get(row["target" if row["stage"] == 1 else "source"], "#999999"), 0.3)
                if row["stage"] < 3
                else tint(_NODES.get(row["target"], "#999999"), 0.3)
                for _, row in table.iterrows()
            ],
            "customdata": said,
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        textfont={"size": 12, "color": INK, "shadow": "none"},
    )
    return fig.update_layout(margin={"l": 12, "r": 12, "b": 24})


def icon_array(table: pd.DataFrame) -> go.Figure:
    """A hundred people, each drawn as what happens to them.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.people.of_100` or
        :func:`secondop.evaluation.people.natural_frequencies`.
    """
    if table.empty:
        raise SecondopError("There are no cases, so no people to draw.")
    fig = figure(*(_under_policy(table) if "policy" in table else _by_shares(table)), height=330)
    first = 0
    for row in table.to_dict("records"):
        colour, symbol = _PEOPLE[row["part"]]
        spots = range(first, first := first + row["people"])
        fig.add_scatter(
            # A part without people keeps its place in the legend.
            x=[i % 10 for i in spots] or [None],
            y=[-(i // 10) for i in spots] or [None],
            mode="markers+text",
            text="?" if row["part"] == "stayed" else "",
            textfont={"color": QUIET, "size": 13},
            name=f"{row['people']} {row['words']}",
            marker={"color": colour, "symbol": symbol, "size": 19, "line": {"width": 2, "color": colour}},
            hovertext=[lines(_of(row, table))] * row["people"],
            hoverinfo="text",
        )
    square = {"visible": False, "fixedrange": True, "constrain": "domain"}
    fig.update_xaxes(range=[-0.7, 9.7], constraintoward="left", **square)
    fig.update_yaxes(range=[-9.7, 0.7], scaleanchor="x", constraintoward="top", **square)
    room = 24 * len(table) + 12
    fig.update_layout(height=fig.layout.height + room, margin={"b": room + 10, "l": 12, "r": 12})
    legend = {"orientation": "v", "y": 0, "yref": "container", "yanchor": "bottom", "itemclick": False}
    return fig.update_layout(title={"y": 1 - 22 / fig.layout.height}, legend=legend)


def _under_policy(table: pd.DataFrame) -> tuple[str, str]:
    people = table.set_index("part")["people"]
    sent = people.reindex(["found", "overuse", "sent_unknown"]).sum()
    title = (
        f"Of 100 people, {sent:.0f} would be sent: for {people.get('found', 0)} something changes, "
        f"for {people.get('overuse', 0)} nothing does"
    )
    title += f"; {people['underuse']} are missed" if "underuse" in people else ""
    title += f"; {people['undecided']} are undecided" if "undecided" in people else ""
    return title, (
        f"Policy: {table['label'].iloc[0]}. Each mark: one person in 100, of {table['n'].iloc[0]:,} "
        f"{cases_of(table)}."
    )


def _by_shares(table: pd.DataFrame) -> tuple[str, str]:
    return natural_sentence(table), f"Each mark: one person in 100. {table.attrs.get('source', '')}"


def _of(row: dict, table: pd.DataFrame) -> str:
    if "policy" not in row:
        return f"{row['people']} of 100 people {row['words']} ({100 * row['share']:.1f} %)."
    return (
        f"{row['people']} of 100 people are {row['words']}: {row['cases']:,} of {row['n']:,} "
        f"{cases_of(table)} ({100 * row['cases'] / row['n']:.1f} %)."
    )


def _label(name: str, count: str, stage: int, thin: bool) -> str:
    """Name and number, in few lines beside a bar that is thin, and in short ones at the end."""
    if thin and stage == 1:
        return "<br>".join(wrap(f"{name} {count}", _WIDE[stage] + 2))
    return "<br>".join([*wrap(name, _WIDE[stage]), count])


def _down(stages: list[int], shares: list[float]) -> list[float]:
    """Middles of the bars, from the top, in the order given and a little apart."""
    gap, ends, middles = 0.05, dict.fromkeys(stages, 0.0), []
    for stage, share in zip(stages, shares, strict=True):
        height = share * (1 - gap * (max(map(stages.count, stages)) - 1))
        middles.append(ends[stage] + height / 2)
        ends[stage] += height + gap
    return [min(max(middle, 0.001), 0.999) for middle in middles]


def _open(row: pd.Series) -> str:
    if row["stage"] > 1 or not row["undetermined"]:
        return ""
    return f" In {row['undetermined']:,} of them an unknown fact could still raise it."
