"""Do the tests notice when a rule, a condition or a measure is wrong?

Small faults are put into the source, one at a time: a comparison flipped or shifted, `and` for `or`, a `not`
dropped, a level, a number or a date changed, a part of a condition left out, plus for minus, least for most.
Each mutant runs the tests that hold its file, in a process of its own, until one fails. A survivor is shown:
either a test is missing, or no test can tell, which EQUIVALENT says with the reason. No file is altered.

    python benchmarks/mutants.py [how many, 300 unless stated] [files, such as measures.py]
"""

from __future__ import annotations

import ast
import copy
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
EVALUATION = "tests/evaluation/"
TESTS = {
    "secondop/guideline/indications.py": ["tests/guideline"],
    "secondop/guideline/sgb27b.py": ["tests/guideline"],
    "secondop/rules/conditions.py": ["tests/rules/test_conditions.py", "tests/rules/test_answers.py"],
    "secondop/rules/answers.py": [
        "tests/rules/test_answers.py",
        "tests/rules/test_explain.py",
        "tests/rules/test_properties.py",
    ],
    "secondop/rules/what_if.py": ["tests/rules/test_explain.py", "tests/rules/test_properties.py"],
    "secondop/evaluation/measures.py": [EVALUATION + "test_measures.py", EVALUATION + "test_differences.py"],
    "secondop/evaluation/differences.py": [EVALUATION + "test_differences.py", EVALUATION + "test_reform.py"],
}
_ROUNDING = "1e-9 stands for rounding: no difference is exactly that"
_SURE = "sure = np.where(last - sure > 1e-9, np.nan, sure)"
_FEW = "few, (s, c) = tables[..., FP] <= tables[..., FN], _volumes(tables)"
_LAST = "last = [value for value, _ in (*cuts, *cuts[-1:])] or [0]"
_SIZES = "_SIZES = len(_RANK), 2, len(_RANK), 1 << 20, 1 << 20  # no book has so many answers or rules"
_AT_ONCE = "_AT_ONCE = 1 << 16  # cases: their arrays fit the processor's cache"
_SAID = "said = np.array([space.table(rule.name)[at[i]] for i, rule in enumerate(rules)]).reshape(-1, n)"
_YIELD = "yield fact, np.where(helps, np.ravel_multi_index(parts, _SIZES), 0), after, makes_final"
_SAME = [
    # file of secondop, line, what stands there, in its place, why no test can tell them apart
    ("evaluation/measures.py", _SURE, "last - sure > 1e-9", "(last - sure >= 1e-09)", _ROUNDING),
    (
        "evaluation/measures.py",
        _FEW,
        "tables[..., FP] <= tables[..., FN]",
        "(tables[..., FP] < tables[..., FN])",
        "as many errors of both sorts: both forms give the same",
    ),
    ("rules/answers.py", _LAST, "[0]", "[-1]", "none and minus one are both plural"),
    *(
        ("rules/what_if.py", _SIZES, old, new, "any size will do that is large enough")
        for size in ("2 << 20", "1 << 21", "1 << 19")
        for old, new in (("1 << 20,", f"{size},"), ("1 << 20 ", f"{size} "))
    ),
    ("rules/what_if.py", _SIZES, " 2,", " 3,", "any size will do that is large enough"),
    ("rules/what_if.py", _SAID, "(-1, n)", "(-2, n)", "numpy takes any negative length for the one to find"),
    ("rules/what_if.py", _YIELD, "_SIZES), 0)", "_SIZES), -1)", "no rank of what is not asked is above none"),
    ("rules/what_if.py", _AT_ONCE, "16", "17", "how many cases at a time changes no answer"),
]
EQUIVALENT = {
    (f"secondop/{file}", " ".join(line.split()), " ".join(line.replace(old, new).split())): why
    for file, line, old, new, why in _SAME
}
"""File, line and mutated line -> why no test can tell them apart."""
SEED, AT_ONCE, LONGEST = 20_261_127, 2, 120  # longest: seconds; a mutant that runs on for ever is caught
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
SWAPPED = {
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div,
    ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = dict(pair for a, b in (("min", "max"), ("minimum", "maximum"), ("fmin", "fmax"), ("any", "all"))
             for pair in ((a, b), (b, a)))  # fmt: skip
ATOMS = ast.Constant, ast.Name, ast.Attribute, ast.Call
LEVELS = {"optional": "recommended", "recommended": "urgent", "urgent": "recommended"}
DATE = re.compile(r"20\d\d(-\d\d-\d\d)?")


class Mutant(NamedTuple):
    """One fault: where it is, its lines before and after, and the source of the whole file with it."""

    file: str
    line: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.before, self.after


def mutants(file: str, levels: dict[str, list[str]]) -> Iterator[Mutant]:
    """Every mutant of a file; ``levels`` are those of each fact."""
    source = (ROOT / file).read_text("utf-8")
    lines = source.encode().splitlines(keepends=True)
    for node in _alive(ast.parse(source)):
        for changed in _changes(node, levels):
            text = ast.unparse(ast.fix_missing_locations(changed))
            text = text if isinstance(changed, ATOMS) else f"({text})"
            own = lines[node.lineno - 1 : node.end_lineno]
            first, last = own[0][: node.col_offset], own[-1][node.end_col_offset :]
            made = first + text.encode() + last
            shown = (" ".join(x.decode().split()) for x in (b"".join(own), made))
            rest = (b"".join(some).decode() for some in (lines[: node.lineno - 1], lines[node.end_lineno :]))
            yield Mutant(file, node.lineno, *shown, made.decode().join(rest))


def _alive(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that a fault could matter in: no types, no words of errors, no documentation."""
    if isinstance(node, (ast.Raise, ast.JoinedStr)) or getattr(node, "arg", "") == "strict":
        return  # zip's strict only guards against a mistake that is not there
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.expr):
                yield child
            if isinstance(child, ast.AST):
                yield from _alive(child)


def _changes(node: ast.expr, levels: dict[str, list[str]]) -> Iterator[ast.expr]:
    def with_(**fields: object) -> ast.expr:
        changed = copy.copy(node)
        for name, value in fields.items():
            setattr(changed, name, value)
        return changed

    match node:
        case ast.Compare(left=left, ops=ops, comparators=others):
            for i, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield with_(ops=[*ops[:i], other(), *ops[i + 1 :]])
            for level in _others(left, others[0], levels):
                yield with_(comparators=[ast.Constant(level)])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SWAPPED:
            yield with_(op=SWAPPED[type(op)]())
            if isinstance(op, (ast.BitAnd, ast.BitOr)):
                yield from (left, right)
        case ast.BoolOp(op=op, values=values):
            yield with_(op=SWAPPED[type(op)]())
            for i in range(len(values)):
                rest = values[:i] + values[i + 1 :]
                yield with_(values=rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(op=ast.Invert() | ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Call(func=ast.Attribute(value=fact, attr="is_in"), args=args):
            for i, given in enumerate(args):
                if len(args) > 1:
                    yield with_(args=args[:i] + args[i + 1 :])
                for level in _others(fact, given, levels, args):
                    yield with_(args=[*args[:i], ast.Constant(level), *args[i + 1 :]])
        case ast.Name(id=name) if name in NAMES:
            yield with_(id=NAMES[name])
        case ast.Attribute(attr=name) if name in NAMES:
            yield with_(attr=NAMES[name])
        case ast.Constant(value=bool() as value):
            yield with_(value=not value)
        case ast.Constant(value=int() | float() as value):
            yield from (with_(value=value + 1), with_(value=value - 1))
        case ast.Constant(value=str() as value) if value in LEVELS:
            yield with_(value=LEVELS[value])
        case ast.Constant(value=str() as value) if DATE.fullmatch(value):
            yield with_(value=f"{int(value[:4]) + 1}{value[4:]}")


def _others(fact: ast.expr, given: ast.expr, levels: dict, taken: list[ast.expr] = ()) -> list[str]:
    """The levels next to the one that is asked for."""
    known = levels.get(ast.unparse(fact).split(".")[-1], [])
    if not isinstance(given, ast.Constant) or given.value not in known:
        return []
    place = known.index(given.value)
    said = {x.value for x in taken if isinstance(x, ast.Constant)}
    beside = known[max(place - 1, 0) : place] + known[place + 1 : place + 2]
    return [level for level in beside if level not in said]


class _Loader(SourceFileLoader):
    """Imports the mutant for the file, and leads imports to it."""

    def __init__(self, mutant: Mutant):
        self.mutant = mutant
        super().__init__(mutant.file.removesuffix(".py").replace("/", "."), str(ROOT / mutant.file))

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> object:
        return compile(self.mutant.source, self.path, "exec")


def start(mutant: Mutant) -> int:
    """Fork a process that runs the tests of a file with the mutant in its place; it ends as pytest does."""
    if child := os.fork():
        return child
    try:
        signal.alarm(LONGEST)
        os.setpgid(0, 0)
        silent = os.open(os.devnull, os.O_WRONLY)
        if mutant.line:
            os.dup2(silent, 1), os.dup2(silent, 2)
        sys.meta_path.insert(0, _Loader(mutant))
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", "--tb=short", "--no-header"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported before the fork
        code = int(pytest.main([*options, *(str(ROOT / path) for path in TESTS[mutant.file])]))
        sys.stdout.flush()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        code = 99
    os._exit(code)


def survivors(sample: list[Mutant]) -> list[Mutant]:
    """Those that no test noticed, printed as they are found; two run at a time."""
    waiting, running, lived, began = list(reversed(sample)), {}, [], time.monotonic()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            mutant = waiting.pop()
            running[start(mutant)] = mutant
        child, status = os.wait()
        mutant = running.pop(child)
        if status == 0:
            lived.append(mutant)
            if mutant.key not in EQUIVALENT:
                print(f"\r{mutant.file}:{mutant.line}\n  - {mutant.before}\n  + {mutant.after}", flush=True)
        done = len(sample) - len(waiting) - len(running)
        told = f"{done} of {len(sample)} mutants, {len(lived)} alive, {time.monotonic() - began:.0f} s"
        print(f"\r{told}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return lived


def main() -> None:
    """Run a sample, and print which mutants live."""
    asked = [x for x in sys.argv[1:] if not x.isdigit()]
    how_many = next((int(x) for x in sys.argv[1:] if x.isdigit()), 300)
    files = [file for file in TESTS if not asked or any(file.endswith(name) for name in asked)]
    os.environ |= {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "CI": "1"}
    os.chdir(ROOT)
    sys.dont_write_bytecode = True
    said = subprocess.run(
        [sys.executable, "-c", LEVELS_OF_FACTS], check=True, capture_output=True, text=True, cwd=ROOT
    )
    import hypothesis.extra.pandas  # noqa: F401  (what all tests import is imported once, before any fork)
    import narwhals  # noqa: F401
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import polars  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pytest  # noqa: F401
    import statsmodels.stats.proportion  # noqa: F401

    for file in files:
        unchanged = Mutant(file, 0, "", "", (ROOT / file).read_text("utf-8"))
        if os.waitpid(start(unchanged), 0)[1]:
            raise SystemExit(f"The tests of {file} fail without any mutant.")
    every = [mutant for file in files for mutant in mutants(file, json.loads(said.stdout))]
    sample = random.Random(SEED).sample(every, min(how_many, len(every)))
    began = time.monotonic()
    lived = survivors(sample)
    alive = [mutant for mutant in lived if mutant.key not in EQUIVALENT]
    print(f"{len(sample)} of {len(every)} mutants in {time.monotonic() - began:.0f} s")
    print(f"{'file':38}{'mutants':>8}{'caught':>8}{'equivalent':>12}{'alive':>8}")
    counts = [Counter(m.file for m in some) for some in (sample, lived, alive)]
    for file in files:
        n, left, bad = (count[file] for count in counts)
        print(f"{file:38}{n:8}{n - left:8}{left - bad:12}{bad:8}")
    raise SystemExit(bool(alive))


LEVELS_OF_FACTS = """
import json
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
print(json.dumps({name: fact.levels for book in (RULE_BOOK, SGB27B) for name, fact in book.facts.items()}))
"""

if __name__ == "__main__":
    main()
