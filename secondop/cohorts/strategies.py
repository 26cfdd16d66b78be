"""When a second and a third reading are taken, and what they do to right, too mild and too severe answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from secondop.cohorts.opinions import ReaderModel
from secondop.errors import SecondopError, did_you_mean, unknown_name

BLOCK = 65_536  # cases drawn at a time: fits the processor's cache, and bounds the memory of any n
OUTCOMES = ("second", "third", "misclassified", "under", "over")


def _median(first, second, third):
    return (
        first
        + second
        + third
        - np.maximum(np.maximum(first, second), third)
        - np.minimum(np.minimum(first, second), third)
    )


# Two that agree are also the median of three, so "majority, and the median when all differ" *is* the median.
# Both names are kept, because studies use both.
RESOLUTIONS = {"majority": _median, "median": _median, "third decides": lambda first, second, third: third}


@dataclass(frozen=True)
class Strategy:
    """When a second reading is taken, who reads, and who decides when two readings differ.

    Usually made by `none`, `always` or `first_in`.

    Parameters
    ----------
    name : str
        As the table will call it.
    second_after : tuple of str or None
        First answers after which a second reading is taken; None means after every first answer.
    resolution : {"majority", "median", "third decides"}
        Where two readings differ a third is taken. "majority": what two of three say, or the median if all
        three differ (which comes to the same as "median"). "third decides": the third reading stands.
    first, second, third : ReaderModel, optional
        Readers of another skill on the same cases (`ReaderModel.tilted`). Default: the model's own.
    anchoring, third_anchoring : float
        Odds ratio by which the second or third reader, who knows the first answer, favours it. 1 is blinded.

    Examples
    --------
    >>> Strategy.first_in("invasive", "DCIS").name
    'first reading invasive or DCIS'
    """

    name: str
    second_after: tuple[str, ...] | None = None
    resolution: str = "majority"
    first: ReaderModel | None = None
    second: ReaderModel | None = None
    third: ReaderModel | None = None
    anchoring: float = 1.0
    third_anchoring: float = 1.0

    def __post_init__(self) -> None:
        """Check what can be checked without a model."""
        if isinstance(self.second_after, str):
            raise SecondopError(
                f"Strategy {self.name!r}: second_after is a tuple of answers, as in ({self.second_after!r},)."
            )
        if self.resolution not in RESOLUTIONS:
            raise unknown_name("resolution", self.resolution, RESOLUTIONS)
        for ratio in (self.anchoring, self.third_anchoring):
            if not 0 < ratio < np.inf:
                raise SecondopError(
                    f"Strategy {self.name!r}: anchoring is an odds ratio above 0 (1: blinded). Got {ratio!r}."
                )
        if self.second_after is not None:
            object.__setattr__(self, "second_after", tuple(self.second_after))

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
        listed = " or ".join(filter(None, [", ".join(answers[:-1]), *answers[-1:]]))
        return cls(name or f"first reading {listed}", answers, **options)


def read_strategies(
    model: ReaderModel, strategies: Iterable[Strategy], n: int | None = None, seed: int | None = None
) -> pd.DataFrame:
    """What each strategy costs in readings, and how often its final answer is wrong, too mild or too severe.

    Without ``n`` the answer is exact: all first, second and third answers are enumerated, with their
    probabilities in closed form. That holds for blinded readers of one skill. With ``n`` and ``seed`` it is
    simulated, which also serves readers of different skill and readers who know the first answer.
    All strategies read the same simulated cases, so differences between strategies are steadier than each.

    Parameters
    ----------
    model : ReaderModel
        The readers and their cases.
    strategies : iterable of Strategy
        Each under its own name.
    n : int, optional
        Simulated cases per class. A longer run begins with the cases of a shorter one, in blocks of 65,536.
    seed : int
        Required with ``n``.

    Returns
    -------
    DataFrame
        One row per strategy and class: ``strategy``, ``reference_class``, ``n`` (simulated cases, empty if
        exact) and, as shares of the readings of that class, ``second`` and ``third`` (readings taken),
        ``misclassified``, ``under`` (answer below the class in the model's order) and ``over``; each with
        ``_lower`` and ``_upper``: a 95 % Wilson interval of the simulation, or the value itself if exact.
        The interval tells simulation error alone, never that of the published numbers behind the model. A
        class that is not named like an answer has no right answer: those three are then empty.

    Raises
    ------
    SecondopError
        If a strategy names an unknown answer, names repeat, readers read other cases than the model's, ``n``
        comes without ``seed``, or an exact answer is asked where only simulation can give one.

    Examples
    --------
    >>> lesions = {"harmless": {"harmless": 0.9, "grave": 0.1}, "grave": {"harmless": 0.2, "grave": 0.8}}
    >>> model = ReaderModel.from_disagreement(lesions, {"harmless": 0.12, "grave": 0.16})
    >>> table = read_strategies(model, [Strategy.none(), Strategy.always()])
    >>> table[["strategy", "reference_class", "second", "third", "under", "over"]].round(3)
      strategy reference_class  second  third  under   over
    0     none        harmless     0.0   0.00  0.000  0.100
    1     none           grave     0.0   0.00  0.200  0.000
    2      all        harmless     1.0   0.12  0.000  0.076
    3      all           grave     1.0   0.16  0.184  0.000
    """
    strategies = list(strategies)
    _check(model, strategies, n, seed)
    exact = _enumerate(model) if n is None else None
    joint = {} if n is None else _simulate(model, strategies, n, seed)
    rows = []
    for strategy in strategies:
        for number, name in enumerate(model.classes):
            right = model.answers.index(name) if name in model.answers else None
            table = (exact or joint[_readers(model, strategy)])[number]
            values = _outcomes(table, strategy, model.answers, right)
            rows.append({"strategy": strategy.name, "reference_class": name, **values})
    frame = pd.DataFrame(rows)
    frame.insert(2, "n", pd.array([n] * len(frame), dtype="Int64"))
    for outcome in OUTCOMES:
        lower, upper = frame[outcome], frame[outcome]
        if n is not None:
            from statsmodels.stats.proportion import proportion_confint

            # rounding error only: the counts behind these shares are whole, unless they are unknown
            lower, upper = proportion_confint((frame[outcome] * n).round(), n, method="wilson")
        position = frame.columns.get_loc(outcome) + 1
        frame.insert(position, f"{outcome}_lower", lower)
        frame.insert(position + 1, f"{outcome}_upper", upper)
    return frame


def _check(model, strategies, n, seed) -> None:
    """Raise with all problems at once."""
    problems = []
    if n is not None and seed is None:
        problems.append("a simulation needs a seed, so that it gives the same table tomorrow: seed=1, say.")
    if n is not None and not (isinstance(n, (int, np.integer)) and n >= 1):
        problems.append(f"n is a whole number of cases per class, 1 or more. Got {n!r}.")
    names = [strategy.name for strategy in strategies]
    problems += [
        f"{names.count(name)} strategies are named {name!r}."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    for strategy in strategies:
        for answer in strategy.second_after or ():
            if answer not in model.answers:
                problems.append(
                    f"{strategy.name!r}: no answer {answer!r}.{did_you_mean(answer, model.answers)} "
                    f"There are: {', '.join(model.answers)}."
                )
        readers = _readers(model, strategy)
        for role, kind in zip(("first", "second", "third"), readers, strict=False):
            if not kind.same_cases(model):
                problems.append(
                    f"{strategy.name!r}: its {role} reader reads other cases. Use model.tilted(mean)."
                )
        if n is None and (any(kind.tilt.any() for kind in readers[:3]) or readers[3:] != (1, 1)):
            problems.append(
                f"{strategy.name!r}: exact only for blinded readers of one, untilted skill. "
                "Give n and seed to simulate."
            )
    if problems:
        raise SecondopError("Strategies cannot be read:\n" + "\n".join(f"  {text}" for text in problems))


def _readers(model, strategy) -> tuple:
    """What the joint distribution of the three answers depends on: who reads, and what they know."""
    kinds = (strategy.first or model, strategy.second or model, strategy.third or model)
    return (*kinds, strategy.anchoring, strategy.third_anchoring)


def _outcomes(joint, strategy, answers, right) -> dict[str, float]:
    """The shares of a strategy from the joint distribution of first, second and third answers."""
    first, second, third = np.indices(joint.shape)
    after = (
        range(len(answers)) if strategy.second_after is None else map(answers.index, strategy.second_after)
    )
    taken = np.isin(first, list(after))
    differ = taken & (first != second)
    final = np.where(differ, RESOLUTIONS[strategy.resolution](first, second, third), first)
    events = {"second": taken, "third": differ}
    if right is not None:
        events |= {"misclassified": final != right, "under": final < right, "over": final > right}
    total = joint.sum()
    return {name: joint[events[name]].sum() / total if name in events else np.nan for name in OUTCOMES}


def _enumerate(model) -> list[np.ndarray]:
    """Probability of every three answers, in closed form.

    By the rising moments of the Dirichlet: having seen some answers, the next one is i with probability
    (s m_i + times i was seen) / (s + answers seen).
    """
    same, size = np.eye(len(model.answers)), len(model.answers)
    i, j, k = np.indices((size, size, size))
    tables = []
    for mean, s in zip(model.mean, model.concentration, strict=True):
        if np.isinf(s):
            tables.append(mean[i] * mean[j] * mean[k])
        else:
            second = (s * mean[j] + same[i, j]) / (s + 1)
            tables.append(mean[i] * second * (s * mean[k] + same[i, k] + same[j, k]) / (s + 2))
    return tables


def _simulate(model, strategies, n, seed) -> dict:
    """Counts of every three answers per class, for each set of readers, all on the same simulated cases."""
    from tqdm.auto import tqdm

    size = len(model.answers)
    joint = {
        _readers(model, strategy): np.zeros((len(model.classes), size**3), dtype=int)
        for strategy in strategies
    }
    blocks = [(number, block) for number in range(len(model.classes)) for block in range(-(-n // BLOCK))]
    for number, block in tqdm(blocks, desc="readings", delay=2, leave=False):
        # the stream depends on class and block alone, so a longer run begins with the cases of a shorter one
        rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(number, block))))
        cases = _case_distributions(rng, model.mean[number], model.concentration[number])
        luck = rng.random((3, BLOCK))
        rows = slice(min(BLOCK, n - block * BLOCK))
        for readers, counts in joint.items():
            counts[number] += _read(cases[:, rows], luck[:, rows], readers, number)
    return {readers: counts.reshape(-1, size, size, size) for readers, counts in joint.items()}


def _case_distributions(rng, mean, concentration) -> np.ndarray:
    """p_i of one block of cases, shape (n_answers, BLOCK)."""
    if np.isinf(concentration):
        return np.repeat(mean[:, None], BLOCK, axis=1)
    if concentration == 0:
        return np.eye(len(mean))[:, rng.choice(len(mean), p=mean, size=BLOCK)]
    return np.ascontiguousarray(rng.dirichlet(concentration * mean, size=BLOCK).T)


def _read(cases, luck, readers, number) -> np.ndarray:
    """Counts of every three answers to these cases."""
    size, every = len(cases), np.arange(cases.shape[1])
    answers = []
    for kind, fortune, ratio in zip(readers[:3], luck, (1, *readers[3:]), strict=True):
        weight = cases
        if kind.tilt[number].any():
            weight = weight * np.exp(kind.tilt[number])[:, None]
        if ratio != 1:
            # raising the log-odds of one answer by ln(OR) is multiplying its weight by OR
            weight = weight.copy()
            weight[answers[0], every] *= ratio
        ladder = np.cumsum(weight, axis=0)
        answers.append((fortune * ladder[-1] >= ladder[:-1]).sum(axis=0))
    return np.bincount((answers[0] * size + answers[1]) * size + answers[2], minlength=size**3)
