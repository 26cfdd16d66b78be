"""The rule book: rules with their facts, sources and advice, edited only by making a new one."""

from __future__ import annotations

import datetime
import hashlib
import importlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from secondop.arguments import named
from secondop.errors import SecondopError, refuse, unknown_name
from secondop.rules.answers import AnswerSpace
from secondop.rules.conditions import Compare, by_name
from secondop.rules.facts import Fact, FactName, flag, settle, stated
from secondop.rules.plain import condition_from_dict, plain, without_twins
from secondop.rules.review import diff, lint
from secondop.rules.rules import SUMMARY, Advice, Rule, RuleKind, Source
from secondop.rules.spellings import matched
from secondop.words import NOT_FOR_CARE, render

_HELD = {"sources": Source, "rules": Rule, "advice": Advice, "also": Fact}


def _listed(given: Any) -> tuple:
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _named(kind: str, name: Any, there: Mapping[str, Any]) -> Any:
    if not isinstance(name, str) or name not in there:
        raise unknown_name(kind, name, there)
    return there[name]


@named
@dataclass(frozen=True)
class RuleBook:
    """Rules with the facts that they read, their sources and advice. Every edit gives a new book.

    ``subject`` is what it is about, as a sentence says it: *second opinion*; ``version``, ``updated`` and
    ``status`` say which edition it is, and how far it was reviewed. ``also`` lists facts in the order in
    which to ask for them; others that rules and advice read follow.

    Examples
    --------
    >>> from secondop import RULE_BOOK
    >>> len(RULE_BOOK), len(RULE_BOOK.without("ambiguous-pathology"))
    (27, 26)
    """

    title: str
    _: KW_ONLY
    subject: str
    version: str
    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    updated: str = ""
    status: str = ""
    advice: tuple[Advice, ...] = ()
    also: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        settle(self, **dict.fromkeys(_HELD, _listed))
        for name, kind in _HELD.items():
            if wrong := [x for x in getattr(self, name) if not isinstance(x, kind)]:
                raise SecondopError(f"A rule book's {name} are {kind.__name__}s; got {wrong[0]!r}.")
        keys = [source.key for source in self.sources]
        problems = [f"{name!r} names a rule and a fact" for name in self.facts if name in self]
        taken = [x for x in (*SUMMARY, "unreadable") if x in self or x in self.facts]
        problems += [f"{name!r} is a column of every assessment: rename the rule or fact" for name in taken]
        for kind, names in (("rule", [rule.name for rule in self]), ("source", keys)):
            twice = [name for name, times in Counter(names).items() if times > 1]
            problems += [f"{kind} {name!r} is there twice; a name is used once" for name in twice]
        for rule in self:
            if rule.source not in keys:
                problems.append(str(unknown_name(f"source (rule {rule.name!r} cites it)", rule.source, keys)))
        refuse(f"The rule book {self.title!r} cannot be made", problems)

    __getstate__ = stated

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Rule:
        return _named("rule", name, self._by_name)

    def __repr__(self) -> str:
        about = f"version {self.version}, fingerprint {self.fingerprint}"
        return f"RuleBook {self.title!r} of {len(self)} rules, {about}"

    def _repr_html_(self) -> str:
        return render("rule_book.html.j2", book=self, note=NOT_FOR_CARE)

    @property
    def about(self) -> str:
        """Which edition it is, as a sentence."""
        updated = self.updated and f"updated {self.updated}"
        return ", ".join(filter(None, (f"Version {self.version}", updated, self.status))) + "."

    @cached_property
    def _by_name(self) -> dict[str, Rule]:
        return {rule.name: rule for rule in self.rules}

    @cached_property
    def sources_by_key(self) -> dict[str, Source]:
        """Its sources, by the key that rules cite."""
        return {source.key: source for source in self.sources}

    def of_kind(self, kind: RuleKind | str) -> tuple[Rule, ...]:
        """The rules of one kind, such as "indication"."""
        return tuple(rule for rule in self if rule.kind is RuleKind(kind))

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """The vocabulary: every fact of ``also``, then those that rules and advice read besides, by name."""
        whens = [rule.when for rule in self] + [rule.stronger_when for rule in self]
        whens += [advice.when for advice in self.advice]
        read = [fact for when in whens if when is not None for fact in when.facts.values()]
        found = by_name((*self.also, *read))
        return MappingProxyType({FactName(name): fact for name, fact in found.items()})

    @cached_property
    def rule_facts(self) -> Mapping[str, Fact]:
        """The facts that decide any of its rules, by name, in the order of ``facts``."""
        read = {name for rule in self for name in rule.facts}
        return MappingProxyType({name: fact for name, fact in self.facts.items() if name in read})

    def fact(self, name: str) -> Fact:
        """The fact of that name, to speak about it in a condition."""
        return _named("fact", name, self.facts)

    @cached_property
    def answer_space(self) -> AnswerSpace:
        """Every sort of answer that its rules tell apart, and what each rule says to them."""
        return AnswerSpace(self.rules, self.rule_facts)

    def with_(
        self, *rules: Rule, sources: Iterable[Source] = (), advice: Iterable[Advice] = (), also: Iterable = ()
    ) -> RuleBook:
        """A new book with these at the end; a source that the book lists already may be given again."""
        new = [source for source in _listed(sources) if source not in self.sources]
        held = {"rules": (*self.rules, *rules), "sources": (*self.sources, *new)}
        return replace(self, **held, advice=self.advice + _listed(advice), also=self.also + _listed(also))

    def without(self, *names: str) -> RuleBook:
        """A new book that lacks these rules."""
        dropped = {self[name].name for name in names}
        return replace(self, rules=[rule for rule in self if rule.name not in dropped])

    def only(self, *names: str) -> RuleBook:
        """A new book of these rules alone."""
        kept = {self[name].name for name in names}
        return replace(self, rules=[rule for rule in self if rule.name in kept])

    def replace(self, name: str, /, **changes: Any) -> RuleBook:
        """A new book with one rule changed, such as ``replace("neoplasia-concern", level="urgent")``."""
        changed = replace(self[name], **changes)
        return replace(self, rules=[changed if rule.name == name else rule for rule in self])

    def with_threshold(self, rule: str, fact: str, value: float | str) -> RuleBook:
        """A new book in which a rule's one threshold on a fact is moved; its basis and range stay."""
        when, fact = self[rule].when, getattr(fact, "name", fact)
        old = [leaf for leaf in when.leaves() if isinstance(leaf, Compare) and leaf.fact.name == fact]
        if (found := len({leaf.value for leaf in old})) != 1:
            told = f"Rule {rule!r} has {found} thresholds on {fact!r}, not one ({when})"
            raise SecondopError(f"{told}. Write the condition anew: replace(rule, when=...).")
        moved = when.mapped(lambda leaf: replace(leaf, value=value) if leaf in old else leaf)
        return self.replace(rule, when=moved)

    def decidable_by(self, cases: Any) -> RuleBook:
        """A new book of the rules all of whose facts have a column in these cases."""
        if not hasattr(cases, "columns"):
            raise SecondopError(f"Cases are a frame with columns, not {type(cases).__name__}.")
        there = matched(list(cases.columns), self.facts).keys()
        return replace(self, rules=[rule for rule in self if rule.facts.keys() <= there])

    def as_of(self, date: str | datetime.date) -> RuleBook:
        """A new book of the rules in force on a day; one that may be asks whether it was, as a fact."""
        kept = [rule for rule in self if rule.in_force(date) is not False]
        for i, rule in enumerate(kept):
            if rule.in_force(date) is None:
                question = f"Was this already in force on {date}: {rule.label}?"
                asked = flag(f"in_force_{rule.name.replace('-', '_')}", question)
                if asked.name not in rule.facts:  # else this book is of such a day already
                    kept[i] = replace(rule, when=rule.when & asked)
        return replace(self, rules=kept)

    @property
    def fingerprint(self) -> str:
        """Twelve letters that change with any change of content, and not with the order of rules."""
        content = self._content()
        for key, by in (("rules", "name"), ("facts", "name"), ("sources", "key")):
            content[key].sort(key=lambda item: item[by])
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    lint, diff = lint, diff  # which look at it from outside

    def to_frame(self) -> pd.DataFrame:
        """One row per rule, for reading and counting: what it says and its condition as a sentence."""
        columns = "name statement kind group level label condition consult source locator grade remark"
        rows = [vars(r) | {"kind": str(r.kind), "level": r.level and str(r.level)} for r in self]
        for rule, row in zip(self, rows, strict=True):
            row |= {"condition": rule.when.sentence(), "locator": rule.locator or rule.statement}
            row["grade"] = str(self.sources_by_key[rule.source].grade)
        return pd.DataFrame(rows, columns=columns.split())

    def _content(self) -> dict[str, Any]:
        content = {x: getattr(self, x) for x in ("title", "subject", "version", "updated", "status")}
        content |= {x: plain(getattr(self, x)) for x in ("sources", "rules", "advice")}
        return content | {"facts": plain((*self.facts.values(),)), "also": [fact.name for fact in self.also]}

    def to_json(self) -> str:
        """The whole book with its facts, as text that :meth:`from_json` reads back without loss."""
        return json.dumps(self._content(), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RuleBook:
        """Read a book from :meth:`to_json`: in any process, without the code that made it; nothing is run."""
        try:
            data = {"advice": [], "also": []} | json.loads(
                text.encode() if isinstance(text, str) else text, object_pairs_hook=without_twins
            )
            facts = {said["name"]: Fact(**said) for said in data.pop("facts")}
            for said in (*data["rules"], *data["advice"]):
                whens = said.keys() & {"when", "stronger_when"}
                said.update({when: condition_from_dict(said[when], facts) for when in whens})
            kinds = {made.kind: made for made in Rule.__subclasses__()}
            rules = [kinds[RuleKind(said.pop("kind", None))](**said) for said in data.pop("rules")]
            sources = [Source(**said) for said in data.pop("sources")]
            advice = [Advice(**said) for said in data.pop("advice")]
            also = [facts[name] for name in data.pop("also")]
            return cls(rules=rules, sources=sources, advice=advice, also=also, **data)
        except SecondopError:
            raise
        except Exception as error:  # what is no book may break whatever reads it, in any way
            lacks = f"there is no {error}" if isinstance(error, KeyError) else repr(error)
            said = f"This is not a rule book as to_json writes it: {lacks}"
            raise SecondopError(f"{said}. Of a file, give the text: Path(...).read_text().") from error

    def to_page(self, path: str | Path, *, language: str = "en", url: str = "") -> Path:
        """Write the book as a page that answers: one file, which opens by a double click without a network.

        It is the classroom of this book alone: a case to explore fact by fact, two side by side, and the book
        changed. It opens in a ``language``, "en" or "de"; what the book says stays in its own words. ``url``
        is where others will find the page, if links to cases shall lead there.
        """
        # The page is of a room to the right, which imports this one: so it is looked up when it is asked for.
        page = importlib.import_module("secondop.teaching.classroom")
        return page.classroom(path, self, language=language, url=url)

    def to_markdown(self) -> str:
        """The book to read or hand out: every rule with its condition and source, and the bibliography."""
        leaves = dict.fromkeys(leaf for rule in self for leaf in rule.when.leaves())
        compared = [leaf for leaf in leaves if isinstance(leaf, Compare)]
        thresholds = [leaf for leaf in compared if leaf.fact.is_numeric or leaf.lower != leaf.upper]
        return render("rule_book.md.j2", book=self, thresholds=thresholds, note=NOT_FOR_CARE)
