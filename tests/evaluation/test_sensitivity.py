"""One parameter at a time, all at once, and the bands: against hand, numpy and the trade-off table."""

import numpy as np
import pandas as pd
import pytest

from secondop import RULE_BOOK
from secondop.cohorts.draws import draw_parameters, drawn_scenarios
from secondop.cohorts.outcomes import expected_rates
from secondop.cohorts.parameters import Parameter
from secondop.cohorts.scenario import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.errors import SecondopError, UnknownNameError
from secondop.evaluation import results
from secondop.evaluation.results import MEASURES
from secondop.evaluation.sensitivity import bands, net_benefits, propagate, tornado
from secondop.evaluation.tradeoff import tradeoff

PROGRAMME = load_scenario("programme")


@pytest.fixture(scope="module")
def drawn():
    return propagate(PROGRAMME, 40, 3_000, seed=4)


def one(table, **keys):
    """The values of the rows with these keys."""
    return table.loc[(table[list(keys)] == pd.Series(keys)).all(axis=1), "value"]


def test_a_tornado_without_simulating():
    """Summing over the traits, without simulating, gives the same swing of changed diagnoses."""
    table = tornado(PROGRAMME, "diagnosis_changed", policy="sought", n=60_000, seed=1,
                    parameters=["readers.first_right", "readers.errors_agree"])  # fmt: skip
    for row in table.itertuples():
        for column, end in (("base", row.value), ("at_lower", row.lower), ("at_upper", row.upper)):
            exact = 100 * expected_rates(PROGRAMME.replace({row.parameter: end}))["diagnosis_changed"]
            assert getattr(row, column) == pytest.approx(exact, abs=0.6)  # 4 standard errors of 36,000 sought
        low, high = (
            expected_rates(PROGRAMME.replace({row.parameter: end}))["diagnosis_changed"]
            for end in (row.lower, row.upper)
        )
        assert abs(row.swing - 100 * abs(high - low)) < 2 * row.swing_error
    assert table["swing"].is_monotonic_decreasing


def test_a_linear_case_by_hand():
    """A rule that reads one complete fact sends just its share, at the value and at both ends."""
    only = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name != "neoplasia-concern"))
    path = "facts.neoplasia_concern.share"
    full = PROGRAMME.replace({path: Parameter(0.3, 0.2, 0.5), "facts.neoplasia_concern.missing": 0.0})
    table = tornado(full, "sent", policy="urgent", parameters=[path], n=40_000, seed=2, rule_book=only)
    row = table.iloc[0]
    assert row[["base", "at_lower", "at_upper", "swing"]].tolist() == pytest.approx([30, 20, 50, 30], abs=1)
    # The same random numbers: whoever is sent at the lower end is sent at the upper end, so that the swing is
    # the share of cases between, whose standard error is that of a share of 0.3 in 40,000.
    assert row["swing_error"] == pytest.approx(100 * 1.96 * np.sqrt(0.3 * 0.7 / 40_000), rel=0.02)


def test_a_parameter_without_a_range_is_left_out_and_counted():
    still = PROGRAMME.replace({"readers.anchoring": Parameter(1.0, 1.0, 1.0)})
    table = tornado(still, parameters=["readers.anchoring", "sought.share"], n=500, seed=1)
    assert table["parameter"].tolist() == ["sought.share"] and table.attrs["fixed"] == 1


def test_what_no_measure_reads_swings_by_exactly_0():
    unread = ["sought.share", "facts.specialty.shares.psychiatry", "facts.imaging_available.share"]
    unread = [path for path in unread if path in PROGRAMME.parameters]
    table = tornado(PROGRAMME, ["found", "sent", "net_benefit"], parameters=unread, n=2_000, seed=1)
    assert len(table) == 3 * len(unread) >= 6
    assert (table[["swing", "swing_error"]] == 0).all(axis=None)


def test_the_error_of_a_swing_is_that_of_repeated_simulation():
    path = "outcomes.treatment_if_same"
    runs = pd.concat(
        tornado(PROGRAMME, ["treatment_changed", "opinions_per_change"], parameters=[path], n=1_500, seed=s)
        for s in range(24)
    )
    for _, rows in runs.groupby("measure"):
        assert rows["swing"].std() * 1.96 == pytest.approx(rows["swing_error"].mean(), rel=0.45)


def test_draws_equal_the_trade_off_of_their_own_cohort(drawn):
    third = dict(drawn_scenarios(PROGRAMME, draw_parameters(PROGRAMME, 3, seed=4), seed=4))[3]
    cohort = simulate(third, 3_000, seed=4)
    table = tradeoff(cohort, ["urgent", "recommended", "optional"]).set_index("policy")
    for name in set(MEASURES) - {"diagnosis_changed", "treatment_changed"}:
        wide = drawn[(drawn["draw"] == 3) & (drawn["measure"] == name)].set_index("strategy")["value"]
        for strategy in ("urgent", "recommended", "optional", "none", "oracle", "all"):
            # undecided cases are not sent: the value of the trade-off
            assert wide[strategy] == pytest.approx(table.loc[strategy, name], abs=1e-9, nan_ok=True)
        if name in ("sent", "found", "overuse"):  # and all sent: its high
            high = table.loc["urgent", f"{name}_high"]
            assert wide["urgent or undecided"] == pytest.approx(high, abs=1e-9)
    sought = cohort[cohort["sought"]]
    for name in ("diagnosis_changed", "treatment_changed"):
        counted = one(drawn, draw=3, measure=name, strategy="sought").item()
        assert counted == pytest.approx(100 * sought[name].mean())


def test_what_holds_in_every_draw(drawn):
    wide = drawn.pivot(index=["strategy", "draw"], columns="measure", values="value")
    whole = wide.xs("all")["found"]
    for strategy, rows in wide.groupby(level="strategy"):
        rows = rows.droplevel("strategy")
        np.testing.assert_allclose(rows["found"] + rows["overuse"], rows["sent"], err_msg=strategy)
        np.testing.assert_allclose(rows["found"] + rows["underuse"], whole, err_msg=strategy)
    sent = wide["sent"].unstack("strategy")
    chain = ["urgent", "recommended", "optional"]
    assert (sent[chain].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    for level in chain:
        assert (sent[f"{level} or undecided"] >= sent[level]).all()


def test_the_table_is_tidy_and_complete(drawn):
    assert list(drawn.columns) == ["strategy", "draw", "measure", "value", "base"]
    assert (
        len(drawn) == 10 * 40 * len(MEASURES) and not drawn.duplicated(["strategy", "draw", "measure"]).any()
    )
    base = tradeoff(simulate(PROGRAMME, 3_000, seed=4), ["urgent"]).set_index("policy").loc["urgent", "found"]
    rows = drawn[(drawn["strategy"] == "urgent") & (drawn["measure"] == "found")]
    assert rows["base"].tolist() == pytest.approx([base] * 40)


def test_the_same_seed_gives_the_same_draws_and_a_longer_run_begins_with_a_shorter_one(drawn):
    again = propagate(PROGRAMME, 6, 3_000, seed=4)
    first = drawn[drawn["draw"] <= 6].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, first)
    assert not propagate(PROGRAMME, 6, 3_000, seed=5)["value"].equals(first["value"])


def test_large_cohorts_in_parts_give_the_same_result(monkeypatch):
    asked = dict(draws=3, n=2_000, seed=1, policies=["recommended"])
    whole = propagate(PROGRAMME, **asked)
    monkeypatch.setattr(results.evaluate, "__defaults__", (700,))
    pd.testing.assert_frame_equal(propagate(PROGRAMME, **asked), whole)


def test_other_exchange_rates_need_no_further_run(drawn):
    rates = net_benefits(drawn, [0.1, 0.5])
    at = rates[rates["exchange_rate"] == 0.1].set_index(["strategy", "draw"])[["value", "base"]]
    was = drawn[drawn["measure"] == "net_benefit"].set_index(["strategy", "draw"])[["value", "base"]]
    pd.testing.assert_frame_equal(at.sort_index(), was.sort_index(), check_names=False)
    found, overuse = (one(drawn, draw=2, strategy="urgent", measure=m).item() for m in ("found", "overuse"))
    half = one(rates, draw=2, strategy="urgent", exchange_rate=0.5).item()
    assert half == pytest.approx(found - 0.5 * overuse)


def test_bands_are_numpy_quantiles(drawn):
    table = bands(drawn).set_index(["strategy", "measure"])
    values = one(drawn, strategy="recommended", measure="found")
    row = table.loc[("recommended", "found")]
    wanted = np.quantile(values, [0.025, 0.25, 0.5, 0.75, 0.975])
    assert row[["lower", "lower_half", "median", "upper_half", "upper"]].tolist() == pytest.approx(
        list(wanted)
    )
    assert row["draws"] == 40 and row["blank"] == 0


def test_bands_count_the_draws_in_which_nothing_was_counted(drawn):
    nobody = bands(drawn).set_index(["strategy", "measure"]).loc[("none", "diagnosis_changed")]
    assert nobody["draws"] == 0 and nobody["blank"] == 40 and np.isnan(nobody["median"])


def test_without_any_spread_the_band_is_the_base():
    still = {path: Parameter(p.value, p.value, p.value) for path, p in PROGRAMME.parameters.items()}
    table = propagate(PROGRAMME.replace(still), 3, 1_000, seed=1, policies=["urgent"])
    pd.testing.assert_series_equal(table["value"], table["base"], check_names=False)


WRONG = [
    # asked for                                             the message names
    (dict(measure="fond"), "'found'"),
    (dict(policy="recomended"), "'recommended'"),
    (dict(parameters=["sought.shares"]), "sought.share"),
]


@pytest.mark.parametrize(("asked", "names"), WRONG)
def test_a_wrong_name_is_answered_with_the_right_one(asked, names):
    with pytest.raises(UnknownNameError, match=names):
        tornado(PROGRAMME, **{"parameters": ["sought.share"]} | asked, n=200, seed=1)


def test_net_benefit_needs_what_it_is_made_of(drawn):
    with pytest.raises(SecondopError, match="needs the measure overuse"):
        net_benefits(drawn[drawn["measure"] == "found"], [0.1])
