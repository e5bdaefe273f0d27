"""Appeals: the contributor asks that a decision be looked at again. Private, signed with the withdrawal key."""

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from consent.change import Voice
from consent.lookup import state_of
from substrate.record.authority import Roles, is_authorised
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: Most letters of what a contributor says.
LONGEST: Final = 4000
#: Decisions that take something away: only these can be appealed against.
RESTRICTIVE: Final = frozenset({"require-redaction", "restrict-tier", "quarantine", "exclude"})


class CannotAppeal(NotFound):
    """The decision does not stand (any more), takes nothing away, or was appealed against already."""


@dataclass(frozen=True, slots=True)
class Appealed:
    """An appeal: its digest, the decision it is against, what was said, and the digest of the answer, or nothing."""

    contribution: str
    digest: str
    decision: str
    statement: str
    time: str
    answer: str


def appeal(home: Home, contribution: str, voice: Voice, decision: str, statement: str, time: str) -> Appealed:
    """Sign and log an appeal against the decision of this digest.

    Raises:
        NoAuthority: not the withdrawal key of this text. CannotAppeal: see there. NotFound: the text is gone.
    """
    roles = home.roles()
    fact = home.ledger.document(state_of(home, roles, contribution).fact)
    if voice.authority != "withdrawal-key" or voice.signer.did != fact.body["withdrawalKey"]:
        raise NoAuthority("only the code of a text can appeal against a decision about it")
    standing = next((d for d in standing_decisions(home, roles, contribution) if d.digest == decision), None)
    if standing is None or standing.body["decision"] not in RESTRICTIVE:
        raise CannotAppeal("this decision does not stand, or takes nothing away")
    if any(one.decision == decision for one in appeals_of(home, contribution)):
        raise CannotAppeal("this decision was appealed against already")
    fields = {
        "nonce": secrets.token_hex(16),
        "contribution": contribution,
        "decision": decision,
        "statement": statement,
        "time": time,
    }
    document = write_document("Appeal", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, voice.signer, time)
    with home.ledger.write() as writer:
        home.vault.seal(writer.connection, contribution, document)
        writer.add(document)
    return Appealed(contribution, document.digest, decision, statement, time, "")


def appeals_of(home: Home, contribution: str) -> list[Appealed]:
    """The appeals about one text, with their answers; none when it was destroyed, or is not here."""
    try:
        bodies = [json.loads(raw) for raw in home.vault.private(contribution, "Appeal")]
    except NotFound:
        return []
    roles = home.roles()
    answers = {d.body["appeal"]: d.digest for d in decisions_of(home, roles, contribution) if "appeal" in d.body}
    digests = [hashlib.sha256(canonical_bytes(body)).hexdigest() for body in bodies]
    return [
        Appealed(contribution, digest, body["decision"], body["statement"], body["time"], answers.get(digest, ""))
        for digest, body in zip(digests, bodies, strict=True)
    ]


def open_appeals(home: Home) -> Iterator[Appealed]:
    """Every appeal that waits for an answer. Only texts about which somebody decided are opened."""
    for contribution in sorted({d.subject for d in home.ledger.documents(kinds=["ModerationDecision"])}):
        yield from (one for one in appeals_of(home, contribution) if not one.answer)


def decisions_of(home: Home, roles: Roles, contribution: str) -> list[Document]:
    """The decisions about one text that count, oldest first."""
    found = home.ledger.documents(kinds=["ModerationDecision"], subject=contribution)
    return sorted((d for d in found if is_authorised(d, roles)), key=lambda d: (d.body["time"], d.digest))


def standing_decisions(home: Home, roles: Roles, contribution: str) -> list[Document]:
    """Those that no other decision replaced."""
    counted = decisions_of(home, roles, contribution)
    replaced = {d.body.get("previous") for d in counted}
    return [d for d in counted if d.digest not in replaced]


def check_fresh(roles: Roles, appealed: Document, key: str) -> None:
    """Whoever took part in a decision does not propose the answer to the appeal, where another moderator is there.

    Raises:
        NoAuthority: this key signed or approved it, and others did not.
    """
    took_part = {appealed.signer, *roles.approvals.get(appealed.digest, ())}
    if key in took_part and roles.moderators - took_part:
        raise NoAuthority("another moderator than those who decided has to answer the appeal")
