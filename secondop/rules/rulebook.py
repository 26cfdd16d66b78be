"""The rule book: rules with their facts, sources and advice, edited only by making a new one."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pandas as pd

from secondop.errors import SecondopError, refuse, unknown_name
from secondop.rules.answers import AnswerSpace
from secondop.rules.conditions import Compare, Condition, by_name
from secondop.rules.facts import Fact, check_attributes, flag, settle
from secondop.rules.rules import Advice, Rule, RuleKind, Source, rule_class
from secondop.words import NOT_FOR_CARE, render

MAX_LINT = 1_000
"""Rules that :meth:`RuleBook.lint` compares with one another."""
_ABOUT = ("title", "subject", "version", "updated", "status")


@dataclass(frozen=True)
class RuleBook:
    """Rules with the facts that they read, their sources and advice. Every edit gives a new book.

    Attributes
    ----------
    subject : str
        What it is about, as a sentence says it: *second opinion*, *imaging review*.
    version, updated, status : str
        Which edition it is, when its content was last updated, and how far it was reviewed.
    also : tuple of Fact
        Facts of its vocabulary in the order in which to ask for them. Facts that rules and advice read need
        not be listed: those that are not follow in the order in which they are read.

    Examples
    --------
    >>> from secondop import RULE_BOOK
    >>> len(RULE_BOOK)
    27
    >>> RULE_BOOK["ambiguous-pathology"].when
    pathology result is ambiguous or expert needed
    >>> len(RULE_BOOK.without("ambiguous-pathology"))
    26
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
        held = {"sources": Source, "rules": Rule, "advice": Advice, "also": Fact}
        settle(self, **dict.fromkeys(held, tuple))
        for name, kind in held.items():
            if wrong := [x for x in getattr(self, name) if not isinstance(x, kind)]:
                raise SecondopError(f"A rule book's {name} are {kind.__name__}s; got {wrong[0]!r}.")
        keys = [source.key for source in self.sources]
        problems = [f"{name!r} names a rule and a fact" for name in self.facts if name in self]
        for kind, names in (("rule", [rule.name for rule in self]), ("source", keys)):
            twice = [name for name, times in Counter(names).items() if times > 1]
            problems += [f"{kind} {name!r} is there twice; a name is used once" for name in twice]
        for rule in self:
            if rule.source not in keys:
                what = f"source (rule {rule.name!r} cites it)"
                problems.append(str(unknown_name(what, rule.source, keys)))
        refuse(f"The rule book {self.title!r} cannot be made", problems)

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Rule:
        """The rule of that name."""
        if name not in self._by_name:
            raise unknown_name("rule", name, self._by_name)
        return self._by_name[name]

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
        """The sources by their keys."""
        return {source.key: source for source in self.sources}

    def of_kind(self, kind: RuleKind | str) -> tuple[Rule, ...]:
        """The rules of one kind."""
        held = rule_class(kind)
        return tuple(rule for rule in self if isinstance(rule, held))

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """The vocabulary: every fact of ``also``, then those that rules and advice read besides, by name."""
        return MappingProxyType(by_name((*self.also, *self._read)))

    @cached_property
    def _read(self) -> list[Fact]:
        """The facts that rules and advice read, as they come."""
        whens = [*(rule.when for rule in self.rules), *(rule.stronger_when for rule in self.rules)]
        whens += [advice.when for advice in self.advice]
        return [fact for when in whens if when is not None for fact in when.facts.values()]

    @cached_property
    def rule_facts(self) -> Mapping[str, Fact]:
        """The facts that decide any of its rules, by name, in the order of ``facts``."""
        read = {name for rule in self.rules for name in rule.facts}
        return MappingProxyType({name: fact for name, fact in self.facts.items() if name in read})

    def fact(self, name: str) -> Fact:
        """The fact of that name, to speak about it in a condition."""
        if name not in self.facts:
            raise unknown_name("fact", name, self.facts)
        return self.facts[name]

    @cached_property
    def answer_space(self) -> AnswerSpace:
        """Every sort of answer that its rules tell apart, and what each rule says to them."""
        return AnswerSpace(self.rules, self.rule_facts)

    def with_(
        self, *rules: Rule, sources: Iterable[Source] = (), advice: Iterable[Advice] = (), also: Iterable = ()
    ) -> RuleBook:
        """A new book with these rules, sources, advice and facts (``also``) at the end.

        A source that the book lists already may be given again.
        """
        new = [source for source in sources if source not in self.sources]
        held = {"rules": (*self.rules, *rules), "sources": (*self.sources, *new)}
        return replace(self, **held, advice=(*self.advice, *advice), also=(*self.also, *also))

    def without(self, *names: str) -> RuleBook:
        """A new book that lacks these rules."""
        dropped = {self[name].name for name in names}
        return replace(self, rules=[rule for rule in self if rule.name not in dropped])

    def only(self, *names: str) -> RuleBook:
        """A new book of these rules alone."""
        kept = {self[name].name for name in names}
        return replace(self, rules=[rule for rule in self if rule.name in kept])

    def replace(self, name: str, /, **changes: Any) -> RuleBook:
        """A new book in which one rule is changed, such as ``replace("refractory", level="urgent")``."""
        check_attributes(Rule, changes)
        changed = replace(self[name], **changes)
        return replace(self, rules=[changed if rule.name == name else rule for rule in self])

    def with_threshold(self, rule: str, fact: str, value: float | str) -> RuleBook:
        """A new book in which a rule's one threshold on a fact is moved; its basis and range stay."""
        when = self[rule].when
        old = [leaf for leaf in when.leaves() if isinstance(leaf, Compare) and leaf.fact.name == fact]
        if (found := len({leaf.value for leaf in old})) != 1:
            told = f"Rule {rule!r} has {found} thresholds on {fact!r}, not one ({when})"
            raise SecondopError(f"{told}. Write the condition anew: replace(rule, when=...).")
        moved = when.mapped(lambda leaf: replace(leaf, value=value) if leaf in old else leaf)
        return self.replace(rule, when=moved)

    def decidable_by(self, cases: Any) -> RuleBook:
        """A new book of the rules all of whose facts have a column in these cases."""
        from secondop.rules.spellings import matched

        there = matched(list(cases.columns), self.facts)
        return self.only(*(rule.name for rule in self if rule.facts.keys() <= there.keys()))

    def as_of(self, date: str | datetime.date) -> RuleBook:
        """A new book of the rules in force on a day.

        Where only a span of days is known in which a rule came into force, its verdict on a day within is
        unknown: it asks for a fact of its own, whether it was in force.
        """
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

    def lint(self) -> pd.DataFrame:
        """Look for rules that say nothing, or say what another says already.

        Decided exactly, over every combination of answers that the rules tell apart: a table of ``rule``,
        ``finding`` and ``detail`` without rows if there is nothing to find. An implied rule is no mistake as
        such: the source may say the same twice, and the two fire apart.
        """
        if len(self) > MAX_LINT:
            raise SecondopError(f"lint compares up to {MAX_LINT:,} rules; split this book of {len(self):,}.")
        found, space = [], self.answer_space
        for rule in self:
            fires = space.fires(rule.name)
            if not fires.any():
                found.append((rule.name, "never fires", f"no case meets: {rule.when}"))
            elif fires.all():
                found.append((rule.name, "always fires", f"every case meets, all facts known: {rule.when}"))
        for a, b in itertools.combinations(self, 2):
            if a.facts.keys().isdisjoint(b.facts):
                continue
            match space.implies(a.name, b.name), space.implies(b.name, a.name):
                case True, True:
                    found.append((b.name, "duplicate", f"fires exactly when {a.name!r} does"))
                case True, _:
                    found.append((a.name, "implied", f"whenever it fires, {b.name!r} fires too"))
                case _, True:
                    found.append((b.name, "implied", f"whenever it fires, {a.name!r} fires too"))
        read = {fact.name for fact in self._read}
        unused = [name for name, fact in self.facts.items() if name not in read and not fact.use]
        found += [(None, "unused fact", f"nothing reads {x!r}, and it states no other use") for x in unused]
        return pd.DataFrame(found, columns=["rule", "finding", "detail"])

    def diff(self, other: RuleBook) -> pd.DataFrame:
        """What changes to another book, as a table of ``rule``, ``attribute``, ``before`` and ``after``.

        A rule that is added or removed has the attribute ``rule``, a changed condition a row for each leaf
        that differs, and what belongs to no rule has none.

        Examples
        --------
        >>> from secondop import RULE_BOOK
        >>> longer = RULE_BOOK.with_threshold("failed-first-line", "first_line_weeks", 8)
        >>> RULE_BOOK.diff(longer)["after"].tolist()
        ['first line weeks at least 8 (assumed, 2 to 12)']
        """
        rows = []
        for name in self._by_name | other._by_name:
            before, after = self._by_name.get(name), other._by_name.get(name)
            if before is None or after is None:
                rows.append((name, "rule", before and before.label, after and after.label))
                continue
            for x in ("kind", *(field.name for field in fields(Rule))):
                rows += [(name, x, *pair) for pair in _changes(getattr(before, x), getattr(after, x))]
        for kind, key in (("sources", "key"), ("also", "name"), ("advice", "words")):
            old, new = ({getattr(x, key): x for x in getattr(book, kind)} for book in (self, other))
            changed = [x for x in old | new if old.get(x) != new.get(x)]
            rows += [(None, f"{kind} {x}", old.get(x), new.get(x)) for x in changed]
            if kind != "sources" and old.keys() == new.keys() and list(old) != list(new):
                rows.append((None, f"order of {kind}", ", ".join(old), ", ".join(new)))
        for x in _ABOUT:
            rows += [(None, x, *pair) for pair in _changes(getattr(self, x), getattr(other, x))]
        return pd.DataFrame(rows, columns=["rule", "attribute", "before", "after"], dtype=object)

    def to_frame(self) -> pd.DataFrame:
        """One row per rule, for reading and counting: what it says and its condition as a sentence."""
        rows = []
        for r in self:
            row = {"name": r.name, "statement": r.statement, "kind": str(r.kind), "group": r.group}
            row |= {"level": r.level and str(r.level), "label": r.label, "condition": r.when.sentence()}
            row |= {"consult": r.consult, "source": r.source, "locator": r.locator or r.statement}
            rows.append(row | {"grade": str(self.sources_by_key[r.source].grade), "remark": r.remark})
        return pd.DataFrame(rows)

    def _content(self) -> dict[str, Any]:
        return {
            **{x: getattr(self, x) for x in _ABOUT},
            "facts": [fact.to_dict() for fact in self.facts.values()],
            "also": [fact.name for fact in self.also],
            "sources": [source.to_dict() for source in self.sources],
            "rules": [rule.to_dict() for rule in self.rules],
            "advice": [advice.to_dict() for advice in self.advice],
        }

    def to_json(self) -> str:
        """The whole book with its facts, as text that :meth:`from_json` reads back without loss."""
        return json.dumps(self._content(), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RuleBook:
        """Read a book from :meth:`to_json`: in any process, without the code that made it; nothing is run."""
        try:
            data = json.loads(text, object_pairs_hook=_without_twins)
            facts = {fact.name: fact for fact in map(Fact.from_dict, data.pop("facts"))}
            return cls(
                rules=[Rule.from_dict(rule, facts) for rule in data.pop("rules")],
                sources=[Source.from_dict(source) for source in data.pop("sources")],
                advice=[Advice.from_dict(advice, facts) for advice in data.pop("advice", [])],
                also=[facts[name] for name in data.pop("also", [])],
                **data,
            )
        except SecondopError:
            raise
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            what = f"{type(error).__name__} {error}"
            raise SecondopError(f"This text is not a rule book as to_json writes it: {what}.") from error

    def to_markdown(self) -> str:
        """The book to read or hand out: every rule with its condition and source, and the bibliography."""
        read = [leaf for rule in self for leaf in rule.when.leaves()]
        compared = [leaf for leaf in dict.fromkeys(read) if isinstance(leaf, Compare)]
        thresholds = [leaf for leaf in compared if leaf.fact.is_numeric or leaf.lower != leaf.upper]
        return render("rule_book.md.j2", book=self, thresholds=thresholds, note=NOT_FOR_CARE)


def _changes(old: Any, new: Any) -> list[tuple[Any, Any]]:
    """What differs between two values; of two conditions built alike, each leaf that does."""
    if old == new:
        return []
    if not isinstance(old, Condition) or not isinstance(new, Condition):
        return [(old if old is None else str(old), new if new is None else str(new))]
    befores, afters = list(old.leaves()), list(new.leaves())
    each = iter(afters)
    alike = len(befores) == len(afters) and old.mapped(lambda _: next(each)) == new
    pairs = zip(befores, afters, strict=True) if alike else [(old, new)]
    return [(a.sentence(), b.sentence()) for a, b in pairs if a != b]


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is there twice: the last would win in silence."""
    data = dict(pairs)
    if len(data) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise SecondopError(f"This text has the key {twice!r} twice in one place. Keep one.")
    return data
