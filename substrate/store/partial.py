"""A large blob that is still being fetched: HOME/pieced/.ROOT.part/ with ``index``, ``data`` and ``journal``.

A piece is checked before it is written, and noted in the journal after. Every 8 MiB the data is synced, and then the
journal with a mark behind what is safe. A start believes what stands before the last mark (and looks at a sample of it
again), and checks what stands behind: a killed process loses what it had not written, a power cut at most 8 MiB more.
"""

import fcntl
import os
import random
import shutil
import struct
from typing import Final

from substrate.record.errors import RecordError
from substrate.record.pieces import HASH_BYTES, Layout, check_index, layout_from_ends, piece_name
from substrate.store.errors import Busy, DiskFull
from substrate.store.files import sync_folder, write_atomic
from substrate.store.pieced import DATA, INDEX, PINNED, PiecedBlobs, Stat, whole_hash, write_meta

JOURNAL: Final = "journal"
LOCK: Final = "lock"
#: Bytes after which data and journal are synced.
SYNC_BYTES: Final = 8 << 20
_MAGIC: Final = b"lecspj01"
_ENDS: Final = struct.Struct(">8sII")
_RECORD: Final = struct.Struct(">I")
_MARK: Final = 0xFFFFFFFF
#: Of what a start believes: a hundredth, and this many of the latest.
_LATEST: Final = 8
_SHARE: Final = 100
_ROOM: Final = 16 << 20


def abandoned(blobs: PiecedBlobs, before: float) -> list[str]:
    """Roots whose fetch nobody has touched since ``before`` (seconds since 1970)."""
    found = []
    for folder in sorted(blobs.folder.glob(".*.part")):
        journal = folder / JOURNAL
        if journal.exists() and journal.stat().st_mtime < before:
            found.append(folder.name[1 : -len(".part")])
    return found


def drop(blobs: PiecedBlobs, root: str) -> int:
    """Take away what a fetch brought so far; returns how many bytes that freed.

    Raises:
        Busy: a process is fetching it.
    """
    partial = Partial(blobs, root)
    try:
        size = sum(path.stat().st_blocks * 512 for path in partial.folder.iterdir())
        shutil.rmtree(partial.folder)
        return size
    finally:
        partial.close()


class Partial:
    """One fetch into one home. A second process that opens the same one is told to wait."""

    def __init__(self, blobs: PiecedBlobs, root: str) -> None:
        """Open or begin.

        Raises:
            Busy: another process is fetching it. DiskFull: not even an empty file fits.
        """
        self.blobs, self.root = blobs, root
        self.folder = blobs.path(root).with_name(f".{root}.part")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        self._journal = os.open(self.folder / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._data = os.open(self.folder / DATA, os.O_RDWR | os.O_CREAT, 0o600)
        self.index = b""
        self.pieces = 0
        self.layout: Layout | None = None
        self.have: set[int] = set()
        self.known = False
        self._unsynced = 0
        try:
            self._take_lock()
            self._resume()
        except BaseException:
            self.close()
            raise
        #: Pieces that were here already.
        self.resumed = len(self.have)

    def learn(self, index: bytes) -> None:
        """Take the HashSeq, checked against the root.

        Raises:
            BadInclusion: the root does not name it.
        """
        check_index(self.root, index)
        write_atomic(self.folder / INDEX, index)
        self._take(index)

    def fits(self, number: int, data: bytes) -> bool:
        """Whether ``data`` are the bytes of piece ``number``."""
        return piece_name(data) == self.index[number * HASH_BYTES : (number + 1) * HASH_BYTES]

    def lay(self, first: int, last: int) -> None:
        """Fix where pieces lie, by the lengths of the first and the last piece, both checked; makes sure of room.

        Raises:
            BadInclusion: no blob is cut like this. DiskFull: it does not fit on this disk.
        """
        layout = layout_from_ends(self.pieces, first, last)
        self._make_room(layout)
        os.ftruncate(self._journal, 0)
        os.write(self._journal, _ENDS.pack(_MAGIC, first, last))
        os.fsync(self._journal)
        os.ftruncate(self._data, layout.size)
        self.layout = layout

    def write(self, number: int, data: bytes) -> None:
        """Keep a piece that `fits`.

        Raises:
            OSError: the disk is full or broken; what was kept before stays.
        """
        assert self.layout is not None  # noqa: S101 (`lay` comes first: the fetch's own order)
        if number in self.have:
            return
        written = os.pwrite(self._data, data, self.layout.start(number))
        while written < len(data):
            written += os.pwrite(self._data, data[written:], self.layout.start(number) + written)
        os.write(self._journal, _RECORD.pack(number))
        self.have.add(number)
        self._unsynced += len(data)
        if self._unsynced >= SYNC_BYTES:
            self.sync()

    def sync(self) -> None:
        """Make what was written safe from a power cut."""
        os.fsync(self._data)
        os.write(self._journal, _RECORD.pack(_MARK))
        os.fsync(self._journal)
        self._unsynced = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.known and len(self.have) == self.pieces and (self.layout is not None or not self.pieces)

    def finish(self, *, pinned: bool = True) -> Stat:
        """Put the blob in its place; this partial is closed then."""
        size = self.layout.size if self.layout is not None else 0
        os.fsync(self._data)
        write_meta(self.folder, size, whole_hash(self.folder / DATA))
        if pinned:
            write_atomic(self.folder / PINNED, b"")
        sync_folder(self.folder)
        if self.blobs.path(self.root).exists():
            shutil.rmtree(self.folder)
        else:
            self.folder.replace(self.blobs.path(self.root))
            sync_folder(self.blobs.folder)
            for name in (JOURNAL, LOCK):
                (self.blobs.path(self.root) / name).unlink()
        self.close()
        return self.blobs.stat(self.root)

    def piece(self, number: int) -> bytes:
        """The bytes of a piece that is here (not checked again)."""
        assert self.layout is not None  # noqa: S101 (nothing is in `have` before)
        return os.pread(self._data, self.layout.length(number), self.layout.start(number))

    def close(self) -> None:
        """Let go of it; what was kept stays."""
        for descriptor in (self._journal, self._data, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._journal = self._data = self._lock = -1

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another process is fetching {self.root} into this home") from None

    def _take(self, index: bytes) -> None:
        self.index, self.pieces, self.known = index, len(index) // HASH_BYTES, True

    def _make_room(self, layout: Layout) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < layout.size + _ROOM:
            need = f"the blob has {layout.size} bytes, the disk {free} left"
            raise DiskFull(f"{need}: make room, then run the same command again")

    def _resume(self) -> None:
        """Find out what is here already, and believe no more of it than can be believed."""
        try:
            index = (self.folder / INDEX).read_bytes()
            check_index(self.root, index)
        except (OSError, RecordError):
            return  # It is fetched again.
        self._take(index)
        noted, safe = self._read_journal()
        if self.layout is None:
            return
        doubtful = noted[safe:]
        sample = set(noted[max(0, safe - _LATEST) : safe])
        sample |= set(random.sample(noted[:safe], safe // _SHARE))
        if all(self._holds(number) for number in sorted(sample)):
            self.have = set(noted[:safe])
        else:
            doubtful = list(range(self.pieces))
        self.have |= {number for number in dict.fromkeys(doubtful) if self._holds(number)}
        self._rewrite_journal()

    def _read_journal(self) -> tuple[list[int], int]:
        """The pieces that were noted, in order, and how many of them stand before the last mark."""
        raw = os.pread(self._journal, os.fstat(self._journal).st_size, 0)
        if len(raw) < _ENDS.size:
            return [], 0
        magic, first, last = _ENDS.unpack_from(raw)
        try:
            layout = layout_from_ends(self.pieces, first, last)
        except RecordError:
            return [], 0
        if magic != _MAGIC or os.fstat(self._data).st_size != layout.size:
            return [], 0
        self.layout = layout
        noted: list[int] = []
        safe = 0
        whole = (len(raw) - _ENDS.size) // _RECORD.size * _RECORD.size
        for (number,) in _RECORD.iter_unpack(raw[_ENDS.size : _ENDS.size + whole]):
            if number == _MARK:
                safe = len(noted)
            elif number < self.pieces:
                noted.append(number)
        return noted, safe

    def _rewrite_journal(self) -> None:
        """One journal without torn or doubted records; on disk before it counts."""
        assert self.layout is not None  # noqa: S101 (read from the journal just now)
        os.fsync(self._data)
        ends = self.layout.length(0), self.layout.length(self.layout.pieces - 1)
        records = b"".join(map(_RECORD.pack, [*sorted(self.have), _MARK]))
        write_atomic(self.folder / JOURNAL, _ENDS.pack(_MAGIC, *ends) + records)
        os.close(self._journal)
        self._journal = os.open(self.folder / JOURNAL, os.O_RDWR | os.O_APPEND)

    def _holds(self, number: int) -> bool:
        return self.fits(number, self.piece(number))
