"""What waits for a person: sealed rows of an archive, under one random key per batch. Removing a batch destroys it.

Like the vault: the key of a batch is wrapped, and XChaCha20-Poly1305 binds every ciphertext to its batch and line. The
key that wraps is in HOME/pending.key, which is in no backup: what a backup holds of a batch nothing can open, and a
restore leaves it out.
"""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from substrate.store.database import Database
from substrate.store.errors import NotFound, Tampered, UnsafeKey
from substrate.store.files import sync_folder, write_atomic
from substrate.store.leftovers import sweep_beside

#: Beside the database, outside what a backup packs.
KEY: Final = "pending.key"
TAKING: Final = "taking"
WAITING: Final = "waiting"
CONFIRMING: Final = "confirming"
_PAGE: Final = 64


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """A batch. ``counts`` goes from the status of items (ready, held, already, refused) to how many there are."""

    batch: str
    state: str
    taken: str
    expires: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class SealedLine:
    """One line of a batch. ``body`` is what only the key of the batch opens."""

    line: int
    status: str
    reason: str
    body: bytes


class Pending:
    """Reads and writes pending batches in a `Database`."""

    def __init__(self, database: Database, home: Path) -> None:
        """``home`` is the folder of the home, where the key that wraps the batches' keys lies."""
        self.database = database
        self._home = home

    def begin(self, batch: str, taken: str, expires: str) -> None:
        """Begin a batch with a key of its own, in the place of one that was never complete."""
        wrap = Aead(wrapping_key(self._home, create=True))
        wrapped = bytes(wrap.encrypt(secrets.token_bytes(32), batch.encode("ascii")))
        with self.database.transaction() as connection:
            _remove(connection, batch)
            connection.execute(
                "INSERT INTO pending_batches (batch, state, taken, expires, wrapped_key) VALUES (?, ?, ?, ?, ?)",
                (batch, TAKING, taken, expires, wrapped),
            )

    def add(self, batch: str, lines: Iterable[SealedLine]) -> None:
        """Seal lines of a batch, all or none.

        Raises:
            NotFound: there is no such batch (any more). Tampered: its key was changed.
        """
        with self.database.transaction() as connection:
            _insert(connection, batch, lines, Aead(self._key(batch)))

    def reseal(self, batch: str, lines: Iterable[SealedLine]) -> None:
        """Put other bodies in the place of those of some lines, all or none; a line that is gone stays gone.

        Raises:
            NotFound: there is no such batch (any more). Tampered: its key was changed.
        """
        with self.database.transaction() as connection:
            seal = Aead(self._key(batch))
            connection.executemany(
                "UPDATE pending_items SET sealed = ? WHERE batch = ? AND line = ? AND status = ? AND reason = ?",
                [
                    (bytes(seal.encrypt(one.body, _aad(batch, one))), batch, one.line, one.status, one.reason)
                    for one in lines
                ],
            )

    def set_state(self, batch: str, state: str) -> None:
        """Say that a batch is complete (waiting), or that somebody began to confirm it.

        Raises:
            NotFound: there is no such batch (any more).
        """
        with self.database.transaction() as connection:
            query = "UPDATE pending_batches SET state = ? WHERE batch = ?"
            if connection.execute(query, (state, batch)).rowcount == 0:
                raise NotFound(f"no batch {batch[:13]} is pending here (any more)")

    def batches(self) -> list[PendingBatch]:
        """Every batch, the oldest first; those that are still being taken too."""
        query = "SELECT batch, state, taken, expires FROM pending_batches ORDER BY taken, batch"
        rows = self.database.connection.execute(query).fetchall()
        return [PendingBatch(batch, state, at, until, self._counts(batch)) for batch, state, at, until in rows]

    def lines(self, batch: str) -> Iterator[SealedLine]:
        """The lines of a batch in order, opened. A few at a time are in memory.

        Raises:
            NotFound: there is no such batch (any more). Tampered: a ciphertext was changed.
        """
        opening, after = Aead(self._key(batch)), -1
        query = (
            "SELECT line, status, reason, sealed FROM pending_items WHERE batch = ? AND line > ? ORDER BY line LIMIT ?"
        )
        while page := self.database.connection.execute(query, (batch, after, _PAGE)).fetchall():
            for line, status, reason, sealed in page:
                one = SealedLine(line, status, reason, b"")
                try:
                    body = opening.decrypt(sealed, _aad(batch, one))
                except CryptoError:
                    raise Tampered(f"line {line} of the pending batch {batch[:13]} was changed") from None
                yield SealedLine(line, status, reason, body)
            after = page[-1][0]

    def remove(self, batch: str, *, but: Iterable[int] = (), only_in: tuple[str, ...] = ()) -> bool:
        """Destroy a batch, its key first of all; with ``but``, only its other lines, and the batch waits again.

        With ``only_in`` nothing happens unless its state is one of those. False when nothing was done.
        """
        keep = sorted(but)
        with self.database.transaction() as connection:
            row = connection.execute("SELECT state FROM pending_batches WHERE batch = ?", (batch,)).fetchone()
            if row is None or (only_in and row[0] not in only_in):
                return False
            if not keep:
                _remove(connection, batch)
                return True
            connection.execute("CREATE TEMP TABLE IF NOT EXISTS staying (line INTEGER PRIMARY KEY)")
            connection.execute("DELETE FROM staying")
            connection.executemany("INSERT INTO staying VALUES (?)", [(line,) for line in keep])
            connection.execute(
                "DELETE FROM pending_items WHERE batch = ? AND line NOT IN (SELECT line FROM staying)", (batch,)
            )
            connection.execute("UPDATE pending_batches SET state = ? WHERE batch = ?", (WAITING, batch))
        return True

    def keep_only(self, batch: str, lines: Iterable[SealedLine]) -> bool:
        """Put these lines in the place of all lines of a batch that is being confirmed; without lines it is destroyed.

        False when nothing was done: it is not there any more, or not being confirmed.
        """
        with self.database.transaction() as connection:
            row = connection.execute("SELECT state FROM pending_batches WHERE batch = ?", (batch,)).fetchone()
            if row is None or row[0] != CONFIRMING:
                return False
            kept, seal = list(lines), Aead(self._key(batch))
            if not kept:
                _remove(connection, batch)
                return True
            connection.execute("DELETE FROM pending_items WHERE batch = ?", (batch,))
            _insert(connection, batch, kept, seal)
        return True

    def _counts(self, batch: str) -> dict[str, int]:
        query = "SELECT status, count(*) FROM pending_items WHERE batch = ? GROUP BY status"
        return {str(status): int(n) for status, n in self.database.connection.execute(query, (batch,))}

    def _key(self, batch: str) -> bytes:
        query = "SELECT wrapped_key FROM pending_batches WHERE batch = ?"
        row = self.database.connection.execute(query, (batch,)).fetchone()
        if row is None:
            raise NotFound(f"no batch {batch[:13]} is pending here (any more)")
        try:
            return Aead(wrapping_key(self._home, create=False)).decrypt(row[0], batch.encode("ascii"))
        except CryptoError:
            raise Tampered(f"the key of a pending batch was changed, or {KEY} is another: drop the batch") from None


def leave_out_pending(connection: sqlite3.Connection) -> None:
    """Forget every batch, refused file and box of the desk: in a restored home nothing can open them."""
    for table in ("pending_items", "pending_batches", "inbox_refusals", "boxes"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 (names from the line above)


def wrapping_key(home: Path, *, create: bool) -> bytes:
    """The 32 bytes of HOME/pending.key; made by whoever needs them first.

    Raises:
        Tampered: it is missing or damaged. UnsafeKey: others can read it.
    """
    path = home / KEY
    if create and not path.exists():
        sweep_beside(path)
        own = path.with_name(f".{KEY}.{os.getpid()}.tmp")
        write_atomic(own, secrets.token_bytes(32), mode=0o600)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(own)
        own.unlink()
        sync_folder(home)
    try:
        key, mode = path.read_bytes(), path.stat().st_mode
    except FileNotFoundError:
        raise Tampered(f"{KEY} is missing: without it no pending batch can be opened, only dropped") from None
    if mode & 0o077:
        raise UnsafeKey(f"{KEY} can be read by others: chmod 600 it")
    if len(key) != Aead.KEY_SIZE:
        raise Tampered(f"{KEY} is damaged: without it no pending batch can be opened, only dropped")
    return key


def _insert(connection: sqlite3.Connection, batch: str, lines: Iterable[SealedLine], seal: Aead) -> None:
    connection.executemany(
        "INSERT INTO pending_items (batch, line, status, reason, sealed) VALUES (?, ?, ?, ?, ?)",
        [(batch, one.line, one.status, one.reason, bytes(seal.encrypt(one.body, _aad(batch, one)))) for one in lines],
    )


def _remove(connection: sqlite3.Connection, batch: str) -> None:
    connection.execute("DELETE FROM pending_batches WHERE batch = ?", (batch,))
    connection.execute("DELETE FROM pending_items WHERE batch = ?", (batch,))


def _aad(batch: str, one: SealedLine) -> bytes:
    return f"{batch}/{one.line}/{one.status}/{one.reason}".encode()
