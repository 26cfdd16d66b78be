"""What public functions take: an argument's name tells its kind, and all are checked in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, Signature, isfunction, signature
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from secondop.errors import did_you_mean, refuse

P, R, C = ParamSpec("P"), TypeVar("R"), TypeVar("C", bound=Callable[..., Any])


class Taken(NamedTuple):
    """Whether a value can be taken, and what can be, in words."""

    fits: Callable[[Any], bool]
    words: str


def _any_number(value: Any) -> bool:
    return isinstance(value, Real) and value == value


def _number(value: Any) -> bool:
    return _any_number(value) and not isinstance(value, bool) and isfinite(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def _listed(value: Any, each: Callable[[Any], bool], least: int = 0) -> bool:
    """Whether this is a list of such things, of any sort; a frame is none, though its columns have names."""
    listed = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    return listed and not hasattr(value, "columns") and all(map(each, value)) and len(list(value)) >= least


def _dict_of(value: Any, each: Callable[[Any], bool]) -> bool:
    return isinstance(value, Mapping) and all(map(_text, value)) and all(map(each, value.values()))


def whole(least: int) -> Taken:
    """A count, or a seed."""
    fits = lambda x: isinstance(x, Integral) and not isinstance(x, bool) and x >= least  # noqa: E731
    return Taken(fits, f"a whole number, {least} or more")


def number(low: float, high: float, words: str) -> Taken:
    """A number between two, both included."""
    return Taken(lambda x: _number(x) and low <= x <= high, words)


def made_by(maker: str, *columns: str) -> Taken:
    """A table with these columns, or a list of such."""

    def fits(value: Any) -> bool:
        tables = value if isinstance(value, (list, tuple)) and value else [value]
        return all(set(columns) <= set(getattr(table, "columns", ())) for table in tables)

    return Taken(fits, f"a table that {maker} makes, with the columns {', '.join(columns)}")


def either(*kinds: Taken) -> Taken:
    """Any of these."""
    return Taken(lambda x: any(kind.fits(x) for kind in kinds), ", or ".join(kind.words for kind in kinds))


NONE, TEXT = Taken(lambda x: x is None, "None"), Taken(_text, "a text")
PATH = Taken(lambda x: isinstance(x, (str, Path)), "a text, or a path")
MAPPING = Taken(lambda x: isinstance(x, Mapping), "a dict")
NAMES = Taken(lambda x: _listed(x, _text), "a list of names")
SOME = Taken(lambda x: _listed(x, _text, 1), "a list of names, one or more")
FINITE = Taken(_number, "a number")
COLUMN = Taken(_text, "the name of a column; what is no column yet is added to the cases first")
NUMBERS = Taken(lambda x: _listed(x, _number, 1), "a list of numbers")
FLAG = Taken(lambda x: isinstance(x, bool), "True or False")
SHARE = number(0, 1, "a share between 0 and 1, such as 0.22 for 22 %")
THRESHOLD = Taken(_number, "a number above 0 and below 1, such as 1/11")
BOOK = "a rule book, such as RULE_BOOK; several are taken by read_cases alone"
_OF = [
    ("seed", whole(0)),
    ("n draws repeats groups most max_depth min_cell", whole(1)),
    ("folds learn_from", whole(2)),
    ("weight zeros", number(0, inf, "a number, 0 or more")),
    ("prevalence follow_through yield_ held_back", SHARE),
    ("threshold", THRESHOLD),
    ("thresholds signals values", NUMBERS),
    ("deltas", Taken(lambda x: _listed(x, _any_number, 1), "a list of numbers, infinity allowed")),
    ("weights cluster outcome score sought verified", COLUMN),
    ("by", either(Taken(NAMES.fits, "a list of columns"), COLUMN)),
    ("policies parameters facts given order rules combination probabilities", NAMES),
    ("measure measures anchors", SOME),
    ("fitted_to", either(NAMES, TEXT)),
    ("redrawn", Taken(lambda x: _listed(x, lambda _: True), "a list of cohorts")),
    ("policy level kind path audience engine what method", TEXT),
    ("verdicts next_question", FLAG),
    ("rule_book before after", Taken(lambda x: hasattr(x, "rule_facts"), BOOK)),
    ("counts", MAPPING),
    ("columns", Taken(lambda x: _dict_of(x, _text), "a dict from names to names")),
    ("scores contrasts", Taken(lambda x: _dict_of(x, _number), "a dict from names to numbers")),
    ("sides", Taken(lambda x: _dict_of(x, _pair), "a dict from ids to (group, reference)")),
]
KINDS = {name: kind for names, kind in _OF for name in names.split()}
"""What is taken under a name, wherever it is not what a function takes if nothing is given."""


def named(called: C) -> C:
    """Refuse in words arguments that there are not, are lacking or too many: of a class, at every door of it.

    For what looks at values itself; :func:`checked` looks at them, too.
    """
    if isinstance(called, type):
        for name, own in [*vars(called).items()]:
            door = getattr(own, "__func__", own)  # of a class method its function
            public = isfunction(door) and (name == "__init__" or not name.startswith("_"))
            if public and not hasattr(door, "__wrapped__"):
                setattr(called, name, named(door) if door is own else type(own)(named(door)))
        return called
    told = signature(called)

    @wraps(called)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return called(*args, **kwargs)
        except TypeError:
            if not (problems := _misnamed(told, args, kwargs, {})):
                raise
        refuse(_unusable(called, args), problems)

    return call


def checked(**own: Taken | str | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse arguments that cannot be taken, all at once, before anything is counted.

    ``own``: what this function takes under a name, in place of :data:`KINDS`; ``None``: it looks itself; of
    an argument that is gone, what to do instead. One text where a list of names is taken is a list of one.
    """

    def door(function: Callable[P, R]) -> Callable[P, R]:
        told, gone = signature(function), {key: said for key, said in own.items() if isinstance(said, str)}
        usual = {key: one.default for key, one in told.parameters.items()}
        kinds = {key: kind for key, kind in (KINDS | own).items() if kind and key in usual}

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = dict(zip(usual, args, strict=False)) | kwargs
            asked = {x: kind for x, kind in kinds.items() if given.get(x, usual[x]) is not usual[x]}
            for key, kind in asked.items():
                value = [given[key]] if kind in (NAMES, SOME) and isinstance(given[key], str) else given[key]
                given[key] = list(value) if hasattr(value, "__next__") else value
            problems = _misnamed(told, args, kwargs, gone) + unfit(given, asked)
            refuse(_unusable(function, args), sorted(problems))
            placed = [given[key] for key in [*usual][: len(args)]]
            return function(*placed, *args[len(placed) :], **{key: given[key] for key in kwargs})

        return call

    return door


def unfit(given: Mapping[str, Any], kinds: Mapping[str, Taken]) -> list[str]:
    """What of the values given is no such thing, in words."""
    wrong = [key for key, kind in kinds.items() if not kind.fits(given[key])]
    return [f"{key} is {kinds[key].words}. Got {_shown(given[key])}." for key in wrong]


def _unusable(called: Callable, args: Sequence) -> str:
    name = called.__qualname__
    return f"{type(args[0]).__name__ if name.endswith('.__init__') and args else name} cannot be used so"


def _misnamed(told: Signature, args: Sequence, kwargs: Mapping, gone: Mapping[str, str]) -> list[str]:
    """What is wrong with the names of arguments; ``gone``: of one that is no more, what to do instead."""
    try:
        told.bind(*args, **kwargs)
    except TypeError as error:
        each = {key: one for key, one in told.parameters.items() if one.kind is not Parameter.VAR_KEYWORD}
        takes = [key for key in each if key not in ("self", "cls")]
        placed = [key for key, one in each.items() if one.kind < Parameter.VAR_POSITIONAL][: len(args)]
        due = [
            key
            for key, one in each.items()
            if one.default is one.empty and one.kind != Parameter.VAR_POSITIONAL
        ]
        lacking = [key for key in due if key not in (*placed, *kwargs)]
        odd = kwargs.keys() - each.keys() if len(each) == len(told.parameters) else ()
        meant = {key: f" {gone[key]}." if key in gone else did_you_mean(key, takes) for key in odd}
        found = [f"there is no {key}=.{said}" for key, said in meant.items()]
        found += [f"{', '.join(lacking)}: not given."] if lacking else []
        *others, last = found or [f"{error}."]  # given twice, or too many
        return [*others, f"{last} It takes {', '.join(takes) or 'nothing'}."]
    return []


def _shown(value: Any) -> str:
    plain = value is None or isinstance(value, (str, Real, list, tuple, dict, set))
    text = repr(value) if plain else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
