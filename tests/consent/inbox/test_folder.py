"""What counts as an archive that somebody has finished writing."""

import os
from pathlib import Path

import pytest

from consent.inbox.folder import being_written, look, shown

OLD = 1_700_000_000


def seen(folder: Path, now: float = OLD + 60.0) -> dict[str, tuple[bool, str]]:
    """Name -> (refused as a file, why it waits)."""
    return {one.name: (bool(one.refusal), one.waiting) for one in look(folder, now, 10)}


def test_a_file_that_is_being_written_waits(tmp_path: Path) -> None:
    """The kernel says so while it is open for writing, whatever its time; afterwards it is ready."""
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b"{}\n")
        file.flush()
        os.utime(path, (OLD, OLD))
        assert being_written(path)
        assert seen(tmp_path) == {"a.jsonl": (False, "somebody has it open for writing")}
    os.utime(path, (OLD, OLD))
    with path.open("rb"):
        assert not being_written(path), "readers do not count"
    assert seen(tmp_path) == {"a.jsonl": (False, "")}


@pytest.mark.parametrize(("now", "waits"), [(OLD + 9.0, True), (OLD + 10.0, False), (OLD - 9.0, True)])
def test_a_file_that_just_changed_waits(tmp_path: Path, now: float, waits: bool) -> None:
    """Ten seconds; a clock that goes a little wrong counts as just now."""
    (tmp_path / "a.csv").write_text("text\n")
    os.utime(tmp_path / "a.csv", (OLD, OLD))
    assert bool(seen(tmp_path, now)["a.csv"][1]) == waits


def test_what_is_no_archive_yet_or_ever(tmp_path: Path) -> None:
    """Hidden names, reports and unfinished downloads are passed over; an empty file waits."""
    for name in (".hidden.jsonl", "a.jsonl.report.json", "b.jsonl.part", "c.csv.crdownload", "d.jsonl~", "e.jsonl"):
        (tmp_path / name).touch()
    assert seen(tmp_path) == {"e.jsonl": (False, "it is empty")}


def test_links_folders_and_second_names_are_refused(tmp_path: Path) -> None:
    """Nothing but what lies in the inbox is ever read or overwritten."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "elsewhere.jsonl").write_text("{}\n")
    (tmp_path / "inbox" / "link.jsonl").symlink_to(tmp_path / "elsewhere.jsonl")
    (tmp_path / "inbox" / "name.jsonl").hardlink_to(tmp_path / "elsewhere.jsonl")
    (tmp_path / "inbox" / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "inbox" / "pipe.jsonl")
    assert {name for name, (refused, _) in seen(tmp_path / "inbox").items() if refused} == {
        "link.jsonl", "name.jsonl", "folder.jsonl", "pipe.jsonl",
    }  # fmt: skip


def test_names_are_shown_without_what_steers_a_terminal() -> None:
    """And without bytes that are no UTF-8."""
    assert shown("a\x1b[31m.csv") == "a\ufffd[31m.csv"
    assert shown(os.fsdecode(b"\xff.csv")) == "\ufffd.csv"
