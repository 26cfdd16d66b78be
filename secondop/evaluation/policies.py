"""What a function was given, as a cohort, and the policies that are weighed on it.

A policy says who would be referred, by the rule book or by anything else: a three-valued expression on
the frame of a cohort, where every rule, flag and score has a column.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import narwhals as nw

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.rules.conditions import Condition
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Indication, Level, Rule, Source

COUNTS = (2, 3, 4)
FORESIGHT = "perfect foresight"
LEVELS = {
    "urgent": "all with an urgent indication",
    "recommended": "all with a clinical indication",
    "optional": "all with an indication or a wish",
}


@dataclass(frozen=True, eq=False)
class Policy:
    """Who is referred: yes, no, or unknown where missing information could decide either way.

    ``sort`` is none, level, count, group, score, own, perfect foresight or all; ``kind`` is clinical,
    patient-driven or both, by the indications that it rests on. ``at`` is the one threshold that it is for.
    """

    name: str
    label: str
    sort: str
    kind: str = ""
    refers: nw.Expr | None = None
    at: float | None = None


NOBODY = Policy("none", "nobody", "none")
ENDS = (Policy(FORESIGHT, "only those that would change", FORESIGHT), Policy("all", "everybody", "all"))


def choose(
    cohort: Cohort, policies: Iterable[str] | None, scores: Mapping[str, float] | None = None
) -> list[Policy]:
    """The policies asked for, between nobody, perfect foresight and everybody.

    By default all that the rule book makes: levels, counts of clinical indications, and groups of rules.
    """
    rules, clinical = [rule for rule in cohort.rule_book if rule.level and cohort.has_rules], cohort.clinical
    made, many = [NOBODY], how_many(clinical)
    for level in LEVELS:
        if any(rule.level == level for rule in rules):
            kind = "both" if level == "optional" else "clinical"
            made.append(Policy(level, LEVELS[level], "level", kind, at_level(cohort.rule_book, level)))
    for k in COUNTS:
        if rules and k <= len(clinical):
            label = f"all with at least {k} clinical indications"
            made.append(Policy(f"at least {k}", label, "count", "clinical", at_least(k, *many)))
    for group in dict.fromkeys(rule.group for rule in rules):
        inside = [rule for rule in rules if rule.group == group]
        kind = "both" if len(kinds := set(map(kind_of, inside))) > 1 else kinds.pop()
        made.append(Policy(group, f"all with an indication of {group}", "group", kind, any_of(inside)))
    for name, least in (scores or {}).items():
        told = f"{least:.3g}" if abs(least) < 1000 else f"{least:,.0f}"  # as one reads it
        label, refers = f"all with {name} of at least {told}", nw.col(f"score {name}") >= least
        made.append(Policy(name, label, "score", "", refers))
    own = policies if isinstance(policies, Mapping) else {}
    made += [*(Policy(name, name, "own", "", nw.col(f"flag {name}")) for name in own), *ENDS]
    names = [policy.name for policy in made]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SecondopError(f"Two policies are called {', '.join(twice)}: rename yours.")
    if policies is None or own:
        return made
    wanted = {policies} if isinstance(policies, str) else set(policies)
    if strangers := wanted - set(names):
        raise unknown_name("policy", min(strangers), names)
    return [p for p in made if p.name in wanted or p.sort in ("none", "score", FORESIGHT, "all")]


def any_of(rules: Iterable[Rule]) -> nw.Expr:
    """Whether any of the rules fires; unknown where none is known to, and one may."""
    return reduce(operator.or_, (nw.col(f"rule {rule.name}") for rule in rules), nw.lit(False))


def at_level(rule_book: RuleBook, level: Level | str) -> nw.Expr:
    """Whether at least this level is recommended; unknown where missing information could bring it there."""
    return any_of(rule for rule in rule_book if rule.level in levels_from(level))


def levels_from(level: Level | str) -> list[Level]:
    """This level and all above it."""
    levels = list(Level)
    if level not in levels:
        raise unknown_name("level of recommendation", level, Level)
    return levels[levels.index(level) :]


def how_many(rules: Iterable[Rule]) -> list[nw.Expr]:
    """How many of the rules fire, and how many may."""
    one, none = nw.lit(1, dtype=nw.Int32), nw.lit(0, dtype=nw.Int32)
    verdicts = [nw.col(f"rule {rule.name}") for rule in rules]
    flags = verdicts, [verdict | verdict.is_null() for verdict in verdicts]
    return [sum((nw.when(flag).then(one).otherwise(none) for flag in some), none) for some in flags]


def at_least(k: int, known: nw.Expr, may: nw.Expr) -> nw.Expr:
    """At least ``k`` rules fire, of those known to and those that may; unknown where they decide it."""
    never = nw.when(may < k).then(nw.lit(False))
    return nw.when(known >= k).then(nw.lit(True)).otherwise(never)


def kind_of(rule: Rule) -> str:
    """What a rule rests on: the clinical picture or the patient's wish; or what kind of rule it is."""
    indication = "clinical" if rule.clinical else "patient-driven" if rule.preference else ""
    return indication or rule.kind.replace("_", "-")


def judged(
    cases: Any,
    rule_book: RuleBook,
    outcome: str | None = None,
    flags: Any = (),
    scores: Any = (),
    *,
    needed: bool = True,
    **own: Any,
) -> Cohort:
    """The cases as a cohort, if they are none yet: one with this outcome, these flags and these scores.

    If it is ``needed``, or cases that were assessed have nothing else, they tell what the rules say of them.
    """
    if isinstance(cases, Cohort):
        asked = {*(f"flag {name}" for name in flags), *(f"score {name}" for name in scores)}
        asked |= {"flag changed"} if outcome and not cases.net else set()
        if cases.cluster and "cluster" not in own:
            said = f"The cohort counts by {cases.cluster!r}, as firing_rates, tradeoff, decision_curve, "
            said += "reform and compare can; here intervals would be too narrow"
            raise SecondopError(f"{said}. Make a Cohort without cluster=, and say so beside it.")
        if any(own.values()) or asked - set(cases.frame.collect_schema().names()):
            said = "A Cohort has its own outcome, flags, by, weights and cluster"
            raise SecondopError(f"{said}: give them to Cohort(...).")
        cohort = cases
    else:
        cohort = Cohort(cases, rule_book, outcome=outcome, flags=dict(flags), scores=scores, **own)
    if cohort.has_rules or not (needed or (cohort.assessed and not flags and not scores)):
        return cohort
    todo = "Use read_cases(..., columns={'your name': 'fact name'}), or assess(..., verdicts=True); "
    todo += "of a guideline of your own, give rule_book="
    if title := cohort.attrs.get("rule_book_title"):
        todo = f"They were assessed with {title!r}: give rule_book= that book, and verdicts=True to assess"
    raise SecondopError(f"There are neither facts of {cohort.rule_book.title!r} nor verdicts. {todo}.")


def book_of(conditions: Iterable[Condition | Fact], also: Sequence[Fact] = ()) -> RuleBook:
    """A book whose rules are these conditions, one after another: so a cohort judges them in its engine."""
    every = {"level": "optional", "group": "conditions", "source": "asked"}
    named = enumerate(conditions)
    rules = [Indication(f"condition-{i}", f"condition {i}", when=when, **every) for i, when in named]
    about = {"title": "Conditions", "subject": "condition", "version": "1", "also": also}
    return RuleBook(rules=rules, sources=[Source("asked", "What is asked of cases")], **about)


def refuse_no_chance(cohort: Cohort, score: str) -> None:
    """Refuse a score that is to be a probability and is none: per cent, or points."""
    chance = nw.col(f"score {score}")
    if outside := cohort.count((chance < 0) | (chance > 1)):
        said = f"{outside:,} probabilities in column {score!r} are below 0 or above 1"
        raise SecondopError(f"{said}: a chance of 22 % is 0.22.")
