"""What would be said if more were known or something were different, found exactly from the rules' tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from secondop.rules.answers import GRID_LIMIT, NO, UNKNOWN, YES
from secondop.rules.assess import assess_typed
from secondop.rules.facts import Fact, Kind
from secondop.rules.gate import IN_MEMORY, any_frame, column_names, typed_cases, typed_partition
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Level, Rule, RuleKind
from secondop.rules.spellings import claims, no_fact
from secondop.words import either

_AT_ONCE = 1 << 16  # cases: their arrays fit the processor's cache
_STANDING = ("no_indication", "not_needed", *Level)
"""Each stands over those before it: a reason against over none, and an indication over both."""
_RANK = np.array([RECOMMENDATIONS.index(recommendation) for recommendation in _STANDING])
_SIZES = len(_RANK), 2, len(_RANK), 1 << 20, 1 << 20  # no book has so many answers or rules


class NextQuestion(NamedTuple):
    """A fact that is not recorded and could still change the recommendation."""

    fact: str
    question: str
    answers: dict[str, str]  # each in words, and what it would lead to if it alone were learned
    makes_final: bool  # whether one of them would

    @property
    def outcomes(self) -> str:
        """The answers, grouped by what they would lead to, in words."""
        groups: dict[str, list[str]] = {}
        for answer, recommendation in self.answers.items():
            groups.setdefault(recommendation, []).append(answer)
        return "; ".join(f"{either(words)} → {says.replace('_', ' ')}" for says, words in groups.items())


class Change(NamedTuple):
    """One fact that would have to be different: what was seen, and the answers that would do, in words."""

    fact: Fact
    seen: str
    needed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.fact.label}: {self.seen} → {either(self.needed)}"


def first_questions(typed: pl.DataFrame, rule_book: RuleBook) -> pl.Series:
    """The name of the fact to ask for next in every case, null where no answer could change anything.

    It is one whose answer could make a rule fire that stands above the recommendation (or, where nothing is
    indicated, a reason against): by the highest level that an answer reaches; whether one makes it final; the
    highest level that it could help to reach; how many answers change something; how many open rules read
    it; the order of the book.
    """
    found: list[str | None] = []
    for part in typed.iter_slices(_AT_ONCE):
        first, best = np.full(len(part), None), np.zeros(len(part), int)
        for fact, order, *_ in _asked(part, rule_book):
            first[order > best] = fact
            best = np.maximum(best, order)
        found += first.tolist()
    return pl.Series(found, dtype=pl.String)


def worth_recording(cases: Any, rule_book: RuleBook) -> pd.DataFrame:
    """Which facts would make most recommendations final, had they been recorded.

    ``cases``: any frame that :func:`secondop.assess` takes; of a lazy one the facts alone are collected.

    Returns
    -------
    pandas.DataFrame
        A row a fact that some case leaves unrecorded, the most useful first: ``fact, label, question``; the
        ``next_question`` in so many undetermined cases, as :func:`secondop.assess` finds it; it
        ``makes_final`` so many of these if one of its answers alone were learned; ``unrecorded`` in so many
        of all; how many cases are ``undetermined``, and how many there are, ``n``.
    """
    facts = rule_book.rule_facts
    typed, unreadable = _typed(cases, facts)
    absent = {x: pl.lit(None, fact.dtype) for x, fact in facts.items() if x not in typed.columns}
    typed = typed.with_columns(**absent).select([*facts])
    is_open = assess_typed(typed, rule_book, ["undetermined"])["undetermined"].to_numpy()
    found = pd.DataFrame([(x.label, x.question, 0, 0) for x in facts.values()], [*facts])
    found.columns, start = ["label", "question", "next_question", "makes_final"], 0
    for part in typed.iter_slices(_AT_ONCE):
        asked, left = list(_asked(part, rule_book)), is_open[start : start + len(part)]
        ranks, start = np.array([order * left for _, order, *_ in asked] or [0 * left]), start + len(part)
        first = np.where(ranks.max(0) > 0, ranks.argmax(0), -1)
        for i, (fact, _, _, makes_final) in enumerate(asked):
            found.loc[fact, found.columns[2:]] += [(first == i).sum(), (makes_final & (ranks[i] > 0)).sum()]
    found["unrecorded"] = typed.null_count().row(0)
    found = found.assign(undetermined=int(is_open.sum()), n=len(typed)).query("unrecorded > 0")
    found = found.sort_values(["next_question", "makes_final"], ascending=False, kind="stable")
    found = found.rename_axis("fact").reset_index()
    found.attrs = {"rule_book": rule_book.fingerprint, "unreadable": unreadable}
    return found


def _typed(cases: Any, facts: Mapping[str, Fact]) -> tuple[pl.DataFrame, int]:
    """The typed facts of any frame, and how many values of a lazy one are no answers."""
    dask, in_memory = type(cases).__module__.startswith("dask."), isinstance(cases, IN_MEMORY)
    said = f"worth_recording takes a frame of cases, one a row, not {type(cases).__name__}. "
    said += "Of a single case, explain tells the next question."
    frame = cases if dask or in_memory else any_frame(cases, said)
    names = column_names(cases) if in_memory else [*cases.columns] if dask else frame.collect_schema().names()
    if not (found := claims(names, facts)):
        raise no_fact(names, facts, f" of the {len(names)} given")
    if in_memory:
        return typed_cases(cases, facts), 0
    own = [name for columns in found.values() for name in columns]
    held = cases[own].compute() if dask else frame.select(own).collect("polars").to_native()
    typed, unreadable = typed_partition(held, facts)
    return typed, int(unreadable.sum())


def questions(typed: pl.DataFrame, rule_book: RuleBook) -> tuple[NextQuestion, ...]:
    """All questions to ask of one case, the first of :func:`first_questions` first."""
    space, found = rule_book.answer_space, []
    for name, _, after, makes_final in sorted(_asked(typed, rule_book), key=lambda asked: -asked[1][0]):
        leads_to = [str(_STANDING[i]) for i in after[:, 0]]
        answers = dict(zip(space.options[name].values(), leads_to, strict=True))
        found.append(NextQuestion(name, space.facts[name].question, answers, bool(makes_final[0])))
    return tuple(found)


def _asked(cases: pl.DataFrame, rule_book: RuleBook) -> Iterator[tuple]:
    """Every fact that would help in some of the cases, asked of all at once, in the order of the book.

    Its name; for each case how it ranks (0: it is not asked), what stands after each answer, an answer a row,
    and whether one of them makes it final.
    """
    space, n = rule_book.answer_space, len(cases)
    places = space.places(cases)
    rules = [rule for rule in rule_book if rule.kind is not RuleKind.AMPLIFIER]
    standing = np.array([_STANDING.index(rule.level or "not_needed") for rule in rules], np.int8)[:, None]
    raising = np.where(standing > 1, standing, 0)  # a reason against raises nothing
    at = [tuple(places[name] for name in rule.facts) for rule in rules]
    said = np.array([space.table(rule.name)[at[i]] for i, rule in enumerate(rules)]).reshape(-1, n)
    now = (standing * (said == YES)).max(axis=0, initial=0)
    possible = raising * (said != NO)
    undetermined = possible.max(axis=0, initial=0) > now
    for fact, options in space.options.items():
        reading = [i for i, rule in enumerate(rules) if fact in rule.facts]
        able = np.array([space.helps(rules[i].name, fact)[at[i]] for i in reading]).reshape(-1, n)
        helps = (standing[reading] * able).max(axis=0, initial=0)
        helps[helps <= now] = 0
        if not helps.any():
            continue
        # an axis for the rules that read it, one for its answers, one for the cases
        learned = places | {fact: np.indices((len(options), n))[0]}
        then = [space.table(rules[i].name)[tuple(map(learned.get, rules[i].facts))] for i in reading]
        after = np.maximum(now, (standing[reading, None] * np.equal(then, YES)).max(axis=0))
        others = np.delete(possible, reading, axis=0).max(axis=0, initial=0)
        final = np.maximum(others, (raising[reading, None] * np.not_equal(then, NO)).max(axis=0)) <= after
        changes, unjudged = after != now, (said[reading] == UNKNOWN).sum(axis=0)
        makes_final = (final & (changes | undetermined)).any(axis=0)
        parts = _RANK[after].max(axis=0), makes_final, helps, changes.sum(axis=0), unjudged
        yield fact, np.where(helps, np.ravel_multi_index(parts, _SIZES), 0), after, makes_final


def smallest_change(rule: Rule, typed: pl.DataFrame, rule_book: RuleBook) -> tuple[Change, ...] | None:
    """The smallest change to one case after which a rule fires; ``None`` where none would do.

    Fewest recorded facts changed, then fewest learned, then the smallest steps along ordered levels, then the
    order in which the rule reads them.
    """
    space, facts = rule_book.answer_space, list(rule.facts.values())
    words = [list(space.options[fact.name].values()) for fact in facts]
    now = np.concatenate(list(space.places(typed, rule.facts).values())).astype(int)
    gap, ordered = now == list(map(len, words)), [fact.kind is Kind.ORDERED for fact in facts]
    ways = np.argwhere(space.table(rule.name) == YES)
    if not len(ways):
        return None
    changed = ways != now
    steps = (abs(ways - now) * (ordered & ~gap)).sum(axis=1)
    which = np.where(changed, ways, GRID_LIMIT).T[::-1]  # the first fact that it reads is changed first
    best = np.lexsort([*which, steps, (changed & gap).sum(axis=1), (changed & ~gap).sum(axis=1)])[0]
    alone = changed[best].sum() == 1
    alike = ways[(changed == changed[best]).all(axis=1)] if alone else ways[[best]]
    found = []
    for i in np.flatnonzero(changed[best]):
        seen = facts[i].in_words(typed[facts[i].name][0])
        found.append(Change(facts[i], seen, tuple(dict.fromkeys(words[i][place] for place in alike[:, i]))))
    return tuple(found)
