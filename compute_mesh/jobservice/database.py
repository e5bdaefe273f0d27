"""A small SQLite file of one home, for all threads of one process. Each change is on disk before it is told."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from substrate.store.errors import Tampered

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY")


class SharedDatabase:
    """Base of stores: one connection, one turn at a time, and transactions."""

    def __init__(self, path: Path, schema: str, lost: str) -> None:
        """Open ``path``, and make what is missing in it.

        Args:
            schema: name of the file beside this module that makes its tables. lost: what goes with the file, in words.

        Raises:
            Tampered: the file is no such database.
        """
        self._turn = threading.RLock()
        self._database = sqlite3.connect(path, timeout=60.0, isolation_level=None, check_same_thread=False)
        try:
            for pragma in _PRAGMAS:
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(files("compute_mesh.jobservice").joinpath(schema).read_text("ascii"))
        except sqlite3.DatabaseError:
            self._database.close()
            raise Tampered(f"{path.name} is damaged: move it away; {lost}") from None
        path.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
