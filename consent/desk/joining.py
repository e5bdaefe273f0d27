"""A party's yes at the desk: prepared, read back from their browser, and taken. Durable first, then forgotten."""

from typing import Any, Final

from fastapi import Request

from consent import invitations, parties
from consent.desk import giving
from consent.desk.desk import Desk
from consent.desk.flags import flag_one_browser
from consent.desk.site import Site
from consent.desk.trouble import Trouble
from consent.desk.visits import Guest, Visit
from consent.desk.words import mark as _
from consent.parties import Answered, PartyHand, Yes
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document, read_document
from substrate.record.errors import BadSignature, MalformedDocument, NoAuthority, RecordError
from substrate.store.errors import NotFound
from substrate.store.home import Home

IS_IT_YOU: Final = _("Tick the box if this is so. If not, press “I say no”.")
TIER_AND_USES: Final = _("Choose where it may go, at least one use, and if the rest may stay.")
NO_INVITATION: Final = _("No talk waits for this code. You may have answered already, or the talk was taken back.")
NO_JOIN_CODE: Final = _("That is not a code. Copy the whole link, or the whole code, and try again.")


def yes_body(desk: Desk, request: Request, home: Home, guest: Guest, own: str | None, time: str) -> dict[str, Any]:
    """What this party is to sign; ``own`` is the key of their browser, where it has one.

    Raises:
        Trouble: 409, nothing is asked of them any more.
    """
    said = guest.answers["uses"]
    notice = giving.notice_for(home.roles(), desk.language(request).code, guest.notice)
    try:
        found = invitations.again(home, guest.box)
        yes = Yes(said["tier"], tuple(said["purposes"]), said["rest"] == "yes")
        return parties.co_consent_body(home, found, yes, PartyHand(own, guest.code.withdrawal), notice, time)
    except (NotFound, NoAuthority):
        raise Trouble(409) from None


def read_yes(sent: dict[str, Any], body: dict[str, Any], challenge: str, site: Site) -> Document:
    """What a browser signed: exactly what was prepared, for this site and this challenge.

    Raises:
        Trouble: 400, it is something else.
    """
    try:
        document = read_document(canonical_bytes(sent["record"]))
        proof = document.body["proof"]
        plain = {name: value for name, value in document.body.items() if name != "proof"}
        if canonical_bytes(plain) != canonical_bytes(body):
            raise MalformedDocument("what was signed is not what was prepared")
        if (proof.get("domain"), proof.get("challenge")) != (site.host, challenge):
            raise BadSignature("the signature is for another site or another challenge")
        if document.signer != body["key"]:
            raise BadSignature("it is not signed by the key that it names")
    except (RecordError, KeyError, TypeError, ValueError):
        raise Trouble(400) from None
    return document


def finish(desk: Desk, home: Home, visit: Visit, guest: Guest, document: Document) -> None:
    """Durable first; then the answers are forgotten, and the keys of the code with them."""
    try:
        parties.accept(home, invitations.again(home, guest.box), document, desk.around.now())
    except (Answered, NotFound):
        raise Trouble(409) from None
    if guest.contribution in visit.took_part:
        flag_one_browser(home, guest.contribution, desk.around.now())
    visit.took_part.add(guest.contribution)
    visit.joined, visit.guest = (guest.contribution, guest.code.withdrawal), None
