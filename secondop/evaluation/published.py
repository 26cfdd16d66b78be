"""Published figures of second opinions: rates, contrasts, figures of your own, and rates pooled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from secondop.arguments import NONE, TEXT, either, named, unfit, whole
from secondop.datafiles import data_path
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.evaluation.contrasts import DENOMINATORS, MEANT, contrasted
from secondop.evaluation.measures import Z, wilson
from secondop.rules.spellings import normalised

_COUNTED = ("Wilson from count", "Wilson from n")
_FEWEST = 3  # rates to pool
_POOLED = ["rate", "lower", "upper", "prediction_lower", "prediction_upper", "tau"]
_NEEDED = {"id", "institution", "denominator", "outcome", "n", "numerator", "interval", *_POOLED[:3]}


@named
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


@named
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


_WORDS = "id outcome denominator role study institution population remark source"
_TAKES = dict.fromkeys(_WORDS.split(), TEXT) | {"n": whole(1), "numerator": whole(0)}
_TAKES |= {"year": either(whole(1), NONE)}


@named
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
    problems = unfit(locals(), _TAKES)
    row = {"id": id, "study": study, "year": year, "institution": institution}
    if whole(1).fits(numerator) and whole(1).fits(n) and numerator > n:
        problems.append(f"numerator, {numerator:,}, is more than the n that it is of, {n:,}.")
    if isinstance(id, str) and id.strip() in {"", *published_rates()["id"], *published_contrasts()["id"]}:
        problems.append(f"id is a name that no published figure has. Got {id!r}.")
    known = {"outcome": MEANT, "denominator": DENOMINATORS, "role": ("calibrate", "validate")}
    for (what, names), name in zip(known.items(), (outcome, denominator, role), strict=True):
        row[what] = {normalised(x): x for x in names}.get(normalised(str(name)))
        told = row[what] or not isinstance(name, str)
        problems += [] if told else [str(unknown_name(what, name, names))]
    refuse("rate cannot be used so", problems)
    row |= {"population": population, "remark": remark, "source": source, "n": n, "numerator": numerator}
    made = pd.DataFrame([row | {"interval": "binomial", "grade": "own"}], columns=list(published_rates()))
    return with_intervals(made.astype({"year": "Int64"}))


def with_intervals(rates: pd.DataFrame) -> pd.DataFrame:
    """Rates with what follows from their counts, those that were written by hand like those that ship.

    Rows come in a fresh index. Refused are figures that are no number, no share of 1, or more than their n.
    """
    rates, told = rates.reset_index(drop=True), []
    rates = rates if "numerator" in rates else rates.assign(numerator=pd.NA)
    for name in ("rate", "lower", "upper", "n", "numerator"):
        read, count = pd.to_numeric(rates[name], errors="coerce"), name in ("n", "numerator")
        fits = (read % 1 == 0) & (read >= 0) if count else read.between(0, 1)
        odd, what = rates[name].notna() & ~fits, "a whole number" if count else "a share from 0 to 1"
        pairs = rates.loc[odd, ["id", name]].to_numpy(object).tolist()
        told += [f"{x}: its {name} is {what}, not {y!r}" for x, y in pairs]
        rates[name] = read.astype("Int64" if count else float) if not told else rates[name]
    refuse("These rates cannot be read", told)
    more = (rates["numerator"] > rates["n"]).fillna(False)
    pairs = rates.loc[more, ["id", "numerator"]].to_numpy(object)
    refuse("These rates cannot be read", [f"{x}: {y} is more than the n that it is of" for x, y in pairs])
    share = (rates["numerator"] / rates["n"]).astype("Float64").astype(float)
    rates["rate"] = rates["rate"].fillna(share)
    own = (rates["interval"] == "binomial") & rates["n"].notna()
    k, n = _counted(rates)[own].to_numpy(float), rates["n"][own].to_numpy(float)
    rates.loc[own, ["lower", "upper"]] = np.stack(wilson(k, n), -1)
    rates.loc[own, "interval"] = np.where(rates["numerator"][own].notna(), *_COUNTED)
    return rates


def _counted(rates: pd.DataFrame) -> pd.Series:
    """The numerators of rates: as printed, or else rounded from the rate."""
    return rates["numerator"].astype(float).fillna((rates["rate"] * rates["n"].astype(float)).round())


@named
def pool(rates: pd.DataFrame) -> pd.DataFrame:
    """What like rates say together: their mean, and where the rate of one more study may lie.

    Logits are combined with random effects (variance between studies by Paule and Mandel). The mean has the
    interval of Hartung and Knapp, the prediction interval is that of t(k - 2) (Higgins 2009, J R Stat Soc A
    172:137-159). Below three rates there are too few to pool, and the figures are blank.

    ``rates``: rows of :func:`published_rates`, each with a count or a 95 % interval: one denominator, one
    outcome, and one row an institution. Two reports of one institution, of whatever periods, are not two
    studies. Of them one row is made: ``denominator, outcome, k`` (rates), ``rate, lower, upper,
    prediction_lower, prediction_upper``, ``tau`` (standard deviation between studies, as a logit), ``said``.

    Examples
    --------
    >>> rates = published_rates().set_index("id", drop=False)
    >>> pool(rates.loc[["bowen_major", "matasar_2001"]])["said"].item()
    'too few to pool: 2 of the 3 rates that are needed'
    """
    from scipy import special, stats

    if not isinstance(rates, pd.DataFrame) or not set(rates.columns) >= _NEEDED:
        said = f"Rates to pool are rows of published_rates(), with {', '.join(sorted(_NEEDED))}"
        raise SecondopError(f"{said}.")
    rates, told = with_intervals(rates), [] if len(rates) else ["there are none"]
    for what in ("denominator", "outcome"):
        kinds = rates[what].unique()
        if len(kinds) > 1:
            told.append(f"unlike {what}s: {'; '.join(kinds)}")
    for institution, own in rates.groupby("institution")["id"]:
        if len(own) > 1:
            told.append(f"{', '.join(own)} are of one institution, {institution}: keep one")
    usable = rates["interval"].isin([*_COUNTED, "published", "derived"])
    told += [f"{x}: no count and no 95 % interval" for x in rates["id"][~usable]]
    refuse("Only like is pooled with like", told)
    k, figures = len(rates), [float("nan")] * len(_POOLED)
    said = f"{k} rates" if k >= _FEWEST else f"too few to pool: {k} of the {_FEWEST} rates that are needed"
    if k >= _FEWEST:
        mean, error, tau = _combined(*_logits(rates))
        half = stats.t.ppf(0.975, k - 1) * error
        reach = stats.t.ppf(0.975, k - 2) * np.hypot(tau, error)
        figures = [*special.expit(mean + np.array([0, -half, half, -reach, reach])), tau]
    row = rates.iloc[0][["denominator", "outcome"]].to_dict() | {"k": k}
    return pd.DataFrame([row | dict(zip(_POOLED, figures, strict=True)) | {"said": said}])


def _logits(rates: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rates as logits, with their variances: from their counts, or else from their printed intervals."""
    from scipy.special import logit

    count, n = _counted(rates).to_numpy(), rates["n"].to_numpy(float, na_value=np.nan)
    edge = (count == 0) | (count == n)
    count, n = count + 0.5 * edge, n + edge
    ends = logit(rates[["lower", "upper"]].to_numpy(float))
    printed = logit(rates["rate"].to_numpy(float)), (np.ptp(ends, axis=1) / (2 * Z)) ** 2
    counted = logit(count / n), 1 / count + 1 / (n - count)
    has_count = rates["interval"].isin(_COUNTED)
    return tuple(np.where(has_count, *both) for both in zip(counted, printed, strict=True))


def _combined(y: np.ndarray, variance: np.ndarray) -> tuple[float, float, float]:
    """The mean of some estimates, its error by Hartung and Knapp, and tau by Paule and Mandel.

    Tau squared is where the weighted squares about the mean add up to their degrees of freedom. (statsmodels
    iterates for it, and stops at 0 where studies differ by far more than their errors.)
    """
    from scipy.optimize import brentq

    def squares(tau2: float) -> float:
        weights = 1 / (variance + tau2)
        return weights @ (y - np.average(y, weights=weights)) ** 2

    free, most = len(y) - 1, np.sum((y - y.mean()) ** 2)
    tau2 = brentq(lambda x: squares(x) - free, 0, most) if squares(0) > free else 0.0
    weights = 1 / (variance + tau2)
    error = np.sqrt(squares(tau2) / (free * weights.sum()))
    return float(np.average(y, weights=weights)), float(error), float(np.sqrt(tau2))
