"""The tools that run the notebooks, tried on small notebooks made for it."""

from io import BytesIO

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from secondop import datafiles
from tools import notebooks, pages, study
from tools.folders import new_folder
from tools.pages import page_of

TITLE = "# Does it work?\n\nA small notebook."
TABLE = "import pandas as pd\npd.DataFrame({'n': [1, 2]}).style.set_caption('a table')"
PROGRESS = "from tqdm.auto import tqdm\nfor _ in [*tqdm(range(3)), *tqdm(iter([1]))]:\n    pass\nobject()"
FIGURE = (
    "import plotly.graph_objects as go\ngo.Figure(go.Bar(x=[1, 2], y=[3, 4])).update_layout(title='Two bars')"
)


@pytest.mark.parametrize("number", ["07", "06a", "06b"])
def test_a_page_has_the_number_of_its_file_with_a_letter_if_it_is_half_of_one(number, write_notebook):
    path = write_notebook(f"{number}-does-it-work.ipynb", TITLE)
    assert page_of(path, nbformat.read(path, as_version=4)).number == number


def test_storing_twice_gives_the_same_bytes(write_notebook):
    path = write_notebook("01_table.ipynb", TITLE, TABLE, PROGRESS)
    notebooks.store(path)
    first = path.read_bytes()
    notebooks.store(path)
    assert path.read_bytes() == first
    assert b"a table" in first
    assert b"it/s" not in first and b"it [" not in first, "a progress bar was stored"


@pytest.fixture(scope="module")
def drawing():
    """The Chromium that draws pictures may run: closed at the end."""
    yield
    notebooks.stop_drawing()


@pytest.mark.needs_chromium
def test_a_figure_gets_a_picture_and_keeps_it_while_it_is_the_same(write_notebook, drawing):
    path = write_notebook("01_figure.ipynb", TITLE, FIGURE)
    assert notebooks.store(path) == 1
    first = path.read_bytes()
    assert notebooks.store(path) == 0
    assert path.read_bytes() == first
    (figure,) = notebooks.figures(nbformat.read(path, as_version=4))
    assert figure["data"]["image/png"].startswith("iVBOR")
    assert notebooks.has_its_picture(figure)


@pytest.mark.needs_chromium
@pytest.mark.parametrize("name", ["width", "height"])
def test_a_picture_of_another_size_than_declared_is_drawn_anew(name, write_notebook, drawing):
    path = write_notebook("01_figure.ipynb", TITLE, FIGURE)
    notebooks.store(path)
    stored, cut = (nbformat.read(path, as_version=4) for _ in range(2))
    (figure,) = notebooks.figures(cut)
    figure["data"][notebooks.PLOTLY]["layout"][name] = 300
    assert not notebooks.has_its_picture(figure)
    assert (notebooks.add_pictures(stored, cut), notebooks.add_pictures(cut, cut)) == (1, 1)
    assert notebooks.has_its_picture(figure)


def test_a_small_picture_keeps_the_colours_of_a_few_small_dots():
    """Among many greys, as letters have, and much blue."""
    greys = np.random.default_rng(1).integers(0, 256, (400, 400, 1), np.uint8).repeat(3, 2)
    blue, sky, green = (0, 114, 178), (86, 180, 233), (0, 158, 115)
    dots = {blue: slice(0, 4_000), sky: slice(5_000, 5_200), green: slice(6_000, 6_120)}
    for colour, place in dots.items():
        greys.reshape(-1, 3)[place] = colour
    kept = notebooks.small(Image.fromarray(greys))
    seen = np.array(Image.open(BytesIO(kept)).convert("RGB")).reshape(-1, 3).astype(int)
    for colour, place in dots.items():
        assert np.abs(seen[place] - colour).max() <= 8, colour


LONG = [
    # what the cell does                                         what is kept of it
    ("print('x' * 60_000)", "[cut: 40,001 characters more]"),
    ("for _ in range(60):\n    print('x' * 999, flush=True)", "[cut: 40,000 characters more]"),
    ("class Long:\n    def __repr__(self): return 'x' * 60_000\nLong()", "[cut: 40,000 characters more]"),
    (
        "from IPython.display import HTML\nHTML('x' * 1_000_001)",
        "[text/html of 1,000,001 characters is not kept]",
    ),
]


@pytest.mark.parametrize(("source", "note"), LONG)
def test_what_is_too_long_to_keep_is_cut_and_says_so(source, note, write_notebook):
    path = write_notebook("01_long.ipynb", TITLE, source)
    notebooks.store(path)
    (output,) = nbformat.read(path, as_version=4).cells[1].outputs
    text = output.get("text") or output.data["text/plain"]
    assert text.strip().endswith(note) and path.stat().st_size < 25_000
    assert "text/html" not in output.get("data", {})


def no_room(*_):
    raise OSError("No space left on device")


def test_a_notebook_stays_whole_where_it_cannot_be_stored(write_notebook, monkeypatch):
    path = write_notebook("01_table.ipynb", TITLE, TABLE)
    before = path.read_bytes()
    monkeypatch.setattr(datafiles.os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        notebooks.store(path)
    assert path.read_bytes() == before


def test_a_folder_that_was_not_made_here_is_refused_and_left_alone(tmp_path):
    ours, theirs, empty = tmp_path / "ours", tmp_path / "theirs", tmp_path / "empty"
    theirs.mkdir()
    empty.mkdir()
    (theirs / "thesis.txt").write_text("mine")
    for out in (theirs, theirs / "thesis.txt", tmp_path):
        with pytest.raises(SystemExit, match="not made here"):
            study.build([], out)
    assert (theirs / "thesis.txt").read_text() == "mine"
    for out in (ours, ours, empty):
        assert study.build([], out).is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "ours", "theirs"]


def test_the_last_good_folder_stays_until_the_new_one_is_complete(tmp_path):
    out = tmp_path / "study"
    index = study.build([], out)
    with pytest.raises(ZeroDivisionError), new_folder(out) as folder:
        (folder / "index.html").write_text("half")
        assert index.is_file() and folder != out
        1 / 0  # noqa: B018
    assert "half" not in index.read_text() and list(tmp_path.iterdir()) == [out]
    with new_folder(out) as folder:
        (folder / "new.html").touch()
    assert (out / "new.html").exists() and not index.exists() and list(tmp_path.iterdir()) == [out]


def test_a_failing_cell_is_named_with_its_notebook_and_error(write_notebook):
    path = write_notebook("01_fails.ipynb", TITLE, "n = 1", "print(m)")
    with pytest.raises(
        notebooks.NotebookError, match=r"01_fails\.ipynb, cell 3 of 3: NameError: name 'm' is not"
    ):
        notebooks.execute(path)


def test_a_study_with_failing_notebooks_names_them_all_and_exits_non_zero(write_notebook, capsys):
    paths = [
        write_notebook("01_fails.ipynb", TITLE, "1 / 0"),
        write_notebook("02_works.ipynb", TITLE, "1"),
        write_notebook("03_hangs.ipynb", TITLE, "import time\ntime.sleep(60)"),
    ]
    with pytest.raises(SystemExit) as stopped:
        notebooks.run_all(paths, lambda path, on_cell: notebooks.execute(path, timeout=2, on_cell=on_cell))
    message = str(stopped.value.code)
    assert "01_fails.ipynb, cell 2 of 2: ZeroDivisionError: division by zero" in message
    assert "03_hangs.ipynb, cell 2 of 2: CellTimeoutError" in message
    assert "2 of 3 notebooks failed" in message


def test_pages_and_index_show_what_the_notebooks_show(write_notebook, tmp_path):
    paths = [
        write_notebook("01_one.ipynb", "# One & what?\n\nThe [next](02_two.ipynb) *one*.", TABLE, FIGURE),
        write_notebook("02_two.ipynb", "# Two?\n\nLast.", "print('<b>')"),
    ]
    index = study.build([(path, notebooks.execute(path)) for path in paths], tmp_path / "out")
    listed = index.read_text()
    assert (
        "<b>One &amp; what?</b>" in listed
        and "The next <em>one</em>." in listed
        and 'href="02_two.html"' in listed
    )
    one, two = ((tmp_path / "out" / name).read_text() for name in ("01_one.html", "02_two.html"))
    assert 'href="02_two.html">next</a>' in one and "a table" in one and one.count('class="plot"') == 1
    assert "&lt;b&gt;" in two
    assert not (tmp_path / "out" / "plotly.min.js").read_text()[:100].startswith("<")


STILL = """import ipywidgets as widgets
from secondop.teaching.screen import Still

class Box(Still, widgets.VBox):
    def still(self):
        return {content}

Box()"""
PICTURE = STILL.format(content="{'text/html': '<p>seen without a kernel</p>'}")
CHART = STILL.format(
    content="{'application/vnd.plotly.v1+json': {'data': [{'type': 'bar', 'y': [1]}], 'layout': {}}}"
)
NO_STILL = "import ipywidgets as widgets\nwidgets.IntSlider()"


def test_a_widget_leaves_its_still_picture_in_the_notebook_and_on_the_page(write_notebook, tmp_path):
    path = write_notebook("01_widgets.ipynb", TITLE, PICTURE, NO_STILL)
    notebooks.store(path)
    first = path.read_bytes()
    notebooks.store(path)
    (picture,), (widget,) = (cell.outputs for cell in nbformat.read(path, as_version=4).cells[1:])
    assert set(picture.data) == {"text/plain", "text/html"}
    assert notebooks.WIDGET in widget.data, "without a still there is nothing else to show"
    stable = first.partition(notebooks.WIDGET.encode())[0]
    assert path.read_bytes().startswith(stable), "something of the picture differs from run to run"
    index = study.build([(path, nbformat.read(path, as_version=4))], tmp_path / "out")
    page = index.with_name("01_widgets.html").read_text()
    still, control = "A still picture: in JupyterLab this can be played with.", "a control to play with"
    assert page.index("<p>seen without a kernel</p>") < page.index(still) < page.index(control)
    assert (page.count(still), page.count(control)) == (1, 1)


@pytest.mark.needs_chromium
def test_a_still_that_is_a_figure_gets_a_picture_like_any_other(write_notebook, drawing):
    path = write_notebook("01_chart.ipynb", TITLE, CHART)
    assert notebooks.store(path) == 1
    (output,) = nbformat.read(path, as_version=4).cells[1].outputs
    assert set(output.data) == {"text/plain", notebooks.PLOTLY, "image/png"}


FINDING = (
    "# Does it work?\n\nA small notebook.",
    "# Two\n\n**What it shows.** That *it* does, in 2.5 of 3 cases. More follows.",
)
ANSWERS = [
    "# Does it work?",
    "## Predict\n\nHow many?",
    ("answer", "## Well\n\n**What it shows.** Two."),
    ("answer", "1 + 1"),
    "## Run",
    "2",
    "## Run",
]


def test_an_answer_is_folded_and_a_long_page_has_contents(write_notebook, tmp_path):
    path = write_notebook("01_answer.ipynb", *ANSWERS)
    out = study.build([(path, notebooks.execute(path))], tmp_path / "out")
    page = BeautifulSoup(out.with_name("01_answer.html").read_text(), "html.parser")
    (fold,) = page("details", class_="answer")
    assert fold.summary.get_text() == "Show the answer" and not fold.has_attr("open")
    assert "Two." in fold.get_text() and "1 + 1" in fold.get_text()
    listed = [(link.get_text(), link["href"]) for link in page.select(".contents a")]
    assert listed == [("Predict", "#predict"), ("Run", "#run"), ("Run", "#run-2")]
    assert len(page(class_="hide-code")) == 1
    short = write_notebook("02_short.ipynb", TITLE, "## One")
    out = study.build([(short, notebooks.execute(short))], tmp_path / "out")
    page = BeautifulSoup(out.with_name("02_short.html").read_text(), "html.parser")
    assert page.select(".contents, .hide-code") == []


DESCRIBED = """import plotly.graph_objects as go
meta = {meta}
go.Figure(go.Bar(y=[1]), layout={{"meta": meta, "title": {{"text": "Drawn<br>so<br><sub>of 3</sub>"}}}})"""
META = {
    "title": "Whole title",
    "description": "Two bars, of <3 & 4.",
    "table": {"columns": ["rule", "n"], "rows": [["a", 1234], ["b", None], ["c", -0.001], ["d", 12.34]]},
}


def test_a_figure_carries_its_description_and_a_folded_table_of_its_numbers(write_notebook, tmp_path):
    path = write_notebook("01_described.ipynb", TITLE, DESCRIBED.format(meta=META), DESCRIBED.format(meta={}))
    out = study.build([(path, notebooks.execute(path))], tmp_path / "out")
    page = BeautifulSoup(out.with_name("01_described.html").read_text(), "html.parser")
    described, plain = page(class_="plot")
    assert (described["role"], described["aria-label"]) == ("figure", "Two bars, of <3 & 4.")
    assert plain["aria-label"] == "Drawn so"
    (fold,) = page("details", class_="numbers")
    assert fold.summary.get_text() == "Numbers of this figure" and not fold.has_attr("open")
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in fold("tr")]
    assert rows == [["rule", "n"], ["a", "1,234"], ["b", "not known"], ["c", "0.00"], ["d", "12.3"]]
    assert {head["scope"] for head in fold("th")} == {"col"}
    index = BeautifulSoup(out.read_text(), "html.parser")
    assert index.find(class_="finding").get_text() == "Whole title"


@pytest.mark.needs_chromium
def test_the_index_shows_the_stored_picture_of_the_first_figure_and_says_what_it_is(
    write_notebook, tmp_path, drawing
):
    path = write_notebook("01_picture.ipynb", TITLE, DESCRIBED.format(meta=META))
    notebooks.store(path)
    out = study.build([(path, notebooks.execute(path))], tmp_path / "out")
    picture = BeautifulSoup(out.read_text(), "html.parser").select_one(".questions img")
    assert picture["alt"] == META["description"]
    with Image.open(out.with_name(picture["src"])) as stored:
        assert stored.size == (840, 480)


def test_the_finding_of_a_page_without_figures_is_its_first_sentence(write_notebook, tmp_path):
    path = write_notebook("01_told.ipynb", *FINDING)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = notebook.cells[1].source.removeprefix("# Two\n\n")
    assert pages.finding(notebook) == "That it does, in 2.5 of 3 cases."
    out = study.build([(path, notebook)], tmp_path / "out")
    assert BeautifulSoup(out.read_text(), "html.parser").find(class_="no-picture").get_text(strip=True)
