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

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.differences import paired
from secondop.evaluation.measures import odds_of
from secondop.evaluation.measures import table as measured
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import at_level
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess_typed
from secondop.rules.facts import Fact
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS

LEARNERS = ("logistic", "boosting")
_UNKNOWN = 2  # an outcome is 0, 1 or this


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

    read = {name: rule_book.fact(name) for name in facts or rule_book.rule_facts}
    x = answer_matrix(cases, read).to_numpy()
    changed = _rows(Cohort(cases, rule_book, outcome=outcome))["changed"].to_numpy()
    model = CalibratedClassifierCV(learner(kind, seed), method="sigmoid", cv=3, ensemble=False)
    score = np.empty(len(x))
    for learn, test in deal(changed, folds, seed, learn_from):
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

    Four measures, twice: ``unknown`` facts refer ``"nobody"`` or ``"all"`` they may by the rule book. ``cut``
    is the lowest score referred; ``random, rule_book, learned`` are per 100 cases; ``difference`` (learned
    less rule book) has a paired 95 % interval ``lower, upper``, rather too wide since the cut moves with the
    sample; ``winner``: *neither* where it includes 0, blank where outcomes hide it.
    """
    cohort = Cohort(cases, rule_book, outcome=outcome, scores=[score])
    rows = _rows(cohort, score=nw.col(f"score {score}"), refers=at_level(rule_book, level))
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
        for name, times in each.items():
            row = {"level": level, "unknown": unknown, "n": len(rows), "referral_rate": 100 * share}
            row |= {"cut": values[learned].min(initial=np.inf), "measure": name}
            row |= dict(zip(("random", *sides), found[name].reshape(3, -1)[:, 0], strict=True))
            lower, upper = sorted([times * least, times * most])
            row |= {"difference": times * gain, "lower": lower, "upper": upper}
            table.append(row | {"winner": "" if ahead == "neither" and np.isnan(gain) else ahead})
    table = pd.DataFrame(table)
    table.attrs = {"threshold": threshold, **_told(cohort)}
    return table


def calibration(
    cases: Any, score: str = "score", *, outcome: str = "either", groups: int = 10
) -> pd.DataFrame:
    """How well probabilities are calibrated: cases with like scores, and what share of them changed.

    A row a group, lowest scores first: ``n, score`` (mean), ``changed, unknown`` (counts), ``share`` of n
    (blank if any is unknown), ``min, max`` (were unknown no, or yes); ``lower, upper``: 95 % Wilson of these.
    ``attrs``: calibration ``slope`` and ``intercept``, each with its 95 % interval, of all known outcomes.

    Notes
    -----
    The slope is that of a logistic regression of the outcome on the logit of the score: 1 is perfect, above
    it scores are too near to one another, below it too far apart. The intercept is that with a slope of 1
    (calibration in the large): 0 is perfect, above it more changed than was said. Blank where no such line
    fits: a score of 0 or 1, one outcome only, or all that changed scored above all that did not.

    References
    ----------
    Van Calster et al. 2019, BMC Med 17:230.

    Examples
    --------
    >>> cases = pd.DataFrame({"score": [0.2] * 10 + [0.7] * 10, "changed": [1] + [0] * 9 + [1] * 9 + [0]})
    >>> table = calibration(cases, outcome="changed", groups=2)
    >>> table[["score", "share"]].round(2).to_numpy().tolist()
    [[0.2, 0.1], [0.7, 0.9]]
    >>> [round(end, 2) for end in table.attrs["slope"]]
    [1.97, 0.66, 3.28]
    """
    cohort = Cohort(cases, outcome=outcome, scores=[score])
    rows = _rows(cohort, score=nw.col(f"score {score}")).to_pandas().sort_values("score", kind="stable")
    place = 1 + np.arange(len(rows)) * min(groups, len(rows)) // len(rows)
    rows = rows.assign(n=1, unknown=rows["changed"] == _UNKNOWN, changed=rows["changed"] == 1)
    table = rows.groupby(place).agg({"n": "sum", "score": "mean", "changed": "sum", "unknown": "sum"})
    table = table.rename_axis("group").reset_index()
    n, least, most = table["n"], table["changed"], table["changed"] + table["unknown"]
    table = table.assign(share=(least / n).where(least == most), min=least / n, max=most / n)
    table = table.assign(lower=_wilson(least, n)[0], upper=_wilson(most, n)[1])
    known = rows[rows["unknown"] == 0]
    table.attrs |= {**_told(cohort), **_calibrated(known["score"], known["changed"])}
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
    from sklearn.metrics import roc_auc_score
    from statsmodels.stats.weightstats import DescrStatsW

    read = {name: rule_book.fact(name) for name in facts or rule_book.rule_facts}
    cohort = Cohort(cases, rule_book, outcome=outcome)
    matrix, changed = answer_matrix(cases, read), _rows(cohort)["changed"].to_numpy()
    x, known, rng, whole, lost = matrix.to_numpy(), changed != _UNKNOWN, np.random.default_rng(seed), [], []
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
    table = pd.DataFrame(
        [(*cases, len(hits), hits.sum()) for cases, hits in judged.items()],
        columns=["cases", "recommendation", "n", "agree"],
    )
    table["share"] = table["agree"] / table["n"]
    table["lower"], table["upper"] = _wilson(table["agree"], table["n"])
    questions = [facts[name].label + (f": {word}?" if word else "") for name, word in learn.columns]
    words = [word.replace("_", " ") for word in tree.classes_]
    text = export_text(tree, feature_names=questions, class_names=words)
    text = text.replace("? <= 0.50", "? no").replace("? >  0.50", "? yes")
    return Imitation(table, text, lambda cases: tree.predict(answer_matrix(cases, facts)).tolist())


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


def deal(changed: np.ndarray, folds: int, seed: int, most: int | None = None) -> Iterator[tuple]:
    """Cases to learn from (``most`` of known outcome) and to test on; in each fold as many changed."""
    from sklearn.model_selection import StratifiedKFold

    rarer, rng = min(np.bincount(changed, minlength=2)[:2]), np.random.default_rng(seed)
    if not 2 <= folds <= rarer:
        few = f"at most {rarer:,}, as many as cases with the rarer outcome"
        raise SecondopError(f"Folds are at least 2, to score what was not seen, and {few}; got {folds}.")
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed).split(changed, changed == 1)
    with threadpool_limits(1):  # threads would wait for one another: ten times as long
        for learn, test in tqdm(dealt, desc="learning", total=folds, leave=False, delay=2):
            learn = rng.permutation(learn[changed[learn] != _UNKNOWN])[:most]
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
    return make_pipeline(FunctionTransformer(_shrunk), firm)


def _shrunk(x: np.ndarray) -> np.ndarray:
    return np.sign(x) * np.log1p(np.abs(x))


def _rows(cohort: Cohort, **asked: nw.Expr) -> pl.DataFrame:
    """Case by case: what is asked, and whether something ``changed``. A flag is 0, 1 or 2 for unknown."""
    rows = cohort.frame.select(changed=cohort.changed, **asked).collect().to_polars()
    rows = rows.with_columns(pl.col(pl.Boolean).cast(pl.Int64).fill_null(_UNKNOWN))
    if gaps := sum(rows.null_count().row(0)):
        raise SecondopError(f"{gaps:,} of {len(rows):,} cases have no score, and cannot be put in order.")
    cohort.known = float((rows["changed"] != _UNKNOWN).sum()), float(len(rows))
    return rows


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
    logit, one = np.log(score / (1 - score)), np.ones(len(score))
    line = GLM(changed.astype(float), np.column_stack([logit, one]), family=Binomial()).fit()
    level = GLM(changed.astype(float), one, offset=logit, family=Binomial()).fit()
    fits = {"slope": line, "intercept": level}
    ends = {name: [fit.params.iloc[0], *fit.conf_int().iloc[0]] for name, fit in fits.items()}
    return {name: tuple(map(float, three)) for name, three in ends.items()}


def _wilson(counts: Any, n: Any) -> tuple[Any, Any]:
    from statsmodels.stats.proportion import proportion_confint

    return proportion_confint(counts, n, method="wilson")
