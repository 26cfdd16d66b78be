"""Firing rates are counts that can be checked by hand, with what cannot be judged kept apart from no."""

import csv
import itertools
from collections import Counter

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from secondop.datafiles import data_path
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.rates import OTHER, attrition, firing_rates, overlap, overlap_members
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from tests.kit import ENGINES, examples, to_engine

CLINICAL = [rule.name for rule in RULE_BOOK if rule.clinical]
ORDER = ["not_needed", "no_indication", "optional", "recommended", "urgent"]
CANCER, INHERITED, WISH, PROGNOSIS = FOUR = (
    "neoplasia-concern",
    "hereditary-condition-suspected",
    "patient-wants-one",
    "prognosis-without-experience",
)
BOOK, PLAIN = RULE_BOOK.only(*FOUR).replace(CANCER, level="urgent"), RULE_BOOK.only(WISH, PROGNOSIS)
# Four rules, each read from facts that no other of the four reads.
CASES = pd.DataFrame(
    [
        # sex       cancer   inherited  wish    advanced, prognosis by    rules known to fire
        ("female",  True,    True,      False,  False,    None),        # cancer, inherited
        ("female",  True,    None,      True,   False,    None),        # cancer, wish; inherited open
        ("male",    None,    False,     False,  True,     "nobody"),    # prognosis; cancer open
        ("male",    False,   False,     False,  False,    None),        # none
        (None,      False,   False,     True,   False,    None),        # wish
    ],
    columns=["sex", "neoplasia_concern", "hereditary_condition_suspected", "wants_second_opinion",
             "advanced_cancer", "prognosis_given_by"],
)  # fmt: skip
EXPECTED = {
    # population                                 n  fired  unknown
    ("level", "urgent"):                        (5, 2, 1),
    ("level", "recommended"):                   (5, 3, 0),
    ("level", "optional"):                      (5, 4, 0),
    ("any", "any clinical indication"):         (5, 3, 0),
    ("any", "any patient-driven indication"):   (5, 2, 0),
    ("group", "specialty: cancer"):             (5, 3, 0),
    ("group", "specialty: complex or rare"):    (5, 1, 1),
    ("group", "patient: preference"):           (5, 2, 0),
    ("rule", CANCER):                           (5, 2, 1),
    ("rule", PROGNOSIS):                        (5, 1, 0),
    ("rule", INHERITED):                        (5, 1, 1),
    ("rule", WISH):                             (5, 2, 0),
}  # fmt: skip


def counted(table, *keys):
    rows = table.set_index(list(keys))[["n", "fired", "unknown"]]
    return dict(zip(rows.index, rows.itertuples(index=False, name=None), strict=True))


@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "dask"])
def test_rates_are_the_counts_made_by_hand_in_every_engine(engine):
    rows = pl.from_pandas(CASES.assign(drug_trials=range(5))).to_dicts()  # a number that no rule here reads
    cases = to_engine(engine, rows, RULE_BOOK.facts)
    assert counted(firing_rates(cases, rule_book=BOOK), "sort", "policy") == EXPECTED
    by_sex = firing_rates(cases, "sex", rule_book=BOOK, weights="drug_trials").query("policy == @CANCER")
    assert counted(by_sex, "group") == {"female": (1, 1, 0), "male": (5, 0, 2), "not recorded": (4, 0, 0)}
    verdicts = assess(cases, PLAIN, verdicts=True)
    assert counted(firing_rates(Cohort(verdicts, PLAIN, outcome=None)), "sort", "policy").items() >= {
        (("rule", PROGNOSIS), (5, 1, 0)),
        (("rule", WISH), (5, 2, 0)),
    }


def test_min_counts_what_is_known_and_max_adds_what_is_not_with_the_intervals_of_statsmodels():
    row = firing_rates(CASES, rule_book=BOOK).set_index("policy").loc[CANCER]
    assert row[["value", "min", "max"]].tolist() == [40, 40, 60]
    ends = proportion_confint(2, 5, method="wilson")[0], proportion_confint(3, 5, method="wilson")[1]
    assert row[["lower", "upper"]].tolist() == pytest.approx([100 * end for end in ends], abs=1e-10)


GROUPS = [
    # what the column holds                       what its groups are called
    ([True, False, None, True, None],             {"no": 1, "yes": 2, "not recorded": 2}),
    ([1.0, 2.0, float("nan"), 1.0, 2.0],          {"1.0": 2, "2.0": 2, "not recorded": 1}),
    (["north", None, "south", "north", "north"],  {"north": 3, "south": 1, "not recorded": 1}),
]  # fmt: skip


@pytest.mark.parametrize("name", ["ward", "policy", "group", "n", "value", "label", "fired"])
@pytest.mark.parametrize(("values", "expected"), GROUPS)
def test_any_column_of_any_name_makes_groups_and_its_gaps_are_one_of_them(values, expected, name):
    rows = firing_rates(CASES.assign(**{name: values}), by=name, rule_book=BOOK).query("policy == 'urgent'")
    assert list(zip(rows["group"], rows["n"], strict=True)) == list(expected.items())


def test_a_fact_spelt_as_not_recorded_is_not_a_group_of_its_own():
    rows = firing_rates(CASES.assign(sex=["Female", "N/A", "male", "", "female"]), by="sex", rule_book=BOOK)
    assert counted(rows.query("policy == 'urgent'"), "group") == {
        "female": (2, 1, 0),
        "male": (1, 0, 1),
        "not recorded": (2, 1, 0),
    }


def test_no_cases_give_no_rate():
    table = firing_rates(CASES.iloc[:0], rule_book=BOOK)
    assert len(table) == len(EXPECTED) and (table["n"] == 0).all()
    assert table[["value", "min", "max", "lower", "upper"]].isna().all(axis=None)


MANY = pd.concat([CASES] * 50).assign(age=range(250))
REFUSED = [
    ("neither facts nor verdicts",     lambda: firing_rates(pd.DataFrame({"x": [1]})),        "read_cases"),
    ("no frame",                       lambda: firing_rates([1, 2]),                          "one a row"),
    ("a column that is not there",     lambda: firing_rates(CASES, by="sx"),                  "mean 'sex'"),
    ("more groups than anybody reads", lambda: firing_rates(MANY, by="age"),                  "into bands"),
    ("groups of a cohort",             lambda: firing_rates(Cohort(CASES, outcome=None), "sex"),  "Cohort"),
    ("members that are elsewhere",     lambda: overlap_members(pl.LazyFrame(CASES), []),      "in memory"),
    ("a rule that is not compared",    lambda: overlap_members(CASES, [WISH]),                WISH),
]  # fmt: skip


@pytest.mark.parametrize(("call", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_counted_is_refused(call, says):
    with pytest.raises(SecondopError, match=says):
        call()


@examples(12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), gaps=st.sampled_from([0.0, 0.2, 0.8]))
def test_a_nested_population_never_exceeds_its_parent(make_cases, seed, n, gaps):
    table = firing_rates(make_cases(n, seed, gaps), by="specialty")
    numbers = table.set_index(["sort", "group", "policy"])[["min", "max"]]
    parent = {"rule": "group", "group": "any", "level": "level"}
    for row in table[table["within"] != ""].itertuples():
        above = numbers.loc[(parent[row.sort], row.group, row.within)]
        assert row.min <= above["min"] and row.max <= above["max"]
    assert (table["max"] >= table["min"]).all() and table.query("policy == 'urgent'")["n"].sum() == n


def test_attrition_adds_up_rule_by_rule():
    steps = attrition(CASES, [CANCER, INHERITED, WISH], rule_book=BOOK)
    assert steps[["rule", "alone", "added", "fired", "unknown", "max"]].to_numpy().tolist() == [
        ["",        0, 0, 0, 0, 0],
        [CANCER,    2, 2, 2, 1, 60],
        [INHERITED, 1, 0, 2, 1, 60],
        [WISH,      2, 1, 3, 1, 80],
    ]  # fmt: skip


@examples(12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), order=st.permutations(CLINICAL))
def test_adding_a_rule_never_lowers_the_rate_and_the_order_never_changes_the_total(
    make_cases, seed, n, order
):
    cases = make_cases(n, seed)
    steps = attrition(cases, order)
    assert steps["min"].is_monotonic_increasing and steps["max"].is_monotonic_increasing
    assert (steps["alone"] >= steps["added"]).all()
    last = firing_rates(cases).set_index("policy").loc["any clinical indication"]
    assert steps.iloc[-1][["fired", "unknown"]].tolist() == last[["fired", "unknown"]].tolist()


def test_overlap_counts_cases_by_exactly_the_rules_that_fire():
    rows = overlap(CASES, rule_book=BOOK).set_index("combination")[["known", "fired", "unknown"]]
    assert rows.T.to_dict("list") == {
        # rules that fire       known  for sure  possible besides
        ():                     [2, 2, 0],
        (PROGNOSIS,):           [1, 0, 1],
        (CANCER,):              [1, 0, 1],
        (CANCER, INHERITED):    [1, 1, 1],
    }  # fmt: skip
    rest = overlap(CASES, most=1, rule_book=BOOK)
    assert rest[["combination", "known", "fired", "unknown"]].to_numpy().tolist() == [
        [(), 2, 2, 0],
        [(OTHER,), 3, 3, 0],  # whatever is missing, none of the three is without any
    ]


@examples(12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 40), most=st.integers(1, 8))
def test_sets_share_out_all_cases_and_every_way_to_settle_a_case_is_counted(make_cases, seed, n, most):
    cases, five = make_cases(n, seed, 0.3), CLINICAL[:5]
    table = overlap(cases, five, most)
    assert table["known"].sum() == n and len(table) <= most + 1
    verdicts = assess(cases, RULE_BOOK, verdicts=True)[five].astype(object)
    listed = [row.combination for row in table.itertuples() if row.combination != (OTHER,)]
    tally = Counter()
    for case in verdicts.itertuples(index=False):
        ways = itertools.product(*((False, True) if pd.isna(answer) else (answer,) for answer in case))
        sets = [tuple(itertools.compress(five, way)) for way in ways]
        places = {group if group in listed else (OTHER,) for group in sets}
        tally.update((place, len(places) == 1) for place in places)
    for row in table.itertuples():
        assert (row.fired, row.unknown) == (tally[row.combination, True], tally[row.combination, False])
        if row.combination != (OTHER,):
            assert len(overlap_members(cases, row.combination, five)) == row.known


def test_the_members_behind_a_bar_are_the_rows_of_those_cases():
    members = overlap_members(CASES.set_axis(list("abcde")), [CANCER], rule_book=BOOK)
    assert members.index.tolist() == ["b"] and members.columns.equals(CASES.columns)
    assert overlap_members(pl.from_pandas(CASES), [], rule_book=BOOK)["wants_second_opinion"].to_list() == [
        False,
        True,
    ]


@pytest.fixture(scope="module")
def teaching():
    with data_path("teaching_cases.csv").open(encoding="utf-8", newline="") as file:
        return pd.DataFrame(csv.DictReader(file))


def test_levels_on_the_teaching_cases_are_the_answers_decided_by_hand(teaching):
    table = firing_rates(teaching.loc[:, "sex":]).query("sort == 'level'").set_index("policy")
    for level, row in table.iterrows():
        reached = ORDER[ORDER.index(level) :]
        fired, may = (teaching[name].isin(reached).sum() for name in ("expected", "expected_possible"))
        assert (row["n"], row["fired"], row["fired"] + row["unknown"]) == (len(teaching), fired, may)


@pytest.mark.parametrize(("kind", "column"), [("mixed", "fired"), ("not_recorded", "unknown")])
def test_rules_fire_and_stay_open_on_the_teaching_cases_as_often_as_hands_decided(teaching, kind, column):
    """A mixed case is about every rule that fires in it; one not recorded about every rule left open."""
    cases = teaching[teaching["kind"] == kind]
    rules = firing_rates(cases.loc[:, "sex":]).query("sort == 'rule'").set_index("policy")[column]
    assert rules[rules > 0].to_dict() == Counter(
        x for x in " ".join(cases["about"]).split() if x in RULE_BOOK
    )
