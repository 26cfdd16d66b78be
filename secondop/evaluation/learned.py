"""How good a learned triage is, beside a rule book and as chances; and real biopsies, some read twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.arguments import NUMBERS, TEXT, checked
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.differences import paired
from secondop.evaluation.learning import UNKNOWN, rows_of
from secondop.evaluation.measures import odds_of, wilson
from secondop.evaluation.measures import table as measured
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import at_level, refuse_no_chance
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from secondop.rules.rulebook import RuleBook

BIOPSIES = (
    "Breast Cancer Wisconsin (Diagnostic): 569 fine needle aspirates, 30 measures of the cell nuclei each, "
    "with the diagnosis. Street, Wolberg & Mangasarian 1993; UCI Machine Learning Repository, CC BY 4.0."
)


@checked()
def same_volume(
    cases: Any,
    score: str = "score",
    rule_book: RuleBook = RULE_BOOK,
    *,
    level: str = "recommended",
    outcome: str = "either",
    threshold: float = THRESHOLD,
    seed: int = 0,
) -> pd.DataFrame:
    """The learned triage against the rule book, both referring equally many cases, and as many at random.

    The rule book says how many: all of at least ``level``. The learned triage refers those with the highest
    ``score``; ties are broken by chance (``seed``).

    Four measures, twice: ``unknown`` facts refer ``"nobody"`` or ``"all"`` they may by the rule book. ``cut``
    is the lowest score referred; ``random, rule_book, learned`` are per 100 cases; ``difference`` (learned
    less rule book) has a paired 95 % interval ``lower, upper``, rather too wide since the cut moves with the
    sample, and of these scores alone: a model that learned from other cases would score otherwise;
    ``winner``: *neither* where it includes 0, blank where outcomes hide it.
    """
    cohort = Cohort(cases, rule_book, outcome=outcome, scores=[score])
    rows = rows_of(cohort, score=nw.col(f"score {score}"), refers=at_level(rule_book, level))
    changed, values, refers = (rows[name].to_numpy() for name in ("changed", "score", "refers"))
    order = np.lexsort((np.random.default_rng(seed).random(len(rows)), -values))
    # at equal volumes one more change found is one overuse and one miss less
    each = {"true_positive": 1, "false_positive": -1, "false_negative": -1}
    each |= {"net_benefit": 1 + odds_of(threshold)[0]}
    table, one = [], np.ones(len(rows))
    for unknown, book in (("nobody", refers == 1), ("all", refers >= 1)):
        learned = np.isin(np.arange(len(rows)), order[: book.sum()])
        sides = {"rule_book": 1 * book, "learned": 1 * learned}
        seen, share = Patterns(sides | {"changed": changed}, [None], 0 * changed, one, one), book.mean()
        none, everybody, *both = (seen.crossed(who, "changed")[0][0] for who in ("none", "all", *sides))
        counts = np.stack([(1 - share) * none + share * everybody, *both])
        found = measured(counts, counts, [threshold], measures=each)
        gain, least, most = paired(*seen.crossed(*sides, "changed"))["true_positive"].ravel()[[0, 3, 4]]
        ahead = "learned triage" if least > 0 else "rule book" if most < 0 else "neither"
        about = {"level": level, "unknown": unknown, "n": len(rows), "referral_rate": 100 * share}
        about |= {"cut": values[learned].min(initial=np.inf)}
        winner = "" if ahead == "neither" and np.isnan(gain) else ahead
        for name, times in each.items():
            numbers = dict(zip(("random", *sides), found[name].reshape(3, -1)[:, 0], strict=True))
            lower, upper = sorted([times * least, times * most])
            numbers |= {"difference": times * gain, "lower": lower, "upper": upper}
            table.append(about | {"measure": name} | numbers | {"winner": winner})
    table = pd.DataFrame(table)
    table.attrs = {"threshold": threshold, **_told(cohort)}
    return table


@checked()
def calibration(
    cases: Any, score: str = "score", *, outcome: str = "either", groups: int = 10
) -> pd.DataFrame:
    """How well probabilities are calibrated: cases with like scores, and what share of them changed.

    A row a group, lowest scores first: ``n, score`` (mean), ``changed, unknown`` (counts), ``share`` of n
    (blank if any is unknown), ``min, max`` (were unknown no, or yes); ``lower, upper``: 95 % Wilson of these.

    ``attrs``, of known outcomes, with 95 % intervals: ``slope``, that of a logistic regression of the outcome
    on the logit of the score: 1 is perfect, above it scores are too near to one another, below it too far
    apart; ``intercept``, with a slope of 1 (calibration in the large): 0 is perfect, above it more changed
    than was said. Blank where no such line fits: a score of 0 or 1, one outcome only, or all that changed
    scored above all that did not (Van Calster et al. 2019, BMC Med 17:230).

    Examples
    --------
    >>> cases = pd.DataFrame({"score": [0.2] * 10 + [0.7] * 10, "changed": [1] + [0] * 9 + [1] * 9 + [0]})
    >>> [round(end, 2) for end in calibration(cases, outcome="changed", groups=2).attrs["slope"]]
    [1.97, 0.66, 3.28]
    """
    cohort = Cohort(cases, outcome=outcome, scores=[score])
    refuse_no_chance(cohort, score)
    rows = rows_of(cohort, score=nw.col(f"score {score}")).to_pandas().sort_values("score", kind="stable")
    place = 1 + np.arange(len(rows)) * min(groups, len(rows)) // len(rows)
    rows = rows.assign(n=1, unknown=rows["changed"] == UNKNOWN, changed=rows["changed"] == 1)
    table = rows.groupby(place).agg({"n": "sum", "score": "mean", "changed": "sum", "unknown": "sum"})
    table = table.rename_axis("group").reset_index()
    n, least, most = table["n"], table["changed"], table["changed"] + table["unknown"]
    table = table.assign(share=(least / n).where(least == most), min=least / n, max=most / n)
    table = table.assign(lower=wilson(least, n)[0], upper=wilson(most, n)[1])
    known = rows[rows["unknown"] == 0]
    table.attrs = {**_told(cohort), **_calibrated(known["score"], known["changed"])}
    return table


@checked()
def biopsy_readings(*, seed: int, folds: int = 10) -> pd.DataFrame:
    """A first reading of 569 real fine-needle aspirates of the breast, each by a model that never saw it.

    A logistic regression, calibrated (Platt) inside each training part, stands in for the first reader: no
    pathologist's reading is in the data. ``first_reading`` is malignant from a ``probability`` of 0.5. The
    probabilities are too near to one another: their calibration slope is well above 1.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    x, benign = load_breast_cancer(return_X_y=True)
    reader = CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)), cv=5)
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with threadpool_limits(1):
        chance = cross_val_predict(reader, x, benign == 0, cv=dealt, method="predict_proba")[:, 1]
    table = pd.DataFrame({"malignant": benign == 0, "probability": chance})
    table["first_reading"] = np.where(chance >= 0.5, "malignant", "benign")
    return table.assign(first_right=(chance >= 0.5) == table["malignant"])


@checked(bands=NUMBERS, fact=TEXT)
def second_readings(readings: pd.DataFrame, bands: Sequence[float], fact: str) -> pd.DataFrame:
    """What second readings would find if a probability less than ``band`` from one half is ambiguous.

    Each band (0 to 0.5: none, all) says *clear* or *ambiguous* of the ``fact``, all that is recorded; the
    rule book decides who is read again. A second reading is *assumed* right: so many errors are corrected
    at most (``true_positive``); the rest change nothing (``false_positive``). The ``share`` is referred
    (``lower, upper``: 95 % Wilson); ``sensitivity``, with its own ends, is the share of errors that are.
    """
    if wrong := [band for band in bands if not 0 <= band <= 0.5]:
        raise SecondopError(f"A band reaches from 0 to 0.5 on either side of one half; got {wrong[0]}.")
    cases = readings[["probability", "first_right"]].merge(pd.Series(bands, name="band"), how="cross")
    doubted = ((cases["probability"] - 0.5).abs() < cases["band"]) | (cases["band"] == 0.5)
    cases = assess(cases.assign(**{fact: np.where(doubted, "ambiguous", "clear")}), RULE_BOOK)
    cases = cases.assign(n=1, errors=~cases["first_right"], referred=cases["recommendation"] >= "recommended")
    cases["true_positive"] = cases["referred"] & cases["errors"]
    counted = ["n", "errors", "referred", "true_positive", "undetermined"]
    table = cases.groupby("band")[counted].sum().reset_index()
    table["false_positive"] = table["referred"] - table["true_positive"]
    for share, ends, k, n in (
        ("share", ["lower", "upper"], table["referred"], table["n"]),
        ("sensitivity", ["sensitivity_lower", "sensitivity_upper"], table["true_positive"], table["errors"]),
    ):
        table[[share, *ends]] = np.stack([k / n, *wilson(k, n)], -1)
    return table


def _told(cohort: Cohort) -> dict[str, Any]:
    """Whether the cases are simulated, and for whom the outcome is known."""
    return {name: cohort.about()[name] for name in ("simulated", "verification")}


def _calibrated(score: pd.Series, changed: pd.Series) -> dict[str, tuple[float, float, float]]:
    """Calibration slope and intercept, each with its 95 % interval (Wald); blank where no line fits."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    yes, no = score[changed], score[~changed]
    apart = yes.empty or no.empty or no.max() <= yes.min() or yes.max() <= no.min()
    if apart or not score.between(0, 1, inclusive="neither").all():
        return dict.fromkeys(("slope", "intercept"), (np.nan,) * 3)
    logit, one, y = np.log(score / (1 - score)), np.ones(len(score)), changed.astype(float)
    line = GLM(y, np.column_stack([logit, one]), family=Binomial()).fit()
    level = GLM(y, one, offset=logit, family=Binomial()).fit()
    ends = ((fit.params.iloc[0], *fit.conf_int().iloc[0]) for fit in (line, level))
    return dict(zip(("slope", "intercept"), (tuple(map(float, x)) for x in ends), strict=True))
