"""Write the lessons as students get them, without solutions: ``python -m tools.lessons``.

A lesson in ``notebooks/lessons`` is its teacher's version. A cell tagged ``exercise`` asks for an answer, and
the cells tagged ``solution`` right after it give one; prose with that tag, such as notes for the teacher, may
stand anywhere. Students get everything else, with no outputs; prose tagged ``answer``, which tells what a run
shows after a prediction, too.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from secondop.datafiles import write_whole
from tools.folders import new_folder
from tools.notebooks import ROOT, all_lessons, tidy

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


def write_all(lessons: list[Path], out: Path) -> list[Path]:
    """Write the student versions into a folder, which is replaced; nothing if any lesson is at fault.

    Raises
    ------
    SystemExit
        If there are no lessons, with everything that is wrong with them, or if the folder is somebody else's.
    """
    written, problems = {}, []
    for path in lessons:
        try:
            written[path.name] = student_version(path)
        except ValueError as error:
            problems.append(str(error))
    if problems or not written:
        raise SystemExit("\n".join(["No lesson was written.", *(problems or ["There are none."])]))
    with new_folder(out) as folder:
        for name, notebook in written.items():
            write_whole(folder / name, nbformat.writes(notebook) + "\n")
    return [out / name for name in written]


def main() -> None:
    """Write the student version of every lesson and print where it is."""
    print("For students, without solutions:", *write_all(all_lessons(), ROOT / "build" / "lessons"), sep="\n")


if __name__ == "__main__":
    main()
