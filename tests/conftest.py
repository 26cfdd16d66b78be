"""What every test may use: the study executed once, a browser and Java if there, hypothesis settings."""

import os
import re
import shutil
import subprocess
import warnings
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache, partial
from itertools import chain
from multiprocessing import get_context
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
settings.register_profile("quick", parent=settings.get_profile("secondop"), max_examples=15)
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


AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"


def find_axe() -> Path | None:
    """The checks of accessibility, where npm installed them."""
    return AXE if AXE.is_file() else None


NEEDS = {
    "needs_chromium": (
        find_chromium,
        "no Chromium or Chrome on this machine (Debian: apt-get install chromium)",
    ),
    "needs_java": (
        find_java,
        "no Java 17 or newer on this machine (Debian: apt-get install default-jre-headless)",
    ),
    "needs_node": (
        partial(shutil.which, "node"),
        "no Node.js on this machine (Debian: apt-get install nodejs npm)",
    ),
    "needs_axe": (
        find_axe,
        "axe-core is not installed (npm install --no-package-lock --prefix tests/browser)",
    ),
}


SLOW = {"notebooks": 1, "browser": 2}
"""Folders that `python run.py quick` leaves out, with all that needs a program, and when their turn is."""


def pytest_collection_modifyitems(items):
    # The study runs beside the tests that do not wait for it; whoever starts another kernel comes after it.
    items.sort(key=lambda item: (SLOW.get(item.path.parent.name, 0), "executed" not in item.fixturenames))
    for item in items:
        if item.path.parent.name in SLOW or any(map(item.get_closest_marker, NEEDS)):
            item.add_marker("slow")
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
def spark():
    """A small local Spark, one for all tests; mark the test `needs_java`."""
    from tests import kit

    return kit.spark()


@cache
def _one_after_another() -> ProcessPoolExecutor:
    """A process that runs notebooks one by one, as they are asked for; there, too, warnings are errors."""
    return ProcessPoolExecutor(1, get_context("spawn"), warnings.simplefilter, ("error",))


@cache
def _run(path: Path) -> Future:
    """A fresh run of a notebook, begun or waiting for its turn."""
    from tools.notebooks import execute

    return _one_after_another().submit(execute, path)


def _study() -> tuple[list[Path], list[Path]]:
    from tools.notebooks import all_lessons, all_notebooks

    return all_notebooks(), all_lessons()


def pytest_collection_finish(session):
    """Where its pages are asked for, begin to run the study: it takes minutes, beside other tests."""
    asked = any("study_pages" in item.fixturenames for item in session.items)
    if asked and not session.config.option.collectonly:
        for path in chain(*_study()):
            _run(path)


def pytest_unconfigure():
    if _one_after_another.cache_info().currsize:
        _one_after_another().shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def executed():
    """`executed(path)`: a notebook, run afresh once in a session of tests, never two at once."""
    return lambda path: _run(path).result()


@pytest.fixture(scope="session")
def study_pages(executed, tmp_path_factory) -> Path:
    """The folder of the study's pages, built from that one run."""
    from tools import study

    questions, lessons = ([(path, executed(path)) for path in paths] for paths in _study())
    return study.build(questions, tmp_path_factory.mktemp("study") / "pages", lessons).parent


@pytest.fixture
def write_notebook(tmp_path):
    """`write_notebook(name, *cells)`: a notebook in a temporary folder.

    A cell that starts "# " or "## " is prose; a cell given as (tag, source) has that tag.
    """
    from nbformat import v4, write

    def make(name: str, *sources: str | tuple[str, str]) -> Path:
        cells = []
        for number, given in enumerate(sources):
            tag, source = given if isinstance(given, tuple) else (None, given)
            new_cell = v4.new_markdown_cell if source.startswith(("# ", "## ")) else v4.new_code_cell
            cells.append(new_cell(source, id=f"cell-{number}", metadata={"tags": [tag]} if tag else {}))
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(v4.new_notebook(cells=cells), tmp_path / name)
        return tmp_path / name

    return make
