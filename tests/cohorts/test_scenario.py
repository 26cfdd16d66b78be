"""Scenarios: what a file may say, what is refused, and what a reader sees."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondop.cohorts.parameters import RATES, Parameter
from secondop.cohorts.scenario_file import load_scenario, read_scenario
from secondop.datafiles import data_path
from secondop.errors import SecondopError, UnknownNameError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.facts import count, flag, ordered
from secondop.rules.rulebook import RuleBook
from secondop.rules.rules import Indication, Source

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
def test_a_value_said_to_lie_within_some_figures_does(name):
    for path, p in load_scenario(name).parameters.items():
        figures = [float(x) / 100 for x in re.findall(r"([\d.]+) %", p.citation)]
        if "assumed within" in p.citation and figures:
            assert min(figures) <= p.value <= max(figures), path


ALLOWED = {
    # changes of treatment among all cases: what mandatory programmes and outpatient error rates allow
    "general": (0.06, 0.20),
    "surgical": (0.10, 0.20),
    "oncology": (0.08, 0.20),
    "programme": (0.23, 0.37),
}


@pytest.mark.parametrize("name", NAMES)
def test_base_rates_are_stated_with_their_range_and_never_below_what_seekers_alone_make(name):
    scenario = load_scenario(name)
    treated = scenario.parameters["rates.treatment_changed"]
    assert (treated.lower, treated.upper) == ALLOWED[name]
    for outcome in ("diagnosis_changed", "treatment_changed"):
        seekers = scenario["rates.sought"] * scenario[f"rates.{outcome}_sought"]
        assert scenario[f"rates.{outcome}"] > seekers


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_survives_its_own_file(name, tmp_path):
    scenario = load_scenario(name)
    again = read_scenario(scenario.to_toml())
    assert again == scenario
    for fact, strata in scenario.structure.strata.items():  # the first that is met counts
        assert [*again.structure.strata[fact]] == [*strata]
    (tmp_path / "mine.toml").write_text(scenario.to_toml(), "utf-8")
    assert read_scenario(tmp_path / "mine.toml") == read_scenario(str(tmp_path / "mine.toml")) == scenario


def test_parameters_keep_the_order_of_the_file():
    raw = tomllib.loads(data_path("scenarios/programme.toml").read_text("utf-8"))["effects"]
    stated = [f"effects.{effect}.{key}" for effect, own in raw.items() for key in own]
    read = [path for path in load_scenario("programme").parameters if path.startswith("effects.")]
    assert len(read) > 5 and read == [path for path in stated if path in read]


@given(
    share=st.floats(0, 1),
    correlation=st.floats(-0.9, 0.9),
    why=st.text(st.characters(blacklist_categories=["Cs"]), max_size=30),
)
def test_any_value_and_any_text_survives_the_file(share, correlation, why):
    scenario = load_scenario("general").replace(
        {
            "facts.rare_disease.share": Parameter(share, 0.0, 1.0, "assumed", why),
            "facts.hereditary_condition_suspected.difficulty": correlation,
            "facts.hereditary_condition_suspected.gravity": 0.1,
        }
    )
    assert read_scenario(scenario.to_toml()) == scenario


def test_an_unknown_scenario_or_file_is_told():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'general'\? There are: general, oncology"):
        load_scenario("generall")
    with pytest.raises(SecondopError, match=r"There is no file 'not/there\.toml'"):
        read_scenario("not/there.toml")


FAULTS = """
name = "mine"
extends = "general"
[readers]
anchoring = "strong"
[sought]
wish = { value = 1, sd = 2 }
[nonsense]
a = 1
[facts]
rare_diseas = { share = 0.1 }
new_finding = { shares = [0.5, 0.5] }
"""
TAKES = "a number, or its value, lower, upper (numbers), basis and citation (texts)"
FOUND = [
    f"readers.anchoring takes {TAKES}; not value = 'strong'.",
    f"sought.wish takes {TAKES}; not sd = 2.",
    "there is no parameter 'nonsense'.",
    "there is no fact 'rare_diseas'. Did you mean 'rare_disease'?",
    "facts.new_finding has 6 answers, so it needs as many shares, not 2.",
]


def test_every_fault_of_a_file_is_told_at_once():
    with pytest.raises(SecondopError) as error:
        read_scenario(FAULTS)
    assert [line.strip() for line in str(error.value).splitlines()] == [
        "5 problems in scenario 'mine':",
        *FOUND,
    ]


EVERY = """
name = 3
extends = "general"
wish = { fact = "wants_second_opinion" }
[rates]
sought = { value = 0.1, lower = 0.2, upper = 0.3 }
[effects]
doubt = { when = { rule = "no-such-rule" }, measure = "ratio", wen = 1 }
[facts]
sex = { by = { x = { when = { fact = "sexx", is = ["male"] }, answer = "male" } } }
suspicion = { shares = [0.5, 0.4] }
symptom_course = { shares = [0.5, 0.5, 0.5, 0] }
rare_disease = { answer = "yes" }
"""
PLACED = [
    "10 problems in scenario 'without a name':",
    "name is text, not 3.",
    "there is no parameter 'effects.doubt.wen'. Did you mean 'effects.doubt.when'?",
    "facts.suspicion has 4 answers, so it needs as many shares, not 2.",
    "rates.sought: 0.1 is outside its own range 0.2 to 0.3.",
    "effects.doubt.measure is one of risk ratio, odds ratio, not 'ratio'.",
    "effects.doubt.when: There is no rule 'no-such-rule'.",
    "wish: This is not a condition of a scenario: {'fact': 'wants_second_opinion'}. Its keys are",
    "facts.sex.by.x.when: There is no fact 'sexx'.",
    "facts.rare_disease: the answer is true or false, not 'yes'.",
    "the shares of facts.symptom_course add up to 1.5, not to 1.",
]


def test_faults_of_the_file_its_numbers_and_its_conditions_are_told_at_once_with_their_places():
    with pytest.raises(SecondopError) as error:
        read_scenario(EVERY)
    lines = [line.strip() for line in str(error.value).splitlines()]
    assert len(lines) == len(PLACED)
    assert all(line.startswith(said) for line, said in zip(lines, PLACED, strict=True)), lines


UNFIT = [
    # what is stated beside "general"; what is said
    ("fitted_to = 3", "fitted_to is a list of ids, not 3."),
    ("fitted_to = 'meyer_dx'", "fitted_to is a list of ids, not 'meyer_dx'."),
    ("title = ['a']", "title is text, not ['a']."),
    ("defaults = { bas = 'cited' }", "defaults is a table with a basis and a citation, not {'bas'"),
    ("facts = 3", "facts is a table, not 3."),
    ("effects.x = 3", "effects.x is a table, not 3."),
    ("facts.sex = 3", "facts.sex is a table"),
    ("facts.sex.by = 3", "facts.sex.by is a table"),
    ("facts.sex.by.x = 3", "facts.sex.by.x is a table"),
    ("facts.sex.by.x.answer = 'male'", "it does not state facts.sex.by.x.when."),
    ("facts.rare_disease = { answer = true, share = 0.2 }", "states an answer or share, not both."),
    ("facts.first_line_weeks = { breaks = '0 1', shares = [1] }", "numbers that rise, from 0 to 5,200, not"),
    ("facts.first_line_weeks = { breaks = ['0', '1'], shares = [1] }", "from 0 to 5,200, not ['0', '1']"),
    ("facts.first_line_weeks = { breaks = [2, 1], shares = [1] }", "numbers that rise, from 0 to 5,200, not"),
    ("facts.first_line_weeks = { breaks = [-5, 1], shares = [1] }", "rise, from 0 to 5,200, not [-5, 1]"),
    ("facts.sex.breaks = [0, 1]", "facts.sex.breaks is stated of numbers alone, not [0, 1]."),
    ("rates.sought = { value = 0.1, citation = 3 }", f"rates.sought takes {TAKES}; not citation = 3."),
    ("effects.mine = { when = { rule = 'ambiguous-pathology' }, contrast = 2 }",
     "effects.mine states a contrast, so it needs solve: one of first_right, treatment_changed."),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "said"), UNFIT)
def test_what_has_not_the_form_due_is_told(stated, said):
    with pytest.raises(SecondopError) as error:
        read_scenario(f"extends = 'general'\n{stated}\n")
    assert said in str(error.value)


ONCE = [
    # what is faulty; the one thing that is said
    ("facts.rare_disease.share = 2", "facts.rare_disease.share and its range lie in 0 to 1, not at 2."),
    (
        "facts.suspicion.shares = [0.5, 0.5, 0, 'x']",
        f"facts.suspicion.shares.high takes {TAKES}; not value = 'x'.",
    ),
    ("facts.drug_trials.shares = [0.5, 'b']", f"facts.drug_trials.shares.1 takes {TAKES}; not value = 'b'."),
    (
        "facts.suspicion.shares = { hihg = 1 }",
        "facts.suspicion has no answer 'hihg'. Did you mean 'high'? It has",
    ),
    ("facts.drug_trials.shares = { 1 = 1 }", "no answer '1'. It has 0, 1, 2 and so on, none left out."),
    ("facts.rare_disease.shares = [0.5, 0.5]", "is yes or no: state its share, that of yes, and no shares."),
    ("facts.first_line_weeks = { breaks = [2, 1], shares = [1] }", "numbers that rise, from 0 to 5,200, not"),
    (
        "facts.suspicion.by.x = { when = { fact = 'sex', is = ['male'] }, shares = [1, 0, 0, 'x'] }",
        "facts.suspicion.by.x.shares.high takes",
    ),
    (
        "facts.sex.share = 0.5",
        "facts.sex.share is stated of a yes-or-no fact: sex takes one of female, male, other.",
    ),
    ("rates.sought = 20", "rates.sought and its range lie in 0 to 1, not at 20."),
    ("rates.sought = '20 %'", f"rates.sought takes {TAKES}; not value = '20 %'."),
]


@pytest.mark.parametrize(("stated", "said"), ONCE)
def test_one_fault_is_told_once_and_not_what_follows_from_it(stated, said):
    with pytest.raises(SecondopError) as error:
        read_scenario(f"extends = 'general'\n{stated}\n")
    told = str(error.value).splitlines()
    assert said in told[1] and len(told) == 2, told


MALE = "{ fact = 'sex', is = ['male'] }"
CONDITIONS = [
    "rule = 'ambiguous-pathology'", "fact = 'sex', is = ['male']", "fact = 'drug_trials', at_least = 2",
    f"all = [{MALE}]", f"any = [{MALE}]", f"not = {MALE}",
]  # fmt: skip


@pytest.mark.parametrize("stated", CONDITIONS)
def test_a_condition_is_read_and_with_one_key_too_many_refused(stated):
    text = "extends = 'general'\nwish = { %s }\n"
    assert read_scenario(text % stated).structure.conditions["wish"].facts
    with pytest.raises(SecondopError, match="wish: This is not a condition of a scenario"):
        read_scenario(text % f"{stated}, more = 1")


@pytest.mark.parametrize("stated", ["all = []", "any = []", "fact = 'rare_disease', is = ['yes', 'no']"])
def test_a_condition_of_nothing_is_refused(stated):
    with pytest.raises(SecondopError, match="wish: This is not a condition of a scenario"):
        read_scenario(f"extends = 'general'\nwish = {{ {stated} }}\n")


@pytest.mark.parametrize("source", [None, {}, 3])
def test_what_is_neither_a_path_nor_a_text_is_told(source):
    with pytest.raises(SecondopError, match="is read from a path or a text in TOML, not"):
        read_scenario(source)


def test_a_file_in_another_encoding_and_a_path_without_an_ending_are_told(tmp_path):
    (tmp_path / "mine.toml").write_bytes("title = 'Größe'".encode("latin-1"))
    with pytest.raises(SecondopError, match="is not text in UTF-8: save it as such"):
        read_scenario(tmp_path / "mine.toml")
    with pytest.raises(SecondopError, match="There is no file 'clinic'"):
        read_scenario("clinic")


def test_some_cases_of_a_number_have_shares_of_the_same_bands():
    text = (
        "extends = 'general'\n[facts]\nfirst_line_weeks.by.x = { when = { fact = 'sex', is = ['male'] }, %s }"
    )
    scenario = read_scenario(text % "shares = [0, 0, 0, 0, 0, 0, 1]")
    assert list(scenario.shares("first_line_weeks", "x").values()) == [0, 0, 0, 0, 0, 0, 1]
    assert scenario.shares("first_line_weeks").keys() == scenario.shares("first_line_weeks", "x").keys()


WRONG = [
    # section, and what is stated there beside "general"; what is said
    ("readers", "first_rite = 0.8", "there is no parameter 'readers.first_rite'."),
    ("outcomes", "plan_dropped = 1.2", "outcomes.plan_dropped and its range lie in 0 to 1, not at 1.2."),
    ("outcomes", "plan_dropped = { value = 0.2, lower = 0.3 }", "0.2 is outside its own range 0.3 to"),
    ("facts", "rare_disease.share = { value = 0.1, basis = 'guessed' }", "the basis is one of cited"),
    ("facts", "rare_disease.share = { value = 0.1, basis = 'cited', citation = '' }", "a citation"),
    ("facts", "symptom_course = { shares = [0.5, 0.5, 0.5, 0] }", "add up to 1.5, not to 1."),
    ("facts", "rare_disease = { difficulty = 0.9, gravity = 0.9 }", "squares of the correlations of"),
    ("facts", "condition = { gravity = 0.2 }", "fact 'condition' may not load on a trait."),
    ("facts", "sex.by.x = { when = { fact = 'sex', is = ['male'] }, answer = 'male' }", "on itself"),
    ("facts", "sex.by.phimosis.answer = 'men'", "is one of female, male, other, not 'men'."),
    ("facts", "sex.by.x = { when = { fact = 'sexx', is = ['male'] }, answer = 'male' }", "mean 'sex'"),
    ("facts", "sex.by.x = { when = { facts = 1 }, answer = 'male' }", "not a condition of a scenario"),
    ("rates", "treatment_changed = 0.05", "rates.treatment_changed lies between 0.0557 and"),
    ("rates", "both_changed_sought = 0.2", "rates.both_changed_sought lies between 0 and 0.148, not at 0.2."),
    ("facts", f"drug_trials.shares = {[1.0] + [0] * 51}", "states 52 shares, more than answers"),
    ("facts", f"drug_trials.by.treated.shares = {[1.0] + [0] * 300}", "states 301 shares"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "stated", "said"), WRONG)
def test_what_cannot_hold_is_refused(section, stated, said):
    text = f"name = 'mine'\nextends = 'general'\n[{section}]\n{stated}\n"
    with pytest.raises(SecondopError) as error:
        read_scenario(text)
    assert said in str(error.value)


def test_a_scenario_that_leaves_something_out_says_what():
    with pytest.raises(SecondopError) as error:
        read_scenario('name = "mine"\n[facts]\nrare_disease = { share = 0.1 }\n')
    for rate in RATES:
        assert f"it does not state rates.{rate}." in str(error.value)


BOOK = RuleBook(
    "Imaging", subject="imaging review", version="1", sources=[Source("sop", "Our SOP")],
    rules=[Indication("early", "An early scan", level="recommended", group="overuse", source="sop",
        when=(ordered("scan", "none xray ct", "Which?") >= "ct") & ~flag("red_flag", "A red flag?")
        & (count("visits", 20, "visits", "How many?") < 3))],
)  # fmt: skip
OWN = """
name = "clinic"
extends = "general"
wish = { fact = "scan", is = ["ct"] }
intervention = { not = { fact = "scan", is = ["none"] } }
[facts]
scan = { shares = [0.5, 0.3, 0.2] }
red_flag = { share = 0.1, difficulty = 0.2 }
visits = { shares = [0.2, 0.5, 0.3], contest = 0.2 }
[effects.doubt]
when = { fact = "red_flag", is = ["yes"] }
[effects.complexity]
when = { rule = "early" }
[effects.procedure]
when = { fact = "scan", is = ["ct"] }
against = { fact = "scan", is = ["xray"] }
"""


def test_an_own_book_has_a_scenario_of_its_own_facts():
    from secondop.cohorts.calibrate import calibrate
    from secondop.cohorts.simulate import simulate
    from secondop.rules.assess import assess

    cohort = simulate(read_scenario(OWN, rule_book=BOOK), 4_000, seed=1)
    assert list(cohort.columns[:3]) == ["scan", "red_flag", "visits"]
    assert assess(cohort, BOOK)["recommendation"].isin(["no_indication", "recommended"]).all()
    assert calibrate(read_scenario(OWN, rule_book=BOOK)).structure.rule_book is BOOK


def test_an_effect_that_is_said_to_be_empty_is_no_longer_there():
    text = OWN[: OWN.index("[effects.complexity]")] + "[effects.complexity]\n[effects.procedure]\n"
    scenario = read_scenario(text, rule_book=BOOK)
    assert list(scenario.structure.effects) == ["doubt"]
    assert not [path for path in scenario.parameters if "complexity" in path or "procedure" in path]


def test_a_fact_of_another_kind_takes_nothing_over_from_one_of_the_same_name():
    book = RuleBook("Mine", subject="review", version="1", sources=[Source("sop", "Our SOP")],
        rules=[Indication("a", "A", level="urgent", group="g", source="sop",
            when=ordered("sex", "x y", "Which?") >= "y")],
    )  # fmt: skip
    with pytest.raises(SecondopError, match=r"facts\.sex does not state facts\.sex\.shares\.x, facts"):
        read_scenario("extends = 'general'\n", rule_book=book)


def test_replacing_gives_another_scenario_and_leaves_the_first_alone():
    scenario = load_scenario("general")
    other = scenario.replace({"outcomes.plan_dropped": 0.9})
    assert (scenario["outcomes.plan_dropped"], other["outcomes.plan_dropped"]) == (0.5, 0.9)
    moved = other.parameters["outcomes.plan_dropped"]
    assert (moved.upper, moved.basis, moved.citation) == (0.9, "assumed", "set by hand")
    assert other.fitted_to == scenario.fitted_to


def test_the_other_shares_of_a_fact_give_way_in_proportion_within_its_stratum():
    scenario = load_scenario("general")
    before = scenario.shares("pathology_result", "cancer")
    other = scenario.replace({"facts.pathology_result.by.cancer.shares.ambiguous": 0.54})
    after = other.shares("pathology_result", "cancer")
    assert after["ambiguous"] == 0.54 and sum(after.values()) == pytest.approx(1)
    assert after["clear"] / after["none"] == pytest.approx(before["clear"] / before["none"])
    assert other.shares("pathology_result") == scenario.shares("pathology_result")


def test_a_correlation_that_was_not_stated_is_0_and_can_be_set():
    scenario = load_scenario("general")
    assert scenario["facts.imaging_available.difficulty"] == 0.0
    assert (
        scenario.replace({"facts.imaging_available.difficulty": 0.3})["facts.imaging_available.difficulty"]
        == 0.3
    )
    for path in ("facts.imaging.difficulty", "sought.wishes.more", "effects.no.first_right"):
        with pytest.raises(UnknownNameError):
            scenario[path]


def test_it_shows_what_is_assumed_and_what_it_was_fitted_to():
    scenario = load_scenario("programme")
    assert "6 cited" in repr(scenario) and "Fitted to meyer_dx" in repr(scenario)
    carried = read_scenario('name = "mine"\nextends = "general"\n')
    assert (carried.name, carried.title) == ("mine", "mine")  # by its name, as long as no title is stated
    assert "before calibrate(scenario)" in repr(carried) and "before calibrate" not in repr(scenario)
    page = scenario.replace({"outcomes.plan_dropped": Parameter(0.4, 0, 1, "assumed", "<b>")})._repr_html_()
    assert "rates.sought" in page and "&lt;b&gt;" in page and "not for care" in page


@pytest.mark.parametrize("text", ["a" * 2_000 + " = 1\n", "x = 1\n" * 300_000])
def test_a_text_that_would_take_gigabytes_to_parse_is_refused_before(text):
    with pytest.raises(SecondopError, match="A scenario takes up to 1,000,000 letters"):
        read_scenario(text)


def test_the_rules_of_the_book_decide_what_doubt_is():
    doubt, _ = load_scenario("general").structure.effects["doubt"]
    for name in ("negative-work-up-high-suspicion", "ambiguous-pathology"):
        assert set(RULE_BOOK[name].facts) <= set(doubt.facts)
