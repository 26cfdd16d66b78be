"""Exercises: right answers worked out in another way, mistakes told what they are, and nothing stops them."""

import csv
import re
from functools import cache
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from secondop import RULE_BOOK, UnknownNameError, assess, data_path, simulate, tradeoff, wide
from secondop.teaching import exercise
from secondop.teaching.exercises import LESSONS, _texts
from tests.kit import sampled

FACTS = RULE_BOOK.facts
NAMES = [name for name in _texts() if name[0] in "1234" and name[1] == "."]
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks" / "lessons").glob("*.ipynb"))


@cache
def cases():
    return assess(simulate("general", 20_000, seed=2), verdicts=True)


def changed():
    return cases()["diagnosis_changed"] | cases()["treatment_changed"]


@cache
def clinical():
    """Whether each clinical rule is known to fire, case by case."""
    return cases()[[rule.name for rule in RULE_BOOK if rule.clinical]].eq(True).fillna(False)


@cache
def deck():
    with data_path("teaching_cases.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def weeks():
    return cases()["first_line_weeks"].to_numpy(float, na_value=np.nan)


def low(row):
    return row["expected"] not in ("recommended", "urgent")


def high(row):
    return row["expected_possible"] in ("recommended", "urgent")


@cache
def gaps():
    return [name for name in FACTS if pd.isna(cases().loc[49, name])]


@cache
def the_fact_that_matters():
    """Every answer to every gap, tried one by one."""
    case = cases().loc[[49], list(FACTS)].astype(object)
    before = assess(case)["recommendation"].iloc[0]
    moves = []
    for name in gaps():
        answers = FACTS[name].levels or (True, False)
        tried = pd.concat([case.assign(**{name: answer}) for answer in answers])
        if (assess(tried)["recommendation"] != before).any():
            moves.append(name)
    (only,) = moves
    return only


def rules_nobody_misses():
    """The clinical rules without any one of which the book recommends as much as before."""
    sent = cases()["recommendation"] >= "recommended"
    facts = cases()[list(FACTS)]
    return {
        rule.name
        for rule in RULE_BOOK
        if rule.clinical
        and (assess(facts, RULE_BOOK.without(rule.name))["recommendation"] >= "recommended").equals(sent)
    }


def both(a, b):
    """And, by trying every answer that an unknown one could turn out to be."""
    outcomes = {x and y for x, y in product(*({True, False} if v is None else {v} for v in (a, b)))}
    return outcomes.pop() if len(outcomes) == 1 else None


def at_least(k, verdicts):
    outcomes = {sum(v) >= k for v in product(*({True, False} if v is None else {v} for v in verdicts))}
    return outcomes.pop() if len(outcomes) == 1 else None


@cache
def best_somewhere():
    """Policies that win at some of many decision thresholds."""
    real = policies().drop("perfect foresight")
    gain, cost = real["true_positive"], real["false_positive"]
    return {(gain - odds * cost).idxmax() for odds in np.geomspace(0.01, 100, 2_000)}


def per_100(flags):
    return 100 * sum(map(bool, flags)) / len(flags)


@cache
def policies():
    return wide(tradeoff(cases())).set_index("policy")


def policy(name, column):
    return policies().loc[name, column]


ALL_FIVE = {"no and unknown", "yes and unknown", "no or unknown", "yes or unknown", "not unknown"}
RIGHT = {
    "1.1": lambda: {"not unknown", "yes and unknown", "no or unknown"},
    "1.2": lambda: sum(low(row) and high(row) for row in deck()),
    "1.3": lambda: np.isnan(weeks()).sum(),
    "1.4": the_fact_that_matters,
    "1.5": lambda: both,
    "2.1": lambda: per_100(clinical().any(axis=1)),
    "2.2": lambda: sorted(rules_nobody_misses())[0],
    "2.3": lambda: next(row["expected"] for row in deck() if row["case"] == "T028"),
    "2.4": lambda: 100 * policy("recommended", "false_positive") / policy("recommended", "referral_rate"),
    "2.5": lambda: at_least,
    "3.1": lambda: 0.3 * per_100(changed()),
    "3.2": lambda: per_100((clinical() | cases()[clinical().columns].isna()).any(axis=1)),
    "3.3": best_somewhere,
    "3.4": lambda: (~changed()).sum() / changed().sum(),
    "3.5": lambda: lambda true, false, n: true - false / n,
    "4.1": lambda: ["mustafa_newdx", "france_divergent"],
    "4.2": lambda: 148 + 374 - 106,
    "4.3": lambda: per_100(cases()["sought"] & cases()["diagnosis_changed"]),
    "4.4": lambda: "fitted",
    "4.5": lambda: 100 * 106 / 148,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_is_right(name):
    told = exercise(name).check(RIGHT[name]())
    assert told.correct is True, told


def test_every_rule_that_nobody_misses_is_right():
    rules = rules_nobody_misses()
    assert "multimodal-treatment" in rules and all(exercise("2.2").check(rule) for rule in rules)


def referred():
    return clinical().any(axis=1)


MISTAKES = [
    # exercise, what somebody answers, what they are told
    ("1.1", lambda: ALL_FIVE, "You let every gap win"),
    ("1.1", set, "You counted unknown as no"),
    ("1.1", lambda: {"no or unknown", "yes and unknown"}, "Missing: 1."),
    ("1.1", lambda: ALL_FIVE - {"no and unknown"}, "Not among them: yes or unknown."),
    ("1.2", lambda: sum(row["expected_undetermined"] == "yes" for row in deck()), "only a wish or urgency"),
    ("1.2", lambda: sum(map(low, deck())), "all that are closed"),
    ("1.2", lambda: sum(map(high, deck())), "recommended for sure"),
    ("1.2", lambda: 0, "You counted unknown as no"),
    ("1.2", lambda: 24, "24 is too high."),
    ("1.3", lambda: (~(weeks() >= 4)).sum(), "every yes"),
    ("1.3", lambda: (weeks() < 4).sum(), "whose weeks are known"),
    ("1.4", lambda: next(name for name in gaps() if name != the_fact_that_matters()), "no answer to it"),
    ("1.4", lambda: next(name for name in FACTS if name not in gaps()), "there is nothing to ask"),
    ("1.5", lambda: lambda a, b: bool(a and b), "You counted unknown as no"),
    ("1.5", lambda: lambda a, b: None if a is None or b is None else a and b, "You let every gap win"),
    ("1.5", lambda: lambda a, b: a and b, "(None, False) gives None instead of False."),
    ("2.1", lambda: clinical().mean().sum() * 100, "counted twice"),
    ("2.1", lambda: per_100(cases()["recommendation"] >= "optional"), "wishes"),
    ("2.1", lambda: per_100(cases()["possible"] >= "recommended"), "You counted unknown as yes"),
    ("2.2", lambda: clinical().sum().drop(rules_nobody_misses()).idxmin(), "It is a rare one"),
    ("2.2", lambda: clinical()[clinical().sum(axis=1) == 1].sum().idxmax(), "the most cases"),
    ("2.2", lambda: "ambiguous-pathology", "It is not 'ambiguous-pathology'."),
    ("2.3", lambda: "Recommended", "You let severity create an indication"),
    ("2.3", lambda: "urgent", "You let severity create an indication"),
    ("2.3", lambda: "not needed", "a reason against"),
    ("2.3", lambda: "optional", "would need a wish"),
    ("2.4", lambda: policy("recommended", "false_positive"), "You divided by all cases"),
    ("2.4", lambda: per_100(changed()[referred()]), "those that change something"),
    ("2.4", lambda: per_100(~changed()), "not referred as well"),
    ("2.5", lambda: lambda k, verdicts: sum(v is True for v in verdicts) >= k, "You counted unknown as no"),
    ("2.5", lambda: lambda k, v: None if None in v else sum(v) >= k, "You let every gap win"),
    ("3.1", lambda: 30, "So many are referred"),
    ("3.1", lambda: per_100(changed()), "if everybody is referred"),
    ("3.1", lambda: 0.3 * per_100(~changed()), "the referrals that change nothing"),
    ("3.2", lambda: per_100(referred()), "You counted unknown as no"),
    ("3.2", lambda: RIGHT["3.2"]() - per_100(referred()), "only those that cannot be judged"),
    ("3.3", lambda: best_somewhere() | {"perfect foresight"}, "Perfect foresight is no policy"),
    ("3.3", lambda: best_somewhere() - {"none", "all"}, "Nobody and everybody are policies too"),
    ("3.4", lambda: changed().sum() / (~changed()).sum(), "Upside down"),
    ("3.5", lambda: lambda true, false, n: true - false * n, "You multiplied"),
    ("3.5", lambda: lambda true, false, n: true - false, "You left the threshold out"),
    ("4.1", lambda: {"vansuch_diff", "lenza_dx"}, "You went by what is counted"),
    ("4.2", lambda: 522, "twice"),
    ("4.2", lambda: 1000 - 1000 * 0.852 * 0.626, "independent"),
    ("4.3", lambda: per_100(cases()["diagnosis_changed"][cases()["sought"]]), "divided by those who sought"),
    ("4.3", lambda: per_100(cases()["diagnosis_changed"]), "counted those who sought none"),
    ("4.3", lambda: per_100(referred()), "how often rules fire"),
    ("4.4", lambda: "within", "could it have been otherwise"),
    ("4.4", lambda: "Not comparable", "The denominators are alike"),
    ("4.5", lambda: 37.4, "share of all who obtained"),
    ("4.5", lambda: 10.6, "with both changes"),
    ("4.5", lambda: 100 * 106 / 374, "turn the question round"),
]


@pytest.mark.parametrize(("name", "answer", "words"), MISTAKES)
def test_a_mistake_is_told_what_it_is(name, answer, words):
    told = exercise(name).check(answer())
    assert told.correct is False and words in told.words, told


def test_every_mistake_that_has_words_of_its_own_is_in_the_table():
    written = {words for name in NAMES for words in _texts()[name]["told"][1:]}
    assert written <= {exercise(name).check(answer()).words for name, answer, _ in MISTAKES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", [..., None, "", {...}, {"none", ...}], ids=repr)
def test_an_open_answer_is_told_how_to_answer(name, answer):
    told = exercise(name).check(answer)
    assert told.correct is None
    assert re.search(r"Put (a number|the name)|Write the function", told.words), told


WRONG = [15, -1e300, True, float("nan"), 1 + 2j, "some words", "19", b"19", [1, 2], (), {}, {"a": 1}, [None]]
WRONG += [object(), int, print, lambda: True, lambda *all: object(), pd.Series([1.0, None])]
WRONG += [pd.DataFrame({"a": [1]}), np.arange(3), np.float64(7), pd.NA, pd.Timestamp("2026"), ["x", ...]]


@pytest.mark.parametrize("name", sampled(NAMES))
def test_no_kind_of_answer_stops_it(name):
    for answer in WRONG:
        told = exercise(name).check(answer)
        assert told.correct in (None, False) and told.words, (answer, told)


KINDS = [
    # exercise, what came, what is said
    ("1.2", "nineteen", "I could not read that: 'nineteen'. Put a number in place of the dots"),
    ("1.2", "19 %", "I could not read that: '19 %'. Put a number"),
    ("1.2", True, "I could not read that: True. Put a number"),
    ("1.2", float("nan"), "I could not read that: nan. Put a number"),
    ("4.2", 41.6, "The share is right, but in another unit"),
    ("4.2", 0.416, "The share is right, but in another unit"),
    ("2.3", 4, "I could not read that: 4. Put the name of a recommendation"),
    (
        "2.3",
        "recomended",
        "I could not read that: there is no recommendation 'recomended'. Did you mean 'recommended'?",
    ),
    ("3.3", {"none", "al"}, "I could not read that: there is no policy 'al'. Did you mean 'all'?"),
    ("1.5", True, "I could not read that: True. Write the function both(a, b)"),
    ("1.5", lambda a, b: None, "Write the function both(a, b); what it gives back stands after the word"),
]


@pytest.mark.parametrize(("name", "answer", "words"), KINDS)
def test_another_kind_of_answer_is_not_wrong_but_told_what_is_wanted(name, answer, words):
    told = exercise(name).check(answer)
    assert told.correct is None and words in told.words, told


def test_what_cannot_be_read_is_not_called_unanswered_or_wrong():
    assert repr(exercise("1.2").check("many")).startswith("? I could not read that: 'many'.")
    assert repr(exercise("1.2").check(...)).startswith("? Not answered yet. Put a number")
    assert "Not answered yet" not in exercise("2.3").check("severe")._repr_html_()


WRITTEN = ["{:.1f} %", "{:.1f}", "about {:.1f}", " {:.1f}% ", "{:.1f} per cent", "{:.1f} of 100"]


@pytest.mark.parametrize("name", ["2.1", "2.4", "4.5"])
@pytest.mark.parametrize("form", WRITTEN)
def test_a_number_is_read_as_a_person_writes_it(name, form):
    text = form.format(RIGHT[name]())
    assert exercise(name).check(text) and exercise(name).check(text.replace(".", ","))
    assert exercise(name).check(form.format(RIGHT[name]() + 7)).correct is False


def test_thousands_and_minus_signs_are_read_and_a_count_takes_no_per_cent():
    n = RIGHT["1.3"]()
    assert n > 1_000
    spelled = [f"{n:,}", f"{n:,}".replace(",", " "), f"{n:,}".replace(",", "\u202f"), f"{n}.0", f"{n},0"]
    assert all(exercise("1.3").check(text) for text in [*spelled, f"{n:,} of 20,000"])
    assert exercise("1.3").check("−3").words == "-3 is too low."
    assert exercise("1.3").check(f"{n} %").correct is None


def test_names_are_read_in_any_order_and_as_figures_print_them():
    swapped = {" ".join(reversed(text.split())) for text in RIGHT["1.1"]() if "not" not in text}
    rest = {text for text in RIGHT["1.1"]() if "not" in text}
    assert len(swapped) == 2 and exercise("1.1").check(swapped | rest)
    assert exercise("1.1").check(", ".join(swapped | rest)) and exercise("1.1").check(
        "; ".join(swapped | rest)
    )
    labels = wide(tradeoff(cases(), threshold=1 / 11)).set_index("policy")["label"]
    assert exercise("3.3").check({labels[name].capitalize() for name in best_somewhere()})
    assert exercise("1.4").check(RULE_BOOK.facts[the_fact_that_matters()].label)
    assert all(exercise("2.2").check(RULE_BOOK[rule].label) for rule in rules_nobody_misses())
    assert exercise("2.3").check("the patient's choice").correct is False


def test_code_that_asks_to_end_the_program_is_told_and_ends_nothing():
    ended = []

    def both(a, b):
        return exit()

    both.__globals__["exit"] = lambda: ended.append(True)  # as a notebook has its own
    try:
        told = exercise("1.5").check(both)
        assert told.correct is False and "stopped with SystemExit" in told.words and ended == []
        both.__globals__["exit"]()
        assert ended == [True], "what was there is there again"
    finally:
        del both.__globals__["exit"]
    assert exercise("1.5").check(both).correct is False and "exit" not in both.__globals__


def test_a_share_is_told_that_its_unit_is_another():
    told = exercise("2.1").check(RIGHT["2.1"]() / 100)
    assert told.correct is None
    assert "in another unit. Put a number in place of the dots: how many of 100" in told.words


def test_a_function_that_stops_is_told_where_and_why():
    told = exercise("1.5").check(lambda a, b: 1 / bool(b))
    assert told.correct is False
    assert told.words == "both(True, False) stopped with ZeroDivisionError: division by zero"


def test_own_cases_that_cannot_be_read_are_told_what_is_wrong_with_them():
    told = exercise("10.3").check(3, "my log.csv")
    assert told.correct is None and "SecondopError: worth_recording takes a frame of cases" in told.words


def test_cases_that_no_exercise_asks_for_are_not_called_its_own():
    told = exercise("1.2").check(3, "cases")
    assert told.words == 'This takes the answer alone: write exercise("1.2").check(answer).'


def test_other_spellings_of_unknown_and_of_numbers_are_understood():
    spelled = {True: np.True_, False: 0, None: pd.NA}
    assert exercise("1.5").check(lambda a, b: spelled[both(a, b)])
    assert exercise("1.2").check(np.int64(RIGHT["1.2"]()))
    assert exercise("4.1").check(pd.Index(["Mustafa newdx", "france-divergent"]))


@pytest.mark.parametrize(("name", "within"), [("2.1", 0.5), ("3.4", 0.05), ("4.2", 2), ("1.2", 0)])
def test_a_number_may_be_as_far_off_as_is_said(name, within):
    right = RIGHT[name]()
    said = exercise(name).check(...).words
    assert (f"within {within:g}." in said) == (within > 0)
    assert exercise(name).check(right - within) and exercise(name).check(right + within)
    assert exercise(name).check(right + within + 0.001).correct is False


@pytest.mark.parametrize("name", ["1.9", "7.1", "4", "", None, 2.1])
def test_an_exercise_that_does_not_exist_is_said(name):
    with pytest.raises(UnknownNameError, match="There is no exercise"):
        exercise(name)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_asks_all_its_exercises_in_order_word_for_word(lesson):
    cells = nbformat.read(NOTEBOOKS[lesson - 1], as_version=4).cells
    text = " ".join("\n".join(cell.source for cell in cells if cell.cell_type == "markdown").split())
    names = [name for name in NAMES if name.startswith(f"{lesson}.")]
    asked = [f"**Exercise {name}.** {exercise(name).question}" for name in names]
    places = [text.find(words) for words in asked]
    assert -1 not in places and places == sorted(places), [w for w in asked if w not in text]
    for tag in ("exercise", "solution"):
        tagged = [c.source for c in cells if tag in c.metadata.get("tags", []) and c.cell_type == "code"]
        assert [re.search(r'exercise\("(.*?)"\)\.check\(', source)[1] for source in tagged] == names
