"""A file to fill in: what a log's columns, words and codes mean, from what reading it found."""

from __future__ import annotations

import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from secondop.datafiles import write_whole
from secondop.errors import SecondopError
from secondop.rules.cases import RuleBooks, Sources, facts_of, read_sources
from secondop.rules.doubts import codes_in_doubt
from secondop.rules.facts import Fact
from secondop.rules.gate import column_names, column_of, labelled
from secondop.rules.mapping import Meanings, meanings
from secondop.rules.spellings import (
    Unreadable,
    code,
    hint,
    is_not_recorded,
    near_misses,
    read_answer,
    show,
)
from secondop.rules.spoken import meaning
from secondop.words import plural

MAX_DIFFERENT, MAX_LETTERS = 30, 80
"""Answers of a column that are listed one by one, and letters of such an answer."""

OF_PERSONS = ("female", "male", "other")
EVERYWHERE = ("yes", "no", "unknown")  # what means the same in every column


def mapping_template(
    source: Any,
    path: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    rule_book: RuleBooks,
) -> str | Path:
    """A file to fill in: which facts your columns state, and what your words and codes mean.

    It lists columns that state no fact, and of each column the values that no fact knows, with how often each
    occurs (of a column with more than 30 different ones, or where each occurs once, only how many). The
    commonest words in German, French and Spanish are filled in; a near answer is named and left to you. What
    stays "" changes nothing. ``read_cases(source, mapping=path)`` reads it.

    Parameters
    ----------
    source, columns, encoding
        As for :func:`read_cases`; with ``columns`` the answers that your columns take are named.
    path : path, optional
        Where to write it; a file that is there already is left alone.
    rule_book : RuleBook or list of RuleBook
        Whose facts the columns may state.

    Returns
    -------
    str, or pathlib.Path
        The text, or the path that it was written to.
    """
    target = None if path is None else Path(path).expanduser()
    if target is not None and target.exists():
        said = f"{target.name} is there already, and may be filled in"
        raise SecondopError(f"{said}. Give another name, or remove it.")
    said = meanings(columns=columns, encoding=encoding)
    read = read_sources(source, said, facts_of(rule_book), some=False)
    text = "\n".join(_lines(read, said)) + "\n"
    if target is None:
        return text
    write_whole(target, text)
    return target


class _Found(NamedTuple):
    """A column, under the user's name: the fact it states, if any, and what it holds that no fact knows."""

    name: str
    fact: Fact | None
    odd: dict[str, tuple[str, int, str, str]]  # by code: as it is written, how often, what it means, a hint
    note: str


def _found(read: Sources, column: str) -> _Found:
    fact, name = read.facts.get(column), str(read.own.get(column, column))
    values, labels = labelled(column_of(read.frame[column]))
    counts = values.drop_nulls().value_counts(sort=True).rows()
    counts = [(labels[place], n) for place, n in counts if place >= 0 and not is_not_recorded(labels[place])]
    many, odd = len(counts) > MAX_DIFFERENT, {}
    persons = all(meaning(code(label)) in OF_PERSONS for label, _ in counts[:MAX_DIFFERENT])
    for label, n in counts if fact is not None or not many else ():
        if fact is not None and not isinstance(read_answer(fact, label, read.codes.get(column)), Unreadable):
            continue
        word, meant = code(label), meaning(code(label))
        if len(word) == 1 and not persons:
            meant = ""  # one letter means many things: in Spanish h and m are man and woman
        if fact is not None and isinstance(read_answer(fact, meant or "unknown"), Unreadable):
            meant = ""
        shown = label.strip() if isinstance(label, str) else word.replace("_", "-")  # -99
        advice = "" if meant or fact is None else f". {hint(fact, label, name)}"
        advice = re.sub(r"leave it empty.*", 'write "unknown"', advice)
        first, before, *_ = odd.get(word, (shown, 0))
        odd[word] = first, before + n, meant, advice
    if fact is None:  # ids and free text are counted, not shown
        once = sum(n == 1 for _, n in counts) * 2 > len(counts)
        numbers = len(counts) > 9 and all(not isinstance(label, str) for label, _ in counts)
        odd = {word: row for word, row in odd.items() if row[2] or not (once or numbers)}
    odd = {word: row for word, row in odd.items() if len(word) <= MAX_LETTERS}
    odd = odd if len(odd) <= MAX_DIFFERENT else {}
    shown = ", ".join(f"{show(word)} {n}" for word, n, *_ in [*odd.values()][:4])
    note = f"{len(counts)} different{': ' * bool(shown)}{shown}{', ...' * (bool(shown) and len(counts) > 4)}"
    return _Found(name, fact, odd, note)


def _lines(read: Sources, said: Meanings) -> Iterator[str]:
    columns = Counter(column_names(read.frame))
    found = [_found(read, column) for column, times in columns.items() if times == 1]
    common: dict[str, tuple[str, int, str]] = {}  # by code: as it is first written, how often, what it means
    for each in found:
        for word, (shown, n, meant, _) in each.odd.items():
            if meant in EVERYWHERE:
                first, before, _ = common.get(word, (shown, 0, meant))
                common[word] = first, before + n, meant
    gaps = [shown for shown, _, meant in common.values() if meant == "unknown"]
    cases = f"{plural(len(read.frame), 'case')}{read.where}{',' * (', ' in read.where)}"
    yield f'# How {cases} are to be read. Fill in what is "", then say'
    yield '#   read_cases(source, mapping="the name of this file")'
    yield '# What stays "" changes nothing; the answer "unknown" says that nothing was recorded.'
    yield "# facts_table() lists the facts and what each of them takes."
    yield ""
    if said.encoding:
        yield f"encoding = {_quoted(said.encoding)}"
    yield 'id = ""  # the column that tells cases apart, if there is one'
    for column, rows, _, _, value, *_ in codes_in_doubt(read.frame, read.answers, read.own, None):
        yield f"# {show(column)} has {value} in {plural(rows, 'row')}, far from the rest: is it not recorded?"
    yield f'unknown = [{", ".join(map(_quoted, gaps))}]  # words and codes for not recorded: "n.s.", 999'
    yield ""
    yield "[columns]  # your column = the name of the fact that it states"
    near = near_misses(column_names(read.frame), read.facts)
    for each in found:
        if each.fact is None:
            close = f"; did you mean {near[each.name]!r}?" if each.name in near else ""
            yield f'{_quoted(each.name)} = ""  # {each.note}{close}'
        elif each.name in map(str, said.columns):
            yield f"{_quoted(each.name)} = {_quoted(each.fact.name)}"
    if missing := [name for name in read.facts if name not in read.answers.columns]:
        yield "# Facts without a column so far:"
        yield from textwrap.wrap(", ".join(missing), 100, initial_indent="#   ", subsequent_indent="#   ")
    yield ""
    yield "[values]  # words that mean the same in every column"
    names = {each.name for each in found}
    for shown, n, meant in common.values():
        if meant != "unknown" and shown not in names:
            yield f"{_quoted(shown)} = {_quoted(meant)}  # {plural(n, 'cell')}"
    for each in found:
        left = [row for row in each.odd.values() if row[2] not in EVERYWHERE]
        if left:
            takes = f"  # {show(each.fact.name)} takes {each.fact.expects()}" if each.fact is not None else ""
            yield f"\n[values.{_quoted(each.name)}]{takes}"
        for shown, n, meant, advice in left:
            yield f"{_quoted(shown)} = {_quoted(meant)}  # {plural(n, 'row')}{advice}".rstrip(". ")


def _quoted(text: str) -> str:
    """Text as TOML writes it."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
