"""One proof an engine: every row of every table of both books, assessed in a single frame."""

import pytest

from secondop.guideline.second_opinion import RULE_BOOK
from secondop.guideline.sgb27b import SGB27B
from tests.guideline import test_sgb27b
from tests.guideline.test_second_opinion import TABLES
from tests.kit import ENGINES, assessed

LISTED = test_sgb27b.LISTED
ROWS = [(name, *row) for name, table in TABLES.items() for row in table]


def _by_law():
    """The tables of the legal list, with each procedure in its place."""
    for place, level in enumerate(LISTED):
        planned = {"this": level, "another": LISTED[place - 1]}
        title = "prostate" if level == "prostate_carcinoma_treatment" else "any but prostate"
        for situation, given, verdict in test_sgb27b.TABLES[title]:
            answer = given["planned_procedure"]
            yield (
                test_sgb27b.RULES[level].name,
                situation,
                given | {"planned_procedure": planned.get(answer, answer)},
                verdict,
            )


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    ("book", "rows"), [(RULE_BOOK, ROWS), (SGB27B, list(_by_law()))], ids=["second opinion", "sgb27b"]
)
def test_every_row_of_every_table_on_every_engine(kind, book, rows):
    said = assessed(kind, [given for _, _, given, _ in rows], book)
    got = {(name, situation): row[name] for (name, situation, *_), row in zip(rows, said, strict=True)}
    assert got == {(name, situation): verdict for name, situation, _, verdict in rows}
    assert {name for name, *_ in rows} == {rule.name for rule in book} and set(got.values()) == {
        True,
        False,
        None,
    }
