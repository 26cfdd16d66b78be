"""How long the classroom page takes from an answer to what is said of it; needs Chromium."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from secondop.teaching import deck
from secondop.teaching.classroom import classroom
from tests.conftest import find_chromium

UPDATE = """facts => {
  const names = Object.keys(facts), took = [];
  for (const name of names) {
    const without = {...facts};
    delete without[name];
    location.hash = "";
    const field = document.querySelector(`[data-fact="${name}"]`);
    const input = field?.querySelector(".gap input, input[type=number]");
    if (!input) continue;
    const from = performance.now();
    if (input.type === "number") input.value = "";
    if (input.type === "number") input.dispatchEvent(new Event("change")); else input.click();
    document.body.offsetHeight;
    took.push(performance.now() - from);
  }
  return took;
}"""


def main() -> None:
    """Forget every fact of some teaching cases in turn, and print how long each update takes."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = classroom(Path(folder) / "index.html")
        flags = {"executable_path": find_chromium(), "args": ["--no-sandbox"]}
        browser = playwright.chromium.launch(**flags)
        page, took = browser.new_page(), []
        for case in list(deck())[::15]:
            page.goto(f"{path.as_uri()}#explore/{case.id}")
            page.reload()
            took += page.evaluate(UPDATE, case.facts)
        browser.close()
        size = path.stat().st_size / 1000
    most = statistics.quantiles(took, n=20)[-1]
    print(f"classroom page: {size:,.0f} kB (at most 500)")
    median = statistics.median(took)
    print(f"{len(took):,} updates: median {median:.1f} ms, 95 % within {most:.1f} ms (at most 30)")


if __name__ == "__main__":
    main()
