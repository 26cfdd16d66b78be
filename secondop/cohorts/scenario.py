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
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from secondop.datafiles import data_path
from secondop.errors import SecondopError, did_you_mean, unknown_name
from secondop.rules.facts import FACTS, Fact, Kind

if TYPE_CHECKING:
    import pandas as pd

BASES = ("cited", "assumed", "fitted")
WISHES = ("wants_second_opinion", "unsure_of_diagnosis", "unsure_of_treatment", "wants_help_choosing")
"""Facts that make a patient seek an opinion: any one of them."""

# What a parameter is: a share in [0, 1], a gap in [0, 1), a loading in [-1, 1], odds in (0, inf), or a shift.
_OWN = {"difficulty": "loading", "gravity": "loading", "missing": "gap", "missing_difficulty": "loading"}
_SECTIONS = {
    "missing": {"share": "gap", "difficulty": "loading"},
    "readers": {"first_right": "share", "concentration": "odds", "second_odds": "odds"}
    | {"errors_agree": "share", "anchoring": "odds"},
    "outcomes": {"treatment_if_changed": "share", "treatment_if_same": "share"}
    | {"treatment_difficulty": "loading", "treatment_gravity": "loading"}
    | {"plan_intervenes": "share", "plan_gravity": "loading", "plan_dropped": "share"},
    "sought": {"share": "share", "wish": "shift", "difficulty": "loading", "gravity": "loading"},
}
_LIMITS = {"share": (0, 1), "gap": (0, 1), "loading": (-1, 1), "odds": (0, math.inf), "shift": (-4, 4)}


@dataclass(frozen=True)
class Parameter:
    """One number of a scenario, how far it may be off, and where it comes from.

    Attributes
    ----------
    value, lower, upper : float
        The value, and the range that sensitivity analyses vary it over.
    basis : {"cited", "assumed", "fitted"}
        A published figure, our own choice, or solved from published rates by calibration.
    citation : str
        The source, or why it was chosen.
    """

    value: float
    lower: float
    upper: float
    basis: str = "assumed"
    citation: str = ""


@dataclass(frozen=True)
class Shape:
    """What about a fact is not a number.

    Attributes
    ----------
    given : str
        Another fact that it needs; its shares are then shares *within* the cases that have it.
    levels : tuple of str
        Which levels of that fact; empty for a yes-or-no fact.
    otherwise : bool, str, float or None
        The answer of all other cases. Default: no, or 0.
    breaks : tuple of float
        For a number: the edges of its bands. Within a band all values are equally likely.
    """

    given: str = ""
    levels: tuple[str, ...] = ()
    otherwise: bool | str | float | None = None
    breaks: tuple[float, ...] = ()


@dataclass(frozen=True, repr=False)
class Scenario:
    """Everything that a simulated cohort is drawn from.

    Usually read with `load_scenario` and varied with `replace`.

    Parameters
    ----------
    name, title : str
        What it is called, and the kind of cases that it stands for.
    parameters : mapping of str to Parameter
        By path, such as "facts.rare_disease.share" or "sought.share".
    shapes : mapping of str to Shape
        For the facts that need another fact, or bands.
    fitted_to : tuple of str
        Ids of the published rates that it was fitted to, which can never again count as agreement.

    Raises
    ------
    SecondopError
        Listing every problem at once.
    """

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    fitted_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check and freeze."""
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "shapes", MappingProxyType(dict(self.shapes)))
        _raise(self.name, _problems(self.parameters, self.shapes))

    def __getitem__(self, path: str) -> float:
        """The value of a parameter; one that is not stated is 0, or what [missing] says of all facts."""
        if path in self.parameters:
            return self.parameters[path].value
        if path.endswith((".missing", ".missing_difficulty")):
            return self["missing.difficulty" if path.endswith("_difficulty") else "missing.share"]
        if _kind(path) is None:
            raise unknown_name("parameter", path, self.parameters)
        return 0.0

    def shares(self, fact: str) -> dict[str, float]:
        """Shares of a fact's answers, least first; of a yes-or-no fact the share of yes alone."""
        return {p.split(".", 3)[-1]: self.parameters[p].value for p in _share_paths(self.parameters, fact)}

    def replace(self, changes: Mapping[str, float | Parameter] | None = None, **more) -> Scenario:
        """The same scenario with other values; this one stays as it is.

        When one share of several is set, the others shrink or grow in proportion. Ranges widen to hold the
        new value, whose basis becomes "assumed". What the scenario was fitted to is not forgotten.

        Parameters
        ----------
        changes : mapping of path to number or Parameter
            Also as ``replace(**{"sought.share": 0.2})``.

        Raises
        ------
        SecondopError
            If a path does not exist or a value does not fit: all problems at once.

        Examples
        --------
        >>> load_scenario("general").replace({"facts.rare_disease.share": 0.2})["facts.rare_disease.share"]
        0.2
        """
        changes = {**(changes or {}), **more}
        known = set(self.parameters)
        unknown = [p for p in changes if p not in known and (_kind(p) in (None, "share"))]
        _raise(self.name, [f"there is no parameter {p!r}.{did_you_mean(p, known)}" for p in unknown])
        new = dict(self.parameters)
        for path, value in changes.items():
            old = new.get(path, Parameter(0.0, 0.0, 0.0))
            new[path] = value if isinstance(value, Parameter) else _set(old, float(value))
        for fact in {p.split(".")[1] for p in changes if ".shares." in p}:
            paths = _share_paths(new, fact)
            rest = [p for p in paths if p not in changes]
            left = 1 - math.fsum(new[p].value for p in paths if p in changes)
            total = math.fsum(new[p].value for p in rest)
            if rest and total > 0 and left >= 0:
                new |= {p: _set(new[p], new[p].value * left / total, new[p].basis) for p in rest}
        return replace(self, parameters=new)

    def to_frame(self) -> pd.DataFrame:
        """One row per parameter: ``value, lower, upper, basis, citation``, indexed by its path."""
        import pandas as pd

        frame = pd.DataFrame([p.__dict__ for p in self.parameters.values()])
        return frame.set_index(pd.Index(self.parameters, name="parameter"))

    def to_toml(self) -> str:
        """The whole scenario as text that `read_scenario` takes, nothing left to rules."""
        head = {"name": self.name, "title": self.title, "fitted_to": list(self.fitted_to)}
        lines = [f"{key} = {_toml(value)}" for key, value in head.items()]
        for section in _SECTIONS:
            rows = {p.split(".")[1]: v for p, v in self.parameters.items() if p.startswith(f"{section}.")}
            lines += [
                "",
                f"[{section}]",
                *(f"{key} = {_toml(value.__dict__)}" for key, value in rows.items()),
            ]
        for name in FACTS:
            shape = self.shapes.get(name, Shape())
            stated = {"given": shape.given, "is": list(shape.levels), "otherwise": shape.otherwise}
            stated = {k: v for k, v in stated.items() if v not in ("", [], None)}
            stated |= {"breaks": list(shape.breaks)} if shape.breaks else {}
            shares = [self.parameters[p].__dict__ for p in _share_paths(self.parameters, name)]
            stated |= {"share": shares[0]} if FACTS[name].kind is Kind.FLAG else {"shares": shares}
            own = {key: self.parameters.get(f"facts.{name}.{key}") for key in _OWN}
            stated |= {key: value.__dict__ for key, value in own.items() if value}
            lines += ["", f"[facts.{name}]", *(f"{key} = {_toml(value)}" for key, value in stated.items())]
        return "\n".join(lines) + "\n"

    def _summary(self) -> str:
        count = Counter(p.basis for p in self.parameters.values())
        fitted = f"; fitted to {', '.join(self.fitted_to)}" if self.fitted_to else "; fitted to nothing"
        bases = ", ".join(f"{count[basis]} {basis}" for basis in BASES)
        return f"Scenario {self.name!r}: {self.title}. {len(self.parameters)} parameters: {bases}{fitted}."

    def _facts_table(self) -> pd.DataFrame:
        import pandas as pd

        rows = []
        for name, fact in FACTS.items():
            shape, shares = self.shapes.get(name, Shape()), self.shares(name)
            unit = f" {fact.unit}" if fact.is_numeric else ""
            text = ", ".join(f"{level.replace('_', ' ')}{unit} {v:.1%}" for level, v in shares.items())
            needs = " or ".join(shape.levels) or "yes" if shape.given else ""
            basis = {self.parameters[p].basis for p in self.parameters if p.startswith(f"facts.{name}.")}
            rows.append(
                {"fact": fact.label, "shares": text.removeprefix("share ")}
                | {"only where": f"{shape.given}: {needs}".replace("_", " ") if shape.given else ""}
                | {key: f"{self[f'facts.{name}.{key}']:g}" for key in ("difficulty", "gravity", "missing")}
                | {"basis": ", ".join(sorted(basis))}
            )
        return pd.DataFrame(rows).set_index("fact")

    def _others_table(self) -> pd.DataFrame:
        frame = self.to_frame()
        return frame[~frame.index.str.startswith("facts.")]

    def __repr__(self) -> str:
        """Say what is assumed: the summary, the facts and the other parameters."""
        others = self._others_table().drop(columns="citation").round(4)
        return "\n\n".join([self._summary(), self._facts_table().to_string(), others.to_string()])

    def _repr_html_(self) -> str:
        tables = [
            t.to_html(border=0, float_format="{:.4g}".format)
            for t in (self._others_table(), self._facts_table())
        ]
        parts = [
            f"<p><strong>{escape(self._summary())}</strong> For education and analysis, not for care.</p>"
        ]
        parts += [
            tables[0],
            "<p>Facts, with their loadings on the case's difficulty and gravity:</p>",
            tables[1],
        ]
        return "\n".join(parts)


def load_scenario(name: str) -> Scenario:
    """A scenario that comes with the package.

    Parameters
    ----------
    name : {"programme", "general", "surgical", "oncology"}
        "programme": patients of an employer's second-opinion benefit, fitted to published rates; "general":
        primary care; "surgical": an elective operation is proposed; "oncology": cancer patients.

    Raises
    ------
    UnknownNameError
        If there is none of that name; the message lists those that exist.

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
    """A scenario from a TOML file or from its text; ``data/README.md`` describes the format.

    Raises
    ------
    SecondopError
        Listing every problem at once.
    """
    text = source.read_text("utf-8") if isinstance(source, Path) else source
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SecondopError(f"The scenario is not valid TOML: {error}.") from error
    name, faults = raw.pop("name", None), []
    if not isinstance(name, str):
        name = "without a name"
        faults.append('it has no name: write name = "..." on its first line.')
    parameters, shapes = {}, {}
    if "extends" in raw:
        base = load_scenario(raw.pop("extends"))
        carried = f"carried over from the scenario {base.name}, where it was fitted"
        parameters = {
            path: replace(p, basis="assumed", citation=carried) if p.basis == "fitted" else p
            for path, p in base.parameters.items()
        }
        shapes = dict(base.shapes)
    title, fitted_to = raw.pop("title", name), tuple(raw.pop("fitted_to", ()))
    default = raw.pop("defaults", {})
    facts = raw.pop("facts", {})
    for section, rows in raw.items():
        if section not in _SECTIONS:
            faults.append(f"there is no section {section!r}.{did_you_mean(section, [*_SECTIONS, 'facts'])}")
            continue
        for key, value in rows.items():
            _read(f"{section}.{key}", value, default, parameters, faults)
    for fact, stated in facts.items():
        if fact not in FACTS:
            faults.append(f"there is no fact {fact!r}.{did_you_mean(fact, FACTS)}")
            continue
        stated = dict(stated)
        given = {"given": stated.pop("given", None), "levels": tuple(stated.pop("is", ())) or None}
        given |= {
            "otherwise": stated.pop("otherwise", None),
            "breaks": tuple(stated.pop("breaks", ())) or None,
        }
        changed = {key: value for key, value in given.items() if value is not None}
        if changed:
            shapes[fact] = replace(shapes.get(fact, Shape()), **changed)
        shares = stated.pop("shares", None)
        if shares is not None:
            for path in _share_paths(parameters, fact):
                del parameters[path]
            labels = _labels(FACTS[fact], shapes.get(fact, Shape()), len(shares))
            if len(labels) != len(shares):
                faults.append(
                    f"fact {fact!r} has {len(labels)} answers ({', '.join(labels)}), not {len(shares)}."
                )
            stated |= {f"shares.{label}": share for label, share in zip(labels, shares, strict=False)}
        for key, value in stated.items():
            _read(f"facts.{fact}.{key}", value, default, parameters, faults)
    _raise(name, faults + _problems(parameters, shapes))
    return Scenario(name, title, parameters, shapes, fitted_to)


def _labels(fact: Fact, shape: Shape, n: int) -> list[str]:
    if fact.has_levels:
        return list(fact.levels)
    edges = shape.breaks[:-1] if fact.kind is Kind.NUMBER else range(n)
    return [f"{edge:g}" for edge in edges]


def _kind(path: str) -> str | None:
    """What sort of number the parameter of this path is, or None if there is no such path."""
    section, _, key = path.partition(".")
    if section == "facts":
        fact, _, key = key.partition(".")
        if fact not in FACTS:
            return None
        flag = FACTS[fact].kind is Kind.FLAG
        return "share" if (key == "share" if flag else key.startswith("shares.")) else _OWN.get(key)
    return _SECTIONS.get(section, {}).get(key)


def _share_paths(parameters: Mapping[str, Parameter], fact: str) -> list[str]:
    """Paths of a fact's shares, in the order of its answers."""
    start = f"facts.{fact}.share"
    found = [
        p for p in (start, *parameters) if p in parameters and (p == start or p.startswith(f"{start}s."))
    ]
    order = FACTS[fact].levels
    return sorted(
        dict.fromkeys(found),
        key=lambda p: order.index(p.split(".")[3]) if order and p.split(".")[3] in order else 0,
    )


def _set(old: Parameter, value: float, basis: str = "assumed") -> Parameter:
    citation = old.citation if basis == old.basis else "set by hand"
    return Parameter(value, min(old.lower, value), max(old.upper, value), basis, citation)


def _read(path: str, value: Any, default: dict, parameters: dict, faults: list[str]) -> None:
    """A parameter as the file states it: in full, or as a bare number with the default range and basis."""
    known = set(Parameter.__dataclass_fields__)
    stated = value if isinstance(value, dict) else {"value": value}
    number = [stated.get(k, 0) for k in ("value", "lower", "upper")]
    if "value" not in stated or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in number):
        faults.append(f"{path} needs a number, not {value!r}.")
        return
    if extra := set(stated) - known:
        faults.append(f"{path} has no {', '.join(sorted(extra))}; it has {', '.join(sorted(known))}.")
        return
    lower, upper = _default_range(_kind(path), float(stated["value"]))
    stated = {"lower": lower, "upper": upper} | default | stated
    for key in ("value", "lower", "upper"):
        stated[key] = float(stated[key])
    parameters[path] = Parameter(**stated)


def _default_range(kind: str | None, value: float) -> tuple[float, float]:
    """Half to double the odds of a share, half to double of odds, 0.15 either way of a loading or shift.

    What is exactly 0 or 1 is so by construction and does not vary.
    """
    if kind in ("share", "gap"):
        return value / (2 - value), 2 * value / (1 + value)
    if kind in ("loading", "shift"):
        width = 0.15 if value else 0.0
        return max(value - width, _LIMITS[kind][0]), min(value + width, _LIMITS[kind][1])
    return value / 2, value * 2


def _problems(parameters: Mapping[str, Parameter], shapes: Mapping[str, Shape]) -> list[str]:
    faults = []
    for path, p in parameters.items():
        kind = _kind(path)
        if kind is None:
            faults.append(f"there is no parameter {path!r}.")
            continue
        low, high = _LIMITS[kind]
        inside = all(low <= v <= high for v in (p.value, p.lower, p.upper))
        inside &= not (kind == "gap" and p.upper >= 1) and not (kind == "odds" and p.lower <= 0)
        if not inside:
            edge = "below" if kind == "gap" else "to"
            faults.append(
                f"{path} is a {kind} and lies from {low:g} {edge} {high:g}, not {p.value:g} ({p.lower:g} to {p.upper:g})."
            )
        elif not p.lower <= p.value <= p.upper:
            faults.append(f"{path}: {p.value:g} is outside its own range {p.lower:g} to {p.upper:g}.")
        if p.basis not in BASES:
            faults.append(f"{path}: the basis is one of {', '.join(BASES)}, not {p.basis!r}.")
        elif p.basis != "assumed" and not p.citation:
            faults.append(f"{path} is {p.basis}, so it needs a citation.")
    stated = [f"{section}.{key}" for section, keys in _SECTIONS.items() for key in keys]
    faults += [f"it does not state {path}." for path in stated if path not in parameters]
    for prefix in [*(f"facts.{name}" for name in FACTS), "outcomes.treatment", "sought"]:
        join = "_" if prefix == "outcomes.treatment" else "."
        u, v = (parameters.get(f"{prefix}{join}{k}") for k in ("difficulty", "gravity"))
        if u and v and u.value**2 + v.value**2 > 1:
            faults.append(
                f"{prefix}: the squared loadings {u.value:g} and {v.value:g} add up to more than 1."
            )
    for name, fact in FACTS.items():
        faults += _fact_problems(
            fact, [*_share_paths(parameters, name)], parameters, shapes.get(name, Shape())
        )
        trail = [name]
        while (parent := shapes.get(trail[-1], Shape()).given) and parent not in trail:
            trail.append(parent)
        if parent == name:
            faults.append(f"fact {name!r} is given itself: {' given '.join([*trail, name])}.")
    faults += [
        f"{name!r} drives the search for an opinion, so it cannot be given another fact."
        for name in WISHES
        if shapes.get(name, Shape()).given
    ]
    return faults


def _fact_problems(fact: Fact, paths: list[str], parameters, shape: Shape) -> list[str]:
    name, faults = fact.name, []
    if not paths:
        return [f"fact {name!r} has no {'share' if fact.kind is Kind.FLAG else 'shares'}."]
    if fact.kind is not Kind.FLAG:
        labels = [p.split(".", 3)[3] for p in paths]
        wanted = _labels(fact, shape, len(paths))
        if labels != wanted:
            faults.append(f"fact {name!r} needs shares of {', '.join(wanted)}, not of {', '.join(labels)}.")
        total = math.fsum(parameters[p].value for p in paths)
        if abs(total - 1) > 1e-6:
            faults.append(f"the shares of fact {name!r} add up to {total:.6g}, not to 1.")
    edges = shape.breaks
    if fact.kind is Kind.NUMBER and not (
        len(edges) > 1
        and all(a < b for a, b in zip(edges, edges[1:], strict=False))
        and fact.low <= edges[0]
        and edges[-1] <= fact.high
    ):
        faults.append(f"fact {name!r} needs breaks that rise within {fact.low:g} to {fact.high:g}.")
    if not shape.given:
        return faults
    parent = FACTS.get(shape.given)
    if parent is None:
        return [
            *faults,
            f"fact {name!r} is given {shape.given!r}, which is no fact.{did_you_mean(shape.given, FACTS)}",
        ]
    if (
        parent.is_numeric
        or bool(shape.levels) != parent.has_levels
        or not set(shape.levels) <= set(parent.levels)
    ):
        choice = (
            f"some of is = {list(parent.levels)}"
            if parent.has_levels
            else "a yes-or-no fact, or one with levels"
        )
        faults.append(f"fact {name!r} is given {shape.given!r}: say {choice}.")
    if (fact.has_levels and shape.otherwise is None) or (
        shape.otherwise is not None and not fact.accepts(shape.otherwise)
    ):
        faults.append(
            f"fact {name!r} needs the answer of cases without {shape.given!r}: otherwise = {fact.expects()}."
        )
    return faults


def _raise(name: str, faults: list[str]) -> None:
    if faults:
        problems = "1 problem" if len(faults) == 1 else f"{len(faults)} problems"
        raise SecondopError("\n  ".join([f"{problems} in scenario {name!r}:", *faults]))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else repr(value)
