"""What would be said if more were known or something were different, found exactly from the rules' tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from secondop.rules.answers import GRID_LIMIT, NO, UNKNOWN, YES
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Level, Rule, RuleKind
from secondop.words import either

_AT_ONCE = 1 << 16  # cases: their arrays fit the processor's cache
_STANDING = ("no_indication", "not_needed", *Level)
"""Each stands over those before it: a reason against over none, and an indication over both."""
_RANK = np.array([RECOMMENDATIONS.index(recommendation) for recommendation in _STANDING])
_SIZES = len(_RANK), 2, len(_RANK), 1 << 20, 1 << 20  # no book has so many answers or rules

_Asked = tuple[str, np.ndarray, np.ndarray, np.ndarray]


class NextQuestion(NamedTuple):
    """A fact that is not recorded and could still change the recommendation.

    ``answers`` says for every answer, in words, what would be recommended if this alone were learned;
    ``makes_final`` whether one of them alone would make the recommendation final.
    """

    fact: str
    question: str
    answers: dict[str, str]
    makes_final: bool

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

    A fact that is not recorded is asked for if its answer could make a rule fire that stands above the
    recommendation (or, where nothing is indicated, a reason against). First comes the one with the highest
    level that one of its answers reaches; then whether one makes it final; the highest level that it could
    help to reach; how many answers change something; how many open rules read it; the order of the book.
    """
    found: list[str | None] = []
    for n, asked in asked_at_once(typed, rule_book):
        first, best = np.full(n, None), np.zeros(n, int)
        for fact, order, *_ in asked:
            first[order > best] = fact
            best = np.maximum(best, order)
        found += first.tolist()
    return pl.Series(found, dtype=pl.String)


def asked_at_once(typed: pl.DataFrame, rule_book: RuleBook) -> Iterator[tuple[int, Iterable[_Asked]]]:
    """Part by part, as fits the processor's cache: how many cases, and what :func:`_asked` says of them."""
    for part in typed.iter_slices(_AT_ONCE):
        yield len(part), _asked(part, rule_book)


def questions(typed: pl.DataFrame, rule_book: RuleBook) -> tuple[NextQuestion, ...]:
    """All questions to ask of one case, the first of :func:`first_questions` first."""
    space, found = rule_book.answer_space, []
    for name, _, after, makes_final in sorted(_asked(typed, rule_book), key=lambda asked: -asked[1][0]):
        leads_to = [str(_STANDING[i]) for i in after[:, 0]]
        answers = dict(zip(space.options[name].values(), leads_to, strict=True))
        found.append(NextQuestion(name, space.facts[name].question, answers, bool(makes_final[0])))
    return tuple(found)


def _asked(cases: pl.DataFrame, rule_book: RuleBook) -> Iterator[_Asked]:
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
