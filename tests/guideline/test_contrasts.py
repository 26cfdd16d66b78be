"""Whom a contrast compares is said twice, by the book for cohorts and by scenarios: both say the same."""

import csv

import pandas as pd
import pytest

from secondop.cohorts.scenario_file import load_scenario
from secondop.datafiles import data_path
from secondop.evaluation.comparison import DENOMINATORS, MEANT, compare
from secondop.evaluation.contrasts import ALL, SOUGHT
from secondop.evaluation.published import published_contrasts
from secondop.guideline.contrasts import SIDES

CONTRASTS = published_contrasts().set_index("id")
with data_path("contrast_anchors.csv").open(encoding="utf-8", newline="") as file:
    SOURCES = {row["effect"]: row["source"] for row in csv.DictReader(file)}
SHIPPED = ["programme", "general", "surgical", "oncology"]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("effect", SOURCES)
def test_a_scenario_compares_whom_its_contrast_compares(name, effect):
    structure = load_scenario(name).structure
    assert structure.effects[effect] == SIDES[SOURCES[effect]]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("effect", SOURCES)
def test_a_scenario_is_fitted_to_the_measure_and_the_outcome_of_its_contrast(name, effect):
    stated, row = load_scenario(name).structure.stated, CONTRASTS.loc[SOURCES[effect]]
    among, _ = DENOMINATORS[row["denominator"]]
    assert stated[f"effects.{effect}.measure"] == row["measure"]
    assert stated[f"effects.{effect}.outcome"] == MEANT[row["outcome"]]
    assert {"all": ALL, "sought": SOUGHT}[stated[f"effects.{effect}.among"]] == among


@pytest.mark.parametrize("name", SHIPPED)
def test_every_effect_of_a_scenario_that_is_solved_for_has_its_published_contrast(name):
    assert set(load_scenario(name).structure.effects) == set(SOURCES)


def test_the_upper_bound_of_doubt_is_of_the_same_cases():
    assert SIDES["lymphopath_doubt"] == SIDES["doubt_risk_ratio"]


def test_kinds_of_procedure_are_compared_among_operations_proposed():
    kinds = ["major_surgery"] * 400 + ["invasive_procedure"] * 600 + ["minor_surgery"] * 100
    changed = [True] * 200 + [False] * 200 + [True] * 100 + [False] * 500 + [True] * 100
    cases = pd.DataFrame({"procedure_proposed": kinds, "treatment_changed": changed, "sought": False})
    rows = published_contrasts().query("id == 'martin_procedures'")
    row = compare(cases, rows, scenario="surgical", fitted_to=()).iloc[0]
    assert row[["cohort_n_group", "cohort_n_reference", "verdict"]].to_list() == [400, 600, "within"]
    assert row["cohort_value"] == pytest.approx(3)
    other = compare(cases, rows, scenario="general", fitted_to=()).iloc[0]
    assert other["verdict"] == "not comparable" and "Only cases of the scenario 'surgical'" in other["reason"]
