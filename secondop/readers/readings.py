"""Ratings as somebody has them, long or wide, become readings: who said what of which case."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable, is_scalar

from secondop.errors import SecondopError, closest, did_you_mean, refuse, unknown_name
from secondop.rules import spellings
from secondop.rules.spellings import BLANKS, NO, YES, is_not_recorded, normalised
from secondop.words import plural

TAKEN = ("overall", "disagreement", "concentration")  # what the tables call their own rows and columns


class Readings(NamedTuple):
    """Readings with an answer: ``table`` has the numbers of ``case``, ``reader`` and ``answer``."""

    table: pd.DataFrame  # where somebody reads first, reader 0 is who does, and 1 is all others
    answers: tuple
    counted: dict[str, Any]  # cases, readers, readings, gaps, repeats, and what had to be said as remarks
    unordered: str  # that the order of the answers tells nothing, if so


class _Spelt(NamedTuple):
    """A column whose spellings of one value are one."""

    codes: np.ndarray  # of each row the number of its value; -1 is a gap
    keys: list[str]  # of each value the word that is compared
    labels: list  # and the one that is shown: its commonest spelling
    remark: str


def read_ratings(
    frame: Any,
    case: Any,
    reader: Any,
    answer: Any,
    reference: Any = None,
    *,
    readers: Any = None,
    answers: Any = None,
    first: Any = None,
) -> Readings:
    """Readings from a row for each, or (``readers``: the columns with their answers) from a row a case."""
    frame = frame.to_pandas() if hasattr(frame, "to_pandas") else frame
    if not isinstance(frame, pd.DataFrame):
        raise SecondopError(f"Ratings are a pandas or polars frame. Got {type(frame).__name__}.")
    asked = {"case": case, "reader": reader, "answer": answer, "reference": reference}
    data = _long(frame, asked, readers, first)
    order = data.pop("order") if "order" in data else None
    columns = {x: _spelt(data[x], answers, x in ("answer", "reference")) for x in data}
    empty = {x: (column.codes < 0).sum() for x, column in columns.items() if x != "answer"}
    ending = f"of {len(data):,} rows (or a word for it, such as NA). Name or drop them."
    hints = [f"column {asked[x]!r}: empty in {n:,} {ending}" for x, n in empty.items() if n]
    refuse("Ratings cannot be read", hints)
    said, who = columns["answer"], columns["reader"]
    if answers is None and (doubtful := spellings.may_be_gaps(said.labels, said.keys)):
        told = f"{', '.join(map(repr, doubtful))} {'is an answer' if len(doubtful) == 1 else 'are answers'}"
        told += " like any other. If it stands for not recorded, make it empty first."
        warnings.warn(f"Ratings: {told}", spellings.MissingCodesWarning, stacklevel=4)
    stated, unordered = _in_order(data["answer"], said, answers)
    place = {key: i for i, key in enumerate(_yes_no([*map(_key, stated)], said.keys))}
    odd = [x for key, x in zip(said.keys, said.labels, strict=True) if key not in place]
    where = f"column {answer!r}" if readers is None else "the columns of readers"
    hints = [f"{x!r}.{did_you_mean(x, map(str, stated))}" for x in odd[:10]]
    refuse(f"Answers in {where} that are not among {[*stated]}", hints)
    table = pd.DataFrame({x: columns[x].codes for x in ("case", "reader")})
    table["answer"] = np.array([*map(place.get, said.keys), -1])[said.codes]
    table["reference"] = "all cases"
    if reference is not None:  # a class is spelt as the answer is that is right in it
        own, truth = {key: stated[i] for key, i in place.items()}, columns["reference"]
        table["reference"] = np.array([*map(own.get, truth.keys, truth.labels)], object)[truth.codes]
    known = table["answer"] >= 0
    counted = {f"{x}s": len(columns[x].keys) for x in ("case", "reader")}
    counted |= {"readings": int(known.sum()), "gaps": int((~known).sum())}
    counted["repeats"] = repeats = int(table[known].duplicated(["case", "reader"]).sum())
    remarks = [column.remark for column in columns.values()]
    if repeats:
        remark = f"{plural(repeats, 'reading')} of a case by a reader who had read it: no second opinion. "
        remarks.append(remark + "Where two sites number their cases alike, make the numbers differ.")
    if first is not None:
        table = _parts(table, who, first, order)
        opened = table["case"][(table["reader"] == 0) & known].nunique()
        if without := counted["cases"] - opened:
            remarks.append(f"No first answer in {plural(without, 'case')}: left out.")
    counted["remarks"] = tuple(filter(None, remarks))
    return Readings(table[table["answer"] >= 0], stated, counted, unordered)


def each_once(what: str, values: Any) -> tuple:
    """Names as a tuple: known, single, and none that the tables use themselves."""
    names = tuple(values) if np.iterable(values) and not isinstance(values, str) else (None,)
    known = all(is_scalar(x) and is_hashable(x) and pd.notna(x) for x in names)
    if not known or len({*names}) < len(names) or {*TAKEN} & {*names}:
        raise SecondopError(f"{what}: a list of names, each known and once, not in {TAKEN}. Got {values!r}.")
    return names


def _long(frame: pd.DataFrame, asked: dict, readers: Any, first: Any) -> pd.DataFrame:
    """A row for each reading, with those columns that are asked for; ``order`` if ``first`` is a column."""
    there = [*map(str, frame.columns)]
    wide = () if readers is None else each_once("readers", readers)
    wanted = {x: y for x, y in asked.items() if y is not None or x != "reference"}
    if wide:
        wanted = {x: y for x, y in wanted.items() if x not in ("reader", "answer")} | {x: x for x in wide}
    elif isinstance(first, str) and first in there:
        wanted["order"] = first
    found = {x: _place(y, there) for x, y in wanted.items()}
    lost = {x: y for x, y in wanted.items() if found[x] is None}
    own, hints = [x for x in there if x not in map(str, asked.values())], []
    for x, y in lost.items():
        near = closest(y, own, 0.8)
        own_way = f" Say which is yours with {x}=." if x in asked else ""
        means = f" Did you mean {near!r}?" if near else own_way
        hints.append(f"no column {y!r}, or more than one.{means}")
    if {"reader", "answer"} <= {*lost} and len(own) > 1:
        name = own.pop(0) if "case" in lost else asked["case"]
        hints.append(f"Has each reader a column? Then say (..., case={name!r}, readers={own}).")
        hints.append("Has each reading a row? Then say which columns are its case=, reader= and answer=.")
    places = [*found.values()]
    hints += [f"column {x!r} is asked for twice." for i, x in enumerate(there) if places.count(i) > 1]
    refuse(f"Ratings with columns {', '.join(there)}", hints)
    parts = {x: frame.iloc[:, place].reset_index(drop=True) for x, place in found.items()}
    for x, part in parts.items():
        values = part.cat.categories if part.dtype == "category" else part
        if values.dtype == object and not all(is_scalar(y) and is_hashable(y) for y in values):
            raise SecondopError(f"Ratings cannot be read: column {wanted[x]!r} holds lists or the like.")
    if not wide:
        return pd.DataFrame(parts)
    kept = {x: y for x, y in parts.items() if x in asked}
    rows = [pd.DataFrame({**kept, "reader": x, "answer": parts[x]}) for x in wide]
    return pd.concat(rows, ignore_index=True)


def _place(name: Any, there: list[str]) -> int | None:
    """Where the one column of this name is, forgiving case, blanks and hyphens."""
    if isinstance(name, str) and name not in there:
        name = spellings.matched(there, [name]).get(name)
    return there.index(name) if isinstance(name, str) and there.count(name) == 1 else None


def _spelt(values: pd.Series, stated: Any, answers: bool) -> _Spelt:
    """What a column says: case and blanks of a word are forgiven, 1 and "1" are one, and gaps are gaps."""
    codes, found = pd.factorize(values)
    kept = {*map(_key, stated)} if answers and np.iterable(stated) else set()
    keys = [None if is_not_recorded(key) and key not in kept else key for key in map(_key, found)]
    keys = _yes_no(keys, kept) if answers else keys
    spelt: dict[str, list] = {}
    for i in np.argsort(-np.bincount(codes[codes >= 0], minlength=len(found)), kind="stable"):
        if keys[i] is not None:
            value = found[i].item() if isinstance(found[i], np.generic) else found[i]
            whole = isinstance(value, float) and value.is_integer()  # as whole numbers with gaps are held
            spelt.setdefault(keys[i], []).append(int(value) if whole else value)
    several = [" and ".join(map(repr, own)) for own in spelt.values() if len(own) > 1]
    labels = [x.strip(BLANKS) if isinstance(x, str) else x for x, *_ in spelt.values()]
    if len({isinstance(x, str) for x in labels}) > 1:
        labels = [key if key in ("yes", "no") else str(x) for key, x in zip(spelt, labels, strict=True)]
    number = {key: i for i, key in enumerate(spelt)}
    codes = np.array([*(number.get(key, -1) for key in keys), -1])[codes]
    remark = f"Read as one {values.name}: {'; '.join(several)}." if several else ""
    return _Spelt(codes, [*spelt], labels, remark)


def _key(value: Any) -> str:
    """A value as it is compared: 1, 1.0 and "1" alike, and a minus at an end is no hyphen."""
    word = re.sub(r"^([+-]?\d+)\.0+$", r"\1", str(value).strip(BLANKS).lower())
    return word if "-" in (word[:1], word[-1:]) else normalised(word)


def _yes_no(keys: list, others: Iterable = ()) -> list:
    """Spellings of yes and no, where there are no others; letters of one side alone may mean more."""
    every = {*keys, *others} - {None}
    if not every <= {*YES, *NO} or every <= {"y", "t"} or every <= {"n", "f"}:
        return keys
    return [key and ("yes" if key in YES else "no") for key in keys]


def _in_order(values: pd.Series, said: _Spelt, answers: Any) -> tuple[tuple, str]:
    """The answers in order, and that it is the alphabet's where it is neither stated nor that of numbers."""
    if answers is not None:
        stated = each_once("answers", answers)
        if len({*_yes_no([*map(_key, stated)], said.keys)}) < len(stated):
            raise SecondopError(f"answers: some are spellings of one. Got {answers!r}.")
        return stated, ""
    labels, listed = dict(zip(said.keys, said.labels, strict=True)), values.dtype == "category"
    if listed:  # answers that nobody gave are answers too
        own = {_key(x): x for x in values.cat.categories if not is_not_recorded(_key(x))}
        keys = dict(zip(_yes_no([*own], said.keys), own.values(), strict=True))
        labels = {key: labels.get(key, x) for key, x in keys.items()}
    numbers = not listed and all(re.search(spellings.NUMBER, key) for key in labels)
    order = [*labels] if listed else sorted(labels, key=float if numbers else None)
    stated = each_once("answers", [labels[key] for key in order])
    natural = numbers or len(stated) < 2 or order == ["no", "yes"]
    if natural or (listed and (values.cat.ordered or order != sorted(order))):
        return stated, ""
    said = "The order of the answers is not stated. List them in answers=[...], from harmless to grave: "
    return stated, f"{said}{', '.join(map(str, stated))}."


def _parts(table: pd.DataFrame, who: _Spelt, first: Any, order: pd.Series | None) -> pd.DataFrame:
    """The readers by part: 0 is the first of a case, 1 is all others but later ones of who read first."""
    named, case = _key(first) in who.keys, table["case"]
    if named and order is not None:
        raise SecondopError(f"first: {first!r} is both a reader and a column. Rename one.")
    if named:
        own = opening = table["reader"] == who.keys.index(_key(first))
    elif order is None:
        raise unknown_name("reader, and no column of order,", first, map(str, who.labels))
    else:
        dates = pd.api.types.is_datetime64_any_dtype(order)
        at = order if dates else pd.to_numeric(order.astype(object).map(str), errors="coerce")
        if (at.isna() & ~order.map(_key).map(is_not_recorded).astype(bool)).any():
            raise SecondopError(f"first: column {first!r} holds numbers or dates (pandas.to_datetime).")
        opening = (at == at.groupby(case).transform("min")) & at.notna().groupby(case).transform("all")
        readers = table["reader"].where(opening).groupby(case)
        own = (table["reader"] == readers.transform("min")) & (readers.transform("nunique") == 1)
    kept = own.groupby(case).transform("any") & (opening | ~own)
    return table.assign(reader=(~opening).astype(int))[kept]
