"""The built pages as a reader sees them, opened as files in a headless Chromium of this machine."""

from urllib.parse import unquote

import pytest

from tools.notebooks import all_lessons, all_notebooks, figures
from tools.reference import DOCUMENTS

pytestmark = pytest.mark.needs_chromium
PATHS = [*all_notebooks(), *all_lessons()]
NAMES = ["index", *(path.stem for path in PATHS), "reference", "glossary", *DOCUMENTS]
LONG = "06a-when-does-benefit-become-overuse"


@pytest.fixture(scope="module")
def opened(study_pages, browser):
    """`opened(name)`: the page at laptop width, solutions unfolded, and what it complained of or asked."""
    pages = {}

    def open_page(name):
        if name not in pages:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            told = []
            page.on(
                "console",
                lambda m: told.append(f"console: {m.text}") if m.type in ("error", "warning") else None,
            )
            page.on("pageerror", lambda error: told.append(f"error: {error}"))
            page.on("requestfailed", lambda request: told.append(f"not found: {request.url}"))
            page.on(
                "request",
                lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else told.append(r.url),
            )
            page.goto((study_pages / f"{name}.html").as_uri())
            page.wait_for_load_state("networkidle")
            page.evaluate("document.querySelectorAll('details.solution').forEach(it => it.open = true)")
            page.evaluate("document.querySelector('.hide-code[aria-pressed=true]')?.click()")
            page.wait_for_function(
                "[...document.querySelectorAll('.plot')].every(it => it.querySelector('svg'))"
            )
            pages[name] = page, told
        return pages[name]

    return open_page


def drawn(page) -> list[dict]:
    """The size of the drawing in each place for a figure."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".plot")].map(place => {
            const svg = place.querySelector("svg.main-svg");
            const box = svg ? svg.getBoundingClientRect() : {width: 0, height: 0};
            const marks = svg ? svg.querySelectorAll("path, text, rect").length : 0;
            return {width: box.width, height: box.height, marks};
        })"""
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_opens_offline_without_a_complaint(name, opened):
    _, told = opened(name)
    assert told == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_figure_of_the_notebook_is_drawn(path, opened, executed):
    page, _ = opened(path.stem)
    sizes = drawn(page)
    assert len(sizes) == len(figures(executed(path)))
    assert all(size["width"] > 200 and size["height"] > 100 and size["marks"] > 5 for size in sizes), sizes


@pytest.mark.parametrize("width", [1280, 390], ids=["laptop", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_overflows_the_width(name, width, opened):
    page, _ = opened(name)
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_function(
        """() => [...document.querySelectorAll('.plot svg.main-svg')].every(
            svg => svg.getBoundingClientRect().right <= innerWidth)"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


OUTSIDE = """() => [...document.querySelectorAll(".plot")].flatMap(place => {
    const frame = place.querySelector("svg.main-svg").getBoundingClientRect();
    return [...place.querySelectorAll(".legendtext, .gtitle")].filter(text => {
        const box = text.getBoundingClientRect();
        return box.right > frame.right || box.bottom > frame.bottom || box.left < frame.left;
    }).map(text => text.textContent);
})"""


@pytest.mark.parametrize("name", NAMES)
def test_no_title_and_no_legend_leaves_its_figure_on_a_phone(name, opened):
    page, _ = opened(name)
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(
        """() => [...document.querySelectorAll('.plot svg.main-svg')].every(
            svg => svg.getBoundingClientRect().right <= innerWidth)"""
    )
    assert page.evaluate(OUTSIDE) == []


def test_the_index_shows_a_picture_or_a_card_and_a_finding_for_every_page(opened):
    page, _ = opened("index")
    cards = page.locator(".questions > li")
    assert cards.count() == len(PATHS)
    for card, path in zip(cards.all(), PATHS, strict=True):
        shown = card.locator("img, .no-picture")
        width, said = shown.evaluate("it => [it.naturalWidth ?? it.clientWidth, it.alt ?? it.textContent]")
        assert width > 100 and said.strip(), path.stem
        assert len(card.locator(".finding").inner_text()) > 20, path.stem


def test_the_index_says_where_to_start_and_how_to_run(opened):
    page, _ = opened("index")
    start = page.locator("section[aria-labelledby=start] a")
    assert start.count() == 4
    assert "own cases" in start.nth(2).inner_text()
    told = page.locator("main").inner_text()
    assert all(f"python run.py {task}" in told for task in ("lab", "study", "class"))


def test_the_index_leads_to_every_notebook(opened):
    page, _ = opened("index")
    links = page.evaluate("[...document.querySelectorAll('.questions a')].map(a => a.getAttribute('href'))")
    assert links == [f"{path.stem}.html" for path in PATHS]


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_page(name, opened, study_pages):
    page, _ = opened(name)
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    local = {link.partition("#")[0] for link in links if not link.startswith(("#", "https://"))}
    assert [link for link in sorted(local) if not (study_pages / link).is_file()] == []
    anchored = {link.partition("#")[::2] for link in links if "#" in link and not link.startswith("https:")}
    texts = {file: (study_pages / (file or f"{name}.html")).read_text() for file, _ in anchored}
    assert [(file, to) for file, to in sorted(anchored) if f'id="{unquote(to)}"' not in texts[file]] == []


def test_a_slider_moves_marks_and_title_without_a_kernel_and_stays_when_the_page_narrows(
    browser, study_pages
):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((study_pages / "06b-which-policy-is-best-at-which-threshold.html").as_uri())
    threshold = ".plot:has(.slider-grip-rect):has-text('No-change referrals accepted')"
    plot = page.locator(threshold)
    grip, rail = (plot.locator(name) for name in (".slider-grip-rect", ".slider-rail-touch-rect"))
    grip.scroll_into_view_if_needed()
    told = """p => [p.layout.title.text.replace(/<[^>]*>|\\s/g, ""),  // where it breaks may differ
        p.data.map(t => t.x), p.layout.sliders[0].active, p.layout.annotations.map(note => note.text)]"""
    before, start, end = plot.evaluate(told), grip.bounding_box(), rail.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] - 2, end["y"] + 5, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "([plot, old]) => plot.layout.sliders[0].active != old", arg=[plot.element_handle(), before[2]]
    )
    after = plot.evaluate(told)
    assert after[2] > before[2]
    assert sum(new != old for new, old in zip(after[1], before[1], strict=True)) == 4
    rows = len(after[3]) // 2  # labels, which change their order, and values
    assert after[0] != before[0] and after[3][:rows] != before[3][:rows]
    assert sorted(after[3][:rows]) == sorted(before[3][:rows])
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("plot => plot.querySelector('svg').clientWidth < 390", arg=plot.element_handle())
    assert plot.evaluate(told) == after
    page.close()


def test_no_figure_offers_to_send_its_cases_away(opened):
    page, _ = opened("06a-when-does-benefit-become-overuse")
    page.set_viewport_size({"width": 1280, "height": 800})  # a narrow page shows no buttons at all
    page.wait_for_selector(".modebar-btn", state="attached")
    buttons = page.locator(".modebar-btn").evaluate_all("buttons => buttons.map(b => b.dataset.title)")
    assert "Download plot as a PNG" in buttons
    assert [button for button in buttons if button and "share" in button.lower()] == []


@pytest.fixture
def fresh(browser, study_pages):
    """`fresh(name, **context)`: a page that nobody has touched."""
    pages = []

    def open_page(name, width=1280, **more):
        page = browser.new_page(viewport={"width": width, "height": 800}, **more)
        pages.append(page)
        page.goto((study_pages / f"{name}.html").as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()


def test_the_contents_stand_at_the_side_where_there_is_room_and_folded_where_not(fresh):
    page = fresh(LONG)
    contents, main = page.locator(".contents"), page.locator("main")
    assert contents.locator("a").count() == page.locator("main > .prose h2").count() > 5
    assert contents.locator("a").first.is_visible()
    assert contents.bounding_box()["x"] + contents.bounding_box()["width"] <= main.bounding_box()["x"]
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_function("document.querySelector('.contents').getBoundingClientRect().top === 0")
    page.set_viewport_size({"width": 1024, "height": 800})
    contents.locator("a").first.wait_for(state="hidden")
    contents.locator("summary").press("Enter")
    contents.locator("a").first.wait_for(state="visible")


def test_code_is_hidden_by_the_keyboard_until_the_page_is_opened_again(fresh):
    page = fresh(LONG)
    button, code = page.get_by_role("button", name="Hide code"), page.locator(".code").first
    assert button.get_attribute("aria-pressed") == "false" and code.is_visible()
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true" and not code.is_visible()
    button.press("Space")
    assert button.get_attribute("aria-pressed") == "false" and code.is_visible()
    button.press("Enter")
    page.reload()
    assert page.locator(".code").first.is_visible()


def test_a_lesson_opens_without_code_and_its_switch_brings_what_is_for_those_with_code(fresh):
    page = fresh("4-why-is-15-percent-not-the-rate-at-which-rules-should-fire")
    button, code = page.get_by_role("button", name="Hide code"), page.locator(".piece.code").first
    with_code, without = (page.get_by_text(words, exact=True) for words in ("With code.", "Without code."))
    unanswered = page.get_by_text("Not answered yet").first
    assert button.get_attribute("aria-pressed") == "true" and without.first.is_visible()
    assert not code.is_visible() and not with_code.is_visible() and not unanswered.is_visible()
    button.press("Enter")
    assert code.is_visible() and with_code.is_visible() and unanswered.is_visible()
    assert not without.first.is_visible()
    page.wait_for_function("[...document.querySelectorAll('.plot')].every(it => it.querySelector('svg'))")


def test_the_first_tab_stop_leads_past_the_navigation(fresh):
    page = fresh(LONG)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'content'")


def test_on_paper_no_figure_is_wider_than_the_page_or_higher_than_half_of_it(fresh):
    page = fresh(LONG, color_scheme="dark")
    page.wait_for_selector(".plot svg.main-svg")
    sizes = """() => [...document.querySelectorAll('.plot')].map(place => {
        const box = place.getBoundingClientRect();
        return [box.width, box.height, place.querySelector('svg.main-svg').getBoundingClientRect().right];
    })"""
    before = page.evaluate(sizes)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = page.evaluate(sizes)
    assert max(width for width, _, _ in before) > 681
    assert all(width <= 681 and height <= 505 and right <= 700 for width, height, right in printed), printed
    right = "getBoundingClientRect().right"
    over = f"title.{right} - title.closest('.plot').{right}"
    cut = f"[...document.querySelectorAll('.plot .gtitle')].map(title => {over}).filter(over => over > 1)"
    assert page.evaluate(cut) == []
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for_function("document.querySelector('.plot').style.zoom === ''")
    assert page.evaluate(sizes) == before


def test_printing_a_page_makes_its_figures_fit_without_being_asked(fresh):
    page = fresh(LONG)
    page.wait_for_selector(".plot svg.main-svg")
    page.evaluate(
        """() => addEventListener("beforeprint", () => {
            window.paper = document.querySelector(".plot").getBoundingClientRect().width;
        })"""
    )
    page.pdf(format="A4")
    assert page.evaluate("window.paper") <= 681


PALE = """() => [...document.querySelectorAll('.html, table, tr, .code, pre, .text, .note, details, .prose')]
    .map(it => [it.className || it.tagName, getComputedStyle(it).backgroundColor])
    .filter(([_, colour]) => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
        return a > 0.5 && (r + g + b) / 3 > 150;
    })"""


@pytest.mark.parametrize("name", NAMES)
def test_a_dark_page_has_no_pale_slab(name, opened):
    page, _ = opened(name)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 25, 29)"
    assert page.evaluate(PALE) == []
    page.emulate_media(color_scheme="light")


def test_the_reference_is_searched_in_the_file_itself(fresh):
    page = fresh("reference")
    box, found = page.get_by_label("Search names, words and pages"), page.locator("#found li")
    box.fill("net benefit")
    assert set(found.locator("a").all_inner_texts()[:2]) == {"net_benefit", "net benefit"}
    box.fill("tradeoff threshold")
    first = found.locator("a").first
    assert first.inner_text() == "tradeoff"
    first.click()
    page.wait_for_function("location.hash === '#tradeoff'")
    box.fill("no-such-word")
    assert found.count() == 0
    assert page.get_by_role("status").inner_text() == "Nothing holds all of these words."
