"""The case deck, and a quiz drawn from it: cases to predict and then reveal, with rules and their sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from secondop.arguments import NAMES, checked, named
from secondop.datafiles import data_path
from secondop.errors import SecondopError, unknown_name
from secondop.guideline.defaults import explain, read_cases
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.explain import Explanation, Reason
from secondop.rules.facts import Kind
from secondop.rules.rules import RECOMMENDATIONS, RuleKind
from secondop.rules.spellings import normalised
from secondop.teaching.feedback import Feedback, unanswered
from secondop.teaching.markup import SMALL, TEXT, Html, div, el
from secondop.teaching.strings import said
from secondop.words import either

WORDS = {level: level.replace("_", " ") for level in RECOMMENDATIONS}
"""The five recommendations, each in words."""


@dataclass(frozen=True)
class TeachingCase:
    """One invented case: its story, what is recorded of it, and what the rule book should say.

    ``facts`` are those recorded: one that is absent is not recorded, never no. ``about`` names the rules that
    it teaches, ``expected`` is the recommendation that it should get, and ``why`` the reason in plain words.
    ``disputed`` says why a clinician may see it otherwise; it is empty for most.
    ``usual`` is what the deck's cases record where their story says nothing else: what differs stands out.

    >>> case = deck()["T008"]
    >>> case.check("Recommended").correct, case.check("not needed").correct, case.check(...).correct
    (True, False, None)
    """

    id: str
    title: str
    story: str
    facts: dict[str, Any] = field(hash=False, repr=False)
    about: tuple[str, ...]
    expected: str
    why: str
    disputed: str = ""
    usual: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def check(self, answer: object) -> Feedback:
        """Whether a predicted recommendation is right, and why.

        ``answer`` is one of the five, in any case, with blanks or hyphens; left open, it is unanswered.
        """
        if unanswered(answer):
            return Feedback(None, f"Choose {either(list(WORDS.values()))}.")
        level = normalised(answer) if isinstance(answer, str) else None
        if level not in RECOMMENDATIONS:
            raise unknown_name("recommendation", answer, RECOMMENDATIONS)
        right = level == self.expected
        lines = [f"The rule book says “{WORDS[self.expected]}”{'' if right else f', not “{WORDS[level]}”'}."]
        lines += [] if right else [hint_words(self.hints[level], WORDS[level])]
        lines += [*(_verdict(self, reason) for reason in self.told), self.why]
        lines += [self.explanation.outlook] if self.explanation.undetermined else []
        return Feedback(right, "\n".join([*lines, *filter(None, [self.dispute])]))

    @cached_property
    def explanation(self) -> Explanation:
        """What the rule book says of it, and why."""
        return explain(self.facts, audience="clinician")

    @property
    def told(self) -> list[Reason]:
        """The rules that decide it, which fire at its level, and then the others that it teaches."""
        e = self.explanation
        fire = e.opposing if self.expected == "not_needed" else e.supporting
        decide = [r for r in fire if r.rule.level in (None, self.expected)]
        return decide + [r for r in e.reasons if r.rule.name in self.about and r not in decide]

    @property
    def dispute(self) -> str:
        """That a clinician may see it otherwise, and why; empty for most cases."""
        return self.disputed and f"A clinician may see it otherwise. {self.disputed}"

    @property
    def front(self) -> list[str]:
        """The facts to be read first: whom it is about, what is taught, and what is not as usual."""
        first = {"sex", "specialty"}.union(*(RULE_BOOK[rule].facts for rule in self.about))
        return [n for n, value in self.facts.items() if n in first or value != self.usual.get(n)]

    @property
    def topics(self) -> tuple[str, ...]:
        """The groups of the rules that it teaches."""
        return tuple(sorted({RULE_BOOK[rule].group for rule in self.about}))

    @property
    def hints(self) -> dict[str, str]:
        """What each wrong prediction overlooks, as a key of the catalogue."""
        return {level: _hint(self, level) for level in RECOMMENDATIONS if level != self.expected}

    def to_dict(self) -> dict[str, Any]:
        """The case as a row: ``case``, ``title`` and ``story`` beside the recorded facts, and no answer."""
        return {"case": self.id, "title": self.title, "story": self.story, **self.facts}

    def to_html(self) -> Html:
        """The case to read: its story, what stands out in the record, and what is not recorded."""
        front, words = self.front, []
        for name in front:
            fact, value = RULE_BOOK.facts[name], self.facts[name]
            told = fact.quantity(fact.in_words(value), value) if fact.is_numeric else fact.in_words(value)
            words.append(el("li", "", f"{fact.label}: ", el("b", "", told)))
        gaps = [fact.label for name, fact in RULE_BOOK.facts.items() if name not in self.facts]
        rest = f"Not recorded: {', '.join(gaps)}. " if gaps else ""
        rest += f"Also recorded, as usual: {len(self.facts) - len(front)} facts."
        head = el("b", "font-size:1.2em;", self.title), el("p", "", self.story), el("ul", "", *words)
        return div(f"{TEXT}max-width:56em;", *head, el("p", SMALL, rest))

    _repr_html_ = to_html


class Score(NamedTuple):
    """How many answers are right, of how many given, of how many cases."""

    right: int
    answered: int
    of: int


class Deck(tuple):
    """Teaching cases, by position or by id; in JupyterLab a pile of cards to predict and reveal.

    What is answered there stays in this object: nothing is written anywhere.
    """

    def __getitem__(self, key: int | slice | str) -> TeachingCase | Deck:
        if isinstance(key, str):
            named = {case.id: case for case in self}
            if key not in named:
                raise unknown_name("teaching case", key, named)
            return named[key]
        found = super().__getitem__(key)
        return Deck(found) if isinstance(key, slice) else found

    def __repr__(self) -> str:
        return f"Deck of {len(self)} teaching cases: " + ", ".join(case.id for case in self)

    @cached_property
    def widget(self) -> Any:
        """The cards, as one widget."""
        from secondop.teaching.screen import CardScreen  # it needs packages that a deck does not

        return CardScreen(self)

    @property
    def score(self) -> Score:
        """Right answers, answers given on the screen, and cases."""
        given = {case: told["answer"] for case, told in self.widget.quiz["given"].items()}
        right = sum(self[case].expected == answer for case, answer in given.items())
        return Score(right, len(given), len(self))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)


@cache
def _cases() -> Deck:
    table = read_cases(data_path("teaching_cases.csv"))
    usual = _recorded({name: table[name].mode().iloc[0] for name in RULE_BOOK.facts})
    texts = table[["case", "title", "story", "about", "expected", "why", "disputed"]].fillna("")
    rows = zip(texts.to_dict("records"), table.astype(object).to_dict("records"), strict=True)
    told = ({"id": text.pop("case"), "facts": _recorded(row), "usual": usual} | text for text, row in rows)
    return Deck(TeachingCase(**one | {"about": tuple(one["about"].split())}) for one in told)


@named
def deck() -> Deck:
    """The teaching cases: predict what the rule book says, then reveal it with the rule and its source.

    Shown in JupyterLab it is gone through card by card; ``deck()["T008"]`` is one case, with
    :meth:`TeachingCase.check`.

    >>> print(deck()["T002"].check("recommended"))
    ✗ Not quite. The rule book says “no indication”, not “recommended”.
    “Recommended” takes a clinical indication that fires.
    A1.1 “Tests found nothing, yet suspicion of disease stays high” [overview-2025, A1.1 (secondary web
    summary)] does not fire; it would with suspicion: moderate → high.
    Suspicion is moderate, not high, so the clean tests may stand for now.
    """
    return _cases()[:]  # with answers of its own


@checked(topics=NAMES)
def quiz(n: int, *, seed: int, topics: str | Iterable[str] | None = None) -> Deck:
    """A quiz of n cases, spread over the five recommendations as evenly as the deck allows.

    In JupyterLab it is answered card by card, with a score at the end, which ``.score`` holds too. The same
    ``seed`` gives the same quiz, so that a class can share one. ``topics`` are groups of rules, such as
    ``"treatment failure"``: only cases that teach a rule of these.

    >>> ten = quiz(10, seed=1)
    >>> len(ten), ten[0].check(ten[0].expected).correct
    (10, True)
    """
    cases, of = [*deck()], ""
    if topics is not None:
        known = sorted({topic for case in cases for topic in case.topics})
        wanted = set(topics)
        if not wanted <= set(known) or not wanted:
            raise unknown_name("topic", min(wanted - set(known), key=str, default=""), known)
        cases, of = [case for case in cases if wanted & set(case.topics)], " of these topics"
    if n > len(cases):
        said = f"A quiz{of} has 1 to {len(cases)} items, as many as there are cases; got {n}."
        raise SecondopError(said)
    rng = np.random.default_rng(seed)
    piles = [[case for case in cases if case.expected == level] for level in RECOMMENDATIONS]
    piles = [[pile[i] for i in rng.permutation(len(pile))] for pile in piles]
    rounds = zip_longest(*(piles[i] for i in rng.permutation(len(piles))))  # one of each level a round
    drawn = [case for one_of_each in rounds for case in one_of_each if case][:n]
    return Deck(drawn[i] for i in rng.permutation(n))


def _recorded(row: dict[str, Any]) -> dict[str, Any]:
    """The recorded facts of a row, in plain values."""
    plain = {Kind.FLAG: bool, Kind.COUNT: int, Kind.NUMBER: float}
    known = {n: f for n, f in RULE_BOOK.facts.items() if not pd.isna(row.get(n))}
    return {n: plain.get(f.kind, str)(row[n]) for n, f in known.items()}


def hint_words(key: str, level: str) -> str:
    """A hint in words, for a prediction in words."""
    return said(f"hint-{key}").format(level=level, Level=level.capitalize())


def _hint(case: TeachingCase, level: str) -> str:
    """What the mistake overlooked, as far as the explanation shows it: a key of the catalogue."""
    e, rank = case.explanation, RECOMMENDATIONS.index
    clinical = rank(level) >= rank("recommended")
    amplified = any(r.verdict and r.rule.kind is RuleKind.AMPLIFIER for r in e.reasons)
    wish = any(reason.rule.preference for reason in e.supporting)
    hints = {
        # what it says, and where it applies: the first that does
        "could-become": rank(case.expected) < rank(level) <= rank(e.possible),
        "cancels-nothing": level == "not_needed" and e.opposing,
        "none-against": level == "not_needed",
        "only-against": case.expected == "not_needed",
        "severity": clinical and amplified,
        "wishes": clinical and case.expected == "optional",
        "clinical": clinical and case.expected == "no_indication",
        "none-urgent": level == "urgent",
        "highest": case.expected == "urgent",
        "wish-alone": case.expected == "optional",
        "wish-apart": level == "optional" and wish,
        "wish": level == "optional",
    }
    return next((key for key, applies in hints.items() if applies), "one")


def _verdict(case: TeachingCase, reason: Reason) -> str:
    """One rule with its source, and what it says of the case."""
    rule, says = reason.rule, f"fires ({reason.mark})"
    if reason.verdict is None:
        gaps = [RULE_BOOK.facts[name].label for name, value in reason.seen.items() if value is None]
        says = f"cannot be judged; not recorded: {', '.join(gaps)}"
    elif not reason.verdict:
        changes = " and ".join(map(str, case.explanation.why_not[rule.name] or ()))
        says = f"does not fire{changes and f'; it would with {changes}'}"
    return f"{rule.statement} “{rule.label}” [{reason.source}] {says}. {rule.remark}".rstrip()
