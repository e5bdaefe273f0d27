"""Large blobs of one home, known by their root: HOME/pieced/ROOT/ with ``index``, ``data`` and ``meta.json``.

A folder with the name of a root is whole. What is still being fetched lies beside it (`substrate.store.partial`). They
are not in backups: whoever has the root can fetch them again.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blake3 import blake3

from substrate.record.pieces import HASH_BYTES, Layout, layout_of, piece_name, root_of
from substrate.store.errors import NotFound, Tampered
from substrate.store.files import plain_file, sync_folder, write_atomic
from substrate.store.leftovers import sweep_beside

FOLDER: Final = "pieced"
INDEX: Final = "index"
DATA: Final = "data"
META: Final = "meta.json"
PINNED: Final = "pinned"
_FORMAT: Final = "lecs-pieced-1"
_ROOT: Final = re.compile(r"[0-9a-f]{64}")

Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Stat:
    """A whole blob: ``blake3`` is the hash of all its bytes, by which an approval knows a model's file."""

    root: str
    size: int
    pieces: int
    blake3: str
    pinned: bool


class PiecedBlobs:
    """The large blobs of one home."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is created by the first `put` or fetch."""
        self.folder = folder

    def path(self, root: str) -> Path:
        """The folder of ``root``, which is there or would be.

        Raises:
            NotFound: that is no root.
        """
        return self.folder / check_root(root)

    def put(self, source: Path, step: Step = lambda _: None) -> Stat:
        """Copy a file in, cut and named; ``step`` is told how many bytes each piece had. It is pinned.

        Raises:
            OSError: it cannot be read, or there is no room. MalformedDocument: it is too large.
        """
        size = plain_file(source).stat().st_size
        layout = layout_of(size)
        sweep_beside(self.folder / "put")
        staging = self.folder / f".put.{os.getpid()}.tmp"
        staging.mkdir(parents=True)
        try:
            index, whole = _copy(source, staging / DATA, layout, step)
            root = root_of(index)
            if not self.path(root).exists():
                write_atomic(staging / INDEX, index)
                write_meta(staging, layout.size, whole)
                staging.replace(self.path(root))
                sync_folder(self.folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        self.pin(root)
        return self.stat(root)

    def stat(self, root: str) -> Stat:
        """What is known of a whole blob.

        Raises:
            NotFound: it is not here. Tampered: what it says about itself cannot be read.
        """
        folder = self.path(root)
        try:
            meta = json.loads((folder / META).read_bytes())
            size, whole = meta["bytes"], meta["blake3"]
            if meta["format"] != _FORMAT or (folder / DATA).stat().st_size != size or not _ROOT.fullmatch(whole):
                raise ValueError
        except FileNotFoundError:
            raise NotFound(f"blob {root} is not in this home") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Tampered(f"pieced/{root} was changed") from None
        return Stat(root, size, layout_of(size).pieces, whole, (folder / PINNED).exists())

    def index(self, root: str) -> bytes:
        """The HashSeq of a whole blob, checked.

        Raises:
            NotFound: it is not here. Tampered: it was changed.
        """
        try:
            found = (self.path(root) / INDEX).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"blob {root} is not in this home") from None
        if root_of(found) != root:
            raise Tampered(f"pieced/{root}/{INDEX} was changed")
        return found

    def piece(self, root: str, number: int, index: bytes) -> bytes:
        """One piece of a whole blob, checked against its hash in ``index``.

        Raises:
            NotFound: no such blob or piece. Tampered: its bytes were changed.
        """
        if not 0 <= number < len(index) // HASH_BYTES:
            raise NotFound(f"blob {root} has no piece {number}")
        path = self.path(root) / DATA
        try:
            with path.open("rb", buffering=0) as file:
                layout = layout_of(os.fstat(file.fileno()).st_size)
                data = os.pread(file.fileno(), layout.piece, layout.start(number))
        except FileNotFoundError:
            raise NotFound(f"blob {root} is not in this home") from None
        if piece_name(data) != index[number * HASH_BYTES : (number + 1) * HASH_BYTES]:
            raise Tampered(f"pieced/{root}/{DATA} does not hold the bytes that were stored (piece {number})")
        return data

    def roots(self) -> Iterator[str]:
        """All whole blobs here, sorted."""
        for path in sorted(self.folder.glob("*")):
            if _ROOT.fullmatch(path.name):
                yield path.name

    def pin(self, root: str) -> None:
        """Keep it, whatever nobody needs any more.

        Raises:
            NotFound: it is not here.
        """
        write_atomic(self._there(root) / PINNED, b"")

    def unpin(self, root: str) -> None:
        """Keep it only as long as something needs it.

        Raises:
            NotFound: it is not here.
        """
        folder = self._there(root)
        (folder / PINNED).unlink(missing_ok=True)
        sync_folder(folder)

    def remove(self, root: str) -> int:
        """Take a whole blob away; returns how many bytes that freed."""
        folder = self.path(root)
        size = sum(path.stat().st_size for path in folder.glob("*"))
        going = folder.with_name(f".{root}.{os.getpid()}.tmp")
        folder.replace(going)
        shutil.rmtree(going)
        return size

    def _there(self, root: str) -> Path:
        folder = self.path(root)
        if not folder.exists():
            raise NotFound(f"blob {root} is not in this home")
        return folder


def check_root(root: str) -> str:
    """``root``, if it is one.

    Raises:
        NotFound: it is not 64 hexadecimal digits.
    """
    if not _ROOT.fullmatch(root):
        raise NotFound("a blob is named by 64 hexadecimal digits")
    return root


def write_meta(folder: Path, size: int, whole: str) -> None:
    """Say how large a blob is, and the hash of all its bytes."""
    write_atomic(folder / META, json.dumps({"format": _FORMAT, "bytes": size, "blake3": whole}).encode("ascii"))


def whole_hash(path: Path) -> str:
    """BLAKE3 of a file's bytes, 64 hexadecimal digits."""
    hasher = blake3()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            hasher.update(data)
    return hasher.hexdigest()


def _copy(source: Path, target: Path, layout: Layout, step: Step) -> tuple[bytes, str]:
    """Copy piece by piece; returns the HashSeq and the hash of the whole."""
    index, hasher = bytearray(), blake3()
    with source.open("rb") as reading, target.open("wb") as writing:
        for number in range(layout.pieces):
            data = reading.read(layout.length(number))
            if len(data) != layout.length(number):
                raise NotFound(f"{source.name} became shorter while it was read")
            index += piece_name(data)
            hasher.update(data)
            writing.write(data)
            step(len(data))
        writing.flush()
        os.fsync(writing.fileno())
    return bytes(index), hasher.hexdigest()
