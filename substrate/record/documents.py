"""Documents: parsed, checked and verified once, then kept in their canonical bytes and never changed.

The profile loses nothing between received and canonical bytes, so the signature holds over both.
"""

import hashlib
import json
from dataclasses import dataclass

from substrate.record.canonical import JsonObject, canonical_bytes, check_profile, parse_strict
from substrate.record.keys import Signer
from substrate.record.kinds import CONTEXT, check_schema, is_known, is_private
from substrate.record.proof import read_proof, secure


@dataclass(frozen=True, slots=True)
class Document:
    """A verified document.

    Attributes:
        raw: its canonical bytes; ``digest`` is their SHA-256, 64 hexadecimal digits.
        body: the parsed object. Treat it as read-only.
        kind: its ``type``.
        signer: the did:key whose proof verified.
        known: whether the kind is in the catalogue; unknown kinds are kept and never folded.
        private: whether it stays with the node that accepted it.
    """

    raw: bytes
    digest: str
    body: JsonObject
    kind: str
    signer: str
    known: bool
    private: bool

    @property
    def subject(self) -> str:
        """The contribution that the document is about, or the empty string."""
        if self.kind == "ConsentRecord":
            return str(self.body["content"]["id"])
        subject = self.body.get("contribution", "") if self.known else ""
        return str(subject)


def read_document(raw: bytes) -> Document:
    """Parse, check and verify one document.

    Raises:
        MalformedDocument: outside the profile or the schema of its kind.
        BadSignature: its proof does not hold.
    """
    return _verified(parse_strict(raw))


def trusted_document(raw: bytes, digest: str, signer: str) -> Document:
    """A document that this home verified when it came in: parsed, neither checked nor verified again."""
    body = json.loads(raw)
    kind = str(body["type"])
    return Document(raw, digest, body, kind, signer, is_known(kind), is_known(kind) and is_private(body))


def write_document(
    kind: str, identifier: str, audience: str, fields: JsonObject, signer: Signer, time: str
) -> Document:
    """Make and sign a document; ``fields`` are the kind's own keys, ``identifier`` a ``urn:uuid:``.

    Raises:
        MalformedDocument: the fields do not fit the kind.
    """
    present = {key: value for key, value in fields.items() if value is not None}
    plain = {"@context": CONTEXT, "type": kind, "id": identifier, "audience": audience, **present}
    check_profile(plain)
    body = secure(plain, signer, time)
    known = check_schema(body)
    raw = canonical_bytes(body)
    return Document(raw, hashlib.sha256(raw).hexdigest(), body, kind, signer.did, known, known and is_private(body))


def _verified(body: JsonObject) -> Document:
    known = check_schema(body)
    signer, raw = read_proof(body)
    return Document(
        raw,
        hashlib.sha256(raw).hexdigest(),
        body,
        str(body["type"]),
        signer,
        known,
        known and is_private(body),
    )
