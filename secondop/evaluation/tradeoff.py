"""Benefit against possible overuse: what each policy refers, finds and misses, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.arguments import MAPPING, NAMES, TEXT, checked, either, made_by
from secondop.arguments import NUMBERS as LIST
from secondop.arguments import THRESHOLD as CHANCE
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort, Patterns, as_cohort, refuse_no_chance, with_rules
from secondop.evaluation.corrected import NET_FORESIGHT, NET_MEASURES, NET_OF, net_table
from secondop.evaluation.measures import MEASURES, NUMBERS, odds_of, table, tidy
from secondop.evaluation.policies import FORESIGHT, Policy, choose
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook

THRESHOLD = 1 / 11  # the usual one: ten no-change referrals are accepted for one change
THRESHOLDS = tuple((odds := np.geomspace(0.02, 2, 41).round(6)) / (1 + odds))
OWN = either(TEXT, NAMES, MAPPING)
CURVE = ("net_benefit", "interventions_avoided")


@checked(policies=OWN, threshold=either(CHANCE, LIST))
def tradeoff(
    cohort: Any,
    policies: Iterable[str] | Mapping[str, str] | None = None,
    *,
    outcome: str = "either",
    threshold: float | Sequence[float] = THRESHOLD,
    by: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    scores: Mapping[str, float] | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """What each policy refers, finds and misses, per 100 cases, and what that is worth.

    Parameters
    ----------
    cohort : frame of n_cases rows, or Cohort
        Cases that carry an outcome, simulated or an analyst's own: in memory or lazy, assessed or not.
    policies : list of str, or dict, optional
        Which of the rule book's; or own ones beside them, from names to yes/no columns, unknown allowed.
        Nobody, everybody and perfect foresight are always there.
    outcome, by, weights, cluster : str
        As for :class:`~secondop.evaluation.cohort.Cohort`: what an opinion would change, groups, weights, and
        which patient or site each case is of (the column ``clusters`` says how many there are). A change is
        not a benefit: ``"net_corrected"`` counts errors corrected less errors introduced, where the truth is
        known, and has the measures referral rate, yield above chance and net benefit alone.
    threshold : float, or a sequence of them
        The chance of a change from which one would refer: 1/11 accepts ten no-change referrals for one.
    scores : dict, optional
        Columns of numbers, such as a learned score, each with the value from which a case is referred.

    Returns
    -------
    pandas.DataFrame
        Tidy: a row per policy, group, measure (of ``MEASURES``, of the truth if the cases carry it, and
        ``frontier``) and threshold. ``value``: if unknown facts refer nobody, blank where an unknown outcome
        decides it; ``min, max``: over all answers that missing facts and outcomes allow; ``lower, upper``:
        95 % intervals around these; ``n`` cases; ``label, sort, kind`` of the policy. ``frontier`` is 1 where
        it is best at some threshold (of equals the first), 0 where at none, blank where outcomes decide that.

    Examples
    --------
    >>> cases = pd.DataFrame({"complication_during_treatment": [True, True, False, False]})
    >>> cases["changed"] = [True, False, True, False]
    >>> table = wide(tradeoff(cases, ["urgent"], outcome="changed"))
    >>> table[["policy", "referral_rate", "true_positive", "false_positive"]]
                  policy  referral_rate  true_positive  false_positive
    0               none            0.0            0.0             0.0
    1             urgent           50.0           25.0            25.0
    2  perfect foresight           50.0           50.0             0.0
    3                all          100.0           50.0            50.0
    """
    odds_of(threshold)  # refuses what is no probability before anything is counted
    own = policies if isinstance(policies, Mapping) else {}
    cohort = as_cohort(
        cohort, rule_book, outcome, own, tuple(scores or ()), by=by, weights=weights, cluster=cluster
    )
    cohort = with_rules(cohort) if cohort.assessed and not (own or scores) else cohort
    return weigh(cohort, choose(cohort, policies, scores), np.atleast_1d(threshold))


@checked(policies=OWN)
def decision_curve(
    cohort: Any,
    policies: Iterable[str] | Mapping[str, str] | None = None,
    *,
    outcome: str = "either",
    thresholds: Sequence[float] = THRESHOLDS,
    probabilities: Sequence[str] = (),
    by: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """Net benefit of each policy over decision thresholds (Vickers & Elkin 2006, Med Decis Making 26:565).

    Arguments are those of :func:`tradeoff`, and so is the table, of two measures; by default the policies are
    the rule book's levels, nobody, perfect foresight and everybody. ``probabilities`` are columns of the
    chance that an opinion changes something: at each threshold they refer the cases that reach it.
    """
    odds_of(thresholds)
    own = policies if isinstance(policies, Mapping) else {}
    cohort = as_cohort(
        cohort, rule_book, outcome, own, probabilities, by=by, weights=weights, cluster=cluster
    )
    cohort = with_rules(cohort) if cohort.assessed and not (own or probabilities) else cohort
    fixed = choose(cohort, policies, dict.fromkeys(probabilities, 0.0))
    levels = ("score",) if policies is not None else ("score", "count", "group")
    tables = [weigh(cohort, [p for p in fixed if p.sort not in levels], thresholds, CURVE)]
    for name in probabilities:
        refuse_no_chance(cohort, name)
        chance = nw.col(f"score {name}")
        steps = {f"{name} from {at}": at for at in thresholds}
        made = [Policy(own, name, "score", "", chance >= at) for own, at in steps.items()]
        part = weigh(cohort, made, thresholds, CURVE)
        tables.append(part[part["policy"].map(steps) == part["threshold"]].assign(policy=name))
    return pd.concat(tables, ignore_index=True)


@checked()
def net_benefit(recommended: Any, changed: Any, *, threshold: float) -> float:
    """Net benefit, per case, of referring the cases that are ``recommended``: columns of yes and no alone.

    A case that is referred and whose opinion changes something counts +1; one that is referred without a
    change counts minus p_t / (1 - p_t), p_t being the decision ``threshold``; the rest count 0.

    Examples
    --------
    >>> referred, changed = pd.Series([True, True, True, False]), pd.Series([True, False, False, True])
    >>> round(net_benefit(referred, changed, threshold=1 / 11), 4)
    0.2
    """
    (odds,) = odds_of(threshold)
    try:
        cases = pd.DataFrame({"recommended": recommended, "changed": changed})
    except (ValueError, TypeError) as error:
        said = "Net benefit takes two columns of yes and no, one answer a case, equally long"
        raise SecondopError(f"{said}: {error}.") from error
    cohort = Cohort(cases, outcome="changed", flags={"recommended": "recommended"})
    seen = cohort.patterns({}, ("recommended", "changed")).crossed("flag recommended", "flag changed")
    (tn, fn, _), (fp, tp, _), _ = seen[0][0]
    if (n := seen[0].sum()) == 0 or tp + fp + fn + tn < n:
        raise SecondopError(
            f"Net benefit needs cases and all their answers: {tp + fp + fn + tn:,.0f} of {n:,.0f} have both. "
            "Settle the rest by no and again by yes, or use tradeoff, which shows both."
        )
    return float((tp - odds * fp) / n)


def weigh(
    cohort: Cohort, policies: Sequence[Policy], thresholds: Iterable[float], measures: Sequence[str] = ()
) -> pd.DataFrame:
    """The tidy table of :func:`tradeoff` for these policies: all measures, or only those named."""
    if cohort.net and cohort.cluster:
        raise SecondopError(
            "Errors corrected less introduced have no intervals by cluster: leave cluster= away."
        )
    outcome, beside = NET_OF if cohort.net else ("changed",), [] if measures else cohort.truth
    asked = {policy.name: policy.refers for policy in policies if policy.refers is not None}
    seen = cohort.patterns(asked, tuple(dict.fromkeys((*outcome, *beside))))
    seen.codes[FORESIGHT] = seen.codes[f"flag {outcome[0]}"]

    def crossed(*flags: str) -> np.ndarray:
        """Counts and their squares, of each policy."""
        sums = (seen.crossed(policy.name, *(f"flag {flag}" for flag in flags)) for policy in policies)
        return tuple(map(np.stack, zip(*sums, strict=True)))

    counts, squares = crossed(*outcome)
    if cohort.net:
        names = [name for name in NET_MEASURES if name in (measures or NET_MEASURES)]
        found = net_table(counts, squares, thresholds, names)
        counts = counts.sum(-1)
    else:
        foresight = np.array([[policy.sort == FORESIGHT] for policy in policies])
        found = table(counts, squares, thresholds, measures=measures or MEASURES, foresight=foresight)
    for name in beside:
        found[name] = table(*crossed(name), measures=["true_positive"])["true_positive"]
    if not measures and not cohort.net:
        found["frontier"] = _frontier(seen, policies, counts)
    rows = [(p.name, group, p.label, p.sort, p.kind) for p in policies for group in seen.groups]
    if cohort.net:
        rows = [(*row[:2], NET_FORESIGHT if row[3] == FORESIGHT else row[2], *row[3:]) for row in rows]
    about = pd.DataFrame(rows, columns=["policy", "group", "label", "sort", "kind"])
    about.insert(2, "n", counts.sum((-2, -1)).ravel().astype(float if cohort.weights else int))
    if cohort.cluster:
        about.insert(3, "clusters", np.tile(cohort.clusters, len(policies)))
    made = tidy(about, found, thresholds)
    made.attrs |= cohort.about() | {"unknown_outcomes": float(counts[0, :, :, 2].sum())}
    return made


@checked(table=made_by("tradeoff", "policy", "group", "measure", "threshold", *NUMBERS))
def wide(table: pd.DataFrame) -> pd.DataFrame:
    """A tidy table with a row for each policy, group and threshold, and a column for each measure.

    What describes the policy comes first, then each measure, its bounds and its interval as ``measure,
    measure_min, _max, _lower, _upper``. A measure that needs no threshold is repeated at each.
    """
    keys = [name for name in table.columns if name not in ("measure", "threshold", *NUMBERS)]
    thresholds = table["threshold"].dropna().drop_duplicates()
    rows = table[keys].drop_duplicates(["policy", "group"])
    rows = rows.merge(thresholds if len(thresholds) else pd.Series([np.nan], name="threshold"), how="cross")
    for name, part in table.groupby("measure", sort=False):
        on = ["policy", "group"] + ["threshold"] * bool(part["threshold"].notna().any())
        names = {number: f"{name}_{number}".removesuffix("_value") for number in NUMBERS}
        rows = rows.merge(part[[*on, *NUMBERS]].rename(columns=names), on=on, how="left")
    rows.attrs = table.attrs
    return rows


def best_between(gain: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which thresholds no rival (along the last axis) is better: no gain - odds * cost below 0."""
    level = np.abs(cost) <= 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(level, np.where(gain < -1e-9, -1, np.inf), gain / cost)
        low = np.max(odds, -1, where=~level & (cost < 0), initial=0)
        high = np.maximum(-1, np.min(odds, -1, where=level | (cost > 0), initial=np.inf))
        return low / (1 + low), 1 - 1 / (1 + high)


def _frontier(seen: Patterns, policies: Sequence[Policy], counts: np.ndarray) -> np.ndarray:
    """Whether each policy is best at some threshold, by the bounds of its difference to every other."""
    found = np.full((*counts.shape[:2], len(NUMBERS)), np.nan)
    real = [i for i, policy in enumerate(policies) if policy.sort != FORESIGHT]
    refers = np.array([seen.codes[policies[i].name] == 1 for i in real])
    for group in range(len(seen.groups)):
        unknown = refers * (seen.weights * (seen.group == group) * (seen.codes["flag changed"] == 2))
        both = unknown @ refers.T
        alone = np.diag(both)[:, None] - both  # whom one refers and the other does not: any may change or not
        fp, tp = (x[:, None] - x for x in counts[real, group, 1, :2].T)
        tp = tp - 1e-6 * np.tri(len(real), k=-1)  # of equal policies the first stands for all
        bounds = best_between(tp - alone.T, fp + alone), best_between(tp + alone, fp - alone.T)
        sure, may = (low < high - 1e-9 for low, high in bounds)
        found[real, group, 0] = np.where(sure, 1, np.where(may, np.nan, 0))
    return found
