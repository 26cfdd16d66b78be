"""Two policies on the same cases: worked by hand, by brute force, and by a bootstrap."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.evaluation.differences import DIFFERENCE, paired, sharing
from secondop.evaluation.measures import table
from tests.kit import examples

CODE = {False: 0, True: 1, None: 2}
LINEAR = ["referral_rate", "true_positive", "false_positive", "false_negative", "true_negative"]
LINEAR += ["net_benefit", "interventions_avoided"]


def crossed(cases, weights=None):
    """Sums of weights by referred before, referred after, changed."""
    place = np.ravel_multi_index(
        [[CODE[answer] for answer in some] for some in zip(*cases, strict=True)], (3,) * 3
    )
    return np.bincount(place, weights, 27).reshape(3, 3, 3).astype(float)


def differences(cases, threshold=0.5, **options):
    counts = crossed(cases)
    found = paired(counts, counts, [threshold], **options)
    return {
        name: dict(zip(DIFFERENCE, values.ravel().tolist(), strict=True)) for name, values in found.items()
    }


def plain(before, after, changed, odds):
    """The differences, per 100, of settled cases (ways, n)."""

    def measures(referred):
        tp, fp, fn, tn = (
            (a & b).mean(-1) for a, b in itertools.product((referred, ~referred), (changed, ~changed))
        )
        return np.stack([tp + fp, tp, fp, fn, tn, tp - odds * fp, tn - fn / odds])

    return dict(zip(LINEAR, 100 * (measures(after) - measures(before)), strict=True))


def settle(cases, facts=(False, True)):
    """All cases settled one by one, in all ways: three arrays (ways, n)."""
    options = []
    for before, after, changed in cases:
        kinds = itertools.product(
            facts if before is None else (before,),
            facts if after is None else (after,),
            (False, True) if changed is None else (changed,),
        )
        options.append(list(kinds))
    return np.moveaxis(np.array(list(itertools.product(*options)), bool), -1, 0)


SHARED = [
    # shared, own of the first, own of the second, whom they refer
    (True, False, None, (True, True)),
    (False, False, True, (False, True)),
    (False, None, False, (None, False)),
    (None, False, False, (False, False)),  # left out: they refer alike, whatever it is
    (None, None, False, (None, False)),
    (None, False, True, (None, True)),
    (None, True, False, (True, None)),
]


@pytest.mark.parametrize(("shared", "first", "second", "refer"), SHARED)
def test_what_two_policies_share_makes_no_difference(shared, first, second, refer):
    codes = sharing(*(np.array([CODE[answer]]) for answer in (shared, first, second)))
    assert tuple(int(code[0]) for code in codes) == tuple(CODE[answer] for answer in refer)


ANSWERS = st.sampled_from([True, False, None])
COHORTS = st.lists(st.tuples(ANSWERS, ANSWERS, ANSWERS), min_size=1, max_size=4)


@examples(150)
@given(cases=COHORTS, threshold=st.sampled_from([0.1, 0.5, 0.8]))
def test_bounds_are_the_extremes_over_every_common_way_to_settle_case_by_case(cases, threshold):
    odds = threshold / (1 - threshold)
    ways, record = plain(*settle(cases), odds), plain(*settle(cases, (False,)), odds)
    found = differences(cases, threshold)
    assert list(found) == LINEAR
    for name, numbers in found.items():
        assert [numbers["min"], numbers["max"]] == pytest.approx([ways[name].min(), ways[name].max()]), name
        if np.ptp(record[name]) > 1e-9:
            assert np.isnan(numbers["value"]), name
        else:
            assert numbers["value"] == pytest.approx(record[name][0]), name


@given(counts=st.lists(st.integers(0, 30), min_size=8, max_size=8).filter(any))
def test_where_all_is_known_the_difference_is_that_of_the_two_tables(counts):
    pairs, each = np.zeros((3, 3, 3)), np.zeros((2, 3, 3))
    pairs[:2, :2, :2] = np.array(counts).reshape(2, 2, 2)
    each[0], each[1] = pairs.sum(1), pairs.sum(0)
    before, after = table(each, each, [0.3], measures=LINEAR), paired(pairs, pairs, [0.3])
    for name in LINEAR:
        expected = before[name][1] - before[name][0]
        np.testing.assert_allclose(after[name][..., :3], expected[..., :3], atol=1e-9)


# Of 100 cases the new book refers 12 more that change and 4 fewer; 6 more and 1 fewer that do not.
MOVED = [(False, True, True)] * 12 + [(True, False, True)] * 4
MOVED += [(False, True, False)] * 6 + [(True, False, False)] * 1
MOVED += [(True, True, True)] * 30 + [(False, False, False)] * 47
BY_HAND = [
    # measure           newly  no longer
    ("referral_rate",      18,         5),
    ("true_positive",      12,         4),
    ("false_positive",      6,         1),
    ("false_negative",      4,        12),
    ("true_negative",       1,         6),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "newly", "no_longer"), BY_HAND)
def test_who_enters_and_leaves_and_the_interval_with_half_a_case_in_each_cell(measure, newly, no_longer):
    found = differences(MOVED)[measure]
    b, c, n = newly + 0.5, no_longer + 0.5, 102
    middle, half = (b - c) / n, 1.959963984540054 * np.sqrt(b + c - (b - c) ** 2 / n) / n
    assert (found["newly"], found["no_longer"]) == (newly, no_longer)
    assert found["value"] == pytest.approx(newly - no_longer)
    assert [found["lower"], found["upper"]] == pytest.approx([100 * (middle - half), 100 * (middle + half)])


def test_the_interval_of_a_difference_in_net_benefit_is_that_of_the_mean_over_cases():
    found = differences(MOVED, threshold=0.2)["net_benefit"]
    each = np.array([1.0] * 12 + [-1] * 4 + [-0.25] * 6 + [0.25] + [0] * 77)
    half = 1.959963984540054 * each.std() / 10
    assert [found["value"], found["lower"], found["upper"]] == pytest.approx(
        [100 * each.mean(), 100 * (each.mean() - half), 100 * (each.mean() + half)]
    )
    assert np.isnan(found["newly"]) and np.isnan(found["no_longer"])


def test_two_policies_that_refer_the_same_unknown_outcomes_are_ranked_although_their_bounds_overlap():
    cases = [(True, True, None)] * 40 + [(False, True, True)] * 5 + [(False, False, False)] * 55
    counts = crossed(cases)
    before, after = (table(counts.sum(axis), counts.sum(axis), [0.5])["net_benefit"][0] for axis in (1, 0))
    assert after[1] < before[2]
    difference = paired(counts, counts, [0.5])["net_benefit"][0]
    assert difference[:3].tolist() == pytest.approx([5, 5, 5])


def test_cases_that_neither_can_judge_decide_nothing_only_if_one_shared_answer_decides_them():
    own = [(False, True, True)] * 5 + [(False, False, False)] * 55
    apart = paired(*[crossed([(None, None, True)] * 40 + own)] * 2)["true_positive"]
    assert apart[1:3].tolist() == pytest.approx([-35, 45])
    alike = sharing(*(np.array([CODE[answer]]) for answer in (None, False, False)))
    assert [int(code[0]) for code in alike] == [0, 0]
    together = paired(*[crossed([(False, False, True)] * 40 + own)] * 2)["true_positive"]
    assert together[1:3].tolist() == pytest.approx([5, 5])


@examples(40)
@given(cases=COHORTS, weights=st.lists(st.integers(1, 4), min_size=4, max_size=4))
def test_whole_weights_give_what_repeated_rows_give(cases, weights):
    weights = np.array(weights[: len(cases)])
    repeated = crossed([case for case, w in zip(cases, weights, strict=True) for _ in range(w)])
    ours = paired(crossed(cases, weights), crossed(cases, weights**2), [0.3])
    for name, theirs in paired(repeated, repeated, [0.3]).items():
        np.testing.assert_allclose(
            np.delete(ours[name], [3, 4], -1), np.delete(theirs, [3, 4], -1), atol=1e-9
        )


@examples(40)
@given(cases=COHORTS, weight=st.sampled_from([0.1, 0.37, 3.0]))
def test_equal_weights_change_no_difference(cases, weight):
    counts = crossed(cases)
    ours = paired(weight * counts, weight**2 * counts, [0.3])
    for name, theirs in paired(counts, counts, [0.3]).items():
        np.testing.assert_allclose(ours[name][..., :5], theirs[..., :5], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(ours[name][..., 5:], weight * theirs[..., 5:], atol=1e-9)


def test_weighted_intervals_are_as_wide_as_a_bootstrap_of_the_cases_says():
    rng = np.random.default_rng(6)
    n = 2_000
    latent, weights = rng.random(n), rng.gamma(0.8, size=n)
    kind = 9 * (latent > 0.6) + 3 * (latent + 0.4 * rng.random(n) > 0.7) + (rng.random(n) < latent)
    found = paired(*(np.bincount(kind, w, 27).reshape(3, 3, 3) for w in (weights, weights**2)), [0.3])
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=1_500)
    sums = np.stack([(drawn * weights) @ (kind == k) for k in range(27)], -1).reshape(-1, 3, 3, 3)
    again = paired(sums, sums, [0.3])
    for name in LINEAR:
        width, spread = np.ptp(found[name].ravel()[3:5]), again[name].reshape(1_500, 7)[:, 0].std()
        assert width / (2 * 1.96) == pytest.approx(spread, rel=0.1), name


def test_many_pairs_at_once_give_what_each_gives_alone():
    counts = np.random.default_rng(2).integers(0, 20, (2, 3, 3, 3, 3))
    together = paired(counts, counts, [0.1, 0.4])
    for place in np.ndindex(2, 3):
        for name, alone in paired(counts[place], counts[place], [0.1, 0.4]).items():
            np.testing.assert_allclose(together[name][place], alone, atol=1e-9)


def test_no_cases_give_no_difference():
    found = paired(np.zeros((3, 3, 3)), np.zeros((3, 3, 3)), [0.3])
    assert all(np.isnan(values[..., :5]).all() for values in found.values())
