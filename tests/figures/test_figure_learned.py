"""Figures of a learned triage: marks as in the tables, titles as far as the intervals allow."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.figures.style import COLOURS
from tests.figures.seen import notes, rows, title, trace

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


CALIBRATION.attrs["simulated"] = True


def test_calibration_draws_each_group_with_its_interval():
    fig = figures.calibration(CALIBRATION)
    groups, perfect = trace(fig, "groups"), fig.data[0]
    assert list(perfect.x) == list(perfect.y)
    np.testing.assert_allclose(groups.x, [12, 40, 70])
    np.testing.assert_allclose(groups.y, [10, 60, 75])
    np.testing.assert_allclose(groups.y + np.array(groups.error_y.array), [17, 69, 87])
    np.testing.assert_allclose(groups.y - np.array(groups.error_y.arrayminus), [6, 50, 60])
    assert title(fig).startswith(
        "No calibration slope fits these probabilities 300 simulated cases in 3 groups"
    )
    assert "perfect calibration" in notes(fig)


def test_unknown_outcomes_are_a_pale_line_and_no_point():
    fig = figures.calibration(CALIBRATION)
    assert [list(line.y) for line in fig.data if line.line.width == 7] == [[10, 10], [60, 60], [70, 80]]
    assert list(trace(fig, "groups").marker.size) == [9, 9, 0] and "Pale: unknown outcomes." in title(fig)
    assert rows(fig)[2] == {
        "group": "3 of 3", "mean probability, %": "70.0", "came true, %": "70.0 to 80.0",
        "95 % interval": "60.0 to 87.0", "changed": "70 of 100 (70 %)", "not known": "10",
    }  # fmt: skip
    assert "Pale" not in title(figures.calibration(CALIBRATION.head(2)))


PERFECT = ": 1 and 0 are perfect"
SLOPES = [
    # slope, intercept, the title
    (
        (1.1, 0.9, 1.3),
        (0.2, 0.1, 0.3),
        f"Calibration slope 1.10 (0.90 to 1.30), intercept 0.20 (0.10 to 0.30){PERFECT}",
    ),
    (
        (2.5, 1.7, 3.2),
        (0.2, 0.1, 0.3),
        "The probabilities are too near to one another: calibration slope 2.50 (1.70",
    ),
    (
        (0.6, 0.5, 0.7),
        (-0.001, -0.5, 0.1),
        "The probabilities are too far apart: calibration slope 0.60 (0.50 to",
    ),
]


@pytest.mark.parametrize(("slope", "intercept", "said"), SLOPES)
def test_calibration_says_of_the_probabilities_what_the_intervals_allow(slope, intercept, said):
    table = CALIBRATION.copy()
    table.attrs = {"slope": slope, "intercept": intercept}
    text = title(figures.calibration(table))
    assert text.startswith(said) and ("intercept 0.00 (−0.50 to 0.10)" in text) == (intercept[0] < 0)


def volume(level="recommended", sent=50.0, learned=30.0, lower=2.0, upper=8.0, winner="learned triage"):
    counts = {
        "true_positive": (20, 25, learned),
        "false_positive": (sent - 20, sent - 25, sent - learned),
        "false_negative": (20, 15, 40 - learned),
        "net_benefit": (1, 2, 3),
    }
    rows = [(who, name, *three) for who in ("nobody", "all") for name, three in counts.items()]
    table = pd.DataFrame(rows, columns=["unknown", "measure", "random", "rule_book", "learned"])
    table = table.assign(level=level, n=1_000, referral_rate=sent, threshold=0.3, difference=learned - 25)
    table = table.assign(lower=lower, upper=upper, winner=winner)
    table.attrs["simulated"] = True
    return table


def bars(fig, panel=0):
    """From where to where the bars of a panel go, by measure."""
    axis = ["x", "x2", "x3", "x4"][panel]
    return {bar.name: list(zip(bar.base, np.add(bar.base, bar.x), strict=True)) for bar in fig.data
            if bar.type == "bar" and (bar.xaxis or "x") == axis}  # fmt: skip


def test_at_the_same_volume_true_and_false_positives_end_where_the_referrals_end():
    fig = figures.same_volume(volume())
    found, needless, missed = bars(fig).values()
    assert found == [(0, 20), (0, 25), (0, 30)]
    assert needless == [(20, 50), (25, 50), (30, 50)] and missed == [(50, 70), (50, 65), (50, 60)]
    colours = [{*bar.marker.color} for bar in fig.data if bar.type == "bar"]
    assert colours == [{COLOURS[x]} for x in ("useful", "overuse", "underuse") for _ in range(2)]
    assert bars(fig, 1).keys() == bars(fig).keys() and len(bars(fig, 2)) == 0
    assert [note for note in notes(fig) if "of 100, missing" in note] == [
        "recommended: 50 of 100, missing as no", "recommended: 50 of 100, missing as yes",
    ]  # fmt: skip
    assert rows(fig)[1]["referred, something changes"] == "25.0"
    assert rows(fig)[1]["who refers"] == "The rule book: recommended: 50 of 100, missing as no"


def test_the_interval_is_that_of_the_difference_from_the_rule_book():
    lines = [part for part in figures.same_volume(volume()).data if part.error_x.array]
    ends = [(line.x[-1], line.x[-1] + line.error_x.array[-1], line.y[-1]) for line in lines]
    assert ends == [(27, 33, -2)] * 2 and all({*line.x[:-1]} == {None} for line in lines)


TITLES = [
    # the learned triage finds, interval, winner, title
    (30, 2, 8, "learned triage", "the learned triage finds 30.0 changes, the rule book finds 25.0"),
    (20, -8, -2, "rule book", "the rule book finds 25.0 changes, the learned triage finds 20.0"),
    (
        26,
        -2,
        4,
        "neither",
        "the rule book finds 25.0 changes, the learned triage finds 26.0, too close to call",
    ),
    (26, np.nan, np.nan, "", "Unknown outcomes leave open who finds more"),
]


@pytest.mark.parametrize(("learned", "lower", "upper", "winner", "expected"), TITLES)
def test_the_title_names_a_winner_only_where_the_interval_does(learned, lower, upper, winner, expected):
    fig = figures.same_volume(volume(learned=learned, lower=lower, upper=upper, winner=winner))
    assert expected in title(fig) and "1,000 simulated cases" in title(fig)


def test_what_unknown_outcomes_leave_open_is_said_to_be_unknown():
    fig = figures.same_volume(volume(learned=np.nan, lower=np.nan, upper=np.nan, winner=""))
    assert notes(fig).count("unknown") == 2 and rows(fig)[2]["referred, something changes"] == "unknown"
    assert "nan" not in " ".join(notes(fig)) + fig.layout.meta["description"]


def test_the_title_says_when_not_all_comparisons_end_alike():
    both = pd.concat([volume(), volume("urgent", 30.0, 20.0, -8, -2, "rule book")])
    assert "the rule book finds 25.0; 2 of 4 comparisons end so" in title(figures.same_volume(both))


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
    drawn = trace(fig, "mark")
    assert list(drawn.x) == [2.5, 1.0, -0.1] and list(drawn.y) == [0, -1, -2]
    assert list(trace(fig, "interval").error_x.array) == pytest.approx([1, 1, 0.4])
    assert list(drawn.marker.symbol) == ["circle", "circle", "diamond-open"]
    assert drawn.marker.color[1] != drawn.marker.color[2] and "Diamond: tells nothing" in title(fig)
    assert notes(fig) == ["Suspicion", "Drug trials", "Lifestyle change tried", "2.5", "1.0", "−0.1"]
    assert "900 simulated cases, 100 without a known outcome left out" in title(fig)
    known = IMPORTANCE.copy()
    known.attrs = IMPORTANCE.attrs | {"unknown": 0}
    assert "900 simulated cases; each fact" in title(figures.importance(known))
    assert "3 of 4 facts are shown" in title(fig)
    assert rows(fig)[0] == {
        "fact": "Suspicion", "question": "How strong?", "points of AUC lost": "2.50 (2.00 to 3.00)",
    }  # fmt: skip


def test_importance_calls_ties_ties_and_nothing_shown_nothing():
    assert title(figures.importance(IMPORTANCE)).startswith(
        "“Suspicion” matters most: shuffling it costs 2.5 points of AUC, of 12.3 by which"
    )
    tied = IMPORTANCE.assign(upper=[3.0, 2.1, 2.05, 0.1])
    assert title(figures.importance(tied)).startswith(
        "“Suspicion” matters most, in a tie with 2 more: shuffling"
    )
    none = figures.importance(IMPORTANCE.assign(lower=-0.1))
    assert title(none).startswith("Which fact matters most cannot be told: 0 of 4 are shown to matter")
    assert "Diamond" not in title(none)


FIGURES = [
    (figures.calibration, CALIBRATION),
    (figures.same_volume, volume()),
    (figures.importance, IMPORTANCE),
]


@pytest.mark.parametrize(("draw", "table"), FIGURES)
def test_another_table_or_an_empty_one_is_refused_by_name(draw, table):
    with pytest.raises(
        SecondopError, match=f"The figure {draw.__name__} draws a table that {draw.__name__} makes"
    ):
        draw(pd.DataFrame({"a": [1]}))
    with pytest.raises(SecondopError, match="no rows"):
        draw(table.head(0))


def test_importance_never_costs_more_than_there_is_and_no_first_fact_wins_by_chance():
    more = IMPORTANCE.copy()
    more.attrs = IMPORTANCE.attrs | {"auc": 51.0}
    said = title(figures.importance(more))
    assert "shuffling it costs 2.5 points of AUC" in said and "beats guessing" not in said
    doubted = IMPORTANCE.assign(lower=[-1.0, *IMPORTANCE["lower"][1:]])
    assert title(figures.importance(doubted)).startswith("Which fact matters most cannot be told: ")
