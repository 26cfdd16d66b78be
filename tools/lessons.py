"""The lessons as students get them, without solutions; `tools.handouts` writes them.

A lesson in ``notebooks/lessons`` is its teacher's version. A cell tagged ``exercise`` asks for an answer, and
the cells tagged ``solution`` right after it give one; prose with that tag, such as notes for the teacher, may
stand anywhere. Students get everything else, with no outputs; prose tagged ``answer``, which tells what a run
shows after a prediction, too.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import nbformat

from secondop.datafiles import write_whole
from tools.notebooks import tidy

RECORD = ".written.json"
"""A file in the students' folder: what was written there, to tell it from what students changed."""
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)#]*)[^)]*\)")


def student_version(path: Path):
    """The notebook of a lesson without its solutions and outputs; cells keep their ids.

    A link to another lesson stays, since students get that one too; of one to any other file only its words.

    Raises
    ------
    ValueError
        If exercises and solutions are not where they belong, with a line for each cell at fault.
    """
    notebook = nbformat.read(path, as_version=4)
    if problems := _problems(notebook.cells):
        raise ValueError("\n".join(f"{path.name}{problem}" for problem in problems))
    notebook.cells = [cell for cell in notebook.cells if "solution" not in _tags(cell)]
    siblings = {lesson.name for lesson in path.parent.glob("*.ipynb")}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = _LINK.sub(lambda link: link[0] if link[2] in siblings else link[1], cell.source)
    return tidy(notebook)


def _tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def _problems(cells) -> list[str]:
    """What is wrong with the tags, each as ", cell 3: a solution that follows no exercise"."""
    kinds = [next((tag for tag in _tags(cell) if tag != "answer"), None) for cell in cells]
    found = [] if "exercise" in kinds else [": no cell is tagged 'exercise'"]
    neighbours = zip([None, *kinds], kinds, [*kinds[1:], None], strict=False)
    for number, (cell, (before, kind, after)) in enumerate(zip(cells, neighbours, strict=True), start=1):
        if kind not in ("exercise", "solution", "answer", None):
            found.append(f", cell {number}: the tag {kind!r} is none of 'exercise', 'solution', 'answer'")
        if kind == "solution" and cell.cell_type == "code" and before not in ("exercise", "solution"):
            found.append(f", cell {number}: a solution that follows no exercise")
        if kind == "exercise" and after != "solution":
            found.append(f", cell {number}: an exercise that no solution follows")
    return found


def write_all(lessons: list[Path], out: Path) -> tuple[list[Path], list[Path]]:
    """Write the student versions into a folder; nothing if any lesson is at fault.

    What was changed there since it was written, such as by a student, is kept; the rest is made anew, and a
    lesson that is gone is removed.

    Returns
    -------
    tuple of lists of Path
        The notebooks that were written, and those that were kept.

    Raises
    ------
    SystemExit
        If there are no lessons, with everything that is wrong with them.
    """
    made, problems = {}, []
    for path in lessons:
        try:
            made[path.name] = nbformat.writes(student_version(path)) + "\n"
        except ValueError as error:
            problems.append(str(error))
    if problems or not made:
        raise SystemExit("\n".join(["No lesson was written.", *(problems or ["There are none."])]))
    out.mkdir(parents=True, exist_ok=True)
    record = out / RECORD
    before = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    there = {path.name: digest(path.read_bytes()) for path in out.glob("*.ipynb")}
    kept = [
        name
        for name in made
        if name in there and there[name] not in (before.get(name), digest(made[name].encode()))
    ]
    for name in before.keys() - made.keys():
        if there.get(name) == before[name]:
            (out / name).unlink()
    written = [name for name in made if name not in kept]
    for name in written:
        write_whole(out / name, made[name])
    write_whole(record, json.dumps({name: digest(made[name].encode()) for name in written}, indent=1) + "\n")
    return [out / name for name in written], [out / name for name in kept]


def digest(content: bytes) -> str:
    """Changes with any change of a file."""
    return hashlib.sha256(content).hexdigest()
