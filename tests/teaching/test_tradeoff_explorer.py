"""The trade-off explorer shows what the trade-off counts, and the cases behind each point."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from secondop import RULE_BOOK, SecondopError, assess, simulate, tradeoff, wide
from secondop.teaching import explore_tradeoff
from secondop.teaching.tradeoff_explorer import REFERRALS

KEPT = ("neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one")
BOOK = RULE_BOOK.only(*KEPT).replace("neoplasia-concern", level="urgent")
FACTS = ["neoplasia_concern", "hereditary_condition_suspected", "wants_second_opinion", "changed"]
CASES = pd.DataFrame(
    [
        # urgent  clinical  wish   changed
        (True, True, False, True),  # a
        (True, False, True, False),  # b
        (False, True, False, False),  # c
        (False, False, True, True),  # d
        (None, True, False, True),  # e: urgent, or recommended only
        (False, False, None, False),  # f: a wish, or nothing
    ],
    columns=FACTS,
    index=list("abcdef"),
    dtype=object,
)
POINTS = [
    # level        k  referred  cannot be judged  referred: changed, not; never: would have changed, would not
    ("urgent",      1, "ab",    "e", 1, 1, 1, 2),
    ("urgent",      2, "a",     "e", 1, 0, 1, 3),
    ("recommended", 1, "abce",  "",  2, 2, 1, 1),
    ("recommended", 2, "a",     "e", 1, 0, 1, 3),
    ("optional",    1, "abcde", "f", 3, 2, 0, 0),
    ("optional",    2, "ab",    "e", 1, 1, 1, 2),
]  # fmt: skip


@pytest.fixture(scope="module")
def six():
    return explore_tradeoff(CASES, outcome="changed", rule_book=BOOK)


@pytest.fixture(scope="module")
def cohort():
    return simulate("programme", 400, seed=3)


@pytest.fixture(scope="module")
def many(cohort):
    return explore_tradeoff(cohort)


def choose(explorer, level, k, accept=None):
    explorer.chosen = {"level": level, "k": k} | ({"accept": accept} if accept else {})


def scene(explorer):
    """What the screen shows."""
    (shown,) = explorer.data["tradeoff"]
    return shown


def shown(explorer):
    """The chosen policy, as the screen has it."""
    level, k, _ = explorer.chosen.values()
    return next(one for one in scene(explorer)["policies"] if (one["level"], one["k"]) == (level, k))


@pytest.mark.parametrize(("level", "k", "referred", "unjudged", "tp", "fp", "fn", "tn"), POINTS)
def test_the_cases_behind_a_point_and_their_counts_are_those_found_by_hand(
    six, level, k, referred, unjudged, tp, fp, fn, tn
):
    choose(six, level, k)
    assert six.selected.equals(CASES.loc[list(referred)]) and six.cannot_be_judged.equals(
        CASES.loc[list(unjudged)]
    )
    assert six.rows == {"level": level, "k": k, "n": len(referred), "cases": six.rows["cases"]}
    assert [case for case, *_ in six.rows["cases"]] == list(referred)
    parts = ("true_positive", "false_positive", "false_negative", "true_negative", "cannot_be_judged")
    assert [shown(six)["people"][part] for part in parts] == [tp, fp, fn, tn, len(unjudged)]
    rows = six.table[(six.table["level"] == level) & (six.table["k"] == k)]
    assert len(rows) == len(REFERRALS)
    assert rows[["true_positive", "false_positive"]].to_numpy() == pytest.approx(
        np.tile([100 * tp / 6, 100 * fp / 6], (6, 1))
    )
    assert (shown(six)["over"][0], shown(six)["found"][0]) == pytest.approx(
        (100 * fp / 6, 100 * tp / 6), abs=1e-4
    )


def test_unknown_facts_are_a_minimum_and_a_maximum_and_never_a_no(six):
    choose(six, "urgent", 1)
    row = six.table[(six.table["level"] == "urgent") & (six.table["k"] == 1)].iloc[0]
    assert (row["referral_rate_min"], row["referral_rate_max"]) == pytest.approx((200 / 6, 300 / 6))
    assert (row["true_positive_min"], row["true_positive_max"]) == pytest.approx((100 / 6, 200 / 6))
    value, low, high, lower, upper = shown(six)["found"]
    assert (value, low, high) == pytest.approx((100 / 6, 100 / 6, 200 / 6), abs=1e-4)
    assert lower < low < high < upper


def test_the_table_behind_a_point_says_which_rules_hold_and_what_changed(six):
    choose(six, "urgent", 1)
    labels = {rule.name: rule.label for rule in BOOK}
    urgent, clinical, wish = (labels[name] for name in KEPT)
    assert six.rows["cases"] == [
        ["a", "urgent", "2", "0", f"{urgent}; {clinical}", "yes"],
        ["b", "urgent", "1", "1", f"{urgent}; {wish}", "no"],
    ]


def test_every_setting_shows_the_trade_off_computed_apart(many, cohort):
    wishes = assess(cohort)[["indications", "preferences"]]
    cases = cohort.assign(enough=wishes.sum(axis=1) >= 3)
    apart = wide(tradeoff(cases, {"enough": "enough"}, threshold=[1 / (1 + n) for n in REFERRALS]))
    same = {
        "urgent": ("urgent", 1),
        "recommended": ("recommended", 1),
        "at least 3": ("recommended", 3),
        "enough": ("optional", 3),  # nothing unknown: only what is known to fire refers
    }
    for i, n in enumerate(REFERRALS):
        for policy, (level, k) in same.items():
            choose(many, level, k, n)
            row = apart[(apart["policy"] == policy) & (apart["threshold"] == 1 / (1 + n))].iloc[0]
            own = shown(many)
            assert (own["over"][0], own["found"][0]) == pytest.approx(
                (row["false_positive"], row["true_positive"]), abs=1e-4
            )
            assert 100 * len(many.selected) / 400 == pytest.approx(row["referral_rate"])
            assert own["net"][i][0] == pytest.approx(row["net_benefit"], abs=1e-4)


@pytest.mark.parametrize("i", range(len(REFERRALS)))
def test_no_policy_lies_above_the_best_and_nobody_and_everybody_are_policies(many, i):
    policies, best = scene(many)["policies"], scene(many)["best"][i]
    assert {"none", "all"} < {one["key"] for one in policies}
    assert max(range(len(policies)), key=lambda j: policies[j]["net"][i][0]) == best["at"]
    lower = policies[best["at"]]["net"][i][3]
    assert best["tied"] == [
        j for j, one in enumerate(policies) if j != best["at"] and one["net"][i][4] >= lower
    ]


def test_what_the_referrals_do_to_diagnoses_stands_beside_where_the_truth_is_known(many, cohort, six):
    choose(many, "recommended", 1)
    shares = [
        100 * many.selected[name].sum() / len(cohort) for name in ("error_corrected", "error_introduced")
    ]
    assert shown(many)["errors"] == pytest.approx(shares, abs=1e-3)
    assert shown(six)["errors"] == []
    with pytest.raises(SecondopError, match="Only tradeoff and decision_curve"):
        explore_tradeoff(cohort, outcome="net_corrected")


def test_what_the_screen_chooses_is_what_python_holds(many, cohort):
    many.set_state({"chosen": {"level": "urgent", "k": 2, "accept": 5}})
    said = assess(cohort)
    by_hand = said[(said["recommendation"] == "urgent") & (said["indications"] >= 2)]
    assert list(many.selected.index) == list(by_hand.index)
    assert (many.rows["level"], many.rows["k"], many.rows["n"]) == ("urgent", 2, len(by_hand))
    assert len(many.rows["cases"]) == min(20, len(by_hand))


@pytest.mark.parametrize("wrong", [("never", 1), ("urgent", 99), ("urgent", "1"), ("urgent", 1, 7)])
def test_what_is_no_policy_is_refused_with_those_that_are(many, wrong):
    before = many.chosen
    with pytest.raises(SecondopError, match=r"There is no (level|k|accept) .*: "):
        choose(many, *wrong)
    with pytest.raises(SecondopError, match=r"no setting 'levl'\. Did you mean 'level'"):
        many.chosen = {"levl": "urgent"}
    assert many.chosen == before


def test_unknown_outcomes_leave_open_which_policy_is_best():
    cases = CASES.assign(changed=[True, *[None] * 5])
    explorer = explore_tradeoff(cases, outcome="changed", rule_book=BOOK)
    choose(explorer, "urgent", 1)
    assert [best["at"] for best in scene(explorer)["best"]] == [None] * 6
    assert shown(explorer)["people"]["referred_unknown"] == 1
    value, low, high, *_ = shown(explorer)["found"]
    assert low < value < high, "what unknown outcomes decide stands half-way"


def test_polars_cases_come_back_as_polars(six):
    explorer = explore_tradeoff(
        pl.from_pandas(CASES.convert_dtypes().reset_index(drop=True)), outcome="changed", rule_book=BOOK
    )
    choose(explorer, "optional", 1)
    assert isinstance(explorer.selected, pl.DataFrame) and explorer.selected.height == 5


def test_the_still_shows_the_chosen_policy(many):
    choose(many, "recommended", 2)
    (still,) = many.still().values()
    assert "at least 2" in json.dumps(still)
    data, about = many._repr_mimebundle_()
    assert about == {"still": True} and "application/vnd.plotly.v1+json" in data


@pytest.mark.parametrize(
    ("cases", "outcome", "says"),
    [
        (CASES.drop(columns="changed"), "either", "no 'diagnosis_changed' and no 'treatment_changed'"),
        (CASES, "chnaged", "There is no 'chnaged'"),
        (CASES[["changed"]], "changed", "state no facts"),
        (CASES.iloc[:0], "changed", "no cases"),
        ([1, 2], "changed", "Expected a frame"),
        (pl.from_pandas(CASES.convert_dtypes()).lazy(), "changed", "collect the lazy frame"),
    ],
    ids=["no outcome", "misspelt outcome", "no facts", "no cases", "no frame", "lazy"],
)
def test_what_cannot_be_explored_is_answered_with_what_to_do(cases, outcome, says):
    with pytest.raises(SecondopError, match=says):
        explore_tradeoff(cases, outcome=outcome)


def test_a_count_that_hardly_any_case_reaches_is_no_policy(many, cohort):
    known, ks = assess(cohort)["indications"], scene(many)["ks"]
    assert ks == list(range(1, len(ks) + 1)) and (known >= ks[-1]).mean() >= 0.005 > (known > ks[-1]).mean()
