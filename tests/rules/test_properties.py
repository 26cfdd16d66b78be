"""What must hold for every case and every condition, searched for counter-examples by hypothesis."""

import random

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from secondop.errors import UnknownNameError
from secondop.rules.assess import assess
from secondop.rules.conditions import (
    _OPERATORS,
    AllOf,
    AnyOf,
    AtLeast,
    Compare,
    Flag,
    Member,
    Not,
    condition_from_dict,
)
from secondop.rules.facts import FACTS, Fact, Kind
from secondop.rules.indication import RECOMMENDATIONS, Citation, Grade, Group, Indication, Level, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

RULES = [rule.name for rule in RULE_BOOK]
RANK = {word: place for place, word in enumerate(RECOMMENDATIONS)}
COUNTS, NUMBERS = (0, 1, 2, 3, 12), (0.0, 2.0, 3.9, 4.0, 4.1, 5_200.0)


def answers(fact):
    """Every sort of answer, on both sides of every threshold in use."""
    if fact.kind is Kind.FLAG:
        return (False, True)
    return fact.levels or (COUNTS if fact.kind is Kind.COUNT else NUMBERS)


def cases(facts=RULE_BOOK.facts, *, gaps=True):
    """Cases as dicts of plain values; with gaps, about every other fact is not recorded."""
    gap = [st.none()] if gaps else []
    return st.fixed_dictionaries(
        {name: st.one_of(*gap, st.sampled_from(answers(FACTS[name]))) for name in facts}
    )


def leaves():
    """Comparisons, memberships and flags on facts of every kind."""
    flags = st.sampled_from(["rare_disease", "neoplasia_concern", "surgical_referral"]).map(Flag)

    def member(name):
        some = st.lists(st.sampled_from(FACTS[name].levels), min_size=1, max_size=3, unique=True)
        return some.map(lambda levels: Member(name, tuple(levels)))

    def compare(name):
        value = st.sampled_from(answers(FACTS[name]))
        return st.builds(Compare, st.just(name), st.sampled_from(list(_OPERATORS)), value)

    words = st.sampled_from(["sex", "new_finding", "symptom_course"]).flatmap(member)
    thresholds = st.sampled_from(["symptom_course", "suspicion", "drug_trials", "first_line_weeks"])
    return st.one_of(flags, words, thresholds.flatmap(compare))


def conditions():
    """Condition trees of every operator."""

    def join(parts):
        some = st.lists(parts, min_size=1, max_size=3).map(tuple)
        at_least = some.flatmap(lambda s: st.builds(AtLeast, st.integers(1, len(s)), st.just(s)))
        return st.one_of(some.map(AllOf), some.map(AnyOf), at_least, parts.map(Not))

    return st.recursive(leaves(), join, max_leaves=8)


CONDITION_FACTS = ("rare_disease", "neoplasia_concern", "surgical_referral", "sex", "new_finding")
CONDITION_FACTS += ("symptom_course", "suspicion", "drug_trials", "first_line_weeks")


def holds(condition, case):
    """Kleene's logic said once more, in plain Python: the program to compare with."""
    match condition:
        case Flag(name):
            return case[name]
        case Member(name, levels):
            return None if case[name] is None else case[name] in levels
        case Compare(name, op, value):
            if case[name] is None:
                return None
            place = FACTS[name].levels.index if FACTS[name].has_levels else float
            return _PLAIN[op](place(case[name]), place(value))
        case Not(part):
            return None if (held := holds(part, case)) is None else not held
        case AtLeast(k, parts):
            held = [holds(part, case) for part in parts]
            return True if held.count(True) >= k else False if held.count(False) > len(held) - k else None
        case AllOf(parts):
            held = [holds(part, case) for part in parts]
            return False if False in held else None if None in held else True
        case AnyOf(parts):
            held = [holds(part, case) for part in parts]
            return True if True in held else None if None in held else False


_PLAIN = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
}


def assessment(case, rule_book=RULE_BOOK):
    """The combination of the verdicts said once more, in plain Python: the program to compare with."""
    held = {rule.name: holds(rule.when, case) for rule in rule_book}
    clinical = [held[r.name] for r in rule_book if r.level in (Level.RECOMMENDED, Level.URGENT)]
    for rule in rule_book:
        if rule.kind is RuleKind.CAUTION:
            quiet = False if True in clinical else None if None in clinical else True
            both = [held[rule.name], quiet]
            held[rule.name] = False if False in both else None if None in both else True

    def highest(counts):
        for level in ("urgent", "recommended", "optional"):
            if any(held[r.name] in counts for r in rule_book if r.level == level):
                return level
        against = [held[r.name] for r in rule_book if r.kind is RuleKind.COUNTER_INDICATION]
        return "not_needed" if True in against else "no_indication"

    said, possible = highest([True]), highest([True, None])
    wishes = [held[r.name] for r in rule_book if r.level is Level.OPTIONAL]
    return {
        "recommendation": said,
        "possible": possible,
        "undetermined": said != possible,
        "indications": clinical.count(True),
        "preferences": wishes.count(True),
        **held,
    }


def book_of(*conditions):
    """A book of nameless rules, to evaluate conditions through the front door."""
    citation = Citation("overview-2025", "none", Grade.SECONDARY_WEB)
    rules = [
        Indication(f"rule-{i}", "none", "rule", Group.COMPLEX, when, citation, Level.RECOMMENDED)
        for i, when in enumerate(conditions)
    ]
    return RuleBook(tuple(rules), RULE_BOOK.sources)


# ------------------------------------------------------------------ conditions


@given(condition=conditions(), rows=st.lists(cases(CONDITION_FACTS), min_size=1, max_size=6))
def test_a_condition_compiles_to_kleenes_logic(assess_rows, condition, rows):
    expected = [holds(condition, row) for row in rows]
    book = book_of(condition)
    assert [row["rule-0"] for row in assess_rows("polars", rows, book)] == expected
    assert [row["rule-0"] for row in assess_rows("polars lazy", rows, book)] == expected


@given(condition=conditions())
def test_a_condition_goes_to_plain_data_and_back(condition):
    again = condition_from_dict(condition.to_dict())
    assert again == condition
    assert hash(again) == hash(condition)
    assert repr(again) == repr(condition)
    assert again.facts == condition.facts


@given(a=conditions(), b=conditions(), rows=st.lists(cases(CONDITION_FACTS), min_size=1, max_size=4))
def test_de_morgan_holds_with_gaps(assess_rows, a, b, rows):
    answers = assess_rows("polars", rows, book_of(~(a & b), ~a | ~b, ~(a | b), ~a & ~b, a & b, b & a))
    for row in answers:
        assert row["rule-0"] == row["rule-1"]
        assert row["rule-2"] == row["rule-3"]
        assert row["rule-4"] == row["rule-5"]


# ------------------------------------------------------------------ assessments


@given(rows=st.lists(cases(), min_size=1, max_size=4))
def test_an_assessment_is_what_plain_python_says(assess_rows, rows):
    assert assess_rows("polars", rows) == [assessment(row) for row in rows]


@settings(max_examples=25)
@given(rows=st.lists(cases(), min_size=1, max_size=4), order=st.permutations(RULE_BOOK.rules))
def test_the_order_of_rules_never_matters(assess_rows, rows, order):
    shuffled = RuleBook(tuple(order), RULE_BOOK.sources)
    assert assess_rows("polars", rows, shuffled) == assess_rows("polars", rows)
    assert assess_rows("polars lazy", rows, shuffled) == assess_rows("polars lazy", rows)


@given(before=cases(), whole=cases(gaps=False), learned=st.sets(st.sampled_from(RULE_BOOK.facts), min_size=1))
def test_learning_a_fact_never_turns_a_settled_answer_around(assess_rows, before, whole, learned):
    filled = {n: whole[n] if value is None and n in learned else value for n, value in before.items()}
    first, then = assess_rows("polars", [before, filled])
    assert {n: first[n] for n in RULES if first[n] is not None and then[n] is not first[n]} == {}

    rank, later = RANK[first["recommendation"]], RANK[then["recommendation"]]
    no_indication = RANK["no_indication"]
    assert later >= rank or (rank, later) == (no_indication, RANK["not_needed"])
    if not first["undetermined"]:
        assert later <= rank
        assert not then["undetermined"]
    assert RANK[then["possible"]] <= RANK[first["possible"]]
    assert RANK[then["recommendation"]] <= RANK[first["possible"]]
    assert then["indications"] >= first["indications"]
    assert then["preferences"] >= first["preferences"]


@given(whole=cases(gaps=False))
def test_a_case_whose_facts_are_all_known_leaves_nothing_open(assess_rows, whole):
    (row,) = assess_rows("polars", [whole])
    assert row["recommendation"] == row["possible"]
    assert row["undetermined"] is False
    assert None not in row.values()


@settings(max_examples=12)
@given(rows=st.lists(cases(), min_size=2, max_size=3))
def test_a_case_alone_is_assessed_as_in_a_cohort(assess_rows, rows):
    for kind in ("pandas numpy", "polars lazy"):
        assert [assess_rows(kind, [row])[0] for row in rows] == assess_rows(kind, rows)


@settings(max_examples=25)
@given(rows=st.lists(cases(), min_size=1, max_size=4))
def test_a_book_read_back_from_json_gives_the_same_verdicts(assess_rows, rows):
    again = RuleBook.from_json(RULE_BOOK.to_json())
    assert assess_rows("polars", rows, again) == assess_rows("polars", rows)


@settings(max_examples=15)
@given(rows=st.lists(cases(), min_size=1, max_size=5))
def test_every_engine_at_hand_agrees(assess_rows, rows):
    polars = assess_rows("polars", rows)
    for kind in ("pandas numpy", "pandas categorical", "pandas nullable", "pandas pyarrow", "pyarrow"):
        assert assess_rows(kind, rows) == polars, kind
    assert assess_rows("polars lazy", rows) == polars


def cohort(share, n=200):
    """Cases in which that share of facts is not recorded, and half of the rest say no or the first level."""
    draw = random.Random(round(share * 100))

    def value(fact):
        if draw.random() < share:
            return None
        return answers(fact)[0] if draw.random() < 0.5 else draw.choice(answers(fact))

    return [{name: value(FACTS[name]) for name in RULE_BOOK.facts} for _ in range(n)]


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_every_engine_agrees_on_a_cohort_full_of_gaps(assess_rows, local_engine, share):
    rows = cohort(share)
    assert assess_rows(local_engine, rows) == [assessment(row) for row in rows]


@pytest.mark.needs_java
def test_pyspark_agrees_on_a_cohort_full_of_gaps(assess_rows):
    rows = cohort(0.3)
    assert assess_rows("pyspark", rows) == [assessment(row) for row in rows]


def test_the_cohorts_hold_every_recommendation_and_verdict():
    """So that engines which agree on them have agreed on something."""
    rows = [assessment(row) for share in (0.05, 0.5, 0.95) for row in cohort(share)]
    assert {row["possible"] for row in rows} >= {"recommended", "urgent"}
    assert {row["recommendation"] for row in rows} == set(RECOMMENDATIONS)
    seen = {name: {row[name] for row in rows} for name in RULES}
    assert {name: answers for name, answers in seen.items() if answers != {True, False, None}} == {
        "opinion-after-opinion": {
            False,
            None,
        }  # needs every clinical rule to fail: the tables have such cases
    }


ENUMS = [("level", Level), ("kind", RuleKind), ("group", Group)]


@given(st.sampled_from(list(RULE_BOOK)), st.sampled_from(ENUMS), st.data())
def test_text_is_as_good_as_the_member_it_names(rule, enum, data):
    attribute, kind = enum
    member = data.draw(st.sampled_from(list(kind)))
    assume(attribute == "group" or (rule.level is not None if attribute == "level" else member == rule.kind))
    by_member, by_text = (RULE_BOOK.replace(rule.name, **{attribute: v}) for v in (member, str(member)))
    assert by_text == by_member and by_text.fingerprint == by_member.fingerprint
    assert type(getattr(by_text[rule.name], attribute)) is kind
    cases = pl.DataFrame({name: [True, None, False] for name in FACTS if FACTS[name].kind is Kind.FLAG})
    assert assess(cases, by_text, verdicts=True).equals(assess(cases, by_member, verdicts=True))


def test_a_grade_and_a_kind_given_as_text_are_members_too():
    assert type(Citation("s", "1", "review").grade) is Grade
    assert type(Fact("weeks", "count", "How many?", low=0, high=9).kind) is Kind
    with pytest.raises(UnknownNameError, match="Did you mean 'urgent'"):
        RULE_BOOK.replace("neoplasia-concern", level="urgnet")
