"""A headless Chromium of this machine, which can reach this machine alone."""

import os

import pytest

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="session")
def browser(chromium_path):
    """One browser for all tests; a page or a context is each one's own."""
    from playwright.sync_api import sync_playwright

    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    arguments = [*FLAGS, "--no-sandbox"] if as_root else FLAGS  # Chromium refuses its sandbox to root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def one_page(browser):
    """`one_page(address, width, scheme)`: that page, loaded afresh in a tab of its module.

    A tab of its own for each would take two seconds of processor instead of one: it reads plotly.js anew.
    """
    tab = browser.new_page()

    def load(address, width, scheme="light"):
        tab.goto("about:blank")  # what was shown before is not resized and drawn once more
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(color_scheme=scheme)
        tab.goto(address)
        return tab

    yield load
    tab.close()
