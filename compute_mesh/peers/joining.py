"""How a newcomer comes in: protocol ``lecs/join/1``, one question and one answer, over the ticket's connection.

The newcomer brings the one-time key and its announcement; the inviter answers with the founding charter, whose digest
the ticket pins, and whether the node is admitted or has to wait for the stewards. Everything else comes by ledger sync.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from compute_mesh.peers.announcement import Announcement, read_announcement
from compute_mesh.peers.exchange import parse_strict_or_malformed
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.failures import Malformed
from compute_mesh.transport.frames import read_frame, write_frame
from compute_mesh.transport.interface import Stream
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.record.documents import Document, read_document
from substrate.record.errors import NoAuthority, RecordError

PROTOCOL: Final = b"lecs/join/1"
MOST_MESSAGE: Final = 512 << 10
#: Seconds for the answer: the inviter may have to write its log first.
PATIENCE: Final = 30.0
STATES: Final = ("admitted", "pending")


@dataclass(frozen=True, slots=True)
class Welcome:
    """The founding charter, the inviter's announcement, and ``admitted`` or ``pending``."""

    charter: Document
    inviter: Announcement
    state: str


@dataclass(frozen=True, slots=True)
class Asking:
    """A newcomer at the door."""

    key: bytes
    announcement: Announcement


#: Says ``admitted``, ``pending``, or why not (a sentence that begins with a capital letter).
Decide = Callable[[Asking], Awaitable[str]]


async def ask_in(stream: Stream, ticket: Ticket, own: Announcement) -> Welcome:
    """Ask to be let in.

    Raises:
        NoAuthority: the inviter refuses; the message says why. Malformed: its answer breaks a rule. TransportFailed.
    """
    await write_frame(stream, canonical_bytes({"key": ticket.key.hex(), "own": own.raw.decode("utf-8")}))
    answer = parse_strict_or_malformed(await read_frame(stream, cap=MOST_MESSAGE, within=PATIENCE))
    if isinstance(answer.get("refused"), str):
        raise NoAuthority(f"the inviting node does not let this one in: {_plain(answer['refused'])}")
    try:
        charter = read_document(_text(answer, "charter"))
        inviter = read_announcement(_text(answer, "own"))
    except RecordError as error:
        raise Malformed(str(error)) from None
    if charter.kind != "Charter" or charter.digest != ticket.charter or charter.body["audience"] != ticket.commons:
        raise Malformed("the inviter's charter is not the one that the ticket names")
    if inviter.node != ticket.node or inviter.address.peer != ticket.address.peer:
        raise Malformed("the inviter is not the node that the ticket names")
    if answer.get("state") not in STATES:
        raise Malformed("an answer that is neither admitted nor pending")
    return Welcome(charter, inviter, answer["state"])


async def let_in(stream: Stream, peer: str, charter: Document, own: Announcement, decide: Decide) -> None:
    """Answer a newcomer whose transport key is ``peer``.

    Raises:
        Malformed: what it says breaks a rule. TransportFailed.
    """
    asked = parse_strict_or_malformed(await read_frame(stream, cap=MOST_MESSAGE))
    try:
        announcement = read_announcement(_text(asked, "own"))
        key = bytes.fromhex(str(asked.get("key")))
    except RecordError as error:
        raise Malformed(str(error)) from None
    except ValueError:
        raise Malformed("a one-time key that is not hexadecimal") from None
    if announcement.address.peer != peer or announcement.audience != charter.body["audience"]:
        raise Malformed("an announcement of somebody else, or for another commons")
    said = await decide(Asking(key, announcement))
    answer: JsonObject = {"refused": said}
    if said in STATES:
        answer = {"state": said, "charter": charter.raw.decode("utf-8"), "own": own.raw.decode("utf-8")}
    await write_frame(stream, canonical_bytes(answer))
    await stream.finish()


def _text(body: JsonObject, key: str) -> bytes:
    if not isinstance(body.get(key), str):
        raise Malformed(f"{key} is missing or not text")
    return str(body[key]).encode("utf-8")


def _plain(sentence: str) -> str:
    """A sentence of the peer, as far as it can be shown on a terminal."""
    return "".join(char for char in sentence[:200] if char.isprintable())
