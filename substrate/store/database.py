"""The SQLite file of a home: durable, several processes at once, and deleting really overwrites."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from substrate.store.errors import Busy, HomeError, NoHome, ReadOnly, Tampered
from substrate.store.full import disk_full, no_room
from substrate.store.migrations import migrate

WAIT_SECONDS: Final = 120.0


class Database:
    """A connection to HOME/ledger.sqlite3, for one thread."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the file; ``create`` makes it when it is absent.

        Raises:
            NoHome: it does not exist. Tampered: it is not a ledger. NewerFormat: a later program made it.
        """
        if not create and not path.exists():
            raise NoHome(f"{path} does not exist")
        self.path = path
        self.connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            self._prepare(create)
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise self._named(error) or Tampered(f"{path.name} cannot be read: {error}") from None
        except HomeError:
            self.connection.close()
            raise
        except UnicodeDecodeError:
            # SQLite quotes a damaged schema in its message, and Python cannot read that.
            self.connection.close()
            raise Tampered(f"{path.name} cannot be read: its schema is damaged") from None

    def close(self) -> None:
        """Close the connection; the last one of all processes empties the write-ahead log."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable write; waits for other writers, and is undone by any exception.

        Raises:
            Busy: other writers held the file for two minutes.
        """
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            named = self._named(error)
            raise named or Busy(f"another process has been writing {self.path.name} for too long: {error}") from None
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and (named := self._named(error)):
                raise named from None
            raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one state."""
        self.connection.execute("BEGIN")
        try:
            yield self.connection
        finally:
            self.connection.execute("COMMIT")

    def forget(self, *, wait: float = 0.0) -> bool:
        """Empty the write-ahead log, so that nothing deleted lives on in it; False if a reader holds it.

        SQLite would wait for readers with the writer's lock in its hand, and everybody else behind it: so it is
        asked not to wait, and asked again until ``wait`` seconds have passed.
        """
        deadline = time.monotonic() + wait
        while not (done := self._truncate()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return done

    def integrity_problems(self) -> list[str]:
        """What SQLite itself finds wrong with its file."""
        rows = self.connection.execute("PRAGMA integrity_check(20)").fetchall()
        return [f"{self.path.name}: {text}" for (text,) in rows if text != "ok"]

    def _truncate(self) -> bool:
        self.connection.execute("PRAGMA busy_timeout=0")
        try:
            busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if named := self._named(error, locked=False):
                raise named from None
            return False
        finally:
            self.connection.execute(f"PRAGMA busy_timeout={int(WAIT_SECONDS * 1000)}")
        return bool(busy == 0)

    def _named(self, error: sqlite3.DatabaseError, *, locked: bool = True) -> HomeError | None:
        """A full disk or a lock by its name; None for everything else."""
        if full := disk_full(error):
            return full
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and no_room(self.path.parent):
            return disk_full(OSError(errno.ENOSPC, ""))
        closed = code == sqlite3.SQLITE_CANTOPEN and not os.access(self.path.parent, os.W_OK)
        if code == sqlite3.SQLITE_READONLY or closed:
            return ReadOnly(f"{self.path} cannot be written: its disk is read-only, or the file is another user's")
        if locked and code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return Busy(f"another process has been writing {self.path.name} for too long: {error}")
        return None

    def _prepare(self, create: bool) -> None:
        run = self.connection.execute
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA secure_delete=ON")
        run("PRAGMA temp_store=MEMORY")
        if migrate(self.connection, self.path.name, create=create) and create:
            self.path.chmod(0o600)
