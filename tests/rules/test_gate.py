"""Two doors, one meaning: a spelling says in memory what it says on every engine; what is none is counted."""

import datetime
import math
import warnings
from decimal import Decimal

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.rules.facts import category, count, flag, number, ordered
from secondop.rules.gate import ANSWER, UNREADABLE, typed, typed_cases, typed_lazily, typed_partition
from secondop.rules.spellings import (
    NearMissWarning,
    Unreadable,
    matched,
    near_misses,
    read_answer,
    warn_of_near_misses,
)
from tests.kit import examples

FACTS = {
    fact.name: fact
    for fact in (
        flag("fever", "Is there a fever?"),
        category("wound", "none clean very_red missing", "How does the wound look?"),
        ordered("grade", "1 2 3", "Which grade?"),
        count("falls", 50, "falls", "How many falls?"),
        number("weeks", 520, "weeks", "For how many weeks?", low=-1),
    )
}
BAD = Unreadable("stands for any reason")

WORDS = [
    # fact     as written                                                              is read as
    ("fever", ["yes", "Y", "TRUE", " t ", "1", "1.0", "\xa0Yes\t", "\u2007y\n", "\ufeffyes"], True),
    ("fever", ["no", "N", "False", "f", "0", "0.0", "\r\nno"], False),
    (
        "fever",
        ["", " ", "\xa0", "NA", "n/a", "NaN", "null", "<NA>", "Unknown", "not recorded", "Not-Known"],
        None,
    ),
    ("fever", ["?", ".", "missing", " MISSING\u3000"], None),
    ("fever", ["maybe", "none", "2", "0.5", "=1+1", "yes!", "ye s", "-1", "_"], BAD),
    ("wound", ["very_red", "Very red", " VERY-RED ", "very  red", "very\xa0red", "very\t-\nred"], "very_red"),
    ("wound", ["None", "none "], "none"),
    ("wound", ["Missing"], "missing"),  # a level, before it is a gap
    ("wound", ["unknown", "", "NA"], None),
    ("wound", ["veryred", "red", "clean.", "1", "yes", "very_red_"], BAD),
    ("grade", ["1", " 1\xa0", "1.0"], "1"),  # 1.0: pandas writes it so from a column with gaps
    ("grade", ["1.5", "01", "1.00", "one", "4", "4.0"], BAD),
    ("falls", ["2", "2.0", " 2 ", "+2", "2e0", "2.", "\xa02", "20E-1", "02"], 2),
    ("falls", ["-0", "0"], 0),
    ("falls", ["na", "?", ""], None),
    (
        "falls",
        ["1.5", "51", "-1", "2 falls", "2,0", "1_0", "٢", "inf", "1e400", "9" * 40, "1e-3", "0x1"],
        BAD,
    ),
    ("weeks", ["2.5", "02.50", "25e-1", " +2.5 "], 2.5),
    ("weeks", ["-1", "-1.0"], -1.0),
    ("weeks", [".5", "0.5", "5E-1"], 0.5),
    ("weeks", ["0.1234567890123456", "0.1234567890123456000"], 0.1234567890123456),
    ("weeks", ["nan", "."], None),
    ("weeks", ["abc", "-1.01", "520.01", "1e", "e1", "--1", "1 000", "1e99", "12 weeks", "infinity"], BAD),
]
VALUES = [
    # fact     column of one type                                  each is read as
    ("fever", pa.array([True, False, None]), [True, False, None]),
    ("fever", pa.array([1, 0, 2, None], pa.int8()), [True, False, BAD, None]),
    ("fever", pa.array([1.0, 0.0, 0.5, math.nan, math.inf, None]), [True, False, BAD, None, BAD, None]),
    ("fever", pa.array([datetime.date(2026, 1, 1), None]), [BAD, None]),
    ("fever", pa.array([b"yes", None]), [BAD, None]),
    ("wound", pa.array([1, None]), [BAD, None]),
    ("wound", pa.array([True, None]), [BAD, None]),
    ("wound", pa.array([datetime.datetime(2026, 1, 1), None]), [BAD, None]),
    ("grade", pa.array([1, 3, 4, -1, None]), ["1", "3", BAD, BAD, None]),
    ("grade", pa.array([1.0, 2.5, math.nan, math.inf, 1e300]), ["1", BAD, None, BAD, BAD]),
    ("falls", pa.array([2, 0, 50, 51, -1, None]), [2, 0, 50, BAD, BAD, None]),
    ("falls", pa.array([2, 51], pa.uint8()), [2, BAD]),
    (
        "falls",
        pa.array([2.0, 1.5, math.nan, math.inf, -math.inf, 1e300, None]),
        [2, BAD, None, BAD, BAD, BAD, None],
    ),
    ("falls", pa.array([Decimal("2.0"), Decimal("1.5"), None]), [2, BAD, None]),
    ("falls", pa.array([False, None]), [BAD, None]),
    ("weeks", pa.array([2.5, -1.0, 520.5, math.nan, math.inf, None]), [2.5, -1.0, BAD, None, BAD, None]),
    ("weeks", pa.array([2, 521, None]), [2.0, BAD, None]),
    ("weeks", pa.array([2.5, None], pa.float32()), [2.5, None]),
    ("weeks", pa.array([True, None]), [BAD, None]),
    ("weeks", pa.array([datetime.timedelta(1), None]), [BAD, None]),
]
COLUMNS = [
    (name, pa.array(written, pa.string()), [answer] * len(written)) for name, written, answer in WORDS
] + VALUES


# one frame in which every row of the tables above is a column of its own, padded with gaps
HEIGHT = max(len(column) for _, column, _ in COLUMNS)
WIDE = {f"c{i}": FACTS[name] for i, (name, _, _) in enumerate(COLUMNS)}
TABLE = pa.table(
    {
        f"c{i}": pa.concat_arrays([col, pa.nulls(HEIGHT - len(col), col.type)])
        for i, (_, col, _) in enumerate(COLUMNS)
    }
)
ANSWERS = [answers + [None] * (HEIGHT - len(answers)) for _, _, answers in COLUMNS]
READ = {
    f"c{i}": [None if answer is BAD else answer for answer in answers] for i, answers in enumerate(ANSWERS)
}
COUNTED = [sum(answers[row] is BAD for answers in ANSWERS) for row in range(HEIGHT)]


def lazily(native, facts):
    """The answers of a lazy frame of any engine, and the count of what is none, in the order of `row`."""
    frame = typed_lazily(nw.from_native(native), facts)
    frame = frame.select("row", UNREADABLE, **{key: nw.col(ANSWER + key) for key in facts})
    rows = sorted(frame.collect("pyarrow").to_native().to_pylist(), key=lambda row: row["row"])
    answers = {key: [row[key] for row in rows] for key in facts}
    return answers, [row[UNREADABLE] for row in rows]


def on_polars(table, _request=None):
    return pl.from_arrow(table).with_row_index("row").lazy()


def on_duckdb(table, _request=None):
    rows = table.append_column("row", pa.array(range(len(table))))
    return pytest.importorskip("duckdb").from_arrow(rows)


SPARK = {pa.string(): "string", pa.bool_(): "boolean", pa.int8(): "tinyint", pa.int64(): "bigint"}
SPARK |= {pa.uint8(): "smallint", pa.float32(): "float", pa.float64(): "double", pa.date32(): "date"}
SPARK |= {pa.binary(): "binary", pa.timestamp("us"): "timestamp", pa.decimal128(2, 1): "decimal(2,1)"}
SPARK |= {pa.duration("us"): "interval day to second"}


def on_pyspark(table, request):
    types = ", ".join(f"{field.name} {SPARK[field.type]}" for field in table.schema)
    rows = zip(*(column.to_pylist() for column in table.columns), range(len(table)), strict=True)
    return request.getfixturevalue("spark").createDataFrame(list(rows), f"{types}, row bigint")


@pytest.mark.parametrize(
    "engine", [on_polars, on_duckdb, pytest.param(on_pyspark, marks=pytest.mark.needs_java)]
)
def test_every_spelling_says_the_same_on_every_engine(engine, request):
    assert lazily(engine(TABLE, request), WIDE) == (READ, COUNTED)


@pytest.mark.parametrize(
    "frame",
    [TABLE, pl.from_arrow(TABLE), TABLE.to_pandas(), TABLE.to_pandas(types_mapper=pd.ArrowDtype)],
    ids=["pyarrow", "polars", "pandas", "pandas on pyarrow"],
)
def test_every_spelling_says_the_same_in_memory_and_in_a_partition(frame):
    answers, problems = typed(frame, WIDE)
    assert answers.to_dict(as_series=False) == READ
    assert answers.schema == {key: fact.dtype for key, fact in WIDE.items()}
    assert problems["rows"].sum() == sum(COUNTED)
    answers, unreadable = typed_partition(frame, WIDE)
    assert (answers.to_dict(as_series=False), unreadable.to_list()) == (READ, COUNTED)


@pytest.mark.parametrize(("name", "column", "answers"), COLUMNS)
def test_one_value_alone_is_read_as_in_its_column(name, column, answers):
    for value, answer in zip(column.to_pylist(), answers, strict=True):
        said = read_answer(FACTS[name], value)
        assert (
            isinstance(said, Unreadable) if answer is BAD else said == answer and type(said) is type(answer)
        )


ODD = st.lists(
    st.sampled_from(
        [*" \t\n\xa0\u2009-_.+", "yes", "NO", "True", "1", "0", "2.5", "e", "Very", "red", "None", "N/A", "?"]
    ),
    max_size=5,
).map("".join)


@examples(25)
@given(st.lists(st.none() | ODD, min_size=1, max_size=30))
def test_odd_spellings_say_the_same_in_memory_and_lazily(words):
    table = pa.table({name: pa.array(words, pa.string()) for name in FACTS})
    answers, unreadable = typed_partition(table, FACTS)
    expected = answers.to_dict(as_series=False), unreadable.to_list()
    assert lazily(on_polars(table), FACTS) == expected
    assert lazily(on_duckdb(table), FACTS) == expected


# --- columns that are answers already


def test_columns_of_the_right_type_pass_as_they_are():
    frame = pl.DataFrame(
        {
            "fever": [True, None],
            "wound": pl.Series(["clean", None], dtype=FACTS["wound"].dtype),
            "falls": [50, None],
            "weeks": [-1.0, None],
        }
    )
    assert typed_cases(frame, FACTS).equals(frame)
    expected = frame.to_dict(as_series=False) | {"grade": [None, None]}
    assert lazily(frame.with_row_index("row").lazy(), FACTS) == (expected, [0, 0])
    enum = on_duckdb(pa.table({"fever": [True]})).project(
        "row, cast('clean' as enum('none', 'clean', 'very_red', 'missing')) as wound"
    )
    assert lazily(enum, {"wound": FACTS["wound"]}) == ({"wound": ["clean"]}, [0])


def test_other_categories_are_read_by_their_words_lazily_too():
    words = ["Very red", "clean", "perhaps", None]
    expected = {"wound": ["very_red", "clean", None, None]}, [0, 0, 1, 0]
    for dtype in (pl.Categorical, pl.Enum(words[:3])):
        frame = pl.DataFrame({"wound": pl.Series(words, dtype=dtype)}).with_row_index("row")
        assert lazily(frame.lazy(), {"wound": FACTS["wound"]}) == expected
    pandas = pd.DataFrame({"wound": pd.Categorical(words)})
    answers, unreadable = typed_partition(pandas, FACTS)
    assert (answers.to_dict(as_series=False), unreadable.to_list()) == expected


def test_a_partition_of_mixed_objects_counts_what_it_cannot_read_and_raises_nothing():
    pandas = pd.DataFrame(
        {"falls": pd.Series([1, "2", "two", True, [3], None, math.nan], dtype=object), "fever": "x"}
    )
    answers, unreadable = typed_partition(pandas, FACTS)
    assert answers.to_dict(as_series=False) == {
        "fever": [None] * 7,
        "falls": [1, 2, None, None, None, None, None],
    }
    assert unreadable.to_list() == [1, 1, 2, 2, 2, 1, 1]
    assert typed_partition(pandas[["falls"]].rename(columns={"falls": "x"}), FACTS)[1].to_list() == [0] * 7


def test_any_column_of_the_users_can_be_read_as_a_flag():
    changed = {"My outcome": flag("changed", "Did it change?")}
    frame = pd.DataFrame({"My outcome": ["Yes", "0", "NA"]})
    assert typed_cases(frame, changed).to_dict(as_series=False) == {"My outcome": [True, False, None]}
    with pytest.raises(CasesError, match="'My outcome', 1 row"):
        typed_cases(frame.replace("0", "perhaps"), changed)


# --- names of columns


NAMES = [
    # columns of the frame                     what is read
    (["fever", "x"], {"fever": "fever"}),
    ([" FEVER\xa0", 7, ("falls",)], {"fever": " FEVER\xa0"}),
    (["weeks", "Wound"], {"wound": "Wound", "weeks": "weeks"}),
    (["fever", "Fever", "falls"], {"falls": "falls"}),  # which of the two is meant?
]


@pytest.mark.parametrize(("names", "read"), NAMES)
def test_names_are_matched_whatever_their_case_blanks_and_hyphens(names, read):
    assert matched(names, FACTS) == read


def test_two_columns_for_one_fact_are_refused_lazily():
    with pytest.raises(SecondopError, match="'fever' and 'Fever'"):
        typed_lazily(nw.from_native(pl.LazyFrame({"fever": [True], "Fever": [True]})), FACTS)


def test_a_near_miss_is_a_name_that_is_not_read_beside_a_fact_without_a_column():
    assert near_misses(["fevers", "wounds", "wound", "gender", 3], FACTS) == {"fevers": "fever"}
    with pytest.warns(NearMissWarning, match="'fevers'.*did you mean 'fever'"):
        warn_of_near_misses(["fevers"], FACTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_near_misses(["Fever", "other"], FACTS)
