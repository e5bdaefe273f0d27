"""The submitter's desk: jobs of this home, from the queue to their one end."""

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from compute_mesh.jobs.asks import Ask, Node
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.checking import Accepted, check
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.placement import continuing, place
from compute_mesh.jobs.rules import Refused, refused
from compute_mesh.jobservice.asked import blobs_of
from compute_mesh.jobservice.calling import NotTaken, Worked
from compute_mesh.jobservice.live import Heard, Live, ask_of
from compute_mesh.jobservice.places import Peers
from compute_mesh.jobservice.seen import AWAY, NOT_NOW, Nodes, SeenNodes
from compute_mesh.jobservice.states import JobLine, State
from compute_mesh.jobservice.store import CHECKPOINT, INPUT, OUTPUT, JobStore
from compute_mesh.jobservice.trying import Remember, Tries
from compute_mesh.jobservice.working import Law, WorkDesk
from compute_mesh.transport.serving import cancel_all
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.store.errors import HomeError

#: How many nodes are tried before a job has failed.
MOST_TRIES: Final = 5
_LOOK_AGAIN: Final = 1.0
#: Seconds that a worker has to heed a cancellation before its stream is dropped.
_HEED: Final = 10.0
_DIGEST: Final = 64
#: Reasons of waiting that pass by themselves.
_PASSING: Final = frozenset({"busy", "drained", "quiet", "capped", "probation"})


@dataclass(eq=False)
class JobDesk:
    """Jobs that this home submits. ``nodes``: the live ones, this one among them; ``lied`` notes a broken rule.

    ``remember`` keeps what was done for an auditor.
    ``trusted``: nodes that may read what is for trusted nodes alone.
    """

    law: Law
    store: JobStore
    signer: Signer
    work: WorkDesk
    peers: Peers
    nodes: Nodes
    lied: Callable[[str, str], None]
    now: Callable[[], str]
    remember: Remember = lambda *_: None
    trusted: frozenset[str] = frozenset()
    _live: dict[str, Live] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: "asyncio.Task[None] | None" = None
    _ending: set["asyncio.Task[None]"] = field(default_factory=set)
    _logging: set["asyncio.Task[None]"] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Nobody was asked yet."""
        self._seen = SeenNodes(self.nodes)
        self._tries = Tries(
            self.law, self.store, self.signer, self.work, self.peers, self.lied, self.now, self._done,
            lambda evidence, acceptance: self.remember(evidence, acceptance),
        )  # fmt: skip

    async def start(self) -> None:
        """Take up what the last process left, and go on."""
        for job in await asyncio.to_thread(self.store.recover):
            live = Live(*await asyncio.to_thread(self._found, job), None, True, patient=True)
            if (kept := await asyncio.to_thread(self.store.part, job, CHECKPOINT)) is not None:
                live.checkpoint = kept[:_DIGEST].decode("ascii"), kept[_DIGEST:]
            self._live[job] = live
        self._loop = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop; what has not ended goes on with the next start."""
        tasks = [live.task for live in self._live.values() if live.task is not None]
        await cancel_all([*([self._loop] if self._loop else []), *tasks, *self._ending])
        await asyncio.gather(*self._logging)
        await self.peers.close()

    async def submit(self, raw: bytes, inputs: Sequence[bytes], *, interactive: bool = False) -> JobLine | Refused:
        """Queue a job. The same idempotency key again gives the job that it was used for.

        Args:
            interactive: somebody waits for each word: its inputs are not written to disk.
        """
        found = await self._checked(raw, inputs)
        if isinstance(found, Refused):
            return found
        made = self.now()
        job = await asyncio.to_thread(self.store.add, found, inputs, made, kept=not interactive)
        if job != found.digest:
            return refused("replay", f"for the job {job[:16]}…")
        if job in self._live:
            return self._live[job].line
        line = await asyncio.to_thread(self.store.line, job)
        if line.over:
            return line
        self._log([found.document])
        ask = ask_of(found, interactive, self.trusted, self.work.engine.models())
        self._live[job] = Live(found, ask, line, inputs, not interactive)
        self._wake.set()
        return line

    async def follow(self, job: str, *, words: bool = True) -> AsyncGenerator[Heard, None]:
        """How a job stands and what it tells, until it has ended.

        With ``words`` somebody sees pieces of answers as they come, so they are not written anew elsewhere.

        Raises:
            NotFound: no such job.
        """
        live = self._live.get(job)
        if live is None:
            yield await asyncio.to_thread(self.store.line, job)
            return
        async for heard in live.follow(words):
            yield heard

    async def outputs(self, job: str) -> dict[str, bytes]:
        """What came of a job that is done.

        Raises:
            NotFound: no such job, or its outputs were destroyed. Tampered: they were changed.
        """
        return await asyncio.to_thread(self.store.parts, job, OUTPUT)

    async def cancel(self, job: str) -> JobLine:
        """End a job without a result, unless it has ended; how it stands then.

        Raises:
            NotFound: no such job.
        """
        await self._end(job, "cancelled", reason="cancelled")
        live = self._live.get(job)
        if live is not None:
            live.unwanted.set()
            if live.task is None:
                self._gone(live)
            else:
                self._later(self._drop(live.task))
        return await asyncio.to_thread(self.store.line, job)

    async def lines(self, *, over: bool | None = None) -> list[JobLine]:
        """Jobs, the newest first."""
        found = await asyncio.to_thread(self.store.lines, over=over)
        return [self._live[one.job].line if one.job in self._live else one for one in found]

    async def line(self, job: str) -> JobLine:
        """How a job stands.

        Raises:
            NotFound: no such job.
        """
        return self._live[job].line if job in self._live else await asyncio.to_thread(self.store.line, job)

    def look(self) -> None:
        """Nodes changed: see who waits."""
        self._wake.set()

    async def _checked(self, raw: bytes, inputs: Sequence[bytes]) -> Manifest | Refused:
        found = check(raw, replace(await self.law.world(self.now()), now=self.now()))
        if not isinstance(found, Accepted):
            return found
        if found.manifest.submitter != self.signer.did:
            return refused("stranger", "a node submits what it signed itself")
        named = [(blob["root"], blob["bytes"]) for blob in blobs_of(found.manifest)]
        brought = await asyncio.to_thread(lambda: [(blob_root(data), len(data)) for data in inputs])
        return found.manifest if named == brought else refused("inputs", "the blobs are not those that are named")

    def _found(self, job: str) -> tuple[Manifest, Ask, JobLine]:
        manifest = self.store.manifest(job)
        return manifest, ask_of(manifest, False, self.trusted, self.work.engine.models()), self.store.line(job)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._wake.wait()
            self._wake.clear()
            await self._round()

    async def _round(self) -> None:
        """Place whoever waits."""
        waiting = [live for live in self._live.values() if live.task is None]
        for live in [one for one in waiting if one.manifest.body["deadline"] <= self.now()]:
            await self._finish(live, "failed", reason="deadline")
            waiting.remove(live)
        if not waiting:
            return
        nodes = await self._seen.now()
        groups: dict[tuple[frozenset[str], str], list[Live]] = defaultdict(list)
        for live in waiting:
            groups[frozenset(live.excluded), live.checkpoint[0] if live.checkpoint else ""].append(live)
        for (excluded, engine), group in groups.items():
            left = [node for node in nodes if node.node not in excluded]
            if engine:
                left = continuing(group[0].ask, engine, left)
            await self._place(group, left)

    async def _place(self, group: list[Live], nodes: list[Node]) -> None:
        placed = place([live.ask for live in group], nodes, os.urandom(32))
        engines = {node.node: node.engine for node in nodes}
        for live in group:
            job = live.manifest.digest
            if job in placed.nodes:
                self._begin(live, placed.nodes[job], engines)
            elif job in placed.refused and not live.patient:
                await self._finish(live, "refused", reason=placed.refused[job])
            elif live.excluded and placed.waiting.get(job) not in _PASSING:
                # Whoever could have run it was tried: waiting brings nobody new.
                state: State = "refused" if live.refused else "failed"
                await self._finish(live, state, reason=list(live.excluded.values())[-1])
            else:
                reason = placed.waiting.get(job) or placed.refused[job]
                live.tell(state="queued", reason=reason, position=placed.positions.get(job, 0))

    def _begin(self, live: Live, nodes: Sequence[str], engines: dict[str, str]) -> None:
        live.tell(state="placed", node=nodes[0], reason="", position=0)
        self._seen.begin(nodes)
        live.task = asyncio.create_task(self._attempt(live, nodes, engines))

    async def _attempt(self, live: Live, nodes: Sequence[str], engines: dict[str, str]) -> None:
        """One try, on one node or on as many as do the same work; then it has ended, or waits again."""
        try:
            if live.inputs is None:
                kept = await asyncio.to_thread(self.store.parts, live.manifest.digest, INPUT)
                live.inputs = [kept[str(number)] for number in range(len(kept))]
            await self._running(live, nodes[0])
            results = await asyncio.gather(*(self._tries.on(node, live, engines.get(node, "")) for node in nodes))
            if all(isinstance(one, Worked) and one.receipt.body["outcome"] == "done" for one in results):
                if len(results) > 1:
                    await self._agreed(live, nodes, [one for one in results if isinstance(one, Worked)])
            else:
                await self._again(live, dict(zip(nodes, results, strict=True)))
        except Exception as error:  # A fault of ours with one job must not end all others.
            await self._finish(live, "failed", reason=f"fault-{type(error).__name__.lower()}"[:40])
        finally:
            self._seen.end(nodes)
            live.task = None
            if live.kept:
                live.inputs = None
            self._settle(live)
            self._wake.set()

    async def _running(self, live: Live, node: str) -> None:
        live.patient = True
        live.tell(state="running", attempts=live.line.attempts + 1)
        if live.kept:
            await asyncio.to_thread(self.store.move, live.manifest.digest, "running", node=node, tried=1)

    async def _agreed(self, live: Live, nodes: Sequence[str], results: list[Worked]) -> None:
        """All of a quorum are done: the first one's outputs, and a word where the others' differ."""
        roots = [worked.receipt.body["outputs"] for worked in results]
        reason = "" if all(one == roots[0] for one in roots) else "quorum-differs"
        first = results[0]
        await self._end(
            live.manifest.digest, "done", node=nodes[0], reason=reason, outputs=first.outputs, papers=[first.receipt]
        )

    async def _done(self, job: str, node: str, outputs: dict[str, bytes], papers: list[Document]) -> None:
        await self._end(job, "done", node=node, outputs=outputs, papers=papers)

    async def _again(self, live: Live, results: "dict[str, Worked | NotTaken | str]") -> None:
        """After a try without a result: wait for another, or end."""
        if live.unwanted.is_set():
            return
        tried, last = False, "no-result"
        for node, result in results.items():
            if isinstance(result, NotTaken) and not result.rule:
                self._seen.pause(node, NOT_NOW, result.reason)
            elif isinstance(result, NotTaken):
                live.excluded[node], live.refused, last = result.rule, True, result.rule
            elif isinstance(result, str):
                self._seen.pause(node, AWAY, "away")
                tried, last = True, result
            elif result.receipt.body["outcome"] != "done":
                tried, last = True, str(result.receipt.body["reason"])
                live.excluded[node], live.refused = last, False
        over = live.line.attempts >= MOST_TRIES or (live.shown and not live.kept)
        if tried and over:
            await self._finish(live, "failed", reason=last)
            return
        live.starts_over()
        attempts = live.line.attempts if tried else live.line.attempts - 1
        live.tell(state="queued", reason=last if tried else "", attempts=attempts)
        if live.kept:
            await asyncio.to_thread(
                self.store.move, live.manifest.digest, "queued", reason=live.line.reason, tried=0 if tried else -1
            )

    async def _finish(self, live: Live, state: State, *, reason: str) -> None:
        await self._end(live.manifest.digest, state, reason=reason)
        if live.task is None:
            self._gone(live)

    async def _end(
        self, job: str, state: State, *, node: str | None = None, reason: str = "",
        outputs: dict[str, bytes] | None = None, papers: Sequence[Document] = (),
    ) -> None:  # fmt: skip
        """The one end of a job; a second one changes nothing."""
        live = self._live.get(job)
        await asyncio.to_thread(
            self.store.end, job, state, node=node or (live.line.node if live else None), reason=reason,
            outputs=outputs, papers=papers, attempts=live.line.attempts if live else None,
        )  # fmt: skip
        if live is not None:
            self._settle(live)

    def _settle(self, live: Live) -> None:
        """Tell how it stands by the file, if it has ended, and forget it."""
        line = self.store.line(live.manifest.digest)
        if line.over:
            live.tell(state=line.state, node=line.node, reason=line.reason, receipt=line.receipt, position=0)
            if live.task is None:
                self._gone(live)

    def _gone(self, live: Live) -> None:
        self._live.pop(live.manifest.digest, None)

    async def _drop(self, task: "asyncio.Task[None]") -> None:
        await asyncio.wait([task], timeout=_HEED)
        task.cancel()

    def _log(self, papers: Sequence[Document]) -> None:
        """Put papers into the log beside what goes on: their bodies are on disk already, and nobody waits for it."""

        async def log() -> None:
            with contextlib.suppress(HomeError, OSError):  # The home tells what is wrong with it, each time.
                await self.law.log(papers)

        task = asyncio.create_task(log())
        self._logging.add(task)
        task.add_done_callback(self._logging.discard)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
