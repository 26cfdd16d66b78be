"""A file to fill in: what a log's columns, words and codes mean, from what reading it found."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from secondop.datafiles import toml_text, write_whole
from secondop.errors import SecondopError
from secondop.rules.cases import Read, RuleBooks, facts_of, read_sources
from secondop.rules.doubts import codes_in_doubt
from secondop.rules.facts import Fact
from secondop.rules.gate import column_names, column_of, labelled
from secondop.rules.mapping import meanings
from secondop.rules.spellings import Unreadable, code, hint, is_not_recorded, near_misses, read_answer, show
from secondop.rules.spoken import meaning
from secondop.words import plural, render

MAX_DIFFERENT, MAX_LETTERS = 30, 80
"""Answers of a column that are listed one by one, and letters of such an answer."""
OF_PERSONS = ("female", "male", "other")
EVERYWHERE = ("yes", "no", "unknown")  # what means the same in every column


def mapping_template(
    source: Any, path: str | Path | None = None, *, encoding: str | None = None, rule_book: RuleBooks
) -> str | Path:
    """A file to fill in: which facts your columns state, and what your words and codes mean.

    Of each column it lists the values that no fact knows, with how often each occurs (where there are more
    than 30, or each occurs once, only how many). The commonest words in German, French and Spanish are filled
    in; a near answer is named and left to you. What stays "" changes nothing. Gives the text, or the
    ``path`` it was written to; no file is overwritten.
    """
    target = None if path is None else Path(path).expanduser()
    if target is not None and target.exists():
        said = f"{target.name} is there already, and may be filled in"
        raise SecondopError(f"{said}. Give another name, or remove it.")
    read = read_sources(source, meanings(encoding=encoding), facts_of(rule_book), some=False)
    text = _text(read, encoding)
    if target is None:
        return text
    write_whole(target, text)
    return target


class _Odd(NamedTuple):
    """A value that no fact knows: as it is first written, how often, what it may mean, and a hint."""

    shown: str
    times: int
    meant: str
    advice: str = ""

    def line(self, unit: str) -> str:
        return f"{toml_text(self.shown)} = {toml_text(self.meant)}  # {plural(self.times, unit)}{self.advice}"


def _found(read: Read, column: str) -> tuple[str, Fact | None, dict[str, _Odd], str]:
    """A column under the user's name, the fact it states, what of it no fact knows by code, and a note."""
    fact, name = read.facts.get(column), str(read.own.get(column, column))
    values, labels = labelled(column_of(read.frame[column]))
    counts = values.drop_nulls().value_counts(sort=True).rows()
    counts = [(labels[place], n) for place, n in counts if place >= 0 and not is_not_recorded(labels[place])]
    said = {meaning(code(label)) for label, _ in counts[:MAX_DIFFERENT]} - {"unknown"}
    letters = said <= {*OF_PERSONS} or said == {"yes", "no"}
    odd: dict[str, _Odd] = {}
    for label, n in counts if fact is not None or len(counts) <= MAX_DIFFERENT else ():
        word, advice = code(label), ""
        # one letter means many things: in Spanish h and m are man and woman
        meant = meaning(word) if len(word) > 1 or letters else ""
        if fact is not None:
            said = read_answer(fact, label, read.codes.get(column))
            if not isinstance(said, Unreadable):
                continue
            if isinstance(read_answer(fact, meant or "unknown"), Unreadable):
                meant = ""
            advice = "" if meant else f". {hint(fact, label, name, said.hint)}"
            advice = re.sub(r"leave it empty.*", 'write "unknown"', advice)
        shown = label.strip() if isinstance(label, str) else word.replace("_", "-")  # -99
        first = odd.get(word, _Odd(shown, 0, meant, advice))
        odd[word] = first._replace(times=first.times + n)
    if fact is None:  # ids and free text are counted, not shown
        once = sum(n == 1 for _, n in counts) * 2 > len(counts)
        numbers = len(counts) > 9 and all(not isinstance(label, str) for label, _ in counts)
        odd = {word: row for word, row in odd.items() if row.meant or not (once or numbers)}
    odd = {word: row for word, row in odd.items() if len(word) <= MAX_LETTERS}
    odd = odd if len(odd) <= MAX_DIFFERENT else {}
    few = [f"{show(row.shown)} {row.times}" for row in [*odd.values()][:4]]
    few += ["..."] if len(counts) > 4 else []
    return name, fact, odd, f"{len(counts)} different" + (f": {', '.join(few)}" if odd else "")


def _text(read: Read, encoding: str | None) -> str:
    columns = Counter(column_names(read.frame))
    found = [_found(read, column) for column, times in columns.items() if times == 1]
    common: dict[str, _Odd] = {}
    for word, row in (pair for _, _, odd, _ in found for pair in odd.items()):
        if row.meant in EVERYWHERE:
            first = common.get(word, row._replace(times=0, advice=""))
            common[word] = first._replace(times=first.times + row.times)
    names, indent = {name for name, *_ in found}, "#   "
    missing = ", ".join(name for name in read.facts if name not in read.answers.columns)
    left = [(*x, [y for y in odd.values() if y.meant not in EVERYWHERE], note) for *x, odd, note in found]
    alike = [row for row in common.values() if row.meant != "unknown" and row.shown not in names]
    values = {
        "cases": f"{plural(len(read.frame), 'case')}{read.where}{',' if ', ' in read.where else ''}",
        "doubts": [(show(x.column), x.value, plural(x.rows, "row")) for x in codes_in_doubt(read)],
        "gaps": [toml_text(row.shown) for row in common.values() if row.meant == "unknown"],
        "missing": textwrap.fill(missing, 100, initial_indent=indent, subsequent_indent=indent),
        "common": [row.line("cell") for row in alike],
        "found": [(*x, [row.line("row").rstrip(". ") for row in odd], note) for *x, odd, note in left],
        "near": near_misses([*columns], read.facts),
    }
    return render("mapping.toml.j2", encoding=encoding, quoted=toml_text, **values)
