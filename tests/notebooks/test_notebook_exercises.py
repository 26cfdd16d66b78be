"""Exercises of the numbered notebooks: each is checked or for discussion, and told what it deserves."""

import contextlib
import io
import re
from collections.abc import Mapping
from functools import cache

import nbformat
import pytest

from secondop.teaching import exercise
from secondop.teaching.exercises import _texts, _worked_out
from tools.notebooks import all_notebooks

NOTEBOOKS = {re.match(r"\d+[a-z]?", path.stem)[0]: path for path in all_notebooks()}
each_notebook = pytest.mark.parametrize("number", NOTEBOOKS)
ALL = [name for name in _texts() if name.partition(".")[0] in NOTEBOOKS]
CHECKED = [name for name in ALL if "discussion" not in _texts()[name]["answer"]]
CALL = re.compile(r'^exercise\("([\w.]+)"\)(\.check\(answer(?:, \w+)*\))?$', re.MULTILINE)


@cache
def asked(number) -> list:
    """The cells below the heading of the exercises."""
    cells = nbformat.read(NOTEBOOKS[number], as_version=4).cells
    at = next(i for i, cell in enumerate(cells) if "\n## Exercises\n" in f"\n{cell.source}")
    assert not re.search(r"^\d\. ", cells[at].source.partition("## Exercises")[2], re.M), (
        "a list of exercises"
    )
    return cells[at + 1 :]


def told(cell) -> str:
    return "\n".join(
        output.get("text") or output["data"].get("text/plain", "") for output in cell.get("outputs", [])
    )


def plain(text) -> str:
    return " ".join(text.split())


def kind(cell) -> str:
    if cell.cell_type == "markdown":
        return "asked"
    return next(iter(cell.metadata.get("tags", [])), "talk")


@each_notebook
def test_every_exercise_is_checked_and_solved_or_called_a_question_for_discussion(number):
    cells, names = asked(number), []
    steps = re.findall(r"asked (?:exercise solution|talk) ?", " ".join(map(kind, cells)))
    assert "".join(steps).strip() == " ".join(map(kind, cells)), "cells that belong to no exercise"
    for cell in cells:
        if cell.cell_type == "markdown":
            name = re.match(r"\*\*Exercise (\w+\.\d+)", cell.source)[1]
            names.append(name)
            talk = exercise(name).kind.kind == "discussion"
            head = f"**Exercise {name}{', a question for discussion' * talk}.**"
            assert plain(cell.source) == f"{head} {exercise(name).question}"
        else:
            found = CALL.findall(cell.source)
            assert found[-1:] == [(names[-1], found[-1][1])] and bool(found[-1][1]) is not talk, cell.source
    assert names == [name for name in ALL if name.startswith(f"{number}.")] and names


@each_notebook
def test_nothing_above_them_is_called_an_exercise(number):
    cells = nbformat.read(NOTEBOOKS[number], as_version=4).cells
    before = [cell.source for cell in cells[: -len(asked(number))]]
    assert [x for x in before if re.search(r"(?i)\*\*exercise|your turn", x)] == []


@each_notebook
def test_each_is_open_until_it_is_answered_and_its_own_solution_is_right(number):
    for cell in asked(number):
        if kind(cell) == "exercise":
            assert "answer = ..." in cell.source and "? Not answered yet. " in told(cell), cell.source
        elif kind(cell) == "solution":
            assert "✓ Right. " in told(cell), cell.source
            assert cell.source.startswith("# A solution\n"), "a fold shows its first line"
            assert cell.metadata["jupyter"] == {"outputs_hidden": True, "source_hidden": True}
        elif kind(cell) == "talk":
            assert "<details" in cell.outputs[-1]["data"]["text/html"], cell.source


@cache
def own(number) -> dict:
    """What a notebook has made before its exercises are about the reader's own cases."""
    made = {}
    for cell in nbformat.read(NOTEBOOKS[number], as_version=4).cells:
        if cell.cell_type == "code" and "mine" not in made.keys() & {"book"} and "book" not in made:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(cell.source.replace("\nshow(", "\n(lambda *told, **more: None)("), made)
            if number == "10":
                break
    return made


def check(name, answer):
    names = _texts()[name].get("about", [])
    return exercise(name).check(answer, *(own(name.partition(".")[0])[x] for x in names))


def right(name):
    names = _texts()[name].get("about", [])
    return _worked_out(name, *(own(name.partition(".")[0])[x] for x in names))[0]


def as_written(name) -> list:
    """The right answer, in ways in which a person may write it."""
    takes, value = exercise(name).kind, right(name)
    if takes.kind == "number":
        texts = [f"{value:.1f}", f"about {value:.1f}".replace(".", ",")] if takes.within else [f" {value}"]
        return [value, *texts, *[f"{value:.1f} %"] * (takes.of == 100)]
    if callable(value):
        return []
    if takes.kind == "names":
        return [value, ", ".join(value).upper(), [*value]]
    names = value if isinstance(value, set) else {value}
    labels = takes.options if isinstance(takes.options, Mapping) else {}
    return [*names, *(labels.get(x, x) for x in names), *(x.replace("-", " ").upper() for x in names)]


@pytest.mark.parametrize("name", CHECKED)
def test_the_right_answer_may_be_written_as_a_person_does(name):
    for answer in as_written(name):
        assert check(name, answer).correct is True, (answer, check(name, answer))


@pytest.mark.parametrize("name", CHECKED)
def test_a_wrong_answer_is_told_wrong_with_help_and_not_with_the_answer(name):
    takes = exercise(name).kind
    if takes.kind == "number":
        wrong = [-98_765, "98 765"]
    elif takes.kind == "names":
        wrong = [
            set(),
            {next(iter(takes.options))} if callable(right(name)) else {*takes.options} ^ right(name),
        ]
    else:
        names = right(name) if isinstance(right(name), set) else {right(name)}
        wrong = [option for option in takes.options if option not in names][:3]
    assert wrong
    for answer in wrong:
        answered = check(name, answer)
        assert answered.correct is False and answered.words, (answer, answered)
        if takes.kind != "names":
            assert not re.search(rf"(?<![\w-]){re.escape(str(right(name)))}(?![\w-])", answered.words), (
                answered
            )


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("answer", [object(), "wibble wobble", b"7", [None, 3]], ids=repr)
def test_what_cannot_be_read_is_told_so_and_is_not_wrong(name, answer):
    answered = check(name, answer)
    assert answered.correct is None and not str(answered).startswith("✗"), answered
    assert "could not read" in answered.words or "Not answered" in str(answered)


@pytest.mark.parametrize("name", CHECKED)
def test_what_its_own_solution_printed_is_right_today(name):
    """The notebook worked it out in its own way, and the check in another."""
    cells = {cell.id: cell for cell in asked(name.partition(".")[0])}
    printed = told(cells[f"x-{name.replace('.', '-')}-solution"]).partition("Answer:")[2]
    answer = printed.partition("✓ Right.")[0].replace("\n- ", "\n").strip()
    assert check(name, answer).correct is True, (answer, check(name, answer))


@pytest.mark.parametrize("name", [name for name in ALL if name not in CHECKED])
def test_a_question_for_discussion_judges_nothing_and_says_what_a_good_answer_does(name):
    for answer in (..., "nothing at all", 7):
        answered = exercise(name).check(answer)
        assert answered.correct is None and exercise(name).kind.words in answered.words
    assert "question for discussion" in answered.words and "<details" in exercise(name)._repr_html_()


@pytest.mark.parametrize("name", [name for name in CHECKED if "about" in _texts()[name]])
def test_an_exercise_about_own_cases_asks_for_them(name):
    answered = exercise(name).check(3)
    assert answered.correct is None
    assert f'exercise("{name}").check(answer, cases' in answered.words


def test_mistakes_with_words_of_their_own_are_told_what_they_are():
    majority = _worked_out("09.1")[1]
    assert exercise("09.1").check(majority).words.startswith("You let the majority decide")


def test_a_reform_is_judged_by_what_it_does_and_not_by_its_name():
    assert (
        exercise("06b.2").check({"invasive-procedure-proposed", "risky-or-life-changing-treatment"}).correct
        is False
    )
    both = "invasive-procedure-proposed, complication-or-new-finding, cancer-history-without-follow-up"
    assert exercise("06b.2").check(f"{both}, hereditary-condition-suspected").correct is True
