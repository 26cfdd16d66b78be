"""The true traits and answers of simulated cases, before anything is lost and before an outcome.

Every trait and every fact has a random stream of its own, spawned from its name: a new fact, or another
number, changes nothing that is drawn of the others. Within its stream a shorter run is a prefix of a longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.structure import place
from secondop.rules.facts import Fact, Kind

if TYPE_CHECKING:
    from secondop.cohorts.outcomes import Cases

WORDS = 1 << 16
_NORMALS = special.ndtri((np.arange(WORDS) + 0.5) / WORDS).astype(np.float32)
"""The standard normal of each 16-bit word: quantiles at the middle of 65,536 equal parts."""


class Streams:
    """The random numbers of the first rows of a block of cases, by the name of what they are for.

    ``keep`` holds on to them: the next to ask has the same again without drawing.
    """

    def __init__(self, seed: int, block: int, rows: int, *, keep: bool = False) -> None:
        self.block, self.rows, kept = block, rows, cache if keep else lambda drawn: drawn

        @kept
        def words(name: str) -> np.ndarray:
            """16-bit words, every one as likely as any other."""
            key = int.from_bytes(sha256(name.encode()).digest()[:8])
            spawned = np.random.SeedSequence(seed, spawn_key=(block, key))
            return np.random.SFC64(spawned).random_raw(-(-rows // 4)).view(np.uint16)[:rows]

        @kept
        def normal(name: str) -> np.ndarray:
            """Standard normals, to be read and not changed."""
            return _NORMALS.take(words(name))

        self.words, self.normal = words, normal

    def hits(self, name: str, chance: np.ndarray | float) -> np.ndarray:
        """Yes or no, yes with this chance (to 1 in 65,536)."""
        return self.words(name) < np.float32(WORDS) * chance


class Words:
    """The answers to a fact with levels, as a condition compares them."""

    __hash__ = None

    def __init__(self, fact: Fact, places: np.ndarray) -> None:
        self.fact, self.places = fact, places

    def __eq__(self, level: object) -> np.ndarray:
        return self.places == self.fact.levels.index(level)


class FactPlan:
    """How a fact is drawn: ready for any number of cases.

    A case belongs to the first of ``strata`` whose condition it meets, or else to the last row of ``cuts``:
    the thresholds of its score, one for each answer but the lowest. ``fixed`` holds what needs no draw.
    """

    def __init__(self, scenario: Scenario, fact: Fact) -> None:
        self.fact, self.correlations = fact, signalled(scenario, fact.name)
        strata, stated = scenario.structure.strata.get(fact.name, {}), scenario.structure.stated
        self.strata, several, shares = [*strata.values()], fact.kind is not Kind.FLAG, []
        self.fixed: dict[int, Any] = {}
        for i, by in enumerate((*strata, "")):
            answer = stated.get(f"{place(fact.name, by)}.answer")
            shares.append([0.0] if answer is not None else [*scenario.shares(fact.name, by).values()])
            if answer is not None:
                self.fixed[i] = fact.levels.index(answer) if fact.has_levels else answer
        above = np.zeros((len(shares), max(map(len, shares)) - several))  # of what lies above each threshold
        for row, each in zip(above, shares, strict=True):
            each = list(accumulate(each[:0:-1]))[::-1] if several else each
            row[: len(each)] = each
        self.cuts = special.ndtri(1 - np.clip(above.round(12), 0, 1)).astype(np.float32)
        self.breaks = np.array(stated.get(f"{place(fact.name)}.breaks", ()), float)

    def draw(self, cases: Cases) -> np.ndarray:
        """The true answers, given those that its strata speak of."""
        score, left = cases.score(f"fact:{self.fact.name}", self.correlations), None
        inside: list[np.ndarray | None] = []  # the cases of each stratum, and last those of none
        for condition in self.strata:
            held = cases.meets(condition)
            inside.append(held if left is None else held & left)
            left = ~held if left is None else left & ~held
        inside.append(left)
        live = [i for i in range(len(inside)) if i not in self.fixed]
        # sums and products, since a choice by a random mask takes ten times as long
        stratum = sum(inside[i] * np.uint8(i) for i in live) if len(live) > 1 else None
        drawn = np.zeros(len(score), np.uint8)
        for cut in self.cuts.T if live else ():  # where all else is fixed, one threshold serves every case
            drawn += (score > (cut[live[0]] if stratum is None else cut.take(stratum))).view(np.uint8)
        found = self._as_answers(drawn, cases.streams)
        for i, answer in self.fixed.items():
            others = False if inside[i] is None else ~inside[i]
            found = found * others + np.asarray(answer, found.dtype) * np.logical_not(others)
        return found

    def _as_answers(self, drawn: np.ndarray, streams: Streams) -> np.ndarray:
        match self.fact.kind:
            case Kind.FLAG:
                return drawn.view(bool)
            case Kind.COUNT:
                return drawn.astype(np.int64)
            case Kind.NUMBER:  # anywhere in its band, in whole tenths
                start, width = self.breaks[:-1].take(drawn), np.diff(self.breaks).take(drawn)
                within = streams.words(f"within:{self.fact.name}") / WORDS
                return np.maximum(start, np.floor((start + width * within) * 10) / 10)
        return drawn


def signalled(scenario: Scenario, fact: str) -> dict[str, float]:
    """A fact's correlations with the traits: ``signal`` times those stated, over the rest of the score."""
    stated = {trait: scenario[f"facts.{fact}.{trait}"] for trait in TRAITS}
    squares = sum(x * x for x in stated.values())
    ratio = scenario["signal"] / np.sqrt(1 - squares)
    shrunk = ratio / np.sqrt(1 + ratio * ratio * squares)
    return {trait: float(x * shrunk) for trait, x in stated.items() if x * shrunk}


def fact_plans(scenario: Scenario, facts: Iterable[Fact] | None = None) -> list[FactPlan]:
    """The plans of these facts (by default of all), each after those on which it depends."""
    return [FactPlan(scenario, fact) for fact in (scenario.structure.order if facts is None else facts)]
