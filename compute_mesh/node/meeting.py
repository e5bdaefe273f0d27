"""One meeting with a peer: introductions, then the ledger. The same whether we call or are called."""

import asyncio
import sqlite3
from dataclasses import dataclass
from typing import Final

from compute_mesh.ledger import messages
from compute_mesh.ledger.replica import OverQuota
from compute_mesh.ledger.session import Allowance, Outcome, PeerLied, PeerRefused, answer, ask
from compute_mesh.node.admitting import admitted_nodes
from compute_mesh.node.bench import at_home, replica_of
from compute_mesh.node.context import Context
from compute_mesh.node.pace import Pace, PacedStream
from compute_mesh.peers import exchange
from compute_mesh.peers.announcement import Announcement
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import TransportFailed
from compute_mesh.transport.interface import Connection, Stream, Transport
from substrate.store.errors import HomeError
from substrate.store.full import disk_full

CONNECT_SECONDS: Final = 10.0
SESSION_SECONDS: Final = 3600.0
#: What a node that the charter does not admit may bring, and take, in one session.
STRANGER: Final = Allowance(bytes_down=4 << 20, bytes_up=64 << 20)
_MEGABYTE: Final = 1_000_000


class Failed(Exception):
    """A meeting that did not come about or did not end well; the message is for people."""


@dataclass
class Meetings:
    """Meets peers for one node."""

    context: Context
    book: PeerBook

    def __post_init__(self) -> None:
        """The pace of both directions is the node's, whatever it has open."""
        settings = self.context.settings
        self.up, self.down = Pace(settings.upload_kilobytes * 1000), Pace(settings.download_kilobytes * 1000)

    async def visit(self, transport: Transport, address: Address, own: Announcement) -> Outcome:
        """Call on a peer: who are you, whom do you know, and what does your ledger have that ours lacks?

        Raises:
            Failed: naming what went wrong; a lie is noted against the peer.
        """
        outcome = Outcome()
        try:
            async with asyncio.timeout(SESSION_SECONDS):
                await self._introduce(transport, address, own)
                connection = await transport.connect(address, messages.PROTOCOL, within=CONNECT_SECONDS)
                try:
                    await self._session(await connection.open_stream(), address.peer, outcome, asking=True)
                finally:
                    await connection.close()
        except (TransportFailed, TimeoutError) as error:
            raise Failed(f"{_short(address.peer)}: {error}") from None
        finally:
            self._count(outcome)
        return outcome

    async def receive_introduction(self, connection: Connection, own: Announcement) -> None:
        """A peer called to say who it is."""
        stream = await connection.accept_stream()
        met = await exchange.be_introduced(stream, own, self.book, self.context.now(), connection.peer)
        await stream.finish()
        self._met(met)
        await until_closed(connection)

    async def receive_session(self, connection: Connection) -> Outcome:
        """A peer called for ledger sync."""
        outcome = Outcome()
        node = self.book.node_of(connection.peer)
        if (node is None and not self.context.settings.strangers) or (node is not None and self.book.shunned(node)):
            return outcome
        stream = await connection.accept_stream()
        try:
            async with asyncio.timeout(SESSION_SECONDS):
                await self._session(stream, connection.peer, outcome, asking=False)
            await stream.finish()
        except (Failed, TimeoutError):
            pass  # Noted where it happened.
        finally:
            self._count(outcome)
        await until_closed(connection)
        return outcome

    async def _introduce(self, transport: Transport, address: Address, own: Announcement) -> None:
        connection = await transport.connect(address, exchange.PROTOCOL, within=CONNECT_SECONDS)
        try:
            stream = await connection.open_stream()
            self._met(await exchange.introduce(stream, own, self.book, self.context.now(), address.peer))
            await stream.finish()
            await asyncio.sleep(0)
        finally:
            await connection.close()

    def _met(self, met: exchange.Met) -> None:
        known = self.book.known.get(met.announcement.node)
        self.context.tally.clock(met.announcement.node, met.skew_seconds)
        if known is not None:
            known.last_seen, known.failures = self.context.now(), 0
            known.skew_seconds = met.skew_seconds
            known.rtt_ms = met.rtt_ms if met.rtt_ms is not None else known.rtt_ms

    async def _session(self, stream: Stream, peer: str, outcome: Outcome, *, asking: bool) -> None:
        """The ledger session itself; what goes wrong is noted, and told as `Failed`."""
        tally, node = self.context.tally, self.book.node_of(peer)
        name = f"…{node[-8:]}" if node else _short(peer)
        try:
            async with at_home(self.context.path) as bench:
                replica = await bench.run(lambda: replica_of(bench.home))
                self.book.admitted = await bench.run(lambda: admitted_nodes(bench.home))
                admitted = node is not None and replica.admitted(node)
                allowance = self._allowance() if admitted else STRANGER
                paced = PacedStream(stream, self.up, self.down)
                await (ask if asking else answer)(paced, replica, bench.run, allowance, outcome)
                found = outcome.found
                if found.documents or found.leaves:
                    await bench.run(lambda: self.context.settle(bench.home))
                    self.book.admitted = await bench.run(lambda: admitted_nodes(bench.home))
        except PeerLied as error:
            tally.lies.inc()
            tally.wrong(f"lie {peer}", f"{name} sent what does not hold ({error.rule}): left alone for a while")
            if node is not None:
                self.book.lied(node, error.rule)
            raise Failed(f"{name} sent what does not hold: {error.rule}") from None
        except PeerRefused as error:
            raise Failed(f"{name} does not go on: {error.why}") from None
        except OverQuota as error:
            raise Failed(f"{name}: {error}; the next session goes on where this one ended") from None
        except (HomeError, OSError, sqlite3.Error) as error:
            sentence = home_trouble(error)
            tally.wrong("home", sentence)
            raise Failed(sentence) from None
        tally.well("home")
        tally.well(f"lie {peer}")

    def _allowance(self) -> Allowance:
        """An admitted node's session: bounded by the disk cap alone."""
        cap = self.context.settings.disk_megabytes * _MEGABYTE
        if not cap:
            return Allowance()
        used = sum(f.stat().st_size for f in self.context.path.rglob("*") if f.is_file() and not f.is_symlink())
        left = max(0, cap - used)
        if left:
            self.context.tally.well("disk cap")
        else:
            self.context.tally.wrong("disk cap", "this home has reached disk_megabytes of node.toml: nothing comes in")
        return Allowance(bytes_down=left)

    def _count(self, outcome: Outcome) -> None:
        tally = self.context.tally
        tally.sessions.labels("same" if outcome.same else "changed").inc()
        tally.bytes.labels("up").inc(outcome.bytes_up)
        tally.bytes.labels("down").inc(outcome.bytes_down)
        tally.documents.labels("sent").inc(outcome.sent)
        tally.documents.labels("received").inc(outcome.received)
        if outcome.found.ahead:
            tally.wrong(
                "own log",
                "a peer holds a longer or another log under this node's key: this home was put back from an old copy, "
                "or another process uses its key. Stop the other one; where there is none, `lecs key rotate node` "
                "begins a new log. Nothing is lost: what the peer holds was taken in beside.",
            )


def home_trouble(error: BaseException) -> str:
    """What stops this home from taking anything in, for people; no message of the system quotes a text."""
    full = disk_full(error)
    if full is not None:
        return str(full)
    if isinstance(error, HomeError):
        return str(error)
    return f"this home cannot be written or read now ({type(error).__name__}): nothing came in, and nothing is lost"


async def until_closed(connection: Connection) -> None:
    """Wait for the caller to hang up, so that our last bytes arrive; but not for long."""
    for _ in range(50):
        if connection.closed:
            return
        await asyncio.sleep(0.02)


def _short(peer: str) -> str:
    return f"peer {peer[:8]}"
