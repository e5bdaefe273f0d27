"""Writing the documents of one acceptance: record, co-consents, fact. Randomness and time come in."""

import hashlib
from dataclasses import dataclass
from typing import Any

from consent.notice_texts import NOTICE_LANGUAGES, NOTICE_VERSIONS
from consent.rows import Row
from substrate.record.authority import Roles
from substrate.record.codes import record_signer, withdrawal_signer
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.record.times import days_after
from substrate.record.vocabulary import size_class, strictest


@dataclass(frozen=True, slots=True)
class Assistance:
    """Who signs for a person without a key: a steward who holds the signed paper, or just an operator."""

    by: str
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked row with its redacted text, ready to be signed.

    Attributes:
        kept: the bytes that will be stored and committed to; ``row`` is their commitment.
        preview: who saw them before they are signed.
        held: whether a person still has to look at it.
        redactor: version of what removed personal data.
        notice_language: in which language the notice was read.
        keep_rest: for a conversation, whether the rest may stay when another party takes back what they said.
    """

    row: Row
    kept: bytes
    commitment: str
    preview: str
    held: bool
    redactor: str
    notice_language: str = "en"
    keep_rest: bool | None = None


@dataclass(frozen=True, slots=True)
class Hand:
    """The public keys (did:key) of one acceptance: the contributor's own, where there is one, and the code's."""

    contributor: str | None
    withdrawal: str


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Random values for one acceptance: ids, nonces and the secret of the withdrawal code."""

    contribution: str
    uuids: tuple[str, ...]
    nonces: tuple[str, ...]
    secret: bytes


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The signed documents of one acceptance."""

    contribution: str
    record: Document
    co_consents: tuple[Document, ...]
    fact: Document


def contributor_reference(kind: str, name: str | None, key: str | None, kept: bytes) -> bytes:
    """What decides the cohort: the key, else kind and name, else (anonymous) the digest of the kept bytes."""
    if key is not None:
        return key.encode("ascii")
    if name is not None:
        return f"{kind}\n{name}".encode()
    return hashlib.sha256(kept).hexdigest().encode("ascii")


def cohort_of(seed: str, reference: bytes, cohorts: int) -> int:
    """SHA-256(cohort seed || reference) mod K."""
    return int.from_bytes(hashlib.sha256(bytes.fromhex(seed) + reference).digest(), "big") % cohorts


def write_acceptance(
    offer: Offer, ids: Identifiers, contributor: Signer | None, assistance: Assistance,
    roles: Roles, node: Signer, time: str,
) -> Acceptance:  # fmt: skip
    """Sign what an acceptance needs. The contributor's key signs where it is here, else the one-use key."""
    signer = contributor or record_signer(ids.secret)
    hand = Hand(contributor.did if contributor else None, withdrawal_signer(ids.secret).did)
    fields = record_fields(offer, ids, hand, assistance, roles, time)
    record = write_document("ConsentRecord", ids.uuids[0], roles.commons, fields, signer, time)
    co_consents = tuple(
        write_document(
            "CoConsent",
            ids.uuids[2 + number],
            roles.commons,
            {
                "nonce": ids.nonces[1 + number],
                "contribution": ids.contribution,
                "record": record.digest,
                "party": party.label,
                "tier": party.tier or offer.row.tier,
                "assisted": _plain({"by": assistance.by, "form": assistance.form}),
                "time": time,
            },
            record_signer(ids.secret),
            time,
        )
        for number, party in enumerate(offer.row.co_parties)
    )
    return accept_record(offer, ids, record, co_consents, assistance, roles, node, time)


def accept_record(
    offer: Offer, ids: Identifiers, record: Document, co_consents: tuple[Document, ...], assistance: Assistance,
    roles: Roles, node: Signer, time: str,
) -> Acceptance:  # fmt: skip
    """The acceptance of a record that somebody signed, here or in a browser: the node states its fact."""
    fields = _fact_fields(offer, ids, record, co_consents, assistance, roles, time)
    fact = write_document("ConsentFact", ids.uuids[1], roles.commons, fields, node, time)
    return Acceptance(ids.contribution, record, co_consents, fact)


def record_fields(
    offer: Offer, ids: Identifiers, hand: Hand, assistance: Assistance, roles: Roles, time: str
) -> dict[str, Any]:  # fmt: skip
    """What a record states, before it is signed. It is assisted exactly when the hand has no key of its own."""
    row, charter = offer.row, roles.charter.body
    notice = notice_in_force(roles, row.notice, offer.notice_language)
    assisted = None if hand.contributor else _plain({"by": assistance.by, "form": assistance.form})
    return {
        "conformsTo": [
            "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr",
            "urn:p2plecs:consent-record:1",
        ],
        "nonce": ids.nonces[0],
        "contributor": _plain(
            {
                "kind": row.contributor.kind,
                "name": row.contributor.name,
                "key": hand.contributor,
            }
        ),
        "withdrawalKey": hand.withdrawal,
        "content": {
            "id": ids.contribution,
            "textProfile": "p2plecs-text-1",
            "mediaType": "text/plain",
            "sizeClass": size_class(len(offer.kept)),
            "commitment": {"alg": "HMAC-SHA-256", "value": offer.commitment},
        },
        "tier": row.tier,
        "purposes": sorted(row.purposes),
        "licence": row.licence,
        "rights": {"basis": row.rights.basis},
        "people": _plain(
            {
                "conversation": row.people.conversation,
                "parties": row.parties,
                "method": row.method,
                "keepRest": offer.keep_rest,
            }
        ),
        "declared": row.declared.model_dump(),
        "metadata": _plain(
            {
                "language": row.language,
                "domain": row.domain,
                "register": row.register_,
                "title": row.title,
                "quality": row.quality,
            }
        ),
        "notice": {
            "version": notice.body["version"],
            "language": notice.body["language"],
            "digest": notice.digest,
        },
        "redaction": _plain(
            {
                "redactor": offer.redactor,
                "preview": offer.preview,
                "markedBy": row.redacted.by if row.redacted else None,
                "secondReader": row.redacted.second if row.redacted else None,
            }
        ),
        "processing": {
            "controllers": [charter["controller"]],
            "legalBasis": "eu-gdpr:A6-1-a-explicit-consent",
            "jurisdiction": charter["jurisdiction"],
            "retention": "until-expiry" if row.expires else "until-withdrawn",
            "withdrawalMethod": "lecs consent withdraw, with the withdrawal code",
        },
        "event": {
            "type": "dpv:ExplicitlyExpressedConsent",
            "state": "dpv:ConsentGiven",
            "time": time,
            "method": "own-key" if hand.contributor else "assisted",
        },
        "expires": row.expires,
        "assisted": assisted,
    }


def _fact_fields(
    offer: Offer, ids: Identifiers, record: Document, co_consents: tuple[Document, ...],
    assistance: Assistance, roles: Roles, time: str,
) -> dict[str, Any]:  # fmt: skip
    row, charter = offer.row, roles.charter.body
    key = record.body["contributor"].get("key")
    tier = strictest([row.tier, *(co.body["tier"] for co in co_consents)])
    name, kind = row.contributor.name, row.contributor.kind
    reference = contributor_reference(kind, name, key, offer.kept)
    cohort = None if tier == "federated" else cohort_of(charter["cohortSeed"], reference, charter["cohorts"])
    by_person = row.method == "redacted" and row.redacted is not None
    return {
        "contribution": ids.contribution,
        "record": record.digest,
        "row": offer.commitment,
        "withdrawalKey": record.body["withdrawalKey"],
        "tier": tier,
        "purposes": record.body["purposes"],
        "standing": standing_of(offer.held, key is not None, assistance),
        "preview": offer.preview,
        "language": row.coarse_language,
        "sizeClass": record.body["content"]["sizeClass"],
        "parties": {"required": 1 if by_person else row.parties, "given": 1 + len(co_consents)},
        "redactor": offer.redactor,
        "time": time,
        "cohort": cohort,
        "expires": row.expires,
        "holdUntil": days_after(time, charter["holdDays"]) if charter["holdDays"] else None,
    }


def standing_of(held: bool, own_key: bool, assistance: Assistance) -> str:
    """How strongly the consent stands; every view shows it."""
    if held:
        return "held"
    return "contributor" if own_key else f"assisted-{assistance.by}"


def notice_in_force(roles: Roles, version: str, language: str = "en") -> Document:
    """The notice of this version in this language; in English, else in any, where there is none in it.

    Raises:
        LookupError: no such notice is in force; the message lists those that are.
    """
    notices = notices_in_force(roles)
    if fitting := notices.get(version):
        return fitting.get(language) or fitting.get("en") or fitting[min(fitting)]
    known = ", ".join(sorted(notices))
    raise LookupError(f"notice: no such version is in force here; this commons has {known}")


def notices_in_force(roles: Roles) -> dict[str, dict[str, Document]]:
    """Version -> language -> the notice in force.

    Where two stewards signed the same one apart, the last by digest stands for both.
    """
    found: dict[str, dict[str, Document]] = {}
    for notice in roles.in_force("Notice"):
        found.setdefault(notice.body["version"], {})[notice.body["language"]] = notice
    return found


def newest_notice(roles: Roles) -> str:
    """The version that people are asked about here: of those that come with the program, the last that is in force.

    A version counts once the language that binds is in force.

    Raises:
        LookupError: none of them is.
    """
    notices = notices_in_force(roles)
    for version in reversed(NOTICE_VERSIONS):
        if NOTICE_LANGUAGES[0] in notices.get(version, {}):
            return version
    raise LookupError("notice: none of those that come with this program is in force here; see `lecs notice list`")


def _plain(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else {key: value for key, value in fields.items() if value is not None}
