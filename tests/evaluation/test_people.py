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
    flow,
    natural_frequencies,
    natural_sentence,
    of_100,
    whole_people,
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
WAYS = [
    # recommendation  possible  sought                      outcome             cases
    ("urgent",        "urgent", "sought one",               "something changed",      1),
    ("urgent",        "urgent", "sought one",               "nothing changed",        1),
    ("urgent",        "urgent", "sought none",              "would have changed",     1),
    ("no indication", "urgent", "sought one",               "nothing changed",        1),
    ("no indication", "urgent", "sought none",              "would not have changed", 1),
    ("no indication", "urgent", "not known whether sought", "something changed",      1),
    ("no indication", "urgent", "sought one",               "outcome not known",      1),
    ("no indication", "urgent", "sought none",              "never to be known",      1),
]  # fmt: skip


@pytest.mark.parametrize("cases", [CASES, pl.from_pandas(CASES), pl.from_pandas(CASES).lazy()], ids=type)
def test_ways_are_the_counts_done_by_hand(cases):
    table = flow(cases, outcome="changed")
    seen = table[["recommendation", "possible", "sought", "outcome", "cases"]]
    assert set(seen.itertuples(index=False, name=None)) == set(WAYS) and (table["n"] == 8).all()
    flags = Cohort(cases, outcome="changed", flags={"sought": "sought"})
    pd.testing.assert_frame_equal(flow(flags, outcome="changed"), table)


def test_ways_go_by_what_an_assessment_says_and_hold_every_case(make_cases):
    cases = make_cases(300, 4).assign(asked=np.arange(300) % 3 == 0)
    table, said = flow(cases, sought="asked"), assess(cases, RULE_BOOK)
    assert table["cases"].sum() == 300 and not table.attrs["simulated"]
    assert table.loc[table["sought"] == "sought one", "cases"].sum() == 100
    for (level, possible), rows in said.groupby(["recommendation", "possible"], observed=True):
        way = (table["recommendation"] == level.replace("_", " ")) & (
            table["possible"] == possible.replace("_", " ")
        )
        assert table.loc[way, "cases"].sum() == len(rows)


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
    people, total = whole_people(np.array(counts, float)), sum(counts)
    assert people.sum() == (100 if total else 0)
    assert all(abs(whole - 100 * n / (total or 1)) < 1 for whole, n in zip(people, counts, strict=True))


SENTENCES = [
    ((0.4, 0.5, 0.148),
     "Of 100 people, 40 have an indication. 20 of them get a second opinion. For 3 of these the diagnosis "
     "changes, for 17 it does not."),
    ((0.01, 1, 0),
     "Of 100 people, 1 has an indication. 1 of them gets a second opinion. For 0 of these the diagnosis "
     "changes, for 1 it does not."),
    ((0.004, 0.5, 0.2), "Of 100 people, fewer than 1 has an indication."),
    ((0.4, 0.01, 0.5), "Of 100 people, 40 have an indication. Fewer than 1 of them gets a second opinion."),
    ((0.4, 0.5, 0.01),
     "Of 100 people, 40 have an indication. 20 of them get a second opinion. For fewer than 1 of these the "
     "diagnosis changes, for 20 it does not."),
    ((0, 0.5, 0.2), "Of 100 people, 0 have an indication. 0 of them get a second opinion."),
    ((0.4, 0, 0.5),
     "Of 100 people, 40 have an indication. 0 of them get a second opinion."),
]  # fmt: skip


@pytest.mark.parametrize(("shares", "people"), SENTENCES)
def test_shares_are_said_in_whole_people(shares, people):
    assert natural_sentence(natural_frequencies(*shares)) == people


def test_a_share_above_one_is_refused():
    with pytest.raises(SecondopError, match=r"yield_ is a share.*Got 14\.8"):
        natural_frequencies(0.4, 0.5, 14.8)
