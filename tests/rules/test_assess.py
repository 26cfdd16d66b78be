"""Assessing cases: what is added, to which kind of frame, and what is refused."""

import warnings

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from secondop.errors import CasesError, SecondopError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import SUMMARY, assess
from secondop.rules.facts import category, count, flag
from secondop.rules.rules import RECOMMENDATIONS
from secondop.rules.spellings import NearMissWarning
from tests.kit import ENGINES, LAZY_ENGINES, assessed, rows_of, rule, small_book, to_engine

LUMP, DRUGS = flag("lump", "Is there a lump?"), count("drugs", 50, "drugs", "How many drugs?")
TISSUE = category("tissue", "none clear ambiguous", "What did the tissue show?")
BOOK = small_book(
    rule("lump-found", LUMP, "urgent"),
    rule("unclear", TISSUE.is_in("ambiguous")),
    rule("many-drugs", DRUGS >= 3, "optional"),
    rule("clear", TISSUE.is_in("clear"), "against"),
    rule("hurts", DRUGS >= 1, "amplifier"),
)
CASES = pd.DataFrame({"id": ["a", "b"], "Lump": ["yes", None], "drugs": [3, 3]}, index=[7, 3])

COMBINED = [
    # lump, tissue, drugs -> recommendation, possible, indications, preferences
    (True, "ambiguous", 3, "urgent", "urgent", 2, 1),
    (True, None, None, "urgent", "urgent", 1, 0),
    (False, "ambiguous", 3, "recommended", "recommended", 1, 1),
    (None, "ambiguous", 0, "recommended", "urgent", 1, 0),
    (False, "clear", 3, "optional", "optional", 0, 1),
    (False, None, 3, "optional", "recommended", 0, 1),
    (False, "clear", 1, "not_needed", "not_needed", 0, 0),
    (False, "clear", None, "not_needed", "optional", 0, 0),
    (None, "clear", 2, "not_needed", "urgent", 0, 0),
    (False, "none", 2, "no_indication", "no_indication", 0, 0),
    (False, None, 2, "no_indication", "recommended", 0, 0),
    (None, None, None, "no_indication", "urgent", 0, 0),
]


@pytest.mark.parametrize("kind", ENGINES)
def test_how_verdicts_combine(kind):
    rows = [dict(zip(("lump", "tissue", "drugs"), row, strict=False)) for row in COMBINED]
    said = ["recommendation", "possible", "indications", "preferences", "undetermined"]
    got = [tuple(row[name] for name in said) for row in assessed(kind, rows, BOOK)]
    assert got == [(*row[3:], row[3] != row[4]) for row in COMBINED]


def test_the_answers_stand_beside_the_cases_which_stay_as_they_were():
    before = CASES.copy()
    said = assess(CASES, BOOK, verdicts=True)
    pd.testing.assert_frame_equal(CASES, before)
    pd.testing.assert_frame_equal(said[CASES.columns], CASES)
    assert list(said.columns) == [*CASES.columns, *SUMMARY, *(r.name for r in BOOK)]
    assert list(assess(CASES, BOOK, next_question=True).columns) == [
        *CASES.columns,
        *SUMMARY,
        "next_question",
    ]
    assert said.index.tolist() == [7, 3] and len(assess(CASES.head(0), BOOK, verdicts=True)) == 0


def test_each_kind_of_frame_comes_back_with_its_own_kinds():
    arrow, nullable = CASES.convert_dtypes(dtype_backend="pyarrow"), assess(CASES, BOOK, verdicts=True)
    assert nullable["recommendation"].dtype == pd.CategoricalDtype(RECOMMENDATIONS, ordered=True)
    assert nullable["lump-found"].dtype == "boolean" and nullable["lump-found"].isna().tolist() == [
        False,
        True,
    ]
    assert nullable["undetermined"].dtype == bool
    assert assess(arrow, BOOK, verdicts=True)["lump-found"].dtype == pd.ArrowDtype(pa.bool_())
    assert assess(pl.from_pandas(CASES), BOOK)["recommendation"].dtype == pl.Enum(RECOMMENDATIONS)
    assert pa.types.is_dictionary(assess(pa.Table.from_pandas(CASES), BOOK)["recommendation"].type)


def test_a_frame_says_which_book_assessed_it_and_keeps_what_else_it_says():
    cases = CASES.copy()
    cases.attrs = {"simulated": True}
    told = {"rule_book": BOOK.fingerprint, "rule_book_title": "A small book", "simulated": True}
    assert assess(cases, BOOK).attrs == told


@pytest.mark.parametrize("kind", LAZY_ENGINES)
def test_a_lazy_frame_stays_in_its_engine_and_counts_what_it_cannot_read(kind):
    rows = [
        {"lump": "Yes ", "drugs": "many"},
        {"lump": "perhaps", "drugs": "x"},
        {"lump": " - no", "drugs": ""},
    ]
    frame = to_engine(kind, rows, BOOK.facts)
    said = assess(frame, BOOK, verdicts=True)
    assert type(said) is type(frame)
    assert [(row["lump-found"], row["unreadable"]) for row in rows_of(said)] == [
        (True, 1),
        (None, 2),
        (None, 1),
    ]


BOOKS = [
    # rules in the book, recommendation, possible
    ([], ["no_indication"] * 2, ["no_indication"] * 2),
    (["hurts"], ["no_indication"] * 2, ["no_indication"] * 2),
    (["unclear"], ["no_indication"] * 2, ["recommended"] * 2),
    (["lump-found"], ["urgent", "no_indication"], ["urgent", "urgent"]),
]


@pytest.mark.parametrize(("rules", "stands", "possible"), BOOKS)
@pytest.mark.parametrize("kind", ["pandas numpy", "polars lazy", "duckdb"])
def test_any_book_can_assess_any_cases(kind, rules, stands, possible):
    book = small_book(*BOOK.only(*rules), also=BOOK.facts.values())
    said = assessed(kind, [{"lump": True, "drugs": 3}, {"lump": None, "drugs": 3}], book)
    assert [row["recommendation"] for row in said] == stands and [row["possible"] for row in said] == possible


@pytest.mark.parametrize("name", ["column_names", "columns", "index", "secondop", ""])
def test_an_extra_column_may_have_any_name(name):
    extra = CASES.assign(**{name: 1})
    assert len(assess(extra, BOOK)) == assess(pl.from_pandas(extra).lazy(), BOOK).collect().height == 2


REFUSED = [
    ({"lump": True}, "not dict. For one case as a dict, use explain"),
    ([{"lump": True}], "not list"),
    (
        pd.DataFrame({"lmp": [1]}),
        "No column of the 1 given is a fact .* Did you mean 'lump' by 'lmp'",
    ),
    (pl.LazyFrame({"x": [1]}), "No column of the 1 given is a fact"),
    (assess(CASES, BOOK), "recommendation, possible, undetermined"),
    (CASES.assign(lump="no"), "is there 2 times"),
    (
        pl.LazyFrame({"lump": [1], "LUMP": [1]}),
        "More than one column states the same fact: 'lump' and 'LUMP'",
    ),
]


@pytest.mark.parametrize(("cases", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_what_cannot_be_assessed_is_refused_with_what_to_do(cases, says):
    with pytest.raises(SecondopError, match=says):
        assess(cases, BOOK)
    with pytest.raises(SecondopError, match=r"collect them first"):
        assess(pl.LazyFrame({"lump": [True]}), BOOK, next_question=True)


def test_every_value_that_is_no_answer_is_named():
    with pytest.raises(CasesError, match="3 problems in 2 cases") as error:
        assess(CASES.assign(tissue=["odd", "strange"], drugs=[99, 1]), BOOK)
    assert len(error.value.problems) == 3


def test_a_column_that_is_almost_a_fact_is_said_and_none_of_an_assessment_is():
    cases = pl.DataFrame({"lump": [True], "tisue": ["clear"]})
    for given in (cases, cases.lazy()):
        with pytest.warns(NearMissWarning, match="'tisue'"):
            assess(given, BOOK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = assess(CASES, BOOK.with_(rule("lumps", LUMP)), verdicts=True).drop(columns=[*SUMMARY])
        assess(said.drop(columns=[r.name for r in BOOK]), BOOK.with_(rule("lumps", LUMP)))


def test_the_next_question_is_a_column():
    cases = pd.DataFrame({"new_finding": "lump", "finding_persistent_or_unexplained": ["yes", None]})
    asked = assess(cases, RULE_BOOK, next_question=True)["next_question"]
    assert asked.isna().tolist() == [True, False] and asked[1] == "finding_persistent_or_unexplained"
