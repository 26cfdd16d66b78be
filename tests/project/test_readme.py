"""The README tells the truth."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_readme_says():
    code, printed = re.search(r"```python\n(.*?)```\s+```text\n(.*?)```", README, re.DOTALL).groups()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == printed


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_notebook_stands_in_the_table():
    names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert names == set(re.findall(r"^\| \[\d\d\]\(notebooks/([^)]+)\)", README, re.MULTILINE))


@pytest.mark.parametrize("target", re.findall(r"make (\w+)", README))
def test_every_command_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
