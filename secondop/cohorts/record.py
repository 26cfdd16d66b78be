"""What is recorded of simulated cases, gaps and all, and the truth beside it: block by block.

Rows are drawn in fixed blocks, and within a block every fact has a stream of its own, so that the rows do not
depend on how many are asked for, on batches, on threads or on other facts.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import special
from tqdm.auto import tqdm

from secondop.cohorts.outcomes import TRUTH, Cases
from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.truth import Streams, Truth, fact_plans
from secondop.rules.facts import Kind

if TYPE_CHECKING:
    from secondop.cohorts.simulate import Gaps

BLOCK = 1 << 17
"""Rows with random streams of their own."""
THREADS = min(4, os.cpu_count() or 1)
GAP = 255
"""The code of an answer that is not recorded; no count is stated so far."""


class Plan:
    """A scenario made ready: the thresholds of every fact, and the gaps in its record."""

    def __init__(self, scenario: Scenario, missing: Gaps | None = None) -> None:
        self.scenario, self.facts = scenario, fact_plans(scenario)
        self.gaps: dict[str, list[tuple[str, float, float]]] = {}  # of each fact: stream, share, correlation
        for name in scenario.structure.rule_book.facts:
            start = f"facts.{name}.missing"
            gaps = [(f"gap:{name}", scenario[start], scenario[f"{start}_difficulty"])]
            if missing is not None and (missing.facts is None or name in missing.facts):
                gaps.append((f"more gaps:{name}", missing.share, missing.difficulty))
            self.gaps[name] = [gap for gap in gaps if gap[1]]

    def columns(self, streams: Streams, recentring: Callable | None = None) -> dict[str, np.ndarray]:
        """The recorded cases of a block as codes, and their truth: GAP, or no number, where not recorded."""
        truth = Truth(self.facts, streams)
        cases, numbers, found = Cases(self.scenario, truth), self.scenario, {}
        for name, fact in self.scenario.structure.rule_book.facts.items():
            found[name] = truth.answers[name]
            if fact.kind is not Kind.NUMBER:
                found[name] = found[name].astype(np.uint8, copy=False)
            for stream, share, correlation in self.gaps[name]:
                if correlation:
                    cut = special.ndtri(1 - share).astype(np.float32)
                    lost = truth.score(stream, {"difficulty": correlation}) > cut
                else:
                    lost = streams.hits(stream, share)
                if fact.kind is Kind.NUMBER:
                    found[name] = np.where(lost, np.nan, found[name])
                else:
                    found[name] = found[name] | -lost.view(np.uint8)  # whatever it is: GAP
        found |= {name: trait.astype(float) for name, trait in truth.traits.items()}
        if recentring is not None:
            numbers, missed = recentring(self.scenario, cases)
            found["missed"] = np.full(streams.rows, missed)
        return found | cases.outcomes(numbers)

    def frame(self, columns: dict[str, np.ndarray]) -> pl.DataFrame:
        """The frame of these columns, each fact in its own type, null where not recorded."""
        made = []
        for name, fact in self.scenario.structure.rule_book.facts.items():
            column = pl.col(name)
            known = pl.when(column < GAP).then(column) if self.gaps[name] else column
            match fact.kind:
                case Kind.NUMBER:
                    made.append(column.fill_nan(None))
                case Kind.COUNT:
                    made.append(known.cast(pl.Int64))
                case Kind.FLAG:
                    made.append((known == 1).alias(name))
                case _:
                    made.append(known.cat.to(pl.Enum(fact.levels)).alias(name))
        return pl.DataFrame(columns).select(*made, *TRAITS, *TRUTH, *(x for x in ["missed"] if x in columns))


def blocks(plan: Plan, n: int, seed: int, together: int) -> Iterator[pl.DataFrame]:
    """The rows of a cohort, block by block, so many drawn at once: they are what takes memory."""

    def one(block: int) -> pl.DataFrame:
        return plan.frame(plan.columns(Streams(seed, block, min(n - block * BLOCK, BLOCK))))

    many = -(-n // BLOCK)
    drawn = _ahead(one, zip(range(many)), max(1, min(THREADS, together)))
    return iter(tqdm(drawn, total=many, unit="block", disable=many < 50, leave=False))


def common_cohorts(
    scenarios: Iterable[Scenario],
    n: int,
    *,
    seed: int,
    together: int,
    recentring: Callable[[Scenario, Cases], tuple[Mapping, float]],
) -> Iterator[pl.DataFrame]:
    """The cohorts of scenarios from the same random numbers, their rates kept: so many ``together``.

    Their cases in parts, the next drawn while one is counted, with columns ``cohort`` (the scenario's place),
    ``row`` and ``missed``: how far a rate is off in spite of recentring. Two cohorts differ by what differs
    between their scenarios and not by chance.
    """
    sizes = [min(n - start, BLOCK) for start in range(0, n, BLOCK)]
    streams = [Streams(seed, block, size, keep=len(sizes) == 1) for block, size in enumerate(sizes)]

    def part(stream: Streams, plans: list[Plan], first: int) -> pl.DataFrame:
        each = [plan.columns(stream, recentring) for plan in plans]
        made = plans[0].frame({name: np.concatenate([x[name] for x in each]) for name in each[0]})
        cohort = np.repeat(range(first, first + len(plans)), stream.rows)
        row = stream.block * BLOCK + np.tile(np.arange(stream.rows), len(plans))
        return made.with_columns(cohort=cohort, row=row)

    def parts() -> Iterator[tuple]:
        left, first = iter(scenarios), 0
        while plans := [Plan(scenario) for scenario in islice(left, together)]:
            yield from ((stream, plans, first) for stream in streams)
            first += len(plans)

    return _ahead(part, parts(), 1)  # cohorts of some thousand cases gain nothing from more threads


def _ahead(make: Callable, each: Iterable[tuple], threads: int) -> Iterator[pl.DataFrame]:
    """What is made of each, in order; while one is used, as many as there are threads are made."""
    with ThreadPoolExecutor(threads) as pool:
        made = deque()
        for given in each:
            made.append(pool.submit(make, *given))
            if len(made) > threads:
                yield made.popleft().result()
        while made:
            yield made.popleft().result()
