"""The two traits of a case, difficulty and gravity, and the chances that follow from them.

Each trait is a standard normal that takes 65,536 values, one for each 16-bit word. What follows from a trait
is tabulated over 64 bins of it, finer where the density changes most; the bins keep 99.9 % of its variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from secondop.cohorts.parameters import FACTS, NO_SHAPE, Shape
from secondop.cohorts.scenario import Scenario
from secondop.rules.facts import Kind

BINS = 64
WORDS = 1 << 16


@dataclass(frozen=True)
class Grid:
    """The bins of a trait."""

    value: np.ndarray  # the trait for each of the 65,536 words
    of_word: np.ndarray  # its bin
    weight: np.ndarray  # each bin's probability
    mean: np.ndarray  # and mean
    edges: np.ndarray  # the words at which bins begin, and 65536
    kept: float  # variance of the bins' means: the rest is left to chance


@lru_cache(maxsize=1)
def grid() -> Grid:
    """The bins, the same for both traits."""
    value = special.ndtri((np.arange(WORDS) + 0.5) / WORDS)
    value /= value.std()
    # Quantiles of a normal of variance 3: the spacing that loses the least variance.
    edges = np.rint(WORDS * special.ndtr(np.sqrt(3) * special.ndtri(np.arange(BINS + 1) / BINS))).astype(int)
    weight = np.diff(edges) / WORDS
    mean = np.add.reduceat(value, edges[:-1]) / np.diff(edges)
    of_word = np.repeat(np.arange(BINS, dtype=np.uint16), np.diff(edges))
    return Grid(value, of_word, weight, mean, edges, float(weight @ mean**2))


def average(table: np.ndarray) -> float:
    """The mean of a (difficulty bin, gravity bin) table over all cases."""
    g = grid()
    return float(g.weight @ np.broadcast_to(table, (BINS, BINS)) @ g.weight)


def chances(share: float, u: float, v: float, within: np.ndarray | None = None, shift=0.0) -> np.ndarray:
    """Chance of a yes in each bin, for a yes with loadings u on difficulty and v on gravity.

    The share is the mean chance: exact, over all cases or over those that ``within``, of shape (64, 64),
    weighs. A shift is added to the score before the cut, with ``within`` of shape (k, 64, 64): k strata of
    cases. Difficulty lies along the last axis but one, gravity along the last; an axis without a loading has
    length 1.
    """
    if within is None and np.ndim(shift) == 0:
        return _unconditional(share, u, v, shift)
    return _solve(share, u, v, within, shift)


@lru_cache(maxsize=512)  # a change of one parameter leaves the tables of all others as they are
def _unconditional(share: float, u: float, v: float, shift: float) -> np.ndarray:
    table = _solve(share, u, v, None, shift)
    table.flags.writeable = False
    return table


def _solve(share: float, u: float, v: float, within: np.ndarray | None, shift) -> np.ndarray:
    g = grid()
    if share in (0.0, 1.0):
        return np.full((1, 1), share)
    score = shift + (u * g.mean[:, None] if u else np.zeros((1, 1))) + (v * g.mean if v else 0.0)
    spread = np.sqrt(1 - g.kept * (u * u + v * v))
    cut = special.ndtri(1 - share)
    if u or v or np.any(shift):  # in the tails the bins are not quite normal, so the cut is always solved for
        full = within is not None
        weight = (g.weight[:, None] if u or full else 1.0) * (g.weight if v or full else 1.0)
        weight = weight * within if full else weight
        weight = weight / (weight.sum() or 1.0)  # where nobody is inside, any cut will do
        low, high = cut - 12, cut + 12
        for _ in range(60):  # Newton, kept inside a bracket: the share falls as the cut rises
            z = (score - cut) / spread
            miss = float((weight * special.ndtr(z)).sum()) - share
            if abs(miss) < 1e-14:
                break
            low, high = (cut, high) if miss > 0 else (low, cut)
            slope = float((weight * np.exp(-z * z / 2)).sum()) / (np.sqrt(2 * np.pi) * spread)
            step = cut + miss / slope if slope > 0 else np.nan
            if abs(step - cut) < 1e-13:
                break
            cut = step if low < step < high else (low + high) / 2
    return special.ndtr((score - cut) / spread)


@dataclass(frozen=True)
class Ladder:
    """How a fact's answers follow from the traits."""

    at_least: list[np.ndarray]  # for each answer but the first: the chance of it or a higher one, in each bin
    shares: list[float]  # the same over the cases that the fact applies to


def ladder(scenario: Scenario, fact: str, within: np.ndarray | None) -> Ladder:
    """The chances of a fact's answers, among the cases that it applies to."""
    u, v = scenario[f"facts.{fact}.difficulty"], scenario[f"facts.{fact}.gravity"]
    shares = list(scenario.shares(fact).values())
    if FACTS[fact].kind is not Kind.FLAG:
        shares = [float(min(max(s, 0.0), 1.0)) for s in np.cumsum(shares[::-1])[::-1][1:].round(12)]
    return Ladder([chances(share, u, v, within) for share in shares], shares)


def fact_order(shapes: Mapping[str, Shape]) -> list[str]:
    """The facts, each after the one that it is given."""
    order: dict[str, None] = {}

    def place(name: str) -> None:
        if name not in order:
            if parent := shapes.get(name, NO_SHAPE).given:
                place(parent)
            order[name] = None

    for name in FACTS:
        place(name)
    return list(order)


def holds(scenario: Scenario, ladders: Mapping, fact: str, within: Mapping, levels: Sequence[str]):
    """Chance in each bin that a fact has one of these levels (or is yes), where it applies or not."""
    at_least = [1.0, *ladders[fact].at_least, 0.0]
    applies, shape = within.get(fact, 1.0), scenario.shapes.get(fact, NO_SHAPE)
    if FACTS[fact].kind is Kind.FLAG:
        return applies * at_least[1] + (1 - applies) * bool(shape.otherwise)
    place = [FACTS[fact].levels.index(level) for level in levels]
    inside = sum(at_least[k] - at_least[k + 1] for k in place)
    return applies * inside + (1 - applies) * (shape.otherwise in levels)


def ladders(scenario: Scenario, facts: Sequence[str] | None = None) -> tuple[dict, dict]:
    """Every fact's ladder, and the chance of the cases that it applies to where it is given another."""
    found: dict[str, Ladder] = {}
    within: dict[str, np.ndarray] = {}
    for name in fact_order(scenario.shapes) if facts is None else facts:
        shape = scenario.shapes.get(name, NO_SHAPE)
        if shape.given:
            within[name] = holds(scenario, found, shape.given, within, shape.levels)
        found[name] = ladder(scenario, name, within.get(name))
    return found, within
