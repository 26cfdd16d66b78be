"""What a user's own words and codes mean: said in arguments or in a file, and a file to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from secondop.datafiles import read_toml
from secondop.errors import did_you_mean, refuse
from secondop.rules.facts import Fact
from secondop.rules.spellings import BLANKS, Unreadable, code, is_not_recorded, matched, read_answer

EVERY = "*"  # the columns of all facts
TAKEN = ("columns", "values", "unknown", "encoding", "id")  # by a mapping file


class Meanings(NamedTuple):
    """What was said of a file's columns, words and codes, from arguments and a mapping file together."""

    columns: dict[Any, str]
    common: dict[Any, Any]  # words of every fact's column to answers; None: not recorded
    own: dict[Any, dict[Any, Any]]  # the same by column
    encoding: str | None
    id: Any


def meanings(
    *,
    columns: Any = None,
    values: Any = None,
    unknown: Any = None,
    encoding: Any = None,
    mapping: Any = None,
    id: Any = None,
) -> Meanings:
    """Arguments of :func:`read_cases` and a mapping file together: what an argument says goes first."""
    stated = {} if mapping is None else read_toml(mapping, "A mapping")
    given = dict(zip(TAKEN, (columns, values, unknown, encoding, id), strict=True))
    given = {key: value for key, value in given.items() if value is not None}
    there = f"It takes {', '.join(TAKEN)}."
    problems = [f"a mapping has no {x!r}.{did_you_mean(x, TAKEN)} {there}" for x in stated if x not in TAKEN]
    renamed, common, own = {}, {}, {}
    for said in (stated, given):
        names, values, gaps = said.get("columns", {}), said.get("values", {}), said.get("unknown", ())
        if not isinstance(names, Mapping) or not all(isinstance(fact, str) for fact in names.values()):
            problems.append(f"columns= maps names to facts, as in {{'gender': 'sex'}}; got {names!r:.200}.")
        elif not isinstance(values, Mapping):
            problems.append(f"values= maps words to answers, as in {{'ja': 'yes'}}; got {values!r:.200}.")
        else:
            renamed |= {name: fact for name, fact in names.items() if fact != ""}
            by = gaps if isinstance(gaps, Mapping) else {EVERY: gaps}
            for name, codes in by.items():
                several = codes if isinstance(codes, (list, tuple, set, frozenset)) else [codes]
                (common if name == EVERY else own.setdefault(name, {})).update(dict.fromkeys(several))
            for name, answer in values.items():
                if isinstance(answer, Mapping):
                    (common if name == EVERY else own.setdefault(name, {})).update(answer)
                else:
                    common[name] = answer
    refuse("Cases cannot be read as you say", problems)
    encoding, id = ((stated | given).get(key, "") for key in ("encoding", "id"))
    return Meanings(renamed, common, own, encoding or None, None if id == "" else id)


def codes_of(
    said: Meanings, names: list, columns: Mapping[str, Any], facts: Mapping[str, Fact]
) -> tuple[dict[str, dict[str, Any]], dict[Any, dict[str, Any]], list[str]]:
    """By fact, and by column that states none: what codes stand for; and what is wrong with what was said.

    ``columns`` are facts and the columns that state them. An answer "" is not filled in yet.
    """
    problems: list[str] = []
    by_fact: dict[str, dict[str, Any]] = {}
    others: dict[Any, dict[str, Any]] = {}
    stating = {column: fact for fact, column in columns.items()}
    for name, codes in said.own.items():
        column = own_name(name, names)
        if column is None:
            column = columns.get(own_name(name, [*columns]))
        if column is None:
            hint = did_you_mean(name, map(str, [*names[:1000], *columns]))
            problems.append(f"there is no column {name!r}.{hint}")
            continue
        fact = facts.get(stating.get(column))
        place = others.setdefault(column, {}) if fact is None else by_fact.setdefault(fact.name, {})
        _add(place, codes, fact, f"column {name!r}", problems)
    for word, answer in said.common.items():
        if answer != "" and not any(_takes(fact, answer) for fact in facts.values()):
            known = {level for fact in facts.values() for level in fact.levels} | {"yes", "no"}
            problems.append(f"no fact takes {answer!r}, for {word!r}.{did_you_mean(answer, known)}")
    for fact in map(facts.__getitem__, columns):
        codes = {word: answer for word, answer in said.common.items() if _takes(fact, answer)}
        common: dict[str, Any] = {}
        _add(common, codes, fact, "every column", problems)
        if merged := common | by_fact.get(fact.name, {}):
            by_fact[fact.name] = merged
    return by_fact, others, list(dict.fromkeys(problems))


def _takes(fact: Fact, answer: Any) -> bool:
    return not isinstance(read_answer(fact, answer), Unreadable)


def _add(place: dict[str, Any], codes: Mapping, fact: Fact | None, where: str, problems: list[str]) -> None:
    """Add what codes of a column stand for; refuse what is no answer, and a code that stands for two."""
    for word, answer in codes.items():
        if answer == "":
            continue
        gap = None if is_not_recorded(answer) else answer
        read = gap if fact is None else read_answer(fact, answer)
        if isinstance(read, Unreadable):
            takes = f"it takes {fact.expects()}.{did_you_mean(answer, fact.levels or ('yes', 'no'))}"
            problems.append(f"{where}: {answer!r}, for {word!r}, is no answer to {fact.name!r}: {takes}")
        elif place.setdefault(code(word), read) != read:
            problems.append(f"{where}: {word!r} is given two answers, {place[code(word)]!r} and {read!r}.")


def own_name(name: Any, names: list) -> Any:
    """The one column of that name, whatever its case, blanks and hyphens; None if there is none."""
    return name if name in names else matched([*map(str, names)], [str(name)]).get(str(name))


_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_POINT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)\.\d+")
_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3}|,\d{3})")  # 1.000 or 1,000: a thousand, or one?


def decimal_commas(fact: Fact, labels: Iterable[Any]) -> dict[str, Any]:
    """What numbers with a comma, or in groups of thousands, say in a column of a file of semicolons.

    A column that holds 2,5 has decimal commas, one that holds 2.5 decimal points; then 1.000 is a thousand or
    one. In a column that holds neither, or both, nobody can tell, and it is refused.
    """
    texts = {label.strip(BLANKS) for label in labels if isinstance(label, str)}
    unsure = {text for text in texts if _GROUPS.fullmatch(text)}
    commas, points = ({text for text in texts - unsure if form.fullmatch(text)} for form in (_COMMA, _POINT))
    if bool(commas) == bool(points):
        both, advice = (
            "may be a number of thousands or one with decimals",
            "Write 1000 or 1.0, or say values=.",
        )
        return {code(text): Unreadable(both, hint=advice) for text in unsure}
    own, other = ".," if points else ",."
    found = {text: text.replace(other, "").replace(own, ".") for text in unsure | commas | points}
    return {code(text): read_answer(fact, float(number)) for text, number in found.items()}
