"""Jobs at a running node: the home's law for them, the engine, and who else is live."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from compute_mesh.jobs.asks import Node
from compute_mesh.jobs.checking import Offer
from compute_mesh.jobservice.auditing import AuditDesk
from compute_mesh.jobservice.boxed import BoxedEngine, Runnable
from compute_mesh.jobservice.dispatching import JobDesk
from compute_mesh.jobservice.places import Peers
from compute_mesh.jobservice.serving import JobService
from compute_mesh.jobservice.settling import settled_in, settlements_due
from compute_mesh.jobservice.store import NAME, JobStore
from compute_mesh.jobservice.taking import Taking
from compute_mesh.jobservice.turns import Turns
from compute_mesh.jobservice.working import Caps, WorkDesk
from compute_mesh.node.audits import hands, open_audits
from compute_mesh.node.bench import Bench, at_home
from compute_mesh.node.context import Context
from compute_mesh.node.held import TextsHere
from compute_mesh.node.identity import mesh_folder
from compute_mesh.node.law import HomeLaw, log_papers
from compute_mesh.node.meeting import home_trouble
from compute_mesh.node.models import runnable_models
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.address import Address
from compute_mesh.transport.interface import Transport
from compute_mesh.transport.serving import cancel_all
from compute_mesh.workers.supervisor import Keeping, Supervisor
from substrate.record.canonical import JsonObject
from substrate.record.errors import RecordError, UnknownCommons
from substrate.store.errors import HomeError
from substrate.store.home import Home
from substrate.store.keyring import Keyring

_OUTPUT: Final = 256 << 20
_INPUTS: Final = 256 << 20
#: Texts that one worker writes at once.
_TOGETHER: Final = 4
#: Of an idle worker and its model in memory.
_IDLE_SECONDS: Final = 600.0
_WORKERS: Final = 3
#: Between two looks at which models are approved.
_MODELS_SECONDS: Final = 5.0
#: Of the clock in UTC: by then the last answers of yesterday have arrived. And between two looks at what is due.
_SETTLED_FROM: Final = "00:10"
_SETTLING_SECONDS: Final = 900.0


@dataclass(eq=False)
class JobRoom:
    """Everything about jobs at one node. Made by `open_jobs`."""

    context: Context
    law: HomeLaw
    store: JobStore
    engine: BoxedEngine
    work: WorkDesk
    desk: JobDesk
    book: Callable[[], PeerBook | None]
    refresh: Callable[[], object] = field(default=lambda: None)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    audits: AuditDesk | None = None
    #: Whether federated texts lie here.
    federated: bool = False

    def service(self) -> JobService:
        """What serves peers."""
        taking = Taking(self.audits, self.law.draws) if self.audits is not None else None
        return JobService(self.work, self._node_of, self._lied, taking)

    def offered(self) -> JsonObject | None:
        """What is announced of the jobs that this node runs for others; nothing where it runs none."""
        caps = self.work.caps
        if not caps.kinds:
            return None
        models = [one for one in self.engine.models() if one.kinds & caps.kinds]
        engine = next((one.engine for one in models if one.engine), None)
        return {
            "types": sorted(caps.kinds),
            "models": [{"digest": one.digest, "speedMilli": one.speed} for one in models][:32],
            "slots": caps.slots,
            "memoryBytes": caps.offer.memory << 20,
            **({"engine": engine} if engine else {}),
            **({"federated": True} if self.federated and caps.texts_for else {}),
            "draining": self.work.draining,
            "quiet": self.work.quiet(),
            "capped": self.work.capped,
        }

    async def nodes(self) -> list[Node]:
        """This node, and every live peer that is admitted and not shunned, as placement sees them."""
        self.wanted.set()
        return [self._self(), *self._peers()]

    def _self(self) -> Node:
        caps, own = self.work.caps, self.context.node
        models = {one.digest: one.speed / 1000 for one in self.engine.models()}
        kinds = frozenset(kind for one in self.engine.models() for kind in one.kinds)
        engine = next((one.engine for one in self.engine.models() if one.engine), "")
        return Node(
            own, own, models, caps.offer.memory << 20, slots=caps.slots, busy=self.work.busy, kinds=kinds,
            friends=caps.friends, federated=self.federated, engine=engine, reputation=1.0,
        )  # fmt: skip

    def _peers(self) -> list[Node]:
        book = self.book()
        if book is None:
            return []
        found, trusted = [], frozenset(self.context.settings.job_trusted)
        for one in book.live(self.context.now()):
            jobs = (one.resources or {}).get("jobs")
            if jobs is None or one.node not in book.admitted or book.shunned(one.node):
                continue
            found.append(
                Node(
                    one.node, one.node, {m["digest"]: m["speedMilli"] / 1000 for m in jobs["models"]},
                    jobs["memoryBytes"], slots=max(1, jobs["slots"]), kinds=frozenset(jobs["types"]),
                    draining=jobs["draining"], quiet=jobs["quiet"], capped=jobs["capped"],
                    federated=jobs.get("federated", False), engine=jobs.get("engine", ""),
                    # What runs there of ours needs no auditor's eye: the operator said so.
                    friends=frozenset({self.context.node}) if one.node in trusted else frozenset(),
                    standing=audited.standing if (audited := self.law.standings.get(one.node)) else "probation",
                    reputation=float(audited.value) if audited else 0.0,
                )
            )  # fmt: skip
        return found

    def _node_of(self, peer: str) -> str | None:
        book = self.book()
        node = book.node_of(peer) if book is not None else None
        return None if book is None or node is None or book.shunned(node) else node

    def _lied(self, node: str, rule: str) -> None:
        book = self.book()
        if book is not None:
            book.lied(node, rule)
            self.context.tally.lies.inc()


@asynccontextmanager
async def open_jobs(
    context: Context, transport: Callable[[], Transport | None], book: Callable[[], PeerBook | None]
) -> AsyncIterator[JobRoom]:
    """The jobs of a home, until the block ends; what has not ended then goes on with the next start.

    Raises:
        HomeError: as `open_home`. Tampered: the file of jobs is damaged.
    """
    settings, keys = context.settings, context.identity
    async with at_home(context.path) as bench:
        secret = Keyring(context.path / "keys").secret("jobs")
        folder = mesh_folder(context.path)
        store = JobStore(folder / NAME, secret)
        law = HomeLaw(bench, context.node, context.commons)
        held = context.held
        texts = TextsHere(context.path, held, context.now, settings.texts_least) if held is not None else None
        engine = BoxedEngine(
            Supervisor(Keeping(workers=_WORKERS, idle=_IDLE_SECONDS)), folder / "adapters", settings.job_threads,
            _TOGETHER, texts,
        )  # fmt: skip
        room: JobRoom

        def changed() -> None:
            room.desk.look()
            room.refresh()

        work = WorkDesk(
            law, engine, store, keys.node, _caps(context), context.now, lambda: _quiet(context),
            lambda: frozenset(found.blocked) if (found := book()) is not None else frozenset(), changed=changed,
            turns=Turns(lambda: law.shares),
        )  # fmt: skip

        def address_of(node: str) -> Address | None:
            found = book()
            known = found.known.get(node) if found is not None else None
            return known.announcement.address if known is not None else None

        async def nodes() -> list[Node]:
            return await room.nodes()

        def lied(node: str, rule: str) -> None:
            room._lied(node, rule)

        peers = Peers(transport, address_of)
        trusted = frozenset(settings.job_trusted)
        desk = JobDesk(law, store, keys.node, work, peers, nodes, lied, context.now, trusted=trusted)
        room = JobRoom(context, law, store, engine, work, desk, book)
        if settings.jobs or settings.audits or context.gateway:
            room.wanted.set()
        with open_audits(context, room, peers, lied) as audits:
            room.audits, handing = audits, hands(context, room, peers)
            desk.remember = handing.remember
            await desk.start()
            beside = [
                asyncio.create_task(_look_for_models(bench, room, changed)),
                asyncio.create_task(_settle_days(bench, room)),
                asyncio.create_task(handing.run()),
                asyncio.create_task(_look_for_texts(bench, room, changed)),
                *([asyncio.create_task(audits.run())] if audits is not None else []),
            ]
            try:
                yield room
            finally:
                await cancel_all(beside)
                await desk.close()
                await engine.close()
                store.close()


async def _look_for_models(bench: Bench, room: JobRoom, changed: Callable[[], object]) -> None:
    """Find what can run here, once somebody may want it, and whenever another model is approved, or one taken back.

    Every byte of a model is read for it: a node that nobody asks for jobs does without.
    """
    await room.wanted.wait()
    known: frozenset[str] | None = None
    while True:
        world = await room.law.world(room.context.now())
        standing = frozenset(one.approval for one in world.models.values() if not one.revoked)
        if standing != known:
            known = standing
            try:
                room.engine.use(await bench.run(lambda: _runnable(bench.home, room.context.now())))
            except (HomeError, OSError) as error:
                room.context.tally.wrong("models", home_trouble(error))
            changed()
        await asyncio.sleep(_MODELS_SECONDS)


async def _look_for_texts(bench: Bench, room: JobRoom, changed: Callable[[], object]) -> None:
    """Notice the first federated text that is given here, and that the last one has gone."""
    law = room.context.held
    while law is not None:
        try:
            found = await bench.run(partial(law.any, bench.home))
        except (HomeError, OSError) as error:
            room.context.tally.wrong("texts", home_trouble(error))
        else:
            if found != room.federated:
                room.federated = found
                changed()
        await asyncio.sleep(_MODELS_SECONDS)


async def _settle_days(bench: Bench, room: JobRoom) -> None:
    """Publish this node's totals of each day that is over, some minutes into the next: both sides say the same."""
    while True:
        now = room.context.now()
        if now[11:16] >= _SETTLED_FROM:
            try:
                await bench.run(partial(_settle, bench.home, room.store, now))
            except (HomeError, OSError, RecordError) as error:
                room.context.tally.wrong("settling", home_trouble(error))
        await asyncio.sleep(_SETTLING_SECONDS)


def _settle(home: Home, store: JobStore, now: str) -> None:
    settled = settled_in(home.ledger.documents(kinds=["Settlement"]), home.node.did)
    due = settlements_due(store.papers(), settled, home.node, home.commons, now)
    if due:
        log_papers(home, due)


def _runnable(home: Home, now: str) -> list[Runnable]:
    try:
        return runnable_models(home, now, _TOGETHER)
    except UnknownCommons:
        return []


def _caps(context: Context) -> Caps:
    settings = context.settings
    offer = Offer(memory=settings.job_megabytes, seconds=settings.job_seconds, output=_OUTPUT, inputs=_INPUTS)
    return Caps(
        kinds=frozenset(settings.jobs), slots=settings.job_slots, offer=offer,
        friends=frozenset(settings.job_friends), daily=settings.job_tokens_daily,
        texts_for=frozenset(settings.texts_for),
    )  # fmt: skip


def _quiet(context: Context) -> bool:
    return context.settings.quiet(datetime.now().astimezone().time())
