"""Second readings of the real biopsies that ship with scikit-learn: what they find and waste."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.evaluation.learners import one_thread
from secondop.rules.assess import assess
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

BIOPSIES = (
    "Breast Cancer Wisconsin (Diagnostic): 569 fine needle aspirates, 30 measures of the cell nuclei each, "
    "with the confirmed diagnosis. Street, Wolberg & Mangasarian 1993; UCI Machine Learning Repository, "
    "CC BY 4.0."
)


def biopsy_readings(*, seed: int, folds: int = 10) -> pd.DataFrame:
    """A first reading of 569 real breast biopsies, each by a model that never saw that biopsy.

    A logistic regression on the 30 measures of the cell nuclei, its probabilities calibrated (Platt) inside
    each training part, stands in for the first reader. No pathologist's reading is in the data.

    Parameters
    ----------
    seed : int
        Deals the biopsies to the folds.
    folds : int
        Parts of the cross-validation, from 2 on.

    Returns
    -------
    pandas.DataFrame
        One row per biopsy: ``malignant`` (the confirmed diagnosis), ``probability`` (of malignancy, out of
        fold), ``first_reading`` (malignant at 0.5 or more) and ``first_right``.

    References
    ----------
    Street, Wolberg & Mangasarian 1993, SPIE 1905:861-870 (the data, through scikit-learn).
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if folds < 2:
        raise SecondopError(
            f"biopsy_readings needs at least 2 folds to predict what it did not see; got {folds}."
        )
    data = load_breast_cancer()
    malignant = data.target == list(data.target_names).index("malignant")
    reader = CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)), cv=5)
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with one_thread():
        probability = cross_val_predict(reader, data.data, malignant, cv=dealt, method="predict_proba")[:, 1]
    first = probability >= 0.5
    return pd.DataFrame(
        {
            "malignant": malignant,
            "probability": probability,
            "first_reading": np.where(first, "malignant", "benign"),
            "first_right": first == malignant,
        }
    )


def as_cases(readings: pd.DataFrame, *, band: float) -> pd.DataFrame:
    """The readings as cases: a probability within ``band`` of one half is an ambiguous pathology report.

    Everything else about these patients is not recorded, and stays unknown.

    Parameters
    ----------
    readings : pandas.DataFrame
        As :func:`biopsy_readings` gives.
    band : float
        Half the width of the ambiguous band, 0 to 0.5. At 0 no report is ambiguous, at 0.5 each one is.

    Returns
    -------
    pandas.DataFrame
        The readings with the fact ``pathology_result``.
    """
    if not 0 <= band <= 0.5:
        raise SecondopError(f"The band reaches from 0 to 0.5 on either side of one half; got {band}.")
    ambiguous = ((readings["probability"] - 0.5).abs() < band) | (band == 0.5)
    return readings.assign(pathology_result=np.where(ambiguous, "ambiguous", "clear"))


def second_readings(
    readings: pd.DataFrame, bands: Sequence[float], rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """What second readings would find and waste, for every width of the ambiguous band.

    A second reading is useful where the first was wrong. It is *assumed* to be right: the counts are the
    most that a second reader could catch.

    Parameters
    ----------
    readings : pandas.DataFrame
        As :func:`biopsy_readings` gives.
    bands : sequence of float
        Half-widths of the band, 0 to 0.5; see :func:`as_cases`.
    rule_book : RuleBook
        Decides who is read again: recommended or urgent.

    Returns
    -------
    pandas.DataFrame
        One row per band: ``band, n, sent, share, lower, upper`` (share sent of all biopsies with its Wilson
        interval), ``errors`` (first readings that were wrong), ``caught``, ``caught_lower, caught_upper``
        (share of the errors, Wilson), ``needless`` and ``undetermined`` (cases that unknown facts could still
        raise).
    """
    from statsmodels.stats.proportion import proportion_confint

    cases = pd.concat([as_cases(readings, band=band).assign(band=band) for band in bands], ignore_index=True)
    assessed = assess(cases, rule_book)
    sent = assessed["recommendation"] >= "recommended"
    table = (
        assessed.assign(sent=sent, errors=~assessed["first_right"], caught=sent & ~assessed["first_right"])
        .groupby("band")
        .agg(n=("sent", "size"), sent=("sent", "sum"), errors=("errors", "sum"), caught=("caught", "sum"))
        .assign(undetermined=assessed.groupby("band")["undetermined"].sum())
        .reset_index()
    )
    lower, upper = proportion_confint(table["sent"], table["n"], method="wilson")
    caught_lower, caught_upper = proportion_confint(table["caught"], table["errors"], method="wilson")
    return table.assign(
        needless=table["sent"] - table["caught"],
        share=table["sent"] / table["n"],
        lower=lower,
        upper=upper,
        caught_lower=caught_lower,
        caught_upper=caught_upper,
    )
