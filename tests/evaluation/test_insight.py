"""What a learned triage goes by, and a tree that imitates the rule book, in words that can be checked."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from secondop import assess, load_scenario, simulate
from secondop.errors import SecondopError
from secondop.evaluation.insight import imitation_tree, importance
from secondop.evaluation.learning import learned_triage
from secondop.rules.facts import FACTS
from secondop.rules.indications import RULE_BOOK

FOUR = ["diagnosis_clear_cut", "suspicion", "lifestyle_change_tried", "wants_second_opinion"]


@pytest.fixture(scope="module")
def cohort():
    return simulate("programme", 4_000, seed=5)


@pytest.fixture(scope="module")
def tree(cohort):
    return imitation_tree(cohort, seed=1)


# Importance


@pytest.mark.parametrize("kind", ["logistic", "boosting"])
def test_the_fact_that_decides_carries_all_and_the_others_nothing(cohort, kind):
    cases = cohort.assign(decided=cohort["diagnosis_clear_cut"].fillna(False))
    table = importance(cases, outcome="decided", kind=kind, facts=FOUR, folds=3, repeats=2, seed=1)
    assert table["fact"].iloc[0] == "diagnosis_clear_cut" and table["importance"].iloc[0] > 30
    assert table.attrs["discrimination"] > 99
    assert table["importance"].iloc[1:].abs().max() < 0.5


def test_where_there_is_nothing_to_learn_no_fact_is_important_however_well_known_by_heart(cohort):
    cases = cohort.assign(coin=np.random.default_rng(3).random(len(cohort)) < 0.4)
    table = importance(
        cases, outcome="coin", kind="boosting", facts=[*FOUR, "specialty", "condition"], seed=1
    )
    assert table["importance"].max() < 1
    assert table.attrs["discrimination"] == pytest.approx(50, abs=3)


def test_a_fact_without_any_loading_tells_nothing(cohort):
    loadings = (
        load_scenario("programme").to_frame().filter(regex=r"lifestyle_change_tried\.(diff|grav)", axis=0)
    )
    assert not loadings["value"].any()
    table = importance(cohort, facts=FOUR, seed=1).set_index("fact")
    silent, told = table.loc["lifestyle_change_tried"], table.loc["diagnosis_clear_cut"]
    assert silent["lower"] < 0 < silent["upper"] and abs(silent["importance"]) < 0.5
    assert told["lower"] > 0


def test_facts_come_in_the_words_of_the_patient_the_most_important_first(cohort):
    table = importance(cohort, facts=FOUR, folds=2, repeats=1, seed=1)
    assert table["importance"].is_monotonic_decreasing and sorted(table["fact"]) == sorted(FOUR)
    for row in table.itertuples():
        assert (row.label, row.meaning) == (FACTS[row.fact].label, FACTS[row.fact].meaning)
        assert row.lower <= row.importance <= row.upper


def test_discrimination_is_that_of_the_scores_of_a_learned_triage(cohort):
    changed = cohort["diagnosis_changed"] | cohort["treatment_changed"]
    score = learned_triage(cohort, facts=FOUR, seed=1)["score"]
    told = importance(cohort, facts=FOUR, repeats=1, seed=1).attrs["discrimination"]
    assert told == pytest.approx(100 * roc_auc_score(changed.astype(bool), score), abs=0.5)


def test_cases_without_a_known_outcome_are_left_out_and_counted(cohort):
    known = cohort["diagnosis_changed"].astype("boolean").mask(np.arange(len(cohort)) < 500)
    table = importance(cohort.assign(known=known), outcome="known", facts=FOUR, folds=2, repeats=1, seed=1)
    assert (table.attrs["n"], table.attrs["unknown"]) == (3_500, 500)


# Imitation


def test_fidelity_is_out_of_sample_with_its_denominator_and_the_mark_to_beat(cohort, tree):
    table = tree.fidelity
    assert table["n"].iloc[0] == 1_200 == table["n"].iloc[2:].sum()
    assert table["agree"].iloc[0] == table["agree"].iloc[2:].sum()
    assert table["agree"].iloc[0] > table["agree"].iloc[1]
    for row in table.itertuples():
        assert row.share == row.agree / row.n
        assert (row.lower, row.upper) == pytest.approx(proportion_confint(row.agree, row.n, method="wilson"))


def test_the_tree_is_judged_on_cases_that_it_did_not_learn_from(cohort):
    """Fidelity is what fresh cases bear out; on its own few cases, a deep tree would look far better."""
    fresh = simulate("programme", 1_000, seed=6)
    said = assess(fresh)["recommendation"].astype(str)
    trees = [imitation_tree(cohort.head(300), seed=seed, max_depth=40, held_back=0.5) for seed in range(12)]
    borne_out = [(np.array(tree.predict(fresh)) == said).mean() for tree in trees]
    reported = [tree.fidelity.loc[0, "share"] for tree in trees]
    assert np.mean(reported) == pytest.approx(np.mean(borne_out), abs=0.03)


def test_the_text_asks_in_plain_words_and_its_ends_add_up_to_the_fidelity(tree):
    text = tree.to_text()
    meanings = " ".join(text.split())
    assert not set(re.findall(r"\b[a-z]+_[a-z_]+\b", text))
    assert any(fact.meaning in meanings for fact in FACTS.values())
    ends = [
        [int(n.replace(",", "")) for n in end] for end in re.findall(r"\(([\d,]+) of ([\d,]+) agree\)", text)
    ]
    agree, n = np.sum(ends, axis=0)
    assert [agree, n] == tree.fidelity.loc[0, ["agree", "n"]].tolist()


def test_following_the_text_by_hand_leads_to_what_the_tree_predicts():
    """A book of one rule: its text is one question, and a gap goes where the text says."""
    book = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name != "neoplasia-concern"))
    asked = imitation_tree(simulate("oncology", 3_000, seed=2), book, seed=1)
    question, yes, urgent, no, other = asked.to_text().splitlines()[:5]
    assert question == FACTS["neoplasia_concern"].meaning
    assert (yes, no) == ("- yes:", "- no, or not recorded:")
    assert urgent.strip().startswith("URGENT") and other.strip().startswith("NO INDICATION")
    cases = pd.DataFrame({"neoplasia_concern": ["yes", "no", None]})
    assert asked.predict(cases) == ["urgent", "no_indication", "no_indication"]
    assert asked.fidelity.loc[0, "share"] == 1


@pytest.mark.parametrize(("n", "held_back"), [(10, 0.3), (100, 1.0), (100, 0.0)])
def test_too_few_cases_or_none_held_back_is_refused(cohort, n, held_back):
    with pytest.raises(SecondopError, match="held back between 0 and 1"):
        imitation_tree(cohort.head(n), seed=1, held_back=held_back)
