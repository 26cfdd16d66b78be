"""A model of readers whose errors are correlated, because cases differ in difficulty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from secondop.arguments import checked, named
from secondop.errors import SecondopError, refuse
from secondop.readers.ratings import count_pairs, fit_concentration
from secondop.readers.readings import each_once, read_ratings

ROUNDING = 0.02  # shares that were rounded for print may miss 1 by this much, and are then scaled to 1
STEEPEST = 1e4  # the largest tilt: its negative serves as never


@named
@dataclass(frozen=True, eq=False, repr=False)
class ReaderModel:
    """Readers of one skill, and the cases they read: made from published figures, by `fit` or by `tilted`.

    Case *i* of class *c* has its own distribution over answers, p_i ~ Dirichlet(s_c m_c), and readers draw
    from it independently: ``mean`` m_c has a row per class, a column per answer, ``concentration`` is s_c.
    """

    answers: tuple[str, ...]  # what a reader may say, in order, from harmless to grave
    classes: tuple[str, ...]  # what the case may truly be; its right answer is the one of that name, if any
    mean: np.ndarray  # shares of the answers in single readings, by readers of ordinary skill
    concentration: np.ndarray  # at 0 all readers of a case agree, at inf they are independent
    tilt: np.ndarray | None = None  # log of the factor by which these readers weigh each answer more
    remarks: tuple[str, ...] = ()  # what could not be had as asked
    unordered: str = ""  # that the order of the answers was not stated, if so: under and over need it

    def __post_init__(self) -> None:
        mean, concentration = np.array(self.mean, float), np.array(self.concentration, float)
        tilt = np.zeros(mean.shape) if self.tilt is None else np.array(self.tilt, float)
        self.__dict__.update(mean=mean, concentration=concentration, tilt=tilt)

    @property
    def bounded(self) -> np.ndarray:
        """The concentration to compute with: no share shows the difference."""
        return self.concentration.clip(1e-12, 1e12)

    def __repr__(self) -> str:
        return "\n".join([self.to_frame().round(3).to_string(), *(f"Remark: {x}" for x in self.remarks)])

    def to_frame(self) -> pd.DataFrame:
        """One row per class: shares of the answers, how often two readers differ, concentration."""
        single, pair = self._moments()
        table = pd.DataFrame(single, pd.Index(self.classes, name="reference_class"), list(self.answers))
        return table.assign(disagreement=1 - pair.sum(axis=1), concentration=self.concentration)

    @classmethod
    def from_disagreement(cls, first_readings: pd.DataFrame | Mapping, disagreement: Mapping) -> ReaderModel:
        """The model from two published figures a class: spread of single readings, and how often two differ.

        First readings are a table of shares (classes by answers, in order) or {class: {answer: share}}.
        With a = 1 - disagreement and b = the sum of squared shares, s = (1 - a) / (a - b). Where that is not
        above 0 no heterogeneity of cases fits: the class is read independently, and ``remarks`` says so.

        >>> shares = {"harmless": {"harmless": 0.9, "grave": 0.1}, "grave": {"harmless": 0.2, "grave": 0.8}}
        >>> model = ReaderModel.from_disagreement(shares, {"harmless": 0.12, "grave": 0.16})
        >>> model.concentration.round(6).tolist()
        [2.0, 1.0]
        """
        classes, answers, mean = _first_readings(first_readings)
        differ = given("disagreement", disagreement, classes)
        fitted = map(fit_concentration, classes, (mean**2).sum(axis=1), differ)
        concentration, remarks = zip(*fitted, strict=True)
        return cls(answers, classes, mean, concentration, remarks=tuple(filter(None, remarks)))

    @classmethod
    def from_reproducibility(
        cls, first_readings: pd.DataFrame | Mapping, class_mix: Mapping, same_given_first: Mapping
    ) -> ReaderModel:
        """The model from published reproducibility: how often the same is said again, {first answer: share}.

        ``class_mix`` is {class: how many cases}. Such a table tells one concentration for all classes: that
        with which two readings agree as often as published over all first answers. ``remarks`` name the
        answers that it misses by more than rounding; their residuals are published less `same_given_first`.

        >>> shares = {"harmless": {"harmless": 0.9, "grave": 0.1}, "grave": {"harmless": 0.2, "grave": 0.8}}
        >>> mix, again = {"harmless": 3, "grave": 1}, {"harmless": 0.91, "grave": 0.7}
        >>> ReaderModel.from_reproducibility(shares, mix, again).remarks
        ("first answer 'grave': same again 0.700, one concentration says 0.731 (residual -0.031).",)
        """
        classes, answers, mean = _first_readings(first_readings)
        mix, again = _mix(class_mix, classes), given("same_given_first", same_given_first, answers)
        chance, agree = (mix @ (mean * x).sum(axis=1) for x in (mean, again))
        concentration, remark = fit_concentration("all classes", chance, 1 - agree)
        model, remarks = cls(answers, classes, mean, [concentration] * len(classes)), [remark]
        for answer, said, told in zip(answers, again, model.same_given_first(class_mix), strict=True):
            if abs(said - told) > ROUNDING:
                told = f"one concentration says {told:.3f} (residual {said - told:+.3f})"
                remarks.append(f"first answer {answer!r}: same again {said:.3f}, {told}.")
        return replace(model, remarks=tuple(filter(None, remarks)))

    def same_given_first(self, class_mix: Mapping) -> pd.Series:
        """How often a second reader says the same, by the first answer: {class: how many cases} are read."""
        mix, (single, pair) = _mix(class_mix, self.classes), self._moments()
        with np.errstate(invalid="ignore"):  # of an answer that is never given nothing is known
            return pd.Series(mix @ pair / (mix @ single), index=list(self.answers), name="same_given_first")

    @classmethod
    @checked()
    def fit(
        cls,
        ratings: Any,
        *,
        case: str = "case",
        reader: str = "reader",
        answer: str = "answer",
        reference: str | None = None,
        readers: Sequence[str] | None = None,
        answers: Sequence | None = None,
    ) -> ReaderModel:
        """The model from ratings by exchangeable readers, read as `opinions_from_ratings` reads them.

        ``reference`` names the true class; under and over need the ``answers`` in order, harmless to grave.
        With fewer than about 30 cases a class the concentration is rough and tends to be too high.
        """
        readings = read_ratings(ratings, case, reader, answer, reference, readers=readers, answers=answers)
        truth = readings.table.groupby("case")["reference"]
        if (truth.nunique() > 1).any():
            raise SecondopError(f"Some cases have more than one class in column {reference!r}.")
        pairs, differ = (table.groupby(truth.first()).sum() for table in count_pairs(readings))
        total = pairs.sum(axis=1)
        if readings.table.empty or not total.all():
            raise SecondopError(f"No two different readers of a case in class {[*total.index[total == 0]]}.")
        model = cls.from_disagreement(pairs.div(total, axis=0), differ.sum(axis=1) / total)
        remarks = dict.fromkeys((*model.remarks, *readings.counted["remarks"], readings.unordered))
        return replace(model, remarks=tuple(filter(None, remarks)), unordered=readings.unordered)

    def independent(self) -> ReaderModel:
        """The same single readings by readers who err independently: difficulty of the case left out."""
        single, apart = self._moments()[0], np.full(len(self.classes), np.inf)
        return ReaderModel(self.answers, self.classes, single, apart, unordered=self.unordered)

    def tilted(self, mean: pd.DataFrame | np.ndarray) -> ReaderModel:
        """Readers of another skill on the same cases: each weight in p_i times a factor, to have ``mean``."""
        target = _single(mean, self.classes, self.answers)
        return replace(self, tilt=[*map(_solve_tilt, self.classes, self.mean, self.bounded, target)])

    def skilled(self, under: Mapping, over: Mapping) -> ReaderModel:
        """Readers who are too mild and too severe in other shares of their readings, {class: share} each.

        Which wrong answers they give is in the proportions of these readers: published tables seldom tell.
        """
        refuse("Skill cannot be told", filter(None, [self.unordered]))
        if {*self.classes} - {*self.answers}:
            raise SecondopError(f"Skill needs a right answer in each class. Got {self.classes}.")
        right = np.array([self.answers.index(x) for x in self.classes])[:, None]
        side, target = np.sign(np.arange(len(self.answers)) - right), 0
        for sign, name, wanted in ((-1, "under", under), (1, "over", over)):
            share, wrong = given(name, wanted, self.classes)[:, None], self._moments()[0] * (side == sign)
            target = target + share * (wrong / wrong.sum(axis=1, keepdims=True).clip(1e-99) - (side == 0))
        return self.tilted(target + (side == 0))

    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        """By class and answer: how often it is given, and how often by two readers of a case."""
        single, pair = zip(*map(_moments, self.mean, self.bounded, self.tilt), strict=True)
        return np.array(single), np.diagonal(pair, axis1=1, axis2=2)


def _shares(what: str, value: Any, shape: tuple[int, ...], most: float = 1.0) -> np.ndarray:
    """An array of shares; text and gaps are none."""
    with suppress(TypeError, ValueError, OverflowError):
        shares = np.array(value, float)
        if shares.shape == shape and shares.size and ((shares >= 0) & (shares <= most)).all():
            return shares
    raise SecondopError(f"{what}: numbers from 0 to {most:g}, shape {shape}. Got {value!r}.")


def given(what: str, shares: Any, names: Sequence, most: float = 1.0) -> np.ndarray:
    """A share (or another number, up to the ``most``) for each of the names, in their order."""
    what = f"{what} of {', '.join(map(str, names))}"
    if not isinstance(shares, Mapping | pd.Series):
        raise SecondopError(f"{what}: {{name: number}}. Got {shares!r}.")
    if lacking := [str(name) for name in names if name not in shares]:
        raise SecondopError(f"{what}: nothing is said of {', '.join(lacking)}. Got {shares!r}.")
    return _shares(what, [*map(shares.get, names)], (len(names),), most)


def _mix(class_mix: Any, classes: Sequence) -> np.ndarray:
    """The share of each class among the cases that are read, from how many there are, in any unit."""
    mix = given("class_mix", class_mix, classes, 1e12)
    if not mix.all():
        raise SecondopError(f"class_mix: every class has cases. Got {class_mix!r}.")
    return mix / mix.sum()


def _first_readings(table: Any) -> tuple[tuple, tuple, np.ndarray]:
    """Classes, answers and the shares of single readings, of a table or {class: {answer: share}}."""
    if isinstance(table, Mapping):
        table = pd.DataFrame([row if isinstance(row, Mapping) else {} for row in table.values()], [*table])
    if not isinstance(table, pd.DataFrame):
        raise SecondopError(f"First readings: {{class: {{answer: share}}}}, or a table. Got {table!r}.")
    classes, answers = each_once("classes", table.index), each_once("answers", table.columns)
    return classes, answers, _single(table, classes, answers)


def _single(table: Any, classes: Sequence, answers: Sequence) -> np.ndarray:
    """A class-by-answer table of shares of single readings as an array; rounding is scaled away."""
    if isinstance(table, pd.DataFrame) and table.index.is_unique and table.columns.is_unique:
        table = table.reindex(index=list(classes), columns=list(answers))
    shares = _shares("single readings", table, (len(classes), len(answers)), 1 + ROUNDING)
    total = shares.sum(axis=1, keepdims=True)
    missed = [f"{classes[i]}: {shares[i].tolist()}" for i in np.flatnonzero(abs(total - 1) > ROUNDING)]
    refuse("Shares of single readings must add up to 1 in each class", missed)
    return shares / total


def _moments(mean, bounded, tilt) -> tuple[np.ndarray, np.ndarray]:
    """Mean of a reader's q over the cases of a class, and of q q': one reading, and the pair of two readers.

    Tilted, q_i = f_i p_i / sum(f p), where p is a scaled vector of gamma variates, and 1/x = integral of
    exp(-t x) leaves one integral over u = log t: analytic, so that a sum of equal steps is right to rounding.
    """
    from scipy.special import expit

    alpha, same = bounded * mean, np.eye(len(mean))
    if not tilt.any():
        return mean, mean[:, None] * (alpha + same) / (bounded + 1)
    start, stop = -40 - tilt.max() - np.log1p(bounded), 40 - tilt.min()
    u, step = np.linspace(start, stop, int((stop - start) * 4), retstep=True)
    x = expit(u[:, None] + tilt)
    weight = step * np.exp(-np.logaddexp(0, u[:, None] + tilt) @ alpha)
    weight[-1] /= -np.expm1(-step * bounded)  # from here on it falls as a geometric series
    return weight @ x * alpha, (x.T * weight) @ x * alpha[:, None] * (alpha + same)


def _solve_tilt(name, mean, bounded, target) -> np.ndarray:
    """Log factors that bring a class from one mean to another; the likeliest answer keeps factor 1."""
    from scipy.optimize import root

    if np.allclose(mean, target, rtol=0, atol=1e-12):
        return np.zeros_like(mean)
    tilt = np.where((target > 0) | (mean == 0), 0.0, -STEEPEST)
    odds = np.log(target.clip(1e-99) / mean.clip(1e-99))
    likeliest = np.argmax(mean * (target > 0))
    free = np.setdiff1d(np.flatnonzero(target), likeliest)

    def miss(theta):
        tilt[free] = theta.clip(-STEEPEST, STEEPEST)
        single, pair = _moments(mean, bounded, tilt)
        return (single - target)[free], (np.diag(single) - pair)[np.ix_(free, free)]

    miss(root(miss, (odds[free] - odds[likeliest]) * (1 + 1 / bounded), jac=True, tol=1e-12).x)
    if np.abs(_moments(mean, bounded, tilt)[0] - target).max() > 1e-8:
        why = "Skill adds no answer that is never given, and changes nothing where readers always agree."
        raise SecondopError(f"Class {name!r}: no tilt from {mean.round(4)} to {target.round(4)}. {why}")
    return tilt
