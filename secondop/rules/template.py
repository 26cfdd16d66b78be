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
from secondop.rules.cases import Read, RuleBooks, facts_of, read_sources
from secondop.rules.doubts import codes_in_doubt
from secondop.rules.facts import Fact
from secondop.rules.gate import column_names, column_of, labelled
from secondop.rules.mapping import Meanings, meanings
from secondop.rules.spellings import Unreadable, code, hint, is_not_recorded, near_misses, read_answer, show
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
        Where to write it, and what is returned then; a file that is there already is left alone.
    rule_book : RuleBook or list of RuleBook
        Whose facts the columns may state.
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


class _Odd(NamedTuple):
    """A value that no fact knows: as it is first written, how often, what it most likely means, and a hint."""

    shown: str
    times: int
    meant: str
    advice: str = ""

    def line(self, unit: str) -> str:
        return f"{_quoted(self.shown)} = {_quoted(self.meant)}  # {plural(self.times, unit)}{self.advice}"


class _Found(NamedTuple):
    """A column, under the user's name: the fact it states, if any, what of it no fact knows, and a note."""

    name: str
    fact: Fact | None
    odd: dict[str, _Odd]  # by code
    note: str


def _found(read: Read, column: str) -> _Found:
    fact, name = read.facts.get(column), str(read.own.get(column, column))
    values, labels = labelled(column_of(read.frame[column]))
    counts = values.drop_nulls().value_counts(sort=True).rows()
    counts = [(labels[place], n) for place, n in counts if place >= 0 and not is_not_recorded(labels[place])]
    persons = all(meaning(code(label)) in OF_PERSONS for label, _ in counts[:MAX_DIFFERENT])
    odd: dict[str, _Odd] = {}
    for label, n in counts if fact is not None or len(counts) <= MAX_DIFFERENT else ():
        word, advice = code(label), ""
        # one letter means many things: in Spanish h and m are man and woman
        meant = meaning(word) if len(word) > 1 or persons else ""
        if fact is not None:
            said = read_answer(fact, label, read.codes.get(column))
            if not isinstance(said, Unreadable):
                continue
            if isinstance(read_answer(fact, meant or "unknown"), Unreadable):
                meant = ""
            advice = "" if meant else f". {hint(fact, label, name, said.hint)}"
            advice = re.sub(r"leave it empty.*", 'write "unknown"', advice)
        shown = label.strip() if isinstance(label, str) else word.replace("_", "-")  # -99
        first = odd.get(word, _Odd(shown, 0, "", ""))
        odd[word] = _Odd(first.shown, first.times + n, meant, advice)
    if fact is None:  # ids and free text are counted, not shown
        once = sum(n == 1 for _, n in counts) * 2 > len(counts)
        numbers = len(counts) > 9 and all(not isinstance(label, str) for label, _ in counts)
        odd = {word: row for word, row in odd.items() if row.meant or not (once or numbers)}
    odd = {word: row for word, row in odd.items() if len(word) <= MAX_LETTERS}
    odd = odd if len(odd) <= MAX_DIFFERENT else {}
    few = [f"{show(row.shown)} {row.times}" for row in [*odd.values()][:4]] + ["..."] * (len(counts) > 4)
    return _Found(name, fact, odd, f"{len(counts)} different" + (f": {', '.join(few)}" if odd else ""))


def _lines(read: Read, said: Meanings) -> Iterator[str]:
    columns = Counter(column_names(read.frame))
    found = [_found(read, column) for column, times in columns.items() if times == 1]
    common: dict[str, _Odd] = {}
    for word, row in (pair for each in found for pair in each.odd.items()):
        if row.meant in EVERYWHERE:
            first = common.get(word, _Odd(row.shown, 0, row.meant))
            common[word] = _Odd(first.shown, first.times + row.times, row.meant)
    gaps = [_quoted(row.shown) for row in common.values() if row.meant == "unknown"]
    cases = f"{plural(len(read.frame), 'case')}{read.where}{',' * (', ' in read.where)}"
    yield f'# How {cases} are to be read. Fill in what is "", then say'
    yield '#   read_cases(source, mapping="the name of this file")'
    yield '# What stays "" changes nothing; the answer "unknown" says that nothing was recorded.'
    yield "# facts_table() lists the facts and what each of them takes.\n"
    if said.encoding:
        yield f"encoding = {_quoted(said.encoding)}"
    yield 'id = ""  # the column that tells cases apart, if there is one'
    for doubt in codes_in_doubt(read):
        told = f"{show(doubt.column)} has {doubt.value} in {plural(doubt.rows, 'row')}"
        yield f"# {told}, far from the rest: is it not recorded?"
    yield f'unknown = [{", ".join(gaps)}]  # words and codes for not recorded: "n.s.", 999\n'
    yield "[columns]  # your column = the name of the fact that it states"
    near = near_misses([*columns], read.facts)
    for each in found:
        if each.fact is None:
            close = f"; did you mean {near[each.name]!r}?" if each.name in near else ""
            yield f'{_quoted(each.name)} = ""  # {each.note}{close}'
        elif each.name in map(str, said.columns):
            yield f"{_quoted(each.name)} = {_quoted(each.fact.name)}"
    if missing := [name for name in read.facts if name not in read.answers.columns]:
        yield "# Facts without a column so far:"
        yield from textwrap.wrap(", ".join(missing), 100, initial_indent="#   ", subsequent_indent="#   ")
    yield "\n[values]  # words that mean the same in every column"
    names = {each.name for each in found}
    for row in common.values():
        if row.meant != "unknown" and row.shown not in names:
            yield row.line("cell")
    for each in found:
        left = [row for row in each.odd.values() if row.meant not in EVERYWHERE]
        if left:
            takes = f"  # {show(each.fact.name)} takes {each.fact.expects()}" if each.fact is not None else ""
            yield f"\n[values.{_quoted(each.name)}]{takes}"
        yield from (row.line("row").rstrip(". ") for row in left)


def _quoted(text: str) -> str:
    """Text as TOML writes it."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
