"""One parameter at a time, all at once, and the bands: against hand, numpy and the trade-off table."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from secondop.cohorts.calibrate import recentred
from secondop.cohorts.draws import Recentring, draw_parameters
from secondop.cohorts.outcomes import Cases, expected_rates
from secondop.cohorts.parameters import Parameter
from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.cohorts.truth import Streams
from secondop.errors import SecondopError, UnknownNameError
from secondop.evaluation import sensitivity
from secondop.evaluation.sensitivity import (
    MEASURES,
    asking_whether_met,
    draw_thresholds,
    met,
    parameters_of,
    propagate,
    saying_whether_met,
    thresholds,
    tornado,
)
from secondop.evaluation.tradeoff import tradeoff
from secondop.evaluation.uncertainty import bands, best_policies, net_benefits
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules import facts
from secondop.rules.assess import assess
from tests import kit

PROGRAMME = load_scenario("programme")
LEVELS = ["urgent", "recommended", "optional"]


@pytest.fixture(scope="module")
def drawn():
    return propagate(PROGRAMME, 40, 3_000, seed=4)


def values(table, **keys):
    return table.loc[(table[list(keys)] == pd.Series(keys)).all(axis=1), "value"]


# One parameter at a time


def test_solving_again_without_simulating_gives_the_same_swing():
    paths = ["rates.second_right", "outcomes.plan_dropped"]
    table = tornado(PROGRAMME, "error_corrected", policy="all", n=60_000, seed=1, parameters=paths)
    for row in table.itertuples():
        moved = (recentred(PROGRAMME.replace({row.parameter: x})) for x in (row.value, row.lower, row.upper))
        exact = [100 * expected_rates(each)["error_corrected"] for each in moved]
        ours = [row.base, row.at_lower, row.at_upper]
        assert ours == pytest.approx(exact, abs=0.6)  # 4 standard errors
        assert row.swing == pytest.approx(np.ptp(exact), abs=2 * row.swing_error + 0.01)
    assert table["swing"].is_monotonic_decreasing


def test_what_the_rates_hold_does_not_swing_whatever_else_moves():
    paths = ["signal", "readers.difficulty", "outcomes.contest"]
    table = tornado(PROGRAMME, ["diagnosis_changed"], policy="sought", n=20_000, seed=1, parameters=paths)
    assert table["base"].iloc[0] == pytest.approx(14.8, abs=1)
    assert (table["swing"] < table["swing_error"] + 0.5).all()


def test_what_facts_know_decides_the_yield_above_chance():
    table = tornado(
        PROGRAMME, "yield_above_chance", n=40_000, seed=1, parameters=["signal", "outcomes.gravity"]
    )
    assert table["parameter"].iloc[0] == "signal"
    row = table.iloc[0]
    assert row["at_lower"] + row["swing_error"] < row["base"] < row["at_upper"] - row["swing_error"]


def at_thresholds(values):
    """The rule book with thresholds moved in every rule that states them, one rule at a time."""
    book = RULE_BOOK
    for path, number in values.items():
        threshold = thresholds(RULE_BOOK)[path]
        name, levels = threshold.fact.name, threshold.fact.levels
        for rule in RULE_BOOK:
            if threshold in rule.when.leaves():
                book = book.with_threshold(rule.name, name, levels[int(number)] if levels else number)
    return book


def test_a_threshold_of_a_rule_moves_in_every_rule_that_states_it():
    known = thresholds(RULE_BOOK)
    weeks = known["thresholds.first_line_weeks"]
    ends = parameters_of(RULE_BOOK)["thresholds.first_line_weeks"]
    assert (weeks.value, ends.value, ends.lower, ends.upper) == (4, 4, 2, 12)
    asking = {rule.name for rule in asking_whether_met(RULE_BOOK) if met(weeks).name in rule.facts}
    assert asking >= {"failed-first-line", "atypical-or-unresponsive"}
    table = tornado(PROGRAMME, "referral_rate", n=5_000, seed=1, parameters=list(known))
    assert set(table["parameter"]) == set(known) and (table["swing"] > 0).any()


def test_one_book_that_asks_whether_thresholds_are_met_is_every_book_with_thresholds_moved():
    cases = simulate(PROGRAMME, 400, seed=3, engine="polars")
    drawn = draw_thresholds(RULE_BOOK, 12, seed=2, weight=0)
    assert (drawn.nunique() > 1).all()
    names = [rule.name for rule in RULE_BOOK]
    for _, numbers in drawn.iterrows():
        told = saying_whether_met(cases, RULE_BOOK, pd.DataFrame([numbers] * len(cases)))
        ours = assess(told, asking_whether_met(RULE_BOOK), verdicts=True)[names]
        moved = assess(cases, at_thresholds(numbers.to_dict()), verdicts=True)[names]
        assert ours.equals(moved), numbers.to_dict()


def test_every_threshold_of_a_fact_moves_and_a_range_in_parts_of_a_unit_is_drawn_in_parts():
    level, days = (
        facts.number("level", 9, "mg/l", "Which level?"),
        facts.count("days", 99, "days", "How many days?"),
    )
    book = kit.small_book(
        kit.rule("soon", days.at_least(4, lower=2, upper=12)),
        kit.rule("late", days.at_least(26, lower=12, upper=52) & level.at_least(0.5, lower=0.2, upper=0.8)),
    )
    assert [*thresholds(book)] == ["thresholds.days", "thresholds.days 26", "thresholds.level"]
    drawn = draw_thresholds(book, 200, seed=1)
    assert drawn["thresholds.level"].between(0.2, 0.8).all() and drawn["thresholds.level"].nunique() == 200
    cases = pl.DataFrame({"days": [5, 30, None], "level": [0.45, 0.45, 0.9]})
    at = dict(zip(thresholds(book), [6, 20, 0.4], strict=True))
    told = saying_whether_met(cases, book, pd.DataFrame([at] * 3))
    said = assess(told, asking_whether_met(book), verdicts=True)
    assert said["soon"].to_list() == [False, True, None] and said["late"].to_list() == [False, True, None]


def test_a_threshold_goes_to_its_ends_exactly_and_refers_who_meets_it_there():
    weeks, name = RULE_BOOK.fact("first_line_weeks"), "failed-first-line"
    book = RULE_BOOK.only(name).replace(name, when=weeks.at_least(6.5, lower=2.5, upper=12))
    asked = {"policy": "recommended", "parameters": ["thresholds.first_line_weeks"], "rule_book": book}
    row = tornado(PROGRAMME, "referral_rate", n=2_000, seed=1, **asked).iloc[0]
    recorded = simulate(PROGRAMME, 2_000, seed=1)["first_line_weeks"]
    for end, threshold in {"base": 6.5, "at_lower": 2.5, "at_upper": 12}.items():
        assert row[end] == pytest.approx(100 * (recorded >= threshold).fillna(False).mean()), end


def test_every_whole_number_within_the_range_of_a_threshold_has_its_share_of_the_draws():
    flat = draw_thresholds(RULE_BOOK, 8_000, seed=3, weight=0)
    for path, p in parameters_of(RULE_BOOK).items():
        shares = flat[path].value_counts(normalize=True)
        assert sorted(shares.index) == list(range(int(p.lower), int(p.upper) + 1))
        assert (shares - 1 / len(shares)).abs().max() < 0.02, path
    either = draw_thresholds(RULE_BOOK, 8_000, seed=3)["thresholds.organ_systems"]  # 2 to 3, most likely 2
    # a Beta of 1 + 4 / 4 and 1 + 4 * 3 / 4 above its middle: 1 - 26 / 32
    assert (either == 3).mean() == pytest.approx(6 / 32, abs=0.015)


def test_an_end_of_a_tornado_is_the_trade_off_of_a_scenario_solved_again_or_of_a_book_moved():
    moved = {"signal": recentred(PROGRAMME.replace({"signal": 1.5})), "thresholds.organ_systems": PROGRAMME}
    asked = ["referral_rate", "true_positive", "yield_above_chance"]
    table = tornado(PROGRAMME, asked, parameters=list(moved), n=40_000, seed=9)
    for path, scenario in moved.items():
        at = table[table["parameter"] == path].set_index("measure")
        book = at_thresholds({path: at["upper"].iloc[0]} if path in thresholds(RULE_BOOK) else {})
        by_hand = tradeoff(simulate(scenario, 40_000, seed=9), ["recommended"], rule_book=book)
        by_hand = by_hand[by_hand["policy"] == "recommended"].set_index("measure")["value"][asked]
        assert at.loc[asked, "at_upper"].tolist() == pytest.approx(by_hand.tolist(), abs=0.15), path
        assert (at["swing"] > at["swing_error"]).all(), path


def test_an_end_at_which_seekers_cannot_have_their_rates_is_named_and_says_nothing_of_them():
    paths = ["rates.treatment_changed", "rates.diagnosis_changed_sought"]
    asked = {"n": 4_000, "seed": 1, "parameters": paths}
    seek, book = (tornado("surgical", "diagnosis_changed", policy=x, **asked).set_index("parameter")
                  for x in ("sought", "recommended"))  # fmt: skip
    for table in (seek, book):
        assert table["unmet"].to_dict() == {paths[0]: "lower", paths[1]: ""}
    low = seek.loc[paths[0]]
    assert np.isnan(low["at_lower"]) and low["swing"] == pytest.approx(abs(low["at_upper"] - low["base"]))
    assert book["at_lower"].notna().all() and seek.loc[paths[1], "swing"] > 0


def test_zeros_that_may_not_be_zero_widen_what_is_varied():
    paths = ["facts.lifestyle_change_tried.contest"]
    with pytest.raises(UnknownNameError):
        tornado(PROGRAMME, parameters=paths, n=200, seed=1)
    assert tornado(PROGRAMME, parameters=paths, n=200, seed=1, zeros=0.2)["upper"].tolist() == [0.2]


def test_a_rule_that_reads_one_complete_fact_refers_just_its_share_at_the_value_and_at_both_ends():
    path, only = (
        "facts.hereditary_condition_suspected.share",
        RULE_BOOK.only("hereditary-condition-suspected"),
    )
    full = PROGRAMME.replace(
        {path: Parameter(0.3, 0.2, 0.5), "facts.hereditary_condition_suspected.missing": 0.0}
    )
    table = tornado(
        full, "referral_rate", policy="recommended", parameters=[path], n=40_000, seed=2, rule_book=only
    )
    row = table.iloc[0]
    assert row[["base", "at_lower", "at_upper", "swing"]].tolist() == pytest.approx([30, 20, 50, 30], abs=1)
    # Whoever is referred at the lower end is referred at the upper: the swing is a share of 0.3 of the cases.
    assert row["swing_error"] == pytest.approx(100 * 1.96 * np.sqrt(0.3 * 0.7 / 40_000), rel=0.4)


@pytest.mark.slow
def test_the_error_of_a_swing_is_that_of_repeated_simulation():
    asked = dict(measure=["treatment_changed", "nnr"], parameters=["rates.treatment_changed_sought"], n=1_500)
    runs = pd.concat(tornado(PROGRAMME, **asked, seed=seed) for seed in range(24))
    for _, rows in runs.groupby("measure"):
        assert rows["swing"].std() * 1.96 == pytest.approx(rows["swing_error"].mean(), rel=0.45)


def test_a_parameter_without_a_range_is_left_out_and_counted():
    still = PROGRAMME.replace({"readers.anchoring": Parameter(1.0, 1.0, 1.0)})
    table = tornado(still, parameters=["readers.anchoring", "rates.sought"], n=500, seed=1)
    assert table["parameter"].tolist() == ["rates.sought"] and table.attrs["fixed"] == 1


def test_what_no_measure_reads_swings_by_exactly_0():
    unread = ["outcomes.plan_dropped", "facts.imaging_available.share"]
    asked = ["true_positive", "referral_rate", "net_benefit"]
    table = tornado(PROGRAMME, asked, parameters=unread, n=2_000, seed=1)
    assert len(table) == 3 * len(unread) >= 6
    assert (table[["swing", "swing_error"]] == 0).all(axis=None)


# All at once


def test_draws_equal_the_trade_off_of_their_own_cohort(drawn):
    third = PROGRAMME.replace(draw_parameters(PROGRAMME, 3, seed=4).loc[3].to_dict())
    cases = Cases(third, Streams(4, 0, 3_000))
    numbers, _ = Recentring(PROGRAMME)(third, cases)
    cohort = simulate(third.replace(numbers.maps[0]), 3_000, seed=4)
    book = at_thresholds(draw_thresholds(RULE_BOOK, 3, seed=4).loc[3].to_dict())
    table = tradeoff(cohort, LEVELS, rule_book=book)
    table = table.pivot(index="policy", columns="measure", values=["value", "max"])
    ours = drawn[drawn["draw"] == 3].pivot(index="policy", columns="measure", values="value")
    for name in set(MEASURES) - {"diagnosis_changed", "treatment_changed"}:
        theirs = table["value"][name]
        np.testing.assert_allclose(ours.loc[theirs.index, name], theirs, atol=1e-9, err_msg=name)
    for name in ("referral_rate", "true_positive", "false_positive"):  # most where unknown facts refer
        assert ours.loc["urgent if missing were yes", name] == pytest.approx(table["max"][name]["urgent"])
    for name in ("diagnosis_changed", "treatment_changed"):
        counted = cohort.loc[cohort["sought"], name].mean()
        assert ours.loc["sought", name] == pytest.approx(100 * counted)


def test_what_holds_in_every_draw(drawn):
    wide = drawn.pivot(index=["policy", "draw"], columns="measure", values="value")
    changes = wide.xs("all")["true_positive"]
    for policy, rows in wide.groupby(level="policy"):
        found = rows["true_positive"].droplevel("policy")
        np.testing.assert_allclose(rows["true_positive"] + rows["false_positive"], rows["referral_rate"])
        both = found + rows["false_negative"].droplevel("policy")
        told = both.dropna().index  # blank where seekers cannot have their rates
        assert len(told) == 40 or policy == "sought"
        np.testing.assert_allclose(both[told], changes[told], err_msg=policy)
    rate = wide["referral_rate"].unstack("policy")
    assert (rate[LEVELS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert all((rate[f"{level} if missing were yes"] >= rate[level]).all() for level in LEVELS)


def test_the_table_is_tidy_and_complete_and_its_base_is_the_scenario_as_stated(drawn):
    assert list(drawn.columns) == ["policy", "draw", "measure", "value", "base"]
    assert len(drawn) == 10 * 40 * len(MEASURES)
    assert not drawn.duplicated(["policy", "draw", "measure"]).any()
    stated = tradeoff(simulate(PROGRAMME, 3_000, seed=4), ["urgent"])
    base = values(stated, policy="urgent", measure="referral_rate").item()  # what nothing solved touches
    rows = drawn[(drawn["policy"] == "urgent") & (drawn["measure"] == "referral_rate")]
    assert rows["base"].tolist() == pytest.approx([base] * 40)


def test_the_same_seed_gives_the_same_draws_and_a_longer_run_begins_with_a_shorter_one(drawn):
    first = drawn[drawn["draw"] <= 6].reset_index(drop=True)
    pd.testing.assert_frame_equal(propagate(PROGRAMME, 6, 3_000, seed=4), first)
    assert not propagate(PROGRAMME, 6, 3_000, seed=5)["value"].equals(first["value"])


def test_large_cohorts_in_parts_give_the_same_result(monkeypatch):
    paths = ["outcomes.contest"]
    whole = [propagate(PROGRAMME, 2, 600, seed=1), tornado(PROGRAMME, n=600, seed=1, parameters=paths)]
    monkeypatch.setattr(sensitivity, "BATCH", 250)
    parts = [propagate(PROGRAMME, 2, 600, seed=1), tornado(PROGRAMME, n=600, seed=1, parameters=paths)]
    for one, other in zip(whole, parts, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_other_thresholds_need_no_further_run(drawn):
    rates = net_benefits(drawn, [1 / 11, 1 / 3])
    keys = ["policy", "draw"]
    at = rates[rates["threshold"] == 1 / 11].set_index(keys)[["value", "base"]].sort_index()
    was = drawn[drawn["measure"] == "net_benefit"].set_index(keys)[["value", "base"]].sort_index()
    pd.testing.assert_frame_equal(at, was)
    tp, fp = (
        values(drawn, draw=2, policy="urgent", measure=m).item() for m in ("true_positive", "false_positive")
    )
    assert values(rates, draw=2, policy="urgent", threshold=1 / 3).item() == pytest.approx(tp - 0.5 * fp)


def made_up(*nets):
    """A table like that of propagate: net benefit of one policy after another in every draw."""
    rows = [
        {
            "policy": policy,
            "draw": draw,
            "measure": measure,
            "value": net * (measure == "true_positive"),
            "base": 0,
        }
        for policy, values in zip(["none", "urgent", "all", "sought"], nets, strict=True)
        for draw, net in enumerate(values, 1)
        for measure in ("true_positive", "false_positive")
    ]
    return pd.DataFrame(rows, columns=["policy", "draw", "measure", "value", "base"])


def test_the_best_policies_are_counted_with_ties_and_over_runs():
    one = made_up([0, 0, 0, 0], [1, 2, 0, -1], [0, 2, -1, -2], [9, 9, 9, 9])
    table = best_policies(one, [0.2]).set_index("policy")
    assert table["best"].to_dict() == {"none": 0.5, "urgent": 0.75, "all": 0.25}  # nobody can choose "sought"
    assert table["tied"].to_dict() == {"none": 0.25, "urgent": 0.5, "all": 0.25}
    assert table["base"].all() and (table["draws"] == 4).all()
    other = made_up([0, 0], [-1, -1], [-1, 3], [9, 9])
    both = best_policies([one, other], [0.2], ["none", "urgent"]).set_index("policy")
    assert both.loc["none", ["best", "least", "most"]].tolist() == [0.75, 0.5, 1]
    assert both.loc["urgent", ["best", "least", "most", "draws"]].tolist() == [0.375, 0, 0.75, 6]


def test_the_best_policies_are_those_with_the_highest_net_benefit(drawn):
    nets = net_benefits(drawn, [0.3]).pivot(index="draw", columns="policy", values="value")
    few = ["none", "urgent", "recommended", "all"]
    shares = nets[few].idxmax(axis=1).value_counts(normalize=True)
    table = best_policies(drawn, [0.1, 0.3], few)
    ours = table[table["threshold"] == 0.3].set_index("policy")["best"]
    assert ours[ours > 0].to_dict() == pytest.approx(shares.to_dict())
    with pytest.raises(UnknownNameError, match="'recommended'"):
        best_policies(drawn, [0.3], ["recomended"])


def test_bands_are_numpy_quantiles(drawn):
    row = bands(drawn).set_index(["policy", "measure"]).loc[("recommended", "true_positive")]
    drawn_values = values(drawn, policy="recommended", measure="true_positive")
    places = row[["lower", "lower_half", "median", "upper_half", "upper"]]
    assert places.tolist() == pytest.approx(list(np.quantile(drawn_values, [0.025, 0.25, 0.5, 0.75, 0.975])))
    assert row["draws"] == 40 and row["blank"] == 0


def test_bands_count_the_draws_in_which_nothing_was_counted(drawn):
    nobody = bands(drawn).set_index(["policy", "measure"]).loc[("none", "diagnosis_changed")]
    assert nobody["draws"] == 0 and nobody["blank"] == 40 and np.isnan(nobody["median"])


def test_without_any_spread_the_band_is_the_base():
    still = {path: Parameter(p.value, p.value, p.value) for path, p in PROGRAMME.parameters.items()}
    only = RULE_BOOK.only("complication-or-new-finding")  # which states no threshold
    table = propagate(PROGRAMME.replace(still), 3, 1_000, seed=1, policies=["urgent"], rule_book=only)
    pd.testing.assert_series_equal(table["value"], table["base"], check_names=False)


WRONG = [
    # asked for                                 the message names
    (dict(measure="true_positives"),            "'true_positive'"),
    (dict(policy="recomended"),                 "'recommended'"),
    (dict(policy="none if missing were yes"),          "There are: all, none"),
    (dict(parameters=["rates.sough"]),        "rates.sought"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "names"), WRONG)
def test_a_wrong_name_is_answered_with_the_right_one(asked, names):
    with pytest.raises(UnknownNameError, match=names):
        tornado(PROGRAMME, **{"parameters": ["rates.sought"]} | asked, n=200, seed=1)


def test_a_threshold_that_is_no_probability_is_refused_before_anything_is_simulated(monkeypatch):
    monkeypatch.setattr(sensitivity, "common_cohorts", None)
    with pytest.raises(SecondopError, match="decision threshold"):
        propagate(PROGRAMME, 3, 200, seed=1, threshold=10)


def test_net_benefit_needs_what_it_is_made_of(drawn):
    with pytest.raises(SecondopError, match="needs the measure false_positive"):
        net_benefits(drawn[drawn["measure"] == "true_positive"], [0.1])
