"""Assessing cases: what is added, to which kind of frame, and what is refused."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from secondop.errors import CasesError, SecondopError
from secondop.rules.assess import SUMMARY, assess
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.indications import RULE_BOOK

CASES = pd.DataFrame(
    {"id": ["a", "b"], "neoplasia_concern": ["yes", None], "earlier_opinions": [3, 3]}, index=[7, 3]
)


def only(*names):
    return RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name not in names))


def test_the_answers_stand_beside_the_cases_which_stay_as_they_were():
    before = CASES.copy()
    assessed = assess(CASES, verdicts=True)
    pd.testing.assert_frame_equal(CASES, before)
    pd.testing.assert_frame_equal(assessed[CASES.columns], CASES)
    assert list(assessed.columns) == [*CASES.columns, *SUMMARY, *(rule.name for rule in RULE_BOOK)]
    assert assessed.index.tolist() == [7, 3]


def test_recommendations_are_ordered_in_pandas_polars_and_pyarrow():
    kind = assess(CASES)["recommendation"].dtype
    assert kind.ordered and tuple(kind.categories) == RECOMMENDATIONS
    assert assess(pl.from_pandas(CASES))["recommendation"].dtype == pl.Enum(RECOMMENDATIONS)
    assert pa.types.is_dictionary(assess(pa.Table.from_pandas(CASES))["recommendation"].type)


def test_what_a_frame_says_of_itself_stays():
    cases = CASES.copy()
    cases.attrs = {"simulated": True}
    assert assess(cases).attrs == {"simulated": True}


KINDS = [
    # given as            flags come back as
    ("plain pandas", CASES, "boolean"),
    ("pandas on pyarrow", CASES.convert_dtypes(dtype_backend="pyarrow"), pd.ArrowDtype(pa.bool_())),
]


@pytest.mark.parametrize(("given", "cases", "flag"), KINDS, ids=[kind[0] for kind in KINDS])
def test_flags_come_back_nullable_in_the_kind_given(given, cases, flag):
    verdict = assess(cases, verdicts=True)["neoplasia-concern"]
    assert verdict.dtype == flag
    assert verdict.isna().tolist() == [False, True]


BOOKS = [
    # rules in the book                          recommendation                    possible
    ("none", only(), ["no_indication"] * 2, ["no_indication"] * 2),
    ("a caution alone", only("opinion-after-opinion"), ["no_indication"] * 2, ["no_indication"] * 2),
    ("none of recorded facts", only("ambiguous-pathology"), ["no_indication"] * 2, ["recommended"] * 2),
    ("an urgent one", only("neoplasia-concern"), ["urgent", "no_indication"], ["urgent", "urgent"]),
]


@pytest.mark.parametrize(("rules", "book", "stands", "possible"), BOOKS, ids=[book[0] for book in BOOKS])
@pytest.mark.parametrize("lazy", [False, True])
def test_any_book_can_assess_any_cases(rules, book, stands, possible, lazy):
    typed = pl.from_pandas(CASES).with_columns(pl.col("neoplasia_concern") == "yes")
    assessed = assess(typed.lazy(), book).collect() if lazy else assess(typed, book)
    assert assessed["recommendation"].cast(pl.String).to_list() == stands
    assert assessed["possible"].cast(pl.String).to_list() == possible


def test_a_caution_is_silent_beside_a_clinical_indication_and_unknown_beside_an_unknown_one():
    caution = only("neoplasia-concern", "opinion-after-opinion")
    cases = pd.DataFrame({"neoplasia_concern": [True, False, None], "earlier_opinions": [2, 2, 2]})
    assert assess(cases, caution, verdicts=True)["opinion-after-opinion"].tolist() == [False, True, pd.NA]


def test_an_extra_column_may_have_any_name():
    for name in ("column_names", "columns", "index"):
        assert len(assess(CASES.assign(**{name: 1}))) == 2


def test_no_case_gives_no_row():
    assert len(assess(CASES.head(0))) == 0


REFUSED = [
    # what was given                             what the error says
    ("a dict", {"rare_disease": True}, "not dict. For one case as a dict, use explain"),
    ("no fact", pd.DataFrame({"x": [1]}), "None of the 1 columns is a fact"),
    ("assessed before", assess(CASES), "recommendation, possible, undetermined"),
    (
        "a flag as text, lazy",
        pl.LazyFrame({"rare_disease": ["yes"]}),
        "'rare_disease' is String; it must",
    ),
    ("words as numbers, lazy", pl.LazyFrame({"sex": [1]}), "'sex' is Int64; it must be text, one of female"),
]


@pytest.mark.parametrize(("given", "cases", "says"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_assessed_is_refused_with_what_to_do(given, cases, says):
    with pytest.raises(SecondopError, match=says):
        assess(cases)


def test_every_value_that_is_no_answer_is_named():
    with pytest.raises(CasesError, match="2 problems in 2 cases") as error:
        assess(CASES.assign(sex=["m", "f"]))
    assert len(error.value.problems) == 2
