"""Keeping what was accepted, in the caller's transaction: kept bytes, private documents, fact, and a note of it."""

from dataclasses import dataclass

from consent.issue import Acceptance
from substrate.store.appending import Writer
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of one line. ``content`` is the HMAC of the row under the home's key, where repeats are looked for.

    ``detail`` says what is wrong with a refused row, without its text.
    """

    status: str
    reason: str = ""
    detail: str = ""
    contribution: str = ""
    content: str = ""


def keep(home: Home, writer: Writer, signed: Acceptance, kept: bytes, salt: bytes) -> None:
    """Store the kept bytes and the private documents in the vault, and log every document of the acceptance."""
    vault, connection = home.vault, writer.connection
    federated = signed.fact.body["tier"] == "federated"
    vault.put(connection, signed.contribution, salt, kept, federated=federated)
    for document in (signed.record, *signed.co_consents):
        vault.seal(connection, signed.contribution, document)
        writer.add(document)
    writer.add(signed.fact)


def note(writer: Writer, batch: str, line: int, what: Noted) -> None:
    """Note what became of a line of a batch; a line that was noted before is noted anew."""
    writer.connection.execute(
        "INSERT OR REPLACE INTO intake (batch, line, status, reason, detail, contribution, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (batch, line, what.status, what.reason, what.detail, what.contribution, what.content),
    )
