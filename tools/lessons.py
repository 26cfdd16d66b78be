"""The lessons as students get them, without solutions, in two tracks: ``python -m tools.lessons``.

A lesson in ``notebooks/lessons`` is its teacher's version. A cell tagged ``exercise`` asks for an answer, and
the cells tagged ``solution`` right after it give one; prose with that tag, such as notes for the teacher, may
stand anywhere. Students get everything else; prose tagged ``answer``, which tells what a run shows after a
prediction, too. A cell tagged ``clinic`` or ``analyst`` is for that track alone: analysts run the code, so
theirs has no outputs; a clinic sees what was run, folded until somebody predicted it, and no code.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat

from secondop.datafiles import write_whole
from tools.notebooks import ROOT, all_lessons, tidy

TRACKS = ("clinic", "analyst")
STUDENTS = ROOT / "notebooks" / "class"
"""Where students find their notebooks in JupyterLab, a folder a track."""
RECORD = ".written.json"
"""A file in the students' folder: what was written there, to tell it from what students changed."""
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)#]*)[^)]*\)")


def student_version(path: Path, track: str = "analyst"):
    """The notebook of a lesson in one track, without its solutions; cells keep their ids.

    A link to another lesson stays, since students get that one too; of one to any other file only its words.

    Raises
    ------
    ValueError
        If tags are not where they belong, with a line for each cell at fault.
    """
    notebook = nbformat.read(path, as_version=4)
    if problems := _problems(notebook.cells):
        raise ValueError("\n".join(f"{path.name}{problem}" for problem in problems))
    notebook.cells = [cell for cell in of_track(notebook.cells, track) if "solution" not in tags_of(cell)]
    siblings = {lesson.name for lesson in path.parent.glob("*.ipynb")}
    predicted = run = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            predicted = "**Predict.**" in cell.source or (predicted and not run)
            run = False
            cell.source = _LINK.sub(lambda link: link[0] if link[2] in siblings else link[1], cell.source)
        elif track == "clinic":
            run = True
            cell.metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": predicted}
        else:
            cell.outputs, cell.execution_count = [], None
    return tidy(notebook)


def of_track(cells, track: str) -> list:
    """The cells of one track, those for the teacher among them."""
    return [cell for cell in cells if track_of(cell) in (track, "")]


def track_of(cell) -> str:
    """The one track that a cell is for, if it is for one; a clinic is asked nothing in code."""
    if cell.cell_type == "code" and "exercise" in tags_of(cell):
        return "analyst"
    return next((track for track in TRACKS if track in tags_of(cell)), "")


def tags_of(cell) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def _problems(cells) -> list[str]:
    """What is wrong with the tags, each as ", cell 3: a solution that follows no exercise"."""
    kinds = [next((tag for tag in tags_of(cell) if tag not in ("answer", *TRACKS)), None) for cell in cells]
    found = [] if "exercise" in kinds else [": no cell is tagged 'exercise'"]
    neighbours = zip([None, *kinds], kinds, [*kinds[1:], None], strict=False)
    for number, (cell, (before, kind, after)) in enumerate(zip(cells, neighbours, strict=True), start=1):
        if kind not in ("exercise", "solution", None):
            known = ", ".join(map(repr, ("exercise", "solution", "answer", *TRACKS)))
            found.append(f", cell {number}: the tag {kind!r} is none of {known}")
        if kind == "solution" and cell.cell_type == "code" and before not in ("exercise", "solution"):
            found.append(f", cell {number}: a solution that follows no exercise")
        if kind == "exercise" and after != "solution":
            found.append(f", cell {number}: an exercise that no solution follows")
        if set(TRACKS) <= set(tags_of(cell)):
            found.append(f", cell {number}: for one track alone, and tagged for both; take both tags off")
        if cell.cell_type == "code" and "clinic" in tags_of(cell):
            found.append(f", cell {number}: code for the clinic track, which shows none")
    return found


def write_tracks(
    lessons: list[Path], out: Path, tracks: Iterable[str] = TRACKS
) -> tuple[list[Path], list[Path]]:
    """Write each track into a folder of its name, as :func:`write_all` does, which tells what it returns."""
    done = [write_all(lessons, out / track, track) for track in tracks]
    return [path for written, _ in done for path in written], [path for _, kept in done for path in kept]


def write_all(lessons: list[Path], out: Path, track: str = "analyst") -> tuple[list[Path], list[Path]]:
    """Write the student versions of one track into a folder; nothing if any lesson is at fault.

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
            made[path.name] = nbformat.writes(student_version(path, track)) + "\n"
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


def main(arguments: list[str] | None = None) -> None:
    """Write the student versions of every lesson and say where they are."""
    parser = argparse.ArgumentParser(description="Write the lessons as students get them, without solutions.")
    parser.add_argument(
        "--track",
        choices=TRACKS,
        help="clinic: no code on the screen; analyst: with code. Both unless one is named",
    )
    track = parser.parse_args(arguments).track
    written, kept = write_tracks(all_lessons(), STUDENTS, [track] if track else TRACKS)
    say(written, kept)


def say(written: list[Path], kept: list[Path]) -> None:
    """Print what was written for students, and what was kept because it was changed."""
    print("For students, without solutions; python run.py lab opens them in the folder class:")
    print(*written, sep="\n")
    if kept:
        print("Kept, since it was changed there. Delete it to get it anew:", *kept, sep="\n")


if __name__ == "__main__":
    main()
