"""What must hold for every case and every condition, searched for counter-examples by hypothesis."""

import random
from dataclasses import replace

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.assess import assess
from secondop.rules.conditions import OPERATORS, Among, AtLeast, Compare, Not
from secondop.rules.explain import explain
from secondop.rules.facts import Kind
from secondop.rules.gate import typed_cases
from secondop.rules.plain import condition_from_dict, plain
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Level, Source
from secondop.rules.what_if import first_questions, questions
from tests.kit import (
    ENGINES,
    all_of,
    answers,
    any_of,
    assessed,
    assessment,
    deck,
    examples,
    sampled,
    says,
    small_book,
    to_engine,
)
from tests.kit import rule as small_rule

RANK = {word: place for place, word in enumerate(RECOMMENDATIONS)}
VALUES = {
    Kind.FLAG: (False, True),
    Kind.COUNT: (0, 1, 2, 3, 7, 9, 12),
    Kind.NUMBER: (0.0, 2.0, 3.9, 4.0, 4.1, 5_200.0),
}
BETWEEN = (7, 12)  # no threshold lies there, so that numbers lie on both sides of each
SOME = ("rare_disease", "neoplasia_concern", "sex", "new_finding", "symptom_course", "suspicion")
SOME = {name: RULE_BOOK.fact(name) for name in (*SOME, "drug_trials", "first_line_weeks")}


def values(fact):
    """Every sort of answer, on both sides of every threshold in use."""
    return fact.levels or VALUES[fact.kind]


def cases(facts=RULE_BOOK.rule_facts, *, gaps=True):
    """Cases as dicts of plain values; with gaps, about every other fact is not recorded."""
    gap = [st.none()] if gaps else []
    return st.fixed_dictionaries({n: st.one_of(*gap, st.sampled_from(values(f))) for n, f in facts.items()})


def rows(most=4, **more):
    return st.lists(cases(**more), min_size=1, max_size=most)


def leaves(facts):
    """Comparisons, memberships and flags on facts of every kind."""
    found = []
    for fact in facts.values():
        found += [st.just(Among(fact))] if fact.kind is Kind.FLAG else []
        if fact.has_levels:
            some = st.lists(st.sampled_from(fact.levels), min_size=1, max_size=3, unique=True)
            found.append(some.map(lambda levels, fact=fact: Among(fact, tuple(levels))))
        if fact.is_numeric or fact.kind is Kind.ORDERED:
            cuts = st.sampled_from([value for value in values(fact) if value not in BETWEEN])
            found.append(st.builds(Compare, st.just(fact), st.sampled_from([*OPERATORS]), cuts))
    return st.one_of(found)


def conditions(facts=SOME, most=8):
    """Condition trees of every operator."""

    def join(parts):
        some = st.lists(parts, min_size=1, max_size=3).map(tuple)
        at_least = some.flatmap(lambda s: st.builds(AtLeast, st.integers(1, len(s)), st.just(s)))
        return st.one_of(some.map(all_of), some.map(any_of), at_least, parts.map(Not))

    return st.recursive(leaves(facts), join, max_leaves=most)


# ------------------------------------------------------------------ conditions


@given(conditions(), rows(6, facts=SOME))
def test_a_condition_compiles_to_kleenes_logic(condition, rows):
    expected = [says(condition, row) for row in rows]
    assert answers(condition, rows) == expected
    assert [
        row["r"] for row in assessed("polars lazy", rows, small_book(small_rule("r", condition)))
    ] == expected


@given(conditions())
def test_a_condition_goes_to_plain_data_and_back(condition):
    again = condition_from_dict(plain(condition), SOME)
    assert (again, hash(again), repr(again)) == (condition, hash(condition), repr(condition))


@given(conditions(), conditions(), rows(facts=SOME))
def test_de_morgan_holds_with_gaps(a, b, rows):
    assert answers(~(a & b), rows) == answers(~a | ~b, rows)
    assert answers(~(a | b), rows) == answers(~a & ~b, rows)
    assert answers(a & b, rows) == answers(b & a, rows)


# ------------------------------------------------------------------ assessments


@given(rows())
def test_an_assessment_is_what_plain_python_says(rows):
    assert assessed("polars", rows, RULE_BOOK) == [assessment(row, RULE_BOOK) for row in rows]


@examples(25)
@given(rows(), st.permutations(RULE_BOOK.rules))
def test_the_order_of_rules_never_matters(rows, order):
    shuffled = replace(RULE_BOOK, rules=order)
    assert assessed("polars", rows, shuffled) == assessed("polars", rows, RULE_BOOK)
    assert explain(rows[0], shuffled).to_dict() == explain(rows[0], RULE_BOOK).to_dict()


@given(cases(), cases(gaps=False), st.sets(st.sampled_from(list(RULE_BOOK.rule_facts)), min_size=1))
def test_learning_a_fact_never_turns_a_final_answer_around(before, whole, learned):
    filled = {n: whole[n] if value is None and n in learned else value for n, value in before.items()}
    first, then = assessed("polars", [before, filled], RULE_BOOK)
    assert all(then[r.name] is first[r.name] for r in RULE_BOOK if first[r.name] is not None)
    rank, later = RANK[first["recommendation"]], RANK[then["recommendation"]]
    assert rank <= later <= RANK[first["possible"]] or (rank, later) == (
        RANK["no_indication"],
        RANK["not_needed"],
    )
    assert RANK[then["possible"]] <= max(RANK[first["possible"]], later)
    assert first["undetermined"] or not then["undetermined"]
    assert all(then[counted] >= first[counted] for counted in ("indications", "preferences"))


@given(cases(gaps=False))
def test_a_case_whose_facts_are_all_known_leaves_nothing_open(whole):
    (row,) = assessed("polars", [whole], RULE_BOOK)
    assert row["recommendation"] == row["possible"] and not row["undetermined"] and None not in row.values()


@examples(12)
@given(rows(3))
def test_a_case_is_its_row(rows):
    for kind in ("pandas numpy", "polars lazy"):
        assert [assessed(kind, [row], RULE_BOOK)[0] for row in rows] == assessed(kind, rows, RULE_BOOK)
    for case, row in zip(rows, assessed("polars", rows, RULE_BOOK), strict=True):
        told = explain(case, RULE_BOOK)
        assert {r.rule.name: r.verdict for r in told.reasons} == {r.name: row[r.name] for r in RULE_BOOK}
        assert all(
            getattr(told, name) == row[name] for name in ("recommendation", "possible", "undetermined")
        )


@examples(25)
@given(rows(), st.lists(conditions(), min_size=1, max_size=3))
def test_a_book_read_back_from_json_says_the_same(rows, conditions):
    book = RULE_BOOK.with_(
        *(small_rule(f"own-{i}", when) for i, when in enumerate(conditions)), sources=[Source("sop", "x")]
    )
    again = RuleBook.from_json(book.to_json())
    assert again == book and assessed("polars", rows, again) == assessed("polars", rows, book)


@given(st.dates(), st.dates())
def test_the_rules_of_a_later_day_are_never_fewer_where_nothing_ends(one, other):
    early, late = (SGB27B.as_of(day) for day in sorted((one, other)))
    assert {r.name for r in early} <= {r.name for r in late}
    known = [{r.name for r in book if r == SGB27B[r.name]} for book in (early, late)]
    assert known[0] <= known[1] and early.as_of(min(one, other)) == early


@given(st.sampled_from([r for r in RULE_BOOK if r.level]), st.sampled_from(list(Level)), cases())
def test_text_is_as_good_as_the_member_it_names(rule, level, case):
    by_member, by_text = (RULE_BOOK.replace(rule.name, level=given) for given in (level, str(level)))
    assert by_text == by_member and by_text.fingerprint == by_member.fingerprint
    assert type(by_text[rule.name].level) is Level
    assert assessed("polars", [case], by_text) == assessed("polars", [case], by_member)


# ------------------------------------------------------------------ engines


def cohort(share, n=200):
    """Cases in which that share of facts is not recorded, and half of the rest say no or the first level."""
    draw = random.Random(round(share * 100))

    def value(fact):
        if draw.random() < share:
            return None
        return values(fact)[0] if draw.random() < 0.5 else draw.choice(values(fact))

    return [{name: value(fact) for name, fact in RULE_BOOK.rule_facts.items()} for _ in range(n)]


MIXED = [case for share in (0.05, 0.5, 0.95) for case in cohort(share)]
MIXED += [case["facts"] for case in deck("teaching_cases.csv", RULE_BOOK.rule_facts)]


@pytest.mark.parametrize("kind", ENGINES)
def test_every_engine_agrees_on_a_cohort_full_of_gaps(kind):
    assert assessed(kind, MIXED, RULE_BOOK) == [assessment(row, RULE_BOOK) for row in MIXED]


def test_the_cohort_holds_every_recommendation_and_verdict():
    """So that engines which agree on it have agreed on something."""
    said = [assessment(row, RULE_BOOK) for row in MIXED]
    assert {row["recommendation"] for row in said} == set(RECOMMENDATIONS)
    assert all({row[r.name] for row in said} == {True, False, None} for r in RULE_BOOK)


def odd(value, draw):
    """An answer as somebody may have typed it."""
    if value is None:
        return draw.choice([None, "", " ", "NA", "n/a", "Unknown", "not recorded", "?", "\xa0", "\t.\n"])
    if isinstance(value, bool):
        word = draw.choice(["yes", "Y", "TRUE", "t", "1", "1.0"] if value else ["no", "N", "False", "f", "0"])
    elif isinstance(value, str):
        word = draw.choice([str.upper, str.title, str])(
            value.replace("_", draw.choice(["_", "-", " ", "\xa0 "]))
        )
    else:
        word = draw.choice(["{:g}", "{:.1f}", "+{:g}", "{:.6e}", "0{:g}"]).format(value)
    return draw.choice(["", " ", "\xa0", "\t"]) + word + draw.choice(["", " ", "\n", "\u2009"])


@pytest.mark.parametrize("kind", sampled(ENGINES, ["pandas numpy", "polars lazy", "duckdb"]))
def test_every_engine_reads_odd_spellings_alike(kind):
    draw = random.Random(7)
    typed = [{name: odd(value, draw) for name, value in case.items()} for case in MIXED[::5]]
    assert assessed(kind, typed, RULE_BOOK) == [assessment(row, RULE_BOOK) for row in MIXED[::5]]


# ------------------------------------------------------------------ the next question, by its definition

ASKED = {
    name: RULE_BOOK.fact(name) for name in ("rare_disease", "neoplasia_concern", "suspicion", "drug_trials")
}
LEVELS = ["urgent", "recommended", "optional", "against", "amplifier"]
SMALL_BOOKS = st.lists(st.tuples(conditions(ASKED, 4), st.sampled_from(LEVELS)), min_size=1, max_size=4).map(
    lambda made: small_book(*(small_rule(f"r-{i}", *x) for i, x in enumerate(made)), also=ASKED.values())
)


def ranked(case, book):
    """The facts to ask for and how each is ranked, straight from the definition."""
    now, asked = assessment(case, book), {}
    opens = [rule for rule in book if now[rule.name] is None and rule.kind != "amplifier"]
    for place, (name, fact) in enumerate(book.rule_facts.items()):
        if case.get(name) is not None:
            continue
        then = [assessment(case | {name: value}, book) for value in values(fact)]
        helps = [
            rank for rule in opens if (rank := help_of(rule, name, case, now["recommendation"])) is not None
        ]
        if helps:
            distinct = {}  # answers that the rules cannot tell apart are one answer
            for value, said in zip(values(fact), then, strict=True):
                distinct[stretch(fact, value, book)] = said
            says_now = now["recommendation"]
            asked[name] = (
                max(RANK[said["recommendation"]] for said in then),
                any(settles(said, now) for said in then),
                max(helps),
                sum(said["recommendation"] != says_now for said in distinct.values()),
                sum(name in rule.facts for rule in opens),
                -place,
            )
    return asked


def help_of(rule, name, case, now):
    """The level that the rule could reach with this fact's help and not without it, if that stands above."""
    rank = RANK[str(rule.level)] if rule.level else RANK["not_needed"]
    if not (now == "no_indication" if rule.level is None else RANK[now] < rank) or name not in rule.facts:
        return None
    others = [n for n in rule.facts if case.get(n) is None and n != name]
    states = [dict(case)]
    for other in others:
        states = [s | {other: v} for s in states for v in (None, *values(rule.facts[other]))]
    able = any(
        says(rule.when, s | {name: v}) is True and says(rule.when, s | {name: None}) is not True
        for s in states
        for v in values(rule.facts[name])
    )
    return rank if able else None


def stretch(fact, value, book):
    """Which thresholds a number reaches; any other answer is one of its own."""
    marks = [leaf for rule in book for leaf in rule.when.leaves() if leaf.fact == fact]
    return tuple(says(leaf, {fact.name: value}) for leaf in marks) if fact.is_numeric else value


def settles(said, now):
    """Whether the case is final then, and was not before."""
    return not said["undetermined"] and (
        now["undetermined"] or said["recommendation"] != now["recommendation"]
    )


@examples(150)
@given(SMALL_BOOKS, st.lists(cases(ASKED), min_size=1, max_size=5))
def test_the_questions_are_those_of_the_definition(book, rows):
    typed = typed_cases(pl.DataFrame(rows, {n: f.dtype for n, f in ASKED.items()}), book.rule_facts)
    typed = typed.with_columns(pl.Series("row", range(len(rows))))
    firsts = first_questions(typed, book).to_list()
    for place, case in enumerate(rows):
        expected = ranked(case, book)
        order = sorted(expected, key=expected.get, reverse=True)
        assert [q.fact for q in questions(typed[place], book)] == order
        assert firsts[place] == (order[0] if order else None)


@examples(20)
@given(st.lists(cases(), min_size=1, max_size=4))
def test_the_first_question_of_a_cohort_is_the_first_that_a_case_is_explained_with(rows):
    asked = assess(to_engine("pandas numpy", rows, RULE_BOOK.facts), RULE_BOOK, next_question=True)[
        "next_question"
    ]
    told = [explain(row, RULE_BOOK).next_questions for row in rows]
    assert [None if pd.isna(a) else a for a in asked] == [t[0].fact if t else None for t in told]


def test_the_first_question_is_the_same_over_many_cases_and_blocks():
    """More cases than are ranked at a time, each as it would be alone."""
    alone = first_questions(to_typed(MIXED), RULE_BOOK).to_list()
    many = first_questions(to_typed(MIXED * 120), RULE_BOOK).to_list()
    assert len(many) > 1 << 16 and many == alone * 120
    assert alone[::50] == [
        (q[0].fact if (q := explain(c, RULE_BOOK).next_questions) else None) for c in MIXED[::50]
    ]


def to_typed(rows):
    return pl.DataFrame(rows, {name: fact.dtype for name, fact in RULE_BOOK.rule_facts.items()})
