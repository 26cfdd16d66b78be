"""Published figures of second opinions: rates with their denominators, contrasts with both of their sides."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from secondop.datafiles import data_path
from secondop.errors import refuse
from secondop.evaluation.contrasts import contrasted, wilson


def published_rates() -> pd.DataFrame:
    """Published rates of second opinions, each with its denominator and, where n allows, its interval.

    The columns are those of ``data/published_rates.csv`` (dictionary: ``data/README.md``). ``rate`` is
    numerator over n where the paper prints both, else as printed. ``interval`` tells ``lower, upper``:
    "published", "derived" (from a printed standard error), "Wilson from count" or "Wilson from n" (95 %; the
    last with a numerator rounded from the rate), "range" (the ends of a review), "assumed" or "none".

    Examples
    --------
    >>> print(*published_rates().set_index("id").loc["lenza_dx", ["denominator", "n", "interval"]], sep=", ")
    spine surgery candidates reviewed, 485, Wilson from count
    """
    rates = pd.read_csv(data_path("published_rates.csv"), dtype={"n": "Int64", "numerator": "Int64"})
    rates["remark"] = rates["remark"].fillna("")
    counted = rates["numerator"].notna()
    rates.loc[counted, "rate"] = (rates["numerator"] / rates["n"])[counted].astype(float)
    return with_intervals(rates)


def published_contrasts() -> pd.DataFrame:
    """Published contrasts: how much more often something was found in one group than in another.

    The columns are those of ``data/published_contrasts.csv`` (dictionary: ``data/README.md``). ``measure``
    says what ``value`` is: a risk ratio, an odds ratio, a lift (against all, the group among them) or a risk
    difference. ``interval`` tells ``lower, upper``: "published", "from counts" (95 %, as :func:`compare` has
    them), "range" (of case mixes or of studies), "assumed" or "none".

    Examples
    --------
    >>> doubt = published_contrasts().set_index("id").loc["doubt_risk_ratio"]
    >>> print(f"{doubt['value']} times as often, {doubt['lower']} to {doubt['upper']}: {doubt['group']}")
    4.4 times as often, 1.2 to 10.2: the first doctor is unsure
    """
    counts = ["n_group", "k_group", "n_reference", "k_reference"]
    contrasts = pd.read_csv(data_path("published_contrasts.csv"), dtype=dict.fromkeys(counts, "Int64"))
    for row in contrasts.index[contrasts["interval"] == "from counts"]:
        n, k, m, j = contrasts.loc[row, counts].astype(int)
        found = contrasted(contrasts.loc[row, "measure"], (k, n), (j, m))
        contrasts.loc[row, ["value", "lower", "upper"]] = found
    return contrasts


def with_intervals(rates: pd.DataFrame) -> pd.DataFrame:
    """Rates with what follows from their counts, those that were written by hand like those that ship.

    Rows come in a fresh index.

    Raises
    ------
    SecondopError
        If a figure is no number, a rate no share of 1, or a count more than what it is of: all at once.
    """
    rates, told = rates.reset_index(drop=True), []
    for name in rates.columns.intersection(["rate", "lower", "upper", "n", "numerator"]):
        read = pd.to_numeric(rates[name], errors="coerce")
        wrong = read.isna() & rates[name].notna()
        if name in ("rate", "lower", "upper"):
            wrong |= ~read.fillna(0).between(0, 1)
            told += [f"{x}: its {name} is a share from 0 to 1, not {y!r}" for x, y in _of(rates, name, wrong)]
        else:
            wrong |= (read.fillna(0) % 1 != 0) | (read.fillna(0) < 0)
            told += [f"{x}: its {name} is a whole number, not {y!r}" for x, y in _of(rates, name, wrong)]
        if not told:
            rates[name] = read.astype("Int64" if name in ("n", "numerator") else float)
    refuse("These rates cannot be read", told)
    if not {"n", "numerator", "rate", "lower", "upper", "interval"} <= set(rates.columns):
        return rates
    counted = rates["numerator"].notna() & rates["n"].notna()
    more = counted & (rates["numerator"] > rates["n"]).fillna(False)
    refuse(
        "These rates cannot be read",
        [f"{x}: {y} is more than the n that it is of" for x, y in _of(rates, "numerator", more)],
    )
    blank = counted & rates["rate"].isna()
    rates.loc[blank, "rate"] = (rates["numerator"] / rates["n"])[blank].astype(float)
    for row in rates.index[(rates["interval"] == "binomial") & rates["n"].notna()]:
        rates.loc[row, ["lower", "upper"]] = wilson(counted_of(rates.loc[row]), rates.loc[row, "n"])
        rates.loc[row, "interval"] = "Wilson from count" if counted[row] else "Wilson from n"
    return rates


def _of(rates: pd.DataFrame, name: str, wrong: pd.Series) -> Iterator[tuple]:
    ids = rates["id"] if "id" in rates else rates.index.to_series()
    return zip(ids[wrong], rates.loc[wrong, name], strict=True)


def counted_of(rate: pd.Series) -> int:
    """The numerator of a rate: as printed, or else rounded from the rate."""
    return round(rate["rate"] * rate["n"]) if pd.isna(rate["numerator"]) else int(rate["numerator"])
