"""A rule: when it holds, what it argues for, and who says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from secondop.errors import SecondopError, unknown_name
from secondop.rules.conditions import Condition, condition_from_dict
from secondop.rules.facts import take_members

RECOMMENDATIONS = ("not_needed", "no_indication", "optional", "recommended", "urgent")
"""What an assessment can say, from least to most."""


class Level(StrEnum):
    """How strongly an indication argues."""

    OPTIONAL = "optional"  # the patient's wish
    RECOMMENDED = "recommended"
    URGENT = "urgent"


class RuleKind(StrEnum):
    """What a rule does to the recommendation."""

    INDICATION = "indication"  # argues for a second opinion
    AMPLIFIER = "amplifier"  # makes a clinical indication press harder; creates none
    COUNTER_INDICATION = "counter_indication"  # argues that none may be needed; cancels nothing
    CAUTION = "caution"  # warns, on a case without a clinical indication


class Group(StrEnum):
    """Which part of the guidance a rule belongs to."""

    UNCERTAINTY = "diagnostic uncertainty"
    FAILURE = "treatment failure"
    DECISION = "major decision"
    SURGERY = "specialty: surgery"
    CANCER = "specialty: cancer"
    COMPLEX = "specialty: complex or rare"
    PREFERENCE = "patient: preference"
    TRUST = "patient: trust"
    SEVERITY = "severity"
    NOT_NEEDED = "may not be needed"
    OVERUSE = "overuse"


class Grade(StrEnum):
    """How good a source is, best first."""

    PRIMARY = "primary study"
    REVIEW = "review"
    GUIDELINE = "guideline"
    SECONDARY_WEB = "secondary web summary"


@dataclass(frozen=True)
class Citation:
    """Where a rule comes from.

    Attributes
    ----------
    source : str
        Key of the source in the rule book's bibliography.
    locator : str
        The statement in that source.
    grade : Grade
        How good the source is.
    """

    source: str
    locator: str
    grade: Grade

    def __post_init__(self) -> None:
        """Bring a grade given as text to its member."""
        take_members(self, grade=Grade)


@dataclass(frozen=True)
class Indication:
    """A rule: when it holds, what it argues for, and who says so.

    Attributes
    ----------
    name : str
        In kebab-case; never reused.
    statement : str
        Id of the statement that it encodes.
    label : str
        What it says, as a noun phrase that a patient could read.
    group : Group
    when : Condition
        The cases in which it holds.
    citation : Citation
    level : Level, optional
        How strongly it argues; only an indication has one.
    consult : str
        Whom to see.
    kind : RuleKind
        An indication unless stated.
    stronger_when : Condition, optional
        Where the source presses harder; shown, never counted.
    """

    name: str
    statement: str
    label: str
    group: Group
    when: Condition
    citation: Citation
    level: Level | None = None
    consult: str = ""
    kind: RuleKind = RuleKind.INDICATION
    stronger_when: Condition | None = None

    def __post_init__(self) -> None:
        take_members(self, group=Group, level=Level, kind=RuleKind)
        if not isinstance(self.when, Condition):
            raise TypeError(f"Rule {self.name!r}: 'when' must be a condition over facts, not {self.when!r}.")
        if self.name != self.name.lower() or not self.name.replace("-", "").isalnum():
            raise SecondopError(
                f"A rule's name is in kebab-case, such as 'negative-work-up', not {self.name!r}."
            )
        if (self.level is not None) != (self.kind is RuleKind.INDICATION):
            raise SecondopError(
                f"Rule {self.name!r}: an indication has a level, and nothing else has; got {self.level!r}."
            )

    @property
    def clinical(self) -> bool:
        """Whether it is an indication that rests on the case and not on the patient's wish."""
        return self.level in (Level.RECOMMENDED, Level.URGENT)

    @property
    def preference(self) -> bool:
        """Whether it is an indication that rests on the patient's wish."""
        return self.level is Level.OPTIONAL

    @property
    def facts(self) -> tuple[str, ...]:
        """Names of the facts that decide it."""
        return self.when.facts

    def to_dict(self) -> dict[str, Any]:
        """The rule as plain data."""
        stronger = None if self.stronger_when is None else self.stronger_when.to_dict()
        parts = {"when": self.when.to_dict(), "stronger_when": stronger}
        return vars(self) | parts | {"citation": dict(vars(self.citation))}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Indication:
        """Read a rule back from :meth:`to_dict`; unknown keys are refused."""
        check_attributes(data)
        citation, stronger = data["citation"], data.get("stronger_when")
        read = {
            "when": condition_from_dict(data["when"]),
            "citation": Citation(citation["source"], citation["locator"], citation["grade"]),
            "stronger_when": stronger and condition_from_dict(stronger),
        }
        return cls(**data | read)


def check_attributes(names: Iterable[str]) -> None:
    """Refuse a name that no attribute of a rule has."""
    known = [f.name for f in fields(Indication)]
    for name in names:
        if name not in known:
            raise unknown_name("rule attribute", name, known)
