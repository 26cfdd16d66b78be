"""Files of scenarios: the four that ship, and any that states its numbers in TOML."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from secondop.arguments import checked
from secondop.cohorts.parameters import EFFECTS_ON, Parameter, default_range, share_paths, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.structure import OF_EFFECT, OF_FACT, Structure
from secondop.datafiles import data_path
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook

MAX_TEXT, MAX_KEY = 1_000_000, 1_000
"""Letters of a file, and of a key: Python's TOML reader takes gigabytes for a key with thousands of dots."""


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
    raw = _toml_of(source)
    faults: list[str] = []
    name, title = (_said(raw, key, str, "text", faults) for key in ("name", "title"))
    fitted_to = tuple(_said(raw, "fitted_to", list, "a list of ids", faults) or ())
    extends = raw.pop("extends", None)
    default = _defaults(_said(raw, "defaults", dict, "a table", faults) or {}, faults)
    numbers, structure = ({}, {}) if extends is None else _carried(base := load_scenario(extends), rule_book)
    if extends is not None:
        fitted_to = tuple(dict.fromkeys((*base.fitted_to, *fitted_to)))
    structure |= {key: raw.pop(key) for key in ("wish", "intervention") if key in raw}
    for section, rows in raw.items():
        if section == "signal":
            _read("signal", rows, default, numbers, faults)
        elif section not in _SECTIONS:
            faults.append(f"there is no section {section!r}.{did_you_mean(section, _SECTIONS)}")
        elif not isinstance(rows, dict):
            faults.append(f"{section} is a table, as in [{section}], not {rows!r}.")
        elif section == "facts":
            for fact, own in rows.items():
                if fact not in rule_book.facts:
                    faults.append(f"there is no fact {fact!r}.{did_you_mean(fact, rule_book.facts)}")
                else:
                    held = structure.setdefault("facts", {}).setdefault(fact, {})
                    _read_fact(f"facts.{fact}", rule_book.fact(fact), own, held, default, numbers, faults)
        elif section == "effects":
            for effect, own in rows.items():
                _read_effect(effect, own, structure.setdefault("effects", {}), default, numbers, faults)
        else:
            for key, value in rows.items():
                _read(f"{section}.{key}", value, default, numbers, faults)
    name = name or "without a name"
    return Scenario(name, title or name, numbers, Structure(structure, rule_book), fitted_to, tuple(faults))


def _toml_of(source: Any) -> dict[str, Any]:
    """What a file or a text states; a text of one line that sets nothing is taken for a path."""
    if isinstance(source, str) and "\n" not in source and ("=" not in source or source.endswith(".toml")):
        source = Path(source)
    if not isinstance(source, (str, Path)):
        raise SecondopError(f"A scenario is read from a path or a text in TOML, not {source!r:.80}.")
    if isinstance(source, Path) and not source.is_file():
        raise SecondopError(f"There is no file {str(source)!r} to read a scenario from.")
    try:
        text = source.read_text("utf-8") if isinstance(source, Path) else source
    except UnicodeDecodeError as error:
        raise SecondopError(f"The file {str(source)!r} is not text in UTF-8: save it as such.") from error
    keys = (line.partition("=")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
    if len(text) > MAX_TEXT or max(map(len, keys), default=0) > MAX_KEY:
        most = f"{MAX_TEXT:,} letters, and {MAX_KEY:,} before each '='"
        raise SecondopError(f"A scenario takes up to {most}; this text is longer.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SecondopError(f"The scenario is not valid TOML: {error}.") from error


def _said(raw: dict, key: str, due: type, words: str, faults: list[str]) -> Any:
    """What the file says under a key, taken out of it; None if nothing, or not of the type due."""
    value = raw.pop(key, None)
    if isinstance(value, due) and (due is not list or all(isinstance(x, str) for x in value)):
        return value
    faults += [] if value is None else [f"{key} is {words}, not {value!r}."]
    return None


def _defaults(stated: dict, faults: list[str]) -> dict:
    """Of [defaults] what a bare number takes from it."""
    if extra := stated.keys() - {"basis", "citation"}:
        faults.append(f"defaults states a basis and a citation, not {', '.join(sorted(extra))}.")
    return {key: value for key, value in stated.items() if key not in extra}


def _carried(base: Scenario, rule_book: RuleBook) -> tuple[dict[str, Parameter], dict[str, Any]]:
    """The numbers and the structure of a scenario that another extends, of facts that mean the same."""
    theirs, ours = base.structure.rule_book.facts, rule_book.facts
    alike = {x for x in theirs.keys() & ours if _meaning(theirs[x]) == _meaning(ours[x])}
    why = f"carried over from the scenario {base.name!r}, where it was solved for"
    numbers = {}
    for path, p in base.parameters.items():
        section, fact, *_ = path.split(".") if "." in path else (path, "")
        if section != "facts" or fact in alike:
            numbers[path] = p if p.basis != "fitted" else replace(p, basis="assumed", citation=why)
    structure = copy.deepcopy(dict(base.structure.raw))
    structure["facts"] = {x: own for x, own in structure["facts"].items() if x in alike}
    return numbers, structure


def _meaning(fact: Fact) -> tuple:
    return fact.kind, fact.levels, fact.unit, fact.low, fact.high


_SECTIONS = ("signal", "missing", "rates", "readers", "outcomes", "sought", "solved", "effects", "facts")


def _read_effect(
    name: str, own: Any, held: dict, default: dict, numbers: dict[str, Parameter], faults: list[str]
) -> None:
    """What a file states of an effect; one that is said to be empty is there no more."""
    if not isinstance(own, dict):
        faults.append(f"effects.{name} is a table, not {own!r}.")
        return
    if not own:
        held.pop(name, None)
        for path in [path for path in numbers if path.startswith(f"effects.{name}.")]:
            del numbers[path]
        return
    takes = (*OF_EFFECT, *EFFECTS_ON, "contrast")
    each = held.setdefault(name, {})
    for key, value in own.items():
        if key in OF_EFFECT:
            each[key] = value
        elif key in takes:
            _read(f"effects.{name}.{key}", value, default, numbers, faults)
        else:
            said = f"effects.{name} cannot state {key!r}.{did_you_mean(key, takes)}"
            faults.append(f"{said} It takes {', '.join(sorted(takes))}.")


def _read_fact(
    start: str,
    fact: Fact,
    own: Any,
    held: dict,
    default: dict,
    numbers: dict[str, Parameter],
    faults: list[str],
    breaks: Iterable = (),
) -> None:
    """What a file states of a fact or of some of its cases: numbers by path, all else into ``held``."""
    if not isinstance(own, dict):
        faults.append(f"{start} is a table, as in {{ share = 0.1 }}, not {own!r}.")
        return
    own = dict(own)
    if "breaks" in own and (wrong := _break_problem(fact, own["breaks"])):
        faults.append(f"{start}.breaks {wrong}, not {own.pop('breaks')!r}.")
        own.pop("shares", None)  # cannot be told without
    if "answer" in own and (both := own.keys() & {"share", "shares"}):
        faults.append(f"{start} states an answer or {both.pop()}, not both.")
    held |= {key: own.pop(key) for key in OF_FACT if key in own}
    breaks = held.get("breaks", breaks)
    by = own.pop("by", None)
    if by == {}:  # said to be empty: no case is told apart any more
        held["by"] = {}
        for path in [path for path in numbers if path.startswith(f"{start}.by.")]:
            del numbers[path]
    elif by is not None and not isinstance(by, dict):
        faults.append(f"{start}.by is a table of cases, each with its when and shares, not {by!r}.")
        by = {}
    for name, each in (by or {}).items():
        place = held.setdefault("by", {}).setdefault(name, {})
        _read_fact(f"{start}.by.{name}", fact, each, place, default, numbers, faults, breaks)
    shares = own.pop("shares", None)
    stated = shares if isinstance(shares, list | dict | None) else [shares]
    if isinstance(stated, list):
        paths = share_paths(
            dict.fromkeys(f"{start}.shares.{i}" for i in range(len(stated))), start, fact, breaks
        )
        if fact.kind is Kind.NUMBER and not paths:
            faults.append(
                f"{start}: it is a number, so it states breaks, the edges of the bands of its shares."
            )
            stated = None
        elif len(paths) != len(stated):
            faults.append(f"{start} has {len(paths)} answers, so it needs as many shares, not {len(stated)}.")
            stated = None
        else:
            own |= {path.removeprefix(f"{start}."): x for path, x in zip(paths, stated, strict=True)}
    elif stated:
        own |= {f"shares.{label}": share for label, share in stated.items()}
    if "share" in own or stated is not None:
        held.pop("answer", None)
        for path in [path for path in numbers if path.startswith(f"{start}.shares.")]:
            del numbers[path]
    for key, value in own.items():
        _read(f"{start}.{key}", value, default, numbers, faults)


def _break_problem(fact: Fact, breaks: Any) -> str:
    """Why these cannot be the edges of a fact's bands; empty if they can."""
    if fact.kind is not Kind.NUMBER:
        return "is stated of numbers alone"
    fine = isinstance(breaks, list) and len(breaks) > 1 and all(type(x) in (int, float) for x in breaks)
    if fine and all(a < b for a, b in pairwise(breaks)) and fact.low <= breaks[0] and breaks[-1] <= fact.high:
        return ""
    return f"is a list of two or more numbers that rise, from {fact.low:,g} to {fact.high:,g}"


def _read(path: str, value: Any, default: dict, numbers: dict[str, Parameter], faults: list[str]) -> None:
    """A parameter as the file states it: in full, or as a bare number with the default range and basis."""
    stated = value if isinstance(value, dict) else {"value": value}
    own = {key: stated[key] for key in ("value", "lower", "upper") if key in stated}
    if extra := set(stated) - set(Parameter.__dataclass_fields__):
        faults.append(f"{path} cannot state {', '.join(sorted(extra))}.")
    elif "value" not in own or any(type(number) not in (int, float) for number in own.values()):
        faults.append(f"{path} needs a number, not {value!r}.")
    elif wrong := [key for key in ("basis", "citation") if not isinstance(stated.get(key, ""), str)]:
        faults.append(f"{path}: its {wrong[0]} is text, not {stated[wrong[0]]!r}.")
    else:
        lower, upper = default_range(sort_of(path), own["value"])
        own = {key: float(number) for key, number in own.items()}
        numbers[path] = Parameter(**{"lower": lower, "upper": upper} | default | stated | own)
