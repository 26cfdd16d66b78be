"""Fitting a scenario to rates and contrasts, and what these leave open."""

import numpy as np
import pandas as pd
import pytest

from secondop.cohorts.calibrate import calibrate, fit_report, got, identifiability, recentred, targets
from secondop.cohorts.outcomes import expected_rates, pilot
from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.errors import SecondopError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from tests.kit import sampled
from tools import scenarios

PROGRAMME = load_scenario("programme")
MEYER = {"denominator": "second opinions obtained", "role": "calibrate", "n": 6791, "source": "Meyer 2015"}
RATES = [
    MEYER | {"id": "meyer_dx", "outcome": "diagnosis_changed", "rate": 0.148},
    MEYER | {"id": "meyer_tx", "outcome": "treatment_changed", "rate": 0.374},
    MEYER | {"id": "meyer_both", "outcome": "both_changed", "rate": 0.106},
]


@pytest.fixture(scope="module")
def fitted():
    return calibrate(PROGRAMME, RATES)


@pytest.mark.parametrize("name", sampled(["programme", "general", "surgical", "oncology"]))
def test_the_stored_scenario_is_what_calibrating_gives_and_meets_every_target(name):
    scenario = load_scenario(name)
    report = fit_report(scenario)
    assert report["got"].to_numpy() == pytest.approx(report["wanted"].to_numpy(), rel=2e-3)
    assert (report["monte_carlo_error"] < 0.04 * report["wanted"]).all()
    start = {target.free: scenario[target.free] + 0.1 for target in targets(scenario)}
    again = calibrate(scenario.replace(start))
    for target in targets(scenario):
        stored, solved = scenario.parameters[target.free], again.parameters[target.free]
        assert stored.basis == "fitted"
        assert stored.value == pytest.approx(solved.value, abs=1e-5)
        assert (stored.lower, stored.upper) == pytest.approx((solved.lower, solved.upper), abs=1e-3)


@pytest.mark.parametrize("name", ["programme", "surgical"])
def test_storing_a_solved_scenario_again_moves_no_digit(name):
    text = (scenarios.FOLDER / f"{name}.toml").read_text("utf-8")
    assert scenarios.stored(text, calibrate(load_scenario(name))) == text


def test_the_same_targets_give_the_same_scenario_and_its_rates(fitted):
    assert calibrate(PROGRAMME, pd.DataFrame(RATES)) == fitted
    rates = expected_rates(fitted)
    for row in RATES:
        assert rates[f"{row['outcome']}_sought"] == pytest.approx(row["rate"], abs=5e-5)


ANCHORS = {"low": {"doubt": 1.2, "complexity": 2.2, "procedure": 2.0},
           "middle": {"doubt": 4.4, "complexity": 2.8, "procedure": 6.5},
           "high": {"doubt": 10.2, "complexity": 3.6, "procedure": 8.0}}  # fmt: skip


def ratio(yes, changed, odds=False):
    """A ratio counted by hand, and its standard error on the logarithm."""
    a, n, b, m = changed[yes].sum(), yes.sum(), changed[~yes].sum(), (~yes).sum()
    if odds:
        return np.log(a / (n - a) / (b / (m - b))), np.sqrt(1 / a + 1 / (n - a) + 1 / b + 1 / (m - b))
    return np.log(a / n / (b / m)), np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)


@pytest.mark.parametrize("anchor", sampled(ANCHORS))
def test_simulated_contrasts_of_doubt_hold_the_published_ones(anchor):
    scenario = calibrate(load_scenario("oncology"), contrasts=ANCHORS[anchor])
    cohort = simulate(whole(scenario), 1_000_000, seed=3, engine="polars")
    said = assess(
        cohort, RULE_BOOK.only("negative-work-up-high-suspicion", "ambiguous-pathology"), verdicts=True
    )
    doubt = (
        said["negative-work-up-high-suspicion"] | said["ambiguous-pathology"] | ~said["diagnosis_clear_cut"]
    )
    seen, error = ratio(doubt.to_numpy(), said["diagnosis_changed"].to_numpy())
    assert abs(seen - np.log(ANCHORS[anchor]["doubt"])) < 2.6 * error


def test_complexity_and_procedures_hold_theirs():
    cohort = simulate(whole(PROGRAMME), 1_000_000, seed=4, engine="polars")
    said = assess(cohort, RULE_BOOK.only("several-organs-or-specialties"), verdicts=True)
    sought = said.filter("sought")
    either = sought["diagnosis_changed"] | sought["treatment_changed"]
    seen, error = ratio(sought["several-organs-or-specialties"].to_numpy(), either.to_numpy(), odds=True)
    assert 2.16 < np.exp(seen) < 3.59 and abs(seen - np.log(2.8)) < 3 * error
    kinds = cohort["procedure_proposed"].cast(str)
    changed = {kind: cohort.filter(kinds == kind)["treatment_changed"].mean() for kind in kinds.unique()}
    assert (
        max(changed, key=changed.get) == "major_surgery"
        and min(changed, key=changed.get) == "invasive_procedure"
    )
    assert 2 < changed["major_surgery"] / changed["invasive_procedure"] < 8


def whole(scenario):
    """The scenario without a gap."""
    own = {f"facts.{name}.missing": 0.0 for name in RULE_BOOK.facts}
    return scenario.replace({"missing.share": 0.0, **own})


def test_a_surer_rate_makes_a_narrower_range(fitted):
    few = calibrate(PROGRAMME, [RATES[0] | {"n": 300}])
    free = "solved.sought_difficulty"
    width = {
        s: s_.parameters[free].upper - s_.parameters[free].lower for s, s_ in (("few", few), ("many", fitted))
    }
    assert width["few"] > width["many"]
    stated = few.parameters["rates.diagnosis_changed_sought"]
    assert (stated.lower, stated.upper) == pytest.approx((0.1124, 0.1925), abs=1e-3)  # Wilson, of 44.4 of 300


@pytest.mark.parametrize("name", sampled(["programme", "general", "surgical", "oncology"]))
def test_an_effect_at_either_end_of_its_range_gives_that_end_of_its_contrast(name):
    # ranges of contrasts are lopsided (2, 6.5, 8), and those of rates are varied by themselves
    scenario = load_scenario(name)
    for target in targets(scenario)[8:]:
        effect, stated = scenario.parameters[target.free], target.wanted
        moved = (recentred(scenario.replace({target.free: end})) for end in (effect.lower, effect.upper))
        ends = sorted(got(each, [target], pilot(each))[0] for each in moved)
        assert ends == pytest.approx([stated.lower, stated.upper], rel=0.12), target.path


def test_effects_are_identifiable_and_the_readers_accuracy_is_not(fitted):
    table = identifiability(fitted)
    solved = [target.free for target in targets(fitted)]
    assert set(table.loc[solved, "verdict"]) == {"identifiable given the assumptions"}
    # how much difficulty misleads moves other numbers, and no target notices
    assert table.loc["readers.difficulty", "verdict"] == "not identifiable"
    row = table.loc["readers.difficulty"]
    assert row["moves"] in solved and abs(row["at_upper"] - row["at_lower"]) > 0.1
    assert table.loc["outcomes.plan_dropped", "verdict"] == "not identifiable"


def test_recentring_keeps_effects_and_moves_what_is_solved_for_the_rates():
    moved = recentred(PROGRAMME.replace({"readers.difficulty": 1.2}))
    assert expected_rates(moved)["both_changed_sought"] == pytest.approx(0.106, abs=5e-5)
    assert moved["effects.doubt.first_right"] == PROGRAMME["effects.doubt.first_right"]


WRONG = [
    # a rate                                       what is said of it
    ({"role": "validate"}, "meyer_dx: its role is 'validate'"),
    ({"outcome": "second_right"}, "second_right among second opinions obtained is no target"),
    ({"denominator": "all cases"}, "diagnosis_changed among all cases is no target"),
    ({"rate": 1.0}, "a rate to fit to is a number between 0 and 1, not 1.0"),
    ({"n": None}, "it states neither n nor an interval, so nothing says how sure it is"),
    ({"rate": "20 %"}, "a rate to fit to is a number between 0 and 1, not '20 %'"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_rates_that_are_not_for_fitting_are_refused(wrong, said):
    with pytest.raises(SecondopError) as error:
        calibrate(PROGRAMME, [RATES[0] | wrong, RATES[1] | {"role": "context"}])
    assert said in str(error.value) and "meyer_tx: its role is 'context'" in str(error.value)


def test_two_rates_of_one_outcome_are_refused():
    with pytest.raises(SecondopError, match="other: diagnosis_changed has a rate already"):
        calibrate(PROGRAMME, [RATES[0], RATES[0] | {"id": "other", "rate": 0.2}])


def test_targets_that_contradict_each_other_are_told():
    # hardly anything changes among those who seek none, which no trait of theirs can bring about
    with pytest.raises(SecondopError, match="give all targets together; the nearest give"):
        calibrate(
            load_scenario("general").replace(
                {"rates.diagnosis_changed": 0.03, "rates.treatment_changed": 0.06}
            )
        )
