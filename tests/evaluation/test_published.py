"""Published rates keep their denominators, and a comparison says no more than the figures allow."""

import math
import shutil

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from secondop.datafiles import CHECKSUMS, checksums, data_path
from secondop.errors import CasesError, SecondopError, UnknownNameError
from secondop.evaluation.cohort import Cohort
from secondop.evaluation.published import APART, COMPARED, _newcombe, _tally, compare, published_rates
from tests.kit import examples, sampled

YES, NO, UNKNOWN = True, False, None
RATES = published_rates().set_index("id", drop=False)


def cohort(*groups, scenario="programme", fitted_to=()):
    """Cases by the group: how many, sought, diagnosis changed, treatment changed, second right."""
    columns = ["sought", "diagnosis_changed", "treatment_changed", "second_right"]
    cases = pd.DataFrame([row for n, *row in groups for _ in range(n)], columns=columns, dtype="boolean")
    cases.attrs = {"scenario": scenario, "fitted_to": list(fitted_to)}
    return cases


# 10,000 second opinions: 14.8 % change the diagnosis, 37.4 % the treatment, 10.6 % both; 85 % right when they
# differ. 40,000 others did not ask: in them every opinion would change everything.
PROGRAMME = [
    (901, YES, YES, YES, YES),
    (159, YES, YES, YES, NO),
    (357, YES, YES, NO, YES),
    (63, YES, YES, NO, NO),
    (2680, YES, NO, YES, YES),
    (5840, YES, NO, NO, YES),
    (40000, NO, YES, YES, NO),
]
PROGRAMME_FIT = ["meyer_dx", "meyer_tx", "meyer_both", "mayo_revised_right"]


@pytest.fixture(scope="module")
def programme():
    return compare(cohort(*PROGRAMME, fitted_to=PROGRAMME_FIT)).set_index("id")


# --- the published table ---


def test_every_rate_has_a_denominator_an_outcome_a_source_and_a_known_role():
    for column in ["study", "population", "denominator", "outcome", "source", "grade"]:
        assert RATES[column].str.len().gt(0).all(), column
    assert RATES.index.is_unique
    assert set(RATES["role"]) <= {*APART, *COMPARED}
    assert set(RATES["interval"]) == {"published", "Wilson from count", "Wilson from n", "range", "none"}


def test_every_rate_is_a_share_inside_its_interval():
    points, ends = RATES["rate"].dropna(), RATES[["lower", "upper"]].stack().dropna()
    assert points.between(0, 1).all() and ends.between(0, 1).all()
    both = RATES.dropna(subset=["rate", "lower", "upper"])
    assert len(both) > 30 and (both["lower"] < both["rate"]).all() and (both["rate"] < both["upper"]).all()
    counted = RATES.dropna(subset=["numerator"])
    assert (counted["numerator"] < counted["n"]).all()


def test_only_reviews_have_no_point_and_only_no_interval_has_no_ends():
    assert set(RATES.loc[RATES["rate"].isna(), "role"]) == {"range"}
    without = RATES[["lower", "upper"]].isna().all(axis=1)
    assert (without == (RATES["interval"] == "none")).all()


WILSON = [
    # id, numerator, n, lower, upper; by hand: (p + z2/2n -+ z sqrt(pq/n + z2/4n2)) / (1 + z2/n)
    ("mayo_major", 457, 71811, 0.005808, 0.006973),
    ("lenza_dx", 290, 485, 0.553697, 0.640640),
    ("meyer_dx", 1005, 6791, 0.139744, 0.156634),
]


@pytest.mark.parametrize(("name", "numerator", "n", "lower", "upper"), WILSON)
def test_wilson_intervals_agree_with_the_formula_and_with_statsmodels(name, numerator, n, lower, upper):
    z, p = 1.959964, numerator / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    by_hand = [(p + z * z / (2 * n) + sign * half) / (1 + z * z / n) for sign in (-1, 1)]
    printed = RATES.loc[name, ["lower", "upper"]].to_list()
    assert printed == pytest.approx([lower, upper], abs=6e-7) == by_hand
    assert printed == pytest.approx(list(proportion_confint(numerator, n, method="wilson")))


NEWCOMBE = [
    # Newcombe 1998, Stat Med 17:873-890, Table II, method 10
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0000),
]


@pytest.mark.parametrize(("first", "second", "lower", "upper"), NEWCOMBE)
def test_difference_intervals_agree_with_newcombes_published_table(first, second, lower, upper):
    assert _newcombe(first, second) == pytest.approx((lower, upper), abs=6e-5)


def test_printed_both_and_either_of_meyer_agree_within_rounding():
    dx, tx, both, either = (RATES.loc[f"meyer_{name}", "rate"] for name in ("dx", "tx", "both", "either"))
    assert either == pytest.approx(dx + tx - both, abs=0.002)


def test_odds_ratios_and_days_are_not_among_the_rates():
    assert not RATES["outcome"].str.contains("odds|days").any()


# --- verdicts ---

VERDICTS = [
    # published rate          role             verdict           a word of the reason
    ("meyer_dx", "calibrate", "fitted", "by construction"),
    ("meyer_tx", "calibrate", "fitted", "by construction"),
    ("meyer_either", "derived", "fitted", "follows from"),
    ("mayo_revised_right", "calibrate", "fitted", "by construction"),
    ("neurorad_right", "validate", "within", "inside"),
    ("radma_secondright", "validate", "undetermined", "without an interval"),
    ("utrecht_newtx", "validate", "outside", "below"),
    ("france_divergent", "validate", "outside", "above"),
    ("meyer_reason_tx", "validate", "not comparable", "does not record"),
    ("payne_major", "range", "not comparable", "does not record"),
    ("ruetters_change", "range", "not comparable", "'oncology'"),
    ("israel_survey", "scenario", "not comparable", "'general'"),
    ("lenza_dx", "not comparable", "not comparable", "another denominator"),
    ("meyer_impact_dx", "context", "not comparable", "clarified as well"),
    ("elmore16_none", "calibrate readers", "not comparable", "read_strategies"),
    ("lymphopath_formal", "validate triage", "not comparable", "doubt predicts"),
]


@pytest.mark.parametrize(("name", "role", "verdict", "word"), VERDICTS)
def test_each_role_gets_its_verdict_and_its_reason(programme, name, role, verdict, word):
    row = programme.loc[name]
    assert (row["role"], row["verdict"]) == (role, verdict)
    assert word in row["reason"]


def test_rates_are_shares_of_those_who_sought_and_show_it(programme):
    shown = programme.loc[
        "meyer_tx", ["simulated_denominator", "simulated_count", "simulated_n", "simulated_rate"]
    ]
    assert shown.to_list() == ["cases that sought an opinion", 3740, 10000, 0.374]
    right = programme.loc["neurorad_right", ["simulated_count", "simulated_n", "simulated_rate"]]
    assert right.to_list() == [1258, 1480, 0.85]


def test_the_difference_is_simulated_minus_published_with_its_interval(programme):
    row = programme.loc["utrecht_newtx"]  # 3,740 of 10,000 against 97 of 173
    assert row["difference"] == pytest.approx(0.374 - 0.56)
    ends = _newcombe((3740, 10000), (97, 173))
    assert row[["difference_lower", "difference_upper"]].to_list() == pytest.approx(ends)


def test_unlike_denominators_never_get_a_rate_or_a_difference(programme):
    unlike = programme[programme["verdict"] == "not comparable"]
    figures = [name for name in unlike if name.startswith(("simulated", "difference"))]
    assert len(unlike) > 40 and unlike[figures].isna().all(axis=None)
    assert unlike["reason"].str.len().gt(0).all()


def test_a_cohort_that_was_not_fitted_is_judged_on_the_calibration_rates_too():
    table = compare(cohort(*PROGRAMME)).set_index("id")
    assert table.loc[["meyer_dx", "meyer_tx", "meyer_either"], "verdict"].to_list() == ["within"] * 3


def test_a_rate_follows_only_where_all_the_rates_that_it_follows_from_were_fitted():
    headlines = compare(cohort(*PROGRAMME, fitted_to=["meyer_dx", "meyer_tx"])).set_index("id")
    assert headlines.loc[["meyer_tx", "meyer_both", "meyer_either"], "verdict"].to_list() == [
        "fitted",
        "within",
        "within",
    ]


def test_a_cohort_that_does_not_say_what_it_was_fitted_to_is_not_judged_on_them():
    silent = cohort(*PROGRAMME)
    silent.attrs = {}
    table = compare(silent).set_index("id")
    assert table.loc[["meyer_dx", "meyer_either"], "verdict"].to_list() == ["not comparable"] * 2
    assert "state fitted_to" in table.loc["meyer_dx", "reason"]
    assert table.loc["utrecht_newtx", "verdict"] == "outside"


def test_what_a_cohort_remembers_cannot_be_taken_back_by_the_caller():
    fitted = cohort(*PROGRAMME, fitted_to=["meyer_dx"])
    table = compare(fitted, fitted_to=["meyer_tx"]).set_index("id")
    assert table.loc[["meyer_dx", "meyer_tx"], "verdict"].to_list() == ["fitted", "fitted"]


RANGES = [
    # published range     scenario     changed of 10,000   verdict         a word of the reason
    ("ruetters_change", "oncology", 4000, "within", "12.0 to 69.0 %"),
    ("ruetters_change", "oncology", 1000, "outside", "below"),
    ("ruetters_change", "oncology", 1200, "undetermined", "too few cases"),
    ("ruetters_change", "general", 4000, "not comparable", "'oncology'"),
    ("hillen_discrep", "oncology", 6000, "outside", "above"),
]


@pytest.mark.parametrize(("name", "scenario", "changed", "verdict", "word"), RANGES)
def test_a_review_is_judged_by_its_range(name, scenario, changed, verdict, word):
    cases = cohort((changed, YES, YES, NO, YES), (10000 - changed, YES, NO, NO, YES), scenario=scenario)
    row = compare(cases, RATES.loc[[name]]).iloc[0]
    assert row["verdict"] == verdict and word in row["reason"]


def test_a_range_with_only_an_upper_end_says_so():
    rates = RATES.loc[["greenfield_major"]].assign(outcome="either_changed")
    row = compare(cohort((400, YES, YES, NO, YES), (600, YES, NO, NO, YES)), rates).iloc[0]
    assert row["verdict"] == "within" and "only the upper end" in row["reason"]


def test_seeking_is_a_share_of_all_cases_and_never_agreement_where_it_was_set():
    general = compare(cohort(*PROGRAMME, scenario="general")).set_index("id").loc["israel_survey"]
    assert (general["simulated_denominator"], general["simulated_rate"]) == ("all cases", 0.2)
    assert general["verdict"] == "fitted"


# --- unknown is never no ---

UNKNOWNS = [
    # cases: (n, sought, changed)                                           n   unknown  low    high
    ([(6, YES, YES), (4, YES, NO)], 10, 0, 0.6, 0.6),
    ([(6, YES, YES), (4, YES, UNKNOWN)], 10, 4, 0.6, 1.0),
    ([(6, YES, NO), (4, YES, UNKNOWN)], 10, 4, 0.0, 0.4),
    ([(6, YES, YES), (4, YES, NO), (2, UNKNOWN, NO)], 10, 2, 0.5, 0.6),
    ([(6, YES, YES), (4, YES, NO), (2, UNKNOWN, YES)], 10, 2, 0.6, 2 / 3),
    ([(6, YES, YES), (4, YES, NO), (2, NO, UNKNOWN)], 10, 0, 0.6, 0.6),
    ([(3, UNKNOWN, YES)], 0, 3, 1.0, 1.0),
    ([(3, UNKNOWN, NO)], 0, 3, 0.0, 0.0),
]


@pytest.mark.parametrize(("cases", "n", "unknown", "low", "high"), UNKNOWNS)
def test_unknown_answers_are_carried_as_min_and_max(cases, n, unknown, low, high):
    rows = cohort(*[(k, sought, changed, NO, YES) for k, sought, changed in cases])
    row = compare(rows, RATES.loc[["utrecht_newdx"]]).iloc[0]
    assert (row["simulated_n"], row["simulated_unknown"]) == (n, unknown)
    assert (row["simulated_min"], row["simulated_max"]) == pytest.approx((low, high))
    assert math.isnan(row["simulated_rate"]) == (unknown > 0)


UNDECIDED = [
    # unknown of 10,000   changed of the rest   verdict on 13 % (8.8 to 18.8 %)
    (0, 1300, "within"),
    (300, 1300, "within"),
    (1500, 1300, "undetermined"),
    (300, 4000, "outside"),
    (9000, 100, "undetermined"),
]


@pytest.mark.parametrize(("unknown", "changed", "verdict"), UNDECIDED)
def test_a_verdict_stands_only_if_unknown_answers_cannot_turn_it(unknown, changed, verdict):
    groups = (changed, YES, YES, NO, YES), (unknown, YES, UNKNOWN, NO, YES)
    rows = cohort(*groups, (10000 - unknown - changed, YES, NO, NO, YES))
    row = compare(rows, RATES.loc[["utrecht_newdx"]]).iloc[0]
    assert row["verdict"] == verdict
    assert ("unknown outcomes" in row["reason"]) == (verdict == "undetermined")


ANSWERS = st.sampled_from([YES, NO, UNKNOWN])
CASES = st.lists(st.tuples(ANSWERS, ANSWERS, ANSWERS, ANSWERS), max_size=12)


@given(CASES, st.booleans())
def test_bounds_hold_for_every_way_of_settling_the_unknown(cases, as_sought):
    """Each settled cohort's rate lies between min and max, and both are reached."""
    rows, order = [case[:2] for case in cases], (NO, YES, UNKNOWN)
    seen, _, _ = _tally(np.array([[rows.count((i, o)) for o in order] for i in order]))
    settled = [(0, 0)]
    for counted, answer in rows:
        ways = {
            (c, c and a)
            for c in ([counted] if counted is not None else [YES, NO])
            for a in ([answer] if answer is not None else [YES, NO])
        }
        settled = list({(n + c, k + a) for n, k in settled for c, a in ways})
    shares = [k / n for n, k in settled if n]
    if not shares:
        assert math.isnan(seen["min"]) and math.isnan(seen["max"])
    else:
        assert (seen["min"], seen["max"]) == pytest.approx((min(shares), max(shares)))


@examples(15)
@given(CASES)
def test_no_cohort_makes_a_fitted_rate_agree_or_an_empty_one_zero(cases):
    rows = cohort(*[(1, *case) for case in cases], fitted_to=PROGRAMME_FIT)
    table = compare(rows, RATES[RATES["role"].isin(["calibrate", "derived", "validate"])]).set_index("id")
    assert (table.loc[[*PROGRAMME_FIT, "meyer_either"], "verdict"] == "fitted").all()
    empty = table[(table["simulated_n"] == 0) & (table["simulated_unknown"] == 0)]
    assert empty[["simulated_rate", "simulated_min", "difference", "difference_lower"]].isna().all(axis=None)
    assert not empty["verdict"].isin(["within", "outside"]).any()


# --- cohorts in other frames, and what is refused ---


KINDS = {
    "polars": pl.from_pandas,
    "lazy": lambda rows: pl.from_pandas(rows).lazy(),
    "objects": lambda rows: rows.astype(object),
    "words": lambda rows: rows.astype(object).replace({True: " Yes", False: "NO"}).fillna("not recorded"),
    "0 and 1": lambda rows: rows.astype("Float64").astype(float),
    "lazy words": lambda rows: pl.from_pandas(KINDS["words"](rows).astype(str)).lazy(),
    "cohort": lambda rows: Cohort(rows, outcome=None),
}


@pytest.mark.parametrize("kind", sampled(KINDS, ["words", "lazy words"]))
def test_every_kind_of_frame_and_every_spelling_of_yes_and_no_gives_the_same_table(kind):
    rows = cohort(
        (30, YES, YES, NO, YES), (5, YES, UNKNOWN, YES, NO), (65, YES, NO, NO, YES), (9, NO, YES, YES, NO)
    )
    expected = compare(rows, fitted_to=["meyer_dx"])
    other = compare(KINDS[kind](rows), scenario="programme", fitted_to=["meyer_dx"])
    pd.testing.assert_frame_equal(other, expected, check_flags=False)


def test_what_is_neither_yes_nor_no_is_listed_in_memory_and_counted_in_a_lazy_frame():
    rows = cohort((3, YES, YES, NO, YES), (1, YES, UNKNOWN, NO, YES)).astype(object)
    rows.loc[3, "diagnosis_changed"] = "perhaps"
    with pytest.raises(CasesError, match="'perhaps' is not yes or no"):
        compare(rows)
    table = compare(pl.from_pandas(rows.astype(str)).lazy()).set_index("id")
    assert table.attrs["unreadable"] == 1 and table.loc["utrecht_newdx", "simulated_unknown"] == 1


ASSESSED = pd.DataFrame({"recommendation": ["recommended"], "possible": ["urgent"], "undetermined": [True]})
FIRING = pd.DataFrame(
    {"rule": ["any"], "n": [1000], "fired": [410], "unknown": [20], "low": [0.41], "high": [0.43]}
)


@pytest.mark.parametrize("offered", [0.41, pd.Series([True, False], name="fired"), ASSESSED, FIRING])
def test_a_firing_rate_is_refused_with_the_reason_and_the_remedy(offered):
    with pytest.raises(SecondopError) as error:
        compare(offered)
    for words in ["share of all cases", "second opinions that were obtained", "simulate(", "firing_rates("]:
        assert words in str(error.value)


def test_a_cohort_with_outcomes_and_an_assessment_beside_them_is_welcome():
    rows = cohort((3, YES, YES, NO, YES)).assign(recommendation="urgent")
    assert compare(rows, RATES.loc[["utrecht_newdx"]])["simulated_count"].to_list() == [3]


REFUSED = [
    # what was given                                                      what the message says
    (dict(cohort=cohort((1, YES, YES, NO, YES)).drop(columns="sought")), "assign(sought=True)"),
    (dict(cohort=pd.DataFrame({"age": [3]})), "no outcome to compare"),
    (dict(cohort=cohort((1, YES, YES, NO, YES)), fitted_to="meyer_dx"), "fitted_to=['meyer_dx']"),
    (dict(cohort=cohort((1, YES, YES, NO, YES)), rates=RATES[["id", "rate"]]), "lack denominator, interval"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_cannot_be_read_says_what_to_do(given, message):
    with pytest.raises(SecondopError) as error:
        compare(**given)
    assert message in str(error.value)


def test_an_unknown_id_among_the_fitted_is_named_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'meyer_dxx'.*Did you mean 'meyer_dx'"):
        compare(cohort((1, YES, YES, NO, YES)), fitted_to=["meyer_dxx"])


# --- the data that ship ---


def test_every_table_is_the_one_that_its_checksum_states():
    """After a change on purpose: python -m secondop.datafiles."""
    assert data_path(CHECKSUMS).read_text() == checksums()


def cut(text):
    return "".join(text.splitlines(keepends=True)[:5])


CHANGES = [
    ("published_rates.csv", cut, "4 rows of 60"),
    ("teaching_cases.csv", lambda text: text.replace(",recommended,", ",urgent,", 1), "152 rows of 152"),
    ("new.csv", lambda text: "a\n1\n", "1 rows of 0"),
    ("published_rates.csv", lambda text: text.replace("\n", "\r\n"), None),
]


@pytest.mark.parametrize(("name", "change", "told"), CHANGES)
def test_a_table_that_was_cut_or_changed_is_noticed_when_it_is_read(
    tmp_path, monkeypatch, name, change, told
):
    shutil.copytree(data_path(CHECKSUMS).parent, tmp_path / "data")
    path = tmp_path / "data" / name
    path.write_bytes(change(path.read_text() if path.exists() else "").encode())
    monkeypatch.setattr("secondop.datafiles._folder", lambda: tmp_path / "data")
    if told is None:  # line ends are those of the system that a repository is cloned on
        assert data_path(name) == path
    else:
        with pytest.raises(SecondopError, match=rf"{told}.*python -m secondop\.datafiles"):
            data_path(name)
