"""Every measure: worked by hand, by brute force, and by other programs."""

import itertools
from pathlib import Path
from runpy import run_path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from secondop.errors import SecondopError
from secondop.evaluation.measures import MEASURES, NUMBERS, settled, table, tidy
from tests.kit import examples

MAKER = run_path(str(Path(__file__).with_name("make_dcurves_reference.py")))
POLICIES, THRESHOLDS = MAKER["POLICIES"], MAKER["THRESHOLDS"]
NAN, INF = np.nan, np.inf
CODE = {False: 0, True: 1, None: 2}


def crossed(*answers, weights=None):
    """Sums of weights by no, yes, unknown of each answer."""
    place = np.ravel_multi_index([[CODE[a] for a in some] for some in answers], (3,) * len(answers))
    return np.bincount(place, weights, 3 ** len(answers)).reshape((3,) * len(answers)).astype(float)


def numbers(counts, squares=None, **options):
    return table(counts, counts if squares is None else squares, **options)


# Of ten cases four are referred (three change), four are not (one changes), two are unknown (one changes).
HAND = np.array([[3, 1, 0], [1, 3, 0], [1, 1, 0]])
BY_HAND = [
    # measure                  value   min   max    at threshold 1/3: a false positive weighs 1/2
    ("referral_rate",             40,   40,   60),
    ("true_positive",             30,   30,   40),
    ("false_positive",            10,   10,   20),
    ("false_negative",            20,   10,   20),
    ("true_negative",             40,   30,   40),
    ("sensitivity",               60,   60,   80),
    ("specificity",               80,   60,   80),
    ("ppv",                       75,   60,   80),
    ("nnr",                      4/3,  5/4,  5/3),
    ("net_benefit",               25,   20,   35),
    ("interventions_avoided",      0,  -10,   20),  # 40 spared less twice 20 missed; 30 and 20; 40 and 10
    ("yield_above_chance",        10,    5,   15),  # 30 less half of 40; 30 or 40 less half of 50
    ("yield_share",               50,   20,   60),  # of 40 less 20; of 50 less 25
    ("better_than_none_below",  0.75,  0.6,  0.8),
    ("better_than_all_above",    1/3,  0.2,  0.4),
]  # fmt: skip


@pytest.mark.parametrize(("measure", *NUMBERS[:3]), BY_HAND)
def test_each_measure_is_as_worked_by_hand(measure, value, min, max):
    found = numbers(HAND, thresholds=[1 / 3])[measure].ravel()
    assert found[:3].tolist() == pytest.approx([value, min, max])
    assert found[3] < min and max < found[4]


def test_every_measure_is_in_the_table_by_hand():
    assert [row[0] for row in BY_HAND] == list(MEASURES)


def plain(referred, changed, threshold):
    """Every measure of settled cases (..., n), as a textbook has it."""
    n, odds = referred.shape[-1], threshold / (1 - threshold)
    tp, fp, fn, tn = (
        (a & b).sum(-1)
        for a, b in itertools.product((referred, ~referred), (changed, ~changed))
    )  # fmt: skip
    s, c = (tp + fp) / n, (tp + fn) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "referral_rate": 100 * s,
            "true_positive": 100 * tp / n,
            "false_positive": 100 * fp / n,
            "false_negative": 100 * fn / n,
            "true_negative": 100 * tn / n,
            "sensitivity": 100 * tp / (tp + fn),
            "specificity": 100 * tn / (tn + fp),
            "ppv": 100 * tp / (tp + fp),
            "nnr": np.where((tp == 0) & (fp > 0), INF, (tp + fp) / tp),
            "net_benefit": 100 * (tp - odds * fp) / n,
            "interventions_avoided": 100 * ((tp - odds * fp) - ((tp + fn) - odds * (fp + tn))) / n / odds,
            "yield_above_chance": 100 * (tp / n - s * c),
            "yield_share": np.where(
                (s * (1 - s) * c * (1 - c)) == 0, NAN, 100 * (tp / n - s * c) / (np.minimum(s, c) - s * c)
            ),
            "better_than_none_below": tp / (tp + fp),
            "better_than_all_above": fn / (fn + tn),
        }


def every_way(referred, changed, facts=(False, True), foresight=False):
    """All cases settled, one by one, in all ways: referred and changed, each (ways, n)."""
    options = [
        [(r, c) for c in ((False, True) if change is None else (change,))
         for r in ((c,) if foresight and refer is None else facts if refer is None else (refer,))]
        for refer, change in zip(referred, changed, strict=True)
    ]  # fmt: skip
    return np.moveaxis(np.array(list(itertools.product(*options)), bool), -1, 0)


ANSWERS = st.sampled_from([True, False, None])
COHORTS = st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1, max_size=6)


@examples(150)
@given(answers=COHORTS, threshold=st.sampled_from([0.1, 0.5, 0.8]), foresight=st.booleans())
def test_bounds_are_the_extremes_over_every_way_to_settle_case_by_case(answers, threshold, foresight):
    referred, changed = zip(*answers, strict=True)
    referred = changed if foresight else referred
    counts, n, tolerance = crossed(referred, changed), len(changed), 1e-9
    ways = plain(*every_way(referred, changed, foresight=foresight), threshold)
    record = plain(*every_way(referred, changed, facts=(False,), foresight=foresight), threshold)
    for name, found in numbers(counts, thresholds=[threshold], foresight=foresight).items():
        value, least, most, lower, upper = found.ravel()
        low, high = np.fmin.reduce(ways[name]), np.fmax.reduce(ways[name])
        if name == "yield_share" and np.isnan(least):
            assert np.isnan(ways[name]).any() and np.isnan(most) and np.isnan([lower, upper]).all()
            continue
        assert np.isnan(least) == np.isnan(low) and np.isnan(most) == np.isnan(high), name
        assert not (least > low + tolerance or most < high - tolerance), name
        divided = counts[2, 2] > 0 and name.startswith("yield")  # as finely as it takes: here, within a case
        if not divided:
            assert [least, most] == pytest.approx([low, high], nan_ok=True), name
        elif name == "yield_above_chance":
            assert low - least <= 25 / n**2 + tolerance and most - high <= 25 / n**2 + tolerance
        if np.ptp(np.nan_to_num(record[name], nan=1e6, posinf=1e7)) > tolerance:  # the outcome decides it
            assert np.isnan(value), name
        elif not (divided and np.isnan(value)):
            assert value == pytest.approx(record[name][0], nan_ok=True), name
        ends = [x for x in (lower, least, value, most, upper) if x == x]
        assert all(a <= b + tolerance for a, b in itertools.pairwise(ends)), name


def test_cases_without_fact_and_outcome_make_the_yield_most_extreme_when_divided_between_cells():
    """Of 100 cases 20 are blank: evenly made hits and spared, or evenly made the two errors."""
    counts = np.array([[40, 0, 0], [0, 40, 0], [0, 0, 20]])
    found = numbers(counts)
    assert found["yield_above_chance"][1:3].tolist() == pytest.approx(
        [16 - 1, 25]
    )  # .4 x .4 - .1 x .1; .5 x .5
    assert found["yield_share"][1:3].tolist() == pytest.approx([60, 100])  # .15 of .25


DIVIDED = [
    # known: TN  FN  FP  TP   blank
    (4, 0, 0, 1, 95),
    (4, 10, 0, 1, 20),  # the least share of the possible has two errors of the rarer kind
    (4, 0, 10, 1, 20),
    (9, 2, 30, 4, 60),
    (9, 30, 8, 4, 60),
    (4, 20, 2, 4, 40),  # so many errors that the least lies between all of one kind and all of the other
]  # fmt: skip


@pytest.mark.parametrize(("tn", "fn", "fp", "tp", "blank"), DIVIDED)
def test_no_way_to_divide_blank_cases_leaves_the_bounds_of_the_yield_and_its_share(tn, fn, fp, tp, blank):
    found = numbers(np.array([[tn, fn, 0], [fp, tp, 0], [0, 0, blank]]))
    parts = np.array([p for p in itertools.product(range(blank + 1), repeat=3) if sum(p) <= blank]).T
    tp, fp, fn = np.array([tp, fp, fn])[:, None] + parts
    tn = tn + blank - parts.sum(0)
    n, s, c = tp + fp + fn + tn, (tp + fp) / (tp + fp + fn + tn), (tp + fn) / (tp + fp + fn + tn)
    possible = (s > 0) & (s < 1) & (c > 0) & (c < 1)
    gain = (tp * tn - fp * fn) / n**2
    share = gain[possible] / (np.minimum(s, c) - s * c)[possible]
    for name, every, slack in (("yield_above_chance", gain, 25 / n[0] ** 2), ("yield_share", share, 0.5)):
        least, most = found[name][1:3]
        assert 0 <= 100 * every.min() - least + 1e-9 <= slack + 1e-8, name
        assert 0 <= most - 100 * every.max() + 1e-9 <= slack + 1e-8, name


def test_an_unknown_outcome_blanks_what_it_decides_and_nothing_else():
    referred_without_outcome = numbers(np.array([[4, 2, 0], [1, 2, 1], [0, 0, 0]]), thresholds=[0.5])
    blank = {name for name, found in referred_without_outcome.items() if np.isnan(found.ravel()[0])}
    known = {
        "referral_rate",
        "false_negative",
        "true_negative",
        "interventions_avoided",
        "better_than_all_above",
    }
    assert blank == set(MEASURES) - known
    assert referred_without_outcome["true_positive"][1:3].tolist() == [20, 30]


def test_perfect_foresight_never_errs_even_where_the_outcome_is_unknown():
    counts = np.array([[5, 0, 0], [0, 3, 0], [0, 0, 2]])
    found = numbers(counts, thresholds=[0.2], foresight=True)
    assert found["true_positive"][1:3].tolist() == [30, 50]
    assert found["false_positive"][:3].tolist() == found["false_negative"][:3].tolist() == [0, 0, 0]
    assert found["net_benefit"][0, 1:3].tolist() == pytest.approx([30, 50])
    assert found["ppv"][:3].tolist() == [100, 100, 100]


NOTHING = [
    # what is nothing                 counts                                 measure          value
    ("nobody is referred",            [[6, 4, 0], [0, 0, 0], [0, 0, 0]],     "ppv",           NAN),
    ("nobody is referred",            [[6, 4, 0], [0, 0, 0], [0, 0, 0]],     "nnr",           NAN),
    ("nobody is referred",            [[6, 4, 0], [0, 0, 0], [0, 0, 0]],     "yield_share",   NAN),
    ("nobody is referred",            [[6, 4, 0], [0, 0, 0], [0, 0, 0]],     "sensitivity",   0),
    ("no referral changes anything",  [[2, 4, 0], [4, 0, 0], [0, 0, 0]],     "nnr",           INF),
    ("nothing changes",               [[6, 0, 0], [4, 0, 0], [0, 0, 0]],     "sensitivity",   NAN),
    ("everything changes",            [[0, 6, 0], [0, 4, 0], [0, 0, 0]],     "yield_share",   NAN),
    ("there are no cases",            [[0, 0, 0], [0, 0, 0], [0, 0, 0]],     "referral_rate", NAN),
]  # fmt: skip


@pytest.mark.parametrize(("_", "counts", "measure", "value"), NOTHING)
def test_nothing_of_nothing_is_blank_and_something_over_nothing_infinite(_, counts, measure, value):
    found = numbers(np.array(counts))[measure]
    assert found[:3].tolist() == pytest.approx([value] * 3, nan_ok=True)


def test_an_nnr_that_may_be_infinite_has_no_upper_end():
    found = numbers(np.array([[2, 4, 0], [4, 0, 0], [0, 1, 0]]))["nnr"]
    assert found[:3].tolist() == [INF, 5, INF] and found[4] == INF and 1 < found[3] < 5


SHARES = [
    # measure           of the counts     per
    ("referral_rate",   (30, 100),        100),
    ("true_positive",   (20, 100),        100),
    ("false_negative",  (0, 100),         100),
    ("sensitivity",     (20, 20),         100),
    ("specificity",     (70, 80),         100),
    ("ppv",             (20, 30),         100),
    ("better_than_none_below", (20, 30),  1),
    ("better_than_all_above",  (0, 70),   1),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "share", "per"), SHARES)
def test_intervals_of_shares_are_those_of_statsmodels(measure, share, per):
    found = numbers(np.array([[70, 0, 0], [10, 20, 0], [0, 0, 0]]))
    ends = [per * x for x in proportion_confint(*share, method="wilson")]
    assert found[measure][3:].tolist() == pytest.approx(ends, abs=1e-12)


def test_no_interval_of_a_share_leaves_what_a_share_can_be():
    counts = np.zeros((300, 3, 3))
    counts[:, 1, 1] = np.arange(1, 301)
    found = numbers(counts)
    assert (found["sensitivity"][:, 4] == 100).all() and (found["false_positive"][:, 3] == 0).all()


def test_intervals_lie_around_every_way_to_settle():
    """The widest of Wilson's over the four settled tables, and of the net benefit's, case by case."""
    found = numbers(HAND, thresholds=[1 / 3])
    ends = [proportion_confint(a, n, method="wilson") for a, n in ((3, 4), (3, 5), (4, 5), (4, 6))]
    expected = [100 * min(e[0] for e in ends), 100 * max(e[1] for e in ends)]
    assert found["ppv"][3:].tolist() == pytest.approx(expected)
    assert found["nnr"][3:].tolist() == pytest.approx([100 / expected[1], 100 / expected[0]])
    normal = []
    for tp, fp in ((3, 1), (3, 2), (4, 1), (4, 2)):
        each = np.array([1.0] * tp + [-0.5] * fp + [0] * (10 - tp - fp))
        half = 1.959963984540054 * each.std() / np.sqrt(10)
        normal.append([each.mean() - half, each.mean() + half])
    lower, upper = np.transpose(normal)
    assert found["net_benefit"][0, 3:].tolist() == pytest.approx([100 * lower.min(), 100 * upper.max()])


def test_net_benefit_and_interventions_avoided_equal_dcurves():
    """To 1e-9, for binary policies, a probability, all and none, at all thresholds at once."""
    cases, everybody = MAKER["make_cases"](), pd.Series(True, range(MAKER["N"]))
    reference = pd.read_csv(Path(__file__).with_name("dcurves_reference.csv"))
    flags = {name: lambda t, name=name: cases[name] for name in POLICIES}
    flags |= {"probability": lambda t: cases["probability"] >= t}
    flags |= {"all": lambda t: everybody, "none": lambda t: ~everybody}
    assert len(reference) == len(flags) * len(THRESHOLDS)
    place = {t: i for i, t in enumerate(THRESHOLDS)}
    for row in reference.itertuples():
        counts = crossed(flags[row.model](row.threshold), cases["changed"])
        found = numbers(counts, thresholds=THRESHOLDS, measures=["net_benefit", "interventions_avoided"])
        ours = [found[name][place[row.threshold], 0] / 100 for name in found]
        assert ours == pytest.approx([row.net_benefit, row.net_intervention_avoided], abs=1e-9)


WEIGHTS = st.lists(st.integers(1, 4), min_size=6, max_size=6)


@given(answers=COHORTS, weights=WEIGHTS)
def test_whole_weights_give_what_repeated_rows_give(answers, weights):
    weights = np.array(weights[: len(answers)])
    repeated = crossed(*np.repeat(np.array(answers, object), weights, axis=0).T)
    weighted = crossed(*zip(*answers, strict=True), weights=weights)
    squares = crossed(*zip(*answers, strict=True), weights=weights**2)
    ours, theirs = (numbers(*x, thresholds=[0.3]) for x in ((weighted, squares), (repeated,)))
    for name in MEASURES:
        np.testing.assert_allclose(ours[name][..., :3], theirs[name][..., :3], atol=1e-9, err_msg=name)


@given(answers=COHORTS, weight=st.sampled_from([0.1, 0.37, 3.0]))
def test_equal_weights_change_nothing(answers, weight):
    counts = crossed(*zip(*answers, strict=True))
    ours = numbers(counts * weight, counts * weight**2, thresholds=[0.3])
    for name, theirs in numbers(counts, thresholds=[0.3]).items():
        np.testing.assert_allclose(ours[name], theirs, rtol=1e-6, atol=1e-9, err_msg=name)


def test_weighted_intervals_are_as_wide_as_a_bootstrap_of_the_cases_says():
    rng = np.random.default_rng(5)
    n = 3_000
    latent, weights = rng.random(n), rng.gamma(0.8, size=n)
    referred, changed = latent + 0.5 * rng.random(n) > 0.9, rng.random(n) < latent
    cell = 3 * referred + changed
    found = numbers(
        np.bincount(cell, weights, 9).reshape(3, 3),
        np.bincount(cell, weights**2, 9).reshape(3, 3),
        thresholds=[0.3],
    )
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=1_500)
    sums = np.stack([(drawn * weights) @ (cell == k) for k in range(9)], -1).reshape(-1, 3, 3)
    again = numbers(sums, thresholds=[0.3])
    for name in set(MEASURES) - {"yield_share"}:
        width, spread = np.ptp(found[name].ravel()[3:]), again[name].reshape(1_500, 5)[:, 0].std()
        assert width / (2 * 1.96) == pytest.approx(spread, rel=0.1), name
    share = np.ptp(found["yield_share"][3:]) / (2 * 1.96)  # the share that changes is taken as given: wider
    assert 0.95 < share / again["yield_share"][:, 0].std() < 1.6


@examples(40)
@given(
    counts=st.lists(st.integers(0, 30), min_size=36, max_size=36),
    flags=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_many_policies_at_once_give_what_each_gives_alone(counts, flags):
    counts = np.array(counts).reshape(2, 2, 3, 3)
    flags = np.array(flags).reshape(2, 2)
    together = numbers(counts, thresholds=[0.1, 0.5], foresight=flags)
    for i, j in np.ndindex(2, 2):
        alone = numbers(counts[i, j], thresholds=[0.1, 0.5], foresight=flags[i, j])
        for name in MEASURES:
            np.testing.assert_allclose(together[name][i, j], alone[name], atol=1e-9, err_msg=name)


@examples(40)
@given(counts=st.lists(st.integers(0, 30), min_size=9, max_size=9))
def test_every_settled_table_holds_all_cases(counts):
    counts = np.array(counts).reshape(3, 3)
    tables, squares, _ = settled(counts, 2 * counts)
    np.testing.assert_allclose(tables.sum(-1), counts.sum())
    np.testing.assert_allclose(squares, 2 * tables)


def test_what_only_the_truth_tells_is_counted_among_those_referred():
    """Three known to be corrected, one referred whose truth is unknown, two of unknown referral."""
    counts = np.array([[5, 4, 0], [5, 3, 1], [0, 2, 0]])
    found = numbers(counts)["true_positive"]
    assert found[1:3].tolist() == [15, 30] and np.isnan(found[0])
    ends = [100 * x for x in proportion_confint([3, 6], 20, method="wilson")]
    assert found[3:].tolist() == pytest.approx([ends[0][0], ends[1][1]])
    counts[1] = [5, 3, 0]
    assert numbers(counts)["true_positive"][0] == pytest.approx(100 * 3 / 19)


def test_numbers_become_rows_by_policy_measure_and_threshold():
    about = pd.DataFrame({"policy": ["urgent", "all"], "group": None, "n": 10, "label": ["Urgent", "All"]})
    counts = np.array([HAND, [[0, 0, 0], [5, 5, 0], [0, 0, 0]]])
    rows = tidy(about, numbers(counts, thresholds=[0.1, 0.5], measures=["ppv", "net_benefit"]), [0.1, 0.5])
    assert list(rows) == ["policy", "group", "measure", "threshold", *NUMBERS, "n", "label"]
    assert rows["label"].tolist() == ["Urgent"] * 3 + ["All"] * 3
    assert rows["measure"].tolist() == ["ppv", "net_benefit", "net_benefit"] * 2
    assert rows["threshold"].tolist() == pytest.approx([NAN, 0.1, 0.5] * 2, nan_ok=True)
    assert rows["value"].tolist() == pytest.approx([75, 30 - 10 / 9, 20, 50, 50 - 50 / 9, 0])


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 10, NAN])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(SecondopError, match=r"above 0 and below 1; got"):
        numbers(HAND, thresholds=[0.1, threshold])


def test_a_measure_that_does_not_exist_is_refused_with_the_closest():
    with pytest.raises(SecondopError, match="net_benefit"):
        numbers(HAND, measures=["net_benfit"])
