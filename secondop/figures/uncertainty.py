"""What if the assumptions are wrong: one parameter at a time, and all at once."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.measures import MEASURES, TRUTH
from secondop.evaluation.policies import FORESIGHT
from secondop.figures.old_style import COLOURS, INK, capital, ladder, line, only_one, points, sentences, tint

_BASES = {
    "assumed": (COLOURS["overuse"], "/", "Assumed"),
    "fitted": (COLOURS["fitted"], "", "Fitted to published figures"),
    "cited": (COLOURS["published"], "", "Cited"),
}
_POLICIES = {FORESIGHT: "useful", "sought": "learned", "none": "none", "all": "all"}
_POLICIES |= {level: level for level in ("urgent", "recommended", "optional")}
_NAMES = {"none": "nobody", "all": "everybody", "sought": "those who sought an opinion"}
_NAMES |= {FORESIGHT: "only those that would change (perfect foresight)"}
_SWING = (
    "{{said}} is {{basis}}: {{value:.3g}}. At {{{end}:.3g}}, the {end} end of its range, the result is "
    "{{at_{end}:.2f}}{unit} instead of {{base:.2f}}. The swing is {{swing:.2f}}, give or take "
    "{{swing_error:.2f}} by chance in simulating."
)
_BAND = (
    "“{said}”: {base:.2f} {words}, in the scenario as stated. In 95 % of {draws:,} draws of all parameters "
    "between {lower:.2f} and {upper:.2f}, in half of them between {lower_half:.2f} and {upper_half:.2f}."
)


def tornado(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """How far each parameter alone moves a result from the scenario as stated, the widest swing on top.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.sensitivity.tornado`: rows of one measure.
    most : int
        How many parameters to draw; the others are counted.
    """
    name = only_one(table, "measure", "tornado")
    words, unit = _words(name)
    rows, rest = table.head(most), table.iloc[most:]
    top, base, said = rows.iloc[0], rows["base"].iloc[0], name.replace("_", " ")
    reach = table["swing"] + table["swing_error"] >= top["swing"] - top["swing_error"]
    tie = f", in a tie with {reach.sum() - 1} more" if reach.sum() > 1 else ""
    moved = top[["at_lower", "at_upper", "base"]]
    title = f"“{capital(top['label'])}” moves “{said}” most{tie}: {_short(moved.min())} to "
    title += f"{_short(moved.max())}{unit}, {_short(base)} as stated"
    if not top["swing"]:
        title = f"None of these parameters moves “{said}” from {_short(base)}{unit}"
    note = f"{_cases(table)} a bar, policy “{top['policy']}”. Each bar: one parameter from the lower to the "
    note += "upper end of its range; what keeps the rates moves along. Chance moves a swing by up to "
    note += f"±{rows['swing_error'].max():.2g}."
    if len(rest):
        note += f" {len(rest)} more swing by {rest['swing'].max():.2g} at most."
    if fixed := table.attrs.get("fixed"):
        note += f" {fixed} do not vary."
    labels = [f"{row['label']}, {row['lower']:.2g} to {row['upper']:.2g}" for _, row in rows.iterrows()]
    fig, y = ladder(title, note, labels, x=words, room=60)
    rows = rows.assign(y=y, said=rows["label"].map(capital))
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
                hovertext=sentences(part, _SWING.format(end=end, unit=unit)),
                hoverinfo="text",
            )
    fig.add_vline(x=base, line={"color": INK, "width": 1.5})
    ends = rows[["at_lower", "at_upper", "base"]].to_numpy()
    pad = 0.06 * (ends.max() - ends.min() or 1)
    fig.update_xaxes(range=[ends.min() - pad, ends.max() + pad])
    return fig.update_layout(barmode="overlay", margin={"b": 150})


def bands(table: pd.DataFrame) -> go.Figure:
    """How far each policy's result spreads when all parameters are uncertain at once.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.uncertainty.bands`: rows of one measure (and one threshold).
    """
    name = only_one(table, "measure", "bands")
    if "threshold" in table:
        only_one(table, "threshold", "bands")
    rows = table[table["draws"] > 0]
    if rows.empty:
        raise SecondopError(f"Nothing was counted for {name} in any draw, so there are no bands to draw.")
    words, unit = _words(name)
    ruled = rows[~rows["policy"].isin(["none", "all", FORESIGHT, "sought"])]
    widest = (rows if ruled.empty else ruled).assign(width=lambda t: t["upper"] - t["lower"])
    top = widest.loc[widest["width"].idxmax()]
    chance = 1.9 / top["draws"] ** 0.5  # two standard errors of a width, over it, where draws are normal
    ties = (widest["width"] >= top["width"] * (1 - chance)).sum() - 1
    wider = rows.loc[rows["upper"] - rows["lower"] > top["width"] * (1 + chance), "policy"]
    title = f"“{capital(top['policy'])}” is least certain"
    title += f", in a tie with {ties} more" if ties else ""
    title += " of the rule book's policies" if len(wider) else ""
    title += f": {_short(top['base'])}{unit} as stated, "
    title += f"{_short(top['lower'])} to {_short(top['upper'])} in 95 % of draws"
    if len(wider):
        title += f". Less certain still: {', '.join(_NAMES.get(p, p) for p in wider)}"
    note = f"{_cases(table)} in each of {top['draws']:,} draws of all parameters. Dot: as stated. "
    note += "Tick: median. Thick: half of the draws. Thin: 95 %."
    fig, y = ladder(title, note, [_NAMES.get(p, p) for p in rows["policy"]], x=words, room=60)
    rows = rows.assign(y=y)
    for _, row in rows.iterrows():
        policy, *more = row["policy"].split(" if ")  # "if missing were yes"
        colour = COLOURS[_POLICIES.get(policy, "rule book")]
        colour = tint(colour, 0.55) if more else colour
        for low, high, width in (("lower", "upper", 2), ("lower_half", "upper_half", 9)):
            look = {"color": colour, "width": width}
            line(fig, [row[low], row[high]], [row["y"]] * 2, look, name=f"{row['policy']} {low}")
    said = sentences(rows.assign(said=rows["policy"].map(capital), words=words), _BAND)
    tick = {"symbol": "line-ns", "size": 15, "line": {"width": 2, "color": "white"}}
    points(fig, rows["median"], rows["y"], said, marker=tick, name="median", hoverinfo="skip")
    dot = {"color": INK, "size": 8, "line": {"width": 1.5, "color": "white"}}
    points(fig, rows["base"], rows["y"], said, marker=dot, name="as stated")
    ends = min(0, rows["lower"].min()), max(0, rows["upper"].max())
    pad = 0.03 * (ends[1] - ends[0] or 1)
    fig.update_xaxes(range=[ends[0] - pad, ends[1] + pad])
    return fig.update_layout(showlegend=False, margin={"b": 60})


def _cases(table: pd.DataFrame) -> str:
    n = table.attrs.get("n")
    return f"{n:,} simulated cases" if n else "Simulated cases"


def _words(name: str) -> tuple[str, str]:
    """A measure in words with its unit, and the unit as it follows a number."""
    counted = "cases" if name in TRUTH else "opinions"  # the others are what an opinion changes
    words, unit = TRUTH.get(name, name.replace("_", " ")), f"per 100 {counted}"
    if name in MEASURES:
        words, unit = MEASURES[name].words, MEASURES[name].unit
    return f"{words}, {unit}", {"per 100": " per 100", "per cen": " %"}.get(unit[:7], "")


def _short(value: float) -> str:
    return f"{value:#.3g}".removesuffix(".") if abs(value) < 1000 else f"{value:,.0f}"
