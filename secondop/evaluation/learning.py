"""A learned triage beside the rule book: who would be referred, learned from cases whose outcome is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
from tqdm.auto import tqdm

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.differences import paired
from secondop.evaluation.measures import table as measured
from secondop.evaluation.policies import at_level
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess_typed
from secondop.rules.facts import Fact, Kind
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS

LEARNERS = ("logistic", "boosting")
_UNKNOWN = 2  # an outcome is 0, 1 or this
_BETTER = {"true_positive": 1, "false_positive": -1, "false_negative": -1, "net_benefit": 1}


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
    from threadpoolctl import threadpool_limits

    read = {name: rule_book.fact(name) for name in facts or rule_book.rule_facts}
    x, cohort = fact_matrix(cases, read), Cohort(cases, rule_book, outcome=outcome)
    changed = _rows(cohort)["changed"].to_numpy()
    score, rng = np.full(len(changed), np.nan), np.random.default_rng(seed)
    for learn, test in tqdm(deal(changed, folds, seed), desc=f"learning ({kind})", leave=False):
        learn = rng.permutation(learn[changed[learn] != _UNKNOWN])[:learn_from]
        if min(counts := np.bincount(changed[learn], minlength=2)) < 3:
            few = f"of the {len(learn):,} that one fold learns from, {counts[1]:,} changed something"
            raise SecondopError(f"learned_triage needs at least 3 cases with each outcome; {few}.")
        model = CalibratedClassifierCV(_learner(kind, read, seed), method="sigmoid", cv=3, ensemble=False)
        with threadpool_limits(1):  # threads would wait for one another: ten times as long
            score[test] = model.fit(x[learn], changed[learn]).predict_proba(x[test])[:, 1]
    if isinstance(cases, pd.DataFrame):
        return cases.assign(score=score)  # keeps what the cases say of themselves
    frame = nw.from_native(cases)
    return frame.with_columns(nw.new_series("score", score, backend=frame.implementation)).to_native()


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

    Returns
    -------
    pandas.DataFrame
        Four measures, twice: ``unknown`` facts refer ``"nobody"`` or ``"all"`` they may by the rule book.
        ``cut`` is the lowest score referred; ``random, rule_book, learned`` are per 100 cases; ``difference``
        (learned less rule book) has a paired 95 % interval ``lower, upper``, rather too wide since the cut
        moves with the sample; ``winner``: *neither* where it includes 0, blank where outcomes hide it.
    """
    cohort = Cohort(cases, rule_book, outcome=outcome, scores=[score])
    rows = _rows(cohort, score=nw.col(f"score {score}"), refers=at_level(rule_book, level))
    changed, values, refers = (rows[name].to_numpy() for name in ("changed", "score", "refers"))
    order = np.lexsort((np.random.default_rng(seed).random(len(rows)), -values))
    table, outcomes = [], np.eye(3)[changed]
    for unknown, book in (("nobody", refers == 1), ("all", refers >= 1)):
        learned = np.isin(np.arange(len(rows)), order[: book.sum()])
        sides = np.eye(3)[np.stack([0 * book, 1 | book, book, learned])]
        counts = np.einsum("pnr,nc->prc", sides, outcomes)
        found = measured(counts, counts, [threshold], measures=_BETTER)
        counts = np.einsum("nb,nl,nc->blc", *sides[2:], outcomes)
        apart, share = paired(counts, counts, [threshold]), book.mean()
        for name, better in _BETTER.items():
            nobody, everybody, rules, learner = found[name].reshape(4, -1)[:, 0]
            gain, _, _, lower, upper = apart[name].ravel()[:5]
            if name == "false_positive":  # at equal volumes it differs as much, with the sign turned
                lower, upper = -apart["true_positive"][[4, 3]]
            ahead = "learned triage" if (lower > 0) == (better > 0) else "rule book"
            winner = ahead if lower > 0 or upper < 0 else "" if np.isnan(gain) else "neither"
            row = {"level": level, "unknown": unknown, "n": len(rows), "referral_rate": 100 * share}
            row |= {"cut": values[learned].min(initial=np.inf), "measure": name}
            row |= {"random": nobody + share * (everybody - nobody), "rule_book": rules, "learned": learner}
            table.append(row | {"difference": gain, "lower": lower, "upper": upper, "winner": winner})
    table = pd.DataFrame(table)
    table.attrs = {"simulated": cohort.simulated, "threshold": threshold}
    return table


def calibration(
    cases: Any, score: str = "score", *, outcome: str = "either", groups: int = 10
) -> pd.DataFrame:
    """Whether a learned probability means what it says: cases with like scores, and what share changed.

    A row a group, lowest scores first: ``n, score`` (mean), ``changed, unknown`` (counts), ``share`` of n
    (blank if any is unknown), ``min, max`` (were unknown no, or yes); ``lower, upper``: 95 % Wilson of these.
    """
    cohort = Cohort(cases, outcome=outcome, scores=[score])
    rows = _rows(cohort, score=nw.col(f"score {score}")).sort("score", maintain_order=True)
    dealt = [rows[x] for x in np.array_split(np.arange(len(rows)), groups) if len(x)]
    counts = [np.bincount(part["changed"], minlength=3) for part in dealt]
    means = [(i, len(part), part["score"].mean()) for i, part in enumerate(dealt, 1)]
    table = pd.DataFrame(means, columns=["group", "n", "score"])
    table[["changed", "unknown"]] = np.array(counts)[:, 1:]
    table[["share", "min", "max", "lower", "upper"]] = _shares(counts)
    table.attrs["simulated"] = cohort.simulated
    return table


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
    from scipy.stats import t
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import roc_auc_score
    from threadpoolctl import threadpool_limits

    read = {name: rule_book.fact(name) for name in facts or rule_book.rule_facts}
    cohort = Cohort(cases, rule_book, outcome=outcome)
    y, lost, whole = _rows(cohort)["changed"].to_numpy(), [], []
    x, y, known = fact_matrix(cases, read)[y != _UNKNOWN], y[y != _UNKNOWN], y != _UNKNOWN
    asked = {"scoring": "roc_auc", "n_repeats": repeats, "random_state": seed}
    for learn, test in tqdm(deal(y, folds, seed), desc=f"shuffling facts ({kind})", leave=False):
        model = _learner(kind, read, seed)
        with threadpool_limits(1):
            model.fit(x[learn], y[learn])
            shuffled = permutation_importance(model, x[test], y[test], **asked)
            whole.append(100 * roc_auc_score(y[test], model.predict_proba(x[test])[:, 1]))
        lost.append(100 * shuffled.importances.mean(axis=1))
    mean, half = np.mean(lost, 0), t.ppf(0.975, folds - 1) * np.std(lost, 0, ddof=1) / np.sqrt(folds)
    words = [(name, fact.label, fact.question, fact.topic) for name, fact in read.items()]
    table = pd.DataFrame(words, columns=["fact", "label", "question", "topic"])
    table = table.assign(importance=mean, lower=mean - half, upper=mean + half)
    table = table.sort_values("importance", ascending=False, ignore_index=True)
    table.attrs = {"simulated": cohort.simulated, "auc": float(np.mean(whole)), "kind": kind}
    table.attrs |= {"n": int(known.sum()), "unknown": int((~known).sum())}
    return table


@dataclass(frozen=True, eq=False)
class Imitation:
    """A shallow tree of questions that imitates a rule book; :func:`imitation_tree` grows it.

    ``fidelity``: on how many cases held back it agrees with the rule book, of all and by what the book says;
    always answering alike is the mark to beat. In ``text`` *no* is any other answer, or none recorded.
    """

    fidelity: pd.DataFrame
    text: str
    _model: Any
    _facts: Mapping[str, Fact]

    def __repr__(self) -> str:
        return self.text

    def predict(self, cases: Any) -> list[str]:
        """What the tree recommends for each case."""
        return self._model.predict(fact_matrix(cases, self._facts)).tolist()


def imitation_tree(
    cases: Any, rule_book: RuleBook = RULE_BOOK, *, seed: int, max_depth: int = 4, held_back: float = 0.3
) -> Imitation:
    """A few questions that stand in for a whole rule book, judged on the share of cases that is held back."""
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.tree import DecisionTreeClassifier, export_text

    facts = rule_book.rule_facts
    x, answers = fact_matrix(cases, facts), assess_typed(typed_cases(cases, facts), rule_book)
    said = answers["recommendation"].cast(pl.String).to_numpy().astype(str)
    if len(said) < 20 or not 0 < held_back < 1:
        raise SecondopError("imitation_tree needs 20 cases or more, and a share held back between 0 and 1.")
    learn, test = train_test_split(np.arange(len(said)), test_size=held_back, random_state=seed)
    tree = DecisionTreeClassifier(max_depth=max_depth, min_samples_leaf=5, random_state=seed)
    encoder, questions = _answers(facts, np.positive, -1)  # a number that is not recorded is less than any
    model, seen = make_pipeline(encoder, tree).fit(x[learn], said[learn]), said[test]
    agree, usual = model.predict(x[test]) == seen, pd.Series(said[learn]).mode()[0]
    rows = [("all", "", agree), ("all, always answered alike", usual, seen == usual)]
    rows += [("rule book says", r, agree[seen == r]) for r in reversed(RECOMMENDATIONS) if r in seen]
    table = pd.DataFrame([row[:2] for row in rows], columns=["cases", "recommendation"])
    counts = np.array([np.bincount(hits, minlength=3) for *_, hits in rows])
    table = table.assign(n=counts.sum(1), agree=counts[:, 1])
    table[["share", "lower", "upper"]] = _shares(counts)[:, [0, 3, 4]]
    words = [word.replace("_", " ") for word in tree.classes_]
    text = export_text(tree, feature_names=questions, class_names=words)
    return Imitation(table, text.replace("? <= 0.50", "? no").replace("? >  0.50", "? yes"), model, facts)


def fact_matrix(cases: Any, facts: Mapping[str, Fact]) -> np.ndarray:
    """These facts as numbers, (n_cases, n_facts): a flag 0 or 1, a word its place; NaN where not recorded."""
    typed = typed_cases(cases, facts)
    if not typed.width:
        raise SecondopError(f"These cases state no fact to learn from; there could be {', '.join(facts)}.")
    every = pl.DataFrame(schema={name: fact.dtype for name, fact in facts.items()})
    numbers = pl.concat([every, typed], how="diagonal").select(pl.all().to_physical().cast(pl.Float64))
    return numbers.fill_null(np.nan).to_numpy()


def deal(changed: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cases to learn from and cases to test on in each fold, with like shares of outcomes."""
    from sklearn.model_selection import StratifiedKFold

    *rest, unknown = np.bincount(changed, minlength=3)
    if not 2 <= folds <= min(rest):
        most = f"at most {min(rest):,}, as many as cases with the rarer outcome"
        raise SecondopError(f"Folds are at least 2, to score what was not seen, and {most}; got {folds}.")
    strata = np.where((changed == _UNKNOWN) & (unknown < folds), 0, changed)
    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(changed, strata))


def _learner(kind: str, facts: Mapping[str, Fact], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if kind not in LEARNERS:
        raise unknown_name("learner", kind, LEARNERS)
    if kind == "logistic":  # a firm penalty: some 170 answers, and at times few cases
        encoder, _ = _answers(facts, np.log1p, 0)
        return make_pipeline(encoder, LogisticRegression(C=0.1, solver="newton-cholesky"))
    words = [fact.kind is Kind.CATEGORY for fact in facts.values()]
    size = {"max_iter": 60, "max_leaf_nodes": 8, "early_stopping": False}
    return HistGradientBoostingClassifier(categorical_features=words, random_state=seed, **size)


def _answers(facts: Mapping[str, Fact], scale: Any, gap: float) -> tuple[Any, list[str]]:
    """A column an answer, *not recorded* among them; then numbers, and where they lack; and their names."""
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

    numeric = np.array([fact.is_numeric for fact in facts.values()])
    words = {f: [*(f.levels or ("no", "yes")), "not recorded"] for f in facts.values() if not f.is_numeric}
    names = [f"{fact.label}: {word.replace('_', ' ')}?" for fact, levels in words.items() for word in levels]
    numbers = [fact.label for fact in facts.values() if fact.is_numeric]
    codes = [[*range(len(levels) - 1), np.nan] for levels in words.values()]
    one_hot = OneHotEncoder(categories=codes, sparse_output=False)
    filled = FunctionTransformer(lambda x: np.hstack([np.nan_to_num(scale(x), nan=gap), np.isnan(x)]))
    names += numbers + [f"{name}: not recorded?" for name in numbers]
    return make_column_transformer((one_hot, ~numeric), (filled, numeric)), names


def _rows(cohort: Cohort, **asked: nw.Expr) -> pl.DataFrame:
    """Case by case: what is asked, and whether something ``changed``. A flag is 0, 1 or 2 for unknown."""
    rows = cohort.frame.select(changed=nw.col("flag changed"), **asked).collect().to_polars()
    rows = rows.with_columns(pl.col(pl.Boolean).cast(pl.Int64).fill_null(_UNKNOWN))
    if gaps := sum(rows.null_count().row(0)):
        raise SecondopError(f"{gaps:,} of {len(rows):,} cases have no score, and cannot be put in order.")
    return rows


def _shares(counts: Any) -> np.ndarray:
    """The share of yes among no, yes and unknown, shape (..., 3): its value, min, max, lower, upper."""
    crossed = np.asarray(counts, float)[..., None, :] * np.eye(3)[1][:, None]  # all are referred
    return measured(crossed, crossed, measures=["ppv"])["ppv"] / 100
