"""When a second and a third reading are taken, and what they do to right, too mild and too severe answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from secondop.arguments import checked, named
from secondop.errors import SecondopError, did_you_mean, refuse
from secondop.readers.model import ReaderModel, given
from secondop.readers.readings import each_once
from secondop.words import either

BLOCK = 65_536  # cases drawn at a time: fits the processor's cache, and bounds the memory of any n
OUTCOMES = ("second", "third", "misclassified", "under", "over")
RESOLUTIONS = ("majority", "median", "third decides")  # of three answers the majority, if any, is the median


@named
@dataclass(frozen=True)
class Strategy:
    """When a second reading is taken, who reads, and who decides.

    A case is read again for the first answer, or since the first reader wants it: of those whom another look
    at the case would lead to another answer a share ``unsure``, of the rest a share ``sure``. Where two
    differ a third is read: what counts (``resolution``) is the majority of three, which is their median where
    all differ, or "third decides". Who knows the first answer favours it by an odds ratio: ``anchoring`` of
    the second reader, ``third_anchoring`` of the third; 1 is blinded.
    """

    name: str
    second_after: tuple[str, ...] | Mapping[str, float] | None = None  # first answers, or shares; None: all
    resolution: str = "majority"
    first: ReaderModel | None = None
    second: ReaderModel | None = None
    third: ReaderModel | None = None
    anchoring: float = 1.0
    third_anchoring: float = 1.0
    sure: float = 0.0
    unsure: float = 0.0

    def __post_init__(self) -> None:
        after, readers = self.second_after, (self.first, self.second, self.third)
        odds = (self.anchoring, self.third_anchoring)
        shares = [self.sure, self.unsure, *(after.values() if isinstance(after, Mapping) else ())]
        if after is not None and not isinstance(after, Mapping):
            object.__setattr__(self, "second_after", each_once("second_after", after))
        checks = {
            "its name is a text": isinstance(self.name, str),
            f"its resolution is one of {', '.join(RESOLUTIONS)}": str(self.resolution) in RESOLUTIONS,
            "each reader is a ReaderModel": all(isinstance(x, ReaderModel | None) for x in readers),
            "anchoring is an odds ratio above 0": all(_between(1e-9, x, 1e9) for x in odds),
            "a share read again is from 0 to 1": all(_between(0, x, 1) for x in shares),
        }
        refuse(f"Strategy {self.name!r}", [text for text, fine in checks.items() if not fine])

    @classmethod
    def none(cls, name: str = "none", **options) -> Strategy:
        """One reading only."""
        return cls(name, (), **options)

    @classmethod
    def always(cls, name: str = "all", **options) -> Strategy:
        """A second reading of every case."""
        return cls(name, None, **options)

    @classmethod
    def first_in(cls, *answers: str, name: str | None = None, **options) -> Strategy:
        """A second reading where the first is one of these answers."""
        if not answers or any(isinstance(answer, (list, tuple, set)) for answer in answers):
            said = (
                "Strategy.first_in cannot be used so: it takes answers one by one, as in first_in('a', 'b')"
            )
            raise SecondopError(f"{said}. For one reading only: Strategy.none().")
        label = f"first reading {either([*map(str, answers)])}" if name is None else name
        return cls(label, answers, **options)

    @classmethod
    def by_policy(cls, name: str, model: ReaderModel, second: Mapping) -> Strategy:
        """A policy by first diagnosis, fitted to the share of each class that was read again."""
        return cls(name, _fitted(model.to_frame()[list(model.answers)], second))

    @classmethod
    def in_doubt(cls, name: str, model: ReaderModel, second: Mapping) -> Strategy:
        """Wishes of the first reader, fitted to the share of each class that was read again."""
        differ = model.to_frame()["disagreement"]
        return cls(name, (), **_fitted(pd.DataFrame({"sure": 1 - differ, "unsure": differ}), second))

    def readers(self, model: ReaderModel) -> tuple:
        """Who reads first, second and third, and how strongly the latter two favour the first answer."""
        kinds = (self.first or model, self.second or model, self.third or model)
        return (*kinds, self.anchoring, self.third_anchoring)


def _between(low: float, x: Any, high: float) -> bool:
    return isinstance(x, Real) and low <= x <= high


@checked()
def read_strategies(
    model: ReaderModel, strategies: Iterable[Strategy], n: int | None = None, seed: int | None = None
) -> pd.DataFrame:
    """What each strategy costs in readings, and how often its final answer is wrong, too mild or too severe.

    Without ``n`` the answer is exact, which holds for blinded readers of one skill. With ``n`` cases a class
    and a ``seed`` it is simulated: all strategies read the same cases, a longer run those of a shorter first.

    A row per ``strategy`` and ``reference_class``: the shares of its cases with a ``second`` and a ``third``
    reading, ``misclassified``, ``under`` and ``over`` (in the order of answers; empty where none is named as
    the class is), each ``_lower`` to ``_upper``: 95 % Wilson for the simulation error alone.

    >>> model = ReaderModel.from_disagreement({"grave": {"harmless": 0.2, "grave": 0.8}}, {"grave": 0.16})
    >>> read_strategies(model, [Strategy.none(), Strategy.always()])["under"].round(3).tolist()
    [0.2, 0.184]
    """
    from statsmodels.stats.proportion import proportion_confint

    strategies = list(strategies) if np.iterable(strategies) else [strategies]
    _check(model, strategies, n, seed)
    kinds = [strategy.readers(model) for strategy in strategies]
    joint = dict.fromkeys(kinds, _enumerate(model)) if n is None else _simulate(model, kinds, n, seed)
    tables = [_outcomes(model, *row) for row in zip(strategies, map(joint.get, kinds), strict=True)]
    table = pd.concat(tables, ignore_index=True)
    frame = table[["strategy", "reference_class"]].assign(n=pd.array([n] * len(table), dtype="Int64"))
    for outcome in OUTCOMES:
        frame[outcome] = share = table[outcome]
        # the counts behind these shares are whole, unless a strategy reads a share again: then nearly so
        ends = (share, share) if n is None else proportion_confint((share * n).round(), n, method="wilson")
        frame[f"{outcome}_lower"], frame[f"{outcome}_upper"] = ends
    return frame


def _check(model, strategies, n, seed) -> None:
    """Raise with all problems at once."""
    if not isinstance(model, ReaderModel) or {*map(type, strategies)} != {Strategy}:
        got = type(model).__name__, ", ".join(type(each).__name__ for each in strategies) or "no strategy"
        raise SecondopError(f"Give a ReaderModel and a list of Strategy. Got {got[0]} and {got[1]}.")
    problems = [model.unordered] if model.unordered else []
    if n is not None and seed is None:
        problems.append("n cases are simulated: say which with seed=, a whole number.")
    names = Counter(strategy.name for strategy in strategies)
    problems += [f"{times} strategies are named {name!r}." for name, times in names.items() if times > 1]
    for strategy in strategies:
        *kinds, second, third = strategy.readers(model)
        strange = [x for x in strategy.second_after or () if x not in model.answers]
        hints = [f"no answer {x!r}.{did_you_mean(x, model.answers)}" for x in strange]
        cases = {(x.answers, x.classes, x.mean.tobytes(), x.concentration.tobytes()) for x in (model, *kinds)}
        if len(cases) > 1:
            hints.append("a reader reads other cases. Use model.tilted(mean).")
        if n is None and (any(kind.tilt.any() for kind in kinds) or (second, third) != (1, 1)):
            hints.append("exact only for blinded readers of one skill. Give n and seed to simulate.")
        problems += [f"{strategy.name!r}: {hint}" for hint in hints]
    refuse("Strategies cannot be read", problems)


def _outcomes(model, strategy, joint) -> pd.DataFrame:
    """The shares of a strategy from the joint distribution of three answers, and of a look that differs."""
    first, second, third, doubt = places = np.indices(joint.shape[1:])
    after = model.answers if strategy.second_after is None else strategy.second_after
    shares = after if isinstance(after, Mapping) else dict.fromkeys(after, 1)
    by_answer = np.array([shares.get(answer, 0) for answer in model.answers])[first]
    taken = 1 - (1 - by_answer) * (1 - np.where(doubt, strategy.unsure, strategy.sure))
    last = third if strategy.resolution == "third decides" else np.median(places[:3], axis=0)
    last = np.where(first == second, first, last)
    right = np.array([model.answers.index(x) if x in model.answers else np.nan for x in model.classes])
    alone, read = (answer - right[:, None, None, None, None] for answer in (first, last))
    under, over = (taken * (sign * read > 0) + (1 - taken) * (sign * alone > 0) for sign in (-1, 1))
    events = zip(OUTCOMES, (taken, taken * (first != second), under + over, under, over), strict=True)
    every = (1, 2, 3, 4)
    table = pd.DataFrame({name: (joint * event).sum(every) / joint.sum(every) for name, event in events})
    table.loc[np.isnan(right), list(OUTCOMES[2:])] = np.nan
    return table.assign(strategy=strategy.name, reference_class=model.classes)


def _enumerate(model) -> np.ndarray:
    """Probability of every three answers, and of another look that says the same as the first, or not.

    Answer i comes next with (s m_i + times seen) / (s + answers seen).
    """
    same, (i, j, k) = np.eye(len(model.answers)), np.indices((len(model.answers),) * 3)
    s, m = model.bounded[:, None, None, None], model.mean
    second = (s * m[:, j] + same[i, j]) / (s + 1)
    third = (s * m[:, k] + same[i, k] + same[j, k]) / (s + 2)
    again = (s * m[:, i] + 1 + same[i, j] + same[i, k]) / (s + 3)
    return (m[:, i] * second * third)[..., None] * np.stack([again, 1 - again], -1)


def _simulate(model, kinds, n, seed) -> dict:
    """Counts of every three answers per class, for each set of readers, all on the same simulated cases."""
    from tqdm.auto import tqdm

    shape = (*[len(model.answers)] * 3, 2)
    joint = {readers: np.zeros((len(model.classes), *shape), dtype=int) for readers in kinds}
    blocks = list(product(range(len(model.classes)), range(-(-n // BLOCK))))
    for number, block in tqdm(blocks, "readings", delay=2, leave=False):
        # the stream depends on class and block alone, so a longer run begins with the cases of a shorter one
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(number, block))))
        cases = np.ascontiguousarray(rng.dirichlet(model.bounded[number] * model.mean[number], BLOCK).T)
        luck = rng.random((4, BLOCK))
        for readers, counts in joint.items():
            *kinds, second, third = readers
            answers, who = [], zip((*kinds, kinds[0]), luck, (1, second, third, 1), strict=True)
            for kind, fortune, odds in who:  # the last is another look of the first reader
                weight = cases * np.exp(kind.tilt[number] - kind.tilt[number].max())[:, None]
                if odds != 1:  # raising the log-odds of an answer by log(odds) multiplies its weight by odds
                    weight[answers[0], np.arange(BLOCK)] *= odds
                ladder = np.cumsum(weight, axis=0)
                answers.append((fortune * ladder[-1] >= ladder[:-1]).sum(axis=0))
            answers[3] = answers[3] != answers[0]
            places = np.ravel_multi_index(answers, shape)[: n - block * BLOCK]
            counts[number] += np.bincount(places, minlength=counts[number].size).reshape(shape)
    return joint


def _fitted(parts: pd.DataFrame, second: Mapping) -> dict:
    """The shares, from 0 to 1, of the parts (columns) of each class that bring all nearest to ``second``."""
    from scipy.optimize import lsq_linear

    shares = lsq_linear(parts, given("second readings", second, [*parts.index]), (0, 1), method="bvls").x
    return dict(zip(parts.columns, shares.clip(0, 1).tolist(), strict=True))
