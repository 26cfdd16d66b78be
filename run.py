"""Set up and run everything, the same way on Windows, macOS and Linux: ``python run.py study``.

Needs a Python and nothing else. The first time, it makes an environment in ``.venv`` and installs the
versions of ``constraints.txt``; later, only when they change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
PINS = ("pyproject.toml", "constraints.txt")
EXTRAS = {"lab": "lab,excel", "class": "lab,excel,class", "all": "lab,excel,class,engines,dev"}
LINT = [["-m", "ruff", "check", "."], ["-m", "ruff", "format", "--check", "."]]
PYTEST = ["-m", "pytest"]
QUICK = [*PYTEST, "-m", "not slow", "--hypothesis-profile", "quick"]
TASKS = {
    # task: (what it does, the extras it needs, what the environment's Python is given)
    "study": ("run every notebook and lesson and build the pages: build/study/index.html", "lab",
              [["-m", "tools.study"]]),
    "test": ("run all tests", "all", [PYTEST]),
    "lab": ("open the notebooks in JupyterLab", "lab",
            [["-m", "jupyter", "lab", "notebooks", "--LabApp.default_url=/lab/tree/00-START-HERE.md"]]),
    "quick": ("run the fast tests: no browser, no notebook, no engine that needs Java", "all", [QUICK]),
    "lint": ("check the code's style and format", "all", LINT),
    "check": ("lint, format and all tests, as before a commit", "all", [*LINT, PYTEST]),
    "classroom": ("write the classroom, one page for a class: build/classroom/index.html (--language de)",
                  "lab",
                  [["-m", "tools.classroom"]]),
    "class": ("write what a class is given: notebooks/class, pages to print in build/class (--language de)",
              "class",
              [["-m", "tools.handouts"]]),
    "notebooks": ("run every notebook and lesson and store it with its outputs (needs Chromium)", "all",
                  [["-m", "tools.notebooks"]]),
    "bench": ("run the benchmarks", "all",
              [[f"benchmarks/{path.name}"] for path in sorted(ROOT.glob("benchmarks/*.py"))]),
    "lowest": ("run the fast tests with the oldest packages that pyproject.toml allows", "lowest", [QUICK]),
    "clean": ("remove what was built (the environment stays: delete the folder .venv)", "", []),
}  # fmt: skip
NOT_LOWEST = ("pyspark",)  # built from source, and the fast tests do not use it
BUILT = ("build", "dist", ".pytest_cache", ".ruff_cache", ".hypothesis")


def environment_python(folder: PurePath, system: str) -> PurePath:
    """Where an environment keeps its Python; ``system`` is as ``sys.platform`` calls it."""
    return folder / "Scripts" / "python.exe" if system == "win32" else folder / "bin" / "python"


def candidates(system: str, given: str | None, oldest_first: bool = False) -> list[list[str]]:
    """The interpreters to try, each as a command, in order: the one that is named, or the usual names."""
    if given:
        return [[given]]
    minors = sorted(range(OLDEST[1], 15), reverse=not oldest_first)
    if system == "win32":
        named = [*(["py", f"-3.{minor}"] for minor in minors), ["python"]]
    else:
        named = [*([f"python3.{minor}"] for minor in minors), ["python3"], ["python"]]
    return [*named, [sys.executable]] if oldest_first else [[sys.executable], *named]


def lowest(project: str) -> list[str]:
    """The lowest versions that the text of a pyproject.toml allows, each as ``"numpy==2.0"``."""
    bounds = re.findall(r'"([\w.-]+)(\[\w+\])?>=([\w.]+)"', project)
    return [f"{name}{extra}=={bound}" for name, extra, bound in bounds if name not in NOT_LOWEST]


def requirements(kind: str, project: str) -> list[str]:
    """What pip installs into an environment."""
    if kind == "lowest":
        return ["-e", ".", *lowest(project)]
    return ["-c", "constraints.txt", "-e", f".[{EXTRAS[kind]}]"]


def fingerprint(root: Path) -> str:
    """Changes when the environment must be set up anew: with what is asked for, or the folder's place."""
    parts = [str(root).encode(), *((root / name).read_bytes() for name in PINS)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def main(arguments: list[str]) -> int:
    """Set up what the task needs and run it; further arguments are passed on to it."""
    told = "\n".join(f"  {task:<10} {what}" for task, (what, _, _) in TASKS.items())
    parser = argparse.ArgumentParser(
        prog="run.py", usage="python run.py TASK [--python PATH] [what the task takes]", allow_abbrev=False,
        description="secondop: when is a second medical opinion worth recommending?",
        epilog=f"tasks:\n{told}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("task", nargs="?", choices=TASKS, metavar="TASK", help="one of those below")
    parser.add_argument(
        "--python",
        default=os.environ.get("PYTHON"),
        help="the Python to make the environment with (3.11 or newer)",
    )
    options, passed = parser.parse_known_args(arguments)
    if not options.task:
        parser.print_help()
        return 0
    if options.task == "clean":
        clean()
        return 0
    _, kind, commands = TASKS[options.task]
    python = ready(kind, options.python)
    commands = [*commands[:-1], [*commands[-1], *passed]]
    return next((code for command in commands if (code := wait([python, *command]))), 0)


def ready(kind: str, given: str | None) -> str:
    """The Python of an environment that has what is needed, made and installed now if it must be."""
    folder = ROOT / (".venv-lowest" if kind == "lowest" else ".venv")
    python = environment_python(folder, sys.platform)
    stamp, now = folder / f"ready-{kind}", fingerprint(ROOT)
    stamps = [stamp, folder / "ready-all"]  # everything includes what the notebooks need
    if not python.exists() or not any(path.is_file() and path.read_text() == now for path in stamps):
        if not answers([str(python), "-m", "pip", "--version"]):
            make_environment(folder, given, oldest_first=kind == "lowest")
        elif given:
            print(f"Keeping {folder.name} as it is. To make it anew with {given}, delete that folder first.")
        install(str(python), requirements(kind, (ROOT / "pyproject.toml").read_text(encoding="utf-8")))
        stamp.write_text(now)
    lab_settings(folder)
    return str(python)


def make_environment(folder: Path, given: str | None, oldest_first: bool = False) -> None:
    """Make an environment with the first interpreter that is new enough, or say why a named one is not."""
    for python in candidates(sys.platform, given, oldest_first):
        version = answers(
            [*python, "-c", "import sys; print(*sys.version_info[:3], sep='.')"], loud=bool(given)
        )
        if not version or tuple(map(int, version.split(".")[:2])) < OLDEST:
            continue
        print(f"Making {folder.name} with Python {version} ({' '.join(python)})", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        if subprocess.run([*python, "-m", "venv", str(folder)]).returncode:
            shutil.rmtree(folder, ignore_errors=True)
            raise SystemExit(
                f"{' '.join(python)} could not make an environment; what it said stands above. "
                "On Debian and Ubuntu: apt-get install python3-venv"
            )
        return
    if given:
        found = f"is Python {version}" if version else "did not run as a Python"
        raise SystemExit(f"{given} {found}. Name one that is 3.11 or newer: --python PATH")
    raise SystemExit("No Python 3.11 or newer was found. Install one (python.org), or name it: --python PATH")


def answers(command: list[str], loud: bool = False) -> str:
    """What a command prints, or nothing if it fails; ``loud`` shows what it had to say then."""
    try:
        told = subprocess.run(command, capture_output=True, text=True, errors="replace")
    except OSError as error:
        told = subprocess.CompletedProcess(command, 1, "", str(error))
    if told.returncode and loud:
        print(told.stdout + told.stderr, file=sys.stderr)
    return "" if told.returncode else told.stdout.strip()


def install(python: str, wanted: list[str]) -> None:
    """Install with pip, with progress: in place on a terminal, a line every 25 packages elsewhere."""
    print("Installing what is needed (once)", flush=True)
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command = [python, "-m", "pip", "install", "--progress-bar", "off", *wanted]
    count, live = 0, sys.stdout.isatty()
    with subprocess.Popen(
        command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as pip:
        for line in pip.stdout:
            word, name, *_ = [*line.split(), "", ""]
            count += word in ("Collecting", "Processing")
            if word == "Installing" and name == "collected":
                print(
                    "\r" * live + f"  {count} packages fetched, now installing them".ljust(50 * live),
                    flush=True,
                )
            elif word == "Collecting" and live:
                print(f"\r  package {count}: {name}"[:50].ljust(50), end="", flush=True)
            elif word in ("Collecting", "Processing") and not live and count % 25 == 0:
                print(f"  {count} packages", flush=True)
    if pip.returncode:
        raise SystemExit("pip could not install what is needed; what it said stands above.")


def lab_settings(folder: Path) -> Path:
    """Keep JupyterLab's pop-up about news off the answers of the explorers, and open markdown to be read.

    Returns the file of an environment that says so; what a user sets in JupyterLab goes before it.
    """
    path = folder / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    }
    path.write_text(json.dumps(settings, indent=2) + "\n")
    return path


def wait(command: list[str]) -> int:
    """Run a command in the project's folder; it hears Ctrl-C itself, and its exit code is ours."""
    with subprocess.Popen(command, cwd=str(ROOT)) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return abs(process.wait())
            except KeyboardInterrupt:
                continue


def clean() -> None:
    """Remove what was built."""
    folders = [ROOT / name for name in BUILT]
    for top in ("secondop", "tests", "tools", "benchmarks", "notebooks"):
        folders += [*(ROOT / top).rglob("__pycache__"), *(ROOT / top).rglob(".ipynb_checkpoints")]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
