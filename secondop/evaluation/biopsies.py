"""Second readings of real breast aspirates (cytology), which scikit-learn ships: who is read again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.evaluation.measures import wilson
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess

BIOPSIES = (
    "Breast Cancer Wisconsin (Diagnostic): 569 fine needle aspirates, 30 measures of the cell nuclei each, "
    "with the diagnosis. Street, Wolberg & Mangasarian 1993; UCI Machine Learning Repository, CC BY 4.0."
)


def biopsy_readings(*, seed: int, folds: int = 10) -> pd.DataFrame:
    """A first reading of 569 real fine-needle aspirates of the breast, each by a model that never saw it.

    A logistic regression, calibrated (Platt) inside each training part, stands in for the first reader: no
    pathologist's reading is in the data. ``first_reading`` is malignant from a ``probability`` of 0.5. The
    probabilities are too near to one another: their calibration slope is well above 1.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    x, benign = load_breast_cancer(return_X_y=True)
    reader = CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)), cv=5)
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with threadpool_limits(1):
        chance = cross_val_predict(reader, x, benign == 0, cv=dealt, method="predict_proba")[:, 1]
    table = pd.DataFrame({"malignant": benign == 0, "probability": chance})
    table["first_reading"] = np.where(chance >= 0.5, "malignant", "benign")
    return table.assign(first_right=(chance >= 0.5) == table["malignant"])


def second_readings(readings: pd.DataFrame, bands: Sequence[float], fact: str) -> pd.DataFrame:
    """What second readings would find if a probability less than ``band`` from one half is ambiguous.

    Each band (0 to 0.5: none, all) says *clear* or *ambiguous* of the ``fact``, all that is recorded; the
    rule book decides who is read again. A second reading is *assumed* right: so many errors are corrected
    at most (``true_positive``); the rest change nothing (``false_positive``). The ``share`` is referred
    (``lower, upper``: 95 % Wilson); ``sensitivity``, with its own ends, is the share of errors that are.
    """
    if wrong := [band for band in bands if not 0 <= band <= 0.5]:
        raise SecondopError(f"A band reaches from 0 to 0.5 on either side of one half; got {wrong[0]}.")
    cases = readings[["probability", "first_right"]].merge(pd.Series(bands, name="band"), how="cross")
    doubted = ((cases["probability"] - 0.5).abs() < cases["band"]) | (cases["band"] == 0.5)
    cases = assess(cases.assign(**{fact: np.where(doubted, "ambiguous", "clear")}), RULE_BOOK)
    cases = cases.assign(n=1, errors=~cases["first_right"], referred=cases["recommendation"] >= "recommended")
    cases["true_positive"] = cases["referred"] & cases["errors"]
    counted = ["n", "errors", "referred", "true_positive", "undetermined"]
    table = cases.groupby("band")[counted].sum().reset_index()
    table["false_positive"] = table["referred"] - table["true_positive"]
    for share, ends, k, n in (
        ("share", ["lower", "upper"], table["referred"], table["n"]),
        ("sensitivity", ["sensitivity_lower", "sensitivity_upper"], table["true_positive"], table["errors"]),
    ):
        table[[share, *ends]] = np.stack([k / n, *wilson(k, n)], -1)
    return table
