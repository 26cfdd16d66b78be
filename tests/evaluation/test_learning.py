"""A learned triage and its rival: no peeking, equal volumes, honest probabilities."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from secondop import assess, simulate
from secondop.errors import SecondopError
from secondop.evaluation.learners import LEARNERS, answer_matrix, answers_of, deal, fact_matrix
from secondop.evaluation.learning import calibration, learned_triage, same_volume
from secondop.evaluation.tradeoff import tradeoff
from secondop.rules.facts import FACTS
from secondop.rules.indications import RULE_BOOK

BOOK = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name != "neoplasia-concern"))


@pytest.fixture(scope="module")
def cohort():
    return simulate("programme", 3_000, seed=5)


@pytest.fixture(scope="module")
def scored(cohort):
    return learned_triage(cohort, seed=1, folds=3)


# What a learner reads


def test_a_learner_reads_the_facts_of_the_rule_book_and_nothing_of_the_truth(cohort):
    x, names = fact_matrix(cohort)
    assert names == list(RULE_BOOK.facts)
    assert set(names) <= set(FACTS) and not set(names) & set(cohort.columns.difference(list(FACTS)))
    without_truth = fact_matrix(cohort[list(FACTS)])[0]
    np.testing.assert_array_equal(x, without_truth)


@pytest.mark.parametrize("column", ["difficulty", "diagnosis_changed", "second_right", "score"])
def test_the_truth_cannot_be_asked_for_as_a_fact(cohort, column):
    with pytest.raises(SecondopError, match=column):
        fact_matrix(cohort.assign(score=1.0), [column])


@pytest.mark.parametrize(("flag", "drugs", "no", "yes", "gap"), [
    ("no",    0, 1, 0, 0),
    ("yes",   2, 0, 1, 0),
    (None, None, 0, 0, 1),
])  # fmt: skip
def test_an_answer_that_is_not_recorded_is_an_answer_of_its_own_and_never_no(flag, drugs, no, yes, gap):
    x, names = fact_matrix(
        pd.DataFrame({"rare_disease": [flag], "drug_trials": pd.array([drugs], "Int64")}),
        ["rare_disease", "drug_trials"],
    )
    columns = [(name, word) for name in names for word in answers_of(name)]
    row = dict(zip(columns, answer_matrix(x, names, np.nan_to_num)[0], strict=True))
    assert [row["rare_disease", word] for word in ("no", "yes", "not recorded")] == [no, yes, gap]
    assert row["drug_trials", "not recorded"] == gap and row["drug_trials", ""] == (drugs or 0)


def test_every_case_is_tested_once_by_a_model_that_did_not_learn_from_it():
    changed = np.random.default_rng(1).choice([0, 1, 2], 60).astype(np.uint8)
    dealt = deal(changed, 4, seed=1)
    assert sorted(np.concatenate([test for _, test in dealt])) == list(range(60))
    assert all(not set(learn) & set(test) for learn, test in dealt)


# The learned triage


@pytest.mark.parametrize("kind", LEARNERS)
def test_an_outcome_that_no_fact_tells_of_cannot_be_learned_not_even_by_heart(cohort, kind):
    """Each case its own coin: a model that had seen the case it scores would do better than guess."""
    coin = np.random.default_rng(3).random(len(cohort)) < 0.4
    guessed = learned_triage(cohort.assign(coin=coin), outcome="coin", kind=kind, folds=3, seed=1)["score"]
    better = (guessed[coin].to_numpy()[:, None] > guessed[~coin].to_numpy()).mean()
    assert abs(better - 0.5) < 0.04  # three standard errors of discrimination by chance


@pytest.mark.parametrize("kind", LEARNERS)
def test_an_outcome_that_one_fact_decides_is_learned_and_its_gap_is_told_from_no(cohort, kind):
    flag = cohort["diagnosis_clear_cut"]
    told = cohort.assign(told=flag.isna())
    score = learned_triage(told, outcome="told", kind=kind, folds=3, seed=1)["score"]
    assert score[flag.isna()].min() > 0.5 > score[flag.notna()].max()


def test_the_truth_beside_the_facts_changes_no_score(cohort, scored):
    swapped = cohort.copy()
    for name in ("difficulty", "gravity", "corrected", "first_right"):
        swapped[name] = swapped[name].to_numpy()[::-1]
    pd.testing.assert_series_equal(learned_triage(swapped, seed=1, folds=3)["score"], scored["score"])


def test_the_cases_come_back_as_they_were_with_a_probability_in_the_kind_given(cohort, scored):
    assert scored["score"].between(0, 1, inclusive="neither").all()
    pd.testing.assert_frame_equal(scored.drop(columns="score"), cohort)
    assert scored.attrs == cohort.attrs
    as_polars = learned_triage(pl.from_pandas(cohort), seed=1, folds=3)
    assert isinstance(as_polars, pl.DataFrame)
    np.testing.assert_allclose(as_polars["score"], scored["score"])


def test_cases_without_a_known_outcome_are_scored_and_never_learned_from(cohort):
    known = cohort["treatment_changed"].astype("boolean").mask(np.arange(len(cohort)) % 3 == 0)
    score = learned_triage(cohort.assign(known=known), outcome="known", folds=3, seed=1)["score"]
    assert score.notna().all()
    assert score.mean() == pytest.approx(known.mean(), abs=0.01)  # were unknown no, it would be a third less


REFUSED = [
    ({"folds": 1}, "at least 2 folds"),
    ({"kind": "boosted"}, "Did you mean 'boosting'"),
    ({"facts": ["sexe"]}, "Did you mean 'sex'"),
    ({"outcome": "nobody"}, "the rarer of the two has 0"),
    ({"learn_from": 3}, "at least 3 cases with each outcome"),
    ({"outcome": "treatment_change"}, "treatment_changed"),
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
    # unknown   sent  threshold  measure     random  rule book  learned
    ("nobody",    40,       0.6, "found",        20,        20,      40),
    ("nobody",    40,       0.6, "overuse",      20,        20,       0),
    ("nobody",    40,       0.6, "underuse",     30,        30,      10),
    ("nobody",    40,       0.6, "net_benefit",  10,        10,      40),
    ("all",       60,       0.3, "found",        30,        30,      50),
    ("all",       60,       0.3, "overuse",      30,        30,      10),
    ("all",       60,       0.3, "underuse",     20,        20,       0),
    ("all",       60,       0.3, "net_benefit",  15,        15,      45),
]  # fmt: skip


def test_both_send_as_many_and_are_counted_as_by_hand():
    table = same_volume(HAND, rule_book=BOOK, level="urgent", outcome="changed", exchange_rate=0.5)
    columns = ["unknown", "sent", "threshold", "measure", "random", "rule_book", "learned"]
    counted = table[columns].to_records(index=False).tolist()
    for row, expected in zip(counted, BY_HAND, strict=True):
        assert row[:1] + row[3:4] == expected[:1] + expected[3:4]
        assert row[1:3] + row[4:] == pytest.approx(expected[1:3] + expected[4:])


def test_the_figures_are_those_of_the_trade_off_at_the_threshold(scored):
    ours = same_volume(scored, level="urgent").query("unknown == 'nobody'").set_index("measure")
    assert scored["score"].is_unique
    theirs = tradeoff(scored, ["urgent"], scores={"score": ours["threshold"].iloc[0]}).set_index("policy")
    for who, policy in (("rule_book", "urgent"), ("learned", "score"), ("random", "random: urgent")):
        values = theirs.loc[policy, list(ours.index)].astype(float)
        np.testing.assert_allclose(ours[who], values, atol=1e-9)


def test_found_is_counted_by_numpy_as_well(scored):
    changed = (scored["diagnosis_changed"] | scored["treatment_changed"]).to_numpy(bool)
    row = same_volume(scored).iloc[0]
    volume = round(row["sent"] / 100 * len(scored))
    best = np.argsort(-scored["score"].to_numpy())[:volume]
    assert row["learned"] == pytest.approx(100 * changed[best].sum() / len(scored))
    assert row["random"] == pytest.approx(100 * volume / len(scored) * changed.mean())


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_what_is_found_or_needless_is_what_is_sent_and_the_winner_follows_the_interval(data):
    n = data.draw(st.integers(4, 40))
    column = st.lists(st.sampled_from([True, False, None]), min_size=n, max_size=n)
    cases = pd.DataFrame({"neoplasia_concern": pd.array(data.draw(column), "boolean")})
    cases["changed"] = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    cases["score"] = data.draw(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.9]), min_size=n, max_size=n))
    table = same_volume(cases, rule_book=BOOK, level="urgent", outcome="changed")
    for _, part in table.groupby("unknown"):
        part = part.set_index("measure")
        for who in ("random", "rule_book", "learned"):
            found, overuse, underuse = part.loc[["found", "overuse", "underuse"], who]
            assert found + overuse == pytest.approx(part["sent"].iloc[0])
            assert found + underuse == pytest.approx(100 * cases["changed"].mean())
        assert part.loc[["found", "overuse", "underuse"], "winner"].nunique() == 1
        mirrored = -part.loc["found", ["difference", "upper", "lower"]].to_numpy(float)
        for measure in ("overuse", "underuse"):
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


def test_equal_scores_are_sent_by_chance_and_not_in_the_order_of_the_rows():
    changed = np.arange(4_000) < 2_000
    cases = pd.DataFrame({"changed": changed, "score": 0.5, "neoplasia_concern": np.arange(4_000) % 2 == 0})
    row = same_volume(cases, rule_book=BOOK, level="urgent", outcome="changed").iloc[0]
    assert row["learned"] == pytest.approx(row["random"], abs=3)
    assert row["winner"] == "neither"


def test_the_paired_interval_is_no_narrower_than_a_bootstrap_that_draws_the_line_anew(scored):
    row = same_volume(scored, level="urgent").iloc[0]
    changed = (scored["diagnosis_changed"] | scored["treatment_changed"]).to_numpy(bool)
    book = (assess(scored)["recommendation"] >= "urgent").to_numpy(bool)
    assert 100 * book.mean() == pytest.approx(row["sent"])
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


@pytest.mark.parametrize("asked", [{"level": "urgently"}, {"score": "scores"}])
def test_a_wrong_name_is_refused_with_the_right_one(scored, asked):
    with pytest.raises(SecondopError, match="Did you mean"):
        same_volume(scored, **asked)


def test_a_case_without_a_score_cannot_be_put_in_order():
    with pytest.raises(SecondopError, match="1 of 10 cases have no 'score'"):
        same_volume(HAND.assign(score=HAND["score"].mask(HAND.index == 3)), rule_book=BOOK, outcome="changed")


# Honest probabilities


def test_calibration_is_as_counted_by_hand_and_unknown_outcomes_widen_it():
    cases = pd.DataFrame({"score": [0.9, 0.1, 0.2, 0.7], "changed": [True, False, True, None]})
    table = calibration(cases, outcome="changed", groups=2)
    columns = ["group", "n", "changed", "unknown", "low", "high"]
    assert table[columns].to_numpy().tolist() == [[1, 2, 1, 0, 0.5, 0.5], [2, 2, 1, 1, 0.5, 1.0]]
    assert table["score"].tolist() == pytest.approx([0.15, 0.8])
    assert table["share"].isna().tolist() == [False, True]
    assert table["lower"].tolist() == pytest.approx([proportion_confint(1, 2, method="wilson")[0]] * 2)
    upper = [proportion_confint(count, 2, method="wilson")[1] for count in (1, 2)]
    assert table["upper"].tolist() == pytest.approx(upper)


@pytest.mark.parametrize("kind", LEARNERS)
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
