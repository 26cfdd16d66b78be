"""One case explained: what argues for a second opinion, what against, what is open, and what to ask next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError
from secondop.rules.assess import SUMMARY
from secondop.rules.domain import coded_frame, verdicts
from secondop.rules.encode import encode, normalised, raise_problems
from secondop.rules.explain_show import explanation_html, explanation_text
from secondop.rules.facts import FACTS, Fact, Kind
from secondop.rules.indication import RECOMMENDATIONS, Indication, Level, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import NOT_FOR_CARE, RuleBook
from secondop.rules.what_if import (
    Change,
    NextQuestion,
    as_answers,
    assess_with_questions,
    smallest_changes,
)

HEADLINES = {
    "urgent": "A second opinion is recommended, urgently",
    "recommended": "A second opinion is recommended",
    "optional": "A second opinion is the patient's choice",
    "no_indication": "No indication for a second opinion",
    "not_needed": "A second opinion may not be needed",
}
_LEVELS = (None, *Level)  # from least to most


@dataclass(frozen=True)
class Reason:
    """What one rule says of the case.

    Attributes
    ----------
    rule : Indication
    verdict : bool or None
        Whether it holds; ``None`` where a fact that would decide it was not recorded.
    seen : dict of str
        The facts that it reads, each with the value seen; ``None`` is not recorded.
    stronger, amplified : bool or None
        Whether its source presses harder here, and whether severe or refractory symptoms do.
    """

    rule: Indication
    verdict: bool | None
    seen: dict[str, Any]
    stronger: bool | None = False
    amplified: bool | None = False

    @property
    def values(self) -> str:
        """Every fact read, with the value seen, in words."""
        return "; ".join(f"{FACTS[name].label}: {FACTS[name].in_words(v)}" for name, v in self.seen.items())

    @property
    def note(self) -> str:
        """What makes it press harder, in words; empty if nothing is known to."""
        notes = [f"stronger, since {self.rule.stronger_when}"] if self.stronger else []
        notes += ["pressing, since the symptoms are severe or refractory"] if self.amplified else []
        return "; ".join(notes)

    @property
    def mark(self) -> str:
        """How strongly an indication argues, or what sort of rule it is otherwise."""
        return str(self.rule.level or self.rule.kind).replace("_", "-")

    @property
    def source(self) -> str:
        """Who says so, and how good that source is."""
        return f"{self.rule.citation.source}, {self.rule.citation.locator} ({self.rule.citation.grade})"


@dataclass(frozen=True)
class Remark:
    """A caution or a next step, with the statement that it comes from."""

    statement: str
    words: str


@dataclass(frozen=True, repr=False)
class Explanation:
    """What a rule book says of one case, and why. Shows itself in a notebook, a terminal and a program.

    Attributes
    ----------
    facts : dict
        The recorded facts.
    extras : dict
        Whatever else came with the case, untouched.
    rule_book : RuleBook
    recommendation, possible : str
        The level that stands, and the highest that unrecorded facts still allow.
    undetermined : bool
        Whether unrecorded facts could still raise the level.
    reasons : tuple of Reason
        One per rule: the strongest first, then by statement.
    next_questions : tuple of NextQuestion
        Exactly the unrecorded facts that could still change the recommendation, the most decisive first: by
        the highest level that one answer could reach, whether one settles the case, the highest level that
        the fact could help to reach, how many answers change something, and how many open rules read it.
    """

    facts: dict[str, Any]
    extras: dict[Any, Any]
    rule_book: RuleBook = field(repr=False)
    recommendation: str
    possible: str
    undetermined: bool
    reasons: tuple[Reason, ...]
    next_questions: tuple[NextQuestion, ...]

    def _that(self, verdict: bool | None, *kinds: RuleKind) -> tuple[Reason, ...]:
        return tuple(r for r in self.reasons if r.verdict is verdict and r.rule.kind in kinds)

    @property
    def supporting(self) -> tuple[Reason, ...]:
        """The indications that hold."""
        return self._that(True, RuleKind.INDICATION)

    @property
    def opposing(self) -> tuple[Reason, ...]:
        """The counter-indications that hold. They cancel no indication."""
        return self._that(True, RuleKind.COUNTER_INDICATION)

    @property
    def undecided(self) -> tuple[Reason, ...]:
        """The indications, counter-indications and cautions that an unrecorded fact leaves open."""
        return self._that(None, RuleKind.INDICATION, RuleKind.COUNTER_INDICATION, RuleKind.CAUTION)

    @property
    def consult(self) -> tuple[str, ...]:
        """Whom to see, for the strongest reason first."""
        return tuple(dict.fromkeys(r.rule.consult for r in self.supporting if r.rule.consult))

    @property
    def headline(self) -> str:
        """The recommendation as a sentence."""
        low = self.recommendation in RECOMMENDATIONS[:2]
        return f"{HEADLINES[self.recommendation]}{', so far' if self.undetermined and low else ''}."

    @property
    def outlook(self) -> str:
        """Whether facts that were not recorded could still change it."""
        if self.undetermined:
            idle = "" if self.next_questions else " Yet no answer would, as the rules are written."
            return f"Not settled: what is not recorded could still raise this to {self.possible}.{idle}"
        if self.next_questions:
            return "Nothing could raise this; what is not recorded could still say that none is needed."
        return "Settled: nothing that is not recorded could change this."

    @cached_property
    def cautions(self) -> tuple[Remark, ...]:
        """What to keep in mind before a second opinion is asked for."""
        found = [
            Remark(r.rule.statement, f"{r.rule.label}: one more may add confusion and cost.")
            for r in self._that(True, RuleKind.CAUTION)
        ]
        known = self.facts.get("first_opinion_known")
        if known is not False:
            if known:
                words = "The second doctor will know the first opinion, and that"
            else:
                words = "If the second doctor knows the first opinion, it"
            words += " may pull the second one its way (vashitz-2012): "
            words += "ask for a judgement before the first is read."
            found.append(Remark("D2.1", words))
        if self.facts.get("plan_follows_guideline") and any(r.rule.clinical for r in self.supporting):
            words = (
                "That a guideline exists and is followed does not remove the need: it may not fit the case."
            )
            found.append(Remark("D2.2", words))
        return tuple(found)

    @cached_property
    def next_steps(self) -> tuple[Remark, ...]:
        """What to do if a second opinion is sought; the records named are those that this case has."""
        records = ["the notes and results so far"]
        records += _record("the pictures", self.facts.get("imaging_available"))
        tissue = self.facts.get("pathology_result")
        records += _record("the tissue report with its slides", None if tissue is None else tissue != "none")
        return (
            Remark("E1", "Talk to the primary physician, who can arrange the referral."),
            Remark("E2", "Ask openly: most physicians support the request."),
            Remark("E3", f"Have the complete records sent to the consultant: {'; '.join(records)}."),
        )

    @cached_property
    def why_not(self) -> dict[str, tuple[Change, ...] | None]:
        """For each rule that does not hold or is open: the smallest change that would make it hold.

        Found exactly, over every combination of answers to the facts that the rule reads: the fewest recorded
        facts that would have to differ, then the fewest unrecorded ones to learn, then the smallest steps
        along ordered levels. ``None`` where no change would. A caution is left out where a clinical
        indication silences it or may do so.
        """
        silenced = any(r.rule.clinical for r in self.supporting)
        asked = (
            r.rule
            for r in self.reasons
            if (r.verdict is False and not silenced)
            or (r.verdict is not True and r.rule.kind is not RuleKind.CAUTION)
        )
        return smallest_changes(asked, self.facts)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        scalars = ("recommendation", "possible", "undetermined", "headline", "outlook")
        reasons = ("supporting", "opposing", "undecided")
        remarks = ("cautions", "next_questions", "next_steps")
        return (
            {"note": NOT_FOR_CARE, "rule_book": self.rule_book.fingerprint, "facts": dict(self.facts)}
            | {"extras": {str(key): _plain(value) for key, value in self.extras.items()}}
            | {key: getattr(self, key) for key in scalars}
            | {key: [vars(r) | {"rule": r.rule.to_dict()} for r in getattr(self, key)] for key in reasons}
            | {key: [dict(vars(remark)) for remark in getattr(self, key)] for key in remarks}
            | {"why_not": {n: changes and list(map(str, changes)) for n, changes in self.why_not.items()}}
            | {"consult": list(self.consult)}
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per rule.

        Returns
        -------
        pandas.DataFrame
            Columns ``rule, statement, kind, level, label, verdict`` (a nullable flag), ``facts`` (with the
            values seen), ``source, grade``.
        """
        columns = ("name", "statement", "kind", "level", "label")
        rows = [
            {key: rule[key] and str(rule[key]) for key in columns}
            | {"verdict": r.verdict, "facts": r.values}
            | {"source": r.rule.citation.source, "grade": str(r.rule.citation.grade)}
            for r in self.reasons
            for rule in [vars(r.rule)]
        ]
        return pd.DataFrame(rows).rename(columns={"name": "rule"}).astype({"verdict": "boolean"})

    def to_html(self) -> str:
        """The explanation as one block of HTML: nothing to load, everything escaped."""
        return explanation_html(self)

    _repr_html_ = to_html

    def __repr__(self) -> str:
        return explanation_text(self)


def explain(case: Mapping | pd.Series | Any, rule_book: RuleBook = RULE_BOOK) -> Explanation:
    """Explain what a rule book says of one case: for, against, undecided, and what to ask next.

    Parameters
    ----------
    case : dict, pandas.Series or frame of one row (pandas, polars, pyarrow)
        Facts and their values, in any spelling that :func:`read_cases` knows. A fact that is absent or empty
        is unknown, never no. What is no fact is kept in ``extras``.
    rule_book : RuleBook
        The rules; the project's own by default.

    Returns
    -------
    Explanation

    Raises
    ------
    CasesError
        If a value is no answer to its fact or a name is a fact's misspelt; it lists all of them.
    SecondopError
        If it is not one case.

    Examples
    --------
    >>> explanation = explain({"pathology_result": "ambiguous", "specialty": "dermatology"})
    >>> explanation.recommendation, explanation.possible
    ('recommended', 'urgent')
    >>> [reason.rule.name for reason in explanation.supporting]
    ['ambiguous-pathology']
    >>> explanation.next_questions[0].question
    'Has something new appeared, such as a sore, an ulcer, a lump or a suspicious spot?'
    >>> [str(change) for change in explain({"pathology_result": "clear"}).why_not["ambiguous-pathology"]]
    ['pathology result: clear → ambiguous or expert needed']
    """
    facts, extras = _read(case, rule_book)
    case_as_is, questions = assess_with_questions(facts, rule_book)
    return Explanation(
        facts=facts,
        extras=extras,
        rule_book=rule_book,
        **{key: case_as_is[key] for key in ("recommendation", "possible", "undetermined")},
        reasons=_reasons(rule_book, facts, case_as_is),
        next_questions=questions,
    )


def _reasons(rule_book: RuleBook, facts: dict[str, Any], case_as_is: dict[str, Any]) -> tuple[Reason, ...]:
    holds = {rule.name: case_as_is[rule.name] for rule in rule_book}
    pressing = {r.name: r.stronger_when for r in rule_book if holds[r.name] and r.stronger_when is not None}
    coded = coded_frame([as_answers(facts)], FACTS)
    stronger = verdicts(pressing, coded).row(0, named=True) if pressing else {}
    amplifiers = [holds[rule.name] for rule in rule_book.of_kind(RuleKind.AMPLIFIER)]
    amplified = True in amplifiers or (None if None in amplifiers else False)
    kinds = list(RuleKind)

    def rank(rule: Indication) -> tuple:
        return -_LEVELS.index(rule.level), kinds.index(rule.kind), rule.statement, rule.name

    return tuple(
        Reason(
            rule,
            holds[rule.name],
            {name: facts.get(name) for name in rule.facts},
            stronger.get(rule.name, False),
            amplified if rule.clinical and holds[rule.name] else False,
        )
        for rule in sorted(rule_book, key=rank)
    )


def _read(case: Any, rule_book: RuleBook) -> tuple[dict[str, Any], dict[Any, Any]]:
    """The facts of a case that are recorded, and whatever else came with it."""
    if isinstance(case, Mapping):
        if all(name in FACTS and _is_plain(FACTS[name], value) for name, value in case.items()):
            given = ((f, case.get(name)) for name, f in FACTS.items())  # answers already: nothing to read
            return {f.name: _plain_number(f, value) for f, value in given if value is not None}, {}
        names = pd.Index(list(case), dtype=object)
        case = pd.DataFrame([list(case.values())], columns=names, dtype=object)
    elif isinstance(case, pd.Series):
        case = case.to_frame().T
    in_memory = isinstance(case, (pd.DataFrame, pl.DataFrame, pa.Table))
    if not in_memory or len(case) != 1:
        got = f"{len(case):,} cases" if in_memory else type(case).__name__
        raise SecondopError(
            "explain takes one case: a dict of facts, a row of a pandas frame (frame.iloc[0]), or a frame of "
            f"one row in memory; got {got}. For many cases use assess."
        )
    if isinstance(case, pd.DataFrame):
        row, where = {name: case.iloc[0, i] for i, name in enumerate(case.columns)}, f"case {case.index[0]}"
    else:
        row, where = (case.to_pylist() if isinstance(case, pa.Table) else case.to_dicts())[0], "case 0"
    coded, problems = encode(case)
    absent = [name for name in FACTS if name not in row]
    misspelt = [
        {"column": name, "rows": 1, "first_row": 0, "first_case": where, "value": ""}
        | {"problem": "is no fact", "hint": f"Did you mean {meant!r}?"}
        for name in row
        if name not in FACTS and (meant := _meant(name, absent, rule_book))
    ]
    raise_problems(pd.DataFrame([*problems.to_dict("records"), *misspelt], columns=problems.columns), 1)
    codes = coded.row(0, named=True) if coded.width else {}
    facts = {name: _value(FACTS[name], code) for name, code in codes.items() if code is not None}
    return facts, {name: value for name, value in row.items() if name not in FACTS}


def _meant(name: object, absent: Iterable[str], rule_book: RuleBook) -> str | None:
    """The fact that a name most likely misspells; the names of rules and of an assessment do not."""
    if name in rule_book or name in SUMMARY:
        return None
    return next(iter(get_close_matches(normalised(str(name)[:100]), absent, n=1, cutoff=0.85)), None)


def _value(fact: Fact, code: Any) -> Any:
    if fact.has_levels:
        return fact.levels[code]
    return _plain_number(fact, code)


def _is_plain(fact: Fact, value: Any) -> bool:
    """Whether a value is an answer as Python spells it, or nothing."""
    return value is None or (type(value) in (bool, int, float, str) and fact.accepts(value))


def _plain_number(fact: Fact, answer: Any) -> Any:
    """A count as a whole number, a number with its decimals; other answers as they are."""
    return {Kind.COUNT: int, Kind.NUMBER: float}[fact.kind](answer) if fact.is_numeric else answer


def _record(noun: str, available: bool | None) -> list[str]:
    return [noun if available else f"{noun}, if there are any"] if available is not False else []


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; what is missing is null."""
    value = value.item() if isinstance(value, np.generic) else value
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    whole = isinstance(value, (str, int)) or (isinstance(value, float) and isfinite(value))
    return value if whole else str(value)
