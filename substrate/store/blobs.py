"""Bytes named by their BLAKE3 hash, as files. Dataset manifests live here; they are primary, never derived."""

import re
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from substrate.store.errors import NotFound, Tampered
from substrate.store.files import write_atomic

_NAME = re.compile(r"^[0-9a-f]{64}$")


class Blobs:
    """The blobs of one home."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is created by the first `put`."""
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where the blob ``name`` (64 hexadecimal digits) is or would be."""
        if not _NAME.match(name):
            raise NotFound("a blob is named by 64 hexadecimal digits")
        return self.folder / name[:2] / name

    def put(self, data: bytes) -> str:
        """Store ``data``; returns its name. Storing twice changes nothing."""
        name = blake3(data).hexdigest()
        if not self.path(name).exists():
            write_atomic(self.path(name), data)
        return name

    def get(self, name: str) -> bytes:
        """The bytes of ``name``, checked.

        Raises:
            NotFound: not here.
            Tampered: the bytes are not those that were stored.
        """
        try:
            data = self.path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"blob {name} is not in this home") from None
        if blake3(data).hexdigest() != name:
            raise Tampered(f"blobs/{name[:2]}/{name} does not hold the bytes that its name says")
        return data

    def names(self) -> Iterator[str]:
        """All blobs here, sorted."""
        for path in sorted(self.folder.glob("??/*")):
            if _NAME.match(path.name):
                yield path.name
