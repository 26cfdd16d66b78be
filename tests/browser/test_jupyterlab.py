"""The widgets in JupyterLab itself: a real server and kernel, a headless Chromium, and nobody else to ask."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tools.notebooks import ROOT, all_notebooks

pytestmark = pytest.mark.needs_chromium
NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
FIRST = all_notebooks()[0]
TOLD = ".secondop-case [role=status]"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of its own: a copy of the first notebook, no settings of this user."""
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    shutil.copy(FIRST, home / "notebooks")
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    places = {f"JUPYTER_{kind.upper()}_DIR": str(home / kind) for kind in ("config", "data", "runtime")}
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    arguments = "lab --no-browser --allow-root --ip=127.0.0.1 --port=0 --IdentityProvider.token="
    arguments += " --LabApp.extension_manager=readonly"
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", *arguments.split(), f"--ServerApp.root_dir={home / 'notebooks'}"],
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


@pytest.fixture(scope="module")
def browser(chromium_path):
    from playwright.sync_api import sync_playwright

    quiet = "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
    arguments = [*quiet.split(), "--disable-component-update", NOBODY_ELSE]
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=[*arguments, "--no-sandbox"] if as_root else arguments
        )
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(browser, lab, request):
    """`open_notebook(name)`: the page of a notebook; at the end it must not have complained or asked others."""
    page, told = browser.new_page(viewport={"width": 1280, "height": 900}), []
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


def test_the_first_notebook_gives_a_changed_recommendation_in_three_actions(open_notebook):
    page = open_notebook(FIRST.name)
    page.keyboard.press("Shift+Enter")  # the title
    page.keyboard.press("Shift+Enter")  # the explorer
    page.wait_for_selector(".secondop-case")
    before = page.locator(TOLD).text_content()
    assert before.startswith("No indication for a second opinion, so far")
    page.locator(".secondop-case .asked button", has_text="ambiguous").click()
    page.wait_for_function("old => document.querySelector('.secondop-case [role=status]').textContent != old", arg=before)
    assert page.locator(TOLD).text_content().startswith("A second opinion is recommended")
