"""Own files as they come: codes, gaps, titles, totals, other languages; tests named after their fault."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from secondop import Cohort, firing_rates
from secondop.datafiles import for_spreadsheets, is_formula
from secondop.rules.spellings import is_not_recorded

GAPS = ["", " ", "NA", "n/a", "unknown", "Not-recorded", "#N/A", None, float("nan"), pd.NA, pd.NaT]


@pytest.mark.parametrize("gap", GAPS, ids=repr)
def test_2_1_one_list_of_spellings_says_what_is_not_recorded(gap):
    assert is_not_recorded(gap)


@pytest.mark.parametrize("answer", ["no", "none", 0, False, "0", "-", "nobody"], ids=repr)
def test_2_1_an_answer_is_recorded(answer):
    assert not is_not_recorded(answer)


WARDS = pd.DataFrame(
    {"neoplasia_concern": [True, False, True, None, False], "ward": ["North", "unknown", " ", None, "N/A"]}
)
DRESSES = {
    "text": WARDS,
    "category": WARDS.astype({"ward": "category"}),
    "ordered": WARDS.astype({"ward": pd.CategoricalDtype(["unknown", "North", "N/A", " "], ordered=True)}),
    "polars": pl.from_pandas(WARDS),
    "lazy": pl.from_pandas(WARDS).lazy(),
    "pyarrow": pa.Table.from_pandas(WARDS),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_2_1_a_group_that_spells_a_gap_joins_those_not_recorded(dress):
    table = firing_rates(DRESSES[dress], by="ward")
    cases = table.drop_duplicates("group").set_index("group")["n"]
    assert cases.to_dict() == {"North": 1, "not recorded": 4}


def test_2_1_a_level_that_spells_a_gap_stays_a_group():
    counted = Cohort(
        pd.DataFrame({"prognosis_given_by": ["nobody", None]}), outcome=None, by="prognosis_given_by"
    )
    assert counted.tally([])[0] == ["nobody", "not recorded"]


@pytest.mark.parametrize(
    "cell", ["=1+1", "\n=1+1", " =1", "\t@SUM(1)", "+cmd|' /C'!A0", "-A1", "＝1", "\u00a0=1", "\0=1"]
)
def test_fault_13_whatever_a_spreadsheet_could_run_is_a_formula(cell):
    assert is_formula(cell)
    table = pd.DataFrame({cell: [cell, None], "n": [1, -2]}, index=[cell, "x"])
    written = for_spreadsheets(table)
    assert written.to_csv().count(f"'{cell}") == 3
    assert written["n"].tolist() == [1, -2] and table.columns[0] == cell


@pytest.mark.parametrize("cell", ["-2.5", "+3", "-", "a=b", "", "1-2", None, -1, "'=1"])
def test_fault_13_numbers_and_plain_texts_are_none(cell):
    assert not is_formula(cell)
