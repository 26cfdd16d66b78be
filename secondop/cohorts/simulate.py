"""A simulated cohort: facts as recorded, with gaps, and the truth beside them.

Rows are drawn in fixed blocks, and within a block every fact has a stream of its own, so that the rows do not
depend on how many are asked for, on batches, on threads or on other facts.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd
import polars as pl
from scipy import special
from tqdm.auto import tqdm

from secondop.arguments import checked, whole
from secondop.cohorts.outcomes import TRUTH, Cases
from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.cohorts.truth import Streams, fact_plans
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.rules.facts import Kind

Frame, Engine = pd.DataFrame | pl.DataFrame, Literal["pandas", "polars"]
BLOCK = 1 << 17
"""Rows with random streams of their own."""
MOST = 100_000_000
"""Cases of one frame: far more than most machines hold."""
THREADS = min(4, os.cpu_count() or 1)
GAP = 255
"""The code of an answer that is not recorded; no count is stated so far."""
ENGINES = ("pandas", "polars")


@dataclass(frozen=True)
class Gaps:
    """More facts not recorded than the scenario says, for `simulate`.

    ``share``: of the recorded answers, those that are lost, in [0, 0.99]. ``difficulty``: correlation with
    difficulty, in [-0.95, 0.95]; above 0 the gaps are where cases are difficult, 0 is at random.
    """

    share: float
    difficulty: float = 0.0

    def __post_init__(self) -> None:
        numbers = all(isinstance(x, Real) for x in (self.share, self.difficulty))
        if not numbers or not 0 <= self.share <= 0.99 or not -0.95 <= self.difficulty <= 0.95:
            takes = "Gaps takes a share from 0 to 0.99 and a correlation with difficulty from -0.95 to 0.95"
            raise SecondopError(f"{takes}; got {self.share!r} and {self.difficulty!r}.")


_GAPS = "Gaps are in all facts; of one alone: scenario.replace({'facts.sex.missing': 0.2})"
Gaps.__init__ = checked(facts=_GAPS)(Gaps.__init__)  # type: ignore[method-assign]


@checked()
def simulate(
    scenario: Scenario | str, n: int, *, seed: int, engine: Engine = "pandas", missing: Gaps | None = None
) -> Frame:
    """Simulate a cohort: cases as they would be recorded, and the truth that no record shows.

    The same ``seed`` gives the same rows, and a longer cohort begins with those of a shorter one.
    ``missing``: `Gaps` beside those of the scenario.

    One column per fact, null where not recorded: yes or no as ``bool[pyarrow]`` (polars: Boolean), words as
    categories in the fact's levels (Enum), counts as ``int64[pyarrow]`` (Int64), numbers as
    ``double[pyarrow]`` (Float64). Then the truth, never null: ``difficulty, gravity, contest`` (standard
    normal), and yes or no

    * ``intervention_proposed``: the first plan is an intervention, by the true facts;
    * ``first_right, second_right``: whether each diagnosis is right; ``opinions_differ``: whether the two
      are different ones, and ``diagnosis_changed``, the same by definition;
    * ``sought``: whether the patient obtained an opinion; all else says what one would find in every case;
    * ``treatment_changed``; ``error_corrected`` (wrong, then right), ``error_introduced`` (the reverse);
    * ``intervention_averted``: an intervention was proposed and the changed plan is none.

    A pandas frame's ``attrs`` hold ``simulated, scenario, fitted_to, seed, n``.

    Examples
    --------
    >>> cohort = simulate("general", 1_000, seed=7)
    >>> len(cohort), cohort.attrs["scenario"], bool(cohort["wants_second_opinion"].isna().any())
    (1000, 'general', True)
    """
    return next(_batches(scenario, int(n), int(seed), int(n), engine, missing))


@checked(batch=whole(1))
def simulate_batches(
    scenario: Scenario | str,
    n: int,
    *,
    seed: int,
    batch: int = BLOCK,
    engine: Engine = "pandas",
    missing: Gaps | None = None,
) -> Iterator[Frame]:
    """The rows of `simulate`, some at a time: any number of cases in the memory of one batch.

    Put together, the frames are the cohort of that seed. ``batch``: rows of each; the last may have fewer.

    Examples
    --------
    >>> [len(part) for part in simulate_batches("general", 2_500, seed=7, batch=1_000)]
    [1000, 1000, 500]
    """
    return _batches(scenario, int(n), int(seed), int(batch), engine, missing)


def _batches(
    scenario: Scenario | str, n: int, seed: int, batch: int, engine: str, missing: Gaps | None
) -> Iterator[Frame]:
    """Blocks, cut into batches or put together; what cannot be simulated is refused at once."""
    scenario = as_scenario(scenario)
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES)
    if not (missing is None or isinstance(missing, Gaps)):
        raise SecondopError(f"missing is Gaps(share) of more answers not recorded; got {missing!r:.80}.")
    if batch > MOST:
        raise SecondopError(
            f"A frame takes up to {MOST:,} cases; simulate_batches gives more, some at a time."
        )
    facts, taken = scenario.structure.rule_book.facts, [*TRAITS, *TRUTH, "cohort", "row", "missed"]
    told = "is a column that every simulated cohort has: call the fact otherwise"
    refuse("No cohort can be simulated", [f"{name!r} {told}" for name in taken if name in facts])
    plan, many = Plan(scenario, missing), -(-n // BLOCK)

    def one(block: int) -> pl.DataFrame:
        return plan.frame(plan.columns(Streams(seed, block, min(n - block * BLOCK, BLOCK))))

    def made() -> Iterator[pl.DataFrame]:
        waiting, rows = [], 0
        blocks = _ahead(one, zip(range(many)), min(THREADS, -(-batch // BLOCK)))  # they are what takes memory
        for drawn in tqdm(blocks, total=many, unit="block", disable=many < 50, leave=False):
            waiting, rows = [*waiting, drawn], rows + len(drawn)
            if rows >= batch:
                left = pl.concat(waiting, rechunk=True)
                yield from (left.slice(start, batch) for start in range(0, rows - rows % batch, batch))
                waiting, rows = [left.tail(rows % batch)], rows % batch
        if rows:
            yield pl.concat(waiting)

    if engine == "polars":
        return made()
    return (_pandas(x, scenario, i * batch, seed) for i, x in enumerate(made()))


def _pandas(frame: pl.DataFrame, scenario: Scenario, start: int, seed: int) -> pd.DataFrame:
    columns = {}
    for name, series in zip(frame.columns, frame.get_columns(), strict=True):
        if isinstance(series.dtype, pl.Enum):
            ordered = scenario.structure.rule_book.fact(name).kind is Kind.ORDERED
            codes = series.to_physical().fill_null(GAP).to_numpy().view(np.int8)  # GAP: -1, as pandas has it
            kind = pd.CategoricalDtype(series.dtype.categories.to_list(), ordered=ordered)
            columns[name] = pd.Categorical.from_codes(codes, dtype=kind)
        else:
            columns[name] = pd.arrays.ArrowExtensionArray(series.to_arrow())
    made = pd.DataFrame(columns, index=pd.RangeIndex(start, start + len(frame)), copy=False)
    made.attrs = {"simulated": True, "scenario": scenario.name, "fitted_to": list(scenario.fitted_to)}
    made.attrs |= {"seed": seed, "n": len(frame)}
    return made


class Plan:
    """A scenario made ready: the thresholds of every fact, and the gaps in its record."""

    def __init__(self, scenario: Scenario, missing: Gaps | None = None) -> None:
        self.scenario, self.facts = scenario, fact_plans(scenario)
        self.gaps: dict[str, list[tuple[str, float, float]]] = {}  # of each fact: stream, share, correlation
        for name in scenario.structure.rule_book.facts:
            start = f"facts.{name}.missing"
            gaps = [(f"gap:{name}", scenario[start], scenario[f"{start}_difficulty"])]
            if missing is not None:
                gaps.append((f"more gaps:{name}", missing.share, missing.difficulty))
            self.gaps[name] = [gap for gap in gaps if gap[1]]

    def columns(self, streams: Streams, recentring: Callable | None = None) -> dict[str, np.ndarray]:
        """The recorded cases of a block as codes, and their truth: GAP, or no number, where not recorded."""
        cases, numbers, found = Cases(self.scenario, streams, self.facts), self.scenario, {}
        for name, fact in self.scenario.structure.rule_book.facts.items():
            found[name] = cases.answers[name]
            if fact.kind is not Kind.NUMBER:
                found[name] = found[name].astype(np.uint8, copy=False)
            for stream, share, correlation in self.gaps[name]:
                if correlation:
                    cut = special.ndtri(1 - share).astype(np.float32)
                    lost = cases.score(stream, {"difficulty": correlation}) > cut
                else:
                    lost = streams.hits(stream, share)
                if fact.kind is Kind.NUMBER:
                    found[name] = np.where(lost, np.nan, found[name])
                else:
                    found[name] = found[name] | -lost.view(np.uint8)  # whatever it is: GAP
        found |= {name: trait.astype(float) for name, trait in cases.traits.items()}
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
            typed = {
                Kind.NUMBER: column.fill_nan(None),
                Kind.COUNT: known.cast(pl.Int64),
                Kind.FLAG: known == 1,
            }
            levels = known.cat.to(pl.Enum(fact.levels)) if fact.has_levels else None
            made.append((typed[fact.kind] if levels is None else levels).alias(name))
        return pl.DataFrame(columns).select(*made, *TRAITS, *TRUTH, *{"missed"} & columns.keys())


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
