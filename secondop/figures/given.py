"""What a figure is given: the table of one function, and any other is refused by name."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import pandas as pd

from secondop import arguments
from secondop.arguments import FINITE, NAMES, made_by
from secondop.errors import SecondopError


def draws(maker: str, *columns: str, **options: str) -> Callable:
    """A figure of tables that ``maker`` makes, known by these columns: any other is refused.

    Its docstring gets its parameters: the table, and the ``options``, with what they mean.
    """

    def checked(draw: Callable) -> Callable:
        kinds = inspect.signature(draw).parameters
        truth = made_by(maker, *columns) if "DataFrame" in str(kinds.get("truth")) else FINITE
        gone = {} if "most" in kinds else {"most": "Give the rows to draw, as table.head(5)"}
        fitting = arguments.checked(silent=NAMES, truth=truth, **gone)(draw)

        @wraps(draw)
        def drawn(table: Any, *args: Any, **kwargs: Any) -> Any:
            asked = f"The figure {draw.__name__} draws a table that {maker} makes"
            if not isinstance(table, pd.DataFrame):
                raise SecondopError(f"{asked}, and was given {type(table).__name__} {str(table)[:40]!r}.")
            if missing := [name for name in columns if name not in table.columns]:
                lacks = f"with the columns {', '.join(columns)}. This table lacks {', '.join(missing)}"
                held = ", ".join(map(str, table.columns[:8])) or "none"
                raise SecondopError(f"{asked}, {lacks}; its columns are {held}.")
            if table.empty:
                raise SecondopError(f"{asked}; this one has no rows, so there is nothing to draw.")
            return fitting(table, *args, **kwargs)

        told = f"table : DataFrame\n    What `{maker}` makes.\n"
        told += "".join(f"{name} : {kinds[name].annotation}\n    {said}\n" for name, said in options.items())
        drawn.__doc__ = f"{inspect.cleandoc(draw.__doc__)}\n\nParameters\n----------\n{told}"
        return arguments.named(drawn)

    return checked


def only_one(table: pd.DataFrame, column: str, name: str) -> Any:
    """The single value of a column; a figure named so draws no more."""
    first, *others = values = table[column].unique().tolist()
    if others:
        held = f"{len(values)}: {', '.join(map(str, values[:6]))}. Keep one"
        said = f"The figure {name} draws one {column}, and the table holds {held}"
        raise SecondopError(f'{said}, such as table[table["{column}"] == {first!r}].')
    return first
