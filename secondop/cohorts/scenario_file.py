"""Files of scenarios: the four that ship, and any that states its numbers in TOML.

Files are short: a bare number stands for an assumed parameter whose range follows a stated rule, and what a
file does not state is taken over from the scenario that it extends.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from secondop.arguments import checked
from secondop.cohorts.parameters import STATED, Parameter, default_range, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.structure import OF_EFFECT, Structure
from secondop.datafiles import data_path, read_toml
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook
from secondop.words import plural

_HEAD = {"name": (str, "text"), "title": (str, "text"), "fitted_to": (list, "a list of ids")}
_HEAD |= {"defaults": (dict, "a table of texts")}
_OF_PARAMETER = {"value": (int, float), "lower": (int, float), "upper": (int, float)}
_OF_PARAMETER |= {"basis": (str,), "citation": (str,)}
_NO_NUMBER = re.compile(
    rf"wish|intervention|effects\.[\w-]+\.(when|against|{'|'.join(OF_EFFECT)})"
    r"|facts\.\w+\.(breaks|answer|by\.[\w-]+\.(when|answer))"
)
_MAY_BE_EMPTY = re.compile(r"effects\.[\w-]+|facts\.\w+\.by")


def load_scenario(name: str) -> Scenario:
    """A scenario that comes with the package.

    Parameters
    ----------
    name : str
        "programme": patients of an employer's second-opinion benefit, fitted to their published rates;
        "general": primary care; "surgical": an elective operation is proposed; "oncology": cancer patients.

    Examples
    --------
    >>> load_scenario("programme").fitted_to[:3]
    ('meyer_dx', 'meyer_tx', 'meyer_both')
    """
    folder = data_path("scenarios/programme.toml").parent
    names = [path.stem for path in folder.glob("*.toml")]
    if not isinstance(name, str) or name not in names:
        raise unknown_name("scenario", name, names)
    return read_scenario(folder / f"{name}.toml")


def as_scenario(scenario: Scenario | str) -> Scenario:
    """A scenario as it is, or by its name; anything else is refused."""
    if not isinstance(scenario, Scenario | str):
        raise SecondopError(f"A scenario is one by name, or from read_scenario; got {scenario!r:.80}.")
    return load_scenario(scenario) if isinstance(scenario, str) else scenario


@checked()
def read_scenario(source: str | Path, *, rule_book: RuleBook = RULE_BOOK) -> Scenario:
    """A scenario from a TOML file, or from text as `Scenario.to_toml` writes it.

    Parameters
    ----------
    source : path or str
        The file, or its content. ``data/README.md`` describes the format.
    rule_book : RuleBook
        Whose facts it draws: it states each of them.
    """
    raw, file, head = read_toml(source, "A scenario"), _File(rule_book), {}
    for key, (kind, words) in _HEAD.items():
        value = raw.pop(key, kind())
        fits = isinstance(value, kind) and all(isinstance(x, str) for x in value)  # letters, ids or keys
        file.faults += [] if fits else [f"{key} is {words}, not {value!r}."]
        head[key] = value if fits else kind()
    file.default = head["defaults"]
    if extra := file.default.keys() - {"basis", "citation"}:
        file.faults.append(f"defaults states a basis and a citation, not {', '.join(sorted(extra))}.")
        file.default = {}
    if "extends" in raw:
        base = load_scenario(raw.pop("extends"))
        file.take_over(base)
        head["fitted_to"] = dict.fromkeys((*base.fitted_to, *head["fitted_to"]))
    elif silent := rule_book.facts.keys() - set(raw.get("facts", ())):
        said = f"it extends no other scenario and says nothing of {plural(len(silent), 'fact')}"
        file.faults.append(f'{said}: extends = "general" takes over what a file does not state.')
    for path, stated in raw.items():
        file.read(path, stated)
    name, fitted_to = head["name"] or "without a name", tuple(head["fitted_to"])
    title, faults = head["title"] or name, tuple(file.faults)
    return Scenario(name, title, file.numbers, file.structure, fitted_to, faults)


class _File:
    """What a file states: numbers and all else by path, and every fault that was found."""

    def __init__(self, rule_book: RuleBook) -> None:
        self.numbers: dict[str, Parameter] = {}
        self.stated: dict[str, Any] = {}
        self.structure = Structure(self.stated, rule_book)
        self.default: dict[str, str] = {}
        self.faults: list[str] = []

    def take_over(self, base: Scenario) -> None:
        """What a scenario states that this one extends, of facts that mean the same."""
        theirs, ours = base.structure.rule_book.facts, self.structure.rule_book.facts
        alike = {x for x in theirs.keys() & ours if _meaning(theirs[x]) == _meaning(ours[x])}
        why = f"carried over from the scenario {base.name!r}, where it was solved for"
        for held, taken in ((self.numbers, base.parameters), (self.stated, base.structure.stated)):
            held |= {x: y for x, y in taken.items() if not x.startswith("facts.") or x.split(".")[1] in alike}
        solved = {path: p for path, p in self.numbers.items() if p.basis == "fitted"}
        self.numbers |= {path: replace(p, basis="assumed", citation=why) for path, p in solved.items()}

    def read(self, path: str, stated: Any) -> None:
        """What stands at a path of the file: a number, what is none, or a table of such."""
        section, *rest = path.split(".")
        if section == "facts" and rest and rest[0] not in (facts := self.structure.rule_book.facts):
            self.faults.append(f"there is no fact {rest[0]!r}.{did_you_mean(rest[0], facts)}")
        elif sort_of(path):
            self.number(path, stated)
        elif _NO_NUMBER.fullmatch(path):
            if problem := _break_problem(facts[rest[0]], stated) if rest[-1:] == ["breaks"] else "":
                self.faults.append(f"{path} {problem}, not {stated!r}.")
            else:
                self.stated[path] = stated
        elif path.endswith(".shares"):
            self.shares(path.removesuffix(".shares"), stated)
        elif stated == {} and _MAY_BE_EMPTY.fullmatch(path):
            self.forget(path)
        elif isinstance(stated, dict):
            if both := "answer" in stated and stated.keys() & {"share", "shares"}:
                self.faults.append(f"{path} states an answer or {both.pop()}, not both.")
            # bands before their shares; shares of some cases first
            for key in sorted(stated, key=lambda key: {"breaks": 0, "by": 1, "shares": 3}.get(key, 2)):
                self.read(f"{path}.{key}", stated[key])
        else:
            known = {*STATED, *self.numbers, *self.stated}
            table = any(x.startswith(f"{path}.") for x in known)
            said = f"{path} is a table, not {stated!r}." if table else f"there is no parameter {path!r}."
            self.faults.append(said + did_you_mean(path, known) * (not table))

    def forget(self, start: str) -> None:
        """Drop what is stated below a path."""
        for held in (self.numbers, self.stated):
            for path in [path for path in held if path.startswith(f"{start}.")]:
                del held[path]

    def shares(self, start: str, stated: Any) -> None:
        """Shares by answer, or as a list in the order of answers: in place of those that were there."""
        listed = stated if isinstance(stated, list) else [stated]
        paths = self.structure.share_paths(start, [f"{start}.shares.{i}" for i in range(len(listed))])
        if isinstance(stated, dict):
            given = {f"{start}.shares.{label}": share for label, share in stated.items()}
        elif len(paths) == len(listed):
            given = dict(zip(paths, listed, strict=True))
        else:
            said = f"{start} has {len(paths)} answers, so it needs as many shares, not {len(listed)}."
            self.faults.append(f"{said} A number has those between its breaks." if not paths else said)
            return
        self.forget(f"{start}.shares")
        for path, share in given.items():
            self.number(path, share)

    def number(self, path: str, value: Any) -> None:
        """A parameter as stated: in full, or as a bare number with the default range and basis."""
        stated = value if isinstance(value, dict) else {"value": value}
        wrong = [
            key for key, x in ({"value": ""} | stated).items() if type(x) not in _OF_PARAMETER.get(key, ())
        ]
        if wrong:
            takes = "a number, or its value, lower, upper (numbers), basis and citation (texts)"
            self.faults.append(f"{path} takes {takes}; not {wrong[0]} = {stated.get(wrong[0])!r}.")
            return
        if ".share" in path:
            self.stated.pop(f"{path[: path.index('.share')]}.answer", None)
        lower, upper = default_range(sort_of(path), stated["value"])
        every = {"lower": lower, "upper": upper} | self.default | stated
        self.numbers[path] = Parameter(**{x: float(y) if type(y) is int else y for x, y in every.items()})


def _meaning(fact: Fact) -> tuple:
    return fact.kind, fact.levels, fact.unit, fact.low, fact.high


def _break_problem(fact: Fact, breaks: Any) -> str:
    """Why these cannot be the edges of a fact's bands; empty if they can."""
    if fact.kind is not Kind.NUMBER:
        return "is stated of numbers alone"
    fine = isinstance(breaks, list) and len(breaks) > 1 and all(type(x) in (int, float) for x in breaks)
    if fine and all(a < b for a, b in pairwise(breaks)) and fact.low <= breaks[0] and breaks[-1] <= fact.high:
        return ""
    return f"is a list of two or more numbers that rise, from {fact.low:,g} to {fact.high:,g}"
