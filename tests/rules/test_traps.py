"""The traps in which dataframe libraries take *not recorded* for yes or no: none of them may bite.

One rule a kind of comparison, and the same negated; a case in which nothing was recorded, in every spelling
that an engine has for it. The rule cannot be judged: never yes and never no. Then the door is left out, and
the traps bite: so it is the door that keeps them shut.
"""

import math

import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from secondop.rules.assess import assess
from secondop.rules.facts import category, count, flag, number, ordered
from tests.kit import ENGINES, LAZY_ENGINES, assessed, rows_of, rule, small_book, to_engine

NAN = math.nan
DRUGS, WEEKS = count("drugs", 50, "drugs", "How many?"), number("weeks", 520, "weeks", "How many?")
TISSUE, FINDING = (category(name, "none clear ulcer lump", "What?") for name in ("tissue", "finding"))
COURSE, TRUST = (ordered(name, "none low fair full", "How much?") for name in ("course", "trust"))
FEVER = flag("fever", "Is there a fever?")
ASKED = {
    # what is asked, an answer that meets it
    "count-at-least": (DRUGS >= 2, 2),
    "count-at-most": (DRUGS <= 2, 2),
    "number-at-least": (WEEKS >= 4, 4.0),
    "number-below": (WEEKS < 4.5, 4.0),
    "a-level": (TISSUE.is_in("clear"), "clear"),
    "among-levels": (FINDING.is_in("ulcer", "lump"), "lump"),
    "ordered-at-least": (COURSE >= "fair", "full"),
    "ordered-at-most": (TRUST <= "low", "none"),
    "flag": (FEVER.as_condition(), True),
}
BOOK = small_book(
    *(rule(name, when) for name, (when, _) in ASKED.items()),
    *(rule(f"not-{name}", ~when) for name, (when, _) in ASKED.items()),
)
FULL = {next(iter(when.facts)): answer for when, answer in ASKED.values()}
GAP = dict.fromkeys(FULL)
ROWS = [FULL, GAP, GAP | {"drugs": NAN, "weeks": NAN}]
KNOWN = {name: True for name in ASKED} | {f"not-{name}": False for name in ASKED}
UNKNOWN = dict.fromkeys(KNOWN)


def verdicts(row):
    return {name: row[name] for name in KNOWN}


@pytest.mark.parametrize("kind", ENGINES)
def test_what_is_recorded_is_decided_and_what_is_not_stays_unknown(kind):
    full, *gaps = assessed(kind, ROWS, BOOK)
    assert verdicts(full) == KNOWN and (full["indications"], full["undetermined"]) == (9, False)
    for gap in gaps:
        assert verdicts(gap) == UNKNOWN
        said = [gap[name] for name in ("recommendation", "possible", "undetermined", "indications")]
        assert said == ["no_indication", "recommended", True, 0]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_column_that_is_missing_is_unknown(kind):
    (row,) = assessed(kind, [{"fever": True}], BOOK)
    assert {name for name, fires in verdicts(row).items() if fires is not None} == {"flag", "not-flag"}


GAPS = [None, NAN, pd.NA, pd.NaT, "", " ", "NA", "unknown", "\xa0", "?"]


@pytest.mark.parametrize("gap", GAPS, ids=repr)
def test_every_spelling_of_a_gap_in_an_object_column_is_unknown(gap):
    columns = {name: pd.Series([value, gap], dtype=object) for name, value in FULL.items()}
    full, unknown = assess(pd.DataFrame(columns), BOOK, verdicts=True)[list(KNOWN)].isna().to_numpy().tolist()
    assert not any(full) and all(unknown)


@pytest.mark.parametrize("kind", LAZY_ENGINES)
def test_every_spelling_of_a_gap_in_a_column_of_text_is_unknown_and_readable(kind):
    texts = [dict.fromkeys(FULL, gap) for gap in GAPS if isinstance(gap, str)] + [GAP]
    rows = rows_of(assess(to_engine(kind, texts, BOOK.facts), BOOK, verdicts=True))
    assert [(verdicts(row), row["unreadable"]) for row in rows] == [(UNKNOWN, 0)] * len(texts)


@pytest.mark.parametrize("kind", LAZY_ENGINES)
def test_an_answer_that_a_fact_does_not_know_is_unknown_where_the_frame_is_lazy(kind):
    odd = {name: "perhaps" for name in ("tissue", "finding", "course", "trust", "fever")}
    (row,) = assessed(kind, [odd | {"drugs": -1.0, "weeks": math.inf}], BOOK)
    assert verdicts(row) == UNKNOWN


@pytest.mark.parametrize(("frame", "bites"), [(pd.DataFrame, (False, True)), (pl.LazyFrame, (True, False))])
def test_without_the_door_the_traps_bite(frame, bites):
    """A large number or no number at all: each library has its own idea of NaN."""
    asked = {"at_least": WEEKS >= 4, "below": ~(WEEKS >= 4)}
    exprs = {name: when.to_expr(lambda fact: nw.col(fact.name)) for name, when in asked.items()}
    assert nw.from_native(frame({"weeks": [NAN]})).lazy().select(**exprs).collect().rows() == [bites]
