"""Files of scenarios: the four that ship, and any that states its numbers in TOML."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from secondop.arguments import checked
from secondop.cohorts.parameters import EFFECTS_ON, Parameter, default_range, share_paths, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.structure import OF_EFFECT, OF_FACT, Structure
from secondop.datafiles import data_path, read_toml
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook
from secondop.words import plural

_SECTIONS = ("signal", "missing", "rates", "readers", "outcomes", "sought", "solved", "effects", "facts")


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
    raw, faults = read_toml(source, "A scenario"), []
    name, title = (_said(raw, key, str, "text", faults) for key in ("name", "title"))
    name = name or "without a name"
    fitted_to = _said(raw, "fitted_to", list, "a list of ids", faults) or []
    default = _said(raw, "defaults", dict, "a table", faults) or {}
    if extra := default.keys() - {"basis", "citation"}:
        faults.append(f"defaults states a basis and a citation, not {', '.join(sorted(extra))}.")
    base = load_scenario(raw.pop("extends")) if "extends" in raw else None
    reader = _Reader(rule_book, {key: default[key] for key in default.keys() - extra}, faults)
    if base is not None:
        reader.carry_over(base)
        fitted_to = dict.fromkeys((*base.fitted_to, *fitted_to))
    for section, stated in raw.items():
        reader.read(section, stated)
    if base is None and (silent := rule_book.facts.keys() - reader.structure.get("facts", {}).keys()):
        said = f"it extends no other scenario and says nothing of {plural(len(silent), 'fact')}"
        faults.insert(0, f'{said}: extends = "general" takes over what a file does not state.')
    structure = Structure(reader.structure, rule_book)
    return Scenario(name, title or name, reader.numbers, structure, tuple(fitted_to), tuple(faults))


def _said(raw: dict, key: str, due: type, words: str, faults: list[str]) -> Any:
    """What the file says under a key, taken out of it; None if nothing, or not of the type due."""
    value = raw.pop(key, None)
    if isinstance(value, due) and all(isinstance(x, str) for x in value):  # letters, keys or ids
        return value
    faults += [] if value is None else [f"{key} is {words}, not {value!r}."]
    return None


class _Reader:
    """What a file states: numbers by path, the structure, and every fault that was found."""

    def __init__(self, rule_book: RuleBook, default: dict, faults: list[str]) -> None:
        self.rule_book, self.default, self.faults = rule_book, default, faults
        self.numbers: dict[str, Parameter] = {}
        self.structure: dict[str, Any] = {"effects": {}, "facts": {}}

    def carry_over(self, base: Scenario) -> None:
        """What a scenario states that this one extends, of facts that mean the same."""
        theirs, ours = base.structure.rule_book.facts, self.rule_book.facts
        alike = {x for x in theirs.keys() & ours if _meaning(theirs[x]) == _meaning(ours[x])}
        why = f"carried over from the scenario {base.name!r}, where it was solved for"
        for path, p in base.parameters.items():
            section, fact, *_ = *path.split("."), ""
            if section != "facts" or fact in alike:
                fitted = p.basis == "fitted"
                self.numbers[path] = replace(p, basis="assumed", citation=why) if fitted else p
        self.structure |= copy.deepcopy(dict(base.structure.raw))
        self.structure["facts"] = {x: own for x, own in self.structure["facts"].items() if x in alike}

    def read(self, section: str, stated: Any) -> None:
        """What stands in one section of the file."""
        if section in ("wish", "intervention"):
            self.structure[section] = stated
        elif section == "signal":
            self.number(section, stated)
        elif section not in _SECTIONS:
            self.faults.append(f"there is no section {section!r}.{did_you_mean(section, _SECTIONS)}")
        else:
            for key, value in self.table(section, stated, f", as in [{section}]").items():
                match section:
                    case "effects":
                        self.effect(key, value)
                    case "facts" if key not in (facts := self.rule_book.facts):
                        self.faults.append(f"there is no fact {key!r}.{did_you_mean(key, facts)}")
                    case "facts":
                        held = self.structure["facts"].setdefault(key, {})
                        self.fact(f"facts.{key}", self.rule_book.fact(key), value, held)
                    case _:
                        self.number(f"{section}.{key}", value)

    def table(self, place: str, stated: Any, hint: str = "") -> dict[str, Any]:
        """A table, to take from; an empty one, and a fault, if it is none."""
        if isinstance(stated, dict):
            return dict(stated)
        self.faults.append(f"{place} is a table{hint}, not {stated!r}.")
        return {}

    def forget(self, start: str) -> None:
        """Drop the numbers below a path."""
        for path in [path for path in self.numbers if path.startswith(f"{start}.")]:
            del self.numbers[path]

    def effect(self, name: str, stated: Any) -> None:
        """What is stated of an effect; one that is said to be empty is there no more."""
        start, takes, own = (
            f"effects.{name}",
            {*OF_EFFECT, *EFFECTS_ON, "contrast"},
            self.structure["effects"],
        )
        if stated == {}:
            own.pop(name, None)
            self.forget(start)
            return
        for key, value in self.table(start, stated).items():
            if key in OF_EFFECT:
                own.setdefault(name, {})[key] = value
            elif key in takes:
                own.setdefault(name, {})
                self.number(f"{start}.{key}", value)
            else:
                said = f"{start} cannot state {key!r}.{did_you_mean(key, takes)}"
                self.faults.append(f"{said} It takes {', '.join(sorted(takes))}.")

    def fact(self, start: str, fact: Fact, stated: Any, held: dict, breaks: Iterable = ()) -> None:
        """What is stated of a fact or of some of its cases: numbers by path, all else into ``held``."""
        own = self.table(start, stated, ", as in { share = 0.1 }")
        if "breaks" in own and (wrong := _break_problem(fact, own["breaks"])):
            self.faults.append(f"{start}.breaks {wrong}, not {own.pop('breaks')!r}.")
            own.pop("shares", None)  # cannot be told without
        if "answer" in own and (both := own.keys() & {"share", "shares"}):
            self.faults.append(f"{start} states an answer or {both.pop()}, not both.")
        held |= {key: own.pop(key) for key in OF_FACT if key in own}
        breaks = held.get("breaks", breaks)
        by = own.pop("by", None)
        if by == {}:  # said to be empty: no case is told apart any more
            held["by"] = {}
            self.forget(f"{start}.by")
        elif by is not None:
            for name, each in self.table(
                f"{start}.by", by, " of cases, each with its when and shares"
            ).items():
                place = held.setdefault("by", {}).setdefault(name, {})
                self.fact(f"{start}.by.{name}", fact, each, place, breaks)
        shares = self.shares(start, fact, own.pop("shares", {}), breaks)
        if "share" in own or shares:
            held.pop("answer", None)
            self.forget(f"{start}.shares")
        for key, value in (own | shares).items():
            self.number(f"{start}.{key}", value)

    def shares(self, start: str, fact: Fact, stated: Any, breaks: Iterable) -> dict[str, Any]:
        """Shares by what a path ends with, stated by answer, or as a list in the order of answers."""
        if isinstance(stated, dict):
            return {f"shares.{label}": share for label, share in stated.items()}
        stated = stated if isinstance(stated, list) else [stated]
        places = dict.fromkeys(f"{start}.shares.{i}" for i in range(len(stated)))
        paths = share_paths(places, start, fact, breaks)
        if len(paths) == len(stated) and (paths or fact.kind is not Kind.NUMBER):
            return {path.removeprefix(f"{start}."): x for path, x in zip(paths, stated, strict=True)}
        bands = f"{start}: it is a number, so it states breaks, the edges of the bands of its shares."
        many = f"{start} has {len(paths)} answers, so it needs as many shares, not {len(stated)}."
        self.faults.append(many if paths or fact.kind is not Kind.NUMBER else bands)
        return {}

    def number(self, path: str, value: Any) -> None:
        """A parameter as stated: in full, or as a bare number with the default range and basis."""
        stated = value if isinstance(value, dict) else {"value": value}
        own = {key: stated[key] for key in ("value", "lower", "upper") if key in stated}
        if extra := set(stated) - set(Parameter.__dataclass_fields__):
            self.faults.append(f"{path} cannot state {', '.join(sorted(extra))}.")
        elif "value" not in own or any(type(number) not in (int, float) for number in own.values()):
            self.faults.append(f"{path} needs a number, not {value!r}.")
        elif wrong := [key for key in ("basis", "citation") if not isinstance(stated.get(key, ""), str)]:
            self.faults.append(f"{path}: its {wrong[0]} is text, not {stated[wrong[0]]!r}.")
        else:
            lower, upper = default_range(sort_of(path), own["value"])
            own = {key: float(number) for key, number in own.items()}
            self.numbers[path] = Parameter(**{"lower": lower, "upper": upper} | self.default | stated | own)


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
