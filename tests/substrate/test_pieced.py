"""Large blobs: how they are cut and named, kept, checked and taken away; and fetches that die at any step."""

import os
import random
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import example, given, settings
from hypothesis import strategies as st

from substrate.record.errors import BadInclusion, MalformedDocument
from substrate.record.pieces import LARGE_PIECE, SMALL_BELOW, SMALL_PIECE, layout_from_ends, layout_of, root_of
from substrate.store.errors import Busy, DiskFull, NotFound, Tampered
from substrate.store.partial import Partial, abandoned, drop
from substrate.store.pieced import PiecedBlobs

SIZES = (0, 1, SMALL_PIECE - 1, SMALL_PIECE, SMALL_PIECE + 1, 3 * SMALL_PIECE, 5 * SMALL_PIECE + 77)


def _data(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def blobs(tmp_path: Path) -> PiecedBlobs:
    return PiecedBlobs(tmp_path / "pieced")


def _put(blobs: PiecedBlobs, tmp_path: Path, data: bytes) -> str:
    source = tmp_path / "given.bin"
    source.write_bytes(data)
    return blobs.put(source).root


@given(st.integers(0, 40 << 30))
@example(SMALL_BELOW - 1)
@example(SMALL_BELOW)
@example(0)
def test_the_lengths_of_both_ends_prove_the_layout(size: int) -> None:
    layout = layout_of(size)
    assert layout.piece == (SMALL_PIECE if size < SMALL_BELOW else LARGE_PIECE)
    assert sum(layout.length(number) for number in (0, layout.pieces - 1)[: layout.pieces]) <= size
    if size:
        first, last = layout.length(0), layout.length(layout.pieces - 1)
        assert 0 < last <= layout.piece
        assert layout_from_ends(layout.pieces, first, last) == layout


@given(st.integers(1, 200), st.integers(0, 2 << 20), st.integers(0, 2 << 20))
@settings(max_examples=200)
def test_ends_that_no_blob_has_are_refused(pieces: int, first: int, last: int) -> None:
    try:
        layout = layout_from_ends(pieces, first, last)
    except (BadInclusion, MalformedDocument):
        return
    assert (layout.pieces, layout.length(0), layout.length(pieces - 1)) == (pieces, first, last)
    assert layout == layout_of(layout.size)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_found_again_under_the_root_of_its_pieces(blobs: PiecedBlobs, tmp_path: Path, size: int) -> None:
    data = _data(size)
    root = _put(blobs, tmp_path, data)
    stat = blobs.stat(root)
    index = blobs.index(root)
    pieces = [blobs.piece(root, number, index) for number in range(stat.pieces)]
    assert b"".join(pieces) == data
    assert index == b"".join(blake3(piece).digest() for piece in pieces)
    assert root == blake3(index).hexdigest()
    assert (stat.size, stat.blake3, stat.pinned) == (size, blake3(data).hexdigest(), True)
    assert _put(blobs, tmp_path, data) == root
    assert list(blobs.roots()) == [root]
    assert [path.name for path in blobs.folder.iterdir()] == [root]


def test_changed_bytes_are_named_and_never_given_out(blobs: PiecedBlobs, tmp_path: Path) -> None:
    root = _put(blobs, tmp_path, _data(2 * SMALL_PIECE))
    index = blobs.index(root)
    with (blobs.path(root) / "data").open("r+b") as file:
        file.seek(SMALL_PIECE + 5)
        file.write(b"?")
    assert blobs.piece(root, 0, index)
    with pytest.raises(Tampered, match="piece 1"):
        blobs.piece(root, 1, index)
    with pytest.raises(NotFound):
        blobs.piece(root, 2, index)
    (blobs.path(root) / "index").write_bytes(index[:-1] + b"?")
    with pytest.raises(Tampered):
        blobs.index(root)
    (blobs.path(root) / "meta.json").write_text("{}")
    with pytest.raises(Tampered):
        blobs.stat(root)
    for wrong in ("", "..", "A" * 64, "0" * 63):
        with pytest.raises(NotFound):
            blobs.stat(wrong)


def test_pins_and_removal(blobs: PiecedBlobs, tmp_path: Path) -> None:
    root = _put(blobs, tmp_path, _data(10))
    blobs.unpin(root)
    assert not blobs.stat(root).pinned
    blobs.pin(root)
    assert blobs.stat(root).pinned
    assert blobs.remove(root) > 10
    assert not list(blobs.folder.iterdir())
    with pytest.raises(NotFound):
        blobs.pin(root)


class _Killed(BaseException):
    """The process ends here."""


class _Kills:
    """Counts calls that change the disk, and ends the process at one of them: before it, or half-way through."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int) -> None:
        self.calls, self.at = 0, at
        for name in ("write", "pwrite", "fsync", "ftruncate"):
            patch.setattr(os, name, self._killing(getattr(os, name), half="write" in name))

    def _killing(self, call: Any, half: bool) -> Any:
        def called(descriptor: int, *arguments: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                if half:
                    call(descriptor, arguments[0][: len(arguments[0]) // 2], *arguments[1:])
                raise _Killed
            return call(descriptor, *arguments)

        return called


def _fetch(blobs: PiecedBlobs, root: str, index: bytes, data: bytes) -> int:
    """What a fetch does with bytes that all fit; returns how many pieces it had to ask for."""
    partial = Partial(blobs, root)
    try:
        if not partial.known:
            partial.learn(index)
        layout = layout_of(len(data))
        parts = [data[layout.start(n) :][: layout.length(n)] for n in range(layout.pieces)]
        if parts and partial.layout is None:
            partial.lay(len(parts[0]), len(parts[-1]))
        asked = [number for number in range(len(parts)) if number not in partial.have]
        for number in asked:
            assert partial.fits(number, parts[number])
            partial.write(number, parts[number])
        assert partial.whole
        partial.finish()
        return len(asked)
    finally:
        partial.close()


def test_a_fetch_that_dies_at_any_step_goes_on_and_ends_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("substrate.store.partial.SYNC_BYTES", 3 * SMALL_PIECE)
    data = _data(8 * SMALL_PIECE + 100)
    source = PiecedBlobs(tmp_path / "source")
    root = _put(source, tmp_path, data)
    index = source.index(root)
    at, ended = 0, False
    while not ended:
        at += 1
        blobs = PiecedBlobs(tmp_path / f"target-{at}")
        with monkeypatch.context() as patch:
            kills = _Kills(patch, at)
            try:
                _fetch(blobs, root, index, data)
                ended = True
            except _Killed:
                done = kills.calls
        if not ended:
            if not blobs.path(root).exists():
                again = _fetch(blobs, root, index, data)
                assert again <= 9, done
            assert (blobs.path(root) / "data").read_bytes() == data
            assert blobs.stat(root).blake3 == blake3(data).hexdigest()
            assert [path.name for path in blobs.folder.iterdir()] == [root]
    assert at > 25


def test_what_was_written_is_not_asked_for_again(tmp_path: Path, blobs: PiecedBlobs) -> None:
    data = _data(20 * SMALL_PIECE)
    source = PiecedBlobs(tmp_path / "source")
    root = _put(source, tmp_path, data)
    partial = Partial(blobs, root)
    partial.learn(source.index(root))
    partial.lay(SMALL_PIECE, SMALL_PIECE)
    for number in (3, 0, 7):
        partial.write(number, data[number * SMALL_PIECE :][:SMALL_PIECE])
    with pytest.raises(Busy):
        Partial(blobs, root)
    partial.close()
    with (partial.folder / "data").open("r+b") as file:  # A page that never reached the disk.
        file.seek(7 * SMALL_PIECE)
        file.write(bytes(100))
    again = Partial(blobs, root)
    assert (again.have, again.resumed) == ({0, 3}, 2)
    again.close()


def test_rot_in_what_was_safe_makes_everything_be_looked_at(tmp_path: Path, blobs: PiecedBlobs) -> None:
    data = _data(12 * SMALL_PIECE)
    source = PiecedBlobs(tmp_path / "source")
    root = _put(source, tmp_path, data)
    partial = Partial(blobs, root)
    partial.learn(source.index(root))
    partial.lay(SMALL_PIECE, SMALL_PIECE)
    for number in range(10):
        partial.write(number, data[number * SMALL_PIECE :][:SMALL_PIECE])
    partial.sync()
    partial.close()
    with (partial.folder / "data").open("r+b") as file:
        for number in (1, 9):
            file.seek(number * SMALL_PIECE)
            file.write(b"rot" * 9)
    again = Partial(blobs, root)
    assert again.have == {0, 2, 3, 4, 5, 6, 7, 8}
    again.close()


@pytest.mark.parametrize("name", ["index", "journal", "data"])
@pytest.mark.parametrize("damage", [b"", b"\xff" * 4000])
def test_damaged_files_of_a_fetch_cost_time_and_nothing_else(
    tmp_path: Path, blobs: PiecedBlobs, name: str, damage: bytes
) -> None:
    data = _data(6 * SMALL_PIECE)
    source = PiecedBlobs(tmp_path / "source")
    root = _put(source, tmp_path, data)
    partial = Partial(blobs, root)
    partial.learn(source.index(root))
    partial.lay(SMALL_PIECE, SMALL_PIECE)
    partial.write(1, data[SMALL_PIECE:][:SMALL_PIECE])
    partial.sync()
    partial.close()
    (partial.folder / name).write_bytes(damage)
    assert _fetch(blobs, root, source.index(root), data) in (5, 6)
    assert (blobs.path(root) / "data").read_bytes() == data


def test_a_row_of_hashes_or_ends_that_do_not_fit_are_refused(blobs: PiecedBlobs) -> None:
    index = bytes(64)
    partial = Partial(blobs, root_of(index))
    for wrong in (b"", bytes(32), bytes(63), bytes(96)):
        with pytest.raises(BadInclusion):
            partial.learn(wrong)
    partial.learn(index)
    with pytest.raises(BadInclusion):
        partial.lay(SMALL_PIECE - 1, 5)
    assert not partial.whole
    partial.close()


def test_a_blob_that_does_not_fit_the_disk_is_refused_before_a_byte_of_it_comes(
    blobs: PiecedBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage())
    index = bytes(64)
    partial = Partial(blobs, root_of(index))
    partial.learn(index)
    with pytest.raises(DiskFull):
        partial.lay(SMALL_PIECE, SMALL_PIECE)
    partial.close()


class _Usage:
    free = 1000


def test_a_fetch_that_was_given_up_can_be_taken_away_but_not_under_somebodys_hands(
    tmp_path: Path, blobs: PiecedBlobs
) -> None:
    source = PiecedBlobs(tmp_path / "source")
    root = _put(source, tmp_path, _data(3 * SMALL_PIECE))
    partial = Partial(blobs, root)
    partial.learn(source.index(root))
    now = (partial.folder / "journal").stat().st_mtime
    assert abandoned(blobs, now - 60) == []
    assert abandoned(blobs, now + 60) == [root]
    with pytest.raises(Busy):
        drop(blobs, root)
    partial.close()
    drop(blobs, root)
    assert list(blobs.folder.iterdir()) == []
