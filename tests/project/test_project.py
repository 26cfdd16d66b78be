"""The project as a whole: what it installs, what it imports and when, and what must never be in it."""

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

import secondop
from secondop.datafiles import data_path
from secondop.errors import UnknownNameError

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROOMS = ["rules", "guideline", "readers", "cohorts", "evaluation", "figures", "tables", "teaching", "reports"]
CONDA_NAMES: dict[str, str] = {}  # pip's name -> conda-forge's, where they differ


def bounds(requirements) -> dict[str, str]:
    """{"numpy": ">=1.26", ...} from requirements as pip or conda spells them."""
    found = {}
    for requirement in requirements:
        name, bound = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?\s*(.*)", requirement.strip()).groups()
        found[name.lower()] = bound.strip()
    return found


def test_conda_users_get_the_packages_that_pip_users_get():
    lines = (ROOT / "environment.yml").read_text().partition("dependencies:")[2].splitlines()
    entries = [line.strip().removeprefix("- ") for line in lines if line.strip()]
    assert entries[-2:] == ["pip:", "-e .[lab,excel]"], "pip comes last and installs the project itself"
    conda = bounds(entries[:-2])
    extras = PROJECT["optional-dependencies"]
    pip = bounds(PROJECT["dependencies"] + extras["lab"] + extras["excel"])
    pip = {CONDA_NAMES.get(name, name): bound for name, bound in pip.items()}
    assert conda == pip | {"python": PROJECT["requires-python"], "pip": ""}


def test_every_package_is_pinned_and_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text()
    pins = bounds(
        line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
    )
    asked = PROJECT["dependencies"] + [
        name for extra in PROJECT["optional-dependencies"].values() for name in extra
    ]
    for name in bounds(asked):
        assert re.fullmatch(r"==[\w.]+", pins.get(name, "")), f"{name} is not pinned in constraints.txt"
        assert re.search(rf'^ *"{name}\b[^"]*", *# \w', text, re.M | re.I), (
            f"{name} does not say why it is there"
        )


def test_every_package_that_is_imported_is_asked_for():
    asked = bounds(PROJECT["dependencies"]) | bounds(PROJECT["optional-dependencies"]["lab"])
    trees = {path: ast.walk(ast.parse(path.read_text())) for path in (ROOT / "secondop").rglob("*.py")}
    found = {
        (name.partition(".")[0], path.name)
        for path, nodes in trees.items()
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [x.name for x in node.names])
    }
    theirs = {x for x in found if x[0] not in sys.stdlib_module_names and x[0] != "secondop"}
    assert len(theirs) > 50  # they are read
    assert [x for x in theirs if {"sklearn": "scikit-learn"}.get(x[0], x[0]) not in asked] == []


def test_the_citation_has_the_version_of_the_package():
    assert f"\nversion: {secondop.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_a_data_file_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"no data file 'READ.md'.*README\.md"):
        data_path("READ.md")
    for name in ("../pyproject.toml", "", str(ROOT / "pyproject.toml")):
        with pytest.raises(UnknownNameError):
            data_path(name)


@pytest.mark.slow
def test_an_installed_wheel_carries_its_data(tmp_path):
    source = tmp_path / "source"  # a copy, so that the checkout stays as it is
    for name in ("secondop", "data"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    run = {"check": True, "capture_output": True, "text": True}
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(source)],
        **run,
    )
    (wheel,) = tmp_path.glob("*.whl")
    shutil.rmtree(source)

    # An empty environment that takes the packages we depend on, but not this checkout, from the running one.
    home = tmp_path / "home"
    venv.create(home, with_pip=False)
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", where], **run).stdout.strip())
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
    ]
    subprocess.run([*install, "--disable-pip-version-check", str(wheel)], **run)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")

    script = "import secondop.datafiles as d, sys; [print(d.data_path(name)) for name in sys.argv[1:]]"
    ours = sorted(path for path in (ROOT / "data").rglob("*") if path.is_file())
    names = [path.relative_to(ROOT / "data").as_posix() for path in ours]
    told = subprocess.run([python, "-I", "-c", script, *names], cwd=tmp_path, **run).stdout.splitlines()
    assert [Path(line) for line in told] == [site / "secondop" / "data" / name for name in names]
    assert [Path(line).read_bytes() for line in told] == [path.read_bytes() for path in ours]
    assert not [path.name for path in site.iterdir() if path.name in ("tests", "tools", "data", "notebooks")]
    kinds = ".js", ".css", ".toml", ".pyi", ".j2"
    beside = [path for path in (ROOT / "secondop").rglob("*") if path.suffix in kinds]
    named = {"fit.js", "book.js", "classroom.css", "strings.toml", "__init__.pyi", "report.html.j2"}
    assert {path.name for path in beside} >= named
    assert [
        site / path.relative_to(ROOT) for path in beside if not (site / path.relative_to(ROOT)).exists()
    ] == []


def test_importing_the_package_loads_nothing_slow():
    slow = ["plotly", "sklearn", "ipywidgets", "statsmodels", "scipy.optimize", "duckdb", "pyspark", "dask"]
    script = f"import secondop, sys; print([name for name in {slow} if name in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == "[]"


def imports(path: Path) -> set[str]:
    """The modules of the package that a file imports, at its top or inside a function."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*parts, *filter(None, [node.module])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "secondop"}


def rank(parts) -> int:
    """How far to the right a module stands; modules at the top (errors, datafiles) are left of all rooms."""
    return 1 + ROOMS.index(parts[0]) if parts[0] in ROOMS else 0


MODULES = sorted(
    path for path in (ROOT / "secondop").rglob("*.py") if path != ROOT / "secondop" / "__init__.py"
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT / "secondop").as_posix())
def test_a_module_imports_only_from_its_own_room_or_from_the_left(path):
    own = path.relative_to(ROOT / "secondop").with_suffix("").parts
    for name in imports(path):
        other = name.split(".")[1:]
        assert other and other[0] != "__version__", f"{path.name} imports the whole package; name the module"
        assert rank(other) <= rank(own), f"{path.name} imports {name}, which stands to its right"


def test_nothing_names_a_package_index_or_a_folder_of_one_machine():
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip("not a git checkout, so there is no list of the project's files")
    never = re.compile(r"index[-_]url|find[-]links|/(?:root|home|work|tmp/w)/")
    for name in filter(None, told.stdout.split("\0")):
        path = ROOT / name
        content = path.read_bytes().decode("utf-8", errors="ignore") if path.is_file() else ""
        assert not (found := never.findall(content)), f"{name} contains {found}"
