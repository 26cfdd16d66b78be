"""The widgets in JupyterLab itself: a real server and kernel, a headless Chromium, and nobody else to ask."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from run import TASKS, lab_settings
from secondop import RULE_BOOK, explain, read_cases, simulate
from secondop.figures.counted import finding
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import explore_tradeoff, quiz
from tools.notebooks import KERNEL, ROOT, all_notebooks, figures

pytestmark = pytest.mark.needs_chromium
FIRST = all_notebooks()[0]
PICTURED = max(all_notebooks(), key=lambda path: len(figures(nbformat.read(path, as_version=4))))
START = ROOT / "notebooks" / "00-START-HERE.md"
QUIZ = quiz(3, seed=1)
TRADE_OFF = "explore_tradeoff(simulate('general', 2_000, seed=2))"
CELLS = {
    "tradeoff": f"from secondop import simulate\nfrom secondop.teaching import explore_tradeoff\n{TRADE_OFF}",
    "prevalence": "from secondop.teaching import explore_prevalence\nexplore_prevalence()",
    "quiz": "from secondop.teaching import quiz\nquiz(3, seed=1)",
    "case": "from secondop.teaching import explore_case\nexplorer = explore_case()\nexplorer",
}
TOLD = ".secondop-case [role=status]"
PARTS = (".facts", ".verdict", ".asked", ".reasons")
LEVEL, EQUAL = "At least so many", "Net benefit as high as the best"  # traces of the trade-off


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of its own: the first notebook, one a widget, and no settings."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    for path in (FIRST, PICTURED, START):
        shutil.copy(path, home / "notebooks")
    for name, source in CELLS.items():
        cells = [v4.new_code_cell(source), v4.new_markdown_cell("The end.")]
        nbformat.write(v4.new_notebook(cells=cells, metadata=KERNEL), home / "notebooks" / f"{name}.ipynb")
    settings = lab_settings(home / "environment")
    places = {f"JUPYTER_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "data", "runtime")}
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    arguments = "lab --no-browser --allow-root --ip=127.0.0.1 --port=0 --IdentityProvider.token="
    arguments += " --LabApp.extension_manager=readonly"
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter",
                *arguments.split(),
                f"--ServerApp.root_dir={home / 'notebooks'}",
                f"--LabApp.app_settings_dir={settings.parent}",
            ],
            env=os.environ | places | {"PYTHONPATH": paths, "IPYTHONDIR": str(home / "ipython")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _address(server, home)
        finally:
            server.terminate()
            server.wait()


def _address(server, home: Path) -> str:
    for _ in range(600):
        assert server.poll() is None, (home / "log").read_text()
        for told in (home / "runtime").glob("jpserver-*.json"):
            try:
                address = json.loads(told.read_text())["url"]
                urllib.request.urlopen(f"{address}api").read()
                return address
            except (OSError, ValueError):  # not listening yet
                pass
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start: {(home / 'log').read_text()}")


@pytest.fixture
def open_notebook(browser, lab):
    """`open_notebook(name)`: the page of a notebook, which must not complain or ask others."""
    page, told = browser.new_page(viewport={"width": 1280, "height": 900}), []
    page.set_default_timeout(60_000)  # a busy machine starts a kernel slowly
    page.on("console", lambda m: told.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: told.append(f"error: {error}"))
    ours = (lab, lab.replace("http:", "ws:"), "data:", f"blob:{lab}")
    page.on("request", lambda r: None if r.url.startswith(ours) else told.append(f"asked {r.url}"))

    def opened(name):
        page.goto(f"{lab}lab/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.wait_for_function("document.activeElement.closest('.jp-Notebook .jp-Cell')")
        return page

    yield opened
    page.close()
    assert told == []


@pytest.fixture
def shown(open_notebook):
    """`shown(name, selector)`: the page with that widget alive, run by the keyboard as anybody would."""

    def run(name, selector):
        page = open_notebook(f"{name}.ipynb")
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(selector)
        return page

    return run


def says(page, words):
    """Wait until the explorer's recommendation starts so; a screen reader hears the same."""
    page.locator(TOLD, has_text=words).wait_for(state="attached")
    assert page.locator(".secondop-case .verdict").inner_text().startswith(words)


def places(page) -> list:
    """Where the parts of the explorer stand, and the facts on their form."""
    boxes = [page.locator(f".secondop-case {part}").bounding_box() for part in PARTS]
    return [*boxes, page.locator(".secondop-case .fact").evaluate_all("facts => facts.map(f => f.offsetTop)")]


def test_no_pop_up_about_news_covers_an_answer(open_notebook, lab):
    told = json.load(
        urllib.request.urlopen(f"{lab}lab/api/settings/@jupyterlab/apputils-extension:notification")
    )
    stated = {
        name: told["schema"]["properties"][name]["default"] for name in ("fetchNews", "checkForUpdates")
    }
    assert stated == {"fetchNews": "false", "checkForUpdates": False}
    page = open_notebook("case.ipynb")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".secondop-case")
    assert page.get_by_text("Jupyter news").count() == 0


def test_the_task_opens_a_page_to_read_that_stands_above_all_notebooks(browser, lab):
    ((*_, address),) = TASKS["lab"][2]
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(lab.rstrip("/") + address.removeprefix("--LabApp.default_url=") + "?reset")
    page.locator(".jp-MarkdownViewer h1", has_text="Start here").wait_for(timeout=60_000)
    names = page.locator(".jp-DirListing-itemName").all_inner_texts()
    assert names[0].split() == [START.name]
    page.locator(".jp-MarkdownViewer a", has_text="01").first.click()
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    page.close()


PICTURES = """() => [...document.querySelectorAll(".jp-OutputArea-output img")].map(picture => {
    const cell = picture.closest(".jp-OutputArea-output");
    return [picture.getBoundingClientRect().width, picture.naturalWidth, cell.clientWidth];
})"""


def test_no_stored_picture_is_cropped_or_wider_than_its_cell(open_notebook):
    page, seen = open_notebook(PICTURED.name), set()
    page.locator(".jp-Notebook").hover()
    for _ in range(80):  # cells are drawn as they come into view
        seen |= {tuple(sizes) for sizes in page.evaluate(PICTURES)}
        page.mouse.wheel(0, 500)
        page.wait_for_timeout(50)
    assert len(seen) > 0
    assert [each for each in seen if each[0] > each[2] or each[0] > each[1] + 1] == []


def test_the_first_notebook_gives_a_changed_recommendation_in_three_actions(open_notebook):
    page = open_notebook(FIRST.name)
    page.keyboard.press("Shift+Enter")  # the title
    page.keyboard.press("Shift+Enter")  # the explorer
    page.wait_for_selector(".secondop-case")
    before = page.locator(TOLD).text_content()
    assert before.startswith("No indication for a second opinion")
    page.locator(".secondop-case .asked button", has_text="ambiguous").click()
    page.wait_for_function(
        "old => document.querySelector('.secondop-case [role=status]').textContent != old", arg=before
    )
    assert page.locator(TOLD).text_content().startswith("A second opinion is recommended")


def test_facts_are_set_with_the_mouse_and_nothing_jumps(shown):
    page = shown("case", ".secondop-case")
    says(page, "No indication for a second opinion")
    before = places(page)
    tissue = page.get_by_role("group", name=RULE_BOOK.facts["pathology_result"].question)
    tissue.get_by_role("radio", name="ambiguous").click()
    says(page, "A second opinion is recommended")
    assert places(page) == before
    assert "A1.3" in page.locator(".secondop-case .reasons").inner_text(), "the reason with its source"
    tissue.get_by_role("radio", name="unknown").click()
    says(page, "No indication for a second opinion")
    page.get_by_label(RULE_BOOK.facts["specialty"].question).select_option("dermatology")
    page.get_by_label("Start from").select_option("T020")
    says(page, "A second opinion is recommended, urgently")
    assert places(page) == before


def test_facts_are_set_with_the_keyboard_alone(shown):
    page = shown("case", ".secondop-case")
    rare = page.get_by_role("group", name=RULE_BOOK.facts["rare_disease"].question)
    rare.get_by_role("radio", name="unknown").focus()
    for key, answer in (
        ("ArrowRight", "yes"),
        ("ArrowRight", "no"),
        ("ArrowLeft", "yes"),
        ("ArrowLeft", "unknown"),
    ):
        page.keyboard.press(key)
        assert rare.get_by_role("radio", name=answer, exact=True).is_checked()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('fieldset').dataset.fact") == "first_workup"
    page.get_by_label(RULE_BOOK.facts["first_line_weeks"].question).focus()
    page.keyboard.type("-3")
    page.get_by_role("alert").filter(has_text="-3 is below the range 0 to 5,200 weeks").wait_for()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("6")
    page.locator(".secondop-case .facts h3", has_text="Treatment so far").get_by_text(
        "1 of 11 recorded"
    ).wait_for()
    page.locator(".secondop-case .problem:empty").wait_for(state="attached")
    page.locator(".secondop-case .asked button").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # the first answer to the next question
    says(page, "A second opinion is recommended, urgently")


def test_the_case_is_saved_as_a_row_and_the_explanation_as_a_page(shown, tmp_path):
    page = shown("case", ".secondop-case")
    page.get_by_label("Start from").select_option("T008")
    says(page, "A second opinion is recommended")
    for button, suffix in (("Save case as CSV", ".csv"), ("Save explanation", ".html")):
        with page.expect_download() as started:
            page.get_by_role("button", name=button).click()
        assert started.value.suggested_filename == f"case-T008{suffix}"
        started.value.save_as(tmp_path / f"saved{suffix}")
    saved = read_cases(tmp_path / "saved.csv")
    assert list(saved.columns) == list(RULE_BOOK.facts) and explain(saved).recommendation == "recommended"
    assert "A second opinion is recommended." in (tmp_path / "saved.html").read_text()


def test_a_quiz_is_answered_with_the_mouse_and_with_the_keyboard(shown):
    page = shown("quiz", ".secondop-cards")
    card = page.locator(".secondop-cards")

    def choose(item):
        """The radio of the right answer to an item, and of a wrong one."""
        right = QUIZ.items[item - 1].expected
        wrong = next(level for level in RECOMMENDATIONS if level != right)
        return [
            card.get_by_role("radio", name=level.replace("_", " "), exact=True) for level in (right, wrong)
        ]

    card.get_by_text("Item 1 of 3").wait_for()
    card.get_by_role("button", name="Answer").click()
    card.get_by_role("status").filter(has_text="Not answered yet").wait_for()
    height = card.bounding_box()["height"]
    choose(1)[0].click()
    card.get_by_role("button", name="Answer").click()
    card.get_by_role("status").filter(has_text="Right. The rule book says").wait_for()
    assert QUIZ.items[0].deciding[0].source in card.get_by_role("status").inner_text()
    assert card.bounding_box()["height"] == height
    card.get_by_role("button", name="Next").press("Enter")
    card.get_by_text("Item 2 of 3").wait_for()
    choose(2)[1].press("Space")
    card.get_by_role("button", name="Answer").press("Enter")
    card.get_by_role("status").filter(has_text="Not quite. The rule book says").wait_for()
    card.get_by_role("button", name="Next").press("Enter")
    card.get_by_role("button", name="Score").press("Enter")
    card.get_by_text("1 right of 2 answered, 1 left open.").wait_for()


def test_the_trade_off_moves_with_its_sliders_and_a_clicked_point_shows_its_cases(shown):
    page = shown("tradeoff", ".js-plotly-plot .scatterlayer")
    cell = page.locator(".jp-CodeCell").first
    explorer = explore_tradeoff(simulate("general", 2_000, seed=2))

    def told(level, k, n):
        """Wait until the widget says what the same choice says here."""
        explorer.choose(level, k)
        explorer.threshold.value = 1 / (1 + n)
        cell.get_by_text(finding(explorer.table, level, k, 1 / (1 + n))).wait_for()
        cell.get_by_text(f"of {len(explorer.selected):,} that are referred").wait_for()

    told("recommended", 1, 10)
    level, equal = (f"p => p.data.find(t => t.name === '{name}').y" for name in (LEVEL, EQUAL))
    figure = cell.locator(".js-plotly-plot")
    size = figure.bounding_box()["height"], cell.bounding_box()["height"]
    before = figure.evaluate(level), figure.evaluate(equal)
    k, threshold = (cell.get_by_role("slider").nth(i) for i in (0, 1))
    k.press("ArrowRight")
    told("recommended", 2, 10)
    threshold.press("ArrowLeft")
    told("recommended", 2, 5)
    assert figure.evaluate(equal) != before[1], "the line of equal net benefit has the slope of the threshold"
    cell.get_by_role("button", name="optional").click()
    told("optional", 2, 5)
    assert figure.evaluate(level) != before[0], "the frontier of this level has moved"
    place = "p => { const t = p.data.find(t => t.name === 'At least so many'), l = p._fullLayout;"
    place += " return [l._size.l + l.xaxis.l2p(t.x[0]), l._size.t + l.yaxis.l2p(t.y[0])]; }"
    right, down = figure.evaluate(place)
    figure.scroll_into_view_if_needed()
    frame = figure.bounding_box()
    page.mouse.move(frame["x"] + right, frame["y"] + down, steps=5)
    page.locator(".hoverlayer .hovertext").first.wait_for()  # plotly clicks what it hovers over
    page.mouse.down()
    page.mouse.up()
    told("optional", 1, 5)
    assert (figure.bounding_box()["height"], cell.bounding_box()["height"]) == size, "nothing jumps"


def test_a_hundred_people_move_with_prevalence(shown):
    page = shown("prevalence", ".js-plotly-plot .scatterlayer")
    cell = page.locator(".jp-CodeCell").first
    cell.get_by_text("Of 100 people, 40 have an indication. 20 of them get a second opinion.").wait_for()
    cell.get_by_role("slider").first.press("End")
    cell.get_by_text("Of 100 people, 100 have an indication. 50 of them get a second opinion.").wait_for()
    people = "p => p.data.map(t => t.x.filter(x => x !== null).length)"
    page.wait_for_function(f"({people})(document.querySelector('.js-plotly-plot')).join() === '7,43,50,0'")
