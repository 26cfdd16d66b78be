"""Vignettes: invented patients told in stages, each with what is learned and what the rule book says then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from secondop.datafiles import data_path, read_toml
from secondop.errors import refuse, unknown_name
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching.markup import SMALL, Html, div, el
from secondop.words import NOT_FOR_CARE, plural

KINDS = ("history", "tests", "course", "plan", "wishes")
_WORDS = ("kind", "told", "expected", "possible", "why")


@dataclass(frozen=True)
class Stage:
    """What is learned at once, and what the rule book says then.

    ``new`` are the facts that are recorded or changed here, ``facts`` all that are recorded by now: one that
    is absent is not recorded, never no. ``expected`` is the recommendation, ``possible`` the highest that
    missing information could raise it to, ``disputed`` why a clinician may see it otherwise; often empty.
    """

    kind: str
    told: str
    new: dict[str, Any] = field(hash=False)
    facts: dict[str, Any] = field(hash=False, repr=False)
    expected: str
    possible: str
    why: str
    disputed: str = ""

    @property
    def provisional(self) -> bool:
        """Whether missing information could still raise it."""
        return self.possible != self.expected


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
        stages = [_stage_html(i, stage) for i, stage in enumerate(self.stages, start=1)]
        note = div(SMALL, NOT_FOR_CARE)
        return div("max-width:56em;", el("h3", "", f"{self.id} {self.title}"), *stages, note)


class Vignettes(Sequence):
    """Vignettes, by position or by id."""

    def __init__(self, held: Iterable[Vignette]):
        self._held = tuple(held)

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return self._held[key]
        named = {one.id: one for one in self}
        if key not in named:
            raise unknown_name("vignette", key, named)
        return named[key]

    def __repr__(self) -> str:
        told = "\n".join(f"{one.id}  {one.title} ({plural(len(one.stages), 'stage')})" for one in self)
        return f"{plural(len(self), 'vignette')}:\n{told}"


def vignettes() -> Vignettes:
    """Twenty invented patients told in stages: predict at each what the rule book says, then go on.

    Examples
    --------
    >>> len(vignettes()), vignettes()[0].title
    (20, 'Tired since the summer')
    """
    return _shipped()


@cache
def _shipped() -> Vignettes:
    return read_vignettes(data_path("vignettes.toml"))


def read_vignettes(source: Any) -> Vignettes:
    """Vignettes from a file or a text in TOML; everything that is wrong with them is said at once.

    Facts of ``[quiet]`` are recorded from the first stage on, but for those that a vignette leaves ``open``
    and those that one of its stages records: these are not recorded until then. A stage records what was not
    recorded (``facts``), and ``changes`` what was.
    """
    data = read_toml(source, "A file of vignettes")
    quiet, held = data.get("quiet", {}), []
    problems = _misfits("quiet", quiet)
    for one in data.get("vignettes", []):
        name, told = one.get("id", "?"), one.get("stages", [])
        later = {fact for stage in told for fact in stage.get("facts", {})}.union(one.get("open", ()))
        problems += [f"{name}: there is no fact {fact!r}" for fact in later if fact not in RULE_BOOK.facts]
        facts, stages = {fact: value for fact, value in quiet.items() if fact not in later}, []
        for i, stage in enumerate(told, start=1):
            problems += [f"{name}, stage {i}: {what}" for what in _wrong(stage, facts)]
            new = stage.get("facts", {}) | stage.get("changes", {})
            facts = facts | new
            words = {key: stage.get(key, "") for key in (*_WORDS, "disputed")}
            stages.append(Stage(new=new, facts=facts, **words))
        held.append(Vignette(name, one.get("title", ""), tuple(stages)))
    refuse("These vignettes cannot be read", problems)
    return Vignettes(held)


def _wrong(stage: dict[str, Any], before: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a stage, where so much was recorded before it."""
    levels = dict.fromkeys(("expected", "possible"), RECOMMENDATIONS)
    added, changed = stage.get("facts", {}), stage.get("changes", {})
    for key in stage.keys() - {*_WORDS, "facts", "changes", "disputed"}:
        yield f"{key!r} is no key of a stage"
    for key in _WORDS:
        if not stage.get(key):
            yield f"{key} is missing"
        elif stage[key] not in (options := ({"kind": KINDS} | levels).get(key, (stage[key],))):
            yield f"{key} is one of {', '.join(options)}, not {stage[key]!r}"
    yield from _misfits("facts", added)
    yield from _misfits("changes", changed)
    for fact in added.keys() & before.keys():
        yield f"{fact} is recorded already; what is different now stands in changes"
    for fact, value in changed.items():
        if fact not in before:
            yield f"{fact} was not recorded; what is new stands in facts"
        elif before[fact] == value:
            yield f"{fact} was {value!r} before, so it changes nothing"


def _misfits(where: str, facts: dict[str, Any]) -> list[str]:
    """What of these answers is no answer to a fact of the rule book."""
    book, problems = RULE_BOOK.facts, []
    for name, value in facts.items():
        if name not in book:
            problems.append(f"{where}: there is no fact {name!r}")
        elif not book[name].accepts(value):
            problems.append(
                f"{where}: {value!r} is no answer to {name!r}, which takes {book[name].expects()}"
            )
    return problems


def _stage_html(i: int, stage: Stage) -> Html:
    facts = RULE_BOOK.facts
    said = [f"{facts[name].label}: {facts[name].in_words(value)}" for name, value in stage.new.items()]
    decided = stage.expected.replace("_", " ")
    outlook = f"; missing information could raise it to {stage.possible}" if stage.provisional else ""
    disputed = f" A clinician may see it otherwise. {stage.disputed}" if stage.disputed else ""
    return div(
        "margin:.8em 0;",
        el("b", "", f"{i}. {stage.kind.capitalize()}. "),
        stage.told,
        div(SMALL, "Recorded: ", " · ".join(said)),
        el(
            "details",
            "",
            el("summary", "cursor:pointer;", "What does the rule book say?"),
            el("b", "", f"{decided.capitalize()}{outlook}. "),
            f"{stage.why}{disputed}",
        ),
    )
