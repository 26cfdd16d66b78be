"""A report as it is read: opened as a file without a network, and printed."""

import pytest

from secondop import load_scenario, report, simulate

pytestmark = pytest.mark.needs_chromium


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    cases = simulate(load_scenario("general"), 2_000, seed=1)
    return report(cases, tmp_path_factory.mktemp("report") / "report.html", by="specialty", outcome="either")


@pytest.mark.parametrize("width", [1280, 390], ids=["laptop", "phone"])
def test_it_opens_offline_without_a_complaint_and_fits_the_screen_and_the_paper(path, width, browser):
    page, told = browser.new_page(viewport={"width": width, "height": 800}), []
    page.on("console", lambda m: told.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on(
        "request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else told.append(r.url)
    )
    page.goto(path.as_uri())
    page.wait_for_function("[...document.querySelectorAll('.plot')].every(it => it.querySelector('svg'))")
    assert told == []
    assert page.evaluate("document.querySelectorAll('.plot').length") == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = "[...document.querySelectorAll('.plot .gtitle')].map(it => it.getBoundingClientRect().right)"
    assert max(page.evaluate(right)) <= width
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    boxes = "[...document.querySelectorAll('.plot .main-svg')].map(it => it.getBoundingClientRect())"
    sizes = page.evaluate(f"{boxes}.map(it => [it.width, it.height])")
    assert all(width <= 670 and height <= 1_000 for width, height in sizes), "every figure fits a sheet of A4"
    page.set_viewport_size({"width": 690, "height": 1000})  # of A4, within its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    assert "primary care, n (%)" in page.locator("table").first.inner_text()
    assert page.pdf(prefer_css_page_size=True)[:4] == b"%PDF" and told == []
    page.close()
