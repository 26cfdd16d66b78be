"""Which facts that were not recorded would make most recommendations final."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from secondop.rules.assess import assess_typed
from secondop.rules.gate import ANSWER, UNREADABLE, any_frame, typed_cases, typed_lazily, typed_partition
from secondop.rules.rulebook import RuleBook
from secondop.rules.spellings import claims, no_fact
from secondop.rules.what_if import asked_at_once


def worth_recording(cases: Any, rule_book: RuleBook) -> pd.DataFrame:
    """Which facts would make most recommendations final, had they been recorded.

    ``cases``: any frame that :func:`secondop.assess` takes; of a lazy one the facts alone are collected.

    Returns
    -------
    pandas.DataFrame
        A row a fact that some case leaves unrecorded, the most useful first: ``fact, label, question``; the
        ``next_question`` in so many undetermined cases, as :func:`secondop.assess` finds it; it
        ``makes_final`` so many of these if one of its answers alone were learned; ``unrecorded`` in so many
        of all; how many cases are ``undetermined``, and how many there are, ``n``.
    """
    typed, unreadable = _facts_of(cases, RuleBook.required(rule_book))
    facts = dict(rule_book.rule_facts)
    typed = typed.with_columns(
        pl.lit(None, f.dtype).alias(x) for x, f in facts.items() if x not in typed.columns
    )
    open_ = assess_typed(typed, rule_book, ["undetermined"])["undetermined"].to_numpy()
    found = pd.DataFrame(0, index=list(facts), columns=["next_question", "makes_final"])
    start = 0
    for n, asked in asked_at_once(typed, rule_book):
        asked = list(asked)
        part, start = open_[start : start + n], start + n
        ranks = np.array([order * part for _, order, *_ in asked] or [0 * part])
        first = np.where(ranks.max(0) > 0, ranks.argmax(0), -1)
        for i, (fact, _, _, makes_final) in enumerate(asked):
            found.loc[fact] += [(first == i).sum(), (makes_final & (ranks[i] > 0)).sum()]
    found["unrecorded"] = typed.select(list(facts)).null_count().row(0)
    found = found.assign(undetermined=int(open_.sum()), n=len(typed))
    found.insert(0, "label", [fact.label for fact in facts.values()])
    found.insert(1, "question", [fact.question for fact in facts.values()])
    found = found[found["unrecorded"] > 0].rename_axis("fact")
    found = found.sort_values(["next_question", "makes_final"], ascending=False, kind="stable").reset_index()
    found.attrs = {"rule_book": rule_book.fingerprint, "unreadable": unreadable}
    return found


def _facts_of(cases: Any, rule_book: RuleBook) -> tuple[pl.DataFrame, int]:
    """The typed facts of any frame in memory, and how many values of a lazy one could not be read."""
    facts = rule_book.rule_facts
    dask = type(cases).__module__.startswith("dask.")
    said = f"worth_recording takes a frame of cases, one a row, not {type(cases).__name__}. "
    said += "Of a single case, explain tells the next question."
    names = list(cases.columns) if dask else any_frame(cases, said).collect_schema().names()
    if not (own := [name for columns in claims(names, facts).values() for name in columns]):
        raise no_fact(names, facts, f" of the {len(names)} given")
    if isinstance(cases, (pd.DataFrame, pl.DataFrame, pa.Table)):
        return typed_cases(cases, facts), 0
    if dask:
        typed, unreadable = typed_partition(cases[own].compute(), facts)
        return typed, int(unreadable.sum())
    typed = typed_lazily(nw.from_native(cases), facts).select(UNREADABLE, *(ANSWER + name for name in facts))
    typed = typed.collect("polars").to_native()
    read = typed.select(pl.col(ANSWER + name).cast(fact.dtype).alias(name) for name, fact in facts.items())
    return read, int(typed[UNREADABLE].sum())
