"""What would be said if more were known or something were different, found exactly by laying it all out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from secondop.rules.assess import assess_coded
from secondop.rules.domain import UNKNOWN, Answer, answers, coded_frame, grid, verdicts
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indication import RECOMMENDATIONS, Indication, RuleKind
from secondop.rules.rulebook import RuleBook


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

    fact: str
    seen: str
    needed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{FACTS[self.fact].label}: {self.seen} → {either(self.needed)}"


def either(words: Sequence[str]) -> str:
    """Alternatives as a list that is read aloud."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def as_answers(facts: Mapping[str, Any]) -> dict[str, Answer]:
    """The recorded facts of a case, as answers."""
    return {
        name: Answer(value, f.in_words(value), f.levels.index(value) if f.has_levels else value)
        for name, value in facts.items()
        for f in [FACTS[name]]
    }


def assess_with_questions(
    facts: Mapping[str, Any], rule_book: RuleBook
) -> tuple[dict[str, Any], tuple[NextQuestion, ...]]:
    """Assess one case, and find the facts to ask for, with every state of knowledge in one frame.

    A fact is asked for if there is something that might be learned besides, or nothing, after which an answer
    to it changes the recommendation.
    """
    known = as_answers(facts)
    options = {n: answers(n, [r.when for r in rule_book]) for n in rule_book.facts if n not in known}
    spaces = [
        grid({name: (UNKNOWN, *options[name]) for name in rule.facts if name in options})
        for rule in rule_book
        if rule.kind in (RuleKind.INDICATION, RuleKind.COUNTER_INDICATION)
    ]
    # One rule's facts at a time are enough: an answer changes the recommendation through a rule that reads
    # it, and whatever else is learned, of facts that this rule does not read, could only hide the change.
    learned = [frozenset((n, a) for n, a in row.items() if a is not UNKNOWN) for s in spaces for row in s]
    states = list(dict.fromkeys([frozenset(), *learned]))
    assessed = assess_coded(coded_frame([known | dict(s) for s in states], rule_book.facts), rule_book)
    says = zip(assessed["recommendation"].to_list(), assessed["undetermined"].to_list(), strict=True)
    outcomes = dict(zip(states, says, strict=True))
    case = assessed.row(0, named=True)
    undecided = [rule for rule in rule_book if case[rule.name] is None]
    return case, _next_questions(options, outcomes, undecided)


def _next_questions(
    options: dict[str, list[Answer]],
    outcomes: dict[frozenset[tuple[str, Answer]], tuple[str, bool]],
    undecided: list[Indication],
) -> tuple[NextQuestion, ...]:
    now, open_now = outcomes[frozenset()]
    helps: dict[str, int] = {}  # a fact that matters in some state -> the highest level it helps to reach
    for state, (recommendation, _) in outcomes.items():
        for pick in state:
            if outcomes[state - {pick}][0] != recommendation:
                helps[pick[0]] = max(helps.get(pick[0], 0), RECOMMENDATIONS.index(recommendation))
    ranked = []
    for name in (fact for fact in FACTS if fact in helps):
        alone = {answer.words: outcomes[frozenset([(name, answer)])] for answer in options[name]}
        leads_to = {words: says for words, (says, _) in alone.items()}
        settles = any(not still_open and (open_now or says != now) for says, still_open in alone.values())
        rank = (
            -max(map(RECOMMENDATIONS.index, leads_to.values())),
            not settles,
            -helps[name],
            -sum(says != now for says in leads_to.values()),
            -sum(name in rule.facts for rule in undecided),
        )
        ranked.append((rank, NextQuestion(name, FACTS[name].meaning, leads_to, settles)))
    return tuple(question for _, question in sorted(ranked, key=lambda pair: pair[0]))


def smallest_changes(
    rules: Iterable[Indication], facts: Mapping[str, Any]
) -> dict[str, tuple[Change, ...] | None]:
    """For each rule the smallest change to the facts after which its condition holds, or ``None``."""
    now = as_answers(facts)
    found = {}
    for rule in rules:
        options = {name: answers(name, [rule.when]) for name in rule.facts}
        rows = grid({n: [now.get(n, UNKNOWN), *others] for n, others in options.items()})
        holds = verdicts({"holds": rule.when}, coded_frame(rows, rule.facts))["holds"]
        found[rule.name] = _smallest([row for row, yes in zip(rows, holds, strict=True) if yes], now)
    return found


def _smallest(rows: list[dict[str, Answer]], now: dict[str, Answer]) -> tuple[Change, ...] | None:
    """Fewest recorded facts changed, then fewest learned, then the smallest steps along ordered levels."""

    def changed(row: dict[str, Answer]) -> list[str]:
        return [name for name, answer in row.items() if answer is not now.get(name, UNKNOWN)]

    def cost(row: dict[str, Answer]) -> tuple[int, int, int]:
        names = changed(row)
        recorded = [name for name in names if name in now]
        steps = [abs(row[n].code - now[n].code) for n in recorded if FACTS[n].kind is Kind.ORDERED]
        return len(recorded), len(names) - len(recorded), sum(steps)

    if not rows:
        return None
    best = min(rows, key=cost)
    names = changed(best)
    alike = [row for row in rows if changed(row) == names] if len(names) == 1 else [best]
    return tuple(
        Change(n, now.get(n, UNKNOWN).words, tuple(dict.fromkeys(row[n].words for row in alike)))
        for n in names
    )
