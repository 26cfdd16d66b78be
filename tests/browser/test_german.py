"""German: on every screen of the classroom, opened to its last text, and on paper no English is left."""

import re
from functools import cache

import pytest

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.teaching.cards import deck
from secondop.teaching.classroom import classroom, page_data
from secondop.teaching.stages import vignettes
from secondop.teaching.strings import catalogue, words
from secondop.words import glossary
from tools.assessment import FORMS, items
from tools.handouts import print_all

pytestmark = pytest.mark.needs_chromium

VISIBLE = """() => {
  const texts = [], all = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
  const aside = ".code, .looks, [lang=en]:not(body), script, style, noscript";  // codes, and what is marked
  for (let node = all.currentNode; node; node = all.nextNode()) {
    if ((node.nodeType === 3 ? node.parentElement : node).closest(aside)) continue;
    if (node.nodeType === 3) texts.push(node.data);
    else for (const name of ["aria-label", "placeholder"]) texts.push(node.getAttribute?.(name) || "");
  }
  return [document.title, ...new Set(texts.map(text => text.trim()).filter(Boolean))];
}"""


def in_english():
    """Every text of the pages' own, of the books, the cases and the vignettes in English."""
    data = page_data(RULE_BOOK, SGB27B)
    yield from (texts["en"] for texts in catalogue().values())
    for book in (RULE_BOOK, SGB27B):
        yield from (book.title, book.subject)
        yield book.status
        yield from (text for rule in book for text in (rule.label, rule.group, rule.consult, rule.remark))
        yield from (text for advice in book.advice for text in (advice.words, advice.if_unknown))
        for fact in book.facts.values():
            levels = (level.replace("_", " ") for level in fact.levels)
            yield from (fact.question, fact.label, fact.topic, fact.unit, *levels)
    for part in data["tradeoff"]:
        yield from (part["title"], *(policy["label"] for policy in part["policies"]))
    yield from glossary()[["word", "meaning"]].to_numpy().ravel()
    stages = [stage for one in vignettes() for stage in one.stages]
    yield from (one.title for one in [*deck(), *vignettes()])
    yield from (text for case in deck() for text in (case.story, case.why, case.disputed))
    yield from (text for stage in stages for text in (stage.told, stage.why, stage.disputed))
    yield from (
        text for item in items() for form in FORMS for text in (item[form]["question"], item[form]["why"])
    )


def in_german(told):
    """Every text of tables within tables."""
    if isinstance(told, str):
        yield told
    else:
        parts = told.values() if isinstance(told, dict) else told
        yield from (text for part in parts for text in in_german(part))


def as_pattern(text):
    """Where this text stands as words of its own, whatever fills its blanks."""
    parts = [re.escape(part) for part in re.split(r"\{\w+\}", text)]
    return rf"(?<![\w-]){'.+'.join(parts)}(?![\w-])"


@pytest.fixture(scope="module")
def english():
    """Finds an English text in what is visible."""
    german = {*in_german(words()["de"]), *(texts.get("de", "") for texts in catalogue().values())}
    patterns = [re.compile(as_pattern(text)) for text in {*in_english()} - german if text]

    @cache  # most of a screen stays as it was when a part of it changes
    def found(text):
        return [(text, one.pattern) for one in patterns if one.search(text)]

    return lambda texts: [each for text in texts for each in found(text)]


def everything_open(page):
    """Every part that opens, opened; what is made when it is opened, too."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.wait_for_timeout(50)


def explore(page, see):
    everything_open(page)
    see()
    page.get_by_label("Angaben durchsuchen").fill("zebra")
    see()
    page.get_by_label("Fallcode eingeben").fill("XYZ")
    page.get_by_role("button", name="Öffnen").click()
    see()
    page.get_by_role("button", name="Neu beginnen").click()
    everything_open(page)
    page.locator("input[type=number]").first.fill("-3")
    page.locator("input[type=number]").first.press("Tab")
    see()
    page.locator(".next button").first.click()
    page.get_by_role("button", name="Folgen verbergen").click()
    see()
    page.get_by_role("button", name="§ 27b SGB V").click()
    page.get_by_role("button", name="Folgen verbergen").click()
    everything_open(page)


def compare(page, see):
    page.get_by_label("Fallcode B").fill("T001")
    page.get_by_role("button", name="Öffnen").nth(1).click()
    see()
    page.get_by_label("Fallcode A").fill("XYZ")
    page.get_by_role("button", name="Öffnen").first.click()


def quiz(page, see):
    page.get_by_label("Aufgaben").fill("2")
    page.get_by_label("Aufgaben").press("Tab")
    page.get_by_role("button", name="Auflösen").click()
    for answer, leave in (("dringend empfohlen", "Nächste Aufgabe"), ("keine Indikation", "Ihr Ergebnis")):
        see()
        page.get_by_label(answer, exact=True).check()
        page.get_by_label("75 %").check()
        page.get_by_role("button", name="Auflösen").click()
        everything_open(page)
        see()
        page.get_by_role("button", name=leave).click()
    assert page.get_by_text("Regeln, die Sie noch einmal ansehen").is_visible()


def poll(page, see):
    for _ in range(2):
        page.get_by_role("button", name="+ 95 %").first.click()
        page.get_by_role("button", name="Auflösen").click()
        everything_open(page)
        see()
        if page.get_by_role("button", name="Erneut abstimmen").is_enabled():
            page.get_by_role("button", name="Erneut abstimmen").click()
    one = '{"case": "T001", "answer": "urgent", "sure": 95}'
    answers = [one, one.replace("urgent", "optional"), f"{one}, {one}", '{"case": "X"}']
    head = '"format": "secondop answers 1", "reader"'
    told = [f'{{{head}: "R{i}", "answers": [{some}]}}' for i, some in enumerate(answers)]
    texts = ["{", "{}", *told, told[0]]  # the last is of a reader who was read
    files = [(f"{i}.json", text) for i, text in enumerate([*texts, "x" * 200_000])]
    page.get_by_label("Antwortdateien von").set_input_files(
        [{"name": name, "mimeType": "application/json", "buffer": text.encode()} for name, text in files]
    )
    page.get_by_text("2 von 8 Dateien gelesen").wait_for()


def in_stages(page, see):
    disputed = page.get_by_text("Das kann man ärztlich auch anders sehen.")
    for option in page.get_by_label("Vignette").locator("option").all():
        page.get_by_label("Vignette").select_option(option.get_attribute("value"))
        while page.get_by_role("button", name="Auflösen").count():
            page.get_by_label("empfohlen", exact=True).last.check()
            page.get_by_role("button", name="Auflösen").click()
            if (on := page.get_by_role("button", name="Was als Nächstes bekannt wird")).count():
                on.click()
        see()
        if disputed.count():
            return
    raise AssertionError("no vignette is disputed")


def change(page, see):
    for box in page.get_by_role("checkbox").all()[:8]:
        box.uncheck()
    page.get_by_role("slider").first.fill("5")
    assert page.locator("[aria-live=polite] li").count() > 2


def tradeoff(page, see):
    for name in ("Szenario", "Signal ("):
        for option in page.get_by_label(name).locator("option").all():
            page.get_by_label(name).select_option(option.get_attribute("value"))
            see()


def stays(page, see):
    """What a screen shows at once is all that it shows."""


SCREENS = {"explore/T008": explore, "compare/T008": compare, "quiz": quiz, "poll": poll, "change": change}
SCREENS |= {"vignettes": in_stages, "people": stays, "tradeoff": tradeoff, "glossary": stays}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return classroom(tmp_path_factory.mktemp("german") / "index.html")


@pytest.fixture
def opened(one_page, file):
    def open_page(address, wide=1280):
        page = one_page(f"{file.as_uri()}#{address}", wide)
        page.wait_for_selector(".secondop main > *")
        return page

    return open_page


@pytest.mark.parametrize("address", SCREENS)
def test_no_english_is_left_on_a_screen_in_german(address, opened, english):
    page = opened(address)
    assert english(page.evaluate(VISIBLE)), "in English it finds English"
    page.get_by_role("button", name="Deutsch").click()

    def see():
        assert english(page.evaluate(VISIBLE)) == []

    see()
    SCREENS[address](page, see)
    see()
    assert page.evaluate("[document.body.lang, document.documentElement.lang]") == ["de", "de"]


def test_no_english_is_left_on_what_a_class_gets_on_paper_in_german(browser, english, tmp_path):
    every = [case.id for case in deck()]
    pages = {language: print_all(tmp_path / language, every, language=language) for language in ("en", "de")}
    for in_english_, in_german_ in zip(*pages.values(), strict=True):
        page = browser.new_page()
        page.goto(in_english_.as_uri())
        assert english(page.evaluate(VISIBLE)), "in English it finds English"
        page.goto(in_german_.as_uri())
        assert english(page.evaluate(VISIBLE)) == [], in_german_.name
        assert page.evaluate("document.documentElement.lang") == "de"
        page.close()


def test_no_screen_shows_a_bare_key_or_an_unfilled_blank(opened):
    texts = catalogue()
    keys = {key for key in texts if key not in (texts[key]["en"], texts[key]["de"])}
    for address in SCREENS:
        page = opened(address)
        for language in ("English", "Deutsch"):
            page.get_by_role("button", name=language).click()
            everything_open(page)
            shown = page.evaluate(VISIBLE)
            assert [
                text for text in shown if text in keys or re.search(r"\{\w+\}|undefined|\bNaN\b", text)
            ] == []


@pytest.mark.parametrize("address", SCREENS)
def test_long_german_words_fit_a_phone_and_break_into_no_letters(address, opened):
    page = opened(address, wide=390)
    page.get_by_role("button", name="Deutsch").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    narrow = "all => all.filter(one => one.innerText.length > 6 && one.clientWidth < 40).length"
    assert page.locator("th, td button").evaluate_all(narrow) == 0


def test_numbers_are_written_as_the_language_does(opened):
    page = opened("people")
    assert "14.8\u00a0%" in page.locator("main").inner_text()
    page.get_by_role("button", name="Deutsch").click()
    assert "14,8\u00a0%" in page.locator("main").inner_text()
    page = opened("tradeoff")
    page.get_by_role("button", name="Deutsch").click()
    text = page.locator("main").inner_text()
    assert "100.000" in text and re.search(r"\d,\d", text) and not re.search(r"\d\.\d(?!\d)", text)


@pytest.mark.parametrize(
    "language, word", [("English", "biopsy"), ("English", "Gewebe"), ("Deutsch", "Histologie")]
)
def test_a_fact_is_found_by_another_word(language, word, opened):
    page = opened("explore")
    page.get_by_role("button", name=language).click()
    page.locator("input[type=search]").fill(word)
    shown = page.locator("[data-fact]:visible")
    assert "pathology_result" in [one.get_attribute("data-fact") for one in shown.all()]
    assert shown.count() <= 2
