"""One try of a job on one node: its checkpoints kept, its receipt answered."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from compute_mesh.jobs.receipts import write_acceptance
from compute_mesh.jobservice.calling import Call, NotTaken, Worked
from compute_mesh.jobservice.events import Checkpoint, Told
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.live import Live
from compute_mesh.jobservice.places import Peers, work_here
from compute_mesh.jobservice.store import JobStore
from compute_mesh.jobservice.trail import Segment, Trail, leaves_trail
from compute_mesh.jobservice.working import Law, WorkDesk
from compute_mesh.transport.failures import Malformed, TransportFailed
from substrate.record.documents import Document
from substrate.record.keys import Signer

#: Ends a job as done: its id, the node, what came of it, and both documents.
Done = Callable[[str, str, dict[str, bytes], list[Document]], Awaitable[None]]


#: Keeps a job that was done for whoever may audit it; the submitter's word on it.
Remember = Callable[[Evidence, Document], None]


@dataclass(frozen=True, slots=True)
class Tries:
    """Tries jobs on nodes. ``done`` ends a job with a result; ``lied`` notes a broken rule."""

    law: Law
    store: JobStore
    signer: Signer
    work: WorkDesk
    peers: Peers
    lied: Callable[[str, str], None]
    now: Callable[[], str]
    done: Done
    remember: Remember

    async def on(self, node: str, live: Live, engine: str) -> "Worked | NotTaken | str":
        """One try on a node whose engine class is ``engine``; a word where the node was lost."""

        checkpoint = live.checkpoint[1] if live.checkpoint and live.checkpoint[0] == engine else None
        trail = Trail(checkpoint or b"") if leaves_trail(live.manifest) else None

        async def hear(event: Told) -> None:
            if isinstance(event, Checkpoint):
                if trail is not None:
                    await asyncio.to_thread(trail.add, event.data)
                await self._keep(live, event)
            else:
                live.hear(event)

        async def answer(worked: Worked) -> Document:
            return await self._answer(live, node, worked, trail)

        call = Call(live.manifest, node, live.inputs or (), checkpoint, hear, answer, live.unwanted)
        try:
            if node == self.signer.did:
                return await work_here(self.work, call)
            return await self.peers.work_there(node, call)
        except Malformed as error:
            self.lied(node, str(error))
            return "no-result"
        except TransportFailed:
            return "lost-node"

    async def _keep(self, live: Live, event: Checkpoint) -> None:
        live.checkpoint = event.engine, event.data
        if live.kept:
            data = event.engine.encode("ascii") + event.data
            await asyncio.to_thread(self.store.checkpoint, live.manifest.digest, data)

    async def _answer(self, live: Live, node: str, worked: Worked, trail: Trail | None) -> Document:
        """Our word on a receipt. With it the job ends, unless several do the same.

        Raises:
            Malformed: it commits to another training than was told.
        """
        receipt, job = worked.receipt, live.manifest.digest
        acceptance = write_acceptance(receipt, self.signer, self.now(), f"urn:uuid:{uuid.uuid4()}")
        if receipt.body["outcome"] != "done":
            await asyncio.to_thread(self.store.file, job, [receipt])
            return acceptance
        segment = _drawn(receipt, trail) if trail is not None else None
        papers = [receipt, acceptance]
        await self.law.log([acceptance])
        self.remember(Evidence(live.manifest, receipt, live.inputs or (), worked.outputs, segment), acceptance)
        if live.manifest.quorum > 1:
            await asyncio.to_thread(self.store.file, job, papers)
        else:
            await self.done(job, node, worked.outputs, papers)
        return acceptance


def _drawn(receipt: Document, trail: Trail) -> Segment:
    segment = trail.segment(receipt.body.get("evidence"))
    if segment is None:
        raise Malformed("a receipt that commits to other checkpoints than those that came")
    return segment
