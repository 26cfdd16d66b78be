"""Vignettes: invented patients told in stages, each with what is learned and what the rule book says then."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from secondop.arguments import named
from secondop.datafiles import data_path, read_toml
from secondop.errors import unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.teaching.markup import SMALL, Html, div, el
from secondop.words import NOT_FOR_CARE, plural


@dataclass(frozen=True)
class Stage:
    """What is learned at once, and what the rule book says then.

    ``new`` are the facts that are recorded or changed here, ``facts`` all that are recorded by now: one that
    is absent is not recorded, never no. ``expected`` is the recommendation, ``possible`` the highest that
    missing information could raise it to, ``disputed`` why a clinician may see it otherwise; often empty.
    """

    kind: str
    told: str
    expected: str
    possible: str
    why: str
    disputed: str = ""
    new: dict[str, Any] = field(hash=False, default_factory=dict)
    facts: dict[str, Any] = field(hash=False, repr=False, default_factory=dict)

    @property
    def provisional(self) -> bool:
        """Whether missing information could still raise it."""
        return self.possible != self.expected

    def _html(self, number: int) -> Html:
        facts = [(RULE_BOOK.facts[name], value) for name, value in self.new.items()]
        decided = self.expected.replace("_", " ").capitalize()
        decided += f"; missing information could raise it to {self.possible}" if self.provisional else ""
        why = f"{self.why} A clinician may see it otherwise. {self.disputed}" if self.disputed else self.why
        asked = el("summary", "cursor:pointer;", "What does the rule book say?")
        return div(
            "margin:.8em 0;",
            el("b", "", f"{number}. {self.kind.capitalize()}. "),
            self.told,
            div(SMALL, "Recorded: ", " · ".join(f"{x.label}: {x.in_words(value)}" for x, value in facts)),
            el("details", "", asked, el("b", "", f"{decided}. "), why),
        )


@dataclass(frozen=True)
class Vignette:
    """One invented patient in stages; in a notebook each decision is folded, to predict it first.

    Examples
    --------
    >>> one = vignettes()["V03"]
    >>> [(stage.kind, stage.expected) for stage in one.stages]
    [('history', 'no_indication'), ('tests', 'recommended'), ('tests', 'no_indication')]
    >>> one.stages[1].new
    {'pathology_result': 'ambiguous'}
    """

    id: str
    title: str
    stages: tuple[Stage, ...]

    def _repr_html_(self) -> str:
        stages = [stage._html(i) for i, stage in enumerate(self.stages, start=1)]
        head = el("h3", "", f"{self.id} {self.title}")
        return div("max-width:56em;", head, *stages, div(SMALL, NOT_FOR_CARE))


class Vignettes(tuple):
    """Vignettes, by position or by id."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        named = {one.id: one for one in self}
        if key not in named:
            raise unknown_name("vignette", key, named)
        return named[key]

    def __repr__(self) -> str:
        told = "\n".join(f"{one.id}  {one.title} ({plural(len(one.stages), 'stage')})" for one in self)
        return f"{plural(len(self), 'vignette')}:\n{told}"


@named
@cache
def vignettes() -> Vignettes:
    """Twenty invented patients told in stages: predict at each what the rule book says, then go on.

    Examples
    --------
    >>> len(vignettes()), vignettes()[0].title
    (20, 'Tired since the summer')
    """
    data = read_toml(data_path("vignettes.toml"), "The vignettes")
    return Vignettes(_vignette(data["quiet"], **one) for one in data["vignettes"])


def _vignette(quiet: dict[str, Any], id: str, title: str, stages: list[Any], open: Any = ()) -> Vignette:
    """What is quiet is recorded from the first stage on, but for what stays open and what a stage records."""
    later = {*open, *(name for stage in stages for name in stage.get("facts", ()))}
    facts, told = {name: value for name, value in quiet.items() if name not in later}, []
    for stage in stages:
        new = stage.pop("facts", {}) | stage.pop("changes", {})
        facts |= new
        told.append(Stage(**stage, new=new, facts=dict(facts)))
    return Vignette(id, title, tuple(told))
