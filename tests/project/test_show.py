"""Tables as people read them: what a cell says, what stands above it, and what may not be lost or added."""

import html.parser
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import secondop as s
from secondop import SecondopError, UnknownNameError, show
from secondop.evaluation.measures import MEASURES

COHORT = s.simulate("programme", 400, seed=3)
CASES = s.assess(COHORT, verdicts=True)
TABLE = s.tradeoff(CASES, ["recommended"])
WIDE = s.wide(TABLE)
RATES = s.firing_rates(CASES)


class Read(html.parser.HTMLParser):
    """What a browser finds in the HTML: its cells by row, and every tag with its attributes."""

    def __init__(self, shown):
        super().__init__()
        self.rows, self.tags, self.inside, self.style = [], [], "", ""
        self.feed(shown._repr_html_())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "style":
            self.style += data
        elif self.inside in ("td", "th", "small"):
            self.rows[-1][-1] += f" ({data})" if self.inside == "small" else data.replace("\u00a0", " ")

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def column(values, name="x", **asked):
    """The cells of a table with this column beside two names."""
    rows = Read(show(pd.DataFrame({"who": [str(i) for i in range(len(values))], name: values}), **asked)).rows
    return [row[1] for row in rows[1:]]


NUMBERS = [
    # what a column holds            its name       its values                      as it is read
    ("counts", "n", [0, 1200, 34567], ["0", "1,200", "34,567"]),
    ("counts with a gap", "n", [12, None], ["12", "–"]),
    ("years", "year", [2015, 1997], ["2015", "1997"]),
    ("years with a gap", "year", [2015, None], ["2015", "–"]),
    ("a measure, per 100", "sensitivity", [4.44, 9.94, 9.96, 38.5], ["4.4", "9.9", "10", "38"]),
    ("net benefit below 0", "net_benefit", [-3.21, -0.04, -0.0], ["−3.2", "0.0", "0.0"]),
    ("whole measures", "ppv", [100.0, 0.0], ["100", "0.0"]),
    ("an NNR without a change", "nnr", [np.inf, 2.449], ["no upper limit", "2.4"]),
    ("ends of a range", "rate", [-np.inf, np.inf], ["no lower limit", "no upper limit"]),
    ("shares", "rate", [0.148, 0.0374, 1.0], ["15 %", "3.7 %", "100 %"]),
    ("a difference that is no share", "difference", [0.31, -0.5], ["0.31", "−0.50"]),
    ("a share of draws", "best", [0.37, 0.63], ["0.37", "0.63"]),
    ("best or not", "best", [1.0, 0.0], ["yes", "no"]),
    ("a threshold", "threshold", [1 / 11, 0.5], ["9.1 %", "50 %"]),
    ("where a policy pays", "better_than_none_below", [0.387], ["39 %"]),
    ("per cent by its name", "% of readings", [0.42, 61.3], ["0.4", "61"]),
    ("ratios", "odds_ratio", [10.2, 4.4, 0.25], ["10.2", "4.40", "0.25"]),
    ("as they are stated", "odds_ratio", [10.2, 4.4, 2.0], ["10.2", "4.4", "2.0"]),
    ("small numbers", "error", [0.00034, -0.0011, 0.0256], ["0.00034", "−0.0011", "0.026"]),
    ("large numbers", "cost", [12345.6, 99.96], ["12,346", "100.0"]),
    ("whole numbers with a gap", "weeks", [3.0, np.nan], ["3", "–"]),
    ("float noise", "x", [0.1 + 0.2, 1 / 3], ["0.30", "0.33"]),
    ("nothing but gaps", "x", [None, np.nan], ["–", "–"]),
]


@pytest.mark.parametrize(
    ("name", "values", "expected"), [row[1:] for row in NUMBERS], ids=[r[0] for r in NUMBERS]
)
def test_a_column_of_numbers_has_one_style(name, values, expected):
    assert column(values, name) == expected


VALUES = [
    # what a column holds      its name       its values                              as it is read
    ("yes and no", "sought", [True, False], ["yes", "no"]),
    ("unknown is never no", "sought", [True, None], ["yes", "not recorded"]),
    ("nullable", "sought", pd.array([False, None], "boolean"), ["no", "not recorded"]),
    ("levels", "level", ["no_indication", "urgent", None], ["no indication", "urgent", "–"]),
    ("ids are typed as they stand", "id", ["meyer_dx", "x_y"], ["meyer_dx", "x_y"]),
    ("several rules", "rules", [("a-b", "c-d"), ()], ["a-b + c-d", "none"]),
    ("sentences keep theirs", "remark", ["the column a_b is read"], ["the column a_b is read"]),
    ("several lines", "said", ["one\ntwo  three"], ["one\ntwo  three"]),
    ("days", "seen", pd.to_datetime(["2026-03-01", None]), ["2026-03-01", "–"]),
    ("bands", "age", pd.cut([3, 50], [0, 40, 99]), ["(0, 40]", "(40, 99]"]),
    ("bands by hand", "age", [pd.Interval(0.0, 40.0), pd.Interval(1.5, 2)], ["(0, 40]", "(1.5, 2]"]),
    (
        "how long",
        "wait",
        pd.to_timedelta(["3 days", "2 h 1 s", "0 s"]),
        ["3 days", "2 hours 1 second", "0 seconds"],
    ),
    ("how long before", "wait", [pd.Timedelta("-1 days"), None], ["−1 day", "–"]),
    ("bytes", "said", [b"clear cut", b"a"], ["clear cut", "a"]),
    ("a table in a cell", "of", [pd.DataFrame({"a": [1, 2]}), None], ["a table of 2 rows", "–"]),
    (
        "lists in a cell",
        "of",
        [[1, None], pd.Series(["a_b"]), {"a_b": True}],
        ["1 + not recorded", "a b", "a b: yes"],
    ),
    ("counts and words", "cases", [1200, 54.2484, "hidden", ""], ["1,200", "54", "hidden", ""]),
]


@pytest.mark.parametrize(
    ("name", "values", "expected"), [row[1:] for row in VALUES], ids=[r[0] for r in VALUES]
)
def test_a_value_is_read_in_words(name, values, expected):
    assert column(values, name) == expected


HEADS = [
    ("yield_above_chance", [], "yield above chance (per 100 cases)"),
    ("ppv_min", [], "positive predictive value: at least (per cent of those referred)"),
    ("false_negative_min", ["fired"], "missed changes: not referred, changes: at least (per 100 cases)"),
    ("referral_rate_max", [], "referral rate: if missing were yes (per 100 cases)"),
    ("min", ["measure", "before", "after", "fired"], "at least"),  # a difference
    ("max", ["combination", "fired", "unknown"], "at most (per 100 cases)"),  # missing could take it away
    ("min", ["unknown", "share"], "if missing were no"),
    ("nnr_upper", [], "number needed to refer: 95 % interval, to (referrals for one change)"),
    ("n", [], "cases"),
    ("n", ["cases", "readers"], "readings"),
    ("published_n", [], "published: cases"),
    ("lower", [], "95 % interval, from"),
    ("lower", ["basis"], "range, from"),
    ("lower", ["at_lower"], "range, from"),
    ("min", ["fired"], "if missing were no (per 100 cases)"),
    ("unknown", ["n"], "cannot be judged"),
    ("error_corrected", ["policy"], "wrong first opinions put right, among those referred (per 100 cases)"),
    ("error_corrected", [], "error corrected"),
    ("first_line_weeks", [], "first line weeks"),
]


@pytest.mark.parametrize(("name", "beside", "expected"), HEADS, ids=[f"{x} {y}" for x, y, _ in HEADS])
def test_a_column_is_called_in_words_and_says_of_whom_its_numbers_are(name, beside, expected):
    frame = pd.DataFrame([["who"] + [1.5] * (1 + len(beside))], columns=["x", name, *beside])
    assert Read(show(frame)).rows[0][1] == expected


def test_a_measure_of_a_tidy_table_has_its_words_its_unit_and_its_own_style():
    rows = {row[1]: row[2:] for row in Read(show(TABLE[TABLE["policy"] == "recommended"], most=99)).rows[1:]}
    for measure in MEASURES.values():
        assert any(name.startswith(measure.words) for name in rows)
    value = WIDE.set_index("policy").loc["recommended"]
    assert rows["positive predictive value, per cent of those referred"][1] == f"{value['ppv']:.0f}"
    share = rows["better than referring nobody below"][1]
    assert share == f"{100 * value['better_than_none_below']:.0f} %"
    assert rows["on the efficient frontier"][1] == ["no", "yes"][int(value["frontier"])]


def test_measures_in_rows_keep_their_words_and_styles_when_a_table_is_turned():
    turned = WIDE.set_index("policy")[["ppv", "better_than_none_below"]].T
    rows = Read(show(turned)).rows
    assert [row[0] for row in rows[-2:]] == [
        "positive predictive value, per cent of those referred",
        "better than referring nobody below",
    ]
    assert rows[-1][2].endswith("%") and not rows[-2][2].endswith("%")
    counted = Read(show(pd.DataFrame({"parameters": [3]}, index=["ppv"]))).rows  # counts are of no such unit
    assert counted[1] == ["ppv", "3"]


def test_the_caption_says_how_many_cases_and_that_they_are_simulated():
    real = RATES.head(2).copy()
    real.attrs = RATES.attrs | {"simulated": False}
    captions = {
        "400 simulated cases.": show(RATES),
        "How often. 400 simulated cases.": show(RATES, caption="How often"),
        "Simulated, as said": show(RATES, caption="Simulated, as said"),
        "Simulated cases.": show(COHORT.head(3)),
        "400 cases.": show(real),
        "": show(pd.DataFrame({"a": [1]})),
    }
    assert {said: shown.caption for said, shown in captions.items()} == {said: said for said in captions}


def test_what_an_estimate_assumes_stands_below_it():
    table = s.tradeoff(CASES, ["recommended"], verified="sought", method="weighted")
    assert {table.attrs["verification"], table.attrs["estimate"]} <= {*show(table).notes}


def test_rates_that_are_compared_are_all_in_per_cent():
    names = [
        "published_rate",
        "published_lower",
        "cohort_rate",
        "cohort_upper",
        "difference",
        "difference_lower",
    ]
    row = s.compare(COHORT).set_index("id").loc[["meyer_dx"], names]
    assert [cell[-1] for cell in Read(show(row)).rows[1][1:]] == ["%"] * len(names)
    assert Read(show(pd.DataFrame({"share": [0.5], "upper": [0.79]}))).rows[1] == ["50 %", "79 %"]
    ratios = pd.DataFrame({"published_lower": [0.8, 1.2], "published_rate": [None, None]})
    assert Read(show(ratios)).rows[1][0] == "0.8"


def test_a_denominator_stays_beside_the_rate_that_it_is_of():
    read = Read(show(s.published_rates()[["study", "outcome", "denominator", "n", "rate"]].head(1)))
    assert read.rows == [
        ["study (of whom)", "outcome", "cases", "rate"],
        ["Meyer (second opinions obtained)", "diagnosis changed", "6,791", "15 %"],
    ]


LABELS = {
    # of an index                             the rows' labels, or none
    "counted rows": (pd.RangeIndex(2), None),
    "rows of a larger table": (pd.Index([7, 3]), None),
    "names": (pd.Index(["first_right", "sought"]), ["first right", "sought"]),
    "numbers with a name": (pd.Index([1, 2], name="step"), ["1", "2"]),
    "yes and unknown": (pd.Index([True, None], dtype=object), ["yes", "not recorded"]),
    "thresholds": (pd.Index([1 / 11, 0.5], name="threshold"), ["9.1 %", "50 %"]),
    "ids with a name": (pd.Index(["a_b", "c_d"], name="id"), ["a_b", "c_d"]),
}


@pytest.mark.parametrize(("index", "expected"), LABELS.values(), ids=LABELS)
def test_an_index_that_means_something_labels_its_rows(index, expected):
    read = Read(show(pd.DataFrame({"share": [0.5, 0.25]}, index=index)))
    labels = (
        [row[0] for row in read.rows[1:]] if {"scope": "row", "class": "label"} in read.all("th") else None
    )
    assert labels == expected and all(len(row) == 1 + (expected is not None) for row in read.rows)


def test_an_index_of_two_levels_makes_groups_of_rows_and_no_empty_row_of_names():
    index = pd.MultiIndex.from_product([["model", "paper"], ["atypia", "DCIS"]], names=["basis", "class"])
    read = Read(show(pd.Series([0.111, 0.2, 0.3, 0.05], index, name="wrong"), percent=True))
    assert read.rows == [
        ["basis · class", "wrong"],
        ["model", ""],
        ["atypia", "11 %"],
        ["DCIS", "20 %"],
        ["paper", ""],
        ["atypia", "30 %"],
        ["DCIS", "5.0 %"],
    ]


def test_columns_of_two_levels_have_headers_that_span_them():
    table = pd.crosstab(CASES["sex"], [CASES["sought"], CASES["recommendation"].astype(str)])
    read = Read(show(table))
    spans = [int(attrs["colspan"]) for attrs in read.all("th") if attrs["scope"] == "colgroup"]
    assert read.rows[0][1] == "sought · recommendation" and read.rows[1][:2] == ["no", "yes"]
    assert spans[0] == table.shape[1] == sum(spans[1:])
    first, second = repr(show(table)).splitlines()[:2]
    assert first == "sought · recommendation" and second.startswith("sex     no · ")


ODD = {
    # of a table of cases                                                            its rows
    "levels of one name": (
        pd.DataFrame([[1.5]], columns=pd.MultiIndex.from_tuples([("a", "b")], names=["top", "top"])),
        [["1.5"]],
    ),
    "measures that are no names": (
        pd.DataFrame({"measure": [("a", "b"), None], "n": [1, 2]}),
        [["1"], ["2"]],
    ),
    "counts in words": (pd.DataFrame({"x": ["A"], "n": ["few"]}), [["few"]]),
}


@pytest.mark.parametrize(("frame", "cells"), ODD.values(), ids=ODD)
def test_no_name_and_no_count_of_an_own_table_ends_in_a_raw_error(frame, cells):
    frame.attrs = {"simulated": False}
    assert [row.cells for row in show(frame).rows] == cells


def test_every_header_says_what_it_heads():
    read = Read(show(RATES.head(3)))
    assert {attrs["scope"] for attrs in read.all("th")} == {"col", "row"}
    assert len(read.all("caption")) == 1 and read.all("div")[1]["tabindex"] == "0"


MARKUP = {
    "div",
    "style",
    "table",
    "caption",
    "span",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "p",
    "pre",
    "strong",
}
HOSTILE = "</script></style><img src=x onerror=alert(1)><td>"


def test_no_text_becomes_markup():
    frame = pd.DataFrame({HOSTILE: [HOSTILE]}, index=pd.Index([HOSTILE], name=HOSTILE))
    frame.attrs = {"verification": HOSTILE}
    frame.columns.name = HOSTILE
    for shown in (
        show(frame, caption=HOSTILE),
        show(HOSTILE, caption=HOSTILE),
        show(frame, columns={HOSTILE: HOSTILE}),
    ):
        read = Read(shown)
        assert {name for name, _ in read.tags} <= MARKUP
        assert HOSTILE in repr(shown)


def test_what_is_not_there_is_said_below():
    shown = show(pd.DataFrame({"case": range(1234)}), most=5)
    assert len(shown.rows) == 5 and shown.notes == ["… and 1,229 more rows, of 1,234."]
    assert show(pd.DataFrame({"case": range(31)})).notes == ["… and 1 more row, of 31."]
    assert show(pd.DataFrame({"case": range(30)})).notes == []
    assert show(pd.DataFrame({"case": [1, None]})).notes == ["–: not known, not stated or not defined."]
    assert show(pd.DataFrame({"case": []})).notes == ["It has no rows."]


SAME = {"rate": [0.25, None], "sought": [True, None]}


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(SAME), pl.DataFrame(SAME), pa.table(SAME)], ids=["pandas", "polars", "arrow"]
)
def test_a_table_of_any_engine_reads_alike(frame):
    assert Read(show(frame)).rows == [["rate", "sought"], ["25 %", "yes"], ["–", "not recorded"]]


@pytest.mark.parametrize(
    "one", [pd.Series([0.5], name="rate"), pl.Series("rate", [0.5])], ids=["pandas", "polars"]
)
def test_a_column_is_a_table_of_one(one):
    assert Read(show(one)).rows == [["rate"], ["50 %"]]


def test_a_printed_text_keeps_its_lines_and_wraps():
    text = s.mapping_template(pd.DataFrame({"gender": ["F"]}))
    read = Read(show(text, caption="To fill in"))
    assert repr(show(text, caption="To fill in")) == f"To fill in\n{text}"
    assert re.search(r"pre \{[^}]*white-space: pre-wrap", read.style) and read.all("pre")


@pytest.mark.parametrize(
    "frame",
    [TABLE, RATES, COHORT.head(4), s.published_rates(), s.compare(COHORT), s.facts_table(), WIDE],
    ids=["tradeoff", "rates", "cohort", "published", "compare", "facts", "wide"],
)
def test_a_table_stays_as_it_was_and_is_told_without_noise(frame):
    before, attrs = frame.copy(deep=True), dict(frame.attrs)
    shown = show(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == attrs
    cells = [cell for row in shown.rows for cell in (row.label, *row.cells)]
    assert [x for x in cells if x in ("nan", "None", "<NA>", "NaT", "True", "False")] == []
    assert [x for x in cells if re.search(r"−0(\.0+)?(\s%)?$|\d\.\d{7}", x)] == []
    heads = [head.words for head in shown.head[-1]] + [shown.label.words]
    assert [head for head in heads if "_" in head] == []
    assert all(len(row.cells) == len(shown.head[-1]) for row in shown.rows)


ASKED = [
    ({"percent": ["a"]}, ["15 %", "0.040"]),
    ({"percent": True}, ["15 %", "4.0 %"]),
    ({"percent": True, "decimals": 1}, ["15.0 %", "4.0 %"]),
    ({"decimals": 3}, ["0.150", "0.040"]),
]


@pytest.mark.parametrize(("asked", "expected"), ASKED, ids=[str(asked) for asked, _ in ASKED])
def test_per_cent_and_decimals_can_be_asked_for(asked, expected):
    row = Read(show(pd.DataFrame({"x": ["A"], "a": [0.15], "b": [0.04], "n": [3]}), **asked)).rows[1]
    assert row == ["A", *expected, "3"]


def test_in_letters_a_unit_tells_apart_what_has_the_same_words():
    text = repr(show(WIDE[["policy", "yield_above_chance", "yield_share", "nnr"]]))
    assert "yield above chance, per 100 cases  yield above chance, per cent of the possible" in text
    assert "number needed to refer\n" in text


def test_rates_of_a_rule_book_are_per_100_in_every_part_of_their_table():
    assert Read(show(RATES[["label", "min"]].head(1))).rows[0] == [
        "name",
        "if missing were no (per 100 cases)",
    ]


def test_the_share_of_draws_in_which_a_policy_is_best_is_no_yes():
    assert (
        Read(show(pd.DataFrame({"x": ["a", "b"], "best": [1.0, 0.0], "most": [1.0, 0.5]}))).rows[1][1] == "1"
    )


def test_own_words_take_the_place_of_the_usual_ones():
    assert Read(show(pd.DataFrame({"who": ["A"], "n": [3]}), columns={"n": "opinions"})).rows[0] == [
        "who",
        "opinions",
    ]


@pytest.mark.parametrize("odd", [None, 3, [1], {"a": 1}, pl.DataFrame(SAME).lazy(), np.arange(3)], ids=repr)
def test_what_is_no_table_is_refused(odd):
    with pytest.raises(
        SecondopError, match=r"^show cannot be used so:\n  frame is a table, or one column, of pandas"
    ):
        show(odd)


@pytest.mark.parametrize(
    "asked", [{"columns": {"raet": "x"}}, {"percent": ["raet"]}], ids=["columns", "percent"]
)
def test_a_column_that_is_not_there_is_answered_with_those_that_are(asked):
    with pytest.raises(UnknownNameError, match=r"no column 'raet'\. Did you mean 'rate'"):
        show(pd.DataFrame(SAME), **asked)
