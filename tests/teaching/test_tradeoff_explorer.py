"""The trade-off explorer shows what the trade-off counts, and the cases behind each point."""

import json
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from secondop import RULE_BOOK, SecondopError, assess, simulate, tradeoff, wide
from secondop.teaching import explore_tradeoff
from secondop.teaching.tradeoff_explorer import REFERRALS

KEPT = ("neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one")
BOOK = RULE_BOOK.only(*KEPT).replace("neoplasia-concern", level="urgent")
FACTS = ["neoplasia_concern", "hereditary_condition_suspected", "wants_second_opinion", "changed"]
CASES = pd.DataFrame(
    [
        # urgent  clinical  wish   changed
        (True, True, False, True),  # a
        (True, False, True, False),  # b
        (False, True, False, False),  # c
        (False, False, True, True),  # d
        (None, True, False, True),  # e: urgent, or recommended only
        (False, False, None, False),  # f: a wish, or nothing
    ],
    columns=FACTS,
    index=list("abcdef"),
    dtype=object,
)
POINTS = [
    # level        k  referred  cannot be judged  referred: changed, not; never: would have changed, would not
    ("urgent",      1, "ab",    "e", 1, 1, 1, 2),
    ("urgent",      2, "a",     "e", 1, 0, 1, 3),
    ("recommended", 1, "abce",  "",  2, 2, 1, 1),
    ("recommended", 2, "a",     "e", 1, 0, 1, 3),
    ("optional",    1, "abcde", "f", 3, 2, 0, 0),
    ("optional",    2, "ab",    "e", 1, 1, 1, 2),
]  # fmt: skip


@pytest.fixture(scope="module")
def six():
    return explore_tradeoff(CASES, outcome="changed", rule_book=BOOK)


@pytest.fixture(scope="module")
def cohort():
    return simulate("programme", 400, seed=3)


@pytest.fixture(scope="module")
def many(cohort):
    return explore_tradeoff(cohort)


def plain(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def trace(explorer, name):
    return next(t for t in explorer.figure.data if t.name == name)


def click(explorer, name, i):
    """What the front end calls when a point is clicked."""
    clicked = trace(explorer, name)
    at = {"trace_indexes": [explorer.figure.data.index(clicked)], "point_indexes": [i]}
    at |= {"xs": [clicked.x[i]], "ys": [clicked.y[i]]}
    explorer.figure._js2py_pointsCallback = {"event_type": "plotly_click", "points": at}


@pytest.mark.parametrize(("level", "k", "referred", "unjudged", "tp", "fp", "fn", "tn"), POINTS)
def test_the_cases_behind_a_point_and_their_counts_are_those_found_by_hand(
    six, level, k, referred, unjudged, tp, fp, fn, tn
):
    six.choose(level, k)
    assert six.selected.equals(CASES.loc[list(referred)]) and six.cannot_be_judged.equals(
        CASES.loc[list(unjudged)]
    )
    assert f"the first {len(referred)} of {len(referred)} that are referred" in plain(six._cases.value)
    parts = ("true_positive", "false_positive", "false_negative", "true_negative", "cannot_be_judged")
    assert [six.counts[part] for part in parts] == [tp, fp, fn, tn, len(unjudged)]
    assert f"{tp} referred, something changes" in plain(six._counts.value)
    assert f"{len(unjudged)} cannot be judged" in plain(six._counts.value)
    rows = six.table[(six.table["level"] == level) & (six.table["k"] == k)]
    assert len(rows) == len(REFERRALS)
    assert rows[["true_positive", "false_positive"]].to_numpy() == pytest.approx(
        np.tile([100 * tp / 6, 100 * fp / 6], (6, 1))
    )
    chosen = trace(six, "Chosen")
    assert (*chosen.x, *chosen.y) == pytest.approx((100 * fp / 6, 100 * tp / 6))


def test_unknown_facts_are_a_minimum_and_a_maximum_and_never_a_no(six):
    six.choose("urgent", 1)
    row = six.table[(six.table["level"] == "urgent") & (six.table["k"] == 1)].iloc[0]
    assert (row["referral_rate_min"], row["referral_rate_max"]) == pytest.approx((200 / 6, 300 / 6))
    assert (row["true_positive_min"], row["true_positive_max"]) == pytest.approx((100 / 6, 200 / 6))
    assert 100 / 6 + trace(six, "Chosen").error_y.array[0] >= row["true_positive_max"]


def test_the_table_behind_a_point_says_which_rules_hold_and_what_changed(six):
    six.choose("urgent", 1)
    text = plain(six._cases.value)
    labels = {rule.name: rule.label for rule in BOOK}
    urgent, clinical, wish = (labels[name] for name in KEPT)
    assert f"a urgent 2 0 {urgent}; {clinical} yes" in text
    assert f"b urgent 1 1 {urgent}; {wish} no" in text


def test_every_setting_shows_the_trade_off_computed_apart(many, cohort):
    wishes = assess(cohort)[["indications", "preferences"]]
    cases = cohort.assign(enough=wishes.sum(axis=1) >= 3)
    apart = wide(tradeoff(cases, {"enough": "enough"}, threshold=[1 / (1 + n) for n in REFERRALS]))
    same = {
        "urgent": ("urgent", 1),
        "recommended": ("recommended", 1),
        "at least 3": ("recommended", 3),
        "enough": ("optional", 3),  # nothing unknown: only what is known to fire refers
    }
    for n in REFERRALS:
        many.threshold.value = 1 / (1 + n)
        for policy, (level, k) in same.items():
            many.choose(level, k)
            row = apart[(apart["policy"] == policy) & (apart["threshold"] == 1 / (1 + n))].iloc[0]
            shown = trace(many, "Chosen")
            assert (shown.x[0], shown.y[0]) == pytest.approx((row["false_positive"], row["true_positive"]))
            assert 100 * len(many.selected) / 400 == pytest.approx(row["referral_rate"])
            own = many.table[(many.table["level"] == level) & (many.table["k"] == k)]
            own = own[own["threshold"] == 1 / (1 + n)].iloc[0]
            assert own["net_benefit"] == pytest.approx(row["net_benefit"])


@pytest.mark.parametrize("n", REFERRALS)
def test_the_odds_of_the_threshold_are_the_slope_of_the_line_and_nothing_lies_above_it(many, n):
    many.threshold.value = 1 / (1 + n)
    line = trace(many, "Net benefit as high as the best")
    slope = (line.y[1] - line.y[0]) / (line.x[1] - line.x[0])
    assert slope == pytest.approx(1 / n)
    (x,), (y,) = trace(many, "Highest net benefit").x, trace(many, "Highest net benefit").y
    assert y == pytest.approx(line.y[0] + slope * x)
    real = many.table[many.table["sort"] != "perfect foresight"]
    assert (real["true_positive"] <= line.y[0] + slope * real["false_positive"] + 1e-9).all()


def test_the_finding_and_the_counts_say_their_denominator(many):
    many.threshold.value = 1 / (1 + 10)
    many.choose("recommended", 2)
    assert "changes in 100 cases" in plain(many._says.value)
    assert "With 10 no-change referrals accepted for one change," in plain(many._says.value)
    assert "Of 400 simulated cases" in plain(many._counts.value)


def test_what_the_referrals_do_to_diagnoses_stands_beside_where_the_truth_is_known(many, cohort, six):
    many.choose("recommended", 1)
    for name, words in (("error_corrected", "put right: "), ("error_introduced", "right ones lost: ")):
        share = 100 * many.selected[name].sum() / len(cohort)
        assert f"{words}{share:.1f}" in plain(many._counts.value)
    assert "put right" not in plain(six._counts.value)
    with pytest.raises(SecondopError, match="Only tradeoff and decision_curve"):
        explore_tradeoff(cohort, outcome="net_corrected")


def test_a_click_on_a_point_chooses_it_and_sets_the_sliders(many):
    many.choose("recommended", 1)
    click(many, "At least so many", 2)
    assert (many.level.value, many.k.value) == ("recommended", 3)
    level, k = trace(many, "Other levels").customdata[0]
    x = trace(many, "Other levels").x[0]
    click(many, "Other levels", 0)
    assert (many.level.value, many.k.value) == (level, k)
    assert trace(many, "Chosen").x[0] == x
    assert all(row[0] == level for row in trace(many, "At least so many").customdata)


def test_a_point_can_be_chosen_without_a_mouse(many, cohort):
    many.level.value, many.k.value = "urgent", 2
    said = assess(cohort)
    by_hand = said[(said["recommendation"] == "urgent") & (said["indications"] >= 2)]
    assert list(many.selected.index) == list(by_hand.index)


def test_the_frame_around_the_marks_never_moves(many):
    def frame():
        layout = many.figure.layout
        return layout.xaxis.range, layout.yaxis.range, layout.height, layout.width, layout.margin.t

    before = frame()
    for level in ("urgent", "optional"):
        many.choose(level, 2)
        many.threshold.value = 1 / (1 + 50)
        assert frame() == before
        assert len(many.figure.data) == 9


def test_unknown_outcomes_leave_open_which_policy_is_best():
    cases = CASES.assign(changed=[True, *[None] * 5])
    explorer = explore_tradeoff(cases, outcome="changed", rule_book=BOOK)
    explorer.choose("urgent", 1)
    assert "is not known while outcomes are unknown" in plain(explorer._says.value)
    assert trace(explorer, "Highest net benefit").x == (None,)
    assert trace(explorer, "Net benefit as high as the best").y == (None, None)
    assert explorer.counts["referred_unknown"] == 1
    assert "1 referred, and nobody knows what came of it" in plain(explorer._counts.value)


def test_polars_cases_come_back_as_polars(six):
    explorer = explore_tradeoff(
        pl.from_pandas(CASES.convert_dtypes().reset_index(drop=True)), outcome="changed", rule_book=BOOK
    )
    explorer.choose("optional", 1)
    assert isinstance(explorer.selected, pl.DataFrame) and explorer.selected.height == 5


def test_the_still_is_the_figure_that_is_shown(many):
    many.choose("recommended", 2)
    (still,) = many.still().values()
    assert json.dumps(still)
    drawn = {part["name"]: part for part in still["data"]}
    assert drawn["Chosen"]["x"] == list(trace(many, "Chosen").x)
    data, about = many._repr_mimebundle_()
    assert about == {"still": True} and "application/vnd.plotly.v1+json" in data


def test_a_page_that_is_opened_again_gets_the_figure_as_it_is_now(many):
    many.choose("urgent", 2)
    state = many.figure.get_state()
    (chosen,) = (part for part in state["_widget_data"] if part["name"] == "Chosen")
    assert list(chosen["x"]) == list(trace(many, "Chosen").x)
    assert state["_widget_layout"]["height"] == many.figure.layout.height


def test_every_case_is_text_and_never_markup():
    cases = CASES.rename(index={"a": "<img src=x onerror=alert(1)>"})
    explorer = explore_tradeoff(cases, outcome="changed", rule_book=BOOK)
    explorer.choose("urgent", 2)
    assert "<img" not in explorer._cases.value and "&lt;img" in explorer._cases.value


@pytest.mark.parametrize(
    ("cases", "outcome", "says"),
    [
        (CASES.drop(columns="changed"), "either", "no 'diagnosis_changed' and no 'treatment_changed'"),
        (CASES, "chnaged", "There is no 'chnaged'"),
        (CASES[["changed"]], "changed", "state no facts"),
        (CASES.iloc[:0], "changed", "no cases"),
        ([1, 2], "changed", "Expected a frame"),
        (pl.from_pandas(CASES.convert_dtypes()).lazy(), "changed", "collect the lazy frame"),
    ],
    ids=["no outcome", "misspelt outcome", "no facts", "no cases", "no frame", "lazy"],
)
def test_what_cannot_be_explored_is_answered_with_what_to_do(cases, outcome, says):
    with pytest.raises(SecondopError, match=says):
        explore_tradeoff(cases, outcome=outcome)


def test_a_count_that_hardly_any_case_reaches_is_no_policy(many, cohort):
    known, ks = assess(cohort)["indications"], list(many.k.options)
    assert ks == list(range(1, len(ks) + 1)) and (known >= ks[-1]).mean() >= 0.005 > (known > ks[-1]).mean()
