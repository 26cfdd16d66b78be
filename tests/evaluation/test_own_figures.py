"""Own figures beside published ones, and real patients, who are never called simulated."""

import numpy as np
import pandas as pd
import pytest

from secondop import (
    SecondopError,
    calibrate,
    compare,
    figures,
    fit_report,
    published_rates,
    rate,
    simulate,
    triage_lifts,
)
from secondop.evaluation.contrasts import wilson
from secondop.evaluation.published import published_contrasts
from tests.figures.seen import hovers, title

OWN = {"outcome": "diagnosis_changed", "denominator": "second opinions obtained", "n": 200, "numerator": 31}
CASES = pd.DataFrame({"sought": True, "diagnosis_changed": np.arange(400) < 60})
RATES = published_rates()


def test_an_own_rate_has_its_share_and_wilsons_interval():
    row = rate("clinic", **OWN).iloc[0]
    assert row["rate"] == 31 / 200 and (row["lower"], row["upper"]) == pytest.approx(wilson(31, 200))
    assert row["interval"] == "Wilson from count" and row["role"] == "validate"


def test_an_own_rate_has_the_columns_of_the_published_ones_and_stands_beside_them():
    both = pd.concat(
        [rate("clinic", **OWN), rate("second", **OWN | {"n": 90}, year=2025), RATES], ignore_index=True
    )
    assert list(both.columns) == list(RATES.columns)
    table = compare(CASES, both, fitted_to=()).set_index("id")
    assert table.loc[["clinic", "second"], "verdict"].to_list() == ["within", "outside"]
    assert (
        table.loc["meyer_dx", "verdict"]
        == compare(CASES, fitted_to=()).set_index("id").loc["meyer_dx", "verdict"]
    )
    figure = figures.compare(table.reset_index())
    words = " ".join([*hovers(figure), *(note.text for note in figure.layout.annotations)])
    assert "own figures" in words and "nan" not in words and "NA" not in words


def test_words_are_forgiven_case_blanks_and_hyphens():
    row = rate(
        "clinic", **OWN | {"outcome": "Diagnosis-changed", "denominator": " Second opinions obtained "}
    ).iloc[0]
    assert [row["outcome"], row["denominator"]] == [OWN["outcome"], OWN["denominator"]]


def test_a_scenario_is_solved_for_an_own_rate():
    mine = rate("clinic", **OWN, role="calibrate")
    solved = calibrate("programme", mine)
    assert fit_report(solved).loc["rates.diagnosis_changed_sought", "got"] == pytest.approx(0.155, abs=1e-3)
    table = compare(simulate(solved, 2_000, seed=1), mine)
    assert "clinic" in solved.fitted_to and table["verdict"].item() == "fitted"


REFUSED = {
    # what was given                            the message says
    "more than there are": ({"numerator": 201}, "201, is more than the n that it is of, 200"),
    "below 0": ({"numerator": -1}, "numerator is a whole number, 0 or more"),
    "a half": ({"numerator": 31.5}, "numerator is a whole number"),
    "per cent": ({"numerator": "22%"}, "numerator is a whole number"),
    "of nobody": ({"n": 0}, "n is a whole number, 1 or more"),
    "a misspelt outcome": ({"outcome": "diagnosis_chanced"}, "Did you mean 'diagnosis_changed'"),
    "a misspelt denominator": ({"denominator": "second opinion"}, "Did you mean 'second opinions obtained'"),
    "no outcome": ({"outcome": None}, "outcome is a text"),
    "another role": ({"role": "context"}, "There are: calibrate, validate"),
    "a year in words": ({"year": "2020"}, "year is a whole number"),
    "no words": ({"study": None}, "study is a text"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_rate_is_refused(given, said):
    with pytest.raises(SecondopError, match=said):
        rate("clinic", **OWN | given)


@pytest.mark.parametrize("name", ["meyer_dx", "doubt_risk_ratio", "", " ", None])
def test_an_own_rate_has_a_name_of_its_own(name):
    with pytest.raises(SecondopError, match="id is"):
        rate(name, **OWN)


def test_everything_that_is_wrong_is_said_at_once():
    for numbers, lines in ({"n": 0, "numerator": -1, "year": 0}, 8), ({"n": 3, "numerator": 5}, 6):
        with pytest.raises(SecondopError) as error:
            rate("meyer_dx", outcome="x", denominator="y", role="z", **numbers)
        assert len(str(error.value).splitlines()) == lines


def test_figures_of_one_id_or_without_a_denominator_are_refused():
    with pytest.raises(SecondopError, match="clinic: two figures have this id"):
        compare(CASES, pd.concat([rate("clinic", **OWN)] * 2), fitted_to=())
    with pytest.raises(SecondopError, match="clinic: outcome, denominator is missing"):
        compare(CASES, rate("clinic", **OWN).assign(outcome=None, denominator=np.nan), fitted_to=())


BLANKS = {
    "no remark": {"remark": np.nan},
    "no year": {"year": pd.NA},
    "only an upper end": {"lower": np.nan, "interval": "published"},
    "only a lower end": {"upper": np.nan, "interval": "published"},
    "no interval": {"lower": np.nan, "upper": np.nan, "interval": "none"},
}


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize(
    "cases", [CASES, CASES.head(0), CASES.assign(diagnosis_changed=None)], ids=["known", "none", "unknown"]
)
def test_no_reason_says_nan_or_infinite(blank, cases):
    table = compare(cases, rate("clinic", **OWN).assign(**blank), fitted_to=())
    figure = figures.compare(table)
    said = [table["reason"].item(), *hovers(figure), title(figure)]
    assert not any(
        word in text.replace("<br>", " ").split() for text in said for word in ("nan", "inf", "NA", "<NA>")
    )


def words(figure):
    said = [title(figure), *hovers(figure), *(trace.name or "" for trace in figure.data)]
    return " ".join([*said, *(note.text for note in figure.layout.annotations)]).replace("<br>", " ").lower()


DOUBT = published_contrasts().query("id == 'doubt_risk_ratio'")
TRUTH = simulate("oncology", 500, seed=1)
DRAWN = {
    "rates": lambda cases: figures.compare(compare(cases, fitted_to=())),
    "contrasts": lambda cases: figures.compare(
        compare(cases, DOUBT, fitted_to=(), sides={"doubt_risk_ratio": ("sought", None)})
    ),
    "triage": lambda cases: figures.triage_lifts(triage_lifts(cases, ["urgent"])),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_real_patients_are_never_called_simulated_and_simulated_ones_are(draw):
    assert "simulated" in words(draw(TRUTH))
    real = TRUTH.drop(columns=["difficulty", "gravity", "contest"])
    real.attrs = {}
    assert "simulated" not in words(draw(real)) and "own cases" in words(draw(real))


def test_a_table_that_lost_what_it_says_of_itself_speaks_of_a_cohort():
    table = compare(CASES, fitted_to=())
    assert table.attrs["simulated"] is False
    table.attrs = {}
    said = words(figures.compare(table))
    assert "the cohort" in said and "simulated" not in said and "own cases" not in said
