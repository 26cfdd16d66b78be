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
    n, errors, caught = int(table["n"][0]), int(table["errors"][0]), table["true_positive"]
    x, y = 100 * table["false_positive"] / n, 100 * caught / errors
    low, high = 100 * table["sensitivity_lower"], 100 * table["sensitivity_upper"]
    said = [f"{k} of {errors} ({a:.0f} to {b:.0f} %)" for k, a, b in zip(caught, low, high, strict=True)]
    half = int((caught >= min(errors / 2, caught.max())).idxmax())  # the first that catches half, or most
    title = f"A band of ±{table['band'][half]:.2f} catches {said[half]} wrong readings for {x[half]:.1f} "
    title += "second readings per 100 that change nothing"
    note = f"{n} real breast aspirates, first read by a model out of fold. Second readings are assumed "
    note += "right. Band: 95 % interval (Wilson)."
    x_title = f"second readings that change nothing, per 100 aspirates (of {n})"
    made = style.figure(title, note, x=x_title, y=f"wrong first readings caught, % (of {errors})")
    made.fig.update_layout(xaxis={"range": [-3, 103]}, yaxis={"range": [-4, 108]})
    made.band(x, low, high, COLOURS["recommended"])
    shown = pd.DataFrame({"ambiguous band": table["band"].map("±{:.2f}".format)})
    shown["read again"] = [f"{referred:,} of {n:,}" for referred in table["referred"]]
    shown["wrong readings caught"] = said
    shown["nothing changes: possible overuse"] = table["false_positive"].map("{:,}".format)
    look = {"mode": "lines+markers", "line": {"color": COLOURS["recommended"]}, "name": "ambiguous band"}
    made.points(x, y, shown, **look)
    chance = 100 * (n - errors) / n
    made.line([0, chance], [0, 100], COLOURS["all"], dash="dot", name="read again at random")
    made.name(chance / 2, 50, "read again at random", QUIET)
    for i, band in table["band"].items():
        if band in (0, 0.5) or i in (half, (half + len(table)) // 2):
            words = {0: "none read again", 0.5: "all read again"}.get(band, f"±{band:.2f}")
            made.name(x[i], y[i], words)
    return made.done()
