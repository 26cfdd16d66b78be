"""A scenario: every assumption behind a simulated cohort, each with its range, its basis and its source.

A scenario is a flat table of parameters, named by path ("facts.rare_disease.share"), and the few things that
are no numbers: which cases a share is of, which cases an effect is about, what a wish and a proposed
intervention are.
"""

from __future__ import annotations

import copy
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import InitVar, asdict, dataclass, replace
from functools import cached_property
from numbers import Real
from types import MappingProxyType
from typing import Any

import pandas as pd

from secondop.arguments import named
from secondop.cohorts.parameters import BASES, EFFECTS_ON, TRAITS, Parameter
from secondop.cohorts.structure import Structure, place, problems
from secondop.datafiles import toml_text
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.words import NOT_FOR_CARE, plural, render


@named
@dataclass(frozen=True, repr=False)
class Scenario:
    """Everything that a simulated cohort is drawn from: read it with `load_scenario`, vary it with `replace`.

    Its ``parameters`` go by path, such as "facts.rare_disease.share" or "rates.sought"; ``structure`` is what
    is no number, with the rule book whose facts it draws. ``fitted_to`` holds the ids of the published
    figures that it was fitted to: they can never again count as agreement.
    """

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    structure: Structure
    fitted_to: tuple[str, ...] = ()
    faults: InitVar[tuple[tuple[str, str], ...]] = ()  # found already, by path, to be refused with all else

    def __post_init__(self, faults: Iterable[tuple[str, str]]) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        told = [fault for _, fault in faults]
        told += problems(self.parameters, self.structure, {path for path, _ in faults})
        refuse(f"{plural(len(told), 'problem')} in scenario {self.name!r}", told)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"parameters": dict(self.parameters)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, parameters=MappingProxyType(state["parameters"]))

    @cached_property
    def values(self) -> dict[str, float]:
        """Every number by its path; one that is not stated is 0, or what [missing] says of all facts."""
        return self._filled({path: p.value for path, p in self.parameters.items()})

    def _filled(self, stated: dict[str, float]) -> dict[str, float]:
        found = {f"effects.{name}.{on}": 0.0 for name in self.structure.effects for on in EFFECTS_ON}
        for name in self.structure.rule_book.facts:
            found |= {f"facts.{name}.{trait}": 0.0 for trait in TRAITS}
            found[f"facts.{name}.missing"] = stated["missing.share"]
            found[f"facts.{name}.missing_difficulty"] = stated.get("missing.difficulty", 0.0)
        return found | stated

    def __getitem__(self, path: str) -> float:
        """The value of a parameter."""
        try:
            return self.values[path]
        except (KeyError, TypeError) as error:
            raise unknown_name("parameter", path, self.values) from error

    def moved(self, values: Mapping[str, float]) -> Scenario:
        """The same scenario with other values, to draw from at once: nothing is checked again."""
        other = copy.copy(self)
        stated = {path: self.values[path] for path in self.parameters}
        other.__dict__["values"] = self._filled(stated | dict(values))
        return other

    def shares(self, fact: str, by: str = "") -> dict[str, float]:
        """Shares of a fact's answers, least first; of a yes-or-no fact the share of yes, as ``share``.

        ``by`` names cases whose shares are stated apart; by default those of all others.
        """
        structure, start = self.structure, place(fact, by)
        if fact not in structure.rule_book.facts or by not in ("", *structure.strata.get(fact, ())):
            named = f"{fact}, {by}" if by else fact
            raise unknown_name("fact with shares", named, structure.rule_book.facts)
        paths = structure.share_paths(start, self.parameters)
        return {path.removeprefix(f"{start}.").split(".", 1)[-1]: self[path] for path in paths}

    def replace(self, changes: Mapping[str, float | Parameter] | None = None, **more: Any) -> Scenario:
        """The same scenario with other values; this one stays as it is.

        Changes go from path to number or Parameter. When one share of several is set, the others shrink or
        grow in proportion. Ranges widen to hold the new value, whose basis becomes "assumed". What the
        scenario was fitted to is not forgotten. Nothing is solved again: `calibrate` or `recentred` does.

        Examples
        --------
        >>> from secondop import load_scenario
        >>> load_scenario("general").replace({"facts.rare_disease.share": 0.2})["facts.rare_disease.share"]
        0.2
        """
        if not isinstance(changes, Mapping | None):
            raise SecondopError(f"Changes are a dict from paths to numbers, not {changes!r:.60}.")
        changes, new = {**(changes or {}), **more}, dict(self.parameters)
        told = "is a number or a Parameter (a share of 22 % is 0.22)"
        wrong = [x for x, y in changes.items() if isinstance(y, bool) or not isinstance(y, Real | Parameter)]
        refuse("These values cannot be set", [f"{x} {told}. Got {changes[x]!r:.60}." for x in wrong])
        for path, value in changes.items():
            old = new.get(path) or Parameter(self[path], self[path], self[path])
            new[path] = value if isinstance(value, Parameter) else old.moved(float(value))
        for start in {path.rpartition(".shares.")[0] for path in changes if ".shares." in path}:
            paths = self.structure.share_paths(start, new)
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
        tree = {"name": self.name, "title": self.title, "fitted_to": list(self.fitted_to)}
        stated = {path: asdict(p) for path, p in self.parameters.items()}
        for path, value in {**self.structure.stated, **stated}.items():
            *above, last = path.split(".", 5 if ".by." in path else 3)  # the edge of a band has a point, too
            at = tree
            for part in above:
                at = at.setdefault(part, {})
            at[last] = value
        return "".join(f"{key} = {_toml(value)}\n" for key, value in tree.items())

    def __repr__(self) -> str:
        """What it is, in two lines; ``to_frame()`` lists every number."""
        count = Counter(p.basis for p in self.parameters.values())
        bases = ", ".join(f"{count[basis]} {basis}" for basis in BASES)
        fitted = f"Fitted to {', '.join(self.fitted_to)}." if self.fitted_to else "Fitted to nothing."
        if any(p.basis != "fitted" for path, p in self.parameters.items() if path.startswith("solved.")):
            fitted = "Not solved for its own rates: they do not hold before calibrate(scenario)."
        return f"Scenario {self.name!r}: {self.title}. {len(self.parameters)} parameters: {bases}. {fitted}"

    def _repr_html_(self) -> str:
        table = self.to_frame().to_html()
        return render("scenario.html.j2", about=repr(self), table=table, note=NOT_FOR_CARE)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return toml_text(value)
    return json.dumps(value) if isinstance(value, bool) else repr(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
