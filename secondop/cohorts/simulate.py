"""A simulated cohort: facts as recorded, with gaps, and the truth beside them.

Rows are drawn in fixed blocks, and within a block every fact has a stream of its own, so that the rows do not
depend on how many are asked for, on batches, on threads or on other facts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import polars as pl
from scipy import special

from secondop.arguments import checked
from secondop.cohorts.outcomes import TRUTH, Cases
from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.cohorts.truth import Streams, Truth, draw, fact_plans
from secondop.errors import SecondopError, not_whole, refuse, unknown_name
from secondop.rules.facts import Kind

if TYPE_CHECKING:
    Frame = pd.DataFrame | pl.DataFrame

BLOCK = 1 << 17
"""Rows with random streams of their own."""
THREADS = min(4, os.cpu_count() or 1)
ENGINES = ("pandas", "polars")
GAP = 255
"""The code of an answer that is not recorded; no count is stated so far."""


@dataclass(frozen=True)
class Gaps:
    """More facts not recorded than the scenario says, for `simulate`.

    Attributes
    ----------
    share : float
        Of the recorded answers, the share that is lost, in [0, 0.99].
    difficulty : float
        Loading on difficulty, in [-0.95, 0.95]: above 0 the gaps are where cases are difficult, 0 is at
        random.
    facts : collection of str, optional
        Only in these facts; all by default.
    """

    share: float
    difficulty: float = 0.0
    facts: Collection[str] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.facts, str):
            raise SecondopError(f"Gaps takes a list of facts: write facts=[{self.facts!r}].")
        numbers = all(isinstance(x, Real) for x in (self.share, self.difficulty))
        if not numbers or not 0 <= self.share <= 0.99 or not -0.95 <= self.difficulty <= 0.95:
            takes = "Gaps takes a share from 0 to 0.99 and a loading on difficulty from -0.95 to 0.95"
            raise SecondopError(f"{takes}; got {self.share!r} and {self.difficulty!r}.")


@checked(n=None, seed=None)
def simulate(
    scenario: Scenario | str,
    n: int,
    *,
    seed: int,
    engine: Literal["pandas", "polars"] = "pandas",
    missing: Gaps | None = None,
) -> Frame:
    """Simulate a cohort: cases as they would be recorded, and the truth that no record shows.

    Parameters
    ----------
    scenario : Scenario or str
        A scenario, or the name of one that comes with the package.
    n : int
        Number of cases.
    seed : int
        Required: the same seed gives the same rows. A longer cohort begins with the rows of a shorter one.
    engine : {"pandas", "polars"}
        The kind of frame.
    missing : Gaps, optional
        More gaps than the scenario has, at random or where cases are difficult.

    Returns
    -------
    DataFrame, n rows
        One column per fact, null where not recorded: yes or no as ``bool[pyarrow]`` (polars: Boolean), words
        as categories in the fact's levels (Enum), counts as ``int64[pyarrow]`` (Int64), numbers as
        ``double[pyarrow]`` (Float64). Then the truth, never null: ``difficulty, gravity, contest`` (standard
        normal), and yes or no

        * ``intervention_proposed``: the first plan is an intervention, by the true facts;
        * ``first_right, second_right``: whether each diagnosis is right; ``opinions_differ``: whether the two
          are different ones, and ``diagnosis_changed``, the same by definition;
        * ``sought``: whether the patient obtained an opinion; all else says what one would find, for every
          case;
        * ``treatment_changed``; ``error_corrected`` (wrong, then right), ``error_introduced`` (the reverse);
        * ``intervention_averted``: an intervention was proposed and the changed plan is none.

        A pandas frame's ``attrs`` hold ``simulated, scenario, fitted_to, seed, n``.

    Examples
    --------
    >>> cohort = simulate("general", 1_000, seed=7)
    >>> len(cohort), cohort.attrs["scenario"], bool(cohort["wants_second_opinion"].isna().any())
    (1000, 'general', True)
    """
    scenario = _checked(scenario, seed, engine, missing, n=n)
    frame = _rows(_Plan(scenario, missing), 0, int(n), int(seed))
    return frame if engine == "polars" else _pandas(frame, scenario, 0, int(seed))


@checked(n=None, seed=None)
def simulate_batches(
    scenario: Scenario | str,
    n: int,
    *,
    seed: int,
    batch: int = BLOCK,
    engine: Literal["pandas", "polars"] = "pandas",
    missing: Gaps | None = None,
) -> Iterator[Frame]:
    """The rows of `simulate`, some at a time: any number of cases in the memory of one batch.

    Parameters
    ----------
    batch : int
        Rows of each frame; the last may have fewer. Multiples of 131,072 are fastest.

    Yields
    ------
    DataFrame
        Put together, the frames are the cohort that `simulate` gives for the same seed.

    Examples
    --------
    >>> [len(part) for part in simulate_batches("general", 2_500, seed=7, batch=1_000)]
    [1000, 1000, 500]
    """
    scenario = _checked(scenario, seed, engine, missing, n=n, batch=batch)
    frames = _batches(_Plan(scenario, missing), n, int(seed), batch)
    if engine == "polars":
        return frames
    starts = range(0, n, batch)
    return (_pandas(x, scenario, start, int(seed)) for start, x in zip(starts, frames, strict=True))


def _batches(plan: _Plan, n: int, seed: int, batch: int) -> Iterator[pl.DataFrame]:
    """Whole blocks, each drawn once, cut into batches."""
    span, left = max(batch // BLOCK, 1) * BLOCK, None
    for start in range(0, n, span):
        drawn = _rows(plan, start, min(start + span, n), seed)
        left = drawn if left is None or not len(left) else pl.concat([left, drawn])
        while len(left) >= batch:
            yield left.head(batch)
            left = left.slice(batch)
    if len(left):
        yield left


def common_cohorts(
    scenarios: Iterable[Scenario],
    n: int,
    *,
    seed: int,
    together: int,
    recentring: Callable[[Scenario, Cases], Mapping],
) -> Iterator[tuple[int, Iterator[pl.DataFrame]]]:
    """The cohorts of scenarios from the same random numbers, their rates kept: so many ``together``.

    How many there are, and their cases in parts, with columns ``cohort``, ``row`` and ``missed``: how far a
    rate is off in spite of recentring. Two cohorts differ by what differs between their scenarios and not by
    chance.
    """
    sizes = {block: min(n - block * BLOCK, BLOCK) for block in range(-(-n // BLOCK))}
    streams = [Streams(seed, block, size, keep=len(sizes) == 1) for block, size in sizes.items()]
    scenarios = iter(scenarios)
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(scenarios, together)):
            plans = list(map(_Plan, some))

            def part(stream: Streams, plans: list[_Plan] = plans) -> pl.DataFrame:
                each = list(pool.map(lambda plan: plan.columns(stream, recentring), plans))
                made = _frame({name: np.concatenate([x[name] for x in each]) for name in each[0]}, plans[0])
                row = stream.block * BLOCK + np.tile(np.arange(stream.rows), len(plans))
                return made.with_columns(cohort=np.repeat(range(len(plans)), stream.rows), row=row)

            yield len(some), map(part, streams)


def _checked(scenario, seed, engine, missing: Gaps | None, **counts) -> Scenario:
    scenario = as_scenario(scenario)
    problems = not_whole("the seed, by which a cohort can be had again", seed, 0)
    problems += [
        x for name, count in counts.items() for x in not_whole(f"{name}, a number of cases", count, 1)
    ]
    refuse("No cohort can be simulated", problems)
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES)
    if not (missing is None or isinstance(missing, Gaps)):
        raise SecondopError(f"missing is Gaps(share) of more answers not recorded; got {missing!r:.80}.")
    own, taken = scenario.structure.rule_book.facts, [*TRAITS, *TRUTH, "cohort", "row", "missed"]
    told = "is a column that every simulated cohort has: call the fact otherwise"
    refuse("No cohort can be simulated", [f"{name!r} {told}" for name in taken if name in own])
    for name in (missing and missing.facts) or ():
        scenario.structure.rule_book.fact(name)
    return scenario


class _Plan:
    """A scenario made ready: the thresholds of every fact, and the gaps in its record."""

    def __init__(self, scenario: Scenario, missing: Gaps | None = None) -> None:
        self.scenario, self.facts = scenario, fact_plans(scenario)
        self.gaps: dict[str, list[tuple[str, float, float]]] = {}
        for name in scenario.structure.rule_book.facts:
            start = f"facts.{name}.missing"
            gaps = [(f"gap:{name}", scenario[start], scenario[f"{start}_difficulty"])]
            if missing is not None and (missing.facts is None or name in missing.facts):
                gaps.append((f"more gaps:{name}", missing.share, missing.difficulty))
            self.gaps[name] = [gap for gap in gaps if gap[1]]

    def columns(self, streams: Streams, recentring: Callable | None = None) -> dict[str, np.ndarray]:
        """The recorded cases of a block as codes, and their truth: GAP, or no number, where not recorded."""
        truth = draw(self.facts, streams)
        cases = Cases(self.scenario, truth)
        found = {}
        for name, fact in self.scenario.structure.rule_book.facts.items():
            answers, lost = truth.answers[name], self._lost(name, truth)
            if fact.kind is Kind.NUMBER:
                found[name] = answers if lost is None else np.where(lost, np.nan, answers)
                continue
            code = answers.astype(np.uint8)
            found[name] = code if lost is None else code | -lost.view(np.uint8)  # whatever it is: GAP
        numbers = recentring(self.scenario, cases) if recentring else self.scenario
        found |= {"missed": np.full(len(cases.wish), numbers.missed)} if recentring else {}
        return (
            found
            | {name: trait.astype(float) for name, trait in truth.traits.items()}
            | cases.outcomes(numbers)
        )

    def _lost(self, name: str, truth: Truth) -> np.ndarray | None:
        lost = None
        for stream, share, loading in self.gaps[name]:
            if loading:
                hit = truth.score(stream, {"difficulty": loading}) > special.ndtri(1 - share).astype(
                    np.float32
                )
            else:
                hit = truth.streams.hits(stream, share)
            lost = hit if lost is None else lost | hit
        return lost


def _frame(columns: dict[str, np.ndarray], plan: _Plan) -> pl.DataFrame:
    """The frame of these columns, each fact in its own type, null where not recorded."""
    made = []
    for name, fact in plan.scenario.structure.rule_book.facts.items():
        column = pl.col(name)
        known = pl.when(column < GAP).then(column) if plan.gaps[name] else column
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


def _rows(plan: _Plan, start: int, stop: int, seed: int) -> pl.DataFrame:
    """Rows of the cohort, from the beginning of a block."""
    from tqdm.auto import tqdm

    def one(block: int) -> pl.DataFrame:
        return _frame(plan.columns(Streams(seed, block, min(stop - block * BLOCK, BLOCK))), plan)

    blocks = range(start // BLOCK, -(-stop // BLOCK))
    if len(blocks) == 1:
        return one(blocks[0])
    with ThreadPoolExecutor(THREADS) as pool:
        parts = tqdm(pool.map(one, blocks), total=len(blocks), unit="block", disable=len(blocks) < 50)
        return pl.concat(parts, rechunk=True)


def _pandas(frame: pl.DataFrame, scenario: Scenario, start: int, seed: int) -> pd.DataFrame:
    columns = {}
    for name, series in zip(frame.columns, frame.get_columns(), strict=True):
        if isinstance(series.dtype, pl.Enum):
            ordered = scenario.structure.rule_book.fact(name).kind is Kind.ORDERED
            codes = series.to_physical().cast(pl.Int8).fill_null(-1).to_numpy()
            kind = pd.CategoricalDtype(series.dtype.categories.to_list(), ordered=ordered)
            columns[name] = pd.Categorical.from_codes(codes, dtype=kind)
        else:
            columns[name] = pd.arrays.ArrowExtensionArray(series.to_arrow())
    made = pd.DataFrame(columns, index=pd.RangeIndex(start, start + len(frame)), copy=False)
    made.attrs = {"simulated": True, "scenario": scenario.name, "fitted_to": list(scenario.fitted_to)}
    made.attrs |= {"seed": seed, "n": len(frame)}
    return made
