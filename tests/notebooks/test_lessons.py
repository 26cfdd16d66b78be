"""The lessons: what students get has no solutions and runs, and what teachers have is right."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from tools import study
from tools.lessons import student_version, write_all
from tools.notebooks import all_lessons, execute

each_lesson = pytest.mark.parametrize("path", all_lessons(), ids=lambda path: path.stem)


def words(cell) -> str:
    """What the outputs of a cell say, as text."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
    )


def of_kind(notebook, tag) -> list:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@each_lesson
def test_students_can_run_it_and_every_exercise_says_that_it_is_not_answered(path, tmp_path):
    student = tmp_path / path.name
    nbformat.write(student_version(path), student)
    exercises = of_kind(execute(student), "exercise")
    assert [cell.source for cell in exercises if "Not answered yet" not in words(cell)] == []


@each_lesson
def test_every_solution_is_right(path, executed):
    solutions = [cell for cell in of_kind(executed(path), "solution") if cell.cell_type == "code"]
    assert len(solutions) >= len(of_kind(executed(path), "exercise")) > 0
    assert [cell.source for cell in solutions if "✓ Right." not in words(cell)] == []


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
    one = write_notebook("01-one.ipynb", "# One?\n\nTry [the lesson](lessons/1-a.ipynb).")
    built = [(path, execute(path)) for path in [one, *all_lessons(lesson.parent)]]
    index = study.build(built[:1], tmp_path / "out", built[1:])
    listed, page, question = (
        index.with_name(name).read_text() for name in ("index.html", "1-a.html", "01-one.html")
    )
    assert listed.index("01-one.html") < listed.index('<h2 id="lessons"') < listed.rindex('href="1-a.html"')
    assert 'href="1-a.html">the lesson' in question and 'href="01-one.html#rules">question 1' in page
    assert 'rel="next">' in page and 'rel="next">' not in question, "each list has its own next and previous"
    soup = BeautifulSoup(page, "html.parser")
    folds = [fold.extract() for fold in soup("details")]
    assert [fold.summary.get_text() for fold in folds] == ["Solution", "Why", "For the teacher"]
    assert not any("open" in fold.attrs for fold in folds)
    solution, why, notes = (fold.get_text() for fold in folds)
    assert "Right. 2" in solution and "It stands above." in why and "guess three" in notes
    seen = soup.get_text()
    assert "Not answered yet" in seen and "n + 1" in seen and "Right." not in seen
    alone = study.build(built[:1], tmp_path / "alone").read_text()
    assert "Lessons for a class" not in alone
