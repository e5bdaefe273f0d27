"""Plain files: read to their end and no further; pipes, devices and folders are refused before they are opened."""

import os
import socket
from pathlib import Path

import pytest

from substrate.store.files import NotAPlainFile, overwrite_and_remove, plain_file, read_plain, write_atomic


@pytest.mark.parametrize("data", [b"", b"a", b"some bytes", bytes(range(256)) * 300])
def test_a_file_is_read_whole(tmp_path: Path, data: bytes) -> None:
    """All of it where it is not longer than asked for."""
    (tmp_path / "file").write_bytes(data)
    assert plain_file(tmp_path / "file") == tmp_path / "file"
    assert read_plain(tmp_path / "file", len(data)) == data
    assert read_plain(tmp_path / "file", len(data) + 1000) == data


def test_a_file_that_is_too_long_is_cut_one_byte_later(tmp_path: Path) -> None:
    """So that whoever asked can tell, and no more than that is in memory. A file of holes is no trouble."""
    with (tmp_path / "file").open("wb") as file:
        file.truncate(50_000_000_000)
    assert read_plain(tmp_path / "file", 100) == bytes(101)


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    """What a link leads to decides."""
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "link").symlink_to("file")
    assert read_plain(tmp_path / "link", 10) == b"bytes"


def strange(folder: Path, kind: str) -> Path:
    """Something that is no plain file."""
    path = folder / "strange"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        here = Path.cwd()
        os.chdir(folder)  # A socket's name is short.
        try:
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind("strange")
        finally:
            os.chdir(here)
    else:
        path.symlink_to({"a device": "/dev/zero", "nothing's end": "/dev/null"}[kind])
    return path


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a socket", "a device", "nothing's end"])
def test_what_is_no_plain_file(tmp_path: Path, kind: str) -> None:
    """Refused by name; a pipe without a writer would wait for ever, a device never ends."""
    path = strange(tmp_path, kind)
    for read in (plain_file, lambda p: read_plain(p, 10)):
        with pytest.raises(NotAPlainFile, match="not a plain file"):
            read(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    """Absent, a link to nowhere, a link to itself: the system's own words."""
    (tmp_path / "nowhere").symlink_to("absent")
    (tmp_path / "itself").symlink_to("itself")
    for name in ("absent", "nowhere", "itself"):
        with pytest.raises(OSError, match=name) as caught:
            read_plain(tmp_path / name, 10)
        assert not isinstance(caught.value, NotAPlainFile)


def test_a_write_does_not_follow_what_lies_in_its_place(tmp_path: Path) -> None:
    """A link with the name of the file is replaced, and what it led to stays as it was."""
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "file").symlink_to("other")
    write_atomic(tmp_path / "file", b"new", mode=0o600)
    assert (tmp_path / "other").read_bytes() == b"other"
    assert not (tmp_path / "file").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_removed_file_is_overwritten_first(tmp_path: Path) -> None:
    """Another name of the same bytes shows zeros afterwards."""
    (tmp_path / "file").write_bytes(b"a text")
    os.link(tmp_path / "file", tmp_path / "also")
    overwrite_and_remove(tmp_path / "file")
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "also").read_bytes() == bytes(6)
