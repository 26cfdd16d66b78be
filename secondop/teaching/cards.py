"""The case deck: cases to predict and then reveal, each answer told with its rules and their sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from secondop.datafiles import data_path
from secondop.errors import SecondopError, unknown_name
from secondop.rules.assess import assess_coded
from secondop.rules.cases import read_cases
from secondop.rules.conditions import at_least, fact
from secondop.rules.domain import coded_frame, verdicts
from secondop.rules.encode import normalised
from secondop.rules.explain import Explanation, Reason, explain
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indication import RECOMMENDATIONS, Indication, RuleKind
from secondop.rules.indications import RULE_BOOK
from secondop.rules.markup import Html
from secondop.rules.what_if import as_answers, either, smallest_changes
from secondop.teaching.card_view import WORDS, CardView, OnDemand, case_html, still_card
from secondop.teaching.feedback import Feedback, unanswered
from secondop.teaching.still import Still, need_lab

_DRAWS = 12  # variants to choose from; nearly all of them keep every verdict

# What a variant may change, and where that makes sense. Facts that hang together (the work-up and the
# diagnosis, a treatment and its response) and those that a story may speak of are left out.
_LARGE = (
    fact("procedure_proposed").is_in("major_surgery")
    | fact("chemotherapy_proposed")
    | fact("radiation_proposed")
)
_GENTLE = ~(_LARGE | (fact("procedure_proposed") >= "invasive_procedure"))
_CONTENT = ~at_least(
    1,
    fact("symptom_course") >= "unchanged",
    fact("treatment_response").is_in("less_than_expected", "none"),
    *(rule.when for rule in RULE_BOOK if rule.preference),
)
_UNDER_WAY = (
    fact("first_line_appropriate")
    & fact("treatment_response").is_in("as_expected")
    & fact("disease_control").is_in("partly_controlled")
    & fact("symptom_course").is_in("improving")
    & (fact("drug_trials") <= 1)
)
_MOVES = (
    # fact, other answers (None: not recorded), where they are plausible
    ("imaging_available", (True, None), None),
    ("lifestyle_change_tried", (True, None), None),
    ("earlier_opinions", (1, None), None),
    ("rare_disease", (None,), None),
    ("first_line_weeks", (1.0, 3.0), _UNDER_WAY),
    ("confidence_in_plan", ("full",), _CONTENT),
    ("quality_of_life_impact", ("none",), _GENTLE),
    ("quality_of_life_impact", ("moderate",), _LARGE),
    ("treatment_risk", ("moderate",), _LARGE),
    ("less_invasive_option", (None,), _GENTLE),
    ("topical_steroid_trial_adequate", (None,), ~fact("condition").is_in("phimosis")),
    ("medical_management_exhausted", (None,), ~fact("condition").is_in("lower_urinary_tract_symptoms")),
    ("genital_surgery_reason", (None,), ~fact("genital_surgery_proposed")),
    ("specialist_follow_up", (None,), fact("cancer_history").is_in("none")),
    ("prognosis_given_by", (None,), ~fact("advanced_cancer")),
)


@dataclass(frozen=True)
class TeachingCase:
    """One invented case: its story, what is recorded of it, and what the rule book should say.

    Attributes
    ----------
    id, title, story : str
    facts : dict
        The recorded facts; one that is absent is not recorded, never no.
    about : tuple of str
        Names of the rules that it teaches.
    expected : str
        The recommendation that it should get.
    why : str
        The reason, in plain words.
    usual : dict
        What the deck's cases record where their story says nothing else; the case's own facts stand out
        against it.

    Examples
    --------
    >>> case = deck()["T008"]
    >>> case.title, case.facts["pathology_result"]
    ('The laboratory is not sure', 'ambiguous')
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
    usual: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def explanation(self) -> Explanation:
        """What the rule book says of it, and why."""
        return explain(self.facts)

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The rules that decide it: those that hold at its level; if none does, those that it teaches."""
        e = self.explanation
        held = e.opposing if self.expected == "not_needed" else e.supporting
        return tuple(r for r in held if r.rule.level in (None, self.expected)) or self._taught

    @property
    def _taught(self) -> tuple[Reason, ...]:
        return tuple(r for r in self.explanation.reasons if r.rule.name in self.about)

    def check(self, answer: object) -> Feedback:
        """Whether a predicted recommendation is right, and why.

        Parameters
        ----------
        answer : str
            One of the five recommendations, in any case, with blanks or hyphens; left open, it is unanswered.

        Returns
        -------
        Feedback

        Raises
        ------
        UnknownNameError
            If there is no such recommendation.
        """
        if unanswered(answer):
            return Feedback(None, f"Choose {either(list(WORDS.values()))}.")
        level = as_recommendation(answer)
        right = level == self.expected
        lines = [f"The rule book says “{WORDS[self.expected]}”{'' if right else f', not “{WORDS[level]}”'}."]
        lines += [] if right else [_hint(self, level)]
        told = [*self.deciding, *(reason for reason in self._taught if reason not in self.deciding)]
        lines += [_verdict(self, reason) for reason in told]
        outlook = [self.explanation.outlook] if self.explanation.undetermined else []
        return Feedback(right, "\n".join([*lines, self.why, *outlook]))

    def variant(self, seed: int) -> TeachingCase:
        """The same story with other particulars: the recommendation and every rule's verdict stay.

        Only facts that the story leaves open change, to another plausible answer or to not recorded; half of
        those that may. A case of which next to nothing is recorded has no other particulars.

        Parameters
        ----------
        seed : int
            The same seed gives the same variant.
        """
        rng = np.random.default_rng([check_seed(seed), crc32(self.id.encode())])  # cases differ differently
        moves = self._moves()

        def draw() -> dict[str, Any]:
            names = rng.permutation(list(moves))[: (len(moves) + 1) // 2]
            return {name: moves[name][rng.integers(len(moves[name]))] for name in names}

        return replace(self, facts=_first_alike(self.facts, [draw() for _ in range(_DRAWS)]))

    def _moves(self) -> dict[str, list]:
        """Other plausible answers to the facts that neither the story nor a rule that shows here reads."""
        asked = {rule.name: rule.when for rule in RULE_BOOK}
        asked |= {str(i): where for i, (_, _, where) in enumerate(_MOVES) if where is not None}
        says = verdicts(asked, coded_frame([as_answers(self.facts)], FACTS)).row(0, named=True)
        shown = [rule for rule in RULE_BOOK if says[rule.name] is not False or rule.name in self.about]
        story = {name for rule in shown for name in _reads(rule)}
        story |= {name for name in FACTS if self.facts.get(name) != self.usual.get(name)}
        found: dict[str, list] = {}
        for i, (name, values, _) in enumerate(_MOVES):
            if name not in story and says.get(str(i), True):
                # A case that teaches no rule is about what was asked, so nothing in it goes missing.
                found[name] = [value for value in values if self.about or value is not None]
        return {name: values for name, values in found.items() if values}

    def to_html(self) -> Html:
        """The case to read: its story, what stands out in the record, what is not recorded, and the rest."""
        return case_html(self)

    _repr_html_ = to_html

    def stands_out(self, name: str) -> bool:
        """Whether a fact is read first: whom it is about, what is taught, and what is not as usual."""
        taught = {"sex", "specialty"}.union(*(RULE_BOOK[rule].facts for rule in self.about))
        return name in taught or self.facts.get(name) != self.usual.get(name)


class Deck(Still, OnDemand, Sequence):
    """Teaching cases, by position or by id; in JupyterLab a pile of cards to predict and reveal.

    Examples
    --------
    >>> cases = deck()
    >>> len(cases), cases[0].id, cases["T008"].expected
    (124, 'T001', 'recommended')
    """

    def __init__(self, cases: Iterable[TeachingCase]):
        self._cases = tuple(cases)

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, key: int | slice | str) -> TeachingCase | Deck:
        if isinstance(key, slice):
            return Deck(self._cases[key])
        if not isinstance(key, str):
            return self._cases[key]
        named = {case.id: case for case in self}
        if key not in named:
            raise unknown_name("teaching case", key, named)
        return named[key]

    def __repr__(self) -> str:
        return f"Deck of {len(self)} teaching cases: " + ", ".join(case.id for case in self)

    def still(self) -> dict[str, Any]:
        """The first card."""
        return {"text/html": still_card(f"Case 1 of {len(self)}", self[0])}

    @cached_property
    def widget(self) -> Any:
        """The cards, as one widget."""
        return _DeckView(self).view.box


class _DeckView:
    """Goes through a deck."""

    def __init__(self, cases: Deck):
        self.cases, self.at = cases, 0
        self.view = CardView("Reveal", self.reveal, self.move)
        titles = [(f"{case.id}  {case.title}", i) for i, case in enumerate(cases)]
        self.chooser = need_lab().Dropdown(options=titles, description="Case", layout={"width": "33em"})
        self.chooser.observe(lambda change: self.show(change["new"]), "value")
        self.view.bar.children += (self.chooser,)
        self.show(0)

    def move(self, step: int) -> None:
        self.chooser.value = min(max(self.at + step, 0), len(self.cases) - 1)

    def show(self, at: int) -> None:
        self.at = at
        self.view.show(f"Case {at + 1} of {len(self.cases)}", self.cases[at].to_html())
        self.view.back.disabled, self.view.on.disabled = at == 0, at == len(self.cases) - 1

    def reveal(self) -> None:
        self.view.tell(self.cases[self.at], self.cases[self.at].check(self.view.choice.value))


def deck() -> Deck:
    """The teaching cases: predict what the rule book says, then reveal it with the rule and its source.

    Returns
    -------
    Deck
        Show it in JupyterLab to go through the cards; ``deck()["T008"]`` is one case, with
        :meth:`TeachingCase.check` and :meth:`TeachingCase.variant`.

    Examples
    --------
    >>> print(deck()["T002"].check("recommended"))
    ✗ Not quite. The rule book says “no indication”, not “recommended”.
    “Recommended” takes a clinical indication that holds.
    A1.1 “Tests found nothing, yet suspicion of disease stays high” [overview-2025, A1.1 (secondary web
    summary)] does not hold; it would with suspicion: moderate → high.
    Suspicion is moderate, not high, so the clean tests may stand for now.
    """
    table = read_cases(data_path("teaching_cases.csv"))
    rows = table.astype(object).to_dict("records")
    usual = _recorded({name: table[name].mode().iloc[0] for name in FACTS})
    return Deck(
        TeachingCase(
            id=row["case"],
            **{key: row[key] for key in ("title", "story", "expected", "why")},
            about=tuple("" if pd.isna(row["about"]) else row["about"].split()),
            facts=_recorded(row),
            usual=usual,
        )
        for row in rows
    )


def as_recommendation(answer: object) -> str:
    """A recommendation as the package writes it.

    Examples
    --------
    >>> as_recommendation("Not-needed")
    'not_needed'
    """
    level = normalised(answer) if isinstance(answer, str) else None
    if level not in RECOMMENDATIONS:
        raise unknown_name("recommendation", answer, RECOMMENDATIONS)
    return level


def check_seed(seed: object) -> int:
    """The seed, or what is wrong with it."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise SecondopError(f"A seed is a whole number from 0, so that it can be had again; got {seed!r}.")
    return int(seed)


def _hint(case: TeachingCase, level: str) -> str:
    """What the mistake overlooked, as far as the explanation shows it."""
    e, rank = case.explanation, RECOMMENDATIONS.index
    clinical = rank(level) >= rank("recommended")
    wish = any(reason.rule.preference for reason in e.supporting)
    hints = (
        # where the hint applies, and what it says: the first that does
        (
            rank(case.expected) < rank(level) <= rank(e.possible),
            f"It could become “{WORDS[level]}” once more is known; what is not recorded is not yet a yes.",
        ),
        (
            level == "not_needed" and e.opposing,
            "A counter-indication is the case against; it cancels no indication and no wish.",
        ),
        (level == "not_needed", "“Not needed” takes a counter-indication, and none is known to hold."),
        (case.expected == "not_needed", "Nothing known argues for one, and a counter-indication against it."),
        (
            clinical and any(r.verdict and r.rule.kind is RuleKind.AMPLIFIER for r in e.reasons),
            "Severe or refractory symptoms make an indication press harder; they create none.",
        ),
        (
            clinical and case.expected == "optional",
            "Only the patient's wish argues for it; wishes make it optional, however many they are.",
        ),
        (
            clinical and case.expected == "no_indication",
            f"“{WORDS[level].capitalize()}” takes a clinical indication that holds.",
        ),
        (level == "urgent", "None of the rules that hold is urgent, and several do not add up to it."),
        (case.expected == "urgent", "The highest level among the rules that hold decides."),
        (case.expected == "optional", "A patient's wish needs no clinical reason beside it."),
        (level == "optional" and wish, "The wish counts apart; a clinical indication stands above it."),
        (level == "optional", "“Optional” takes a wish of the patient, and nothing clinical above it."),
    )
    return next((words for applies, words in hints if applies), "One indication that holds is enough.")


def _verdict(case: TeachingCase, reason: Reason) -> str:
    """One rule with its source, and what it says of the case."""
    rule = reason.rule
    named = f"{rule.statement} “{rule.label}” [{reason.source}]"
    if reason.verdict:
        return f"{named} holds ({reason.mark})."
    if reason.verdict is None:
        gaps = [FACTS[name].label for name, value in reason.seen.items() if value is None]
        return f"{named} is open; not recorded: {', '.join(gaps)}."
    changes = " and ".join(map(str, smallest_changes([rule], case.facts)[rule.name] or ()))
    return f"{named} does not hold{changes and f'; it would with {changes}'}."


def _first_alike(facts: dict[str, Any], changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The facts after the first change that keeps every verdict; if none does, the facts as they are."""
    rows = [_recorded(facts | change) for change in ({}, *changes)]
    before, *after = assess_coded(coded_frame([as_answers(row) for row in rows], FACTS), RULE_BOOK).rows()
    return rows[after.index(before) + 1 if before in after else 0]


def _recorded(row: dict[str, Any]) -> dict[str, Any]:
    """The recorded facts of a row, in plain values."""
    plain = {Kind.FLAG: bool, Kind.COUNT: int, Kind.NUMBER: float}
    return {n: plain.get(f.kind, str)(row[n]) for n, f in FACTS.items() if n in row and not pd.isna(row[n])}


def _reads(rule: Indication) -> tuple[str, ...]:
    return rule.facts + (() if rule.stronger_when is None else rule.stronger_when.facts)
