"""Cases read once: the same counts in every engine, by group and weight, whatever the columns are called."""

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.policies import at_level
from secondop.evaluation.tradeoff import decision_curve, tradeoff
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from secondop.rules.facts import category, count, flag, number
from tests.kit import ENGINES, sampled, to_engine

FACTS = dict(RULE_BOOK.facts) | {
    "changed": flag("changed", "Changed?"),
    "mine": flag("mine", "Referred by me?"),
    "n": count("n", 9, "cases", "How many?"),
    "risk": number("risk", 1, "", "How likely?"),
    "label": category("label", "a b", "Which?"),
}
OWN = {"policies": {"mine": "mine"}, "outcome": "changed", "weights": "n", "scores": {"risk": 0.4}}
SPELT = {"changed": ["yes", "no", None, "YES", "0"], "mine": [True, None, False, True, False]}
BESIDE = {"n": [1, 2, 3, 1, 2], "risk": [0.1, 0.6, None, 0.4, 1.0], "label": ["a", None, "b", "a", None]}


@pytest.fixture(scope="module")
def rows(make_cases):
    """Forty cases as plain values, with gaps in everything but the weights."""
    own = pl.DataFrame({name: values * 8 for name, values in (SPELT | BESIDE).items()})
    facts = pl.from_pandas(make_cases(40, 3)[list(RULE_BOOK.facts)])
    return facts.hstack(own).to_dicts()


@pytest.mark.parametrize("engine", sampled((x for x in ENGINES if x != "dask"), ["pandas numpy", "duckdb"]))
def test_every_engine_gives_the_same_tables(engine, rows):
    here, there = (to_engine(kind, rows, FACTS) for kind in ("polars", engine))
    for by in ("label", ["sex", "label"]):
        pd.testing.assert_frame_equal(tradeoff(there, by=by, **OWN), tradeoff(here, by=by, **OWN))
    curves = (decision_curve(x, outcome="changed", probabilities=["risk"]) for x in (there, here))
    pd.testing.assert_frame_equal(*curves)


@pytest.mark.parametrize("kind", ["pandas numpy", "polars", "polars lazy"])
def test_assessed_cases_give_the_table_of_their_facts_and_none_of_another_book(kind, rows):
    cases = to_engine(kind, rows, FACTS)
    assessed = assess(cases, RULE_BOOK, verdicts=True)
    pd.testing.assert_frame_equal(tradeoff(assessed, outcome="changed"), tradeoff(cases, outcome="changed"))
    if kind == "pandas numpy":  # other frames cannot say which book they were assessed with
        with pytest.raises(SecondopError, match=r"were assessed with the rule book .* Give rule_book="):
            tradeoff(assessed, outcome="changed", rule_book=RULE_BOOK.only("neoplasia-concern"))


def test_each_group_is_counted_as_if_alone_and_unknown_groups_are_one(rows):
    cases = pl.DataFrame(rows)
    table = tradeoff(cases, by="label", **OWN)
    label = pl.col("label")
    alone = {"a": label == "a", "b": label == "b", "not recorded": label.is_null()}
    assert table["group"].unique().tolist() == list(alone)
    for group, inside in alone.items():
        part = table[table["group"] == group].assign(group=None).reset_index(drop=True)
        pd.testing.assert_frame_equal(part, tradeoff(cases.filter(inside), **OWN))


def test_groups_of_a_fact_stand_in_the_order_of_its_answers_and_of_two_columns_are_crossed():
    cases = pl.LazyFrame({"Suspicion": ["low", "N/A", "none", "HIGH"], "changed": True, "old": [1, 1, 0, 0]})
    groups = tradeoff(cases, by=["suspicion", "old"], outcome="changed")["group"].unique().tolist()
    assert groups == ["none, 0", "low, 1", "high, 0", "not recorded, 1"]


def test_whole_weights_give_what_repeated_rows_give(rows):
    cases = pl.DataFrame(rows)
    repeated = cases[[place for place, n in enumerate(cases["n"]) for _ in range(n)]]
    weighted = tradeoff(cases, by="label", **OWN)
    counted = tradeoff(repeated, by="label", **OWN | {"weights": None})
    same = [name for name in weighted if name not in ("lower", "upper")]
    pd.testing.assert_frame_equal(weighted[same], counted[same], check_dtype=False)
    assert weighted["n"].dtype == float and counted["n"].dtype == int


NAMES = ["n", "label", "policy", "value", "group", "measure", "sort", "row", "weight", "changed"]


@pytest.mark.parametrize("name", sampled(NAMES, NAMES[:2]))
@pytest.mark.parametrize("kind", [pl.DataFrame, pl.LazyFrame])
def test_no_name_of_a_column_collides_wherever_it_is_used(kind, name):
    frame = pl.DataFrame({"one": [0, 1, 1, 0, 1], "neoplasia_concern": [True, False, None, True, False]})
    found = []
    for own in (name, "one"):
        cases = kind(frame.rename({"one": own}).to_dict())
        table = tradeoff(cases, {"mine": own}, outcome=own, by=own, weights=own, scores={own: 1})
        found.append(table.assign(policy=table["policy"].replace(own, "score"), label=None))
    pd.testing.assert_frame_equal(*found)


def test_what_a_lazy_table_could_not_read_is_unknown_and_counted(rows):
    cases = pl.DataFrame(rows).with_columns(changed=pl.Series(["maybe", "perhaps", "yes", "no"] * 10))
    table = tradeoff(cases.lazy(), outcome="changed")
    assert (table.attrs["unreadable"], table.attrs["unknown_outcomes"]) == (20, 20)
    assert tradeoff(pl.DataFrame(rows).lazy(), outcome="changed").attrs["unreadable"] == 0
    with pytest.raises(SecondopError, match="20 problems"):
        tradeoff(cases, outcome="changed")


def test_a_question_is_tallied_as_its_pattern_is_counted(rows):
    cohort = Cohort(pl.DataFrame(rows), outcome="changed", by="label", weights="n")
    asked = {level: at_level(RULE_BOOK, level) for level in ("urgent", "recommended")}
    groups, *sums = cohort.tally(asked.values())
    patterns = cohort.patterns(asked)
    assert groups == patterns.groups
    for i, name in enumerate(asked):
        for tallied, counted in zip(sums, patterns.crossed(name, "flag changed"), strict=True):
            np.testing.assert_allclose(tallied[i], counted.sum(-1))


def test_where_nobody_says_no_rounding_leaves_no_speck_of_a_case():
    cases = pl.DataFrame({"old": [True, None, None] * 99, "w": np.random.default_rng(2).gamma(0.8, size=297)})
    cohort = Cohort(cases, outcome=None, weights="w", flags={"old": "old"})
    _, counts, squares = cohort.tally([nw.col("flag old")])
    assert (counts[..., 0] == 0).all() and (squares[..., 0] == 0).all()
    assert counts.sum() == pytest.approx(cases["w"].sum())


def test_simulated_is_called_simulated_and_every_table_tells_its_book_and_outcome():
    cases = pd.DataFrame({"changed": [True, False]})
    assert not tradeoff(cases, outcome="changed").attrs["simulated"]
    assert tradeoff(cases.assign(difficulty=0.0, gravity=0.0), outcome="changed").attrs["simulated"]
    cases.attrs["simulated"] = True
    said = decision_curve(cases, outcome="changed").attrs
    assert said["simulated"] and said["rule_book"] == RULE_BOOK.fingerprint and said["outcome"] == "changed"


MANY = pd.DataFrame({"changed": True, "age": range(250), "words": "x", "w": [-1.0, np.nan, *[1] * 248]})
REFUSED = [
    # what is wrong             cases           call                                says
    ("numbers as groups",       MANY,           {"by": "age"},                      "250 groups, more than"),
    ("no such group",           MANY,           {"by": "aeg"},                      "mean 'age'"),
    ("no such weights",         MANY,           {"weights": "ww"},                  "no column"),
    ("weights in words",        MANY,           {"weights": "words"},               "must hold numbers"),
    ("weights that are none",   MANY,           {"weights": "w"},                   "2 weights"),
    ("a policy without a name", MANY,           {"policies": {3: "changed"}},       "name of its own.*got 3"),
    ("a policy read as ours",   MANY,           {"policies": {"flag x": "changed"}}, "name of its own"),
    ("an outcome misspelt",     MANY,           {"outcome": "chnaged"},             "mean 'changed'"),
    ("no frame",                [1, 2],         {},                                 "one a row"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cases", "call", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_cases_that_cannot_be_counted_are_refused(cases, call, says):
    with pytest.raises(SecondopError, match=says):
        tradeoff(cases, **{"outcome": "changed"} | call)


def test_a_fact_may_be_the_groups_and_the_weights_at_once():
    cases = pd.DataFrame({"drug_trials": [1, 2, 2], "changed": [True, False, True]})
    table = tradeoff(cases, ["urgent"], outcome="changed", by="drug_trials", weights="drug_trials")
    assert table.drop_duplicates("group").set_index("group")["n"].to_dict() == {"1": 1, "2": 4}


def test_a_number_that_is_none_and_a_number_that_is_missing_are_one_group():
    cases = pl.LazyFrame({"year": [1.0, float("nan"), None], "changed": True})
    assert tradeoff(cases, outcome="changed", by="year")["group"].unique().tolist() == ["1.0", "not recorded"]
