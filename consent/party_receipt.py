"""The receipt of a party of a conversation: what they signed, what the node published of it, and where both stand.

It does not hold the record of whoever gave, nor a word of the text. The node signs it; it can be issued again.
"""

import hashlib
from typing import Final

from consent.bundle import evidence_of, multibase_digest
from consent.parties import own_words
from substrate.record.canonical import JsonObject, canonical_bytes, parse_strict
from substrate.record.documents import Document, read_document, trusted_document
from substrate.record.errors import BadSignature, MalformedDocument
from substrate.record.kinds import CONTEXT
from substrate.record.proof import secure, verify_proof
from substrate.store.errors import NotFound
from substrate.store.home import Home

FORMAT: Final = "lecs-party-receipt-1"
MAX_BYTES: Final = 1024 * 1024
_README: Final = (
    "You took part in a conversation that somebody gave to the commons named below, and you said yes to it. "
    "coConsent is what you signed, partyConsent what the node published of it, receipt its word that both are logged. "
    "Keep this private. Your code is not in it: with it you can take back what you said."
)


def issue(home: Home, contribution: str, key: str, time: str) -> bytes:
    """The receipt of the party whose code gives ``key``.

    Raises:
        NotFound: the conversation was destroyed, or has no such party.
    """
    body = own_words(home, contribution, key)
    raw = canonical_bytes(body)
    said = trusted_document(raw, hashlib.sha256(raw).hexdigest(), "")
    told = _told(home, contribution, said)
    notice = home.ledger.document(body["notice"]["digest"])
    nodes = home.roles().predecessors(home.node.did)
    receipt: JsonObject = {
        "@context": CONTEXT,
        "type": ["VerifiableCredential", "ConsentReceipt"],
        "issuer": home.node.did,
        "validFrom": time,
        "credentialSubject": {
            "contribution": contribution, "state": "dpv:ConsentGiven", "tier": body["tier"],
            "purposes": body["purposes"], "standing": "contributor" if "key" in body else "assisted-operator",
        },
        "relatedResource": [
            {"id": document.body["id"], "digestMultibase": multibase_digest(document.digest)}
            for document in (said, told, notice)
        ],
        "evidence": [evidence_of(d, home.ledger.inclusion(d.digest, nodes)) for d in (said, told)],
    }  # fmt: skip
    bundle = {
        "format": FORMAT,
        "readme": _README,
        "receipt": secure(receipt, home.node, time),
        "coConsent": body,
        "partyConsent": told.body,
        "notice": notice.body,
        "charter": home.ledger.document(home.charter).body,
    }
    return canonical_bytes(bundle)


def verify(raw: bytes) -> JsonObject:
    """Check a party's receipt on its own, and return what the party signed.

    Raises:
        MalformedDocument: not a receipt of this kind. BadSignature: a part does not hold, or belongs elsewhere.
    """
    bundle = parse_strict(raw, max_bytes=MAX_BYTES)
    if bundle.get("format") != FORMAT:
        raise MalformedDocument("not a party's receipt")
    said, told, notice, charter = (
        read_document(canonical_bytes(bundle[part])) for part in ("coConsent", "partyConsent", "notice", "charter")
    )
    issuer = verify_proof(bundle["receipt"])
    nodes = set(charter.body["nodes"])
    cited = [entry["digestMultibase"] for entry in bundle["receipt"]["relatedResource"]]
    if cited != [multibase_digest(document.digest) for document in (said, told, notice)]:
        raise BadSignature("the receipt cites other documents")
    if told.body["cites"] != said.digest or told.signer not in nodes or issuer not in nodes:
        raise BadSignature("what was published is not about what was signed, or not by a node of the charter")
    if "key" in said.body and said.signer != said.body["key"]:
        raise BadSignature("it was not signed by the key that it names")
    return said.body


def _told(home: Home, contribution: str, said: Document) -> Document:
    found = home.ledger.documents(kinds=["PartyConsent"], subject=contribution)
    told = next((document for document in found if document.body["cites"] == said.digest), None)
    if told is None:
        raise NotFound("the node has published nothing about this party")
    return told
