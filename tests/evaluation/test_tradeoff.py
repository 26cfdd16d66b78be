"""What policies find, spend and miss: worked by hand, by brute force, and by another program."""

import itertools
from pathlib import Path
from runpy import run_path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from secondop.errors import SecondopError
from secondop.evaluation.benefit import decision_curve, exchange_words, net_benefit, opinions_avoided
from secondop.evaluation.tradeoff import figures, tradeoff
from secondop.rules.assess import assess
from secondop.rules.indications import RULE_BOOK

MAKER = run_path(str(Path(__file__).with_name("make_dcurves_reference.py")))
POLICIES, PROBABILITY, THRESHOLDS = (MAKER[name] for name in ("POLICIES", "PROBABILITY", "THRESHOLDS"))
dcurves_cases = MAKER["make_cases"]

PER_100 = ["sent", "found", "overuse", "underuse", "corrected", "spoiled", "averted"]

# Ten cases: is there an urgent reason, and does an opinion change something?
HAND = pd.DataFrame(
    {
        "neoplasia_concern": [True] * 4 + [False] * 4 + [None] * 2,
        "changed": [True, True, True, False, True, False, False, False, True, False],
        "corrected": [True, False, False, False, True, False, False, False, True, False],
    }
)


BOOK = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name != "neoplasia-concern"))


@pytest.fixture(scope="module")
def hand():
    return tradeoff(HAND, ["urgent"], outcome="changed", exchange_rate=0.5, rule_book=BOOK).set_index(
        "policy"
    )


BY_HAND = [
    # policy            sent  found  overuse  underuse  corrected  opinions per change  net benefit at 1/2
    ("none",               0,     0,       0,       50,         0,               np.nan,                0),
    ("urgent",            40,    30,      10,       20,        10,                  4/3,               25),
    ("random: urgent",    40,    20,      20,       30,        12,                    2,               10),
    ("oracle",            50,    50,       0,        0,        30,                    1,               50),
    ("all",              100,    50,      50,        0,        30,                    2,               25),
]  # fmt: skip


@pytest.mark.parametrize("row", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_every_figure_is_as_counted_by_hand_where_unknown_facts_send_nobody(hand, row):
    names = ["sent", "found", "overuse", "underuse", "corrected", "opinions_per_change", "net_benefit"]
    assert hand.loc[row[0], names].tolist() == pytest.approx(row[1:], nan_ok=True)


BOUNDS = [
    # figure               low   high     the two cases whose fact is unknown: one would change, one would not
    ("sent",                40,    60),
    ("found",               30,    40),
    ("overuse",             10,    20),
    ("underuse",            10,    20),
    ("corrected",           10,    20),
    ("net_benefit",         20,    35),  # the needless one alone; the useful one alone
    ("opinions_per_change", 5/4,  5/3),
    ("found_beyond_random",  5,    15),  # 30 of 50 sent against 25 by chance; 40 of 50 against 25
    ("opinions_avoided",   -10,    20),  # 30 spared less twice 20 missed; 40 spared less twice 10 missed
    ("equals_none",        3/2,     4),  # 3 for 2; 4 for 1
]  # fmt: skip


@pytest.mark.parametrize(("figure", "low", "high"), BOUNDS)
def test_unknown_facts_widen_every_figure_that_they_touch(hand, figure, low, high):
    assert hand.loc["urgent", [f"{figure}_low", f"{figure}_high"]].tolist() == pytest.approx([low, high])
    assert hand.loc["urgent", f"{figure}_lower"] < low and high < hand.loc["urgent", f"{figure}_upper"]


def test_intervals_of_shares_are_those_of_statsmodels_around_the_bounds(hand):
    lower, upper = proportion_confint([3, 4], 10, method="wilson")
    assert hand.loc["urgent", ["found_lower", "found_upper"]].tolist() == pytest.approx(
        [100 * lower[0], 100 * upper[1]]
    )
    # Useful opinions of those sent, at best.
    assert hand.loc["urgent", "opinions_per_change_low"] == 5 / 4
    assert hand.loc["urgent", "opinions_per_change_lower"] == pytest.approx(
        1 / proportion_confint(4, 5, method="wilson")[1]
    )


def test_what_needs_the_truth_is_blank_and_said_to_be_so_where_the_cases_lack_it(hand):
    assert hand[["spoiled", "averted"]].isna().all(axis=None)
    assert (
        hand["remark"].str.contains("Cannot be had without the truth: spoiled, averted.", regex=False).all()
    )
    assert "Unknown facts decide whether 2 of 10 cases are sent." in hand.loc["urgent", "remark"]


def test_an_unknown_outcome_leaves_bounds_and_no_value():
    cases = HAND.assign(changed=HAND["changed"].astype("boolean").mask(HAND.index == 3))  # sent, now unknown
    row = tradeoff(cases, ["urgent"], outcome="changed", rule_book=BOOK).set_index("policy").loc["urgent"]
    assert row[["found", "overuse", "net_benefit", "found_beyond_random"]].isna().all()
    assert row[["found_low", "found_high", "overuse_low", "overuse_high"]].tolist() == [30, 50, 0, 20]
    assert (row["underuse"], row["sent"]) == (20, 40)
    assert "The outcome is unknown in 1 of 10 cases." in row["remark"]


def test_the_oracle_never_errs_even_where_the_outcome_is_unknown():
    cases = HAND.assign(changed=HAND["changed"].astype("boolean").mask(HAND.index < 2))
    row = tradeoff(cases, ["urgent"], outcome="changed").set_index("policy").loc["oracle"]
    assert row[["overuse_high", "underuse_high", "found_low", "found_high"]].tolist() == [0, 0, 30, 50]
    assert row["net_benefit_low"] == row["found_low"]


answers = st.lists(
    st.tuples(st.sampled_from([True, False, None]), st.sampled_from([True, False, None])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40)
@given(answers=answers, rate=st.sampled_from([0.1, 0.5, 2.0]))
def test_bounds_are_the_extremes_over_every_way_to_settle_what_is_unknown(answers, rate):
    cases = pd.DataFrame(answers, columns=["sent", "changed"], dtype=object)
    row = (
        tradeoff(cases, {"mine": "sent"}, outcome="changed", exchange_rate=rate)
        .set_index("policy")
        .loc["mine"]
    )
    seen = []
    gaps = [(i, j) for i, pair in enumerate(answers) for j in (0, 1) if pair[j] is None]
    for settled in itertools.product([True, False], repeat=len(gaps)):
        full = np.array([[bool(a) for a in pair] for pair in answers])
        for (i, j), value in zip(gaps, settled, strict=True):
            full[i, j] = value
        s, c = full.T
        figures = {
            "sent": s.mean(),
            "found": (s & c).mean(),
            "overuse": (s & ~c).mean(),
            "underuse": (~s & c).mean(),
        }
        figures["net_benefit"] = (s & c).mean() - rate * (s & ~c).mean()
        figures["opinions_avoided"] = (~s & ~c).mean() - (~s & c).mean() / rate
        if not pd.isna(row["found_beyond_random_low"]):
            figures["found_beyond_random"] = np.cov(s, c, bias=True)[0, 1]
        seen.append({name: 100 * value for name, value in figures.items()})
    seen = pd.DataFrame(seen)
    unknown = [bool(sent) for sent, changed in answers if changed is None]
    assert pd.isna(row["found"]) == pd.isna(row["overuse"]) == (True in unknown)
    assert pd.isna(row["underuse"]) == pd.isna(row["opinions_avoided"]) == (False in unknown)
    for name in seen:
        assert [row[f"{name}_low"], row[f"{name}_high"]] == pytest.approx(
            [seen[name].min(), seen[name].max()], abs=1e-9
        )
        assert (
            row[f"{name}_lower"] <= row[f"{name}_low"] + 1e-9
            and row[f"{name}_high"] <= row[f"{name}_upper"] + 1e-9
        )


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 80), gaps=st.sampled_from([0.0, 0.3]))
def test_the_identities_hold_for_every_policy(make_cases, seed, n, gaps):
    table = tradeoff(make_cases(n, seed, gaps), outcome="treatment_changed", exchange_rate=0.3)
    changes = table.set_index("policy").loc["all", "found"]
    np.testing.assert_allclose(table["overuse"] + table["found"], table["sent"], atol=1e-9)
    np.testing.assert_allclose(table["found"] + table["underuse"], changes, atol=1e-9)
    np.testing.assert_allclose(table["net_benefit"], table["found"] - 0.3 * table["overuse"], atol=1e-9)
    everybody = table.set_index("policy").loc["all", "net_benefit"]
    np.testing.assert_allclose(table["opinions_avoided"], (table["net_benefit"] - everybody) / 0.3, atol=1e-8)
    for name in [*PER_100, "net_benefit"]:
        ordered = table[[f"{name}_lower", f"{name}_low", name, f"{name}_high", f"{name}_upper"]].to_numpy()
        assert (np.diff(ordered, axis=1) >= -1e-9).all(), name
    levels = table.set_index("policy").loc[["none", "urgent", "recommended", "optional", "all"]]
    assert all(levels[name].is_monotonic_increasing for name in ("sent", "found", "overuse", "sent_high"))


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 80))
def test_random_at_the_same_volume_lies_on_the_line_between_none_and_all(make_cases, seed, n):
    table = tradeoff(make_cases(n, seed)).set_index("policy")
    everybody = table.loc["all"]
    for name, row in table[table["sort"] == "random"].iterrows():
        policy, share = table.loc[name.removeprefix("random: ")], row["sent"] / 100
        assert row["sent"] == policy["sent"]
        for figure in ("found", "overuse", "corrected", "spoiled", "averted", "net_benefit"):
            assert row[figure] == pytest.approx(share * everybody[figure], abs=1e-9)
        assert policy["found_beyond_random"] == pytest.approx(policy["found"] - row["found"], abs=1e-9)
    assert len(table[table["sort"] == "random"]) == len(table) - len(table[table["sort"] == "random"]) - 3


def test_a_random_choice_drawn_many_times_finds_what_the_analytic_row_says(make_cases):
    cases = make_cases(400, 7)
    table = tradeoff(cases).set_index("policy")
    changed = (cases["diagnosis_changed"] | cases["treatment_changed"]).to_numpy()
    volume = round(table.loc["urgent", "sent"] * 4)
    rng = np.random.default_rng(1)
    drawn = [changed[rng.choice(400, volume, replace=False)].sum() / 4 for _ in range(2000)]
    error = 4 * np.std(drawn) / np.sqrt(len(drawn))
    assert np.mean(drawn) == pytest.approx(table.loc["random: urgent", "found"], abs=error)


def test_the_interval_beyond_random_covers_its_true_value_as_often_as_it_says():
    """500 samples of 300 from a known population; a 95 % interval misses 25, give or take 15."""
    rng = np.random.default_rng(3)
    sent = rng.random((500, 300)) < 0.3
    changed = rng.random((500, 300)) < np.where(sent, 0.5, 0.3)  # covariance .3 x .7 x .2
    missed = 0
    for s, c in zip(sent.astype(np.uint8), changed.astype(np.uint8), strict=True):
        _, _, _, lower, upper = figures(s, c, {}, 0.1)["found_beyond_random"]
        missed += not lower <= 100 * 0.3 * 0.7 * 0.2 <= upper
    assert 10 <= missed <= 40


def test_the_frontier_is_what_is_best_at_some_exchange_rate():
    cases = pd.DataFrame({"changed": [1, 1, 1, 0, 0, 0, 1, 0]})
    own = {
        "sharp": [1, 1, 0, 0, 0, 0, 0, 0],  # 2 found, 0 needless
        "good": [1, 1, 1, 1, 0, 0, 0, 0],  # 3 found, 1 needless
        "mixture": [1, 1, 1, 1, 1, 1, 0, 0],  # 3 found, 3 needless
        "useless": [0, 0, 0, 0, 0, 0, 1, 1],  # 1 found, 1 needless
    }
    table = tradeoff(cases, own, outcome="changed").set_index("policy")
    assert table.index[table["frontier"]].tolist() == ["sharp", "good", "all"]
    best = {
        tradeoff(cases, own, outcome="changed", exchange_rate=rate)
        .query("sort not in ['random', 'oracle']")
        .set_index("policy")["net_benefit"]
        .idxmax()
        for rate in (0.1, 0.4, 0.6, 1.5, 4)
    }
    assert best == {"sharp", "good", "all"}


def test_everybody_is_not_on_the_frontier_where_a_policy_finds_as_much_with_less():
    cases = pd.DataFrame({"changed": [1, 1, 0, 0]})
    table = tradeoff(cases, {"enough": [1, 1, 1, 0]}, outcome="changed").set_index("policy")
    assert table.index[table["frontier"]].tolist() == ["none", "enough"]


def test_a_policy_equals_none_and_all_at_the_exchange_rates_that_it_names(make_cases):
    cases = make_cases(300, 5)
    row = tradeoff(cases).set_index("policy").loc["at least 3"]
    for rate, same in ((row["equals_none"], "none"), (row["equals_all"], "all")):
        table = tradeoff(cases, exchange_rate=rate).set_index("policy")["net_benefit"]
        assert table["at least 3"] == pytest.approx(table[same], abs=1e-9)


@pytest.mark.parametrize("kind", ["assessed", "polars", "pyarrow", "polars lazy"])
def test_a_cohort_gives_the_same_table_assessed_or_not_and_in_every_kind_of_frame(make_cases, kind):
    cases = make_cases(60, 2)
    plain = pl.from_pandas(cases)
    other = {
        "assessed": lambda: assess(cases, verdicts=True),
        "polars": lambda: plain,
        "pyarrow": plain.to_arrow,
        "polars lazy": plain.lazy,
    }[kind]()
    pd.testing.assert_frame_equal(tradeoff(cases), tradeoff(other))


def test_counts_of_indications_and_groups_are_those_of_the_verdicts(make_cases):
    assessed = assess(make_cases(200, 9, 0.1), verdicts=True)
    verdicts = assessed[[rule.name for rule in RULE_BOOK if rule.clinical]].astype("boolean")
    table = tradeoff(assessed).set_index("policy")
    sure, may = verdicts.fillna(False).sum(axis=1), verdicts.fillna(True).sum(axis=1)
    for k in (2, 3, 4):
        row = table.loc[f"at least {k}"]
        assert [row["sent"], row["sent_high"]] == pytest.approx(
            [100 * (sure >= k).mean(), 100 * (may >= k).mean()]
        )
    failure = verdicts[
        [rule.name for rule in RULE_BOOK if rule.clinical and rule.group == "treatment failure"]
    ]
    row = table.loc["treatment failure"]
    assert row["sent"] == pytest.approx(100 * failure.fillna(False).any(axis=1).mean())
    assert row["sent_high"] == pytest.approx(100 * failure.fillna(True).any(axis=1).mean())
    assert set(table.loc[["patient: trust", "patient: preference"], "argues"]) == {"patient-driven"}


def test_a_learned_score_sends_from_its_threshold_and_its_gaps_are_unknown():
    cases = pd.DataFrame({"risk": [0.1, 0.3, 0.5, np.nan], "changed": [False, True, True, True]})
    row = tradeoff(cases, scores={"risk": 0.3}, outcome="changed").set_index("policy").loc["risk"]
    assert row[["sent", "sent_high", "found", "found_high", "overuse_high"]].tolist() == [50, 75, 50, 75, 0]
    assert "state no facts" in row["remark"]


OUTCOMES = [
    # as an analyst may have it                       read as
    ([1, 0, 1, 0],                                    [True, False, True, False]),
    ([1.0, 0.0, np.nan, 1.0],                         [True, False, None, True]),
    (["yes", "no", "", "YES"],                        [True, False, None, True]),
    (pd.array([True, None, False, True], "boolean"),  [True, None, False, True]),
    ([True, None, False, None],                       [True, None, False, None]),
]  # fmt: skip


@pytest.mark.parametrize(("values", "expected"), OUTCOMES)
def test_outcomes_are_read_in_every_common_spelling_and_gaps_stay_gaps(values, expected):
    table = tradeoff(pd.DataFrame({"changed": values}), outcome="changed").set_index("policy")
    low, high = sum(x is True for x in expected), sum(x is not False for x in expected)
    assert table.loc["all", ["found_low", "found_high"]].tolist() == [25 * low, 25 * high]


OTHERS = pd.Series([True] * 10, range(1, 11))
MISTAKES = [
    # what is wrong               call                                  says
    ("no such policy",            {"policies": ["recomended"]},         "Did you mean 'recommended'"),
    ("another length",            {"policies": {"mine": [True]}},       "for 1 cases; there are 10"),
    ("other cases",               {"policies": {"mine": OTHERS}},       "another index"),
    ("a built-in policy's name",  {"policies": {"all": [True] * 10}},   "called all"),
    ("no such outcome",           {"outcome": "chnaged"},               "Did you mean 'changed'"),
    ("only a simulation has it",  {"outcome": "either"},                "outcome='your column'"),
    ("an exchange for nothing",   {"exchange_rate": 0},                 "above 0"),
    ("an outcome in words",       {"outcome": "words"},                 "it also says 'maybe'"),
    ("a score in words",          {"scores": {"words": 0.5}},           "must hold numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("_", "call", "says"), MISTAKES)
def test_a_mistake_is_refused_with_what_exists_and_what_to_do(_, call, says):
    cases = HAND.assign(words="maybe")
    with pytest.raises(SecondopError, match=says):
        tradeoff(cases, **{"outcome": "changed"} | call)


def test_no_cases_give_no_figures():
    table = tradeoff(HAND.iloc[:0], ["urgent"], outcome="changed")
    assert table[["sent", "found", "net_benefit", "found_upper"]].isna().all(axis=None)


@pytest.fixture(scope="module")
def reference():
    """By dcurves 1.1.7, which needs pandas below 3 and so cannot run here: see make_dcurves_reference.py."""
    return pd.read_csv(Path(__file__).with_name("dcurves_reference.csv"))


def test_net_benefit_and_opinions_avoided_equal_dcurves(reference):
    """For binary policies, a probability, all and none; to 1e-9."""
    cases = dcurves_cases()
    sent = {name: lambda t, name=name: cases[name] for name in POLICIES}
    sent |= {PROBABILITY: lambda t: cases[PROBABILITY] >= t}
    sent |= {"all": lambda t: cases["changed"] | True, "none": lambda t: cases["changed"] & False}
    assert len(reference) == len(sent) * len(THRESHOLDS)
    for row in reference.itertuples():
        flags, rate = sent[row.model](row.threshold), row.threshold / (1 - row.threshold)
        assert net_benefit(flags, cases["changed"], exchange_rate=rate) == pytest.approx(
            row.net_benefit, abs=1e-9
        )
        avoided = opinions_avoided(flags, cases["changed"], exchange_rate=rate)
        assert avoided == pytest.approx(row.net_intervention_avoided, abs=1e-9)


def test_the_decision_curve_equals_dcurves(reference):
    cases = dcurves_cases()
    rates = [t / (1 - t) for t in THRESHOLDS]
    own = {name: name for name in POLICIES}
    table = decision_curve(cases, own, outcome="changed", exchange_rates=rates, probabilities=[PROBABILITY])
    table = table[table["policy"] != "oracle"].reset_index()
    ours = table.assign(place=table.groupby("policy").cumcount()).set_index(["policy", "place"])
    theirs = reference.assign(place=reference.groupby("model").cumcount()).set_index(["model", "place"])
    ours = ours.loc[theirs.index]
    np.testing.assert_allclose(ours["threshold"], theirs["threshold"], atol=1e-12)
    np.testing.assert_allclose(ours["net_benefit"] / 100, theirs["net_benefit"], atol=1e-9)
    np.testing.assert_allclose(ours["opinions_avoided"] / 100, theirs["net_intervention_avoided"], atol=1e-9)


def test_the_decision_curve_agrees_with_the_table_at_each_rate(make_cases):
    cases = make_cases(80, 4)
    curve = decision_curve(cases, exchange_rates=[0.1, 0.9]).set_index(["policy", "exchange_rate"])
    for rate in (0.1, 0.9):
        table = tradeoff(cases, exchange_rate=rate).set_index("policy")
        for policy in ("none", "urgent", "recommended", "optional", "oracle", "all"):
            for name in ("net_benefit", "net_benefit_low", "net_benefit_upper", "opinions_avoided_lower"):
                assert curve.loc[(policy, rate), name] == pytest.approx(table.loc[policy, name])


def test_the_normal_interval_of_net_benefit_is_that_of_the_mean_over_cases():
    cases = dcurves_cases()
    row = (
        tradeoff(cases, {"mine": "wide"}, outcome="changed", exchange_rate=0.25)
        .set_index("policy")
        .loc["mine"]
    )
    each = np.where(cases["wide"], np.where(cases["changed"], 1, -0.25), 0)
    half = 1.959963984540054 * each.std() / np.sqrt(len(each))
    expected = [100 * (each.mean() - half), 100 * (each.mean() + half)]
    assert row[["net_benefit_lower", "net_benefit_upper"]].tolist() == pytest.approx(expected)


ONE = pd.Series([True])
NOT_SETTLED = [
    # what is wrong           recommended    changed                  says
    ("an unknown answer",     [True, None],  [True, False],           "1 of 2 answers of recommended"),
    ("an unknown outcome",    [True, False], [None, None],            "2 of 2 answers of changed"),
    ("other cases",           ONE,           ONE.set_axis([2]),       "different indexes"),
    ("another length",        [True],        [True, False],           "same cases"),
    ("no cases",              [],            [],                      "at least one"),
]  # fmt: skip


@pytest.mark.parametrize(("_", "recommended", "changed", "says"), NOT_SETTLED)
def test_net_benefit_refuses_what_is_not_settled(_, recommended, changed, says):
    with pytest.raises(ValueError, match=says):
        net_benefit(recommended, changed, exchange_rate=0.1)


def test_net_benefit_reads_pandas_nullable_polars_and_numpy_alike():
    sent, changed = [True, True, False], [True, False, False]
    for kind in (np.array, pd.Series, pl.Series, lambda x: pd.Series(x, dtype="boolean")):
        assert net_benefit(kind(sent), kind(changed), exchange_rate=0.5) == pytest.approx(0.5 / 3)


WORDS = [
    (0.1, "10 needless opinions"),
    (1, "1 needless opinion accepted"),
    (0.4, "2.5 needless"),
    (4, "4 useful"),
]


@pytest.mark.parametrize(("rate", "words"), WORDS)
def test_the_exchange_rate_is_said_in_words(rate, words):
    assert exchange_words(rate).startswith(words)


def test_simulated_is_called_simulated(make_cases):
    cases = make_cases(20, 1)
    assert not tradeoff(cases).attrs["simulated"]
    assert tradeoff(cases.assign(difficulty=0.0, gravity=0.0)).attrs["simulated"]
    cases.attrs["simulated"] = True
    assert tradeoff(cases).attrs["simulated"] and decision_curve(cases).attrs["simulated"]
