"""What a second opinion would find: against a plain program, by hand, and what must always hold."""

import numpy as np
import pytest

from secondop.cohorts.calibrate import recentred
from secondop.cohorts.outcomes import Cases, along, expected_rates, pilot, rates_of
from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.cohorts.truth import Streams
from secondop.errors import SecondopError, UnknownNameError

PROGRAMME = load_scenario("programme")


def expit(x):
    return 1 / (1 + np.exp(-x))


def test_one_case_worked_out_in_plain_python():
    scenario = PROGRAMME.replace({"readers.anchoring": 1.437, "signal": 1.3})
    cases = Cases(scenario, Streams(3, 0, 200))
    expected, s = cases.expected(scenario), scenario
    for i in range(200):
        d, g, c = (float(trait[i]) for trait in cases.traits.values())
        effect = dict.fromkeys(("first_right", "treatment_changed"), 0.0)
        for name, (when, against) in cases.groups.items():
            sign = int(when[i]) - int(against[i] if against is not None else 0)
            for outcome in effect:
                effect[outcome] += 1.3 * sign * s[f"effects.{name}.{outcome}"]
        log_odds = s["solved.first"] - s["readers.difficulty"] * d + effect["first_right"]
        right, better = expit(log_odds), log_odds + s["solved.second"]
        # knowing the first opinion multiplies the odds of agreeing with it, right or wrong
        agree_right = expit(better + np.log(1.437))
        agree_wrong = expit(s["solved.shared"] + np.log(1.437))
        changed = right * (1 - agree_right) + (1 - right) * (1 - agree_wrong)
        plan = s["outcomes.gravity"] * g + s["outcomes.contest"] * c + effect["treatment_changed"]
        treated = changed * expit(plan + s["solved.treatment_if_changed"])
        treated += (1 - changed) * expit(plan + s["solved.treatment_if_same"])
        assert expected["diagnosis_changed"][i] == pytest.approx(changed, rel=1e-4)
        assert expected["treatment_changed"][i] == pytest.approx(treated, rel=1e-4)
        corrected = (1 - right) * (1 - agree_wrong) * expit(better)
        assert expected["error_corrected"][i] == pytest.approx(corrected, rel=1e-3)


def test_rates_among_seekers_weigh_each_case_with_its_chance_of_seeking():
    two = {"sought": np.array([0.2, 0.6]), "diagnosis_changed": np.array([0.1, 0.3]),
           "error_corrected": np.array([0.05, 0.2])}  # fmt: skip
    rates = rates_of(two)
    assert rates["diagnosis_changed"] == pytest.approx(0.2)
    assert rates["diagnosis_changed_sought"] == pytest.approx((0.02 + 0.18) / 0.8)
    assert rates["second_right"] == pytest.approx((0.01 + 0.12) / (0.02 + 0.18))


@pytest.mark.parametrize("path", ["readers.anchoring"])
def test_knowing_the_first_opinion_raises_agreement_and_lowers_what_is_caught_and_what_is_lost(path):
    rates = along("programme", path, [1, 1.2, 1.6])
    for name in ("diagnosis_changed", "error_corrected", "error_introduced"):
        assert rates[name].is_monotonic_decreasing and rates[name].is_unique


def test_along_gives_the_expected_rates_at_each_value_and_nothing_else_moves():
    table = along(PROGRAMME, "outcomes.plan_dropped", [0.2, 0.4])
    assert table.index.name == "outcomes.plan_dropped"
    assert table["intervention_averted"].tolist()[1] == pytest.approx(
        2 * table["intervention_averted"].iloc[0]
    )
    others = table.drop(columns=["intervention_averted", "intervention_averted_sought"])
    assert (others.iloc[0] == others.iloc[1]).all()
    with pytest.raises(UnknownNameError, match=r"readers\.anchoring"):
        along("general", "readers.anchorin", [1])


def test_a_target_is_not_varied_without_being_solved_for():
    for path in ("rates.sought", "effects.doubt.contrast"):
        with pytest.raises(SecondopError, match=rf"{path} is a target.*recentred or calibrate"):
            along("general", path, [0.1, 0.2])


def test_recentring_after_a_parameter_moved_keeps_the_rates():
    for signal in (0, 2):
        moved = PROGRAMME.replace({"signal": signal})
        free, kept = (expected_rates(x)["diagnosis_changed_sought"] for x in (moved, recentred(moved)))
        assert abs(free - 0.148) > 0.005
        assert kept == pytest.approx(0.148, abs=2e-5)


def test_without_signal_no_fact_tells_anything_of_an_outcome():
    scenario = recentred(PROGRAMME.replace({"signal": 0}))
    cohort = simulate(scenario, 400_000, seed=1, engine="polars")
    for fact in ("atypical_presentation", "diagnosis_clear_cut", "advanced_cancer", "rare_disease"):
        known = cohort.filter(cohort[fact].is_not_null())
        for outcome in ("diagnosis_changed", "treatment_changed"):
            r = np.corrcoef(known[fact].cast(float), known[outcome].cast(float))[0, 1]
            assert abs(r) < 4.5 / np.sqrt(len(known)), (fact, outcome)
    assert np.corrcoef(cohort["difficulty"], cohort["diagnosis_changed"].cast(float))[0, 1] > 0.1


def test_doubt_and_complexity_do_tell_of_an_outcome():
    cases = pilot(PROGRAMME)
    changed = cases.expected(PROGRAMME)["diagnosis_changed"]
    doubt, _ = cases.groups["doubt"]
    assert changed[doubt].mean() > 3 * changed[~doubt].mean()


def test_who_seeks_an_opinion_has_wishes_and_a_contested_plan():
    cohort = simulate("general", 100_000, seed=3, engine="polars")
    seekers, others = cohort.filter("sought"), cohort.filter(~cohort["sought"])
    for name in ("wants_second_opinion", "unsure_of_treatment", "contest", "gravity"):
        assert seekers[name].mean() > others[name].mean()


def test_expected_rates_hold_together():
    rates = expected_rates(load_scenario("oncology"))
    for end in ("", "_sought"):
        a, b, both, either = (
            rates[f"{x}_changed{end}"] for x in ("diagnosis", "treatment", "both", "either")
        )
        assert either == pytest.approx(a + b - both)
        assert rates[f"error_corrected{end}"] + rates[f"error_introduced{end}"] < a
