"""Small counts stay hidden: no table of a report, and no sum or difference of them, tells one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secondop import compare, report
from secondop.evaluation.policies import LEVELS, levels_from
from secondop.evaluation.small_cells import HIDDEN, cover, hidden_cells, pool
from secondop.rules.facts import category, flag, number
from tests.kit import examples, rule, sampled, small_book
from tests.report.attacker import PARTS, Attacker

LEAST = 5
PATHOLOGY = category("pathology", "clear ambiguous expert", "What does the report say?")
CONCERN = flag("concern", "Is there a concern?")
AGE = number("age", 120, "years", "How old?")
BOOK = small_book(
    rule("doubt", PATHOLOGY.is_in("ambiguous", "expert"), group="tissue"),
    rule("expert", PATHOLOGY.is_in("expert"), group="tissue"),
    rule("growth", CONCERN & (AGE < 80), level="urgent", group="urgent things"),
    rule("old", AGE >= 80, group="age"),
    rule("wish", CONCERN, level="optional", group="wish"),
)


def rules_of(kind, name):
    """The rules that a row of the report counts."""
    rules = list(BOOK)
    levels = {f"{level} or more": level for level in ("urgent", "recommended")} | {
        words: x for x, words in LEVELS.items()
    }
    if name.startswith("any indication") or name == LEVELS["optional"]:
        return rules
    if name in levels:
        return [r for r in rules if r.level in levels_from(levels[name])]
    if name.startswith("any "):
        return [r for r in rules if r.clinical == ("clinical" in name)]
    return [r for r in rules if (r.group if kind == "group of rules" else r.label) == name]


def some_cases(seed, n):
    """Cases of four sites, one of them tiny, with rare answers and gaps."""
    random = np.random.default_rng(seed)
    cases = {
        "pathology": random.choice(["clear", "ambiguous", "expert", None], n, p=[0.78, 0.1, 0.06, 0.06]),
        "concern": random.choice([True, False, None], n, p=[0.12, 0.8, 0.08]),
        "age": random.choice([30, 85, np.nan], n, p=[0.85, 0.1, 0.05]),
        "site": random.choice(["A", "B", "C", "D"], n, p=[0.5, 0.3, 0.17, 0.03]),
        "changed": random.random(n) < 0.15,
    }
    return pd.DataFrame(cases)


@pytest.mark.parametrize("sample", sampled([(116, 200), (6, 40), (1, 90)]))
def test_an_attacker_who_reads_every_table_learns_no_small_count(tmp_path, sample):
    seed, n = sample
    cases = some_cases(seed, n)
    path = report(cases, tmp_path / "r.xlsx", by="site", outcome="changed", rule_book=BOOK, min_cell=LEAST)
    sheets = pd.read_excel(path, sheet_name=None, keep_default_na=False)
    attacker = Attacker(BOOK, ["A", "B", "C", "D"], n)
    attacker.read_who(sheets["who"])
    attacker.read_rates(sheets["rates"], rules_of)
    attacker.read_rates(sheets["groups"], rules_of, groups=True)
    if "trade-off" in sheets:
        attacker.read_worth(sheets["trade-off"], rules_of, n)
    truth, told = Attacker(BOOK, ["A", "B", "C", "D"], n), []
    where = truth.cells.reset_index().astype({"index": int})
    keys = ["pathology", "concern", "age", "site", "changed"]
    bands = cases.assign(age=cases["age"].map({30.0: 0.0, 85.0: 80.0})).astype(object)
    match = where.astype(object).merge(bands.assign(count=1), on=keys, how="left")
    counts = match.groupby("index")["count"].sum().to_numpy(float)
    assert counts.sum() == n
    for group in ("all", "A", "B", "C", "D"):
        asked = {("site", group): attacker.where(group)}
        for name, answers in attacker.asked.items():
            for value in (*(value for _, value, _ in answers), None):
                asked[name, value, group] = attacker.where(group, **{name: [value]})
        for of in ([r] for r in BOOK) if group == "all" else ():
            asked |= {(of[0].name, part): attacker.fires(of, part) for part in PARTS}
        for level in ("urgent", "recommended", "optional"):
            of = [r for r in BOOK if r.level in levels_from(level)]
            asked |= {(level, part, group): attacker.fires(of, part, group) for part in PARTS}
            if group == "all":
                both = [(part, x) for part in PARTS for x in (True, False)]
                asked |= {(level, *x): attacker.fires(of, x[0], changed=x[1]) for x in both}
        for what, cells in asked.items():
            if 0 < (count := cells @ counts) < LEAST and attacker.knows(cells, count):
                told.append((what, count))
    assert not told


def test_the_attacker_knows_small_counts_where_none_is_hidden(tmp_path):
    cases = some_cases(1, 90)
    sheet = pd.read_excel(report(cases, tmp_path / "r.xlsx", by="site", rule_book=BOOK, min_cell=1), "who")
    attacker = Attacker(BOOK, ["A", "B", "C", "D"], 90)
    attacker.read_who(sheet)
    few = (cases["site"].eq("C") & cases["concern"].eq(True)).sum()
    assert 0 < few < LEAST and attacker.knows(attacker.where("C", concern=[True]), few)


TABLES = st.integers(2, 5).flatmap(
    lambda parts: st.lists(
        st.lists(st.integers(0, 14), min_size=parts, max_size=parts), min_size=1, max_size=5
    )
)


BRIDGE = [[2, 3, 4, 90], [3, 4, 50, 60], [70, 80, 3, 4], [70, 80, 4, 4]]
"""Two hidden blocks and one small cell between them, which the sums of both blocks would tell."""


@examples(60)
@given(TABLES)
@example(BRIDGE)
def test_of_a_table_with_its_margins_no_small_cell_follows(rows):
    from scipy.optimize import LinearConstraint, milp

    counts = np.array([row for row in rows if sum(row) >= LEAST] or [[9] * len(rows[0])], float)
    counts = np.vstack([counts.sum(0), counts])
    together, hidden = cover(counts, LEAST)
    shape = counts[1:].shape
    inside = np.isin(range(shape[1]), list(together))
    told = [(np.arange(shape[0])[:, None] == i) & np.ones(shape, bool) for i in range(shape[0])]
    told += [np.ones(shape, bool) & (np.arange(shape[1]) == j) for j in np.flatnonzero(~inside)]
    told += [np.ones(shape, bool) & inside] if together else []
    for row in range(shape[0]):
        for j in np.flatnonzero(~inside & ~hidden[row + 1]):
            told.append((np.arange(shape[0])[:, None] == row) & (np.arange(shape[1]) == j))
        if together and not hidden[row + 1][inside].any():
            told.append((np.arange(shape[0])[:, None] == row) & inside)
    told = np.array([mask.ravel() for mask in told], float)
    values = told @ counts[1:].ravel()
    for cell in np.argwhere((counts[1:] > 0) & (counts[1:] < LEAST)):
        asked = np.zeros(shape)
        asked[tuple(cell)] = 1
        ends = [
            sign
            * milp(
                sign * asked.ravel(), constraints=LinearConstraint(told, values, values), integrality=1
            ).fun
            for sign in (1, -1)
        ]
        assert ends[0] < ends[1], (counts, hidden, cell)


@pytest.mark.parametrize(
    ("counts", "together"),
    [
        ([100, 50, 20], set()),
        ([100, 50, 0], set()),
        ([100, 50, 3], {1, 2}),
        ([100, 2, 2], {0, 1, 2}),
        ([100, 2, 3], {1, 2}),
        ([3, 0, 0], {0, 1, 2}),
        ([3], {0}),
        ([4, 9, 9, 50], {0, 1, 2}),
    ],
)
def test_small_parts_are_shown_together_with_what_hides_them(counts, together):
    assert pool(counts, LEAST) == together


def test_a_table_of_blocks_that_nothing_else_hides_is_hidden_whole():
    assert hidden_cells([[3, 50, 0], [40, 0, 60]], LEAST).all()


@pytest.mark.parametrize("least", [1, 5])
def test_what_is_hidden_on_request_cannot_be_had_by_subtraction(least):
    forced = np.zeros((3, 3), bool)
    forced[1, 1] = True
    hidden = hidden_cells([[50, 60, 70], [60, 70, 80], [70, 80, 90]], least, forced)
    assert hidden[1, 1] and set(hidden.sum(0)) == set(hidden.sum(1)) == {0, 2}


def test_small_cells_that_are_hidden_together_hide_a_sum_that_is_not_small():
    counts = np.array([[1, 1, 50], [1, 1, 60], [20, 30, 70]])
    hidden = hidden_cells(counts, LEAST)
    assert ((counts * hidden).sum(0)[hidden.any(0)] >= LEAST).all()
    assert ((counts * hidden).sum(1)[hidden.any(1)] >= LEAST).all()


def test_a_level_that_differs_from_the_next_by_few_cases_is_not_shown_beside_it(tmp_path):
    book = small_book(rule("growth", CONCERN, level="urgent"), rule("old", AGE >= 80))
    few = pd.DataFrame({"concern": [True] * 30 + [False] * 70, "age": [40.0] * 29 + [85.0] * 3 + [40.0] * 68})
    sheets = pd.read_excel(report(few, tmp_path / "r.xlsx", rule_book=book), None)
    fires = sheets["rates"].set_index("name")["fires in"].to_dict()
    assert fires["recommended or more"] == 32 and fires["urgent or more"] == fires["Reason growth"] == HIDDEN


def cohort(n, changed, treated, both):
    dx = np.arange(n) < changed
    tx = (np.arange(n) < both) | ((np.arange(n) >= changed) & (np.arange(n) < changed + treated - both))
    return pd.DataFrame({"sought": True, "diagnosis_changed": dx, "treatment_changed": tx})


HIDE = [
    # n, diagnosis changed, treatment changed, both: which outcomes lose their figures
    ((1000, 300, 400, 100), set()),
    ((1000, 3, 400, 0), {"diagnosis_changed", "both_changed", "either_changed"}),
    ((1000, 300, 400, 3), {"both_changed", "either_changed"}),
    ((1000, 997, 400, 397), {"diagnosis_changed", "both_changed", "either_changed"}),
]


@pytest.mark.parametrize(("numbers", "outcomes"), HIDE)
def test_compare_hides_what_rests_on_few_cases_and_what_would_tell_it(numbers, outcomes):
    open_, shared = (compare(cohort(*numbers), fitted_to=(), min_cell=least) for least in (None, LEAST))
    prefix = next(name for name in shared if name.endswith("_max"))[:-3]
    lost = open_[f"{prefix}n"].notna() & shared[f"{prefix}n"].isna()
    assert set(shared["outcome"][lost]) - {"diagnosis_same"} == outcomes
    figures = [x for x in shared if x.startswith((prefix, "difference")) and not x.endswith("denominator")]
    assert shared.loc[lost, figures].isna().all(axis=None)
    assert (shared.loc[lost, "reason"].str.contains("below 5")).all()
    assert not shared["reason"].str.contains(r"\d\.\d", regex=True)[lost].any()
    assert shared.attrs["hidden"] == lost.sum()
