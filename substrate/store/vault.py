"""The vault: kept bytes and private documents, encrypted per item. Erasing destroys the item's key.

Each item has a random key, wrapped by the home's vault key. XChaCha20-Poly1305 (PyNaCl) binds every
ciphertext to its contribution and part, so that two cannot be exchanged.
"""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.record.documents import Document
from substrate.store.database import Database
from substrate.store.errors import NotFound, Tampered
from substrate.store.shards import destroy_vectors
from substrate.store.trained import TrainedFiles

SALT_BYTES = 32


def commitment(salt: bytes, kept: bytes) -> str:
    """The row of an item: HMAC-SHA-256 under its 32-byte salt, 64 hexadecimal digits."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has exactly 32 bytes; HMAC pads others, so they would not bind")
    return hmac.digest(salt, kept, hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class Kept:
    """What the vault gives back: the kept bytes and their salt, checked against the row."""

    contribution: str
    row: str
    salt: bytes
    text: bytes


class Vault:
    """Reads and writes items in a `Database`."""

    def __init__(self, database: Database, vault_key: bytes) -> None:
        """``vault_key`` has 32 bytes and wraps the items' keys."""
        self.database = database
        self._wrap = Aead(vault_key)

    def put(
        self, connection: sqlite3.Connection, contribution: str, salt: bytes, kept: bytes, *, federated: bool
    ) -> None:
        """Store an item inside the caller's transaction."""
        key = secrets.token_bytes(32)
        connection.execute(
            "INSERT INTO items (contribution, row, federated, wrapped_key, sealed_text) VALUES (?, ?, ?, ?, ?)",
            (
                contribution,
                commitment(salt, kept),
                int(federated),
                bytes(self._wrap.encrypt(key, _aad(contribution, "key"))),
                bytes(Aead(key).encrypt(salt + kept, _aad(contribution, "text"))),
            ),
        )

    def seal(self, connection: sqlite3.Connection, contribution: str, document: Document) -> None:
        """Store a private document under the item's key, inside the caller's transaction."""
        key = self._key(connection, contribution)
        connection.execute(
            "INSERT OR IGNORE INTO sealed (contribution, kind, digest, body) VALUES (?, ?, ?, ?)",
            (
                contribution,
                document.kind,
                document.digest,
                bytes(Aead(key).encrypt(document.raw, _aad(contribution, document.digest))),
            ),
        )

    def get(self, contribution: str) -> Kept:
        """The kept bytes of one item, checked.

        Raises:
            NotFound: not here (never was, or erased). Tampered: not the bytes that were kept.
        """
        row = self.database.connection.execute(
            "SELECT contribution, row, wrapped_key, sealed_text FROM items WHERE contribution = ?",
            (contribution,),
        ).fetchone()
        if row is None:
            raise NotFound(f"the text of {contribution} is not in this home")
        return self._open(*row)

    def all(self) -> Iterator[Kept]:
        """Every item, in the order of intake, checked."""
        for row in self.database.connection.execute(
            "SELECT contribution, row, wrapped_key, sealed_text FROM items ORDER BY item"
        ):
            yield self._open(*row)

    def contributions(self) -> dict[str, bool]:
        """Contribution -> whether it is federated, for every item here."""
        rows = self.database.connection.execute("SELECT contribution, federated FROM items ORDER BY item")
        return {str(contribution): bool(federated) for contribution, federated in rows}

    def rows(self, contribution: str) -> list[str]:
        """The row under which an item is kept; none when it is not here. Opens nothing."""
        query = "SELECT row FROM items WHERE contribution = ?"
        return [str(row) for (row,) in self.database.connection.execute(query, (contribution,))]

    def standing_rows(self) -> dict[str, str]:
        """Contribution -> the row under which its text is kept, for every item here. Opens nothing."""
        rows = self.database.connection.execute("SELECT contribution, row FROM items ORDER BY item")
        return {str(contribution): str(row) for contribution, row in rows}

    def since(self, item: int) -> set[str]:
        """Contributions that came in after the item of this number."""
        rows = self.database.connection.execute("SELECT contribution FROM items WHERE item > ?", (item,))
        return {str(contribution) for (contribution,) in rows}

    def private(self, contribution: str, kind: str | None = None) -> list[bytes]:
        """The canonical bytes of the private documents of an item, in the order of intake.

        Raises:
            NotFound: the item is not here. Tampered: a ciphertext was changed.
        """
        connection = self.database.connection
        key = self._key(connection, contribution)
        rows = connection.execute(
            "SELECT kind, digest, body FROM sealed WHERE contribution = ? ORDER BY seq", (contribution,)
        ).fetchall()
        found = []
        for found_kind, digest, body in rows:
            raw = _decrypt(key, body, contribution, digest, f"a {found_kind}")
            if hashlib.sha256(raw).hexdigest() != digest:
                raise Tampered(f"vault: a {found_kind} of {contribution} is not the one that was logged")
            if kind in (None, found_kind):
                found.append(raw)
        return found

    def supersede(self, connection: sqlite3.Connection, contribution: str, salt: bytes, kept: bytes) -> str:
        """Put other bytes in the place of an item's, inside the caller's transaction; returns the new row.

        The old key goes with the old bytes: the private documents are sealed again under a new one.

        Raises:
            NotFound: the item is not here. Tampered: a ciphertext was changed.
        """
        private = [(hashlib.sha256(raw).hexdigest(), raw) for raw in self.private(contribution)]
        self._destroy_derived(contribution)
        key, row = secrets.token_bytes(32), commitment(salt, kept)
        connection.execute(
            "UPDATE items SET row = ?, wrapped_key = ?, sealed_text = ? WHERE contribution = ?",
            (
                row,
                bytes(self._wrap.encrypt(key, _aad(contribution, "key"))),
                bytes(Aead(key).encrypt(salt + kept, _aad(contribution, "text"))),
                contribution,
            ),
        )
        connection.executemany(
            "UPDATE sealed SET body = ? WHERE digest = ?",
            [(bytes(Aead(key).encrypt(raw, _aad(contribution, digest))), digest) for digest, raw in private],
        )
        return row

    def _destroy_derived(self, contribution: str) -> None:
        """Vectors and trained terms: what was computed from the bytes goes in the transaction that takes them."""
        home = self.database.path.parent
        destroy_vectors(home, self.rows(contribution))
        TrainedFiles(home).forget(contribution)

    def destroy(self, connection: sqlite3.Connection, contribution: str) -> bool:
        """Delete key, salt, kept bytes, vector, trained terms and private documents; False when there were none."""
        self._destroy_derived(contribution)
        connection.execute("DELETE FROM sealed WHERE contribution = ?", (contribution,))
        return connection.execute("DELETE FROM items WHERE contribution = ?", (contribution,)).rowcount > 0

    def _key(self, connection: sqlite3.Connection, contribution: str) -> bytes:
        row = connection.execute("SELECT wrapped_key FROM items WHERE contribution = ?", (contribution,)).fetchone()
        if row is None:
            raise NotFound(f"{contribution} is not in this home's vault")
        return self._unwrap(contribution, row[0])

    def _unwrap(self, contribution: str, wrapped: bytes) -> bytes:
        try:
            return self._wrap.decrypt(wrapped, _aad(contribution, "key"))
        except CryptoError:
            raise Tampered(f"vault: the key of {contribution} was changed, or keys/home.json is another") from None

    def _open(self, contribution: str, row: str, wrapped: bytes, sealed: bytes) -> Kept:
        key = self._unwrap(contribution, wrapped)
        plain = _decrypt(key, sealed, contribution, "text", "the text")
        salt, kept = plain[:SALT_BYTES], plain[SALT_BYTES:]
        if commitment(salt, kept) != row:
            raise Tampered(f"vault: the text of {contribution} does not fit its commitment")
        return Kept(contribution, row, salt, kept)


def _aad(contribution: str, part: str) -> bytes:
    return f"lecs-vault-1\n{contribution}\n{part}".encode()


def _decrypt(key: bytes, sealed: bytes, contribution: str, part: str, what: str) -> bytes:
    try:
        return Aead(key).decrypt(sealed, _aad(contribution, part))
    except CryptoError:
        raise Tampered(f"vault: {what} of {contribution} was changed") from None
