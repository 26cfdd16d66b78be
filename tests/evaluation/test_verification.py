"""Outcomes known only for some: noticed and said, bounded, estimated, and departed from."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop import (
    RULE_BOOK,
    Cohort,
    all_books,
    assess,
    calibration,
    decision_curve,
    departures,
    figures,
    flow,
    of_100,
    reform,
    same_volume,
    simulate,
    tradeoff,
    verification_bias,
    wide,
)
from secondop.errors import SecondopError
from secondop.evaluation.measures import wilson
from secondop.evaluation.patterns import few
from secondop.evaluation.policies import Policy, choose
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.evaluation.verification import Verification, learn
from secondop.teaching import explore_tradeoff
from tests.figures.seen import hovers, plain, title
from tests.kit import examples

BOOK = RULE_BOOK.only("neoplasia-concern").replace("neoplasia-concern", level="urgent")
SOUGHT = pd.DataFrame({"neoplasia_concern": [True] * 50 + [False] * 150})
SOUGHT["sought"] = SOUGHT["neoplasia_concern"]
AS_NO = SOUGHT.assign(changed=[True] * 40 + [False] * 160)
BLANK = SOUGHT.assign(changed=pd.array([True] * 40 + [False] * 10 + [None] * 150, "boolean"))
# 120 sent, 60 of them known, 45 changed; 80 not sent, 20 known, 4 changed
BEGG = pd.DataFrame({"sent": [True] * 120 + [False] * 80})
KNOWN = [*[True] * 45, *[False] * 15, *[None] * 60, *[True] * 4, *[False] * 16, *[None] * 60]
BEGG["changed"] = pd.array(KNOWN, "boolean")
METHODS = ["weighted", "doubly_robust"]


def urgent(cases, **more):
    return tradeoff(cases, ["urgent"], **{"outcome": "changed", "rule_book": BOOK} | more)


def row(table, policy):
    return wide(table).set_index("policy").loc[policy]


# ------------------------------------------------------------------ kind 2: an absence is taken for a no


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, lambda x: pl.DataFrame(x).lazy()])
def test_2_4_a_no_of_those_who_sought_no_opinion_is_unknown_where_none_of_them_ever_changed(kind):
    table = urgent(kind(AS_NO.to_dict("list")))
    assert table.attrs["verification"] == (
        "The outcome is known for 50 of 200 cases: of those who sought no opinion nobody has a change on "
        "record, so theirs is unknown, not no."
    )
    found = row(table, "urgent")
    assert np.isnan(found["false_negative"]) and found["false_negative_max"] == 75
    assert (found["sensitivity_min"], found["sensitivity_max"]) == pytest.approx((100 * 40 / 190, 100))


def test_2_4_one_change_among_those_who_sought_none_shows_that_their_outcomes_are_read():
    table = urgent(AS_NO.assign(changed=AS_NO["changed"] | (AS_NO.index == 199)))
    assert table.attrs["verification"] == "" and row(table, "urgent")["false_negative"] == 0.5


def test_2_4_simulated_cases_know_the_outcome_of_everybody():
    cases = AS_NO.copy()
    cases.attrs["simulated"] = True
    assert row(urgent(cases), "urgent")["false_negative"] == 0
    drawn = simulate("programme", 300, seed=1)
    assert tradeoff(drawn, ["recommended"]).attrs["verification"] == ""
    assert tradeoff(pl.from_pandas(drawn).lazy(), ["recommended"]).attrs["unknown_outcomes"] == 0


@pytest.mark.parametrize("sought", ["declined", [1.5], "maybe"])
def test_2_4_a_column_sought_that_is_no_yes_or_no_is_let_be(sought):
    cases = AS_NO.assign(sought=sought * 200 if isinstance(sought, list) else sought)
    assert row(urgent(cases), "urgent")["false_negative"] == 0


def test_2_4_the_flow_does_not_say_that_nothing_would_have_changed_in_those_who_sought_none():
    for cases, sought in ((AS_NO, "sought"), (AS_NO.rename(columns={"sought": "asked"}), "asked")):
        table = flow(cases, sought=sought, outcome="changed", rule_book=BOOK)
        outcomes = table.groupby("outcome", observed=True)["cases"].sum()
        assert outcomes["never to be known"] == 150 and "would not have changed" not in outcomes
        assert "nobody has a change on record" in title(figures.flow(table))


def test_2_4_neither_a_hundred_people_nor_all_books_take_it_for_a_no():
    people = of_100(AS_NO, "urgent", outcome="changed", rule_book=BOOK).set_index("part")["people"]
    assert people["left_unknown"] == 75 and "true_negative" not in people
    assert all_books(AS_NO, outcome="changed", rule_book=BOOK).counts[0, 0, 2] == 150


def test_2_4_neither_a_reform_nor_an_explorer_takes_it_for_a_no():
    less = RULE_BOOK.only("hereditary-condition-suspected")
    cases = AS_NO.assign(hereditary_condition_suspected=~AS_NO["neoplasia_concern"])
    table = reform(cases, BOOK, less, outcome="changed").set_index("measure").loc["true_positive"]
    assert np.isnan(table["value"]) and table[["min", "max"]].tolist() == pytest.approx([-20, 55])
    cohort = Cohort(cases.assign(changed=True), BOOK, outcome="changed", verified="sought")
    again = reform(cohort, BOOK, less).set_index("measure").loc["true_positive"]
    assert np.isnan(again["value"]) and again[["min", "max"]].tolist() == pytest.approx([-25, 50])
    explorer = explore_tradeoff(AS_NO, outcome="changed", rule_book=BOOK)
    assert {best["at"] for best in explorer.data["tradeoff"][0]["best"]} == {None}


AB = pd.DataFrame({"neoplasia_concern": [True] * 100 + [False] * 100})
AB["hereditary_condition_suspected"] = ~AB["neoplasia_concern"]
AB["changed"] = pd.array([True] * 50 + [False] * 50 + [True] * 10 + [None] * 90, "boolean")
TWO = RULE_BOOK.only("neoplasia-concern", "hereditary-condition-suspected")


def test_2_3_the_order_of_two_rules_is_open_where_unknown_outcomes_decide_it():
    books = all_books(AB, outcome="changed", rule_book=TWO)
    alone = books.frontier[books.frontier["rules"] == 1]
    assert alone[["sure_from", "sure_to"]].isna().all(axis=None)
    best = books.best(0.4)
    assert not best["sure"].any() and "are unknown" in title(figures.all_books(books))
    plain_cases = AB.set_axis(["a", "b", "changed"], axis=1)
    table = tradeoff(plain_cases, {"a": "a", "b": "b"}, outcome="changed", threshold=0.4)
    best = wide(table).set_index("policy")["best"]
    assert best[best.isna()].index.tolist() == ["a", "perfect foresight", "all"]  # a and b are more than b
    assert table.attrs["verification"] == "The outcome is known for 110 of 200 cases."


# ------------------------------------------------------------------ kind 3: words say more than is known


def test_3_1_the_best_policy_is_not_told_from_the_middle_of_bounds_and_two_bounds_are_given():
    said = title(figures.net_benefit(urgent(BLANK)))
    assert "the best policy is not known while outcomes are unknown: per 100 cases, " in said
    assert "referring everybody 12.0 to 94.5, all with an urgent indication 19.5" in said
    five = BLANK.assign(changed=BLANK["changed"].fillna(False) | BLANK.index.isin(range(50, 55)))
    assert "all with an urgent indication has the highest net benefit" in title(
        figures.net_benefit(urgent(five))
    )


def test_3_2_nobody_is_best_on_a_curve_that_unknown_outcomes_decide():
    curve = decision_curve(BLANK, outcome="changed", rule_book=BOOK)
    assert "No policy is clearly best at the thresholds shown: unknown outcomes decide it" in title(
        figures.decision_curve(curve)
    )
    best = curve[curve["measure"] == "best"]
    assert best.loc[best["policy"] == "all", "value"].isna().all()


def test_3_3_perfect_foresight_is_blank_where_unknown_outcomes_decide_it_and_never_below_another():
    found = wide(urgent(BLANK)).set_index("policy")
    assert found.loc["perfect foresight", ["true_positive", "net_benefit", "referral_rate"]].isna().all()
    assert found.loc["perfect foresight", ["true_positive_min", "true_positive_max"]].tolist() == [20, 95]
    middle = (found["true_positive_min"] + found["true_positive_max"]) / 2
    assert (middle <= middle["perfect foresight"]).all()


FIGURES = {
    "tradeoff": lambda: figures.tradeoff(urgent(BLANK)),
    "net benefit": lambda: figures.net_benefit(urgent(BLANK)),
    "decision curve": lambda: figures.decision_curve(
        decision_curve(BLANK, outcome="changed", rule_book=BOOK)
    ),
    "books": lambda: figures.all_books(all_books(BLANK, outcome="changed", rule_book=BOOK)),
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_3_4_captions_say_that_outcomes_are_unknown_and_for_whom_they_are_known(figure):
    said = title(figure())
    assert "unknown outcomes" in said
    assert "known for 50 of 200 cases: exactly those who sought an opinion" in said


@pytest.mark.parametrize("figure", [figures.icon_array, figures.flow])
def test_3_4_people_too_are_shown_with_whose_outcome_is_known(figure):
    if figure is figures.flow:
        table = flow(BLANK, outcome="changed", rule_book=BOOK)
    else:
        table = of_100(BLANK, "urgent", outcome="changed", rule_book=BOOK)
    assert "exactly those who sought an opinion" in title(figure(table))


def test_3_4_a_learned_triage_too_says_whose_outcome_it_learned_from():
    cases = AS_NO.assign(score=np.linspace(0.1, 0.9, 200))
    for draw, made in ((figures.calibration, calibration), (figures.same_volume, same_volume)):
        more = {} if made is calibration else {"rule_book": BOOK}
        assert "known for 50 of 200 cases: of those who sought" in title(
            draw(made(cases, outcome="changed", **more))
        )


def test_3_4_without_unknown_outcomes_no_caption_speaks_of_them():
    full = SOUGHT.assign(changed=SOUGHT.index < 60)
    assert "unknown outcomes" not in title(figures.tradeoff(urgent(full)))


# ------------------------------------------------------------------ kind 4: one gap blanks everything


def test_4_1_one_unknown_outcome_of_a_thousand_leaves_bounds_everywhere_and_the_frontier_told():
    cases = assess(simulate("general", 1000, seed=1), verdicts=True)
    changed = (cases["diagnosis_changed"] | cases["treatment_changed"]).astype("boolean")
    cases = pd.DataFrame(cases).assign(changed=changed.mask(cases.index == 5))
    table = tradeoff(cases, outcome="changed")
    full = tradeoff(cases.assign(changed=changed), outcome="changed")
    keys = ["policy", "measure", "threshold"]
    both = table.merge(full, on=keys, suffixes=("", "_full"))
    told = both[both["measure"] != "frontier"]
    assert (told["min"].isna() <= told["min_full"].isna()).all()
    gap = np.isclose(told["min"], told["min_full"], rtol=0.1, atol=1.5) | told["min_full"].isna()
    assert gap[~told["measure"].isin(["yield_share", "nnr"])].all()
    front = both[(both["measure"] == "frontier") & (both["policy"] != "perfect foresight")]
    assert front["value"].notna().mean() > 0.8
    assert (front["value"].isna() | (front["value"] == front["value_full"])).all()
    best = table[(table["measure"] == "best") & (table["policy"] != "perfect foresight")]
    assert best["value"].notna().all() and best["value"].sum() == 1
    said = title(figures.net_benefit(table))
    assert "has the highest net benefit" in said and "known for 999 of 1,000 cases" in said


def test_4_1_a_reform_and_a_curve_with_one_unknown_outcome_keep_their_bounds_and_their_best():
    cases = facts(1000, 11)
    cases["shown"] = cases["changed"].astype("boolean").mask(cases.index == 3)
    cases["hereditary_condition_suspected"] = cases["rare_disease"]
    table = reform(cases, RULE_BOOK.only("neoplasia-concern"), TWO, outcome="shown")
    assert table[["min", "max"]].notna().all(axis=None) and (table["max"] - table["min"] < 1.2).all()
    curve = decision_curve(cases, {"mine": "sent"}, outcome="shown", rule_book=BOOK)
    best = curve[(curve["measure"] == "best") & (curve["policy"] != "perfect foresight")]
    assert best["value"].notna().mean() > 0.9


def test_4_2_a_exactly_one_policys_cases_are_noticed():
    cases = BLANK.drop(columns="sought")
    said = urgent(cases).attrs["verification"]
    assert said == "The outcome is known for 50 of 200 cases: exactly those that the policy 'urgent' refers."


def test_4_2_a_a_column_says_for_whom_the_outcome_is_known():
    cases = AS_NO.rename(columns={"sought": "audited"})
    assert row(urgent(cases), "urgent")["false_negative"] == 0
    cohort = Cohort(cases, BOOK, outcome="changed", verified="audited")
    tables = [urgent(cases, verified="audited"), tradeoff(cohort, ["urgent"])]
    tables.append(decision_curve(cases, ["urgent"], outcome="changed", verified="audited", rule_book=BOOK))
    for table in tables:
        assert (
            table.attrs["verification"] == "The outcome is known for 50 of 200 cases: those with 'audited'."
        )
        assert table.attrs["unknown_outcomes"] == 150
    with pytest.raises(SecondopError, match="Did you mean 'audited'"):
        urgent(cases, verified="audted")
    with pytest.raises(SecondopError, match="give them to Cohort"):
        tradeoff(cohort, verified="audited")


def test_4_2_a_the_truth_is_hidden_of_those_not_verified():
    cases = simulate("programme", 400, seed=2)
    found = row(tradeoff(cases, ["recommended"], verified="sought"), "all")
    assert found["error_corrected_min"] < found["error_corrected_max"]
    with pytest.raises(SecondopError, match="needs the truth of every case"):
        tradeoff(cases, outcome="net_corrected", verified="sought")


@pytest.mark.parametrize("method", METHODS)
def test_4_2_b_at_random_given_the_policy_it_is_the_arithmetic_of_begg_and_greenes(method):
    table = tradeoff(BEGG, {"mine": "sent"}, outcome="changed", method=method)
    found, everybody = row(table, "mine"), row(table, "all")
    assert found[["true_positive", "false_negative"]].tolist() == pytest.approx([45, 8])
    assert everybody["true_positive"] == pytest.approx(53)
    assert found[["true_positive_min", "true_positive_max"]].tolist() == [22.5, 52.5]
    assert found["sensitivity"] == pytest.approx(100 * 45 / 53) and found["ppv"] == pytest.approx(75)
    assert "given the policies alone" in table.attrs["estimate"]
    bounds = tradeoff(BEGG, {"mine": "sent"}, outcome="changed")
    pd.testing.assert_frame_equal(table[["min", "max"]], bounds[["min", "max"]])


def test_4_2_b_intervals_are_those_of_the_stratified_estimate_by_the_delta_method():
    found = row(tradeoff(BEGG, {"mine": "sent"}, outcome="changed", method="doubly_robust"), "mine")
    # the PPV is a plain share of the 60 that are known: Wilson
    z, p, n = 1.959963984540054, 0.75, 60
    middle, half = p + z**2 / 2 / n, z * np.sqrt(p * (1 - p) / n + z**2 / 4 / n**2)
    ends = [100 * (middle - half) / (1 + z**2 / n), 100 * (middle + half) / (1 + z**2 / n)]
    assert found[["ppv_lower", "ppv_upper"]].tolist() == pytest.approx(ends, rel=1e-5)
    # net benefit: within, p(1-p) / known weighted by (share (1 + odds)); between, the spread of strata means
    odds, share = 0.1, 0.6
    worth = p - odds * (1 - p)
    variance = share**2 * (1 + odds) ** 2 * p * (1 - p) / 60 + share * (1 - share) * worth**2 / 200
    ends = 100 * (share * worth + z * np.sqrt(variance) * np.array([-1, 1]))
    assert found[["net_benefit_lower", "net_benefit_upper"]].tolist() == pytest.approx(ends, rel=1e-5)


def test_4_2_b_the_weighted_estimate_is_inverse_probability_weighting_by_an_independent_formula():
    cases = facts(600, 3)
    table = tradeoff(cases, {"mine": "sent"}, outcome="shown", given=[], by="site", method="weighted")
    for site, part in cases.groupby("site"):
        chance = part.groupby(["sent", "neoplasia_concern"])["known"].transform("mean")
        weight = part["known"] / chance
        ours = table[(table["group"] == site) & (table["policy"] == "mine")].set_index("measure")["value"]
        for name, inside in (("true_positive", part["sent"]), ("false_negative", ~part["sent"])):
            assert ours[name] == pytest.approx(100 * (weight * inside * part["changed"]).sum() / len(part))


def test_4_2_b_the_known_cases_alone_stand_beside_and_are_never_the_table():
    table = verification_bias(BEGG, {"mine": "sent"}, outcome="changed", given=[])
    assert table["way"].tolist() == ["known cases alone", "estimate", "bounds"]
    assert table["value"].iloc[:2].tolist() == pytest.approx([56.25, 45])
    alone = verification_bias(BEGG, "all", outcome="changed", given=[]).set_index("way")["value"]
    assert alone.iloc[:2].tolist() == pytest.approx([61.25, 61.25])
    said = title(figures.verification_bias(table))
    assert "56.2 per 100 cases by the known cases alone, 45.0 estimated" in said


def test_4_2_c_of_a_log_of_opinions_alone_every_rate_is_said_to_be_of_those():
    table = urgent(AS_NO[AS_NO["sought"]])
    assert table.attrs["verification"] == "All 50 cases sought an opinion: 100 cases are 100 of these."
    assert "100 cases are 100 of these" in title(figures.tradeoff(table))
    gap = AS_NO[AS_NO["sought"]].assign(changed=pd.array([None] + [True] * 49, "boolean"))
    assert urgent(gap).attrs["verification"].endswith("these. The outcome is known for 49 of 50 cases.")


# ------------------------------------------------------------------ estimates


def facts(n, seed):
    """Cases whose outcome is known by chances that depend on two facts and a site alone."""
    rng = np.random.default_rng(seed)
    rare, concern, west = (rng.random(n) < share for share in (0.3, 0.4, 0.5))
    cases = pd.DataFrame({"rare_disease": rare, "neoplasia_concern": concern})
    cases["site"] = np.where(west, "west", "east")
    cases["changed"] = rng.random(n) < 0.15 + 0.3 * rare + 0.3 * concern
    cases["known"] = rng.random(n) < 0.15 + 0.4 * rare + 0.3 * concern + 0.1 * west
    cases["sent"] = concern | (rng.random(n) < 0.1)
    return cases.assign(shown=cases["changed"].astype("boolean").where(cases["known"]))


OWN = {"outcome": "changed", "verified": "known", "rule_book": BOOK}


def test_given_the_facts_both_estimates_come_near_a_truth_that_the_known_cases_miss():
    cases = facts(8_000, 1)
    truth = row(tradeoff(cases, {"mine": "sent"}, outcome="changed", rule_book=BOOK), "mine")
    alone = row(tradeoff(cases[cases["known"]], {"mine": "sent"}, outcome="changed", rule_book=BOOK), "mine")
    for method in METHODS:
        found = row(tradeoff(cases, {"mine": "sent"}, method=method, **OWN), "mine")
        for name in ("true_positive", "false_negative", "ppv", "sensitivity", "net_benefit"):
            assert found[f"{name}_lower"] < truth[name] < found[f"{name}_upper"]
        assert alone["true_positive"] - truth["true_positive"] > 5
        again = tradeoff(cases, {"mine": "sent"}, method=method, **OWN)
        assert row(again, "mine").equals(found)  # the seed is fixed


def test_the_doubly_robust_interval_covers_the_truth_about_as_often_as_it_says():
    """The small check of benchmarks/verification.py: 19 of 20, give or take what so few draws allow."""
    hits = []
    for seed in range(40):
        cohort = Cohort(
            facts(600, 100 + seed), BOOK, outcome="changed", verified="known", flags={"mine": "sent"}
        )
        chosen = [p for p in choose(cohort, {"mine": "sent"}) if p.name in ("mine", "all")]
        _, found = learn(cohort, chosen, "doubly_robust", None).table(
            chosen, 1, [0.1], ["true_positive", "ppv"]
        )
        truth = 100 * (0.4 * (0.15 + 0.09 + 0.3) + 0.06 * (0.15 + 0.09))
        (_, low, high), *_ = found["true_positive"][0]
        hits.append(low <= truth <= high)
        truth = truth / 0.46
        (_, low, high), *_ = found["ppv"][0]
        hits.append(low <= truth <= high)
    assert 0.88 <= np.mean(hits) <= 1


def test_where_many_had_hardly_a_chance_to_have_their_outcome_known_intervals_are_said_to_be_too_narrow():
    for share, told in ((0.02, True), (0.2, False)):
        cases = facts(2000, 13)
        rarely = np.random.default_rng(1).random(2000) < share
        cases["known"] = np.where(cases["rare_disease"], cases["known"], rarely)
        said = tradeoff(cases, {"mine": "sent"}, method="doubly_robust", **OWN).attrs["estimate"]
        assert ("so many that intervals are too narrow" in said) == told


@pytest.mark.parametrize("method", METHODS)
def test_a_row_that_stands_for_many_cases_counts_as_many_in_what_is_learned(method):
    rows = BEGG.value_counts(dropna=False).reset_index(name="cases")
    asked = {"outcome": "changed", "method": method, "given": [], "rule_book": BOOK}
    many, one = (
        tradeoff(cases, {"mine": "sent"}, **asked, **more)
        for cases, more in ((rows, {"weights": "cases"}), (BEGG, {}))
    )
    assert many["value"].to_numpy() == pytest.approx(one["value"].to_numpy(), nan_ok=True)
    cases = facts(600, 3)
    times = np.where(cases["changed"] | ~cases["known"], 3, 1)
    asked = {"policies": {"mine": "sent"}, "method": method, **OWN}
    once = row(tradeoff(cases.assign(times=times), weights="times", **asked), "mine")
    copies = row(tradeoff(cases.loc[cases.index.repeat(times)].reset_index(drop=True), **asked), "mine")
    assert once["true_positive"] == pytest.approx(copies["true_positive"], abs=0.7)


@pytest.mark.parametrize("method", METHODS)
def test_groups_weights_and_identities_hold_for_estimates_too(method):
    cases = facts(800, 2).assign(w=2.0)
    table = tradeoff(cases, {"mine": "sent"}, by="site", weights="w", method=method, **OWN)
    for _, part in table.groupby("group"):
        found = wide(part).set_index("policy")
        share, everybody = found["referral_rate"] / 100, found.loc["all"]
        assert (found["true_positive"] + found["false_positive"]).to_numpy() == pytest.approx(100 * share)
        left = everybody["true_positive"] - found["true_positive"]
        assert found["false_negative"].to_numpy() == pytest.approx(left)
        assert found["best"].dropna().sum() <= 1
        ends = [found[f"true_positive_{end}"] for end in ("min", "max")]
        assert found["true_positive"].between(*ends).all()
    once = tradeoff(cases, {"mine": "sent"}, by="site", method=method, **OWN)
    assert once["value"].to_numpy() == pytest.approx(table["value"].to_numpy(), nan_ok=True)


def test_the_curve_agrees_with_the_table_and_takes_probabilities():
    cases = facts(800, 4).assign(risk=lambda x: 0.15 + 0.3 * x["rare_disease"])
    asked = {"method": "doubly_robust", **OWN}
    curve = decision_curve(cases, {"mine": "sent"}, thresholds=[0.1, 0.3], probabilities=["risk"], **asked)
    mine = curve[(curve["policy"] == "risk") & (curve["measure"] == "net_benefit")]
    assert mine["threshold"].tolist() == [0.1, 0.3]
    assert mine["value"].iloc[0] == pytest.approx(
        curve.query("policy == 'all' and measure == 'net_benefit' and threshold == 0.1")["value"].item()
    )
    best = curve[(curve["measure"] == "best") & (curve["policy"] != "perfect foresight")]
    assert (best.groupby("threshold")["value"].sum() <= 1).all() and best["value"].notna().any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cluster", [None, "of"])
def test_of_estimates_that_is_best_which_is_better_than_every_other_by_the_interval_of_the_difference(
    method, cluster
):
    """The interval is that of the mean of differences, case by case, computed here apart."""
    cases = facts(900, 12).assign(of=lambda x: x.index % 60, other=lambda x: x["rare_disease"])
    own, told = {"mine": "sent", "other": "other"}, set()
    cohort = Cohort(cases, BOOK, **{k: OWN[k] for k in ("outcome", "verified")}, flags=own, cluster=cluster)
    learned = learn(cohort, choose(cohort, own), method, None)
    thresholds = [0.02, 0.1, 0.25, 0.3, 0.35, 0.4, 0.9]
    curve = decision_curve(cases, own, thresholds=thresholds, method=method, cluster=cluster, **OWN)
    for threshold in thresholds:
        here = wide(curve[curve["threshold"] == threshold]).set_index("policy")
        odds = threshold / (1 - threshold)
        worth = learned.changes() * (1 + odds) - odds
        each = {name: worth * refers for name, refers in learned.refers.items()}
        for name, mine in ((name, each[name]) for name in ("none", "mine", "other", "all")):
            low, high = [], []
            for off in (mine - rival for rival in each.values() if (mine != rival).any()):
                parts = off - off.mean()
                parts = parts if cluster is None else np.bincount(cases["of"], parts)
                grown = 60 / 59 * (2.0010 / 1.9600) ** 2 if cluster else 1  # t of 59 degrees of freedom
                half = 1.96 * np.sqrt(grown * (parts**2).sum()) / len(off)
                low.append(off.mean() - half)
                high.append(off.mean() + half)
            wanted = 1 if min(low) > 0 else 0 if min(high) < 0 else np.nan
            assert here.loc[name, "best"] == pytest.approx(wanted, nan_ok=True), (threshold, name)
            told.add(str(wanted))
    assert told == {"1", "0", "nan"}


SIDES = [
    # what is asked                                 says
    ({"verified": ["known"]}, "the name of a column"),
    ({"verified": "changed"}, "not what it is"),
    ({"method": "doubley_robust"}, "Did you mean 'doubly_robust'"),
    ({"method": "weighted", "given": ["rare_diseas"]}, "Did you mean 'rare_disease'"),
    ({"method": "weighted", "outcome": "net_corrected"}, "a yes/no outcome"),
    ({"method": "weighted", "verified": "sent"}, "the 164 cases that the policy 'mine' does not refer"),
]


@pytest.mark.parametrize(("asked", "says"), SIDES)
def test_an_estimate_is_refused_where_nothing_carries_it(asked, says):
    cases = facts(300, 5).assign(error_corrected=True, error_introduced=False)
    cases["sent"] = cases.index < 136
    with pytest.raises(SecondopError, match=says):
        tradeoff(cases, {"mine": "sent"}, **OWN | asked)


def test_an_estimate_needs_enough_to_learn_from_and_cases_in_memory():
    few = facts(60, 6)
    with pytest.raises(SecondopError, match=r"Give given=\[\]"):
        tradeoff(few, {"mine": "sent"}, method="weighted", **OWN)
    with pytest.raises(SecondopError, match="there are none"):
        tradeoff(few.iloc[:0], {"mine": "sent"}, method="weighted", **OWN)
    with pytest.raises(SecondopError, match="collect the lazy frame"):
        tradeoff(pl.from_pandas(few).lazy(), {"mine": "sent"}, method="weighted", **OWN)


def test_one_unknown_outcome_of_hundreds_leaves_an_estimate_near_what_is_counted():
    cases = facts(400, 9)
    full = row(tradeoff(cases, {"mine": "sent"}, outcome="changed", rule_book=BOOK), "mine")
    cases["known"] = cases.index != 7
    found = row(tradeoff(cases, {"mine": "sent"}, method="doubly_robust", **OWN), "mine")
    assert found["true_positive"] == pytest.approx(full["true_positive"], abs=0.25)


def test_a_few_cases_without_any_known_outcome_leave_their_policy_blank_and_said():
    cases = facts(600, 7).assign(rarely=lambda x: x.index < 5)
    cases.loc[:4, "known"] = False
    table = tradeoff(cases, {"rarely": "rarely", "mine": "sent"}, method="doubly_robust", **OWN)
    assert np.isnan(row(table, "rarely")["true_positive"]) and row(table, "mine")["true_positive"] > 0
    assert row(table, "rarely")["best"] == 0 and wide(table)["best"].sum() == 1
    assert "No estimate of rarely" in table.attrs["estimate"]
    assert row(table, "rarely")["true_positive_max"] == pytest.approx(100 * 5 / 600)


@pytest.mark.parametrize("measure", ["true_positive", "false_positive", "ppv"])
def test_departures_pass_the_estimate_and_reach_both_bounds(measure):
    cases = facts(500, 8)
    asked = {"measure": measure, "outcome": "changed", "verified": "known", "rule_book": BOOK}
    table = departures(cases, {"mine": "sent"}, **asked)
    values = table["value"].to_numpy()
    ends = np.sort(values[[0, -1]])
    assert ends == pytest.approx(table[["min", "max"]].iloc[0].to_numpy())
    steps = np.diff(values)
    assert (steps >= -1e-9).all() or (steps <= 1e-9).all()
    expected = verification_bias(cases, {"mine": "sent"}, **asked)["value"].iloc[1]
    assert table.loc[table["delta"] == 0, "value"].item() == pytest.approx(expected)


@pytest.mark.parametrize("made", [departures, verification_bias])
def test_where_every_outcome_is_known_it_is_said_that_nothing_is_estimated(made):
    table = made(BEGG.assign(changed=BEGG["sent"]), {"mine": "sent"}, outcome="changed", given=[])
    assert table["value"].unique().tolist() == pytest.approx([60])
    assert "Every outcome is known" in title(getattr(figures, made.__name__)(table))
    assert "Every outcome" not in made(BEGG, {"mine": "sent"}, outcome="changed", given=[]).attrs["estimate"]


def test_where_nothing_varies_an_interval_rests_on_the_known_cases_and_not_on_rounding():
    """Perfect foresight has the whole possible yield: a share of 1, with Wilson's interval."""
    cases, own = facts(600, 10).assign(w=np.random.default_rng(10).random(600) + 0.5), {"mine": "sent"}
    told = {"outcome": "changed", "verified": "known", "flags": own, "by": "site", "weights": "w"}
    cohort = Cohort(cases, BOOK, **told)
    chosen = [policy for policy in choose(cohort, own) if policy.sort in ("own", "perfect foresight")]
    learned = learn(cohort, chosen, "weighted", [])
    shares, _, sizes = learned.tables(chosen, 2)
    changes, n = shares[1, :, 0], shares[1, :, 0] / sizes[1]
    lower = n / (n + 1.959963984540054**2)
    found = learned.table(chosen, 2, [0.1], ["yield_share"])[1]["yield_share"][1, :, 1]
    assert found == pytest.approx(100 * (lower - changes) / (1 - changes))


def test_departures_multiply_the_odds_within_cases_that_are_alike():
    """Among cells it is arithmetic: odds of 3 to 1 doubled are 6 to 1; of 4 to 16, 1 to 2."""
    asked = {"outcome": "changed", "given": [], "deltas": [np.log(2)]}
    found = departures(BEGG, {"mine": "sent"}, **asked)["value"].item()
    assert found == pytest.approx((45 + 60 * 6 / 7) / 2)
    missed = departures(BEGG, {"mine": "sent"}, measure="false_negative", **asked)["value"].item()
    assert missed == pytest.approx((4 + 60 / 3) / 2)


def test_the_figures_say_whether_the_estimate_misses_and_where_the_truth_is_reached():
    cases = simulate("general", 3000, seed=3)
    table = verification_bias(cases, verified="sought")
    truth, figure = table["value"].iloc[-1], figures.verification_bias(table)
    assert f"its interval misses the truth, {truth:.1f}" in title(figure)
    assert "3,000 simulated cases. The outcome is known for" in title(figure)
    assert any("Known cases alone, " in plain(said) for said in hovers(figure))
    curve = departures(cases, verified="sought", deltas=[-np.inf, -2, -1, 0, 1, np.inf])
    said = title(figures.departures(curve, truth=truth))
    assert f"the truth, {truth:.1f} per 100 cases, is reached where" in said
    assert "from" not in said and "missing at random given recorded facts" in said
    assert "if the odds of a change among those not verified are 0.14 to 2.7 times" in title(
        figures.departures(curve)
    )


# ------------------------------------------------------------------ bounds and best, by brute force

ANSWER = st.sampled_from([True, False, None])


@examples(30)
@given(
    st.lists(st.tuples(ANSWER, st.booleans(), st.booleans()), min_size=1, max_size=6),
    st.sampled_from([0.1, 0.5]),
)
def test_the_best_policy_is_named_where_it_is_best_in_every_settlement(rows, threshold):
    changed, *own = zip(*rows, strict=True)
    cases = pd.DataFrame({"changed": pd.array(changed, "boolean"), "a": own[0], "b": own[1]})
    table = decision_curve(cases, {"a": "a", "b": "b"}, outcome="changed", thresholds=[threshold])
    refers = np.array([[0] * len(rows), *own, [1] * len(rows)], float)
    settled = np.array(list(itertools.product(*[(1, 0) if x is None else (x,) for x in changed])), float)
    worth = (settled - threshold / (1 - threshold) * (1 - settled)) @ refers.T
    ahead = worth[:, :, None] - worth[:, None]
    wins = (ahead > 1e-9).all(0) | ((np.abs(ahead) < 1e-9).all(0) & (np.arange(4)[:, None] <= np.arange(4)))
    if None not in changed:
        assert "best" not in set(table["measure"])
        return
    found = wide(table).set_index("policy")["best"].drop("perfect foresight")
    assert ((found == 1).to_numpy() == wins.all(1)).all()
    never = (ahead < -1e-9).all(0).any(1)
    assert (found[never] == 0).all()


@pytest.mark.parametrize("method", METHODS)
@examples(10)
@given(seed=st.integers(0, 10**6))
def test_an_estimate_never_leaves_its_bounds_and_these_hold_the_truth(method, seed):
    cases = facts(40, seed)
    if len(cases.loc[cases["known"], ["sent", "changed"]].drop_duplicates()) < 4:
        return
    table = tradeoff(cases, {"mine": "sent"}, method=method, given=[], **OWN)
    truth = tradeoff(cases, {"mine": "sent"}, outcome="changed", rule_book=BOOK)
    both = truth.merge(table, on=["policy", "measure", "threshold"], suffixes=("_true", ""))
    both = both[both["min"].notna() & (both["measure"] != "frontier")]
    for name in ("value_true", "value"):
        inside = both[name].between(both["min"] - 1e-9, both["max"] + 1e-9) | both[name].isna()
        assert inside.all()


def test_a_share_stops_at_its_bounds_where_a_chance_was_learned_badly():
    one, refers = np.ones(2), {"all": np.array([True, True])}
    made = Verification(one, np.zeros(2), np.array([1, 2]), 0.1 * one, 0.9 * one, refers, [], "")
    assert made.changes().mean() > 1
    everybody = choose(Cohort(BEGG, BOOK, outcome="changed"), [])[-1:]
    assert made.tables(everybody, 1)[0].ravel().tolist() == [1, 0, 0, 0]


def test_cases_of_a_cluster_count_together_in_the_variance():
    """Every case three times, a cluster each: as wide as each case once, but for what few clusters cost."""
    one, rng = np.ones(60), np.random.default_rng(1)
    changed, refers = rng.integers(0, 3, 60), rng.random(60) < 0.5
    spread = []
    for times, cluster in ((1, None), (3, np.repeat(np.arange(60), 3))):
        every = [np.repeat(x, times) for x in (one, 0 * one, changed, 0.6 * one, 0.4 * one)]
        made = Verification(*every, {"mine": np.repeat(refers, times)}, [], "", cluster)
        spread.append(made.tables([Policy("mine", "", "own")], 1)[1])
    np.testing.assert_allclose(spread[1], spread[0] * few(one))


# ------------------------------------------------------------------ samples by outcome

CONTROLS = pd.DataFrame({"changed": [True] * 60 + [False] * 40})
CONTROLS["sent"] = [True] * 45 + [False] * 15 + [True] * 10 + [False] * 30


def test_case_control_samples_are_weighted_to_the_prevalence():
    """60 cases, 45 sent; 40 controls, 10 sent: sensitivity 75, specificity 75, at a prevalence of 10 %."""
    table = tradeoff(CONTROLS, {"mine": "sent"}, outcome="changed", prevalence=0.1)
    found = row(table, "mine")
    assert found[["sensitivity", "specificity"]].tolist() == pytest.approx([75, 75])
    ends = [100 * end for end in wilson(45, 60)]
    assert found[["sensitivity_lower", "sensitivity_upper"]].tolist() == pytest.approx(ends)
    assert found["true_positive"] == pytest.approx(7.5) and found["false_positive"] == pytest.approx(22.5)
    assert found["ppv"] == pytest.approx(25) and row(table, "all")["true_positive"] == pytest.approx(10)
    assert found["n"] == 100 and table.attrs["prevalence"] == 0.1
    curve = decision_curve(CONTROLS, {"mine": "sent"}, outcome="changed", prevalence=0.1, thresholds=[1 / 11])
    net = curve.query("policy == 'mine' and measure == 'net_benefit'")["value"].item()
    assert net == pytest.approx(7.5 - 2.25) == pytest.approx(found["net_benefit"])
    assert THRESHOLD == 1 / 11


def test_intervals_of_a_case_control_sample_take_the_prevalence_as_known():
    """Of two independent samples, 45 of 60 and 10 of 40, as a survey's strata are: 0.1 and 0.9 of all."""
    from scipy.stats import norm
    from statsmodels.stats.proportion import proportion_confint

    table = tradeoff(CONTROLS, {"mine": "sent"}, outcome="changed", prevalence=0.1, threshold=0.2)
    found = table[table["policy"] == "mine"].set_index("measure")[["lower", "upper"]]
    z, variance = norm.isf(0.025), [0.75 * 0.25 / 60, 0.25 * 0.75 / 40]
    half = z * np.sqrt(0.1**2 * variance[0] + (0.9 / 4) ** 2 * variance[1])
    net = 0.1 * 0.75 - 0.9 * 0.25 / 4
    assert found.loc["net_benefit"].to_list() == pytest.approx([100 * (net - half), 100 * (net + half)])
    for name, weight, p, one in (("true_positive", 0.1, 0.75, variance[0]),
                                 ("false_positive", 0.9, 0.25, variance[1])):  # fmt: skip
        share = weight * p
        n = share * (1 - share) / (weight**2 * one)
        ends = proportion_confint(share * n, n, method="wilson")
        assert found.loc[name].to_list() == pytest.approx([100 * end for end in ends])
    sure = tradeoff(CONTROLS.assign(sent=CONTROLS["changed"]), {"mine": "sent"}, outcome="changed",
                    prevalence=0.1).query("policy == 'mine' and measure == 'sensitivity'")  # fmt: skip
    assert sure["lower"].item() == pytest.approx(100 * proportion_confint(60, 60, method="wilson")[0])


@pytest.mark.parametrize(
    ("cases", "asked", "says"),
    [
        (BEGG, {"prevalence": 0.1}, "every case needs a known yes or no"),
        (BEGG.dropna(), {"prevalence": 10}, "a share between 0 and 1"),
        (BEGG.dropna(), {"prevalence": 1}, "above 0 and below 1; got 1"),
        (BEGG.dropna(), {"prevalence": "10 %"}, "a share between 0 and 1"),
        (BEGG.assign(changed=True), {"prevalence": 0.1}, "some of each"),
    ],
)
def test_a_prevalence_is_refused_where_outcomes_are_unknown_or_all_alike(cases, asked, says):
    with pytest.raises(SecondopError, match=says):
        tradeoff(cases, {"mine": "sent"}, outcome="changed", **asked)


@pytest.mark.parametrize("method", METHODS)
def test_an_estimate_of_cases_listed_twice_knows_no_more_when_it_is_told_of_which_patient_they_are(method):
    own = BEGG.assign(patient=range(len(BEGG)))
    asked = {"policies": {"sent": "sent"}, "outcome": "changed", "method": method, "given": []}
    once, twice = (
        tradeoff(cases, **asked, cluster="patient", rule_book=BOOK) for cases in (own, pd.concat([own, own]))
    )
    alone = tradeoff(pd.concat([own, own]), **asked, rule_book=BOOK)
    numbers = ["value", "lower", "upper"]
    np.testing.assert_allclose(twice[numbers], once[numbers], atol=1e-9)
    sent = alone["policy"].eq("sent") & alone["measure"].eq("true_positive")
    narrow, right = ((t["upper"] - t["lower"])[sent].item() for t in (alone, twice))
    assert narrow < 0.75 * right


def test_what_no_outcome_decides_is_not_estimated_however_sums_are_rounded():
    rng = np.random.default_rng(5)
    for _ in range(8):
        changed = np.where(rng.random(400) < 0.3, None, rng.random(400) < 0.3)
        cases = pd.DataFrame(
            {"mine": rng.random(400) < 0.4, "changed": changed, "who": rng.integers(0, 60, 400)}
        )
        told, asked = {"outcome": "changed", "cluster": "who"}, {"given": [], "method": "doubly_robust"}
        every = tradeoff(cases, {"mine": "mine"}, **told), tradeoff(cases, {"mine": "mine"}, **told, **asked)
        ends = [
            x.set_index(["policy", "measure"]).loc[("perfect foresight", "yield_share"), "lower"]
            for x in every
        ]
        assert ends[0] == pytest.approx(ends[1])
