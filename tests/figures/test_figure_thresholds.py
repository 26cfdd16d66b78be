"""Net benefit over thresholds and at one: no policy is called best beyond its interval."""

import numpy as np
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.tradeoff import decision_curve, tradeoff, wide
from secondop.figures.style import COLOURS
from tests.figures.seen import hovers, plain, rows, title, trace
from tests.figures.weighed import BOOK, THRESHOLDS, cases, curved, weighed

GREEN, BLUE, GREY = COLOURS["useful"], COLOURS["optional"], COLOURS["no_indication"]
PER = "no-change referrals accepted for one change"


def test_the_curve_draws_every_policy_with_its_band_and_names_it_at_its_line():
    table = curved(cases())
    figure = figures.decision_curve(table)
    for policy, part in wide(table).groupby("policy"):
        line = trace(figure, part["label"].iloc[0])
        assert list(line.y) == pytest.approx(part["net_benefit"].tolist(), rel=1e-4)
        assert list(line.x) == pytest.approx(part["threshold"].tolist(), rel=1e-4)
        if policy == "recommended":
            band = trace(figure, f"{part['label'].iloc[0]}, band")
            upper = part["net_benefit_upper"].tolist()
            assert list(band.y)[: len(part)] == pytest.approx(upper, rel=1e-4)
    assert set(trace(figure, "nobody").y) == {0}
    ticks = [plain(tick) for tick in figure.layout.xaxis.ticktext]
    assert ticks[:3] == ["50 2 %", "20 5 %", "10 9 %"]
    assert figure.layout.xaxis.tickvals[2] == pytest.approx(1 / 11)
    named = [note for note in figure.layout.annotations if note.text == "a clinical indication"]
    low, high = figure.layout.xaxis.range
    assert named and all(low <= note.x <= high for note in named)  # a logarithm, as the axis takes it
    assert title(figure).startswith("No policy is clearly best at the thresholds shown")  # of 200 cases


OVERLAP = "; elsewhere bands overlap"
CURVES = [
    # at 10, 2 and 0.5 accepted referrals: everybody, with its interval   the title tells
    ([(9, 8, 10), (5, 4, 6), (1, 0.5, 2)], f"referring everybody at 0.5 to 10 {PER} "),
    ([(9, 8, 10), (5, -1, 6), (1, 0.5, 2)], f"referring everybody at 10, everybody at 0.5 {PER}{OVERLAP}"),
    ([(9, 8, 10), (5, -1, 6), (1, -1, 2)], f"referring everybody at 10 {PER}{OVERLAP}"),
    ([(9, 8, 10), (5, -1, 6), (-9, -9, -8)], f"everybody at 10, nobody at 0.5 {PER}{OVERLAP}"),
    ([(9, 8, 10), (5, 4, 6), (-9, -9, -8)], f"everybody at 2.0 to 10, nobody at 0.5 {PER} "),
    ([(9, -8, 10), (5, -4, 6), (-9, -9, -8)], f"Clearly best: referring nobody at 0.5 {PER}{OVERLAP}"),
    ([(9, -8, 10), (5, -4, 6), (1, -1, 2)], "No policy is clearly best at the thresholds shown"),
]


@pytest.mark.parametrize(("everybody", "told"), CURVES)
def test_the_title_of_the_curve_says_who_is_best_only_where_bands_are_apart(everybody, told):
    table = curved(cases(), thresholds=[1 / 11, 1 / 3, 2 / 3])
    table = table[table["sort"].isin(["none", "all"])].copy()
    at = (table["sort"] == "all") & (table["measure"] == "net_benefit")
    table.loc[at, ["value", "lower", "upper"]] = everybody
    assert told in title(figures.decision_curve(table))


def test_a_curve_of_one_threshold_is_refused_as_it_would_be_empty():
    with pytest.raises(SecondopError, match="this table has one: give two or more, or draw net_benefit"):
        figures.decision_curve(curved(cases(), thresholds=[0.1]))


def test_who_is_best_at_the_last_threshold_is_not_called_best_beyond_it():
    table = curved(cases(), thresholds=[1 / 11, 1 / 3, 1 / 2])
    table = table[table["sort"].isin(["none", "all", "own"]) | (table["policy"] == "recommended")].copy()
    at = (table["policy"] == "recommended") & (table["measure"] == "net_benefit")
    table.loc[at, ["value", "lower", "upper"]] = [(1, -90, 90), (88, 87, 90), (88, 87, 90)]
    said = title(figures.decision_curve(table))
    assert f"all with a clinical indication at 1.0 to 2.0 {PER}" in said
    table.loc[at, ["value", "lower", "upper"]] = [(88, 87, 90), (1, -90, 90), (1, -90, 90)]
    said = title(figures.decision_curve(table))
    assert f"all with a clinical indication at 10 {PER}" in said


def test_no_policy_is_called_best_where_unknown_outcomes_leave_it_open():
    unknown = cases(unknown=20)
    assert "No policy is clearly best" in title(figures.decision_curve(curved(unknown)))
    figure = figures.net_benefit(weighed(unknown, threshold=1 / 6))
    assert "while outcomes are unknown" in title(figure)
    assert GREEN not in trace(figure, "known").marker.color
    assert BLUE in trace(figure, "missing").marker.pattern.fgcolor
    sure = figures.net_benefit(weighed(unknown, ["urgent"], threshold=0.001))  # its bounds leave no doubt
    assert "referring everybody has the highest net benefit" in title(sure)
    assert trace(sure, "missing").marker.pattern.fgcolor[0] == GREEN


def test_an_estimate_is_called_one_and_its_brackets_name_unknown_outcomes():
    asked = {"method": "doubly_robust", "given": []}
    curve, net = (make(cases(unknown=20), **asked) for make in (curved, weighed))
    for figure in (figures.decision_curve(curve), figures.net_benefit(net), figures.yield_above_chance(net)):
        assert title(figure).startswith("Estimated: ")
    assert "interval of the estimate" in title(figures.net_benefit(net))
    for figure in (figures.decision_curve(curve), figures.net_benefit(net)):
        assert any("missing information and unknown outcomes could make" in text for text in hovers(figure))


def test_of_one_cluster_every_policy_is_in_a_tie():
    frame = cases()
    wards = frame.assign(ward=np.where(frame["sex"] == "male", -1, frame.index % 7))  # of men a single one
    asked = {"outcome": "changed", "rule_book": BOOK, "cluster": "ward", "by": "sex"}
    net, curve = (make(wards, **asked).query("group == 'male'") for make in (tradeoff, decision_curve))
    for figure in (figures.net_benefit(net), figures.decision_curve(curve)):
        assert "All cases are of one cluster, so there are no intervals" in title(figure)
    assert "No policy is clearly best" in title(figures.decision_curve(curve))
    assert sorted(set(trace(figures.net_benefit(net), "known").marker.color)) == sorted([GREEN, BLUE])
    others = len(figures.net_benefit(net).layout.meta["table"]["rows"]) - 1
    assert f"in a tie with {others} others, also referring nobody" in title(figures.net_benefit(net))


def test_errors_corrected_less_introduced_have_a_curve_in_their_own_words():
    frame = cases().rename(columns={"changed": "error_corrected"}).assign(error_introduced=False)
    figure = figures.decision_curve(decision_curve(frame, outcome="net_corrected", rule_book=BOOK))
    words = "referrals without a correction accepted for one error corrected"
    assert plain(figure.layout.xaxis.title.text).startswith(words) and words in rows(figure)[0]


TIES = [
    # net benefit with its interval: recommended, everybody    the title tells, and the colours of the two
    ((5, 4, 6), (3, 2, 3.5), "has the highest net benefit: 5.0 per 100", (GREEN, GREY)),
    ((5, 3, 6), (3, 2, 3.5), "the highest net benefit, in a tie with 1 other", (GREEN, BLUE)),
    ((1.9, -10, 12), (1, 0.5, 1.5), "in a tie with 2 others, also referring nobody", (GREEN, BLUE)),
]


@pytest.mark.parametrize(("book", "everybody", "told", "colours"), TIES)
def test_the_highest_net_benefit_is_claimed_only_where_no_other_line_reaches_as_high(
    book, everybody, told, colours
):
    table = weighed(cases(), ["recommended"]).set_index(["sort", "measure"])
    for sort, numbers in (("level", book), ("all", everybody)):
        table.loc[(sort, "net_benefit"), ["value", "lower", "upper"]] = numbers
    figure = figures.net_benefit(table.reset_index())
    assert told in title(figure)
    assert tuple(trace(figure, "known").marker.color[:2]) == colours


@pytest.fixture(scope="module")
def moved():
    table = weighed(cases(), ["urgent", "recommended"], THRESHOLDS)
    return wide(table), figures.net_benefit(table)


def test_the_slider_has_a_step_for_every_threshold_on_both_scales_and_starts_at_the_one_shown(moved):
    _, figure = moved
    (slider,) = figure.layout.sliders
    assert [step.label for step in slider.steps] == ["20:1 = 5 %", "10:1 = 9 %", "2:1 = 33 %", "1:1 = 50 %"]
    assert slider.active == figure.layout.meta["start"] == THRESHOLDS.index(1 / 11)
    shown = slider.steps[slider.active].args
    assert list(figure.data[0].x) == list(shown[0]["x"][0])
    assert figure.layout.title.text == shown[1]["title.text"]
    assert not figures.net_benefit(weighed(cases())).layout.sliders  # one threshold needs none


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_each_step_ranks_bars_labels_and_values_by_the_net_benefit_at_its_threshold(moved, threshold):
    table, figure = moved
    real = table[(table["threshold"] == threshold) & (table["sort"] != "perfect foresight")]
    real = real.sort_values("net_benefit", ascending=False, kind="stable")
    everybody = real.set_index("policy").loc["all"]
    words = {"all": "Everybody", "none": "Nobody", "urgent": "An urgent indication"}
    words |= {"recommended": "A clinical indication"}
    for layout in (figure.layout.to_plotly_json(), figure.layout.meta["narrow"]):
        data, said, traces = layout["sliders"][0]["steps"][THRESHOLDS.index(threshold)]["args"]
        assert list(traces) == [0, 1, 2, 3, 4]
        labels = [note["text"] for note in layout["annotations"]]
        for i, (policy, value) in enumerate(zip(real["policy"], real["net_benefit"], strict=True)):
            label, shown = said[f"annotations[{i}].text"].split(", "), labels[i].split(", ")
            assert label[0] == words[policy] and shown[0] in words.values()
            sent = real["referral_rate"].iloc[i]
            assert label[1] == f"{sent:.0f} referred"
            assert float(said[f"annotations[{4 + i}].text"].replace("−", "-")) == pytest.approx(
                value, abs=0.051
            )
    bars, hatched, interval, chance, nobody = data["x"]
    assert set(nobody) == {0}
    assert list(bars) == pytest.approx(real["net_benefit"].tolist(), abs=1e-3)
    assert list(np.add(data["base"][1], hatched)) == pytest.approx(real["net_benefit_max"].tolist(), abs=1e-3)
    reach = np.add(interval, data["error_x.array"][2])
    assert list(reach) == pytest.approx(real["net_benefit_upper"].tolist(), abs=1e-3)
    for policy, sent, at in zip(real["policy"], real["referral_rate"], chance, strict=True):
        if policy in ("none", "all"):
            assert at is None  # they are as many as chance
        else:
            assert at == pytest.approx(sent / 100 * everybody["net_benefit"], abs=1e-3)
    assert data["marker.color"][0][0] == GREEN
    assert [row[0].lower() for row in data["customdata"][0]] == real["label"].tolist()
    low, high = figure.layout.xaxis.range
    assert all(low <= x <= high for marks in (bars, interval, chance) for x in marks if x is not None)
    accepted = f"{1 / threshold - 1:.0f} no-change referral{'s' * (threshold < 0.5)}"
    best = f"referring {real['label'].iloc[0]} has the highest net benefit"
    told = f"With {accepted} accepted for one change (threshold {100 * threshold:.2g} %), {best}"
    assert plain(said["title.text"]).startswith(told)
