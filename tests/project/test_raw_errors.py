"""Whatever is plausibly handed in by mistake is refused in one clear error that says what is taken."""

import inspect
import math
from inspect import isfunction, ismethod
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import secondop as s
from secondop import RULE_BOOK, Cohort, SecondopError, load_scenario
from secondop.arguments import KINDS

BOOK = RULE_BOOK.only("neoplasia-concern")
CASES = pd.DataFrame({"neoplasia_concern": [True, False, None] * 4, "changed": [True, False, False] * 4})
CASES = CASES.assign(sought=True, diagnosis_changed=CASES["changed"], age=range(12), risk=[3, 40, 8, 70] * 3)
RATE = {"id": "mine", "outcome": "diagnosis_changed", "denominator": "second opinions obtained", "n": 200}
PROGRAMME = load_scenario("programme")

WRONG = {  # of each kind of argument what is no such thing, and is handed in all the same
    "seed": ["1", None, -1, 1.5, True],
    "n": [0, "10", None, 2.5, -3],
    "draws": [0, "a", None, math.nan],
    "folds": [1, "5", None],
    "repeats": [0, "5"],
    "groups": [0, "10", 2.5],
    "most": [0, "20"],
    "given": [5, {"sex": 1}, [1]],
    "method": [1, ["weighted"]],
    "deltas": ["1", 0.5, [], ["1"], None],
    "min_cell": [0, "5", 2.5, -1],
    "max_depth": [0, "4"],
    "learn_from": ["100", 0],
    "weight": ["4", -1, None],
    "zeros": ["0.1", -1, None],
    "prevalence": [22, "22%", None, math.nan],
    "follow_through": [22, "0.5"],
    "yield_": [14.8, "14.8"],
    "held_back": [30, "30%", None],
    "threshold": ["0.1", None, True, {}, "10 %"],
    "thresholds": ["0.1", 0.1, [], ["0.1"], None, [True], [None]],
    "signals": ["1", 1, [None]],
    "values": ["1", 1.2, [], ["1"]],
    "weights": [["w"], 1, CASES["age"]],
    "cluster": [["site"], 3, CASES["age"]],
    "verified": [["sought"], 3, CASES["sought"]],
    "outcome": [["changed"], True, CASES["changed"]],
    "score": [["risk"], 0.5, CASES["risk"]],
    "sought": [True, CASES["changed"]],
    "by": [CASES["age"], 3, [1], {"age": 1}, CASES],
    "policies": [[1], 3, True, pd.DataFrame()],
    "parameters": [[1], 3, {"signal": 1}],
    "measure": [[1], 3, []],
    "measures": [[1], 3, [], {"ppv": 1}],
    "anchors": [[], 1],
    "facts": [[1], 3],
    "order": [[1], 3],
    "rules": [[1], 3],
    "combination": [[1], 3, None],
    "probabilities": [[1], 0.5],
    "policy": [["urgent"], None, 3],
    "level": [["urgent"], None, 3],
    "kind": [["logistic"], None],
    "path": [["signal"], None, 3],
    "audience": [["patient"], None],
    "engine": [["pandas"], None],
    "what": [3],
    "verdicts": ["yes", None, pd.DataFrame()],
    "next_question": ["yes", None],
    "rule_book": ["RULE_BOOK", None, 3],
    "before": ["RULE_BOOK", None],
    "after": ["RULE_BOOK", None],
    "columns": [["gender"], "gender", {"gender": 1}, 3],
    "scores": ["risk", {"risk": "0.5"}, {1: 0.5}],
    "contrasts": [{"doubt": "1.2"}, [1.2], "doubt"],
    "sides": [[("a", None)], "doubt", {"doubt": "rare_disease"}],
    "counts": [[(1, 2)], "rates.sought"],
    "fitted_to": [3, [3], CASES],
    "redrawn": [CASES, 3, "cohort", None],
}
DOORS = {name: getattr(s, name) for name in s.__all__ if hasattr(getattr(s, name), "__wrapped__")}
DOORS["Cohort"] = Cohort.__init__
TAKES_ITSELF = {
    ("read_cases", "rule_book"),
    ("check_cases", "rule_book"),
    ("mapping_template", "rule_book"),
    ("facts_table", "rule_book"),
    ("rate", "outcome"),
    ("rate", "n"),
    ("simulate", "n"),
    ("simulate", "seed"),
    ("simulate_batches", "n"),
    ("simulate_batches", "seed"),
}
TAKES_MORE = {("tradeoff", "threshold"), ("Cohort", "scores"), ("Cohort", "outcome")}
ASKED = [
    (name, key, i)
    for name, function in DOORS.items()
    for key in inspect.signature(function).parameters
    if key in KINDS and (name, key) not in TAKES_ITSELF | TAKES_MORE
    for i, value in enumerate(WRONG[key])
    if value is not inspect.signature(function).parameters[key].default
]


def test_every_kind_of_argument_has_its_mistakes():
    assert WRONG.keys() == KINDS.keys() and len(DOORS) > 30 and len(ASKED) > 300


@pytest.mark.parametrize(("name", "key"), dict.fromkeys((name, key) for name, key, _ in ASKED))
def test_what_cannot_be_taken_is_refused_before_anything_is_counted(name, key):
    for i in (i for own, other, i in ASKED if (own, other) == (name, key)):
        start = {"cases": CASES} if name == "Cohort" else {}
        with pytest.raises(SecondopError, match=rf"^{name} cannot be used so:\n(.*\n)?  {key} is "):
            DOORS[name](*[Cohort.__new__(Cohort)] * (name == "Cohort"), **start | {key: WRONG[key][i]})


def test_all_that_is_wrong_is_said_at_once_and_long_values_are_cut():
    with pytest.raises(SecondopError) as error:
        s.tornado("programme", n=0, seed="1", threshold="0.1", parameters=[3] * 100)
    lines = str(error.value).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["n", "parameters", "seed", "threshold"]
    assert max(map(len, lines)) < 110


def test_one_strategy_is_a_list_of_one():
    model = s.ReaderModel.from_disagreement({"a": {"a": 1}}, {"a": 0})
    assert s.read_strategies(model, s.Strategy.none()).equals(s.read_strategies(model, [s.Strategy.none()]))


def test_one_source_or_fact_is_taken_for_a_list_of_one_and_a_marked_text_as_it_is():
    fact, source, advice = s.flag("pain", "Is there pain?"), s.Source("y", "Y"), s.Advice("x", "Look.")
    book = own_book().with_(sources=source, also=fact, advice=advice)
    assert book == own_book().with_(sources=[source], also=[fact], advice=[advice])
    assert (
        s.RuleBook.from_json("\ufeff" + book.to_json())
        == s.RuleBook.from_json(book.to_json().encode())
        == book
    )


def test_one_text_is_taken_for_a_list_of_one():
    asked = {"policies": "urgent", "measures": "net_benefit"}
    listed = {key: [name] for key, name in asked.items()}
    tables = [s.propagate("programme", 2, 200, seed=1, **each) for each in (asked, listed)]
    pd.testing.assert_frame_equal(*tables)
    swings = [s.tornado("programme", parameters=x, n=200, seed=1) for x in ("signal", ["signal"])]
    pd.testing.assert_frame_equal(*swings)


def own_book():
    rule = s.Indication(
        "foo", "Foo", level="recommended", group="g", when=s.flag("foo_fact", "Foo?"), source="x"
    )
    return s.RuleBook(
        title="Ours", subject="s", version="1", sources=[s.Source("x", "X", grade="guideline")], rules=[rule]
    )


ASSESSED = s.assess(
    pd.DataFrame({"foo_fact": [True, False], "changed": [True, False]}), own_book(), verdicts=True
)
SWINGS = s.tornado("general", parameters="signal", n=50, seed=1)
TWICE = pd.DataFrame([[1, 2, 3]], columns=["rare_disease", "x", "x"])
CASES_OF = {
    # what was done                                                             what is said
    "a scenario by an unknown name": (lambda: s.expected_rates("name"), "no scenario 'name'"),
    "no scenario": (lambda: s.fit_report(3), "by name, or from read_scenario"),
    "a scenario that is none": (lambda: s.identifiability(None), "by name, or from read_scenario"),
    "a share counted without n": (
        lambda: s.draw_parameters("programme", 2, seed=1, counts={"rates.sought": 0.12}),
        "k of n|how many",
    ),
    "a value of nothing": (lambda: PROGRAMME.replace({"rates.sought": None}), "rates.sought is a number"),
    "a value in per cent": (lambda: PROGRAMME.replace({"rates.sought": "22%"}), r"a share of 22 % is 0\.22"),
    "no changes": (lambda: PROGRAMME.replace(["rates.sought"]), "dict from paths to numbers"),
    "22 for 0.22": (lambda: PROGRAMME.replace({"rates.sought": 22}), "0 to 1, not at 22"),
    "a book from a path": (lambda: s.RuleBook.from_json(Path("mine.json")), r"Of a file, give the text"),
    "a book from a path in words": (lambda: s.RuleBook.from_json("mine.json"), r"read_text\(\)"),
    "a parameter that is none": (lambda: PROGRAMME[None], "no parameter None"),
    "shares of no fact": (lambda: PROGRAMME.shares("sexx"), "Did you mean 'sex'"),
    "a scenario of no book": (
        lambda: s.read_scenario("name = 'x'\n", rule_book=None),
        "rule_book is a rule book",
    ),
    "a rule that is a list": (lambda: RULE_BOOK[["neoplasia-concern"]], "no rule"),
    "a fact that is a list": (lambda: s.fact(["sex"]), "no fact"),
    "rates in per cent": (
        lambda: s.calibrate("programme", [RATE | {"rate": "22%", "role": "calibrate"}]),
        "between 0 and 1, not '22%'",
    ),
    "rates of 22": (
        lambda: s.calibrate("programme", [RATE | {"rate": 22, "role": "calibrate"}]),
        "between 0 and 1, not 22",
    ),
    "rates as text": (lambda: s.calibrate("programme", "meyer_dx"), "rates is rows of"),
    "polars rates": (lambda: s.calibrate("programme", pl.DataFrame(RATE)), "rates is rows of"),
    "another table": (lambda: s.wide(CASES), "table that tradeoff makes"),
    "a table of no draws": (lambda: s.bands(CASES), "table that propagate makes"),
    "no table": (lambda: s.best_policies([], [0.1]), "table that propagate makes"),
    "columns of unlike lengths": (
        lambda: s.net_benefit([True], [True, False], threshold=0.1),
        "equally long",
    ),
    "no frame of cases": (lambda: s.flipped([1], BOOK, BOOK), "a frame of cases"),
    "redrawn cohorts without outcomes": (
        lambda: s.compare(CASES, redrawn=[CASES[["age"]]]),
        "no outcome to compare",
    ),
    "a column that is not there": (
        lambda: s.compare(CASES, cluster="sight"),
        "no column of the cases 'sight'",
    ),
    "firing rates of another book's cases": (lambda: s.firing_rates(ASSESSED), "assessed with 'Ours': give"),
    "a trade-off of another book's cases": (
        lambda: s.tradeoff(ASSESSED, outcome="changed"),
        "assessed with 'Ours': give",
    ),
    "rates of a book without some rules": (
        lambda: s.firing_rates(s.assess(CASES, BOOK, verdicts=True)),
        "not with 'When a second opinion",
    ),
    "the same in polars": (
        lambda: s.tradeoff(pl.from_pandas(ASSESSED), outcome="changed"),
        "neither facts of .* nor verdicts",
    ),
    "a curve of another book's cases": (
        lambda: s.decision_curve(ASSESSED, outcome="changed"),
        "assessed with 'Ours': give",
    ),
    "probabilities in per cent": (
        lambda: s.decision_curve(CASES, outcome="changed", probabilities="risk"),
        r"12 probabilities.*22 % is 0\.22",
    ),
    "a score in per cent": (
        lambda: s.calibration(CASES, "risk", outcome="changed"),
        r"12 probabilities.*22 % is 0\.22",
    ),
    "gaps in per cent": (lambda: s.Gaps(22), "from 0 to 0.99"),
    "a threshold in per cent": (
        lambda: s.tradeoff(CASES, outcome="changed", threshold=22),
        "above 0 and below 1; got 22",
    ),
    "an argument of another name": (
        lambda: s.decision_curve(CASES, outcome="changed", treshold=[0.1]),
        r"no treshold=\. Did you mean 'thresholds'\? It takes cohort, policies, outcome",
    ),
    "an argument of another function": (
        lambda: s.all_books(CASES, outcome="changed", cluster="age"),
        r"no cluster=\. It takes cohort, outcome",
    ),
    "facts of no estimate": (
        lambda: s.tradeoff(CASES, outcome="changed", given=["neoplasia_concern"]),
        "say method='doubly_robust' with it",
    ),
    "an estimate by no method": (
        lambda: s.verification_bias(CASES, outcome="changed", method=None),
        "method is a text",
    ),
    "several policies of departures": (
        lambda: s.departures(CASES, ["recommended"], outcome="changed"),
        "policy is a text, or a dict",
    ),
    "departures that are none": (
        lambda: s.departures(CASES, outcome="changed", given=[], deltas=[0, math.nan]),
        "deltas is a list of numbers, infinity allowed",
    ),
    "departures in words": (
        lambda: s.departures(CASES, outcome="changed", given=[], deltas=["none"]),
        "deltas is a list of numbers, infinity allowed",
    ),
    "infinite weights": (
        lambda: s.firing_rates(CASES.assign(w=[1, math.inf] * 6), weights="w", rule_book=BOOK),
        "6 weights in 'w' are missing, negative or infinite",
    ),
    "several policies of verification": (
        lambda: s.verification_bias(CASES, ["recommended"], outcome="changed"),
        "policy is a text, or a dict",
    ),
    "an estimate without an outcome": (
        lambda: s.departures(CASES.assign(changed=None), outcome="changed", rule_book=BOOK),
        "No outcome is known among 12 cases: nothing",
    ),
    "two columns of one name": (lambda: s.firing_rates(TWICE), "More than one column is named 'x'"),
    "the same, to compare": (lambda: s.compare(TWICE), "More than one column is named 'x'"),
    "an outcome in words of its own": (
        lambda: s.tradeoff(CASES.assign(changed="Ja"), outcome="changed"),
        r"'Ja' is not yes or no. Did.*\n.*read_cases\(\.\.\., values=, unknown=\)",
    ),
    "an outcome in codes": (
        lambda: s.tradeoff(CASES.assign(changed=-99), outcome="changed"),
        r"say unknown=\{'changed': \[-99\]\}",
    ),
    "cases of a guideline of one's own": (
        lambda: s.firing_rates(pl.from_pandas(ASSESSED[["foo_fact"]])),
        "of a guideline of your own, give rule_book=",
    ),
    "a file of a guideline of one's own": (
        lambda: s.read_cases(ASSESSED[["foo_fact"]]),
        "mapping_template.*guideline of your own: rule_book=",
    ),
    "a path": (lambda: s.firing_rates("a.csv"), "of a file: read_cases"),
    "a list of answers": (lambda: s.fact("sex").is_in(["male"]), "given one by one"),
    "no sources": (
        lambda: s.RuleBook(title="a", subject="b", version="1", sources=[], rules=list(own_book())),
        "There are: none",
    ),
    "thresholds of none": (
        lambda: s.tradeoff(CASES, outcome="changed", threshold=[]),
        "threshold is a number above 0",
    ),
    "gaps in some facts": (
        lambda: s.Gaps(0.2, facts=["sex"]),
        r"no facts=\. Gaps are in all facts; of one alone: scenario\.replace.*\. It takes share, difficulty",
    ),
    "a scenario solved again on the way": (
        lambda: s.along("general", "signal", [1], refit=True),
        r"no refit=\. recentred\(scenario\) solves again",
    ),
    "columns of a file to fill in": (
        lambda: s.mapping_template(CASES, columns={"age": "sex"}),
        r"no columns=\. .*give columns= to read_cases",
    ),
    "fewer rows of a figure": (
        lambda: s.figures.overlap(s.overlap(ASSESSED, rule_book=own_book()), most=3),
        r"no most=\. Give the rows to draw, as table\.head\(5\)",
    ),
    "no parameter in a figure": (lambda: s.figures.tornado(SWINGS, most=0), "most is a whole number, 1 or"),
    "a figure's truth that is no table": (
        lambda: s.figures.firing_rates(s.firing_rates(CASES, rule_book=BOOK), truth=CASES),
        "truth is a table that firing_rates makes",
    ),
    "a reader by another name": (
        lambda: s.ReaderModel.fit(CASES, readr="x"),
        r"ReaderModel\.fit cannot.*\n.*no readr=\. Did you mean 'reader'\? It takes ratings",
    ),
    "a first answer that is none": (lambda: s.Strategy.first_in(), "takes answers one by one"),
    "first answers in a list": (lambda: s.Strategy.first_in(["a", "b"]), r"as in first_in\('a', 'b'\)"),
    "a share of one class of two": (
        lambda: s.ReaderModel.from_disagreement({"a": {"a": 1}, "b": {"a": 1}}, {"a": 0.1}),
        "disagreement of a, b: nothing is said of b",
    ),
    "a strategy by its name": (
        lambda: s.read_strategies(s.ReaderModel.from_disagreement({"a": {"a": 1}}, {"a": 0}), "none"),
        "a list of Strategy. Got ReaderModel and str",
    ),
    "answers of a class from no path": (lambda: s.class_answers(3), "folder is a text, or a path. Got 3"),
    "a quiz of no topics": (lambda: s.teaching.quiz(3, seed=1, topics=3), "topics is a list of names"),
    "more cases than a machine holds": (
        lambda: s.simulate("general", 10**13, seed=1),
        "up to 100,000,000 cases; simulate_batches gives more",
    ),
    "one case of no fact": (
        lambda: s.explain({"krebsverdacht": True}),
        "No column is a fact .found: 'krebsv",
    ),
    "a scenario of an empty text": (lambda: s.read_scenario(""), "from a path or a text in TOML, not ''"),
    "a number without its nought": (lambda: s.read_scenario("signal = .5\n"), r"numbers as 0\.5: not as \.5"),
    "a book whose fact is not there": (
        lambda: s.RuleBook.from_json(own_book().to_json().replace('"also": []', '"also": ["pain"]')),
        "there is no 'pain'",
    ),
    "a page of no rule book": (lambda: s.teaching.rule_book_page(3), "rule_book is a rule book"),
    "a band of two ends": (
        lambda: s.second_readings(CASES, [(0.1, 0.2)], "sex"),
        "bands is a list of numbers",
    ),
}


@pytest.mark.parametrize(("do", "said"), CASES_OF.values(), ids=CASES_OF)
def test_a_plausible_mistake_is_told_in_one_sentence(do, said):
    with pytest.raises(SecondopError, match=said):
        do()


def test_a_scenario_is_taken_by_name_wherever_one_is_asked_for():
    assert s.expected_rates("programme") == s.expected_rates(PROGRAMME)
    assert s.fit_report("programme").equals(s.fit_report(PROGRAMME))


def test_an_own_books_cases_are_counted_once_the_book_is_named():
    rates = s.firing_rates(ASSESSED, rule_book=own_book()).set_index("policy")
    assert rates.loc["foo", "value"] == 50


SPELT = {"words": ["yes", "no", "unknown"], "0 and 1": [1, 0, None], "flags": [True, False, None]}


@pytest.mark.parametrize("answers", SPELT.values(), ids=SPELT)
def test_outcomes_read_alike_in_comparisons_and_trade_offs(answers):
    cases = pd.DataFrame({"sought": [answers[0]] * 30, "diagnosis_changed": answers * 10})
    row = s.compare(cases, s.published_rates().query("id == 'meyer_dx'"), fitted_to=()).iloc[0]
    assert row[["cohort_n", "cohort_count", "cohort_unknown"]].to_list() == [30, 10, 10]
    table = s.tradeoff(cases, {"mine": "sought"}, outcome="diagnosis_changed")
    assert table.query("policy == 'mine' and measure == 'ppv'")["min"].item() == pytest.approx(100 / 3)


TAKEN = "name n label sort kind within fired unknown group policy measure value lower clusters weight cluster"


@pytest.mark.parametrize("name", [*TAKEN.split(), "unreadable", "flag changed", "by age"])
def test_groups_keep_their_names_whatever_their_column_is_called(name):
    cases = CASES.assign(
        **{name: pd.Categorical(["south", "north"] * 6, ["south", "north"]), "changed": CASES["changed"]}
    )
    for table in (
        s.firing_rates(cases.assign(case=range(12)), by=name, cluster="case", rule_book=BOOK),
        s.tradeoff(cases, by=name, outcome="changed", rule_book=BOOK),
        s.wide(s.decision_curve(cases, by=name, outcome="changed", rule_book=BOOK)),
        s.reform(cases, BOOK, BOOK, by=name, outcome="changed"),
    ):
        assert table["group"].unique().tolist() == ["south", "north"] and (table["n"] == 6).all()


LOSE = {
    "a score of one's own": lambda: s.learned_triage(CASES.assign(score=1), seed=1, outcome="changed"),
    "the same in polars": lambda: s.learned_triage(
        pl.from_pandas(CASES.assign(score=1)), seed=1, outcome="changed"
    ),
    "a recommendation": lambda: s.assess(CASES.assign(recommendation="x"), BOOK),
    "a verdict": lambda: s.assess(CASES.assign(**{"neoplasia-concern": 1}), BOOK, verdicts=True),
    "before and after": lambda: s.flipped(CASES.assign(before=1), BOOK, BOOK),
    "a policy": lambda: s.tradeoff(CASES, {"recommended": "changed"}, outcome="changed", rule_book=BOOK),
}


@pytest.mark.parametrize("lose", LOSE.values(), ids=LOSE)
def test_a_column_that_would_be_lost_is_refused(lose):
    with pytest.raises(SecondopError, match=r"rename|would add|no column before|name of its own|called"):
        lose()


def test_a_simulated_fact_may_not_be_called_as_the_truth_is():
    fact = s.flag("sought", "Was an opinion sought?")
    book = RULE_BOOK.with_(
        s.Indication("own", "Own", level="optional", group="g", when=fact, source="overview-2025")
    )
    own = s.read_scenario('name = "own"\nextends = "general"\n[facts.sought]\nshare = 0.5\n', rule_book=book)
    with pytest.raises(SecondopError, match="'sought' is a column that every simulated cohort has"):
        s.simulate(own, 10, seed=1)


BANDS = {
    "as cut": lambda x: x,
    "as intervals": lambda x: x.astype("interval"),
    "as text": lambda x: x.astype(str),
}


@pytest.mark.parametrize("kind", BANDS.values(), ids=BANDS)
def test_bands_of_numbers_are_named_in_words_and_stand_in_order(kind):
    cases = CASES.assign(age=[5, 50, 110] * 4)
    cases["band"] = kind(pd.cut(cases["age"], [0, 40, 90, 200]))
    groups = s.firing_rates(cases, by="band", rule_book=BOOK)["group"].drop_duplicates().tolist()
    ends = [tuple(float(x) for x in group.strip("(]").split(", ")) for group in groups]
    assert sorted(ends) == [(0, 40), (40, 90), (90, 200)] and (
        ends == sorted(ends) or kind is BANDS["as text"]
    )


def test_values_of_several_kinds_in_one_column_are_groups_of_their_own():
    cases = CASES.assign(site=[1, "a", 2.5, None] * 3)
    groups = s.tradeoff(cases, by="site", outcome="changed", rule_book=BOOK)["group"].unique().tolist()
    assert groups == ["1", "2.5", "a", "not recorded"]
    cases["site"] = [10**30, 2**63, 1, None] * 3  # ids of many digits
    groups = s.tradeoff(cases, by="site", outcome="changed", rule_book=BOOK)["group"].unique().tolist()
    assert groups == ["1", str(10**30), str(2**63), "not recorded"]


def stops(*_):
    raise SystemExit(3)


class Odd:
    """An answer with code of its own."""

    def __repr__(self):
        raise SystemExit

    __iter__ = __repr__


HANDED_IN = {
    "exit()": lambda *_: exit(),
    "quit()": lambda *_: quit(),
    "SystemExit": stops,
    "an error": lambda *_: 1 / 0,
}


@pytest.mark.parametrize("function", HANDED_IN.values(), ids=HANDED_IN)
def test_no_function_that_is_handed_in_stops_the_grader(function):
    told = s.teaching.exercise("1.5").check(function)
    assert told.correct is False and "stopped with" in told.words


@pytest.mark.parametrize("name", ["1.5", "2.3", "3.1", "3.3"])
def test_no_object_that_is_handed_in_stops_the_grader(name):
    assert s.teaching.exercise(name).check(Odd()).correct is None


def test_anyone_who_runs_the_grader_may_still_interrupt_it():
    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        s.teaching.exercise("1.5").check(interrupted)


def test_numbers_of_numpy_are_numbers():
    table = s.tradeoff(CASES, outcome="changed", threshold=np.float64(0.1), rule_book=BOOK)
    curve = s.decision_curve(CASES, outcome="changed", thresholds=np.array([0.1, 0.2]), rule_book=BOOK)
    assert len(table) and len(curve) and len(s.overlap(CASES, most=np.int64(3), rule_book=BOOK))


ROOMS = {"": s, "figures.": s.figures, "teaching.": s.teaching}
MADE = [s.Fact, s.Indication, s.Source, s.Advice, s.RuleBook, s.Scenario, s.ReaderModel, s.Strategy]
PUBLIC = {f"{room}{name}": getattr(home, name) for room, home in ROOMS.items() for name in home.__all__}
PUBLIC |= {f"{made.__name__}.{x}": getattr(made, x) for made in MADE for x in dir(made) if x[0].islower()}
CALLED = [name for name, found in PUBLIC.items() if isfunction(found) or ismethod(found) or found in MADE]


@pytest.mark.parametrize("name", CALLED)
def test_an_argument_that_there_is_not_is_refused_beside_those_that_there_are(name):
    with pytest.raises(SecondopError, match="cannot be ") as told:
        PUBLIC[name](nonsense=1)
    assert any(said in str(told.value) for said in ("no nonsense=", "not given", "one by one"))


UNUSABLE = {
    "a fact": (
        lambda: s.flag("fever", "Is there a fever?", topc="signs"),
        "Fact .*\n.*no topc=. Did you mean 'topic'",
    ),
    "a fact without a question": (lambda: s.flag("fever"), "flag cannot be used so:\n  question: not given"),
    "a rule": (
        lambda: s.Indication("a", "A", level="urgent"),
        "Indication .*\n  when, group, source: not given",
    ),
    "a rule replaced": (
        lambda: BOOK.replace("neoplasia-concern", levl="urgent"),
        "Indication .*\n.*mean 'level'",
    ),
    "as pandas calls it": (
        lambda: s.read_cases("log.csv", sep=";"),
        "no sep=. What separates cells is found",
    ),
    "a strategy": (lambda: s.Strategy.always(resolutoin="median"), "Strategy .*\n.*mean 'resolution'"),
    "a value too many": (
        lambda: s.flag("fever", "Is it there?", "signs"),
        "too many .*It takes name, question",
    ),
    "a value twice": (lambda: s.assess(CASES, cases=CASES), "multiple values for argument 'cases'"),
    "all at once": (
        lambda: s.simulate(n=0, sed=1),
        "n is .*\n  scenario, seed: not.*\n.*no sed=. Did .* 'seed'",
    ),
}


@pytest.mark.parametrize(("do", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_all_that_is_wrong_with_arguments_is_said_in_words(do, said):
    with pytest.raises(SecondopError, match=said) as told:
        do()
    assert told.value.__context__ is None
