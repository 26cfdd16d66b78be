"""Policies: who would be referred, by the rule book or by anything else; each a three-valued expression.

The expressions read the frame of a cohort, where every rule, flag and score has a column.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

import narwhals as nw

from secondop.errors import SecondopError, unknown_name
from secondop.evaluation.cohort import Cohort
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level, Rule

COUNTS = (2, 3, 4)
FORESIGHT = "perfect foresight"
ALWAYS = ("none", "score", FORESIGHT, "all")
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


def rule_policies(cohort: Cohort) -> list[Policy]:
    """The policies that a rule book makes: levels, counts of clinical indications, and groups of rules."""
    rules, made = [rule for rule in cohort.rule_book if rule.level] if cohort.has_rules else [], []
    for level in reversed(Level):
        if any(rule.level == level for rule in rules):
            kind = "both" if level == "optional" else "clinical"
            made.append(Policy(str(level), LEVELS[level], "level", kind, at_level(cohort.rule_book, level)))
    for k in COUNTS:
        if rules and k <= len(cohort.clinical):
            label = f"all with at least {k} clinical indications"
            refers = at_least(k, *how_many(cohort.clinical))
            made.append(Policy(f"at least {k}", label, "count", "clinical", refers))
    for group in dict.fromkeys(rule.group for rule in rules):
        inside = [rule for rule in rules if rule.group == group]
        kind = "both" if len(kinds := set(map(kind_of, inside))) > 1 else kinds.pop()
        made.append(Policy(group, f"all with an indication of {group}", "group", kind, any_of(inside)))
    return made


def choose(
    cohort: Cohort,
    policies: Iterable[str] | Mapping[str, str] | None,
    scores: Mapping[str, float] | None = None,
) -> list[Policy]:
    """The policies asked for, between nobody, perfect foresight and everybody."""
    made = rule_policies(cohort)
    for name, least in (scores or {}).items():
        label, refers = f"all with {name} of at least {least:g}", nw.col(f"score {name}") >= least
        made.append(Policy(name, label, "score", "", refers))
    if isinstance(policies, Mapping):
        made += [Policy(name, name, "own", "", nw.col(f"flag {name}")) for name in policies]
    every = [NOBODY, *made, *ENDS]
    names = [policy.name for policy in every]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SecondopError(f"Two policies are called {', '.join(twice)}: rename yours.")
    if policies is None or isinstance(policies, Mapping):
        return every
    wanted = {policies} if isinstance(policies, str) else set(policies)
    if strangers := wanted - set(names):
        raise unknown_name("policy", min(strangers), names)
    return [policy for policy in every if policy.name in wanted or policy.sort in ALWAYS]
