"""Second readings of real breast aspirates."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from secondop.figures import style
from secondop.figures.given import draws
from secondop.figures.style import COLOURS, QUIET


@draws("second_readings", "band", "n", "errors", "referred", "true_positive", "sensitivity_lower")
def second_readings(table: pd.DataFrame) -> go.Figure:
    """Errors caught against second readings that change nothing, over the width of the ambiguous band.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`secondop.evaluation.biopsies.second_readings` gives; bands 0 and 0.5 are drawn as "none" and
        "all".
    """
    table = table.sort_values("band", ignore_index=True)
    n, errors = int(table["n"].iloc[0]), int(table["errors"].iloc[0])
    x, y = 100 * table["false_positive"] / n, 100 * table["true_positive"] / errors
    low, high = 100 * table["sensitivity_lower"], 100 * table["sensitivity_upper"]
    title, half = f"No band drawn catches half of the {errors} wrong readings among {n}", len(table) // 2
    if (table["true_positive"] >= errors / 2).any():
        half = int((table["true_positive"] >= errors / 2).idxmax())
        caught, interval = table["true_positive"][half], f"{low[half]:.0f} to {high[half]:.0f} %"
        title = (
            f"A band of ±{table['band'][half]:.2f} catches {caught} of {errors} wrong readings ({interval}) "
        )
        title += f"for {x[half]:.1f} second readings per 100 that change nothing"
    note = (
        f"{n} real breast aspirates, first read by a model out of fold. Second readings are assumed right. "
    )
    made = style.figure(
        title,
        note + "Band: 95 % interval (Wilson).",
        x=f"second readings that change nothing, per 100 aspirates (of {n})",
        y=f"wrong first readings caught, % (of {errors})",
    )
    made.fig.update_layout(xaxis={"range": [-3, 103]}, yaxis={"range": [-4, 108]})
    made.band(x, low, high, COLOURS["recommended"])
    shown = pd.DataFrame({"ambiguous band": table["band"].map("±{:.2f}".format)})
    shown["read again"] = [f"{referred:,} of {n:,}" for referred in table["referred"]]
    ends = zip(table["true_positive"], low, high, strict=True)
    shown["wrong readings caught"] = [f"{k} of {errors} ({a:.0f} to {b:.0f} %)" for k, a, b in ends]
    shown["nothing changes: possible overuse"] = table["false_positive"].map("{:,}".format)
    look = {"mode": "lines+markers", "line": {"color": COLOURS["recommended"]}, "name": "ambiguous band"}
    made.points(x, y, shown, **look)
    made.line([0, 100 * (n - errors) / n], [0, 100], COLOURS["all"], dash="dot", name="read again at random")
    made.name(50 * (n - errors) / n, 50, "read again at random", QUIET)
    for i, row in table.iterrows():
        if row["band"] in (0, 0.5) or i in (half, (half + len(table)) // 2):
            words = {0: "none read again", 0.5: "all read again"}.get(row["band"], f"±{row['band']:.2f}")
            made.name(x[i], y[i], words)
    return made.done()
