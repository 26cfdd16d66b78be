"""Firing rates are counts that can be checked by hand, with unknown kept apart from no."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from secondop.errors import SecondopError
from secondop.evaluation.rates import OTHER, attrition, firing_rates, overlap, overlap_members
from secondop.rules.assess import assess
from secondop.rules.indications import RULE_BOOK

DATA = Path(__file__).parents[2] / "data"
CLINICAL = [rule.name for rule in RULE_BOOK if rule.clinical]
ORDER = {"not_needed": 0, "no_indication": 1, "optional": 2, "recommended": 3, "urgent": 4}

# Four rules, each read from facts that no other of the four reads.
CASES = [
    # sex       neoplasia   hereditary   wants one   advanced, prognosis by   rules known to hold
    ("female",  True,       True,        False,      (False, None)),        # urgent, hereditary
    ("female",  True,       None,        True,       (False, None)),        # urgent, wish; hereditary open
    ("male",    None,       False,       False,      (True, "nobody")),     # prognosis; urgent open
    ("male",    False,      False,       False,      (False, None)),        # none
    (None,      False,      False,       True,       (False, None)),        # wish
]  # fmt: skip
FOUR = (
    "neoplasia-concern",
    "hereditary-condition-suspected",
    "patient-wants-one",
    "prognosis-without-experience",
)
BOOK = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name not in FOUR))


def frame(cases=CASES):
    rows = [
        {"sex": sex, "neoplasia_concern": a, "hereditary_condition_suspected": b, "wants_second_opinion": c}
        | {"advanced_cancer": d, "prognosis_given_by": e}
        for sex, a, b, c, (d, e) in cases
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def assessed():
    return assess(frame(), BOOK, verdicts=True)


def counted(table, *keys):
    return {
        tuple(row[k] for k in keys): (row["n"], row["fired"], row["unknown"])
        for row in table.to_dict("records")
    }


EXPECTED = {
    # population                                   n  fired  unknown
    ("level", "urgent"):                          (5, 2, 1),
    ("level", "recommended"):                     (5, 3, 0),
    ("level", "optional"):                        (5, 4, 0),
    ("any", "any clinical indication"):           (5, 3, 0),
    ("any", "any patient-driven indication"):     (5, 2, 0),
    ("group", "specialty: cancer"):               (5, 3, 0),
    ("group", "specialty: complex or rare"):      (5, 1, 1),
    ("group", "patient: preference"):             (5, 2, 0),
    ("rule", "neoplasia-concern"):                (5, 2, 1),
    ("rule", "prognosis-without-experience"):     (5, 1, 0),
    ("rule", "hereditary-condition-suspected"):   (5, 1, 1),
    ("rule", "patient-wants-one"):                (5, 2, 0),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "polars lazy", "pandas on pyarrow"])
def test_rates_are_the_counts_made_by_hand_on_every_kind_of_frame(kind):
    cases = pl.from_pandas(frame())
    cases = {
        "pandas": frame,
        "polars": lambda: cases,
        "pyarrow": cases.to_arrow,
        "polars lazy": cases.lazy,
        "pandas on pyarrow": lambda: cases.to_pandas(use_pyarrow_extension_array=True),
    }[kind]()
    table = firing_rates(assess(cases, BOOK, verdicts=True), rule_book=BOOK)
    assert counted(table, "sort", "name") == EXPECTED


def test_low_counts_what_is_known_and_high_adds_what_is_not_with_the_intervals_of_statsmodels(assessed):
    row = firing_rates(assessed, rule_book=BOOK).set_index("name").loc["neoplasia-concern"]
    assert (row["low"], row["high"]) == (2 / 5, 3 / 5)
    assert (row["low_lower"], row["low_upper"]) == pytest.approx(
        proportion_confint(2, 5, method="wilson"), abs=1e-12
    )
    assert (row["high_lower"], row["high_upper"]) == pytest.approx(
        proportion_confint(3, 5, method="wilson"), abs=1e-12
    )


def test_cases_whose_subgroup_is_not_recorded_are_a_subgroup_of_their_own(assessed):
    table = firing_rates(assessed, by="sex", rule_book=BOOK)
    rows = counted(table[table["name"] == "neoplasia-concern"], "sex")
    assert rows == {("female",): (2, 2, 0), ("male",): (2, 0, 1), ("not recorded",): (1, 0, 0)}


SUBGROUPS = [
    # what the column holds                       what its subgroups are called
    ([True, False, None, True, None],             {"yes": 2, "no": 1, "not recorded": 2}),
    ([1.0, 2.0, float("nan"), 1.0, 2.0],          {1.0: 2, 2.0: 2, "not recorded": 1}),
    (["north", None, "south", "north", "north"],  {"north": 3, "south": 1, "not recorded": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), SUBGROUPS)
def test_any_column_makes_subgroups_and_its_gaps_are_one_of_them(assessed, values, expected):
    table = firing_rates(assessed.assign(ward=values), by="ward", rule_book=BOOK)
    rows = table[table["name"] == "urgent"]
    assert dict(zip(rows["ward"], rows["n"], strict=True)) == expected
    assert rows["ward"].iloc[-1] == "not recorded"


def test_nan_is_a_gap_in_polars_too(assessed):
    cases = pl.from_pandas(assessed).with_columns(dose=pl.Series([1.0, float("nan"), 2.0, None, 1.0]))
    rows = firing_rates(cases, by="dose", rule_book=BOOK).query("name == 'urgent'")
    assert dict(zip(rows["dose"], rows["n"], strict=True)) == {1.0: 2, 2.0: 1, "not recorded": 2}


def test_a_fact_spelt_as_not_recorded_is_not_a_subgroup_of_its_own():
    cases = frame().assign(sex=["Female", "N/A", "male", "", "female"])
    table = firing_rates(assess(cases, BOOK, verdicts=True), by="sex", rule_book=BOOK)
    rows = table[table["name"] == "urgent"]
    assert dict(zip(rows["sex"], rows["n"], strict=True)) == {"female": 2, "male": 1, "not recorded": 2}


def test_no_cases_give_no_rate(assessed):
    table = firing_rates(assessed.iloc[:0], rule_book=BOOK)
    assert (table["n"] == 0).all()
    assert table[["low", "high", "low_lower", "high_upper"]].isna().all(axis=None)


def test_a_table_without_verdicts_is_refused_with_the_way_out():
    with pytest.raises(SecondopError, match=r"verdicts=True"):
        firing_rates(assess(frame(), BOOK), rule_book=BOOK)
    with pytest.raises(SecondopError, match="one a row"):
        firing_rates([1, 2])


def test_too_many_subgroups_are_refused_and_a_missing_column_is_named(assessed):
    many = pd.concat([assessed] * 50, ignore_index=True).assign(age=np.arange(250))
    with pytest.raises(SecondopError, match="Cut numbers into bands"):
        firing_rates(many, by="age", rule_book=BOOK)
    with pytest.raises(SecondopError, match="Did you mean 'sex'"):
        firing_rates(assessed, by="sx", rule_book=BOOK)


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), gaps=st.sampled_from([0.0, 0.2, 0.8]))
def test_a_nested_population_never_exceeds_its_parent(make_cases, seed, n, gaps):
    table = firing_rates(assess(make_cases(n, seed, gaps), verdicts=True), by="specialty")
    tops = {name: part.set_index(["specialty", "name"]) for name, part in table.groupby("sort")}
    for row in table[table["within"] != ""].to_dict("records"):
        parent = {"rule": "group", "group": "any", "level": "level"}[row["sort"]]
        above = tops[parent].loc[(row["specialty"], row["within"])]
        assert row["fired"] <= above["fired"] and row["low"] <= above["low"] and row["high"] <= above["high"]
    assert (table["high"] >= table["low"]).all()
    assert table[table["name"] == "urgent"]["n"].sum() == n


def test_attrition_adds_up_rule_by_rule(assessed):
    steps = attrition(
        assessed, ["neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one"], BOOK
    )
    found = list(steps[["alone", "added", "fired", "unknown"]].itertuples(index=False, name=None))
    #        alone  added  so far  open
    assert found == [(0, 0, 0, 0), (2, 2, 2, 1), (1, 0, 2, 1), (2, 1, 3, 1)]


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), order=st.permutations(CLINICAL))
def test_adding_a_rule_never_lowers_the_sent_share_and_the_order_never_changes_the_total(
    make_cases, seed, n, order
):
    assessed = assess(make_cases(n, seed), verdicts=True)
    steps = attrition(assessed, order)
    assert steps["low"].is_monotonic_increasing and steps["high"].is_monotonic_increasing
    assert (steps["alone"] >= steps["added"]).all()
    last = firing_rates(assessed).set_index("name").loc["any clinical indication"]
    assert steps.iloc[-1][["fired", "unknown"]].tolist() == last[["fired", "unknown"]].tolist()


def test_overlap_counts_cases_by_exactly_the_rules_that_hold(assessed):
    rows = (
        overlap(assessed, rule_book=BOOK)
        .set_index("combination")[["known", "fired", "unknown"]]
        .T.to_dict("list")
    )
    assert rows == {
        # rules that hold                                          known  settled  possible besides
        ():                                                        [2, 2, 0],
        ("prognosis-without-experience",):                         [1, 0, 1],
        ("neoplasia-concern",):                                    [1, 0, 1],
        ("neoplasia-concern", "hereditary-condition-suspected"):   [1, 1, 1],
    }  # fmt: skip


def test_a_set_that_no_case_is_known_to_have_is_still_counted_among_the_others(assessed):
    rows = overlap(assessed, most=1, rule_book=BOOK)
    assert rows["combination"].tolist() == [(), (OTHER,)]
    assert rows[["known", "fired", "unknown"]].to_numpy().tolist() == [[2, 2, 0], [3, 1, 2]]


def test_the_members_behind_a_bar_are_the_rows_of_those_cases(assessed):
    cases = assessed.set_index(pd.Index(list("abcde")))
    members = overlap_members(cases, ["neoplasia-concern"], rule_book=BOOK)
    assert members.index.tolist() == ["b"] and members.columns.equals(cases.columns)
    assert overlap_members(pl.from_pandas(assessed), [], rule_book=BOOK)[
        "wants_second_opinion"
    ].to_list() == [False, True]
    with pytest.raises(SecondopError, match="patient-wants-one"):
        overlap_members(assessed, ["patient-wants-one"], rule_book=BOOK)


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), most=st.integers(1, 8))
def test_the_sets_share_out_all_cases(make_cases, seed, n, most):
    assessed = assess(make_cases(n, seed, 0.1), verdicts=True)
    table = overlap(assessed, most=most)
    assert table["known"].sum() == n and len(table) <= most + 1
    assert ((table["low"] * n <= table["known"] + 1e-9) & (table["known"] <= table["high"] * n + 1e-9)).all()
    for row in table[table["rules"].notna()].to_dict("records"):
        assert len(overlap_members(assessed, row["combination"])) == row["known"]


@pytest.fixture(scope="module")
def teaching():
    with (DATA / "teaching_cases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rates_on_the_teaching_cases_are_the_counts_of_the_answers_decided_by_hand(teaching):
    cases = pd.read_csv(DATA / "teaching_cases.csv", dtype=str, keep_default_na=False)
    facts = cases.loc[:, "sex":]
    table = firing_rates(assess(facts, verdicts=True)).set_index(["sort", "name"])
    for level in ("optional", "recommended", "urgent"):
        fired = sum(ORDER[case["expected"]] >= ORDER[level] for case in teaching)
        may = sum(ORDER[case["expected_possible"]] >= ORDER[level] for case in teaching)
        row = table.loc[("level", level)]
        assert (row["n"], row["fired"], row["fired"] + row["unknown"]) == (len(teaching), fired, may)


@pytest.mark.parametrize(("kind", "column"), [("mixed", "fired"), ("not_recorded", "unknown")])
def test_rules_fire_and_stay_open_on_the_teaching_cases_as_often_as_hands_decided(teaching, kind, column):
    """A mixed case is about every rule that holds in it; one not recorded about every rule left open."""
    cases = pd.read_csv(DATA / "teaching_cases.csv", dtype=str, keep_default_na=False)
    table = firing_rates(assess(cases[cases["kind"] == kind].loc[:, "sex":], verdicts=True))
    rules = table[table["sort"] == "rule"].set_index("name")[column]
    by_hand = Counter(n for case in teaching if case["kind"] == kind for n in case["about"].split())
    assert rules[rules > 0].to_dict() == dict(by_hand)
