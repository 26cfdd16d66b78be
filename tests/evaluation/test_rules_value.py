"""What a rule is worth, what capacity finds, and what a reform changes: each worked by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.rules_value import capacity_curve, flipped, reform, rule_values
from secondop.evaluation.tradeoff import tradeoff
from secondop.rules.assess import assess
from secondop.rules.indications import RULE_BOOK

THREE = ("neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one")
BOOK = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name not in THREE))
CANCER, INHERITED, WISH = THREE

CASES = [
    # neoplasia  hereditary  changed
    (True,       False,      True),
    (True,       False,      True),
    (True,       False,      False),
    (True,       True,       True),
    (False,      True,       False),
    (False,      True,       False),
    (False,      True,       True),
    (None,       False,      True),   # cancer open
    (True,       None,       False),  # whether cancer alone sends it is open
    (False,      False,      False),
]  # fmt: skip


@pytest.fixture(scope="module")
def cases():
    frame = pd.DataFrame(CASES, columns=["neoplasia_concern", "hereditary_condition_suspected", "changed"])
    return frame.assign(wants_second_opinion=[False] * 9 + [True])


VALUES = [
    # rule       alone: sent found overuse   only it: sent found overuse   net benefit lost without it
    (CANCER,                 50,   30,    20,           40,   20,     20,      20 - 10),
    (INHERITED,              40,   20,    20,           30,   10,     20,      10 - 10),
]  # fmt: skip


@pytest.mark.parametrize("row", VALUES, ids=[row[0] for row in VALUES])
def test_a_rule_is_worth_what_would_be_lost_without_it(cases, row):
    table = rule_values(cases, outcome="changed", exchange_rate=0.5, rule_book=BOOK).set_index("rule")
    names = [
        "sent",
        "found",
        "overuse",
        "unique_sent",
        "unique_found",
        "unique_overuse",
        "unique_net_benefit",
    ]
    assert table.loc[row[0], names].tolist() == pytest.approx(row[1:])
    assert table.index.tolist() == [CANCER, INHERITED]  # most valuable first; wishes are not clinical rules


def test_unknown_facts_leave_open_whether_a_rule_is_alone(cases):
    table = rule_values(cases, outcome="changed", rule_book=BOOK).set_index("rule")
    # Surely alone: 3 cases. Perhaps: one whose other rule is open, one in which it is itself.
    assert table.loc[CANCER, ["unique_sent_low", "unique_sent", "unique_sent_high"]].tolist() == [30, 40, 50]
    assert table.loc[CANCER, ["unique_found_low", "unique_found", "unique_found_high"]].tolist() == [
        20,
        20,
        30,
    ]


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 50))
def test_leaving_a_rule_out_loses_exactly_its_unique_catches(make_cases, seed, n):
    cases = make_cases(n, seed)
    table = rule_values(cases, exchange_rate=0.4).set_index("rule")
    full = tradeoff(cases, ["recommended"], exchange_rate=0.4).set_index("policy").loc["recommended"]
    for name in table.index[[0, 5, -1]]:
        less = tradeoff(cases, ["recommended"], exchange_rate=0.4, rule_book=RULE_BOOK.without(name))
        less = less.set_index("policy").loc["recommended"]
        for figure in ("sent", "found", "overuse", "net_benefit"):
            assert table.loc[name, f"unique_{figure}"] == pytest.approx(full[figure] - less[figure], abs=1e-9)


CAPACITY = [
    # capacity  served of the last rule          opinions  found  as many at random
    (0,         1.0,  "",                               0,     0,         0),
    (250,       0.5,  CANCER,                         250,   150,       125),
    (500,       1.0,  CANCER,                         500,   300,       250),
    (600,       1/3,  INHERITED,                      600,   300 + 100/3, 300),
    (5000,      1.0,  INHERITED,                      800,   400,       400),
]  # fmt: skip


@pytest.mark.parametrize("row", CAPACITY, ids=[str(row[0]) for row in CAPACITY])
def test_capacity_serves_the_rule_with_most_changes_per_opinion_first(cases, row):
    curve = capacity_curve(cases, [line[0] for line in CAPACITY], outcome="changed", rule_book=BOOK)
    found = curve.set_index("capacity").loc[row[0]]
    assert found["rule"] == row[2]
    assert found[["served", "opinions", "found", "random_found"]].tolist() == pytest.approx(
        [row[1], *row[3:]]
    )
    assert found["overuse"] == pytest.approx(found["opinions"] - found["found"])


def test_the_order_can_be_given_and_unknown_facts_show_what_they_could_add(cases):
    curve = capacity_curve(cases, order=[INHERITED, CANCER], outcome="changed", rule_book=BOOK)
    assert curve["rule"].tolist() == ["", INHERITED, CANCER]
    assert curve["opinions"].tolist() == [0, 400, 800]
    assert curve["possible_opinions"].tolist() == [0, 500, 900]
    assert curve["possible_found"].tolist() == [0, 200, 500]


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60))
def test_the_capacity_curve_ends_where_the_rule_book_does_and_never_falls(make_cases, seed, n):
    cases = make_cases(n, seed)
    curve, book = (
        capacity_curve(cases),
        tradeoff(cases, ["recommended"]).set_index("policy").loc["recommended"],
    )
    assert curve["opinions"].is_monotonic_increasing and curve["found"].is_monotonic_increasing
    assert curve.iloc[-1][["opinions", "found"]].tolist() == pytest.approx(
        [10 * book["sent"], 10 * book["found"]]
    )
    assert curve.iloc[-1]["possible_opinions"] == pytest.approx(10 * book["sent_high"])
    between = capacity_curve(cases, np.linspace(0, 1000, 7))
    assert (between["opinions"] <= between["capacity"] + 1e-9).all() and between["served"].between(0, 1).all()


@pytest.fixture(scope="module")
def after():
    return BOOK.without(INHERITED)


REFORM = [
    # measure       before  after  difference  newly  no longer   if unknown facts sent all they may
    ("sent",            80,    50,        -30,     0,        3,   -30),
    ("found",           40,    30,        -10,     0,        1,   -10),
    ("overuse",         40,    20,        -20,     0,        2,   -20),
    ("underuse",        10,    20,         10,     1,        0,    10),
]  # fmt: skip


@pytest.mark.parametrize("row", REFORM, ids=[row[0] for row in REFORM])
def test_a_reform_is_a_difference_on_the_same_cases(cases, after, row):
    table = reform(cases, BOOK, after, outcome="changed").set_index("measure")
    names = ["before", "after", "difference", "newly", "no_longer", "difference_possible"]
    assert table.loc[row[0], names].tolist() == pytest.approx(row[1:])


def test_the_paired_interval_is_agresti_and_min(cases, after):
    """By hand, 10 pairs, 0 enter and 3 leave: with half a case more in each cell, 12 pairs, 0.5 and 3.5."""
    row = reform(cases, BOOK, after, outcome="changed").set_index("measure").loc["sent"]
    middle, half = -3 / 12, 1.959963984540054 * np.sqrt((0.5 + 3.5) - 9 / 12) / 12
    assert row[["lower", "upper"]].tolist() == pytest.approx([100 * (middle - half), 100 * (middle + half)])


def test_the_interval_of_net_benefit_is_that_of_the_mean_difference_per_case(cases, after):
    row = (
        reform(cases, BOOK, after, outcome="changed", exchange_rate=0.5)
        .set_index("measure")
        .loc["net_benefit"]
    )
    each = np.array([-1, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0])  # one useful opinion lost, two needless ones saved
    half = 1.959963984540054 * each.std() / np.sqrt(10)
    assert row[["difference", "lower", "upper"]].tolist() == pytest.approx(
        [0, -100 * half, 100 * half], abs=1e-9
    )


def test_a_paired_interval_is_narrower_than_that_of_two_separate_samples(make_cases):
    cases = make_cases(400, 11)
    row = reform(cases, RULE_BOOK, RULE_BOOK.without("failed-first-line")).set_index("measure").loc["found"]
    p, q = row["before"] / 100, row["after"] / 100
    apart = 100 * 1.96 * np.sqrt((p * (1 - p) + q * (1 - q)) / 400)
    assert row["upper"] - row["lower"] < apart


def test_a_flipped_case_with_an_unknown_outcome_leaves_the_difference_blank(cases, after):
    unknown = cases.assign(changed=cases["changed"].astype("boolean").mask(cases.index == 4))
    table = reform(unknown, BOOK, after, outcome="changed").set_index("measure")
    assert table.loc[["found", "overuse", "net_benefit"], ["difference", "lower"]].isna().all(axis=None)
    assert table.loc["sent", "difference"] == pytest.approx(-30)


def test_a_reform_that_changes_nothing_still_has_an_interval_as_wide_as_few_cases_allow(cases):
    table = reform(cases, BOOK, BOOK, outcome="changed").set_index("measure")
    assert (table["difference"] == 0).all()
    assert table.loc["sent", "lower"] < 0 < table.loc["sent", "upper"]


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_who_flips_is_told_case_by_case(cases, after, kind):
    given = {"pandas": cases.set_axis(list("abcdefghij")), "polars": pl.from_pandas(cases)}
    given["pyarrow"] = given["polars"].to_arrow()
    rows = flipped(given[kind], BOOK, after)
    if kind == "pandas":
        assert rows.index.tolist() == ["e", "f", "g"]
    said = pl.DataFrame(rows) if kind != "pandas" else pl.from_pandas(rows)
    assert said.select("before", "after").unique().rows() == [("recommended", "no_indication")]


def test_a_cohort_that_was_assessed_by_one_book_is_assessed_afresh_for_a_reform(cases, after):
    pd.testing.assert_frame_equal(
        reform(assess(cases, BOOK, verdicts=True), BOOK, after, outcome="changed"),
        reform(cases, BOOK, after, outcome="changed"),
    )


def test_no_such_level_is_refused(cases):
    with pytest.raises(SecondopError, match="Did you mean 'recommended'"):
        reform(cases, BOOK, BOOK, level="recomended", outcome="changed")
