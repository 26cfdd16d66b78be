"""Agreement against published worked tables, two other programs, plain loops, and what must always hold."""

from __future__ import annotations

import itertools

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

from secondop import agreement, opinions_from_ratings
from secondop.errors import SecondopError
from tests.kit import examples, sampled

PERCENT, COHEN, FLEISS, AC1, ALPHA = PLAIN = (
    "percent agreement", "Cohen's kappa", "Fleiss' kappa", "Gwet's AC1", "Krippendorff's alpha",
)  # fmt: skip


def wide(*columns) -> tuple[pd.DataFrame, list[str]]:
    """A column of answers for each reader."""
    names = [f"reader {i}" for i in range(len(columns))]
    return pd.DataFrame(dict(zip(names, columns, strict=True))).reset_index(names="case"), names


def table_of(*columns, **options) -> pd.DataFrame:
    frame, names = wide(*columns)
    return agreement(frame, readers=names, **options)


# ------------------------------------------------------------------ published worked tables

# Gwet (2014, Handbook of Inter-Rater Reliability, 4th ed.): 12 subjects, 4 raters, 5 categories, with gaps.
# The results are those that his package irrCAC prints for it.
TWELVE = (
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, None],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
)
# The same: 4 raters who saw all of 15 people. Cohen's kappa of more than two is Conger's (1980).
FIFTEEN = [*map(list, ("aaaaabbbcaaaaab", "aaaababccaaaaba", "abbcaabbcabbcaa", "ccccaabbcccccaa"))]
# The same: 100 pregnancies, 2 abstractors, ectopic (13 13), abnormal (20, 7 normal), normal (56, 4 abnormal).
HUNDRED = ([0] * 13 + [1] * 27 + [2] * 60, [0] * 13 + [1] * 20 + [2] * 7 + [1] * 4 + [2] * 56)

PUBLISHED = [
    # table   weights      statistic                          value    digits
    (TWELVE,  "identity",  PERCENT,                           0.81818, 5),
    (TWELVE,  "identity",  FLEISS,                            0.76117, 5),
    (TWELVE,  "identity",  AC1,                               0.77544, 5),
    (TWELVE,  "identity",  ALPHA,                             0.743,   3),
    (TWELVE,  "linear",    "Fleiss' kappa, linear weights",   0.818,   3),
    (TWELVE,  "linear",    "Gwet's AC2, linear weights",      0.859,   3),
    (TWELVE,  "quadratic", "Fleiss' kappa, quadratic weights", 0.865,  3),
    (TWELVE,  "quadratic", "Gwet's AC2, quadratic weights",   0.914,   3),
    (FIFTEEN, "identity",  PERCENT,                           0.456,   3),
    (FIFTEEN, "identity",  COHEN,                             0.166,   3),
    (FIFTEEN, "identity",  FLEISS,                            0.129,   3),
    (FIFTEEN, "identity",  AC1,                               0.208,   3),
    (HUNDRED, "identity",  COHEN,                             0.7964094, 7),
    (HUNDRED, "identity",  AC1,                               0.849,   3),
    (HUNDRED, "linear",    "Cohen's kappa, linear weights",   0.843,   3),
    (HUNDRED, "linear",    "Gwet's AC2, linear weights",      0.900,   3),
    (HUNDRED, "quadratic", "Cohen's kappa, quadratic weights", 0.892,  3),
    (HUNDRED, "quadratic", "Gwet's AC2, quadratic weights",   0.940,   3),
]  # fmt: skip


@pytest.mark.parametrize(("ratings", "weights", "statistic", "value", "digits"), PUBLISHED)
def test_published_tables_come_out_as_published(ratings, weights, statistic, value, digits):
    assert round(table_of(*ratings, weights=weights).loc[statistic, "value"], digits) == value


def test_intervals_of_many_cases_are_about_as_wide_as_those_published():
    table = table_of(*HUNDRED, weights="quadratic")
    widths = (table["upper"] - table["lower"])[[COHEN, AC1, "Gwet's AC2, quadratic weights"]]
    assert widths.tolist() == pytest.approx([0.913 - 0.680, 0.935 - 0.764, 0.976 - 0.905], rel=0.12)


# ------------------------------------------------------------------ two other programs


def drawn(cases, readers, seed, gaps=0.0, answers=4):
    """Readers of simulated cases, who differ in how grave they are."""
    rng = np.random.default_rng(seed)
    grave = (
        rng.normal(size=(cases, 1)) + 0.7 * rng.normal(size=(cases, readers)) + rng.normal(size=readers) / 3
    )
    said = np.digitize(grave, stats.norm.ppf(np.arange(1, answers) / answers) * 1.2).astype(float)
    said[rng.random(said.shape) < gaps] = np.nan
    return said


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_krippendorff_with_gaps_and_order(seed):
    said = drawn(40, 4, seed, gaps=0.3)
    table = table_of(*said.T, weights="linear", answers=range(4))
    for name, level in ((ALPHA, "nominal"), (f"{ALPHA}, ordinal", "ordinal")):
        theirs = krippendorff.alpha(said.T, level_of_measurement=level, value_domain=range(4))
        assert table.loc[name, "value"] == pytest.approx(theirs)


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
def test_kappas_are_those_of_statsmodels(weights):
    said = drawn(60, 2, seed=1).astype(int)
    counts = np.zeros((4, 4))
    np.add.at(counts, tuple(said.T), 1)
    ending = "" if weights == "identity" else f", {weights} weights"
    theirs = cohens_kappa(counts, wt=None if weights == "identity" else weights, return_results=False)
    assert table_of(*said.T, weights=weights).loc[COHEN + ending, "value"] == pytest.approx(theirs)
    many = drawn(60, 5, seed=2)
    assert table_of(*many.T).loc[FLEISS, "value"] == pytest.approx(fleiss_kappa(aggregate_raters(many)[0]))


def test_cohens_kappa_of_several_readers_is_pooled_over_pairs_in_the_cases_that_both_read():
    said = drawn(30, 4, seed=3, gaps=0.3)
    cases = agreed = by_chance = 0.0
    for one, other in itertools.combinations(said.T, 2):
        both = ~np.isnan(one) & ~np.isnan(other)
        cases, agreed = cases + both.sum(), agreed + (one == other).sum()
        by_chance += both.sum() * sum((one[both] == x).mean() * (other[both] == x).mean() for x in range(4))
    row = table_of(*said.T).loc[COHEN]
    assert row["chance"] == pytest.approx(by_chance / cases)
    assert row["value"] == pytest.approx((agreed - by_chance) / (cases - by_chance))


# ------------------------------------------------------------------ intervals


@pytest.mark.parametrize("sample", ["cases", "cases and readers"])
@pytest.mark.parametrize("statistic", sampled([*PLAIN, "Cohen's kappa, linear weights", f"{ALPHA}, ordinal"]))
def test_the_interval_is_the_jackknifes_bent_as_wilsons(statistic, sample):
    said = drawn(14, 4, seed=4, gaps=0.2)
    row, least = table_of(*said.T, weights="linear", answers=range(4), sample=sample).loc[statistic], -1.0
    if statistic == PERCENT:
        least = 0.0

    def without(axis):
        rest = [np.delete(said, i, axis) for i in range(said.shape[axis])]
        return np.array(
            [table_of(*x.T, weights="linear", answers=range(4)).loc[statistic, "value"] for x in rest]
        )

    several = (~np.isnan(said)).sum(axis=1) > 1
    parts = [((without(0) - row["value"]) ** 2).sum() * (1 - 1 / several.sum())]
    freedom = several.sum() - 1
    if sample == "cases and readers":
        parts.append(((without(1) - row["value"]) ** 2).sum() * (1 - 1 / 4))
        freedom = sum(parts) ** 2 / (parts[0] ** 2 / freedom + parts[1] ** 2 / 3)
    share, variance = (row["value"] - least) / (1 - least), sum(parts) / (1 - least) ** 2
    # Wilson's ends are where the distance to the share is t standard errors of the end itself
    for end in (row["lower"], row["upper"]):
        at = (end - least) / (1 - least)
        errors = abs(at - share) / np.sqrt(at * (1 - at) * variance / (share * (1 - share)))
        assert errors == pytest.approx(stats.t.ppf(0.975, freedom))


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    truth = table_of(*drawn_alike(40_000, seed=0).T)["value"]
    held = np.zeros(5)
    for seed in range(1, 81):
        table = table_of(*drawn_alike(40, seed).T)
        held += (table["lower"] <= truth) & (truth <= table["upper"])
    assert (held >= 69).all()  # 76 of 80 expected; fewer than 69 has a chance below 1 in 1,000


def drawn_alike(cases, seed):
    rng = np.random.default_rng(seed)
    return (rng.random((cases, 3)) < rng.beta(0.6, 1.4, (cases, 1))).astype(int)


# ------------------------------------------------------------------ where it cannot be told, and what it says


@pytest.mark.parametrize(
    ("columns", "options", "blank"),
    [
        ((["x"] * 4, ["x"] * 4), {}, PLAIN[1:]),
        ((["x"] * 4, ["x"] * 4), {"answers": ["x", "y"]}, [COHEN, FLEISS, ALPHA]),
        ((["x", "x"], ["x", "x"]), {"answers": ["x", "y"], "weights": "linear"}, [COHEN, FLEISS, ALPHA]),
    ],
    ids=["one answer", "one of two answers", "weighted"],
)
def test_where_only_one_answer_is_given_a_kappa_is_blank_and_not_0_or_1(columns, options, blank):
    table = table_of(*columns, **options)
    assert table.loc[[*blank], ["value", "lower", "upper"]].isna().all(axis=None)
    assert table.loc[[*blank], "remark"].str.startswith("Not defined").all()
    assert table.loc[PERCENT, "value"] == table.loc[PERCENT, "upper"] == 1
    assert table.loc[PERCENT, "lower"] < 0.9  # four cases do not prove it
    assert not any("nan" in sentence for sentence in table.attrs["why"])


def test_one_case_has_values_without_an_interval_and_one_reader_has_nothing():
    table = table_of(["x"], ["y"])
    assert table["value"].tolist() == [0, 0, -1, -1, 0]
    assert table[["lower", "upper"]].isna().all(axis=None)
    assert table["remark"].str.startswith("No interval").all()


def test_a_blank_interval_has_its_remark_at_the_end_of_the_scale_too():
    """Two who always say the opposite, each answer as often: kappa is -1, with no interval around it."""
    table = agreement(
        pd.DataFrame({"case": range(6), "Ada": [*"ababab"], "Ben": [*"bababa"]}), readers=["Ada", "Ben"]
    )
    assert table.loc["Cohen's kappa", "value"] == -1
    blank = table["lower"].isna()
    assert blank["Cohen's kappa"] and table.loc[blank, "remark"].str.startswith("No interval").all()
    with pytest.raises(SecondopError, match="two different readers"):
        table_of(["x", "y"])
    with pytest.raises(SecondopError, match="two different readers"):
        table_of([None, "y"], ["x", None])


def test_an_interval_that_rests_on_one_case_is_blank():
    table = table_of(["x", "x", "x", "x"], ["x", "x", "x", "y"])  # without the last all say x
    assert table.loc[[COHEN, FLEISS, ALPHA], ["lower", "upper"]].isna().all(axis=None)
    assert table.loc[[PERCENT], ["lower", "upper"]].notna().all(axis=None)


def test_below_the_scale_there_is_no_interval():
    table = table_of(
        [*"xx", *"x" * 6], [*"yy", *[None] * 6]
    )  # chance is that of all cases, read once or twice
    assert table.loc[FLEISS, "value"] == pytest.approx((0 - 25 / 32) / (7 / 32))
    assert table.loc[FLEISS, ["lower", "upper"]].isna().all()
    assert table.loc[FLEISS, "remark"].startswith("No interval")


def test_it_says_why_the_statistics_part():
    often = [["no"] * 90 + ["yes"] * 10, ["no"] * 85 + ["yes"] * 5 + ["no"] * 5 + ["yes"] * 5]
    table = table_of(*often)
    assert table.loc[[FLEISS, AC1], "value"].round(2).tolist() == [0.44, 0.88]
    assert table.attrs["why"] == (
        "'no' is 90% of readings. By such shares alone readers agree in 82% (Fleiss' kappa); "
        "AC1 takes 18% for chance, and less the commoner one answer is.",
    )
    apart = table_of(["x"] * 9 + ["y"], ["x"] + ["y"] * 9)
    assert "by the shares of each it is 18% (Cohen's kappa)" in apart.attrs["why"][1]
    told = table[["cases", "readers", "n"]].drop_duplicates()
    assert told.to_numpy().tolist() == [[100, 2, 200]]


def test_percent_agreement_is_what_is_left_of_how_often_two_differ_and_has_its_interval():
    frame, names = wide(*drawn(50, 3, seed=6).T)
    row = agreement(frame, readers=names).loc[PERCENT]
    other = opinions_from_ratings(frame, readers=names).loc["overall"]
    assert row["value"] == pytest.approx(1 - other["share"])
    assert [row["lower"], row["upper"]] == pytest.approx([1 - other["upper"], 1 - other["lower"]])


def test_first_and_later_readers_are_two_and_those_who_read_later_share_a_vote():
    frame, names = wide([*"xxyyx"], [*"xyyyx"], [None, "x", "y", "x", "x"])
    table = agreement(frame, readers=names, first="reader 0")
    assert table.loc[PERCENT, "value"] == pytest.approx((1 + 0.5 + 1 + 0.5 + 1) / 5)
    with pytest.raises(SecondopError, match="it takes three"):
        agreement(frame, readers=names, first="reader 0", sample="cases and readers")


@pytest.mark.parametrize("weights", ["cubic", None, 1, ["linear"]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(SecondopError, match="weights is one of identity, linear, quadratic"):
        table_of([*"xy"], [*"xx"], weights=weights)


# ------------------------------------------------------------------ what must always hold

ratings = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from([None, "a", "b", "c"])),
    min_size=6,
    max_size=30,
)


@examples(30)
@given(ratings, st.randoms(use_true_random=False))
def test_order_of_rows_names_of_readers_and_of_answers_change_nothing(rows, random):
    frame = pd.DataFrame(rows, columns=["case", "reader", "answer"])
    if frame.dropna().groupby("case")["reader"].nunique().max() < 2 or frame["answer"].isna().all():
        return
    told = agreement(frame)
    random.shuffle(rows)
    names, answers = (
        random.sample(["Ada", "Ben", "Cho", "Dee"], 4),
        dict(zip("abc", random.sample("xyz", 3), strict=True)),
    )
    again = pd.DataFrame(rows, columns=["case", "reader", "answer"]).replace({"answer": answers})
    again["reader"] = again["reader"].map(names.__getitem__)
    numbers = ["value", "lower", "upper", "chance", "cases", "readers", "n"]
    pd.testing.assert_frame_equal(agreement(again)[numbers], told[numbers], check_exact=False, atol=1e-7)
    sure = told.dropna()
    assert ((sure["lower"] <= sure["value"] + 1e-9) & (sure["value"] <= sure["upper"] + 1e-9)).all()
    assert (told["value"].dropna() <= 1 + 1e-12).all() and sure["lower"].ge(-1 - 1e-9).all()
