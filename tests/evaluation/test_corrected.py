"""Errors corrected less errors introduced: by hand, by brute force, and refused where nothing is defined."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.books import all_books, reform
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.contrasts import contrasted
from secondop.evaluation.corrected import NET, NET_MEASURES, lift
from secondop.evaluation.learning import learned_triage
from secondop.evaluation.measures import Z
from secondop.evaluation.people import of_100
from secondop.evaluation.sensitivity import propagate
from secondop.evaluation.tradeoff import decision_curve, tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from tests.kit import examples

KINDS = {"neither": (False, False), "corrected": (True, False), "introduced": (False, True)}
GAIN = {"neither": 0, "corrected": 1, "introduced": -1}


def frame(cases):
    """Whether each case is referred, and what an opinion does to its diagnosis."""
    rows = [(refers, *KINDS[kind]) for refers, kind in cases]
    return pd.DataFrame(rows, columns=["mine", "error_corrected", "error_introduced"], dtype=object)


def row_of(cases, **more):
    table = wide(tradeoff(cases, {"mine": "mine"}, **{"outcome": NET} | more))
    return table.set_index("policy").loc["mine"]


def brute(cases, threshold):
    """Net benefit and yield above chance per 100 where nothing is unknown, case by case."""
    odds, n = threshold / (1 - threshold), len(cases)
    gains = [GAIN[kind] - odds * (kind != "corrected") for refers, kind in cases if refers]
    each, refers = [GAIN[kind] for _, kind in cases], [refers for refers, _ in cases]
    found = sum(w for w, r in zip(each, refers, strict=True) if r)
    return 100 * sum(gains) / n, 100 * (found - sum(refers) * sum(each) / n) / n


CASE = st.tuples(st.sampled_from([True, False, None]), st.sampled_from([*KINDS]))


@examples(60)
@given(st.lists(CASE, min_size=1, max_size=7), st.sampled_from([0.1, 0.4, 0.7]))
def test_values_and_bounds_are_those_of_every_way_to_settle_what_is_unknown(cases, threshold):
    row, open_ = row_of(frame(cases), threshold=threshold), [i for i, (r, _) in enumerate(cases) if r is None]
    ways = []
    for said in itertools.product([False, True], repeat=len(open_)):
        settled = dict(zip(open_, said, strict=True))
        each = [(settled.get(i, refers), kind) for i, (refers, kind) in enumerate(cases)]
        ways.append(brute(each, threshold))
    for name, values in zip(["net_benefit", "yield_above_chance"], zip(*ways, strict=True), strict=True):
        found = row[[name, f"{name}_min", f"{name}_max"]].tolist()
        assert found == pytest.approx([values[0], min(values), max(values)], abs=1e-9)


def drawn(n, seed):
    rng = np.random.default_rng(seed)
    kinds = rng.choice([*KINDS], n, p=[0.2, 0.7, 0.1])
    refers = rng.random(n) < np.where(kinds == "corrected", 0.6, 0.4)
    return list(zip(refers.tolist(), kinds.tolist(), strict=True))


@pytest.mark.slow
def test_intervals_are_as_wide_as_the_values_differ_from_cohort_to_cohort():
    rows = [row_of(frame(drawn(400, seed)), threshold=0.3) for seed in range(200)]
    for name in ("net_benefit", "yield_above_chance"):
        values = np.array([row[name] for row in rows])
        half = np.mean([row[f"{name}_upper"] - row[f"{name}_lower"] for row in rows]) / 2
        assert half == pytest.approx(Z * values.std(ddof=1), rel=0.15)


def test_weights_and_groups_count_as_so_many_cases():
    cases = frame(drawn(50, 1)).assign(w=[1, 2] * 25, g=["a"] * 20 + ["b"] * 30)
    again = cases.loc[cases.index.repeat(cases["w"])].drop(columns="w")
    weighed, plain = (
        wide(tradeoff(each, {"mine": "mine"}, outcome=NET, by="g", weights=weights))
        for each, weights in ((cases, "w"), (again, None))
    )
    for name in NET_MEASURES:
        assert weighed[name].tolist() == pytest.approx(plain[name].tolist())
    assert weighed.query("policy == 'mine'")["group"].tolist() == ["a", "b"]


def test_only_what_is_defined_stands_in_the_table_and_perfect_foresight_refers_what_is_corrected():
    table = tradeoff(frame(drawn(100, 2)), {"mine": "mine"}, outcome=NET)
    assert table["measure"].unique().tolist() == [*NET_MEASURES, "error_corrected", "error_introduced"]
    rows = wide(table).set_index("policy")
    best = rows.loc["perfect foresight"]
    assert best["net_benefit"] == best["referral_rate"] == best["error_corrected"]
    assert best["label"] == "only those whose error is corrected"
    curve = decision_curve(Cohort(frame(drawn(100, 2)), outcome=NET, flags={"mine": "mine"}))
    assert curve["measure"].unique().tolist() == ["net_benefit"]


@pytest.mark.parametrize(
    "read",
    [
        lambda c: all_books(c, outcome=NET),
        lambda c: of_100(c, outcome=NET),
        lambda c: reform(c, RULE_BOOK, RULE_BOOK, outcome=NET),
        lambda c: learned_triage(c, outcome=NET, seed=1),
        lambda c: propagate("programme", 1, 100, seed=1, outcome=NET),
    ],
    ids=["books", "people", "reform", "learning", "propagate"],
)
def test_what_needs_a_yes_or_no_says_so(read, make_cases):
    with pytest.raises(SecondopError, match=r"net_corrected.*Only tradeoff and decision_curve"):
        read(make_cases(60, 1))


def test_a_truth_that_is_unknown_or_contradicts_itself_is_refused():
    for wrong in ([None, False], [True, True]):
        cases = frame([(True, "neither")] * 3)
        cases.loc[0, ["error_corrected", "error_introduced"]] = wrong
        with pytest.raises(SecondopError, match="needs the truth of every case"):
            row_of(cases)
    with pytest.raises(SecondopError, match="There is no 'error_introduced'"):
        tradeoff(frame([(True, "neither")]).drop(columns="error_introduced"), outcome=NET)


def test_a_lift_is_the_mean_of_those_referred_over_that_of_all():
    counts = np.zeros((3, 3, 3))
    counts[1, 1, 0], counts[1, 0, 1], counts[1, 0, 0] = 30, 5, 65
    counts[0, 1, 0], counts[0, 0, 1], counts[0, 0, 0] = 20, 10, 270
    ratio, lower, upper = lift(counts)
    assert ratio == pytest.approx((25 / 100) / (35 / 400))
    rng, chances = np.random.default_rng(3), counts.ravel() / 400
    again = [lift(rng.multinomial(400, chances).reshape(3, 3, 3).astype(float))[0] for _ in range(400)]
    assert np.log(upper / lower) / 2 == pytest.approx(Z * np.log(again).std(), rel=0.15)


def test_a_lift_of_errors_corrected_alone_is_that_of_a_published_contrast():
    counts = np.zeros((3, 3, 3))
    counts[1, 1, 0], counts[1, 0, 0], counts[0, 1, 0], counts[0, 0, 0] = 20, 40, 10, 130
    assert lift(counts) == pytest.approx(contrasted("lift", (20, 60), (30, 200)))
