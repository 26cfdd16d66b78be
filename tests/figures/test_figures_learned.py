"""Figures of a learned triage: traces as in the tables, titles by the numbers, hover as sentences."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from tests.figures.seen import notes, plain, title, trace

CALIBRATION = pd.DataFrame(
    {
        "group": [1, 2, 3],
        "n": [100, 100, 100],
        "score": [0.12, 0.4, 0.7],
        "changed": [10, 60, 70],
        "unknown": [0, 0, 10],
        "share": [0.1, 0.6, np.nan],
        "min": [0.1, 0.6, 0.7],
        "max": [0.1, 0.6, 0.8],
        "lower": [0.06, 0.5, 0.6],
        "upper": [0.17, 0.69, 0.87],
    }
)


def test_calibration_draws_each_group_with_its_interval():
    CALIBRATION.attrs["simulated"] = True
    fig = figures.calibration(CALIBRATION)
    perfect, groups = fig.data
    assert list(perfect.x) == list(perfect.y)
    np.testing.assert_allclose(groups.x, [12, 40, 70])
    np.testing.assert_allclose(groups.y, [10, 60, 75])
    np.testing.assert_allclose(groups.y + np.array(groups.error_y.array), [17, 69, 87])
    np.testing.assert_allclose(groups.y - np.array(groups.error_y.arrayminus), [6, 50, 60])
    assert title(fig).startswith("No calibration slope fits these probabilities")
    assert "300 simulated cases" in title(fig) and "unknown outcomes included" in title(fig)
    assert plain(groups.hovertext[2]) == (
        "100 cases with a probability of 70.0 % on average: it came true in 70 (and is unknown in 10), which "
        "is 70.0 % (60.0 to 87.0 %)."
    )


SLOPES = [
    # slope            intercept           the title says                      and the note
    ((1.1, 0.9, 1.3), (0.0, -0.1, 0.1), "1.10 (0.90 to 1.30): they may well", "0.00 (−0.10 to 0.10)"),
    ((2.5, 1.7, 3.2), (0.2, 0.1, 0.3), "2.50 (1.70 to 3.20): they are too near", "0.20 (0.10 to 0.30)"),
    ((0.6, 0.5, 0.7), (-0.3, -0.5, -0.1), "0.60 (0.50 to 0.70): they are too far", "−0.30 (−0.50 to −0.10)"),
]


@pytest.mark.parametrize(("slope", "intercept", "verdict", "note"), SLOPES)
def test_calibration_says_of_the_slope_what_its_interval_allows(slope, intercept, verdict, note):
    table = CALIBRATION.copy()
    table.attrs = {"slope": slope, "intercept": intercept}
    said = title(figures.calibration(table))
    assert said.startswith(f"The calibration slope of the probabilities is {verdict}")
    assert f"Calibration intercept {note}; perfect: slope 1, intercept 0." in said


def volume(level="recommended", sent=50.0, learned=30.0, lower=2.0, upper=8.0, winner="learned triage"):
    rows = []
    for unknown in ("nobody", "all"):
        for measure, random, book, own in (
            ("true_positive", 20, 25, learned),
            ("false_positive", sent - 20, sent - 25, sent - learned),
            ("false_negative", 20, 15, 40 - learned),
            ("net_benefit", 1, 2, 3),
        ):
            difference = learned - 25
            rows.append(
                (level, unknown, 1_000, sent, 0.3, measure, random, book, own, difference, lower, upper)
            )
    columns = [
        "level",
        "unknown",
        "n",
        "referral_rate",
        "threshold",
        "measure",
        "random",
        "rule_book",
        "learned",
    ]
    table = pd.DataFrame(rows, columns=[*columns, "difference", "lower", "upper"]).assign(winner=winner)
    table.attrs["simulated"] = True
    return table


def test_at_the_same_volume_true_and_false_positives_end_where_the_referrals_end():
    fig = figures.same_volume(volume())
    found, overuse, missed, interval = fig.data
    np.testing.assert_allclose(found.x, [20, 25, 30] * 2)
    np.testing.assert_allclose(np.add(overuse.base, overuse.x).astype(float), [50.0] * 6)
    np.testing.assert_allclose(np.array(missed.base, float), [50.0] * 6)
    np.testing.assert_allclose(found.x + np.array(missed.x), [40.0] * 6)
    assert list(fig.layout.yaxis.ticktext) == ["at random", "rule book", "learned"] * 2
    np.testing.assert_allclose(interval.x + np.array(interval.error_x.array), [33, 33])  # 25 + 8
    np.testing.assert_allclose(interval.x - np.array(interval.error_x.arrayminus), [27, 27])  # 25 + 2
    assert plain(found.hovertext[1]) == (
        "The rule book refers 50.0 of 100 cases: 25.0 change something, 25.0 change nothing, and "
        "15.0 changes are missed."
    )
    one, other = notes(fig)
    assert "unknown facts refer nobody" in one and "unknown facts refer all they may" in other


TITLES = [
    # the learned triage finds, interval, winner, title
    (30, 2, 8, "learned triage", "the learned triage finds 30.0 changes, the rule book 25.0"),
    (20, -8, -2, "rule book", "the rule book finds 25.0 changes, the learned triage 20.0"),
    (26, -2, 4, "neither", "the rule book finds 25.0 changes, the learned triage 26.0, too close to call"),
    (26, np.nan, np.nan, "", "Unknown outcomes leave open who finds more"),
]


@pytest.mark.parametrize(("learned", "lower", "upper", "winner", "expected"), TITLES)
def test_the_title_names_a_winner_only_where_the_interval_does(learned, lower, upper, winner, expected):
    fig = figures.same_volume(volume(learned=learned, lower=lower, upper=upper, winner=winner))
    assert expected in title(fig) and "1,000 simulated cases" in title(fig)


def test_the_title_says_when_not_all_comparisons_end_alike():
    both = pd.concat([volume(), volume("urgent", 30.0, 20.0, -8, -2, "rule book")])
    assert "the rule book 25.0; 2 of 4 comparisons end so" in title(figures.same_volume(both))


IMPORTANCE = pd.DataFrame(
    {
        "fact": ["suspicion", "drug_trials", "sex", "lifestyle_change_tried"],
        "label": ["suspicion", "drug trials", "sex", "lifestyle change tried"],
        "question": ["How strong?", "How many?", "Which?", "Tried?"],
        "importance": [2.5, 1.0, 0.2, -0.1],
        "lower": [2.0, 0.5, -0.1, -0.3],
        "upper": [3.0, 1.5, 0.5, 0.1],
    }
)
IMPORTANCE.attrs |= {"n": 900, "unknown": 100, "auc": 62.3, "simulated": True}


def test_importance_draws_the_first_facts_and_always_those_that_tell_nothing():
    fig = figures.importance(IMPORTANCE, ["lifestyle_change_tried"], most=2)
    drawn, silent = (trace for trace in fig.data)
    assert list(drawn.y) == ["Drug trials", "Suspicion"] and list(silent.y) == ["Lifestyle change tried"]
    assert list(drawn.x) == [1.0, 2.5]
    np.testing.assert_allclose(drawn.error_x.array, [0.5, 0.5])
    assert silent.name == "tell nothing, by construction"
    assert "“Suspicion” matters most: shuffling it costs 2.5 of the 12.3 points by which" in title(fig)
    tied = IMPORTANCE.assign(upper=[3.0, 2.1, 2.05, 0.1])
    assert "“Suspicion” matters most, in a tie with 2 more: shuffling" in title(figures.importance(tied))
    assert "900 simulated cases, 100 without a known outcome left out" in title(fig)
    assert "3 of 4 facts are shown" in title(fig)
    assert plain(drawn.hovertext[1]) == (
        "“How strong?” If its answers are shuffled among the cases, the learned triage loses 2.50 points "
        "of AUC (2.00 to 3.00)."
    )


def test_second_readings_draw_every_band_with_its_interval_none_and_all_and_say_what_is_assumed():
    counts = {
        "n": 500,
        "errors": 20,
        "referred": [0, 30, 500],
        "true_positive": [0, 12, 20],
        "false_positive": [0, 18, 480],
    }
    ends = {"sensitivity_lower": [0, 0.4, 0.8], "sensitivity_upper": [0.2, 0.8, 1]}
    fig = figures.second_readings(pd.DataFrame({"band": [0, 0.15, 0.5]} | counts | ends))
    drawn = trace(fig, "ambiguous band, narrow to wide")
    np.testing.assert_allclose([drawn.x, drawn.y], [[0, 3.6, 96], [0, 60, 100]])
    assert list(trace(fig, "95 % interval (Wilson)").y) == [20, 80, 100, 80, 40, 0]
    assert list(fig.data[-1].text) == ["none", "all"]
    assert "±0.15 catches 12 of 20 wrong readings for 3.6 second" in title(fig)
    assert "assumed to be right" in title(fig)
