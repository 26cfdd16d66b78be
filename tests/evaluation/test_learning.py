"""A learned triage and its rival: no peeking, equal volumes, honest probabilities, and what it goes by."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.errors import SecondopError
from secondop.evaluation.learned import calibration, same_volume
from secondop.evaluation.learning import (
    LEARNERS,
    answer_matrix,
    deal,
    imitation_tree,
    importance,
    learned_triage,
)
from secondop.evaluation.tradeoff import tradeoff
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from secondop.rules.facts import number
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Indication
from tests.kit import examples, sampled

# an urgent rule that reads one fact
BOOK = RULE_BOOK.only("neoplasia-concern").replace("neoplasia-concern", level="urgent")
KINDS = sampled(LEARNERS, ["logistic"])
FOUR = ["diagnosis_clear_cut", "suspicion", "lifestyle_change_tried", "wants_second_opinion"]


@pytest.fixture(scope="module")
def cohort():
    return simulate("programme", 4_000, seed=5)


@pytest.fixture(scope="module")
def scored(cohort):
    return learned_triage(cohort, seed=1, folds=3)


# What a learner reads


def test_every_answer_is_a_column_and_what_is_not_recorded_is_one_of_its_own_and_never_no():
    cases = pd.DataFrame(
        {"rare_disease": ["no", "yes", None], "drug_trials": [2, None, 0], "sex": "x", "difficulty": 1.0}
    )
    read = {name: RULE_BOOK.fact(name) for name in ("rare_disease", "drug_trials", "suspicion")}
    seen = answer_matrix(cases, read)
    assert seen["rare_disease"].to_dict("list") == {
        "no": [1, 0, 0],
        "yes": [0, 1, 0],
        "not recorded": [0, 0, 1],
    }
    assert seen["drug_trials"].to_dict("list") == {"": [2, 0, 0], "not recorded": [0, 1, 0]}
    silent = dict.fromkeys(RULE_BOOK.fact("suspicion").levels, [0] * 3) | {"not recorded": [1] * 3}
    assert seen["suspicion"].to_dict("list") == silent


@pytest.mark.parametrize("column", ["difficulty", "diagnosis_changed", "second_right", "score"])
def test_the_truth_cannot_be_asked_for_as_a_fact(cohort, column):
    with pytest.raises(SecondopError, match=column):
        learned_triage(cohort, facts=[column], seed=1)


@pytest.mark.parametrize("unknown", [0, 2, 20])  # 2: fewer than folds
def test_every_case_is_tested_once_by_a_model_that_did_not_learn_from_it(unknown):
    changed = np.random.default_rng(1).permutation([0] * 30 + [1] * 10 + [2] * unknown)
    dealt = list(deal(changed, 4, seed=1))
    assert sorted(np.concatenate([test for _, test in dealt])) == list(range(len(changed)))
    assert all(not set(learn) & set(test) and (changed[learn] < 2).all() for learn, test in dealt)


# The learned triage


@pytest.mark.parametrize("kind", KINDS)
def test_an_outcome_that_no_fact_tells_of_cannot_be_learned_not_even_by_heart(cohort, kind):
    """Each case its own coin: a model that had seen the case it scores would do better than guess."""
    coin = np.random.default_rng(3).random(len(cohort)) < 0.4
    guessed = learned_triage(cohort.assign(coin=coin), outcome="coin", kind=kind, folds=3, seed=1)["score"]
    better = (guessed[coin].to_numpy()[:, None] > guessed[~coin].to_numpy()).mean()
    assert abs(better - 0.5) < 0.04  # three standard errors of discrimination by chance


@pytest.mark.parametrize("kind", KINDS)
def test_an_outcome_that_one_fact_decides_is_learned_and_its_gap_is_told_from_no(cohort, kind):
    flag = cohort["diagnosis_clear_cut"]
    told = cohort.assign(told=flag.isna())
    score = learned_triage(told, outcome="told", kind=kind, folds=3, seed=1)["score"]
    assert score[flag.isna()].min() > 0.5 > score[flag.notna()].max()


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_number_below_0_is_learned_from_as_any_other(kind):
    balance = number("balance", 100, "points", "Which score?", low=-100)
    rule = BOOK["neoplasia-concern"]
    book = RuleBook("Mine", subject="review", version="1", sources=BOOK.sources,
        rules=[Indication("low", "A low score", when=balance < -10, level="urgent", group=rule.group,
            source=rule.source)],
    )  # fmt: skip
    scores = np.random.default_rng(1).integers(-100, 100, 300)
    cases = pd.DataFrame({"balance": [*scores, None], "changed": [*(scores < -10), False]})
    score = learned_triage(cases, seed=1, outcome="changed", kind=kind, rule_book=book)["score"]
    assert roc_auc_score(cases["changed"], score) > 0.95


def test_the_truth_beside_the_facts_changes_no_score(cohort, scored):
    swapped = cohort.copy()
    for name in ("difficulty", "gravity", "error_corrected", "first_right"):
        swapped[name] = swapped[name].to_numpy()[::-1]
    pd.testing.assert_series_equal(learned_triage(swapped, seed=1, folds=3)["score"], scored["score"])


def test_the_cases_come_back_as_they_were_with_a_probability_in_the_kind_given(cohort, scored):
    assert scored["score"].between(0, 1, inclusive="neither").all()
    pd.testing.assert_frame_equal(scored.drop(columns="score"), cohort)
    assert scored.attrs == cohort.attrs
    few = cohort.head(400)
    as_polars = learned_triage(pl.from_pandas(few), seed=1, folds=3)
    assert isinstance(as_polars, pl.DataFrame)
    np.testing.assert_allclose(as_polars["score"], learned_triage(few, seed=1, folds=3)["score"])


def test_cases_without_a_known_outcome_are_scored_and_never_learned_from(cohort):
    known = cohort["treatment_changed"].astype("boolean").mask(np.arange(len(cohort)) % 3 == 0)
    score = learned_triage(cohort.assign(known=known), outcome="known", folds=3, seed=1)["score"]
    assert score.notna().all()
    assert score.mean() == pytest.approx(known.mean(), abs=0.01)  # were unknown no, it would be a third less


REFUSED = [
    ({"folds": 1}, "folds is a whole number, 2 or more"),
    ({"kind": "boosted"}, "Did you mean 'boosting'"),
    ({"facts": ["sexe"]}, "Did you mean 'sex'"),
    ({"outcome": "nobody"}, "at most 0"),
    ({"learn_from": 3}, "at least 3 cases with each outcome"),
    ({"outcome": "treatment_change"}, "There is no 'treatment_change'"),
]


@pytest.mark.parametrize(("asked", "told"), REFUSED)
def test_what_cannot_be_learned_is_refused_with_the_reason(cohort, asked, told):
    with pytest.raises(SecondopError, match=told):
        learned_triage(cohort.assign(nobody=False), seed=1, **asked)


def test_cases_that_state_no_fact_are_refused():
    with pytest.raises(SecondopError, match="state no fact"):
        learned_triage(pd.DataFrame({"changed": [True, False] * 20}), outcome="changed", seed=1)


# At the same volume

# The rule sends the first four; by score, the best four are the cases 1, 2, 5 and 6.
HAND = pd.DataFrame(
    {
        "neoplasia_concern": [True] * 4 + [False] * 4 + [None] * 2,
        "changed": [True, True, False, False, True, True, False, False, True, False],
        "score": [0.9, 0.8, 0.3, 0.2, 0.7, 0.6, 0.1, 0.15, 0.5, 0.05],
    }
)
BY_HAND = [
    # unknown   sent  cut  measure         random  rule book  learned
    ("nobody",    40, 0.6, "true_positive",    20,        20,      40),
    ("nobody",    40, 0.6, "false_positive",   20,        20,       0),
    ("nobody",    40, 0.6, "false_negative",   30,        30,      10),
    ("nobody",    40, 0.6, "net_benefit",      10,        10,      40),
    ("all",       60, 0.3, "true_positive",    30,        30,      50),
    ("all",       60, 0.3, "false_positive",   30,        30,      10),
    ("all",       60, 0.3, "false_negative",   20,        20,       0),
    ("all",       60, 0.3, "net_benefit",      15,        15,      45),
]  # fmt: skip


def test_both_refer_as_many_and_are_counted_as_by_hand():
    table = same_volume(HAND, rule_book=BOOK, level="urgent", outcome="changed", threshold=1 / 3)
    columns = ["unknown", "referral_rate", "cut", "measure", "random", "rule_book", "learned"]
    expected = pd.DataFrame(BY_HAND, columns=columns)
    numbers = [name for name in columns if name not in ("unknown", "measure")]
    assert (table[["unknown", "measure"]] == expected[["unknown", "measure"]]).all(axis=None)
    np.testing.assert_allclose(table[numbers], expected[numbers])


def test_the_figures_are_those_of_the_trade_off_at_the_cut(scored):
    ours = same_volume(scored, level="urgent").query("unknown == 'nobody'").set_index("measure")
    assert scored["score"].is_unique
    theirs = tradeoff(scored, ["urgent"], scores={"score": ours["cut"].iloc[0]})
    theirs = theirs.pivot(index="policy", columns="measure", values="value")[list(ours.index)]
    np.testing.assert_allclose(ours["rule_book"], theirs.loc["urgent"], atol=1e-9)
    np.testing.assert_allclose(ours["learned"], theirs.loc["score"], atol=1e-9)
    share = theirs.loc["none"] + ours["referral_rate"] / 100 * (theirs.loc["all"] - theirs.loc["none"])
    np.testing.assert_allclose(ours["random"], share, atol=1e-9)


def test_true_positives_are_counted_by_numpy_as_well(scored):
    changed = (scored["diagnosis_changed"] | scored["treatment_changed"]).to_numpy(bool)
    row = same_volume(scored).iloc[0]
    volume = round(row["referral_rate"] / 100 * len(scored))
    best = np.argsort(-scored["score"].to_numpy())[:volume]
    assert row["learned"] == pytest.approx(100 * changed[best].sum() / len(scored))
    assert row["random"] == pytest.approx(100 * volume / len(scored) * changed.mean())


@examples(30)
@given(st.data())
def test_positives_add_up_to_what_is_referred_and_the_winner_follows_the_interval(data):
    n = data.draw(st.integers(4, 40))
    column = st.lists(st.sampled_from([True, False, None]), min_size=n, max_size=n)
    cases = pd.DataFrame({"neoplasia_concern": pd.array(data.draw(column), "boolean")})
    cases["changed"] = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    cases["score"] = data.draw(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.9]), min_size=n, max_size=n))
    table = same_volume(cases, rule_book=BOOK, level="urgent", outcome="changed")
    for _, part in table.groupby("unknown"):
        part = part.set_index("measure")
        for who in ("random", "rule_book", "learned"):
            tp, fp, fn = part.loc[["true_positive", "false_positive", "false_negative"], who]
            assert tp + fp == pytest.approx(part["referral_rate"].iloc[0])
            assert tp + fn == pytest.approx(100 * cases["changed"].mean())
        assert part["winner"].iloc[:3].nunique() == 1
        mirrored = -part.loc["true_positive", ["difference", "upper", "lower"]].to_numpy(float)
        for measure in ("false_positive", "false_negative"):
            interval = part.loc[measure, ["difference", "lower", "upper"]].to_numpy(float)
            np.testing.assert_allclose(interval, mirrored, atol=1e-9)
        np.testing.assert_allclose(part["difference"], part["learned"] - part["rule_book"], atol=1e-9)
    outside = (table["lower"] > 0) | (table["upper"] < 0)
    assert (outside == (table["winner"] != "neither")).all()


def test_each_side_can_win_and_a_score_that_repeats_the_rule_book_is_no_better():
    cases = pd.concat([HAND.dropna(subset="neoplasia_concern")] * 40, ignore_index=True)
    rule, truth = cases["neoplasia_concern"].astype(float), cases["changed"].astype(float)
    won = {}
    for name, score in {"truth": truth, "upside down": -truth, "rule": rule}.items():
        table = same_volume(cases.assign(score=score), rule_book=BOOK, level="urgent", outcome="changed")
        won[name] = set(table["winner"])
    assert won == {"truth": {"learned triage"}, "upside down": {"rule book"}, "rule": {"neither"}}


def test_equal_scores_are_referred_by_chance_and_not_in_the_order_of_the_rows():
    changed = np.arange(4_000) < 2_000
    cases = pd.DataFrame({"changed": changed, "score": 0.5, "neoplasia_concern": np.arange(4_000) % 2 == 0})
    row = same_volume(cases, rule_book=BOOK, level="urgent", outcome="changed").iloc[0]
    assert row["learned"] == pytest.approx(row["random"], abs=3)
    assert row["winner"] == "neither"


def test_the_paired_interval_is_no_narrower_than_a_bootstrap_that_draws_the_line_anew(scored):
    row = same_volume(scored, level="urgent").iloc[0]
    changed = (scored["diagnosis_changed"] | scored["treatment_changed"]).to_numpy(bool)
    book = (assess(scored, RULE_BOOK)["recommendation"] >= "urgent").to_numpy(bool)
    assert 100 * book.mean() == pytest.approx(row["referral_rate"])
    rng, score, gains = np.random.default_rng(1), scored["score"].to_numpy(), []
    for _ in range(400):
        drawn = rng.integers(0, len(score), len(score))
        best = np.argsort(-score[drawn], kind="stable")[: book[drawn].sum()]
        gains.append(100 * (changed[drawn][best].sum() - changed[drawn][book[drawn]].sum()) / len(score))
    width, bootstrap = row["upper"] - row["lower"], np.quantile(gains, 0.975) - np.quantile(gains, 0.025)
    assert 0.95 * bootstrap < width < 2 * bootstrap


def test_an_unknown_outcome_that_decides_leaves_the_winner_open():
    cases = HAND.assign(changed=HAND["changed"].astype("boolean").mask(HAND.index == 4))
    table = same_volume(cases, rule_book=BOOK, level="urgent", outcome="changed").set_index("measure")
    assert table["difference"].isna().all() and (table["winner"] == "").all()
    assert (table["lower"] < table["upper"]).all()


@pytest.mark.parametrize("asked", [{"level": "urgently"}, {"score": "scores"}])
def test_a_wrong_name_is_refused_with_the_right_one(scored, asked):
    with pytest.raises(SecondopError, match="Did you mean"):
        same_volume(scored, **asked)


def test_a_case_without_a_score_cannot_be_put_in_order():
    with pytest.raises(SecondopError, match="1 of 10 cases have no score"):
        same_volume(HAND.assign(score=HAND["score"].mask(HAND.index == 3)), rule_book=BOOK, outcome="changed")


# Honest probabilities


def test_calibration_is_as_counted_by_hand_and_unknown_outcomes_widen_it():
    cases = pd.DataFrame({"score": [0.9, 0.1, 0.2, 0.7], "changed": [True, False, True, None]})
    table = calibration(cases, outcome="changed", groups=2)
    columns = ["group", "n", "changed", "unknown", "min", "max"]
    assert table[columns].to_numpy().tolist() == [[1, 2, 1, 0, 0.5, 0.5], [2, 2, 1, 1, 0.5, 1.0]]
    assert table["score"].tolist() == pytest.approx([0.15, 0.8])
    assert table["share"].isna().tolist() == [False, True]
    assert table["lower"].tolist() == pytest.approx([proportion_confint(1, 2, method="wilson")[0]] * 2)
    upper = [proportion_confint(count, 2, method="wilson")[1] for count in (1, 2)]
    assert table["upper"].tolist() == pytest.approx(upper)


@pytest.mark.parametrize("kind", KINDS)
def test_learned_probabilities_keep_their_promise_where_the_truth_is_plain(cohort, kind):
    """Outcomes drawn with a chance of 10, 50 or 80 % by one fact: and so says the score."""
    chance = cohort["wants_second_opinion"].map({True: 0.8, False: 0.1}).fillna(0.5).astype(float)
    drawn = cohort.assign(drawn=np.random.default_rng(4).random(len(cohort)) < chance)
    score = learned_triage(drawn, outcome="drawn", kind=kind, folds=3, seed=1)["score"]
    promised = score.groupby(chance).mean()
    np.testing.assert_allclose(promised[[0.1, 0.8]], [0.1, 0.8], atol=0.05)
    table = calibration(drawn.assign(score=score), outcome="drawn", groups=3)
    assert table["n"].sum() == len(cohort) and table["changed"].sum() == drawn["drawn"].sum()
    assert table["score"].sub(table["share"]).abs().max() < 0.05


@pytest.fixture(scope="module")
def drawn():
    """3,000 scores, and outcomes drawn with other chances: 0.5 and 1.6 times the logit of the score."""
    rng = np.random.default_rng(7)
    score = rng.uniform(0.02, 0.98, 3_000)
    odds = np.exp(0.5 + 1.6 * np.log(score / (1 - score)))
    return pd.DataFrame({"score": score, "changed": rng.random(3_000) < odds / (1 + odds)})


def test_calibration_slope_and_intercept_are_those_of_logistic_regression(drawn):
    """Of statsmodels, on the logit; the slope of scikit-learn as well, without a penalty."""
    attrs = calibration(drawn, outcome="changed").attrs
    logit = np.log(drawn["score"] / (1 - drawn["score"]))
    line = sm.Logit(drawn["changed"], sm.add_constant(logit.rename("logit"))).fit(disp=False)
    theirs = [line.params["logit"], *line.conf_int().loc["logit"]]
    np.testing.assert_allclose(attrs["slope"], theirs, rtol=1e-6)
    free = LogisticRegression(C=np.inf, tol=1e-8).fit(logit.to_frame(), drawn["changed"])
    assert attrs["slope"][0] == pytest.approx(free.coef_.item(), rel=1e-4)
    assert attrs["slope"][1] < 1.6 < attrs["slope"][2]
    level = attrs["intercept"][0]  # at which as many are expected as were found
    assert (1 / (1 + np.exp(-level - logit))).sum() == pytest.approx(drawn["changed"].sum())
    assert attrs["intercept"][1] < level < attrs["intercept"][2]


def test_scores_that_are_the_chances_have_slope_1_and_intercept_0(drawn):
    chance = drawn["score"]
    came = drawn.assign(changed=np.random.default_rng(8).random(len(drawn)) < chance)
    attrs = calibration(came, outcome="changed").attrs
    assert attrs["slope"][1] < 1 < attrs["slope"][2] and attrs["intercept"][1] < 0 < attrs["intercept"][2]


def test_unknown_outcomes_take_no_part_in_the_calibration_slope(drawn):
    known = calibration(drawn.head(2_000), outcome="changed").attrs
    gaps = drawn.assign(changed=drawn["changed"].astype("boolean").mask(drawn.index >= 2_000))
    with_gaps = calibration(gaps, outcome="changed").attrs
    np.testing.assert_allclose(with_gaps["slope"], known["slope"])
    np.testing.assert_allclose(with_gaps["intercept"], known["intercept"])


NO_LINE = [
    ([0.1, 0.2, 0.8, 0.9], [False, False, True, True]),
    ([0.1, 0.5, 0.5, 0.9], [True, True, False, False]),
    ([0.3, 0.3, 0.3, 0.3], [False, True, False, True]),
    ([0.0, 0.6, 0.4, 0.9], [False, False, True, True]),
    ([0.2, 0.6, 0.4, 1.0], [False, False, True, True]),
    ([0.2, 0.6, 0.4, 0.9], [True, True, True, True]),
    ([0.2, 0.6, 0.4, 0.9], [None, None, None, None]),
]


@pytest.mark.parametrize(("score", "changed"), NO_LINE)
def test_where_no_calibration_line_fits_it_is_blank(score, changed):
    cases = pd.DataFrame({"score": score, "changed": pd.array(changed, "boolean")})
    attrs = calibration(cases, outcome="changed", groups=2).attrs
    assert np.isnan(attrs["slope"]).all() and np.isnan(attrs["intercept"]).all()


# What it goes by


@pytest.mark.parametrize("kind", LEARNERS)
def test_the_fact_that_decides_carries_all_and_the_others_nothing(cohort, kind):
    cases = cohort.assign(decided=cohort["diagnosis_clear_cut"].fillna(False))
    table = importance(cases, outcome="decided", kind=kind, facts=FOUR, folds=3, repeats=2, seed=1)
    assert table["fact"].iloc[0] == "diagnosis_clear_cut" and table["importance"].iloc[0] > 30
    assert table.attrs["auc"] > 99 and table["importance"].iloc[1:].abs().max() < 0.5


@pytest.mark.slow
def test_where_there_is_nothing_to_learn_no_fact_is_important_however_well_known_by_heart(cohort):
    cases = cohort.assign(coin=np.random.default_rng(5).random(len(cohort)) < 0.4)
    table = importance(
        cases, outcome="coin", kind="boosting", facts=[*FOUR, "specialty", "condition"], seed=1
    )
    assert table["lower"].max() < 0.5 and table["importance"].max() < 2.5  # points of the AUC, by chance
    assert table.attrs["auc"] == pytest.approx(50, abs=3)


def test_a_fact_without_any_correlation_tells_nothing(cohort):
    scenario = load_scenario("programme")
    assert not any(scenario[f"facts.lifestyle_change_tried.{trait}"] for trait in ("difficulty", "gravity"))
    table = importance(cohort, facts=FOUR, seed=1).set_index("fact")
    silent, told = table.loc["lifestyle_change_tried"], table.loc["diagnosis_clear_cut"]
    assert silent["lower"] < 0 < silent["upper"] and abs(silent["importance"]) < 0.5 and told["lower"] > 0


def test_facts_come_in_the_words_of_the_patient_the_most_important_first(cohort):
    table = importance(cohort, facts=FOUR, folds=2, repeats=1, seed=1)
    assert table["importance"].is_monotonic_decreasing and sorted(table["fact"]) == sorted(FOUR)
    for row in table.itertuples():
        assert (row.label, row.question) == (
            RULE_BOOK.fact(row.fact).label,
            RULE_BOOK.fact(row.fact).question,
        )
        assert row.lower <= row.importance <= row.upper


def test_the_auc_is_that_of_the_scores_of_a_learned_triage(cohort):
    changed = cohort["diagnosis_changed"] | cohort["treatment_changed"]
    score = learned_triage(cohort, facts=FOUR, seed=1)["score"]
    told = importance(cohort, facts=FOUR, repeats=1, seed=1).attrs["auc"]
    assert told == pytest.approx(100 * roc_auc_score(changed.astype(bool), score), abs=0.7)


def test_cases_without_a_known_outcome_are_left_out_and_counted(cohort):
    known = cohort["diagnosis_changed"].astype("boolean").mask(np.arange(len(cohort)) < 500)
    table = importance(cohort.assign(known=known), outcome="known", facts=FOUR, folds=2, repeats=1, seed=1)
    assert (table.attrs["n"], table.attrs["unknown"]) == (3_500, 500)


# A tree that imitates the rule book


@pytest.fixture(scope="module")
def tree(cohort):
    return imitation_tree(cohort, seed=1)


def test_fidelity_is_out_of_sample_with_its_denominator_and_the_mark_to_beat(tree):
    table = tree.fidelity
    assert table["n"].iloc[0] == 1_200 == table["n"].iloc[2:].sum()
    assert table["agree"].iloc[0] == table["agree"].iloc[2:].sum() > table["agree"].iloc[1]
    for row in table.itertuples():
        assert row.share == pytest.approx(row.agree / row.n)
        assert (row.lower, row.upper) == pytest.approx(proportion_confint(row.agree, row.n, method="wilson"))


@pytest.mark.slow
def test_the_tree_is_judged_on_cases_that_it_did_not_learn_from(cohort):
    """Fidelity is what fresh cases bear out; on its own few cases, a deep tree would look far better."""
    fresh = simulate("programme", 1_000, seed=6)
    said = assess(fresh, RULE_BOOK)["recommendation"].astype(str)
    trees = [imitation_tree(cohort.head(300), seed=seed, max_depth=40, held_back=0.5) for seed in range(12)]
    borne_out = [(np.array(tree.predict(fresh)) == said).mean() for tree in trees]
    assert np.mean([t.fidelity["share"].iloc[0] for t in trees]) == pytest.approx(
        np.mean(borne_out), abs=0.03
    )


def test_following_the_text_by_hand_leads_to_what_the_tree_predicts():
    """A book of one rule: its text is one question, and a gap goes the way of no."""
    asked = imitation_tree(simulate("oncology", 3_000, seed=2), BOOK, seed=1)
    no, otherwise, yes, urgent = repr(asked).splitlines()
    assert (no.split("? ")[1], yes.split("? ")[1]) == ("no", "yes") and "neoplasia concern" in no
    assert otherwise.endswith("no indication") and urgent.endswith("urgent")
    cases = pd.DataFrame({"neoplasia_concern": ["yes", "no", None]})
    assert asked.predict(cases) == ["urgent", "no_indication", "no_indication"]
    assert asked.fidelity["share"].iloc[0] == 1


def test_a_number_that_is_not_recorded_goes_where_the_rule_book_sends_a_gap():
    organs = RULE_BOOK.fact("organ_systems")
    rule = Indication("organs", "Organs", level="urgent", group="g", when=organs >= 3, source="overview-2025")
    about = dict(title="A book", subject="second opinion", version="1", sources=RULE_BOOK.sources)
    book, recorded = RuleBook(rules=[rule], **about), np.arange(400) % 6
    tree = imitation_tree(pd.DataFrame({"organ_systems": recorded}), book, seed=1)
    asked = pd.DataFrame({"organ_systems": pd.array([None, 2, 3], "Int64")})
    assert tree.predict(asked) == ["no_indication", "no_indication", "urgent"]


@pytest.mark.parametrize(("n", "held_back"), [(10, 0.3), (100, 1.0), (100, 0.0)])
def test_too_few_cases_or_none_held_back_is_refused(cohort, n, held_back):
    with pytest.raises(SecondopError, match="held back between 0 and 1"):
        imitation_tree(cohort.head(n), seed=1, held_back=held_back)
