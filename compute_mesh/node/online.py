"""A node with its endpoint open: it answers peers, calls on them, and tells everybody at once what changed here."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import Final

from compute_mesh import blobs
from compute_mesh.jobservice import wire
from compute_mesh.ledger import messages
from compute_mesh.ledger.session import Outcome
from compute_mesh.node.admitting import admit, admitted_nodes
from compute_mesh.node.bench import at_home
from compute_mesh.node.blobs import BlobDesk
from compute_mesh.node.context import Context
from compute_mesh.node.identity import mesh_folder
from compute_mesh.node.jobs import JobRoom
from compute_mesh.node.meeting import Failed, Meetings, until_closed
from compute_mesh.node.resources import look_up, memory_bandwidth
from compute_mesh.peers import exchange, joining
from compute_mesh.peers.announcement import Announcement, announce
from compute_mesh.peers.book import PeerBook
from compute_mesh.peers.invites import Invites
from compute_mesh.peers.joining import Asking
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.address import Address
from compute_mesh.transport.interface import Connection, Transport
from compute_mesh.transport.iroh.endpoint import IrohTransport
from compute_mesh.transport.serving import Handler, cancel_all, serve
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.errors import RecordError
from substrate.record.times import hours_after, seconds_after
from substrate.store.errors import HomeError

PROTOCOLS: Final = (exchange.PROTOCOL, messages.PROTOCOL, joining.PROTOCOL, blobs.PROTOCOL, wire.PROTOCOL)
ANNOUNCED_HOURS: Final = 24
_AGAIN_SECONDS: Final = 1800.0
#: Peers that are told at once of a change; they tell others. Meetings that go on at once.
FANOUT: Final = 8
_AT_ONCE: Final = 4
_LONGEST_PAUSE: Final = 3600.0
#: A node that has just begun has its ledger to bring in step first: a model is loaded this many seconds later.
_SPEED_AFTER_SECONDS: Final = 20.0


@dataclass
class Membership:
    """The commons that this home belongs to."""

    commons: str
    charter: Document


@dataclass
class Online:
    """An open endpoint and what goes on over it."""

    context: Context
    membership: Membership
    transport: Transport
    book: PeerBook
    meetings: Meetings
    desk: BlobDesk
    jobs: JobRoom | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    #: The last announcement, and until when (of the monotonic clock) it is used again.
    _announced: Announcement | None = None
    _fresh_until: float = 0.0
    _bandwidth: int | None = None
    _speed: JsonObject | None = None
    _pauses: dict[str, float] = field(default_factory=dict)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    @classmethod
    async def open(
        cls, context: Context, membership: Membership, transport: Transport | None = None,
        announced: Announcement | None = None, jobs: JobRoom | None = None,
    ) -> "Online":  # fmt: skip
        """Open the endpoint (or take one that is open, and over which ``announced`` was told) and begin.

        ``jobs`` are served to peers, where there are any.

        Raises:
            TransportFailed: nothing can listen where the settings say.
        """
        found = transport or await open_endpoint(context)
        book = PeerBook(mesh_folder(context.path), context.node, membership.commons)
        online = cls(context, membership, found, book, Meetings(context, book), BlobDesk(context, book, found), jobs)
        async with at_home(context.path) as bench:
            book.admitted = await bench.run(lambda: admitted_nodes(bench.home))
        online._announced = announced
        handlers: dict[bytes, Handler] = {
            exchange.PROTOCOL: online._take_introduction,
            messages.PROTOCOL: online._take_session,
            joining.PROTOCOL: online._take_newcomer,
            blobs.PROTOCOL: online.desk.service.serve,
        }
        if jobs is not None:
            handlers[wire.PROTOCOL] = jobs.service().serve
        online._tasks = [
            asyncio.create_task(serve(found, handlers)),
            asyncio.create_task(online._keep_in_step()),
            asyncio.create_task(online._measure()),
        ]
        return online

    async def close(self) -> None:
        """End every meeting and close the endpoint."""
        await cancel_all(self._tasks)
        await self.transport.close()
        with contextlib.suppress(OSError):
            self.book.save()

    def announcement(self) -> Announcement:
        """What this node says of itself now; signed anew after a change, or after half an hour."""
        address, last, now = self.transport.address(), self._announced, self.context.now()
        offered = self.jobs.offered() if self.jobs is not None else None
        if last is not None:
            same = last.address == address and (last.resources or {}).get("jobs") == offered
            if same and time.monotonic() < self._fresh_until:
                return last
            now = max(now, seconds_after(last.time, 1))  # Of two by one second, the later one would not always count.
        expires, keys = hours_after(now, ANNOUNCED_HOURS), self.context.identity
        resources = look_up(self.context.path, self._bandwidth, self._speed)
        if offered is not None:
            resources["jobs"] = offered
        own = announce(keys.node, keys.transport, self.membership.commons, address, now, expires, resources)
        self._announced, self._fresh_until = own, time.monotonic() + _AGAIN_SECONDS
        return own

    def offers_anew(self) -> bool:
        """Whether the jobs that this node offers are others than it announced."""
        if self._announced is None or self.jobs is None:
            return False
        return bool((self._announced.resources or {}).get("jobs") != self.jobs.offered())

    def invite(self, hours: int) -> Ticket:
        """A ticket for one newcomer."""
        expires = hours_after(self.context.now(), hours)
        key = Invites(mesh_folder(self.context.path)).make(expires)
        there = self.transport.address()
        return Ticket(self.membership.commons, self.membership.charter.digest, self.context.node, key, expires, there)

    async def visit(self, node: str) -> Outcome:
        """Meet one peer now.

        Raises:
            Failed: it is not known, or could not be met.
        """
        known = self.book.known.get(node)
        if known is None:
            raise Failed("no such peer is known here: `lecs node peers` lists them")
        if self.book.shunned(node):
            raise Failed(f"…{node[-8:]} is blocked, or lied a short while ago")
        return await self.call(known.announcement.address)

    async def call(self, address: Address) -> Outcome:
        """Meet whoever is at an address."""
        outcome = await self.meetings.visit(self.transport, address, self.announcement())
        if outcome.received or outcome.found.leaves:
            self.changed.set()
        return outcome

    def addresses(self) -> dict[str, Address]:
        """Where to look for peers: what they announced, and what the settings name; by transport key."""
        found = {a.address.peer: a.address for a in self.book.live(self.context.now()) if not self.book.shunned(a.node)}
        for text in self.context.settings.peers:
            address = Address.from_text(text)
            found.setdefault(address.peer, address)
        found.pop(self.transport.id, None)
        return found

    async def _measure(self) -> None:
        """Measure the machine, and tell peers each result at once. Until then they know what need not be measured."""
        self._bandwidth = await asyncio.to_thread(memory_bandwidth)
        self._tell_anew()
        await asyncio.sleep(_SPEED_AFTER_SECONDS)
        try:
            self._speed = await self.context.measure_speed(self.context.path)
        except Exception as error:  # A node without this figure is a node all the same.
            self.context.tally.wrong("program", f"a fault of the program ({type(error).__name__}): please report it")
        if self._speed is not None:
            self._tell_anew()

    def _tell_anew(self) -> None:
        self._fresh_until = 0.0
        self.changed.set()

    async def _keep_in_step(self) -> None:
        """Tell some peers at once when something changed here, and look at all of them now and then."""
        while True:
            try:
                async with asyncio.timeout(self.context.settings.sync_seconds * (0.8 + 0.4 * random.random())):  # noqa: S311
                    await self.changed.wait()
                told = self._some()
            except TimeoutError:
                told = self._due()
            self.changed.clear()
            gate = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(self._call_quietly(address, gate) for address in told))
            await self._read_words()
            with contextlib.suppress(OSError):
                self.book.save()

    async def _read_words(self) -> None:
        try:
            await self.desk.fetch_words()
        except (HomeError, OSError):
            return  # The next round tries again.
        except Exception as error:  # As in `_call_quietly`: a fault of ours ends no other meeting.
            self.context.tally.wrong("program", f"a fault of the program ({type(error).__name__}): please report it")

    def _some(self) -> list[Address]:
        due = self._due()
        return random.sample(due, min(FANOUT, len(due)))

    def _due(self) -> list[Address]:
        now = time.monotonic()
        return [address for peer, address in self.addresses().items() if self._pauses.get(peer, 0.0) <= now]

    async def _call_quietly(self, address: Address, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                await self.call(address)
                self._pauses.pop(address.peer, None)
            except Failed:
                node = self.book.node_of(address.peer)
                known = self.book.known.get(node) if node else None
                if known is not None:
                    known.failures += 1
                wait = self.context.settings.sync_seconds * 2 ** min(known.failures if known else 1, 10)
                self._pauses[address.peer] = time.monotonic() + min(wait, _LONGEST_PAUSE)
            except Exception as error:  # A fault of ours with one peer must not end the meetings with all others.
                self.context.tally.wrong(
                    "program", f"a fault of the program ({type(error).__name__}): please report it"
                )

    async def _take_introduction(self, connection: Connection) -> None:
        await self.meetings.receive_introduction(connection, self.announcement())
        self._pauses.pop(connection.peer, None)

    async def _take_session(self, connection: Connection) -> None:
        outcome = await self.meetings.receive_session(connection)
        if outcome.received or outcome.found.leaves:
            self.changed.set()

    async def _take_newcomer(self, connection: Connection) -> None:
        stream = await connection.accept_stream()
        charter = self.membership.charter
        await joining.let_in(stream, connection.peer, charter, self.announcement(), self._decide)
        await until_closed(connection)

    async def _decide(self, asking: Asking) -> str:
        newcomer, now = asking.announcement, self.context.now()
        invites = Invites(mesh_folder(self.context.path))
        if newcomer.node in self.book.blocked:
            return "This node is blocked here."
        if not await asyncio.to_thread(invites.use, asking.key, newcomer.node, now):
            return "The ticket was used already, has expired, or is of another node: ask for a new one."
        try:
            async with at_home(self.context.path) as bench:
                state = await bench.run(lambda: admit(bench.home, newcomer.node, now))
                self.book.admitted = await bench.run(lambda: admitted_nodes(bench.home))
        except RecordError:
            return "The charter of this home cannot be read."
        self.book.learn([newcomer], now)
        self.changed.set()
        return state


async def open_endpoint(context: Context) -> Transport:
    """The endpoint of this node, listening where its settings say."""
    settings = context.settings
    return await IrohTransport.open(
        context.identity.transport_seed, PROTOCOLS, bind=settings.bind, relays=settings.relays
    )
