"""Published figures of second opinions: rates with their denominators, contrasts with both of their sides."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from secondop.datafiles import data_path
from secondop.errors import not_whole, refuse, unknown_name
from secondop.evaluation.contrasts import contrasted
from secondop.evaluation.measures import wilson
from secondop.rules.spellings import normalised


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
    return with_intervals(rates.assign(rate=rates["rate"].where(rates["numerator"].isna())))


def rate(
    id: str,
    *,
    outcome: str,
    denominator: str,
    n: int,
    numerator: int,
    role: str = "validate",
    study: str = "own figures",
    year: int | None = None,
    institution: str = "own",
    population: str = "",
    remark: str = "",
    source: str = "stated by hand",
) -> pd.DataFrame:
    """Your own figure as a row of :func:`published_rates`, for :func:`compare` and :func:`calibrate`.

    Its ``id`` is unlike any published one. ``outcome, denominator``: what was counted, such as
    ``diagnosis_changed`` or ``treatment_changed``, and among whom, such as ``second opinions obtained`` or
    ``patients``: those that a cohort can have. ``numerator`` of ``n``: the 95 % interval is Wilson's.
    ``role``: "validate", to be compared with; or "calibrate", to be fitted to, and no evidence from then on.
    The others say in words where it comes from.

    Examples
    --------
    >>> mine = rate("clinic", outcome="diagnosis_changed", denominator="second opinions obtained", n=200,
    ...             numerator=31)
    >>> mine[["rate", "lower", "upper"]].round(3).values.tolist()
    [[0.155, 0.111, 0.212]]
    >>> both = pd.concat([mine, published_rates()], ignore_index=True)  # several figures together
    """
    from secondop.evaluation.comparison import DENOMINATORS, MEANT  # which imports this module

    told = {"id": id, "study": study, "institution": institution, "population": population}
    told |= {"remark": remark, "source": source}
    problems = [f"{x} is a text. Got {text!r}." for x, text in told.items() if not isinstance(text, str)]
    problems += not_whole("n", n, 1) + not_whole("numerator", numerator, 0)
    problems += [] if year is None else not_whole("year", year, 1)
    if not problems and numerator > n:
        problems = [f"numerator, {numerator:,}, is more than the n that it is of, {n:,}."]
    if isinstance(id, str) and id.strip() in {"", *published_rates()["id"], *published_contrasts()["id"]}:
        problems.append(f"id is a name that no published figure has. Got {id!r}.")
    named = {"outcome": (outcome, MEANT), "denominator": (denominator, DENOMINATORS)}
    named["role"], found = (role, ("validate", "calibrate")), {}
    for what, (name, known) in named.items():
        found[what] = {normalised(x): x for x in known}.get(normalised(str(name)))
        if found[what] is None:
            problems.append(str(unknown_name(what, name, known)))
    refuse("This rate cannot be used", problems)
    row = told | found | {"year": year, "n": n, "numerator": numerator}
    row |= {"interval": "binomial", "grade": "own"}
    made = pd.DataFrame([row], columns=list(published_rates())).astype({"year": "Int64"})
    return with_intervals(made)


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

    Rows come in a fresh index. Refused, all at once: a figure that is no number, a rate that is no share of
    1, a count that is more than what it is of.
    """
    rates, told = rates.reset_index(drop=True), []
    for name in rates.columns.intersection(["rate", "lower", "upper", "n", "numerator"]):
        read, whole = pd.to_numeric(rates[name], errors="coerce"), name in ("n", "numerator")
        fits = (read % 1 == 0) & (read >= 0) if whole else read.between(0, 1)
        wrong = rates[name].notna() & ~fits.fillna(False).astype(bool)
        what = "a whole number" if whole else "a share from 0 to 1"
        told += [f"{x}: its {name} is {what}, not {y!r}" for x, y in _of(rates, name, wrong)]
        if not told:
            rates[name] = read.astype("Int64" if whole else float)
    refuse("These rates cannot be read", told)
    if not {"n", "numerator", "rate", "lower", "upper", "interval"} <= set(rates.columns):
        return rates
    counted = rates["numerator"].notna() & rates["n"].notna()
    more = counted & (rates["numerator"] > rates["n"]).fillna(False)
    told = [f"{x}: {y} is more than the n that it is of" for x, y in _of(rates, "numerator", more)]
    refuse("These rates cannot be read", told)
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
