"""A node as far as jobs go: store, worker's desk, submitter's desk; the engine writes what it is told to write."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compute_mesh.jobs.asks import Node
from compute_mesh.jobs.blobs import blob_root, job_blob
from compute_mesh.jobs.checking import World
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.models import StandingModel
from compute_mesh.jobservice.dispatching import JobDesk
from compute_mesh.jobservice.engine import ModelHere, Reread
from compute_mesh.jobservice.events import CannotRun, Checkpoint, Event, Finished, Output, Piece, Progress
from compute_mesh.jobservice.places import Peers
from compute_mesh.jobservice.serving import JobService
from compute_mesh.jobservice.store import JobStore
from compute_mesh.jobservice.trail import BEGINNING, leaves_trail, trail_root
from compute_mesh.jobservice.wire import PROTOCOL
from compute_mesh.jobservice.working import NO_ENGINE, Caps, WorkDesk
from compute_mesh.transport.interface import Transport
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.serving import cancel_all, serve
from compute_mesh.workers.answers import Answer
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.keys import Signer

NOW = "2026-11-22T10:30:00Z"
KINDS = frozenset({"inference", "embeddings", "lora", "evaluation"})
MODEL = StandingModel("a" * 64, "a-model-1.0", "b" * 64, frozenset({"inference", "training", "evaluation"}))
HERE = ModelHere(MODEL.approval, MODEL.digest, KINDS, 1 << 20)


class FakeLaw:
    """The ledger of a commons, as a constant; what is logged is listed."""

    def __init__(self, commons: Any, submitters: frozenset[str]) -> None:
        self.commons, self.submitters = commons, submitters
        self.logged: list[Document] = []

    async def world(self, now: str) -> World:
        return World(self.commons.id, now, {MODEL.approval: MODEL}, self.submitters)

    async def log(self, papers: Sequence[Document]) -> None:
        self.logged += papers


@dataclass
class FakeEngine:
    """Says each prompt again, word by word, a word each ``pause`` seconds. Training counts steps and can go on."""

    pause: float = 0.1
    fail: str = ""
    here: tuple[ModelHere, ...] = (HERE,)
    name: str = ""
    begun: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)

    def models(self) -> Sequence[ModelHere]:
        return self.here

    async def run(
        self, manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None
    ) -> AsyncGenerator[Event, None]:
        self.begun.append(manifest.digest)
        try:
            if manifest.job == "lora":
                async for event in self._train(manifest, checkpoint):
                    yield event
                return
            if self.fail:
                raise CannotRun(self.fail, "it was told to fail")
            words = json.loads(inputs[0])["prompts"][0]["text"].split()
            for number, word in enumerate(words):
                await asyncio.sleep(self.pause)
                yield Piece(0, word + " ")
                yield Progress(number + 1, len(words))
            yield Output("answers", json.dumps({"answers": [" ".join(words)]}).encode())
            yield Finished(NO_ENGINE, read=len(words), written=len(words))
        finally:
            self.closed.append(manifest.digest)

    async def reread(
        self, manifest: Manifest, inputs: Sequence[bytes], answers: Sequence[Answer], likely: bytes
    ) -> Reread:
        raise CannotRun("no-model", "this one only writes")

    def trains_as(self, manifest: Manifest) -> JsonObject:
        return NO_ENGINE

    async def _train(self, manifest: Manifest, checkpoint: bytes | None) -> AsyncGenerator[Event, None]:
        done = int(checkpoint or b"0")
        self.resumed.append(done)
        states = [blob_root(checkpoint) if checkpoint else BEGINNING]
        while done < 10:
            await asyncio.sleep(self.pause)
            done += 1
            yield Progress(done, 10, "step")
            states.append(blob_root(str(done).encode()))
            yield Checkpoint(self.engine, str(done).encode())
        yield Output("term", hashlib.sha256(b"ten steps").digest())
        evidence = trail_root(states) if leaves_trail(manifest) else None
        yield Finished(NO_ENGINE, trained=10 - int(checkpoint or b"0"), evidence=evidence)

    @property
    def engine(self) -> str:
        return self.here[0].engine

    async def close(self) -> None:
        return


class JobNode:
    """One node and its desks."""

    def __init__(self, folder: Path, mesh: "JobMesh", name: str, signer: Signer, engine: FakeEngine | None) -> None:
        self.mesh, self.name, self.signer = mesh, name, signer
        folder.mkdir(parents=True, exist_ok=True)
        self.engine = engine or FakeEngine(here=())
        self.law = FakeLaw(mesh.commons, mesh.keys)
        self.store = JobStore(folder / "jobs.sqlite3", bytes(32))
        self.lies: list[tuple[str, str]] = []
        self.trusts: frozenset[str] = frozenset()
        self.caps = Caps(kinds=KINDS)
        self.transport: Transport | None = None
        self._serving: asyncio.Task[None] | None = None
        self.now = lambda: NOW

    async def open(self, **caps: Any) -> "JobNode":
        self.caps = Caps(**{"kinds": KINDS, **caps})
        self.transport = await self.mesh.transport(self.name)
        self.work = WorkDesk(
            self.law, self.engine, self.store, self.signer, self.caps, lambda: self.now(), changed=self.mesh.look
        )
        self.service = JobService(self.work, self.mesh.node_of, lambda node, rule: self.lies.append((node, rule)))
        self._serving = asyncio.create_task(serve(self.transport, {PROTOCOL: self.service.serve}))
        self.peers = Peers(lambda: self.transport, self.mesh.address_of)
        self.desk = JobDesk(
            self.law, self.store, self.signer, self.work, self.peers, self.nodes,
            lambda node, rule: self.lies.append((node, rule)), lambda: self.now(), trusted=self.trusts,
        )  # fmt: skip
        await self.desk.start()
        return self

    async def nodes(self) -> list[Node]:
        return [one.as_node() for one in self.mesh.nodes if one.transport is not None]

    def as_node(self) -> Node:
        models = {one.digest: 0.0 for one in self.engine.models()}
        engine = next((one.engine for one in self.engine.models()), "")
        return Node(
            self.signer.did, self.signer.did, models, 1 << 40, slots=self.caps.slots, busy=self.work.busy,
            draining=self.work.draining, engine=engine,
        )  # fmt: skip

    async def close(self) -> None:
        if self.transport is None:
            return
        transport, self.transport = self.transport, None
        await self.desk.close()
        await cancel_all([self._serving] if self._serving else [])
        await transport.close()


class JobMesh:
    """Nodes that know each other."""

    def __init__(self, folder: Path, commons: Any, network: Network | None) -> None:
        self.folder, self.commons, self.network = folder, commons, network
        self.keys: frozenset[str] = frozenset({commons.key(f"job node {n}").did for n in range(8)})
        self.nodes: list[JobNode] = []

    @asynccontextmanager
    async def running(self, *engines: FakeEngine | None, **caps: Any) -> AsyncIterator[list[JobNode]]:
        for engine in engines:
            await self.add(engine, **caps)
        try:
            yield self.nodes
        finally:
            for node in self.nodes:
                await node.close()
                node.store.close()

    async def add(self, engine: FakeEngine | None, **caps: Any) -> JobNode:
        number = len(self.nodes)
        signer = self.commons.key(f"job node {number}")
        node = JobNode(self.folder / str(number), self, f"node {number}", signer, engine)
        self.nodes.append(node)
        return await node.open(**caps)

    async def transport(self, name: str) -> Transport:
        if self.network is not None:
            return MemoryTransport(self.network, name, (PROTOCOL,))
        from compute_mesh.transport.iroh.endpoint import IrohTransport

        return await IrohTransport.open(hashlib.sha256(name.encode()).digest(), (PROTOCOL,))

    def node_of(self, peer: str) -> str | None:
        return next((n.signer.did for n in self.nodes if n.transport is not None and n.transport.id == peer), None)

    def address_of(self, node: str) -> Any:
        found = next((n for n in self.nodes if n.signer.did == node and n.transport is not None), None)
        return found.transport.address() if found is not None and found.transport is not None else None

    def look(self) -> None:
        for node in self.nodes:
            if node.transport is not None and hasattr(node, "desk"):
                node.desk.look()


def prompt(node: JobNode, text: str, label: str = "", **changed: Any) -> tuple[bytes, list[bytes]]:
    """A manifest of a job of type A by ``node``, and its inputs."""
    data = json.dumps({"prompts": [{"text": text}]}).encode()
    model = {"approval": MODEL.approval, "digest": MODEL.digest}
    fields = {
        "model": model, "inputs": [job_blob(data)], "idempotency": hashlib.sha256(label.encode()).hexdigest()[:32],
        **changed,
    }  # fmt: skip
    return node.mesh.commons.write("JobManifest", node.signer, label, **fields).raw, [data]
