"""A simulated cohort: facts as recorded, with gaps, and the truth beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import polars as pl

from secondop.arguments import checked, whole
from secondop.cohorts.outcomes import TRUTH
from secondop.cohorts.parameters import TRAITS
from secondop.cohorts.record import BLOCK, GAP, Plan, blocks
from secondop.cohorts.scenario import Scenario
from secondop.cohorts.scenario_file import as_scenario
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.rules.facts import Kind

if TYPE_CHECKING:
    Frame = pd.DataFrame | pl.DataFrame

ENGINES = ("pandas", "polars")


@dataclass(frozen=True)
class Gaps:
    """More facts not recorded than the scenario says, for `simulate`.

    Attributes
    ----------
    share : float
        Of the recorded answers, the share that is lost, in [0, 0.99].
    difficulty : float
        Correlation with difficulty, in [-0.95, 0.95]: above 0 the gaps are where cases are difficult, 0 is at
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
            takes = "Gaps takes a share from 0 to 0.99 and a correlation with difficulty from -0.95 to 0.95"
            raise SecondopError(f"{takes}; got {self.share!r} and {self.difficulty!r}.")


@checked()
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
    return next(_batches(scenario, int(n), int(seed), int(n), engine, missing))


@checked(batch=whole(1))
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
    return _batches(scenario, int(n), int(seed), int(batch), engine, missing)


def _batches(
    scenario: Scenario | str, n: int, seed: int, batch: int, engine: str, missing: Gaps | None
) -> Iterator[Frame]:
    """Refuse what cannot be simulated, and then blocks, cut into batches or put together."""
    scenario = as_scenario(scenario)
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES)
    if not (missing is None or isinstance(missing, Gaps)):
        raise SecondopError(f"missing is Gaps(share) of more answers not recorded; got {missing!r:.80}.")
    facts, taken = scenario.structure.rule_book.facts, [*TRAITS, *TRUTH, "cohort", "row", "missed"]
    told = "is a column that every simulated cohort has: call the fact otherwise"
    refuse("No cohort can be simulated", [f"{name!r} {told}" for name in taken if name in facts])
    for name in (missing and missing.facts) or ():
        scenario.structure.rule_book.fact(name)
    plan = Plan(scenario, missing)

    def made() -> Iterator[pl.DataFrame]:
        waiting, rows = [], 0
        for drawn in blocks(plan, n, seed, together=-(-batch // BLOCK)):
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
