"""The rule book: edited only by making another one, kept without loss, and refused where it says nothing."""

import dataclasses
import datetime
import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import secondop
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.cases import facts_table
from secondop.rules.facts import category, count, flag, number, ordered
from secondop.rules.review import MAX_LINT
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Advice, Amplifier, Grade, Indication, Level, Rule, RuleKind, Source
from secondop.words import NOT_FOR_CARE
from tests.kit import rule, small_book

A, B, C = (flag(name, "Is there?") for name in ("fever", "weight_loss", "rash"))
SEX = category("sex", "female male other", "Which?")
COURSE = ordered("course", "none improving unchanged worsening", "How is it developing?")
DRUGS = count("drugs", 50, "drugs", "How many?")
WEEKS = number("weeks", 520, "weeks", "How many?")
FACTS = (WEEKS, DRUGS, COURSE, SEX, A, B, C)
BOOK = small_book(
    rule("tired-of-drugs", (DRUGS.at_least(2, lower=2, upper=3) & ~A) | (WEEKS >= 12), statement="S1"),
    rule("worse", COURSE > "unchanged", "urgent", stronger_when=B, consult="a specialist", group="danger"),
    rule(
        "well", COURSE <= "improving", "against", locator="page 3", valid_from="2020", valid_to="2030-06-30"
    ),
    rule("hurts", C, "amplifier"),
    updated="2026-02-01",
    status="draft",
    advice=[
        Advice("S2", "Ask again.", when=SEX.is_in("male"), if_unknown="Perhaps ask again.", next_step=True)
    ],
    also=[C, COURSE],
)


# ------------------------------------------------------------------ what it holds


def test_the_vocabulary_is_what_is_listed_and_then_what_is_read():
    assert list(BOOK.facts.items()) == [(f.name, f) for f in (C, COURSE, DRUGS, A, WEEKS, B, SEX)]
    assert list(BOOK.rule_facts) == ["rash", "course", "drugs", "fever", "weeks"]
    assert BOOK.fact("drugs") == DRUGS
    with pytest.raises(TypeError):
        BOOK.facts["mood"] = A


def test_rules_are_found_by_name_and_by_kind():
    assert [r.name for r in BOOK] == ["tired-of-drugs", "worse", "well", "hurts"] and len(BOOK) == 4
    assert "worse" in BOOK and "worst" not in BOOK and BOOK["worse"].level is Level.URGENT
    of_kind = [" ".join(r.name for r in BOOK.of_kind(str(kind))) for kind in RuleKind]
    assert of_kind == ["tired-of-drugs worse", "hurts", "well"]


TWO_THRESHOLDS = small_book(rule("two", (DRUGS > 2) | (DRUGS < 1)))
REFUSED = [
    (lambda: BOOK["worst"], "Did you mean 'worse'?"),
    (lambda: BOOK.fact("rush"), "Did you mean 'rash'?"),
    (lambda: BOOK.without("worst"), "Did you mean 'worse'?"),
    (lambda: BOOK.only("worst"), "Did you mean 'worse'?"),
    (lambda: BOOK.replace("worst", when=A), "Did you mean 'worse'?"),
    (lambda: BOOK.with_(BOOK["worse"]), "rule 'worse' is there twice"),
    (lambda: BOOK.with_(sources=[Source("sop", "Another text")]), "source 'sop' is there twice"),
    (lambda: BOOK.with_(rule("fever", B)), "'fever' names a rule and a fact"),
    (lambda: BOOK.with_(rule("possible", B)), "'possible' is a column of every assessment: rename the rule"),
    (lambda: BOOK.with_(rule("new", flag("unreadable", "?"))), "'unreadable' is a column of every"),
    (lambda: small_book(sources=BOOK["worse"]), "A rule book's sources are Sources; got Indication("),
    (lambda: BOOK.with_(rule("new", A, source="book")), "no source (rule 'new' cites it) 'book'"),
    (lambda: BOOK.with_(rule("new", flag("rash", "Another?"))), "Two different facts are called 'rash'"),
    (lambda: BOOK.with_(also=[number("drugs", 9, "drugs", "?")]), "Two different facts are called 'drugs'"),
    (lambda: BOOK.with_("worse"), "A rule book's rules are Rules; got 'worse'"),
    (lambda: small_book(title=3), "'title' must be text"),
    (lambda: BOOK.with_threshold("worse", "drugs", 3), "has 0 thresholds on 'drugs'"),
    (lambda: TWO_THRESHOLDS.with_threshold("two", "drugs", 3), "has 2 thresholds"),
    (lambda: BOOK.with_threshold("tired-of-drugs", "drugs", 4), "lies in its range; got"),
    (lambda: BOOK.with_threshold("tired-of-drugs", "weeks", 521), "it takes a number from 0 to 520"),
    (lambda: BOOK.of_kind("caution"), "There is no rule kind 'caution'"),
    (lambda: rule("A_Rule", A), "kebab-case"),
    (lambda: rule("new", A, None), "an indication has a level, and nothing else has; got None"),
    (lambda: Amplifier("new", "New", when=A, group="g", source="s", level="urgent"), "nothing else has"),
    (lambda: rule("new", A, "urgnet"), "Did you mean 'urgent'?"),
    (lambda: rule("new", A, label=3), "'label' must be text"),
    (lambda: Source("s", "A text", "good"), "There is no grade 'good'"),
    (lambda: Advice("S", "x", next_step="yes"), "'next_step' must be True or False"),
    (lambda: rule("new", A, valid_from="May 2020"), "'May 2020' is no date"),
    (lambda: rule("new", A, valid_to=("2021", "2020")), "is no date"),
    (
        lambda: rule("new", A, valid_from="2025", valid_to="2024"),
        "'new' would never be in force: its days go",
    ),
    (lambda: BOOK.as_of("tomorrow"), "'tomorrow' is no date"),
]


@pytest.mark.parametrize(("edit", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_mistake_is_refused_where_it_is_written(edit, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        edit()


def test_an_attribute_that_no_rule_has_cannot_be_replaced():
    with pytest.raises(SecondopError, match=r"no levels=\. Did you mean .level."):
        BOOK.replace("worse", levels="urgent")


@pytest.mark.parametrize("when", [True, "fever", lambda case: True, None, DRUGS])
def test_a_rule_takes_a_condition_and_nothing_else(when):
    with pytest.raises(TypeError, match=r"A condition joins|falls|drugs >= 2"):
        rule("new", when)


@pytest.mark.parametrize("wrong", ["RULE_BOOK", None, [BOOK, SGB27B]])
def test_what_is_no_rule_book_is_refused_wherever_one_is_asked_for(wrong):
    cases = pd.DataFrame({"fever": ["yes"], "changed": ["no"]})
    for ask in (
        lambda: secondop.assess(cases, wrong),
        lambda: secondop.explain({"fever": "yes"}, wrong),
        lambda: BOOK.diff(wrong),
        lambda: Cohort(cases, wrong, outcome="changed"),
        lambda: facts_table([wrong]),
    ):
        with pytest.raises(SecondopError, match=r"rule book, such as RULE_BOOK"):
            ask()


# ------------------------------------------------------------------ another book


def test_every_edit_gives_another_book_and_leaves_the_first_alone():
    before = BOOK.to_json()
    new, paper = rule("new", A & B, source="paper"), Source("paper", "A study", "primary study")
    bigger = BOOK.with_(new, sources=[paper, *BOOK.sources], advice=[Advice("S3", "Rest.")], also=[B])
    assert (
        [s.key for s in bigger.sources] == ["sop", "paper"] and len(bigger.advice) == 2 and B in bigger.also
    )
    assert [r.name for r in bigger] == [r.name for r in BOOK] + ["new"]
    assert bigger.without("new", "worse") == bigger.only("hurts", "well", "tired-of-drugs")
    assert BOOK.replace("worse", level="optional")["worse"].level is Level.OPTIONAL
    assert BOOK.replace("worse", name="worst")["worst"].when == BOOK["worse"].when
    moved = BOOK.with_threshold("tired-of-drugs", "drugs", 3).with_threshold("worse", "course", "improving")
    assert moved["tired-of-drugs"].when == (DRUGS.at_least(3, lower=2, upper=3) & ~A) | (WEEKS >= 12)
    assert moved["worse"].when == (COURSE > "improving")
    assert BOOK.to_json() == before
    for owner, name in (
        (BOOK, "rules"),
        (BOOK["worse"], "when"),
        (BOOK.sources[0], "key"),
        (BOOK.advice[0], "words"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(owner, name, ())


def test_a_book_can_be_cut_to_the_rules_that_cases_can_decide():
    cases = pd.DataFrame(columns=["Drugs", "FEVER", "weeks", "rash", "else"])
    assert [r.name for r in BOOK.decidable_by(cases)] == ["tired-of-drugs", "hurts"]
    assert len(BOOK.decidable_by(cases[["else"]])) == 0


SPANS = [
    # valid from, valid to,                     day: whether in force
    ("", "", {"1900-01-01": True}),
    ("2020-05-02", "", {"2020-05-01": False, "2020-05-02": True}),
    ("", "2020-05-02", {"2020-05-02": True, "2020-05-03": False}),
    ("2020", "", {"2019-12-31": False, "2020-01-01": None, "2020-12-30": None, "2020-12-31": True}),
    (
        "",
        "2020",
        {"2019-12-31": True, "2020-01-01": True, "2020-01-02": None, "2020-12-31": None, "2021-01-01": False},
    ),
    (("2018-12-01", "2022-12-31"), "", {"2018-11-30": False, "2018-12-01": None, "2022-12-31": True}),
    (
        "2020-01-01",
        ("2021-01-01", "2021-03-31"),
        {"2021-01-01": True, "2021-02-01": None, "2021-04-01": False},
    ),
]


@pytest.mark.parametrize(("start", "end", "days"), SPANS)
def test_the_rules_of_a_day(start, end, days):
    book = small_book(rule("dated", A, valid_from=start, valid_to=end), rule("undated", A))
    for day, in_force in days.items():
        for spelled in (day, datetime.date.fromisoformat(day), datetime.datetime.fromisoformat(day)):
            assert book["dated"].in_force(spelled) is in_force, day
        then = book.as_of(day)
        assert ("dated" in then) is (in_force is not False) and then["undated"] == book["undated"]
        if in_force is None:
            assert list(then["dated"].facts) == ["fever", "in_force_dated"]
        elif in_force:
            assert then["dated"] == book["dated"]


def test_a_day_may_be_given_as_a_date_and_is_kept_as_text():
    day = datetime.date(2025, 3, 1)
    assert rule("dated", A, valid_from=day, valid_to=day).valid_from == "2025-03-01"


# ------------------------------------------------------------------ differences and the fingerprint

CHANGES = {
    "label": "Another label",
    "statement": "Z9",
    "locator": "page 9",
    "consult": "somebody",
    "remark": "Read so by us.",
    "group": "another",
    "level": "recommended",
    "when": COURSE > "none",
    "stronger_when": A,
    "source": "paper",
    "valid_from": "2001",
    "valid_to": ("2001", "2003-01-01"),
    "name": "another-name",
}
WITH_PAPER = BOOK.with_(sources=[Source("paper", "A study")])


@pytest.mark.parametrize("attribute", CHANGES)
def test_any_change_of_a_rule_changes_the_fingerprint_and_is_a_difference(attribute):
    changed = WITH_PAPER.replace("worse", **{attribute: CHANGES[attribute]})
    assert changed.fingerprint != WITH_PAPER.fingerprint
    assert not WITH_PAPER.diff(changed).empty
    assert CHANGES.keys() == {field.name for field in dataclasses.fields(Rule)}


OTHERS = {"title": "T", "subject": "s", "version": "2", "updated": "2026", "status": "done"}
OTHERS |= {"sources": [Source("sop", "Our own SOP, 2027")], "advice": [], "also": [COURSE, C]}


@pytest.mark.parametrize("attribute", OTHERS)
def test_any_change_of_the_book_is_a_difference(attribute):
    changed = dataclasses.replace(BOOK, **{attribute: OTHERS[attribute]})
    assert changed.fingerprint != BOOK.fingerprint
    rows = BOOK.diff(changed)
    assert rows["rule"].isna().all() and rows["attribute"].str.contains(attribute).any()


def test_diff_goes_by_leaf():
    changed = BOOK.with_threshold("tired-of-drugs", "drugs", 3).with_threshold("tired-of-drugs", "weeks", 4)
    changed = (
        changed.replace("worse", when=(COURSE > "none") & A, consult="")
        .without("hurts")
        .with_(rule("new", C))
    )
    assert BOOK.diff(changed).values.tolist() == [
        [
            "tired-of-drugs",
            "when",
            "drugs at least 2 (assumed, 2 to 3)",
            "drugs at least 3 (assumed, 2 to 3)",
        ],
        ["tired-of-drugs", "when", "weeks at least 12 (assumed)", "weeks at least 4 (assumed)"],
        ["worse", "when", "course is more than unchanged", "course is more than none and fever"],
        ["worse", "consult", "a specialist", ""],
        ["hurts", "rule", "Reason hurts", None],
        ["new", "rule", None, "Reason new"],
    ]
    assert BOOK.diff(dataclasses.replace(BOOK, rules=BOOK.rules[::-1])).empty


def test_what_belongs_to_no_rule_is_compared_item_by_item_and_an_order_as_a_whole():
    sources, also = [Source("sop", "Our own SOP, 2027"), Source("new", "A study")], [COURSE, C]
    rows = BOOK.diff(dataclasses.replace(BOOK, sources=sources, also=also)).values.tolist()
    assert rows == [
        [None, "sources", str(BOOK.sources[0]), str(sources[0])],
        [None, "sources", None, str(sources[1])],
        [None, "also", str((C, COURSE)), str((COURSE, C))],
    ]


@pytest.mark.parametrize("when", [~A, A & (B | C) & ~A])
def test_a_condition_of_fewer_or_more_leaves_is_one_difference(when):
    before = BOOK["tired-of-drugs"].when
    rows = BOOK.diff(BOOK.replace("tired-of-drugs", when=when)).values.tolist()
    assert rows == [["tired-of-drugs", "when", str(before), str(when)]]


def test_a_rule_that_becomes_another_kind_is_a_difference():
    other = BOOK.without("hurts").with_(rule("hurts", C, "against"))
    assert ["hurts", "kind", "amplifier", "counter_indication"] in BOOK.diff(other).values.tolist()


def test_the_fingerprint_does_not_change_with_the_order_of_rules():
    backwards = dataclasses.replace(BOOK, rules=BOOK.rules[::-1], sources=BOOK.sources[::-1])
    assert backwards.fingerprint == BOOK.fingerprint and re.fullmatch("[0-9a-f]{12}", BOOK.fingerprint)


# ------------------------------------------------------------------ lint

LINT = [
    # what is wrong, rules, findings
    ("a flag and its opposite", [A & ~A], [("r0", "never fires")]),
    ("two levels at once", [SEX.is_in("male") & SEX.is_in("female")], [("r0", "never fires")]),
    ("above and below", [(WEEKS >= 4) & (WEEKS < 4)], [("r0", "never fires")]),
    ("no count lies between", [(DRUGS > 1) & (DRUGS < 2)], [("r0", "never fires")]),
    ("above the highest", [COURSE > "worsening"], [("r0", "never fires")]),
    ("either way", [A | ~A], [("r0", "always fires")]),
    ("every number", [WEEKS >= 0], [("r0", "always fires")]),
    ("every level", [SEX.is_in("male", "female", "other")], [("r0", "always fires")]),
    ("the same said twice", [A & B, ~(~A | ~B)], [("r1", "duplicate")]),
    ("the same threshold", [COURSE >= "unchanged", COURSE > "improving"], [("r1", "duplicate")]),
    ("the second is narrower", [A, A & B], [("r1", "implied")]),
    ("the first is narrower", [WEEKS >= 6, WEEKS >= 4], [("r0", "implied")]),
    ("one level of two", [SEX.is_in("male"), SEX.is_in("male", "other")], [("r0", "implied")]),
    ("nothing wrong", [A, B, (A & ~B) | (B & ~A)], []),
    ("neither implies the other", [(WEEKS >= 4) & A, (WEEKS >= 6) & B], []),
]


@pytest.mark.parametrize(("wrong", "conditions", "findings"), LINT, ids=[wrong for wrong, *_ in LINT])
def test_lint_finds(wrong, conditions, findings):
    found = small_book(*(rule(f"r{i}", when) for i, when in enumerate(conditions))).lint()
    assert list(zip(found["rule"], found["finding"], strict=True)) == findings


def test_lint_finds_facts_that_nothing_reads_and_that_state_no_use():
    used = flag("seen", "Is it?", use="for the record")
    found = small_book(
        rule("r", A, stronger_when=B), advice=[Advice("S", "x", when=C)], also=[A, B, C, SEX, used]
    ).lint()
    assert (
        found[["rule", "finding"]].values.tolist() == [[None, "unused fact"]]
        and "'sex'" in found["detail"][0]
    )


def test_lint_compares_many_rules_and_says_where_it_stops():
    """Three hundred rules on sixty facts: one in ten is implied by another."""
    flags = [flag(f"sign_{i}", "Is it?") for i in range(60)]
    pairs = [(i % 60, (i % 60 + 1 + i // 60) % 60, (i % 60 + 31) % 60) for i in range(270)]
    wide = [rule(f"wide-{i}", flags[a] & flags[b] & ~flags[c]) for i, (a, b, c) in enumerate(pairs)]
    narrow = [rule(f"narrow-{i}", wide[9 * i].when & (DRUGS >= 3)) for i in range(30)]
    found = small_book(*wide, *narrow).lint()
    assert {f"narrow-{i}" for i in range(30)} == set(found["rule"]) and set(found["finding"]) == {"implied"}
    with pytest.raises(SecondopError, match=f"up to {MAX_LINT:,} rules"):
        small_book(*(rule(f"r-{i}", A) for i in range(MAX_LINT + 1))).lint()


def test_the_books_of_the_project_have_one_known_implication_and_nothing_else_to_find():
    known = "whenever it fires, 'aggressive-treatment-proposed' fires too"
    assert RULE_BOOK.lint().values.tolist() == [["multimodal-treatment", "implied", known]]
    assert SGB27B.lint().empty


# ------------------------------------------------------------------ to read and to keep


def test_the_book_as_a_frame_has_one_row_a_rule():
    columns = "name, statement, kind, group, level, label, condition, consult, source, locator, grade, remark"
    assert list(BOOK.to_frame().columns) == columns.split(", ")
    when = "(drugs at least 2 (assumed, 2 to 3) and not fever) or weeks at least 12 (assumed)"
    told = ["tired-of-drugs", "S1", "indication", "own", "recommended", "Reason tired-of-drugs", when]
    assert BOOK.to_frame().iloc[0].tolist() == [*told, "", "sop", "S1", "guideline", ""]
    well = BOOK.to_frame().set_index("name").loc["well"]
    assert (well["kind"], well["locator"]) == ("counter_indication", "page 3") and pd.isna(well["level"])


@pytest.mark.parametrize("book", [BOOK, RULE_BOOK, SGB27B], ids=lambda book: book.title)
def test_markdown_holds_the_book_whole_with_what_it_is_not_for(book):
    text = book.to_markdown()
    about = [book.title, book.version, book.updated, book.status, book.fingerprint, NOT_FOR_CARE]
    said = [x for r in book for x in (r.label, r.when.sentence(), r.locator, r.consult, f"`{r.name}`")]
    said += [r.remark for r in book]
    said += [s.reference for s in book.sources] + [f"{a.words}" for a in book.advice if a.when is None]
    said += [f"{a.words} (when {a.when})" for a in book.advice if a.when is not None]
    assert [words for words in about + said if words not in text] == []


def test_markdown_says_when_a_rule_is_in_force_and_what_each_rule_is():
    text, by_law = BOOK.to_markdown(), SGB27B.to_markdown()
    assert "In force from 2020.\n\nIn force until 2030-06-30." in text and text.count("In force") == 2
    assert "In force from a day between 2018-12-01 and 2022-12-31." in by_law
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings[1:3] == ["## Own (indications)", "### S1 Reason tired-of-drugs — **recommended**"]
    assert text.count("Stronger when") == 1 and "## Thresholds" in text and "## Thresholds" not in by_law


def test_markdown_lists_the_thresholds_that_are_numbers_or_may_be_off():
    high = COURSE.at_least("worsening", lower="unchanged")
    text = small_book(rule("a", (DRUGS >= 2) | high), rule("b", (COURSE >= "unchanged") & A)).to_markdown()
    listed = text.partition("## Thresholds")[2].partition("##")[0].strip().splitlines()
    assert listed == ["- drugs at least 2 (assumed)", f"- {high}"] and "assumed" in listed[1]


@pytest.mark.parametrize("book", [BOOK, RULE_BOOK, SGB27B], ids=lambda book: book.title)
def test_json_keeps_everything(book):
    again = RuleBook.from_json(book.to_json())
    assert again == book and book.diff(again).empty
    assert (again.fingerprint, again.to_json(), list(again.facts)) == (
        book.fingerprint,
        book.to_json(),
        list(book.facts),
    )
    assert [type(r) for r in again] == [type(r) for r in book]


def test_json_is_read_by_a_process_that_never_saw_the_facts(tmp_path):
    (tmp_path / "book.json").write_text(BOOK.to_json(), encoding="utf-8")
    program = "import sys; from secondop.rules.rulebook import RuleBook as B; from pathlib import Path;"
    program += "print(B.from_json(Path(sys.argv[1]).read_text(encoding='utf-8')).fingerprint);"
    program += "print('secondop.guideline' in sys.modules)"
    ran = [sys.executable, "-c", program, str(tmp_path / "book.json")]
    assert subprocess.run(ran, capture_output=True, text=True, check=True).stdout.split() == [
        BOOK.fingerprint,
        "False",
    ]


NO_BOOKS = ["", "[]", "{}", "null", "3", '{"rules": [], "sources": []}', "[" * 500, '{"a":' * 500]
TWINS = [('"title"', '"title": "x", "title"'), ('"name": "worse"', '"name": "worst", "name": "worse"')]
TWINS += [('"value": 2', '"value": 5, "value": 2')]


@pytest.mark.parametrize("text", NO_BOOKS, ids=lambda text: text[:20])
def test_text_that_is_no_book_is_refused(text):
    with pytest.raises(SecondopError, match="not a rule book as"):
        RuleBook.from_json(text)


@pytest.mark.parametrize(("once", "twice"), TWINS)
def test_a_key_that_is_there_twice_is_refused(once, twice):
    text = BOOK.to_json().replace(once, twice, 1)
    assert text != BOOK.to_json()
    with pytest.raises(SecondopError, match="twice in one place"):
        RuleBook.from_json(text)


def test_a_condition_nested_too_deep_is_refused():
    data = json.loads(BOOK.to_json())
    for _ in range(500):
        data["rules"][0]["when"] = {"not": data["rules"][0]["when"]}
    text = json.dumps(data)
    with pytest.raises(SecondopError, match="deep"):
        RuleBook.from_json(text)


def places(data, path=()):
    """Every place in plain data, as the keys that lead to it."""
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield (*path, key)
        yield from places(data[key], (*path, key))


ODD = [None, True, 0, -1.5, 10**400, float("nan"), "", "x", "urgent", [], {}, [1], {"all": None}, "2020"]


@given(st.sampled_from(list(places(json.loads(BOOK.to_json())))), st.sampled_from(ODD), st.booleans())
def test_a_book_with_anything_odd_in_it_is_refused_or_works(path, odd, extra):
    data = json.loads(BOOK.to_json())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    if extra and isinstance(inner, dict):
        inner["odd"] = odd
    else:
        inner[path[-1]] = odd
    try:
        book = RuleBook.from_json(json.dumps(data))
    except SecondopError:
        return
    assert not extra or not isinstance(inner, dict)
    assert RuleBook.from_json(book.to_json()).fingerprint == book.fingerprint and hash(book)
    assert book.title in book.to_markdown() and len(book.to_frame()) == len(book)


def test_grades_and_kinds_given_as_text_are_members():
    assert type(Source("s", "A text", "review").grade) is Grade
    made = Indication("a", "A", when=A, group="g", source="s", level="urgent")
    assert (
        made == Indication("a", "A", when=A, group="g", source="s", level=Level.URGENT)
        and made.level is Level.URGENT
    )


def test_the_facts_of_a_book_read_as_names_and_as_facts():
    assert (
        [fact.name for fact in BOOK.facts] == list(BOOK.facts) == [fact.name for fact in BOOK.facts.values()]
    )
