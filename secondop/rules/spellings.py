"""What a value says of a fact, and which column states which: spellings are decided here, for both doors."""

from __future__ import annotations

import itertools
import math
import re
import sys
import warnings
from collections.abc import Collection, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from secondop.errors import SecondopError, closest, did_you_mean
from secondop.rules.facts import Fact, Kind
from secondop.rules.spoken import meaning

YES, NO = ("yes", "y", "true", "t", "1", "1.0"), ("no", "n", "false", "f", "0", "0.0")
NOT_RECORDED = ("", "na", "n/a", "nan", "null", "<na>", "unknown", "not_recorded", "not_known")
NOT_RECORDED += ("missing", "?", ".", "not_available", "nat", "#n/a", "#nv")
"""Spellings of a gap, as :func:`normalised` leaves them; the whole package reads them alike."""
BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\ufeff"
"""What counts as blank around and within words, no-break space included: engines have other ideas of it."""
GAP, TRIMMED = f"[{BLANKS}_-]+", f"^[{BLANKS}]+|[{BLANKS}]+$"
NUMBER = r"^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?$"
CODES = frozenset(sign * int(digit * n) for sign in (1, -1) for digit in "789" for n in range(2, 6)) | {9, -9}
"""Numbers that registries write where nothing was recorded."""
BESIDE = frozenset(sign * (10**n - i) for sign in (1, -1) for n in range(1, 6) for i in (2, 3)) | {-1}
"""Numbers that they write beside these, as 97 and 98 beside 99: for refused, or not asked."""
MAY_BE_GAP = "If it stands for not recorded,"


class NearMissWarning(UserWarning):
    """A column is not read although its name is almost that of a fact which no column states."""


class MissingCodesWarning(UserWarning):
    """Numbers that may be codes for *not recorded*: 99 or 999, far beyond all the others."""


class Unreadable(NamedTuple):
    """Why a value is no answer to a fact; ``each`` when every different value deserves its own line."""

    problem: str
    each: bool = True
    hint: str = ""


def normalised(text: str) -> str:
    """A word as levels and facts are written: lower case, blanks and hyphens as underscores."""
    return re.sub(GAP, "_", text.strip(BLANKS).lower())


def is_not_recorded(value: Any) -> bool:
    """Whether a value is a gap or text that spells one, in ratings and groups as in facts."""
    if isinstance(value, str):
        return normalised(value) in NOT_RECORDED
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, Real) and value != value)


def code(value: Any) -> str:
    """A value as codes are compared: 1, "1" and 1.0 are one code, and so are "K. A." and "k._a."."""
    return re.sub(r"\.0$", "", normalised(value if isinstance(value, str) else show(value)))


def words(fact: Fact) -> dict[str, bool | str | None]:
    """What words, normalised, say of a fact; a level may be called as a gap is, and is a level."""
    said = dict.fromkeys(YES, True) | dict.fromkeys(NO, False) if fact.kind is Kind.FLAG else {}
    said |= {f"{level}.0": level for level in fact.levels if level.isdecimal()}  # of a column with gaps
    return dict.fromkeys(NOT_RECORDED) | said | {level: level for level in fact.levels}


def digits(fact: Fact) -> dict[int, bool | str]:
    """What numbers say of a fact that is none: yes or no, or a level that is written in digits."""
    return {int(word): answer for word, answer in words(fact).items() if word.isdecimal()}


def read_answer(
    fact: Fact, value: Any, codes: Mapping[str, Any] | None = None
) -> bool | str | int | float | Unreadable | None:
    """What one value says of a fact; ``None`` where nothing was recorded.

    ``codes`` of its column come first; where numbers are codes, no other number is yes, no or a level.
    """
    value = value.item() if isinstance(value, np.generic) else value
    if codes and (isinstance(value, str) or not is_not_recorded(value)):
        key = code(value)
        if key in codes:
            return codes[key]
        coded = any(answer is not None and other.isdecimal() for other, answer in codes.items())
        if coded and not fact.is_numeric and key.isdecimal():
            return Unreadable(f"is not among the codes of this column, nor {fact.expects()}")
    if isinstance(value, Decimal):
        value = math.nan if value.is_nan() else float(value)
    if isinstance(value, str):
        word, known = normalised(value), words(fact)
        if word in known:
            return known[word]
        if fact.is_numeric and re.search(NUMBER, value.strip(BLANKS)):
            value = float(value.strip(BLANKS))
    if is_not_recorded(value):
        return None
    if not isinstance(value, Real) or (isinstance(value, bool) and fact.kind is not Kind.FLAG):
        return Unreadable(f"is not {fact.expects()}")
    if not fact.is_numeric:
        return digits(fact).get(value, Unreadable(f"is not {fact.expects()}"))
    if abs(value) == math.inf:
        return Unreadable("is not a finite number", False, f"{MAY_BE_GAP} leave it empty.")
    low, high = limits(fact)
    if not low <= value <= high:
        side, taken = "below" if value < low else "above", f"{low:,g} to {high:,g} {fact.unit}".rstrip()
        return Unreadable(f"is {side} the range {taken}", False, f"{MAY_BE_GAP} leave it empty.")
    if fact.kind is Kind.NUMBER or value == int(value):
        return float(value) if fact.kind is Kind.NUMBER else int(value)
    return Unreadable("is not a whole number", False, "Write a whole number.")


def limits(fact: Fact) -> tuple[float, float]:
    """The range of a count or a number, within what can be held: infinity is no number."""
    most = 2**53 if fact.kind is Kind.COUNT else sys.float_info.max
    return max(fact.low, -most), min(fact.high, most)


def chosen(x: Any, answers: Mapping[Any, Any], dtype: Any, lib: Any) -> Any:
    """Of each value the answer to it, else null, in polars or narwhals: faster than a look-up among few."""
    answer = lib.lit(None, dtype=dtype)
    for value, said in answers.items():
        answer = lib.when(x == value).then(lib.lit(said, dtype=dtype)).otherwise(answer)
    return answer


def read_number(fact: Fact, x: Any, lib: Any) -> Any:
    """What a column of numbers says, in polars or narwhals; NaN and infinity lie within no range."""
    if not fact.is_numeric:
        return chosen(x, digits(fact), lib.Boolean if fact.kind is Kind.FLAG else lib.String, lib)
    x = lib.when(x.is_between(*limits(fact))).then(x)
    if fact.kind is Kind.NUMBER:
        return x.cast(lib.Float64)
    whole = x.cast(lib.Int64)  # engines round or cut: only what is whole stays the same
    return lib.when(whole == x).then(whole)


def read_text(fact: Fact, x: nw.Expr) -> nw.Expr:
    """What a column of text says, where a lazy frame is; only unusual words are normalised, which is slow."""
    if fact.is_numeric:  # a bare cast of a word would abort the query
        number = x.str.replace_all(TRIMMED, "")
        return read_number(fact, nw.when(number.str.contains(NUMBER)).then(number).cast(nw.Float64), nw)
    answers = fact.levels or YES + NO
    usual = x.str.to_lowercase()
    odd = ~usual.is_in(answers)
    word = nw.when(odd).then(_normalised_lazily(nw.when(odd).then(x))).otherwise(usual)
    if decimal := [f"{x}.0" for x in fact.levels if x.isdecimal() and f"{x}.0" not in fact.levels]:
        word = nw.when(word.is_in(decimal)).then(word.str.replace_all(r"\.0$", "")).otherwise(word)
    return nw.when(word.is_in(answers)).then(word if fact.has_levels else word.is_in(YES))


def is_gap(x: nw.Expr) -> nw.Expr:
    """Whether text, where a lazy frame is, is a spelling of a gap."""
    return _normalised_lazily(x).is_in(NOT_RECORDED)


def _normalised_lazily(x: nw.Expr) -> nw.Expr:
    return x.str.replace_all(TRIMMED, "").str.to_lowercase().str.replace_all(GAP, "_")


def hint(fact: Fact, value: Any, column: Any, known: str = "") -> str:
    """What to write in this column in place of a value that is no answer, where that can be told."""
    key = code(value)[:100]
    number = key.replace("_", "-")
    coded = number in map(str, CODES | BESIDE)
    if coded or meaning(key) == "unknown":  # of this column alone: 9 may be an answer elsewhere
        own = f"{{{column!r}: [{number if coded else show(value)}]}}"
        return f"{MAY_BE_GAP} leave it empty or say unknown={own}."
    if known or not isinstance(value, str):
        return known
    word, none = normalised(value[:100]), "0" if fact.is_numeric else "no"
    if len(word) > 1 and (meant := meaning(word)) and not isinstance(read_answer(fact, meant), Unreadable):
        return f"Did you mean {meant!r}?"
    if fact.has_levels:
        return did_you_mean(word, fact.levels).strip()
    if word == "none":
        return f"If it means {none}, write {none}."
    if fact.is_numeric and word[:1].isdigit():
        form = "a whole number" if fact.kind is Kind.COUNT else "the number alone, with a decimal point"
        return f"Write {form}."
    return ""


def claims(names: Collection[Any], facts: Collection[str]) -> dict[str, list[str]]:
    """For every fact that a column states, in the order of ``facts``: the columns that claim to state it."""
    spelt = {normalised(key): key for key in facts} | {key: key for key in facts}
    found: dict[str, list[str]] = {key: [] for key in facts}
    for name in names:
        if isinstance(name, str) and len(name) < 200:
            found.get(spelt.get(name, spelt.get(normalised(name))), []).append(name)
    for key, own in found.items():
        if key in own:  # beside a fact's own column, hyphens alone make the name of a rule's verdict
            own[:] = [n for n in own if n == key or n.replace("-", "_") != key.replace("-", "_")]
    return {key: own for key, own in found.items() if own}


def matched(names: Collection[Any], facts: Collection[str]) -> dict[str, str]:
    """Names of facts to the one column that states each, whatever its case, blanks and hyphens."""
    return {key: own[0] for key, own in claims(names, facts).items() if len(own) == 1}


def near_misses(names: Collection[Any], facts: Collection[str]) -> dict[str, str]:
    """Columns that are not read, each with the fact without a column whose name is almost the same."""
    names = [name for name in names if isinstance(name, str) and len(name) < 100][:500]  # comparing is slow
    found = claims(names, facts)
    missing = {normalised(key): key for key in facts if key not in found}
    unread = [name for name in names if not any(name in own for own in found.values())]
    near = {name: closest(normalised(name), missing, 0.8) for name in unread}
    return {name: missing[close] for name, close in near.items() if close}


def warn_of_near_misses(names: Collection[Any], facts: Collection[str], stacklevel: int = 3) -> None:
    """Warn of every column that is not read although its name is almost that of a fact."""
    if near := near_misses(names, facts):
        said = ", ".join(f"column {name!r} (did you mean {fact!r}?)" for name, fact in near.items())
        warnings.warn(f"Not read as a fact: {said}.", NearMissWarning, stacklevel=stacklevel)


def no_fact(names: Collection[Any], facts: Collection[str], where: str = "") -> SecondopError:
    """The error for columns of which none is a fact."""
    found = ", ".join(map(repr, list(names)[:10])) or "none"
    found += ", ..." if len(names) > 10 else ""
    near = "".join(f" Did you mean {fact!r} by {name!r}?" for name, fact in near_misses(names, facts).items())
    comma = "," if ", " in where else ""
    said = f"No column{where}{comma} is a fact (found: {found}).{near} Say which fact yours is, as in "
    said += "read_cases(..., columns={'gender': 'sex'}), or fill in what mapping_template(...) writes; "
    said += "facts_table() lists all facts. Facts of a guideline of your own: rule_book=."
    return SecondopError(said)


def show(value: object) -> str:
    """A value as a message shows it: text quoted, control characters escaped, long text cut."""
    if isinstance(value, int) and value.bit_length() > 1000:  # Python refuses to write it in full
        return "a huge number"
    text = repr(value) if isinstance(value, (str, bytes)) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def may_be_gaps(labels: list, keys: list[str]) -> list:
    """Which values of a column, compared by ``keys``, may stand for a gap: words for it, codes far apart."""
    numeric = all(re.search(NUMBER, key) for key in keys)
    apart = codes_apart(pl.Series(map(float, keys), dtype=pl.Float64)) if numeric else CODES - {9}  # in words
    pairs = zip(labels, keys, strict=True)
    return [x for x, key in pairs if meaning(key) == "unknown" or key.replace("_", "-") in map(str, apart)]


def codes_apart(numbers: pl.Series) -> list[int]:
    """Codes at an end of a column, far beyond what is none: twice as far from zero, or below it.

    Or three times and more behind a gap twice as wide as any other, as 99 stands behind up to 52 weeks: what
    is measured thins out towards its end. A code may have others of its family beside it: 97, 98, or -1.
    """
    if not {numbers.min(), numbers.max()} & CODES:
        return []
    different = numbers.drop_nulls().unique().sort()
    codes, family = {x for x in different if x in CODES}, set()
    for end in (different, different.reverse()):
        family |= {*itertools.takewhile((CODES | BESIDE).__contains__, end)}
    apart = _apart(numbers, different, codes | family)
    return apart if family <= {*apart} else _apart(numbers, different, codes)


def _apart(numbers: pl.Series, different: pl.Series, codes: set[float]) -> list[int]:
    """Which of the codes stand far beyond what is none."""
    rest = different.filter(~different.is_in([*codes]))
    low, high = (rest.min(), rest.max()) if len(rest) else (0, 443)  # alone, it takes three digits
    gap = max(rest.diff().max() or 0, 1) if len(rest) > 1 else np.inf
    again = {x - i for x in codes & CODES if (numbers == x).sum() > 2 for i in range(3)}
    often = {x for x in codes & again if x - high > max(2 * gap, 2)}
    return sorted(int(x) for x in codes if x > max(2 * high, high + 2) or x < 0 <= low or x in often)
