"""What if the assumptions are wrong: each bar and band from the table, ties told, gaps hatched."""

import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.figures.style import COLOURS
from tests.figures.seen import notes, plain, rows, title, trace

SWINGS = pd.DataFrame(
    [
        # label               basis      value lower upper  base  at_lower at_upper swing error
        ("share of a",        "assumed", 0.30, 0.20, 0.50, 33.0,  31.0,    36.0,    5.0,  0.30),
        ("first right",       "fitted",  0.87, 0.86, 0.88, 33.0,  34.0,    32.0,    2.0,  0.20),
        ("sought share",      "cited",   0.15, 0.15, 0.17, 33.0,  33.0,    33.5,    0.5,  0.10),
        ("unimportant",       "assumed", 0.10, 0.05, 0.15, 33.0,  33.0,    33.0,    0.0,  0.00),
    ],
    columns=["label", "basis", "value", "lower", "upper", "base", "at_lower", "at_upper", "swing",
             "swing_error"],
).assign(measure="true_positive", policy="recommended", parameter="")  # fmt: skip
SWINGS.attrs = {"n": 10_000, "fixed": 2}

BANDS = pd.DataFrame(
    [
        # policy                    base  lower half  median half  upper draws blank
        ("none",                     0.0,  0.0,  0.0,  0.0,  0.0,  0.0, 200, 0),
        ("recommended",             33.0, 31.0, 32.0, 33.5, 34.0, 36.0, 200, 0),
        ("recommended if missing were yes", 37.0, 36.5, 36.8, 37.2, 37.4, 38.0, 200, 0),
        ("all",                     39.0, 30.0, 37.0, 39.0, 41.0, 48.0, 200, 0),
        ("blank",                   None, None, None, None, None, None, 0, 200),
    ],
    columns=["policy", "base", "lower", "lower_half", "median", "upper_half", "upper", "draws", "blank"],
).assign(measure="true_positive")  # fmt: skip
BANDS.attrs = {"n": 10_000}


def test_each_bar_of_a_tornado_goes_from_the_base_to_an_end():
    figure = figures.tornado(SWINGS)
    lower, upper = trace(figure, "at_lower"), trace(figure, "at_upper")
    assert {*lower.base, *upper.base} == {33} and list(lower.y) == list(upper.y) == [0, -1, -2, -3]
    assert [list(lower.x), list(upper.x)] == [[-2, 1, 0, 0], [3, -1, 0.5, 0]]
    assert [list(line.x) for line in figure.data if line.type == "scatter"] == [
        [33, 33]
    ]  # the scenario as stated


def test_what_is_assumed_fitted_or_cited_has_a_colour_and_no_hatching_of_missing_information():
    drawn = {part.name: part.marker for part in figures.tornado(SWINGS).data}
    upper = drawn["at_upper"].color
    assert len({*upper[:3]}) == 3 and upper[0] == upper[3] and not drawn["at_upper"].pattern.shape
    assert "first right, 0.86 to 0.88 (fitted)" in notes(figures.tornado(SWINGS))


def test_the_tornado_says_what_it_found_and_what_it_left_out():
    figure = figures.tornado(SWINGS, most=2)
    said = title(figure)
    assert said.startswith(
        "“Share of a” moves true positives most: 31.0 to 36.0 per 100 cases, 33.0 as stated"
    )
    assert "10,000 simulated cases a bar, policy “recommended”." in said
    assert said.endswith("by up to ±0.3. Not drawn: 2 that swing less, 0 without a value.")
    labels = ["share of a, 0.2 to 0.5 (assumed)", "first right, 0.86 to 0.88 (fitted)"]
    assert notes(figure) == [*labels, "5.00", "2.00"]
    assert rows(figure)[0] == {
        "parameter": labels[0], "at its lower end": "31.00", "at its upper end": "36.00", "swing": "5.00",
        "by chance": "0.30",
    }  # fmt: skip


UNITS = [
    ("ppv", "positive predictive value", "per cent of those referred"),
    ("nnr", "number needed to refer", "referrals for one change"),
    ("error_corrected", "wrong first opinions put right, among those referred", "per 100 cases"),
    ("diagnosis_changed", "diagnosis changed", "per 100 opinions"),
]


@pytest.mark.parametrize(("measure", "words", "unit"), UNITS)
def test_every_measure_is_named_with_its_unit(measure, words, unit):
    figure = figures.propagate(BANDS.assign(measure=measure))
    assert plain(figure.layout.xaxis.title.text) == f"{words}, {unit}"
    assert f"31.0 to 36.0 {unit} in 95 %" in title(figure)


def test_swings_that_chance_could_turn_around_are_a_tie():
    figure = figures.tornado(SWINGS.assign(swing_error=[1.6, 1.5, 0.1, 0.1]))
    assert title(figure).startswith(
        "“Share of a” moves true positives most, in a tie with 1 more: 31.0 to 36.0"
    )


def test_a_tornado_in_which_nothing_moves_says_so():
    figure = figures.tornado(SWINGS.tail(1))
    assert title(figure).startswith(
        "No parameter is shown to move true positives from 33.0 per 100 cases: chance does"
    )


def test_bands_are_ordered_by_their_median_which_stands_at_the_end():
    figure = figures.propagate(BANDS)
    assert notes(figure)[:4] == ["Everybody", "Recommended if missing were yes", "Recommended", "Nobody"]
    assert notes(figure)[4:8] == ["39.0", "37.2", "33.5", "0.0"]
    assert list(trace(figure, "median").x) == [39, 37.2, 33.5, 0]
    assert list(trace(figure, "base").x) == [39, 37, 33, 0]
    row = rows(figure)[2]
    assert row["95 % of draws"] == "31.0 to 36.0" and row["half of them"] == "32.0 to 34.0"


def test_half_of_the_draws_is_a_bar_95_percent_a_thin_line_and_what_gaps_add_is_hatched():
    solid, hatched = (part for part in figures.propagate(BANDS).data if part.type == "bar")
    assert list(solid.base) == [37, None, 32, 0] and list(solid.x) == [4, None, 2, 0]
    assert list(hatched.base) == [None, 36.8, None, None] and hatched.x[1] == pytest.approx(0.6)
    assert hatched.marker.pattern.shape and not solid.marker.pattern.shape
    assert hatched.marker.line.color[1] == solid.marker.color[2] == COLOURS["recommended"]
    thin = trace(figures.propagate(BANDS), "interval")
    assert list(thin.error_x.array) == [18, pytest.approx(1.5), 5, 0] and list(thin.x) == [30, 36.5, 31, 0]


def test_an_arrow_leads_from_the_known_row_to_that_with_gaps():
    (arrow,) = [
        part
        for part in figures.propagate(BANDS).data
        if part.type == "scatter" and part.mode == "lines+markers"
    ]
    assert (arrow.x, arrow.y) == ((33.5, 37.2), (-2, -1)) and arrow.marker.size[0] == 0


def test_the_title_says_how_far_the_widest_of_the_rule_books_policies_spreads():
    said = title(figures.propagate(BANDS))
    assert said.startswith(
        "True positives of “Recommended”: 31.0 to 36.0 per 100 cases in 95 % of draws, 33.0 as stated; "
        "the widest spread of"
    )
    assert "10,000 simulated cases in each of 200 draws" in said and "count nothing left out" in said
    alone = title(figures.propagate(BANDS[BANDS["policy"] == "all"]))
    assert "“Everybody”: 30.0 to 48.0 per 100 cases in 95 % of draws, 39.0 as stated 10,000" in alone


def test_bands_that_draws_cannot_tell_apart_are_a_tie():
    tied = BANDS[BANDS["policy"].str.startswith("recommended")].assign(lower=[31.0, 31.3], upper=36.0)
    assert "as stated; 1 more of the rule book's policies spread" in title(figures.propagate(tied))
    assert "as stated; the widest spread" in title(figures.propagate(tied.assign(draws=20_000)))


@pytest.mark.parametrize(("draw", "table"), [(figures.tornado, SWINGS), (figures.propagate, BANDS)])
def test_one_measure_at_a_time(draw, table):
    two = pd.concat([table, table.assign(measure="referral_rate")])
    with pytest.raises(
        SecondopError, match=r"draws one measure, and the table holds 2: true_positive, referral"
    ):
        draw(two)
    with pytest.raises(SecondopError, match="no rows"):
        draw(table.head(0))
    with pytest.raises(SecondopError, match="lacks"):
        draw(table.drop(columns="base"))


def test_bands_of_nothing_counted_are_refused():
    with pytest.raises(SecondopError, match="No policy has finite true positives in any draw"):
        figures.propagate(BANDS.tail(1))


def test_swings_no_larger_than_chance_are_not_said_to_move_anything():
    figure = figures.tornado(SWINGS.assign(swing_error=[6.0, 2.5, 0.6, 0.0]))
    assert title(figure).startswith("No parameter is shown to move true positives from 33.0 per 100 cases:")


def test_negative_numbers_have_a_true_minus_and_none_is_a_negative_zero():
    below = SWINGS.assign(base=-0.2, at_lower=-0.3, at_upper=-0.0001, swing=[0.3, 0.1, 0.001, 0])
    bands = BANDS.assign(base=-0.001, lower=-0.5, median=-0.2, upper=0.1, lower_half=-0.3, upper_half=-0.1)
    for figure in (figures.tornado(below), figures.propagate(bands)):
        said = [title(figure), *notes(figure), *map(str, rows(figure))]
        assert not [text for text in said if "-0" in text or "−0.00 " in text] and "−0.3" in str(said)


@pytest.mark.parametrize("none", [float("inf"), float("nan")])
def test_what_has_no_value_at_an_end_is_left_out_and_counted(none):
    part = SWINGS.copy()
    part.loc[0, ["at_upper", "swing", "swing_error"]] = none
    said = title(figures.tornado(part))
    assert said.startswith("“First right” moves") and ", 1 without a value." in said
    with pytest.raises(SecondopError, match="no true positives at any end"):
        figures.tornado(SWINGS.assign(base=none))
    bands = BANDS.copy()
    bands.loc[1, ["upper", "median"]] = none
    figure = figures.propagate(bands)
    assert "Without a number, so not drawn: recommended" in title(figure) and "nan" not in str(rows(figure))
    with pytest.raises(SecondopError, match="no bands to draw"):
        figures.propagate(BANDS.assign(median=none))
