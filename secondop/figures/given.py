"""What a figure is given: the table of one function, and any other is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from pandas.api.types import is_numeric_dtype

from secondop.errors import SecondopError

_Draw = Callable[..., go.Figure]


def draws(maker: str, *columns: str) -> Callable[[_Draw], _Draw]:
    """A figure of tables that ``maker`` makes, known by these columns: any other is refused."""

    def checked(draw: _Draw) -> _Draw:
        @wraps(draw)
        def drawn(table: Any, *args: Any, **kwargs: Any) -> go.Figure:
            asked = f"The figure {draw.__name__} draws a table that {maker} makes"
            if not isinstance(table, pd.DataFrame):
                raise SecondopError(f"{asked}, and was given {_said(table)}.")
            if missing := [name for name in columns if name not in table.columns]:
                held = ", ".join(map(str, table.columns[:8])) or "none"
                lacks = f"with the columns {', '.join(columns)}. This table lacks {', '.join(missing)}"
                raise SecondopError(f"{asked}, {lacks}; its columns are {held}.")
            if table.empty:
                raise SecondopError(f"{asked}; this one has no rows, so there is nothing to draw.")
            return draw(table, *args, **kwargs)

        return drawn

    return checked


def only_shares(name: str, maker: str, table: pd.DataFrame) -> None:
    """Refuse a table that holds anything but known shares, from 0 to 1."""
    if odd := [x for x in table if not (is_numeric_dtype(table[x]) and table[x].between(0, 1).all())]:
        asked = f"The figure {name} draws a table that {maker} makes, of shares from 0 to 1"
        raise SecondopError(f"{asked}. Other things are in {', '.join(map(str, odd[:8]))}: leave these out.")
    if len(table) < 2:
        raise SecondopError(f"The figure {name} draws lines, and this table has one row: give two or more.")


def _said(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"
