"""Outcomes that are known only for some: what an estimate makes of the others.

An outcome is *verified* where it is known. Bounds need no assumption. The estimates here need one, that
outcomes are *missing at random*: of cases alike in the recorded facts, the verdicts of the policies and the
group, as many change whether that is known or not. A departure ``delta`` multiplies the odds of a change
among those not verified by exp(delta); at minus and plus infinity it reaches the bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.measures import FN, FP, MEASURES, TN, TP, odds_of
from secondop.evaluation.patterns import few
from secondop.rules.spellings import matched

if TYPE_CHECKING:
    from secondop.evaluation.cohort import Cohort
    from secondop.evaluation.policies import Policy

METHODS = ("weighted", "doubly_robust")
LOW, FLOOR = 0.05, 0.01  # chances of being known: what is called low, and the least that is used
MANY = 25  # per cent of cases with a low one; of 36 %, 86 to 95 % of simulated intervals held the truth
FEW, LEAST = 0.05, 15  # a share of cases that may lack an estimate; known outcomes to learn from
FOLDS, SEED, _STEP = 5, 0, 1e-6


@dataclass(frozen=True, eq=False)
class Verification:
    """What is needed to estimate: of every case its weight, group, outcome, and what was learned of it.

    ``changed`` is 0 or 1, or 2 where it is not known; ``chance`` that it is known, and ``model``, the chance
    of a change, are learned from other cases; ``refers`` tells whom each policy is known to refer; what cases
    of a ``cluster`` add to the variance is summed first.
    """

    weights: np.ndarray
    group: np.ndarray
    changed: np.ndarray
    chance: np.ndarray
    model: np.ndarray
    refers: dict[str, np.ndarray] = field(repr=False)
    blank: Sequence[str]
    said: str
    cluster: np.ndarray | None = None

    def changes(self, delta: float = 0.0) -> np.ndarray:
        """How much each case counts as a change: its mean over cases is the estimate (its influence too).

        Robins, Rotnitzky & Scharfstein (2000); at delta 0 it is model + verified (changed - model) / chance.
        """
        known, yes, m = self.changed < 2, self.changed == 1, self.model
        if np.isinf(delta):
            return np.where(known, yes, float(delta > 0))
        tilt = np.exp(delta)
        tilted = m * tilt / (1 - m + m * tilt)
        off = np.where(yes, tilt, 1) / (1 - m + m * tilt) * (yes - tilted) * (1 - self.chance) / self.chance
        return np.where(known, yes + off, tilted)

    def tables(self, policies: Iterable[Policy], groups: int, delta: float = 0.0) -> tuple[np.ndarray, ...]:
        """Shares of TP, FP, FN, TN, (policies, groups, 4); their covariances; a case's share if these fail.

        Of unknown facts nobody is referred. No share leaves its bounds over what is not known.
        """
        each, shares, spread, sizes = self.changes(delta), [], [], []
        sure, may = 1.0 * (self.changed == 1), 1.0 * (self.changed > 0)
        for policy in policies:
            told = np.nan if policy.name in self.blank else 1.0
            for group in range(groups):
                inside, w = self._inside(group)
                cells, least, most = (self._cells(policy, x)[inside] for x in (each, sure, may))
                mean, known = w @ cells, self.changed[inside] < 2
                spread.append(told * self._covariance(w[:, None] * (cells - mean), inside))
                shares.append(told * np.clip(mean, *np.sort([w @ least, w @ most], 0)))
                sizes.append(((w * known / self.chance[inside]) ** 2).sum())
        return tuple(np.reshape(x, (-1, groups, *np.shape(x)[1:])) for x in (shares, spread, sizes))

    def apart(self, policies: Sequence[Policy], groups: int, delta: float = 0.0) -> np.ndarray:
        """Covariances of the shares of TP and FP of policies: (groups, 2, 2, policies, policies)."""
        each, found = self.changes(delta), []
        scores = np.stack([self._cells(policy, each)[:, [TP, FP]] for policy in policies], 2)
        for group in range(groups):
            inside, w = self._inside(group)
            own = scores[inside].reshape(len(w), -1)
            spread = self._covariance(w[:, None] * (own - w @ own), inside)
            found.append(spread.reshape(2, len(policies), 2, -1).swapaxes(1, 2))
        return np.array(found)

    def table(
        self,
        policies: Sequence[Policy],
        groups: int,
        thresholds: Iterable[float],
        measures: Iterable[str],
        delta: float = 0.0,
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The shares, and of each measure value, lower and upper along the last axis.

        The interval is a measure's own, for as many cases as give the variance of the estimate (by the delta
        method on influences), or for those of known outcome where nothing varies.
        """
        shares, spread, sizes = self.tables(policies, groups, delta)
        alone = shares[..., :, None] * (np.eye(4) - shares[..., None, :])  # of one case without any weighting
        steps, found = _STEP * np.eye(4), {}
        for name in measures:
            each = []
            for odds in odds_of(thresholds) if MEASURES[name].at_threshold else np.ones(1):

                def at(p: np.ndarray, size: np.ndarray, name: str = name, odds: float = odds) -> np.ndarray:
                    squares = p * size[..., None]
                    told = MEASURES[name].formula(p[..., None, :], squares[..., None, :], np.array([odds]))
                    return np.stack([x.reshape(size.shape) for x in told], -1)

                with np.errstate(divide="ignore", invalid="ignore"):
                    slope = [(at(shares + x, sizes) - at(shares - x, sizes))[..., 0] for x in steps]
                    slope = np.stack(slope, -1) / (2 * _STEP)
                    mine, one = (np.einsum("...i,...ij,...j", slope, x, slope) for x in (spread, alone))
                    told = (mine > 0) & (one > _STEP)  # else what is left is rounding
                    each.append(at(shares, np.where(told & np.isfinite(mine / one), mine / one, sizes)))
            found[name] = np.stack(each, -2) if MEASURES[name].at_threshold else each[0]
        return shares, found

    def _inside(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Which cases are of a group, and what share of it each of them is."""
        inside = self.group == group
        return inside, self.weights[inside] / self.weights[inside].sum()

    def _cells(self, policy: Policy, changes: np.ndarray) -> np.ndarray:
        """What each case adds to TP, FP, FN and TN; perfect foresight refers what changes."""
        cells, refers = np.zeros((len(changes), 4)), self.refers.get(policy.name)
        if refers is None:
            cells[:, TP], cells[:, TN] = changes, 1 - changes
        else:
            cells[:, TP], cells[:, FN] = changes * refers, changes * ~refers
            cells[:, FP], cells[:, TN] = refers - cells[:, TP], ~refers - cells[:, FN]
        return cells

    def _covariance(self, scores: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """Of sums of scores, a row per case of these ``inside``; with clusters, of their sums."""
        if self.cluster is None:
            return scores.T @ scores
        _, own = np.unique(self.cluster[inside], return_inverse=True)
        sums = np.stack([np.bincount(own, x) for x in scores.T], 1)
        return few(np.bincount(own, self.weights[inside])) * (sums.T @ sums)


def learn(
    cohort: Cohort, policies: Sequence[Policy], method: str | None, given: Sequence[str] | None
) -> Verification | None:
    """Learn whose outcome is known, and who changes, from the recorded facts of other cases (cross-fitted).

    ``given`` names the facts, by default all recorded ones. Without any, cases are alike if the policies and
    the group are (Begg & Greenes 1983, Biometrics 39:207). ``"weighted"`` uses no model of the outcome.
    """
    if method is None and given is None:
        return None
    if method is None:
        raise SecondopError("given= names the facts of an estimate: say method='doubly_robust' with it.")
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    if cohort.net:
        raise SecondopError(f"method={method!r} estimates a yes/no outcome: name one that is no net of two.")
    if not hasattr(cohort.cases, "__len__"):
        raise SecondopError(f"method={method!r} learns case by case: collect the lazy frame first.")
    rows, names, group = cohort.rows({p.name: p.refers for p in policies if p.refers is not None})
    changed, weights = rows["flag changed"].to_numpy(), rows["weight"].to_numpy().astype(float)
    if not weights.sum():
        raise SecondopError(f"method={method!r} learns from cases, and there are none.")
    codes = {p.name: rows[f"answer {p.name}"].to_numpy() for p in policies if p.refers is not None}
    cluster = rows["cluster"].rank("dense").to_numpy() if cohort.cluster else None
    refers = {name: code == 1 for name, code in codes.items()}
    refers |= {"none": np.zeros(len(rows), bool), "all": np.ones(len(rows), bool)}
    known, inside = changed < 2, {str(name): group == i for i, name in enumerate(names)}
    blank = _sides(weights, known, refers, inside)
    side = np.column_stack([group, *(codes[p.name] for p in policies if p.name in codes and p.at is None)])
    recorded = matched(cohort.columns, cohort.rule_book.facts)
    if strangers := [name for name in given or () if name not in recorded]:
        raise unknown_name("recorded fact", strangers[0], recorded)
    facts = {name: cohort.rule_book.facts[name] for name in (recorded if given is None else given)}
    scores = [name for name in rows.columns if name.startswith("score ")]
    if facts or scores:
        from secondop.evaluation.learning import answer_matrix

        parts = [answer_matrix(cohort.cases, facts)] if facts else []
        parts += [rows[x].fill_null(0).fill_nan(0).to_numpy() for x in scores]
        parts += [*(np.eye(3)[x] for x in side.T[1:]), np.eye(len(names))[group]]
        chance, model = _crossed(np.column_stack(parts).astype(float), changed, weights, cluster)
    else:
        chance, model = _within(np.unique(side, axis=0, return_inverse=True)[1].ravel(), changed, weights)
    low, chance = 100 * weights[chance < LOW].sum() / weights.sum(), chance.clip(FLOOR)
    if method == "weighted":
        model = np.full(len(rows), np.average(changed[known], weights=(weights / chance)[known]))
    alike = "recorded facts and policies" if facts or scores else "the policies alone"
    said = f"Estimated ({method.replace('_', ' ')}) as if outcomes were missing at random given {alike}; "
    said += f"{low:.0f} % of cases had a chance below {100 * LOW:.0f} % to have theirs known"
    said += ", so many that intervals are too narrow." if low >= MANY else "."
    said += f" No estimate of {', '.join(blank)}: no outcome is known on one side." if blank else ""
    return Verification(weights, group, changed, chance, model, refers, blank, said, cluster)


def _sides(
    weights: np.ndarray, known: np.ndarray, sides: Mapping[str, np.ndarray], groups: Mapping[str, np.ndarray]
) -> list[str]:
    """The policies without one known outcome among those referred, or not; refused where these are many."""
    both = (("refers", False), ("does not refer", True))
    whom = {
        f"the {{}} cases that the policy {name!r} {verb}": (refers ^ others, name)
        for name, refers in sides.items()
        for verb, others in both
    }
    whom |= {f"the {{}} cases of group {name!r}": (inside, None) for name, inside in groups.items()}
    whom = whom if known.any() else {"{} cases": (known | True, None)}
    empty, many = [], []
    for said, (inside, name) in whom.items():
        if (size := weights[inside].sum()) and not known[inside].any():
            empty.append(name)
            if name is None or size > FEW * weights.sum():
                many.append(said.replace("{}", f"{size:,.0f}", 1))
    if many:
        raise SecondopError(
            f"No outcome is known among {'; nor among '.join(many)}: nothing tells what an opinion would "
            "change there. Choose other policies or groups, or leave method away: bounds need no such case."
        )
    return empty


def _crossed(
    x: np.ndarray, changed: np.ndarray, weights: np.ndarray, cluster: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The chance that the outcome is known, and that something changes, each learned from other cases."""
    from secondop.evaluation.learning import deal, learner

    known = changed < 2
    if known.all():
        return np.ones(len(x)), np.full(len(x), 0.5)
    if (rarer := min(np.bincount(changed, minlength=2)[:2])) < LEAST:
        raise SecondopError(
            f"To learn from facts takes {LEAST} known outcomes of either kind, and of the rarer there are "
            f"{rarer}. Give given=[]: cases are then alike if the policies are."
        )
    chance, model = np.ones(len(x)), np.empty(len(x))
    x, weights = x[:, np.ptp(x, axis=0) > 0], weights / weights.mean()

    def chances(of: np.ndarray, rows: np.ndarray, test: np.ndarray) -> np.ndarray:
        fitted = learner("logistic", SEED)
        fitted.fit(x[rows], of[rows], logisticregression__sample_weight=weights[rows])
        return fitted.predict_proba(x[test])[:, 1]

    for learn_from, test in deal(changed, FOLDS, SEED, cluster=cluster):
        rest = np.setdiff1d(np.arange(len(x)), test)
        if not known[rest].all():
            chance[test] = chances(known, rest, test)
        model[test] = chances(changed, learn_from, test)
    return chance, model.clip(1e-6, 1 - 1e-6)


def _within(cells: np.ndarray, changed: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same shares, counted within cells of cases that are alike; where none is known, of all."""
    n, known, yes = (np.bincount(cells, weights * x) for x in (changed >= 0, changed < 2, changed == 1))
    chance = np.divide(known, n, where=n > 0, out=np.ones(len(n)))
    share = np.divide(yes, known, where=known > 0, out=np.full(len(n), yes.sum() / known.sum()))
    return chance[cells], share[cells]
