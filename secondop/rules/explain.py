"""One case explained: reasons for and against, what cannot be judged, and what to ask next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError, unknown_name
from secondop.rules.assess import SUMMARY, assess_typed
from secondop.rules.conditions import Condition
from secondop.rules.facts import Fact
from secondop.rules.gate import raise_problems
from secondop.rules.gate import typed as read_typed
from secondop.rules.plain import plain
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import RECOMMENDATIONS, Level, Rule, RuleKind
from secondop.rules.spellings import Unreadable, claims, near_misses, read_answer, show
from secondop.rules.what_if import Change, NextQuestion, questions, smallest_changes
from secondop.words import NOT_FOR_CARE, an, render

AUDIENCES = ("patient", "clinician")
HEADLINES = {
    "urgent": "{A} is recommended, urgently.",
    "recommended": "{A} is recommended.",
    "optional": "{A} is the patient's choice.",
    "no_indication": "No indication for {a}.",
    "not_needed": "{A} may not be needed.",
}


class Reason(NamedTuple):
    """What one rule says of the case, in words for its audience.

    ``verdict`` is ``None`` where it cannot be judged; ``seen`` are the facts that it reads with their values,
    ``words`` the same in words; ``note`` says what strengthens it in this case, ``source`` who says so.
    """

    rule: Rule
    verdict: bool | None
    seen: dict[str, Any]
    note: str
    source: str
    words: str

    @property
    def mark(self) -> str:
        """The level of an indication, or what sort of rule it is otherwise."""
        return str(self.rule.level or self.rule.kind).replace("_", "-")


class Remark(NamedTuple):
    """A caution or a next step, with the statement that it comes from."""

    statement: str
    words: str


@dataclass(frozen=True, repr=False)
class Explanation:
    """What a rule book says of one case, and why. Shows itself in a notebook, a terminal and a program.

    Attributes
    ----------
    facts, extras : dict
        The recorded facts; and whatever else came with the case, untouched.
    recommendation, possible, undetermined : str, str, bool
        The level that stands, the highest that missing information allows, and whether that is higher.
    reasons : tuple of Reason
        One per rule: the strongest first, then by statement.
    next_questions : tuple of NextQuestion
        As :func:`secondop.rules.what_if.first_questions` ranks them.
    cautions, next_steps : tuple of Remark
        What to keep in mind before one is asked for; and what to do then.
    """

    facts: dict[str, Any]
    extras: dict[Any, Any]
    rule_book: RuleBook = field(repr=False)
    audience: str
    recommendation: str
    possible: str
    undetermined: bool
    reasons: tuple[Reason, ...]
    next_questions: tuple[NextQuestion, ...]
    cautions: tuple[Remark, ...]
    next_steps: tuple[Remark, ...]
    typed: pl.DataFrame = field(repr=False, compare=False)

    def _that(self, verdict: bool | None, *kinds: RuleKind) -> tuple[Reason, ...]:
        return tuple(r for r in self.reasons if r.verdict is verdict and r.rule.kind in kinds)

    @property
    def supporting(self) -> tuple[Reason, ...]:
        """Reasons for: the indications that fire."""
        return self._that(True, RuleKind.INDICATION)

    @property
    def opposing(self) -> tuple[Reason, ...]:
        """Reasons against: the counter-indications that fire. They cancel no indication."""
        return self._that(True, RuleKind.COUNTER_INDICATION)

    @property
    def undecided(self) -> tuple[Reason, ...]:
        """The reasons for and against that cannot be judged, since information is missing."""
        return self._that(None, RuleKind.INDICATION, RuleKind.COUNTER_INDICATION)

    @property
    def consult(self) -> tuple[str, ...]:
        """Whom to see, for the strongest reason first."""
        return tuple(dict.fromkeys(r.rule.consult for r in self.supporting if r.rule.consult))

    @property
    def headline(self) -> str:
        """The recommendation as a sentence."""
        a = an(self.rule_book.subject)
        return HEADLINES[self.recommendation].format(a=a, A=a[:1].upper() + a[1:])

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

    @property
    def seen(self) -> list[str]:
        """What was recorded, in words."""
        extras = (f"{k}: {v if isinstance(v, str) else show(v)}"[:200] for k, v in self.extras.items())
        return [*extras, *_in_words(self.facts, self.rule_book.facts, self.audience)]

    @cached_property
    def why_not(self) -> dict[str, tuple[Change, ...] | None]:
        """For each rule that does not fire or cannot be judged: the smallest change after which it would."""
        return smallest_changes(
            (r.rule for r in self.reasons if r.verdict is not True), self.typed, self.rule_book
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        scalars = ("audience", "recommendation", "possible", "undetermined", "headline", "outlook", "about")
        return (
            {"note": NOT_FOR_CARE, "rule_book": self.rule_book.fingerprint, "facts": dict(self.facts)}
            | {"extras": {str(key): _plain(value) for key, value in self.extras.items()}}
            | {key: getattr(self, key) for key in scalars}
            | {
                key: [r._asdict() | {"rule": plain(r.rule)} for r in getattr(self, key)]
                for key in ("supporting", "opposing", "undecided")
            }
            | {key: [r._asdict() for r in getattr(self, key)] for key in ("cautions", "next_steps")}
            | {"next_questions": [dict(vars(question)) for question in self.next_questions]}
            | {"why_not": {n: changes and list(map(str, changes)) for n, changes in self.why_not.items()}}
            | {"consult": list(self.consult)}
        )

    def to_frame(self) -> pd.DataFrame:
        """A row a rule: ``rule, statement, kind, level, label, verdict, facts`` (seen), ``source, grade``."""
        sources = self.rule_book.sources_by_key
        rows = [
            {"rule": r.rule.name, "statement": r.rule.statement, "kind": str(r.rule.kind)}
            | {"level": r.rule.level and str(r.rule.level), "label": r.rule.label, "verdict": r.verdict}
            | {"facts": r.words, "source": r.rule.source, "grade": str(sources[r.rule.source].grade)}
            for r in self.reasons
        ]
        return pd.DataFrame(rows).astype({"verdict": "boolean"})

    def to_html(self, part: Literal["all", "verdict", "reasons"] = "all") -> str:
        """The explanation or a part of it as one block of HTML: no script, everything escaped."""
        gaps = sum(name not in self.facts for name in self.rule_book.rule_facts)
        reached = {rule.level for rule in self.rule_book} | {"no_indication", self.recommendation}
        reached |= {"not_needed"} if self.rule_book.of_kind(RuleKind.COUNTER_INDICATION) else set()
        levels = [level for level in RECOMMENDATIONS if level in reached]
        about = {"levels": levels, "note": NOT_FOR_CARE, "gaps": gaps}
        return render("explanation.html.j2", e=self, part=part, **about)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        """The explanation as text for a terminal, wrapped."""
        return render("explanation.txt.j2", e=self, note=NOT_FOR_CARE)


def explain(case: Any, rule_book: RuleBook, *, audience: str = "patient") -> Explanation:
    """Explain what a rule book says of one case: reasons for and against, and what to ask next.

    See :func:`secondop.explain`, which is this function with the project's own rule book as its default.
    """
    if audience not in AUDIENCES:
        raise unknown_name("audience", audience, AUDIENCES)
    facts, extras, typed = _read(case, rule_book)
    says = assess_typed(typed, rule_book).row(0, named=True)
    stands = (says[key] for key in ("recommendation", "possible", "undetermined"))
    reasons = _reasons(rule_book, facts, says, typed, audience)
    asked, advice = questions(typed, rule_book), _advice(rule_book, says, typed)
    return Explanation(facts, extras, rule_book, audience, *stands, reasons, asked, *advice, typed)


def _reasons(
    rule_book: RuleBook, facts: dict, says: dict, typed: pl.DataFrame, audience: str
) -> tuple[Reason, ...]:
    stronger = _hold({r.name: r.stronger_when for r in rule_book if r.stronger_when is not None}, typed)
    amplified = "; ".join(rule.label for rule in rule_book.of_kind("amplifier") if says[rule.name])
    sources, kinds, levels = rule_book.sources_by_key, list(RuleKind), (None, *Level)

    def reason(rule: Rule) -> Reason:
        fires = says[rule.name]
        notes = [f"stronger, since {rule.stronger_when}"] if fires and stronger.get(rule.name) else []
        notes += [f"strengthened by: {amplified}"] if amplified and fires and rule.clinical else []
        plain = f"{rule.source} ({sources[rule.source].grade})"
        source = rule.cited(sources) if audience == "clinician" else plain
        seen = {name: facts.get(name) for name in rule.facts}
        words = "; ".join(_in_words(seen, rule.facts, audience))
        return Reason(rule, fires, seen, "; ".join(notes), source, words)

    def rank(rule: Rule) -> tuple:
        return -levels.index(rule.level), kinds.index(rule.kind), rule.statement, rule.name

    return tuple(map(reason, sorted(rule_book, key=rank)))


def _advice(rule_book: RuleBook, says: dict, typed: pl.DataFrame) -> tuple[tuple[Remark, ...], ...]:
    """The cautions and the next steps that are said of this case."""
    clinical = [says[rule.name] for rule in rule_book if rule.clinical]
    holds = _hold({str(i): a.when for i, a in enumerate(rule_book.advice) if a.when is not None}, typed)
    said: tuple[list, list] = [], []
    for i, advice in enumerate(rule_book.advice):
        words = {True: advice.words, None: advice.if_unknown, False: ""}[holds.get(str(i), True)]
        barred = advice.only_without_clinical and any(verdict is not False for verdict in clinical)
        if words and not barred and (True in clinical or not advice.only_with_clinical):
            said[advice.next_step].append(Remark(advice.statement, words))
    return tuple(map(tuple, said))


def _hold(conditions: dict[str, Condition], typed: pl.DataFrame) -> dict[str, bool | None]:
    """Whether each condition holds in this case."""
    exprs = {name: when.to_expr(lambda fact: pl.col(fact.name)) for name, when in conditions.items()}
    return typed.select(**exprs).row(0, named=True) if exprs else {}


def _in_words(values: Mapping[str, Any], facts: Mapping[str, Fact], audience: str) -> list[str]:
    """Facts with their values: as questions and answers for a patient, in clinical terms for a clinician."""

    def asked(fact: Fact) -> str:
        return fact.question if audience == "patient" else f"{fact.label}:"

    return [f"{asked(facts[name])} {facts[name].in_words(value)}" for name, value in values.items()]


def _read(case: Any, rule_book: RuleBook) -> tuple[dict[str, Any], dict[Any, Any], pl.DataFrame]:
    """The recorded facts of a case, whatever else came with it, and its typed row with every fact."""
    vocabulary = rule_book.facts
    if isinstance(case, Mapping):
        case = pd.DataFrame([list(case.values())], columns=pd.Index(list(case), dtype=object), dtype=object)
    elif isinstance(case, pd.Series):
        case = case.to_frame().T
    elif isinstance(case, pa.Table):
        case = pl.from_arrow(case)
    in_memory = isinstance(case, (pd.DataFrame, pl.DataFrame))
    if not in_memory or len(case) != 1:
        got = f"{len(case):,} cases" if in_memory else type(case).__name__
        raise SecondopError(
            "explain takes one case: a dict of facts, a row of a pandas frame (frame.iloc[0]), or a frame of "
            f"one row in memory; got {got}. For many cases use assess."
        )
    found = claims(list(case.columns), vocabulary)
    own = [column for columns in found.values() for column in columns]
    known = {*SUMMARY, *(rule.name for rule in rule_book)}  # of an assessment; no fact misspelt
    misspelt = [
        {"column": name, "rows": 1, "first_row": 0, "first_case": "the case", "value": ""}
        | {"problem": "is no fact", "hint": f"Did you mean {fact!r}?"}
        for name, fact in near_misses([n for n in case.columns if n not in known], vocabulary).items()
    ]
    given = {}
    if len(own) == len(found):  # else a fact is stated twice
        rows = case.to_dict("records") if isinstance(case, pd.DataFrame) else case.rows(named=True)
        given = rows[0] if rows else {}  # a case without columns has no row for some versions of pandas
    answers = {key: read_answer(vocabulary[key], given.get(columns[0])) for key, columns in found.items()}
    if misspelt or len(own) > len(found) or any(isinstance(x, Unreadable) for x in answers.values()):
        problems = read_typed(case, vocabulary)[1]
        raise_problems(pd.DataFrame([*problems.to_dict("records"), *misspelt], columns=problems.columns), 1)
    typed = {name: pl.Series([answers.get(name)], dtype=fact.dtype) for name, fact in vocabulary.items()}
    facts = {name: value for name, value in answers.items() if value is not None}
    return facts, {name: value for name, value in given.items() if name not in own}, pl.DataFrame(typed)


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; what is missing is null."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, (int, float)):
        return value if abs(value) < 1e300 else show(value)
    return str(value)
