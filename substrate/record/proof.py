"""One W3C Data Integrity proof per document, cryptosuite ``eddsa-jcs-2022``.

Source: Data Integrity EdDSA Cryptosuites v1.0, section 3.3. What is signed is
SHA-256(JCS(proof without proofValue)) || SHA-256(JCS(document without proof)).
"""

import hashlib
from typing import Final

from substrate.record.base58 import b58decode, b58encode
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.record.errors import BadSignature
from substrate.record.keys import Signer, verify
from substrate.record.times import check_time

_PROOF_KEYS: Final = frozenset(
    {
        "type",
        "cryptosuite",
        "created",
        "proofPurpose",
        "verificationMethod",
        "@context",
        "proofValue",
        "domain",
        "challenge",
    }
)
_REQUIRED: Final = _PROOF_KEYS - {"domain", "challenge"}


def secure(document: JsonObject, signer: Signer, created: str) -> JsonObject:
    """``document`` with its proof. ``created`` is a time of the profile, ``YYYY-MM-DDTHH:MM:SSZ``."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": created,
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{signer.did}#{signer.did.removeprefix('did:key:')}",
        "@context": document["@context"],
    }
    signature = signer.sign(_signing_input(options, document))
    value = "z" + b58encode(signature)
    return {**document, "proof": {**options, "proofValue": value}}


def verify_proof(secured: JsonObject) -> str:
    """Check the one proof of a document; returns the signer's did:key.

    Raises:
        BadSignature, MalformedDocument: as `read_proof`.
    """
    return read_proof(secured)[0]


def read_proof(secured: JsonObject) -> tuple[str, bytes]:
    """Check the one proof of a document; returns the signer's did:key, and the document's canonical bytes.

    What is signed is the document without its proof: each member is written once, and both forms are put together
    from the same pieces.

    Raises:
        BadSignature: no proof, more than one, one of another kind, or one that does not verify.
        MalformedDocument: the key it names is no usable key.
    """
    proof = secured.get("proof")
    if not isinstance(proof, dict):
        raise BadSignature("exactly one proof is needed, as one object")
    _check_shape(proof, secured)
    method: str = proof["verificationMethod"]
    did, _, fragment = method.partition("#")
    if did != f"did:key:{fragment}":
        raise BadSignature("verificationMethod must name the same did:key twice")
    signature = _signature_bytes(proof["proofValue"])
    value = b'"%b"' % proof["proofValue"].encode("ascii")  # Base58: nothing in it is escaped.
    options, whole_proof = _without_and_with(proof, "proofValue", value)
    document, whole = _without_and_with(secured, "proof", whole_proof)
    signed = hashlib.sha256(options).digest() + hashlib.sha256(document).digest()
    verify(did, signed, signature)
    return did, whole


def _without_and_with(found: JsonObject, name: str, written: bytes) -> tuple[bytes, bytes]:
    """The canonical bytes without the member ``name``, and with it, whose value's canonical bytes are ``written``."""
    before = canonical_bytes({key: value for key, value in found.items() if key < name})[1:-1]
    after = canonical_bytes({key: value for key, value in found.items() if key > name})[1:-1]
    member = b'"%b":%b' % (name.encode("ascii"), written)
    left, right = before and before + b",", after and b"," + after
    return b"{%b%b}" % (before, right if before else after), b"{%b%b%b}" % (left, member, right)


def _check_shape(proof: JsonObject, secured: JsonObject) -> None:
    if not _REQUIRED <= proof.keys() <= _PROOF_KEYS:
        raise BadSignature("the proof lacks a member, or has one that the profile does not know")
    for key, value in proof.items():
        if key != "@context" and not isinstance(value, str):
            raise BadSignature("a member of the proof has the wrong type")
    if proof["type"] != "DataIntegrityProof" or proof["cryptosuite"] != "eddsa-jcs-2022":
        raise BadSignature("only DataIntegrityProof with eddsa-jcs-2022 is accepted")
    try:
        check_time(proof["created"])
    except ValueError:
        raise BadSignature("the proof's time is not YYYY-MM-DDTHH:MM:SSZ") from None
    if proof["proofPurpose"] != "assertionMethod":
        raise BadSignature("the proof purpose must be assertionMethod")
    if proof["@context"] != secured.get("@context"):
        raise BadSignature("the proof's @context must be the document's")


def _signature_bytes(value: str) -> bytes:
    if not value.startswith("z") or len(value) > 100:
        raise BadSignature("proofValue must be multibase base58btc")
    try:
        # Strict: one spelling for one signature, or anyone could give one statement several digests.
        signature = b58decode(value[1:])
    except ValueError:
        raise BadSignature("proofValue must be multibase base58btc") from None
    if len(signature) != 64:
        raise BadSignature("proofValue must hold 64 bytes")
    return signature


def _signing_input(options: JsonObject, document: JsonObject) -> bytes:
    return hashlib.sha256(canonical_bytes(options)).digest() + hashlib.sha256(canonical_bytes(document)).digest()
