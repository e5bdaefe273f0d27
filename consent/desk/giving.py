"""From the answers to a signed contribution, through the same functions as `lecs contribute`.

A browser with a key of its own signs exactly the record that was prepared here, with a challenge that counts once for
this site. Without one the server signs with the one-use key of the withdrawal code, and forgets it: "assisted".
"""

import secrets
import uuid
from typing import Any, Final

from consent.admission import MAY_WAIT, refused_at_intake
from consent.desk.preview import kept_text
from consent.desk.questions import TRAINING_LICENCE
from consent.desk.site import Site
from consent.desk.visits import Code, Draft, Prepared
from consent.invitations import invite
from consent.issue import (
    Assistance,
    Hand,
    Identifiers,
    Offer,
    accept_record,
    newest_notice,
    notice_in_force,
    record_fields,
)
from consent.keeping import Noted, keep, note
from consent.parties import WAITS
from consent.rows import Refusal, Row, check_row
from consent.superseding import issue_receipt
from consent.survey import law_here
from consent.turns import speakers
from consent.waiting import PARTIES_DAYS
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.record.codes import CODE_BYTES, record_signer, withdrawal_signer
from substrate.record.documents import Document, read_document, write_document
from substrate.record.errors import BadSignature, MalformedDocument
from substrate.record.keys import Signer, public_of
from substrate.record.kinds import CONTEXT
from substrate.record.times import days_after
from substrate.store.home import Home
from substrate.store.vault import SALT_BYTES, commitment

#: The batch under which the desk's texts are noted in a home.
BATCH: Final = "desk"
ASSISTANCE: Final = Assistance("operator")
_CONTRIBUTOR: Final = "the contributor"


class NotAdmitted(Exception):
    """The text cannot be taken; ``refusal`` says why, without its text."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def make_code() -> Code:
    """A new withdrawal code, still with its secret."""
    return Code(secret=secrets.token_bytes(CODE_BYTES))


def keep_code(code: Code) -> Code:
    """What is left of a code once its person has it: two keys, from which the code does not follow."""
    if code.secret is None:
        raise ValueError("this code was kept already")
    return Code(None, record_signer(code.secret), withdrawal_signer(code.secret).did)


def browser_code(withdrawal: str) -> Code:
    """A code that a browser made: only its public key ever comes here.

    Raises:
        MalformedDocument: not a key.
    """
    public_of(withdrawal)
    return Code(None, Signer(secrets.token_bytes(32)), withdrawal, by_browser=True)


def row_of(draft: Draft, roles: Roles, time: str, *, own_key: bool) -> Row:
    """The answers as a row, as a line of an archive would bring them. Its text is the kept one.

    ``own_key`` says whether the person signs; the charter may admit that and no assistance.

    Raises:
        NotAdmitted: an answer does not fit, or the gate would never let the text through.
    """
    checked = check_row(_row(draft, draft.notice or newest_notice(roles)))
    refusal = checked if isinstance(checked, Refusal) else None
    if isinstance(checked, Row):
        law = law_here(roles)
        waits = MAY_WAIT | {"parties-missing"} if draft.answers["people"] == "agreed" else MAY_WAIT
        refusal = refused_at_intake(
            checked, law, time, preview="contributor", own_key=own_key, assistance=ASSISTANCE, waits=waits
        )
        if refusal is None:
            return checked
    assert refusal is not None  # noqa: S101 (narrows the type)
    raise NotAdmitted(refusal)


def prepare(draft: Draft, roles: Roles, time: str, language: str, key: str | None) -> Prepared:
    """Fix every value of the record that is to be signed, under ``key`` or (None) assisted.

    Raises:
        NotAdmitted: as `row_of`.
    """
    row = row_of(draft, roles, time, own_key=key is not None)
    assert draft.reading is not None  # noqa: S101 (the page before made it)
    kept, salt = row.text.encode("utf-8"), secrets.token_bytes(SALT_BYTES)
    held = _held_reason(row, roles)
    talk = draft.answers["parties"] if draft.answers["people"] == "agreed" else None
    offer = Offer(
        row, kept, commitment(salt, kept), "contributor", bool(held), draft.reading.version, language,
        talk["rest"] == "yes" if talk else None,
    )  # fmt: skip
    invited = tuple(label for label in speakers(row.text) if label != talk["me"]) if talk else ()
    ids = Identifiers(
        contribution=f"urn:uuid:{uuid.uuid4()}",
        uuids=(f"urn:uuid:{uuid.uuid4()}", f"urn:uuid:{uuid.uuid4()}"),
        nonces=(secrets.token_hex(16),),
        secret=b"",
    )
    fields = record_fields(offer, ids, Hand(key, draft.code.withdrawal), ASSISTANCE, roles, time)
    plain = {name: value for name, value in fields.items() if value is not None}
    body = {"@context": CONTEXT, "type": "ConsentRecord", "id": ids.uuids[0], "audience": roles.commons, **plain}
    return Prepared(offer, salt, ids, held, time, secrets.token_hex(16), body, invited)


def sign_assisted(home: Home, draft: Draft, prepared: Prepared) -> Document:
    """The record, signed here with the one-use key, which is forgotten with the draft."""
    assert draft.code.signer is not None  # noqa: S101 (the page of the code made it)
    fields = {k: v for k, v in prepared.body.items() if k not in ("@context", "type", "id", "audience")}
    identifier = prepared.ids.uuids[0]
    return write_document("ConsentRecord", identifier, home.commons, fields, draft.code.signer, prepared.time)


def read_signed(raw: bytes, prepared: Prepared, site: Site) -> Document:
    """The record that a browser signed: exactly the prepared one, for this site and this challenge.

    Raises:
        MalformedDocument, BadSignature: it is another one, or its proof does not hold.
    """
    document = read_document(raw)
    proof = document.body["proof"]
    plain = {name: value for name, value in document.body.items() if name != "proof"}
    if canonical_bytes(plain) != canonical_bytes(prepared.body):
        raise MalformedDocument("the signed record is not the one that was prepared")
    if proof.get("domain") != site.host or proof.get("challenge") != prepared.challenge:
        raise BadSignature("the signature is for another site or another challenge")
    if document.signer != plain["contributor"].get("key"):
        raise BadSignature("the record is not signed by the key that it names")
    return document


def accept(home: Home, prepared: Prepared, record: Document, time: str) -> str:
    """Store and log the contribution, and issue its receipt; returns its id. Durable when this returns.

    Of a conversation the invitations are made with it; ``prepared.codes`` has them.
    """
    roles = home.roles()
    signed = accept_record(prepared.offer, prepared.ids, record, (), ASSISTANCE, roles, home.node, time)
    status = "held" if prepared.held else "accepted"
    with home.ledger.write() as writer:
        keep(home, writer, signed, prepared.offer.kept, prepared.salt)
        query = "SELECT coalesce(max(line), 0) + 1 FROM intake WHERE batch = ?"
        (line,) = writer.connection.execute(query, (BATCH,)).fetchone()
        waits = WAITS if prepared.invited else ""
        note(writer, BATCH, int(line), Noted(status, prepared.held, waits, signed.contribution))
        until = days_after(time, PARTIES_DAYS)
        prepared.codes = invite(home, writer, signed.contribution, prepared.invited, time, until)
    issue_receipt(home, signed.contribution, time)
    return signed.contribution


def note_refused(home: Home, refusal: Refusal) -> None:
    """Count a refusal by its reason; nothing else of it is kept."""
    with home.ledger.write() as writer:
        query = "SELECT coalesce(max(line), 0) + 1 FROM intake WHERE batch = ?"
        (line,) = writer.connection.execute(query, (BATCH,)).fetchone()
        note(writer, BATCH, int(line), Noted("refused", refusal.reason))


def notice_for(roles: Roles, language: str, version: str = "") -> Document:
    """The newest notice in force here, or that of ``version``, in this language, else in English.

    Raises:
        LookupError: there is none.
    """
    return notice_in_force(roles, version or newest_notice(roles), language)


def _row(draft: Draft, notice: str) -> JsonObject:
    answers = draft.answers
    reading = draft.reading
    assert reading is not None  # noqa: S101 (the page before made it)
    kept = kept_text(draft.text, reading, draft.marks, draft.left)
    taken_out, others = answers["people"] == "redacted", answers["people"] != "no"
    many = len(speakers(kept)) if answers["people"] == "agreed" else 2
    method = "redacted" if taken_out else "all-party-consent"
    row: dict[str, Any] = {
        "text": kept,
        "language": answers["about"]["language"],
        "domain": answers["about"]["domain"],
        "tier": answers["tier"],
        "purposes": answers["purposes"],
        "licence": answers.get("licence", TRAINING_LICENCE),
        "contributor": answers["name"],
        "rights": {"basis": answers["rights"]},
        "people": {"conversation": others, **({"parties": many, "method": method} if others else {})},
        "declared": {
            "adult": True,
            "minors": answers["minors"],
            "students": answers["minors"],
            "sensitive": [one for one in answers["sensitive"] if one != "none"],
        },
        "notice": notice,
    }
    if taken_out or reading.held or draft.left:
        row["redacted"] = {"by": answers["name"].get("name", _CONTRIBUTOR), "spans": []}
    return row


def _held_reason(row: Row, roles: Roles) -> str:
    """As at intake: where the charter asks for a second reader, one person's marks alone do not release a text."""
    if row.redacted is not None and roles.charter.body["secondReader"]:
        return "second-reader-missing"
    return ""
