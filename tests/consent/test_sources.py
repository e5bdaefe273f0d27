"""Where rows come from: lines keep their numbers, names and links tell nothing, and nothing is read twice over."""

import json
from pathlib import Path

import pytest

from consent.rows import MAX_ROW_BYTES, Refusal
from consent.sources import UnreadableSource, open_source

KEY = bytes(32)


def test_lines_of_a_file(tmp_path: Path) -> None:
    """Counted from 1; blank lines are no rows but count; a mark at the beginning is dropped."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n{"a": 2}\n \n[]\n{"a": 3}')
    lines = list(open_source(file, KEY).lines())
    assert [line.line for line in lines] == [1, 3, 5, 6]
    assert [line.row for line in lines if not isinstance(line.row, Refusal)] == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert isinstance(lines[2].row, Refusal)


def test_a_mark_elsewhere_is_no_mark(tmp_path: Path) -> None:
    """Only the first line may begin with one."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"a": 1}\n\xef\xbb\xbf{"a": 2}\n')
    assert isinstance(list(open_source(file, KEY).lines())[1].row, Refusal)


@pytest.mark.parametrize("over", [0, 1, 5_000_000])
def test_a_line_that_is_too_long(over: int, tmp_path: Path) -> None:
    """Refused as one line, whatever its length; the next one is read."""
    file = tmp_path / "rows.jsonl"
    long = b'{"a": "' + b"x" * (MAX_ROW_BYTES + over) + b'"}'
    file.write_bytes(long + b'\n{"a": 1}\n' + long)
    lines = list(open_source(file, KEY).lines())
    assert [(line.line, isinstance(line.row, Refusal)) for line in lines] == [(1, True), (2, False), (3, True)]


def test_files_of_a_folder(tmp_path: Path) -> None:
    """Texts only, below all folders, in the order of their names, without what links lead to."""
    (tmp_path / "outside.txt").write_text("outside")
    folder = tmp_path / "letters"
    (folder / "b").mkdir(parents=True)
    (folder / "z.txt").write_text("last")
    (folder / "a.MD").write_text("first")
    (folder / "b" / "c.txt").write_bytes(b"middle\r\n")
    (folder / "picture.jpg").write_bytes(b"\xff")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "loop").symlink_to(folder)
    source = open_source(folder, KEY)
    assert source.total == 3
    assert [line.row for line in source.lines()] == [{"text": "first"}, {"text": "middle\n"}, {"text": "last"}]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\x00b", b"", b" \n"])
def test_a_file_that_is_no_text(data: bytes, tmp_path: Path) -> None:
    """Refused with the rule; the others are read."""
    (tmp_path / "a.txt").write_bytes(data)
    (tmp_path / "b.txt").write_text("good")
    first, second = open_source(tmp_path, KEY).lines()
    assert isinstance(first.row, Refusal)
    assert first.row.reason == "text-profile"
    assert second.row == {"text": "good"}


def test_the_fingerprint_is_of_the_content_under_the_key(tmp_path: Path) -> None:
    """The same bytes under another name are the same source; under another key nobody can tell."""
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    for file in (one, two):
        file.write_text(json.dumps({"a": 1}))
    assert open_source(one, KEY).fingerprint == open_source(two, KEY).fingerprint
    assert open_source(one, KEY).fingerprint != open_source(one, bytes([1]) * 32).fingerprint
    two.write_text(json.dumps({"a": 2}))
    assert open_source(one, KEY).fingerprint != open_source(two, KEY).fingerprint


@pytest.mark.parametrize("name", ["absent", "empty", "rows.xlsx"])
def test_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    """The message says what to give instead."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "rows.xlsx").write_text("a,b")
    with pytest.raises(UnreadableSource, match=r"exist|\.txt|CSV"):
        open_source(tmp_path / name, KEY)
