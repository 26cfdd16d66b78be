"""What every test may use: the study executed once, a browser and Java if there, hypothesis settings."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "secondop",
    deadline=None,  # no test fails because the machine was busy
    max_examples=60,
    derandomize=bool(os.environ.get("CI")),  # the same examples in every run of continuous integration
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("secondop")


@cache
def find_chromium() -> str | None:
    """A Chromium or Chrome of this machine; nothing is ever downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    macs = ("Google Chrome", "Chromium")
    places = [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in macs]
    return next(filter(None, map(shutil.which, names)), None) or next(
        (str(p) for p in places if p.exists()), None
    )


@cache
def find_java() -> str | None:
    """Java 17 or newer, as PySpark needs it."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        return None
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return java if version and int(version[1]) >= 17 else None


NEEDS = {
    "needs_chromium": (
        find_chromium,
        "no Chromium or Chrome on this machine (Debian: apt-get install chromium)",
    ),
    "needs_java": (
        find_java,
        "no Java 17 or newer on this machine (Debian: apt-get install default-jre-headless)",
    ),
}


def pytest_collection_modifyitems(items):
    for item in items:
        for name, (find, reason) in NEEDS.items():
            if item.get_closest_marker(name) and find() is None:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's path; mark the test `needs_chromium`."""
    path = find_chromium()
    assert path, "mark this test needs_chromium"
    return path


@pytest.fixture(scope="session")
def executed():
    """`executed(path)`: a notebook of the study, run afresh, once in a session of tests."""
    from tools.notebooks import execute

    return cache(execute)


@pytest.fixture(scope="session")
def study_pages(executed, tmp_path_factory) -> Path:
    """The folder of the study's pages, built from that one run."""
    from tools import notebooks, study

    paths = notebooks.all_notebooks()
    return study.build(
        [(path, executed(path)) for path in paths], tmp_path_factory.mktemp("study") / "pages"
    ).parent


@pytest.fixture
def write_notebook(tmp_path):
    """`write_notebook(name, *cells)`: a notebook in a temporary folder; a cell that starts "# " is prose."""
    from nbformat import v4, write

    def make(name: str, *sources: str) -> Path:
        cells = [v4.new_markdown_cell(s) if s.startswith("# ") else v4.new_code_cell(s) for s in sources]
        for number, cell in enumerate(cells):
            cell.id = f"cell-{number}"
        write(v4.new_notebook(cells=cells), tmp_path / name)
        return tmp_path / name

    return make
