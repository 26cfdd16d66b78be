"""What the gate makes of every way in which an answer, or its absence, can be written."""

from __future__ import annotations

import datetime
import re
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondop.errors import CasesError, SecondopError
from secondop.rules.cases import (
    FormulaTextWarning,
    MissingFactsWarning,
    check_cases,
    read_cases,
    write_cases,
)
from secondop.rules.conditions import fact
from secondop.rules.encode import coded_cases, encode
from secondop.rules.facts import FACTS, Kind

pytestmark = pytest.mark.filterwarnings("ignore::secondop.rules.cases.MissingFactsWarning")

SPELLINGS = [
    # fact                 as written                                         is read as
    ("rare_disease", ["yes", "Y", "TRUE", " t ", "1", "1.0", True, 1, 1.0, np.True_], True),
    ("rare_disease", ["no", "N", "False", "f", "0", "0.0", False, 0, 0.0, np.int8(0)], False),
    ("rare_disease", ["", " ", "NA", "n/a", "NaN", "null", "<NA>", "Unknown", "not recorded", "?"], None),
    ("rare_disease", ["not known", "missing", ".", None, np.nan, pd.NA, pd.NaT, Decimal("NaN")], None),
    ("treatment_response", ["not_treated", "Not treated", " NOT-TREATED ", "not  treated"], "not_treated"),
    ("treatment_response", ["none", "None"], "none"),
    ("treatment_response", ["unknown", "", "NA", None, np.nan], None),
    ("pathology_result", ["expert needed", "Expert-Needed"], "expert_needed"),
    ("suspicion", ["HIGH", "high "], "high"),
    ("drug_trials", ["2", "2.0", " 2 ", "+2", "2e0", 2, 2.0, np.int16(2), Decimal("2.0")], 2),
    ("drug_trials", ["missing", "?", None, np.nan, Decimal("sNaN")], None),
    ("first_line_weeks", ["2.5", "02.50", 2.5, np.float32(2.5), Decimal("2.5")], 2.5),
]

PROBLEMS = [
    # fact              value               what is wrong                                        what to do
    ("rare_disease", "none", "is not yes or no", "If it means no, write no."),
    ("rare_disease", "maybe", "is not yes or no", ""),
    ("rare_disease", 2, "is not yes or no", ""),
    ("rare_disease", 0.5, "is not yes or no", ""),
    ("rare_disease", datetime.date(2026, 1, 1), "is not yes or no", ""),
    ("rare_disease", "=1+1", "is not yes or no", ""),
    ("pathology_result", "cleer", "is not one of none, clear,", "Did you mean 'clear'?"),
    ("pathology_result", "unclear", "is not one of none, clear,", ""),  # the opposite is no suggestion
    ("pathology_result", 1, "is not one of none, clear,", ""),
    ("pathology_result", True, "is not one of none, clear,", ""),
    ("suspicion", ["low"], "is not one of none, low,", ""),
    ("first_line_weeks", -2, "is below the range 0 to 5,200 weeks", "If it stands for not recorded, leave"),
    ("first_line_weeks", 5200.5, "is above the range 0 to 5,200 weeks", "If it stands for not recorded"),
    ("first_line_weeks", "12 weeks", "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("first_line_weeks", "2,5", "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("first_line_weeks", "none", "is not a number from 0 to 5,200 weeks", "If it means 0, write 0."),
    ("first_line_weeks", True, "is not a number from 0 to 5,200 weeks", ""),
    ("first_line_weeks", np.inf, "is not a finite number", ""),
    ("first_line_weeks", "inf", "is not a number from 0 to 5,200 weeks", ""),
    ("first_line_weeks", "1_000", "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("first_line_weeks", "1" * 400, "is not a number from 0 to 5,200 weeks", "Write the number alone"),
    ("drug_trials", 1.5, "is not a whole number", ""),
    ("drug_trials", "1.5", "is not a whole number", ""),
    ("drug_trials", 10**400, "is above the range 0 to 50 drugs", ""),
    ("drug_trials", False, "is not a whole number from 0 to 50 drugs", ""),
    ("drug_trials", b"2", "is not a whole number from 0 to 50 drugs", ""),
]


def coded(name, answer):
    """A level as its position; anything else as it is."""
    return FACTS[name].levels.index(answer) if isinstance(answer, str) else answer


def as_objects(name, values):
    return pd.DataFrame({name: pd.Series(values, dtype=object)})


@pytest.mark.parametrize(("name", "written", "answer"), SPELLINGS)
def test_every_spelling_is_read_alone_and_beside_the_others(name, written, answer):
    assert coded_cases(as_objects(name, written))[name].to_list() == [coded(name, answer)] * len(written)
    for value in written:
        assert coded_cases(as_objects(name, [value]))[name].to_list() == [coded(name, answer)]


@pytest.mark.parametrize(("name", "value", "problem", "hint"), PROBLEMS)
def test_what_is_no_answer_is_named_and_never_becomes_one(name, value, problem, hint):
    frame = as_objects(name, [None, value, value])
    coded_frame, problems = encode(frame)
    assert coded_frame[name].to_list() == [None] * 3
    [row] = problems.to_dict("records")
    assert (row["column"], row["rows"], row["first_row"], row["first_case"]) == (name, 2, 1, "case 1")
    assert row["problem"].startswith(problem) and row["hint"].startswith(hint)


WRONG_COLUMNS = [
    # a whole column of the wrong kind           fact
    (pd.array([5, None], "Int64"), "rare_disease"),
    (np.array([0.5, np.nan]), "rare_disease"),
    (np.array([1.0, np.nan]), "suspicion"),
    (np.array([True, False])[:1], "suspicion"),
    (pd.array([True, None], "boolean"), "drug_trials"),
    (pd.array([True, None], pd.ArrowDtype(pa.bool_())), "first_line_weeks"),
    (np.array([np.inf, np.nan]), "first_line_weeks"),
    (np.array([2.5, np.nan]), "drug_trials"),
    (np.array([51], dtype="uint8"), "drug_trials"),
    (np.array([2**63], dtype="uint64"), "drug_trials"),
    (np.array(["2026-01-01", "NaT"], dtype="datetime64[ns]"), "sex"),
    (pd.array([b"yes", None], pd.ArrowDtype(pa.binary())), "rare_disease"),
    (pd.Categorical(["yes", None, "purple"])[[2, 1]], "rare_disease"),
]


@pytest.mark.parametrize(("column", "name"), WRONG_COLUMNS)
def test_a_column_of_the_wrong_kind_is_one_problem_on_every_frame(column, name):
    pandas = pd.DataFrame({name: column})
    for frame in (pandas, pl.from_pandas(pandas), pa.Table.from_pandas(pandas)):
        coded_frame, problems = encode(frame)
        assert coded_frame[name].null_count() == len(pandas)
        assert problems[["column", "rows", "first_row"]].values.tolist() == [[name, 1, 0]]


def test_many_different_words_and_a_gap_are_looked_up():
    answers = [*range(50), None]
    for column in (
        pd.Categorical([f"{a}.0" if a is not None else None for a in answers]),
        dressed("drug_trials", answers, "words"),
    ):
        assert coded_cases(pd.DataFrame({"drug_trials": column}))["drug_trials"].to_list() == answers


def test_a_yes_among_numbers_is_not_the_number_one():
    coded_frame, problems = encode(as_objects("first_line_weeks", [1, 1.5, True]))
    assert coded_frame["first_line_weeks"].to_list() == [1, 1.5, None]
    assert problems["value"].tolist() == ["True"]


def test_one_error_lists_all_problems_and_says_what_to_do():
    frame = pd.DataFrame(
        {
            "first_line_weeks": [-2.0, 4.0, np.nan, -2.0],
            "pathology_result": ["clear", "expert", "Ambiguos", None],
        },
        index=[17, 18, 88, 89],
    )
    with pytest.raises(CasesError) as caught:
        coded_cases(frame)
    assert str(caught.value) == (
        "4 problems in 4 cases:\n"
        "  column 'pathology_result', 1 row (first: case 18): "
        "'expert' is not one of none, clear, ambiguous, expert_needed. Did you mean 'expert_needed'?\n"
        "  column 'pathology_result', 1 row (first: case 88): "
        "'Ambiguos' is not one of none, clear, ambiguous, expert_needed. Did you mean 'ambiguous'?\n"
        "  column 'first_line_weeks', 2 rows (first: case 17): -2.0 is below the range 0 to 5,200 weeks. "
        "If it stands for not recorded, leave it empty.\n"
        "A fact that was not recorded may be left empty: it counts as unknown, not as no."
    )
    pd.testing.assert_frame_equal(caught.value.problems, check_cases(frame))


def test_a_column_of_nonsense_is_cut_short_but_counted_in_full():
    problems = check_cases(pd.DataFrame({"sex": [f"word {i}" for i in range(1000)]}))
    assert len(problems) == 21
    assert problems["rows"].sum() == 1000
    assert problems["problem"].iloc[-1].startswith("(and other values) is not one of female")


def test_a_fact_that_is_there_twice_is_a_problem():
    twice = pd.DataFrame([["male", "female", True]], columns=["sex", "sex", "rare_disease"])
    arrow = pa.Table.from_arrays([pa.array(["male"]), pa.array(["female"])], ["sex", "sex"])
    for frame in (twice, arrow):
        coded_frame, problems = encode(frame)
        assert "sex" not in coded_frame.columns
        assert problems[["column", "problem"]].values.tolist() == [["sex", "is there 2 times"]]


# --- the traps: each rule gives the third answer where the value is missing, whatever the column's type

MISSING = [
    # what the frame holds                                            fact
    ("numpy float", pd.Series([np.nan, 3.0, 2.0]), "drug_trials"),
    ("nullable int", pd.Series([None, 3, 2], dtype="Int64"), "drug_trials"),
    ("nullable float", pd.Series([None, 3, 2], dtype="Float64"), "drug_trials"),
    ("nullable NaN", pd.Series([0.0, 3, 2], dtype="Float64") / pd.Series([0.0, 1, 1]), "drug_trials"),
    ("arrow int", pd.Series([None, 3, 2], dtype="int64[pyarrow]"), "drug_trials"),
    ("arrow NaN", pd.Series(pa.array([np.nan, 3, 2]), dtype="double[pyarrow]"), "drug_trials"),
    ("text", pd.Series([None, "3", "2"], dtype="str"), "drug_trials"),
    ("object", pd.Series([None, 3, "2"], dtype=object), "drug_trials"),
    ("str", pd.Series([None, "positive", "unclear"], dtype="str"), "first_workup"),
    ("object text", pd.Series([np.nan, "positive", "unclear"], dtype=object), "first_workup"),
    ("category", pd.Series([None, "positive", "unclear"], dtype="category"), "first_workup"),
    ("string", pd.Series([None, "positive", "unclear"], dtype="string"), "first_workup"),
    ("arrow text", pd.Series([None, "positive", "unclear"], dtype="string[pyarrow]"), "first_workup"),
    ("object bool", pd.Series([None, True, False], dtype=object), "rare_disease"),
    ("nullable bool", pd.Series([None, True, False], dtype="boolean"), "rare_disease"),
    ("arrow bool", pd.Series([None, True, False], dtype="bool[pyarrow]"), "rare_disease"),
    ("float flag", pd.Series([np.nan, 1.0, 0.0]), "rare_disease"),
]
RULES = {
    "drug_trials": fact("drug_trials") >= 3,
    "first_workup": fact("first_workup").is_in("positive"),
    "rare_disease": fact("rare_disease"),
}


@pytest.mark.parametrize(("how", "column", "name"), MISSING, ids=[row[0] for row in MISSING])
def test_missing_is_unknown_to_a_rule_and_to_its_opposite(how, column, name):
    frame = pd.DataFrame({name: column})
    frames = [frame, pa.Table.from_pandas(frame)] if how != "object" else [frame]
    frames += [pl.from_pandas(frame)] if how != "object" else []
    for given_frame in frames:
        rule = RULES[name]
        answers = coded_cases(given_frame).select(
            yes=rule.to_expr(coded=True), opposite=(~rule).to_expr(coded=True)
        )
        assert answers["yes"].to_list() == [None, True, False]
        assert answers["opposite"].to_list() == [None, False, True]


# --- the same answers in any dress

ANSWERS = {
    "rare_disease": st.sampled_from([True, False, None]),
    "treatment_response": st.sampled_from([*FACTS["treatment_response"].levels, None]),
    "disease_control": st.sampled_from([*FACTS["disease_control"].levels, None]),
    "drug_trials": st.one_of(st.none(), st.integers(0, 50)),
    "first_line_weeks": st.one_of(st.none(), st.integers(0, 20_800).map(lambda quarter: quarter / 4)),
}
DRESSES = {
    Kind.FLAG: ["object", "boolean", "bool[pyarrow]", "float64", "Int8", "words", "wordy category", "mixed"],
    Kind.COUNT: [
        "object",
        "Int64",
        "Float32",
        "int8[pyarrow]",
        "float64",
        "words",
        "wordy category",
        "mixed",
    ],
    Kind.NUMBER: ["object", "Float64", "double[pyarrow]", "float64", "words", "wordy category", "mixed"],
    Kind.CATEGORY: [
        "object",
        "string",
        "category",
        "string[pyarrow]",
        "shouted",
        "wordy category",
        "dictionary",
    ],
}
DRESSES[Kind.ORDERED] = DRESSES[Kind.CATEGORY]
GAPS = [None, np.nan, pd.NA, "NA", "", " unknown "]


def dressed(name, answers, dress):
    """The same answers as another column type or spelling."""
    kind = FACTS[name].kind
    words = [
        "" if a is None else {True: "Yes", False: "no"}[a] if kind is Kind.FLAG else str(a) for a in answers
    ]
    match dress:
        case "words":
            return pd.Series(words, dtype="str")
        case "shouted":
            return pd.Series([word.upper().replace("_", "-") for word in words], dtype=object)
        case "wordy category":
            return pd.Series(words, dtype=pd.CategoricalDtype(sorted({*words, "never used"}, reverse=True)))
        case "mixed":
            return pd.Series(
                [
                    GAPS[i % 6] if a is None else (a, word)[i % 2]
                    for i, (a, word) in enumerate(zip(answers, words, strict=True))
                ],
                dtype=object,
            )
        case "dictionary":
            return pd.Series(
                pd.arrays.ArrowExtensionArray(pa.array(answers, pa.string()).dictionary_encode())
            )
        case "float64":
            return pd.Series([np.nan if a is None else float(a) for a in answers], dtype="float64")
    return pd.Series(answers, dtype=object).astype(dress)


@st.composite
def cases_and_dress(draw):
    n = draw(st.integers(0, 6))
    answers = {name: draw(st.lists(one, min_size=n, max_size=n)) for name, one in ANSWERS.items()}
    columns = {
        name: dressed(name, values, draw(st.sampled_from(DRESSES[FACTS[name].kind])))
        for name, values in answers.items()
    }
    index = draw(st.permutations(range(100, 100 + n)))
    return answers, pd.DataFrame(columns).set_axis(index)


def fits_arrow(column):
    try:
        pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


@settings(max_examples=80, deadline=None)
@given(cases_and_dress(), st.sampled_from(["pandas", "polars", "pyarrow"]))
def test_the_same_answers_are_coded_alike_in_any_dress_and_nothing_is_altered(case, engine):
    answers, frame = case
    if engine != "pandas":  # which hold no mixed column
        frame = frame[[name for name in frame if fits_arrow(frame[name])]]
    given_frame = {
        "pandas": lambda: frame.copy(),
        "polars": lambda: pl.from_pandas(frame),
        "pyarrow": lambda: pa.Table.from_pandas(frame, preserve_index=False),
    }[engine]()
    before = given_frame.copy(deep=True) if engine == "pandas" else given_frame
    got = coded_cases(given_frame)
    expected = {name: [coded(name, a) for a in answers[name]] for name in frame}
    assert got.to_dict(as_series=False) == {name: expected[name] for name in got.columns}
    assert sorted(got.columns) == sorted(frame)
    for name, dtype in got.schema.items():
        kind = FACTS[name].kind
        assert dtype in {
            Kind.FLAG: [pl.Boolean],
            Kind.COUNT: [pl.Int64, pl.Float64],
            Kind.NUMBER: [pl.Float64],
        }.get(kind, [pl.UInt8])
    if engine == "pandas":
        pd.testing.assert_frame_equal(given_frame, before)


# --- reading, checking and writing

WORDS = pd.DataFrame(
    {
        "id": ["007", "008", "009"],
        "rare_disease": ["Yes", "n", "NA"],
        "suspicion": ["high", "", "None"],
        "drug_trials": ["2", "3.0", None],
        "first_line_weeks": [1.5, np.nan, 2.0],
        "sex": ["Female", None, "other"],
        "score": [0.1, np.nan, 3.0],
    },
    index=[5, 3, 9],
)


def declared(kind):
    """WORDS as every kind of frame should come back."""
    facts = {
        "rare_disease": [True, False, None],
        "suspicion": ["high", None, "none"],
        "drug_trials": [2, 3, None],
        "first_line_weeks": [1.5, None, 2.0],
        "sex": ["female", None, "other"],
    }
    if kind == "pandas":
        dtypes = {
            "rare_disease": "bool[pyarrow]",
            "suspicion": pd.CategoricalDtype(["none", "low", "moderate", "high"], ordered=True),
            "drug_trials": "int64[pyarrow]",
            "first_line_weeks": "double[pyarrow]",
            "sex": pd.CategoricalDtype(["female", "male", "other"]),
        }
        new = {name: pd.Series(facts[name], dtype=dtype, index=WORDS.index) for name, dtype in dtypes.items()}
        return WORDS.assign(**new)
    if kind == "polars":
        dtypes = {
            "rare_disease": pl.Boolean,
            "suspicion": pl.Enum(["none", "low", "moderate", "high"]),
            "drug_trials": pl.Int64,
            "first_line_weeks": pl.Float64,
            "sex": pl.Enum(["female", "male", "other"]),
        }
        return pl.from_pandas(WORDS).with_columns(pl.Series(n, facts[n], dtype=t) for n, t in dtypes.items())
    table = pa.Table.from_pandas(WORDS, preserve_index=False)
    for name, values in facts.items():
        array = pa.array(values, {"drug_trials": pa.int64(), "first_line_weeks": pa.float64()}.get(name))
        if FACTS[name].has_levels:
            places = pa.array([None if v is None else FACTS[name].levels.index(v) for v in values], pa.int8())
            array = pa.DictionaryArray.from_arrays(
                places, list(FACTS[name].levels), ordered=name == "suspicion"
            )
        table = table.set_column(table.column_names.index(name), name, array)
    return table


def test_a_frame_comes_back_as_its_kind_with_declared_kinds_its_extras_and_its_index():
    pd.testing.assert_frame_equal(read_cases(WORDS), declared("pandas"))
    polars = read_cases(pl.from_pandas(WORDS))
    assert polars.equals(declared("polars")) and polars.schema == declared("polars").schema
    arrow = read_cases(pa.Table.from_pandas(WORDS, preserve_index=False))
    assert arrow.equals(declared("pyarrow")) and arrow.schema == declared("pyarrow").schema


def test_columns_of_other_names_are_mapped_and_problems_speak_of_the_users_name():
    german = WORDS.rename(columns={"sex": "Geschlecht"})
    names = {"Geschlecht": "sex"}
    pd.testing.assert_frame_equal(read_cases(german, columns=names), declared("pandas"))
    assert read_cases(pl.from_pandas(german), columns=names).equals(declared("polars"))
    assert read_cases(pa.Table.from_pandas(german, preserve_index=False), columns=names).equals(
        declared("pyarrow")
    )
    problems = check_cases(german.assign(Geschlecht="weiblich"), columns=names)
    assert problems["column"].tolist() == ["Geschlecht"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"Sexe": "sex"}, "There is no column 'Sexe'"),
        ({"score": "suspicon"}, "There is no fact 'suspicon'. Did you mean 'suspicion'?"),
        ({"score": "sex"}, "More than one column would be 'sex'"),
        (
            {"score": "advanced_cancer", "id": "advanced_cancer"},
            "More than one column would be 'advanced_cancer'",
        ),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(columns, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        read_cases(WORDS, columns=columns)


def test_missing_facts_are_warned_of_once_and_a_misspelt_column_is_named():
    frame = WORDS.assign(symptom_severty="mild")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_cases(frame)
    [warning] = caught
    assert warning.category is MissingFactsWarning and warning.filename == __file__
    message = str(warning.message)
    assert message.startswith(f"{len(FACTS) - 5} of {len(FACTS)} facts have no column and are unknown")
    assert "did you mean the fact 'symptom_severity'?" in message
    assert all(name in message for name in FACTS if name not in frame)
    complete = pl.DataFrame({name: [None] for name in FACTS})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_cases(complete)


def test_a_frame_without_any_fact_is_refused():
    with pytest.raises(SecondopError, match=r"^No column is a fact \(found: 'a', 'Sex'\).*the fact 'sex'"):
        read_cases(pd.DataFrame({"a": [1], "Sex": ["male"]}))


def lazy_frames():
    import duckdb

    yield pl.LazyFrame({"sex": ["male"]})
    yield duckdb.sql("select 'male' as sex")
    yield pytest.importorskip("dask.dataframe").from_pandas(pd.DataFrame({"sex": ["male"]}))


def test_a_lazy_frame_is_sent_to_assess_and_anything_else_is_refused():
    for frame in lazy_frames():
        for read in (read_cases, check_cases, coded_cases):
            with pytest.raises(SecondopError, match="assess takes it as it is if"):
                read(frame)
    with pytest.raises(SecondopError, match=r"got builtins\.dict"):
        read_cases({"sex": "male"})


FORMATS = ["cases.csv", "cases.tsv", "cases.csv.gz", "cases.parquet"]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_written_cases_are_read_back_the_same(name, kind, tmp_path):
    frame = declared(kind)
    write_cases(frame, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    back = read_cases(tmp_path / name)
    keeps_index = kind == "pandas" and name == "cases.parquet"
    expected = declared("pandas") if keeps_index else declared("pandas").reset_index(drop=True)
    expected = expected.astype({"id": "string[pyarrow]", "score": "double[pyarrow]"})
    # parquet reads the index on pyarrow as well
    pd.testing.assert_frame_equal(back.astype({"id": "string[pyarrow]"}), expected, check_index_type=False)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            *ANSWERS.values(),
            st.one_of(st.none(), TEXT),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.booleans()),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_was_read_is_written_and_read_without_loss(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("cases") / "cases.csv"
    names = [*ANSWERS, "text 1", "whole", "real", "told"]
    frame = pl.DataFrame(rows, names, orient="row", infer_schema_length=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormulaTextWarning)
        write_cases(frame, path)
        first = read_cases(path)
        write_cases(first, path)
    pd.testing.assert_frame_equal(read_cases(path), first)
    for name in names:
        expected = frame[name].to_list()
        got = [None if pd.isna(value) else value for value in first[name]]
        assert got == expected or [str(v) for v in got] == [str(v) for v in expected], name


def test_the_end_of_a_files_name_says_what_separates_its_cells(tmp_path):
    for name, separator in [("a.csv", ","), ("a.tsv", "\t"), ("my.tsv.csv", ","), ("my.csv.tsv", "\t")]:
        write_cases(WORDS, tmp_path / name)
        assert separator.join(WORDS.columns) in (tmp_path / name).read_text()


def test_a_single_column_keeps_its_unknown_cases(tmp_path):
    for name in ("rare_disease", "sex"):
        values = ["yes", None, None] if name == "rare_disease" else [None, "male", None]
        write_cases(pd.DataFrame({name: values}), tmp_path / "one.csv")
        assert coded_cases(read_cases(tmp_path / "one.csv"))[name].null_count() == 2
        assert len(read_cases(tmp_path / "one.csv")) == 3


def test_a_named_index_is_written_as_a_column(tmp_path):
    write_cases(WORDS.rename_axis("case"), tmp_path / "cases.csv")
    assert read_cases(tmp_path / "cases.csv")["case"].tolist() == [5, 3, 9]


def test_a_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "cases.csv"
    write_cases(WORDS, path)
    old = path.read_bytes()
    for bad, error in [
        (WORDS.assign(sex="purple"), CasesError),
        (WORDS.assign(score=[[1], [2, 3], []]), SecondopError),
        (WORDS.assign(score=[1, "a", b"c"]), SecondopError),
        (pd.concat([WORDS, WORDS["id"]], axis=1), SecondopError),
    ]:
        with pytest.raises(error):
            write_cases(bad, path)
    with pytest.raises(SecondopError, match=r"written as one of \.csv"):
        write_cases(WORDS, tmp_path / "cases.xlsx")
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]


def test_text_that_a_spreadsheet_would_run_is_kept_and_warned_of(tmp_path):
    notes = ["=HYPERLINK(1)", "-5", "fine"]
    with pytest.warns(FormulaTextWarning, match=r"1 in 'note', such as '=HYPERLINK\(1\)'"):
        write_cases(WORDS.assign(note=notes), tmp_path / "cases.csv")
    assert read_cases(tmp_path / "cases.csv")["note"].tolist() == notes
    write_cases(WORDS.assign(note=notes), tmp_path / "cases.parquet")  # no spreadsheet runs parquet


EXTRAS = [
    # cells of an extra column         type that loses nothing
    (["1", "-2", ""], "int64[pyarrow]"),
    (["1.5", "2.0", "1e-07"], "double[pyarrow]"),
    (["True", "False", ""], "bool[pyarrow]"),
    (["007", "8", "9"], "string[pyarrow]"),
    (["1.50", "2", "3"], "string[pyarrow]"),
    (["+1", "2", "3"], "string[pyarrow]"),
    (["1", "2.5", "3"], "string[pyarrow]"),
    (["nan", "1.0", "inf"], "string[pyarrow]"),
    (["9999999999999999999", "1", "2"], "string[pyarrow]"),
    (["yes", "no", ""], "string[pyarrow]"),
    (["", "", ""], "string[pyarrow]"),
    (["NA", "a", "null"], "string[pyarrow]"),
]


@pytest.mark.parametrize(("cells", "dtype"), EXTRAS)
def test_extra_text_becomes_numbers_only_where_nothing_is_lost(cells, dtype, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("sex,extra\n" + "".join(f"male,{cell}\n" for cell in cells))
    extra = read_cases(path)["extra"]
    dtype = pd.ArrowDtype(pa.string()) if dtype == "string[pyarrow]" else dtype
    assert extra.dtype == dtype
    assert ["" if pd.isna(value) else str(value) for value in extra] == cells
