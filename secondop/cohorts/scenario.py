"""A scenario: every assumption behind a simulated cohort, each with its range, its basis and its source.

A scenario is a flat table of parameters, named by path ("facts.rare_disease.share"), and the few things that
are no numbers: which cases a share is of, which cases an effect is about, what a wish and a proposed
intervention are. Files in ``data/scenarios`` are short: a bare number stands for an assumed parameter whose
range follows a stated rule.
"""

from __future__ import annotations

import copy
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import InitVar, asdict, dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from numbers import Real
from types import MappingProxyType
from typing import Any

import pandas as pd

from secondop.cohorts import parameters as known
from secondop.cohorts.parameters import BASES, TRAITS, Parameter, share_paths, sort_of
from secondop.cohorts.structure import Structure
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.rules.facts import Kind
from secondop.words import NOT_FOR_CARE, plural, render


@dataclass(frozen=True, repr=False)
class Scenario:
    """Everything that a simulated cohort is drawn from: read it with `load_scenario`, vary it with `replace`.

    Parameters
    ----------
    name, title : str
        What it is called, and the kind of cases that it stands for.
    parameters : mapping of str to Parameter
        By path, such as "facts.rare_disease.share" or "rates.sought".
    structure : Structure
        What is no number, and the rule book whose facts it draws.
    fitted_to : tuple of str
        Ids of the published figures that it was fitted to: they can never again count as agreement.
    faults : tuple of str
        What was found to be wrong already, to be refused together with all else; it is not kept.
    """

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    structure: Structure
    fitted_to: tuple[str, ...] = ()
    faults: InitVar[tuple[str, ...]] = ()

    def __post_init__(self, faults: tuple[str, ...]) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        told = set(
            chain.from_iterable(map(_paths_in, faults))
        )  # whose values are absent since they are wrong
        found = self._problems()
        if faults := [*faults, *(x for x in found if "does not state" not in x or not told & _paths_in(x))]:
            said = plural(len(faults), "problem")
            raise SecondopError("\n  ".join([f"{said} in scenario {self.name!r}:", *faults]))

    def __getitem__(self, path: str) -> float:
        """The value of a parameter; one that is not stated is 0, or what [missing] says of all facts."""
        if not isinstance(path, str):
            raise unknown_name("parameter", path, self.parameters)
        if path in self.parameters:
            return self.parameters[path].value
        section, name, *_ = *path.split("."), ""
        within = {"facts": self.structure.rule_book.facts, "effects": self.structure.raw.get("effects", {})}
        if sort_of(path) in (None, "share") or name not in within.get(section, [name]):
            raise unknown_name("parameter", path, self.parameters)
        other = _of_all_facts(path)
        return self[other] if other else 0.0

    def shares(self, fact: str, by: str = "") -> dict[str, float]:
        """Shares of a fact's answers, least first; of a yes-or-no fact the share of yes, as ``share``.

        ``by`` names cases whose shares are stated apart; by default those of all others.
        """
        try:
            labels = self.labels[fact, by]
        except (KeyError, TypeError) as error:
            named = {f"{name}, {by}" if by else name for name, by in self.labels}
            raise unknown_name("fact with shares", f"{fact}, {by}" if by else fact, named) from error
        return {label: self[path] for label, path in labels.items()}

    @cached_property
    def labels(self) -> dict[tuple[str, str], dict[str, str]]:
        """The paths of shares by answer, for each fact and those of its cases that are told apart."""
        found = {}
        for name in self.structure.rule_book.facts:
            for by in ("", *self.structure.strata.get(name, ())):
                start = f"facts.{name}" + (f".by.{by}" if by else "")
                paths = self._share_paths(start, self.parameters)
                found[name, by] = {path.removeprefix(f"{start}.").split(".", 1)[-1]: path for path in paths}
        return found

    def _share_paths(self, start: str, parameters: Mapping[str, Parameter]) -> list[str]:
        name = start.split(".")[1]
        breaks = self.structure.of_fact(name).get("breaks", ())
        return share_paths(parameters, start, self.structure.rule_book.fact(name), breaks)

    def _problems(self) -> list[str]:
        """Everything that is wrong with it, in words; empty if nothing is."""
        own, structure = self.parameters, self.structure
        faults = [fault for path, p in own.items() for fault in known.number_problems(path, p)]
        faults += [f"it does not state {path}." for path in known.STATED if path not in own]
        faults += known.rate_problems(own)
        for name, each in structure.raw.get("effects", {}).items():
            faults += known.effect_problems(name, each, f"effects.{name}.contrast" in own)
        wrong = structure.problems()
        faults += wrong
        parents = set() if wrong else {x for name in structure.strata for x in structure.parents(name)}
        for name, fact in structure.rule_book.facts.items():
            for by in ("", *structure.of_fact(name).get("by", ())):
                start, each = f"facts.{name}" + (f".by.{by}" if by else ""), structure.of_fact(name, by)
                if "answer" not in each:
                    shares = {path: own.get(path) for path in self._share_paths(start, own)}
                    faults += known.share_problems(start, shares, fact)
                elif not fact.accepts(each["answer"]):
                    takes = "true or false" if fact.kind is Kind.FLAG else fact.expects()
                    faults.append(f"{start}: the answer is {takes}, not {each['answer']!r}.")
            loaded = sum(self[f"facts.{name}.{trait}"] ** 2 for trait in TRAITS)
            if loaded and name in parents:
                why = "Shares of other facts depend on it, and are exact only where it has none."
                faults.append(f"fact {name!r} may not load on a trait. {why}")
            if loaded > 0.95:
                faults.append(f"the squares of the correlations of {name!r} add up to more than 0.95.")
        return faults

    def replace(self, changes: Mapping[str, float | Parameter] | None = None, **more: Any) -> Scenario:
        """The same scenario with other values; this one stays as it is.

        When one share of several is set, the others shrink or grow in proportion. Ranges widen to hold the
        new value, whose basis becomes "assumed". What the scenario was fitted to is not forgotten. Nothing is
        solved again: `calibrate` or `recentred` does.

        Parameters
        ----------
        changes : mapping of path to number or Parameter
            Also as ``replace(**{"rates.sought": 0.2})``.

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
            paths = self._share_paths(start, new)
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
        tree = copy.deepcopy(dict(self.structure.raw))
        for path, parameter in self.parameters.items():
            *above, last = path.split(".", 3) if ".by." not in path else path.split(".", 5)
            at = tree
            for part in above:
                at = at.setdefault(part, {})
            at[last] = asdict(parameter)
        head = {"name": self.name, "title": self.title, "fitted_to": list(self.fitted_to)}
        return "".join(f"{key} = {_toml(value)}\n" for key, value in (head | tree).items())

    def __repr__(self) -> str:
        """What it is, in two lines; ``to_frame()`` lists every number."""
        count = Counter(p.basis for p in self.parameters.values())
        bases = ", ".join(f"{count[basis]} {basis}" for basis in BASES)
        fitted = f"Fitted to {', '.join(self.fitted_to)}." if self.fitted_to else "Fitted to nothing."
        if any(p.basis != "fitted" for path, p in self.parameters.items() if path.startswith("solved.")):
            fitted = "Not solved for its own rates: they do not hold before calibrate(scenario)."
        return f"Scenario {self.name!r}: {self.title}. {len(self.parameters)} parameters: {bases}. {fitted}"

    def _repr_html_(self) -> str:
        return render(
            "scenario.html.j2", about=repr(self), table=self.to_frame().to_html(), note=NOT_FOR_CARE
        )


class Moved(dict):
    """The values of a scenario, some of them moved, to draw from at once: nothing is checked again."""

    shares = Scenario.shares

    def __init__(self, scenario: Scenario, values: Mapping[str, float]) -> None:
        super().__init__({path: p.value for path, p in scenario.parameters.items()} | dict(values))
        self.scenario, self.structure, self.labels = scenario, scenario.structure, scenario.labels

    def __missing__(self, path: str) -> float:
        other = _of_all_facts(path)
        return self[other] if other else self.scenario[path]


def _paths_in(words: str) -> set[str]:
    return {path for path in (word.strip(".:,") for word in words.split()) if "." in path}


@lru_cache(maxsize=1 << 12)
def _of_all_facts(path: str) -> str | None:
    """What speaks for a fact that says nothing of its own gaps."""
    last = path.rpartition(".")[2] if path.startswith("facts.") else ""
    return {"missing": "missing.share", "missing_difficulty": "missing.difficulty"}.get(last)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value) if isinstance(value, bool) else repr(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
