"""A learned triage beside the rule book: who would be sent, learned from cases whose outcome is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.benefit import check_rate, exchange_words
from secondop.evaluation.learners import deal, fact_matrix, make_learner, one_thread
from secondop.evaluation.policies import UNKNOWN, YES, read_number, read_outcome
from secondop.evaluation.reading import at_level, eager, simulated, verdicts_of, wilson
from secondop.evaluation.rules_value import paired_differences
from secondop.rules.indication import Level
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook

_BETTER = {"found": 1, "overuse": -1, "underuse": -1, "net_benefit": 1}


def learned_triage(
    cohort: Any,
    *,
    seed: int,
    outcome: str = "either",
    kind: str = "logistic",
    folds: int = 5,
    facts: Sequence[str] | None = None,
    learn_from: int | None = None,
) -> Any:
    """For each case, the probability that an opinion would change something, learned from other cases.

    Cases are dealt to folds. Each fold is scored by a model that learned from the other folds, and was
    calibrated inside them (Platt), so no case is scored by a model that knows its outcome. The models read
    facts as recorded; that a fact was not recorded is information of its own, never *no*.

    Parameters
    ----------
    cohort : frame of n_cases rows
        Cases with their facts and an outcome: pandas, polars or pyarrow. Only facts are learned from; the
        truth that a simulation adds is not.
    seed : int
        Deals the cases to the folds.
    outcome : str
        As for :func:`secondop.evaluation.tradeoff.tradeoff`. Nothing is learned from cases whose outcome is
        unknown; they are scored all the same.
    kind : str
        ``"logistic"``: one weight per answer, unknown being an answer. ``"boosting"``: gradient-boosted
        trees, which also find combinations.
    folds : int
        From 2 on.
    facts : list of str, optional
        Facts to learn from; by default those that the rule book reads.
    learn_from : int, optional
        The most cases that each model may learn from, to see how many outcomes a learned triage needs.

    Returns
    -------
    frame
        The cases in the kind given, with ``score``.

    Examples
    --------
    >>> cases = pd.DataFrame({"rare_disease": [True, False, None] * 20, "changed": [True, False, False] * 20})
    >>> scored = learned_triage(cases, outcome="changed", facts=["rare_disease"], seed=1)
    >>> scored["score"].head(3).round(1).tolist()
    [1.0, 0.0, 0.0]
    """
    from sklearn.calibration import CalibratedClassifierCV
    from tqdm.auto import tqdm

    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    x, names = fact_matrix(frame, facts)
    score, rng = np.full(len(changed), np.nan), np.random.default_rng(seed)
    for learn, test in tqdm(deal(changed, folds, seed), desc=f"learning ({kind})", leave=False):
        learn = learn[changed[learn] != UNKNOWN]
        learn = rng.permutation(learn)[:learn_from]
        if min(np.bincount(changed[learn], minlength=2)[:2]) < 3:
            raise SecondopError(
                f"learned_triage needs at least 3 cases with each outcome to learn from; of {len(learn):,} "
                f"cases in one fold's training part, {(changed[learn] == YES).sum():,} changed something."
            )
        model = CalibratedClassifierCV(
            make_learner(kind, names, seed), method="sigmoid", cv=3, ensemble=False
        )
        with one_thread():
            score[test] = model.fit(x[learn], changed[learn]).predict_proba(x[test])[:, 1]
    if isinstance(frame, pd.DataFrame):
        return frame.assign(score=score)
    native = nw.from_native(frame)
    column = nw.new_series("score", score, nw.Float64, backend=native.implementation)
    return native.with_columns(column).to_native()


def same_volume(
    cohort: Any,
    score: str = "score",
    rule_book: RuleBook = RULE_BOOK,
    *,
    level: str = "recommended",
    outcome: str = "either",
    exchange_rate: float = 0.1,
    seed: int = 0,
) -> pd.DataFrame:
    """The learned triage against the rule book, both sending equally many cases.

    The rule book says how many: all cases of at least ``level``. The learned triage sends as many, those with
    the highest scores; ties at the cut are broken by chance. As many cases drawn at random stand beside both.

    Parameters
    ----------
    cohort : frame of n_cases rows
        As :func:`learned_triage` gives, or with any other column of scores (no gaps).
    score : str
        The column of scores; higher is sent first.
    rule_book : RuleBook
        The rules.
    level : str
        The recommendation from which the rule book sends a case.
    outcome, exchange_rate
        As for :func:`secondop.evaluation.tradeoff.tradeoff`.
    seed : int
        Breaks ties.

    Returns
    -------
    pandas.DataFrame
        Two comparisons of four measures: ``unknown`` is ``"nobody"`` where unknown facts send nobody by the
        rule book and ``"all"`` where they send everybody whom they may, which is another volume. ``level, n,
        sent`` (per 100), ``threshold`` (the lowest score sent), ``measure``; per 100 cases ``random,
        rule_book, learned``, then ``difference`` (learned less rule book) with its paired 95 % interval
        ``lower, upper``; ``winner``: *learned triage* or *rule book* where the interval leaves 0 out, else
        *neither*, and blank where unknown outcomes hide it.

    Notes
    -----
    At equal volumes overuse and underuse differ as much as found does, with the sign turned, and share its
    interval: the paired one of :func:`secondop.evaluation.rules_value.reform`, the scores taken as given. It
    is too wide rather than too narrow, for it ignores that the cut moves with the sample.
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    values, n, rate = _scores(frame, score), len(changed), check_rate(exchange_rate)
    if level not in list(Level):
        raise unknown_name("level of recommendation", level, map(str, Level))
    order = np.lexsort((np.random.default_rng(seed).random(n), -values))
    sent = verdicts_of(frame, rule_book).select(at_level(level)).to_series()
    ends = paired_differences(np.zeros(n, bool), np.ones(n, bool), changed, {}, rate).set_index("measure")
    tables = []
    for unknown, answer in (("nobody", False), ("all", True)):
        book, learned = sent.fill_null(answer).to_numpy(), np.zeros(n, bool)
        chosen = order[: book.sum()]
        learned[chosen] = True
        table = paired_differences(book, learned, changed, {}, rate).set_index("measure")
        table.loc["overuse", ["lower", "upper"]] = -table.loc["found", ["upper", "lower"]].to_numpy()
        share = len(chosen) / n if n else np.nan
        table["random"] = ends["before"] + share * ends["difference"]
        table = table.loc[list(_BETTER)].assign(level=level, unknown=unknown, sent=100 * share)
        table["threshold"] = values[chosen].min() if len(chosen) else np.nan
        tables.append(table.rename(columns={"before": "rule_book", "after": "learned"}).reset_index())
    table = pd.concat(tables, ignore_index=True)
    ahead = np.sign(table["difference"]) * table["measure"].map(_BETTER)
    told = (table["lower"] > 0) | (table["upper"] < 0)
    table["winner"] = ahead.map({1: "learned triage", -1: "rule book"}).where(told, "neither")
    table.loc[table["lower"].isna(), "winner"] = ""
    columns = ["level", "unknown", "n", "sent", "threshold", "measure", "random", "rule_book", "learned"]
    table = table[[*columns, "difference", "lower", "upper", "winner"]]
    table.attrs |= {"simulated": simulated(frame), "exchange": exchange_words(rate)}
    return table


def calibration(
    cohort: Any, score: str = "score", *, outcome: str = "either", groups: int = 10
) -> pd.DataFrame:
    """Whether a learned probability means what it says: cases with like scores, and what share changed.

    Parameters
    ----------
    cohort, score, outcome
        As for :func:`same_volume`.
    groups : int
        Groups of equally many cases, from the lowest scores to the highest.

    Returns
    -------
    pandas.DataFrame
        A row per group: ``group, n, score`` (mean), ``changed, unknown`` (counts), ``share`` (changed of n;
        blank where outcomes are unknown), ``low, high`` (were all unknown outcomes no, or yes) and ``lower,
        upper``, the Wilson 95 % interval around these.
    """
    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    values = _scores(frame, score)
    rows = []
    for group, cases in enumerate(np.array_split(np.argsort(values, kind="stable"), groups), start=1):
        yes, gap, n = (changed[cases] == YES).sum(), (changed[cases] == UNKNOWN).sum(), len(cases)
        if n:
            row = {"group": group, "n": n, "score": values[cases].mean(), "changed": yes, "unknown": gap}
            share = np.nan if gap else yes / n
            rows.append(row | {"share": share, "low": yes / n, "high": (yes + gap) / n})
    table = pd.DataFrame(rows)
    table["lower"], _ = wilson(table["changed"], table["n"])
    _, table["upper"] = wilson(table["changed"] + table["unknown"], table["n"])
    table.attrs["simulated"] = simulated(frame)
    return table


def _scores(frame: Any, name: str) -> np.ndarray:
    values = read_number(frame, name)
    if values.null_count():
        raise SecondopError(
            f"{values.null_count():,} of {len(values):,} cases have no {name!r}, and cannot be put in order."
        )
    return values.to_numpy()
