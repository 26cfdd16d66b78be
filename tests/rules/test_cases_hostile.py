"""Files that are broken, odd, or made to do harm: a clear error or the right answer, with the line."""

from __future__ import annotations

import gzip
import random
import re
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.rules import cases, files
from secondop.rules.facts import category, count, flag
from tests.kit import examples

FACTS = (
    category("sex", "female male other", "What is your sex?"),
    flag("fever", "Is there a fever?"),
    count("falls", 50, "falls", "How many falls?"),
)
BOOK = SimpleNamespace(title="Falls", facts={fact.name: fact for fact in FACTS})

pytestmark = [
    pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning"),
    pytest.mark.filterwarnings("ignore::secondop.rules.doubts.RowsWarning"),
]


def read_cases(source):
    return cases.read_cases(source, rule_book=BOOK)


def check_cases(source):
    return cases.check_cases(source, rule_book=BOOK)


REFUSED = [
    # what it is             file           bytes                                        what the error says
    ("nothing", "a.csv", b"", "a.csv is empty"),
    ("blank lines", "a.csv", b"\r\n\n \n", "a.csv is empty"),
    ("only separators", "a.csv", b",,;\n", "a.csv is empty"),
    (
        "UTF-16",
        "a.csv",
        "sex\nmale\n".encode("utf-16"),
        "line 1: here is a NUL byte, which no text has (is it UTF-16?)",
    ),
    ("UTF-16, unmarked", "a.csv", "sex\nmale\n".encode("utf-16-le"), "line 1: here is a NUL byte"),
    ("Latin-1", "a.csv", "sex,town\nmale,Zürich\n".encode("latin-1"), "line 2: this is not text in UTF-8"),
    ("cut in a letter", "a.csv", "sex,town\nmale,Zü".encode()[:-1], "line 2: this is not text in UTF-8"),
    ("NUL bytes", "a.csv", b"sex\nmale\nfe\0male\n", "line 3: here is a NUL byte"),
    ("no parquet", "a.parquet", bytes(range(256)) * 40, "a.parquet is not a sound parquet file"),
    ("empty parquet", "a.parquet", b"", "a.parquet is not a sound parquet file"),
    ("no gzip", "a.csv.gz", b"sex\nmale\n", "a.csv.gz is not a sound gzip file"),
    ("half a gzip", "a.csv.gz", gzip.compress(b"sex\nmale\n" * 99)[:-9], "is not a sound gzip file"),
    ("broken gzip", "a.csv.gz", gzip.compress(b"sex\nmale\n")[:12] + b"~" * 30, "is not a sound gzip file"),
    ("half a workbook", "a.xlsx", b"PK\3\4", "a.xlsx is not a sound .xlsx file"),
    ("an old workbook", "a.xls", b"", "From a spreadsheet, save it as CSV UTF-8 or .xlsx"),
    ("a name twice", "a.csv", b"sex,age,age\nmale,1,male\n", "more than one column named 'age'"),
    ("names left out", "a.csv", b"sex,,\nmale,1,2\n", "more than one column named ''"),
    (
        "short row",
        "a.csv",
        b"sex,x\nmale,1\n\nmale\n",
        "a.csv without the 2 cells of the first:\n  line 4: 1 cell: 'male'",
    ),
    ("long row", "a.csv", b'sex,x\n"\nmale",1\nmale,1,2\n', "line 4: 3 cells: 'male,1,2'"),
    (
        "open quote",
        "a.csv",
        b'sex,x\nmale,1\nmale,"2\nmale,3\n',
        "line 3: unexpected end of data: was a double",
    ),
    ("open quote at the end", "a.csv", b'sex,x\nmale,"2', "line 2: unexpected end of data"),
    ("open quote in the names", "a.csv", b'sex,"x\nmale,2\n', "line 1: unexpected end of data"),
    ("bars between cells", "a.csv", b"sex|x\nmale|1\n", "tab separates any, is a fact (found: 'sex|x')"),
    ("almost a fact", "a.csv", b"fevers,x\nyes,1\n", "Did you mean 'fever' by 'fevers'?"),
    ("columns by the thousand", "a.csv", b"," * 10_000 + b"sex\n", "has 10,001 columns"),
]


@pytest.mark.parametrize(("what", "name", "data", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_broken_file_is_refused_with_the_reason(what, name, data, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    for read in (read_cases, check_cases):
        with pytest.raises(SecondopError, match=re.escape(message)):
            read(path)


READ = [
    # what it is              bytes                                           sex           x
    ("a byte order mark", b"\xef\xbb\xbfsex,x\nmale,1\n", ["male"], ["1"]),
    ("line ends of Windows", b"sex,x\r\nmale,1\r\n,2\r\n", ["male", None], ["1", "2"]),
    ("line ends of old", b"sex,x\rmale,1\rfemale,2", ["male", "female"], ["1", "2"]),
    ("no last line end", b"sex,x\nmale,1", ["male"], ["1"]),
    ("semicolons", b"sex;x\nmale;1,5\n", ["male"], ["1,5"]),
    ("tabs", b"Sex\tx\nmale\t1,5;2\n", ["male"], ["1,5;2"]),
    ("semicolons in the names", b"sex,x;y;z;w\nmale,1\n", ["male"], ["1"]),
    ("line ends in a cell", b'sex,x\nmale,"a\nb"\nfemale,"c"\n', ["male", "female"], ["a\nb", "c"]),
    ("line ends in a name", b'sex,"x\ny"\nmale,1\n', ["male"], ["1"]),
    ("blank lines between", b"sex,x\n\nmale,1\n\n\nfemale,2\n\n", ["male", "female"], ["1", "2"]),
    ("doubled quotes", b'sex,x\nmale,"5"" tall"\n', ["male"], ['5" tall']),
    ("a quote within a cell", b'sex,x\nmale,5" tall\nother,b\n', ["male", "other"], ['5" tall', "b"]),
    ("an empty text, and none", b'sex,x\nmale,""\n"",\n', ["male", None], ["", "<NA>"]),
    ("a formula", b"sex,x\nmale,=1+1\n", ["male"], ["=1+1"]),
    ("names alone", b"sex,x\n", [], []),
    ("names alone, no line end", b"sex,x", [], []),
    ("leading zeros", b"sex,x\nmale,007\n", ["male"], ["007"]),
    ("columns without a name or a cell", b"sex,x,,\nmale,1,,\n", ["male"], ["1"]),
]


@pytest.mark.parametrize(("what", "data", "sex", "x"), READ, ids=[row[0] for row in READ])
@pytest.mark.parametrize("packed", [False, True])
def test_an_unusual_file_is_read_right(what, data, sex, x, packed, tmp_path):
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    got = read_cases(path)
    assert [None if pd.isna(value) else value for value in got["sex"]] == sex
    assert [str(value) for value in got.iloc[:, 1]] == x and got.shape[1] == 2


PLACES = [
    # what stands before                 bytes of the file                                     where
    ("a line a record", b"sex,x\nmale,1\nmal,2\nmel,3\n", ["line 3", "line 4"]),
    ("a last blank line", b"sex,x\nmale,1\nmal,2\n\n", ["line 3"]),
    ("blank lines between", b"sex,x\n\nmale,1\n\n\nmal,2\n", ["line 6"]),
    ("a line end within quotes", b'sex,x\nmale,"a\nb"\nmal,c\n', ["line 4"]),
    ("a line end in the names", b'sex,"x\ny"\nmal,c\n', ["line 3"]),
    ("line ends of old", b"sex,x\rmale,1\rmal,2\r", ["line 3"]),
    ("line ends of Windows", b"sex,x\r\n\r\nmale,1\r\nmal,2\r\n", ["line 4"]),
    ("empty cases of one column", b"sex\n\nmale\n\nmal\n", ["line 2", "line 5"]),
    ("empty lines before one column", b"\n\r\n\nsex\n\nmale\nmal\n", ["line 5", "line 7"]),
    ("a fact twice, and no case", b"sex,Sex\n", ["line 1"]),
    ("a cell beyond the limit of csv", b'sex,x\n\nmale,"' + b"a" * 200_000 + b'"\nmal,2\n', ["line 4"]),
]


@pytest.mark.parametrize(("what", "data", "places"), PLACES, ids=[row[0] for row in PLACES])
def test_a_problem_names_the_line_on_which_its_record_starts(what, data, places, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    assert check_cases(path)["first_case"].tolist() == places


def test_a_problem_in_parquet_names_its_record_counted_from_one(tmp_path):
    pq.write_table(pa.table({"sex": ["mal", "male"]}), tmp_path / "a.parquet")
    assert check_cases(tmp_path / "a.parquet")["first_case"].tolist() == ["record 1"]


@pytest.mark.parametrize(("separator", "columns"), [(" ", "'sex x'"), ("^", "'sex^x'")])
def test_a_file_of_another_separator_is_said_to_be_read_as_one_column(tmp_path, separator, columns):
    (tmp_path / "a.csv").write_text(f"sex{separator}x\nmale{separator}1\n", "utf-8")
    said = (
        rf"a\.csv, read as one since no comma, semicolon or tab .*, is a fact \(found: {re.escape(columns)}"
    )
    with pytest.raises(SecondopError, match=said):
        read_cases(tmp_path / "a.csv")


def test_an_error_names_the_file_and_its_separator(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sex;falls\nmale;1\nmal;2,5\n")
    with pytest.raises(CasesError, match=r"2 problems in 2 cases of a\.csv, read as separated by semicolons"):
        read_cases(path)


def test_more_than_the_limits_is_refused_unpacked_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 1000)
    for name, pack in (("a.csv", bytes), ("a.csv.gz", gzip.compress)):
        (tmp_path / name).write_bytes(pack(b"sex\n" + b"male\n" * 300))
        with pytest.raises(SecondopError, match="more than 1,000 bytes of text are not read"):
            read_cases(tmp_path / name)
    pq.write_table(pa.table({"sex": ["male"] * 1000, "x": [1] * 1000}), tmp_path / "a.parquet")
    assert len(read_cases(tmp_path / "a.parquet")) == 1000
    monkeypatch.setattr(files, "MAX_CELLS", 1999)
    with pytest.raises(SecondopError, match="has 2 columns and says it has 1,000 rows"):
        read_cases(tmp_path / "a.parquet")


def test_what_is_no_file_is_said_so(tmp_path):
    for path, message in (
        (tmp_path / "absent.csv", "it is not there"),
        (tmp_path, "a folder"),
        ("/dev/zero", "a device"),
    ):
        with pytest.raises(SecondopError, match=message):
            read_cases(path)


@examples(150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(st.sampled_from('sex,;\t"\n\r male'), max_size=60).map(str.encode),
        st.text(max_size=40).map(lambda text: b"sex,fever\n" + text.encode("utf-8", "replace")),
    )
)
@pytest.mark.filterwarnings("ignore::secondop.rules.spellings.NearMissWarning")
def test_any_bytes_are_read_or_refused_but_never_a_crash(tmp_path, data):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    for read in (check_cases, read_cases):
        try:
            frame = read(path)
        except SecondopError:
            return
    back = tmp_path / "b.csv"
    frame.to_csv(back, index=False)
    assert len(read_cases(back)) == len(frame)


def test_a_damaged_parquet_file_is_one_clear_error_or_the_same_cases(tmp_path):
    chance = random.Random(20_261)
    sex = [chance.choice(["male", "female", "other", None]) for _ in range(2000)]
    frame = pd.DataFrame(
        {"sex": sex, "falls": [chance.randrange(51) for _ in sex], "x": [chance.random() for _ in sex]}
    )
    whole, path = tmp_path / "whole.parquet", tmp_path / "damaged.parquet"
    frame.to_parquet(whole, write_page_checksum=True)
    data, expected = whole.read_bytes(), read_cases(whole)
    refused = 0
    for i in range(100):
        damaged = bytearray(data[: chance.randrange(len(data))] if i % 2 else data)
        if i % 2 == 0:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            got = read_cases(path)
        except SecondopError:
            refused += 1
        else:  # the flipped bit lies where it says nothing of a case
            assert all(got[name].equals(expected[name]) for name in got if name in expected)
    assert refused >= 90


def test_parquet_text_that_is_no_text_is_refused(tmp_path):
    note = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    pq.write_table(pa.table({"sex": ["male"], "note": note}), tmp_path / "a.parquet")
    with pytest.raises(SecondopError, match=r"a\.parquet is not a sound parquet file"):
        read_cases(tmp_path / "a.parquet")
