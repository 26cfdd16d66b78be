"""Scenarios: what a file may say, what is refused, and what a reader sees."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secondop.cohorts.parameters import FACTS, Parameter
from secondop.cohorts.scenario import Scenario, load_scenario, read_scenario
from secondop.errors import SecondopError, UnknownNameError

NAMES = ["programme", "general", "surgical", "oncology"]


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_states_its_range_its_basis_and_where_it_comes_from(name):
    frame = load_scenario(name).to_frame()
    assert (frame["lower"] <= frame["value"]).all() and (frame["value"] <= frame["upper"]).all()
    assert frame["basis"].isin(["cited", "assumed", "fitted"]).all()
    assert (frame["citation"].str.len() > 0).all()
    varied = (frame["lower"] < frame["upper"]) | frame["value"].isin([0, 1])
    assert varied.all(), frame[~varied]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_survives_its_own_file(name):
    scenario = load_scenario(name)
    assert read_scenario(scenario.to_toml()) == scenario


@settings(max_examples=25, deadline=None)
@given(
    share=st.floats(0, 1),
    loading=st.floats(-0.9, 0.9),
    why=st.text(st.characters(blacklist_categories=["Cs"]), max_size=30),
)
def test_any_value_and_any_text_survives_the_file(share, loading, why):
    scenario = load_scenario("general").replace(
        {
            "facts.rare_disease.share": Parameter(share, 0.0, 1.0, "assumed", why),
            "facts.neoplasia_concern.difficulty": loading,
            "facts.neoplasia_concern.gravity": 0.1,
        }
    )
    assert read_scenario(scenario.to_toml()) == scenario


def test_an_unknown_scenario_lists_those_that_exist():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'general'\? There are: general, oncology"):
        load_scenario("generall")


FAULTS = """
name = "mine"
extends = "general"
[defaults]
basis = "guessed"
[readers]
first_rite = 0.8
anchoring = "strong"
[sought]
share = { value = 0.2, lower = 0.3, upper = 0.5, basis = "cited" }
[facts]
rare_diseese = { share = 0.1 }
suspicion = { shares = [0.4, 0.4, 0.4, 0.1] }
neoplasia_concern = { share = 1.2, difficulty = 0.9, gravity = 0.9 }
treatment_risk = { shares = [0.5, 0.5] }
complicated_disease = { given = "procedure_proposed", missing = 1.0 }
disease_control = { given = "symptom_severity", is = ["severe"] }
symptom_severity = { given = "disease_control", is = ["uncontrolled"], otherwise = "none" }
unsure_of_diagnosis = { given = "rare_disease" }
first_line_weeks = { breaks = [0, 4, 2] }
"""


def test_every_fault_is_told_at_once():
    with pytest.raises(SecondopError) as error:
        read_scenario(FAULTS)
    for sentence in [
        "there is no parameter 'readers.first_rite'",
        "readers.anchoring needs a number, not 'strong'",
        "sought.share: 0.2 is outside its own range 0.3 to 0.5",
        "sought.share is cited, so it needs a citation",
        "there is no fact 'rare_diseese'. Did you mean 'rare_disease'?",
        "the shares of fact 'suspicion' add up to 1.3, not to 1",
        "facts.suspicion.shares.none: the basis is one of cited, assumed, fitted, not 'guessed'",
        "facts.neoplasia_concern.share and its range lie in 0 to 1, not at 1.2",
        "facts.neoplasia_concern.difficulty and facts.neoplasia_concern.gravity: their squares add up to",
        "fact 'treatment_risk' has 3 answers, so it needs as many shares, not 2",
        "fact 'complicated_disease' is given 'procedure_proposed': say is = some of none, invasive",
        "facts.complicated_disease.missing and its range lie in 0 to 0.99, not at 1",
        "fact 'disease_control' is given 'symptom_severity': say otherwise = one of uncontrolled",
        "fact 'disease_control' is given itself: disease_control given symptom_severity given dis",
        "'unsure_of_diagnosis' drives the search for an opinion, so it cannot be given another fact",
        "fact 'first_line_weeks' needs breaks that rise within 0 to 5,200",
    ]:
        assert sentence in str(error.value)


def test_a_scenario_that_leaves_something_out_says_what():
    with pytest.raises(SecondopError) as error:
        Scenario("empty", "nothing", {})
    assert str(error.value).startswith("73 problems in scenario 'empty':")
    assert "it does not state sought.share." in str(error.value)
    assert "fact 'suspicion' does not state facts.suspicion.shares.none" in str(error.value)


def test_what_extends_a_fitted_scenario_assumes_its_numbers_and_remembers_the_rates():
    programme, general = load_scenario("programme"), load_scenario("general")
    assert programme.parameters["readers.second_odds"].basis == "fitted"
    carried = general.parameters["readers.second_odds"]
    assert (carried.basis, carried.value) == ("assumed", programme["readers.second_odds"])
    assert "carried over from the scenario 'programme'" in carried.citation
    assert programme.fitted_to == general.fitted_to
    assert load_scenario("oncology").fitted_to == (*programme.fitted_to, "ruetters_seek")


def test_replacing_gives_another_scenario_and_leaves_the_first_alone():
    before = load_scenario("programme")
    after = before.replace({"sought.share": 0.95})
    assert (before["sought.share"], after["sought.share"]) == (0.6, 0.95)
    assert after.parameters["sought.share"] == Parameter(0.95, 0.3, 0.95, "assumed", "set by hand")
    assert after.fitted_to == before.fitted_to


def test_the_other_shares_of_a_fact_give_way_in_proportion():
    shares = (
        load_scenario("general").replace({"facts.treatment_risk.shares.high": 0.515}).shares("treatment_risk")
    )
    assert shares == pytest.approx({"low": 0.375, "moderate": 0.11, "high": 0.515})


def test_replacing_refuses_all_that_does_not_exist():
    with pytest.raises(SecondopError) as error:
        load_scenario("general").replace({"sought.shar": 0.1, "facts.sex.shares.males": 0.5, "sex": 1})
    assert str(error.value).startswith("3 problems in scenario 'general':")
    assert "Did you mean 'sought.share'?" in str(error.value)
    assert "Did you mean 'facts.sex.shares.male'?" in str(error.value)


def test_a_loading_that_was_not_stated_can_be_set():
    scenario = load_scenario("general")
    assert scenario["facts.sex.gravity"] == 0 and "facts.sex.gravity" not in scenario.parameters
    assert scenario.replace({"facts.sex.gravity": 0.2})["facts.sex.gravity"] == 0.2


def test_it_shows_what_is_assumed_and_what_it_was_fitted_to():
    scenario = load_scenario("programme")
    assumed = (scenario.to_frame()["basis"] == "assumed").sum()
    for shown in (repr(scenario), scenario._repr_html_()):
        assert f"{assumed} assumed, 4 fitted. Fitted to meyer_dx, meyer_tx, meyer_both" in shown
        assert all(fact.label in shown for fact in FACTS.values())
    nasty = Scenario("x", "<script>", scenario.parameters, scenario.shapes)
    assert "<script>" not in nasty._repr_html_() and "&lt;script&gt;" in nasty._repr_html_()


@pytest.mark.parametrize("text", ["a." * 20_000 + "a = 1", "[" + "a." * 20_000 + "a]", "#" * 1_100_000])
def test_a_text_that_would_take_gigabytes_to_parse_is_refused_before(text):
    with pytest.raises(SecondopError, match="this text is longer"):
        read_scenario(text)
