"""Files of scenarios: the four that ship, and any that states its numbers in TOML.

Files are short: a bare number stands for an assumed parameter whose range follows a stated rule, and what a
file does not state is taken over from the scenario that it extends.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from secondop.arguments import checked, named
from secondop.cohorts.parameters import LIMITS, STATED, Parameter, default_range, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.structure import Structure
from secondop.datafiles import data_path, read_toml
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook
from secondop.words import plural

_HEAD = {"name": (str, "text"), "title": (str, "text"), "fitted_to": (list, "a list of ids")}
_HEAD |= {"defaults": (dict, "a table with a basis and a citation")}
_PARTS = ("value", "lower", "upper", "basis", "citation")


@named
def load_scenario(name: str) -> Scenario:
    """A scenario that comes with the package.

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
    """A scenario from a TOML file, or from text as `Scenario.to_toml` writes it: of a rule book's facts.

    ``data/README.md`` describes the format.
    """
    raw, file, head = read_toml(source, "A scenario"), _File(rule_book), {}
    for key, (kind, words) in _HEAD.items():
        value = raw.pop(key, kind())
        fits = isinstance(value, kind) and all(isinstance(x, str) for x in value)  # letters, ids or keys
        fits = fits and (kind is not dict or value.keys() <= {"basis", "citation"})
        file.faults += [] if fits else [(key, f"{key} is {words}, not {value!r}.")]
        head[key] = value if fits else kind()
    file.default = head["defaults"]
    if "extends" in raw:
        base = load_scenario(raw.pop("extends"))
        file.take_over(base)
        head["fitted_to"] = dict.fromkeys((*base.fitted_to, *head["fitted_to"]))
    elif silent := rule_book.facts.keys() - set(raw.get("facts", ())):
        said = f"it extends no other scenario and says nothing of {plural(len(silent), 'fact')}"
        file.faults.append(("facts", f'{said}: extends = "general" takes over what a file does not state.'))
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
        self.faults: list[tuple[str, str]] = []

    def take_over(self, base: Scenario) -> None:
        """What a scenario states that this one extends, of facts that mean the same."""
        theirs, ours = base.structure.rule_book.facts, self.structure.rule_book.facts
        means = attrgetter("kind", "levels", "unit", "low", "high")
        alike = {x for x in theirs.keys() & ours if means(theirs[x]) == means(ours[x])}
        why = f"carried over from the scenario {base.name!r}, where it was solved for"
        for held, taken in ((self.numbers, base.parameters), (self.stated, base.structure.stated)):
            held |= {x: y for x, y in taken.items() if not x.startswith("facts.") or x.split(".")[1] in alike}
        solved = {path: p for path, p in self.numbers.items() if p.basis == "fitted"}
        self.numbers |= {path: replace(p, basis="assumed", citation=why) for path, p in solved.items()}

    def read(self, path: str, stated: Any) -> None:
        """What stands at a path of the file: a number, what is none, or a table of such."""
        facts, (section, fact, *_) = self.structure.rule_book.facts, (*path.split("."), "")
        sort, fault = sort_of(path), ""
        if section == "facts" and fact and fact not in facts:
            fault = f"there is no fact {fact!r}.{did_you_mean(fact, facts)}"
        elif sort == "table" and not isinstance(stated, dict):
            fault = f"{path} is a table, not {stated!r}."
        elif sort == "table" and "answer" in stated and (both := stated.keys() & {"share", "shares"}):
            fault = f"{path} states an answer or {both.pop()}, not both."
        elif sort == "table" and not stated and "." in path:  # said to be empty, it is there no more
            self.forget(path)
        elif sort == "table":  # bands before their shares; shares of some cases first
            for key in sorted(stated, key=lambda key: {"breaks": 0, "by": 1, "shares": 3}.get(key, 2)):
                self.read(f"{path}.{key}", stated[key])
        elif sort == "shares":
            fault = self.shares(path.removesuffix(".shares"), stated)
        elif sort == "breaks":
            fault = self.breaks(path, facts[fact], stated)
        elif path.endswith(".share") and section == "facts" and facts[fact].kind is not Kind.FLAG:
            fault = (
                f"{path} is stated of a yes-or-no fact: {fact} takes {facts[fact].expects()}. State shares."
            )
        elif sort in LIMITS:
            fault = self.number(path, stated)
        elif sort:
            self.stated[path] = stated
        else:
            known = {*STATED, *self.numbers, *self.stated}
            fault = f"there is no parameter {path!r}.{did_you_mean(path, known)}"
        self.faults += [(path, fault)] if fault else []

    def forget(self, start: str) -> None:
        """Drop what is stated below a path."""
        for held in (self.numbers, self.stated):
            for path in [path for path in held if path.startswith(f"{start}.")]:
                del held[path]

    def breaks(self, path: str, fact: Fact, stated: Any) -> str:
        """The edges of the bands of a number; what is wrong with them, if anything is."""
        if fact.kind is not Kind.NUMBER:
            return f"{path} is stated of numbers alone, not {stated!r}."
        edges = stated if isinstance(stated, list) and all(type(x) in (int, float) for x in stated) else []
        if len(edges) < 2 or sorted({*edges}) != edges or edges[0] < fact.low or edges[-1] > fact.high:
            takes = f"two or more numbers that rise, from {fact.low:,g} to {fact.high:,g}"
            return f"{path} is a list of {takes}, not {stated!r}."
        self.stated[path] = stated
        return ""

    def shares(self, start: str, stated: Any) -> str:
        """Shares by answer, or as a list in the order of answers: in place of those that were there."""
        if f"{start}.breaks" in dict(self.faults):
            return ""
        listed = stated if isinstance(stated, list) else [stated]
        given = stated if isinstance(stated, dict) else dict(enumerate(listed))
        paths = self.structure.share_paths(start, {f"{start}.shares.{label}" for label in given})
        if paths == [f"{start}.share"]:
            return f"{start} is yes or no: state its share, that of yes, and no shares."
        answers = [path.removeprefix(f"{start}.shares.") for path in paths]
        if isinstance(stated, dict) and (odd := [label for label in given if label not in answers]):
            takes = ", ".join(answers) or "those between its breaks"
            if self.structure.rule_book.fact(start.split(".")[1]).kind is Kind.COUNT:
                takes = "0, 1, 2 and so on, none left out"
            return f"{start} has no answer {odd[0]!r}.{did_you_mean(odd[0], answers)} It has {takes}."
        if len(paths) != len(given) and not isinstance(stated, dict):
            lacks = "" if paths else " A number has those between its breaks."
            return f"{start} has {len(paths)} answers, so it needs as many shares, not {len(given)}.{lacks}"
        given = given if isinstance(stated, dict) else dict(zip(answers, listed, strict=True))
        self.forget(f"{start}.shares")
        for label, share in given.items():
            self.read(f"{start}.shares.{label}", share)
        return ""

    def number(self, path: str, value: Any) -> str:
        """A parameter as stated: in full, or as a bare number with the default range and basis."""
        stated = value if isinstance(value, dict) else {"value": value}
        for key, x in ({"value": None} | stated).items():
            if type(x) not in ((str,) if key in ("basis", "citation") else (int, float)) or key not in _PARTS:
                takes = "a number, or its value, lower, upper (numbers), basis and citation (texts)"
                return f"{path} takes {takes}; not {key} = {x!r}."
        if ".share" in path:
            self.stated.pop(f"{path[: path.index('.share')]}.answer", None)
        lower, upper = default_range(sort_of(path), stated["value"])
        own = {key: x if isinstance(x, str) else float(x) for key, x in stated.items()}
        self.numbers[path] = Parameter(**{"lower": lower, "upper": upper} | self.default | own)
        return ""
