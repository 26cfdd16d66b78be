"""Who is in a report: Table 1, how many cases give each answer to each fact, and in how many none does."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, pairwise
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from secondop.errors import SecondopError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.columns import NOT_RECORDED
from secondop.evaluation.policies import at_level, book_of
from secondop.evaluation.small_cells import HIDDEN, cover, pool, small
from secondop.rules.answers import answers
from secondop.rules.conditions import Compare, Condition
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Level
from secondop.words import number, plural


class Table(NamedTuple):
    """A table as it is read."""

    caption: str
    frame: pd.DataFrame
    texts: int  # its first columns, which are words
    note: str


@dataclass
class Recorded:
    """How many cases give each answer to a fact: ``counts`` (groups, answers); the last is *not recorded*.

    ``values`` has for each answer one that a case could give, ``None`` for the last.
    """

    fact: Fact
    labels: list[str]
    values: list[Any]
    counts: np.ndarray


@dataclass
class Report:
    """What the report says, filled in step by step, and what its parts share."""

    rule_book: RuleBook
    by: list[str]
    least: int
    cohort: Cohort
    outcome: str | None
    title: str = ""
    n: int = 0
    kept: np.ndarray | None = None  # which of all groups are shown
    left_out: int = 0  # how many are not
    facts: list[Recorded] = field(default_factory=list)
    covered: dict[str, tuple] = field(default_factory=dict)  # of each fact which answers are hidden
    tables: dict[str, Table] = field(default_factory=dict)
    sheets: dict[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, list] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    hidden: int = 0

    @property
    def cases(self) -> str:
        return plural(self.n, "simulated case" if self.cohort.simulated else "case")

    def gathered(self, counts: np.ndarray) -> np.ndarray:
        """Counts by group (groups, ...) as those of all cases, of the groups shown, and of the others."""
        counts = np.asarray(counts, float)
        if not self.by:
            return counts.sum(0)[None]
        others = [counts[~self.kept].sum(0)] if self.left_out else []
        return np.stack([counts.sum(0), *counts[self.kept], *others])


def who(made: Report, cases: Any) -> None:
    """Table 1, every recorded fact by group, and what is missing."""
    may_rise = reduce(operator.or_, (at_level(made.rule_book, level).is_null() for level in Level))
    groups, counts, _ = made.cohort.tally([may_rise])
    sizes = counts[0].sum(-1)
    made.n = n = int(sizes.sum())
    if n < made.least:
        few = f"only {plural(n, 'case')}: too few to share, below min_cell={made.least}"
        raise SecondopError(f"There {'is' if n == 1 else 'are'} {few if n else 'no cases to report'}.")
    gone = pool(sizes, made.least) if made.by else ()
    made.left_out, made.kept = len(gone), ~np.isin(range(len(sizes)), list(gone))
    heads = ["all"]
    for name in np.array(groups, dtype=object)[made.kept] if made.by else ():  # one may be called so too
        heads.append(f"{name} ({len(heads)})" if name in heads else str(name))
    open_ = int(counts[0, :, 1].sum())
    made.facts, odd = recorded(cases, made.rule_book, made.by)
    made.said["undetermined"] = None if small([open_, n - open_], made.least).any() else open_
    made.said["unreadable"] = f"fewer than {made.least}" if small(odd, made.least) else odd
    sizes = made.gathered(sizes)[: len(heads)]
    rows = [("all cases", "", [(int(size), "") for size in sizes])]
    for one in made.facts:
        one.counts = made.gathered(one.counts)
        together, hidden = cover(one.counts, made.least, dear=len(one.labels) - 1)
        made.covered[one.fact.name] = together, hidden
        if one.fact.name not in made.by:
            rows += _rows_of(one, together, hidden[: len(heads)], sizes)
            made.hidden += len(together) + int(hidden[: len(heads)].sum())
    about = pd.DataFrame([row[:2] for row in rows], columns=["fact", "answer"])
    columns = [f"{head}: {x}" for head in heads for x in ("n", "%")]
    made.sheets["who"] = about.join(pd.DataFrame([[*chain(*row[2])] for row in rows], columns=columns))
    told = [[_count_said(*each) for each in row[2]] for row in rows]
    about["fact"] = about["fact"].mask(about["fact"].shift() == about["fact"], "")
    frame = about.join(pd.DataFrame(told, columns=[f"{head}, n (%)" for head in heads]))
    note = "% of the cases in which it is known; “not recorded”, of all. Answers of no case are left out."
    made.tables["who"] = Table("Table 1: recorded facts, and in how many cases they are not", frame, 2, note)
    never = {x.fact.name: x.fact.label for x in made.facts if x.counts[0, -1] == n}
    made.said |= {"recorded": len(made.facts) - len(never), "never": [*never.values()]}
    made.said["blocked"] = [rule.label for rule in made.rule_book if rule.facts.keys() <= never.keys()]


def _rows_of(one: Recorded, together: frozenset, hidden: np.ndarray, sizes: np.ndarray) -> list[tuple]:
    """The rows of one fact: each answer, those shown together, and last what is not recorded."""
    last, rows = len(one.labels) - 1, []
    if one.counts[0, last] == sizes[0]:
        return []
    parts = [[i] for i in range(last + 1) if i not in together] + ([sorted(together)] if together else [])
    for part in sorted(parts, key=lambda part: part == [last]):
        n, cells = one.counts[: len(sizes), part].sum(1), []
        for count, size, missing, gone in zip(n, sizes, one.counts[:, last], hidden, strict=False):
            of = size if part == [last] else None if last in together or gone[last] else size - missing
            share = HIDDEN if of is None else 100 * count / of if of else ""
            cells.append((HIDDEN, HIDDEN) if gone[part[0]] else (int(count), share))
        if n[0]:
            label = " / ".join(one.labels[i] for i in part if one.counts[0, i])
            rows.append((one.fact.label, label, cells))
    return rows


def recorded(cases: Any, rule_book: RuleBook, by: Sequence[str] = ()) -> tuple[list[Recorded], int]:
    """The answers to every fact of a rule book, and how many values could not be read; none without facts."""
    facts = tuple(rule_book.facts.values())
    asked = [answers_to(fact, rule_book) for fact in facts]
    book = book_of((when for each in asked for _, _, when in each), facts)
    cohort = Cohort(cases, book, outcome=None, by=list(by))
    if not cohort.has_rules:
        return [], 0
    _, counts, _ = cohort.tally(nw.col(f"rule {rule.name}") for rule in book)
    found, left = [], iter(counts)
    for fact, each in zip(facts, asked, strict=True):
        labels, values, _ = zip(*each, strict=True)
        said = [next(left) for _ in each]
        parts = np.stack([*(one[:, 1] for one in said), said[0][:, 2]], -1)
        found.append(Recorded(fact, [*labels, NOT_RECORDED], [*values, None], parts))
    return found, int(cohort.attrs["unreadable"])


def answers_to(fact: Fact, rule_book: RuleBook) -> list[tuple[str, Any, Condition]]:
    """The answers that are told apart: words, or bands of a number, cut where the rules cut it.

    Each in words, with one value that gives it, and when it is given.
    """
    if fact.has_levels:
        return [(fact.in_words(level), level, fact.is_in(level)) for level in fact.levels]
    if not fact.is_numeric:
        return [("yes", True, fact.as_condition()), ("no", False, ~fact)]
    found = answers(fact, (rule.when for rule in rule_book))
    reached = [Compare(fact, ">=", least) for least in found]
    bands = [*(one & ~more for one, more in pairwise(reached)), reached[-1]]
    return list(zip(found.values(), found, bands, strict=True))


def _count_said(n: Any, share: Any) -> str:
    """A count with its share in brackets, where there is one."""
    return cell(n) if share in ("", HIDDEN) else f"{cell(n)} ({number(share)})"


def cell(x: Any) -> str:
    """What stands in a cell of a table."""
    if isinstance(x, str | int):
        return x if isinstance(x, str) else f"{x:,}"
    return "" if pd.isna(x) else number(x)
