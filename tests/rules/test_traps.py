"""The traps in which dataframe libraries take *not recorded* for yes or no: none of them may bite.

One rule a kind of comparison, and the same negated; a case in which nothing was recorded, in every spelling
that an engine has for it. The rule must be undecided, never yes and never no. Then the guards are taken away,
one after the other, and the traps bite: so it is the guards that keep them shut.
"""

import math

import pandas as pd
import polars as pl
import pytest

import secondop.rules.assess as assess_module
from secondop.rules import conditions
from secondop.rules.conditions import Compare, Flag, fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

NAN = math.nan
COMPARISONS = {
    # what is asked                                a case that meets it, and one that does not
    "count-at-least": (fact("drug_trials") >= 2, 2.0, 1.0),
    "count-at-most": (fact("drug_trials") <= 1, 1.0, 2.0),
    "number-at-least": (fact("first_line_weeks") >= 4, 4.0, 3.9),
    "number-below": (fact("first_line_weeks") < 4, 3.9, 4.0),
    "equal-to-a-level": (fact("pathology_result").is_in("ambiguous"), "ambiguous", "clear"),
    "among-levels": (fact("new_finding").is_in("ulcer", "lump"), "lump", "none"),
    "ordered-at-least": (fact("symptom_course") >= "unchanged", "worsening", "improving"),
    "ordered-at-most": (fact("confidence_in_plan") <= "low", "none", "full"),
    "flag": (fact("rare_disease"), True, False),
}
ASKED = COMPARISONS | {f"not-{name}": (~asked, no, yes) for name, (asked, yes, no) in COMPARISONS.items()}
CITATION = Citation("overview-2025", "none", Grade.SECONDARY_WEB)
BOOK = RuleBook(
    tuple(
        Indication(name, "none", name, Group.UNCERTAINTY, asked, CITATION, Level.RECOMMENDED)
        for name, (asked, *_) in ASKED.items()
    ),
    RULE_BOOK.sources,
)


def case(meets):
    """A case that meets, or fails, every comparison that is not negated and reads a fact of its own."""
    kept = [pair for name, pair in COMPARISONS.items() if name not in ("count-at-most", "number-below")]
    return {asked.facts[0]: yes if meets else no for asked, yes, no in kept}


GAP = dict.fromkeys(case(True))
GAP_OF_NAN = GAP | {"drug_trials": NAN, "first_line_weeks": NAN}
ROWS = [case(True), case(False), GAP, GAP_OF_NAN]
UNKNOWN = dict.fromkeys(ASKED)


def verdicts(row):
    return {name: row[name] for name in ASKED}


def test_what_is_recorded_is_decided_and_what_is_not_stays_unknown(assess_rows, engine):
    yes, no, gap, gap_of_nan = assess_rows(engine, ROWS, BOOK)
    met = ["count-at-least", "number-at-least", "equal-to-a-level", "among-levels", "flag"]
    met += ["ordered-at-least", "ordered-at-most", "not-count-at-most", "not-number-below"]
    assert {name for name, holds in verdicts(yes).items() if holds} == set(met)
    assert verdicts(no) == {name: not holds for name, holds in verdicts(yes).items()}
    assert verdicts(gap) == UNKNOWN
    assert verdicts(gap_of_nan) == UNKNOWN


def test_what_is_not_recorded_is_possible_and_not_counted(assess_rows, engine):
    said = [
        (row["recommendation"], row["possible"], row["undetermined"], row["indications"])
        for row in assess_rows(engine, ROWS[1:], BOOK)
    ]
    assert said == [
        ("recommended", "recommended", False, 9),  # the nine negations hold in the case that meets nothing
        ("no_indication", "recommended", True, 0),
        ("no_indication", "recommended", True, 0),
    ]


def test_no_row_is_dropped(assess_rows, engine):
    assert len(assess_rows(engine, [GAP] * 5 + [case(True)], BOOK)) == 6


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_column_that_is_missing_is_unknown(assess_rows, local_engine, name):
    read = COMPARISONS[name][0].facts[0]
    without = {key: value for key, value in case(True).items() if key != read}
    (row,) = assess_rows(local_engine, [without], BOOK)
    assert {n for n, holds in verdicts(row).items() if holds is None} == {
        n for n, (asked, *_) in ASKED.items() if asked.facts == (read,)
    }


@pytest.mark.needs_java
def test_columns_that_are_missing_are_unknown_on_pyspark(assess_rows):
    (row,) = assess_rows("pyspark", [{"rare_disease": True}], BOOK)
    assert {name for name, holds in verdicts(row).items() if holds is not None} == {"flag", "not-flag"}


@pytest.mark.parametrize(
    "gap",
    [None, NAN, pd.NA, pd.NaT, "", "NA", "unknown"],
    ids=["None", "NaN", "NA", "NaT", "empty", "'NA'", "'unknown'"],
)
def test_every_spelling_of_a_gap_in_an_object_column_is_unknown(gap):
    columns = {name: pd.Series([value, gap], dtype=object) for name, value in case(True).items()}
    assessed = assess_module.assess(pd.DataFrame(columns), BOOK, verdicts=True)[list(ASKED)]
    assert assessed.isna().to_numpy().tolist() == [[False] * len(ASKED), [True] * len(ASKED)]


@pytest.mark.parametrize(
    "kind", ["polars lazy", "duckdb", pytest.param("pyspark", marks=pytest.mark.needs_java)]
)
def test_an_answer_that_a_fact_does_not_know_is_unknown_where_nothing_passes_the_gate(assess_rows, kind):
    odd = dict.fromkeys(
        ["pathology_result", "new_finding", "symptom_course", "confidence_in_plan"], "perhaps"
    )
    (row,) = assess_rows(kind, [GAP | odd | {"drug_trials": -1.0, "first_line_weeks": math.inf}], BOOK)
    assert verdicts(row) == UNKNOWN


# ------------------------------------------------------------------ and without the guards they bite


@pytest.fixture
def unguarded(monkeypatch):
    """Leaves that compare and nothing else, as one would write them by hand."""

    def compare(self, *, coded=False):
        if conditions.find_fact(self.name).is_numeric:
            return conditions._OPERATORS[self.op][0](conditions.nw.col(self.name), self.value)
        return guarded_compare(self, coded=coded)

    guarded_compare = Compare.to_expr
    monkeypatch.setattr(Compare, "to_expr", compare)
    monkeypatch.setattr(
        conditions, "_membership", lambda fact, levels, coded: conditions.nw.col(fact.name).is_in(levels)
    )


@pytest.mark.parametrize("kind", ["polars lazy", "duckdb"])
def test_without_the_guard_in_a_comparison_nan_counts_as_a_large_number(assess_rows, unguarded, kind):
    (row,) = assess_rows(kind, [GAP_OF_NAN], BOOK)
    assert (row["count-at-least"], row["number-at-least"]) == (True, True)
    assert (row["not-count-at-least"], row["recommendation"]) == (False, "recommended")


@pytest.mark.parametrize("kind", ["polars lazy", "duckdb"])
def test_without_the_guard_in_a_membership_an_odd_answer_counts_as_no(assess_rows, unguarded, kind):
    (row,) = assess_rows(kind, [GAP | {"pathology_result": "perhaps"}], BOOK)
    assert (row["equal-to-a-level"], row["not-equal-to-a-level"]) == (False, True)


def ungated(cases, _facts):
    """The columns as they come: NaN stays, a flag with gaps becomes yes or no, no level is the last one."""
    columns = {}
    for name in cases.columns.intersection(list(GAP)):
        known = conditions.find_fact(name)
        if known.is_numeric:
            columns[name] = pl.Series(cases[name].to_numpy(dtype=float))
        elif known.has_levels:
            codes = cases[name].astype(pd.CategoricalDtype(known.levels)).cat.codes
            columns[name] = pl.Series(codes.to_numpy())
        else:
            columns[name] = pl.Series(cases[name].to_numpy(dtype=bool))
    return pl.DataFrame(columns)


@pytest.mark.parametrize("kind", ["pandas numpy", "pandas categorical"])
@pytest.mark.parametrize("name", COMPARISONS)
def test_without_the_gate_every_comparison_takes_a_gap_for_an_answer(assess_rows, monkeypatch, kind, name):
    monkeypatch.setattr(assess_module, "coded_cases", ungated)
    _, gap = assess_rows(kind, [case(True), GAP_OF_NAN], BOOK)
    assert {gap[name], gap[f"not-{name}"]} == {True, False}


def numbers_as_they_come(cases, _facts):
    return pl.DataFrame(cases).select("drug_trials", "first_line_weeks")


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_without_the_gate_nan_counts_as_a_large_number(assess_rows, monkeypatch, kind):
    """Polars and arrow have real gaps for text and flags; among numbers NaN slips in all the same."""
    monkeypatch.setattr(assess_module, "coded_cases", numbers_as_they_come)
    _, gap = assess_rows(kind, [case(True), GAP_OF_NAN], BOOK)
    assert (gap["count-at-least"], gap["number-at-least"], gap["not-number-at-least"]) == (True, True, False)


def test_a_flag_needs_no_guard(assess_rows):
    """In a lazy frame a yes-or-no column is yes, no or null, and has no other spelling."""
    (row,) = assess_rows("polars lazy", [GAP], BOOK)
    assert (Flag("rare_disease").facts, row["flag"], row["not-flag"]) == (("rare_disease",), None, None)
