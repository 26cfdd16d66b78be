"""Simulated cohorts: the right shares, the right dependence, the same rows whatever way they are drawn."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from secondop.cohorts import simulate as module
from secondop.cohorts.outcomes import TRUTH, Cases, expected_rates
from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario_file import load_scenario, read_scenario
from secondop.cohorts.simulate import BLOCK, Gaps, common_cohorts, simulate, simulate_batches
from secondop.cohorts.truth import Streams, signalled
from secondop.errors import SecondopError, UnknownNameError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Kind, flag

FACTS = RULE_BOOK.facts
NAMES = ["programme", "general", "surgical", "oncology"]
LARGE = 4_000_000
FARTHEST = 4.5  # standard errors: some 500 figures are checked, the worst of which is about 3


def without_gaps(scenario):
    own = {f"facts.{name}.missing": 0.0 for name in FACTS}
    return scenario.replace({"missing.share": 0.0, **own})


def true_cases(scenario, n, seed):
    return Cases(scenario, Streams(seed, 0, n))


@pytest.fixture(scope="module")
def programme():
    """Four million true cases, one fact, one level within a parent and one loaded fact being rare."""
    scenario = load_scenario("programme").replace(
        {"facts.rare_disease.share": 5e-4, "facts.specialty.by.cancer.shares.primary_care": 4e-4}
    )
    return scenario, true_cases(scenario, LARGE, 11)


def strata_of(scenario, truth, name):
    """The cases of each stratum of a fact, by its name."""
    left, found = np.ones(truth.streams.rows, bool), {}
    for by, condition in scenario.structure.strata.get(name, {}).items():
        found[by] = left & truth.meets(condition)
        left = left & ~found[by]
    return found | {"": left}


def test_every_share_is_right_within_every_stratum(programme):
    scenario, truth = programme
    far, checked = {}, 0
    for name, fact in FACTS.items():
        answers, stated = truth.answers[name], scenario.structure.stated
        breaks = stated.get(f"facts.{name}.breaks")
        for by, inside in strata_of(scenario, truth, name).items():
            own = f"facts.{name}.by.{by}.answer" if by else f"facts.{name}.answer"
            answer, drawn = stated.get(own), answers[inside]
            if answer is not None:
                only = fact.levels.index(answer) if fact.has_levels else answer
                assert (drawn == only).all(), (name, by)
                continue
            for place, (label, share) in enumerate(scenario.shares(name, by).items()):
                if fact.kind is Kind.NUMBER:
                    seen = ((drawn >= breaks[place]) & (drawn < breaks[place + 1])).mean()
                else:
                    seen = (drawn == (True if fact.kind is Kind.FLAG else place)).mean()
                sampling = FARTHEST * np.sqrt(share * (1 - share) / len(drawn))
                checked += 1
                if abs(seen - share) > max(min(0.001, 0.05 * share), sampling):
                    far[name, by, label] = (share, seen)
    assert far == {} and checked > 200


def test_correlations_are_those_of_the_score_with_the_traits(programme):
    # E[trait | yes] = correlation x density at the cut / share, for a cut score with that correlation
    scenario, truth = programme
    checked = 0
    for name, fact in FACTS.items():
        if fact.kind is Kind.FLAG and name not in scenario.structure.strata:
            share, yes = scenario[f"facts.{name}.share"], truth.answers[name]
            for trait in TRAITS:
                ratio = share / norm.pdf(norm.ppf(share))
                seen = truth.traits[trait][yes].mean(dtype=float) * ratio
                error = ratio / np.sqrt(yes.sum())
                assert abs(seen - scenario[f"facts.{name}.{trait}"]) < FARTHEST * error, (name, trait)
                checked += 1
    assert checked > 40


def test_the_traits_are_standard_normal_and_independent(programme):
    traits = np.stack(list(programme[1].traits.values())).astype(float)
    assert np.abs(traits.mean(1)).max() < 0.003 and np.abs(traits.std(1) - 1).max() < 0.002
    assert np.abs((traits**4).mean(1) - 3).max() < 0.04
    assert np.abs(np.corrcoef(traits) - np.eye(3)).max() < 0.003


@pytest.mark.parametrize(("signal", "correlation"), [(0, 0.0), (0.5, 0.2774), (1, 0.5), (2, 0.7559)])
def test_signal_multiplies_what_a_fact_knows_over_what_it_does_not(signal, correlation):
    # 0.5 over the root of 1 - 0.25 is .577; twice that is 1.155, which is a correlation of .756
    scenario = load_scenario("programme").replace({"signal": signal, "facts.imaging_available.gravity": 0.5})
    assert signalled(scenario, "imaging_available").get("gravity", 0) == pytest.approx(correlation, abs=1e-4)


def coherence(scenario, n, seed):
    cases = true_cases(scenario, n, seed)
    answers, outcome = cases.answers, cases.outcomes(scenario)
    is_ = {name: lambda *levels, n=name: np.isin(answers[n], [FACTS[n].levels.index(x) for x in levels])
           for name, fact in FACTS.items() if fact.has_levels}  # fmt: skip
    untreated = is_["treatment_response"]("not_treated")
    proposed, cancer = ~is_["procedure_proposed"]("none"), is_["condition"]("cancer")
    return cases, {
        "a man in gynaecology": (is_["specialty"]("gynaecology") & ~is_["sex"]("female"), 0),
        "untreated with a drug": (untreated & (answers["drug_trials"] > 0), 0),
        "untreated with weeks of treatment": (untreated & (answers["first_line_weeks"] > 0), 0),
        "treated without weeks": (~untreated & (answers["first_line_weeks"] == 0), 0),
        "untreated with a complication": (untreated & answers["complication_during_treatment"], 0),
        "a circumcision without a procedure": (answers["circumcision_proposed"] & ~proposed, 0),
        "genital surgery without a procedure": (answers["genital_surgery_proposed"] & ~proposed, 0),
        "a surgical referral without a procedure": (answers["surgical_referral"] & ~proposed, 0),
        "a reason for no genital surgery": (
            ~is_["genital_surgery_reason"]("none") & ~answers["genital_surgery_proposed"], 0),
        "an intervention averted that nobody proposed": (
            outcome["intervention_averted"] & ~outcome["intervention_proposed"], 0),
        "cancer without any tissue": (cancer & is_["pathology_result"]("none"), 0.1 * cancer.mean()),
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_patients_hang_together(name):
    _, found = coherence(load_scenario(name), 200_000, 5)
    assert {what: hit.mean() for what, (hit, most) in found.items() if hit.mean() > most} == {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_cohort_has_its_rates_among_all_and_among_those_who_sought(name, seed):
    scenario = load_scenario(name)
    cohort = simulate(scenario, 200_000, seed=seed, engine="polars")
    cohort = cohort.with_columns(both_changed=pl.col("diagnosis_changed") & pl.col("treatment_changed"))
    sought = cohort.filter("sought")
    seen = {"sought": cohort["sought"], "first_right": cohort["first_right"]}
    seen |= {x: cohort[x] for x in ("diagnosis_changed", "treatment_changed")}
    seen |= {f"{x}_sought": sought[x] for x in ("diagnosis_changed", "treatment_changed", "both_changed")}
    seen["second_right"] = sought.filter("opinions_differ")["second_right"]
    for rate, series in seen.items():
        wanted = scenario[f"rates.{rate}"]
        error = np.sqrt(wanted * (1 - wanted)) * np.hypot(1 / np.sqrt(len(series)), 1 / 512)
        assert abs(series.mean() - wanted) < 3.5 * error, (rate, wanted, series.mean())


def test_outcomes_are_what_their_names_say():
    cohort = simulate("oncology", 50_000, seed=3, engine="polars")
    first, second = cohort["first_right"], cohort["second_right"]
    assert cohort["diagnosis_changed"].equals(cohort["opinions_differ"], check_names=False)
    assert cohort["error_corrected"].equals(second & ~first, check_names=False)
    assert cohort["error_introduced"].equals(first & ~second, check_names=False)
    assert cohort.filter(first != second)["opinions_differ"].all()
    assert not cohort.filter(first & second)["opinions_differ"].any()
    assert 0 < cohort.filter(~first & ~second)["opinions_differ"].mean() < 1  # errors may be alike or not
    assert not cohort.filter(~pl.col("treatment_changed"))["intervention_averted"].any()


@pytest.mark.parametrize("share", [0.005, 0.05, 0.3])
def test_gaps_have_their_share(share):
    scenario = load_scenario("programme").replace(
        {"facts.sex.missing": share, "facts.suspicion.missing": share}
    )
    scenario = scenario.replace({"facts.suspicion.missing_difficulty": 0.5})
    cohort = simulate(scenario, LARGE // 4, seed=5, engine="polars")
    for name in ("sex", "suspicion"):
        error = FARTHEST * np.sqrt(share * (1 - share) / len(cohort))
        assert abs(cohort[name].is_null().mean() - share) < error, name
    gap = cohort["suspicion"].is_null()
    assert cohort.filter(gap)["difficulty"].mean() > 0.5 and abs(cohort.filter(gap)["gravity"].mean()) < 0.06
    assert abs(cohort.filter(pl.col("sex").is_null())["difficulty"].mean()) < 0.06


def test_a_gap_changes_no_outcome_and_more_gaps_are_added_to_those_there_are():
    def drawn(missing=None):
        return simulate("general", 100_000, seed=2, missing=missing, engine="polars")

    few, more = drawn(), drawn(Gaps(0.2, difficulty=0.6))
    for name in FACTS:
        kept = more[name].is_not_null()
        assert more[name].filter(kept).equals(few[name].filter(kept))
    share = load_scenario("general")["facts.suspicion.missing"]
    assert more["suspicion"].is_null().mean() == pytest.approx(1 - (1 - share) * 0.8, abs=0.006)
    assert more.filter(pl.col("rare_disease").is_null())["difficulty"].mean() > 0.4
    assert more[[*TRAITS, *TRUTH]].equals(few[[*TRAITS, *TRUTH]])


# The same rows, whatever is asked for beside them


@given(n=st.integers(1, BLOCK + 9_000), batch=st.integers(5_000, BLOCK), threads=st.sampled_from([1, 3]))
def test_the_same_rows_in_one_piece_in_batches_and_on_any_number_of_threads(n, batch, threads):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "THREADS", threads)
        parts = list(simulate_batches("general", n, seed=9, batch=batch, engine="polars"))
    assert {len(part) for part in parts[:-1]} <= {batch}
    assert pl.concat(parts).equals(simulate("general", n, seed=9, engine="polars"))


def test_cohorts_of_several_scenarios_in_parts_are_the_cohort_of_each():
    scenarios, n = [load_scenario(name) for name in ("general", "surgical", "oncology")], BLOCK + 77

    def as_it_is(scenario, cases):
        return scenario, len(cases.wish) / BLOCK

    parts = list(common_cohorts(scenarios, n, seed=4, together=2, recentring=as_it_is))
    assert [len(part) for part in parts] == [2 * BLOCK, 2 * 77, BLOCK, 77]
    every = pl.concat(parts)
    for place, scenario in enumerate(scenarios):
        own = every.filter(pl.col("cohort") == place)
        assert own["row"].to_list() == list(range(n))
        assert own["missed"].unique().sort().to_list() == [77 / BLOCK, 1]
        assert own.drop("cohort", "row", "missed").equals(simulate(scenario, n, seed=4, engine="polars"))


def test_batches_of_pandas_frames_count_their_rows_on():
    parts = list(simulate_batches("general", 30, seed=9, batch=13))
    assert [part.index[0] for part in parts] == [0, 13, 26]
    pd.testing.assert_frame_equal(pd.concat(parts), simulate("general", 30, seed=9))


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    longer = simulate("oncology", BLOCK + 77, seed=4, engine="polars")
    for n in (1, 8, 9, 1_000, BLOCK, BLOCK + 1):
        assert simulate("oncology", n, seed=4, engine="polars").equals(longer.head(n))


def test_another_seed_gives_other_cases():
    one, two = (simulate("general", 1_000, seed=seed)["difficulty"] for seed in (1, 2))
    assert (one != two).all()


def test_changing_one_parameter_keeps_every_other_draw():
    scenario = load_scenario("general")
    before = simulate(scenario, 50_000, seed=6, engine="polars")
    after = simulate(scenario.replace({"facts.rare_disease.share": 0.2}), 50_000, seed=6, engine="polars")
    assert after.drop("rare_disease").equals(before.drop("rare_disease"))
    assert after["rare_disease"].sum() > before["rare_disease"].sum()


def test_a_book_with_one_more_fact_gives_the_same_rows_for_what_they_share():
    book = RULE_BOOK.with_(also=[flag("lives_alone", "Do you live alone?")])
    text = 'name = "mine"\nextends = "general"\n[facts]\nlives_alone = { share = 0.3, gravity = 0.2 }\n'
    mine = simulate(read_scenario(text, rule_book=book), 20_000, seed=6, engine="polars")
    assert mine["lives_alone"].mean() == pytest.approx(0.3, abs=0.02)
    assert mine.drop("lives_alone").equals(simulate("general", 20_000, seed=6, engine="polars"))


# What comes back


def test_polars_and_pandas_hold_the_same_rows():
    wide, narrow = simulate("programme", 5_000, seed=8), simulate("programme", 5_000, seed=8, engine="polars")
    assert narrow.columns == list(wide.columns)
    for name in wide.columns:
        values = wide[name].astype(object).where(wide[name].notna(), None).to_list()
        assert values == narrow[name].to_list(), name


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
    assert cohort.columns.to_list() == [*FACTS, *TRAITS, *TRUTH]


def test_the_frame_says_that_it_is_simulated_and_from_what():
    attrs = simulate("programme", 10, seed=3).attrs
    assert attrs.pop("fitted_to") == list(load_scenario("programme").fitted_to)
    assert attrs == {"simulated": True, "scenario": "programme", "seed": 3, "n": 10}


def test_numpy_s_own_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate("general", 1_000, seed=1)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


REFUSED = [
    # what was asked                                what it says
    ({"n": 0, "seed": 1}, "n is a whole number, 1 or more. Got 0."),
    ({"n": 2.5, "seed": 1}, "Got 2.5"),
    ({"n": 10, "seed": None}, "seed is a whole number, 0 or more"),
    ({"n": 10, "seed": True}, "Got True"),
    ({"n": 10, "seed": -1}, "Got -1"),
    ({"n": 10, "seed": 1, "engine": "panda"}, "There is no engine 'panda'. Did you mean 'pandas'?"),
    ({"n": 10, "seed": 1, "missing": 0.3}, "missing is Gaps(share) of more answers not recorded; got 0.3."),
    ({"n": 10, "seed": 1, "missing": Gaps}, "missing is Gaps(share) of more answers not recorded; got"),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED)
def test_what_cannot_be_simulated_is_refused(asked, said):
    with pytest.raises(SecondopError) as error:
        simulate("general", **asked)
    assert said in str(error.value)


def test_a_seed_is_required_and_gaps_check_themselves():
    with pytest.raises(SecondopError, match="seed: not given"):
        simulate("general", 10)
    with pytest.raises(SecondopError, match=r"a share from 0 to 0\.99"):
        Gaps(1.0)
    with pytest.raises(SecondopError, match=r"a share from 0 to 0\.99"):
        Gaps("much")
    with pytest.raises(SecondopError, match="A scenario is one by name, or from read_scenario; got None"):
        simulate(None, 10, seed=1)
    with pytest.raises(UnknownNameError):
        simulate("generall", 10, seed=1)


def test_shares_of_nobody_and_of_everybody_are_exact():
    edge = {"facts.rare_disease.share": 1.0, "facts.hereditary_condition_suspected.share": 0.0}
    cohort = simulate(without_gaps(load_scenario("general")).replace(edge), 100_000, seed=1)
    assert cohort["rare_disease"].all() and not cohort["hereditary_condition_suspected"].any()


def test_expected_rates_are_those_of_a_large_cohort():
    scenario = load_scenario("surgical")
    cohort = simulate(scenario, 1_000_000, seed=12, engine="polars")
    for name in ("error_corrected", "error_introduced", "intervention_averted", "treatment_changed"):
        assert cohort[name].mean() == pytest.approx(expected_rates(scenario)[name], abs=0.0015), name
