"""Boxes: small things that a home keeps for a while and nobody signs, each sealed under a key of its own.

Removing a box destroys its key. As with pending batches the keys are wrapped by HOME/pending.key, which is in no
backup: a report that was decided, or an invitation that was answered, never comes back with an older backup.
"""

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.record.canonical import JsonObject, canonical_bytes, parse_strict
from substrate.store.database import Database
from substrate.store.errors import NotFound, Tampered
from substrate.store.pending import KEY, wrapping_key


@dataclass(frozen=True, slots=True)
class Box:
    """What can be told without opening: ``subject`` is a contribution, or the empty string."""

    box: str
    kind: str
    subject: str
    made: str
    expires: str


class Boxes:
    """Reads and writes the boxes of a home."""

    def __init__(self, database: Database, home: Path) -> None:
        """``home`` is the folder of the home, where the key that wraps the boxes' keys lies."""
        self.database = database
        self._home = home

    def put(self, box: Box, content: JsonObject) -> None:
        """Seal a box; one of the same name is replaced."""
        with self.database.transaction() as connection:
            self.put_in(connection, box, content)

    def put_in(self, connection: sqlite3.Connection, box: Box, content: JsonObject) -> None:
        """The same inside the caller's transaction."""
        key = secrets.token_bytes(32)
        wrapped = bytes(Aead(wrapping_key(self._home, create=True)).encrypt(key, _aad(box, "key")))
        sealed = bytes(Aead(key).encrypt(canonical_bytes(content), _aad(box, "content")))
        connection.execute(
            "INSERT OR REPLACE INTO boxes (box, kind, subject, made, expires, wrapped_key, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (box.box, box.kind, box.subject, box.made, box.expires, wrapped, sealed),
        )

    def all(self, kind: str, subject: str = "") -> list[Box]:
        """The boxes of a kind (about one contribution, where it is named), the oldest first."""
        query = (
            "SELECT box, kind, subject, made, expires FROM boxes WHERE kind = ? AND (? = '' OR subject = ?)"
            " ORDER BY made, box"
        )
        return [Box(*row) for row in self.database.connection.execute(query, (kind, subject, subject))]

    def find(self, name: str, kind: str) -> Box:
        """One box.

        Raises:
            NotFound: there is none (any more).
        """
        query = "SELECT box, kind, subject, made, expires FROM boxes WHERE box = ? AND kind = ?"
        row = self.database.connection.execute(query, (name, kind)).fetchone()
        if row is None:
            raise NotFound(f"no such {kind} is here (any more)")
        return Box(*row)

    def open(self, box: Box) -> JsonObject:
        """What is in a box.

        Raises:
            NotFound: it is gone. Tampered: it was changed, or its key is another.
        """
        query = "SELECT wrapped_key, sealed FROM boxes WHERE box = ?"
        row = self.database.connection.execute(query, (box.box,)).fetchone()
        if row is None:
            raise NotFound(f"no such {box.kind} is here (any more)")
        try:
            key = Aead(wrapping_key(self._home, create=False)).decrypt(row[0], _aad(box, "key"))
            return parse_strict(Aead(key).decrypt(row[1], _aad(box, "content")))
        except CryptoError:
            raise Tampered(f"a {box.kind} of the desk was changed, or {KEY} is another: remove it") from None

    def remove(self, name: str) -> bool:
        """Destroy a box with its key; False when there was none."""
        with self.database.transaction() as connection:
            return connection.execute("DELETE FROM boxes WHERE box = ?", (name,)).rowcount > 0

    def expire(self, time: str) -> int:
        """Destroy the boxes whose time has come; how many."""
        with self.database.transaction() as connection:
            return connection.execute("DELETE FROM boxes WHERE expires <= ?", (time,)).rowcount


def remove_boxes_about(connection: sqlite3.Connection, contribution: str) -> None:
    """Destroy what is kept about a contribution, inside the caller's transaction."""
    connection.execute("DELETE FROM boxes WHERE subject = ?", (contribution,))


def _aad(box: Box, part: str) -> bytes:
    return f"lecs-box-1\n{box.kind}\n{box.box}\n{box.subject}\n{part}".encode()
