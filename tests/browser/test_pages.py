"""The built pages as a reader sees them, opened as files in a headless Chromium of this machine."""

import pytest

from tools.notebooks import all_lessons, all_notebooks, figures

pytestmark = pytest.mark.needs_chromium
PATHS = [*all_notebooks(), *all_lessons()]
NAMES = ["index", *(path.stem for path in PATHS)]


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
