"""Files: where those that ship are (beside the package or in an installed wheel), and writing one whole."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import sys
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

from secondop.arguments import named
from secondop.errors import SecondopError, unknown_name

CHECKSUMS = "checksums.json"
_FORMULA = re.compile(r"[\s\x00-\x20\u200b\ufeff]*([=@]|[+-](?![\d.,]*\s*$))")  # a number runs nothing
_PACKAGE = Path(__file__).resolve().parent


def _folder() -> Path:
    installed = _PACKAGE / "data"
    return installed if installed.is_dir() else _PACKAGE.parent / "data"


@named
def data_path(name: str) -> Path:
    """The path of a data file that ships with the package; ``data/README.md`` describes each.

    The ``name`` has its folder if it has one, as in ``"scenarios/general.toml"``. A table that is not as its
    checksum says is refused.

    Examples
    --------
    >>> data_path("README.md").name
    'README.md'
    """
    folder = _folder()
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if name not in names:
        raise unknown_name("data file", name, names)
    path = folder / name
    if path.suffix == ".csv":
        stated, found = json.loads((folder / CHECKSUMS).read_text()).get(name, {}), checksum(path)
        if found != stated:
            was = f"{found['rows']} rows of {stated.get('rows', 0)}"
            raise SecondopError(
                f"{path} is not the table that shipped ({was}). Restore it; or, if it was meant, "
                "state it anew: python -m secondop.datafiles"
            )
    return path


def checksum(path: Path) -> dict[str, int | str]:
    """How many rows a table has, and the SHA-256 of its bytes, whatever its line ends are."""
    content = path.read_bytes().replace(b"\r\n", b"\n")
    rows = sum(1 for _ in csv.reader(content.decode(errors="replace").splitlines(keepends=True))) - 1
    return {"rows": rows, "sha256": hashlib.sha256(content).hexdigest()}


def checksums() -> str:
    """The text of ``data/checksums.json``: what :func:`checksum` says of every table."""
    every = {path.name: checksum(path) for path in sorted(_folder().glob("*.csv"))}
    return json.dumps(every, indent=2) + "\n"


MAX_TOML, MAX_KEY, MAX_PARTS = 1_000_000, 1_000, 64
"""Letters of a file and of a key, and parts of a key: a key of thousands of parts would take gigabytes."""
_PARTS = re.compile(rf"""(?:("[^"\n]*"|'[^'\n]*'|[\w-]+)[ \t]*\.[ \t]*){{{MAX_PARTS}}}""")


def read_toml(source: Any, what: str) -> dict[str, Any]:
    """What a file or a text in TOML states; a text of one line that sets nothing is taken for a path."""
    if not isinstance(source, (str, Path)) or not str(source).strip():
        raise SecondopError(f"{what} is read from a path or a text in TOML, not {source!r:.80}.")
    if isinstance(source, str) and "\n" not in source and ("=" not in source or source.endswith(".toml")):
        source = Path(source)
    most = f"{MAX_TOML:,} letters, {MAX_KEY:,} before each '=', and {MAX_PARTS} parts of a key"
    too_long = SecondopError(f"{what} takes up to {most}; this text is longer.")
    text = source
    if isinstance(source, Path):
        source = source.expanduser()
        if not source.is_file():
            raise SecondopError(f"There is no file {str(source)!r} to read {what[0].lower()}{what[1:]} from.")
        if source.stat().st_size > 4 * MAX_TOML:
            raise too_long
        try:
            text = source.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SecondopError(f"The file {str(source)!r} is not text in UTF-8: save it as such.") from error
    keys = (line.partition("=")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
    if len(text) > MAX_TOML or max(map(len, keys), default=0) > MAX_KEY or _PARTS.search(text):
        raise too_long
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = 'Texts stand in plain quotes, as in "name" = "meaning", and numbers as 0.5: not as .5 or 0,5'
        raise SecondopError(f"{what} is not valid TOML: {error}. {said}.") from error


def toml_text(text: str) -> str:
    """Text in quotes as TOML writes it; what is no character becomes a question mark."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


def require_folder(path: Path) -> None:
    """Refuse to write a file into a folder that is not there."""
    if not path.parent.is_dir():
        raise SecondopError(f"There is no folder {path.parent.name!r} for {path.name!r}: make it first.")


def write_whole(path: str | Path, content: str | bytes) -> None:
    """Write a file so that nobody ever finds half of it: an older one stays until the new one is complete.

    A file that is replaced keeps its permissions, and a link goes on leading to it. What a killed run left
    beside the file is removed.
    """
    path = Path(path).resolve()
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():  # a device, such as /dev/stdout, cannot be replaced
        path.write_bytes(data)
        return
    require_folder(path)
    for left in leftovers(path):
        left.unlink(missing_ok=True)
    part, older = part_of(path), path.exists()
    try:
        part.touch(0o600 if older else 0o666, exist_ok=False)  # nobody reads what may be private meanwhile
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if older:
            shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def is_formula(cell: object) -> bool:
    """Whether a spreadsheet could run a cell: text that starts, after any blanks, like a formula."""
    return isinstance(cell, str) and bool(_FORMULA.match(unicodedata.normalize("NFKC", cell)))


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """A table that a spreadsheet opens as it is: an apostrophe before every text that it could run."""

    def shown(cell: object) -> object:
        return f"'{cell}" if is_formula(cell) else cell

    table = table.copy(deep=False)
    for i, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            table.isetitem(i, table.iloc[:, i].astype(object).map(shown, na_action="ignore"))
    return table.rename(columns=shown, index=shown)


def part_of(path: Path) -> Path:
    """Where this process keeps what will become the file or folder, while it is not complete."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def leftovers(path: Path) -> list[Path]:
    """What processes that are gone left beside a file or folder before it was complete."""
    found = (each for each in path.parent.iterdir() if each.name.startswith(f".{path.name}."))
    parts = [each for each in found if each.suffix == ".part" and each.stem.rpartition(".")[2].isdecimal()]
    return [part for part in parts if not _runs(int(part.stem.rpartition(".")[2]))]


def _runs(process: int) -> bool:
    if process == os.getpid() or sys.platform == "win32":  # Windows has no harmless way to ask, and lets
        return False  # nobody remove a file that is open
    try:
        os.kill(process, 0)
    except OSError as error:  # unless there is none, it is another user's, so it runs
        return not isinstance(error, ProcessLookupError)
    return True


if __name__ == "__main__":  # after a table was changed on purpose
    write_whole(_folder() / CHECKSUMS, checksums())
