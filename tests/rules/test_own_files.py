"""Own files as they come: codes, gaps, titles, totals, other languages; tests named after their fault."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import sys
import tempfile
import warnings
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop import (
    RULE_BOOK,
    Cohort,
    MissingCodesWarning,
    RowsWarning,
    SecondopError,
    assess,
    check_cases,
    firing_rates,
    mapping_template,
    read_cases,
    read_scenario,
)
from secondop.datafiles import for_spreadsheets, is_formula
from secondop.rules.spellings import NearMissWarning, is_not_recorded
from tests.kit import examples

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
    assert counted.tally([nw.lit(True)])[0] == ["nobody", "not recorded"]


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


# ------------------------------------------------------------------ reading own files

pytestmark = pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning")
FOLDER = tempfile.TemporaryDirectory()
ROWS = pytest.mark.filterwarnings("ignore::secondop.rules.doubts.RowsWarning")


def text(*lines):
    """The path of a file of these lines."""
    return saved("\n".join([*lines, ""]).encode())


def saved(content, name="log.csv"):
    """The path of a file that holds this."""
    path = Path(FOLDER.name, name)
    path.write_bytes(content)
    return path


def said_by(category, read, *args, **more):
    """What one warning of this kind says."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read(*args, **more)
    [one] = [str(warning.message) for warning in caught if warning.category is category]
    return one


def workbook(*sheets, **more):
    """A workbook of these sheets, each a list of rows."""
    book, path = openpyxl.Workbook(), Path(FOLDER.name, "log.xlsx")
    book.remove(book.active)
    for i, rows in enumerate(sheets):
        sheet = book.create_sheet(more.get("title", f"Sheet {i + 1}"))
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def plain(values):
    return [None if pd.isna(value) else value for value in values]


# --- kind 1: near misses


def test_1_1_a_fact_is_read_whatever_the_case_of_its_column():
    frame = pd.DataFrame({"sex": ["female"], "Neoplasia_Concern": [True]})
    said = assess(frame, RULE_BOOK.only("neoplasia-concern"))
    assert said["recommendation"].tolist() == ["recommended"]


def test_1_1_further_names_in_columns_values_unknown_and_id_are_as_forgiving():
    got = read_cases(
        text("Mein Befund,sex,Nr. 1", "w,1,7", "m,9,8"),
        columns={"MEIN-BEFUND": "specialty"},
        values={"mein befund": {"w": "surgery", "m": "other"}, "Sex": {1: "male"}},
        unknown={"SEX ": [9]},
        id="nr. 1",
    )
    assert got["specialty"].tolist() == ["surgery", "other"] and plain(got["sex"]) == ["male", None]


def test_1_2_columns_with_capitals_and_blanks_are_read_and_checked():
    table = check_cases(
        text("patient,Rare_Disease, sex ,neoplasia_concern", "1,yes,F,no", "2,maybe,female,yes")
    )
    assert table[["column", "first_case", "value"]].values.tolist() == [
        [" sex ", "line 2", "'F'"],
        ["Rare_Disease", "line 3", "'maybe'"],
    ]


NEAR = "patient,rare_diseas,sex", "1,yes,F"


@pytest.mark.parametrize("kind", ["text", "workbook", "pandas", "polars", "pyarrow"])
def test_1_2_a_near_miss_is_the_first_row_of_the_table_and_first_in_its_warning(kind):
    rows = [line.split(",") for line in NEAR]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    makers = {"text": lambda: text(*NEAR), "workbook": lambda: workbook(rows), "pandas": lambda: frame}
    makers |= {"polars": lambda: pl.from_pandas(frame), "pyarrow": lambda: pa.Table.from_pandas(frame)}
    assert check_cases(makers[kind]())["column"].tolist() == ["rare_diseas", "sex"]
    said = said_by(NearMissWarning, read_cases, makers[kind](), values={"sex": {"F": "female"}})
    assert said.startswith("Not read as a fact: column 'rare_diseas' (did you mean 'rare_disease'?)")


@pytest.mark.parametrize("engine", ["lazy", "duckdb"])
def test_1_3_a_lazy_engine_reads_the_same_words_and_counts_what_it_cannot(engine):
    words = ["ambiguous", "Ambiguous", "ambigous", "#N/A", "not available"]
    table = pa.table({"pathology_result": words})
    cases = pl.from_arrow(table).lazy() if engine == "lazy" else duckdb.connect().from_arrow(table)
    said = nw.from_native(assess(cases, RULE_BOOK.only("ambiguous-pathology"))).collect().to_arrow()
    assert said["recommendation"].to_pylist() == ["recommended"] * 2 + ["no_indication"] * 3
    assert said["unreadable"].to_pylist() == [0, 0, 1, 0, 0]


# --- kind 2: codes for what is missing

COURSE = RULE_BOOK.only("failed-first-line")
FAILED = "first_line_weeks,first_line_appropriate,treatment_response,symptom_course,disease_control"
AT_999 = "999,yes,none,unchanged,uncontrolled"


def test_2_2_999_weeks_are_warned_of_and_unknown_once_that_is_said():
    said = said_by(MissingCodesWarning, read_cases, text(FAILED, AT_999))
    assert said == (
        "Of the cases of log.csv: column 'first_line_weeks': 999 stands far from every other number, "
        "in 1 row. If it stands for not recorded, say unknown={'first_line_weeks': [999]}."
    )
    cases = read_cases(text(FAILED, AT_999), unknown={"first_line_weeks": [999]})
    verdict = assess(cases, COURSE).iloc[0]
    assert (verdict["recommendation"], verdict["possible"]) == ("no_indication", "recommended")


CODES = [
    # numbers                          what stands apart
    ([1, 2, 3, 9], [9]),
    ([1, 2, 5, 9], []),
    ([0, 0, 9], [9]),
    ([10, 40, 52, 99, 888, 999], [888, 999]),
    ([60, 75, 95, 99], []),
    ([*range(53), 99, 99, 99], [99]),  # again and again, behind a gap that no others leave
    ([*range(53), 99, 99], []),
    ([*range(18, 86), 99, 99, 99], [99]),
    ([*range(60, 98), 99, 99, 99], []),
    ([*range(10, 100, 10), 99, 99, 99], []),
    ([3, 9, 12], []),
    ([52, 400, 999], [999]),
    ([52, 520, 999], []),
    ([99], []),
    ([999, None], [999]),
    ([None, None], []),
    ([*range(41), 97, 98, 99], [97, 98, 99]),  # refused, does not know, not asked
    ([1, 2, 3, 8, 9], [8, 9]),
    ([*range(41), 98, 98, 98], []),  # no 99 beside it
    ([*range(53), 98, *[99] * 3], [98, 99]),
    ([*range(53), *[98] * 3, 99, 99], []),
    ([*range(18, 86), 97, 98, 99], []),  # persons
    ([*range(18, 86), 98, *[99] * 3], [98, 99]),
    ([*range(60, 98), *[98] * 9, *[99] * 3], []),
    ([*range(18, 97), 98, *[99] * 3], []),
    ([10, 40, 52, 98, 888, 999], [888, 999]),
    ([5, 300, 997, 998, 999], [997, 998, 999]),
    ([*range(1, 1000)], []),
]


@pytest.mark.parametrize(("numbers", "apart"), CODES, ids=str)
@pytest.mark.parametrize("dress", ["pandas", "Int64", "object", "text", "polars", "pyarrow"])
def test_2_2_a_code_stands_apart_at_the_end_of_its_column(numbers, apart, dress):
    frame = pd.DataFrame({"patient": "x", "weeks_so_far": pd.Series(numbers, dtype="Int64")})
    book = RULE_BOOK.only("failed-first-line")
    frame = frame.rename(columns={"weeks_so_far": "first_line_weeks"})
    if dress == "pandas":
        frame = frame.astype({"first_line_weeks": float})
    elif dress in ("object", "text"):
        frame = frame.astype({"first_line_weeks": object})
    if dress == "text":
        frame = saved(frame.to_csv(index=False).encode())
    elif dress == "polars":
        frame = pl.from_pandas(frame)
    elif dress == "pyarrow":
        frame = pa.Table.from_pandas(frame)
    table = check_cases(frame, rule_book=book)
    assert table["value"].tolist() == [str(code) for code in apart]


@pytest.mark.parametrize(
    ("cost", "apart"),
    [
        ([0, 3, 5, -1, -9], [-9, -1]),
        ([0, 3, 5, -1], []),
        ([0, 3, -5, -1, -9], []),  # a column of differences
        ([0, 3, 5, -1, -8, -99], [-99, -8, -1]),
    ],
    ids=str,
)
def test_2_2_further_codes_below_zero_stand_beside_what_is_none(cost, apart):
    table = check_cases(pd.DataFrame({"sex": "male", "cost": cost}))
    assert table["value"].tolist() == [*map(str, apart)]
    assert all(hint.endswith(f"say unknown={{'cost': {apart}}}.") for hint in table["hint"])


def test_2_2_further_a_column_that_is_no_fact_and_a_code_below_zero():
    table = check_cases(text("sex,cost", "male,1", "male,2", "male,-99", "male,9999"))
    assert table[["column", "first_case", "value"]].values.tolist() == [
        ["cost", "line 4", "-99"],
        ["cost", "line 5", "9999"],
    ]
    assert check_cases(text("sex,cost", "male,-50", "male,-99", "male,-20")).empty  # a column of losses
    got = read_cases(text("sex,cost", "male,1", "male,2", "male,-99"), unknown={"cost": [-99]})
    assert plain(got["cost"]) == [1, 2, None]


def test_2_2_further_a_code_that_is_no_answer_is_advised_to_be_said():
    table = check_cases(text("drug_trials,sex,rare_disease", "99,9,-99"))
    assert [hint.partition("say ")[2] for hint in table["hint"]] == [  # 9 may be an answer elsewhere
        "unknown={'sex': [9]}.",
        "unknown={'rare_disease': [-99]}.",
        "unknown={'drug_trials': [99]}.",
    ]


SAID = [
    # column              value            what is advised
    ("symptom_severity", "mittel", "Did you mean 'moderate'?"),  # and not mild, which is spelt alike
    ("symptom_severity", "Sévère", "Did you mean 'severe'?"),
    ("rare_disease", "Ja", "Did you mean 'yes'?"),
    ("rare_disease", "keine", ""),
    ("sex", "m", ""),  # man, and woman in Spanish
    ("sex", "k. A.", "say unknown={'sex': ['k. A.']}."),
    ("drug_trials", "nsp", "say unknown={'drug_trials': ['nsp']}."),
]


@pytest.mark.parametrize(("column", "value", "advice"), SAID, ids=[row[1] for row in SAID])
def test_10_further_a_word_of_another_language_is_advised_by_its_meaning(column, value, advice):
    (hint,) = check_cases(pd.DataFrame({column: [value], "x": "a"}))["hint"]
    assert hint.endswith(advice) and bool(hint) == bool(advice)


@given(st.lists(st.integers(0, 60), min_size=3), st.sampled_from([888, 999, 9999]), st.integers(0, 5))
@ROWS
@pytest.mark.filterwarnings("ignore::secondop.rules.spellings.MissingCodesWarning")  # of 9 among zeros
def test_2_2_a_code_said_to_be_unknown_is_never_a_number(numbers, code, place):
    cases = [*numbers[:place], code, *numbers[place:]]
    got = read_cases(pd.DataFrame({"first_line_weeks": cases, "id": range(len(cases))}), unknown=code)
    expected = [*map(float, numbers)]
    assert plain(got["first_line_weeks"].dropna()) == expected and got["first_line_weeks"].isna().sum() == 1


# --- kind 9: rows that are no cases

BLANK = "patient,neoplasia_concern", "1,yes", "2,no", ",", ","


def test_9_1_blank_rows_are_said_with_their_lines_and_kept():
    said = said_by(RowsWarning, read_cases, text(*BLANK))
    assert said == (
        "Of the cases of log.csv: 2 rows state nothing (lines 4, 5). "
        "Each counts as a case: remove it if it is none."
    )
    table = check_cases(text(*BLANK))
    assert table[["rows", "first_row", "first_case", "problem"]].values.tolist() == [
        [2, 2, "line 4", "2 rows state nothing (lines 4, 5)"]
    ]
    with pytest.warns(RowsWarning):
        assert len(read_cases(text(*BLANK))) == 4


ROWS_IN_DOUBT = [
    # what                                lines                                                     said
    ("a total", ["x,sex", "a,male", "Total:,", "b,other"], ["1 row looks like a total of others (line 3)"]),
    ("a sum in German", ["x,y,sex", "a,b,male", ",SUMME ,"], ["1 row looks like a total of others (line 3)"]),
    ("a word for a gap", ["x,sex", "a,male", "n/a,unknown"], ["1 row states nothing (line 3)"]),
    ("one column", ["sex", "", "male"], ["1 row states nothing (line 2)"]),
    ("a table of nothing, where none stands out", ["x,sex", ",", ","], []),
    ("a patient of whom nothing is known", ["x,sex", "a,", "b,male"], []),
    ("a value that is no answer", ["x,sex", ",males", "b,male"], ["is not one of female, male, other"]),
    ("many", ["x,sex", "a,male", *[","] * 9], ["9 rows state nothing (lines 3, 4, 5, 6, 7, ...)"]),
]


@pytest.mark.parametrize(("what", "lines", "said"), ROWS_IN_DOUBT, ids=[row[0] for row in ROWS_IN_DOUBT])
def test_9_1_further_rows_in_doubt_are_said_with_their_lines(what, lines, said):
    assert check_cases(text(*lines))["problem"].tolist() == said


@pytest.mark.parametrize("dress", ["pandas", "object", "polars", "pyarrow", "workbook"])
def test_9_1_further_frames_and_workbooks_say_which_rows_state_nothing(dress):
    frame = pd.DataFrame({"patient": ["1", None, "Sum"], "sex": ["male", " ", None], "n": [1, None, 2]})
    frame = frame.set_axis([17, 18, 19])
    if dress == "object":
        frame = frame.astype(object)
    elif dress == "polars":
        frame = pl.from_pandas(frame)
    elif dress == "pyarrow":
        frame = pa.Table.from_pandas(frame, preserve_index=False)
    elif dress == "workbook":
        frame = workbook([["patient", "sex", "n"], ["1", "male", 1], [], ["Sum", None, 2]])
    places = {"workbook": ["row 3", "row 4"]}.get(dress, ["case 1", "case 2"])
    places = ["case 18", "case 19"] if dress in ("pandas", "object") else places
    assert check_cases(frame)["first_case"].tolist() == places


IDS = "patient,sex", "7,male", "P1,male", "p1 ,other", ",male", "7.0,male", "n/a,other", ",other"


def test_9_1_further_ids_that_are_missing_or_repeated_are_said_without_their_value():
    table = check_cases(text(*IDS), id="Patient")
    assert table[["column", "rows", "problem"]].values.tolist() == [
        ["patient", 3, "3 rows have no id (lines 5, 7, 8)"],
        ["patient", 2, "2 rows repeat the id of one above (lines 4, 6)"],
    ]
    with pytest.raises(SecondopError, match=r"no one column 'pat'\. Did you mean 'patient'\?"):
        read_cases(text(*IDS), id="pat")


def test_9_further_a_group_in_several_spellings_is_said_and_not_joined():
    houses = ["North", "north ", "S\u00fcd", "Su\u0308d", "West", "NORTH"]
    frame = pd.DataFrame({"sex": "male", "house": houses, "asked": ["Yes", "yes", "NA", "na", "no", "No"]})
    table = check_cases(frame)
    assert table[["column", "rows", "first_case"]].values.tolist() == [
        ["house", 2, "case 1"],
        ["house", 1, "case 3"],
    ]
    assert "'North', 'north ', 'NORTH' may be one name, spelt in 3 ways" in table["problem"][0]
    with pytest.warns(RowsWarning, match="Each is a group of its own: values= joins them"):
        assert read_cases(frame)["house"].tolist() == houses
    joined = {"house": {"north": "North", "s\u00fcd": "S\u00fcd", "su\u0308d": "S\u00fcd"}}
    assert check_cases(frame, values=joined).empty
    notes = pd.DataFrame(
        {"sex": "male", "note": [f"Note {i}" for i in range(150)] + [f"note {i}" for i in range(150)]}
    )
    assert check_cases(notes).empty


# --- kind 10: advice


def test_10_1_empty_columns_without_a_name_are_left_aside_and_said():
    lines = "patient,neoplasia_concern,,", "1,yes,,"
    assert "of log.csv: the header leaves aside 2 columns without a name or a cell." in said_by(
        RowsWarning, read_cases, text(*lines)
    )
    with pytest.warns(RowsWarning):
        assert read_cases(text(*lines)).columns.tolist() == ["patient", "neoplasia_concern"]


TITLES = [
    # what                     lines                                                        above  first case
    ("a title", ["Log of second opinions,,", "patient,sex,x", "1,mal,2"], [1], "line 3"),
    ("a title of one cell", ["Log of second opinions", "patient,sex,x", "1,mal,2"], [1], "line 3"),
    (
        "title and date",
        ["Log;;", "Stand;01.02.2026;", ";;", "patient;sex;rare-disease", "1;mal;no"],
        [1, 2],
        "line 5",
    ),
    ("blank lines", ["", "Log,,", "", "patient,sex,x", "", "1,mal,2"], [2], "line 6"),
    ("a comma in the title", ['"Log, 2026",,', "patient,sex,x", "1,mal,2"], [1], "line 3"),
    ("Excel's separator", ["sep=;", "patient;sex", "1;mal"], [], "line 3"),
    ("one of one's own", ["sep=|", "patient|sex", "1|mal"], [], "line 3"),
]


@pytest.mark.parametrize(("what", "lines", "above", "place"), TITLES, ids=[row[0] for row in TITLES])
def test_10_1_what_stands_above_the_header_is_said_and_lines_stay_right(what, lines, above, place):
    table = check_cases(text(*lines))
    assert [row.first_case for row in table.itertuples() if "above the header" in row.problem] == [
        f"line {line}" for line in above
    ]
    assert table["first_case"].iloc[-1] == place


def test_10_1_further_a_title_above_foreign_names_and_in_a_workbook():
    filled = mapping_template(text("Registro 2026;;", "paciente;Sexo;x", "1;h;2", "2;h;3"))
    assert '"Sexo" = ""' in filled
    table = check_cases(workbook([[], ["Log"], ["patient", "sex", None], [1, "mal", None]]))
    assert table[["first_case", "problem"]].values.tolist() == [
        ["row 2", "stands above the header and is not read"],
        ["row 4", "is not one of female, male, other"],
    ]


def test_10_1_further_cells_below_no_name_are_not_left_aside():
    with pytest.raises(SecondopError, match=r"column named '', with cells in them\. Give each its own name"):
        read_cases(text("a,sex,,", "1,male,,3", "2,male,4,"))


LINES = [
    ("blank lines at the end", "patient,sex\n1,male\n2,mal\n\n\n", "line 3"),
    ("a line end in quotes", 'patient,sex\n"a\nb",male\nc,mal\n', "line 4"),
    ("both, below a title", 'Log,\npatient,sex\n"a\r\nb",male\n\nc,mal\n\n', "line 6"),
    ("below sep=", 'sep=,\r\npatient,sex\r\n"a\r\nb",male\r\nc,mal\r\n', "line 5"),
    ("a cell as long as a block", 'patient,sex\n"' + "x" * (1 << 23) + '",male\nc,mal\n', "line 3"),
]


@pytest.mark.parametrize(("what", "content", "place"), LINES, ids=[row[0] for row in LINES])
def test_10_4_a_problem_has_the_line_of_its_record(what, content, place):
    assert check_cases(saved(content.encode()))["first_case"].iloc[-1] == place


@pytest.mark.parametrize(
    ("file", "advice"),
    [
        (lambda: text("drug_trials", "2.5"), "Write a whole number."),
        (lambda: text("drug_trials;sex", "2,5;male"), "Write a whole number."),
        (lambda: workbook([["drug_trials"], [2.5]]), "Write a whole number."),
        (lambda: pl.DataFrame({"drug_trials": [2.5]}), "Write a whole number."),
    ],
    ids=["text", "a decimal comma", "workbook", "polars"],
)
def test_10_5_a_count_is_a_whole_number(file, advice):
    [row] = check_cases(file()).itertuples()
    assert (row.problem, row.hint) == ("is not a whole number", advice)


@pytest.mark.parametrize(
    "address",
    ["https://example.org/cases.csv", Path("https://example.org/cases.csv"), "s3://bucket/cases.parquet"],
)
def test_10_7_an_address_on_a_network_is_named_as_one(address):
    with pytest.raises(SecondopError, match=r"is an address .* Download the file"):
        read_cases(address)


def test_10_7_a_home_folder_is_expanded_wherever_a_path_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "log.csv").write_text("Geschlecht,sex\nw,male\n")
    written = mapping_template("~/log.csv", "~/log.toml")
    assert written == tmp_path / "log.toml"
    assert read_cases("~/log.csv", mapping="~/log.toml")["sex"].tolist() == ["male"]
    (tmp_path / "mine.toml").write_text('name = "mine"\nextends = "general"\n')
    assert read_scenario("~/mine.toml").name == "mine"


def test_10_7_a_scenario_that_is_not_there_is_said_so():
    with pytest.raises(SecondopError, match=r"There is no file 'mine\.toml' to read a scenario from"):
        read_scenario("mine.toml")


def test_10_7_a_scenario_that_is_silent_about_facts_is_told_of_extends():
    with pytest.raises(SecondopError, match=r'says nothing of 54 facts: extends = "general" takes over'):
        read_scenario('name = "mine"\n[facts]\nrare_disease = { share = 0.1 }\n')


OWN = "sex,neoplasia_concern,rare_disease,advanced_cancer", "1,Ja,Checked,F", "2,Nein,Unchecked,-99"
MEANT = {"sex": {1: "female", "2": "male"}, "ja": "yes", "nein": "no", "checked": "yes"}
AS_READ = [["female", True, True, False], ["male", False, None, None]]


@pytest.mark.parametrize(
    "dress", ["text", "workbook", "pandas", "object", "category", "polars", "pyarrow", "numbers"]
)
def test_10_8_own_words_and_codes_are_read_by_column_and_for_all(dress):
    rows = [line.split(",") for line in OWN]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    source = {
        "text": lambda: text(*OWN),
        "workbook": lambda: workbook([[int(x) if x.isdecimal() else x for x in row] for row in rows]),
        "pandas": lambda: frame,
        "object": lambda: frame.astype(object),
        "category": lambda: frame.astype("category"),
        "polars": lambda: pl.from_pandas(frame),
        "pyarrow": lambda: pa.Table.from_pandas(frame),
        "numbers": lambda: frame.astype({"sex": float}),
    }[dress]()
    got = read_cases(source, values=MEANT, unknown=["unchecked", -99])
    got = got.to_pandas() if not isinstance(got, pd.DataFrame) else got
    assert [plain(row) for row in got.astype(object).values.tolist()] == AS_READ


VALUES = [
    # what                      column of                values                                     is read as
    ("its own before all", "1,2", {"sex": {1: "male", 2: "female"}, "*": {"1": "other"}}, ["male", "female"]),
    ("usual spellings", "1,Female", {"sex": {1: "male"}}, ["male", "female"]),
    ("no answer to this fact", "male,no", {"no": "no", "sex": {"no": "other"}}, ["male", "other"]),
    ("a gap", "male,x", {"sex": {"x": None}}, ["male", None]),
    ("a word for a gap", "male,x", {"sex": {"x": "not recorded"}}, ["male", None]),
    ("not filled in", "male,other", {"sex": {"male": ""}}, ["male", "other"]),
    (
        "a word for a gap that means something here",
        "male,unknown",
        {"sex": {"unknown": "other"}},
        ["male", "other"],
    ),
    ("an answer renamed", "male,other", {"sex": {"other": "female"}}, ["male", "female"]),
]


@pytest.mark.parametrize(("what", "cells", "values", "answers"), VALUES, ids=[row[0] for row in VALUES])
def test_10_8_which_of_several_meanings_counts(what, cells, values, answers):
    got = read_cases(
        text("x,sex,rare_disease", *(f"a,{cell},yes" for cell in cells.split(","))), values=values
    )
    assert plain(got["sex"]) == answers


def test_10_8_where_numbers_are_codes_no_other_number_is_an_answer():
    table = check_cases(
        text("x,rare_disease", "a,1", "b,2", "c,0"), values={"rare_disease": {1: "no", 2: "yes"}}
    )
    assert table[["first_case", "value"]].values.tolist() == [["line 4", "'0'"]]
    assert table["problem"][0].startswith("is not among the codes of this column")


REFUSED = [
    # said                                                       what is wrong
    ({"values": {"sx": {1: "female"}}}, "there is no one column 'sx'. Did you mean 'sex'?"),
    (
        {"values": {"sex": {2: "mal"}}},
        "'mal', for '2', is no answer to 'sex': it takes one of female, male, other. Did",
    ),
    ({"values": {"sex": {1: "female", "1.0": "male"}}}, "'1.0' is given two answers, 'female' and 'male'"),
    ({"values": {"ja": "yess"}}, "no fact takes 'yess', for 'ja'. Did you mean 'yes'?"),
    ({"values": {"ja": "yes", "JA ": "no"}}, "'JA ' is given two answers, 'yes' and 'no'"),
    ({"values": ["ja"]}, "values is a dict"),
    ({"unknown": {"weeks": [9]}}, "there is no one column 'weeks'"),
    ({"encoding": "cp1252"}, "encoding= is for files of text"),
]


@pytest.mark.parametrize(("said", "wrong"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_10_8_what_cannot_be_meant_is_refused_with_what_can(said, wrong):
    frame = pd.DataFrame({"sex": ["1"], "rare_disease": ["ja"]})
    for read in (read_cases, check_cases):
        with pytest.raises(SecondopError, match=re.escape(wrong)):
            read(frame, **said)


def test_10_8_all_that_is_wrong_is_said_at_once():
    with pytest.raises(SecondopError) as caught:
        read_cases(text("sex", "1"), values={"sx": {1: "male"}, "ja": "yess"}, id="patient")
    assert all(said in str(caught.value) for said in ("'sx'", "'yess'", "'patient'"))
    with pytest.raises(SecondopError) as caught:
        read_cases(text("sex", "1"), columns={"Geschlecht": "sexx", "Verdacht": "suspicon"})
    assert all(said in str(caught.value) for said in ("'Geschlecht'", "'sexx'", "'Verdacht'", "'suspicon'"))


@pytest.mark.parametrize("dress", ["pandas", "polars", "pyarrow"])
def test_10_8_further_an_outcome_is_read_if_it_is_named_or_holds_no_other_words(dress):
    frame = pd.DataFrame({"sex": ["male"] * 3, "changed": ["ja", "k.A.", "Nein"], "note": ["ja", "so", None]})
    frame["site"] = [1, 2, 9]
    source = {"pandas": frame, "polars": pl.from_pandas(frame), "pyarrow": pa.Table.from_pandas(frame)}[dress]
    values = {"ja": "yes", "nein": "no", "site": {1: "North", 9: None}}
    got = read_cases(source, values=values, unknown="k.A.")
    got = got if dress == "pandas" else got.to_pandas()
    assert plain(got["changed"]) == ["yes", None, "no"] and plain(got["note"]) == ["ja", "so", None]
    assert plain(got["site"]) == ["North", "2", None]
    got = read_cases(frame, values={"ja": "yes", "note": {"so": "maybe"}, "site": {1: "North"}})
    assert plain(got["note"]) == ["yes", "maybe", None] and plain(got["changed"]) == ["ja", "k.A.", "Nein"]


def test_a_frame_with_a_column_named_read_is_no_file():
    assert read_cases(pd.DataFrame({"read": [1], "sex": ["male"]}))["read"].tolist() == [1]


def test_fault_10_a_scenario_too_is_refused_before_a_key_costs_anything():
    for text_of in (f'"=".{"a." * 20_000}b = 1\n', f"[rates]\nsought = {{ {'a.' * 300}b = 1 }}\n"):
        with pytest.raises(SecondopError, match=r"A scenario takes up to .* 64 parts of a key"):
            read_scenario(text_of)
    with pytest.raises(SecondopError, match=r"A scenario is not valid TOML|no section"):
        read_scenario(f"x = {'[' * 5000}{']' * 5000}\n")


ARGUMENTS = ("columns", "values", "unknown", "encoding", "mapping", "id")
ATOMS = [
    None,
    0,
    1.0,
    float("nan"),
    "ja",
    "sex",
    "x",
    "",
    "*",
    True,
    b"x",
    (1, 2),
    10**400,
    "\0",
    date(2026, 1, 1),
]
ODD = [*ATOMS, [1], {1}, {"a": [1]}, np.array([1, 2]), pd.Series([1]), object()]
SOURCES = [
    pd.DataFrame({"sex": ["male", "x"], "rare_disease": ["ja", None], "y": ["a", 2.5], "x": [1, 999]}),
    pd.DataFrame([["male", 1, 2]], columns=["sex", "x", "x"]),
    pd.DataFrame({"sex": ["male"], 5: [[1, 2]], ("a", "b"): [pd.Interval(0, 1)]}),
    pl.DataFrame({"sex": ["male", "x"], "x": [date(2026, 1, 1), None]}),
    pa.table({"sex": ["male"], "rare_disease": [True]}),
]
SAID = st.one_of(
    st.sampled_from(ODD),
    st.lists(st.sampled_from(ODD), max_size=3),
    st.dictionaries(st.sampled_from(ATOMS), st.sampled_from(ODD), max_size=3),
    st.dictionaries(st.sampled_from(ATOMS), st.dictionaries(st.sampled_from(ATOMS), st.sampled_from(ODD))),
)


@examples(150)
@given(st.sampled_from(SOURCES), st.dictionaries(st.sampled_from(ARGUMENTS), SAID, min_size=1))
@pytest.mark.filterwarnings("ignore")
def test_whatever_is_said_is_read_or_refused_with_one_clear_error(source, said):
    for read in (check_cases, read_cases):
        with contextlib.suppress(SecondopError):
            read(source, **said)


# --- text of other machines

ENCODED = "sex;Größe\nmale;1\n"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "UTF-8", "mac_roman", "utf-8-sig"])
def test_a_file_in_another_encoding_is_read_once_it_is_said(encoding):
    got = read_cases(saved(ENCODED.encode(encoding)), encoding=encoding)
    assert got.columns.tolist() == ["sex", "Größe"]


def test_a_mark_of_byte_order_is_no_part_of_the_first_name():
    marked = "\ufeffx,sex\n1,male\n"
    got = read_cases(saved(marked.encode("utf-16-le")), encoding="utf-16-le")
    assert got.columns[0] == "x" and read_cases(saved(marked.encode())).columns[0] == "x"


@ROWS
def test_10_8_a_gap_is_not_the_word_none():
    mixed = pd.DataFrame(
        {"rare_disease": [None, "none", 1], "note": pd.Series([None, "none", 1.5], dtype=object)}
    )
    got = read_cases(mixed, values={"none": "no", "note": {"none": "no"}})
    assert plain(got["rare_disease"]) == [None, False, True] and plain(got["note"]) == [None, "no", "1.5"]


WRONG_ENCODING = [
    (
        "cp1252",
        None,
        'line 1: this is not text in UTF-8. Say in which encoding it was saved, as in encoding="cp1252"',
    ),
    ("utf-16", None, 'is it UTF-16?). Say in which encoding it was saved, as in encoding="utf-16"'),
    ("utf-8", "ascii", "line 1: this is not text in ASCII"),
    (
        "utf-8-sig",
        "cp1252",
        'begins as UTF-8 does, not cp1252. Say in which encoding it was saved, as in encoding="utf-8"',
    ),
    ("utf-16", "ascii", 'is it UTF-16?). Say in which encoding it was saved, as in encoding="utf-16"'),
    ("utf-8", "windows", "There is no encoding 'windows'"),
    ("utf-8", "base64", "There is no encoding 'base64'"),
    ("utf-8", 5, "There is no encoding 5"),
]


@pytest.mark.parametrize(("kept", "said", "message"), WRONG_ENCODING)
def test_a_wrong_encoding_is_said_with_the_line_and_what_to_try(kept, said, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        read_cases(saved(ENCODED.encode(kept)), encoding=said)


NUMBERS = [
    # cells                         are read as, or None where nobody can tell
    ("2,5 1.000 3", [2.5, 1000, 3]),
    ("2,5 1.234,5", [2.5, 1234.5]),
    ("2.5 1.000 3", [2.5, 1, 3]),
    ("2.5 1,000 3", [2.5, 1000, 3]),
    ("1.000 3", None),
    ("1,000 3", None),
    ("0.500 3", [0.5, 3]),
    ("2,5 2.5", None),
    ("2 3", [2, 3]),
    ("-2,5 0,5", None),
]


@pytest.mark.parametrize(("cells", "numbers"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_a_number_with_commas_is_read_only_where_its_column_shows_what_they_are(cells, numbers):
    file = text("x;first_line_weeks", *(f"a;{cell}" for cell in cells.split()))
    if numbers is None:
        assert not check_cases(file).empty
    else:
        assert read_cases(file)["first_line_weeks"].tolist() == numbers


def test_a_number_that_nobody_can_tell_may_be_said():
    got = read_cases(text("x;first_line_weeks", "a;1.000"), values={"first_line_weeks": {"1.000": 1000}})
    assert got["first_line_weeks"].tolist() == [1000]


# --- workbooks


def test_a_workbook_is_read_with_its_kinds_and_says_which_sheet():
    cases = [
        ["Sex", "drug_trials", "n", "day"],
        ["male", 2, 1.5, datetime(2026, 1, 2)],
        [None, None, 2, None],
    ]
    said = said_by(RowsWarning, read_cases, workbook([], cases, [["x"]]))
    assert "sheet 'Sheet 2' is the one sheet that is read, not 'Sheet 3'" in said
    got = read_cases(workbook(cases))
    assert got.columns.tolist() == ["sex", "drug_trials", "n", "day"]
    assert plain(got["drug_trials"]) == [2, None] and got["n"].tolist() == [1.5, 2]
    assert got["day"][0] == datetime(2026, 1, 2) and str(got["n"].dtype) == "double[pyarrow]"


def test_a_workbook_that_holds_nothing_is_refused():
    with pytest.raises(SecondopError, match=r"log\.xlsx is empty: its first row must name the columns"):
        read_cases(workbook([]))


def test_a_warning_points_at_the_line_that_reads():
    frame = pd.DataFrame(
        {"sex": ["male", None], "suspicon": [None, None], "cost": [1, 999], "house": ["West", "west"]}
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_cases(frame)
    assert len(caught) == 4 and {warning.filename for warning in caught} == {__file__}


def test_formulas_without_a_result_are_said(tmp_path):
    path = workbook([["sex", "rare_disease"], ["male", '=IF(1=1,"yes","no")'], ["male", "no"]])
    said = said_by(RowsWarning, read_cases, path)
    assert "the workbook has 1 formula without a result: each is read as an empty cell." in said
    assert check_cases(path)["first_case"].tolist() == ["the workbook"]
    told = tmp_path / "told.xlsx"  # as a spreadsheet writes the result of a formula, here an empty text
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(told, "w") as new:
        for part in old.namelist():
            content = old.read(part).replace(b'<c r="B2"><f>', b'<c r="B2" t="str"><f>')
            new.writestr(part, content)
    assert check_cases(told).empty


def test_without_openpyxl_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SecondopError, match=r"needs openpyxl: pip install 'secondop\[excel\]'.*CSV UTF-8"):
        read_cases(saved(b"PK\3\4", "log.xlsx"))


def test_what_has_a_read_is_read_as_text_bytes_gzip_parquet_and_workbook():
    content, packed = b"sex,x\nmale,1\n", io.BytesIO()
    pa.parquet.write_table(pa.table({"sex": ["male"], "x": [1]}), packed)
    packed.seek(0)
    for source in (
        io.StringIO("\ufeff" + content.decode()),
        io.BytesIO(content),
        io.BytesIO(gzip.compress(content)),
        packed,
        workbook([["sex", "x"], ["male", 1]]).open("rb"),
    ):
        with source:
            assert read_cases(source).values.tolist() == [["male", 1]]
    assert read_cases(io.BytesIO(ENCODED.encode("cp1252")), encoding="cp1252").columns[1] == "Größe"
    assert "line 2" in str(check_cases(io.StringIO("sex,x\nmal,1\n"))["first_case"].tolist())


@pytest.mark.parametrize(("source", "more"), [(io.StringIO("sex"), {"encoding": "cp1252"}), (Path, {})])
def test_what_has_a_read_gives_text_or_bytes(source, more):
    class Odd:
        read = staticmethod(lambda size: 7)

    with pytest.raises(SecondopError, match=r"the file gives (str|int)"):
        read_cases(Odd() if source is Path else source, **more)
