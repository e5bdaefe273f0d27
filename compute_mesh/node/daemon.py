"""The daemon: it holds the home's lock, answers on its socket and its status page, and is online once it was asked.

Before `invite` or `join` was ever run here nothing but the Unix socket and the loopback page is open.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from compute_mesh.blobs.outcomes import Fetched, Progress
from compute_mesh.ledger.session import Outcome
from compute_mesh.node.bench import at_home
from compute_mesh.node.context import Context
from compute_mesh.node.identity import is_online, mark_online, mesh_folder
from compute_mesh.node.jobs import JobRoom, open_jobs
from compute_mesh.node.joining import join
from compute_mesh.node.lock import node_lock
from compute_mesh.node.meeting import Failed, home_trouble
from compute_mesh.node.online import Membership, Online
from compute_mesh.node.status import LedgerStatus, PeerLine, ledger_status, peer_lines, problems
from compute_mesh.node.versions import FetchedVersion
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.serving import cancel_all
from substrate.record.errors import UnknownCommons
from substrate.store.database import Database
from substrate.store.errors import HomeError, NoHome
from substrate.store.home import Home, home_exists

_LOOK_SECONDS: Final = 0.2
#: After `stop` the node is gone within five seconds, whatever its peers do.
_STOP_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What `status`, the page and the metrics show."""

    node: str
    ledger: LedgerStatus | None
    peers: list[PeerLine]
    problems: list[str]
    online: bool
    address: str
    name: str


class NotMember(NoHome):
    """This node belongs to no commons yet."""

    def __init__(self) -> None:
        super().__init__("this node belongs to no commons yet: `lecs node join TICKET` brings it into one")


class Node:
    """One running node."""

    def __init__(self, context: Context) -> None:
        """Nothing is open yet; `running` opens it."""
        self.context = context
        self.online: Online | None = None
        self.jobs: JobRoom | None = None
        self.stopping = asyncio.Event()
        self._turn = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Node"]:
        """Hold the home; go online if it ever was.

        Raises:
            Busy: another node is running on it. TransportFailed: the settings' addresses cannot be listened on.
        """
        folder = mesh_folder(self.context.path)
        async with self._stack as stack:
            stack.enter_context(node_lock(folder))
            await self._open_jobs()
            if home_exists(self.context.path) and is_online(self.context.path):
                with contextlib.suppress(UnknownCommons):
                    await self.go_online()
            self._watching = asyncio.create_task(self._watch())
            try:
                yield self
            finally:
                await self.go_offline()

    async def go_online(self) -> Online:
        """The open endpoint; opened now if it was not.

        Raises:
            NotMember: there is no commons to be online in. TransportFailed.
        """
        async with self._turn:
            if self.online is None:
                membership = await self._membership()
                mark_online(self.context.path)
                self.online = await Online.open(self.context, membership, jobs=self.jobs)
            return self.online

    async def go_offline(self) -> None:
        """End every meeting and close the endpoint. Doing it twice does no harm."""
        online, self.online = self.online, None
        await cancel_all([self._watching] if self._watching is not None else [])
        if online is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await online.close()

    async def invite(self, hours: int) -> Ticket:
        """A ticket for one newcomer; opens the endpoint."""
        return (await self.go_online()).invite(hours)

    async def join(self, ticket: str) -> tuple[str, str]:
        """Join the commons of a ticket; (node, state)."""
        async with self._turn:
            known = self.online.transport if self.online is not None else None
            joined = await join(self.context, ticket, known)
            await self._open_jobs()
            if self.online is None:
                membership = await self._membership()
                self.online = await Online.open(self.context, membership, joined.transport, joined.announced, self.jobs)
            return joined.node, joined.state

    async def sync(self, peer: str) -> tuple[list[Outcome], list[str]]:
        """Meet one peer, or all that are known; what came of it, and what failed.

        Raises:
            NotMember. Failed: this one peer could not be met, or there is none.
        """
        online = await self._needs_network()
        if peer:
            return [await online.visit(self._whole_key(online, peer))], []
        done, failed = list[Outcome](), list[str]()
        addresses = list(online.addresses().values())
        if not addresses:
            raise Failed("no peer is known here: `lecs node invite` on one node, `lecs node join` on the other")
        for result in await asyncio.gather(*(online.call(a) for a in addresses), return_exceptions=True):
            if isinstance(result, Outcome):
                done.append(result)
            elif isinstance(result, Failed):
                failed.append(str(result))
            else:
                raise result
        return done, failed

    async def fetch_blob(self, root: str, on_progress: Callable[[Progress], None]) -> Fetched:
        """Bring a large blob here; see `BlobDesk.fetch`."""
        return await (await self._needs_network()).desk.fetch(root, on_progress)

    async def fetch_version(self, version: str) -> FetchedVersion:
        """Bring a version here; see `BlobDesk.fetch_version`."""
        return await (await self._needs_network()).desk.fetch_version(version)

    async def block(self, node: str, unblock: bool) -> None:
        """Have nothing more to do with a node, or again."""
        online = await self._needs_network()
        whole = self._whole_key(online, node)
        online.book.unblock(whole) if unblock else online.book.block(whole)

    async def snapshot(self) -> Snapshot:
        """Everything that can be shown now."""
        ledger, peers, name = None, list[PeerLine](), ""
        try:
            if home_exists(self.context.path):
                async with at_home(self.context.path) as bench:
                    ledger = await bench.run(lambda: ledger_status(bench.home, self.context.node))
                    name = await bench.run(lambda: _name(bench.home))
                    if self.online is not None:
                        book = self.online.book
                        peers = await bench.run(lambda: peer_lines(bench.home, book, self.context.now()))
        except (HomeError, UnknownCommons, OSError, sqlite3.Error) as error:
            self.context.tally.wrong("home", home_trouble(error))
        address = self.online.transport.address().to_text() if self.online is not None else ""
        wrong = problems(self.context, ledger)
        return Snapshot(self.context.node, ledger, peers, wrong, self.online is not None, address, name)

    async def _open_jobs(self) -> None:
        """Take up the jobs of this home, once there is one. A node whose queue cannot be opened does the rest."""
        if self.jobs is not None or not home_exists(self.context.path):
            return
        try:
            self.jobs = await self._stack.enter_async_context(
                open_jobs(
                    self.context,
                    lambda: self.online.transport if self.online is not None else None,
                    lambda: self.online.book if self.online is not None else None,
                )
            )
        except (HomeError, UnknownCommons, OSError, sqlite3.Error) as error:
            self.context.tally.wrong("jobs", home_trouble(error))
            return
        self.jobs.refresh = self._jobs_changed

    def _jobs_changed(self) -> None:
        """Tell peers when what this node offers is another than it said."""
        if self.online is not None and self.online.offers_anew():
            self.online.changed.set()

    async def _needs_network(self) -> Online:
        if not home_exists(self.context.path):
            raise NotMember
        if self.online is None:
            raise Failed("this node has never been online: `lecs node invite` or `lecs node join` opens its endpoint")
        return self.online

    def _whole_key(self, online: Online, node: str) -> str:
        found = [key for key in online.book.known if key == node or key.endswith(node)]
        return found[0] if len(found) == 1 else node

    async def _membership(self) -> Membership:
        if not home_exists(self.context.path):
            raise NotMember
        async with at_home(self.context.path) as bench:
            charter = await bench.run(lambda: bench.home.ledger.document(bench.home.charter))
            return Membership(bench.home.commons, charter)

    async def _watch(self) -> None:
        """Notice what other processes of this home write (a contribution, a withdrawal), and tell peers at once."""
        database: Database | None = None
        seen = 0
        try:
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                if self.online is None:
                    continue
                try:
                    database = database or Database(self.context.path / "ledger.sqlite3")
                    (version,) = database.connection.execute("PRAGMA data_version").fetchone()
                except (HomeError, OSError, sqlite3.Error) as error:
                    self.context.tally.wrong("home", home_trouble(error))
                    continue
                if version != seen and seen:
                    self.online.changed.set()
                seen = version
        finally:
            if database is not None:
                database.close()


def _name(home: Home) -> str:
    return str(home.roles().charter.body["name"])
