"""What would be said if more were known or something were different, found exactly from the rules' tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from secondop.rules.answers import UNKNOWN, YES, AnswerSpace
from secondop.rules.facts import Fact, Kind
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Rule, RuleKind
from secondop.words import either

_CHUNK = 1 << 16  # cases at a time: their arrays fit the processor's cache
_RANK = {level: place for place, level in enumerate(RECOMMENDATIONS)}


@dataclass(frozen=True)
class NextQuestion:
    """A fact that is not recorded and could still change the recommendation.

    Attributes
    ----------
    fact, question : str
        Its name, and how to ask for it.
    answers : dict of str
        For every answer, in words, what would be recommended if this alone were learned.
    settles : bool
        Whether one of the answers alone would settle the case.
    """

    fact: str
    question: str
    answers: dict[str, str]
    settles: bool

    @property
    def outcomes(self) -> str:
        """The answers, grouped by what they would lead to, in words."""
        groups: dict[str, list[str]] = {}
        for answer, recommendation in self.answers.items():
            groups.setdefault(recommendation, []).append(answer)
        return "; ".join(f"{either(words)} → {says.replace('_', ' ')}" for says, words in groups.items())


@dataclass(frozen=True)
class Change:
    """One fact that would have to be different: what was seen, and the answers that would do, in words."""

    fact: Fact
    seen: str
    needed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.fact.label}: {self.seen} → {either(self.needed)}"


class _Asked(NamedTuple):
    """One fact asked of some cases: its rank (0: not asked), where each answer leads, whether one settles."""

    place: int
    rank: np.ndarray
    leads_to: np.ndarray
    settles: np.ndarray


def first_questions(typed: pl.DataFrame, rule_book: RuleBook) -> pl.Series:
    """The name of the fact to ask for next in every case, null where no answer could change anything.

    A fact that is not recorded is asked for if its answer could make a rule fire that stands above the
    recommendation (or, where nothing is indicated, a reason against). First comes the one with the highest
    level that one of its answers reaches; then whether one settles the case; the highest level that it could
    help to reach; how many answers change something; how many open rules read it; the order of the book.
    """
    space = rule_book.answer_space
    names, found = pl.Series([*space.facts, None], dtype=pl.String), [np.empty(0, np.int64)]
    for part in typed.iter_slices(_CHUNK):
        best, first = np.zeros(len(part), np.int64), np.full(len(part), len(space.facts))
        for asked in _ask(space, rule_book, space.places(part)):
            ahead = asked.rank > best
            best[ahead], first[ahead] = asked.rank[ahead], asked.place
        found.append(first)
    return names.gather(np.concatenate(found))


def questions(typed: pl.DataFrame, rule_book: RuleBook) -> tuple[NextQuestion, ...]:
    """All questions to ask of one case, the first of :func:`first_questions` first."""
    space = rule_book.answer_space
    found, facts = [], list(space.facts.values())
    for asked in sorted(_ask(space, rule_book, space.places(typed)), key=lambda asked: -asked.rank[0]):
        fact = facts[asked.place]
        words = [answer.words for answer in space.options[fact.name]]
        leads_to = [RECOMMENDATIONS[rank] for rank in asked.leads_to[:, 0]]
        answers = dict(zip(words, leads_to, strict=True))
        found.append(NextQuestion(fact.name, fact.question, answers, bool(asked.settles[0])))
    return tuple(found)


def _ask(space: AnswerSpace, rule_book: RuleBook, places: dict[str, np.ndarray]) -> Iterator[_Asked]:
    """Every fact that would help in some of the cases, asked of all at once."""
    rules = [rule for rule in rule_book if rule.kind is not RuleKind.AMPLIFIER]
    level = {rule.name: _RANK[rule.level or "not_needed"] for rule in rules}
    n = len(next(iter(places.values()), ()))
    yes, maybe = np.zeros((2, len(RECOMMENDATIONS), n), np.int16)  # how many rules of each rank
    strides, codes, said = {}, {}, {}
    for name, rank in level.items():
        table = space.table(name)
        steps = np.cumprod([1, *table.shape[:0:-1]])[::-1]
        strides[name] = dict(zip(space.rules[name].facts, steps, strict=True))
        codes[name] = sum(places[fact].astype(np.intp) * step for fact, step in strides[name].items())
        said[name] = table.ravel()[codes[name]]
        yes[rank] += said[name] == YES
        maybe[rank] += said[name] == UNKNOWN
    now, highest = _recommended(yes, maybe)
    for place, (fact, options) in enumerate(space.options.items()):
        reading = {name: rank for name, rank in level.items() if fact in strides[name]}
        gap = places[fact] == len(options)
        helps, open_rules = np.zeros((2, n), np.int64)
        for name, rank in reading.items():
            matters = space.matters(name, fact)[codes[name]]
            above = now == _RANK["no_indication"] if rank == 0 else now < rank
            # ranked from 1, so that a reason against (0) can be told from no help at all
            np.maximum(helps, (matters & above) * (rank + 1), out=helps)
            open_rules += said[name] == UNKNOWN
        if not helps.any():
            continue
        leads, settles = [], np.zeros(n, bool)
        for answer in range(len(options)):
            then, open_then = yes.copy(), maybe.copy()
            for name, rank in reading.items():
                step = (answer - len(options)) * strides[name][fact]
                new = space.table(name).ravel()[codes[name] + gap * step]
                then[rank] += new == YES
                open_then[rank] += (new == UNKNOWN).astype(np.int16) - (said[name] == UNKNOWN)
            learned, possible = _recommended(then, open_then)
            leads.append(learned)
            settles |= (possible == learned) & ((highest != now) | (learned != now))
        changes, later = sum(learned != now for learned in leads), len(space.options) - place
        rank = np.maximum.reduce(leads).astype(np.int64)
        parts = ((settles, 2), (helps, 8), (changes, 256), (open_rules, 4096), (later, 4096))
        for part, size in parts:
            rank = rank * size + part
        yield _Asked(place, np.where(helps > 0, rank, 0), np.array(leads), settles)


def _recommended(yes: np.ndarray, maybe: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ranks of the recommendation and of the highest possible, from how many rules of a rank fire or may."""
    stands = highest = np.where(yes[0] > 0, _RANK["not_needed"], _RANK["no_indication"]).astype(np.int8)
    for rank in range(_RANK["no_indication"] + 1, len(yes)):
        stands = np.where(yes[rank] > 0, rank, stands)
        highest = np.where(yes[rank] + maybe[rank] > 0, rank, highest)
    return stands, highest


def smallest_changes(
    rules: Iterable[Rule], typed: pl.DataFrame, rule_book: RuleBook
) -> dict[str, tuple[Change, ...] | None]:
    """For each rule the smallest change to one case after which it fires; ``None`` where none would do.

    Fewest recorded facts changed, then fewest learned, then the smallest steps along ordered levels, then the
    order in which the rule reads them.
    """
    space = rule_book.answer_space
    places = {name: int(place[0]) for name, place in space.places(typed).items()}
    return {rule.name: _smallest(rule, space, places, typed) for rule in rules}


def _smallest(
    rule: Rule, space: AnswerSpace, places: dict[str, int], typed: pl.DataFrame
) -> tuple[Change, ...] | None:
    facts = list(rule.facts.values())
    now = np.array([places[fact.name] for fact in facts])
    last = np.array([len(space.options[fact.name]) for fact in facts])
    ordered, gap = np.array([fact.kind is Kind.ORDERED for fact in facts]), now == last
    rows = np.argwhere(space.table(rule.name) == YES)
    if not len(rows):
        return None
    changed = rows != now
    steps = (np.abs(rows - now) * (ordered & ~gap)).sum(axis=1)
    order = np.where(changed, rows, -1).T[::-1]
    best = np.lexsort([*order, steps, (changed & gap).sum(axis=1), (changed & ~gap).sum(axis=1)])[0]
    alike = np.arange(len(rows)) == best
    if changed[best].sum() == 1:
        alike = (changed == changed[best]).all(axis=1)
    found = []
    for i in np.flatnonzero(changed[best]):
        fact, options = facts[i], space.options[facts[i].name]
        seen = "not recorded" if gap[i] else fact.in_words(typed[fact.name][0])
        needed = dict.fromkeys(options[row[i]].words for row in rows[alike])
        found.append(Change(fact, seen, tuple(needed)))
    return tuple(found)
