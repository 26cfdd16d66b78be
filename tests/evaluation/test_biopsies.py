"""The real biopsies: a first reading out of fold, and what second readings find and waste."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from statsmodels.stats.proportion import proportion_confint

from secondop.errors import SecondopError
from secondop.evaluation.learned import biopsy_readings, second_readings


@pytest.fixture(scope="module")
def readings():
    return biopsy_readings(seed=3, folds=3)


@pytest.fixture(scope="module")
def table(readings):
    return second_readings(readings, [0, 0.05, 0.15, 0.3, 0.5], "pathology_result")


def test_the_biopsies_are_the_569_of_which_212_are_malignant(readings):
    assert (len(readings), readings["malignant"].sum()) == (569, 212)
    assert readings["malignant"].tolist() == (load_breast_cancer().target == 0).tolist()


def test_the_first_reading_is_right_far_more_often_than_guessing_and_not_always(readings):
    assert 0 < (~readings["first_right"]).sum() < 0.05 * len(readings)
    assert ((readings["first_reading"] == "malignant") == (readings["probability"] >= 0.5)).all()


def test_the_same_seed_gives_the_same_readings_and_another_does_not(readings):
    again, other = biopsy_readings(seed=3, folds=3), biopsy_readings(seed=4, folds=3)
    pd.testing.assert_frame_equal(readings, again)
    assert not np.allclose(readings["probability"], other["probability"])


READINGS = pd.DataFrame(
    # malignant, probability: four are right, the second and the fourth are wrong
    [(True, 0.9), (True, 0.25), (False, 0.1), (False, 0.95), (False, 0.4), (False, 0.02)],
    columns=["malignant", "probability"],
)
READINGS["first_right"] = (READINGS["probability"] >= 0.5) == READINGS["malignant"]
BY_HAND = [
    # band  referred true_positive false_positive
    (0.0, 0, 0, 0),
    (0.11, 1, 0, 1),
    (0.25, 1, 0, 1),  # 0.25 lies on the edge, which is outside
    (0.26, 2, 1, 1),
    (0.41, 4, 1, 3),
    (0.5, 6, 2, 4),
]


def test_second_readings_are_those_counted_by_hand():
    counted = second_readings(READINGS, [band for band, *_ in BY_HAND], "pathology_result")
    assert (
        counted[["band", "referred", "true_positive", "false_positive"]].to_records(index=False).tolist()
        == BY_HAND
    )
    assert (counted["n"] == 6).all() and (counted["errors"] == 2).all()


def test_intervals_are_wilsons(table):
    for row in table.itertuples():
        assert row.share == row.referred / row.n
        assert (row.lower, row.upper) == pytest.approx(
            proportion_confint(row.referred, row.n, method="wilson")
        )
        caught = proportion_confint(row.true_positive, row.errors, method="wilson")
        assert row.sensitivity == row.true_positive / row.errors
        assert (row.sensitivity_lower, row.sensitivity_upper) == pytest.approx(caught)


def test_a_wider_band_refers_and_catches_no_fewer(table):
    assert all(
        table[column].is_monotonic_increasing for column in ("referred", "true_positive", "false_positive")
    )


def test_nothing_else_is_recorded_so_every_biopsy_stays_undetermined(table):
    assert (table["undetermined"] == table["n"]).all()


@pytest.mark.parametrize("band", [-0.1, 0.51])
def test_a_band_beyond_its_ends_is_refused(band):
    with pytest.raises(SecondopError, match=r"from 0 to 0\.5"):
        second_readings(READINGS, [0.1, band], "pathology_result")
