"""Own ratings: pairs worked by hand, against a plain loop, and against statsmodels."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import aggregate_raters

from secondop import ReaderModel, opinions_from_ratings
from secondop.errors import SecondopError

ANSWERS = ("mild", "middle", "grave")

# Case 1: a and b agree. Case 2: they differ. Case 3: a says both and counts as half a yes and half a no;
# b says yes. Case 4: b left a gap, so a has nobody to compare with.
RATINGS = pd.DataFrame(
    [
        (1, "a", "yes"), (1, "b", "yes"),
        (2, "a", "yes"), (2, "b", "no"),
        (3, "a", "yes"), (3, "a", "no"), (3, "b", "yes"),
        (4, "a", "no"), (4, "b", None),
    ],
    columns=["case", "reader", "answer"],
)  # fmt: skip


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.from_pandas])
def test_pairs_of_readers_counted_by_hand(engine):
    table = opinions_from_ratings(engine(RATINGS), seed=1)
    by_hand = pd.DataFrame(
        # first says no: 1 + 0.5, differing in both; first says yes: 2 + 1 + 1.5, of which 1 + 0.5 differ
        {"pairs": [1.5, 4.5, 6.0], "differ": [1.5, 1.5, 3.0], "share": [1, 1 / 3, 0.5]},
        index=pd.Index(["no", "yes", "overall"], name="answer"),
    )
    pd.testing.assert_frame_equal(table[["pairs", "differ", "share"]], by_hand, check_index_type=False)
    counted = {"cases": 4, "cases_with_pairs": 3, "readers": 2, "readings": 8, "gaps": 1}
    assert {name: table.attrs[name] for name in counted} == counted
    assert (table["lower"] <= table["share"]).all() and (table["share"] <= table["upper"]).all()


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from([None, "a", "b", "c"])), max_size=25
    )
)
def test_pairs_equal_a_plain_loop_over_pairs(rows):
    frame = pd.DataFrame(rows, columns=["case", "reader", "answer"])
    pairs, differ = dict.fromkeys("abc", 0.0), dict.fromkeys("abc", 0.0)
    for _, one_case in frame.dropna().groupby("case"):
        readings = {reader: list(part["answer"]) for reader, part in one_case.groupby("reader")}
        for first, second in itertools.permutations(readings.values(), 2):
            for x, y in itertools.product(first, second):
                pairs[x] += 1 / len(first) / len(second)
                differ[x] += (x != y) / len(first) / len(second)
    if sum(pairs.values()) == 0:
        with pytest.raises(SecondopError, match="two different readers"):
            opinions_from_ratings(frame, answers=[*"abc"], seed=1)
    else:
        table = opinions_from_ratings(frame, answers=[*"abc"], seed=1)
        assert table["pairs"].tolist() == pytest.approx([*pairs.values(), sum(pairs.values())])
        assert table["differ"].tolist() == pytest.approx([*differ.values(), sum(differ.values())])


def readings_of(model, cases, readers, seed, gaps=0.0) -> pd.DataFrame:
    """Simulated ratings of one class, by numpy alone."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(model.concentration[0] * model.mean[0], cases)
    said = (rng.random((cases, readers, 1)) > p.cumsum(axis=1)[:, None, :]).sum(axis=2)
    answer = np.array(model.answers, dtype=object)[said.ravel()]
    answer[rng.random(len(answer)) < gaps] = None
    grid = pd.MultiIndex.from_product([range(cases), range(readers)], names=["case", "reader"])
    return grid.to_frame(index=False).assign(answer=answer)


TRUTH = ReaderModel(ANSWERS, ("all cases",), [[0.2, 0.5, 0.3]], [2.5])


def test_observed_agreement_is_that_of_statsmodels_when_nothing_is_missing():
    frame = readings_of(TRUTH, 200, 4, seed=3)
    wide = frame.pivot(index="case", columns="reader", values="answer").to_numpy()
    counts, _ = aggregate_raters(wide)
    observed = ((counts**2).sum(axis=1) - 4).sum() / (
        200 * 4 * 3
    )  # the observed agreement inside Fleiss' kappa
    assert 1 - opinions_from_ratings(frame, seed=1).loc["overall", "share"] == pytest.approx(observed)


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say_rarer_answers_too():
    """`benchmarks/intervals.py` does it 2,000 times in five designs."""
    alike = (2.5 * TRUTH.mean[0] + 1) / 3.5  # the chance that the next reader says the same again
    truth = np.append(1 - alike, 1 - alike @ TRUTH.mean[0])
    held = np.zeros(4)
    for seed in range(100):
        table = opinions_from_ratings(readings_of(TRUTH, 80, 3, seed), answers=ANSWERS)
        held += (table["lower"] <= truth) & (truth <= table["upper"])
    assert (held >= 87).all()  # 95 expected; fewer than 87 has a chance below 1 in 1,000


def jackknife(frame: pd.DataFrame, column: str, answer: str | None) -> float:
    """The variance of the share of differing pairs, by plain loops over what is left out."""
    shares = []
    for left_out in frame[column].unique():
        pairs = differ = 0
        for _, one_case in frame[frame[column] != left_out].groupby("case"):
            for first, second in itertools.permutations(one_case["answer"], 2):
                pairs += answer in (None, first)
                differ += answer in (None, first) and first != second
        shares.append(differ / pairs)
    whole, n = opinions_from_ratings(frame).loc[answer or "overall", "share"], len(shares)
    return (n - 1) / n * sum((share - whole) ** 2 for share in shares)


@pytest.mark.parametrize("answer", [None, "mild"])
@pytest.mark.parametrize("columns", [("case",), ("case", "reader")])
def test_the_interval_is_wilsons_with_the_variance_of_the_jackknife(columns, answer):
    frame = readings_of(TRUTH, 25, 5, seed=8)
    row = opinions_from_ratings(frame, sample=" and ".join(f"{name}s" for name in columns)).loc[
        answer or "overall"
    ]
    variance = sum(jackknife(frame, column, answer) for column in columns)
    # Wilson's ends are where the distance to the share is z standard errors of the end itself
    number = row["share"] * (1 - row["share"]) / variance
    z = [abs(end - row["share"]) / np.sqrt(end * (1 - end) / number) for end in (row["lower"], row["upper"])]
    assert z[0] == pytest.approx(z[1])
    assert stats.t.ppf(0.975, 24) <= z[0] + 1e-9 < stats.t.ppf(0.975, 3)
    if columns == ("case",) and answer is None:
        assert z[0] == pytest.approx(stats.t.ppf(0.975, 24))  # all cases have as many pairs


def test_other_readers_are_less_sure_than_other_cases_alone_where_readers_differ():
    frame = readings_of(TRUTH, 60, 6, seed=9)
    lax = (frame["reader"] == 0) & (frame["case"] % 2 == 0)
    frame["answer"] = frame["answer"].where(~lax, "grave")
    width = {
        sample: opinions_from_ratings(frame, sample=sample)[["lower", "upper"]].diff(axis=1)["upper"]
        for sample in ("cases", "cases and readers")
    }
    assert (width["cases and readers"] > width["cases"]).all()


def test_two_readers_tell_nothing_of_others_and_one_who_read_all_of_an_answer_leaves_it_open():
    with pytest.raises(SecondopError, match="it takes three"):
        opinions_from_ratings(RATINGS, sample="cases and readers")
    frame = pd.DataFrame({"case": [1, 1, 2, 2, 3, 3], "reader": [*"abbcac"], "answer": [*"xyyyxy"]})
    table = opinions_from_ratings(frame, sample="cases and readers")
    assert table.loc["x", ["lower", "upper"]].isna().all()  # without a, nobody says x
    assert table.loc["overall", ["lower", "upper"]].notna().all()


def test_where_nothing_differs_the_interval_still_admits_what_is_not_known():
    frame = pd.DataFrame({"case": [1, 1, 2, 2], "reader": list("abab"), "answer": "same"})
    row = opinions_from_ratings(frame).loc["overall"]
    assert (row["share"], row["lower"]) == (0, 0)
    assert row["upper"] == pytest.approx(stats.binomtest(0, 2).proportion_ci(method="wilson").high)


def test_fit_finds_the_model_that_made_the_ratings_despite_gaps():
    model = ReaderModel.fit(readings_of(TRUTH, 20_000, 3, seed=5, gaps=0.2), answers=ANSWERS)
    assert model.answers == ANSWERS and model.classes == ("all cases",)
    assert model.mean[0] == pytest.approx(TRUTH.mean[0], abs=0.01)
    assert model.concentration[0] == pytest.approx(2.5, abs=0.15)


def test_fit_reads_classes_apart_and_agrees_with_the_table_of_pairs():
    parts = [readings_of(TRUTH, 300, 3, seed=i).assign(truth=name) for i, name in enumerate(("x", "y"))]
    parts[1]["case"] += 1000
    model = ReaderModel.fit(pl.from_pandas(pd.concat(parts)), reference="truth")
    for name, part, concentration in zip(("x", "y"), parts, model.concentration, strict=True):
        table = opinions_from_ratings(part, seed=1)
        assert table.attrs["concentration"] == pytest.approx(concentration), name
        assert model.to_frame().loc[name, "disagreement"] == pytest.approx(table.loc["overall", "share"])


BAD_RATINGS = [
    # situation              ratings                                         says
    ("not a frame",          [1, 2],                                         "polars frame. Got list"),
    ("a column misspelt",    RATINGS.rename(columns={"reader": "readers"}),  "Did you mean 'readers'"),
    ("reader not recorded",  RATINGS.assign(reader=[None, *"babaabab"]),     "'reader': empty in 1 of 9"),
    ("a column named twice", pd.concat([RATINGS, RATINGS[["case"]]], axis=1), "'case', or more than one"),
    ("lists for an answer",  RATINGS.assign(answer=[["a"]] * 9),             "'answer' holds lists"),
    ("nobody read twice",    RATINGS.assign(reader="a"),                     "two different readers"),
    ("named like the total", RATINGS.assign(answer="overall"),               "not in"),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "ratings", "says"), BAD_RATINGS)
def test_ratings_that_cannot_be_read_say_why(situation, ratings, says):
    with pytest.raises(SecondopError, match=says):
        opinions_from_ratings(ratings, seed=1)


BAD_NUMBERS = [
    {"seed": None}, {"seed": 1.5}, {"seed": -1}, {"seed": True}, {"sample": "readers"}, {"sample": None},
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=str)
def test_an_interval_that_could_not_be_had_again_or_cannot_be_is_refused(bad):
    with pytest.raises(SecondopError, match=f"{next(iter(bad))} is (a|one of)"):
        opinions_from_ratings(RATINGS, **{"seed": 1, **bad})


def test_answers_outside_the_stated_ones_and_cases_of_two_classes_are_refused():
    with pytest.raises(SecondopError, match=r"column 'answer' that are not among.*\n.*'yes'"):
        opinions_from_ratings(RATINGS, answers=["no", "maybe"], seed=1)
    with pytest.raises(SecondopError, match="more than one class"):
        ReaderModel.fit(RATINGS.assign(truth=list("xyxxxxxxx")), reference="truth")
    with pytest.raises(SecondopError, match=r"class \['y'\]"):
        ReaderModel.fit(RATINGS.assign(truth=list("xxxxxxxyy")), reference="truth")


def test_a_declared_answer_nobody_gave_has_no_share_rather_than_zero():
    table = opinions_from_ratings(RATINGS, answers=["no", "maybe", "yes"], seed=1)
    assert table.loc["maybe", "pairs"] == 0
    assert table.loc["maybe", ["share", "lower", "upper"]].isna().all()
