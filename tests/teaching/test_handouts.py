"""What is handed out: complete, silent about the answer where it should be, and in its published form."""

import json
import os
import re
import subprocess

import jsonschema
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from secondop.datafiles import data_path
from secondop.rules.cases import read_cases
from secondop.rules.explain import HEADLINES, explain
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import NOT_FOR_CARE
from secondop.teaching import deck
from secondop.teaching.handouts import case_sheet, cds_card, rule_book_page

CASES = [row for _, row in read_cases(data_path("teaching_cases.csv")).iterrows()]
LONGEST = max(CASES, key=lambda case: len(case["title"] + case["story"]))
HOSTILE = "<script>alert(1)</script> & **bold** [x](y) `z`"


def words(page: str) -> str:
    soup = BeautifulSoup(page, "html.parser")
    return " ".join(soup.body.get_text(" ").split())


def spaceless(text: str) -> str:
    return re.sub(r"\s+", "", text)


# ------------------------------------------------------------------ the rule book


def test_the_rule_book_page_says_all_that_the_markdown_says_and_nothing_else():
    markdown = re.sub(r"^(#+|-) |\*\*|`", "", RULE_BOOK.to_markdown(), flags=re.M)
    assert spaceless(words(rule_book_page())) == spaceless(markdown)


def test_the_rule_book_page_has_a_heading_for_each_rule_and_a_list_of_sources():
    soup = BeautifulSoup(rule_book_page(), "html.parser")
    assert [h.get_text().split(" — ")[0] for h in soup("h3")] == [
        f"{r.statement} {r.label}" for r in RULE_BOOK
    ]
    assert [h.strong and h.strong.get_text() for h in soup("h3")] == [
        r.level and str(r.level) for r in RULE_BOOK
    ]
    assert len(soup("ul")[-1]("li")) == len(RULE_BOOK.sources)


def test_the_page_is_of_the_book_that_is_given():
    book = RULE_BOOK.replace("ambiguous-pathology", label=HOSTILE)
    page = rule_book_page(book)
    assert book.fingerprint in page and RULE_BOOK.fingerprint not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page


PAGES = [
    ("rule book", rule_book_page()),
    ("sheet", case_sheet(CASES[0])),
    ("hostile sheet", case_sheet({"title": HOSTILE, "story": HOSTILE, "case": HOSTILE})),
    ("answer", case_sheet(CASES[0], answer=True)),
]


@pytest.mark.parametrize(("name", "page"), PAGES, ids=[name for name, _ in PAGES])
def test_a_page_runs_no_script_loads_nothing_and_says_that_it_is_not_for_care(name, page):
    soup = BeautifulSoup(page, "html.parser")
    assert not soup(["script", "link", "img", "iframe"])
    assert "url(" not in page and "@import" not in page
    assert NOT_FOR_CARE in words(page)
    assert page.startswith("<!doctype html>") and soup.title.get_text().endswith("· secondop")


@pytest.mark.parametrize(("name", "page"), PAGES, ids=[name for name, _ in PAGES])
def test_a_page_shows_itself_in_a_cell_apart_from_the_notebook(name, page):
    (frame,) = BeautifulSoup(page._repr_html_(), "html.parser").contents
    assert (
        frame.name == "iframe" and frame.has_attr("sandbox") and not frame["sandbox"] and not frame.contents
    )
    assert frame["srcdoc"] == page == str(page) and isinstance(page, str)
    assert len(repr(page)) < 60, "what a cell shows where it shows text alone"


# ------------------------------------------------------------------ the sheet of one case


@pytest.mark.parametrize("case", [*CASES[::18], *CASES[2::18]], ids=lambda case: case["case"])
def test_a_sheet_tells_the_case_and_not_the_answer(case):
    told, shown = explain(case), words(case_sheet(case))
    assert all(words_ in shown for words_ in (case["case"], case["title"], case["story"]))
    for name, value in told.facts.items():
        assert f"{FACTS[name].label}: {FACTS[name].in_words(value)}" in shown
    missing = shown.partition("(and not no)")[2].partition("Your prediction")[0]
    listed = missing.strip(" .").split(", ")
    gaps = [FACTS[name].label for name in RULE_BOOK.facts if name not in told.facts]
    assert listed == (gaps or ["Nothing: every fact that the rules read is recorded"])
    assert not [text for text in (*HEADLINES.values(), told.outlook) if text in shown]
    assert not [rule.label for rule in RULE_BOOK if rule.label in shown]


@pytest.mark.parametrize("row", CASES, ids=[case["case"] for case in CASES])
def test_a_teaching_case_has_the_same_sheet_by_its_id_as_a_card_and_as_a_row(row):
    assert case_sheet(row["case"]) == case_sheet(deck()[row["case"]]) == case_sheet(row)


def test_nothing_on_a_sheet_depends_on_the_columns_that_hold_the_answer():
    answer = ["about", "kind", "expected", "expected_possible", "expected_undetermined", "why"]
    assert case_sheet(LONGEST) == case_sheet(LONGEST.drop(answer))


def test_a_sheet_has_a_box_for_every_recommendation_and_no_box_is_ticked():
    soup = BeautifulSoup(case_sheet(CASES[0]), "html.parser")
    boxes = [box for box in soup("span") if box.span]
    assert [box.get_text() for box in boxes][:5] == [level.replace("_", " ") for level in RECOMMENDATIONS]
    assert {box.span.get_text() for box in boxes} == {""}
    assert len({str(box.span) for box in boxes}) == 1, "a box that looks different gives the answer away"


def test_the_answer_is_the_explanation_after_the_sheet():
    case = CASES[2]
    sheet, _, rest = case_sheet(case).partition("\n</body>")
    answered = case_sheet(case, answer=True)
    assert answered.startswith(sheet) and answered.endswith(rest)
    assert answered.removeprefix(sheet).count(explain(case).to_html()) == 1
    assert answered.removeprefix(sheet).strip().startswith('<div style="break-before:page;')


def test_the_answer_is_that_of_the_book_that_is_given():
    case = {"pathology_result": "ambiguous"}
    without = case_sheet(case, RULE_BOOK.without("ambiguous-pathology"), answer=True)
    assert "A second opinion is recommended." in case_sheet(case, answer=True)
    assert "A second opinion is recommended." not in without


def test_a_case_without_a_story_or_any_fact_has_a_sheet():
    shown = words(case_sheet({"title": None, "story": float("nan")}))
    assert shown.startswith("A case Recorded Nothing. Not recorded") and "nan" not in shown


PRINTED = [
    ("the longest", case_sheet(LONGEST), 1),
    ("nothing recorded", case_sheet({}), 1),
    ("with its answer", case_sheet(LONGEST, answer=True), 2),
]


@pytest.mark.needs_chromium
@pytest.mark.parametrize(("name", "page", "pages"), PRINTED, ids=[name for name, *_ in PRINTED])
def test_a_case_prints_on_one_a4_page_and_its_answer_on_a_second(name, page, pages, chromium_path, tmp_path):
    (tmp_path / "sheet.html").write_text(page, encoding="utf-8")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [chromium_path, "--headless", "--disable-gpu", *["--no-sandbox"] * as_root, "--no-first-run"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={tmp_path / 'sheet.pdf'}"]
    subprocess.run([*command, (tmp_path / "sheet.html").as_uri()], check=True, capture_output=True)
    pdf = (tmp_path / "sheet.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == pages
    width, height = map(float, re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups())
    assert (round(width), round(height)) == (595, 842), "points of an A4 page"


# ------------------------------------------------------------------ the card for clinical software

TEXT = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": "^https?://"}
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}


def shape(required: str, **properties) -> dict:
    """A JSON object with these properties and no other (extensions apart); nothing may be empty or null."""
    properties |= {"extension": {"type": "object"}}
    closed = {"additionalProperties": False, "minProperties": 1}
    return {"type": "object", "properties": properties, "required": required.split()} | closed


def several(item: dict) -> dict:
    return {"type": "array", "items": item, "minItems": 1}


CODING = shape("code", code=TEXT, system=TEXT, display=TEXT)
ACTION = shape(
    "type description",
    type={"enum": ["create", "update", "delete"]},
    description=TEXT,
    resource={"type": "object"},
    resourceId=TEXT,
)
SUGGESTION = shape(
    "label",
    label=TEXT,
    uuid=UUID,
    isRecommended={"type": "boolean"},
    actions=several(ACTION),
)
LINK = shape(
    "label url type",
    label=TEXT,
    url=URL,
    type={"enum": ["absolute", "smart"]},
    appContext=TEXT,
    autolaunchable={"type": "boolean"},
)
# As HL7 CDS Hooks 2.0 describes it under "Card Attributes" and the tables that follow there.
CARD = shape(
    "summary indicator source",
    uuid=UUID,
    summary=TEXT | {"maxLength": 139},
    detail=TEXT,
    indicator={"enum": ["info", "warning", "critical"]},
    source=shape("label", label=TEXT, url=URL, icon=URL, topic=CODING),
    suggestions=several(SUGGESTION),
    selectionBehavior={"enum": ["at-most-one", "any"]},
    overrideReasons=several(CODING | {"required": ["code", "display"]}),
    links=several(LINK),
) | {"dependentRequired": {"suggestions": ["selectionBehavior"]}}
VALIDATOR = jsonschema.Draft202012Validator(CARD)

NO_CARDS = [
    # what is wrong             change of a good card
    ("no summary", {"summary": ""}),
    ("140 characters", {"summary": "x" * 140}),
    ("another indicator", {"indicator": "urgent"}),
    ("no label", {"source": {}}),
    ("empty detail", {"detail": None}),
    ("empty links", {"links": []}),
    ("unknown attribute", {"title": "x"}),
    ("how many suggestions?", {"suggestions": [{"label": "x"}]}),
]


@pytest.mark.parametrize(("wrong", "change"), NO_CARDS, ids=[wrong for wrong, _ in NO_CARDS])
def test_the_published_structure_refuses_what_is_no_card(wrong, change):
    good = {"summary": "x", "indicator": "info", "source": {"label": "x"}}
    assert VALIDATOR.is_valid(good | {"summary": "x" * 139})
    assert not VALIDATOR.is_valid(good | change)


def check(case):
    """A card that is valid, of plain JSON, and says what the explanation says."""
    told = explain(case)
    card = cds_card(told)
    VALIDATOR.validate(card)
    assert json.loads(json.dumps(card)) == card
    assert set(card) == {"summary", "detail", "indicator", "source"}, (
        "it suggests no action and links to nothing"
    )
    assert card["indicator"] == ("warning" if told.recommendation == "urgent" else "info")
    assert card["summary"].startswith(told.headline[:-1])
    assert ("undetermined" in card["summary"]) == told.undetermined
    if told.undetermined:
        assert card["summary"].endswith(f"raise this to {told.possible.replace('_', ' ')}.")
    detail = card["detail"].replace("\\", "")
    for title, reasons in (
        ("For", told.supporting),
        ("Against", told.opposing),
        ("Undecided", told.undecided),
    ):
        section = detail.partition(f"**{title}**\n\n")[2].partition("\n\n")[0]
        items = section.splitlines()
        assert len(items) == len(reasons), title
        for item, reason in zip(items, reasons, strict=True):
            assert item.startswith(f"- {reason.rule.label} ({reason.mark}). {reason.values}")
            assert item.endswith(f"Source: {reason.source}")
    assert ("**Ask next**" in detail) == bool(told.next_questions)
    assert not told.next_questions or f"- {told.next_questions[0].question}" in detail
    assert NOT_FOR_CARE in detail and "for education, not for care" in card["source"]["label"]
    assert told.rule_book.fingerprint in card["source"]["label"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_card_of_a_teaching_case_is_valid_and_complete(case):
    check(case)


def answers(fact):
    if fact.kind is Kind.FLAG:
        return [True, False]
    return list(fact.levels) or [0, 1, 2, 4, 12]


@given(
    st.fixed_dictionaries({name: st.sampled_from([None, *answers(FACTS[name])]) for name in RULE_BOOK.facts})
)
def test_the_card_of_any_case_is_valid_and_complete(case):
    check(case)


def test_a_case_has_the_same_card_every_time():
    assert cds_card(explain(LONGEST)) == cds_card(explain(LONGEST.to_dict()))


def test_a_card_shows_the_words_of_a_rule_as_they_are():
    book = RULE_BOOK.replace("ambiguous-pathology", label=HOSTILE)
    detail = cds_card(explain({"pathology_result": "ambiguous"}, book))["detail"]
    assert r"\<script\>alert(1)\</script\> \& \*\*bold\*\* \[x\](y) \`z\`" in detail
