"""Figures of rates and trade-offs show the table's numbers, with intervals, gaps, and a title that finds."""

import re

import numpy as np
import pandas as pd
import pytest

from secondop.errors import SecondopError
from secondop.evaluation.benefit import decision_curve
from secondop.evaluation.rates import attrition, firing_rates, overlap
from secondop.evaluation.rules_value import capacity_curve
from secondop.evaluation.tradeoff import tradeoff
from secondop.figures import firing_figures, tradeoff_figures
from secondop.rules.assess import assess
from secondop.rules.indications import RULE_BOOK

N = 200


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            name: np.where(rng.random(N) < 0.1, None, rng.random(N) < share)
            for name, share in {
                "neoplasia_concern": 0.1,
                "atypical_presentation": 0.3,
                "chemotherapy_proposed": 0.2,
                "wants_second_opinion": 0.5,
                "hereditary_condition_suspected": 0.1,
            }.items()
        }
    )
    frame["sex"] = np.where(rng.random(N) < 0.1, None, np.where(rng.random(N) < 0.5, "male", "female"))
    frame["changed"] = rng.random(N) < np.where(frame["atypical_presentation"] == True, 0.6, 0.2)  # noqa: E712
    frame.attrs["simulated"] = True
    return frame


BOOK = RULE_BOOK.without(
    *(
        rule.name
        for rule in RULE_BOOK
        if rule.name
        not in (
            "neoplasia-concern",
            "atypical-or-unresponsive",
            "aggressive-treatment-proposed",
            "patient-wants-one",
            "hereditary-condition-suspected",
        )
    )
)


@pytest.fixture(scope="module")
def assessed(cases):
    frame = assess(cases, BOOK, verdicts=True)
    frame.attrs["simulated"] = True
    return frame


def plain(text):
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def title(figure):
    return plain(figure.layout.title.text)


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


FIGURES = {
    "firing rates": lambda a: firing_figures.firing_rates(firing_rates(a, rule_book=BOOK)),
    "attrition": lambda a: firing_figures.attrition(attrition(a, rule_book=BOOK)),
    "overlap": lambda a: firing_figures.overlap(overlap(a, rule_book=BOOK)),
    "trade-off": lambda a: tradeoff_figures.tradeoff(tradeoff(a, outcome="changed", rule_book=BOOK)),
    "decision curve": lambda a: tradeoff_figures.decision_curve(
        decision_curve(a, outcome="changed", rule_book=BOOK)
    ),
    "capacity": lambda a: tradeoff_figures.capacity(capacity_curve(a, outcome="changed", rule_book=BOOK)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_simulated_is_called_simulated_and_what_is_not_is_not(assessed, name):
    assert f"{N} simulated cases" in title(FIGURES[name](assessed))
    real = assessed.copy()
    real.attrs = {}
    assert f"{N} cases" in title(FIGURES[name](real)) and "simulated" not in title(FIGURES[name](real))


@pytest.mark.parametrize("name", FIGURES)
def test_every_hover_text_is_a_sentence_that_a_phone_shows_whole(assessed, name):
    texts = [t for trace in FIGURES[name](assessed).data for t in np.atleast_1d(trace.hovertext) if t]
    assert len(texts) > 4
    assert all(text.rstrip().endswith(".") and "nan" not in text and "NA" not in text for text in texts)
    assert max(len(line) for text in texts for line in text.split("<br>")) <= 60


@pytest.mark.parametrize("name", FIGURES)
def test_no_line_of_a_title_or_label_is_wider_than_a_phone(assessed, name):
    figure = FIGURES[name](assessed)
    lines = [re.sub(r"<(?!br)[^>]*>", "", line) for line in figure.layout.title.text.split("<br>")]
    assert max(map(len, lines)) <= 58
    assert all(len(line) <= 58 for note in figure.layout.annotations for line in note.text.split("<br>"))


@pytest.mark.parametrize("name", FIGURES)
def test_figures_draw_a_table_in_which_nothing_happens(cases, name):
    quiet = cases.assign(**dict.fromkeys(cases.columns.drop(["sex", "changed"]), False), changed=False)
    figure = FIGURES[name](assess(quiet, BOOK, verdicts=True))
    assert len(title(figure)) > 20 and "nan" not in title(figure)


def test_firing_rates_draw_rules_with_unknown_facts_and_intervals_clinical_first(assessed):
    table = firing_rates(assessed, rule_book=BOOK)
    figure, rules = firing_figures.firing_rates(table), table[table["sort"] == "rule"]
    clinical = trace(figure, "Clinical indications")
    part = rules[rules["argues"] == "clinical"].sort_values("low", ascending=False)
    assert list(clinical.x) == pytest.approx((100 * part["low"]).tolist())
    assert list(np.add(clinical.x, clinical.error_x.array)) == pytest.approx(
        (100 * part["high_upper"]).tolist()
    )
    assert list(clinical.x - clinical.error_x.arrayminus) == pytest.approx((100 * part["low_lower"]).tolist())
    grey = trace(figure, "unknown facts could add")
    assert sorted(np.add(grey.base, grey.x)) == pytest.approx(sorted(100 * rules["high"]))
    wish = trace(figure, "Patient-driven indications, counted apart")
    assert max(wish.y) < min(clinical.y) and wish.marker.color != clinical.marker.color


def test_firing_rates_of_subgroups_are_labelled_by_subgroup_the_unrecorded_too(assessed):
    table = firing_rates(assessed, by="sex", rule_book=BOOK)
    figure = firing_figures.firing_rates(table[table["name"] == "any clinical indication"])
    labels = {note.text for note in figure.layout.annotations}
    assert labels == {"female", "male", "not recorded"}
    assert title(figure).startswith("Any clinical indication: known in ") and "by sex" in title(figure)
    with pytest.raises(SecondopError, match="too many to read"):
        firing_figures.firing_rates(pd.concat([table] * 3))
    with pytest.raises(SecondopError, match="no cases"):
        firing_figures.firing_rates(firing_rates(assessed.iloc[:0], rule_book=BOOK))


APART = [
    # the lines of three groups, of 100 cases        the title tells
    ([(40, 45), (44, 50), (44.5, 60)], "the lines of all 3 groups overlap"),
    ([(40, 44), (41, 50), (43, 60)], "the lines of all 3 groups overlap"),
    ([(40, 42), (41, 50), (43, 60)], "in 43 to 60 of 100 cases (other), in 40 to 42 (female)"),
]


@pytest.mark.parametrize(("spans", "told"), APART)
def test_groups_are_told_apart_only_where_their_lines_are(assessed, spans, told):
    table = firing_rates(assessed, by="sex", rule_book=BOOK)
    rows = table[table["name"] == "any clinical indication"].reset_index(drop=True).assign(sex="")
    rows["sex"] = ["female", "male", "other"]
    for ends, at in ((("low", "low_lower"), 0), (("high", "high_upper"), 1)):
        for end in ends:
            rows[end] = [span[at] / 100 for span in spans]
    assert told in title(firing_figures.firing_rates(rows))


def test_attrition_stacks_what_each_rule_adds_up_to_what_all_send(assessed):
    table = attrition(assessed, rule_book=BOOK)
    figure, steps = firing_figures.attrition(table), table[table["step"] > 0]
    added = trace(figure, "added by this rule")
    assert list(np.add(added.base, added.x)) == pytest.approx((100 * steps["low"]).tolist())
    assert list(added.base) == pytest.approx((100 * table["low"].iloc[:-1]).tolist())
    low, high = 100 * table["low"].iloc[-1], 100 * table["high"].iloc[-1]
    assert title(figure).startswith(f"4 rules together send {low:.3g} to {high:.3g} of 100 cases")


def test_overlap_dots_name_the_rules_of_each_bar(assessed):
    table = overlap(assessed, rule_book=BOOK).head(6)
    figure = firing_figures.overlap(table)
    bars, _, dots = figure.data
    assert list(bars.y) == pytest.approx((100 * table["known"] / N).tolist())
    assert list(np.add(bars.y, bars.error_y.array)) == pytest.approx((100 * table["high_upper"]).tolist())
    counts = pd.Series(dots.x).value_counts()
    assert [counts.get(i, 0) for i in range(6)] == [len(names) for names in table["combination"]]
    assert len({note.y for note in figure.layout.annotations}) == len(set().union(*table["combination"]))


def test_the_tradeoff_draws_none_all_chance_the_frontier_and_every_policy_with_intervals(assessed):
    table = tradeoff(assessed, outcome="changed", rule_book=BOOK).set_index("policy")
    figure = tradeoff_figures.tradeoff(table.reset_index())
    everybody = table.loc["all"]
    assert list(trace(figure, "As many at random").x) == [0, everybody["overuse"]]
    assert list(trace(figure, "As many at random").y) == [0, everybody["found"]]
    front = table[table["frontier"]].sort_values("overuse")
    assert list(trace(figure, "Frontier: best at some exchange rate").y) == front["found"].tolist()
    drawn = {(x, y) for t in figure.data if t.mode == "markers" for x, y in zip(t.x, t.y, strict=True)}
    real = table[table["sort"] != "random"]
    assert drawn == set(zip(real["overuse"], real["found"], strict=True))
    levels, rows = trace(figure, "Levels of the rule book"), table[table["sort"] == "level"]
    assert list(np.add(levels.y, levels.error_y.array)) == pytest.approx(rows["found_upper"].tolist())
    assert list(levels.x - levels.error_x.arrayminus) == pytest.approx(rows["overuse_lower"].tolist())
    assert {"nobody", "everybody", "oracle"} <= {note.text for note in figure.layout.annotations}
    row = table.loc["recommended"]
    said = f"finds {row['found']:.0f} of the {everybody['found']:.0f} changes in 100 cases"
    assert said in title(figure)
    assert f"find {row['found'] - row['found_beyond_random']:.0f}" in title(figure)


def test_unknown_outcomes_are_drawn_half_way_between_their_bounds_and_said_as_a_range(assessed):
    unknown = assessed.assign(changed=assessed["changed"].astype("boolean").mask(assessed.index < 20))
    table = tradeoff(unknown, outcome="changed", rule_book=BOOK).set_index("policy")
    figure = tradeoff_figures.tradeoff(table.reset_index())
    low, high = table.loc["all", ["found_low", "found_high"]]
    assert trace(figure, "Everybody").y[0] == pytest.approx((low + high) / 2)
    assert f"of the {low:.0f} to {high:.0f} changes" in title(figure)
    assert "The outcome is unknown in 20 of 200 cases." in plain(trace(figure, "Everybody").hovertext[0])


def test_the_decision_curve_draws_all_and_none_bands_and_who_is_best_where(assessed):
    table = decision_curve(assessed, outcome="changed", rule_book=BOOK)
    figure = tradeoff_figures.decision_curve(table)
    for policy, part in table.groupby("policy"):
        drawn = trace(figure, part["label"].iloc[0])
        assert (
            list(drawn.y) == part["net_benefit"].tolist() and list(drawn.x) == part["exchange_rate"].tolist()
        )
        if policy == "recommended":
            band = trace(figure, f"{part['label'].iloc[0]}, band")
            assert list(band.y[: len(part)]) == part["net_benefit_upper"].tolist()
    assert set(trace(figure, "nobody").y) == {0}
    assert figure.layout.xaxis.ticktext[:3] == ("50", "20", "10")
    assert title(figure).startswith("No policy is clearly best at the exchange rates shown")  # of 200 cases


PER = "needless opinions for a useful one"
CURVES = [
    # at 10, 2 and 0.5 needless opinions: everybody, with its interval   the title tells
    ([(9, 8, 10), (5, 4, 6), (1, 0.5, 2)], "everybody is best at every exchange rate shown"),
    ([(9, 8, 10), (5, -1, 6), (1, -1, 2)], f"everybody is best down to 10 {PER}; below, bands overlap"),
    (
        [(9, 8, 10), (5, -1, 6), (-9, -9, -8)],
        f"everybody is best down to 10 {PER}, sending nobody below 2; between, bands overlap",
    ),
    ([(9, 8, 10), (5, 4, 6), (-9, -9, -8)], f"everybody is best down to 2 {PER}, sending nobody below 2 "),
    ([(9, -8, 10), (5, -4, 6), (-9, -9, -8)], f"nobody is best below 2 {PER}; above, bands overlap"),
    ([(9, -8, 10), (5, -4, 6), (1, -1, 2)], "No policy is clearly best at the exchange rates shown"),
]


@pytest.mark.parametrize(("everybody", "told"), CURVES)
def test_the_title_of_the_curve_says_who_is_best_only_where_bands_are_apart(assessed, everybody, told):
    table = decision_curve(assessed, outcome="changed", rule_book=BOOK, exchange_rates=[0.1, 0.5, 2])
    table = table[table["sort"].isin(["none", "all"])].copy()
    ends = [f"net_benefit{end}" for end in ("", "_lower", "_upper", "_low", "_high")]
    table.loc[table["sort"] == "all", ends] = [(*row, row[0], row[0]) for row in everybody]
    assert told in title(tradeoff_figures.decision_curve(table))


def test_capacity_draws_the_curve_chance_and_unknown_facts_and_lists_the_rules(assessed):
    table = capacity_curve(assessed, outcome="changed", rule_book=BOOK)
    figure = tradeoff_figures.capacity(table)
    curve = trace(figure, "Rules, the sharpest first")
    assert list(curve.x) == table["opinions"].tolist() and list(curve.y) == table["found"].tolist()
    assert list(trace(figure, "As many at random").y) == table["random_found"].tolist()
    assert list(trace(figure, "If unknown facts sent all they may").x) == table["possible_opinions"].tolist()
    listed = plain(figure.layout.annotations[0].text)
    assert all(plain(label) in listed for label in table["label"].iloc[1:])
