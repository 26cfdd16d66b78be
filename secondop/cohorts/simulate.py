"""A simulated cohort: facts as recorded, with gaps, and the truth beside them.

Rows are drawn in fixed blocks. Each block has a random stream of its own and each fact a fixed place in that
stream, so that the rows do not depend on how many are asked for, on batches or on threads, and changing one
parameter leaves every other random number as it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from numbers import Integral
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from tqdm.auto import tqdm

from secondop.cohorts.outcomes import DRAWS, TRUTH, outcome_chances, wish_chance
from secondop.cohorts.parameters import FACTS, NO_SHAPE, WISHES, Shape
from secondop.cohorts.scenario import Scenario, load_scenario
from secondop.cohorts.traits import BINS, WORDS, chances, fact_order, grid, ladders
from secondop.errors import SecondopError, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import Kind

if TYPE_CHECKING:
    import polars as pl

BLOCK = 32_768  # rows: fits the processor's cache; a multiple of 256 (patterns) and of 8 (packed bits)
THREADS = min(4, os.cpu_count() or 1)
PERIOD = 256
# Where each draw lies in a block's stream. New ones go last: what stands before them then stays as it is.
_WORD_ROWS = {n: i for i, n in enumerate(("difficulty", "gravity", "sought", *DRAWS, *FACTS, "within_band"))}
_BYTE_ROWS = {name: i for i, name in enumerate(FACTS)}
WORDS_PER_BLOCK = BLOCK // 8 * (2 * len(_WORD_ROWS) + len(_BYTE_ROWS))
"""64-bit random words that a block draws."""


@dataclass(frozen=True)
class Gaps:
    """More facts not recorded than the scenario says, for `simulate`.

    Attributes
    ----------
    share : float
        Of the recorded answers, the share that is lost, in [0, 0.99].
    difficulty : float
        Loading on difficulty, in [-1, 1]: above 0 the gaps are where cases are difficult, 0 is at random.
    facts : collection of str, optional
        Only in these facts; all by default.
    """

    share: float
    difficulty: float = 0.0
    facts: Collection[str] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 0.99 or not -1 <= self.difficulty <= 1:
            takes = "Gaps takes a share from 0 to 0.99 and a loading on difficulty from -1 to 1"
            raise SecondopError(f"{takes}; got {self.share!r} and {self.difficulty!r}.")
        for name in self.facts or ():
            RULE_BOOK.fact(name)


def simulate(
    scenario: Scenario | str,
    n: int,
    *,
    seed: int,
    engine: Literal["pandas", "polars"] = "pandas",
    missing: Gaps | None = None,
) -> pd.DataFrame | pl.DataFrame:
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
        ``double[pyarrow]`` (Float64). Then the truth, never null: ``difficulty`` and ``gravity`` (standard
        normal), and yes or no

        * ``first_right, second_right``: whether each diagnosis is right; ``opinions_differ``: whether the two
          are different ones, and ``diagnosis_changed``, the same by definition;
        * ``sought``: whether the patient obtained an opinion; all else says what one would find, for every
          case;
        * ``treatment_changed``; ``error_corrected`` (wrong, then right), ``error_introduced`` (the reverse);
        * ``intervention_averted``: the first plan was an intervention and the second is none. Plans depend on
          gravity and not on the facts recorded, so that no rule can read them off.

        A pandas frame's ``attrs`` hold ``simulated, scenario, fitted_to, seed, n``.

    Examples
    --------
    >>> cohort = simulate("general", 1_000, seed=7)
    >>> cohort.shape, cohort.attrs["scenario"]
    ((1000, 66), 'general')
    >>> bool(cohort["wants_second_opinion"].isna().any())
    True
    """
    _check(n, seed, engine)
    return _rows(_Plan.of(scenario, missing), 0, int(n), int(seed), engine)


def simulate_batches(
    scenario: Scenario | str,
    n: int,
    *,
    seed: int,
    batch: int = 4 * BLOCK,
    engine: Literal["pandas", "polars"] = "pandas",
    missing: Gaps | None = None,
) -> Iterator[pd.DataFrame | pl.DataFrame]:
    """The rows of `simulate`, some at a time: any number of cases in the memory of one batch.

    Parameters
    ----------
    batch : int
        Rows of each frame; the last may have fewer. Multiples of 32,768 are fastest.

    Yields
    ------
    DataFrame
        Put together, the frames are the cohort that `simulate` gives for the same seed.

    Examples
    --------
    >>> [len(part) for part in simulate_batches("general", 2_500, seed=7, batch=1_000)]
    [1000, 1000, 500]
    """
    _check(n, seed, engine)
    _check_count("batch", batch)
    plan = _Plan.of(scenario, missing)
    starts = range(0, int(n), int(batch))
    return (_rows(plan, start, min(start + int(batch), int(n)), int(seed), engine) for start in starts)


def _check(n, seed, engine) -> None:
    _check_count("n", n)
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        why = "a whole number from 0, so that it can be had again"
        raise SecondopError(f"A cohort needs a seed, {why}; got {seed!r}.")
    if engine not in ("pandas", "polars"):
        raise unknown_name("engine", engine, ["pandas", "polars"])


def _check_count(name: str, value) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise SecondopError(f"The {name} of a cohort is a whole number of cases from 1; got {value!r}.")


@lru_cache(maxsize=1)
def _dither() -> tuple[np.ndarray, np.ndarray]:
    """What to add before rounding down, in [0, 1): over the bins, and over a row of a pattern.

    Rounded so, a chance keeps its mean over the bins (or rows) to about 1 in a million, although 16 bits
    alone would round it to 1 in 65,536.
    """
    i, j = np.indices((BINS, BINS))
    return (i * 0.7548776662 + j * 0.5698402910) % 1, (np.arange(PERIOD) * 0.6180339887498949) % 1


@dataclass(frozen=True)
class Cut:
    """A yes-or-no draw: random integers against thresholds, by bin of the traits or by place in a row."""

    compare: Callable
    thresholds: np.ndarray

    @classmethod
    def at(cls, chance: np.ndarray, share: float | None = None, dtype=np.uint16) -> Cut:
        """The cut for a table of chances; the share says which end has to be representable exactly."""
        size = float(np.iinfo(dtype).max) + 1
        share = float(np.mean(chance)) if share is None else share
        bins, row = _dither()
        if chance.size == 1:
            limit = np.floor(chance.reshape(-1) * size + row)
        else:
            limit = np.floor(np.broadcast_to(chance, (BINS, BINS)) * size + bins).ravel()
        if share > 0.5:
            return cls(np.less_equal, np.clip(limit - 1, 0, size - 1).astype(dtype))
        return cls(np.less, np.clip(limit, 0, size - 1).astype(dtype))

    def __call__(self, random: np.ndarray, bins: np.ndarray) -> np.ndarray:
        """Yes or no for each random integer."""
        if self.thresholds.size == PERIOD:
            return self.compare(random.reshape(-1, PERIOD), self.thresholds).reshape(-1)
        return self.compare(random, self.thresholds.take(bins, mode="clip"))


@dataclass(frozen=True)
class _Draw:
    """How a fact is drawn."""

    cuts: list[Cut]
    gaps: list[Cut]
    shape: Shape


@dataclass(frozen=True)
class _Plan:
    """A scenario made ready: every threshold in its table."""

    scenario: Scenario
    facts: dict[str, _Draw]
    outcomes: dict[str, Cut]

    @classmethod
    def of(cls, scenario: Scenario | str, missing: Gaps | None) -> _Plan:
        scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        found, _ = ladders(scenario)
        facts = {
            name: _Draw(
                [Cut.at(p, share) for p, share in zip(found[name].at_least, found[name].shares, strict=True)],
                _gaps(scenario, name, missing),
                scenario.shapes.get(name, NO_SHAPE),
            )
            for name in fact_order(scenario.shapes)
        }
        outcomes = outcome_chances(scenario, wish_chance(scenario))
        return cls(scenario, facts, {name: Cut.at(chance) for name, chance in outcomes.items()})


def _gaps(scenario: Scenario, fact: str, missing: Gaps | None) -> list[Cut]:
    """Cuts any of which loses the answer: the scenario's own, and what more gaps make of it."""
    own = chances(scenario[f"facts.{fact}.missing"], scenario[f"facts.{fact}.missing_difficulty"], 0.0)
    found = [own] if own.any() else []
    if missing is not None and (missing.facts is None or fact in missing.facts):
        found.append(1 - (1 - own) * (1 - chances(missing.share, missing.difficulty, 0.0)))
    return [Cut.at(gap, dtype=np.uint8) for gap in found]


class _Sink:
    """The columns of a batch, filled block by block: yes-or-no ones packed, eight cases to a byte."""

    def __init__(self, n: int) -> None:
        self.n = n
        packed = -(-n // 8)
        kinds = {name: FACTS[name].kind for name in FACTS}
        flags = [*(name for name, kind in kinds.items() if kind is Kind.FLAG), *TRUTH]
        self.bits = {name: np.empty(packed, np.uint8) for name in flags}
        self.codes = {name: np.empty(n, np.int8) for name in FACTS if FACTS[name].has_levels}
        self.numbers = {n_: np.empty(n, np.int64) for n_, kind in kinds.items() if kind is Kind.COUNT}
        floats = [*(name for name, kind in kinds.items() if kind is Kind.NUMBER), "difficulty", "gravity"]
        self.numbers |= {name: np.empty(n) for name in floats}
        self.recorded = {name: np.empty(packed, np.uint8) for name in FACTS if not FACTS[name].has_levels}
        self.complete: set[str] = set()

    def column(self, name: str) -> pa.Array:
        """A column of yes or no, or of numbers, without copying."""
        known = None
        if name in self.recorded and name not in self.complete:
            known = pa.py_buffer(self.recorded[name])
        values = self.bits[name] if name in self.bits else self.numbers[name]
        kind = pa.bool_() if name in self.bits else pa.from_numpy_dtype(values.dtype)
        return pa.Array.from_buffers(kind, self.n, [known, pa.py_buffer(values)])


def _fill(plan: _Plan, seed: int, sink: _Sink, first: int, block: int) -> None:
    """Draw one block and put the rows that the batch wants, from ``first`` on, into the sink."""
    begin, end = max(block * BLOCK, first), min((block + 1) * BLOCK, first + sink.n)
    inside, wanted = slice(begin - block * BLOCK, end - block * BLOCK), slice(begin - first, end - first)
    packed = slice(wanted.start // 8, -(-wanted.stop // 8))
    size = -(-inside.stop // PERIOD) * PERIOD
    stream = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(block,))))
    words = stream.integers(0, 2**64 - 1, WORDS_PER_BLOCK, dtype=np.uint64, endpoint=True)
    whole = BLOCK // 4 * len(_WORD_ROWS)
    pairs = words[:whole].view(np.uint16).reshape(-1, BLOCK)[:, :size]
    single = words[whole:].view(np.uint8).reshape(-1, BLOCK)[:, :size]

    traits = grid()
    d, g = (np.take(traits.of_word, pairs[_WORD_ROWS[name]]) for name in ("difficulty", "gravity"))
    bins = (d * BINS + g).astype(np.intp)
    for name in ("difficulty", "gravity"):
        sink.numbers[name][wanted] = np.take(traits.value, pairs[_WORD_ROWS[name]][inside])

    truth: dict[str, np.ndarray] = {}
    for name, draw in plan.facts.items():
        truth[name] = drawn = _draw(name, draw, pairs, bins, truth)
        lost = [cut(single[_BYTE_ROWS[name]], bins) for cut in draw.gaps]
        gap = reduce(np.logical_or, lost) if lost else None
        if FACTS[name].has_levels:
            code = drawn.view(np.int8)[inside]
            sink.codes[name][wanted] = code if gap is None else code | -gap[inside].view(np.int8)
            continue
        if gap is None:
            sink.complete.add(name)
        else:
            sink.recorded[name][packed] = np.packbits(~gap[inside], bitorder="little")
        if FACTS[name].kind is Kind.FLAG:
            sink.bits[name][packed] = np.packbits(drawn[inside], bitorder="little")
        else:
            sink.numbers[name][wanted] = drawn[inside]
    for name, values in _outcomes(plan.outcomes, pairs, bins, truth).items():
        sink.bits[name][packed] = np.packbits(values[inside], bitorder="little")


def _draw(name: str, draw: _Draw, pairs: np.ndarray, bins: np.ndarray, truth: dict) -> np.ndarray:
    """A fact's true answers: yes or no, the position of a level, or a number."""
    fact, shape, random = FACTS[name], draw.shape, pairs[_WORD_ROWS[name]]
    if fact.kind is Kind.FLAG:
        drawn = draw.cuts[0](random, bins)
    else:
        drawn = np.zeros(len(bins), np.uint8)
        for cut in draw.cuts:
            drawn += cut(random, bins).view(np.uint8)
    if fact.kind is Kind.NUMBER:
        edges, width = np.array(shape.breaks), np.diff(shape.breaks)
        start, within = edges[drawn], (pairs[_WORD_ROWS["within_band"]] + 0.5) / WORDS
        drawn = np.maximum(start, np.floor((start + width[drawn] * within) * 10) / 10)  # to whole tenths
    if shape.given:
        applies = truth[shape.given]
        if shape.levels:
            places = [FACTS[shape.given].levels.index(level) for level in shape.levels]
            applies = np.logical_or.reduce([applies == place for place in places])
        if fact.kind is Kind.FLAG:
            return drawn | ~applies if shape.otherwise else drawn & applies
        rest = fact.levels.index(shape.otherwise) if fact.has_levels else shape.otherwise or 0
        drawn = np.where(applies, drawn, drawn.dtype.type(rest))
    return drawn


def _outcomes(cuts: dict[str, Cut], pairs: np.ndarray, bins: np.ndarray, truth: dict) -> dict:
    """The truth of each case; its definition is in `simulate`."""

    def drawn(name: str, otherwise: str = "", yes: np.ndarray | None = None) -> np.ndarray:
        random = pairs[_WORD_ROWS[name]]
        hit = cuts[name](random, bins)
        return np.where(yes, hit, cuts[otherwise](random, bins)) if otherwise else hit

    first = drawn("first_right")
    second = drawn("second_right", "second_right_if_wrong", first)
    differ = (first != second) | ~(first | second | drawn("errors_agree"))
    wish = truth[WISHES[0]]
    for name in WISHES[1:]:
        wish = wish | truth[name]
    treated = drawn("treatment_changed", "treatment_if_same", differ)
    sought = drawn("sought", "sought_if_wish", ~wish)
    averted = treated & drawn("plan_intervenes") & drawn("plan_dropped")
    values = (first, second, differ, sought, differ, treated, second & ~first, first & ~second, averted)
    return dict(zip(TRUTH, values, strict=True))


def _rows(plan: _Plan, start: int, stop: int, seed: int, engine: str):
    """Rows start to stop of the cohort."""
    first = start // 8 * 8  # packed bits begin on a whole byte
    sink = _Sink(stop - first)
    blocks = range(first // BLOCK, (stop - 1) // BLOCK + 1)
    fill = partial(_fill, plan, seed, sink, first)
    with ThreadPoolExecutor(THREADS) as pool:
        progress = tqdm(pool.map(fill, blocks), total=len(blocks), unit="block", disable=len(blocks) < 300)
        for _ in progress:
            pass
    names = [*FACTS, "difficulty", "gravity", *TRUTH]
    if engine == "polars":
        return _polars(sink, names).slice(start - first)
    columns = {
        name: pd.Categorical.from_codes(sink.codes[name], dtype=_category(name), validate=False)
        if name in sink.codes
        else pd.arrays.ArrowExtensionArray(sink.column(name))
        for name in names
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(first, stop), copy=False).iloc[start - first :]
    scenario = plan.scenario
    frame.attrs = {"simulated": True, "scenario": scenario.name, "fitted_to": list(scenario.fitted_to)}
    frame.attrs |= {"seed": seed, "n": stop - start}
    return frame


@lru_cache
def _category(name: str) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(FACTS[name].levels), ordered=FACTS[name].kind is Kind.ORDERED)


def _polars(sink: _Sink, names: list[str]) -> pl.DataFrame:
    import polars as pl

    columns = {n: sink.codes[n] if n in sink.codes else pl.from_arrow(sink.column(n)) for n in names}
    code = pl.col
    words = [
        pl.when(code(n) >= 0).then(code(n)).cast(pl.UInt8).cat.to(pl.Enum(FACTS[n].levels)).alias(n)
        for n in sink.codes
    ]
    return pl.DataFrame(columns).with_columns(words)
