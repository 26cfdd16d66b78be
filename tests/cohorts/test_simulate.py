"""Simulated cohorts: the right shares, the right dependence, the same rows whatever way they are drawn."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from secondop.cohorts import simulate as module
from secondop.cohorts.outcomes import TRUTH
from secondop.cohorts.parameters import FACTS
from secondop.cohorts.scenario import load_scenario
from secondop.cohorts.simulate import BLOCK, Cut, Gaps, simulate, simulate_batches
from secondop.cohorts.traits import chances, grid
from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.facts import Kind

LARGE = 2_000_000
FARTHEST = 4.5  # standard errors: some 400 figures are checked, the worst of which is about 3


def without_gaps(scenario):
    own = {f"facts.{name}.missing": 0.0 for name in FACTS}
    return scenario.replace({"missing.share": 0.0, **own})


@pytest.fixture(scope="module")
def programme():
    """Two million cases of which everything is recorded, two facts being rare."""
    scenario = without_gaps(load_scenario("programme")).replace(
        {"facts.rare_disease.share": 2e-4, "facts.genital_surgery_proposed.share": 3e-4}
    )
    return scenario, simulate(scenario, LARGE, seed=11, engine="polars")


def applies(scenario, cohort, name):
    shape = scenario.shapes.get(name)
    if shape is None or not shape.given:
        return pl.lit(True)
    return pl.col(shape.given).is_in(list(shape.levels)) if shape.levels else pl.col(shape.given)


def in_answer(fact, label, breaks):
    """Whether a case has the answer that a share is the share of."""
    x = pl.col(fact.name)
    if fact.kind is Kind.FLAG:
        return x
    if fact.kind is Kind.NUMBER:
        low = breaks.index(float(label))
        return x.is_between(breaks[low], breaks[low + 1], closed="left")
    return x == (int(label) if fact.kind is Kind.COUNT else label)


def test_every_share_is_exact_to_sampling_error(programme):
    scenario, cohort = programme
    far = {}
    for name, fact in FACTS.items():
        shape = scenario.shapes.get(name)
        inside = cohort.filter(applies(scenario, cohort, name))
        for label, share in scenario.shares(name).items():
            seen = inside.select(in_answer(fact, label, shape and shape.breaks).mean()).item()
            error = np.sqrt(share * (1 - share) / len(inside))
            if abs(seen - share) > FARTHEST * error:
                far[name, label] = (share, seen)
    assert far == {}


def test_outside_the_cases_that_a_fact_needs_it_has_its_other_answer(programme):
    scenario, cohort = programme
    for name, shape in scenario.shapes.items():
        if shape.given:
            outside = cohort.filter(~applies(scenario, cohort, name))[name].unique().to_list()
            assert outside == [shape.otherwise or (False if FACTS[name].kind is Kind.FLAG else 0)], name


def test_loadings_are_correlations(programme):
    # E[trait | yes] = loading x density at the cut / share, for a cut score that correlates so with the trait
    scenario, cohort = programme
    far, checked = {}, 0
    for name, fact in FACTS.items():
        if scenario.shapes.get(name) and scenario.shapes[name].given:
            continue
        shares = list(scenario.shares(name).values())
        low = shares[0] if len(shares) > 1 else 1 - shares[0]
        if fact.kind is Kind.CATEGORY and not scenario[f"facts.{name}.difficulty"]:
            continue
        first = False if fact.kind is Kind.FLAG else fact.levels[0] if fact.has_levels else 0
        above = cohort.filter(pl.col(name) != first)
        for trait in ("difficulty", "gravity") if 0 < low < 1 else ():
            ratio = (1 - low) / norm.pdf(norm.ppf(low))
            loading = above[trait].mean() * ratio
            error = above[trait].std() / np.sqrt(len(above)) * ratio
            checked += 1
            if abs(loading - scenario[f"facts.{name}.{trait}"]) > FARTHEST * error:
                far[name, trait] = loading
    assert far == {} and checked > 70


@pytest.mark.parametrize("share", [1e-5, 2e-4, 0.03, 0.5, 0.97, 1 - 2e-4])
@pytest.mark.parametrize("loading", [0.0, 0.6])
def test_thresholds_of_sixteen_bits_keep_even_a_rare_share(share, loading):
    cut = Cut.at(chances(share, loading, 0.1 if loading else 0.0), share)
    kept = (cut.thresholds.astype(float) + (cut.compare is np.less_equal)) / 65_536
    bins = np.outer(grid().weight, grid().weight).ravel() if loading else np.full(kept.size, 1 / kept.size)
    assert bins @ kept == pytest.approx(share, abs=3e-7)


def test_the_traits_are_standard_normal_and_independent(programme):
    _, cohort = programme
    d, g = cohort["difficulty"].to_numpy(), cohort["gravity"].to_numpy()
    for trait in (d, g):
        assert abs(trait.mean()) < 0.004 and abs(trait.std() - 1) < 0.003
        assert abs((trait**4).mean() - 3) < 0.05
    assert abs(np.corrcoef(d, g)[0, 1]) < 0.004


def test_a_share_within_a_strongly_selected_parent_is_still_exact():
    strong = {"facts.advanced_cancer.gravity": 0.95, "facts.procedure_proposed.gravity": 0.9}
    strong |= {"facts.less_invasive_option.gravity": -0.9, "facts.less_invasive_option.share": 0.3}
    cohort = simulate(
        without_gaps(load_scenario("programme")).replace(strong), LARGE // 2, seed=3, engine="polars"
    )
    inside = cohort.filter(pl.col("procedure_proposed") != "none")["less_invasive_option"]
    assert inside.mean() == pytest.approx(0.3, abs=FARTHEST * np.sqrt(0.21 / len(inside)))


def test_facts_without_a_loading_tell_nothing_of_the_outcomes(programme):
    _, cohort = programme
    scenario, _ = programme
    mute = [
        n
        for n in FACTS
        if not scenario[f"facts.{n}.difficulty"]
        and not scenario[f"facts.{n}.gravity"]
        and not (scenario.shapes.get(n) and scenario.shapes[n].given)
    ]
    assert {"sex", "specialty", "lifestyle_change_tried", "medical_management_exhausted"} - {"sex"} <= set(
        mute
    )
    outcomes = [
        "diagnosis_changed",
        "treatment_changed",
        "error_corrected",
        "error_introduced",
        "intervention_averted",
    ]
    for name in mute:
        code = cohort[name].to_physical() if FACTS[name].has_levels else cohort[name]
        for outcome in [*outcomes, "difficulty", "gravity"]:
            r = np.corrcoef(code.cast(float), cohort[outcome].cast(float))[0, 1]
            assert abs(r) < FARTHEST / np.sqrt(LARGE), (name, outcome)
    r = np.corrcoef(cohort["atypical_presentation"].cast(float), cohort["diagnosis_changed"].cast(float))[
        0, 1
    ]
    assert r > 0.05  # what has a loading does tell


def test_gaps_have_their_share():
    scenario = load_scenario("programme").replace({"facts.suspicion.missing_difficulty": 0.5})
    cohort = simulate(scenario, LARGE, seed=5, engine="polars")
    for name in FACTS:
        share = scenario[f"facts.{name}.missing"]
        seen = cohort[name].is_null().mean()
        assert abs(seen - share) < FARTHEST * np.sqrt(share * (1 - share) / LARGE), name
    gap = cohort["suspicion"].is_null()
    assert cohort.filter(gap)["difficulty"].mean() > 0.8 and abs(cohort.filter(gap)["gravity"].mean()) < 0.02
    assert abs(cohort.filter(pl.col("sex").is_null())["difficulty"].mean()) < 0.05


def test_more_gaps_are_added_to_those_there_are_and_change_nothing_else():
    def draw(missing=None):
        return simulate("general", 100_000, seed=2, missing=missing, engine="polars")

    few, more, some = draw(), draw(Gaps(0.2, difficulty=0.6)), draw(Gaps(0.2, facts=["suspicion"]))
    for name in FACTS:
        kept = more[name].is_not_null()
        assert more[name].filter(kept).equals(few[name].filter(kept))
    share = load_scenario("general")["facts.suspicion.missing"]
    assert more["suspicion"].is_null().mean() == pytest.approx(1 - (1 - share) * 0.8, abs=0.006)
    assert more.filter(pl.col("rare_disease").is_null())["difficulty"].mean() > 0.4
    assert more[list(TRUTH)].equals(few[list(TRUTH)])
    assert some.drop("suspicion").equals(few.drop("suspicion"))
    assert some["suspicion"].is_null().mean() > 0.2


@settings(max_examples=12, deadline=None)
@given(n=st.integers(1, 3 * BLOCK), batch=st.integers(1_000, 2 * BLOCK), threads=st.sampled_from([1, 3]))
def test_the_same_rows_in_one_piece_in_batches_and_on_any_number_of_threads(n, batch, threads):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "THREADS", threads)
        parts = list(simulate_batches("general", n, seed=9, batch=batch, engine="polars"))
    assert {len(part) for part in parts[:-1]} <= {batch}
    assert pl.concat(parts).equals(simulate("general", n, seed=9, engine="polars"))


def test_batches_of_pandas_frames_count_their_rows_on():
    parts = list(simulate_batches("general", 30, seed=9, batch=13))
    assert [part.index[0] for part in parts] == [0, 13, 26]
    pd.testing.assert_frame_equal(pd.concat(parts), simulate("general", 30, seed=9))


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    longer = simulate("oncology", 2 * BLOCK + 77, seed=4, engine="polars")
    for n in (1, 8, 9, 1_000, BLOCK, BLOCK + 1):
        assert simulate("oncology", n, seed=4, engine="polars").equals(longer.head(n))


def test_another_seed_gives_other_cases():
    assert (
        simulate("general", 1_000, seed=1)["difficulty"] != simulate("general", 1_000, seed=2)["difficulty"]
    ).all()


def test_changing_one_parameter_keeps_every_other_draw():
    scenario = load_scenario("general")
    before = simulate(scenario, 50_000, seed=6, engine="polars")
    after = simulate(scenario.replace({"facts.rare_disease.share": 0.2}), 50_000, seed=6, engine="polars")
    assert after.drop("rare_disease").equals(before.drop("rare_disease"))
    assert (after["rare_disease"] >= before["rare_disease"]).all()
    assert after["rare_disease"].sum() > before["rare_disease"].sum()


def test_polars_and_pandas_hold_the_same_rows():
    wide, narrow = simulate("programme", 5_000, seed=8), simulate("programme", 5_000, seed=8, engine="polars")
    assert narrow.columns == list(wide.columns)
    for name in wide.columns:
        assert (
            wide[name].astype(object).where(wide[name].notna(), None).to_list() == narrow[name].to_list()
        ), name


def test_columns_have_their_declared_kinds():
    cohort, narrow = simulate("general", 100, seed=1), simulate("general", 100, seed=1, engine="polars")
    kinds = {Kind.FLAG: "bool[pyarrow]", Kind.COUNT: "int64[pyarrow]", Kind.NUMBER: "double[pyarrow]"}
    polars = {Kind.FLAG: pl.Boolean, Kind.COUNT: pl.Int64, Kind.NUMBER: pl.Float64}
    for name, fact in FACTS.items():
        if fact.has_levels:
            assert cohort[name].cat.categories.to_list() == list(fact.levels)
            assert cohort[name].cat.ordered == (fact.kind is Kind.ORDERED)
            assert narrow[name].dtype == pl.Enum(fact.levels)
        else:
            assert cohort[name].dtype == kinds[fact.kind] and narrow[name].dtype == polars[fact.kind]
    for name in TRUTH:
        assert cohort[name].dtype == "bool[pyarrow]" and cohort[name].notna().all()
    assert cohort.columns.to_list() == [*FACTS, "difficulty", "gravity", *TRUTH]


def test_the_frame_says_that_it_is_simulated_and_from_what():
    assert simulate("programme", 10, seed=3).attrs == {
        "simulated": True,
        "scenario": "programme",
        "fitted_to": ["meyer_dx", "meyer_tx", "meyer_both", "mayo_revised_right"],
        "seed": 3,
        "n": 10,
    }


def test_numpy_s_own_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate("general", 1_000, seed=1)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


REFUSED = [
    # what was asked                                      what it says
    ({"n": 0, "seed": 1}, "The n of a cohort is a whole number of cases from 1; got 0."),
    ({"n": 2.5, "seed": 1}, "got 2.5"),
    ({"n": 10, "seed": None}, "A cohort needs a seed, a whole number from 0"),
    ({"n": 10, "seed": True}, "got True"),
    ({"n": 10, "seed": -1}, "got -1"),
    ({"n": 10, "seed": 1, "engine": "panda"}, "There is no engine 'panda'. Did you mean 'pandas'?"),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED)
def test_what_cannot_be_simulated_is_refused(asked, said):
    with pytest.raises(SecondopError) as error:
        simulate("general", **asked)
    assert said in str(error.value)


def test_a_seed_is_required():
    with pytest.raises(TypeError, match="seed"):
        simulate("general", 10)


def test_gaps_check_themselves():
    with pytest.raises(SecondopError, match=r"a share from 0 to 0\.99"):
        Gaps(1.0)
    with pytest.raises(UnknownNameError, match="Did you mean 'suspicion'"):
        Gaps(0.1, facts=["suspicious"])


def test_no_warning_at_the_edges_of_shares():
    edge = {"facts.rare_disease.share": 1.0, "facts.neoplasia_concern.share": 0.0, "readers.first_right": 1.0}
    edge |= {"sought.share": 1.0, "outcomes.treatment_if_same": 0.0, "readers.errors_agree": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cohort = simulate(without_gaps(load_scenario("general")).replace(edge), 100_000, seed=1)
    assert cohort["rare_disease"].all() and not cohort["neoplasia_concern"].any()
    assert cohort["first_right"].all() and cohort["sought"].all() and not cohort["error_corrected"].any()


def test_a_table_of_chances_that_is_kept_cannot_be_written_over():
    kept = chances(0.2, 0.3, 0.1)
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1.0
    assert chances(0.2, 0.3, 0.1) is kept
    assert (
        np.allclose(chances(0.2, 0.1, 0.3), kept.T, atol=1e-9) and chances(0.3, 0.3, 0.1).mean() > kept.mean()
    )
