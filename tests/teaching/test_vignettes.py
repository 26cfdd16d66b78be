"""Vignettes: each stage says what is recorded, and the rule book says then what was decided by hand."""

import tomllib

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from secondop.datafiles import data_path
from secondop.errors import SecondopError, UnknownNameError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import vignettes
from secondop.teaching.stages import KINDS, read_vignettes
from secondop.words import NOT_FOR_CARE

ALL = vignettes()
each = pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)


@each
def test_the_decision_at_every_stage_is_that_of_the_rule_book(one):
    rows = pd.DataFrame([stage.facts for stage in one.stages], columns=[*RULE_BOOK.rule_facts])
    said = assess(rows.astype(object), RULE_BOOK)
    decided = [(stage.expected, stage.possible) for stage in one.stages]
    assert [*zip(said["recommendation"], said["possible"], strict=True)] == decided
    assert said["undetermined"].tolist() == [stage.provisional for stage in one.stages]


@each
def test_later_stages_only_add_or_change_what_they_name(one):
    for before, after in zip(one.stages, one.stages[1:], strict=False):
        assert before.facts.keys() <= after.facts.keys()
        differs = {name for name, value in after.facts.items() if before.facts.get(name) != value}
        assert differs == after.new.keys()


@each
def test_it_reads_as_a_patient_in_three_or_four_disclosures(one):
    assert 3 <= len(one.stages) <= 4 and len(one.title) <= 40
    assert one.stages[0].new.keys() >= {"sex", "specialty"}
    for stage in one.stages:
        assert stage.kind in KINDS and stage.told.endswith((".", "?")) and stage.why.endswith(".")
        assert stage.disputed == "" or stage.disputed.endswith(".")
        assert not [level for level in RECOMMENDATIONS if level.replace("_", " ") in one.title.lower()]


def test_they_are_twenty_and_teach_what_they_shall():
    assert len(ALL) == len({one.id for one in ALL}) == len({one.title for one in ALL}) == 20
    assert sum(len({stage.expected for stage in one.stages}) > 1 for one in ALL) >= 6
    assert sum(one.stages[-1].provisional for one in ALL) >= 3
    assert sum(any(stage.disputed for stage in one.stages) for one in ALL) >= 4
    assert {stage.expected for one in ALL for stage in one.stages} == {*RECOMMENDATIONS}


def test_what_no_stage_names_is_as_quiet_as_a_first_visit_or_not_recorded():
    quiet = tomllib.loads(data_path("vignettes.toml").read_text())["quiet"]
    assert quiet.keys() | {"sex", "specialty"} == RULE_BOOK.facts.keys()
    for one in ALL:
        named = {name for stage in one.stages for name in stage.new}
        for name, value in one.stages[-1].facts.items():
            assert name in named or value == quiet[name]


STAGE = 'kind = "history"\ntold = "A."\nexpected = "optional"\npossible = "optional"\nwhy = "B."\n'
START = 'quiet = { rare_disease = false }\n[[vignettes]]\nid = "V"\ntitle = "T"\n'
START += f"[[vignettes.stages]]\n{STAGE}"
WRONG = [
    # what a stage says                                      what is said of it
    ("facts = { rare_diseases = true }", "there is no fact 'rare_diseases'"),
    ('facts = { suspicion = "great" }', "'great' is no answer to 'suspicion'"),
    ("changes = { rare_disease = false }", "rare_disease was False before, so it changes nothing"),
    ("changes = { wants_prognosis = true }", "wants_prognosis was not recorded; what is new stands in facts"),
    ('remark = "C."', "'remark' is no key of a stage"),
]


@pytest.mark.parametrize(("line", "told"), WRONG)
def test_what_does_not_fit_is_refused_with_its_place(line, told):
    with pytest.raises(SecondopError, match=rf"V, stage 1: .*{told}"):
        read_vignettes(f"{START}{line}\n")


def test_all_that_is_wrong_is_said_at_once():
    again = "[[vignettes.stages]]\nfacts = { sex = 'male' }\n"
    second = STAGE.replace('"history"', '"rumour"').replace("optional", "perhaps").replace('why = "B."', "")
    with pytest.raises(SecondopError) as error:
        read_vignettes(f"{START}facts = {{ sex = 'male' }}\n{again}{second}")
    told = str(error.value)
    assert all(f"{key} is one of" in told for key in ("kind", "expected", "possible"))
    assert "V, stage 2: why is missing" in told
    assert "V, stage 2: " in told and "sex" not in told.partition("stage 2")[0], "sex is open until stage 2"
    assert "sex is recorded already" in told


def test_it_shows_itself_with_each_decision_folded():
    soup = BeautifulSoup(vignettes()["V07"]._repr_html_(), "html.parser")
    folds = soup("details")
    assert len(folds) == 3 and not any("open" in fold.attrs for fold in folds)
    last = folds[-1].extract().get_text()
    assert "No indication" in last and "A clinician may see it otherwise." in last
    assert NOT_FOR_CARE in soup.get_text()


def test_a_wrong_id_is_answered():
    with pytest.raises(UnknownNameError, match=r"no vignette 'V99'"):
        vignettes()["V99"]
    assert "V01  Tired since the summer (3 stages)" in repr(vignettes())
