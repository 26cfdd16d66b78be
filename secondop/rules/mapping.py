"""What a user's own words and codes mean: said in arguments or in a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from pandas.api.types import is_hashable

from secondop.datafiles import read_toml
from secondop.errors import did_you_mean, refuse
from secondop.rules.facts import Fact
from secondop.rules.gate import column_of, labelled, put
from secondop.rules.spellings import BLANKS, Unreadable, code, is_not_recorded, matched, read_answer

EVERY = "*"  # the columns of all facts
TAKEN = ("columns", "values", "unknown", "encoding", "id")  # by a mapping file


class Meanings(NamedTuple):
    """What was said of a file's columns, words and codes, from arguments and a mapping file together."""

    columns: dict[Any, str]
    common: dict[str, Any]  # codes of every fact's column to answers; None: not recorded
    own: dict[Any, dict[str, Any]]  # the same by column
    encoding: str | None
    id: Any


def meanings(*, mapping: Any = None, **given: Any) -> Meanings:
    """Arguments of :func:`read_cases` and a mapping file together: what an argument says goes first."""
    stated = {} if mapping is None else read_toml(mapping, "A mapping")
    stated = {key: value for key, value in stated.items() if value != ""}
    given = {key: value for key, value in given.items() if value is not None}
    there = f"It takes {', '.join(TAKEN)}."
    problems = [f"a mapping has no {x!r}.{did_you_mean(x, TAKEN)} {there}" for x in stated if x not in TAKEN]
    renamed, by = {}, {EVERY: {}}
    for said in (stated, given):
        names, values, gaps = said.get("columns", {}), said.get("values", {}), said.get("unknown", ())
        if not isinstance(names, Mapping) or not all(isinstance(fact, str) for fact in names.values()):
            problems.append(f"columns= maps names to facts, as in {{'gender': 'sex'}}; got {names!r:.200}.")
            continue
        if not isinstance(values, Mapping):
            problems.append(f"values= maps words to answers, as in {{'ja': 'yes'}}; got {values!r:.200}.")
            continue
        renamed |= {name: fact for name, fact in names.items() if fact != ""}
        gaps = gaps if isinstance(gaps, Mapping) else {EVERY: gaps}
        told = [(name, dict.fromkeys(map(code, _each(codes)))) for name, codes in gaps.items()]
        told += [(x, y) if isinstance(y, Mapping) else (EVERY, {x: y}) for x, y in values.items()]
        found: dict[Any, dict[str, Any]] = {name: {} for name, _ in told}
        for name, word, answer in ((name, *pair) for name, codes in told for pair in codes.items()):
            if isinstance(answer, str) and not answer:
                continue  # not filled in
            if repr(first := found[name].setdefault(code(word), answer)) != repr(answer):
                problems.append(f"{word!r} is given two answers, {first!r} and {answer!r}.")
        by |= {name: by.get(name, {}) | codes for name, codes in found.items()}
    problems += [] if is_hashable(given.get("id")) else [f"id= names a column; got {given['id']!r:.80}."]
    refuse("Cases cannot be read as you say", problems)
    said = stated | given
    return Meanings(renamed, by.pop(EVERY), by, said.get("encoding"), said.get("id"))


def _each(codes: Any) -> list:
    """Codes of a list or the like, or the one that is given."""
    return list(codes) if np.iterable(codes) and not isinstance(codes, (str, bytes)) else [codes]


def codes_of(
    own: Mapping[Any, Mapping], common: Mapping, columns: Mapping[str, Any], facts: Mapping[str, Fact]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What codes stand for in the column of each fact, and which answers no fact takes."""
    problems, by_fact = [], {}
    for name, column in columns.items():
        fact, codes = facts[name], own.get(column, {})
        mine = {word: read_answer(fact, answer) for word, answer in codes.items()}
        for word in (word for word, read in mine.items() if isinstance(read, Unreadable)):
            told = f"column {column!r}: {codes[word]!r}, for {word!r}, is no answer to {name!r}"
            near = did_you_mean(codes[word], fact.levels or ("yes", "no"))
            problems.append(f"{told}: it takes {fact.expects()}.{near}")
        every = {word: read_answer(fact, answer) for word, answer in common.items()}
        taken = {word: read for word, read in every.items() if not isinstance(read, Unreadable)} | mine
        by_fact |= {name: taken} if taken else {}
    for word, answer in common.items():
        if all(isinstance(read_answer(fact, answer), Unreadable) for fact in facts.values()):
            known = {level for fact in facts.values() for level in fact.levels} | {"yes", "no"}
            problems.append(f"no fact takes {answer!r}, for {word!r}.{did_you_mean(answer, known)}")
    return by_fact, problems


def own_name(name: Any, names: list) -> Any:
    """The one column of that name, whatever its case, blanks and hyphens; None if there is none."""
    return name if names.count(name) == 1 else matched([*map(str, names)], [str(name)]).get(str(name))


_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_POINT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)\.\d+")
_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3}|,\d{3})")  # 1.000 or 1,000: a thousand, or one?


def decimal_commas(fact: Fact, labels: Iterable[Any]) -> dict[str, Any]:
    """What numbers with a comma, or in groups of thousands, say in a column of a file of semicolons.

    Where it holds 2,5, 1.000 is a thousand; where it holds 2.5, it is one; else nobody can tell.
    """
    texts = {label.strip(BLANKS) for label in labels if isinstance(label, str)}
    unsure = set(filter(_GROUPS.fullmatch, texts))
    commas, points = (set(filter(form.fullmatch, texts - unsure)) for form in (_COMMA, _POINT))
    if bool(commas) == bool(points):
        advice = "Write 1000 or 1.0, or say values=."
        both = Unreadable("may be a number of thousands or one with decimals", hint=advice)
        return dict.fromkeys(map(code, unsure), both)
    own, other = ".," if points else ",."
    found = {text: text.replace(other, "").replace(own, ".") for text in unsure | commas | points}
    return {code(text): read_answer(fact, float(number)) for text, number in found.items()}


def reworded(frame: Any, names: list, own: Mapping[Any, Mapping[str, Any]], common: Mapping[str, Any]) -> Any:
    """The frame with what words and codes stand for in columns that state no fact.

    Words for all are read where a column has words of its own, or holds no others and an answer among them.
    """
    for name in names if own or common else ():
        codes, column = {**common, **own.get(name, {})}, column_of(frame[name])
        codes = {word: None if is_not_recorded(answer) else answer for word, answer in codes.items()}
        column = labelled(column) if name in own else column
        if name not in own:
            words = [x for x in column.labels or () if isinstance(x, str)]
            # of ids and free text the first word tells already that they are none of these
            if not all(code(x) in codes or is_not_recorded(x) for x in words):
                continue
            if all(codes.get(code(x)) is None for x in words):
                continue
        gaps = [not isinstance(label, str) and is_not_recorded(label) for label in column.labels]
        told = [None if gap else codes.get(code(x), x) for x, gap in zip(column.labels, gaps, strict=True)]
        if told != column.labels:
            if len({type(answer) for answer in told if answer is not None}) > 1:
                told = [None if answer is None else str(answer) for answer in told]
            frame = put(frame, {name: column.each(told)})
    return frame
