"""The front end of `explore_case` alone, in a headless Chromium: no kernel, its model played by the page."""

import json

import pytest

from secondop.teaching import deck, explore_case

pytestmark = pytest.mark.needs_chromium
SIZES = [(1280, 900), (1024, 768), (640, 800), (390, 800)]
PAGE = """<!doctype html><style>%s</style><body style="margin:8px"><div id="here"></div><script type="module">
%s
const listeners = {}, state = {facts: {}, start: "", data: %s};
window.model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value; }, save_changes: () => {},
  on: (event, listener) => { listeners[event] = listener; }, off: () => {},
};
window.show = (told) => { Object.assign(state, told); listeners["change:facts"](); };
window.told = state;
made.render({model, el: document.getElementById("here")});
</script>"""
CUT = """() => [...document.querySelectorAll(".verdict, .next, .story, .field, .tools")].filter(
  (part) => part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1
).map((part) => part.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def page(browser):
    """A page with the explorer in it; `show(told)` plays what the kernel would send."""
    explorer = explore_case()
    script = explorer._esm.replace("export default", "const made =")
    page = browser.new_page()
    page.told = []
    page.on("pageerror", lambda error: page.told.append(str(error)))
    page.set_content(PAGE % (explorer._css, script, json.dumps(explorer.data).replace("</", "<\\/")))
    page.wait_for_selector(".secondop .verdict")
    yield page
    page.close()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]} wide")
def test_no_sentence_of_any_teaching_case_is_cut(size, page):
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    for case in deck():
        page.evaluate("told => show(told)", {"facts": case.facts, "start": case.id})
        assert page.evaluate(CUT) == [], case.id
    assert page.told == []


@pytest.mark.parametrize("case", ["T003", "T008", "T020", "T106"])
def test_every_answer_to_the_next_question_leads_where_its_button_says(case, page):
    facts = dict([*deck()[case].facts.items()][::2])
    words = {
        "no indication": "no_indication",
        "may not be needed": "not_needed",
        "recommended": "recommended",
    }
    words |= {"recommended, urgently": "urgent", "the patient's choice": "optional"}
    page.evaluate("told => show(told)", {"facts": facts, "start": ""})
    for i in range(page.locator(".next button").count()):
        page.evaluate("told => show(told)", {"facts": facts, "start": ""})
        button = page.locator(".next button").nth(i)
        leads = button.locator("small").inner_text().removeprefix(" → ").removeprefix("→ ").strip()
        button.click()
        explorer = explore_case(page.evaluate("() => told.facts"))
        assert explorer.explanation.recommendation == words[leads]


def test_a_number_out_of_range_is_told_and_the_case_stays(page):
    page.evaluate("told => show(told)", {"facts": {"rare_disease": True}, "start": ""})
    page.get_by_label("Search the facts").fill("how many different drugs")
    field = page.locator("[data-fact=drug_trials]")
    field.locator("input").fill("-3")
    field.locator("input").press("Tab")
    assert "a whole number from 0" in field.locator("[role=alert]").inner_text()
    assert page.evaluate("() => told.facts") == {"rare_disease": True}
    assert page.told == []
