"""Joining a commons: a folder with keys becomes a home, once the inviter has answered."""

import asyncio
from dataclasses import dataclass
from typing import Final

from compute_mesh.ledger.session import Outcome
from compute_mesh.node.admitting import PENDING, state_of
from compute_mesh.node.bench import at_home
from compute_mesh.node.context import Context
from compute_mesh.node.identity import mark_online, mesh_folder
from compute_mesh.node.meeting import CONNECT_SECONDS, Failed, Meetings
from compute_mesh.node.online import ANNOUNCED_HOURS, open_endpoint
from compute_mesh.node.resources import look_up
from compute_mesh.peers import joining
from compute_mesh.peers.announcement import Announcement, announce
from compute_mesh.peers.book import PeerBook
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.failures import TransportFailed
from compute_mesh.transport.interface import Transport
from substrate.record.errors import MalformedDocument, UnknownCommons
from substrate.record.times import hours_after
from substrate.store.errors import HomeExists
from substrate.store.home import complete_home, home_exists, open_home

#: How often a newcomer tries to bring the ledger here before it gives up for now.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Joined:
    """``state``: admitted or pending. Endpoint and what was announced over it are for whoever goes on."""

    node: str
    state: str
    transport: Transport
    announced: Announcement
    outcome: Outcome


def check_ticket(context: Context, text: str) -> Ticket:
    """A ticket that this home may use.

    Raises:
        MalformedDocument: not a ticket, or an expired one. HomeExists: this home belongs to a commons already.
        UnknownCommons: to another one.
    """
    ticket = Ticket.from_text(text)
    if ticket.node == context.node:
        raise MalformedDocument("this is a ticket of this very node")
    if ticket.expires <= context.now():
        raise MalformedDocument(f"the ticket ended at {ticket.expires}: ask for a new one")
    if home_exists(context.path):
        with open_home(context.path) as home:
            if home.commons != ticket.commons:
                raise UnknownCommons(
                    "this home belongs to another commons, and a home belongs to one: join from a new home"
                )
            if list(home.ledger.documents(kinds=["Charter"])):
                raise HomeExists("this home belongs to this commons already: there is nothing to join")
    return ticket


async def join(context: Context, text: str, transport: Transport | None = None) -> Joined:
    """Ask the inviter, make the home, and bring the ledger here. Run again after a break, it goes on.

    Raises:
        MalformedDocument, HomeExists, UnknownCommons: the ticket, as `check_ticket`. NoAuthority: the inviter refuses.
        Failed, TransportFailed: it could not be reached.
    """
    ticket = check_ticket(context, text)
    mark_online(context.path)
    endpoint = transport or await open_endpoint(context)
    try:
        welcome = await _ask(context, ticket, endpoint)
        if not home_exists(context.path):
            complete_home(context.path, ticket.commons, ticket.charter)
        book = PeerBook(mesh_folder(context.path), context.node, ticket.commons)
        book.learn([welcome.inviter], context.now())
        book.save()
        own = _announcement(context, ticket.commons, endpoint)
        outcome = await _first_visit(Meetings(context, book), endpoint, welcome.inviter, own)
        book.save()
        async with at_home(context.path) as bench:
            state = await bench.run(lambda: state_of(bench.home, context.node))
    except BaseException:
        if transport is None:
            await endpoint.close()
        raise
    return Joined(context.node, state or PENDING, endpoint, own, outcome)


async def _first_visit(meetings: Meetings, endpoint: Transport, inviter: Announcement, own: Announcement) -> Outcome:
    """Bring the ledger here; a busy inviter is asked again. What came before a break is kept.

    Raises:
        Failed: it could not be met any more. `join` may be run again.
    """
    for _ in range(_TRIES - 1):
        try:
            return await meetings.visit(endpoint, inviter.address, own)
        except Failed:
            await asyncio.sleep(1)
    return await meetings.visit(endpoint, inviter.address, own)


async def _ask(context: Context, ticket: Ticket, endpoint: Transport) -> joining.Welcome:
    own = _announcement(context, ticket.commons, endpoint)
    try:
        connection = await endpoint.connect(ticket.address, joining.PROTOCOL, within=3 * CONNECT_SECONDS)
    except TransportFailed as error:
        raise Failed(f"the inviting node cannot be reached ({error}): is it running, and the ticket fresh?") from None
    try:
        return await joining.ask_in(await connection.open_stream(), ticket, own)
    except TransportFailed as error:
        raise Failed(f"the inviting node did not answer as it should: {error}") from None
    finally:
        await connection.close()


def _announcement(context: Context, commons: str, endpoint: Transport) -> Announcement:
    """What the newcomer says of itself; what takes time to measure follows when it has come in."""
    now, keys = context.now(), context.identity
    expires, resources = hours_after(now, ANNOUNCED_HOURS), look_up(context.path)
    return announce(keys.node, keys.transport, commons, endpoint.address(), now, expires, resources)
