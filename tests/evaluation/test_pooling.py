"""Rates are pooled like with like, and the figures are those of another program and of worked examples."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from statsmodels.stats.meta_analysis import combine_effects

from secondop.errors import SecondopError
from secondop.evaluation.published import pool, published_rates

RATES = published_rates().set_index("id", drop=False)


def studies(*counts, **more):
    """Made-up rates, one an institution: how many of how many."""
    rows = [
        {"id": f"s{i}", "institution": f"centre {i}", "denominator": "opinions", "outcome": "changed"}
        | {"n": n, "numerator": k, "rate": k / n, "interval": "Wilson from count", "lower": 0.0, "upper": 1.0}
        for i, (k, n) in enumerate(counts)
    ]
    return pd.DataFrame(rows).assign(**more)


SETS = {
    "unlike studies": [(149, 1010), (65, 365), (121, 1463), (43, 731)],
    "three studies": [(10, 100), (30, 150), (80, 160)],
    "alike studies": [(30, 100), (62, 200), (95, 300)],
    "an empty one": [(0, 50), (5, 100), (9, 60), (20, 80)],
}


@pytest.mark.parametrize("name", SETS)
def test_the_figures_are_those_of_another_program(name):
    """statsmodels, where its iteration converges; it has no prediction interval, which is worked here."""
    counts = [(k, n) if 0 < k < n else (k + 0.5, n + 1) for k, n in SETS[name]]
    logits, variances = zip(*[(np.log(k / (n - k)), 1 / k + 1 / (n - k)) for k, n in counts], strict=True)
    other = combine_effects(np.array(logits), np.array(variances), method_re="iterated", atol=1e-10)
    mean, error, k = other.mean_effect_re, other.sd_eff_w_re_hksj, len(counts)
    row = pool(studies(*SETS[name])).iloc[0]
    assert row["tau"] == pytest.approx(np.sqrt(other.tau2), abs=1e-4)
    for names, width in (
        (["lower", "upper"], stats.t.ppf(0.975, k - 1) * error),
        (
            ["prediction_lower", "prediction_upper"],
            stats.t.ppf(0.975, k - 2) * np.sqrt(other.tau2 + error**2),
        ),
    ):
        ends = special.expit([mean - width, mean + width])
        assert row[names].to_list() == pytest.approx(ends.tolist(), abs=1e-6)
    assert row["rate"] == pytest.approx(special.expit(mean), abs=1e-6)
    assert (row["denominator"], row["outcome"], row["k"]) == ("opinions", "changed", k)


# Thirteen trials of the BCG vaccine, log risk ratios and their variances (Colditz 1994, JAMA 271:698-702).
BCG = (
    [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459,
     -0.0173],
    [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714],
)  # fmt: skip


def test_a_published_worked_example():
    """Paule and Mandel's variance between these trials is .318 (Veroniki 2016, Res Synth Methods 7:55-79)."""
    y, v = (np.array(x) for x in BCG)
    half = 1.959964 * np.sqrt(v)
    rows = studies(*[(1, 2)] * len(y)).assign(interval="published", rate=special.expit(y))
    rows = rows.assign(lower=special.expit(y - half), upper=special.expit(y + half))
    assert pool(rows)["tau"].item() ** 2 == pytest.approx(0.318, abs=0.001)


def test_hartung_and_knapp_by_hand_where_all_variances_are_alike():
    """With equal variances the mean is plain and its error is that of the mean of the logits."""
    rows = studies((1, 2), (1, 2), (1, 2))
    rows = rows.assign(interval="published", rate=special.expit([-1.0, 0.0, 1.0]))
    rows["lower"], rows["upper"] = (special.expit(special.logit(rows["rate"]) + x) for x in (-0.2, 0.2))
    row, half = pool(rows).iloc[0], stats.t.ppf(0.975, 2) * 1 / np.sqrt(3)
    assert special.logit(row["rate"]) == pytest.approx(0, abs=1e-9)
    assert special.logit(row["upper"]) == pytest.approx(half, abs=1e-6)
    v = (0.2 / 1.959964) ** 2  # and what is left of the variance 1 is between studies
    assert row["tau"] == pytest.approx(np.sqrt(1 - v), abs=1e-6)
    reach = stats.t.ppf(0.975, 1) * np.sqrt(1 - v + 1 / 3)
    assert special.logit(row["prediction_upper"]) == pytest.approx(reach, abs=1e-4)


@pytest.mark.parametrize("k", [1, 2])
def test_below_three_rates_there_are_too_few_and_no_figure(k):
    row = pool(studies(*[(10, 100), (30, 150)][:k])).iloc[0]
    assert row["said"] == f"too few to pool: {k} of the 3 rates that are needed"
    assert row[["rate", "lower", "upper", "prediction_lower", "prediction_upper", "tau"]].isna().all()


def test_counts_written_by_hand_are_pooled_as_those_that_ship():
    mine = studies((10, 100), (30, 150), (80, 160))
    bare = mine.astype({"n": float}).assign(interval="binomial", lower=None, upper=None, rate=None)
    pd.testing.assert_frame_equal(pool(bare), pool(mine))
    pd.testing.assert_frame_equal(pool(bare.set_axis([0, 0, 0])), pool(mine))  # as concat leaves them


@pytest.mark.parametrize("given", [[0.1, 0.2], None, studies((1, 2))[["id", "rate"]]])
def test_what_holds_no_rates_is_refused(given):
    with pytest.raises(
        SecondopError, match=r"Rates to pool are rows of published_rates\(\), with denominator"
    ):
        pool(given)


LYMPHOMA = ["bowen_major", "matasar_2001"]
REFUSED = [
    # rows                                        what is said
    ([*LYMPHOMA, "matasar_2006"], "matasar_2006 are of one institution, Memorial Sloan Kettering"),
    (["gertman_against", "martin_nonconf"], "one institution, Massachusetts Medicaid"),
    (["raycoq_disc", "lurkin_complete"], "one institution, Rhone-Alpes"),
    ([*LYMPHOMA, "marsden_consultation"], "unlike denominators: lymphoma specimens re-read; sarcoma"),
    ([*LYMPHOMA, "nccn_lymph"], "unlike outcomes: diagnosis_changed_major; any_discordance"),
    (["nccn_lymph", "nccn_lymph_treatment"], "unlike outcomes"),
    (["mustafa_newdx", "meyer_dx"], "unlike outcomes: new_diagnosis; diagnosis_changed"),
    (["weyer_notconf"], "weyer_notconf: no count and no 95 % interval"),
    (["payne_major"], "payne_major: no count and no 95 % interval"),
    ([], "there are none"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "said"), REFUSED)
def test_what_is_unlike_is_not_pooled(names, said):
    with pytest.raises(SecondopError) as error:
        pool(RATES.loc[names])
    assert said in str(error.value)


def test_all_reasons_are_told_at_once():
    with pytest.raises(SecondopError) as error:
        pool(RATES.loc[["matasar_2001", "matasar_2006", "nccn_lymph", "payne_major"]])
    assert len(str(error.value).splitlines()) == 5
