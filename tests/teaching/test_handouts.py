"""What is handed out: complete, silent about the answer where it should be, and in its published form."""

import os
import re
import subprocess

import pytest
from bs4 import BeautifulSoup

from secondop import RULE_BOOK, SGB27B, data_path, explain, read_cases
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import case_sheet, deck, rule_book_page
from secondop.words import NOT_FOR_CARE
from tests.kit import sampled

FACTS = RULE_BOOK.facts

CASES = [row for _, row in read_cases(data_path("teaching_cases.csv")).iterrows()]
LONGEST = max(CASES, key=lambda case: len(case["title"] + case["story"]))
HOSTILE = "<script>alert(1)</script> & **bold** [x](y) `z`"


def words(page: str) -> str:
    soup = BeautifulSoup(page, "html.parser")
    return " ".join(soup.body.get_text(" ").split())


def spaceless(text: str) -> str:
    return re.sub(r"\s+", "", text)


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
    ("hostile sheet", case_sheet({"title": HOSTILE, "story": HOSTILE, "case": HOSTILE, "sex": "female"})),
    ("answer", case_sheet(CASES[0], answer=True)),
]


@pytest.mark.parametrize(("name", "page"), PAGES, ids=[name for name, _ in PAGES])
def test_a_page_runs_no_script_loads_nothing_and_says_that_it_is_not_for_care(name, page):
    soup = BeautifulSoup(page, "html.parser")
    assert not soup(["script", "link", "img", "iframe"])
    assert "url(" not in page and "@import" not in page
    assert NOT_FOR_CARE in words(page)
    assert page.startswith("<!doctype html>") and soup.title.get_text().endswith("· secondop")


def test_a_page_shows_itself_in_a_cell_apart_from_the_notebook():
    for _, page in PAGES:
        (frame,) = BeautifulSoup(page._repr_html_(), "html.parser").contents
        assert frame.name == "iframe" and frame.has_attr("sandbox") and not frame["sandbox"]
        assert frame["srcdoc"] == page == str(page)
        assert len(repr(page)) < 60, "what a cell shows where it shows text alone"


@pytest.mark.parametrize("case", [*CASES[::18], *CASES[2::18]], ids=lambda case: case["case"])
def test_a_sheet_tells_the_case_and_not_the_answer(case):
    told, shown = explain(case), words(case_sheet(case))
    assert all(words_ in shown for words_ in (case["case"], case["title"], case["story"]))
    for name, value in told.facts.items():
        assert f"{FACTS[name].label}: {FACTS[name].in_words(value)}" in shown
    missing = shown.partition("(and not no)")[2].partition("Your prediction")[0]
    listed = missing.strip(" .").split(", ")
    gaps = [fact.label for name, fact in RULE_BOOK.rule_facts.items() if name not in told.facts]
    assert listed == (gaps or ["Nothing: every fact that the rules read is recorded"])
    assert not [text for text in (told.headline, told.outlook) if text in shown]
    assert not [rule.label for rule in RULE_BOOK if rule.label in shown]


@pytest.mark.parametrize("row", sampled(CASES), ids=[case["case"] for case in CASES])
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


def test_a_case_of_another_book_has_a_sheet_with_the_facts_of_that_book():
    case = {"planned_procedure": "hysterectomy", "procedure_urgent": False}
    sheet, _, answer = words(case_sheet(case, SGB27B, answer=True)).partition(NOT_FOR_CARE)
    assert "planned procedure: hysterectomy" in sheet and "is a second opinion by legal right …" in sheet
    assert "(and not no) procedure for malignancy. Your" in sheet
    assert explain(case, SGB27B).headline in answer


def test_a_case_without_a_story_or_any_fact_has_a_sheet():
    shown = words(case_sheet({"title": None, "story": float("nan"), "sex": None}))
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


def test_an_answer_sheet_says_what_a_clinician_may_dispute_and_a_question_sheet_does_not():
    dispute = deck()["T057"].dispute
    assert dispute in words(case_sheet("T057", answer=True)) and dispute not in words(case_sheet("T057"))
    assert "A clinician may see it otherwise" not in words(case_sheet("T008", answer=True))
