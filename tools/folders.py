"""Folders that are replaced as a whole, and only where they were made that way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from secondop.datafiles import leftovers, part_of, write_whole

MARKER = ".made-by-secondop"
"""A file in each folder made here, which allows to replace it."""


def refuse_others(out: Path) -> None:
    """Refuse what is there already, unless it is an empty folder or was made here.

    Raises
    ------
    SystemExit
        If something would be lost.
    """
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not (empty or (out / MARKER).is_file()):
        raise SystemExit(
            f"{out} holds files that were not made here, and it would be replaced as a whole. "
            "Name a new folder, or remove this one yourself."
        )


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of ``out`` once complete; until then the old one stays."""
    refuse_others(out)
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    for left in leftovers(out):
        shutil.rmtree(left)
    part = part_of(out)
    old = part.with_name(part.name.replace(f".{out.name}.", f".{out.name}.old.", 1))
    try:
        part.mkdir()
        write_whole(part / MARKER, "A tool of secondop made this folder and replaces it as a whole.\n")
        yield part
        if out.exists():
            out.rename(old)
        part.rename(out)
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        for folder in (part, old):
            shutil.rmtree(folder, ignore_errors=True)
