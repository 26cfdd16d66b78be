"""Figures of firing rates: what is known and what could be, and titles that claim no more than is drawn."""

import numpy as np
import pandas as pd
import pytest

from secondop import RULE_BOOK, attrition, figures, firing_rates, overlap
from secondop.errors import SecondopError
from secondop.figures.captions import number, share_of, span
from secondop.figures.style import COLOURS, WIDE
from tests.figures import weighed
from tests.figures.seen import notes, plain, rows, title
from tests.figures.weighed import N

SHARES = weighed.SHARES | {"stable": 0.5}
BOOK = RULE_BOOK.only(
    "neoplasia-concern",
    "atypical-or-unresponsive",
    "aggressive-treatment-proposed",
    "patient-wants-one",
    "hereditary-condition-suspected",
    "stable-without-new-findings",
)
ANY = "any clinical indication"


@pytest.fixture(scope="module")
def cases():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {f: np.where(rng.random(N) < 0.1, None, rng.random(N) < share) for f, share in SHARES.items()}
    )
    frame["sex"] = np.where(rng.random(N) < 0.1, None, np.where(rng.random(N) < 0.5, "male", "female"))
    frame.attrs["simulated"] = True
    return frame


@pytest.fixture(scope="module")
def rates(cases):
    return firing_rates(cases, rule_book=BOOK)


def solid(figure):
    return [part for part in figure.data if part.type == "bar" and not part.marker.pattern.shape]


def hatched(figure):
    return [part for part in figure.data if part.type == "bar" and part.marker.pattern.shape]


def ends(part):
    """From where to where the bars of a trace go."""
    return list(zip(part.base, np.add(part.base, part.x), strict=True))


def whiskers(figure):
    """The ends of every thin line."""
    lines = [part for part in figure.data if part.error_x.array is not None]
    long = [(x, more) for part in lines for x, more in zip(part.x, part.error_x.array, strict=True)]
    return [pytest.approx((x, x + more), abs=1e-3) for x, more in long if more is not None]


FIGURES = {
    "firing rates": lambda c: figures.firing_rates(firing_rates(c, rule_book=BOOK)),
    "groups": lambda c: figures.firing_rates(
        firing_rates(c, by="sex", rule_book=BOOK).query(f"policy == '{ANY}'")
    ),
    "attrition": lambda c: figures.attrition(attrition(c, rule_book=BOOK)),
    "overlap": lambda c: figures.overlap(overlap(c, rule_book=BOOK)),
}


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_simulated_is_called_simulated_and_what_is_not_is_not(draw, cases):
    assert f"{N} simulated cases" in title(draw(cases))
    real = cases.copy()
    real.attrs = {}
    assert f"{N} cases" in title(draw(real)) and "simulated" not in title(draw(real))


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_titles_are_short_and_a_table_in_which_nothing_happens_is_drawn(draw, cases):
    quiet = cases.assign(**dict.fromkeys(SHARES, False))
    for frame in (cases, quiet, cases.head(1)):
        figure = draw(frame)
        assert 20 < len(figure.layout.meta["title"]) <= 170
        assert "nan" not in figure.layout.meta["description"] and rows(figure)


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_the_description_holds_finding_and_numbers(draw, cases):
    meta = draw(cases).layout.meta
    first = meta["table"]["rows"][0]
    assert meta["description"].startswith(meta["title"]) and all(
        cell in meta["description"] for cell in first
    )


WRONG = {
    "another function's table": (
        lambda c: figures.attrition(firing_rates(c, rule_book=BOOK)),
        "attrition makes",
    ),
    "cases": (figures.overlap, "a table that overlap makes"),
    "no table": (lambda _: figures.firing_rates("rates.csv"), "was given str 'rates.csv'"),
    "no rows": (lambda c: figures.firing_rates(firing_rates(c, rule_book=BOOK).head(0)), "no rows"),
    "no cases": (
        lambda c: figures.firing_rates(firing_rates(c.head(0), rule_book=BOOK)),
        "1 to 80 rates, not 0",
    ),
    "too many rows": (
        lambda c: figures.firing_rates(pd.concat([firing_rates(c, by="sex", rule_book=BOOK)] * 3)),
        "1 to 80 rates, not 153",
    ),
}


@pytest.mark.parametrize(("draw", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_drawn_is_refused_by_name(draw, said, cases):
    with pytest.raises(SecondopError, match=said):
        draw(cases)


def test_solid_is_known_hatched_is_possible_and_any_indication_stands_on_top(rates):
    figure, parts = figures.firing_rates(rates), rates[rates["sort"].isin(["rule", "any"])]
    clinical = parts[parts["kind"] == "clinical"].sort_values(["sort", "min"], ascending=[True, False])
    assert clinical["sort"].iloc[0] == "any"
    first, possible = solid(figure)[0], hatched(figure)[0]
    assert [end for _, end in ends(first)] == pytest.approx(clinical["min"].tolist())
    assert ends(possible) == [pytest.approx(pair) for pair in clinical[["min", "max"]].to_numpy()]
    assert clinical[["lower", "upper"]].to_numpy().tolist() == whiskers(figure)[: len(clinical)]
    shown = rows(figure)[1]
    row = clinical.iloc[1]
    assert (shown["rule"], shown["which is"]) == (row["policy"].replace("-", " "), row["label"])
    assert shown["known to fire"] == share_of(row["fired"], N)
    assert shown["if missing were known"] == span(row["min"], row["max"]) in notes(figure)
    assert row["policy"].replace("-", " ") in notes(figure)


def test_each_kind_of_rule_has_its_colour_and_panel_on_one_scale(rates):
    figure = figures.firing_rates(rates)
    colours = [part.marker.color[0] for part in solid(figure)]
    assert colours == [COLOURS[x] for x in ("recommended", "optional", "not_needed")]
    heads = [note for note in figure.layout.annotations if note.text.startswith("<b>")]
    assert [plain(note.text) for note in heads] == [
        "Clinical indications", "Patient's wish", "Reasons against"
    ]  # fmt: skip
    ranges = {figure.layout[axis].range for axis in ("xaxis", "xaxis2", "xaxis3")}
    assert len(ranges) == 1 and ranges.pop()[1] >= rates["upper"].max()


def test_many_rules_stand_in_two_columns_and_few_below_one_another(cases, rates):
    many = figures.firing_rates(firing_rates(cases)).layout
    assert many.xaxis.domain[1] <= many.xaxis2.domain[0]
    few = figures.firing_rates(rates).layout
    assert few.xaxis.domain == few.xaxis2.domain


def test_the_title_says_what_some_clinical_rule_does_and_what_no_single_one_does(rates):
    clinical = rates[rates["kind"] == "clinical"].set_index("policy")
    top, alone = clinical.loc[ANY], clinical.loc[clinical["sort"] == "rule", "min"].max()
    words, _, most = figures.firing_rates(rates).layout.meta["title"].rpartition(" ")
    assert words.startswith(
        f"Some clinical rule fires in {span(top['min'], top['max'])} of 100 cases; no single"
    )
    assert alone <= float(most) < alone + 1
    level = rates[rates["sort"] == "level"]
    assert "Some" not in figures.firing_rates(level).layout.meta["title"]
    said = figures.firing_rates(level).layout.meta["title"]
    assert said == f"Known to fire in {span(level['min'].min(), level['min'].max())} of 100 cases"


@pytest.mark.parametrize("by", [None, "sex"])
def test_the_truth_of_records_without_gaps_is_drawn_on_the_row_of_each_rate(cases, by):
    whole = cases.assign(**cases[list(SHARES)].fillna(True).astype(bool))
    given, true = (firing_rates(c, by=by, rule_book=BOOK).query("sort == 'any'") for c in (cases, whole))
    figure = figures.firing_rates(given, truth=true.sample(frac=1, random_state=1))
    diamonds = [
        part
        for part in figure.data
        if part.type == "scatter" and "diamond-open" in (part.marker.symbol or ())
    ]
    bars = solid(figure)
    drawn = [(x, y, part.xaxis) for part in diamonds for x, y in zip(part.x, part.y, strict=True)]
    both = given.merge(true[["policy", "group", "value"]], on=["policy", "group"], suffixes=("", "_true"))
    expected = {round(row["min"], 3): row["value_true"] for row in both.to_dict("records")}
    known = {(y, part.xaxis): x for part in bars for x, y in zip(part.x, part.y, strict=True)}
    assert len(drawn) == len(given)
    for x, y, axis in drawn:
        assert x == pytest.approx(expected[round(known[(y, axis)], 3)], abs=1e-3)
    assert {row["in truth"] for row in rows(figure)} == {"", *(number(x) for x in true["value"])}
    assert "Diamond: in truth" in title(figure)
    assert (
        "in truth" not in title(figures.firing_rates(given))
        and "in truth" not in rows(figures.firing_rates(given))[0]
    )


def test_groups_are_rows_the_unrecorded_too_beside_a_band_of_all(cases):
    table = firing_rates(cases, by="sex", rule_book=BOOK).query(f"policy == '{ANY}'")
    whole = firing_rates(cases, rule_book=BOOK).set_index("policy").loc[ANY]
    figure = figures.firing_rates(table)
    assert {"female", "male", "not recorded"} <= set(notes(figure))
    (band,) = figure.layout.shapes
    assert (band.x0, band.x1) == pytest.approx((whole["min"], whole["max"])) and band.layer == "below"
    assert "Band: all these groups together, from known to possible." in title(figure)
    known = figures.firing_rates(table.assign(unknown=0, max=table["min"]))  # what is not drawn is not named
    assert "Solid: known to fire. Thin line: 95 % interval. Upright: all together." in title(known)
    assert "Hatched" in title(figure) and "Hatched" not in title(known)
    several = figures.firing_rates(firing_rates(cases, by="sex", rule_book=BOOK).query("sort == 'any'"))
    assert not several.layout.shapes and len(solid(several)) == 2 and "Band" not in title(several)


APART = [
    # the intervals of three groups, of 100 cases   the title tells
    ([(40, 45), (44, 50), (44.5, 60)], "whether these 3 groups differ cannot be told"),
    ([(40, 44), (41, 50), (43, 60)], "whether these 3 groups differ cannot be told"),
    ([(40, 42), (41, 50), (43, 60)], "of 100 cases, 43 to 60 in other-1 a, 40 to 42 in female"),
]


@pytest.mark.parametrize(("spans", "told"), APART)
def test_groups_are_told_apart_only_where_their_intervals_are(cases, spans, told):
    low, high = zip(*spans, strict=True)
    table = firing_rates(cases, by="sex", rule_book=BOOK).query(f"policy == '{ANY}'")
    table = table.assign(min=low, lower=low, max=high, upper=high, group=["female", "male", "other-1_a"])
    figure = figures.firing_rates(table)
    assert told in title(figure)
    (bars,) = solid(figure)
    assert {*bars.marker.color} == {COLOURS["all"]}


def test_of_one_cluster_no_group_is_told_from_another(cases):
    wards = cases.assign(ward=np.where(cases["sex"] == "male", -1, cases.index % 7))  # of men a single one
    rates = firing_rates(wards, rule_book=BOOK, cluster="ward", by="sex").query("policy == 'recommended'")
    figure = figures.firing_rates(rates)
    assert "whether these 3 groups differ cannot be told" in title(figure)
    assert "none where all cases are of one cluster" in title(figure)
    assert len(whiskers(figure)) == 2 and [row["95 % interval"] for row in rows(figure)].count("unknown") == 1


def test_each_step_starts_where_the_last_ended_and_all_end_at_what_is_known(cases):
    table = attrition(cases, rule_book=BOOK)
    figure, steps, last = figures.attrition(table), table[table["step"] > 0], table.iloc[-1]
    *bars, together = ends(*solid(figure))
    assert bars == [pytest.approx(pair) for pair in zip(table["min"].iloc[:-1], steps["min"], strict=True)]
    assert together == pytest.approx((0, last["min"]))
    (part,) = hatched(figure)
    assert {*part.base[:-1]} == {None} and part.base[-1] + part.x[-1] == pytest.approx(last["max"])
    assert title(figure).startswith(f"4 rules together refer {span(last['min'], last['max'])} of 100 cases")
    added = [f"+{number(100 * x / N)}" for x in steps["added"]]
    assert [note for note in notes(figure) if note.startswith("+")] == added
    assert [row["adds"] for row in rows(figure)] == [share_of(x, N) for x in (*steps["added"], last["fired"])]


@pytest.mark.parametrize("largest_first", [True, False])
def test_the_rules_after_four_fifths_are_grey_in_the_order_given(cases, largest_first):
    alone = attrition(cases, rule_book=BOOK).iloc[1:].sort_values("alone", ascending=not largest_first)
    table = attrition(cases, alone["rule"].tolist(), rule_book=BOOK)
    figure = figures.attrition(table)
    enough = next(i for i, fired in enumerate(table["fired"]) if fired >= 0.8 * table["fired"].iloc[-1])
    steps = solid(figure)[0].marker.color[:-1]
    assert list(steps).count(COLOURS["recommended"]) == enough and {*steps[enough:]} <= {COLOURS["all"]}
    reached = enough < 4
    assert (f"{enough} of them, in this order, reach four fifths" in title(figure)) == reached
    words = f"{enough} rule{'s reach' if enough > 1 else ' reaches'} four fifths"
    beside = [note for note in figure.layout.annotations if note.text.endswith("four fifths")]
    assert [note.text for note in beside] == [words] * reached
    ends_at = [x for part in figure.data if part.name == "four fifths" for x in part.x if x is not None]
    assert ends_at == pytest.approx([table["min"].iloc[enough]] * 2 * enough * reached)
    labels = [note for note in notes(figure) if note in set(table["rule"].str.replace("-", " "))]
    assert labels == table["rule"].str.replace("-", " ").tolist()[1:]


WHERE = [
    # known after two steps, possible   where the words stand
    ((10, 30), 100, (30, -1, "left")),
    ((65, 85), 100, (65, -1, "right")),
    ((40, 50), 100, (50, 1, None)),  # above the rows
]


@pytest.mark.parametrize(("known", "most", "at"), WHERE)
def test_the_words_stand_where_a_phone_has_room_for_them(cases, known, most, at):
    table = attrition(cases, rule_book=BOOK).head(4)
    known = np.array([0, *known, known[1] + 5])
    table = table.assign(
        fired=known * 2, min=known, added=np.diff(known * 2, prepend=0), max=most, upper=most
    )
    (words,) = (note for note in figures.attrition(table).layout.annotations if "reach" in note.text)
    assert (words.text, words.x, words.y, words.xanchor) == ("2 rules reach four fifths", *at)


def test_cases_without_any_rule_are_said_and_the_sets_of_rules_drawn(cases):
    table = overlap(cases, rule_book=BOOK)
    figure = figures.overlap(table)
    none, sets = table[table["rules"] == 0].iloc[0], table[table["rules"] > 0]
    said = f"In {number(100 * none['known'] / N)} of 100 cases no rule is known to fire"
    assert title(figure).startswith(f"{said} (in {number(100 * none['fired'] / N)} surely none does)")
    assert ends(*solid(figure)) == [pytest.approx((0, 100 * x / N)) for x in sets["known"]]
    assert ends(*hatched(figure)) == [
        pytest.approx((100 * row["known"] / N, row["max"])) for _, row in sets.iterrows()
    ]
    assert [row["just these known to fire"] for row in rows(figure)] == [
        share_of(x, N) for x in sets["known"]
    ]
    names = [" + ".join(name.replace("-", " ") for name in names) for names in sets["combination"]]
    assert [row["which is"] for row in rows(figure)] == names


LOWER = [
    # the intervals of three sets         the title
    ([(10, 20), (5, 11), (1, 2)], "which set of rules is the most frequent cannot be told"),
    ([(12, 20), (5, 11), (1, 2)], "the most frequent set is atypical or unresponsive alone"),
]


@pytest.mark.parametrize(("spans", "told"), LOWER)
def test_a_set_is_called_the_most_frequent_only_where_its_interval_is_apart(cases, spans, told):
    table = overlap(cases, rule_book=BOOK)
    table = table[table["rules"] > 0].head(3).copy()
    table[["lower", "upper"]] = spans
    table["combination"] = [("atypical-or-unresponsive",), ("neoplasia-concern",), ("a-or-b", "a-or-c")]
    table["rules"] = [1, 1, 2]
    figure = figures.overlap(table)
    assert told in title(figure) and "a or b + a or c" in notes(figure)  # two of one first word stay whole


def test_rules_in_a_set_are_named_by_their_first_words(cases):
    table = overlap(cases, rule_book=BOOK)
    names = notes(figures.overlap(table))
    both = "atypical + aggressive treatment proposed"
    assert both in names and "atypical or unresponsive alone" in names


def test_many_groups_stand_in_two_columns_of_a_height(cases):
    many = pd.concat([firing_rates(cases, by="sex", rule_book=BOOK).query(f"policy == '{ANY}'")] * 20)
    drawn = figures.firing_rates(many.assign(group=[f"ward {i}" for i in range(60)]))
    assert [len(bars.y) for bars in solid(drawn)] == [30, 30]
    assert [band.xref for band in drawn.layout.shapes] == ["x", "x2"]


def test_a_page_can_give_columns_of_rows_the_room_that_their_labels_leave(cases):
    layout = figures.firing_rates(firing_rates(cases)).layout
    sides, places, margin = layout.meta["sides"], layout.meta["places"], layout.margin
    each = (WIDE - np.sum(sides)) / len(sides)
    inside, starts, at = WIDE - margin.l - margin.r, [], -margin.l
    for left, right in sides:
        starts.append((at + left) / inside)
        at += left + each + right
    for panel, place in enumerate(places):
        domain = layout[f"xaxis{panel + 1 if panel else ''}"].domain
        assert domain == pytest.approx((starts[place], starts[place] + each / inside), abs=2e-3)
    assert len(layout.meta["narrow"]["meta"]["sides"]) == 1
