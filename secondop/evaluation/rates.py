"""How often each rule fires, alone and together: per 100 of *all cases*, with what cannot be judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.arguments import checked
from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.measures import NUMBERS, five, share, through
from secondop.evaluation.policies import any_of, judged, kind_of, levels_from
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level, Rule

TOPS = {"clinical": "any clinical indication", "patient-driven": "any patient-driven indication"}
OTHER = "all other combinations"


@checked()
def firing_rates(
    assessed: Any,
    by: str | Sequence[str] | None = None,
    *,
    rule_book: RuleBook = RULE_BOOK,
    weights: str | None = None,
    cluster: str | None = None,
) -> pd.DataFrame:
    """How often each rule, group and level fires, of how many, and how much cannot be judged.

    ``assessed, by, weights, cluster``: as for :func:`tradeoff`. Tidy: the ``firing_rate`` per 100 cases of
    each level ("that much or more"), kind of indication (patient-driven ones are counted apart), group of
    rules and rule (see ``sort``); ``within`` names the row around it. Of ``n`` cases ``fired`` make ``value``
    and ``min``, with ``unknown`` ones ``max``; ``lower, upper``: 95 % intervals around these.

    Examples
    --------
    >>> rates = firing_rates(pd.DataFrame({"neoplasia_concern": [True, False, None]})).set_index("policy")
    >>> rates.loc["neoplasia-concern", ["n", "fired", "unknown", "max"]].astype(float).round(1).tolist()
    [3.0, 1.0, 1.0, 66.7]
    """
    cohort = judged(assessed, rule_book, by=by, weights=weights, cluster=cluster)
    *about, rules = zip(*populations(cohort.rule_book), strict=True)
    groups, counts, squares = cohort.tally(map(any_of, rules))
    rows = pd.DataFrame(dict(zip(["policy", "label", "sort", "kind", "within"], about, strict=True)))
    rows = rows.merge(pd.Series(groups, name="group", dtype=object), how="cross")
    clusters = {"clusters": np.tile(cohort.clusters, len(rules))} if cohort.cluster else {}
    rows = rows.assign(**clusters, measure="firing_rate", threshold=np.nan)
    rows = _rated(rows, counts.reshape(-1, 3), squares.reshape(-1, *squares.shape[2:]), cohort)
    names = ["policy", "group", "measure", "threshold", *NUMBERS, "n", *clusters]
    return rows[[*names, "label", "sort", "kind", "within", "fired", "unknown"]]


@checked()
def attrition(
    assessed: Any, order: Sequence[str] | None = None, *, rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """What each rule adds when rules are joined by *or*, one after another: the first lesson of overuse.

    ``order`` names rules, patient-driven ones too; by default the clinical indications in the book's order.
    A row per step, the first without any rule: in how many cases the rule is known to fire (``alone``), those
    ``added`` that no earlier rule found, and of it and all before it the rate as in :func:`firing_rates`.
    """
    cohort, rules = _chosen(assessed, rule_book, order)
    asked = [*(any_of(rules[:i]) for i in range(len(rules) + 1)), *(any_of([rule]) for rule in rules)]
    counts, squares = (x.sum(1) for x in cohort.tally(asked)[1:])
    steps, alone = np.split(counts, [len(rules) + 1])
    rows = [(0, "", "no rule", ""), *((i, r.name, r.label, kind_of(r)) for i, r in enumerate(rules, 1))]
    about = pd.DataFrame(rows, columns=["step", "rule", "label", "kind"])
    about["alone"], about["added"] = [0, *alone[:, 1]], np.diff(steps[:, 1], prepend=0)
    return _rated(about, steps, squares[: len(rows)], cohort)


@checked()
def overlap(
    assessed: Any, rules: Sequence[str] | None = None, most: int = 20, *, rule_book: RuleBook = RULE_BOOK
) -> pd.DataFrame:
    """Which rules fire together: the sets of rules that fire exactly, and how many cases each set has.

    A row a set, the ``most`` largest and the rest: ``combination`` (tuple of names), ``rules`` (how many),
    ``known`` (cases in which just these are *known* to fire; adds up to ``n``), ``fired`` (those in which no
    other can), ``unknown`` (those that missing information could bring into it), and the rate.
    """
    cohort, chosen = _chosen(assessed, rule_book, rules)
    names = [rule.name for rule in chosen]
    seen = cohort.patterns({rule.name: any_of([rule]) for rule in chosen}, flags=())
    fires, may = seen.bits(names)
    sets, place = np.unique(fires, return_inverse=True)
    known = np.bincount(place, seen.weights, len(sets))
    order = np.lexsort((sets, -known))
    listed, rest = sets[order[:most], None], order[most:]
    exactly = ((fires & ~listed) == 0) & ((listed & ~(fires | may)) == 0)
    inside = [tuple(name for i, name in enumerate(names) if group >> i & 1) for group in listed[:, 0]]
    rows = list(zip(inside, map(len, inside), known[order[:most]], strict=True))
    sure, listings, ways = exactly & (may == 0), exactly.sum(0), 2.0 ** np.bitwise_count(may)
    if len(rest):
        rows.append(((OTHER,), pd.NA, known[rest].sum()))
        sure, exactly = np.vstack([sure, listings == 0]), np.vstack([exactly, listings < ways])
    fits = np.stack([~exactly, sure, exactly & ~sure], -2)
    about = pd.DataFrame(rows, columns=["combination", "rules", "known"]).astype({"rules": "Int64"})
    return _rated(about, fits @ seen.weights, fits @ seen.squares, cohort)


@checked()
def overlap_members(
    assessed: Any,
    combination: Iterable[str],
    rules: Sequence[str] | None = None,
    *,
    rule_book: RuleBook = RULE_BOOK,
) -> Any:
    """The cases behind a bar of :func:`overlap`, in the kind given: as many as ``known`` says."""
    (cohort, chosen), inside = _chosen(assessed, rule_book, rules), set(combination)
    if strangers := inside - {rule.name for rule in chosen}:
        raise unknown_name("rule among those that overlap", min(strangers), (rule.name for rule in chosen))
    if isinstance(cases := nw.from_native(cohort.cases), nw.LazyFrame):
        raise SecondopError("Cases are listed from a frame in memory: collect them first.")
    fires = ((nw.col(f"rule {rule.name}").fill_null(False), rule.name in inside) for rule in chosen)
    exactly = nw.all_horizontal(*(x if wanted else ~x for x, wanted in fires), ignore_nulls=False)
    return cases.filter(cohort.frame.select(exactly=exactly).collect()["exactly"].to_list()).to_native()


def _chosen(cases: Any, rule_book: RuleBook, names: Sequence[str] | None) -> tuple[Cohort, list[Rule]]:
    cohort = judged(cases, rule_book)
    return cohort, cohort.clinical if names is None else [cohort.rule_book[name] for name in names]


def populations(rule_book: RuleBook) -> list[tuple[str, str, str, str, str, list[Rule]]]:
    """Every population that is counted: name, label, sort, kind, what contains it, and by which rules."""
    wish, rows = "any indication, the patient's wish included", []
    for level, within in zip(map(str, Level), ["", *Level], strict=False):
        label, kind = (wish, "both") if level == "optional" else (f"{level} or more", "clinical")
        inside = [rule for rule in rule_book if rule.level in levels_from(level)]
        rows.append((level, label, "level", kind, str(within), inside))
    for kind, name in TOPS.items():
        rows.append((name, name, "any", kind, "", [r for r in rule_book if kind_of(r) == kind]))
    for group, kind in dict.fromkeys((rule.group, kind_of(rule)) for rule in rule_book):
        inside = [rule for rule in rule_book if (rule.group, kind_of(rule)) == (group, kind)]
        rows.append((group, group, "group", kind, TOPS.get(kind, ""), inside))
    return rows + [(r.name, r.label, "rule", kind_of(r), r.group, [r]) for r in rule_book]


def _rated(about: pd.DataFrame, counts: np.ndarray, squares: np.ndarray, cohort: Cohort) -> pd.DataFrame:
    """These rows with their cases (no, yes, unknown), their rate, and where the cases come from."""
    made = about.assign(n=counts.sum(-1), fired=counts[:, 1], unknown=counts[:, 2])
    whole = [name for name in ("n", "fired", "unknown", "known", "alone", "added") if name in made]
    made = made if cohort.weights else made.astype(dict.fromkeys(whole, np.int64))
    ways = np.eye(2)[[[0, 1, 0], [0, 1, 1]]]  # what is unknown does not fire, or does
    made[NUMBERS] = five(share([1]), (*through(ways, counts[:, None], squares[:, None]), [0]), np.ones(1))
    made.attrs |= cohort.about()
    return made
