"""Appending to a log: documents, leaves, tree nodes and the signed head, each table at once."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from substrate.record.checkpoint import Head, sign_checkpoint
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.record.merkle import Frontier, leaf_hash

PUBLIC, PRIVATE = 0, 1

#: Documents of one transaction that are held before they are stored: bounds the memory of a long one.
BATCH: Final = 1024

_INSERT_DOCUMENT: Final = (
    "INSERT OR IGNORE INTO documents (digest, kind, subject, signer, code, timed, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_LEAF: Final = "INSERT INTO leaves (log, idx, class, digest) VALUES (?, ?, ?, ?)"
_INSERT_NODE: Final = "INSERT INTO nodes (log, level, idx, hash) VALUES (?, ?, ?, ?)"
_ARRIVED: Final = "DELETE FROM wanted WHERE digest = ?"


def leaf_data(private: bool, digest: str) -> bytes:
    """What a log commits to: one byte of class (0 public, 1 private) and the 32 bytes of the digest."""
    return bytes([PRIVATE if private else PUBLIC]) + bytes.fromhex(digest)


class Writer:
    """Inside one transaction: adds documents to this home's log."""

    def __init__(self, connection: sqlite3.Connection, log: int, frontier: Frontier) -> None:
        """Made by `Ledger.write`."""
        self.connection = connection
        self.log = log
        self.frontier = frontier
        self.appended = 0
        self._documents: dict[str, Document] = {}
        self._leaves: dict[str, tuple[int, int, int, str]] = {}
        self._nodes: list[tuple[int, int, int, bytes]] = []

    def add(self, document: Document) -> bool:
        """Log one verified document, and keep its body when it is public; False if it was there already.

        It is stored with the others of the transaction, by `flush`.
        """
        if document.digest in self._leaves:
            return False
        here = self.connection.execute(
            "SELECT 1 FROM leaves WHERE log = ? AND digest = ?", (self.log, document.digest)
        ).fetchone()
        if here:
            return False
        if not document.private:
            self._documents[document.digest] = document
        index, private = self.frontier.size, document.private
        self._leaves[document.digest] = (self.log, index, int(private), document.digest)
        done = self.frontier.append(leaf_hash(leaf_data(private, document.digest)))
        self._nodes += [(self.log, level, number, node) for level, number, node in done if level]
        self.appended += 1
        if len(self._leaves) >= BATCH:
            self.flush()
        return True

    def flush(self) -> None:
        """Store what was added so far, each table at once: several times faster than one row after the other."""
        keep_documents(self.connection, self._documents.values())
        self.connection.executemany(_INSERT_LEAF, self._leaves.values())
        self.connection.executemany(_INSERT_NODE, self._nodes)
        self._documents, self._leaves, self._nodes = {}, {}, []


def keep_documents(connection: sqlite3.Connection, documents: Iterable[Document]) -> None:
    """Store verified public documents; storing one twice changes nothing. None of them is wanted any more."""
    rows = [_columns(document) for document in documents]
    connection.executemany(_INSERT_DOCUMENT, rows)
    connection.executemany(_ARRIVED, [row[:1] for row in rows])


def _columns(document: Document) -> tuple[str, str, str, str, str, int, bytes]:
    return (
        document.digest,
        document.kind,
        document.subject,
        document.signer,
        _code(document),
        is_timed(document),
        document.raw,
    )


def is_timed(document: Document) -> int:
    """1 when the document states an end or a hold, so that time decides about it."""
    return int(document.known and ("expires" in document.body or "holdUntil" in document.body))


def _code(document: Document) -> str:
    return str(document.body["withdrawalKey"]) if document.kind == "ConsentFact" else ""


def save_head(connection: sqlite3.Connection, log: int, frontier: Frontier, origin: str, node: Signer) -> None:
    """Store the tree's new state and sign it."""
    root = frontier.root()
    connection.execute(
        "UPDATE logs SET size = ?, peaks = ? WHERE log = ?", (frontier.size, b"".join(frontier.peaks), log)
    )
    connection.execute(
        "INSERT INTO heads (log, size, root, checkpoint) VALUES (?, ?, ?, ?)",
        (log, frontier.size, root, sign_checkpoint(Head(origin, frontier.size, root), node)),
    )
