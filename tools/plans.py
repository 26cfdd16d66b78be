"""How long a lesson takes, and its plans for 30, 45 and 90 minutes: ``python -m tools.plans`` writes them.

Prose is read aloud; what takes longer says so, as "(3 minutes)". A cell whose metadata have ``plan``, such as
``{"plan": 90}``, is left out of shorter plans; that of a heading counts for all that stands below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

import nbformat

from secondop.datafiles import write_whole
from secondop.teaching.strings import said
from tools.lessons import TRACKS, of_track, tags_of
from tools.notebooks import all_lessons

LENGTHS = (30, 45, 90)
WORDS_A_MINUTE = 130
TITLE = "## Plans for 30, 45 and 90 minutes"
"""How the cell with the plans begins."""
SCREENS = [
    said(f"screen-{name}")
    for name in ("explore", "quiz", "poll", "change", "people", "tradeoff", "vignettes")
]
_STATED = re.compile(r"\((\d+)\s+minutes?\)")
_EXERCISE = re.compile(r"\*\*Exercise (\d\.\d)\.\*\*")
_HEADING = re.compile(r"^##? (.+)")
_HOW = (
    f"Prose read aloud at {WORDS_A_MINUTE} words a minute, and the minutes that predictions, exercises, "
    "screens and discussions state; each part is rounded up. What is left is for looking at figures and "
    "tables, and for questions. What a plan does not list is left out."
)


@dataclass(frozen=True)
class Part:
    """A part of a lesson in a plan: its heading, its minutes by track, and what is done in it."""

    title: str
    minutes: dict[str, int]
    exercises: list[str]
    screens: list[str]


def minutes(cells) -> float:
    """The minutes of prose read aloud, with those that it states.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell
    >>> minutes([new_markdown_cell("**Exercise 1.1.** How many? (3 minutes)" + " word" * 124)])
    4.0
    """
    sources = [cell.source for cell in cells if cell.cell_type == "markdown"]
    stated = sum(int(found) for source in sources for found in _STATED.findall(source))
    return stated + sum(len(source.split()) for source in sources) / WORDS_A_MINUTE


def plan(cells, length: int) -> list[Part]:
    """The parts of a lesson that a plan of so many minutes includes, in order."""
    parts = []
    for title, some in _sections(cells):
        within = [cell for cell in some if max(_from(some[0]), _from(cell)) <= length]
        told = {track: of_track(within, track) for track in TRACKS}
        if within:
            source = "\n".join(cell.source for cell in within)
            parts.append(
                Part(
                    title,
                    {track: ceil(minutes(cells)) for track, cells in told.items()},
                    _EXERCISE.findall(source),
                    [screen for screen in SCREENS if f"*{screen}*" in source],
                )
            )
    return parts


def total(parts: list[Part], track: str) -> int:
    """The minutes of a plan in one track."""
    return sum(part.minutes[track] for part in parts)


def _sections(cells) -> list[tuple[str, list]]:
    """What students get, by heading; what stands before the first one is the beginning."""
    found: list[tuple[str, list]] = []
    for cell in cells:
        if "solution" in tags_of(cell):
            continue
        heading = _HEADING.match(cell.source) if cell.cell_type == "markdown" else None
        if heading or not found:
            found.append((heading[1] if heading and found else "Beginning", []))
        found[-1][1].append(cell)
    return found


def _from(cell) -> int:
    return cell.metadata.get("plan", 0)


def plans(cells) -> str:
    """The plans of a lesson as markdown."""
    lines = [TITLE, "", _HOW]
    for length in LENGTHS:
        parts = plan(cells, length)
        lines += ["", f"### {length} minutes", ""]
        lines += [f"| {' | '.join(TRACKS)} | what | exercises | classroom page |", "|---|---|---|---|---|"]
        for part in parts:
            of = " | ".join(str(part.minutes[track]) for track in TRACKS)
            lines.append(f"| {of} | {part.title} | {', '.join(part.exercises)} | {', '.join(part.screens)} |")
        of = " | ".join(f"**{total(parts, track)}**" for track in TRACKS)
        lines.append(f"| {of} | **of {length} minutes** | | |")
    return "\n".join(lines)


def main() -> None:
    """Write the plans into every lesson, and print how long each takes."""
    for path in all_lessons():
        notebook = nbformat.read(path, as_version=4)
        (cell,) = [cell for cell in notebook.cells if cell.source.startswith(TITLE)]
        cell.source = plans(notebook.cells)
        write_whole(path, nbformat.writes(notebook) + "\n")
        for length in LENGTHS:
            of = ", ".join(f"{track} {total(plan(notebook.cells, length), track)}" for track in TRACKS)
            print(f"{path.stem[:20]}: {length} minutes: {of}")


if __name__ == "__main__":
    main()
