"""Several cases of one patient or site: intervals as wide as so many clusters allow, against statsmodels."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from secondop import (
    RULE_BOOK,
    Cohort,
    SecondopError,
    all_books,
    attrition,
    compare,
    decision_curve,
    fact,
    figures,
    firing_rates,
    flow,
    of_100,
    overlap,
    published_contrasts,
    published_rates,
    reform,
    tradeoff,
    wide,
)
from secondop.evaluation.measures import Z, table
from secondop.evaluation.patterns import with_clusters

BOOK, SITES = RULE_BOOK.only("neoplasia-concern"), 30
ENDS = ["lower", "upper"]


def made(sites=SITES, n=600, seed=1):
    """Cases of sites that differ: how often the rule fires there, and how often something changes."""
    rng = np.random.default_rng(seed)
    site = rng.integers(0, sites, n)
    often = rng.beta(2, 4, sites)[site]
    fires, changed = (pd.Series(rng.random(n) < often).astype("boolean") for _ in range(2))
    about = {"site": [f"site {i:02}" for i in site], "case": np.arange(n), "sought": rng.random(n) < 0.7}
    return pd.DataFrame(
        {"neoplasia_concern": fires, "changed": changed, "diagnosis_changed": changed} | about
    )


CASES = made()
GAPS = CASES.assign(
    neoplasia_concern=CASES["neoplasia_concern"].mask(CASES["case"] % 11 == 0),
    changed=CASES["changed"].mask(CASES["case"] % 7 == 0),
)


def fired(cases, **more):
    return firing_rates(cases, rule_book=BOOK, **more).set_index("policy").loc["neoplasia-concern"]


def weighed(cases, **more):
    table = tradeoff(cases, ["recommended"], outcome="changed", rule_book=BOOK, **more)
    return table[table["policy"] == "recommended"].set_index("measure")


def grown(groups):
    """What the error of so many clusters is enlarged by beyond theirs, and Student's degrees of freedom.

    By the matrix that takes the effects of clusters to their squares about the mean: it has their variance as
    its trace, if they differ by as much each.
    """
    p = pd.Series(groups).value_counts(normalize=True).to_numpy()
    about_the_mean = np.eye(len(p)) - p
    seen = np.trace(about_the_mean.T @ np.diag(p**2) @ about_the_mean)
    return np.sqrt((p**2).sum() / seen), (len(p) - 1) / len(p) / (p**2).sum()


def robust(values, groups, of=None):
    """Mean, error and degrees of freedom, by statsmodels but for what is ``grown`` (of all groups)."""
    from statsmodels.regression.linear_model import OLS

    fit = OLS(np.asarray(values, float), np.ones(len(values)))
    fit = fit.fit(cov_type="cluster", cov_kwds={"groups": np.asarray(groups), "use_correction": False})
    factor, freedom = grown(groups if of is None else of)
    return fit.params[0], fit.bse[0] * factor, freedom


def wilson(share, error, freedom):
    """Wilson's interval of as many independent cases as have this error, for Student's t."""
    from statsmodels.stats.proportion import proportion_confint

    n = share * (1 - share) / (error * student.ppf(0.975, freedom) / Z) ** 2
    return [100 * end for end in proportion_confint(share * n, n, method="wilson")]


def test_a_firing_rate_has_the_error_of_statsmodels():
    row = fired(CASES, cluster="site")
    assert row[ENDS].to_list() == pytest.approx(wilson(*robust(CASES["neoplasia_concern"], CASES["site"])))
    assert row["clusters"] == SITES and row["n"] == len(CASES)


def test_a_share_of_those_referred_and_net_benefit_have_the_errors_of_statsmodels():
    table, sent = weighed(CASES, cluster="site", threshold=0.2), CASES[CASES["neoplasia_concern"]]
    ends = wilson(*robust(sent["changed"], sent["site"], of=CASES["site"]))
    assert table.loc["ppv", ENDS].to_list() == pytest.approx(ends)
    worth = CASES["neoplasia_concern"].astype(float) * np.where(CASES["changed"], 1, -0.25)
    mean, error, freedom = robust(worth, CASES["site"])
    half = student.ppf(0.975, freedom) * error
    ends = [100 * (mean - half), 100 * (mean + half)]
    assert table.loc["net_benefit", ENDS].to_list() == pytest.approx(ends)


def test_what_a_reform_changes_has_the_error_of_statsmodels():
    after = BOOK.with_(replace(BOOK["neoplasia-concern"], name="also", when=fact("rare_disease")))
    rare = np.random.default_rng(3).random(len(CASES)) < CASES["site"].str[-1].astype(int) / 10
    cases, gain = CASES.assign(rare_disease=rare), 1.0 * (rare & ~CASES["neoplasia_concern"].astype(bool))
    told = {"outcome": "changed", "threshold": 0.2}
    table = reform(cases, BOOK, after, cluster="site", **told)
    same = reform(Cohort(cases, after, outcome="changed", cluster="site"), BOOK, after, threshold=0.2)
    pd.testing.assert_frame_equal(table, same)
    assert (table["clusters"] == SITES).all()
    table = table.set_index("measure")
    mean, error, freedom = robust(gain * np.where(CASES["changed"], 1, -0.25), CASES["site"])
    half = student.ppf(0.975, freedom) * error
    ends = [100 * (mean - half), 100 * (mean + half)]
    assert table.loc["net_benefit", ENDS].to_list() == pytest.approx(ends)
    # matched pairs (Agresti & Min), of so many cases as have this error
    mean, error, freedom = robust(gain, CASES["site"])
    n = mean * (1 - mean) / (error * student.ppf(0.975, freedom) / Z) ** 2
    half = Z * np.sqrt(n * mean + 1 - (n * mean) ** 2 / (n + 2)) / (n + 2)
    ends = [100 * (n * mean / (n + 2) + sign * half) for sign in (-1, 1)]
    assert table.loc["referral_rate", ENDS].to_list() == pytest.approx(ends)


def test_a_risk_ratio_beside_published_ones_has_the_error_of_statsmodels():
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    row, n = published_contrasts().query("id == 'doubt_risk_ratio'"), len(CASES)
    sides = {"doubt_risk_ratio": ("neoplasia_concern", None)}
    seen = compare(CASES, row, sides=sides, fitted_to=(), cluster="site").iloc[0]
    x = np.column_stack([CASES["neoplasia_concern"], np.ones(n)]).astype(float)
    fit = GLM(CASES["changed"].astype(float), x, family=Poisson())
    fit = fit.fit(cov_type="cluster", cov_kwds={"groups": CASES["site"], "use_correction": False})
    factor, freedom = grown(CASES["site"])
    half = student.ppf(0.975, freedom) * fit.bse.iloc[0] * factor
    ends = np.exp(fit.params.iloc[0] + np.array([-half, half]))
    assert seen[["cohort_lower", "cohort_upper"]].to_list() == pytest.approx(ends.tolist())
    assert seen["cohort_clusters"] == SITES


def test_a_rate_beside_published_ones_counts_the_clusters_of_its_denominator():
    rates, asked = published_rates().query("id == 'meyer_dx'"), CASES["sought"] & (CASES["site"] < "site 09")
    cases = CASES.assign(sought=asked)
    row = compare(cases, rates, fitted_to=(), cluster="site").iloc[0]
    inside = cases[asked]
    ends = wilson(*robust(inside["diagnosis_changed"], inside["site"]))
    assert (100 * row[["cohort_lower", "cohort_upper"]]).to_list() == pytest.approx(ends)
    assert row["cohort_clusters"] == 9


@pytest.mark.parametrize("cases", [CASES, GAPS], ids=["all known", "with gaps"])
def test_where_every_case_is_its_own_cluster_intervals_are_those_without(cases):
    alone, own = (weighed(cases, **more) for more in ({}, {"cluster": "case"}))
    assert own[["value", "min", "max"]].equals(alone[["value", "min", "max"]])
    wider = (own["upper"] - own["lower"]) / (alone["upper"] - alone["lower"]).replace(0, np.nan)
    assert wider.dropna().between(1 - 1e-9, 1.006).all() and len(wider.dropna()) > 10


def test_copies_of_a_case_tell_no_more_than_the_case():
    three = pd.concat([CASES] * 3, ignore_index=True)
    once, again = (weighed(cases, cluster="case") for cases in (CASES, three))
    assert again[ENDS].to_numpy() == pytest.approx(once[ENDS].to_numpy(), nan_ok=True)
    assert (fired(three)["upper"] - fired(three)["lower"]) < 0.6 * np.ptp(fired(three, cluster="case")[ENDS])


@pytest.mark.parametrize("cases", [CASES, GAPS], ids=["all known", "with gaps"])
def test_no_interval_is_narrower_than_without_clusters(cases):
    alone, own = (weighed(cases, **more) for more in ({}, {"cluster": "site"}))
    assert ((own["lower"] <= alone["lower"] + 1e-9) | alone["lower"].isna()).all()
    assert ((own["upper"] >= alone["upper"] - 1e-9) | alone["upper"].isna()).all()


def test_intervals_by_site_hold_the_truth_as_often_as_they_say():
    """200 logs of 25 sites with 30 cases each; sites differ (Beta 3, 7), so the truth is 30 of 100."""
    rng = np.random.default_rng(7)
    often = rng.beta(3, 7, (200, 25, 1))
    log, site, _ = np.indices((200, 25, 30)).reshape(3, -1)
    cases = pd.DataFrame(
        {"neoplasia_concern": (rng.random((200, 25, 30)) < often).ravel(), "log": log, "site": site}
    )
    covered = {}
    for cluster in (None, "site"):
        rows = firing_rates(cases, by="log", cluster=cluster, rule_book=BOOK).query("sort == 'rule'")
        covered[cluster] = ((rows["lower"] <= 30) & (rows["upper"] >= 30)).mean()
    assert 0.92 <= covered["site"] <= 0.98 and covered[None] < 0.8


ENGINES = {
    "polars": lambda cases: pytest.importorskip("polars").from_pandas(cases),
    "polars, lazy": lambda cases: pytest.importorskip("polars").from_pandas(cases).lazy(),
    "duckdb": lambda cases: pytest.importorskip("duckdb").from_df(cases),
}


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_every_engine_counts_the_same(engine):
    own = engine(GAPS)
    pd.testing.assert_frame_equal(weighed(own, cluster="site"), weighed(GAPS, cluster="site"))
    rows = [firing_rates(x, by="sought", cluster="site", rule_book=BOOK) for x in (own, GAPS)]
    pd.testing.assert_frame_equal(*rows)
    seen = [compare(x, fitted_to=(), cluster="site")["cohort_upper"] for x in (own, GAPS)]
    assert seen[0].equals(seen[1])


def test_groups_count_their_own_clusters():
    table = firing_rates(CASES, by="sought", cluster="site", rule_book=BOOK).query("sort == 'rule'")
    for said, part in zip(("no", "yes"), (CASES[~CASES["sought"]], CASES[CASES["sought"]]), strict=True):
        row = table[table["group"] == said].iloc[0]
        alone = fired(part, cluster="site")
        assert row[[*ENDS, "clusters"]].to_list() == pytest.approx(alone[[*ENDS, "clusters"]].to_list())


def test_one_cluster_tells_nothing_of_others():
    with pytest.raises(SecondopError, match="These are cases of one 'site' alone"):
        firing_rates(CASES[CASES["site"] == "site 01"], cluster="site", rule_book=BOOK)
    by_site = firing_rates(CASES, by="site", cluster="site", rule_book=BOOK)
    assert (by_site["clusters"] == 1).all() and by_site[ENDS].isna().all(axis=None)
    some = CASES.assign(ward=np.where(CASES["site"] == "site 01", "a", "b"))
    table = firing_rates(some, cluster="site", by="ward", rule_book=BOOK).query("sort == 'rule'")
    row = table[table["group"] == "a"].iloc[0]
    assert row["clusters"] == 1 and row[ENDS].isna().all() and row["value"] > 0
    drawn = figures.firing_rates(table)
    assert not any("nan" in text for trace in drawn.data for text in trace.hovertext or ())
    cases = CASES.assign(sought=CASES["site"] == "site 01")
    seen = compare(cases, published_rates().query("id == 'meyer_dx'"), fitted_to=(), cluster="site").iloc[0]
    assert seen["verdict"] == "undetermined" and "of one cluster" in seen["reason"]


def test_the_decision_curve_and_wide_tables_carry_clusters_and_figures_draw_them():
    table = decision_curve(CASES, outcome="changed", cluster="site", rule_book=BOOK)
    assert (table["clusters"] == SITES).all() and table.attrs["cluster"] == "site"
    assert (wide(table)["clusters"] == SITES).all()
    assert (
        figures.decision_curve(table).data
        and figures.firing_rates(firing_rates(CASES, cluster="site", rule_book=BOOK)).data
    )


@pytest.mark.parametrize("gap", [None, "", "unknown", " N/A "])
def test_a_case_of_nobody_known_is_refused_and_not_put_with_others(gap):
    cases = CASES.astype({"site": object})
    cases.loc[[3, 5], "site"] = gap
    with pytest.raises(SecondopError, match="2 cases do not say in 'site'"):
        firing_rates(cases, cluster="site", rule_book=BOOK)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(SecondopError, match="Did you mean 'site'"):
        tradeoff(CASES, outcome="changed", cluster="sites", rule_book=BOOK)


COHORT = Cohort(CASES, BOOK, outcome="changed", cluster="site", flags={"sought": "sought"})
WITHOUT = {
    "attrition": lambda c: attrition(c, rule_book=BOOK),
    "overlap": lambda c: overlap(c, rule_book=BOOK),
    "all_books": lambda c: all_books(c, outcome="changed", rule_book=BOOK),
}


@pytest.mark.parametrize("counted", WITHOUT.values(), ids=WITHOUT)
def test_what_has_no_intervals_by_cluster_says_so(counted):
    with pytest.raises(SecondopError, match="counts by 'site'"):
        counted(COHORT)


def test_what_has_no_intervals_at_all_takes_a_cohort_with_clusters():
    assert flow(COHORT, rule_book=BOOK)["cases"].sum() > 0
    assert of_100(COHORT, "recommended", rule_book=BOOK)["people"].sum() == 100
    assert weighed(COHORT)[ENDS].equals(weighed(CASES, cluster="site")[ENDS])


def test_errors_corrected_less_introduced_have_no_intervals_by_cluster():
    cases = CASES.assign(error_corrected=True, error_introduced=False)
    with pytest.raises(SecondopError, match="leave cluster= away"):
        tradeoff(cases, outcome="net_corrected", cluster="site", rule_book=BOOK)


@pytest.mark.parametrize(
    "sizes",
    [[200] * 5, [400, 200, 100, 100, 60, 40, 40, 30, 20, 10], [600, 200, 100, 60, 40]],
    ids=["5 equal", "10 uneven", "5 uneven"],
)
def test_intervals_cover_the_truth_however_uneven_the_sites_are(sizes):
    """Sites that differ, drawn 300 times; without the correction for uneven ones 83 % are covered."""
    rng, sites, hits = np.random.default_rng(1), len(sizes), 0
    for _ in range(300):
        yes = rng.binomial(sizes, rng.beta(3, 7, sites))
        own = np.zeros((sites, 3, 3))
        own[:, 1, 0], own[:, 0, 0] = yes, sizes - yes
        counts = own.sum(0)[None]
        squares = with_clusters(counts, own, np.zeros(sites, int))
        (found,) = table(counts, squares, measures=["referral_rate"])["referral_rate"]
        hits += found[3] <= 30 <= found[4]
    assert hits / 300 >= 0.92
