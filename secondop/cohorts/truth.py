"""The true traits and answers of simulated cases, before anything is lost and before an outcome.

Every trait and every fact has a random stream of its own, spawned from its name: a new fact, or another
number, changes nothing that is drawn of the others. Within its stream a shorter run is a prefix of a longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from typing import Any

import numpy as np
from scipy import special

from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.rules.conditions import Condition
from secondop.rules.facts import Fact, Kind

WORDS = 1 << 16


@lru_cache(maxsize=1)
def _normals() -> np.ndarray:
    """The standard normal of each 16-bit word: quantiles at the middle of 65,536 equal parts."""
    return special.ndtri((np.arange(WORDS) + 0.5) / WORDS).astype(np.float32)


@lru_cache(maxsize=1 << 12)
def _spawn_key(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8])


class Streams:
    """The random numbers of the first rows of a block of cases, by the name of what they are for.

    ``keep`` holds on to them: the next to ask has the same again without drawing.
    """

    def __init__(self, seed: int, block: int, rows: int, *, keep: bool = False) -> None:
        self.seed, self.block, self.rows = seed, block, rows
        self._kept: dict[str, np.ndarray] | None = {} if keep else None

    def words(self, name: str) -> np.ndarray:
        """16-bit words, every one as likely as any other."""
        return self._once(name, self._drawn)

    def normal(self, name: str) -> np.ndarray:
        """Standard normals, to be read and not changed."""
        return self._once(f"normal:{name}", lambda _: _normals().take(self.words(name)))

    def _drawn(self, name: str) -> np.ndarray:
        spawned = np.random.SeedSequence(self.seed, spawn_key=(self.block, _spawn_key(name)))
        return np.random.SFC64(spawned).random_raw(-(-self.rows // 4)).view(np.uint16)[: self.rows]

    def _once(self, name: str, make: Callable[[str], np.ndarray]) -> np.ndarray:
        if self._kept is None:
            return make(name)
        if name not in self._kept:
            self._kept[name] = make(name)
        return self._kept[name]

    def hits(self, name: str, chance: np.ndarray | float) -> np.ndarray:
        """Yes or no, yes with this chance (to 1 in 65,536)."""
        return self.words(name) < np.float32(WORDS) * chance


class _Words:
    """The answers to a fact with levels, as a condition compares them."""

    __hash__ = None

    def __init__(self, fact: Fact, places: np.ndarray) -> None:
        self.fact, self.places = fact, places

    def __eq__(self, level: object) -> np.ndarray:
        return self.places == self.fact.levels.index(level)


class Truth:
    """The true answers of some cases: places of levels (uint8), yes or no, counts and numbers."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self.traits = {name: streams.normal(f"trait:{name}") for name in TRAITS}
        self.answers: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return self.streams.rows

    def _column(self, fact: Fact) -> Any:
        answers = self.answers[fact.name]
        return _Words(fact, answers) if fact.has_levels else answers

    def meets(self, condition: Condition) -> np.ndarray:
        """Which of the cases meet a condition, by their true answers."""
        return condition.to_expr(self._column)

    def score(self, name: str, correlations: dict[str, float]) -> np.ndarray:
        """A standard normal for each case, correlated with its traits as stated."""
        score = self.streams.normal(name)
        if correlations:
            score = score * np.float32(np.sqrt(1 - sum(x * x for x in correlations.values())))
            for trait, correlation in correlations.items():
                score += np.float32(correlation) * self.traits[trait]
        return score


@dataclass(frozen=True)
class FactPlan:
    """How a fact is drawn: ready for any number of cases.

    A case belongs to the first of ``strata`` whose condition it meets, or else to the last row of ``cuts``:
    the thresholds of its score, one for each answer but the lowest. ``fixed`` holds what needs no draw.
    """

    fact: Fact
    correlations: dict[str, float]
    strata: tuple[Condition, ...]
    cuts: np.ndarray
    fixed: tuple[tuple[int, Any], ...]
    breaks: np.ndarray

    @classmethod
    def of(cls, scenario: Scenario, fact: Fact) -> FactPlan:
        """The plan of one fact of a scenario."""
        name, structure = fact.name, scenario.structure
        strata = structure.strata.get(name, {})
        stated = [(by, structure.of_fact(name, by)) for by in (*strata, "")]
        fixed = tuple((i, each["answer"]) for i, (_, each) in enumerate(stated) if "answer" in each)
        shares = [[0.0] if "answer" in e else list(scenario.shares(name, by).values()) for by, e in stated]
        several = fact.kind is not Kind.FLAG
        above = np.zeros((len(stated), max(map(len, shares)) - several))  # of what lies above each threshold
        for row, each in zip(above, shares, strict=True):
            each = list(accumulate(each[:0:-1]))[::-1] if several else each
            row[: len(each)] = each
        cuts = special.ndtri(1 - np.clip(above.round(12), 0, 1)).astype(np.float32)
        breaks = np.array(structure.of_fact(name).get("breaks", ()), float)
        return cls(fact, signalled(scenario, name), tuple(strata.values()), cuts, fixed, breaks)

    def draw(self, truth: Truth) -> np.ndarray:
        """The true answers, given those that its strata speak of."""
        score, left = truth.score(f"fact:{self.fact.name}", self.correlations), None
        inside: list[np.ndarray | None] = []  # the cases of each stratum, and last those of none
        for condition in self.strata:
            held = truth.meets(condition)
            inside.append(held if left is None else held & left)
            left = ~held if left is None else left & ~held
        inside.append(left)
        fixed = dict(self.fixed)
        live = [i for i in range(len(inside)) if i not in fixed]
        # sums and products, since a choice by a random mask takes ten times as long
        place = sum(inside[i] * np.uint8(i) for i in live) if len(live) > 1 else None
        drawn = np.zeros(len(truth), np.uint8)
        for cut in self.cuts.T if live else ():  # where all else is fixed, one threshold serves every case
            drawn += (score > (cut[live[0]] if place is None else cut.take(place))).view(np.uint8)
        found = self._as_answers(drawn, truth)
        for i, answer in fixed.items():
            answer = self.fact.levels.index(answer) if self.fact.has_levels else answer
            others = False if inside[i] is None else ~inside[i]
            found = found * others + np.asarray(answer, found.dtype) * np.logical_not(others)
        return found

    def _as_answers(self, drawn: np.ndarray, truth: Truth) -> np.ndarray:
        match self.fact.kind:
            case Kind.FLAG:
                return drawn.view(bool)
            case Kind.COUNT:
                return drawn.astype(np.int64)
            case Kind.NUMBER:  # anywhere in its band, in whole tenths
                start, width = self.breaks[:-1].take(drawn), np.diff(self.breaks).take(drawn)
                within = truth.streams.words(f"within:{self.fact.name}") / WORDS
                return np.maximum(start, np.floor((start + width * within) * 10) / 10)
        return drawn


def signalled(scenario: Scenario, fact: str) -> dict[str, float]:
    """A fact's correlations with the traits: ``signal`` times those stated, over the rest of the score."""
    stated = {trait: scenario[f"facts.{fact}.{trait}"] for trait in TRAITS}
    squares = sum(x * x for x in stated.values())
    ratio = scenario["signal"] / np.sqrt(1 - squares)
    shrunk = ratio / np.sqrt(1 + ratio * ratio * squares)
    return {trait: float(x * shrunk) for trait, x in stated.items() if x * shrunk}


def fact_plans(scenario: Scenario, wanted: Iterable[str] | None = None) -> list[FactPlan]:
    """The plans of these facts and of those on which they depend (by default of all), in order."""
    structure = scenario.structure
    facts = structure.order if wanted is None else structure.needed(wanted)
    return [FactPlan.of(scenario, fact) for fact in facts]


def draw(plans: Iterable[FactPlan], streams: Streams) -> Truth:
    """True cases."""
    truth = Truth(streams)
    for plan in plans:
        truth.answers[plan.fact.name] = plan.draw(truth)
    return truth
