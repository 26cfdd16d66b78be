"""What changes when the second reader knows the first opinion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from secondop.cohorts.outcomes import expected_rates
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.datafiles import data_path
from secondop.errors import SecondopError

_ANCHORING = "readers.anchoring"
_STEPS = 9  # odds ratios at which an interval is walked, since an outcome may turn inside it


def published_anchoring() -> pd.DataFrame:
    """Published odds ratios of anchoring: ``id, study, year, readers, n, odds_ratio, lower, upper, ...``.

    The columns are those of ``data/anchoring.csv`` (dictionary: ``data/README.md``).

    Examples
    --------
    >>> published_anchoring()[["id", "odds_ratio", "lower", "upper"]].to_string(index=False).splitlines()[1]
    'vashitz_ortho_OR       1.437  1.115  1.852'
    """
    return pd.read_csv(data_path("anchoring.csv"))


def anchoring_effects(scenario: Scenario | str, odds_ratios: pd.DataFrame | None = None) -> pd.DataFrame:
    """Second opinions by readers who know the first one, against the same readers blinded.

    Shares are exact: they are summed over the cases' traits, and nothing is drawn. Each odds ratio raises the
    odds of the first opinion, whatever that is; its interval is carried through by walking from end to end.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or the name of one that comes with the package. Its own anchoring is set aside.
    odds_ratios : DataFrame, optional
        One row per kind of reader: ``readers, odds_ratio, lower, upper``. By default `published_anchoring`.

    Returns
    -------
    DataFrame
        One row per kind of reader and outcome: ``readers``, ``odds_ratio``, ``outcome``; ``blinded`` and
        ``known``, shares of the second opinions obtained; ``change`` (known minus blinded) with
        ``change_lower`` and ``change_upper``, least and greatest over the interval of the odds ratio. That is
        all the uncertainty they hold: the scenario's assumptions come on top. Outcomes: ``agree`` (both give
        the same diagnosis), ``corrected`` (wrong, then right), ``spoiled`` (right, then wrong), ``gained``
        (corrected less spoiled) and ``treatment_changed``.

    Raises
    ------
    SecondopError
        If a column is missing, or an odds ratio lies outside its interval or is not above 0.

    Examples
    --------
    >>> surgeons = anchoring_effects("programme").query("odds_ratio == 1.437").set_index("outcome")
    >>> (surgeons.loc[["agree", "corrected", "spoiled"], "change"] > 0).to_dict()
    {'agree': True, 'corrected': False, 'spoiled': False}
    """
    scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
    readers = published_anchoring() if odds_ratios is None else odds_ratios
    if missing := {"readers", "odds_ratio", "lower", "upper"} - set(readers):
        raise SecondopError(f"The odds ratios lack {', '.join(sorted(missing))}.")
    ordered = (readers["lower"] > 0) & readers["odds_ratio"].between(readers["lower"], readers["upper"])
    if not ordered.all():
        raise SecondopError(
            "An odds ratio lies above 0 and inside its interval; not so for: "
            + ", ".join(readers.loc[~ordered, "readers"].astype(str))
        )
    blinded, rows = _shares(scenario, 1.0), []
    for kind in readers.itertuples():
        known = _shares(scenario, kind.odds_ratio)
        walk = pd.DataFrame([_shares(scenario, a) for a in np.geomspace(kind.lower, kind.upper, _STEPS)])
        change = pd.concat([walk, known.to_frame().T]) - blinded
        rows.append(
            pd.DataFrame({"blinded": blinded, "known": known, "change": known - blinded})
            .assign(change_lower=change.min(), change_upper=change.max())
            .rename_axis("outcome")
            .reset_index()
            .assign(readers=kind.readers, odds_ratio=kind.odds_ratio)
        )
    first = ["readers", "odds_ratio", "outcome"]
    table = pd.concat(rows, ignore_index=True)
    return table[[*first, *table.columns.difference(first, sort=False)]]


def _shares(scenario: Scenario, odds_ratio: float) -> pd.Series:
    rates = expected_rates(scenario.replace({_ANCHORING: float(odds_ratio)}))
    return pd.Series(
        {
            "agree": 1 - rates["diagnosis_changed"],
            "corrected": rates["corrected"],
            "spoiled": rates["spoiled"],
            "gained": rates["corrected"] - rates["spoiled"],
            "treatment_changed": rates["treatment_changed"],
        }
    )
