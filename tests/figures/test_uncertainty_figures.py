"""The figures of what may be wrong: what they draw, and what they say."""

import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from tests.figures.seen import notes, plain, title

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
    fig = figures.tornado(SWINGS)
    drawn = {trace.name: trace for trace in fig.data}
    lower, upper = drawn["Assumed, at its lower end"], drawn["Assumed, at its upper end"]
    assert list(lower.base) == [33, 33] and list(lower.x) == [-2, 0] and list(upper.x) == [3, 0]
    assert list(lower.y) == list(upper.y)
    fitted = drawn["Fitted to published figures, at its lower end"]
    assert list(fitted.x) == [1] and lower.y[0] > fitted.y[0] > lower.y[1]
    assert [line.x0 for line in fig.layout.shapes] == [33]  # the base is drawn


def test_assumed_and_cited_parameters_are_told_apart_by_colour_and_by_pattern():
    drawn = {trace.name: trace.marker for trace in figures.tornado(SWINGS).data}
    upper = [
        drawn[f"{name}, at its upper end"] for name in ("Assumed", "Fitted to published figures", "Cited")
    ]
    assert len({marker.color for marker in upper}) == 3
    assert [bool(marker.pattern.shape) for marker in upper] == [True, False, False]


def test_the_tornado_says_what_it_found_and_what_it_left_out():
    fig = figures.tornado(SWINGS, most=2)
    said = title(fig)
    assert said.startswith("“Share of a” moves “true positive” most: 31.0 to 36.0 per 100, 33.0 as stated")
    assert "10,000 simulated cases a bar, policy “recommended”." in said
    assert said.endswith("by up to ±0.3. 2 more swing by 0.5 at most. 2 do not vary.")
    assert notes(fig) == ["share of a, 0.2 to 0.5", "first right, 0.86 to 0.88"]
    assert plain(fig.data[0].hovertext[0]) == (
        "Share of a is assumed: 0.3. At 0.2, the lower end of its range, the result is 31.00 per 100 instead "
        "of 33.00. The swing is 5.00, give or take 0.30 by chance in simulating."
    )


UNITS = [
    # measure             axis                                                                 after a number
    ("ppv", "positive predictive value, per cent of those referred", "33.0 % as stated"),
    ("nnr", "number needed to refer, referrals for one change", "33.0 as stated"),
    (
        "error_corrected",
        "wrong first opinions put right, among those referred, per 100 cases",
        "33.0 per 100",
    ),
    ("diagnosis_changed", "diagnosis changed, per 100 opinions", "33.0 per 100"),
]


@pytest.mark.parametrize(("measure", "axis", "said"), UNITS)
def test_every_measure_is_named_with_its_unit(measure, axis, said):
    fig = figures.bands(BANDS.assign(measure=measure))
    assert plain(fig.layout.xaxis.title.text) == axis and said in title(fig)


def test_swings_that_chance_could_turn_around_are_a_tie():
    fig = figures.tornado(SWINGS.assign(swing_error=[1.6, 1.5, 0.1, 0.1]))
    assert title(fig).startswith(
        "“Share of a” moves “true positive” most, in a tie with 1 more: 31.0 to 36.0"
    )


def test_a_tornado_in_which_nothing_moves_says_so():
    fig = figures.tornado(SWINGS.tail(1))
    assert title(fig).startswith("None of these parameters moves “true positive” from 33.0 per 100 10,000")


def test_bands_draw_the_stated_value_half_and_95_percent_of_the_draws():
    fig = figures.bands(BANDS)
    drawn = {trace.name: trace for trace in fig.data}
    assert list(drawn["recommended lower"].x) == [31, 36] and list(drawn["recommended lower_half"].x) == [
        32,
        34,
    ]
    assert list(drawn["as stated"].x) == [0, 33, 37, 39] and list(drawn["median"].x) == [0, 33.5, 37.2, 39]
    looks = {
        name: drawn[f"{name} lower"].line.color
        for name in ("recommended", "recommended if missing were yes", "all")
    }
    assert len(set(looks.values())) == 3 and looks["recommended if missing were yes"].startswith("rgba")
    assert notes(fig) == ["nobody", "recommended", "recommended if missing were yes", "everybody"]


def test_the_bands_say_which_policy_is_least_certain_and_the_hover_reads_as_a_sentence():
    fig = figures.bands(BANDS)
    assert title(fig).startswith(
        "“Recommended” is least certain of the rule book's policies: 33.0 per 100 as stated, 31.0 to 36.0 in "
        "95 % of draws. Less certain still: everybody 10,000 simulated cases in each of 200 draws"
    )
    assert plain(fig.data[-1].hovertext[1]) == (
        "“Recommended”: 33.00 true positives: referred, changes, per 100 cases, in the scenario as stated. "
        "In 95 % of 200 draws of all parameters between 31.00 and 36.00, in half of them between 32.00 and "
        "34.00."
    )


def test_the_least_certain_has_the_widest_band_and_a_tie_is_called_one():
    ruled = BANDS[BANDS["policy"].str.startswith("recommended")]
    assert title(figures.bands(ruled)).startswith("“Recommended” is least certain: 33.0")
    tied = ruled.assign(lower=[31.0, 31.3], upper=36.0)  # of 200 draws, no width is sure to a tenth
    assert title(figures.bands(tied)).startswith("“Recommended” is least certain, in a tie with 1 more: 33.0")
    many = tied.assign(draws=20_000)
    assert title(figures.bands(many)).startswith("“Recommended” is least certain: 33.0")


@pytest.mark.parametrize(("draw", "table"), [(figures.tornado, SWINGS), (figures.bands, BANDS)])
def test_one_measure_at_a_time(draw, table):
    two = pd.concat([table, table.assign(measure="referral_rate")])
    with pytest.raises(
        SecondopError, match=r"draws one measure, and the table holds 2: true_positive, referral_rate"
    ):
        draw(two)
    with pytest.raises(SecondopError, match="the table holds 0"):
        draw(table.head(0))


def test_bands_of_nothing_counted_are_refused():
    with pytest.raises(SecondopError, match="Nothing was counted for true_positive in any draw"):
        figures.bands(BANDS.tail(1))
