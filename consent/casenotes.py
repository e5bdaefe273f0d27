"""The trail of a case: who opened the private text, and who stepped aside. Sealed with the text, logged by digest."""

import json
import secrets
import uuid
from dataclasses import dataclass

from substrate.record.documents import write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.store.errors import NotFound
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class CaseNote:
    """One entry of the trail. ``row`` is that of the text that was opened."""

    what: str
    because: str
    by: str
    time: str
    row: str


def notes_of(home: Home, contribution: str) -> list[CaseNote]:
    """The trail of one text, in the order of time; nothing when it was destroyed, or is not here."""
    try:
        bodies = [json.loads(raw) for raw in home.vault.private(contribution, "CaseNote")]
    except NotFound:
        return []
    notes = [
        CaseNote(
            body["what"], body["because"], str(body["proof"]["verificationMethod"]).partition("#")[0], body["time"],
            body.get("row", ""),
        )
        for body in bodies
    ]  # fmt: skip
    return sorted(notes, key=lambda note: note.time)


def note_opened(home: Home, contribution: str, signer: Signer, because: str, row: str, time: str) -> None:
    """Sign that this key opened the text, before it is shown. Once a day for the same text and key is enough.

    Raises:
        NotFound: the text is not here.
    """
    said = notes_of(home, contribution)
    if any((n.what, n.by, n.row, n.time[:10]) == ("opened", signer.did, row, time[:10]) for n in said):
        return
    _write(home, contribution, signer, "opened", because, time, row)


def step_aside(home: Home, contribution: str, signer: Signer, because: str, time: str) -> None:
    """Say that this key has an interest in the case: from now on it neither decides nor votes on it.

    Raises:
        NotFound: the text is not here.
    """
    if not has_stepped_aside(home, contribution, signer.did):
        _write(home, contribution, signer, "stepped-aside", because, time, None)


def has_stepped_aside(home: Home, contribution: str, key: str) -> bool:
    """Whether this key stepped aside from the case."""
    return any((note.what, note.by) == ("stepped-aside", key) for note in notes_of(home, contribution))


def check_free(home: Home, contribution: str, key: str) -> None:
    """Refuse whoever stepped aside.

    Raises:
        NoAuthority: this key did.
    """
    if has_stepped_aside(home, contribution, key):
        raise NoAuthority("this key stepped aside from this case, because of an interest in it")


def _write(
    home: Home, contribution: str, signer: Signer, what: str, because: str, time: str, row: str | None
) -> None:  # fmt: skip
    fields = {
        "nonce": secrets.token_hex(16),
        "contribution": contribution,
        "what": what,
        "because": because,
        "time": time,
        "row": row,
    }
    document = write_document("CaseNote", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, signer, time)
    with home.ledger.write() as writer:
        home.vault.seal(writer.connection, contribution, document)
        writer.add(document)
