"""The test for before and after the lessons: whole, and right by the package itself."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from secondop import (
    Indication,
    Level,
    RuleBook,
    Source,
    assess,
    compare,
    data_path,
    explain,
    firing_rates,
    flag,
    net_benefit,
    published_rates,
    read_cases,
    simulate,
    tradeoff,
    wide,
)
from tools.assessment import FORMS, LETTERS, items, pages

ITEMS = items()
each_asked = pytest.mark.parametrize(
    ("item", "letter"),
    [(item, letter) for item in ITEMS for letter in FORMS],
    ids=lambda given: given if isinstance(given, str) else given["name"],
)
ANSWERS = {"yes": True, "no": False, "unknown": None}
JUDGED = {
    "below": "below zero: referring nobody is better",
    "zero": "zero: as good as referring nobody",
    "above": "above zero: better than referring nobody",
}


def fires(joined, first, second):
    """A book of one rule over two facts."""
    a, b = flag("a", "Is the first so?"), flag("b", "Is the second so?")
    when = a & b if joined == "and" else a | b
    rule = Indication("rule", "a rule", when=when, group="any", source="x", level=Level.RECOMMENDED)
    sources = (Source("x", "A source"),)
    book = RuleBook("A book", subject="second opinion", version="1", sources=sources, rules=(rule,))
    case = pd.DataFrame({"a": [ANSWERS[first]], "b": [ANSWERS[second]]})
    (told,) = assess(case, rule_book=book, verdicts=True)["rule"]
    return "unknown" if pd.isna(told) else "yes" if told else "no"


def range_of(yes, no, unknown):
    asked = pd.DataFrame({"neoplasia_concern": [True] * yes + [False] * no + [None] * unknown})
    rate = firing_rates(asked).set_index("policy").loc["neoplasia-concern"]
    return f"{rate['min']:.0f} to {rate['max']:.0f}"


def provisional(stands, possible):
    deck = assess(read_cases(data_path("teaching_cases.csv")))
    code = {"no indication": "no_indication"}.get(stands, stands)
    case = deck[(deck["recommendation"] == code) & (deck["possible"] == possible)].iloc[0]
    told = explain(case)
    return "it is provisional: ask for the missing fact" if told.undetermined and told.next_questions else ""


def union(one, other):
    """Two rules of the book on 100 cases: where they meet as often as they can, and never."""
    told = []
    for start in (0, max(one, other)):
        few, many = sorted((one, other))
        asked = pd.DataFrame(
            {
                "neoplasia_concern": [number < many for number in range(100)],
                "chemotherapy_proposed": [start <= number < start + few for number in range(100)],
            }
        )
        rates = firing_rates(asked).set_index("policy")
        assert {
            rates.loc["neoplasia-concern", "fired"],
            rates.loc["aggressive-treatment-proposed", "fired"],
        } == {
            one,
            other,
        }
        told.append(rates.loc["recommended", "fired"])
    return "in {:.0f} to {:.0f}".format(*told)


def severity(case):
    told = explain(read_cases(data_path("teaching_cases.csv")).set_index("case").loc[case])
    assert told.verdicts["severe-or-refractory-symptoms"] is True
    return told.recommendation.replace("_", " ")


def referred_for_one(referred, changed):
    cases = pd.DataFrame({"refer": [True] * referred, "changed": [n < changed for n in range(referred)]})
    table = wide(tradeoff(cases, {"policy": "refer"}, outcome="changed")).set_index("policy")
    return f"{table.loc['policy', 'nnr']:g}"


def threshold(accepted):
    """At that chance of a change, one change and so many no-change referrals come to nothing."""
    for percent in range(1, 100):
        cases = [True] * (1 + accepted), [True] + [False] * accepted
        if abs(net_benefit(*cases, threshold=percent / 100)) < 1e-9:
            return f"{percent} %"
    return ""


def sign(true_positive, false_positive, accepted):
    found, more = [True] * true_positive, [False] * false_positive
    rest = 100 - true_positive - false_positive
    referred = [True] * (true_positive + false_positive) + [False] * rest
    net = net_benefit(referred, found + more + [False] * rest, threshold=1 / (1 + accepted))
    return JUDGED["zero" if abs(net) < 1e-9 else "above" if net > 0 else "below"]


def among_people(obtained, changed):
    """1,000 people, so that every number is whole."""
    got = [number < 10 * obtained for number in range(1000)]
    of = [number < obtained * changed / 10 for number in range(1000)]
    table = wide(tradeoff(pd.DataFrame({"got": got, "changed": of}), {"obtained": "got"}, outcome="changed"))
    return f"{table.set_index('policy').loc['obtained', 'true_positive']:g}"


def calibrated(rate, share):
    assert f"{100 * published_rates().set_index('id').loc[rate, 'rate']:.1f}" == f"{share}"
    verdict = compare(simulate("programme", 4_000, seed=2)).set_index("id").loc[rate, "verdict"]
    return {"fitted": "nothing: the rate was put in"}.get(verdict, verdict)


RIGHT = {
    "three-answers": fires,
    "range": range_of,
    "provisional": provisional,
    "union": union,
    "severity": severity,
    "number-needed-to-refer": referred_for_one,
    "threshold": threshold,
    "net-benefit": sign,
    "denominator": among_people,
    "calibrated": calibrated,
}


def test_ten_items_of_all_lessons_are_each_worked_out_by_the_package():
    assert [item["name"] for item in ITEMS] == list(RIGHT) and len(ITEMS) == 10
    assert {item["lesson"] for item in ITEMS} == {1, 2, 3, 4}


@each_asked
def test_the_right_answer_is_what_the_package_says(item, letter):
    asked = item[letter]
    assert asked["options"][asked["right"] - 1] == RIGHT[item["name"]](**asked["given"])


@each_asked
def test_four_options_differ_and_the_question_states_every_number_it_was_given(item, letter):
    asked = item[letter]
    assert len(asked["options"]) == len(set(asked["options"])) == len(LETTERS)
    assert asked["why"].endswith(".") and asked["question"].endswith("?")
    numbers = [f"{given}" for given in asked["given"].values() if isinstance(given, (int, float))]
    assert [number for number in numbers if number not in asked["question"]] == []


def test_two_forms_ask_the_same_in_other_numbers():
    for item in ITEMS:
        a, b = (item[letter] for letter in FORMS)
        assert a["given"].keys() == b["given"].keys() and a["given"] != b["given"], item["name"]
        assert a["question"] != b["question"], item["name"]
    for letter in FORMS:
        places = [item[letter]["right"] for item in ITEMS]
        assert max(map(places.count, places)) <= 4, (
            f"form {letter}: the right answer stands often at one place"
        )


def test_printed_forms_ask_all_and_tell_nothing():
    made = pages()
    for letter in FORMS:
        soup = BeautifulSoup(made[f"test-form-{letter.lower()}.html"], "html.parser")
        assert [len(options("li")) for options in soup("ol")] == [4] * 10
        assert not [item for item in ITEMS if item[letter]["why"].replace("*", "") in soup.get_text()]
    key = BeautifulSoup(made["test-answers.html"], "html.parser").get_text()
    for item in ITEMS:
        for letter in FORMS:
            asked = item[letter]
            right = f"{letter}: {LETTERS[asked['right'] - 1]}, {asked['options'][asked['right'] - 1]}."
            assert right in key and asked["why"].replace("*", "") in key
