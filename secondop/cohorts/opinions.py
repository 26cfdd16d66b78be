"""How readers of one case differ: a model of readers, and the share of differing pairs in real ratings.

Readers err together because cases differ in difficulty. Case *i* of class *c* has its own distribution over
answers, p_i ~ Dirichlet(s_c m_c): m_c is how single readings of that class are spread, and the concentration
s_c says how alike its cases are. Readers draw independently *given* p_i. Infinite s_c means that all cases of
the class are alike, so that readers are independent; with two answers this is the beta-binomial model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from secondop.cohorts.ratings import bootstrap_interval, count_pairs, read_ratings
from secondop.cohorts.tilt import moments, solve_tilt
from secondop.errors import SecondopError

ROUNDING = 0.02  # shares that were rounded for print may miss 1 by this much, and are then scaled to 1


@dataclass(frozen=True, eq=False, repr=False)
class ReaderModel:
    """Readers of one skill, and the cases they read.

    Usually made by `from_disagreement` (two published numbers a class) or `fit` (your own ratings).

    Parameters
    ----------
    answers : tuple of str
        What a reader may say, in order (say, from harmless to grave): "under" and "over" follow this order.
    classes : tuple of str
        What the case may truly be. A class named like an answer has that as its right answer.
    mean : array of float, shape (n_classes, n_answers)
        The distribution of single readings in each class, by readers of ordinary skill.
    concentration : array of float, shape (n_classes,)
        How alike the cases of a class are, in [0, inf]: at 0 all readers of a case agree, at inf they are
        independent given the class.
    tilt : array of float, shape (n_classes, n_answers), optional
        Logarithm of the factor by which these readers weigh each answer more than ordinary ones (`tilted`).
    remarks : tuple of str
        What could not be had as asked. Read them.

    Raises
    ------
    SecondopError
        If shapes do not fit, shares are negative or do not add up to 1, or a concentration is negative.
    """

    answers: tuple[str, ...]
    classes: tuple[str, ...]
    mean: np.ndarray
    concentration: np.ndarray
    tilt: np.ndarray | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check and freeze what was given."""
        answers, classes = tuple(self.answers), tuple(self.classes)
        mean = _shares(self.mean, classes, answers)
        concentration = np.array(self.concentration, dtype=float)
        if concentration.shape != (len(classes),) or not (concentration >= 0).all():
            raise SecondopError(
                f"A reader model needs one concentration, 0 to inf, for each of its {len(classes)} classes. "
                f"Got {self.concentration!r}."
            )
        tilt = np.zeros_like(mean) if self.tilt is None else np.array(self.tilt, dtype=float)
        if tilt.shape != mean.shape or np.isnan(tilt).any():
            raise SecondopError("A tilt needs a number for each class and answer. Use model.tilted(mean).")
        for array in (mean, concentration, tilt):
            array.flags.writeable = False
        for name in ("answers", "classes", "mean", "concentration", "tilt"):
            object.__setattr__(self, name, locals()[name])

    def __repr__(self) -> str:
        """Show the table and, under it, the remarks."""
        return "\n".join(
            [self.to_frame().round(3).to_string(), *(f"Remark: {text}" for text in self.remarks)]
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per class: shares of the answers in single readings, how often two differ, concentration.

        The shares and ``disagreement`` are those of these readers; ``concentration`` belongs to the cases.
        """
        rows = [moments(*row) for row in zip(self.mean, self.concentration, self.tilt, strict=True)]
        frame = pd.DataFrame(
            [single for single, _ in rows],
            index=pd.Index(self.classes, name="reference_class"),
            columns=list(self.answers),
        )
        return frame.assign(
            disagreement=[1 - np.trace(pair) for _, pair in rows], concentration=self.concentration
        )

    @classmethod
    def from_disagreement(cls, first_readings, disagreement) -> ReaderModel:
        """The model from two published numbers a class: spread of single readings, and how often two differ.

        With a = 1 - disagreement and b = the sum of squared shares, s = (1 - a) / (a - b). Where a >= 1 or
        a <= b no heterogeneity of cases fits: the class is read independently, and ``remarks`` says so.

        Parameters
        ----------
        first_readings : DataFrame, shape (n_classes, n_answers), or mapping of class to {answer: share}
            Shares of single readings; columns in the order of the answers.
        disagreement : Series or mapping of class to float
            Share, 0 to 1, in which two readers of one case of the class differ.

        Examples
        --------
        >>> lesions = {"harmless": {"harmless": 0.9, "grave": 0.1}, "grave": {"harmless": 0.2, "grave": 0.8}}
        >>> differ = {"harmless": 0.12, "grave": 0.16}
        >>> ReaderModel.from_disagreement(lesions, differ)  # doctest: +NORMALIZE_WHITESPACE
                         harmless  grave  disagreement  concentration
        reference_class
        harmless              0.9    0.1          0.12            2.0
        grave                 0.2    0.8          0.16            1.0
        """
        if isinstance(first_readings, Mapping):
            first_readings = pd.DataFrame.from_dict(first_readings, orient="index")
        classes, answers = tuple(first_readings.index), tuple(first_readings.columns)
        mean = _shares(first_readings, classes, answers)
        differ = pd.Series(disagreement, dtype=float).reindex(classes)
        if not differ.between(0, 1).all():
            bad = ", ".join(f"{name}: {value:g}" for name, value in differ[~differ.between(0, 1)].items())
            raise SecondopError(f"Each class needs its disagreement as a share from 0 to 1. Got {bad}.")
        agree, chance = 1 - differ.to_numpy(), (mean**2).sum(axis=1)
        fits = (agree < 1) & (agree > chance)
        concentration = np.full(len(classes), np.inf)
        concentration[fits] = (1 - agree[fits]) / (agree - chance)[fits]
        remarks = [
            f"{name}: no heterogeneity of cases fits a disagreement of {d:.4g}, so it is read independently, "
            f"which gives {1 - b:.4g}."
            + (" For readers who always agree set the concentration to 0." if d == 0 and b < 1 else "")
            for name, d, b, ok in zip(classes, differ, chance, fits, strict=True)
            if not ok and not np.isclose(d, 1 - b)
        ]
        return cls(answers, classes, mean, concentration, remarks=tuple(remarks))

    @classmethod
    def fit(
        cls, ratings, *, case="case", reader="reader", answer="answer", reference=None, answers=None
    ) -> ReaderModel:
        """The model from ratings in long form, by moments: each pair of readers counts once in either order.

        Parameters
        ----------
        ratings : pandas or polars DataFrame
            One row per reading, as for `opinions_from_ratings`.
        reference : str, optional
            Column with the true class of the case. Without it all cases are one class, named "all cases".
        answers : sequence of str, optional
            The answers in their order. Default: the order of a categorical column, otherwise sorted.

        Notes
        -----
        With few cases (fewer than about 30 a class) the concentration is rough and tends to be too high.
        """
        readings, answers, _ = read_ratings(ratings, case, reader, answer, answers, reference)
        if readings.groupby("case", sort=False)["reference"].nunique(dropna=False).gt(1).any():
            raise SecondopError(f"Some cases have more than one class in column {reference!r}.")
        shares, differs = {}, {}
        for name, part in readings.groupby("reference", sort=True, observed=True):
            pairs, differ = (table.sum(axis=0) for table in count_pairs(part, len(answers)))
            if pairs.sum() == 0:
                raise SecondopError(f"Class {name!r}: no case was read by two different readers.")
            shares[name] = dict(zip(answers, pairs / pairs.sum(), strict=True))
            differs[name] = differ.sum() / pairs.sum()
        return cls.from_disagreement(shares, differs)

    def same_cases(self, other: ReaderModel) -> bool:
        """Whether the other readers, whatever their skill, read the same cases."""
        return (
            (self.answers, self.classes) == (other.answers, other.classes)
            and np.array_equal(self.mean, other.mean)
            and np.array_equal(self.concentration, other.concentration)
        )

    def independent(self) -> ReaderModel:
        """The same single readings by readers who err independently: difficulty of the case left out."""
        readings = self.to_frame()[list(self.answers)]
        return replace(
            self, mean=readings, concentration=np.full(len(self.classes), np.inf), tilt=None, remarks=()
        )

    def tilted(self, mean) -> ReaderModel:
        """Readers of another skill on the same cases.

        Each answer's weight in p_i is multiplied by one factor and the weights are scaled to 1 again. The
        factors are solved so that the mean over cases is ``mean``, by exact one-dimensional quadrature.

        Parameters
        ----------
        mean : DataFrame or array, shape (n_classes, n_answers)
            Distribution of single readings by the other readers.

        Raises
        ------
        SecondopError
            If a class cannot be tilted so: an answer that the ordinary readers never give cannot appear, and
            where all readers of a case agree (concentration 0) skill changes nothing.
        """
        target = _shares(mean, self.classes, self.answers)
        rows = zip(self.classes, self.mean, self.concentration, target, strict=True)
        return replace(self, tilt=np.array([solve_tilt(*row) for row in rows]))


def opinions_from_ratings(
    frame, *, case="case", reader="reader", answer="answer", seed, answers=None, draws=1000, confidence=0.95
) -> pd.DataFrame:
    """How often two readers of one case differ, in your own ratings: overall and by what the first one said.

    Counts ordered pairs of *different* readers of a case, each pair in either order. Repeats by one reader
    never count as a second opinion: they share that reader's one vote (two "a" and one "b" are 2/3 "a", 1/3
    "b"). An empty answer is a gap: it is left out, and counted in ``attrs``.

    Parameters
    ----------
    frame : pandas or polars DataFrame
        Long form, one row per reading.
    case, reader, answer : str
        Names of the columns. Case and reader may not be empty.
    seed : int
        Of the bootstrap. Required, so that the intervals are the same tomorrow.
    answers : sequence of str, optional
        All answers in order. Default: the order of a categorical column, otherwise those found, sorted.
    draws : int
        Bootstrap samples of the cases.
    confidence : float
        Of the interval, in (0, 1).

    Returns
    -------
    DataFrame
        One row per first answer and a row ``overall``: ``pairs``, ``differ``, ``share`` with ``lower`` and
        ``upper``. A row without pairs has no share. ``attrs`` holds ``cases``, ``cases_with_pairs``,
        ``readers``, ``readings``, ``gaps``, the fitted ``concentration`` and ``remarks`` on it.

    Notes
    -----
    The interval is the bootstrap percentile over cases, which keeps the readings of a case together. Where
    every sample gives the same share (nothing differed, or one case) the bootstrap knows no uncertainty, and
    the interval is Wilson's over the cases that have such a pair.

    Examples
    --------
    >>> ratings = pd.DataFrame({"case": list("112233"), "reader": list("xyxyxy"), "answer": list("aaabbb")})
    >>> table = opinions_from_ratings(ratings, seed=1)
    >>> table[["pairs", "differ", "share"]].round(2)  # doctest: +NORMALIZE_WHITESPACE
                  pairs  differ  share
    first_answer
    a               3.0     1.0   0.33
    b               3.0     1.0   0.33
    overall         6.0     2.0   0.33
    """
    readings, answers, counted = read_ratings(frame, case, reader, answer, answers)
    if "overall" in answers:
        raise SecondopError("An answer is named 'overall', which is the name of the total row. Rename it.")
    pairs, differ = (np.column_stack([x, x.sum(axis=1)]) for x in count_pairs(readings, len(answers)))
    total, differing = pairs.sum(axis=0), differ.sum(axis=0)
    if total[-1] == 0:
        raise SecondopError(f"No case in column {case!r} was read by two different readers in {reader!r}.")
    lower, upper = bootstrap_interval(pairs, differ, seed, draws, confidence)
    with np.errstate(invalid="ignore"):
        share = differing / total
    table = pd.DataFrame(
        {"pairs": total, "differ": differing, "share": share, "lower": lower, "upper": upper},
        index=pd.Index([*answers, "overall"], name="first_answer"),
    )
    shares = {"all cases": dict(zip(answers, total[:-1] / total[-1], strict=True))}
    model = ReaderModel.from_disagreement(shares, {"all cases": share[-1]})
    table.attrs = {
        **counted,
        "cases_with_pairs": int((pairs[:, -1] > 0).sum()),
        "concentration": float(model.concentration[0]),
        "remarks": model.remarks,
    }
    return table


def _shares(table, classes, answers) -> np.ndarray:
    """A class-by-answer table of shares as an array, checked; rounding is scaled away."""
    if isinstance(table, pd.DataFrame):
        table = table.reindex(index=list(classes), columns=list(answers))
    shares = np.array(table, dtype=float)
    if shares.shape != (len(classes), len(answers)) or len(set(classes)) + len(set(answers)) != sum(
        shares.shape
    ):
        raise SecondopError(
            f"Readings need a share for each of the {len(classes)} classes and {len(answers)} answers, "
            f"each named once. Got a table of shape {shares.shape}."
        )
    good = (shares >= 0).all(axis=1) & (np.abs(shares.sum(axis=1) - 1) <= ROUNDING)
    if not good.all():
        bad = [
            f"  {name}: {row.tolist()}" for name, row, ok in zip(classes, shares, good, strict=True) if not ok
        ]
        raise SecondopError(
            "Shares of single readings must be known, none negative, and add up to 1 in each class:\n"
            + "\n".join(bad)
        )
    return shares / shares.sum(axis=1, keepdims=True)
