"""A scenario: every assumption behind a simulated cohort, each with its range, its basis and its source.

A scenario is a flat table of parameters, named by path ("facts.rare_disease.share"), and the few things about
a fact that are no numbers: which other fact it needs, and the bands of a number. Files in ``data/scenarios``
are short: a bare number stands for an assumed parameter whose range follows a stated rule.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from secondop.cohorts.parameters import (
    BASES,
    FACTS,
    NO_SHAPE,
    OWN,
    SECTIONS,
    Parameter,
    Shape,
    default_range,
    kind_of,
    problems,
    raise_problems,
    share_paths,
)
from secondop.datafiles import data_path
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.rules.facts import Kind

MAX_TEXT, MAX_KEY = 1_000_000, 1_000
"""Letters of a file, and of a key: Python's TOML reader takes gigabytes for a key with thousands of dots."""


@dataclass(frozen=True, repr=False)
class Scenario:
    """Everything that a simulated cohort is drawn from: read it with `load_scenario`, vary it with `replace`.

    Parameters
    ----------
    name, title : str
        What it is called, and the kind of cases that it stands for.
    parameters : mapping of str to Parameter
        By path, such as "facts.rare_disease.share" or "sought.share".
    shapes : mapping of str to Shape
        For the facts that need another fact, or bands.
    fitted_to : tuple of str
        Ids of the published rates that it, or the scenario it extends, was fitted to: they can never again
        count as agreement.
    """

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    fitted_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "shapes", MappingProxyType(dict(self.shapes)))
        raise_problems(self.name, problems(self.parameters, self.shapes))

    def __getitem__(self, path: str) -> float:
        """The value of a parameter; one that is not stated is 0, or what [missing] says of all facts."""
        if path in self.parameters:
            return self.parameters[path].value
        if kind_of(path) in (None, "share"):
            raise unknown_name("parameter", path, self.parameters)
        if path.endswith((".missing", ".missing_difficulty")):
            return self["missing.difficulty" if path.endswith("_difficulty") else "missing.share"]
        return 0.0

    def shares(self, fact: str) -> dict[str, float]:
        """Shares of a fact's answers, least first; of a yes-or-no fact the share of yes, as ``share``."""
        paths = share_paths(self.parameters, self.shapes, fact)
        return {path.split(".", 3)[-1]: self.parameters[path].value for path in paths}

    def replace(self, changes: Mapping[str, float | Parameter] | None = None, **more) -> Scenario:
        """The same scenario with other values; this one stays as it is.

        When one share of several is set, the others shrink or grow in proportion. Ranges widen to hold the
        new value, whose basis becomes "assumed". What the scenario was fitted to is not forgotten.

        Parameters
        ----------
        changes : mapping of path to number or Parameter
            Also as ``replace(**{"sought.share": 0.2})``.

        Examples
        --------
        >>> load_scenario("general").replace({"facts.rare_disease.share": 0.2})["facts.rare_disease.share"]
        0.2
        """
        changes, new = {**(changes or {}), **more}, dict(self.parameters)
        strange = [path for path in changes if path not in new and kind_of(path) in (None, "share")]
        faults = [f"there is no parameter {path!r}.{did_you_mean(path, new)}" for path in strange]
        raise_problems(self.name, faults)
        for path, value in changes.items():
            old = new.get(path) or Parameter(self[path], self[path], self[path])
            new[path] = value if isinstance(value, Parameter) else old.moved(float(value))
        for fact in {path.split(".")[1] for path in changes if ".shares." in path}:
            paths = share_paths(new, self.shapes, fact)
            rest = [path for path in paths if path not in changes]
            left = 1 - math.fsum(new[path].value for path in paths if path in changes)
            total = math.fsum(new[path].value for path in rest)
            if total > 0 and left >= 0:
                why = "in proportion, after another share was set by hand"
                new |= {path: new[path].moved(new[path].value * left / total, why) for path in rest}
        return replace(self, parameters=new)

    def to_frame(self) -> pd.DataFrame:
        """One row per parameter: ``value, lower, upper, basis, citation``, indexed by its path."""
        frame = pd.DataFrame([asdict(p) for p in self.parameters.values()])
        return frame.set_index(pd.Index(self.parameters, name="parameter"))

    def to_toml(self) -> str:
        """The whole scenario as text that `read_scenario` takes, with nothing left to default rules."""
        head = {"name": self.name, "title": self.title, "fitted_to": list(self.fitted_to)}
        lines = [f"{key} = {_toml(value)}" for key, value in head.items()]
        for section in SECTIONS:
            own = {key: asdict(self.parameters[f"{section}.{key}"]) for key in SECTIONS[section]}
            lines += ["", f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in own.items())]
        for name, fact in FACTS.items():
            shape = self.shapes.get(name, NO_SHAPE)
            stated = {"given": shape.given, "is": list(shape.levels), "otherwise": shape.otherwise}
            stated = {key: value for key, value in stated.items() if value not in ("", [], None)}
            stated |= {"breaks": list(shape.breaks)} if shape.breaks else {}
            paths = share_paths(self.parameters, self.shapes, name)
            shares = [asdict(self.parameters[path]) for path in paths]
            stated |= {"share": shares[0]} if fact.kind is Kind.FLAG else {"shares": shares}
            own = {key: self.parameters.get(f"facts.{name}.{key}") for key in OWN}
            stated |= {key: asdict(value) for key, value in own.items() if value}
            lines += ["", f"[facts.{name}]", *(f"{key} = {_toml(value)}" for key, value in stated.items())]
        return "\n".join(lines) + "\n"

    def _summary(self) -> str:
        count = Counter(p.basis for p in self.parameters.values())
        bases = ", ".join(f"{count[basis]} {basis}" for basis in BASES)
        fitted = f"Fitted to {', '.join(self.fitted_to)}." if self.fitted_to else "Fitted to nothing."
        return f"Scenario {self.name!r}: {self.title}. {len(self.parameters)} parameters: {bases}. {fitted}"

    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The parameters that are not about one fact, and one line a fact."""
        rows = []
        for name, fact in FACTS.items():
            shape = self.shapes.get(name, NO_SHAPE)
            shares = [f"{label.replace('_', ' ')} {v:.1%}" for label, v in self.shares(name).items()]
            needs = f"{shape.given} is {' or '.join(shape.levels) or 'yes'}" if shape.given else ""
            own = [p for path, p in self.parameters.items() if path.startswith(f"facts.{name}.")]
            rows.append(
                {"fact": fact.label, "answers": ", ".join(shares).removeprefix("share ")}
                | {"of cases whose": needs.replace("_", " ")}
                | {key: f"{self[f'facts.{name}.{key}']:g}" for key in ("difficulty", "gravity", "missing")}
                | {"basis": ", ".join(sorted({p.basis for p in own}))}
            )
        frame = self.to_frame()
        return frame[~frame.index.str.startswith("facts.")], pd.DataFrame(rows).set_index("fact")

    def __repr__(self) -> str:
        """Say what is assumed: the summary, the other parameters, and a line for each fact."""
        others, facts = self._tables()
        others = others.drop(columns="citation").round(4)
        return "\n\n".join([self._summary(), others.to_string(), facts.to_string()])

    def _repr_html_(self) -> str:
        others, facts = (table.to_html(border=0, float_format="{:.3g}".format) for table in self._tables())
        return (
            f"<p><strong>{escape(self._summary())}</strong> For education and analysis, not for care.</p>"
            f"{others}<p>The facts, their loadings on difficulty and gravity, and the share not recorded:</p>"
            f"{facts}"
        )


def load_scenario(name: str) -> Scenario:
    """A scenario that comes with the package.

    Parameters
    ----------
    name : {"programme", "general", "surgical", "oncology"}
        "programme": patients of an employer's second-opinion benefit, fitted to published rates; "general":
        primary care; "surgical": an elective operation is proposed; "oncology": cancer patients.

    Examples
    --------
    >>> load_scenario("programme").fitted_to
    ('meyer_dx', 'meyer_tx', 'meyer_both', 'mayo_revised_right')
    """
    folder = data_path("scenarios/programme.toml").parent
    names = [path.stem for path in folder.glob("*.toml")]
    if name not in names:
        raise unknown_name("scenario", name, names)
    return read_scenario(folder / f"{name}.toml")


def read_scenario(source: str | Path) -> Scenario:
    """A scenario from a TOML file, or from text as `Scenario.to_toml` writes it.

    Parameters
    ----------
    source : pathlib.Path or str
        The file, or its content. ``data/README.md`` describes the format.
    """
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
    parameters, shapes = {}, {}
    if base := raw.pop("extends", None):
        base = load_scenario(base)
        carried = f"carried over from the scenario {base.name!r}, where it was fitted"
        for path, p in base.parameters.items():
            parameters[path] = p if p.basis != "fitted" else replace(p, basis="assumed", citation=carried)
        shapes, fitted_to = dict(base.shapes), tuple(dict.fromkeys((*base.fitted_to, *fitted_to)))
    default, facts = raw.pop("defaults", {}), raw.pop("facts", {})
    stated: dict[str, Any] = {}
    for section, rows in raw.items():
        if section in SECTIONS and isinstance(rows, dict):
            stated |= {f"{section}.{key}": value for key, value in rows.items()}
        else:
            faults.append(f"there is no section {section!r}.{did_you_mean(section, SECTIONS)}")
    for fact, rows in facts.items():
        if fact in FACTS and isinstance(rows, dict):
            stated |= _fact_rows(fact, dict(rows), parameters, shapes, faults)
        else:
            faults.append(f"there is no fact {fact!r}.{did_you_mean(fact, FACTS)}")
    for path, value in stated.items():
        _read(path, value, default, parameters, faults)
    raise_problems(name, [*faults, *problems(parameters, shapes)])
    return Scenario(name, title, parameters, shapes, fitted_to)


def _fact_rows(fact: str, rows: dict, parameters: dict, shapes: dict, faults: list[str]) -> dict[str, Any]:
    """What a file states of a fact, by path; its shape goes into the shapes, old shares out of the way."""
    shape = {"given": rows.pop("given", ""), "levels": tuple(rows.pop("is", ()))}
    shape |= {"otherwise": rows.pop("otherwise", None), "breaks": tuple(rows.pop("breaks", ()))}
    shape = {key: value for key, value in shape.items() if value not in ("", (), None)}
    if shape:
        shapes[fact] = replace(shapes.get(fact, NO_SHAPE), **shape)
    start = f"facts.{fact}."
    if (shares := rows.pop("shares", None)) is not None:
        for path in [path for path in parameters if path.startswith(f"{start}shares.")]:
            del parameters[path]
        numbered = {f"{start}shares.{i}": 0 for i in range(len(shares))}
        paths = share_paths(numbered, shapes, fact)
        if len(paths) != len(shares):
            need = f"has {len(paths)} answers, so it needs as many shares, not {len(shares)}."
            faults.append(f"fact {fact!r} {need}")
        rows |= {path.removeprefix(start): share for path, share in zip(paths, shares, strict=False)}
    return {f"{start}{key}": value for key, value in rows.items()}


def _read(path: str, value: Any, default: dict, parameters: dict, faults: list[str]) -> None:
    """A parameter as the file states it: in full, or as a bare number with the default range and basis."""
    stated = value if isinstance(value, dict) else {"value": value}
    numbers = {key: stated[key] for key in ("value", "lower", "upper") if key in stated}
    if extra := set(stated) - set(Parameter.__dataclass_fields__):
        faults.append(f"{path} cannot state {', '.join(sorted(extra))}.")
    elif "value" not in numbers or any(type(number) not in (int, float) for number in numbers.values()):
        faults.append(f"{path} needs a number, not {value!r}.")
    else:
        lower, upper = default_range(kind_of(path), numbers["value"])
        numbers = {key: float(number) for key, number in numbers.items()}
        parameters[path] = Parameter(**{"lower": lower, "upper": upper} | default | stated | numbers)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value) if isinstance(value, bool) else repr(value)
