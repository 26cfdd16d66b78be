"""What public functions take: an argument's name tells its kind, and all are checked in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any, NamedTuple, ParamSpec, TypeVar

from secondop.errors import did_you_mean, refuse

P, R = ParamSpec("P"), TypeVar("R")


class Taken(NamedTuple):
    """Whether a value can be taken, and what can be, in words."""

    fits: Callable[[Any], bool]
    words: str


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _dict(value: Any) -> bool:
    return isinstance(value, Mapping)


def _listed(value: Any, each: Callable[[Any], bool]) -> bool:
    """Whether this is a list of such things, of any sort; a frame is none, though its columns have names."""
    listed = isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    return listed and not hasattr(value, "columns") and all(map(each, value))


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


NONE, TEXT, MAPPING = Taken(lambda x: x is None, "None"), Taken(_text, "a text"), Taken(_dict, "a dict")
NAMES = Taken(lambda x: _listed(x, _text), "a list of names")
SOME = Taken(lambda x: NAMES.fits(x) and len(list(x)) > 0, "a list of names, one or more")
COLUMN = Taken(_text, "the name of a column; what is no column yet is added to the cases first")
COLUMNS = either(Taken(NAMES.fits, "a list of columns"), COLUMN)
ENDLESS = Taken(
    lambda x: _listed(x, lambda y: isinstance(y, Real) and y == y) and len(list(x)) > 0,
    "a list of numbers, infinity allowed",
)
NUMBERS = Taken(lambda x: _listed(x, _number) and len(list(x)) > 0, "a list of numbers")
SHARE = number(0, 1, "a share between 0 and 1, such as 0.22 for 22 %")
THRESHOLD = Taken(_number, "a number above 0 and below 1, such as 1/11")
RENAMED = Taken(lambda x: _dict(x) and _listed([*x, *x.values()], _text), "a dict from names to names")
PAIRS = Taken(
    lambda x: _dict(x) and all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in x.values()),
    "a dict from ids to (group, reference)",
)
VALUES = Taken(
    lambda x: _dict(x) and _listed([*x], _text) and all(map(_number, x.values())),
    "a dict from names to numbers",
)
BOOK = Taken(
    lambda x: hasattr(x, "rule_facts"),
    "a rule book, such as RULE_BOOK; several are taken by read_cases alone",
)
_OF = {
    whole(0): "seed",
    whole(1): "n draws repeats groups most max_depth min_cell",
    whole(2): "folds learn_from",
    number(0, inf, "a number, 0 or more"): "weight zeros",
    SHARE: "prevalence follow_through yield_ held_back",
    THRESHOLD: "threshold",
    NUMBERS: "thresholds signals values",
    ENDLESS: "deltas",
    COLUMN: "weights cluster outcome score sought verified",
    COLUMNS: "by",
    NAMES: "policies parameters facts given order rules combination probabilities",
    SOME: "measure measures anchors",
    either(NAMES, TEXT): "fitted_to",
    Taken(lambda x: _listed(x, lambda _: True), "a list of cohorts"): "redrawn",
    TEXT: "policy level kind path audience engine what method",
    Taken(lambda x: isinstance(x, bool), "True or False"): "verdicts next_question",
    BOOK: "rule_book before after",
    RENAMED: "columns",
    VALUES: "scores contrasts",
    PAIRS: "sides",
    MAPPING: "counts",
}
KINDS = {name: kind for kind, names in _OF.items() for name in names.split()}
"""What is taken under a name, wherever it is not what a function takes if nothing is given."""


def checked(**own: Taken | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse arguments that cannot be taken, all at once, before anything is counted.

    ``own``: what this function takes under a name, in place of :data:`KINDS`; ``None``: it looks itself. One
    text where a list of names is taken is a list of one.
    """

    def door(function: Callable[P, R]) -> Callable[P, R]:
        parameters, name = signature(function).parameters, function.__qualname__.removesuffix(".__init__")
        kinds = {key: kind for key, kind in (KINDS | own).items() if kind and key in parameters}
        anything = any(each.kind is each.VAR_KEYWORD for each in parameters.values())

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given, problems = dict(zip(parameters, args, strict=False)) | kwargs, []
            takes, odd = (
                f"It takes {', '.join(parameters)}.",
                () if anything else kwargs.keys() - parameters.keys(),
            )
            problems += [f"there is no {key}=.{did_you_mean(key, parameters)} {takes}" for key in odd]
            for key in kinds.keys() & given.keys():
                value, kind = given[key], kinds[key]
                if value is parameters[key].default:
                    continue
                if kind in (NAMES, SOME) and isinstance(value, str):
                    value = [value]
                given[key] = value = list(value) if hasattr(value, "__next__") else value
                problems += [] if kind.fits(value) else [f"{key} is {kind.words}. Got {_shown(value)}."]
            refuse(f"{name} cannot be used so", sorted(problems))
            placed = [given[key] for key in [*parameters][: len(args)]]
            return function(*placed, *args[len(placed) :], **{key: given[key] for key in kwargs})

        return call

    return door


def _shown(value: Any) -> str:
    plain = value is None or isinstance(value, (str, Real, list, tuple, dict, set))
    text = repr(value) if plain else f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
