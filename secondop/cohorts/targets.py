"""The figures that a scenario shall hold, the numbers that are solved for them, and what cases give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from secondop.cohorts.outcomes import Cases, rates_of
from secondop.cohorts.parameters import RATES, SOLVED, Parameter
from secondop.cohorts.scenario import Scenario

FARTHEST = 15.0
"""No solved number lies farther from 0."""


@dataclass(frozen=True)
class Target:
    """A figure that shall hold, and the parameter that is solved for it."""

    path: str
    free: str
    wanted: Parameter

    @property
    def is_rate(self) -> bool:
        return self.path.startswith("rates.")

    def line(self, value: float | np.ndarray) -> float | np.ndarray:
        """The figure as log-odds, or a ratio as its logarithm."""
        return special.logit(value) if self.is_rate else np.log(value)

    @property
    def reach(self) -> np.ndarray:
        """How far both ends of its range lie from it on that line."""
        p, most = self.wanted, 1 - 1e-6 if self.is_rate else np.inf
        return self.line(np.clip([p.lower, p.upper], 1e-6, most)) - self.line(p.value)


def targets(scenario: Scenario, *, contrasts: bool = True) -> list[Target]:
    """The rates of a scenario and the contrasts of its effects."""
    found = [Target(f"rates.{rate}", f"solved.{free}", scenario.parameters[f"rates.{rate}"])
             for rate, free in zip(RATES, SOLVED, strict=True)]  # fmt: skip
    for name, about in scenario.structure.raw.get("effects", {}).items() if contrasts else ():
        path = f"effects.{name}.contrast"
        if path in scenario.parameters:
            found.append(Target(path, f"effects.{name}.{about['solve']}", scenario.parameters[path]))
    return found


def got(scenario: Mapping, wanted: Iterable[Target], cases: Cases) -> list:
    """What the cases give for each target; a number, or an array where the scenario's numbers are columns."""
    expected, found = cases.expected(scenario), []
    rates = rates_of(expected, (t.path.removeprefix("rates.") for t in wanted if t.is_rate))
    for target in wanted:
        if target.is_rate:
            found.append(rates[target.path.removeprefix("rates.")])
            continue
        name = target.path.split(".")[1]
        about, (group, reference) = cases.about[name], cases.groups[name]
        weight = expected["sought"] if about["among"] == "sought" else np.ones(1, np.float32)
        a, b = (
            (weight * inside * expected[about["outcome"]]).sum(-1, dtype=float)
            / (weight * inside).sum(-1, dtype=float)
            for inside in (group, ~group if reference is None else reference)
        )
        found.append(a / b if about["measure"] == "risk ratio" else a / (1 - a) / (b / (1 - b)))
    return found


def got_with_error(scenario: Scenario, wanted: list[Target], cases: Cases) -> tuple[list[float], list[float]]:
    """What the cases give for each target, and its standard error over 32 parts of them."""
    size = len(cases.wish) // 32
    each = [got(scenario, wanted, cases.part(slice(i * size, (i + 1) * size))) for i in range(32)]
    return got(scenario, wanted, cases), (np.std(each, axis=0, ddof=1) / np.sqrt(len(each))).tolist()


def on_lines(wanted: list[Target], values: Iterable) -> np.ndarray:
    """What was got for each target, on its line."""
    values, rates = np.stack(list(values)).clip(1e-9), [target.is_rate for target in wanted]
    lines = np.log(values)
    lines[rates] = special.logit(values[rates].clip(max=1 - 1e-9))
    return lines
