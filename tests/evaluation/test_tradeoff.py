"""What policies refer, find and miss: worked by hand, by brute force, and by another program."""

import itertools
from pathlib import Path
from runpy import run_path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.measures import MEASURES, NUMBERS, TRUTH
from secondop.evaluation.tradeoff import decision_curve, net_benefit, tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from tests.kit import examples

MAKER = run_path(str(Path(__file__).with_name("make_dcurves_reference.py")))
POLICIES, PROBABILITY, THRESHOLDS = (MAKER[name] for name in ("POLICIES", "PROBABILITY", "THRESHOLDS"))
# an urgent rule that reads one fact
BOOK = RULE_BOOK.only("neoplasia-concern").replace("neoplasia-concern", level="urgent")
ENDS = ["perfect foresight", "all"]
# Ten cases: is there an urgent reason, does an opinion change something, and does it put an error right?
HAND = pd.DataFrame(
    {
        "neoplasia_concern": [True] * 4 + [False] * 4 + [None] * 2,
        "changed": [True, True, True, False, True, False, False, False, True, False],
        "error_corrected": [True, False, False, False, True, False, False, False, True, False],
    }
)


def rates(cases, policies=None, **more):
    """A row a policy."""
    return wide(tradeoff(cases, policies, **{"outcome": "changed"} | more)).set_index("policy")


MEASURED = ["referral_rate", "true_positive", "false_positive", "false_negative", "error_corrected", "nnr"]
BY_HAND = [
    # policy            TP+FP   TP  FP  FN  corrected  NNR     net benefit at 1/3: an FP weighs 1/2
    ("none",                0,   0,  0, 50,         0, np.nan,  0),
    ("urgent",             40,  30, 10, 20,        10,    4/3, 25),
    ("perfect foresight",  50,  50,  0,  0,        30,      1, 50),
    ("all",               100,  50, 50,  0,        30,      2, 25),
]  # fmt: skip


@pytest.mark.parametrize("row", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_every_value_is_as_counted_by_hand_where_unknown_facts_refer_nobody(row):
    found = rates(HAND, ["urgent"], threshold=1 / 3, rule_book=BOOK).loc[
        row[0], [*MEASURED, "net_benefit", "n"]
    ]
    assert found.tolist() == pytest.approx([*row[1:], 10], nan_ok=True)


def test_the_table_is_tidy_with_all_measures_and_of_the_truth_only_what_the_cases_carry():
    table = tradeoff(HAND, ["urgent"], outcome="changed", threshold=[0.1, 0.2], rule_book=BOOK)
    about = ["policy", "group", "measure", "threshold", *NUMBERS, "n", "label", "sort", "kind"]
    assert list(table) == about and table["policy"].unique().tolist() == [row[0] for row in BY_HAND]
    assert table["measure"].unique().tolist() == [*MEASURES, "error_corrected", "frontier"]
    twice = table.groupby("measure").size() == 8
    assert set(twice[twice].index) == {"net_benefit", "interventions_avoided"}
    once = wide(table).query("policy == 'urgent'")
    assert once["net_benefit"].tolist() == pytest.approx([30 - 10 / 9, 30 - 10 / 4])


ANSWER = st.sampled_from([True, False, None])


@examples(40)
@given(st.lists(st.tuples(ANSWER, ANSWER), min_size=1, max_size=6), st.sampled_from([0.1, 0.4, 0.7]))
def test_bounds_are_the_extremes_over_every_way_to_settle_what_is_unknown(answers, threshold):
    cases = pd.DataFrame(answers, columns=["mine", "changed"], dtype=object)
    table = rates(cases, {"mine": "mine"}, threshold=threshold)
    assert not table.loc["perfect foresight", ["false_positive_max", "false_negative_max"]].any()
    row = table.loc["mine"]
    ways = itertools.product(*[(True, False) if x is None else (x,) for pair in answers for x in pair])
    referred, changed = np.moveaxis(np.array(list(ways)).reshape(-1, len(answers), 2), -1, 0)
    tp, fp, odds = referred & changed, referred & ~changed, threshold / (1 - threshold)
    for name, counted in (("true_positive", tp), ("false_positive", fp), ("net_benefit", tp - odds * fp)):
        low, high = 100 * counted.mean(-1).min(), 100 * counted.mean(-1).max()
        assert [row[f"{name}_min"], row[f"{name}_max"]] == pytest.approx([low, high], abs=1e-9)
    assert pd.isna(row["true_positive"]) == any(given_ == (True, None) for given_ in answers)


@examples(12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 80), gaps=st.sampled_from([0.0, 0.3]))
def test_the_identities_hold_for_every_policy(make_cases, seed, n, gaps):
    table = rates(make_cases(n, seed, gaps), outcome="treatment_changed", threshold=0.25)
    share, everybody = table["referral_rate"] / 100, table.loc["all"]
    for left, right in {
        "referral_rate": table["true_positive"] + table["false_positive"],
        "false_negative": everybody["true_positive"] - table["true_positive"],
        "net_benefit": table["true_positive"] - table["false_positive"] / 3,
        "interventions_avoided": 3 * (table["net_benefit"] - everybody["net_benefit"]),
        "yield_above_chance": table["true_positive"] - share * everybody["true_positive"],
    }.items():
        np.testing.assert_allclose(table[left], right, atol=1e-8, err_msg=left)
    for name in [*MEASURED[:5], *TRUTH, "net_benefit"]:
        ends = table[[f"{name}_lower", f"{name}_min", name, f"{name}_max", f"{name}_upper"]].to_numpy()
        assert (np.diff(ends, axis=1) >= -1e-9).all(), name
    levels = table.loc[["none", "urgent", "recommended", "optional", "all"]]
    assert all(levels[name].is_monotonic_increasing for name in ("true_positive", "referral_rate_max"))


def test_counts_of_indications_and_groups_are_those_of_the_verdicts(make_cases):
    assessed = assess(make_cases(200, 9, 0.1), RULE_BOOK, verdicts=True)
    table = rates(assessed, outcome="either")
    clinical = [rule for rule in RULE_BOOK if rule.clinical]
    group = [rule.name for rule in clinical if rule.group == "treatment failure"]
    for filled, end in ((False, "referral_rate_min"), (True, "referral_rate_max")):
        fires = assessed[[rule.name for rule in clinical]].astype("boolean").fillna(filled)
        for k in (2, 3, 4):
            assert table.loc[f"at least {k}", end] == pytest.approx(100 * (fires.sum(axis=1) >= k).mean())
        assert table.loc["treatment failure", end] == pytest.approx(100 * fires[group].any(axis=1).mean())


def test_a_group_with_clinical_rules_and_wishes_is_one_policy_of_both_kinds(make_cases):
    book = RULE_BOOK.replace("patient-wants-one", group="treatment failure")
    table = rates(make_cases(20, 1), outcome="either", rule_book=book)
    assert table.loc["treatment failure", "kind"] == "both"


OWN = {
    "sharp":   [1, 1, 0, 0, 0, 0, 0, 0],  # 2 TP, 0 FP
    "good":    [1, 1, 1, 1, 0, 0, 0, 0],  # 3, 1
    "mixture": [1, 1, 1, 1, 1, 1, 0, 0],  # 3, 3
}  # fmt: skip


def front(cases, own):
    return rates(cases.assign(**own), {name: name for name in own})["frontier"].drop("perfect foresight")


def test_the_frontier_is_what_is_best_at_some_threshold():
    found = front(pd.DataFrame({"changed": [1, 1, 1, 0, 0, 0, 1, 0]}), OWN)
    assert found[found == 1].index.tolist() == ["sharp", "good", "all"] and found.notna().all()


def test_an_unknown_outcome_that_can_decide_it_leaves_the_frontier_open():
    cases = pd.DataFrame({"changed": [True, True, None, False, False, False]})
    found = front(cases, {"safe": [1, 1, 0, 0, 0, 0], "bold": [1, 1, 1, 0, 0, 0], "bad": [0, 0, 0, 1, 0, 0]})
    assert found[found.isna()].index.tolist() == ["safe", "bold"] and not found[["none", "bad", "all"]].any()


FEW = st.lists(st.tuples(ANSWER, *[st.booleans()] * 3), min_size=1, max_size=5)


@given(FEW)
def test_the_frontier_is_told_wherever_the_bounds_decide_it_over_all_settlings(rows):
    changed, *own = zip(*rows, strict=True)
    cases = pd.DataFrame({"changed": pd.array(changed, "boolean")})
    found = front(cases, {f"own {i}": list(answers) for i, answers in enumerate(own)}).to_numpy()
    refers = np.array([[False] * len(rows), *own, [True] * len(rows)])
    settled = np.array(list(itertools.product(*[(1, 0) if x is None else (x,) for x in changed])), int)
    tp, fp = settled @ refers.T, (1 - settled) @ refers.T  # of each settling and policy
    gain, cost = (x[:, :, None] - x[:, None] for x in (tp, fp))
    turns = np.unique(np.append(gain[gain * cost > 0] / cost[gain * cost > 0], 0))
    odds = np.append((turns[1:] + turns[:-1]) / 2, turns[-1] + 1)[:, None, None]  # one between any two turns
    ahead = gain[:, None] - odds * cost[:, None]
    earlier = np.tri(len(refers), k=-1, dtype=bool)  # of equals the first
    wins = (ahead > 1e-9) | ((ahead > -1e-9) & ~earlier)  # settling, odds, i, j
    sure, may = wins.all(0).all(-1).any(0), wins.any(0).all(-1).any(0)
    np.testing.assert_array_equal(found, np.where(sure, 1, np.where(may, np.nan, 0)))
    best = wins.all(-1).any(1)
    assert best[:, found == 1].all() and not best[:, found == 0].any()


def test_own_policies_are_columns_or_scores_from_a_value_on_beside_those_of_the_book():
    risk = [0.5, 0.49, np.nan] + [0] * 7
    cases = HAND.assign(mine=["yes", "no", "", *["NO"] * 7], risk=risk)
    table = rates(cases, {"own": "mine"}, scores={"risk": 0.5}, rule_book=BOOK)
    assert table.index.tolist() == ["none", "urgent", "specialty: cancer", "risk", "own", *ENDS]
    ends = ["referral_rate", "referral_rate_max", "true_positive", "true_positive_max"]
    assert table.loc[["risk", "own"], ends].eq([10, 20, 10, 20]).all(axis=None)


def test_cases_without_facts_have_what_is_given_beside_and_no_cases_no_values():
    assert rates(HAND[["changed"]], {"mine": "changed"}).index.tolist() == ["none", "mine", *ENDS]
    table = tradeoff(HAND.iloc[:0], ["urgent"], outcome="changed").query("measure != 'frontier'")
    assert (table["n"] == 0).all() and table[NUMBERS].isna().all(axis=None)
    assert tradeoff(HAND.iloc[:0], outcome="changed", by="changed").empty


MISTAKES = [
    # what is wrong               call                                  says
    ("no such policy",            {"policies": ["recomended"]},         "Did you mean 'recommended'"),
    ("answers, and no column",    {"policies": {"mine": [True] * 10}},  "add its column"),
    ("a built-in policy's name",  {"policies": {"all": "changed"}},     "called all"),
    ("the outcome's own name",    {"policies": {"changed": "words"}},   "another name"),
    ("the truth's own name",      {"policies": {"error_corrected": "changed"}}, "another name"),
    ("no such column",            {"policies": {"mine": "chnaged"}},    "Did you mean 'changed'"),
    ("no such outcome",           {"outcome": "chnaged"},               "no 'chnaged'"),
    ("only a simulation has it",  {"outcome": "either"},                "outcome='your column'"),
    ("a threshold above one",     {"threshold": [0.1, 10]},             r"got 10\. .* 1 / \(N \+ 1\)"),
    ("an outcome in words",       {"outcome": "words"},                 "'maybe' is not yes or no"),
    ("a score in words",          {"scores": {"words": 0.5}},           "must hold numbers"),
    ("no such score",             {"scores": {"wrods": 0.5}},           "Did you mean 'words'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "says"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_refused_with_what_exists_and_what_to_do(call, says):
    with pytest.raises(SecondopError, match=says):
        tradeoff(HAND.assign(words="maybe"), **{"outcome": "changed"} | call)


def test_the_decision_curve_equals_dcurves():
    """By dcurves 1.1.7, which cannot live beside pandas 3: see make_dcurves_reference.py. To 1e-9."""
    reference = pd.read_csv(Path(__file__).with_name("dcurves_reference.csv"))
    thresholds = [rate / (1 + rate) for rate in (t / (1 - t) for t in THRESHOLDS)]
    own = {"outcome": "changed", "thresholds": thresholds, "probabilities": [PROBABILITY]}
    table = decision_curve(MAKER["make_cases"](), {name: name for name in POLICIES}, **own)
    assert set(table["measure"]) == {"net_benefit", "interventions_avoided"}
    table = table[table["policy"] != "perfect foresight"]
    ours = table.pivot(index=["policy", "threshold"], columns="measure", values="value")
    theirs = reference.sort_values(["model", "threshold"])
    assert ours.index.get_level_values("policy").tolist() == theirs["model"].tolist()
    np.testing.assert_allclose(ours.index.get_level_values("threshold"), theirs["threshold"], atol=1e-12)
    np.testing.assert_allclose(ours["net_benefit"] / 100, theirs["net_benefit"], atol=1e-9)
    theirs = theirs["net_intervention_avoided"]
    np.testing.assert_allclose(ours["interventions_avoided"] / 100, theirs, atol=1e-9)


def test_the_decision_curve_has_the_levels_and_agrees_with_the_table_at_each_threshold(make_cases):
    cases, thresholds = make_cases(80, 4), [0.1, 0.4]
    curve = decision_curve(cases, thresholds=thresholds, by="sex")
    assert curve["policy"].unique().tolist() == ["none", "urgent", "recommended", "optional", *ENDS]
    table = tradeoff(cases, ["urgent", "recommended", "optional"], threshold=thresholds, by="sex")
    same = table[table["measure"].isin(curve["measure"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(curve, same)


@pytest.mark.parametrize("wrong", [-0.1, 1.5, np.inf])
def test_a_probability_outside_0_to_1_is_refused(wrong):
    cases = HAND.assign(p=[0.5, 0.0, 1.0, np.nan, wrong, *[0.2] * 5])
    with pytest.raises(SecondopError, match="1 probabilities in column 'p' are below 0 or above 1"):
        decision_curve(cases, outcome="changed", probabilities=["p"])


@pytest.mark.parametrize("kind", [np.array, pd.Series, pl.Series, list])
def test_net_benefit_is_true_positives_less_weighted_false_ones_in_any_kind_of_column(kind):
    made = net_benefit(kind([True, True, False]), kind([True, False, False]), threshold=1 / 3)
    assert made == pytest.approx(100 * (1 - 1 / 2) / 3)


ONE = pd.Series([True])
NOT_SETTLED = [
    # what is wrong           recommended    changed            says
    ("an unknown answer",     [True, None],  [True, False],     "anything from 44.44 to 50"),
    ("an unknown outcome",    [True, False], [None, None],      "anything from -5.556 to 50"),
    ("other cases",           ONE,           ONE.set_axis([2]), "needs .* all their answers"),
    ("no cases",              [],            [],                "needs cases"),
]  # fmt: skip


def test_net_benefit_is_told_where_an_unknown_outcome_does_not_matter():
    assert net_benefit([True, False], [True, None], threshold=0.1) == pytest.approx(50)


@pytest.mark.parametrize(("recommended", "changed", "says"), [row[1:] for row in NOT_SETTLED])
def test_net_benefit_refuses_what_is_not_settled(recommended, changed, says):
    with pytest.raises(ValueError, match=says):
        net_benefit(recommended, changed, threshold=0.1)


def test_a_cohort_answers_like_its_cases_and_is_told_what_it_lacks():
    cohort = Cohort(HAND.assign(mine=HAND["changed"]), BOOK, outcome="changed", flags={"mine": "mine"})
    table = tradeoff(HAND.assign(mine=HAND["changed"]), {"mine": "mine"}, outcome="changed", rule_book=BOOK)
    pd.testing.assert_frame_equal(tradeoff(cohort, {"mine": "mine"}), table)
    for lacking in ({"by": "n"}, {"weights": "n"}, {"scores": {"p": 0.5}}, {"policies": {"other": "mine"}}):
        with pytest.raises(SecondopError, match="give them to Cohort"):
            tradeoff(cohort, **lacking)
