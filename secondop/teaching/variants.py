"""Seeded variants of a teaching case: other particulars, the same story and the same verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from secondop.errors import SecondopError
from secondop.rules.assess import assess_coded
from secondop.rules.conditions import at_least, fact
from secondop.rules.domain import coded_frame, verdicts
from secondop.rules.facts import FACTS
from secondop.rules.indication import Indication
from secondop.rules.indications import RULE_BOOK
from secondop.rules.what_if import as_answers

if TYPE_CHECKING:
    from secondop.teaching.cards import TeachingCase

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


def variant_of(case: TeachingCase, seed: int) -> dict[str, Any]:
    """The facts of a variant: half of those that may change, to answers that keep every verdict."""
    rng = np.random.default_rng([check_seed(seed), crc32(case.id.encode())])  # cases differ differently
    moves = _moves(case)

    def draw() -> dict[str, Any]:
        names = rng.permutation(list(moves))[: (len(moves) + 1) // 2]
        return {name: moves[name][rng.integers(len(moves[name]))] for name in names}

    return _first_alike(case.facts, [draw() for _ in range(_DRAWS)])


def check_seed(seed: object) -> int:
    """The seed, or what is wrong with it."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise SecondopError(f"A seed is a whole number from 0, so that it can be had again; got {seed!r}.")
    return int(seed)


def _moves(case: TeachingCase) -> dict[str, list]:
    """Other plausible answers to the facts that neither the story nor a rule that shows here reads."""
    asked = {rule.name: rule.when for rule in RULE_BOOK}
    asked |= {str(i): where for i, (_, _, where) in enumerate(_MOVES) if where is not None}
    says = verdicts(asked, coded_frame([as_answers(case.facts)], FACTS)).row(0, named=True)
    shown = [rule for rule in RULE_BOOK if says[rule.name] is not False or rule.name in case.about]
    story = {name for rule in shown for name in _reads(rule)}
    story |= {name for name in FACTS if case.facts.get(name) != case.usual.get(name)}
    found: dict[str, list] = {}
    for i, (name, values, _) in enumerate(_MOVES):
        if name not in story and says.get(str(i), True):
            # A case that teaches no rule is about what was asked, so nothing in it goes missing.
            found[name] = [value for value in values if case.about or value is not None]
    return {name: values for name, values in found.items() if values}


def _first_alike(facts: dict[str, Any], changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The facts after the first change that keeps every verdict; if none does, the facts as they are."""
    rows = [{n: v for n, v in (facts | change).items() if v is not None} for change in ({}, *changes)]
    before, *after = assess_coded(coded_frame([as_answers(row) for row in rows], FACTS), RULE_BOOK).rows()
    return rows[after.index(before) + 1 if before in after else 0]


def _reads(rule: Indication) -> tuple[str, ...]:
    return rule.facts + (() if rule.stronger_when is None else rule.stronger_when.facts)
