"""Ledger append against bare SQLite, verification against bare PyNaCl: `python benchmarks/ledger.py`."""

import sqlite3
import sys
import tempfile
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from nacl.signing import SigningKey, VerifyKey
from side_by_side import Row, publish, rate

from substrate.record.checkpoint import log_origin
from substrate.record.documents import Document, read_document, write_document
from substrate.record.keys import Signer
from substrate.store.database import Database
from substrate.store.ledger import Ledger

COMMONS = "urn:lecs:commons:" + "0" * 32
TIME = "2026-11-22T00:00:00Z"
GROUP = 64


def documents(count: int, signer: Signer) -> list[Document]:
    """Consent facts of the usual size, all different."""
    return [
        write_document(
            "ConsentFact",
            f"urn:uuid:{uuid.uuid4()}",
            COMMONS,
            {
                "contribution": f"urn:uuid:{uuid.uuid4()}",
                "record": f"{number:064x}",
                "row": f"{number:064x}",
                "withdrawalKey": signer.did,
                "tier": "public",
                "purposes": ["evaluate", "train"],
                "standing": "assisted-operator",
                "preview": "none",
                "language": "en",
                "sizeClass": "under-1KiB",
                "parties": {"required": 1, "given": 1},
                "redactor": "lecs-redactor-1",
                "time": TIME,
                "cohort": number % 8,
            },
            signer,
            TIME,
        )
        for number in range(count)
    ]


def append(found: list[Document], signer: Signer) -> int:
    """Into a ledger: leaf, tree nodes, body, index, one signed head per group; durable per group."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "ledger.sqlite3", create=True)
        ledger = Ledger(database, signer, log_origin(signer.did, "0" * 16))
        for start in range(0, len(found), GROUP):
            with ledger.write() as writer:
                for document in found[start : start + GROUP]:
                    writer.add(document)
        database.close()
    return len(found)


def bare_sqlite(found: list[Document]) -> int:
    """The same bodies into one table, with the same pragmas and the same groups."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE documents (seq INTEGER PRIMARY KEY, digest TEXT UNIQUE, body BLOB) STRICT")
        for start in range(0, len(found), GROUP):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO documents (digest, body) VALUES (?, ?)",
                [(d.digest, d.raw) for d in found[start : start + GROUP]],
            )
            connection.execute("COMMIT")
        connection.close()
    return len(found)


def main() -> None:
    """Measure both, print and write the table."""
    signer = Signer(bytes(32))
    found = documents(6400, signer)
    key = SigningKey(bytes(32))
    signed = [(key.sign(d.raw).signature, d.raw) for d in found]

    def check() -> int:
        for document in found:
            read_document(document.raw)
        return len(found)

    def bare_check() -> int:
        verify = VerifyKey(bytes(key.verify_key))
        for signature, message in signed:
            verify.verify(message, signature)
        return len(found)

    appended = rate(lambda: append(found, signer), lambda: bare_sqlite(found))
    checked = rate(check, bare_check, clock=time.process_time)
    publish(
        "ledger",
        "python benchmarks/ledger.py",
        [
            Row("append, durable per 64", "documents", *appended, "bare SQLite, same pragmas", "0.5"),
            Row(
                "whole check: parse, schema, canonical form, signature (per second of CPU)",
                "documents",
                *checked,
                "bare PyNaCl",
                "0.5",
            ),
        ],
    )


if __name__ == "__main__":
    main()
