"""One case explained: reasons for and against, what cannot be judged, and what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError, unknown_name
from secondop.rules import gate
from secondop.rules.assess import SUMMARY, assess_typed
from secondop.rules.conditions import Condition
from secondop.rules.plain import plain
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Advice, Level, Rule, RuleKind
from secondop.rules.spellings import (
    Unreadable,
    claims,
    is_not_recorded,
    near_misses,
    no_fact,
    read_answer,
    show,
)
from secondop.rules.what_if import Change, NextQuestion, questions, smallest_change
from secondop.words import NOT_FOR_CARE, an, render

HEADLINES = {
    "urgent": "{} is recommended, urgently.",
    "recommended": "{} is recommended.",
    "optional": "{} is the patient's choice.",
    "no_indication": "no indication for {}.",
    "not_needed": "{} may not be needed.",
}


class Reason(NamedTuple):
    """What one rule says of the case, in words for its audience."""

    rule: Rule
    verdict: bool | None  # none: it cannot be judged
    seen: dict[str, Any]  # the facts that it reads, with their values
    note: str  # what strengthens it in this case
    source: str
    words: str  # what was seen, in words

    @property
    def mark(self) -> str:
        """The level of an indication, or what sort of rule it is otherwise."""
        return str(self.rule.level or self.rule.kind).replace("_", "-")


@dataclass(frozen=True, repr=False, eq=False)
class Explanation:
    """What a rule book says of one case, and why. Shows itself in a notebook, a terminal and a program.

    ``facts`` are those recorded, ``extras`` whatever else came with the case; ``recommendation`` is the level
    that stands, ``possible`` the highest that missing information allows.
    """

    facts: dict[str, Any]
    extras: dict[Any, Any]
    rule_book: RuleBook
    audience: str
    recommendation: str
    possible: str
    undetermined: bool
    verdicts: dict[str, bool | None]
    typed: pl.DataFrame

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """What every rule says: the strongest first, then by statement."""
        levels, told, sources = (*reversed(Level), None), [], self.rule_book.sources_by_key
        amplifiers = [x.label for x in self.rule_book.of_kind("amplifier") if self.verdicts[x.name]]
        ranked = sorted(self.rule_book, key=lambda r: (levels.index(r.level), r.kind, r.statement, r.name))
        for rule in ranked:
            fires, notes = self.verdicts[rule.name], []
            if fires and rule.stronger_when is not None and self._met(rule.stronger_when):
                notes.append(f"stronger, since {rule.stronger_when}")
            if fires and rule.clinical and amplifiers:
                notes.append(f"strengthened by: {'; '.join(amplifiers)}")
            source = f"{rule.source} ({sources[rule.source].grade})"
            source = source if self.audience == "patient" else rule.cited(sources)
            seen, words = {x: self.facts.get(x) for x in rule.facts}, "; ".join(self._in_words(rule.facts))
            told.append(Reason(rule, fires, seen, "; ".join(notes), source, words))
        return tuple(told)

    def _met(self, when: Condition) -> bool | None:
        return self.typed.select(when.to_expr(lambda fact: pl.col(fact.name))).item()

    def _in_words(self, names: Iterable[str]) -> list[str]:
        """Facts with their values: as questions for a patient, in clinical terms for a clinician."""
        facts, asked = [self.rule_book.facts[name] for name in names], self.audience == "patient"
        said = [fact.question if asked else f"{fact.label}:" for fact in facts]
        return [f"{words} {f.in_words(self.facts.get(f.name))}" for words, f in zip(said, facts, strict=True)]

    @property
    def supporting(self) -> tuple[Reason, ...]:
        """Reasons for: the indications that fire."""
        return tuple(r for r in self.reasons if r.verdict and r.rule.kind is RuleKind.INDICATION)

    @property
    def opposing(self) -> tuple[Reason, ...]:
        """Reasons against: the counter-indications that fire. They cancel no indication."""
        return tuple(r for r in self.reasons if r.verdict and r.rule.kind is RuleKind.COUNTER_INDICATION)

    @property
    def cannot_be_judged(self) -> tuple[Reason, ...]:
        """The reasons for and against that cannot be judged, since information is missing."""
        return tuple(r for r in self.reasons if r.verdict is None and r.rule.kind is not RuleKind.AMPLIFIER)

    @cached_property
    def next_questions(self) -> tuple[NextQuestion, ...]:
        """What to ask, as :func:`secondop.rules.what_if.first_questions` ranks it."""
        return questions(self.typed, self.rule_book)

    @property
    def cautions(self) -> tuple[Advice, ...]:
        """What to keep in mind before one is asked for."""
        return tuple(advice for advice in self._advice if not advice.next_step)

    @property
    def next_steps(self) -> tuple[Advice, ...]:
        """What to do then."""
        return tuple(advice for advice in self._advice if advice.next_step)

    @cached_property
    def _advice(self) -> list[Advice]:
        """What is said of this case, in the words for it."""
        clinical, said = [self.verdicts[rule.name] for rule in self.rule_book if rule.clinical], []
        for advice in self.rule_book.advice:
            met = True if advice.when is None else self._met(advice.when)
            words = {True: advice.words, None: advice.if_unknown, False: ""}[met]
            barred = advice.only_without_clinical and not all(verdict is False for verdict in clinical)
            barred |= advice.only_with_clinical and True not in clinical
            said += [replace(advice, words=words)] if words and not barred else []
        return said

    @property
    def consult(self) -> tuple[str, ...]:
        """Whom to see, for the strongest reason first."""
        return tuple(dict.fromkeys(r.rule.consult for r in self.supporting if r.rule.consult))

    @property
    def headline(self) -> str:
        """The recommendation as a sentence."""
        words = HEADLINES[self.recommendation].format(an(self.rule_book.subject))
        return words[:1].upper() + words[1:]

    @property
    def outlook(self) -> str:
        """Whether missing information could still change it."""
        if self.undetermined:
            idle = "" if self.next_questions else " Yet no answer would, as the rules are written."
            possible = self.possible.replace("_", " ")
            return f"Provisional: missing information could raise it to {possible}.{idle}"
        if self.next_questions:
            return "Nothing could raise it; missing information could still say that none is needed."
        return "Final: no missing information could change it."

    @property
    def about(self) -> str:
        """Which rule book says so, of which edition."""
        return f"{self.rule_book.title}. {self.rule_book.about}"

    @cached_property
    def why_not(self) -> dict[str, tuple[Change, ...] | None]:
        """For each rule that does not fire or cannot be judged: the smallest change after which it would."""
        rules = (r.rule for r in self.reasons if r.verdict is not True)
        return {rule.name: smallest_change(rule, self.typed, self.rule_book) for rule in rules}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        words = ("audience", "recommendation", "possible", "undetermined", "headline", "outlook", "about")
        told = {name: getattr(self, name) for name in (*words, "facts")}
        told |= {"note": NOT_FOR_CARE, "rule_book": self.rule_book.fingerprint, "consult": list(self.consult)}
        told["extras"] = {str(key): _plain(value) for key, value in self.extras.items()}
        for name in ("supporting", "opposing", "cannot_be_judged"):
            told[name] = [r._asdict() | {"rule": plain(r.rule)} for r in getattr(self, name)]
        for name in ("cautions", "next_steps"):
            told[name] = [plain(advice) for advice in getattr(self, name)]
        told["next_questions"] = [question._asdict() for question in self.next_questions]
        told["why_not"] = {name: need and list(map(str, need)) for name, need in self.why_not.items()}
        return told

    def to_frame(self) -> pd.DataFrame:
        """A row a rule: ``rule, statement, kind, level, label, verdict, facts`` (seen), ``source, grade``."""
        said = {r.rule.name: {"verdict": r.verdict, "facts": r.words} for r in self.reasons}
        frame = pd.DataFrame.from_dict(said, orient="index").astype({"verdict": "boolean"})
        frame = frame.join(self.rule_book.to_frame().set_index("name")).rename_axis("rule").reset_index()
        return frame[["rule", "statement", "kind", "level", "label", "verdict", "facts", "source", "grade"]]

    def to_html(self) -> str:
        """The explanation as one block of HTML: no script, everything escaped."""
        book, told = self.rule_book, {"e": self, "note": NOT_FOR_CARE}
        reached = {"no_indication", *(rule.level for rule in book)}
        reached |= {"not_needed"} if book.of_kind("counter_indication") else set()
        told["levels"] = [level for level in RECOMMENDATIONS if level in reached]
        extras = {name: x if isinstance(x, str) else show(x) for name, x in self.extras.items()}
        told["seen"] = [f"{name}: {x}"[:200] for name, x in extras.items()] + self._in_words(self.facts)
        told["gaps"] = len(book.rule_facts.keys() - self.facts.keys())
        return render("explanation.html.j2", **told)

    _repr_html_ = to_html

    def __repr__(self) -> str:
        return render("explanation.txt.j2", e=self, note=NOT_FOR_CARE)


def explain(case: Any, rule_book: RuleBook, *, audience: str = "patient") -> Explanation:
    """Explain what a rule book says of one case: reasons for and against, and what to ask next."""
    if audience not in ("patient", "clinician"):
        raise unknown_name("audience", audience, ("patient", "clinician"))
    row, facts = _row(case), rule_book.facts
    found, extras = claims(row.index, facts), dict(row.items())
    if len(row) and not found and not near_misses(row.index, facts):
        raise no_fact(row.index, facts)
    answers = {name: read_answer(facts[name], extras.pop(own[0])) for name, own in found.items()}
    known = {*SUMMARY, *(rule.name for rule in rule_book)}  # of an assessment: no fact misspelt
    misspelt = near_misses([name for name in row.index if name not in known], facts)
    twice = any(len(own) > 1 for own in found.values())
    if misspelt or twice or any(isinstance(answer, Unreadable) for answer in answers.values()):
        _, problems = gate.typed(row.to_frame().T, facts)
        where = 1, 0, "the case", "", "is no fact"
        more = (gate.Problem(name, *where, f"Did you mean {fact!r}?") for name, fact in misspelt.items())
        rows = [*problems.itertuples(index=False), *more]
        gate.raise_problems(pd.DataFrame(rows, columns=problems.columns), 1)
    typed = pl.DataFrame([pl.Series(name, [answers.get(name)], facts[name].dtype) for name in facts])
    recorded = {name: answer for name, answer in answers.items() if answer is not None}
    says = assess_typed(typed, rule_book).row(0, named=True)
    stands = (says[name] for name in ("recommendation", "possible", "undetermined"))
    return Explanation(recorded, extras, rule_book, audience, *stands, says, typed)


def _row(case: Any) -> pd.Series:
    """A case of any shape as a row of anything."""
    case = case.to_pandas() if isinstance(case, (pl.DataFrame, pa.Table)) else case
    if isinstance(case, Mapping):
        case = pd.Series(list(case.values()), pd.Index(list(case), dtype=object), dtype=object)
    elif isinstance(case, pd.DataFrame) and len(case) == 1:
        case = case.astype(object).iloc[0]
    if isinstance(case, pd.Series):
        return case
    got = f"{len(case):,} cases" if isinstance(case, pd.DataFrame) else type(case).__name__
    taken = "a dict of facts, a row of a pandas frame (frame.iloc[0]), or a frame of one row in memory"
    raise SecondopError(f"explain takes one case: {taken}; got {got}. For many cases use assess.")


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; what is missing is null."""
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, str) and is_not_recorded(value):
        return None
    if isinstance(value, (int, float)):
        return value if abs(value) < 1e300 else show(value)
    return str(value)
