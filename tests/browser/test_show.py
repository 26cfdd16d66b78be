"""A shown table in Chromium: on a phone and a desk, on light and dark pages, and with hostile text."""

import pandas as pd
import pytest

from secondop import published_rates, show

HOSTILE = "</script></style><img src=x onerror=document.title='run'>"
RATES = published_rates()[["study", "denominator", "outcome", "n", "rate", "lower", "upper", "remark"]].head(
    6
)
TABLES = {
    "rates": show(
        RATES, caption="What share of second opinions changed something, study by study, as published"
    ),
    "hostile": show(pd.DataFrame({HOSTILE: [HOSTILE + "\nsecond line"]}), caption=HOSTILE),
}
SCHEMES = {"light": "#fff", "dark": "#111"}


def page(scheme):
    """Tables on the ground of a page with its own colours, as JupyterLab names them."""
    style = f"body {{ margin: 8px; color: {SCHEMES[{'light': 'dark', 'dark': 'light'}[scheme]]}; }}"
    style += f"body {{ background: {SCHEMES[scheme]}; --jp-layout-color0: {SCHEMES[scheme]}; }}"
    body = "".join(f'<div id="{name}">{table._repr_html_()}</div>' for name, table in TABLES.items())
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"{head}<style>{style}</style>{body}"


@pytest.fixture(
    params=[(w, scheme) for w in (390, 1280) for scheme in SCHEMES], ids=lambda p: f"{p[0]} {p[1]}"
)
def tab(request, browser):
    width, scheme = request.param
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab.said = []
    tab.on("console", lambda message: tab.said.append(message.text))
    tab.set_content(page(scheme))
    yield tab
    tab.close()


def box(tab, where):
    return tab.locator(where).first.bounding_box()


def test_a_table_scrolls_in_its_own_place_and_its_labels_stay_on_screen(tab):
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
    before, cell = box(tab, "#rates tbody th"), box(tab, "#rates tbody td:nth-child(4)")
    tab.evaluate("document.querySelector('#rates .scroll').scrollLeft = 200")
    after, moved = box(tab, "#rates tbody th"), box(tab, "#rates tbody td:nth-child(4)")
    assert after["x"] == before["x"] and before["width"] < 0.5 * tab.viewport_size["width"]
    if tab.viewport_size["width"] == 390:
        assert moved["x"] == cell["x"] - 200
    assert box(tab, "#rates caption span")["width"] <= tab.viewport_size["width"]


def test_a_table_has_the_ink_and_the_ground_of_its_page(tab):
    colours = "(e) => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    ink, ground = tab.locator("body").evaluate(colours)
    assert tab.locator("#rates tbody td").first.evaluate(colours) == [ink, "rgba(0, 0, 0, 0)"]
    assert tab.locator("#rates tbody th").first.evaluate(colours) == [ink, ground]


def test_hostile_text_is_text_and_lines_are_kept(tab):
    assert tab.locator("#hostile tbody th").inner_text() == HOSTILE + "\nsecond line"
    assert tab.locator("img").count() == 0 and tab.title() == "" and tab.said == []
