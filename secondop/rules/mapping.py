"""What a user's own words and codes mean: said in arguments or in a file, and a file to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from secondop.datafiles import read_toml
from secondop.errors import did_you_mean, refuse
from secondop.rules.facts import Fact
from secondop.rules.spellings import BLANKS, Unreadable, code, is_not_recorded, matched, read_answer

EVERY = "*"  # in unknown=, the columns of all facts
TAKEN = {"columns": dict, "values": dict, "unknown": (list, dict), "encoding": str, "id": str}


class Meanings(NamedTuple):
    """What was said of a file's columns, words and codes, from arguments and a mapping file together."""

    columns: dict[Any, str]
    common: dict[Any, Any]  # words of every fact's column to answers; None: not recorded
    own: dict[Any, dict[Any, Any]]  # the same by column
    encoding: str | None
    id: Any


def meanings(
    columns: Any = None,
    values: Any = None,
    unknown: Any = None,
    encoding: Any = None,
    mapping: Any = None,
    id: Any = None,
) -> Meanings:
    """Arguments and a mapping file together: what an argument says goes before what the file says."""
    stated = {} if mapping is None else _stated(mapping)
    problems, common, own = [], {}, {}
    if columns is not None and not _texts(columns):
        problems.append(
            f"columns= maps your names to facts, as in {{'gender': 'sex'}}; got {columns!r:.200}."
        )
        columns = None
    for gaps, said in ((stated.get("unknown"), stated.get("values")), (unknown, values)):
        if isinstance(said, Mapping) or said is None:
            for key, answer in (said or {}).items():
                if isinstance(answer, Mapping):
                    (common if key == EVERY else own.setdefault(key, {})).update(answer)
                else:
                    common[key] = answer
        else:
            problems.append(f"values= maps your words to answers, as in {{'ja': 'yes'}}; got {said!r:.200}.")
        by = gaps if isinstance(gaps, Mapping) else {EVERY: [] if gaps is None else gaps}
        for key, codes in by.items():
            several = codes if isinstance(codes, (list, tuple, set, frozenset)) else [codes]
            place = common if key == EVERY else own.setdefault(key, {})
            place.update(dict.fromkeys(several))
    refuse("Cases cannot be read as you say", problems)
    renamed = {key: fact for key, fact in stated.get("columns", {}).items() if fact != ""}
    return Meanings(
        {**renamed, **(columns or {})},
        common,
        own,
        encoding or stated.get("encoding") or None,
        stated.get("id") or None if id is None else id,
    )


def _texts(columns: Any) -> bool:
    return isinstance(columns, Mapping) and all(isinstance(fact, str) for fact in columns.values())


def _stated(mapping: Any) -> dict[str, Any]:
    stated, problems = read_toml(mapping, "A mapping"), []
    for key, value in stated.items():
        if key not in TAKEN:
            problems.append(f"it has no {key!r}.{did_you_mean(key, TAKEN)} It takes {', '.join(TAKEN)}.")
        elif not isinstance(value, TAKEN[key]):
            problems.append(f"{key} is not written so: {value!r:.80}.")
    if not problems and not _texts(stated.get("columns", {})):
        problems.append('[columns] says of your columns which facts they state, as in "gender" = "sex".')
    refuse("The mapping cannot be used", problems)
    return stated


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
        both = "may be a number of thousands or one with decimals"
        return {
            code(text): Unreadable(both, hint="Write 1000 or 1.0, or say which in values=.")
            for text in unsure
        }
    own, other = ".," if points else ",."
    found = {text: text.replace(other, "").replace(own, ".") for text in unsure | commas | points}
    return {code(text): read_answer(fact, float(number)) for text, number in found.items()}
