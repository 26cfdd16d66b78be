"""Figures of rates and trade-offs show the table's numbers, with intervals, gaps, and a title that finds."""

import re

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.tradeoff import decision_curve, tradeoff, wide
from secondop.figures import style
from secondop.figures.counted import counted, finding, marks
from secondop.figures.tradeoff_figures import above_chance
from secondop.guideline.second_opinion import RULE_BOOK
from tests.figures.seen import hovers, notes, plain, title, trace

N = 200
THRESHOLDS = [1 / 21, 1 / 11, 1 / 3, 1 / 2]
SHARES = {
    "neoplasia_concern": 0.1,
    "atypical_presentation": 0.3,
    "chemotherapy_proposed": 0.2,
    "wants_second_opinion": 0.5,
    "hereditary_condition_suspected": 0.1,
}
BOOK = RULE_BOOK.only(
    "neoplasia-concern",
    "atypical-or-unresponsive",
    "aggressive-treatment-proposed",
    "patient-wants-one",
    "hereditary-condition-suspected",
).replace("neoplasia-concern", level="urgent")


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {f: np.where(rng.random(N) < 0.1, None, rng.random(N) < share) for f, share in SHARES.items()}
    )
    frame["sex"] = np.where(rng.random(N) < 0.1, None, np.where(rng.random(N) < 0.5, "male", "female"))
    frame["changed"] = rng.random(N) < np.where(frame["atypical_presentation"] == True, 0.6, 0.2)  # noqa: E712
    frame.attrs["simulated"] = True
    return frame


@pytest.fixture(scope="module")
def unknown(cases):
    """The same cases, the outcome of the first twenty not known."""
    return cases.assign(changed=cases["changed"].astype("boolean").mask(cases.index < 20))


def weighed(cases, policies=None, threshold=1 / 11):
    return tradeoff(cases, policies, outcome="changed", threshold=threshold, rule_book=BOOK)


FIGURES = {
    "trade-off": lambda c: figures.tradeoff(weighed(c)),
    "decision curve": lambda c: figures.decision_curve(decision_curve(c, outcome="changed", rule_book=BOOK)),
    "net benefit": lambda c: figures.net_benefit(weighed(c)),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_simulated_is_called_simulated_and_what_is_not_is_not(draw, cases):
    assert f"{N} simulated cases" in title(draw(cases))
    real = cases.copy()
    real.attrs = {}
    assert f"{N} cases" in title(draw(real)) and "simulated" not in title(draw(real))


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_words_are_sentences_that_a_phone_shows_whole_whatever_is_unknown(draw, cases, unknown):
    for figure in (draw(cases), draw(unknown)):
        texts = hovers(figure)
        assert len(texts) >= 3
        assert all(text.endswith(".") and "nan" not in text and "NA" not in text for text in texts)
        texts += [figure.layout.title.text, *(note.text for note in figure.layout.annotations)]
        lines = [re.sub(r"<[^>]*>", "", line) for text in texts for line in text.split("<br>")]
        assert max(map(len, lines)) <= 60


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_figures_draw_a_table_in_which_nothing_happens(draw, cases):
    quiet = cases.assign(**dict.fromkeys(SHARES, False), changed=False)
    assert len(title(draw(quiet))) > 20 and "nan" not in title(draw(quiet))


def test_the_tradeoff_draws_the_ends_chance_the_frontier_and_every_policy_with_intervals(cases):
    table = wide(weighed(cases)).set_index("policy")
    figure, everybody = figures.tradeoff(weighed(cases)), table.loc["all"]
    assert list(trace(figure, "As many at random").x) == [0, everybody["false_positive"]]
    assert list(trace(figure, "As many at random").y) == [0, everybody["true_positive"]]
    front = table[table["frontier"] == 1].sort_values("false_positive")
    assert list(trace(figure, "Efficient frontier").y) == front["true_positive"].tolist()
    drawn = {(x, y) for t in figure.data if t.mode == "markers" for x, y in zip(t.x, t.y, strict=True)}
    assert drawn == set(zip(table["false_positive"], table["true_positive"], strict=True))
    levels, rows = trace(figure, "Levels of the rule book"), table[table["sort"] == "level"]
    assert list(np.add(levels.y, levels.error_y.array)) == pytest.approx(rows["true_positive_upper"].tolist())
    down = levels.x - levels.error_x.arrayminus
    assert list(down) == pytest.approx(rows["false_positive_lower"].tolist())
    assert {"nobody", "everybody", "perfect foresight"} <= set(notes(figure))
    row = table.loc["recommended"]
    chance = row["referral_rate"] * everybody["true_positive"] / 100
    found = f"finds {row['true_positive']:.0f} of the {everybody['true_positive']:.0f} changes in 100 cases, "
    over = f"with {row['false_positive']:.0f} no-change referrals; as many at random find {chance:.0f}"
    above = above_chance(row)
    assert f"{found}{over}{above}" in title(figure)
    assert "How far above chance is as assumed." in title(figure)
    (said,) = (plain(text) for text in levels.hovertext if "a clinical indication" in plain(text))
    assert said.endswith(f"As many at random would find {chance:.1f}{above} there, as assumed.")
    cases.attrs, kept = {}, cases.attrs
    real = figures.tradeoff(weighed(cases))
    cases.attrs = kept
    assert "assumed" not in title(real) and not any("assumed" in said for said in hovers(real))


ABOVE = [
    # value, least, interval        as its title says it
    ((2.6, 2.6, 0.4, 5.0), ": 2.6 above chance, 30 % of the possible"),
    ((2.6, -1.9, -2.5, 6.3), ": 2.6 above chance (−2.5 to 6.3, with missing information)"),
    ((2.6, 2.6, -0.04, 6.3), ": 2.6 above chance (0.0 to 6.3, includes zero)"),
    (
        (2.6, -19.7, -0.4, 5.1),
        ": 2.6 above chance (−0.4 to 5.1, includes zero)",
    ),  # estimated, in wider bounds
    ((-0.5, -0.5, -2.1, 1.2), ": 0.5 below chance (−2.1 to 1.2, includes zero)"),
    ((0.0, 0.0, 0.0, 0.0), ": 0.0 above chance, 30 % of the possible"),
]


@pytest.mark.parametrize(("numbers", "told"), ABOVE)
def test_a_yield_is_called_a_share_of_the_possible_only_where_its_interval_is_above_zero(numbers, told):
    names = [f"yield_above_chance{end}" for end in ("", "_min", "_lower", "_upper")]
    assert above_chance(dict(zip(names, numbers, strict=True)) | {"yield_share": 30.0}) == told


def test_the_frontier_breaks_where_unknown_outcomes_decide_who_is_on_it(cases, unknown):
    front = trace(figures.tradeoff(weighed(unknown)), "Efficient frontier")
    rows = wide(weighed(unknown))
    rows = rows[(rows["sort"] != "perfect foresight") & (rows["frontier"] != 0)]
    assert sum(x is None for x in front.x) == rows["frontier"].isna().sum() > 0
    assert sum(x is not None for x in front.x) == (rows["frontier"] == 1).sum()
    broken = "The frontier breaks where unknown outcomes decide who is on it."
    assert broken in title(figures.tradeoff(weighed(unknown))) and broken not in title(
        figures.tradeoff(weighed(cases))
    )


def test_a_hover_names_unknown_outcomes_beside_missing_information_where_they_widen_bounds(cases, unknown):
    for frame, gaps in ((cases, "(missing information:"), (unknown, "unknown outcomes:")):
        curve = decision_curve(frame, outcome="changed", rule_book=BOOK, method="doubly_robust", given=[])
        table = tradeoff(frame, outcome="changed", rule_book=BOOK, method="doubly_robust", given=[])
        for figure in (figures.decision_curve(curve), figures.net_benefit(table), figures.tradeoff(table)):
            assert any(gaps in plain(text) for text in hovers(figure))
        assert f". Grey: {style.gaps_of(table.attrs)}. Line: 95 % interval" in title(
            figures.net_benefit(table)
        )
    assert "Estimated: referring nobody is best" in title(figures.decision_curve(curve))


def test_of_one_cluster_no_policy_is_called_best(cases):
    wards = cases.assign(ward=np.where(cases["sex"] == "male", -1, cases.index % 7))  # of men a single one
    asked = {"rule_book": BOOK, "cluster": "ward", "by": "sex"}
    tables = [make(wards, outcome="changed", **asked) for make in (tradeoff, decision_curve)]
    net, curve = (table[table["group"] == "male"] for table in tables)
    for figure in (figures.net_benefit(net), figures.decision_curve(curve)):
        assert "all cases are of one cluster, so there are no intervals" in title(figure)


def test_several_thresholds_move_no_point_of_the_tradeoff_and_several_groups_are_refused(cases):
    several = figures.tradeoff(weighed(cases, threshold=THRESHOLDS))
    assert several.to_json() == figures.tradeoff(weighed(cases)).to_json()
    grouped = tradeoff(cases, outcome="changed", by="sex", rule_book=BOOK)
    with pytest.raises(SecondopError, match="tradeoff draws one group, and the table holds 3: female, male"):
        figures.tradeoff(grouped)


def test_unknown_outcomes_are_drawn_half_way_between_their_bounds_and_said_as_a_range(unknown):
    row = wide(weighed(unknown)).set_index("policy").loc["all"]
    figure = figures.tradeoff(weighed(unknown))
    low, high = row["true_positive_min"], row["true_positive_max"]
    assert trace(figure, "Everybody").y[0] == pytest.approx((low + high) / 2)
    assert f"of the {low:.0f} to {high:.0f} changes" in title(figure)
    assert "The outcome is unknown in 20 of 200 cases." in plain(trace(figure, "Everybody").hovertext[0])


def test_of_one_group_unknown_outcomes_are_counted_of_no_other(unknown):
    table = tradeoff(unknown, outcome="changed", by="sex", rule_book=BOOK)
    figure = figures.tradeoff(table[table["group"] == "female"])
    assert "All groups together: The outcome is known for 180 of 200 cases." in title(figure)
    assert len(hovers(figure)) > 3 and not any("outcome is unknown in" in plain(x) for x in hovers(figure))


def test_no_policy_is_called_best_where_unknown_outcomes_leave_it_open(unknown):
    said = "while outcomes are unknown"
    assert "No policy is clearly best" in title(FIGURES["decision curve"](unknown))
    assert said in title(figures.net_benefit(weighed(unknown, threshold=1 / 6)))
    sure = figures.net_benefit(weighed(unknown, ["urgent"], threshold=0.001))  # its bounds leave no doubt
    assert "referring everybody has the highest net benefit" in title(sure)


def test_the_decision_curve_draws_all_and_none_bands_and_who_is_best_where(cases):
    table = decision_curve(cases, outcome="changed", rule_book=BOOK)
    figure, rows = figures.decision_curve(table), wide(table)
    for policy, part in rows.groupby("policy"):
        drawn = trace(figure, part["label"].iloc[0])
        assert list(drawn.y) == part["net_benefit"].tolist() and list(drawn.x) == part["threshold"].tolist()
        if policy == "recommended":
            band = trace(figure, f"{part['label'].iloc[0]}, band")
            assert list(band.y[: len(part)]) == part["net_benefit_upper"].tolist()
    assert set(trace(figure, "nobody").y) == {0}
    assert [plain(tick) for tick in figure.layout.xaxis.ticktext[:3]] == ["50 2 %", "20 5 %", "10 9 %"]
    assert figure.layout.xaxis.tickvals[2] == pytest.approx(1 / 11)
    assert title(figure).startswith("No policy is clearly best at the thresholds shown")  # of 200 cases


PER = "no-change referrals for one change"
CURVES = [
    # at 10, 2 and 0.5 accepted referrals: everybody, with its interval   the title tells
    ([(9, 8, 10), (5, 4, 6), (1, 0.5, 2)], "everybody is best at every threshold shown"),
    (
        [(9, 8, 10), (5, -1, 6), (1, -1, 2)],
        f"everybody is best at 10 or more {PER}; at 2 or fewer, bands overlap",
    ),
    (
        [(9, 8, 10), (5, -1, 6), (-9, -9, -8)],
        "best at 10 or more {}, referring nobody at 0.5 or fewer; between, bands overlap",
    ),
    (
        [(9, 8, 10), (5, 4, 6), (-9, -9, -8)],
        "everybody is best at 2 or more {}, referring nobody at 0.5 or fewer ",
    ),
    ([(9, -8, 10), (5, -4, 6), (-9, -9, -8)], "nobody is best at 0.5 or fewer {}; at more, bands overlap"),
    ([(9, -8, 10), (5, -4, 6), (1, -1, 2)], "No policy is clearly best at the thresholds shown"),
]


@pytest.mark.parametrize(("everybody", "told"), CURVES)
def test_the_title_of_the_curve_says_who_is_best_only_where_bands_are_apart(cases, everybody, told):
    table = decision_curve(cases, outcome="changed", rule_book=BOOK, thresholds=[1 / 11, 1 / 3, 2 / 3])
    table = table[table["sort"].isin(["none", "all"])].copy()
    rows = (table["sort"] == "all") & (table["measure"] == "net_benefit")
    table.loc[rows, ["value", "lower", "upper"]] = everybody
    assert told.format(PER) in title(figures.decision_curve(table))


def test_errors_corrected_less_introduced_have_a_curve_in_their_own_words_and_no_trade_off(cases):
    truth = cases.assign(
        error_corrected=cases["changed"], error_introduced=~cases["changed"] & (cases.index < 9)
    )
    figure = figures.decision_curve(decision_curve(truth, outcome="net_corrected", rule_book=BOOK))
    words = plain(figure.layout.xaxis.title.text)
    assert words.startswith("referrals without a correction accepted for one error corrected")
    assert all("for one error corrected, referring" in plain(said) for said in hovers(figure))
    for draw in (figures.tradeoff, figures.net_benefit):
        with pytest.raises(SecondopError, match="draws true and false positives"):
            draw(tradeoff(truth, outcome="net_corrected", rule_book=BOOK))


TIES = [
    # net benefit with its interval: recommended, everybody        the title tells
    (
        (5, 4, 6),
        (3, 2, 3.5),
        "referring all with a clinical indication has the highest net benefit: 5.0 per 100",
    ),
    ((5, 3, 6), (3, 2, 3.5), "the highest net benefit, in a tie with 1 other: their lines reach as high"),
    ((1.9, -10, 12), (1, 0.5, 1.5), "in a tie with referring nobody and 1 other: their lines reach as high"),
]


@pytest.mark.parametrize(("book", "everybody", "told"), TIES)
def test_the_highest_net_benefit_is_claimed_only_where_no_other_line_reaches_as_high(
    cases, book, everybody, told
):
    table = weighed(cases, ["recommended"]).set_index(["sort", "measure"])
    for sort, numbers in (("level", book), ("all", everybody)):
        table.loc[(sort, "net_benefit"), ["value", "lower", "upper"]] = numbers
    assert told in title(figures.net_benefit(table.reset_index()))


@pytest.fixture(scope="module")
def moved(cases):
    table = weighed(cases, ["urgent", "recommended"], THRESHOLDS)
    return wide(table), figures.net_benefit(table)


def test_the_slider_has_a_step_for_every_threshold_and_starts_at_the_one_shown(moved):
    _, figure = moved
    (slider,) = figure.layout.sliders
    assert [step.label for step in slider.steps] == ["20", "10", "2", "1"]
    assert slider.active == THRESHOLDS.index(1 / 11)
    shown = slider.steps[slider.active].args
    assert list(figure.data[-1].x) == shown[0]["x"][-1]
    assert figure.layout.title.text == shown[1]["title.text"]


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_each_step_moves_every_mark_to_the_net_benefit_at_its_threshold(moved, threshold):
    table, figure = moved
    rows = table[table["threshold"] == threshold].set_index("policy")
    data, layout, traces = figure.layout.sliders[0].steps[THRESHOLDS.index(threshold)].args
    assert list(traces) == [1, 2, 3, 4, 5] and len(data["x"]) == len(data["hovertext"]) == 5
    everybody, missing, interval, chance, policies = data["x"]
    drawn = rows.loc[["urgent", "recommended", "perfect foresight"]]
    assert everybody == pytest.approx([rows.loc["all", "net_benefit"]] * 2, abs=1e-3)
    assert policies == pytest.approx(drawn["net_benefit"].tolist(), abs=1e-3)
    assert missing[:2] == pytest.approx(
        drawn[["net_benefit_min", "net_benefit_max"]].iloc[0].tolist(), abs=1e-3
    )
    assert interval[1::3] == pytest.approx(drawn["net_benefit_upper"].tolist(), abs=1e-3)
    share = drawn["referral_rate"].iloc[:2] / 100
    assert chance[:2] == pytest.approx((share * rows.loc["all", "net_benefit"]).tolist(), abs=1e-3)
    assert chance[2] is None  # no chance beside perfect foresight
    low, high = figure.layout.xaxis.range
    assert all(low <= x <= high for marks in data["x"] for x in marks if x is not None)
    best = rows.drop(index="perfect foresight")["net_benefit"].idxmax()
    accepted = f"{1 / threshold - 1:.0f} no-change referral{'s' * (threshold < 0.5)}"
    trade = f"With {accepted} accepted for one change, "
    best = f"{trade}referring {rows.loc[best, 'label']} has the highest net benefit"
    assert plain(layout["title.text"]).startswith(best)
    said = [plain(text) for text in [*data["hovertext"][4], *data["hovertext"][3][:2]]]
    assert all(text.startswith(trade) and text.endswith("per 100 cases.") for text in said)


def test_one_threshold_needs_no_slider(cases):
    assert not figures.net_benefit(weighed(cases)).layout.sliders


@pytest.fixture(scope="module")
def chosen(cases):
    """What a control of policies by level and count moves over: two levels, one count each."""
    table = wide(weighed(cases, threshold=THRESHOLDS))
    table = table[~table["sort"].isin(["count", "group"])]
    return table.assign(level=table["policy"].where(table["sort"] == "level"), k=1)


def test_the_chosen_policy_is_ringed_and_its_level_numbered(chosen):
    drawn = {mark["name"]: mark for mark in marks(chosen, "urgent", 1, 1 / 11)}
    row = chosen[(chosen["policy"] == "urgent") & (chosen["threshold"] == 1 / 11)].iloc[0]
    assert (drawn["Chosen"]["x"], drawn["Chosen"]["y"]) == ([row["false_positive"]], [row["true_positive"]])
    assert drawn["At least so many"]["text"] == ["1"] and len(drawn["Ends"]["x"]) == 3
    slope = np.subtract(*drawn["Net benefit as high as the best"]["y"][::-1])
    assert slope / np.subtract(*drawn["Net benefit as high as the best"]["x"][::-1]) == pytest.approx(0.1)
    open_ = {mark["name"]: mark for mark in marks(chosen.assign(frontier=np.nan), "urgent", 1, 1 / 11)}
    assert len(drawn["Efficient frontier"]["x"]) > 1 and set(open_["Efficient frontier"]["x"]) == {None}
    names = [trace.name for trace in counted(chosen, "urgent", 1, 1 / 11).data]
    assert names == list(drawn)


def test_the_finding_names_the_best_policy_at_its_threshold_unless_outcomes_leave_it_open(chosen):
    for threshold in THRESHOLDS:
        rows = chosen[(chosen["threshold"] == threshold) & (chosen["sort"] != "perfect foresight")]
        best = rows.loc[rows["net_benefit"].idxmax(), "label"]
        said = finding(chosen, "urgent", 1, threshold)
        assert f"accepted for one change, referring {best} has the highest net benefit" in said
        reach = rows["net_benefit_upper"] >= rows.loc[rows["net_benefit"].idxmax(), "net_benefit_lower"]
        assert ("in a tie with" in said) == (reach.sum() > 1)
    blank = chosen.assign(net_benefit=np.nan, net_benefit_min=-5, net_benefit_max=5)
    assert finding(blank, "urgent", 1, 1 / 11).endswith("is not known while outcomes are unknown")
