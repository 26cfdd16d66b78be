"""Reading cases from frames: declared kinds, every problem at once, and no column lost without a word."""

from __future__ import annotations

import datetime
import re
import warnings
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.rules import cases
from secondop.rules.cases import MissingFactsWarning
from secondop.rules.facts import Kind, category, count, flag, number, ordered
from secondop.rules.gate import typed, typed_cases
from secondop.rules.spellings import NearMissWarning

FACTS = {
    fact.name: fact
    for fact in (
        category("sex", "female male other", "What is your sex?", topic="the patient"),
        flag("fever", "Is there a fever?"),
        ordered("suspicion", "none low moderate high", "How strongly is it suspected?"),
        category("pathology", "none clear ambiguous expert_needed", "What did the report say?"),
        count("falls", 50, "falls", "How many falls?"),
        number("weeks", 5_200, "weeks", "For how many weeks?", term="duration"),
    )
}
BOOK = SimpleNamespace(title="Falls", facts=FACTS)

pytestmark = pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning")


def read_cases(source, rule_book=BOOK, **more):
    return cases.read_cases(source, rule_book=rule_book, **more)


def check_cases(source, **more):
    return cases.check_cases(source, rule_book=BOOK, **more)


def as_objects(name, values):
    return pd.DataFrame({name: pd.Series(values, dtype=object)})


OBJECTS = [
    # fact     objects in one column                                                     are read as
    ("fever", ["yes", True, 1, 1.0, np.True_, np.int8(1), Decimal(1)], True),
    ("fever", ["no", False, 0, 0.0, np.False_, np.int8(0), "0.0"], False),
    ("fever", [None, np.nan, pd.NA, pd.NaT, Decimal("NaN"), "NA", ""], None),
    ("falls", ["2", 2, 2.0, np.int16(2), Decimal("2.0"), np.float32(2)], 2),
    ("falls", [None, "?", Decimal("sNaN")], None),
    ("weeks", ["2.5", 2.5, np.float32(2.5), Decimal("2.5")], 2.5),
    ("suspicion", ["HIGH", "high "], "high"),
]
PROBLEMS = [
    # fact       value               what is wrong                                      what to do
    ("fever", "none", "is not yes or no", "If it means no, write no."),
    ("fever", "maybe", "is not yes or no", ""),
    ("fever", 2, "is not yes or no", ""),
    ("fever", datetime.date(2026, 1, 1), "is not yes or no", ""),
    ("pathology", "expert", "is not one of none, clear,", "Did you mean 'expert_needed'?"),
    ("pathology", 1, "is not one of none, clear,", ""),
    ("pathology", True, "is not one of none, clear,", ""),
    ("suspicion", ["low"], "is not one of none, low,", ""),
    ("weeks", -2, "is below the range 0 to 5,200 weeks", "If it stands for not recorded, leave"),
    ("weeks", 5200.5, "is above the range 0 to 5,200 weeks", "If it stands for not recorded"),
    ("weeks", "12 weeks", "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("weeks", "2,5", "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("weeks", "none", "is not a number from 0 to 5,200 weeks", "If it means 0, write 0."),
    ("weeks", True, "is not a number from 0 to 5,200 weeks", ""),
    ("weeks", np.inf, "is not a finite number", ""),
    ("weeks", "1" * 400, "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("falls", 1.5, "is not a whole number", ""),
    ("falls", "51", "is above the range 0 to 50 falls", "If it stands for not recorded, leave"),
    ("weeks", "-2", "is below the range 0 to 5,200 weeks", "If it stands for not recorded, leave"),
    ("falls", "1.5", "is not a whole number", "Write a whole number."),
    ("falls", "1,5", "is not a whole number from 0 to 50 falls", "Write a whole number."),
    ("falls", 10**400, "is above the range 0 to 50 falls", ""),
    ("falls", b"2", "is not a whole number from 0 to 50 falls", ""),
]


@pytest.mark.parametrize(("name", "values", "answer"), OBJECTS)
def test_objects_are_read_alone_and_beside_the_others(name, values, answer):
    assert typed_cases(as_objects(name, values), FACTS)[name].to_list() == [answer] * len(values)
    for value in values:
        assert typed_cases(as_objects(name, [value]), FACTS)[name].to_list() == [answer]


@pytest.mark.parametrize(("name", "value", "problem", "hint"), PROBLEMS)
def test_what_is_no_answer_is_named_and_never_becomes_one(name, value, problem, hint):
    answers, problems = typed(as_objects(name, [None, value, value]), FACTS)
    assert answers[name].to_list() == [None] * 3
    [row] = problems.to_dict("records")
    assert (row["column"], row["rows"], row["first_row"], row["first_case"]) == (name, 2, 1, "case 1")
    assert row["problem"].startswith(problem) and row["hint"].startswith(hint)


def test_a_yes_among_numbers_is_not_the_number_one():
    answers, problems = typed(as_objects("weeks", [1, 1.5, True]), FACTS)
    assert answers["weeks"].to_list() == [1, 1.5, None]
    assert problems["value"].tolist() == ["True"]


def test_one_error_lists_all_problems_and_says_what_to_do():
    frame = pd.DataFrame(
        {"Weeks": [-2.0, 4.0, np.nan, -2.0], "pathology": ["clear", "expert", "Ambiguos", None]},
        [17, 18, 88, 89],
    )
    with pytest.raises(CasesError) as caught:
        read_cases(frame)
    assert str(caught.value) == (
        "4 problems in 4 cases:\n"
        "  column 'pathology', 1 row (first: case 18): "
        "'expert' is not one of none, clear, ambiguous, expert_needed. Did you mean 'expert_needed'?\n"
        "  column 'pathology', 1 row (first: case 88): "
        "'Ambiguos' is not one of none, clear, ambiguous, expert_needed. Did you mean 'ambiguous'?\n"
        "  column 'Weeks', 2 rows (first: case 17): -2.0 is below the range 0 to 5,200 weeks. "
        "If it stands for not recorded, leave it empty.\n"
        "A fact that was not recorded may be left empty: it counts as unknown, not as no. "
        "Your own words and codes: read_cases(..., values=, unknown=), or a file that mapping_template(...) "
        "writes."
    )
    pd.testing.assert_frame_equal(caught.value.problems, check_cases(frame))


def test_a_column_of_nonsense_is_cut_short_but_counted_in_full():
    problems = check_cases(pd.DataFrame({"sex": [f"word {i}" for i in range(1000)]}))
    assert (len(problems), problems["rows"].sum()) == (21, 1000)
    assert problems["problem"].iloc[-1].startswith("(and other values) is not one of female")


@pytest.mark.parametrize(
    "values",
    [
        [object()],
        [10**5000, -(10**5000)],
        [float("inf"), "x" * 10_000_000],
        [[1, 2], {"a": 1}, {1}, np.array([1, 2])],
        ["\ud800", b"\xff", "\0"],
        [pd.Timestamp("2026-01-01"), pd.Timedelta(1), pd.Interval(0, 1), 1j],
    ],
    ids=["object", "huge", "long", "nested", "surrogate", "times"],
)
@pytest.mark.parametrize("name", ["fever", "sex", "falls", "weeks"])
def test_strange_objects_are_problems_and_their_message_stays_short(values, name):
    with pytest.raises(CasesError) as caught:
        read_cases(as_objects(name, [*values, None]))
    assert caught.value.problems["rows"].sum() == len(values)
    assert len(str(caught.value)) < 2000 and str(caught.value).replace("\n", "").isprintable()


DTYPES = {
    Kind.FLAG: ["object", "boolean", "bool[pyarrow]", "float64", "Int8", "string", "category"],
    Kind.COUNT: ["object", "Int64", "Float32", "int8[pyarrow]", "float64", "string", "category"],
    Kind.NUMBER: ["object", "Float64", "double[pyarrow]", "float64", "string", "category"],
    Kind.CATEGORY: ["object", "string", "category", "string[pyarrow]", "declared", "dictionary"],
}
DTYPES[Kind.ORDERED] = DTYPES[Kind.CATEGORY]
ANSWERS = {
    Kind.FLAG: lambda fact: st.booleans(),
    Kind.COUNT: lambda fact: st.integers(0, 50),
    Kind.NUMBER: lambda fact: st.integers(0, 20_800).map(lambda quarter: quarter / 4),
}


def dressed(fact, answers, dtype):
    """The same answers as another type of column."""
    if dtype == "declared":
        return pd.Series(answers, dtype=pd.CategoricalDtype(fact.levels))
    if dtype == "dictionary":
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(answers, pa.string()).dictionary_encode()))
    if dtype in ("string", "category"):
        words = [None if answer is None else str(answer) for answer in answers]
        return pd.Series(words, dtype="string").astype(dtype)
    if dtype == "float64":
        answers = [np.nan if answer is None else float(answer) for answer in answers]
    return pd.Series(answers, dtype=object).astype(dtype)


@given(st.data(), st.integers(0, 6), st.sampled_from(["pandas", "polars", "pyarrow"]))
def test_the_same_answers_are_typed_alike_in_any_dress_and_nothing_is_altered(data, n, engine):
    answers, columns = {}, {}
    for fact in FACTS.values():
        one = ANSWERS.get(fact.kind, lambda fact: st.sampled_from(fact.levels))(fact)
        answers[fact.name] = data.draw(st.lists(st.none() | one, min_size=n, max_size=n))
        columns[fact.name] = dressed(fact, answers[fact.name], data.draw(st.sampled_from(DTYPES[fact.kind])))
    frame = pd.DataFrame(columns).set_axis(range(100, 100 + n))
    given_frame = {"pandas": pd.DataFrame.copy, "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[
        engine
    ](frame)
    before = frame.copy(deep=True)
    got = typed_cases(given_frame, FACTS)
    assert got.to_dict(as_series=False) == answers
    assert got.schema == {name: fact.dtype for name, fact in FACTS.items()}
    if engine == "pandas":
        pd.testing.assert_frame_equal(given_frame, before)


ODD_COLUMNS = [
    # what it is                    frame                                                        is read as
    ("no row", pd.DataFrame({"sex": []}), {"sex": []}),
    ("only gaps", pl.DataFrame({"sex": [None, None]}), {"sex": [None, None]}),
    ("no type", pa.table({"falls": pa.nulls(1)}), {"falls": [None]}),
    ("other byte order", pd.DataFrame({"falls": np.array([1], ">i4")}), {"falls": [1]}),
    (
        "gaps with a value behind",
        pd.DataFrame(
            {"fever": pd.arrays.BooleanArray(np.array([False, True] * 2), np.array([False] * 2 + [True] * 2))}
        ),
        {"fever": [False, True, None, None]},
    ),
    (
        "a word that no case has",
        pd.DataFrame({"sex": pd.Categorical(["male"], ["male", "purple"])}),
        {"sex": ["male"]},
    ),
    ("half precision", pd.DataFrame({"weeks": np.array([1.5], "f2")}), {"weeks": [1.5]}),
    ("sparse", pd.DataFrame({"fever": pd.arrays.SparseArray([1.0, np.nan])}), {"fever": [True, None]}),
    ("a slice", pl.DataFrame({"fever": [True, None, False]})[1:], {"fever": [None, False]}),
    (
        "strided",
        pd.DataFrame(np.array([[1.0, 9.0], [np.nan, 9.0]]), columns=["fever", "x"]),
        {"fever": [True, None]},
    ),
    (
        "chunks with words of their own",
        pa.table(
            {
                "sex": pa.chunked_array(
                    [pa.array(["male", None]).dictionary_encode(), pa.array(["other"]).dictionary_encode()]
                )
            }
        ),
        {"sex": ["male", None, "other"]},
    ),
    (
        "a polars category",
        pl.DataFrame({"sex": pl.Series(["Male", None], dtype=pl.Categorical)}),
        {"sex": ["male", None]},
    ),
    (
        "levels in another order",
        pl.DataFrame({"sex": pl.Series(["male"], dtype=pl.Enum(["male", "female"]))}),
        {"sex": ["male"]},
    ),
    (
        "objects in polars",
        pl.DataFrame({"falls": pl.Series([1, "2", None], dtype=pl.Object)}),
        {"falls": [1, 2, None]},
    ),
    ("many words", pd.DataFrame({"falls": [f"{n}.0" for n in range(51)]}), {"falls": list(range(51))}),
    (
        "a million columns",
        pd.DataFrame(np.zeros((1, 100_000)), columns=range(100_000)).assign(sex="male"),
        {"sex": ["male"]},
    ),
]


@pytest.mark.parametrize(("what", "frame", "answers"), ODD_COLUMNS, ids=[row[0] for row in ODD_COLUMNS])
def test_odd_columns_are_read(what, frame, answers):
    assert typed_cases(frame, FACTS).to_dict(as_series=False) == answers


# --- names of columns


def test_names_are_read_whatever_their_case_blanks_and_hyphens():
    frame = pd.DataFrame({"id": [1], " SEX ": ["male"], "Fever": ["yes"]}, index=[7])
    got = read_cases(frame)
    assert (got.columns.tolist(), got.index.tolist()) == (["id", "sex", "fever"], [7])
    assert check_cases(frame.assign(**{" SEX ": "m"}))["column"].tolist() == [" SEX "]


@pytest.mark.parametrize("names", [["sex", "sex"], ["sex", "Sex"], ["SEX", "Sex "]])
def test_two_columns_for_one_fact_are_a_problem(names):
    pandas = pd.DataFrame([["male", "female", True]], columns=[*names, "fever"])
    arrow = pa.Table.from_arrays([pa.array(["male"]), pa.array(["female"])], names)
    for frame in (pandas, arrow):
        answers, problems = typed(frame, FACTS)
        assert "sex" not in answers.columns
        assert problems[["column", "problem"]].values.tolist() == [[names[0], "is there 2 times"]]
        with pytest.raises(CasesError):
            read_cases(frame)


def test_a_rules_verdict_that_differs_by_hyphens_alone_is_no_second_column_of_the_fact():
    facts = {"old_age": flag("old_age", "Older than 80?"), "old-age": flag("answer", "Yes or no?")}
    frame = pd.DataFrame({"old_age": [True], "old-age": [False], "sex": ["male"]})
    for name in facts:
        assert typed_cases(frame, {name: facts[name]}).rows() == [(name == "old_age",)]
    assert typed_cases(frame, facts).rows() == [(True, False)]


def test_a_near_miss_is_warned_of_and_is_the_first_row_of_the_table():
    frame = pd.DataFrame({"sex": ["F"], "suspicions": ["low"], "note": ["x"]})
    table = check_cases(frame)
    assert table[["column", "problem"]].values.tolist() == [
        ["suspicions", "is not read as a fact"],
        ["sex", "is not one of female, male, other"],
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_cases(frame.assign(sex="male"))
    assert [warning.category for warning in caught] == [NearMissWarning, MissingFactsWarning]
    assert "'suspicions' (did you mean 'suspicion'?)" in str(caught[0].message)
    assert all(name in str(caught[1].message) for name in FACTS if name != "sex")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_cases(pl.DataFrame({name: [None] for name in FACTS} | {"id": [1]}))


def test_a_frame_without_any_fact_is_refused():
    with pytest.raises(
        SecondopError, match=r"^No column is a fact \(found: 'a', 'fevers'\).*Did you mean 'fever'"
    ):
        read_cases(pd.DataFrame({"a": [1], "fevers": ["yes"]}))


def test_what_is_no_frame_in_memory_is_refused():
    with pytest.raises(SecondopError, match="Collect what is lazy"):
        read_cases(pl.LazyFrame({"sex": ["male"]}))
    with pytest.raises(SecondopError, match=r"got builtins\.dict"):
        read_cases({"sex": "male"})


# --- reading


WORDS = pd.DataFrame(
    {
        "id": ["007", "008", "009"],
        "Geschlecht": ["Female", None, "other"],
        "fever": ["Yes", "n", "NA"],
        "suspicion": ["high", "", "None"],
        "falls": ["2", "3.0", None],
        "weeks": [1.5, np.nan, 2.0],
    },
    index=[5, 3, 9],
)
READ = {
    "sex": ["female", None, "other"],
    "fever": [True, False, None],
    "suspicion": ["high", None, "none"],
    "falls": [2, 3, None],
    "weeks": [1.5, None, 2.0],
}


def test_a_frame_comes_back_as_its_kind_with_declared_kinds_its_extras_and_its_index():
    names = {"Geschlecht": "sex"}
    dtypes = {"fever": "bool[pyarrow]", "falls": "int64[pyarrow]", "weeks": "double[pyarrow]"}
    dtypes |= {n: pd.CategoricalDtype(FACTS[n].levels, n == "suspicion") for n in ("sex", "suspicion")}
    columns = {name: pd.Series(READ[name], WORDS.index, dtype=dtypes[name]) for name in READ}
    expected = pd.DataFrame({"id": WORDS["id"], **columns})
    pd.testing.assert_frame_equal(read_cases(WORDS, columns=names), expected)
    polars = read_cases(pl.from_pandas(WORDS), columns=names)
    assert polars.drop("id").to_dict(as_series=False) == READ
    assert polars.drop("id").schema == {name: FACTS[name].dtype for name in READ}
    arrow = read_cases(pa.Table.from_pandas(WORDS, preserve_index=False), columns=names)
    assert arrow.drop_columns("id").to_pydict() == READ
    assert arrow.schema.field("suspicion").type == pa.dictionary(pa.int8(), pa.string(), ordered=True)
    assert check_cases(WORDS.assign(Geschlecht="w"), columns=names)["column"].tolist() == ["Geschlecht"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"Sexe": "sex"}, "there is no one column 'Sexe'"),
        ({"id": "suspicon"}, "There is no fact 'suspicon'. Did you mean 'suspicion'?"),
        ({"id": "fever"}, "more than one column would be 'fever'"),
        ({"id": "sex", "Geschlecht": "sex"}, "more than one column would be 'sex'"),
        (
            {"id": "sx", "Geschlecht": "sx"},
            "There are: falls, fever, pathology, sex, suspicion, weeks. facts_",
        ),
        (["id"], "columns= maps names to facts"),
        ({"id": ["sex"]}, "columns= maps names to facts"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(columns, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        read_cases(WORDS, columns=columns)


def test_several_books_read_their_facts_together_and_one_name_has_one_meaning():
    mine = SimpleNamespace(
        title="Mine", facts={"rash": flag("rash", "Is there a rash?"), "fever": FACTS["fever"]}
    )
    got = read_cases(pd.DataFrame({"fever": ["no"], "Rash": ["yes"]}), [BOOK, mine])
    assert got.iloc[0].to_dict() == {"fever": False, "rash": True}
    other = SimpleNamespace(title="Theirs", facts={"fever": count("fever", 45, "degrees", "How high?")})
    with pytest.raises(SecondopError, match=r"'fever' means two things: .*'Falls'.*'Theirs'"):
        read_cases(pd.DataFrame({"fever": ["no"]}), [BOOK, other])


def test_the_table_of_facts_says_what_each_takes():
    table = cases.facts_table(BOOK).set_index("name")
    assert table.index.tolist() == list(FACTS)
    assert table.loc["sex", ["topic", "kind"]].tolist() == ["the patient", "category"]
    assert table.loc["weeks", ["expects", "term"]].tolist() == ["a number from 0 to 5,200 weeks", "duration"]


@pytest.mark.parametrize("name", ["cases.csv", "cases.tsv", "cases.csv.gz", "cases.parquet", "cases.pq"])
def test_what_was_read_and_written_by_pandas_is_read_back_the_same(name, tmp_path):
    first = read_cases(WORDS, columns={"Geschlecht": "sex"}).reset_index(drop=True)
    path = tmp_path / name
    if name.endswith(("parquet", "pq")):
        first.to_parquet(path)
    else:
        first.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")
    back = read_cases(path)
    pd.testing.assert_frame_equal(back.astype({"id": "str"}), first.astype({"id": "str"}))


EXTRAS = [
    # cells of an extra column         type that loses nothing
    (["1", "-2", ""], "int64[pyarrow]"),
    (["1.5", "2.0", "1e-07"], "double[pyarrow]"),
    (["True", "False", ""], "bool[pyarrow]"),
    (["007", "8", "9"], "string"),
    (["1.50", "2", "3"], "string"),
    (["+1", "2", "3"], "string"),
    (["1", "2.5", "3"], "string"),
    (["nan", "1.0", "inf"], "string"),
    (["9999999999999999999", "1", "2"], "string"),
    (["yes", "no", ""], "string"),
    (["", "", ""], "string"),
    (["NA", "a", "null"], "string"),
]


@pytest.mark.parametrize(("cells", "dtype"), EXTRAS)
def test_extra_text_becomes_numbers_only_where_nothing_is_lost(cells, dtype, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("sex,extra\n" + "".join(f"male,{cell}\n" for cell in cells))
    extra = read_cases(path)["extra"]
    assert extra.dtype == (pd.ArrowDtype(pa.string()) if dtype == "string" else dtype)
    assert ["" if pd.isna(value) else str(value) for value in extra] == cells


@pytest.mark.parametrize("number", ["1e-7", "1e-07", "0.1", "-12.0"])
def test_a_number_is_one_in_the_writing_of_pandas_and_of_polars(number, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(f"sex,extra\nmale,{number}\n")
    assert read_cases(path)["extra"].to_list() == [float(number)]
