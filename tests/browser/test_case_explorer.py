"""The front end of `explore_case` alone, in a headless Chromium: no kernel, its model played by the page."""

import json

import pytest

from secondop.teaching import deck, explore_case
from secondop.teaching.case_explorer import CaseExplorer

pytestmark = pytest.mark.needs_chromium
SIZES = [(1280, 900), (1024, 768), (640, 800), (390, 800)]
PAGE = """<!doctype html><style>%s</style><body style="margin:8px"><div id="here"></div><script type="module">
%s
const listeners = {};
const view = {verdict: "", reasons: "", said: "", problem: "", asked: null};
const state = {facts: {}, start: "", story: "", view};
window.model = {
  get: (name) => ({...state, form: FORM, starts: []})[name],
  on: (event, listener) => { listeners[event] = listener; }, off: () => {},
};
const FORM = %s;
window.show = (told) => {
  Object.assign(state, told);
  for (const listener of Object.values(listeners).slice(0, 3)) listener();
};
render({model, el: document.getElementById("here")});
</script>"""
CUT = """() => [".verdict", ".asked", ".story", ".problem"].filter((name) => {
  const part = document.querySelector(`.secondop-case ${name}`);
  return part.scrollHeight > part.clientHeight || part.scrollWidth > part.clientWidth;
})"""
ON_TOP_OF_EACH_OTHER = """() => {
  const part = (name) => document.querySelector(`.secondop-case ${name}`);
  const shown = [".verdict", ".problem", ".asked", ".reasons"].map(part).filter((it) => it.offsetHeight);
  const boxes = shown.map((it) => it.getBoundingClientRect());
  const bottom = document.querySelector(".secondop-case").getBoundingClientRect().bottom;
  return boxes.some((box, i) => box.bottom > (boxes[i + 1]?.top ?? bottom + 1) || box.height < 60);
}"""


@pytest.fixture(scope="module")
def page(browser):
    """A page with the explorer in it; `show(told)` plays what the kernel would send."""
    script = str(CaseExplorer._esm).replace("export default", "const made =")
    page = browser.new_page()
    page.set_content(PAGE % (CaseExplorer._css, script, json.dumps(explore_case().form)))
    page.wait_for_selector(".secondop-case .verdict")
    yield page
    page.close()


@pytest.fixture(scope="module")
def cases() -> dict[str, dict]:
    """What the explorer shows of every teaching case, and of a case with an answer that is refused."""
    explorer, told = explore_case(), {}
    for case in deck():
        explorer.start = case.id
        told[case.id] = {"story": explorer.story, "view": explorer.view, "facts": explorer.facts}
    explorer.facts = explorer.facts | {"first_line_weeks": -3}
    return told | {"refused": {"view": explorer.view}}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]} wide")
def test_no_sentence_of_any_teaching_case_is_cut(size, page, cases):
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    assert len(cases) == len(deck()) + 1
    for name, told in cases.items():
        page.evaluate("told => show(told)", told)
        assert page.evaluate(CUT) == [], f"{name} is cut"
        assert not page.evaluate(ON_TOP_OF_EACH_OTHER), name


def test_the_facts_scroll_in_their_own_pane(page, cases):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("told => show(told)", cases["T008"])
    heights = (
        "[...document.querySelectorAll('.secondop-case :is(.facts, .says)')].map(pane => pane.offsetHeight)"
    )
    facts, says = page.evaluate(heights)
    assert facts == says < 900
