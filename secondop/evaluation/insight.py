"""What a learned triage goes by, and what the rule book amounts to, in plain words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.evaluation.learners import (
    answer_matrix,
    answers_of,
    deal,
    fact_matrix,
    make_learner,
    one_thread,
)
from secondop.evaluation.policies import UNKNOWN, read_outcome
from secondop.evaluation.reading import eager, simulated, verdicts_of, wilson
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indication import RECOMMENDATIONS
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import RuleBook


def importance(
    cohort: Any,
    *,
    seed: int,
    outcome: str = "either",
    kind: str = "logistic",
    folds: int = 5,
    repeats: int = 3,
    facts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """How much worse a learned triage tells cases apart if one fact is shuffled among the cases.

    Measured out of sample: the model learns from the other folds, the fact is shuffled in the fold that it
    never saw. The figure is the loss of discrimination: the chance that a case whose opinion changes
    something scores higher than one whose does not (50 % is guessing). Facts that say the same share the
    credit.

    Parameters
    ----------
    repeats : int
        Shuffles of each fact in each fold.
    cohort, seed, outcome, kind, folds, facts
        As for :func:`learned_triage`; cases whose outcome is unknown are left out, and counted.

    Returns
    -------
    pandas.DataFrame
        A row per fact, the most important first: ``fact, label, meaning, topic``, ``importance`` (points of
        discrimination lost, mean over folds) and its 95 % interval over folds ``lower, upper``
        (Student's t).
        ``attrs`` holds ``discrimination`` (in per cent, unshuffled), ``n`` and ``unknown`` (left out).
    """
    from scipy.stats import t
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import roc_auc_score
    from tqdm.auto import tqdm

    frame, changed = eager(cohort), read_outcome(cohort, outcome)
    x, names = fact_matrix(frame, facts)
    known = changed != UNKNOWN
    x, y = x[known], changed[known]
    lost, whole = [], []
    for learn, test in tqdm(deal(y, folds, seed), desc=f"shuffling facts ({kind})", leave=False):
        with one_thread():
            model = make_learner(kind, names, seed).fit(x[learn], y[learn])
            shuffled = permutation_importance(
                model, x[test], y[test], scoring="roc_auc", n_repeats=repeats, random_state=seed
            )
            lost.append(100 * shuffled.importances.mean(axis=1))
            whole.append(100 * roc_auc_score(y[test], model.predict_proba(x[test])[:, 1]))
    mean, spread = np.mean(lost, axis=0), np.std(lost, axis=0, ddof=1)
    half = t.ppf(0.975, folds - 1) * spread / np.sqrt(folds)
    told = [(name, FACTS[name].label, FACTS[name].meaning, FACTS[name].topic) for name in names]
    table = pd.DataFrame(told, columns=["fact", "label", "meaning", "topic"])
    table = table.assign(importance=mean, lower=mean - half, upper=mean + half)
    table = table.sort_values("importance", ascending=False, ignore_index=True)
    table.attrs |= {"simulated": simulated(frame), "discrimination": float(np.mean(whole)), "kind": kind}
    table.attrs |= {"n": int(known.sum()), "unknown": int((~known).sum())}
    return table


@dataclass(frozen=True, eq=False)
class Imitation:
    """A shallow tree of questions that imitates a rule book; :func:`imitation_tree` grows it.

    Attributes
    ----------
    fidelity : pandas.DataFrame
        How often the tree says what the rule book says, on cases that it did not learn from. A row for all
        cases, one for always answering alike (the mark to beat), and one for each recommendation of the rule
        book: ``cases, recommendation, n, agree, share, lower, upper`` (Wilson).
    """

    fidelity: pd.DataFrame
    _tree: Any
    _facts: tuple[str, ...]
    _held_back: np.ndarray
    _said: np.ndarray

    def predict(self, cases: Any) -> list[str]:
        """What the tree recommends for each case."""
        x, _ = fact_matrix(eager(cases), self._facts)
        return self._tree.predict(_answers(x, self._facts)).tolist()

    def to_text(self) -> str:
        """The tree as questions. At each end: of the cases held back, how many agree."""
        return "\n".join(self._lines(0, np.ones(len(self._said), bool), ""))

    __repr__ = to_text

    def _lines(self, node: int, here: np.ndarray, indent: str) -> list[str]:
        tree, labels = self._tree.tree_, self._tree.classes_
        if not (below := self._says(node)):
            word = str(labels[tree.value[node].argmax()]).replace("_", " ")
            agree = (self._said[here] == labels[tree.value[node].argmax()]).sum()
            return [f"{indent}{word.upper()} ({agree:,} of {here.sum():,} agree)"]
        question, yes, no = below
        right = here & (self._held_back[:, tree.feature[node]] > tree.threshold[node])
        lines = textwrap.wrap(question, 78, initial_indent=indent, subsequent_indent=indent)
        for words, child, cases in (
            (yes, tree.children_right[node], right),
            (no, tree.children_left[node], here & ~right),
        ):
            lines.append(f"{indent}- {words}:")
            lines += self._lines(child, cases, indent + "    ")
        return lines

    def _says(self, node: int) -> tuple[str, str, str] | None:
        """The question at a node with its two answers; none where all ends below it say the same."""
        tree = self._tree.tree_
        if len(self._ends(node)) == 1:
            return None
        columns = [(name, word) for name in self._facts for word in answers_of(name)]
        name, word = columns[tree.feature[node]]
        fact, cut = FACTS[name], tree.threshold[node]
        if not word:
            more = f"more than {cut:,.1f} {fact.unit}"
            if fact.kind is Kind.COUNT:
                more = f"{np.floor(cut) + 1:.0f} {fact.unit} or more"
            return fact.meaning, more, "less, or not recorded"
        if word == "not recorded":
            return fact.meaning, word, "recorded"
        other = {"no": "yes", "yes": "no"}.get(word, "another answer")
        return fact.meaning, word.replace("_", " "), f"{other}, or not recorded"

    def _ends(self, node: int) -> set[int]:
        """The recommendations at the ends below a node, by their place."""
        tree = self._tree.tree_
        left, right = tree.children_left[node], tree.children_right[node]
        return {int(tree.value[node].argmax())} if left < 0 else self._ends(left) | self._ends(right)


def imitation_tree(
    cohort: Any, rule_book: RuleBook = RULE_BOOK, *, seed: int, max_depth: int = 4, held_back: float = 0.3
) -> Imitation:
    """A few questions that stand in for a whole rule book, and how often they say the same.

    For teaching: the tree shows what a rule book mostly does, and its fidelity what the rest of it is for. It
    is grown on a part of the cases and judged on the others. An answer that was not recorded goes the way of
    the other answers, as the text says, unless the question is whether it was recorded.

    Parameters
    ----------
    cohort : frame of n_cases rows
        Cases with their facts. No outcome is read.
    rule_book : RuleBook
        What to imitate: its recommendation on the recorded facts.
    seed : int
        Chooses the cases to be held back, and decides between equally good questions.
    max_depth : int
        Questions asked of one case, at most.
    held_back : float
        Share of the cases to judge it on, between 0 and 1.

    Returns
    -------
    Imitation
        Show it, or call ``to_text()``, ``predict(cases)`` and look at ``fidelity``.
    """
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier

    frame = eager(cohort)
    x, names = fact_matrix(frame, rule_book.facts)
    said = verdicts_of(frame, rule_book)["recommendation"].cast(str).to_numpy().astype(str)
    if len(said) < 20 or not 0 < held_back < 1:
        raise SecondopError(
            f"imitation_tree needs 20 cases or more, and a share held back between 0 and 1; got "
            f"{len(said):,} and {held_back}."
        )
    learn, test = train_test_split(np.arange(len(said)), test_size=held_back, random_state=seed)
    answers = _answers(x, names)
    tree = DecisionTreeClassifier(max_depth=max_depth, min_samples_leaf=5, random_state=seed)
    agree = tree.fit(answers[learn], said[learn]).predict(answers[test]) == said[test]
    words, counts = np.unique(said[learn], return_counts=True)
    usual = words[counts.argmax()]
    rows = [("all", "", agree), ("all, always answered alike", usual, said[test] == usual)]
    rows += [
        ("rule book says", word, agree[said[test] == word])
        for word in [r for r in reversed(RECOMMENDATIONS) if r in said[test]]
    ]
    table = pd.DataFrame(
        [(cases, word, len(hits), hits.sum()) for cases, word, hits in rows],
        columns=["cases", "recommendation", "n", "agree"],
    )
    lower, upper = wilson(table["agree"], table["n"])
    table = table.assign(share=table["agree"] / table["n"], lower=lower, upper=upper)
    table.attrs["simulated"] = simulated(frame)
    return Imitation(table, tree, tuple(names), answers[test], said[test])


def _answers(x: np.ndarray, facts: Sequence[str]) -> np.ndarray:
    """One column per answer; where a number is not recorded it counts as fewer than any."""
    return answer_matrix(x, facts, lambda values: np.nan_to_num(values, nan=-1.0))
