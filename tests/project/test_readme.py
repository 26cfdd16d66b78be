"""The README tells the truth."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

import run
from tests.kit import stored_table
from tools.notebooks import all_lessons, all_notebooks

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_readme_says():
    code, printed = re.search(r"```python\n(.*?)```\s+```text\n(.*?)```", README, re.DOTALL).groups()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == printed


def test_the_cover_says_what_notebooks_06a_and_06b_print_of_the_yield_above_chance():
    printed = {
        where: (above, share if float(share) < 10 else f"{float(share):.0f}")
        for where, (_, above, share) in stored_table("06a", "facts-know-5").items()
    }
    (above, share), (low, least), (high, most) = (
        printed["1", contrasts] for contrasts in ("middle", "low", "high")
    )
    cover = " ".join(README.partition("*Simulated cases, as assumed")[2].partition("Made by")[0].split())
    assert (
        f"calibrated to published contrasts, referring all with a clinical indication finds {above} " in cover
    )
    assert (
        f"above chance, {share} % of what is possible at that volume; with the contrasts from low to high"
        in cover
    )
    assert f"low to high {low} to {high} ({least} to {most} %)" in cover
    first, last = printed["0", "low"], printed["2", "high"]
    assert f"(signal 0 to 2) {first[0]} to {last[0]} ({first[1]} to {last[1]} %)" in cover
    net = {right: texts[-1] for (_, right), texts in stored_table("06b", "facts-know-13").items()}
    assert (
        f"it finds {net['86%']} per 100 above chance, {net['70%']} if fewer first opinions are right" in cover
    )


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_notebook_and_lesson_stands_in_a_table_with_its_title():
    rows = re.findall(r"^\| \[(\d+[a-z]?)\]\(notebooks/([^)]+)\) \| (.+) \|$", README, re.MULTILINE)
    stored = [*all_notebooks(), *all_lessons()]
    assert [name for _, name, _ in rows] == [str(path.relative_to(ROOT / "notebooks")) for path in stored]
    for (number, name, question), path in zip(rows, stored, strict=True):
        title = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"][0]
        assert name.split("/")[-1].startswith(f"{number}-")
        assert question.startswith(title.removeprefix("# ").strip())


@pytest.mark.parametrize("task", re.findall(r"(?:make|run\.py) (\w+)", README))
def test_every_command_exists(task):
    assert task in run.TASKS


def test_the_two_commands_stand_first():
    assert re.findall(r"^python run\.py (\w+)", README, re.MULTILINE)[:2] == ["study", "test"]
    assert "\npython3 run.py test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
