"""What a node can give out: large blobs by piece, small ones as a whole. Every byte is checked before it leaves."""

from functools import lru_cache
from pathlib import Path
from typing import Protocol

from compute_mesh.blobs.messages import MOST_WHOLE, bits_of
from substrate.record.pieces import HASH_BYTES
from substrate.store.blobs import Blobs
from substrate.store.errors import NotFound
from substrate.store.pieced import FOLDER, PiecedBlobs


class Shelf(Protocol):
    """Where answers come from. Called in threads. All raise `NotFound` for what is not here."""

    def index(self, root: str) -> bytes:
        """The HashSeq of a root."""

    def have(self, root: str) -> bytes:
        """The bits of the pieces that are here."""

    def piece(self, root: str, number: int) -> bytes:
        """One piece."""

    def whole(self, name: str) -> bytes:
        """A small blob."""

    def texts(self, version: str) -> bytes:
        """The list of a version's public texts."""


class HomeShelf:
    """The blobs of a home."""

    def __init__(self, home: Path) -> None:
        """``home`` need not hold any blob yet."""
        self._pieced = PiecedBlobs(home / FOLDER)
        self._small = Blobs(home / "blobs")
        #: A checked index is kept for the pieces that follow.
        self._index = lru_cache(maxsize=16)(self._pieced.index)

    def index(self, root: str) -> bytes:
        """See `Shelf`."""
        return self._index(root)

    def have(self, root: str) -> bytes:
        """See `Shelf`."""
        pieces = len(self._index(root)) // HASH_BYTES
        return bits_of(range(pieces), pieces)

    def piece(self, root: str, number: int) -> bytes:
        """See `Shelf`."""
        return self._pieced.piece(root, number, self._index(root))

    def whole(self, name: str) -> bytes:
        """See `Shelf`."""
        path = self._small.path(name)
        if path.exists() and path.stat().st_size > MOST_WHOLE:
            raise NotFound(f"blob {name} is too large to be sent as a whole")
        return self._small.get(name)

    def texts(self, version: str) -> bytes:
        """See `Shelf`: a home alone gives out none."""
        raise NotFound("no texts are given out here")
