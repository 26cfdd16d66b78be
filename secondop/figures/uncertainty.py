"""What if the assumptions are wrong: one parameter at a time, and all at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from secondop.errors import SecondopError
from secondop.evaluation.measures import MEASURES, TRUTH
from secondop.evaluation.policies import FORESIGHT
from secondop.evaluation.sensitivity import IF_YES
from secondop.figures import style
from secondop.figures.captions import capital, only_one
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, INK
from secondop.words import fixed

_NUMBERS = "median", "base", "lower", "upper", "lower_half", "upper_half"
_BASES = {"assumed": COLOURS["overuse"], "fitted": COLOURS["fitted"], "cited": INK}
_POLICIES = {FORESIGHT: "useful", "sought": "learned", "none": "none", "all": "all"}
_POLICIES |= {level: level for level in ("urgent", "recommended", "optional")}
_NAMES = {"none": "nobody", "all": "everybody", "sought": "those who sought an opinion"}
_NAMES |= {FORESIGHT: "only those that would change (perfect foresight)"}


@draws("tornado", "measure", "policy", "label", "basis", "base", "at_lower", "at_upper", "swing")
def tornado(table: pd.DataFrame, *, most: int = 12) -> go.Figure:
    """How far each parameter alone moves a result from the scenario as stated, the widest swing on top.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.sensitivity.tornado`: rows of one measure.
    most : int
        How many parameters to draw; the others are counted.
    """
    words, unit = _words(only_one(table, "measure", "tornado"))
    what = words.rsplit(", per", 1)[0].split(":")[0]
    whole = np.isfinite(table[["base", "at_lower", "at_upper"]]).all(axis=1)
    if not whole.any():
        raise SecondopError(f"There is no {what} at any end of these ranges, so there are no bars to draw.")
    table, left = table[whole], int((~whole).sum())
    top = table.iloc[0]
    rows, rest, base = table.head(most), table.iloc[most:], top["base"]
    ties = (table["swing"] + table["swing_error"] >= top["swing"] - top["swing_error"]).sum() - 1
    ends = " to ".join(_short(end) for end in sorted(top[["at_lower", "at_upper", "base"]])[::2])
    title = f"“{capital(top['label'])}” moves {what} most" + f", in a tie with {ties} more" * bool(ties)
    title += f": {ends}{unit}, {_short(base)} as stated"
    if not top["swing"]:
        title = f"None of these parameters moves {what} from {_short(base)}{unit}"
    elif (table["swing"] <= table["swing_error"]).all():
        title = f"None of these parameters is shown to move {what} from {_short(base)}{unit}"
        title += ": chance moves it as far"
    note = f"{_cases(table)} a bar, policy “{top['policy']}”. A bar: from one end of its range to the other. "
    note += f"At the right: the swing; chance moves it by up to ±{rows['swing_error'].max():.2g}."
    note += f" {len(rest)} more swing by {rest['swing'].max():.2g} at most." if len(rest) else ""
    note += f" Left out, as an end has no value: {left}." * bool(left)
    note += f" {table.attrs['fixed']} do not vary." if table.attrs.get("fixed") else ""
    labels = [f"{row['label']}, {row['lower']:.2g} to {row['upper']:.2g}" for row in rows.to_dict("records")]
    made = style.ladder(title, note, labels, x=words, values=_alike(rows["swing"]))
    drawn = rows[["at_lower", "at_upper"]].to_numpy() - base
    made.fig.update_xaxes(range=[base + end for end in style.reach(drawn)])
    made.upright(base, dash="solid", width=1)
    rows = rows.assign(y=-np.arange(len(rows)))
    for basis, part in rows.groupby("basis", sort=False):
        colour = _BASES[basis]
        for end, pale in (("lower", style.tint(colour, 0.35)), ("upper", colour)):
            look = {"marker": {"color": pale, "line": {"color": colour, "width": 1}}, "showlegend": True}
            look["name"] = f"{basis}, {end} end"
            made.bars(part["base"], part[f"at_{end}"], part["y"], colour, _swings(part, unit), **look)
    return made.done()


def _swings(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    """What pointing at a bar says."""
    return pd.DataFrame(
        {
            "parameter": capital(row["label"]),
            "known as": f"{row['basis']}: {row['value']:.3g}",
            "at its lower end": f"{fixed(row['at_lower'], 2)}{unit} at {row['lower']:.3g}",
            "at its upper end": f"{fixed(row['at_upper'], 2)}{unit} at {row['upper']:.3g}",
            "as stated": f"{fixed(row['base'], 2)}{unit}",
            "swing": f"{row['swing']:.2f}, give or take {row['swing_error']:.2f} by chance",
        }
        for row in rows.to_dict("records")
    )


@draws("bands", "policy", "measure", "base", "lower", "lower_half", "median", "draws")
def propagate(table: pd.DataFrame) -> go.Figure:
    """How far each policy's result spreads when all parameters are uncertain at once, highest median on top.

    An arrow leads from a policy to the same if all that missing information could refer is referred too.

    Parameters
    ----------
    table : DataFrame
        From :func:`secondop.evaluation.uncertainty.bands` of what ``propagate`` made: rows of one measure
        (and one threshold).
    """
    name = only_one(table, "measure", "propagate")
    if "threshold" in table:
        only_one(table, "threshold", "propagate")
    drawn = table[table["draws"] > 0]
    whole = np.isfinite(drawn[[*_NUMBERS]]).all(axis=1)
    rows = drawn[whole].sort_values("median", ascending=False, kind="stable", ignore_index=True)
    if drawn.empty:
        raise SecondopError(f"Nothing was counted for {name} in any draw, so there are no bands to draw.")
    if rows.empty:
        raise SecondopError(
            f"{capital(_words(name)[0])}: without limit for every policy, so there are no bands to draw."
        )
    words, unit = _words(name)
    note = f"{_cases(table)} in each of {rows['draws'].max():,} draws of all parameters. Thin: 95 % of draws."
    note += " Bar: half of them; hatched: if missing were yes. Tick and value: median. Diamond: as stated."
    note += " Draws in which nothing was counted are left out." * bool(rows["blank"].any())
    note += f" Without limit, so not drawn: {', '.join(drawn.loc[~whole, 'policy'])}." * (not whole.all())
    labels, y = [capital(_NAMES.get(policy, policy)) for policy in rows["policy"]], -rows.index.to_numpy()
    made = style.ladder(_widest(rows, unit), note, labels, x=words, values=_alike(rows["median"]))
    made.fig.update_xaxes(range=style.reach(rows[["lower", "upper"]]))
    for i, row in rows.iterrows():
        colour = COLOURS[_POLICIES.get(row["policy"].removesuffix(IF_YES), "rule book")]
        draw = made.possible if row["policy"].endswith(IF_YES) else made.bars
        draw([row["lower_half"]], [row["upper_half"]], [-i], colour)
    made.whiskers(rows["lower"], rows["upper"], y)
    median, base, lower, upper, low, high = (_alike(rows[name]) for name in _NUMBERS)
    shown = pd.DataFrame({"policy": labels, "median": median, "as stated": base})
    shown["95 % of draws"], shown["half of them"] = lower + " to " + upper, low + " to " + high
    shown["draws"] = rows["draws"].map("{:,}".format)
    tick = {"symbol": "line-ns", "size": 13, "line": {"width": 2.5, "color": INK}}
    made.points(rows["median"], y, shown, marker=tick, name="median")
    diamond = {"symbol": "diamond", "color": INK, "size": 8}
    made.points(rows["base"], y, shown, marker=diamond, name="as stated")
    at, on = rows.assign(y=y).set_index("policy"), {"xref": "x", "yref": "y", "axref": "x", "ayref": "y"}
    look = {"showarrow": True, "text": "", "arrowhead": 2, "arrowwidth": 1.2, "arrowcolor": style.QUIET}
    for policy in at.index.intersection(at.index + IF_YES):
        (x, y), (ax, ay) = (at.loc[row, ["median", "y"]] for row in (policy, policy.removesuffix(IF_YES)))
        made.fig.add_annotation(x=x, y=y, ax=ax, ay=ay, standoff=8, startstandoff=8, **on, **look)
    return made.done()


def _widest(rows: pd.DataFrame, unit: str) -> str:
    """Which of the rule book's policies spreads most, and how many as much, as far as the draws tell."""
    ruled = rows[~rows["policy"].isin(_NAMES)]
    rows, of = (rows, "") if ruled.empty else (ruled, " of the rule book's policies")
    width = rows["upper"] - rows["lower"]
    top = rows.loc[width.idxmax()]
    chance = 1.9 / top["draws"] ** 0.5  # two standard errors of a width, over it, where draws are normal
    ties = (width >= width.max() * (1 - chance)).sum() - 1
    title = f"“{capital(_NAMES.get(top['policy'], top['policy']))}”: {_short(top['lower'])} to "
    title += f"{_short(top['upper'])}{unit} in 95 % of draws, {_short(top['base'])} as stated"
    if len(rows) > 1:
        title += f"; {ties} more{of} spread as widely" if ties else f"; the widest spread{of}"
    return title


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
    text = f"{value + 0.0:#.3g}".removesuffix(".") if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", "−")


def _alike(values: pd.Series) -> pd.Series:
    """Numbers of one column, all with as many decimals."""
    decimals = 1 if values.abs().max() >= 10 else 2
    return values.map(lambda value: fixed(value, decimals))
