"""A hundred people add up whatever the sliders say, and the sentence says the people that are drawn."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop import SecondopError, figures
from secondop.evaluation.people import WENT, natural_frequencies, natural_sentence
from secondop.evaluation.published import published_rates
from secondop.teaching.explorers import explore_prevalence
from tests.kit import examples

PERCENT = st.integers(0, 100)
PEOPLE = [
    # prevalence  follow-through  yield   changed  unchanged  stayed  no indication
    (0.4, 0.5, 0.148, 3, 17, 20, 60),
    (1.0, 1.0, 0.374, 37, 63, 0, 0),
    (0.0, 0.5, 0.148, 0, 0, 0, 100),
    (0.5, 0.0, 0.148, 0, 0, 50, 50),
    (0.01, 1.0, 1.0, 1, 0, 0, 99),
]


@pytest.fixture(scope="module")
def explorer():
    return explore_prevalence()


def plain(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


@pytest.mark.parametrize(
    ("prevalence", "follow_through", "yield_", "changed", "unchanged", "stayed", "rest"), PEOPLE
)
def test_a_hundred_people_are_those_found_by_hand(
    prevalence, follow_through, yield_, changed, unchanged, stayed, rest
):
    table = natural_frequencies(prevalence, follow_through, yield_)
    assert table["part"].tolist() == list(WENT)
    assert table["people"].tolist() == [changed, unchanged, stayed, rest]


@given(PERCENT, PERCENT, st.integers(0, 1000))
def test_people_add_up_to_a_hundred_and_the_sentences_say_them(prevalence, follow_through, yield_):
    table = natural_frequencies(prevalence / 100, follow_through / 100, yield_ / 1000)
    people, share = (table.set_index("part")[name] for name in ("people", "share"))
    assert people.sum() == 100 and share.sum() == pytest.approx(1)
    assert ((table["people"] - 100 * table["share"]).abs() < 1).all()
    said = natural_sentence(table).lower().replace("fewer than 1", "0")
    hundred, some, went, *rest = numbers(said)
    assert (hundred, some, went) == (100, prevalence, prevalence - people["stayed"])
    assert rest == (people[["changed", "unchanged"]].tolist() if went else [])
    changed = prevalence * follow_through * yield_ / 1e7
    assert share["changed"] == pytest.approx(changed), "the yield is a share of those who went"


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), 40])
def test_what_is_no_share_is_refused_by_name(wrong):
    with pytest.raises(SecondopError, match="follow_through is a share between 0 and 1"):
        natural_frequencies(0.4, wrong, 0.1)
    with pytest.raises(SecondopError, match="yield_ is a share"):
        explore_prevalence(yield_=wrong)


def test_one_person_is_spoken_of_as_one():
    text = natural_sentence(natural_frequencies(0.01, 1, 1))
    assert text.startswith("Of 100 people, 1 has an indication. 1 of them gets a second opinion.")


@pytest.mark.parametrize("shares", [(0.4, 0.5, 0.148), (0, 0.5, 0.148), (1, 1, 1)])
def test_every_part_keeps_its_trace_and_the_unknown_ask(shares):
    table = natural_frequencies(*shares)
    traces = [trace for trace in figures.icon_array(table).data if trace.name]  # the people
    assert [sum(x is not None for x in trace.x) for trace in traces] == table["people"].tolist()
    assert all(trace.x for trace in traces)  # an empty one would lose its place
    assert [trace.name for trace in traces] == list(WENT)
    assert [trace.text or "" for trace in traces] == ["", "", "?", ""]


def test_the_yield_starts_from_the_published_rate_and_cites_it():
    meyer = published_rates().set_index("id").loc["meyer_dx"]
    fresh = explore_prevalence()
    assert fresh.shares["yield"] == pytest.approx(100 * meyer["rate"])
    said = fresh.table.attrs["source"]
    assert "Yield as published" in said and f"{meyer['n']:,}" in said and meyer["source"] in said
    assert "second opinions obtained" in said and "Prevalence and follow-through are assumed" in said


def test_another_outcome_has_its_own_published_rate_and_word():
    explorer = explore_prevalence(yield_=0.374)
    explorer.shares = {"what": "treatment"}
    rate = published_rates().set_index("id").loc["meyer_tx", "rate"]
    assert explorer.published["treatment"]["rate"] == pytest.approx(100 * rate)
    assert "the treatment changes" in explorer.sentence and "Yield as" in explorer.table.attrs["source"]
    explorer.shares = {"yield": 20}
    assert "The yield is assumed; published: 37.4 %" in explorer.table.attrs["source"]


@given(PERCENT, PERCENT, st.integers(0, 1000))
@examples(25)
def test_what_the_screen_sends_moves_the_people_and_the_sentence(explorer, prevalence, through, yield_):
    told = {"prevalence": prevalence, "follow": through, "yield": yield_ / 10, "what": "diagnosis"}
    explorer.set_state({"shares": told})
    table = natural_frequencies(prevalence / 100, through / 100, yield_ / 1000)
    assert explorer.shares == told and explorer.table["people"].tolist() == table["people"].tolist()
    assert explorer.sentence == natural_sentence(table)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"prevalence": 101}, "prevalence is a share"),
        ({"follow": -1}, "follow_through is a share"),
        ({"what": "everything"}, "no what 'everything'"),
        ({"what": ["treatment"]}, "no what "),
        ({"yield": "x"}, "yield_ is a share.* Got 'x'"),
        ({"prevlence": 30}, "no setting 'prevlence'. Did you mean 'prevalence'"),
    ],
)
def test_what_is_no_share_is_refused_and_nothing_moves(explorer, wrong, said):
    before = explorer.shares
    with pytest.raises(SecondopError, match=said):
        explorer.shares = wrong
    assert explorer.shares == before


def test_the_still_is_the_hundred_people_that_are_shown(explorer):
    explorer.shares = {"prevalence": 70}
    (still,) = explorer.still().values()
    people = explorer.table["people"].tolist()
    parts = [part for part in still["data"] if part.get("name")]
    assert [sum(x is not None for x in part["x"]) for part in parts] == people
    assert json.dumps(still) and "70 have an indication" in plain(still["layout"]["title"]["text"])
