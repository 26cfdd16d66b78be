"""Published rates pooled: like with like, or not at all."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from secondop.errors import SecondopError, refuse
from secondop.evaluation.measures import Z
from secondop.evaluation.published import counted_of, with_intervals

FEWEST = 3
_COUNTED = ("Wilson from count", "Wilson from n")
_NEEDED = {"id", "institution", "denominator", "outcome"}
_NEEDED |= {"n", "numerator", "rate", "lower", "upper", "interval"}
_FIGURES = ["rate", "lower", "upper", "prediction_lower", "prediction_upper", "tau"]


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
    >>> from secondop.evaluation.published import published_rates
    >>> rates = published_rates().set_index("id", drop=False)
    >>> pool(rates.loc[["bowen_major", "matasar_2001"]])["said"].item()
    'too few to pool: 2 of the 3 rates that are needed'
    """
    if not isinstance(rates, pd.DataFrame) or not set(rates.columns) >= _NEEDED:
        said = f"Rates to pool are rows of published_rates(), with {', '.join(sorted(_NEEDED))}"
        raise SecondopError(f"{said}.")
    rates, told = with_intervals(rates), [] if len(rates) else ["there are none"]
    for what in ("denominator", "outcome"):
        kinds = rates[what].unique()
        told += [f"unlike {what}s: {'; '.join(kinds)}"] * (len(kinds) > 1)
    for institution, own in rates.groupby("institution")["id"]:
        told += [f"{', '.join(own)} are of one institution, {institution}: keep one"] * (len(own) > 1)
    usable = rates["interval"].isin([*_COUNTED, "published", "derived"])
    told += [f"{x}: no count and no 95 % interval" for x in rates["id"][~usable]]
    refuse("Only like is pooled with like", told)
    k, figures = len(rates), [float("nan")] * len(_FIGURES)
    said = f"{k} rates" if k >= FEWEST else f"too few to pool: {k} of the {FEWEST} rates that are needed"
    if k >= FEWEST:
        mean, error, tau = _combined(*np.array([_logit(rate) for _, rate in rates.iterrows()]).T)
        half = stats.t.ppf(0.975, k - 1) * error
        reach = stats.t.ppf(0.975, k - 2) * np.hypot(tau, error)
        figures = [*special.expit(mean + np.array([0, -half, half, -reach, reach])), tau]
    row = rates.iloc[0][["denominator", "outcome"]].to_dict() | {"k": k}
    return pd.DataFrame([row | dict(zip(_FIGURES, figures, strict=True)) | {"said": said}])


def _combined(y: np.ndarray, variance: np.ndarray) -> tuple[float, float, float]:
    """The mean of some estimates, its error by Hartung and Knapp, and tau by Paule and Mandel.

    Tau squared is where the weighted squares about the mean add up to their degrees of freedom. (statsmodels
    iterates for it, and stops at 0 where studies differ by far more than their errors.)
    """

    def squares(tau2: float) -> float:
        weights = 1 / (variance + tau2)
        return weights @ (y - np.average(y, weights=weights)) ** 2

    free, most = len(y) - 1, np.sum((y - y.mean()) ** 2)
    tau2 = optimize.brentq(lambda x: squares(x) - free, 0, most) if squares(0) > free else 0.0
    weights = 1 / (variance + tau2)
    error = np.sqrt(squares(tau2) / (free * weights.sum()))
    return float(np.average(y, weights=weights)), float(error), float(np.sqrt(tau2))


def _logit(rate: pd.Series) -> tuple[float, float]:
    """A rate as a logit, with its variance: from its count, or else from its printed interval."""
    if rate["interval"] in _COUNTED:
        count, n = counted_of(rate), int(rate["n"])
        count, n = (count, n) if 0 < count < n else (count + 0.5, n + 1)
        return special.logit(count / n), 1 / count + 1 / (n - count)
    lower, upper = special.logit(rate[["lower", "upper"]].to_numpy(float))
    return special.logit(rate["rate"]), ((upper - lower) / (2 * Z)) ** 2
