"""Every set of rules at once: by brute force over all sets, thresholds and unknown outcomes."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.books import (
    MOST,
    Books,
    all_books,
    book_counts,
    frontier,
)
from secondop.evaluation.measures import table
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from tests.kit import examples

GRID = np.linspace(0.005, 0.995, 199)
WHOLE = st.integers(1, 5)
NAMES = ["ct", "mri", "biopsy", "device", "surgery", "radiation"]


@st.composite
def patterns(draw, most=6, outcomes=(0, 1, 2), weights=WHOLE):
    """A few patterns over up to six rules, and how many rules there are."""
    k = draw(st.integers(1, most))
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 2**k - 1), st.integers(0, 2**k - 1), st.sampled_from(outcomes), weights),
            min_size=1,
            max_size=12,
        )
    )
    frame = pd.DataFrame(rows, columns=["holds", "open", "changed", "w"])
    return frame.assign(open=frame["open"] & ~frame["holds"], w2=frame["w"] ** 2), k


def books(frame, k, n=None):
    """The books of a few patterns; of each, bits tell which rules hold and which are open."""
    holds, may, changed, w, w2 = (frame[x].to_numpy() for x in ("holds", "open", "changed", "w", "w2"))
    codes = {name: (holds >> i & 1) + 2 * (may >> i & 1) for i, name in enumerate(NAMES[:k])}
    place = np.zeros(len(frame), int)
    seen = Patterns(codes | {"flag changed": changed}, [None], place, w.astype(float), w2.astype(float))
    return Books(tuple(NAMES[:k]), *book_counts(seen, NAMES[:k]), n or len(frame), pd.DataFrame())


def worth(tp, fp, threshold):
    return tp - fp * threshold / (1 - threshold)


@examples(100)
@given(patterns())
def test_every_set_of_rules_is_counted_as_case_by_case(given_):
    frame, k = given_
    found = books(frame, k)
    assert found.counts.shape == found.squares.shape == (2**k, 3, 3)
    for book in range(2**k):
        counts, squares = np.zeros((3, 3)), np.zeros((3, 3))
        for row in frame.itertuples():
            fires = [bool(row.holds >> i & 1) for i in range(k) if book >> i & 1]
            may = [bool(row.open >> i & 1) for i in range(k) if book >> i & 1]
            referred = 1 if any(fires) else 2 if any(may) else 0
            counts[referred, row.changed] += row.w
            squares[referred, row.changed] += row.w2
        np.testing.assert_array_equal(found.counts[book], counts)
        np.testing.assert_array_equal(found.squares[book], squares)


@given(patterns(weights=st.floats(0.01, 3)))
def test_what_nobody_is_stays_nobody_with_weights(given_):
    """Sums in another order must leave no speck of a case."""
    frame, k = given_
    whole = books(frame.assign(w=1, w2=1), k).counts
    assert ((books(frame, k).counts > 0) == (whole > 0)).all()


@examples(150)
@given(patterns(outcomes=(0, 1)))
def test_the_frontier_is_what_is_best_at_each_threshold_of_a_fine_grid(given_):
    frame, k = given_
    found = books(frame, k)
    tp, fp = found.counts[:, 1, 1], found.counts[:, 1, 0]
    front = found.frontier
    assert front["threshold_to"].iloc[0] == 1 and front["threshold_from"].iloc[-1] == 0
    np.testing.assert_array_equal(front["threshold_to"].iloc[1:], front["threshold_from"].iloc[:-1])
    assert (front["threshold_from"] < front["threshold_to"]).all()
    place = (front["threshold_from"].to_numpy() <= GRID[:, None]).argmax(1)
    chosen = front[["true_positive", "false_positive"]].to_numpy()[place] * frame["w"].sum() / 100
    best = worth(tp, fp, GRID[:, None]).max(1)
    np.testing.assert_allclose(worth(*chosen.T, GRID), best, atol=1e-9)


@given(patterns(outcomes=(0, 1)))
def test_where_all_outcomes_are_known_a_book_is_best_for_sure_where_it_is_best(given_):
    front = books(*given_).frontier
    np.testing.assert_allclose(front["sure_from"], front["threshold_from"], atol=1e-9)
    np.testing.assert_allclose(front["sure_to"], front["threshold_to"], atol=1e-9)


@examples(30)
@given(patterns(most=3))
def test_a_book_is_best_for_sure_where_it_is_best_however_unknown_outcomes_fall(given_):
    frame, k = given_
    found = books(frame, k)
    unknown = frame.index[frame["changed"] == 2]
    settled = []
    for outcomes in itertools.product((0, 1), repeat=len(unknown)):
        full = frame.assign(changed=frame["changed"].where(frame["changed"] < 2))
        full.loc[unknown, "changed"] = outcomes
        counts = books(full.astype({"changed": int}), k).counts
        settled.append((counts[:, 1, 1], counts[:, 1, 0]))
    for row in found.frontier.itertuples():
        book = sum(1 << NAMES.index(name) for name in row.book)
        for threshold in GRID[::6]:
            best = [
                worth(tp, fp, threshold)[book] >= worth(tp, fp, threshold).max() - 1e-9 for tp, fp in settled
            ]
            edge = min(abs(threshold - x) for x in (row.sure_from, row.sure_to, 0)) < 1e-6
            assert edge or all(best) == (row.sure_from <= threshold <= row.sure_to)
            assert any(best) or not row.threshold_from <= threshold <= row.threshold_to


@examples(100)
@given(patterns(outcomes=(0, 1)), st.sampled_from([0.1, 0.4, 0.75]), st.sampled_from([0.0, 0.05, 0.5]))
def test_the_best_book_and_the_smallest_near_it_are_those_of_a_search(given_, threshold, within):
    frame, k = given_
    found = books(frame, k)
    every = [
        (book, worth(found.counts[book, 1, 1], found.counts[book, 1, 0], threshold))
        for size in range(k + 1)
        for book in itertools.combinations(range(k), size)
        for book in [sum(1 << i for i in book)]
    ]
    most = max(value for _, value in every)
    near = [(book, value) for book, value in every if value >= most - within * most - 1e-9]
    best, smallest = found.best(threshold, within).itertuples()
    scale = 100 / frame["w"].sum()
    assert best.net_benefit == pytest.approx(most * scale, abs=1e-9) and best.sure
    assert best.rules == min(book.bit_count() for book, value in every if value >= most - 1e-9)
    fewest = min(book.bit_count() for book, _ in near)
    assert smallest.rules == fewest == len(smallest.book)
    assert smallest.net_benefit == pytest.approx(
        scale * max(value for book, value in near if book.bit_count() == fewest), abs=1e-9
    )


# Two rules: "ct" finds four changes for one needless referral; "mri" adds one change for three.
HAND = pd.DataFrame({"holds": [1, 1, 2, 2, 0], "open": [0, 0, 0, 0, 2], "changed": [1, 0, 1, 0, 0]})
HAND = HAND.assign(w=[4, 1, 1, 3, 11], w2=[4, 1, 1, 3, 11])


def test_the_frontier_of_two_rules_is_as_worked_by_hand():
    front = books(HAND, 2, 20).frontier
    expected = pd.DataFrame(
        {
            "book": [(), ("ct",), ("ct", "mri")],
            "rules": [0, 1, 2],
            "referral_rate": [0.0, 25, 45],
            "true_positive": [0.0, 20, 25],
            "false_positive": [0.0, 5, 20],
            "threshold_from": [0.8, 0.25, 0],  # 4 of 5, 1 of 4
            "threshold_to": [1, 0.8, 0.25],
            "sure_from": [0.8, 0.25, 0],
            "sure_to": [1, 0.8, 0.25],
            "n": 20,
        }
    )
    pd.testing.assert_frame_equal(front, expected)


def test_an_unknown_outcome_leaves_bounds_of_the_net_benefit_and_doubt_about_the_best():
    frame = pd.concat([HAND, pd.DataFrame({"holds": [2], "open": 0, "changed": 2, "w": 5, "w2": 5})])
    best = books(frame, 2).best(0.5, 0).iloc[0]
    assert best["book"] == ("ct",) and not best["sure"] and best["net_benefit"] == pytest.approx(12)
    whole = books(frame, 2).best(0.1, 0).iloc[0]
    assert whole["book"] == ("ct", "mri") and np.isnan(whole["net_benefit"])
    assert whole["net_benefit_max"] == pytest.approx(4 * (10 - 4 / 9))
    assert whole["net_benefit_min"] == pytest.approx(4 * (5 - (4 + 5 + 11) / 9))  # and mri may refer 11 more


def test_of_books_that_do_the_same_the_one_with_fewer_rules_stands_for_all():
    frame = pd.DataFrame({"holds": [3, 0], "open": 0, "changed": [1, 0], "w": 1, "w2": 1})
    assert books(frame, 2).frontier["book"].tolist() == [("ct",)]


def test_books_that_differ_by_rounding_alone_do_the_same():
    assert frontier(np.array([0, 0.1 + 0.2, 0.3]), np.zeros(3), np.array([0, 2, 1]))[0].tolist() == [2]


def test_a_book_on_the_line_between_two_others_is_not_on_the_frontier():
    best, breaks = frontier(np.array([0, 1, 2, 0.0]), np.array([0, 1, 2, 1.0]), np.array([0, 1, 2, 1]))
    assert best.tolist() == [0, 2] and breaks.tolist() == [0.5]


def test_too_many_rules_are_refused_with_what_to_do():
    with pytest.raises(SecondopError, match=r"21 rules make 2,097,152 books; at most 20.*only"):
        book_counts(Patterns({}, [None], *np.zeros((3, 0))), [f"rule-{i}" for i in range(MOST + 1)])


@pytest.mark.parametrize(("threshold", "within"), [(0, 0.01), (1.5, 0.01), (0.5, -0.1), (0.5, np.nan)])
def test_a_threshold_or_share_that_makes_no_sense_is_refused(threshold, within):
    with pytest.raises(SecondopError):
        books(HAND, 2).best(threshold, within)


def test_the_books_print_short():
    assert repr(books(HAND, 2)) == "Books(rules=('ct', 'mri'), n=5)" and isinstance(books(HAND, 2), Books)


# ------------------------------------------------------------------ the clinical rules on a cohort

CANCER, INHERITED = "neoplasia-concern", "hereditary-condition-suspected"
BOOK = RULE_BOOK.only(CANCER, INHERITED, "patient-wants-one")
CASES = pd.DataFrame(
    [
        # cancer  inherited  changed
        (True,    False,     True),
        (True,    False,     True),
        (True,    False,     False),
        (True,    True,      True),
        (False,   True,      False),
        (False,   True,      False),
        (False,   True,      True),
        (None,    False,     True),   # cancer open
        (True,    None,      False),  # whether cancer alone refers it is open
        (False,   False,     False),
    ],
    columns=["neoplasia_concern", "hereditary_condition_suspected", "changed"],
)  # fmt: skip
PARTS = [
    # rule      measure            alone       what only it refers
    #                              value       value  min  max
    (CANCER,    "referral_rate",   50,         40,    30,  50),
    (CANCER,    "true_positive",   30,         20,    20,  30),
    (CANCER,    "false_positive",  20,         20,    10,  20),
    (CANCER,    "net_benefit",     30 - 10,    10,    10,  25),  # a threshold of 1/3: one for two
    (INHERITED, "referral_rate",   40,         30,    30,  30),
    (INHERITED, "true_positive",   20,         10,    10,  10),
    (INHERITED, "false_positive",  20,         20,    20,  20),
    (INHERITED, "net_benefit",     20 - 10,    0,     0,   0),
]  # fmt: skip


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_a_rule_is_worth_what_would_be_lost_without_it(kind):
    found = all_books(kind(CASES.to_dict("list")), outcome="changed", threshold=1 / 3, rule_book=BOOK)
    assert found.rules == (CANCER, INHERITED) and found.n == 10  # a wish is no clinical rule
    parts = found.parts.set_index(["sort", "policy", "measure"])
    for rule, measure, alone, *own in PARTS:
        assert parts.loc[("alone", rule, measure), "value"] == pytest.approx(alone)
        assert parts.loc[("own part", rule, measure), ["value", "min", "max"]].tolist() == pytest.approx(own)


def test_a_book_of_a_cohort_is_what_the_trade_off_says_of_that_book(make_cases):
    cases = make_cases(200, 5).assign(w=np.arange(200) % 3 + 1)
    kept = [rule.name for rule in RULE_BOOK if rule.level == "recommended"][:5]
    found = all_books(cases, weights="w", rule_book=RULE_BOOK.only(*kept))
    parts = found.parts.set_index(["sort", "policy", "measure"])["value"]

    def rates(*names):
        made = tradeoff(cases, ["recommended"], weights="w", rule_book=RULE_BOOK.only(*names))
        return wide(made).set_index("policy").loc["recommended"]

    whole = rates(*kept)
    for i, name in enumerate(kept):
        less, alone = rates(*(other for other in kept if other != name)), rates(name)
        for measure in ("referral_rate", "true_positive", "false_positive", "net_benefit"):
            assert parts["own part", name, measure] == pytest.approx(whole[measure] - less[measure], abs=1e-9)
            assert parts["alone", name, measure] == pytest.approx(alone[measure])
        ppv = table(found.counts[1 << i], found.squares[1 << i], measures=["ppv"])["ppv"]
        assert ppv == pytest.approx(alone[["ppv", *(f"ppv_{x}" for x in ("min", "max", "lower", "upper"))]])


@examples(30)
@given(st.lists(st.tuples(*[st.sampled_from([True, False, None])] * 4), min_size=1, max_size=3))
def test_the_bounds_of_an_own_part_are_those_of_every_answer_to_what_is_missing(rows):
    columns = ["neoplasia_concern", "hereditary_condition_suspected", "wants_second_opinion", "changed"]
    cases = pd.DataFrame(rows, columns=columns, dtype=object)
    parts = all_books(cases, outcome="changed", rule_book=BOOK).parts.query("sort == 'own part'")
    own = parts[parts["policy"] == CANCER].set_index("measure")[["min", "max"]]
    gaps = [(True, False) if answer is None else (answer,) for row in rows for answer in row]
    found = []
    for answers in itertools.product(*gaps):
        cancer, inherited, _, changed = np.array(answers, bool).reshape(-1, 4).T
        found.append([(cancer & ~inherited).mean(), (cancer & ~inherited & changed).mean()])
    low, high = 100 * np.min(found, 0), 100 * np.max(found, 0)
    np.testing.assert_allclose(own.loc[["referral_rate", "true_positive"]].T, [low, high], atol=1e-9)
