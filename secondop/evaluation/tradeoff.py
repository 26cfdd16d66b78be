"""Benefit against possible overuse: what each policy refers, finds and misses, and its net benefit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop import arguments as taken
from secondop.arguments import checked, either, made_by
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.columns import known_by_policy, known_words
from secondop.evaluation.corrected import NET_FORESIGHT, NET_MEASURES, NET_OF, net_table
from secondop.evaluation.differences import ranked
from secondop.evaluation.measures import BEST, MEASURES, NUMBERS, odds_of, table, tidy
from secondop.evaluation.patterns import Patterns, by_outcome
from secondop.evaluation.policies import FORESIGHT, Policy, choose, judged, refuse_no_chance
from secondop.evaluation.verification import Verification, learn
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook

THRESHOLD = 1 / 11  # the usual one: ten no-change referrals are accepted for one change
THRESHOLDS = tuple((odds := np.geomspace(0.02, 2, 41).round(6)) / (1 + odds))
OWN = either(taken.TEXT, taken.NAMES, taken.MAPPING)
CURVE = ("net_benefit", "interventions_avoided")


@checked(policies=OWN, threshold=either(taken.THRESHOLD, taken.NUMBERS))
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
    verified: str | None = None,
    method: str | None = None,
    given: Sequence[str] | None = None,
    prevalence: float | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """What each policy refers, finds and misses, per 100 cases, and its net benefit.

    Parameters
    ----------
    cohort : frame of n_cases rows, or Cohort
        Cases that carry an outcome, simulated or an analyst's own: in memory or lazy, assessed or not.
    policies : list of str, or dict, optional
        Which of the rule book's; or own ones beside them, from names to yes/no columns, unknown allowed.
        Nobody, everybody and perfect foresight are always there.
    outcome, by, weights, cluster, verified : str
        As for :class:`~secondop.evaluation.cohort.Cohort`. A change is not a benefit: ``"net_corrected"``
        counts errors corrected less errors introduced, where the truth is known.
    threshold : float, or a sequence of them
        The chance of a change from which one would refer: 1/11 accepts ten no-change referrals for one.
    scores : dict, optional
        Columns of numbers, such as a learned score, each with the value from which a case is referred.
    method : "doubly_robust" or "weighted", optional
        Where outcomes are known only for some: ``value, lower, upper`` become an estimate that holds if, of
        cases alike in what is ``given``, as many change whether that is known or not. ``min, max`` stay the
        bounds, which need no such assumption. The weighted one rests on the learned chance alone that an
        outcome is known, and is off where many chances are low; the doubly robust one is right if either
        that or the chance of a change is learned well.
    given : list of str, optional
        Facts that make cases alike, beside the verdicts of the policies and the group; by default all that
        are recorded. ``[]``: the verdicts alone.
    prevalence : float, optional
        For cases sampled by their outcome (case-control): the share that changes among all, to which cases
        are weighted. Intervals take this share as known; with ``cluster=`` they do not, and
        are up to three times too wide.

    Returns
    -------
    pandas.DataFrame
        Tidy: a row per policy, group, measure (of ``MEASURES``, of the truth if the cases carry it, and
        ``frontier``) and threshold. ``value``: if unknown facts refer nobody, blank where an unknown outcome
        decides it; ``min, max``: over all answers that missing facts and outcomes allow; ``lower, upper``:
        95 % intervals around these. ``frontier`` is 1 where it is best at some threshold (of equals the
        first), 0 where at none, blank where outcomes decide that; where any is unknown, ``best`` tells the
        same of each threshold, of estimates by their 95 % intervals. In ``attrs``, ``verification`` says for
        whom the outcome is known, ``estimate`` what one assumes.

    Examples
    --------
    >>> cases = pd.DataFrame({"complication_during_treatment": [True, False, False, False]})
    >>> cases["changed"] = [True, True, False, False]
    >>> wide(tradeoff(cases, ["urgent"], outcome="changed")).set_index("policy")["true_positive"].to_dict()
    {'none': 0.0, 'urgent': 25.0, 'perfect foresight': 50.0, 'all': 50.0}
    """
    odds_of(threshold)  # refuses what is no probability before anything is counted
    told = {"by": by, "weights": weights, "cluster": cluster, "verified": verified}
    cohort, chosen = _chosen(cohort, policies, outcome, scores or {}, rule_book, **told)
    learned = learn(cohort, chosen, method, given)
    return weigh(cohort, chosen, np.atleast_1d(threshold), learned=learned, prevalence=prevalence)


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
    verified: str | None = None,
    method: str | None = None,
    given: Sequence[str] | None = None,
    prevalence: float | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> pd.DataFrame:
    """Net benefit of each policy over decision thresholds (Vickers & Elkin 2006, Med Decis Making 26:565).

    Arguments are those of :func:`tradeoff`, and so is the table, of two measures; by default the policies are
    the rule book's levels, nobody, perfect foresight and everybody. ``probabilities`` are columns of the
    chance that an opinion changes something: at each threshold they refer the cases that reach it.
    """
    odds_of(thresholds)
    told, names = {"by": by, "weights": weights, "cluster": cluster, "verified": verified}, {}
    cohort, chosen = _chosen(cohort, policies, outcome, dict.fromkeys(probabilities, 0.0), rule_book, **told)
    left_out = ("score",) if policies is not None else ("score", "count", "group")
    chosen = [policy for policy in chosen if policy.sort not in left_out]
    for name in probabilities:
        refuse_no_chance(cohort, name)
        steps = {f"{name} from {at}": (nw.col(f"score {name}") >= at, at) for at in thresholds}
        chosen += [Policy(step, name, "score", "", *cut) for step, cut in steps.items()]
        names |= dict.fromkeys(steps, name)
    learned = learn(cohort, chosen, method, given)
    made = weigh(cohort, chosen, thresholds, CURVE, learned, prevalence=prevalence)
    return made.assign(policy=made["policy"].replace(names))


def _chosen(
    cohort: Any, policies: Any, outcome: str, scores: Mapping[str, float], rule_book: RuleBook, **told: Any
) -> tuple[Cohort, list[Policy]]:
    own = policies if isinstance(policies, Mapping) else {}
    cohort = judged(cohort, rule_book, outcome, own, tuple(scores), needed=False, **told)
    return cohort, choose(cohort, policies, scores)


@checked()
def net_benefit(recommended: Any, changed: Any, *, threshold: float) -> float:
    """Net benefit, per 100 cases, of referring those that are ``recommended``: columns of yes and no alone.

    A case that is referred and whose opinion changes something counts +1; one that is referred without a
    change counts minus p_t / (1 - p_t), p_t being the decision ``threshold``; the rest count 0.

    Examples
    --------
    >>> referred, changed = pd.Series([True, True, True, False]), pd.Series([True, False, False, True])
    >>> round(net_benefit(referred, changed, threshold=1 / 11), 2)
    20.0
    """
    try:
        cases = pd.DataFrame({"recommended": recommended, "changed": changed})
    except (ValueError, TypeError) as error:
        said = "Net benefit takes two columns of yes and no, one answer a case, equally long"
        raise SecondopError(f"{said}: {error}.") from error
    cohort = Cohort(cases, outcome="changed", flags={"recommended": "recommended"})
    mine = Policy("recommended", "those recommended", "own", "", nw.col("flag recommended"))
    found = weigh(cohort, [mine], [threshold], CURVE[:1]).iloc[0]
    if found["min"] != found["max"]:  # nor are they equal where there are no cases
        ends = f"anything from {found['min']:.4g} to {found['max']:.4g}" if len(cases) else "nothing at all"
        said = f"Net benefit needs cases and all their answers: of these {len(cases):,} it may be {ends}"
        raise SecondopError(f"{said}. Settle them by no and again by yes, or use tradeoff, which shows both.")
    return float(found["value"])


def weigh(
    cohort: Cohort,
    policies: Sequence[Policy],
    thresholds: Sequence[float],
    measures: Sequence[str] = (),
    learned: Verification | None = None,
    delta: float = 0.0,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """The tidy table of :func:`tradeoff` for these policies: all measures, or only those named.

    What was ``learned`` of unknown outcomes makes the values estimates, at a departure ``delta``.
    """
    if cohort.net and cohort.cluster:
        said = "Errors corrected less introduced have no intervals by cluster"
        raise SecondopError(f"{said}: leave cluster= away.")
    outcome, truth = NET_OF if cohort.net else ("changed",), () if measures else cohort.truth
    asked = {policy.name: policy.refers for policy in policies if policy.refers is not None}
    seen = cohort.patterns(asked, tuple(dict.fromkeys((*outcome, *truth))))
    seen.codes[FORESIGHT] = seen.codes[f"flag {outcome[0]}"]
    attrs, n = cohort.about(), seen.crossed("all")[0].sum(1)
    if prevalence is not None:
        _reweigh(seen, prevalence, cohort.net)
        attrs["prevalence"] = prevalence

    def crossed(*flags: str) -> Iterable[np.ndarray]:
        """Counts and their squares, of each policy."""
        sums = (seen.crossed(policy.name, *(f"flag {flag}" for flag in flags)) for policy in policies)
        return map(np.stack, zip(*sums, strict=True))

    rows = [(p.name, group, p.label, p.sort, p.kind) for p in policies for group in seen.groups]
    about = pd.DataFrame(rows, columns=["policy", "group", "label", "sort", "kind"])
    about.insert(2, "n", np.tile(n, len(policies)).astype(float if cohort.weights else int))
    if cohort.cluster:
        about.insert(3, "clusters", np.tile(cohort.clusters, len(policies)))
    counts, squares = crossed(*outcome)
    beside = {x: table(*crossed(x), measures=["true_positive"])["true_positive"] for x in truth}
    if cohort.net:
        about["label"] = about["label"].mask(about["sort"] == FORESIGHT, NET_FORESIGHT)
        names = [name for name in NET_MEASURES if not measures or name in measures]
        found = net_table(counts, squares, thresholds, names) | beside
    else:
        foresight = np.array([[policy.sort == FORESIGHT] for policy in policies])
        told = {"measures": measures or MEASURES, "foresight": foresight}
        found = table(counts, squares, thresholds, **told)
        if prevalence is not None and not cohort.cluster:
            for name, given in table(counts, by_outcome(counts, squares), thresholds, **told).items():
                certain = ~(np.ptp(given[..., 3:], axis=-1, keepdims=True) > 1e-9)  # no case is otherwise
                found[name][..., 3:] = np.where(certain, found[name], given)[..., 3:]
        unsettled, estimated = counts[0, ..., 2].sum(-1) > 0, ()
        if learned and unsettled.any():
            shares, estimates = learned.table(policies, len(seen.groups), thresholds, found, delta)
            real = [policy for policy in policies if policy.sort != FORESIGHT]
            estimated = shares, learned.apart(real, len(seen.groups), delta)
            attrs |= {"estimate": learned.said, "delta": delta}
            for name, estimate in estimates.items():
                numbers = found[name]
                # where its bounds meet, but for the rounding of sums of weights, nothing unknown matters
                sure = np.isclose(numbers[..., 1], numbers[..., 2], rtol=1e-9, atol=1e-9)[..., None]
                numbers[..., [0, 3, 4]] = np.where(sure, numbers[..., [0, 3, 4]], estimate)
        if not cohort.known_by and (by := known_by_policy(counts.sum(1), policies)):
            attrs["verification"] = known_words(*cohort.known, by)
        frontier, best = ranked(seen, policies, counts, thresholds if unsettled.any() else (), *estimated)
        found |= beside | ({BEST: best} if unsettled.any() else {})
        found |= {} if measures else {"frontier": frontier}
    made = tidy(about, found, thresholds)
    at = made["policy"].map({policy.name: policy.at for policy in policies})
    kept = at.isna() | (at == made["threshold"])
    if BEST in found:
        told = [group for group, some in zip(seen.groups, unsettled, strict=True) if some]
        kept &= (made["measure"] != BEST) | made["group"].isin(told)
    made = made[kept].reset_index(drop=True)
    made.attrs |= attrs
    return made


def _reweigh(seen: Patterns, prevalence: float, net: bool) -> None:
    """Weight cases that were sampled by their outcome, so that the share that changes is as given."""
    changed = seen.codes.get("flag changed", np.array([2]))
    if not 0 < prevalence < 1:
        raise SecondopError(f"prevalence is the share that changes, above 0 and below 1; got {prevalence!r}.")
    if net or (changed == 2).any() or len(set(changed)) < 2:
        raise SecondopError(
            "prevalence= weights cases by their outcome: every case needs a known yes or no, some of each. "
            "Keep the cases whose outcome is known if it was known for all that were sampled."
        )
    share = seen.weights[changed == 1].sum() / seen.weights.sum()
    factor = np.where(changed == 1, prevalence / share, (1 - prevalence) / (1 - share))
    seen.weights, seen.squares = seen.weights * factor, seen.squares * factor**2


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
        on = ["policy", "group"] + (["threshold"] if part["threshold"].notna().any() else [])
        names = {number: f"{name}_{number}".removesuffix("_value") for number in NUMBERS}
        rows = rows.merge(part[[*on, *NUMBERS]].rename(columns=names), on=on, how="left")
    rows = rows.copy()  # merges leave it in many pieces
    rows.attrs = table.attrs
    return rows
