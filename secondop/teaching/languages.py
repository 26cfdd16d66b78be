"""A rule book and its cases in the language of a class: German where the catalogue has it, else English."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from secondop.rules.conditions import OPERATORS, Among, AtLeast, Compare, Condition, Not
from secondop.rules.facts import Fact
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Rule
from secondop.teaching.cards import deck
from secondop.teaching.strings import said, synonyms, words
from secondop.words import an

_SIGNS = dict(zip(OPERATORS, ("at-least", "more-than", "at-most", "less-than"), strict=True))


class Spoken:
    """Says texts, rule books and cases in a language; what it has no words for stays in English."""

    def __init__(self, language: str, *books: RuleBook) -> None:
        self.language, self.english = language, language == "en"
        self.told = words_of(language, books)

    def __call__(self, key: str, **blanks: Any) -> str:
        """A text of the catalogue with its blanks filled in."""
        return said(key, self.language).format(**blanks)

    def own(self, kind: str, name: str, english: str, part: str = "label") -> Any:
        """What is told of a name, such as the label of a rule."""
        return self.told.get(kind, {}).get(name, {}).get(part, english)

    def text(self, english: str) -> str:
        """A sentence of a rule book, such as its advice."""
        return self.told.get("texts", {}).get(english, english)

    def about(self, book: RuleBook) -> str:
        """Which edition a rule book is."""
        updated = book.updated and self("updated", day=book.updated)
        told = self("version", version=book.version), updated, self.text(book.status)
        return f"{', '.join(filter(None, told))}."

    def subject(self, book: RuleBook) -> str:
        """What a rule book recommends; in English with its article."""
        return an(book.subject) if self.english else self.own("books", book.title, book.subject, "subject")

    def title(self, book: RuleBook) -> str:
        """What a rule book is called."""
        return self.own("books", book.title, book.title, "title")

    def rule(self, rule: Rule) -> str:
        """What a rule says."""
        return self.own("rules", rule.name, rule.label)

    def fact(self, fact: Fact) -> str:
        """What a fact is called."""
        return self.own("facts", fact.name, fact.label)

    def answer(self, fact: Fact, value: Any) -> str:
        """An answer to a fact; none is "not recorded"."""
        if value is None or isinstance(value, bool):
            return self("not-recorded" if value is None else "yes" if value else "no")
        english = fact.in_words(value)
        if fact.has_levels:
            return self.own("facts", fact.name, {}, "levels").get(value, english)
        return english if self.english else english.translate(str.maketrans(",.", ".,"))

    def condition(self, condition: Condition) -> str:
        """When a rule fires: each fact with the answers that it takes."""
        match condition:
            case _ if self.english:
                return condition.sentence()
            case Among(fact, levels):
                return f"{self.fact(fact)}: {self._options(fact, levels)}" if levels else self.fact(fact)
            case Not(Among(fact, levels)):
                options = self._options(fact, levels)
                options = f"({options})" if len(levels) > 1 else options
                return f"{self.fact(fact)}: " + (f"{self('not')} {options}" if levels else self("no"))
            case Compare(fact, op, value, basis, lower, upper):
                least, most = (self.answer(fact, value if end is None else end) for end in (lower, upper))
                rests = [self("assumed") if basis == "assumed" else basis]
                rests += [f"{least} {self('to')} {most}"] if least != most else []
                about = f" ({', '.join(rests)})" if fact.is_numeric or least != most else ""
                return f"{self.fact(fact)}: {self(_SIGNS[op], n=self.answer(fact, value))}{about}"
            case AtLeast(k, parts):
                each = [(self.condition(part), getattr(part, "word", "")) for part in parts]
                told = [f"({words})" if joined else words for words, joined in each]
                counted = self("at-least-of", k=k, parts=", ".join(told))
                return f" {self(condition.word)} ".join(told) if condition.word else counted
            case Not(part):
                return f"{self('not')} ({self.condition(part)})"

    def _options(self, fact: Fact, levels: Iterable[Any]) -> str:
        return " / ".join(self.answer(fact, level) for level in levels)

    def case(self, number: str, story: str) -> dict[str, str]:
        """What is told of a teaching case in the language, and nothing of another case of its number."""
        known = any(one.id == number and one.story == story for one in deck())
        return self.told.get("cases", {}).get(number, {}) if known else {}


def words_of(language: str, books: Iterable[RuleBook]) -> dict[str, Any]:
    """What is said in another language, and of facts and rules only what says the same in these books."""
    told = words().get(language, {})
    return {
        **told,
        "facts": _as_shipped(told.get("facts", {}), books, _asked),
        "rules": _as_shipped(told.get("rules", {}), books, lambda book: [(x.name, x.label) for x in book]),
    }


def synonyms_of(books: Iterable[RuleBook]) -> dict[str, list[str]]:
    """Other words for the facts of these books that ask what the shipped ones do."""
    return _as_shipped(synonyms(), books, _asked)


def _asked(book: RuleBook) -> list[tuple[str, Any]]:
    return [(fact.name, (fact.question, fact.levels, fact.unit)) for fact in book.facts.values()]


def _as_shipped(told: dict[str, Any], books: Iterable[RuleBook], says: Callable) -> dict[str, Any]:
    """What is told of the names that say in each of these books what they say in those that ship."""
    ours = {name: said for book in (RULE_BOOK, SGB27B) for name, said in says(book)}
    theirs = [item for book in books for item in says(book)]
    other = {name for name, said in theirs if ours.get(name) != said}
    return {name: told[name] for name, _ in theirs if name in told and name not in other}
