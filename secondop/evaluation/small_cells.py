"""Small cells of tables that are shared: what is shown so that no count below a least one can be worked out.

Cases are divided into parts, such as the answers to a fact and those not recorded. Of all cases, parts that
are too small are shown only together with others; by group, the cells that are too small are hidden, with as
many others as it takes for no sum or difference of what is shown to tell one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from secondop.evaluation.cohort import EITHER

MIN_CELL = 5
HIDDEN = "hidden"
_SIDES, _BOTH = ("group", "reference"), ("both_changed", "either_changed")


def small(counts: np.ndarray, least: int) -> np.ndarray:
    """Which counts are too small to be shown: neither none nor enough."""
    return (np.asarray(counts) > 0) & (np.asarray(counts) < least)


def cover(
    counts: np.ndarray, least: int, cells: np.ndarray | bool = False, dear: int | None = None
) -> tuple[frozenset[int], np.ndarray]:
    """What is hidden of counts (groups, parts), of which the first group are all cases, with these ``cells``.

    Parts that are shown only together (see :func:`pool`), and by group which cells show nothing.
    """
    counts = np.asarray(counts, float)
    cells, hidden = np.broadcast_to(cells, counts.shape), np.zeros(counts.shape, bool)
    together = pool(counts[0], least, np.flatnonzero(cells[0]), dear)
    if len(counts) > 1:
        parts = [[i] for i in range(counts.shape[1]) if i not in together]
        parts += [[*together]] if together else []
        merged = np.stack([counts[1:, part].sum(1) for part in parts], 1)
        asked = np.stack([cells[1:, part].any(1) for part in parts], 1)
        last = parts.index([dear]) if [dear] in parts else None
        for part, gone in zip(parts, hidden_cells(merged, least, asked, last).T, strict=True):
            hidden[1:, part] = gone[:, None]
    return together, hidden


def pool(
    counts: Sequence[float], least: int, forced: Iterable[int] = (), dear: int | None = None
) -> frozenset[int]:
    """Parts that are shown only together: the small ones, and the next larger ones that hide them.

    ``forced`` parts are among them whatever their size, the ``dear`` one only where nothing else hides the
    small ones. Of 3, 40, 12, 0 and 100 the least two are, if 5 is enough.
    """
    counts = np.asarray(counts, float)
    hidden = small(counts, least)
    hidden[list(forced)] = True
    while hidden.any() and not hidden.all() and (hidden.sum() < 2 or 0 < counts[hidden].sum() < least):
        cost = np.where(hidden, np.inf, _cost(counts, dear))
        hidden |= cost == cost.min()  # of equal parts none tells on the other; all, where none is left
    return frozenset(np.flatnonzero(hidden).tolist())


def hidden_cells(
    counts: np.ndarray, least: int, forced: np.ndarray | bool = False, dear: int | None = None
) -> np.ndarray:
    """Which cells of a table (groups, parts) are hidden, where the sums of its rows and columns are shown.

    The small ones, the ``forced`` ones, and those that hide them. Of every row and column at least two are
    hidden, which together are not small, and no small one is alone between what is hidden beside it: so it
    can be one more or one less, and others with it. Where that cannot be, all cells are hidden.
    """
    counts = np.asarray(counts, float)
    hidden, cost = (small(counts, least) | forced) & (counts > 0), _cost(counts, dear)
    while True:
        lines = np.zeros(counts.shape, bool)  # the first row, else column, of which more has to be hidden
        lines[_short(counts, hidden, least)] = True
        if not lines.any():
            lines[:, _short(counts.T, hidden.T, least)] = True
        if not lines.any():
            at = next((x for x in np.argwhere(hidden & small(counts, least)) if _alone(hidden, *x)), None)
            if at is None:
                return hidden
            lines[at[0]] = lines[:, at[1]] = True
        left = np.where(lines & ~hidden, cost, np.inf)
        if left.min() == np.inf:
            return np.ones_like(hidden)
        hidden[np.unravel_index(left.argmin(), left.shape)] = True


def _cost(counts: np.ndarray, dear: int | None) -> np.ndarray:
    """What hiding a cell loses; of an empty one nothing is hidden."""
    cost = np.where(counts > 0, counts, np.inf)
    cost[..., [] if dear is None else dear] += counts.sum()
    return cost


def _short(counts: np.ndarray, hidden: np.ndarray, least: int) -> np.ndarray:
    """The first row of which what is hidden is one cell, or in sum too small, if there is any."""
    many, sums = hidden.sum(1), (counts * hidden).sum(1)
    return np.flatnonzero((many > 0) & ((many < 2) | (sums < least)))[:1]


def _alone(hidden: np.ndarray, row: int, part: int) -> bool:
    """Whether no way through other hidden cells, along rows and columns, leads from a cell back to itself."""
    others = hidden.copy()
    others[row, part] = False
    rows, parts = np.zeros(len(hidden), bool), others[row].copy()
    while (reached := others[:, parts].any(1) & ~rows).any():
        rows |= reached
        parts |= others[rows].any(0)
    return not parts[part]


def hide_compared(table: pd.DataFrame, least: int) -> pd.DataFrame:
    """A table of ``compare`` without figures that rest on small counts.

    A row shows all figures of the cohort or none. Hidden too are rows that differ from another one of the
    same outcome by a small count, and, beside any of four outcomes of which each follows from the other three
    (the diagnosis changed, the treatment, both, either), *both* and *either*.
    """
    table, own = table.copy(), [x for x in table if x.startswith(("cohort_", "difference"))]
    sides = [("n", "count")] if "cohort_count" in table else [(f"n_{x}", f"k_{x}") for x in _SIDES]
    counts = {x: table[f"cohort_{x}"].fillna(0).to_numpy(float) for x in ("unknown", *sum(sides, ()))}
    hide, told, outcome = np.zeros(len(table), bool), table["cohort_denominator"], table["outcome"]
    for n, k in ((counts[n], counts[k]) for n, k in sides):
        parts = [n, k, n - k, counts["unknown"], n - k - counts["unknown"]]
        hide |= small(np.stack(parts, -1), least).any(-1)
        alike = (outcome.to_numpy()[:, None] == outcome.to_numpy()) & (n[:, None] < n)
        hide |= (alike & (small(n - n[:, None], least) | small(k - k[:, None], least)) & (n > 0)).any(-1)
    kin = outcome.isin(_BOTH)
    hide |= kin & told.isin(told[hide & (kin | outcome.isin(EITHER))])
    hide &= told.notna()
    for name in own[own[0] == "cohort_denominator" :]:
        table.loc[hide, name] = pd.NA if table[name].dtype == "Int64" else np.nan
    table.loc[hide, "reason"] = f"Hidden: the figures rest on a count below {least}, or would tell one."
    table.attrs["hidden"] = int(hide.sum())
    return table
