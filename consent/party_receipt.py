"""The receipt of a party of a conversation: what they signed, what the node published of it, and where both stand.

It does not hold the record of whoever gave, nor a word of the text. The node signs it; it can be issued again.
"""

import hashlib
from typing import Final

from consent.bundle import (
    Verification,
    changes_of,
    check_commons,
    multibase_digest,
    read_change,
)
from consent.evidence import check_inclusion, evidence_of
from consent.parties import own_words
from substrate.record.authority import fold_roles
from substrate.record.canonical import JsonObject, canonical_bytes, parse_strict
from substrate.record.documents import Document, read_document, trusted_document
from substrate.record.errors import BadSignature, MalformedDocument, NoAuthority, RecordError
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
    roles = home.roles()
    bundle = {
        "format": FORMAT,
        "readme": _README,
        "receipt": secure(receipt, home.node, time),
        "coConsent": body,
        "partyConsent": told.body,
        "notice": notice.body,
        "charter": home.ledger.document(home.charter).body,
        "changes": changes_of(home, roles) if roles.chain.changes else [],
    }
    return canonical_bytes(bundle)


def is_party_receipt(raw: bytes) -> bool:
    """Whether these bytes say that they are a party's receipt."""
    try:
        return parse_strict(raw, max_bytes=MAX_BYTES).get("format") == FORMAT
    except MalformedDocument:
        return False


def verify_party(raw: bytes, *, pinned: tuple[str, str] | None = None) -> Verification:
    """Check a party's receipt on its own, against a pinned (commons, charter) where one is known.

    Never raises for a bad receipt: `Verification.problem` says which rule was broken.
    """
    result = Verification()
    try:
        _verify(raw, pinned, result)
    except RecordError as error:
        result.problem = error
    except (KeyError, TypeError, AttributeError):
        result.problem = MalformedDocument("not a party's receipt, or not a whole one")
    return result


def _verify(raw: bytes, pinned: tuple[str, str] | None, result: Verification) -> None:
    bundle = parse_strict(raw, max_bytes=MAX_BYTES)
    if bundle.get("format") != FORMAT:
        raise MalformedDocument(f"not a receipt of format {FORMAT}")
    kinds = {"coConsent": "CoConsent", "partyConsent": "PartyConsent", "notice": "Notice", "charter": "Charter"}
    said, told, notice, charter = (_signed(bundle, part, kind) for part, kind in kinds.items())
    result.checks |= dict.fromkeys(kinds.values(), "signed")
    receipt, issuer = bundle["receipt"], verify_proof(bundle["receipt"])
    result.checks["receipt"] = "signed"
    result.contribution, result.commons = said.body["contribution"], charter.body["audience"]
    result.standing = "contributor" if "key" in said.body else "assisted-operator"
    changes = [read_change(body) for body in bundle["changes"]]
    roles = fold_roles([charter, *changes], charter.body["audience"], charter.digest, None)
    check_commons(charter, notice, told, pinned, result)
    if ("node", told.signer) not in roles.chain.state.removed and told.signer not in roles.nodes:
        raise NoAuthority("the node that published it is not admitted by the charter of this commons")
    if not roles.succeeds(issuer, told.signer):
        raise BadSignature("the receipt is signed neither by the node that published it nor by its successor")
    _check_links(said, told, notice)
    result.checks["links"] = "what the node published cites what was signed"
    check_inclusion(receipt, said, told, {issuer, told.signer})
    result.checks["inclusion"] = "both stand in the node's log"


def _signed(bundle: JsonObject, part: str, kind: str) -> Document:
    document = read_document(canonical_bytes(bundle[part]))
    if document.kind != kind:
        raise MalformedDocument(f"another kind stands where the {kind} should be")
    return document


def _check_links(said: Document, told: Document, notice: Document) -> None:
    if told.body["cites"] != said.digest or told.subject != said.subject:
        raise BadSignature("what was published is not about what was signed")
    if said.body["notice"]["digest"] != notice.digest:
        raise BadSignature("what was signed cites another notice")
    if said.body.get("key", said.signer) != said.signer or ("key" in said.body) == ("assisted" in said.body):
        raise BadSignature("it was not signed by the key that it names")


def _told(home: Home, contribution: str, said: Document) -> Document:
    found = home.ledger.documents(kinds=["PartyConsent"], subject=contribution)
    told = next((document for document in found if document.body["cites"] == said.digest), None)
    if told is None:
        raise NotFound("the node has published nothing about this party")
    return told
