"""The tools that run the notebooks, tried on small notebooks made for it."""

import nbformat
import pytest

from tools import notebooks, study

TITLE = "# Does it work?\n\nA small notebook."
TABLE = "import pandas as pd\npd.DataFrame({'n': [1, 2]}).style.set_caption('a table')"
PROGRESS = "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)):\n    pass\nobject()"
FIGURE = (
    "import plotly.graph_objects as go\ngo.Figure(go.Bar(x=[1, 2], y=[3, 4])).update_layout(title='Two bars')"
)


def test_storing_twice_gives_the_same_bytes(write_notebook):
    path = write_notebook("01_table.ipynb", TITLE, TABLE, PROGRESS)
    notebooks.store(path)
    first = path.read_bytes()
    notebooks.store(path)
    assert path.read_bytes() == first
    assert b"a table" in first
    assert b"it/s" not in first, "a progress bar was stored"


@pytest.fixture
def drawing():
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
