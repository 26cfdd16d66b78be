"""Files that are written whole or not at all."""

import os
import subprocess
import sys

import pytest

from secondop.datafiles import write_whole

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions and processes")


class NoRoomError(OSError):
    """As a full disk gives."""


def test_a_new_and_a_replaced_file_hold_what_was_given_and_nothing_stands_beside(tmp_path):
    path = tmp_path / "page.html"
    for content, stored in (("é\n", b"\xc3\xa9\n"), (b"\r\n\0", b"\r\n\0"), ("", b"")):
        write_whole(path, content)
        assert path.read_bytes() == stored
        assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old")

    def full(_):
        raise NoRoomError

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoRoomError):
        write_whole(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_permissions_and_links_stay(mode, tmp_path):
    path, link = tmp_path / "private.csv", tmp_path / "link.csv"
    path.write_text("old")
    path.chmod(mode)
    link.symlink_to(path)
    write_whole(link, "new")
    assert link.is_symlink() and path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode


@posix
def test_what_a_killed_run_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = [f".page.html.{gone.pid}.part", f".page.html.{os.getpid()}.part"]
    kept = [f".page.html.{os.getppid()}.part", f".other.html.{gone.pid}.part", ".page.html.notes.part"]
    for name in names + kept:
        (tmp_path / name).write_text("half")
    write_whole(tmp_path / "page.html", "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", *kept}


@posix
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "a page")
        assert pipe.is_fifo() and os.read(reader, 100) == b"a page"
    finally:
        os.close(reader)
