"""Every built page under axe-core: what it can tell of WCAG 2 A and AA, and of what is good practice."""

import pytest

from secondop.teaching.classroom import SCREENS, classroom
from tests.conftest import AXE
from tools.notebooks import all_lessons, all_notebooks
from tools.reference import DOCUMENTS

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_axe]
NAMES = ["index", *(path.stem for path in [*all_notebooks(), *all_lessons()])]
NAMES += ["reference", "glossary", *DOCUMENTS]
PHONE = ["index", "reference", "glossary", NAMES[4], NAMES[-1]]  # one of each kind
PAGES = [*((name, 1280) for name in NAMES), *((name, 390) for name in PHONE)]
RULES = "{type: 'tag', values: ['wcag2a', 'wcag2aa', 'best-practice']}"
COLOURS = "{type: 'rule', values: ['color-contrast']}"
FOUND = """async () => {
    const found = await axe.run(document, {runOnly: RULES, resultTypes: ['violations']});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.html.slice(0, 200)} (${node.failureSummary.replace(/\\s+/g, ' ')})`));
}"""


@pytest.fixture(scope="module")
def violations(one_page, study_pages):
    """`violations(name, width)`: what axe finds in a page with its folds open, in the light and in the dark.

    Of two schemes at one width only the colours can differ.
    """

    def find(name, width):
        page = one_page((study_pages / f"{name}.html").as_uri(), width)
        page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })")
        page.evaluate("document.querySelector('.hide-code[aria-pressed=true]')?.click()")
        page.wait_for_function(
            "[...document.querySelectorAll('.plot')].every(it => it.querySelector('svg.main-svg'))"
        )
        page.wait_for_timeout(300)  # what scrolls is marked a moment after the folds
        page.add_script_tag(path=AXE)
        found = [f"light, {each}" for each in page.evaluate(FOUND.replace("RULES", RULES))]
        page.emulate_media(color_scheme="dark")
        found += [f"dark, {each}" for each in page.evaluate(FOUND.replace("RULES", COLOURS))]
        return found

    return find


@pytest.mark.parametrize(("name", "width"), PAGES)
def test_a_page_has_no_fault_that_can_be_found(name, width, violations):
    assert violations(name, width) == []


def test_a_fault_would_be_found(browser):
    page = browser.new_page()
    page.set_content("<main><h1>A page</h1><img src='data:,'><p style='color:#ccc'>Too pale.</p></main>")
    page.add_script_tag(path=AXE)
    found = {each.partition(":")[0] for each in page.evaluate(FOUND.replace("RULES", RULES))}
    page.close()
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found


@pytest.fixture(scope="module")
def classroom_file(tmp_path_factory):
    return classroom(tmp_path_factory.mktemp("classroom") / "index.html")


@pytest.mark.parametrize("width", [1280, 390], ids=["laptop", "phone"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_of_the_classroom_has_no_fault_that_can_be_found(screen, width, classroom_file, one_page):
    page = one_page(f"{classroom_file.as_uri()}#{screen}/T008", width)
    page.wait_for_selector(".secondop main > *")
    page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8"))  # the page allows no script from elsewhere
    found = [f"light, {each}" for each in page.evaluate(FOUND.replace("RULES", RULES))]
    page.emulate_media(color_scheme="dark")
    found += [f"dark, {each}" for each in page.evaluate(FOUND.replace("RULES", COLOURS))]
    assert found == []
