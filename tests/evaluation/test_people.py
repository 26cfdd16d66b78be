"""Streams and hundreds of people add up to the cases they are made of, and nobody unknown is lost."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.people import (
    PEOPLE,
    _whole,
    flow_table,
    natural_frequencies,
    natural_sentence,
    of_100,
    share_sentence,
)
from secondop.evaluation.tradeoff import tradeoff, wide
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess

# urgent where a complication occurred; every other rule cannot be judged, for want of facts
CASES = pd.DataFrame(
    [
        # complication  sought  changed
        (True,          True,   True),
        (True,          True,   False),
        (True,          False,  True),
        (False,         True,   False),
        (False,         False,  False),
        (False,         None,   True),
        (None,          True,   None),
        (None,          False,  None),
    ],
    columns=["complication_during_treatment", "sought", "changed"],
)  # fmt: skip
STREAMS = [
    # source                     target                  cases of undetermined
    ("all cases",                "urgent",                   3, 8, 0),
    ("all cases",                "no indication",            5, 8, 5),
    ("urgent",                   "sought one",               2, 3, 0),
    ("urgent",                   "sought none",              1, 3, 0),
    ("no indication",            "sought one",               2, 5, 2),
    ("no indication",            "sought none",              2, 5, 2),
    ("no indication",            "not known whether sought", 1, 5, 1),
    ("sought one",               "something changed",        1, 4, 0),
    ("sought one",               "nothing changed",          2, 4, 1),
    ("sought one",               "outcome not known",        1, 4, 1),
    ("sought none",              "would have changed",       1, 3, 0),
    ("sought none",              "would not have changed",   1, 3, 1),
    ("sought none",              "never to be known",        1, 3, 1),
    ("not known whether sought", "something changed",        1, 1, 1),
]  # fmt: skip


@pytest.mark.parametrize("cases", [CASES, pl.from_pandas(CASES), pl.from_pandas(CASES).lazy()], ids=type)
def test_streams_are_the_counts_done_by_hand(cases):
    table = flow_table(cases, outcome="changed")
    seen = table[["source", "target", "cases", "of", "undetermined"]]
    assert list(seen.itertuples(index=False, name=None)) == STREAMS and (table["n"] == 8).all()
    flags = Cohort(cases, outcome="changed", flags={"sought": "sought"})
    pd.testing.assert_frame_equal(flow_table(flags, outcome="changed"), table)


def test_streams_go_by_what_an_assessment_says_and_hold_every_case(make_cases):
    cases = make_cases(300, 4).assign(asked=np.arange(300) % 3 == 0)
    table, said = flow_table(cases, sought="asked"), assess(cases, RULE_BOOK)
    assert table.groupby("stage")["cases"].sum().tolist() == [300] * 3 and not table.attrs["simulated"]
    first = table[table["stage"] == 1].set_index("target")
    for level, rows in said.groupby("recommendation", observed=True):
        stream = first.loc[level.replace("_", " "), ["cases", "undetermined"]]
        assert stream.tolist() == [len(rows), rows["undetermined"].sum()]


def test_a_hundred_people_are_counted_by_hand_and_who_cannot_be_judged_apart():
    table = of_100(CASES, "urgent", outcome="changed")
    counts = {"true_positive": 2, "false_positive": 1, "cannot_be_judged": 5}
    assert dict(zip(table["part"], table["cases"], strict=True)) == counts
    assert table["people"].tolist() in ([25, 12, 63], [25, 13, 62])
    assert (table["words"] == table["part"].map(PEOPLE)).all()
    unknown = of_100(CASES.iloc[[0]].assign(changed=None), "urgent", outcome="changed")
    assert unknown["part"].tolist() == ["referred_unknown"]
    with pytest.raises(SecondopError, match="recommended"):
        of_100(CASES, "recomended", outcome="changed")


@pytest.mark.parametrize("policy", ["recommended", "at least 2", "all", "none", "perfect foresight"])
def test_a_hundred_people_agree_with_the_trade_off(make_cases, policy):
    cases = make_cases(400, 2)
    people = of_100(cases, policy).set_index("part")["cases"]
    row = wide(tradeoff(cases)).set_index("policy").loc[policy]
    for part in ("true_positive", "false_positive", "false_negative"):  # min: what nothing missing can change
        assert people.get(part, 0) / 4 == pytest.approx(row[f"{part}_min"])
    assert people.sum() == 400


@given(st.lists(st.integers(0, 10**6), max_size=7))
def test_whole_people_always_add_up_and_none_is_off_by_one_or_more(counts):
    people, total = _whole(np.array(counts, float)), sum(counts)
    assert people.sum() == (100 if total else 0)
    assert all(abs(whole - 100 * n / (total or 1)) < 1 for whole, n in zip(people, counts, strict=True))


SENTENCES = [
    ((0.4, 0.5, 0.148),
     "Of 100 people, 40 have an indication. 20 of them get a second opinion. For 3 of these the diagnosis "
     "changes, for 17 it does not.",
     "14.8 % is a share of those who went: in whole people, 3 of 20. Of all people it is 3.0 %: 3 of 100."),
    ((0.01, 1, 0),
     "Of 100 people, 1 has an indication. 1 of them gets a second opinion. For 0 of these the diagnosis "
     "changes, for 1 it does not.",
     "0.0 % is a share of those who went: in whole people, 0 of 1. Of all people it is 0.0 %: 0 of 100."),
    ((0.4, 0, 0.5),
     "Of 100 people, 40 have an indication. 0 of them get a second opinion.",
     "Nobody goes, so there is nothing to take a share of."),
]  # fmt: skip


@pytest.mark.parametrize(("shares", "people", "share"), SENTENCES)
def test_shares_are_said_in_whole_people(shares, people, share):
    table = natural_frequencies(*shares)
    assert (natural_sentence(table), share_sentence(table)) == (people, share)


def test_a_share_above_one_is_refused():
    with pytest.raises(SecondopError, match=r"yield_ is a share.*Got 14\.8"):
        natural_frequencies(0.4, 0.5, 14.8)
