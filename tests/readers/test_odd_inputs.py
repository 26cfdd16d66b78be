"""Whatever is given to the readers' room, it answers or says in one clear error why it cannot."""

from __future__ import annotations

import ast
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import secondop.readers
from secondop import ReaderModel, Strategy, agreement, opinions_from_ratings, plan_audit, read_strategies
from secondop.errors import SecondopError
from tests.kit import examples

GRAVE = ReaderModel(("harmless", "grave"), ("grave",), [[0.2, 0.8]], [1.0])
RATINGS = pd.DataFrame({"case": [*"1122"], "reader": [*"abab"], "answer": [*"xyxx"], "truth": [*"xxyy"]})

atoms = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text("a0.5 ", max_size=3),
    st.sampled_from([
        b"a", 1j, pd.NA, pd.NaT, Decimal("sNaN"), Decimal(1), object(), int, np.array("x"), np.array([]),
        pd.DataFrame(), pd.Series([0.5, 0.5], ["c", "c"]), pd.DataFrame([[0.5, 0.5]], columns=["a", "a"]),
        pl.DataFrame({"a": [1]}), pd.Index([*"ab"]), GRAVE, Strategy.none(), 1e308, 1e-320,
        {"c": {"a": 0.5, "b": 0.5}}, [[0.5, 0.5]],
    ]),
)  # fmt: skip
odd = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([None, 1, "a", "c"]), inner, max_size=2)
    ),
    max_leaves=5,
)


def use(model: ReaderModel) -> None:
    """Whatever was accepted works."""
    assert repr(model) and model.independent()
    read_strategies(model, [Strategy.always()], 3, 1)


SHARES, AGAIN = {"c": {"a": 0.5, "b": 0.5}}, {"a": 0.8, "b": 0.7}
CALLS = {
    "first readings": lambda odd: use(ReaderModel.from_disagreement(odd, {"c": 0.1})),
    "disagreement": lambda odd: use(ReaderModel.from_disagreement(SHARES, odd)),
    "both": lambda odd: use(ReaderModel.from_disagreement(odd, odd)),
    "first readings again": lambda odd: use(ReaderModel.from_reproducibility(odd, {"c": 1}, AGAIN)),
    "class mix": lambda odd: use(ReaderModel.from_reproducibility(SHARES, odd, AGAIN)),
    "same again": lambda odd: use(ReaderModel.from_reproducibility(SHARES, {"c": 1}, odd)),
    "mix of a model": lambda odd: GRAVE.same_given_first(odd),
    "under": lambda odd: use(GRAVE.skilled(odd, {"grave": 0})),
    "over": lambda odd: use(GRAVE.skilled({"grave": 0.1}, odd)),
    "policy": lambda odd: read_strategies(GRAVE, [Strategy.by_policy("s", GRAVE, odd)]),
    "doubt": lambda odd: read_strategies(GRAVE, [Strategy.in_doubt("s", GRAVE, odd)]),
    "tilted": lambda odd: use(GRAVE.tilted(odd)),
    **{
        x: lambda odd, x=x: read_strategies(GRAVE, [Strategy(**{"name": "s"} | {x: odd})], 3, 1)
        for x in Strategy.__dataclass_fields__
    },
    "first_in": lambda odd: read_strategies(GRAVE, [Strategy.first_in(odd, odd)]),
    "model": lambda odd: read_strategies(odd, [Strategy.none()]),
    "strategies": lambda odd: read_strategies(GRAVE, odd),
    "n": lambda odd: read_strategies(GRAVE, [Strategy.none()], odd, 1),
    "seed": lambda odd: read_strategies(GRAVE, [Strategy.none()], 3, odd),
    "ratings": lambda odd: opinions_from_ratings(odd, seed=1),
    "ratings to fit": lambda odd: ReaderModel.fit(odd),
    **{
        f"ratings, {x}": lambda odd, x=x: opinions_from_ratings(RATINGS, **{"seed": 1} | {x: odd})
        for x in ("case", "reader", "answer", "readers", "answers", "first", "seed", "sample")
    },
    **{
        f"agreement, {x}": lambda odd, x=x: agreement(RATINGS, **{x: odd})
        for x in ("case", "reader", "answer", "readers", "answers", "first", "weights", "sample")
    },
    **{
        f"audit, {x}": lambda odd, x=x: plan_audit(**{"rate": 0.2, "width": 0.1, "agreement": 0.9} | {x: odd})
        for x in ("rate", "width", "difference", "agreement", "readers", "power", "seed")
    },
    **{
        f"fit, {x}": lambda odd, x=x: use(ReaderModel.fit(RATINGS, **{x: odd}))
        for x in ("case", "reader", "answer", "readers", "answers", "reference")
    },
}


@examples(500)
@given(st.sampled_from([*CALLS]), odd)
def test_odd_arguments_are_answered_or_refused(name, argument):
    with suppress(SecondopError):
        CALLS[name](argument)


cells = st.sampled_from([
    None, np.nan, 1, 2.5, True, "1", "a", "b", "a ", "-", "unknown", "Yes", "overall", b"a",
    pd.NA, pd.NaT, Decimal("sNaN"),
    Decimal(1), pd.Timestamp("2020"), pd.Timestamp("2020", tz="UTC"), ("a", 1), frozenset("a"), [1],
    {"a": 1}, 1j, np.inf,
])  # fmt: skip
columns = st.lists(cells, min_size=1, max_size=3).flatmap(
    lambda some: st.lists(st.sampled_from(some), min_size=6)
)


@examples(100)
@given(
    st.fixed_dictionaries({name: columns for name in RATINGS}),
    st.sampled_from(["object", "category", "twice"]),
)
def test_odd_columns_are_answered_or_refused(columns, kind):
    frame = pd.DataFrame({name: pd.Series(cells[:6], dtype=object) for name, cells in columns.items()})
    with suppress(TypeError, Warning):  # lists make no category: pandas' own refusal
        frame = frame.astype("category") if kind == "category" else frame
    frame = pd.concat([frame, frame[["reader"]]], axis=1) if kind == "twice" else frame
    for call in (opinions_from_ratings, agreement, ReaderModel.fit):
        for option in ({}, {"answers": ["a", "b"]}, {"readers": ["answer", "truth"]}):
            with suppress(SecondopError):
                call(frame, **option)
    for first in ("a", "truth"):
        with suppress(SecondopError):
            opinions_from_ratings(frame, first=first)


def test_the_room_uses_nothing_of_the_package_but_what_is_everybodys_and_spellings():
    for path in Path(secondop.readers.__file__).parent.glob("*.py"):
        froms = [x for x in ast.walk(ast.parse(path.read_text())) if isinstance(x, ast.ImportFrom)]
        used = {f"{x.module}.{name.name}." for x in froms for name in x.names}
        ours = {x for x in used if x.startswith("secondop") and not x.startswith("secondop.readers.")}
        shared = ("secondop.arguments.", "secondop.errors.", "secondop.words.", "secondop.rules.spellings.")
        assert all(x.startswith(shared) for x in ours), path.name
