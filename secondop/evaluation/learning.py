"""A learned triage beside the rule book: who would be referred, learned from cases whose outcome is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from secondop.arguments import checked
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.measures import wilson
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess_typed
from secondop.rules.facts import Fact
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS

LEARNERS = ("logistic", "boosting")
UNKNOWN = 2  # an outcome is 0, 1 or this


@checked()
def learned_triage(
    cases: Any,
    *,
    seed: int,
    outcome: str = "either",
    kind: str = "logistic",
    folds: int = 5,
    facts: Sequence[str] | None = None,
    learn_from: int | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> Any:
    """The cases with ``score``: the chance that an opinion changes something, learned from other cases.

    Each fold is scored by a model that learned from the others and was calibrated inside them (Platt), from
    at most ``learn_from`` cases. It reads ``facts`` alone (by default those that rules read); that one was
    not recorded is information of its own. Cases whose outcome is unknown are scored, and not learned from.
    ``kind``: ``"logistic"``, one weight an answer, or ``"boosting"``, trees that find combinations.

    Examples
    --------
    >>> cases = pd.DataFrame({"rare_disease": [True, False, None] * 20, "changed": [True, False, False] * 20})
    >>> scored = learned_triage(cases, outcome="changed", facts=["rare_disease"], seed=1)
    >>> scored["score"].head(3).round(1).tolist()
    [1.0, 0.0, 0.0]
    """
    from sklearn.calibration import CalibratedClassifierCV

    if "score" in getattr(cases, "columns", ()):
        said = "The cases have a column 'score' already, which would be lost"
        raise SecondopError(f"{said}: rename or drop it.")
    x = answer_matrix(cases, _read(facts, rule_book)).to_numpy()
    changed = rows_of(Cohort(cases, rule_book, outcome=outcome))["changed"].to_numpy()
    model = CalibratedClassifierCV(learner(kind, seed), method="sigmoid", cv=3, ensemble=False)
    score = np.empty(len(x))
    for learn, test in deal(changed, folds, seed, learn_from):
        score[test] = model.fit(x[learn], changed[learn]).predict_proba(x[test])[:, 1]
    if isinstance(cases, pd.DataFrame):
        return cases.assign(score=score)  # keeps what the cases say of themselves
    frame = nw.from_native(cases)
    return frame.with_columns(nw.new_series("score", score, backend=frame.implementation)).to_native()


@checked()
def importance(
    cases: Any,
    *,
    seed: int,
    outcome: str = "either",
    kind: str = "logistic",
    folds: int = 5,
    repeats: int = 3,
    facts: Sequence[str] | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """How much worse a learned triage tells cases apart if one fact is shuffled among those it never saw.

    A row a fact, the most important first: ``importance`` (points of the AUC lost, mean over folds; facts
    that say the same share it), with a 95 % interval over folds ``lower, upper`` (Student's t). ``attrs``:
    ``auc`` (unshuffled; 50 is chance), ``n``, and ``unknown`` outcomes, which are left out.
    """
    from sklearn.metrics import roc_auc_score
    from statsmodels.stats.weightstats import DescrStatsW

    read, cohort = _read(facts, rule_book), Cohort(cases, rule_book, outcome=outcome)
    matrix, changed = answer_matrix(cases, read), rows_of(cohort)["changed"].to_numpy()
    x, known, rng = matrix.to_numpy(), changed != UNKNOWN, np.random.default_rng(seed)
    whole, lost = [], []
    for learn, test in deal(changed, folds, seed):
        model, test = learner(kind, seed).fit(x[learn], changed[learn]), test[known[test]]
        whole.append(roc_auc_score(changed[test], model.predict_proba(x[test])[:, 1]))
        for own in map(matrix.columns.get_loc, list(read) * repeats):
            shuffled = x[test]
            shuffled[:, own] = rng.permutation(shuffled[:, own])  # all answers of a fact together
            lost.append(whole[-1] - roc_auc_score(changed[test], model.predict_proba(shuffled)[:, 1]))
    lost = DescrStatsW(100 * np.reshape(lost, (folds, repeats, -1)).mean(1))
    words = [(name, fact.label, fact.question, fact.topic) for name, fact in read.items()]
    table = pd.DataFrame(words, columns=["fact", "label", "question", "topic"])
    table["importance"], (table["lower"], table["upper"]) = lost.mean, lost.tconfint_mean()
    table = table.sort_values("importance", ascending=False, ignore_index=True)
    table.attrs = {"simulated": cohort.simulated, "auc": 100 * float(np.mean(whole)), "kind": kind}
    table.attrs |= {"n": int(known.sum()), "unknown": int((~known).sum())}
    return table


class Imitation(NamedTuple):
    """A shallow tree of questions that imitates a rule book; :func:`imitation_tree` grows it.

    ``fidelity``: on how many cases held back it agrees with the rule book, of all and by what the book says;
    always answering alike is the mark to beat. In ``text`` *no* is any other answer, or none recorded.
    ``predict(cases)``: what the tree recommends for each case.
    """

    fidelity: pd.DataFrame
    text: str
    predict: Callable[[Any], list[str]]

    def __repr__(self) -> str:
        return self.text


@checked()
def imitation_tree(
    cases: Any, rule_book: RuleBook = RULE_BOOK, *, seed: int, max_depth: int = 4, held_back: float = 0.3
) -> Imitation:
    """A few questions that stand in for a whole rule book, judged on the share of cases that is held back."""
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier, export_text

    facts = rule_book.rule_facts
    said = assess_typed(typed_cases(cases, facts), rule_book)["recommendation"].to_list()
    if len(said) < 20 or not 0 < held_back < 1:
        raise SecondopError("imitation_tree needs 20 cases or more, and a share held back between 0 and 1.")
    split = train_test_split(answer_matrix(cases, facts), said, test_size=held_back, random_state=seed)
    (learn, test), (said, seen) = split[:2], map(np.array, split[2:])
    tree = DecisionTreeClassifier(max_depth=max_depth, min_samples_leaf=5, random_state=seed)
    agree, usual = tree.fit(learn, said).predict(test) == seen, pd.Series(said).mode()[0]
    judged = {("all", ""): agree, ("all, always answered alike", usual): seen == usual}
    judged |= {("rule book says", r): agree[seen == r] for r in reversed(RECOMMENDATIONS) if r in seen}
    rows = [(*cases, len(hits), hits.sum()) for cases, hits in judged.items()]
    table = pd.DataFrame(rows, columns=["cases", "recommendation", "n", "agree"])
    table["share"] = table["agree"] / table["n"]
    table["lower"], table["upper"] = wilson(table["agree"], table["n"])
    questions = [facts[name].label + (f": {word}?" if word else "") for name, word in learn.columns]
    words = [word.replace("_", " ") for word in tree.classes_]
    text = export_text(tree, feature_names=questions, class_names=words)
    text = text.replace("? <= 0.50", "? no").replace("? >  0.50", "? yes")
    return Imitation(table, text, lambda cases: tree.predict(answer_matrix(cases, facts)).tolist())


def _read(facts: Sequence[str] | None, rule_book: RuleBook) -> dict[str, Fact]:
    return {name: rule_book.fact(name) for name in facts or rule_book.rule_facts}


def answer_matrix(cases: Any, facts: Mapping[str, Fact]) -> pd.DataFrame:
    """What a learner reads: 1 where an answer was given, a column each (fact, answer), *not recorded* too.

    A number stands in a column (fact, "") of its own, 0 where it was not recorded.
    """
    typed, columns = typed_cases(cases, facts), {}
    if not typed.width:
        raise SecondopError(f"These cases state no fact to learn from; there could be {', '.join(facts)}.")
    every = pl.DataFrame(schema={name: fact.dtype for name, fact in facts.items()})
    codes = pl.concat([every, typed], how="diagonal").select(pl.all().to_physical().cast(pl.Float64))
    for name, fact in facts.items():
        code, words = codes[name].to_numpy(), [] if fact.is_numeric else fact.levels or ["no", "yes"]
        columns |= {(name, ""): np.nan_to_num(code)} if fact.is_numeric else {}
        columns |= {(name, word.replace("_", " ")): code == place for place, word in enumerate(words)}
        columns[name, "not recorded"] = np.isnan(code)
    return pd.DataFrame(columns, dtype=float)


def rows_of(cohort: Cohort, **asked: nw.Expr) -> pl.DataFrame:
    """Case by case: what is asked, and whether something ``changed``. A flag is 0, 1 or 2 for unknown."""
    rows = cohort.frame.select(changed=cohort.changed, **asked).collect().to_polars()
    rows = rows.with_columns(pl.col(pl.Boolean).cast(pl.Int64).fill_null(UNKNOWN))
    if gaps := sum(rows.null_count().row(0)):
        raise SecondopError(f"{gaps:,} of {len(rows):,} cases have no score, and cannot be put in order.")
    cohort.known = float((rows["changed"] != UNKNOWN).sum()), float(len(rows))
    return rows


def deal(
    changed: np.ndarray, folds: int, seed: int, most: int | None = None, cluster: np.ndarray | None = None
) -> Iterator[tuple]:
    """Cases to learn from (``most`` of known outcome) and to test on; in each fold as many changed.

    No ``cluster`` is divided among folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    rarer, rng = min(np.bincount(changed, minlength=2)[:2]), np.random.default_rng(seed)
    if not 2 <= folds <= rarer:
        few = f"at most {rarer:,}, as many as cases with the rarer outcome"
        raise SecondopError(f"Folds are at least 2, to score what was not seen, and {few}; got {folds}.")
    kind = StratifiedKFold if cluster is None else StratifiedGroupKFold
    dealt = kind(folds, shuffle=True, random_state=seed).split(changed, changed == 1, cluster)
    with threadpool_limits(1):  # threads would wait for one another: ten times as long
        for learn, test in tqdm(dealt, desc="learning", total=folds, leave=False, delay=2):
            learn = rng.permutation(learn[changed[learn] != UNKNOWN])[:most]
            if min(counts := np.bincount(changed[learn], minlength=2)) < 3:
                few = f"of the {len(learn):,} that one fold learns from, {counts[1]:,} changed something"
                raise SecondopError(f"A learned triage needs at least 3 cases with each outcome; {few}.")
            yield learn, test


def learner(kind: str, seed: int) -> Any:
    """A model that gives chances: one of :data:`LEARNERS`."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    if kind not in LEARNERS:
        raise unknown_name("learner", kind, LEARNERS)
    if kind == "boosting":
        size = {"max_iter": 60, "max_leaf_nodes": 8, "early_stopping": False}
        return HistGradientBoostingClassifier(random_state=seed, **size)
    # a firm penalty: some 170 answers, and at times few cases; numbers have long tails
    firm = LogisticRegression(C=0.2, solver="newton-cholesky")
    return make_pipeline(FunctionTransformer(lambda x: np.sign(x) * np.log1p(np.abs(x))), firm)
