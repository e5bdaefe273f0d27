"""The receipt bundle: what a person takes home, and how anyone checks it offline.

It holds the record, the fact, the salt of the commitment, the notice, the charter, the co-consents, the redactions
since (where there are any: the salt is then that of the row after the last of them) and a receipt: a W3C Verifiable
Credential 2.0 in which the node states, under its signature, where in its log the record and the fact stand. Receipts
are signed but not logged; they can be issued again until erasure.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

import base58

from consent.evidence import check_inclusion, evidence_of
from consent.state import contribution_state
from consent.waiting import misses_parties
from substrate.record.authority import Roles, fold_roles, is_authorised
from substrate.record.canonical import JsonObject, canonical_bytes, parse_strict
from substrate.record.documents import Document, read_document, trusted_document
from substrate.record.errors import (
    BadInclusion,
    BadSignature,
    MalformedDocument,
    NoAuthority,
    RecordError,
    UnknownCommons,
)
from substrate.record.kinds import CONTEXT
from substrate.record.proof import secure, verify_proof
from substrate.record.rows import follow_redactions
from substrate.store.home import Home
from substrate.store.vault import commitment

FORMAT: Final = "lecs-receipt-bundle-1"
MAX_BUNDLE_BYTES: Final = 2 * 1024 * 1024
_README: Final = (
    "This is the receipt of a text that somebody gave, with consent, to the commons named in the charter. "
    "Check it offline with `lecs consent verify FILE`. Whoever holds this file can prove what was agreed; "
    "keep it private: it names the contributor. The withdrawal code is not in it; keep that apart. "
    "Served adapters are retrained without a withdrawn text; copies already downloaded, and models that "
    "others trained, cannot be recalled."
)


@dataclass
class Verification:
    """What was checked, and the reason when something does not hold."""

    checks: dict[str, str] = field(default_factory=dict)
    standing: str = ""
    contribution: str = ""
    commons: str = ""
    problem: RecordError | None = None


def multibase_digest(digest: str) -> str:
    """A SHA-256 as ``digestMultibase`` (VC 2.0): base58btc of the multihash."""
    return "z" + base58.b58encode(b"\x12\x20" + bytes.fromhex(digest)).decode("ascii")


def issue_bundle(home: Home, fact: Document, time: str) -> bytes:
    """The receipt bundle of a contribution whose text this home still holds.

    Raises:
        NotFound: the text was erased, or never was here.
    """
    contribution = fact.body["contribution"]
    private = [_held_here(raw) for raw in home.vault.private(contribution)]
    record = next(d for d in private if d.kind == "ConsentRecord")
    co_consents = [] if _waits(home, contribution) else [d for d in private if d.kind == "CoConsent"]
    notice = home.ledger.document(record.body["notice"]["digest"])
    charter = home.ledger.document(home.charter)
    roles = home.roles()
    nodes = roles.predecessors(home.node.did)
    evidence = [evidence_of(d, home.ledger.inclusion(d.digest, nodes)) for d in (record, fact)]
    bundle = {
        "format": FORMAT,
        "readme": _README,
        "receipt": _receipt(home, record, fact, notice, evidence, _standing(home, roles, fact), time),
        "record": record.body,
        "fact": fact.body,
        "coConsents": [d.body for d in co_consents],
        "salt": home.vault.get(contribution).salt.hex(),
        "notice": notice.body,
        "charter": charter.body,
    }
    if redactions := _redactions(home, roles, fact):
        bundle["redactions"] = [d.body for d in redactions]
    if roles.chain.changes:
        bundle["changes"] = changes_of(home, roles)
    return canonical_bytes(bundle)


def _waits(home: Home, contribution: str) -> bool:
    """While parties are missing a receipt names none of them: nobody learns who did not say yes."""
    state = contribution_state(list(home.ledger.documents(subject=contribution)), home.roles())
    return state is not None and misses_parties(state)


def changes_of(home: Home, roles: Roles) -> list[JsonObject]:
    """What turned the founding charter into the one in force: it tells that the issuer succeeds the accepting node."""
    cited = {name for digest in roles.chain.changes for name in home.ledger.document(digest).body["previous"]}
    wanted = {*roles.chain.changes, *cited} - {home.charter}
    approvals = [d for d in home.ledger.documents(kinds=["Approval"]) if d.body["act"] in wanted]
    return [d.body for d in (*map(home.ledger.document, sorted(wanted)), *approvals)]


def _redactions(home: Home, roles: Roles, fact: Document) -> tuple[Document, ...]:
    """What leads from the row that the fact states to the one that stands now."""
    found = home.ledger.documents(kinds=["Redaction"], subject=fact.subject)
    return follow_redactions(fact.body["row"], [d for d in found if is_authorised(d, roles, fact)])


def _standing(home: Home, roles: Roles, fact: Document) -> str:
    """How the consent stands now: a held text may have been confirmed since."""
    state = contribution_state(list(home.ledger.documents(subject=fact.subject)), roles)
    return state.standing if state is not None else str(fact.body["standing"])


def _held_here(raw: bytes) -> Document:
    """A private document of the vault, which verified it when it was accepted and now gave the same bytes."""
    return trusted_document(raw, hashlib.sha256(raw).hexdigest(), "")


def verify_bundle(
    raw: bytes,
    *,
    pinned: tuple[str, str] | None = None,
    nodes: frozenset[str] = frozenset(),
    text: bytes | None = None,
) -> Verification:
    """Check a bundle offline. ``pinned`` is (commons id, digest of its charter), where known.

    ``nodes`` are those that count besides the ones that the founding charter admits.

    Never raises for a bad bundle: `Verification.problem` says which rule was broken.
    """
    result = Verification()
    try:
        _verify(raw, pinned, nodes, text, result)
    except RecordError as error:
        result.problem = error
    return result


def _verify(
    raw: bytes, pinned: tuple[str, str] | None, nodes: frozenset[str], text: bytes | None, result: Verification
) -> None:
    bundle = _read_shape(raw)
    record, fact, notice, charter = (
        _signed(bundle[name], kind, result)
        for name, kind in (
            ("record", "ConsentRecord"), ("fact", "ConsentFact"), ("notice", "Notice"), ("charter", "Charter"),
        )
    )  # fmt: skip
    parties = [_signed(body, "CoConsent", result) for body in bundle["coConsents"]]
    issuer = verify_proof(bundle["receipt"])
    result.checks["receipt"] = "signed"
    stated = bundle["receipt"].get("credentialSubject", {}).get("standing")
    result.standing = stated if isinstance(stated, str) else fact.body["standing"]
    result.contribution = fact.body["contribution"]
    result.commons = charter.body["audience"]
    changes = [read_change(body) for body in bundle.get("changes", [])]
    roles = fold_roles([charter, *changes], charter.body["audience"], charter.digest, None)
    check_commons(charter, notice, fact, pinned, result)
    if not roles.succeeds(issuer, fact.signer):
        raise BadSignature("the receipt is signed neither by the node that accepted the text nor by its successor")
    _check_authority(charter, notice, fact, roles, nodes, result)
    _check_links(bundle, record, fact, notice, parties)
    result.checks["links"] = "the fact cites this record, the record this notice"
    check_inclusion(bundle["receipt"], record, fact, {issuer, fact.signer})
    result.checks["inclusion"] = "record and fact stand in the node's log"
    row = _row_now(bundle.get("redactions", []), fact, roles, result)
    if text is not None:
        if commitment(bytes.fromhex(bundle["salt"]), text) != row:
            raise BadInclusion("the text is not the one that the record commits to")
        result.checks["text"] = "fits the commitment"


def _row_now(redactions: list[Any], fact: Document, roles: Roles, result: Verification) -> str:
    """The row to which the redactions of the bundle lead, each of which must follow from the one before."""
    row = str(fact.body["row"])
    for body in redactions:
        document = _signed(body, "Redaction", result)
        if not roles.succeeds(document.signer, fact.signer):
            raise NoAuthority("a redaction is signed neither by the node that accepted the text nor by its successor")
        if (document.subject, document.body["rowBefore"]) != (fact.subject, row):
            raise BadInclusion("a redaction does not follow from the row before it")
        row = document.body["rowAfter"]
    if redactions:
        result.checks["redactions"] = f"{len(redactions)} since: the salt is that of the text as it stands now"
    return row


def _read_shape(raw: bytes) -> JsonObject:
    bundle = parse_strict(raw, max_bytes=MAX_BUNDLE_BYTES)
    shape: dict[str, type] = {
        "format": str, "readme": str, "receipt": dict, "record": dict, "fact": dict, "coConsents": list,
        "salt": str, "notice": dict, "charter": dict,
    }  # fmt: skip
    shape.update({key: list for key in ("changes", "redactions") if key in bundle})
    for key, kind in shape.items():
        if not isinstance(bundle.get(key), kind):
            raise MalformedDocument(f"{key} is missing from the bundle, or has the wrong type")
    if bundle.keys() - shape.keys() or bundle["format"] != FORMAT:
        raise MalformedDocument(f"not a bundle of format {FORMAT}")
    if bundle["readme"] != _README:
        raise MalformedDocument("the readme of the bundle is not that of its format")
    if len(bundle["salt"]) != 64 or set(bundle["salt"]) - set("0123456789abcdef"):
        raise MalformedDocument("the salt must be 32 bytes in hexadecimal")
    return bundle


def _signed(body: Any, kind: str, result: Verification) -> Document:
    if not isinstance(body, dict):
        raise MalformedDocument(f"a {kind} is missing from the bundle")
    document = read_document(canonical_bytes(body))
    if document.kind != kind:
        raise MalformedDocument(f"the bundle has another kind where its {kind} should be")
    result.checks[kind] = "signed"
    return document


def read_change(body: Any) -> Document:
    """A change of the charter, or an approval of one, out of a bundle."""
    if not isinstance(body, dict) or body.get("type") not in ("CharterChange", "Approval"):
        raise MalformedDocument("only changes of the charter and their approvals stand under changes")
    return read_document(canonical_bytes(body))


def check_commons(
    charter: Document, notice: Document, fact: Document,
    pinned: tuple[str, str] | None, result: Verification,
) -> None:  # fmt: skip
    """All parts are of one commons, and of the one that is pinned."""
    if pinned is not None and pinned != (charter.body["audience"], charter.digest):
        raise UnknownCommons("the bundle belongs to another commons than this home")
    result.checks["commons"] = "pinned" if pinned else "as the bundle states it: compare its id with the one you know"
    if {notice.body["audience"], fact.body["audience"]} != {charter.body["audience"]}:
        raise UnknownCommons("parts of the bundle belong to different commons")


def _check_authority(
    charter: Document, notice: Document, fact: Document, roles: Roles, nodes: frozenset[str], result: Verification
) -> None:
    """A fact counts when an admitted node states it, a notice when the charter cites it or a steward signed it."""
    admitted = ("node", fact.signer) in roles.chain.state.removed or fact.signer in roles.nodes | nodes
    if not admitted:
        raise NoAuthority("the node that issued the receipt is not admitted by the charter of this commons")
    result.checks["node"] = "admitted"
    stewards = roles.stewards | set(charter.body["stewards"])
    if notice.digest not in charter.body["notices"] and notice.signer not in stewards:
        raise NoAuthority("the notice is neither one that the charter cites nor signed by a steward")


def _check_links(
    bundle: JsonObject, record: Document, fact: Document, notice: Document, parties: list[Document]
) -> None:
    subject = bundle["receipt"].get("credentialSubject", {})
    key = record.body["contributor"].get("key")
    pairs = (
        ("the fact does not cite this record", fact.body["record"], record.digest),
        (
            "record and fact commit to different texts",
            fact.body["row"],
            record.body["content"]["commitment"]["value"],
        ),
        (
            "record and fact name different contributions",
            fact.body["contribution"],
            record.body["content"]["id"],
        ),
        (
            "record and fact name different withdrawal keys",
            fact.body["withdrawalKey"],
            record.body["withdrawalKey"],
        ),
        ("the record cites another notice", record.body["notice"]["digest"], notice.digest),
        ("the receipt is for another contribution", subject.get("contribution"), fact.body["contribution"]),
        ("the record was not signed by the key it names", key or record.signer, record.signer),
    )
    for sentence, left, right in pairs:
        if left != right:
            raise BadSignature(sentence)
    if key is None and "assisted" not in record.body:
        raise BadSignature("the record names no key and is not marked as assisted")
    if any(party.body["record"] != record.digest for party in parties):
        raise BadSignature("a co-consent cites another record")


def _receipt(
    home: Home, record: Document, fact: Document, notice: Document, evidence: list[dict[str, Any]], standing: str,
    time: str,
) -> JsonObject:  # fmt: skip
    body = {
        "@context": CONTEXT,
        "type": ["VerifiableCredential", "ConsentReceipt"],
        "issuer": home.node.did,
        "validFrom": time,
        "credentialSubject": {
            "conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr",
            "contribution": fact.body["contribution"],
            "state": "dpv:ConsentGiven",
            "tier": fact.body["tier"],
            "purposes": fact.body["purposes"],
            "standing": standing,
        },
        "relatedResource": [
            {"id": document.body["id"], "digestMultibase": multibase_digest(document.digest)}
            for document in (record, fact, notice)
        ],
        "evidence": evidence,
    }
    return secure(body, home.node, time)


def text_digest(data: bytes) -> str:
    """SHA-256 of a file, such as the scanned paper form that a steward holds."""
    return hashlib.sha256(data).hexdigest()
