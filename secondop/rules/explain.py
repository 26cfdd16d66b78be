"""One case explained: what argues for a second opinion, what against, what is open, and what to ask next."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.errors import SecondopError
from secondop.rules.assess import SUMMARY, assess_coded
from secondop.rules.domain import UNKNOWN, Answer, answers, coded_frame, grid, verdicts
from secondop.rules.encode import encode, raise_problems
from secondop.rules.facts import FACTS, Fact, Kind
from secondop.rules.indication import RECOMMENDATIONS, Indication, Level, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.rulebook import NOT_FOR_CARE, RuleBook

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        return "; ".join(f"{FACTS[name].label}: {said(FACTS[name], v)}" for name, v in self.seen.items())

    @property
    def note(self) -> str:
        """What makes it press harder, in words; empty if nothing is known to."""
        notes = [f"stronger, since {self.rule.stronger_when}"] if self.stronger else []
        return "; ".join(
            notes + ["pressing, since the symptoms are severe or refractory"] * bool(self.amplified)
        )

    @property
    def mark(self) -> str:
        """How strongly an indication argues, or what sort of rule it is otherwise."""
        return str(self.rule.level or self.rule.kind).replace("_", "-")

    @property
    def source(self) -> str:
        """Who says so, and how good that source is."""
        return f"{self.rule.citation.source}, {self.rule.citation.locator} ({self.rule.citation.grade})"


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
        return "; ".join(f"{either(words)} → {as_words(says)}" for says, words in groups.items())


@dataclass(frozen=True)
class Change:
    """One fact that would have to be different: what was seen, and the answers that would do, in words."""

    fact: str
    seen: str
    needed: tuple[str, ...]

    def __str__(self) -> str:
        return f"{FACTS[self.fact].label}: {self.seen} → {either(self.needed)}"


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
            words = "The second doctor will know" if known else "If the second doctor knows"
            words += " the first opinion, and that" if known else " the first opinion, it"
            words += " may pull the second one its way: ask for a judgement before the first is read."
            found.append(Remark("D2.1", words))
        if self.facts.get("plan_follows_guideline") and any(r.rule.clinical for r in self.supporting):
            words = (
                "A guideline that exists and is followed does not remove the need: it may not fit this case."
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
        rules = [
            r.rule
            for r in self.reasons
            if (r.verdict is False and not silenced)
            or (r.verdict is not True and r.rule.kind is not RuleKind.CAUTION)
        ]
        now = {name: _answer(FACTS[name], value) for name, value in self.facts.items()}
        spaces = {}
        for rule in rules:
            options = {name: answers(name, [rule.when]) for name in rule.facts}
            spaces[rule.name] = grid({n: [now.get(n, UNKNOWN), *found] for n, found in options.items()})
        rows = [row for space in spaces.values() for row in space]
        holds = verdicts({rule.name: rule.when for rule in rules}, coded_frame(rows, self.rule_book.facts))
        found, start = {}, 0
        for name, space in spaces.items():
            fires = holds[name].slice(start, len(space)).to_list()
            start += len(space)
            found[name] = _smallest_change([row for row, yes in zip(space, fires, strict=True) if yes], now)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data that JSON can hold."""
        return {
            "note": NOT_FOR_CARE,
            "rule_book": self.rule_book.fingerprint,
            "facts": dict(self.facts),
            "extras": {str(key): _plain(value) for key, value in self.extras.items()},
            "recommendation": self.recommendation,
            "possible": self.possible,
            "undetermined": self.undetermined,
            "headline": self.headline,
            "outlook": self.outlook,
            "supporting": [_reason_dict(r) for r in self.supporting],
            "opposing": [_reason_dict(r) for r in self.opposing],
            "undecided": [_reason_dict(r) for r in self.undecided],
            "cautions": [vars(c) for c in self.cautions],
            "next_questions": [vars(q) for q in self.next_questions],
            "why_not": {
                name: changes if changes is None else [vars(c) | {"needed": list(c.needed)} for c in changes]
                for name, changes in self.why_not.items()
            },
            "consult": list(self.consult),
            "next_steps": [vars(s) for s in self.next_steps],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per rule.

        Returns
        -------
        pandas.DataFrame
            Columns ``rule, statement, kind, level, label, verdict`` (a nullable flag), ``facts`` (with the
            values seen), ``source, grade``.
        """
        rows = [
            {"rule": r.rule.name, "statement": r.rule.statement, "kind": str(r.rule.kind)}
            | {"level": r.rule.level and str(r.rule.level), "label": r.rule.label, "verdict": r.verdict}
            | {"facts": r.values, "source": r.rule.citation.source, "grade": str(r.rule.citation.grade)}
            for r in self.reasons
        ]
        return pd.DataFrame(rows).astype({"verdict": "boolean"})

    def to_html(self) -> str:
        """The explanation as one block of HTML: nothing to load, everything escaped."""
        from secondop.rules.explain_html import explanation_html

        return explanation_html(self)

    _repr_html_ = to_html

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield from _wrapped(f"{self.headline} {self.outlook}")
        for title, reasons in (("+ For", self.supporting), ("- Against", self.opposing)):
            yield from ("", title[2:]) if reasons else ()
            for r in reasons:
                yield from _wrapped(f"{title[0]} {r.rule.label} ({r.mark})", 2)
                for line in (f"{r.values}{r.note and f' ({r.note})'}", f"Source: {r.source}"):
                    yield from _wrapped(line, 6)
        for title, lines in (
            ("! Keep in mind", [c.words for c in self.cautions]),
            ("> Ask next", shortened([f"{q.question} {q.outcomes}." for q in self.next_questions], 3)),
            ("? Undecided", shortened([r.rule.label for r in self.undecided], 3)),
            ("> Whom to see", self.consult),
            ("> If one is sought", [s.words for s in self.next_steps]),
        ):
            yield from ("", title[2:]) if lines else ()
            for line in lines:
                yield from _wrapped(f"{title[0]} {line}", 2)
        yield from ("", NOT_FOR_CARE)


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
    known = {name: _answer(FACTS[name], value) for name, value in facts.items()}
    options = {n: answers(n, [r.when for r in rule_book]) for n in rule_book.facts if n not in known}
    spaces = [
        grid({name: (UNKNOWN, *options[name]) for name in rule.facts if name in options})
        for rule in rule_book
        if rule.kind in (RuleKind.INDICATION, RuleKind.COUNTER_INDICATION)
    ]
    # Whatever else might become known of one rule's facts, each state once; the first is the case as it is.
    # This is all there is to look at: learning a fact changes the recommendation through a rule that reads
    # it, and whatever is learned of other facts could only hide that.
    learned = [frozenset((n, a) for n, a in row.items() if a is not UNKNOWN) for s in spaces for row in s]
    states = list(dict.fromkeys([frozenset(), *learned]))
    rows = [known | dict(state) for state in states]
    assessed = assess_coded(coded_frame(rows, rule_book.facts or FACTS), rule_book)
    case_as_is = assessed.row(0, named=True)
    reasons = _reasons(rule_book, facts, case_as_is, coded_frame([known], FACTS))
    columns = assessed["recommendation"].to_list(), assessed["undetermined"].to_list()
    outcomes = dict(zip(states, zip(*columns, strict=True), strict=True))
    return Explanation(
        facts=facts,
        extras=extras,
        rule_book=rule_book,
        **{key: case_as_is[key] for key in ("recommendation", "possible", "undetermined")},
        reasons=reasons,
        next_questions=_next_questions(options, outcomes, [r for r in reasons if r.verdict is None]),
    )


def said(fact: Fact, value: Any) -> str:
    """A value as a clinician would say it."""
    if value is None:
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return as_words(value) if fact.has_levels else f"{value:,g} {fact.unit}"


def as_words(name: str) -> str:
    """A name without its underscores."""
    return name.replace("_", " ")


def either(words: Sequence[str]) -> str:
    """Alternatives as a list that is read aloud."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many more there are."""
    return [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]


def _reasons(
    rule_book: RuleBook, facts: dict[str, Any], case_as_is: dict[str, Any], coded: pl.DataFrame
) -> tuple[Reason, ...]:
    holds = {rule.name: case_as_is[rule.name] for rule in rule_book}
    pressing = {r.name: r.stronger_when for r in rule_book if holds[r.name] and r.stronger_when is not None}
    stronger = verdicts(pressing, coded).row(0, named=True) if pressing else {}
    amplifiers = [holds[rule.name] for rule in rule_book.of_kind(RuleKind.AMPLIFIER)]
    amplified = True in amplifiers or (None if None in amplifiers else False)
    kinds = list(RuleKind)
    return tuple(
        Reason(
            rule,
            holds[rule.name],
            {name: facts.get(name) for name in rule.facts},
            stronger.get(rule.name, False),
            amplified if rule.clinical and holds[rule.name] else False,
        )
        for rule in sorted(
            rule_book, key=lambda r: (-_LEVELS.index(r.level), kinds.index(r.kind), r.statement, r.name)
        )
    )


def _next_questions(
    options: dict[str, list[Answer]],
    outcomes: dict[frozenset[tuple[str, Answer]], tuple[str, bool]],
    undecided: list[Reason],
) -> tuple[NextQuestion, ...]:
    now, open_now = outcomes[frozenset()]
    helps: dict[str, int] = {}  # fact that matters in some state -> the highest level it helps to reach
    for state, (recommendation, _) in outcomes.items():
        for pick in state:
            if outcomes[state - {pick}][0] != recommendation:
                helps[pick[0]] = max(helps.get(pick[0], 0), RECOMMENDATIONS.index(recommendation))
    ranked = []
    for name in (fact for fact in FACTS if fact in helps):
        alone = {answer.words: outcomes[frozenset([(name, answer)])] for answer in options[name]}
        changing = [says for says, _ in alone.values() if says != now]
        settles = any(not still_open and (open_now or says != now) for says, still_open in alone.values())
        highest = max(RECOMMENDATIONS.index(says) for says, _ in alone.values())
        readers = sum(name in reason.seen for reason in undecided)
        answered = {words: says for words, (says, _) in alone.items()}
        rank = (-highest, not settles, -helps[name], -len(changing), -readers)
        ranked.append((rank, NextQuestion(name, FACTS[name].meaning, answered, settles)))
    return tuple(question for _, question in sorted(ranked, key=lambda pair: pair[0]))


def _smallest_change(rows: list[dict[str, Answer]], now: dict[str, Answer]) -> tuple[Change, ...] | None:
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
        Change(n, said(FACTS[n], now[n].value if n in now else None), tuple(row[n].words for row in alike))
        for n in names
    )


def _read(case: Any, rule_book: RuleBook) -> tuple[dict[str, Any], dict[Any, Any]]:
    """The facts of a case that are recorded, and whatever else came with it."""
    if isinstance(case, Mapping):
        names = pd.Index(list(case), dtype=object)
        case = pd.DataFrame([list(case.values())], columns=names, dtype=object)
    elif isinstance(case, pd.Series):
        case = case.to_frame().T
    elif not isinstance(case, (pd.DataFrame, pl.DataFrame, pa.Table)):
        raise SecondopError(
            "explain takes one case: a dict of facts, a row of a pandas frame (frame.iloc[0]), or a frame of "
            f"one row in memory; got {type(case).__name__}."
        )
    if len(case) != 1:
        raise SecondopError(
            f"explain takes one case, and this frame has {len(case):,}. Give it one row, such as "
            "frame.iloc[0]; assess takes them all."
        )
    if isinstance(case, pd.DataFrame):
        row, where = {name: case.iloc[0, i] for i, name in enumerate(case.columns)}, str(case.index[0])
    else:
        row, where = (case.to_pylist() if isinstance(case, pa.Table) else case.to_dicts())[0], "0"
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
    facts = {name: _value(FACTS[name], codes[name]) for name in FACTS if codes.get(name) is not None}
    return facts, {name: value for name, value in row.items() if name not in FACTS}


def _meant(name: object, absent: Iterable[str], rule_book: RuleBook) -> str | None:
    """The fact that a name most likely misspells; the names of rules and of an assessment do not."""
    if name in rule_book or name in SUMMARY:
        return None
    word = re.sub(r"[\s_-]+", "_", str(name)[:100].strip().lower())
    return next(iter(get_close_matches(word, absent, n=1, cutoff=0.85)), None)


def _value(fact: Fact, code: Any) -> Any:
    if fact.has_levels:
        return fact.levels[code]
    return int(code) if fact.kind is Kind.COUNT else code


def _answer(fact: Fact, value: Any) -> Answer:
    return Answer(value, said(fact, value), fact.levels.index(value) if fact.has_levels else value)


def _record(noun: str, available: bool | None) -> list[str]:
    return [noun if available else f"{noun}, if there are any"] if available is not False else []


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; what is missing is null."""
    if not isinstance(value, (str, bool, int, float, type(None))):
        value = value.item() if hasattr(value, "item") else str(value)
    return None if isinstance(value, float) and value != value else value


def _reason_dict(reason: Reason) -> dict[str, Any]:
    rule = reason.rule
    return {
        "rule": rule.name,
        "statement": rule.statement,
        "kind": str(rule.kind),
        "level": rule.level and str(rule.level),
        "label": rule.label,
        "verdict": reason.verdict,
        "condition": rule.when.sentence(),
        "seen": dict(reason.seen),
        "stronger": reason.stronger,
        "amplified": reason.amplified,
        "consult": rule.consult,
        "source": rule.citation.source,
        "locator": rule.citation.locator,
        "grade": str(rule.citation.grade),
    }


def _wrapped(text: str, indent: int = 0) -> list[str]:
    hang = " " * (indent + 2 * (text[1:2] == " "))
    return textwrap.wrap(text, 88, initial_indent=" " * indent, subsequent_indent=hang)
