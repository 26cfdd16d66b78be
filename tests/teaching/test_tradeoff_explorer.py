"""The trade-off explorer shows what the trade-off counts, and the cases behind each point."""

import json
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

import secondop
from secondop.errors import SecondopError
from secondop.evaluation.counted import count_policies
from secondop.evaluation.policies import YES
from secondop.evaluation.tradeoff import tradeoff
from secondop.rules.indications import RULE_BOOK
from secondop.teaching.tradeoff_explorer import ACCEPTED, explore_tradeoff

KEPT = ("neoplasia-concern", "hereditary-condition-suspected", "patient-wants-one")
BOOK = RULE_BOOK.without(*(rule.name for rule in RULE_BOOK if rule.name not in KEPT))
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
SENT = [
    # level          k  sent     undecided
    ("urgent", 1, "ab", "e"),
    ("urgent", 2, "a", "e"),
    ("recommended", 1, "abce", ""),
    ("recommended", 2, "a", "e"),
    ("optional", 1, "abcde", "f"),
    ("optional", 2, "ab", "e"),
]
FOUND = [
    # level          k  per 100: found, overuse, underuse; each of six cases is 16.7
    ("urgent", 1, 1, 1, 2),
    ("urgent", 2, 1, 0, 2),
    ("recommended", 1, 2, 2, 1),
    ("recommended", 2, 1, 0, 2),
    ("optional", 1, 3, 2, 0),
    ("optional", 2, 1, 1, 2),
]


@pytest.fixture(scope="module")
def six():
    return explore_tradeoff(CASES, outcome="changed", rule_book=BOOK)


@pytest.fixture(scope="module")
def cohort():
    return secondop.simulate("programme", 400, seed=3)


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


@pytest.mark.parametrize(("level", "k", "sent", "undecided"), SENT)
def test_the_cases_behind_a_point_are_those_found_by_hand(six, level, k, sent, undecided):
    six.choose(level, k)
    assert "".join(six.selected.index) == sent
    assert "".join(six.undecided.index) == undecided
    assert six.selected.equals(CASES.loc[list(sent)])
    assert f"the first {len(sent)} of {len(sent)} that are sent" in plain(six._cases.value)
    assert f"{len(sent)} are sent" in plain(six._sends.value)
    assert f"{len(undecided)} undecided" in plain(six._sends.value)


@pytest.mark.parametrize(("level", "k", "found", "overuse", "underuse"), FOUND)
def test_what_a_point_finds_spends_and_misses_is_counted_by_hand(six, level, k, found, overuse, underuse):
    six.choose(level, k)
    table = six.table
    rows = table[(table["level"] == level) & (table["k"] == k)]
    assert len(rows) == len(ACCEPTED)
    for name, cases in (("found", found), ("overuse", overuse)):
        assert rows[name].tolist() == pytest.approx([100 * cases / 6] * len(ACCEPTED))
        assert six.counts[name] == cases
    assert rows["underuse"].iloc[0] == pytest.approx(100 * underuse / 6)  # unknown facts send nobody
    (x,), (y,) = trace(six, "Chosen").x, trace(six, "Chosen").y
    assert (x, y) == pytest.approx((100 * overuse / 6, 100 * found / 6))


def test_unknown_facts_are_a_low_and_a_high_and_never_a_no(six):
    six.choose("urgent", 1)
    row = six.table[(six.table["level"] == "urgent") & (six.table["k"] == 1)].iloc[0]
    assert (row["sent_low"], row["sent_high"]) == pytest.approx((200 / 6, 300 / 6))
    assert (row["found_low"], row["found_high"]) == pytest.approx((100 / 6, 200 / 6))
    reach = trace(six, "Chosen").error_y.array[0]
    assert 100 / 6 + reach >= row["found_high"]
    assert six.counts["undecided"] == 1
    assert "unknown facts: 33.3 to 50.0" in plain(trace(six, "At least so many").hovertext[0])
    assert "state no facts" not in six.table["remark"].str.cat()


def test_the_table_behind_a_point_says_which_rules_hold_and_what_changed(six):
    six.choose("urgent", 1)
    text = plain(six._cases.value)
    labels = {rule.name: rule.label for rule in BOOK}
    urgent, clinical, wish = (labels[name] for name in KEPT)
    assert f"a urgent 2 0 {urgent}; {clinical} yes" in text
    assert f"b urgent 1 1 {urgent}; {wish} no" in text


def test_every_setting_shows_the_trade_off_computed_apart(many, cohort):
    wishes = secondop.assess(cohort)[["indications", "preferences"]]
    enough = pd.DataFrame({"enough": (wishes.sum(axis=1) >= 3).astype(bool)})
    apart = tradeoff(
        cohort.assign(enough=enough["enough"]),
        {"enough": "enough"},
        exchange_rate=[1 / accepted for accepted in ACCEPTED],
    )
    for accepted in ACCEPTED:
        many.accepted.value = accepted
        for policy, (level, k) in {
            "urgent": ("urgent", 1),
            "recommended": ("recommended", 1),
            "optional": ("optional", 1),
            "at least 3": ("recommended", 3),
            "enough": ("optional", 3),  # nothing unknown: only what is known to hold is sent
        }.items():
            many.choose(level, k)
            row = apart[(apart["policy"] == policy) & (apart["exchange_rate"] == 1 / accepted)].iloc[0]
            shown = trace(many, "Chosen")
            assert (shown.x[0], shown.y[0]) == pytest.approx((row["overuse"], row["found"]))
            assert 100 * len(many.selected) / 400 == pytest.approx(row["sent"])
            own = many.table[(many.table["level"] == level) & (many.table["k"] == k)]
            own = own[own["exchange_rate"] == 1 / accepted].iloc[0]
            assert own["net_benefit"] == pytest.approx(row["net_benefit"])


@pytest.mark.parametrize("accepted", ACCEPTED)
def test_the_exchange_rate_is_the_slope_of_the_line_and_nothing_lies_above_it(many, accepted):
    many.accepted.value = accepted
    line = trace(many, "Worth as much as the best")
    slope = (line.y[1] - line.y[0]) / (line.x[1] - line.x[0])
    assert slope == pytest.approx(1 / accepted)
    (x,), (y,) = trace(many, "Worth most").x, trace(many, "Worth most").y
    assert y == pytest.approx(line.y[0] + slope * x)
    rows = many.table[(many.table["exchange_rate"] == 1 / accepted) & ~many.table["sort"].isin(["oracle"])]
    assert (rows["found"] <= line.y[0] + slope * rows["overuse"] + 1e-9).all()


def test_the_finding_is_said_with_its_denominator(many):
    many.accepted.value = 10
    many.choose("recommended", 2)
    chosen = many.table[(many.table["level"] == "recommended") & (many.table["k"] == 2)].iloc[0]
    everybody = many.table[many.table["sort"] == "all"].iloc[0]
    text = plain(many._says.value)
    assert (
        f"finds {chosen['found']:.0f} of the {everybody['found']:.0f} changes in 100 cases, with "
        f"{chosen['overuse']:.0f} needless"
    ) in text
    assert "At 10 needless opinions for one useful one," in text
    assert "Of 400 simulated cases" in plain(many._sends.value)
    rows = many.table[(many.table["exchange_rate"] == 0.1) & ~many.table["sort"].isin(["random", "oracle"])]
    best = rows.loc[rows["net_benefit"].idxmax()]
    assert ("in a tie with" in text) == (rows["net_benefit_upper"].ge(best["net_benefit_lower"]).sum() > 1)
    many.accepted.value = 1
    assert "At 1 needless opinion for one useful one," in plain(many._says.value)


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


def test_a_point_can_be_chosen_without_a_mouse(many):
    many.level.value, many.k.value = "urgent", 2
    verdicts = secondop.assess(many._made.cases, verdicts=True)
    by_hand = verdicts[(verdicts["recommendation"] == "urgent") & (verdicts["indications"] >= 2)]
    assert list(many.selected.index) == list(by_hand.index)


def test_the_frame_around_the_marks_never_moves(many):
    def frame():
        layout = many.figure.layout
        return layout.xaxis.range, layout.yaxis.range, layout.height, layout.width, layout.margin.t

    before = frame()
    for level in ("urgent", "optional"):
        many.choose(level, 2)
        many.accepted.value = 50
        assert frame() == before
        assert len(many.figure.data) == 9


def test_unknown_outcomes_leave_open_which_policy_is_best():
    cases = CASES.assign(changed=[True, None, False, True, True, False])
    explorer = explore_tradeoff(cases, outcome="changed", rule_book=BOOK)
    explorer.choose("urgent", 1)
    assert "cannot be told while outcomes are unknown" in plain(explorer._says.value)
    assert trace(explorer, "Worth most").x == (None,)
    assert trace(explorer, "Worth as much as the best").y == (None, None)
    assert explorer.counts["sent_unknown"] == 1
    assert "1 may have found something" in plain(explorer._sends.value)


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
    assert "simulated" in still["layout"]["title"]["text"]
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
        (CASES.drop(columns="changed"), "either", "lack diagnosis_changed and treatment_changed"),
        (CASES, "chnaged", "Did you mean 'changed'"),
        (CASES[["changed"]], "changed", "state no facts"),
        (CASES.iloc[:0], "changed", "no cases"),
        ([1, 2], "changed", "Expected a frame"),
    ],
    ids=["no outcome", "misspelt outcome", "no facts", "no cases", "no frame"],
)
def test_what_cannot_be_explored_is_answered_with_what_to_do(cases, outcome, says):
    with pytest.raises(SecondopError, match=says):
        explore_tradeoff(cases, outcome=outcome)


def test_a_count_that_hardly_any_case_reaches_is_no_policy(cohort):
    made = count_policies(cohort)
    ks = sorted({k for _, k in made.sent})
    reached = [(made.sent["recommended", k] == YES).mean() for k in ks]
    assert ks == list(range(1, len(ks) + 1)) and min(reached) >= 0.005
    known = secondop.assess(cohort)["indications"]
    assert np.mean(known >= ks[-1] + 1) < 0.005
