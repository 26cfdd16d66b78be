"""Other rule books on the same cases: what every set of the rules refers, and what a reform changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.arguments import checked
from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.differences import DIFFERENCE, best_between, paired, sharing
from secondop.evaluation.measures import COUNTED, NUMBERS, odds_of, table, tidy
from secondop.evaluation.patterns import Patterns
from secondop.evaluation.policies import any_of, judged, levels_from
from secondop.evaluation.tradeoff import THRESHOLD
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess_typed
from secondop.rules.gate import typed_cases
from secondop.rules.rulebook import RuleBook

MOST = 20  # rules whose sets are counted at once: a million books
PARTS = ("referral_rate", "true_positive", "false_positive", "net_benefit")
WAYS = ("before", "after")


def book_counts(seen: Patterns, rules: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sums of weights, and of their squares, of every set of the rules, as :class:`Books` has them."""
    if (k := len(rules)) > MOST:
        raise SecondopError(
            f"{k} rules make {1 << k:,} books; at most {MOST} rules can be weighed at once. Choose some with "
            "rule_book.only(...), for example those that fire most (firing_rates)."
        )

    def caught(fires: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """For every set of rules, as bits, the weight of the cases in which some rule of the set fires."""
        within = np.bincount(fires, weights, 1 << k)  # by what fires exactly; then, by what fires at most
        for bit in range(k):
            pairs = within.reshape(-1, 2, 1 << bit)
            pairs[:, 1] += pairs[:, 0]
        return within[-1] - within[::-1]

    (fires, may), changed, tallies = seen.bits(rules), seen.codes["flag changed"], []
    same = np.array_equal(seen.weights, seen.squares)
    for weights in [seen.weights] if same else [seen.weights, seen.squares]:
        counts = np.zeros((1 << k, 3, 3))
        for outcome in np.unique(changed):
            of = changed == outcome
            sure, some = (caught(bits[of], weights[of]) for bits in (fires, fires | may))
            counts[:, :, outcome] = np.stack([weights[of].sum() - some, sure, some - sure], -1)
        counts[np.abs(counts) < 1e-12 * weights.sum()] = 0  # what rounding leaves of sums of weights
        tallies.append(counts)
    return tallies[0], tallies[-1]


def frontier(tp: np.ndarray, fp: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Books that are best at some threshold (of equals the smallest), and where each yields to the next."""
    tp, fp = np.round(tp, 9), np.round(fp, 9)
    best, breaks = [np.lexsort((size, -tp, fp))[0]], []
    while len(more := np.flatnonzero(tp > tp[best[-1]])):  # what finds more; next, the cheapest of it
        gain, cost = tp[more] - tp[best[-1]], fp[more] - fp[best[-1]]
        share = gain / (gain + cost)
        cheapest = more[share == share.max()]
        best.append(cheapest[np.lexsort((size[cheapest], -tp[cheapest]))[0]])
        breaks.append(share.max())
    return np.array(best), np.array(breaks)


@dataclass(frozen=True, eq=False)
class Books:
    """The counts of every set of the rules: rule i is bit i of a book's place in ``counts`` and ``squares``.

    These are referred no, yes, unknown by changed no, yes, unknown. ``parts`` is as :func:`all_books` tells.
    """

    rules: tuple[str, ...]
    counts: np.ndarray = field(repr=False)
    squares: np.ndarray = field(repr=False)
    n: float
    parts: pd.DataFrame = field(repr=False)

    @cached_property
    def frontier(self) -> pd.DataFrame:
        """The efficient frontier: books that are best at some threshold if unknown facts refer nobody.

        A row per book: ``book, rules`` (how many); ``referral_rate, true_positive, false_positive`` per 100
        of ``n`` cases (blank where an unknown outcome decides it); ``threshold_from, threshold_to``, where it
        is best by the known outcomes; ``sure_from, sure_to``, whatever the unknown ones are (or blank).
        """
        books, breaks = frontier(self.counts[:, 1, 1], self.counts[:, 1, 0], self._size)
        rows = self._rows(books)
        rows["threshold_from"], rows["threshold_to"] = [*breaks, 0.0], [1.0, *breaks]
        rows[["sure_from", "sure_to"]] = [self._sure(book) for book in books]
        return rows.assign(n=self.n)

    def best(self, threshold: float, within: float = 0.01) -> pd.DataFrame:
        """The best book at a threshold, and the smallest whose net benefit is within a share of the best.

        Chosen by the known outcomes; on few cases the best flatters itself. ``sure``: whatever is unknown.
        """
        if not 0 <= within < np.inf:
            raise SecondopError(f"within is a share of the best net benefit, 0 or more; got {within!r}.")
        (odds,), size = odds_of(threshold), self._size
        net, chosen = self.counts[:, 1, 1] - odds * self.counts[:, 1, 0], []
        for slack in (0, within * net.max()):
            near = np.flatnonzero(net >= net.max() - slack - 1e-9)
            chosen.append(near[np.lexsort((-net[near], size[near]))[0]])
        rows = self._rows(np.array(chosen))
        found = table(self.counts[chosen], self.squares[chosen], [threshold], measures=["net_benefit"])
        rows[["net_benefit", "net_benefit_min", "net_benefit_max"]] = found["net_benefit"][:, 0, :3]
        ends = np.array([self._sure(book) for book in chosen])  # of thresholds; where two books tie, rounded
        rows["sure"] = (ends[:, 0] <= threshold + 1e-9) & (threshold - 1e-9 <= ends[:, 1])
        rows.insert(0, "which", ["best", f"smallest within {within:.3g} of it"])
        return rows.assign(n=self.n)

    @property
    def _size(self) -> np.ndarray:
        return np.bitwise_count(np.arange(len(self.counts))).astype(np.int64)

    def _rows(self, books: np.ndarray) -> pd.DataFrame:
        names = [tuple(rule for i, rule in enumerate(self.rules) if book >> i & 1) for book in books]
        found = table(self.counts[books], self.squares[books], measures=PARTS[:3])
        about = {"book": names, "rules": self._size[books]}
        return pd.DataFrame(about | {name: numbers[:, 0] for name, numbers in found.items()})

    def _sure(self, book: int) -> tuple[float, float]:
        """Where it is best even if what it alone refers changes nothing, and what a rival alone does."""
        no, yes, unknown = self.counts[:, 1, :].T
        either = unknown[book | np.arange(len(unknown))]
        gain, cost = yes[book] - yes - (either - unknown[book]), no[book] - no + (either - unknown)
        low, high = best_between(gain, cost)
        return (low, high) if low <= high + 1e-9 else (np.nan, np.nan)


@checked()
def all_books(
    cohort: Any,
    *,
    outcome: str = "either",
    threshold: float = THRESHOLD,
    weights: str | None = None,
    rule_book: RuleBook = RULE_BOOK,
) -> Books:
    """Every set of the clinical rules on the same cases: what each refers, and which are best.

    Arguments are those of :func:`tradeoff`. ``parts`` has two rows per rule and measure, by ``sort``: its
    *own part*, what the whole book has more than the book without it, and the rule *alone*.

    Examples
    --------
    >>> cases = pd.DataFrame({"neoplasia_concern": [True, False, True], "changed": [True, True, False]})
    >>> books = all_books(cases, outcome="changed", rule_book=RULE_BOOK.only("neoplasia-concern"))
    >>> books.frontier.set_index("book")["true_positive"].round(1).to_dict()
    {(): 0.0, ('neoplasia-concern',): 33.3}
    """
    cohort = judged(cohort, rule_book, outcome, weights=weights)
    rules = {rule.name: rule.label for rule in cohort.clinical}
    seen = cohort.patterns({rule.name: any_of([rule]) for rule in cohort.clinical})
    if not (n := seen.weights.sum()):
        raise SecondopError("There are no cases, so no rule book to weigh.")
    counts, squares = book_counts(seen, list(rules))
    (fires, may), single, pairs = seen.bits(list(rules)), 1 << np.arange(len(rules)), []
    for bit in single:
        others, own = (np.where(fires & some, 1, np.where(may & some, 2, 0)) for some in (~bit, bit))
        pairs.append([x.sum(0) for x in _pairs(seen, others, np.zeros_like(own), own, "flag changed")])
    own = paired(*np.moveaxis(pairs, 1, 0), [threshold])
    alone = table(counts[single], squares[single], [threshold], measures=PARTS)
    found = {"own part": {name: own[name][..., : len(NUMBERS)] for name in PARTS}, "alone": alone}
    n = float(n) if cohort.weights else int(n)
    about = pd.DataFrame({"policy": list(rules), "group": None, "n": n, "label": list(rules.values())})
    tables = [tidy(about.assign(sort=sort), numbers, [threshold]) for sort, numbers in found.items()]
    parts = pd.concat(tables, ignore_index=True)
    parts.attrs |= cohort.about()
    return Books(tuple(rules), counts, squares, n, parts)


@checked()
def reform(
    cohort: Any,
    before: RuleBook,
    after: RuleBook,
    *,
    level: str = "recommended",
    outcome: str = "either",
    threshold: float = THRESHOLD,
    weights: str | None = None,
    by: str | list[str] | None = None,
    cluster: str | None = None,
) -> pd.DataFrame:
    """What changes, by measure and group, if one rule book replaces another.

    Both judge the cases from their facts, and refer from this ``level`` on; ``by, weights, cluster`` are as
    for :func:`tradeoff`. Beside ``before`` and ``after``
    their difference: ``value``, bounds and interval over one and the same settling of what is unknown, and
    ``newly, no_longer``: the cases that enter and leave the measure.
    """
    both, levels, verified = _both(before, after), levels_from(level), None
    if isinstance(cohort, Cohort):
        outcome, by, weights = cohort.outcome or outcome, by or cohort.by, weights or cohort.weights
        cluster, verified = cluster or cohort.cluster, cohort.verified
    told = {"by": by, "weights": weights, "cluster": cluster, "verified": verified}
    cohort = judged(getattr(cohort, "cases", cohort), both, outcome, **told)
    old, new = ([r for r in both if r.level in levels and r.name.startswith(way)] for way in WAYS)
    kept, lost = ([r for r in old if (r.when in [x.when for x in new]) == stays] for stays in (True, False))
    added = [r for r in new if r.when not in [x.when for x in kept]]
    asked = {"before": old, "after": new, "kept": kept, "lost": lost, "added": added}
    seen = cohort.patterns({name: any_of(rules) for name, rules in asked.items()}, ("changed", *cohort.truth))
    found = {}
    for name in (*COUNTED, *cohort.truth):
        measure, flag = (name, "flag changed") if name in COUNTED else ("true_positive", f"flag {name}")
        each = (table(*seen.crossed(way, flag), [threshold], measures=[measure])[measure] for way in WAYS)
        pairs = _pairs(seen, *(seen.codes[x] for x in ("kept", "lost", "added")), flag)
        gain = paired(*pairs, [threshold])[measure]
        found[name] = np.concatenate([*(numbers[..., :1] for numbers in each), gain], -1)
    about = pd.DataFrame({"group": seen.groups, "n": seen.crossed("all")[0].sum(1)})
    about = about.assign(clusters=cohort.clusters) if cluster else about
    kinds = {} if cohort.weights else {"newly": "Int64", "no_longer": "Int64", "n": "int64"}
    made = tidy(about, found, [threshold], [*WAYS, *DIFFERENCE]).astype(kinds)
    made.attrs |= cohort.about() | {"rule_book": after.fingerprint, "before": before.fingerprint}
    return made


@checked()
def flipped(cases: Any, before: RuleBook, after: RuleBook) -> Any:
    """The cases whose recommendation on recorded facts changes: ``before, after``, in the kind given."""
    facts = judged(cases, _both(before, after)).rule_book.rule_facts
    frame = nw.from_native(getattr(cases, "cases", cases))
    if isinstance(frame, nw.LazyFrame) or set(WAYS) & set(frame.columns):
        raise SecondopError("Give cases in memory (collect them) that have no column before or after yet.")
    typed = typed_cases(frame.to_native(), facts)
    said = [assess_typed(typed, book)["recommendation"] for book in (before, after)]
    made = {"dtype": nw.String, "backend": frame.implementation}
    new = (nw.new_series(way, one.to_list(), **made) for way, one in zip(WAYS, said, strict=True))
    return frame.with_columns(new).filter((said[0] != said[1]).to_list()).to_native()


def _pairs(
    seen: Patterns, shared: np.ndarray, first: np.ndarray, second: np.ndarray, flag: str
) -> tuple[np.ndarray, np.ndarray]:
    """Counts and their squares, by whom two policies refer that share some rules, and by what changes."""
    seen.codes["old"], seen.codes["new"] = sharing(shared, first, second)
    return seen.crossed("old", "new", flag)


def _both(before: RuleBook, after: RuleBook) -> RuleBook:
    """One book with the rules of both, so that one cohort judges all of them from the same facts."""
    named = zip(WAYS, (before, after), strict=True)
    rules = [replace(rule, name=f"{way}-{rule.name}") for way, book in named for rule in book]
    sources = (before.sources_by_key | after.sources_by_key).values()
    return replace(after, rules=rules, sources=sources, also=(*before.facts.values(), *after.facts.values()))
