"""What is declared as plain data, and back: nothing that is read is ever run, and what is odd is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from secondop.errors import SecondopError, unknown_name
from secondop.rules.conditions import Among, AtLeast, Compare, Condition, Not
from secondop.rules.facts import Choice, Fact
from secondop.rules.rules import Rule

MAX_DEPTH = 64  # of a condition in a file: far above any in use, far below where Python gives up
_MAY_SAY = {"basis", "lower", "upper"}


def plain(value: Any) -> Any:
    """A condition, a fact, a source, a rule or advice as plain data: what differs from the usual alone."""
    match value:
        case Among(fact, levels):
            return {"fact": fact.name} | ({"is_in": list(levels)} if levels else {})
        case Compare(fact):
            said = vars(value) | {"fact": fact.name}
            return {name: given for name, given in said.items() if given is not None}
        case AtLeast(k, parts):
            key = {"and": "all", "or": "any"}.get(value.word)
            return {key: plain(parts)} if key else {"at_least": k, "of": plain(parts)}
        case Not(part):
            return {"not": plain(part)}
        case tuple():
            return [plain(item) for item in value]
        case Choice():
            return str(value)
        case _ if is_dataclass(value):
            said = {field.name: (getattr(value, field.name), field.default) for field in fields(value)}
            kind = {"kind": str(value.kind)} if isinstance(value, Rule) else {}
            return kind | {name: plain(given) for name, (given, usual) in said.items() if given != usual}
    return value


def condition_from_dict(data: Any, facts: Mapping[str, Fact], depth: int = 0) -> Condition:
    """Read a condition back from the plain data that :func:`plain` gave; nothing is ever run."""
    if depth > MAX_DEPTH:
        raise SecondopError(f"A condition is nested more than {MAX_DEPTH} deep: split the rule.")
    read = partial(condition_from_dict, facts=facts, depth=depth + 1)
    match data:
        case {"all": list(parts), **rest} if not rest:
            return AtLeast(len(parts), [*map(read, parts)])
        case {"any": list(parts), **rest} if not rest:
            return AtLeast(1, [*map(read, parts)])
        case {"at_least": k, "of": list(parts), **rest} if not rest:
            return AtLeast(k, [*map(read, parts)])
        case {"not": part, **rest} if not rest:
            return Not(read(part))
        case {"fact": str(name)} if name not in facts:
            raise unknown_name("fact", name, facts)
        case {"fact": str(name), "is_in": [_, *_] as levels, **rest} if not rest:
            return Among(facts[name], tuple(levels))
        case {"fact": str(name), "op": str(op), "value": value, **rest} if rest.keys() <= _MAY_SAY:
            return Compare(facts[name], op, value, **rest)
        case {"fact": str(name), **rest} if not rest:
            return Among(facts[name])
    keys = "all, any, not, at_least with of, or fact: alone, with is_in, or with op and value"
    raise SecondopError(f"This is not a condition: {str(data)[:200]}. Its keys are {keys}.")


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The keys and values of an object in JSON; a key that is there twice is refused: the last would win."""
    twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    if twice:
        raise SecondopError(f"This text has the key {twice[0]!r} twice in one place. Keep one.")
    return dict(pairs)
