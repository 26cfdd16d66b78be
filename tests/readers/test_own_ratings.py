"""Own ratings as they are: each kind of fault that they had, where it was seen and where else it occurs."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from secondop import (
    MissingCodesWarning,
    ReaderModel,
    Strategy,
    agreement,
    opinions_from_ratings,
    read_strategies,
)
from secondop.errors import SecondopError
from secondop.rules.spellings import NOT_RECORDED


def long(*rows, columns=("case", "reader", "answer")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)


def differing(ratings, **options) -> tuple[float, float]:
    """Of so many ordered pairs of readers so many differ."""
    return tuple(opinions_from_ratings(ratings, **options).loc["overall", ["differ", "pairs"]])


def pairs_of(*pairs) -> pd.DataFrame:
    """Cases that a and b read, with their two answers each."""
    return long(*((i, who, x) for i, pair in enumerate(pairs) for who, x in zip("ab", pair, strict=True)))


# ------------------------------------------------------------------ a gap is no answer


def test_a_gap_in_words_is_a_gap_and_no_answer():
    ratings = pairs_of(("benign", "unknown"), ("benign", "benign"), ("benign", "not recorded"))
    table = opinions_from_ratings(ratings)
    assert table.index.tolist() == ["benign", "overall"]
    assert (table.loc["overall", "differ"], table.attrs["gaps"]) == (0, 2)
    assert agreement(ratings).loc["percent agreement", "value"] == 1


@pytest.mark.parametrize("gap", [*NOT_RECORDED, None, np.nan, pd.NA, " Not-Known ", "N/A"], ids=repr)
@pytest.mark.parametrize("call", [opinions_from_ratings, agreement], ids=lambda call: call.__name__)
def test_every_spelling_of_a_gap_is_one_in_every_column(gap, call):
    ratings = pairs_of(("benign", gap), ("benign", "benign"), ("benign", "atypia"))
    assert call(ratings).attrs["gaps"] == 1
    assert "gaps" not in call(ratings).index
    for column in ("case", "reader"):  # nobody is not a reader, and no number is not a case
        with pytest.raises(SecondopError, match=f"'{column}': empty in 1 of 6"):
            call(ratings.assign(**{column: [gap, *ratings[column].astype(object)[1:]]}))
    wide = pd.DataFrame({"case": [1, 2], "a": ["x", gap], "b": ["x", "y"]})
    assert call(wide, readers=["a", "b"]).attrs["gaps"] == 1
    with pytest.raises(SecondopError, match="'truth': empty in 1 of 6"):
        ReaderModel.fit(ratings.assign(truth=[gap, *["benign"] * 5]), reference="truth")


CODED = {  # answers of two readers, and which of them may be a gap
    "a word for it": (("benign", "k.A."), ("benign", "benign"), ("benign", "atypia"), "'k.A.' is an answer"),
    "a code": ((1, 99), (1, 1), (1, 2), "99 is an answer"),
    "a code in text": (("1", "-9"), ("1", "1"), ("1", "2"), "'-9' is an answer"),
    "a code among words": (("x", "99"), ("x", "x"), ("x", "y"), "'99' is an answer"),
    "two words": (("x", "nicht bekannt"), ("x", "x"), ("x", "nsp"), "are answers"),
    "a grade beside others": ((8, 9), (8, 8), (8, 7), ""),
    "a word that is said to be one": (("x", "k.A."), ("x", "x"), ("x", "x"), ["x", "k.A."]),
}


@pytest.mark.parametrize("call", [opinions_from_ratings, agreement, ReaderModel.fit])
@pytest.mark.parametrize(("one", "two", "three", "said"), CODED.values(), ids=CODED)
def test_an_answer_that_may_be_a_gap_is_asked_about(call, one, two, three, said):
    stated = {"answers": said} if isinstance(said, list) else {}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        call(pairs_of(one, two, three), **stated)
    found = [str(x.message) for x in told if x.category is MissingCodesWarning]
    assert (len(found) == 1 and said in found[0]) if said and not stated else not found
    assert {x.filename for x in told} <= {__file__}, "where the user called, and no line of the package"


def test_an_answer_that_is_stated_is_one_although_it_is_called_as_a_gap_is():
    ratings = pairs_of(("benign", "unknown"), ("benign", "benign"))
    assert differing(ratings, answers=["benign", "unknown"]) == (2, 4)


# ------------------------------------------------------------------ an order that nobody stated

BENIGN = long(
    *(
        (i, who, answer)
        for i in range(4)
        for who, answer in (("a", "benign"), ("b", "atypia" if i % 2 else "benign"))
    ),
).assign(truth="benign")  # a quarter of readings says atypia of a benign case


def test_under_and_over_ask_for_the_order_of_answers():
    model = ReaderModel.fit(BENIGN, reference="truth")
    assert "order of the answers is not stated" in repr(model)
    for ask in (
        lambda: read_strategies(model, [Strategy.none()]),
        lambda: read_strategies(model.independent(), [Strategy.none()]),
        lambda: model.skilled({"benign": 0.1}, {"benign": 0.1}),
        lambda: agreement(BENIGN, weights="linear"),
    ):
        with pytest.raises(SecondopError, match="from harmless to grave: atypia, benign"):
            ask()
    stated = ReaderModel.fit(BENIGN, reference="truth", answers=["benign", "atypia"])
    row = read_strategies(stated, [Strategy.none()]).iloc[0]
    assert (row["under"], row["over"]) == (0, 0.25)


ORDERS = [
    # the answers as they are                                                     their order
    (pd.Categorical([*"babc"], categories=[*"bca"]),                              ["b", "c", "a"]),
    (pd.Categorical([*"babc"], ordered=True),                                     ["a", "b", "c"]),
    ([10, 9, 2, 10],                                                              [2, 9, 10]),
    (["10", "9", "2", "10"],                                                      ["2", "9", "10"]),
    (["yes", "no", "yes", "yes"],                                                 ["no", "yes"]),
    ([True, False, True, True],                                                   [False, True]),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "order"), ORDERS, ids=[str(order) for _, order in ORDERS])
def test_numbers_no_and_yes_and_categories_have_an_order_of_their_own(answers, order):
    ratings = pd.DataFrame({"case": [1, 1, 2, 2], "reader": [*"abab"], "answer": answers})
    assert opinions_from_ratings(ratings).index.tolist() == [*order, "overall"]
    model = ReaderModel.fit(ratings)
    assert not model.unordered and agreement(ratings, weights="quadratic").shape == (10, 8)


# ------------------------------------------------------------------ who reads first

LOG = pairs_of(
    *[("A", "A")] * 7, *[("A", "B")] * 3
)  # ten cases: the first said A in all, the second B in three


@pytest.mark.parametrize(
    ("ratings", "options"),
    [
        (LOG, {"first": "a"}),
        (LOG.assign(at=[1, 2] * 10), {"first": "at"}),
        (LOG.assign(at=pd.to_datetime(["2024-01-02", "2024-03-01"] * 10)), {"first": "at"}),
        (LOG.assign(at=[1, 2] * 10), {"reader": "at", "first": 1}),
        (
            LOG.pivot(index="case", columns="reader", values="answer").reset_index(),
            {"first": "a", "readers": [*"ab"]},
        ),
        (LOG.sample(frac=1, random_state=1), {"first": " A "}),
    ],
    ids=["a reader", "a number", "a date", "numbered readings", "wide", "in any order"],
)
def test_where_one_reads_first_each_case_counts_one_way(ratings, options):
    table = opinions_from_ratings(ratings, **options)
    assert table.index.name == "first_answer"
    assert table.loc["A", ["pairs", "differ", "share"]].tolist() == [10, 3, 0.3]
    assert table.loc["B", "pairs"] == 0
    assert agreement(ratings, **options).loc["percent agreement", "value"] == pytest.approx(0.7)
    exchangeable = opinions_from_ratings(ratings, **{**options, "first": None})
    assert exchangeable.index.name == "answer"
    assert exchangeable.loc["A", "share"] == pytest.approx(3 / 17)


def test_where_the_first_said_nothing_there_is_no_second_opinion_and_those_who_follow_share_a_vote():
    ratings = long(
        (1, 1, "x"), (1, 2, "y"),
        (2, 2, "x"), (2, 3, "y"),  # nobody is said to be first
        (3, 1, None), (3, 2, "x"), (3, 3, "y"),  # the first said nothing that is known
        (4, 1, "x"), (4, 2, "x"), (4, 3, "y"),  # the two who come after share one vote
    )  # fmt: skip
    table = opinions_from_ratings(ratings, first=1)
    assert table.loc["overall", ["pairs", "differ"]].tolist() == [2, 1.5]
    assert "No first answer in 2 cases: left out." in table.attrs["remarks"]


def test_who_read_first_is_unknown_where_the_order_is_and_a_later_look_of_the_first_is_no_second_opinion():
    ratings = long(
        (1, "a", "x", 1), (1, "b", "y", 2), (1, "a", "x", 3),  # the same reader again: left out
        (2, "a", "x", 1), (2, "b", "y", None),  # who was first is not known
        (3, "a", "x", 5), (3, "b", "y", 5),  # both at once
        (4, "a", None, 1), (4, "b", "x", 2), (4, "c", "y", 3),  # the first said nothing that is known
        (5, "b", "x", 1), (5, "a", "x", 2), (5, "c", "y", 3),  # the two who come after share one vote
        columns=["case", "reader", "answer", "order"],
    )  # fmt: skip
    table = opinions_from_ratings(ratings, first="order")
    assert table.loc["overall", ["pairs", "differ"]].tolist() == [2, 1.5]
    assert "No first answer in 3 cases: left out." in table.attrs["remarks"]


BAD_FIRST = [
    ("nobody",                 LOG, "c", "no reader, and no column of order, 'c'"),
    ("a column and a reader",  LOG.assign(a=1), "a", "both a reader and a column"),
    ("an order in words",      LOG.assign(at="first"), "at", "numbers or dates"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "ratings", "first", "says"), BAD_FIRST, ids=[x[0] for x in BAD_FIRST])
def test_who_reads_first_must_be_told(why, ratings, first, says):
    for call in (opinions_from_ratings, agreement):
        with pytest.raises(SecondopError, match=says):
            call(ratings, first=first)
    with pytest.raises(SecondopError, match="it takes three"):
        opinions_from_ratings(LOG, first="a", sample="cases and readers")


# ------------------------------------------------------------------ the same thing typed twice


def test_spellings_of_one_answer_are_one_and_named():
    table = opinions_from_ratings(pairs_of(("Benign", "benign"), ("DCIS", "DCIS ")))
    assert table.loc["overall", "share"] == 0
    assert table.index.tolist() == ["Benign", "DCIS", "overall"]
    assert table.attrs["remarks"][0] == "Read as one answer: 'Benign' and 'benign'; 'DCIS' and 'DCIS '."


def test_spellings_of_one_reader_are_one_and_a_second_look_is_no_second_opinion():
    ratings = long((1, "Dr A", "x"), (1, "dr a ", "y"), (1, "Dr B", "x"), (2, "Dr A", "x"), (2, "Dr-B", "x"))
    table = opinions_from_ratings(ratings)
    assert (table.attrs["readers"], table.attrs["repeats"]) == (2, 1)
    assert table.loc["overall", ["pairs", "differ"]].tolist() == [4, 1]  # the two looks share one vote
    assert "'Dr A' and 'dr a '" in table.attrs["remarks"][0]


def test_spellings_of_one_case_and_of_one_class_are_one_too():
    ratings = long(("P-01", "a", "x"), ("p 01", "b", "y"), ("P-02", "a", "x"), ("P-02", "b", "x"))
    table = opinions_from_ratings(ratings)
    assert (table.attrs["cases"], *differing(ratings)) == (2, 2, 4)
    assert "'P-01' and 'p 01'" in table.attrs["remarks"][0]
    model = ReaderModel.fit(BENIGN.assign(truth=["Benign", "benign "] * 4), reference="truth")
    assert model.classes == ("benign",)  # as the answer is called that is right in it
    assert "'Benign' and 'benign '" in repr(model)


def test_signs_that_only_a_hyphen_tells_apart_stay_apart():
    ratings = pairs_of(("-", "--"), ("+", "++"), ("-1", "1"))
    assert differing(ratings) == (6, 6)
    assert not [x for x in opinions_from_ratings(ratings).attrs["remarks"] if "Read as one" in x]


@pytest.mark.parametrize(
    ("answers", "differ"),
    [
        ([("yes", "Y"), ("no", 0), (True, 1), ("N", "false")], 0),
        ([(1, 0), ("1", "yes")], 2),
        ([("F", "N"), ("N", "N")], 2),  # letters of one side alone may be words of their own
    ],
    ids=["as one", "apart", "letters"],
)
def test_yes_and_no_are_read_as_everywhere(answers, differ):
    assert differing(pairs_of(*answers))[0] == differ


def test_initials_of_readers_are_no_yes_or_no():
    ratings = long((1, "T", "x"), (1, "Y", "x"), (1, "N", "y"), (1, "F", "x"))
    assert opinions_from_ratings(ratings).attrs["readers"] == 4


def test_readings_that_repeat_are_counted_and_said():
    ratings = long((1, "a", "x"), (1, "a", "y"), (1, "b", "x"), (2, "a", "x"), (2, "a", "x"), (2, "b", "x"))
    for table in (opinions_from_ratings(ratings), agreement(ratings)):
        assert table.attrs["repeats"] == 2
        assert table.attrs["remarks"][0].startswith("2 readings of a case by a reader who had read it")
    assert "2 readings" in repr(ReaderModel.fit(ratings))
    twice = pd.DataFrame({"case": [1, 1, 2], "a": [*"xyx"], "b": [*"xxx"]})  # two sites, the same number
    assert opinions_from_ratings(twice, readers=["a", "b"]).attrs["repeats"] == 2


# ------------------------------------------------------------------ wide ratings, mixed kinds, wrong words

WIDE = pd.DataFrame({"slide": [1, 2], "Reader A": [*"xy"], "Reader B": [*"xx"]})


@pytest.mark.parametrize("call", [opinions_from_ratings, agreement], ids=lambda call: call.__name__)
def test_a_column_a_reader_is_read_and_the_line_for_it_is_shown(call):
    with pytest.raises(SecondopError) as told:
        call(WIDE)
    assert r"(..., case='slide', readers=['Reader A', 'Reader B'])" in str(told.value)
    assert "Did you mean" not in str(told.value)
    with pytest.raises(SecondopError, match=r"case='slide', readers=\['Reader A', 'Reader B'\]"):
        ReaderModel.fit(WIDE, case="slide")
    melted = WIDE.melt("slide", var_name="reader", value_name="answer")
    for frame in (WIDE, pl.from_pandas(WIDE)):
        wide = call(frame, case="slide", readers=["Reader A", "Reader B"])
        pd.testing.assert_frame_equal(wide, call(melted, case="slide"))
    assert ReaderModel.fit(WIDE, case="slide", readers=["reader a", "Reader-B"]).answers == ("x", "y")


@pytest.mark.parametrize(
    ("readers", "says"),
    [
        (["Reader A", "Reader C"], "no column 'Reader C'"),
        (["Reader A", "reader-a"], "'Reader A' is asked for twice"),
        (["Reader A", "slide"], "'slide' is asked for twice"),
        ("Reader A", "readers: a list of names"),
        ([], "Has each reader a column"),
    ],
)
def test_columns_of_readers_that_are_none_are_refused(readers, says):
    with pytest.raises(SecondopError, match=says):
        opinions_from_ratings(WIDE, case="slide", readers=readers)


def test_what_columns_are_called_is_asked_for_and_no_column_named_that_is_not_there():
    with pytest.raises(
        SecondopError, match=r"no column 'case', or more than one\. Say which is yours with case="
    ):
        agreement(pairs_of(("x", "y")).rename(columns={"case": "slide"}))
    with pytest.raises(SecondopError, match="Answers in the columns of readers that are not among"):
        agreement(WIDE, case="slide", readers=["Reader A", "Reader B"], answers=["p", "q"])


def test_numbers_and_text_of_a_spreadsheet_are_read_alike():
    mixed = pairs_of((1, "1"), ("2", 2), (1.0, "1.0"), (2, "1"))
    table = opinions_from_ratings(mixed)
    assert [*map(str, table.index)] == ["1", "2", "overall"]
    assert table.loc["overall", ["differ", "pairs"]].tolist() == [2, 8]
    for column in ("case", "reader"):
        ratings = long((1, 1, "x"), ("1", 2, "x"), (2, "1", "x"), (2, "2", "y")).assign(truth=[1, "1", 1, 1])
        assert opinions_from_ratings(ratings).attrs[f"{column}s"] == 2
    assert ReaderModel.fit(ratings, reference="truth").classes == (1,)
    assert differing(mixed, answers=[1, 2]) == differing(mixed, answers=["1", "2.0"]) == (2, 8)
    gaps = opinions_from_ratings(pairs_of((1, None), (2, 2), (1, 2)).astype({"answer": float}))
    assert [*map(str, gaps.index)] == ["1", "2", "overall"]


BAD = [
    ({"answers": ["x", "X"]}, "spellings of one"),
    ({"answers": ["x", "z"]}, "'y'"),
    ({"sample": 1}, "sample is one of"),
    ({"case": "reader"}, "'reader' is asked for twice"),
    ({"case": "Cases"}, "no column 'Cases'.*Did you mean 'Case'"),
    ({"first": None, "sample": "cases and readers"}, "it takes three"),
]


@pytest.mark.parametrize(("wrong", "says"), BAD, ids=[str(wrong) for wrong, _ in BAD])
def test_what_is_not_taken_is_said_in_one_error(wrong, says):
    ratings = pairs_of(("x", "y"), ("x", "x")).rename(
        columns={"case": "Case"}
    )  # names are forgiven their case
    assert differing(ratings) == (2, 4)
    for call in (opinions_from_ratings, agreement):
        with pytest.raises(SecondopError, match=says):
            call(ratings, **wrong)
