"""Working for a submitter: whether a job may run here now, running it, and the receipt."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.checking import CLASSES, TYPES, Accepted, Offer, World, check
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import Work, write_receipt
from compute_mesh.jobs.rules import Refused, refused
from compute_mesh.jobservice.engine import Engine
from compute_mesh.jobservice.events import CannotRun, Finished, Output, Told
from compute_mesh.jobservice.store import JobStore
from compute_mesh.jobservice.turns import Turns, tokens_asked
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.record.schemas.jobs import JobType

OFFER: Final = Offer(memory=2048, seconds=3600, output=256 << 20, inputs=64 << 20)
Tell = Callable[[Told], Awaitable[None]]

#: The engine of a receipt about a job that never got so far.
NO_ENGINE: Final[JsonObject] = {
    "library": "none", "processor": "none", "quantisation": "none", "batch": 0, "cache": "none",
    "flashAttention": "auto", "slots": 1, "promptCache": "off",
}  # fmt: skip


class Law(Protocol):
    """What the home's ledger says, and where signed documents go."""

    async def world(self, now: str) -> World:
        """Commons, models, submitters and withdrawn adapters; the rest as its defaults."""
        ...

    async def log(self, papers: Sequence[Document]) -> None:
        """Put private documents into this home's log."""
        ...


@dataclass(frozen=True, slots=True)
class Caps:
    """What the operator gives to others. To the operator's own jobs only ``slots`` and ``offer`` apply.

    Attributes:
        kinds: types of jobs. slots: jobs at once. offer: what one of them may take.
        friends: nodes whose jobs come before others'. daily: tokens a day; 0: as many as come.
        texts_for: nodes whose jobs may be computed on texts that lie here.
    """

    kinds: frozenset[JobType] = frozenset()
    slots: int = 1
    offer: Offer = OFFER
    friends: frozenset[str] = frozenset()
    daily: int = 0
    texts_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now; ``reason`` is a key of `compute_mesh.jobs.asks.REASONS`."""

    reason: str


@dataclass(eq=False)
class WorkDesk:
    """The jobs that this node runs.

    ``quiet`` says whether there are quiet hours now; ``blocked`` whom to leave out; ``turns`` who of others is next:
    without it whoever asks first.
    """

    law: Law
    engine: Engine
    store: JobStore
    signer: Signer
    caps: Caps
    now: Callable[[], str]
    quiet: Callable[[], bool] = lambda: False
    blocked: Callable[[], frozenset[str]] = frozenset
    draining: bool = False
    changed: Callable[[], object] = lambda: None
    turns: Turns | None = None
    _taken: dict[str, str] = field(default_factory=dict)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def busy(self) -> int:
        """How many jobs run here."""
        return len(self._taken)

    @property
    def capped(self) -> bool:
        """Whether what may be given to others today is given."""
        return bool(self.caps.daily) and self.store.worked(self.now()[:10]) >= self.caps.daily

    async def consider(self, raw: bytes, submitter: str) -> Manifest | Refused | Wait:
        """Whether a manifest that the node ``submitter`` brings may run here now; a slot is taken then: `leave` it."""
        own = submitter == self.signer.did
        world = await self._world(own)
        found = check(raw, world)
        if not isinstance(found, Accepted):
            return found
        manifest = found.manifest
        if manifest.submitter != submitter:
            return refused("stranger", "the one who brings it did not sign it")
        if manifest.body["model"]["digest"] not in {one.digest for one in self.engine.models()}:
            return Wait("no-model")
        if reason := self._waiting(manifest, own):
            return Wait(reason)
        self._taken[manifest.digest] = submitter
        return manifest

    def _waiting(self, manifest: Manifest, own: bool) -> str:
        if manifest.digest in self._taken:
            return "busy"
        if not own:
            if self.draining:
                return "drained"
            if self.quiet():
                return "quiet"
            if self.capped:
                return "capped"
            if self.turns is not None and manifest.submitter not in self.caps.friends:
                return "" if self._is_next(self.turns, manifest) else "busy"
        return "busy" if self.busy >= self.caps.slots else ""

    def _is_next(self, turns: Turns, manifest: Manifest) -> bool:
        """Whether a job of others may take a free slot before all that wait for one."""
        free = self.caps.slots - self.busy
        return turns.ask(manifest.digest, manifest.submitter, tokens_asked(manifest), free, self.now()[:10])

    def leave(self, manifest: Manifest) -> None:
        """The slot is free again."""
        self._taken.pop(manifest.digest, None)
        if not self._taken:
            self._idle.set()
        self.changed()

    async def drain(self) -> None:
        """Take nothing new of others, and wait for what runs."""
        self.draining = True
        self.changed()
        while self._taken:
            self._idle.clear()
            await self._idle.wait()

    async def work(
        self, manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None, tell: Tell,
        unwanted: asyncio.Event,
    ) -> Document:  # fmt: skip
        """Run a job that `consider` let in; its signed receipt, however it ended, is logged before this returns.

        Raises:
            whatever ``tell`` raises: the job is ended then, and its receipt says ``cancelled``.
        """
        attempt = _Attempt(manifest, self.now(), tell)
        running = asyncio.create_task(self._run(attempt, inputs, checkpoint))
        stopping = asyncio.create_task(unwanted.wait())
        try:
            limit = manifest.body["limits"]["seconds"]
            await asyncio.wait([running, stopping], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                attempt.outcome, attempt.reason = (
                    ("cancelled", "cancelled") if unwanted.is_set() else ("failed", "late")
                )
        except asyncio.CancelledError:
            attempt.outcome, attempt.reason = "cancelled", "lost-submitter"
            raise
        finally:
            for task in (running, stopping):
                task.cancel()
            await asyncio.gather(running, stopping, return_exceptions=True)
            failure = running.exception() if running.done() and not running.cancelled() else None
            attempt.failed(failure)
            receipt = write_receipt(manifest, attempt.work(self.now()), self.signer, f"urn:uuid:{uuid.uuid4()}")
            await asyncio.shield(self._keep(manifest, receipt))
        if failure is not None and not isinstance(failure, CannotRun):
            raise failure
        return receipt

    async def taken(self, manifest: Manifest, receipt: Document, acceptance: Document) -> None:
        """The submitter's word came: from now on this job is done, and never runs again here."""
        await self.law.log([acceptance])
        tokens = receipt.body["tokens"]
        counted = sum(tokens.values()) if manifest.submitter != self.signer.did else 0
        self.store.give(manifest, [manifest.document, acceptance], counted, self.now()[:10])

    async def _keep(self, manifest: Manifest, receipt: Document) -> None:
        self.store.file(manifest.digest, [manifest.document, receipt])
        await self.law.log([receipt])

    async def _run(self, attempt: "_Attempt", inputs: Sequence[bytes], checkpoint: bytes | None) -> None:
        async with aclosing(self.engine.run(attempt.manifest, inputs, checkpoint)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    attempt.finished = event
                else:
                    await attempt.hear(event)

    async def _world(self, own: bool) -> World:
        now = self.now()
        return replace(
            await self.law.world(now),
            now=now,
            seen=self.store.given(now),
            offer=self.caps.offer,
            types=TYPES if own else self.caps.kinds,
            blocked=self.blocked(),
            classes=CLASSES - {"tee"} if own else CLASSES - {"tee", "own-node"},
            here=self.signer.did,
            texts_for=self.caps.texts_for | {self.signer.did},
        )


@dataclass
class _Attempt:
    """What is known of a job that runs."""

    manifest: Manifest
    begun: str
    tell: Tell
    outputs: list[JsonObject] = field(default_factory=list)
    given: int = 0
    finished: Finished | None = None
    outcome: Any = "done"
    reason: str | None = None

    async def hear(self, event: Told) -> None:
        if isinstance(event, Output):
            self.given += len(event.data)
            if self.given > self.manifest.body["limits"]["output"]:
                raise CannotRun("too-much", "the job gave more bytes than it may")
            self.outputs.append(job_blob(event.data))
        await self.tell(event)

    def failed(self, failure: BaseException | None) -> None:
        if self.outcome != "done":
            return
        if isinstance(failure, CannotRun):
            self.outcome, self.reason = "failed", failure.reason
        elif failure is not None:
            self.outcome, self.reason = "cancelled", "lost-submitter"
        elif self.finished is None or not self.outputs:
            self.outcome, self.reason = "failed", "no-result"

    def work(self, now: str) -> Work:
        done = self.finished
        return Work(
            engine=done.engine if done else NO_ENGINE, read=done.read if done else 0,
            written=done.written if done else 0, trained=done.trained if done else 0,
            begun=self.begun, ended=max(now, self.begun), outcome=self.outcome, reason=self.reason,
            outputs=self.outputs if self.outcome == "done" else [], evidence=done.evidence if done else None,
        )  # fmt: skip
