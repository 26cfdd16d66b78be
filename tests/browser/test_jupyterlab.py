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
from secondop import RULE_BOOK, simulate
from secondop.teaching import explore_tradeoff, quiz
from tools.notebooks import KERNEL, ROOT, all_notebooks, figures

pytestmark = pytest.mark.needs_chromium
FIRST = all_notebooks()[0]
PICTURED = max(all_notebooks(), key=lambda path: len(figures(nbformat.read(path, as_version=4))))
START = ROOT / "notebooks" / "00-START-HERE.md"
QUIZ = quiz(3, seed=1)
TRADE_OFF = "traded = explore_tradeoff(simulate('general', 2_000, seed=2))\ntraded"
CELLS = {
    "tradeoff": f"from secondop import simulate\nfrom secondop.teaching import explore_tradeoff\n{TRADE_OFF}",
    "prevalence": "from secondop.teaching import explore_prevalence\npeople = explore_prevalence()\npeople",
    "quiz": "from secondop.teaching import quiz\nasked = quiz(3, seed=1)\nasked",
    "case": "from secondop.teaching import explore_case\nexplorer = explore_case()\nexplorer",
}
TOLD = ".secondop .verdict .says"


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
    """Wait until the explorer's recommendation starts so."""
    page.locator(TOLD, has_text=words).wait_for()
    assert page.locator(TOLD).inner_text().startswith(words)


def in_python(page, code):
    """What the kernel makes of some code, run in a cell below."""
    page.keyboard.press("Escape")
    page.locator(".jp-MarkdownCell").last.click()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.keyboard.type(code)
    page.keyboard.press("Shift+Enter")
    out = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output").last
    out.wait_for()
    return out.inner_text()


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
    page.wait_for_selector(TOLD)
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
    page.wait_for_selector(TOLD)
    says(page, "No indication for a second opinion")
    page.locator(".secondop .next button").filter(has_text="→ recommended").first.click()
    says(page, "A second opinion is recommended")


def test_facts_are_set_with_the_mouse_and_python_holds_them(shown):
    page = shown("case", TOLD)
    says(page, "No indication for a second opinion")
    page.get_by_label("Search the facts").fill(RULE_BOOK.facts["pathology_result"].question)
    tissue = page.get_by_role("group", name=RULE_BOOK.facts["pathology_result"].question)
    tissue.get_by_role("radio", name="ambiguous").click()
    says(page, "A second opinion is recommended")
    ambiguous = tissue.get_by_role("radio", name="ambiguous")
    ambiguous.press("ArrowDown")
    assert not ambiguous.is_checked(), "arrow keys are the widget's, not the notebook's"
    page.keyboard.press("ArrowUp")
    assert ambiguous.is_checked()
    assert "A1.3" in page.locator(".secondop").get_by_label("Reasons", exact=True).inner_text()
    assert in_python(page, "explorer.explanation.recommendation, explorer.facts") == (
        "('recommended', {'pathology_result': 'ambiguous'})"
    )


def test_a_start_that_is_chosen_on_the_screen_reaches_python(shown):
    page = shown("case", TOLD)
    page.get_by_label("Start from").select_option("T020")
    says(page, "A second opinion is recommended, urgently")
    assert in_python(page, "explorer.start, explorer.explanation.recommendation") == "('T020', 'urgent')"


def test_a_quiz_is_answered_on_the_screen_and_python_counts(shown):
    page = shown("quiz", ".secondop .card")
    page.get_by_role("radio", name="recommended", exact=True).check()
    page.get_by_role("button", name="Reveal").click()
    page.wait_for_selector(TOLD)
    right = int(QUIZ[0].expected == "recommended")
    assert in_python(page, "asked.score") == f"Score(right={right}, answered=1, of=3)"


def test_the_trade_off_moves_at_once_and_the_kernel_sends_the_cases(shown):
    page = shown("tradeoff", ".secondop .plot")
    cell, explorer = page.locator(".jp-CodeCell").first, explore_tradeoff(simulate("general", 2_000, seed=2))
    for press, (level, k) in (("", ("recommended", 1)), ("ArrowRight", ("recommended", 2))):
        if press:
            cell.get_by_label("At least so many indications").press(press)
        explorer.chosen = {"level": level, "k": k}
        cell.get_by_text(f"of {len(explorer.selected):,} cases that this refers").wait_for()
    cell.locator(".point").filter(has_text="all with an indication or a wish:").click()
    explorer.chosen = {"level": "optional", "k": 1}
    cell.get_by_text(f"of {len(explorer.selected):,} cases that this refers").wait_for()
    assert in_python(page, "len(traded.selected)") == f"{len(explorer.selected)}"


def test_a_hundred_people_move_with_prevalence(shown):
    page = shown("prevalence", ".secondop .hundred")
    cell = page.locator(".jp-CodeCell").first
    cell.get_by_text("Of 100 people 40 have an indication, and 20 of these").wait_for()
    cell.get_by_role("slider").first.press("End")
    cell.get_by_text("Of 100 people 100 have an indication, and 50 of these").wait_for()
    assert "100 have an indication. 50 of them" in in_python(page, "people.sentence")
