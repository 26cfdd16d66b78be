"""Published figures keep their denominators and outcomes, and the tables are those that shipped."""

import math
import shutil

import pytest
from statsmodels.stats.proportion import proportion_confint

from secondop.datafiles import CHECKSUMS, checksums, data_path
from secondop.errors import SecondopError
from secondop.evaluation.comparison import APART, COMPARED
from secondop.evaluation.contrasts import VARIANCES
from secondop.evaluation.published import published_contrasts, published_rates
from secondop.guideline.contrasts import SIDES

RATES = published_rates().set_index("id", drop=False)
CONTRASTS = published_contrasts().set_index("id", drop=False)

# --- the published table ---


def test_every_rate_has_a_denominator_an_outcome_a_source_and_a_known_role():
    for column in ["study", "population", "denominator", "outcome", "source", "grade"]:
        assert RATES[column].str.len().gt(0).all(), column
    assert RATES.index.is_unique
    assert set(RATES["role"]) <= {*APART, *COMPARED}
    intervals = {"published", "derived", "Wilson from count", "Wilson from n", "range", "assumed", "none"}
    assert set(RATES["interval"]) == intervals
    assert RATES["institution"].str.len().gt(0).all()
    assert not RATES["outcome"].str.contains(" ").any()


def test_every_rate_is_a_share_inside_its_interval():
    points, ends = RATES["rate"].dropna(), RATES[["lower", "upper"]].stack().dropna()
    assert points.between(0, 1).all() and ends.between(0, 1).all()
    both = RATES.dropna(subset=["rate", "lower", "upper"])
    assert len(both) > 30 and (both["lower"] < both["rate"]).all() and (both["rate"] < both["upper"]).all()
    counted = RATES.dropna(subset=["numerator"])
    assert (counted["numerator"] < counted["n"]).all()


def test_only_reviews_have_no_point_and_only_no_interval_has_no_ends():
    assert set(RATES.loc[RATES["rate"].isna(), "interval"]) == {"range"}
    without = RATES[["lower", "upper"]].isna().all(axis=1)
    assert (without == (RATES["interval"] == "none")).all()


WILSON = [
    # id, numerator, n, lower, upper; by hand: (p + z2/2n -+ z sqrt(pq/n + z2/4n2)) / (1 + z2/n)
    ("mayo_major", 457, 71811, 0.005808, 0.006973),
    ("lenza_dx", 290, 485, 0.553697, 0.640640),
    ("israel_survey", 105, 609, 0.144490, 0.204444),
    ("nccn_lymph_treatment", 35, 731, 0.034626, 0.065860),
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


def test_printed_both_and_either_of_meyer_agree_within_rounding():
    dx, tx, both, either = (RATES.loc[f"meyer_{name}", "rate"] for name in ("dx", "tx", "both", "either"))
    assert either == pytest.approx(dx + tx - both, abs=0.002)


def test_odds_ratios_and_days_are_not_among_the_rates():
    assert not RATES["outcome"].str.contains("odds|days").any()


CORRECTED = [
    # figure                  field          what it says
    ("meyer_dx",              "remark",      "6,791 second opinions completed"),
    ("meyer_both",            "remark",      "14.8 + 37.4 - 10.6 = 41.6"),
    ("meyer_impact_dx",       "remark",      "May count"),
    ("israel_survey",         "n",           609),
    ("israel_records",        "role",        "not comparable"),
    ("mustafa_newdx",         "outcome",     "new_diagnosis"),
    ("utrecht_newdx",         "outcome",     "new_diagnosis"),
    ("utrecht_newtx",         "outcome",     "treatment_initiated"),
    ("radma_secondright",     "role",        "not comparable"),
    ("neurorad_right",        "role",        "not comparable"),
    ("mayo_revised_right",    "role",        "range"),
    ("mayo_revised_right",    "lower",       0.75),
    ("mayo_revised_right",    "upper",       0.91),
    ("weyer_notconf",         "role",        "validate"),
    ("weyer_notconf",         "outcome",     "not_confirmed"),
    ("nccn_lymph",            "outcome",     "any_discordance"),
    ("nccn_lymph_treatment",  "outcome",     "discordance_relevant_to_treatment"),
    ("bowen_major",           "numerator",   149),
    ("matasar_2001",          "numerator",   65),
    ("matasar_2006",          "n",           354),
    ("lurkin_complete",       "outcome",     "complete_discordance"),
    ("marsden_consultation",  "denominator", "sarcoma specimens sent in consultation"),
    ("martin_nonconf",        "interval",    "none"),
    ("ruetters_change",       "role",        "not comparable"),
    ("greenfield_major",      "role",        "not comparable"),
    ("kurian_seek",           "interval",    "derived"),
    ("lymphopath_change",     "grade",       "primary"),
    ("tost17_all_conc",       "year",        2018),
    ("qprobes_double_read",   "role",        "validate triage"),
    ("singh_outpatient",      "role",        "context"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field", "says"), CORRECTED)
def test_what_was_corrected_stays_corrected(name, field, says):
    found = RATES.loc[name, field]
    assert (says in found) if field == "remark" else found == says


def test_a_new_diagnosis_and_a_change_of_one_are_never_one_outcome():
    calibrates = RATES[RATES["role"].isin(["calibrate", "derived"])]
    assert set(calibrates["study"]) == {"Meyer"} and len(calibrates) == 4
    assert RATES.loc[RATES["outcome"] == "new_diagnosis", "role"].unique().tolist() == ["not comparable"]


# --- the published contrasts ---


def test_every_contrast_has_two_sides_a_measure_an_outcome_a_source_and_a_known_role():
    for column in [
        "study",
        "population",
        "denominator",
        "outcome",
        "group",
        "reference",
        "bears_on",
        "source",
    ]:
        assert CONTRASTS[column].str.len().gt(0).all(), column
    assert CONTRASTS.index.is_unique and not set(CONTRASTS.index) & set(RATES.index)
    assert set(CONTRASTS["role"]) <= {*APART, *COMPARED}
    assert set(CONTRASTS["measure"]) == {*VARIANCES, "risk difference"}
    assert set(CONTRASTS["interval"]) == {"published", "from counts", "range", "assumed", "none"}
    assert {*SIDES} <= set(CONTRASTS.index)


def test_every_contrast_lies_inside_its_interval_and_only_no_interval_has_no_ends():
    both = CONTRASTS.dropna(subset=["lower", "upper"])
    assert len(both) > 15 and (both["lower"] <= both["value"]).all() and (both["value"] < both["upper"]).all()
    assert (CONTRASTS[["lower", "upper"]].isna().all(axis=1) == (CONTRASTS["interval"] == "none")).all()


COUNTED = [
    # contrast, the two counts, and the ratio that was printed or derived
    ("prostate_grade_1_3", (49, 152), (6, 438), 23.5),
    ("screening_discrepant", (830, 1452), (346, 1188), 1.96),
]


@pytest.mark.parametrize(("name", "group", "reference", "printed"), COUNTED)
def test_a_contrast_with_counts_has_the_interval_of_katz(name, group, reference, printed):
    (k, n), (j, m) = group, reference
    half = math.exp(1.959964 * math.sqrt(1 / k - 1 / n + 1 / j - 1 / m))
    row = CONTRASTS.loc[name]
    assert row["value"] == pytest.approx((k / n) / (j / m)) == pytest.approx(printed, abs=0.04)
    assert (row["lower"], row["upper"]) == pytest.approx((row["value"] / half, row["value"] * half), rel=1e-6)


def test_the_middle_of_doubt_is_the_mean_of_the_breast_table():
    doubt = CONTRASTS.loc["doubt_risk_ratio"]
    assert doubt["value"] == pytest.approx(math.sqrt(2.7 * 7.0), abs=0.06)
    assert doubt["upper"] == CONTRASTS.loc["lymphopath_doubt", "value"] == pytest.approx(37.8 / 3.7, abs=0.02)


ANCHORING = {
    # design: more severe and less severe priors apart, treatments apart from diagnoses
    "randomised": {"reading_more_severe_than_before": 2, "reading_less_severe_than_before": 2},
    "cohort": {"recalled": 1, "cancer_detected": 1},
    "cohort, alternated by month": {"readers_discrepant": 1, "cancer_detected": 1},
    "vignettes": {"more_interventional_choice": 2},
}


def test_anchoring_has_trials_on_both_sides_and_apart_from_them_cohorts_and_choices_of_treatment():
    rows = CONTRASTS[CONTRASTS["bears_on"] == "knowing the first opinion"]
    found = {design: own["outcome"].value_counts().to_dict() for design, own in rows.groupby("design")}
    assert found == ANCHORING
    trials = rows[rows["design"] == "randomised"].set_index("id")[["value", "lower", "upper"]]
    assert trials.loc["derm_prior_more_severe"].to_list() == [1.52, 1.34, 1.73]
    assert trials.loc["breast_prior_less_severe"].to_list() == [1.71, 1.33, 2.20]
    assert trials.loc["breast_prior_more_severe"].to_list() == [1.27, 0.87, 1.86]
    assert trials.loc["derm_prior_less_severe", "value"] == 1.38
    assert (rows.loc[rows["design"] == "randomised", "reference"] == "told none").all()


def test_the_published_odds_ratios_of_treatment_choices_are_those_of_the_paper():
    table = CONTRASTS[["value", "lower", "upper"]]
    assert table.loc["vashitz_ortho_OR"].to_list() == [1.437, 1.115, 1.852]
    assert table.loc["vashitz_neuro_OR"].to_list() == [1.087, 0.811, 1.458]


# --- the data that ship ---


def test_every_table_is_the_one_that_its_checksum_states():
    """After a change on purpose: python -m secondop.datafiles."""
    assert data_path(CHECKSUMS).read_text() == checksums()


def cut(text):
    return "".join(text.splitlines(keepends=True)[:5])


CHANGES = [
    ("published_rates.csv", cut, f"4 rows of {len(RATES)}"),
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
