"""Streams and hundreds of people add up to the cases they are made of, and nobody unknown is lost."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.people import PEOPLE, _whole, flow_table, of_100
from secondop.evaluation.tradeoff import tradeoff
from secondop.evaluation.triage import APART, triage_beside

# urgent where neoplasia is a concern; every other rule stays unknown, for want of facts
CASES = pd.DataFrame(
    [
        # concern  sought  changed
        (True, True, True),
        (True, True, False),
        (True, False, True),
        (False, True, False),
        (False, False, False),
        (False, None, True),
        (None, True, None),
        (None, False, None),
    ],
    columns=["neoplasia_concern", "sought", "changed"],
)


def test_streams_are_the_counts_done_by_hand():
    table = flow_table(CASES, outcome="changed")
    seen = [tuple(row) for row in table[["source", "target", "cases", "of", "undetermined"]].values]
    assert seen == [
        ("all cases", "urgent", 3, 8, 0),
        ("all cases", "no indication", 5, 8, 5),
        ("urgent", "sought one", 2, 3, 0),
        ("urgent", "sought none", 1, 3, 0),
        ("no indication", "sought one", 2, 5, 2),
        ("no indication", "sought none", 2, 5, 2),
        ("no indication", "not known whether sought", 1, 5, 1),
        ("sought one", "something changed", 1, 4, 0),
        ("sought one", "nothing changed", 2, 4, 1),
        ("sought one", "outcome not known", 1, 4, 1),
        ("sought none", "would have changed", 1, 3, 0),
        ("sought none", "would not have changed", 1, 3, 1),
        ("sought none", "never to be known", 1, 3, 1),
        ("not known whether sought", "something changed", 1, 1, 1),
    ]


def test_every_column_of_streams_holds_every_case(make_cases):
    cases = make_cases(300, 4)
    cases["sought"] = cases["age_group"].isna() if "age_group" in cases else cases["diagnosis_changed"]
    table = flow_table(cases)
    assert table.groupby("stage")["cases"].sum().tolist() == [300] * 3
    assert not table.attrs["simulated"]


def test_a_hundred_people_are_counted_by_hand_and_the_undecided_apart():
    table = of_100(CASES, "urgent", outcome="changed")
    assert dict(zip(table["part"], table["cases"], strict=True)) == {"found": 2, "overuse": 1, "undecided": 5}
    assert table["people"].sum() == 100 and table["people"].tolist() in ([25, 12, 63], [25, 13, 62])
    assert (table["words"] == table["part"].map(PEOPLE)).all()


@pytest.mark.parametrize("policy", ["recommended", "at least 2", "all", "none", "oracle"])
def test_a_hundred_people_agree_with_the_trade_off(make_cases, policy):
    cases = make_cases(400, 2)
    people = of_100(cases, policy).set_index("part")["cases"]
    row = tradeoff(cases).set_index("policy").loc[policy]
    for part in ("found", "overuse", "underuse"):  # low: what no unknown fact can change
        assert 100 * people.get(part, 0) / 400 == pytest.approx(row[f"{part}_low"])
    assert people.sum() == 400


def test_an_unknown_outcome_is_neither_found_nor_overuse():
    cases = pd.DataFrame({"neoplasia_concern": [True, True], "changed": [True, None]})
    table = of_100(cases, "urgent", outcome="changed")
    assert table["part"].tolist() == ["found", "sent_unknown"]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=7).filter(any))
@settings(max_examples=60, deadline=None)
def test_whole_people_always_add_up_and_none_is_off_by_one_or_more(counts):
    people = _whole(pd.Series(counts).to_numpy())
    exact = [100 * count / sum(counts) for count in counts]
    assert people.sum() == 100
    assert all(abs(whole - share) < 1 for whole, share in zip(people, exact, strict=True))


def test_an_unknown_policy_is_named():
    with pytest.raises(SecondopError, match="recommended"):
        of_100(CASES, "recomended", outcome="changed")


def test_several_exchange_rates_are_the_single_tables_one_after_another(make_cases):
    cases = make_cases(200, 3)
    both = tradeoff(cases, ["recommended"], exchange_rate=[0.1, 0.5])
    singles = [tradeoff(cases, ["recommended"], exchange_rate=rate) for rate in (0.1, 0.5)]
    pd.testing.assert_frame_equal(both, pd.concat(singles, ignore_index=True), check_like=True)
    with pytest.raises(SecondopError, match="above 0"):
        tradeoff(cases, exchange_rate=[0.1, 0])


def test_the_published_triage_stands_apart_and_every_case_is_in_one_row():
    cases = pd.DataFrame(
        {
            "atypical_presentation": [True, True, True, False, None],
            "treatment_response": ["as_expected"] * 5,
            "pathology_result": ["clear"] * 5,
            "first_workup": ["positive"] * 5,
            "diagnosis_changed": [True, False, None, True, False],
        }
    )
    table = triage_beside(cases)
    published, own = table[table["beside"] == APART], table[table["beside"] == ""].set_index("sorted_by")
    assert published["low"].tolist() == [0.378, 0.037]  # Lymphopath, as printed
    assert published[["n", "lower", "upper"]].isna().all(axis=None)
    assert own["n"].to_dict() == {"a rule holds": 3, "no rule holds": 1, "unknown facts leave it open": 1}
    row = own.loc["a rule holds"]
    assert (row["low"], row["high"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert row["lower"] < row["low"] and row["upper"] > row["high"]
    assert set(own["population"]) == {"the 5 cases"}
