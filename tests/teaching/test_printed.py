"""What is printed for a class: on as many pages as said, nothing cut off, and no answer on a card."""

import re

import pytest
from bs4 import BeautifulSoup

from secondop import RULE_BOOK, SGB27B
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import deck
from secondop.teaching.handouts import case_sheets
from secondop.teaching.markup import Html
from secondop.teaching.printed import cards_page, key_page, rule_book_sides
from secondop.words import NOT_FOR_CARE


def corner(case):
    return Html(f'<svg viewBox="0 0 9 9"><title>{case}</title></svg>')


CARDS = cards_page(deck(), corner)
SHEETS = case_sheets(deck()[:3])


def words(page):
    return " ".join(BeautifulSoup(page, "html.parser").body.get_text(" ").split())


@pytest.mark.parametrize("book", [RULE_BOOK, SGB27B], ids=["shipped", "legal list"])
def test_the_two_sides_have_every_rule_with_its_condition_level_and_source(book):
    said = words(rule_book_sides(book))
    for rule in book:
        level = f" {rule.level} ." if rule.level else ""
        told = f"{rule.statement} {rule.label} .{level} Fires when {rule.when} ."
        assert "".join(told.split()) in "".join(said.split()), rule.name
    assert all(source.reference in said for source in book.sources) and NOT_FOR_CARE in said


def test_a_deck_of_cards_is_every_case_nine_a_page_and_tells_no_answer():
    soup = BeautifulSoup(CARDS, "html.parser")
    assert [len(page(class_="card")) for page in soup(class_="page")] == [9] * 16 + [8]
    for case, card in zip(deck(), soup(class_="card"), strict=True):
        said = " ".join(card.get_text(" ").split())
        assert card.title.get_text() == case.id and case.title in said and case.story in said
        assert case.why not in said and NOT_FOR_CARE in said
        recorded = len(case.facts) - len(case.front)
        assert f"as in most cases: {recorded}." in said or recorded == 0
    assert not soup(["script", "link", "img"]) and "url(" not in CARDS


def test_the_key_has_every_answer():
    rows = BeautifulSoup(key_page(deck()), "html.parser")("tr")
    for case, row in zip(deck(), rows, strict=True):
        told = f"{case.id}{case.title}{case.expected.replace('_', ' ')}"
        assert row.get_text().startswith(told) and row.get_text().endswith("*") == bool(case.disputed)


def test_several_sheets_are_those_of_each_case():
    said = words(SHEETS)
    assert all(case.story in said for case in deck()[:3]) and said.count(NOT_FOR_CARE) == 3
    assert words(case_sheets(deck()[:3], answer=True)).count("A second opinion is recommended") == 1


def printed(language):
    """What is printed, and on how many pages."""
    of = {"language": language}
    return [
        ("rule book", rule_book_sides(**of), 2),
        ("legal list", rule_book_sides(SGB27B, **of), 2),
        ("cards", cards_page(deck(), corner, **of), 17),
        ("sheets", case_sheets(deck()[:3], **of), 3),
        ("sheets with answers", case_sheets(deck()[:3], answer=True, **of), 6),
    ]


@pytest.mark.needs_chromium
@pytest.mark.parametrize("language", ["en", "de"])
def test_they_print_on_a4_on_as_many_pages_as_said_and_nothing_is_cut_off(language, chromium_path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        for name, html, pages in printed(language):
            page = browser.new_page(viewport={"width": 794, "height": 1123})
            page.emulate_media(media="print")
            page.set_content(html)
            pdf = page.pdf(prefer_css_page_size=True)
            assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == pages, name
            width, height = map(float, re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups())
            assert (round(width), round(height)) == (595, 842), "points of an A4 page"
            cut = "[...document.querySelectorAll('.card')].filter(x => x.scrollHeight > x.clientHeight + 1)"
            assert page.evaluate(f"{cut}.map(x => x.innerText.slice(0, 4))") == []
        browser.close()


def test_no_title_of_a_case_is_its_answer():
    level = re.compile("|".join([*(x.replace("_", " ") for x in RECOMMENDATIONS), "reasons?", "disputed"]))
    assert [case.title for case in deck() if level.search(case.title.lower())] == ["No reason given"]
