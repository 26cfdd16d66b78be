"""What a class is given, and the classroom in the network of a room."""

import threading
from importlib.util import find_spec
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from bs4 import BeautifulSoup

from secondop.errors import UnknownNameError
from secondop.teaching import deck
from tools import classroom, handouts
from tools.handouts import SHEETS, main, print_all

URL = "https://example.org/class/"


@pytest.fixture
def given(monkeypatch, tmp_path, capsys):
    """`given(*arguments)`: what the tool says, its folders being temporary."""
    monkeypatch.setattr(handouts, "STUDENTS", tmp_path / "notebooks" / "class")
    monkeypatch.setattr(handouts, "PRINTED", tmp_path / "build" / "class")

    def run(*arguments):
        main([*arguments])
        return capsys.readouterr().out

    return run


def test_it_says_where_notebooks_and_pages_are_and_what_it_kept(given, tmp_path):
    said = given()
    notebooks = sorted((tmp_path / "notebooks" / "class").glob("*/*.ipynb"))
    assert len(notebooks) == 8 and all(str(path) in said for path in notebooks)
    printed = sorted((tmp_path / "build" / "class").glob("*.html"))
    assert len(printed) == 8 and all(str(path) in said for path in printed)
    assert "Kept" not in said and "segno" not in said
    notebooks[0].write_text(notebooks[0].read_text() + " ")
    assert f"to get it anew:\n{notebooks[0]}\n" in given()


def svgs(page):
    return len(BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")("svg"))


def test_without_an_address_no_code_is_drawn_and_sheets_show_every_answer(tmp_path):
    pages = print_all(tmp_path / "class", SHEETS)
    assert sum(map(svgs, pages)) == 0
    cases = [deck()[name] for name in SHEETS]
    assert {case.expected for case in cases} == {case.expected for case in deck()}
    assert any(case.disputed for case in cases) and any(case.explanation.undetermined for case in cases)


@pytest.mark.skipif(find_spec("segno") is None, reason="segno is not installed: pip install segno")
def test_with_an_address_every_card_and_sheet_has_the_code_of_its_case(tmp_path):
    import segno

    sheets, answers, _, cards, key, *_ = print_all(tmp_path / "class", SHEETS, URL)
    counts = [svgs(page) for page in (sheets, answers, cards, key)]
    assert counts == [len(SHEETS), 0, len(deck()), 0], "none on what is for the teacher"
    drawn = segno.make(f"{URL}#predict/T008", error="m").svg_inline(border=2, omitsize=True)
    path = BeautifulSoup(drawn, "html.parser").path["d"]
    assert path in sheets.read_text() and path in cards.read_text()


def test_an_address_without_segno_is_said_and_nothing_is_drawn(given, monkeypatch, tmp_path):
    monkeypatch.setattr(handouts, "find_spec", lambda name: None)
    said = given("--url", URL)
    assert "No codes to scan were drawn: they need the package segno" in said
    assert sum(map(svgs, (tmp_path / "build" / "class").glob("*.html"))) == 0


def test_what_is_no_address_and_no_case_is_refused_before_anything_is_written(given, tmp_path):
    with pytest.raises(SystemExit, match="begins with https://"):
        given("--url", "javascript:alert(1)")
    with pytest.raises(SystemExit, match="no teaching case 'T999'"):
        given("--cases", "T001", "T999")
    assert not (tmp_path / "notebooks").exists() and not (tmp_path / "build").exists()
    with pytest.raises(UnknownNameError):
        print_all(tmp_path / "class", ["T999"])


def test_the_room_gets_the_page_and_nothing_beside_it(tmp_path):
    folder = tmp_path / "classroom"
    folder.mkdir()
    (folder / "index.html").write_text("the page")
    (folder / "inner").mkdir()
    (tmp_path / "secret.txt").write_text("not for the room")
    get = build_opener(ProxyHandler({})).open
    with classroom.server(folder, "127.0.0.1", 0) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{serving.server_port}"
        with get(here) as page:
            assert page.read() == b"the page"
        for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/inner/", "/nothing"):
            with pytest.raises(HTTPError, match="404"):
                get(here + path)
        with classroom.server(folder, "127.0.0.1", serving.server_port) as other:
            assert other.server_port != serving.server_port, "a port that is taken is no obstacle"
        serving.shutdown()


def test_this_machine_has_an_address():
    parts = [int(part) for part in classroom.own_address().split(".")]
    assert len(parts) == 4 and all(0 <= part < 256 for part in parts)
