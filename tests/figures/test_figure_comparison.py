"""Published figures and a cohort's: what was fitted never agrees, and what is unlike stands alone."""

import numpy as np
import pandas as pd
import pytest

from secondop import figures
from secondop.errors import SecondopError
from secondop.evaluation.comparison import compare
from secondop.evaluation.published import published_contrasts, published_rates
from tests.figures.seen import notes, plain, rows, title

# 1,000 second opinions: 10 % change the diagnosis, 37.4 % the treatment, never both; 84 of 100 are right.
CASES = pd.DataFrame({"sought": True, "diagnosis_changed": np.arange(1000) < 100}, index=range(1000))
CASES["treatment_changed"] = np.arange(1000) >= 626
CASES["second_right"] = np.arange(1000) >= 16
CASES.attrs["simulated"] = True
RATES, CONTRASTS = published_rates(), published_contrasts()
TRIALS = CONTRASTS[CONTRASTS["design"] == "randomised"]
ANCHORING = CONTRASTS[CONTRASTS["bears_on"] == "knowing the first opinion"]

DOUBTED = pd.DataFrame(
    {"sought": True, "diagnosis_changed": [True] * 40 + [False] * 60 + [True] * 30 + [False] * 270}
)
DOUBTED["doubt"] = pd.Series([True] * 100 + [False] * 300, dtype="boolean")
DOUBTED.attrs["simulated"] = True
DOUBT = CONTRASTS[CONTRASTS["id"] == "doubt_risk_ratio"]


@pytest.fixture(scope="module")
def table():
    return compare(CASES, fitted_to=["meyer_dx", "meyer_tx", "meyer_both"])


def beside(cases, **how):
    return figures.compare(
        compare(cases, DOUBT, sides={"doubt_risk_ratio": ("doubt", None)}, fitted_to=(), **how)
    )


def drawn(figure, own=False):
    """Points of what was published, or of the cohort, the ends of their thin lines, and their symbols."""
    traces = [t for t in figure.data if t.name in ("interval", "mark") and (t.y[0] % 1 > 0.5) == own]
    numbers = {name: [] for name in ("interval", "mark")}
    for t in traces:
        numbers[t.name] += [np.nan if x is None else x for x in t.x]
    wide = [np.nan if e is None else e for t in traces if t.name == "interval" for e in t.error_x.array]
    symbols = [s for t in traces if t.name == "mark" for s in t.marker.symbol]
    lower = np.array(numbers["interval"])
    return np.array(numbers["mark"]), lower, lower + wide, symbols


def hatched(figure):
    bars = [t for t in figure.data if t.name == "missing"]
    ends = [(a, a + b) for t in bars for a, b in zip(t.base, t.x, strict=True) if None not in (a, b)]
    return [pytest.approx(two, rel=1e-4) for two in ends if two[0] < two[1]]


def test_points_and_thin_lines_are_those_of_the_table_in_per_cent(table):
    own = table[table["verdict"].isin(["outside", "within", "undetermined"])]
    own = pd.concat([own, table[table["verdict"] == "fitted"]])
    x, lower, upper, _ = drawn(figures.compare(table), own=True)
    for seen, name in ((x, "rate"), (lower, "lower"), (upper, "upper")):
        assert seen == pytest.approx((own[f"cohort_{name}"] * 100).to_numpy(), rel=1e-4)
    assert "Hatched" not in title(figures.compare(table)) and not hatched(figures.compare(table))
    symbols = drawn(figures.compare(table))[3]
    assert symbols.count("square") == (table["verdict"] != "not comparable").sum()


def test_what_was_fitted_stands_apart_and_never_counts_as_agreement(table):
    figure = figures.compare(table)
    counted = table["verdict"].isin(["outside", "within", "undetermined"]).sum()
    assert f"of {counted} published rates that can disagree Fitted, so agreement proves nothing: 4." in title(
        figure
    )
    heads = [plain(note.text) for note in figure.layout.annotations if note.text.startswith("<b>")]
    outside, *_, fitted, alone = heads
    assert outside.startswith("Outside") and fitted == "Fitted: agrees by construction"
    assert alone == "Not comparable: published alone"
    symbols = drawn(figure, own=True)[3]
    assert symbols[0] == "diamond" and symbols.count("circle-open") == 4


def test_what_is_not_comparable_is_drawn_without_the_cohort_and_the_rest_is_counted(table):
    figure = figures.compare(table)
    alone = [row for row in rows(figure) if row["verdict"].startswith("Not comparable")]
    assert alone and not any(row["simulated"] for row in alone)
    compared = table.loc[table["verdict"] != "not comparable", "outcome"]
    allowed = {"second opinion right", "diagnosis and treatment changed", "diagnosis or treatment changed"}
    allowed |= {name.replace("_", " ") for name in compared}
    assert all(row["published figure"].split(" (")[0].lower() in allowed for row in alone)
    assert f"Not drawn: {len(table) - len(rows(figure))} more." in title(figure)


def test_each_row_says_both_rates_with_their_denominators(table):
    row = next(row for row in rows(figures.compare(table)) if "French" in row["published figure"])
    label = "Diagnosis or treatment changed (French online network 2021), of 1,552 second opinions obtained"
    assert row["published figure"] == label and label in notes(figures.compare(table))
    assert row["published"] == "32.3 % (30.1 to 34.7)"
    assert row["simulated"] == "47.4 % (44.3 to 50.5) of 1,000 cases that sought an opinion"
    assert not any("_" in text for text in (row["verdict"], row["published"]))
    assert row["verdict"].startswith("Outside. The cohort's 44.3 to 50.5 % lies above")
    assert "32.3 · 47.4" in notes(figures.compare(table))


def test_a_cohort_without_anything_alike_is_told_so_and_published_figures_stand_alone(table):
    figure = figures.compare(table[table["verdict"] == "not comparable"].head(3))
    assert title(figure).startswith("No published rate here can disagree with the cohort")
    assert len(rows(figure)) == 3 and {*drawn(figure)[3]} == {"square-open"}


@pytest.mark.parametrize("many", [1, 2])
def test_agreement_is_not_told_where_every_verdict_is_open(table, many):
    one = table[table["verdict"] == "outside"].head(1).assign(verdict="undetermined")
    said = title(figures.compare(pd.concat([one] * many, ignore_index=True)))
    assert said.startswith(f"The cohort leaves open {many} of {many} published rates that can disagree")


def test_unknown_answers_leave_a_pale_line_and_no_point():
    cases = CASES.astype("boolean")
    cases.attrs["simulated"] = True
    cases.loc[:99, "diagnosis_changed"] = pd.NA
    compared = compare(cases, RATES.query("id == 'meyer_dx'"), fitted_to=())
    figure, row = figures.compare(compared), compared.iloc[0]
    assert hatched(figure) == [(100 * row["cohort_min"], 100 * row["cohort_max"])]
    x, _, upper, _ = drawn(figure, own=True)
    assert "Hatched: what missing information could make of it." in title(figure)
    assert np.isnan(x).all() and upper == pytest.approx([100 * row["cohort_upper"]])
    assert f"{100 * row['cohort_min']:.1f} to {100 * row['cohort_max']:.1f} %" in rows(figure)[0]["simulated"]


def test_a_review_without_a_point_has_its_range_alone():
    figure = figures.compare(RATES.query("id == 'hillen_discrep'"))
    x, lower, upper, _ = drawn(figure)
    assert (list(lower), list(upper)) == ([2], [51]) and np.isnan(x).all()
    assert rows(figure)[0]["published"] == "2.0 to 51.0 %"


def test_published_rates_alone_say_whether_they_are_alike():
    assert f"{len(RATES)} published rates, of 68 kinds: alike are those of one outcome" in title(
        figures.compare(RATES)
    )


def test_each_design_has_its_own_head():
    figure = figures.compare(ANCHORING)
    heads = [plain(note.text) for note in figure.layout.annotations if note.text.startswith("<b>")]
    assert sorted(heads) == ["cohort", "cohort, alternated by month", "randomised", "vignettes"]
    assert figure.layout.xaxis.type == figure.layout.xaxis4.type == "log"


def test_ratios_and_their_intervals_are_those_of_the_table():
    x, lower, upper, _ = drawn(figures.compare(TRIALS))
    for seen, name in ((x, "value"), (lower, "lower"), (upper, "upper")):
        assert sorted(seen[~np.isnan(seen)]) == pytest.approx(sorted(TRIALS[name].dropna()), rel=1e-4)
    (row,) = (row for row in rows(figures.compare(TRIALS)) if row["published"].startswith("1.52"))
    assert row["published"] == "1.52 (1.34 to 1.73) risk ratio"
    assert "told a more severe diagnosis" in row["published figure"]


def test_the_title_counts_the_intervals_that_exclude_1_and_risk_differences_are_left_aside():
    ratios = ANCHORING[ANCHORING["measure"] != "risk difference"]
    figure = figures.compare(ANCHORING)
    told = "Of 9 published ratios 5 have an interval that excludes 1; 1 has none"
    assert title(figure).startswith(told)
    assert f"Not drawn: {len(ANCHORING) - 8} more." in title(figure) and len(ratios) == 9
    none = figures.compare(ANCHORING.query("id == 'breast_prior_more_severe'"))
    assert title(none).startswith("Of 1 published ratio 0 have an interval that excludes 1 ")


def test_a_cohorts_ratio_stands_beside_what_was_published():
    figure = beside(DOUBTED)
    assert drawn(figure)[0] == [4.4] and drawn(figure, own=True)[0] == pytest.approx([4])
    assert title(figure).startswith("The cohort agrees with 1 of 1 published ratios that can disagree")
    assert "40 of 100 against 30 of 300" in rows(figure)[0]["simulated"]


def test_ratios_that_were_fitted_prove_nothing():
    sides = {"doubt_risk_ratio": ("doubt", None), "france_complex": ("doubt", None)}
    both = CONTRASTS[CONTRASTS["id"].isin(sides)]
    cases = DOUBTED.assign(treatment_changed=False)
    figure = figures.compare(compare(cases, both, sides=sides, fitted_to=["doubt_risk_ratio"]))
    assert (
        "misses 1 of 1 published ratios that can disagree Fitted, so agreement proves nothing: 1."
        in title(figure)
    )
    assert drawn(figure, own=True)[3].count("circle-open") == 1


def test_a_ratio_with_unknown_sides_has_a_pale_line_and_no_point():
    cases = DOUBTED.copy()
    cases.loc[:5, "doubt"] = pd.NA
    figure = beside(cases)
    assert hatched(figure) and np.isnan(drawn(figure, own=True)[0]).any()


REFUSED = {
    "no ratio": (CONTRASTS[CONTRASTS["measure"] == "risk difference"], "keep rows whose measure is one"),
    "another table": (CASES, "draws a table that compare, published_rates or published_contrasts makes"),
    "no rate": (RATES.drop(columns="rate"), "draws published rates; this table lacks rate"),
    "no rows": (RATES.head(0), "no rows"),
}


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_drawn_is_refused_by_name(given, said):
    with pytest.raises(SecondopError, match=said):
        figures.compare(given)


def test_names_that_look_like_markup_are_shown_as_text():
    figure = figures.compare(RATES.query("id == 'meyer_dx'").assign(study="<b>x</b>"))
    shown = " ".join(note.text for note in figure.layout.annotations) + str(figure.data[1].customdata)
    assert "<b>x" not in shown and "&lt;b&gt;x" in shown
    assert "<b>x</b>" in figure.layout.meta["description"]


def test_published_ratios_without_an_interval_are_not_said_to_differ_or_not():
    table = published_contrasts()
    alone = table[table["lower"].isna() & (table["measure"] != "risk difference")]
    assert title(figures.compare(alone)).startswith("Of 4 published ratios 0 have an interval")
