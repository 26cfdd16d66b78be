"""The rule book: rules with their bibliography, edited only by making a new one."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import pandas as pd

from secondop.errors import SecondopError, unknown_name
from secondop.rules.conditions import Compare, Condition
from secondop.rules.domain import truth_table
from secondop.rules.facts import FACTS, Kind
from secondop.rules.indication import Indication, RuleKind, check_attributes

NOT_FOR_CARE = "For education and analysis, not for care: it cannot replace a clinician's judgement."
"""Stands on every page and explanation."""


@dataclass(frozen=True)
class RuleBook:
    """Rules with their bibliography. Never changes: every edit gives a new book.

    Attributes
    ----------
    rules : tuple of Indication
    sources : tuple of (key, reference)
        The bibliography; every citation's source is one of its keys.

    Examples
    --------
    >>> from secondop.rules.indications import RULE_BOOK
    >>> len(RULE_BOOK)
    28
    >>> RULE_BOOK["ambiguous-pathology"].when
    pathology result is ambiguous or expert needed
    >>> len(RULE_BOOK.without("ambiguous-pathology"))
    27
    """

    rules: tuple[Indication, ...]
    sources: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        object.__setattr__(self, "sources", tuple((key, text) for key, text in self.sources))
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SecondopError(f"A rule's name is used once only; twice in this book: {', '.join(twice)}.")
        for rule in self.rules:
            if rule.citation.source not in dict(self.sources):
                raise unknown_name(
                    f"source (rule {rule.name!r} cites it)", rule.citation.source, dict(self.sources)
                )

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Indication]:
        return iter(self.rules)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Indication:
        """The rule of that name."""
        if name not in self._by_name:
            raise unknown_name("rule", name, self._by_name)
        return self._by_name[name]

    def __repr__(self) -> str:
        return f"RuleBook of {len(self)} rules, fingerprint {self.fingerprint}"

    @cached_property
    def _by_name(self) -> dict[str, Indication]:
        return {rule.name: rule for rule in self.rules}

    def of_kind(self, kind: RuleKind) -> tuple[Indication, ...]:
        """The rules of one kind."""
        return tuple(rule for rule in self.rules if rule.kind is kind)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Facts that decide any of its rules, in the vocabulary's order."""
        read = {name for rule in self.rules for name in rule.facts}
        return tuple(name for name in FACTS if name in read)

    def with_(self, *rules: Indication) -> RuleBook:
        """A new book with these rules added at the end."""
        return replace(self, rules=(*self.rules, *rules))

    def without(self, *names: str) -> RuleBook:
        """A new book that lacks these rules."""
        dropped = {self[name].name for name in names}
        return replace(self, rules=tuple(rule for rule in self.rules if rule.name not in dropped))

    def replace(self, name: str, /, **changes: Any) -> RuleBook:
        """A new book in which one rule is changed, such as ``replace("refractory", when=...)``."""
        check_attributes(changes)
        changed = replace(self[name], **changes)
        return replace(self, rules=tuple(changed if rule.name == name else rule for rule in self.rules))

    @property
    def fingerprint(self) -> str:
        """Twelve letters that change with any change of content, and not with the order of rules."""
        rules = sorted((rule.to_dict() for rule in self.rules), key=lambda rule: rule["name"])
        content = json.dumps([rules, sorted(self.sources)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def lint(self) -> pd.DataFrame:
        """Look for rules that say nothing, or say what another says already.

        Decided exactly, over every combination of answers that the rules tell apart.

        Returns
        -------
        pandas.DataFrame
            Columns ``rule, finding, detail``; no rows if there is nothing to find. An implied rule is no
            mistake as such: the source may say the same twice, and the two fire apart.
        """
        found = []
        for rule in self.rules:
            fires = truth_table({"fires": rule.when})["fires"]
            if not fires.any():
                found.append((rule.name, "never fires", f"no case meets: {rule.when}"))
            elif fires.all():
                found.append(
                    (rule.name, "always fires", f"every case whose facts are known meets: {rule.when}")
                )
        for a, b in itertools.combinations(self.rules, 2):
            if set(a.facts) & set(b.facts):
                found += _implications(a, b)
        pressing = (rule.stronger_when for rule in self.rules if rule.stronger_when is not None)
        stated = {*self.facts, *(name for condition in pressing for name in condition.facts)}
        found += [
            (None, "unused fact", f"no rule reads {fact.name!r}, and it states no other use")
            for fact in FACTS.values()
            if fact.name not in stated and not fact.use
        ]
        return pd.DataFrame(found, columns=["rule", "finding", "detail"])

    def diff(self, other: RuleBook) -> pd.DataFrame:
        """What changes from this book to another.

        Returns
        -------
        pandas.DataFrame
            Columns ``rule, attribute, before, after``; an added or removed rule has attribute ``rule``.
        """
        rows = []
        for name in dict.fromkeys([*self._by_name, *other._by_name]):
            before, after = self._by_name.get(name), other._by_name.get(name)
            if before is None or after is None:
                rows.append((name, "rule", before and before.label, after and after.label))
                continue
            rows += [
                (name, f.name, getattr(before, f.name), getattr(after, f.name))
                for f in fields(Indication)
                if getattr(before, f.name) != getattr(after, f.name)
            ]
        before, after = dict(self.sources), dict(other.sources)
        rows += [
            (None, f"source {key}", before.get(key), after.get(key))
            for key in dict.fromkeys([*before, *after])
            if before.get(key) != after.get(key)
        ]
        return pd.DataFrame(rows, columns=["rule", "attribute", "before", "after"], dtype=object)

    def to_frame(self) -> pd.DataFrame:
        """One row per rule, for reading and counting.

        Returns
        -------
        pandas.DataFrame
            Columns ``name, statement, kind, group, level, label, condition, consult, source, locator,
            grade``.
        """
        return pd.DataFrame(
            [
                {"name": r.name, "statement": r.statement, "kind": str(r.kind), "group": str(r.group)}
                | {"level": r.level and str(r.level), "label": r.label, "condition": r.when.sentence()}
                | {"consult": r.consult, "source": r.citation.source, "locator": r.citation.locator}
                | {"grade": str(r.citation.grade)}
                for r in self.rules
            ]
        )

    def to_json(self) -> str:
        """The whole book as text that :meth:`from_json` reads back without loss."""
        content = {"sources": dict(self.sources), "rules": [rule.to_dict() for rule in self.rules]}
        return json.dumps(content, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RuleBook:
        """Read a book from :meth:`to_json`."""
        try:
            data = json.loads(text)
            for key in data.keys() - {"sources", "rules"}:
                raise unknown_name("part of a rule book", key, ("sources", "rules"))
            rules = tuple(Indication.from_dict(rule) for rule in data["rules"])
            return cls(rules, tuple(data["sources"].items()))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise SecondopError(
                f"This text is not a rule book as RuleBook.to_json writes it: {type(error).__name__} {error}."
            ) from error

    def to_markdown(self) -> str:
        """The book to read or hand out: every rule with its condition and source, and the bibliography."""
        lines = [
            "# Rule book",
            "",
            f"{len(self)} rules, fingerprint `{self.fingerprint}`. {NOT_FOR_CARE}",
            "",
        ]
        for (kind, group), rules in itertools.groupby(self.rules, key=lambda r: (r.kind, r.group)):
            lines += [f"## {group.value.capitalize()} ({kind.value.replace('_', '-')}s)", ""]
            for r in rules:
                level = f" — **{r.level}**" if r.level else ""
                quiet = " and no clinical indication does" if r.kind is RuleKind.CAUTION else ""
                lines += [f"### {r.statement} {r.label}{level}", "", f"Holds when {r.when}{quiet}.", ""]
                lines += [f"Stronger when {r.stronger_when}.", ""] if r.stronger_when is not None else []
                lines += [f"Consult: {r.consult}.", ""] if r.consult else []
                cited = f"[{r.citation.source}], {r.citation.locator} ({r.citation.grade})"
                lines += [f"Source: {cited}. Name: `{r.name}`.", ""]
        assumed = [leaf for r in self.rules for leaf in r.when.leaves() if _numeric(leaf)]
        if assumed:
            lines += ["## Thresholds", "", *(f"- {leaf}" for leaf in dict.fromkeys(assumed)), ""]
        lines += ["## Bibliography", "", *(f"- [{key}] {text}" for key, text in self.sources), ""]
        return "\n".join(lines)


def _numeric(leaf: Condition) -> bool:
    return isinstance(leaf, Compare) and FACTS[leaf.name].kind is not Kind.ORDERED


def _implications(a: Indication, b: Indication) -> list[tuple[str, str, str]]:
    table = truth_table({"a": a.when, "b": b.when})
    a_then_b, b_then_a = not (table["a"] & ~table["b"]).any(), not (table["b"] & ~table["a"]).any()
    if a_then_b and b_then_a:
        return [(b.name, "duplicate", f"fires exactly when {a.name!r} does")]
    found = [(a.name, b.name)] * a_then_b + [(b.name, a.name)] * b_then_a
    return [(first, "implied", f"whenever it fires, {second!r} fires too") for first, second in found]
