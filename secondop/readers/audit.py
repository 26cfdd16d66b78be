"""How many cases an audit needs for an interval of a given width."""

from __future__ import annotations

from bisect import bisect_left
from math import sqrt

import numpy as np
import pandas as pd

from secondop.arguments import checked, number, whole
from secondop.errors import SecondopError
from secondop.readers.agreement import LEAST
from secondop.readers.agreement import agreement as agreement_of
from secondop.readers.model import ReaderModel

SIMULATED = 20_000  # cases, from which the spread between cases is taken
INSIDE = number(1e-9, 1 - 1e-9, "a number above 0 and below 1")


@checked(rate=INSIDE, width=INSIDE, agreement=INSIDE, readers=whole(2))
def plan_audit(
    *, rate: float, width: float, agreement: float | None = None, readers: int = 2, seed: int = 0
) -> pd.DataFrame:
    """How many cases to read, so that a 95 % interval is so wide.

    ``rate`` is the share expected to be yes (changed, wrong, malignant ...); ``width`` is that of the whole
    interval (0.1: from 0.15 to 0.25, say).

    Without ``agreement`` each case is read once, and Wilson's formula tells. With it, the share of pairs of
    readers expected to agree, each case is read by so many ``readers``: the rate is that of all readings, and
    rows are added for the statistics of `agreement`. Their spread between cases is that of 20,000 simulated
    ones (`ReaderModel`; the same ``seed`` gives the same). About half of all audits come out wider.

    A row for each ``figure``: its ``expected`` value and interval ``lower, upper``, ``cases``, ``readings``
    in all, and what that means in words.

    >>> plan_audit(rate=0.2, width=0.1)["cases"].tolist()
    [245]
    """
    chance = rate**2 + (1 - rate) ** 2
    if agreement is None and readers != 2:
        raise SecondopError("How often two readers agree decides what more of them add: agreement=0.9, say.")
    if agreement is not None and agreement <= chance:
        told = f"By chance alone two readers agree in {100 * chance:.3g} % at this rate"
        raise SecondopError(f"{told}: agreement is above that. Got {agreement!r}.")
    each, kappa = (1, 0) if agreement is None else (readers, (agreement - chance) / (1 - chance))
    effective = each / (1 + (each - 1) * kappa)  # readings of one case count for so many cases read once
    read, rows = "each read once" if each == 1 else f"each read by {each} readers", []
    figures = [("rate", rate, sqrt(rate * (1 - rate) / effective), 0)]
    figures += [] if agreement is None else _simulated(rate, agreement, readers, seed)
    for name, *figure in figures:
        n = 2 + bisect_left(range(2, 2**40), -width, key=lambda n, x=figure: np.subtract(*_ends(*x, n)))
        lower, upper = _ends(*figure, n)
        told = f"{n:,} cases, {read}: {name} {figure[0]:.2f} ({lower:.2f} to {upper:.2f})."
        rows.append((name, figure[0], lower, upper, n, n * each, told))
    columns = ["figure", "expected", "lower", "upper", "cases", "readings", "meaning"]
    return pd.DataFrame(rows, columns=columns).set_index("figure")


def _ends(value: float, spread: float, least: float, n: int) -> tuple[float, float]:
    """The interval of n cases whose own values have this standard deviation: Wilson's, from least to 1."""
    from statsmodels.stats.proportion import proportion_confint

    share = (value - least) / (1 - least)
    number = n * share * (1 - share) * ((1 - least) / spread) ** 2
    lower, upper = proportion_confint(share * number, number, method="wilson")
    return least + (1 - least) * lower, least + (1 - least) * upper


def _simulated(rate: float, agreement: float, readers: int, seed: int) -> list[tuple]:
    """Of each statistic: its value in simulated cases, the standard deviation of one, its scale's begin."""
    shares = {"cases": {"no": 1 - rate, "yes": rate}}
    model = ReaderModel.from_disagreement(shares, {"cases": 1 - agreement})
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(model.concentration[0] * model.mean[0], SIMULATED)[:, 1:]
    who = [f"reader {x + 1}" for x in range(readers)]
    said = pd.DataFrame((rng.random((SIMULATED, readers)) < chances).astype(int), columns=who)
    table = agreement_of(said.reset_index(names="case"), readers=who)
    spread = (table["upper"] - table["lower"]) / 2 / 1.96 * sqrt(SIMULATED)
    return [*zip(table.index, table["value"], spread, LEAST, strict=True)]
