"""How many cases an audit needs: for an interval of a given width, or to tell two rates apart."""

from __future__ import annotations

from bisect import bisect_left
from math import ceil, sqrt

import numpy as np
import pandas as pd

from secondop.arguments import checked, number, whole
from secondop.errors import refuse
from secondop.readers.agreement import LEAST
from secondop.readers.agreement import agreement as agreement_of
from secondop.readers.model import ReaderModel

SIMULATED = 20_000  # cases, from which the spread between cases is taken
INSIDE = number(1e-9, 1 - 1e-9, "a number above 0 and below 1")
APART = number(-1, 1, "a number between -1 and 1")


@checked(rate=INSIDE, width=INSIDE, difference=APART, agreement=INSIDE, readers=whole(2), power=INSIDE)
def plan_audit(
    *,
    rate: float,
    width: float | None = None,
    difference: float | None = None,
    agreement: float | None = None,
    readers: int = 2,
    power: float = 0.8,
    seed: int = 0,
) -> pd.DataFrame:
    """How many cases to read, so that a 95 % interval is so wide, or that two rates are told apart.

    ``rate`` is the share expected to be yes (changed, wrong, malignant ...). Give one of ``width``, of the
    whole interval (0.1: from 0.15 to 0.25, say), and ``difference``, which two groups of as many cases each
    shall show with this ``power`` in a two-sided test at 5 %: of ``rate`` from ``rate + difference``.

    Without ``agreement`` each case is read once, and Wilson's formula tells. With it, the share of pairs of
    readers expected to agree, each case is read by so many ``readers``: the rate is that of all readings, and
    rows are added for the statistics of `agreement`. Their spread between cases is that of 20,000 simulated
    ones (`ReaderModel`; the same ``seed`` gives the same). About half of all audits come out wider.

    A row for each ``figure``: its ``expected`` value and interval ``lower, upper``, ``cases`` (of each group,
    where two are compared), ``readings`` in all, and what that means in words.

    >>> plan_audit(rate=0.2, width=0.1)["cases"].tolist()
    [245]
    >>> plan_audit(rate=0.2, difference=0.1).loc["rate", "meaning"]
    '294 cases in each of two groups, each read once, tell 20 % from 30 % in 80 of 100 audits.'
    """
    hints, chance = [], rate**2 + (1 - rate) ** 2
    if (width is None) == (difference is None):
        hints.append("give either width or difference.")
    if difference is not None and (not difference or not 0 < rate + difference < 1):
        hints.append(f"difference leads to another rate between 0 and 1. Got {difference!r}.")
    if agreement is None and readers != 2:
        hints.append("how often two readers agree decides what more of them add: agreement=0.9, say.")
    if agreement is not None and agreement <= chance:
        hints.append(f"agreement: by chance alone two readers agree in {100 * chance:.3g} % at this rate.")
    refuse("An audit cannot be planned", hints)
    each, kappa = (1, 0) if agreement is None else (readers, (agreement - chance) / (1 - chance))
    effective = each / (1 + (each - 1) * kappa)  # readings of one case count for so many cases read once
    read, rows = "each read once" if each == 1 else f"each read by {each} readers", []
    if difference is not None:
        n = ceil(_to_tell(rate, rate + difference, power) / effective)
        told = f"{n:,} cases in each of two groups, {read}, tell {100 * rate:.3g} % from "
        told += f"{100 * (rate + difference):.3g} % in {100 * power:.0f} of 100 audits."
        rows.append(("rate", rate, np.nan, np.nan, n, 2 * n * each, told))
    else:
        figures = [("rate", rate, sqrt(rate * (1 - rate) / effective), 0)]
        figures += [] if agreement is None else _simulated(rate, agreement, readers, seed)
        for name, *figure in figures:
            n = 2 + bisect_left(range(2, 2**40), -width, key=lambda n, x=figure: np.subtract(*_ends(*x, n)))
            lower, upper = _ends(*figure, n)
            told = f"{n:,} cases, {read}: {name} {figure[0]:.2f} ({lower:.2f} to {upper:.2f})."
            rows.append((name, figure[0], lower, upper, n, n * each, told))
    columns = ["figure", "expected", "lower", "upper", "cases", "readings", "meaning"]
    return pd.DataFrame(rows, columns=columns).set_index("figure")


def _to_tell(one: float, other: float, power: float) -> float:
    """Cases a group: the normal formula for two proportions, without a correction for continuity."""
    from scipy.stats import norm

    both = one + other
    apart = sqrt(both * (1 - both / 2)) * norm.isf(0.025)
    return ((apart + sqrt(one * (1 - one) + other * (1 - other)) * norm.ppf(power)) / (one - other)) ** 2


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
