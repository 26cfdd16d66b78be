"""How well readers agree: percent, kappa, AC1 and alpha in one table, and how many cases that takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd

from secondop.arguments import Taken, checked, number, whole
from secondop.errors import SecondopError
from secondop.readers.model import ReaderModel
from secondop.readers.ratings import SAMPLE, ends, refuse_few, votes_of
from secondop.readers.readings import read_ratings

WEIGHTS = ("identity", "linear", "quadratic")
WEIGHING = Taken(lambda x: isinstance(x, str) and x in WEIGHTS, f"one of {', '.join(WEIGHTS)}")
NAMES = ("percent agreement", "Cohen's kappa", "Fleiss' kappa", "Gwet's AC1", "Krippendorff's alpha")
WHY = (
    "Not corrected for chance: high where one answer is common.",
    "By chance: each reader answers by their own shares of the answers, in the cases that both read.",
    "By chance: all readers answer by the same shares of the answers.",
    "By chance: readers guess in cases that are hard, which are the fewer the commoner one answer is.",
    "By chance: as for Fleiss' kappa, corrected for few cases; cases with one reading are left out.",
)
LEAST = np.array([0, -1, -1, -1, -1])  # where the scale of each begins; all end at 1
BY_SHARES = LEAST * [0, 1, 1, 0, 1] < 0  # whose chance is by the shares of the answers: kappas and alpha
BLANK = "Not defined: where only one answer is given, nothing is left but chance."
SIMULATED = 20_000  # cases, from which the spread between cases is taken
INSIDE = number(1e-9, 1 - 1e-9, "a number above 0 and below 1")
APART = Taken(lambda x: number(-1, 1, "").fits(x) and x != 0, "a number from -1 to 1, other than 0")
ONE = "No interval: too few cases, or without one of them, or one reader, it is not defined."


@checked(weights=WEIGHING, sample=SAMPLE)
def agreement(
    ratings: Any,
    *,
    case: str = "case",
    reader: str = "reader",
    answer: str = "answer",
    readers: Sequence[str] | None = None,
    answers: Sequence | None = None,
    weights: str = "identity",
    sample: str = "cases",
    first: Any = None,
) -> pd.DataFrame:
    """How well readers agree: percent, Cohen, Fleiss, Gwet and Krippendorff side by side, and why they part.

    Ratings, ``readers``, ``answers``, ``first`` and ``sample`` are those of `opinions_from_ratings`. Missing
    readings are allowed; repeats by one reader share that reader's one vote. With ``first`` there are two
    readers: who reads first, and all who read after.

    A row for each ``statistic``: its ``value`` and 95 % interval ``lower, upper``, the agreement expected by
    ``chance`` (each but the percentage is (agreement - chance) / (1 - chance)), ``cases`` with two or more
    readers, ``readers``, ``n`` readings, and a ``remark``: what it takes for chance, or why it is blank.
    Cohen's kappa is that of two readers; of more it is pooled over all pairs of readers (Conger 1980). With
    ``weights`` (linear, quadratic), which need the order of the answers, rows are added in which near answers
    agree in part: the weighted kappas, Gwet's AC2, and alpha for ordered answers.

    The interval keeps a case together: it is a jackknife's, with Student's t and bent as Wilson's (from -1 to
    1), so that agreement in few cases does not pass for certain. Those of kappas and alpha are of these cases
    and one more, divided evenly among all pairs of answers: without it, where an answer is as rare as 5 of
    50, they hold the truth far too seldom. ``attrs``: counts, ``remarks``, ``why`` they part.

    >>> ratings = pd.DataFrame({"slide": [1, 2, 3, 4, 5], "Ada": [*"bbbba"], "Ben": [*"bbbaa"]})
    >>> agreement(ratings, case="slide", readers=["Ada", "Ben"])["value"].round(2).tolist()
    [0.8, 0.55, 0.52, 0.66, 0.57]
    """
    readings = read_ratings(ratings, case, reader, answer, readers=readers, answers=answers, first=first)
    refuse_few(readings, sample)
    if weights != "identity" and readings.unordered:
        raise SecondopError(f"Weights: {readings.unordered}")
    votes = votes_of(readings)
    tables = [_table(votes, np.eye(len(readings.answers)), sample)]
    if weights != "identity":
        place = np.linspace(0, 1, len(readings.answers))
        near = 1 - np.abs(np.subtract.outer(place, place)) ** WEIGHTS.index(weights)
        names = [*(f"{x}, {weights} weights" for x in (*NAMES[:3], "Gwet's AC2")), f"{NAMES[4]}, ordinal"]
        tables.append(_table(votes, near, sample, ordinal=True).set_axis(names))
    counted = readings.counted
    table = pd.concat(tables).assign(readers=counted["readers"], n=counted["readings"])
    table.attrs = counted | {"why": _why(readings, table)}
    columns = ["value", "lower", "upper", "chance", "cases", "readers", "n", "remark"]
    return table[columns].rename_axis("statistic")


def _table(votes: pd.DataFrame, weights: np.ndarray, sample: str, ordinal: bool = False) -> pd.DataFrame:
    """The rows for one choice of weights."""
    case, reader = (votes.index.get_level_values(i).to_numpy() for i in (0, 1))
    rows, own = [int((np.bincount(case) > 1).sum())], (case, reader, votes.to_numpy(), np.ones(len(case)))
    one_more, parts = _with_one_more(*own), []
    for some in (own, one_more):
        parts.append([*_statistics(*some, weights, ordinal)])
        if "readers" in sample:
            kept = ([x[some[1] != who] for x in some] for who in np.unique(reader))
            parts[-1].append(np.array([_statistics(*x, weights, ordinal)[0] for x in kept]))
    (whole, chance, alone, *readers), (middle, _, left, *_) = parts
    parts[0][2] = np.concatenate([alone, np.tile(whole, (len(left) - len(alone), 1))])
    rows += [len(x) for x in readers]
    table = pd.DataFrame({"value": whole, "chance": chance, "cases": rows[0], "remark": WHY}, list(NAMES))
    middle, _, *left = (np.where(BY_SHARES, x, y) for y, x in zip(*parts, strict=True))
    share, *without = (pd.DataFrame((x - LEAST) / (1 - LEAST), columns=NAMES) for x in (middle[None], *left))
    size = [pd.Series(n, NAMES) for n in rows]
    found = LEAST + (1 - LEAST) * np.stack(ends(share.loc[0], without, size, size))
    unsure = np.isnan(np.vstack([whole, *left, found])).any(axis=0) | (whole < LEAST - 1e-9) | (rows[0] < 2)
    found = np.where(unsure, np.nan, found)
    table["lower"], table["upper"] = np.minimum(found[0], whole), np.maximum(found[1], whole)
    table.loc[unsure, "remark"] = ONE
    table.loc[np.isnan(whole), "remark"] = BLANK
    return table


def _with_one_more(case: Any, reader: Any, said: Any, mass: Any) -> tuple:
    """The votes and those in one case more: a part for each pair of answers, and of readers of one case."""
    rows, answers = pd.DataFrame({"case": case, "reader": reader}), np.eye(said.shape[1])[said.any(0)]
    both = rows.merge(rows, on="case").query("reader_x < reader_y")[["reader_x", "reader_y"]]
    who = both.drop_duplicates().to_numpy()
    place, *said_by = np.indices((len(who), len(answers), len(answers))).reshape(3, -1)
    new, mass_of_one = case.max() + 1 + np.arange(len(place)), np.full(2 * len(place), 1 / len(place))
    more = np.tile(new, 2), who[place].T.ravel(), answers[np.concatenate(said_by)]
    votes = (np.concatenate(x) for x in zip((case, reader, said), more, strict=True))
    return *votes, np.append(mass, mass_of_one)


@np.errstate(divide="ignore", invalid="ignore")
def _statistics(case: Any, reader: Any, said: Any, mass: Any, weights: Any, ordinal: bool) -> tuple:
    """Each statistic, its chance, and each statistic without each case; one vote (shares) a row.

    ``mass`` is how much of a case the case of a row is: without a part of one, a statistic moves as far as
    makes the squares add up to the variance. Whatever adds up over cases is summed over all, and over all but
    each: the first row is of all.
    """
    (_, first, case), answers = np.unique(case, return_index=True, return_inverse=True), len(weights)
    given, mass = _sums(said, case), mass[first]
    size = np.bincount(case)[:, None, None]
    apart = given[:, :, None] * given[:, None, :] - _sums(said[:, :, None] * said[:, None, :], case)
    pairs = np.where(size > 1, apart / np.maximum(size - 1, 1), 0)  # as many as the case has readers
    agreed = _all_but(mass * (pairs * weights / size).sum((1, 2))) / _all_but(mass * (size.ravel() > 1))
    shares = _all_but(mass[:, None] * given / size[:, 0]) / _all_but(mass[:, None])
    fleiss = np.einsum("nk,kl,nl->n", shares, weights, shares)
    gwet = weights.sum() * (shares * (1 - shares)).sum(1) / (answers * (answers - 1))
    seen = _all_but(mass[:, None, None] * pairs)
    total = seen.sum(2)
    middle = total.cumsum(1) - total / 2
    far = (middle[:, :, None] - middle[:, None]) ** 2 if ordinal else np.ones_like(seen) - np.eye(answers)
    far, n = far / far.max((1, 2), keepdims=True), total.sum(1)
    alpha = 1 - (seen * far).sum((1, 2)) / n
    expected = 1 - np.einsum("nk,nkl,nl->n", total, far, total) / (n * (n - 1))
    cohen, own = _by_pairs_of_readers(case, reader, said, mass, weights)
    raw = np.stack([agreed, cohen, agreed, agreed, alpha], 1)
    chance = np.stack([np.zeros(len(n)), own, fleiss, gwet, expected], 1)
    values = np.where(1 - chance > 1e-12, (raw - chance) / (1 - chance), np.nan)
    return values[0], chance[0], values[0] + (values[1:] - values[0]) / np.sqrt(mass)[:, None]


def _sums(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Sums of rows, by a number of each."""
    columns = values.reshape(len(by), -1).T
    return np.array([np.bincount(by, x) for x in columns]).T.reshape(-1, *values.shape[1:])


def _all_but(values: np.ndarray) -> np.ndarray:
    """The sum over all rows, and then over all but each."""
    return np.concatenate([values.sum(0)[None], values.sum(0) - values])


def _by_pairs_of_readers(case, reader, said, mass, weights) -> tuple[np.ndarray, np.ndarray]:
    """Agreement over all pairs of readers, observed and by chance: in all cases, and in all but each."""
    rows = pd.DataFrame({"case": case, "reader": reader, "row": np.arange(len(case))})
    rows = rows.merge(rows, on="case").query("reader_x < reader_y")
    pair = rows.groupby(["reader_x", "reader_y"]).ngroup().to_numpy()
    part = mass[rows["case"]]
    one, other, n = said[rows["row_x"]], said[rows["row_y"]] @ weights, np.bincount(pair, part)[pair]
    mine, theirs = part[:, None] * one, part[:, None] * other
    ones, others = _sums(mine, pair)[pair], _sums(theirs, pair)[pair]
    chance = (ones * others).sum(1) / n  # of a pair of readers in all its cases, told in each of its rows
    without = ((ones - mine) * (others - theirs)).sum(1) / np.where(n - part > 1e-9, n - part, 1)
    found = np.stack([part, (mine * other).sum(1), chance - without], 1)
    cases = np.zeros((case.max() + 1, 3))
    np.add.at(cases, rows["case"], found)
    number, agreed, expected = _all_but(cases).T
    return agreed / number, (expected - expected[0] + (part * chance / n).sum()) / number


def _why(readings: Any, table: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on why the statistics part, with the numbers of this table."""
    counts = np.bincount(readings.table["answer"], minlength=len(readings.answers))
    if counts.max() == counts.sum():
        return (BLANK,)
    often, share = readings.answers[counts.argmax()], counts.max() / counts.sum()
    cohen, fleiss, gwet = table["chance"].iloc[1:4]
    told = f"{often!r} is {share:.0%} of readings. By such shares alone readers agree in {fleiss:.0%} "
    told = [f"{told}(Fleiss' kappa); AC1 takes {gwet:.0%} for chance, and less the commoner one answer is."]
    if abs(cohen - fleiss) > 0.01:
        part = "Readers use the answers unlike often, or not all read the same cases"
        told.append(f"{part}: by the shares of each it is {cohen:.0%} (Cohen's kappa).")
    return tuple(told)


@checked(rate=INSIDE, width=INSIDE, agreement=INSIDE, readers=whole(2), power=INSIDE, difference=APART)
def plan_audit(
    *,
    rate: float,
    width: float | None = None,
    difference: float | None = None,
    agreement: float | None = None,
    readers: int = 2,
    power: float = 0.8,
    seed: int = 0,
) -> pd.DataFrame:
    """How many cases to read, so that a 95 % interval is so wide, or that two rates are told apart.

    ``rate`` is the share expected to be yes (changed, wrong, malignant ...). Give one of ``width``, of the
    whole interval (0.1: from 0.15 to 0.25, say), and ``difference``, which two groups of as many cases each
    shall show with this ``power`` in a two-sided test at 5 %: of ``rate`` from ``rate + difference``.

    Without ``agreement`` each case is read once, and Wilson's formula tells. With it, the share of pairs of
    readers expected to agree, each case is read by so many ``readers``: the rate is that of all readings, and
    rows are added for the statistics of `agreement`. Their spread between cases is that of 20,000 simulated
    ones (`ReaderModel`; the same ``seed`` gives the same). About half of all audits come out wider.

    A row for each ``figure``: its ``expected`` value and interval ``lower, upper``, ``cases`` (of each group,
    where two are compared), ``readings`` in all, and what that means in words.

    >>> plan_audit(rate=0.2, width=0.1)["cases"].tolist()
    [245]
    >>> plan_audit(rate=0.2, difference=0.1).loc["rate", "meaning"]
    '294 cases in each of two groups, each read once, tell 20 % from 30 % in 80 of 100 audits.'
    """
    if (width is None) == (difference is None):
        raise SecondopError("An audit is planned for either width or difference: give one of them.")
    other = rate + (difference or 0)
    if not 0 < other < 1:
        raise SecondopError(f"The other rate lies between 0 and 1: {rate:g} with difference {difference:g}.")
    chance = rate**2 + (1 - rate) ** 2
    if agreement is None and readers != 2:
        raise SecondopError("How often two readers agree decides what more of them add: agreement=0.9, say.")
    if agreement is not None and agreement <= chance:
        told = f"By chance alone two readers agree in {100 * chance:.3g} % at this rate"
        raise SecondopError(f"{told}: agreement is above that. Got {agreement!r}.")
    each, kappa = (1, 0) if agreement is None else (readers, (agreement - chance) / (1 - chance))
    effective = each / (1 + (each - 1) * kappa)  # readings of one case count for so many cases read once
    read, rows = "each read once" if each == 1 else f"each read by {each} readers", []
    if difference is not None:
        n = ceil(_to_tell(rate, other, power) / effective)
        told = f"{n:,} cases in each of two groups, {read}, tell {100 * rate:.3g} % from {100 * other:.3g} % "
        rows = [("rate", rate, nan, nan, n, 2 * n * each, f"{told}in {100 * power:.0f} of 100 audits.")]
    figures = [] if width is None else [("rate", rate, sqrt(rate * (1 - rate) / effective), 0)]
    figures += [] if width is None or agreement is None else _simulated(rate, agreement, readers, seed)
    for name, *figure in figures:
        n = 2 + bisect_left(range(2, 2**40), -width, key=lambda n, x=figure: np.subtract(*_ends(*x, n)))
        lower, upper = _ends(*figure, n)
        told = f"{n:,} cases, {read}: {name} {figure[0]:.2f} ({lower:.2f} to {upper:.2f})."
        rows.append((name, figure[0], lower, upper, n, n * each, told))
    columns = ["figure", "expected", "lower", "upper", "cases", "readings", "meaning"]
    return pd.DataFrame(rows, columns=columns).set_index("figure")


def _to_tell(one: float, other: float, power: float) -> float:
    """Cases a group: the normal formula for two proportions, without a correction for continuity."""
    from scipy.stats import norm

    both = one + other
    apart = sqrt(both * (1 - both / 2)) * norm.isf(0.025)
    return ((apart + sqrt(one * (1 - one) + other * (1 - other)) * norm.ppf(power)) / (one - other)) ** 2


def _ends(value: float, spread: float, least: float, n: int) -> tuple[float, float]:
    """The interval of n cases whose own values have this standard deviation: Wilson's, from least to 1."""
    from statsmodels.stats.proportion import proportion_confint

    share = (value - least) / (1 - least)
    cases = n * share * (1 - share) * ((1 - least) / spread) ** 2
    lower, upper = proportion_confint(share * cases, cases, method="wilson")
    return least + (1 - least) * lower, least + (1 - least) * upper


def _simulated(rate: float, agree: float, readers: int, seed: int) -> list[tuple]:
    """Of each statistic: its value in simulated cases, the standard deviation of one, its scale's begin."""
    shares = {"cases": {"no": 1 - rate, "yes": rate}}
    model = ReaderModel.from_disagreement(shares, {"cases": 1 - agree})
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(model.concentration[0] * model.mean[0], SIMULATED)[:, 1:]
    who = [f"reader {x + 1}" for x in range(readers)]
    said = pd.DataFrame((rng.random((SIMULATED, readers)) < chances).astype(int), columns=who)
    table = agreement(said.reset_index(names="case"), readers=who)
    spread = (table["upper"] - table["lower"]) / 2 / 1.96 * sqrt(SIMULATED)
    return [*zip(table.index, table["value"], spread, LEAST, strict=True)]
