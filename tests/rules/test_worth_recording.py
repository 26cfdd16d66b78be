"""Which facts would settle most cases, found again by learning every answer to every unrecorded fact."""

import polars as pl
import pytest

from secondop import SGB27B, Gaps, SecondopError, assess, simulate, worth_recording
from secondop.guideline.second_opinion import RULE_BOOK

BOOK = RULE_BOOK.only(
    "ambiguous-pathology",
    "failed-first-line",
    "risky-or-life-changing-treatment",
    "surgery-before-medical-management",
    "clear-diagnosis-standard-plan",
    "patient-unsure",
)
CASES = simulate("general", 300, seed=4, missing=Gaps(0.4), engine="polars")


def by_brute_force(cases, book):
    """How many undetermined cases one answer to a fact could settle, every answer tried in every case."""
    told = assess(cases, book, next_question=True)
    open_ = told.filter("undetermined")
    rows = {}
    for name, fact in book.rule_facts.items():
        missing = open_.filter(pl.col(name).is_null()).select(cases.columns).with_row_index("case")
        answers = list(book.answer_space.options[name])
        tried = [missing.with_columns(pl.lit(answer, fact.dtype).alias(name)) for answer in answers]
        after = assess(pl.concat(tried), book).filter(~pl.col("undetermined"))
        rows[name] = (
            (open_["next_question"] == name).sum(),
            after["case"].n_unique(),
            cases[name].null_count(),
        )
    return rows, len(open_)


def test_every_count_is_that_of_trying_every_answer():
    table, (rows, undetermined) = worth_recording(CASES, BOOK), by_brute_force(CASES, BOOK)
    counts = table.set_index("fact")[["next_question", "makes_final", "unrecorded"]]
    assert dict(zip(counts.index, counts.itertuples(index=False, name=None), strict=True)) == {
        name: row for name, row in rows.items() if row[2]
    }
    assert table["makes_final"].sum() > table["next_question"].max() > 3
    assert (table["undetermined"] == undetermined).all() and (table["n"] == len(CASES)).all()


def test_the_most_useful_facts_come_first():
    table = worth_recording(CASES, BOOK)
    order = list(zip(table["next_question"], table["makes_final"], strict=True))
    assert order == sorted(order, reverse=True)


def test_each_undetermined_case_has_one_next_question():
    table = worth_recording(CASES)
    assert table["next_question"].sum() == table["undetermined"].iloc[0]


KINDS = {
    "pandas": lambda cases: cases.to_pandas(),
    "arrow": lambda cases: cases.to_arrow(),
    "polars, lazy": lambda cases: cases.lazy(),
    "duckdb": lambda cases: pytest.importorskip("duckdb").from_arrow(cases.to_arrow()),
    "dask": lambda cases: pytest.importorskip("dask.dataframe").from_pandas(cases.to_pandas(), npartitions=2),
    "assessed": lambda cases: assess(cases, BOOK, verdicts=True),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_any_kind_of_frame_gives_the_same(kind):
    assert worth_recording(kind(CASES), BOOK).equals(worth_recording(CASES, BOOK))


def test_values_that_a_lazy_frame_cannot_read_are_counted_as_unrecorded():
    cases = pl.LazyFrame({"neoplasia_concern": ["yes", "maybe", None]})
    table = worth_recording(cases, RULE_BOOK.only("neoplasia-concern"))
    assert table["unrecorded"].tolist() == [2] and table.attrs["unreadable"] == 1


@pytest.mark.parametrize("kind", ["polars, lazy", "dask"])
@pytest.mark.parametrize("ask", [assess, worth_recording])
def test_two_columns_of_one_fact_are_refused_where_cases_are_not_in_memory(ask, kind):
    cases = KINDS[kind](pl.DataFrame({"neoplasia_concern": [True], "Neoplasia concern": [None]}))
    with pytest.raises(SecondopError, match="More than one column states the same fact"):
        ask(cases)


def test_where_all_is_recorded_there_is_nothing_to_record():
    cases = pl.DataFrame({"neoplasia_concern": ["yes", "no"]})
    assert worth_recording(cases, RULE_BOOK.only("neoplasia-concern")).empty


def test_any_rule_book_will_do():
    table = worth_recording(pl.DataFrame({next(iter(SGB27B.rule_facts)): [None]}), SGB27B)
    assert set(table["fact"]) == set(SGB27B.rule_facts)


@pytest.mark.parametrize("cases", [{"rare_disease": True}, [1], None, "cases.csv", pl.DataFrame({"x": [1]})])
def test_what_is_no_frame_of_cases_is_refused(cases):
    with pytest.raises(SecondopError, match=r"frame of cases|is a fact"):
        worth_recording(cases)
