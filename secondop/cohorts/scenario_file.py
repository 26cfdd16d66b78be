"""Files of scenarios: the four that ship, and any that states its numbers in TOML."""

from __future__ import annotations

import copy
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from secondop.cohorts.parameters import Parameter, default_range, share_paths, sort_of
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.structure import OF_EFFECT, OF_FACT, Structure
from secondop.datafiles import data_path
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.words import plural

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
    if name not in names:
        raise unknown_name("scenario", name, names)
    return read_scenario(folder / f"{name}.toml")


def read_scenario(source: str | Path, *, rule_book: RuleBook = RULE_BOOK) -> Scenario:
    """A scenario from a TOML file, or from text as `Scenario.to_toml` writes it.

    Parameters
    ----------
    source : path or str
        The file, or its content. ``data/README.md`` describes the format.
    rule_book : RuleBook
        Whose facts it draws: it states each of them.
    """
    if isinstance(source, str) and "\n" not in source and source.strip().endswith(".toml"):
        source = Path(source)
    if isinstance(source, Path) and not source.is_file():
        raise SecondopError(f"There is no file {str(source)!r} to read a scenario from.")
    text = source.read_text("utf-8") if isinstance(source, Path) else source
    keys = (line.partition("=")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
    if len(text) > MAX_TEXT or max(map(len, keys), default=0) > MAX_KEY:
        most = f"{MAX_TEXT:,} letters, and {MAX_KEY:,} before each '='"
        raise SecondopError(f"A scenario takes up to {most}; this text is longer.")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SecondopError(f"The scenario is not valid TOML: {error}.") from error
    name, faults = raw.pop("name", "without a name"), []
    title, fitted_to = raw.pop("title", name), tuple(raw.pop("fitted_to", ()))
    numbers: dict[str, Parameter] = {}
    structure: dict[str, Any] = {}
    if (extends := raw.pop("extends", None)) is not None:
        base = load_scenario(extends)
        carried = f"carried over from the scenario {base.name!r}, where it was solved for"
        for path, p in base.parameters.items():
            section, fact, *_ = path.split(".") if "." in path else (path, "")
            if section != "facts" or fact in rule_book.facts:
                numbers[path] = p if p.basis != "fitted" else replace(p, basis="assumed", citation=carried)
        structure = copy.deepcopy(dict(base.structure.raw))
        structure["facts"] = {x: own for x, own in structure["facts"].items() if x in rule_book.facts}
        fitted_to = tuple(dict.fromkeys((*base.fitted_to, *fitted_to)))
    default = raw.pop("defaults", {})
    structure |= {key: raw.pop(key) for key in ("wish", "intervention") if key in raw}
    for section, rows in raw.items():
        if section == "signal":
            _read("signal", rows, default, numbers, faults)
        elif not isinstance(rows, dict) or section not in _SECTIONS:
            faults.append(f"there is no section {section!r}.{did_you_mean(section, _SECTIONS)}")
        elif section == "facts":
            for fact, own in rows.items():
                if fact not in rule_book.facts or not isinstance(own, dict):
                    faults.append(f"there is no fact {fact!r}.{did_you_mean(fact, rule_book.facts)}")
                else:
                    held = structure.setdefault("facts", {}).setdefault(fact, {})
                    _read_fact(f"facts.{fact}", rule_book.fact(fact), own, held, default, numbers, faults)
        elif section == "effects":
            for effect, own in rows.items():
                held = structure.setdefault("effects", {}).setdefault(effect, {})
                held |= {key: value for key, value in own.items() if key in OF_EFFECT}
                for key in (key for key in own if key not in OF_EFFECT):
                    _read(f"effects.{effect}.{key}", own[key], default, numbers, faults)
        else:
            for key, value in rows.items():
                _read(f"{section}.{key}", value, default, numbers, faults)
    if faults:
        raise SecondopError("\n  ".join([f"{plural(len(faults), 'problem')} in scenario {name!r}:", *faults]))
    return Scenario(name, title, numbers, Structure(structure, rule_book), fitted_to)


_SECTIONS = ("signal", "missing", "rates", "readers", "outcomes", "sought", "solved", "effects", "facts")


def _read_fact(
    start: str, fact: Fact, own: dict, held: dict, default: dict, numbers: dict[str, Parameter], faults: list
) -> None:
    """What a file states of a fact or of some of its cases: numbers by path, all else into ``held``."""
    own = dict(own)
    held |= {key: own.pop(key) for key in OF_FACT if key in own}
    by = own.pop("by", None)
    if by == {}:  # said to be empty: no case is told apart any more
        held["by"] = {}
        for path in [path for path in numbers if path.startswith(f"{start}.by.")]:
            del numbers[path]
    for name, each in (by or {}).items():
        place = held.setdefault("by", {}).setdefault(name, {})
        _read_fact(f"{start}.by.{name}", fact, each, place, default, numbers, faults)
    shares = own.pop("shares", None)
    if "share" in own or shares is not None:
        held.pop("answer", None)
        for path in [path for path in numbers if path.startswith(f"{start}.shares.")]:
            del numbers[path]
    if isinstance(shares, dict):
        own |= {f"shares.{label}": share for label, share in shares.items()}
    elif shares is not None:
        breaks = held.get("breaks", ())
        paths = share_paths(
            dict.fromkeys(f"{start}.shares.{i}" for i in range(len(shares))), start, fact, breaks
        )
        if len(paths) != len(shares):
            faults.append(f"{start} has {len(paths)} answers, so it needs as many shares, not {len(shares)}.")
        own |= {path.removeprefix(f"{start}."): share for path, share in zip(paths, shares, strict=False)}
    for key, value in own.items():
        _read(f"{start}.{key}", value, default, numbers, faults)


def _read(path: str, value: Any, default: dict, numbers: dict[str, Parameter], faults: list[str]) -> None:
    """A parameter as the file states it: in full, or as a bare number with the default range and basis."""
    stated = value if isinstance(value, dict) else {"value": value}
    own = {key: stated[key] for key in ("value", "lower", "upper") if key in stated}
    if extra := set(stated) - set(Parameter.__dataclass_fields__):
        faults.append(f"{path} cannot state {', '.join(sorted(extra))}.")
    elif "value" not in own or any(type(number) not in (int, float) for number in own.values()):
        faults.append(f"{path} needs a number, not {value!r}.")
    else:
        lower, upper = default_range(sort_of(path), own["value"])
        own = {key: float(number) for key, number in own.items()}
        numbers[path] = Parameter(**{"lower": lower, "upper": upper} | default | stated | own)
