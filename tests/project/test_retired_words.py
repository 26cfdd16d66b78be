"""No program, page, notebook or lesson calls a thing by a name that docs/words.md retired."""

import ast
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tools.notebooks import all_lessons, all_notebooks

ROOT = Path(__file__).parents[2]
LIST = ROOT / "docs/words.md"
PLACES = {"everywhere": ("names", "sentences"), "names": ("names",), "sentences": ("sentences",)}


def retired(place: str) -> dict[str, str]:
    """Every retired word or phrase of one place, with what to say instead."""
    found = {}
    for line in LIST.read_text("utf-8").splitlines():
        cells = [cell.strip().replace("\\", "") for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[2] in PLACES and place in PLACES[cells[2]]:
            found |= dict.fromkeys(cells[0].split(", "), cells[1])
    return found


NAMES, SENTENCES = retired("names"), retired("sentences")
PHRASES = re.compile(rf"\b({'|'.join(sorted(map(re.escape, SENTENCES), key=len, reverse=True))})\b", re.I)


def in_text(text: str) -> set[str]:
    """The retired words and phrases of a text, however its lines are broken."""
    plain = re.sub(r"[\s*_`]+", " ", text)
    return {found.lower() for source in (text, plain) for found in PHRASES.findall(source)}


def in_program(source: str) -> set[str]:
    """The retired names and phrases of a program: names, columns, labels, messages and docstrings."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        said = [getattr(node, key, None) for key in ("id", "attr", "arg", "name", "value")]
        for name in (text for text in said if isinstance(text, str)):
            found |= in_text(name) if isinstance(node, ast.Constant) else set()
            bare = name.strip("_").lower()
            found |= {word for word in NAMES if fnmatchcase(bare, word)}
    return found


def complaint(path: Path, found: set[str]) -> str:
    say = NAMES | SENTENCES
    told = [f"{path.relative_to(ROOT)}: “{word}” is retired, say: {say[word]}" for word in sorted(found)]
    return "\n".join(told)


def of_notebook(path: Path) -> list[tuple[str, str]]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


PROGRAMS = sorted(
    path for folder in ("secondop", "benchmarks", "tools") for path in (ROOT / folder).rglob("*.py")
)
SHOWN = [
    path
    for folder in ("secondop", "data", "tools", "notebooks/lessons")
    for ending in ("*.j2", "*.js", "*.toml", "teaching_cases*.csv")
    for path in (ROOT / folder).rglob(ending)
]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "data/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "notebooks").rglob("*.md")),
]
TEXTS = [path for path in sorted([*SHOWN, *PAGES]) if path != LIST]
BOOKS = [*all_notebooks(), *all_lessons()]


@pytest.mark.parametrize("path", PROGRAMS, ids=short)
def test_a_program_uses_no_retired_word(path):
    found = in_program(path.read_text("utf-8"))
    assert not found, complaint(path, found)


@pytest.mark.parametrize("path", TEXTS, ids=short)
def test_a_page_uses_no_retired_word(path):
    found = in_text(path.read_text("utf-8"))
    assert not found, complaint(path, found)


@pytest.mark.parametrize("path", BOOKS, ids=short)
def test_a_notebook_uses_no_retired_word(path):
    cells = of_notebook(path)
    found = set().union(*(in_text(source) for kind, source in cells if kind == "markdown"))
    found |= set().union(*(in_program(source) for kind, source in cells if kind == "code"))
    assert not found, complaint(path, found)


@pytest.mark.parametrize("path", BOOKS, ids=short)
def test_read_it_aloud_stands_once_in_a_lesson_at_most_and_nowhere_else(path):
    said = sum(source.lower().count("read it aloud") for _, source in of_notebook(path))
    most = int(path in all_lessons())
    assert said <= most, f"{short(path)} says “Read it aloud” {said} times, of {most}: say What it shows"


FOUND = [
    ("as a column", 'x = table["needless"]', {"needless"}),
    ("as an argument", "f(accepted=2)", {"accepted"}),
    ("as a name with a star", "net_benefit_low = 1", {"*_low"}),
    ("as a private constant", "_ACCEPTED = 1", {"accepted"}),
    ("as a label, across lines", 'label = "where the rule\\n  holds"', {"rule holds"}),
    ("in an f-string", 'f"{n} whoever"', {"whoever"}),
    ("in a docstring", 'def f():\n    """An oracle."""', {"an oracle"}),
    ("in plain English", '"ten no-change referrals are accepted, and lower is not low"', set()),
    ("as part of another word", 'worth_recording = "a second opinion is worth recommending"', set()),
]


@pytest.mark.parametrize(("where", "program", "expected"), FOUND, ids=[where for where, *_ in FOUND])
def test_what_would_be_found(where, program, expected):
    assert in_program(program) == expected, where


def test_the_message_names_the_file_the_word_and_what_to_say():
    told = complaint(ROOT / "README.md", {"an oracle"})
    assert told == "README.md: “an oracle” is retired, say: perfect foresight"
    assert len(NAMES) > 20 and len(SENTENCES) > 50
