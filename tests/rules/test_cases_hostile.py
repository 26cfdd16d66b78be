"""Files that are broken, huge, or made to do harm: a clear error or the right answer, and little memory."""

from __future__ import annotations

import gzip
import re
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.rules import files
from secondop.rules.cases import check_cases, read_cases, write_cases
from secondop.rules.encode import coded_cases

pytestmark = [
    pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning"),
    pytest.mark.filterwarnings("ignore::secondop.rules.cases.FormulaTextWarning"),
]

REFUSED = [
    # what it is             file           bytes                                        what the error says
    ("nothing", "a.csv", b"", "a.csv is empty"),
    ("blank lines", "a.csv", b"\r\n\n \n", "a.csv is empty"),
    ("only separators", "a.csv", b",,;\n", "a.csv is empty"),
    (
        "UTF-16",
        "a.csv",
        "sex\nmale\n".encode("utf-16"),
        "line 1: this is text in UTF-16. Save it as CSV UTF-8",
    ),
    ("UTF-16, unmarked", "a.csv", "sex\nmale\n".encode("utf-16-le"), "NUL bytes, which no text has"),
    ("Latin-1", "a.csv", "sex,town\nmale,Zürich\n".encode("latin-1"), "line 2: this is not text in UTF-8"),
    ("cut in a letter", "a.csv", "sex,town\nmale,Zü".encode()[:-1], "line 2: this is not text in UTF-8"),
    ("NUL bytes", "a.csv", b"sex\nmale\nfe\0male\n", "NUL bytes"),
    ("machine code", "a.csv", bytes(range(256)) * 40, "a.csv, line 1"),
    ("no parquet", "a.parquet", bytes(range(256)) * 40, "a.parquet is not a sound parquet file"),
    ("empty parquet", "a.parquet", b"", "a.parquet is not a sound parquet file"),
    ("no gzip", "a.csv.gz", b"sex\nmale\n", "a.csv.gz is not a sound gzip file"),
    ("half a gzip", "a.csv.gz", gzip.compress(b"sex\nmale\n" * 99)[:-9], "is not a sound gzip file"),
    ("broken gzip", "a.csv.gz", gzip.compress(b"sex\nmale\n")[:12] + b"~" * 30, "is not a sound gzip file"),
    ("a spreadsheet", "a.xlsx", b"PK\3\4", "From a spreadsheet, save it as CSV UTF-8"),
    ("a name twice", "a.csv", b"sex,age,sex\nmale,1,male\n", "more than one column named 'sex'"),
    ("names left out", "a.csv", b"sex,,\nmale,1,2\n", "more than one column named ''"),
    (
        "short row",
        "a.csv",
        b"sex,x\nmale,1\nmale\n",
        "1 record of a.csv without the 2 cells of the first:\n  record 3: 1 cell: 'male'",
    ),
    ("long row", "a.csv", b"sex,x\nmale,1\nmale,1,2\n", "record 3: 3 cells: 'male,1,2'"),
    ("open quote", "a.csv", b'sex,x\nmale,1\nmale,"2\nmale,3\n', "never closed (look at line 3)"),
    ("open quote at the end", "a.csv", b'sex,x\nmale,"2', "never closed (look at line 2)"),
    ("open quote in the names", "a.csv", b'sex,"x\nmale,2\n', "never closed (look at line 1)"),
    ("bars between cells", "a.csv", b"sex|x\nmale|1\n", "No column of a.csv is a fact (found: 'sex|x')"),
    ("no fact", "a.csv", b"SEX,x\nmale,1\n", "did you mean the fact 'sex'?"),
]


@pytest.mark.parametrize(("what", "name", "data", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_broken_file_is_refused_with_the_reason(what, name, data, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    for read in (read_cases, check_cases):
        with pytest.raises(SecondopError, match=re.escape(message)):
            read(path)
    assert path.read_bytes() == data


READ = [
    # what it is              bytes                                           sex           x
    ("a byte order mark", b"\xef\xbb\xbfsex,x\nmale,1\n", ["male"], ["1"]),
    ("line ends of Windows", b"sex,x\r\nmale,1\r\n,2\r\n", ["male", None], ["1", "2"]),
    ("line ends of old", b"sex,x\rmale,1\rfemale,2", ["male", "female"], ["1", "2"]),
    ("no last line end", b"sex,x\nmale,1", ["male"], ["1"]),
    ("semicolons", b"sex;x\nmale;1,5\n", ["male"], ["1,5"]),
    ("tabs", b"sex\tx\nmale\t1,5;2\n", ["male"], ["1,5;2"]),
    ("semicolons in the names", b"sex,x;y;z;w\nmale,1\n", ["male"], ["1"]),
    ("line ends in a cell", b'sex,x\nmale,"a\nb"\nfemale,"c"\n', ["male", "female"], ["a\nb", "c"]),
    ("line ends in a name", b'sex,"x\ny"\nmale,1\n', ["male"], ["1"]),
    ("blank lines between", b"sex,x\n\nmale,1\n\n\nfemale,2\n\n", ["male", "female"], ["1", "2"]),
    ("doubled quotes", b'sex,x\nmale,"5"" tall"\n', ["male"], ['5" tall']),
    ("an empty text, and none", b'sex,x\nmale,""\n"",\n', ["male", None], ["", "<NA>"]),
    ("a formula", b"sex,x\nmale,=1+1\n", ["male"], ["=1+1"]),
    ("names alone", b"sex,x\n", [], []),
    ("names alone, no line end", b"sex,x", [], []),
    ("leading zeros", b"sex,x\nmale,007\n", ["male"], ["007"]),
]


@pytest.mark.parametrize(("what", "data", "sex", "x"), READ, ids=[row[0] for row in READ])
@pytest.mark.parametrize("packed", [False, True])
def test_an_unusual_file_is_read_right(what, data, sex, x, packed, tmp_path):
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    got = read_cases(path)
    assert [None if pd.isna(value) else value for value in got["sex"]] == sex
    assert [str(value) for value in got.iloc[:, 1]] == x


def test_a_formula_in_a_fact_is_a_problem_like_any_other_word(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sex,rare_disease\n=cmd|' /C calc'!A0,@SUM(1)\n")
    assert check_cases(path)["value"].tolist() == ["\"=cmd|' /C calc'!A0\"", "'@SUM(1)'"]


def test_problems_of_a_file_name_its_lines_and_its_separator(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sex;drug_trials\nmale;1\nmal;2,5\n")
    with pytest.raises(CasesError, match=r"of a\.csv, read as separated by semicolons") as caught:
        read_cases(path)
    assert caught.value.problems["first_case"].tolist() == ["line 3", "line 3"]
    path.write_text('sex,note\nmale,"a\nb"\nmal,c\n')  # a line is no longer a case
    assert check_cases(path)["first_case"].tolist() == ["case 1"]


def test_a_gigabyte_on_one_line_is_refused_from_its_head(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"sex," * (files.MAX_LINE_BYTES // 2))
        file.truncate(1 << 30)  # the rest is never reached, so it need not be written
    tracemalloc.start()
    with pytest.raises(SecondopError, match=r"a\.csv, line 1: it is longer than 1,048,576 bytes"):
        read_cases(path)
    assert tracemalloc.get_traced_memory()[1] < 16 * files.MAX_LINE_BYTES
    tracemalloc.stop()


def test_a_gigabyte_of_one_line_in_a_small_gzip_is_refused_from_its_head(tmp_path):
    path = tmp_path / "a.csv.gz"
    block = gzip.compress(b"male," * 200_000)
    path.write_bytes(gzip.compress(b"sex\n") + block * 1074)  # members follow each other
    with pytest.raises(SecondopError, match="line 2: it is longer than"):
        read_cases(path)


def test_a_long_line_anywhere_is_found_whatever_the_pieces(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 64)
    for before in range(0, 200, 7):
        path.write_bytes(b"sex,x\n" + b"male,1\n" * before + b"male," + b"y" * 59 + b"\n")
        assert len(read_cases(path)) == before + 1
        path.write_bytes(b"sex,x\n" + b"male,1\n" * before + b"male," + b"y" * 60 + b"\n")
        with pytest.raises(SecondopError, match=f"line {before + 2}: it is longer than 64"):
            read_cases(path)


def test_more_text_than_the_limit_is_refused_unpacked_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 1000)
    for name, pack in (("a.csv", bytes), ("a.csv.gz", gzip.compress)):
        (tmp_path / name).write_bytes(pack(b"sex\n" + b"male\n" * 300))
        with pytest.raises(SecondopError, match="more than 1,000 bytes of text are too much"):
            read_cases(tmp_path / name)


def test_line_ends_in_cells_are_kept_across_the_pieces_that_a_parser_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_BLOCK_BYTES", 100)
    path = tmp_path / "a.csv"
    path.write_text("sex,x\n" + 'male,"a\nb"\n' * 200)
    assert read_cases(path)["x"].tolist() == ["a\nb"] * 200


def test_a_case_of_many_lines_and_megabytes_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'sex,x\nmale,"' + b"word\n" * 4_000_000 + b'"\nmale,1\n')
    with pytest.raises(SecondopError, match="one case takes more than 8,388,608 bytes"):
        read_cases(path)


@pytest.mark.parametrize(("n", "message"), [(1_000_000, "is longer than"), (100_000, "has 100,000 columns")])
def test_a_million_columns_are_refused(n, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sex," + ",".join(map(str, range(n - 1))) + "\nmale" + "," * (n - 1) + "\n")
    with pytest.raises(SecondopError, match=message):
        read_cases(path)


def test_a_million_columns_in_memory_are_passed_by():
    wide = pd.DataFrame(np.zeros((1, 1_000_000)), columns=range(1_000_000)).assign(sex="male")
    assert coded_cases(wide).to_dict(as_series=False) == {"sex": [1]}


def test_a_parquet_file_of_too_many_columns_or_cells_is_refused_from_its_footer(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"sex": pa.array(["male"] * 1000), "x": pa.array([1] * 1000)}), path)
    assert len(read_cases(path)) == 1000
    monkeypatch.setattr(files, "MAX_CELLS", 1999)
    with pytest.raises(SecondopError, match="says it has 1,000 rows of 2 columns"):
        read_cases(path)
    monkeypatch.setattr(files, "MAX_COLUMNS", 1)
    with pytest.raises(SecondopError, match="at most 1 columns"):
        read_cases(path)


def test_what_is_no_file_is_said_so(tmp_path):
    with pytest.raises(SecondopError, match="it is not there"):
        read_cases(tmp_path / "absent.csv")
    with pytest.raises(SecondopError, match="it is a folder or a device"):
        read_cases(tmp_path)
    with pytest.raises(SecondopError, match="it is a folder or a device"):
        read_cases("/dev/zero")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(st.sampled_from('sex,;\t"\n\r male'), max_size=60).map(str.encode),
        st.text(max_size=40).map(lambda text: b"sex,rare_disease\n" + text.encode("utf-8", "replace")),
    )
)
def test_any_bytes_are_read_or_refused_but_never_a_crash(tmp_path, data):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    try:
        frame = read_cases(path)
    except SecondopError:
        return
    back = tmp_path / "b.csv"
    write_cases(frame, back)
    assert len(read_cases(back)) == len(frame)


OBJECTS = [
    # objects that have no business in a column
    [object()],
    [10**5000, -(10**5000)],
    [float("inf"), "x" * 10_000_000],
    [[1, 2], {"a": 1}, {1}, np.array([1, 2])],
    ["\ud800", b"\xff", "\0"],
    [pd.Timestamp("2026-01-01"), pd.Timedelta(1), pd.Interval(0, 1), 1j],
]


@pytest.mark.parametrize("values", OBJECTS, ids=["object", "huge", "long", "nested", "surrogate", "times"])
@pytest.mark.parametrize("name", ["rare_disease", "sex", "drug_trials", "first_line_weeks"])
def test_strange_objects_are_problems_and_their_message_stays_short(values, name):
    frame = pd.DataFrame({name: pd.Series([*values, None], dtype=object)})
    with pytest.raises(CasesError) as caught:
        read_cases(frame)
    assert caught.value.problems["rows"].sum() == len(values)
    assert len(str(caught.value)) < 2000
    assert str(caught.value).replace("\n", "").isprintable()


def test_odd_frames_pass():
    assert coded_cases(pd.DataFrame({"sex": []}))["sex"].to_list() == []
    assert coded_cases(pl.DataFrame({"sex": [None, None]}))["sex"].to_list() == [None, None]
    assert coded_cases(pa.table({"sex": pa.nulls(2)}))["sex"].to_list() == [None, None]
    assert coded_cases(pa.table({"drug_trials": pa.array([2, None], pa.decimal128(5, 1))}))[
        "drug_trials"
    ].to_list() == [2, None]
    assert coded_cases(pd.DataFrame({"drug_trials": np.array([1, 2], ">i4")}))["drug_trials"].to_list() == [
        1,
        2,
    ]
    assert coded_cases(pd.DataFrame({"first_line_weeks": np.array([1.5], "f2")}))[
        "first_line_weeks"
    ].to_list() == [1.5]
    sparse = pd.DataFrame({"rare_disease": pd.arrays.SparseArray([1.0, np.nan])})
    assert coded_cases(sparse)["rare_disease"].to_list() == [True, None]
    chunks = pa.chunked_array(
        [pa.array(["male", None]).dictionary_encode(), pa.array(["other"]).dictionary_encode()]
    )
    assert coded_cases(pa.table({"sex": chunks}))["sex"].to_list() == [1, None, 2]
    sliced = pl.DataFrame({"rare_disease": [True, None, False]})[1:]
    assert coded_cases(sliced)["rare_disease"].to_list() == [None, False]
    strided = pd.DataFrame(np.array([[1.0, 0.0], [np.nan, 1.0]]), columns=["rare_disease", "advanced_cancer"])
    assert coded_cases(strided).to_dict(as_series=False) == {
        "rare_disease": [True, None],
        "advanced_cancer": [False, True],
    }
