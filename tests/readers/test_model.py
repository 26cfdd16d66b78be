"""The reader model: worked by hand, against brute force, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from secondop import ReaderModel
from secondop.errors import SecondopError

ANSWERS = ("mild", "middle", "grave")


def one_class(shares, differ) -> ReaderModel:
    return ReaderModel.from_disagreement({"c": dict(zip(ANSWERS, shares, strict=False))}, {"c": differ})


# ---- concentration from two published numbers -------------------------------------------------------------

CONCENTRATIONS = [
    # situation                       shares            differ  concentration  remark
    # by hand: (0.12) / (0.88 - 0.82) = 2; (0.16) / (0.84 - 0.68) = 1
    ("cases alike to a degree",       (0.9, 0.1),       0.12,   2.0,           None),
    ("cases very different",          (0.2, 0.8),       0.16,   1.0,           None),
    ("independent readers, exactly",  (0.5, 0.5),       0.50,   np.inf,        None),
    ("more than chance: says so",     (0.5, 0.5),       0.60,   np.inf,        "is 0.5"),
    ("never: says so",                (0.5, 0.5),       0.00,   np.inf,        "concentration to 0"),
    ("only one answer ever",          (1.0, 0.0),       0.00,   np.inf,        None),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "shares", "differ", "concentration", "remark"), CONCENTRATIONS)
def test_concentration_follows_from_how_often_two_readers_differ(
    situation, shares, differ, concentration, remark
):
    model = one_class(shares, differ)
    assert model.concentration[0] == pytest.approx(concentration), situation
    assert (remark in model.remarks[0]) if remark else model.remarks == ()
    assert ("Remark: c: " in repr(model)) == bool(remark)


@given(st.lists(st.floats(0.02, 1), min_size=2, max_size=3), st.floats(0.05, 0.95))
def test_the_model_differs_as_often_as_it_was_told(weights, part_of_chance):
    shares = np.array(weights) / sum(weights)
    differ = part_of_chance * (1 - (shares**2).sum())
    assert one_class(shares, differ).to_frame()["disagreement"].iloc[0] == pytest.approx(differ)


def test_two_answers_are_the_beta_binomial_of_scipy():
    # two readers, shares 0.7 and 0.3, concentration 3: they differ when exactly one says yes
    model = ReaderModel(("no", "yes"), ("c",), [[0.7, 0.3]], [3.0])
    counts = stats.betabinom(2, 0.9, 2.1)
    assert model.to_frame()["disagreement"].iloc[0] == pytest.approx(counts.pmf(1))


def test_independent_readers_keep_single_readings_and_differ_more_often():
    model = one_class((0.2, 0.8), 0.16)
    alone = model.independent().to_frame().loc["c"]
    assert alone["grave" if "grave" in alone else "middle"] == pytest.approx(0.8)
    assert alone["disagreement"] == pytest.approx(0.32)  # 2 x 0.2 x 0.8
    assert model.tilted([[0.1, 0.9]]).independent().to_frame().loc["c", "middle"] == pytest.approx(0.9)


# ---- reproducibility, conditional on the first reading -----------------------------------------------------

TWO = {"x": {"mild": 0.7, "middle": 0.2, "grave": 0.1}, "y": {"mild": 0.1, "middle": 0.3, "grave": 0.6}}
MIX = {"x": 300, "y": 100}


def two_classes(concentration) -> ReaderModel:
    return ReaderModel(ANSWERS, ("x", "y"), [[*row.values()] for row in TWO.values()], concentration)


def test_what_is_said_again_is_what_brute_force_says_it_is():
    model, rng = two_classes([2.0, 0.5]).tilted([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]), np.random.default_rng(5)
    first = again = 0
    for share, m, s, tilt in zip((0.75, 0.25), model.mean, model.concentration, model.tilt, strict=True):
        p = rng.dirichlet(s * m, 400_000) * np.exp(tilt)
        p /= p.sum(axis=1, keepdims=True)
        first, again = first + share * p.mean(axis=0), again + share * (p**2).mean(axis=0)
    assert model.same_given_first(MIX).tolist() == pytest.approx((again / first).tolist(), abs=0.003)


def test_one_concentration_is_found_again_and_leaves_no_residual():
    told = two_classes([1.7, 1.7]).same_given_first(MIX)
    model = ReaderModel.from_reproducibility(TWO, MIX, told)
    assert model.concentration == pytest.approx([1.7, 1.7]) and model.remarks == ()


def test_where_one_concentration_does_not_describe_it_the_residuals_are_said():
    told = two_classes([0.3, 30.0]).same_given_first(MIX)
    model = ReaderModel.from_reproducibility(TWO, MIX, told)
    left = told - model.same_given_first(MIX)
    missed = left[left.abs() > 0.02]
    assert missed["mild"] > 0 > missed["grave"]
    for (answer, residual), remark in zip(missed.items(), model.remarks, strict=True):
        assert repr(answer) in remark and f"residual {residual:+.3f}" in remark
    # as many readings agree as published: what one answer lacks another has too much
    first = 0.75 * model.mean[0] + 0.25 * model.mean[1]
    assert left.to_numpy() @ first == pytest.approx(0)


def test_in_one_class_reproducibility_and_disagreement_are_the_same_thing():
    shares, again = (
        {"c": dict(zip(ANSWERS, (0.5, 0.3, 0.2), strict=True))},
        {"mild": 0.8, "middle": 0.6, "grave": 0.7},
    )
    differ = 1 - (0.5 * 0.8 + 0.3 * 0.6 + 0.2 * 0.7)
    model = ReaderModel.from_reproducibility(shares, {"c": 1}, again)
    assert model.concentration == pytest.approx(one_class((0.5, 0.3, 0.2), differ).concentration)


def test_readers_who_agree_less_than_by_chance_are_read_independently_and_said_so():
    model = ReaderModel.from_reproducibility(TWO, MIX, dict.fromkeys(ANSWERS, 0.2))
    assert np.isinf(model.concentration).all() and "all classes" in model.remarks[0]


MISTAKES = [
    # situation  call  says
    ("shares that miss 1",  lambda: one_class((0.5, 0.4), 0.1),  r"c: \[0.5, 0.4\]"),
    ("per cent for a share",  lambda: one_class((0.5, 0.5), 12),  "disagreement of c"),
    ("a class without a number",  lambda: ReaderModel.from_disagreement({"c": {"a": 1}}, {}), "ment of c"),
    ("an answer without a number",  lambda: ReaderModel.from_reproducibility(TWO, MIX, {}),  "first of mild"),
    ("a class without a count",  lambda: ReaderModel.from_reproducibility(TWO, {"x": 1}, {}), "mix of x"),
    ("a class without cases",  lambda: two_classes([1, 1]).same_given_first({"x": 1, "y": 0}), "every class"),
    ("no class at all",  lambda: ReaderModel.from_disagreement({}, {}),  "single readings"),
    ("the tables' own name",  lambda: ReaderModel.from_disagreement({"c": {"overall": 1}}, {}),  "not in"),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "call", "says"), MISTAKES)
def test_a_mistake_in_a_model_is_named(situation, call, says):
    with pytest.raises(SecondopError, match=says):
        call()


# ---- readers of another skill ------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    st.floats(0.05, 200),
)
def test_a_tilt_reaches_the_other_skill_exactly(ordinary, other, concentration):
    ordinary, other = (np.array(x) / sum(x) for x in (ordinary, other))
    tilted = ReaderModel(ANSWERS, ("c",), [ordinary], [concentration]).tilted([other])
    assert tilted.to_frame()[list(ANSWERS)].to_numpy()[0] == pytest.approx(other, abs=1e-7)


def test_a_tilt_is_what_brute_force_says_it_is():
    model = ReaderModel(ANSWERS, ("c",), [[0.3, 0.5, 0.2]], [1.5])
    tilted = model.tilted([[0.1, 0.8, 0.1]])
    p = np.random.default_rng(7).dirichlet([0.45, 0.75, 0.3], 300_000) * np.exp(tilted.tilt[0])
    p /= p.sum(axis=1, keepdims=True)
    said = tilted.to_frame().iloc[0]
    assert p.mean(axis=0) == pytest.approx([0.1, 0.8, 0.1], abs=0.003)
    assert said["disagreement"] == pytest.approx(1 - (p**2).sum(axis=1).mean(), abs=0.003)


SKILLED = ReaderModel(ANSWERS, ANSWERS, [[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.3, 0.6]], [2, 2, 2])


def test_skill_keeps_the_proportions_of_wrong_answers():
    under, over = {"mild": 0, "middle": 0.1, "grave": 0.2}, {"mild": 0.15, "middle": 0.1, "grave": 0}
    said = SKILLED.skilled(under, over).to_frame()[list(ANSWERS)].to_numpy()
    by_hand = [[0.85, 0.1, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]]
    assert said == pytest.approx(np.array(by_hand), abs=1e-7)


def test_skill_that_cannot_be_is_refused():
    fine = {"mild": 0, "middle": 0.1, "grave": 0.1}
    with pytest.raises(SecondopError, match="add up to 1"):
        SKILLED.skilled(fine | {"mild": 0.1}, fine | {"grave": 0})  # nothing is milder than mild
    with pytest.raises(SecondopError, match="right answer in each class"):
        one_class((0.5, 0.3, 0.2), 0.1).skilled({"c": 0.1}, {"c": 0.1})


TILTS = [
    # situation                             concentration  ordinary         other            says
    ("an answer they never give",           2.0,           (0.5, 0.5, 0),   (0.5, 0.4, 0.1), "never given"),
    ("readers of a case always agree",      0.0,           (0.5, 0.3, 0.2), (0.6, 0.2, 0.2), "always agree"),
    ("an answer the others have given up",  2.0,           (0.5, 0.3, 0.2), (0.6, 0.4, 0),   None),
    ("others give one answer only",         2.0,           (0.5, 0.3, 0.2), (0, 1, 0),       None),
    ("all cases alike",                     np.inf,        (0.5, 0.3, 0.2), (0.2, 0.2, 0.6), None),
    ("the same skill",                      0.0,           (0.5, 0.3, 0.2), (0.5, 0.3, 0.2), None),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "concentration", "ordinary", "other", "says"), TILTS)
def test_tilts_at_the_edges(situation, concentration, ordinary, other, says):
    model = ReaderModel(ANSWERS, ("c",), [ordinary], [concentration])
    if says:
        with pytest.raises(SecondopError, match=says):
            model.tilted([other])
    else:
        said = model.tilted([other]).to_frame()[list(ANSWERS)].to_numpy()[0]
        assert said == pytest.approx(other, abs=1e-7), situation
