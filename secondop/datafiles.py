"""Where the data files are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from secondop.errors import unknown_name

_PACKAGE = Path(__file__).resolve().parent


def _folder() -> Path:
    installed = _PACKAGE / "data"
    return installed if installed.is_dir() else _PACKAGE.parent / "data"


def data_path(name: str) -> Path:
    """The path of a data file that ships with the package; ``data/README.md`` describes each.

    Parameters
    ----------
    name : str
        The file's name, with its folder if it has one, as in ``"scenarios/general.toml"``.

    Returns
    -------
    pathlib.Path
        A file that exists.

    Raises
    ------
    UnknownNameError
        If there is no such file; the message lists those that exist.

    Examples
    --------
    >>> data_path("README.md").name
    'README.md'
    """
    folder = _folder()
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    if name not in names:
        raise unknown_name("data file", name, names)
    return folder / name
