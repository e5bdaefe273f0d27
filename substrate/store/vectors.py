"""Vectors of kept texts, sealed under a key of the home and kept so that one item's can be destroyed at once.

A vector says what a text is about, and parts of a text can be guessed from it: it is personal data. So it lies in no
file in the clear, it is named by the row of its item (a salted digest of the kept bytes: other bytes, another row),
and `Vault.destroy` and `Vault.supersede` take it away in the transaction that takes the bytes away. Vectors lie in
files of about 1/256 of the items, by the first two digits of the row; such a file goes as a whole, and the next
embedding makes the rest of it again. Everything here is derived: no backup holds it.
"""

import os
import re
import sqlite3
from pathlib import Path
from typing import Final

import pyarrow as pa
from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.store.files import overwrite_and_remove
from substrate.store.shards import FOLDER, SUFFIX

PURPOSE: Final = "embeddings"
_SHARD: Final = re.compile(r"[0-9a-f]{2}")


def vector_schema(width: int) -> pa.Schema:
    """What stands beside a vector of ``width`` numbers, each a half-precision float."""
    return pa.schema(
        [
            pa.field("row", pa.string(), nullable=False),
            pa.field("contribution", pa.string(), nullable=False),
            pa.field("purposes", pa.list_(pa.string()), nullable=False),
            pa.field("language", pa.string(), nullable=False),
            pa.field("domain", pa.string(), nullable=False),
            pa.field("vector", pa.binary(2 * width), nullable=False),
        ]
    )


class Vectors:
    """The vectors that one model made of the texts of a home."""

    def __init__(self, home: Path, secret: bytes, model: str, width: int) -> None:
        """``secret``: 32 bytes of the home; ``model``: the digest of the model, which names the folder."""
        self.folder = home / FOLDER / model
        self.schema = vector_schema(width)
        self._model = model
        self._seal = Aead(secret)

    def shards(self) -> list[str]:
        """The shards that have a file."""
        return sorted(path.stem for path in self.folder.glob(f"*{SUFFIX}") if _SHARD.fullmatch(path.stem))

    def read(self, shard: str) -> pa.Table:
        """The lines of one shard; none where there is no file, or one that this home did not write so."""
        try:
            sealed = (self.folder / f"{shard}{SUFFIX}").read_bytes()
            plain = self._seal.decrypt(sealed, self._place(shard))
            table = pa.ipc.open_stream(plain).read_all()
        except (FileNotFoundError, CryptoError, ValueError, pa.ArrowInvalid):
            return self.schema.empty_table()
        return table if table.schema == self.schema else self.schema.empty_table()

    def read_all(self) -> pa.Table:
        """Every line, shard by shard."""
        return pa.concat_tables([self.schema.empty_table(), *(self.read(shard) for shard in self.shards())])

    def write(self, connection: sqlite3.Connection, shard: str, table: pa.Table) -> int:
        """Replace one shard inside a write transaction; returns how many lines were written.

        Lines of rows that the vault does not hold any more are left out: a text may have gone while it was embedded.
        """
        table = table.filter(pa.array([_is_here(connection, one, row) for one, row in _keys(table)], pa.bool_()))
        path = self.folder / f"{shard}{SUFFIX}"
        if not table.num_rows:
            overwrite_and_remove(path)
            return 0
        sealed = bytes(self._seal.encrypt(_stream(table.cast(self.schema).sort_by("row")), self._place(shard)))
        _replace(path, sealed)
        return int(table.num_rows)

    def _place(self, shard: str) -> bytes:
        return f"lecs-vectors-1\n{self._model}\n{shard}".encode()


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["contribution"].to_pylist(), table["row"].to_pylist(), strict=True))


def _is_here(connection: sqlite3.Connection, contribution: str, row: str) -> bool:
    found = connection.execute("SELECT row FROM items WHERE contribution = ?", (contribution,)).fetchone()
    return found is not None and found[0] == row


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _replace(path: Path, data: bytes) -> None:
    """In one step. Not synced: after a power cut a shard may be missing or damaged, and is then made again."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)
