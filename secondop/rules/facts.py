"""The vocabulary: every fact that a case can state.

A fact is *yes*, *no* or *unknown* (or has a level or a number, or none recorded). A fact that is not
recorded is unknown, never no.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import pandas as pd

from secondop.errors import SecondopError, unknown_name


class Kind(StrEnum):
    """What sort of answer a fact takes."""

    FLAG = "flag"  # yes or no
    CATEGORY = "category"  # one of its levels, in no order
    ORDERED = "ordered"  # one of its levels, from least to most
    COUNT = "count"  # a whole number
    NUMBER = "number"  # a number with a unit


def take_members(owner: object, **kinds: type[StrEnum]) -> None:
    """Bring attributes of a frozen object that are given as text to the members that they name.

    Text that compares equal to a member, and yet is not the member, would disarm every ``is`` in silence.
    """
    for name, kind in kinds.items():
        value = getattr(owner, name)
        if value is not None and type(value) is not kind:
            if value not in list(kind):
                raise unknown_name(kind.__name__.lower(), value, kind)
            object.__setattr__(owner, name, kind(value))


@dataclass(frozen=True)
class Fact:
    """One thing that a case can state.

    Attributes
    ----------
    name : str
        Column name, in snake_case.
    kind : Kind
        What sort of answer it takes.
    meaning : str
        The question that it answers, in a patient's words.
    topic : str
        Where a clinician would ask it; explorers group by it.
    levels : tuple of str
        For a category or an ordered fact: every answer; ordered from least to most.
    unit : str
        For a count or a number.
    low, high : float
        Plausible range of a count or a number, both included.
    use : str
        For a fact that no rule reads: what it is for.
    """

    name: str
    kind: Kind
    meaning: str
    topic: str = ""
    levels: tuple[str, ...] = ()
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    use: str = ""

    def __post_init__(self) -> None:
        take_members(self, kind=Kind)
        if not self.name.isidentifier():
            raise SecondopError(f"A fact's name must be a plain word such as 'age_years', not {self.name!r}.")
        if self.has_levels and (len(self.levels) < 2 or len(set(self.levels)) != len(self.levels)):
            raise SecondopError(f"Fact {self.name!r} needs at least two different levels; got {self.levels}.")
        if self.is_numeric and not self.low < self.high:
            raise SecondopError(f"Fact {self.name!r} needs low < high; got {self.low} and {self.high}.")

    @property
    def has_levels(self) -> bool:
        """Whether the answer is one of a list of words."""
        return self.kind in (Kind.CATEGORY, Kind.ORDERED)

    @property
    def is_numeric(self) -> bool:
        """Whether the answer is a number."""
        return self.kind in (Kind.COUNT, Kind.NUMBER)

    @property
    def label(self) -> str:
        """The name as words."""
        return self.name.replace("_", " ")

    def quantity(self, amount: str, value: float) -> str:
        """An amount with its unit, in the singular for one.

        Examples
        --------
        >>> FACTS["drug_trials"].quantity("at most 1", 1), FACTS["specialties_spanned"].quantity("2", 2)
        ('at most 1 drug', '2 specialties')
        """
        one = (
            self.unit.removesuffix("ies") + "y" if self.unit.endswith("ies") else self.unit.removesuffix("s")
        )
        return f"{amount} {one if value == 1 else self.unit}"

    def in_words(self, value: bool | str | float | None) -> str:
        """An answer as a clinician would say it; ``None`` is not recorded.

        Examples
        --------
        >>> FACTS["rare_disease"].in_words(True), FACTS["disease_control"].in_words("well_controlled")
        ('yes', 'well controlled')
        """
        if value is None:
            return "not recorded"
        if self.kind is Kind.FLAG:
            return "yes" if value else "no"
        return value.replace("_", " ") if self.has_levels else f"{value:,g}"

    def expects(self) -> str:
        """Say what an answer looks like, for error messages and forms.

        Examples
        --------
        >>> FACTS["first_line_weeks"].expects()
        'a number from 0 to 5,200 weeks'
        >>> FACTS["sex"].expects()
        'one of female, male, other'
        """
        if self.kind is Kind.FLAG:
            return "yes or no"
        if self.has_levels:
            return f"one of {', '.join(self.levels)}"
        noun = "a whole number" if self.kind is Kind.COUNT else "a number"
        return f"{noun} from {self.low:,g} to {self.high:,g} {self.unit}".rstrip()

    def accepts(self, value: object) -> bool:
        """Whether a plain Python value is an answer to this fact (``None`` is no answer)."""
        if self.kind is Kind.FLAG:
            return isinstance(value, bool)
        if self.has_levels:
            return value in self.levels
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return self.low <= value <= self.high and (self.kind is Kind.NUMBER or value == int(value))


def _flag(name: str, meaning: str, use: str = "") -> Fact:
    return Fact(name, Kind.FLAG, meaning, use=use)


def _category(name: str, levels: str, meaning: str) -> Fact:
    return Fact(name, Kind.CATEGORY, meaning, levels=tuple(levels.split()))


def _ordered(name: str, levels: str, meaning: str) -> Fact:
    return Fact(name, Kind.ORDERED, meaning, levels=tuple(levels.split()))


def _count(name: str, high: int, unit: str, meaning: str) -> Fact:
    return Fact(name, Kind.COUNT, meaning, low=0, high=high, unit=unit)


_TOPICS: dict[str, tuple[Fact, ...]] = {
    "the patient": (
        _category("sex", "female male other", "What is your sex?"),
        _category(
            "specialty",
            "primary_care internal_medicine surgery orthopaedics urology gynaecology dermatology oncology "
            "neurology other",
            "Which kind of doctor gave the first opinion?",
        ),
        _category(
            "condition",
            "phimosis lower_urinary_tract_symptoms genital_skin_disease cancer other",
            "Which of these is the problem about?",
        ),
        _flag("rare_disease", "Is the disease a rare one?"),
    ),
    "the diagnosis": (
        _category(
            "first_workup", "not_done negative unclear positive", "What did the first round of tests show?"
        ),
        _ordered(
            "suspicion",
            "none low moderate high",
            "After those tests, how strongly is a disease still suspected?",
        ),
        _flag("atypical_presentation", "Does the picture differ from what this disease usually looks like?"),
        _category(
            "pathology_result",
            "none clear ambiguous expert_needed",
            "If tissue was examined: was the report clear?",
        ),
        _flag("diagnosis_clear_cut", "Is the diagnosis beyond reasonable doubt?"),
    ),
    "symptoms": (
        _ordered("symptom_severity", "none mild moderate severe", "How bad are the symptoms?"),
        _ordered("symptom_course", "none improving unchanged worsening", "How are the symptoms developing?"),
        _category(
            "new_finding",
            "none erosion ulcer lump suspicious_lesion other",
            "Has something new appeared, such as a sore, an ulcer, a lump or a suspicious spot?",
        ),
        _flag("clinically_stable", "Has your state been stable?"),
    ),
    "treatment so far": (
        _flag("first_line_appropriate", "Was the first treatment the right one for the diagnosis?"),
        Fact(
            "first_line_weeks",
            Kind.NUMBER,
            "For how many weeks has the first treatment been given?",
            unit="weeks",
            low=0,
            high=5_200,
        ),
        _category(
            "treatment_response",
            "not_treated as_expected less_than_expected none",
            "Did standard treatment work as it should?",
        ),
        _flag("lifestyle_change_tried", "Were changes of diet, exercise or habits tried?"),
        _count("drug_trials", 50, "drugs", "How many different drugs were tried for it?"),
        _flag("complication_during_treatment", "Did a complication occur during treatment?"),
        _ordered(
            "disease_control",
            "uncontrolled partly_controlled well_controlled",
            "How well is the disease under control?",
        ),
        _flag("complicated_disease", "Has the disease itself led to complications?"),
        _flag("plan_follows_guideline", "Does the plan follow an established guideline?"),
        _flag("medical_management_exhausted", "Have all treatments with drugs been tried in full?"),
        _flag("topical_steroid_trial_adequate", "Was a steroid cream used properly and for long enough?"),
    ),
    "what is proposed": (
        _ordered(
            "procedure_proposed",
            "none invasive_procedure minor_surgery major_surgery",
            "Is an operation or another invasive procedure proposed?",
        ),
        _flag("less_invasive_option", "Might there be a less invasive option?"),
        _flag("chemotherapy_proposed", "Is chemotherapy proposed?"),
        _flag("radiation_proposed", "Is radiation proposed?"),
        _ordered("treatment_risk", "low moderate high", "How risky is the proposed treatment?"),
        _ordered(
            "quality_of_life_impact",
            "none slight moderate substantial",
            "How much would the proposed treatment change daily life?",
        ),
        _flag("circumcision_proposed", "Is a circumcision proposed?"),
        _flag("surgical_referral", "Has a referral to a surgeon been proposed?"),
        _flag("genital_surgery_proposed", "Is an operation on the genitals proposed?"),
        _category(
            "genital_surgery_reason",
            "none scarring_complication premalignant_change invasive_malignancy other",
            "What is the reason for that operation?",
        ),
    ),
    "cancer and complex disease": (
        _category(
            "cancer_history", "none previous persistent", "Have you had a cancer, or is it still there?"
        ),
        _flag("specialist_follow_up", "Does a specialist see you regularly about it?"),
        _flag("neoplasia_concern", "Is there concern about an early cancer or a change towards cancer?"),
        _flag("advanced_cancer", "Is there an advanced cancer?"),
        _category(
            "prognosis_given_by",
            "nobody non_specialist experienced_specialist",
            "Who told you how the disease is likely to go on?",
        ),
        _flag("hereditary_condition_suspected", "Is an inherited condition suspected?"),
        _count("organ_systems", 12, "organ systems", "How many organ systems are involved?"),
        _count("specialties_spanned", 12, "specialties", "How many specialties does the diagnosis concern?"),
    ),
    "the patient's wishes": (
        _flag("wants_second_opinion", "Do you want a second opinion?"),
        _flag("unsure_of_diagnosis", "Are you unsure about the diagnosis?"),
        _flag("unsure_of_treatment", "Are you unsure about the proposed treatment?"),
        _flag("wants_help_choosing", "Do you want help to choose between treatments?"),
        _flag("wants_prognosis", "Do you want to understand how the disease will go on?"),
        _flag("concerns_unaddressed", "Do you feel that your concerns are not taken up?"),
        _ordered("confidence_in_plan", "none low fair full", "How much confidence do you have in the plan?"),
        _flag(
            "wants_fuller_explanation",
            "Do you want a fuller explanation of condition, options, risks and benefits?",
        ),
    ),
    "opinions and records": (
        _count(
            "earlier_opinions", 20, "opinions", "How many further opinions have you already had about this?"
        ),
        _flag(
            "first_opinion_known",
            "Will the second doctor know what the first one said?",
            use="the explanation's caution on anchoring",
        ),
        _flag(
            "imaging_available",
            "Are there pictures, such as X-ray, CT or MRI?",
            use="the list of records to send",
        ),
    ),
}

FACTS: MappingProxyType[str, Fact] = MappingProxyType(
    {fact.name: replace(fact, topic=topic) for topic, facts in _TOPICS.items() for fact in facts}
)
"""Every fact by name, in the order in which a clinician would ask."""


def find_fact(name: str) -> Fact:
    """The fact of that name, or an error naming the closest one.

    Raises
    ------
    UnknownNameError
        If no fact has the name.

    Examples
    --------
    >>> find_fact("sexe")
    Traceback (most recent call last):
        ...
    secondop.errors.UnknownNameError: There is no fact 'sexe'. Did you mean 'sex'? There are 53 of them.
    """
    if name not in FACTS:
        raise unknown_name("fact", name, FACTS)
    return FACTS[name]


def facts_table() -> pd.DataFrame:
    """Every fact, one a row: what it is called, what it asks and what answers it takes.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, topic, kind, expects, meaning, use``.
    """
    return pd.DataFrame(
        [
            {"name": f.name, "topic": f.topic, "kind": str(f.kind), "expects": f.expects()}
            | {"meaning": f.meaning, "use": f.use}
            for f in FACTS.values()
        ]
    )
