"""The forest tells fitted, predicted and not comparable apart, and says each in a sentence."""

import re

import numpy as np
import pandas as pd
import pytest

from secondop.evaluation.comparison import compare
from secondop.evaluation.published import published_rates
from secondop.figures.forest import published
from tests.figures.seen import title

# 1,000 second opinions: 10 % change the diagnosis, 37.4 % the treatment, never both; 84 of 100 are right.
CASES = pd.DataFrame({"sought": True, "diagnosis_changed": np.arange(1000) < 100}, index=range(1000))
CASES["treatment_changed"] = np.arange(1000) >= 626
CASES["second_right"] = np.arange(1000) >= 16
CASES.attrs["simulated"] = True


@pytest.fixture(scope="module")
def table():
    return compare(CASES, fitted_to=["meyer_dx", "meyer_tx", "meyer_both"])


@pytest.fixture(scope="module")
def traces(table):
    return {trace.name: trace for trace in published(table).data}


def test_every_verdict_has_its_own_trace_symbol_and_colour_or_fill(traces):
    looks = {(trace.marker.symbol, trace.marker.color) for trace in traces.values()}
    assert len(looks) == len(traces)
    assert traces["Simulated, fitted"].marker.symbol.endswith("open")
    assert not traces["Simulated, outside"].marker.symbol.endswith("open")


def test_what_is_not_comparable_is_drawn_without_the_cohort(table, traces):
    simulated = sum(len(trace.x) for name, trace in traces.items() if name.startswith("Simulated"))
    alike = (table["verdict"] != "not comparable").sum()
    assert simulated == alike == len(traces["Published"].x)
    lenza = [text.startswith("Lenza") for text in traces["Published, not comparable"].hovertext].index(True)
    assert traces["Published, not comparable"].x[lenza] == pytest.approx(100 * 290 / 485)
    assert "Simulated:" not in " ".join(traces["Published, not comparable"].hovertext)


def test_points_and_intervals_are_those_of_the_table_in_per_cent(table, traces):
    rows, trace = table[table["verdict"] == "fitted"], traces["Simulated, fitted"]
    assert list(trace.x) == pytest.approx((rows["cohort_rate"] * 100).to_list())
    assert list(np.add(trace.x, trace.error_x.array)) == pytest.approx((rows["cohort_upper"] * 100).to_list())
    assert list(trace.x - trace.error_x.arrayminus) == pytest.approx((rows["cohort_lower"] * 100).to_list())


def test_hover_reads_as_a_sentence_with_both_denominators(traces):
    hover = " ".join(traces["Simulated, outside"].hovertext).replace("<br>", " ")
    assert (
        "French online network 2021: diagnosis or treatment changed in 32.3 % (30.1 to 34.7 %) of 1,552 "
        "second opinions obtained. Simulated: 47.4 % (44.3 to 50.5 %) of 1,000 cases that sought an opinion."
    ) in hover


def test_outcomes_are_named_in_words(table, traces):
    lines = " ".join(note.text for note in published(table).layout.annotations).replace("<br>", " ")
    assert "Diagnosis or treatment changed, of 1,552 second opinions obtained (French online network" in lines
    hover = " ".join(traces["Simulated, fitted"].hovertext).replace("<br>", " ")
    assert "Meyer 2015: diagnosis and treatment changed in 10.6 %" in hover


def test_the_title_counts_what_could_disagree_and_not_what_was_fitted(table):
    said = title(published(table))
    verdicts = table["verdict"].value_counts()
    checks = verdicts[verdicts.index.isin(["outside", "within", "undetermined"])].sum()
    assert f"misses {verdicts['outside']} of the {checks} published rates" in said
    assert "4 more were fitted and prove nothing" in said


def test_a_single_rate_that_can_disagree_is_called_the_only_one(table):
    one = table[table["verdict"].isin(["fitted", "outside"])]
    assert "The cohort misses the only published rate that can disagree" in title(published(one))


def test_nothing_to_check_is_said_and_not_called_agreement():
    rates = published_rates().query("id == 'meyer_dx'")
    figure = published(compare(CASES, rates, fitted_to=["meyer_dx"]))
    assert "No published rate here can disagree" in title(figure)


@pytest.mark.parametrize("many", [1, 2])
def test_agreement_is_not_told_where_every_verdict_is_open(table, many):
    one = table[table["verdict"] == "outside"].head(1).assign(verdict="undetermined")
    told = {1: "the only published rate", 2: "any of the 2 published rates"}[many]
    said = title(published(pd.concat([one] * many, ignore_index=True)))
    assert f"Whether the cohort disagrees with {told} that can disagree is undetermined" in said


def test_a_rate_with_unknown_answers_has_an_interval_and_no_point():
    cases = CASES.astype("boolean")
    cases.loc[:99, "diagnosis_changed"] = pd.NA
    rates = published_rates().query("id == 'meyer_dx'")
    row = compare(cases, rates, fitted_to=()).iloc[0]
    point = published(compare(cases, rates, fitted_to=())).data[1]
    assert list(point.marker.size) == [0]
    assert point.x[0] + point.error_x.array[0] == pytest.approx(row["cohort_upper"] * 100)


def test_names_that_look_like_html_are_shown_as_text():
    rates = published_rates().query("id == 'meyer_dx'").assign(study="<b>x</b>")
    figure = published(compare(CASES, rates, fitted_to=()))
    text = " ".join(note.text for note in figure.layout.annotations) + figure.data[0].hovertext[0]
    assert "<b>x" not in text and "&lt;b&gt;x" in text


def test_lines_are_short_enough_for_a_phone(table):
    figure = published(table)
    lines = [line for note in figure.layout.annotations for line in note.text.split("<br>")]
    assert max(map(len, lines)) <= 60 and len(lines) > 20
    title = re.sub("<(?!br)[^>]*>", "", figure.layout.title.text).split("<br>")
    assert max(map(len, title)) <= 56
