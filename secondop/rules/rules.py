"""Rules, the sources that they rest on, and advice: what a rule book holds."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, ClassVar

from secondop.arguments import named
from secondop.errors import SecondopError
from secondop.rules.conditions import Condition, as_condition
from secondop.rules.facts import Choice, Fact, settle

RECOMMENDATIONS = ("not_needed", "no_indication", "optional", "recommended", "urgent")
"""What an assessment can say, from least to most."""

SUMMARY = ("recommendation", "possible", "undetermined", "indications", "preferences")
"""The columns that every assessment adds."""


class Level(Choice):
    """How strongly an indication recommends an opinion."""

    OPTIONAL = "optional"  # the patient's wish
    RECOMMENDED = "recommended"
    URGENT = "urgent"


class RuleKind(Choice):
    """What a rule does to the recommendation."""

    INDICATION = "indication"  # a reason for it
    AMPLIFIER = "amplifier"  # strengthens a clinical indication; is not one by itself
    COUNTER_INDICATION = "counter_indication"  # a reason against; cancels nothing


class Grade(Choice):
    """How good a source is, best first."""

    PRIMARY = "primary study"
    REVIEW = "review"
    GUIDELINE = "guideline"
    SECONDARY_WEB = "secondary web summary"


@named
@dataclass(frozen=True)
class Source:
    """What rules rest on: the key by which they cite it, the reference, and how good it is."""

    key: str
    reference: str
    grade: Grade = Grade.GUIDELINE

    def __post_init__(self) -> None:
        settle(self, grade=Grade)


@named
@dataclass(frozen=True)
class Rule:
    """When it fires, what that means, and who says so. Written as one of its three kinds.

    Its ``name`` is in kebab-case and never reused, its ``label`` a noun phrase that a patient could read. It
    fires ``when`` a condition is met; ``stronger_when`` is shown and never counted. ``group`` is the part of
    the guidance that it belongs to, ``consult`` whom to see; ``source`` the key of a source of the rule book,
    ``statement`` the id of what it encodes, ``locator`` where that stands unless the id tells, and ``remark``
    what a reader has to know of it. It is in force from ``valid_from`` to ``valid_to``, each a date, a year,
    or the earliest and the latest day that it may be. Empty: always.
    """

    kind: ClassVar[RuleKind]
    name: str
    label: str
    _: KW_ONLY
    when: Condition
    group: str
    source: str
    level: Level | None = None
    statement: str = ""
    locator: str = ""
    consult: str = ""
    stronger_when: Condition | None = None
    remark: str = ""
    valid_from: str | tuple[str, str] = ""
    valid_to: str | tuple[str, str] = ""

    def __post_init__(self) -> None:
        conditions = {"when": as_condition, "stronger_when": as_condition}
        settle(self, level=Level, valid_from=_span, valid_to=_span, **conditions)
        if not re.fullmatch(r"[^\W_A-Z]+(-[^\W_A-Z]+)*", self.name):
            raise SecondopError(f"A rule's name is in kebab-case, such as 'first-look', not {self.name!r}.")
        if (self.level is None) == (self.kind is RuleKind.INDICATION):
            needed = "an indication has a level, and nothing else has"
            raise SecondopError(f"Rule {self.name!r}: {needed}; got {self.level!r}.")
        if self.valid_from and self.valid_to and days(self.valid_from)[0] > days(self.valid_to)[1]:
            span = f"from {self.valid_from} to {self.valid_to}"
            raise SecondopError(f"Rule {self.name!r} would never be in force: its days go {span}.")

    @property
    def clinical(self) -> bool:
        """Whether it is an indication that rests on the case and not on the patient's wish."""
        return self.level in (Level.RECOMMENDED, Level.URGENT)

    @property
    def preference(self) -> bool:
        """Whether it is one that rests on the patient's wish."""
        return self.level is Level.OPTIONAL

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """The facts that decide it, by name."""
        return self.when.facts

    def cited(self, sources: Mapping[str, Source]) -> str:
        """Who says so, where, and how good that source is."""
        at = self.locator or self.statement
        return f"{self.source}{at and f', {at}'} ({sources[self.source].grade})"

    def in_force(self, date: str | datetime.date) -> bool | None:
        """Whether it is in force on a day; ``None`` where only a span of days is known for a change."""
        day, _ = days(date)
        first, sure = days(self.valid_from or datetime.date.min)
        may_end, end = days(self.valid_to or datetime.date.max)
        return False if not first <= day <= end else True if sure <= day <= may_end else None


class Indication(Rule):
    """A reason for it. Needs a ``level``.

    Examples
    --------
    >>> from secondop import flag
    >>> red_flag = flag("red_flag", "Is there a sign of something serious?")
    >>> Indication("red", "A red flag", level="urgent", when=red_flag, group="danger", source="sop").clinical
    True
    """

    kind = RuleKind.INDICATION


class CounterIndication(Rule):
    """A reason against. It cancels no indication."""

    kind = RuleKind.COUNTER_INDICATION


class Amplifier(Rule):
    """What strengthens a clinical indication, and is not one by itself."""

    kind = RuleKind.AMPLIFIER


@named
@dataclass(frozen=True)
class Advice:
    """What to keep in mind, or what to do next. It is no rule: it changes no recommendation.

    ``statement`` is the id of what it encodes. Its ``words`` are said ``when`` a condition is met, or in all
    cases, and ``if_unknown`` in place of them where a fact that was not recorded leaves that open;
    ``only_without_clinical``: where no clinical indication can fire, ``only_with_clinical``: where one is
    known to. A ``next_step`` is no caution.
    """

    statement: str
    words: str
    when: Condition | None = None
    if_unknown: str = ""
    only_without_clinical: bool = False
    only_with_clinical: bool = False
    next_step: bool = False

    def __post_init__(self) -> None:
        settle(self, when=as_condition)


def days(given: Any) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that a date may be: a date is one day, a year all of its days."""
    given = str(given)[:10] if isinstance(given, datetime.date) else given
    with suppress(TypeError, ValueError):
        ends = zip([given] * 2 if isinstance(given, str) else given, ("-01-01", "-12-31"), strict=True)
        first, last = (datetime.date.fromisoformat(x if len(x) > 4 else x + rest) for x, rest in ends)
        if first <= last:
            return first, last
    spans = "('2018-12-01', '2022-12-31') for the earliest and the latest day"
    raise SecondopError(f"{given!r} is no date. Write '2024-07-01', a year such as '2020', or {spans}.")


def _span(given: str | tuple[str, str]) -> str | tuple[str, str]:
    first, _ = days(given)  # refuses what is no date
    if isinstance(given, datetime.date):
        return str(first)
    return given if isinstance(given, str) else tuple(given)
