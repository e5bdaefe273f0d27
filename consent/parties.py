"""The other parties of a conversation: their yes, and their change of mind.

A party's yes is a private `CoConsent`, signed with their key (or assisted); the accepting node publishes with it that
one more party gave. What the strictest of all allows is what counts. Who takes back what they said takes out their own
turns, if all others agreed that the rest may stay; otherwise the whole conversation is taken back.
"""

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consent import invitations
from consent.change import Voice, lapse, withdraw
from consent.invitations import GIVEN, OPEN, Invitation
from consent.lookup import record_of, state_of
from consent.removing import marked_more
from consent.state import BY_HAND, State
from consent.superseding import Plan, identifier_of, issue_receipt, supersede
from consent.turns import spans_of
from consent.waiting import lapsed
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.record.kinds import CONTEXT
from substrate.record.vocabulary import STRICTNESS, strictest
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: What stands in ``intake.detail`` of a conversation that waits for its parties.
WAITS = "waits-for-parties"


class Answered(NotFound):
    """This party gave their answer already, or the conversation was taken back meanwhile."""


@dataclass(frozen=True, slots=True)
class PartyHand:
    """The public keys of a party: their own, where they have one, and that of their code."""

    own: str | None
    withdrawal: str


@dataclass(frozen=True, slots=True)
class Yes:
    """What a party says yes to: never a looser tier, never more uses than whoever gave."""

    tier: str
    purposes: tuple[str, ...]
    keep_rest: bool


def co_consent_body(
    home: Home, invitation: Invitation, yes: Yes, hand: PartyHand, notice: Document, time: str
) -> JsonObject:  # fmt: skip
    """What a party is to sign, every value fixed: over the row that stands now.

    Raises:
        NoAuthority: it would allow more than whoever gave. Answered: nothing is asked any more.
    """
    state = _asked(home, invitation)
    if STRICTNESS.index(yes.tier) < STRICTNESS.index(state.tier) or not set(yes.purposes) <= set(state.purposes):
        raise NoAuthority("a party can only allow less than whoever gave")
    plain: dict[str, Any] = {
        "nonce": secrets.token_hex(16),
        "contribution": invitation.contribution,
        "record": state.record,
        "party": invitation.label,
        "tier": yes.tier,
        "time": time,
        "withdrawalKey": hand.withdrawal,
        "commitment": state.row,
        "purposes": sorted(yes.purposes),
        "notice": {
            "version": notice.body["version"], "language": notice.body["language"], "digest": notice.digest,
        },
        "adult": True,
        "keepRest": yes.keep_rest,
        **({"key": hand.own} if hand.own else {"assisted": {"by": "operator"}}),
    }  # fmt: skip
    envelope = {"@context": CONTEXT, "type": "CoConsent", "id": f"urn:uuid:{uuid.uuid4()}", "audience": home.commons}
    return {**envelope, **plain}


def sign_assisted(home: Home, body: JsonObject, signer: Signer, time: str) -> Document:
    """The co-consent, signed here with the one-use key of the party's code."""
    fields = {k: v for k, v in body.items() if k not in ("@context", "type", "id", "audience")}
    return write_document("CoConsent", str(body["id"]), home.commons, fields, signer, time)


def accept(home: Home, invitation: Invitation, co_consent: Document, time: str) -> State:
    """Seal a party's yes, and publish that one more gave. Durable when this returns; a second time does nothing.

    Raises:
        Answered: the conversation was taken back, or the text is another by now.
    """
    contribution = invitation.contribution
    with home.ledger.write() as writer:
        current = invitations.again(home, invitation.box.box)
        if current.answer == GIVEN:
            return state_of(home, home.roles(), contribution)
        state = _asked(home, current)
        body = co_consent.body
        if body["record"] != state.record or body["commitment"] != state.row:
            raise Answered("the text was changed since this party read it: open the link again")
        tier = strictest([state.tier, body["tier"]])  # type: ignore[list-item]
        fields = {
            "contribution": contribution,
            "cites": co_consent.digest,
            "purposes": sorted(set(body["purposes"]) & set(state.purposes)),
            "tier": tier if tier != state.tier else None,
            "time": time,
        }
        home.vault.seal(writer.connection, contribution, co_consent)
        writer.add(co_consent)
        writer.add(write_document("PartyConsent", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time))
        invitations.answer(home, writer, current, GIVEN)
    issue_receipt(home, contribution, time)
    return state_of(home, home.roles(), contribution)


def open_as_party(home: Home, key: str) -> str:
    """The conversation of a party whose code gives this withdrawal key.

    Their co-consents are sealed, so the conversations here are opened one after the other; there are few.

    Raises:
        NotFound: none has such a party.
    """
    for contribution in sorted({d.subject for d in home.ledger.documents(kinds=["PartyConsent"])}):
        if any(body.get("withdrawalKey") == key for body in co_consents(home, contribution)):
            return contribution
    raise NotFound("no party of a conversation in this home has this code")


def co_consents(home: Home, contribution: str) -> list[JsonObject]:
    """What the other parties signed, where this home still holds it."""
    try:
        return [json.loads(raw) for raw in home.vault.private(contribution, "CoConsent")]
    except NotFound:
        return []


def own_words(home: Home, contribution: str, key: str) -> JsonObject:
    """The co-consent of the party with this withdrawal key.

    Raises:
        NotFound: there is none, or it was destroyed.
    """
    found = [body for body in co_consents(home, contribution) if body.get("withdrawalKey") == key]
    if not found:
        raise NotFound("what this party signed is not here (any more)")
    return found[0]


def rest_may_stay(home: Home, contribution: str, key: str) -> bool:
    """Whether whoever gave and every other party agreed that the rest stays when this party takes back theirs."""
    record = record_of(home, contribution)
    others = [body for body in co_consents(home, contribution) if body.get("withdrawalKey") != key]
    agreed = record is not None and record["people"].get("keepRest") is True
    return agreed and all(body.get("keepRest") is True for body in others)


def has_taken_back(home: Home, contribution: str, key: str) -> bool:
    """Whether this party's words were taken out already."""
    try:
        said = [json.loads(raw) for raw in home.vault.private(contribution, "ConsentWithdrawal")]
    except NotFound:
        return False
    return any(_signer_of(body) == key for body in said)


def take_back(home: Home, contribution: str, voice: Voice, time: str) -> bool:
    """Take back what a party said. True when only their turns went; False when the whole was taken back.

    Raises:
        NoAuthority: the key is no party's. NotFound: the conversation is gone.
    """
    key = voice.signer.did
    words = own_words(home, contribution, key)
    if has_taken_back(home, contribution, key):
        return not state_of(home, home.roles(), contribution).withdrawn
    state = state_of(home, home.roles(), contribution)
    spans = spans_of(home.vault.get(contribution).text.decode("utf-8"), str(words["party"]))
    if state.withdrawn or not spans or not rest_may_stay(home, contribution, key):
        withdraw(home, contribution, voice, time)
        return False
    said = _withdrawal(home, contribution, voice, time)
    identifier = identifier_of(home, contribution, state.row, "party", key)
    plan = Plan(contribution, state.row, lambda text: marked_more(text, spans), BY_HAND, identifier, lambda _: [said])
    supersede(home, [plan], time)
    return True


def expire_conversations(home: Home, time: str) -> list[str]:
    """Erase the conversations of this node to which not all parties said yes in time; returns their ids."""
    roles = home.roles()
    query = "SELECT contribution FROM intake JOIN items USING (contribution) WHERE detail = ? ORDER BY contribution"
    waiting: Sequence[str] = [str(one) for (one,) in home.database.connection.execute(query, (WAITS,)).fetchall()]
    states = [state_of(home, roles, contribution) for contribution in waiting]
    late = [s.contribution for s in states if lapsed(s, time) and roles.succeeds(home.node.did, s.node)]
    for contribution in late:
        lapse(home, contribution, time)
    return late


def _asked(home: Home, invitation: Invitation) -> State:
    if invitation.answer != OPEN:
        raise Answered("this party gave their answer already")
    state = state_of(home, home.roles(), invitation.contribution)
    if state.withdrawn or state.erased:
        raise Answered("the conversation was taken back")
    return state


def _withdrawal(home: Home, contribution: str, voice: Voice, time: str) -> Document:
    """The party's private word; its effect is the redaction that is logged with it."""
    fields = {
        "nonce": secrets.token_hex(16),
        "contribution": contribution,
        "authority": voice.authority,
        "state": "dpv:ConsentWithdrawn",
        "eraseText": True,
        "time": time,
    }
    return write_document(
        "ConsentWithdrawal", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, voice.signer, time
    )  # fmt: skip


def _signer_of(body: JsonObject) -> str:
    return str(body["proof"]["verificationMethod"]).partition("#")[0]
