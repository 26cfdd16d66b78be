"""The rule book: every statement once, cited and graded; edited only by making another book."""

import dataclasses
import json
import re

import pytest

from secondop.errors import SecondopError, UnknownNameError
from secondop.rules.conditions import fact
from secondop.rules.indication import Citation, Grade, Group, Indication, Level, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import NOT_FOR_CARE, RuleBook

CITATION = Citation("overview-2025", "X1", Grade.SECONDARY_WEB)

STATEMENTS = {
    # statement: rule, group, what it does
    "A1.1": ("negative-work-up-high-suspicion", "diagnostic uncertainty", "recommended"),
    "A1.2": ("atypical-or-unresponsive", "diagnostic uncertainty", "recommended"),
    "A1.3": ("ambiguous-pathology", "diagnostic uncertainty", "recommended"),
    "A2.1": ("failed-first-line", "treatment failure", "recommended"),
    "A2.2": ("complication-or-new-finding", "treatment failure", "urgent"),
    "A2.3": ("refractory-to-lifestyle-and-drugs", "treatment failure", "recommended"),
    "H0": ("severe-or-refractory-symptoms", "severity", "amplifier"),
    "A3.1": ("invasive-procedure-proposed", "major decision", "recommended"),
    "A3.2": ("aggressive-treatment-proposed", "major decision", "recommended"),
    "A3.3": ("risky-or-life-changing-treatment", "major decision", "recommended"),
    "B1.1": ("circumcision-before-steroid-trial", "specialty: surgery", "recommended"),
    "B1.2": ("surgery-before-medical-management", "specialty: surgery", "recommended"),
    "B1.3": ("genital-surgery-without-reason", "specialty: surgery", "recommended"),
    "B2.1": ("cancer-history-without-follow-up", "specialty: cancer", "recommended"),
    "B2.2": ("neoplasia-concern", "specialty: cancer", "urgent"),
    "B2.3": ("prognosis-without-experience", "specialty: cancer", "recommended"),
    "B3.1": ("hereditary-condition-suspected", "specialty: complex or rare", "recommended"),
    "B3.2": ("several-organs-or-specialties", "specialty: complex or rare", "recommended"),
    "B3.3": ("multimodal-treatment", "specialty: complex or rare", "recommended"),
    "C1.1": ("patient-wants-one", "patient: preference", "optional"),
    "C1.2": ("patient-unsure", "patient: preference", "optional"),
    "C1.3": ("patient-wants-help-choosing", "patient: preference", "optional"),
    "C2.1": ("concerns-or-confidence", "patient: trust", "optional"),
    "C2.2": ("patient-wants-explanation", "patient: trust", "optional"),
    "D3.1": ("well-controlled-disease", "may not be needed", "counter_indication"),
    "D3.2": ("clear-diagnosis-standard-plan", "may not be needed", "counter_indication"),
    "D3.3": ("stable-without-new-findings", "may not be needed", "counter_indication"),
    "D2.3": ("opinion-after-opinion", "overuse", "caution"),
}


def rule(name="a-rule", when=None, **changes):
    """A rule that only its condition makes special."""
    given = {"statement": "X1", "label": "A rule", "group": Group.COMPLEX, "citation": CITATION}
    return Indication(
        name, when=fact("rare_disease") if when is None else when, **given | {"level": Level.URGENT} | changes
    )


def book(*rules):
    return RuleBook(rules, RULE_BOOK.sources)


# ------------------------------------------------------------------ what is in it


def test_every_statement_is_one_rule_with_its_group_and_level():
    assert {r.statement: (r.name, str(r.group), str(r.level or r.kind)) for r in RULE_BOOK} == STATEMENTS
    assert len(RULE_BOOK) == len(STATEMENTS) == 28


def test_the_book_has_as_many_of_each_kind_as_the_source():
    assert {str(kind): len(RULE_BOOK.of_kind(kind)) for kind in RuleKind} == {
        "indication": 23,
        "amplifier": 1,
        "counter_indication": 3,
        "caution": 1,
    }
    assert (sum(r.clinical for r in RULE_BOOK), sum(r.preference for r in RULE_BOOK)) == (18, 5)


@pytest.mark.parametrize("entry", RULE_BOOK, ids=lambda r: r.name)
def test_every_rule_is_labelled_and_cited(entry):
    assert entry.label[0].isupper()
    assert not entry.label.endswith(".")
    assert len(entry.label) <= 90
    assert entry.citation.source in dict(RULE_BOOK.sources)
    assert entry.citation.locator.split(",")[0] == entry.statement
    assert bool(entry.consult) == (entry.kind is RuleKind.INDICATION)


def test_the_book_says_that_its_main_source_is_a_secondary_summary():
    assert "secondary summary on the web" in dict(RULE_BOOK.sources)["overview-2025"]
    graded = {r.citation.grade for r in RULE_BOOK if r.citation.source == "overview-2025"}
    assert graded == {Grade.SECONDARY_WEB}


THRESHOLDS = {
    "first line weeks at least 4 (assumed)",
    "drug trials at least 2 (assumed)",
    "organ systems at least 2 (assumed)",
    "specialties spanned at least 2 (assumed)",
    "earlier opinions at least 2 (assumed)",
}


def test_every_number_in_the_book_says_that_it_is_assumed():
    leaves = [
        leaf
        for r in RULE_BOOK
        for leaf in r.when.leaves()
        if isinstance(getattr(leaf, "value", ""), (int, float))
    ]
    assert {repr(leaf) for leaf in leaves} == THRESHOLDS
    assert all(f"- {threshold}" in RULE_BOOK.to_markdown() for threshold in THRESHOLDS)


# ------------------------------------------------------------------ lint


def test_the_book_has_one_known_implication_and_nothing_else_to_find():
    found = RULE_BOOK.lint()
    assert list(found.columns) == ["rule", "finding", "detail"]
    assert found.values.tolist() == [
        [
            "multimodal-treatment",
            "implied",
            "whenever it fires, 'aggressive-treatment-proposed' fires too",
        ]
    ]


WEEKS, COURSE, A, B = (
    fact("first_line_weeks"),
    fact("symptom_course"),
    fact("rare_disease"),
    fact("advanced_cancer"),
)
LINT = [
    # what is wrong                      rules                              findings
    ("a flag and its opposite", [A & ~A], [("r0", "never fires")]),
    (
        "two levels at once",
        [fact("sex").is_in("male") & fact("sex").is_in("female")],
        [("r0", "never fires")],
    ),
    ("above and below", [(WEEKS >= 4) & (WEEKS < 4)], [("r0", "never fires")]),
    (
        "no count lies between",
        [(fact("drug_trials") > 1) & (fact("drug_trials") < 2)],
        [("r0", "never fires")],
    ),
    ("above the highest", [COURSE > "worsening"], [("r0", "never fires")]),
    ("either way", [A | ~A], [("r0", "always fires")]),
    ("every number", [WEEKS >= 0], [("r0", "always fires")]),
    ("every level", [fact("sex").is_in("male", "female", "other")], [("r0", "always fires")]),
    ("the same said twice", [A & B, ~(~A | ~B)], [("r1", "duplicate")]),
    ("the same threshold", [COURSE >= "unchanged", COURSE > "improving"], [("r1", "duplicate")]),
    ("the second is narrower", [A, A & B], [("r1", "implied")]),
    ("the first is narrower", [WEEKS >= 6, WEEKS >= 4], [("r0", "implied")]),
    (
        "at least two are at least one",
        [fact("sex").is_in("male"), fact("sex").is_in("male", "other")],
        [("r0", "implied")],
    ),
    ("nothing wrong", [A, B, A & ~B | B & ~A], []),
    ("neither implies the other", [(WEEKS >= 4) & A, (WEEKS >= 6) & B], []),
]


@pytest.mark.parametrize(("wrong", "conditions", "findings"), LINT, ids=[wrong for wrong, *_ in LINT])
def test_lint_finds(wrong, conditions, findings):
    rules = [rule(f"r{i}", when) for i, when in enumerate(conditions)]
    found = book(*rules).lint().query("finding != 'unused fact'")
    assert list(zip(found["rule"], found["finding"], strict=True)) == findings


def test_lint_finds_facts_that_no_rule_reads():
    """All but the fact that a rule reads, the one that strengthens it, and two that state their use."""
    only = book(rule(when=A, stronger_when=B))
    unused = only.lint().query("finding == 'unused fact'")
    assert len(unused) == 53 - 1 - 1 - 2
    assert unused["rule"].isna().all()
    assert "no rule reads 'sex', and it states no other use" in unused["detail"].tolist()


# ------------------------------------------------------------------ another book


def test_every_edit_gives_another_book_and_leaves_the_first_alone():
    before = RULE_BOOK.fingerprint
    extra = rule("rare-and-advanced", A & B)
    assert len(RULE_BOOK.with_(extra)) == 29
    assert "rare-and-advanced" in RULE_BOOK.with_(extra)
    assert RULE_BOOK.with_(extra).without("rare-and-advanced") == RULE_BOOK
    assert len(RULE_BOOK.without("neoplasia-concern", "patient-unsure")) == 26
    assert (
        RULE_BOOK.replace("neoplasia-concern", level=Level.RECOMMENDED)["neoplasia-concern"].level
        == "recommended"
    )
    assert [r.name for r in RULE_BOOK.replace("neoplasia-concern", when=A)] == [r.name for r in RULE_BOOK]
    assert (RULE_BOOK.fingerprint, len(RULE_BOOK)) == (before, 28)
    with pytest.raises(dataclasses.FrozenInstanceError):
        RULE_BOOK.rules = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        RULE_BOOK["neoplasia-concern"].when = A


REFUSED = [
    (lambda: RULE_BOOK["neoplasia"], "no rule 'neoplasia'"),
    (lambda: RULE_BOOK["patient-wants-on"], "Did you mean 'patient-wants-one'?"),
    (lambda: RULE_BOOK.without("patient-wants-on"), "Did you mean 'patient-wants-one'?"),
    (lambda: RULE_BOOK.replace("patient-wants-on", when=A), "Did you mean 'patient-wants-one'?"),
    (lambda: RULE_BOOK.replace("patient-wants-one", levels=Level.URGENT), "Did you mean 'level'?"),
    (lambda: RULE_BOOK.with_(RULE_BOOK["neoplasia-concern"]), "twice in this book: neoplasia-concern"),
    (
        lambda: RULE_BOOK.with_(rule(citation=Citation("book", "1", Grade.REVIEW))),
        "no source (rule 'a-rule' cites it) 'book'",
    ),
    (lambda: rule("A_Rule"), "kebab-case"),
    (lambda: rule(level=None), "an indication has a level, and nothing else has; got None"),
    (lambda: rule(kind=RuleKind.CAUTION), "an indication has a level, and nothing else has"),
]


@pytest.mark.parametrize(("edit", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_mistaken_edit_is_refused(edit, message):
    with pytest.raises(SecondopError, match=re.escape(message)):
        edit()


@pytest.mark.parametrize("when", [True, "rare_disease", lambda case: True, None, fact("drug_trials")])
def test_a_rule_takes_a_condition_and_nothing_else(when):
    with pytest.raises(TypeError, match="'when' must be a condition"):
        Indication("a-rule", "X1", "A rule", Group.COMPLEX, when, CITATION, Level.URGENT)


# ------------------------------------------------------------------ differences and the fingerprint


def test_diff_names_what_was_added_removed_and_changed():
    changed = RULE_BOOK.without("patient-unsure").replace(
        "neoplasia-concern", level=Level.RECOMMENDED, consult="x"
    )
    changed = changed.with_(rule())
    rows = RULE_BOOK.diff(changed)
    assert list(rows.columns) == ["rule", "attribute", "before", "after"]
    assert rows.values.tolist() == [
        ["neoplasia-concern", "level", "urgent", "recommended"],
        ["neoplasia-concern", "consult", "specialist, for biopsy and expert pathology", "x"],
        ["patient-unsure", "rule", "Doubt about the diagnosis or the proposed treatment", None],
        ["a-rule", "rule", None, "A rule"],
    ]
    assert RULE_BOOK.diff(RULE_BOOK).empty
    assert RULE_BOOK.diff(dataclasses.replace(RULE_BOOK, rules=RULE_BOOK.rules[::-1])).empty


def test_diff_names_sources_that_changed():
    other = dataclasses.replace(RULE_BOOK, sources=(*RULE_BOOK.sources, ("new", "A book.")))
    assert RULE_BOOK.diff(other).values.tolist() == [[None, "source new", None, "A book."]]


def test_the_fingerprint_is_the_same_in_any_order():
    backwards = RuleBook(RULE_BOOK.rules[::-1], RULE_BOOK.sources[::-1])
    assert backwards.fingerprint == RULE_BOOK.fingerprint
    assert re.fullmatch("[0-9a-f]{12}", RULE_BOOK.fingerprint)
    assert repr(RULE_BOOK) == f"RuleBook of 28 rules, fingerprint {RULE_BOOK.fingerprint}"


CHANGES = {
    "label": "Another label",
    "statement": "Z9",
    "consult": "somebody",
    "group": Group.CANCER,
    "level": Level.URGENT,
    "when": fact("drug_trials") >= 3,
    "stronger_when": A,
    "citation": Citation("overview-2025", "A2.3", Grade.REVIEW),
    "name": "another-name",
}


@pytest.mark.parametrize("attribute", CHANGES)
def test_the_fingerprint_changes_with_any_change_of_content(attribute):
    changed = RULE_BOOK.replace("refractory-to-lifestyle-and-drugs", **{attribute: CHANGES[attribute]})
    assert changed.fingerprint != RULE_BOOK.fingerprint
    assert not RULE_BOOK.diff(changed).empty
    assert set(CHANGES) | {"kind"} == {f.name for f in dataclasses.fields(Indication)}


def test_the_fingerprint_changes_with_a_threshold_its_basis_and_the_sources():
    name, drugs = "refractory-to-lifestyle-and-drugs", fact("drug_trials") >= 2
    books = [
        RULE_BOOK,
        RULE_BOOK.replace(name, when=drugs),
        RULE_BOOK.replace(name, when=drugs.with_basis("a study")),
        RULE_BOOK.without(name),
        dataclasses.replace(RULE_BOOK, sources=(*RULE_BOOK.sources, ("new", "A book."))),
    ]
    assert len({b.fingerprint for b in books}) == len(books)


# ------------------------------------------------------------------ to read and to keep


def test_the_book_as_a_frame_has_one_row_a_rule():
    frame = RULE_BOOK.to_frame()
    columns = "name, statement, kind, group, level, label, condition, consult, source, locator, grade"
    assert list(frame.columns) == columns.split(", ")
    assert frame["statement"].tolist() == [r.statement for r in RULE_BOOK]
    row = frame.set_index("name").loc["ambiguous-pathology"]
    assert row["condition"] == "pathology result is ambiguous or expert needed"
    assert (row["level"], row["kind"], row["grade"]) == ("recommended", "indication", "secondary web summary")
    assert frame["level"].isna().sum() == 5


def test_json_keeps_everything():
    again = RuleBook.from_json(RULE_BOOK.to_json())
    assert again == RULE_BOOK
    assert (again.fingerprint, again.to_json()) == (RULE_BOOK.fingerprint, RULE_BOOK.to_json())
    assert RULE_BOOK.diff(again).empty
    assert all(type(r.level) in (Level, type(None)) and type(r.group) is Group for r in again)
    assert Indication.from_dict(rule(stronger_when=B).to_dict()) == rule(stronger_when=B)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"rules": [], "sources": []}',
        '{"rules": {}, "sources": {"a": "b"}, "more": 1}',
        '{"rules": [{"name": "a"}], "sources": {}}',
        '{"rules": 3, "sources": {}}',
    ],
)
def test_text_that_is_no_book_is_refused(text):
    with pytest.raises(SecondopError):
        RuleBook.from_json(text)


def test_a_key_that_a_rule_does_not_have_is_refused():
    data = json.loads(RULE_BOOK.to_json())
    data["rules"][0]["whenn"] = {}
    with pytest.raises(UnknownNameError, match="no rule attribute 'whenn'"):
        RuleBook.from_json(json.dumps(data))


@pytest.mark.parametrize(
    ("key", "value"), [("group", "surgery"), ("level", "high"), ("kind", "x"), ("citation", None)]
)
def test_a_value_that_a_rule_cannot_have_is_refused(key, value):
    data = json.loads(RULE_BOOK.to_json())
    data["rules"][0][key] = value
    with pytest.raises(SecondopError, match=r"There is no |not a rule book as"):
        RuleBook.from_json(json.dumps(data))


def test_the_book_in_markdown_shows_every_rule_with_its_source():
    text = RULE_BOOK.to_markdown()
    assert NOT_FOR_CARE in text
    assert RULE_BOOK.fingerprint in text
    for entry in RULE_BOOK:
        assert f"### {entry.statement} {entry.label}" in text
        quiet = " and no clinical indication does" if entry.kind is RuleKind.CAUTION else ""
        assert f"Holds when {entry.when}{quiet}." in text
        assert f"Source: [{entry.citation.source}], {entry.citation.locator} ({entry.citation.grade})" in text
        assert f"Name: `{entry.name}`" in text
    for key, reference in RULE_BOOK.sources:
        assert f"- [{key}] {reference}" in text
    assert text.count("\n## ") == 11 + 2  # a heading for each group, the thresholds and the bibliography
