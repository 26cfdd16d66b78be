"""Two looks at a rule book: what is to be found in it, and what differs from another."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations, zip_longest
from typing import TYPE_CHECKING, Any

import pandas as pd

from secondop.arguments import KINDS, checked
from secondop.errors import SecondopError
from secondop.rules.conditions import Condition
from secondop.rules.rules import Rule

if TYPE_CHECKING:
    from secondop.rules.rulebook import RuleBook

MAX_LINT = 1_000  # rules that are compared with one another


def lint(book: RuleBook) -> pd.DataFrame:
    """Look for rules that say nothing, or say what another says already: ``rule, finding, detail``.

    Decided exactly, over every combination of answers that the rules tell apart. An implied rule is no
    mistake as such: the source may say the same twice, and the two fire apart.
    """
    if len(book) > MAX_LINT:
        raise SecondopError(f"lint compares up to {MAX_LINT:,} rules; split this book of {len(book):,}.")
    found, space = [], book.answer_space
    for rule in book:
        fires = space.fires(rule.name)
        if not fires.any():
            found.append((rule.name, "never fires", f"no case meets: {rule.when}"))
        elif fires.all():
            found.append((rule.name, "always fires", f"every case meets, all facts known: {rule.when}"))
    pairs = combinations(book, 2)
    for a, b in ((a.name, b.name) for a, b in pairs if not a.facts.keys().isdisjoint(b.facts)):
        narrower = [pair for pair in ((a, b), (b, a)) if space.implies(*pair)]
        if len(narrower) == 2:
            found.append((b, "duplicate", f"fires exactly when {a!r} does"))
        elif narrower:
            found.append((narrower[0][0], "implied", f"whenever it fires, {narrower[0][1]!r} fires too"))
    read = replace(book, also=()).facts
    unused = [name for name, fact in book.facts.items() if name not in read and not fact.use]
    found += [(None, "unused fact", f"nothing reads {x!r}, and it states no other use") for x in unused]
    return pd.DataFrame(found, columns=["rule", "finding", "detail"])


@checked(other=KINDS["rule_book"])
def diff(book: RuleBook, other: RuleBook) -> pd.DataFrame:
    """What changes to another book: ``rule, attribute, before, after``, in a condition leaf by leaf.

    A rule that is added or removed has the attribute ``rule``; what belongs to no rule names none.

    >>> from secondop import RULE_BOOK
    >>> RULE_BOOK.diff(RULE_BOOK.replace("neoplasia-concern", level="urgent")).values.tolist()
    [['neoplasia-concern', 'level', 'recommended', 'urgent']]
    """
    rows, (before, after) = [], ({rule.name: rule for rule in one} for one in (book, other))
    for name in before | after:
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            rows.append((name, "rule", old and old.label, new and new.label))
            continue
        for x in ("kind", *(field.name for field in fields(Rule))):
            rows += [(name, x, *pair) for pair in _changes(getattr(old, x), getattr(new, x))]
    for x in (field.name for field in fields(book) if field.name != "rules"):
        rows += [(None, x, *pair) for pair in _changes(getattr(book, x), getattr(other, x))]
    return pd.DataFrame(rows, columns=["rule", "attribute", "before", "after"], dtype=object)


def _changes(old: Any, new: Any) -> list[tuple[str | None, str | None]]:
    """What differs between two values: of tuples their items, and of conditions built alike their leaves."""
    pairs = [(old, new)]
    if isinstance(old, tuple) and isinstance(new, tuple):
        gone, come = [x for x in old if x not in new], [x for x in new if x not in old]
        pairs = list(zip_longest(gone, come)) or pairs
    elif isinstance(old, Condition) and isinstance(new, Condition):
        before, after = old.leaves(), new.leaves()
        each = iter(after)
        if len(before) == len(after) and old.mapped(lambda _: next(each)) == new:
            pairs = list(zip(before, after, strict=True))
    return [(a if a is None else str(a), b if b is None else str(b)) for a, b in pairs if a != b]
