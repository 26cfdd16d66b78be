"""Vignettes: each stage says what is recorded, and the rule book says then what was decided by hand."""

import tomllib

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from secondop.datafiles import data_path
from secondop.errors import UnknownNameError
from secondop.guideline.second_opinion import RULE_BOOK
from secondop.rules.assess import assess
from secondop.rules.rules import RECOMMENDATIONS
from secondop.teaching import vignettes
from secondop.words import NOT_FOR_CARE

ALL = vignettes()
FILE = tomllib.loads(data_path("vignettes.toml").read_text(encoding="utf-8"))
KINDS = ("history", "tests", "course", "plan", "wishes")
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
    quiet = FILE["quiet"]
    assert quiet.keys() | {"sex", "specialty"} == RULE_BOOK.facts.keys()
    for one in ALL:
        named = {name for stage in one.stages for name in stage.new}
        for name, value in one.stages[-1].facts.items():
            assert name in named or value == quiet[name]


@each
def test_a_stage_records_what_was_not_recorded_and_changes_what_was(one):
    (told,) = [told for told in FILE["vignettes"] if told["id"] == one.id]
    assert told.keys() <= {"id", "title", "open", "stages"} and {*told.get("open", ())} <= {*RULE_BOOK.facts}
    before = {}
    for stage, made in zip(told["stages"], one.stages, strict=True):
        added, changed = stage.get("facts", {}), stage.get("changes", {})
        for name, value in (added | changed).items():
            assert RULE_BOOK.facts[name].accepts(value), f"{value!r} is no answer to {name!r}"
        assert not before or not added.keys() & before.keys(), "what is different now stands in changes"
        assert all(before.get(name) not in (None, value) for name, value in changed.items() if before)
        assert {made.expected, made.possible} <= {*RECOMMENDATIONS}
        before = made.facts


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
