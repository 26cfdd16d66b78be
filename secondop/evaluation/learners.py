"""What a learner reads of a case, which learners there are, and which cases they learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.policies import NO, UNKNOWN, YES
from secondop.rules.encode import coded_cases
from secondop.rules.facts import FACTS, Kind, find_fact
from secondop.rules.indications import RULE_BOOK

LEARNERS = ("logistic", "boosting")


def fact_matrix(frame: Any, facts: Sequence[str] | None = None) -> tuple[np.ndarray, list[str]]:
    """The facts as numbers, shape (n_cases, n_facts), and their names; what is not recorded is NaN.

    A flag is 0 or 1, a word the position of its level. Nothing but facts is ever read; by default those that
    the rule book reads.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({"rare_disease": ["yes", "no", None], "corrected": True})
    >>> fact_matrix(cases, ["rare_disease", "drug_trials"])[0].tolist()
    [[1.0, nan], [0.0, nan], [nan, nan]]
    """
    names = [find_fact(name).name for name in (RULE_BOOK.facts if facts is None else facts)]
    coded = coded_cases(frame, names)
    if not coded.width:
        raise SecondopError(
            f"These cases state no fact to learn from; there could be {', '.join(names[:6])}, ..."
        )
    absent = [pl.lit(None).alias(name) for name in names if name not in coded.columns]
    coded = coded.with_columns(absent).select(pl.col(names).cast(pl.Float64))
    return coded.fill_null(np.nan).to_numpy(), names


def answer_matrix(
    x: np.ndarray, facts: Sequence[str], numbers: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """One column per answer of each fact, *not recorded* among them, in the order of :func:`answers_of`.

    A fact that is a number keeps one column, in which ``numbers`` decides what stands for a gap.
    """
    columns = []
    for values, name in zip(x.T, facts, strict=True):
        words = answers_of(name)[:-1]
        columns += [values == code for code in range(len(words))] if words[0] else [numbers(values)]
        columns.append(np.isnan(values))
    return np.column_stack(columns).astype(float)


def answers_of(name: str) -> tuple[str, ...]:
    """The answers to a fact in words, by their codes (empty for a number), and *not recorded*.

    Examples
    --------
    >>> answers_of("rare_disease"), answers_of("drug_trials")
    (('no', 'yes', 'not recorded'), ('', 'not recorded'))
    """
    fact = FACTS[name]
    words = ("no", "yes") if fact.kind is Kind.FLAG else fact.levels
    return (*(words or ("",)), "not recorded")


def make_learner(kind: str, facts: Sequence[str], seed: int) -> Any:
    """A learner of :data:`LEARNERS` for what :func:`fact_matrix` gives, not yet fitted."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    if kind == "logistic":  # a firm penalty: some 170 answers, and at times few cases
        answers = FunctionTransformer(partial(answer_matrix, facts=facts, numbers=_log))
        return make_pipeline(answers, LogisticRegression(C=0.1, solver="newton-cholesky"))
    if kind == "boosting":
        words = [FACTS[name].kind is Kind.CATEGORY for name in facts]
        return HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=8, categorical_features=words, early_stopping=False, random_state=seed
        )
    raise unknown_name("learner", kind, LEARNERS)


def deal(changed: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cases to learn from and cases to test on in each fold, with like shares of outcomes."""
    from sklearn.model_selection import StratifiedKFold

    if folds < 2:
        raise SecondopError(f"A learner needs at least 2 folds to score what it did not see; got {folds}.")
    fewest = min((changed == YES).sum(), (changed == NO).sum())
    if fewest < folds:
        raise SecondopError(
            f"{folds} folds need at least {folds} cases in which an opinion changes something and as many in "
            f"which it does not; the rarer of the two has {fewest:,}."
        )
    few = (changed == UNKNOWN).sum() < folds
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return list(dealt.split(changed, np.where((changed == UNKNOWN) & few, NO, changed)))


def one_thread() -> Any:
    """Fit on one thread: models as small as these make several wait for one another.

    On a busy machine that took ten times as long. The sums do not depend on the number of processors, either.
    """
    import sklearn.ensemble
    import sklearn.linear_model  # noqa: F401 (loads the libraries that are to be held to one thread)
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _log(values: np.ndarray) -> np.ndarray:
    """Numbers on a log scale; a gap is 0 here and told from it by its own column."""
    return np.nan_to_num(np.log1p(values))
