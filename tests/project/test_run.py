"""`run.py`: the same on three systems, and clear words where a Python cannot be used."""

import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

import run

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = [
    # system   folder                                  its Python                      tried first
    ("win32", PureWindowsPath(r"C:\care\.venv"), r"C:\care\.venv\Scripts\python.exe", ["py", "-3.14"]),
    ("darwin", PurePosixPath("/care/.venv"), "/care/.venv/bin/python", ["python3.14"]),
    ("linux", PurePosixPath("/care/.venv"), "/care/.venv/bin/python", ["python3.14"]),
]


@pytest.mark.parametrize(("system", "folder", "python", "first"), SYSTEMS)
def test_each_system_has_its_own_paths_and_names(system, folder, python, first):
    assert str(run.environment_python(folder, system)) == python
    own, second, *others = run.candidates(system, None)
    assert (own, second, others[-1]) == ([sys.executable], first, ["python"])
    assert run.candidates(system, None, oldest_first=True)[0][-1].endswith("3.11")
    assert run.candidates(system, "/a folder/python", oldest_first=True) == [["/a folder/python"]]


def test_the_makefile_knows_every_task():
    (tasks,) = re.findall(r"^TASKS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert tasks.split() == list(run.TASKS)


def test_the_lowest_versions_are_those_declared():
    text = """requires-python = ">=3.11"
    "numpy>=2.0",   # arrays
    "dask[dataframe]>=2024.8",
    "pyspark>=3.5",
    """
    assert run.lowest(text) == ["numpy==2.0", "dask[dataframe]==2024.8"]
    ours = run.requirements("lowest", (ROOT / "pyproject.toml").read_text())
    assert {"pandas", "polars", "pytest"} <= {wanted.partition("==")[0] for wanted in ours if "==" in wanted}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a made-up environment, where pip and commands are noted instead of run."""
    for name in run.PINS:
        (tmp_path / name).write_text("")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    done = []
    monkeypatch.setattr(run, "answers", lambda command, loud=False: "25.0")
    monkeypatch.setattr(run, "install", lambda python, wanted: done.append(wanted[-1]))
    monkeypatch.setattr(run, "wait", lambda command: done.append(command[1:]) or 7 * ("ruff" in command))
    python = run.environment_python(tmp_path / ".venv", sys.platform)
    python.parent.mkdir(parents=True)
    python.touch()
    return tmp_path, done


def test_it_installs_once_and_again_when_the_versions_change(project):
    folder, done = project
    lab, everything = ".[lab,excel]", ".[lab,excel,class,engines,dev]"
    for task, installed in (("lab", lab), ("lab", None), ("test", everything), ("study", None)):
        done.clear()
        assert run.main([task]) == 0
        assert done[:-1] == [installed] * bool(installed)
    (folder / "constraints.txt").write_text("numpy==2.4.6")
    done.clear()
    run.main(["study"])
    assert done == [lab, ["-m", "tools.study"]]


def test_what_follows_the_task_is_passed_on_and_a_failure_ends_it(project):
    _, done = project
    assert run.main(["test", "--python", sys.executable, "tests/rules", "-k", "a or b"]) == 0
    assert done[-1] == ["-m", "pytest", "tests/rules", "-k", "a or b"]
    assert run.main(["check"]) == 7
    assert done[-1] == ["-m", "ruff", "check", "."], "what comes after a failure is not run"


def test_the_exit_code_is_that_of_the_command():
    assert run.wait([sys.executable, "-c", "raise SystemExit(5)"]) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without telling it")
def test_what_ends_it_ends_the_command_too():
    told = "import sys, time; print('here', flush=True); time.sleep(600)"
    script = f"import run, sys; sys.exit(run.wait([sys.executable, '-c', {told!r}]))"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as ours:
        assert ours.stdout.readline() == b"here\n"
        ours.terminate()
        assert ours.stdout.read() == b"", "the command holds the other end of the pipe until it ends"
        assert ours.wait() == 15


def test_a_named_python_that_cannot_be_used_is_shown_with_its_own_words(tmp_path, capfd, monkeypatch):
    folder = tmp_path / ".venv"
    with pytest.raises(SystemExit, match="no-such-python did not run as a Python"):
        run.make_environment(folder, "no-such-python")
    assert "no-such-python" in capfd.readouterr().err
    monkeypatch.setattr(run, "answers", lambda command, loud: "3.10.2")
    with pytest.raises(SystemExit, match=r"old is Python 3\.10\.2\. Name one that is 3\.11 or newer"):
        run.make_environment(folder, "old")
    with pytest.raises(SystemExit, match=r"No Python 3\.11 or newer was found"):
        run.make_environment(folder, None)
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_python_without_venv_says_so_itself(tmp_path, capfd):
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\n[ "$1" = -c ] && echo 3.12.4 && exit\necho ensurepip is not available >&2; exit 1\n'
    )
    python.chmod(0o755)
    with pytest.raises(SystemExit, match="could not make an environment"):
        run.make_environment(tmp_path / ".venv", str(python))
    assert "ensurepip is not available" in capfd.readouterr().err


def test_it_starts_without_any_package():
    told = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "run.py"], capture_output=True, text=True, check=True
    )
    assert all(task in told.stdout for task in run.TASKS)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("told", "passed"),
    [
        ("classroom", "run.py classroom"),
        ("classroom URL=https://a.example SERVE=1", 'run.py classroom --url "https://a.example" --serve'),
        ("class URL=https://a.example SERVE=1", 'run.py class --url "https://a.example"'),
        ("classroom LANGUAGE=de", 'run.py classroom --language "de"'),
        ("class LANGUAGE=de URL=https://a.example", 'run.py class --url "https://a.example" --language "de"'),
        ("study URL=https://a.example", "run.py study"),
    ],
)
def test_make_passes_the_address_on_where_it_means_something(told, passed):
    said = subprocess.run(["make", "-n", *told.split()], cwd=ROOT, capture_output=True, text=True, check=True)
    assert " ".join(said.stdout.split()) == f"python3 {passed}"
