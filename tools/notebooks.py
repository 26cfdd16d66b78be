"""Execute notebooks, and store them with their outputs: ``python -m tools.notebooks [notebook ...]``.

One execution serves everything: figures leave the kernel as plotly's own JSON, from which `tools.study` draws
them in a page and this module makes the still picture that a code host shows.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm.auto import tqdm

from secondop.datafiles import write_whole

ROOT = Path(__file__).resolve().parent.parent
COVER = "cover"
"""Tag of the cell whose figure the README shows."""
PLOTLY = "application/vnd.plotly.v1+json"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
_VOLATILE = ("execution", "ExecuteTime", "collapsed", "scrolled")
_STYLER_ID = re.compile(r"\bT_[0-9a-f]{5}(?=[_\s\"'{])")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = "application/vnd.jupyter.widget-view+json"
MOST = {"text/plain": 20_000, "text/html": 1_000_000}
"""How many characters of an output are kept: of text so many, of HTML and the like all or nothing."""
_PROGRESS = re.compile(r"^.*(\d+%\|.*\||\d+[a-z]+ \[\d+:).*$")


class NotebookError(Exception):
    """A notebook that did not run to its end; the message names the notebook, the cell and the error."""


def all_notebooks(folder: Path = ROOT / "notebooks") -> list[Path]:
    """The notebooks of the study, in the order of their numbers."""
    return sorted(folder.glob("*.ipynb"))


def all_lessons(folder: Path = ROOT / "notebooks" / "lessons") -> list[Path]:
    """The lessons for a class, each as its teacher has it, in the order of their numbers."""
    return sorted(folder.glob("*.ipynb"))


def execute(path: Path, *, timeout: int = 600, on_cell: Callable[[], object] = lambda: None):
    """Run a notebook afresh in a kernel of its own and return it with tidy outputs; the file is not touched.

    Raises
    ------
    NotebookError
        If a cell raises, takes longer than ``timeout`` seconds, or kills the kernel.
    """
    notebook = nbformat.read(path, as_version=4)
    position = [0]

    def started(cell, cell_index):
        position[0] = cell_index

    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        extra_arguments=["--log-level=40"],  # the kernel's own log: errors only
        record_timing=False,
        coalesce_streams=True,
        on_cell_start=started,
        on_cell_complete=lambda cell, cell_index: on_cell(),
        on_cell_executed=lambda cell, cell_index, execute_reply: cut(cell.outputs),
    )
    try:
        client.execute(env=_environment())
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(_what_failed(path, notebook, position[0], error)) from error
    return tidy(notebook)


def _environment() -> dict[str, str]:
    packages = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PLOTLY_RENDERER": "plotly_mimetype", "TQDM_DISABLE": "1", "PYTHONPATH": packages}


def _what_failed(path: Path, notebook, index: int, error: Exception) -> str:
    source = notebook.cells[index].source.rstrip()
    if isinstance(error, CellExecutionError):
        trace = [out for out in notebook.cells[index].outputs if out.output_type == "error"]
        what = f"{error.ename}: {error.evalue}"
        detail = _ANSI.sub("", "\n".join(trace[-1].traceback)) if trace else source
    else:
        what, detail = f"{type(error).__name__}: {str(error).splitlines()[0]}", source
    return f"{path.name}, cell {index + 1} of {len(notebook.cells)}: {_ANSI.sub('', what)}\n\n{detail}"


def tidy(notebook):
    """Remove in place what differs from run to run although the results do not, and return the notebook."""
    notebook.metadata = nbformat.from_dict(KERNEL | {"language_info": {"name": "python"}})
    for cell in notebook.cells:
        for key in _VOLATILE:
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        ids: dict[str, str] = {}
        cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
        for output in cell.outputs:
            data = output.get("data", {})
            if output.get("metadata", {}).get("still"):
                data.pop(WIDGET, None)  # no kernel, no widget: the still picture is what stays
            if "text/html" in data:
                for found in _STYLER_ID.findall(data["text/html"]):
                    ids.setdefault(found, f"T_{cell.id}_{len(ids)}")
                data["text/html"] = _STYLER_ID.sub(lambda match: ids[match[0]], data["text/html"])  # noqa: B023
            if "text/plain" in data:
                data["text/plain"] = _ADDRESS.sub("0x…", data["text/plain"])
    return notebook


def cut(outputs: list) -> None:
    """Shorten in place what a cell printed or shows, where it is too long to keep, and say so there.

    Long lines first of all: they would be searched for carriage returns, for minutes.
    """
    for name in ("stdout", "stderr"):
        if streams := [output for output in outputs if output.get("name") == name]:
            streams[0].text = _shortened("".join(output.text for output in streams), MOST["text/plain"])
            for output in streams[1:]:
                output.text = ""
    for data in (output.get("data", {}) for output in outputs):
        for kind in [kind for kind in data if kind.startswith("text/") and kind != "text/plain"]:
            if len(data[kind]) > MOST["text/html"]:
                data["text/plain"] = f"[{kind} of {len(data.pop(kind)):,} characters is not kept]"
        if "text/plain" in data:
            data["text/plain"] = _shortened(data["text/plain"], MOST["text/plain"])


def _shortened(text: str, most: int) -> str:
    further = len(text) - most
    return text if further <= 0 else f"{text[:most]}\n[cut: {further:,} characters more]\n"


def _is_progress(output) -> bool:
    data = output.get("data", {})
    return WIDGET in data and bool(_PROGRESS.match(data.get("text/plain", "")))


def add_pictures(notebook, stored=None) -> int:
    """Put a PNG beside every figure, that of ``stored`` if it is the same, and return how many are new."""
    known = {_key(out): out["data"]["image/png"] for out in figures(stored) if has_its_picture(out)}
    drawn = 0
    for output in figures(notebook):
        key, size = _key(output), _size(output)
        if key not in known:
            known[key] = _draw(output["data"][PLOTLY], size)
            drawn += 1
        output["data"]["image/png"] = known[key]
        output["metadata"]["image/png"] = size
    return drawn


def figures(notebook) -> list:
    """The outputs of a notebook that are plotly figures, in order."""
    cells = notebook.cells if notebook is not None else []
    return [out for cell in cells for out in cell.get("outputs", []) if PLOTLY in out.get("data", {})]


def has_its_picture(output) -> bool:
    """Whether a figure has a picture with as many pixels as the size that it declares.

    JupyterLab shows the pixels of a stored picture, whatever size is declared: one with more is cropped.
    """
    from PIL import Image

    if "image/png" not in output["data"]:
        return False
    size = Image.open(BytesIO(base64.b64decode(output["data"]["image/png"]))).size
    return size == tuple(_size(output).values()) and output["metadata"].get("image/png") == _size(output)


def _key(output) -> str:
    return json.dumps(output["data"][PLOTLY], sort_keys=True)


def _size(output) -> dict[str, int]:
    layout = output["data"][PLOTLY].get("layout", {})
    return {"width": int(layout.get("width") or 840), "height": int(layout.get("height") or 480)}


def _draw(figure: dict, size: dict[str, int]) -> str:
    import kaleido
    from PIL import Image

    # One Chromium for all figures. Kaleido would ask a CDN for MathJax, which no figure here uses.
    kaleido.start_sync_server(n=1, mathjax=False, silence_warnings=True)
    content = {"data": figure["data"], "layout": figure.get("layout", {})}
    picture = Image.open(BytesIO(kaleido.calc_fig_sync(content, opts={"format": "png", "scale": 1} | size)))
    return base64.b64encode(small(picture)).decode() + "\n"


def small(picture) -> bytes:
    """A picture in 128 colours: enough for a chart, in a quarter of the bytes.

    An octree keeps the colour of a few small dots, where cutting at the median paints green ones blue.
    """
    from PIL import Image

    kept = BytesIO()
    few = picture.convert("RGB").quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def stop_drawing() -> None:
    """Close the Chromium that drew pictures, if any: at the end of the program it outlives its folder."""
    if kaleido := sys.modules.get("kaleido"):
        kaleido.stop_sync_server(silence_warnings=True)


def store(path: Path, *, on_cell: Callable[[], object] = lambda: None) -> int:
    """Execute a notebook and write it back with its outputs; returns how many pictures had to be drawn."""
    stored = nbformat.read(path, as_version=4)
    notebook = execute(path, on_cell=on_cell)
    drawn = add_pictures(notebook, stored)
    nbformat.validate(notebook)
    write_whole(path, nbformat.writes(notebook) + "\n")
    return drawn


def run_all(paths: Iterable[Path], work: Callable) -> list:
    """``work(path, on_cell=...)`` for each notebook in turn under one progress bar; all failures at once.

    Raises
    ------
    SystemExit
        If any notebook failed, with a message that names each and its cell.
    """
    paths = list(paths)
    cells = sum(
        cell.cell_type == "code" for path in paths for cell in nbformat.read(path, as_version=4).cells
    )
    results, failures = [], []
    with tqdm(total=cells, unit="cell") as progress:
        for path in paths:
            progress.set_description(path.stem[:40])
            try:
                results.append(work(path, on_cell=progress.update))
            except NotebookError as failure:
                failures.append(str(failure))
    if failures:
        raise SystemExit(
            "\n\n".join([*failures, f"{len(failures)} of {len(paths)} notebooks failed (named above)."])
        )
    return results


def main(arguments: list[str]) -> None:
    """Store the notebooks named, or all with the lessons."""
    paths = [Path(argument) for argument in arguments] or [*all_notebooks(), *all_lessons()]
    try:
        results = run_all(paths, store)
    finally:
        stop_drawing()
    for path, drawn in zip(paths, results, strict=True):
        print(f"{path.name}: {path.stat().st_size / 1000:,.0f} kB, {drawn} pictures drawn anew")
        for cell in nbformat.read(path, as_version=4).cells:
            if COVER in cell.metadata.get("tags", ()):
                picture = next(output["data"]["image/png"] for output in cell.outputs)
                write_whole(path.parent / "cover.png", base64.b64decode(picture))


if __name__ == "__main__":
    main(sys.argv[1:])
