"""The lessons: what students get has no solutions and runs, and what teachers have is right."""

import re
from functools import cache
from itertools import pairwise

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from tools import lessons as tool
from tools import study
from tools.lessons import TRACKS, student_version, write_all, write_tracks
from tools.notebooks import ROOT, all_lessons, execute
from tools.plans import LENGTHS, SCREENS, TITLE, minutes, plan, plans, total

each_lesson = pytest.mark.parametrize("path", all_lessons(), ids=lambda path: path.stem)


def words(cell) -> str:
    """What the outputs of a cell say, as text."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
    )


def of_kind(notebook, tag) -> list:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@each_lesson
def test_students_can_run_it_and_every_exercise_says_that_it_is_not_answered(path, executed, tmp_path):
    student = tmp_path / path.name
    nbformat.write(student_version(path), student)
    exercises = of_kind(executed(student), "exercise")
    assert [cell.source for cell in exercises if "Not answered yet" not in words(cell)] == []


@each_lesson
def test_every_solution_is_right(path, executed):
    solutions = [cell for cell in of_kind(executed(path), "solution") if cell.cell_type == "code"]
    assert len(solutions) >= len(of_kind(executed(path), "exercise")) > 0
    assert [cell.source for cell in solutions if "✓ Right." not in words(cell)] == []


@cache
def cells_of(path) -> list:
    return nbformat.read(path, as_version=4).cells


def prose(cells) -> list[str]:
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


@each_lesson
def test_it_begins_with_objectives_and_ends_with_an_exit_ticket_and_homework(path):
    _, aims, *_ = cells_of(path)
    first, _, listed = aims.source.partition("\n\n")
    assert first == "**After this lesson you can**" and 3 <= len(re.findall(r"^- ", listed, re.M)) <= 5
    for track in TRACKS:
        *_, ticket, homework = student_version(path, track).cells
        assert ticket.source.startswith("## Exit ticket\n") and homework.source.startswith("## Homework\n")
        assert re.findall(r"^(\d)\. ", ticket.source, re.M) == ["1", "2"]
    heads = [source.partition("\n")[0] for source in prose(cells_of(path))]
    assert heads[-2:] == ["## For the teacher", TITLE] and "## Answers to the exit ticket" in heads


@each_lesson
def test_a_clinic_sees_no_code_and_opens_what_a_prediction_asks_for(path):
    clinic = student_version(path, "clinic").cells
    code = [cell for cell in clinic if cell.cell_type == "code"]
    assert code and all(cell.metadata["jupyter"]["source_hidden"] for cell in code)
    assert not [source for source in prose(clinic) if "`" in source], "code in prose"
    assert not of_kind(student_version(path, "clinic"), "exercise")
    shown = [cell for cell in code if cell.outputs]
    assert len(shown) > 5, "what was run is there to see"
    predictions = [i for i, cell in enumerate(clinic) if "**Predict.**" in cell.source]
    for at in predictions:
        after = next((cell for cell in clinic[at:] if cell.cell_type == "code"), None)
        assert after.metadata["jupyter"]["outputs_hidden"], clinic[at].source


@each_lesson
def test_each_control_of_the_notebook_has_its_screen_on_the_classroom_page(path):
    cells = cells_of(path)
    for before, cell in pairwise(cells):
        if cell.cell_type == "code" and re.search(r"^(explore_\w+|quiz)\(", cell.source, re.M):
            assert cell.metadata.get("tags") == ["analyst"], cell.source
            assert before.metadata.get("tags") == ["clinic"], cell.source
            assert [screen for screen in SCREENS if f"*{screen}*" in before.source], before.source
    teacher = next(source for source in prose(cells) if source.startswith("## For the teacher"))
    assert "`make classroom`" in teacher and "`make class`" in teacher


@each_lesson
def test_each_exercise_prediction_and_talk_states_its_minutes(path):
    asked = [
        source
        for source in prose(cells_of(path))
        if re.match(r"\*\*(Exercise|Predict)|## (Discussion|In groups|Exit)", source)
    ]
    assert len(asked) > 8
    assert [source for source in asked if not re.search(r"\(\d+\s+minutes?\)", source)] == []


@each_lesson
def test_its_plans_are_what_its_words_and_minutes_make_and_fit(path):
    cells = cells_of(path)
    assert next(source for source in prose(cells) if source.startswith(TITLE)) == plans(cells), (
        "the plans are out of date: run python -m tools.plans"
    )
    for length in LENGTHS:
        for track in TRACKS:
            assert 0.6 * length <= total(plan(cells, length), track) <= length, (length, track)
    everything = sum(part.minutes["analyst"] for part in plan(cells, 90))
    assert minutes(student_version(path).cells) <= everything, "the longest plan leaves something out"
    names = [name for part in plan(cells, 90) for name in part.exercises]
    assert names == [f"{path.name[0]}.{number}" for number in range(1, 6)]


def test_shorter_plans_leave_out_what_says_so_and_what_stands_below_it():
    def cell(source, **metadata):
        return v4.new_markdown_cell(source, metadata=metadata)

    words = " word" * 128
    cells = [
        cell("# One?" + words),
        cell("## Two\n\n*Quiz* (3 minutes)", plan=45),
        cell("**Exercise 1.1.** How many? (2 minutes)", plan=90),
        cell("With code. (10\nminutes)", tags=["analyst"]),
        cell("## Not for students (50 minutes)", tags=["solution"]),
    ]
    parts = [[(p.title, *p.minutes.values()) for p in plan(cells, length)] for length in LENGTHS]
    beginning = ("Beginning", 1, 1)
    assert parts == [[beginning], [beginning, ("Two", 4, 14)], [beginning, ("Two", 6, 16)]]
    two = plan(cells, 90)[1]
    assert (two.exercises, two.screens) == (["1.1"], ["Quiz"])
    assert "| 6 | 16 | Two | 1.1 | Quiz |\n| **7** | **17** | **of 90 minutes** | | |" in plans(cells)


def test_the_syllabus_links_every_lesson_and_states_how_long_each_plan_takes():
    folder = ROOT / "notebooks" / "lessons"
    told = (folder / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)]+)\)", told)
    assert [name for name in linked if not (folder / name).is_file()] == []
    for path in all_lessons():
        assert path.name in linked
        for track in TRACKS:
            of = " | ".join(str(total(plan(cells_of(path), length), track)) for length in LENGTHS)
            assert f"| {path.name[0]} | {track} | {of} |\n" in told, f"{path.name}: {track} | {of}"
    assert set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", told)) == set(SCREENS)


SMALL = (
    "# A lesson\n\nOf [question 1](../01-one.ipynb#rules), then [the next](2-b.ipynb); see [more](https://a.example).",
    "n = 2",
    ("exercise", "answer = ...\nprint('Not answered yet' if answer is ... else answer == n)"),
    ("solution", "answer = 2\nprint('Right.', answer)"),
    ("solution", "# Why\n\nIt stands above."),
    "n + 1",
    ("solution", "## For the teacher\n\nThey will guess three."),
)


@pytest.fixture
def lesson(write_notebook):
    write_notebook("lessons/2-b.ipynb", *SMALL)
    return write_notebook("lessons/1-a.ipynb", *SMALL)


def test_students_get_everything_but_solutions_and_outputs(lesson):
    teacher = nbformat.read(lesson, as_version=4)
    for cell in teacher.cells[1:3]:
        cell.outputs, cell.execution_count = [v4.new_output("stream", text="seen")], 7
    nbformat.write(teacher, lesson)
    student = student_version(lesson)
    nbformat.validate(student)
    assert [cell.id for cell in student.cells] == ["cell-0", "cell-1", "cell-2", "cell-5"]
    assert [cell.source for cell in student.cells[1:]] == [SMALL[1], SMALL[2][1], SMALL[5]]
    code = student.cells[1:]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_students_keep_what_a_run_shows_after_a_prediction(write_notebook):
    path = write_notebook("lessons/1-a.ipynb", *SMALL, ("answer", "## What it shows"))
    assert student_version(path).cells[-1].source == "## What it shows"


def test_a_link_stays_only_where_it_leads_somewhere(lesson):
    assert student_version(lesson).cells[0].source == (
        "# A lesson\n\nOf question 1, then [the next](2-b.ipynb); see [more](https://a.example)."
    )


def test_the_students_folder_holds_the_student_versions_and_what_students_changed(lesson, tmp_path):
    out, lessons = tmp_path / "class", all_lessons(lesson.parent)
    written, kept = write_all(lessons, out)
    assert ([path.name for path in written], kept) == (["1-a.ipynb", "2-b.ipynb"], [])
    assert "solution" not in written[0].read_text() and not nbformat.read(written[0], 4).cells[1].outputs
    assert "Not answered yet" in words(execute(written[0]).cells[2])
    first, second = written
    first.write_text(first.read_text().replace("answer = ...", "answer = 3"))
    (out / "own.ipynb").touch()
    lesson.rename(lesson.with_name("3-c.ipynb"))
    assert write_all(lessons[1:], out) == ([second], [])
    assert first.exists() and (out / "own.ipynb").exists(), "what a student wrote is never removed"
    lesson.with_name("3-c.ipynb").rename(lesson)
    assert write_all(lessons, out) == ([second], [first])
    assert "answer = 3" in first.read_text(), "nor written over"
    first.unlink()
    assert write_all(lessons, out) == (written, [])
    assert write_all(lessons[:1], out) == ([first], []) and not second.exists(), "an unchanged one goes"


def test_each_track_gets_what_is_for_both_and_for_it(write_notebook, monkeypatch, tmp_path, capsys):
    made = write_notebook(
        "lessons/1-a.ipynb",
        *SMALL,
        ("clinic", "## Open the page"),
        ("analyst", "## Run it"),
        ("analyst", "n"),
    )
    sources = {track: [cell.source for cell in student_version(made, track).cells] for track in TRACKS}
    assert sources["analyst"][-2:] == ["## Run it", "n"] and SMALL[2][1] in sources["analyst"]
    assert sources["clinic"][-2:] == ["n + 1", "## Open the page"] and SMALL[2][1] not in sources["clinic"]
    written, kept = write_tracks([made], tmp_path / "class")
    assert kept == [] and written == [tmp_path / "class" / track / "1-a.ipynb" for track in TRACKS]
    monkeypatch.setattr(tool, "STUDENTS", tmp_path / "one")
    monkeypatch.setattr(tool, "all_lessons", lambda: [made])
    tool.main(["--track", "clinic"])
    assert str(tmp_path / "one" / "clinic" / "1-a.ipynb") in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["clinic"]


def test_a_cell_for_both_tracks_by_name_and_code_for_a_clinic_are_refused(write_notebook):
    made = write_notebook("1-a.ipynb", *SMALL, ("clinic", "n"))
    with pytest.raises(ValueError, match="cell 8: code for the clinic track, which shows none"):
        student_version(made)
    notebook = nbformat.read(made, as_version=4)
    notebook.cells[-1].metadata["tags"] = ["analyst", "clinic"]
    nbformat.write(notebook, made)
    with pytest.raises(ValueError, match="cell 8: for one track alone, and tagged for both"):
        student_version(made)


EXERCISE, SOLUTION, PLAIN = ("exercise", "1"), ("solution", "2"), "3"
REFUSED = [
    # cells                                 told
    ([PLAIN], "no cell is tagged 'exercise'"),
    ([SOLUTION, EXERCISE, SOLUTION], "cell 1: a solution that follows no exercise"),
    ([EXERCISE, SOLUTION, PLAIN, SOLUTION], "cell 4: a solution that follows no exercise"),
    ([EXERCISE, PLAIN], "cell 1: an exercise that no solution follows"),
    ([EXERCISE, SOLUTION, EXERCISE], "cell 3: an exercise that no solution follows"),
    ([EXERCISE, SOLUTION, ("solutoin", "2")], "cell 3: the tag 'solutoin' is none of"),
]


@pytest.mark.parametrize(("cells", "told"), REFUSED)
def test_a_lesson_whose_solutions_could_leak_is_refused(cells, told, write_notebook, tmp_path):
    paths = [write_notebook("1-good.ipynb", EXERCISE, SOLUTION), write_notebook("2-bad.ipynb", *cells)]
    with pytest.raises(SystemExit, match=rf"^No lesson was written\.\n2-bad\.ipynb.*{told}[^\n]*$"):
        write_all(paths, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_lessons_at_all_is_said(tmp_path):
    with pytest.raises(SystemExit, match="There are none"):
        write_all([], tmp_path / "out")


def test_pages_list_lessons_apart_and_fold_their_solutions(lesson, write_notebook, tmp_path):
    write_notebook("lessons/1-a.ipynb", *SMALL, ("clinic", "## Open the page"))
    one = write_notebook("01-one.ipynb", "# One?\n\nTry [the lesson](lessons/1-a.ipynb).", *SMALL[1:4])
    built = [(path, execute(path)) for path in [one, *all_lessons(lesson.parent)]]
    index = study.build(built[:1], tmp_path / "out", built[1:])
    listed, page, question = (
        index.with_name(name).read_text() for name in ("index.html", "1-a.html", "01-one.html")
    )
    assert listed.index("01-one.html") < listed.index('<h2 id="lessons"') < listed.rindex('href="1-a.html"')
    assert 'href="1-a.html">the lesson' in question and 'href="01-one.html#rules">question 1' in page
    assert 'rel="next">' in page and 'rel="next">' not in question, "each list has its own next and previous"
    soup = BeautifulSoup(page, "html.parser")
    asked = next(piece for piece in soup.select("main .piece") if "Not answered yet" in piece.get_text())
    assert soup.html["class"] == ["no-code"] and "analyst" in asked["class"], "a lesson for a clinic opens so"
    assert soup.select_one(".hide-code")["aria-pressed"] == "true"
    other = BeautifulSoup(question, "html.parser")
    assert "no-code" not in other.html["class"] and not other.select(".hide-code[aria-pressed=true]")
    folds = [fold.extract() for fold in soup("details")]
    assert [fold.summary.get_text() for fold in folds] == ["Solution", "Why", "For the teacher"]
    assert not any("open" in fold.attrs for fold in folds)
    solution, why, notes = (fold.get_text() for fold in folds)
    assert "Right. 2" in solution and "It stands above." in why and "guess three" in notes
    seen = soup.get_text()
    assert "Not answered yet" in seen and "n + 1" in seen and "Right." not in seen
    alone = study.build(built[:1], tmp_path / "alone").read_text()
    assert "Lessons for a class" not in alone
