"""The signal: recomputed from the anchors, nothing at signal 0, and lifts beside published ones."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from secondop.cohorts.calibrate import calibrate, recentred
from secondop.cohorts.scenario_file import load_scenario
from secondop.cohorts.simulate import simulate
from secondop.datafiles import data_path
from secondop.errors import UnknownNameError
from secondop.evaluation.knowledge import ANCHORS, TRIAGES, triage_lifts, yield_range
from secondop.evaluation.published import published_contrasts
from secondop.guideline.contrasts import DOUBT
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from tests.kit import stored_table

PROGRAMME = load_scenario("programme")


def numbers(table, signal, contrasts, policy="recommended"):
    rows = table.query("signal == @signal and contrasts == @contrasts and policy == @policy")
    return rows.set_index("measure")[["value", "lower", "upper"]]


def test_a_range_is_what_calibrating_by_hand_to_the_anchors_of_the_data_gives():
    table = yield_range(PROGRAMME, ["recommended"], signals=[0.5], anchors=["high"], n=20_000, seed=4)
    anchors = pd.read_csv(data_path("contrast_anchors.csv"))
    scenario = calibrate(PROGRAMME, contrasts=dict(zip(anchors["effect"], anchors["high"], strict=True)))
    cases = simulate(recentred(scenario.replace({"signal": 0.5})), 20_000, seed=4, engine="polars")
    levels = assess(cases, RULE_BOOK)["recommendation"].cast(pl.String)
    sent = levels.is_in(["recommended", "urgent"]).to_numpy()
    changed = (cases["diagnosis_changed"] | cases["treatment_changed"]).to_numpy()
    s, c, found = sent.mean(), changed.mean(), (sent & changed).mean()
    by_hand = {"referral_rate": s, "true_positive": found, "yield_above_chance": found - s * c}
    by_hand["yield_share"] = (found - s * c) / (min(s, c) - s * c)
    rows = numbers(table, 0.5, "high")
    assert rows["value"].to_dict() == pytest.approx({name: 100 * x for name, x in by_hand.items()})
    assert (rows["lower"] < rows["value"]).all() and (rows["value"] < rows["upper"]).all()


def test_a_range_says_what_it_is_of_and_an_anchor_that_is_none_is_refused():
    table = yield_range("surgical", ["all", "urgent"], signals=[1], anchors=["low"], n=500, seed=1)
    assert list(table)[:7] == ["signal", "contrasts", "policy", "measure", "value", "lower", "upper"]
    assert set(table["policy"]) == {"all", "urgent"} and table.attrs["scenario"] == "surgical"
    with pytest.raises(UnknownNameError, match="anchor"):
        yield_range("programme", anchors=["lowest"], n=500, seed=1)


def test_of_errors_corrected_there_is_a_yield_and_no_share():
    table = yield_range(
        "programme",
        ["recommended"],
        signals=[1],
        anchors=["middle"],
        n=5_000,
        seed=1,
        outcome="net_corrected",
    )
    assert table["measure"].tolist() == ["referral_rate", "yield_above_chance"]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["programme", "general", "surgical", "oncology"])
def test_facts_that_know_nothing_find_nothing_above_chance_and_calibrated_ones_do(scenario):
    table = yield_range(scenario, ["recommended"], signals=[0, 1], anchors=["middle"], n=500_000, seed=8)
    assert abs(numbers(table, 0, "middle").loc["yield_above_chance", "value"]) < 0.1
    assert numbers(table, 1, "middle").loc["yield_above_chance", "lower"] > 0


def test_lifts_are_the_published_ranges_and_the_mean_gain_of_whoever_is_chosen():
    cases = simulate("oncology", 20_000, seed=3)
    table = triage_lifts(cases, ["urgent"]).set_index("triage")
    told = published_contrasts().set_index("id")
    for name, triage in TRIAGES.items():
        assert table.loc[triage, ["lower", "upper"]].tolist() == told.loc[name, ["lower", "upper"]].tolist()
        assert table.loc[triage, "source"] == "published" and np.isnan(table.loc[triage, "value"])
    frame = pl.from_pandas(cases)
    typed = simulate("oncology", 20_000, seed=3, engine="polars")
    doubt = typed.select(x=DOUBT.to_expr(lambda fact: pl.col(fact.name)).fill_null(False))["x"]
    net = frame["error_corrected"].cast(int) - frame["error_introduced"].cast(int)
    row = table.loc["Doubt, as the facts have it"]
    assert row["value"] == pytest.approx(net.filter(doubt).mean() / net.mean())
    assert row["referred"] == pytest.approx(100 * doubt.mean())
    assert row["lower"] < row["value"] < row["upper"]
    assert table.index[-1] == "Rule book: all with an urgent indication" and table.attrs["n"] == 20_000


@pytest.mark.parametrize("signals", [[1], [0, 2]], ids=["as calibrated", "all signals"])
@pytest.mark.slow
def test_notebook_06a_prints_what_follows_from_the_anchors(signals):
    table = yield_range(PROGRAMME, ["recommended"], signals=signals, n=400_000, seed=6)
    printed = stored_table("06a", "facts-know-5")
    for at in signals:
        for anchor in ANCHORS:
            names = ["referral_rate", "yield_above_chance", "yield_share"]
            now = numbers(table, at, anchor).loc[names, "value"].tolist()
            assert [*map(float, printed[str(at), anchor])] == pytest.approx(now, abs=0.0501)
