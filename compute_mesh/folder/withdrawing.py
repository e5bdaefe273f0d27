"""A withdrawal without any home: whoever holds the code leaves it in the folder, for the next node that comes by."""

import secrets
import uuid
from dataclasses import dataclass

from compute_mesh.folder.layout import Folder
from compute_mesh.transport.failures import Malformed
from substrate.record.codes import read_code, withdrawal_signer
from substrate.record.documents import Document, read_document, write_document
from substrate.record.errors import RecordError
from substrate.store.errors import NotFound


@dataclass(frozen=True, slots=True)
class Left:
    """A statement that lies in the folder now, and the contribution that it is about."""

    contribution: str
    digest: str


def leave_withdrawal(folder: Folder, code: str, time: str, *, erase: bool) -> Left:
    """Sign a withdrawal with the code's key and leave it in the folder.

    Raises:
        MalformedDocument: not a code, or not such a folder. NotFound: the folder knows no contribution with this code.
    """
    signer = withdrawal_signer(read_code(code))
    there = folder.commons
    if there is None:
        raise NotFound("this folder was not written by `lecs ledger sync --folder`")
    fact = _fact(folder, signer.did)
    fields = {
        "nonce": secrets.token_hex(16),
        "contribution": fact.subject,
        "authority": "withdrawal-key",
        "state": "dpv:ConsentWithdrawn",
        "eraseText": erase,
        "time": time,
    }
    document = write_document("ConsentWithdrawal", f"urn:uuid:{uuid.uuid4()}", there[0], fields, signer, time)
    folder.leave(document.digest, document.raw)
    return Left(fact.subject, document.digest)


def _fact(folder: Folder, withdrawal_key: str) -> Document:
    for origin in folder.origins():
        for piece in folder.pieces(origin):
            try:
                bodies = [leaf.body for leaf in folder.read(piece).leaves if withdrawal_key.encode() in leaf.body]
                found = [read_document(body) for body in bodies]
            except (Malformed, RecordError):
                continue
            for document in found:
                if document.kind == "ConsentFact" and document.body["withdrawalKey"] == withdrawal_key:
                    return document
    raise NotFound("no contribution in this folder has this withdrawal code")
