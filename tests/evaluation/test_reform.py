"""What a reform changes: worked by hand, and by brute force over every answer to what is unknown."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.books import flipped, reform
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess

CANCER, INHERITED, WISH = "neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one"
BEFORE = RULE_BOOK.only(CANCER, INHERITED, WISH)
AFTER = BEFORE.without(INHERITED)
Z = 1.959963984540054
CASES = pd.DataFrame(
    [
        # cancer  inherited  changed
        (True,    False,     True),
        (True,    False,     True),
        (True,    False,     False),
        (True,    True,      True),
        (False,   True,      False),   # lost by the reform, as are the next two
        (False,   True,      False),
        (False,   True,      True),
        (None,    False,     True),    # cancer open: both books refer it, or neither does
        (True,    None,      False),   # inherited open: referred in any case
        (False,   False,     False),
    ],
    columns=["neoplasia_concern", "hereditary_condition_suspected", "changed"],
).assign(wants_second_opinion=[False] * 9 + [True])  # fmt: skip
EXPECTED = {
    # measure                before  after  value   min   max  newly  no longer
    "referral_rate":         [80,    50,    -30,   -30,  -30,  0,     3],
    "true_positive":         [40,    30,    -10,   -10,  -10,  0,     1],
    "false_positive":        [40,    20,    -20,   -20,  -20,  0,     2],
    "false_negative":        [10,    20,     10,    10,   10,  1,     0],
    "true_negative":         [10,    30,     20,    20,   20,  2,     0],
}  # fmt: skip
NUMBERS = ["before", "after", "value", "min", "max"]


def reformed(cases=CASES, before=BEFORE, after=AFTER, **more):
    return reform(cases, before, after, **{"outcome": "changed"} | more).set_index("measure")


def test_a_reform_is_a_difference_on_the_same_cases():
    """What stays open in both books is settled once, so no bound is wider than the difference."""
    table = reformed()[[*NUMBERS, "newly", "no_longer"]]
    assert table.loc[list(EXPECTED)].astype(float).round(9).T.to_dict("list") == EXPECTED
    worth = reformed(threshold=1 / 3).loc[
        "net_benefit", NUMBERS
    ]  # one useful referral lost, two needless saved
    assert worth.tolist() == pytest.approx([20, 20, 0, 0, 0], abs=1e-9)


def test_the_intervals_are_those_of_matched_pairs():
    """Agresti and Min by hand: of 10 pairs 3 leave; with half a case more a cell, 3.5 and 0.5 of 12."""
    middle, half = -3 / 12, Z * np.sqrt((0.5 + 3.5) - 9 / 12) / 12
    ends = reformed().loc["referral_rate", ["lower", "upper"]]
    assert ends.tolist() == pytest.approx([100 * (middle - half), 100 * (middle + half)])
    each = np.array([-1, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0])  # of net benefit, the mean per case
    half = 100 * Z * each.std() / np.sqrt(10)
    ends = reformed(threshold=1 / 3).loc["net_benefit", ["lower", "upper"]]
    assert ends.tolist() == pytest.approx([-half, half])


FACTS = ["neoplasia_concern", "hereditary_condition_suspected", "rare_disease"]
SWAPPED = BEFORE.without(CANCER).with_(RULE_BOOK["neoplasia-concern"])
RARER = BEFORE.replace(
    INHERITED, when=RULE_BOOK.fact("hereditary_condition_suspected") & RULE_BOOK.fact("rare_disease")
)
ANSWER = st.sampled_from([True, False, None])


@given(
    st.lists(st.tuples(ANSWER, ANSWER, ANSWER, ANSWER), min_size=1, max_size=4),
    st.sampled_from([AFTER, SWAPPED, RARER]),
)
@example([(False, None, None, True)], RARER)  # what is unknown by both books may still tell them apart
def test_the_bounds_hold_whatever_the_missing_answers_are(rows, after):
    """Exact where a rule comes or goes; where it is another's neighbour, at least not too narrow."""
    table = reformed(
        pd.DataFrame(rows, columns=[*FACTS, "changed"], dtype=object), after=after, threshold=0.25
    )
    gaps = [(True, False) if answer is None else (answer,) for row in rows for answer in row]
    found = []
    for answers in itertools.product(*gaps):
        cases = np.array(answers, bool).reshape(len(rows), 4).T
        cancer, inherited, rare, changed = cases
        old = cancer | inherited
        new = {id(AFTER): cancer, id(SWAPPED): old, id(RARER): cancer | (inherited & rare)}[id(after)]
        gain = new.astype(int) - old
        found.append(
            [
                gain.mean(),
                (gain * changed).mean(),
                (gain * ~changed).mean(),
                (gain * np.where(changed, 1, -1 / 3)).mean(),
            ]
        )
    names = ["referral_rate", "true_positive", "false_positive", "net_benefit"]
    low, high = 100 * np.min(found, 0), 100 * np.max(found, 0)
    if after is not RARER:
        np.testing.assert_allclose(table.loc[names, ["min", "max"]].T, [low, high], atol=1e-9)
    assert (table.loc[names, "min"] <= low + 1e-9).all() and (table.loc[names, "max"] >= high - 1e-9).all()
    assert (table["lower"] <= table["min"] + 1e-9).all() and (table["upper"] >= table["max"] - 1e-9).all()


def test_before_and_after_are_what_the_trade_off_says_of_either_book_by_group_and_with_the_truth(make_cases):
    cases = make_cases(300, 11).assign(w=np.arange(300) % 3 + 1)
    after = RULE_BOOK.without("failed-first-line")
    table = reform(cases, RULE_BOOK, after, by="sex", weights="w", threshold=0.2)
    for way, book in {"before": RULE_BOOK, "after": after}.items():
        rates = wide(tradeoff(cases, ["recommended"], by="sex", weights="w", threshold=0.2, rule_book=book))
        rates = rates[rates["policy"] == "recommended"].set_index("group")
        for row in table.itertuples():
            assert getattr(row, way) == pytest.approx(rates.loc[row.group, row.measure])
    assert table["value"].to_numpy() == pytest.approx((table["after"] - table["before"]).to_numpy())
    assert {"error_corrected", "error_introduced", "intervention_averted"} <= set(table["measure"])
    assert list(dict.fromkeys(table["group"])) == [*RULE_BOOK.facts["sex"].levels, "not recorded"]


def test_a_flipped_case_with_an_unknown_outcome_leaves_the_difference_blank():
    table = reformed(CASES.assign(changed=CASES["changed"].astype("boolean").mask(CASES.index == 4)))
    assert (
        table.loc[["true_positive", "false_positive", "net_benefit"], ["value", "newly"]]
        .isna()
        .all(axis=None)
    )
    assert table.loc["referral_rate", "value"] == pytest.approx(-30)


def test_a_reform_that_changes_nothing_still_has_an_interval_as_wide_as_few_cases_allow():
    table = reformed(after=BEFORE)
    assert (table[["value", "min", "max"]] == 0).all(axis=None)
    assert table.loc["referral_rate", "lower"] < 0 < table.loc["referral_rate", "upper"]


def test_a_cohort_an_assessment_and_a_lazy_frame_are_judged_afresh():
    book = RULE_BOOK.only(WISH, "prognosis-without-experience")
    cases = CASES.assign(advanced_cancer=CASES["neoplasia_concern"], prognosis_given_by="nobody")
    once = reformed(cases, book, book.only(WISH))
    assert once.loc["referral_rate", "value"] < 0
    same = Cohort(cases, outcome="changed"), assess(cases, book, verdicts=True), pl.from_pandas(cases).lazy()
    for given_ in same:
        pd.testing.assert_frame_equal(reformed(given_, book, book.only(WISH)), once)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_who_flips_is_told_case_by_case(kind):
    cases = pl.from_pandas(CASES)
    given = {"pandas": CASES.set_axis(list("abcdefghij")), "polars": cases, "pyarrow": cases.to_arrow()}[kind]
    rows = flipped(given, BEFORE, AFTER)
    assert type(rows) is type(given)
    said = pl.DataFrame(rows)
    assert said.select("before", "after").rows() == [("recommended", "no_indication")] * 3
    assert said["changed"].to_list() == [False, False, True]
    if kind == "pandas":
        assert rows.index.tolist() == ["e", "f", "g"]


REFUSED = [
    ("a level that is not there", lambda: reformed(level="recomended"),                 "mean 'recommended'"),
    ("a column named as ours",    lambda: flipped(CASES.assign(after=1), BEFORE, AFTER), "before or after"),
    ("cases that are elsewhere",  lambda: flipped(pl.LazyFrame(CASES), BEFORE, AFTER),    "in memory"),
    ("no facts",                  lambda: flipped(CASES[["changed"]], BEFORE, AFTER),     "read_cases"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_compared_is_refused(call, says):
    with pytest.raises(SecondopError, match=says):
        call()
